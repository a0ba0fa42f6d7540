//! From Shopify's words to ours.

use order_core::ids::{ExternalKey, LineId, ShipmentId};
use order_core::money::{Currency, Money};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::{ShopOrder, ShopShipment, ShopState};

use super::api::number;
use super::config::ShopifyConfig;
use super::wire::{Fulfillment, LineItem, Order, Own, TrackingInfo};
use crate::shared::{instant, key, said};

/// The line's attribute that holds the marketplace's line id. Buyers do not see attributes whose
/// name starts so.
pub(super) const LINE_ATTRIBUTE: &str = "_marketplace_line";

/// An order. Its lines and parcels are complete.
pub(super) fn order(order: &Order, config: &ShopifyConfig) -> Result<ShopOrder, String> {
    let id = number(&order.id).ok_or_else(|| format!("{:?} is not an order's id", order.id))?;
    let text = order
        .metafield
        .as_ref()
        .map(|field| field.value.as_str())
        .or(order.source_identifier.as_deref());
    Ok(ShopOrder {
        id: id.to_string().into(),
        number: order.name.clone(),
        key: text.and_then(key),
        state: state(order, config),
        raw_state: raw_state(order),
        total: total(order)?,
        cancelled: cancelled(order),
        shipments: shipments(order),
        updated_at: order.updated_at.as_deref().and_then(instant),
    })
}

pub(super) fn total(order: &Order) -> Result<Money, String> {
    let money = &order.total_price_set.shop_money;
    let currency: Currency = money
        .currency_code
        .parse()
        .map_err(|error| format!("the order's currency cannot be read: {error}"))?;
    Ok(Money::new(money.amount.0, currency))
}

/// Whether a record carries exactly this key.
pub(super) fn is_under(own: &Own, key: &ExternalKey) -> bool {
    let text = key.to_string();
    let field = own.metafield.as_ref().map(|field| field.value.as_str());
    field.or(own.source_identifier.as_deref()) == Some(text.as_str())
}

fn raw_state(order: &Order) -> String {
    if order.cancelled_at.is_some() {
        "CANCELLED".to_owned()
    } else {
        order.display_fulfillment_status.clone()
    }
}

/// What a fulfilment status means. One that neither the settings nor we know moves nothing.
pub(super) fn state(order: &Order, config: &ShopifyConfig) -> ShopState {
    if order.cancelled_at.is_some() || nothing_is_left(order) {
        return ShopState::Cancelled;
    }
    let status = order.display_fulfillment_status.as_str();
    if config.completed_statuses.iter().any(|own| own == status) {
        return ShopState::Completed;
    }
    match status {
        "UNFULFILLED"
        | "OPEN"
        | "PARTIALLY_FULFILLED"
        | "IN_PROGRESS"
        | "ON_HOLD"
        | "PENDING_FULFILLMENT"
        | "REQUEST_DECLINED"
        | "RESTOCKED"
        | "SCHEDULED"
        | "FULFILLED" => ShopState::Open,
        other => {
            tracing::warn!(status = %other, "unknown fulfilment status; it moves nothing");
            ShopState::Unknown
        }
    }
}

/// Whether every piece was taken out of the order again, and none had left.
fn nothing_is_left(order: &Order) -> bool {
    let lines = &order.line_items.nodes;
    !lines.is_empty()
        && lines.iter().all(|line| line.current_quantity == Some(0))
        && !order.fulfillments.iter().any(has_left)
}

/// Whether a parcel was handed over.
fn has_left(parcel: &Fulfillment) -> bool {
    match parcel.status.as_str() {
        "SUCCESS" => true,
        "CANCELLED" | "ERROR" | "FAILURE" | "OPEN" | "PENDING" => false,
        other => {
            tracing::warn!(status = %other, "unknown status of a parcel; it is left out");
            false
        }
    }
}

/// Pieces that were taken out or refunded before they were in a parcel.
fn cancelled(order: &Order) -> Vec<LineQuantity> {
    if order.cancelled_at.is_some() || nothing_is_left(order) {
        return Vec::new();
    }
    let everything_left = order.display_fulfillment_status == "FULFILLED";
    let mut cancelled = Vec::new();
    for line in &order.line_items.nodes {
        let (Some(id), Some(current)) = (marketplace_line(line), line.current_quantity) else {
            continue;
        };
        let not_sent = line.quantity.saturating_sub(sent(order, &line.id));
        // In an order that is sent as a whole, what is in no parcel will not be sent.
        let still_to_send = match (everything_left, line.unfulfilled_quantity) {
            (true, _) => 0,
            (false, Some(pieces)) => pieces,
            (false, None) => continue,
        };
        let taken_out = line.quantity.saturating_sub(current);
        let pieces = not_sent.saturating_sub(still_to_send).min(taken_out);
        add(&mut cancelled, id, pieces);
    }
    cancelled
}

/// How many pieces of a line of the shop are in parcels that have left.
fn sent(order: &Order, line: &str) -> u32 {
    let parcels = order.fulfillments.iter().filter(|parcel| has_left(parcel));
    let pages = parcels.filter_map(|parcel| parcel.fulfillment_line_items.as_ref());
    pages
        .flat_map(|page| &page.nodes)
        .filter(|row| row.line_item.id == line)
        .filter_map(|row| row.quantity)
        .fold(0, u32::saturating_add)
}

/// Adds pieces of a marketplace line, of which the shop may have two lines.
fn add(lines: &mut Vec<LineQuantity>, line: LineId, quantity: u32) {
    match lines.iter_mut().find(|own| own.line == line) {
        _ if quantity == 0 => {}
        Some(own) => own.quantity = own.quantity.saturating_add(quantity),
        None => lines.push(LineQuantity { line, quantity }),
    }
}

/// Parcels that were handed over, oldest first as Shopify has them.
fn shipments(order: &Order) -> Vec<ShopShipment> {
    order
        .fulfillments
        .iter()
        .filter(|parcel| has_left(parcel))
        .flat_map(|parcel| parcel_shipments(parcel, &order.line_items.nodes))
        .collect()
}

/// A parcel with several codes: the first has the pieces, the others are shown with none, since
/// Shopify does not say which piece went under which code.
fn parcel_shipments(parcel: &Fulfillment, lines: &[LineItem]) -> Vec<ShopShipment> {
    let id = number(&parcel.id).map_or_else(|| parcel.id.clone(), |number| number.to_string());
    let shipped_at = parcel.created_at.as_deref().and_then(instant);
    let mut codes = parcel.tracking_info.iter().filter_map(tracking);
    let mut shipments = vec![ShopShipment {
        id: ShipmentId::new(&*id),
        lines: Some(contents(parcel, lines)),
        tracking: codes.next(),
        shipped_at,
    }];
    shipments.extend(codes.map(|code| ShopShipment {
        id: ShipmentId::new(format!("{id}/{}", code.code)),
        lines: Some(Vec::new()),
        tracking: Some(code),
        shipped_at,
    }));
    shipments
}

fn tracking(info: &TrackingInfo) -> Option<Tracking> {
    Some(Tracking {
        code: said(info.number.as_deref())?,
        carrier_name: said(info.company.as_deref()),
        url: said(info.url.as_deref()),
    })
}

/// What is in a parcel. Lines that the shop's staff added are no lines of the marketplace.
fn contents(parcel: &Fulfillment, lines: &[LineItem]) -> Vec<LineQuantity> {
    let mut contents: Vec<LineQuantity> = Vec::new();
    let rows = parcel.fulfillment_line_items.iter();
    for row in rows.flat_map(|page| &page.nodes) {
        let line = lines.iter().find(|line| line.id == row.line_item.id);
        let (Some(line), Some(quantity)) = (line.and_then(marketplace_line), row.quantity) else {
            continue;
        };
        add(&mut contents, line, quantity);
    }
    contents
}

/// The marketplace's line that a line of the shop stands for.
pub(super) fn marketplace_line(line: &LineItem) -> Option<LineId> {
    let attribute = line
        .custom_attributes
        .iter()
        .find(|attribute| attribute.key == LINE_ATTRIBUTE)?;
    said(attribute.value.as_deref()).map(LineId::from)
}
