//! What the live tests share: the running shop, connectors to it, and orders of this run.

use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::shopware::{Shopware, ShopwareConfig};
use order_core::ports::{NewOrder, SystemClock};

use crate::common;
pub(crate) use crate::common::{address, asked, cancel, codes, create, euro, lines, product, read};
use crate::shop::Shop;

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

pub(crate) fn config(shop: &Shop) -> ShopwareConfig {
    let secret = Secret::new(&*shop.secret);
    ShopwareConfig::new(&*shop.url, &*shop.id, secret, "Marketplaces")
}

pub(crate) fn build(config: ShopwareConfig) -> Shopware {
    config.build(Arc::new(SystemClock::new())).unwrap()
}

pub(crate) fn connect(shop: &Shop) -> Shopware {
    build(config(shop))
}

/// An order of (article, pieces, cents a piece) under a key of this run.
pub(crate) async fn order(
    shop: &Shop,
    via: &Shopware,
    key: &str,
    lines: &[(&str, u32, i64)],
) -> NewOrder {
    common::order(via, &format!("{key}-{}", shop.run), lines).await
}
