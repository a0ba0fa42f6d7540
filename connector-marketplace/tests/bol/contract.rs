//! The contract every marketplace must pass, over HTTP against the sandbox.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use connector_marketplace::bol::sandbox::{Failure, Fault, NewItem, NewOrder, Sandbox, Settings};
use order_core::ids::MarketplaceOrderId;
use order_core::ports::Marketplace;
use order_core::testkit::contract::{MarketplaceHarness, NextFault};

use crate::support::TestClock;

struct Harness {
    clock: Arc<TestClock>,
    sandbox: Sandbox,
    bol: Arc<dyn Marketplace>,
    seeded: AtomicU64,
}

const ID: &str = "PLANTED-client-id";
const SECRET: &str = "PLANTED-client-secret";

#[async_trait]
impl MarketplaceHarness for Harness {
    async fn start() -> Self {
        let clock = TestClock::new();
        let settings = Settings {
            client_id: ID.to_owned(),
            client_secret: SECRET.to_owned(),
            ..Settings::default()
        };
        let sandbox = Sandbox::start(settings, clock.clone()).await.unwrap();
        let mut config = sandbox.config();
        config.request_timeout_seconds = Some(1);
        let bol = Arc::new(config.build(clock.clone()).unwrap());
        Self {
            clock,
            sandbox,
            bol,
            seeded: AtomicU64::new(0),
        }
    }

    fn marketplace(&self) -> Arc<dyn Marketplace> {
        Arc::clone(&self.bol)
    }

    async fn seed(&self, lines: &[(&str, u32, i64)]) -> MarketplaceOrderId {
        let number = self.seeded.fetch_add(1, Ordering::SeqCst);
        let id = format!("C{number:06}");
        let mut order = NewOrder::new(&id);
        for (at, (sku, quantity, cents)) in lines.iter().enumerate() {
            let cents = u64::try_from(*cents).unwrap();
            order = order.with_item(NewItem::new(&format!("{id}-{at}"), sku, *quantity, cents));
        }
        self.sandbox.add_order(order);
        id.into()
    }

    async fn inject(&self, fault: NextFault) {
        let next = match fault {
            NextFault::Throttled => Fault::Refuse(Failure::RateLimited(Duration::from_secs(60))),
            NextFault::ServerErrorApplied => Fault::Lose(Failure::Status(500)),
            NextFault::ServerErrorNotApplied => Fault::Refuse(Failure::Status(500)),
            NextFault::LostReply => Fault::Lose(Failure::Silence(Duration::from_secs(20))),
            NextFault::Garbled => Fault::Lose(Failure::WebPage),
            NextFault::GarbledRead => Fault::Refuse(Failure::WebPage),
            NextFault::CredentialsRevoked => Fault::Refuse(Failure::Status(401)),
        };
        let used = AtomicBool::new(false);
        self.sandbox.inject(move |request| {
            let meant = match fault {
                NextFault::CredentialsRevoked => return next.clone(),
                NextFault::GarbledRead => request.operation.starts_with("GET"),
                NextFault::Throttled
                | NextFault::ServerErrorApplied
                | NextFault::ServerErrorNotApplied
                | NextFault::LostReply
                | NextFault::Garbled => request.is_mutation(),
            };
            if meant && !used.swap(true, Ordering::SeqCst) {
                next.clone()
            } else {
                Fault::None
            }
        });
    }

    async fn shipments(&self, order: &MarketplaceOrderId) -> Vec<(u32, Option<String>)> {
        let state = self.sandbox.state();
        let shipments = state["shipments"].as_array().unwrap().iter();
        shipments
            .filter(|it| it["order"] == order.as_str())
            .map(|it| {
                let items = it["items"].as_array().unwrap().iter();
                let pieces: u64 = items.map(|item| item[1].as_u64().unwrap()).sum();
                (
                    u32::try_from(pieces).unwrap(),
                    it["code"].as_str().map(str::to_owned),
                )
            })
            .collect()
    }

    async fn decide(&self) {
        self.clock.advance(Duration::from_secs(30));
    }

    fn more_than_a_page(&self) -> usize {
        51
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned(), "sandbox-token".to_owned()]
    }
}

order_core::marketplace_contract!(Harness);
