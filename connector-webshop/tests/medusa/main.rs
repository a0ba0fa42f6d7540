//! The connector against a real Medusa (see `../medusa-server/README.md`), and the contract of
//! every webshop with a proxy in between that makes things go wrong.

#![cfg(feature = "medusa")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on has failed"
)]

#[path = "../common/mod.rs"]
mod common;
mod contract;
mod life;
mod live;
mod pieces;
mod sent;
mod server;
