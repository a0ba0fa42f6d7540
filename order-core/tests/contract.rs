//! The memory fakes and the memory store pass the suites that everybody's must pass.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use order_core::ids::{ExternalKey, MarketplaceOrderId, ShopOrderId};
use order_core::memory::MemoryStore;
use order_core::ports::{Clock, CreateSemantics, Marketplace, OrderStore, Webshop};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::ShopState;
use order_core::testkit::contract::{
    Armed, MarketplaceHarness, NextFault, StoreHarness, WebshopHarness,
};
use order_core::testkit::{
    GatedMarketplace, GatedWebshop, ManualClock, MemoryMarketplace, MemoryWebshop, samples,
};

struct Market<const DEFERRED: bool> {
    clock: ManualClock,
    memory: MemoryMarketplace,
    gated: Arc<GatedMarketplace>,
    next: Armed,
    seeded: Mutex<u32>,
}

#[async_trait]
impl<const DEFERRED: bool> MarketplaceHarness for Market<DEFERRED> {
    async fn start() -> Self {
        let clock = ManualClock::new();
        let port: Arc<dyn Clock> = Arc::new(clock.clone());
        let mut memory = MemoryMarketplace::new(port);
        if DEFERRED {
            memory = memory.deferring(Duration::from_millis(1));
        }
        let next = Armed::default();
        let gated = Arc::new(GatedMarketplace::new(Arc::new(memory.clone()), next.gate()));
        Self {
            clock,
            memory,
            gated,
            next,
            seeded: Mutex::default(),
        }
    }

    fn marketplace(&self) -> Arc<dyn Marketplace> {
        Arc::clone(&self.gated) as Arc<dyn Marketplace>
    }

    async fn seed(&self, lines: &[(&str, u32, i64)]) -> MarketplaceOrderId {
        let number = {
            let mut seeded = self.seeded.lock().unwrap();
            *seeded += 1;
            *seeded
        };
        let lines = lines
            .iter()
            .zip(1..)
            .map(|((sku, quantity, cents), n)| {
                samples::line(&format!("L{n}"), sku, *quantity, *cents)
            })
            .collect();
        self.clock.jump(chrono::Duration::seconds(1));
        let order = samples::order(&format!("M{number:03}"), self.clock.now(), lines);
        let id = order.id.clone();
        self.memory.place(order);
        id
    }

    async fn inject(&self, fault: NextFault) {
        self.next.arm(fault);
    }

    async fn shipments(&self, order: &MarketplaceOrderId) -> Vec<(u32, Option<String>)> {
        self.memory
            .shipments(order)
            .iter()
            .map(|s| {
                (
                    s.lines.iter().map(|line| line.quantity).sum(),
                    s.code.clone(),
                )
            })
            .collect()
    }

    async fn decide(&self) {
        self.clock.jump(chrono::Duration::seconds(1));
    }

    fn more_than_a_page(&self) -> usize {
        7
    }

    fn secrets(&self) -> Vec<String> {
        vec!["hunter2".to_owned()]
    }
}

mod marketplace {
    order_core::marketplace_contract!(super::Market<false>);
}

mod marketplace_with_tickets {
    order_core::marketplace_contract!(super::Market<true>);
}

struct Shop<const HARD_KEY: bool> {
    clock: ManualClock,
    memory: MemoryWebshop,
    gated: Arc<GatedWebshop>,
    next: Armed,
}

#[async_trait]
impl<const HARD_KEY: bool> WebshopHarness for Shop<HARD_KEY> {
    async fn start() -> Self {
        let clock = ManualClock::new();
        let port: Arc<dyn Clock> = Arc::new(clock.clone());
        let semantics = if HARD_KEY {
            CreateSemantics::UniqueKey
        } else {
            CreateSemantics::InertThenActivate
        };
        let memory = MemoryWebshop::new(port)
            .with_create(semantics)
            .without_lag();
        memory.without_product("NO-SUCH-ARTICLE");
        let next = Armed::default();
        let gated = Arc::new(GatedWebshop::new(Arc::new(memory.clone()), next.gate()));
        Self {
            clock,
            memory,
            gated,
            next,
        }
    }

    fn webshop(&self) -> Arc<dyn Webshop> {
        Arc::clone(&self.gated) as Arc<dyn Webshop>
    }

    fn skus(&self) -> [String; 2] {
        ["SKU1".to_owned(), "SKU2".to_owned()]
    }

    async fn inject(&self, fault: NextFault) {
        self.next.arm(fault);
    }

    async fn orders(&self, key: &ExternalKey) -> Vec<(ShopOrderId, bool)> {
        let all = self.memory.all().into_iter();
        all.filter(|record| record.order.key.as_ref() == Some(key))
            .map(|record| {
                let dead = matches!(record.order.state, ShopState::Draft | ShopState::Cancelled);
                (record.order.id, !dead)
            })
            .collect()
    }

    async fn complete(&self, id: &ShopOrderId, code: Option<Tracking>) {
        self.clock.jump(chrono::Duration::seconds(1));
        self.memory.complete(id, code);
    }

    async fn add_code(&self, id: &ShopOrderId, code: Tracking) {
        self.memory.add_code(id, code);
    }

    async fn ship(&self, id: &ShopOrderId, lines: Vec<LineQuantity>, code: Tracking) {
        self.memory.ship(id, "1", lines, code);
    }

    fn secrets(&self) -> Vec<String> {
        vec!["hunter2".to_owned()]
    }
}

mod webshop_with_drafts {
    order_core::webshop_contract!(super::Shop<false>);
}

mod webshop_with_a_hard_key {
    order_core::webshop_contract!(super::Shop<true>);
}

struct Memory(Arc<MemoryStore>);

#[async_trait]
impl StoreHarness for Memory {
    async fn start() -> Self {
        Self(Arc::new(MemoryStore::new()))
    }

    fn store(&self) -> Arc<dyn OrderStore> {
        Arc::clone(&self.0) as Arc<dyn OrderStore>
    }

    async fn reopen(&self) -> Arc<dyn OrderStore> {
        self.store()
    }
}

mod store {
    order_core::store_contract!(super::Memory);
}
