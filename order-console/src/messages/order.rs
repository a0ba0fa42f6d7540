//! An order's page: what is told of it and what can be done.

use chrono::{DateTime, Utc};
use order_core::ids::{ConnectionId, OrderKey};

use super::{stamp, when};
use crate::desk::Act;

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

/// What became of something that was sent.
pub(crate) fn sent_state(state: &str) -> &str {
    match state {
        "open" => "sent; not known yet what became of it",
        "done" => "done",
        "not_applied" => "not done, as far as is known",
        "rejected" => "refused",
        other => other,
    }
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
