//! The price of a piece where a platform tells what a line costs as a whole.

use order_core::money::{Currency, Money};
use rust_decimal::{Decimal, RoundingStrategy};

/// The price of a piece and the line's discount, so that pieces × price - discount is exactly what
/// the line costs: a price that was stated where it is not too low, else one that is rounded up.
/// `None` when the numbers are too large.
pub(crate) fn unit_price(
    line: Decimal,
    pieces: u32,
    stated: Option<Decimal>,
    currency: Currency,
) -> Option<(Money, Option<Money>)> {
    let pieces = Decimal::from(pieces.max(1));
    let fits = |unit: &Decimal| unit.checked_mul(pieces).is_some_and(|sum| sum >= line);
    let unit = match stated.filter(fits) {
        Some(unit) => unit,
        None => line
            .checked_div(pieces)?
            .round_dp_with_strategy(currency.decimals(), RoundingStrategy::AwayFromZero),
    };
    let discount = unit.checked_mul(pieces)?.checked_sub(line)?;
    let discount = (discount > Decimal::ZERO).then(|| Money::new(discount, currency));
    Some((Money::new(unit, currency), discount))
}
