//! Sums and taxes in a real WooCommerce.

use connector_webshop::woocommerce::WooCommerce;
use order_core::ports::{CreateProgress, NewOrder, ShopCancel};
use order_core::shop::{ShopOrder, ShopState};
use rust_decimal::Decimal;
use serde_json::Value;

use crate::live::{
    address, build, cancel, config, connect, create, euro, finish, order, read, with_shop,
};
use crate::shop::Shop;

fn decimal(value: &Value) -> Decimal {
    value.as_str().unwrap().parse().unwrap()
}

/// The order in the shop comes to the sum, and its parts come to the same.
async fn exact(shop: &Shop, via: &WooCommerce, new: &NewOrder) -> (ShopOrder, Value) {
    let created = create(via, new).await;
    assert_eq!(created.total, new.total);
    let stored = shop.order(created.id.as_str());
    let sum: Decimal = ["line_items", "shipping_lines", "fee_lines"]
        .iter()
        .flat_map(|part| stored[part].as_array().unwrap())
        .map(|line| decimal(&line["total"]) + decimal(&line["total_tax"]))
        .sum();
    assert_eq!(sum, new.total.amount, "{stored}");
    (created, stored)
}

#[tokio::test]
async fn mixed_rates_shipping_and_discounts_come_to_the_cent() {
    let shop = with_shop!();
    let via = connect(shop);
    let mut new = order(
        shop,
        &via,
        "MIXED",
        &[("TB-001", 2, 999), ("BK-003", 1, 1250), ("FL-002", 3, 99)],
    )
    .await;
    new.shipping = euro(499);
    new.lines[0].discount = euro(101);
    new.discount = euro(3);
    new.total = euro(1998 - 101 + 1250 + 297 + 499 - 3);
    let (_, stored) = exact(shop, &via, &new).await;
    let mut rates: Vec<Decimal> = stored["tax_lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| Decimal::try_from(line["rate_percent"].as_f64().unwrap()).unwrap())
        .collect();
    rates.sort();
    assert_eq!(rates, [Decimal::from(9), Decimal::from(21)]);
}

#[tokio::test]
async fn every_price_from_one_cent_up_comes_to_the_cent() {
    let shop = with_shop!();
    let via = connect(shop);
    for (at, price) in [1, 2, 3, 7, 33, 49, 67, 101, 777, 1003, 33_333, 99_999]
        .into_iter()
        .enumerate()
    {
        let quantity = u32::try_from(at % 7 + 1).unwrap();
        let key = format!("CENT-{price}");
        let new = order(
            shop,
            &via,
            &key,
            &[
                ("TB-001", quantity, price),
                ("FL-002", 3, price),
                ("BK-003", 1, price),
            ],
        )
        .await;
        exact(shop, &via, &new).await;
    }
}

#[tokio::test]
async fn another_countrys_tax_is_put_on_and_the_sum_stays() {
    let shop = with_shop!();
    let via = connect(shop);
    for (country, rate) in [("NL", 21), ("DE", 19)] {
        let key = format!("COUNTRY-{country}");
        let mut new = order(shop, &via, &key, &[("TB-001", 3, 1999)]).await;
        new.ship_to = address(country);
        new.bill_to = address(country);
        new.lines[0].vat_percent = Some(21.into());
        let (_, stored) = exact(shop, &via, &new).await;
        let tax = decimal(&stored["total_tax"]);
        let gross = new.total.amount;
        let rate = Decimal::from(rate);
        let wanted = gross - gross / (Decimal::ONE + rate / Decimal::ONE_HUNDRED);
        assert!(
            (tax - wanted).abs() < Decimal::new(1, 2),
            "{country}: {tax}"
        );
    }
}

#[tokio::test]
async fn a_country_without_a_rate_is_entered_untaxed_unless_the_settings_forbid_it() {
    let shop = with_shop!();
    let mut new = order(shop, &connect(shop), "FR", &[("TB-001", 1, 1999)]).await;
    new.ship_to = address("FR");
    new.bill_to = address("FR");
    new.lines[0].vat_percent = Some(20.into());
    let mut strict = config(shop);
    strict.untaxed_where_no_rate = false;
    match finish(&build(strict), &new, None).await {
        CreateProgress::TotalDiffers { actual, inert, .. } => {
            assert!(inert);
            assert_ne!(actual, new.total);
        }
        other => panic!("{other:?}"),
    }
    let (_, stored) = exact(shop, &connect(shop), &new).await;
    assert_eq!(decimal(&stored["total_tax"]), Decimal::ZERO);
}

/// Article, pieces, cents a piece.
type Part = (&'static str, u32, i64);

#[tokio::test]
async fn every_piece_of_an_awkward_order_can_be_taken_off() {
    let shop = with_shop!();
    let via = connect(shop);
    let orders: [(&str, &[Part]); 3] = [
        (
            "OFF-1",
            &[("TB-001", 3, 33), ("BK-003", 2, 99), ("FL-002", 3, 1)],
        ),
        ("OFF-2", &[("FL-002", 7, 67), ("BK-003", 3, 333)]),
        (
            "OFF-3",
            &[("TB-001", 2, 1999), ("FL-002", 2, 995), ("BK-003", 2, 5)],
        ),
    ];
    for (key, parts) in orders {
        let mut new = order(shop, &via, key, parts).await;
        new.discount = euro(7);
        new.total.amount -= Decimal::new(7, 2);
        let created = create(&via, &new).await;
        for (at, (_, pieces, _)) in parts.iter().enumerate() {
            let line = format!("L{}", at + 1);
            for _ in 0..*pieces {
                let done = cancel(&via, &created.id, &[(&line, 1)]).await;
                assert_eq!(done, ShopCancel::Done, "{key} {line}");
            }
        }
        let after = read(&via, &created.id).await;
        assert_eq!(
            after.state,
            ShopState::Cancelled,
            "{key}: {}",
            after.raw_state
        );
    }
}
