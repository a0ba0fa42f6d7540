//! The returns of an order.

use maud::{Markup, html};

use super::parts;
use crate::access::Ticket;
use crate::messages as say;
use crate::view::{OrderDetail, ReturnView};

pub(super) fn returns(ticket: &Ticket, order: &OrderDetail) -> Markup {
    if order.returns.is_empty() {
        return html! {};
    }
    let path = parts::order_path(&ticket.base, &order.row.connection, &order.row.order);
    html! {
        section.card {
            h2 { (say::RETURNS) }
            @for record in &order.returns { (one(ticket, &path, record, order.row.resting.is_none())) }
        }
    }
}

fn one(ticket: &Ticket, path: &str, record: &ReturnView, active: bool) -> Markup {
    let decides = active && ticket.actor.may_act() && !record.decisions.is_empty();
    html! {
        form.return method="post" action={ (path) "/act" } {
            h3 {
                (record.id) " " span.small { (say::REGISTERED) " " (parts::stamp(record.registered_at)) }
            }
            @if let Some(code) = &record.code { p.small { (say::CODE) ": " span.code { (code) } } }
            table {
                caption.visually-hidden { (say::RETURNS) " " (record.id) }
                thead { tr {
                    @for column in say::RETURN_COLUMNS.into_iter().take(if decides { 4 } else { 3 }) {
                        th scope="col" { (column) }
                    }
                } }
                tbody { @for row in &record.rows {
                    tr {
                        td data-label=(say::RETURN_COLUMNS[0]) {
                            (row.quantity) " × " (row.what.as_deref().unwrap_or("?"))
                        }
                        td data-label=(say::RETURN_COLUMNS[1]) {
                            (row.reason.as_deref().unwrap_or("-"))
                            @if let Some(comment) = &row.comment { div.small { (comment) } }
                        }
                        td data-label=(say::RETURN_COLUMNS[2]) { (row.state) }
                        @if decides {
                            td data-label=(say::RETURN_COLUMNS[3]) {
                                @if row.to_decide {
                                    input type="checkbox" name="row" value=(row.id) checked
                                        aria-label={ (say::DECISION) " " (row.what.as_deref().unwrap_or(&row.id)) };
                                }
                            }
                        }
                    }
                } }
            }
            @if let Some(text) = &record.noted { p.small { (say::RETURN_NOTED) " " (text) } }
            @if let Some(text) = &record.decided { p { (say::RETURN_DECIDED) " " (text) } }
            @if decides { (decision(ticket, record)) }
        }
    }
}

fn decision(ticket: &Ticket, record: &ReturnView) -> Markup {
    html! {
        input type="hidden" name="token" value=(ticket.token);
        input type="hidden" name="action" value="decide_return";
        input type="hidden" name="id" value=(record.id);
        label { (say::DECISION)
            select name="decision" {
                @for word in &record.decisions {
                    option value=(word) { (say::decision_name(word)) }
                }
            }
        }
        label { (say::DECISION_NOTE)
            input name="note" maxlength="1000" autocomplete="off";
        }
        button type="submit" { (say::act_name("decide_return")) }
    }
}
