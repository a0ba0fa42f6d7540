//! What the sandbox knows, and what becomes of changes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Settings;
use super::feeds::Feed;
use super::orders::NewOrder;

/// Everything, orders in Amazon's own shape.
pub(super) struct World {
    pub(super) settings: Settings,
    pub(super) url: String,
    pub(super) orders: Vec<Value>,
    pub(super) tokens: Vec<(String, DateTime<Utc>)>,
    pub(super) documents: BTreeMap<String, Vec<u8>>,
    pub(super) feeds: Vec<Feed>,
    /// Entries put in front of every list page.
    pub(super) list_entries: Vec<Value>,
    last_id: u64,
}

/// Why a change is refused: status, code, words.
pub(super) type Refused = (u16, &'static str, String);

pub(super) fn invalid(text: impl Into<String>) -> Refused {
    (400, "InvalidInput", text.into())
}

impl World {
    pub(super) fn new(settings: Settings, url: &str) -> Self {
        Self {
            settings,
            url: url.to_owned(),
            orders: Vec::new(),
            tokens: Vec::new(),
            documents: BTreeMap::new(),
            feeds: Vec::new(),
            list_entries: Vec::new(),
            last_id: 0,
        }
    }

    pub(super) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn add(&mut self, order: &NewOrder, now: DateTime<Utc>) {
        self.orders.retain(|held| held["orderId"] != order.id);
        self.orders.push(order.wire(now));
    }

    pub(super) fn change(&mut self, id: &str, now: DateTime<Utc>, change: impl FnOnce(&mut Value)) {
        if let Some(order) = self.orders.iter_mut().find(|order| order["orderId"] == id) {
            order["lastUpdatedTime"] = json!(now);
            change(order);
        }
    }

    pub(super) fn request_cancellation(&mut self, item: &str, now: DateTime<Utc>) {
        for order in &mut self.orders {
            let mut found = false;
            for row in items(order).filter(|row| row["orderItemId"] == item) {
                row["cancellation"] = json!({ "cancellationRequest":
                    { "requester": "BUYER", "cancelReason": "Changed mind" } });
                found = true;
            }
            if found {
                order["lastUpdatedTime"] = json!(now);
            }
        }
    }

    pub(super) fn cancel_all(&mut self, order: &str, now: DateTime<Utc>) {
        self.change(order, now, |order| {
            for item in items(order) {
                item["fulfillment"]["quantityUnfulfilled"] = json!(0);
            }
            restate(order);
        });
    }

    /// `confirmShipment`: the same package again edits it.
    pub(super) fn confirm(
        &mut self,
        id: &str,
        body: &Value,
        now: DateTime<Utc>,
    ) -> Result<(), Refused> {
        let detail = &body["packageDetail"];
        let text = |name: &str| detail[name].as_str().filter(|text| !text.is_empty());
        let reference = text("packageReferenceId")
            .filter(|text| text.parse::<u64>().is_ok_and(|number| number > 0))
            .ok_or_else(|| invalid("packageReferenceId is not a positive number in a text"))?;
        let (Some(carrier), Some(code)) = (text("carrierCode"), text("trackingNumber")) else {
            return Err(invalid("carrierCode and trackingNumber are needed"));
        };
        if carrier == "Other" && text("carrierName").is_none() {
            return Err(invalid("carrierName is needed"));
        }
        let date = text("shipDate").unwrap_or_default();
        if DateTime::parse_from_rfc3339(date).is_err() || !body["marketplaceId"].is_string() {
            return Err(invalid("shipDate or marketplaceId is invalid"));
        }
        let asked = detail["orderItems"].as_array().cloned().unwrap_or_default();
        let order = self.orders.iter_mut().find(|order| order["orderId"] == id);
        let order = order.ok_or_else(|| (404, "NotFound", format!("No order {id}")))?;
        let mut changed = order.clone();
        let mut packages = changed["packages"].as_array().cloned().unwrap_or_default();
        if let Some(at) = packages
            .iter()
            .position(|it| it["packageReferenceId"] == reference)
        {
            let old = packages.remove(at);
            let parts = old["packageItems"].as_array().cloned().unwrap_or_default();
            move_pieces(&mut changed, &parts, -1)?;
        } else if changed["fulfillment"]["fulfillmentStatus"] == "SHIPPED" {
            return Err(invalid(
                "PackageToUpdateNotFound or order already fulfilled",
            ));
        }
        move_pieces(&mut changed, &asked, 1)?;
        packages.push(json!({
            "packageReferenceId": reference, "createdTime": now, "carrier": carrier,
            "shipTime": date, "trackingNumber": code, "packageItems": asked,
            "packageStatus": { "status": "SHIPPED" },
        }));
        changed["packages"] = json!(packages);
        changed["lastUpdatedTime"] = json!(now);
        restate(&mut changed);
        *order = changed;
        Ok(())
    }

    /// What the feed asks for: an item with all its pieces, as long as none is sent.
    pub(super) fn cancel_item(
        &mut self,
        order: &str,
        item: &str,
        now: DateTime<Utc>,
    ) -> Result<(), String> {
        let order = self.orders.iter_mut().find(|held| held["orderId"] == order);
        let order = order.ok_or("The order is unknown.")?;
        let row = items(order).find(|row| row["orderItemId"] == item);
        let row = row.ok_or("The item is unknown.")?;
        if row["fulfillment"]["quantityFulfilled"] != 0 {
            return Err("The item is shipped.".to_owned());
        }
        if row["fulfillment"]["quantityUnfulfilled"] == 0 {
            return Err("The item is cancelled already.".to_owned());
        }
        row["fulfillment"]["quantityUnfulfilled"] = json!(0);
        order["lastUpdatedTime"] = json!(now);
        restate(order);
        Ok(())
    }
}

fn items(order: &mut Value) -> impl Iterator<Item = &mut Value> {
    order["orderItems"].as_array_mut().into_iter().flatten()
}

/// Moves pieces from "to be sent" to "sent", or back.
fn move_pieces(order: &mut Value, parts: &[Value], sign: i64) -> Result<(), Refused> {
    for part in parts {
        let pieces = part["quantity"].as_i64().unwrap_or(0) * sign;
        let row = items(order).find(|row| row["orderItemId"] == part["orderItemId"]);
        let row = row.ok_or_else(|| invalid("OrderItemId is invalid"))?;
        let count = |name: &str| row["fulfillment"][name].as_i64().unwrap_or(0);
        let (sent, left) = (
            count("quantityFulfilled") + pieces,
            count("quantityUnfulfilled") - pieces,
        );
        if sent < 0 || left < 0 || pieces == 0 {
            return Err(invalid("The quantity is invalid"));
        }
        row["fulfillment"] = json!({ "quantityFulfilled": sent, "quantityUnfulfilled": left });
    }
    Ok(())
}

/// The status that follows from the items.
fn restate(order: &mut Value) {
    let sum = |order: &mut Value, name: &str| -> i64 {
        items(order)
            .filter_map(|row| row["fulfillment"][name].as_i64())
            .sum()
    };
    let (sent, left) = (
        sum(order, "quantityFulfilled"),
        sum(order, "quantityUnfulfilled"),
    );
    order["fulfillment"]["fulfillmentStatus"] = json!(match (sent, left) {
        (0, 0) => "CANCELLED",
        (_, 0) => "SHIPPED",
        (0, _) => "UNSHIPPED",
        _ => "PARTIALLY_SHIPPED",
    });
}
