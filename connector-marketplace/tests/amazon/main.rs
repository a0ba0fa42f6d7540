//! The Amazon connector against Amazon's models, its published bodies, and a server that fails.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail the test")]

#[path = "../common/mod.rs"]
mod common;

mod contract;
mod description;
mod engine;
mod flow;
mod orders;
mod published;
mod support;
