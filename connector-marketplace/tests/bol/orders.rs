//! What becomes of an order's details, good and odd.

use chrono::{TimeZone, Utc};
use order_core::Kind;
use order_core::order::{Fulfilment, Readiness};
use order_core::ports::{OrderRead, Sighting};
use serde_json::{Value, json};
use wiremock::matchers::path;
use wiremock::{Mock, ResponseTemplate};

use crate::support::{World, body, connector, ids, mock, order, read, unreadable};
use connector_marketplace::bol::sandbox::{NewItem, NewOrder};
use order_core::ports::Marketplace;

/// An order written by hand from bol's description, with one item of two open pieces.
pub(crate) fn example(id: &str, item: &str) -> Value {
    json!({
        "orderId": id,
        "pickupPoint": false,
        "orderPlacedDateTime": "2026-11-20T12:39:48+01:00",
        "shipmentDetails": {
            "salutation": "UNKNOWN", "firstName": "Billie", "surname": "Jansen",
            "streetName": "Dorpstraat", "houseNumber": "1", "houseNumberExtension": "B",
            "zipCode": "1111ZZ", "city": "Utrecht", "countryCode": "NL",
            "email": "billie@verkopen.example"
        },
        "orderItems": [{
            "orderItemId": item, "cancellationRequest": false,
            "fulfilment": {
                "method": "FBR", "distributionParty": "RETAILER",
                "latestDeliveryDate": "2026-11-24", "timeFrameType": "REGULAR"
            },
            "offer": {"offerId": "6ff736b5-cdd0-4150-8c67-78269ee986f5", "reference": "SKU-1"},
            "product": {"ean": "0000007740404", "title": "Product Title"},
            "quantity": 2, "quantityShipped": 0, "quantityCancelled": 0,
            "unitPrice": 12.99, "totalPrice": 25.48,
            "discounts": [{"title": "a", "amount": 0.30}, {"title": "b", "amount": 0.2}],
            "commission": 5.18, "latestChangedDateTime": "2026-11-20T13:39:48+01:00"
        }]
    })
}

/// The example with one value changed (or taken away by `Value::Null` at `key`).
fn with(pointer: &str, value: Value) -> Value {
    let mut order = example("A1", "I1");
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = if parent.is_empty() {
        &mut order
    } else {
        order.pointer_mut(parent).unwrap()
    };
    parent[key] = value;
    order
}

fn without(pointer: &str) -> Value {
    let mut order = example("A1", "I1");
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = if parent.is_empty() {
        &mut order
    } else {
        order.pointer_mut(parent).unwrap()
    };
    parent.as_object_mut().unwrap().remove(key).unwrap();
    order
}

async fn served(
    details: impl Into<String>,
) -> (wiremock::MockServer, connector_marketplace::bol::Bol) {
    let server = mock().await;
    Mock::given(path("/retailer/orders/A1"))
        .respond_with(body(200, details.into()))
        .mount(&server)
        .await;
    let bol = connector(&server);
    (server, bol)
}

#[tokio::test]
async fn what_is_shipped_already_hurries_nobody() {
    let mut details = example("A1", "I1");
    let items = details["orderItems"].as_array_mut().unwrap();
    let mut shipped = items[0].clone();
    shipped["orderItemId"] = "I2".into();
    shipped["quantityShipped"] = 2.into();
    shipped["fulfilment"]["latestDeliveryDate"] = "2026-11-21".into();
    items.push(shipped);
    let (_server, bol) = served(details.to_string()).await;
    assert_eq!(
        order(&bol, "A1").await.ship_by,
        Some(Utc.with_ymd_and_hms(2026, 11, 23, 22, 0, 0).unwrap())
    );
}

#[tokio::test]
async fn every_field_arrives_where_it_belongs() {
    let (_server, bol) = served(example("A1", "I1").to_string()).await;
    let order = order(&bol, "A1").await;
    assert_eq!(
        order.placed_at,
        Utc.with_ymd_and_hms(2026, 11, 20, 11, 39, 48).unwrap()
    );
    assert_eq!(
        (&order.readiness, order.fulfilment),
        (&Readiness::Ready, Fulfilment::Seller)
    );
    assert_eq!(
        order.ship_by,
        Some(Utc.with_ymd_and_hms(2026, 11, 23, 22, 0, 0).unwrap())
    );
    let line = &order.lines[0];
    assert_eq!(line.id.as_str(), "I1");
    assert_eq!(
        (line.sku.as_deref(), line.gtin.as_deref()),
        (Some("SKU-1"), Some("0000007740404"))
    );
    assert_eq!(line.unit_price.to_string(), "12.99 EUR");
    assert_eq!(line.discount.unwrap().to_string(), "0.50 EUR");
    assert_eq!(order.checked_total().unwrap().to_string(), "25.48 EUR");
    let address = order.ship_to.unwrap();
    assert_eq!(address.lines, ["Dorpstraat 1 B"]);
    assert_eq!(
        (address.name(), address.country.unwrap().as_str()),
        ("Billie Jansen".into(), "NL")
    );
    assert!(order.bill_to.is_none() && order.unknown.is_empty() && order.shipping.is_none());
}

#[tokio::test]
async fn sums_that_do_not_agree_are_seen() {
    let details = with("/orderItems/0/totalPrice", json!(25.49));
    let (_server, bol) = served(details.to_string()).await;
    assert!(order(&bol, "A1").await.checked_total().is_err());
}

#[tokio::test]
async fn extra_fields_and_nulls_for_what_may_be_absent_change_nothing() {
    let (_server, bol) = served(example("A1", "I1").to_string()).await;
    let plain = order(&bol, "A1").await;
    let mut details = with("/shipmentDetails/company", Value::Null);
    details["novelty"] = json!({"deep": [1, 2.5, null]});
    details["orderItems"][0]["novelty"] = json!("x");
    details["orderItems"][0]["additionalServices"] = Value::Null;
    details["orderItems"][0]["fulfilment"]["exactDeliveryDate"] = Value::Null;
    details["billingDetails"] = Value::Null;
    let (_server, bol) = served(details.to_string()).await;
    assert_eq!(order(&bol, "A1").await, plain);
}

#[tokio::test]
async fn what_nobody_could_work_with_is_told_per_order() {
    for (details, says) in [
        (with("/orderItems/0/quantity", json!(-2)), "quantity is -2"),
        (with("/orderItems/0/quantity", json!(0)), "do not fit"),
        (with("/orderItems/0/quantity", Value::Null), "no quantity"),
        (
            with("/orderItems/0/quantity", json!("two")),
            "orderItems[0].quantity",
        ),
        (
            with("/orderItems/0/quantity", json!(9_999_999_999_i64)),
            "9999999999",
        ),
        (
            with("/orderItems/0/quantityShipped", json!(-1)),
            "quantityShipped is -1",
        ),
        (
            without("/orderItems/0/quantityShipped"),
            "no quantityShipped",
        ),
        (
            with("/orderItems/0/quantityCancelled", json!(3)),
            "do not fit",
        ),
        (
            with("/orderItems/0/unitPrice", json!(-1.5)),
            "unitPrice is -1.5",
        ),
        (without("/orderItems/0/unitPrice"), "no unitPrice"),
        (with("/orderItems/0/unitPrice", json!("12.99")), "unitPrice"),
        (
            with("/orderItems/0/discounts/0/amount", Value::Null),
            "discount without an amount",
        ),
        (without("/orderItems/0/orderItemId"), "without an id"),
        (
            with("/orderItems/0/orderItemId", json!(" ")),
            "without an id",
        ),
        (with("/orderItems", json!([])), "no order items"),
        (without("/orderItems"), "no order items"),
        (without("/shipmentDetails"), "the whole address"),
        (without("/shipmentDetails/streetName"), ""),
        (with("/shipmentDetails/city", json!("")), "missing: city"),
        (without("/shipmentDetails/countryCode"), "missing: country"),
        (
            with("/shipmentDetails/countryCode", json!("Nederland")),
            "missing: country",
        ),
        (with("/orderId", json!("B2")), "about order \"B2\""),
        (
            with("/orderPlacedDateTime", json!("yesterday")),
            "is not a date and time",
        ),
    ] {
        let (_server, bol) = served(details.to_string()).await;
        if says.is_empty() {
            // A house number alone still makes a line; the postal code leads there.
            order(&bol, "A1").await;
            continue;
        }
        let reason = unreadable(&bol, "A1").await;
        assert!(reason.contains(says), "{reason:?} should contain {says:?}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_order_are_that_orders_trouble() {
    for (bytes, says) in [
        (b"\"\xff\xfe\"".to_vec(), "not valid UTF-8"),
        (b"<html>Sorry</html>".to_vec(), "a web page"),
        (b"{\"orderId\": \"A1\"".to_vec(), "ends in the middle"),
        (b"".to_vec(), "empty"),
        (b"[]".to_vec(), "does not fit"),
    ] {
        let server = mock().await;
        Mock::given(path("/retailer/orders/A1"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(bytes, "application/json"))
            .mount(&server)
            .await;
        let reason = unreadable(&connector(&server), "A1").await;
        assert!(reason.contains(says), "{reason:?} should contain {says:?}");
    }
}

#[tokio::test]
async fn an_unknown_fulfilment_method_holds_the_order_back_and_keeps_its_text() {
    let details = with("/orderItems/0/fulfilment/method", json!("DRONE"));
    let (_server, bol) = served(details.to_string()).await;
    let order = order(&bol, "A1").await;
    assert!(matches!(&order.readiness, Readiness::NotReady(why) if why.contains("DRONE")));
    assert_eq!(order.unknown, ["fulfilment method DRONE"]);
}

#[tokio::test]
async fn an_unknown_part_of_the_day_or_label_rule_is_shown_and_stops_nothing() {
    let mut details = with("/orderItems/0/fulfilment/timeFrameType", json!("DAWN"));
    details["orderItems"][0]["fulfilment"]["distributionParty"] = json!("PIGEON");
    let (_server, bol) = served(details.to_string()).await;
    let order = order(&bol, "A1").await;
    assert_eq!(order.readiness, Readiness::Ready);
    assert_eq!(order.shipping_method.as_deref(), Some("DAWN"));
    assert_eq!(order.unknown, ["distribution party PIGEON"]);
}

#[tokio::test]
async fn a_handled_order_is_closed_and_needs_no_address() {
    let mut details = without("/shipmentDetails");
    details["orderItems"][0]["quantityShipped"] = json!(1);
    details["orderItems"][0]["quantityCancelled"] = json!(1);
    let (_server, bol) = served(details.to_string()).await;
    let order = order(&bol, "A1").await;
    assert_eq!((order.readiness, order.total), (Readiness::Closed, None));
}

#[tokio::test]
async fn an_order_bol_sends_itself_is_marked_so_and_mixed_ones_keep_the_sellers_items() {
    let details = with("/orderItems/0/fulfilment/method", json!("FBB"));
    let (_server, bol) = served(details.to_string()).await;
    assert_eq!(order(&bol, "A1").await.fulfilment, Fulfilment::Marketplace);
    let mut mixed = example("A1", "I1");
    let mut other = mixed["orderItems"][0].clone();
    other["orderItemId"] = json!("I2");
    other["fulfilment"]["method"] = json!("FBB");
    mixed["orderItems"].as_array_mut().unwrap().push(other);
    let (_server, bol) = served(mixed.to_string()).await;
    let order = order(&bol, "A1").await;
    assert_eq!(
        (order.fulfilment, order.lines.len()),
        (Fulfilment::Seller, 1)
    );
    assert_eq!(order.lines[0].id.as_str(), "I1");
}

#[tokio::test]
async fn a_missing_date_is_replaced_by_the_first_change_and_said() {
    let (_server, bol) = served(without("/orderPlacedDateTime").to_string()).await;
    let order = order(&bol, "A1").await;
    assert_eq!(
        order.placed_at,
        Utc.with_ymd_and_hms(2026, 11, 20, 12, 39, 48).unwrap()
    );
    assert_eq!(order.unknown.len(), 1);
}

#[tokio::test]
async fn an_order_bol_does_not_know_is_gone_but_only_if_bol_says_so() {
    let world = World::new().await;
    assert!(matches!(
        read(&world.bol, "nowhere").await.unwrap(),
        OrderRead::Gone(_)
    ));
    let server = mock().await;
    Mock::given(path("/retailer/orders/A1"))
        .respond_with(ResponseTemplate::new(404).set_body_string("<html>no route</html>"))
        .mount(&server)
        .await;
    let error = read(&connector(&server), "A1").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "{error}");
}

#[tokio::test]
async fn one_odd_entry_spoils_no_page() {
    let world = World::new().await;
    world.sandbox.add_order(NewOrder::sample("GOOD", 1));
    world.sandbox.prepend_to_list(vec![
        json!({"orderId": "ODD", "orderItems": [{"quantity": "many"}]}),
        json!({"orderItems": []}),
        json!(7),
        json!({"orderId": "NEGATIVE", "orderItems": [{"orderItemId": "x", "quantity": -3}]}),
    ]);
    let page = world.bol.changes(None).await.unwrap();
    let seen = ids(&page.orders);
    assert!(
        seen.contains("GOOD") && seen.contains("ODD") && seen.contains("NEGATIVE"),
        "{seen:?}"
    );
    let nameless: Vec<_> = seen
        .iter()
        .filter(|id| id.starts_with("without-id-"))
        .collect();
    assert_eq!(nameless.len(), 2);
    let reason = unreadable(&world.bol, nameless[0]).await;
    assert!(reason.contains("without an order number"), "{reason}");
    let odd = page
        .orders
        .iter()
        .find(|it| it.id().as_str() == "ODD")
        .unwrap();
    assert!(matches!(odd, Sighting::Unreadable { .. }));
    assert!(page.orders.len() == 5 && !page.more);
}

#[tokio::test]
async fn a_fingerprint_changes_with_the_order_and_not_without() {
    let world = World::new().await;
    world.sandbox.add_order(
        NewOrder::new("A1")
            .with_item(NewItem::new("I1", "SKU", 2, 1299))
            .with_item(NewItem::new("I2", "SKU", 1, 500)),
    );
    let first = world.bol.changes(None).await.unwrap().orders;
    assert_eq!(world.bol.changes(None).await.unwrap().orders, first);
    world.sandbox.request_cancellation("I2");
    assert_ne!(world.bol.changes(None).await.unwrap().orders, first);
    assert!(world.order("A1").await.has_cancel_request());
}

/// Every place in a value, as JSON pointers.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields
                .iter()
                .for_each(|(key, field)| places(field, &format!("{at}/{key}"), found));
        }
        Value::Array(values) => {
            let values = values.iter().enumerate();
            values.for_each(|(index, value)| places(value, &format!("{at}/{index}"), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn whatever_stands_anywhere_in_an_order_it_is_read_or_explained() {
    let world = World::new().await;
    let whole = example("A1", "I1");
    let mut all = Vec::new();
    places(&whole, "", &mut all);
    assert!(all.len() > 40);
    let odd = [
        Value::Null,
        json!(true),
        json!(-1),
        json!(1e308),
        json!(u64::MAX),
        json!(""),
        json!("2026-13-45T99:00:00Z"),
        json!("\u{0}\u{202e}\u{1f4e6}".repeat(1000)),
        json!([]),
        json!([[{}]]),
        json!({}),
    ];
    for place in all {
        for value in &odd {
            let mut details = whole.clone();
            *details.pointer_mut(&place).unwrap() = value.clone();
            world.sandbox.replace_details("A1", details.to_string());
            let read = read(&world.bol, "A1").await;
            assert!(read.is_ok(), "{value} at {place}: {read:?}");
        }
    }
}
