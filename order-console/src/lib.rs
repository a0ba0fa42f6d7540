//! The orders overview: pages and a JSON API over an [`OrderStore`], as an axum [`Router`].
//!
//! ```no_run
//! # async fn example(
//! #     store: std::sync::Arc<dyn order_core::ports::OrderStore>,
//! #     clock: std::sync::Arc<dyn order_core::ports::Clock>,
//! #     connections: Vec<order_core::engine::Connection>,
//! # ) -> Result<(), order_core::Error> {
//! use order_console::{Access, Console};
//!
//! let console = Console::new(store, clock, &connections);
//! // Alone, on this machine, for whoever sits at it:
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await.expect("a free port");
//! console.serve(listener, Access::Local, std::future::pending()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! In an application of yours: `app.nest("/orders", console.router(Access::Surrounding))`. Who
//! comes in is then checked by yours.
//!
//! The three types that matter: [`Console`] is what there is to show, [`Access`] says who may see
//! it, [`User`] is somebody with a password.
//!
//! # Invariants
//!
//! - Without a login it is served on loopback only, and to requests for a loopback name only.
//! - Everything that changes something is a `POST` by somebody who may, from a page of ours or
//!   from a program, never from another site's page.
//! - What it does to an order goes through [`lifecycle`](order_core::lifecycle); it decides
//!   nothing itself.
//!
//! Deliberately absent: TLS (a proxy's work), and knowledge of any platform or database.

mod access;
mod act;
mod api;
mod assets;
mod desk;
mod export;
mod health;
mod live;
mod messages;
mod metrics;
mod pages;
mod query;
mod serve;
mod view;

use std::sync::Arc;

use axum::Router;
use order_core::engine::Connection;
use order_core::ports::{Clock, OrderStore};

pub use access::{Access, Actor, InvalidUser, Proxy, Role, User, hash_password};

use access::Gate;
use desk::Desk;

/// What there is to show and to act on.
#[derive(Clone, Debug)]
pub struct Console {
    desk: Arc<Desk>,
}

impl Console {
    /// The orders of a store. Of these connections it also tells what happens next, and what
    /// their platforms can do; orders of others are shown without.
    #[must_use]
    pub fn new(
        store: Arc<dyn OrderStore>,
        clock: Arc<dyn Clock>,
        connections: &[Connection],
    ) -> Self {
        Self {
            desk: Arc::new(Desk::new(store, clock, connections)),
        }
    }

    /// The pages, the API, metrics and health, to serve or to nest.
    pub fn router(&self, access: Access) -> Router {
        let app = App {
            desk: Arc::clone(&self.desk),
            gate: Arc::new(Gate::new(access)),
            live: Arc::default(),
            idempotency: Arc::default(),
            results: Arc::default(),
        };
        serve::router(app)
    }
}

/// What every handler has at hand.
#[derive(Clone, Debug)]
struct App {
    desk: Arc<Desk>,
    gate: Arc<Gate>,
    live: Arc<live::Live>,
    idempotency: Arc<api::Idempotency>,
    results: Arc<pages::Results>,
}

/// The examples of the guide compile.
#[cfg(doctest)]
#[doc = include_str!("../../docs/console.md")]
struct Guide;
