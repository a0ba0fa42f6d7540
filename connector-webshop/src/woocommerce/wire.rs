//! What WooCommerce sends.
//!
//! Fields are as in the shop's own description (`OPTIONS /wc/v3/orders`); what this connector does
//! not use is left out, and fields it does not know are ignored.

use std::fmt;

use rust_decimal::Decimal;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::amount::{self, Amount};

/// `GET /wc/v3/orders/{id}`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Order {
    #[serde(deserialize_with = "id")]
    pub(super) id: u64,
    #[serde(default)]
    pub(super) number: Option<String>,
    pub(super) status: Status,
    pub(super) currency: String,
    pub(super) total: Amount,
    #[serde(default)]
    pub(super) created_via: Option<String>,
    #[serde(default)]
    pub(super) date_modified_gmt: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) meta_data: Vec<Meta>,
    #[serde(default, deserialize_with = "list")]
    pub(super) line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "list")]
    pub(super) tax_lines: Vec<TaxLine>,
    #[serde(default, deserialize_with = "list")]
    pub(super) shipping_lines: Vec<CostLine>,
    #[serde(default, deserialize_with = "list")]
    pub(super) fee_lines: Vec<CostLine>,
    #[serde(default)]
    pub(super) date_completed_gmt: Option<String>,
    /// That there are some; what is in them is read by itself.
    #[serde(default, deserialize_with = "list")]
    pub(super) refunds: Vec<Value>,
}

/// `GET /wc/v3/orders/{id}/refunds`. Quantities and sums are negative.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Refund {
    #[serde(default)]
    pub(super) date_created_gmt: Option<String>,
    /// The whole of it, not negative.
    #[serde(default, deserialize_with = "amount::optional")]
    pub(super) amount: Option<Decimal>,
    #[serde(default, deserialize_with = "list")]
    pub(super) line_items: Vec<LineItem>,
}

/// `GET /wc/v3/orders/{id}/notes`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Note {
    #[serde(default)]
    pub(super) note: Option<String>,
}

/// One of `line_items`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct LineItem {
    #[serde(deserialize_with = "id")]
    pub(super) id: u64,
    #[serde(default, deserialize_with = "optional_id")]
    pub(super) product_id: Option<u64>,
    #[serde(default, deserialize_with = "optional_id")]
    pub(super) variation_id: Option<u64>,
    #[serde(default, deserialize_with = "amount::optional")]
    pub(super) quantity: Option<Decimal>,
    #[serde(default, deserialize_with = "amount::optional")]
    pub(super) total: Option<Decimal>,
    #[serde(default, deserialize_with = "amount::optional")]
    pub(super) total_tax: Option<Decimal>,
    #[serde(default, deserialize_with = "list")]
    pub(super) taxes: Vec<Tax>,
    #[serde(default, deserialize_with = "list")]
    pub(super) meta_data: Vec<Meta>,
}

/// One of `shipping_lines` or `fee_lines`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CostLine {
    #[serde(deserialize_with = "id")]
    pub(super) id: u64,
    #[serde(default, deserialize_with = "amount::optional")]
    pub(super) total: Option<Decimal>,
    #[serde(default, deserialize_with = "amount::optional")]
    pub(super) total_tax: Option<Decimal>,
    #[serde(default, deserialize_with = "list")]
    pub(super) taxes: Vec<Tax>,
}

/// One of a line's `taxes`: which rate applies to it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Tax {
    #[serde(deserialize_with = "id")]
    pub(super) id: u64,
    #[serde(default, deserialize_with = "amount::optional")]
    pub(super) total: Option<Decimal>,
}

/// One of `tax_lines`: a rate that applies to the order.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct TaxLine {
    #[serde(deserialize_with = "id")]
    pub(super) rate_id: u64,
    #[serde(default, deserialize_with = "amount::optional")]
    pub(super) rate_percent: Option<Decimal>,
    #[serde(default)]
    pub(super) compound: Option<bool>,
}

/// One of `meta_data`: plug-ins keep anything here.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Meta {
    #[serde(default)]
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: Value,
}

/// `GET /wc/v3/orders/{id}/fulfillments`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Fulfillment {
    #[serde(deserialize_with = "id")]
    pub(super) id: u64,
    #[serde(default)]
    pub(super) status: Option<String>,
    /// `true` in one answer, `"1"` in another.
    #[serde(default)]
    pub(super) is_fulfilled: Value,
    #[serde(default)]
    pub(super) date_deleted: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) meta_data: Vec<Meta>,
}

/// `GET /wc/v3/products`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Product {
    #[serde(deserialize_with = "id")]
    pub(super) id: u64,
    #[serde(default, deserialize_with = "optional_id")]
    pub(super) parent_id: Option<u64>,
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    pub(super) sku: Option<String>,
    #[serde(default)]
    pub(super) global_unique_id: Option<String>,
}

/// A row of the change feed: `_fields=id,date_modified_gmt`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct FeedRow {
    #[serde(deserialize_with = "id")]
    pub(super) id: u64,
    #[serde(default)]
    pub(super) date_modified_gmt: Option<String>,
}

/// `GET /wc/v3/orders/statuses`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct StatusInfo {
    pub(super) slug: String,
}

/// `GET /wc/v3/data/currencies/current`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CurrencyInfo {
    pub(super) code: String,
}

/// `GET /wp-json/?_fields=name,namespaces`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct SiteIndex {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) namespaces: Vec<String>,
}

/// `GET /wc/v3/system_status?_fields=settings`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct SystemStatus {
    pub(super) settings: SystemSettings,
}

/// The settings in a [`SystemStatus`].
#[derive(Clone, Debug, Deserialize)]
pub(super) struct SystemSettings {
    /// Whether orders are kept in tables of their own; told since WooCommerce 7.
    #[serde(default, rename = "HPOS_enabled")]
    pub(super) order_tables: Option<bool>,
    #[serde(default)]
    pub(super) number_of_decimals: Option<u32>,
}

/// What every refusal looks like.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) code: String,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) data: Value,
}

/// An order's status. Plug-ins add their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Pending,
    Processing,
    OnHold,
    Completed,
    Cancelled,
    Refunded,
    Failed,
    CheckoutDraft,
    AutoDraft,
    Trash,
    Unknown(String),
}

impl Status {
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "pending" => Self::Pending,
            "processing" => Self::Processing,
            "on-hold" => Self::OnHold,
            "completed" => Self::Completed,
            "cancelled" => Self::Cancelled,
            "refunded" => Self::Refunded,
            "failed" => Self::Failed,
            "checkout-draft" => Self::CheckoutDraft,
            "auto-draft" => Self::AutoDraft,
            "trash" => Self::Trash,
            other => Self::Unknown(other.to_owned()),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::OnHold => "on-hold",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Refunded => "refunded",
            Self::Failed => "failed",
            Self::CheckoutDraft => "checkout-draft",
            Self::AutoDraft => "auto-draft",
            Self::Trash => "trash",
            Self::Unknown(text) => text,
        }
    }

    pub(super) fn is_draft(&self) -> bool {
        matches!(self, Self::CheckoutDraft | Self::AutoDraft)
    }
}

impl<'de> Deserialize<'de> for Status {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::parse(&String::deserialize(deserializer)?))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Ids come as numbers, and from some plug-ins as texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum WrittenId {
    Number(u64),
    Text(String),
}

fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    optional_id(deserializer)?.ok_or_else(|| de::Error::custom("an id is missing here"))
}

fn optional_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match Option::<WrittenId>::deserialize(deserializer)? {
        None => Ok(None),
        Some(WrittenId::Number(number)) => Ok(Some(number)),
        Some(WrittenId::Text(text)) if text.trim().is_empty() => Ok(None),
        Some(WrittenId::Text(text)) => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|_| de::Error::custom("this is not an id")),
    }
}

/// A list; `null` is none.
fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// `POST` and `PUT /wc/v3/orders`. What is `None` is not sent.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct OrderBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) set_paid: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_via: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payment_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) payment_method_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transaction_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) billing: Option<AddressBody>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) shipping: Option<AddressBody>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) line_items: Vec<LineBody>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) shipping_lines: Vec<CostBody>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) fee_lines: Vec<CostBody>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) meta_data: Vec<MetaBody>,
}

/// `billing` and `shipping`. Debug is left out: it is somebody's address.
#[derive(Clone, Default, Serialize)]
pub(super) struct AddressBody {
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) company: String,
    pub(super) address_1: String,
    pub(super) address_2: String,
    pub(super) city: String,
    pub(super) state: String,
    pub(super) postcode: String,
    pub(super) country: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<String>,
}

impl fmt::Debug for AddressBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressBody")
            .field("country", &self.country)
            .finish_non_exhaustive()
    }
}

/// A line to add (`product_id`) or to change (`id`). `subtotal` and `total` are without tax.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct LineBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) product_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) variation_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quantity: Option<u32>,
    pub(super) subtotal: String,
    pub(super) total: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) meta_data: Vec<MetaBody>,
}

/// A shipping or fee line to add or to change.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct CostBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tax_status: Option<&'static str>,
    pub(super) total: String,
}

/// Meta data to add.
#[derive(Clone, Debug, Serialize)]
pub(super) struct MetaBody {
    pub(super) key: &'static str,
    pub(super) value: String,
}

/// `POST /wc/v3/orders/{id}/notes`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct NoteBody {
    pub(super) note: String,
    pub(super) customer_note: bool,
}

/// `POST /wc/v3/orders/{id}/refunds`.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RefundBody {
    pub(super) amount: String,
    pub(super) reason: String,
    /// Whether the payment provider is told.
    pub(super) api_refund: bool,
    /// Whether the pieces go back into stock.
    pub(super) api_restock: bool,
    pub(super) line_items: Vec<RefundLineBody>,
}

/// A line of a [`RefundBody`].
#[derive(Clone, Debug, Serialize)]
pub(super) struct RefundLineBody {
    pub(super) id: u64,
    pub(super) quantity: u32,
    pub(super) refund_total: String,
    pub(super) refund_tax: Vec<RefundTaxBody>,
}

/// A tax of a [`RefundLineBody`].
#[derive(Clone, Debug, Serialize)]
pub(super) struct RefundTaxBody {
    pub(super) id: u64,
    pub(super) refund_total: String,
}
