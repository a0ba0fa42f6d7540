//! The port, in terms of Shopware's endpoints.

use async_trait::async_trait;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{
    AccountInfo, CancelShopOrder, CreateOrder, CreateProgress, CreateSemantics, Cursor, FoundOrder,
    Lag, NoteReturn, ProductMatch, ProductQuery, ShopCancel, ShopChanges, ShopNote, ShopRead,
    Webshop, WebshopCapabilities,
};
use order_core::shipment::LineQuantity;
use order_core::shop::{ShopOrder, ShopState};
use order_core::{Error, Kind};
use serde_json::Value;

use super::api::{Api, PAGE};
use super::classify::ILLEGAL_TRANSITION;
use super::config::ShopwareConfig;
use super::pieces::{self, Change};
use super::wire::Order;
use super::{check, create, feed, from_wire, ids, products, to_wire};
use crate::shared::{seconds, unreadable};

/// A Shopware 6 shop.
#[derive(Debug)]
pub struct Shopware {
    pub(super) api: Api,
    pub(super) config: ShopwareConfig,
}

impl Shopware {
    pub(super) fn new(api: Api, config: ShopwareConfig) -> Self {
        Self { api, config }
    }

    pub(super) fn understand(&self, order: &Order) -> Result<ShopOrder, Error> {
        from_wire::order(order, &self.config).map_err(unreadable)
    }

    /// What cancelling these pieces, or without any the whole order, takes.
    async fn change(
        &self,
        order: &Order,
        shop: &ShopOrder,
        parts: &[LineQuantity],
    ) -> Result<Result<Change, String>, Error> {
        if parts.is_empty() {
            return Ok(Ok(Change::Whole));
        }
        Ok(match self.api.priced(&order.id).await? {
            Some(priced) => pieces::take_off(order, &priced, parts, shop.total.currency),
            None => Err(format!("the shop has no order {}", shop.number)),
        })
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
}

#[async_trait]
impl Webshop for Shopware {
    fn capabilities(&self) -> WebshopCapabilities {
        let lag = Lag {
            in_flight: seconds(self.config.longest_request_seconds),
            index: seconds(0),
        };
        WebshopCapabilities::none("Shopware 6")
            .with_create(CreateSemantics::UniqueKey, lag)
            .with_feed(true, true)
            .with_cancel_lines()
            .with_returns()
            .with_fulfilled_elsewhere()
            .with_max_ids_per_read(PAGE)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        check::check(self).await
    }

    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        products::find(&self.api, &queries).await
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        let Some(stored) = self.api.order(&ids::order(&key)).await? else {
            return Ok(Vec::new());
        };
        if from_wire::key_text(&stored) != Some(&key.to_string()) {
            return Ok(Vec::new());
        }
        let mut order = self.understand(&stored)?;
        order.key = Some(key);
        let found = FoundOrder {
            order,
            resume: None,
        };
        Ok(vec![found])
    }

    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        create::create(self, request).await
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        feed::changes(&self.api, cursor, self.config.feed_overlap_seconds).await
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        let texts = ids.iter().map(ShopOrderId::as_str);
        let texts: Vec<&str> = texts.filter(|text| ids::is_id(text)).collect();
        let mut listed = Vec::new();
        for some in texts.chunks(PAGE) {
            listed.extend(self.api.orders(some).await?);
        }
        let reads = ids.iter().map(|id| {
            let own = |value: &&Value| value["id"].as_str() == Some(id.as_str());
            match listed.iter().find(own) {
                Some(value) => self.read(id, value.clone()),
                None => ShopRead::Gone(id.clone()),
            }
        });
        Ok(reads.collect())
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        let id = request.id.as_str();
        if !ids::is_id(id) {
            return Ok(ShopCancel::Done);
        }
        let Some(order) = self.api.order(id).await? else {
            return Ok(ShopCancel::Done);
        };
        let shop = self.understand(&order)?;
        if shop.state == ShopState::Cancelled {
            return Ok(ShopCancel::Done);
        }
        let (number, state) = (&shop.number, &shop.raw_state);
        if !shop.shipments.is_empty() || shop.state == ShopState::Completed {
            let reason = format!("order {number} is {state}: goods have left already");
            return Ok(ShopCancel::Rejected { reason });
        }
        let change = match self.change(&order, &shop, &request.lines).await? {
            Ok(change) => change,
            Err(reason) => return Ok(ShopCancel::Rejected { reason }),
        };
        let sent = match change {
            Change::Whole => self.api.cancel(id).await,
            Change::Part { order, gone } => self.api.edit(&order, &gone).await,
        };
        match sent {
            Ok(()) => Ok(ShopCancel::Done),
            Err(error) if error.kind() == Kind::NotFound => Ok(ShopCancel::Done),
            Err(error) if error.message().starts_with(ILLEGAL_TRANSITION) => {
                let reason = format!("order {number} is {state}, which cannot be cancelled");
                Ok(ShopCancel::Rejected { reason })
            }
            Err(error) if error.kind() == Kind::Rejected => Ok(ShopCancel::Rejected {
                reason: error.message().to_owned(),
            }),
            Err(error) => Err(error),
        }
    }

    async fn note_return(&self, request: NoteReturn) -> Result<ShopNote, Error> {
        let rejected = |reason: String| Ok(ShopNote::Rejected { reason });
        let id = request.order.as_str();
        let order = if ids::is_id(id) {
            self.api.order(id).await?
        } else {
            None
        };
        let Some(order) = order else {
            return rejected(format!("the shop has no order {id}"));
        };
        let written = order.customer_comment.as_deref();
        let Some(comment) = to_wire::comment(written, &request) else {
            return Ok(ShopNote::Written);
        };
        match self.api.set_comment(id, &comment).await {
            Ok(()) => Ok(ShopNote::Written),
            Err(error) if error.kind() == Kind::Rejected => rejected(error.message().to_owned()),
            Err(error) => Err(error),
        }
    }
}
