//! From WooCommerce's words to ours.

use chrono::{DateTime, NaiveDateTime, Utc};
use order_core::ids::ExternalKey;
use order_core::money::{Currency, Money};
use order_core::ports::{ProductMatch, ProductQuery, ProductRef};
use order_core::shop::{ShopOrder, ShopShipment, ShopState};
use serde_json::Value;

use super::config::WooCommerceConfig;
use super::refunds;
use super::wire::{Meta, Order, Product, Refund, Status};

/// An order, with the parcels that were found for it.
pub(super) fn order(
    order: &Order,
    shipments: Vec<ShopShipment>,
    refunds: &[Refund],
    config: &WooCommerceConfig,
) -> Result<ShopOrder, String> {
    let state = state(&order.status, config);
    Ok(ShopOrder {
        id: order.id.to_string().into(),
        number: order.number.clone().unwrap_or_else(|| order.id.to_string()),
        key: order.created_via.as_deref().and_then(key),
        state,
        raw_state: order.status.to_string(),
        total: total(order)?,
        cancelled: if state == ShopState::Cancelled {
            Vec::new()
        } else {
            refunds::taken_off(order, refunds, &shipments)
        },
        shipments,
        updated_at: order.date_modified_gmt.as_deref().and_then(instant),
    })
}

pub(super) fn total(order: &Order) -> Result<Money, String> {
    let currency: Currency = order
        .currency
        .parse()
        .map_err(|error| format!("the order's currency cannot be read: {error}"))?;
    Ok(Money::new(order.total.0, currency))
}

/// Our key in `created_via`, where it has the form of one.
pub(super) fn key(created_via: &str) -> Option<ExternalKey> {
    let (channel, order) = created_via.split_once(':')?;
    if channel.is_empty() || order.is_empty() {
        return None;
    }
    Some(ExternalKey::new(channel, order))
}

/// What a status means. The seller's settings come first; a status that neither they nor we know
/// moves nothing. `failed` is a payment that failed, which cannot be for an order that is paid.
pub(super) fn state(status: &Status, config: &WooCommerceConfig) -> ShopState {
    let text = status.as_str();
    let listed = |statuses: &[String]| statuses.iter().any(|own| own == text);
    if listed(&config.completed_statuses) {
        return ShopState::Completed;
    }
    if listed(&config.cancelled_statuses) {
        return ShopState::Cancelled;
    }
    if listed(&config.open_statuses) {
        return ShopState::Open;
    }
    match status {
        Status::Pending | Status::Processing | Status::OnHold | Status::Completed => {
            ShopState::Open
        }
        Status::Cancelled | Status::Refunded | Status::Trash => ShopState::Cancelled,
        Status::CheckoutDraft | Status::AutoDraft => ShopState::Draft,
        Status::Failed => ShopState::Unknown,
        Status::Unknown(text) => {
            tracing::warn!(status = %text, "unknown order status; it moves nothing");
            ShopState::Unknown
        }
    }
}

/// A date of the shop: UTC, without saying so.
pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Some(instant.to_utc());
    }
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S")
        .ok()
        .map(|date| date.and_utc())
}

/// The last meta value under a key, as text.
pub(super) fn meta_text(meta: &[Meta], key: &str) -> Option<String> {
    meta.iter()
        .rev()
        .find(|meta| meta.key == key)
        .and_then(|meta| text(&meta.value))
}

/// A text or whole number, trimmed; anything else, and nothing, is absent.
pub(super) fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) if !number.is_f64() => number.to_string(),
        Value::Number(_) | Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            return None;
        }
    };
    (!text.is_empty()).then_some(text)
}

/// Which of the products is meant, verified on the products themselves.
pub(super) fn by_sku(query: &ProductQuery, products: &[Product]) -> ProductMatch {
    let Some(sku) = query
        .sku
        .as_deref()
        .map(str::trim)
        .filter(|sku| !sku.is_empty())
    else {
        return ProductMatch::Missing;
    };
    let own = |product: &&Product| product.sku.as_deref().map(str::trim) == Some(sku);
    let alike = |product: &&Product| {
        product
            .sku
            .as_deref()
            .is_some_and(|own| own.trim().eq_ignore_ascii_case(sku))
    };
    match one(products.iter().filter(own), "sku") {
        ProductMatch::Missing => one(products.iter().filter(alike), "sku"),
        found @ (ProductMatch::Found(_) | ProductMatch::Ambiguous) => found,
    }
}

/// As [`by_sku`], by GTIN; leading zeros do not count.
pub(super) fn by_gtin(query: &ProductQuery, products: &[Product]) -> ProductMatch {
    let bare = |gtin: &str| gtin.trim().trim_start_matches('0').to_owned();
    let Some(gtin) = query
        .gtin
        .as_deref()
        .map(bare)
        .filter(|gtin| !gtin.is_empty())
    else {
        return ProductMatch::Missing;
    };
    let own =
        |product: &&Product| product.global_unique_id.as_deref().map(bare) == Some(gtin.clone());
    one(products.iter().filter(own), "gtin")
}

/// A product that others are parts of cannot be sold itself.
fn one<'a>(products: impl Iterator<Item = &'a Product>, matched_by: &str) -> ProductMatch {
    let mut sellable = products.filter(|product| {
        !matches!(
            product.kind.as_deref(),
            Some("variable" | "grouped" | "external")
        ) && product.status.as_deref() != Some("trash")
    });
    match (sellable.next(), sellable.next()) {
        (None, _) => ProductMatch::Missing,
        (Some(product), None) => ProductMatch::Found(product_ref(product, matched_by)),
        (Some(_), Some(_)) => ProductMatch::Ambiguous,
    }
}

fn product_ref(product: &Product, matched_by: &str) -> ProductRef {
    let id = match (product.kind.as_deref(), product.parent_id) {
        (Some("variation"), Some(parent)) if parent != 0 => format!("{parent}/{}", product.id),
        _ => product.id.to_string(),
    };
    ProductRef {
        id,
        matched_by: matched_by.to_owned(),
    }
}
