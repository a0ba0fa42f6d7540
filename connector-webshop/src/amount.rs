//! Numbers as platforms write them, read without a binary floating point number in between.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

/// A decimal that came as a JSON number or as a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Amount(pub(crate) Decimal);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        optional(deserializer)?
            .map(Self)
            .ok_or_else(|| de::Error::custom("a number is missing here"))
    }
}

/// Reads a number, a text with a number, or nothing (`null` and the empty text).
pub(crate) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Decimal>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let written = raw.get().trim();
    if written == "null" {
        return Ok(None);
    }
    let text = if written.starts_with('"') {
        serde_json::from_str::<String>(written).map_err(de::Error::custom)?
    } else {
        written.to_owned()
    };
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    number(text)
        .map(Some)
        .ok_or_else(|| de::Error::custom("this is not a decimal number"))
}

fn number(text: &str) -> Option<Decimal> {
    Decimal::from_str(text)
        .or_else(|_| Decimal::from_scientific(text))
        .ok()
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Holder {
        #[serde(default, deserialize_with = "optional")]
        amount: Option<Decimal>,
    }

    fn read(json: &str) -> Result<Option<Decimal>, serde_json::Error> {
        serde_json::from_str::<Holder>(json).map(|holder| holder.amount)
    }

    #[test]
    fn numbers_and_texts_are_read_digit_by_digit() {
        for (json, expected) in [
            (r#"{"amount":"30.25"}"#, "30.25"),
            (r#"{"amount":30.25}"#, "30.25"),
            (
                r#"{"amount":0.1000000000000000000001}"#,
                "0.1000000000000000000001",
            ),
            (r#"{"amount":-1}"#, "-1"),
            (r#"{"amount":2.1e1}"#, "21"),
        ] {
            assert_eq!(
                read(json).unwrap().unwrap(),
                expected.parse().unwrap(),
                "{json}"
            );
        }
    }

    #[test]
    fn absent_null_and_empty_stay_absent_and_nonsense_is_an_error() {
        for json in [r"{}", r#"{"amount":null}"#, r#"{"amount":""}"#] {
            assert_eq!(read(json).unwrap(), None, "{json}");
        }
        for json in [
            r#"{"amount":"ten"}"#,
            r#"{"amount":true}"#,
            r#"{"amount":[1]}"#,
        ] {
            assert!(read(json).is_err(), "{json}");
        }
    }

    #[test]
    fn a_number_can_be_read_out_of_a_parsed_value_too() {
        let holder: Holder = serde_json::from_value(serde_json::json!({"amount": 21})).unwrap();
        assert_eq!(holder.amount, Some(Decimal::from(21)));
    }
}
