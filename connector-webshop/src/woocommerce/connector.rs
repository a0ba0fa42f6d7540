//! The port, in terms of WooCommerce's endpoints.

use std::time::Duration;

use async_trait::async_trait;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{
    AccountInfo, CancelShopOrder, CreateOrder, CreateProgress, CreateSemantics, Cursor, FoundOrder,
    Lag, NoteReturn, ProductMatch, ProductQuery, ShopCancel, ShopChanges, ShopNote, ShopRead,
    Webshop, WebshopCapabilities,
};
use order_core::shop::ShopState;
use order_core::{Error, Kind};
use serde_json::Value;

use super::api::{Api, PAGE};
use super::config::WooCommerceConfig;
use super::wire::{Order, Refund, Status};
use super::{create, feed, from_wire, refunds, to_wire, tracking};

/// A WooCommerce shop.
#[derive(Debug)]
pub struct WooCommerce {
    pub(super) api: Api,
    pub(super) config: WooCommerceConfig,
}

impl WooCommerce {
    pub(super) fn new(api: Api, config: WooCommerceConfig) -> Self {
        Self { api, config }
    }

    /// Reads an order into our words, with a call for its fulfilments where it has some.
    pub(super) async fn understand(
        &self,
        order: &Order,
    ) -> Result<Result<order_core::shop::ShopOrder, String>, Error> {
        let ask = !self.config.tracking.ignore_fulfillments && tracking::has_fulfillments(order);
        let fulfillments = if ask {
            self.api.fulfillments(order.id).await?
        } else {
            Vec::new()
        };
        let shipments = tracking::shipments(order, &fulfillments, &self.config.tracking);
        let refunds = self.refunds(order).await?;
        Ok(from_wire::order(order, shipments, &refunds, &self.config))
    }

    /// The refunds of an order, with a call where it has some.
    async fn refunds(&self, order: &Order) -> Result<Vec<Refund>, Error> {
        if order.refunds.is_empty() {
            return Ok(Vec::new());
        }
        self.api.refunds(order.id).await
    }

    /// Takes pieces off an order that is open.
    async fn cancel_pieces(
        &self,
        order: &Order,
        request: &CancelShopOrder,
    ) -> Result<ShopCancel, Error> {
        let rejected = |reason: String| Ok(ShopCancel::Rejected { reason });
        if from_wire::state(&order.status, &self.config) != ShopState::Open {
            return rejected(format!("order {} is {}", order.id, order.status));
        }
        let earlier = self.refunds(order).await?;
        let body = match refunds::body(order, &earlier, &request.lines, &request.note) {
            Ok(body) => body,
            Err(reason) => return rejected(reason),
        };
        match self.api.refund(order.id, &body).await {
            Ok(_) => Ok(ShopCancel::Done),
            Err(error) if error.kind() == Kind::Rejected => rejected(error.message().to_owned()),
            Err(error) => Err(error),
        }
    }

    /// One answer about an order that the shop sent.
    async fn read(&self, id: &ShopOrderId, value: Value) -> Result<ShopRead, Error> {
        let order = match serde_json::from_value::<Order>(value) {
            Ok(order) => order,
            Err(error) => {
                let reason = format!("the shop's answer does not fit: {error}");
                return Ok(ShopRead::Unreadable {
                    id: id.clone(),
                    reason,
                });
            }
        };
        let reason = match self.understand(&order).await {
            Ok(Ok(order)) => return Ok(ShopRead::Found(Box::new(order))),
            Ok(Err(reason)) => reason,
            // One order whose fulfilments cannot be read must not hide the others.
            Err(error) if !error.is_retryable() && !error.stops_connection() => error.report(),
            Err(error) => return Err(error),
        };
        Ok(ShopRead::Unreadable {
            id: id.clone(),
            reason,
        })
    }

    /// Orders with exactly this key, the trash left out.
    pub(super) async fn with_key(&self, key: &ExternalKey) -> Result<Vec<Order>, Error> {
        let text = key.to_string();
        let mut orders: Vec<Order> = Vec::new();
        // "any" leaves drafts out where the shop hides them from searches.
        for status in ["any", "checkout-draft"] {
            for value in self.api.orders_created_via(&text, status).await? {
                // The filter is ignored by old versions: only the record says whose order it is.
                if value.get("created_via").and_then(Value::as_str) != Some(&text) {
                    continue;
                }
                let order: Order = serde_json::from_value(value).map_err(|error| {
                    Error::not_applied(Kind::Decode, "an order with our key does not fit")
                        .with_source(error)
                })?;
                if order.status != Status::Trash && orders.iter().all(|own| own.id != order.id) {
                    orders.push(order);
                }
            }
        }
        Ok(orders)
    }

    async fn cancel_known(&self, order: &Order, note: &str) -> Result<ShopCancel, Error> {
        match from_wire::state(&order.status, &self.config) {
            ShopState::Cancelled => return Ok(ShopCancel::Done),
            ShopState::Draft => {
                self.api.trash_order(order.id).await?;
                return Ok(ShopCancel::Done);
            }
            ShopState::Completed => {
                let reason = format!("order {} is {} already", order.id, order.status);
                return Ok(ShopCancel::Rejected { reason });
            }
            ShopState::Open | ShopState::Unknown => {}
        }
        let stored = self
            .api
            .update_order(order.id, &to_wire::cancellation())
            .await?;
        if from_wire::state(&stored.status, &self.config) != ShopState::Cancelled {
            let reason = format!("the shop keeps order {} at {}", order.id, stored.status);
            return Ok(ShopCancel::Rejected { reason });
        }
        if let Err(error) = self
            .api
            .add_note(order.id, &to_wire::staff_note(note))
            .await
        {
            tracing::warn!(order = order.id, %error, "cancelled, but without a note");
        }
        Ok(ShopCancel::Done)
    }
}

fn number(id: &ShopOrderId) -> Option<u64> {
    id.as_str().parse().ok()
}

#[async_trait]
impl Webshop for WooCommerce {
    fn capabilities(&self) -> WebshopCapabilities {
        let lag = Lag {
            in_flight: Duration::from_secs(self.config.longest_request_seconds),
            index: Duration::from_secs(2),
        };
        WebshopCapabilities::none("WooCommerce")
            .with_create(CreateSemantics::InertThenActivate, lag)
            .with_partial_shipments()
            .with_feed(true, !self.config.classic_storage)
            .with_cancel_lines()
            .with_returns()
            .with_fulfilled_elsewhere()
            .with_max_ids_per_read(PAGE)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        super::check::check(self).await
    }

    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        super::products::find(&self.api, &queries).await
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        let mut found = Vec::new();
        for order in self.with_key(&key).await? {
            let resume = order
                .status
                .is_draft()
                .then(|| create::Step::found(order.id).checkpoint());
            let mut order = self.understand(&order).await?.map_err(unreadable)?;
            order.key = Some(key.clone());
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
        for some in numbers.chunks(PAGE) {
            listed.extend(self.api.orders(some).await?);
        }
        let mut reads = Vec::with_capacity(ids.len());
        for id in &ids {
            let at = listed
                .iter()
                .position(|value| value.get("id").and_then(Value::as_u64) == number(id));
            // Lists leave the trash and drafts out; only the order's own address is certain.
            let value = match (at, number(id)) {
                (Some(at), Some(_)) => Some(listed.swap_remove(at)),
                (None, Some(number)) => self.api.order(number).await?,
                (_, None) => None,
            };
            reads.push(match value {
                Some(value) => self.read(id, value).await?,
                None => ShopRead::Gone(id.clone()),
            });
        }
        Ok(reads)
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        let Some(number) = number(&request.id) else {
            return Ok(ShopCancel::Done);
        };
        let Some(value) = self.api.order(number).await? else {
            return Ok(ShopCancel::Done);
        };
        let order: Order = serde_json::from_value(value).map_err(unreadable)?;
        if request.lines.is_empty() {
            self.cancel_known(&order, &request.note).await
        } else {
            self.cancel_pieces(&order, &request).await
        }
    }

    async fn note_return(&self, request: NoteReturn) -> Result<ShopNote, Error> {
        let rejected = |reason: String| Ok(ShopNote::Rejected { reason });
        let absent = || rejected(format!("the shop has no order {}", request.order));
        let Some(number) = number(&request.order) else {
            return absent();
        };
        let written = match self.api.notes(number).await {
            Ok(written) => written,
            Err(error) if error.kind() == Kind::NotFound => return absent(),
            Err(error) => return Err(error),
        };
        let mark = format!("[{}]", request.reference);
        let known = |text: &str| text.contains(&mark);
        if written
            .iter()
            .any(|own| own.note.as_deref().is_some_and(known))
        {
            return Ok(ShopNote::Written);
        }
        let text: String = request.text.chars().take(1000).collect();
        let note = to_wire::staff_note(&format!("{text} {mark}"));
        match self.api.add_note(number, &note).await {
            Ok(()) => Ok(ShopNote::Written),
            Err(error) if error.kind() == Kind::Rejected => rejected(error.message().to_owned()),
            Err(error) => Err(error),
        }
    }
}

/// An order that was read and does not fit.
pub(super) fn unreadable(reason: impl std::fmt::Display) -> Error {
    Error::not_applied(Kind::Decode, format!("the order does not fit: {reason}"))
}
