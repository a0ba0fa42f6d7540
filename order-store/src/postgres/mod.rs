//! Orders in a PostgreSQL database, for any number of workers on any number of machines.
//!
//! # Invariants
//!
//! - Every write under a lease is one transaction that first locks the connection's row and
//!   compares owner and token. A takeover needs the same row, so it comes wholly before or wholly
//!   after; a worker that slept past its lease is refused and writes nothing.
//! - Locks are taken in one order: the connection's row, then its orders. An `amend` locks one
//!   order and nothing else. So no two transactions of this store wait for each other in a ring.
//! - A failure before the commit was asked for left nothing behind. A connection lost while a
//!   commit was under way is an unknown effect.
//! - A text is stored so that it comes back as it was, also with the character NUL, which
//!   PostgreSQL's texts cannot hold: one odd order must not stop a batch.
//!
//! The tables are in a schema of their own, `order_store`. Absent on purpose: advisory locks as
//! leases (they vanish with the session and cannot fence), and the database's clock (the port's
//! callers say what time it is, as for every store) but for the rate budgets.

mod beside;
mod budgets;
mod fault;
mod list;
mod marks;
mod options;
mod read;
mod schema;
mod session;
mod text;
mod write;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use order_core::error::Error;
use order_core::ids::{ConnectionId, MarketplaceOrderId, OrderKey, ShopOrderId};
use order_core::ports::{
    Activity, ActivityQuery, Batch, Change, Claim, Claimed, Committed, ConnectionRecord, Counts,
    DueOrder, DueQuery, HistoryEntry, JournalEntry, Lease, Memo, OrderFilter, OrderStore,
};
use order_core::state::Order;

pub use budgets::PostgresBudgets;
pub use options::PostgresOptions;
use session::Sessions;

/// Orders in a PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    sessions: Sessions,
}

impl PostgresStore {
    /// Connects, and brings the tables up to date. Several processes may do so at once.
    ///
    /// Must be called inside a tokio runtime: every connection of the pool is served by a task.
    ///
    /// # Errors
    ///
    /// `Config` when the server refuses the user, the password or the database, or when the
    /// tables are of a newer version of this software; `Unavailable` when it cannot be reached.
    pub async fn connect(options: PostgresOptions) -> Result<Self, Error> {
        let sessions = Sessions::new(&options)?;
        let mut session = sessions.first().await?;
        schema::migrate(&mut session)
            .await
            .map_err(|fault| fault.into_error("prepare the tables"))?;
        drop(session);
        Ok(Self { sessions })
    }
}

/// Time as it is stored: microseconds since 1970.
fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

#[async_trait]
impl OrderStore for PostgresStore {
    async fn register(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        let what = "register a connection";
        let session = self.sessions.get(what).await?;
        write::register(&session, &connection, at)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn connections(&self) -> Result<Vec<ConnectionRecord>, Error> {
        let what = "list connections";
        let session = self.sessions.get(what).await?;
        read::connections(&session)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn claim(&self, claim: Claim) -> Result<Option<Claimed>, Error> {
        let what = "claim a connection";
        let session = self.sessions.get(what).await?;
        write::claim(&session, &claim)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn renew(&self, lease: Lease, until: DateTime<Utc>) -> Result<Lease, Error> {
        let what = "renew a lease";
        let session = self.sessions.get(what).await?;
        write::renew(&session, lease, until)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn release(
        &self,
        lease: Lease,
        memo: Memo,
        next_due: DateTime<Utc>,
    ) -> Result<(), Error> {
        let what = "give a connection back";
        let session = self.sessions.get(what).await?;
        write::release(&session, &lease, &memo, next_due)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn stop(&self, connection: ConnectionId, why: Option<String>) -> Result<(), Error> {
        let what = "stop a connection";
        let session = self.sessions.get(what).await?;
        write::stop(&session, &connection, why.as_deref())
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn wake(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        let what = "wake a connection";
        let session = self.sessions.get(what).await?;
        write::wake(&session, &connection, at)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn commit(&self, lease: Lease, batch: Batch) -> Result<Vec<Committed>, Error> {
        let what = "write orders";
        let mut session = self.sessions.get(what).await?;
        write::commit(&mut session, &lease, &batch)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn amend(&self, change: Change) -> Result<Committed, Error> {
        let what = "write an order";
        let mut session = self.sessions.get(what).await?;
        write::amend(&mut session, &change)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn due(&self, query: DueQuery) -> Result<Vec<DueOrder>, Error> {
        let what = "find what is due";
        let session = self.sessions.get(what).await?;
        read::due(&session, &query)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn next_due(&self, connection: ConnectionId) -> Result<Option<DateTime<Utc>>, Error> {
        let what = "find what is due next";
        let session = self.sessions.get(what).await?;
        read::next_due(&session, &connection)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn load(&self, key: OrderKey) -> Result<Option<Order>, Error> {
        let what = "read an order";
        let session = self.sessions.get(what).await?;
        read::load_many(&session, &key.connection, std::slice::from_ref(&key.order))
            .await
            .map(|orders| orders.into_iter().next())
            .map_err(|fault| fault.into_error(what))
    }

    async fn load_many(
        &self,
        connection: ConnectionId,
        ids: Vec<MarketplaceOrderId>,
    ) -> Result<Vec<Order>, Error> {
        let what = "read orders";
        let session = self.sessions.get(what).await?;
        read::load_many(&session, &connection, &ids)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn by_shop_ids(
        &self,
        connection: ConnectionId,
        ids: Vec<ShopOrderId>,
    ) -> Result<Vec<Order>, Error> {
        let what = "read orders of the webshop";
        let session = self.sessions.get(what).await?;
        read::by_shop_ids(&session, &connection, &ids)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn list(&self, filter: OrderFilter) -> Result<Vec<Order>, Error> {
        let what = "list orders";
        let session = self.sessions.get(what).await?;
        list::list(&session, &filter)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn count(&self, filter: OrderFilter) -> Result<u64, Error> {
        let what = "count orders";
        let session = self.sessions.get(what).await?;
        list::count(&session, &filter)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn activity(&self, query: ActivityQuery) -> Result<Vec<Activity>, Error> {
        let what = "read the activity";
        let session = self.sessions.get(what).await?;
        list::activity(&session, &query)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn counts(&self, connection: Option<ConnectionId>) -> Result<Counts, Error> {
        let what = "count orders";
        let session = self.sessions.get(what).await?;
        list::counts(&session, connection.as_ref())
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn history(&self, key: OrderKey) -> Result<Vec<HistoryEntry>, Error> {
        let what = "read a history";
        let session = self.sessions.get(what).await?;
        read::history(&session, &key)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn journal(&self, key: OrderKey) -> Result<Vec<JournalEntry>, Error> {
        let what = "read a journal";
        let session = self.sessions.get(what).await?;
        read::journal(&session, &key)
            .await
            .map_err(|fault| fault.into_error(what))
    }
}
