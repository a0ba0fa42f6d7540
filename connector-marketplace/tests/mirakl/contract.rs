//! The contract every marketplace must pass, over HTTP against the sandbox, with both ways an
//! operator may have shipments.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use connector_marketplace::mirakl::sandbox::{NewLine, NewOrder, Sandbox, Settings};
use order_core::ids::MarketplaceOrderId;
use order_core::ports::Marketplace;
use order_core::testkit::contract::{MarketplaceHarness, NextFault};

use crate::common::{TestClock, next_fault};

struct Harness<const MULTI: bool> {
    clock: Arc<TestClock>,
    sandbox: Sandbox,
    mirakl: Arc<dyn Marketplace>,
    seeded: AtomicU64,
}

const KEY: &str = "PLANTED-api-key";

#[async_trait]
impl<const MULTI: bool> MarketplaceHarness for Harness<MULTI> {
    async fn start() -> Self {
        let clock = TestClock::new();
        let settings = Settings {
            api_key: KEY.to_owned(),
            multi_shipment: MULTI,
            ..Settings::default()
        };
        let sandbox = Sandbox::start(settings, clock.clone()).await.unwrap();
        let mut config = sandbox.config();
        config.request_timeout_seconds = Some(1);
        let mirakl = Arc::new(config.build(clock.clone()).unwrap());
        Self {
            clock,
            sandbox,
            mirakl,
            seeded: AtomicU64::new(0),
        }
    }

    fn marketplace(&self) -> Arc<dyn Marketplace> {
        Arc::clone(&self.mirakl)
    }

    async fn seed(&self, lines: &[(&str, u32, i64)]) -> MarketplaceOrderId {
        let number = self.seeded.fetch_add(1, Ordering::SeqCst);
        let id = format!("C{number:06}-A");
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

    async fn shipments(&self, order: &MarketplaceOrderId) -> Vec<(u32, Option<String>)> {
        let state = self.sandbox.state();
        if MULTI {
            let shipments = state["shipments"].as_array().unwrap().iter();
            return shipments
                .filter(|it| it["order_id"] == order.as_str())
                .map(|it| {
                    let lines = it["shipment_lines"].as_array().unwrap().iter();
                    let pieces: u64 = lines.map(|line| line["quantity"].as_u64().unwrap()).sum();
                    let code = it["tracking"]["tracking_number"].as_str();
                    (u32::try_from(pieces).unwrap(), code.map(str::to_owned))
                })
                .collect();
        }
        let orders = state["orders"].as_array().unwrap().iter();
        orders
            .filter(|it| it["order_id"] == order.as_str() && it["order_state"] == "SHIPPED")
            .map(|it| {
                let lines = it["order_lines"].as_array().unwrap().iter();
                let pieces: u64 = lines.map(|line| line["quantity"].as_u64().unwrap()).sum();
                let code = it["shipping_tracking"].as_str();
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
        vec![KEY.to_owned()]
    }
}

/// Several shipments per order.
mod several {
    order_core::marketplace_contract!(super::Harness<true>);
}

/// One shipment per order, in two steps. Of all cases one is left out: a reply that is lost at the
/// first step, which only stores the code, leaves an order that is not shipped; what happens at
/// each step is in `flow`.
mod one {
    order_core::contract_cases!(
        MarketplaceHarness,
        super::Harness<false>,
        capabilities_are_constant,
        good_credentials_pass_the_check,
        every_seeded_order_is_listed_across_pages,
        a_sweep_shows_every_open_order,
        a_new_order_comes_behind_the_cursor,
        an_order_reads_back_as_it_was_seeded,
        an_unknown_id_is_gone,
        a_confirmed_shipment_is_at_the_platform_once,
        a_confirmation_is_found_only_after_it_was_sent,
        a_throttled_confirmation_did_nothing,
        a_server_error_is_unknown,
        a_garbled_answer_is_unknown,
        a_garbled_feed_is_an_error,
        refused_credentials_stop_the_connection,
        a_partial_shipment_leaves_the_rest_open,
        a_late_code_reaches_the_platform,
        a_cancelled_order_is_cancelled_at_the_platform,
        accepting_needs_the_capability,
        returns_need_the_capability,
        debug_output_and_errors_have_no_secret,
    );
}
