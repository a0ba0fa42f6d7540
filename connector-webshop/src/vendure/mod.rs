#![doc = include_str!("docs.md")]

mod api;
mod auth;
mod check;
mod classify;
mod config;
mod connector;
mod create;
mod feed;
mod flow;
mod from_wire;
mod mutations;
mod products;
mod shipping;
mod to_wire;
mod wire;

pub use config::{VendureConfig, VendureCredentials};
pub use connector::Vendure;
