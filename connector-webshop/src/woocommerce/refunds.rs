//! Pieces that are taken off an order: WooCommerce knows them as refunds of lines.
//!
//! A refund without a payment (`api_refund` off) puts pieces back into stock and moves no money.

use chrono::{DateTime, Utc};
use order_core::shipment::LineQuantity;
use order_core::shop::ShopShipment;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};

use super::from_wire::{self, instant, meta_text};
use super::to_wire::LINE_META;
use super::wire::{LineItem, Order, Refund, RefundBody, RefundLineBody, RefundTaxBody};

/// The meta data of a refund's line that names the order's line.
const REFUNDED_ITEM: &str = "_refunded_item_id";

/// Pieces that were refunded before the order was completed, and are in no parcel. What is refunded
/// later is a return.
pub(super) fn taken_off(
    order: &Order,
    refunds: &[Refund],
    shipments: &[ShopShipment],
) -> Vec<LineQuantity> {
    let completed = order.date_completed_gmt.as_deref().and_then(instant);
    let before = |refund: &&Refund| {
        let made = refund.date_created_gmt.as_deref().and_then(instant);
        is_before(made, completed)
    };
    let mut taken: Vec<LineQuantity> = Vec::new();
    for item in &order.line_items {
        let Some(line) = meta_text(&item.meta_data, LINE_META) else {
            continue;
        };
        let early = refunds.iter().filter(before);
        let refunded: u32 = early.map(|refund| pieces_of(refund, item.id)).sum();
        let sent: u32 = shipments
            .iter()
            .filter_map(|shipment| shipment.lines.as_ref())
            .flatten()
            .filter(|part| part.line.as_str() == line)
            .map(|part| part.quantity)
            .sum();
        let had = item.quantity.and_then(|own| own.to_u32()).unwrap_or(0);
        let quantity = refunded.min(had.saturating_sub(sent));
        if quantity > 0 {
            taken.push(LineQuantity {
                line: line.into(),
                quantity,
            });
        }
    }
    taken
}

fn is_before(made: Option<DateTime<Utc>>, completed: Option<DateTime<Utc>>) -> bool {
    match (made, completed) {
        (_, None) => true,
        (Some(made), Some(completed)) => made <= completed,
        (None, Some(_)) => false,
    }
}

/// The lines of a refund that are about one of the order's.
fn of_item(refund: &Refund, item: u64) -> impl Iterator<Item = &LineItem> {
    refund.line_items.iter().filter(move |line| {
        let own = meta_text(&line.meta_data, REFUNDED_ITEM);
        own.and_then(|text| text.parse().ok()) == Some(item)
    })
}

fn pieces_of(refund: &Refund, item: u64) -> u32 {
    // Refunds count down: -1 is one piece.
    of_item(refund, item)
        .filter_map(|line| line.quantity?.abs().to_u32())
        .sum()
}

/// The refund that takes pieces off; or why there is none, for a person.
///
/// A line's last pieces take all that is left of its sum; earlier ones their share, rounded down, so
/// that the parts never come to more than the whole. A tax may have come with more digits than its
/// line, and lines may come to cents more than the order, of which WooCommerce refuses to refund more
/// than is left.
pub(super) fn body(
    order: &Order,
    refunds: &[Refund],
    parts: &[LineQuantity],
    note: &str,
) -> Result<RefundBody, String> {
    let order_total = from_wire::total(order)?;
    let decimals = order_total.currency.decimals();
    let given: Decimal = refunds.iter().filter_map(|refund| refund.amount).sum();
    let mut lines = Vec::new();
    let mut amount = Decimal::ZERO;
    for part in parts {
        let own = |item: &&LineItem| {
            meta_text(&item.meta_data, LINE_META).as_deref() == Some(part.line.as_str())
        };
        let item = order.line_items.iter().find(own);
        let item = item.ok_or_else(|| format!("the shop's order has no line {}", part.line))?;
        let had = item.quantity.and_then(|own| own.to_u32()).unwrap_or(0);
        let gone: u32 = refunds
            .iter()
            .map(|refund| pieces_of(refund, item.id))
            .sum();
        let left = had.saturating_sub(gone);
        if part.quantity == 0 || part.quantity > left {
            return Err(format!(
                "the shop's order has {left} × line {} left, not {}",
                part.line, part.quantity
            ));
        }
        let share = Share {
            all: had,
            part: part.quantity,
            is_rest: part.quantity == left,
            decimals,
        };
        let earlier: Vec<&LineItem> = refunds
            .iter()
            .flat_map(|refund| of_item(refund, item.id))
            .collect();
        let before = earlier.iter().filter_map(|line| line.total).sum();
        let total = share.of(item.total.unwrap_or_default(), before);
        let mut taxes = Vec::new();
        for tax in &item.taxes {
            let same = earlier
                .iter()
                .flat_map(|line| &line.taxes)
                .filter(|own| own.id == tax.id);
            let before = same.filter_map(|own| own.total).sum();
            let sum = share.of(tax.total.unwrap_or_default(), before);
            amount += sum;
            taxes.push(RefundTaxBody {
                id: tax.id,
                refund_total: sum.to_string(),
            });
        }
        amount += total;
        lines.push(RefundLineBody {
            id: item.id,
            quantity: part.quantity,
            refund_total: total.to_string(),
            refund_tax: taxes,
        });
    }
    Ok(RefundBody {
        amount: amount
            .min(order_total.amount - given)
            .max(Decimal::ZERO)
            .to_string(),
        reason: note.to_owned(),
        api_refund: false,
        api_restock: true,
        line_items: lines,
    })
}

/// So many pieces of so many.
struct Share {
    all: u32,
    part: u32,
    is_rest: bool,
    decimals: u32,
}

impl Share {
    /// Of a sum, of which `before` (negative) is given back already.
    fn of(&self, sum: Decimal, before: Decimal) -> Decimal {
        if self.is_rest {
            let rest = (sum + before).max(Decimal::ZERO);
            let nearest = RoundingStrategy::MidpointAwayFromZero;
            return rest.round_dp_with_strategy(self.decimals, nearest);
        }
        let part = sum * Decimal::from(self.part) / Decimal::from(self.all.max(1));
        part.round_dp_with_strategy(self.decimals, RoundingStrategy::ToZero)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn order() -> Order {
        serde_json::from_value(json!({
            "id": 12, "status": "processing", "currency": "EUR", "total": "12.10",
            "line_items": [{
                "id": 1, "quantity": 3, "total": "10.00", "total_tax": "2.10",
                "taxes": [{"id": 7, "total": "2.10"}],
                "meta_data": [{"id": 1, "key": LINE_META, "value": "L1"}],
            }],
        }))
        .unwrap()
    }

    fn refund(pieces: i32, total: &str, tax: &str, at: &str) -> Refund {
        serde_json::from_value(json!({
            "date_created_gmt": at,
            "line_items": [{
                "id": 59, "quantity": -pieces, "total": total, "total_tax": tax,
                "taxes": [{"id": 7, "total": tax}],
                "meta_data": [{"id": 2, "key": REFUNDED_ITEM, "value": "1"}],
            }],
        }))
        .unwrap()
    }

    fn part(quantity: u32) -> [LineQuantity; 1] {
        [LineQuantity {
            line: "L1".into(),
            quantity,
        }]
    }

    #[test]
    fn parts_never_come_to_more_than_the_whole_and_the_rest_takes_what_is_left() {
        let first = body(&order(), &[], &part(1), "n").unwrap();
        assert_eq!(first.line_items[0].refund_total, "3.33");
        assert_eq!(first.line_items[0].refund_tax[0].refund_total, "0.70");
        assert_eq!(first.amount, "4.03");
        let earlier = [refund(1, "-3.33", "-0.70", "2026-11-22T21:45:20")];
        let rest = body(&order(), &earlier, &part(2), "n").unwrap();
        assert_eq!(rest.line_items[0].refund_total, "6.67");
        assert_eq!(rest.amount, "8.07");
        assert!(body(&order(), &earlier, &part(3), "n").is_err());
        assert!(!rest.api_refund);
    }

    #[test]
    fn more_digits_and_rounded_lines_never_come_to_more_than_the_order() {
        let mut order = order();
        order.line_items[0].taxes[0].total = "2.104321".parse().ok();
        let whole = body(&order, &[], &part(3), "n").unwrap();
        assert_eq!(whole.line_items[0].refund_tax[0].refund_total, "2.10");
        order.total.0 = "12.09".parse().unwrap();
        assert_eq!(body(&order, &[], &part(3), "n").unwrap().amount, "12.09");
        let mut earlier = refund(1, "-3.33", "-0.70", "2026-11-22T21:45:20");
        earlier.amount = "4.03".parse().ok();
        let rest = body(&order, &[earlier], &part(2), "n").unwrap();
        assert_eq!(rest.amount, "8.06");
    }

    #[test]
    fn pieces_refunded_after_completion_are_no_cancellation() {
        let mut order = order();
        let refunds = [refund(1, "-3.33", "-0.70", "2026-11-22T21:45:20")];
        assert_eq!(taken_off(&order, &refunds, &[]), part(1));
        order.date_completed_gmt = Some("2026-11-22T21:45:21".to_owned());
        assert_eq!(taken_off(&order, &refunds, &[]), part(1));
        order.date_completed_gmt = Some("2026-11-22T21:45:19".to_owned());
        assert_eq!(taken_off(&order, &refunds, &[]), []);
    }
}
