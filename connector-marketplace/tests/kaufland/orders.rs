//! How orders are read: pieces grouped into lines, states, and what nobody knows.

use connector_marketplace::kaufland::sandbox::{NewLine, NewOrder};
use order_core::order::{Fulfilment, Readiness, TrackingRule};
use order_core::ports::{OrderRead, Sighting};
use serde_json::{Value, json};

use crate::common::{all_changes, all_open, order, read};
use crate::support::{World, mugs_and_lamp, open, sorted};

#[tokio::test]
async fn equal_pieces_make_a_line_and_every_piece_keeps_its_number() {
    let world = World::new().await;
    let order_of = mugs_and_lamp("A1").with_line(NewLine::new("MUG-01", 2, 999));
    world.sandbox.add_order(order_of);
    let read = order(&world.kaufland, "A1").await;
    let mut lines: Vec<_> = read
        .lines
        .iter()
        .map(|line| {
            (
                line.sku.clone().unwrap(),
                line.quantity,
                line.unit_price.minor().unwrap(),
            )
        })
        .collect();
    lines.sort();
    let wanted = [
        ("LAMP-02".to_owned(), 1, 3495),
        ("MUG-01".to_owned(), 2, 999),
        ("MUG-01".to_owned(), 3, 1299),
    ];
    assert_eq!(lines, wanted, "another price is another line");
    let mut pieces: Vec<_> = read.lines.iter().flat_map(|line| &line.pieces).collect();
    pieces.sort();
    pieces.dedup();
    assert_eq!(pieces.len(), 6);
    assert!(
        read.lines
            .iter()
            .all(|line| line.pieces.len() == line.quantity as usize)
    );
    let again = order(&world.kaufland, "A1").await;
    assert_eq!(again.lines, read.lines);
    assert_eq!(read.checked_total().unwrap().to_string(), "93.90 EUR");
}

#[tokio::test]
async fn a_line_keeps_its_name_while_its_pieces_move_and_sent_ones_come_first() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    let before = sorted(order(&world.kaufland, "A1").await);
    let pieces = before.lines[1].pieces.clone();
    world
        .sandbox
        .change_piece(pieces[1].as_str(), |unit| unit["status"] = json!("sent"));
    world.sandbox.change_piece(pieces[0].as_str(), |unit| {
        unit["status"] = json!("cancelled")
    });
    let after = sorted(order(&world.kaufland, "A1").await);
    let mugs = &after.lines[1];
    assert_eq!(mugs.id, before.lines[1].id);
    assert_eq!(
        (mugs.quantity, mugs.shipped, mugs.cancelled, mugs.open()),
        (3, 1, 1, 1)
    );
    let wanted = [pieces[1].clone(), pieces[2].clone(), pieces[0].clone()];
    assert_eq!(mugs.pieces, wanted);
}

#[tokio::test]
async fn every_status_has_its_meaning() {
    let world = World::new().await;
    for (status, shipped, cancelled, known) in [
        ("open", 0, 0, true),
        ("need_to_be_sent", 0, 0, true),
        ("sent", 1, 0, true),
        ("sent_and_autopaid", 1, 0, true),
        ("received", 1, 0, true),
        ("returned", 1, 0, true),
        ("returned_paid", 1, 0, true),
        ("cancelled", 0, 1, true),
        ("in_orbit", 0, 0, false),
    ] {
        world
            .sandbox
            .add_order(NewOrder::new("A1").with_line(NewLine::new("MUG-01", 1, 999)));
        let piece = order(&world.kaufland, "A1").await.lines[0].pieces[0].clone();
        world
            .sandbox
            .change_piece(piece.as_str(), |unit| unit["status"] = json!(status));
        let read = order(&world.kaufland, "A1").await;
        let line = &read.lines[0];
        assert_eq!(
            (line.shipped, line.cancelled),
            (shipped, cancelled),
            "{status}"
        );
        assert_eq!(read.unknown.is_empty(), known, "{status}");
        assert_eq!(read.is_closed(), shipped + cancelled == 1, "{status}");
        assert_eq!(
            matches!(read.readiness, Readiness::NotReady(_)),
            !known,
            "{status}"
        );
    }
}

#[tokio::test]
async fn shipping_currency_and_the_day_to_ship_by_are_read() {
    let world = World::new().await;
    let mut line = NewLine::new("MUG-01", 2, 29900);
    line.shipping_cents = 9900;
    let mut order_of = NewOrder::new("A1").with_line(line);
    order_of.storefront = "cz".to_owned();
    world.sandbox.add_order(order_of);
    let read = order(&world.kaufland, "A1").await;
    assert_eq!(read.shipping.unwrap().to_string(), "198.00 CZK");
    assert_eq!(read.checked_total().unwrap().to_string(), "796.00 CZK");
    assert_eq!(read.lines[0].vat_percent.unwrap().to_string(), "19");
    assert!(read.ship_by.unwrap() > read.placed_at);
    assert_eq!(read.tracking, TrackingRule::Required);
    assert_eq!(
        read.ship_to.as_ref().unwrap().country.unwrap().to_string(),
        "DE"
    );
    assert_eq!(read.ship_to.unwrap().house_number.as_deref(), Some("5"));
}

#[tokio::test]
async fn a_parcel_locker_and_the_buyers_number_there_are_read() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    world.sandbox.change_order("A1", |order| {
        order["delivery"] = json!({ "pickup_location": {
            "pickup_location_id": "260", "provider": "DHL", "carrier": "DHL", "services": "",
            "dhl_post_number": "999999999999" } });
    });
    let address = order(&world.kaufland, "A1").await.ship_to.unwrap();
    let point = address.pickup_point.unwrap();
    assert_eq!(
        (point.id.as_deref(), point.name.as_deref()),
        (Some("260"), Some("DHL"))
    );
    assert!(
        address
            .lines
            .iter()
            .any(|line| line.contains("999999999999"))
    );
}

#[tokio::test]
async fn an_order_that_kaufland_sends_and_a_buyers_wish_to_cancel_are_known_as_such() {
    let world = World::new().await;
    let mut theirs = mugs_and_lamp("A1");
    theirs.fulfillment_type = "fulfilled_by_kaufland".to_owned();
    world.sandbox.add_order(theirs);
    let read = order(&world.kaufland, "A1").await;
    assert_eq!(read.fulfilment, Fulfilment::Marketplace);
    assert!(!read.has_cancel_request());
    assert_eq!(
        all_open(&world.kaufland).await,
        [],
        "the list has the seller's own alone"
    );
    world.sandbox.add_order(mugs_and_lamp("A2"));
    let piece = order(&world.kaufland, "A2").await.lines[0].pieces[0].clone();
    world.sandbox.request_cancellation(piece.as_str());
    let read = order(&world.kaufland, "A2").await;
    assert!(read.has_cancel_request());
    assert_eq!(
        read.lines
            .iter()
            .filter(|line| line.cancel_requested)
            .count(),
        1
    );
}

#[tokio::test]
async fn an_unknown_way_of_fulfilment_holds_the_order_back() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    world.sandbox.change_order("A1", |order| {
        order["fulfillment_type"] = json!("fulfilled_by_drone");
    });
    let read = order(&world.kaufland, "A1").await;
    assert!(matches!(read.readiness, Readiness::NotReady(_)));
    assert_eq!(read.unknown, ["fulfillment_type fulfilled_by_drone"]);
}

#[tokio::test]
async fn an_order_comes_once_a_page_and_an_odd_entry_spoils_no_page() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    world
        .sandbox
        .prepend_to_list(vec![json!({ "nothing": true }), json!("text")]);
    let seen = all_open(&world.kaufland).await;
    let summaries = seen
        .iter()
        .filter(|it| matches!(it, Sighting::Summary { .. }));
    assert_eq!(summaries.count(), 1, "{seen:?}");
    assert_eq!(seen.len(), 3);
    let odd = seen
        .iter()
        .find(|it| matches!(it, Sighting::Unreadable { .. }))
        .unwrap();
    let read = read(&world.kaufland, odd.id().as_str()).await;
    assert!(matches!(read, OrderRead::Unreadable { .. }), "{read:?}");
}

#[tokio::test]
async fn more_pieces_than_fit_a_page_are_one_order() {
    let world = World::new().await;
    let many = NewOrder::new("A1").with_line(NewLine::new("MUG-01", 230, 999));
    world.sandbox.add_order(many);
    world.sandbox.add_order(mugs_and_lamp("A2"));
    let mut ids: Vec<_> = all_open(&world.kaufland)
        .await
        .iter()
        .map(|it| it.id().to_string())
        .collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids, ["A1", "A2"]);
    assert_eq!(order(&world.kaufland, "A1").await.lines[0].quantity, 230);
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let world = World::new().await;
    for (field, value) in [
        ("price", Value::Null),
        ("price", json!(-5)),
        ("currency", json!("EURO")),
        ("id_order_unit", Value::Null),
    ] {
        world
            .sandbox
            .add_order(NewOrder::new("A1").with_line(NewLine::new("MUG-01", 1, 999)));
        let piece = order(&world.kaufland, "A1").await.lines[0].pieces[0].clone();
        world
            .sandbox
            .change_piece(piece.as_str(), |unit| unit[field] = value.clone());
        let read = read(&world.kaufland, "A1").await;
        assert!(
            matches!(read, OrderRead::Unreadable { .. }),
            "{field}: {read:?}"
        );
    }
}

#[tokio::test]
async fn a_change_of_a_piece_comes_with_the_next_listing() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    world.sandbox.add_order(mugs_and_lamp("A2"));
    let (_, cursor) = all_changes(&world.kaufland, None).await;
    let pause = std::time::Duration::from_secs(900);
    world.clock.advance(pause);
    let (_, cursor) = all_changes(&world.kaufland, Some(cursor)).await;
    world.clock.advance(pause);
    world.sandbox.cancel_order("A2");
    let (seen, _) = all_changes(&world.kaufland, Some(cursor)).await;
    let ids: Vec<_> = seen.iter().map(|it| it.id().as_str()).collect();
    assert_eq!(ids, ["A2"]);
    assert!(order(&world.kaufland, "A2").await.is_cancelled());
    assert_eq!(
        open(&order(&world.kaufland, "A1").await),
        [("LAMP-02".to_owned(), 1), ("MUG-01".to_owned(), 3)]
    );
}
