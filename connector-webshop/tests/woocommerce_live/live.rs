//! What the live tests share: orders, and taking them through their steps.

use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::woocommerce::{WooCommerce, WooCommerceConfig};
use order_core::address::Address;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::money::{Currency, Money};
use order_core::ports::{
    CancelReason, CancelShopOrder, Checkpoint, CreateOrder, CreateProgress, NewLine, NewOrder,
    ProductMatch, ProductQuery, ProductRef, ShopCancel, ShopRead, SystemClock, Webshop,
};
use order_core::shipment::LineQuantity;
use order_core::shop::ShopOrder;

use crate::shop::Shop;

/// More steps than an order ever takes.
pub(crate) const MOST_STEPS: usize = 12;

/// Runs a test against the running shop, or says that it was left out.
macro_rules! with_shop {
    () => {
        match crate::shop::running() {
            Some(shop) => shop,
            None => return,
        }
    };
}
pub(crate) use with_shop;

pub(crate) fn euro(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

/// Over https where the shop has such an address.
pub(crate) fn config(shop: &Shop) -> WooCommerceConfig {
    let mut config = WooCommerceConfig::new(
        shop.tls_url.as_ref().unwrap_or(&shop.url),
        Secret::new(&*shop.key),
        Secret::new(&*shop.secret),
    );
    config.classic_storage = shop.classic;
    config
}

pub(crate) fn build(config: WooCommerceConfig) -> WooCommerce {
    config.build(Arc::new(SystemClock::new())).unwrap()
}

pub(crate) fn connect(shop: &Shop) -> WooCommerce {
    build(config(shop))
}

pub(crate) fn asked(sku: Option<&str>, gtin: Option<&str>) -> ProductQuery {
    ProductQuery {
        line: "x".into(),
        sku: sku.map(Into::into),
        gtin: gtin.map(Into::into),
    }
}

pub(crate) async fn product(shop: &WooCommerce, sku: &str) -> ProductRef {
    let query = asked(Some(sku), None);
    match shop.products(vec![query]).await.unwrap().remove(0) {
        ProductMatch::Found(product) => product,
        other => panic!("{sku}: {other:?}"),
    }
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

/// An order of (article, pieces, cents a piece) under a key of this run.
pub(crate) async fn order(
    shop: &Shop,
    via: &WooCommerce,
    key: &str,
    lines: &[(&str, u32, i64)],
) -> NewOrder {
    let mut new_lines = Vec::new();
    for (at, (sku, quantity, price)) in lines.iter().enumerate() {
        new_lines.push(NewLine {
            line: format!("L{}", at + 1).into(),
            product: product(via, sku).await,
            title: (*sku).into(),
            quantity: *quantity,
            unit_price: euro(*price),
            discount: euro(0),
            vat_percent: None,
        });
    }
    let sum = lines
        .iter()
        .map(|(_, quantity, price)| i64::from(*quantity) * price)
        .sum();
    NewOrder {
        key: ExternalKey::new("bol", format!("{key}-{}", shop.run)),
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
    shop: &WooCommerce,
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
    shop: &WooCommerce,
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

pub(crate) async fn create(shop: &WooCommerce, order: &NewOrder) -> ShopOrder {
    match finish(shop, order, None).await {
        CreateProgress::Created(created) => *created,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn read(shop: &WooCommerce, id: &ShopOrderId) -> ShopOrder {
    match shop.orders(vec![id.clone()]).await.unwrap().remove(0) {
        ShopRead::Found(order) => *order,
        other => panic!("{other:?}"),
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

/// Cancels some pieces, or without any the whole order.
pub(crate) async fn cancel(
    shop: &WooCommerce,
    id: &ShopOrderId,
    parts: &[(&str, u32)],
) -> ShopCancel {
    let request = CancelShopOrder {
        id: id.clone(),
        lines: lines(parts),
        reason: CancelReason::BuyerAsked,
        note: "cancelled at the marketplace".to_owned(),
    };
    shop.cancel_order(request).await.unwrap()
}
