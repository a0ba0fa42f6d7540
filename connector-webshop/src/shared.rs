//! Small things that several platforms need in the same form.

use std::time::Duration;

use order_core::ids::ExternalKey;
#[cfg(any(feature = "magento", feature = "shopify", feature = "shopware"))]
use order_core::money::Money;
use order_core::{Effect, Error, Kind};
#[cfg(any(feature = "magento", feature = "shopify", feature = "shopware"))]
use rust_decimal::Decimal;

/// The error of a read that followed a mutation within the same call: what was sent counts.
pub(crate) fn after_write(error: Error) -> Error {
    if error.effect() == Effect::Unknown {
        return error;
    }
    let mut doubt = Error::unknown(
        error.kind(),
        format!("sent, but not read back: {}", error.message()),
    );
    if let Some(operation) = error.operation() {
        doubt = doubt.with_operation(operation);
    }
    if let Some(wait) = error.retry_after() {
        doubt = doubt.with_retry_after(wait);
    }
    doubt.with_source(error)
}

/// An order that was read and does not fit.
pub(crate) fn unreadable(reason: impl std::fmt::Display) -> Error {
    Error::not_applied(Kind::Decode, format!("the order does not fit: {reason}"))
}

/// A key as it was stamped: `channel:order`.
pub(crate) fn key(text: &str) -> Option<ExternalKey> {
    let (channel, order) = text.split_once(':')?;
    if channel.is_empty() || order.is_empty() {
        return None;
    }
    Some(ExternalKey::new(channel, order))
}

/// A channel that could not be told from the order's number in a stamped key.
pub(crate) fn ambiguous_key(key: &ExternalKey) -> Option<String> {
    key.channel
        .contains(':')
        .then(|| format!("the key {:?} cannot be taken apart again", key.to_string()))
}

#[cfg(any(
    feature = "medusa",
    feature = "shopify",
    feature = "shopware",
    feature = "vendure",
    feature = "woocommerce",
))]
pub(crate) fn instant(text: &str) -> Option<chrono::DateTime<chrono::Utc>> {
    chrono::DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|instant| instant.to_utc())
}

/// A text that says something; `None` for blank ones.
pub(crate) fn said(text: Option<&str>) -> Option<String> {
    text.map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// The first so many characters.
pub(crate) fn short(text: &str, characters: usize) -> String {
    text.chars().take(characters).collect()
}

/// The tax in a gross sum, to the currency's smallest unit.
#[cfg(any(feature = "magento", feature = "shopify", feature = "shopware"))]
pub(crate) fn tax_within(gross: Money, percent: Decimal) -> Option<Money> {
    let whole = Decimal::ONE_HUNDRED.checked_add(percent)?;
    let net = gross
        .amount
        .checked_mul(Decimal::ONE_HUNDRED)?
        .checked_div(whole)?;
    let tax = gross.amount.checked_sub(net)?;
    let rounded = tax.round_dp_with_strategy(
        gross.currency.decimals(),
        rust_decimal::RoundingStrategy::MidpointAwayFromZero,
    );
    Some(Money::new(rounded, gross.currency))
}

/// Seconds of a setting.
pub(crate) fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(any(feature = "magento", feature = "shopify", feature = "shopware"))]
    use order_core::money::Currency;

    #[test]
    fn a_key_is_taken_apart_as_it_was_put_together() {
        let own = ExternalKey::new("bol-nl", "A:1");
        assert_eq!(key(&own.to_string()), Some(own));
        for text in ["", "bol", ":1", "bol:"] {
            assert_eq!(key(text), None, "{text:?}");
        }
        assert!(ambiguous_key(&ExternalKey::new("a:b", "1")).is_some());
    }

    #[cfg(any(feature = "magento", feature = "shopify", feature = "shopware"))]
    #[test]
    fn tax_is_the_part_of_a_gross_sum() {
        let gross = Money::from_minor(1998, Currency::EUR);
        let tax = tax_within(gross, Decimal::from(21)).unwrap();
        assert_eq!(tax, Money::from_minor(347, Currency::EUR));
        assert_eq!(
            tax_within(gross, Decimal::ZERO).unwrap().amount,
            Decimal::ZERO
        );
    }

    #[test]
    fn what_follows_a_sent_mutation_is_never_called_harmless() {
        let error = after_write(Error::not_applied(Kind::Unavailable, "HTTP 503"));
        assert_eq!(error.effect(), Effect::Unknown);
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
