//! Magento 2: the real connector over real HTTP against the sandbox shop, and everything that is
//! said held against Adobe's own schema.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on has failed"
)]

#[path = "../common/mod.rs"]
mod common;
mod contract;
mod description;
mod life;
