//! Connections and how they are doing.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use maud::{Markup, html};

use super::{Page, layout, parts, trouble};
use crate::App;
use crate::access::Ticket;
use crate::desk::Refusal;
use crate::messages as say;
use crate::query::OrdersQuery;
use crate::view::{ConnectionView, OldestOrder};

pub(super) async fn page(
    State(app): State<App>,
    ticket: Ticket,
    RawQuery(query): RawQuery,
) -> Response {
    let connections = match app.desk.connections().await {
        Ok(connections) => connections,
        Err(error) => return trouble(&ticket, &Refusal::Store(error)),
    };
    let done = match query.as_deref() {
        Some("done=stop") => Some(say::STOPPED_DONE),
        Some("done=go-on") => Some(say::GOES_ON_DONE),
        _ => None,
    };
    let now = app.desk.now();
    let body = html! {
        @if let Some(text) = done { (parts::notice(true, text)) }
        h1 { (say::NAV_CONNECTIONS) }
        @if connections.is_empty() { p.empty { (say::NO_CONNECTIONS) } }
        @for connection in &connections { (card(&ticket, connection, now)) }
    };
    let page = Page {
        title: say::NAV_CONNECTIONS,
        entry: "/connections",
        live: true,
    };
    layout(&ticket, &page, &body)
}

fn answered(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Markup {
    html! {
        @match at {
            Some(at) => { (say::ANSWERED) " " (parts::moment(at, now)) }
            None => { (say::ANSWERED) ": " (say::NEVER) }
        }
    }
}

fn card(ticket: &Ticket, connection: &ConnectionView, now: DateTime<Utc>) -> Markup {
    let here = OrdersQuery {
        connection: Some(connection.id.clone()),
        ..OrdersQuery::default()
    };
    let needy = OrdersQuery {
        needs_action: true,
        ..here.clone()
    };
    html! {
        section.card {
            h2 {
                (connection.id) " "
                span class={ "badge " (connection.health.as_str()) } {
                    (connection.health.as_str())
                }
            }
            p { (connection.health_text) }
            @for trouble in &connection.troubles { (parts::notice(false, trouble)) }
            dl {
                dt { (say::MARKETPLACE) }
                dd {
                    (connection.marketplace.as_deref().unwrap_or("?")) " · "
                    (answered(connection.marketplace_ok_at, now))
                }
                dt { (say::WEBSHOP) }
                dd {
                    (connection.webshop.as_deref().unwrap_or("?")) " · "
                    (answered(connection.webshop_ok_at, now))
                }
                dt { (say::LAST_ASKED) }
                dd { @match connection.polled_at {
                    Some(at) => { (parts::moment(at, now)) }
                    None => { (say::NEVER) }
                } }
                dt { (say::NEXT_CYCLE) }
                dd {
                    @match &connection.worker {
                        Some(worker) => { (say::WORKER) " " (worker) }
                        None => { (say::when(connection.next_due, now)) }
                    }
                }
                dt { (say::RATE_BUDGET) }
                dd {
                    @if connection.throttled.is_empty() { (say::BUDGET_SUFFICES) }
                    @for throttled in &connection.throttled {
                        (say::throttled(&throttled.side, throttled.until, throttled.times, now)) " "
                    }
                }
                dt { (say::OPEN_ORDERS) }
                dd { a href={ (ticket.base) "/?" (here.to_query()) } {
                    (say::number(connection.open))
                } }
                dt { (say::OLDEST_WAITING) }
                dd { @match &connection.oldest_waiting {
                    Some(oldest) => { (oldest_link(ticket, connection, oldest, now)) }
                    None => { (say::NONE_WAITS) }
                } }
                dt { (say::NEEDS_ACTION) }
                dd { a href={ (ticket.base) "/?" (needy.to_query()) } {
                    (say::number(connection.needs_action))
                } }
            }
            (controls(ticket, connection))
            (capabilities(connection))
        }
    }
}

fn oldest_link(
    ticket: &Ticket,
    connection: &ConnectionView,
    oldest: &OldestOrder,
    now: DateTime<Utc>,
) -> Markup {
    html! {
        a href=(parts::order_path(&ticket.base, &connection.id, &oldest.order)) { (oldest.order) }
        " · " (parts::moment(oldest.since, now))
    }
}

fn controls(ticket: &Ticket, connection: &ConnectionView) -> Markup {
    let path = format!(
        "{}/connections/{}",
        ticket.base,
        parts::segment(&connection.id)
    );
    let disabled = !ticket.actor.may_act();
    let go_on = if connection.stopped.is_some() || connection.paused.is_some() {
        say::GO_ON
    } else {
        say::TRY_NOW
    };
    html! {
        div.controls {
            form method="post" action={ (path) "/go-on" } {
                input type="hidden" name="token" value=(ticket.token);
                button type="submit" disabled[disabled] { (go_on) }
            }
            @if connection.stopped.is_none() {
                form method="post" action={ (path) "/stop" } {
                    input type="hidden" name="token" value=(ticket.token);
                    label { (say::WHY)
                        input name="why" maxlength="1000" autocomplete="off" disabled[disabled];
                    }
                    button type="submit" disabled[disabled] { (say::STOP) }
                }
            }
            @if disabled { p.small { (say::VIEWERS_LOOK.title) } }
        }
    }
}

fn capabilities(connection: &ConnectionView) -> Markup {
    if connection.capabilities.is_empty() {
        return html! { p.muted { (say::UNKNOWN_CONNECTION) } };
    }
    let side = |side: &str, name: &str, platform: &Option<String>| {
        let of_side = connection
            .capabilities
            .iter()
            .filter(|can| can.side == side);
        html! {
            div {
                h3 { (name) @if let Some(platform) = platform { ": " (platform) } }
                dl { @for can in of_side {
                    dt { (can.what) }
                    dd class=[(!can.can).then_some("muted")] { (can.value) }
                } }
            }
        }
    };
    html! {
        details {
            summary { (say::CAN) }
            div.columns.even {
                (side("marketplace", say::MARKETPLACE, &connection.marketplace))
                (side("webshop", say::WEBSHOP, &connection.webshop))
            }
        }
    }
}
