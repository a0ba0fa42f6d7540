//! The port, in terms of Shopify's documents.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{
    AccountInfo, CancelShopOrder, Clock, CreateOrder, CreateProgress, CreateSemantics, Cursor,
    FoundOrder, Lag, NoteReturn, ProductMatch, ProductQuery, ShopCancel, ShopChanges, ShopNote,
    ShopRead, Webshop, WebshopCapabilities,
};
use order_core::shop::{ShopOrder, ShopState};
use order_core::{Error, Kind};
use serde_json::Value;

use super::api::{Api, gid, is_order, number};
use super::config::ShopifyConfig;
use super::documents::ORDERS_AT_ONCE;
use super::wire::Order;
use super::{check, create, feed, from_wire, pieces, products, to_wire};
use crate::shared::{after_write, seconds, unreadable};

/// Orders that one read by id may ask for; they are asked for a few at a time.
const MOST_IDS: usize = 50;

/// How often, and how long apart, a cancelled order is read until it shows.
const CANCEL_LOOKS: u32 = 5;
const CANCEL_PAUSE: Duration = Duration::from_millis(700);

/// A Shopify shop.
#[derive(Debug)]
pub struct Shopify {
    pub(super) api: Api,
    pub(super) config: ShopifyConfig,
    clock: Arc<dyn Clock>,
}

impl Shopify {
    pub(super) fn new(api: Api, config: ShopifyConfig, clock: Arc<dyn Clock>) -> Self {
        Self { api, config, clock }
    }

    fn understand(&self, order: &Order) -> Result<ShopOrder, Error> {
        from_wire::order(order, &self.config).map_err(unreadable)
    }

    /// Orders whose record carries exactly this key.
    pub(super) async fn with_key(&self, key: &ExternalKey) -> Result<Vec<ShopOrder>, Error> {
        let keyed = self.config.key_metafield.is_some();
        let hits = self.api.find(&key.to_string(), keyed).await?;
        let mut orders = Vec::new();
        for own in hits.iter().filter(|own| from_wire::is_under(own, key)) {
            let Some(number) = number(&own.id) else {
                continue;
            };
            if let Some(order) = self.api.order(number).await? {
                let mut order = self.understand(&order)?;
                order.key = Some(key.clone());
                orders.push(order);
            }
        }
        Ok(orders)
    }

    async fn read(&self, id: &ShopOrderId, node: Value) -> Result<ShopRead, Error> {
        let mut order = match serde_json::from_value::<Order>(node) {
            Ok(order) => order,
            Err(error) => {
                let reason = format!("the shop's answer does not fit: {error}");
                let id = id.clone();
                return Ok(ShopRead::Unreadable { id, reason });
            }
        };
        let understood = match self.api.complete(&mut order).await {
            Ok(()) => from_wire::order(&order, &self.config),
            // One order that cannot be read must not hide the others.
            Err(error) if !error.is_retryable() && !error.stops_connection() => Err(error.report()),
            Err(error) => return Err(error),
        };
        Ok(match understood {
            Ok(order) => ShopRead::Found(Box::new(order)),
            Err(reason) => ShopRead::Unreadable {
                id: id.clone(),
                reason,
            },
        })
    }

    /// Shopify takes a cancellation and does it later; this looks until it shows.
    async fn until_cancelled(&self, id: u64) -> Result<ShopCancel, Error> {
        for _ in 0..CANCEL_LOOKS {
            let order = self.api.order(id).await.map_err(after_write)?;
            if order.is_none_or(|order| order.cancelled_at.is_some()) {
                return Ok(ShopCancel::Done);
            }
            self.clock.sleep(CANCEL_PAUSE).await;
        }
        let text =
            format!("the shop took the cancellation of order {id}, but does not show it yet");
        Err(Error::unknown(Kind::Timeout, text))
    }
}

#[async_trait]
impl Webshop for Shopify {
    fn capabilities(&self) -> WebshopCapabilities {
        let lag = Lag {
            in_flight: seconds(self.config.longest_request_seconds),
            index: seconds(self.config.search_lag_seconds),
        };
        WebshopCapabilities::none("Shopify")
            .with_create(CreateSemantics::Lookup, lag)
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
        let orders = self.with_key(&key).await?.into_iter();
        let found = orders.map(|order| FoundOrder {
            order,
            resume: None,
        });
        Ok(found.collect())
    }

    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        create::create(self, request).await
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        feed::changes(&self.api, cursor, self.config.feed_overlap_seconds).await
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        let numbers: Vec<u64> = ids
            .iter()
            .filter_map(|id| id.as_str().parse().ok())
            .collect();
        let mut nodes = Vec::new();
        for some in numbers.chunks(ORDERS_AT_ONCE) {
            nodes.extend(self.api.orders(some).await?.into_iter().filter(is_order));
        }
        let mut reads = Vec::with_capacity(ids.len());
        for id in &ids {
            let wanted = id.as_str().parse::<u64>().ok().map(gid);
            let is_it =
                |node: &&Value| wanted.is_some() && node["id"].as_str() == wanted.as_deref();
            let node = nodes.iter().find(is_it).cloned();
            reads.push(match node {
                Some(node) => self.read(id, node).await?,
                None => ShopRead::Gone(id.clone()),
            });
        }
        Ok(reads)
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        let Ok(number) = request.id.as_str().parse::<u64>() else {
            return Ok(ShopCancel::Done);
        };
        let Some(order) = self.api.order(number).await? else {
            return Ok(ShopCancel::Done);
        };
        let shop = self.understand(&order)?;
        if shop.state == ShopState::Cancelled {
            return Ok(ShopCancel::Done);
        }
        if !request.lines.is_empty()
            && let Some(outcome) = pieces::cancel(self, &order, &shop, &request).await?
        {
            return Ok(outcome);
        }
        if !shop.shipments.is_empty() || shop.state == ShopState::Completed {
            let (name, state) = (&shop.number, &shop.raw_state);
            let reason = format!("order {name} is {state}: goods have left already");
            return Ok(ShopCancel::Rejected { reason });
        }
        let reason = to_wire::cancel_reason(request.reason);
        let note = crate::shared::short(&request.note, 250);
        let answer = self.api.cancel(number, reason, &note).await?;
        if answer.order_cancel_user_errors.is_empty() {
            return self.until_cancelled(number).await;
        }
        let reason = create::words(&answer.order_cancel_user_errors);
        Ok(ShopCancel::Rejected { reason })
    }

    async fn note_return(&self, request: NoteReturn) -> Result<ShopNote, Error> {
        let gone = || ShopNote::Rejected {
            reason: format!("the shop has no order {}", request.order),
        };
        let Ok(number) = request.order.as_str().parse::<u64>() else {
            return Ok(gone());
        };
        let Some(order) = self.api.order(number).await? else {
            return Ok(gone());
        };
        let Some(note) = to_wire::note(order.note.as_deref(), &request) else {
            return Ok(ShopNote::Written);
        };
        let refusals = self.api.set_note(number, &note).await?;
        if refusals.is_empty() {
            return Ok(ShopNote::Written);
        }
        let reason = create::words(&refusals);
        Ok(ShopNote::Rejected { reason })
    }
}
