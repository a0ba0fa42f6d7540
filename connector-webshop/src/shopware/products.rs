//! Which product a line is about: by product number first, then by EAN.

use order_core::Error;
use order_core::ports::{ProductMatch, ProductQuery, ProductRef};

use super::api::Api;
use super::wire::Product;

/// Values per call.
const AT_ONCE: usize = 50;

/// One answer per query, in their order, each verified on the product: the shop's database takes
/// upper and lower case for the same.
pub(super) async fn find(api: &Api, queries: &[ProductQuery]) -> Result<Vec<ProductMatch>, Error> {
    let skus: Vec<Option<&str>> = queries.iter().map(|query| value(&query.sku)).collect();
    let products = search(api, "productNumber", &skus).await?;
    let mut matches: Vec<ProductMatch> = skus
        .iter()
        .map(|sku| one(&products, *sku, "sku", |own| own.product_number.as_deref()))
        .collect();
    let gtins: Vec<Option<&str>> = queries
        .iter()
        .zip(&matches)
        .map(|(query, found)| value(&query.gtin).filter(|_| *found == ProductMatch::Missing))
        .collect();
    let products = search(api, "ean", &gtins).await?;
    for (found, gtin) in matches.iter_mut().zip(gtins) {
        if gtin.is_some() {
            *found = one(&products, gtin, "gtin", |own| own.ean.as_deref());
        }
    }
    Ok(matches)
}

fn value(text: &Option<String>) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
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
    own: impl Fn(&Product) -> Option<&str>,
) -> ProductMatch {
    let Some(wanted) = wanted else {
        return ProductMatch::Missing;
    };
    let mut ids: Vec<&str> = products
        .iter()
        .filter(|product| own(product).map(str::trim) == Some(wanted))
        .map(|product| product.id.as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    match ids.as_slice() {
        [] => ProductMatch::Missing,
        [id] => ProductMatch::Found(ProductRef {
            id: (*id).to_owned(),
            matched_by: matched_by.to_owned(),
        }),
        [_, _, ..] => ProductMatch::Ambiguous,
    }
}
