//! What must be true at the end, told from the platforms alone.

use std::collections::BTreeMap;

use super::World;
use super::people::{Fate, People, Story};
use crate::ids::LineId;
use crate::order::MarketplaceOrder;

/// Everything that is wrong; empty when all is well.
pub(super) fn violations(world: &World, people: &People) -> Vec<String> {
    let orders: BTreeMap<_, _> = world
        .marketplace
        .all()
        .into_iter()
        .map(|order| (order.id.clone(), order))
        .collect();
    let mut found = Vec::new();
    for story in &people.stories {
        match orders.get(&story.id) {
            None => found.push(format!("{}: never placed", story.id)),
            Some(order) => look(world, story, order, &mut found),
        }
    }
    found
}

fn look(world: &World, story: &Story, order: &MarketplaceOrder, found: &mut Vec<String>) {
    let mut wrong = |text: String| found.push(format!("{} ({:?}): {text}", story.id, story.fate));
    let live = world.webshop.live(&story.key);
    let shipments = world.marketplace.shipments(&story.id);
    if live.len() > 1 {
        wrong(format!("DUPLICATE: {} live webshop orders", live.len()));
    }
    let peak = world.webshop.peak(&story.key);
    if peak > 1 {
        wrong(format!(
            "DOUBLED FOR A WHILE: {peak} live webshop orders at once"
        ));
    }
    for record in &live {
        if record.request.total != record.order.total {
            wrong("the webshop order has another total".to_owned());
        }
        let same =
            order.lines.iter().all(|line| {
                record.request.lines.iter().any(|made| {
                    made.line == line.id && made.quantity + line.cancelled >= line.quantity
                })
            });
        if !same {
            wrong("the webshop order lacks a line".to_owned());
        }
    }
    let mut told: BTreeMap<&LineId, u32> = BTreeMap::new();
    for part in shipments.iter().flat_map(|shipment| &shipment.lines) {
        *told.entry(&part.line).or_default() += part.quantity;
    }
    for line in &order.lines {
        let pieces = told.get(&line.id).copied().unwrap_or_default();
        if pieces > line.quantity {
            wrong(format!("DOUBLE CONFIRM: line {} told {pieces}", line.id));
        }
    }
    if story.cancelled {
        cancelled(story, order, &live, shipments.len(), &mut wrong);
        return;
    }
    if live.is_empty() {
        wrong("LOST: no webshop order".to_owned());
        return;
    }
    for line in &order.lines {
        let pieces = told.get(&line.id).copied().unwrap_or_default();
        if pieces < line.quantity {
            wrong(format!(
                "UNCONFIRMED: line {} told {pieces} of {}",
                line.id, line.quantity
            ));
        }
    }
    // Parcels may be told in any order.
    let mut codes: Vec<Option<&str>> = shipments.iter().map(|s| s.code.as_deref()).collect();
    codes.sort_unstable();
    let expected: Vec<Option<String>> = match story.fate {
        Fate::Coded | Fate::LateCode => vec![Some(story.code.clone())],
        Fate::Bare => vec![None],
        Fate::Partial => [format!("{}-A", story.code), format!("{}-B", story.code)]
            .into_iter()
            .take(shipments.len().max(1))
            .map(Some)
            .collect(),
        Fate::CancelledThere | Fate::CancelledHere => return,
    };
    let expected: Vec<Option<&str>> = expected.iter().map(Option::as_deref).collect();
    if codes != expected {
        wrong(format!(
            "WRONG CODES: told {codes:?}, expected {expected:?}"
        ));
    }
}

fn cancelled(
    story: &Story,
    order: &MarketplaceOrder,
    live: &[crate::testkit::ShopRecord],
    shipments: usize,
    wrong: &mut impl FnMut(String),
) {
    if shipments > 0 {
        wrong("SHIPPED THOUGH CANCELLED".to_owned());
    }
    match story.fate {
        Fate::CancelledThere => {
            if !live.is_empty() {
                wrong("the webshop order lives on though the marketplace cancelled".to_owned());
            }
        }
        Fate::CancelledHere => {
            if !order.is_cancelled() {
                wrong("the marketplace was not told of the cancellation".to_owned());
            }
        }
        Fate::Coded | Fate::Bare | Fate::LateCode | Fate::Partial => {}
    }
}
