use super::*;
use connector_http::Secret;
use serde_json::json;

fn config() -> VendureConfig {
    let credentials = super::super::config::VendureCredentials::ApiKey(Secret::new("k"));
    VendureConfig::new("https://shop.example/admin-api", credentials)
}

fn read(change: impl FnOnce(&mut Value), config: &VendureConfig) -> ShopOrder {
    let mut value = json!({
        "id": "1", "code": "UKZC", "state": "PartiallyShipped", "currencyCode": "EUR",
        "totalWithTax": 2603, "updatedAt": "2026-11-22T21:52:33.000Z", "aNewField": {"x": 1},
        "customFields": {"marketplaceOrderId": "bol:A-1"},
        "lines": [
            {"id": "1", "quantity": 2, "productVariant": {"id": "10"},
             "customFields": {"marketplaceLineId": "OI-1"}},
            {"id": "2", "quantity": 1, "productVariant": {"id": "11"},
             "customFields": {"marketplaceLineId": null}},
        ],
        "fulfillments": [
            {"id": "10", "state": "Shipped", "method": "PostNL", "trackingCode": "3SB",
             "updatedAt": "2026-11-22T21:52:36.000Z", "lines": [{"orderLineId": "1", "quantity": 1}]},
            {"id": "9", "state": "Delivered", "method": "", "trackingCode": "",
             "createdAt": "2026-11-22T21:00:00.000Z", "updatedAt": "2026-11-22T23:00:00.000Z",
             "lines": [{"orderLineId": "1", "quantity": 1}, {"orderLineId": "2", "quantity": 1}]},
            {"id": "11", "state": "Pending", "method": "x", "trackingCode": "NOT-YET", "lines": []},
            {"id": "12", "state": "Cancelled", "method": "x", "trackingCode": "NO", "lines": []},
            {"id": "13", "state": "Lost", "method": "x", "trackingCode": "NO", "lines": null},
        ],
    });
    change(&mut value);
    order(&serde_json::from_value(value).unwrap(), config).unwrap()
}

#[test]
fn only_parcels_that_left_are_parcels_and_each_says_when_and_what() {
    let order = read(|_| {}, &config());
    let ids: Vec<&str> = order
        .shipments
        .iter()
        .map(|parcel| parcel.id.as_str())
        .collect();
    assert_eq!(ids, ["9", "10"]);
    assert_eq!(order.shipments[0].tracking, None);
    assert_eq!(
        order.shipments[0].lines,
        Some(vec![LineQuantity {
            line: "OI-1".into(),
            quantity: 1
        }])
    );
    assert_eq!(
        order.shipments[0].shipped_at.unwrap().to_rfc3339(),
        "2026-11-22T21:00:00+00:00"
    );
    let tracking = order.shipments[1].tracking.clone().unwrap();
    assert_eq!(
        (tracking.code.as_str(), tracking.carrier_name.as_deref()),
        ("3SB", Some("PostNL"))
    );
    assert_eq!(order.total.to_string(), "26.03 EUR");
    assert_eq!(order.key, Some(ExternalKey::new("bol", "A-1")));
}

#[test]
fn without_a_field_the_payment_tells_which_line_is_which() {
    let config = config().without_custom_fields();
    let order = read(
        |value| {
            value["customFields"] = json!(null);
            value["payments"] = json!([{"state": "Settled", "transactionId": "bol:A-1", "metadata": {
                "orderConnection": {"lines": [
                    {"shopLine": "1", "line": "A", "quantity": 1},
                    {"shopLine": "1", "line": "B", "quantity": 1},
                    {"shopLine": "2", "line": "C", "quantity": 1}]}}}]);
        },
        &config,
    );
    let lines = |at: usize| -> Vec<(String, u32)> {
        let lines = order.shipments[at].lines.clone().unwrap();
        lines
            .into_iter()
            .map(|line| (line.line.to_string(), line.quantity))
            .collect()
    };
    assert_eq!(lines(0), [("A".to_owned(), 1), ("C".to_owned(), 1)]);
    assert_eq!(lines(1), [("B".to_owned(), 1)]);
    assert_eq!(order.key, Some(ExternalKey::new("bol", "A-1")));
}

#[test]
fn a_parcel_of_an_order_that_is_not_ours_does_not_say_what_is_in_it() {
    let order = read(
        |value| value["lines"][0]["customFields"] = json!(null),
        &config(),
    );
    assert!(order.shipments.iter().all(|parcel| parcel.lines.is_none()));
}

#[test]
fn states_are_mapped_and_an_unknown_one_moves_nothing() {
    let config = config();
    for (text, expected) in [
        ("Draft", ShopState::Draft),
        ("AddingItems", ShopState::Draft),
        ("ArrangingPayment", ShopState::Draft),
        ("PaymentAuthorized", ShopState::Open),
        ("PaymentSettled", ShopState::Open),
        ("PartiallyShipped", ShopState::Open),
        ("PartiallyDelivered", ShopState::Open),
        ("Modifying", ShopState::Open),
        ("ArrangingAdditionalPayment", ShopState::Open),
        ("Shipped", ShopState::Completed),
        ("Delivered", ShopState::Completed),
        ("Cancelled", ShopState::Cancelled),
        ("PickedByRobot", ShopState::Unknown),
    ] {
        assert_eq!(state(text, &config), expected, "{text}");
    }
    let order = read(|value| value["state"] = json!("PickedByRobot"), &config);
    assert_eq!(order.raw_state, "PickedByRobot");
    let mut own = config;
    own.open_states.push("PickedByRobot".into());
    assert_eq!(state("PickedByRobot", &own), ShopState::Open);
}

#[test]
fn a_shop_that_counts_in_whole_yen_is_read_as_such() {
    let mut config = config();
    config.money_precision = 0;
    let order = read(|value| value["currencyCode"] = json!("JPY"), &config);
    assert_eq!(order.total.to_string(), "2603 JPY");
}
