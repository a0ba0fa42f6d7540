//! From Magento's words to ours.

use chrono::{DateTime, NaiveDateTime, Utc};
use order_core::ids::{ExternalKey, LineId, ShipmentId};
use order_core::money::{Currency, Money};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::{ShopOrder, ShopShipment, ShopState};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::config::MagentoConfig;
use super::wire::{Item, Order, Shipment, Track};
use crate::shared::{key, said};

/// An order with its shipments.
pub(super) fn order(
    order: &Order,
    shipments: &[Shipment],
    config: &MagentoConfig,
) -> Result<ShopOrder, String> {
    let state = state(order, config);
    let own = shipments
        .iter()
        .filter(|shipment| shipment.order_id == order.entity_id);
    Ok(ShopOrder {
        id: order.entity_id.to_string().into(),
        number: order.increment_id.clone(),
        key: stamped(&order.increment_id),
        state,
        raw_state: raw_state(order),
        total: total(order)?,
        cancelled: if state == ShopState::Cancelled {
            Vec::new()
        } else {
            taken_off(order)?
        },
        shipments: own
            .map(|shipment| parcels(shipment, order))
            .collect::<Result<Vec<_>, _>>()?
            .concat(),
        updated_at: order.updated_at.as_deref().and_then(instant),
    })
}

/// How often an order can be made anew after the one before was cancelled.
const ATTEMPTS: u32 = 5;

/// The numbers that an order under a key can have: the key itself, and where orders with that were
/// cancelled, since the shop takes a number once, the key with a mark.
pub(super) fn numbers(key: &ExternalKey) -> Vec<String> {
    let other = (2..=ATTEMPTS).map(|attempt| format!("{key}~{attempt}"));
    std::iter::once(key.to_string()).chain(other).collect()
}

/// The key in a number.
fn stamped(number: &str) -> Option<ExternalKey> {
    let plain = match number.rsplit_once('~') {
        Some((plain, mark)) if mark.parse::<u32>().is_ok() => plain,
        Some(_) | None => number,
    };
    key(plain)
}

pub(super) fn total(order: &Order) -> Result<Money, String> {
    let currency: Currency = order
        .order_currency_code
        .parse()
        .map_err(|error| format!("the order's currency cannot be read: {error}"))?;
    // Magento keeps four decimals.
    let amount = order.grand_total.0.normalize();
    Ok(Money::new(amount, currency))
}

/// State and, where it says more, status.
fn raw_state(order: &Order) -> String {
    let state = order.state.as_deref().unwrap_or_default();
    match order.status.as_deref() {
        Some(status) if status != state => format!("{state}, {status}"),
        Some(_) | None => state.to_owned(),
    }
}

/// Whether nothing of the order was invoiced: as long, it is a draft of ours.
pub(super) fn is_invoiced(order: &Order) -> bool {
    order.total_invoiced.is_some_and(|sum| sum > Decimal::ZERO)
}

/// What the state means. Statuses are the shop's own words for it and count where the settings
/// name them.
pub(super) fn state(order: &Order, config: &MagentoConfig) -> ShopState {
    let own = order.state.as_deref().unwrap_or_default();
    let completed = |word: &str| config.completed_statuses.iter().any(|known| known == word);
    let sent = order.items.iter().any(|item| some(item.qty_shipped));
    match own {
        "canceled" => ShopState::Cancelled,
        // Refunded as a whole, before it was sent or afterwards.
        "closed" if sent => ShopState::Completed,
        "closed" => ShopState::Cancelled,
        _ if completed(own) || order.status.as_deref().is_some_and(completed) => {
            ShopState::Completed
        }
        "new" if !is_invoiced(order) => ShopState::Draft,
        "new" | "pending_payment" | "processing" | "holded" | "payment_review" | "complete" => {
            if sent
                && order
                    .items
                    .iter()
                    .all(|item| to_send(item) <= Decimal::ZERO)
            {
                ShopState::Completed
            } else {
                ShopState::Open
            }
        }
        _ => {
            tracing::warn!(state = %own, "unknown order state; it moves nothing");
            ShopState::Unknown
        }
    }
}

fn some(quantity: Option<Decimal>) -> bool {
    quantity.is_some_and(|quantity| quantity > Decimal::ZERO)
}

/// Pieces that are still to be sent.
fn to_send(item: &Item) -> Decimal {
    let of = Option::<Decimal>::unwrap_or_default;
    of(item.qty_ordered) - of(item.qty_shipped) - of(item.qty_canceled) - of(item.qty_refunded)
}

fn pieces(quantity: Decimal) -> Result<u32, String> {
    quantity
        .normalize()
        .to_u32()
        .filter(|whole| Decimal::from(*whole) == quantity)
        .ok_or_else(|| format!("{quantity} is no number of pieces"))
}

fn line(item: &Item) -> Option<LineId> {
    said(item.ext_order_item_id.as_deref()).map(LineId::from)
}

/// Pieces that were cancelled, or refunded before they were sent. Those refunded afterwards are
/// returns.
fn taken_off(order: &Order) -> Result<Vec<LineQuantity>, String> {
    let of = Option::<Decimal>::unwrap_or_default;
    let mut taken = Vec::new();
    for item in &order.items {
        let Some(line) = line(item) else { continue };
        let unsent = of(item.qty_ordered) - of(item.qty_shipped) - of(item.qty_canceled);
        let refunded = of(item.qty_refunded).min(unsent).max(Decimal::ZERO);
        let quantity = pieces(of(item.qty_canceled) + refunded)?;
        if quantity > 0 {
            taken.push(LineQuantity { line, quantity });
        }
    }
    Ok(taken)
}

/// A shipment with several codes: the first has the pieces, the others are shown with none, since
/// Magento does not say which piece went under which.
fn parcels(shipment: &Shipment, order: &Order) -> Result<Vec<ShopShipment>, String> {
    let mut lines: Vec<LineQuantity> = Vec::new();
    for part in shipment.items.iter().flatten() {
        let item = order
            .items
            .iter()
            .find(|item| item.item_id == part.order_item_id);
        // Lines that the shop's staff added are no lines of the marketplace.
        let Some(line) = item.and_then(line) else {
            continue;
        };
        let quantity = pieces(part.qty.unwrap_or_default())?;
        if quantity > 0 {
            lines.push(LineQuantity { line, quantity });
        }
    }
    let tracks = shipment.tracks.iter().flatten();
    let mut codes = tracks.filter_map(|track| Some((track.entity_id, tracking(track)?)));
    let shipped_at = shipment.created_at.as_deref().and_then(instant);
    let id = shipment.entity_id;
    let mut all = vec![ShopShipment {
        id: ShipmentId::new(id.to_string()),
        lines: Some(lines),
        tracking: codes.next().map(|(_, tracking)| tracking),
        shipped_at,
    }];
    all.extend(codes.map(|(track, tracking)| ShopShipment {
        id: ShipmentId::new(match track {
            Some(track) => format!("{id}/{track}"),
            None => format!("{id}/{}", tracking.code),
        }),
        lines: Some(Vec::new()),
        tracking: Some(tracking),
        shipped_at,
    }));
    Ok(all)
}

/// The title is what staff chose or wrote as the transporter's name.
fn tracking(track: &Track) -> Option<Tracking> {
    let tracking = Tracking::new(said(track.track_number.as_deref())?);
    let code = said(track.carrier_code.as_deref()).filter(|code| code != "custom");
    Some(match said(track.title.as_deref()).or(code) {
        Some(name) => tracking.with_carrier_name(name),
        None => tracking,
    })
}

/// `2026-11-22 21:45:16`, in UTC.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M:%S")
        .ok()
        .map(|instant| instant.and_utc())
}

/// As Magento writes it.
pub(super) fn written(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_http::Secret;
    use serde_json::json;

    fn read(value: serde_json::Value) -> ShopOrder {
        let wire: Order = serde_json::from_value(value).unwrap();
        let config = MagentoConfig::new("https://shop.example", Secret::new("x"));
        order(&wire, &[], &config).unwrap()
    }

    fn wire(state: &str, item: serde_json::Value) -> serde_json::Value {
        json!({
            "entity_id": 7, "increment_id": "bol:A1", "state": state, "status": state,
            "order_currency_code": "EUR", "grand_total": 30.25, "total_invoiced": 30.25,
            "items": [item],
        })
    }

    #[test]
    fn a_state_means_what_it_says_and_an_unknown_one_moves_nothing() {
        let sent = json!({"item_id": 1, "qty_ordered": 2, "qty_shipped": 2});
        let unsent = json!({"item_id": 1, "qty_ordered": 2});
        for (state, item, expected) in [
            ("processing", &unsent, ShopState::Open),
            ("processing", &sent, ShopState::Completed),
            ("holded", &unsent, ShopState::Open),
            ("complete", &sent, ShopState::Completed),
            ("closed", &sent, ShopState::Completed),
            ("closed", &unsent, ShopState::Cancelled),
            ("canceled", &unsent, ShopState::Cancelled),
            ("wrapped", &unsent, ShopState::Unknown),
        ] {
            let order = read(wire(state, item.clone()));
            assert_eq!(order.state, expected, "{state} {item}");
        }
        let mut draft = wire("new", unsent);
        draft["total_invoiced"] = json!(null);
        assert_eq!(read(draft).state, ShopState::Draft);
    }

    #[test]
    fn pieces_refunded_before_they_were_sent_are_taken_off_and_later_ones_are_not() {
        let item = json!({"item_id": 1, "ext_order_item_id": "L1", "qty_ordered": 5,
            "qty_shipped": 2, "qty_canceled": 1, "qty_refunded": 3});
        let order = read(wire("processing", item));
        assert_eq!(order.cancelled[0].quantity, 3);
        let later = json!({"item_id": 1, "ext_order_item_id": "L1", "qty_ordered": 2,
            "qty_shipped": 2, "qty_refunded": 1});
        assert_eq!(read(wire("complete", later)).cancelled, []);
    }
}
