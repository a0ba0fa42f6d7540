#![doc = include_str!("docs.md")]

mod api;
mod check;
mod classify;
mod config;
mod connector;
mod create;
mod feed;
mod from_wire;
mod ids;
mod pieces;
mod products;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod surroundings;
mod to_wire;
mod wire;

pub use config::ShopwareConfig;
pub use connector::Shopware;
