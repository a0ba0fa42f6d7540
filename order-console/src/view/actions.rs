//! What a person can do with an order, and why not.

use order_core::policy::Rules;
use order_core::ports::{ConfirmSemantics, Granularity};
use order_core::returns::ReturnState;
use order_core::state::{Confirmation, EffectKind, Link, Order, Phase, Status};
use serde::Serialize;
use utoipa::ToSchema;

use crate::act::{Act, Pieces};
use crate::messages as say;

/// Something a person can do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ActionState {
    /// Its name in the API.
    pub(crate) action: String,
    /// Whether it can be done now.
    pub(crate) enabled: bool,
    /// Why not.
    pub(crate) reason: Option<String>,
}

/// Every action, as it is shown.
const NAMES: [&str; 9] = [
    "retry",
    "set_tracking",
    "confirm_again",
    "link",
    "cancel",
    "decide_return",
    "manual",
    "resume",
    "note",
];

/// What a person can do with an order, and why not.
pub(super) fn actions(order: &Order, rules: Option<&Rules>) -> Vec<ActionState> {
    NAMES
        .map(|action| {
            let reason = reason(order, rules, action);
            ActionState {
                action: action.to_owned(),
                enabled: reason.is_none(),
                reason,
            }
        })
        .into()
}

/// Why an action cannot be done with the order as it is.
pub(crate) fn why_not(order: &Order, rules: Option<&Rules>, act: &Act) -> Option<String> {
    reason(order, rules, act.name()).or_else(|| match act {
        Act::Cancel { lines, .. } => no_part(order, rules?, lines),
        Act::Retry
        | Act::SetTracking { .. }
        | Act::Manual { .. }
        | Act::Resume
        | Act::Note { .. }
        | Act::DecideReturn { .. }
        | Act::ConfirmAgain { .. }
        | Act::Link { .. } => None,
    })
}

fn reason(order: &Order, rules: Option<&Rules>, action: &str) -> Option<String> {
    let Some(rules) = rules else {
        return Some(say::UNKNOWN_CONNECTION.to_owned());
    };
    let status = order.status();
    let idle = match status {
        Status::Ignored => Some(say::NOT_OURS.to_owned()),
        Status::Manual => Some(say::HAND_BACK_FIRST.to_owned()),
        Status::NotShipped
        | Status::Waiting
        | Status::PartiallyShipped
        | Status::Shipped
        | Status::Cancelled => None,
    };
    let ignored = (status == Status::Ignored).then(|| say::NOT_OURS.to_owned());
    match action {
        "retry" => idle,
        "set_tracking" => idle.or_else(|| no_tracking(order, rules)),
        "confirm_again" => idle.or_else(|| no_confirm(order, rules)),
        "link" => idle.or_else(|| no_link(order)),
        "cancel" => idle.or_else(|| no_cancel(order, rules)),
        "decide_return" => idle.or_else(|| no_decision(order, rules)),
        "manual" => {
            ignored.or_else(|| (status == Status::Manual).then(|| say::ALREADY_BY_HAND.to_owned()))
        }
        "resume" => (status != Status::Manual).then(|| say::NOT_BY_HAND.to_owned()),
        _ => None,
    }
}

/// Why no code can be given.
fn no_tracking(order: &Order, rules: &Rules) -> Option<String> {
    if order.status() == Status::Cancelled {
        return Some(say::CANCELLED_NO_CODE.to_owned());
    }
    if order.content.is_none() {
        return Some(say::NOT_READ_YET.to_owned());
    }
    if !order.remaining().is_empty() {
        return None;
    }
    let shipments = &order.state.shipments;
    let bare = shipments
        .iter()
        .find(|shipment| shipment.tracking.is_none());
    let Some(target) = bare.or(shipments.last()) else {
        return Some(say::SHIPPED_ELSEWHERE.to_owned());
    };
    (target.confirmation.is_told() && !rules.marketplace.edit_tracking)
        .then(|| say::cannot_edit(rules.marketplace.platform))
}

/// Why no report can be looked at again.
fn no_confirm(order: &Order, rules: &Rules) -> Option<String> {
    if rules.marketplace.confirm == ConfirmSemantics::Blind {
        return Some(say::cannot_look(rules.marketplace.platform));
    }
    let told = order.state.shipments.iter().any(|shipment| {
        matches!(
            shipment.confirmation,
            Confirmation::Confirmed { .. } | Confirmation::Verified { .. }
        )
    });
    (!told).then(|| say::NOTHING_TOLD.to_owned())
}

/// Why no webshop order can be linked.
fn no_link(order: &Order) -> Option<String> {
    let Some(content) = &order.content else {
        return Some(say::NOT_READ_YET.to_owned());
    };
    if let Link::Linked(link) = &order.state.link
        && !link.gone
    {
        return Some(say::linked_already(&link.number));
    }
    if content.is_closed() {
        return Some(say::CLOSED_NO_LINK.to_owned());
    }
    let create = order.state.effect(&EffectKind::Create);
    create
        .is_some_and(|effect| effect.phase == Phase::Intended)
        .then(|| say::BEING_CREATED.to_owned())
}

/// Why nothing can be cancelled.
fn no_cancel(order: &Order, rules: &Rules) -> Option<String> {
    if rules.marketplace.cancel.is_none() {
        return Some(say::cannot_cancel(rules.marketplace.platform));
    }
    if order.content.is_none() {
        return Some(say::NOT_READ_YET.to_owned());
    }
    order
        .remaining()
        .is_empty()
        .then(|| say::NOTHING_TO_CANCEL.to_owned())
}

/// Why just these pieces cannot be cancelled.
fn no_part(order: &Order, rules: &Rules, lines: &[Pieces]) -> Option<String> {
    let remaining = order.remaining();
    let wanted = |line: &str| {
        let part = lines.iter().find(|part| part.line == line);
        part.map_or(0, |part| part.quantity)
    };
    if lines.is_empty() {
        return None;
    }
    let mut names: Vec<&str> = lines.iter().map(|part| part.line.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    if names.len() < lines.len() {
        return Some(say::LINE_TWICE.to_owned());
    }
    let whole =
        |part: &order_core::shipment::LineQuantity| wanted(part.line.as_str()) == part.quantity;
    let platform = rules.marketplace.platform;
    match rules.marketplace.cancel? {
        Granularity::Quantity => None,
        Granularity::Order => {
            (!remaining.iter().all(whole)).then(|| say::cancels_whole_orders(platform))
        }
        Granularity::Line => {
            let split = remaining
                .iter()
                .any(|part| wanted(part.line.as_str()) > 0 && !whole(part));
            split.then(|| say::cancels_whole_lines(platform))
        }
    }
}

/// Why no return can be decided.
fn no_decision(order: &Order, rules: &Rules) -> Option<String> {
    if rules.marketplace.return_decisions.is_empty() {
        return Some(say::decides_no_returns(rules.marketplace.platform));
    }
    let waits = order.state.returns.iter().any(|record| {
        let mut lines = record.value.lines.iter();
        record.wish.is_none() && lines.any(|line| line.state == ReturnState::ToDecide)
    });
    (!waits).then(|| say::NO_RETURN_WAITS.to_owned())
}
