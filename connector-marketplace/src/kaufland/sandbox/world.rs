//! What the sandbox knows, and what becomes of changes.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use connector_http::Secret;
use serde_json::{Value, json};

use super::orders::NewOrder;

/// Everything, in Kaufland's own shapes.
pub(super) struct World {
    pub(super) client_key: Secret,
    pub(super) secret_key: Secret,
    /// Orders without their pieces.
    pub(super) orders: Vec<Value>,
    /// Pieces with everything a list shows; newest first.
    pub(super) units: Vec<Value>,
    /// What was told about each piece: number, code, carrier.
    pub(super) parcels: Vec<(i64, String, String)>,
    pub(super) returns: Vec<Value>,
    pub(super) return_units: Vec<Value>,
    /// Entries put in front of every list page.
    pub(super) list_entries: Vec<Value>,
    last_id: i64,
}

/// Why a change is refused: status, kind, words.
pub(super) type Refused = (u16, &'static str, &'static str);

const DUPLICATE: Refused = (400, "/problems/duplicate-action", "This was done before.");
const NOT_ALLOWED: Refused = (
    403,
    "/problems/action-not-allowed",
    "The status of the order unit does not allow this action.",
);
const NOT_FOUND: Refused = (404, "/problems/not-found", "Resource not found");

pub(super) fn time(at: DateTime<Utc>) -> Value {
    json!(at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

impl World {
    pub(super) fn new(client_key: Secret, secret_key: Secret) -> Self {
        Self {
            client_key,
            secret_key,
            orders: Vec::new(),
            units: Vec::new(),
            parcels: Vec::new(),
            returns: Vec::new(),
            return_units: Vec::new(),
            list_entries: Vec::new(),
            last_id: 314_567_000_000_000,
        }
    }

    fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn add(&mut self, order: NewOrder, now: DateTime<Utc>) {
        self.orders.retain(|held| held["id_order"] != order.id);
        self.units.retain(|held| held["id_order"] != order.id);
        let buyer =
            json!({ "id_buyer": 1, "email": format!("{}@buyer.example", order.id.to_lowercase()) });
        for (number, line) in (1..).zip(&order.lines) {
            for _ in 0..line.quantity {
                let id = self.next_id();
                let unit = json!({
                    "id_order_unit": id, "id_order": order.id,
                    "ts_created_iso": time(now), "ts_updated_iso": time(now),
                    "order_received_timestamp_iso": time(now),
                    "delivery_time_min": 2, "delivery_time_max": 4,
                    "delivery_time_expires_iso": time(now + TimeDelta::days(3)),
                    "status": "open", "price": line.cents, "shipping_rate": line.shipping_cents,
                    "revenue_gross": line.cents, "revenue_net": line.cents,
                    "currency": currency(&order.storefront), "storefront": order.storefront,
                    "id_offer": line.sku, "note": "", "unit_condition": "new",
                    "cancel_reason": "", "vat": 19, "is_marketplace_deemed_supplier": false,
                    "fulfillment_type": order.fulfillment_type, "tickets": [],
                    "buyer": buyer, "billing_address": order.address,
                    "shipping_address": order.address,
                    "product": {
                        "id_product": 362_524_000 + number, "storefront": order.storefront,
                        "title": line.title, "eans": [line.ean], "id_category": 34401,
                        "main_picture": "", "manufacturer": "Example", "url": "",
                        "age_rating": 0, "is_valid": true, "dangerous_goods_li_shipping": "",
                        "danger_label_9A": "Nein",
                    },
                });
                self.units.insert(0, unit);
            }
        }
        self.orders.push(json!({
            "id_order": order.id, "ts_created_iso": time(now), "storefront": order.storefront,
            "is_marketplace_deemed_supplier": false, "fulfillment_type": order.fulfillment_type,
            "buyer": buyer, "billing_address": order.address, "shipping_address": order.address,
        }));
    }

    fn unit(&mut self, id: &str) -> Result<&mut Value, Refused> {
        let found = self
            .units
            .iter_mut()
            .find(|unit| is(&unit["id_order_unit"], id));
        found.ok_or(NOT_FOUND)
    }

    pub(super) fn change(&mut self, id: &str, now: DateTime<Utc>, change: impl FnOnce(&mut Value)) {
        if let Ok(unit) = self.unit(id) {
            unit["ts_updated_iso"] = time(now);
            change(unit);
        }
    }

    pub(super) fn change_order(&mut self, id: &str, change: impl FnOnce(&mut Value)) {
        if let Some(order) = self.orders.iter_mut().find(|order| order["id_order"] == id) {
            change(order);
        }
    }

    pub(super) fn request_cancellation(&mut self, id: &str, now: DateTime<Utc>) {
        self.change(id, now, |unit| {
            let ticket = json!({
                "id_ticket": "0011234567", "ids_order_units": [unit["id_order_unit"]],
                "id_buyer": 1, "ts_created_iso": time(now), "ts_updated_iso": time(now),
                "status": "opened", "open_reason": "contact_other", "topic": "order_cancel",
                "is_seller_responsible": true, "fulfillment_type": "fulfilled_by_merchant",
            });
            unit["tickets"] = json!([ticket]);
        });
    }

    pub(super) fn cancel_all(&mut self, order: &str, now: DateTime<Utc>) {
        for unit in self
            .units
            .iter_mut()
            .filter(|unit| unit["id_order"] == order)
        {
            if is_open(unit) {
                unit["status"] = json!("cancelled");
                unit["ts_updated_iso"] = time(now);
            }
        }
    }

    pub(super) fn send(
        &mut self,
        id: &str,
        body: &Value,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let (Some(codes), Some(carrier)) = (
            body["tracking_numbers"].as_str(),
            body["carrier_code"].as_str(),
        ) else {
            return Err((
                400,
                "/problems/validation-error",
                "A required value is missing.",
            ));
        };
        let without_code = matches!(carrier, "Other" | "Other Hauler");
        if codes.is_empty() && !without_code {
            return Err((
                400,
                "/problems/validation-error",
                "tracking_numbers is empty.",
            ));
        }
        let unit = self.unit(id)?;
        if unit["status"] == "sent" {
            return Err(DUPLICATE);
        }
        if !is_open(unit) {
            return Err(NOT_ALLOWED);
        }
        unit["status"] = json!("sent");
        unit["ts_updated_iso"] = time(now);
        let number = unit["id_order_unit"].as_i64().unwrap_or(0);
        self.parcels
            .push((number, codes.to_owned(), carrier.to_owned()));
        Ok(())
    }

    pub(super) fn add_shipment(&mut self, body: &Value) -> Result<(), Refused> {
        let id = body["id_order_unit"].to_string();
        let unit = self.unit(&id)?;
        if unit["status"] != "sent" {
            return Err(NOT_ALLOWED);
        }
        let number = unit["id_order_unit"].as_i64().unwrap_or(0);
        let information = &body["shipment_information"];
        let text = |name: &str| information[name].as_str().unwrap_or_default().to_owned();
        let parcel = (number, text("tracking_number"), text("carrier_code"));
        if self.parcels.contains(&parcel) {
            return Err(DUPLICATE);
        }
        self.parcels.push(parcel);
        Ok(())
    }

    pub(super) fn cancel(
        &mut self,
        id: &str,
        body: &Value,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let unit = self.unit(id)?;
        if unit["status"] == "cancelled" {
            return Err(DUPLICATE);
        }
        if !is_open(unit) {
            return Err(NOT_ALLOWED);
        }
        unit["status"] = json!("cancelled");
        unit["cancel_reason"] = body["reason"].clone();
        unit["ts_updated_iso"] = time(now);
        Ok(())
    }

    pub(super) fn add_return(&mut self, pieces: &[&str], now: DateTime<Utc>) -> String {
        let id = self.next_id();
        for piece in pieces {
            let number = self.next_id();
            let unit: i64 = piece.parse().unwrap_or(0);
            self.return_units.push(json!({
                "id_return_unit": number, "id_return": id, "id_order_unit": unit,
                "ts_created_iso": time(now), "status": "need_to_be_returned",
                "note": "Too small", "reason": "wrong_size", "storefront": "de",
                "fulfillment_type": "fulfilled_by_merchant",
            }));
        }
        self.returns.insert(
            0,
            json!({
                "id_return": id, "ts_created_iso": time(now), "ts_updated_iso": time(now),
                "storefront": "de", "tracking_provider": "DHL", "tracking_code": "407875042681",
                "status": "label_generated", "fulfillment_type": "fulfilled_by_merchant",
            }),
        );
        id.to_string()
    }

    pub(super) fn receive_return(&mut self, id: &str, now: DateTime<Utc>) {
        for held in self
            .returns
            .iter_mut()
            .filter(|it| is(&it["id_return"], id))
        {
            held["status"] = json!("package_received");
            held["ts_updated_iso"] = time(now);
        }
        for unit in self
            .return_units
            .iter_mut()
            .filter(|it| is(&it["id_return"], id))
        {
            unit["status"] = json!("return_arrived");
        }
    }

    pub(super) fn decide(
        &mut self,
        id: &str,
        status: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let found = self
            .return_units
            .iter_mut()
            .find(|it| is(&it["id_return_unit"], id));
        let unit = found.ok_or(NOT_FOUND)?;
        if !matches!(
            unit["status"].as_str(),
            Some("return_arrived" | "return_in_clarification")
        ) {
            let text = "The return unit is in the wrong status.";
            return Err((403, "/problems/returns/unit-wrong-status", text));
        }
        unit["status"] = json!(status);
        let whole = unit["id_return"].clone();
        for held in self
            .returns
            .iter_mut()
            .filter(|it| it["id_return"] == whole)
        {
            held["ts_updated_iso"] = time(now);
        }
        Ok(())
    }
}

/// Whether a number is the one of this text.
pub(super) fn is(number: &Value, text: &str) -> bool {
    number
        .as_i64()
        .is_some_and(|number| text.parse() == Ok(number))
}

fn is_open(unit: &Value) -> bool {
    matches!(unit["status"].as_str(), Some("open" | "need_to_be_sent"))
}

fn currency(storefront: &str) -> &'static str {
    match storefront {
        "cz" => "CZK",
        "pl" => "PLN",
        _ => "EUR",
    }
}
