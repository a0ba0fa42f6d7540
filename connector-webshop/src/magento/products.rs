//! Which product a line is about: by SKU first, then by the attribute that holds the EAN.

use order_core::Error;
use order_core::ports::{ProductMatch, ProductQuery, ProductRef};
use serde_json::Value;

use super::api::Api;
use super::config::MagentoConfig;
use super::wire::Product;

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
    let skus: Vec<Option<&str>> = queries.iter().map(|query| value(&query.sku)).collect();
    let products = search(api, "sku", &skus).await?;
    let mut matches: Vec<ProductMatch> = skus
        .iter()
        .map(|sku| one(&products, *sku, "sku", |own| Some(own.sku.clone())))
        .collect();
    let Some(attribute) = config.gtin_attribute.as_deref().map(str::trim) else {
        return Ok(matches);
    };
    let gtins: Vec<Option<&str>> = queries
        .iter()
        .zip(&matches)
        .map(|(query, found)| value(&query.gtin).filter(|_| *found == ProductMatch::Missing))
        .collect();
    let products = search(api, attribute, &gtins).await?;
    for (found, gtin) in matches.iter_mut().zip(gtins) {
        if gtin.is_some() {
            *found = one(&products, gtin, "gtin", |own| attribute_of(own, attribute));
        }
    }
    Ok(matches)
}

fn value(text: &Option<String>) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
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
    let mut values: Vec<&str> = values.iter().copied().flatten().collect();
    values.sort_unstable();
    values.dedup();
    let mut found = Vec::new();
    for some in values.chunks(AT_ONCE) {
        found.extend(api.products(field, some).await?);
    }
    Ok(found)
}

fn one(
    products: &[Product],
    wanted: Option<&str>,
    matched_by: &str,
    own: impl Fn(&Product) -> Option<String>,
) -> ProductMatch {
    let Some(wanted) = wanted else {
        return ProductMatch::Missing;
    };
    // What is sold as one thing alone: a configurable product or a bundle needs a choice.
    let plain = |product: &&Product| {
        let kind = product.type_id.as_deref().unwrap_or("simple");
        matches!(kind, "simple" | "virtual")
    };
    let mut fitting: Vec<&Product> = products
        .iter()
        .filter(plain)
        .filter(|product| own(product).as_deref() == Some(wanted))
        .collect();
    fitting.sort_unstable_by_key(|product| product.id);
    fitting.dedup_by_key(|product| product.id);
    match fitting.as_slice() {
        [] => ProductMatch::Missing,
        [product] => ProductMatch::Found(ProductRef {
            id: reference(product),
            matched_by: matched_by.to_owned(),
        }),
        [_, _, ..] => ProductMatch::Ambiguous,
    }
}
