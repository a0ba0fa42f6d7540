//! From Medusa's words to ours.

use order_core::ids::{LineId, ShipmentId};
use order_core::money::{Currency, Money};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::{ShopOrder, ShopShipment, ShopState};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::config::MedusaConfig;
use super::totals;
use super::wire::{Fulfillment, Item, Label, Order};
use crate::shared::{instant, key, said};

/// The entry of an order's metadata that holds our key.
pub(super) const KEY: &str = "marketplace_order_key";

/// The entry that holds how many pieces each line had.
pub(super) const LINES: &str = "marketplace_lines";

/// The entry that says that the marketplace sent it.
pub(super) const SENT_ELSEWHERE: &str = "marketplace_sent";

/// The entry of a line's metadata that holds the marketplace's line id.
pub(super) const LINE: &str = "marketplace_line_id";

/// An order.
pub(super) fn order(order: &Order, config: &MedusaConfig) -> Result<ShopOrder, String> {
    let number = order.custom_display_id.clone();
    let number = number.or_else(|| order.display_id.map(|id| format!("#{id}")));
    let shipments = shipments(order);
    let state = state(order, config);
    Ok(ShopOrder {
        id: order.id.as_str().into(),
        number: number.unwrap_or_else(|| order.id.clone()),
        key: key_text(order).and_then(key),
        state,
        raw_state: format!("{}, {}", order.status, order.fulfillment_status),
        total: total(order)?,
        cancelled: if state == ShopState::Cancelled {
            Vec::new()
        } else {
            taken_off(order)
        },
        shipments,
        updated_at: order.updated_at.as_deref().and_then(instant),
    })
}

pub(super) fn total(order: &Order) -> Result<Money, String> {
    let currency: Currency = order
        .currency_code
        .parse()
        .map_err(|error| format!("the order's currency cannot be read: {error}"))?;
    Ok(totals::seen(order.total.0, currency))
}

/// Our key on the record.
pub(super) fn key_text(order: &Order) -> Option<&str> {
    entry(&order.metadata, KEY)
}

/// The marketplace's line id on the shop's line.
pub(super) fn mark(item: &Item) -> Option<&str> {
    entry(&item.metadata, LINE)
}

fn entry<'a>(metadata: &'a Value, name: &str) -> Option<&'a str> {
    metadata
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

pub(super) fn pieces(quantity: Decimal) -> u32 {
    quantity.trunc().to_u32().unwrap_or(0)
}

/// What an order's statuses mean. One that neither the settings nor we know moves nothing.
///
/// An order of ours that is not paid is unfinished: paying is the last step of creating it. Of one
/// that the marketplace sent the last step is completing it.
pub(super) fn state(order: &Order, config: &MedusaConfig) -> ShopState {
    let counts = |status: &str| config.completed_statuses.iter().any(|own| own == status);
    match order.status.as_str() {
        "draft" => return ShopState::Draft,
        "canceled" => return ShopState::Cancelled,
        "pending" | "archived" | "requires_action" => {}
        "completed" if counts("completed") => return ShopState::Completed,
        "completed" => {}
        other => {
            tracing::warn!(status = %other, "unknown order status; it moves nothing");
            return ShopState::Unknown;
        }
    }
    if counts(&order.fulfillment_status) {
        return ShopState::Completed;
    }
    match order.fulfillment_status.as_str() {
        "not_fulfilled" if is_unfinished(order) => ShopState::Draft,
        "not_fulfilled"
        | "partially_fulfilled"
        | "fulfilled"
        | "partially_shipped"
        | "shipped"
        | "partially_delivered"
        | "delivered"
        | "canceled" => ShopState::Open,
        other => {
            tracing::warn!(status = %other, "unknown fulfilment status; it moves nothing");
            ShopState::Unknown
        }
    }
}

/// Whether creating stopped between the draft and its last step.
pub(super) fn is_unfinished(order: &Order) -> bool {
    order.status == "pending"
        && key_text(order).is_some()
        && (is_unpaid(order) || order.metadata[SENT_ELSEWHERE] == true)
}

/// Whether its payment is missing.
pub(super) fn is_unpaid(order: &Order) -> bool {
    !order.total.0.is_zero() && matches!(order.payment_status.as_str(), "not_paid" | "awaiting")
}

/// Pieces that staff took off the order, by an edit.
fn taken_off(order: &Order) -> Vec<LineQuantity> {
    let Some(lines) = order.metadata.get(LINES).and_then(Value::as_object) else {
        return Vec::new();
    };
    let taken = lines.iter().filter_map(|(line, had)| {
        let had = u32::try_from(had.as_u64()?).ok()?;
        let items = order.items.iter().filter(|item| mark(item) == Some(line));
        let has: u32 = items.map(|item| pieces(item.quantity.0)).sum();
        let quantity = had.saturating_sub(has);
        (quantity > 0).then(|| LineQuantity {
            line: LineId::new(line),
            quantity,
        })
    });
    taken.collect()
}

/// Parcels that were handed over, oldest first. One that is packed or was cancelled is left out.
fn shipments(order: &Order) -> Vec<ShopShipment> {
    let left = |parcel: &&Fulfillment| {
        parcel.canceled_at.is_none()
            && (parcel.shipped_at.is_some() || parcel.delivered_at.is_some())
    };
    let mut parcels: Vec<&Fulfillment> = order.fulfillments.iter().filter(left).collect();
    parcels.sort_by(|a, b| (&a.shipped_at, &a.id).cmp(&(&b.shipped_at, &b.id)));
    parcels
        .into_iter()
        .flat_map(|parcel| parcel_shipments(parcel, &order.items))
        .collect()
}

/// A parcel with several codes: the first has the pieces, the others are shown with none, since
/// Medusa does not say which piece went under which code.
fn parcel_shipments(parcel: &Fulfillment, items: &[Item]) -> Vec<ShopShipment> {
    let shipped_at = parcel.shipped_at.as_deref().and_then(instant);
    let mut codes = parcel.labels.iter().filter_map(tracking);
    let mut shipments = vec![ShopShipment {
        id: ShipmentId::new(&*parcel.id),
        lines: Some(contents(parcel, items)),
        tracking: codes.next(),
        shipped_at,
    }];
    shipments.extend(codes.map(|code| ShopShipment {
        id: ShipmentId::new(format!("{}/{}", parcel.id, code.code)),
        lines: Some(Vec::new()),
        tracking: Some(code),
        shipped_at,
    }));
    shipments
}

/// Medusa's admin writes `#` where nobody gave an address.
fn tracking(label: &Label) -> Option<Tracking> {
    Some(Tracking {
        code: said(label.tracking_number.as_deref())?,
        carrier_name: None,
        url: said(label.tracking_url.as_deref()).filter(|url| url.contains("://")),
    })
}

/// What is in a parcel. Lines that the shop's staff added are no lines of the marketplace.
fn contents(parcel: &Fulfillment, items: &[Item]) -> Vec<LineQuantity> {
    let mut contents: Vec<LineQuantity> = Vec::new();
    for row in &parcel.items {
        let item = items
            .iter()
            .find(|item| Some(item.id.as_str()) == row.line_item_id.as_deref());
        let Some(line) = item.and_then(mark).map(LineId::from) else {
            continue;
        };
        let quantity = pieces(row.quantity.0);
        match contents.iter_mut().find(|own| own.line == line) {
            Some(own) => own.quantity = own.quantity.saturating_add(quantity),
            None => contents.push(LineQuantity { line, quantity }),
        }
    }
    contents
}
