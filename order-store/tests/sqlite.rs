//! SQLite passes the suite, keeps what it returned, and behaves as the store in memory does.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

use std::sync::Arc;

use async_trait::async_trait;
use order_core::Kind;
use order_core::ports::{ActivityQuery, OrderFilter, OrderStore};
use order_core::state::ProblemKind;
use order_core::testkit::contract::StoreHarness;
use order_store::SqliteStore;
use tempfile::TempDir;

struct Sqlite {
    directory: TempDir,
    store: Arc<SqliteStore>,
}

#[async_trait]
impl StoreHarness for Sqlite {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(directory.path().join("orders.sqlite")).unwrap());
        Self { directory, store }
    }

    fn store(&self) -> Arc<dyn OrderStore> {
        Arc::clone(&self.store) as Arc<dyn OrderStore>
    }

    async fn reopen(&self) -> Arc<dyn OrderStore> {
        Arc::new(SqliteStore::open(self.directory.path().join("orders.sqlite")).unwrap())
    }
}

order_core::store_contract!(Sqlite);

#[tokio::test]
async fn a_file_of_a_newer_version_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("orders.sqlite");
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    drop(newer);
    let error = SqliteStore::open(&path).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.report().contains("version 99"), "{}", error.report());
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("orders.sqlite");
    std::fs::write(&path, "not a database at all, but long enough to look at").unwrap();
    let error = SqliteStore::open(&path).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(
        error.report().contains("orders.sqlite"),
        "{}",
        error.report()
    );
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("orders.sqlite");
    let _store = SqliteStore::open(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

/// The plan of "what is due" must use the partial index: its cost is what is due, not what is
/// stored.
#[tokio::test]
async fn what_is_due_is_found_through_the_partial_index() {
    let harness = Sqlite::start().await;
    let db = rusqlite::Connection::open(harness.store.path()).unwrap();
    let plan: Vec<String> = db
        .prepare(
            "EXPLAIN QUERY PLAN SELECT id FROM orders
             WHERE connection = 'a' AND next_due IS NOT NULL AND next_due <= 5
               AND (next_due, id) > (0, '') ORDER BY next_due, id LIMIT 10",
        )
        .unwrap()
        .query_map([], |row| row.get(3))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(
        plan.iter().any(|step| step.contains("orders_due")),
        "{plan:?}"
    );
    assert!(
        !plan.iter().any(|step| step.contains("TEMP B-TREE")),
        "{plan:?}"
    );
}

/// The tables of the first version, and an order as it was stored then.
const FIRST_VERSION: &str = include_str!("fixtures/sqlite-1.sql");

#[tokio::test]
async fn a_file_of_the_first_version_is_brought_up_to_date() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("orders.sqlite");
    let first = rusqlite::Connection::open(&path).unwrap();
    first.execute_batch(FIRST_VERSION).unwrap();
    drop(first);
    let store = SqliteStore::open(&path).unwrap();
    let found = |text: &str| {
        store.list(OrderFilter {
            text: Some(text.to_owned()),
            limit: 10,
            ..OrderFilter::default()
        })
    };
    assert_eq!(found("1001").await.unwrap().len(), 1);
    assert!(found("nothing").await.unwrap().is_empty());
    let counts = store.counts(None).await.unwrap();
    assert_eq!(
        counts.by_problem.get(&ProblemKind::UnknownProduct),
        Some(&1)
    );
    assert_eq!((counts.needs_action, counts.revision), (1, 7));
    let late = OrderFilter {
        deadline_until: Some(chrono::DateTime::<chrono::Utc>::MAX_UTC),
        ..OrderFilter::default()
    };
    assert_eq!(store.count(late).await.unwrap(), 1);
    let activity = ActivityQuery {
        connection: None,
        since: chrono::DateTime::UNIX_EPOCH,
    };
    assert_eq!(store.activity(activity).await.unwrap()[0].received, 2);
}
