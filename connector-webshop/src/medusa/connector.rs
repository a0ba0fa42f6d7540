//! The port, in terms of Medusa's endpoints.

use async_trait::async_trait;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{
    AccountInfo, CancelShopOrder, CreateOrder, CreateProgress, CreateSemantics, Cursor, FoundOrder,
    Lag, NoteReturn, ProductMatch, ProductQuery, ShopCancel, ShopChanges, ShopNote, ShopRead,
    Webshop, WebshopCapabilities,
};
use order_core::shop::{ShopOrder, ShopState};
use order_core::{Error, Kind};
use serde_json::{Value, json};

use super::api::Api;
use super::config::MedusaConfig;
use super::wire::Order;
use super::{check, create, feed, from_wire, pieces, products, to_wire};
use crate::shared::{seconds, short, unreadable};

/// Orders that one read by id may ask for: their ids are in the address.
const MOST_IDS: usize = 50;

/// A Medusa shop.
#[derive(Debug)]
pub struct Medusa {
    pub(super) api: Api,
    pub(super) config: MedusaConfig,
}

impl Medusa {
    pub(super) fn new(api: Api, config: MedusaConfig) -> Self {
        Self { api, config }
    }

    pub(super) fn understand(&self, order: &Order) -> Result<ShopOrder, Error> {
        from_wire::order(order, &self.config).map_err(unreadable)
    }

    /// Orders and drafts whose record carries exactly this key.
    pub(super) async fn with_key(&self, key: &ExternalKey) -> Result<Vec<Order>, Error> {
        let text = key.to_string();
        // By the address that belongs to the order, and by its display id where the shop makes one
        // of the key. Searches find more than that.
        for words in [to_wire::nowhere(key, &self.config), text.clone()] {
            let mut own: Vec<Order> = Vec::new();
            for value in self.api.search(&words).await? {
                if value["metadata"][from_wire::KEY].as_str() == Some(&text) {
                    own.push(serde_json::from_value(value).map_err(unreadable)?);
                }
            }
            if !own.is_empty() {
                own.sort_by(|a, b| a.id.cmp(&b.id));
                return Ok(own);
            }
        }
        Ok(Vec::new())
    }

    /// Takes away a draft, or an order that was never paid.
    pub(super) async fn throw_away(&self, order: &Order) -> Result<(), Error> {
        if order.status == "draft" {
            self.api.delete_draft(&order.id).await
        } else {
            self.api.cancel(&order.id).await
        }
    }

    /// Cancels all of an order of which nothing has left.
    ///
    /// Medusa refuses to cancel an order with an open change, but has marked the payment as
    /// refunded by then: so such an order is not tried.
    pub(super) async fn cancel_whole(&self, order: &Order) -> Result<ShopCancel, Error> {
        let rejected = |reason| Ok(ShopCancel::Rejected { reason });
        if order.status != "draft"
            && let Some(reason) = pieces::in_the_way(self, order).await?
        {
            return rejected(reason);
        }
        match self.throw_away(order).await {
            Ok(()) => Ok(ShopCancel::Done),
            Err(error) if error.kind() == Kind::NotFound => Ok(ShopCancel::Done),
            Err(error) if error.kind() == Kind::Rejected => rejected(error.message().to_owned()),
            Err(error) => Err(error),
        }
    }

    fn read(&self, id: &ShopOrderId, value: Value) -> ShopRead {
        let read = serde_json::from_value::<Order>(value)
            .map_err(|error| format!("the shop's answer does not fit: {error}"))
            .and_then(|order| from_wire::order(&order, &self.config));
        match read {
            Ok(order) => ShopRead::Found(Box::new(order)),
            Err(reason) => ShopRead::Unreadable {
                id: id.clone(),
                reason,
            },
        }
    }

    /// One order that was missing from the list: a draft, or none.
    async fn read_alone(&self, id: &ShopOrderId) -> Result<ShopRead, Error> {
        let gone = || ShopRead::Gone(id.clone());
        let Some(order) = self.api.order(id.as_str()).await? else {
            return Ok(gone());
        };
        Ok(match from_wire::order(&order, &self.config) {
            Ok(order) => ShopRead::Found(Box::new(order)),
            Err(reason) => ShopRead::Unreadable {
                id: id.clone(),
                reason,
            },
        })
    }
}

#[async_trait]
impl Webshop for Medusa {
    fn capabilities(&self) -> WebshopCapabilities {
        let lag = Lag {
            in_flight: seconds(self.config.longest_request_seconds),
            index: seconds(0),
        };
        WebshopCapabilities::none("Medusa")
            .with_create(CreateSemantics::InertThenActivate, lag)
            .with_partial_shipments()
            .with_feed(true, false)
            .with_cancel_lines()
            .with_returns()
            .with_fulfilled_elsewhere()
            .with_max_ids_per_read(MOST_IDS)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        check::check(self).await
    }

    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        products::find(&self.api, &queries).await
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        let orders = self.with_key(&key).await?;
        let found = orders.iter().map(|stored| {
            let mut order = self.understand(stored)?;
            order.key = Some(key.clone());
            let unfinished = order.state == ShopState::Draft;
            let resume = unfinished.then(|| create::Place::at(&stored.id).checkpoint());
            Ok(FoundOrder { order, resume })
        });
        found.collect()
    }

    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        create::create(self, request).await
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        feed::changes(&self.api, cursor, self.config.feed_overlap_seconds).await
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        let mut listed = Vec::new();
        let texts: Vec<&str> = ids.iter().map(ShopOrderId::as_str).collect();
        for some in texts.chunks(MOST_IDS) {
            listed.extend(self.api.orders(some).await?);
        }
        let mut reads = Vec::with_capacity(ids.len());
        for id in &ids {
            let own = |value: &&Value| value["id"].as_str() == Some(id.as_str());
            let read = match listed.iter().find(own) {
                Some(value) => self.read(id, value.clone()),
                None => self.read_alone(id).await?,
            };
            reads.push(read);
        }
        Ok(reads)
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        let Some(order) = self.api.order(request.id.as_str()).await? else {
            return Ok(ShopCancel::Done);
        };
        let shop = self.understand(&order)?;
        if shop.state == ShopState::Cancelled {
            return Ok(ShopCancel::Done);
        }
        if !request.lines.is_empty() {
            return pieces::take_off(self, &order, &request).await;
        }
        if !shop.shipments.is_empty() || shop.state == ShopState::Completed {
            let (number, state) = (&shop.number, &shop.raw_state);
            let reason = format!("order {number} is {state}: goods have left already");
            return Ok(ShopCancel::Rejected { reason });
        }
        self.cancel_whole(&order).await
    }

    async fn note_return(&self, request: NoteReturn) -> Result<ShopNote, Error> {
        let rejected = |reason: String| Ok(ShopNote::Rejected { reason });
        let Some(order) = self.api.order(request.order.as_str()).await? else {
            return rejected(format!("the shop has no order {}", request.order));
        };
        let name = format!("return {}", request.reference);
        if order.metadata.get(&name).is_some() {
            return Ok(ShopNote::Written);
        }
        let entry = json!({name: short(&request.text, 1000)});
        match self.api.add_metadata(&order.id, &entry).await {
            Ok(()) => Ok(ShopNote::Written),
            Err(error) if error.kind() == Kind::Rejected => rejected(error.message().to_owned()),
            Err(error) => Err(error),
        }
    }
}
