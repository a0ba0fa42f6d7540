//! From a marketplace's order to the order that is to be created, or what is missing.

use crate::ids::ExternalKey;
use crate::money::Money;
use crate::order::{Line, MarketplaceOrder};
use crate::ports::{NewLine, NewOrder, ProductMatch, ProductQuery};
use crate::state::ProblemKind;

/// Why an order cannot be created or a shipment cannot be sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// What is wrong.
    pub text: String,
    /// What a person can do.
    pub advice: String,
}

impl Blocked {
    fn new(kind: ProblemKind, text: String, advice: &str) -> Self {
        Self {
            kind,
            text,
            advice: advice.to_owned(),
        }
    }
}

/// The order to create, with the products that were found for its lines.
///
/// `matches` answers [`product_queries`] in the same order.
///
/// # Errors
///
/// [`Blocked`] with the first thing that is missing: sums that do not agree, an address nobody
/// can ship to, a product the webshop does not have.
pub fn new_order(
    content: &MarketplaceOrder,
    key: ExternalKey,
    matches: &[ProductMatch],
) -> Result<NewOrder, Blocked> {
    check(content)?;
    let zero = Money::zero(content.currency);
    let ship_to = content.ship_to.clone().unwrap_or_default();
    let bill_to = content.bill_to.clone().unwrap_or_else(|| ship_to.clone());
    let mut lines = Vec::new();
    for (line, found) in wanted(content).zip(matches) {
        let product = match found {
            ProductMatch::Found(product) => product.clone(),
            ProductMatch::Missing => return Err(unknown_product(line, "no product has")),
            ProductMatch::Ambiguous => return Err(unknown_product(line, "several products have")),
        };
        lines.push(NewLine {
            line: line.id.clone(),
            product,
            title: line.title.clone().unwrap_or_default(),
            quantity: line.wanted(),
            unit_price: line.unit_price,
            discount: discount_of_wanted(line).unwrap_or(zero),
            vat_percent: line.vat_percent,
        });
    }
    let total = wanted_total(content).ok_or_else(|| {
        Blocked::new(
            ProblemKind::SumMismatch,
            "the sums of the order cannot be added".to_owned(),
            "Handle this order by hand and report it.",
        )
    })?;
    Ok(NewOrder {
        key,
        placed_at: content.placed_at,
        lines,
        shipping: content.shipping.unwrap_or(zero),
        shipping_method: content.shipping_method.clone(),
        discount: content.discount.unwrap_or(zero),
        total,
        currency: content.currency,
        ship_to,
        bill_to,
        ship_by: content.ship_by,
        sent_elsewhere: content.is_sent_elsewhere(),
    })
}

/// What to ask the webshop about the lines of an order.
#[must_use]
pub fn product_queries(content: &MarketplaceOrder) -> Vec<ProductQuery> {
    wanted(content)
        .map(|line| ProductQuery {
            line: line.id.clone(),
            sku: line.sku.clone(),
            gtin: line.gtin.clone(),
        })
        .collect()
}

/// What stands in the way of an order before the webshop is asked anything.
///
/// # Errors
///
/// [`Blocked`] with the first thing that is missing.
pub fn check(content: &MarketplaceOrder) -> Result<(), Blocked> {
    if !content.currency.is_iso() {
        return Err(Blocked::new(
            ProblemKind::UnknownCurrency,
            format!(
                "the order is in {}, which is no known currency",
                content.currency
            ),
            "Handle this order by hand.",
        ));
    }
    if let Err(error) = content.checked_total() {
        return Err(Blocked::new(
            ProblemKind::SumMismatch,
            error.to_string(),
            "Compare the order at the marketplace; if the sums are right there, report it.",
        ));
    }
    let missing = match &content.ship_to {
        None => vec!["the whole address"],
        Some(address) => address.missing_parts(),
    };
    if !missing.is_empty() {
        return Err(Blocked::new(
            ProblemKind::MissingAddress,
            format!("the delivery address lacks {}", missing.join(", ")),
            "It is tried again by itself when the marketplace has it; else ask the buyer and \
             handle the order by hand.",
        ));
    }
    Ok(())
}

fn wanted(content: &MarketplaceOrder) -> impl Iterator<Item = &Line> {
    content.lines.iter().filter(|line| line.wanted() > 0)
}

/// The part of a line's discount that falls on the pieces that are not cancelled.
fn discount_of_wanted(line: &Line) -> Option<Money> {
    let discount = line.discount?;
    if line.cancelled == 0 || line.quantity == 0 {
        return Some(discount);
    }
    let share = rust_decimal::Decimal::from(line.wanted())
        .checked_div(rust_decimal::Decimal::from(line.quantity))?;
    let amount = discount.amount.checked_mul(share)?;
    Some(Money::new(
        amount.round_dp(discount.currency.decimals()),
        discount.currency,
    ))
}

/// What the pieces that are not cancelled come to.
pub(super) fn wanted_total(content: &MarketplaceOrder) -> Option<Money> {
    let mut sum = Money::zero(content.currency);
    for line in wanted(content) {
        sum = sum.checked_add(line.unit_price.checked_times(line.wanted())?)?;
        if let Some(discount) = discount_of_wanted(line) {
            sum = sum.checked_sub(discount)?;
        }
    }
    if let Some(shipping) = content.shipping {
        sum = sum.checked_add(shipping)?;
    }
    match content.discount {
        Some(discount) => sum.checked_sub(discount),
        None => Some(sum),
    }
}

fn unknown_product(line: &Line, which: &str) -> Blocked {
    let sku = line.sku.as_deref().unwrap_or("none");
    let gtin = line.gtin.as_deref().unwrap_or("none");
    Blocked::new(
        ProblemKind::UnknownProduct,
        format!(
            "line {} (SKU {sku}, EAN {gtin}, {:?}): in the webshop {which} this SKU or EAN",
            line.id,
            line.title.as_deref().unwrap_or("")
        ),
        "Give exactly one product of the webshop this SKU or EAN; the order is then created by \
         itself.",
    )
}
