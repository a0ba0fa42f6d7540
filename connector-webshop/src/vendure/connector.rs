//! The port, in terms of Vendure's operations.

use std::time::Duration;

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
use super::config::VendureConfig;
use super::wire::{HistoryEntry, Order};
use super::{check, create, feed, from_wire, products};

/// A Vendure shop.
#[derive(Debug)]
pub struct Vendure {
    pub(super) api: Api,
    pub(super) config: VendureConfig,
}

impl Vendure {
    pub(super) fn new(api: Api, config: VendureConfig) -> Self {
        Self { api, config }
    }

    pub(super) fn understand(&self, order: &Order) -> Result<ShopOrder, Error> {
        from_wire::order(order, &self.config).map_err(unreadable)
    }

    /// Orders whose record carries exactly this key.
    pub(super) async fn with_key(&self, key: &ExternalKey) -> Result<Vec<Order>, Error> {
        let key = key.to_string();
        let mut orders = self.api.orders_with_key(&key).await?;
        orders.retain(|order| from_wire::key_text(order, &self.config) == Some(&key));
        Ok(orders)
    }

    /// Deletes a draft; one that is being paid can only be cancelled.
    pub(super) async fn throw_away(&self, id: &str, state: &str) -> Result<ShopCancel, Error> {
        let refusal = if state == "Draft" {
            let deletion = self.api.delete_draft(id).await?;
            let kept = deletion.result != "DELETED";
            kept.then(|| {
                deletion
                    .message
                    .unwrap_or_else(|| "the draft cannot be deleted".into())
            })
        } else {
            self.api.transition(id, "Cancelled").await?.refusal()
        };
        Ok(match refusal {
            None => ShopCancel::Done,
            Some(reason) => ShopCancel::Rejected { reason },
        })
    }

    /// Takes pieces off an order that is open. No payment is moved.
    async fn cancel_pieces(
        &self,
        order: &Order,
        request: &CancelShopOrder,
    ) -> Result<ShopCancel, Error> {
        let rejected = |reason: String| Ok(ShopCancel::Rejected { reason });
        if from_wire::state(&order.state, &self.config) != ShopState::Open {
            return rejected(format!("order {} is {}", order.code, order.state));
        }
        let pieces = match from_wire::pieces_to_cancel(order, &request.lines, &self.config) {
            Ok(pieces) => pieces,
            Err(reason) => return rejected(reason),
        };
        let outcome = self
            .api
            .cancel_pieces(&order.id, &pieces, &request.note)
            .await?;
        match outcome.refusal() {
            None => Ok(ShopCancel::Done),
            Some(reason) => rejected(reason),
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
}

#[async_trait]
impl Webshop for Vendure {
    fn capabilities(&self) -> WebshopCapabilities {
        let lag = Lag {
            in_flight: Duration::from_secs(self.config.longest_request_seconds),
            index: Duration::ZERO,
        };
        let create = match self.config.order_field {
            Some(_) => CreateSemantics::InertThenActivate,
            None => CreateSemantics::Lookup,
        };
        WebshopCapabilities::none("Vendure")
            .with_create(create, lag)
            .with_partial_shipments()
            .with_feed(false, false)
            .with_cancel_lines()
            .with_returns()
            .with_max_ids_per_read(PAGE)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        check::check(self).await
    }

    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        products::find(&self.api, self.config.gtin_field.as_deref(), &queries).await
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        let orders = self.with_key(&key).await?;
        let found = orders.iter().map(|stored| {
            let mut order = self.understand(stored)?;
            order.key = Some(key.clone());
            let unfinished = order.state == ShopState::Draft;
            let resume = unfinished.then(|| create::Place::checkpoint(&stored.id));
            Ok(FoundOrder { order, resume })
        });
        found.collect()
    }

    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        create::create(self, request).await
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        feed::changes(&self.api, cursor).await
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        let mut listed = Vec::new();
        let texts: Vec<&str> = ids.iter().map(ShopOrderId::as_str).collect();
        for some in texts.chunks(PAGE) {
            listed.extend(self.api.orders(some).await?);
        }
        let mut reads = Vec::with_capacity(ids.len());
        for id in &ids {
            let own = |value: &Value| value.get("id").and_then(Value::as_str) == Some(id.as_str());
            reads.push(match listed.iter().position(own) {
                Some(at) => self.read(id, listed[at].clone()),
                None => ShopRead::Gone(id.clone()),
            });
        }
        Ok(reads)
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        let Some(order) = self.api.order(request.id.as_str()).await? else {
            return Ok(ShopCancel::Done);
        };
        if !request.lines.is_empty() {
            return self.cancel_pieces(&order, &request).await;
        }
        match from_wire::state(&order.state, &self.config) {
            ShopState::Cancelled => return Ok(ShopCancel::Done),
            ShopState::Draft => return self.throw_away(&order.id, &order.state).await,
            ShopState::Open | ShopState::Completed | ShopState::Unknown => {}
        }
        if self.understand(&order)?.shipments.is_empty() {
            let outcome = self.api.cancel(&order.id, &request.note).await?;
            return Ok(match outcome.refusal() {
                None => ShopCancel::Done,
                Some(reason) => ShopCancel::Rejected { reason },
            });
        }
        let reason = format!(
            "order {} is {}: goods have left already",
            order.code, order.state
        );
        Ok(ShopCancel::Rejected { reason })
    }

    async fn note_return(&self, request: NoteReturn) -> Result<ShopNote, Error> {
        let id = request.order.as_str();
        let Some(written) = self.api.notes(id).await? else {
            let reason = format!("the shop has no order {id}");
            return Ok(ShopNote::Rejected { reason });
        };
        let mark = format!("[{}]", request.reference);
        let known = |entry: &HistoryEntry| {
            let text = entry.data.get("note").and_then(Value::as_str);
            text.is_some_and(|text| text.contains(&mark))
        };
        if written.iter().any(known) {
            return Ok(ShopNote::Written);
        }
        let text: String = request.text.chars().take(1000).collect();
        match self.api.add_note(id, &format!("{text} {mark}")).await {
            Ok(()) => Ok(ShopNote::Written),
            Err(error) if error.kind() == Kind::Rejected => Ok(ShopNote::Rejected {
                reason: error.message().to_owned(),
            }),
            Err(error) => Err(error),
        }
    }
}

/// An order that was read and does not fit.
pub(super) fn unreadable(reason: impl std::fmt::Display) -> Error {
    Error::not_applied(Kind::Decode, format!("the order does not fit: {reason}"))
}
