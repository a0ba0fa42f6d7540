//! Pieces that are taken off an order, by one of Medusa's order edits.
//!
//! ```text
//! open change? --ours: drop it--> begin --> quantities --> request --> confirm
//!              --somebody else's: refused
//! ```
//!
//! **Invariants.** Only the confirmation changes the order, and it is sent once. What is written is
//! how many pieces a line keeps, counted while the edit is open and nobody else can edit.

use order_core::ports::{CancelShopOrder, ShopCancel};
use order_core::shipment::LineQuantity;
use order_core::shop::ShopState;
use order_core::{Error, Kind};

use super::connector::Medusa;
use super::from_wire;
use super::wire::{Change, Item, Order};
use crate::shared::{after_write, short};

/// How the notes of our edits begin, so that one that a crash left open is known again.
const OURS: &str = "order connection: ";

/// What taking pieces off comes to.
#[derive(Debug, PartialEq, Eq)]
enum Plan {
    /// Nothing of the order would be left.
    Whole,
    /// How many pieces these lines of the shop keep.
    Keep(Vec<(String, u32)>),
}

fn rejected(reason: impl Into<String>) -> Result<ShopCancel, Error> {
    Ok(ShopCancel::Rejected {
        reason: reason.into(),
    })
}

/// Takes pieces off an order that is open.
pub(super) async fn take_off(
    shop: &Medusa,
    order: &Order,
    request: &CancelShopOrder,
) -> Result<ShopCancel, Error> {
    if from_wire::state(order, &shop.config) != ShopState::Open {
        return rejected(format!(
            "order {} is {}, {}: only of an open order can pieces be taken off",
            order.id, order.status, order.fulfillment_status
        ));
    }
    match plan(order, &request.lines) {
        Ok(Plan::Whole) => return shop.cancel_whole(order).await,
        Ok(Plan::Keep(_)) => {}
        Err(reason) => return rejected(reason),
    }
    if let Some(reason) = in_the_way(shop, order).await? {
        return rejected(reason);
    }
    let note = format!("{OURS}{}", short(&request.note, 500));
    match shop.api.begin_edit(&order.id, &note).await {
        Ok(()) => edit(shop, order, &request.lines).await,
        Err(error) if error.kind() == Kind::Rejected => rejected(error.message()),
        Err(error) => Err(error),
    }
}

/// Why an order cannot be changed now; an edit that we left open is dropped.
pub(super) async fn in_the_way(shop: &Medusa, order: &Order) -> Result<Option<String>, Error> {
    let changes = shop.api.open_changes(&order.id).await?;
    if let Some(change) = changes.iter().find(|change| !is_ours(change)) {
        let kind = change.change_type.as_deref().unwrap_or("change");
        return Ok(Some(format!(
            "somebody has begun a change ({kind}) of order {} in the shop: confirm or cancel it \
             there, then try again",
            order.id
        )));
    }
    if !changes.is_empty() {
        tracing::debug!(order = %order.id, "an edit that was left open is dropped");
        match shop.api.drop_edit(&order.id).await {
            Ok(()) => {}
            Err(error) if error.kind() == Kind::Rejected => {
                return Ok(Some(error.message().to_owned()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn is_ours(change: &Change) -> bool {
    let note = change.internal_note.as_deref().unwrap_or_default();
    change.change_type.as_deref() == Some("edit") && note.starts_with(OURS)
}

/// What comes after the edit was begun. A refusal leaves no edit behind.
async fn edit(shop: &Medusa, order: &Order, lines: &[LineQuantity]) -> Result<ShopCancel, Error> {
    let Some(now) = shop.api.order(&order.id).await? else {
        return Ok(ShopCancel::Done);
    };
    let keep = match plan(&now, lines) {
        Ok(Plan::Keep(keep)) => keep,
        Ok(Plan::Whole) => {
            abandon(shop, &now).await;
            return shop.cancel_whole(&now).await;
        }
        Err(reason) => {
            abandon(shop, &now).await;
            return rejected(reason);
        }
    };
    match write(shop, &now, &keep).await {
        Ok(()) => {}
        Err(error) if error.kind() == Kind::Rejected => {
            abandon(shop, &now).await;
            return rejected(error.message());
        }
        Err(error) => return Err(error),
    }
    match shop.api.confirm_edit(&now.id).await {
        Ok(()) => Ok(ShopCancel::Done),
        Err(error) if error.kind() == Kind::Rejected => refused(shop, &now, &keep, error).await,
        Err(error) => Err(error),
    }
}

async fn write(shop: &Medusa, order: &Order, keep: &[(String, u32)]) -> Result<(), Error> {
    for (item, pieces) in keep {
        shop.api.edit_quantity(&order.id, item, *pieces).await?;
    }
    shop.api.request_edit(&order.id).await
}

/// A confirmation is also refused when staff confirmed our edit first: the order says so.
async fn refused(
    shop: &Medusa,
    order: &Order,
    keep: &[(String, u32)],
    error: Error,
) -> Result<ShopCancel, Error> {
    let Some(now) = shop.api.order(&order.id).await.map_err(after_write)? else {
        return Ok(ShopCancel::Done);
    };
    let has = |id: &str| {
        let item = now.items.iter().find(|item| item.id == id);
        item.map_or(0, |item| from_wire::pieces(item.quantity.0))
    };
    if keep.iter().all(|(item, pieces)| has(item) <= *pieces) {
        return Ok(ShopCancel::Done);
    }
    abandon(shop, order).await;
    rejected(error.message())
}

/// Drops our edit. One that stays changes nothing, and is dropped at the next attempt.
async fn abandon(shop: &Medusa, order: &Order) {
    if let Err(error) = in_the_way(shop, order).await {
        tracing::warn!(order = %order.id, %error, "an edit is left open in the shop");
    }
}

/// How many pieces the lines keep; or why they cannot be taken off, for a person.
fn plan(order: &Order, parts: &[LineQuantity]) -> Result<Plan, String> {
    let mut left: Vec<(&Item, u32)> = order
        .items
        .iter()
        .map(|item| (item, from_wire::pieces(item.quantity.0)))
        .collect();
    for part in parts {
        let mut wanted = part.quantity;
        let own = |item: &Item| from_wire::mark(item) == Some(part.line.as_str());
        for (item, pieces) in left.iter_mut().rev().filter(|(item, _)| own(item)) {
            let taken = wanted.min(pieces.saturating_sub(packed(item)?));
            *pieces -= taken;
            wanted -= taken;
        }
        if part.quantity == 0 || wanted > 0 {
            return Err(format!(
                "the shop's order has {} × line {} that are not packed, not {}: undo a parcel that \
                 has not left, or settle it by hand",
                part.quantity - wanted,
                part.line,
                part.quantity
            ));
        }
    }
    if left.iter().all(|(_, pieces)| *pieces == 0) {
        return Ok(Plan::Whole);
    }
    let changed = |(item, pieces): &(&Item, u32)| from_wire::pieces(item.quantity.0) != *pieces;
    let keep = left.into_iter().filter(changed);
    Ok(Plan::Keep(
        keep.map(|(item, pieces)| (item.id.clone(), pieces))
            .collect(),
    ))
}

/// Pieces that are packed or have left.
fn packed(item: &Item) -> Result<u32, String> {
    let detail = item.detail.as_ref();
    let detail = detail.ok_or("the shop does not say how many pieces are packed")?;
    Ok(from_wire::pieces(detail.fulfilled_quantity.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn order(items: &[(&str, &str, u32, u32)]) -> Order {
        let items: Vec<_> = items
            .iter()
            .map(|(id, line, quantity, packed)| {
                json!({
                    "id": id,
                    "quantity": quantity,
                    "metadata": {"marketplace_line_id": line},
                    "detail": {"fulfilled_quantity": packed},
                })
            })
            .collect();
        serde_json::from_value(json!({
            "id": "order_1", "status": "pending", "currency_code": "eur", "total": 10,
            "payment_status": "captured", "fulfillment_status": "not_fulfilled", "items": items,
        }))
        .unwrap()
    }

    fn parts(parts: &[(&str, u32)]) -> Vec<LineQuantity> {
        parts
            .iter()
            .map(|(line, quantity)| LineQuantity {
                line: (*line).into(),
                quantity: *quantity,
            })
            .collect()
    }

    fn keep(pieces: &[(&str, u32)]) -> Plan {
        let pieces = pieces.iter();
        Plan::Keep(pieces.map(|(id, left)| ((*id).to_owned(), *left)).collect())
    }

    #[test]
    fn only_pieces_that_are_not_packed_are_taken_off_and_never_more_than_asked() {
        let stored = order(&[("i1", "L1", 3, 1), ("i2", "L2", 1, 0)]);
        let plan = |lines: &[(&str, u32)]| plan(&stored, &parts(lines));
        assert_eq!(plan(&[("L1", 2)]).unwrap(), keep(&[("i1", 1)]));
        assert_eq!(
            plan(&[("L1", 1), ("L2", 1)]).unwrap(),
            keep(&[("i1", 2), ("i2", 0)])
        );
        let told = plan(&[("L1", 3)]).unwrap_err();
        assert!(told.contains("2 × line L1"), "{told}");
        for none in [("L1", 0), ("L9", 1)] {
            assert!(plan(&[none]).is_err(), "{none:?}");
        }
    }

    #[test]
    fn a_line_that_stands_twice_gives_from_the_later_one_first() {
        let stored = order(&[("i1", "L1", 1, 0), ("i2", "L1", 2, 1), ("i3", "", 1, 0)]);
        let plan = plan(&stored, &parts(&[("L1", 2)])).unwrap();
        assert_eq!(plan, keep(&[("i1", 0), ("i2", 1)]));
    }

    #[test]
    fn an_order_of_which_nothing_would_be_left_is_cancelled_whole() {
        let stored = order(&[("i1", "L1", 2, 0), ("i2", "L2", 1, 0)]);
        let all = parts(&[("L1", 2), ("L2", 1)]);
        assert_eq!(plan(&stored, &all).unwrap(), Plan::Whole);
    }

    #[test]
    fn an_edit_is_ours_by_its_note_alone() {
        let change = |kind: &str, note: Option<&str>| Change {
            status: "pending".into(),
            change_type: Some(kind.into()),
            internal_note: note.map(str::to_owned),
        };
        assert!(is_ours(&change("edit", Some("order connection: gone"))));
        assert!(!is_ours(&change("edit", Some("size swapped"))));
        assert!(!is_ours(&change("edit", None)));
        assert!(!is_ours(&change("return", Some("order connection: gone"))));
    }
}
