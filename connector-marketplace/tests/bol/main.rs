//! The bol connector against bol's description, bol's published bodies, and servers that fail.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail the test")]

mod contract;
mod description;
mod engine;
mod faults;
mod flow;
mod listing;
mod orders;
mod published;
mod returns;
mod support;
