//! Durable [`OrderStore`](order_core::ports::OrderStore)s.
//!
//! - [`SqliteStore`]: one file, nothing to install, for one machine. Several processes may share
//!   the file: leases and versions guard them, as they guard workers on other stores.
//!
//! - [`PostgresStore`] (feature `postgres`): one database for any number of workers on any number
//!   of machines. [`PostgresBudgets`] lets them keep platforms' rate limits together.
//!
//! # Invariants
//!
//! A write that returned is on the disk: `synchronous` is `FULL`, because with `NORMAL` a power
//! cut can lose an intent, and a lost intent can become a doubled order. On PostgreSQL every
//! session that writes orders sets `synchronous_commit` to `on` for the same reason.

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod filter;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "postgres")]
pub use postgres::{PostgresBudgets, PostgresOptions, PostgresStore};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

/// The answers when a batch was taken back because one of its orders was stale: what would have
/// been saved still has the version it was read at.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
fn taken_back(answers: Vec<order_core::ports::Committed>) -> Vec<order_core::ports::Committed> {
    use order_core::ports::Committed;
    answers
        .into_iter()
        .map(|answer| match answer {
            Committed::Saved(version) => Committed::Saved(version.saturating_sub(1)),
            Committed::Stale => Committed::Stale,
        })
        .collect()
}
