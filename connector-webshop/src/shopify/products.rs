//! Which variant a line is about: by article number first, then by barcode.

use order_core::Error;
use order_core::ports::{ProductMatch, ProductQuery};

use super::api::Api;
use super::wire::Variant;
use crate::matching;

/// Values per call.
const AT_ONCE: usize = 25;

/// One answer per query, in their order, each verified on the variant: a search finds more than
/// what was asked for.
pub(super) async fn find(api: &Api, queries: &[ProductQuery]) -> Result<Vec<ProductMatch>, Error> {
    let skus = matching::skus(queries);
    let variants = search(api, "sku", &skus).await?;
    let own = |own: &Variant| (own.id.clone(), own.sku.clone());
    let by_sku = |sku| matching::one(sku, "sku", variants.iter().map(own));
    let mut matches: Vec<ProductMatch> = skus.into_iter().map(by_sku).collect();
    let gtins = matching::gtins(queries, &matches);
    let variants = search(api, "barcode", &gtins).await?;
    let own = |own: &Variant| (own.id.clone(), own.barcode.clone());
    matching::fill(&mut matches, &gtins, |gtin| {
        matching::one(gtin, "gtin", variants.iter().map(own))
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
