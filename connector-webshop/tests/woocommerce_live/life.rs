//! Lives of orders in a real WooCommerce.

use connector_http::Secret;
use connector_webshop::woocommerce::WooCommerceConfig;
use order_core::ids::ShopOrderId;
use order_core::ports::{
    CreateOrder, CreateProgress, NoteReturn, ProductMatch, ProductRef, ShopCancel, ShopNote,
    ShopRead, Webshop,
};
use order_core::shop::ShopState;
use order_core::testkit::contract::NextFault;
use order_core::{Effect, Kind};
use serde_json::json;

use crate::gate::Gate;
use crate::live::{
    MOST_STEPS, asked, build, cancel, config, connect, create, euro, finish, lines, order, product,
    read, step, with_shop,
};

#[tokio::test]
async fn the_check_tells_of_a_shop_that_is_fit_for_use() {
    let shop = with_shop!();
    let info = connect(shop).check().await.unwrap();
    assert_eq!(info.warnings, Vec::<String>::new());
    let facts: Vec<&str> = info.facts.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(facts, ["statuses", "currency", "T&T"]);
    let mut mistaken = config(shop);
    mistaken.classic_storage = !shop.classic;
    let info = build(mistaken).check().await.unwrap();
    assert_eq!(info.warnings.len(), 1, "{info:?}");
}

#[tokio::test]
async fn an_order_is_paid_takes_its_stock_and_writes_no_note_to_the_buyer() {
    let shop = with_shop!();
    let via = connect(shop);
    let before = shop.stock("TS-RED");
    let new = order(shop, &via, "PAID", &[("TS-RED", 3, 1500)]).await;
    let created = create(&via, &new).await;
    assert_eq!(created.state, ShopState::Open);
    assert_eq!(created.raw_state, "processing");
    assert_eq!(
        (created.total, created.key),
        (euro(4500), Some(new.key.clone()))
    );
    let stored = shop.order(created.id.as_str());
    assert_eq!(stored["transaction_id"], new.key.order.as_str());
    assert!(stored["date_paid_gmt"].is_string(), "{stored}");
    assert_eq!(stored["billing"]["email"], "");
    assert_eq!(stored["shipping"]["address_1"], "Dorpstraat 12 bis");
    assert_eq!(shop.stock("TS-RED"), before - 3);
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
async fn three_at_once_are_one_order_that_counts() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(
        shop,
        &via,
        "RACE",
        &[("TB-001", 1, 999), ("FL-002", 2, 605)],
    )
    .await;
    // They start together, so that all three find nothing and make a draft of their own.
    let starts = futures_util::future::join_all((0..3).map(|_| step(&via, &new, None))).await;
    let mut ids = Vec::new();
    for start in starts {
        let CreateProgress::Continue { checkpoint, .. } = start else {
            panic!("{start:?}")
        };
        match finish(&via, &new, Some(checkpoint)).await {
            CreateProgress::Created(order) => ids.push(order.id),
            other => panic!("{other:?}"),
        }
    }
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let under = shop.under(&new.key.to_string());
    let counting = under.iter().filter(|(_, status)| status == "processing");
    assert_eq!(counting.count(), 1, "{under:?}");
}

#[tokio::test]
async fn a_crash_between_the_steps_is_continued_from_what_the_shop_has() {
    let shop = with_shop!();
    let via = connect(shop);
    let before = shop.stock("SH-006");
    let new = order(shop, &via, "CRASH", &[("SH-006", 2, 1250)]).await;
    step(&via, &new, None).await;
    assert_eq!(shop.stock("SH-006"), before, "a draft takes no stock");
    // The checkpoint is lost: only the shop knows.
    let found = via.find_orders(new.key.clone()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].order.state, ShopState::Draft);
    let CreateProgress::Created(created) = finish(&via, &new, found[0].resume.clone()).await else {
        panic!()
    };
    assert_eq!(created.total, euro(2500));
    assert_eq!(shop.stock("SH-006"), before - 2);
    let under = shop.under(&new.key.to_string());
    assert_eq!(under, [(created.id.to_string(), "processing".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_to_the_activation_is_unknown_and_the_search_finds_what_counts() {
    let shop = with_shop!();
    let gate = Gate::start(shop.host()).await;
    let mut config = config(shop);
    config.url = gate.url.clone();
    config.request_timeout_ms = 3000;
    let via = build(config);
    for fault in [NextFault::LostReply, NextFault::Garbled] {
        let key = format!("LOST-{fault:?}");
        let mut new = order(shop, &via, &key, &[("TB-001", 1, 999)]).await;
        new.lines[0].vat_percent = Some(21.into());
        let CreateProgress::Continue { checkpoint, .. } = step(&via, &new, None).await else {
            panic!()
        };
        gate.inject(fault);
        let request = CreateOrder {
            order: new.clone(),
            resume: Some(checkpoint),
        };
        let error = via.create_order(request).await.unwrap_err();
        assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
        let mut found = via.find_orders(new.key.clone()).await.unwrap();
        for _ in 0..20 {
            if found[0].order.state == ShopState::Open {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            found = via.find_orders(new.key.clone()).await.unwrap();
        }
        assert_eq!((found.len(), found[0].order.state), (1, ShopState::Open));
    }
}

#[tokio::test]
async fn products_are_found_by_number_by_gtin_and_as_variations() {
    let shop = with_shop!();
    let via = connect(shop);
    let found = via
        .products(vec![
            asked(Some("TS-RED"), None),
            asked(Some("NO-SUCH"), Some("8710398514899")),
            asked(Some("NO-SUCH"), Some("4006381333931")),
            asked(Some("TS"), None),
            asked(Some("TB"), None),
        ])
        .await
        .unwrap();
    let ProductMatch::Found(red) = &found[0] else {
        panic!("{:?}", found[0])
    };
    assert!(red.id.contains('/'), "a variation: {}", red.id);
    let ProductMatch::Found(floss) = &found[1] else {
        panic!("{:?}", found[1])
    };
    assert_eq!(floss.id, product(&via, "FL-002").await.id);
    assert_eq!(floss.matched_by, "gtin");
    let missing = [
        ProductMatch::Missing,
        ProductMatch::Missing,
        ProductMatch::Missing,
    ];
    assert_eq!(found[2..], missing);
}

#[tokio::test]
async fn a_product_that_the_shop_does_not_have_is_refused_and_leaves_nothing_that_counts() {
    let shop = with_shop!();
    let via = connect(shop);
    let mut new = order(shop, &via, "UNKNOWN", &[("TB-001", 1, 999)]).await;
    new.lines[0].product = ProductRef {
        id: "99999999".into(),
        matched_by: "sku".into(),
    };
    let outcome = finish(&via, &new, None).await;
    let CreateProgress::Rejected { reason } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(reason.contains("99999999"), "{reason}");
    let under = shop.under(&new.key.to_string());
    assert!(
        under.iter().all(|(_, status)| status == "trash"),
        "{under:?}"
    );
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
async fn what_the_marketplace_sent_is_completed_and_takes_and_gives_no_stock() {
    let shop = with_shop!();
    let via = connect(shop);
    shop.set_stock("SH-007", 1);
    let mut new = order(
        shop,
        &via,
        "SENT",
        &[("SH-007", 3, 1500), ("BK-003", 1, 1090)],
    )
    .await;
    new.sent_elsewhere = true;
    let created = create(&via, &new).await;
    assert_eq!(created.state, ShopState::Completed);
    assert_eq!(created.total, euro(3 * 1500 + 1090));
    let stored = shop.order(created.id.as_str());
    assert_eq!(stored["status"], "completed");
    assert!(stored["date_paid_gmt"].is_string(), "{stored}");
    assert!(stored["date_completed_gmt"].is_string(), "{stored}");
    assert_eq!(stored["transaction_id"], new.key.order.as_str());
    assert_eq!(shop.stock("SH-007"), 1);
    let again = create(&via, &new).await;
    assert_eq!(again.id, created.id);
    // Whatever staff do with it later.
    for status in ["processing", "completed", "cancelled"] {
        let path = format!("/wc/v3/orders/{}", created.id);
        shop.put(&path, &json!({"status": status}));
        assert_eq!(shop.stock("SH-007"), 1, "{status}");
    }
}

#[tokio::test]
async fn a_whole_order_that_is_cancelled_gives_its_stock_back_once() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(shop, &via, "CANCEL", &[("TS-BLUE", 2, 1500)]).await;
    let before = shop.stock("TS-BLUE");
    let created = create(&via, &new).await;
    for _ in 0..2 {
        assert_eq!(cancel(&via, &created.id, &[]).await, ShopCancel::Done);
    }
    assert_eq!(read(&via, &created.id).await.state, ShopState::Cancelled);
    assert_eq!(shop.stock("TS-BLUE"), before);
    let notes = shop.notes(created.id.as_str());
    let ours = notes
        .iter()
        .filter(|note| note.contains("at the marketplace"));
    assert_eq!(ours.count(), 1, "{notes:?}");
}

#[tokio::test]
async fn pieces_are_cancelled_one_after_the_other_to_the_cent_and_go_back_into_stock() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(
        shop,
        &via,
        "PIECES",
        &[("SH-005", 3, 333), ("TB-001", 1, 999)],
    )
    .await;
    let before = shop.stock("SH-005");
    let created = create(&via, &new).await;
    assert_eq!(shop.stock("SH-005"), before - 3);
    for (so_far, rest) in [(1, 2), (2, 1), (3, 0)] {
        assert_eq!(
            cancel(&via, &created.id, &[("L1", 1)]).await,
            ShopCancel::Done
        );
        let after = read(&via, &created.id).await;
        assert_eq!(after.state, ShopState::Open);
        assert_eq!(after.cancelled, lines(&[("L1", so_far)]));
        assert_eq!(shop.stock("SH-005"), before - i64::from(rest));
    }
    // The parts come to the whole line.
    let refunds = shop.get(&format!("/wc/v3/orders/{}/refunds", created.id));
    let sums = refunds.as_array().unwrap().iter().map(|refund| {
        let sum = refund["amount"].as_str().unwrap();
        sum.parse::<rust_decimal::Decimal>().unwrap()
    });
    assert_eq!(sums.sum::<rust_decimal::Decimal>().to_string(), "9.99");
    let more = cancel(&via, &created.id, &[("L1", 1)]).await;
    assert!(matches!(more, ShopCancel::Rejected { .. }), "{more:?}");
    // The last line goes too: nothing is left of the order.
    assert_eq!(
        cancel(&via, &created.id, &[("L2", 1)]).await,
        ShopCancel::Done
    );
    let after = read(&via, &created.id).await;
    assert_eq!(after.state, ShopState::Cancelled, "{}", after.raw_state);
}

#[tokio::test]
async fn a_completed_order_is_too_late_to_cancel() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(shop, &via, "LATE", &[("TB-001", 1, 999)]).await;
    let created = create(&via, &new).await;
    shop.status(created.id.as_str(), "completed");
    let answer = cancel(&via, &created.id, &[]).await;
    assert!(matches!(answer, ShopCancel::Rejected { .. }), "{answer:?}");
    let answer = cancel(&via, &created.id, &[("L1", 1)]).await;
    assert!(matches!(answer, ShopCancel::Rejected { .. }), "{answer:?}");
    assert_eq!(read(&via, &created.id).await.state, ShopState::Completed);
}

#[tokio::test]
async fn a_trashed_order_is_cancelled_and_a_deleted_one_gone() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(shop, &via, "TRASH", &[("TB-001", 1, 999)]).await;
    let created = create(&via, &new).await;
    shop.delete(&format!("/wc/v3/orders/{}", created.id));
    assert_eq!(read(&via, &created.id).await.state, ShopState::Cancelled);
    assert_eq!(via.find_orders(new.key.clone()).await.unwrap(), []);
    assert_eq!(cancel(&via, &created.id, &[]).await, ShopCancel::Done);
    shop.delete(&format!("/wc/v3/orders/{}?force=true", created.id));
    let reads = via.orders(vec![created.id.clone()]).await.unwrap();
    assert_eq!(reads, [ShopRead::Gone(created.id.clone())]);
    assert_eq!(cancel(&via, &created.id, &[]).await, ShopCancel::Done);
}

#[tokio::test]
async fn a_draft_whose_order_is_thrown_away_by_staff_is_not_activated() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(shop, &via, "THROWN", &[("TB-001", 1, 999)]).await;
    let CreateProgress::Continue { checkpoint, draft } = step(&via, &new, None).await else {
        panic!()
    };
    shop.delete(&format!("/wc/v3/orders/{}", draft.unwrap()));
    let outcome = step(&via, &new, Some(checkpoint)).await;
    assert!(
        matches!(outcome, CreateProgress::Rejected { .. }),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_return_is_noted_once_where_staff_see_it() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(shop, &via, "RETURN", &[("TB-001", 1, 999)]).await;
    let created = create(&via, &new).await;
    shop.status(created.id.as_str(), "completed");
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
    let notes = shop.notes(created.id.as_str());
    let ours = notes.iter().filter(|own| own.contains(&note.reference));
    assert_eq!(ours.count(), 1, "{notes:?}");
    let gone = NoteReturn {
        order: ShopOrderId::new("99999999"),
        ..note
    };
    let answer = via.note_return(gone).await.unwrap();
    assert!(matches!(answer, ShopNote::Rejected { .. }), "{answer:?}");
}

#[tokio::test]
async fn the_feed_tells_of_everything_that_matters_and_goes_on_without_a_gap() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(shop, &via, "FEED", &[("TB-001", 1, 999)]).await;
    let created = create(&via, &new).await;
    let mut cursor = via.changes(None).await.unwrap().next;
    for what in ["a code", "a parcel", "completion"] {
        let only_meta_data = what != "completion";
        // Beyond the look-back, so that it is seen for what happens now.
        tokio::time::sleep(std::time::Duration::from_secs(12)).await;
        let mut quiet = via.changes(Some(cursor.clone())).await.unwrap();
        while quiet.more {
            quiet = via.changes(Some(quiet.next)).await.unwrap();
        }
        let id = created.id.as_str();
        match what {
            "a code" => shop.track(id, "3SFEED00000001", "PostNL"),
            "a parcel" => drop(shop.fulfil(id, &[("L1", 1)], "3SFEED00000002")),
            _ => shop.status(id, "completed"),
        }
        let mut hinted = Vec::new();
        cursor = quiet.next;
        for _ in 0..MOST_STEPS {
            let page = via.changes(Some(cursor)).await.unwrap();
            hinted.extend(page.ids);
            cursor = page.next;
            if !page.more {
                break;
            }
        }
        let told = via.capabilities().feed_sees_tracking || !only_meta_data;
        assert_eq!(hinted.contains(&created.id), told, "{what}");
    }
}

#[tokio::test]
async fn a_refused_key_stops_the_connection_in_the_shops_words() {
    let shop = with_shop!();
    let wrong =
        WooCommerceConfig::new(&*shop.url, Secret::new(&*shop.key), Secret::new("cs_wrong"));
    let error = build(wrong).check().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated, "{error:?}");
    let named = |name: &str| std::env::var(format!("WOOCOMMERCE_LIVE_READ_{name}"));
    let (Ok(key), Ok(secret)) = (named("KEY"), named("SECRET")) else {
        return;
    };
    let reader = build(WooCommerceConfig::new(
        &*shop.url,
        Secret::new(key),
        Secret::new(secret),
    ));
    let new = order(shop, &reader, "READ-ONLY", &[("TB-001", 1, 999)]).await;
    let request = CreateOrder {
        order: new.clone(),
        resume: None,
    };
    let error = reader.create_order(request).await.unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied, "{error:?}");
    assert_eq!(error.effect(), Effect::NotApplied);
    assert_eq!(shop.under(&new.key.to_string()), []);
}
