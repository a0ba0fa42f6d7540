//! What Amazon sends and takes, field by field. Every field that comes in may be absent.
//!
//! Source: Amazon's models of the Selling Partner API: orders 2026-01-01, orders v0
//! (`confirmShipment`), feeds 2021-06-30, sellers v1.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// `searchOrders`. Each order is kept as text, so that one odd order spoils no page.
#[derive(Debug, Deserialize)]
pub(super) struct Orders {
    pub(super) orders: Option<Vec<Box<RawValue>>>,
    pub(super) pagination: Option<Pagination>,
}

/// `Pagination`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pagination {
    pub(super) next_token: Option<String>,
}

/// The id alone, for an order whose rest cannot be read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderIdOnly {
    pub(super) order_id: Option<String>,
}

/// `getOrder`
#[derive(Debug, Deserialize)]
pub(super) struct OneOrder {
    pub(super) order: Option<Order>,
}

/// `Order`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) order_id: Option<String>,
    pub(super) created_time: Option<String>,
    pub(super) sales_channel: Option<SalesChannel>,
    pub(super) buyer: Option<Buyer>,
    pub(super) recipient: Option<Recipient>,
    pub(super) proceeds: Option<OrderProceeds>,
    pub(super) fulfillment: Option<Fulfillment>,
    pub(super) order_items: Option<Vec<OrderItem>>,
    pub(super) packages: Option<Vec<Package>>,
}

/// `SalesChannel`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SalesChannel {
    pub(super) marketplace_id: Option<String>,
}

/// `Buyer`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Buyer {
    pub(super) buyer_email: Option<String>,
}

impl fmt::Debug for Buyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buyer").finish_non_exhaustive()
    }
}

/// `Recipient`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recipient {
    pub(super) delivery_address: Option<Address>,
}

/// `CustomerAddress`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Address {
    pub(super) name: Option<String>,
    pub(super) company_name: Option<String>,
    pub(super) address_line1: Option<String>,
    pub(super) address_line2: Option<String>,
    pub(super) address_line3: Option<String>,
    pub(super) city: Option<String>,
    pub(super) district_or_county: Option<String>,
    pub(super) state_or_region: Option<String>,
    pub(super) postal_code: Option<String>,
    pub(super) country_code: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) address_type: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").finish_non_exhaustive()
    }
}

/// `OrderProceeds`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderProceeds {
    pub(super) grand_total: Option<Money>,
    pub(super) breakdowns: Option<Vec<Breakdown>>,
}

/// `ItemProceeds`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemProceeds {
    pub(super) proceeds_total: Option<Money>,
    pub(super) breakdowns: Option<Vec<Breakdown>>,
}

/// `OrderProceedsBreakdown` and `ItemProceedsBreakdown`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Breakdown {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) subtotal: Option<Money>,
    pub(super) detailed_breakdowns: Option<Vec<DetailedBreakdown>>,
}

/// `ItemProceedsDetailedBreakdown`
#[derive(Debug, Deserialize)]
pub(super) struct DetailedBreakdown {
    pub(super) subtype: Option<String>,
    pub(super) value: Option<Money>,
}

/// `Money`: the amount is a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Money {
    pub(super) amount: Option<String>,
    pub(super) currency_code: Option<String>,
}

/// `OrderFulfillment`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fulfillment {
    pub(super) fulfillment_status: Option<Status>,
    pub(super) fulfilled_by: Option<FulfilledBy>,
    pub(super) fulfillment_service_level: Option<String>,
    pub(super) ship_by_window: Option<Window>,
}

/// `DateTimeRange`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Window {
    pub(super) latest_date_time: Option<String>,
}

/// How far an order is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum Status {
    /// Not paid, or not released yet.
    Pending(String),
    Unshipped,
    PartiallyShipped,
    Shipped,
    Cancelled,
    Unfulfillable,
    Unknown(String),
}

impl From<String> for Status {
    fn from(text: String) -> Self {
        match text.as_str() {
            "PENDING_AVAILABILITY" | "PENDING" => Self::Pending(text),
            "UNSHIPPED" => Self::Unshipped,
            "PARTIALLY_SHIPPED" => Self::PartiallyShipped,
            "SHIPPED" => Self::Shipped,
            "CANCELLED" => Self::Cancelled,
            "UNFULFILLABLE" => Self::Unfulfillable,
            _ => Self::Unknown(text),
        }
    }
}

/// Who sends the goods.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum FulfilledBy {
    Merchant,
    Amazon,
    Unknown(String),
}

impl From<String> for FulfilledBy {
    fn from(text: String) -> Self {
        match text.as_str() {
            "MERCHANT" => Self::Merchant,
            "AMAZON" => Self::Amazon,
            _ => Self::Unknown(text),
        }
    }
}

/// `OrderItem`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderItem {
    pub(super) order_item_id: Option<String>,
    pub(super) quantity_ordered: Option<i64>,
    pub(super) product: Option<Product>,
    pub(super) proceeds: Option<ItemProceeds>,
    pub(super) cancellation: Option<Cancellation>,
    pub(super) fulfillment: Option<ItemFulfillment>,
}

/// `ItemProduct`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Product {
    pub(super) title: Option<String>,
    pub(super) seller_sku: Option<String>,
    pub(super) price: Option<Price>,
}

/// `ItemPrice`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Price {
    pub(super) unit_price: Option<Money>,
}

/// `ItemCancellation`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cancellation {
    pub(super) cancellation_request: Option<CancellationRequest>,
}

/// `ItemCancellationRequest`
#[derive(Debug, Deserialize)]
pub(super) struct CancellationRequest {
    pub(super) requester: Option<String>,
}

/// `ItemFulfillment`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemFulfillment {
    pub(super) quantity_fulfilled: Option<i64>,
    pub(super) quantity_unfulfilled: Option<i64>,
}

/// `OrderPackage`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Package {
    pub(super) package_reference_id: Option<String>,
    pub(super) carrier: Option<String>,
    pub(super) ship_time: Option<String>,
    pub(super) tracking_number: Option<String>,
    pub(super) package_status: Option<PackageStatus>,
}

/// `PackageStatus`
#[derive(Debug, Deserialize)]
pub(super) struct PackageStatus {
    pub(super) status: Option<String>,
}

/// `confirmShipment`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfirmShipment {
    pub(super) marketplace_id: String,
    pub(super) package_detail: PackageDetail,
}

/// `PackageDetail`. The reference is a number, written as a text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PackageDetail {
    pub(super) package_reference_id: String,
    pub(super) carrier_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) carrier_name: Option<String>,
    pub(super) tracking_number: String,
    pub(super) ship_date: String,
    pub(super) order_items: Vec<ConfirmedItem>,
}

/// `ConfirmShipmentOrderItem`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ConfirmedItem {
    pub(super) order_item_id: String,
    pub(super) quantity: u32,
}

/// `createFeedDocument`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewDocument {
    pub(super) content_type: &'static str,
}

/// What `createFeedDocument` and `getFeedDocument` answer
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    pub(super) feed_document_id: Option<String>,
    /// Whoever knows it may read or write the document, so it is never printed.
    pub(super) url: Option<String>,
    pub(super) compression_algorithm: Option<String>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("feed_document_id", &self.feed_document_id)
            .finish_non_exhaustive()
    }
}

/// `createFeed`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewFeed {
    pub(super) feed_type: &'static str,
    pub(super) marketplace_ids: Vec<String>,
    pub(super) input_feed_document_id: String,
}

/// What `createFeed` and `getFeed` answer
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Feed {
    pub(super) feed_id: Option<String>,
    pub(super) processing_status: Option<FeedStatus>,
    pub(super) result_feed_document_id: Option<String>,
}

/// How far a feed is. `Done` says nothing about what became of its rows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum FeedStatus {
    Waiting,
    Done,
    Cancelled,
    Fatal,
    Unknown(String),
}

impl From<String> for FeedStatus {
    fn from(text: String) -> Self {
        match text.as_str() {
            "IN_QUEUE" | "IN_PROGRESS" => Self::Waiting,
            "DONE" => Self::Done,
            "CANCELLED" => Self::Cancelled,
            "FATAL" => Self::Fatal,
            _ => Self::Unknown(text),
        }
    }
}

/// `getMarketplaceParticipations`
#[derive(Debug, Deserialize)]
pub(super) struct Participations {
    pub(super) payload: Option<Vec<Participation>>,
}

/// `MarketplaceParticipation`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Participation {
    pub(super) marketplace: Option<MarketplaceName>,
    pub(super) participation: Option<ParticipationState>,
    pub(super) store_name: Option<String>,
}

/// `Marketplace`
#[derive(Debug, Deserialize)]
pub(super) struct MarketplaceName {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
}

/// `Participation`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ParticipationState {
    pub(super) is_participating: Option<bool>,
    pub(super) has_suspended_listings: Option<bool>,
}

/// A refusal: `ErrorList`
#[derive(Debug, Deserialize)]
pub(super) struct Problem {
    pub(super) errors: Option<Vec<ProblemPart>>,
}

/// `Error`
#[derive(Debug, Deserialize)]
pub(super) struct ProblemPart {
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) details: Option<String>,
}
