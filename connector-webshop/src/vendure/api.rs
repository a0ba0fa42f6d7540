//! One function per operation of the Admin API.

use connector_http::{HttpClient, Replay};
use order_core::{Error, Kind};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::auth::Session;
use super::config::VendureConfig;
use super::wire::{
    Channel, CodeOnly, Envelope, FeedRow, HistoryEntry, Items, Order, ServerConfig, Variant,
};

/// The most rows asked for at once.
pub(super) const PAGE: usize = 100;

#[derive(Clone, Debug)]
pub(super) struct Api {
    http: HttpClient,
    session: Option<Session>,
    order_fragment: String,
    order_field: Option<String>,
    gtin_field: Option<String>,
}

/// A document with its name, for errors and limits.
pub(super) struct Document<'a> {
    pub(super) name: &'a str,
    pub(super) text: &'a str,
    pub(super) variables: Value,
}

impl Api {
    pub(super) fn new(http: HttpClient, session: Option<Session>, config: &VendureConfig) -> Self {
        Self {
            http,
            session,
            order_fragment: order_fragment(config),
            order_field: config.order_field.clone(),
            gtin_field: config.gtin_field.clone(),
        }
    }

    pub(super) async fn query<T: DeserializeOwned>(
        &self,
        document: Document<'_>,
    ) -> Result<T, Error> {
        self.run(&document, true).await
    }

    pub(super) async fn mutate<T: DeserializeOwned>(
        &self,
        document: Document<'_>,
    ) -> Result<T, Error> {
        self.run(&document, false).await
    }

    async fn run<T: DeserializeOwned>(
        &self,
        document: &Document<'_>,
        read_only: bool,
    ) -> Result<T, Error> {
        let Some(session) = &self.session else {
            return self.once(document, read_only).await;
        };
        let generation = session.generation().await;
        match self.once(document, read_only).await {
            // A token that ran out is refused inside HTTP 200. A refused request did nothing, so
            // even a mutation may be sent once more with a new token.
            Err(error)
                if error.kind() == Kind::Unauthenticated && session.forget(generation).await =>
            {
                self.once(document, read_only).await
            }
            other => other,
        }
    }

    async fn once<T: DeserializeOwned>(
        &self,
        document: &Document<'_>,
        read_only: bool,
    ) -> Result<T, Error> {
        // Reads are safe to repeat; of mutations each counts, so they are never repeated.
        let replay = if read_only {
            Replay::Safe
        } else {
            Replay::Never
        };
        let mut request = self.http.post("", replay).operation(document.name);
        if read_only {
            request = request.read_only();
        }
        let body = json!({"query": document.text, "variables": document.variables});
        let answer = request.json(&body).send().await?;
        Ok(answer.json::<Envelope<T>>()?.data)
    }

    pub(super) async fn order(&self, id: &str) -> Result<Option<Order>, Error> {
        #[derive(Deserialize)]
        struct Data {
            order: Option<Order>,
        }
        let text = format!(
            "query($id: ID!) {{ order(id: $id) {{ {} }} }}",
            self.order_fragment
        );
        let variables = json!({"id": id});
        let data: Data = self
            .query(Document {
                name: "order",
                text: &text,
                variables,
            })
            .await?;
        Ok(data.order)
    }

    /// The notes of an order; `None` when the shop does not have it.
    pub(super) async fn notes(&self, id: &str) -> Result<Option<Vec<HistoryEntry>>, Error> {
        #[derive(Deserialize)]
        struct Data {
            order: Option<Noted>,
        }
        #[derive(Deserialize)]
        struct Noted {
            history: Items<HistoryEntry>,
        }
        let text = "query($id: ID!, $options: HistoryEntryListOptions) { order(id: $id) { \
            history(options: $options) { items { data } } } }";
        let options = json!({"filter": {"type": {"eq": "ORDER_NOTE"}}, "take": PAGE});
        let document = Document {
            name: "orderHistory",
            text,
            variables: json!({"id": id, "options": options}),
        };
        let data: Data = self.query(document).await?;
        Ok(data.order.map(|order| order.history.items))
    }

    async fn list<T: DeserializeOwned>(
        &self,
        fields: &str,
        options: Value,
    ) -> Result<Vec<T>, Error> {
        #[derive(Deserialize)]
        struct Data<T> {
            orders: Items<T>,
        }
        let text = format!(
            "query($options: OrderListOptions) {{ orders(options: $options) {{ items {{ {fields} }} }} }}"
        );
        let variables = json!({"options": options});
        let data: Data<T> = self
            .query(Document {
                name: "orders",
                text: &text,
                variables,
            })
            .await?;
        Ok(data.orders.items)
    }

    /// Orders by id, unread, so that one that does not fit does not hide the others.
    pub(super) async fn orders(&self, ids: &[&str]) -> Result<Vec<Value>, Error> {
        let options = json!({"filter": {"id": {"in": ids}}, "take": PAGE});
        self.list(&self.order_fragment, options).await
    }

    /// Orders under our key: by the custom field, or by the payment where the shop has none.
    pub(super) async fn orders_with_key(&self, key: &str) -> Result<Vec<Order>, Error> {
        let field = self.order_field.as_deref().unwrap_or("transactionId");
        let options = json!({"filter": {field: {"eq": key}}, "take": PAGE});
        self.list(&self.order_fragment, options).await
    }

    /// Orders updated after an instant, oldest first.
    pub(super) async fn updated_after(&self, at: &str, skip: u32) -> Result<Vec<FeedRow>, Error> {
        let filter = json!({"updatedAt": {"after": at}});
        let sort = json!({"updatedAt": "ASC", "id": "ASC"});
        let options = json!({"filter": filter, "sort": sort, "take": PAGE, "skip": skip});
        self.list("id updatedAt", options).await
    }

    pub(super) async fn last_updated(&self) -> Result<Option<FeedRow>, Error> {
        let rows = self.list(
            "id updatedAt",
            json!({"sort": {"updatedAt": "DESC"}, "take": 1}),
        );
        Ok(rows.await?.into_iter().next())
    }

    pub(super) async fn variants(
        &self,
        field: &str,
        values: &[&str],
    ) -> Result<Vec<Variant>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            product_variants: Items<Variant>,
        }
        let custom = match &self.gtin_field {
            Some(gtin) => format!("customFields {{ {gtin} }}"),
            None => String::new(),
        };
        let text = format!(
            "query($options: ProductVariantListOptions) {{ productVariants(options: $options) \
             {{ items {{ id sku {custom} }} }} }}"
        );
        let variables = json!({"options": {"filter": {field: {"in": values}}, "take": PAGE}});
        let document = Document {
            name: "productVariants",
            text: &text,
            variables,
        };
        Ok(self.query::<Data>(document).await?.product_variants.items)
    }

    /// Proves that orders may be read. (`me` would not do: it refuses API keys.)
    pub(super) async fn channel(&self) -> Result<Channel, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            active_channel: Channel,
        }
        let text = "query { orders(options: {take: 1}) { totalItems } \
            activeChannel { code defaultCurrencyCode pricesIncludeTax } }";
        let document = Document {
            name: "activeChannel",
            text,
            variables: json!({}),
        };
        Ok(self.query::<Data>(document).await?.active_channel)
    }

    pub(super) async fn server_config(&self) -> Result<ServerConfig, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Data {
            global_settings: Settings,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Settings {
            server_config: ServerConfig,
        }
        let text = "query { globalSettings { serverConfig { moneyStrategyPrecision \
            entityCustomFields { entityName customFields { ... on CustomField { name } } } } } }";
        let document = Document {
            name: "globalSettings",
            text,
            variables: json!({}),
        };
        Ok(self
            .query::<Data>(document)
            .await?
            .global_settings
            .server_config)
    }

    pub(super) async fn payment_methods(&self) -> Result<Vec<CodeOnly>, Error> {
        #[derive(Deserialize)]
        struct Data {
            methods: Items<CodeOnly>,
        }
        let text = "query { methods: paymentMethods(options: {take: 100}) { items { code } } }";
        let document = Document {
            name: "paymentMethods",
            text,
            variables: json!({}),
        };
        Ok(self.query::<Data>(document).await?.methods.items)
    }
}

/// Everything that is read of an order.
fn order_fragment(config: &VendureConfig) -> String {
    let order_fields = match &config.order_field {
        Some(field) => format!("customFields {{ {field} }}"),
        None => String::new(),
    };
    let own: Vec<&str> = [&config.line_field, &config.price_field]
        .into_iter()
        .filter_map(|field| field.as_deref())
        .collect();
    let line_fields = if own.is_empty() {
        String::new()
    } else {
        format!("customFields {{ {} }}", own.join(" "))
    };
    format!(
        "id code state currencyCode totalWithTax shippingWithTax updatedAt {order_fields} \
         lines {{ id quantity orderPlacedQuantity productVariant {{ id }} {line_fields} }} \
         customer {{ id }} shippingAddress {{ countryCode }} billingAddress {{ countryCode }} \
         shippingLines {{ shippingMethod {{ id }} }} payments {{ transactionId metadata }} \
         fulfillments {{ id state method trackingCode createdAt updatedAt \
         lines {{ orderLineId quantity }} }}"
    )
}
