//! Which product a line is about: by product number first, then by EAN.

use order_core::Error;
use order_core::ports::{ProductMatch, ProductQuery};

use super::api::Api;
use super::wire::Product;
use crate::matching;

/// Values per call.
const AT_ONCE: usize = 50;

/// One answer per query, in their order, each verified on the product: the shop's database takes
/// upper and lower case for the same.
pub(super) async fn find(api: &Api, queries: &[ProductQuery]) -> Result<Vec<ProductMatch>, Error> {
    let skus = matching::skus(queries);
    let products = search(api, "productNumber", &skus).await?;
    let own = |own: &Product| (own.id.clone(), own.product_number.clone());
    let by_sku = |sku| matching::one(sku, "sku", products.iter().map(own));
    let mut matches: Vec<ProductMatch> = skus.into_iter().map(by_sku).collect();
    let gtins = matching::gtins(queries, &matches);
    let products = search(api, "ean", &gtins).await?;
    let own = |own: &Product| (own.id.clone(), own.ean.clone());
    matching::fill(&mut matches, &gtins, |gtin| {
        matching::one(gtin, "gtin", products.iter().map(own))
    });
    Ok(matches)
}

async fn search(api: &Api, field: &str, values: &[Option<&str>]) -> Result<Vec<Product>, Error> {
    let mut found = Vec::new();
    for some in matching::distinct(values).chunks(AT_ONCE) {
        found.extend(api.products(field, some).await?);
    }
    Ok(found)
}
