//! Which product a line is about, in shops that are searched by a value.
//!
//! A search finds more than was asked for (other case, parts of words), so every hit is compared.

use order_core::ports::{ProductMatch, ProductQuery, ProductRef};

/// A value that says something.
fn value(text: &Option<String>) -> Option<&str> {
    text.as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// The article numbers asked for, in the order of the queries.
pub(crate) fn skus(queries: &[ProductQuery]) -> Vec<Option<&str>> {
    queries.iter().map(|query| value(&query.sku)).collect()
}

/// The GTINs of those whose article number the shop does not have.
pub(crate) fn gtins<'a>(
    queries: &'a [ProductQuery],
    matches: &[ProductMatch],
) -> Vec<Option<&'a str>> {
    queries
        .iter()
        .zip(matches)
        .map(|(query, found)| value(&query.gtin).filter(|_| *found == ProductMatch::Missing))
        .collect()
}

/// What a search is to ask for: each value once.
pub(crate) fn distinct<'a>(values: &[Option<&'a str>]) -> Vec<&'a str> {
    let mut values: Vec<&str> = values.iter().copied().flatten().collect();
    values.sort_unstable();
    values.dedup();
    values
}

/// The one product among hits, each an id and its value, that has the wanted value.
pub(crate) fn one<Id: Into<String>, Value: AsRef<str>>(
    wanted: Option<&str>,
    matched_by: &str,
    hits: impl Iterator<Item = (Id, Option<Value>)>,
) -> ProductMatch {
    let Some(wanted) = wanted else {
        return ProductMatch::Missing;
    };
    let is_it = |own: &Option<Value>| own.as_ref().map(|own| own.as_ref().trim()) == Some(wanted);
    let fitting = hits.filter(|(_, own)| is_it(own));
    let mut ids: Vec<String> = fitting.map(|(id, _)| id.into()).collect();
    ids.sort_unstable();
    ids.dedup();
    match ids.as_mut_slice() {
        [] => ProductMatch::Missing,
        [id] => ProductMatch::Found(ProductRef {
            id: std::mem::take(id),
            matched_by: matched_by.to_owned(),
        }),
        [_, _, ..] => ProductMatch::Ambiguous,
    }
}

/// Writes down what was found by GTIN for those that were asked for by it.
pub(crate) fn fill(
    matches: &mut [ProductMatch],
    gtins: &[Option<&str>],
    found: impl Fn(Option<&str>) -> ProductMatch,
) {
    for (own, gtin) in matches.iter_mut().zip(gtins) {
        if gtin.is_some() {
            *own = found(*gtin);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hit_counts_only_with_the_very_value_and_two_products_with_it_are_doubtful() {
        let hits = [("1", Some("TB-1 ")), ("2", Some("tb-1")), ("3", None)];
        let of = |wanted| one(Some(wanted), "sku", hits.into_iter());
        assert!(matches!(of("TB-1"), ProductMatch::Found(own) if own.id == "1"));
        assert_eq!(of("TB"), ProductMatch::Missing);
        let twice = [("1", Some("A")), ("1", Some("A"))];
        let found = one(Some("A"), "sku", twice.into_iter());
        assert!(matches!(found, ProductMatch::Found(_)));
        let doubled = [("1", Some("A")), ("2", Some("A"))];
        let found = one(Some("A"), "sku", doubled.into_iter());
        assert_eq!(found, ProductMatch::Ambiguous);
        assert_eq!(one(None, "sku", doubled.into_iter()), ProductMatch::Missing);
    }
}
