//! What every [`OrderStore`] must do.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone as _, Utc};

use crate::error::Kind;
use crate::ids::{ConnectionId, OrderKey, ShopOrderId};
use crate::lifecycle::{EffectRecord, EffectStatus, Level, Note};
use crate::money::{Currency, Money};
use crate::order::Readiness;
use crate::ports::{
    ActivityQuery, Batch, Change, Claim, Claimed, Committed, Cursor, DueQuery, Lease, Memo,
    OrderFilter, OrderStore,
};
use crate::shipment::Tracking;
use crate::shop::ShopState;
use crate::state::{
    Action, Cancellation, Confirmation, Effect, EffectKind, Link, Order, Phase, Problem,
    ProblemKind, Shipment, ShopLink, Status,
};
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
        connections: [].into(),
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
        connections: [other.clone()].into(),
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

/// A long list of connections is claimed from in the order in which they are due, however many
/// others are due before, sorted or not.
pub async fn of_many_the_first_that_is_due_is_claimed<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let name = |number: i64| ConnectionId::from(format!("shop-{number:03}"));
    for number in 0..200 {
        let due = at(1000 - number);
        store.register(name(number), due).await.expect("registered");
    }
    let of = |numbers: Vec<i64>, now: i64| Claim {
        connections: numbers.into_iter().map(name).collect(),
        ..claim("a", now)
    };
    let mut claimed = Vec::new();
    // The last are due first; of the others none is before second 901.
    let others: Vec<i64> = (0..100).collect();
    assert_eq!(
        store.claim(of(others.clone(), 900)).await.expect("a claim"),
        None
    );
    for list in [
        others.clone(),
        others.iter().rev().copied().collect(),
        others,
    ] {
        let answer = store.claim(of(list, 950)).await.expect("a claim");
        claimed.push(answer.expect("one is due").lease.connection);
    }
    assert_eq!(claimed, [name(99), name(98), name(97)]);
    let all = store
        .claim(of((0..200).collect(), 950))
        .await
        .expect("a claim");
    assert_eq!(all.expect("one is due").lease.connection, name(199));
    let early = Claim {
        early: true,
        ..of((0..80).collect(), 0)
    };
    let early = store.claim(early).await.expect("a claim").expect("early");
    assert_eq!(early.lease.connection, name(79));
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

/// Orders with a mark each: waiting for nothing, needing a person, being sent, asked to cancel,
/// with a deadline.
fn marked() -> Vec<Order> {
    let mut orders: Vec<Order> = (0..6).map(|number| order(&format!("M-{number}"))).collect();
    for (order, second) in orders.iter_mut().zip(0..) {
        order.state.first_seen = at(second / 2);
    }
    if let [_, needy, sending, asked, late, ignored] = &mut *orders {
        needy.state.problems.push(Problem {
            action: Action::ReadShop,
            kind: ProblemKind::UnknownProduct,
            text: "no product".to_owned(),
            advice: "make one".to_owned(),
            since: at(0),
            attempts: 1,
            next_attempt: None,
        });
        sending.state.effects.push(Effect {
            kind: EffectKind::Create,
            attempt: 1,
            reference: "ref".to_owned(),
            intended_at: at(0),
            phase: Phase::Ready,
            checkpoint: None,
            draft: None,
            targets: Vec::new(),
        });
        asked.state.cancellation = Cancellation::BuyerAsks;
        let mut content = samples::order("M-4", at(-60), Vec::new());
        content.ship_by = Some(at(500));
        late.content = Some(Arc::new(content));
        ignored.state.ignored = Some("too old".to_owned());
    }
    orders
}

async fn write_all(store: &dyn OrderStore, lease: &Lease, orders: Vec<Order>) {
    let changes = orders
        .into_iter()
        .map(|order| change(order, None))
        .collect();
    let batch = Batch {
        changes,
        memo: None,
    };
    store.commit(lease.clone(), batch).await.expect("written");
}

/// The orders that match, and that as many are counted.
async fn listed(store: &dyn OrderStore, filter: OrderFilter) -> Vec<String> {
    let orders = store.list(filter.clone()).await.expect("a list");
    let whole = filter.after.is_none() && filter.before.is_none();
    if whole && orders.len() < filter.limit {
        let count = store.count(filter).await.expect("a count");
        assert_eq!(usize::try_from(count).ok(), Some(orders.len()));
    }
    orders
        .iter()
        .map(|order| order.key.order.to_string())
        .collect()
}

/// Orders are found by each of their marks, by several together, and counted alike.
pub async fn orders_are_found_by_their_marks<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    write_all(&*store, &lease, marked()).await;
    let all = OrderFilter {
        limit: 10,
        ..OrderFilter::default()
    };
    let list = |filter| listed(&*store, filter);
    let needy = OrderFilter {
        needs_action: true,
        ..all.clone()
    };
    assert_eq!(list(needy.clone()).await, ["M-1"]);
    let problem = OrderFilter {
        problem: Some(ProblemKind::UnknownProduct),
        ..all.clone()
    };
    assert_eq!(list(problem.clone()).await, ["M-1"]);
    let other = OrderFilter {
        problem: Some(ProblemKind::Conflict),
        ..needy
    };
    assert!(list(other).await.is_empty());
    let sending = OrderFilter {
        sending: true,
        ..all.clone()
    };
    assert_eq!(list(sending).await, ["M-2"]);
    let asked = OrderFilter {
        cancel_asked: true,
        ..all.clone()
    };
    assert_eq!(list(asked).await, ["M-3"]);
    for (until, found) in [(499, vec![]), (500, vec!["M-4"])] {
        let late = OrderFilter {
            deadline_until: Some(at(until)),
            ..all.clone()
        };
        assert_eq!(list(late).await, found);
    }
    let statuses = OrderFilter {
        status: vec![Status::Ignored, Status::NotShipped, Status::Ignored],
        limit: 3,
        ..all
    };
    assert_eq!(list(statuses).await, ["M-4", "M-5", "M-2"]);
    let counts = store.counts(None).await.expect("counts");
    assert_eq!(
        (counts.needs_action, counts.sending, counts.cancel_asked),
        (1, 1, 1)
    );
    assert_eq!(
        counts.by_problem.get(&ProblemKind::UnknownProduct),
        Some(&1)
    );
    // What is mended is no longer found.
    let mut mended = store.load(order("M-1").key).await.expect("ok").expect("it");
    mended.state.problems.clear();
    write_all(&*store, &lease, vec![mended]).await;
    assert!(list(problem).await.is_empty());
    let counts = store.counts(None).await.expect("counts");
    assert_eq!((counts.needs_action, counts.by_problem.len()), (0, 0));
}

/// Orders are found by the start of a word in an id of either side, a number or a code, in upper
/// or lower case, and nothing in such a text is special.
pub async fn orders_are_found_by_text<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let mut linked = order("A%1_x");
    linked.state.link = Link::Linked(ShopLink {
        id: ShopOrderId::from("gid://Order/77"),
        number: "#1001".to_owned(),
        state: ShopState::Open,
        raw_state: "processing".to_owned(),
        total: Money::zero(Currency::EUR),
        cancelled: Vec::new(),
        gone: false,
    });
    linked.state.shipments.push(Shipment {
        id: "S1".into(),
        source: None,
        parcel: 1,
        lines: Vec::new(),
        tracking: Some(Tracking::new("3s abc 0042")),
        carrier: None,
        shipped_at: at(0),
        confirmation: Confirmation::None,
        told_code: None,
        audit_at: None,
    });
    write_all(&*store, &lease, vec![linked, order("B2")]).await;
    let search = |text: &str| {
        listed(
            &*store,
            OrderFilter {
                text: Some(text.to_owned()),
                limit: 10,
                ..OrderFilter::default()
            },
        )
    };
    let texts = [
        "a%", "1_X", "77", "order/7", "1001", "#10", "3SABC00", "0042",
    ];
    for text in texts {
        assert_eq!(search(text).await, ["A%1_x"], "{text}");
    }
    for text in ["%", "_", "2", "a_", "' OR 1=1 --", "042", "\u{10ffff}"] {
        assert!(search(text).await.is_empty(), "{text}");
    }
    assert_eq!(search("  ").await.len(), 2);
    // A text that is no longer there is no longer found.
    let key = order("A%1_x").key;
    let mut later = store.load(key).await.expect("ok").expect("it");
    later.state.shipments.clear();
    write_all(&*store, &lease, vec![later]).await;
    assert!(search("3SABC").await.is_empty());
    assert_eq!(search("1001").await, ["A%1_x"]);
}

/// A text that very many orders have finds them as well, in pages, with what else is asked for.
pub async fn a_text_that_very_many_have_finds_them_as_well<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let orders: Vec<Order> = (0..6000)
        .map(|number| {
            let mut order = Order::new(OrderKey::new(connection(), format!("X{number}")), at(0));
            order.state.first_seen = at(number);
            if number % 1000 == 0 {
                order.state.ignored = Some("too old".to_owned());
            }
            order
        })
        .collect();
    for some in orders.chunks(1000) {
        write_all(&*store, &lease, some.to_vec()).await;
    }
    write_all(&*store, &lease, vec![order("Y1")]).await;
    let many = OrderFilter {
        text: Some("x".to_owned()),
        limit: 2,
        ..OrderFilter::default()
    };
    assert_eq!(store.count(many.clone()).await.expect("a count"), 6000);
    assert_eq!(listed(&*store, many.clone()).await, ["X5999", "X5998"]);
    let next = OrderFilter {
        after: Some(order("X5998").key),
        ..many.clone()
    };
    assert_eq!(listed(&*store, next).await, ["X5997", "X5996"]);
    let ignored = OrderFilter {
        status: vec![Status::Ignored],
        limit: 10,
        ..many
    };
    assert_eq!(listed(&*store, ignored).await.len(), 6);
}

/// Pages lead on and back without leaving an order out, also among orders of the same moment.
pub async fn pages_go_both_ways<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    write_all(&*store, &lease, marked()).await;
    let page = |after: Option<&str>, before: Option<&str>| {
        listed(
            &*store,
            OrderFilter {
                limit: 2,
                after: after.map(|id| order(id).key),
                before: before.map(|id| order(id).key),
                ..OrderFilter::default()
            },
        )
    };
    assert_eq!(page(None, None).await, ["M-4", "M-5"]);
    assert_eq!(page(Some("M-5"), None).await, ["M-2", "M-3"]);
    assert_eq!(page(Some("M-2"), None).await, ["M-3", "M-0"]);
    assert_eq!(page(None, Some("M-0")).await, ["M-2", "M-3"]);
    assert_eq!(page(None, Some("M-3")).await, ["M-5", "M-2"]);
    assert!(page(None, Some("M-4")).await.is_empty());
    assert!(page(Some("M-1"), None).await.is_empty());
    assert_eq!(page(Some("M-4"), Some("M-2")).await, ["M-5"]);
    assert_eq!(page(Some("gone"), None).await, ["M-4", "M-5"]);
    assert_eq!(page(None, Some("gone")).await, ["M-4", "M-5"]);
    let last = |status: Vec<Status>, limit: usize| {
        let filter = OrderFilter {
            status,
            limit,
            last: true,
            ..OrderFilter::default()
        };
        listed(&*store, filter)
    };
    assert_eq!(last(Vec::new(), 2).await, ["M-0", "M-1"]);
    assert_eq!(last(Vec::new(), 100).await.len(), 6);
    let all = last(Status::ALL.to_vec(), 1).await;
    assert_eq!(all, ["M-1"], "also of several statuses");
}

/// A connection that a person stopped is claimed by nobody until it may go on; who has it comes
/// to the end.
pub async fn a_stopped_connection_is_not_claimed<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let why = Some("stock-taking".to_owned());
    store
        .stop(connection(), why.clone())
        .await
        .expect("stopped");
    assert_eq!(store.connections().await.expect("all")[0].stopped, why);
    store
        .commit(lease.clone(), one(change(order("1"), Some(5))))
        .await
        .expect("the holder goes on");
    store
        .release(lease, Memo::default(), at(5))
        .await
        .expect("released");
    let early = Claim {
        early: true,
        ..claim("b", 100)
    };
    assert_eq!(store.claim(early.clone()).await.expect("ok"), None);
    assert_eq!(harness.reopen().await.claim(early).await.expect("ok"), None);
    store.stop(connection(), None).await.expect("goes on");
    assert!(store.claim(claim("b", 100)).await.expect("ok").is_some());
}

/// What happened is counted by the hour, and every write makes the revision grow.
pub async fn activity_is_counted_by_the_hour<H: StoreHarness>(harness: H) {
    let store = harness.store();
    let lease = claimed(&*store).await;
    let write = async |mut changed: Order, second: i64, shipped: bool| {
        if shipped && let Some(content) = &changed.content {
            let mut content = (**content).clone();
            content.readiness = Readiness::Closed;
            changed.content = Some(Arc::new(content));
        }
        let change = Change {
            at: at(second),
            ..change(changed, None)
        };
        store
            .commit(lease.clone(), one(change))
            .await
            .expect("written");
    };
    let load = async |id: &str| store.load(order(id).key).await.expect("ok").expect("it");
    for marked in marked() {
        write(marked, 1, false).await;
    }
    write(load("M-0").await, 7200, true).await;
    write(load("M-0").await, 7300, true).await;
    write(load("M-1").await, 7300, false).await;
    let query = ActivityQuery {
        connection: None,
        since: at(-3600),
    };
    let hours = store.activity(query.clone()).await.expect("activity");
    let figures: Vec<_> = hours
        .iter()
        .map(|hour| (hour.received, hour.shipped, hour.troubled))
        .collect();
    assert_eq!(figures, [(6, 0, 1), (0, 1, 0)]);
    assert_eq!(hours[0].hour.timestamp() % 3600, 0);
    assert_eq!((hours[1].hour - hours[0].hour).num_hours(), 2);
    let none = ActivityQuery {
        connection: Some("other".into()),
        ..query
    };
    assert!(store.activity(none).await.expect("activity").is_empty());
    let revision = store.counts(None).await.expect("counts").revision;
    assert_eq!(revision, 9);
    let stale = change(order("M-0"), None);
    store.amend(stale).await.expect("stale");
    assert_eq!(store.counts(None).await.expect("counts").revision, 9);
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
            of_many_the_first_that_is_due_is_claimed,
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
            orders_are_found_by_their_marks,
            orders_are_found_by_text,
            a_text_that_very_many_have_finds_them_as_well,
            pages_go_both_ways,
            a_stopped_connection_is_not_claimed,
            activity_is_counted_by_the_hour,
        );
    };
}
