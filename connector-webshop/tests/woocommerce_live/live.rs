//! What the live tests share: the running shop, connectors to it, and orders of this run.

use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::woocommerce::{WooCommerce, WooCommerceConfig};
use order_core::ports::{NewOrder, SystemClock};

use crate::common;
pub(crate) use crate::common::{
    MOST_STEPS, address, asked, cancel, codes, create, euro, finish, lines, product, read, step,
};
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

/// An order of (article, pieces, cents a piece) under a key of this run.
pub(crate) async fn order(
    shop: &Shop,
    via: &WooCommerce,
    key: &str,
    lines: &[(&str, u32, i64)],
) -> NewOrder {
    common::order(via, &format!("{key}-{}", shop.run), lines).await
}
