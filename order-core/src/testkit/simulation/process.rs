//! A simulated process: a worker behind a gate, which may crash and stand still.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Report, World, connection_id};
use crate::engine::{Connection, Engine};
use crate::error::Error;
use crate::ids::{ConnectionId, MarketplaceOrderId, OrderKey, ShopOrderId};
use crate::lifecycle::EffectStatus;
use crate::memory::MemoryStore;
use crate::ports::*;
use crate::state::Order;
use crate::testkit::gate::Gate;
use crate::testkit::{GatedMarketplace, GatedStore, GatedWebshop};
use crate::worker::{Worker, WorkerOptions};

pub(super) struct Process {
    pub(super) gate: Gate,
    pub(super) future: Pin<Box<dyn Future<Output = ()>>>,
    pub(super) resume_at: Option<tokio::time::Instant>,
    number: u64,
    starts: u32,
    faults: Arc<AtomicBool>,
}

/// Between looks for work, and before a program is started again.
const REST: Duration = Duration::from_secs(45);

impl Process {
    pub(super) fn new(world: &World, gate: Gate, number: u64) -> Self {
        let faults = Arc::new(AtomicBool::new(true));
        gate.only_while(Arc::clone(&faults));
        let mut process = Self {
            gate,
            future: Box::pin(std::future::pending()),
            resume_at: None,
            number,
            starts: 0,
            faults,
        };
        process.restart(world, Duration::from_secs(number * 7));
        process
    }

    pub(super) fn stop_faults(&self) {
        self.faults.store(false, Ordering::SeqCst);
    }

    /// Drops what was under way and starts anew after a rest.
    pub(super) fn restart(&mut self, world: &World, rest: Duration) {
        self.starts += 1;
        let gate = self.gate.clone();
        let marketplace = GatedMarketplace::new(Arc::new(world.marketplace.clone()), gate.clone());
        let webshop = GatedWebshop::new(Arc::new(world.webshop.clone()), gate.clone());
        let store = GatedStore::new(Arc::clone(&world.store), gate.clone());
        let clock = Arc::new(world.clock.clone());
        let connection = Connection {
            id: connection_id(),
            marketplace: Arc::new(marketplace),
            webshop: Arc::new(webshop),
            detector: Arc::new(NoDetector),
            policy: world.policy.clone(),
        };
        let mut options = WorkerOptions::new(format!("worker-{}-{}", self.number, self.starts));
        options.rest = REST;
        let engine = Engine::new(Arc::new(store), clock);
        let worker = Worker::new(engine, [connection], options);
        self.future = Box::pin(async move {
            tokio::time::sleep_until(tokio::time::Instant::now() + rest).await;
            // What only a person can mend ends a program; what supervises it starts it again.
            while let Err(error) = worker.run(std::future::pending(), |_, _| ()).await {
                assert!(
                    error.stops_connection(),
                    "the worker ended: {}",
                    error.report()
                );
                tokio::time::sleep_until(tokio::time::Instant::now() + REST).await;
            }
        });
        self.gate.restart();
    }

    pub(super) fn count(&self, report: &mut Report) {
        report.calls += self.gate.points();
        report.trace = report.trace.rotate_left(7) ^ self.gate.trace();
        for (_, _, fault) in self.gate.injected() {
            let name = format!("{fault:?}");
            let name = name.split(['(', ' ']).next().unwrap_or_default().to_owned();
            *report.faults.entry(name).or_default() += 1;
        }
    }
}

/// A store that does not keep intents: what a program without an outbox is like. Broken on
/// purpose.
#[derive(Debug)]
pub(super) struct Forgetful {
    inner: MemoryStore,
}

impl Forgetful {
    pub(super) fn new(inner: MemoryStore) -> Self {
        Self { inner }
    }
}

#[async_trait]
impl OrderStore for Forgetful {
    async fn commit(&self, lease: Lease, mut batch: Batch) -> Result<Vec<Committed>, Error> {
        for change in &mut batch.changes {
            let intends = change
                .effects
                .iter()
                .any(|e| e.status == EffectStatus::Open);
            if intends {
                // The version grows as the engine expects, but the intent is not kept.
                let key = change.order.key.clone();
                if let Some(before) = self.inner.load(key).await? {
                    change.order.state = before.state;
                }
            }
        }
        self.inner.commit(lease, batch).await
    }

    async fn register(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        self.inner.register(connection, at).await
    }
    async fn connections(&self) -> Result<Vec<ConnectionRecord>, Error> {
        self.inner.connections().await
    }
    async fn claim(&self, claim: Claim) -> Result<Option<Claimed>, Error> {
        self.inner.claim(claim).await
    }
    async fn renew(&self, lease: Lease, until: DateTime<Utc>) -> Result<Lease, Error> {
        self.inner.renew(lease, until).await
    }
    async fn release(
        &self,
        lease: Lease,
        memo: Memo,
        next_due: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.inner.release(lease, memo, next_due).await
    }
    async fn stop(&self, connection: ConnectionId, why: Option<String>) -> Result<(), Error> {
        self.inner.stop(connection, why).await
    }
    async fn wake(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        self.inner.wake(connection, at).await
    }
    async fn amend(&self, change: Change) -> Result<Committed, Error> {
        self.inner.amend(change).await
    }
    async fn due(&self, query: DueQuery) -> Result<Vec<DueOrder>, Error> {
        self.inner.due(query).await
    }
    async fn next_due(&self, connection: ConnectionId) -> Result<Option<DateTime<Utc>>, Error> {
        self.inner.next_due(connection).await
    }
    async fn load(&self, key: OrderKey) -> Result<Option<Order>, Error> {
        self.inner.load(key).await
    }
    async fn load_many(
        &self,
        connection: ConnectionId,
        ids: Vec<MarketplaceOrderId>,
    ) -> Result<Vec<Order>, Error> {
        self.inner.load_many(connection, ids).await
    }
    async fn by_shop_ids(
        &self,
        connection: ConnectionId,
        ids: Vec<ShopOrderId>,
    ) -> Result<Vec<Order>, Error> {
        self.inner.by_shop_ids(connection, ids).await
    }
    async fn list(&self, filter: OrderFilter) -> Result<Vec<Order>, Error> {
        self.inner.list(filter).await
    }
    async fn count(&self, filter: OrderFilter) -> Result<u64, Error> {
        self.inner.count(filter).await
    }
    async fn activity(&self, query: ActivityQuery) -> Result<Vec<Activity>, Error> {
        self.inner.activity(query).await
    }
    async fn counts(&self, connection: Option<ConnectionId>) -> Result<Counts, Error> {
        self.inner.counts(connection).await
    }
    async fn history(&self, key: OrderKey) -> Result<Vec<HistoryEntry>, Error> {
        self.inner.history(key).await
    }
    async fn journal(&self, key: OrderKey) -> Result<Vec<JournalEntry>, Error> {
        self.inner.journal(key).await
    }
}
