#![doc = include_str!("docs.md")]

mod api;
mod cancel;
mod classify;
mod config;
mod connector;
mod feed;
mod from_wire;
mod lookup;
mod marketplaces;
#[cfg(feature = "testkit")]
pub mod sandbox;
mod sums;
mod to_wire;
mod wire;

pub use config::{AmazonConfig, Region};
pub use connector::Amazon;
