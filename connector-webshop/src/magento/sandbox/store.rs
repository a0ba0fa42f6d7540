//! What the shop has: orders, shipments, comments, as the API shows them.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::super::from_wire::written;

/// The whole shop.
#[derive(Default)]
pub(super) struct Store {
    pub(super) products: Vec<Value>,
    pub(super) orders: Vec<Value>,
    pub(super) shipments: Vec<Value>,
    pub(super) comments: Vec<Value>,
    last_id: u64,
}

/// Why a change is refused: status and words.
pub(super) type Refused = (u16, String);

fn refuse<T>(text: &str) -> Result<T, Refused> {
    Err((400, text.to_owned()))
}

/// Fields that an order cannot be saved without.
const NEEDED: [&str; 4] = ["base_grand_total", "grand_total", "customer_email", "items"];

impl Store {
    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn order(&self, id: u64) -> Option<&Value> {
        self.orders.iter().find(|order| order["entity_id"] == id)
    }

    fn order_mut(&mut self, id: u64) -> Result<&mut Value, Refused> {
        let found = self.orders.iter_mut().find(|own| own["entity_id"] == id);
        let text = "The entity that was requested doesn't exist. Verify the entity and try again.";
        found.ok_or_else(|| (404, text.to_owned()))
    }

    /// Saves an order as it came, with what the shop adds.
    pub(super) fn insert(&mut self, input: &Value, now: DateTime<Utc>) -> Result<Value, Refused> {
        for name in NEEDED {
            if input[name].is_null() {
                return refuse(&format!("\"{name}\" is required. Enter and try again."));
            }
        }
        let number = &input["increment_id"];
        let taken =
            |own: &Value| own["increment_id"] == *number && own["store_id"] == input["store_id"];
        if !number.is_null() && !input["store_id"].is_null() && self.orders.iter().any(taken) {
            return refuse("Unique constraint violation found");
        }
        let id = self.next_id();
        let mut order = input.clone();
        order["entity_id"] = json!(id);
        order["updated_at"] = json!(written(now));
        let mut items = Vec::new();
        for item in input["items"].as_array().into_iter().flatten() {
            let mut item = item.clone();
            item["item_id"] = json!(self.next_id());
            item["order_id"] = json!(id);
            for name in [
                "qty_shipped",
                "qty_canceled",
                "qty_refunded",
                "qty_invoiced",
            ] {
                if item[name].is_null() {
                    item[name] = json!(0);
                }
            }
            items.push(item);
        }
        order["items"] = json!(items);
        self.orders.push(order.clone());
        Ok(order)
    }

    pub(super) fn invoice(&mut self, id: u64, now: DateTime<Utc>) -> Result<u64, Refused> {
        let invoice = self.next_id();
        let order = self.order_mut(id)?;
        if order["state"] != "new" {
            return refuse(
                "Invoice Document Validation Error(s):\nAn invoice cannot be created when an order has a status of processing",
            );
        }
        let total = order["grand_total"].clone();
        for name in ["total_invoiced", "total_paid"] {
            order[name] = total.clone();
            order[format!("base_{name}")] = total.clone();
        }
        order["total_due"] = json!(0);
        order["base_total_due"] = json!(0);
        for item in items(order) {
            item["qty_invoiced"] = item["qty_ordered"].clone();
        }
        become_state(order, "processing", now);
        Ok(invoice)
    }

    /// Whether it was cancelled: what is invoiced or over cannot be.
    pub(super) fn cancel(&mut self, id: u64, now: DateTime<Utc>) -> Result<bool, Refused> {
        let order = self.order_mut(id)?;
        if order["state"] != "new" {
            return Ok(false);
        }
        for item in items(order) {
            item["qty_canceled"] = item["qty_ordered"].clone();
        }
        become_state(order, "canceled", now);
        Ok(true)
    }

    /// A credit memo without moving a payment; pieces by item, none for all that is left.
    pub(super) fn refund(
        &mut self,
        id: u64,
        parts: &[(u64, u64)],
        now: DateTime<Utc>,
    ) -> Result<u64, Refused> {
        let memo = self.next_id();
        let order = self.order_mut(id)?;
        let invoiced = order["total_invoiced"].as_f64().unwrap_or(0.0) > 0.0;
        if !invoiced || matches!(order["state"].as_str(), Some("closed" | "canceled")) {
            return refuse(
                "Creditmemo Document Validation Error(s):\nA creditmemo can not be created",
            );
        }
        let whole = parts.is_empty();
        for item in items(order) {
            let left = count(item, "qty_ordered") - count(item, "qty_refunded");
            let asked = parts.iter().find(|part| item["item_id"] == part.0);
            let pieces = if whole {
                left
            } else {
                asked.map_or(0, |part| part.1)
            };
            if pieces > left {
                return refuse(
                    "The quantity to creditmemo must not be greater than the unrefunded quantity",
                );
            }
            item["qty_refunded"] = json!(count(item, "qty_refunded") + pieces);
        }
        let all =
            items(order).all(|item| count(item, "qty_refunded") == count(item, "qty_ordered"));
        let state = if all { "closed" } else { settled(order) };
        become_state(order, state, now);
        Ok(memo)
    }

    /// Puts pieces into a shipment with these codes, as (title, code).
    pub(super) fn ship(
        &mut self,
        id: u64,
        parts: &[(usize, u32)],
        codes: &[(&str, &str)],
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let shipment = self.next_id();
        let order = self.order_mut(id)?;
        let mut contents = Vec::new();
        for (at, item) in items(order).enumerate() {
            let Some((_, pieces)) = parts.iter().find(|part| part.0 == at) else {
                continue;
            };
            item["qty_shipped"] = json!(count(item, "qty_shipped") + u64::from(*pieces));
            contents.push(json!({
                "order_item_id": item["item_id"], "qty": pieces, "parent_id": shipment,
                "sku": item["sku"],
            }));
        }
        let state = settled(order);
        become_state(order, state, now);
        self.shipments.push(json!({
            "entity_id": shipment, "order_id": id, "created_at": written(now),
            "updated_at": written(now), "items": contents, "tracks": [], "comments": [],
        }));
        for (title, code) in codes {
            self.add_track(id, title, code, now);
        }
        Ok(())
    }

    /// Adds a code to an order's last shipment. The order itself does not change by it.
    pub(super) fn add_track(&mut self, order: u64, title: &str, code: &str, now: DateTime<Utc>) {
        let track = self.next_id();
        let mut own = self.shipments.iter_mut().rev();
        let Some(shipment) = own.find(|shipment| shipment["order_id"] == order) else {
            return;
        };
        let track = json!({
            "entity_id": track, "order_id": order, "parent_id": shipment["entity_id"],
            "created_at": written(now), "updated_at": written(now), "weight": 0, "qty": 0,
            "description": "", "track_number": code, "title": title, "carrier_code": "custom",
        });
        if let Some(tracks) = shipment["tracks"].as_array_mut() {
            tracks.push(track);
        }
    }

    pub(super) fn comment(
        &mut self,
        id: u64,
        input: &Value,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let own = self.next_id();
        self.order_mut(id)?;
        let mut comment = input.clone();
        comment["entity_id"] = json!(own);
        comment["parent_id"] = json!(id);
        comment["created_at"] = json!(written(now));
        self.comments.push(comment);
        Ok(())
    }
}

pub(super) fn items(order: &mut Value) -> impl Iterator<Item = &mut Value> {
    order["items"].as_array_mut().into_iter().flatten()
}

pub(super) fn count(item: &Value, name: &str) -> u64 {
    item[name].as_u64().unwrap_or(0)
}

/// Pieces that are still to be sent.
pub(super) fn open(item: &Value) -> u64 {
    let gone = ["qty_shipped", "qty_canceled", "qty_refunded"].map(|name| count(item, name));
    count(item, "qty_ordered").saturating_sub(gone.iter().sum())
}

/// Complete once nothing is left to be sent.
fn settled(order: &mut Value) -> &'static str {
    if items(order).all(|item| open(item) == 0) {
        "complete"
    } else {
        "processing"
    }
}

fn become_state(order: &mut Value, state: &str, now: DateTime<Utc>) {
    order["state"] = json!(state);
    order["status"] = json!(state);
    order["updated_at"] = json!(written(now));
}
