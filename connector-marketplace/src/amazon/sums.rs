//! Sums of an item as our orders have them.
//!
//! Amazon tells what the seller gets for an item, and of what that is made: the goods, shipping,
//! tax of each, discounts. What is not shipping belongs to the goods.

use order_core::money::{Currency, Money};
use rust_decimal::Decimal;

use super::wire::{self, Breakdown, OrderItem};
use crate::sums::unit_price;

/// What a buyer pays for an item.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) unit_price: Money,
    pub(super) discount: Option<Money>,
    /// Shipping of this item, tax included.
    pub(super) shipping: Decimal,
}

/// An amount in the order's currency; absent is not zero.
pub(super) fn amount(
    what: &str,
    money: Option<&wire::Money>,
    currency: Currency,
) -> Result<Option<Decimal>, String> {
    let Some(money) = money else {
        return Ok(None);
    };
    let text = money.amount.as_deref().unwrap_or_default();
    let amount: Decimal = text
        .trim()
        .parse()
        .map_err(|_| format!("{what}: {text:?} is not a sum"))?;
    match money.currency_code.as_deref() {
        Some(code) if code != currency.as_str() => {
            Err(format!("{what} is in {code}, the order in {currency}"))
        }
        Some(_) | None => Ok(Some(amount)),
    }
}

/// The sums of an item. An order that waits for payment may have none: then they are zero, and the
/// order is not ready.
pub(super) fn sums(
    id: &str,
    item: &OrderItem,
    quantity: u32,
    currency: Currency,
) -> Result<Sums, String> {
    let proceeds = item.proceeds.as_ref();
    let breakdowns = proceeds.and_then(|it| it.breakdowns.as_deref());
    let breakdowns = breakdowns.unwrap_or_default();
    let stated = item
        .product
        .as_ref()
        .and_then(|product| product.price.as_ref())
        .and_then(|price| price.unit_price.as_ref());
    let stated = amount(&format!("item {id}: unitPrice"), stated, currency)?;
    let total = proceeds.and_then(|it| it.proceeds_total.as_ref());
    let total = amount(&format!("item {id}: proceedsTotal"), total, currency)?;
    let too_large = || format!("item {id}: the sums are too large");
    let shipping = shipping(id, breakdowns, currency)?;
    let goods = match (total, stated) {
        (Some(total), _) => total.checked_sub(shipping).ok_or_else(too_large)?,
        (None, Some(unit)) => unit
            .checked_mul(Decimal::from(quantity))
            .ok_or_else(too_large)?,
        (None, None) => Decimal::ZERO,
    };
    if goods.is_sign_negative() && !goods.is_zero() {
        return Err(format!("item {id}: the price is {goods}"));
    }
    let (unit_price, discount) =
        unit_price(goods, quantity, stated, currency).ok_or_else(too_large)?;
    Ok(Sums {
        unit_price,
        discount,
        shipping,
    })
}

/// Shipping with its tax.
fn shipping(id: &str, breakdowns: &[Breakdown], currency: Currency) -> Result<Decimal, String> {
    let what = format!("item {id}: shipping");
    let mut sum = Decimal::ZERO;
    for breakdown in breakdowns {
        let add = match breakdown.kind.as_deref() {
            Some("SHIPPING") => amount(&what, breakdown.subtotal.as_ref(), currency)?,
            Some("TAX") => {
                let parts = breakdown.detailed_breakdowns.iter().flatten();
                let mut tax = Decimal::ZERO;
                for part in parts.filter(|part| part.subtype.as_deref() == Some("SHIPPING")) {
                    tax += amount(&what, part.value.as_ref(), currency)?.unwrap_or_default();
                }
                Some(tax)
            }
            Some(_) | None => None,
        };
        sum = sum
            .checked_add(add.unwrap_or_default())
            .ok_or_else(|| format!("{what}: too large"))?;
    }
    Ok(sum)
}

/// What is charged for the order and no item of it, such as a tip for the delivery.
pub(super) fn beside_items(
    breakdowns: &[Breakdown],
    currency: Currency,
) -> Result<Decimal, String> {
    let mut sum = Decimal::ZERO;
    let tips = breakdowns
        .iter()
        .filter(|it| it.kind.as_deref() == Some("DELIVERY_TIP"));
    for tip in tips {
        sum += amount("DELIVERY_TIP", tip.subtotal.as_ref(), currency)?.unwrap_or_default();
    }
    Ok(sum)
}
