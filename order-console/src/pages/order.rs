//! One order with all there is to tell.

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use order_core::ids::OrderKey;

use super::{Page, controls, layout, parts, returns, trouble};
use crate::App;
use crate::access::Ticket;
use crate::messages as say;
use crate::view::{AddressView, EffectView, OrderDetail, ShipmentView};

pub(super) async fn page(
    State(app): State<App>,
    ticket: Ticket,
    Path((connection, order)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let done = query
        .as_deref()
        .and_then(|query| query.strip_prefix("done="))
        .and_then(say::act_done)
        .map(|text| (true, text.to_owned()));
    show(&app, &ticket, &OrderKey::new(connection, order), done).await
}

/// The page of an order, with what became of the last action.
pub(super) async fn show(
    app: &App,
    ticket: &Ticket,
    key: &OrderKey,
    outcome: Option<(bool, String)>,
) -> Response {
    let order = match app.desk.order(key).await {
        Ok(order) => order,
        Err(refusal) => return trouble(ticket, &refusal),
    };
    let now = app.desk.now();
    let row = &order.row;
    let body = html! {
        @if let Some((good, text)) = &outcome { (parts::notice(*good, text)) }
        h1 { (say::ORDER) " " (row.order) " " (parts::status(row, now)) }
        p.muted { (row.connection) @if let Some(name) = &row.marketplace { " · " (name) } }
        div.columns {
            div {
                (next(&order, now))
                (problems(&order, now))
                (lines(&order))
                (parcels(&order))
                (returns::returns(ticket, &order))
                (history(&order))
                (sent(&order))
            }
            div {
                (facts(&order, now))
                (controls::actions(ticket, &order))
                (addresses(&order))
            }
        }
        (raw(&order))
    };
    let page = Page {
        title: &row.order,
        entry: "/",
        live: false,
    };
    layout(ticket, &page, &body)
}

fn next(order: &OrderDetail, now: DateTime<Utc>) -> Markup {
    html! {
        section.card {
            h2 { (say::WHAT_NEXT) }
            @if let Some(why) = &order.row.resting { p { (why) } }
            @if order.agenda.is_empty() {
                @if order.row.resting.is_none() && order.problems.is_empty() {
                    p.muted { (say::NOTHING_LEFT) }
                }
            } @else {
                ol.agenda {
                    @for step in &order.agenda {
                        li {
                            strong { (parts_when(step.at, now)) } " " (step.what)
                            div.small { (step.why) }
                        }
                    }
                }
            }
            @for effect in &order.under_way {
                p.small { (effect.what) ": " (effect.state) }
            }
        }
    }
}

fn parts_when(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) title=(say::stamp(at)) { (say::when(at, now)) } }
}

fn problems(order: &OrderDetail, now: DateTime<Utc>) -> Markup {
    if order.problems.is_empty() {
        return html! {};
    }
    html! {
        section.card.problems {
            h2 { (say::IN_THE_WAY) }
            @for problem in &order.problems {
                div.problem-block {
                    p { strong { (say::problem_name(&problem.kind)) } ": " (problem.text) }
                    p { (say::YOU_CAN) ": " (problem.advice) }
                    p.small {
                        (problem.action) ", " (say::SINCE) " " (parts::stamp(problem.since)) ", "
                        (say::tried(problem.attempts)) ", "
                        (say::tried_again(problem.next_attempt, now))
                    }
                }
            }
        }
    }
}

fn facts(order: &OrderDetail, now: DateTime<Utc>) -> Markup {
    let row = &order.row;
    let webshop = match (&row.webshop_order, &order.webshop_order_id) {
        (Some(number), Some(id)) if number != id => format!("{number} (id {id})"),
        (Some(number), _) => number.clone(),
        (None, _) => say::NOT_CREATED.to_owned(),
    };
    html! {
        section.card {
            dl {
                dt { (say::WEBSHOP_ORDER) } dd { (webshop) }
                @if let Some(state) = &order.webshop_state {
                    dt { (say::WEBSHOP_STATE) } dd { (state) }
                }
                @if let Some(reference) = &order.reference {
                    dt { (say::REFERENCE) } dd.code { (reference) }
                }
                @if let Some(at) = row.placed_at {
                    dt { (say::PLACED) } dd { (parts::stamp(at)) }
                }
                dt { (say::FIRST_SEEN) } dd { (parts::stamp(row.first_seen)) }
                @if let Some(at) = row.ship_by {
                    dt { (say::SHIP_BY_TERM) } dd { (parts::stamp(at)) (parts::deadline(Some(at), now)) }
                }
                @if let Some(method) = &order.shipping_method {
                    dt { (say::METHOD) } dd { (method) }
                }
                @if order.cancellation != "none" {
                    dt { (say::CANCELLING) } dd { (order.cancellation) }
                }
            }
        }
    }
}

fn lines(order: &OrderDetail) -> Markup {
    html! {
        section.card {
            h2 { (say::LINES) }
            table {
                caption.visually-hidden { (say::LINES) }
                thead { tr { @for (column, place) in say::LINE_COLUMNS.into_iter().zip(0..) {
                    th scope="col" class=[(place > 2).then_some("sum")] { (column) }
                } } }
                tbody { @for line in &order.lines {
                    tr {
                        td data-label=(say::LINE_COLUMNS[0]) {
                            (line.title.as_deref().unwrap_or("-"))
                            @if line.cancel_asked { div.small.overdue { (say::BUYER_ASKS) } }
                        }
                        td data-label=(say::LINE_COLUMNS[1]) {
                            div { (line.sku.as_deref().unwrap_or("-")) }
                            @if let Some(gtin) = &line.gtin { div.small { (gtin) } }
                        }
                        td data-label=(say::LINE_COLUMNS[2]) {
                            (say::pieces(line.quantity, line.shipped, line.cancelled))
                        }
                        td.sum data-label=(say::LINE_COLUMNS[3]) {
                            (line.unit_price)
                            @if let Some(discount) = &line.discount {
                                div.small { (say::DISCOUNT) " " (discount) }
                            }
                        }
                        td.sum data-label=(say::LINE_COLUMNS[4]) {
                            @if let Some(percent) = &line.vat_percent { (percent) " %" }
                        }
                        td.sum data-label=(say::LINE_COLUMNS[5]) {
                            (line.total.as_deref().unwrap_or("?"))
                        }
                    }
                } }
            }
            @if let Some(sums) = &order.sums {
                dl.sums {
                    @for (name, sum) in [
                        (say::SHIPPING, &sums.shipping),
                        (say::DISCOUNT, &sums.discount),
                        (say::COMPUTED, &sums.computed),
                        (say::STATED, &sums.stated),
                        (say::WEBSHOP_TOTAL, &sums.webshop),
                    ] {
                        @if let Some(sum) = sum { dt { (name) } dd { (sum) } }
                    }
                }
                @if sums.agree == Some(false) { (parts::notice(false, say::SUMS_DISAGREE)) }
            }
        }
    }
}

fn parcels(order: &OrderDetail) -> Markup {
    html! {
        section.card {
            h2 { (say::PARCELS) }
            @if order.shipments.is_empty() {
                p.muted { (say::NO_PARCELS) }
            } @else {
                table {
                    caption.visually-hidden { (say::PARCELS) }
                    thead { tr {
                        @for column in say::PARCEL_COLUMNS { th scope="col" { (column) } }
                    } }
                    tbody { @for parcel in &order.shipments { (parcel_row(parcel)) } }
                }
            }
        }
    }
}

fn parcel_row(parcel: &ShipmentView) -> Markup {
    let view = &parcel.tracking;
    html! {
        tr {
            td data-label=(say::PARCEL_COLUMNS[0]) {
                (parcel.parcel) div.small { (parts::stamp(parcel.shipped_at)) }
            }
            td data-label=(say::PARCEL_COLUMNS[1]) {
                @for line in &parcel.lines { div { (line) } }
            }
            td data-label=(say::PARCEL_COLUMNS[2]) {
                @match &view.code {
                    Some(code) => { span.code { (code) } }
                    None => { span.muted { (say::NO_CODE) } }
                }
                @if let Some(sent) = &view.sent_code {
                    div.small { (say::SENT_AS) " " span.code { (sent) } }
                }
            }
            td data-label=(say::PARCEL_COLUMNS[3]) {
                @if let Some(name) = &view.transporter { (name) }
                @if let Some(word) = &view.sent_transporter {
                    div.small { (say::SENT_AS) " " (word) }
                }
                @if let Some(how) = &view.chosen_by {
                    div.small { (say::HOW_CHOSEN) " " (how) }
                }
            }
            td data-label=(say::PARCEL_COLUMNS[4]) {
                (view.told)
                @if let Some(at) = parcel.told_at { div.small { (parts::stamp(at)) } }
                @if let Some(code) = &parcel.told_code {
                    div.small { (say::MARKETPLACE_HAS) " " span.code { (code) } }
                }
                @if let Some(why) = &parcel.refused { div.small.overdue { (why) } }
            }
        }
    }
}

fn addresses(order: &OrderDetail) -> Markup {
    html! {
        section.card {
            h2 { (say::ADDRESSES) }
            @match &order.ship_to {
                Some(address) => { (one_address(say::SHIP_TO, address)) }
                None => { p.muted { (say::NO_ADDRESS) } }
            }
            @if let Some(address) = &order.bill_to { (one_address(say::BILL_TO, address)) }
        }
    }
}

pub(super) fn one_address(name: &str, address: &AddressView) -> Markup {
    let beside = [&address.email, &address.phone, &address.vat_number];
    html! {
        h3 { (name) }
        address {
            @for line in &address.lines { div { (line) } }
            @for text in beside.into_iter().flatten() { div.small { (text) } }
        }
        @if !address.missing.is_empty() {
            p.small.overdue { (say::address_missing(&address.missing)) }
        }
    }
}

fn history(order: &OrderDetail) -> Markup {
    html! {
        section.card {
            h2 { (say::HISTORY) }
            ol.history {
                @for entry in order.history.iter().rev() {
                    li class=(entry.level) {
                        (parts::stamp(entry.at)) " "
                        @if entry.level != "info" { strong { (entry.level) ": " } }
                        (entry.text)
                    }
                }
            }
        }
    }
}

fn sent(order: &OrderDetail) -> Markup {
    html! {
        section.card {
            h2 { (say::SENT) }
            @if order.sent.is_empty() { p.muted { (say::NOTHING_SENT) } }
            ol.history { @for effect in &order.sent { (sent_row(effect)) } }
        }
    }
}

fn sent_row(effect: &EffectView) -> Markup {
    html! {
        li {
            (parts::stamp(effect.at)) " " (effect.what) " #" (effect.attempt) ": "
            strong { (say::sent_state(&effect.state)) } " " span.small.code { (effect.reference) }
        }
    }
}

fn raw(order: &OrderDetail) -> Markup {
    let bundle = serde_json::to_string_pretty(&order.without_personal_data());
    let raw = serde_json::to_string_pretty(&order.raw);
    html! {
        details.card {
            summary { (say::RAW) }
            pre tabindex="0" { (raw.unwrap_or_default()) }
        }
        details.card {
            summary { (say::BUNDLE) }
            button.copy type="button" data-copy="bundle" hidden { (say::COPY) }
            textarea id="bundle" readonly rows="12" aria-label=(say::BUNDLE) {
                (bundle.unwrap_or_default())
            }
        }
    }
}
