//! What Magento's REST API sends: the fields that are read.
//!
//! Types: the admin schema of Adobe Commerce 2.4.8
//! (<https://developer.adobe.com/commerce/webapi/rest/quick-reference/>).

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;

use crate::amount::{Amount, optional};

/// The frame of every search (`…SearchResultInterface`).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Found<T> {
    pub(super) items: Option<Vec<T>>,
    #[serde(default)]
    pub(super) total_count: Option<u64>,
}

/// `sales-data-order-interface`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Order {
    pub(super) entity_id: u64,
    pub(super) increment_id: String,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    pub(super) order_currency_code: String,
    pub(super) grand_total: Amount,
    #[serde(default, deserialize_with = "optional")]
    pub(super) total_invoiced: Option<Decimal>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    pub(super) items: Vec<Item>,
}

/// `sales-data-order-item-interface`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Item {
    pub(super) item_id: u64,
    /// The marketplace's line, written by us.
    #[serde(default)]
    pub(super) ext_order_item_id: Option<String>,
    #[serde(default, deserialize_with = "optional")]
    pub(super) qty_ordered: Option<Decimal>,
    #[serde(default, deserialize_with = "optional")]
    pub(super) qty_shipped: Option<Decimal>,
    #[serde(default, deserialize_with = "optional")]
    pub(super) qty_canceled: Option<Decimal>,
    #[serde(default, deserialize_with = "optional")]
    pub(super) qty_refunded: Option<Decimal>,
}

/// `sales-data-shipment-interface`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Shipment {
    pub(super) entity_id: u64,
    pub(super) order_id: u64,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) items: Option<Vec<ShipmentItem>>,
    #[serde(default)]
    pub(super) tracks: Option<Vec<Track>>,
}

/// `sales-data-shipment-item-interface`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ShipmentItem {
    pub(super) order_item_id: u64,
    #[serde(default, deserialize_with = "optional")]
    pub(super) qty: Option<Decimal>,
}

/// `sales-data-shipment-track-interface`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Track {
    #[serde(default)]
    pub(super) entity_id: Option<u64>,
    #[serde(default)]
    pub(super) track_number: Option<String>,
    #[serde(default)]
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) carrier_code: Option<String>,
}

/// `sales-data-order-status-history-interface`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Comment {
    #[serde(default)]
    pub(super) comment: Option<String>,
}

/// `catalog-data-product-interface`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Product {
    pub(super) id: u64,
    pub(super) sku: String,
    #[serde(default)]
    pub(super) type_id: Option<String>,
    #[serde(default)]
    pub(super) custom_attributes: Option<Vec<Attribute>>,
}

/// `framework-attribute-interface`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Attribute {
    pub(super) attribute_code: String,
    pub(super) value: Value,
}

/// `store-data-store-config-interface`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct StoreConfig {
    pub(super) id: u64,
    pub(super) code: String,
    pub(super) base_currency_code: String,
}

/// `store-data-store-interface`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct StoreView {
    pub(super) code: String,
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// `error-response`. Placeholders in the message (`%1`, `%name`) stand for the parameters.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Refusal {
    pub(super) message: String,
    #[serde(default)]
    pub(super) parameters: Value,
}
