//! A stateful server on this machine that behaves like Amazon's Selling Partner API, as far as the
//! connector uses it.
//!
//! What it answers follows Amazon's models. What it *does* follows Amazon's documentation where that
//! speaks: the same package again edits it, a page token works with the same parameters alone, a
//! feed is decided later and its report says about its row what the feed itself does not.
//!
//! ```no_run
//! # async fn example(clock: std::sync::Arc<dyn order_core::ports::Clock>) -> Result<(), order_core::Error> {
//! use connector_marketplace::amazon::sandbox::{NewOrder, Sandbox, Settings};
//!
//! let sandbox = Sandbox::start(Settings::default(), clock.clone()).await?;
//! sandbox.add_order(NewOrder::sample("902-0000001-0000001", 7));
//! let amazon = sandbox.config().build(clock)?;
//! # let _ = (amazon, sandbox.state());
//! # Ok(())
//! # }
//! ```

mod answers;
mod feeds;
mod orders;
mod world;

use std::sync::Arc;
use std::time::Duration;

use connector_http::Secret;
use order_core::Error;
use order_core::ports::Clock;
use serde_json::Value;

use super::AmazonConfig;
use crate::sandbox::Server;
pub use crate::sandbox::{Exchange, Failure, Fault, Seen};
pub use orders::{NewItem, NewOrder};
use world::World;

/// Germany.
const MARKETPLACE: &str = "A1PA6795UKMFR9";

/// How the sandbox behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The client secret that is accepted.
    pub client_secret: String,
    /// The refresh token that is accepted.
    pub refresh_token: String,
    /// How long an access token works. Amazon says an hour.
    pub token_life: Duration,
    /// How old a change must be to be listed. Amazon says two minutes.
    pub listing_lag: Duration,
    /// How long a feed waits until it is processed.
    pub processing: Duration,
    /// Whether the application has the role that shows where orders go.
    pub shows_recipients: bool,
    /// Whether reports of feeds are packed.
    pub packed_reports: bool,
    /// Whether every request and answer is kept for [`Sandbox::exchanges`].
    pub record: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            client_secret: "sandbox-client-secret".to_owned(),
            refresh_token: "sandbox-refresh".to_owned(),
            token_life: Duration::from_secs(3600),
            listing_lag: Duration::ZERO,
            processing: Duration::from_secs(20),
            shows_recipients: true,
            packed_reports: false,
            record: false,
        }
    }
}

/// A running sandbox. Dropping it stops the server.
#[derive(Debug)]
pub struct Sandbox {
    server: Server<World>,
    client_secret: Secret,
    refresh_token: Secret,
}

impl Sandbox {
    /// Starts an empty sandbox on 127.0.0.1. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`order_core::Kind::Config`] when the port is taken.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let client_secret = Secret::new(&*settings.client_secret);
        let refresh_token = Secret::new(&*settings.refresh_token);
        let (port, record) = (settings.port, settings.record);
        let world = |url: &str| World::new(settings, url);
        let server = Server::start(world, port, record, clock).await?;
        Ok(Self {
            server,
            client_secret,
            refresh_token,
        })
    }

    /// Where it listens, as in `http://127.0.0.1:4001`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Settings of a connector for this sandbox.
    #[must_use]
    pub fn config(&self) -> AmazonConfig {
        AmazonConfig::new(
            "sandbox-client",
            self.client_secret.clone(),
            self.refresh_token.clone(),
            "SELLER1",
            MARKETPLACE,
        )
        .at(&self.url())
    }

    /// A buyer orders. An order with the same id is replaced.
    pub fn add_order(&self, order: NewOrder) {
        self.server.with(|world, now| world.add(&order, now));
    }

    /// The buyer asks to cancel an item.
    pub fn request_cancellation(&self, item: &str) {
        self.server
            .with(|world, now| world.request_cancellation(item, now));
    }

    /// Amazon cancels what is open of an order.
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

    /// From now on no access token that was given works.
    pub fn forget_tokens(&self) {
        self.server.with(|world, _| world.tokens.clear());
    }

    /// Decides about every request from now on, in place of an earlier decision.
    pub fn inject(&self, hook: impl Fn(&Seen) -> Fault + Send + Sync + 'static) {
        self.server.inject(hook);
    }

    /// The whole truth as JSON: orders with their packages, feeds, requests per operation.
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
