//! Returns: what is told, what is told anew, the decision about each row; and signatures of
//! notifications.

use order_core::Kind;
use order_core::ports::{Cursor, DecideLine, DecideReturn, Marketplace, Outcome, TicketStatus};
use order_core::returns::{MarketplaceReturn, ReturnDecision, ReturnState};

use connector_marketplace::bol::sandbox::{Failure, Fault, NewItem, NewOrder};

use crate::support::{World, body, connector, mock, rejected};

pub(crate) fn decide(id: &str, rows: &[&str], decision: ReturnDecision) -> DecideReturn {
    let line = |row: &&str| DecideLine {
        id: (*row).to_owned(),
        quantity: 1,
    };
    DecideReturn {
        id: id.into(),
        order: "A1".into(),
        reference: format!("return {id}"),
        lines: rows.iter().map(line).collect(),
        decision,
        note: None,
        resume: None,
    }
}

/// Two orders of three mugs and a lamp.
pub(crate) async fn with_orders() -> World {
    let world = World::new().await;
    for order in ["A1", "A2"] {
        let item = |at: u32, sku: &str, quantity| {
            NewItem::new(&format!("{order}-{at}"), sku, quantity, 1299)
        };
        let order = NewOrder::new(order);
        world.sandbox.add_order(
            order
                .with_item(item(1, "MUG-01", 3))
                .with_item(item(2, "LAMP-02", 1)),
        );
    }
    world
}

/// One whole listing, and where the next begins.
async fn listing(world: &World, mut cursor: Option<Cursor>) -> (Vec<MarketplaceReturn>, Cursor) {
    let mut seen = Vec::new();
    for _ in 0..100 {
        let page = world.bol.returns(cursor).await.unwrap();
        seen.extend(page.returns);
        if !page.more {
            return (seen, page.next);
        }
        cursor = Some(page.next);
    }
    panic!("the listing never ends");
}

/// Sends a decision through all its steps, and lets it happen.
async fn decided(world: &World, mut request: DecideReturn) -> TicketStatus {
    for _ in 0..10 {
        match world.bol.decide_return(request.clone()).await.unwrap() {
            Outcome::Continue(checkpoint) => request.resume = Some(checkpoint),
            outcome @ (Outcome::Done { .. }
            | Outcome::Submitted(_)
            | Outcome::AlreadyDone
            | Outcome::Rejected { .. }) => {
                world.let_it_happen();
                return world.ticket(outcome).await;
            }
        }
    }
    panic!("the decision never ends");
}

#[tokio::test]
async fn a_return_of_two_orders_is_told_for_each() {
    let world = with_orders().await;
    let id = world
        .sandbox
        .add_return(&[("A1-1", 2), ("A1-2", 1), ("A2-1", 1)]);
    let (seen, _) = listing(&world, None).await;
    let lines = seen.iter().map(|it| (it.order.as_str(), it.lines.len()));
    let orders: Vec<_> = lines.collect();
    assert_eq!(orders, [("A1", 2), ("A2", 1)]);
    let first = &seen[0];
    assert_eq!(first.id.as_str(), id);
    assert_eq!(first.tracking.as_ref().unwrap().code, "3SBOL0987654321");
    let mugs = &first.lines[0];
    assert_eq!((mugs.quantity, mugs.state), (2, ReturnState::ToDecide));
    assert_eq!(mugs.what.as_deref(), Some("Article MUG-01"));
    let reason = "Verkeerde maat of afmeting: Te klein";
    assert_eq!(mugs.reason.as_deref(), Some(reason));
    assert_eq!(mugs.comment.as_deref(), Some("Past niet"));
    assert_eq!(mugs.raw_state, "not handled");
    let read = world.bol.read_return(id.as_str().into()).await.unwrap();
    assert_eq!(read, seen);
    assert_eq!(world.bol.read_return("1".into()).await.unwrap(), []);
}

#[tokio::test]
async fn a_listing_reads_what_is_new_or_changed_or_no_longer_open_and_nothing_else() {
    let world = with_orders().await;
    let details = "GET /retailer/returns/{return-id}";
    let many: Vec<String> = (0..60)
        .map(|_| world.sandbox.add_return(&[("A1-1", 1)]))
        .collect();
    let (seen, cursor) = listing(&world, None).await;
    assert_eq!(seen.len(), 60);
    assert_eq!(world.requests(details), 60);
    let (seen, cursor) = listing(&world, Some(cursor)).await;
    assert_eq!((seen.len(), world.requests(details)), (0, 60));

    let rows = world.bol.read_return(many[3].as_str().into()).await;
    let row = rows.unwrap()[0].lines[0].id.clone();
    let request = decide(&many[3], &[&row], ReturnDecision::Accept);
    let done = TicketStatus::Done { remote_id: None };
    assert_eq!(decided(&world, request).await, done);
    let new = world.sandbox.add_return(&[("A2-2", 1)]);
    let (seen, cursor) = listing(&world, Some(cursor)).await;
    let told: Vec<_> = seen
        .iter()
        .map(|it| (it.id.to_string(), it.lines[0].state))
        .collect();
    let expected = [
        (new, ReturnState::ToDecide),
        (many[3].clone(), ReturnState::Closed),
    ];
    assert_eq!(told, expected);
    let (seen, _) = listing(&world, Some(cursor)).await;
    assert_eq!(seen, []);
}

#[tokio::test]
async fn a_return_that_cannot_be_read_stops_no_other_and_is_tried_again() {
    let world = with_orders().await;
    let odd = world.sandbox.add_return(&[("A1-1", 1)]);
    let fine = world.sandbox.add_return(&[("A1-1", 1)]);
    let path = format!("/retailer/returns/{odd}");
    world.sandbox.inject(move |request| {
        if request.path == path {
            Fault::Refuse(Failure::WebPage)
        } else {
            Fault::None
        }
    });
    let (seen, cursor) = listing(&world, None).await;
    let ids: Vec<_> = seen.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, [&fine]);
    world.sandbox.inject(|_| Fault::None);
    let (seen, _) = listing(&world, Some(cursor)).await;
    let ids: Vec<_> = seen.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, [&odd]);
}

#[tokio::test]
async fn rows_are_decided_one_by_one_and_never_twice() {
    let world = with_orders().await;
    let id = world
        .sandbox
        .add_return(&[("A1-1", 1), ("A1-2", 1), ("A2-1", 1)]);
    let read = world.bol.read_return(id.as_str().into()).await.unwrap();
    let rows: Vec<String> = read
        .iter()
        .flat_map(|it| &it.lines)
        .map(|row| row.id.clone())
        .collect();
    let accept = decide(&id, &[&rows[0], &rows[1]], ReturnDecision::Accept);
    let done = TicketStatus::Done { remote_id: None };
    assert_eq!(decided(&world, accept.clone()).await, done);
    let put = "PUT /retailer/returns/{rma-id}";
    assert_eq!(world.requests(put), 2);
    let again = world.bol.decide_return(accept).await.unwrap();
    assert_eq!((again, world.requests(put)), (Outcome::AlreadyDone, 2));

    let refuse = decide(&id, &[&rows[0]], ReturnDecision::Refuse);
    let reason = rejected(world.bol.decide_return(refuse).await.unwrap());
    assert!(reason.contains("handled, 1 × RETURN_RECEIVED"), "{reason}");
    let refuse = decide(&id, &[&rows[2]], ReturnDecision::Refuse);
    assert_eq!(decided(&world, refuse).await, done);
    let read = world.bol.read_return(id.as_str().into()).await.unwrap();
    let last = &read[1].lines[0];
    assert_eq!(last.state, ReturnState::Closed);
    let words = "handled, 1 × RETURN_DOES_NOT_MEET_CONDITIONS (ACCEPTED)";
    assert_eq!(last.raw_state, words);
    let keep = decide(&id, &[&rows[2]], ReturnDecision::Keep);
    let error = world.bol.decide_return(keep).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    let nowhere = decide("1", &["1"], ReturnDecision::Accept);
    rejected(world.bol.decide_return(nowhere).await.unwrap());
    let stranger = decide(&id, &["1"], ReturnDecision::Accept);
    rejected(world.bol.decide_return(stranger).await.unwrap());
}

#[tokio::test]
async fn a_decision_whose_answer_was_lost_is_not_sent_again_while_bol_works_on_it() {
    let world = with_orders().await;
    let id = world.sandbox.add_return(&[("A1-1", 1)]);
    let read = world.bol.read_return(id.as_str().into()).await.unwrap();
    let row = read[0].lines[0].id.clone();
    let request = decide(&id, &[&row], ReturnDecision::Accept);
    world.sandbox.inject(|request| {
        if request.is_mutation() {
            Fault::Lose(Failure::Status(502))
        } else {
            Fault::None
        }
    });
    let lost = world.bol.decide_return(request.clone()).await.unwrap_err();
    assert_eq!(lost.effect(), order_core::Effect::Unknown);
    world.sandbox.inject(|_| Fault::None);
    let busy = world.bol.decide_return(request.clone()).await.unwrap_err();
    assert_eq!(busy.effect(), order_core::Effect::NotApplied);
    assert!(busy.message().contains("still working"), "{busy}");
    world.let_it_happen();
    let over = world.bol.decide_return(request).await.unwrap();
    assert_eq!(over, Outcome::AlreadyDone);
    assert_eq!(world.requests("PUT /retailer/returns/{rma-id}"), 1);
}

#[tokio::test]
async fn a_return_that_cannot_be_asked_for_just_now_is_not_one_that_is_gone() {
    let world = with_orders().await;
    let id = world.sandbox.add_return(&[("A1-1", 1)]);
    let read = world.bol.read_return(id.as_str().into()).await.unwrap();
    let request = decide(&id, &[&read[0].lines[0].id], ReturnDecision::Accept);
    let details = "GET /retailer/returns/{return-id}";
    world.sandbox.inject(move |request| {
        if request.operation == details {
            Fault::Refuse(Failure::Status(500))
        } else {
            Fault::None
        }
    });
    let error = world.bol.decide_return(request).await.unwrap_err();
    assert_eq!(error.effect(), order_core::Effect::NotApplied);
    let error = world.bol.read_return(id.as_str().into()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert_eq!(world.requests("PUT /retailer/returns/{rma-id}"), 0);
}

#[tokio::test]
async fn a_short_list_of_returns_is_asked_for_once() {
    let world = with_orders().await;
    let _ = world.sandbox.add_return(&[("A1-1", 1)]);
    let (seen, _) = listing(&world, None).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(world.requests("GET /retailer/returns"), 1);
}

#[tokio::test]
async fn a_row_of_no_pieces_is_an_error_that_names_the_row() {
    let server = mock().await;
    let text = r#"{"returnId":"7","registrationDateTime":"2026-11-14T11:06:48+01:00",
        "fulfilmentMethod":"FBR","returnItems":[{"rmaId":"31234567","orderId":"A1",
        "expectedQuantity":0,"handled":false}]}"#;
    wiremock::Mock::given(wiremock::matchers::path("/retailer/returns/7"))
        .respond_with(body(200, text))
        .mount(&server)
        .await;
    let error = connector(&server)
        .read_return("7".into())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Decode);
    assert!(error.message().contains("row 31234567"), "{error}");
}

/// A return of two rows whose only reason is said twice; every decision is carried out at once.
async fn two_rows() -> wiremock::MockServer {
    use wiremock::Mock;
    use wiremock::matchers::{method, path, path_regex};

    let server = mock().await;
    let row = |rma: u32| {
        format!(
            r#"{{"rmaId":"{rma}","orderId":"A1","expectedQuantity":1,"handled":false,
            "returnReason":{{"mainReason":"Te klein","detailedReason":"Te klein"}}}}"#
        )
    };
    let text = format!(
        r#"{{"returnId":"7","registrationDateTime":"2026-11-14T11:06:48+01:00",
        "fulfilmentMethod":"FBR","returnItems":[{},{}]}}"#,
        row(31),
        row(32)
    );
    Mock::given(method("GET"))
        .and(path("/retailer/returns/7"))
        .respond_with(body(200, text))
        .mount(&server)
        .await;
    Mock::given(path("/shared/process-status"))
        .respond_with(body(200, r#"{"processStatuses":[]}"#))
        .mount(&server)
        .await;
    Mock::given(method("PUT"))
        .and(path_regex("^/retailer/returns/3[12]$"))
        .respond_with(body(202, r#"{"processStatusId":"9","status":"SUCCESS"}"#))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn a_row_that_is_decided_at_once_does_not_stand_for_the_others() {
    let server = two_rows().await;
    let bol = connector(&server);
    let both = decide("7", &["31", "32"], ReturnDecision::Accept);
    let outcome = bol.decide_return(both).await.unwrap();
    assert!(matches!(outcome, Outcome::Continue(_)), "{outcome:?}");
    let one = decide("7", &["32"], ReturnDecision::Accept);
    let outcome = bol.decide_return(one).await.unwrap();
    assert_eq!(outcome, Outcome::Done { remote_id: None });
}

#[tokio::test]
async fn a_reason_that_bol_gives_twice_is_told_once() {
    let server = two_rows().await;
    let read = connector(&server).read_return("7".into()).await.unwrap();
    assert_eq!(read[0].lines[0].reason.as_deref(), Some("Te klein"));
}

#[tokio::test]
async fn a_row_that_bol_says_nothing_about_is_unknown_and_moves_nothing() {
    let server = mock().await;
    let text = r#"{"returnId":"7","registrationDateTime":"2026-11-14T11:06:48+01:00",
        "fulfilmentMethod":"FBR","returnItems":[{"rmaId":"31234567","orderId":"A1",
        "expectedQuantity":1,"more":{"than":"we know"}}]}"#;
    wiremock::Mock::given(wiremock::matchers::path("/retailer/returns/7"))
        .respond_with(body(200, text))
        .mount(&server)
        .await;
    let bol = connector(&server);
    let read = bol.read_return("7".into()).await.unwrap();
    assert_eq!(read[0].lines[0].state, ReturnState::Unknown);
    let request = decide("7", &["31234567"], ReturnDecision::Accept);
    let reason = rejected(bol.decide_return(request).await.unwrap());
    assert!(reason.contains("does not say"), "{reason}");
}

const BODY: &[u8] = b"{\"retailerId\":1234567,\"timestamp\":\"2026-02-02T23:23:23+01:00\",\"event\":{\"resource\":\"ORDER\",\"type\":\"ORDER_CREATED\",\"resourceId\":\"1043946570\"}}";
// Made with OpenSSL.
const KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArzs3HEuv3Shss0UdnYsnSYqlacrsYG+GqgyokNOSLuQSjpktYTiekueWdksNY2yeD33Dq+4onL13zhyQi3W/pvCEhYuhfY/xuH6lJkgwO3PxnIY73eSKNyVeNeS+uXTJxjjlYYdmE/4aMjjcgcjggaOBScBEzgPNdXRr/s26XYfDu9Z2/Tot8K8LyAPqCUWD1DOY23wdfcm4M8Nm4lvXTTt0sLfGtBHkWUrD7LD+R2/JaOx2YHY3KPt/ptpNi4GaEd9ad0RXRpBJl5XSkZi8wWhffZI4LWB1+RTCXoCW0BcKxvLvJRIrewOjlxcdaLlk97zfekY3vpN4ssNr54VamwIDAQAB";
const SIGNATURE: &str = "UAsgCG55hLa3kwhcrzOErJ33VcEq+/FLFfezB/7jL9Y37/qa6cTXMIq/1lkTxwUhwl3Pt7Uw7VDeO6WQRG4CZW/xiEFAJUZ1VUPzHqZxuORVXcaz7K2jNwyDMZnLcQowo29lF5z2pijhcUbdQyYbdmhd4x2ge8tQh7dhAcJASMV/7ayHAFhckUXWx7VrfFY4pFs9v2gsN4LyfCgBFFwQMRcKaeleSv3WpoYMWjvt0DFQZgH5vZDij8/LBnSfHVUr3hTPMe53pyOQliU/WmRPGaFhJADA73CG0YtgD/gxT/HaTbA80WzxoDeElYEyf8lc0XEVh00N5+QAJvUwoH46tw==";

#[tokio::test]
async fn a_notification_counts_only_under_bols_own_key() {
    let world = World::new().await;
    world.sandbox.add_signature_key("0", KEY);
    let keys = world.bol.signature_keys().await.unwrap();
    let header = |key: &str, algorithm: &str| {
        format!("keyId={key}, algorithm={algorithm}, signature={SIGNATURE}")
    };
    assert!(keys.verify(&header("0", "\"rsa-sha256\""), BODY));
    assert!(keys.verify(&header("\"0\"", "rsa-sha256"), BODY));
    assert!(!keys.verify(&header("0", "\"rsa-sha256\""), b"{}"));
    assert!(!keys.verify(&header("0", "none"), BODY));
    assert!(!keys.verify(&format!("keyId=0, signature={SIGNATURE}"), BODY));
    let other = header("1", "\"rsa-sha256\"");
    assert!(!keys.verify(&other, BODY));
    assert!(!keys.knows(&other));
    for odd in [
        "",
        "nonsense",
        "keyId=0",
        "keyId=0, algorithm=rsa-sha256, signature=",
    ] {
        assert!(!keys.verify(odd, BODY), "{odd}");
    }
}
