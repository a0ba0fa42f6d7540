//! Answers of a running Shopware 6.6.7, served as they were recorded.

use std::path::Path;
use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::shopware::{Shopware, ShopwareConfig};
use order_core::ids::ShopOrderId;
use order_core::ports::{ShopRead, SystemClock, Webshop};
use order_core::shop::{ShopOrder, ShopState};
use order_core::{Effect, Error, Kind};
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The answer of a recording: its status and body.
fn recorded(name: &str) -> (u16, Value) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/shopware");
    let text = std::fs::read_to_string(file.join(format!("{name}.json"))).unwrap();
    let recording: Value = serde_json::from_str(&text).unwrap();
    let status = recording["response"]["status"].as_u64().unwrap();
    let body = recording["response"]["body"].clone();
    (u16::try_from(status).unwrap(), body)
}

/// A shop that gives a token, and one answer to everything else.
async fn shop(answer: (u16, Value)) -> (MockServer, Shopware) {
    let server = MockServer::start().await;
    let token = json!({"token_type": "Bearer", "expires_in": 600, "access_token": "t"});
    Mock::given(method("POST"))
        .and(path("/api/oauth/token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(token))
        .mount(&server)
        .await;
    let (status, body) = answer;
    Mock::given(wiremock::matchers::any())
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&server)
        .await;
    let config = ShopwareConfig::new(server.uri(), "id", Secret::new("s"), "bol");
    let shop = config.build(Arc::new(SystemClock::new())).unwrap();
    (server, shop)
}

/// A recorded order, with its currency put in, which the recording did not ask for.
async fn read(name: &str) -> ShopOrder {
    let (status, mut body) = recorded(name);
    let id = body["data"][0]["id"].as_str().unwrap().to_owned();
    body["data"][0]["currency"] = json!({"isoCode": "EUR"});
    let (_server, shop) = shop((status, body)).await;
    let reads = shop.orders(vec![ShopOrderId::new(id)]).await.unwrap();
    match reads.into_iter().next().unwrap() {
        ShopRead::Found(order) => *order,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_states_of_both_machines_are_read() {
    let open = read("22-order-get").await;
    assert_eq!(
        (open.state, &*open.raw_state),
        (ShopState::Open, "open, open")
    );
    assert_eq!(open.total.to_string(), "26.03 EUR");
    assert_eq!(open.number, "BOL-1234567890");
    assert!(open.shipments.is_empty());
    // Made by another program: no key of ours.
    assert_eq!(open.key, None);
    let labelled = read("24-order-after-tracking").await;
    assert_eq!(
        (labelled.state, labelled.shipments.len()),
        (ShopState::Open, 0)
    );
    let shipped = read("26-order-after-ship").await;
    assert_eq!(shipped.state, ShopState::Completed);
    let codes: Vec<&str> = shipped
        .shipments
        .iter()
        .map(|parcel| parcel.tracking.as_ref().unwrap().code.as_str())
        .collect();
    assert_eq!(codes, ["3SABCD1234567", "3SABCD7654321"]);
    // The delivery moved, though the order itself never did.
    assert!(shipped.updated_at > open.updated_at);
    let completed = read("31-order-completed").await;
    assert_eq!(completed.raw_state, "completed, shipped");
}

/// The error that a recorded refusal leads to.
async fn refusal(name: &str) -> Error {
    let (_server, shop) = shop(recorded(name)).await;
    let id = ShopOrderId::new("d8fa06b565ae8ba717f2c948ba67ae60");
    shop.orders(vec![id]).await.unwrap_err()
}

#[tokio::test]
async fn refusals_are_told_apart() {
    let cases = [
        ("16-create-order-again", Kind::Conflict, "already"),
        ("38-illegal", Kind::Rejected, "ILLEGAL_STATE_TRANSITION"),
        (
            "42-bad-order",
            Kind::Rejected,
            "/0/billingAddressId: This value",
        ),
        ("43-unauth", Kind::Unauthenticated, "JWT"),
    ];
    for (name, kind, word) in cases {
        let error = refusal(name).await;
        assert_eq!(
            (error.kind(), error.effect()),
            (kind, Effect::NotApplied),
            "{name}"
        );
        assert!(error.message().contains(word), "{name}: {error:?}");
    }
}
