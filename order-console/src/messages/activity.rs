//! What happened over time.

use chrono::TimeDelta;

use super::{number, span};

pub(crate) const RECEIVED: &str = "Orders in";
pub(crate) const SHIPPED: &str = "Shipped";
pub(crate) const TROUBLED_ORDERS: &str = "Began to need a person";
pub(crate) const ACTIVITY_INTRO: &str = "By day (UTC), over the last two weeks.";
pub(crate) const AGES: &str = "Waiting the longest to be sent, now";
pub(crate) const AGES_INTRO: &str =
    "How long ago the oldest order that is not sent was first seen, by connection.";
pub(crate) const NOBODY_WAITS: &str = "No order waits to be sent.";
pub(crate) const DAY: &str = "Day";

pub(crate) fn chart_label(name: &str, sum: u64, peak: u64) -> String {
    format!(
        "{name}: {} in all, {} on the busiest day",
        number(sum),
        number(peak)
    )
}

/// For who hears a bar rather than sees it.
pub(crate) fn age_label(connection: &str, order: &str, age: TimeDelta) -> String {
    format!("{connection}: order {order} waits for {}", span(age))
}

pub(crate) fn more_connections(count: usize) -> String {
    format!("and {} more connections", number(count as u64))
}
