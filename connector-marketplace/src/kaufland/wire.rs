//! What Kaufland sends and takes, field by field. Every field that comes in may be absent or null.
//!
//! Source: Kaufland's description of the Seller API, version 2.27.0.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::number::Number;

/// Every answer with one thing in it.
#[derive(Debug, Deserialize)]
pub(super) struct One<T> {
    pub(super) data: Option<T>,
}

/// `GET /order-units`. Each unit is kept as text, so that one odd unit spoils no page.
#[derive(Debug, Deserialize)]
pub(super) struct OrderUnits {
    pub(super) data: Option<Vec<Box<RawValue>>>,
}

/// What a list entry is looked at for.
#[derive(Debug, Deserialize)]
pub(super) struct UnitSummary {
    pub(super) id_order_unit: Option<i64>,
    pub(super) id_order: Option<String>,
    pub(super) status: Option<String>,
    pub(super) ts_updated_iso: Option<String>,
}

/// `GET /orders/{id_order}`
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id_order: Option<String>,
    pub(super) ts_created_iso: Option<String>,
    pub(super) fulfillment_type: Option<FulfillmentType>,
    pub(super) order_units: Option<Vec<OrderUnit>>,
    pub(super) shipping_address: Option<Address>,
    pub(super) billing_address: Option<Address>,
    pub(super) buyer: Option<Buyer>,
    pub(super) delivery: Option<Delivery>,
}

/// One piece.
#[derive(Debug, Deserialize)]
pub(super) struct OrderUnit {
    pub(super) id_order_unit: Option<i64>,
    pub(super) id_order: Option<String>,
    pub(super) status: Option<UnitStatus>,
    /// In hundredths of the currency.
    pub(super) price: Option<i64>,
    /// In hundredths of the currency.
    pub(super) shipping_rate: Option<i64>,
    pub(super) currency: Option<String>,
    pub(super) id_offer: Option<String>,
    pub(super) unit_condition: Option<String>,
    pub(super) delivery_time_expires_iso: Option<String>,
    pub(super) vat: Option<Number>,
    pub(super) product: Option<Product>,
    pub(super) tickets: Option<Vec<Ticket>>,
}

/// `product`
#[derive(Debug, Deserialize)]
pub(super) struct Product {
    pub(super) id_product: Option<i64>,
    pub(super) title: Option<String>,
    pub(super) eans: Option<Vec<String>>,
}

/// What a buyer and the seller talk about.
#[derive(Debug, Deserialize)]
pub(super) struct Ticket {
    pub(super) status: Option<String>,
    pub(super) topic: Option<String>,
}

/// `shipping_address` and `billing_address`
#[derive(Deserialize)]
pub(super) struct Address {
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) company_name: Option<String>,
    pub(super) street: Option<String>,
    pub(super) house_number: Option<String>,
    pub(super) postcode: Option<String>,
    pub(super) additional_field: Option<String>,
    pub(super) city: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) country: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").finish_non_exhaustive()
    }
}

/// `buyer`
#[derive(Deserialize)]
pub(super) struct Buyer {
    pub(super) email: Option<String>,
}

impl fmt::Debug for Buyer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buyer").finish_non_exhaustive()
    }
}

/// `delivery`
#[derive(Debug, Deserialize)]
pub(super) struct Delivery {
    pub(super) pickup_location: Option<PickupLocation>,
}

/// `pickup_location`
#[derive(Debug, Deserialize)]
pub(super) struct PickupLocation {
    pub(super) pickup_location_id: Option<String>,
    pub(super) provider: Option<String>,
    pub(super) dhl_post_number: Option<String>,
}

/// Who sends the goods.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum FulfillmentType {
    Merchant,
    Kaufland,
    Unknown(String),
}

impl From<String> for FulfillmentType {
    fn from(text: String) -> Self {
        match text.as_str() {
            "fulfilled_by_merchant" => Self::Merchant,
            "fulfilled_by_kaufland" => Self::Kaufland,
            _ => Self::Unknown(text),
        }
    }
}

/// How far a piece is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum UnitStatus {
    /// To be sent.
    Open,
    /// Sent, and perhaps further.
    Sent,
    Cancelled,
    Unknown(String),
}

impl From<String> for UnitStatus {
    fn from(text: String) -> Self {
        match text.as_str() {
            "open" | "need_to_be_sent" => Self::Open,
            "sent" | "sent_and_autopaid" | "received" | "returned" | "returned_paid" => Self::Sent,
            "cancelled" => Self::Cancelled,
            _ => Self::Unknown(text),
        }
    }
}

/// `PATCH /order-units/{id_order_unit}/send`
#[derive(Debug, Serialize)]
pub(super) struct Send {
    pub(super) tracking_numbers: String,
    pub(super) carrier_code: String,
}

/// `POST /shipments`
#[derive(Debug, Serialize)]
pub(super) struct AddShipment {
    pub(super) id_order_unit: i64,
    pub(super) shipment_information: ShipmentInformation,
}

/// `shipment_information`
#[derive(Clone, Debug, Serialize)]
pub(super) struct ShipmentInformation {
    pub(super) tracking_number: String,
    pub(super) carrier_code: String,
}

/// `PATCH /order-units/{id_order_unit}/cancel`
#[derive(Debug, Serialize)]
pub(super) struct Cancel {
    pub(super) reason: &'static str,
}

/// `GET /carriers`
#[derive(Debug, Deserialize)]
pub(super) struct Carriers {
    pub(super) carriers: Option<Vec<Carrier>>,
}

/// A carrier
#[derive(Debug, Deserialize)]
pub(super) struct Carrier {
    pub(super) name: Option<String>,
}

/// `GET /returns`
#[derive(Debug, Deserialize)]
pub(super) struct Returns {
    pub(super) data: Option<Vec<Return>>,
}

/// A return, with `embedded=return_units` also its pieces
#[derive(Debug, Deserialize)]
pub(super) struct Return {
    pub(super) id_return: Option<i64>,
    pub(super) ts_created_iso: Option<String>,
    pub(super) tracking_provider: Option<String>,
    pub(super) tracking_code: Option<String>,
    pub(super) return_units: Option<Vec<ReturnUnit>>,
}

/// A piece that comes back, with `embedded=order_unit` also what it was when it was ordered
#[derive(Debug, Deserialize)]
pub(super) struct ReturnUnit {
    pub(super) id_return_unit: Option<i64>,
    pub(super) id_return: Option<i64>,
    pub(super) status: Option<ReturnStatus>,
    pub(super) note: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) order_unit: Option<OrderUnit>,
}

/// How far a piece that comes back is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum ReturnStatus {
    /// Not here yet, or being repaired.
    Waiting(String),
    /// Here, and to be decided about.
    Arrived(String),
    Accepted,
    Rejected,
    Closed(String),
    Unknown(String),
}

impl From<String> for ReturnStatus {
    fn from(text: String) -> Self {
        match text.as_str() {
            "need_to_be_returned" | "return_in_repair" => Self::Waiting(text),
            "return_arrived" | "return_in_clarification" => Self::Arrived(text),
            "return_accepted" => Self::Accepted,
            "return_rejected" => Self::Rejected,
            "return_closed" => Self::Closed(text),
            _ => Self::Unknown(text),
        }
    }
}

impl ReturnStatus {
    /// In Kaufland's words.
    pub(super) fn word(&self) -> &str {
        match self {
            Self::Waiting(text)
            | Self::Arrived(text)
            | Self::Closed(text)
            | Self::Unknown(text) => text,
            Self::Accepted => "return_accepted",
            Self::Rejected => "return_rejected",
        }
    }
}

/// `PATCH /return-units/{id_return_unit}/reject`
#[derive(Debug, Serialize)]
pub(super) struct Reject {
    pub(super) message: String,
}

/// A refusal: `ErrorResponse`
#[derive(Debug, Deserialize)]
pub(super) struct Problem {
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) message: Option<String>,
    pub(super) errors: Option<Vec<ProblemPart>>,
}

/// `errors` of a refusal
#[derive(Debug, Deserialize)]
pub(super) struct ProblemPart {
    pub(super) field: Option<String>,
    pub(super) message: Option<String>,
}

/// A VAT rate in percent.
pub(super) fn percent(vat: Option<Number>) -> Option<Decimal> {
    vat.map(|vat| vat.0)
}
