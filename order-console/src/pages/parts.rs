//! Pieces that several pages have.

use chrono::{DateTime, Utc};
use maud::{Markup, html};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::messages as say;
use crate::view::{OrderRow, TrackingView};

/// What may stand in a segment of a path as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

/// The address of an order's page.
pub(super) fn order_path(base: &str, connection: &str, order: &str) -> String {
    format!("{base}/orders/{}/{}", segment(connection), segment(order))
}

/// A segment of a path. A segment of dots alone would lead elsewhere.
pub(super) fn segment(text: &str) -> String {
    let encoded = utf8_percent_encode(text, SEGMENT).to_string();
    if encoded.chars().all(|c| c == '.') {
        encoded.replace('.', "%2E")
    } else {
        encoded
    }
}

/// A moment, with how far away it is.
pub(super) fn moment(at: DateTime<Utc>, now: DateTime<Utc>) -> Markup {
    let far = if at > now {
        say::when(at, now)
    } else {
        say::ago(at, now)
    };
    html! { time datetime=(at.to_rfc3339()) title=(say::stamp(at)) { (far) } }
}

/// A moment in full.
pub(super) fn stamp(at: DateTime<Utc>) -> Markup {
    html! { time datetime=(at.to_rfc3339()) { (say::stamp(at)) } }
}

/// The status of an order as a badge.
pub(super) fn status(row: &OrderRow, now: DateTime<Utc>) -> Markup {
    let class = row.status.replace(' ', "-");
    html! {
        span class={ "badge " (class) } { (row.status) }
        @if row.needs_action {
            " " span.badge.needy { (say::NEEDS_ACTION_SHORT) }
        }
        @if let Some(until) = row.waits_until {
            div.small { (say::UNTIL) " " (moment(until, now)) }
        }
    }
}

/// The deadline, as bad as it is.
pub(super) fn deadline(ship_by: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Markup {
    let Some(at) = ship_by else {
        return html! {};
    };
    let class = if at <= now {
        "overdue"
    } else if at - now < chrono::TimeDelta::days(1) {
        "soon"
    } else {
        ""
    };
    html! { div class={ "small " (class) } { (say::SHIP_BY) " " (moment(at, now)) } }
}

/// A parcel's code and transporter, as given and as sent.
pub(super) fn tracking(view: &TrackingView) -> Markup {
    html! {
        div {
            @match &view.code {
                Some(code) => { span.code { (code) } }
                None => { span.muted { (say::NO_CODE) } }
            }
            @if let Some(sent) = &view.sent_code {
                div.small { (say::SENT_AS) " " span.code { (sent) } }
            }
        }
        @if let Some(transporter) = &view.transporter {
            div.small title=[view.chosen_by.as_deref()] {
                (transporter)
                @if let Some(word) = &view.sent_transporter {
                    " " (say::AS) " " (word)
                }
            }
        }
    }
}

/// The notice that something was done, or why not.
pub(super) fn notice(good: bool, text: &str) -> Markup {
    let class = if good { "notice good" } else { "notice bad" };
    let role = if good { "status" } else { "alert" };
    html! { p class=(class) role=(role) { (text) } }
}

#[cfg(test)]
mod tests {
    use super::segment;

    #[test]
    fn a_segment_leads_nowhere_else() {
        assert_eq!(segment("a/b?c#d"), "a%2Fb%3Fc%23d");
        assert_eq!(segment(".."), "%2E%2E");
        assert_eq!(segment("A-1.x"), "A-1.x");
    }
}
