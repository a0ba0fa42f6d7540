//! Kaufland's published bodies: ours have the same fields. (The published signature is checked where
//! signatures are made.)

use connector_http::Secret;
use connector_marketplace::kaufland::KauflandConfig;
use order_core::ports::Marketplace;
use serde_json::Value;
use wiremock::MockServer;

use crate::common::description::{Description, examples};
use crate::common::{
    TestClock, confirm, edit, no_empty_carrier_list, no_empty_lists, order, parcel, say_nothing,
    tracking,
};
use crate::support::{World, mugs_and_lamp};

fn published(operation: &str) -> Option<Value> {
    let all = examples("kaufland")?;
    let found = all.into_iter().find(|it| it["op"] == operation);
    Some(found.unwrap()["body"].take())
}

fn fields(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[tokio::test]
async fn a_confirmation_and_a_later_code_say_what_kauflands_examples_say() {
    let (Some(send), Some(add)) = (published("SendOrderUnit"), published("AddShipment")) else {
        return;
    };
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    let whole = order(&world.kaufland, "A1").await;
    let mut request = parcel(&whole, 1, &[1, 0]);
    request.tracking = Some(tracking("0034123456789", Some("DHL")));
    confirm(&world.kaufland, request.clone()).await;
    let later = tracking("0034987654321", Some("DHL"));
    world
        .kaufland
        .edit_tracking(edit(&request, later))
        .await
        .unwrap();
    let exchanges = world.sandbox.exchanges();
    let sent = |operation: &str| -> Value {
        let found = exchanges.iter().find(|it| it.seen.operation == operation);
        serde_json::from_str(&found.unwrap().seen.body).unwrap()
    };
    let ours = sent(crate::support::SEND);
    assert_eq!(fields(&ours), fields(&send));
    // The example has two codes in one text.
    let codes = send["tracking_numbers"].as_str().unwrap();
    assert!(
        codes
            .split(',')
            .any(|code| ours["tracking_numbers"] == code)
    );
    assert_eq!(ours["carrier_code"], send["carrier_code"]);
    let ours = sent("POST /shipments");
    assert_eq!(fields(&ours), fields(&add));
    assert_eq!(ours["shipment_information"], add["shipment_information"]);
    // The example writes the number as a text, the description as a number; we follow the latter.
    assert!(ours["id_order_unit"].is_i64() && add["id_order_unit"].is_string());
}

#[tokio::test]
async fn kauflands_published_bodies_fit_its_description_but_for_one() {
    let (Some(all), Some(description)) = (
        examples("kaufland"),
        Description::load("specs/kaufland/seller-api-v2.27.0.json"),
    ) else {
        return;
    };
    let mut wrong = Vec::new();
    for it in all {
        let text = |name: &str| it[name].as_str().unwrap().to_owned();
        let operation = format!("{} {}", text("method"), text("path"));
        let body = it["body"].to_string();
        let found = description.body(&operation, &["requestBody"], &text("content_type"), &body);
        if !found.is_empty() {
            wrong.push(operation);
        }
    }
    assert!(wrong.contains(&"POST /shipments".to_owned()), "{wrong:?}");
    assert!(
        !wrong.contains(&crate::support::SEND.to_owned()),
        "{wrong:?}"
    );
}

#[tokio::test]
async fn an_answer_without_its_list_is_no_empty_list() {
    let server = MockServer::start().await;
    say_nothing(&server).await;
    let config = KauflandConfig::new(Secret::new("client"), Secret::new("secret"));
    let mut config = config.at(&server.uri());
    config.allow_plain_http = true;
    let kaufland = config.build(TestClock::new()).unwrap();
    no_empty_lists(&kaufland, "MK3BYA4").await;
    no_empty_carrier_list(&kaufland).await;
}
