//! What Mirakl sends and takes, field by field. Every field that comes in may be absent or null.
//!
//! Source: Mirakl's description of the Marketplace API for sellers (MMP). The names in brackets
//! are Mirakl's own names of operations.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::number::Number;

/// `GET /api/orders` (OR11). Each order is kept as text, so that one odd order spoils no page.
#[derive(Debug, Deserialize)]
pub(super) struct Orders {
    pub(super) orders: Option<Vec<Box<RawValue>>>,
}

/// The id alone, for an order whose rest cannot be read.
#[derive(Debug, Deserialize)]
pub(super) struct OrderIdOnly {
    pub(super) order_id: Option<String>,
}

/// An order of OR11.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) order_id: Option<String>,
    pub(super) created_date: Option<String>,
    pub(super) last_updated_date: Option<String>,
    pub(super) order_state: Option<State>,
    pub(super) order_tax_mode: Option<String>,
    pub(super) currency_iso_code: Option<String>,
    pub(super) total_price: Option<Number>,
    pub(super) can_cancel: Option<bool>,
    pub(super) customer: Option<Customer>,
    pub(super) customer_notification_email: Option<String>,
    pub(super) fulfillment: Option<Fulfillment>,
    pub(super) order_lines: Option<Vec<OrderLine>>,
    pub(super) order_taxes: Option<Vec<OrderTax>>,
    pub(super) shipping_deadline: Option<String>,
    pub(super) shipping_type_label: Option<String>,
    pub(super) shipping_pudo_id: Option<String>,
    pub(super) shipping_tracking: Option<String>,
}

/// `customer`
#[derive(Debug, Deserialize)]
pub(super) struct Customer {
    pub(super) billing_address: Option<Address>,
    pub(super) shipping_address: Option<Address>,
}

/// `billing_address` and `shipping_address`
#[derive(Deserialize)]
pub(super) struct Address {
    pub(super) firstname: Option<String>,
    pub(super) lastname: Option<String>,
    pub(super) company: Option<String>,
    pub(super) street_1: Option<String>,
    pub(super) street_2: Option<String>,
    pub(super) zip_code: Option<String>,
    pub(super) city: Option<String>,
    pub(super) state: Option<String>,
    pub(super) country: Option<String>,
    pub(super) country_iso_code: Option<String>,
    pub(super) phone: Option<String>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address").finish_non_exhaustive()
    }
}

/// `fulfillment`
#[derive(Debug, Deserialize)]
pub(super) struct Fulfillment {
    pub(super) center: Option<Center>,
}

/// `fulfillment.center`
#[derive(Debug, Deserialize)]
pub(super) struct Center {
    pub(super) code: Option<String>,
}

/// `order_lines`
#[derive(Debug, Deserialize)]
pub(super) struct OrderLine {
    pub(super) order_line_id: Option<String>,
    pub(super) order_line_state: Option<State>,
    pub(super) offer_sku: Option<String>,
    pub(super) product_title: Option<String>,
    pub(super) quantity: Option<i64>,
    pub(super) price: Option<Number>,
    pub(super) price_unit: Option<Number>,
    pub(super) shipping_price: Option<Number>,
    pub(super) total_price: Option<Number>,
    pub(super) taxes: Option<Vec<Tax>>,
    pub(super) shipping_taxes: Option<Vec<Tax>>,
    pub(super) fees: Option<Vec<Fee>>,
    pub(super) cancelations: Option<Vec<LineCancelation>>,
    pub(super) can_refund: Option<bool>,
    pub(super) shipped_date: Option<String>,
}

/// `taxes` and `shipping_taxes` of a line
#[derive(Debug, Deserialize)]
pub(super) struct Tax {
    pub(super) code: Option<String>,
    pub(super) amount: Option<Number>,
    pub(super) rate: Option<Number>,
}

/// `fees` of a line
#[derive(Debug, Deserialize)]
pub(super) struct Fee {
    pub(super) code: Option<String>,
    pub(super) amount: Option<Number>,
}

/// `order_taxes`
#[derive(Debug, Deserialize)]
pub(super) struct OrderTax {
    pub(super) total_amount: Option<Number>,
}

/// `cancelations` of a line
#[derive(Debug, Deserialize)]
pub(super) struct LineCancelation {
    pub(super) quantity: Option<i64>,
}

/// How far an order or a line is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum State {
    Staging,
    WaitingAcceptance,
    WaitingDebit,
    WaitingDebitPayment,
    Shipping,
    Shipped,
    ToCollect,
    Received,
    Closed,
    Refused,
    Canceled,
    Refunded,
    IncidentOpen,
    Unknown(String),
}

impl From<String> for State {
    fn from(text: String) -> Self {
        match text.as_str() {
            "STAGING" => Self::Staging,
            "WAITING_ACCEPTANCE" => Self::WaitingAcceptance,
            "WAITING_DEBIT" => Self::WaitingDebit,
            "WAITING_DEBIT_PAYMENT" => Self::WaitingDebitPayment,
            "SHIPPING" => Self::Shipping,
            "SHIPPED" => Self::Shipped,
            "TO_COLLECT" => Self::ToCollect,
            "RECEIVED" => Self::Received,
            "CLOSED" => Self::Closed,
            "REFUSED" => Self::Refused,
            "CANCELED" => Self::Canceled,
            "REFUNDED" => Self::Refunded,
            "INCIDENT_OPEN" => Self::IncidentOpen,
            _ => Self::Unknown(text),
        }
    }
}

/// `PUT /api/orders/{order_id}/accept` (OR21)
#[derive(Debug, Serialize)]
pub(super) struct Acceptance {
    pub(super) order_lines: Vec<AcceptedLine>,
}

/// `order_lines` of OR21
#[derive(Debug, Serialize)]
pub(super) struct AcceptedLine {
    pub(super) id: String,
    pub(super) accepted: bool,
}

/// `PUT /api/orders/{order_id}/tracking` (OR23)
#[derive(Debug, Serialize)]
pub(super) struct OrderTracking {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) carrier_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) carrier_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) carrier_url: Option<String>,
    pub(super) tracking_number: String,
}

/// `POST /api/shipments` (ST01): one shipment a call.
#[derive(Debug, Serialize)]
pub(super) struct NewShipments {
    pub(super) shipments: [NewShipment; 1],
}

/// A shipment of ST01
#[derive(Debug, Serialize)]
pub(super) struct NewShipment {
    pub(super) order_id: String,
    pub(super) shipped: bool,
    pub(super) shipment_lines: Vec<NewShipmentLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tracking: Option<Tracking>,
}

/// `shipment_lines` of ST01
#[derive(Debug, Serialize)]
pub(super) struct NewShipmentLine {
    pub(super) order_line_id: String,
    pub(super) quantity: u32,
    pub(super) package_reference: String,
}

/// `tracking` of ST01, ST11 and ST23
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tracking {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) carrier_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) carrier_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tracking_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tracking_url: Option<String>,
}

/// What ST01 answers: 201 even when nothing was created.
#[derive(Debug, Deserialize)]
pub(super) struct Created {
    pub(super) shipment_success: Option<Vec<Shipment>>,
    pub(super) shipment_errors: Option<Vec<ShipmentError>>,
}

/// `shipment_errors` of ST01 and ST23
#[derive(Debug, Deserialize)]
pub(super) struct ShipmentError {
    pub(super) message: Option<String>,
}

/// A shipment of ST01's answer and of ST11
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Shipment {
    pub(super) id: Option<String>,
    pub(super) order_id: Option<String>,
    pub(super) status: Option<ShipmentState>,
    pub(super) shipment_lines: Option<Vec<ShipmentLine>>,
    pub(super) tracking: Option<Tracking>,
}

/// `shipment_lines` of ST11
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ShipmentLine {
    pub(super) order_line_id: Option<String>,
    pub(super) package_reference: Option<String>,
    pub(super) quantity: Option<i64>,
}

/// How far a shipment is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum ShipmentState {
    /// Made, and not sent yet.
    Made,
    /// Sent, and perhaps further.
    Sent,
    Canceled,
    Unknown(String),
}

impl From<String> for ShipmentState {
    fn from(text: String) -> Self {
        match text.as_str() {
            "SHIPPING" | "READY_FOR_PICK_UP" | "SHIPMENT_PREPARED" => Self::Made,
            "SHIPPED" | "TO_COLLECT" | "RECEIVED" | "CLOSED" => Self::Sent,
            "CANCELED" => Self::Canceled,
            _ => Self::Unknown(text),
        }
    }
}

/// `GET /api/shipments` (ST11)
#[derive(Debug, Deserialize)]
pub(super) struct Shipments {
    pub(super) data: Option<Vec<Shipment>>,
    pub(super) next_page_token: Option<String>,
}

/// `POST /api/shipments/tracking` (ST23): one shipment a call.
#[derive(Debug, Serialize)]
pub(super) struct ChangedTrackings {
    pub(super) shipments: [ChangedTracking; 1],
}

/// A shipment of ST23
#[derive(Debug, Serialize)]
pub(super) struct ChangedTracking {
    pub(super) id: String,
    pub(super) tracking: Tracking,
}

/// What ST23 answers
#[derive(Debug, Deserialize)]
pub(super) struct Changed {
    pub(super) shipment_success: Option<Vec<ShipmentIdOnly>>,
    pub(super) shipment_errors: Option<Vec<ShipmentError>>,
}

/// `shipment_success` of ST23
#[derive(Debug, Deserialize)]
pub(super) struct ShipmentIdOnly {
    pub(super) id: Option<String>,
}

/// `GET /api/shipping/carriers` (SH21)
#[derive(Debug, Deserialize)]
pub(super) struct Carriers {
    pub(super) carriers: Option<Vec<Carrier>>,
}

/// A carrier of SH21
#[derive(Debug, Deserialize)]
pub(super) struct Carrier {
    pub(super) code: Option<String>,
    pub(super) label: Option<String>,
}

/// `PUT /api/orders/cancel` (OR30)
#[derive(Debug, Serialize)]
pub(super) struct Cancelations {
    pub(super) order_tax_mode: String,
    pub(super) cancelations: Vec<LineSums>,
}

/// `PUT /api/orders/refund` (OR28)
#[derive(Debug, Serialize)]
pub(super) struct Refunds {
    pub(super) order_tax_mode: String,
    pub(super) refunds: Vec<LineSums>,
}

/// What is given back of a line, by OR28 and OR30
#[derive(Debug, Serialize)]
pub(super) struct LineSums {
    pub(super) order_line_id: String,
    pub(super) quantity: u32,
    pub(super) reason_code: String,
    pub(super) currency_iso_code: String,
    #[serde(serialize_with = "digits")]
    pub(super) amount: Decimal,
    #[serde(serialize_with = "digits")]
    pub(super) shipping_amount: Decimal,
    pub(super) taxes: Vec<Sum>,
    pub(super) shipping_taxes: Vec<Sum>,
    pub(super) fees: Vec<Sum>,
    /// OR28 alone: the pieces are not to be sent any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) excluded_from_shipment: Option<bool>,
}

/// A tax or a fee that is given back
#[derive(Debug, Serialize)]
pub(super) struct Sum {
    pub(super) code: String,
    #[serde(serialize_with = "digits")]
    pub(super) amount: Decimal,
}

/// A JSON number of exactly these digits.
fn digits<S: serde::Serializer>(amount: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    match RawValue::from_string(amount.normalize().to_string()) {
        Ok(number) => number.serialize(serializer),
        Err(error) => Err(serde::ser::Error::custom(error)),
    }
}

/// `GET /api/returns` (RT11)
#[derive(Debug, Deserialize)]
pub(super) struct Returns {
    pub(super) data: Option<Vec<Return>>,
    pub(super) next_page_token: Option<String>,
}

/// A return of RT11
#[derive(Debug, Deserialize)]
pub(super) struct Return {
    pub(super) id: Option<String>,
    pub(super) order_id: Option<String>,
    pub(super) state: Option<ReturnWord>,
    pub(super) date_created: Option<String>,
    pub(super) description: Option<String>,
    pub(super) reason_code: Option<String>,
    pub(super) return_lines: Option<Vec<ReturnLine>>,
    pub(super) tracking: Option<ReturnTracking>,
}

/// `return_lines` of RT11
#[derive(Debug, Deserialize)]
pub(super) struct ReturnLine {
    pub(super) order_line_id: Option<String>,
    pub(super) quantity: Option<i64>,
    pub(super) reason_code: Option<String>,
    /// Filled once the line was judged.
    pub(super) compliance: Option<Vec<serde::de::IgnoredAny>>,
}

/// `tracking` of RT11
#[derive(Debug, Deserialize)]
pub(super) struct ReturnTracking {
    pub(super) carrier_name: Option<String>,
    pub(super) tracking_number: Option<String>,
    pub(super) tracking_url: Option<String>,
}

/// How far a return is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(super) enum ReturnWord {
    WaitingAcceptance,
    InProgress,
    Received,
    /// Nothing left to do, and why.
    Closed(String),
    Unknown(String),
}

impl From<String> for ReturnWord {
    fn from(text: String) -> Self {
        match text.as_str() {
            "WAITING_ACCEPTANCE" => Self::WaitingAcceptance,
            "IN_PROGRESS" => Self::InProgress,
            "RECEIVED" => Self::Received,
            "REFUSED" | "NO_RECEPTION" | "CLOSED" | "CANCELED" => Self::Closed(text),
            _ => Self::Unknown(text),
        }
    }
}

/// `PUT /api/returns/accept` (RT21): one return a call.
#[derive(Debug, Serialize)]
pub(super) struct AcceptedReturns {
    pub(super) returns: [AcceptedReturn; 1],
}

/// A return of RT21
#[derive(Debug, Serialize)]
pub(super) struct AcceptedReturn {
    pub(super) id: String,
    pub(super) accepted: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) rejection_reason_code: Option<&'static str>,
}

/// An id alone
#[derive(Debug, Deserialize)]
pub(super) struct ReturnIdOnly {
    pub(super) id: Option<String>,
}

/// `PUT /api/returns/compliance` (RT26): one return a call.
#[derive(Debug, Serialize)]
pub(super) struct CompliantReturns {
    pub(super) returns: [CompliantReturn; 1],
}

/// A return of RT26
#[derive(Debug, Serialize)]
pub(super) struct CompliantReturn {
    pub(super) id: String,
    pub(super) return_lines: Vec<ComplianceLine>,
}

/// `return_lines` of RT26
#[derive(Debug, Serialize)]
pub(super) struct ComplianceLine {
    pub(super) order_line_id: String,
    pub(super) compliant: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) non_compliance_reason_code: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) non_compliance_additional_info: Option<String>,
}

/// What RT21 and RT26 answer
#[derive(Debug, Deserialize)]
pub(super) struct ReturnAnswer {
    pub(super) return_success: Option<Vec<ReturnIdOnly>>,
    pub(super) return_errors: Option<Vec<ShipmentError>>,
}

/// `GET /api/reasons` (RE01)
#[derive(Debug, Deserialize)]
pub(super) struct Reasons {
    pub(super) reasons: Option<Vec<Reason>>,
}

/// A reason of RE01
#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    pub(super) code: Option<String>,
    pub(super) is_shop_right: Option<bool>,
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
}

/// `GET /api/account` (A01)
#[derive(Debug, Deserialize)]
pub(super) struct Account {
    pub(super) shop_id: Option<i64>,
    pub(super) shop_name: Option<String>,
    pub(super) shop_state: Option<String>,
    pub(super) currency_iso_code: Option<String>,
}

/// A refusal. Mirakl describes its form only in prose.
#[derive(Debug, Deserialize)]
pub(super) struct Problem {
    pub(super) message: Option<String>,
    pub(super) errors: Option<Vec<ProblemPart>>,
}

/// `errors` of a refusal
#[derive(Debug, Deserialize)]
pub(super) struct ProblemPart {
    pub(super) code: Option<String>,
    pub(super) field: Option<String>,
    pub(super) message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_written_digit_by_digit() {
        let sum = Sum {
            code: "vat".to_owned(),
            amount: "10.10".parse().unwrap(),
        };
        assert_eq!(
            serde_json::to_string(&sum).unwrap(),
            r#"{"code":"vat","amount":10.1}"#
        );
    }

    #[test]
    fn an_unknown_word_keeps_its_text() {
        let state: State = serde_json::from_str("\"ON_HOLD\"").unwrap();
        assert_eq!(state, State::Unknown("ON_HOLD".to_owned()));
    }
}
