//! What the sandbox answers.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::world::{Refused, World};
use crate::sandbox::{Call, Platform, Reply};

/// Mirakl reaches back a little further than it is asked to.
const DELTA: TimeDelta = TimeDelta::seconds(30);

impl Platform for World {
    fn operation(&self, method: &str, path: &str) -> String {
        let path = match path.split('/').collect::<Vec<_>>().as_slice() {
            ["", "api", "orders", _, what] => format!("/api/orders/{{order_id}}/{what}"),
            _ => path.to_owned(),
        };
        format!("{method} {path}")
    }

    fn is_mutation(&self, operation: &str) -> bool {
        !operation.starts_with("GET ")
    }

    fn answer(&mut self, call: &Call, now: DateTime<Utc>) -> Reply {
        if call.header("authorization") != Some(self.settings.api_key.as_str()) {
            return self.refusal(401);
        }
        let order = call.part(2).to_owned();
        let body = call.json();
        match call.seen.operation.as_str() {
            "GET /api/orders" => self.list(call),
            "PUT /api/orders/{order_id}/accept" => empty(self.accept(&order, &body, now)),
            "PUT /api/orders/{order_id}/tracking" => empty(self.track(&order, &body, now)),
            "PUT /api/orders/{order_id}/ship" => empty(self.ship(&order, now)),
            "PUT /api/orders/{order_id}/cancel" => empty(self.cancel(&order, now)),
            "PUT /api/orders/cancel" => self.given_back(&body, "cancelations", "CANCELED", now),
            "PUT /api/orders/refund" => self.given_back(&body, "refunds", "REFUNDED", now),
            "POST /api/shipments" if self.settings.multi_shipment => {
                self.shipments_made(&body, now)
            }
            "POST /api/shipments/tracking" if self.settings.multi_shipment => {
                let asked = body["shipments"].as_array().cloned().unwrap_or_default();
                let (mut success, mut errors) = (Vec::new(), Vec::new());
                for shipment in asked {
                    match self.change_tracking(&shipment) {
                        Ok(id) => success.push(json!({ "id": id })),
                        Err((_, message)) => {
                            errors.push(json!({ "id": shipment["id"], "message": message }));
                        }
                    }
                }
                Reply::json(
                    200,
                    &json!({ "shipment_success": success, "shipment_errors": errors }),
                )
            }
            "GET /api/shipments" if self.settings.multi_shipment => self.list_shipments(call),
            "GET /api/returns" => self.list_returns(call),
            "PUT /api/returns/accept" => self.decided(&body, accept_return),
            "PUT /api/returns/compliance" => self.decided(&body, judge_return),
            "GET /api/shipping/carriers" => Reply::json(200, &carriers()),
            "GET /api/reasons" => Reply::json(200, &reasons()),
            "GET /api/account" => Reply::json(200, &account(now)),
            _ => refused(404, ("NOT_FOUND", "There is nothing here".to_owned())),
        }
    }

    fn settle(&mut self, _: DateTime<Utc>) {}

    fn refusal(&self, status: u16) -> Reply {
        Reply::json(status, &json!({ "status": status, "message": "injected" }))
    }

    fn state(&self) -> Value {
        json!({ "orders": self.orders, "shipments": self.shipments, "returns": self.returns })
    }
}

fn refused(status: u16, (code, text): Refused) -> Reply {
    Reply::json(
        status,
        &json!({ "status": status, "message": text, "errors": [{ "code": code }] }),
    )
}

fn empty(outcome: Result<(), Refused>) -> Reply {
    match outcome {
        Ok(()) => Reply::nothing(),
        Err(why) if why.0 == "ORDER_NOT_FOUND" => refused(404, why),
        Err(why) => refused(400, why),
    }
}

impl World {
    fn list(&self, call: &Call) -> Reply {
        let split = |name: &str| -> Option<Vec<String>> {
            let text = call.value(name)?;
            Some(text.split(',').map(str::to_owned).collect())
        };
        let (ids, states) = (split("order_ids"), split("order_state_codes"));
        let since = call
            .value("start_update_date")
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let has = |wanted: &Option<Vec<String>>, value: &Value| {
            wanted.as_ref().is_none_or(|wanted| {
                value
                    .as_str()
                    .is_some_and(|text| wanted.iter().any(|it| it == text))
            })
        };
        let updated = |order: &Value| {
            let at = order["last_updated_date"].as_str().unwrap_or_default();
            DateTime::parse_from_rfc3339(at).ok()
        };
        let all: Vec<&Value> = self
            .orders
            .iter()
            .filter(|order| has(&ids, &order["order_id"]) && has(&states, &order["order_state"]))
            .filter(|order| since.is_none_or(|since| updated(order) >= Some(since - DELTA)))
            .collect();
        let total = all.len();
        let page = all
            .into_iter()
            .skip(call.number("offset", 0))
            .take(call.number("max", 10).min(100));
        let page = page.map(|order| self.shown(order));
        let orders: Vec<Value> = self.list_entries.iter().cloned().chain(page).collect();
        Reply::json(200, &json!({ "orders": orders, "total_count": total }))
    }

    /// The address is told when the order is to be sent, not before.
    fn shown(&self, order: &Value) -> Value {
        let mut order = order.clone();
        let early = matches!(
            order["order_state"].as_str(),
            Some("STAGING" | "WAITING_ACCEPTANCE" | "WAITING_DEBIT" | "WAITING_DEBIT_PAYMENT")
        );
        if early {
            // Mirakl's description has every field of an address as a text that is there.
            for name in ["shipping_address", "billing_address"] {
                let fields = order["customer"][name].as_object_mut();
                for (_, field) in fields.into_iter().flatten() {
                    *field = json!("");
                }
            }
        }
        order
    }

    fn shipments_made(&mut self, body: &Value, now: DateTime<Utc>) -> Reply {
        let (mut success, mut errors) = (Vec::new(), Vec::new());
        for shipment in body["shipments"].as_array().cloned().unwrap_or_default() {
            match self.create_shipment(&shipment, now) {
                Ok(made) => success.push(made),
                Err((_, message)) => {
                    errors.push(json!({ "order_id": shipment["order_id"], "message": message }));
                }
            }
        }
        Reply::json(
            201,
            &json!({ "shipment_success": success, "shipment_errors": errors }),
        )
    }

    fn list_shipments(&self, call: &Call) -> Reply {
        let orders: Vec<&str> = call.values("order_id").collect();
        let from = call
            .value("page_token")
            .and_then(|token| token.parse().ok())
            .unwrap_or(0);
        let limit = call.number("limit", 10);
        let ours = |it: &&Value| {
            orders.is_empty()
                || it["order_id"]
                    .as_str()
                    .is_some_and(|id| orders.contains(&id))
        };
        let all: Vec<Value> = self.shipments.iter().filter(ours).cloned().collect();
        let page: Vec<&Value> = all.iter().skip(from).take(limit).collect();
        let mut answer = json!({ "data": page });
        if from + limit < all.len() {
            answer["next_page_token"] = json!((from + limit).to_string());
        }
        Reply::json(200, &answer)
    }

    fn list_returns(&self, call: &Call) -> Reply {
        let (ids, states): (Vec<&str>, Vec<&str>) = (
            call.values("return_id").collect(),
            call.values("return_state").collect(),
        );
        let since = call
            .value("return_last_updated_from")
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let has = |wanted: &[&str], value: &Value| {
            wanted.is_empty() || value.as_str().is_some_and(|text| wanted.contains(&text))
        };
        let updated = |it: &Value| {
            DateTime::parse_from_rfc3339(it["last_updated"].as_str().unwrap_or_default()).ok()
        };
        let all: Vec<&Value> = self
            .returns
            .iter()
            .filter(|it| has(&ids, &it["id"]) && has(&states, &it["state"]))
            .filter(|it| since.is_none_or(|since| updated(it) >= Some(since)))
            .collect();
        let from = call.number("page_token", 0);
        let limit = call.number("limit", 10);
        let mut answer = json!({ "data": all.iter().skip(from).take(limit).collect::<Vec<_>>() });
        if from + limit < all.len() {
            answer["next_page_token"] = json!((from + limit).to_string());
        }
        Reply::json(200, &answer)
    }

    fn decided(&mut self, body: &Value, decide: fn(&mut Value, &Value) -> bool) -> Reply {
        let (mut success, mut errors) = (Vec::new(), Vec::new());
        for asked in body["returns"].as_array().into_iter().flatten() {
            let held = self.returns.iter_mut().find(|it| it["id"] == asked["id"]);
            let text = match held.map(|held| decide(held, asked)) {
                Some(true) => {
                    success.push(json!({ "id": asked["id"] }));
                    continue;
                }
                Some(false) => "Return is in invalid state",
                None => "The return does not exist.",
            };
            errors.push(json!({ "id": asked["id"], "message": text }));
        }
        Reply::json(
            200,
            &json!({ "return_success": success, "return_errors": errors }),
        )
    }

    fn given_back(&mut self, body: &Value, name: &str, state: &str, now: DateTime<Utc>) -> Reply {
        let sums = body[name].as_array().cloned().unwrap_or_default();
        if let Err(why) = self.give_back(&sums, state, now) {
            return refused(400, why);
        }
        let made = |sum: &Value| {
            let mut sum = sum.clone();
            if let Some(fields) = sum.as_object_mut() {
                fields.remove("excluded_from_shipment");
                if state == "CANCELED" {
                    fields.insert("cancelation_id".to_owned(), json!("1"));
                } else {
                    fields.insert("refund_id".to_owned(), json!("1"));
                    fields.insert("order_refund_id".to_owned(), json!("1"));
                }
            }
            sum
        };
        let made: Vec<Value> = sums.iter().map(made).collect();
        let mut answer = json!({ "order_tax_mode": body["order_tax_mode"] });
        answer[name] = json!(made);
        Reply::json(200, &answer)
    }
}

fn accept_return(held: &mut Value, asked: &Value) -> bool {
    let fits = held["state"] == "WAITING_ACCEPTANCE";
    if fits {
        let accepted = asked["accepted"] == true;
        held["state"] = json!(if accepted { "IN_PROGRESS" } else { "REFUSED" });
    }
    fits
}

fn judge_return(held: &mut Value, asked: &Value) -> bool {
    let fits = held["state"] == "RECEIVED";
    let decisions = asked["return_lines"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let lines = held["return_lines"].as_array_mut().into_iter().flatten();
    for line in lines.filter(|_| fits) {
        let decision = decisions
            .iter()
            .find(|it| it["order_line_id"] == line["order_line_id"]);
        if let Some(decision) = decision {
            line["compliance"] = json!([{ "compliant": decision["compliant"] }]);
        }
    }
    fits
}

fn carriers() -> Value {
    let one = |(code, label): (&str, &str)| {
        json!({ "code": code, "label": label, "standard_code": code,
            "tracking_url": "https://follow.example/{trackingId}" })
    };
    let all = [
        ("UPS", "UPS"),
        ("DHL_P", "DHL Paket"),
        ("CHRONO", "Chronopost"),
        ("DPD", "DPD"),
    ];
    json!({ "carriers": all.map(one) })
}

fn reasons() -> Value {
    let one = |(code, label, kind, ours): (&str, &str, &str, bool)| json!({ "code": code, "label": label, "type": kind, "is_shop_right": ours });
    let all = [
        ("1", "Item not received", "INCIDENT_OPEN", false),
        ("14", "Cancelled by the operator", "CANCELATION", false),
        ("34", "Out of stock", "CANCELATION", true),
        ("15", "Out of stock", "REFUND", true),
    ];
    json!({ "reasons": all.map(one), "total_count": 4 })
}

fn account(now: DateTime<Utc>) -> Value {
    json!({
        "shop_id": 2000, "shop_name": "Sandbox shop", "shop_state": "OPEN",
        "currency_iso_code": "EUR", "date_created": now, "last_updated_date": now,
        "billing_info": {}, "channels": [], "domains": ["PRODUCT"],
        "contact_informations": { "city": "Paris", "country": "FRA", "email": "shop@example.com",
            "lastname": "Doe", "street1": "1 Rue Neuve" },
        "default_billing_information": { "default_language": "fr", "id": "1",
            "registration_address": { "city": "Paris", "country_iso_code": "FRA", "street_1": "1 Rue Neuve" } },
        "evaluations_count": 0, "free_shipping": false, "is_professional": true, "offers_count": 1,
        "orders_count": 1,
        "payment_details": { "paid_balance": 0, "payable_balance": 0, "pending_balance": 0 },
        "payment_method_mandatory": false, "premium": false, "pro_details": {}, "shipping": {},
        "shipping_types": [], "shipping_zones": [], "shop_additional_fields": [],
    })
}
