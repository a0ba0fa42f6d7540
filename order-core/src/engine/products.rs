//! Which products the webshop was found to have, for the length of one cycle: the steps of one
//! create, and orders for the same article, ask once.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::ports::{ProductMatch, ProductQuery};

/// Article number and GTIN.
type Article = (Option<String>, Option<String>);

/// Answers of this cycle. Whoever sends may ask at the same time.
#[derive(Debug, Default)]
pub(super) struct Products(Mutex<HashMap<Article, ProductMatch>>);

fn article(query: &ProductQuery) -> Article {
    (query.sku.clone(), query.gtin.clone())
}

impl Products {
    fn known(&self) -> MutexGuard<'_, HashMap<Article, ProductMatch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that the webshop is still to be asked about.
    pub(super) fn unknown(&self, queries: &[ProductQuery]) -> Vec<ProductQuery> {
        let known = self.known();
        let is_unknown = |query: &&ProductQuery| !known.contains_key(&article(query));
        queries.iter().filter(is_unknown).cloned().collect()
    }

    pub(super) fn learn(&self, queries: Vec<ProductQuery>, answers: Vec<ProductMatch>) {
        let articles = queries.iter().map(article);
        self.known().extend(articles.zip(answers));
    }

    /// One answer each. What a connector gave no answer for counts as missing: a line is never
    /// left out of an order.
    pub(super) fn matches(&self, queries: &[ProductQuery]) -> Vec<ProductMatch> {
        let known = self.known();
        let answer = |query: &ProductQuery| {
            let found = known.get(&article(query)).cloned();
            found.unwrap_or(ProductMatch::Missing)
        };
        queries.iter().map(answer).collect()
    }
}
