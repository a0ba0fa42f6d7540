//! Lives of orders in a real Medusa.

use connector_webshop::medusa::Medusa;
use order_core::ports::{
    CreateOrder, CreateProgress, NewOrder, NoteReturn, ProductMatch, ProductQuery, ShopCancel,
    ShopNote, Webshop,
};
use order_core::shop::ShopState;
use order_core::{Effect, Kind};
use serde_json::json;

use crate::live::{
    MOST_STEPS, address, build, cancellation, codes, config, crash, create, each_step_twice, euro,
    finish, lines, order, read, shop, step, with_server,
};
use crate::server::{self, Flavour};

#[tokio::test]
async fn an_order_is_paid_and_to_the_cent_at_the_marketplaces_prices() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let mut new = order(&shop, "PRICE-1", &[("TB-001", 2, 999), ("FL-002", 1, 605)]).await;
    new.shipping = euro(499);
    new.lines[0].discount = euro(101);
    new.discount = euro(3);
    new.total = euro(1998 - 101 + 605 + 499 - 3);
    let created = create(&shop, &new).await;
    assert_eq!(created.state, ShopState::Open);
    assert_eq!(created.total, new.total);
    assert_eq!(created.key, Some(new.key.clone()));
    assert_eq!(created.number, "bol:PRICE-1");
    let stored = server.get(&format!(
        "/admin/orders/{}?fields=id,payment_status,email",
        created.id
    ));
    assert_eq!(stored["order"]["payment_status"], "captured");
    assert_eq!(stored["order"]["email"], "bol-price-1@marketplace.invalid");
}

#[tokio::test]
async fn the_same_order_twice_is_one_order() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "TWICE-1", &[("TB-001", 1, 999)]).await;
    let first = create(&shop, &new).await;
    let second = create(&shop, &new).await;
    assert_eq!(first.id, second.id);
    assert_eq!(server.under("bol:TWICE-1").len(), 1);
}

/// The first step. One that certainly did nothing and may be tried again is, as by the engine.
async fn start(shop: &Medusa, order: &NewOrder) -> CreateProgress {
    for _ in 0..MOST_STEPS {
        let request = CreateOrder {
            order: order.clone(),
            resume: None,
        };
        match shop.create_order(request).await {
            Ok(progress) => return progress,
            Err(error) => {
                assert_eq!(error.effect(), Effect::NotApplied, "{error:?}");
                assert!(
                    error.is_retryable() || error.kind() == Kind::Conflict,
                    "{error:?}"
                );
            }
        }
    }
    panic!("it never starts");
}

async fn three_at_once(flavour: Flavour, key: &str) {
    let server = with_server!(flavour);
    let shop = shop(server);
    let new = order(&shop, key, &[("TB-001", 1, 999), ("FL-002", 2, 605)]).await;
    // They start together, so that all three find nothing and make a draft of their own.
    let starts = (0..3).map(|_| start(&shop, &new));
    let mut ids = Vec::new();
    for start in futures_util::future::join_all(starts).await {
        let CreateProgress::Continue { checkpoint, .. } = start else {
            panic!("{start:?}")
        };
        match finish(&shop, &new, Some(checkpoint)).await {
            CreateProgress::Created(order) => ids.push(order.id),
            other => panic!("{other:?}"),
        }
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(server.under(&format!("bol:{key}")).len(), 1);
}

#[tokio::test]
async fn three_at_once_are_one_order() {
    three_at_once(Flavour::WithKey, "RACE-1").await;
}

#[tokio::test]
async fn three_at_once_are_one_order_in_a_shop_as_it_comes() {
    three_at_once(Flavour::Plain, "RACE-2").await;
}

#[tokio::test]
async fn a_crash_after_any_step_is_continued_from_what_the_shop_has() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let mut crashes = 0;
    for after in 1..MOST_STEPS {
        let key = format!("CRASH-{after}");
        let new = order(&shop, &key, &[("TB-001", 2, 999), ("FL-002", 1, 605)]).await;
        let Some(created) = crash(&shop, &new, after).await else {
            break;
        };
        assert_eq!(created.total, euro(2603), "after step {after}");
        assert_eq!(
            server.under(&format!("bol:{key}")).len(),
            1,
            "after step {after}"
        );
        crashes += 1;
    }
    assert!(crashes >= 4, "only {crashes} steps were interrupted");
}

#[tokio::test]
async fn a_step_whose_answer_was_lost_is_not_repeated() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "LOST-1", &[("TB-001", 2, 999)]).await;
    let created = each_step_twice(&shop, &new).await;
    assert_eq!(created.total, euro(1998));
    assert_eq!(server.under("bol:LOST-1").len(), 1);
}

#[tokio::test]
async fn products_are_found_by_article_number_or_ean_and_verified() {
    let server = with_server!(Flavour::WithKey);
    let query = |sku: &str, gtin: Option<&str>| ProductQuery {
        line: "x".into(),
        sku: Some(sku.into()),
        gtin: gtin.map(str::to_owned),
    };
    let queries = vec![
        query("TB-00", None),
        query("NONE", Some("8712345678906")),
        query("NONE", Some("4006381333931")),
    ];
    let found = shop(server).products(queries).await.unwrap();
    assert_eq!(found[0], ProductMatch::Missing);
    assert!(matches!(&found[1], ProductMatch::Found(own) if own.matched_by == "gtin"));
    assert_eq!(found[2], ProductMatch::Missing);
}

#[tokio::test]
async fn an_unknown_product_and_short_stock_are_refused_and_leave_nothing() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let mut new = order(&shop, "UNKNOWN-1", &[("TB-001", 1, 999)]).await;
    new.lines[0].product.id = "variant_of_nothing".into();
    let CreateProgress::Rejected { reason } = finish(&shop, &new, None).await else {
        panic!("a refusal is expected")
    };
    assert!(reason.contains("variant_of_nothing"), "{reason}");
    let few = order(&shop, "FEW-1", &[("FEW-003", 500, 100)]).await;
    let CreateProgress::Rejected { reason } = finish(&shop, &few, None).await else {
        panic!("a refusal is expected")
    };
    assert!(reason.contains("inventory"), "{reason}");
    for key in ["bol:UNKNOWN-1", "bol:FEW-1"] {
        assert!(server.under(key).is_empty(), "{key}");
    }
}

#[tokio::test]
async fn another_countrys_tax_and_none_at_all_come_to_the_same_sum() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    for (key, country, guess) in [
        ("TAX-DE", "DE", Some(21)),
        ("TAX-DE-2", "DE", None),
        ("TAX-BE", "BE", Some(21)),
    ] {
        let mut new = order(&shop, key, &[("TB-001", 3, 1234), ("FL-002", 1, 1)]).await;
        (new.ship_to, new.bill_to) = (address(country), address("NL"));
        new.lines[0].vat_percent = guess.map(rust_decimal::Decimal::from);
        let created = create(&shop, &new).await;
        assert_eq!(created.total, new.total, "{key}");
        assert_eq!(server.under(&format!("bol:{key}")).len(), 1, "{key}");
    }
    let mut strict = config(server);
    strict.untaxed_where_no_rate = false;
    let mut new = order(&shop, "TAX-BE-2", &[("TB-001", 1, 1000)]).await;
    new.ship_to = address("BE");
    let stopped = finish(&build(strict), &new, None).await;
    assert!(
        matches!(stopped, CreateProgress::TotalDiffers { inert: true, .. }),
        "{stopped:?}"
    );
    let mut far = order(&shop, "TAX-FR", &[("TB-001", 1, 1000)]).await;
    far.ship_to = address("FR");
    let CreateProgress::Rejected { reason } = finish(&shop, &far, None).await else {
        panic!("a refusal is expected")
    };
    assert!(reason.contains("FR"), "{reason}");
}

#[tokio::test]
async fn a_refund_by_staff_moves_nothing_and_the_rest_goes_its_way() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    for (key, amount, left) in [("REFUND-1", 5.0, 1498), ("REFUND-2", 19.98, 0)] {
        let new = order(&shop, key, &[("TB-001", 2, 999)]).await;
        let created = create(&shop, &new).await;
        let fields = "fields=id,payment_status,*payment_collections.payments";
        let path = format!("/admin/orders/{}?{fields}", created.id);
        let collections = server.get(&path)["order"]["payment_collections"].clone();
        let payment = collections[0]["payments"][0]["id"].as_str().unwrap();
        let refund = format!("/admin/payments/{payment}/refund");
        server.post(&refund, json!({"amount": amount, "note": "a scratch"}));
        let status = server.get(&path)["order"]["payment_status"].clone();
        let wanted = ["refunded", "partially_refunded"][usize::from(left > 0)];
        assert_eq!(status, wanted);
        let read_back = read(&shop, &created.id).await;
        assert_eq!(
            (read_back.state, read_back.cancelled.len()),
            (ShopState::Open, 0),
            "{key}"
        );
        // Medusa takes it off the order's total.
        assert_eq!(read_back.total, euro(left), "{key}");
        server.send(created.id.as_str(), &[("L1", 2)], &["3SREFUND"]);
        let sent = read(&shop, &created.id).await;
        assert_eq!(sent.state, ShopState::Completed, "{key}");
        assert_eq!(codes(&sent), ["3SREFUND"], "{key}");
    }
}

#[tokio::test]
async fn cents_that_no_tax_divides_stay_exact() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    for (key, quantity, cents) in [("CENT-1", 3, 33), ("CENT-2", 7, 1001), ("CENT-3", 1, 1)] {
        let new = order(&shop, key, &[("TB-001", quantity, cents)]).await;
        assert_eq!(create(&shop, &new).await.total, new.total, "{key}");
    }
}

#[tokio::test]
async fn a_partial_shipment_then_the_rest_with_two_codes_in_one_parcel() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "PART-1", &[("TB-001", 2, 999), ("FL-002", 1, 605)]).await;
    let id = create(&shop, &new).await.id;
    server.send(id.as_str(), &[("L1", 1)], &["3SA"]);
    let part = read(&shop, &id).await;
    assert_eq!(part.state, ShopState::Open);
    assert_eq!(part.shipments[0].lines, Some(lines(&[("L1", 1)])));
    server.send(id.as_str(), &[], &["3SB", "3SC"]);
    let rest = read(&shop, &id).await;
    assert_eq!(rest.state, ShopState::Completed);
    assert_eq!(codes(&rest), ["3SA", "3SB", "3SC"]);
    let mut second = rest.shipments[1].lines.clone().unwrap();
    second.sort_by(|a, b| a.line.cmp(&b.line));
    assert_eq!(second, lines(&[("L1", 1), ("L2", 1)]));
    assert_eq!(rest.shipments[2].lines, Some(Vec::new()));
}

#[tokio::test]
async fn a_packed_parcel_is_no_shipment_and_a_code_added_after_completion_shows() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "LATE-1", &[("TB-001", 1, 999)]).await;
    let id = create(&shop, &new).await.id;
    let (item, _, _) = server.lines(id.as_str()).remove(0);
    let body = json!({"items": [{"id": item, "quantity": 1}], "location_id": server.place});
    server.post(&format!("/admin/orders/{id}/fulfillments"), body);
    let packed = read(&shop, &id).await;
    assert_eq!((packed.state, packed.shipments.len()), (ShopState::Open, 0));
    let parcel = server.parcels(id.as_str()).remove(0);
    let body = json!({"items": [{"id": item, "quantity": 1}], "labels": []});
    server.post(
        &format!("/admin/orders/{id}/fulfillments/{parcel}/shipments"),
        body,
    );
    server.post(&format!("/admin/orders/{id}/complete"), json!({}));
    let sent = read(&shop, &id).await;
    assert_eq!((sent.state, codes(&sent)), (ShopState::Completed, vec![]));
    server.add_codes(&parcel, &["3SLATE"]);
    let later = read(&shop, &id).await;
    assert_eq!(codes(&later), ["3SLATE"]);
    assert_eq!(later.shipments[0].id, sent.shipments[0].id);
}

#[tokio::test]
async fn pieces_that_staff_takes_off_are_told() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "EDIT-1", &[("TB-001", 3, 999), ("FL-002", 1, 605)]).await;
    let id = create(&shop, &new).await.id;
    server.post("/admin/order-edits", json!({"order_id": id}));
    for (item, mark, _) in server.lines(id.as_str()) {
        let quantity = if mark == "L1" { 1 } else { 0 };
        let path = format!("/admin/order-edits/{id}/items/item/{item}");
        server.post(&path, json!({"quantity": quantity}));
    }
    server.post(&format!("/admin/order-edits/{id}/request"), json!({}));
    server.post(&format!("/admin/order-edits/{id}/confirm"), json!({}));
    let edited = read(&shop, &id).await;
    assert_eq!(edited.state, ShopState::Open);
    assert_eq!(edited.cancelled, lines(&[("L1", 2), ("L2", 1)]));
}

#[tokio::test]
async fn stock_is_reserved_by_an_order_alone_and_freed_by_a_cancellation() {
    let server = with_server!(Flavour::Plain);
    let shop = shop(server);
    let new = order(&shop, "STOCK-1", &[("FEW-003", 4, 100)]).await;
    let CreateProgress::Continue { checkpoint, .. } = step(&shop, &new, None).await else {
        panic!("a draft is expected")
    };
    assert_eq!(server.stock("FEW-003"), (9, 0));
    let CreateProgress::Created(created) = finish(&shop, &new, Some(checkpoint)).await else {
        panic!("an order is expected")
    };
    assert_eq!(server.stock("FEW-003"), (9, 4));
    let done = shop
        .cancel_order(cancellation(&created.id, &[]))
        .await
        .unwrap();
    assert_eq!(done, ShopCancel::Done);
    assert_eq!(server.stock("FEW-003"), (9, 0));
    let cancelled = read(&shop, &created.id).await;
    assert_eq!(cancelled.state, ShopState::Cancelled);
    assert!(cancelled.cancelled.is_empty());
}

#[tokio::test]
async fn what_has_left_is_not_cancelled() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "CANCEL-1", &[("TB-001", 2, 999)]).await;
    let id = create(&shop, &new).await.id;
    server.send(id.as_str(), &[("L1", 1)], &["3SA"]);
    let late = shop.cancel_order(cancellation(&id, &[])).await.unwrap();
    assert!(matches!(late, ShopCancel::Rejected { .. }), "{late:?}");
}

#[tokio::test]
async fn a_cancelled_order_keeps_its_key_and_no_second_one_is_made() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "AGAIN-1", &[("TB-001", 1, 999)]).await;
    let id = create(&shop, &new).await.id;
    shop.cancel_order(cancellation(&id, &[])).await.unwrap();
    let again = finish(&shop, &new, None).await;
    assert!(
        matches!(again, CreateProgress::Rejected { .. }),
        "{again:?}"
    );
    assert_eq!(server.under("bol:AGAIN-1").len(), 1);
}

#[tokio::test]
async fn a_return_is_noted_once() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "NOTE-1", &[("TB-001", 1, 999)]).await;
    let id = create(&shop, &new).await.id;
    let request = NoteReturn {
        order: id.clone(),
        reference: "R-1".into(),
        lines: Vec::new(),
        text: "1 piece comes back".into(),
    };
    for _ in 0..2 {
        let noted = shop.note_return(request.clone()).await.unwrap();
        assert_eq!(noted, ShopNote::Written);
    }
    let stored = server.get(&format!("/admin/orders/{id}?fields=id,metadata"));
    let metadata = &stored["order"]["metadata"];
    assert_eq!(metadata["return R-1"], "1 piece comes back");
    assert_eq!(metadata["marketplace_order_key"], "bol:NOTE-1");
}

#[tokio::test]
async fn a_buyers_address_is_passed_on_only_where_the_order_is_found_without_it() {
    let server = with_server!(Flavour::WithKey);
    let mut passing = config(server);
    passing.pass_buyer_email = true;
    let shop = build(passing);
    let mut new = order(&shop, "MAIL-1", &[("TB-001", 1, 999)]).await;
    new.ship_to.email = Some("alias@marketplace.example".into());
    let created = create(&shop, &new).await;
    let found = shop.find_orders(new.key.clone()).await.unwrap();
    assert_eq!(found[0].order.id, created.id);
    let plain = with_server!(Flavour::Plain);
    let mut passing = config(plain);
    passing.pass_buyer_email = true;
    let shop = build(passing);
    let mut new = order(&shop, "MAIL-2", &[("TB-001", 1, 999)]).await;
    new.ship_to.email = Some("alias@marketplace.example".into());
    let refused = finish(&shop, &new, None).await;
    assert!(
        matches!(refused, CreateProgress::Rejected { .. }),
        "{refused:?}"
    );
    assert!(plain.under("bol:MAIL-2").is_empty());
}

#[tokio::test]
async fn a_revoked_key_stops_the_connection() {
    let server = with_server!(Flavour::WithKey);
    let (id, key) = server.new_key();
    let mut config = config(server);
    config.api_key = connector_http::Secret::new(key);
    let shop = build(config);
    let info = shop.check().await.unwrap();
    assert!(info.warnings.is_empty(), "{info:?}");
    let new = order(&shop, "REVOKED-1", &[("TB-001", 1, 999)]).await;
    server.revoke(&id);
    let request = CreateOrder {
        order: new,
        resume: None,
    };
    let error = shop.create_order(request).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert_eq!(error.effect(), Effect::NotApplied);
    assert!(server.under("bol:REVOKED-1").is_empty());
}
