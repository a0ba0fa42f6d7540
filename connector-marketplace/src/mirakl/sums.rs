//! Sums of a line as our orders have them: prices with tax, discounts apart.

use order_core::money::{Currency, Money};
use rust_decimal::Decimal;

use super::wire::{OrderLine, Tax};
use crate::number::Number;
use crate::sums::unit_price;

/// What a buyer pays for a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) unit_price: Money,
    pub(super) discount: Option<Money>,
    /// Shipping of this line.
    pub(super) shipping: Decimal,
    /// Goods and shipping.
    pub(super) total: Decimal,
}

/// The sums of a line. `excluded` says that prices come without tax.
///
/// Mirakl's line price need not be a multiple of the quantity (promotions, fees, taxes). The price
/// of a piece is then rounded up and the difference is a discount, so that the sum stays exact.
pub(super) fn sums(
    id: &str,
    line: &OrderLine,
    quantity: u32,
    excluded: bool,
    currency: Currency,
) -> Result<Sums, String> {
    let shipping = amount(id, "shipping_price", line.shipping_price)?.unwrap_or_default();
    let price = amount(id, "price", line.price)?;
    let total = amount(id, "total_price", line.total_price)?;
    let too_large = || format!("line {id}: the sums are too large");
    // The total has fees in it, the price has not.
    let goods = match (total, price) {
        (Some(total), _) => total.checked_sub(shipping).ok_or_else(too_large)?,
        (None, Some(price)) => price,
        (None, None) => return Err(format!("line {id}: Mirakl gives no price")),
    };
    let (goods, shipping) = if excluded {
        let goods = taxes(id, line.taxes.as_deref())?.checked_add(goods);
        let shipping = taxes(id, line.shipping_taxes.as_deref())?.checked_add(shipping);
        (
            goods.ok_or_else(too_large)?,
            shipping.ok_or_else(too_large)?,
        )
    } else {
        (goods, shipping)
    };
    if goods.is_sign_negative() && !goods.is_zero() {
        return Err(format!("line {id}: the price is {goods}"));
    }
    // Prices of pieces are without tax where prices are, and say nothing about fees.
    let stated = amount(id, "price_unit", line.price_unit)?.filter(|_| !excluded);
    let (unit_price, discount) =
        unit_price(goods, quantity, stated, currency).ok_or_else(too_large)?;
    Ok(Sums {
        unit_price,
        discount,
        total: goods.checked_add(shipping).ok_or_else(too_large)?,
        shipping,
    })
}

/// A sum; absent is not zero, and none is negative.
fn amount(id: &str, name: &str, number: Option<Number>) -> Result<Option<Decimal>, String> {
    match number {
        Some(number) if number.0.is_sign_negative() && !number.0.is_zero() => {
            Err(format!("line {id}: {name} is {}", number.0))
        }
        Some(number) => Ok(Some(number.0)),
        None => Ok(None),
    }
}

/// The sum of taxes; nothing where there are none.
fn taxes(id: &str, taxes: Option<&[Tax]>) -> Result<Decimal, String> {
    let mut sum = Decimal::ZERO;
    for tax in taxes.unwrap_or_default() {
        let amount = amount(id, "tax", tax.amount)?
            .ok_or_else(|| format!("line {id}: Mirakl gives a tax without an amount"))?;
        sum = sum
            .checked_add(amount)
            .ok_or_else(|| format!("line {id}: the taxes are too large"))?;
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> OrderLine {
        serde_json::from_str(text).unwrap()
    }

    fn read(text: &str, quantity: u32, excluded: bool) -> (String, Option<String>, String) {
        let sums = sums("1", &line(text), quantity, excluded, Currency::EUR).unwrap();
        (
            sums.unit_price.to_string(),
            sums.discount.map(|discount| discount.to_string()),
            sums.shipping.to_string(),
        )
    }

    #[test]
    fn a_plain_price_is_taken_as_it_is() {
        let text =
            r#"{"price": 19.98, "price_unit": 9.99, "shipping_price": 2.5, "total_price": 22.48}"#;
        let wanted = ("9.99 EUR".to_owned(), None, "2.5".to_owned());
        assert_eq!(read(text, 2, false), wanted);
    }

    #[test]
    fn a_promotion_becomes_a_discount() {
        let text =
            r#"{"price": 17.98, "price_unit": 9.99, "shipping_price": 0, "total_price": 17.98}"#;
        let (unit, discount, _) = read(text, 2, false);
        assert_eq!(
            (unit.as_str(), discount.as_deref()),
            ("9.99 EUR", Some("2.00 EUR"))
        );
    }

    #[test]
    fn taxes_and_fees_are_added_and_what_does_not_divide_stays_exact() {
        let text = r#"{"price": 10, "price_unit": 3.34, "shipping_price": 4, "total_price": 14.5,
            "taxes": [{"amount": 2.1}], "shipping_taxes": [{"amount": 0.84}]}"#;
        let (unit, discount, shipping) = read(text, 3, true);
        // 10 + 0.5 fees + 2.1 tax = 12.60 = 3 × 4.20
        assert_eq!((unit.as_str(), discount), ("4.20 EUR", None));
        assert_eq!(shipping, "4.84");
        let text = r#"{"price": 10, "shipping_price": 0, "total_price": 10}"#;
        let (unit, discount, _) = read(text, 3, false);
        assert_eq!(
            (unit.as_str(), discount.as_deref()),
            ("3.34 EUR", Some("0.02 EUR"))
        );
    }

    #[test]
    fn no_price_and_a_negative_price_are_told() {
        for text in [
            "{}",
            r#"{"price": -1}"#,
            r#"{"total_price": 1, "shipping_price": 2}"#,
        ] {
            let sums = sums("1", &line(text), 1, false, Currency::EUR);
            assert!(sums.is_err(), "{text}");
        }
    }
}
