//! What each line of a new order comes to, in the currency's smallest unit.
//!
//! **Invariant.** The parts always make the total; where they do not, there is no plan.

use order_core::money::Money;
use order_core::ports::NewOrder;
use rust_decimal::Decimal;

/// The sums of an order to create, tax included, in the smallest unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sums {
    /// As many as the order has lines, in their order.
    pub(crate) lines: Vec<LineSum>,
    /// What is paid for shipping.
    pub(crate) shipping: i64,
    /// What the order comes to.
    pub(crate) total: i64,
}

/// The sums of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LineSum {
    /// Pieces times price.
    pub(crate) before_discount: i64,
    /// What is left after the line's discount and its share of the order's discount.
    pub(crate) after_discount: i64,
}

/// Works out the sums, or says in words why they do not fit together.
pub(crate) fn plan(order: &NewOrder) -> Result<Sums, String> {
    let mut lines = Vec::with_capacity(order.lines.len());
    for line in &order.lines {
        if line.quantity == 0 {
            return Err(format!("line {} has no pieces", line.line));
        }
        let full = line.unit_price.checked_times(line.quantity);
        let before_discount = exact(order, full, "a line's price")?;
        let after = full.and_then(|full| full.checked_sub(line.discount));
        let after_discount = exact(order, after, "a line's discount")?;
        if before_discount < 0 || after_discount < 0 || after_discount > before_discount {
            return Err(format!(
                "line {} has a negative price or discount",
                line.line
            ));
        }
        lines.push(LineSum {
            before_discount,
            after_discount,
        });
    }
    if lines.is_empty() {
        return Err("the order has no lines".to_owned());
    }
    let mut shipping = exact(order, Some(order.shipping), "the shipping cost")?;
    let total = exact(order, Some(order.total), "the total")?;
    let discount = exact(order, Some(order.discount), "the discount")?;
    if shipping < 0 || discount < 0 {
        return Err("shipping cost and discount must not be negative".to_owned());
    }
    shipping -= spread(&mut lines, discount);
    let sum = lines.iter().map(|line| line.after_discount).sum::<i64>() + shipping;
    if shipping < 0 || sum != total {
        return Err(format!(
            "lines, shipping and discounts make {}, the order says {}",
            Money::from_minor(sum, order.currency),
            order.total
        ));
    }
    Ok(Sums {
        lines,
        shipping,
        total,
    })
}

/// A sum in the smallest unit; refused when digits would be lost.
fn exact(order: &NewOrder, money: Option<Money>, what: &str) -> Result<i64, String> {
    let money = money.ok_or_else(|| format!("{what} cannot be computed"))?;
    if money.currency != order.currency {
        return Err(format!(
            "{what} is in {}, the order in {}",
            money.currency, order.currency
        ));
    }
    let minor = money
        .minor()
        .ok_or_else(|| format!("{what} is too large"))?;
    if Money::from_minor(minor, money.currency).amount != money.amount {
        return Err(format!(
            "{what} has more digits than {} has",
            money.currency
        ));
    }
    Ok(minor)
}

/// Takes `discount` off the lines in proportion, to the smallest unit; gives back what is left
/// over when the lines are worth less.
fn spread(lines: &mut [LineSum], discount: i64) -> i64 {
    let worth: i64 = lines.iter().map(|line| line.after_discount).sum();
    let taken = discount.min(worth);
    if taken == 0 {
        return discount;
    }
    let mut left = taken;
    for line in lines.iter_mut() {
        let share = (Decimal::from(taken) * Decimal::from(line.after_discount)
            / Decimal::from(worth))
        .floor();
        let share = i64::try_from(share).unwrap_or(0);
        line.after_discount -= share;
        left -= share;
    }
    while left > 0 {
        for line in lines.iter_mut().filter(|line| line.after_discount > 0) {
            if left == 0 {
                break;
            }
            line.after_discount -= 1;
            left -= 1;
        }
    }
    discount - taken
}

/// Splits a sum over pieces so that every piece has a whole price: at most two prices, one unit
/// apart, as (pieces, price of one).
#[cfg(any(feature = "shopify", feature = "shopware", feature = "vendure"))]
pub(crate) fn piece_prices(sum: i64, pieces: u32) -> Vec<(u32, i64)> {
    let count = i64::from(pieces.max(1));
    let low = sum.div_euclid(count);
    let dearer = u32::try_from(sum.rem_euclid(count)).unwrap_or(0);
    let cheaper = pieces.max(1) - dearer;
    [(cheaper, low), (dearer, low + 1)]
        .into_iter()
        .filter(|(pieces, _)| *pieces > 0)
        .collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use order_core::address::Address;
    use order_core::ids::ExternalKey;
    use order_core::money::Currency;
    use order_core::ports::{NewLine, ProductRef};
    use proptest::prelude::*;

    pub(crate) fn euro(minor: i64) -> Money {
        Money::from_minor(minor, Currency::EUR)
    }

    /// An order whose lines are (pieces, cents a piece).
    pub(crate) fn order(lines: &[(u32, i64)], shipping: i64, discount: i64) -> NewOrder {
        let mut address = Address::from_lines(["Dorpstraat 12".to_owned()]);
        address.first_name = Some("Jan".into());
        address.last_name = Some("de Vries".into());
        address.city = Some("Utrecht".into());
        address.postal_code = Some("3511 AB".into());
        address.country = "NL".parse().ok();
        let sum: i64 = lines
            .iter()
            .map(|(pieces, price)| i64::from(*pieces) * price)
            .sum();
        NewOrder {
            key: ExternalKey::new("bol", "A-1"),
            placed_at: chrono::DateTime::UNIX_EPOCH,
            lines: lines
                .iter()
                .enumerate()
                .map(|(at, (pieces, price))| NewLine {
                    line: format!("OI-{}", at + 1).into(),
                    product: ProductRef {
                        id: (10 + at).to_string(),
                        matched_by: "sku".into(),
                    },
                    title: format!("Article {at}"),
                    quantity: *pieces,
                    unit_price: euro(*price),
                    discount: euro(0),
                    vat_percent: None,
                })
                .collect(),
            shipping: euro(shipping),
            shipping_method: None,
            discount: euro(discount),
            total: euro(sum + shipping - discount),
            currency: Currency::EUR,
            ship_to: address.clone(),
            bill_to: address,
            ship_by: None,
            sent_elsewhere: false,
        }
    }

    #[test]
    fn a_discount_on_the_order_is_spread_over_the_lines() {
        let sums = plan(&order(&[(3, 33), (1, 1000)], 0, 100)).unwrap();
        assert_eq!(sums.lines[0].before_discount, 99);
        assert_eq!(
            sums.lines
                .iter()
                .map(|line| line.after_discount)
                .sum::<i64>(),
            999
        );
        assert_eq!(sums.total, 999);
    }

    #[test]
    fn a_discount_larger_than_the_lines_reaches_the_shipping_and_no_further() {
        let sums = plan(&order(&[(1, 100)], 500, 300)).unwrap();
        assert_eq!((sums.lines[0].after_discount, sums.shipping), (0, 300));
        let mut impossible = order(&[(1, 100)], 0, 300);
        impossible.total = euro(-200);
        assert!(plan(&impossible).is_err());
    }

    #[test]
    fn sums_that_do_not_fit_together_are_refused_with_both_numbers() {
        let mut wrong = order(&[(2, 999)], 0, 0);
        wrong.total = euro(1997);
        assert!(plan(&wrong).unwrap_err().contains("19.98"));
        let mut none = order(&[(2, 999)], 0, 0);
        none.lines[0].quantity = 0;
        assert!(plan(&none).is_err());
        let mut negative = order(&[(2, 999)], 0, 0);
        negative.lines[0].discount = euro(-5);
        assert!(plan(&negative).is_err());
    }

    proptest! {
        #[test]
        fn the_parts_always_make_the_total(
            lines in prop::collection::vec((1u32..50, 0i64..100_000), 1..8),
            shipping in 0i64..2000,
            per_mille in 0i64..1001,
        ) {
            let worth: i64 = lines.iter().map(|(pieces, price)| i64::from(*pieces) * price).sum();
            let order = order(&lines, shipping, worth * per_mille / 1000);
            let sums = plan(&order).unwrap();
            let parts: i64 = sums.lines.iter().map(|line| line.after_discount).sum();
            prop_assert_eq!(parts + sums.shipping, sums.total);
            prop_assert!(sums.lines.iter().all(|line| line.after_discount >= 0));
        }

        #[cfg(any(feature = "shopify", feature = "shopware", feature = "vendure"))]
        #[test]
        fn prices_of_pieces_make_the_sum(sum in 0i64..1_000_000, pieces in 1u32..200) {
            let prices = piece_prices(sum, pieces);
            prop_assert!(prices.len() <= 2);
            prop_assert_eq!(prices.iter().map(|(n, _)| n).sum::<u32>(), pieces);
            prop_assert_eq!(prices.iter().map(|(n, p)| i64::from(*n) * p).sum::<i64>(), sum);
        }
    }
}
