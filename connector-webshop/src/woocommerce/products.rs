//! Which product a line is about: by article number first, then by GTIN.

use order_core::Error;
use order_core::ports::{ProductMatch, ProductQuery};

use super::api::Api;
use super::from_wire::{by_gtin, by_sku};

/// Article numbers per call: a bounded address, and room for doubled ones in a page.
const AT_ONCE: usize = 25;

/// One answer per query, in their order. WooCommerce takes an unknown product without a word, so
/// everything is looked up, and verified on the product, before an order is made.
pub(super) async fn find(api: &Api, queries: &[ProductQuery]) -> Result<Vec<ProductMatch>, Error> {
    let mut skus: Vec<&str> = queries
        .iter()
        .filter_map(|query| query.sku.as_deref())
        .map(str::trim)
        .filter(|sku| !sku.is_empty())
        .collect();
    skus.sort_unstable();
    skus.dedup();
    let mut products = Vec::new();
    for some in skus.chunks(AT_ONCE) {
        products.extend(api.products_by_sku(some).await?);
    }
    let mut matches = Vec::with_capacity(queries.len());
    for query in queries {
        let found = by_sku(query, &products);
        let gtin = query
            .gtin
            .as_deref()
            .map(str::trim)
            .filter(|gtin| !gtin.is_empty());
        matches.push(match (found, gtin) {
            (ProductMatch::Missing, Some(gtin)) => {
                by_gtin(query, &api.products_by_gtin(gtin).await?)
            }
            (found, _) => found,
        });
    }
    Ok(matches)
}
