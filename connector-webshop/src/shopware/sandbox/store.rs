//! What the shop has: entities as the API shows them.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::search::is_id;

/// State ids are made of machine and name, so that they are told apart.
const STATES: [(&str, &str); 12] = [
    ("order.state", "open"),
    ("order.state", "in_progress"),
    ("order.state", "completed"),
    ("order.state", "cancelled"),
    ("order_delivery.state", "open"),
    ("order_delivery.state", "shipped"),
    ("order_delivery.state", "shipped_partially"),
    ("order_delivery.state", "cancelled"),
    ("order_delivery.state", "returned"),
    ("order_delivery.state", "returned_partially"),
    ("order_transaction.state", "open"),
    ("order_transaction.state", "paid"),
];

/// The whole shop.
pub(super) struct Store {
    /// By entity (`product`), rows in the order they came.
    pub(super) entities: BTreeMap<&'static str, Vec<Value>>,
    last_id: u64,
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, false)
}

fn state_id(at: usize) -> String {
    format!("{:032x}", 0xa000 + at)
}

impl Store {
    /// A shop with one sales channel, Euro, three countries, and no product.
    pub(super) fn new() -> Self {
        let mut store = Self {
            entities: BTreeMap::new(),
            last_id: 0,
        };
        let payment = store.add("payment-method", json!({"name": "Invoice"}));
        store.add("payment-method", json!({"name": "Marketplace"}));
        let shipping = store.add("shipping-method", json!({"name": "PostNL"}));
        let language = store.next_id();
        store.add(
            "sales-channel",
            json!({
                "name": "Marketplaces", "languageId": language,
                "paymentMethodId": payment, "shippingMethodId": shipping,
            }),
        );
        store.add("currency", json!({"isoCode": "EUR", "factor": 1}));
        for iso in ["NL", "DE", "BE"] {
            store.add("country", json!({"iso": iso}));
        }
        store.add("salutation", json!({"salutationKey": "not_specified"}));
        for (at, (machine, name)) in STATES.iter().enumerate() {
            let machine = json!({"technicalName": machine, "apiAlias": "state_machine"});
            store.add(
                "state-machine-state",
                json!({"id": state_id(at), "technicalName": name, "stateMachine": machine}),
            );
        }
        store
    }

    fn next_id(&mut self) -> String {
        self.last_id += 1;
        format!("{:032x}", 0xb000_u64 + self.last_id)
    }

    /// Adds a row; its id.
    pub(super) fn add(&mut self, entity: &'static str, mut row: Value) -> String {
        if row["id"].is_null() {
            row["id"] = json!(self.next_id());
        }
        row["apiAlias"] = json!(entity.replace('-', "_"));
        let id = row["id"].as_str().unwrap_or_default().to_owned();
        self.entities.entry(entity).or_default().push(row);
        id
    }

    pub(super) fn rows(&self, entity: &str) -> impl Iterator<Item = &Value> {
        self.entities.get(entity).into_iter().flatten()
    }

    fn by_id(&self, entity: &str, id: &Value) -> Option<&Value> {
        self.rows(entity).find(|row| row["id"] == *id)
    }

    pub(super) fn order_mut(&mut self, id: &str) -> Option<&mut Value> {
        let orders = self.entities.get_mut("order")?;
        orders.iter_mut().find(|order| order["id"] == id)
    }

    /// The deliveries of all orders, as rows of their own.
    pub(super) fn deliveries(&self) -> Vec<Value> {
        let mut rows = Vec::new();
        for order in self.rows("order") {
            for delivery in order["deliveries"].as_array().into_iter().flatten() {
                let mut delivery = delivery.clone();
                delivery["orderId"] = order["id"].clone();
                rows.push(delivery);
            }
        }
        rows
    }

    fn state(&self, id: &Value) -> Value {
        let name = self.by_id("state-machine-state", id);
        let name = name.map_or(Value::Null, |state| state["technicalName"].clone());
        json!({"technicalName": name, "apiAlias": "state_machine_state"})
    }

    /// Inserts an order as it came, with what the shop adds; or the error's code and text.
    pub(super) fn insert(
        &mut self,
        input: &Value,
        now: DateTime<Utc>,
    ) -> Result<(), (&'static str, String)> {
        if self.by_id("order", &input["id"]).is_some() {
            let text = "Expected command for \"order\" to be \"InsertCommand\". (Got: \"JsonUpdateCommand\")";
            return Err(("FRAMEWORK__WRITE_TYPE_INTEND_ERROR", text.to_owned()));
        }
        let blank = |name: &str| {
            (
                "c1051bb4-d103-4f74-8988-acbcafc7fdc3",
                format!("{name} is blank"),
            )
        };
        for name in [
            "id",
            "billingAddressId",
            "currencyId",
            "salesChannelId",
            "stateId",
            "orderDateTime",
            "currencyFactor",
            "itemRounding",
            "totalRounding",
            "price",
        ] {
            if input[name].is_null() {
                return Err(blank(name));
            }
        }
        if !is_id(&input["id"]) {
            return Err(blank("id"));
        }
        let lines = input["lineItems"].as_array().into_iter().flatten();
        for line in lines.filter(|line| line["type"] == "product") {
            let product = self.by_id("product", &line["productId"]);
            if product.is_none() || line["referencedId"] != line["productId"] {
                return Err(blank("product"));
            }
            if line["payload"]["productNumber"].is_null() {
                let text = format!(
                    "To change the product of line item ({}), the following properties must also \
                     be updated: `productId`, `referenceId`, `payload.productNumber`.",
                    line["id"]
                );
                return Err(("CONTENT__PRODUCT_LINE_ITEM_INCONSISTENT", text));
            }
        }
        let mut order = input.clone();
        order["amountTotal"] = input["price"]["totalPrice"].clone();
        order["taxStatus"] = input["price"]["taxStatus"].clone();
        order["createdAt"] = json!(written(now));
        order["updatedAt"] = Value::Null;
        order["stateMachineState"] = self.state(&input["stateId"]);
        let currency = self.by_id("currency", &input["currencyId"]);
        order["currency"] = currency.cloned().ok_or_else(|| blank("currency"))?;
        for line in array(&mut order["lineItems"]) {
            line["apiAlias"] = json!("order_line_item");
            if line["type"] != "product" {
                continue;
            }
            let product = line["productId"].clone();
            let pieces = line["quantity"].as_i64().unwrap_or(0);
            self.take_stock(&product, pieces)
                .ok_or_else(|| blank("product"))?;
        }
        for delivery in array(&mut order["deliveries"]) {
            delivery["apiAlias"] = json!("order_delivery");
            delivery["createdAt"] = json!(written(now));
            delivery["updatedAt"] = Value::Null;
            delivery["stateMachineState"] = self.state(&delivery["stateId"]);
            let method = self.by_id("shipping-method", &delivery["shippingMethodId"]);
            delivery["shippingMethod"] = method.cloned().ok_or_else(|| blank("shippingMethod"))?;
            for position in array(&mut delivery["positions"]) {
                position["apiAlias"] = json!("order_delivery_position");
                position["quantity"] = position["price"]["quantity"].clone();
            }
        }
        self.add("order", order);
        Ok(())
    }

    fn take_stock(&mut self, product: &Value, pieces: i64) -> Option<()> {
        let products = self.entities.get_mut("product")?;
        let product = products.iter_mut().find(|row| row["id"] == *product)?;
        let stock = product["stock"].as_i64().unwrap_or(0);
        product["stock"] = json!(stock - pieces);
        Some(())
    }

    /// Gives an order or its delivery another state; `None` where that is not allowed.
    pub(super) fn transition(
        &mut self,
        id: &str,
        of_delivery: bool,
        to: &str,
        now: DateTime<Utc>,
    ) -> Option<()> {
        let order = self.order_mut(id)?;
        let target = if of_delivery {
            array(&mut order["deliveries"]).first_mut()?
        } else {
            order
        };
        let from = target["stateMachineState"]["technicalName"].as_str()?;
        if from == to || from == "cancelled" {
            return None;
        }
        target["stateMachineState"]["technicalName"] = json!(to);
        target["updatedAt"] = json!(written(now));
        if to == "cancelled" && !of_delivery {
            let lines = self.order_mut(id)?["lineItems"].clone();
            for line in lines.as_array().into_iter().flatten() {
                let pieces = line["quantity"].as_i64().unwrap_or(0);
                self.take_stock(&line["productId"], -pieces);
            }
        }
        Some(())
    }

    /// Updates an order's lines, prices and positions, and deletes lines; all or nothing.
    pub(super) fn sync(
        &mut self,
        operations: &Value,
        now: DateTime<Utc>,
    ) -> Result<(), (&'static str, String)> {
        let missing = || ("FRAMEWORK__RESOURCE_NOT_FOUND", "no such order".to_owned());
        let before = self.entities.clone();
        for operation in operations.as_array().into_iter().flatten() {
            for row in operation["payload"].as_array().into_iter().flatten() {
                let done = match (&operation["action"], &operation["entity"]) {
                    (action, entity) if action == "upsert" && entity == "order" => {
                        self.update(row, now)
                    }
                    (action, entity) if action == "delete" && entity == "order_line_item" => {
                        self.delete_line(&row["id"])
                    }
                    _ => None,
                };
                if done.is_none() {
                    self.entities = before;
                    return Err(missing());
                }
            }
        }
        Ok(())
    }

    fn update(&mut self, row: &Value, now: DateTime<Utc>) -> Option<()> {
        let mut moved: Vec<(Value, i64)> = Vec::new();
        let order = self.order_mut(row["id"].as_str()?)?;
        if !row["price"].is_null() {
            order["price"] = row["price"].clone();
            order["amountTotal"] = row["price"]["totalPrice"].clone();
        }
        for line in row["lineItems"].as_array().into_iter().flatten() {
            let lines = array(&mut order["lineItems"]);
            let own = lines.iter_mut().find(|own| own["id"] == line["id"])?;
            let pieces = |line: &Value| line["quantity"].as_i64().unwrap_or(0);
            moved.push((own["productId"].clone(), pieces(line) - pieces(own)));
            for (name, value) in line.as_object()? {
                own[name] = value.clone();
            }
        }
        for delivery in row["deliveries"].as_array().into_iter().flatten() {
            let deliveries = array(&mut order["deliveries"]);
            let own = deliveries
                .iter_mut()
                .find(|own| own["id"] == delivery["id"])?;
            for position in delivery["positions"].as_array().into_iter().flatten() {
                let positions = array(&mut own["positions"]);
                let own = positions
                    .iter_mut()
                    .find(|own| own["id"] == position["id"])?;
                own["price"] = position["price"].clone();
                own["quantity"] = position["price"]["quantity"].clone();
            }
        }
        order["updatedAt"] = json!(written(now));
        for (product, pieces) in moved {
            self.take_stock(&product, pieces)?;
        }
        Some(())
    }

    /// A line goes, and with it its position.
    fn delete_line(&mut self, id: &Value) -> Option<()> {
        let has = |order: &Value| {
            let mut lines = order["lineItems"].as_array().into_iter().flatten();
            lines.any(|line| line["id"] == *id)
        };
        let orders = self.entities.get_mut("order")?;
        let order = orders.iter_mut().find(|order| has(order))?;
        let mut gone = Value::Null;
        order["lineItems"].as_array_mut()?.retain(|line| {
            if line["id"] == *id {
                gone = line.clone();
            }
            line["id"] != *id
        });
        for delivery in array(&mut order["deliveries"]) {
            let positions = delivery["positions"].as_array_mut()?;
            positions.retain(|own| own["orderLineItemId"] != *id);
        }
        self.take_stock(&gone["productId"], -gone["quantity"].as_i64()?)
    }

    /// Changes fields of an order or its first delivery.
    pub(super) fn patch(
        &mut self,
        id: &str,
        of_delivery: bool,
        fields: &Value,
        now: DateTime<Utc>,
    ) -> Option<()> {
        let order = self.order_mut(id)?;
        let target = if of_delivery {
            array(&mut order["deliveries"]).first_mut()?
        } else {
            order
        };
        for (name, value) in fields.as_object()? {
            target[name] = value.clone();
        }
        target["updatedAt"] = json!(written(now));
        Some(())
    }
}

/// The rows of a list, none where it is no list.
pub(super) fn array(value: &mut Value) -> &mut [Value] {
    value
        .as_array_mut()
        .map(Vec::as_mut_slice)
        .unwrap_or_default()
}
