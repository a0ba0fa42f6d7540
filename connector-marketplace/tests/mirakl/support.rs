//! A sandbox, its clock and a connector to it.

use std::sync::Arc;

use connector_marketplace::mirakl::sandbox::{NewLine, NewOrder, Sandbox, Settings};
use connector_marketplace::mirakl::{Mirakl, MiraklConfig};

use crate::common::TestClock;

pub(crate) struct World {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) sandbox: Sandbox,
    pub(crate) mirakl: Mirakl,
}

/// The settings of an instance with several shipments per order, or with one.
pub(crate) fn settings(multi_shipment: bool) -> Settings {
    Settings {
        multi_shipment,
        record: true,
        ..Settings::default()
    }
}

impl World {
    pub(crate) async fn new(multi_shipment: bool) -> Self {
        Self::with(settings(multi_shipment), |_| ()).await
    }

    pub(crate) async fn with(settings: Settings, change: impl FnOnce(&mut MiraklConfig)) -> Self {
        let clock = TestClock::new();
        let sandbox = Sandbox::start(settings, clock.clone()).await.unwrap();
        let mut config = sandbox.config();
        config.request_timeout_seconds = Some(1);
        config.listing_spacing_seconds = Some(0);
        change(&mut config);
        let mirakl = config.build(clock.clone()).unwrap();
        Self {
            clock,
            sandbox,
            mirakl,
        }
    }

    pub(crate) fn requests(&self, operation: &str) -> u64 {
        self.sandbox.state()["requests"][operation]
            .as_u64()
            .unwrap_or(0)
    }
}

/// An order of three mugs and a lamp.
pub(crate) fn mugs_and_lamp(id: &str) -> NewOrder {
    NewOrder::new(id)
        .with_line(NewLine::new("MUG-01", 3, 1299))
        .with_line(NewLine::new("LAMP-02", 1, 3495))
}
