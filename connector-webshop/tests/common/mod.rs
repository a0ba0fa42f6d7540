//! What the tests of every webshop share: orders, and taking them through their steps.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "every test program uses its own part of this"
)]

use order_core::address::Address;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::money::{Currency, Money};
use order_core::ports::{
    CancelReason, CancelShopOrder, Checkpoint, CreateOrder, CreateProgress, NewLine, NewOrder,
    ProductMatch, ProductQuery, ProductRef, ShopCancel, ShopRead, Webshop,
};
use order_core::shipment::LineQuantity;
use order_core::shop::{ShopOrder, ShopState};

/// More steps than an order ever takes.
pub(crate) const MOST_STEPS: usize = 25;

pub(crate) fn euro(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

pub(crate) fn address(country: &str) -> Address {
    let mut address = Address::from_lines(["Dorpstraat 12 bis".to_owned()]);
    address.first_name = Some("Jan".into());
    address.last_name = Some("de Vries".into());
    address.city = Some("Utrecht".into());
    address.postal_code = Some("3511 AB".into());
    address.country = country.parse().ok();
    address
}

pub(crate) fn asked(sku: Option<&str>, gtin: Option<&str>) -> ProductQuery {
    ProductQuery {
        line: "x".into(),
        sku: sku.map(Into::into),
        gtin: gtin.map(Into::into),
    }
}

pub(crate) async fn find(
    shop: &dyn Webshop,
    sku: Option<&str>,
    gtin: Option<&str>,
) -> ProductMatch {
    let query = asked(sku, gtin);
    shop.products(vec![query]).await.unwrap().remove(0)
}

pub(crate) async fn product(shop: &dyn Webshop, sku: &str) -> ProductRef {
    match find(shop, Some(sku), None).await {
        ProductMatch::Found(product) => product,
        other => panic!("{sku}: {other:?}"),
    }
}

/// An order of (article, pieces, cents a piece) under its own key.
pub(crate) async fn order(shop: &dyn Webshop, key: &str, lines: &[(&str, u32, i64)]) -> NewOrder {
    let mut new_lines = Vec::new();
    let mut sum = 0;
    for (at, (sku, quantity, price)) in lines.iter().enumerate() {
        sum += i64::from(*quantity) * price;
        new_lines.push(NewLine {
            line: format!("L{}", at + 1).into(),
            product: product(shop, sku).await,
            title: (*sku).into(),
            quantity: *quantity,
            unit_price: euro(*price),
            discount: euro(0),
            vat_percent: None,
        });
    }
    NewOrder {
        key: ExternalKey::new("bol", key),
        placed_at: chrono::DateTime::UNIX_EPOCH,
        lines: new_lines,
        shipping: euro(0),
        shipping_method: None,
        discount: euro(0),
        total: euro(sum),
        currency: Currency::EUR,
        ship_to: address("NL"),
        bill_to: address("NL"),
        ship_by: None,
        sent_elsewhere: false,
    }
}

pub(crate) async fn step(
    shop: &dyn Webshop,
    order: &NewOrder,
    resume: Option<Checkpoint>,
) -> CreateProgress {
    let request = CreateOrder {
        order: order.clone(),
        resume,
    };
    shop.create_order(request).await.unwrap()
}

/// Goes on until something other than "go on" comes.
pub(crate) async fn finish(
    shop: &dyn Webshop,
    order: &NewOrder,
    mut resume: Option<Checkpoint>,
) -> CreateProgress {
    for _ in 0..MOST_STEPS {
        match step(shop, order, resume).await {
            CreateProgress::Continue { checkpoint, .. } => resume = Some(checkpoint),
            other => return other,
        }
    }
    panic!("the order is not finished after {MOST_STEPS} steps");
}

pub(crate) async fn create(shop: &dyn Webshop, order: &NewOrder) -> ShopOrder {
    match finish(shop, order, None).await {
        CreateProgress::Created(created) => *created,
        other => panic!("not created: {other:?}"),
    }
}

/// Loses the checkpoint after so many steps, and goes on from what the shop has. Nothing where the
/// order is finished before.
pub(crate) async fn crash(shop: &dyn Webshop, order: &NewOrder, after: usize) -> Option<ShopOrder> {
    let mut resume = None;
    for _ in 0..after {
        match step(shop, order, resume.take()).await {
            CreateProgress::Continue { checkpoint, .. } => resume = Some(checkpoint),
            CreateProgress::Created(_) => return None,
            other => panic!("step {after}: {other:?}"),
        }
    }
    let mut found = shop.find_orders(order.key.clone()).await.unwrap();
    assert_eq!(found.len(), 1, "after step {after}");
    let found = found.remove(0);
    assert_eq!(found.order.state, ShopState::Draft, "after step {after}");
    assert!(found.resume.is_some(), "after step {after}");
    match finish(shop, order, found.resume).await {
        CreateProgress::Created(created) => Some(*created),
        other => panic!("after step {after}: {other:?}"),
    }
}

/// Sends every step twice from the same checkpoint, as after a lost answer.
pub(crate) async fn each_step_twice(shop: &dyn Webshop, order: &NewOrder) -> ShopOrder {
    let mut resume = None;
    for _ in 0..MOST_STEPS {
        let first = step(shop, order, resume.clone()).await;
        let again = match resume {
            Some(_) => step(shop, order, resume).await,
            None => first,
        };
        match again {
            CreateProgress::Continue { checkpoint, .. } => resume = Some(checkpoint),
            CreateProgress::Created(created) => return *created,
            other => panic!("{other:?}"),
        }
    }
    panic!("never finished");
}

pub(crate) async fn read(shop: &dyn Webshop, id: &ShopOrderId) -> ShopOrder {
    match shop.orders(vec![id.clone()]).await.unwrap().remove(0) {
        ShopRead::Found(order) => *order,
        other => panic!("not found: {other:?}"),
    }
}

pub(crate) fn codes(order: &ShopOrder) -> Vec<&str> {
    let parcels = order.shipments.iter();
    let codes = parcels.filter_map(|parcel| parcel.tracking.as_ref());
    codes.map(|tracking| tracking.code.as_str()).collect()
}

pub(crate) fn lines(parts: &[(&str, u32)]) -> Vec<LineQuantity> {
    let parts = parts.iter();
    parts
        .map(|(line, quantity)| LineQuantity {
            line: (*line).into(),
            quantity: *quantity,
        })
        .collect()
}

/// Some pieces, or without any the whole order.
pub(crate) fn cancellation(id: &ShopOrderId, parts: &[(&str, u32)]) -> CancelShopOrder {
    CancelShopOrder {
        id: id.clone(),
        lines: lines(parts),
        reason: CancelReason::BuyerAsked,
        note: "cancelled at the marketplace".into(),
    }
}

pub(crate) async fn cancel(
    shop: &dyn Webshop,
    id: &ShopOrderId,
    parts: &[(&str, u32)],
) -> ShopCancel {
    shop.cancel_order(cancellation(id, parts)).await.unwrap()
}
