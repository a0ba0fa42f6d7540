//! The contract every marketplace must pass, over HTTP against the sandbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use connector_marketplace::amazon::sandbox::{NewItem, NewOrder, Sandbox, Settings};
use order_core::ids::MarketplaceOrderId;
use order_core::ports::Marketplace;
use order_core::testkit::contract::{MarketplaceHarness, NextFault};

use crate::common::{TestClock, next_fault};

struct Harness {
    clock: Arc<TestClock>,
    sandbox: Sandbox,
    amazon: Arc<dyn Marketplace>,
    seeded: AtomicU64,
}

const SECRET: &str = "PLANTED-client-secret";
const REFRESH: &str = "PLANTED-refresh-token";
const WITHOUT_CODE: &str = "none";

#[async_trait]
impl MarketplaceHarness for Harness {
    async fn start() -> Self {
        let clock = TestClock::new();
        let settings = Settings {
            client_secret: SECRET.to_owned(),
            refresh_token: REFRESH.to_owned(),
            ..Settings::default()
        };
        let sandbox = Sandbox::start(settings, clock.clone()).await.unwrap();
        let mut config = sandbox.config();
        config.request_timeout_seconds = Some(1);
        config.text_without_code = Some(WITHOUT_CODE.to_owned());
        let amazon = Arc::new(config.build(clock.clone()).unwrap());
        Self {
            clock,
            sandbox,
            amazon,
            seeded: AtomicU64::new(0),
        }
    }

    fn marketplace(&self) -> Arc<dyn Marketplace> {
        Arc::clone(&self.amazon)
    }

    async fn seed(&self, lines: &[(&str, u32, i64)]) -> MarketplaceOrderId {
        let number = self.seeded.fetch_add(1, Ordering::SeqCst);
        let id = format!("902-0000000-{number:07}");
        let mut order = NewOrder::new(&id);
        for (sku, quantity, cents) in lines {
            order = order.with_item(NewItem::new(sku, *quantity, *cents));
        }
        self.sandbox.add_order(order);
        id.into()
    }

    async fn inject(&self, fault: NextFault) {
        self.sandbox.inject(next_fault(fault, 401));
    }

    async fn shipments(&self, order: &MarketplaceOrderId) -> Vec<(u32, Option<String>)> {
        let state = self.sandbox.state();
        let orders = state["orders"].as_array().unwrap().iter();
        let packages = orders
            .filter(|it| it["orderId"] == order.as_str())
            .flat_map(|it| it["packages"].as_array().unwrap());
        packages
            .map(|it| {
                let items = it["packageItems"].as_array().unwrap().iter();
                let pieces: u64 = items.map(|item| item["quantity"].as_u64().unwrap()).sum();
                let code = it["trackingNumber"]
                    .as_str()
                    .filter(|it| *it != WITHOUT_CODE);
                (u32::try_from(pieces).unwrap(), code.map(str::to_owned))
            })
            .collect()
    }

    async fn decide(&self) {
        self.clock.advance(Duration::from_secs(30));
    }

    fn more_than_a_page(&self) -> usize {
        101
    }

    fn secrets(&self) -> Vec<String> {
        vec![
            SECRET.to_owned(),
            REFRESH.to_owned(),
            "Atza|sandbox".to_owned(),
        ]
    }
}

order_core::marketplace_contract!(Harness);
