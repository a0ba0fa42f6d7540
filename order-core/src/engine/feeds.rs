//! Asking the feeds, and storing what they showed together with their cursors.

use std::collections::HashMap;

use super::sides::{For, Side};
use super::{Cycle, MAX_RELOADS, call, chrono_duration, fold};
use crate::error::{Error, Kind};
use crate::ids::{MarketplaceOrderId, OrderKey};
use crate::lifecycle::Event;
use crate::ports::{Batch, Change, Committed, Memo, OrderPage, Sighting};
use crate::state::Order;

/// Pages read of one feed in one cycle; the cursor remembers where to go on.
const MAX_PAGES: usize = 500;

impl Cycle<'_> {
    /// Everything the marketplace changed, and now and then everything that is open.
    pub(super) async fn import(&mut self) -> Result<(), Error> {
        for _ in 0..MAX_PAGES {
            let cursor = self.held.memo.marketplace_cursor.clone();
            let Some(page) = self.page(cursor, false).await else {
                return Ok(());
            };
            let more = page.more;
            let memo = Memo {
                marketplace_cursor: Some(page.next),
                ..self.held.memo.clone()
            };
            self.ingest(page.orders, memo).await?;
            self.keep_lease().await?;
            if !more {
                break;
            }
        }
        self.sweep().await
    }

    async fn sweep(&mut self) -> Result<(), Error> {
        let now = self.engine.clock.now();
        let interval = chrono_duration(self.rules.policy.sweep_interval);
        let Some(swept_at) = self.held.memo.swept_at else {
            // The first feed without a cursor was a sweep.
            self.held.memo.swept_at = Some(now);
            return Ok(());
        };
        if now - swept_at < interval && swept_at <= now {
            return Ok(());
        }
        for _ in 0..MAX_PAGES {
            let cursor = self.held.memo.sweep_cursor.clone();
            let Some(page) = self.page(cursor, true).await else {
                return Ok(());
            };
            let more = page.more;
            let memo = Memo {
                sweep_cursor: more.then_some(page.next),
                swept_at: if more { Some(swept_at) } else { Some(now) },
                ..self.held.memo.clone()
            };
            self.ingest(page.orders, memo).await?;
            self.keep_lease().await?;
            if !more {
                break;
            }
        }
        Ok(())
    }

    async fn page(
        &mut self,
        cursor: Option<crate::ports::Cursor>,
        sweep: bool,
    ) -> Option<OrderPage> {
        if self.feeds_halted(Side::Marketplace) {
            return None;
        }
        let marketplace = &self.connection.marketplace;
        let limit = self.rules.policy.request_timeout;
        let clock = &*self.engine.clock;
        let outcome = if sweep {
            call::within(clock, limit, marketplace.open_orders(cursor)).await
        } else {
            call::within(clock, limit, marketplace.changes(cursor)).await
        };
        self.learn_feed(Side::Marketplace, outcome)
    }

    /// A feed that fails is left alone for this cycle, whatever the reason: its cursor stays.
    fn learn_feed<T>(&mut self, side: Side, outcome: Result<T, Error>) -> Option<T> {
        self.learn(side, For::Feed, outcome.as_ref().err());
        match outcome {
            Ok(page) => Some(page),
            Err(error) => {
                self.trouble(side, &error);
                None
            }
        }
    }

    /// Stores what a page showed and the cursor behind it, in one commit.
    async fn ingest(&mut self, sightings: Vec<Sighting>, memo: Memo) -> Result<(), Error> {
        let mut latest: HashMap<MarketplaceOrderId, Sighting> = HashMap::new();
        for sighting in sightings {
            let better = matches!(sighting, Sighting::Full(_) | Sighting::Summary { .. });
            if better || !latest.contains_key(sighting.id()) {
                latest.insert(sighting.id().clone(), sighting);
            }
        }
        let mut ids: Vec<MarketplaceOrderId> = latest.keys().cloned().collect();
        ids.sort();
        for _ in 0..MAX_RELOADS {
            let (changes, new) = self.sighted(&ids, &latest).await?;
            if changes.is_empty() {
                self.held.memo = memo;
                return Ok(());
            }
            let batch = Batch {
                changes,
                memo: Some(memo.clone()),
            };
            let answers = self
                .engine
                .store
                .commit(self.held.lease.clone(), batch)
                .await?;
            if !answers.contains(&Committed::Stale) {
                self.report.new_orders += new;
                self.held.memo = memo;
                return Ok(());
            }
        }
        Err(Error::not_applied(
            Kind::Conflict,
            "orders are changing all the time",
        ))
    }

    async fn sighted(
        &self,
        ids: &[MarketplaceOrderId],
        latest: &HashMap<MarketplaceOrderId, Sighting>,
    ) -> Result<(Vec<Change>, u32), Error> {
        if ids.is_empty() {
            return Ok((Vec::new(), 0));
        }
        let connection = self.connection.id.clone();
        let store = &self.engine.store;
        let mut known: HashMap<MarketplaceOrderId, Order> = store
            .load_many(connection.clone(), ids.to_vec())
            .await?
            .into_iter()
            .map(|order| (order.key.order.clone(), order))
            .collect();
        let now = self.engine.clock.now();
        let mut changes = Vec::new();
        let mut new = 0;
        for id in ids {
            let Some(sighting) = latest.get(id) else {
                continue;
            };
            let order = known
                .remove(id)
                .unwrap_or_else(|| Order::new(OrderKey::new(connection.clone(), id.clone()), now));
            let change = fold(
                &order,
                &[Event::Sighted(sighting.clone())],
                now,
                &self.rules,
            );
            if order.version == 0 {
                new += 1;
            } else if change.order == order {
                continue;
            }
            changes.push(change);
        }
        Ok((changes, new))
    }

    /// What buyers send back, of orders that are here.
    pub(super) async fn returns(&mut self) -> Result<(), Error> {
        if !self.rules.marketplace.returns || !self.rules.policy.returns {
            return Ok(());
        }
        let now = self.engine.clock.now();
        let interval = chrono_duration(self.rules.policy.returns_interval);
        let last = self.held.memo.returns_at;
        if last.is_some_and(|last| last <= now && now - last < interval) {
            return Ok(());
        }
        for _ in 0..MAX_PAGES {
            if self.feeds_halted(Side::Marketplace) {
                return Ok(());
            }
            let cursor = self.held.memo.returns_cursor.clone();
            let marketplace = &self.connection.marketplace;
            let limit = self.rules.policy.request_timeout;
            let outcome =
                call::within(&*self.engine.clock, limit, marketplace.returns(cursor)).await;
            let Some(page) = self.learn_feed(Side::Marketplace, outcome) else {
                return Ok(());
            };
            let mut seen: HashMap<MarketplaceOrderId, Vec<Event>> = HashMap::new();
            for value in page.returns {
                let order = value.order.clone();
                let event = Event::ReturnSeen(Box::new(value));
                seen.entry(order).or_default().push(event);
            }
            let mut ids: Vec<MarketplaceOrderId> = seen.keys().cloned().collect();
            ids.sort();
            let known = if ids.is_empty() {
                Vec::new()
            } else {
                let connection = self.connection.id.clone();
                self.engine.store.load_many(connection, ids).await?
            };
            let work = known
                .into_iter()
                .filter_map(|order| {
                    let events = seen.remove(&order.key.order)?;
                    Some((order, events))
                })
                .collect();
            self.commit(work).await?;
            self.held.memo.returns_cursor = Some(page.next);
            self.keep_lease().await?;
            if !page.more {
                self.held.memo.returns_at = Some(now);
                break;
            }
        }
        Ok(())
    }

    /// What the webshop's feed hints at.
    pub(super) async fn shop_changes(&mut self) -> Result<(), Error> {
        for _ in 0..MAX_PAGES {
            if self.feeds_halted(Side::Webshop) {
                return Ok(());
            }
            let cursor = self.held.memo.shop_cursor.clone();
            let webshop = &self.connection.webshop;
            let limit = self.rules.policy.request_timeout;
            let outcome = call::within(&*self.engine.clock, limit, webshop.changes(cursor)).await;
            let Some(page) = self.learn_feed(Side::Webshop, outcome) else {
                return Ok(());
            };
            let connection = self.connection.id.clone();
            let hinted = if page.ids.is_empty() {
                Vec::new()
            } else {
                self.engine.store.by_shop_ids(connection, page.ids).await?
            };
            let work = hinted
                .into_iter()
                .map(|order| (order, vec![Event::ShopHinted]))
                .collect();
            self.commit(work).await?;
            self.held.memo.shop_cursor = Some(page.next);
            self.keep_lease().await?;
            if !page.more {
                break;
            }
        }
        Ok(())
    }
}
