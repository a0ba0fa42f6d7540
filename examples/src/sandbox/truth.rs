//! What must be true in the end, told from the platforms' own state.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::warehouse;

/// What the platforms say about the seller's orders.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Truth {
    /// Orders at the marketplace.
    pub(crate) orders: usize,
    /// Of which every piece is shipped, once.
    pub(crate) shipped: usize,
    /// Of which the code is the webshop's in the end.
    pub(crate) coded: usize,
    /// What is wrong for good: doubles, pieces told twice.
    pub(crate) violations: Vec<String>,
    /// What is not done yet.
    pub(crate) open: Vec<String>,
}

impl Truth {
    /// Whether everything is done, and well.
    pub(crate) fn is_perfect(&self) -> bool {
        self.violations.is_empty() && self.open.is_empty()
    }
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn list<'v>(value: &'v Value, field: &str) -> &'v [Value] {
    value
        .get(field)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// Looks at both platforms. `shop` has (key, status) of every webshop order.
pub(crate) fn look(bol: &Value, shop: &[(String, String)]) -> Truth {
    let mut truth = Truth::default();
    for order in list(bol, "orders") {
        truth.orders += 1;
        let id = text(order, "id");
        let key = format!("bol:{id}");
        let alive = shop
            .iter()
            .filter(|(of, status)| {
                *of == key && matches!(status.as_str(), "processing" | "completed")
            })
            .count();
        if alive > 1 {
            truth
                .violations
                .push(format!("order {id}: {alive} live webshop orders"));
        }
        if alive == 0 {
            truth.open.push(format!("order {id}: no webshop order"));
        }
        shipments(&mut truth, bol, order, id, &key);
    }
    truth
}

fn shipments(truth: &mut Truth, bol: &Value, order: &Value, id: &str, key: &str) {
    let shipments: Vec<&Value> = list(bol, "shipments")
        .iter()
        .filter(|shipment| text(shipment, "order") == id)
        .collect();
    let mut told: BTreeMap<&str, u64> = BTreeMap::new();
    for item in shipments
        .iter()
        .flat_map(|shipment| list(shipment, "items"))
    {
        let item_id = item.get(0).and_then(Value::as_str).unwrap_or_default();
        *told.entry(item_id).or_default() += item.get(1).and_then(Value::as_u64).unwrap_or(0);
    }
    let mut complete = true;
    for item in list(order, "items") {
        let wanted = item.get("quantity").and_then(Value::as_u64).unwrap_or(0);
        let pieces = told.get(text(item, "id")).copied().unwrap_or(0);
        if pieces > wanted {
            truth
                .violations
                .push(format!("order {id}: {pieces} of {wanted} pieces shipped"));
        }
        complete &= pieces == wanted;
    }
    if shipments.len() > 1 {
        truth
            .violations
            .push(format!("order {id}: {} shipments", shipments.len()));
    }
    if !complete {
        truth
            .open
            .push(format!("order {id}: not shipped at the marketplace"));
        return;
    }
    truth.shipped += 1;
    let code = shipments
        .first()
        .and_then(|s| s.get("code"))
        .and_then(Value::as_str);
    let expected = warehouse::code_in_the_end(key);
    if code == expected.as_deref() {
        truth.coded += 1;
    } else {
        truth.open.push(format!(
            "order {id}: code {code:?}, the webshop has {expected:?}"
        ));
    }
}
