//! Connections and how they are doing.

use chrono::{DateTime, TimeDelta, Utc};

use super::{span, when};

pub(crate) const GOOD: &str = "works as it should";
pub(crate) const TROUBLED: &str =
    "something went wrong in the last cycle; it is tried again by itself";

pub(crate) fn stopped(why: &str) -> String {
    format!("stopped by a person: {why}; it goes on when a person lets it")
}

pub(crate) fn paused(why: &str, next: DateTime<Utc>, now: DateTime<Utc>) -> String {
    format!(
        "paused: {why}; tried again {}, or at once when it is let go on",
        when(next, now)
    )
}

/// A platform that asked for patience.
pub(crate) fn throttled(
    side: &str,
    until: DateTime<Utc>,
    times: u32,
    now: DateTime<Utc>,
) -> String {
    let cycles = if times == 1 { "cycle" } else { "cycles" };
    if until > now {
        format!(
            "the {side} throttled {times} {cycles} in a row and is left alone until {}, then asked \
             for one order after another; its feed goes on",
            until.format("%H:%M:%S UTC")
        )
    } else {
        format!(
            "the {side} throttled {times} {cycles} in a row and is asked for one order after \
             another until it no longer does"
        )
    }
}

pub(crate) fn late(by: TimeDelta) -> String {
    format!("no cycle for {}: nobody seems to run it", span(by))
}

pub(crate) const YES: &str = "yes";
pub(crate) const NO: &str = "no";
pub(crate) const WHOLE_ORDERS: &str = "whole orders";
pub(crate) const WHOLE_LINES: &str = "whole lines";
pub(crate) const SINGLE_PIECES: &str = "single pieces";
pub(crate) const CONFIRM_UPSERT: &str = "the same report again edits the same parcel";
pub(crate) const CONFIRM_READ_BACK: &str = "looked up after a lost answer";
pub(crate) const CONFIRM_BLIND: &str = "cannot be looked up: a lost answer needs a person";
pub(crate) const CREATE_UNIQUE: &str = "a second order under the same key is refused";
pub(crate) const CREATE_INERT: &str = "drafts, then the recorded one is activated";
pub(crate) const CREATE_LOOKUP: &str = "looked up after a lost answer";
pub(crate) const CREATE_BLIND: &str = "cannot be looked up: a lost answer needs a person";
pub(crate) const CAN_SHIP: &str = "Shipments of";
pub(crate) const CAN_PARCELS: &str = "Several parcels an order";
pub(crate) const CAN_CONFIRM: &str = "Reports once";
pub(crate) const CAN_EDIT: &str = "Code changed afterwards";
pub(crate) const CAN_CANCEL: &str = "Cancelling";
pub(crate) const CAN_REQUESTS: &str = "Buyers' requests to cancel";
pub(crate) const CAN_RETURNS: &str = "Returns";
pub(crate) const CAN_CREATE: &str = "Creates once";
pub(crate) const CAN_PARTS: &str = "Parcels with a part";
pub(crate) const CAN_FEED_STATUS: &str = "Feed shows completion";
pub(crate) const CAN_FEED_CODES: &str = "Feed shows codes";

pub(crate) const NO_CONNECTIONS: &str = "No connection has run yet.";
pub(crate) const LAST_ASKED: &str = "Last asked";
pub(crate) const MARKETPLACE: &str = "Marketplace";
pub(crate) const WEBSHOP: &str = "Webshop";
pub(crate) const ANSWERED: &str = "answered well";
pub(crate) const NEVER: &str = "never";
pub(crate) const NEXT_CYCLE: &str = "Next cycle";
pub(crate) const WORKER: &str = "Worker";
pub(crate) const RATE_BUDGET: &str = "Rate budget";
pub(crate) const BUDGET_SUFFICES: &str = "suffices: no platform throttles";
pub(crate) const OPEN_ORDERS: &str = "Orders with something left to do";
pub(crate) const OLDEST_WAITING: &str = "Waiting the longest to be sent";
pub(crate) const NONE_WAITS: &str = "none waits";
pub(crate) const CAN: &str = "What its platforms can do";
pub(crate) const STOP: &str = "Stop";
pub(crate) const GO_ON: &str = "Go on";
pub(crate) const TRY_NOW: &str = "Look now";
pub(crate) const WHY: &str = "Why (for colleagues)";
pub(crate) const STOPPED_DONE: &str = "It is stopped. A cycle under way comes to its end.";
pub(crate) const GOES_ON_DONE: &str = "It goes on within seconds.";
