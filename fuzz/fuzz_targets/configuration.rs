//! Whatever stands in a configuration, a connector is built from it or refuses it. The first byte
//! says which.

#![no_main]

use std::sync::Arc;

use connector_marketplace::{amazon, bol, kaufland, mirakl};
use connector_webshop::{magento, medusa, shopify, shopware, vendure, woocommerce};
use libfuzzer_sys::fuzz_target;
use order_connection_fuzz::Hurried;
use order_core::ports::Clock;

/// What stands under a name that is one of a secret, and nowhere else in the text.
fn secrets(text: &str) -> Vec<String> {
    let Ok(table) = text.parse::<toml::Table>() else {
        return Vec::new();
    };
    let names = [
        "client_secret",
        "secret_key",
        "refresh_token",
        "api_key",
        "access_token",
        "consumer_secret",
    ];
    let of = |name: &&str| table.get(*name)?.as_str().map(str::to_owned);
    let found = names.iter().filter_map(of);
    found
        .filter(|secret| secret.len() > 7 && text.matches(secret.as_str()).count() == 1)
        .collect()
}

fuzz_target!(|data: &[u8]| {
    let Some((which, text)) = data.split_first() else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    let clock: Arc<dyn Clock> = Arc::new(Hurried::default());
    macro_rules! one {
        ($config:ty) => {
            if let Ok(config) = toml::from_str::<$config>(text) {
                let shown = format!("{config:?}");
                for secret in secrets(text) {
                    assert!(!shown.contains(&secret), "a secret is shown");
                }
                drop(config.build(clock));
            }
        };
    }
    match which % 10 {
        0 => one!(amazon::AmazonConfig),
        1 => one!(bol::BolConfig),
        2 => one!(kaufland::KauflandConfig),
        3 => one!(mirakl::MiraklConfig),
        4 => one!(medusa::MedusaConfig),
        5 => one!(shopify::ShopifyConfig),
        6 => one!(shopware::ShopwareConfig),
        7 => one!(vendure::VendureConfig),
        8 => one!(woocommerce::WooCommerceConfig),
        _ => one!(magento::MagentoConfig),
    }
});
