//! The contract every marketplace must pass, over HTTP against the sandbox.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use connector_marketplace::kaufland::sandbox::{NewLine, NewOrder, Sandbox, Settings};
use order_core::ids::MarketplaceOrderId;
use order_core::ports::Marketplace;
use order_core::testkit::contract::{MarketplaceHarness, NextFault};

use crate::common::{TestClock, next_fault};

struct Harness {
    clock: Arc<TestClock>,
    sandbox: Sandbox,
    kaufland: Arc<dyn Marketplace>,
    seeded: AtomicU64,
}

const KEY: &str = "PLANTED-client-key";
const SECRET: &str = "PLANTED-secret-key";

#[async_trait]
impl MarketplaceHarness for Harness {
    async fn start() -> Self {
        let clock = TestClock::new();
        let settings = Settings {
            client_key: KEY.to_owned(),
            secret_key: SECRET.to_owned(),
            ..Settings::default()
        };
        let sandbox = Sandbox::start(settings, clock.clone()).await.unwrap();
        let mut config = sandbox.config();
        config.request_timeout_seconds = Some(1);
        config.carrier_without_code = Some("Other Hauler".to_owned());
        let kaufland = Arc::new(config.build(clock.clone()).unwrap());
        Self {
            clock,
            sandbox,
            kaufland,
            seeded: AtomicU64::new(0),
        }
    }

    fn marketplace(&self) -> Arc<dyn Marketplace> {
        Arc::clone(&self.kaufland)
    }

    async fn seed(&self, lines: &[(&str, u32, i64)]) -> MarketplaceOrderId {
        let number = self.seeded.fetch_add(1, Ordering::SeqCst);
        let id = format!("C{number:06}");
        let mut order = NewOrder::new(&id);
        for (sku, quantity, cents) in lines {
            order = order.with_line(NewLine::new(sku, *quantity, *cents));
        }
        self.sandbox.add_order(order);
        id.into()
    }

    async fn inject(&self, fault: NextFault) {
        self.sandbox.inject(next_fault(fault, 401));
    }

    /// The pieces that are sent, by code. A piece that got a second code counts under that.
    async fn shipments(&self, order: &MarketplaceOrderId) -> Vec<(u32, Option<String>)> {
        let state = self.sandbox.state();
        let units = state["units"].as_array().unwrap().iter();
        let mut parcels: BTreeMap<Option<String>, u32> = BTreeMap::new();
        for unit in units.filter(|it| it["id_order"] == order.as_str() && it["status"] == "sent") {
            let told = state["parcels"].as_array().unwrap().iter();
            let code = told
                .filter(|it| it[0] == unit["id_order_unit"])
                .filter_map(|it| it[1].as_str().filter(|code| !code.is_empty()))
                .next_back();
            *parcels.entry(code.map(str::to_owned)).or_default() += 1;
        }
        parcels
            .into_iter()
            .map(|(code, pieces)| (pieces, code))
            .collect()
    }

    async fn decide(&self) {
        self.clock.advance(Duration::from_secs(30));
    }

    fn more_than_a_page(&self) -> usize {
        101
    }

    fn secrets(&self) -> Vec<String> {
        vec![KEY.to_owned(), SECRET.to_owned()]
    }
}

order_core::marketplace_contract!(Harness);
