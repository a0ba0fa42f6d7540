//! A sandbox, its clock and a connector to it.

use std::sync::Arc;

use connector_marketplace::amazon::sandbox::{NewItem, NewOrder, Sandbox, Settings};
use connector_marketplace::amazon::{Amazon, AmazonConfig};

use crate::common::TestClock;

pub(crate) struct World {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) sandbox: Sandbox,
    pub(crate) amazon: Amazon,
}

pub(crate) fn settings() -> Settings {
    Settings {
        record: true,
        ..Settings::default()
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(settings(), |_| ()).await
    }

    pub(crate) async fn with(settings: Settings, change: impl FnOnce(&mut AmazonConfig)) -> Self {
        let clock = TestClock::new();
        let sandbox = Sandbox::start(settings, clock.clone()).await.unwrap();
        let mut config = sandbox.config();
        config.request_timeout_seconds = Some(1);
        change(&mut config);
        let amazon = config.build(clock.clone()).unwrap();
        Self {
            clock,
            sandbox,
            amazon,
        }
    }

    /// Lets every feed that was taken be decided.
    pub(crate) fn let_it_happen(&self) {
        self.clock.advance(std::time::Duration::from_secs(30));
    }

    pub(crate) fn requests(&self, operation: &str) -> u64 {
        self.sandbox.state()["requests"][operation]
            .as_u64()
            .unwrap_or(0)
    }

    /// The packages of the first order: reference, carrier, code.
    pub(crate) fn packages(&self) -> Vec<(String, String, String)> {
        let state = self.sandbox.state();
        let packages = state["orders"][0]["packages"].as_array().unwrap().iter();
        packages
            .map(|it| {
                let text = |name: &str| it[name].as_str().unwrap().to_owned();
                (
                    text("packageReferenceId"),
                    text("carrier"),
                    text("trackingNumber"),
                )
            })
            .collect()
    }
}

pub(crate) const CONFIRM: &str = "POST /orders/v0/orders/{orderId}/shipmentConfirmation";
pub(crate) const FEED: &str = "POST /feeds/2021-06-30/feeds";
pub(crate) const A1: &str = "902-0000001-0000001";

/// An order of three mugs and a lamp.
pub(crate) fn mugs_and_lamp(id: &str) -> NewOrder {
    NewOrder::new(id)
        .with_item(NewItem::new("MUG-01", 3, 1299))
        .with_item(NewItem::new("LAMP-02", 1, 3495))
}
