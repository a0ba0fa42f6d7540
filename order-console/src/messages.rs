//! Every text a person reads here, in one place, so that it can be said in another language.
//!
//! What the engine says (problems, agenda, history) comes from `order-core` as it is.

use chrono::{DateTime, TimeDelta, Utc};
use order_core::ids::{ConnectionId, OrderKey};
use order_core::state::{ProblemKind, Status};

use crate::desk::Act;

/// Why a request is not answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refused {
    pub(crate) title: &'static str,
    pub(crate) detail: &'static str,
}

pub(crate) const LOG_IN: Refused = Refused {
    title: "Log in first",
    detail: "This needs somebody who is logged in. Log in, then try again.",
};
pub(crate) const NOT_THROUGH_PROXY: Refused = Refused {
    title: "Not through the proxy",
    detail: "Who comes in is told by the proxy before the console, and this request does not come \
             from it or has no name. Open the proxy's address. If this is it, its address or its \
             header differs from the configuration.",
};
pub(crate) const NOT_THIS_HOST: Refused = Refused {
    title: "Not under this name",
    detail: "Without a login the console answers only to requests for this machine itself. \
             Open it as http://127.0.0.1 or http://localhost, with its port.",
};
pub(crate) const FROM_ELSEWHERE: Refused = Refused {
    title: "Not from another site",
    detail: "The request came from a page of another site, so nothing was done. Open the console \
             itself and try again. Behind a proxy, the proxy must pass the Host header on.",
};
pub(crate) const TOO_MANY_LOGINS: Refused = Refused {
    title: "Too many wrong passwords",
    detail: "Wait as long as Retry-After says, then try again.",
};
pub(crate) const UNREADABLE_FORM: Refused = Refused {
    title: "The form cannot be read",
    detail: "It is too large or broken, so nothing was done. Go back and try again.",
};
pub(crate) const STALE_FORM: Refused = Refused {
    title: "The page is too old",
    detail: "The form does not belong to this login, perhaps because the page was open for long. \
             Nothing was done. Go back, load the page again and repeat it.",
};
pub(crate) const VIEWERS_LOOK: Refused = Refused {
    title: "Only operators may do this",
    detail: "You may look, but not change anything, so nothing was done. Ask an operator.",
};
pub(crate) const NO_PAGE: Refused = Refused {
    title: "There is no such page",
    detail: "Check the address, or begin at the orders.",
};
pub(crate) const TOO_SLOW: Refused = Refused {
    title: "It took too long",
    detail: "The database did not answer in time. Try again in a moment.",
};

pub(crate) const WRONG_LOGIN: &str = "The name or the password is wrong.";

pub(crate) fn login_wait(seconds: u64) -> String {
    format!("Too many wrong passwords. Try again in {seconds} s.")
}

pub(crate) const UNKNOWN_CONNECTION: &str = "its connection is not in the configuration of this program, so nothing can be told or done \
     here";
pub(crate) const NOT_OURS: &str = "the order is not ours to handle";
pub(crate) const HAND_BACK_FIRST: &str = "a person handles it; hand it back first";
pub(crate) const ALREADY_BY_HAND: &str = "a person handles it already";
pub(crate) const NOT_BY_HAND: &str = "the engine handles it already";
pub(crate) const CANCELLED_NO_CODE: &str = "the order is cancelled";
pub(crate) const NOT_READ_YET: &str = "the order has not been read from the marketplace yet";
pub(crate) const SHIPPED_ELSEWHERE: &str = "the marketplace has it as shipped, not by us";

pub(crate) fn cannot_edit(platform: &str) -> String {
    format!("{platform} cannot change a code after it was told of the shipment")
}

pub(crate) fn ignored(why: &str) -> String {
    format!("not handled: {why}")
}

pub(crate) fn by_hand(note: Option<&str>) -> String {
    match note {
        Some(note) => format!("a person handles it: {note}"),
        None => "a person handles it".to_owned(),
    }
}

pub(crate) const CHOSEN_BY_OPERATOR: &str = "an operator said so";
pub(crate) const CHOSEN_BY_DEFAULT: &str = "the connection's default";

pub(crate) fn chosen_by_webshop(name: &str) -> String {
    format!("the webshop says {name:?}")
}

pub(crate) fn chosen_by_rule(number: u32) -> String {
    format!("rule {number} of the connection")
}

pub(crate) fn chosen_by_code(percent: u8) -> String {
    format!("told by the code, {percent} % sure")
}

pub(crate) const NOT_TOLD: &str = "not told yet";
pub(crate) const TAKEN: &str = "taken";
pub(crate) const SEEN_THERE: &str = "seen there";
pub(crate) const TOLD_BY_OTHERS: &str = "told by others";
pub(crate) const REFUSED_THERE: &str = "refused";

pub(crate) const EFFECT_READY: &str = "goes on at the next look";
pub(crate) const EFFECT_SENT: &str = "sent, no answer recorded yet";

pub(crate) fn effect_unknown(until: DateTime<Utc>, why: &str) -> String {
    format!(
        "nobody knows whether it happened ({why}); looked up after {}",
        stamp(until)
    )
}

pub(crate) fn effect_submitted(at: DateTime<Utc>) -> String {
    format!("the marketplace decides; asked again at {}", stamp(at))
}

pub(crate) const BUYER_ASKS: &str = "the buyer asks to cancel; the seller decides";
pub(crate) const TELL_SHOP: &str = "cancelled at the marketplace; the webshop is being told";
pub(crate) const TELL_MARKETPLACE: &str = "cancelled; the marketplace is being told";
pub(crate) const CANCELLED_BOTH: &str = "cancelled on both sides";

pub(crate) fn pickup_point(id: &str) -> String {
    format!("pick-up point {id}")
}

pub(crate) fn field_is_empty(name: &str) -> String {
    format!("{name} is empty")
}

pub(crate) fn field_is_bad(name: &str, longest: usize) -> String {
    format!("{name} may have {longest} characters, and no control characters")
}

pub(crate) fn field_is_odd(label: &str) -> String {
    format!("{label}: this cannot be used; go back and choose again")
}

pub(crate) fn no_order(key: &OrderKey) -> String {
    format!(
        "there is no order {} of connection {}",
        key.order, key.connection
    )
}

pub(crate) fn no_connection(id: &ConnectionId) -> String {
    format!("there is no connection {id}")
}

/// What goes into an order's history.
pub(crate) fn done_by(name: &str, act: &Act) -> String {
    match act {
        Act::Retry => format!("{name}: try again"),
        Act::SetTracking { code, .. } => format!("{name}: set T&T {}", code.trim()),
        Act::Manual { .. } => format!("{name}: handle by hand"),
        Act::Resume => format!("{name}: hand back to the engine"),
        Act::Note { text } => format!("{name} notes: {}", text.trim()),
        Act::Cancel { lines, .. } if lines.is_empty() => format!("{name}: cancel what is left"),
        Act::Cancel { lines, .. } => {
            let parts: Vec<String> = lines
                .iter()
                .map(|part| format!("{} × line {}", part.quantity, part.line))
                .collect();
            format!("{name}: cancel {}", parts.join(", "))
        }
        Act::DecideReturn { id, .. } => format!("{name}: decide return {}", id.trim()),
        Act::ConfirmAgain { parcel } => format!("{name}: look at the report of parcel {parcel}"),
        Act::Link { webshop_order } => {
            format!("{name}: link webshop order {}", webshop_order.trim())
        }
    }
}

pub(crate) fn stopped_by(name: &str, why: &str, at: DateTime<Utc>) -> String {
    let why = if why.is_empty() {
        "no reason given"
    } else {
        why
    };
    format!("{why} ({name}, {})", stamp(at))
}

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

pub(crate) const FILTERS: &str = "Filters";
pub(crate) const ALL: &str = "All";
pub(crate) const NEEDS_ACTION: &str = "Need a person";
pub(crate) const NEEDS_ACTION_SHORT: &str = "needs you";
pub(crate) const OVERDUE: &str = "Overdue";
pub(crate) const DUE_DAY: &str = "Due in 24 h";
pub(crate) const CANCEL_REQUESTS: &str = "Buyer asks to cancel";
pub(crate) const SENDING: &str = "Sending";
pub(crate) const SEARCH_LABEL: &str = "Order number or T&T code";
pub(crate) const SEARCH_HINT: &str = "Order number or T&T code";
pub(crate) const SEARCH: &str = "Search";
pub(crate) const CONNECTION: &str = "Connection";
pub(crate) const EVERY_CONNECTION: &str = "Every connection";
pub(crate) const CLEAR_FILTERS: &str = "Show all";
pub(crate) const WITH_PROBLEM: &str = "With the problem";
pub(crate) const WITH_SELECTED: &str = "With the selected:";
pub(crate) const EXPORT_CSV: &str = "CSV";
pub(crate) const EXPORT_JSON: &str = "JSON";
pub(crate) const NOTHING_YET: &str =
    "No orders yet. They appear here as the marketplaces have them.";
pub(crate) const NOTHING_FOUND: &str = "No order fits these filters.";
pub(crate) const SELECT: &str = "Select";
pub(crate) const COLUMNS: [&str; 8] = [
    "Status",
    "Order",
    "Webshop order",
    "Ordered",
    "Customer",
    "Items",
    "T&T and transporter",
    "What happens next",
];
pub(crate) const NOT_CREATED: &str = "not created";
pub(crate) const UNTIL: &str = "ends";
pub(crate) const SHIP_BY: &str = "ship by";
pub(crate) const NO_CODE: &str = "no code";
pub(crate) const SENT_AS: &str = "sent as";
pub(crate) const AS: &str = "as";
pub(crate) const NOTHING_LEFT: &str = "nothing left to do";
pub(crate) const PAGES: &str = "Pages of the list";
pub(crate) const FIRST_PAGE: &str = "Newest";
pub(crate) const NEWER: &str = "← Newer";
pub(crate) const OLDER: &str = "Older →";

pub(crate) fn status_name(status: Status) -> &'static str {
    match status {
        Status::NotShipped => "Not shipped",
        Status::Waiting => "Waiting for T&T",
        Status::PartiallyShipped => "Partially shipped",
        Status::Shipped => "Shipped",
        Status::Cancelled => "Cancelled",
        Status::Manual => "By hand",
        Status::Ignored => "Ignored",
    }
}

/// The name of an action.
pub(crate) fn act_name(action: &str) -> &'static str {
    match action {
        "retry" => "Try again now",
        "set_tracking" => "Set T&T code",
        "manual" => "Handle by hand",
        "resume" => "Hand back to the engine",
        "note" => "Write a note",
        "cancel" => "Cancel",
        "decide_return" => "Decide a return",
        "confirm_again" => "Report again",
        "link" => "Link to a webshop order",
        _ => "Other",
    }
}

/// What was done, for whoever did it.
pub(crate) fn act_done(action: &str) -> Option<&'static str> {
    Some(match action {
        "retry" => "It is tried again within seconds.",
        "set_tracking" => "The code is set; the marketplace is told within seconds.",
        "manual" => "The engine keeps its hands off this order now.",
        "resume" => "The engine handles this order again.",
        "note" => "The note is in the history.",
        "cancel" => "It is being cancelled; the marketplace is told within seconds.",
        "decide_return" => "Decided; the marketplace is told within seconds.",
        "confirm_again" => {
            "The marketplace is asked whether it has the report; it is sent again only if not."
        }
        "link" => "Linked; the engine follows that webshop order now.",
        _ => return None,
    })
}

pub(crate) fn select_order(order: &str) -> String {
    format!("Select order {order}")
}

pub(crate) fn more_lines(count: usize) -> String {
    format!("and {count} more")
}

pub(crate) fn more_parcels(count: usize) -> String {
    format!("and {count} more parcels")
}

pub(crate) const ORDER: &str = "Order";
pub(crate) const WEBSHOP_ORDER: &str = "Webshop order";
pub(crate) const WEBSHOP_STATE: &str = "State in the webshop";
pub(crate) const REFERENCE: &str = "Found again by";
pub(crate) const PLACED: &str = "Ordered";
pub(crate) const FIRST_SEEN: &str = "First seen";
pub(crate) const METHOD: &str = "Shipping method";
pub(crate) const CANCELLING: &str = "Cancelling";
pub(crate) const WHAT_NEXT: &str = "What happens next";
pub(crate) const IN_THE_WAY: &str = "What is in the way";
pub(crate) const YOU_CAN: &str = "What you can do";
pub(crate) const SINCE: &str = "since";
pub(crate) const LINES: &str = "Lines and sums";
pub(crate) const LINE_COLUMNS: [&str; 6] =
    ["Article", "SKU / GTIN", "Pieces", "Price", "VAT", "Total"];
pub(crate) const SHIPPING: &str = "Shipping";
pub(crate) const DISCOUNT: &str = "Discount";
pub(crate) const COMPUTED: &str = "Lines, shipping and discounts";
pub(crate) const STATED: &str = "The marketplace says";
pub(crate) const WEBSHOP_TOTAL: &str = "The webshop says";
pub(crate) const SUMS_DISAGREE: &str = "The sums do not agree.";
pub(crate) const PARCELS: &str = "Parcels";
pub(crate) const PARCEL_COLUMNS: [&str; 5] = [
    "Parcel",
    "What is in it",
    "T&T code",
    "Transporter",
    "Marketplace",
];
pub(crate) const NO_PARCELS: &str = "None yet.";
pub(crate) const ADDRESSES: &str = "Addresses";
pub(crate) const SHIP_TO: &str = "Goods go to";
pub(crate) const BILL_TO: &str = "Invoice goes to";
pub(crate) const NO_ADDRESS: &str = "The marketplace has not given an address.";
pub(crate) const HISTORY: &str = "History";
pub(crate) const SENT: &str = "What was sent to the platforms";
pub(crate) const NOTHING_SENT: &str = "Nothing yet.";
pub(crate) const RAW: &str = "The order as the marketplace has it (personal data masked)";
pub(crate) const BUNDLE: &str = "For support: everything about this order, personal data masked";
pub(crate) const COPY: &str = "Copy";
pub(crate) const ACTIONS: &str = "Actions";
pub(crate) const CODE: &str = "T&T code";
pub(crate) const TRANSPORTER: &str = "Transporter (when the code does not tell)";
pub(crate) const NOTE: &str = "Note for colleagues";
pub(crate) const SHIP_BY_TERM: &str = "Ship by";
pub(crate) const HOW_CHOSEN: &str = "Chosen:";
pub(crate) const MARKETPLACE_HAS: &str = "has the code";

pub(crate) fn cannot_cancel(platform: &str) -> String {
    format!("{platform} has no way to cancel an order")
}

pub(crate) fn cancels_whole_orders(platform: &str) -> String {
    format!("{platform} cancels whole orders only; nothing was changed")
}

pub(crate) fn cancels_whole_lines(platform: &str) -> String {
    format!("{platform} cancels whole lines only; nothing was changed")
}

pub(crate) fn cannot_look(platform: &str) -> String {
    format!(
        "{platform} does not tell whether it has a report, and a second one may ship the goods \
         twice: look there yourself"
    )
}

pub(crate) fn decides_no_returns(platform: &str) -> String {
    format!("{platform} takes no decisions about returns from us")
}

pub(crate) fn linked_already(number: &str) -> String {
    format!("it is linked to webshop order {number}")
}

pub(crate) const NOTHING_TO_CANCEL: &str = "nothing is left to cancel";
pub(crate) const NOTHING_TOLD: &str = "nothing was reported to the marketplace by us yet";
pub(crate) const NO_RETURN_WAITS: &str = "no return waits for a decision";
pub(crate) const CLOSED_NO_LINK: &str = "nothing is left to be sent";
pub(crate) const BEING_CREATED: &str = "it is being created in the webshop";
pub(crate) const LINES_ARE_BAD: &str = "lines must be 1000 at most, each with one piece at least";
pub(crate) const LINE_TWICE: &str = "a line is named twice; name each once";
pub(crate) const CANCEL_PIECES: &str = "Pieces to cancel";
pub(crate) const CANCEL_REASON: &str = "Why";
pub(crate) const CANCEL_REASONS: [(&str, &str); 3] = [
    ("out_of_stock", "Out of stock"),
    ("buyer_asked", "The buyer asked"),
    ("other", "Another reason"),
];
pub(crate) const CANCEL_SURE: &str = "Cancel it on both sides; this cannot be undone";
pub(crate) const PARCEL: &str = "Parcel";
pub(crate) const WEBSHOP_ID: &str = "The webshop\u{2019}s id of the order";
pub(crate) const RETURNS: &str = "Returns";
pub(crate) const RETURN_COLUMNS: [&str; 4] = ["What", "Why", "Where it stands", "Decide"];
pub(crate) const REGISTERED: &str = "registered";
pub(crate) const RETURN_NOTED: &str = "The webshop knows:";
pub(crate) const RETURN_DECIDED: &str = "Decided, the marketplace is being told:";
pub(crate) const DECISION: &str = "Decision";
pub(crate) const DECISION_NOTE: &str = "A sentence for the marketplace, where it takes one";

/// A decision about a return, for a person.
pub(crate) fn decision_name(decision: &str) -> &'static str {
    match decision {
        "accept" => "Accept: goods are back, refund",
        "refuse" => "Refuse: no refund",
        "keep" => "Buyer keeps it, refund",
        _ => "Other",
    }
}

pub(crate) const DRY_RUN: &str = "What would be created";
pub(crate) const DRY_RUN_LINK: &str = "Show what would be created in the webshop";
pub(crate) const DRY_RUN_NOTHING_SENT: &str = "Worked out from the order as it is stored and the webshop\u{2019}s products. Nothing was sent.";
pub(crate) const DRY_RUN_MISSING: &str = "Nothing can be created";
pub(crate) const PRODUCT: &str = "Product";
pub(crate) const MUST_COME_TO: &str = "Must come to";
pub(crate) const BACK_TO_ORDER: &str = "Back to the order";

pub(crate) fn dry_run_linked(number: &str) -> String {
    format!("The order is linked to webshop order {number}: none would be created.")
}

pub(crate) fn dry_run_existing(numbers: &[String]) -> String {
    format!(
        "The webshop has it already, as {}: it would be taken, and none created.",
        numbers.join(", ")
    )
}

pub(crate) fn tried(attempts: u32) -> String {
    match attempts {
        0 | 1 => "tried once".to_owned(),
        _ => format!("tried {attempts} times"),
    }
}

pub(crate) fn tried_again(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    match at {
        Some(at) => format!("tried again {}", when(at, now)),
        None => "not tried again by itself".to_owned(),
    }
}

pub(crate) fn pieces(quantity: u32, shipped: u32, cancelled: u32) -> String {
    let mut text = quantity.to_string();
    if shipped > 0 {
        text.push_str(&format!(", {shipped} shipped"));
    }
    if cancelled > 0 {
        text.push_str(&format!(", {cancelled} cancelled"));
    }
    text
}

pub(crate) fn address_missing(parts: &[String]) -> String {
    format!("missing: {}", parts.join(", "))
}

pub(crate) const RESULT: &str = "Result";
pub(crate) const BACK: &str = "Back to the list";
pub(crate) const DONE: &str = "done";
pub(crate) const NOTHING_SELECTED: &str = "no order was selected; tick the orders first";
pub(crate) const UNKNOWN_ACTION: &str = "there is no such action";
pub(crate) const OLD_RESULT: &str = "this result is no longer kept; the orders' histories have it";

pub(crate) fn result_line(action: &str, done: usize, all: usize) -> String {
    format!("{}: {done} of {all} orders", act_name(action))
}

pub(crate) const NO_PROBLEMS: &str = "No order has a problem.";
pub(crate) const PROBLEMS_INTRO: &str =
    "Orders by what is in their way. One cause often holds up many.";
pub(crate) const TRANSIENT: &str = "usually goes away by itself";
pub(crate) const NEEDS_YOU: &str = "needs a person";
pub(crate) const PROBLEM_COLUMNS: [&str; 3] = ["Cause", "Orders", "The latest"];

pub(crate) const NO_CONNECTIONS: &str = "No connection has run yet.";
pub(crate) const LAST_ASKED: &str = "Last asked";
pub(crate) const MARKETPLACE: &str = "Marketplace";
pub(crate) const WEBSHOP: &str = "Webshop";
pub(crate) const ANSWERED: &str = "answered well";
pub(crate) const NEVER: &str = "never";
pub(crate) const NEXT_CYCLE: &str = "Next cycle";
pub(crate) const WORKER: &str = "Worker";
pub(crate) const OPEN_ORDERS: &str = "Orders with something left to do";
pub(crate) const CAN: &str = "What its platforms can do";
pub(crate) const STOP: &str = "Stop";
pub(crate) const GO_ON: &str = "Go on";
pub(crate) const TRY_NOW: &str = "Look now";
pub(crate) const WHY: &str = "Why (for colleagues)";
pub(crate) const STOPPED_DONE: &str = "It is stopped. A cycle under way comes to its end.";
pub(crate) const GOES_ON_DONE: &str = "It goes on within seconds.";

pub(crate) const RECEIVED: &str = "Orders in";
pub(crate) const SHIPPED: &str = "Shipped";
pub(crate) const TROUBLED_ORDERS: &str = "Began to need a person";
pub(crate) const ACTIVITY_INTRO: &str = "By day (UTC), over the last two weeks.";
pub(crate) const DAY: &str = "Day";

pub(crate) fn chart_label(name: &str, sum: u64, peak: u64) -> String {
    format!(
        "{name}: {} in all, {} on the busiest day",
        number(sum),
        number(peak)
    )
}

/// The name of a kind of problem.
pub(crate) fn problem_name(kind: &str) -> &'static str {
    let Ok(kind) = kind.parse::<ProblemKind>() else {
        return "Other";
    };
    match kind {
        ProblemKind::Unavailable => "Platform down or slow",
        ProblemKind::OutcomeUnknown => "Answer lost, being looked up",
        ProblemKind::Unreadable => "Order cannot be read",
        ProblemKind::MissingAddress => "Address is incomplete",
        ProblemKind::SumMismatch => "Sums do not agree",
        ProblemKind::TotalDiffers => "Webshop came to another total",
        ProblemKind::UnknownProduct => "Product not found in the webshop",
        ProblemKind::UnknownCurrency => "Unknown currency",
        ProblemKind::ShopRefused => "Webshop refuses the order",
        ProblemKind::MarketplaceRefused => "Marketplace refuses",
        ProblemKind::TrackingRequired => "T&T code required",
        ProblemKind::NotSeenAfterwards => "Report not seen afterwards",
        ProblemKind::Duplicates => "Several webshop orders",
        ProblemKind::Conflict => "The sides contradict each other",
        _ => "Other",
    }
}

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
