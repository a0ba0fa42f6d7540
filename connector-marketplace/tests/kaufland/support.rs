//! A sandbox, its clock and a connector to it.

use std::sync::Arc;

use connector_marketplace::kaufland::sandbox::{NewLine, NewOrder, Sandbox, Settings};
use connector_marketplace::kaufland::{Kaufland, KauflandConfig};
use order_core::order::MarketplaceOrder;

use crate::common::TestClock;

pub(crate) struct World {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) sandbox: Sandbox,
    pub(crate) kaufland: Kaufland,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut KauflandConfig)) -> Self {
        let clock = TestClock::new();
        let settings = Settings {
            record: true,
            ..Settings::default()
        };
        let sandbox = Sandbox::start(settings, clock.clone()).await.unwrap();
        let mut config = sandbox.config();
        config.request_timeout_seconds = Some(1);
        change(&mut config);
        let kaufland = config.build(clock.clone()).unwrap();
        Self {
            clock,
            sandbox,
            kaufland,
        }
    }

    pub(crate) fn requests(&self, operation: &str) -> u64 {
        self.sandbox.state()["requests"][operation]
            .as_u64()
            .unwrap_or(0)
    }

    /// What was told about each piece: code and carrier.
    pub(crate) fn parcels(&self) -> Vec<(String, String)> {
        let state = self.sandbox.state();
        let parcels = state["parcels"].as_array().unwrap().iter();
        parcels
            .map(|it| {
                let text = |at: usize| it[at].as_str().unwrap().to_owned();
                (text(1), text(2))
            })
            .collect()
    }
}

pub(crate) const SEND: &str = "PATCH /order-units/{id_order_unit}/send";

/// An order of three mugs and a lamp.
pub(crate) fn mugs_and_lamp(id: &str) -> NewOrder {
    NewOrder::new(id)
        .with_line(NewLine::new("MUG-01", 3, 1299))
        .with_line(NewLine::new("LAMP-02", 1, 3495))
}

/// Open pieces by article number.
pub(crate) fn open(order: &MarketplaceOrder) -> Vec<(String, u32)> {
    let line = |line: &order_core::order::Line| (line.sku.clone().unwrap(), line.open());
    let mut open: Vec<_> = order.lines.iter().map(line).collect();
    open.sort();
    open
}

/// The lines in a fixed order: lamp, mugs.
pub(crate) fn sorted(mut order: MarketplaceOrder) -> MarketplaceOrder {
    order.lines.sort_by(|a, b| a.sku.cmp(&b.sku));
    order
}
