//! Every text a person reads here, in one place, so that it can be said in another language.
//!
//! What the engine says (problems, agenda, history) comes from `order-core` as it is.

mod activity;
mod connections;
mod order;
mod overview;
mod problems;
mod refusals;

use chrono::{DateTime, TimeDelta, Utc};

pub(crate) use activity::*;
pub(crate) use connections::*;
pub(crate) use order::*;
pub(crate) use overview::*;
pub(crate) use problems::*;
pub(crate) use refusals::*;

pub(crate) const NAME: &str = "Order console";
pub(crate) const NAV_LABEL: &str = "Pages";
pub(crate) const NAV_ORDERS: &str = "Orders";
pub(crate) const NAV_PROBLEMS: &str = "Problems";
pub(crate) const NAV_CONNECTIONS: &str = "Connections";
pub(crate) const NAV_ACTIVITY: &str = "Activity";
pub(crate) const SKIP: &str = "Skip to the content";
pub(crate) const VIEWER: &str = "viewer";
pub(crate) const LOG_OUT: &str = "Log out";
pub(crate) const LOG_IN_TITLE: &str = "Log in";
pub(crate) const LOG_IN_BUTTON: &str = "Log in";
pub(crate) const USER: &str = "Name";
pub(crate) const PASSWORD: &str = "Password";
pub(crate) const TO_ORDERS: &str = "To the orders";
pub(crate) const NOT_FOUND: &str = "Not found";
pub(crate) const NOT_DONE: &str = "This did not work";

/// A moment, for people.
pub(crate) fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// How far away a moment is.
pub(crate) fn when(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if at <= now {
        "now".to_owned()
    } else {
        format!("in {}", span(at - now))
    }
}

/// How long ago a moment was.
pub(crate) fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if now - at < TimeDelta::minutes(1) {
        "just now".to_owned()
    } else {
        format!("{} ago", span(now - at))
    }
}

/// How long something is.
pub(crate) fn span(time: TimeDelta) -> String {
    let minutes = time.num_minutes();
    match minutes {
        ..1 => "less than a minute".to_owned(),
        1..120 => format!("{minutes} min"),
        120..2880 => format!("{} h", minutes / 60),
        _ => format!("{} days", minutes / 1440),
    }
}

/// A number of things.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

pub(crate) fn orders(count: u64, at_least: bool) -> String {
    let more = if at_least { " or more" } else { "" };
    match count {
        0 => "No orders".to_owned(),
        1 => "1 order".to_owned(),
        _ => format!("{}{more} orders", number(count)),
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::{number, span};

    #[test]
    fn numbers_and_spans_are_easy_to_read() {
        assert_eq!(number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(number(12), "12");
        assert_eq!(span(TimeDelta::seconds(20)), "less than a minute");
        assert_eq!(span(TimeDelta::minutes(119)), "119 min");
        assert_eq!(span(TimeDelta::hours(47)), "47 h");
        assert_eq!(span(TimeDelta::days(9)), "9 days");
    }
}
