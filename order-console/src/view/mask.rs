//! Personal data, made unreadable but still recognisable.

use serde_json::Value;

/// What may be read of an address.
const PLAIN: [&str; 2] = ["country", "region"];

/// A marketplace's order as JSON, with the texts of its addresses masked.
pub(crate) fn masked(order: &order_core::order::MarketplaceOrder) -> Value {
    let mut value = serde_json::to_value(order).unwrap_or_default();
    for name in ["ship_to", "bill_to"] {
        if let Some(address) = value.get_mut(name) {
            mask_all(address, name);
        }
    }
    value
}

fn mask_all(value: &mut Value, name: &str) {
    match value {
        Value::String(text) if !PLAIN.contains(&name) => *text = mask(text),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::Array(values) => values.iter_mut().for_each(|value| mask_all(value, name)),
        Value::Object(fields) => {
            for (name, value) in fields {
                mask_all(value, name);
            }
        }
    }
}

/// The first character, and how long the rest is; of a single character nothing.
fn mask(text: &str) -> String {
    if text.chars().nth(1).is_none() {
        return "•".to_owned();
    }
    text.char_indices()
        .map(|(at, c)| match c {
            c if at == 0 => c,
            ' ' | '@' | '.' | '-' => c,
            _ => '•',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use order_core::testkit::samples;

    use super::{mask, masked};

    #[test]
    fn nothing_of_an_address_can_be_read() {
        let mut order = samples::order("A1", DateTime::UNIX_EPOCH, Vec::new());
        order.bill_to = Some(samples::address());
        let text = masked(&order).to_string();
        for private in [
            "Bakker",
            "Dorpstraat",
            "3511 AB",
            "Utrecht",
            "2a3b4c",
            "bis",
        ] {
            assert!(!text.contains(private), "{private} in {text}");
        }
        assert!(text.contains("\"NL\"") && text.contains("A1"), "{text}");
        assert_eq!(mask("Jo Bakker"), "J• ••••••");
    }
}
