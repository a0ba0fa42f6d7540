//! Which variant a line is about: by article number first, then by EAN, UPC or barcode.

use order_core::Error;
use order_core::ports::{ProductMatch, ProductQuery};

use super::api::Api;
use super::wire::Variant;
use crate::matching;

/// Values per call: one page has room for each twice.
const AT_ONCE: usize = 40;

/// One answer per query, in their order, each verified on the variant.
pub(super) async fn find(api: &Api, queries: &[ProductQuery]) -> Result<Vec<ProductMatch>, Error> {
    let skus = matching::skus(queries);
    let variants = search(api, "sku", &skus).await?;
    let own = |own: &Variant| (own.id.clone(), own.sku.clone());
    let by_sku = |sku| matching::one(sku, "sku", variants.iter().map(own));
    let mut matches: Vec<ProductMatch> = skus.into_iter().map(by_sku).collect();
    let gtins = matching::gtins(queries, &matches);
    let mut variants = Vec::new();
    for field in ["ean", "upc", "barcode"] {
        variants.extend(search(api, field, &gtins).await?);
    }
    let own = |own: &Variant| {
        let values = [own.ean.clone(), own.upc.clone(), own.barcode.clone()];
        values.map(|value| (own.id.clone(), value))
    };
    matching::fill(&mut matches, &gtins, |gtin| {
        matching::one(gtin, "gtin", variants.iter().flat_map(own))
    });
    Ok(matches)
}

async fn search(api: &Api, field: &str, values: &[Option<&str>]) -> Result<Vec<Variant>, Error> {
    let mut found = Vec::new();
    for some in matching::distinct(values).chunks(AT_ONCE) {
        found.extend(api.variants(field, some).await?);
    }
    Ok(found)
}
