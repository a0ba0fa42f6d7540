//! How orders are read: statuses, sums, what is held back, and what nobody knows.

use std::time::Duration;

use connector_marketplace::amazon::sandbox::{NewItem, NewOrder};
use order_core::order::{Fulfilment, Readiness, TrackingRule};
use order_core::ports::{Marketplace, OrderRead, Sighting};
use serde_json::{Value, json};

use crate::common::{all_changes, all_open, order, read};
use crate::support::{A1, World, mugs_and_lamp, settings};

const A2: &str = "902-0000002-0000002";

#[tokio::test]
async fn every_status_has_its_meaning() {
    let world = World::new().await;
    for (status, readiness, known) in [
        ("PENDING_AVAILABILITY", "not ready", true),
        ("PENDING", "not ready", true),
        ("UNSHIPPED", "ready", true),
        ("PARTIALLY_SHIPPED", "ready", true),
        ("SHIPPED", "closed", true),
        ("CANCELLED", "closed", true),
        ("UNFULFILLABLE", "not ready", true),
        ("TELEPORTED", "not ready", false),
    ] {
        world.sandbox.add_order(mugs_and_lamp(A1).in_status(status));
        let order = order(&world.amazon, A1).await;
        let read = match &order.readiness {
            Readiness::Ready => "ready",
            Readiness::NotReady(_) => "not ready",
            Readiness::NeedsAcceptance => "to be accepted",
            Readiness::Closed => "closed",
        };
        assert_eq!(read, readiness, "{status}");
        assert_eq!(order.unknown.is_empty(), known, "{status}");
        assert_eq!(order.is_cancelled(), status == "CANCELLED", "{status}");
    }
}

#[tokio::test]
async fn an_order_that_waits_for_payment_has_neither_price_nor_address_and_is_held() {
    let world = World::new().await;
    world
        .sandbox
        .add_order(mugs_and_lamp(A1).in_status("PENDING"));
    let held = order(&world.amazon, A1).await;
    assert!(matches!(held.readiness, Readiness::NotReady(_)));
    assert_eq!((held.ship_to, held.total), (None, None));
    assert_eq!(held.currency.as_str(), "EUR", "the marketplace tells it");
    let mut elsewhere = mugs_and_lamp(A2).in_status("PENDING");
    elsewhere.marketplace = "SOMEWHERE".to_owned();
    world.sandbox.add_order(elsewhere);
    let read = read(&world.amazon, A2).await;
    let OrderRead::Unreadable { reason, .. } = read else {
        panic!("{read:?}")
    };
    assert!(reason.contains("currency"), "{reason}");
}

#[tokio::test]
async fn an_application_without_the_role_for_addresses_is_told_so() {
    let mut settings = settings();
    settings.shows_recipients = false;
    let world = World::with(settings, |_| ()).await;
    world.sandbox.add_order(mugs_and_lamp(A1));
    let Readiness::NotReady(why) = order(&world.amazon, A1).await.readiness else {
        panic!("ready without an address")
    };
    assert!(why.contains("role"), "{why}");
}

#[tokio::test]
async fn tax_and_shipping_are_in_the_sums_and_they_agree() {
    let world = World::new().await;
    let mut item = NewItem::new("MUG-01", 3, 1000);
    item.tax_cents = 571;
    item.shipping_cents = 499;
    let taxed = NewOrder::new(A1).with_item(item);
    world.sandbox.add_order(taxed);
    let read = order(&world.amazon, A1).await;
    assert_eq!(read.checked_total().unwrap().to_string(), "40.70 EUR");
    assert_eq!(read.lines[0].unit_price.to_string(), "11.91 EUR");
    assert_eq!(read.lines[0].discount.unwrap().to_string(), "0.02 EUR");
    assert_eq!(read.shipping.unwrap().to_string(), "4.99 EUR");
    assert_eq!(read.tracking, TrackingRule::Required);
    assert!(read.ship_by.unwrap() > read.placed_at);
    world.sandbox.change(A1, |order| {
        order["proceeds"]["grandTotal"]["amount"] = json!("41.00");
    });
    assert!(order(&world.amazon, A1).await.checked_total().is_err());
}

#[tokio::test]
async fn orders_of_amazons_own_warehouses_come_only_when_asked_for() {
    let mut theirs = mugs_and_lamp(A1);
    theirs.fulfilled_by = "AMAZON".to_owned();
    let world = World::new().await;
    world.sandbox.add_order(theirs.clone());
    assert_eq!(all_open(&world.amazon).await, []);
    let read = order(&world.amazon, A1).await;
    assert_eq!(read.fulfilment, Fulfilment::Marketplace);
    let world = World::with(settings(), |config| {
        config.include_fulfilled_by_amazon = true
    })
    .await;
    world.sandbox.add_order(theirs);
    assert_eq!(all_open(&world.amazon).await.len(), 1);
}

#[tokio::test]
async fn a_buyers_wish_to_cancel_and_pieces_that_are_gone_are_seen() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp(A1));
    let before = order(&world.amazon, A1).await;
    assert!(!before.has_cancel_request());
    world
        .sandbox
        .request_cancellation(before.lines[1].id.as_str());
    assert!(order(&world.amazon, A1).await.has_cancel_request());
    world.sandbox.change(A1, |order| {
        order["orderItems"][0]["fulfillment"] =
            json!({ "quantityFulfilled": 1, "quantityUnfulfilled": 1 });
    });
    let line = order(&world.amazon, A1).await.lines[0].clone();
    assert_eq!(
        (line.quantity, line.shipped, line.cancelled, line.open()),
        (3, 1, 1, 1)
    );
    world.sandbox.change(A1, |order| {
        order["orderItems"][0]["quantityOrdered"] = json!(0)
    });
    world.sandbox.cancel_order(A1);
    let gone = order(&world.amazon, A1).await;
    assert!(gone.is_closed(), "{gone:?}");
}

#[tokio::test]
async fn what_cannot_be_read_says_why_and_spoils_no_page() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp(A2));
    for (place, value) in [
        ("/createdTime", json!("soon")),
        ("/fulfillment/fulfillmentStatus", Value::Null),
        ("/orderItems", json!([])),
        ("/orderItems/0/quantityOrdered", json!(-1)),
        (
            "/orderItems/0/proceeds/proceedsTotal/amount",
            json!("twelve"),
        ),
        (
            "/orderItems/0/proceeds/proceedsTotal/currencyCode",
            json!("USD"),
        ),
        ("/orderItems/0/fulfillment/quantityUnfulfilled", json!(9)),
    ] {
        world.sandbox.add_order(mugs_and_lamp(A1));
        world.sandbox.change(A1, |order| {
            *order.pointer_mut(place).unwrap() = value.clone();
        });
        let read = read(&world.amazon, A1).await;
        assert!(
            matches!(read, OrderRead::Unreadable { .. }),
            "{place}: {read:?}"
        );
    }
    world.sandbox.prepend_to_list(vec![
        json!({ "nothing": true }),
        json!({ "orderId": "X", "orderItems": 1 }),
    ]);
    let (seen, _) = all_changes(&world.amazon, None).await;
    let full = seen.iter().filter(|it| matches!(it, Sighting::Full(_)));
    assert_eq!(full.count(), 1, "{seen:?}");
    assert!(seen.iter().all(|it| it.id().as_str() != "nothing"));
}

#[tokio::test]
async fn a_change_that_is_listed_two_minutes_late_is_not_missed() {
    let mut settings = settings();
    settings.listing_lag = Duration::from_secs(120);
    let world = World::with(settings, |_| ()).await;
    world.sandbox.add_order(mugs_and_lamp(A1));
    let (seen, mut cursor) = all_changes(&world.amazon, None).await;
    assert_eq!(seen, [], "too young to be listed");
    let mut found = false;
    for _ in 0..2 {
        world.clock.advance(Duration::from_secs(300));
        let (seen, next) = all_changes(&world.amazon, Some(cursor)).await;
        found |= seen.iter().any(|it| it.id().as_str() == A1);
        cursor = next;
    }
    assert!(found);
}

#[tokio::test]
async fn the_search_budget_is_kept_and_says_when_to_come_back() {
    let world = World::new().await;
    let mut cursor = None;
    let mut asked = 0;
    let error = loop {
        match world.amazon.changes(cursor.take()).await {
            Ok(page) => cursor = Some(page.next),
            Err(error) => break error,
        }
        asked += 1;
        assert!(asked < 100);
    };
    assert_eq!(asked, 20, "the burst");
    assert_eq!(error.kind(), order_core::Kind::RateLimited);
    let wait = error.retry_after().unwrap();
    assert!((150..=179).contains(&wait.as_secs()), "{wait:?}");
    world.clock.advance(wait);
    world.amazon.changes(None).await.unwrap();
    assert_eq!(world.requests("GET /orders/2026-01-01/orders"), 21);
}

#[tokio::test]
async fn a_page_token_that_is_too_old_starts_the_same_listing_over() {
    let world = World::new().await;
    for number in 0..101 {
        world.sandbox.add_order(NewOrder::sample(
            &format!("902-1000000-{number:07}"),
            number,
        ));
    }
    let first = world.amazon.changes(None).await.unwrap();
    assert!(first.more && first.orders.len() == 100);
    let second = world
        .amazon
        .changes(Some(first.next.clone()))
        .await
        .unwrap();
    assert!(!second.more && second.orders.len() == 1);
    world.clock.advance(Duration::from_secs(21 * 3600));
    let again = world.amazon.changes(Some(first.next)).await.unwrap();
    assert!(
        again.more && again.orders.len() == 100,
        "from the first page"
    );
}
