//! Shipments and cancellations, step by step, and what is found after each step went wrong.

use std::time::Duration;

use connector_http::Secret;
use connector_marketplace::mirakl::MiraklConfig;
use connector_marketplace::mirakl::sandbox::{Failure, Fault};
use order_core::ports::{
    ConfirmationFound, Marketplace, Outcome, TransporterQuery, TransporterWord,
};
use order_core::{Effect, Kind};

use crate::common::{
    TestClock, cancel, cancellation, confirm, edit, is_confirmed, is_done, order, parcel, rejected,
    tracking,
};
use crate::support::{World, mugs_and_lamp, settings};

const CODE: &str = "1Z12345E0205271688";

#[tokio::test]
async fn one_shipment_takes_two_steps_and_a_step_that_is_done_is_not_sent_again() {
    let world = World::new(false).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    let mut request = parcel(&order(&world.mirakl, "A-A").await, 1, &[3, 1]);
    request.tracking = Some(tracking(CODE, Some("UPS")));
    let Outcome::Continue(checkpoint) = world.mirakl.confirm(request.clone()).await.unwrap() else {
        panic!("one of two");
    };
    let found = world
        .mirakl
        .find_confirmation(request.clone())
        .await
        .unwrap();
    assert_eq!(
        found,
        ConfirmationFound::Absent,
        "the code alone is no shipment"
    );
    request.resume = Some(checkpoint);
    let done = world.mirakl.confirm(request.clone()).await.unwrap();
    assert!(is_done(&done), "{done:?}");
    assert_eq!(world.requests("PUT /api/orders/{order_id}/tracking"), 1);
    assert_eq!(
        world
            .mirakl
            .find_confirmation(request.clone())
            .await
            .unwrap(),
        ConfirmationFound::Confirmed {
            remote_id: None,
            code: Some(CODE.to_owned())
        }
    );
    let again = rejected(world.mirakl.confirm(request).await.unwrap());
    assert!(again.contains("ORDER_INVALID_STATE"), "{again}");
}

#[tokio::test]
async fn an_answer_lost_at_either_step_is_unknown_and_looking_tells_what_to_do() {
    for (step, failure) in [
        ("tracking", Failure::Status(502)),
        ("tracking", Failure::Empty),
        ("ship", Failure::Status(502)),
        ("ship", Failure::Empty),
    ] {
        let world = World::new(false).await;
        world.sandbox.add_order(mugs_and_lamp("A-A"));
        let mut request = parcel(&order(&world.mirakl, "A-A").await, 1, &[3, 1]);
        request.tracking = Some(tracking(CODE, Some("UPS")));
        let ending = format!("/{step}");
        world.sandbox.inject(move |seen| {
            if seen.operation.ends_with(&ending) {
                Fault::Lose(failure.clone())
            } else {
                Fault::None
            }
        });
        let mut error = None;
        for _ in 0..2 {
            match world.mirakl.confirm(request.clone()).await {
                Ok(Outcome::Continue(checkpoint)) => request.resume = Some(checkpoint),
                Ok(other) => panic!("{other:?}"),
                Err(lost) => {
                    error = Some(lost);
                    break;
                }
            }
        }
        assert_eq!(error.unwrap().effect(), Effect::Unknown, "{step}");
        world.sandbox.inject(|_| Fault::None);
        let found = world
            .mirakl
            .find_confirmation(request.clone())
            .await
            .unwrap();
        assert_eq!(is_confirmed(&found), step == "ship", "{step}: {found:?}");
        if step == "tracking" {
            let done = confirm(&world.mirakl, request).await;
            assert!(is_done(&done), "{done:?}");
        }
        let order = order(&world.mirakl, "A-A").await;
        assert!(order.is_closed(), "{step}");
    }
}

#[tokio::test]
async fn parcels_and_codes_are_told_apart_where_several_are_switched_on() {
    let world = World::new(true).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    let whole = order(&world.mirakl, "A-A").await;
    let mut first = parcel(&whole, 1, &[2, 0]);
    first.tracking = Some(tracking(CODE, Some("UPS")));
    let second = parcel(&whole, 2, &[1, 1]);
    assert!(is_done(&confirm(&world.mirakl, first.clone()).await));
    let after = order(&world.mirakl, "A-A").await;
    let open: Vec<_> = after
        .lines
        .iter()
        .map(order_core::order::Line::open)
        .collect();
    assert_eq!((open, after.is_closed()), (vec![1, 1], false));
    let found = world
        .mirakl
        .find_confirmation(second.clone())
        .await
        .unwrap();
    assert_eq!(
        found,
        ConfirmationFound::Absent,
        "the first is not the second"
    );
    assert!(is_done(&confirm(&world.mirakl, second.clone()).await));
    assert!(order(&world.mirakl, "A-A").await.is_closed());

    let mut late = tracking("XY1", None);
    late.transporter_name = Some("Bike courier".to_owned());
    let changed = world
        .mirakl
        .edit_tracking(edit(&second, late.clone()))
        .await
        .unwrap();
    assert!(is_done(&changed), "{changed:?}");
    let again = world
        .mirakl
        .edit_tracking(edit(&second, late))
        .await
        .unwrap();
    assert_eq!(again, Outcome::AlreadyDone);
    let codes: Vec<_> = world.sandbox.state()["shipments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            it["tracking"]["tracking_number"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(codes, [CODE, "XY1"]);
}

#[tokio::test]
async fn a_shipment_that_the_operator_does_not_take_is_refused_though_the_answer_is_201() {
    let world = World::new(true).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    let mut request = parcel(&order(&world.mirakl, "A-A").await, 1, &[3, 1]);
    request.lines[0].quantity = 4;
    let reason = rejected(world.mirakl.confirm(request).await.unwrap());
    assert_eq!(reason, "Shipment quantity is invalid.");
}

#[tokio::test]
async fn what_the_operator_would_refuse_is_not_sent() {
    let world = World::new(false).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    let whole = order(&world.mirakl, "A-A").await;
    let part = rejected(
        world
            .mirakl
            .confirm(parcel(&whole, 1, &[1, 0]))
            .await
            .unwrap(),
    );
    assert!(part.contains("multi_shipment"), "{part}");
    let mut unlisted = parcel(&whole, 1, &[3, 1]);
    unlisted.tracking = Some(tracking(CODE, Some("NOBODY")));
    let unlisted = rejected(world.mirakl.confirm(unlisted).await.unwrap());
    assert!(unlisted.contains("NOBODY"), "{unlisted}");
    assert_eq!(world.requests("PUT /api/orders/{order_id}/ship"), 0);
}

#[tokio::test]
async fn a_shipment_without_a_code_where_one_is_needed_is_refused_in_mirakls_words() {
    let mut settings = settings(false);
    settings.tracking_required = true;
    let world = World::with(settings, |_| ()).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    let request = parcel(&order(&world.mirakl, "A-A").await, 1, &[3, 1]);
    let reason = rejected(confirm(&world.mirakl, request).await);
    assert!(
        reason.contains("Tracking details are mandatory"),
        "{reason}"
    );
}

#[tokio::test]
async fn an_order_is_refused_cancelled_or_refunded_as_its_state_allows() {
    for (state, can_cancel, operation) in [
        (
            "WAITING_ACCEPTANCE",
            true,
            "PUT /api/orders/{order_id}/accept",
        ),
        ("SHIPPING", true, "PUT /api/orders/{order_id}/cancel"),
        ("SHIPPING", false, "PUT /api/orders/refund"),
    ] {
        let mut settings = settings(false);
        settings.can_cancel = can_cancel;
        let world = World::with(settings, |_| ()).await;
        world
            .sandbox
            .add_order(mugs_and_lamp("A-A").in_state(state));
        let whole = order(&world.mirakl, "A-A").await;
        let done = cancel(&world.mirakl, cancellation(&whole)).await;
        assert!(is_done(&done), "{state}: {done:?}");
        assert_eq!(world.requests(operation), 1, "{state}");
        let after = order(&world.mirakl, "A-A").await;
        assert!(
            after.is_cancelled() && after.is_closed(),
            "{state}: {after:?}"
        );
        let again = cancel(&world.mirakl, cancellation(&whole)).await;
        assert_eq!(again, Outcome::AlreadyDone, "{state}");
    }
}

#[tokio::test]
async fn one_line_is_cancelled_with_its_sums_and_the_reason_that_was_set() {
    let world = World::with(settings(false), |config| {
        config
            .cancel_reasons
            .insert("out_of_stock".to_owned(), "99".to_owned());
    })
    .await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    let mut request = cancellation(&order(&world.mirakl, "A-A").await);
    request.lines.truncate(1);
    assert!(is_done(&cancel(&world.mirakl, request).await));
    let exchanges = world.sandbox.exchanges();
    let sent = exchanges
        .iter()
        .find(|it| it.seen.operation == "PUT /api/orders/cancel")
        .unwrap();
    let body: serde_json::Value = serde_json::from_str(&sent.seen.body).unwrap();
    let line = &body["cancelations"][0];
    assert_eq!(line["reason_code"], "99");
    assert!(
        sent.seen.body.contains("\"amount\":38.97"),
        "{}",
        sent.seen.body
    );
    let after = order(&world.mirakl, "A-A").await;
    let open: Vec<_> = after
        .lines
        .iter()
        .map(order_core::order::Line::open)
        .collect();
    assert_eq!(open, [0, 1]);
}

#[tokio::test]
async fn a_shipped_order_and_a_part_of_a_line_cannot_be_cancelled() {
    let world = World::new(true).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    let whole = order(&world.mirakl, "A-A").await;
    let mut part = cancellation(&whole);
    part.lines[0].quantity = 1;
    let reason = rejected(cancel(&world.mirakl, part).await);
    assert!(reason.contains("whole lines"), "{reason}");
    confirm(&world.mirakl, parcel(&whole, 1, &[3, 1])).await;
    let reason = rejected(cancel(&world.mirakl, cancellation(&whole)).await);
    assert!(reason.contains("whole lines"), "{reason}");
}

#[tokio::test]
async fn a_carrier_that_is_not_listed_goes_by_its_name() {
    let world = World::new(false).await;
    let query = |carrier: &str| TransporterQuery {
        carrier: carrier.to_owned(),
        name: None,
        destination: None,
    };
    let known = world.mirakl.transporter(query("chronopost")).await.unwrap();
    assert_eq!(known, TransporterWord::Known("CHRONO".to_owned()));
    let unknown = world.mirakl.transporter(query("postnl")).await.unwrap();
    assert_eq!(unknown, TransporterWord::Unknown);
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    let mut request = parcel(&order(&world.mirakl, "A-A").await, 1, &[3, 1]);
    let mut code = tracking("3SABC", None);
    code.transporter_name = Some("PostNL".to_owned());
    code.url = Some("https://follow.example/3SABC".to_owned());
    request.tracking = Some(code);
    assert!(is_done(&confirm(&world.mirakl, request).await));
    let order = &world.sandbox.state()["orders"][0];
    assert_eq!(order["shipping_company"], "PostNL");
    assert_eq!(
        order["shipping_tracking_url"],
        "https://follow.example/3SABC"
    );
}

#[tokio::test]
async fn a_mistaken_choice_and_a_closed_shop_are_told_by_the_check() {
    let world = World::with(settings(false), |config| {
        config
            .transporters
            .insert("dpd".to_owned(), "NOBODY".to_owned());
    })
    .await;
    let account = world.mirakl.check().await.unwrap();
    assert_eq!(account.name.as_deref(), Some("Sandbox shop"));
    assert_eq!(account.warnings.len(), 1, "{:?}", account.warnings);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_with_their_name() {
    let build = |change: &dyn Fn(&mut MiraklConfig)| {
        let mut config = MiraklConfig::new("https://marketplace.example", Secret::new("PLANTED"));
        change(&mut config);
        assert!(!format!("{config:?}").contains("PLANTED"));
        config.build(TestClock::new())
    };
    assert!(build(&|_| ()).is_ok());
    let error = build(&|config| {
        config
            .cancel_reasons
            .insert("bored".to_owned(), "1".to_owned());
    })
    .unwrap_err();
    assert!(error.kind() == Kind::Config && error.message().contains("bored"));
    let error = build(&|config| config.own_fulfillment_centers.clear()).unwrap_err();
    assert!(error.message().contains("own_fulfillment_centers"));
    let error = build(&|config| config.api_url = "marketplace.example".to_owned()).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
}

#[tokio::test]
async fn a_request_that_lands_late_is_found_and_not_sent_again() {
    let world = World::new(true).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    let request = parcel(&order(&world.mirakl, "A-A").await, 1, &[3, 1]);
    world.sandbox.inject(|seen| {
        if seen.is_mutation() {
            Fault::Late {
                failure: Failure::Status(504),
                after: Duration::from_secs(50),
            }
        } else {
            Fault::None
        }
    });
    let error = world.mirakl.confirm(request.clone()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    // The engine settles for as long as the connector says before it looks.
    world
        .clock
        .advance(world.mirakl.capabilities().confirm_lag.total());
    let found = world.mirakl.find_confirmation(request).await.unwrap();
    assert!(is_confirmed(&found), "{found:?}");
}
