//! Parcels and cancellations, piece by piece, and what is found after a step went wrong.

use connector_http::Secret;
use connector_marketplace::kaufland::KauflandConfig;
use connector_marketplace::kaufland::sandbox::{Failure, Fault};
use order_core::ports::{
    ConfirmationFound, Marketplace, Outcome, TransporterQuery, TransporterWord,
};
use order_core::{Effect, Kind};

use crate::common::{
    TestClock, cancel, cancellation, confirm, edit, is_confirmed, is_done, order, parcel, rejected,
    tracking,
};
use crate::support::{SEND, World, mugs_and_lamp, open, sorted};

const CODE: &str = "1Z12345E0205271688";

#[tokio::test]
async fn a_parcel_takes_one_step_a_piece_and_no_piece_is_sent_twice() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    let whole = sorted(order(&world.kaufland, "A1").await);
    let mut first = parcel(&whole, 1, &[0, 2]);
    first.tracking = Some(tracking(CODE, Some("UPS")));
    assert!(is_done(&confirm(&world.kaufland, first.clone()).await));
    assert_eq!(world.requests(SEND), 2);
    let after = order(&world.kaufland, "A1").await;
    assert_eq!(
        open(&after),
        [("LAMP-02".to_owned(), 1), ("MUG-01".to_owned(), 1)]
    );
    assert_eq!(confirm(&world.kaufland, first).await, Outcome::AlreadyDone);

    let rest = sorted(after);
    let mut second = parcel(&rest, 2, &[1, 0]);
    // The engine names the pieces behind those of the first parcel.
    second.lines.push(order_core::ports::ConfirmLine {
        line: rest.lines[1].id.clone(),
        quantity: 1,
        pieces: rest.lines[1].pieces[2..3].to_vec(),
    });
    second.tracking = Some(tracking(CODE, Some("UPS")));
    let found = world
        .kaufland
        .find_confirmation(second.clone())
        .await
        .unwrap();
    assert_eq!(found, ConfirmationFound::Absent);
    assert!(is_done(&confirm(&world.kaufland, second).await));
    assert!(order(&world.kaufland, "A1").await.is_closed());
    assert_eq!(world.requests(SEND), 4);
}

#[tokio::test]
async fn an_answer_lost_at_any_piece_sends_no_piece_twice() {
    for (lost, failure) in [
        (1, Failure::HalfABody),
        (2, Failure::Empty),
        (3, Failure::HalfABody),
        (3, Failure::Empty),
    ] {
        let world = World::new().await;
        world.sandbox.add_order(mugs_and_lamp("A1"));
        let whole = sorted(order(&world.kaufland, "A1").await);
        let mut request = parcel(&whole, 1, &[0, 3]);
        request.tracking = Some(tracking(CODE, Some("UPS")));
        let count = std::sync::atomic::AtomicU32::new(0);
        world.sandbox.inject(move |seen| {
            let number = u32::from(seen.is_mutation());
            let number = count.fetch_add(number, std::sync::atomic::Ordering::SeqCst) + number;
            if seen.is_mutation() && number == lost {
                Fault::Lose(failure.clone())
            } else {
                Fault::None
            }
        });
        let mut unknown = 0;
        for _ in 0..10 {
            match world.kaufland.confirm(request.clone()).await {
                Ok(Outcome::Continue(checkpoint)) => request.resume = Some(checkpoint),
                Ok(Outcome::Done { .. } | Outcome::AlreadyDone) => break,
                Ok(other) => panic!("{other:?}"),
                Err(error) => {
                    assert_eq!(error.effect(), Effect::Unknown);
                    unknown += 1;
                    let found = world
                        .kaufland
                        .find_confirmation(request.clone())
                        .await
                        .unwrap();
                    assert_eq!(is_confirmed(&found), lost == 3, "{lost}: {found:?}");
                    if lost == 3 {
                        break;
                    }
                }
            }
        }
        assert_eq!((unknown, world.requests(SEND)), (1, 3), "lost {lost}");
        assert_eq!(world.parcels().len(), 3);
    }
}

#[tokio::test]
async fn a_piece_that_was_cancelled_meanwhile_stops_its_parcel() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    let whole = sorted(order(&world.kaufland, "A1").await);
    let mut request = parcel(&whole, 1, &[0, 3]);
    request.tracking = Some(tracking(CODE, Some("UPS")));
    let piece = whole.lines[1].pieces[1].to_string();
    world
        .sandbox
        .change_piece(&piece, |unit| unit["status"] = "cancelled".into());
    let reason = rejected(confirm(&world.kaufland, request).await);
    assert!(reason.contains(&piece), "{reason}");
    assert_eq!(world.requests(SEND), 0);
}

#[tokio::test]
async fn a_code_or_a_carrier_that_is_missing_is_refused_before_anything_is_sent() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    let whole = order(&world.kaufland, "A1").await;
    let mut request = parcel(&whole, 1, &[1, 0]);
    let bare = rejected(confirm(&world.kaufland, request.clone()).await);
    assert!(bare.contains("carrier_without_code"), "{bare}");
    for (code, carrier, word) in [
        (CODE, None, "transporters"),
        (CODE, Some("Nobody"), "Nobody"),
        ("A,B", Some("UPS"), "comma"),
        (" ", Some("UPS"), "empty"),
    ] {
        request.tracking = Some(tracking(code, carrier));
        let reason = rejected(confirm(&world.kaufland, request.clone()).await);
        assert!(reason.contains(word), "{reason}");
    }
    assert_eq!(world.requests(SEND), 0);
}

#[tokio::test]
async fn a_bare_shipment_goes_by_the_carrier_that_was_set_and_a_later_code_is_added() {
    let world = World::with(|config| {
        config.carrier_without_code = Some("Other Hauler".to_owned());
    })
    .await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    let whole = sorted(order(&world.kaufland, "A1").await);
    let request = parcel(&whole, 1, &[0, 2]);
    assert!(is_done(&confirm(&world.kaufland, request.clone()).await));
    let other = ("".to_owned(), "Other Hauler".to_owned());
    assert_eq!(world.parcels(), [other.clone(), other.clone()]);
    let late = edit(&request, tracking(CODE, Some("UPS")));
    assert!(is_done(
        &world.kaufland.edit_tracking(late.clone()).await.unwrap()
    ));
    let ups = (CODE.to_owned(), "UPS".to_owned());
    assert_eq!(world.parcels(), [other.clone(), other, ups.clone(), ups]);
    let again = world.kaufland.edit_tracking(late).await.unwrap();
    assert_eq!(
        again,
        Outcome::AlreadyDone,
        "the same code twice is harmless"
    );
}

#[tokio::test]
async fn pieces_are_cancelled_one_by_one_with_kauflands_reason() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    let whole = sorted(order(&world.kaufland, "A1").await);
    let mut some = cancellation(&whole);
    some.lines.remove(0);
    some.lines[0].quantity = 2;
    some.lines[0].pieces = whole.lines[1].pieces[1..].iter().rev().cloned().collect();
    assert!(is_done(&cancel(&world.kaufland, some.clone()).await));
    let after = order(&world.kaufland, "A1").await;
    assert_eq!(
        open(&after),
        [("LAMP-02".to_owned(), 1), ("MUG-01".to_owned(), 1)]
    );
    assert_eq!(cancel(&world.kaufland, some).await, Outcome::AlreadyDone);
    let state = world.sandbox.state();
    let units = state["units"].as_array().unwrap();
    let reasons = units
        .iter()
        .filter(|unit| unit["cancel_reason"] == "NoInventory");
    assert_eq!(reasons.count(), 2);

    let mut sent = parcel(&after, 1, &[1, 1]);
    sent.tracking = Some(tracking(CODE, Some("UPS")));
    confirm(&world.kaufland, sent).await;
    let reason = rejected(cancel(&world.kaufland, cancellation(&whole)).await);
    assert!(reason.contains("sent already"), "{reason}");
}

#[tokio::test]
async fn a_forbidden_action_refuses_the_parcel_and_not_the_credentials() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    let whole = sorted(order(&world.kaufland, "A1").await);
    let request = parcel(&whole, 1, &[1, 0]);
    // A code for pieces that are not sent: the sandbox says 403 action-not-allowed to the request,
    // and the connector says so without asking.
    let edit_of_nothing = edit(&request, tracking(CODE, Some("UPS")));
    rejected(world.kaufland.edit_tracking(edit_of_nothing).await.unwrap());
    world.sandbox.inject(|seen| {
        if seen.operation == SEND {
            Fault::Refuse(Failure::Status(403))
        } else {
            Fault::None
        }
    });
    let mut request = request;
    request.tracking = Some(tracking(CODE, Some("UPS")));
    let error = world.kaufland.confirm(request).await.unwrap_err();
    assert!(
        error.stops_connection(),
        "a 403 without a kind is about the account: {error:?}"
    );
}

#[tokio::test]
async fn a_clock_that_is_off_is_refused_with_advice() {
    let world = World::new().await;
    let late = TestClock::new();
    late.advance(std::time::Duration::from_secs(3600));
    let mut config = world.sandbox.config();
    config.request_timeout_seconds = Some(1);
    let kaufland = config.build(late).unwrap();
    let error = kaufland.check().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert!(error.report().contains("clock"), "{}", error.report());
}

#[tokio::test]
async fn words_for_transporters_are_those_of_the_list() {
    let world = World::with(|config| {
        config
            .transporters
            .insert("dpd".to_owned(), "Nobody".to_owned());
        config.storefront = Some("fr".to_owned());
    })
    .await;
    for (carrier, word) in [
        ("ups", TransporterWord::Known("UPS".to_owned())),
        ("dpd", TransporterWord::Known("DPD".to_owned())),
        ("postnl", TransporterWord::Other("Other".to_owned())),
    ] {
        let query = TransporterQuery {
            carrier: carrier.to_owned(),
            name: None,
            destination: None,
        };
        assert_eq!(
            world.kaufland.transporter(query).await.unwrap(),
            word,
            "{carrier}"
        );
    }
    let account = world.kaufland.check().await.unwrap();
    assert_eq!(account.warnings.len(), 2, "{:?}", account.warnings);
    assert_eq!(
        world.requests("GET /carriers"),
        1,
        "the list is read once a day"
    );
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_with_their_name() {
    let build = |change: &dyn Fn(&mut KauflandConfig)| {
        let mut config = KauflandConfig::new(Secret::new("PLANTED-1"), Secret::new("PLANTED-2"));
        change(&mut config);
        assert!(!format!("{config:?}").contains("PLANTED"));
        config.build(TestClock::new())
    };
    assert!(build(&|_| ()).is_ok());
    let error = build(&|config| config.storefront = Some("DE".to_owned())).unwrap_err();
    assert!(error.kind() == Kind::Config && error.message().contains("storefront"));
    let error = build(&|config| config.carrier_without_code = Some(" ".to_owned())).unwrap_err();
    assert!(error.message().contains("carrier_without_code"));
}
