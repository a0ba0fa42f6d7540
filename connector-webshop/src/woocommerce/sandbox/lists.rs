//! Lists of orders and products: filters, order and pages.

use chrono::NaiveDateTime;
use serde_json::Value;

use super::answers;
use super::store::{Order, Store};

/// The query of a request. A parameter may come more than once; the last one counts.
pub(super) struct Query<'a>(pub(super) &'a [(String, String)]);

impl Query<'_> {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rev()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }

    /// A list, split at commas and blanks as WordPress does.
    fn list(&self, name: &str) -> Option<Vec<&str>> {
        let split = |text| {
            str::split(text, [',', ' '])
                .map(str::trim)
                .filter(|one| !one.is_empty())
        };
        self.get(name).map(|text| split(text).collect())
    }

    fn number(&self, name: &str, otherwise: usize) -> usize {
        self.get(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
            .max(1)
    }

    /// Only the fields that were asked for.
    pub(super) fn trim(&self, value: Value) -> Value {
        let Some(fields) = self.list("_fields") else {
            return value;
        };
        match value {
            Value::Object(mut map) => {
                map.retain(|key, _| fields.contains(&key.as_str()));
                Value::Object(map)
            }
            other @ (Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)) => other,
        }
    }
}

/// A page, and how many there are in all.
pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    pub(super) total: usize,
    pub(super) pages: usize,
}

fn page<T>(all: &[T], query: &Query<'_>, show: impl Fn(&T) -> Value) -> Page {
    let size = query.number("per_page", 10).min(100);
    let skip = (query.number("page", 1) - 1).saturating_mul(size);
    let rows = all
        .iter()
        .skip(skip)
        .take(size)
        .map(|one| query.trim(show(one)))
        .collect();
    Page {
        rows,
        total: all.len(),
        pages: all.len().div_ceil(size),
    }
}

/// Orders. A filter that is not known here is ignored, as WooCommerce does.
pub(super) fn orders(store: &Store, query: &Query<'_>) -> Page {
    let statuses = query.list("status").unwrap_or_else(|| vec!["any"]);
    let include = query.list("include");
    let created_via = query.list("created_via");
    let after = query.get("modified_after").and_then(|text| {
        NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y-%m-%dT%H:%M:%S").ok()
    });
    let wanted = |order: &&Order| {
        let status = order.status.as_str();
        let shown = if statuses.contains(&"any") {
            !matches!(status, "trash" | "checkout-draft" | "auto-draft")
        } else {
            statuses.contains(&status)
        };
        shown
            && include
                .as_ref()
                .is_none_or(|ids| ids.contains(&order.id.to_string().as_str()))
            && created_via
                .as_ref()
                .is_none_or(|keys| keys.contains(&order.created_via.as_str()))
            && after.is_none_or(|after| order.modified.naive_utc() > after)
    };
    let mut orders: Vec<&Order> = store.orders.values().filter(wanted).collect();
    if query.get("orderby") == Some("modified") {
        orders.sort_by_key(|order| (order.modified, order.id));
    }
    if query.get("order") != Some("asc") {
        orders.reverse();
    }
    page(&orders, query, |order| answers::order(order, store))
}

pub(super) fn products(store: &Store, query: &Query<'_>) -> Page {
    let skus = query.list("sku");
    let gtins = query.list("global_unique_id");
    let products: Vec<_> = store
        .products
        .iter()
        .filter(|product| {
            skus.as_ref()
                .is_none_or(|skus| skus.contains(&product.sku.as_str()))
        })
        .filter(|product| {
            gtins
                .as_ref()
                .is_none_or(|gtins| gtins.contains(&product.gtin.as_str()))
        })
        .collect();
    page(&products, query, |product| answers::product(product))
}
