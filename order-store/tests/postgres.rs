//! PostgreSQL passes the suite, and keeps its promises when many use it at once.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod server;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone as _, Utc};
use order_core::Kind;
use order_core::error::Effect;
use order_core::ids::{ConnectionId, OrderKey};
use order_core::lifecycle::{Level, Note};
use order_core::ports::{
    ActivityQuery, Batch, Change, Claim, Committed, Lease, OrderFilter, OrderStore,
};
use order_core::state::{Order, ProblemKind};
use order_core::testkit::contract::StoreHarness;
use order_store::{PostgresOptions, PostgresStore};
use tokio_postgres::NoTls;

struct Postgres {
    url: String,
    store: Arc<PostgresStore>,
}

fn options(url: &str) -> PostgresOptions {
    PostgresOptions::parse(url)
        .unwrap()
        .with_password(server::PASSWORD)
}

async fn open(url: &str) -> PostgresStore {
    PostgresStore::connect(options(url)).await.unwrap()
}

/// A new database. Where no server is installed, nothing in this file can say anything: the
/// process has said so and ends here.
fn database() -> String {
    match server::shared() {
        Some(server) => server.database(),
        None => std::process::exit(0),
    }
}

#[async_trait]
impl StoreHarness for Postgres {
    async fn start() -> Self {
        let url = database();
        let store = Arc::new(open(&url).await);
        Self { url, store }
    }

    fn store(&self) -> Arc<dyn OrderStore> {
        Arc::clone(&self.store) as Arc<dyn OrderStore>
    }

    async fn reopen(&self) -> Arc<dyn OrderStore> {
        Arc::new(open(&self.url).await)
    }
}

order_core::store_contract!(Postgres);

/// A session beside the store's own.
async fn beside(url: &str) -> tokio_postgres::Client {
    let mut config: tokio_postgres::Config = url.parse().unwrap();
    config
        .password(server::PASSWORD)
        .options("-c search_path=order_store");
    let (client, connection) = config.connect(NoTls).await.unwrap();
    drop(tokio::spawn(connection));
    client
}

fn at(second: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_780_000_000 + second, 0).unwrap()
}

fn claim(owner: &str, second: i64) -> Claim {
    Claim {
        owner: owner.to_owned(),
        now: at(second),
        lease_for: Duration::from_secs(60),
        connections: [].into(),
        early: false,
    }
}

async fn claimed(store: &PostgresStore, id: &str) -> Lease {
    store.register(ConnectionId::from(id), at(0)).await.unwrap();
    store.claim(claim("a", 0)).await.unwrap().unwrap().lease
}

fn change(order: Order) -> Change {
    Change {
        order,
        next_due: Some(at(5)),
        content_changed: false,
        notes: vec![Note {
            level: Level::Info,
            text: "seen".to_owned(),
        }],
        effects: Vec::new(),
        at: at(1),
    }
}

fn new(connection: &str, id: &str) -> Order {
    Order::new(OrderKey::new(connection, id), at(0))
}

fn batch(orders: impl IntoIterator<Item = Order>) -> Batch {
    Batch {
        changes: orders.into_iter().map(change).collect(),
        memo: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_may_start_on_an_empty_database_at_once() {
    let url = database();
    let starts = (0..8).map(|_| tokio::spawn(PostgresStore::connect(options(&url))));
    for start in starts.collect::<Vec<_>>() {
        start.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let url = database();
    drop(open(&url).await);
    let client = beside(&url).await;
    client
        .execute("UPDATE version SET steps = 99", &[])
        .await
        .unwrap();
    let error = PostgresStore::connect(options(&url)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.report().contains("version 99"), "{}", error.report());
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date() {
    let url = database();
    let client = beside(&url).await;
    let first = include_str!("fixtures/postgres-1.sql");
    client.batch_execute(first).await.unwrap();
    let store = open(&url).await;
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
        deadline_until: Some(at(1_000_000)),
        ..OrderFilter::default()
    };
    assert_eq!(store.count(late).await.unwrap(), 1);
    let activity = ActivityQuery {
        connection: None,
        since: at(-7200),
    };
    assert_eq!(store.activity(activity).await.unwrap()[0].received, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_right_however_many_write_at_once() {
    let url = database();
    let store = Arc::new(open(&url).await);
    for name in ["a", "b"] {
        store
            .register(ConnectionId::from(name), at(0))
            .await
            .unwrap();
    }
    let writers = (0..8).map(|writer: usize| {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let name = ["a", "b"][writer % 2];
            let mut order = Order::new(OrderKey::new(name, format!("{writer}")), at(0));
            for round in 0..20 {
                // Each goes its own way round, so that two would wait for each other in a ring.
                order.state.ignored = (round + writer).is_multiple_of(3).then(|| "old".to_owned());
                let change = Change {
                    order: order.clone(),
                    next_due: (round + writer).is_multiple_of(2).then(|| at(9)),
                    content_changed: false,
                    notes: Vec::new(),
                    effects: Vec::new(),
                    at: at(1),
                };
                let written = store.amend(change).await.unwrap();
                assert_eq!(written, Committed::Saved(order.version + 1));
                order.version += 1;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let counts = store.counts(None).await.unwrap();
    assert_eq!(counts.revision, 160);
    let all = OrderFilter {
        limit: 100,
        ..OrderFilter::default()
    };
    let orders = store.list(all).await.unwrap();
    for (status, count) in &counts.by_status {
        let found = orders.iter().filter(|order| order.status() == *status);
        assert_eq!(found.count() as u64, *count, "{status}");
    }
    assert_eq!(counts.by_status.values().sum::<u64>(), 8);
    // The last round is the 19th: writers of odd numbers leave something to do.
    assert_eq!(counts.open, 4);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_database_are_mistakes_in_the_settings() {
    let url = database();
    let wrong = PostgresOptions::parse(&url).unwrap().with_password("guess");
    let unknown = options(&format!("{url}_nowhere"));
    for bad in [wrong, unknown] {
        let error = PostgresStore::connect(bad).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Config, "{}", error.report());
        assert!(!error.report().contains("guess"), "{}", error.report());
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable_and_nothing_happened() {
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nobody = options(&format!("postgres://tester@127.0.0.1:{port}/shop"));
    let error = PostgresStore::connect(nobody).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(error.effect(), Effect::NotApplied);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_is_claimed_once_however_many_ask() {
    let url = database();
    let store = Arc::new(open(&url).await);
    for number in 0..40 {
        let id = ConnectionId::from(format!("c{number:02}"));
        store.register(id, at(0)).await.unwrap();
    }
    let other = Arc::new(open(&url).await);
    let workers = (0..8).map(|number| {
        let store = Arc::clone(if number % 2 == 0 { &store } else { &other });
        tokio::spawn(async move {
            let mut mine = Vec::new();
            let mut misses = 0;
            while misses < 3 {
                match store.claim(claim(&format!("w{number}"), 0)).await.unwrap() {
                    Some(claimed) => mine.push(claimed.lease.connection.to_string()),
                    // Skipped because somebody was just taking it: look again.
                    None => misses += 1,
                }
            }
            mine
        })
    });
    let mut all = Vec::new();
    for worker in workers.collect::<Vec<_>>() {
        all.extend(worker.await.unwrap());
    }
    all.sort();
    let expected: Vec<String> = (0..40).map(|number| format!("c{number:02}")).collect();
    assert_eq!(all, expected);
}

#[tokio::test]
async fn a_takeover_does_not_slip_between_the_check_and_the_end_of_a_write() {
    let url = database();
    let store = open(&url).await;
    let lease = claimed(&store, "shop").await;
    let mut client = beside(&url).await;
    let writing = client.transaction().await.unwrap();
    // What a write under the lease does first.
    writing
        .query(
            "SELECT 1 FROM connections WHERE id = 'shop' FOR NO KEY UPDATE",
            &[],
        )
        .await
        .unwrap();
    assert!(store.claim(claim("b", 100)).await.unwrap().is_none());
    writing.commit().await.unwrap();
    assert!(store.claim(claim("b", 100)).await.unwrap().is_some());
    let refused = store
        .commit(lease, batch([new("shop", "1")]))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), Kind::Conflict);
    assert_eq!(refused.effect(), Effect::NotApplied);
    assert!(
        store
            .load(OrderKey::new("shop", "1"))
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn a_worker_that_is_stopped_within_a_write_holds_nobody_up_for_long() {
    let url = database();
    let store = open(&url).await;
    claimed(&store, "shop").await;
    let client = beside(&url).await;
    // As the store's own sessions, only that the limit is shorter for the test's sake.
    client
        .batch_execute(
            "SET idle_in_transaction_session_timeout = '300ms'; BEGIN;
             SELECT 1 FROM connections WHERE id = 'shop' FOR NO KEY UPDATE;",
        )
        .await
        .unwrap();
    let mut taken = None;
    for _ in 0..100 {
        taken = store.claim(claim("b", 100)).await.unwrap();
        if taken.is_some() {
            break;
        }
        pause().await;
    }
    assert!(taken.is_some());
}

#[expect(
    clippy::disallowed_methods,
    reason = "a real server lives in real time"
)]
async fn pause() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_writes_on_one_version_one_is_saved_and_nobody_waits_in_a_ring() {
    let url = database();
    let store = Arc::new(open(&url).await);
    let lease = claimed(&store, "shop").await;
    let names: Vec<String> = (0..20).map(|number| format!("{number:02}")).collect();
    for version in 0..10_u64 {
        let orders = || {
            names.iter().map(|name| Order {
                version,
                ..new("shop", name)
            })
        };
        let mut writes = Vec::new();
        for turn in 0..4 {
            let (store, lease) = (Arc::clone(&store), lease.clone());
            let mut all: Vec<Order> = orders().collect();
            if turn % 2 == 1 {
                all.reverse();
            }
            writes.push(tokio::spawn(async move {
                let names: Vec<String> = all
                    .iter()
                    .map(|order| order.key.order.to_string())
                    .collect();
                let answers = store.commit(lease, batch(all)).await.unwrap();
                names.into_iter().zip(answers).collect::<Vec<_>>()
            }));
        }
        for order in orders() {
            let store = Arc::clone(&store);
            writes.push(tokio::spawn(async move {
                let name = order.key.order.to_string();
                let answer = store.amend(change(order)).await.unwrap();
                vec![(name, answer)]
            }));
        }
        let mut saved = Vec::new();
        for write in writes {
            for (name, answer) in write.await.unwrap() {
                match answer {
                    Committed::Saved(next) => {
                        assert_eq!(next, version + 1);
                        saved.push(name);
                    }
                    Committed::Stale => {}
                }
            }
        }
        saved.sort();
        assert_eq!(saved, names, "version {version}");
    }
    let history = store.history(OrderKey::new("shop", "07")).await.unwrap();
    assert_eq!(history.len(), 10);
}

#[tokio::test]
async fn an_order_twice_in_a_batch_is_written_in_turn() {
    let store = open(&database()).await;
    let lease = claimed(&store, "shop").await;
    let later = Order {
        version: 1,
        ..new("shop", "1")
    };
    let orders = [new("shop", "1"), later, new("shop", "1"), new("shop", "2")];
    let answers = store.commit(lease, batch(orders)).await.unwrap();
    let saved = Committed::Saved;
    assert_eq!(answers, [saved(1), saved(2), Committed::Stale, saved(1)]);
}

#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let mut failed = 0;
    let url = database();
    let store = open(&url).await;
    let lease = claimed(&store, "shop").await;
    let client = beside(&url).await;
    client
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
            &[],
        )
        .await
        .unwrap();
    // Whether the pool has noticed at the next use, or the one after, is up to the operating system;
    // until then each try says that nothing was written.
    let mut tries = tokio::time::interval(Duration::from_millis(20));
    let written = loop {
        tries.tick().await;
        match store.commit(lease.clone(), batch([new("shop", "1")])).await {
            Ok(answers) => break answers,
            Err(error) => {
                assert_eq!(error.kind(), Kind::Unavailable, "{}", error.report());
                assert_eq!(error.effect(), Effect::NotApplied, "{}", error.report());
                failed += 1;
                assert!(failed < 100, "{}", error.report());
            }
        }
    };
    assert_eq!(written, [Committed::Saved(1)]);
    assert!(
        store
            .load(OrderKey::new("shop", "1"))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn a_text_with_nul_in_it_stops_nothing_and_comes_back() {
    let store = open(&database()).await;
    let lease = claimed(&store, "shop").await;
    let odd = new("shop", "A\0B");
    let mut odd_change = change(odd.clone());
    odd_change.notes[0].text = "no\0thing".to_owned();
    let changes = vec![odd_change, change(new("shop", "C"))];
    let answers = store
        .commit(
            lease,
            Batch {
                changes,
                memo: None,
            },
        )
        .await
        .unwrap();
    assert_eq!(answers, [Committed::Saved(1); 2]);
    let read = store.load(odd.key.clone()).await.unwrap().unwrap();
    assert_eq!(read.key, odd.key);
    assert_eq!(store.history(odd.key).await.unwrap()[0].text, "no\0thing");
}

/// The plan of "what is due" must use the partial index: its cost is what is due, not what is
/// stored.
#[tokio::test]
async fn what_is_due_is_found_through_the_partial_index() {
    let url = database();
    drop(open(&url).await);
    let client = beside(&url).await;
    client
        .batch_execute(
            "INSERT INTO orders (connection, id, version, next_due, first_seen, status,
                                 needs_action, state)
             SELECT 'shop', n::text, 1, CASE WHEN n % 100 = 0 THEN n END, n, 'shipped', false, '{}'
             FROM generate_series(1, 20000) AS n;
             ANALYZE orders;",
        )
        .await
        .unwrap();
    let plan = client
        .query(
            "EXPLAIN SELECT id FROM orders
             WHERE connection = 'shop' AND next_due IS NOT NULL AND next_due <= 5000
               AND (next_due, id) > (0, '') ORDER BY next_due, id LIMIT 10",
            &[],
        )
        .await
        .unwrap();
    let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
    assert!(
        plan.iter().any(|step| step.contains("orders_due")),
        "{plan:?}"
    );
    assert!(!plan.iter().any(|step| step.contains("Sort")), "{plan:?}");
}
