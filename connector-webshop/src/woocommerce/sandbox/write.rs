//! Creating and changing orders.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::answers::{self, refusal};
use super::store::{Cost, Line, Meta, Order, Store};

/// Statuses an order can be given.
pub(super) const STATUSES: [(&str, &str); 8] = [
    ("pending", "Pending payment"),
    ("processing", "Processing"),
    ("on-hold", "On hold"),
    ("completed", "Completed"),
    ("cancelled", "Cancelled"),
    ("refunded", "Refunded"),
    ("failed", "Failed"),
    ("checkout-draft", "Draft"),
];

type Answer = (u16, Value);

pub(super) fn create(store: &mut Store, body: &Value, now: DateTime<Utc>) -> Answer {
    if let Some(refused) = invalid(body) {
        return refused;
    }
    let id = store.next_post();
    let text = |key: &str, otherwise: &str| {
        body.get(key)
            .and_then(Value::as_str)
            .unwrap_or(otherwise)
            .to_owned()
    };
    let mut order = Order {
        id,
        status: "pending".to_owned(),
        currency: text("currency", "EUR"),
        created_via: text("created_via", "rest-api"),
        transaction_id: String::new(),
        payment_method: text("payment_method", ""),
        payment_method_title: text("payment_method_title", ""),
        customer_note: text("customer_note", ""),
        billing: answers::address(&body["billing"], true),
        shipping: answers::address(&body["shipping"], false),
        meta: Vec::new(),
        lines: Vec::new(),
        shipping_lines: Vec::new(),
        fee_lines: Vec::new(),
        created: now,
        modified: now,
        paid: None,
        completed: None,
        took_stock: false,
        took_pieces: false,
        notes: Vec::new(),
        fulfillments: Vec::new(),
        refunds: Vec::new(),
    };
    if let Err(refused) = fill(store, &mut order, body) {
        return refused;
    }
    let direct = !matches!(
        text("status", "pending").as_str(),
        "checkout-draft" | "auto-draft"
    );
    store.orders.insert(id, order);
    if direct {
        store.mails.push((id, "new order".to_owned()));
    }
    statuses(store, id, body, now);
    (201, answers::order(&store.orders[&id], store))
}

pub(super) fn update(store: &mut Store, id: u64, body: &Value, now: DateTime<Utc>) -> Answer {
    if let Some(refused) = invalid(body) {
        return refused;
    }
    let Some(mut order) = store.orders.get(&id).cloned() else {
        return unknown();
    };
    if let Err(refused) = fill(store, &mut order, body) {
        return refused;
    }
    order.modified = now;
    store.orders.insert(id, order);
    statuses(store, id, body, now);
    (200, answers::order(&store.orders[&id], store))
}

pub(super) fn trash(store: &mut Store, id: u64, force: bool, now: DateTime<Utc>) -> Answer {
    let Some(order) = store.orders.get(&id) else {
        return unknown();
    };
    if order.status == "trash" && !force {
        let text = "The order has already been deleted.";
        return refusal(410, "woocommerce_rest_already_trashed", text);
    }
    let before = answers::order(order, store);
    if force {
        store.orders.remove(&id);
    } else {
        store.set_status(id, "trash", now);
    }
    (200, before)
}

pub(super) fn unknown() -> Answer {
    refusal(404, "woocommerce_rest_shop_order_invalid_id", "Invalid ID.")
}

fn statuses(store: &mut Store, id: u64, body: &Value, now: DateTime<Utc>) {
    if let Some(status) = body.get("status").and_then(Value::as_str) {
        store.set_status(id, status, now);
    }
    let unpaid = store
        .orders
        .get(&id)
        .is_some_and(|order| order.paid.is_none());
    if unpaid && body.get("set_paid").and_then(Value::as_bool) == Some(true) {
        store.set_status(id, "processing", now);
    }
}

fn invalid(body: &Value) -> Option<Answer> {
    let parameter = |name: &str, problem: &str| {
        let (status, mut body) = refusal(
            400,
            "rest_invalid_param",
            &format!("Invalid parameter(s): {name}"),
        );
        body["data"]["params"] = json!({ name: problem });
        body["data"]["details"] =
            json!({ name: {"code": "rest_invalid_param", "message": problem, "data": null} });
        (status, body)
    };
    if !body.is_object() {
        return Some(refusal(
            400,
            "rest_invalid_json",
            "Invalid JSON body passed.",
        ));
    }
    let known =
        |status: &str| status == "auto-draft" || STATUSES.iter().any(|(own, _)| *own == status);
    if body
        .get("status")
        .is_some_and(|status| !status.as_str().is_some_and(known))
    {
        return Some(parameter("status", "status is not one of the known ones."));
    }
    let email = body
        .pointer("/billing/email")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !email.is_empty() && !email.contains('@') {
        return Some(parameter("billing", "Invalid email address."));
    }
    None
}

/// Takes over what the body says. The order is a copy: a refusal leaves the shop as it was.
fn fill(store: &mut Store, order: &mut Order, body: &Value) -> Result<(), Answer> {
    if let Some(id) = body.get("transaction_id").and_then(Value::as_str) {
        id.clone_into(&mut order.transaction_id);
    }
    for row in rows(body, "meta_data") {
        // WooCommerce's own mark, which is no meta data to the outside.
        if row["key"] == "_order_stock_reduced" {
            order.took_stock = row["value"] == "yes";
            continue;
        }
        meta(store, &mut order.meta, row);
    }
    for row in rows(body, "line_items") {
        line(store, order, row)?;
    }
    for (key, of_fees) in [("shipping_lines", false), ("fee_lines", true)] {
        for row in rows(body, key) {
            let cost = cost(store, row, of_fees);
            let own = if of_fees {
                &mut order.fee_lines
            } else {
                &mut order.shipping_lines
            };
            match own
                .iter_mut()
                .find(|own| Some(own.id) == row["id"].as_u64())
            {
                Some(own) => own.total = cost.total,
                None => own.push(cost),
            }
        }
    }
    Ok(())
}

fn rows<'a>(body: &'a Value, key: &str) -> &'a [Value] {
    body.get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn meta(store: &mut Store, own: &mut Vec<Meta>, row: &Value) {
    let Some(key) = row.get("key").and_then(Value::as_str) else {
        return;
    };
    let value = row.get("value").cloned().unwrap_or_default();
    match own.iter_mut().find(|own| own.key == key) {
        Some(own) => own.value = value,
        None => own.push(Meta {
            id: store.next_row(),
            key: key.to_owned(),
            value,
        }),
    }
}

fn line(store: &mut Store, order: &mut Order, row: &Value) -> Result<(), Answer> {
    let (total, subtotal) = (amount(row, "total"), amount(row, "subtotal"));
    if let Some(id) = row.get("id").and_then(Value::as_u64) {
        let Some(own) = order.lines.iter_mut().find(|own| own.id == id) else {
            let text = "Order item ID provided is not associated with order.";
            return Err(refusal(400, "woocommerce_rest_invalid_item_id", text));
        };
        own.total = total.unwrap_or(own.total);
        own.subtotal = subtotal.unwrap_or(own.subtotal);
        return Ok(());
    }
    let by_id = row.get("product_id").and_then(Value::as_u64);
    let sku = row.get("sku").and_then(Value::as_str);
    if by_id.is_none() && sku.is_none() {
        let text = "Product ID or SKU is required.";
        return Err(refusal(
            400,
            "woocommerce_rest_required_product_reference",
            text,
        ));
    }
    // An unknown product is no error: the line is stored with product 0.
    let product = store
        .products
        .iter()
        .find(|own| Some(own.id) == by_id || Some(own.sku.as_str()) == sku);
    let (product, name) = product.map_or((0, String::new()), |own| (own.id, own.name.clone()));
    let total = total.unwrap_or_default();
    let mut line = Line {
        id: store.next_row(),
        product,
        variation: row.get("variation_id").and_then(Value::as_u64).unwrap_or(0),
        name,
        quantity: row["quantity"]
            .as_u64()
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(1),
        subtotal: subtotal.unwrap_or(total),
        total,
        meta: Vec::new(),
    };
    for row in rows(row, "meta_data") {
        meta(store, &mut line.meta, row);
    }
    order.lines.push(line);
    Ok(())
}

fn cost(store: &mut Store, row: &Value, of_fees: bool) -> Cost {
    let text = |key: &str| {
        row.get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    Cost {
        id: store.next_row(),
        title: text(if of_fees { "name" } else { "method_title" }),
        method: text("method_id"),
        taxable: row.get("tax_status").and_then(Value::as_str) != Some("none"),
        total: amount(row, "total").unwrap_or_default(),
    }
}

fn amount(row: &Value, key: &str) -> Option<Decimal> {
    match row.get(key)? {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.to_string().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Adds a note for the staff.
pub(super) fn note(store: &mut Store, id: u64, body: &Value, now: DateTime<Utc>) -> Answer {
    let note_id = store.next_row();
    let Some(order) = store.orders.get_mut(&id) else {
        return unknown();
    };
    let note = body.get("note").and_then(Value::as_str).unwrap_or_default();
    // A note does not move the order's date: that is why codes in notes are not noticed.
    order.notes.push(note.to_owned());
    let date = now.format("%Y-%m-%dT%H:%M:%S").to_string();
    let mut answer = Map::new();
    answer.insert("id".to_owned(), json!(note_id));
    answer.insert("author".to_owned(), json!("WooCommerce"));
    answer.insert("date_created".to_owned(), json!(date));
    answer.insert("date_created_gmt".to_owned(), json!(date));
    answer.insert("note".to_owned(), json!(note));
    answer.insert("customer_note".to_owned(), json!(false));
    (201, Value::Object(answer))
}
