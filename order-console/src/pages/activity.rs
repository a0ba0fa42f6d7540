//! What happened over the last two weeks, as charts and as a table.

use std::cmp::Reverse;

use axum::extract::State;
use axum::response::Response;
use chrono::{NaiveDate, TimeDelta};
use maud::{Markup, html};

use super::{Page, layout, parts, trouble};
use crate::App;
use crate::access::Ticket;
use crate::desk::Refusal;
use crate::messages as say;
use crate::view::{ConnectionView, OldestOrder};

/// Days that are shown.
const DAYS: u32 = 14;
/// The size of a chart, in its own units.
const HEIGHT: u64 = 100;
const BAR: u64 = 20;
const GAP: u64 = 4;
/// The width of a bar of ages.
const WIDTH: u64 = 300;
/// Connections whose ages are shown.
const MOST_AGES: usize = 20;

/// A day and what happened in it: received, shipped, troubled.
type Day = (NaiveDate, [u64; 3]);

pub(super) async fn page(State(app): State<App>, ticket: Ticket) -> Response {
    let hours = match app.desk.activity(None, DAYS - 1).await {
        Ok(hours) => hours,
        Err(error) => return trouble(&ticket, &Refusal::Store(error)),
    };
    let ages = match app.desk.connections().await {
        Ok(connections) => ages(&ticket, &connections),
        Err(error) => return trouble(&ticket, &Refusal::Store(error)),
    };
    let today = app.desk.now().date_naive();
    let mut days: Vec<Day> = (0..i64::from(DAYS))
        .rev()
        .map(|back| (today - TimeDelta::days(back), [0; 3]))
        .collect();
    for hour in &hours {
        let date = hour.hour.date_naive();
        if let Some((_, sums)) = days.iter_mut().find(|(day, _)| *day == date) {
            let [received, shipped, troubled] = sums;
            *received += hour.received;
            *shipped += hour.shipped;
            *troubled += hour.troubled;
        }
    }
    let names = [
        (say::RECEIVED, "received"),
        (say::SHIPPED, "shipped"),
        (say::TROUBLED_ORDERS, "troubled"),
    ];
    let body = html! {
        h1 { (say::NAV_ACTIVITY) }
        p.muted { (say::ACTIVITY_INTRO) }
        div.charts {
            @for (place, (name, class)) in names.into_iter().enumerate() {
                (chart(name, class, &series(&days, place)))
            }
        }
        (ages)
        table.days {
            caption.visually-hidden { (say::NAV_ACTIVITY) }
            thead { tr {
                th scope="col" { (say::DAY) }
                @for (name, _) in names { th.sum scope="col" { (name) } }
            } }
            tbody { @for (day, sums) in days.iter().rev() {
                tr {
                    th scope="row" { (day) }
                    @for sum in sums {
                        td.sum { (say::number(*sum)) }
                    }
                }
            } }
        }
    };
    let page = Page {
        title: say::NAV_ACTIVITY,
        entry: "/activity",
        live: true,
    };
    layout(&ticket, &page, &body)
}

fn series(days: &[Day], place: usize) -> Vec<(NaiveDate, u64)> {
    days.iter()
        .map(|(day, sums)| (*day, sums.get(place).copied().unwrap_or_default()))
        .collect()
}

/// How long the oldest order that is not sent has waited, the longest first.
fn ages(ticket: &Ticket, connections: &[ConnectionView]) -> Markup {
    let mut waiting: Vec<(&str, &OldestOrder)> = connections
        .iter()
        .filter_map(|one| Some((one.id.as_str(), one.oldest_waiting.as_ref()?)))
        .collect();
    waiting.sort_by_key(|(id, oldest)| (Reverse(oldest.age_seconds), *id));
    let longest = waiting.first().map_or(0, |(_, oldest)| oldest.age_seconds);
    let more = waiting.len().saturating_sub(MOST_AGES);
    html! {
        section.chart.ages aria-label=(say::AGES) {
            h2 { (say::AGES) }
            p.muted.small { (say::AGES_INTRO) }
            @if waiting.is_empty() { p { (say::NOBODY_WAITS) } }
            ul { @for (id, oldest) in waiting.iter().take(MOST_AGES) {
                @let age = TimeDelta::seconds(i64::try_from(oldest.age_seconds).unwrap_or(0));
                @let wide = (oldest.age_seconds * WIDTH / longest.max(1)).max(1);
                li {
                    span.who { (id) }
                    svg viewBox={ "0 0 " (WIDTH) " 10" } preserveAspectRatio="none" role="img"
                        aria-label=(say::age_label(id, &oldest.order, age)) {
                        rect.axis x="0" y="0" width=(WIDTH) height="10" {}
                        rect x="0" y="0" width=(wide) height="10" {}
                    }
                    span.sum { (say::span(age)) }
                    a href=(parts::order_path(&ticket.base, id, &oldest.order)) { (oldest.order) }
                }
            } }
            @if more > 0 { p.muted { (say::more_connections(more)) } }
        }
    }
}

fn chart(name: &str, class: &str, bars: &[(NaiveDate, u64)]) -> Markup {
    let peak = bars
        .iter()
        .map(|(_, count)| *count)
        .max()
        .unwrap_or_default();
    let sum = bars.iter().map(|(_, count)| *count).sum();
    let width = (BAR + GAP) * u64::from(DAYS);
    let height = |count: u64| {
        if count == 0 {
            0
        } else {
            (count * HEIGHT / peak.max(1)).max(2)
        }
    };
    html! {
        figure class={ "chart " (class) } {
            figcaption { (name) ": " strong { (say::number(sum)) } }
            svg viewBox={ "0 0 " (width) " " (HEIGHT + 1) } role="img"
                aria-label=(say::chart_label(name, sum, peak)) preserveAspectRatio="none" {
                @for ((day, count), at) in bars.iter().zip(0_u64..) {
                    @let tall = height(*count);
                    rect x=(at * (BAR + GAP)) y=(HEIGHT - tall) width=(BAR) height=(tall) {
                        title { (day) ": " (say::number(*count)) }
                    }
                }
                rect.axis x="0" y=(HEIGHT) width=(width) height="1" {}
            }
            div.axis-names aria-hidden="true" {
                span { (bars.first().map(|(day, _)| day.to_string()).unwrap_or_default()) }
                span { (bars.last().map(|(day, _)| day.to_string()).unwrap_or_default()) }
            }
        }
    }
}
