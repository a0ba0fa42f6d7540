//! Lives of orders in a real Shopware.

use connector_http::Secret;
use connector_webshop::shopware::ShopwareConfig;
use order_core::ids::ShopOrderId;
use order_core::ports::{
    CreateOrder, CreateProgress, NoteReturn, ProductMatch, ProductRef, ShopCancel, ShopNote,
    ShopRead, Webshop,
};
use order_core::shop::ShopState;
use order_core::testkit::contract::NextFault;
use order_core::{Effect, Kind};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::gate::Gate;
use crate::live::{
    address, asked, build, cancel, codes, config, connect, create, euro, lines, order, product,
    read, with_shop,
};

#[tokio::test]
async fn the_check_tells_of_a_shop_that_is_fit_for_use() {
    let shop = with_shop!();
    let info = connect(shop).check().await.unwrap();
    assert_eq!(info.warnings, Vec::<String>::new());
    let mut lacking = config(shop);
    lacking.sales_channel = "Nowhere".into();
    let info = build(lacking).check().await.unwrap();
    assert!(info.warnings[0].contains("Nowhere"), "{info:?}");
}

#[tokio::test]
async fn an_order_is_paid_and_takes_its_stock() {
    let shop = with_shop!();
    let via = connect(shop);
    let before = shop.stock("SH-006");
    let new = order(shop, &via, "PAID", &[("SH-006", 3, 1500)]).await;
    let created = create(&via, &new).await;
    assert_eq!(created.state, ShopState::Open);
    assert_eq!(
        (created.total, created.key),
        (euro(4500), Some(new.key.clone()))
    );
    let stored = shop.order(created.id.as_str());
    let paid = &stored["transactions"][0]["stateMachineState"]["technicalName"];
    assert_eq!(paid, "paid");
    assert_eq!(shop.stock("SH-006"), before - 3);
}

#[tokio::test]
async fn the_same_order_twice_is_one_order() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(shop, &via, "TWICE", &[("TB-001", 1, 999)]).await;
    let first = create(&via, &new).await;
    let second = create(&via, &new).await;
    assert_eq!(first.id, second.id);
    assert_eq!(shop.under(&new.key.to_string()).len(), 1);
}

#[tokio::test]
async fn three_at_once_are_one_order_and_move_the_stock_once() {
    let shop = with_shop!();
    let via = connect(shop);
    for round in 0..4 {
        let key = format!("RACE-{round}");
        let new = order(shop, &via, &key, &[("SH-005", 2, 999), ("TB-001", 2, 605)]).await;
        let before = shop.stock("SH-005");
        let request = || CreateOrder {
            order: new.clone(),
            resume: None,
        };
        let starts = (0..3).map(|_| via.create_order(request()));
        let mut made = 0;
        for outcome in futures_util::future::join_all(starts).await {
            match outcome {
                Ok(CreateProgress::Created(_)) => made += 1,
                // A lock in the shop's database leaves doubt, which a look-up ends.
                Err(error) => assert!(
                    error.kind() == Kind::Conflict || error.effect() == Effect::Unknown,
                    "{error:?}"
                ),
                Ok(other) => panic!("{other:?}"),
            }
        }
        assert!(made > 0);
        assert_eq!(shop.under(&new.key.to_string()).len(), 1);
        assert_eq!(shop.stock("SH-005"), before - 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_unknown_and_the_search_finds_what_counts() {
    let shop = with_shop!();
    let gate = Gate::start(shop.host()).await;
    let mut config = config(shop);
    config.url = gate.url.clone();
    config.request_timeout_ms = 3000;
    let via = build(config);
    for fault in [NextFault::LostReply, NextFault::Garbled] {
        let key = format!("LOST-{fault:?}");
        let new = order(shop, &via, &key, &[("TB-001", 1, 999)]).await;
        gate.inject(fault);
        let request = CreateOrder {
            order: new.clone(),
            resume: None,
        };
        let error = via.create_order(request).await.unwrap_err();
        assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
        let found = via.find_orders(new.key.clone()).await.unwrap();
        assert_eq!((found.len(), found[0].order.state), (1, ShopState::Open));
    }
}

#[tokio::test]
async fn products_are_found_by_number_by_ean_and_as_variants() {
    let shop = with_shop!();
    let via = connect(shop);
    let found = via
        .products(vec![
            asked(Some("TS-RED"), None),
            asked(Some("NO-SUCH"), Some("8710398514899")),
            asked(Some("NO-SUCH"), Some("4006381333931")),
            asked(Some("TB"), None),
            asked(Some("tb-001"), None),
        ])
        .await
        .unwrap();
    assert!(matches!(found[0], ProductMatch::Found(_)), "{found:?}");
    let ProductMatch::Found(floss) = &found[1] else {
        panic!("{:?}", found[1])
    };
    assert_eq!(floss.id, product(&via, "FL-002").await.id);
    assert_eq!(floss.matched_by, "gtin");
    assert!(found[2..].iter().all(|own| *own == ProductMatch::Missing));
}

#[tokio::test]
async fn a_variant_has_the_tax_of_its_parent() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(shop, &via, "VARIANT", &[("TS-RED", 1, 1210)]).await;
    let created = create(&via, &new).await;
    let stored = shop.order(created.id.as_str());
    assert_eq!(stored["amountNet"], 10, "{stored}");
}

#[tokio::test]
async fn a_product_that_the_shop_does_not_have_is_refused_and_leaves_nothing() {
    let shop = with_shop!();
    let via = connect(shop);
    let mut new = order(shop, &via, "UNKNOWN", &[("TB-001", 1, 999)]).await;
    new.lines[0].vat_percent = Some(21.into());
    for id in ["ffffffffffffffffffffffffffffffff", "99999999"] {
        new.lines[0].product = ProductRef {
            id: id.into(),
            matched_by: "sku".into(),
        };
        let request = CreateOrder {
            order: new.clone(),
            resume: None,
        };
        match via.create_order(request).await {
            Ok(CreateProgress::Rejected { .. }) => {}
            other => panic!("{id}: {other:?}"),
        }
        assert_eq!(shop.under(&new.key.to_string()), []);
    }
}

#[tokio::test]
async fn more_than_there_is_in_stock_is_sold_all_the_same() {
    let shop = with_shop!();
    let via = connect(shop);
    shop.set_stock("SH-004", 2);
    let new = order(shop, &via, "SHORT", &[("SH-004", 5, 500)]).await;
    let created = create(&via, &new).await;
    assert_eq!(
        (created.state, created.total),
        (ShopState::Open, euro(2500))
    );
    assert_eq!(shop.stock("SH-004"), -3);
}

#[tokio::test]
async fn sums_and_taxes_come_to_the_cent() {
    let shop = with_shop!();
    let via = connect(shop);
    for price in [1, 2, 3, 7, 33, 49, 101, 777, 1003, 33_333] {
        let key = format!("CENT-{price}");
        let parts = [
            ("TB-001", 3, price),
            ("FL-002", 1, price),
            ("BK-003", 2, price),
        ];
        let mut new = order(shop, &via, &key, &parts).await;
        new.shipping = euro(499);
        new.discount = euro(1);
        new.total = euro(6 * price + 499 - 1);
        let created = create(&via, &new).await;
        assert_eq!(created.total, new.total);
        let stored = shop.order(created.id.as_str());
        let amount = |value: &Value| Decimal::try_from(value.as_f64().unwrap()).unwrap();
        let of_lines: Decimal = stored["lineItems"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| amount(&line["totalPrice"]))
            .sum();
        let shipping = amount(&stored["shippingCosts"]["totalPrice"]);
        assert_eq!(
            (of_lines + shipping).round_dp(2),
            new.total.amount,
            "{price}"
        );
    }
}

#[tokio::test]
async fn another_countrys_tax_is_put_on_and_the_sum_stays() {
    let shop = with_shop!();
    let via = connect(shop);
    for (country, rate) in [("NL", 21.0), ("DE", 19.0), ("FR", 21.0)] {
        let key = format!("COUNTRY-{country}");
        let mut new = order(shop, &via, &key, &[("TB-001", 3, 1999)]).await;
        new.ship_to = address(country);
        new.bill_to = address(country);
        let created = create(&via, &new).await;
        assert_eq!(created.total, euro(5997));
        let stored = shop.order(created.id.as_str());
        assert_eq!(
            stored["price"]["calculatedTaxes"][0]["taxRate"], rate,
            "{country}"
        );
    }
}

#[tokio::test]
async fn either_state_machine_completes_an_order_and_codes_come_late() {
    let shop = with_shop!();
    let via = connect(shop);
    for of_order in [true, false] {
        let key = format!("STATE-{of_order}");
        let new = order(shop, &via, &key, &[("TB-001", 2, 999), ("FL-002", 1, 605)]).await;
        let id = create(&via, &new).await.id;
        if of_order {
            shop.transition(id.as_str(), "process");
            assert_eq!(read(&via, &id).await.state, ShopState::Open);
            shop.transition(id.as_str(), "complete");
        } else {
            shop.deliver(id.as_str(), "ship");
        }
        let before = read(&via, &id).await;
        assert_eq!(
            (before.state, codes(&before).len()),
            (ShopState::Completed, 0)
        );
        shop.track(id.as_str(), &["3SLATE000001", "3SLATE000002"]);
        let after = read(&via, &id).await;
        assert_eq!(codes(&after), ["3SLATE000001", "3SLATE000002"]);
        let mut contents = after.shipments[0].lines.clone().unwrap();
        contents.sort_by(|a, b| a.line.cmp(&b.line));
        assert_eq!(contents, lines(&[("L1", 2), ("L2", 1)]));
    }
}

#[tokio::test]
async fn a_shipment_in_part_and_then_the_rest() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(shop, &via, "PARTS", &[("TB-001", 2, 999)]).await;
    let id = create(&via, &new).await.id;
    shop.track(id.as_str(), &["3SPART000001"]);
    shop.deliver(id.as_str(), "ship_partially");
    let part = read(&via, &id).await;
    assert_eq!(
        (part.state, codes(&part)),
        (ShopState::Open, vec!["3SPART000001"])
    );
    assert_eq!(part.shipments[0].lines, None);
    shop.track(id.as_str(), &["3SPART000001", "3SPART000002"]);
    shop.deliver(id.as_str(), "ship");
    let whole = read(&via, &id).await;
    assert_eq!(whole.state, ShopState::Completed);
    assert_eq!(codes(&whole), ["3SPART000001", "3SPART000002"]);
}

#[tokio::test]
async fn a_whole_order_that_is_cancelled_gives_its_stock_back_once() {
    let shop = with_shop!();
    let via = connect(shop);
    let before = shop.stock("BK-003");
    let new = order(shop, &via, "CANCEL", &[("TB-001", 2, 1500)]).await;
    let created = create(&via, &new).await;
    for _ in 0..2 {
        assert_eq!(cancel(&via, &created.id, &[]).await, ShopCancel::Done);
    }
    assert_eq!(read(&via, &created.id).await.state, ShopState::Cancelled);
    let request = CreateOrder {
        order: new.clone(),
        resume: None,
    };
    let again = via.create_order(request).await.unwrap();
    assert!(
        matches!(again, CreateProgress::Rejected { .. }),
        "{again:?}"
    );
    let late = order(shop, &via, "CANCEL-LATE", &[("TB-001", 2, 1500)]).await;
    let late = create(&via, &late).await;
    shop.deliver(late.id.as_str(), "ship");
    let answer = cancel(&via, &late.id, &[]).await;
    assert!(matches!(answer, ShopCancel::Rejected { .. }), "{answer:?}");
    assert!(before > 0);
}

#[tokio::test]
async fn a_deleted_order_is_gone() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(shop, &via, "DELETED", &[("TB-001", 1, 999)]).await;
    let created = create(&via, &new).await;
    shop.call("DELETE", &format!("/order/{}", created.id), &Value::Null);
    let reads = via.orders(vec![created.id.clone()]).await.unwrap();
    assert_eq!(reads, [ShopRead::Gone(created.id.clone())]);
    assert_eq!(cancel(&via, &created.id, &[]).await, ShopCancel::Done);
    assert_eq!(via.find_orders(new.key).await.unwrap(), []);
}

#[tokio::test]
async fn a_return_is_noted_once_where_staff_see_it() {
    let shop = with_shop!();
    let via = connect(shop);
    let mut new = order(shop, &via, "RETURN", &[("TB-001", 1, 999)]).await;
    new.ship_by = Some(chrono::DateTime::UNIX_EPOCH);
    let created = create(&via, &new).await;
    let note = NoteReturn {
        order: created.id.clone(),
        reference: format!("{} return R1 00000000", new.key),
        lines: lines(&[("L1", 1)]),
        text: "return R1: 1 × TB-001, \"too small\" <b>& more</b>".to_owned(),
    };
    for _ in 0..2 {
        assert_eq!(
            via.note_return(note.clone()).await.unwrap(),
            ShopNote::Written
        );
    }
    let stored = shop.order(created.id.as_str());
    let comment = stored["customerComment"].as_str().unwrap();
    assert!(comment.starts_with("Hand over by"), "{comment}");
    assert_eq!(comment.matches(&note.reference).count(), 1, "{comment}");
    let gone = NoteReturn {
        order: ShopOrderId::new("ffffffffffffffffffffffffffffffff"),
        ..note
    };
    let answer = via.note_return(gone).await.unwrap();
    assert!(matches!(answer, ShopNote::Rejected { .. }), "{answer:?}");
}

#[tokio::test]
async fn each_of_the_two_feeds_notices_its_own() {
    let shop = with_shop!();
    let via = connect(shop);
    let mut ids = Vec::new();
    for at in 0..3 {
        let new = order(shop, &via, &format!("FEED-{at}"), &[("TB-001", 1, 999)]).await;
        ids.push(create(&via, &new).await.id);
    }
    let start = via.changes(None).await.unwrap();
    shop.transition(ids[0].as_str(), "process");
    shop.track(ids[1].as_str(), &["3SFEED000001"]);
    let mut hinted = Vec::new();
    let mut cursor = start.next;
    loop {
        let page = via.changes(Some(cursor)).await.unwrap();
        hinted.extend(page.ids);
        cursor = page.next;
        if !page.more {
            break;
        }
    }
    assert!(hinted.contains(&ids[0]), "a state");
    assert!(hinted.contains(&ids[1]), "a code");
}

#[tokio::test]
async fn refused_credentials_and_missing_rights_stop_the_connection() {
    let shop = with_shop!();
    let with = |id: &str, secret: &str| {
        build(ShopwareConfig::new(
            &*shop.url,
            id,
            Secret::new(secret),
            "Marketplaces",
        ))
    };
    let error = with(&shop.id, "wrong").check().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated, "{error:?}");
    let named = |name: &str| std::env::var(format!("SHOPWARE_LIVE_WEAK_{name}"));
    let (Ok(id), Ok(secret)) = (named("ID"), named("SECRET")) else {
        return;
    };
    let new = order(shop, &connect(shop), "WEAK", &[("TB-001", 1, 999)]).await;
    let request = CreateOrder {
        order: new.clone(),
        resume: None,
    };
    let error = with(&id, &secret).create_order(request).await.unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied, "{error:?}");
    assert_eq!(error.effect(), Effect::NotApplied);
    assert_eq!(shop.under(&new.key.to_string()), []);
}
