//! As much of Shopware's search criteria as the connector needs. Answers hold the fields and
//! associations that were asked for and nothing else, as the real one's do.

use chrono::DateTime;
use serde_json::{Map, Value, json};

/// Entities of which a search answers null unless their association is asked for.
const ASSOCIATIONS: [&str; 11] = [
    "stateMachineState",
    "currency",
    "lineItems",
    "deliveries",
    "positions",
    "shippingMethod",
    "tax",
    "rules",
    "country",
    "type",
    "stateMachine",
];

/// The rows that a search finds, in its order, or why it is refused.
pub(super) fn search<'a>(
    rows: impl Iterator<Item = &'a Value>,
    criteria: &Value,
) -> Result<Value, String> {
    let mut found: Vec<&Value> = Vec::new();
    let ids = criteria["ids"].as_array();
    if let Some(id) = ids.into_iter().flatten().find(|id| !is_id(id)) {
        return Err(format!("Value is not a valid UUID: {id}"));
    }
    for row in rows {
        let named = ids.is_none_or(|ids| ids.contains(&row["id"]));
        if named && all(&criteria["filter"], row)? {
            found.push(row);
        }
    }
    for sort in criteria["sort"].as_array().into_iter().flatten().rev() {
        let field = sort["field"].as_str().unwrap_or_default();
        found.sort_by_key(|row| text(row, field));
        if sort["order"] == "DESC" {
            found.reverse();
        }
    }
    let number = |name: &str, otherwise: u64| criteria[name].as_u64().unwrap_or(otherwise);
    let limit = usize::try_from(number("limit", 500)).unwrap_or(500);
    let page = usize::try_from(number("page", 1).saturating_sub(1)).unwrap_or(0);
    let rows: Vec<Value> = found
        .into_iter()
        .skip(page * limit)
        .take(limit)
        .map(|row| shaped(row, &criteria["associations"], &criteria["includes"]))
        .collect();
    Ok(json!({"total": rows.len(), "data": rows, "aggregations": []}))
}

pub(super) fn is_id(id: &Value) -> bool {
    id.as_str()
        .is_some_and(|id| id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit()))
}

fn text(row: &Value, field: &str) -> String {
    row[field].as_str().unwrap_or_default().to_owned()
}

fn all(filters: &Value, row: &Value) -> Result<bool, String> {
    for filter in filters.as_array().into_iter().flatten() {
        if !fits(filter, row)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn fits(filter: &Value, row: &Value) -> Result<bool, String> {
    let field = filter["field"].as_str().unwrap_or_default();
    match filter["type"].as_str() {
        // The database takes upper and lower case for the same.
        Some("equals") => {
            Ok(text(row, field).eq_ignore_ascii_case(filter["value"].as_str().unwrap_or_default()))
        }
        Some("multi") => {
            let queries = filter["queries"].as_array().cloned().unwrap_or_default();
            let mut any = false;
            for query in &queries {
                any |= fits(query, row)?;
            }
            Ok(any)
        }
        Some("range") => {
            let least = instant(&filter["parameters"]["gte"]);
            let own = instant(&row[field]);
            Ok(own.is_some() && own >= least)
        }
        other => Err(format!("unknown filter {other:?}")),
    }
}

fn instant(value: &Value) -> Option<i64> {
    let at = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(at.timestamp_millis())
}

/// A row without the associations and fields that were not asked for.
fn shaped(row: &Value, associations: &Value, includes: &Value) -> Value {
    match row {
        Value::Array(rows) => rows
            .iter()
            .map(|row| shaped(row, associations, includes))
            .collect(),
        Value::Object(object) => {
            let kind = object.get("apiAlias").and_then(Value::as_str);
            let wanted = kind.and_then(|kind| includes[kind].as_array());
            let mut shaped_row = Map::new();
            for (name, value) in object {
                let is_wanted = wanted.is_none_or(|wanted| wanted.contains(&json!(name)));
                if !is_wanted && name != "apiAlias" {
                    continue;
                }
                let value = if ASSOCIATIONS.contains(&name.as_str()) {
                    match associations.get(name) {
                        Some(own) => shaped(value, &own["associations"], includes),
                        None => Value::Null,
                    }
                } else {
                    value.clone()
                };
                shaped_row.insert(name.clone(), value);
            }
            Value::Object(shaped_row)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => row.clone(),
    }
}
