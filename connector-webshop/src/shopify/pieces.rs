//! Pieces that are taken off an order: Shopify knows them as a refund of lines that were not sent.
//!
//! **Invariants.** Only what is still to be sent is refunded, and only as `CANCEL`, which lowers what
//! is to be sent. `refundCreate` is sent once per call, under a key that follows from what the order
//! had and what is taken: the same step sent twice is done once. Only the payment that we wrote down
//! ourselves is refunded, so that no money moves.

use std::fmt::Write as _;

use order_core::ports::{CancelShopOrder, ShopCancel};
use order_core::shipment::LineQuantity;
use order_core::shop::{ShopOrder, ShopState};
use order_core::{Error, Kind};
use serde_json::{Value, json};
use sha1::{Digest as _, Sha1};

use super::api::number;
use super::connector::Shopify;
use super::create::words;
use super::from_wire::marketplace_line;
use super::wire::{
    LineItem, MoneyV2, Order, Payment, Refunded, SuggestedTransaction, Suggestion, UserError,
};
use crate::shared::{short, unreadable};

/// The namespace of every key: a random UUID, chosen once.
const NAMESPACE: [u8; 16] = [
    0x3b, 0x9e, 0x51, 0xc4, 0x07, 0xda, 0x4f, 0x68, 0x9a, 0x12, 0xe5, 0x70, 0xb8, 0x2d, 0xc6, 0x1f,
];

/// Restocks pieces that were not sent, and lowers how many are still to be sent.
const CANCEL: &str = "CANCEL";

/// Pieces of a line of the shop.
#[derive(Debug)]
struct Taken<'a> {
    line: &'a LineItem,
    pieces: u32,
}

/// Takes pieces off; `None` when nothing of the order would be left, and it is to be cancelled whole.
pub(super) async fn cancel(
    shop: &Shopify,
    order: &Order,
    read: &ShopOrder,
    request: &CancelShopOrder,
) -> Result<Option<ShopCancel>, Error> {
    let rejected = |reason: String| Ok(Some(ShopCancel::Rejected { reason }));
    if read.state != ShopState::Open {
        let (name, state) = (&read.number, &read.raw_state);
        return rejected(format!(
            "order {name} is {state}: what has left can only come back as a return"
        ));
    }
    let taken = match taken(order, &request.lines) {
        Ok(taken) => taken,
        Err(reason) => return rejected(reason),
    };
    if read.shipments.is_empty() && is_everything(order, &taken) {
        return Ok(None);
    }
    let id = number(&order.id).ok_or_else(|| unreadable("its id is not an order's"))?;
    let suggestion = match shop.api.suggest(id, &lines(&taken)).await {
        Ok(suggestion) => suggestion,
        // The order was read with the same credentials a moment ago: only the location is refused.
        Err(error) if error.kind() == Kind::PermissionDenied => {
            return rejected(format!(
                "{}: give the app the access scope read_locations, or take the pieces off in the \
                 shop",
                error.message()
            ));
        }
        Err(error) => return Err(error),
    };
    let Some(suggestion) = suggestion else {
        let reason = "Shopify has no refund for these pieces: take them off there";
        return rejected(reason.to_owned());
    };
    if let Err(reason) = is_exact(&taken, &suggestion) {
        return rejected(reason);
    }
    let mut input = input(order, &suggestion, &shop.config.payment_title);
    input["note"] = json!(short(&request.note, 250));
    match shop.api.refund(&input, &key(order, &taken)).await {
        Ok(answer) => outcome(&answer).map(Some),
        Err(error) if error.kind() == Kind::Rejected => rejected(error.message().to_owned()),
        Err(error) => Err(error),
    }
}

/// Which of the shop's lines give the pieces. Of a marketplace's line that is two of the shop's, the
/// later one gives first.
fn taken<'a>(order: &'a Order, parts: &[LineQuantity]) -> Result<Vec<Taken<'a>>, String> {
    let mut all: Vec<Taken<'_>> = order
        .line_items
        .nodes
        .iter()
        .map(|line| Taken { line, pieces: 0 })
        .collect();
    for part in parts {
        let mut wanted = part.quantity;
        for own in all.iter_mut().rev() {
            if marketplace_line(own.line).as_ref() == Some(&part.line) {
                let more = wanted.min(to_send(own.line).saturating_sub(own.pieces));
                own.pieces += more;
                wanted -= more;
            }
        }
        if part.quantity == 0 || wanted > 0 {
            return Err(format!(
                "order {} has {} × line {} left to send, not {}: what has left can only come back \
                 as a return, and what staff took off is off already",
                order.name,
                part.quantity - wanted,
                part.line,
                part.quantity
            ));
        }
    }
    all.retain(|own| own.pieces > 0);
    Ok(all)
}

/// How many pieces of a line are still to be sent.
fn to_send(line: &LineItem) -> u32 {
    let open = line.unfulfilled_quantity.unwrap_or(0);
    line.current_quantity.map_or(open, |own| own.min(open))
}

/// Whether no line keeps a piece.
fn is_everything(order: &Order, taken: &[Taken<'_>]) -> bool {
    order.line_items.nodes.iter().all(|line| {
        let own = taken.iter().find(|own| own.line.id == line.id);
        let had = line.current_quantity.unwrap_or(line.quantity);
        had <= own.map_or(0, |own| own.pieces)
    })
}

/// `RefundLineItemInput`, as the suggestion wants it.
fn lines(taken: &[Taken<'_>]) -> Value {
    let one = |own: &Taken<'_>| json!({"lineItemId": own.line.id, "quantity": own.pieces, "restockType": CANCEL});
    taken.iter().map(one).collect()
}

/// Refuses a suggestion that is about other pieces than these, or does not cancel them.
fn is_exact(taken: &[Taken<'_>], suggestion: &Suggestion) -> Result<(), String> {
    for own in taken {
        let rows = suggestion.refund_line_items.iter();
        let pieces: u32 = rows
            .filter(|row| row.line_item.id == own.line.id && row.restock_type == CANCEL)
            .map(|row| row.quantity)
            .sum();
        if pieces != own.pieces {
            return Err(format!(
                "Shopify would cancel {pieces} × {}, not {}: take the pieces off there",
                own.line.id, own.pieces
            ));
        }
    }
    let wanted: u32 = taken.iter().map(|own| own.pieces).sum();
    let rows = &suggestion.refund_line_items;
    if rows.iter().map(|row| row.quantity).sum::<u32>() != wanted {
        return Err("Shopify would refund more than these pieces: take them off there".to_owned());
    }
    Ok(())
}

/// `RefundInput`: what Shopify suggests.
fn input(order: &Order, suggestion: &Suggestion, payment_title: &str) -> Value {
    let mut lines = Vec::new();
    for row in &suggestion.refund_line_items {
        let mut line = json!({
            "lineItemId": row.line_item.id, "quantity": row.quantity, "restockType": CANCEL,
        });
        if let Some(location) = &row.location {
            line["locationId"] = json!(location.id);
        }
        lines.push(line);
    }
    let suggested = suggestion.suggested_transactions.iter();
    let ours: Vec<_> = suggested
        .filter_map(|own| ours(own, payment_title))
        .collect();
    let refund = |(money, payment, gateway): &(&MoneyV2, &Payment, &str)| {
        json!({
            "orderId": order.id,
            "parentId": payment.id,
            "kind": "REFUND",
            "gateway": gateway,
            "amount": money.amount,
        })
    };
    let mut input = json!({
        "orderId": order.id,
        "notify": false,
        "refundLineItems": lines,
        "transactions": ours.iter().map(refund).collect::<Vec<_>>(),
    });
    if let Some((money, _, _)) = ours.first() {
        input["currency"] = json!(money.currency_code);
    }
    input
}

/// A refund of the payment that was written down with the order, or of another that no money goes
/// through. Any other would pay somebody.
fn ours<'a>(
    own: &'a SuggestedTransaction,
    payment_title: &str,
) -> Option<(&'a MoneyV2, &'a Payment, &'a str)> {
    let payment = own.parent_transaction.as_ref()?;
    let gateway = own.gateway.as_deref()?;
    let is_ours = payment.manual_payment_gateway || gateway == payment_title;
    let money = &own.amount_set.presentment_money;
    (is_ours && !money.amount.0.is_zero()).then_some((money, payment, gateway))
}

/// The idempotency key of a step (UUID version 5, RFC 9562 §5.5).
///
/// What a line ever had only grows, and what it has without removed and refunded pieces falls with
/// every step: the same two numbers never come back.
fn key(order: &Order, taken: &[Taken<'_>]) -> String {
    let mut text = order.id.clone();
    for Taken { line, pieces } in taken {
        let current = line.current_quantity.unwrap_or(line.quantity);
        let _ = write!(text, "\n{} {} {current} {pieces}", line.id, line.quantity);
    }
    let mut hash = Sha1::new();
    hash.update(NAMESPACE);
    hash.update(text.as_bytes());
    let digest = hash.finalize();
    let mut bytes = [0_u8; 16];
    for (byte, own) in bytes.iter_mut().zip(digest.iter()) {
        *byte = *own;
    }
    bytes[6] = (bytes[6] & 0x0f) | 0x50;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut key = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        let dash = if matches!(at, 4 | 6 | 8 | 10) {
            "-"
        } else {
            ""
        };
        let _ = write!(key, "{dash}{byte:02x}");
    }
    key
}

/// What an answer means. A refund that is there counts, whatever else is said.
fn outcome(answer: &Refunded) -> Result<ShopCancel, Error> {
    if answer.refund.is_some() {
        if !answer.user_errors.is_empty() {
            tracing::warn!(errors = %words(&answer.user_errors), "refunded, with remarks");
        }
        return Ok(ShopCancel::Done);
    }
    if answer.user_errors.is_empty() {
        let text = "the shop answered with neither a refund nor a reason";
        return Err(Error::unknown(Kind::Decode, text));
    }
    let reason = words(&answer.user_errors);
    // The same step was sent before, and may be done or under way: the order tells.
    if answer.user_errors.iter().any(is_about_the_key) {
        return Err(Error::unknown(Kind::Unavailable, reason));
    }
    Ok(ShopCancel::Rejected { reason })
}

/// Refunds have no codes for this; the texts are those of the mutations that have.
fn is_about_the_key(error: &UserError) -> bool {
    let message = error.message.to_lowercase();
    let code = error.code.as_deref().unwrap_or_default();
    code.starts_with("IDEMPOTENCY_")
        || message.contains("idempotency key")
        || message.contains("currently in progress")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A marketplace line of 3 that is two of the shop's, and another one of which 1 of 2 has left.
    fn order() -> Order {
        let line = |id: u64, own: &str, quantity: u32, open: u32| {
            json!({
                "id": format!("gid://shopify/LineItem/{id}"),
                "quantity": quantity, "currentQuantity": quantity, "unfulfilledQuantity": open,
                "customAttributes": [{"key": "_marketplace_line", "value": own}],
            })
        };
        serde_json::from_value(json!({
            "id": "gid://shopify/Order/7", "name": "#7",
            "displayFulfillmentStatus": "PARTIALLY_FULFILLED",
            "totalPriceSet": {"shopMoney": {"amount": "50.00", "currencyCode": "EUR"}},
            "lineItems": {"nodes": [
                line(1, "L1", 2, 2), line(2, "L1", 1, 1), line(3, "L2", 2, 1),
            ]},
        }))
        .unwrap()
    }

    fn part(line: &str, quantity: u32) -> LineQuantity {
        LineQuantity {
            line: line.into(),
            quantity,
        }
    }

    fn suggestion(rows: &[(u64, u32, &str)], gateway: &str, manual: bool) -> Suggestion {
        let rows: Vec<Value> = rows
            .iter()
            .map(|(line, quantity, restock)| {
                json!({
                    "quantity": quantity, "restockType": restock,
                    "location": {"id": "gid://shopify/Location/1"},
                    "lineItem": {"id": format!("gid://shopify/LineItem/{line}")},
                })
            })
            .collect();
        serde_json::from_value(json!({
            "refundLineItems": rows,
            "suggestedTransactions": [{
                "gateway": gateway,
                "amountSet": {"presentmentMoney": {"amount": "9.99", "currencyCode": "EUR"}},
                "parentTransaction": {
                    "id": "gid://shopify/OrderTransaction/5", "manualPaymentGateway": manual,
                },
            }],
        }))
        .unwrap()
    }

    #[test]
    fn the_later_of_two_lines_gives_first_and_nothing_gives_what_has_left() {
        let order = order();
        let ids = |parts: &[LineQuantity]| {
            let taken = taken(&order, parts)?;
            let pairs = taken.iter().map(|own| (number(&own.line.id), own.pieces));
            Ok::<_, String>(pairs.collect::<Vec<_>>())
        };
        let both = [(Some(1), 1), (Some(2), 1)];
        assert_eq!(ids(&[part("L1", 2)]).unwrap(), both);
        assert_eq!(ids(&[part("L1", 1), part("L1", 1)]).unwrap(), both);
        let reason = ids(&[part("L2", 2)]).unwrap_err();
        assert!(
            reason.contains("1 × line L2 left to send, not 2"),
            "{reason}"
        );
        assert!(ids(&[part("L1", 0)]).is_err());
        assert!(ids(&[part("L9", 1)]).is_err());
    }

    #[test]
    fn an_order_is_cancelled_whole_only_when_no_line_keeps_a_piece() {
        let order = order();
        let all = taken(&order, &[part("L1", 3), part("L2", 1)]).unwrap();
        assert!(!is_everything(&order, &all));
        let mut unsent = order.clone();
        unsent.line_items.nodes.remove(2);
        assert!(is_everything(
            &unsent,
            &taken(&unsent, &[part("L1", 3)]).unwrap()
        ));
        assert!(!is_everything(
            &unsent,
            &taken(&unsent, &[part("L1", 2)]).unwrap()
        ));
    }

    #[test]
    fn only_a_payment_that_no_money_goes_through_is_refunded() {
        let order = order();
        let refund = |gateway: &str, manual: bool| {
            let own = suggestion(&[(3, 1, CANCEL)], gateway, manual);
            input(&order, &own, "Marketplace")
        };
        let ours = refund("Marketplace", false);
        assert_eq!(ours["transactions"][0]["amount"], "9.99");
        assert_eq!(ours["transactions"][0]["kind"], "REFUND");
        assert_eq!(
            ours["refundLineItems"][0]["locationId"],
            "gid://shopify/Location/1"
        );
        assert_eq!(ours["notify"], false);
        assert_eq!(
            refund("manual", true)["transactions"][0]["gateway"],
            "manual"
        );
        assert_eq!(refund("shopify_payments", false)["transactions"], json!([]));
    }

    #[test]
    fn what_shopify_would_do_otherwise_is_not_sent() {
        let order = order();
        let taken = taken(&order, &[part("L2", 1)]).unwrap();
        let exact = suggestion(&[(3, 1, CANCEL)], "Marketplace", false);
        assert_eq!(is_exact(&taken, &exact), Ok(()));
        for rows in [
            &[(3, 1, "NO_RESTOCK")][..],
            &[(3, 2, CANCEL)],
            &[(3, 1, CANCEL), (1, 1, CANCEL)],
            &[(3, 1, CANCEL), (3, 1, "RETURN")],
            &[],
        ] {
            let own = suggestion(rows, "Marketplace", false);
            let reason = is_exact(&taken, &own).unwrap_err();
            assert!(reason.contains("take the"), "{reason}");
        }
    }

    #[test]
    fn the_same_step_has_the_same_key_and_the_next_one_another() {
        let before = order();
        let step = |order: &Order| key(order, &taken(order, &[part("L1", 1)]).unwrap());
        assert_eq!(step(&before), step(&before.clone()));
        assert_eq!(step(&before).len(), 36);
        assert_eq!(step(&before).as_bytes()[14], b'5');
        let mut after = before.clone();
        after.line_items.nodes[1].current_quantity = Some(0);
        after.line_items.nodes[1].unfulfilled_quantity = Some(0);
        assert_ne!(step(&before), step(&after));
    }

    #[test]
    fn an_answer_about_the_key_leaves_it_open_and_any_other_refuses() {
        let answer = |message: &str| -> Refunded {
            let error = json!({"field": null, "message": message});
            serde_json::from_value(json!({"refund": null, "userErrors": [error]})).unwrap()
        };
        let told = outcome(&answer(
            "Quantity cannot refund more items than were purchased",
        ));
        assert!(matches!(told, Ok(ShopCancel::Rejected { .. })), "{told:?}");
        for text in [
            "This request is currently in progress, please try again.",
            "The same idempotency key cannot be used with different operation parameters.",
        ] {
            let error = outcome(&answer(text)).unwrap_err();
            assert_eq!(error.effect(), order_core::Effect::Unknown);
            assert!(error.is_retryable());
        }
        let empty = Refunded {
            refund: None,
            user_errors: Vec::new(),
        };
        assert_eq!(
            outcome(&empty).unwrap_err().effect(),
            order_core::Effect::Unknown
        );
    }
}
