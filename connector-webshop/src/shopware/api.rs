//! One function per endpoint.

use connector_http::{HttpClient, Replay, Request, Response};
use order_core::{Error, Kind};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::wire::{
    Country, Currency, FeedRow, Found, MachineState, Named, Order, PricedOrder, Product,
    SalesChannel, Version,
};

/// The most rows asked for at once.
pub(super) const PAGE: usize = 100;

#[derive(Clone, Debug)]
pub(super) struct Api {
    http: HttpClient,
}

/// `field` is exactly this.
fn equals(field: &str, value: &str) -> Value {
    json!({"type": "equals", "field": field, "value": value})
}

/// `field` is one of these. (`equalsAny` would take them in one text, parted by a sign that may
/// stand in a value.)
fn any_of(field: &str, values: &[&str]) -> Value {
    let queries: Vec<Value> = values.iter().map(|value| equals(field, value)).collect();
    json!({"type": "multi", "operator": "or", "queries": queries})
}

/// What is read of a row of a feed; a delivery also names its order.
fn feed_fields(entity: &str) -> Vec<&'static str> {
    let mut fields = vec!["id", "updatedAt"];
    if entity == "order-delivery" {
        fields.push("orderId");
    }
    fields
}

/// A change is answered with nothing (204) or with JSON; anything else is not Shopware's answer.
fn understood(answer: &Response) -> Result<(), Error> {
    if answer.status() == 204 {
        return Ok(());
    }
    answer.json::<Value>().map(drop)
}

impl Api {
    pub(super) fn new(http: HttpClient) -> Self {
        Self { http }
    }

    fn searching(&self, entity: &str) -> Request {
        // A search only reads.
        self.http
            .post("/search/{entity}", Replay::Safe)
            .segment("entity", entity)
            .operation(format!("POST /search/{entity}"))
    }

    async fn search<T: DeserializeOwned>(
        &self,
        entity: &str,
        criteria: &Value,
    ) -> Result<Vec<T>, Error> {
        let request = self.searching(entity);
        let answer = request.read_only().json(criteria).send().await?;
        Ok(answer.json::<Found<T>>()?.data)
    }

    /// Orders by id, unread, so that one that does not fit does not hide the others.
    pub(super) async fn orders(&self, ids: &[&str]) -> Result<Vec<Value>, Error> {
        let criteria = json!({
            "ids": ids,
            "limit": PAGE,
            "associations": {
                "stateMachineState": {},
                "currency": {},
                "lineItems": {},
                "deliveries": {"associations": {
                    "stateMachineState": {}, "positions": {}, "shippingMethod": {},
                }},
            },
            "includes": {
                "order": [
                    "id", "orderNumber", "amountTotal", "customFields", "customerComment",
                    "createdAt", "updatedAt", "stateMachineState", "currency", "lineItems",
                    "deliveries",
                ],
                "order_line_item": ["id", "quantity"],
                "order_delivery": [
                    "id", "trackingCodes", "stateMachineState", "shippingMethod", "positions",
                    "updatedAt",
                ],
                "order_delivery_position": ["orderLineItemId", "quantity"],
                "shipping_method": ["id", "name"],
                "state_machine_state": ["technicalName"],
                "currency": ["id", "isoCode"],
            },
        });
        self.search("order", &criteria).await
    }

    pub(super) async fn order(&self, id: &str) -> Result<Option<Order>, Error> {
        let mut found = self.orders(&[id]).await?.into_iter();
        let own = found.find(|value| value["id"] == id);
        own.map(serde_json::from_value)
            .transpose()
            .map_err(crate::shared::unreadable)
    }

    /// Inserts an order. One that is there already is refused.
    pub(super) async fn create(&self, order: &Value) -> Result<(), Error> {
        // Never: the second one would be refused, which would look like somebody else's.
        let request = self.http.post("/order", Replay::Never);
        understood(&request.json(order).send().await?)
    }

    pub(super) async fn cancel(&self, id: &str) -> Result<(), Error> {
        let path = "/_action/order/{id}/state/cancel";
        // Never: the second one would be refused, which would look like a failure.
        let request = self.http.post(path, Replay::Never).segment("id", id);
        let body = json!({"sendMail": false});
        understood(&request.json(&body).send().await?)
    }

    /// An order with the prices in it.
    pub(super) async fn priced(&self, id: &str) -> Result<Option<PricedOrder>, Error> {
        let criteria = json!({
            "ids": [id],
            "limit": 1,
            "associations": {
                "lineItems": {},
                "deliveries": {"associations": {"positions": {}}},
            },
            "includes": {
                "order": ["id", "taxStatus", "shippingCosts", "lineItems", "deliveries"],
                "order_line_item": ["id", "quantity", "price"],
                "order_delivery": ["id", "positions"],
                "order_delivery_position": ["id", "orderLineItemId"],
            },
        });
        let found: Vec<PricedOrder> = self.search("order", &criteria).await?;
        Ok(found.into_iter().next())
    }

    /// Updates an order and deletes lines of it, both or neither.
    pub(super) async fn edit(&self, order: &Value, gone: &[String]) -> Result<(), Error> {
        let mut operations = vec![json!({
            "action": "upsert", "entity": "order", "payload": [order],
        })];
        if !gone.is_empty() {
            let ids: Vec<Value> = gone.iter().map(|id| json!({"id": id})).collect();
            operations.push(json!({
                "action": "delete", "entity": "order_line_item", "payload": ids,
            }));
        }
        // Never: a late repeat could undo what staff changed in between.
        let request = self.http.post("/_action/sync", Replay::Never);
        understood(&request.json(&operations).send().await?)
    }

    pub(super) async fn set_comment(&self, id: &str, comment: &str) -> Result<(), Error> {
        // Never: a late repeat could undo what staff wrote in between.
        let request = self.http.patch("/order/{id}", Replay::Never);
        let request = request.segment("id", id);
        let body = json!({"customerComment": comment});
        understood(&request.json(&body).send().await?)
    }

    /// Products whose `field` is one of these values; the record decides.
    pub(super) async fn products(
        &self,
        field: &str,
        values: &[&str],
    ) -> Result<Vec<Product>, Error> {
        let criteria = json!({
            "limit": 500,
            "filter": [any_of(field, values)],
            "includes": {"product": ["id", "productNumber", "ean"]},
        });
        self.search("product", &criteria).await
    }

    /// Products with their number, their tax and what differs by country.
    pub(super) async fn sold(&self, ids: &[&str]) -> Result<Vec<Product>, Error> {
        let criteria = json!({
            "ids": ids,
            "limit": 500,
            "associations": {"tax": {"associations": {"rules": {"associations": {
                "country": {}, "type": {},
            }}}}},
            "includes": {
                "product": ["id", "productNumber", "tax"],
                "tax": ["taxRate", "rules"],
                "tax_rule": ["taxRate", "country", "type"],
                "tax_rule_type": ["technicalName"],
                "country": ["id", "iso"],
            },
        });
        // What a variant does not have itself is its parent's: mostly the tax.
        let request = self.searching("product").header("sw-inheritance", "1");
        let answer = request.read_only().json(&criteria).send().await?;
        Ok(answer.json::<Found<Product>>()?.data)
    }

    pub(super) async fn sales_channels(&self) -> Result<Vec<SalesChannel>, Error> {
        let criteria = json!({
            "limit": 500,
            "includes": {"sales_channel": [
                "id", "name", "languageId", "paymentMethodId", "shippingMethodId",
            ]},
        });
        self.search("sales-channel", &criteria).await
    }

    /// Payment or shipping methods.
    pub(super) async fn methods(&self, entity: &str) -> Result<Vec<Named>, Error> {
        let includes = json!({entity.replace('-', "_"): ["id", "name"]});
        let criteria = json!({"limit": 500, "includes": includes});
        self.search(entity, &criteria).await
    }

    pub(super) async fn countries(&self, codes: &[&str]) -> Result<Vec<Country>, Error> {
        let criteria = json!({
            "limit": PAGE,
            "filter": [any_of("iso", codes)],
            "includes": {"country": ["id", "iso"]},
        });
        self.search("country", &criteria).await
    }

    pub(super) async fn currencies(&self, code: &str) -> Result<Vec<Currency>, Error> {
        let criteria = json!({
            "limit": PAGE,
            "filter": [equals("isoCode", code)],
            "includes": {"currency": ["id", "isoCode", "factor"]},
        });
        self.search("currency", &criteria).await
    }

    pub(super) async fn salutation(&self) -> Result<Option<String>, Error> {
        let criteria = json!({
            "limit": 1,
            "filter": [equals("salutationKey", "not_specified")],
            "includes": {"salutation": ["id"]},
        });
        let found: Vec<Named> = self.search("salutation", &criteria).await?;
        Ok(found.into_iter().next().map(|own| own.id))
    }

    pub(super) async fn states(&self) -> Result<Vec<MachineState>, Error> {
        let criteria = json!({
            "limit": 500,
            "associations": {"stateMachine": {}},
            "includes": {
                "state_machine_state": ["id", "technicalName", "stateMachine"],
                "state_machine": ["technicalName"],
            },
        });
        self.search("state-machine-state", &criteria).await
    }

    /// Orders or deliveries that were updated at or after an instant, oldest first.
    pub(super) async fn updated_since(
        &self,
        entity: &str,
        at: &str,
        page: u32,
    ) -> Result<Vec<FeedRow>, Error> {
        let range = json!({"type": "range", "field": "updatedAt", "parameters": {"gte": at}});
        let criteria = json!({
            "limit": PAGE,
            "page": page,
            "filter": [range],
            "sort": [
                {"field": "updatedAt", "order": "ASC"}, {"field": "id", "order": "ASC"},
            ],
            "includes": {entity.replace('-', "_"): feed_fields(entity)},
        });
        self.search(entity, &criteria).await
    }

    pub(super) async fn last_updated(&self, entity: &str) -> Result<Option<FeedRow>, Error> {
        let criteria = json!({
            "limit": 1,
            "sort": [{"field": "updatedAt", "order": "DESC"}],
            "includes": {entity.replace('-', "_"): feed_fields(entity)},
        });
        let rows: Vec<FeedRow> = self.search(entity, &criteria).await?;
        Ok(rows.into_iter().next())
    }

    pub(super) async fn version(&self) -> Result<String, Error> {
        let answer = self.http.get("/_info/version").send().await?;
        Ok(answer.json::<Version>()?.version)
    }
}

/// Something that the shop must have, and has not.
pub(super) fn lacks(what: &str) -> Error {
    Error::not_applied(Kind::Config, format!("the shop has no {what}"))
}
