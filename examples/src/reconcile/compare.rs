//! Comparing what is stored with what a platform says now. Pure.

use order_core::ids::ExternalKey;
use order_core::ports::{FoundOrder, OrderRead, ShopRead};
use order_core::shop::ShopState;
use order_core::state::Order;

use super::{BY_HAND, Difference, READ_AGAIN};

fn difference(order: &Order, kind: &'static str, text: String, fix: &'static str) -> Difference {
    Difference {
        connection: order.key.connection.clone(),
        order: order.key.order.clone(),
        webshop_order: order.state.linked().map(|link| link.id.clone()),
        kind,
        text,
        fix,
    }
}

/// What the marketplace says about an order.
pub(super) fn marketplace(order: &Order, read: &OrderRead) -> Vec<Difference> {
    let Some(stored) = &order.content else {
        return Vec::new();
    };
    let now = match read {
        OrderRead::Found(now) => now,
        OrderRead::Gone(_) if order.state.reading.marketplace_gone || stored.is_closed() => {
            return Vec::new();
        }
        OrderRead::Gone(_) => {
            let text = "the marketplace no longer knows it".to_owned();
            return vec![difference(order, "marketplace_gone", text, READ_AGAIN)];
        }
        OrderRead::Unreadable { reason, .. } => {
            let text = format!("the marketplace's order cannot be read: {reason}");
            return vec![difference(order, "marketplace_unreadable", text, BY_HAND)];
        }
    };
    let mut found = Vec::new();
    for line in &now.lines {
        let counts = |line: &order_core::order::Line| (line.quantity, line.shipped, line.cancelled);
        let before = stored.line(&line.id).map(counts);
        if before != Some(counts(line)) {
            let text = format!(
                "line {}: the marketplace has {} ordered, {} shipped, {} cancelled; the engine \
                 knows {}",
                line.id,
                line.quantity,
                line.shipped,
                line.cancelled,
                before.map_or_else(
                    || "no such line".to_owned(),
                    |(quantity, shipped, cancelled)| format!(
                        "{quantity}, {shipped} and {cancelled}"
                    ),
                ),
            );
            found.push(difference(order, "marketplace_differs", text, READ_AGAIN));
        }
    }
    if now.total != stored.total {
        let text = "the marketplace's total changed since it was read".to_owned();
        found.push(difference(order, "marketplace_differs", text, READ_AGAIN));
    }
    found
}

/// What the webshop says about the linked order.
pub(super) fn webshop(order: &Order, read: &ShopRead, key: &ExternalKey) -> Vec<Difference> {
    let Some(link) = order.state.linked() else {
        return Vec::new();
    };
    match read {
        ShopRead::Gone(_) if link.gone => Vec::new(),
        ShopRead::Gone(id) => {
            let text = format!("the webshop no longer has order {id}");
            vec![difference(order, "webshop_gone", text, READ_AGAIN)]
        }
        ShopRead::Unreadable { reason, .. } => {
            let text = format!("the webshop's order cannot be read: {reason}");
            vec![difference(order, "webshop_unreadable", text, BY_HAND)]
        }
        ShopRead::Found(shop) => {
            let mut found = Vec::new();
            if shop.raw_state != link.raw_state {
                let text = format!(
                    "the webshop says {:?}, the engine knows {:?}",
                    shop.raw_state, link.raw_state
                );
                found.push(difference(order, "webshop_differs", text, READ_AGAIN));
            }
            if !shop.total.agrees_with(&link.total) {
                let text = format!(
                    "the webshop comes to {}, the engine knows {}",
                    shop.total, link.total
                );
                found.push(difference(order, "webshop_differs", text, READ_AGAIN));
            }
            if let Some(other) = shop.key.as_ref().filter(|other| *other != key) {
                let text = format!("webshop order {} belongs to {other}", shop.number);
                found.push(difference(order, "webshop_is_anothers", text, BY_HAND));
            }
            found
        }
    }
}

/// What the webshop has under an order's key.
pub(super) fn found(order: &Order, hits: &[FoundOrder]) -> Vec<Difference> {
    let live: Vec<&FoundOrder> = hits
        .iter()
        .filter(|hit| !matches!(hit.order.state, ShopState::Draft | ShopState::Cancelled))
        .filter(|hit| !order.state.discarded.contains(&hit.order.id))
        .collect();
    let numbers = || -> String {
        let numbers: Vec<&str> = live.iter().map(|hit| hit.order.number.as_str()).collect();
        numbers.join(", ")
    };
    match (order.state.linked(), live.len()) {
        (_, 0) => Vec::new(),
        (Some(link), 1) if live.iter().any(|hit| hit.order.id == link.id) => Vec::new(),
        (None, 1) => {
            let text = format!("the webshop has it as {}, and it is not linked", numbers());
            vec![difference(order, "not_linked", text, READ_AGAIN)]
        }
        (_, count) => {
            let text = format!("the webshop has it {count} times: {}", numbers());
            vec![difference(order, "doubled", text, BY_HAND)]
        }
    }
}
