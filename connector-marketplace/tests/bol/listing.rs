//! Pages, windows, and orders that move while they are read.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use connector_marketplace::bol::sandbox::{Fault, NewOrder};
use order_core::ports::{Clock, Cursor, Marketplace};

use crate::support::{World, all_changes, ids};

async fn with_orders(count: u32) -> World {
    let world = World::new().await;
    let now = world.clock.now();
    for number in 0..count {
        let at = now - TimeDelta::minutes(i64::from(number) + 1);
        let order = NewOrder::sample(&format!("N{number:04}"), number.into()).placed_at(at);
        world.sandbox.add_order(order);
    }
    world
}

fn all(count: u32) -> BTreeSet<String> {
    (0..count).map(|number| format!("N{number:04}")).collect()
}

#[tokio::test]
async fn every_order_is_listed_across_pages() {
    for count in [0, 1, 49, 50, 51, 120] {
        let world = with_orders(count).await;
        let (seen, _) = all_changes(&world.bol, None).await;
        assert_eq!(ids(&seen), all(count), "{count}");
    }
}

#[tokio::test]
async fn up_to_forty_nine_open_orders_take_one_request() {
    let world = with_orders(49).await;
    all_changes(&world.bol, None).await;
    assert_eq!(world.requests("GET /retailer/orders"), 1);
}

#[tokio::test]
async fn an_order_that_moves_to_a_page_already_read_is_still_seen() {
    let world = with_orders(120).await;
    let first = world.bol.changes(None).await.unwrap();
    assert!(first.more);
    // The newest order is handled: N0050, first of page 2, moves to page 1.
    world.sandbox.cancel_order("N0000");
    let (rest, _) = all_changes(&world.bol, Some(first.next)).await;
    let seen = &ids(&first.orders) | &ids(&rest);
    assert_eq!(seen, all(120));
}

#[tokio::test]
async fn new_orders_and_repeated_pages_while_reading_lose_nothing() {
    let world = with_orders(120).await;
    let count = Arc::new(AtomicU64::new(0));
    let calls = Arc::clone(&count);
    world.sandbox.inject(move |request| {
        if request.operation != "GET /retailer/orders" {
            return Fault::None;
        }
        match calls.fetch_add(1, Ordering::SeqCst) {
            2 => Fault::RepeatPage,
            _ => Fault::None,
        }
    });
    let (mut seen, mut cursor, mut added) = (BTreeSet::new(), None, 0);
    loop {
        let page = world.bol.changes(cursor).await.unwrap();
        seen.extend(ids(&page.orders));
        if !page.more {
            break;
        }
        cursor = Some(page.next);
        if added < 3 {
            world
                .sandbox
                .add_order(NewOrder::sample(&format!("L{added}"), added));
            added += 1;
        }
    }
    assert!(
        all(120).is_subset(&seen),
        "{:?}",
        all(120).difference(&seen)
    );
    assert!(count.load(Ordering::SeqCst) <= 16);
}

#[tokio::test]
async fn a_sweep_can_go_on_after_a_restart() {
    let world = with_orders(120).await;
    let first = world.bol.open_orders(None).await.unwrap();
    let written = serde_json::to_string(&first.next).unwrap();
    let other = world.sandbox.config().build(world.clock.clone()).unwrap();
    let mut cursor: Option<Cursor> = Some(serde_json::from_str(&written).unwrap());
    let mut seen = ids(&first.orders);
    loop {
        let page = other.open_orders(cursor).await.unwrap();
        seen.extend(ids(&page.orders));
        if !page.more {
            break;
        }
        cursor = Some(page.next);
    }
    assert_eq!(seen, all(120));
}

#[tokio::test]
async fn a_later_look_asks_for_changes_alone_and_sees_a_cancellation() {
    let world = with_orders(3).await;
    world.clock.advance(Duration::from_secs(300));
    let (_, cursor) = all_changes(&world.bol, None).await;
    world.clock.advance(Duration::from_secs(600));
    world.sandbox.cancel_order("N0001");
    world.sandbox.add_order(NewOrder::sample("NEW", 9));
    let (seen, cursor) = all_changes(&world.bol, Some(cursor)).await;
    assert_eq!(ids(&seen), ["N0001", "NEW"].map(str::to_owned).into());
    let asked = world.sandbox.exchanges();
    let query = &asked.last().unwrap().seen.query;
    assert!(
        query.contains("status=ALL") && query.contains("change-interval-minute=1"),
        "{query}"
    );
    world.clock.advance(Duration::from_secs(240));
    let (seen, _) = all_changes(&world.bol, Some(cursor)).await;
    assert_eq!(
        ids(&seen),
        ["N0001", "NEW"].map(str::to_owned).into(),
        "the overlap repeats them"
    );
}

#[tokio::test]
async fn after_a_gap_beyond_bols_window_everything_open_is_listed() {
    let world = with_orders(3).await;
    let (_, cursor) = all_changes(&world.bol, None).await;
    world.clock.advance(Duration::from_secs(2 * 3600));
    let (seen, _) = all_changes(&world.bol, Some(cursor)).await;
    assert_eq!(ids(&seen), all(3));
    let asked = world.sandbox.exchanges();
    assert!(asked.last().unwrap().seen.query.contains("status=OPEN"));
}

#[tokio::test]
async fn a_failed_page_leaves_the_cursor_where_it_was() {
    let world = with_orders(60).await;
    let first = world.bol.changes(None).await.unwrap();
    world
        .sandbox
        .inject(|_| Fault::Refuse(connector_marketplace::bol::sandbox::Failure::Status(400)));
    assert!(world.bol.changes(Some(first.next.clone())).await.is_err());
    world.sandbox.inject(|_| Fault::None);
    let (rest, _) = all_changes(&world.bol, Some(first.next)).await;
    assert_eq!(&ids(&first.orders) | &ids(&rest), all(60));
}
