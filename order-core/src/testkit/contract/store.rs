//! What every [`OrderStore`] must do.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone as _, Utc};

use crate::error::Kind;
use crate::ids::{ConnectionId, OrderKey, ShopOrderId};
use crate::lifecycle::{EffectRecord, EffectStatus, Level, Note};
use crate::money::{Currency, Money};
use crate::ports::{
    Batch, Change, Claim, Claimed, Committed, Cursor, DueQuery, Lease, Memo, OrderFilter,
    OrderStore,
};
use crate::shop::ShopState;
use crate::state::{Link, Order, ShopLink, Status};
use crate::testkit::samples;

/// How a test gets a store.
#[async_trait]
pub trait StoreHarness: Sized + Send + Sync + 'static {
    /// Makes an empty one.
    async fn start() -> Self;

    /// The store.
    fn store(&self) -> Arc<dyn OrderStore>;

    /// The same store opened anew, as after a restart.
    async fn reopen(&self) -> Arc<dyn OrderStore>;
}

fn at(second: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_780_000_000 + second, 0)
        .single()
        .unwrap_or_default()
}

fn connection() -> ConnectionId {
    ConnectionId::from("shop-1")
}

fn claim(owner: &str, second: i64) -> Claim {
    Claim {
        owner: owner.to_owned(),
        now: at(second),
        lease_for: Duration::from_secs(60),
        connections: Vec::new(),
        early: false,
    }
}

async fn claimed(store: &dyn OrderStore) -> Lease {
    store
        .register(connection(), at(0))
        .await
        .expect("registered");
    store
        .claim(claim("a", 0))
        .await
        .expect("a claim")
        .expect("due")
        .lease
}

fn order(id: &str) -> Order {
    let mut order = Order::new(OrderKey::new(connection(), id), at(0));
    let line = samples::line("L1", "SKU1", 2, 999);
    order.content = Some(Arc::new(samples::order(id, at(-60), vec![line])));
    order
}

fn change(order: Order, due: Option<i64>) -> Change {
    Change {
        order,
        next_due: due.map(at),
        content_changed: true,
        notes: Vec::new(),
        effects: Vec::new(),
        at: at(1),
    }
}

fn one(change: Change) -> Batch {
    Batch {
        changes: vec![change],
        memo: None,
    }
}

fn due_query(now: i64) -> DueQuery {
    DueQuery {
        connection: connection(),
        now: at(now),
        horizon: at(now + 100_000),
        limit: 10,
        after: None,
    }
}

async fn due_ids(store: &dyn OrderStore, query: DueQuery) -> Vec<String> {
    let due = store.due(query).await.expect("what is due");
    due.into_iter()
        .map(|due| due.order.key.order.to_string())
        .collect()
}

/// A connection is registered once, is due at once, and comes back as due as it was released.
pub async fn a_connection_is_claimed_when_it_is_due<H: StoreHarness>(harness: H) {
    let store = harness.store();
    assert_eq!(store.claim(claim("a", 0)).await.expect("a claim"), None);
    store
        .register(connection(), at(10))
        .await
        .expect("registered");
    store
        .register(connection(), at(0))
        .await
        .expect("registered");
    assert_eq!(store.claim(claim("a", 9)).await.expect("a claim"), None);
    let Claimed { lease, memo } = store.claim(claim("a", 10)).await.expect("ok").expect("due");
    assert_eq!(
        (lease.connection.clone(), memo),
        (connection(), Memo::default())
    );
    store
        .release(lease, Memo::default(), at(100))
        .await
        .expect("released");
    assert_eq!(store.claim(claim("a", 99)).await.expect("a claim"), None);
    assert!(
        store
            .claim(claim("a", 100))
            .await
            .expect("a claim")
            .is_some()
    );
}

/// A connection that is held is nobody else's, until the lease is over.
pub async fn a_held_connection_is_nobody_elses<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let first = claimed(&*store).await;
    assert_eq!(store.claim(claim("b", 59)).await.expect("a claim"), None);
    let second = store
        .claim(claim("b", 61))
        .await
        .expect("a claim")
        .expect("over")
        .lease;
    assert!(second.token > first.token);
}

/// After a takeover nothing of the earlier holder is written.
pub async fn an_old_lease_is_refused<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let old = claimed(&*store).await;
    let new = store
        .claim(claim("b", 61))
        .await
        .expect("a claim")
        .expect("over")
        .lease;
    let batch = one(change(order("1"), Some(0)));
    let refused = [
        store.commit(old.clone(), batch.clone()).await.err(),
        store.renew(old.clone(), at(500)).await.err(),
        store.release(old, Memo::default(), at(500)).await.err(),
    ];
    for error in refused {
        assert_eq!(error.expect("refused").kind(), Kind::Conflict);
    }
    assert_eq!(store.load(order("1").key).await.expect("a read"), None);
    store
        .commit(new, batch)
        .await
        .expect("the new holder writes");
}

/// A lease that was renewed holds longer.
pub async fn a_renewed_lease_holds_longer<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let lease = store.renew(lease, at(200)).await.expect("renewed");
    assert_eq!(store.claim(claim("b", 150)).await.expect("a claim"), None);
    store
        .commit(lease, one(change(order("1"), None)))
        .await
        .expect("still held");
}

/// The holder can be named, several connections are told apart, and an early claim is possible.
pub async fn connections_are_told_apart<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let other = ConnectionId::from("shop-2");
    store
        .register(connection(), at(0))
        .await
        .expect("registered");
    store
        .register(other.clone(), at(50))
        .await
        .expect("registered");
    let only = |now, early| Claim {
        connections: vec![other.clone()],
        early,
        ..claim("a", now)
    };
    assert_eq!(store.claim(only(10, false)).await.expect("a claim"), None);
    let lease = store
        .claim(only(10, true))
        .await
        .expect("a claim")
        .expect("early")
        .lease;
    assert_eq!(lease.connection, other);
    let all = store.connections().await.expect("all");
    let held: Vec<_> = all
        .iter()
        .map(|row| (row.id.as_str(), row.leased.is_some()))
        .collect();
    assert_eq!(held, [("shop-1", false), ("shop-2", true)]);
}

/// Waking makes a connection due sooner, also while it is held.
pub async fn waking_makes_a_connection_due<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    store.wake(connection(), at(5)).await.expect("woken");
    store
        .release(lease, Memo::default(), at(500))
        .await
        .expect("released");
    assert!(store.claim(claim("a", 6)).await.expect("a claim").is_some());
}

/// What a connection remembers comes back, after a restart too.
pub async fn a_memo_comes_back<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let memo = Memo {
        marketplace_cursor: Some(Cursor("page 7".to_owned())),
        polled_at: Some(at(3)),
        paused: Some("the key is refused".to_owned()),
        ..Memo::default()
    };
    store
        .release(lease, memo.clone(), at(1))
        .await
        .expect("released");
    let store = harness.reopen().await;
    let again = store
        .claim(claim("b", 2))
        .await
        .expect("a claim")
        .expect("due");
    assert_eq!(again.memo, memo);
}

/// An order comes back as it was written, after a restart too.
pub async fn an_order_comes_back_as_it_was_written<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let written = order("Ünï-42");
    let saved = store
        .commit(lease, one(change(written.clone(), Some(9))))
        .await
        .expect("ok");
    assert_eq!(saved, [Committed::Saved(1)]);
    let store = harness.reopen().await;
    let read = store
        .load(written.key.clone())
        .await
        .expect("a read")
        .expect("there");
    assert_eq!(
        read,
        Order {
            version: 1,
            ..written
        }
    );
}

/// The content stays when a change leaves it alone.
pub async fn content_stays_when_it_is_not_written<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    store
        .commit(lease.clone(), one(change(order("1"), None)))
        .await
        .expect("ok");
    let mut second = store
        .load(order("1").key)
        .await
        .expect("a read")
        .expect("there");
    second.state.ignored = Some("too old".to_owned());
    let update = Change {
        content_changed: false,
        ..change(second.clone(), None)
    };
    store.commit(lease, one(update)).await.expect("ok");
    let read = store
        .load(second.key.clone())
        .await
        .expect("a read")
        .expect("there");
    assert_eq!(
        read,
        Order {
            version: 2,
            ..second
        }
    );
}

/// A stale version is not written, and says so; others of the batch are.
pub async fn a_stale_version_is_not_written<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    store
        .commit(lease.clone(), one(change(order("1"), None)))
        .await
        .expect("ok");
    let batch = Batch {
        changes: vec![change(order("1"), Some(5)), change(order("2"), Some(5))],
        memo: None,
    };
    let answers = store.commit(lease, batch).await.expect("ok");
    assert_eq!(answers, [Committed::Stale, Committed::Saved(1)]);
    assert_eq!(due_ids(&*store, due_query(10)).await, ["2"]);
}

/// With a memo the batch is all or nothing: a cursor never passes an order that is not stored.
pub async fn a_cursor_never_passes_an_order<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    store
        .commit(lease.clone(), one(change(order("1"), None)))
        .await
        .expect("ok");
    let memo = Memo {
        marketplace_cursor: Some(Cursor("next".to_owned())),
        ..Memo::default()
    };
    let batch = Batch {
        changes: vec![change(order("2"), Some(5)), change(order("1"), Some(5))],
        memo: Some(memo.clone()),
    };
    let answers = store.commit(lease.clone(), batch).await.expect("ok");
    assert!(answers.contains(&Committed::Stale));
    assert_eq!(store.load(order("2").key).await.expect("a read"), None);
    assert_eq!(
        store.connections().await.expect("all")[0].memo,
        Memo::default()
    );
    let batch = Batch {
        changes: vec![change(order("2"), Some(5))],
        memo: Some(memo.clone()),
    };
    assert_eq!(
        store.commit(lease, batch).await.expect("ok"),
        [Committed::Saved(1)]
    );
    assert_eq!(store.connections().await.expect("all")[0].memo, memo);
}

/// What is due comes by due time, in pages; what is over never comes; what a jumped clock put
/// off too far comes.
pub async fn what_is_due_comes_in_order<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let changes = vec![
        change(order("late"), Some(20)),
        change(order("b"), Some(10)),
        change(order("a"), Some(10)),
        change(order("over"), None),
        change(order("later"), Some(31)),
        change(order("jumped"), Some(900_000)),
    ];
    store
        .commit(
            lease.clone(),
            Batch {
                changes,
                memo: None,
            },
        )
        .await
        .expect("ok");
    assert_eq!(
        due_ids(&*store, due_query(30)).await,
        ["a", "b", "late", "jumped"]
    );
    let page = DueQuery {
        limit: 2,
        ..due_query(30)
    };
    assert_eq!(due_ids(&*store, page.clone()).await, ["a", "b"]);
    let next = DueQuery {
        after: Some((at(10), "b".into())),
        ..page
    };
    assert_eq!(due_ids(&*store, next).await, ["late", "jumped"]);
    assert_eq!(
        store.next_due(connection()).await.expect("ok"),
        Some(at(10))
    );
    let mut done = store
        .load(order("a").key)
        .await
        .expect("a read")
        .expect("there");
    done.state.ignored = Some("done".to_owned());
    store
        .commit(lease, one(change(done, None)))
        .await
        .expect("ok");
    assert_eq!(
        due_ids(&*store, due_query(30)).await,
        ["b", "late", "jumped"]
    );
}

/// Orders of another connection are never in the way.
pub async fn orders_of_connections_are_told_apart<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    store
        .commit(lease, one(change(order("1"), Some(5))))
        .await
        .expect("ok");
    let other = DueQuery {
        connection: ConnectionId::from("shop-2"),
        ..due_query(10)
    };
    assert_eq!(store.due(other).await.expect("ok"), []);
    assert_eq!(
        store
            .next_due(ConnectionId::from("shop-2"))
            .await
            .expect("ok"),
        None
    );
    let found = store
        .load_many(ConnectionId::from("shop-2"), vec!["1".into()])
        .await;
    assert_eq!(found.expect("ok"), []);
}

/// Orders are found by their marketplace ids and by their webshop ids.
pub async fn orders_are_found_by_either_id<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let mut linked = order("1");
    linked.state.link = Link::Linked(ShopLink {
        id: ShopOrderId::from("W1"),
        number: "1001".to_owned(),
        state: ShopState::Open,
        raw_state: "processing".to_owned(),
        total: Money::zero(Currency::EUR),
        cancelled: Vec::new(),
        gone: false,
    });
    let changes = vec![change(linked, None), change(order("2"), None)];
    store
        .commit(
            lease,
            Batch {
                changes,
                memo: None,
            },
        )
        .await
        .expect("ok");
    let ids = |orders: Vec<Order>| -> Vec<String> {
        let mut ids: Vec<_> = orders
            .iter()
            .map(|order| order.key.order.to_string())
            .collect();
        ids.sort();
        ids
    };
    let many = store
        .load_many(connection(), vec!["2".into(), "3".into(), "1".into()])
        .await;
    assert_eq!(ids(many.expect("ok")), ["1", "2"]);
    let by_shop = store
        .by_shop_ids(connection(), vec!["W1".into(), "W9".into()])
        .await;
    assert_eq!(ids(by_shop.expect("ok")), ["1"]);
}

/// Lists can be filtered and paged, and counts agree with them.
pub async fn lists_are_filtered_and_paged<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let mut changes = Vec::new();
    for number in 0..5 {
        let mut order = order(&format!("N{number}"));
        order.state.first_seen = at(number);
        if number == 3 {
            order.state.ignored = Some("too old".to_owned());
        }
        changes.push(change(order, (number != 3).then_some(5)));
    }
    store
        .commit(
            lease,
            Batch {
                changes,
                memo: None,
            },
        )
        .await
        .expect("ok");
    let list = |filter: OrderFilter| {
        let store = Arc::clone(&store);
        async move {
            let orders = store.list(filter).await.expect("a list");
            orders
                .iter()
                .map(|order| order.key.order.to_string())
                .collect::<Vec<_>>()
        }
    };
    let all = OrderFilter {
        limit: 10,
        ..OrderFilter::default()
    };
    assert_eq!(list(all.clone()).await, ["N4", "N3", "N2", "N1", "N0"]);
    let page = OrderFilter {
        limit: 2,
        ..all.clone()
    };
    assert_eq!(list(page.clone()).await, ["N4", "N3"]);
    let next = OrderFilter {
        after: Some(order("N3").key),
        ..page
    };
    assert_eq!(list(next).await, ["N2", "N1"]);
    let ignored = OrderFilter {
        status: vec![Status::Ignored],
        ..all.clone()
    };
    assert_eq!(list(ignored).await, ["N3"]);
    let text = OrderFilter {
        text: Some("N1".to_owned()),
        ..all
    };
    assert_eq!(list(text).await, ["N1"]);
    let counts = store.counts(None).await.expect("counts");
    assert_eq!(counts.by_status.get(&Status::NotShipped), Some(&4));
    assert_eq!(
        (counts.by_status.get(&Status::Ignored), counts.open),
        (Some(&1), 4)
    );
    assert_eq!(
        store
            .counts(Some("none".into()))
            .await
            .expect("counts")
            .open,
        0
    );
}

/// History grows; the journal has one line for every attempt, with what became of it.
pub async fn history_grows_and_the_journal_keeps_the_outcome<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let record = |status| EffectRecord {
        kind: "create".to_owned(),
        attempt: 1,
        reference: "bol:1".to_owned(),
        status,
    };
    let note = |text: &str| Note {
        level: Level::Info,
        text: text.to_owned(),
    };
    let first = Change {
        notes: vec![note("received"), note("sent")],
        effects: vec![record(EffectStatus::Open)],
        ..change(order("1"), None)
    };
    store.commit(lease.clone(), one(first)).await.expect("ok");
    let again = store
        .load(order("1").key)
        .await
        .expect("a read")
        .expect("there");
    let second = Change {
        notes: vec![note("created")],
        effects: vec![record(EffectStatus::Done)],
        ..change(again, None)
    };
    store.commit(lease, one(second)).await.expect("ok");
    let history = store.history(order("1").key).await.expect("history");
    let texts: Vec<_> = history.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(texts, ["received", "sent", "created"]);
    let journal = store.journal(order("1").key).await.expect("journal");
    let statuses: Vec<_> = journal.iter().map(|entry| entry.record.status).collect();
    assert_eq!(statuses, [EffectStatus::Done]);
}

/// A person's change needs no lease, only the right version.
pub async fn a_person_needs_no_lease<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    store
        .commit(lease.clone(), one(change(order("1"), None)))
        .await
        .expect("ok");
    let read = store
        .load(order("1").key)
        .await
        .expect("a read")
        .expect("there");
    let amended = store
        .amend(change(read.clone(), Some(5)))
        .await
        .expect("ok");
    assert_eq!(amended, Committed::Saved(2));
    let stale = store.amend(change(read, Some(5))).await.expect("ok");
    assert_eq!(stale, Committed::Stale);
    let behind = store
        .commit(
            lease,
            one(change(
                Order {
                    version: 1,
                    ..order("1")
                },
                None,
            )),
        )
        .await;
    assert_eq!(behind.expect("ok"), [Committed::Stale]);
}

/// One test of every case of [`StoreHarness`](crate::testkit::contract::StoreHarness).
#[macro_export]
macro_rules! store_contract {
    ($harness:ty) => {
        $crate::contract_cases!(
            StoreHarness,
            $harness,
            a_connection_is_claimed_when_it_is_due,
            a_held_connection_is_nobody_elses,
            an_old_lease_is_refused,
            a_renewed_lease_holds_longer,
            connections_are_told_apart,
            waking_makes_a_connection_due,
            a_memo_comes_back,
            an_order_comes_back_as_it_was_written,
            content_stays_when_it_is_not_written,
            a_stale_version_is_not_written,
            a_cursor_never_passes_an_order,
            what_is_due_comes_in_order,
            orders_of_connections_are_told_apart,
            orders_are_found_by_either_id,
            lists_are_filtered_and_paged,
            history_grows_and_the_journal_keeps_the_outcome,
            a_person_needs_no_lease,
        );
    };
}
