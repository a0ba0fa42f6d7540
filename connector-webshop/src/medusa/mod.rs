#![doc = include_str!("docs.md")]

mod api;
mod check;
mod classify;
mod config;
mod connector;
mod create;
mod feed;
mod from_wire;
mod pieces;
mod products;
mod surroundings;
mod to_wire;
mod totals;
mod wire;

pub use config::MedusaConfig;
pub use connector::Medusa;
