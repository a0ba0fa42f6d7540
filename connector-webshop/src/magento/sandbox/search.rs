//! As much of Magento's search criteria as the connector needs, quirks included.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// The pairs of a query, decoded.
pub(super) fn pairs(query: &str) -> BTreeMap<String, String> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// The rows that a search finds, in Magento's frame, or why it is refused.
pub(super) fn search<'a>(
    rows: impl Iterator<Item = &'a Value>,
    query: &BTreeMap<String, String>,
) -> Result<Value, String> {
    let mut found: Vec<&Value> = Vec::new();
    for row in rows {
        if fits(row, query)? {
            found.push(row);
        }
    }
    for at in (0..4).rev() {
        let name = |part: &str| format!("searchCriteria[sortOrders][{at}][{part}]");
        let Some(field) = query.get(&name("field")) else {
            continue;
        };
        found.sort_by_key(|row| sortable(&row[field]));
        if query.get(&name("direction")).is_some_and(|it| it == "DESC") {
            found.reverse();
        }
    }
    let number = |name: &str, otherwise: usize| {
        let text = query.get(&format!("searchCriteria[{name}]"));
        text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let total = found.len();
    let size = number("pageSize", 100).max(1);
    let last = total.div_ceil(size).max(1);
    // A page behind the last one is the last one again.
    let page = number("currentPage", 1).clamp(1, last);
    let rows: Vec<&Value> = found
        .into_iter()
        .skip((page - 1) * size)
        .take(size)
        .collect();
    Ok(json!({
        "items": rows,
        "search_criteria": {"filter_groups": [], "page_size": size, "current_page": page},
        "total_count": total,
    }))
}

fn sortable(value: &Value) -> (i64, String) {
    let text = value.as_str().unwrap_or_default().to_owned();
    (value.as_i64().unwrap_or_default(), text)
}

fn text(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => value.to_string(),
    }
}

/// One group of filters, of which any has to fit.
fn fits(row: &Value, query: &BTreeMap<String, String>) -> Result<bool, String> {
    let mut any = None;
    for at in 0..100 {
        let get = |part: &str| {
            let name = format!("searchCriteria[filterGroups][0][filters][{at}][{part}]");
            query.get(&name).map(String::as_str)
        };
        let Some(field) = get("field") else { break };
        let own = match row.get(field) {
            Some(value) => text(value),
            None => attribute(row, field)
                .ok_or_else(|| format!("Column not found: 1054 Unknown column '{field}'"))?,
        };
        let value = get("value").unwrap_or_default();
        let fits = match get("conditionType").unwrap_or("eq") {
            // The database takes upper and lower case for the same.
            "eq" => own.eq_ignore_ascii_case(value),
            "in" => value.split(',').any(|part| part == own),
            "gteq" => own.as_str() >= value,
            other => return Err(format!("unknown condition {other}")),
        };
        any = Some(any.unwrap_or(false) || fits);
    }
    Ok(any.unwrap_or(true))
}

/// A product's attribute; empty where the product does not have it.
fn attribute(row: &Value, code: &str) -> Option<String> {
    let attributes = row.get("custom_attributes")?.as_array()?;
    let own = attributes.iter().find(|own| own["attribute_code"] == code);
    Some(own.map(|own| text(&own["value"])).unwrap_or_default())
}
