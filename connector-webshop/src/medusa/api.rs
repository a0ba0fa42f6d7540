//! One function per endpoint.

use connector_http::{HttpClient, Replay};
use order_core::{Error, Kind};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::wire::{
    Change, FeedRow, Named, Order, Region, ShippingOption, Store, TaxRate, TaxRegion, Variant,
};

/// The most rows asked for at once.
pub(super) const PAGE: usize = 100;

/// Everything that is read of an order.
///
/// Items are asked for whole: read alone and without their details, an order of which some pieces
/// were sent is `shipped`.
const ORDER_FIELDS: &str = "id,display_id,custom_display_id,status,currency_code,total,\
    payment_status,fulfillment_status,metadata,updated_at,*items,*items.detail,\
    items.tax_lines.rate,shipping_methods.id,\
    shipping_methods.tax_lines.rate,payment_collections.id,payment_collections.status,\
    *fulfillments,*fulfillments.labels,*fulfillments.items";

#[derive(Clone, Debug)]
pub(super) struct Api {
    http: HttpClient,
}

#[derive(Deserialize)]
struct OrderBody {
    order: Order,
}

impl Api {
    pub(super) fn new(http: HttpClient) -> Self {
        Self { http }
    }

    /// A list of up to [`PAGE`] rows that comes under a name of its own.
    async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        name: &str,
        query: &[(&str, &str)],
    ) -> Result<Vec<T>, Error> {
        let mut request = self.http.get(path).query("limit", PAGE);
        for (field, value) in query {
            request = request.query(field, value);
        }
        let answer = request.send().await?;
        let mut body: Value = answer.json()?;
        let unfit = |text: String| Error::not_applied(Kind::Decode, text).with_operation(path);
        let rows = body
            .get_mut(name)
            .map(Value::take)
            .ok_or_else(|| unfit(format!("the answer has no {name}")))?;
        serde_json::from_value(rows)
            .map_err(|error| unfit(format!("the answer's {name} do not fit")).with_source(error))
    }

    /// An order or draft; `None` when the shop has none.
    pub(super) async fn order(&self, id: &str) -> Result<Option<Order>, Error> {
        let request = self.http.get("/orders/{id}").segment("id", id);
        match request.query("fields", ORDER_FIELDS).send().await {
            Ok(answer) => Ok(Some(answer.json::<OrderBody>()?.order)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Orders by id, unread, so that one that does not fit does not hide the others. Drafts are
    /// missing.
    pub(super) async fn orders(&self, ids: &[&str]) -> Result<Vec<Value>, Error> {
        let mut query = vec![("fields", ORDER_FIELDS)];
        query.extend(ids.iter().map(|id| ("id[]", *id)));
        self.list("/orders", "orders", &query).await
    }

    /// Orders and drafts in which a search finds this text; the record decides.
    pub(super) async fn search(&self, text: &str) -> Result<Vec<Value>, Error> {
        let query = [("q", text), ("fields", ORDER_FIELDS)];
        let mut found = self.list("/orders", "orders", &query).await?;
        let drafts = self.list("/draft-orders", "draft_orders", &query);
        found.extend(drafts.await?);
        Ok(found)
    }

    pub(super) async fn create_draft(&self, draft: &Value) -> Result<Named, Error> {
        #[derive(Deserialize)]
        struct Body {
            draft_order: Named,
        }
        // Never: every POST makes another draft.
        let request = self.http.post("/draft-orders", Replay::Never);
        let answer = request.query("fields", "id").json(draft).send().await?;
        Ok(answer.json::<Body>()?.draft_order)
    }

    pub(super) async fn delete_draft(&self, id: &str) -> Result<(), Error> {
        // Never: the second one would be refused, which would look like a failure.
        let request = self.http.delete("/draft-orders/{id}", Replay::Never);
        let answer = request.segment("id", id).send().await?;
        answer.json::<Value>().map(drop)
    }

    /// Makes a draft an order. Medusa refuses to do it twice.
    pub(super) async fn convert(&self, id: &str) -> Result<(), Error> {
        let path = "/draft-orders/{id}/convert-to-order";
        // Never: the second one would be refused, which would look like a failure.
        let request = self.http.post(path, Replay::Never).segment("id", id);
        let answer = request.query("fields", "id").send().await?;
        answer.json::<Value>().map(drop)
    }

    pub(super) async fn add_payment_collection(
        &self,
        order: &str,
        amount: &str,
    ) -> Result<(), Error> {
        // Never: every POST makes another one.
        let request = self.http.post("/payment-collections", Replay::Never);
        let body = json!({"order_id": order, "amount": amount.parse::<f64>().unwrap_or(0.0)});
        let answer = request.json(&body).send().await?;
        answer.json::<Value>().map(drop)
    }

    pub(super) async fn mark_as_paid(&self, collection: &str, order: &str) -> Result<(), Error> {
        let path = "/payment-collections/{id}/mark-as-paid";
        // Never: the second one would be refused, which would look like a failure.
        let request = self
            .http
            .post(path, Replay::Never)
            .segment("id", collection);
        let body = json!({"order_id": order});
        let answer = request.json(&body).send().await?;
        answer.json::<Value>().map(drop)
    }

    /// Closes an order as dealt with. It needs no parcels for that.
    pub(super) async fn complete(&self, id: &str) -> Result<(), Error> {
        // Safe: completing a completed order changes nothing.
        let request = self.http.post("/orders/{id}/complete", Replay::Safe);
        let request = request.segment("id", id).query("fields", "id");
        let answer = request.json(&json!({})).send().await?;
        answer.json::<Value>().map(drop)
    }

    pub(super) async fn cancel(&self, id: &str) -> Result<(), Error> {
        // Never: the second one would be refused, which would look like a failure.
        let request = self.http.post("/orders/{id}/cancel", Replay::Never);
        let request = request.segment("id", id).query("fields", "id");
        let answer = request.json(&json!({})).send().await?;
        answer.json::<Value>().map(drop)
    }

    /// Changes of an order that are begun and not over: edits, returns, claims and exchanges.
    pub(super) async fn open_changes(&self, id: &str) -> Result<Vec<Change>, Error> {
        #[derive(Deserialize)]
        struct Body {
            order_changes: Vec<Change>,
        }
        let request = self.http.get("/orders/{id}/changes").segment("id", id);
        let request = request.query("status[]", "pending");
        let answer = request.query("status[]", "requested").send().await?;
        let mut changes = answer.json::<Body>()?.order_changes;
        changes.retain(|change| matches!(change.status.as_str(), "pending" | "requested"));
        Ok(changes)
    }

    /// Opens an edit, which changes nothing by itself. Medusa refuses a second one.
    pub(super) async fn begin_edit(&self, id: &str, note: &str) -> Result<(), Error> {
        // Never: the second one would be refused, which would look like somebody else's.
        let request = self.http.post("/order-edits", Replay::Never);
        let body = json!({"order_id": id, "internal_note": note});
        request.json(&body).send().await?.json::<Value>().map(drop)
    }

    /// How many pieces a line shall have once the order's edit is confirmed.
    pub(super) async fn edit_quantity(
        &self,
        id: &str,
        item: &str,
        quantity: u32,
    ) -> Result<(), Error> {
        let path = "/order-edits/{id}/items/item/{item}";
        // Never: it would be harmless, and is not needed.
        let request = self.http.post(path, Replay::Never).segment("id", id);
        let request = request.segment("item", item);
        let body = json!({"quantity": quantity});
        request.json(&body).send().await?.json::<Value>().map(drop)
    }

    /// Marks the order's edit as one nobody is written to about.
    pub(super) async fn request_edit(&self, id: &str) -> Result<(), Error> {
        // Never: it would be harmless, and is not needed.
        let request = self.http.post("/order-edits/{id}/request", Replay::Never);
        let body = json!({"no_notification": true});
        let answer = request.segment("id", id).json(&body).send().await?;
        answer.json::<Value>().map(drop)
    }

    /// Puts the order's edit into effect.
    pub(super) async fn confirm_edit(&self, id: &str) -> Result<(), Error> {
        // Never: the second one would be refused, or meet somebody else's edit.
        let request = self.http.post("/order-edits/{id}/confirm", Replay::Never);
        let answer = request.segment("id", id).json(&json!({})).send().await?;
        answer.json::<Value>().map(drop)
    }

    /// Drops the order's edit. The order stays as it is.
    pub(super) async fn drop_edit(&self, id: &str) -> Result<(), Error> {
        // Never: the second one would be refused, or meet somebody else's edit.
        let request = self.http.delete("/order-edits/{id}", Replay::Never);
        let answer = request.segment("id", id).send().await?;
        answer.json::<Value>().map(drop)
    }

    /// Adds to an order's metadata; other entries stay.
    pub(super) async fn add_metadata(&self, id: &str, metadata: &Value) -> Result<(), Error> {
        // Safe: the same entry twice is one entry.
        let request = self.http.post("/orders/{id}", Replay::Safe);
        let request = request.segment("id", id).query("fields", "id");
        let body = json!({"metadata": metadata});
        let answer = request.json(&body).send().await?;
        answer.json::<Value>().map(drop)
    }

    /// Orders updated at or after an instant, oldest first.
    pub(super) async fn updated_since(&self, at: &str, skip: u32) -> Result<Vec<FeedRow>, Error> {
        let skip = skip.to_string();
        let query = [
            ("updated_at[$gte]", at),
            ("order", "updated_at"),
            ("offset", skip.as_str()),
            ("fields", "id,updated_at"),
        ];
        self.list("/orders", "orders", &query).await
    }

    pub(super) async fn last_updated(&self) -> Result<Option<FeedRow>, Error> {
        #[derive(Deserialize)]
        struct Body {
            orders: Vec<FeedRow>,
        }
        let request = self.http.get("/orders").query("limit", 1);
        let request = request.query("order", "-updated_at");
        let answer = request.query("fields", "id,updated_at").send().await?;
        Ok(answer.json::<Body>()?.orders.into_iter().next())
    }

    /// Variants whose `field` is one of these values; the record decides.
    pub(super) async fn variants(
        &self,
        field: &str,
        values: &[&str],
    ) -> Result<Vec<Variant>, Error> {
        let field = format!("{field}[]");
        let mut query = vec![("fields", "id,sku,ean,upc,barcode")];
        query.extend(values.iter().map(|value| (field.as_str(), *value)));
        self.list("/product-variants", "variants", &query).await
    }

    /// These variants, with what tax rates can be bound to.
    pub(super) async fn variants_by_id(&self, ids: &[&str]) -> Result<Vec<Variant>, Error> {
        let fields = "id,sku,product_id,product.type_id";
        let mut query = vec![("fields", fields)];
        query.extend(ids.iter().map(|id| ("id[]", *id)));
        self.list("/product-variants", "variants", &query).await
    }

    /// A country's tax regions, and those of its provinces.
    pub(super) async fn tax_regions(&self, country: &str) -> Result<Vec<TaxRegion>, Error> {
        let query = [("country_code", country), ("fields", "id")];
        self.list("/tax-regions", "tax_regions", &query).await
    }

    /// The rates of these tax regions, the ones that are bound to products among them.
    pub(super) async fn tax_rates(&self, regions: &[TaxRegion]) -> Result<Vec<TaxRate>, Error> {
        let mut query = vec![("fields", "id,name,*rules")];
        query.extend(
            regions
                .iter()
                .map(|own| ("tax_region_id[]", own.id.as_str())),
        );
        self.list("/tax-rates", "tax_rates", &query).await
    }

    pub(super) async fn regions(&self) -> Result<Vec<Region>, Error> {
        let query = [("fields", "id,name,currency_code,*countries")];
        self.list("/regions", "regions", &query).await
    }

    pub(super) async fn shipping_options(&self) -> Result<Vec<ShippingOption>, Error> {
        let query = [("fields", "id,name,*service_zone.geo_zones")];
        self.list("/shipping-options", "shipping_options", &query)
            .await
    }

    pub(super) async fn sales_channels(&self) -> Result<Vec<Named>, Error> {
        let query = [("fields", "id,name")];
        self.list("/sales-channels", "sales_channels", &query).await
    }

    pub(super) async fn stores(&self) -> Result<Vec<Store>, Error> {
        let query = [("fields", "id,name,default_sales_channel_id")];
        self.list("/stores", "stores", &query).await
    }
}
