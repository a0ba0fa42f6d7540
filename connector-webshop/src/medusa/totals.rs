//! Prices without tax, and what a draft came to.
//!
//! Medusa takes prices of drafts as prices without tax, keeps twenty digits of them, and adds its
//! own rates. So the rates are read from a first draft, and a second one comes to the wanted sum.

use order_core::money::{Currency, Money};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::wire::{Order, TaxLine};
use crate::sums::Sums;

/// Tax rates in percent that an order's prices are freed of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rates {
    /// One for each line of the order, in its order.
    pub(super) lines: Vec<Decimal>,
    pub(super) shipping: Decimal,
}

/// The rates that a draft has, for lines in the order of `marks`.
pub(super) fn rates(draft: &Order, marks: &[&str]) -> Rates {
    let sum = |lines: &[TaxLine]| lines.iter().map(|line| line.rate.0).sum::<Decimal>();
    let line = |mark: &&str| {
        let item = draft
            .items
            .iter()
            .find(|item| super::from_wire::mark(item) == Some(mark));
        item.map_or(Decimal::ZERO, |item| sum(&item.tax_lines))
    };
    let shipping = draft.shipping_methods.first();
    Rates {
        lines: marks.iter().map(line).collect(),
        shipping: shipping.map_or(Decimal::ZERO, |method| sum(&method.tax_lines)),
    }
}

/// The price of one piece without tax, for every line; and shipping without tax.
pub(super) fn net(sums: &Sums, quantities: &[u32], rates: &Rates, currency: Currency) -> Net {
    let lines = sums.lines.iter().zip(quantities).zip(&rates.lines);
    let lines = lines.map(|((sum, quantity), rate)| {
        let gross = Money::from_minor(sum.after_discount, currency).amount;
        without_tax(gross / Decimal::from((*quantity).max(1)), *rate)
    });
    let shipping = Money::from_minor(sums.shipping, currency).amount;
    Net {
        lines: lines.collect(),
        shipping: without_tax(shipping, rates.shipping),
    }
}

/// Prices without tax.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Net {
    pub(super) lines: Vec<Decimal>,
    pub(super) shipping: Decimal,
}

fn without_tax(gross: Decimal, percent: Decimal) -> Decimal {
    let whole = Decimal::ONE_HUNDRED + percent;
    if whole <= Decimal::ZERO {
        return gross;
    }
    (gross * Decimal::ONE_HUNDRED / whole)
        .round_dp(20)
        .normalize()
}

/// A total as people see it: Medusa's own has many digits.
pub(super) fn seen(total: Decimal, currency: Currency) -> Money {
    let rounded =
        total.round_dp_with_strategy(currency.decimals(), RoundingStrategy::MidpointAwayFromZero);
    Money::new(rounded, currency)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sums::{plan, tests::order};

    #[test]
    fn prices_without_tax_come_back_to_the_cent_with_it() {
        for (quantity, cents, percent) in [(2, 999, 21), (3, 33, 21), (7, 1001, 9), (1, 5, 19)] {
            let order = order(&[(quantity, cents)], 495, 0);
            let sums = plan(&order).unwrap();
            let rates = Rates {
                lines: vec![Decimal::from(percent)],
                shipping: Decimal::from(percent),
            };
            let net = net(&sums, &[quantity], &rates, order.currency);
            let factor = Decimal::ONE + Decimal::from(percent) / Decimal::ONE_HUNDRED;
            let total = (net.lines[0] * Decimal::from(quantity) + net.shipping) * factor;
            assert_eq!(seen(total, order.currency), order.total);
        }
    }
}
