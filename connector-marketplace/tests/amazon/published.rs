//! Amazon's published bodies: its orders are read, and our confirmation says what its example says.

use connector_http::Secret;
use connector_marketplace::amazon::AmazonConfig;
use order_core::order::{Fulfilment, Line, Readiness};
use order_core::ports::{ConfirmLine, ConfirmRequest, ConfirmationFound, Marketplace, Sighting};
use serde_json::{Value, json};
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::common::description::examples;
use crate::common::{TestClock, is_done, no_empty_lists, order, say_nothing, tracking};

/// The examples of an operation with a status.
fn bodies(operation: &str, code: &str) -> Option<Vec<Value>> {
    let of = |it: &Value| {
        let path = it["path"].as_str().unwrap_or_default();
        it["op"] == operation
            && it["code"] == code
            && !path.starts_with("/orders/v0/orders/{orderId}/order")
    };
    Some(examples("amazon")?.into_iter().filter(of).collect())
}

/// Amazon as it answers tokens, and 599 to whatever a test did not prepare.
async fn server() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/auth/o2/token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "access_token": "t", "token_type": "bearer", "expires_in": 3600
        })))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(599))
        .with_priority(255)
        .mount(&server)
        .await;
    server
}

fn connector(server: &MockServer, marketplace: &str) -> impl Marketplace + use<> {
    let secret = || Secret::new("secret");
    let config = AmazonConfig::new("id", secret(), secret(), "SELLER1", marketplace);
    let mut config = config.at(&server.uri());
    config.request_timeout_seconds = Some(1);
    config.build(TestClock::new()).unwrap()
}

/// Every order that Amazon publishes for the new version, by its number.
fn published() -> Option<Vec<(String, Value)>> {
    let mut all = Vec::new();
    for operation in ["searchOrders", "getOrder"] {
        for example in bodies(operation, "200")? {
            let body = &example["body"];
            let list = body["orders"].as_array().cloned().unwrap_or_default();
            for order in list.into_iter().chain(body.get("order").cloned()) {
                if let Some(id) = order["orderId"].as_str() {
                    all.push((id.to_owned(), order.clone()));
                }
            }
        }
    }
    Some(all)
}

#[tokio::test]
async fn every_published_order_is_read_and_its_sums_agree() {
    let Some(orders) = published() else {
        return;
    };
    let server = server().await;
    for (id, wire) in &orders {
        Mock::given(path(format!("/orders/2026-01-01/orders/{id}")))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "order": wire })))
            .mount(&server)
            .await;
    }
    let amazon = connector(&server, "A1PA6795UKMFR9");
    assert!(orders.len() >= 8, "{}", orders.len());
    for (id, wire) in &orders {
        let read = order(&amazon, id).await;
        let stated = &wire["proceeds"]["grandTotal"]["amount"];
        let total = read
            .checked_total()
            .unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(json!(total.amount.to_string()), *stated, "{id}");
        let fulfilled_by = &wire["fulfillment"]["fulfilledBy"];
        let by_amazon = read.fulfilment == Fulfilment::Marketplace;
        assert_eq!(by_amazon, fulfilled_by == "AMAZON", "{id}");
        let open = wire["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED";
        assert_eq!(
            read.readiness == Readiness::Ready,
            open,
            "{id}: {:?}",
            read.readiness
        );
        assert!(read.unknown.is_empty(), "{id}: {:?}", read.unknown);
        assert_eq!(
            read.ship_to.unwrap().missing_parts(),
            Vec::<&str>::new(),
            "{id}"
        );
        let pieces: u32 = read.lines.iter().map(Line::open).sum();
        assert_eq!(pieces > 0, open, "{id}");
    }
}

#[tokio::test]
async fn the_published_list_is_read_with_its_token() {
    let Some(examples) = bodies("searchOrders", "200") else {
        return;
    };
    let server = server().await;
    Mock::given(path("/orders/2026-01-01/orders"))
        .respond_with(ResponseTemplate::new(200).set_body_json(&examples[0]["body"]))
        .mount(&server)
        .await;
    let page = connector(&server, "A1VC38T7YXB528")
        .changes(None)
        .await
        .unwrap();
    assert!(page.more, "there is a next token");
    assert!(
        matches!(page.orders.as_slice(), [Sighting::Full(_)]),
        "{page:?}"
    );
    assert!(
        page.next.0.contains("2YgYW55IGNhcm5hbCBwbGVhc3VyZS4"),
        "{:?}",
        page.next
    );
}

#[tokio::test]
async fn a_confirmation_says_what_amazons_example_says() {
    let Some(examples) = bodies("confirmShipment", "204") else {
        return;
    };
    let wanted = &examples[0]["params"]["body"]["value"];
    let detail = &wanted["packageDetail"];
    let id = examples[0]["params"]["orderId"]["value"].as_str().unwrap();
    let server = server().await;
    Mock::given(method("POST"))
        .and(path(format!("/orders/v0/orders/{id}/shipmentConfirmation")))
        .respond_with(ResponseTemplate::new(204))
        .expect(1)
        .mount(&server)
        .await;
    let text = |name: &str| detail[name].as_str().unwrap();
    let request = ConfirmRequest {
        order: id.into(),
        reference: "x".to_owned(),
        parcel: text("packageReferenceId").parse().unwrap(),
        lines: vec![ConfirmLine {
            line: detail["orderItems"][0]["orderItemId"]
                .as_str()
                .unwrap()
                .into(),
            quantity: 1,
            pieces: Vec::new(),
        }],
        completes_order: true,
        shipped_at: text("shipDate").parse().unwrap(),
        tracking: Some(tracking(text("trackingNumber"), Some(text("carrierCode")))),
        resume: None,
    };
    let marketplace = wanted["marketplaceId"].as_str().unwrap();
    let done = connector(&server, marketplace)
        .confirm(request)
        .await
        .unwrap();
    assert!(is_done(&done), "{done:?}");
    let requests = server.received_requests().await.unwrap();
    let sent = requests
        .iter()
        .find(|it| it.url.path().ends_with("Confirmation"))
        .unwrap();
    assert_eq!(sent.headers["x-amz-access-token"], "t");
    let mut sent: Value = serde_json::from_slice(&sent.body).unwrap();
    // The same moment, written without the fraction; the rest of the example is optional.
    assert_eq!(sent["packageDetail"]["shipDate"], "2022-02-11T01:00:00Z");
    sent["packageDetail"]["shipDate"] = detail["shipDate"].clone();
    for optional in ["carrierName", "shippingMethod", "shipFromSupplySourceId"] {
        sent["packageDetail"][optional] = detail[optional].clone();
    }
    sent["packageDetail"]["orderItems"][0]["transparencyCodes"] =
        detail["orderItems"][0]["transparencyCodes"].clone();
    assert_eq!(sent, *wanted);
}

#[tokio::test]
async fn a_published_package_is_found_by_its_number_alone() {
    let Some(orders) = published() else {
        return;
    };
    let (id, wire) = orders
        .iter()
        .find(|it| it.0 == "202-7654321-1098765")
        .unwrap();
    let server = server().await;
    let mut wire = wire.clone();
    wire["packages"][0]["packageReferenceId"] = json!("2");
    Mock::given(path(format!("/orders/2026-01-01/orders/{id}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "order": wire })))
        .mount(&server)
        .await;
    let amazon = connector(&server, "A1F83G8C2ARO7P");
    let order = order(&amazon, id).await;
    let mut request = crate::common::parcel(&order, 2, &[1]);
    let found = amazon.find_confirmation(request.clone()).await.unwrap();
    let code = Some("15501234567890123456".to_owned());
    let remote_id = Some("2".to_owned());
    assert_eq!(found, ConfirmationFound::Confirmed { remote_id, code });
    request.parcel = 1;
    // Everything is sent, though under another number.
    let found = amazon.find_confirmation(request).await.unwrap();
    let nothing = ConfirmationFound::Confirmed {
        remote_id: None,
        code: None,
    };
    assert_eq!(found, nothing);
}

#[tokio::test]
async fn an_answer_without_its_list_is_no_empty_list() {
    let server = server().await;
    say_nothing(&server).await;
    no_empty_lists(&connector(&server, "A1PA6795UKMFR9"), "028-1234567-1234567").await;
}
