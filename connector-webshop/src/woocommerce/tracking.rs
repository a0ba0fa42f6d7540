//! Where T&T codes really are: one extractor per plug-in, over an order's meta data.
//!
//! Pure. Each extractor takes what it understands and leaves the rest; a value it cannot read is
//! no parcel. The first place that names a code wins, so the places are tried best first.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use order_core::ids::ShipmentId;
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::ShopShipment;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::config::{ExtraTracking, TrackingConfig};
use super::from_wire::{instant, meta_text, text};
use super::to_wire::LINE_META;
use super::wire::{Fulfillment, Meta, Order};

/// Says that WooCommerce itself has fulfilments of the order.
const FULFILLMENT_STATUS: &str = "_fulfillment_status";

/// Whether the order's fulfilments are worth a call.
pub(super) fn has_fulfillments(order: &Order) -> bool {
    meta_text(&order.meta_data, FULFILLMENT_STATUS)
        .is_some_and(|status| !matches!(status.as_str(), "unfulfilled" | "no_fulfillments"))
}

/// Every parcel that the order, its plug-ins or its fulfilments tell of.
pub(super) fn shipments(
    order: &Order,
    fulfillments: &[Fulfillment],
    config: &TrackingConfig,
) -> Vec<ShopShipment> {
    let mut found: Vec<ShopShipment> = fulfillments
        .iter()
        .filter_map(|one| fulfillment(order, one))
        .collect();
    for meta in &order.meta_data {
        let value = unpacked(&meta.value);
        found.extend(match meta.key.as_str() {
            "_wc_shipment_tracking_items" => shipment_tracking(order, &value),
            "_postnl_order_metadata" => postnl(&value),
            "_myparcelcom_order_shipments" | "_myparcelnl_order_shipments" => myparcel(&value),
            "_pr_shipment_dhl_label_tracking" => dhl(value.get("tracking_number")),
            "pr_dhl_dp_item_barcode" => dhl(Some(&value)),
            "_wot_tracking_number" => orders_tracking(order, &value),
            _ => Vec::new(),
        });
    }
    for extra in &config.extra {
        found.extend(configured(&order.meta_data, extra));
    }
    without_repeats(found)
}

/// The same code twice is one parcel: the first mention is kept.
fn without_repeats(found: Vec<ShopShipment>) -> Vec<ShopShipment> {
    let mut seen = Vec::new();
    let plain = |code: &str| {
        code.split_whitespace()
            .collect::<String>()
            .to_ascii_uppercase()
    };
    found
        .into_iter()
        .filter(|shipment| {
            let Some(tracking) = &shipment.tracking else {
                return true;
            };
            let code = plain(&tracking.code);
            let new = !seen.contains(&code);
            seen.push(code);
            new
        })
        .collect()
}

/// Plug-ins write lists as lists, as objects with numbers for keys (after a removal), or as JSON
/// in a text.
fn unpacked(value: &Value) -> Value {
    match value {
        Value::String(text) if text.trim_start().starts_with(['[', '{']) => {
            serde_json::from_str(text).unwrap_or_else(|_| value.clone())
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => value.clone(),
    }
}

fn rows(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(rows) => rows.iter().collect(),
        Value::Object(rows) if rows.keys().all(|key| key.parse::<u32>().is_ok()) => {
            rows.values().collect()
        }
        Value::Object(_) => vec![value],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn parcel(
    source: &str,
    code: String,
    carrier: Option<String>,
    url: Option<String>,
) -> ShopShipment {
    ShopShipment {
        id: ShipmentId::new(format!("{source}:{code}")),
        lines: None,
        tracking: Some(Tracking {
            code,
            carrier_name: carrier,
            url,
        }),
        shipped_at: None,
    }
}

fn field(value: &Value, name: &str) -> Option<String> {
    value.get(name).and_then(text)
}

/// Advanced Shipment Tracking and WooCommerce Shipment Tracking share this key.
fn shipment_tracking(order: &Order, items: &Value) -> Vec<ShopShipment> {
    rows(items)
        .into_iter()
        .filter_map(|item| {
            let code = field(item, "tracking_number")?;
            let carrier = field(item, "tracking_provider")
                .or_else(|| field(item, "custom_tracking_provider"));
            let url = field(item, "custom_tracking_link");
            let mut shipment = parcel("tracking", code, carrier, url);
            if let Some(id) = field(item, "tracking_id") {
                shipment.id = ShipmentId::new(id);
            }
            shipment.lines = item.get("products_list").and_then(|list| {
                let list = unpacked(list);
                let rows = rows(&list);
                (!rows.is_empty()).then(|| quantities(order, &rows, "item_id", "qty"))
            });
            shipment.shipped_at = item.get("date_shipped").and_then(day);
            Some(shipment)
        })
        .collect()
}

/// Seconds since 1970 as a number or a text, or a date.
fn day(value: &Value) -> Option<DateTime<Utc>> {
    let text = text(value)?;
    if let Ok(seconds) = text.parse::<i64>() {
        return DateTime::from_timestamp(seconds, 0);
    }
    NaiveDateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S")
        .ok()
        .or_else(|| {
            NaiveDate::parse_from_str(&text, "%Y-%m-%d")
                .ok()?
                .and_hms_opt(0, 0, 0)
        })
        .map(|date| date.and_utc())
        .or_else(|| instant(&text))
}

/// PostNL for WooCommerce.
fn postnl(value: &Value) -> Vec<ShopShipment> {
    let label = value.pointer("/labels/label/barcode").and_then(text);
    let listed = value.get("barcodes").map(rows).unwrap_or_default();
    let listed = listed
        .into_iter()
        .filter_map(|row| field(row, "value").or_else(|| text(row)));
    label
        .into_iter()
        .chain(listed)
        .map(|code| named("postnl", code, "PostNL"))
        .collect()
}

/// MyParcel. Labels without a barcode are not printed yet.
fn myparcel(value: &Value) -> Vec<ShopShipment> {
    rows(value)
        .into_iter()
        .filter_map(|row| {
            let code = field(row, "barcode")?;
            let carrier =
                field(row, "carrier").or_else(|| row.pointer("/carrier/name").and_then(text));
            Some(parcel(
                "myparcel",
                code,
                carrier,
                field(row, "linkConsumerPortal"),
            ))
        })
        .collect()
}

/// DHL for WooCommerce: one code as a text, several as a list.
fn dhl(value: Option<&Value>) -> Vec<ShopShipment> {
    let Some(value) = value else {
        return Vec::new();
    };
    let codes = match text(value) {
        Some(code) => vec![code],
        None => rows(value).into_iter().filter_map(text).collect(),
    };
    codes
        .into_iter()
        .map(|code| named("dhl", code, "DHL"))
        .collect()
}

/// VillaTheme Orders Tracking: code and carrier under two keys.
fn orders_tracking(order: &Order, value: &Value) -> Vec<ShopShipment> {
    let carrier = meta_text(&order.meta_data, "_wot_tracking_carrier");
    text(value)
        .map(|code| parcel("orders-tracking", code, carrier, None))
        .into_iter()
        .collect()
}

fn named(source: &str, code: String, carrier: &str) -> ShopShipment {
    parcel(source, code, Some(carrier.to_owned()), None)
}

/// A place that the seller named.
fn configured(meta_data: &[Meta], extra: &ExtraTracking) -> Vec<ShopShipment> {
    let source = extra.key.trim_start_matches('_');
    meta_data
        .iter()
        .filter(|meta| meta.key == extra.key)
        .flat_map(|meta| {
            let value = unpacked(&meta.value);
            let carrier = extra
                .carrier_pointer
                .as_deref()
                .and_then(|pointer| value.pointer(pointer).and_then(text))
                .or_else(|| {
                    extra
                        .carrier_key
                        .as_deref()
                        .and_then(|key| meta_text(meta_data, key))
                })
                .or_else(|| extra.carrier.clone());
            let place = match extra.pointer.as_deref() {
                Some(pointer) => value.pointer(pointer),
                None => Some(&value),
            };
            let codes: Vec<String> = match place {
                None => Vec::new(),
                Some(Value::Array(codes)) => codes.iter().filter_map(text).collect(),
                Some(code) => text(code).into_iter().collect(),
            };
            codes
                .into_iter()
                .map(|code| parcel(source, code, carrier.clone(), None))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// One of WooCommerce's own fulfilments; only a finished one is a parcel.
fn fulfillment(order: &Order, fulfillment: &Fulfillment) -> Option<ShopShipment> {
    let written = text(&fulfillment.is_fulfilled);
    let finished = fulfillment.is_fulfilled == Value::Bool(true)
        || written.is_some_and(|text| matches!(text.as_str(), "1" | "true" | "yes"));
    if !finished || fulfillment.date_deleted.is_some() {
        return None;
    }
    if fulfillment
        .status
        .as_deref()
        .is_some_and(|status| status != "fulfilled")
    {
        return None;
    }
    let meta = &fulfillment.meta_data;
    let tracking = meta_text(meta, "_tracking_number").map(|code| Tracking {
        code,
        carrier_name: meta_text(meta, "_shipment_provider"),
        url: meta_text(meta, "_tracking_url"),
    });
    let lines = meta.iter().find(|meta| meta.key == "_items").map(|items| {
        let items = unpacked(&items.value);
        quantities(order, &rows(&items), "item_id", "qty")
    });
    Some(ShopShipment {
        id: ShipmentId::new(format!("fulfillment-{}", fulfillment.id)),
        lines,
        tracking,
        shipped_at: meta_text(meta, "_date_fulfilled")
            .as_deref()
            .and_then(instant),
    })
}

/// What is in a parcel, in the marketplace's lines. What the shop's staff added to the order is no
/// line of the marketplace and is left out.
fn quantities(order: &Order, rows: &[&Value], id: &str, quantity: &str) -> Vec<LineQuantity> {
    let mut lines: Vec<LineQuantity> = Vec::new();
    for row in rows {
        let item = field(row, id).and_then(|id| id.parse::<u64>().ok());
        let line = order
            .line_items
            .iter()
            .find(|line| Some(line.id) == item)
            .and_then(|line| meta_text(&line.meta_data, LINE_META));
        let pieces = row.get(quantity).and_then(pieces);
        let (Some(line), Some(pieces)) = (line, pieces) else {
            continue;
        };
        match lines.iter_mut().find(|own| own.line.as_str() == line) {
            Some(own) => own.quantity += pieces,
            None => lines.push(LineQuantity {
                line: line.into(),
                quantity: pieces,
            }),
        }
    }
    lines
}

fn pieces(value: &Value) -> Option<u32> {
    let written = match value.as_number() {
        Some(number) => number.to_string(),
        None => text(value)?,
    };
    let number: Decimal = written.parse().ok()?;
    number
        .is_integer()
        .then(|| number.to_u32())
        .flatten()
        .filter(|pieces| *pieces > 0)
}

#[cfg(test)]
#[path = "tracking_tests.rs"]
mod tests;
