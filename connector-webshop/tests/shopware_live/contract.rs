//! The contract of every webshop, in a real shop.

use std::sync::Arc;

use async_trait::async_trait;
use connector_http::Secret;
use connector_webshop::shopware::ShopwareConfig;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{SystemClock, Webshop};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::testkit::contract::{NextFault, WebshopHarness, webshop};

use crate::gate::Gate;
use crate::shop::{self, Shop};

struct Live {
    shop: &'static Shop,
    gate: Gate,
}

#[async_trait]
impl WebshopHarness for Live {
    async fn start() -> Self {
        let shop = shop::running().expect("looked at before");
        let gate = Gate::start(shop.host()).await;
        Self { shop, gate }
    }

    fn webshop(&self) -> Arc<dyn Webshop> {
        let secret = Secret::new(&*self.shop.secret);
        let mut config =
            ShopwareConfig::new(&*self.gate.url, &*self.shop.id, secret, "Marketplaces");
        config.request_timeout_ms = 5000;
        Arc::new(config.build(Arc::new(SystemClock::new())).unwrap())
    }

    fn skus(&self) -> [String; 2] {
        ["TB-001".into(), "FL-002".into()]
    }

    async fn inject(&self, fault: NextFault) {
        self.gate.inject(fault);
    }

    async fn orders(&self, key: &ExternalKey) -> Vec<(ShopOrderId, bool)> {
        let under = self.shop.under(&key.to_string());
        under
            .into_iter()
            .map(|(id, state)| (id.into(), state != "cancelled"))
            .collect()
    }

    async fn complete(&self, id: &ShopOrderId, code: Option<Tracking>) {
        if let Some(code) = code {
            self.add_code(id, code).await;
        }
        self.shop.deliver(id.as_str(), "ship");
    }

    async fn add_code(&self, id: &ShopOrderId, code: Tracking) {
        self.shop.track(id.as_str(), &[&code.code]);
    }

    async fn ship(&self, _: &ShopOrderId, _: Vec<LineQuantity>, _: Tracking) {
        panic!("the connector does not declare partial shipments");
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.shop.secret.clone()]
    }
}

macro_rules! cases {
    ($($case:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                if shop::running().is_some() {
                    webshop::$case(Live::start().await).await;
                }
            }
        )+
    };
}

cases!(
    capabilities_are_constant,
    good_credentials_pass_the_check,
    a_created_order_stands_in_the_shop_once,
    sums_stay_exact_to_the_cent,
    an_order_is_found_by_its_key_alone,
    stopping_after_any_step_leaves_one_order,
    a_lost_reply_at_any_step_is_unknown_and_leaves_one_order,
    the_same_key_again_leaves_one_order,
    products_are_answered_in_order,
    a_throttled_create_did_nothing,
    a_server_error_is_unknown,
    refused_credentials_stop_the_connection,
    an_unknown_id_is_gone,
    a_completed_order_shows_its_code,
    a_late_code_shows,
    a_partial_shipment_shows_its_pieces,
    the_feed_hints_at_what_it_is_declared_to_notice,
    a_cancelled_order_is_cancelled,
    a_draft_can_be_thrown_away,
    cancelled_pieces_show_and_the_rest_stays,
    a_return_can_be_noted_again,
    debug_output_and_errors_have_no_secret,
);
