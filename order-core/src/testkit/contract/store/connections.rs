//! Claims, leases and what a connection remembers.

use super::{StoreHarness, at, change, claim, claimed, connection, one, order};
use crate::error::Kind;
use crate::ids::ConnectionId;
use crate::ports::{Claim, Claimed, Cursor, Memo};
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
