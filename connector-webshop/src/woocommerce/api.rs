//! One function per endpoint.

use connector_http::{HttpClient, Replay};
use order_core::{Error, Kind};
use serde_json::Value;

use super::wire::{
    CurrencyInfo, FeedRow, Fulfillment, Note, NoteBody, Order, OrderBody, Product, Refund,
    RefundBody, SiteIndex, StatusInfo, SystemSettings, SystemStatus,
};

/// The most rows WooCommerce gives at once.
pub(super) const PAGE: usize = 100;

#[derive(Clone, Debug)]
pub(super) struct Api {
    http: HttpClient,
}

impl Api {
    pub(super) fn new(http: HttpClient) -> Self {
        Self { http }
    }

    pub(super) async fn products_by_sku(&self, skus: &[&str]) -> Result<Vec<Product>, Error> {
        let request = self
            .http
            .get("/wc/v3/products")
            .query("sku", skus.join(","));
        request.query("per_page", PAGE).send().await?.json()
    }

    pub(super) async fn products_by_gtin(&self, gtin: &str) -> Result<Vec<Product>, Error> {
        let request = self
            .http
            .get("/wc/v3/products")
            .query("global_unique_id", gtin);
        request.query("per_page", PAGE).send().await?.json()
    }

    pub(super) async fn create_order(&self, body: &OrderBody) -> Result<Order, Error> {
        // Never: every POST makes another order.
        self.http
            .post("/wc/v3/orders", Replay::Never)
            .json(body)
            .send()
            .await?
            .json()
    }

    pub(super) async fn update_order(&self, id: u64, body: &OrderBody) -> Result<Order, Error> {
        // Never: a late repeat could undo what the shop's staff did in between.
        let request = self.http.put("/wc/v3/orders/{id}", Replay::Never);
        request
            .segment("id", &id.to_string())
            .json(body)
            .send()
            .await?
            .json()
    }

    /// Puts an order into the trash.
    pub(super) async fn trash_order(&self, id: u64) -> Result<(), Error> {
        // Never: WooCommerce answers 410 to the second one, which would look like a failure.
        let request = self.http.delete("/wc/v3/orders/{id}", Replay::Never);
        request
            .segment("id", &id.to_string())
            .send()
            .await
            .map(drop)
    }

    /// An order whatever its status, the trash included; `None` when the shop has none.
    pub(super) async fn order(&self, id: u64) -> Result<Option<Value>, Error> {
        let request = self
            .http
            .get("/wc/v3/orders/{id}")
            .segment("id", &id.to_string());
        match request.send().await {
            Ok(answer) => answer.json().map(Some),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Orders by id, unread, so that one that does not fit does not hide the others. Drafts and
    /// trashed ones may be missing.
    pub(super) async fn orders(&self, ids: &[u64]) -> Result<Vec<Value>, Error> {
        let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
        let request = self
            .http
            .get("/wc/v3/orders")
            .query("include", ids.join(","));
        request
            .query("status", "any")
            .query("per_page", PAGE)
            .send()
            .await?
            .json()
    }

    /// Orders that were created via exactly this, in one of the statuses.
    pub(super) async fn orders_created_via(
        &self,
        created_via: &str,
        status: &str,
    ) -> Result<Vec<Value>, Error> {
        let request = self
            .http
            .get("/wc/v3/orders")
            .query("created_via", created_via);
        request
            .query("status", status)
            .query("per_page", PAGE)
            .send()
            .await?
            .json()
    }

    /// Whether the shop filters by `created_via`, asked with a value that no order has.
    pub(super) async fn ignores_created_via(&self, nobody: &str) -> Result<bool, Error> {
        let request = self.http.get("/wc/v3/orders").query("created_via", nobody);
        let rows: Vec<Value> = request
            .query("per_page", 1)
            .query("_fields", "id")
            .send()
            .await?
            .json()?;
        Ok(!rows.is_empty())
    }

    /// Orders modified after this second, oldest first.
    pub(super) async fn modified_after(
        &self,
        second: &str,
        page: u32,
    ) -> Result<Vec<FeedRow>, Error> {
        let request = self
            .http
            .get("/wc/v3/orders")
            .query("modified_after", second);
        request
            .query("dates_are_gmt", "true")
            .query("orderby", "modified")
            .query("order", "asc")
            .query("status", "any")
            .query("per_page", PAGE)
            .query("page", page)
            .query("_fields", "id,date_modified_gmt")
            .send()
            .await?
            .json()
    }

    /// The order that was modified last.
    pub(super) async fn last_modified(&self) -> Result<Option<FeedRow>, Error> {
        let request = self.http.get("/wc/v3/orders").query("orderby", "modified");
        let rows: Vec<FeedRow> = request
            .query("order", "desc")
            .query("status", "any")
            .query("per_page", 1)
            .query("_fields", "id,date_modified_gmt")
            .send()
            .await?
            .json()?;
        Ok(rows.into_iter().next())
    }

    /// WooCommerce's own fulfilments of an order; none where the feature is off.
    pub(super) async fn fulfillments(&self, id: u64) -> Result<Vec<Fulfillment>, Error> {
        let request = self
            .http
            .get("/wc/v3/orders/{id}/fulfillments")
            .segment("id", &id.to_string());
        match request.send().await {
            Ok(answer) => answer.json(),
            // The route is absent while the feature is off.
            Err(error) if error.kind() == Kind::Config => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn refunds(&self, id: u64) -> Result<Vec<Refund>, Error> {
        let request = self.http.get("/wc/v3/orders/{id}/refunds");
        request
            .segment("id", &id.to_string())
            .query("per_page", PAGE)
            .send()
            .await?
            .json()
    }

    pub(super) async fn refund(&self, id: u64, refund: &RefundBody) -> Result<Value, Error> {
        // Never: the second one takes more pieces off.
        let request = self.http.post("/wc/v3/orders/{id}/refunds", Replay::Never);
        request
            .segment("id", &id.to_string())
            .json(refund)
            .send()
            .await?
            .json()
    }

    /// Notes for staff.
    pub(super) async fn notes(&self, id: u64) -> Result<Vec<Note>, Error> {
        let request = self.http.get("/wc/v3/orders/{id}/notes");
        request
            .segment("id", &id.to_string())
            .query("type", "internal")
            .send()
            .await?
            .json()
    }

    pub(super) async fn add_note(&self, id: u64, note: &NoteBody) -> Result<(), Error> {
        // Never: a second one would show twice.
        let request = self.http.post("/wc/v3/orders/{id}/notes", Replay::Never);
        request
            .segment("id", &id.to_string())
            .json(note)
            .send()
            .await
            .map(drop)
    }

    pub(super) async fn statuses(&self) -> Result<Vec<StatusInfo>, Error> {
        self.http.get("/wc/v3/orders/statuses").send().await?.json()
    }

    pub(super) async fn currency(&self) -> Result<CurrencyInfo, Error> {
        self.http
            .get("/wc/v3/data/currencies/current")
            .send()
            .await?
            .json()
    }

    /// The shop's settings, for which the key's user must be a shop manager.
    pub(super) async fn settings(&self) -> Result<SystemSettings, Error> {
        let request = self.http.get("/wc/v3/system_status");
        let status: SystemStatus = request.query("_fields", "settings").send().await?.json()?;
        Ok(status.settings)
    }

    pub(super) async fn site(&self) -> Result<SiteIndex, Error> {
        self.http
            .get("/")
            .query("_fields", "name,namespaces")
            .send()
            .await?
            .json()
    }
}
