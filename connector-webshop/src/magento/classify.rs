//! Magento's exceptions to the default table.
//!
//! A refusal is JSON with a `message` whose placeholders stand for its `parameters`.

use connector_http::Answer;
use order_core::{Error, Kind};
use serde_json::Value;

use super::wire::Refusal;

/// How Magento says that a column's value is taken.
const TAKEN: &str = "Unique constraint violation";

/// The error for an answer of Magento; `None` leaves it to the default table.
pub(super) fn answer(answer: &Answer) -> Option<Error> {
    if !(400..500).contains(&answer.status()) || answer.status() == 429 {
        return None;
    }
    let refusal: Refusal = serde_json::from_slice(answer.body()).ok()?;
    let text = answer.mask(&words(&refusal));
    let refused = |kind| Error::not_applied(kind, text.clone());
    Some(match answer.status() {
        400 if refusal.message.contains(TAKEN) => Error::not_applied(
            Kind::Conflict,
            "the shop has an order with this number already",
        ),
        400 => refused(Kind::Rejected),
        // Magento says 401 to a wrong token and to a right one without the resource.
        401 | 403 => refused(Kind::Unauthenticated).with_advice(
            "check the access token; allow access tokens as bearer tokens (Stores, Configuration, \
             Services, OAuth), and give the integration the resources Sales and Catalog",
        ),
        404 if refusal.message.contains("route") => {
            refused(Kind::Config).with_advice("check the shop's address and the store's code")
        }
        404 => refused(Kind::NotFound),
        _ => return None,
    })
}

/// The message with its parameters in it.
fn words(refusal: &Refusal) -> String {
    let said = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => other.to_string(),
    };
    let mut text = refusal.message.clone();
    match &refusal.parameters {
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate().rev() {
                text = text.replace(&format!("%{}", at + 1), &said(value));
            }
        }
        Value::Object(values) => {
            for (name, value) in values {
                text = text.replace(&format!("%{name}"), &said(value));
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    text.chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn placeholders_are_filled_in() {
        let listed = Refusal {
            message: "%fieldName is wrong: %1".to_owned(),
            parameters: json!({"fieldName": "sku"}),
        };
        assert_eq!(words(&listed), "sku is wrong: %1");
        let counted = Refusal {
            message: "%1 of %2".to_owned(),
            parameters: json!(["one", 2]),
        };
        assert_eq!(words(&counted), "one of 2");
    }
}
