//! The overview, its filters and actions, and the result of several at once.

use order_core::state::Status;

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

pub(crate) const RESULT: &str = "Result";
pub(crate) const BACK: &str = "Back to the list";
pub(crate) const DONE: &str = "done";
pub(crate) const NOTHING_SELECTED: &str = "no order was selected; tick the orders first";
pub(crate) const UNKNOWN_ACTION: &str = "there is no such action";
pub(crate) const OLD_RESULT: &str = "this result is no longer kept; the orders' histories have it";

pub(crate) fn result_line(action: &str, done: usize, all: usize) -> String {
    format!("{}: {done} of {all} orders", act_name(action))
}
