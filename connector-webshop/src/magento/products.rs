//! Which product a line is about: by SKU first, then by the attribute that holds the EAN.

use order_core::Error;
use order_core::ports::{ProductMatch, ProductQuery};
use serde_json::Value;

use super::api::Api;
use super::config::MagentoConfig;
use super::wire::Product;
use crate::matching;

/// Values per call; they stand in the address.
const AT_ONCE: usize = 20;

/// Our id of a product: Magento's, and the SKU, which an order's line needs too.
fn reference(product: &Product) -> String {
    format!("{} {}", product.id, product.sku)
}

/// The two parts of our id of a product.
pub(super) fn parts(id: &str) -> (Option<u64>, &str) {
    match id.split_once(' ') {
        Some((number, sku)) => (number.parse().ok(), sku),
        None => (None, id),
    }
}

/// One answer per query, in their order, each verified on the product: the shop's database takes
/// upper and lower case for the same.
pub(super) async fn find(
    api: &Api,
    config: &MagentoConfig,
    queries: &[ProductQuery],
) -> Result<Vec<ProductMatch>, Error> {
    let skus = matching::skus(queries);
    let products = search(api, "sku", &skus).await?;
    let own = |own: &Product| (reference(own), Some(own.sku.clone()));
    let by_sku = |sku| matching::one(sku, "sku", products.iter().filter(plain).map(own));
    let mut matches: Vec<ProductMatch> = skus.into_iter().map(by_sku).collect();
    let Some(attribute) = config.gtin_attribute.as_deref().map(str::trim) else {
        return Ok(matches);
    };
    let gtins = matching::gtins(queries, &matches);
    let products = search(api, attribute, &gtins).await?;
    let own = |own: &Product| (reference(own), attribute_of(own, attribute));
    matching::fill(&mut matches, &gtins, |gtin| {
        matching::one(gtin, "gtin", products.iter().filter(plain).map(own))
    });
    Ok(matches)
}

/// What is sold as one thing alone: a configurable product or a bundle needs a choice.
fn plain(product: &&Product) -> bool {
    let kind = product.type_id.as_deref().unwrap_or("simple");
    matches!(kind, "simple" | "virtual")
}

fn attribute_of(product: &Product, code: &str) -> Option<String> {
    let mut all = product.custom_attributes.iter().flatten();
    match &all.find(|own| own.attribute_code == code)?.value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

async fn search(api: &Api, field: &str, values: &[Option<&str>]) -> Result<Vec<Product>, Error> {
    let mut found = Vec::new();
    for some in matching::distinct(values).chunks(AT_ONCE) {
        found.extend(api.products(field, some).await?);
    }
    Ok(found)
}
