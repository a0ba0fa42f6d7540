//! What bol sends and takes, field by field. Every field that comes in may be absent.
//!
//! Source: bol's description of the Retailer API v10 and the Shared API v10.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::number::Number;

/// `GET /retailer/orders`. Each order is kept as text, so that one odd order spoils no page.
#[derive(Debug, Deserialize)]
pub(super) struct Orders {
    pub(super) orders: Option<Vec<Box<RawValue>>>,
}

/// `ReducedOrder`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReducedOrder {
    pub(super) order_id: Option<String>,
    pub(super) order_items: Option<Vec<ReducedOrderItem>>,
}

/// `ReducedOrderItem`. Written again only to compare it with what was seen before.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReducedOrderItem {
    pub(super) order_item_id: Option<String>,
    pub(super) fulfilment_status: Option<String>,
    pub(super) quantity: Option<i64>,
    pub(super) quantity_shipped: Option<i64>,
    pub(super) quantity_cancelled: Option<i64>,
    pub(super) cancellation_request: Option<bool>,
    pub(super) latest_changed_date_time: Option<String>,
}

/// The id alone, for an order whose rest cannot be read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderIdOnly {
    pub(super) order_id: Option<String>,
}

/// `GET /retailer/orders/{order-id}`: `Order`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub(super) order_id: Option<String>,
    pub(super) pickup_point: Option<bool>,
    pub(super) order_placed_date_time: Option<String>,
    pub(super) shipment_details: Option<Person>,
    pub(super) billing_details: Option<Person>,
    pub(super) order_items: Option<Vec<OrderItem>>,
}

/// `ShipmentDetails` and `BillingDetails`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person {
    pub(super) pickup_point_name: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) surname: Option<String>,
    pub(super) street_name: Option<String>,
    pub(super) house_number: Option<String>,
    pub(super) house_number_extension: Option<String>,
    pub(super) extra_address_information: Option<String>,
    pub(super) zip_code: Option<String>,
    pub(super) city: Option<String>,
    pub(super) country_code: Option<String>,
    pub(super) email: Option<String>,
    pub(super) company: Option<String>,
    pub(super) delivery_phone_number: Option<String>,
    pub(super) vat_number: Option<String>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

/// `OrderOrderItem`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderItem {
    pub(super) order_item_id: Option<String>,
    pub(super) cancellation_request: Option<bool>,
    pub(super) fulfilment: Option<Fulfilment>,
    pub(super) offer: Option<Offer>,
    pub(super) product: Option<Product>,
    pub(super) quantity: Option<i64>,
    pub(super) quantity_shipped: Option<i64>,
    pub(super) quantity_cancelled: Option<i64>,
    pub(super) unit_price: Option<Number>,
    pub(super) total_price: Option<Number>,
    pub(super) discounts: Option<Vec<Discount>>,
    pub(super) additional_services: Option<Vec<AdditionalService>>,
    pub(super) latest_changed_date_time: Option<String>,
}

/// `OrderFulfilment`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fulfilment {
    pub(super) method: Option<FulfilmentMethod>,
    pub(super) distribution_party: Option<DistributionParty>,
    pub(super) latest_delivery_date: Option<String>,
    pub(super) exact_delivery_date: Option<String>,
    pub(super) expiry_date: Option<String>,
    pub(super) time_frame_type: Option<String>,
}

/// Who sends the goods.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum FulfilmentMethod {
    Retailer,
    Bol,
    Unknown(String),
}

impl From<String> for FulfilmentMethod {
    fn from(text: String) -> Self {
        match text.as_str() {
            "FBR" => Self::Retailer,
            "FBB" => Self::Bol,
            _ => Self::Unknown(text),
        }
    }
}

/// Whose labels are used.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum DistributionParty {
    Retailer,
    Bol,
    Unknown(String),
}

impl From<String> for DistributionParty {
    fn from(text: String) -> Self {
        match text.as_str() {
            "RETAILER" => Self::Retailer,
            "BOL" => Self::Bol,
            _ => Self::Unknown(text),
        }
    }
}

/// `OrderOffer`
#[derive(Debug, Deserialize)]
pub(super) struct Offer {
    pub(super) reference: Option<String>,
}

/// `OrderProduct`
#[derive(Debug, Deserialize)]
pub(super) struct Product {
    pub(super) ean: Option<String>,
    pub(super) title: Option<String>,
}

/// `Discount`
#[derive(Debug, Deserialize)]
pub(super) struct Discount {
    pub(super) amount: Option<Number>,
}

/// `AdditionalService`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AdditionalService {
    pub(super) service_type: Option<String>,
}

/// `POST /retailer/shipments`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShipmentRequest {
    pub(super) order_items: Vec<ShippedItem>,
    pub(super) shipment_reference: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transport: Option<TransportInstruction>,
}

/// The quantity may be left out there and then means "all that is open": never what we mean.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShippedItem {
    pub(super) order_item_id: String,
    pub(super) quantity: u32,
}

/// `TransportInstruction`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TransportInstruction {
    pub(super) transporter_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) track_and_trace: Option<String>,
}

/// `PUT /retailer/transports/{transport-id}`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChangeTransport {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transporter_code: Option<String>,
    pub(super) track_and_trace: String,
}

/// `PUT /retailer/orders/cancellation`: exactly one item a call.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cancellation {
    pub(super) order_items: [CancelledItem; 1],
}

/// `OrderItemCancellation`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CancelledItem {
    pub(super) order_item_id: String,
    pub(super) reason_code: &'static str,
}

/// `GET /retailer/shipments`
#[derive(Debug, Deserialize)]
pub(super) struct Shipments {
    pub(super) shipments: Option<Vec<ReducedShipment>>,
}

/// `ReducedShipment`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReducedShipment {
    pub(super) shipment_id: Option<String>,
    pub(super) shipment_reference: Option<String>,
    pub(super) order: Option<ReducedShipmentOrder>,
    pub(super) shipment_items: Option<Vec<ReducedShipmentItem>>,
}

/// `ShipmentOrder`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReducedShipmentOrder {
    pub(super) order_id: Option<String>,
}

/// `ReducedShipmentItem`
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReducedShipmentItem {
    pub(super) order_item_id: Option<String>,
}

/// `GET /retailer/shipments/{shipment-id}`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shipment {
    pub(super) transport: Option<Transport>,
}

/// `ShipmentTransport`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transport {
    pub(super) transport_id: Option<String>,
    pub(super) transporter_code: Option<String>,
    pub(super) track_and_trace: Option<String>,
}

/// `GET /retailer/returns`. Each return is kept as text, so that one odd return spoils no page.
#[derive(Debug, Deserialize)]
pub(super) struct Returns {
    pub(super) returns: Option<Vec<Box<RawValue>>>,
}

/// The id alone: what else a list says is read anew.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReturnIdOnly {
    pub(super) return_id: Option<String>,
}

/// `GET /retailer/returns/{return-id}`: `Return`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Return {
    pub(super) return_id: Option<String>,
    pub(super) registration_date_time: Option<String>,
    pub(super) return_items: Option<Vec<ReturnItem>>,
}

/// `ReturnItem`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReturnItem {
    pub(super) rma_id: Option<String>,
    pub(super) order_id: Option<String>,
    pub(super) ean: Option<String>,
    pub(super) title: Option<String>,
    pub(super) expected_quantity: Option<i64>,
    pub(super) return_reason: Option<ReturnReason>,
    pub(super) track_and_trace: Option<String>,
    pub(super) transporter_name: Option<String>,
    pub(super) handled: Option<bool>,
    pub(super) processing_results: Option<Vec<ProcessingResult>>,
}

/// `ReturnReason`. What the buyer wrote stays out of Debug.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReturnReason {
    pub(super) main_reason: Option<String>,
    pub(super) detailed_reason: Option<String>,
    pub(super) customer_comments: Option<String>,
}

impl fmt::Debug for ReturnReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReturnReason").finish_non_exhaustive()
    }
}

/// `ReturnProcessingResult`. bol types both words as plain text.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProcessingResult {
    pub(super) quantity: Option<i64>,
    pub(super) processing_result: Option<String>,
    pub(super) handling_result: Option<String>,
}

/// `PUT /retailer/returns/{rma-id}`: `ReturnRequest`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReturnRequest {
    pub(super) handling_result: &'static str,
    pub(super) quantity_returned: u32,
}

/// `GET /retailer/subscriptions/signature-keys`: `KeySetResponse`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignatureKeySet {
    pub(super) signature_keys: Option<Vec<SignatureKey>>,
}

/// `KeySet`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignatureKey {
    pub(super) id: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    pub(super) public_key: Option<String>,
}

/// What every change answers, and what `GET /shared/process-status/{id}` tells.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProcessStatus {
    pub(super) process_status_id: Option<String>,
    pub(super) description: Option<String>,
    pub(super) status: Option<ProcessState>,
    pub(super) error_message: Option<String>,
}

/// How far a change is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum ProcessState {
    Pending,
    Success,
    Failure,
    Timeout,
    Unknown(String),
}

impl From<String> for ProcessState {
    fn from(text: String) -> Self {
        match text.as_str() {
            "PENDING" => Self::Pending,
            "SUCCESS" => Self::Success,
            "FAILURE" => Self::Failure,
            "TIMEOUT" => Self::Timeout,
            _ => Self::Unknown(text),
        }
    }
}

/// `GET` and `POST /shared/process-status`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProcessStatuses {
    pub(super) process_statuses: Option<Vec<ProcessStatus>>,
}

/// `POST /shared/process-status`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProcessStatusQueries {
    pub(super) process_status_queries: Vec<ProcessStatusQuery>,
}

/// `ProcessStatusId`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProcessStatusQuery {
    pub(super) process_status_id: String,
}

/// `application/vnd.retailer.v10+json` with a 4xx or 5xx status: `Problem`
#[derive(Debug, Deserialize)]
pub(super) struct Problem {
    pub(super) title: Option<String>,
    pub(super) detail: Option<String>,
    pub(super) violations: Option<Vec<Violation>>,
}

/// `Violation`
#[derive(Debug, Deserialize)]
pub(super) struct Violation {
    pub(super) name: Option<String>,
    pub(super) reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_keeps_its_text() {
        let state: ProcessState = serde_json::from_str("\"PAUSED\"").unwrap();
        assert_eq!(state, ProcessState::Unknown("PAUSED".to_owned()));
    }
}
