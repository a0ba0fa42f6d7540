//! Durable [`OrderStore`](order_core::ports::OrderStore)s.
//!
//! - [`SqliteStore`]: one file, nothing to install, for one machine. Several processes may share
//!   the file: leases and versions guard them, as they guard workers on other stores.
//!
//! # Invariants
//!
//! A write that returned is on the disk: `synchronous` is `FULL`, because with `NORMAL` a power
//! cut can lose an intent, and a lost intent can become a doubled order.

#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
