//! A success that is not what was asked for is no empty list: an order that is looked up in vain
//! is made, and one that is gone is never looked at again.

#![cfg(all(
    feature = "woocommerce",
    feature = "vendure",
    feature = "shopify",
    feature = "medusa",
    feature = "shopware",
    feature = "magento"
))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::magento::MagentoConfig;
use connector_webshop::medusa::MedusaConfig;
use connector_webshop::shopify::{ShopifyConfig, ShopifyCredentials};
use connector_webshop::shopware::ShopwareConfig;
use connector_webshop::vendure::{VendureConfig, VendureCredentials};
use connector_webshop::woocommerce::WooCommerceConfig;
use order_core::ids::ExternalKey;
use order_core::ports::{ProductQuery, ShopRead, SystemClock, Webshop};
use order_core::{Error, Kind};
use serde_json::json;
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A shop that answers everything but a token's request in one way.
async fn answering(answer: &str) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/api/oauth/token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "token_type": "Bearer", "expires_in": 600, "access_token": "t"
        })))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_raw(answer, "application/json"))
        .mount(&server)
        .await;
    server
}

/// Every connector with an order's id as its shop has them.
fn connectors(url: &str) -> Vec<(Box<dyn Webshop>, &'static str)> {
    let clock = || Arc::new(SystemClock::new());
    let secret = || Secret::new("secret");
    let mut woocommerce = WooCommerceConfig::new(url, secret(), secret());
    woocommerce.allow_plain_http = true;
    let mut vendure = VendureConfig::new(
        format!("{url}/admin-api"),
        VendureCredentials::ApiKey(secret()),
    );
    vendure.allow_plain_http = true;
    let mut shopify = ShopifyConfig::new(url, ShopifyCredentials::AccessToken(secret()));
    shopify.allow_plain_http = true;
    let mut medusa = MedusaConfig::new(url, secret());
    medusa.allow_plain_http = true;
    let mut shopware = ShopwareConfig::new(url, "id", secret(), "Storefront");
    shopware.allow_plain_http = true;
    vec![
        (Box::new(woocommerce.build(clock()).unwrap()), "17"),
        (Box::new(vendure.build(clock()).unwrap()), "17"),
        (Box::new(shopify.build(clock()).unwrap()), "17"),
        (Box::new(medusa.build(clock()).unwrap()), "order_01K"),
        (
            Box::new(shopware.build(clock()).unwrap()),
            "0190b1c4e7e97d5f8d5ae2c3a1b2c3d4",
        ),
        (Box::new(magento(url)), "17"),
    ]
}

fn magento(url: &str) -> impl Webshop + use<> {
    let mut config = MagentoConfig::new(url, Secret::new("secret"));
    config.allow_plain_http = true;
    config.build(Arc::new(SystemClock::new())).unwrap()
}

fn is_unreadable<T>(answer: &Result<T, Error>) -> bool {
    matches!(answer, Err(error) if error.kind() == Kind::Decode)
}

#[tokio::test]
async fn an_answer_without_its_list_finds_nothing_out() {
    let mut wrong = Vec::new();
    for answer in ["{}", "", "{\"data\": null}", "{\"data\": {}}", "null"] {
        let server = answering(answer).await;
        for (shop, id) in connectors(&server.uri()) {
            let found = shop
                .find_orders(ExternalKey::new("bol", "1043946570"))
                .await;
            if !is_unreadable(&found) {
                wrong.push(format!("{answer:?} find {found:?} by {shop:?}"));
            }
            let query = ProductQuery {
                line: "1".into(),
                sku: Some("MUG-01".to_owned()),
                gtin: None,
            };
            let products = shop.products(vec![query]).await;
            if !is_unreadable(&products) {
                wrong.push(format!("{answer:?} products {products:?} by {shop:?}"));
            }
            let changes = shop.changes(None).await;
            if !is_unreadable(&changes) {
                wrong.push(format!("{answer:?} changes {changes:?} by {shop:?}"));
            }
            let reads = shop.orders(vec![id.into()]).await;
            let one =
                matches!(&reads, Ok(reads) if matches!(reads[..], [ShopRead::Unreadable { .. }]));
            if !one && !is_unreadable(&reads) {
                wrong.push(format!("{answer:?} orders {reads:?} by {shop:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn magento_finds_nothing_only_where_it_counts_nothing() {
    for (answer, is_nothing) in [
        (
            "{\"items\": [], \"search_criteria\": {}, \"total_count\": 0}",
            true,
        ),
        (
            "{\"items\": null, \"search_criteria\": {}, \"total_count\": 0}",
            true,
        ),
        (
            "{\"items\": null, \"search_criteria\": {}, \"total_count\": 1}",
            false,
        ),
        ("{\"items\": [], \"search_criteria\": {}}", false),
    ] {
        let server = answering(answer).await;
        let key = ExternalKey::new("bol", "1043946570");
        let found = magento(&server.uri()).find_orders(key).await;
        let nothing = matches!(&found, Ok(orders) if orders.is_empty());
        assert_eq!(nothing, is_nothing, "{answer}: {found:?}");
        assert_eq!(is_unreadable(&found), !is_nothing, "{answer}: {found:?}");
    }
}
