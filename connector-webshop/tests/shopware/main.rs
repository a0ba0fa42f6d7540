//! Shopware 6: the real connector over real HTTP against the sandbox shop, recorded answers of a
//! running one, and everything that is said held against Shopware's own description.

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
mod recorded;
