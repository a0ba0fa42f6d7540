//! Working on the orders that are due, in rounds.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::sides::{For, Side};
use super::{Cycle, call, fold};
use crate::error::Error;
use crate::ids::{MarketplaceOrderId, ShopOrderId};
use crate::lifecycle::{self, Event, Failure, Finding};
use crate::ports::{Batch, Change, DueQuery, OrderRead, ShopRead};
use crate::state::{Action, EffectKind, Order, Phase};

/// Orders worked on together.
const PAGE: usize = 64;
/// Actions one order may take in one cycle.
const MAX_ROUNDS: usize = 64;

impl Cycle<'_> {
    pub(super) async fn due_orders(&mut self) -> Result<(), Error> {
        let rested = self.begin_rests();
        self.due_pass(PAGE, &Side::BOTH).await?;
        if rested.is_empty() {
            return Ok(());
        }
        for side in &rested {
            self.end_rest(*side);
        }
        self.due_pass(1, &rested).await?;
        for side in rested {
            self.forgive(side);
        }
        Ok(())
    }

    /// Works on what is due, so many orders at a time, until none of the sides is to be asked
    /// any more.
    async fn due_pass(&mut self, width: usize, sides: &[Side]) -> Result<(), Error> {
        let now = self.engine.clock.now();
        let mut after = None;
        loop {
            let query = DueQuery {
                connection: self.connection.id.clone(),
                now,
                horizon: now + lifecycle::HORIZON,
                limit: PAGE,
                after: after.clone(),
            };
            let page = self.engine.store.due(query).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some((last.due, last.order.key.order.clone()));
            let orders = page.into_iter().map(|due| due.order).collect();
            for some in chunks(orders, width) {
                self.work_on(some).await?;
                if sides.iter().all(|side| self.is_halted(*side)) {
                    return Ok(());
                }
            }
        }
    }

    async fn work_on(&mut self, orders: Vec<Order>) -> Result<(), Error> {
        let mut active = self.recover(orders).await?;
        for _ in 0..MAX_ROUNDS {
            self.keep_lease().await?;
            let now = self.engine.clock.now();
            let mut todo = Vec::new();
            let mut rest = Vec::new();
            for order in active {
                let items = lifecycle::agenda(&order, now, &self.rules);
                self.engine.settling.see(&order, &*self.engine.clock);
                let mut blocked = false;
                let action = items
                    .into_iter()
                    .filter(|item| item.at <= now)
                    .find(|item| {
                        let waits = self.is_halted(side(&item.action))
                            || self.settles(&order, &item.action);
                        blocked |= waits;
                        !waits
                    });
                match action {
                    Some(item) => todo.push((order, item.action)),
                    None if !blocked => rest.push(order),
                    None => {}
                }
            }
            self.put_off(rest).await?;
            if todo.is_empty() {
                return Ok(());
            }
            active = self.round(todo).await?;
        }
        Ok(())
    }

    /// Whether an effect is looked up too soon because the wall clock was put forward.
    fn settles(&self, order: &Order, action: &Action) -> bool {
        match action {
            Action::Resolve(kind) => self
                .engine
                .settling
                .goes_on(order, kind, &*self.engine.clock),
            Action::ReadMarketplace
            | Action::ReadShop
            | Action::Send(_)
            | Action::Poll(_)
            | Action::Audit
            | Action::AuditShipment(_) => false,
        }
    }

    /// Effects that were intended and have no outcome: the process ended in between.
    async fn recover(&mut self, orders: Vec<Order>) -> Result<Vec<Order>, Error> {
        let (orphans, mut fine): (Vec<_>, Vec<_>) = orders.into_iter().partition(|order| {
            order
                .state
                .effects
                .iter()
                .any(|effect| effect.phase == Phase::Intended)
        });
        let work = orphans
            .into_iter()
            .map(|order| {
                let events = order
                    .state
                    .effects
                    .iter()
                    .filter(|effect| effect.phase == Phase::Intended)
                    .map(|effect| Event::Orphaned(effect.kind.clone()))
                    .collect();
                (order, events)
            })
            .collect();
        fine.extend(self.commit(work).await?);
        Ok(fine)
    }

    /// Stores when orders with nothing to do now are due next, where that is not stored yet.
    async fn put_off(&mut self, orders: Vec<Order>) -> Result<(), Error> {
        let now = self.engine.clock.now();
        let changes: Vec<Change> = orders
            .iter()
            .map(|order| fold(order, &[], now, &self.rules))
            .collect();
        if changes.is_empty() {
            return Ok(());
        }
        let batch = Batch {
            changes,
            memo: None,
        };
        self.engine
            .store
            .commit(self.held.lease.clone(), batch)
            .await?;
        Ok(())
    }

    /// One action for every order.
    async fn round(&mut self, todo: Vec<(Order, Action)>) -> Result<Vec<Order>, Error> {
        let mut read_marketplace = Vec::new();
        let mut read_shop = Vec::new();
        let mut looks = Vec::new();
        let mut sends = Vec::new();
        for (order, action) in todo {
            match action {
                Action::ReadMarketplace => read_marketplace.push(order),
                Action::ReadShop => read_shop.push(order),
                Action::Send(kind) => sends.push((order, kind)),
                Action::Resolve(_) | Action::Poll(_) | Action::Audit | Action::AuditShipment(_) => {
                    looks.push((order, action));
                }
            }
        }
        let mut happened = self.read_marketplace(read_marketplace).await;
        happened.extend(self.read_shop(read_shop).await);
        happened.extend(self.look(looks).await);
        let mut active = self.commit(happened).await?;
        active.extend(self.send(sends).await?);
        Ok(active)
    }

    async fn read_marketplace(&mut self, orders: Vec<Order>) -> Vec<(Order, Vec<Event>)> {
        let batches = chunks(orders, self.rules.marketplace.max_ids_per_read);
        let marketplace = &self.connection.marketplace;
        let (clock, limit) = (&*self.engine.clock, self.rules.policy.request_timeout);
        let answers: Vec<_> = stream::iter(batches)
            .map(|batch| async move {
                let ids: Vec<MarketplaceOrderId> =
                    batch.iter().map(|order| order.key.order.clone()).collect();
                let outcome = call::within(clock, limit, marketplace.orders(ids)).await;
                (batch, outcome)
            })
            .buffer_unordered(self.rules.policy.concurrency)
            .collect()
            .await;
        let mut happened = Vec::new();
        for (batch, outcome) in answers {
            self.learn(Side::Marketplace, For::Work, outcome.as_ref().err());
            for order in batch {
                let event = match &outcome {
                    Ok(reads) => Event::MarketplaceRead(
                        reads
                            .iter()
                            .find(|read| *read.id() == order.key.order)
                            .cloned()
                            .unwrap_or_else(|| unanswered(&order.key.order)),
                    ),
                    Err(error) => look_failed(Action::ReadMarketplace, error),
                };
                happened.push((order, vec![event]));
            }
        }
        happened
    }

    async fn read_shop(&mut self, orders: Vec<Order>) -> Vec<(Order, Vec<Event>)> {
        let linked: Vec<(Order, ShopOrderId)> = orders
            .into_iter()
            .filter_map(|order| {
                let id = order.state.linked()?.id.clone();
                Some((order, id))
            })
            .collect();
        let batches = chunks(linked, self.rules.webshop.max_ids_per_read);
        let webshop = &self.connection.webshop;
        let (clock, limit) = (&*self.engine.clock, self.rules.policy.request_timeout);
        let answers: Vec<_> = stream::iter(batches)
            .map(|batch| async move {
                let ids = batch.iter().map(|(_, id)| id.clone()).collect();
                let outcome = call::within(clock, limit, webshop.orders(ids)).await;
                (batch, outcome)
            })
            .buffer_unordered(self.rules.policy.concurrency)
            .collect()
            .await;
        let mut happened = Vec::new();
        for (batch, outcome) in answers {
            self.learn(Side::Webshop, For::Work, outcome.as_ref().err());
            for (order, id) in batch {
                let event = match &outcome {
                    Ok(reads) => {
                        let read = reads.iter().find(|read| *read.id() == id).cloned();
                        Event::ShopRead(read.unwrap_or_else(|| missing(&id)))
                    }
                    Err(error) => look_failed(Action::ReadShop, error),
                };
                happened.push((order, vec![event]));
            }
        }
        happened
    }

    /// Lookups, tickets and audits, one call each.
    async fn look(&mut self, looks: Vec<(Order, Action)>) -> Vec<(Order, Vec<Event>)> {
        let cycle = &*self;
        let answers: Vec<_> = stream::iter(looks)
            .map(|(order, action)| async move {
                let outcome = cycle.look_at(&order, &action).await;
                (order, action, outcome)
            })
            .buffer_unordered(self.rules.policy.concurrency)
            .collect()
            .await;
        let mut happened = Vec::new();
        for (order, action, outcome) in answers {
            self.learn(side(&action), For::Work, outcome.as_ref().err());
            let event = outcome.unwrap_or_else(|error| look_failed(action, &error));
            happened.push((order, vec![event]));
        }
        happened
    }

    async fn look_at(&self, order: &Order, action: &Action) -> Result<Event, Error> {
        let clock = &*self.engine.clock;
        let limit = self.rules.policy.request_timeout;
        match action {
            Action::Poll(kind) => {
                let ticket = order
                    .state
                    .effect(kind)
                    .and_then(|effect| match &effect.phase {
                        Phase::Submitted { ticket, .. } => Some(ticket.clone()),
                        Phase::Ready | Phase::Intended | Phase::Unknown { .. } => None,
                    });
                let Some(ticket) = ticket else {
                    return Err(nothing_to_look_at(action));
                };
                let status =
                    call::within(clock, limit, self.connection.marketplace.ticket(ticket)).await?;
                Ok(Event::Polled {
                    kind: kind.clone(),
                    status,
                })
            }
            Action::Resolve(kind) => {
                let finding = call::within(clock, limit, self.find(order, kind)).await?;
                Ok(Event::Resolved {
                    kind: kind.clone(),
                    finding,
                })
            }
            Action::Audit => {
                let find = self
                    .connection
                    .webshop
                    .find_orders(self.external_key(order));
                Ok(Event::Audited(call::within(clock, limit, find).await?))
            }
            Action::AuditShipment(id) => {
                let kind = EffectKind::Confirm(id.clone());
                let finding = call::within(clock, limit, self.find(order, &kind)).await?;
                let Finding::Confirmation(found) = finding else {
                    return Err(nothing_to_look_at(action));
                };
                Ok(Event::ShipmentAudited {
                    shipment: id.clone(),
                    found,
                })
            }
            Action::ReadMarketplace | Action::ReadShop | Action::Send(_) => {
                Err(nothing_to_look_at(action))
            }
        }
    }

    /// Finds out what became of an effect.
    async fn find(&self, order: &Order, kind: &EffectKind) -> Result<Finding, Error> {
        let (marketplace, webshop) = (&self.connection.marketplace, &self.connection.webshop);
        match kind {
            EffectKind::Create => {
                let mut found = webshop.find_orders(self.external_key(order)).await?;
                self.add_recorded_draft(order, &mut found).await?;
                Ok(Finding::Orders(found))
            }
            EffectKind::Confirm(id) | EffectKind::EditTracking(id) => {
                let shipment = order
                    .state
                    .shipment(id)
                    .ok_or_else(|| nothing_to_look_at(kind))?;
                let reference = format!("{}/{}", self.external_key(order), shipment.parcel);
                let request = super::prepare::lookup_request(order, shipment, &reference)
                    .ok_or_else(|| nothing_to_look_at(kind))?;
                Ok(Finding::Confirmation(
                    marketplace.find_confirmation(request).await?,
                ))
            }
            EffectKind::Accept | EffectKind::CancelMarketplace | EffectKind::CancelPieces => {
                let id = order.key.order.clone();
                let mut reads = marketplace.orders(vec![id.clone()]).await?;
                Ok(Finding::Marketplace(
                    reads.pop().unwrap_or_else(|| unanswered(&id)),
                ))
            }
            EffectKind::CancelShop(id) => self.find_in_shop(id).await,
            EffectKind::CancelShopPieces | EffectKind::NoteReturn(_) => {
                let link = order.state.linked();
                let id = link.map(|link| link.id.clone());
                self.find_in_shop(&id.ok_or_else(|| nothing_to_look_at(kind))?)
                    .await
            }
            EffectKind::DecideReturn(id) => {
                Ok(Finding::Returns(marketplace.read_return(id.clone()).await?))
            }
        }
    }

    async fn find_in_shop(&self, id: &ShopOrderId) -> Result<Finding, Error> {
        let mut reads = self.connection.webshop.orders(vec![id.clone()]).await?;
        Ok(Finding::Shop(reads.pop().unwrap_or_else(|| missing(id))))
    }

    /// The draft whose id was recorded is read by its id, in case the search misses it.
    async fn add_recorded_draft(
        &self,
        order: &Order,
        found: &mut Vec<crate::ports::FoundOrder>,
    ) -> Result<(), Error> {
        let Some(effect) = order.state.effect(&EffectKind::Create) else {
            return Ok(());
        };
        let Some(draft) = effect.draft.clone() else {
            return Ok(());
        };
        if found.iter().any(|hit| hit.order.id == draft) {
            return Ok(());
        }
        for read in self.connection.webshop.orders(vec![draft]).await? {
            if let ShopRead::Found(shop) = read {
                found.push(crate::ports::FoundOrder {
                    order: *shop,
                    resume: effect.checkpoint.clone(),
                });
            }
        }
        Ok(())
    }

    pub(super) fn external_key(&self, order: &Order) -> crate::ids::ExternalKey {
        crate::ids::ExternalKey::new(self.rules.policy.channel.clone(), order.key.order.clone())
    }
}

/// Which platform an action needs.
pub(super) fn side(action: &Action) -> Side {
    match action {
        Action::ReadMarketplace | Action::AuditShipment(_) => Side::Marketplace,
        Action::ReadShop | Action::Audit => Side::Webshop,
        Action::Send(kind) | Action::Resolve(kind) | Action::Poll(kind) => match kind {
            EffectKind::Create
            | EffectKind::CancelShop(_)
            | EffectKind::CancelShopPieces
            | EffectKind::NoteReturn(_) => Side::Webshop,
            EffectKind::Accept
            | EffectKind::CancelPieces
            | EffectKind::DecideReturn(_)
            | EffectKind::Confirm(_)
            | EffectKind::EditTracking(_)
            | EffectKind::CancelMarketplace => Side::Marketplace,
        },
    }
}

pub(super) fn look_failed(action: Action, error: &Error) -> Event {
    Event::LookFailed {
        action,
        failure: Failure::from(error),
    }
}

fn nothing_to_look_at(what: &dyn std::fmt::Display) -> Error {
    Error::not_applied(
        crate::Kind::Unexpected,
        format!("nothing to look at for {what}"),
    )
}

/// As [`missing`], of a marketplace.
fn unanswered(id: &MarketplaceOrderId) -> OrderRead {
    OrderRead::Unreadable {
        id: id.clone(),
        reason: "the connector gave no answer for this order".to_owned(),
    }
}

/// The answer a connector forgot to give: never taken for "gone".
fn missing(id: &ShopOrderId) -> ShopRead {
    ShopRead::Unreadable {
        id: id.clone(),
        reason: "the connector gave no answer for this order".to_owned(),
    }
}

fn chunks<T>(items: Vec<T>, size: usize) -> Vec<Vec<T>> {
    let mut batches = Vec::new();
    let mut items = items.into_iter().peekable();
    while items.peek().is_some() {
        batches.push(items.by_ref().take(size.max(1)).collect());
    }
    batches
}
