//! What is written of an order, and what is due.

use super::{StoreHarness, at, change, claimed, connection, due_ids, due_query, one, order};
use crate::ids::{ConnectionId, ShopOrderId};
use crate::lifecycle::{EffectRecord, EffectStatus, Level, Note};
use crate::money::{Currency, Money};
use crate::ports::{Batch, Change, Committed, Cursor, DueQuery, Memo};
use crate::shop::ShopState;
use crate::state::{Link, Order, ShopLink};
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
