//! Every way a request can fail, and what the engine is told.

use std::time::Duration;

use connector_marketplace::bol::sandbox::{Failure, Fault, NewItem, NewOrder};
use order_core::ports::{ConfirmationFound, Marketplace, Outcome, TicketStatus};
use order_core::{Effect, Error, Kind};
use wiremock::matchers::{method, path};
use wiremock::{Mock, ResponseTemplate};

use crate::support::{World, body, cancellation, connector, mock, parcel, rejected, submitted};

const SILENCE: Failure = Failure::Silence(Duration::from_secs(20));

async fn with_order() -> World {
    let world = World::new().await;
    let order = NewOrder::new("A1").with_item(NewItem::new("I1", "SKU", 2, 1299));
    world.sandbox.add_order(order);
    world
}

/// Lets every change go wrong in this way.
fn on_changes(world: &World, fault: Fault) {
    world.sandbox.inject(move |request| {
        if request.is_mutation() {
            fault.clone()
        } else {
            Fault::None
        }
    });
}

async fn failing_confirm(fault: Fault) -> (World, Error) {
    let world = with_order().await;
    on_changes(&world, fault);
    let error = world
        .bol
        .confirm(parcel("A1", 1, &[("I1", 2)]))
        .await
        .unwrap_err();
    assert_eq!(
        world.requests("POST /retailer/shipments"),
        1,
        "sent once, whatever happened"
    );
    (world, error)
}

#[tokio::test]
async fn a_lost_answer_is_an_unknown_effect_and_the_read_back_finds_the_shipment() {
    for failure in [
        SILENCE,
        Failure::Status(500),
        Failure::HalfABody,
        Failure::WebPage,
        Failure::Empty,
    ] {
        let (world, error) = failing_confirm(Fault::Lose(failure.clone())).await;
        assert_eq!(error.effect(), Effect::Unknown, "{failure:?}: {error}");
        let request = parcel("A1", 1, &[("I1", 2)]);
        let ConfirmationFound::InProgress(ticket) =
            world.bol.find_confirmation(request.clone()).await.unwrap()
        else {
            panic!("{failure:?}: bol is working on it");
        };
        world.let_it_happen();
        let status = world.bol.ticket(ticket).await.unwrap();
        assert!(
            matches!(status, TicketStatus::Done { remote_id: Some(_) }),
            "{status:?}"
        );
        let found = world.bol.find_confirmation(request).await.unwrap();
        assert!(matches!(
            found,
            ConfirmationFound::Confirmed {
                remote_id: Some(_),
                ..
            }
        ));
        assert_eq!(world.shipped("I1"), (2, 1));
    }
}

#[tokio::test]
async fn a_lost_request_is_an_unknown_effect_and_the_read_back_finds_nothing() {
    for failure in [SILENCE, Failure::Status(503), Failure::HalfABody] {
        let (world, error) = failing_confirm(Fault::Refuse(failure)).await;
        assert_eq!(error.effect(), Effect::Unknown, "{error}");
        let found = world
            .bol
            .find_confirmation(parcel("A1", 1, &[("I1", 2)]))
            .await
            .unwrap();
        assert_eq!(found, ConfirmationFound::Absent);
    }
}

#[tokio::test]
async fn a_request_that_lands_late_is_found_once_it_landed() {
    let late = Fault::Late {
        failure: Failure::Status(504),
        after: Duration::from_secs(40),
    };
    let (world, error) = failing_confirm(late).await;
    assert_eq!(error.effect(), Effect::Unknown);
    world.clock.advance(Duration::from_secs(50));
    let request = parcel("A1", 1, &[("I1", 2)]);
    let found = world.bol.find_confirmation(request.clone()).await.unwrap();
    assert!(
        matches!(found, ConfirmationFound::InProgress(_)),
        "{found:?}"
    );
    world.let_it_happen();
    let found = world.bol.find_confirmation(request).await.unwrap();
    assert!(
        matches!(found, ConfirmationFound::Confirmed { .. }),
        "{found:?}"
    );
}

#[tokio::test]
async fn throttling_changes_nothing_says_when_and_holds_back_the_operation_alone() {
    let wait = Duration::from_secs(90);
    let (world, error) = failing_confirm(Fault::Refuse(Failure::RateLimited(wait))).await;
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::RateLimited, Effect::NotApplied)
    );
    assert_eq!(error.retry_after(), Some(wait));
    world.sandbox.inject(|_| Fault::None);
    let error = world
        .bol
        .confirm(parcel("A1", 1, &[("I1", 2)]))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::RateLimited, Effect::NotApplied)
    );
    assert_eq!(
        world.requests("POST /retailer/shipments"),
        1,
        "held back, not sent"
    );
    world.order("A1").await;
    world.clock.advance(Duration::from_secs(91));
    submitted(
        world
            .bol
            .confirm(parcel("A1", 1, &[("I1", 2)]))
            .await
            .unwrap(),
    );
}

#[tokio::test]
async fn a_storm_of_429_is_sat_out_by_reads() {
    let world = with_order().await;
    world.sandbox.inject(|request| {
        if request.number < 4 && request.operation != "POST token" {
            Fault::Refuse(Failure::RateLimited(Duration::from_secs(2)))
        } else {
            Fault::None
        }
    });
    assert_eq!(world.order("A1").await.lines.len(), 1);
}

#[tokio::test]
async fn the_rate_headers_of_an_answer_hold_back_the_next_request() {
    let server = mock().await;
    Mock::given(path("/retailer/orders"))
        .respond_with(
            body(200, r#"{"orders":[]}"#)
                .insert_header("X-RateLimit-Remaining", "0")
                .insert_header("X-RateLimit-Reset", "600"),
        )
        .expect(1)
        .mount(&server)
        .await;
    let bol = connector(&server);
    bol.changes(None).await.unwrap();
    let error = bol.changes(None).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::RateLimited, Effect::NotApplied)
    );
}

#[tokio::test]
async fn an_expired_token_is_renewed_once_and_the_change_happens_once() {
    let world = with_order().await;
    world.order("A1").await;
    on_changes(&world, Fault::None);
    world.sandbox.inject(|request| {
        let first = request.is_mutation() && request.number <= 3;
        if first {
            Fault::ExpireTokens
        } else {
            Fault::None
        }
    });
    submitted(
        world
            .bol
            .confirm(parcel("A1", 1, &[("I1", 2)]))
            .await
            .unwrap(),
    );
    world.let_it_happen();
    assert_eq!(world.shipped("I1"), (2, 1));
    assert_eq!(world.requests("POST token"), 2);
}

#[tokio::test]
async fn wrong_credentials_stop_the_connection_and_say_so() {
    let world = with_order().await;
    let mut config = world.sandbox.config();
    config.client_secret = connector_http::Secret::new("PLANTED-wrong");
    let bol = config.build(world.clock.clone()).unwrap();
    let error = bol.check().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert!(error.stops_connection() && error.advice().is_some());
    let printed = format!("{error:?} {} {bol:?}", error.report());
    assert!(!printed.contains("PLANTED"), "{printed}");
    assert_eq!(world.requests("GET /retailer/orders"), 0);
}

#[tokio::test]
async fn a_check_tells_the_api_and_how_much_is_open() {
    let world = with_order().await;
    let info = world.bol.check().await.unwrap();
    assert!(
        info.facts
            .contains(&("open orders".to_owned(), "1".to_owned())),
        "{info:?}"
    );
}

#[tokio::test]
async fn a_refusal_is_an_answer_in_bols_words() {
    let problem = r#"{"type":"https://api.bol.com/problems","title":"Error validating request.",
        "status":400,"detail":"Bad request","violations":[
        {"name":"transport.trackAndTrace","reason":"does not fit the transporter"}]}"#;
    for status in [400, 404, 409, 422] {
        let server = mock().await;
        Mock::given(method("POST"))
            .and(path("/retailer/shipments"))
            .respond_with(body(status, problem))
            .expect(1)
            .mount(&server)
            .await;
        let outcome = connector(&server)
            .confirm(parcel("A1", 1, &[("I1", 1)]))
            .await
            .unwrap();
        let reason = rejected(outcome);
        assert_eq!(
            reason, "Bad request; transport.trackAndTrace: does not fit the transporter",
            "{status}"
        );
    }
}

#[tokio::test]
async fn a_403_stops_the_connection() {
    let server = mock().await;
    Mock::given(path("/retailer/orders"))
        .respond_with(ResponseTemplate::new(403))
        .mount(&server)
        .await;
    let error = connector(&server).changes(None).await.unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied);
    assert!(error.stops_connection());
}

#[tokio::test]
async fn a_yes_that_cannot_be_read_or_has_no_number_is_an_unknown_effect() {
    for answer in [
        "{}",
        "null",
        r#"{"status":"PENDING","eventType":"CREATE_SHIPMENT"}"#,
        r#"{"processStatusId":null,"status":"PENDING"}"#,
        r#"{"processStatusId":7,"status":"PENDING"}"#,
        r#"{"processStatusId":"7","status":"TIMEOUT"}"#,
        "{\"processStatusId\":",
    ] {
        let server = mock().await;
        Mock::given(path("/retailer/shipments"))
            .respond_with(body(202, answer))
            .expect(1)
            .mount(&server)
            .await;
        let error = connector(&server)
            .confirm(parcel("A1", 1, &[("I1", 1)]))
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.effect()),
            (Kind::Decode, Effect::Unknown),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn a_change_that_is_decided_at_once_is_taken_as_decided() {
    for (answer, expected) in [
        (
            r#"{"processStatusId":"7","status":"SUCCESS"}"#,
            Outcome::Done { remote_id: None },
        ),
        (
            r#"{"processStatusId":"7","status":"FAILURE","errorMessage":"too late"}"#,
            Outcome::Rejected {
                reason: "too late".to_owned(),
            },
        ),
    ] {
        let server = mock().await;
        Mock::given(path("/retailer/shipments"))
            .respond_with(body(202, answer))
            .mount(&server)
            .await;
        let outcome = connector(&server)
            .confirm(parcel("A1", 1, &[("I1", 1)]))
            .await
            .unwrap();
        assert_eq!(outcome, expected);
    }
}

#[tokio::test]
async fn only_the_words_success_and_failure_move_a_ticket() {
    for (status, expected) in [
        (r#""PENDING""#, TicketStatus::Pending),
        (r#""PAUSED""#, TicketStatus::Pending),
        (r#""success""#, TicketStatus::Pending),
        ("null", TicketStatus::Pending),
        (r#""TIMEOUT""#, TicketStatus::Lost),
        (r#""SUCCESS""#, TicketStatus::Done { remote_id: None }),
        (
            r#""FAILURE""#,
            TicketStatus::Failed {
                reason: "bol gives no reason".to_owned(),
            },
        ),
    ] {
        let server = mock().await;
        Mock::given(path("/shared/process-status/7"))
            .respond_with(body(
                200,
                format!(r#"{{"processStatusId":"7","status":{status},"novelty":[1]}}"#),
            ))
            .mount(&server)
            .await;
        let ticket = order_core::ports::Ticket {
            id: "7".to_owned(),
            poll_after: Duration::ZERO,
            expires_after: Duration::ZERO,
        };
        assert_eq!(
            connector(&server).ticket(ticket).await.unwrap(),
            expected,
            "{status}"
        );
    }
}

#[tokio::test]
async fn of_several_changes_one_failure_fails_all_and_one_that_waits_is_waited_for() {
    for (first, second, expected) in [
        ("PENDING", "TIMEOUT", TicketStatus::Pending),
        ("TIMEOUT", "PENDING", TicketStatus::Pending),
        ("SUCCESS", "TIMEOUT", TicketStatus::Lost),
        ("SUCCESS", "SUCCESS", TicketStatus::Done { remote_id: None }),
        (
            "PENDING",
            "FAILURE",
            TicketStatus::Failed {
                reason: "bol gives no reason".to_owned(),
            },
        ),
    ] {
        let server = mock().await;
        let statuses = format!(
            r#"{{"processStatuses":[{{"processStatusId":"7","status":"{first}"}},
            {{"processStatusId":"8","status":"{second}"}}]}}"#
        );
        Mock::given(path("/shared/process-status"))
            .respond_with(body(200, statuses))
            .mount(&server)
            .await;
        let ticket = order_core::ports::Ticket {
            id: "7,8".to_owned(),
            poll_after: Duration::ZERO,
            expires_after: Duration::ZERO,
        };
        assert_eq!(
            connector(&server).ticket(ticket).await.unwrap(),
            expected,
            "{first}, {second}"
        );
    }
}

#[tokio::test]
async fn a_lost_cancellation_is_not_sent_again_once_it_is_seen() {
    let world = with_order().await;
    on_changes(&world, Fault::Lose(Failure::Status(502)));
    let error = world
        .bol
        .cancel(cancellation("A1", &[("I1", 2)]))
        .await
        .unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    world.let_it_happen();
    let outcome = world
        .bol
        .cancel(cancellation("A1", &[("I1", 2)]))
        .await
        .unwrap();
    assert_eq!(outcome, Outcome::AlreadyDone);
    assert_eq!(world.requests("PUT /retailer/orders/cancellation"), 1);
}

#[tokio::test]
async fn an_answer_that_is_another_list_is_not_taken_for_an_empty_one() {
    for (answer, readable) in [
        (r#"{"orders":[]}"#, true),
        ("{}", true),
        (r#"{"items":[]}"#, false),
        (r#"{"orders":null,"message":"later"}"#, false),
        (r#"{"orders":{}}"#, false),
        ("[]", false),
        ("<html></html>", false),
    ] {
        let server = mock().await;
        Mock::given(path("/retailer/orders"))
            .respond_with(body(200, answer))
            .mount(&server)
            .await;
        let page = connector(&server).changes(None).await;
        assert_eq!(page.is_ok(), readable, "{answer}: {page:?}");
    }
}

#[tokio::test]
async fn a_list_that_is_not_filtered_by_order_does_not_prove_a_shipment() {
    let server = mock().await;
    Mock::given(path("/shared/process-status"))
        .respond_with(body(200, r#"{"processStatuses":[]}"#))
        .mount(&server)
        .await;
    let foreign = r#"{"shipments":[{"shipmentId":"9","shipmentReference":"bol:A1/1",
        "order":{"orderId":"B2"},"shipmentItems":[],"transport":{"transportId":"1"}}]}"#;
    Mock::given(path("/retailer/shipments"))
        .respond_with(body(200, foreign))
        .mount(&server)
        .await;
    let order = crate::orders::example("A1", "I1").to_string();
    Mock::given(path("/retailer/orders/A1"))
        .respond_with(body(200, order))
        .mount(&server)
        .await;
    let found = connector(&server)
        .find_confirmation(parcel("A1", 1, &[("I1", 1)]))
        .await
        .unwrap();
    assert_eq!(found, ConfirmationFound::Absent);
}

#[tokio::test]
async fn another_parcel_on_its_way_is_never_taken_for_this_one() {
    let world = with_order().await;
    world
        .bol
        .confirm(parcel("A1", 1, &[("I1", 1)]))
        .await
        .unwrap();
    on_changes(&world, Fault::Refuse(Failure::Status(500)));
    let second = parcel("A1", 2, &[("I1", 1)]);
    let error = world.bol.confirm(second.clone()).await.unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    let found = world.bol.find_confirmation(second.clone()).await.unwrap();
    let ConfirmationFound::InProgress(ticket) = found else {
        panic!("wait: {found:?}")
    };
    assert_eq!(
        world.bol.ticket(ticket.clone()).await.unwrap(),
        TicketStatus::Pending
    );
    world.let_it_happen();
    assert_eq!(
        world.bol.ticket(ticket).await.unwrap(),
        TicketStatus::Lost,
        "look it up anew"
    );
    let found = world.bol.find_confirmation(second).await.unwrap();
    assert_eq!(found, ConfirmationFound::Absent);
}

#[tokio::test]
async fn an_unknown_process_status_counts_as_work_in_progress() {
    let server = mock().await;
    Mock::given(path("/shared/process-status"))
        .respond_with(body(
            200,
            r#"{"processStatuses":[{"processStatusId":"7","status":"PAUSED"}]}"#,
        ))
        .mount(&server)
        .await;
    Mock::given(path("/retailer/shipments"))
        .respond_with(body(200, r#"{"shipments":[]}"#))
        .mount(&server)
        .await;
    let found = connector(&server)
        .find_confirmation(parcel("A1", 1, &[("I1", 1)]))
        .await
        .unwrap();
    assert!(
        matches!(found, ConfirmationFound::InProgress(_)),
        "{found:?}"
    );
}

#[tokio::test]
async fn an_unreadable_order_proves_neither_shipped_nor_absent_and_is_not_cancelled() {
    let world = with_order().await;
    world.sandbox.replace_details("A1", "<html>Sorry</html>");
    let error = world
        .bol
        .find_confirmation(parcel("A1", 1, &[("I1", 2)]))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::Decode, Effect::NotApplied)
    );
    let error = world
        .bol
        .cancel(cancellation("A1", &[("I1", 2)]))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::Decode, Effect::NotApplied)
    );
    assert_eq!(world.requests("PUT /retailer/orders/cancellation"), 0);
}
