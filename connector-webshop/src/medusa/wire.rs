//! What Medusa's Admin API sends: the fields that are asked for.
//!
//! Types: <https://docs.medusajs.com/api/admin> (AdminOrder, AdminDraftOrder and what they refer to).

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::amount::Amount;

/// `AdminOrder`, and `AdminDraftOrder`, which is the same.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    #[serde(default)]
    pub(super) display_id: Option<i64>,
    #[serde(default)]
    pub(super) custom_display_id: Option<String>,
    pub(super) status: String,
    pub(super) currency_code: String,
    pub(super) total: Amount,
    pub(super) payment_status: String,
    pub(super) fulfillment_status: String,
    #[serde(default)]
    pub(super) metadata: Value,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) items: Vec<Item>,
    #[serde(default, deserialize_with = "list")]
    pub(super) shipping_methods: Vec<ShippingMethod>,
    #[serde(default, deserialize_with = "list")]
    pub(super) payment_collections: Vec<PaymentCollection>,
    #[serde(default, deserialize_with = "list")]
    pub(super) fulfillments: Vec<Fulfillment>,
}

/// `AdminOrderLineItem`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Item {
    pub(super) id: String,
    pub(super) quantity: Amount,
    #[serde(default)]
    pub(super) variant_id: Option<String>,
    #[serde(default)]
    pub(super) metadata: Value,
    #[serde(default)]
    pub(super) detail: Option<Detail>,
    #[serde(default, deserialize_with = "list")]
    pub(super) tax_lines: Vec<TaxLine>,
}

/// `BaseOrderItemDetail`: what has become of a line's pieces.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Detail {
    /// Pieces that are packed or have left.
    pub(super) fulfilled_quantity: Amount,
}

/// `AdminOrderChange`: an edit, a return, a claim or an exchange.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Change {
    pub(super) status: String,
    #[serde(default)]
    pub(super) change_type: Option<String>,
    #[serde(default)]
    pub(super) internal_note: Option<String>,
}

/// `AdminOrderShippingMethod`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ShippingMethod {
    #[serde(default, deserialize_with = "list")]
    pub(super) tax_lines: Vec<TaxLine>,
}

/// A tax rate in percent.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct TaxLine {
    pub(super) rate: Amount,
}

/// `AdminPaymentCollection`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PaymentCollection {
    pub(super) id: String,
    pub(super) status: String,
}

/// `AdminOrderFulfillment`: a parcel.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Fulfillment {
    pub(super) id: String,
    #[serde(default)]
    pub(super) shipped_at: Option<String>,
    #[serde(default)]
    pub(super) delivered_at: Option<String>,
    #[serde(default)]
    pub(super) canceled_at: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) labels: Vec<Label>,
    #[serde(default, deserialize_with = "list")]
    pub(super) items: Vec<FulfillmentItem>,
}

/// A label with its code.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Label {
    #[serde(default)]
    pub(super) tracking_number: Option<String>,
    #[serde(default)]
    pub(super) tracking_url: Option<String>,
}

/// `AdminFulfillmentItem`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct FulfillmentItem {
    #[serde(default)]
    pub(super) line_item_id: Option<String>,
    pub(super) quantity: Amount,
}

/// A row of the change feed.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct FeedRow {
    pub(super) id: String,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
}

/// `AdminProductVariant`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Variant {
    pub(super) id: String,
    #[serde(default)]
    pub(super) sku: Option<String>,
    #[serde(default)]
    pub(super) ean: Option<String>,
    #[serde(default)]
    pub(super) upc: Option<String>,
    #[serde(default)]
    pub(super) barcode: Option<String>,
    #[serde(default)]
    pub(super) product_id: Option<String>,
    #[serde(default)]
    pub(super) product: Option<Product>,
}

/// `AdminProduct`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Product {
    #[serde(default)]
    pub(super) type_id: Option<String>,
}

/// `AdminTaxRegion`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct TaxRegion {
    pub(super) id: String,
}

/// `AdminTaxRate`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct TaxRate {
    pub(super) name: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) rules: Vec<TaxRateRule>,
}

/// `AdminTaxRateRule`: what a rate is bound to.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct TaxRateRule {
    /// `product`, `product_type` or `shipping_option`.
    pub(super) reference: String,
    pub(super) reference_id: String,
}

/// `AdminStore`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Store {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) default_sales_channel_id: Option<String>,
}

/// Anything with an id and a name.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// `AdminRegion`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Region {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) currency_code: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) countries: Vec<RegionCountry>,
}

/// A country of a region.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct RegionCountry {
    pub(super) iso_2: String,
}

/// `AdminShippingOption`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ShippingOption {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) service_zone: Option<ServiceZone>,
}

/// `AdminServiceZone`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ServiceZone {
    #[serde(default, deserialize_with = "list")]
    pub(super) geo_zones: Vec<GeoZone>,
}

/// `AdminGeoZone`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct GeoZone {
    #[serde(default)]
    pub(super) country_code: Option<String>,
}

fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}
