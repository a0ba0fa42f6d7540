//! Which variant a line is about: by article number first, then by EAN, UPC or barcode.

use order_core::Error;
use order_core::ports::{ProductMatch, ProductQuery, ProductRef};

use super::api::Api;
use super::wire::Variant;

/// Values per call: one page has room for each twice.
const AT_ONCE: usize = 40;

/// One answer per query, in their order, each verified on the variant.
pub(super) async fn find(api: &Api, queries: &[ProductQuery]) -> Result<Vec<ProductMatch>, Error> {
    let skus: Vec<Option<&str>> = queries.iter().map(|query| value(&query.sku)).collect();
    let variants = search(api, "sku", &skus).await?;
    let mut matches: Vec<ProductMatch> = skus
        .iter()
        .map(|sku| one(&variants, *sku, "sku", |own| [&own.sku, &None, &None]))
        .collect();
    let gtins: Vec<Option<&str>> = queries
        .iter()
        .zip(&matches)
        .map(|(query, found)| value(&query.gtin).filter(|_| *found == ProductMatch::Missing))
        .collect();
    let mut variants = Vec::new();
    for field in ["ean", "upc", "barcode"] {
        variants.extend(search(api, field, &gtins).await?);
    }
    for (found, gtin) in matches.iter_mut().zip(gtins) {
        if gtin.is_some() {
            *found = one(&variants, gtin, "gtin", |own| {
                [&own.ean, &own.upc, &own.barcode]
            });
        }
    }
    Ok(matches)
}

fn value(text: &Option<String>) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

async fn search(api: &Api, field: &str, values: &[Option<&str>]) -> Result<Vec<Variant>, Error> {
    let mut values: Vec<&str> = values.iter().copied().flatten().collect();
    values.sort_unstable();
    values.dedup();
    let mut found = Vec::new();
    for some in values.chunks(AT_ONCE) {
        found.extend(api.variants(field, some).await?);
    }
    Ok(found)
}

fn one(
    variants: &[Variant],
    wanted: Option<&str>,
    matched_by: &str,
    own: impl Fn(&Variant) -> [&Option<String>; 3],
) -> ProductMatch {
    if wanted.is_none() {
        return ProductMatch::Missing;
    }
    let has = |variant: &&Variant| own(variant).into_iter().any(|text| value(text) == wanted);
    let found = variants.iter().filter(has);
    let mut ids: Vec<&str> = found.map(|variant| variant.id.as_str()).collect();
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
