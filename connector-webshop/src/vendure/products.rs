//! Which product a line is about: by article number, then by a GTIN field where the shop has one.

use order_core::Error;
use order_core::ports::{ProductMatch, ProductQuery};

use super::api::Api;
use super::flow::custom;
use super::wire::Variant;
use crate::matching;

/// Values per call.
const AT_ONCE: usize = 50;

/// One answer per query, in their order, each verified on the variant.
pub(super) async fn find(
    api: &Api,
    gtin_field: Option<&str>,
    queries: &[ProductQuery],
) -> Result<Vec<ProductMatch>, Error> {
    let skus = matching::skus(queries);
    let variants = search(api, "sku", &skus).await?;
    let own = |own: &Variant| (own.id.clone(), Some(own.sku.clone()));
    let by_sku = |sku| matching::one(sku, "sku", variants.iter().map(own));
    let mut matches: Vec<ProductMatch> = skus.into_iter().map(by_sku).collect();
    let Some(field) = gtin_field else {
        return Ok(matches);
    };
    let gtins = matching::gtins(queries, &matches);
    let variants = search(api, field, &gtins).await?;
    matching::fill(&mut matches, &gtins, |gtin| {
        let own = variants
            .iter()
            .map(|own| (own.id.clone(), custom(&own.custom_fields, field)));
        matching::one(gtin, "gtin", own)
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
