//! Packages and cancellations, and what is found after a step went wrong.

use connector_http::Secret;
use connector_marketplace::amazon::AmazonConfig;
use connector_marketplace::amazon::sandbox::{Failure, Fault};
use order_core::ports::{
    CancelRequest, ConfirmationFound, Marketplace, Outcome, Ticket, TicketStatus, TransporterQuery,
    TransporterWord,
};
use order_core::{Effect, Kind};

use crate::common::{
    TestClock, cancellation, confirm, edit, is_confirmed, is_done, order, parcel, rejected,
    tracking,
};
use crate::support::{A1, CONFIRM, FEED, World, mugs_and_lamp, settings};

const CODE: &str = "1Z12345E0205271688";

#[tokio::test]
async fn the_same_package_again_edits_it_and_another_parcel_is_another_package() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp(A1));
    let whole = order(&world.amazon, A1).await;
    let mut first = parcel(&whole, 1, &[2, 0]);
    first.tracking = Some(tracking(CODE, Some("UPS")));
    for _ in 0..2 {
        assert!(is_done(&confirm(&world.amazon, first.clone()).await));
    }
    let ups = |number: &str| (number.to_owned(), "UPS".to_owned(), CODE.to_owned());
    assert_eq!(world.packages(), [ups("1")]);
    let after = order(&world.amazon, A1).await;
    let open: Vec<_> = after
        .lines
        .iter()
        .map(order_core::order::Line::open)
        .collect();
    assert_eq!(open, [1, 1]);
    let mut second = parcel(&whole, 2, &[1, 1]);
    second.tracking = Some(tracking(CODE, Some("UPS")));
    let found = world
        .amazon
        .find_confirmation(second.clone())
        .await
        .unwrap();
    assert_eq!(found, ConfirmationFound::Absent);
    assert!(is_done(&confirm(&world.amazon, second).await));
    assert_eq!(world.packages(), [ups("1"), ups("2")]);
    assert!(order(&world.amazon, A1).await.is_closed());

    let late = edit(&first, tracking("05222988100001", Some("DPD")));
    assert!(is_done(
        &world.amazon.edit_tracking(late.clone()).await.unwrap()
    ));
    let again = world.amazon.edit_tracking(late).await.unwrap();
    assert_eq!(again, Outcome::AlreadyDone);
    let dpd = (
        "1".to_owned(),
        "DPD".to_owned(),
        "05222988100001".to_owned(),
    );
    assert!(world.packages().contains(&dpd), "{:?}", world.packages());
    assert_eq!(world.requests(CONFIRM), 4);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_found_and_a_repeat_changes_nothing() {
    for failure in [
        Failure::Status(503),
        Failure::HalfABody,
        Failure::WebPage,
        Failure::Empty,
    ] {
        let world = World::new().await;
        world.sandbox.add_order(mugs_and_lamp(A1));
        let mut request = parcel(&order(&world.amazon, A1).await, 1, &[3, 1]);
        request.tracking = Some(tracking(CODE, Some("UPS")));
        let lost = failure.clone();
        world.sandbox.inject(move |seen| {
            if seen.is_mutation() {
                Fault::Lose(lost.clone())
            } else {
                Fault::None
            }
        });
        let error = world.amazon.confirm(request.clone()).await.unwrap_err();
        assert_eq!(error.effect(), Effect::Unknown, "{failure:?}");
        world.sandbox.inject(|_| Fault::None);
        let found = world
            .amazon
            .find_confirmation(request.clone())
            .await
            .unwrap();
        assert!(is_confirmed(&found), "{found:?}");
        assert!(is_done(&confirm(&world.amazon, request).await));
        assert_eq!(world.packages().len(), 1);
    }
}

#[tokio::test]
async fn a_carrier_without_a_word_goes_by_its_name_and_an_unknown_word_is_not_sent() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp(A1));
    let mut request = parcel(&order(&world.amazon, A1).await, 1, &[3, 1]);
    for (transporter, code, word) in [
        (Some("PostNL"), "3SABC", "PostNL"),
        (Some("ups"), "3SABC", "ups"),
        (Some("UPS"), " ", "empty"),
    ] {
        request.tracking = Some(tracking(code, transporter));
        let reason = rejected(confirm(&world.amazon, request.clone()).await);
        assert!(reason.contains(word), "{reason}");
    }
    request.tracking = None;
    let reason = rejected(confirm(&world.amazon, request.clone()).await);
    assert!(reason.contains("text_without_code"), "{reason}");
    assert_eq!(world.requests(CONFIRM), 0);
    let mut other = tracking("3SABC", Some("Other"));
    other.transporter_name = Some("PostNL".to_owned());
    request.tracking = Some(other);
    assert!(is_done(&confirm(&world.amazon, request).await));
    let exchanges = world.sandbox.exchanges();
    let sent = exchanges
        .iter()
        .find(|it| it.seen.operation == CONFIRM)
        .unwrap();
    assert!(
        sent.seen.body.contains(r#""carrierName":"PostNL""#),
        "{}",
        sent.seen.body
    );
}

#[tokio::test]
async fn words_for_transporters_are_amazons() {
    let world = World::with(settings(), |config| {
        config
            .transporters
            .insert("fedex".to_owned(), "FedEx SmartPost".to_owned());
    })
    .await;
    let known = |word: &str| TransporterWord::Known(word.to_owned());
    let other = TransporterWord::Other("Other".to_owned());
    for (carrier, word) in [
        ("ups", known("UPS")),
        ("dhl-paket-de", known("DHL")),
        ("hermes-de", known("Hermes Logistik Gruppe")),
        ("fedex", known("FedEx SmartPost")),
        ("postnl", other.clone()),
        ("unknown", other),
    ] {
        let query = TransporterQuery {
            carrier: carrier.to_owned(),
            name: None,
            destination: Some("DE".parse().unwrap()),
        };
        assert_eq!(
            world.amazon.transporter(query).await.unwrap(),
            word,
            "{carrier}"
        );
    }
}

async fn submitted(world: &World, mut request: CancelRequest) -> Ticket {
    let Outcome::Continue(checkpoint) = world.amazon.cancel(request.clone()).await.unwrap() else {
        panic!("the document is written first")
    };
    request.resume = Some(checkpoint);
    let outcome = world.amazon.cancel(request).await.unwrap();
    let Outcome::Submitted(ticket) = outcome else {
        panic!("{outcome:?}")
    };
    ticket
}

#[tokio::test]
async fn a_cancellation_is_a_feed_whose_report_decides() {
    for packed in [false, true] {
        let mut settings = settings();
        settings.packed_reports = packed;
        let world = World::with(settings, |_| ()).await;
        world.sandbox.add_order(mugs_and_lamp(A1));
        let whole = order(&world.amazon, A1).await;
        let mut one = cancellation(&whole);
        one.lines.truncate(1);
        let ticket = submitted(&world, one.clone()).await;
        let pending = world.amazon.ticket(ticket.clone()).await.unwrap();
        assert_eq!(pending, TicketStatus::Pending);
        world.let_it_happen();
        let done = world.amazon.ticket(ticket).await.unwrap();
        assert_eq!(done, TicketStatus::Done { remote_id: None });
        let after = order(&world.amazon, A1).await;
        let open: Vec<_> = after
            .lines
            .iter()
            .map(order_core::order::Line::open)
            .collect();
        assert_eq!(open, [0, 1]);
        assert_eq!(
            world.amazon.cancel(one).await.unwrap(),
            Outcome::AlreadyDone
        );
    }
}

#[tokio::test]
async fn a_document_about_other_items_than_are_left_is_written_anew() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp(A1));
    let whole = order(&world.amazon, A1).await;
    let mut request = cancellation(&whole);
    let written = world.amazon.cancel(request.clone()).await.unwrap();
    let Outcome::Continue(of_both) = written else {
        panic!("{written:?}")
    };
    request.lines.truncate(1);
    request.resume = Some(of_both);
    let again = world.amazon.cancel(request.clone()).await.unwrap();
    assert!(matches!(again, Outcome::Continue(_)), "{again:?}");
    submitted(&world, request).await;
    world.let_it_happen();
    let after = order(&world.amazon, A1).await;
    let open = after.lines.iter().map(order_core::order::Line::open);
    assert_eq!(open.collect::<Vec<_>>(), [0, 1]);
}

#[tokio::test]
async fn a_feed_that_is_done_may_have_done_nothing_and_says_why() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp(A1));
    let whole = order(&world.amazon, A1).await;
    let ticket = submitted(&world, cancellation(&whole)).await;
    // The parcel leaves before Amazon looks at the feed.
    let mut sent = parcel(&whole, 1, &[3, 1]);
    sent.tracking = Some(tracking(CODE, Some("UPS")));
    confirm(&world.amazon, sent).await;
    world.let_it_happen();
    let status = world.amazon.ticket(ticket).await.unwrap();
    let TicketStatus::Failed { reason } = status else {
        panic!("{status:?}")
    };
    assert!(
        reason.contains("18028") && reason.contains("shipped"),
        "{reason}"
    );
    let reason = rejected(world.amazon.cancel(cancellation(&whole)).await.unwrap());
    assert!(reason.contains("whole items"), "{reason}");
}

#[tokio::test]
async fn a_document_that_is_lost_cancels_nothing_and_a_lost_feed_is_unknown() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp(A1));
    let request = cancellation(&order(&world.amazon, A1).await);
    for operation in ["POST /feeds/2021-06-30/documents", "PUT document"] {
        world.sandbox.inject(move |seen| {
            if seen.operation == operation {
                Fault::Lose(Failure::Status(500))
            } else {
                Fault::None
            }
        });
        let error = world.amazon.cancel(request.clone()).await.unwrap_err();
        assert_eq!(error.effect(), Effect::NotApplied, "{operation}");
        assert!(error.is_retryable(), "{operation}: {error:?}");
    }
    world.sandbox.inject(move |seen| {
        if seen.operation == "PUT document" {
            Fault::Refuse(Failure::Status(403))
        } else {
            Fault::None
        }
    });
    let error = world.amazon.cancel(request.clone()).await.unwrap_err();
    assert!(
        !error.stops_connection(),
        "an old address is no lack of rights: {error:?}"
    );
    world.sandbox.inject(|_| Fault::None);
    let Outcome::Continue(checkpoint) = world.amazon.cancel(request.clone()).await.unwrap() else {
        panic!("the document is written")
    };
    let request = CancelRequest {
        resume: Some(checkpoint),
        ..request
    };
    world.sandbox.inject(move |seen| {
        if seen.operation == FEED {
            Fault::Lose(Failure::HalfABody)
        } else {
            Fault::None
        }
    });
    let error = world.amazon.cancel(request.clone()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    world.sandbox.inject(|_| Fault::None);
    world.let_it_happen();
    let after = world.amazon.cancel(request).await.unwrap();
    assert_eq!(after, Outcome::AlreadyDone, "it had arrived");
    let lost = world.amazon.ticket(Ticket {
        id: "00009999".to_owned(),
        poll_after: std::time::Duration::ZERO,
        expires_after: std::time::Duration::ZERO,
    });
    assert_eq!(lost.await.unwrap(), TicketStatus::Lost);
}

#[tokio::test]
async fn a_token_is_used_until_it_ends_and_renewed_once_after_a_refusal() {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp(A1));
    for _ in 0..3 {
        order(&world.amazon, A1).await;
    }
    assert_eq!(world.requests("POST token"), 1);
    world.sandbox.forget_tokens();
    order(&world.amazon, A1).await;
    assert_eq!(world.requests("POST token"), 2);
    let mut config = world.sandbox.config();
    config.refresh_token = Secret::new("PLANTED");
    let stranger = config.build(world.clock.clone()).unwrap();
    let error = stranger.check().await.unwrap_err();
    assert!(
        error.stops_connection() && !error.report().contains("PLANTED"),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_check_names_store_and_marketplaces_and_what_is_not_there() {
    let world = World::with(settings(), |config| {
        config.marketplace_ids.push("ATVPDKIKX0DER".to_owned());
    })
    .await;
    let account = world.amazon.check().await.unwrap();
    assert_eq!(account.name.as_deref(), Some("Sandbox store"));
    assert!(account.facts.iter().any(|fact| fact.1 == "Amazon.de"));
    assert_eq!(account.warnings.len(), 1, "{:?}", account.warnings);
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_with_their_name() {
    let build = |change: &dyn Fn(&mut AmazonConfig)| {
        let secret = || Secret::new("PLANTED");
        let mut config = AmazonConfig::new("id", secret(), secret(), "SELLER1", "A1PA6795UKMFR9");
        change(&mut config);
        assert!(!format!("{config:?}").contains("PLANTED"));
        config.build(TestClock::new())
    };
    assert!(build(&|_| ()).is_ok());
    let refused = |word: &str, change: &dyn Fn(&mut AmazonConfig)| {
        let error = build(change).unwrap_err();
        assert!(
            error.kind() == Kind::Config && error.message().contains(word),
            "{error:?}"
        );
    };
    refused("client_id", &|config| config.client_id = " ".to_owned());
    refused("seller_id", &|config| config.seller_id = "<x>".to_owned());
    refused("marketplace_ids", &|config| config.marketplace_ids.clear());
    refused("marketplace_ids", &|config| {
        config.marketplace_ids.push("DE,NL".to_owned())
    });
    refused("text_without_code", &|config| {
        config.text_without_code = Some(String::new())
    });
    refused("transporters.pigeon", &|config| {
        config
            .transporters
            .insert("pigeon".to_owned(), "UPS".to_owned());
    });
    refused("transporters.ups", &|config| {
        config
            .transporters
            .insert("ups".to_owned(), "Pigeon".to_owned());
    });
}
