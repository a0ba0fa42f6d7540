//! One function per endpoint.

use connector_http::{HttpClient, Replay, Request, Response};
use order_core::Error;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::wire::{Comment, Found, Order, Product, Shipment, StoreConfig, StoreView};

/// The most rows asked for at once.
pub(super) const PAGE: usize = 100;

#[derive(Clone, Debug)]
pub(super) struct Api {
    http: HttpClient,
}

/// What a search looks for.
#[derive(Default)]
pub(super) struct Criteria {
    /// Any of these fits: field, condition, value.
    pub(super) any: Vec<(String, &'static str, String)>,
    /// Field and direction.
    pub(super) sort: Vec<(&'static str, &'static str)>,
    pub(super) size: usize,
    /// From 1.
    pub(super) page: u32,
}

impl Criteria {
    /// Exactly these ids.
    fn ids(field: &'static str, ids: &[u64]) -> Self {
        let list: Vec<String> = ids.iter().map(u64::to_string).collect();
        Self {
            any: vec![(field.to_owned(), "in", list.join(","))],
            size: PAGE,
            page: 1,
            ..Self::default()
        }
    }

    fn write(&self, mut request: Request) -> Request {
        for (at, (field, condition, value)) in self.any.iter().enumerate() {
            let name =
                |part: &str| format!("searchCriteria[filterGroups][0][filters][{at}][{part}]");
            request = request
                .query(&name("field"), field)
                .query(&name("conditionType"), condition)
                .query(&name("value"), value);
        }
        for (at, (field, direction)) in self.sort.iter().enumerate() {
            let name = |part: &str| format!("searchCriteria[sortOrders][{at}][{part}]");
            request = request
                .query(&name("field"), field)
                .query(&name("direction"), direction);
        }
        request
            .query("searchCriteria[pageSize]", self.size)
            .query("searchCriteria[currentPage]", self.page)
    }
}

/// What was found of one page, and how much there is on all of them.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) total: u64,
}

/// Nothing was found only where nothing is counted. A success that is something else, from a
/// proxy or a plug-in, would make an order that was not found a second time.
fn page<T: DeserializeOwned>(response: &Response) -> Result<Page<T>, Error> {
    let found: Found<T> = response.json()?;
    match (found.items, found.total_count) {
        (Some(items), Some(total)) => Ok(Page { items, total }),
        (None, Some(0)) => Ok(Page {
            items: Vec::new(),
            total: 0,
        }),
        (None, Some(_) | None) | (Some(_), None) => {
            let text = "the answer has no list of what was found, or not how much it is";
            Err(response.unreadable(text.to_owned()))
        }
    }
}

impl Api {
    pub(super) fn new(http: HttpClient) -> Self {
        Self { http }
    }

    async fn search<T: DeserializeOwned>(
        &self,
        path: &str,
        criteria: &Criteria,
    ) -> Result<Page<T>, Error> {
        let request = criteria.write(self.http.get(path));
        page(&request.send().await?)
    }

    /// Orders as they are, so that one that does not fit does not hide the others.
    pub(super) async fn orders(&self, ids: &[u64]) -> Result<Vec<Value>, Error> {
        let criteria = Criteria::ids("entity_id", ids);
        Ok(self.search("/V1/orders", &criteria).await?.items)
    }

    /// Orders with one of these numbers; the record decides.
    pub(super) async fn orders_numbered(&self, numbers: &[String]) -> Result<Vec<Value>, Error> {
        let one = |number: &String| ("increment_id".to_owned(), "eq", number.clone());
        let criteria = Criteria {
            any: numbers.iter().map(one).collect(),
            size: PAGE,
            page: 1,
            ..Criteria::default()
        };
        Ok(self.search("/V1/orders", &criteria).await?.items)
    }

    pub(super) async fn updated_orders(&self, criteria: &Criteria) -> Result<Page<Value>, Error> {
        self.search("/V1/orders", criteria).await
    }

    pub(super) async fn order(&self, id: u64) -> Result<Order, Error> {
        let request = self
            .http
            .get("/V1/orders/{id}")
            .segment("id", &id.to_string());
        request.send().await?.json()
    }

    pub(super) async fn create(&self, body: &Value) -> Result<Order, Error> {
        // Never: the second one would be refused, which would look like somebody else's.
        let request = self.http.post("/V1/orders", Replay::Never);
        request.json(body).send().await?.json()
    }

    pub(super) async fn invoice(&self, id: u64, body: &Value) -> Result<Value, Error> {
        // Never: the second one would be refused, which would look like a failure.
        let request = self.http.post("/V1/order/{orderId}/invoice", Replay::Never);
        let request = request.segment("orderId", &id.to_string());
        request.json(body).send().await?.json()
    }

    /// Whether it was cancelled.
    pub(super) async fn cancel(&self, id: u64) -> Result<bool, Error> {
        // Never: the second one says no.
        let request = self.http.post("/V1/orders/{id}/cancel", Replay::Never);
        let request = request.segment("id", &id.to_string());
        request.send().await?.json()
    }

    pub(super) async fn refund(&self, id: u64, body: &Value) -> Result<Value, Error> {
        // Never: the second one takes more pieces off.
        let request = self.http.post("/V1/order/{orderId}/refund", Replay::Never);
        let request = request.segment("orderId", &id.to_string());
        request.json(body).send().await?.json()
    }

    pub(super) async fn comments(&self, id: u64) -> Result<Vec<Comment>, Error> {
        let request = self.http.get("/V1/orders/{id}/comments");
        let request = request.segment("id", &id.to_string());
        Ok(page(&request.send().await?)?.items)
    }

    pub(super) async fn add_comment(&self, id: u64, body: &Value) -> Result<bool, Error> {
        // Never: the second one is a second comment.
        let request = self.http.post("/V1/orders/{id}/comments", Replay::Never);
        let request = request.segment("id", &id.to_string());
        request.json(body).send().await?.json()
    }

    /// The shipments of these orders, all pages of them.
    pub(super) async fn shipments(&self, orders: &[u64]) -> Result<Vec<Shipment>, Error> {
        let mut criteria = Criteria::ids("order_id", orders);
        criteria.sort = vec![("entity_id", "ASC")];
        let mut all: Vec<Shipment> = Vec::new();
        loop {
            let found: Page<Shipment> = self.search("/V1/shipments", &criteria).await?;
            let before = all.len();
            for shipment in found.items {
                // A page behind the last one is the last one again.
                if all.iter().all(|own| own.entity_id != shipment.entity_id) {
                    all.push(shipment);
                }
            }
            let counted = u64::try_from(all.len()).unwrap_or(u64::MAX);
            if counted >= found.total || all.len() == before {
                return Ok(all);
            }
            criteria.page += 1;
        }
    }

    /// Products whose `field` is one of these values; the record decides.
    pub(super) async fn products(
        &self,
        field: &str,
        values: &[&str],
    ) -> Result<Vec<Product>, Error> {
        let one = |value: &&str| (field.to_owned(), "eq", (*value).to_owned());
        let criteria = Criteria {
            any: values.iter().map(one).collect(),
            size: 4 * PAGE,
            page: 1,
            ..Criteria::default()
        };
        Ok(self.search("/V1/products", &criteria).await?.items)
    }

    pub(super) async fn store_configs(&self) -> Result<Vec<StoreConfig>, Error> {
        self.http.get("/V1/store/storeConfigs").send().await?.json()
    }

    pub(super) async fn store_views(&self) -> Result<Vec<StoreView>, Error> {
        self.http.get("/V1/store/storeViews").send().await?.json()
    }
}
