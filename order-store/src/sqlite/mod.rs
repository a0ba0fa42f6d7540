//! Orders in a SQLite file.
//!
//! One thread owns the connection and does one request after another; a batch is one
//! transaction. The hot row of an order is apart from its content (addresses, lines, prices),
//! which is written only when it changed. What is due is found through a partial index, so a
//! look costs the same however many orders are stored.

mod backup;
mod list;
mod read;
mod schema;
mod thread;
mod write;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use order_core::error::{Error, Kind};
use order_core::ids::{ConnectionId, MarketplaceOrderId, OrderKey, ShopOrderId};
use order_core::ports::{
    Activity, ActivityQuery, Batch, Change, Claim, Claimed, Committed, ConnectionRecord, Counts,
    DueOrder, DueQuery, HistoryEntry, JournalEntry, Lease, Memo, OrderFilter, OrderStore,
};
use order_core::state::Order;

use thread::Thread;

/// Orders in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    thread: Thread,
    path: PathBuf,
}

impl SqliteStore {
    /// Opens a file, makes it when it is not there, and brings its tables up to date.
    ///
    /// On Unix a new file can be read by its owner alone: it holds people's addresses.
    ///
    /// # Errors
    ///
    /// `Config` when the file cannot be opened, is no database, or was written by a newer
    /// version of this software.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        make_private(&path)?;
        let connection = schema::open(&path).map_err(|error| cannot_open(&path, error))?;
        Ok(Self {
            thread: Thread::start(connection)?,
            path,
        })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What to do where the disk is full.
const FULL: &str = "make room on the disk; nothing is lost";

fn cannot_open(path: &Path, error: schema::OpenError) -> Error {
    let (kind, advice) = match error.passes() {
        Some(advice) => (Kind::Unavailable, advice),
        None => (
            Kind::Config,
            "check that the directory exists and may be written, and that the file is a database \
             of this program",
        ),
    };
    Error::not_applied(kind, format!("cannot open the database {}", path.display()))
        .with_source(error)
        .with_advice(advice)
}

#[cfg(unix)]
fn make_private(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let made = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => Ok(()),
        Err(error) => Err(cannot_open(path, schema::OpenError::Io(error))),
    }
}

#[cfg(not(unix))]
fn make_private(_path: &Path) -> Result<(), Error> {
    Ok(())
}

/// Time as it is stored: microseconds since 1970.
fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

fn time(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

#[async_trait]
impl OrderStore for SqliteStore {
    async fn register(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        self.thread
            .run("register", move |db| write::register(db, &connection, at))
            .await
    }

    async fn connections(&self) -> Result<Vec<ConnectionRecord>, Error> {
        self.thread
            .run("list connections", |db| read::connections(db))
            .await
    }

    async fn claim(&self, claim: Claim) -> Result<Option<Claimed>, Error> {
        self.thread
            .run("claim", move |db| write::claim(db, &claim))
            .await
    }

    async fn renew(&self, lease: Lease, until: DateTime<Utc>) -> Result<Lease, Error> {
        self.thread
            .run("renew", move |db| write::renew(db, lease, until))
            .await
    }

    async fn release(
        &self,
        lease: Lease,
        memo: Memo,
        next_due: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.thread
            .run("release", move |db| {
                write::release(db, &lease, &memo, next_due)
            })
            .await
    }

    async fn stop(&self, connection: ConnectionId, why: Option<String>) -> Result<(), Error> {
        self.thread
            .run("stop a connection", move |db| {
                write::stop(db, &connection, why.as_deref())
            })
            .await
    }

    async fn wake(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        self.thread
            .run("wake", move |db| write::wake(db, &connection, at))
            .await
    }

    async fn commit(&self, lease: Lease, batch: Batch) -> Result<Vec<Committed>, Error> {
        self.thread
            .run("commit", move |db| write::commit(db, &lease, &batch))
            .await
    }

    async fn amend(&self, change: Change) -> Result<Committed, Error> {
        self.thread
            .run("amend", move |db| write::amend(db, &change))
            .await
    }

    async fn due(&self, query: DueQuery) -> Result<Vec<DueOrder>, Error> {
        self.thread
            .run("find what is due", move |db| read::due(db, &query))
            .await
    }

    async fn next_due(&self, connection: ConnectionId) -> Result<Option<DateTime<Utc>>, Error> {
        self.thread
            .run("find what is due", move |db| {
                read::next_due(db, &connection)
            })
            .await
    }

    async fn load(&self, key: OrderKey) -> Result<Option<Order>, Error> {
        self.thread
            .run("read an order", move |db| read::load(db, &key))
            .await
    }

    async fn load_many(
        &self,
        connection: ConnectionId,
        ids: Vec<MarketplaceOrderId>,
    ) -> Result<Vec<Order>, Error> {
        self.thread
            .run("read orders", move |db| {
                read::load_many(db, &connection, &ids)
            })
            .await
    }

    async fn by_shop_ids(
        &self,
        connection: ConnectionId,
        ids: Vec<ShopOrderId>,
    ) -> Result<Vec<Order>, Error> {
        self.thread
            .run("read orders", move |db| {
                read::by_shop_ids(db, &connection, &ids)
            })
            .await
    }

    async fn list(&self, filter: OrderFilter) -> Result<Vec<Order>, Error> {
        self.thread
            .run("list orders", move |db| list::list(db, &filter))
            .await
    }

    async fn count(&self, filter: OrderFilter) -> Result<u64, Error> {
        self.thread
            .run("count orders", move |db| list::count(db, &filter))
            .await
    }

    async fn activity(&self, query: ActivityQuery) -> Result<Vec<Activity>, Error> {
        self.thread
            .run("read the activity", move |db| list::activity(db, &query))
            .await
    }

    async fn counts(&self, connection: Option<ConnectionId>) -> Result<Counts, Error> {
        self.thread
            .run("count orders", move |db| {
                list::counts(db, connection.as_ref())
            })
            .await
    }

    async fn history(&self, key: OrderKey) -> Result<Vec<HistoryEntry>, Error> {
        self.thread
            .run("read a history", move |db| read::history(db, &key))
            .await
    }

    async fn journal(&self, key: OrderKey) -> Result<Vec<JournalEntry>, Error> {
        self.thread
            .run("read a journal", move |db| read::journal(db, &key))
            .await
    }
}
