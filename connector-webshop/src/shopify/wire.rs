//! What Shopify's GraphQL Admin API sends: the fields that the documents ask for.
//!
//! Types: <https://shopify.dev/docs/api/admin-graphql/2026-10/objects/Order> and what it refers to.

use serde::{Deserialize, Deserializer};

use crate::amount::Amount;

/// The frame of every answer. Errors are taken out before (see `classify.rs`).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Envelope<T> {
    pub(super) data: T,
}

/// A page of a connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    pub(super) nodes: Vec<T>,
    #[serde(default)]
    pub(super) page_info: PageInfo,
}

impl<T> Page<T> {
    /// Where the next page starts; `None` on the last.
    pub(super) fn next(&self) -> Option<&str> {
        let info = &self.page_info;
        info.end_cursor.as_deref().filter(|_| info.has_next_page)
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    #[serde(default)]
    pub(super) has_next_page: bool,
    #[serde(default)]
    pub(super) end_cursor: Option<String>,
}

/// `Order`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) id: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) source_identifier: Option<String>,
    #[serde(default)]
    pub(super) metafield: Option<Metafield>,
    /// What staff wrote; shown with the order.
    #[serde(default)]
    pub(super) note: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pub(super) cancelled_at: Option<String>,
    pub(super) display_fulfillment_status: String,
    pub(super) total_price_set: MoneyBag,
    pub(super) line_items: Page<LineItem>,
    #[serde(default, deserialize_with = "list")]
    pub(super) fulfillments: Vec<Fulfillment>,
}

/// An order of which only the key counts.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Own {
    pub(super) id: String,
    #[serde(default)]
    pub(super) source_identifier: Option<String>,
    #[serde(default)]
    pub(super) metafield: Option<Metafield>,
}

/// `Metafield`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metafield {
    pub(super) value: String,
}

/// `MoneyBag`: sums in the shop's currency and the buyer's.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MoneyBag {
    pub(super) shop_money: MoneyV2,
}

/// `MoneyV2`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MoneyV2 {
    pub(super) amount: Amount,
    pub(super) currency_code: String,
}

/// `LineItem`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineItem {
    pub(super) id: String,
    pub(super) quantity: u32,
    #[serde(default)]
    pub(super) current_quantity: Option<u32>,
    #[serde(default)]
    pub(super) unfulfilled_quantity: Option<u32>,
    #[serde(default, deserialize_with = "list")]
    pub(super) custom_attributes: Vec<Attribute>,
}

/// `Attribute`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Attribute {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: Option<String>,
}

/// `Fulfillment`: a parcel.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fulfillment {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) created_at: Option<String>,
    #[serde(default, deserialize_with = "list")]
    pub(super) tracking_info: Vec<TrackingInfo>,
    /// Absent where a document did not ask for it.
    #[serde(default)]
    pub(super) fulfillment_line_items: Option<Page<FulfillmentLineItem>>,
}

/// `FulfillmentTrackingInfo`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct TrackingInfo {
    #[serde(default)]
    pub(super) company: Option<String>,
    #[serde(default)]
    pub(super) number: Option<String>,
    #[serde(default)]
    pub(super) url: Option<String>,
}

/// `FulfillmentLineItem`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FulfillmentLineItem {
    #[serde(default)]
    pub(super) quantity: Option<u32>,
    pub(super) line_item: IdOnly,
}

/// Anything of which only the id counts.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct IdOnly {
    pub(super) id: String,
}

/// A row of the change feed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FeedRow {
    pub(super) id: String,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
}

/// `ProductVariant`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Variant {
    pub(super) id: String,
    #[serde(default)]
    pub(super) sku: Option<String>,
    #[serde(default)]
    pub(super) barcode: Option<String>,
}

/// Why Shopify refuses, inside HTTP 200.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct UserError {
    #[serde(default)]
    pub(super) field: Option<Vec<String>>,
    #[serde(default)]
    pub(super) message: String,
    #[serde(default)]
    pub(super) code: Option<String>,
}

/// `OrderCreatePayload`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    #[serde(default)]
    pub(super) order: Option<IdOnly>,
    #[serde(default, deserialize_with = "list")]
    pub(super) user_errors: Vec<UserError>,
}

/// `OrderCancelPayload`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cancelled {
    #[serde(default, deserialize_with = "list")]
    pub(super) order_cancel_user_errors: Vec<UserError>,
}

/// `SuggestedRefund`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Suggestion {
    #[serde(default, deserialize_with = "list")]
    pub(super) refund_line_items: Vec<SuggestedLine>,
    #[serde(default, deserialize_with = "list")]
    pub(super) suggested_transactions: Vec<SuggestedTransaction>,
}

/// `RefundLineItem`, before there is one.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SuggestedLine {
    pub(super) quantity: u32,
    pub(super) restock_type: String,
    #[serde(default)]
    pub(super) location: Option<IdOnly>,
    pub(super) line_item: IdOnly,
}

/// `SuggestedOrderTransaction`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SuggestedTransaction {
    #[serde(default)]
    pub(super) gateway: Option<String>,
    pub(super) amount_set: PresentmentBag,
    #[serde(default)]
    pub(super) parent_transaction: Option<Payment>,
}

/// `MoneyBag`, of which only the buyer's currency was asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PresentmentBag {
    pub(super) presentment_money: MoneyV2,
}

/// `OrderTransaction`: the payment that a refund is of.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payment {
    pub(super) id: String,
    pub(super) manual_payment_gateway: bool,
}

/// `RefundCreatePayload`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Refunded {
    #[serde(default)]
    pub(super) refund: Option<IdOnly>,
    #[serde(default, deserialize_with = "list")]
    pub(super) user_errors: Vec<UserError>,
}

/// What `check` asks for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Look {
    pub(super) shop: Shop,
    #[serde(default)]
    pub(super) current_app_installation: Option<Installation>,
    #[serde(default)]
    pub(super) metafield_definitions: Option<Page<Definition>>,
}

/// `Shop`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shop {
    pub(super) name: String,
    pub(super) currency_code: String,
    pub(super) myshopify_domain: String,
}

/// `AppInstallation`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Installation {
    #[serde(default, deserialize_with = "list")]
    pub(super) access_scopes: Vec<Scope>,
}

/// `AccessScope`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Scope {
    pub(super) handle: String,
}

/// `MetafieldDefinition`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Definition {
    #[serde(rename = "type")]
    pub(super) kind: DefinitionType,
    #[serde(default)]
    pub(super) capabilities: Option<Capabilities>,
}

/// `MetafieldDefinitionType`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct DefinitionType {
    pub(super) name: String,
}

/// `MetafieldCapabilities`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Capabilities {
    pub(super) unique_values: Capability,
}

/// `MetafieldCapabilityUniqueValues`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Capability {
    pub(super) enabled: bool,
}

fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}
