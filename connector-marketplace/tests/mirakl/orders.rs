//! How orders are read: states, sums, addresses, and what nobody knows.

use connector_marketplace::mirakl::sandbox::{NewLine, NewOrder};
use order_core::order::{Fulfilment, Readiness, TrackingRule};
use order_core::ports::{Marketplace, OrderRead, Sighting};
use serde_json::{Value, json};

use crate::common::{all_changes, all_open, order, read, unreadable};
use crate::support::{World, mugs_and_lamp, settings};

#[tokio::test]
async fn every_state_has_its_meaning() {
    let world = World::new(false).await;
    for (state, readiness) in [
        ("STAGING", "not_ready"),
        ("WAITING_ACCEPTANCE", "needs_acceptance"),
        ("WAITING_DEBIT", "not_ready"),
        ("WAITING_DEBIT_PAYMENT", "not_ready"),
        ("SHIPPING", "ready"),
        ("SHIPPED", "closed"),
        ("TO_COLLECT", "closed"),
        ("RECEIVED", "closed"),
        ("CLOSED", "closed"),
        ("REFUSED", "closed"),
        ("CANCELED", "closed"),
        ("ON_HOLD", "not_ready"),
    ] {
        world
            .sandbox
            .add_order(mugs_and_lamp("A-A").in_state(state));
        let order = order(&world.mirakl, "A-A").await;
        let read = match &order.readiness {
            Readiness::Ready => "ready",
            Readiness::NotReady(_) => "not_ready",
            Readiness::NeedsAcceptance => "needs_acceptance",
            Readiness::Closed => "closed",
        };
        assert_eq!(read, readiness, "{state}: {order:?}");
        let gone = matches!(state, "REFUSED" | "CANCELED");
        assert_eq!(order.is_cancelled(), gone, "{state}");
        let known = state != "ON_HOLD";
        assert_eq!(
            order.unknown.is_empty(),
            known,
            "{state}: {:?}",
            order.unknown
        );
    }
}

#[tokio::test]
async fn an_address_that_is_released_later_is_waited_for() {
    let world = World::new(false).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    world.sandbox.change("A-A", |order| {
        order["customer"]["shipping_address"] = Value::Null;
    });
    let held = order(&world.mirakl, "A-A").await;
    assert!(matches!(held.readiness, Readiness::NotReady(_)), "{held:?}");
    assert_eq!(held.ship_to, None);
}

#[tokio::test]
async fn prices_without_tax_become_prices_with_tax_and_the_sums_agree() {
    let world = World::new(false).await;
    let mut taxed = NewOrder::new("T-A");
    taxed.tax_mode = "TAX_EXCLUDED".to_owned();
    let mut line = NewLine::new("MUG-01", 3, 1000);
    line.tax_cents = 631;
    line.shipping_cents = 395;
    world.sandbox.add_order(taxed.with_line(line));
    let order = order(&world.mirakl, "T-A").await;
    // 30.00 + 6.31 tax + 3.95 shipping
    assert_eq!(order.checked_total().unwrap().to_string(), "40.26 EUR");
    assert_eq!(order.lines[0].unit_price.to_string(), "12.11 EUR");
    assert_eq!(order.lines[0].discount.unwrap().to_string(), "0.02 EUR");
    assert_eq!(order.shipping.unwrap().to_string(), "3.95 EUR");
}

#[tokio::test]
async fn a_total_that_is_not_the_sum_of_the_lines_is_noticed() {
    let world = World::new(false).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    world
        .sandbox
        .change("A-A", |order| order["total_price"] = json!(1.5));
    let order = order(&world.mirakl, "A-A").await;
    assert!(order.checked_total().is_err());
}

#[tokio::test]
async fn an_order_that_the_operator_sends_is_known_as_such() {
    let world = World::new(false).await;
    let mut theirs = mugs_and_lamp("A-A");
    theirs.center = "OPERATOR-1".to_owned();
    world.sandbox.add_order(theirs.clone());
    let read = order(&world.mirakl, "A-A").await;
    assert_eq!(read.fulfilment, Fulfilment::Marketplace);
    let ours = World::with(settings(false), |config| {
        config.own_fulfillment_centers.push("OPERATOR-1".to_owned());
        config.tracking_required = true;
    })
    .await;
    ours.sandbox.add_order(theirs);
    let read = order(&ours.mirakl, "A-A").await;
    assert_eq!(read.fulfilment, Fulfilment::Seller);
    assert_eq!(read.tracking, TrackingRule::Required);
}

#[tokio::test]
async fn what_nobody_knows_is_kept_and_moves_nothing() {
    let world = World::new(false).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    world.sandbox.change("A-A", |order| {
        order["order_lines"][0]["order_line_state"] = json!("TELEPORTED");
        order["surprise"] = json!({ "a": [1] });
    });
    let read = order(&world.mirakl, "A-A").await;
    assert_eq!(read.unknown, ["order_line_state TELEPORTED"]);
    assert!(matches!(read.readiness, Readiness::NotReady(_)), "{read:?}");
    assert_eq!((read.lines[0].shipped, read.lines[0].cancelled), (0, 0));
    world
        .sandbox
        .change("A-A", |order| order["order_tax_mode"] = json!("HALF"));
    let read = order(&world.mirakl, "A-A").await;
    assert!(
        read.unknown
            .iter()
            .any(|text| text == "order_tax_mode HALF")
    );
}

#[tokio::test]
async fn a_line_that_was_cancelled_in_part_is_left_to_a_person() {
    let world = World::new(false).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    world.sandbox.change("A-A", |order| {
        order["order_lines"][0]["cancelations"] = json!([{ "quantity": 1, "amount": 12.99 }]);
    });
    let read = order(&world.mirakl, "A-A").await;
    let Readiness::NotReady(why) = &read.readiness else {
        panic!("{read:?}")
    };
    assert!(why.contains("A-A-1"), "{why}");
}

#[tokio::test]
async fn one_odd_order_spoils_no_page_and_says_what_is_wrong() {
    let world = World::new(false).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    world.sandbox.add_order(mugs_and_lamp("B-A"));
    world.sandbox.change("B-A", |order| {
        order["order_lines"][0]["quantity"] = json!(-2)
    });
    world.sandbox.prepend_to_list(vec![
        json!({ "order_id": "C-A", "order_lines": "none" }),
        json!({ "nothing": true }),
    ]);
    let seen = all_open(&world.mirakl).await;
    let full = seen.iter().filter(|it| matches!(it, Sighting::Full(_)));
    assert_eq!(full.count(), 1, "{seen:?}");
    assert_eq!(seen.len(), 4);
    world.sandbox.prepend_to_list(Vec::new());
    let why = unreadable(&world.mirakl, "B-A").await;
    assert!(why.contains("B-A-1") && why.contains("-2"), "{why}");
    for (field, value) in [
        ("currency_iso_code", Value::Null),
        ("created_date", json!("soon")),
        ("order_state", Value::Null),
        ("order_lines", json!([])),
    ] {
        world.sandbox.add_order(mugs_and_lamp("B-A"));
        world
            .sandbox
            .change("B-A", |order| order[field] = value.clone());
        let read = read(&world.mirakl, "B-A").await;
        assert!(
            matches!(read, OrderRead::Unreadable { .. }),
            "{field}: {read:?}"
        );
    }
}

#[tokio::test]
async fn a_list_of_other_orders_than_asked_for_says_nothing_about_those_asked_for() {
    let world = World::new(false).await;
    world
        .sandbox
        .prepend_to_list(vec![json!({ "order_id": "STRANGER" })]);
    let error = world.mirakl.orders(vec!["A-A".into()]).await.unwrap_err();
    assert_eq!(error.kind(), order_core::Kind::Decode);
}

#[tokio::test]
async fn a_change_comes_with_the_next_listing_and_an_unchanged_order_does_not() {
    let world = World::new(false).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    world.sandbox.add_order(mugs_and_lamp("B-A"));
    let (seen, cursor) = all_changes(&world.mirakl, None).await;
    assert_eq!(seen.len(), 2);
    world.clock.advance(std::time::Duration::from_secs(900));
    let (_, cursor) = all_changes(&world.mirakl, Some(cursor)).await;
    world.clock.advance(std::time::Duration::from_secs(900));
    world.sandbox.cancel_order("B-A");
    let (seen, cursor) = all_changes(&world.mirakl, Some(cursor)).await;
    let ids: Vec<_> = seen.iter().map(|it| it.id().as_str()).collect();
    assert_eq!(ids, ["B-A"], "closed orders are told too");
    world.clock.advance(std::time::Duration::from_secs(900));
    let (_, cursor) = all_changes(&world.mirakl, Some(cursor)).await;
    world.clock.advance(std::time::Duration::from_secs(900));
    let (seen, _) = all_changes(&world.mirakl, Some(cursor)).await;
    let again: Vec<_> = seen.iter().map(|it| it.id().as_str()).collect();
    assert_eq!(again, Vec::<&str>::new());
}

#[tokio::test]
async fn one_listing_may_start_a_minute() {
    let world = World::with(settings(false), |config| {
        config.listing_spacing_seconds = None;
    })
    .await;
    let mut cursor = None;
    for _ in 0..6 {
        cursor = Some(world.mirakl.changes(cursor).await.unwrap().next);
    }
    let error = world.mirakl.changes(cursor).await.unwrap_err();
    assert_eq!(error.kind(), order_core::Kind::RateLimited);
    assert!(error.retry_after().unwrap().as_secs() <= 60, "{error:?}");
}
