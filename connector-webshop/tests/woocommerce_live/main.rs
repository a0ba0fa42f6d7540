//! The connector against a real WooCommerce that is running already, and the contract of every
//! webshop with a proxy in between that makes things go wrong.
//!
//! `WOOCOMMERCE_LIVE_URL` (plain http on this machine), `WOOCOMMERCE_LIVE_KEY` and
//! `WOOCOMMERCE_LIVE_SECRET` name the shop; without them everything here is left out, and says so.
//! A shop for tests alone: orders of earlier runs are deleted, stock is changed.
//! `WOOCOMMERCE_LIVE_TLS_URL` names the same shop over https, if that is to be used where no faults
//! come in between; `SSL_CERT_FILE` names who signed its certificate.
//! `WOOCOMMERCE_LIVE_READ_KEY` and `_READ_SECRET` name a key that may only read, if there is one.
//!
//! The shop has:
//! - euros, taxes on; standard rate 21 % in NL and 19 % in DE, reduced rate 9 % in NL, also on
//!   shipping; no rate in FR;
//! - products `TB-001` and `FL-002` (GTIN 8710398514899) at the standard rate, `BK-003` at the
//!   reduced one, all with plenty in stock, `SH-004` to `SH-007` of which nobody else buys, variations `TS-RED` and `TS-BLUE`;
//! - Advanced Shipment Tracking, and WooCommerce's own fulfilments switched on;
//! - an address that follows the request (`WP_HOME` made of the Host header), because faults come
//!   from a proxy, and `X-Forwarded-Proto: https` taken as https.

#![cfg(feature = "woocommerce")]
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
mod money;
mod parcels;
mod shop;
