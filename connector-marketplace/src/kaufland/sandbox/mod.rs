//! A stateful server on this machine that behaves like Kaufland's Seller API, as far as the
//! connector uses it.
//!
//! What it answers follows Kaufland's description; signatures and the time in them are checked.
//! What it *does* follows Kaufland's documentation where that speaks. Where it is silent, a piece
//! that is sent or cancelled already is refused as `duplicate-action`, and one in another state as
//! `action-not-allowed`.
//!
//! ```no_run
//! # async fn example(clock: std::sync::Arc<dyn order_core::ports::Clock>) -> Result<(), order_core::Error> {
//! use connector_marketplace::kaufland::sandbox::{NewOrder, Sandbox, Settings};
//!
//! let sandbox = Sandbox::start(Settings::default(), clock.clone()).await?;
//! sandbox.add_order(NewOrder::sample("MK00001", 7));
//! let kaufland = sandbox.config().build(clock)?;
//! # let _ = (kaufland, sandbox.state());
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

use super::KauflandConfig;
use crate::sandbox::Server;
pub use crate::sandbox::{Exchange, Failure, Fault, Seen};
pub use orders::{NewLine, NewOrder};
use world::World;

/// How the sandbox behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The client key that is accepted.
    pub client_key: String,
    /// The secret key that requests are signed with.
    pub secret_key: String,
    /// Whether every request and answer is kept for [`Sandbox::exchanges`].
    pub record: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            client_key: "sandbox-client".to_owned(),
            secret_key: "sandbox-secret-key".to_owned(),
            record: false,
        }
    }
}

/// A running sandbox. Dropping it stops the server.
#[derive(Debug)]
pub struct Sandbox {
    server: Server<World>,
    client_key: Secret,
    secret_key: Secret,
}

impl Sandbox {
    /// Starts an empty sandbox on 127.0.0.1. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`order_core::Kind::Config`] when the port is taken.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let client_key = Secret::new(&*settings.client_key);
        let secret_key = Secret::new(&*settings.secret_key);
        let world = World::new(client_key.clone(), secret_key.clone());
        let server = Server::start(|_| world, settings.port, settings.record, clock).await?;
        Ok(Self {
            server,
            client_key,
            secret_key,
        })
    }

    /// Where it listens, as in `http://127.0.0.1:4001`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Settings of a connector for this sandbox.
    #[must_use]
    pub fn config(&self) -> KauflandConfig {
        KauflandConfig::new(self.client_key.clone(), self.secret_key.clone()).at(&self.url())
    }

    /// A buyer orders. An order with the same id is replaced.
    pub fn add_order(&self, order: NewOrder) {
        self.server.with(|world, now| world.add(order, now));
    }

    /// The buyer asks to cancel a piece, in a ticket.
    pub fn request_cancellation(&self, piece: &str) {
        self.server
            .with(|world, now| world.request_cancellation(piece, now));
    }

    /// Kaufland cancels what is open of an order.
    pub fn cancel_order(&self, order: &str) {
        self.server.with(|world, now| world.cancel_all(order, now));
    }

    /// Changes a piece as it will be answered, whatever it becomes.
    pub fn change_piece(&self, piece: &str, change: impl FnOnce(&mut Value)) {
        self.server
            .with(|world, now| world.change(piece, now, change));
    }

    /// Changes an order as it will be answered, whatever it becomes.
    pub fn change_order(&self, order: &str, change: impl FnOnce(&mut Value)) {
        self.server
            .with(|world, _| world.change_order(order, change));
    }

    /// A buyer sends pieces back; answers the return's id.
    #[must_use]
    pub fn add_return(&self, pieces: &[&str]) -> String {
        self.server.with(|world, now| world.add_return(pieces, now))
    }

    /// The pieces of a return have come back.
    pub fn receive_return(&self, id: &str) {
        self.server.with(|world, now| world.receive_return(id, now));
    }

    /// From now on every page of the list of pieces starts with these entries.
    pub fn prepend_to_list(&self, entries: Vec<Value>) {
        self.server.with(|world, _| world.list_entries = entries);
    }

    /// Decides about every request from now on, in place of an earlier decision.
    pub fn inject(&self, hook: impl Fn(&Seen) -> Fault + Send + Sync + 'static) {
        self.server.inject(hook);
    }

    /// The whole truth as JSON: orders, pieces, parcels, returns, requests per operation.
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
