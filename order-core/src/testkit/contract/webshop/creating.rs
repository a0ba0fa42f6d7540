//! An order is created once, whatever happens on the way.

use super::{NextFault, WebshopHarness, alive, create, finish, new_order, read};
use crate::error::{Effect, Kind};
use crate::ids::{ExternalKey, LineId};
use crate::ports::{CreateOrder, CreateProgress, CreateSemantics, ProductMatch, ProductQuery};
use crate::shop::ShopState;
/// A created order is alive, once, with the right sum to the cent, and open.
pub async fn a_created_order_stands_in_the_shop_once<H: WebshopHarness>(harness: H) {
    let order = new_order(&harness, "C-1", [999, 605]).await;
    let shop = create(&*harness.webshop(), &order).await;
    assert_eq!(alive(&harness, &order.key).await, 1);
    assert_eq!(shop.state, ShopState::Open);
    assert!(
        shop.total.agrees_with(&order.total),
        "{} for {}",
        shop.total,
        order.total
    );
    assert_eq!(shop.key.as_ref(), Some(&order.key));
    assert_eq!(read(&*harness.webshop(), &shop.id).await.id, shop.id);
}

/// Sums that VAT does not divide evenly stay exact.
pub async fn sums_stay_exact_to_the_cent<H: WebshopHarness>(harness: H) {
    for (number, cents) in [
        ("C-2a", [33, 1]),
        ("C-2b", [1001, 777]),
        ("C-2c", [99_999, 5]),
    ] {
        let order = new_order(&harness, number, cents).await;
        let shop = create(&*harness.webshop(), &order).await;
        assert!(
            shop.total.agrees_with(&order.total),
            "{} for {}",
            shop.total,
            order.total
        );
    }
}

/// An order is found by its key; one whose key only begins the same is not.
pub async fn an_order_is_found_by_its_key_alone<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-30", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let found = webshop
        .find_orders(order.key.clone())
        .await
        .expect("a search");
    assert_eq!(
        found.iter().map(|hit| &hit.order.id).collect::<Vec<_>>(),
        [&shop.id]
    );
    for other in ["C-3", "C-300", "c-30x"] {
        let key = ExternalKey::new("contract", other);
        let found = webshop.find_orders(key).await.expect("a search");
        assert!(found.is_empty(), "{other} found {found:?}");
    }
}

/// Stopping after any step and going on from what a search finds leaves one order.
pub async fn stopping_after_any_step_leaves_one_order<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    for stop_after in 1..40 {
        let order = new_order(&harness, &format!("C-4-{stop_after}"), [999, 605]).await;
        let mut resume = None;
        let mut created = false;
        for _ in 0..stop_after {
            let request = CreateOrder {
                order: order.clone(),
                resume: resume.take(),
            };
            match webshop.create_order(request).await.expect("a step") {
                CreateProgress::Continue { checkpoint, .. } => resume = Some(checkpoint),
                CreateProgress::Created(_) => {
                    created = true;
                    break;
                }
                other => panic!("not created: {other:?}"),
            }
        }
        if !created {
            assert_eq!(
                alive(&harness, &order.key).await,
                0,
                "a half-made order is alive"
            );
        }
        let shop = finish(&*webshop, &order).await;
        assert!(
            shop.total.agrees_with(&order.total),
            "after step {stop_after}"
        );
        assert_eq!(
            alive(&harness, &order.key).await,
            1,
            "after step {stop_after}"
        );
        if created {
            return;
        }
    }
    panic!("creating never ends");
}

/// A lost answer at any step has unknown effect, and going on from a search leaves one order.
pub async fn a_lost_reply_at_any_step_is_unknown_and_leaves_one_order<H: WebshopHarness>(
    harness: H,
) {
    let webshop = harness.webshop();
    for lose_at in 0..40 {
        let order = new_order(&harness, &format!("C-5-{lose_at}"), [999, 605]).await;
        let mut resume = None;
        let mut step = 0;
        let lost = loop {
            if step == lose_at {
                harness.inject(NextFault::LostReply).await;
            }
            let request = CreateOrder {
                order: order.clone(),
                resume: resume.take(),
            };
            match webshop.create_order(request).await {
                Ok(CreateProgress::Continue { checkpoint, .. }) => resume = Some(checkpoint),
                Ok(CreateProgress::Created(_)) => break false,
                Ok(other) => panic!("not created: {other:?}"),
                Err(error) => {
                    assert_eq!(step, lose_at, "{error:?}");
                    assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
                    break true;
                }
            }
            step += 1;
        };
        finish(&*webshop, &order).await;
        assert_eq!(
            alive(&harness, &order.key).await,
            1,
            "lost at step {lose_at}"
        );
        if !lost {
            return;
        }
    }
    panic!("creating never ends");
}

/// The same key again: refused where the shop has a hard key; else the search finds the first.
pub async fn the_same_key_again_leaves_one_order<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-6", [999, 605]).await;
    create(&*webshop, &order).await;
    if webshop.capabilities().create == CreateSemantics::UniqueKey {
        let request = CreateOrder {
            order: order.clone(),
            resume: None,
        };
        match webshop.create_order(request).await {
            Err(error) => assert_eq!(error.kind(), Kind::Conflict, "{error:?}"),
            Ok(CreateProgress::Created(_)) => {}
            Ok(other) => panic!("the second create came to {other:?}"),
        }
    } else {
        let found = webshop
            .find_orders(order.key.clone())
            .await
            .expect("a search");
        assert_eq!(found.len(), 1);
    }
    assert_eq!(alive(&harness, &order.key).await, 1);
}

/// Products are found by article number; answers come in the order of the questions.
pub async fn products_are_answered_in_order<H: WebshopHarness>(harness: H) {
    let [first, second] = harness.skus();
    let query = |line: &str, sku: Option<&str>| ProductQuery {
        line: LineId::from(line),
        sku: sku.map(str::to_owned),
        gtin: None,
    };
    let queries = vec![
        query("1", Some(&second)),
        query("2", Some("NO-SUCH-ARTICLE")),
        query("3", Some(&first)),
        query("4", None),
    ];
    let answers = harness
        .webshop()
        .products(queries)
        .await
        .expect("the products");
    assert_eq!(answers.len(), 4);
    assert!(matches!(answers[0], ProductMatch::Found(_)));
    assert_eq!(answers[1], ProductMatch::Missing);
    assert!(matches!(answers[2], ProductMatch::Found(_)));
    assert_eq!(answers[3], ProductMatch::Missing);
    assert_ne!(answers[0], answers[2]);
}

/// A throttled create did nothing, and says so.
pub async fn a_throttled_create_did_nothing<H: WebshopHarness>(harness: H) {
    let order = new_order(&harness, "C-7", [999, 605]).await;
    harness.inject(NextFault::Throttled).await;
    let request = CreateOrder {
        order: order.clone(),
        resume: None,
    };
    let error = harness
        .webshop()
        .create_order(request)
        .await
        .expect_err("throttled");
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::RateLimited, Effect::NotApplied)
    );
    assert!(harness.orders(&order.key).await.is_empty());
}

/// After a server error nobody knows, whether it was executed or not.
pub async fn a_server_error_is_unknown<H: WebshopHarness>(harness: H) {
    for (number, fault) in [
        ("C-8a", NextFault::ServerErrorApplied),
        ("C-8b", NextFault::ServerErrorNotApplied),
        ("C-8c", NextFault::Garbled),
    ] {
        let order = new_order(&harness, number, [999, 605]).await;
        harness.inject(fault).await;
        let request = CreateOrder {
            order: order.clone(),
            resume: None,
        };
        let error = harness
            .webshop()
            .create_order(request)
            .await
            .expect_err("an error");
        assert_eq!(error.effect(), Effect::Unknown, "{fault:?}: {error:?}");
        finish(&*harness.webshop(), &order).await;
        assert_eq!(alive(&harness, &order.key).await, 1, "{fault:?}");
    }
}
