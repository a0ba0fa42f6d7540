//! Sums of money: a decimal and a currency. Never a binary floating point number.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A currency by its three-letter ISO 4217 code.
///
/// Any three letters are accepted, because a platform may know a currency that this software
/// does not; [`Currency::is_iso`] tells whether it is on the list.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// The code, upper case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Whether the code is on the ISO 4217 list.
    #[must_use]
    pub fn is_iso(&self) -> bool {
        iso_currency::Currency::from_code(self.as_str()).is_some()
    }

    /// How many decimals prices in this currency have (2 for EUR, 0 for JPY); 2 where unknown.
    #[must_use]
    pub fn decimals(&self) -> u32 {
        iso_currency::Currency::from_code(self.as_str())
            .and_then(|currency| currency.exponent())
            .map_or(2, u32::from)
    }
}

/// The text is not three letters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a currency code: three letters are expected, such as EUR")]
pub struct NotACurrency(String);

impl FromStr for Currency {
    type Err = NotACurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().as_bytes() {
            [a, b, c] if [a, b, c].iter().all(|letter| letter.is_ascii_alphabetic()) => Ok(Self([
                a.to_ascii_uppercase(),
                b.to_ascii_uppercase(),
                c.to_ascii_uppercase(),
            ])),
            _ => Err(NotACurrency(text.chars().take(16).collect())),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = NotACurrency;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An amount in a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The amount, in whole units (12.50 is twelve and a half euro).
    pub amount: Decimal,
    /// The currency.
    pub currency: Currency,
}

impl Money {
    /// An amount in a currency.
    #[must_use]
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in a currency.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self::new(Decimal::ZERO, currency)
    }

    /// An amount given in the currency's smallest unit (1250 is € 12.50).
    #[must_use]
    pub fn from_minor(minor: i64, currency: Currency) -> Self {
        Self::new(Decimal::new(minor, currency.decimals()), currency)
    }

    /// The amount in the currency's smallest unit, rounded half away from zero;
    /// `None` when it does not fit.
    #[must_use]
    pub fn minor(&self) -> Option<i64> {
        let scale = Decimal::from(10_i64.checked_pow(self.currency.decimals())?);
        let minor = self
            .amount
            .checked_mul(scale)?
            .round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        i64::try_from(minor).ok()
    }

    /// The sum; `None` when the currencies differ or the number grows too large.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self::new(
            self.amount.checked_add(other.amount)?,
            self.currency,
        ))
    }

    /// The difference; `None` when the currencies differ or the number grows too large.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        if self.currency != other.currency {
            return None;
        }
        Some(Self::new(
            self.amount.checked_sub(other.amount)?,
            self.currency,
        ))
    }

    /// `pieces` times this amount; `None` when the number grows too large.
    #[must_use]
    pub fn checked_times(self, pieces: u32) -> Option<Self> {
        Some(Self::new(
            self.amount.checked_mul(Decimal::from(pieces))?,
            self.currency,
        ))
    }

    /// Whether both are the same to the smallest unit of the currency.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.currency == other.currency && self.minor() == other.minor()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals() as usize;
        write!(
            f,
            "{:.*} {}",
            decimals,
            self.amount.round_dp(self.currency.decimals()),
            self.currency
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minor_units_follow_the_currency() {
        let yen: Currency = "jpy".parse().unwrap();
        assert_eq!(
            Money::from_minor(1250, Currency::EUR).to_string(),
            "12.50 EUR"
        );
        assert_eq!(Money::from_minor(1250, yen).to_string(), "1250 JPY");
        assert_eq!(
            Money::new(Decimal::new(12_345, 3), Currency::EUR).minor(),
            Some(1235)
        );
    }

    #[test]
    fn sums_of_different_currencies_do_not_exist() {
        let pound: Currency = "GBP".parse().unwrap();
        assert_eq!(
            Money::zero(Currency::EUR).checked_add(Money::zero(pound)),
            None
        );
    }

    #[test]
    fn a_currency_is_three_letters_and_may_be_unknown() {
        assert!("EURO".parse::<Currency>().is_err());
        assert!("€".parse::<Currency>().is_err());
        let made_up: Currency = "XQZ".parse().unwrap();
        assert!(!made_up.is_iso());
    }
}
