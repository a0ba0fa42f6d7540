//! Mirakl's own description of its API, and everything that is said held against it.

use connector_marketplace::mirakl::sandbox::{Exchange, NewLine, NewOrder};
use order_core::ports::{AcceptRequest, Marketplace, Outcome, TransporterQuery};
use order_core::returns::ReturnDecision;
use serde_json::json;

use crate::common::description::Description;
use crate::common::{
    all_changes, all_open, cancel, cancellation, confirm, edit, order, parcel, tracking,
};
use crate::returns::decide;
use crate::support::{World, mugs_and_lamp, settings};

/// Paging is described in prose alone.
const PAGING: &[(&str, &str)] = &[
    ("GET /api/orders", "max"),
    ("GET /api/orders", "offset"),
    ("GET /api/shipments", "limit"),
    ("GET /api/shipments", "page_token"),
    ("GET /api/returns", "limit"),
    ("GET /api/returns", "page_token"),
];

fn description() -> Option<Description> {
    Some(Description::load("specs/mirakl/mmp-seller-openapi.json")?.with_prose(PAGING))
}

/// Everything the connector can say, once, with one and with several shipments per order.
async fn everything(multi_shipment: bool, can_cancel: bool) -> Vec<Exchange> {
    let mut settings = settings(multi_shipment);
    settings.can_cancel = can_cancel;
    let world = World::with(settings, |config| config.shop_id = Some(2000)).await;
    let mirakl: &dyn Marketplace = &world.mirakl;
    for number in 0..101 {
        let order = NewOrder::sample(&format!("S{number:03}-A"), number);
        world.sandbox.add_order(order);
    }
    let waiting = mugs_and_lamp("W-A").in_state("WAITING_ACCEPTANCE");
    world.sandbox.add_order(waiting);
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    let mut taxed = NewOrder::new("T-A");
    taxed.tax_mode = "TAX_EXCLUDED".to_owned();
    for sku in ["MUG-01", "LAMP-02"] {
        let mut line = NewLine::new(sku, 1, 1000);
        line.tax_cents = 210;
        line.shipping_cents = 395;
        taxed = taxed.with_line(line);
    }
    world.sandbox.add_order(taxed);
    let (_, cursor) = all_changes(mirakl, None).await;
    all_changes(mirakl, Some(cursor)).await;
    all_open(mirakl).await;
    mirakl.check().await.unwrap();

    let waiting = order(mirakl, "W-A").await;
    let accept = AcceptRequest {
        order: waiting.id.clone(),
        reference: "x".to_owned(),
        lines: waiting
            .lines
            .iter()
            .map(|line| line.id.clone())
            .take(1)
            .collect(),
    };
    mirakl.accept(accept).await.unwrap();
    let query = TransporterQuery {
        carrier: "ups".to_owned(),
        name: None,
        destination: None,
    };
    mirakl.transporter(query).await.unwrap();

    let whole = order(mirakl, "A-A").await;
    let mut first = parcel(&whole, 1, if multi_shipment { &[1, 0] } else { &[3, 1] });
    first.tracking = Some(tracking("1Z12345E0205271688", Some("UPS")));
    mirakl.find_confirmation(first.clone()).await.unwrap();
    confirm(mirakl, first.clone()).await;
    let mut other = tracking("XY123", None);
    other.transporter_name = Some("Bike courier".to_owned());
    other.url = Some("https://bikes.example/XY123".to_owned());
    mirakl.edit_tracking(edit(&first, other)).await.unwrap();
    mirakl.find_confirmation(first).await.unwrap();

    let taxed = order(mirakl, "T-A").await;
    let mut some = cancellation(&taxed);
    some.lines.truncate(1);
    cancel(mirakl, some).await;
    let rest = order(mirakl, "T-A").await;
    cancel(mirakl, cancellation(&rest)).await;
    let sample = order(mirakl, "S001-A").await;
    cancel(mirakl, cancellation(&sample)).await;
    returns(&world).await;
    world.sandbox.exchanges()
}

async fn returns(world: &World) {
    let mirakl = &world.mirakl;
    for judge in [ReturnDecision::Accept, ReturnDecision::Refuse] {
        let id = world.sandbox.add_return("A-A", &[("A-A-1", 1)]);
        let page = mirakl.returns(None).await.unwrap();
        mirakl.returns(Some(page.next)).await.unwrap();
        let refused = world.sandbox.add_return("A-A", &[("A-A-2", 1)]);
        mirakl
            .decide_return(decide(&refused, "A-A-2", ReturnDecision::Refuse))
            .await
            .unwrap();
        mirakl
            .decide_return(decide(&id, "A-A-1", ReturnDecision::Accept))
            .await
            .unwrap();
        world.sandbox.receive_return(&id);
        mirakl
            .decide_return(decide(&id, "A-A-1", judge))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn every_request_and_every_answer_fits_mirakls_description() {
    let Some(description) = description() else {
        return;
    };
    let mut kinds = std::collections::BTreeSet::new();
    for (multi_shipment, can_cancel) in [(false, true), (true, true), (true, false)] {
        kinds.extend(description.check(&everything(multi_shipment, can_cancel).await));
    }
    for kind in [
        "GET /api/account 200",
        "GET /api/orders 200",
        "GET /api/reasons 200",
        "GET /api/shipments 200",
        "GET /api/shipping/carriers 200",
        "GET /api/returns 200",
        "POST /api/shipments 201",
        "POST /api/shipments/tracking 200",
        "PUT /api/orders/cancel 200",
        "PUT /api/orders/refund 200",
        "PUT /api/returns/accept 200",
        "PUT /api/returns/compliance 200",
        "PUT /api/orders/{order_id}/accept 204",
        "PUT /api/orders/{order_id}/cancel 204",
        "PUT /api/orders/{order_id}/ship 204",
        "PUT /api/orders/{order_id}/tracking 204",
    ] {
        assert!(kinds.contains(kind), "{kind} was never said: {kinds:#?}");
    }
}

#[tokio::test]
async fn the_check_notices_what_is_wrong() {
    let Some(description) = description() else {
        return;
    };
    let shipments = "POST /api/shipments";
    let request = ["requestBody"];
    let json_type = "application/json";
    let right = json!({ "shipments": [{ "order_id": "A", "shipped": true,
        "shipment_lines": [{ "order_line_id": "A-1", "quantity": 1 }] }] });
    let wrong = |body: serde_json::Value| {
        !description
            .body(shipments, &request, json_type, &body.to_string())
            .is_empty()
    };
    assert!(!wrong(right.clone()));
    let mut nothing = right.clone();
    nothing["shipments"][0]["shipment_lines"][0]["quantity"] = json!(0);
    assert!(wrong(nothing));
    let mut text = right.clone();
    text["shipments"][0]["shipped"] = json!("yes");
    assert!(wrong(text));
    assert!(wrong(json!({})));
    let form = description.body(shipments, &request, "text/plain", &right.to_string());
    assert!(!form.is_empty(), "another media type");
    for query in ["order_state_codes=OPEN", "nonsense=1", "shop_id=abc"] {
        let wrong = description.parameters("GET /api/orders", "/api/orders", query);
        assert!(!wrong.is_empty(), "{query}");
    }
    let path = "/api/orders//ship";
    let wrong = description.parameters("PUT /api/orders/{order_id}/ship", path, "");
    assert!(!wrong.is_empty());
}

#[tokio::test]
async fn accepting_some_lines_refuses_the_others() {
    let world = World::new(false).await;
    let waiting = mugs_and_lamp("W-A").in_state("WAITING_ACCEPTANCE");
    world.sandbox.add_order(waiting);
    let mirakl: &dyn Marketplace = &world.mirakl;
    let waiting = order(mirakl, "W-A").await;
    let request = AcceptRequest {
        order: waiting.id.clone(),
        reference: "x".to_owned(),
        lines: vec![waiting.lines[0].id.clone()],
    };
    let outcome = mirakl.accept(request.clone()).await.unwrap();
    assert!(matches!(outcome, Outcome::Done { .. }), "{outcome:?}");
    assert_eq!(mirakl.accept(request).await.unwrap(), Outcome::AlreadyDone);
    world.sandbox.debit("W-A");
    let order = order(mirakl, "W-A").await;
    let lines: Vec<_> = order
        .lines
        .iter()
        .map(order_core::order::Line::open)
        .collect();
    assert_eq!(lines, [3, 0]);
    assert!(order.lines[1].cancelled == 1 && !order.is_cancelled());
}
