//! Which product a line is about: by article number, then by a GTIN field where the shop has one.

use order_core::Error;
use order_core::ports::{ProductMatch, ProductQuery, ProductRef};

use super::api::Api;
use super::flow::custom;
use super::wire::Variant;

/// Values per call.
const AT_ONCE: usize = 50;

/// One answer per query, in their order, each verified on the variant.
pub(super) async fn find(
    api: &Api,
    gtin_field: Option<&str>,
    queries: &[ProductQuery],
) -> Result<Vec<ProductMatch>, Error> {
    let by_sku = variants(api, "sku", queries.iter().map(|query| query.sku.as_deref())).await?;
    let mut matches: Vec<ProductMatch> = queries
        .iter()
        .map(|query| {
            one(&by_sku, query.sku.as_deref(), "sku", |variant| {
                Some(&variant.sku)
            })
        })
        .collect();
    let Some(field) = gtin_field else {
        return Ok(matches);
    };
    let unknown = |at: usize| matches[at] == ProductMatch::Missing;
    let wanted: Vec<Option<&str>> = queries
        .iter()
        .enumerate()
        .map(|(at, query)| query.gtin.as_deref().filter(|_| unknown(at)))
        .collect();
    let by_gtin = variants(api, field, wanted.iter().copied()).await?;
    for (found, gtin) in matches.iter_mut().zip(wanted) {
        if gtin.is_some() {
            *found = one(&by_gtin, gtin, "gtin", |own| {
                custom(&own.custom_fields, field)
            });
        }
    }
    Ok(matches)
}

async fn variants<'a>(
    api: &Api,
    field: &str,
    values: impl Iterator<Item = Option<&'a str>>,
) -> Result<Vec<Variant>, Error> {
    let mut values: Vec<&str> = values
        .flatten()
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .collect();
    values.sort_unstable();
    values.dedup();
    let mut found = Vec::new();
    for some in values.chunks(AT_ONCE) {
        found.extend(api.variants(field, some).await?);
    }
    Ok(found)
}

fn one<'a>(
    variants: &'a [Variant],
    wanted: Option<&str>,
    matched_by: &str,
    value: impl Fn(&'a Variant) -> Option<&'a str>,
) -> ProductMatch {
    let Some(wanted) = wanted.map(str::trim).filter(|wanted| !wanted.is_empty()) else {
        return ProductMatch::Missing;
    };
    let mut found = variants
        .iter()
        .filter(|own| value(own).map(str::trim) == Some(wanted));
    match (found.next(), found.next()) {
        (None, _) => ProductMatch::Missing,
        (Some(variant), None) => ProductMatch::Found(ProductRef {
            id: variant.id.clone(),
            matched_by: matched_by.to_owned(),
        }),
        (Some(_), Some(_)) => ProductMatch::Ambiguous,
    }
}
