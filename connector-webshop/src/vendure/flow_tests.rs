use super::*;
use crate::sums::{self, tests::order};
use connector_http::Secret;
use serde_json::json;

fn config() -> VendureConfig {
    let credentials = super::super::config::VendureCredentials::ApiKey(Secret::new("k"));
    VendureConfig::new("https://shop.example/admin-api", credentials)
}

/// A draft of the order `[(2, 999), (1, 605)]` in which everything is done.
fn complete() -> Value {
    json!({
        "id": "1", "code": "C", "state": "Draft", "currencyCode": "EUR", "totalWithTax": 2603,
        "customFields": {"marketplaceOrderId": "bol:A-1"},
        "lines": [
            {"id": "1", "quantity": 2, "productVariant": {"id": "10"},
             "customFields": {"marketplaceLineId": "OI-1", "marketplaceUnitPrice": 999}},
            {"id": "2", "quantity": 1, "productVariant": {"id": "11"},
             "customFields": {"marketplaceLineId": "OI-2", "marketplaceUnitPrice": 605}},
        ],
        "customer": {"id": "1"},
        "shippingAddress": {"countryCode": "NL"}, "billingAddress": {"countryCode": "NL"},
        "shippingLines": [{"shippingMethod": {"id": "1"}}], "payments": null, "fulfillments": null,
    })
}

fn step(change: impl FnOnce(&mut Value)) -> Step {
    let order = order(&[(2, 999), (1, 605)], 0, 0);
    let sums = sums::plan(&order).unwrap();
    let wanted = wanted_lines(&order, &sums, &config());
    let mut draft = complete();
    change(&mut draft);
    next(
        &serde_json::from_value(draft).unwrap(),
        &wanted,
        sums.total,
        &config(),
    )
}

#[test]
fn every_step_follows_from_what_the_draft_lacks() {
    assert_eq!(
        step(|draft| draft["customFields"] = json!({"marketplaceOrderId": null})),
        Step::Stamp
    );
    assert!(
        matches!(step(|draft| draft["lines"] = json!([])), Step::Lines(changes) if changes.len() == 2)
    );
    assert_eq!(
        step(|draft| draft["customer"] = json!(null)),
        Step::Customer
    );
    assert_eq!(
        step(|draft| draft["billingAddress"] = json!({})),
        Step::Addresses
    );
    assert_eq!(
        step(|draft| draft["shippingLines"] = json!([])),
        Step::Shipping
    );
    assert_eq!(
        step(|draft| draft["totalWithTax"] = json!(2602)),
        Step::TotalDiffers
    );
    assert_eq!(step(|_| {}), Step::ArrangePayment);
    assert_eq!(
        step(|draft| draft["state"] = json!("ArrangingPayment")),
        Step::Pay
    );
    assert_eq!(
        step(|draft| draft["state"] = json!("AddingItems")),
        Step::Stuck
    );
    for placed in ["PaymentSettled", "Shipped", "Cancelled", "SomethingNew"] {
        assert_eq!(step(|draft| draft["state"] = json!(placed)), Step::Placed);
    }
}

#[test]
fn a_sum_is_never_paid_unless_it_agrees() {
    assert_eq!(
        step(|draft| {
            draft["state"] = json!("ArrangingPayment");
            draft["totalWithTax"] = json!(2604);
        }),
        Step::TotalDiffers
    );
}

#[test]
fn a_line_that_was_added_twice_or_cut_short_is_set_right() {
    let changes = step(|draft| draft["lines"][0]["quantity"] = json!(4));
    assert_eq!(
        changes,
        Step::Lines(vec![LineChange::Adjust(json!({
            "orderLineId": "1", "quantity": 2,
            "customFields": {"marketplaceLineId": "OI-1", "marketplaceUnitPrice": 999},
        }))])
    );
}

#[test]
fn a_line_that_does_not_belong_there_is_removed_first() {
    let changes = step(|draft| {
        draft["lines"][1] = json!({"id": "9", "quantity": 1, "productVariant": {"id": "99"}});
    });
    let Step::Lines(changes) = changes else {
        panic!("{changes:?}")
    };
    assert_eq!(changes[0], LineChange::Remove("9".into()));
    assert!(matches!(changes[1], LineChange::Add(_)));
}

#[test]
fn a_sum_that_does_not_divide_by_the_pieces_becomes_two_prices() {
    let mut order = order(&[(3, 100)], 0, 0);
    order.lines[0].discount = sums::tests::euro(1);
    order.total = sums::tests::euro(299);
    let wanted = wanted_lines(&order, &sums::plan(&order).unwrap(), &config());
    let prices: Vec<_> = wanted
        .iter()
        .map(|line| (line.quantity, line.price))
        .collect();
    assert_eq!(prices, [(1, Some(99)), (2, Some(100))]);
}

#[test]
fn a_shop_without_fields_puts_equal_articles_together_and_the_map_takes_them_apart() {
    let config = config().without_custom_fields();
    let mut order = order(&[(2, 999), (1, 999)], 0, 0);
    order.lines[1].product.id = "10".into();
    let wanted = wanted_lines(&order, &sums::plan(&order).unwrap(), &config);
    assert_eq!((wanted.len(), wanted[0].quantity), (1, 3));
    let stored = json!({
        "id": "1", "code": "C", "state": "Draft", "currencyCode": "EUR", "totalWithTax": 1,
        "lines": [{"id": "7", "quantity": 3, "productVariant": {"id": "10"}}],
    });
    let stored: Order = serde_json::from_value(stored).unwrap();
    assert_eq!(
        line_map(&stored, &wanted, &config),
        [
            json!({"shopLine": "7", "line": "OI-1", "quantity": 2}),
            json!({"shopLine": "7", "line": "OI-2", "quantity": 1}),
        ]
    );
    let empty: Order = serde_json::from_value(json!({
        "id": "1", "code": "C", "state": "Draft", "currencyCode": "EUR", "totalWithTax": 0,
    }))
    .unwrap();
    let Step::Lines(changes) = next(&empty, &wanted, 0, &config) else {
        panic!()
    };
    assert_eq!(
        changes,
        [LineChange::Add(
            json!({"productVariantId": "10", "quantity": 3})
        )]
    );
}
