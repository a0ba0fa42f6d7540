#![doc = include_str!("docs.md")]

mod api;
mod classify;
mod config;
mod connector;
mod from_wire;
mod pieces;
mod returns;
#[cfg(feature = "testkit")]
pub mod sandbox;
mod signature;
mod to_wire;
mod wire;

pub use config::KauflandConfig;
pub use connector::Kaufland;
