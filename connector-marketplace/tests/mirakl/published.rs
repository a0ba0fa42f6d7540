//! Mirakl's published bodies: its answers are read, and our requests have the same fields.

use connector_http::Secret;
use connector_marketplace::mirakl::MiraklConfig;
use order_core::order::{Fulfilment, Readiness};
use order_core::ports::{Marketplace, Outcome, TransporterQuery, TransporterWord};
use serde_json::Value;
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::common::description::examples;
use crate::common::{
    TestClock, no_empty_carrier_list, no_empty_lists, order, parcel, read, say_nothing, tracking,
};

/// A body of an operation; `auto` are the ones that Mirakl makes by itself.
fn body(operation: &str, kind: &str, auto: bool) -> Option<Value> {
    let all = examples("mirakl")?;
    let found = all.into_iter().find(|it| {
        let name = it["name"].as_str().unwrap_or_default();
        it["op"] == operation && it["kind"] == kind && name.ends_with("auto") == auto
    });
    Some(found.unwrap()["body"].take())
}

async fn answering(verb: &str, route: &str, status: u16, body: &Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method(verb))
        .and(path(route))
        .respond_with(ResponseTemplate::new(status).set_body_json(body))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(599))
        .with_priority(255)
        .mount(&server)
        .await;
    server
}

fn connector(server: &MockServer, multi: bool) -> impl Marketplace + use<> {
    let mut config = MiraklConfig::new(server.uri(), Secret::new("key"));
    config.request_timeout_seconds = Some(1);
    config.multi_shipment = multi;
    config.build(TestClock::new()).unwrap()
}

#[tokio::test]
async fn the_published_order_is_read() {
    let Some(orders) = body("OR11", "response", false) else {
        return;
    };
    let server = answering("GET", "/api/orders", 200, &orders).await;
    let mirakl = connector(&server, false);
    let order = order(&mirakl, "Order_00010-A").await;
    assert_eq!(order.checked_total().unwrap().to_string(), "213.00 USD");
    assert!(order.is_closed() && order.readiness == Readiness::Closed);
    assert_eq!(order.fulfilment, Fulfilment::Marketplace, "another centre");
    let ship_to = order.ship_to.as_ref().unwrap();
    assert_eq!(ship_to.country.unwrap().to_string(), "US");
    assert_eq!(ship_to.missing_parts(), Vec::<&str>::new());
    let point = ship_to.pickup_point.as_ref().unwrap();
    assert_eq!(point.id.as_deref(), Some("C1039"));
    let line = &order.lines[0];
    assert_eq!((line.quantity, line.shipped), (3, 3));
    assert_eq!(line.sku.as_deref(), Some("S2000"));
    assert!(
        order.ship_by.is_some() && order.unknown.is_empty(),
        "{order:?}"
    );
}

#[tokio::test]
async fn the_order_that_is_made_of_types_alone_is_no_trouble() {
    let Some(orders) = body("OR11", "response", true) else {
        return;
    };
    let server = answering("GET", "/api/orders", 200, &orders).await;
    let id = orders["orders"][0]["order_id"].as_str().unwrap();
    let answer = read(&connector(&server, false), id).await;
    assert_eq!(answer.id().as_str(), id);
}

#[tokio::test]
async fn the_published_carriers_are_used() {
    let Some(carriers) = body("SH21", "response", false) else {
        return;
    };
    let server = answering("GET", "/api/shipping/carriers", 200, &carriers).await;
    let mirakl = connector(&server, false);
    for (carrier, word) in [
        ("fedex", TransporterWord::Known("FED".to_owned())),
        ("ups", TransporterWord::Known("UPS".to_owned())),
        ("postnl", TransporterWord::Unknown),
    ] {
        let query = TransporterQuery {
            carrier: carrier.to_owned(),
            name: None,
            destination: None,
        };
        assert_eq!(mirakl.transporter(query).await.unwrap(), word, "{carrier}");
    }
    let asked = server.received_requests().await.unwrap().len();
    assert_eq!(asked, 1, "the list is read once a day");
}

#[tokio::test]
async fn a_published_answer_with_success_and_errors_is_told_apart() {
    let Some(answer) = body("ST01", "response", false) else {
        return;
    };
    let server = answering("POST", "/api/shipments", 201, &answer).await;
    let mirakl = connector(&server, true);
    let mut orders = body("OR11", "response", false).unwrap();
    let confirm = |id: &str, orders: &mut Value| {
        orders["orders"][0]["order_id"] = Value::from(id);
        let order = sighted(orders["orders"][0].clone());
        parcel(&order, 1, &[1])
    };
    let done = mirakl.confirm(confirm("ORDER_01-A", &mut orders)).await;
    let id = "f40bf65e-a320-41d3-878c-36ce9e1144ce".to_owned();
    assert_eq!(
        done.unwrap(),
        Outcome::Done {
            remote_id: Some(id)
        }
    );
    // Errors about others are not ours: an answer without a word about our order says nothing.
    let refused = mirakl
        .confirm(confirm("7263625-A", &mut orders))
        .await
        .unwrap();
    let Outcome::Rejected { reason } = refused else {
        panic!("{refused:?}")
    };
    assert!(reason.contains("Shipment quantity is invalid."), "{reason}");
}

/// An order with the line of the published one; only its ids matter.
fn sighted(wire: Value) -> order_core::order::MarketplaceOrder {
    let id = wire["order_id"].as_str().unwrap();
    let text = serde_json::json!({
        "id": id, "placed_at": "2026-01-01T00:00:00Z", "readiness": "ready", "fulfilment": "seller",
        "lines": [{ "id": wire["order_lines"][0]["order_line_id"], "pieces": [], "sku": null,
            "gtin": null, "title": null, "quantity": 1, "shipped": 0, "cancelled": 0,
            "unit_price": { "amount": "1", "currency": "EUR" }, "discount": null,
            "vat_percent": null, "cancel_requested": false }],
        "shipping": null, "discount": null, "total": null, "currency": "EUR", "ship_to": null,
        "bill_to": null, "ship_by": null, "tracking": "optional", "shipping_method": null,
        "is_test": false, "unknown": [],
    });
    serde_json::from_value(text).unwrap()
}

#[tokio::test]
async fn a_confirmation_has_the_fields_of_the_published_one() {
    let Some(published) = body("ST01", "request", false) else {
        return;
    };
    let nothing = serde_json::json!({ "shipment_success": [], "shipment_errors": [] });
    let server = answering("POST", "/api/shipments", 201, &nothing).await;
    let carriers = body("SH21", "response", false).unwrap();
    Mock::given(path("/api/shipping/carriers"))
        .respond_with(ResponseTemplate::new(200).set_body_json(&carriers))
        .mount(&server)
        .await;
    let mirakl = connector(&server, true);
    let wire = body("OR11", "response", false).unwrap()["orders"][0].clone();
    let mut request = parcel(&sighted(wire), 1, &[1]);
    request.tracking = Some(tracking("1Z2356F1ZJ98L9733M5", Some("UPS")));
    let error = mirakl.confirm(request).await.unwrap_err();
    assert_eq!(
        error.effect(),
        order_core::Effect::Unknown,
        "nothing about our order"
    );
    let requests = server.received_requests().await.unwrap();
    let sent = requests.iter().find(|it| it.method == "POST").unwrap();
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    let fields = |shipment: &Value, at: &str| -> Vec<String> {
        let place = shipment.pointer(at).unwrap().as_object().unwrap();
        place.keys().cloned().collect()
    };
    let theirs = &published["shipments"][1];
    let ours = &sent["shipments"][0];
    for at in ["", "/shipment_lines/0"] {
        let known = fields(theirs, at);
        for field in fields(ours, at) {
            assert!(known.contains(&field), "{at}/{field}");
        }
    }
    let known = fields(&published["shipments"][0], "/tracking");
    for field in fields(ours, "/tracking") {
        assert!(known.contains(&field), "{field}");
    }
}

#[tokio::test]
async fn an_answer_without_its_list_is_no_empty_list() {
    let server = MockServer::start().await;
    say_nothing(&server).await;
    let mirakl = connector(&server, false);
    no_empty_lists(&mirakl, "Order_00010-A").await;
    no_empty_carrier_list(&mirakl).await;
}
