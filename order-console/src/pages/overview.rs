//! The overview: counters that are filters, the orders, and what to do with several.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use order_core::ids::OrderKey;
use order_core::state::Status;

use super::{Page, layout, parts, trouble};
use crate::App;
use crate::access::Ticket;
use crate::desk::{Counters, OrdersPage, Refusal};
use crate::messages as say;
use crate::query::{Due, OrdersQuery, cursor};
use crate::view::{ConnectionView, Health, OrderRow};

pub(super) async fn page(
    State(app): State<App>,
    ticket: Ticket,
    RawQuery(raw): RawQuery,
) -> Response {
    let query = match OrdersQuery::parse(raw.as_deref().unwrap_or_default()) {
        Ok(query) => query,
        Err(wrong) => {
            let text = format!("{}: {}", wrong.name, wrong.reason);
            let response = trouble(&ticket, &Refusal::Invalid(text));
            return super::with_status(StatusCode::BAD_REQUEST, response);
        }
    };
    let shown = async {
        let orders = app.desk.orders(&query).await?;
        let counters = app.desk.counters(query.connection.as_deref()).await?;
        let connections = app.desk.connections().await?;
        Ok::<_, Refusal>((orders, counters, connections))
    };
    let (orders, counters, connections) = match shown.await {
        Ok(shown) => shown,
        Err(refusal) => return trouble(&ticket, &refusal),
    };
    let now = app.desk.now();
    let body = html! {
        h1.visually-hidden { (say::NAV_ORDERS) }
        (alarms(&ticket, &connections))
        (chips(&ticket, &query, &counters))
        (search(&ticket, &query, &connections))
        (list(&ticket, &query, &orders, now))
    };
    let page = Page {
        title: say::NAV_ORDERS,
        entry: "/",
        live: true,
    };
    layout(&ticket, &page, &body)
}

/// What is wrong with whole connections.
fn alarms(ticket: &Ticket, connections: &[ConnectionView]) -> Markup {
    html! {
        @for connection in connections {
            @if matches!(connection.health, Health::Paused | Health::Late | Health::Stopped) {
                p.notice.bad {
                    strong { (connection.id) } " " (connection.health_text) ". "
                    a href={ (ticket.base) "/connections" } { (say::NAV_CONNECTIONS) }
                }
            }
        }
    }
}

/// A counter that is a filter.
struct Chip {
    name: String,
    count: u64,
    query: OrdersQuery,
    class: &'static str,
}

fn chip_list(query: &OrdersQuery, counters: &Counters) -> Vec<Chip> {
    let plain = OrdersQuery {
        connection: query.connection.clone(),
        limit: query.limit,
        ..OrdersQuery::default()
    };
    let chip = |name: &str, count, class, query| Chip {
        name: name.to_owned(),
        count,
        query,
        class,
    };
    let with = |change: &dyn Fn(&mut OrdersQuery)| {
        let mut changed = plain.clone();
        change(&mut changed);
        changed
    };
    let mut chips = vec![
        chip(say::ALL, counters.all, "", plain.clone()),
        chip(
            say::NEEDS_ACTION,
            counters.needs_action,
            "needy",
            with(&|q| q.needs_action = true),
        ),
        chip(
            say::OVERDUE,
            counters.overdue,
            "overdue",
            with(&|q| q.due = Some(Due::Overdue)),
        ),
        chip(
            say::DUE_DAY,
            counters.due_within_a_day,
            "",
            with(&|q| q.due = Some(Due::Day)),
        ),
        chip(
            say::CANCEL_REQUESTS,
            counters.cancel_asked,
            "needy",
            with(&|q| q.cancel_asked = true),
        ),
        chip(
            say::SENDING,
            counters.sending,
            "",
            with(&|q| q.sending = true),
        ),
    ];
    for status in Status::ALL {
        let count = counters.by_status.get(status.as_str()).copied();
        chips.push(chip(
            say::status_name(status),
            count.unwrap_or_default(),
            "",
            with(&|q| q.status = vec![status]),
        ));
    }
    chips
}

fn chips(ticket: &Ticket, query: &OrdersQuery, counters: &Counters) -> Markup {
    let here = OrdersQuery {
        text: None,
        ..query.first_page()
    };
    html! {
        nav.chips aria-label=(say::FILTERS) {
            @for chip in chip_list(query, counters) {
                @let current = chip.query == here;
                a class={ "chip " (if chip.count > 0 { chip.class } else { "none" }) }
                    href={ (ticket.base) "/?" (chip.query.to_query()) }
                    aria-current=[current.then_some("true")] {
                    span.count { (say::number(chip.count)) } " " (chip.name)
                }
            }
        }
    }
}

fn search(ticket: &Ticket, query: &OrdersQuery, connections: &[ConnectionView]) -> Markup {
    html! {
        form.search role="search" method="get" action={ (ticket.base) "/" } {
            @for status in &query.status {
                input type="hidden" name="status" value=(status.as_str().replace(' ', "_"));
            }
            @for (name, set) in [
                ("needs_action", query.needs_action),
                ("sending", query.sending),
                ("cancel_asked", query.cancel_asked),
            ] {
                @if set { input type="hidden" name=(name) value="1"; }
            }
            @if let Some(due) = query.due {
                input type="hidden" name="due" value=(due.as_str());
            }
            @if let Some(problem) = query.problem {
                input type="hidden" name="problem" value=(problem.as_str());
            }
            label.grow { span.visually-hidden { (say::SEARCH_LABEL) }
                input type="search" name="q" value=(query.text.as_deref().unwrap_or_default())
                    placeholder=(say::SEARCH_HINT) maxlength="100";
            }
            @if connections.len() > 1 {
                label { span.visually-hidden { (say::CONNECTION) }
                    select name="connection" {
                        option value="" { (say::EVERY_CONNECTION) }
                        @for connection in connections {
                            option value=(connection.id)
                                selected[query.connection.as_deref() == Some(&*connection.id)] {
                                (connection.id)
                            }
                        }
                    }
                }
            }
            button type="submit" { (say::SEARCH) }
            @if !query.is_everything() {
                a href={ (ticket.base) "/" } { (say::CLEAR_FILTERS) }
            }
        }
        @if let Some(problem) = query.problem {
            p.small { (say::WITH_PROBLEM) " " strong { (say::problem_name(problem.as_str())) } }
        }
    }
}

fn list(ticket: &Ticket, query: &OrdersQuery, page: &OrdersPage, now: DateTime<Utc>) -> Markup {
    let may_act = ticket.actor.may_act();
    let back = query.to_query();
    html! {
        form method="post" action={ (ticket.base) "/bulk" } {
            input type="hidden" name="token" value=(ticket.token);
            input type="hidden" name="back" value=(back);
            div.bar {
                strong role="status" { (say::orders(page.total, page.total_is_at_least)) }
                @if may_act && !page.orders.is_empty() {
                    span.actions {
                        span.muted { (say::WITH_SELECTED) }
                        button type="submit" name="action" value="retry" { (say::act_name("retry")) }
                        button type="submit" name="action" value="manual" {
                            (say::act_name("manual"))
                        }
                        button type="submit" name="action" value="resume" {
                            (say::act_name("resume"))
                        }
                    }
                }
                span.actions {
                    a href={ (ticket.base) "/export.csv?" (back) } { (say::EXPORT_CSV) }
                    a href={ (ticket.base) "/export.json?" (back) } { (say::EXPORT_JSON) }
                }
            }
            @if page.orders.is_empty() {
                p.empty {
                    @if query.is_everything() { (say::NOTHING_YET) } @else { (say::NOTHING_FOUND) }
                }
            } @else {
                table.orders {
                    caption.visually-hidden { (say::NAV_ORDERS) }
                    thead { tr {
                        @if may_act {
                            th scope="col" { span.visually-hidden { (say::SELECT) } }
                        }
                        @for column in say::COLUMNS { th scope="col" { (column) } }
                    } }
                    tbody { @for row in &page.orders { (line(ticket, row, now)) } }
                }
                (pager(ticket, query, page))
            }
        }
    }
}

fn line(ticket: &Ticket, row: &OrderRow, now: DateTime<Utc>) -> Markup {
    let place = cursor(&OrderKey::new(row.connection.as_str(), row.order.as_str()));
    let [status, order, webshop, when, customer, items, codes, next] = say::COLUMNS;
    html! {
        tr class=[row.needs_action.then_some("needy")] {
            @if ticket.actor.may_act() {
                td.select {
                    input type="checkbox" name="order" value=(place)
                        aria-label=(say::select_order(&row.order));
                }
            }
            td data-label=(status) { (parts::status(row, now)) }
            td data-label=(order) {
                a.id href=(parts::order_path(&ticket.base, &row.connection, &row.order)) {
                    (row.order)
                }
                div.small { (row.connection) }
            }
            td data-label=(webshop) {
                @match &row.webshop_order {
                    Some(number) => { (number) }
                    None => { span.muted { (say::NOT_CREATED) } }
                }
            }
            td data-label=(when) {
                (parts::moment(row.placed_at.unwrap_or(row.first_seen), now))
                (parts::deadline(row.ship_by, now))
            }
            td data-label=(customer) {
                (row.customer.as_deref().unwrap_or_default())
                @if let Some(country) = &row.country { div.small { (country) } }
            }
            td data-label=(items) {
                @for item in row.items.iter().take(2) { div.item title=(item) { (item) } }
                @if row.items.len() > 2 {
                    div.small { (say::more_lines(row.items.len() - 2)) }
                }
                @if let Some(total) = &row.total { div.small { (total) } }
            }
            td data-label=(codes) {
                @for parcel in row.tracking.iter().take(3) { (parts::tracking(parcel)) }
                @if row.tracking.len() > 3 {
                    div.small { (say::more_parcels(row.tracking.len() - 3)) }
                }
            }
            td.next data-label=(next) { (next_of(row, now)) }
        }
    }
}

/// Why it is here, what happens next, and when.
fn next_of(row: &OrderRow, now: DateTime<Utc>) -> Markup {
    html! {
        @if let Some(why) = &row.resting { div { (why) } }
        @if let Some(problem) = &row.problem {
            div.problem.transient[problem.transient] { (problem.text) }
            @if !problem.transient { div.small { "→ " (problem.advice) } }
        }
        @if let Some(next) = &row.next {
            div.small {
                (say::when(next.at, now)) ": " (next.what) " (" (next.why) ")"
            }
        } @else if row.problem.is_none() && row.resting.is_none() {
            span.muted { (say::NOTHING_LEFT) }
        }
    }
}

fn pager(ticket: &Ticket, query: &OrdersQuery, page: &OrdersPage) -> Markup {
    if page.next.is_none() && page.previous.is_none() {
        return html! {};
    }
    html! {
        nav.pager aria-label=(say::PAGES) {
            @if page.previous.is_some() {
                a href={ (ticket.base) "/?" (query.to_query()) } { (say::FIRST_PAGE) }
            }
            @if let Some(place) = &page.previous {
                a rel="prev" href={ (ticket.base) "/?" (query.to_page("before", place)) } {
                    (say::NEWER)
                }
            }
            @if let Some(place) = &page.next {
                a rel="next" href={ (ticket.base) "/?" (query.to_page("after", place)) } {
                    (say::OLDER)
                }
            }
        }
    }
}
