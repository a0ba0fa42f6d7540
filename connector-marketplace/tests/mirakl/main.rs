//! The Mirakl connector against Mirakl's description, its published bodies, and a server that fails.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail the test")]

#[path = "../common/mod.rs"]
mod common;

mod contract;
mod description;
mod engine;
mod flow;
mod orders;
mod published;
mod returns;
mod support;
