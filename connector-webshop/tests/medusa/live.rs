//! What the live tests share: orders, and taking them through their steps.

use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::medusa::{Medusa, MedusaConfig};
use order_core::address::Address;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::money::{Currency, Money};
use order_core::ports::{
    CancelReason, CancelShopOrder, Checkpoint, CreateOrder, CreateProgress, NewLine, NewOrder,
    ProductMatch, ProductQuery, ProductRef, ShopRead, SystemClock, Webshop,
};
use order_core::shipment::LineQuantity;
use order_core::shop::ShopOrder;

use crate::server::Server;

/// More steps than an order ever takes.
pub(crate) const MOST_STEPS: usize = 12;

/// Runs a test against a running shop, or says that it was left out.
macro_rules! with_server {
    ($flavour:expr) => {
        match server::running($flavour) {
            Some(server) => server,
            None => return,
        }
    };
}
pub(crate) use with_server;

pub(crate) fn lines(parts: &[(&str, u32)]) -> Vec<LineQuantity> {
    let parts = parts.iter();
    parts
        .map(|(line, quantity)| LineQuantity {
            line: (*line).into(),
            quantity: *quantity,
        })
        .collect()
}

pub(crate) fn cancellation(id: &ShopOrderId) -> CancelShopOrder {
    CancelShopOrder {
        id: id.clone(),
        lines: Vec::new(),
        reason: CancelReason::BuyerAsked,
        note: "cancelled on the marketplace".into(),
    }
}

pub(crate) fn euro(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

pub(crate) fn config(server: &Server) -> MedusaConfig {
    let mut config = MedusaConfig::new(&*server.url, Secret::new(&*server.api_key));
    config.sales_channel = Some(server.channel.clone());
    config
}

pub(crate) fn build(config: MedusaConfig) -> Medusa {
    config.build(Arc::new(SystemClock::new())).unwrap()
}

pub(crate) fn shop(server: &Server) -> Medusa {
    build(config(server))
}

pub(crate) async fn product(shop: &Medusa, sku: &str) -> ProductRef {
    let query = ProductQuery {
        line: "x".into(),
        sku: Some(sku.into()),
        gtin: None,
    };
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

/// An order of (article, pieces, cents a piece) under its own key.
pub(crate) async fn order(shop: &Medusa, key: &str, lines: &[(&str, u32, i64)]) -> NewOrder {
    let mut new_lines = Vec::new();
    for (at, (sku, quantity, price)) in lines.iter().enumerate() {
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
    let sum = lines
        .iter()
        .map(|(_, quantity, price)| i64::from(*quantity) * price)
        .sum();
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
    shop: &Medusa,
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
    shop: &Medusa,
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

pub(crate) async fn create(shop: &Medusa, order: &NewOrder) -> ShopOrder {
    match finish(shop, order, None).await {
        CreateProgress::Created(created) => *created,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn read(shop: &Medusa, id: &ShopOrderId) -> ShopOrder {
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
