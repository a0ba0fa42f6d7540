//! The order connection's domain, lifecycle and sync engine, over traits.
//!
//! A seller's orders come from a [`Marketplace`](ports::Marketplace) and are handled in a
//! [`Webshop`](ports::Webshop). This crate creates each one exactly once in the webshop, follows
//! it until it is handed over, and reports the shipment to the marketplace, through crashes,
//! lost answers and requests that land late. It knows no HTTP, no database and no runtime; those
//! stand behind the [`ports`].
//!
//! ```no_run
//! # async fn example(
//! #     marketplace: std::sync::Arc<dyn order_core::ports::Marketplace>,
//! #     webshop: std::sync::Arc<dyn order_core::ports::Webshop>,
//! #     clock: std::sync::Arc<dyn order_core::ports::Clock>,
//! # ) -> Result<(), order_core::Error> {
//! use std::sync::Arc;
//!
//! use order_core::engine::{Connection, Engine};
//! use order_core::memory::MemoryStore;
//! use order_core::policy::Policy;
//! use order_core::ports::{NoDetector, OrderStore as _};
//! use order_core::worker::{Worker, WorkerOptions};
//!
//! let store = Arc::new(MemoryStore::new());
//! let connection = Connection {
//!     id: "my-shop".into(),
//!     marketplace,
//!     webshop,
//!     detector: Arc::new(NoDetector),
//!     policy: Policy::new("market"),
//! };
//! let worker =
//!     Worker::new(Engine::new(store, clock), [connection], WorkerOptions::new("worker-1"));
//! let shutdown = std::future::pending();
//! worker.run(shutdown, |connection, report| println!("{connection}: {report:?}")).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The three things to know:
//!
//! - [`lifecycle::apply`] folds what happened into an [`Order`](state::Order), and
//!   [`lifecycle::agenda`] tells what is to be done next, when and why. Both are pure.
//! - [`engine::Engine`] runs the agenda: `claim`, `run_cycle`, `release`.
//! - [`ports`] is what you implement; `testkit` (a feature) has the suites that tell whether you
//!   did.
//!
//! # Features
//!
//! `tokio`: the real clock. `testkit`: fakes that fail, contract suites, simulation. `mock`:
//! mocks of the ports made by mockall.

pub mod address;
pub mod budget;
pub mod engine;
pub mod error;
pub mod ids;
pub mod lifecycle;
pub mod marks;
pub mod memory;
pub mod money;
pub mod order;
mod pieces;
pub mod policy;
pub mod ports;
pub mod returns;
pub mod shipment;
pub mod shop;
pub mod state;
pub mod status;
pub mod worker;

pub use error::{Effect, Error, Kind};

#[cfg(feature = "testkit")]
pub mod testkit;
