//! Refunds of pieces, as far as Shopify's documentation tells.
//!
//! A refund counts as much as its lines say; what is given back of the payment is what its
//! transactions say. Under a key that was used already, nothing is done again.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::execute::number;
use super::store::{Line, Order, Store, gid};

/// Where everything is in stock.
const LOCATION: u64 = 1;

/// A line of `RefundLineItemInput`, with where it stands in the order.
struct Wanted {
    at: usize,
    pieces: u32,
    cancels: bool,
    has_location: bool,
}

fn order_of<'a>(store: &'a Store, id: &Value) -> Result<Option<&'a Order>, String> {
    let id = number(id, "Order")?;
    Ok(id.and_then(|id| store.orders.get(&id)))
}

fn wanted(order: &Order, lines: &Value) -> Result<Vec<Wanted>, String> {
    let lines = lines.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut all = Vec::new();
    for line in lines {
        let id = number(&line["lineItemId"], "LineItem")?;
        let at = order.lines.iter().position(|own| Some(own.id) == id);
        let pieces = line["quantity"].as_u64().unwrap_or(0);
        all.push(Wanted {
            at: at.ok_or("the order has no such line")?,
            pieces: u32::try_from(pieces).unwrap_or(u32::MAX),
            cancels: line["restockType"] == "CANCEL",
            has_location: line["locationId"].is_string(),
        });
    }
    Ok(all)
}

fn price(line: &Line, pieces: u32) -> Decimal {
    line.price * Decimal::from(pieces)
}

/// `suggestedRefund`. Pieces that cannot be cancelled are suggested in another way.
pub(super) fn suggestion(
    store: &Store,
    id: &Value,
    lines: Option<&Value>,
) -> Result<Value, String> {
    let Some(order) = order_of(store, id)? else {
        return Ok(Value::Null);
    };
    if !store.locations_readable {
        let text = "Access denied for location field. Required access: `read_locations` access \
                    scope.";
        return Err(text.to_owned());
    }
    let mut rows = Vec::new();
    let mut sum = Decimal::ZERO;
    for wanted in wanted(order, lines.unwrap_or(&Value::Null))? {
        let Some(line) = order.lines.get(wanted.at) else {
            continue;
        };
        let pieces = wanted.pieces.min(line.current);
        let cancels = wanted.cancels && pieces <= order.open(line) && line.product.is_some();
        sum += price(line, pieces);
        rows.push(json!({
            "quantity": pieces,
            "restockType": if cancels { "CANCEL" } else { "NO_RESTOCK" },
            "location": cancels.then(|| json!({"id": gid("Location", LOCATION)})),
            "lineItem": {"id": gid("LineItem", line.id)},
        }));
    }
    let transaction = order.payment.as_ref().map(|payment| {
        let amount = format!("{:.2}", sum.min(left(order)));
        json!({
            "gateway": payment.gateway,
            "amountSet": {
                "presentmentMoney": {"amount": amount, "currencyCode": order.currency},
            },
            "parentTransaction": {
                "id": gid("OrderTransaction", payment.id), "manualPaymentGateway": false,
            },
        })
    });
    Ok(json!({
        "refundLineItems": rows,
        "suggestedTransactions": transaction.into_iter().collect::<Vec<_>>(),
    }))
}

/// What is left of the payment.
fn left(order: &Order) -> Decimal {
    let paid = order.payment.as_ref().map(|payment| payment.amount);
    paid.unwrap_or_default() - order.refunds.iter().sum::<Decimal>()
}

fn refused(field: &[&str], message: &str) -> Value {
    json!({"refund": null, "userErrors": [{"field": field, "message": message}]})
}

fn made(refund: u64) -> Value {
    json!({"refund": {"id": gid("Refund", refund)}, "userErrors": []})
}

/// `refundCreate`.
pub(super) fn create(
    store: &mut Store,
    input: &Value,
    key: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Value, String> {
    let key = key.ok_or("The @idempotent directive is required for this mutation.")?;
    if let Some((before, refund)) = store.done.get(key) {
        if before == input {
            return Ok(made(*refund));
        }
        let text = "The same idempotency key cannot be used with different operation parameters.";
        return Ok(refused(&[], text));
    }
    let Some(order) = order_of(store, &input["orderId"])? else {
        return Ok(refused(&["orderId"], "Order does not exist"));
    };
    let id = order.id;
    let wanted = wanted(order, &input["refundLineItems"])?;
    if let Some(problem) = problem(order, &wanted) {
        return Ok(refused(&["refundLineItems"], problem));
    }
    let Some(amount) = given_back(order, &input["transactions"]) else {
        let text = "Refund amount cannot be more than the payment that is left";
        return Ok(refused(&["transactions"], text));
    };
    take_off(store, id, &wanted, amount, now);
    let refund = store.next_id();
    store.done.insert(key.to_owned(), (input.clone(), refund));
    Ok(made(refund))
}

/// Why lines cannot be refunded.
fn problem(order: &Order, wanted: &[Wanted]) -> Option<&'static str> {
    wanted.iter().find_map(|own| {
        let line = order.lines.get(own.at)?;
        if own.pieces == 0 || own.pieces > line.current {
            Some("Quantity cannot refund more items than were purchased")
        } else if own.cancels && own.pieces > order.open(line) {
            Some("Quantity cannot cancel more items than are unfulfilled")
        } else if own.cancels && !own.has_location {
            Some("Location is required to restock items")
        } else {
            None
        }
    })
}

/// What transactions give back; `None` when it is more than there is, or of another payment.
fn given_back(order: &Order, transactions: &Value) -> Option<Decimal> {
    let transactions = transactions.as_array().map(Vec::as_slice);
    let mut sum = Decimal::ZERO;
    for own in transactions.unwrap_or_default() {
        let payment = order.payment.as_ref()?;
        let is_it = own["parentId"] == gid("OrderTransaction", payment.id).as_str()
            && own["gateway"] == payment.gateway.as_str()
            && own["kind"] == "REFUND";
        if !is_it {
            return None;
        }
        sum += own["amount"].as_str()?.parse::<Decimal>().ok()?;
    }
    (sum <= left(order)).then_some(sum)
}

fn take_off(store: &mut Store, id: u64, wanted: &[Wanted], amount: Decimal, now: DateTime<Utc>) {
    let Some(order) = store.orders.get_mut(&id) else {
        return;
    };
    order.updated = now;
    order.refunds.push(amount);
    for own in wanted {
        let Some(line) = order.lines.get_mut(own.at) else {
            continue;
        };
        line.current = line.current.saturating_sub(own.pieces);
        let product = line.product.filter(|_| own.cancels);
        let mut products = store.products.iter_mut();
        if let Some(product) = products.find(|own| Some(own.id) == product) {
            product.stock += i64::from(own.pieces);
        }
    }
}
