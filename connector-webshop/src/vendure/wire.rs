//! What Vendure's Admin API sends.
//!
//! Types follow the schema of Vendure 3.7 (`type Order`, `type Fulfillment` ...); only what the
//! documents in `api.rs` ask for is here.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The frame of every answer. Errors are taken out before (see `classify.rs`).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) data: T,
}

/// `type Order`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) state: String,
    pub(super) currency_code: String,
    /// In the smallest unit.
    pub(super) total_with_tax: i64,
    /// In the smallest unit; part of the total.
    #[serde(default)]
    pub(super) shipping_with_tax: i64,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pub(super) custom_fields: Value,
    #[serde(default, deserialize_with = "list")]
    pub(super) lines: Vec<Line>,
    #[serde(default)]
    pub(super) customer: Option<IdOnly>,
    #[serde(default)]
    pub(super) shipping_address: Option<Address>,
    #[serde(default)]
    pub(super) billing_address: Option<Address>,
    #[serde(default, deserialize_with = "list")]
    pub(super) shipping_lines: Vec<ShippingLine>,
    #[serde(default, deserialize_with = "list")]
    pub(super) payments: Vec<Payment>,
    #[serde(default, deserialize_with = "list")]
    pub(super) fulfillments: Vec<Fulfillment>,
}

/// `type OrderLine`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) quantity: u32,
    /// Pieces at the time the order was placed; 0 before.
    #[serde(default)]
    pub(super) order_placed_quantity: Option<u32>,
    pub(super) product_variant: IdOnly,
    #[serde(default)]
    pub(super) custom_fields: Value,
}

/// `type ShippingLine`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShippingLine {
    #[serde(default)]
    pub(super) shipping_method: Option<IdOnly>,
}

/// Anything of which only the id counts.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct IdOnly {
    pub(super) id: String,
}

/// `type OrderAddress`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Address {
    #[serde(default)]
    pub(super) country_code: Option<String>,
}

/// `type Payment`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    #[serde(default)]
    pub(super) transaction_id: Option<String>,
    #[serde(default)]
    pub(super) metadata: Value,
}

/// `type Fulfillment`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fulfillment {
    pub(super) id: String,
    pub(super) state: String,
    #[serde(default)]
    pub(super) method: Option<String>,
    #[serde(default)]
    pub(super) tracking_code: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) lines: Vec<FulfillmentLine>,
}

/// `type FulfillmentLine`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FulfillmentLine {
    pub(super) order_line_id: String,
    pub(super) quantity: u32,
}

/// `type OrderList` and its like.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Items<T> {
    pub(super) items: Vec<T>,
}

/// `type HistoryEntry`; of a note, `data` has its text.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct HistoryEntry {
    #[serde(default)]
    pub(super) data: Value,
}

/// A row of the change feed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeedRow {
    pub(super) id: String,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
}

/// `type ProductVariant`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Variant {
    pub(super) id: String,
    pub(super) sku: String,
    #[serde(default)]
    pub(super) custom_fields: Value,
}

/// `type ShippingMethodQuote`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShippingQuote {
    pub(super) id: String,
    pub(super) code: String,
    pub(super) price_with_tax: i64,
}

/// A member of a result union: the thing itself, or `interface ErrorResult`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    #[serde(default)]
    pub(super) error_code: Option<String>,
    #[serde(default)]
    pub(super) message: Option<String>,
    /// `InsufficientStockError`.
    #[serde(default)]
    pub(super) quantity_available: Option<i64>,
    /// `OrderStateTransitionError`.
    #[serde(default)]
    pub(super) transition_error: Option<String>,
}

impl Outcome {
    /// Why not, in the shop's words; `None` for success.
    pub(super) fn refusal(&self) -> Option<String> {
        let code = self.error_code.as_deref()?;
        let text = self
            .transition_error
            .as_deref()
            .or(self.message.as_deref())
            .unwrap_or(code);
        Some(text.chars().take(300).collect())
    }
}

/// `type DeletionResponse`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Deletion {
    pub(super) result: String,
    #[serde(default)]
    pub(super) message: Option<String>,
}

/// What `check` asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Channel {
    pub(super) code: String,
    pub(super) default_currency_code: String,
    #[serde(default)]
    pub(super) prices_include_tax: bool,
}

/// `type ServerConfig`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServerConfig {
    pub(super) money_strategy_precision: u32,
    #[serde(default, deserialize_with = "list")]
    pub(super) entity_custom_fields: Vec<EntityFields>,
}

/// `type EntityCustomFields`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntityFields {
    pub(super) entity_name: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) custom_fields: Vec<FieldName>,
}

/// `interface CustomField`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct FieldName {
    pub(super) name: String,
}

/// Anything of which only the code counts.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct CodeOnly {
    pub(super) code: String,
}

/// `input CreateAddressInput`. Debug shows the country alone: it is somebody's address.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AddressInput {
    pub(super) full_name: String,
    pub(super) company: Option<String>,
    pub(super) street_line1: String,
    pub(super) street_line2: Option<String>,
    pub(super) city: Option<String>,
    pub(super) province: Option<String>,
    pub(super) postal_code: Option<String>,
    pub(super) country_code: String,
    pub(super) phone_number: Option<String>,
}

impl fmt::Debug for AddressInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressInput")
            .field("country_code", &self.country_code)
            .finish_non_exhaustive()
    }
}

/// `input CreateCustomerInput`.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CustomerInput {
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) phone_number: Option<String>,
    pub(super) email_address: String,
}

fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}
