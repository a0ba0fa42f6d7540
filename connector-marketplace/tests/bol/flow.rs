//! Confirming, adding codes, cancelling, and finding out what became of it.

use std::time::Duration;

use connector_marketplace::bol::sandbox::{Failure, Fault, NewItem, NewOrder, Settings};
use order_core::ports::{
    AcceptRequest, ConfirmationFound, Marketplace, Outcome, TicketStatus, TransporterQuery,
    TransporterWord,
};
use order_core::{Effect, Kind};

use crate::support::{World, cancellation, edit, parcel, rejected, submitted, tracking};

async fn with_order() -> World {
    let world = World::new().await;
    world.sandbox.add_order(
        NewOrder::new("A1")
            .with_item(NewItem::new("I1", "SKU-1", 3, 1299))
            .with_item(NewItem::new("I2", "SKU-2", 1, 500)),
    );
    world
}

#[tokio::test]
async fn a_confirmed_parcel_is_shipped_once_the_process_ends() {
    let world = with_order().await;
    let outcome = world
        .bol
        .confirm(parcel("A1", 1, &[("I1", 3), ("I2", 1)]))
        .await
        .unwrap();
    assert_eq!(world.ticket(outcome.clone()).await, TicketStatus::Pending);
    assert_eq!(world.shipped("I1"), (0, 0));
    world.let_it_happen();
    assert_eq!(
        world.ticket(outcome).await,
        TicketStatus::Done { remote_id: None }
    );
    assert_eq!((world.shipped("I1"), world.shipped("I2")), ((3, 1), (1, 1)));
    assert!(world.order("A1").await.is_closed());
}

#[tokio::test]
async fn several_parcels_with_some_pieces_each_are_told_apart() {
    let world = with_order().await;
    let (first, second) = (parcel("A1", 1, &[("I1", 1)]), parcel("A1", 2, &[("I1", 2)]));
    world.bol.confirm(first.clone()).await.unwrap();
    world.let_it_happen();
    assert_eq!(
        world.shipped("I1"),
        (1, 1),
        "one piece, not all that is open"
    );
    let found = world.bol.find_confirmation(second.clone()).await.unwrap();
    assert_eq!(found, ConfirmationFound::Absent);
    let found = world.bol.find_confirmation(first).await.unwrap();
    assert!(matches!(
        found,
        ConfirmationFound::Confirmed {
            remote_id: Some(_),
            code: Some(_)
        }
    ));
    world.bol.confirm(second).await.unwrap();
    world.let_it_happen();
    assert_eq!(world.shipped("I1"), (3, 2));
}

#[tokio::test]
async fn a_parcel_without_a_code_is_confirmed_bare_and_gets_its_code_later() {
    let world = with_order().await;
    let mut request = parcel("A1", 1, &[("I1", 3)]);
    request.tracking = None;
    world.bol.confirm(request.clone()).await.unwrap();
    world.let_it_happen();
    let found = world.bol.find_confirmation(request.clone()).await.unwrap();
    assert!(
        matches!(found, ConfirmationFound::Confirmed { code: None, .. }),
        "{found:?}"
    );
    let edited = world
        .bol
        .edit_tracking(edit(&request, "05222988100001"))
        .await
        .unwrap();
    world.let_it_happen();
    assert_eq!(
        world.ticket(edited).await,
        TicketStatus::Done { remote_id: None }
    );
    let again = world
        .bol
        .edit_tracking(edit(&request, "05222988100001"))
        .await
        .unwrap();
    assert_eq!(again, Outcome::AlreadyDone);
    assert_eq!(
        world.sandbox.state()["shipments"][0]["code"],
        "05222988100001"
    );
    assert_eq!(
        world.sandbox.state()["shipments"][0]["transporter"],
        "DPD-NL"
    );
}

#[tokio::test]
async fn a_code_for_a_shipment_that_is_not_listed_yet_is_asked_again_later() {
    let settings = Settings {
        listing_lag: Duration::from_secs(600),
        ..Settings::default()
    };
    let world = World::with(settings).await;
    world
        .sandbox
        .add_order(NewOrder::new("A1").with_item(NewItem::new("I1", "SKU", 1, 100)));
    let request = parcel("A1", 1, &[("I1", 1)]);
    world.bol.confirm(request.clone()).await.unwrap();
    world.let_it_happen();
    let error = world
        .bol
        .edit_tracking(edit(&request, "X1234567"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.is_retryable(), error.effect()),
        (true, Effect::NotApplied)
    );
    // The read-back does not need the list: the piece is shipped.
    let found = world.bol.find_confirmation(request).await.unwrap();
    assert_eq!(
        found,
        ConfirmationFound::Confirmed {
            remote_id: None,
            code: None
        }
    );
}

#[tokio::test]
async fn a_code_without_a_known_transporter_goes_as_other_and_a_foreign_word_is_not_sent() {
    let world = with_order().await;
    let mut request = parcel("A1", 1, &[("I1", 3)]);
    request.tracking = Some(tracking("ABC123456", Some("POSTNL")));
    let reason = rejected(world.bol.confirm(request.clone()).await.unwrap());
    assert!(reason.contains("POSTNL"), "{reason}");
    request.tracking = Some(tracking("  ", Some("TNT")));
    assert!(rejected(world.bol.confirm(request.clone()).await.unwrap()).contains("empty"));
    assert_eq!(world.requests("POST /retailer/shipments"), 0);
    request.tracking = Some(tracking("ABC123456", None));
    world.bol.confirm(request).await.unwrap();
    world.let_it_happen();
    assert_eq!(
        world.sandbox.state()["shipments"][0]["transporter"],
        "OTHER"
    );
}

#[tokio::test]
async fn a_parcel_that_makes_no_sense_is_refused_without_a_request() {
    let world = with_order().await;
    for request in [
        parcel("A1", 1, &[]),
        parcel("A1", 1, &[("I1", 0)]),
        parcel("A1", 1, &vec![("I1", 1); 101]),
    ] {
        rejected(world.bol.confirm(request).await.unwrap());
    }
    assert_eq!(world.requests("POST /retailer/shipments"), 0);
    let most = parcel("A1", 1, &vec![("I1", 1); 100]);
    submitted(world.bol.confirm(most).await.unwrap());
}

#[tokio::test]
async fn a_code_that_cannot_be_read_just_now_is_not_a_code_that_is_missing() {
    let world = with_order().await;
    let request = parcel("A1", 1, &[("I1", 3)]);
    world.bol.confirm(request.clone()).await.unwrap();
    world.let_it_happen();
    world.sandbox.inject(|request| {
        if request.operation == "GET /retailer/shipments/{shipment-id}" {
            Fault::Refuse(Failure::Status(500))
        } else {
            Fault::None
        }
    });
    let error = world.bol.find_confirmation(request).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
}

#[tokio::test]
async fn a_long_reference_is_cut_to_bols_length_and_still_found() {
    let world = with_order().await;
    let mut request = parcel("A1", 1, &[("I2", 1)]);
    request.reference = format!("{}-é-1", "x".repeat(120));
    world.bol.confirm(request.clone()).await.unwrap();
    world.let_it_happen();
    let stored = world.sandbox.state()["shipments"][0]["reference"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(stored.chars().count(), 90);
    let found = world.bol.find_confirmation(request.clone()).await.unwrap();
    assert!(matches!(
        found,
        ConfirmationFound::Confirmed {
            remote_id: Some(_),
            ..
        }
    ));
    request.reference = format!("{}-é-2", "x".repeat(120));
    request.lines[0].line = "I1".into();
    assert_eq!(
        world.bol.find_confirmation(request).await.unwrap(),
        ConfirmationFound::Absent
    );
}

#[tokio::test]
async fn confirming_shipped_pieces_again_fails_and_ships_nothing_twice() {
    let world = with_order().await;
    let request = parcel("A1", 1, &[("I1", 3)]);
    world.bol.confirm(request.clone()).await.unwrap();
    world.let_it_happen();
    let again = world.bol.confirm(request).await.unwrap();
    world.let_it_happen();
    assert!(matches!(
        world.ticket(again).await,
        TicketStatus::Failed { .. }
    ));
    assert_eq!(world.shipped("I1"), (3, 1));
}

#[tokio::test]
async fn a_process_bol_has_forgotten_is_lost_and_can_be_read_back() {
    let world = with_order().await;
    let request = parcel("A1", 1, &[("I1", 3)]);
    let outcome = world.bol.confirm(request.clone()).await.unwrap();
    world.clock.advance(Duration::from_secs(4 * 24 * 3600));
    assert_eq!(world.ticket(outcome).await, TicketStatus::Lost);
    let found = world.bol.find_confirmation(request).await.unwrap();
    assert!(matches!(found, ConfirmationFound::Confirmed { .. }));
}

#[tokio::test]
async fn pieces_shipped_by_somebody_else_count_as_confirmed_but_cancelled_ones_do_not() {
    let world = with_order().await;
    let mut foreign = parcel("A1", 9, &[("I2", 1)]);
    foreign.reference = "by hand".to_owned();
    world.bol.confirm(foreign).await.unwrap();
    world.let_it_happen();
    let found = world
        .bol
        .find_confirmation(parcel("A1", 1, &[("I2", 1)]))
        .await
        .unwrap();
    assert_eq!(
        found,
        ConfirmationFound::Confirmed {
            remote_id: None,
            code: None
        }
    );
    world.sandbox.cancel_order("A1");
    let found = world
        .bol
        .find_confirmation(parcel("A1", 1, &[("I1", 3)]))
        .await
        .unwrap();
    assert_eq!(found, ConfirmationFound::Absent);
}

#[tokio::test]
async fn items_are_cancelled_one_request_at_a_time_and_never_twice() {
    let world = with_order().await;
    let mut request = cancellation("A1", &[("I1", 3), ("I2", 1)]);
    let Outcome::Continue(place) = world.bol.cancel(request.clone()).await.unwrap() else {
        panic!("one step of two");
    };
    assert_eq!(world.requests("PUT /retailer/orders/cancellation"), 1);
    request.resume = Some(place);
    let outcome = world.bol.cancel(request.clone()).await.unwrap();
    assert_eq!(world.requests("PUT /retailer/orders/cancellation"), 2);
    let ticket = submitted(outcome.clone());
    assert_eq!(ticket.expires_after, Duration::from_hours(24));
    assert_eq!(world.ticket(outcome.clone()).await, TicketStatus::Pending);
    world.let_it_happen();
    assert_eq!(
        world.ticket(outcome).await,
        TicketStatus::Done { remote_id: None }
    );
    assert!(world.order("A1").await.is_cancelled());
    request.resume = None;
    assert_eq!(
        world.bol.cancel(request).await.unwrap(),
        Outcome::AlreadyDone
    );
    assert_eq!(world.requests("PUT /retailer/orders/cancellation"), 2);
}

#[tokio::test]
async fn some_pieces_of_an_item_or_a_partly_shipped_one_are_not_cancelled() {
    let world = with_order().await;
    let reason = rejected(
        world
            .bol
            .cancel(cancellation("A1", &[("I1", 2)]))
            .await
            .unwrap(),
    );
    assert!(reason.contains("whole items"), "{reason}");
    world
        .bol
        .confirm(parcel("A1", 1, &[("I1", 1)]))
        .await
        .unwrap();
    world.let_it_happen();
    rejected(
        world
            .bol
            .cancel(cancellation("A1", &[("I1", 2)]))
            .await
            .unwrap(),
    );
    rejected(
        world
            .bol
            .cancel(cancellation("A1", &[("I9", 1)]))
            .await
            .unwrap(),
    );
    rejected(
        world
            .bol
            .cancel(cancellation("nowhere", &[("I1", 1)]))
            .await
            .unwrap(),
    );
    assert_eq!(world.requests("PUT /retailer/orders/cancellation"), 0);
}

#[tokio::test]
async fn one_failed_cancellation_of_several_is_told() {
    let world = with_order().await;
    let mut request = cancellation("A1", &[("I1", 3), ("I2", 1)]);
    let Outcome::Continue(place) = world.bol.cancel(request.clone()).await.unwrap() else {
        panic!("one step of two");
    };
    request.resume = Some(place);
    let ticket = submitted(world.bol.cancel(request).await.unwrap());
    // The warehouse was faster: bol cannot cancel what is being handled.
    world.sandbox.cancel_order("A1");
    world.let_it_happen();
    let status = world.bol.ticket(ticket).await.unwrap();
    assert!(matches!(status, TicketStatus::Failed { reason } if reason.contains("handled")));
}

#[tokio::test]
async fn transporters_follow_the_sellers_own_choice_first() {
    let world = World::new().await;
    let ask = |carrier: &str| TransporterQuery {
        carrier: carrier.to_owned(),
        name: None,
        destination: None,
    };
    let word = world.bol.transporter(ask("postnl")).await.unwrap();
    assert_eq!(word, TransporterWord::Known("TNT".to_owned()));
    let mut config = world.sandbox.config();
    config
        .transporters
        .insert("postnl".to_owned(), "TNT_BRIEF".to_owned());
    let bol = config.build(world.clock.clone()).unwrap();
    let word = bol.transporter(ask("postnl")).await.unwrap();
    assert_eq!(word, TransporterWord::Known("TNT_BRIEF".to_owned()));
}

#[tokio::test]
async fn settings_that_cannot_work_are_named() {
    let world = World::new().await;
    let mut config = world.sandbox.config();
    config
        .transporters
        .insert("postnl".to_owned(), "POSTNL".to_owned());
    let error = config.build(world.clock.clone()).unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.to_string().contains("transporters.postnl"), "{error}");
    let mut config = world.sandbox.config();
    config.client_id = " ".to_owned();
    assert_eq!(
        config.build(world.clock.clone()).unwrap_err().kind(),
        Kind::Config
    );
    let mut config = world.sandbox.config();
    config.api_url = "http://api.bol.com".to_owned();
    assert_eq!(
        config.build(world.clock.clone()).unwrap_err().kind(),
        Kind::Config
    );
}

#[tokio::test]
async fn what_bol_cannot_do_is_said_and_what_it_can_is_declared() {
    let world = World::new().await;
    let request = AcceptRequest {
        order: "A1".into(),
        reference: "x".to_owned(),
        lines: Vec::new(),
    };
    assert_eq!(
        world.bol.accept(request).await.unwrap_err().kind(),
        Kind::Unsupported
    );
    let can = world.bol.capabilities();
    assert!(!can.accept && can.edit_tracking && can.cancel_requests && can.multi_parcel);
}

#[tokio::test]
async fn a_sandbox_can_be_written_down_and_taken_up_again() {
    let world = with_order().await;
    let outcome = world
        .bol
        .confirm(parcel("A1", 1, &[("I1", 3)]))
        .await
        .unwrap();
    let state = world.sandbox.state();
    let later = World::new().await;
    later.sandbox.restore(state).unwrap();
    later.let_it_happen();
    assert_eq!(
        later.ticket(outcome).await,
        TicketStatus::Done { remote_id: None }
    );
    assert_eq!(later.shipped("I1"), (3, 1));
}

#[tokio::test]
async fn a_process_that_ends_while_it_is_looked_for_is_never_taken_for_absent() {
    for ends_before in 1..=4 {
        let world = with_order().await;
        let request = parcel("A1", 1, &[("I1", 1)]);
        world.bol.confirm(request.clone()).await.unwrap();
        let clock = world.clock.clone();
        let looks = std::sync::atomic::AtomicU32::new(0);
        world.sandbox.inject(move |_| {
            if looks.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1 == ends_before {
                clock.advance(Duration::from_secs(30));
            }
            Fault::None
        });
        let found = world.bol.find_confirmation(request).await.unwrap();
        assert_ne!(
            found,
            ConfirmationFound::Absent,
            "ended before look {ends_before}"
        );
    }
}

/// The detector's table and this connector read bol's words in the same way.
#[tokio::test]
async fn the_words_agree_with_the_table_of_the_carrier_detector() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../carrier-detect/data/marketplace_words.tsv"
    );
    let table = std::fs::read_to_string(path).unwrap();
    let world = World::new().await;
    let mut compared = 0;
    for row in table.lines().filter(|line| line.starts_with("bol\t")) {
        let [_, word, carrier, countries, usage] = row
            .split('\t')
            .take(5)
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        if usage != "both" {
            continue;
        }
        let destination = countries.split(' ').find(|code| !code.is_empty());
        let query = TransporterQuery {
            carrier: carrier.to_owned(),
            name: None,
            destination: destination.map(|code| code.parse().unwrap()),
        };
        let ours = world.bol.transporter(query).await.unwrap();
        assert_eq!(ours, TransporterWord::Known(word.to_owned()), "{row}");
        compared += 1;
    }
    assert!(compared > 15, "{compared}");
}
