//! What the sandbox answers.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::world::{Refused, World, is};
use crate::kaufland::signature::signature;
use crate::sandbox::{Call, Platform, Reply};

/// How far the caller's clock may be off, in seconds.
const CLOCK: i64 = 300;

impl Platform for World {
    fn operation(&self, method: &str, path: &str) -> String {
        let path = match path.split('/').collect::<Vec<_>>().as_slice() {
            ["", "orders", _] => "/orders/{id_order}".to_owned(),
            ["", "order-units", _, what] => format!("/order-units/{{id_order_unit}}/{what}"),
            ["", "returns", _] => "/returns/{id_return}".to_owned(),
            ["", "return-units", _] => "/return-units/{id_return_unit}".to_owned(),
            ["", "return-units", _, what] => format!("/return-units/{{id_return_unit}}/{what}"),
            _ => path.to_owned(),
        };
        format!("{method} {path}")
    }

    fn is_mutation(&self, operation: &str) -> bool {
        !operation.starts_with("GET ")
    }

    fn answer(&mut self, call: &Call, now: DateTime<Utc>) -> Reply {
        if let Some(refusal) = self.unsigned(call, now) {
            return refused(refusal);
        }
        let (id, body) = (call.part(1).to_owned(), call.json());
        match call.seen.operation.as_str() {
            "GET /order-units" => self.list(call),
            "GET /orders/{id_order}" => self.order(&id),
            "PATCH /order-units/{id_order_unit}/send" => empty(self.send(&id, &body, now)),
            "PATCH /order-units/{id_order_unit}/cancel" => empty(self.cancel(&id, &body, now)),
            "POST /shipments" => empty(self.add_shipment(&body)),
            "GET /carriers" => Reply::json(200, &carriers()),
            "GET /info/storefront" => Reply::json(200, &json!({ "data": ["de", "cz"] })),
            "GET /returns" => self.list_returns(call),
            "GET /returns/{id_return}" => self.one_return(&id),
            "GET /return-units/{id_return_unit}" => self.return_unit(&id),
            "PATCH /return-units/{id_return_unit}/accept" => {
                empty(self.decide(&id, "return_accepted", now))
            }
            "PATCH /return-units/{id_return_unit}/reject" if body["message"].is_string() => {
                empty(self.decide(&id, "return_rejected", now))
            }
            _ => refused((404, "/problems/not-found", "There is nothing here")),
        }
    }

    fn settle(&mut self, _: DateTime<Utc>) {}

    fn refusal(&self, status: u16) -> Reply {
        let kind = if status == 401 {
            "/problems/invalid-credentials"
        } else {
            "about:blank"
        };
        refused((status, kind, "injected"))
    }

    fn state(&self) -> Value {
        json!({
            "orders": self.orders, "units": self.units, "parcels": self.parcels,
            "returns": self.returns, "return_units": self.return_units,
        })
    }
}

fn refused((status, kind, text): Refused) -> Reply {
    Reply::json(
        status,
        &json!({ "type": kind, "message": text, "errors": [] }),
    )
}

fn empty(outcome: Result<(), Refused>) -> Reply {
    match outcome {
        Ok(()) => Reply::nothing(),
        Err(why) => refused(why),
    }
}

fn data(data: &Value) -> Reply {
    Reply::json(200, &json!({ "data": data }))
}

/// A page of a list; Kaufland's lists are newest first.
fn page(call: &Call, all: &[Value]) -> Reply {
    let (offset, limit) = (call.number("offset", 0), call.number("limit", 30).min(100));
    let data: Vec<&Value> = all.iter().skip(offset).take(limit).collect();
    let pagination = json!({ "offset": offset, "limit": limit, "total": all.len() });
    Reply::json(200, &json!({ "data": data, "pagination": pagination }))
}

fn since(call: &Call) -> impl Fn(&Value) -> bool {
    let since = call
        .value("ts_updated_from_iso")
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    move |row: &Value| {
        let at = row["ts_updated_iso"].as_str().unwrap_or_default();
        since.is_none_or(|since| DateTime::parse_from_rfc3339(at).ok() >= Some(since))
    }
}

impl World {
    fn unsigned(&self, call: &Call, now: DateTime<Utc>) -> Option<Refused> {
        let time = call
            .header("shop-timestamp")
            .and_then(|text| text.parse().ok());
        let Some(time): Option<i64> = time else {
            let kind = "/problems/missing-or-invalid-request-header";
            return Some((401, kind, "Shop-Timestamp is missing"));
        };
        let wanted = signature(&self.secret_key, &call.method, &call.url, &call.body, time);
        let keys = call.header("shop-client-key") == Some(self.client_key.expose());
        if !keys || call.header("user-agent").is_none() {
            return Some((401, "/problems/invalid-credentials", "Unknown client key"));
        }
        if call.header("shop-signature") != Some(wanted.as_str()) {
            return Some((
                401,
                "/problems/corrupted-signature",
                "The signature is wrong",
            ));
        }
        if (now.timestamp() - time).abs() > CLOCK {
            return Some((
                401,
                "/problems/corrupted-signature",
                "The timestamp is too old",
            ));
        }
        None
    }

    fn list(&self, call: &Call) -> Reply {
        let statuses: Vec<&str> = call.values("status").collect();
        let changed = since(call);
        let wanted = |unit: &&Value| {
            let status = unit["status"].as_str().unwrap_or_default();
            let front = call.value("storefront");
            (statuses.is_empty() || statuses.contains(&status))
                && front.is_none_or(|front| unit["storefront"] == front)
                && unit["fulfillment_type"] == "fulfilled_by_merchant"
                && changed(unit)
        };
        let listed = |unit: &Value| {
            let mut unit = unit.clone();
            if let Some(fields) = unit.as_object_mut() {
                fields.remove("tickets");
            }
            unit
        };
        let units = self.units.iter().filter(wanted).map(listed);
        let all: Vec<Value> = self.list_entries.iter().cloned().chain(units).collect();
        page(call, &all)
    }

    fn order(&self, id: &str) -> Reply {
        let Some(order) = self.orders.iter().find(|order| order["id_order"] == id) else {
            return refused((404, "/problems/not-found", "Resource not found"));
        };
        let mut order = order.clone();
        let units = self.units.iter().filter(|unit| unit["id_order"] == id);
        let inner = |unit: &Value| {
            let mut unit = unit.clone();
            if let Some(fields) = unit.as_object_mut() {
                for name in [
                    "buyer",
                    "billing_address",
                    "shipping_address",
                    "fulfillment_type",
                ] {
                    fields.remove(name);
                }
            }
            unit
        };
        order["order_units"] = json!(units.map(inner).collect::<Vec<_>>());
        data(&order)
    }

    fn list_returns(&self, call: &Call) -> Reply {
        let changed = since(call);
        let all: Vec<Value> = self
            .returns
            .iter()
            .filter(|it| changed(it))
            .cloned()
            .collect();
        page(call, &all)
    }

    fn one_return(&self, id: &str) -> Reply {
        let Some(held) = self.returns.iter().find(|it| is(&it["id_return"], id)) else {
            return refused((404, "/problems/not-found", "Resource not found"));
        };
        let mut held = held.clone();
        let units = self
            .return_units
            .iter()
            .filter(|it| it["id_return"] == held["id_return"]);
        held["return_units"] = json!(units.collect::<Vec<_>>());
        data(&held)
    }

    fn return_unit(&self, id: &str) -> Reply {
        let found = self
            .return_units
            .iter()
            .find(|it| is(&it["id_return_unit"], id));
        let Some(unit) = found else {
            return refused((404, "/problems/not-found", "Resource not found"));
        };
        let mut unit = unit.clone();
        let ordered = self
            .units
            .iter()
            .find(|it| it["id_order_unit"] == unit["id_order_unit"]);
        if let Some(mut ordered) = ordered.cloned() {
            if let Some(fields) = ordered.as_object_mut() {
                fields.remove("tickets");
            }
            unit["order_unit"] = ordered;
        }
        let whole = self
            .returns
            .iter()
            .find(|it| it["id_return"] == unit["id_return"]);
        unit["return"] = whole.cloned().unwrap_or_default();
        data(&unit)
    }
}

fn carriers() -> Value {
    let names = [
        "DHL",
        "UPS",
        "DPD",
        "Hermes",
        "GLS",
        "Other",
        "Other Hauler",
    ];
    let one = |name: &str| json!({ "name": name, "isHauler": name == "Other Hauler" });
    json!({ "data": { "carriers": names.map(one) } })
}
