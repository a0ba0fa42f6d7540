//! From Vendure's words to ours.

use chrono::{DateTime, Utc};
use order_core::ids::{ExternalKey, LineId, ShipmentId};
use order_core::money::{Currency, Money};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::{ShopOrder, ShopShipment, ShopState};
use rust_decimal::Decimal;
use serde_json::Value;

use super::config::VendureConfig;
use super::flow::custom;
use super::wire::{Fulfillment, Order};

/// Where the payment's metadata holds what this connector needs later.
pub(super) const METADATA: &str = "orderConnection";

/// An order.
pub(super) fn order(order: &Order, config: &VendureConfig) -> Result<ShopOrder, String> {
    let state = state(&order.state, config);
    Ok(ShopOrder {
        id: order.id.as_str().into(),
        number: order.code.clone(),
        key: key_text(order, config).and_then(key),
        state,
        raw_state: order.state.clone(),
        total: total(order, config)?,
        cancelled: if state == ShopState::Cancelled {
            Vec::new()
        } else {
            taken_off(order, config)
        },
        shipments: shipments(order, config),
        updated_at: order.updated_at.as_deref().and_then(instant),
    })
}

pub(super) fn total(order: &Order, config: &VendureConfig) -> Result<Money, String> {
    let currency: Currency = order
        .currency_code
        .parse()
        .map_err(|error| format!("the order's currency cannot be read: {error}"))?;
    Ok(Money::new(
        Decimal::new(order.total_with_tax, config.money_precision),
        currency,
    ))
}

/// Our key on the record: in the custom field, or on the payment where the shop has none.
pub(super) fn key_text<'a>(order: &'a Order, config: &VendureConfig) -> Option<&'a str> {
    match &config.order_field {
        Some(field) => custom(&order.custom_fields, field),
        None => order
            .payments
            .iter()
            .find_map(|payment| payment.transaction_id.as_deref()),
    }
}

pub(super) fn key(text: &str) -> Option<ExternalKey> {
    let (channel, order) = text.split_once(':')?;
    if channel.is_empty() || order.is_empty() {
        return None;
    }
    Some(ExternalKey::new(channel, order))
}

/// What a state means. The seller's settings come first; a state that neither they nor we know
/// moves nothing.
pub(super) fn state(state: &str, config: &VendureConfig) -> ShopState {
    let listed = |states: &[String]| states.iter().any(|own| own == state);
    if listed(&config.completed_states) {
        return ShopState::Completed;
    }
    if listed(&config.open_states) {
        return ShopState::Open;
    }
    match state {
        "Created" | "Draft" | "AddingItems" | "ArrangingPayment" => ShopState::Draft,
        "PaymentAuthorized"
        | "PaymentSettled"
        | "PartiallyShipped"
        | "PartiallyDelivered"
        | "Modifying"
        | "ArrangingAdditionalPayment"
        | "Shipped"
        | "Delivered" => ShopState::Open,
        "Cancelled" => ShopState::Cancelled,
        other => {
            tracing::warn!(state = %other, "unknown order state; it moves nothing");
            ShopState::Unknown
        }
    }
}

/// Parcels that were handed over. One that is prepared, cancelled or in a state of the shop's own
/// is left out.
fn shipments(order: &Order, config: &VendureConfig) -> Vec<ShopShipment> {
    let mut parcels: Vec<&Fulfillment> = order
        .fulfillments
        .iter()
        .filter(|parcel| matches!(parcel.state.as_str(), "Shipped" | "Delivered"))
        .collect();
    // Oldest first, so that pieces are shared out the same way whatever the order they come in.
    parcels.sort_by(|a, b| (a.id.len(), &a.id).cmp(&(b.id.len(), &b.id)));
    let mut entries = entries(order, config);
    parcels
        .into_iter()
        .map(|parcel| shipment(parcel, entries.as_mut()))
        .collect()
}

fn shipment(parcel: &Fulfillment, entries: Option<&mut Vec<Entry>>) -> ShopShipment {
    let named = |text: &Option<String>| {
        text.as_deref()
            .map(str::trim)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let tracking = named(&parcel.tracking_code).map(|code| Tracking {
        code,
        carrier_name: named(&parcel.method),
        url: None,
    });
    // The last change of a parcel on its way was that it left; of a delivered one it was not.
    let left = if parcel.state == "Shipped" {
        &parcel.updated_at
    } else {
        &parcel.created_at
    };
    ShopShipment {
        id: ShipmentId::new(parcel.id.as_str()),
        lines: entries.map(|entries| contents(parcel, entries)),
        tracking,
        shipped_at: left.as_deref().and_then(instant),
    }
}

/// Pieces of a marketplace line on a line of the shop that are in no parcel yet.
#[derive(Debug)]
struct Entry {
    shop_line: String,
    line: LineId,
    left: u32,
}

/// Which marketplace line each of the shop's lines stands for; `None` when nothing tells.
fn entries(order: &Order, config: &VendureConfig) -> Option<Vec<Entry>> {
    let marked: Vec<Entry> = order
        .lines
        .iter()
        .filter_map(|line| {
            let mark = custom(&line.custom_fields, config.line_field.as_deref()?)?;
            // What was cancelled from a line can still be in an earlier parcel.
            Some(Entry {
                shop_line: line.id.clone(),
                line: mark.into(),
                left: u32::MAX,
            })
        })
        .collect();
    if !marked.is_empty() {
        return Some(marked);
    }
    let map = order
        .payments
        .iter()
        .find_map(|payment| payment.metadata.get(METADATA)?.get("lines")?.as_array())?;
    let read = |row: &Value| {
        Some(Entry {
            shop_line: row.get("shopLine")?.as_str()?.to_owned(),
            line: row.get("line")?.as_str()?.into(),
            left: u32::try_from(row.get("quantity")?.as_u64()?).ok()?,
        })
    };
    map.iter().map(read).collect()
}

/// Pieces that were cancelled since the order was placed. Where one of the shop's lines stands for
/// several of the marketplace's, the last of them lose pieces first.
fn taken_off(order: &Order, config: &VendureConfig) -> Vec<LineQuantity> {
    let Some(entries) = entries(order, config) else {
        return Vec::new();
    };
    let mut taken: Vec<LineQuantity> = Vec::new();
    for line in &order.lines {
        let placed = line.order_placed_quantity.unwrap_or(line.quantity);
        let mut gone = placed.saturating_sub(line.quantity);
        for entry in entries.iter().rev().filter(|own| own.shop_line == line.id) {
            let pieces = gone.min(entry.left);
            gone -= pieces;
            add(&mut taken, &entry.line, pieces);
        }
    }
    taken
}

/// The shop's lines with the pieces to cancel; or which line the order does not have so many of.
pub(super) fn pieces_to_cancel(
    order: &Order,
    parts: &[LineQuantity],
    config: &VendureConfig,
) -> Result<Vec<(String, u32)>, String> {
    let entries = entries(order, config)
        .ok_or("nothing says which of the shop's lines stands for which of the marketplace's")?;
    let mut all: Vec<(String, u32)> = Vec::new();
    for part in parts {
        let mut left = part.quantity;
        for entry in entries.iter().filter(|entry| entry.line == part.line) {
            let has = order.lines.iter().find(|line| line.id == entry.shop_line);
            let pieces = left
                .min(entry.left)
                .min(has.map_or(0, |line| line.quantity));
            if pieces == 0 {
                continue;
            }
            left -= pieces;
            match all.iter_mut().find(|(line, _)| *line == entry.shop_line) {
                Some((_, sum)) => *sum += pieces,
                None => all.push((entry.shop_line.clone(), pieces)),
            }
        }
        if left > 0 {
            return Err(format!(
                "the shop's order has no {} × line {}",
                part.quantity, part.line
            ));
        }
    }
    Ok(all)
}

fn add(lines: &mut Vec<LineQuantity>, line: &LineId, quantity: u32) {
    match lines.iter_mut().find(|own| own.line == *line) {
        _ if quantity == 0 => {}
        Some(own) => own.quantity += quantity,
        None => lines.push(LineQuantity {
            line: line.clone(),
            quantity,
        }),
    }
}

/// What is in a parcel. Lines that the shop's staff added are no lines of the marketplace.
fn contents(parcel: &Fulfillment, entries: &mut [Entry]) -> Vec<LineQuantity> {
    let mut lines: Vec<LineQuantity> = Vec::new();
    for row in &parcel.lines {
        let mut pieces = row.quantity;
        for entry in entries
            .iter_mut()
            .filter(|entry| entry.shop_line == row.order_line_id)
        {
            let taken = pieces.min(entry.left);
            if taken == 0 {
                continue;
            }
            entry.left -= taken;
            pieces -= taken;
            match lines.iter_mut().find(|own| own.line == entry.line) {
                Some(own) => own.quantity += taken,
                None => lines.push(LineQuantity {
                    line: entry.line.clone(),
                    quantity: taken,
                }),
            }
        }
    }
    lines
}

/// A custom field's whole number.
pub(super) fn whole(fields: &Value, name: &str) -> Option<i64> {
    fields.get(name).and_then(Value::as_i64)
}

pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|instant| instant.to_utc())
}

#[cfg(test)]
#[path = "from_wire_tests.rs"]
mod tests;
