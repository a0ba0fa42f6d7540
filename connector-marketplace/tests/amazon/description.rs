//! Amazon's own models of its API, and everything that is said held against them.

use connector_marketplace::amazon::sandbox::{Exchange, NewOrder};
use order_core::ports::{Marketplace, Outcome};
use serde_json::{Value, json};

use crate::common::description::Description;
use crate::common::{all_changes, all_open, cancellation, confirm, edit, order, parcel, tracking};
use crate::support::{A1, CONFIRM, FEED, World, mugs_and_lamp, settings};

/// The models with the operations that are used of each.
fn descriptions() -> Option<Vec<Description>> {
    [
        "orders_2026-01-01",
        "ordersV0",
        "feeds_2021-06-30",
        "sellers",
    ]
    .iter()
    .map(|name| Description::load(&format!("specs/amazon/{name}.json")))
    .collect()
}

/// Everything the connector can say, once.
async fn everything() -> Vec<Exchange> {
    let mut settings = settings();
    settings.packed_reports = true;
    let world = World::with(settings, |config| {
        config.include_fulfilled_by_amazon = true;
        config.marketplace_ids.push("A1805IZSGTT6HS".to_owned());
        config.text_without_code = Some("none".to_owned());
    })
    .await;
    let amazon: &dyn Marketplace = &world.amazon;
    world.sandbox.add_order(mugs_and_lamp(A1));
    for number in 0..101 {
        let order = NewOrder::sample(&format!("902-1000000-{number:07}"), number);
        world.sandbox.add_order(order);
    }
    let pending = mugs_and_lamp("902-2000000-0000001").in_status("PENDING");
    world.sandbox.add_order(pending);
    let (_, cursor) = all_changes(amazon, None).await;
    all_changes(amazon, Some(cursor)).await;
    all_open(amazon).await;
    amazon.check().await.unwrap();
    let whole = order(amazon, A1).await;
    let mut first = parcel(&whole, 1, &[2, 0]);
    first.tracking = Some(tracking("1Z12345E0205271688", Some("UPS")));
    confirm(amazon, first.clone()).await;
    confirm(amazon, parcel(&whole, 2, &[1, 1])).await;
    amazon.find_confirmation(first.clone()).await.unwrap();
    let mut other = tracking("3SABC", Some("Other"));
    other.transporter_name = Some("PostNL".to_owned());
    amazon.edit_tracking(edit(&first, other)).await.unwrap();
    amazon
        .orders(vec!["902-9999999-9999999".into()])
        .await
        .unwrap();

    let sample = order(amazon, "902-1000000-0000001").await;
    let mut request = cancellation(&sample);
    let Outcome::Continue(checkpoint) = amazon.cancel(request.clone()).await.unwrap() else {
        panic!("one of two")
    };
    request.resume = Some(checkpoint);
    let Outcome::Submitted(ticket) = amazon.cancel(request).await.unwrap() else {
        panic!("a feed")
    };
    amazon.ticket(ticket.clone()).await.unwrap();
    world.let_it_happen();
    amazon.ticket(ticket).await.unwrap();
    let exchanges = world.sandbox.exchanges();
    let of_amazon = |it: &Exchange| it.seen.operation.contains(" /");
    exchanges.into_iter().filter(of_amazon).collect()
}

#[tokio::test]
async fn every_request_and_every_answer_fits_amazons_models() {
    let Some(descriptions) = descriptions() else {
        return;
    };
    let exchanges = everything().await;
    let mut kinds = std::collections::BTreeSet::new();
    for description in &descriptions {
        let known = |it: &&Exchange| description.operation(&it.seen.operation).is_some();
        let theirs: Vec<Exchange> = exchanges.iter().filter(known).cloned().collect();
        kinds.extend(description.check(&theirs));
    }
    for kind in [
        "GET /feeds/2021-06-30/documents/{feedDocumentId} 200",
        "GET /feeds/2021-06-30/feeds/{feedId} 200",
        "GET /orders/2026-01-01/orders 200",
        "GET /orders/2026-01-01/orders/{orderId} 200",
        "GET /orders/2026-01-01/orders/{orderId} 404",
        "GET /sellers/v1/marketplaceParticipations 200",
        "POST /feeds/2021-06-30/documents 201",
        "POST /feeds/2021-06-30/feeds 202",
        "POST /orders/v0/orders/{orderId}/shipmentConfirmation 204",
    ] {
        assert!(kinds.contains(kind), "{kind} was never said: {kinds:#?}");
    }
    let said = exchanges
        .iter()
        .map(|it| format!("{} {}", it.seen.operation, it.status));
    for kind in said {
        assert!(kinds.contains(&kind), "{kind} is in no model");
    }
}

#[tokio::test]
async fn the_check_notices_what_is_wrong() {
    let Some(descriptions) = descriptions() else {
        return;
    };
    let right = json!({ "marketplaceId": "A1PA6795UKMFR9", "packageDetail": {
        "packageReferenceId": "1", "carrierCode": "UPS", "trackingNumber": "1Z",
        "shipDate": "2026-01-02T10:00:00Z",
        "orderItems": [{ "orderItemId": "1", "quantity": 1 }] } });
    let wrong = |body: &Value| {
        !descriptions[1]
            .body(
                CONFIRM,
                &["requestBody"],
                "application/json",
                &body.to_string(),
            )
            .is_empty()
    };
    assert!(!wrong(&right));
    // A number in place of a text is what Amazon refuses, and what others have tripped over.
    let mut number = right.clone();
    number["packageDetail"]["packageReferenceId"] = json!(1);
    assert!(wrong(&number));
    let mut date = right.clone();
    date["packageDetail"]["shipDate"] = json!("02/21/2022");
    assert!(wrong(&date));
    let mut items = right.clone();
    items["packageDetail"]["orderItems"] = json!({ "orderItemId": "1", "quantity": 1 });
    assert!(wrong(&items));
    let feed = json!({ "feedType": "X", "inputFeedDocumentId": "1" }).to_string();
    let body = descriptions[2].body(FEED, &["requestBody"], "application/json", &feed);
    assert!(!body.is_empty(), "marketplaceIds is missing");
    for query in [
        "fulfillmentStatuses=OPEN",
        "includedData=BUYER,SECRETS",
        "lastUpdatedAfter=yesterday",
        "nonsense=1",
    ] {
        let path = "/orders/2026-01-01/orders";
        let wrong = descriptions[0].parameters(&format!("GET {path}"), path, query);
        assert!(!wrong.is_empty(), "{query}");
    }
}
