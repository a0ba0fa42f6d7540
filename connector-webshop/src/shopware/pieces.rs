//! Pieces that are taken off an order: fewer of a line, or none, and the sums that follow from it.
//!
//! Shopware's own recalculation would set shipping, prices and taxes anew from the shop's rules. So
//! the sums are computed here, from what the order has, and written in one call.
//!
//! Pure: nothing is sent from here.

use order_core::money::{Currency, Money};
use order_core::shipment::LineQuantity;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::from_wire::entries;
use super::to_wire::{Part, Taxes};
use super::wire::{Order, Price, PricedDelivery, PricedLine, PricedOrder};

/// What is to be sent.
#[derive(Debug)]
pub(super) enum Change {
    /// Nothing of the order would be left: it is cancelled whole.
    Whole,
    /// `Order`, to be updated, and the ids of lines that go.
    Part {
        /// The order with what changes in it.
        order: Value,
        /// Lines of which nothing is left.
        gone: Vec<String>,
    },
}

/// The change that takes pieces off; or why there is none, for a person.
pub(super) fn take_off(
    order: &Order,
    priced: &PricedOrder,
    parts: &[LineQuantity],
    currency: Currency,
) -> Result<Change, String> {
    if priced.tax_status.as_deref() != Some("gross") {
        let text = "the order's prices are not with tax in them: take the pieces off in the shop";
        return Err(text.to_owned());
    }
    let left = what_is_left(order, priced, parts)?;
    if left.iter().all(|(_, pieces)| *pieces == 0) {
        return Ok(Change::Whole);
    }
    let mut taxes = Taxes::default();
    let mut sum = Decimal::ZERO;
    let (mut lines, mut gone) = (Vec::new(), Vec::new());
    for (line, pieces) in left {
        if pieces == 0 {
            gone.push(line.id.clone());
            continue;
        }
        if pieces == line.quantity {
            stored(&mut taxes, &line.price);
            sum += line.price.total_price.0;
            continue;
        }
        let rate = line.price.calculated_taxes.first();
        let part = Part {
            gross: Money::new(line.price.unit_price.0 * Decimal::from(pieces), currency),
            rate: rate.map_or(Decimal::ZERO, |tax| tax.tax_rate.0),
        };
        taxes.add(part);
        sum += part.gross.amount;
        lines.push(Fewer { line, pieces, part });
    }
    let shipping = &priced.shipping_costs;
    stored(&mut taxes, shipping);
    let total = Money::new(sum + shipping.total_price.0, currency);
    let deliveries = priced.deliveries.iter();
    let deliveries: Vec<Value> = deliveries.map(|own| positions(own, &lines)).collect();
    let items: Vec<Value> = lines.iter().map(Fewer::item).collect();
    let order = json!({
        "id": order.id,
        "price": taxes.cart(total, Money::new(sum, currency)),
        "lineItems": items,
        "deliveries": deliveries,
    });
    Ok(Change::Part { order, gone })
}

/// A line that keeps fewer pieces than it had.
struct Fewer<'a> {
    line: &'a PricedLine,
    pieces: u32,
    part: Part,
}

impl Fewer<'_> {
    fn item(&self) -> Value {
        json!({
            "id": self.line.id,
            "quantity": self.pieces,
            "price": self.part.price(self.pieces),
            "priceDefinition": self.part.definition(self.pieces),
        })
    }
}

/// What a delivery has of these lines.
fn positions(delivery: &PricedDelivery, lines: &[Fewer<'_>]) -> Value {
    let mut positions = Vec::new();
    for position in &delivery.positions {
        let own = |fewer: &&Fewer<'_>| fewer.line.id == position.order_line_item_id;
        if let Some(fewer) = lines.iter().find(own) {
            let price = fewer.part.price(fewer.pieces);
            positions.push(json!({"id": position.id, "price": price}));
        }
    }
    json!({"id": delivery.id, "positions": positions})
}

fn stored(taxes: &mut Taxes, price: &Price) {
    for tax in &price.calculated_taxes {
        taxes.add_known(tax.tax_rate.0, tax.price.0, tax.tax.0);
    }
}

/// The pieces that every line of the shop keeps. Of a marketplace's line that is two of the shop's,
/// the later one gives first.
fn what_is_left<'a>(
    order: &Order,
    priced: &'a PricedOrder,
    parts: &[LineQuantity],
) -> Result<Vec<(&'a PricedLine, u32)>, String> {
    let entries = entries(order);
    let mut left: Vec<(&PricedLine, u32)> = priced
        .line_items
        .iter()
        .map(|line| (line, line.quantity))
        .collect();
    for part in parts {
        let mut wanted = part.quantity;
        for (line, pieces) in left.iter_mut().rev() {
            let is_own = |(shop, own, _): &(&str, _, u32)| *shop == line.id && *own == part.line;
            if entries.iter().any(is_own) {
                let taken = wanted.min(*pieces);
                *pieces -= taken;
                wanted -= taken;
            }
        }
        if part.quantity == 0 || wanted > 0 {
            return Err(format!(
                "the shop's order has {} × line {} left, not {}",
                part.quantity - wanted,
                part.line,
                part.quantity
            ));
        }
    }
    Ok(left)
}
