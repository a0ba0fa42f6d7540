//! The port, in terms of Magento's endpoints.

use async_trait::async_trait;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{
    AccountInfo, CancelShopOrder, CreateOrder, CreateProgress, CreateSemantics, Cursor, FoundOrder,
    Lag, NoteReturn, ProductMatch, ProductQuery, ShopCancel, ShopChanges, ShopNote, ShopRead,
    Webshop, WebshopCapabilities,
};
use order_core::shop::{ShopOrder, ShopState};
use order_core::{Error, Kind};
use serde_json::Value;

use super::api::{Api, PAGE};
use super::config::MagentoConfig;
use super::wire::{Order, Shipment};
use super::{check, create, feed, from_wire, products, to_wire};
use crate::shared::{seconds, short, unreadable};

/// A Magento 2 or Adobe Commerce shop.
#[derive(Debug)]
pub struct Magento {
    pub(super) api: Api,
    pub(super) config: MagentoConfig,
}

impl Magento {
    pub(super) fn new(api: Api, config: MagentoConfig) -> Self {
        Self { api, config }
    }

    /// Reads an order into our words, with a call for its shipments.
    pub(super) async fn understand(&self, order: &Order) -> Result<ShopOrder, Error> {
        let shipments = self.api.shipments(&[order.entity_id]).await?;
        from_wire::order(order, &shipments, &self.config).map_err(unreadable)
    }

    fn read(&self, id: &ShopOrderId, value: Value, shipments: &[Shipment]) -> ShopRead {
        let read = serde_json::from_value::<Order>(value)
            .map_err(|error| format!("the shop's answer does not fit: {error}"))
            .and_then(|order| from_wire::order(&order, shipments, &self.config));
        match read {
            Ok(order) => ShopRead::Found(Box::new(order)),
            Err(reason) => ShopRead::Unreadable {
                id: id.clone(),
                reason,
            },
        }
    }

    /// The orders that were made under this key, oldest first; all but the last are cancelled.
    pub(super) async fn with_key(&self, key: &ExternalKey) -> Result<Vec<Order>, Error> {
        let found = self.api.orders_numbered(&from_wire::numbers(key)).await?;
        let mut orders = Vec::new();
        // The shop's database takes upper and lower case for the same; the record decides.
        for number in from_wire::numbers(key) {
            let own = |value: &&Value| value["increment_id"].as_str() == Some(&number);
            for value in found.iter().filter(own) {
                let order: Order = serde_json::from_value(value.clone()).map_err(unreadable)?;
                orders.push(order);
            }
        }
        Ok(orders)
    }

    /// An order by our id of it; `None` when the shop does not have it.
    async fn order(&self, id: &ShopOrderId) -> Result<Option<Order>, Error> {
        let Some(number) = number(id) else {
            return Ok(None);
        };
        match self.api.order(number).await {
            Ok(order) => Ok(Some(order)),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn number(id: &ShopOrderId) -> Option<u64> {
    id.as_str().parse().ok()
}

fn refused(error: Error) -> Result<ShopCancel, Error> {
    if error.kind() == Kind::Rejected {
        let reason = error.message().to_owned();
        return Ok(ShopCancel::Rejected { reason });
    }
    Err(error)
}

#[async_trait]
impl Webshop for Magento {
    fn capabilities(&self) -> WebshopCapabilities {
        let lag = Lag {
            in_flight: seconds(self.config.longest_request_seconds),
            index: seconds(0),
        };
        WebshopCapabilities::none("Magento 2")
            .with_create(CreateSemantics::UniqueKey, lag)
            .with_partial_shipments()
            .with_feed(true, false)
            .with_cancel_lines()
            .with_returns()
            .with_fulfilled_elsewhere()
            .with_max_ids_per_read(PAGE)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        check::check(self).await
    }

    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        products::find(&self.api, &self.config, &queries).await
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        let mut found = Vec::new();
        for stored in self.with_key(&key).await? {
            let mut order = self.understand(&stored).await?;
            order.key = Some(key.clone());
            let is_draft = order.state == ShopState::Draft;
            let resume = is_draft.then(|| create::Step::checkpoint(&stored));
            found.push(FoundOrder { order, resume });
        }
        Ok(found)
    }

    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        create::create(self, request).await
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        feed::changes(&self.api, cursor, self.config.feed_overlap_seconds).await
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        let numbers: Vec<u64> = ids.iter().filter_map(number).collect();
        let mut listed = Vec::new();
        let mut shipments = Vec::new();
        for some in numbers.chunks(PAGE) {
            listed.extend(self.api.orders(some).await?);
            shipments.extend(self.api.shipments(some).await?);
        }
        let reads = ids.iter().map(|id| {
            let own = |value: &&Value| {
                let found = value["entity_id"].as_u64();
                found.is_some() && found == number(id)
            };
            match listed.iter().find(own) {
                Some(value) => self.read(id, value.clone(), &shipments),
                None => ShopRead::Gone(id.clone()),
            }
        });
        Ok(reads.collect())
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        let Some(order) = self.order(&request.id).await? else {
            return Ok(ShopCancel::Done);
        };
        let shop = self.understand(&order).await?;
        let whole = request.lines.is_empty();
        let (number, state) = (&shop.number, &shop.raw_state);
        let too_late = match shop.state {
            ShopState::Cancelled => return Ok(ShopCancel::Done),
            ShopState::Completed => true,
            ShopState::Draft => !whole,
            ShopState::Open | ShopState::Unknown => whole && !shop.shipments.is_empty(),
        };
        if too_late {
            let reason = format!("order {number} is {state}, which does not allow it");
            return Ok(ShopCancel::Rejected { reason });
        }
        if whole && !from_wire::is_invoiced(&order) {
            return match self.api.cancel(order.entity_id).await {
                Ok(true) => Ok(ShopCancel::Done),
                Ok(false) => Ok(ShopCancel::Rejected {
                    reason: format!("the shop keeps order {number} at {state}"),
                }),
                Err(error) => refused(error),
            };
        }
        // What is invoiced is taken off by a credit memo; no payment is moved ("offline").
        let body = if whole {
            to_wire::refund_all(&request.note)
        } else {
            match to_wire::refund(&order, &request.lines, &request.note) {
                Ok(body) => body,
                Err(reason) => return Ok(ShopCancel::Rejected { reason }),
            }
        };
        match self.api.refund(order.entity_id, &body).await {
            Ok(_) => Ok(ShopCancel::Done),
            Err(error) => refused(error),
        }
    }

    async fn note_return(&self, request: NoteReturn) -> Result<ShopNote, Error> {
        let rejected = |reason: String| Ok(ShopNote::Rejected { reason });
        let Some(order) = self.order(&request.order).await? else {
            return rejected(format!("the shop has no order {}", request.order));
        };
        let mark = format!("[{}]", request.reference);
        let written = self.api.comments(order.entity_id).await?;
        let known = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(&mark));
        if written.iter().any(|own| known(&own.comment)) {
            return Ok(ShopNote::Written);
        }
        let text = format!("{} {mark}", short(&request.text, 1000));
        let body = to_wire::comment(order.entity_id, &text);
        match self.api.add_comment(order.entity_id, &body).await {
            Ok(true) => Ok(ShopNote::Written),
            Ok(false) => rejected("the shop does not take the comment".to_owned()),
            Err(error) if error.kind() == Kind::Rejected => rejected(error.message().to_owned()),
            Err(error) => Err(error),
        }
    }
}
