//! What creating an order in the webshop would send.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use maud::{Markup, html};
use order_core::ids::OrderKey;

use super::order::one_address;
use super::{Page, layout, parts, refusal, trouble};
use crate::App;
use crate::access::Ticket;
use crate::messages as say;
use crate::view::PlannedOrder;

pub(super) async fn page(
    State(app): State<App>,
    ticket: Ticket,
    Path((connection, order)): Path<(String, String)>,
) -> Response {
    if !ticket.actor.may_act() {
        return refusal(StatusCode::FORBIDDEN, say::VIEWERS_LOOK, &ticket.base);
    }
    let key = OrderKey::new(connection, order);
    let view = match app.desk.dry_run(&key).await {
        Ok(view) => view,
        Err(refused) => return trouble(&ticket, &refused),
    };
    let path = parts::order_path(&ticket.base, key.connection.as_str(), key.order.as_str());
    let body = html! {
        h1 { (say::DRY_RUN) }
        p.muted { (key.order) " · " (view.webshop) }
        p { (say::DRY_RUN_NOTHING_SENT) }
        @if let Some(number) = &view.linked { (parts::notice(true, &say::dry_run_linked(number))) }
        @if let Some(missing) = &view.missing {
            section.card.problems {
                h2 { (say::DRY_RUN_MISSING) }
                p { strong { (say::problem_name(&missing.kind)) } ": " (missing.text) }
                p { (say::YOU_CAN) ": " (missing.advice) }
            }
        }
        @if !view.existing.is_empty() {
            (parts::notice(true, &say::dry_run_existing(&view.existing)))
        }
        @if let Some(order) = &view.order { (planned(order)) }
        p { a href=(path) { (say::BACK_TO_ORDER) } }
    };
    let page = Page {
        title: say::DRY_RUN,
        entry: "/",
        live: false,
    };
    layout(&ticket, &page, &body)
}

fn planned(order: &PlannedOrder) -> Markup {
    let columns = [
        say::LINE_COLUMNS[0],
        say::PRODUCT,
        say::LINE_COLUMNS[2],
        say::LINE_COLUMNS[3],
        say::DISCOUNT,
        say::LINE_COLUMNS[4],
    ];
    html! {
        section.card {
            h2 { (say::LINES) }
            table {
                caption.visually-hidden { (say::LINES) }
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody { @for line in &order.lines {
                    tr {
                        td data-label=(columns[0]) { (line.title) div.small { (line.line) } }
                        td data-label=(columns[1]) {
                            (line.product) div.small { (line.matched_by) }
                        }
                        td data-label=(columns[2]) { (line.quantity) }
                        td.sum data-label=(columns[3]) { (line.unit_price) }
                        td.sum data-label=(columns[4]) { (line.discount) }
                        td.sum data-label=(columns[5]) {
                            @if let Some(percent) = &line.vat_percent { (percent) " %" }
                        }
                    }
                } }
            }
            dl.sums {
                dt { (say::SHIPPING) } dd { (order.shipping) }
                dt { (say::DISCOUNT) } dd { (order.discount) }
                dt { (say::MUST_COME_TO) } dd { (order.total) }
            }
        }
        section.card {
            dl {
                dt { (say::REFERENCE) } dd.code { (order.key) }
                dt { (say::PLACED) } dd { (parts::stamp(order.placed_at)) }
                @if let Some(at) = order.ship_by {
                    dt { (say::SHIP_BY_TERM) } dd { (parts::stamp(at)) }
                }
                @if let Some(method) = &order.shipping_method {
                    dt { (say::METHOD) } dd { (method) }
                }
            }
            (one_address(say::SHIP_TO, &order.ship_to))
            (one_address(say::BILL_TO, &order.bill_to))
        }
    }
}
