#![doc = include_str!("docs.md")]

mod api;
mod cancel;
mod classify;
mod config;
mod connector;
mod from_wire;
mod lookup;
mod returns;
#[cfg(feature = "testkit")]
pub mod sandbox;
mod to_wire;
mod transporter;
mod webhook;
mod wire;

pub use config::BolConfig;
pub use connector::Bol;
pub use transporter::TRANSPORTERS;
pub use webhook::SignatureKeys;

/// The one media type of requests and answers. bol refuses `application/json`.
pub const MEDIA_TYPE: &str = "application/vnd.retailer.v10+json";
