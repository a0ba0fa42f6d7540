//! Fresh stores of every kind, a clock that only the program moves, and a store that notes what
//! it is asked.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone as _, Utc};
use order_core::error::Error;
use order_core::ids::{ConnectionId, MarketplaceOrderId, OrderKey, ShopOrderId};
use order_core::ports::*;
use order_core::state::Order;
use order_store::{PostgresOptions, PostgresStore, SqliteStore};

use crate::server;

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A store, and what keeps it alive.
pub(crate) struct Fresh {
    pub(crate) store: Arc<dyn OrderStore>,
    /// Where it is: a path or a URL.
    pub(crate) place: String,
    _directory: Option<tempfile::TempDir>,
}

/// A new empty store; `None` where no PostgreSQL is installed.
pub(crate) async fn fresh(kind: Kind) -> Option<Fresh> {
    match kind {
        Kind::Sqlite => {
            let directory = tempfile::tempdir().unwrap();
            let place = directory.path().join("orders.sqlite");
            let place = place.to_str().unwrap().to_owned();
            Some(Fresh {
                store: open(kind, &place).await,
                place,
                _directory: Some(directory),
            })
        }
        Kind::Postgres => {
            let place = server::shared()?.database();
            Some(Fresh {
                store: open(kind, &place).await,
                place,
                _directory: None,
            })
        }
    }
}

pub(crate) async fn open(kind: Kind, place: &str) -> Arc<dyn OrderStore> {
    match kind {
        Kind::Sqlite => Arc::new(SqliteStore::open(place).unwrap()),
        Kind::Postgres => {
            let options = PostgresOptions::parse(place)
                .unwrap()
                .with_password(server::PASSWORD);
            Arc::new(PostgresStore::connect(options).await.unwrap())
        }
    }
}

/// A clock that stands still until it is moved, and in which nobody sleeps to the end.
#[derive(Debug, Default)]
pub(crate) struct Still(AtomicI64);

impl Still {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        Utc.timestamp_nanos(1_790_000_000_000_000_000)
            + chrono::Duration::seconds(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(u64::try_from(self.0.load(Ordering::SeqCst)).unwrap())
    }

    async fn sleep(&self, _duration: Duration) {
        std::future::pending::<()>().await;
    }
}

/// A write or read of a store, to be done again.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Register(ConnectionId, DateTime<Utc>),
    Claim(Claim),
    Renew(Lease, DateTime<Utc>),
    Release(Lease, Box<Memo>, DateTime<Utc>),
    Commit(Lease, Box<Batch>),
    Due(DueQuery),
    NextDue(ConnectionId),
    LoadMany(ConnectionId, Vec<MarketplaceOrderId>),
    ByShopIds(ConnectionId, Vec<ShopOrderId>),
}

impl Request {
    pub(crate) fn is_write(&self) -> bool {
        !matches!(
            self,
            Self::Due(_) | Self::NextDue(_) | Self::LoadMany(..) | Self::ByShopIds(..)
        )
    }

    /// Orders written.
    pub(crate) fn orders(&self) -> usize {
        match self {
            Self::Commit(_, batch) => batch.changes.len(),
            _ => 0,
        }
    }

    pub(crate) async fn again(self, store: &dyn OrderStore) {
        match self {
            Self::Register(id, at) => store.register(id, at).await.unwrap(),
            Self::Claim(claim) => drop(store.claim(claim).await.unwrap()),
            Self::Renew(lease, until) => drop(store.renew(lease, until).await.unwrap()),
            Self::Release(lease, memo, at) => store.release(lease, *memo, at).await.unwrap(),
            Self::Commit(lease, batch) => drop(store.commit(lease, *batch).await.unwrap()),
            Self::Due(query) => drop(store.due(query).await.unwrap()),
            Self::NextDue(id) => drop(store.next_due(id).await.unwrap()),
            Self::LoadMany(id, ids) => drop(store.load_many(id, ids).await.unwrap()),
            Self::ByShopIds(id, ids) => drop(store.by_shop_ids(id, ids).await.unwrap()),
        }
    }
}

/// Passes everything on and notes it.
#[derive(Debug)]
pub(crate) struct Noting {
    store: Arc<dyn OrderStore>,
    requests: Mutex<Vec<Request>>,
}

impl Noting {
    pub(crate) fn new(store: Arc<dyn OrderStore>) -> Arc<Self> {
        Arc::new(Self {
            store,
            requests: Mutex::default(),
        })
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut *self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, request: Request) {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(request);
    }
}

#[async_trait]
impl OrderStore for Noting {
    async fn register(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        self.note(Request::Register(connection.clone(), at));
        self.store.register(connection, at).await
    }

    async fn connections(&self) -> Result<Vec<ConnectionRecord>, Error> {
        self.store.connections().await
    }

    async fn claim(&self, claim: Claim) -> Result<Option<Claimed>, Error> {
        self.note(Request::Claim(claim.clone()));
        self.store.claim(claim).await
    }

    async fn renew(&self, lease: Lease, until: DateTime<Utc>) -> Result<Lease, Error> {
        self.note(Request::Renew(lease.clone(), until));
        self.store.renew(lease, until).await
    }

    async fn release(
        &self,
        lease: Lease,
        memo: Memo,
        next_due: DateTime<Utc>,
    ) -> Result<(), Error> {
        self.note(Request::Release(
            lease.clone(),
            Box::new(memo.clone()),
            next_due,
        ));
        self.store.release(lease, memo, next_due).await
    }

    async fn stop(&self, connection: ConnectionId, why: Option<String>) -> Result<(), Error> {
        self.store.stop(connection, why).await
    }

    async fn wake(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        self.store.wake(connection, at).await
    }

    async fn commit(&self, lease: Lease, batch: Batch) -> Result<Vec<Committed>, Error> {
        self.note(Request::Commit(lease.clone(), Box::new(batch.clone())));
        self.store.commit(lease, batch).await
    }

    async fn amend(&self, change: Change) -> Result<Committed, Error> {
        self.store.amend(change).await
    }

    async fn due(&self, query: DueQuery) -> Result<Vec<DueOrder>, Error> {
        self.note(Request::Due(query.clone()));
        self.store.due(query).await
    }

    async fn next_due(&self, connection: ConnectionId) -> Result<Option<DateTime<Utc>>, Error> {
        self.note(Request::NextDue(connection.clone()));
        self.store.next_due(connection).await
    }

    async fn load(&self, key: OrderKey) -> Result<Option<Order>, Error> {
        self.store.load(key).await
    }

    async fn load_many(
        &self,
        connection: ConnectionId,
        ids: Vec<MarketplaceOrderId>,
    ) -> Result<Vec<Order>, Error> {
        self.note(Request::LoadMany(connection.clone(), ids.clone()));
        self.store.load_many(connection, ids).await
    }

    async fn by_shop_ids(
        &self,
        connection: ConnectionId,
        ids: Vec<ShopOrderId>,
    ) -> Result<Vec<Order>, Error> {
        self.note(Request::ByShopIds(connection.clone(), ids.clone()));
        self.store.by_shop_ids(connection, ids).await
    }

    async fn list(&self, filter: OrderFilter) -> Result<Vec<Order>, Error> {
        self.store.list(filter).await
    }

    async fn count(&self, filter: OrderFilter) -> Result<u64, Error> {
        self.store.count(filter).await
    }

    async fn activity(&self, query: ActivityQuery) -> Result<Vec<Activity>, Error> {
        self.store.activity(query).await
    }

    async fn counts(&self, connection: Option<ConnectionId>) -> Result<Counts, Error> {
        self.store.counts(connection).await
    }

    async fn history(&self, key: OrderKey) -> Result<Vec<HistoryEntry>, Error> {
        self.store.history(key).await
    }

    async fn journal(&self, key: OrderKey) -> Result<Vec<JournalEntry>, Error> {
        self.store.journal(key).await
    }
}
