//! Orders by what is in their way.

use axum::extract::State;
use axum::response::Response;
use maud::html;
use order_core::state::ProblemKind;

use super::{Page, layout, parts, trouble};
use crate::App;
use crate::access::Ticket;
use crate::desk::{OrdersPage, Refusal};
use crate::messages as say;
use crate::query::OrdersQuery;

/// Orders that are shown of a cause.
const EXAMPLES: usize = 3;

pub(super) async fn page(State(app): State<App>, ticket: Ticket) -> Response {
    let groups = match groups(&app).await {
        Ok(groups) => groups,
        Err(refusal) => return trouble(&ticket, &refusal),
    };
    let now = app.desk.now();
    let body = html! {
        h1 { (say::NAV_PROBLEMS) }
        @if groups.is_empty() {
            p.empty { (say::NO_PROBLEMS) }
        } @else {
            p.muted { (say::PROBLEMS_INTRO) }
            table {
                caption.visually-hidden { (say::NAV_PROBLEMS) }
                thead { tr { @for name in say::PROBLEM_COLUMNS { th scope="col" { (name) } } } }
                tbody { @for (kind, found) in &groups {
                    @let query = OrdersQuery { problem: Some(*kind), ..OrdersQuery::default() };
                    tr {
                        td data-label=(say::PROBLEM_COLUMNS[0]) {
                            strong { (say::problem_name(kind.as_str())) }
                            div.small {
                                @if kind.is_transient() { (say::TRANSIENT) }
                                @else { (say::NEEDS_YOU) }
                            }
                        }
                        td data-label=(say::PROBLEM_COLUMNS[1]) {
                            a href={ (ticket.base) "/?" (query.to_query()) } {
                                (say::orders(found.total, false))
                            }
                        }
                        td data-label=(say::PROBLEM_COLUMNS[2]) {
                            @for row in &found.orders {
                                @if let Some(problem) = &row.problem {
                                    div.example {
                                        a href=(parts::order_path(
                                            &ticket.base, &row.connection, &row.order)) {
                                            (row.order)
                                        }
                                        ": " (problem.text)
                                        div.small {
                                            "→ " (problem.advice) " · " (say::SINCE) " "
                                            (parts::moment(problem.since, now))
                                        }
                                    }
                                }
                            }
                        }
                    }
                } }
            }
        }
    };
    let page = Page {
        title: say::NAV_PROBLEMS,
        entry: "/problems",
        live: true,
    };
    layout(&ticket, &page, &body)
}

/// Causes with the orders they hold up, the most first; what only a person can mend before what
/// goes away by itself.
async fn groups(app: &App) -> Result<Vec<(ProblemKind, OrdersPage)>, Refusal> {
    let counters = app.desk.counters(None).await?;
    let mut groups = Vec::new();
    for kind in ProblemKind::ALL {
        if !counters.by_problem.contains_key(kind.as_str()) {
            continue;
        }
        let query = OrdersQuery {
            problem: Some(kind),
            limit: Some(EXAMPLES),
            ..OrdersQuery::default()
        };
        groups.push((kind, app.desk.orders(&query).await?));
    }
    groups.sort_by_key(|(kind, found)| (kind.is_transient(), std::cmp::Reverse(found.total)));
    Ok(groups)
}
