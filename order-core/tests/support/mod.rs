//! A small world that a test moves by hand: cycles, minutes, faults.

#![expect(clippy::unwrap_used, reason = "test support")]
#![allow(
    clippy::allow_attributes,
    reason = "which parts are used differs by test file"
)]
#![allow(dead_code, reason = "every test file uses its own part of this")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use order_core::engine::{Connection, CycleReport, Engine};
use order_core::ids::{ConnectionId, ExternalKey, OrderKey};
use order_core::memory::MemoryStore;
use order_core::order::MarketplaceOrder;
use order_core::policy::Policy;
use order_core::ports::{Clock, NoDetector, OrderStore};
use order_core::state::Order;
use order_core::testkit::{
    Call, Fault, Gate, GatedMarketplace, GatedStore, GatedWebshop, IoPoint, Late, ManualClock,
    MemoryMarketplace, MemoryWebshop, samples,
};

/// A call, and how it fails; `None` lets it pass.
type Planned = (&'static str, Option<Fault>);

/// Faults to inject, by the name of the call; each once. And what was called.
#[derive(Clone, Default)]
pub(crate) struct Script {
    faults: Arc<Mutex<Vec<Planned>>>,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

impl Script {
    /// The next call of this name fails like this.
    pub(crate) fn fail(&self, call: &'static str, fault: Fault) {
        self.faults.lock().unwrap().push((call, Some(fault)));
    }

    /// The call of this name after `passed` others fails like this.
    pub(crate) fn fail_nth(&self, call: &'static str, passed: usize, fault: Fault) {
        for _ in 0..passed {
            self.pass(call);
        }
        self.fail(call, fault);
    }

    /// The next call of this name passes.
    fn pass(&self, call: &'static str) {
        self.faults.lock().unwrap().push((call, None));
    }

    /// What was called since the last time this was asked.
    pub(crate) fn take_calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }

    fn gate(&self, late: Late) -> Gate {
        let script = self.clone();
        let plan = move |_: IoPoint, call: Call| {
            script.calls.lock().unwrap().push(call.name);
            let mut faults = script.faults.lock().unwrap();
            let index = faults.iter().position(|(name, _)| *name == call.name)?;
            faults.remove(index).1
        };
        Gate::new(plan, late)
    }
}

pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) marketplace: MemoryMarketplace,
    pub(crate) webshop: MemoryWebshop,
    pub(crate) store: Arc<dyn OrderStore>,
    pub(crate) script: Script,
    pub(crate) engine: Engine,
    pub(crate) connection: Connection,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = ManualClock::new();
        let port: Arc<dyn Clock> = Arc::new(clock.clone());
        let marketplace = MemoryMarketplace::new(Arc::clone(&port));
        let webshop = MemoryWebshop::new(port);
        Self::of(clock, marketplace, webshop, Arc::new(MemoryStore::new())).await
    }

    pub(crate) async fn of(
        clock: ManualClock,
        marketplace: MemoryMarketplace,
        webshop: MemoryWebshop,
        store: Arc<dyn OrderStore>,
    ) -> Self {
        let script = Script::default();
        let gate = script.gate(Late::default());
        let port: Arc<dyn Clock> = Arc::new(clock.clone());
        let gated_store = GatedStore::new(Arc::clone(&store), gate.clone());
        let connection = Connection {
            id: ConnectionId::from("test"),
            marketplace: Arc::new(GatedMarketplace::new(
                Arc::new(marketplace.clone()),
                gate.clone(),
            )),
            webshop: Arc::new(GatedWebshop::new(Arc::new(webshop.clone()), gate)),
            detector: Arc::new(NoDetector),
            policy: Policy::new("test"),
        };
        store
            .register(connection.id.clone(), clock.now())
            .await
            .unwrap();
        let engine = Engine::new(Arc::new(gated_store), port);
        Self {
            clock,
            marketplace,
            webshop,
            store,
            script,
            engine,
            connection,
        }
    }

    /// Another webshop from now on, behind the same script.
    pub(crate) fn use_webshop(&mut self, webshop: MemoryWebshop) {
        let gate = self.script.gate(Late::default());
        self.connection.webshop = Arc::new(GatedWebshop::new(Arc::new(webshop.clone()), gate));
        self.webshop = webshop;
    }

    /// Another marketplace from now on, behind the same script.
    pub(crate) fn use_marketplace(&mut self, marketplace: MemoryMarketplace) {
        let gate = self.script.gate(Late::default());
        let gated = GatedMarketplace::new(Arc::new(marketplace.clone()), gate);
        self.connection.marketplace = Arc::new(gated);
        self.marketplace = marketplace;
    }

    /// The program starts anew: nothing is left but the store and the platforms.
    pub(crate) async fn restart(self) -> Self {
        let Self {
            clock,
            marketplace,
            webshop,
            store,
            ..
        } = self;
        Self::of(clock, marketplace, webshop, store).await
    }

    /// A buyer orders two pieces of one article and one of another.
    pub(crate) fn buy(&self, id: &str) -> MarketplaceOrder {
        let lines = vec![
            samples::line("L1", "SKU1", 2, 999),
            samples::line("L2", "SKU2", 1, 605),
        ];
        let order = samples::order(id, self.clock.now(), lines);
        self.marketplace.place(order.clone());
        order
    }

    /// One cycle, now.
    pub(crate) async fn cycle(&self) -> CycleReport {
        let lease = Duration::from_secs(180);
        let ids = [self.connection.id.clone()];
        let held = self
            .engine
            .claim("tester", &ids, lease, true)
            .await
            .unwrap();
        let mut held = held.expect("nobody else works here");
        let report = self.engine.run_cycle(&self.connection, &mut held).await;
        self.engine.release(&self.connection, held).await.unwrap();
        report
    }

    /// Minutes pass, with a cycle every five.
    pub(crate) async fn pass(&self, minutes: u64) {
        for _ in 0..minutes.div_ceil(5) {
            self.clock.advance(Duration::from_secs(5 * 60)).await;
            self.cycle().await;
        }
    }

    pub(crate) async fn order(&self, id: &str) -> Order {
        self.store
            .load(OrderKey::new("test", id))
            .await
            .unwrap()
            .expect("the order is stored")
    }

    pub(crate) fn key(id: &str) -> ExternalKey {
        ExternalKey::new("test", id)
    }
}
