//! Refunds of lines, without a payment.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::answers::refusal;
use super::store::Store;
use super::write::unknown;

/// Adds a refund, or refuses it as WooCommerce does.
pub(super) fn create(store: &mut Store, id: u64, body: &Value, now: DateTime<Utc>) -> (u16, Value) {
    let (refund, row) = (store.next_post(), store.next_row());
    let Some(order) = store.orders.get(&id) else {
        return unknown();
    };
    let decimal = |value: &Value| -> Decimal {
        let text = value.as_str().and_then(|text| text.parse().ok());
        text.unwrap_or_default()
    };
    let amount = decimal(&body["amount"]);
    let before: Decimal = order
        .refunds
        .iter()
        .map(|own| decimal(&own["amount"]))
        .sum();
    if amount.is_sign_negative() || before + amount > order.totals(&store.rates).total {
        let code = "woocommerce_rest_cannot_create_order_refund";
        return refusal(500, code, "Invalid refund amount.");
    }
    let date = now.format("%Y-%m-%dT%H:%M:%S").to_string();
    let mut lines = Vec::new();
    let mut back = Vec::new();
    for line in body["line_items"].as_array().into_iter().flatten() {
        let item = order.lines.iter().find(|own| line["id"] == own.id);
        let pieces = line["quantity"].as_u64().unwrap_or(0);
        let Some(item) = item else { continue };
        back.push((item.product, i64::try_from(pieces).unwrap_or(0)));
        let taxes: Vec<Value> = line["refund_tax"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|tax| json!({"id": tax["id"], "total": (-decimal(&tax["refund_total"])).to_string()}))
            .collect();
        let tax: Decimal = line["refund_tax"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|tax| decimal(&tax["refund_total"]))
            .sum();
        lines.push(json!({
            "id": row, "name": item.name, "product_id": item.product,
            "variation_id": item.variation, "quantity": -i64::try_from(pieces).unwrap_or(0),
            "total": (-decimal(&line["refund_total"])).to_string(),
            "total_tax": (-tax).to_string(), "taxes": taxes,
            "meta_data": [{
                "id": row, "key": "_refunded_item_id", "value": item.id.to_string(),
            }],
        }));
    }
    let answer = json!({
        "id": refund, "date_created": date, "date_created_gmt": date,
        "amount": amount.to_string(), "reason": body["reason"], "refunded_by": 1,
        "refunded_payment": false, "meta_data": [], "line_items": lines, "shipping_lines": [],
        "tax_lines": [], "fee_lines": [],
    });
    if body["api_restock"] != json!(false) {
        for (product, pieces) in back {
            if let Some(product) = store.products.iter_mut().find(|own| own.id == product) {
                product.stock += pieces;
            }
        }
    }
    let total = store
        .orders
        .get(&id)
        .map(|order| order.totals(&store.rates).total);
    if let Some(order) = store.orders.get_mut(&id) {
        order.refunds.push(answer.clone());
        order.modified = now;
        if Some(before + amount) == total {
            "refunded".clone_into(&mut order.status);
        }
    }
    (201, answer)
}

/// As staff does in the admin; whether it was taken.
pub(super) fn by_staff(
    store: &mut Store,
    id: u64,
    line: u64,
    pieces: u32,
    now: DateTime<Utc>,
) -> bool {
    let body = json!({
        "amount": "0.00", "reason": "", "api_refund": false,
        "line_items": [{"id": line, "quantity": pieces, "refund_total": "0.00", "refund_tax": []}],
    });
    create(store, id, &body, now).0 == 201
}
