//! A stateful server on this machine that behaves like a Mirakl instance, as far as the connector
//! uses it.
//!
//! What it answers follows Mirakl's description. What it *does* follows Mirakl's documentation where
//! that speaks. Where it is silent, the sandbox is the harder one: what does not fit an order's
//! state is refused with 400, and a shipment of more pieces than are open is an entry among the
//! errors of an answer with 201.
//!
//! ```no_run
//! # async fn example(clock: std::sync::Arc<dyn order_core::ports::Clock>) -> Result<(), order_core::Error> {
//! use connector_marketplace::mirakl::sandbox::{NewOrder, Sandbox, Settings};
//!
//! let sandbox = Sandbox::start(Settings::default(), clock.clone()).await?;
//! sandbox.add_order(NewOrder::sample("M0001-A", 7));
//! let mirakl = sandbox.config().build(clock)?;
//! # let _ = (mirakl, sandbox.state());
//! # Ok(())
//! # }
//! ```

mod answers;
mod orders;
mod world;

use std::sync::Arc;

use connector_http::Secret;
use order_core::Error;
use order_core::ports::Clock;
use serde_json::Value;

use super::MiraklConfig;
use crate::sandbox::Server;
pub use crate::sandbox::{Exchange, Failure, Fault, Seen};
pub use orders::{NewLine, NewOrder};
use world::World;

/// How the sandbox behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The API key that is accepted.
    pub api_key: String,
    /// Whether several shipments per order are switched on.
    pub multi_shipment: bool,
    /// Whether an order can only be shipped once its code is known.
    pub tracking_required: bool,
    /// Whether sellers may cancel orders. Where not, they can refund lines.
    pub can_cancel: bool,
    /// Whether every request and answer is kept for [`Sandbox::exchanges`].
    pub record: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            api_key: "sandbox-api-key".to_owned(),
            multi_shipment: false,
            tracking_required: false,
            can_cancel: true,
            record: false,
        }
    }
}

/// A running sandbox. Dropping it stops the server.
#[derive(Debug)]
pub struct Sandbox {
    server: Server<World>,
    settings: Settings,
}

impl Sandbox {
    /// Starts an empty sandbox on 127.0.0.1. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`order_core::Kind::Config`] when the port is taken.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let world = World::new(settings.clone());
        let server = Server::start(|_| world, settings.port, settings.record, clock).await?;
        Ok(Self { server, settings })
    }

    /// Where it listens, as in `http://127.0.0.1:4001`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Settings of a connector for this sandbox.
    #[must_use]
    pub fn config(&self) -> MiraklConfig {
        let mut config = MiraklConfig::new(self.url(), Secret::new(&*self.settings.api_key));
        config.multi_shipment = self.settings.multi_shipment;
        config
    }

    /// A buyer orders. An order with the same id is replaced.
    pub fn add_order(&self, order: NewOrder) {
        self.server.with(|world, now| world.add(order, now));
    }

    /// The buyer's payment of an accepted order comes in.
    pub fn debit(&self, order: &str) {
        self.server.with(|world, now| world.debit(order, now));
    }

    /// A buyer wants to send lines of an order back; answers the return's id.
    #[must_use]
    pub fn add_return(&self, order: &str, lines: &[(&str, u32)]) -> String {
        self.server
            .with(|world, now| world.add_return(order, lines, now))
    }

    /// The goods of a return have come back.
    pub fn receive_return(&self, id: &str) {
        self.server.with(|world, now| world.receive_return(id, now));
    }

    /// The operator cancels what is open of an order.
    pub fn cancel_order(&self, order: &str) {
        self.server.with(|world, now| world.cancel_all(order, now));
    }

    /// Changes an order as it will be answered, whatever it becomes.
    pub fn change(&self, order: &str, change: impl FnOnce(&mut Value)) {
        self.server
            .with(|world, now| world.change(order, now, change));
    }

    /// From now on every page of the list of orders starts with these entries.
    pub fn prepend_to_list(&self, entries: Vec<Value>) {
        self.server.with(|world, _| world.list_entries = entries);
    }

    /// Decides about every request from now on, in place of an earlier decision.
    pub fn inject(&self, hook: impl Fn(&Seen) -> Fault + Send + Sync + 'static) {
        self.server.inject(hook);
    }

    /// The whole truth as JSON: orders, shipments, requests per operation.
    #[must_use]
    pub fn state(&self) -> Value {
        self.server.state()
    }

    /// Everything that was said, where [`Settings::record`] is on.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.server.exchanges()
    }
}
