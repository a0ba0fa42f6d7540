//! Sums as platforms write them: digits, never a binary floating point number.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::value::RawValue;

/// A JSON number, read from its digits: never through a binary floating point number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Number(pub(crate) Decimal);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        Decimal::from_str_exact(text)
            .or_else(|_| Decimal::from_scientific(text))
            .map(Self)
            .map_err(|_| D::Error::custom("not an exact decimal number"))
    }
}

impl FromStr for Number {
    type Err = rust_decimal::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Decimal::from_str_exact(text).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Option<Decimal> {
        serde_json::from_str::<Number>(text)
            .ok()
            .map(|number| number.0)
    }

    #[test]
    fn sums_are_read_digit_by_digit() {
        assert_eq!(number("12.99").unwrap().to_string(), "12.99");
        assert_eq!(
            number("0.1").unwrap() + number("0.2").unwrap(),
            number("0.3").unwrap()
        );
        assert_eq!(number("1e2").unwrap(), Decimal::from(100));
        assert_eq!(number("-3").unwrap(), Decimal::from(-3));
        // A binary floating point number would make 9007199254740992.2 of this.
        assert_eq!(
            number("9007199254740993.01").unwrap().to_string(),
            "9007199254740993.01"
        );
    }

    #[test]
    fn what_is_not_a_number_is_no_sum() {
        for text in ["\"12.99\"", "true", "{}", "[1]", "1e400", "1e-400"] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(
            serde_json::from_str::<Option<Number>>("null").unwrap(),
            None
        );
    }
}
