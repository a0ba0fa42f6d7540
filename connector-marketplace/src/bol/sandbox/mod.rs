//! A stateful server on this machine that behaves like bol's API, as far as the connector uses it.
//!
//! What it answers follows bol's description. What it *does* follows bol's documentation where that
//! speaks; where it is silent (a second confirmation of the same pieces, unknown items) the sandbox
//! accepts and lets the process fail later, which is the harder case for a caller.
//!
//! ```no_run
//! # async fn example(clock: std::sync::Arc<dyn order_core::ports::Clock>) -> Result<(), order_core::Error> {
//! use connector_marketplace::bol::sandbox::{Failure, Fault, NewOrder, Sandbox, Settings};
//!
//! let sandbox = Sandbox::start(Settings::default(), clock.clone()).await?;
//! sandbox.add_order(NewOrder::sample("A0001", 7));
//! sandbox.inject(|request| {
//!     if request.number % 10 == 0 { Fault::Lose(Failure::Status(502)) } else { Fault::None }
//! });
//! let bol = sandbox.config().build(clock)?;
//! # let _ = (bol, sandbox.state());
//! # Ok(())
//! # }
//! ```

mod answers;
mod changes;
mod faults;
mod samples;
mod serve;
mod world;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connector_http::Secret;
use order_core::ports::Clock;
use order_core::{Error, Kind};
use serde_json::Value;

use super::BolConfig;
pub use faults::{Failure, Fault, Seen};
pub use samples::{NewItem, NewOrder};
use world::World;

/// How the sandbox behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The client id that is accepted.
    pub client_id: String,
    /// The client secret that is accepted.
    pub client_secret: String,
    /// How long a token lives. bol says 299 s.
    pub token_life: Duration,
    /// How long a change stays `PENDING` before it is executed.
    pub processing: Duration,
    /// How long a finished shipment is missing from the list of shipments.
    pub listing_lag: Duration,
    /// How long a finished process is remembered.
    pub remembered: Duration,
    /// Whether every request and answer is kept for [`Sandbox::exchanges`].
    pub record: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            client_id: "sandbox".to_owned(),
            client_secret: "sandbox-secret".to_owned(),
            token_life: Duration::from_secs(299),
            processing: Duration::from_secs(20),
            listing_lag: Duration::ZERO,
            remembered: Duration::from_secs(48 * 3600),
            record: false,
        }
    }
}

type Hook = dyn Fn(&Seen) -> Fault + Send + Sync;

/// What the server's tasks share.
pub(super) struct Shared {
    settings: Settings,
    clock: Arc<dyn Clock>,
    world: Mutex<World>,
    hook: Mutex<Arc<Hook>>,
    exchanges: Mutex<Vec<Exchange>>,
}

/// A request and its answer, word for word, faults left out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// The request.
    pub seen: Seen,
    /// Its `Accept`.
    pub accept: Option<String>,
    /// The media type of its body.
    pub content_type: Option<String>,
    /// The answer's status.
    pub status: u16,
    /// The answer's media type.
    pub answer_type: String,
    /// The answer's body.
    pub answer: String,
}

impl Shared {
    fn keep(&self, exchange: Exchange) {
        self.exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(exchange);
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hook(&self) -> Arc<Hook> {
        Arc::clone(&self.hook.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A running sandbox. Dropping it stops the server.
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Sandbox {
    /// Starts an empty sandbox on 127.0.0.1. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] when the port is taken.
    pub async fn start(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let fail = |error: std::io::Error| {
            Error::not_applied(Kind::Config, "the sandbox cannot listen").with_source(error)
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", settings.port))
            .await
            .map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let shared = Arc::new(Shared {
            settings,
            clock,
            world: Mutex::default(),
            hook: Mutex::new(Arc::new(|_: &Seen| Fault::None)),
            exchanges: Mutex::default(),
        });
        let router = serve::router(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the sandbox stopped");
            }
        });
        Ok(Self {
            shared,
            address,
            task,
        })
    }

    /// Where it listens, as in `http://127.0.0.1:4001`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Settings of a connector for this sandbox.
    #[must_use]
    pub fn config(&self) -> BolConfig {
        let settings = &self.shared.settings;
        BolConfig::new(&*settings.client_id, Secret::new(&*settings.client_secret)).at(&self.url())
    }

    /// A buyer orders. An order with the same id is replaced.
    pub fn add_order(&self, order: NewOrder) {
        let now = self.shared.clock.now();
        self.shared.world().add(order, now);
    }

    /// The buyer asks to cancel an item.
    pub fn request_cancellation(&self, item: &str) {
        let now = self.shared.clock.now();
        self.shared.world().request_cancellation(item, now);
    }

    /// The buyer or bol cancels what is open of an order.
    pub fn cancel_order(&self, order: &str) {
        let now = self.shared.clock.now();
        self.shared.world().cancel_order(order, now);
    }

    /// A buyer sends pieces of order items back; answers the return's id.
    #[must_use]
    pub fn add_return(&self, items: &[(&str, u32)]) -> String {
        let now = self.shared.clock.now();
        self.shared.world().add_return(items, now)
    }

    /// Notifications are signed with this key from now on: its id, and the Base64 of it.
    pub fn add_signature_key(&self, id: &str, key: &str) {
        let key = (id.to_owned(), key.to_owned());
        self.shared.world().signature_keys.push(key);
    }

    /// From now on the details of this order are exactly this body, whatever it is.
    pub fn replace_details(&self, order: &str, body: impl Into<String>) {
        self.shared
            .world()
            .details
            .insert(order.to_owned(), body.into());
    }

    /// From now on every page of the list of orders starts with these entries.
    pub fn prepend_to_list(&self, entries: Vec<Value>) {
        self.shared.world().list_entries = entries;
    }

    /// Decides about every request from now on, in place of an earlier decision.
    pub fn inject(&self, hook: impl Fn(&Seen) -> Fault + Send + Sync + 'static) {
        *self
            .shared
            .hook
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(hook);
    }

    /// The whole truth as JSON: orders with their pieces, shipments, processes, requests per
    /// operation. `GET /_sandbox/state` answers the same.
    #[must_use]
    pub fn state(&self) -> Value {
        let now = self.shared.clock.now();
        let mut world = self.shared.world();
        world.settle(now, &self.shared.settings);
        world.dump()
    }

    /// Everything that was said, where [`Settings::record`] is on.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared
            .exchanges
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes over what [`state`](Self::state) gave, perhaps in an earlier process.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] when it is something else.
    pub fn restore(&self, state: Value) -> Result<(), Error> {
        let world = serde_json::from_value(state).map_err(|error| {
            Error::not_applied(Kind::Config, "not a state of this sandbox").with_source(error)
        })?;
        *self.shared.world() = world;
        Ok(())
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}
