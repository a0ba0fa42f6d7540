//! The connector against a real Shopware 6 that is running already, and the contract of every
//! webshop with a proxy in between that makes things go wrong.
//!
//! `SHOPWARE_LIVE_URL` (plain http on this machine), `SHOPWARE_LIVE_ID` and `SHOPWARE_LIVE_SECRET`
//! (an integration with all rights) name the shop; without them everything here is left out, and
//! says so. A shop for tests alone: orders of earlier runs are deleted, stock is changed.
//! `SHOPWARE_LIVE_WEAK_ID` and `_WEAK_SECRET` name an integration without a role, if there is one.
//!
//! The shop has:
//! - euros, and a sales channel `Marketplaces`;
//! - products at a tax of 21 % that is 19 % in Germany: `TB-001`, `FL-002` (EAN 8710398514899) and
//!   `SH-004` to `SH-006`, of which nobody else buys, and a variant `TS-RED` whose tax is its
//!   parent's; `BK-003` at 9 %; plenty in stock.

#![cfg(feature = "shopware")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on has failed"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "a shop on this machine lives in real time"
)]

#[path = "../common/mod.rs"]
mod common;
mod contract;
#[path = "../gate/mod.rs"]
mod gate;
mod life;
mod live;
mod pieces;
mod shop;
