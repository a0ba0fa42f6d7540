//! What every [`OrderStore`] must do.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone as _, Utc};

use crate::ids::{ConnectionId, OrderKey};
use crate::ports::{Batch, Change, Claim, DueQuery, Lease, OrderStore};
use crate::state::Order;
use crate::testkit::samples;

mod connections;
mod lists;
mod orders;

pub use connections::{
    a_connection_is_claimed_when_it_is_due, a_held_connection_is_nobody_elses, a_memo_comes_back,
    a_renewed_lease_holds_longer, a_stopped_connection_is_not_claimed, an_old_lease_is_refused,
    connections_are_told_apart, of_many_the_first_that_is_due_is_claimed,
    waking_makes_a_connection_due,
};
pub use lists::{
    a_text_that_very_many_have_finds_them_as_well, activity_is_counted_by_the_hour,
    lists_are_filtered_and_paged, orders_are_found_by_text, orders_are_found_by_their_marks,
    pages_go_both_ways,
};
pub use orders::{
    a_cursor_never_passes_an_order, a_person_needs_no_lease, a_stale_version_is_not_written,
    an_order_comes_back_as_it_was_written, content_stays_when_it_is_not_written,
    history_grows_and_the_journal_keeps_the_outcome, orders_are_found_by_either_id,
    orders_of_connections_are_told_apart, what_is_due_comes_in_order,
};

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
