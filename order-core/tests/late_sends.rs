//! What waited too long is not sent: another process may have taken over meanwhile.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed step is the outcome of a test"
)]

mod support;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use order_core::Error;
use order_core::ids::{ExternalKey, OrderKey, ShopOrderId};
use order_core::ports::{
    AccountInfo, CancelShopOrder, Clock as _, CreateOrder, CreateProgress, Cursor, FoundOrder,
    NoteReturn, OrderStore, ProductMatch, ProductQuery, ShopCancel, ShopChanges, ShopNote,
    ShopRead, Webshop, WebshopCapabilities,
};
use order_core::state::EffectKind;
use order_core::testkit::{ManualClock, MemoryWebshop};
use support::World;

/// A webshop that takes its time to create, and for each time it was asked to: how long the intent
/// had been on record by then.
#[derive(Clone, Debug)]
struct Slow {
    inner: MemoryWebshop,
    takes: Duration,
    store: Arc<dyn OrderStore>,
    clock: ManualClock,
    waits: Arc<Mutex<Vec<i64>>>,
}

#[async_trait]
impl Webshop for Slow {
    fn capabilities(&self) -> WebshopCapabilities {
        self.inner.capabilities()
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        self.inner.check().await
    }

    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        self.inner.products(queries).await
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        self.inner.find_orders(key).await
    }

    #[expect(clippy::disallowed_methods, reason = "the time is paused")]
    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        let key = OrderKey::new("test", request.order.key.order.clone());
        let order = self.store.load(key).await.unwrap().unwrap();
        let intended_at = order.state.effect(&EffectKind::Create).unwrap().intended_at;
        let waited = (self.clock.now() - intended_at).num_seconds();
        self.waits.lock().unwrap().push(waited);
        tokio::time::sleep(self.takes).await;
        self.inner.create_order(request).await
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        self.inner.changes(cursor).await
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        self.inner.orders(ids).await
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        self.inner.cancel_order(request).await
    }

    async fn note_return(&self, request: NoteReturn) -> Result<ShopNote, Error> {
        self.inner.note_return(request).await
    }
}

/// A world with more orders than are sent at a time. One cycle starts, and its creates take this
/// long; how long had the intents waited of those that were sent in the time of almost two rounds?
async fn waits(takes: u64, lease: u64) -> Vec<i64> {
    let mut world = World::new().await;
    let slow = Slow {
        inner: world.webshop.clone(),
        takes: Duration::from_secs(takes),
        store: Arc::clone(&world.store),
        clock: world.clock.clone(),
        waits: Arc::default(),
    };
    world.connection.webshop = Arc::new(slow.clone());
    world.connection.policy.concurrency = 2;
    for number in 0..4 {
        world.buy(&format!("A-{number}"));
    }
    let lease = Duration::from_secs(lease);
    let held = world.engine.claim("tester", &[], lease, true).await;
    let mut held = held.unwrap().unwrap();
    let cycle = world.engine.run_cycle(&world.connection, &mut held);
    let limit = Duration::from_secs(takes + takes / 2);
    drop(tokio::time::timeout(limit, cycle).await);
    slow.waits.lock().unwrap().clone()
}

#[tokio::test(start_paused = true)]
async fn what_waited_as_long_as_it_may_is_sent() {
    assert_eq!(waits(20, 600).await, [0, 0, 20, 20]);
    assert_eq!(waits(30, 600).await, [0, 0, 30, 30]);
}

#[tokio::test(start_paused = true)]
async fn what_waited_longer_is_sent_only_after_its_intent_was_stored_anew() {
    assert_eq!(waits(31, 600).await, [0, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_the_lease_would_not_outlive_is_not_sent() {
    // 20 s have passed, a request may take 60 s, and the lease counts 5 s less than it lasts.
    assert_eq!(waits(20, 86).await, [0, 0, 20, 20]);
    assert_eq!(waits(20, 85).await, [0, 0]);
}
