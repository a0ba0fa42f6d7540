//! What webhooks tell: only where to look sooner. What they say is read by id, never believed.

use super::{Engine, MAX_RELOADS, fold, rules};
use crate::engine::Connection;
use crate::error::{Error, Kind};
use crate::ids::{MarketplaceOrderId, OrderKey, ShopOrderId};
use crate::lifecycle::Event;
use crate::ports::{Committed, Sighting};
use crate::state::Order;

/// Orders that one hint may name; the rest is left to the feeds.
const MAX_HINTS: usize = 100;

impl Engine {
    /// The webshop says that these orders changed. Orders that are not ours are left out. Lost,
    /// doubled, late and forged hints do no harm: they bring a read by id forward, no more.
    ///
    /// # Errors
    ///
    /// The store's. What was not noted is found by the next look.
    pub async fn hint_shop(
        &self,
        connection: &Connection,
        mut ids: Vec<ShopOrderId>,
    ) -> Result<(), Error> {
        ids.truncate(MAX_HINTS);
        let id = connection.id.clone();
        for order in self.store.by_shop_ids(id, ids).await? {
            self.note_hint(connection, order, Event::ShopHinted).await?;
        }
        self.wake(connection).await
    }

    /// The marketplace says that these orders are new or changed; see [`Engine::hint_shop`].
    /// An id that the marketplace does not know leaves an ignored order behind, so a webhook's
    /// signature is to be checked first.
    ///
    /// # Errors
    ///
    /// The store's. What was not noted is found by the next look.
    pub async fn hint_marketplace(
        &self,
        connection: &Connection,
        mut ids: Vec<MarketplaceOrderId>,
    ) -> Result<(), Error> {
        ids.truncate(MAX_HINTS);
        let now = self.clock.now();
        for id in ids {
            let key = OrderKey::new(connection.id.clone(), id.clone());
            let order = self.store.load(key.clone()).await?;
            let order = order.unwrap_or_else(|| Order::new(key, now));
            // Unlike any fingerprint of a feed, so that the order counts as changed.
            let fingerprint = format!("hint {}", now.timestamp_micros());
            let event = Event::Sighted(Sighting::Summary { id, fingerprint });
            self.note_hint(connection, order, event).await?;
        }
        self.wake(connection).await
    }

    async fn note_hint(
        &self,
        connection: &Connection,
        order: Order,
        event: Event,
    ) -> Result<(), Error> {
        let rules = rules(connection);
        let mut order = order;
        for _ in 0..MAX_RELOADS {
            let change = fold(
                &order,
                std::slice::from_ref(&event),
                self.clock.now(),
                &rules,
            );
            if order.version > 0 && change.order == order {
                return Ok(());
            }
            if let Committed::Saved(_) = self.store.amend(change).await? {
                return Ok(());
            }
            let Some(current) = self.store.load(order.key.clone()).await? else {
                return Ok(());
            };
            order = current;
        }
        Err(Error::not_applied(
            Kind::Conflict,
            "orders are changing all the time",
        ))
    }

    async fn wake(&self, connection: &Connection) -> Result<(), Error> {
        let now = self.clock.now();
        self.store.wake(connection.id.clone(), now).await
    }
}
