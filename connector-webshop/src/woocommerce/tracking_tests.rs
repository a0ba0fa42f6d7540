use super::*;
use serde_json::json;

fn order(meta: Value) -> Order {
    serde_json::from_value(json!({
        "id": 1, "status": "completed", "currency": "EUR", "total": "1.00", "meta_data": meta,
        "line_items": [
            {"id": 25, "meta_data": [{"key": "_marketplace_line_id", "value": "OI-1"}]},
            {"id": 26, "meta_data": [{"key": "_marketplace_line_id", "value": "OI-2"}]},
            {"id": 27, "meta_data": []},
        ],
    }))
    .unwrap()
}

fn found(meta: Value) -> Vec<ShopShipment> {
    shipments(&order(meta), &[], &TrackingConfig::default())
}

fn codes(meta: Value) -> Vec<String> {
    found(meta)
        .into_iter()
        .filter_map(|parcel| Some(parcel.tracking?.code))
        .collect()
}

#[test]
fn a_provider_may_be_a_custom_one_and_the_link_is_kept() {
    let parcels = found(json!([{"key": "_wc_shipment_tracking_items", "value": [{
        "tracking_provider": "", "custom_tracking_provider": "Budbee",
        "custom_tracking_link": "https://budbee.example/1", "tracking_number": " B1 ",
        "date_shipped": "2026-11-22", "tracking_id": "abc"
    }]}]));
    let tracking = parcels[0].tracking.clone().unwrap();
    assert_eq!(parcels[0].id.as_str(), "abc");
    assert_eq!(tracking.code, "B1");
    assert_eq!(tracking.carrier_name.as_deref(), Some("Budbee"));
    assert_eq!(tracking.url.as_deref(), Some("https://budbee.example/1"));
    assert_eq!(
        parcels[0].shipped_at.unwrap().to_rfc3339(),
        "2026-11-22T00:00:00+00:00"
    );
}

#[test]
fn a_list_from_which_php_removed_a_row_is_still_a_list() {
    let value = json!({"1": {"tracking_number": "A"}, "3": {"tracking_number": "B"}});
    assert_eq!(
        codes(json!([{"key": "_wc_shipment_tracking_items", "value": value}])),
        ["A", "B"]
    );
}

#[test]
fn an_item_that_names_its_products_tells_what_is_in_the_parcel() {
    let parcels = found(json!([{"key": "_wc_shipment_tracking_items", "value": [{
        "tracking_number": "A",
        "products_list": [{"item_id": "25", "qty": "1"}, {"item_id": 27, "qty": 1}]
    }]}]));
    assert_eq!(
        parcels[0].lines,
        Some(vec![LineQuantity {
            line: "OI-1".into(),
            quantity: 1
        }])
    );
}

#[test]
fn every_plug_in_keeps_its_codes_somewhere_else() {
    for (key, value, expected) in [
        (
            "_postnl_order_metadata",
            json!({"labels": {"label": {"barcode": "3SA"}}}),
            vec!["3SA"],
        ),
        (
            "_postnl_order_metadata",
            json!({"barcodes": [{"value": "3SA"}, {"value": "3SB"}]}),
            vec!["3SA", "3SB"],
        ),
        (
            "_myparcelcom_order_shipments",
            json!([{"barcode": "3SC"}, {"barcode": ""}]),
            vec!["3SC"],
        ),
        (
            "_myparcelnl_order_shipments",
            json!("[{\"barcode\":\"3SD\"}]"),
            vec!["3SD"],
        ),
        (
            "_pr_shipment_dhl_label_tracking",
            json!({"tracking_number": "JVGL1"}),
            vec!["JVGL1"],
        ),
        (
            "_pr_shipment_dhl_label_tracking",
            json!({"tracking_number": ["J1", "J2"]}),
            vec!["J1", "J2"],
        ),
        ("pr_dhl_dp_item_barcode", json!("RX1DE"), vec!["RX1DE"]),
        ("_wot_tracking_number", json!("GLS1"), vec!["GLS1"]),
    ] {
        assert_eq!(
            codes(json!([{"key": key, "value": value}])),
            expected,
            "{key}"
        );
    }
}

#[test]
fn values_that_make_no_sense_are_no_parcels() {
    for value in [
        json!(null),
        json!(true),
        json!(1.5),
        json!(""),
        json!([]),
        json!({}),
        json!([null, 7]),
    ] {
        for key in [
            "_wc_shipment_tracking_items",
            "_postnl_order_metadata",
            "_myparcelcom_order_shipments",
            "_pr_shipment_dhl_label_tracking",
            "_wot_tracking_number",
        ] {
            assert!(
                found(json!([{"key": key, "value": value}])).is_empty(),
                "{key} {value}"
            );
        }
    }
}

#[test]
fn the_same_code_in_two_places_is_one_parcel() {
    let meta = json!([
        {"key": "_wc_shipment_tracking_items", "value": [{"tracking_number": "3s ab", "tracking_provider": "PostNL"}]},
        {"key": "_postnl_order_metadata", "value": {"labels": {"label": {"barcode": "3SAB"}}}},
    ]);
    assert_eq!(codes(meta), ["3s ab"]);
}

#[test]
fn a_seller_can_name_further_places() {
    let mut whole = ExtraTracking::new("_sendcloud");
    whole.carrier = Some("Sendcloud".into());
    let mut inside = ExtraTracking::new("_labels");
    inside.pointer = Some("/0/number".into());
    inside.carrier_pointer = Some("/0/by".into());
    let config = TrackingConfig {
        extra: vec![whole, inside],
        ..TrackingConfig::default()
    };
    let order = order(json!([
        {"key": "_sendcloud", "value": "S1"},
        {"key": "_labels", "value": [{"number": "L1", "by": "UPS"}]},
    ]));
    let parcels = shipments(&order, &[], &config);
    let read: Vec<_> = parcels
        .iter()
        .filter_map(|parcel| parcel.tracking.as_ref())
        .map(|tracking| (tracking.code.as_str(), tracking.carrier_name.as_deref()))
        .collect();
    assert_eq!(read, [("S1", Some("Sendcloud")), ("L1", Some("UPS"))]);
}

#[test]
fn only_finished_fulfilments_are_parcels() {
    let read = |status: &str, finished: Value, deleted: Value| {
        let fulfillment: Fulfillment = serde_json::from_value(json!({
            "id": 1, "status": status, "is_fulfilled": finished, "date_deleted": deleted,
            "meta_data": [{"key": "_items", "value": [{"item_id": 25, "qty": 1}, {"item_id": 25, "qty": 1}]}]
        }))
        .unwrap();
        shipments(
            &order(json!([])),
            &[fulfillment],
            &TrackingConfig::default(),
        )
    };
    for finished in [json!(true), json!("1")] {
        let parcels = read("fulfilled", finished, json!(null));
        assert_eq!(
            parcels[0].lines,
            Some(vec![LineQuantity {
                line: "OI-1".into(),
                quantity: 2
            }])
        );
        assert_eq!(parcels[0].tracking, None);
    }
    assert!(read("unfulfilled", json!(false), json!(null)).is_empty());
    assert!(read("fulfilled", json!(""), json!(null)).is_empty());
    assert!(read("fulfilled", json!(true), json!("2026-11-22T21:45:49Z")).is_empty());
}
