//! Which variant a line is about: by article number first, then by barcode.

use order_core::Error;
use order_core::ports::{ProductMatch, ProductQuery, ProductRef};

use super::api::Api;
use super::wire::Variant;

/// Values per call.
const AT_ONCE: usize = 25;

/// One answer per query, in their order, each verified on the variant: a search finds more than
/// what was asked for.
pub(super) async fn find(api: &Api, queries: &[ProductQuery]) -> Result<Vec<ProductMatch>, Error> {
    let skus: Vec<Option<&str>> = queries.iter().map(|query| value(&query.sku)).collect();
    let variants = search(api, "sku", &skus).await?;
    let mut matches: Vec<ProductMatch> = skus
        .iter()
        .map(|sku| one(&variants, *sku, "sku", |variant| variant.sku.as_deref()))
        .collect();
    let gtins: Vec<Option<&str>> = queries
        .iter()
        .zip(&matches)
        .map(|(query, found)| value(&query.gtin).filter(|_| *found == ProductMatch::Missing))
        .collect();
    let variants = search(api, "barcode", &gtins).await?;
    for (found, gtin) in matches.iter_mut().zip(gtins) {
        if gtin.is_some() {
            *found = one(&variants, gtin, "gtin", |variant| {
                variant.barcode.as_deref()
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
    own: impl Fn(&Variant) -> Option<&str>,
) -> ProductMatch {
    let Some(wanted) = wanted else {
        return ProductMatch::Missing;
    };
    let mut found = variants
        .iter()
        .filter(|variant| own(variant).map(str::trim) == Some(wanted));
    match (found.next(), found.next()) {
        (None, _) => ProductMatch::Missing,
        (Some(variant), None) => ProductMatch::Found(ProductRef {
            id: variant.id.clone(),
            matched_by: matched_by.to_owned(),
        }),
        (Some(first), Some(second)) if first.id == second.id => ProductMatch::Found(ProductRef {
            id: first.id.clone(),
            matched_by: matched_by.to_owned(),
        }),
        (Some(_), Some(_)) => ProductMatch::Ambiguous,
    }
}
