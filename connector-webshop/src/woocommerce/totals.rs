//! Whether a draft comes to the right sum, and how to mend it before it counts.
//!
//! WooCommerce takes prices without tax and computes the tax from the shop's own rates. So the
//! draft is read back, the rates that the shop applied are looked up on it, and the net prices are
//! set so that net plus tax is what the buyer paid. What is then still off by cents, through the
//! shop's own rounding, goes into an untaxed fee line.
//!
//! Pure: nothing is sent from here.

use order_core::money::Money;
use order_core::ports::{NewLine, NewOrder};
use rust_decimal::Decimal;

use super::from_wire::meta_text;
use super::to_wire::{self, LINE_META, net_of};
use super::wire::{CostBody, CostLine, LineBody, LineItem, Order, OrderBody, Tax};
use crate::sums::Sums;

/// What to do with a draft.
#[derive(Debug)]
pub(super) enum Verdict {
    /// It comes to the right sum.
    Exact,
    /// Send this change, then look again.
    Correct(Box<OrderBody>),
    /// It comes to another sum, and there is no safe remedy.
    Differs,
    /// The shop stored something else than was sent.
    Unusable(String),
}

/// Which remedies the settings allow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Remedies {
    pub(super) rounding_fee: bool,
    pub(super) untaxed_where_no_rate: bool,
}

/// Judges a draft. `corrected` says that the net prices were set from the shop's rates before.
pub(super) fn verdict(
    draft: &Order,
    order: &NewOrder,
    sums: &Sums,
    corrected: bool,
    remedies: Remedies,
) -> Verdict {
    let lines = match matching_lines(draft, order) {
        Ok(lines) => lines,
        Err(reason) => return Verdict::Unusable(reason),
    };
    let cent = Decimal::new(1, order.currency.decimals());
    let off = wanted(order, sums.total) - draft.total.0;
    let lines_agree = lines.iter().zip(&sums.lines).all(|(line, sum)| {
        let stored = line.total.unwrap_or_default() + line.total_tax.unwrap_or_default();
        (stored - wanted(order, sum.after_discount)).abs() <= cent
    });
    if off.is_zero() && lines_agree {
        return Verdict::Exact;
    }
    if !remedies.untaxed_where_no_rate && lines.iter().any(|line| line.taxes.is_empty()) {
        return Verdict::Differs;
    }
    if !corrected {
        return Verdict::Correct(Box::new(net_prices(draft, order, sums, &lines)));
    }
    let tolerated = cent * Decimal::from(lines.len() + 1);
    if lines_agree && remedies.rounding_fee && draft.fee_lines.is_empty() && off.abs() <= tolerated
    {
        return Verdict::Correct(Box::new(fee(off)));
    }
    Verdict::Differs
}

fn wanted(order: &NewOrder, minor: i64) -> Decimal {
    Money::from_minor(minor, order.currency).amount
}

/// The draft's lines in the order's order, each with the right product and quantity.
fn matching_lines<'a>(draft: &'a Order, order: &NewOrder) -> Result<Vec<&'a LineItem>, String> {
    if draft.currency != order.currency.as_str() {
        return Err(format!(
            "the shop stored {} instead of {}",
            draft.currency, order.currency
        ));
    }
    if draft.line_items.len() != order.lines.len() {
        return Err(format!(
            "the shop stored {} lines instead of {}",
            draft.line_items.len(),
            order.lines.len()
        ));
    }
    order
        .lines
        .iter()
        .map(|line| matching_line(draft, line))
        .collect()
}

fn matching_line<'a>(draft: &'a Order, line: &NewLine) -> Result<&'a LineItem, String> {
    let stored = draft
        .line_items
        .iter()
        .find(|stored| {
            meta_text(&stored.meta_data, LINE_META).as_deref() == Some(line.line.as_str())
        })
        .ok_or_else(|| format!("the shop lost line {}", line.line))?;
    let product = to_wire::product(&line.product);
    let stored_product = (
        stored.product_id.unwrap_or(0),
        stored.variation_id.filter(|variation| *variation != 0),
    );
    if product != Some(stored_product) {
        return Err(format!(
            "the shop does not have product {} of line {}",
            line.product.id, line.line
        ));
    }
    if stored.quantity != Some(Decimal::from(line.quantity)) {
        return Err(format!(
            "the shop stored another quantity on line {}",
            line.line
        ));
    }
    Ok(stored)
}

/// Net prices from the rates that the shop applied to each line.
fn net_prices(draft: &Order, order: &NewOrder, sums: &Sums, lines: &[&LineItem]) -> OrderBody {
    let line_items = lines
        .iter()
        .zip(&sums.lines)
        .map(|(line, sum)| {
            let rate = rate(draft, &line.taxes, line.total, line.total_tax);
            LineBody {
                id: Some(line.id),
                subtotal: net_of(wanted(order, sum.before_discount), rate).to_string(),
                total: net_of(wanted(order, sum.after_discount), rate).to_string(),
                ..LineBody::default()
            }
        })
        .collect();
    let shipping_lines = draft
        .shipping_lines
        .iter()
        .take(1)
        .map(|line| shipping(draft, order, sums, line))
        .collect();
    OrderBody {
        line_items,
        shipping_lines,
        ..OrderBody::default()
    }
}

fn shipping(draft: &Order, order: &NewOrder, sums: &Sums, line: &CostLine) -> CostBody {
    let rate = rate(draft, &line.taxes, line.total, line.total_tax);
    CostBody {
        id: Some(line.id),
        total: net_of(wanted(order, sums.shipping), rate).to_string(),
        ..CostBody::default()
    }
}

/// The percentage that the shop puts on a line: plain rates add up, compound ones multiply. Where
/// a rate's percentage is not told, what the shop computed says it as well as two decimals can.
fn rate(draft: &Order, taxes: &[Tax], net: Option<Decimal>, tax: Option<Decimal>) -> Decimal {
    let mut plain = Decimal::ZERO;
    let mut compound = Decimal::ONE;
    for tax_id in taxes {
        let told = draft
            .tax_lines
            .iter()
            .find(|line| line.rate_id == tax_id.id);
        match told.map(|line| (line.rate_percent, line.compound.unwrap_or(false))) {
            Some((Some(percent), false)) => plain += percent,
            Some((Some(percent), true)) => {
                compound *= Decimal::ONE + percent / Decimal::ONE_HUNDRED
            }
            Some((None, _)) | None => return observed(net, tax),
        }
    }
    ((Decimal::ONE + plain / Decimal::ONE_HUNDRED) * compound - Decimal::ONE) * Decimal::ONE_HUNDRED
}

fn observed(net: Option<Decimal>, tax: Option<Decimal>) -> Decimal {
    match (net, tax) {
        (Some(net), Some(tax)) if !net.is_zero() => (tax / net * Decimal::ONE_HUNDRED).round_dp(4),
        _ => Decimal::ZERO,
    }
}

/// What is missing (or too much) as a line of its own, on which no tax is put.
fn fee(off: Decimal) -> OrderBody {
    OrderBody {
        fee_lines: vec![CostBody {
            name: Some("Marketplace rounding".to_owned()),
            tax_status: Some("none"),
            total: off.to_string(),
            ..CostBody::default()
        }],
        ..OrderBody::default()
    }
}
