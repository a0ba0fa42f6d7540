#![doc = include_str!("docs.md")]

mod api;
mod check;
mod classify;
mod config;
mod connector;
mod create;
mod feed;
mod from_wire;
mod oauth1;
mod products;
mod refunds;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod to_wire;
mod totals;
mod tracking;
mod wire;

pub use config::{ExtraTracking, TrackingConfig, WooCommerceConfig};
pub use connector::WooCommerce;
