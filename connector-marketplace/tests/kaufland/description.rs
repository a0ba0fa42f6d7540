//! Kaufland's own description of its API, and everything that is said held against it.

use connector_marketplace::kaufland::sandbox::NewOrder;
use order_core::ports::{Marketplace, TransporterQuery};
use order_core::returns::ReturnDecision;
use serde_json::json;

use crate::common::description::Description;
use crate::common::{
    all_changes, all_open, cancel, cancellation, confirm, edit, order, parcel, tracking,
};
use crate::returns::decide;
use crate::support::{World, mugs_and_lamp, sorted};

fn description() -> Option<Description> {
    Description::load("specs/kaufland/seller-api-v2.27.0.json")
}

/// Everything the connector can say, once.
async fn everything() -> World {
    let world = World::with(|config| config.storefront = Some("de".to_owned())).await;
    let kaufland: &dyn Marketplace = &world.kaufland;
    for number in 0..60 {
        let order = NewOrder::sample(&format!("S{number:03}"), number);
        world.sandbox.add_order(order);
    }
    world.sandbox.add_order(mugs_and_lamp("A1"));
    let (_, cursor) = all_changes(kaufland, None).await;
    all_changes(kaufland, Some(cursor)).await;
    all_open(kaufland).await;
    kaufland.check().await.unwrap();
    let query = TransporterQuery {
        carrier: "ups".to_owned(),
        name: None,
        destination: None,
    };
    kaufland.transporter(query).await.unwrap();

    let whole = sorted(order(kaufland, "A1").await);
    world
        .sandbox
        .request_cancellation(whole.lines[1].pieces[2].as_str());
    let mut first = parcel(&whole, 1, &[1, 2]);
    first.tracking = Some(tracking("1Z12345E0205271688", Some("UPS")));
    confirm(kaufland, first.clone()).await;
    kaufland.find_confirmation(first.clone()).await.unwrap();
    let code = tracking("JJD000390007744400001", Some("DHL"));
    kaufland.edit_tracking(edit(&first, code)).await.unwrap();
    let rest = order(kaufland, "A1").await;
    cancel(kaufland, cancellation(&rest)).await;
    kaufland.orders(vec!["nowhere".into()]).await.unwrap();

    let pieces = &whole.lines[1].pieces;
    let id = world
        .sandbox
        .add_return(&[pieces[0].as_str(), pieces[1].as_str()]);
    kaufland.returns(None).await.unwrap();
    world.sandbox.receive_return(&id);
    let read = kaufland.read_return(id.as_str().into()).await.unwrap();
    let rows: Vec<&str> = read[0].lines.iter().map(|row| row.id.as_str()).collect();
    for (row, decision) in rows
        .iter()
        .zip([ReturnDecision::Accept, ReturnDecision::Refuse])
    {
        kaufland
            .decide_return(decide(&id, &[row], decision))
            .await
            .unwrap();
    }
    kaufland.read_return("1".into()).await.unwrap();
    world
}

#[tokio::test]
async fn every_request_and_every_answer_fits_kauflands_description() {
    let Some(description) = description() else {
        return;
    };
    let world = everything().await;
    let kinds = description.check(&world.sandbox.exchanges());
    for kind in [
        "GET /carriers 200",
        "GET /info/storefront 200",
        "GET /order-units 200",
        "GET /orders/{id_order} 200",
        "GET /orders/{id_order} 404",
        "GET /return-units/{id_return_unit} 200",
        "GET /returns 200",
        "GET /returns/{id_return} 200",
        "GET /returns/{id_return} 404",
        "PATCH /order-units/{id_order_unit}/cancel 204",
        "PATCH /order-units/{id_order_unit}/send 204",
        "PATCH /return-units/{id_return_unit}/accept 204",
        "PATCH /return-units/{id_return_unit}/reject 204",
        "POST /shipments 204",
    ] {
        assert!(kinds.contains(kind), "{kind} was never said: {kinds:#?}");
    }
}

#[tokio::test]
async fn the_check_notices_what_is_wrong() {
    let Some(description) = description() else {
        return;
    };
    let send = "PATCH /order-units/{id_order_unit}/send";
    let wrong = |body: serde_json::Value| {
        let body = body.to_string();
        !description
            .body(send, &["requestBody"], "application/json", &body)
            .is_empty()
    };
    assert!(!wrong(
        json!({ "tracking_numbers": "1", "carrier_code": "DHL" })
    ));
    assert!(wrong(json!({ "tracking_numbers": "1" })));
    assert!(wrong(
        json!({ "tracking_numbers": "1", "carrier_code": "DHL", "more": 1 })
    ));
    assert!(wrong(
        json!({ "tracking_numbers": 1, "carrier_code": "DHL" })
    ));
    for query in [
        "status=shipped",
        "limit=500",
        "sort=ts_created:asc",
        "nonsense=1",
    ] {
        let wrong = description.parameters("GET /order-units", "/order-units", query);
        assert!(!wrong.is_empty(), "{query}");
    }
}
