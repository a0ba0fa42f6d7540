//! What every HTTP connector shares.
//!
//! An [`HttpClient`] speaks for one account of one platform. It adds credentials, keeps to the
//! platform's limits, repeats what may be repeated, reads the whole answer and turns every failure
//! into the one [`order_core::Error`], which says what happened and whether the other side changed.
//!
//! ```no_run
//! # async fn example(clock: std::sync::Arc<dyn order_core::ports::Clock>) -> Result<(), order_core::Error> {
//! use connector_http::{HeaderAuth, HttpClient, Replay, Secret};
//!
//! let client = HttpClient::builder("https://shop.example/api", clock)
//!     .auth(HeaderAuth::bearer(&Secret::from_env("SHOP_TOKEN")?))
//!     .build()?;
//!
//! let order: serde_json::Value =
//!     client.get("/orders/{id}").segment("id", "A-1").send().await?.json()?;
//!
//! // Creating twice would make two notes, so this is sent once, whatever happens.
//! client
//!     .post("/orders/{id}/notes", Replay::Never)
//!     .segment("id", "A-1")
//!     .json(&serde_json::json!({ "text": order["number"] }))
//!     .send()
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//!
//! - A mutation with [`Replay::Never`] leaves this layer once. The one exception is a 401 after
//!   which the credential could be renewed: a refused request did nothing.
//! - "Not applied" is said about a mutation only when the connection was never made or the platform
//!   answered with a clear refusal.
//! - No secret, no address with its query and no unmasked piece of an answer reaches `Debug`, logs
//!   or errors.
//! - Time and sleep come through [`order_core::ports::Clock`]. Sockets need a tokio runtime.
//!
//! # Deliberately absent
//!
//! Redirects, cookies, compression, HTTP/2, streaming, multipart bodies, middleware. The types of
//! the HTTP library stay inside.

mod answer;
mod auth;
mod builder;
mod classify;
mod client;
mod environment;
mod limit;
mod oauth2;
mod outgoing;
mod redact;
mod request;
mod response;
mod retry;
mod secret;
pub mod tape;
mod transport;
pub mod webhook;

pub use answer::Answer;
pub use auth::{Auth, HeaderAuth, NoAuth};
pub use builder::Builder;
pub use client::{HttpClient, Replay};
pub use environment::Environment;
pub use limit::{Limit, Pause};
pub use oauth2::ClientCredentials;
pub use outgoing::Outgoing;
pub use request::Request;
pub use response::Response;
pub use secret::Secret;
