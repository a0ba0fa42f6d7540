#![doc = include_str!("docs.md")]

mod api;
mod check;
mod classify;
mod config;
mod connector;
mod create;
mod documents;
mod feed;
mod from_wire;
mod pieces;
mod products;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod to_wire;
mod wire;

pub use config::{ShopifyConfig, ShopifyCredentials, Stock};
pub use connector::Shopify;
