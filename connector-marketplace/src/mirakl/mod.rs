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
mod sums;
mod to_wire;
mod wire;

pub use config::MiraklConfig;
pub use connector::Mirakl;
