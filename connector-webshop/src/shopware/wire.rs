//! What Shopware's Admin API sends: the fields that are asked for.
//!
//! Types: <https://shopware.stoplight.io/docs/admin-api> (Order, OrderDelivery and what they
//! refer to).

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::amount::Amount;

/// The frame of every search.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Found<T> {
    pub(super) data: Vec<T>,
}

/// `Order`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) id: String,
    #[serde(default)]
    pub(super) order_number: Option<String>,
    pub(super) amount_total: Amount,
    #[serde(default)]
    pub(super) custom_fields: Value,
    #[serde(default)]
    pub(super) customer_comment: Option<String>,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    pub(super) state_machine_state: State,
    pub(super) currency: Currency,
    #[serde(default, deserialize_with = "list")]
    pub(super) line_items: Vec<LineItem>,
    #[serde(default, deserialize_with = "list")]
    pub(super) deliveries: Vec<Delivery>,
}

/// `StateMachineState`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct State {
    pub(super) technical_name: String,
}

/// A state with the machine it is of.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MachineState {
    pub(super) id: String,
    pub(super) technical_name: String,
    #[serde(default)]
    pub(super) state_machine: Option<State>,
}

/// `Currency`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Currency {
    #[serde(default)]
    pub(super) id: Option<String>,
    pub(super) iso_code: String,
    #[serde(default)]
    pub(super) factor: Option<f64>,
}

/// `OrderLineItem`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineItem {
    pub(super) id: String,
    pub(super) quantity: u32,
}

/// `OrderDelivery`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Delivery {
    pub(super) id: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) tracking_codes: Vec<String>,
    pub(super) state_machine_state: State,
    #[serde(default)]
    pub(super) shipping_method: Option<Named>,
    #[serde(default, deserialize_with = "list")]
    pub(super) positions: Vec<Position>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
}

/// `OrderDeliveryPosition`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Position {
    pub(super) order_line_item_id: String,
    #[serde(default)]
    pub(super) quantity: Option<u32>,
}

/// `Order`, with the prices in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PricedOrder {
    #[serde(default)]
    pub(super) tax_status: Option<String>,
    pub(super) shipping_costs: Price,
    #[serde(default, deserialize_with = "list")]
    pub(super) line_items: Vec<PricedLine>,
    #[serde(default, deserialize_with = "list")]
    pub(super) deliveries: Vec<PricedDelivery>,
}

/// `OrderLineItem`, with its price.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PricedLine {
    pub(super) id: String,
    pub(super) quantity: u32,
    pub(super) price: Price,
}

/// `OrderDelivery`, with what refers to lines.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct PricedDelivery {
    pub(super) id: String,
    #[serde(default, deserialize_with = "list")]
    pub(super) positions: Vec<PricedPosition>,
}

/// `OrderDeliveryPosition`, with its id.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PricedPosition {
    pub(super) id: String,
    pub(super) order_line_item_id: String,
}

/// A price as Shopware computed or took it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Price {
    pub(super) unit_price: Amount,
    pub(super) total_price: Amount,
    #[serde(default, deserialize_with = "list")]
    pub(super) calculated_taxes: Vec<KnownTax>,
}

/// A tax in a [`Price`].
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KnownTax {
    pub(super) tax: Amount,
    pub(super) tax_rate: Amount,
    pub(super) price: Amount,
}

/// Anything with an id and a name.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Named {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// `SalesChannel`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SalesChannel {
    pub(super) id: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    pub(super) language_id: String,
    pub(super) payment_method_id: String,
    pub(super) shipping_method_id: String,
}

/// `Country`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Country {
    pub(super) id: String,
    #[serde(default)]
    pub(super) iso: Option<String>,
}

/// `Product`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Product {
    pub(super) id: String,
    #[serde(default)]
    pub(super) product_number: Option<String>,
    #[serde(default)]
    pub(super) ean: Option<String>,
    #[serde(default)]
    pub(super) tax: Option<Tax>,
}

/// `Tax`, with what differs by country.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Tax {
    pub(super) tax_rate: Amount,
    #[serde(default, deserialize_with = "list")]
    pub(super) rules: Vec<TaxRule>,
}

/// `TaxRule`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TaxRule {
    pub(super) tax_rate: Amount,
    #[serde(default)]
    pub(super) country: Option<Country>,
    #[serde(default, rename = "type")]
    pub(super) kind: Option<State>,
}

/// A row of one of the two feeds.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeedRow {
    pub(super) id: String,
    /// The order, in the feed of deliveries.
    #[serde(default)]
    pub(super) order_id: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
}

impl fmt::Debug for FeedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FeedRow").field(&self.id).finish()
    }
}

/// The answer of `_info/version`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Version {
    pub(super) version: String,
}

fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}
