//! From Shopware's words to ours.

use order_core::ids::{LineId, ShipmentId};
use order_core::money::{Currency, Money};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::{ShopOrder, ShopShipment, ShopState};
use serde_json::Value;

use super::config::ShopwareConfig;
use super::wire::{Delivery, Order};
use crate::shared::{instant, key, said};

/// The custom field that holds our key.
pub(super) const KEY: &str = "marketplace_order_key";

/// The custom field that says which marketplace line each of the shop's lines stands for.
pub(super) const LINES: &str = "marketplace_lines";

/// An order.
pub(super) fn order(order: &Order, config: &ShopwareConfig) -> Result<ShopOrder, String> {
    let state = state(order, config);
    let changes = order.deliveries.iter().map(|own| own.updated_at.as_deref());
    let changes = changes.chain([order.updated_at.as_deref(), order.created_at.as_deref()]);
    Ok(ShopOrder {
        id: order.id.as_str().into(),
        number: order
            .order_number
            .clone()
            .unwrap_or_else(|| order.id.clone()),
        key: key_text(order).and_then(key),
        state,
        raw_state: raw_state(order),
        total: total(order)?,
        cancelled: if state == ShopState::Cancelled {
            Vec::new()
        } else {
            taken_off(order)
        },
        shipments: shipments(order, state, config),
        updated_at: changes.flatten().filter_map(instant).max(),
    })
}

pub(super) fn total(order: &Order) -> Result<Money, String> {
    let currency: Currency = order
        .currency
        .iso_code
        .parse()
        .map_err(|error| format!("the order's currency cannot be read: {error}"))?;
    Ok(Money::new(order.amount_total.0, currency))
}

pub(super) fn key_text(order: &Order) -> Option<&str> {
    let text = order.custom_fields.get(KEY)?.as_str()?;
    Some(text).filter(|text| !text.is_empty())
}

/// Both machines: the order's state, then those of its deliveries.
fn raw_state(order: &Order) -> String {
    let mut states: Vec<&str> = vec![&order.state_machine_state.technical_name];
    states.extend(order.deliveries.iter().map(delivery_state));
    states.join(", ")
}

fn delivery_state(delivery: &Delivery) -> &str {
    &delivery.state_machine_state.technical_name
}

/// What the states mean. One that neither the settings nor we know moves nothing.
pub(super) fn state(order: &Order, config: &ShopwareConfig) -> ShopState {
    let own = order.state_machine_state.technical_name.as_str();
    let listed = |states: &[String], name: &str| states.iter().any(|state| state == name);
    if own == "cancelled" {
        return ShopState::Cancelled;
    }
    if listed(&config.completed_states, own) {
        return ShopState::Completed;
    }
    if !matches!(own, "open" | "in_progress" | "completed") && !listed(&config.open_states, own) {
        tracing::warn!(state = %own, "unknown order state; it moves nothing");
        return ShopState::Unknown;
    }
    let mut deliveries = order
        .deliveries
        .iter()
        .map(delivery_state)
        .filter(|name| *name != "cancelled")
        .peekable();
    let all_left = deliveries.peek().is_some()
        && deliveries.all(|name| listed(&config.completed_delivery_states, name));
    if all_left {
        ShopState::Completed
    } else {
        ShopState::Open
    }
}

/// The entry of our map for a line of the shop: the marketplace's line, and the pieces it had.
pub(super) fn entries(order: &Order) -> Vec<(&str, LineId, u32)> {
    let map = order.custom_fields.get(LINES).and_then(Value::as_object);
    let read = |entry: &Value| {
        let quantity = u32::try_from(entry.get("quantity")?.as_u64()?).ok()?;
        Some((LineId::from(entry.get("line")?.as_str()?), quantity))
    };
    let mut entries = Vec::new();
    for (shop, entry) in map.into_iter().flatten() {
        if let Some((line, quantity)) = read(entry) {
            entries.push((shop.as_str(), line, quantity));
        }
    }
    entries
}

/// Adds pieces of a marketplace line, of which the shop may have two lines.
fn add(lines: &mut Vec<LineQuantity>, line: LineId, quantity: u32) {
    match lines.iter_mut().find(|own| own.line == line) {
        _ if quantity == 0 => {}
        Some(own) => own.quantity = own.quantity.saturating_add(quantity),
        None => lines.push(LineQuantity { line, quantity }),
    }
}

/// Pieces that staff took off the order.
fn taken_off(order: &Order) -> Vec<LineQuantity> {
    let mut taken = Vec::new();
    for (shop, line, had) in entries(order) {
        let item = order.line_items.iter().find(|item| item.id == shop);
        let has = item.map_or(0, |item| item.quantity);
        add(&mut taken, line, had.saturating_sub(has));
    }
    taken
}

/// Deliveries that were handed over. One whose order is completed was, whatever its own state says.
fn shipments(order: &Order, state: ShopState, config: &ShopwareConfig) -> Vec<ShopShipment> {
    let left = |delivery: &&Delivery| match delivery_state(delivery) {
        "shipped" | "shipped_partially" | "returned" | "returned_partially" => true,
        "cancelled" => false,
        other => {
            config
                .completed_delivery_states
                .iter()
                .any(|own| own == other)
                || state == ShopState::Completed
        }
    };
    let deliveries = order.deliveries.iter().filter(left);
    deliveries
        .flat_map(|delivery| delivery_shipments(delivery, order, config))
        .collect()
}

/// A delivery with several codes: the first has the pieces, the others are shown with none, since
/// Shopware does not say which piece went under which. Of one that is shipped in part nothing says
/// what is in it.
fn delivery_shipments(
    delivery: &Delivery,
    order: &Order,
    config: &ShopwareConfig,
) -> Vec<ShopShipment> {
    let carrier = delivery
        .shipping_method
        .as_ref()
        .and_then(|method| said(method.name.as_deref()))
        .filter(|_| config.carrier_from_shipping_method);
    let mut codes = delivery
        .tracking_codes
        .iter()
        .filter_map(|code| said(Some(code)))
        .map(|code| Tracking {
            code,
            carrier_name: carrier.clone(),
            url: None,
        });
    let partly = delivery_state(delivery) == "shipped_partially";
    let shipped_at = delivery.updated_at.as_deref().and_then(instant);
    let mut shipments = vec![ShopShipment {
        id: ShipmentId::new(&*delivery.id),
        lines: (!partly).then(|| contents(delivery, order)),
        tracking: codes.next(),
        shipped_at,
    }];
    shipments.extend(codes.map(|code| ShopShipment {
        id: ShipmentId::new(format!("{}/{}", delivery.id, code.code)),
        lines: Some(Vec::new()),
        tracking: Some(code),
        shipped_at,
    }));
    shipments
}

/// What is in a delivery. Lines that the shop's staff added are no lines of the marketplace. A
/// position may still have the pieces that staff took off its line.
fn contents(delivery: &Delivery, order: &Order) -> Vec<LineQuantity> {
    let entries = entries(order);
    let mut contents = Vec::new();
    for position in &delivery.positions {
        let item = &position.order_line_item_id;
        let entry = entries.iter().find(|(shop, _, _)| shop == item);
        if let Some((_, line, had)) = entry {
            let standing = order.line_items.iter().find(|own| own.id == *item);
            let standing = standing.map_or(0, |own| own.quantity);
            let quantity = position.quantity.unwrap_or(*had).min(standing);
            add(&mut contents, line.clone(), quantity);
        }
    }
    contents
}
