//! Vendure: what was recorded from a running shop, and what can go wrong on the way.
//!
//! The flow as a whole is tested against a real shop (`vendure_live`, `vendure_contract`).

#![cfg(feature = "vendure")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use connector_http::Secret;
use connector_webshop::vendure::{Vendure, VendureConfig, VendureCredentials};
use order_core::address::Address;
use order_core::ids::ExternalKey;
use order_core::money::{Currency, Money};
use order_core::ports::{
    CancelReason, CancelShopOrder, Checkpoint, CreateOrder, CreateProgress, CreateSemantics,
    Cursor, NewLine, NewOrder, ProductRef, ShopCancel, ShopRead, SystemClock, Webshop,
};
use order_core::shop::ShopState;
use order_core::{Effect, Error, Kind};
use serde_json::{Value, json};
use wiremock::matchers::{any, body_string_contains, header, method};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn body(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/vendure")
        .join(format!("{name}.json"));
    let recorded: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    recorded["response"]["body"].clone()
}

fn ok(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200)
        .set_body_raw(body.to_string(), "application/json; charset=utf-8")
        .insert_header("vendure-auth-token", "")
}

/// A server on which everything that is not expected is loud.
async fn server() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(599).set_body_string("nothing is mounted here"))
        .with_priority(255)
        .mount(&server)
        .await;
    server
}

/// Answers every document that contains the words.
async fn on(server: &MockServer, words: &str, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(body_string_contains(words))
        .and(header("vendure-api-key", "1:key"))
        .respond_with(answer)
        .mount(server)
        .await;
}

fn shop(server: &MockServer) -> Vendure {
    let credentials = VendureCredentials::ApiKey(Secret::new("1:key"));
    let mut config = VendureConfig::new(format!("{}/admin-api", server.uri()), credentials);
    config.request_timeout_ms = 2000;
    config.build(Arc::new(SystemClock::new())).unwrap()
}

/// A recorded order, with what the recordings did not ask for.
fn whole(name: &str) -> Value {
    let mut order = body(name)["data"]["order"].clone();
    order["currencyCode"] = json!("EUR");
    order["totalWithTax"] = json!(2603);
    order["customFields"] = json!({"marketplaceOrderId": "bol:A-1"});
    for (at, line) in order["lines"]
        .as_array_mut()
        .unwrap()
        .iter_mut()
        .enumerate()
    {
        line["productVariant"]["id"] = json!((at + 1).to_string());
        line["customFields"] = json!({"marketplaceLineId": format!("OI-{}", at + 1)});
    }
    order
}

async fn read(order: Value) -> ShopRead {
    let server = server().await;
    on(
        &server,
        "orders(options",
        ok(&json!({"data": {"orders": {"items": [order]}}})),
    )
    .await;
    shop(&server)
        .orders(vec!["1".into()])
        .await
        .unwrap()
        .remove(0)
}

fn order() -> NewOrder {
    let euro = |minor| Money::from_minor(minor, Currency::EUR);
    let mut address = Address::from_lines(["Dorpstraat 12 bis".to_owned()]);
    address.last_name = Some("de Vries".into());
    address.country = "NL".parse().ok();
    NewOrder {
        key: ExternalKey::new("bol", "A-1"),
        placed_at: chrono::DateTime::UNIX_EPOCH,
        lines: vec![NewLine {
            line: "OI-1".into(),
            product: ProductRef {
                id: "1".into(),
                matched_by: "sku".into(),
            },
            title: "Article".into(),
            quantity: 1,
            unit_price: euro(999),
            discount: euro(0),
            vat_percent: None,
        }],
        shipping: euro(0),
        shipping_method: None,
        discount: euro(0),
        total: euro(999),
        currency: Currency::EUR,
        ship_to: address.clone(),
        bill_to: address,
        ship_by: None,
        sent_elsewhere: false,
    }
}

/// A draft that waits for its payment alone.
fn payable() -> Value {
    json!({
        "id": "1", "code": "C", "state": "ArrangingPayment", "currencyCode": "EUR",
        "totalWithTax": 999, "customFields": {"marketplaceOrderId": "bol:A-1"},
        "lines": [{"id": "1", "quantity": 1, "productVariant": {"id": "1"},
                   "customFields": {"marketplaceLineId": "OI-1", "marketplaceUnitPrice": 999}}],
    })
}

async fn pay(answer: ResponseTemplate) -> (Result<CreateProgress, Error>, usize) {
    let server = server().await;
    on(
        &server,
        "order(id: $id)",
        ok(&json!({"data": {"order": payable()}})),
    )
    .await;
    on(&server, "addManualPaymentToOrder", answer).await;
    let resume = Some(Checkpoint(json!({"draft": "1"})));
    let outcome = shop(&server)
        .create_order(CreateOrder {
            order: order(),
            resume,
        })
        .await;
    let requests = server.received_requests().await.unwrap();
    let payments = requests
        .iter()
        .filter(|request| String::from_utf8_lossy(&request.body).contains("addManualPayment"))
        .count();
    (outcome, payments)
}

#[tokio::test]
async fn parcels_are_read_as_they_were_recorded_at_each_stage() {
    for (name, state, parcels) in [
        ("22-get-order", ShopState::Open, 0),
        ("24-get-order", ShopState::Open, 1),
        ("27-get-order", ShopState::Completed, 2),
        ("31-get-order", ShopState::Completed, 2),
    ] {
        let ShopRead::Found(order) = read(whole(name)).await else {
            panic!("{name}")
        };
        assert_eq!(
            (order.state, order.shipments.len()),
            (state, parcels),
            "{name}"
        );
    }
    let ShopRead::Found(order) = read(whole("27-get-order")).await else {
        panic!()
    };
    let parcel = &order.shipments[1];
    assert_eq!(parcel.tracking.as_ref().unwrap().code, "3SABCD2222222");
    assert_eq!(parcel.lines.as_ref().unwrap().len(), 2);
}

#[tokio::test]
async fn an_unknown_state_extra_fields_and_nulls_are_fine_and_a_broken_order_is_named() {
    let mut strange = whole("22-get-order");
    strange["state"] = json!("HeldByCustoms");
    strange["fulfillments"] = json!(null);
    strange["updatedAt"] = json!(null);
    strange["novelty"] = json!([1]);
    let ShopRead::Found(order) = read(strange).await else {
        panic!()
    };
    assert_eq!(
        (order.state, order.raw_state.as_str()),
        (ShopState::Unknown, "HeldByCustoms")
    );
    let broken = json!({"id": "1", "state": "Shipped"});
    assert!(matches!(read(broken).await, ShopRead::Unreadable { id, .. } if id.as_str() == "1"));
}

#[tokio::test]
async fn a_hit_whose_record_carries_another_key_does_not_count() {
    let server = server().await;
    on(
        &server,
        "orders(options",
        ok(&json!({"data": {"orders": {"items": [whole("22-get-order")]}}})),
    )
    .await;
    let shop = shop(&server);
    assert_eq!(
        shop.find_orders(ExternalKey::new("bol", "A-1"))
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        shop.find_orders(ExternalKey::new("bol", "A-2"))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn forbidden_inside_a_200_stops_the_connection() {
    let server = server().await;
    on(&server, "orders(options", ok(&body("52-bad-token"))).await;
    let error = shop(&server).orders(vec!["1".into()]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::Unauthenticated, Effect::NotApplied)
    );
    assert!(error.stops_connection() && !format!("{error:?}").contains("1:key"));
}

#[tokio::test]
async fn a_key_that_is_taken_leads_to_the_order_that_has_it() {
    let server = server().await;
    let draft =
        json!({"id": "2", "code": "D", "state": "Draft", "currencyCode": "EUR", "totalWithTax": 0});
    on(
        &server,
        "order(id: $id)",
        ok(&json!({"data": {"order": draft}})),
    )
    .await;
    on(
        &server,
        "setDraftOrderCustomFields",
        ok(&body("17-dup-custom-field")),
    )
    .await;
    on(
        &server,
        "orders(options",
        ok(&json!({"data": {"orders": {"items": [whole("22-get-order")]}}})),
    )
    .await;
    let deleted = json!({"data": {"result": {"result": "DELETED", "message": null}}});
    on(&server, "deleteDraftOrder", ok(&deleted)).await;
    let resume = Some(Checkpoint(json!({"draft": "2"})));
    let progress = shop(&server)
        .create_order(CreateOrder {
            order: order(),
            resume,
        })
        .await
        .unwrap();
    assert!(matches!(progress, CreateProgress::Created(order) if order.id.as_str() == "1"));
    let requests = server.received_requests().await.unwrap();
    let deleted = requests
        .iter()
        .any(|request| String::from_utf8_lossy(&request.body).contains("deleteDraftOrder"));
    assert!(deleted);
}

#[tokio::test]
async fn a_payment_whose_answer_is_lost_or_unreadable_leaves_doubt_and_is_sent_once() {
    let page = ResponseTemplate::new(200).set_body_raw("<html>maintenance</html>", "text/html");
    let late =
        ok(&json!({"data": {"result": {"__typename": "Order"}}})).set_delay(Duration::from_secs(5));
    let fault = json!({"errors": [{"message": "database is locked", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}], "data": null});
    for (name, answer, kind) in [
        ("page", page, Kind::Decode),
        ("late", late, Kind::Timeout),
        ("fault inside a 200", ok(&fault), Kind::Unavailable),
        (
            "neither yes nor no",
            ok(&json!({"data": {"result": null}})),
            Kind::Decode,
        ),
        ("no data", ok(&json!({"data": null})), Kind::Decode),
        ("error", ResponseTemplate::new(502), Kind::Unavailable),
        // Said yes, but the order shows nothing of it.
        (
            "yes",
            ok(&json!({"data": {"result": {"__typename": "Order"}}})),
            Kind::Unexpected,
        ),
    ] {
        let (outcome, payments) = pay(answer).await;
        let error = outcome.unwrap_err();
        assert_eq!(
            (error.kind(), error.effect()),
            (kind, Effect::Unknown),
            "{name}: {error:?}"
        );
        assert_eq!(payments, 1, "{name}");
    }
}

#[tokio::test]
async fn a_refused_or_throttled_payment_is_certain() {
    let refused = json!({"data": {"result": {"__typename": "ManualPaymentStateError", "errorCode": "MANUAL_PAYMENT_STATE_ERROR", "message": "not in the right state"}}});
    let (outcome, _) = pay(ok(&refused)).await;
    assert!(
        matches!(outcome.unwrap(), CreateProgress::Rejected { reason } if reason.contains("right state"))
    );
    let (outcome, payments) =
        pay(ResponseTemplate::new(429).insert_header("retry-after", "9")).await;
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::RateLimited, Effect::NotApplied)
    );
    assert_eq!(
        (error.retry_after(), payments),
        (Some(Duration::from_secs(9)), 1)
    );
}

#[tokio::test]
async fn a_schema_without_our_fields_is_a_matter_of_settings() {
    let server = server().await;
    let problem = json!({"errors": [{"message": "Cannot query field \"marketplaceOrderId\"", "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}]});
    let answer = ResponseTemplate::new(400).set_body_raw(problem.to_string(), "application/json");
    on(&server, "orders(options", answer).await;
    let error = shop(&server)
        .find_orders(ExternalKey::new("bol", "A-1"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::Config, Effect::NotApplied)
    );
    assert!(error.advice().unwrap().contains("custom fields"));
}

#[tokio::test]
async fn what_has_left_is_not_cancelled() {
    let server = server().await;
    on(
        &server,
        "order(id: $id)",
        ok(&json!({"data": {"order": whole("24-get-order")}})),
    )
    .await;
    let request = CancelShopOrder {
        id: "1".into(),
        lines: Vec::new(),
        reason: CancelReason::BuyerAsked,
        note: "cancelled on the marketplace".into(),
    };
    let outcome = shop(&server).cancel_order(request).await.unwrap();
    assert!(matches!(outcome, ShopCancel::Rejected { reason } if reason.contains("left already")));
}

#[tokio::test]
async fn the_feed_starts_anew_from_a_cursor_it_cannot_read() {
    let server = server().await;
    let row = json!({"id": "1", "updatedAt": "2026-11-22T21:52:33.000Z"});
    on(
        &server,
        "orders(options",
        ok(&json!({"data": {"orders": {"items": [row]}}})),
    )
    .await;
    let start = shop(&server)
        .changes(Some(Cursor("nonsense".into())))
        .await
        .unwrap();
    assert!(start.ids.is_empty());
    assert_eq!(start.next, Cursor("2026-11-22T21:52:33.000Z".into()));
}

#[tokio::test]
async fn capabilities_say_that_the_feed_sees_no_shipments_and_what_a_lost_create_means() {
    let server = server().await;
    let capabilities = shop(&server).capabilities();
    assert!(!capabilities.feed_sees_status && !capabilities.feed_sees_tracking);
    assert_eq!(capabilities.create, CreateSemantics::InertThenActivate);
    let credentials = VendureCredentials::ApiKey(Secret::new("1:key"));
    let plain = VendureConfig::new("https://shop.example/admin-api", credentials)
        .without_custom_fields()
        .build(Arc::new(SystemClock::new()))
        .unwrap();
    assert_eq!(plain.capabilities().create, CreateSemantics::Lookup);
}
