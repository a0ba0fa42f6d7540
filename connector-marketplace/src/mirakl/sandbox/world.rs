//! What the sandbox knows, and what becomes of changes.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Settings;
use super::orders::NewOrder;

/// Everything, in Mirakl's own shapes.
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) orders: Vec<Value>,
    pub(super) shipments: Vec<Value>,
    pub(super) returns: Vec<Value>,
    /// Entries put in front of every list page.
    pub(super) list_entries: Vec<Value>,
}

/// Why a change is refused.
pub(super) type Refused = (&'static str, String);

impl World {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            orders: Vec::new(),
            shipments: Vec::new(),
            returns: Vec::new(),
            list_entries: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, order: NewOrder, now: DateTime<Utc>) {
        let row = order.wire(now, self.settings.can_cancel);
        self.orders
            .retain(|held| held["order_id"] != row["order_id"]);
        self.orders.push(row);
    }

    pub(super) fn change(&mut self, id: &str, now: DateTime<Utc>, change: impl FnOnce(&mut Value)) {
        if let Some(order) = self.orders.iter_mut().find(|order| order["order_id"] == id) {
            order["last_updated_date"] = json!(now);
            change(order);
        }
    }

    fn order(&mut self, id: &str, now: DateTime<Utc>) -> Result<&mut Value, Refused> {
        let order = self.orders.iter_mut().find(|order| order["order_id"] == id);
        let order = order.ok_or(("ORDER_NOT_FOUND", format!("Order {id} does not exist")))?;
        order["last_updated_date"] = json!(now);
        Ok(order)
    }

    /// A buyer wants to send lines of an order back.
    pub(super) fn add_return(
        &mut self,
        order: &str,
        lines: &[(&str, u32)],
        now: DateTime<Utc>,
    ) -> String {
        let number = self.returns.len() + 1;
        let id = format!("00000000-0000-4000-9000-{number:012}");
        let line = |(line, quantity): &(&str, u32)| json!({ "order_line_id": line, "quantity": quantity, "reason_code": "RETURN_CHANGED_MIND" });
        self.returns.push(json!({
            "id": id, "order_id": order, "order_commercial_id": order, "date_created": now,
            "last_updated": now, "method_code": "RETURN_METHOD_BY_MAIL",
            "reason_code": "RETURN_CHANGED_MIND", "state": "WAITING_ACCEPTANCE",
            "return_lines": lines.iter().map(line).collect::<Vec<_>>(),
            "return_address": { "city": "Paris", "country_iso_code": "FRA", "street1": "1 Rue Neuve",
                "zip_code": "75001" },
            "tracking": { "carrier_name": "Colissimo", "tracking_number": "8R0001" },
        }));
        id
    }

    pub(super) fn receive_return(&mut self, id: &str, now: DateTime<Utc>) {
        let held = self.returns.iter_mut().find(|it| it["id"] == id);
        for held in held.into_iter().filter(|it| it["state"] == "IN_PROGRESS") {
            held["state"] = json!("RECEIVED");
            held["last_updated"] = json!(now);
        }
    }

    pub(super) fn debit(&mut self, id: &str, now: DateTime<Utc>) {
        self.change(id, now, |order| {
            set_state(order, "SHIPPING", "WAITING_DEBIT")
        });
    }

    pub(super) fn cancel_all(&mut self, id: &str, now: DateTime<Utc>) {
        self.change(id, now, |order| set_all(order, "CANCELED"));
    }

    /// OR21
    pub(super) fn accept(
        &mut self,
        id: &str,
        body: &Value,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let order = self.order(id, now)?;
        in_state(order, "WAITING_ACCEPTANCE")?;
        let decisions = body["order_lines"].as_array().cloned().unwrap_or_default();
        for line in lines(order) {
            let id = line["order_line_id"].clone();
            let decision = decisions.iter().find(|decision| decision["id"] == id);
            let Some(decision) = decision else {
                let text = format!("Line {id} has no decision");
                return Err(("ORDER_LINE_ACCEPTANCE_DECISION_MISSING", text));
            };
            line["order_line_state"] = json!(if decision["accepted"] == true {
                "WAITING_DEBIT"
            } else {
                "REFUSED"
            });
        }
        let all_refused = lines(order).all(|line| line["order_line_state"] == "REFUSED");
        order["order_state"] = json!(if all_refused {
            "REFUSED"
        } else {
            "WAITING_DEBIT"
        });
        Ok(())
    }

    /// OR23
    pub(super) fn track(
        &mut self,
        id: &str,
        body: &Value,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let order = self.order(id, now)?;
        let state = order["order_state"].as_str().unwrap_or_default();
        if !matches!(state, "SHIPPING" | "SHIPPED" | "TO_COLLECT" | "RECEIVED") {
            return Err(("ORDER_INVALID_STATE", format!("The order is {state}")));
        }
        order["shipping_tracking"] = body["tracking_number"].clone();
        order["shipping_carrier_code"] = body["carrier_code"].clone();
        order["shipping_company"] = body["carrier_name"].clone();
        order["shipping_tracking_url"] = body["carrier_url"].clone();
        for name in [
            "shipping_tracking",
            "shipping_carrier_code",
            "shipping_company",
            "shipping_tracking_url",
        ] {
            if let Some(fields) = order.as_object_mut()
                && fields.get(name).is_some_and(Value::is_null)
            {
                fields.remove(name);
            }
        }
        Ok(())
    }

    /// OR24
    pub(super) fn ship(&mut self, id: &str, now: DateTime<Utc>) -> Result<(), Refused> {
        let required = self.settings.tracking_required;
        let order = self.order(id, now)?;
        in_state(order, "SHIPPING")?;
        if required && order["shipping_tracking"].is_null() {
            let text = "Tracking details are mandatory for this shipping method".to_owned();
            return Err(("TRACKING_MANDATORY", text));
        }
        ship_lines(order, now);
        Ok(())
    }

    /// One shipment of ST01
    pub(super) fn create_shipment(
        &mut self,
        body: &Value,
        now: DateTime<Utc>,
    ) -> Result<Value, Refused> {
        let id = body["order_id"].as_str().unwrap_or_default().to_owned();
        let open = self.open(&id);
        let order = self.order(&id, now)?;
        in_state(order, "SHIPPING")?;
        let asked = body["shipment_lines"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let wrong = (
            "SHIPMENT_QUANTITY",
            "Shipment quantity is invalid.".to_owned(),
        );
        for line in &asked {
            let left = open
                .iter()
                .find(|(id, _)| line["order_line_id"] == **id)
                .map_or(0, |open| open.1);
            let quantity = line["quantity"].as_i64().unwrap_or(0);
            if quantity < 1 || quantity > left {
                return Err(wrong);
            }
        }
        let number = self.shipments.len() + 1;
        let shipment = json!({
            "id": format!("00000000-0000-4000-8000-{number:012}"),
            "order_id": id,
            "created_date": now,
            "last_updated_date": now,
            "shipped_date": now,
            "status": "SHIPPED",
            "status_customer_debit": "NO_DEBIT",
            "shipment_lines": asked,
            "tracking": if body["tracking"].is_null() { json!({}) } else { body["tracking"].clone() },
        });
        self.shipments.push(shipment.clone());
        if self.open(&id).iter().all(|(_, open)| *open == 0) {
            ship_lines(self.order(&id, now)?, now);
        }
        Ok(shipment)
    }

    /// ST23
    pub(super) fn change_tracking(&mut self, body: &Value) -> Result<String, Refused> {
        let id = body["id"].as_str().unwrap_or_default();
        let shipment = self.shipments.iter_mut().find(|it| it["id"] == id);
        let shipment = shipment.ok_or(("", format!("No shipment with id '{id}'.")))?;
        shipment["tracking"] = body["tracking"].clone();
        Ok(id.to_owned())
    }

    /// OR29
    pub(super) fn cancel(&mut self, id: &str, now: DateTime<Utc>) -> Result<(), Refused> {
        let order = self.order(id, now)?;
        if order["can_cancel"] != true {
            return Err((
                "ORDER_NOT_CANCELABLE",
                "The order cannot be cancelled".to_owned(),
            ));
        }
        set_all(order, "CANCELED");
        Ok(())
    }

    /// OR30 and OR28: a line whose whole price is given back is cancelled, or refunded.
    pub(super) fn give_back(
        &mut self,
        sums: &[Value],
        state: &str,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        for sum in sums {
            let id = &sum["order_line_id"];
            let order = self.orders.iter_mut().find(|order| {
                order["order_lines"]
                    .as_array()
                    .is_some_and(|lines| lines.iter().any(|line| line["order_line_id"] == *id))
            });
            let order = order.ok_or(("ORDER_LINE_NOT_FOUND", format!("No line {id}")))?;
            if state == "CANCELED" && order["can_cancel"] != true {
                return Err((
                    "ORDER_NOT_CANCELABLE",
                    "The order cannot be cancelled".to_owned(),
                ));
            }
            order["last_updated_date"] = json!(now);
            for line in lines(order).filter(|line| line["order_line_id"] == *id) {
                if line["price"] != sum["amount"] {
                    return Err(("AMOUNT", format!("{} of {}", sum["amount"], line["price"])));
                }
                line["order_line_state"] = json!(state);
            }
            if lines(order).all(|line| {
                matches!(
                    line["order_line_state"].as_str(),
                    Some("CANCELED" | "REFUNDED")
                )
            }) {
                order["order_state"] = json!(if state == "CANCELED" {
                    "CANCELED"
                } else {
                    "CLOSED"
                });
            }
        }
        Ok(())
    }

    /// Pieces of every line that are in no shipment.
    fn open(&self, order: &str) -> Vec<(String, i64)> {
        let held = self.orders.iter().find(|it| it["order_id"] == order);
        let rows = held.and_then(|order| order["order_lines"].as_array());
        let sent = |line: &Value| -> i64 {
            self.shipments
                .iter()
                .filter(|it| it["order_id"] == order && it["status"] != "CANCELED")
                .flat_map(|it| it["shipment_lines"].as_array().into_iter().flatten())
                .filter(|part| part["order_line_id"] == line["order_line_id"])
                .filter_map(|part| part["quantity"].as_i64())
                .sum()
        };
        let open = |line: &Value| {
            let id = line["order_line_id"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            let gone = matches!(
                line["order_line_state"].as_str(),
                Some("CANCELED" | "REFUSED" | "REFUNDED")
            );
            let quantity = line["quantity"].as_i64().unwrap_or(0);
            (id, if gone { 0 } else { quantity - sent(line) })
        };
        rows.into_iter().flatten().map(open).collect()
    }
}

fn lines(order: &mut Value) -> impl Iterator<Item = &mut Value> {
    order["order_lines"].as_array_mut().into_iter().flatten()
}

fn in_state(order: &Value, state: &str) -> Result<(), Refused> {
    if order["order_state"] == state {
        return Ok(());
    }
    let text = format!(
        "The order status must be '{state}' but it is {}.",
        order["order_state"]
    );
    Err(("ORDER_INVALID_STATE", text))
}

/// Lines in a state, and the order with them.
fn set_state(order: &mut Value, to: &str, from: &str) {
    if order["order_state"] == from {
        order["order_state"] = json!(to);
    }
    for line in lines(order).filter(|line| line["order_line_state"] == from) {
        line["order_line_state"] = json!(to);
    }
    order["can_shop_ship"] = json!(order["order_state"] == "SHIPPING");
}

fn set_all(order: &mut Value, state: &str) {
    order["order_state"] = json!(state);
    for line in lines(order) {
        line["order_line_state"] = json!(state);
    }
}

fn ship_lines(order: &mut Value, now: DateTime<Utc>) {
    for line in lines(order).filter(|line| line["order_line_state"] == "SHIPPING") {
        line["shipped_date"] = json!(now);
    }
    set_state(order, "SHIPPED", "SHIPPING");
    order["can_cancel"] = json!(false);
}
