//! What the next step of creating an order is, worked out from what the shop has.
//!
//! A checkpoint names the draft and nothing else: every step is derived from the draft itself, so
//! a crash at any point, or a step whose answer was lost, is continued and never repeated.
//!
//! Pure: nothing is sent from here.

use order_core::ids::LineId;
use order_core::ports::NewOrder;
use serde_json::{Map, Value, json};

use super::config::VendureConfig;
use super::from_wire::whole;
use super::wire::{Line, Order};
use crate::sums::{Sums, piece_prices};

/// The next thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Write our key on the draft.
    Stamp,
    /// Bring the lines in order.
    Lines(Vec<LineChange>),
    /// Say who buys.
    Customer,
    /// Say where it goes.
    Addresses,
    /// Choose the shipping method.
    Shipping,
    /// It comes to another sum.
    TotalDiffers,
    /// Close the draft.
    ArrangePayment,
    /// Book the payment: from then on the order counts.
    Pay,
    /// It counts already.
    Placed,
    /// It is in a state in which we can do nothing.
    Stuck,
}

/// A line as the shop should have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WantedLine {
    pub(super) variant: String,
    pub(super) quantity: u32,
    /// The price of one piece, where the shop takes it from a field.
    pub(super) price: Option<i64>,
    /// The line id on the shop's line, where the shop has a field for it.
    pub(super) mark: Option<String>,
    /// The marketplace's lines in it; several where the shop puts equal articles together.
    pub(super) parts: Vec<(LineId, u32)>,
}

/// A change of a draft's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LineChange {
    Add(Value),
    Adjust(Value),
    Remove(String),
}

impl LineChange {
    /// The variable that goes with it.
    pub(super) fn input(&self) -> Value {
        match self {
            Self::Add(input) | Self::Adjust(input) => input.clone(),
            Self::Remove(id) => json!(id),
        }
    }
}

/// The lines that the shop should have. A sum that does not divide by the pieces becomes two lines
/// a cent apart; lines that the shop could not tell apart are put together.
pub(super) fn wanted_lines(
    order: &NewOrder,
    sums: &Sums,
    config: &VendureConfig,
) -> Vec<WantedLine> {
    let mut wanted: Vec<WantedLine> = Vec::new();
    for (line, sum) in order.lines.iter().zip(&sums.lines) {
        let prices: Vec<(u32, Option<i64>)> = match config.price_field {
            Some(_) => piece_prices(sum.after_discount, line.quantity)
                .into_iter()
                .map(|(pieces, price)| (pieces, Some(price)))
                .collect(),
            None => vec![(line.quantity, None)],
        };
        let mark = config.line_field.as_ref().map(|_| line.line.to_string());
        for (quantity, price) in prices {
            let part = (line.line.clone(), quantity);
            let same = wanted.iter_mut().find(|own| {
                own.variant == line.product.id && own.price == price && own.mark == mark
            });
            match same {
                Some(own) => {
                    own.quantity += quantity;
                    own.parts.push(part);
                }
                None => wanted.push(WantedLine {
                    variant: line.product.id.clone(),
                    quantity,
                    price,
                    mark: mark.clone(),
                    parts: vec![part],
                }),
            }
        }
    }
    wanted
}

/// What is to be done next with an order that was read just now.
pub(super) fn next(
    order: &Order,
    wanted: &[WantedLine],
    total: i64,
    config: &VendureConfig,
) -> Step {
    match order.state.as_str() {
        "Draft" => draft(order, wanted, total, config),
        "ArrangingPayment" if !changes(order, wanted, config).is_empty() => Step::TotalDiffers,
        "ArrangingPayment" if order.total_with_tax != total => Step::TotalDiffers,
        "ArrangingPayment" => Step::Pay,
        "Created" | "AddingItems" => Step::Stuck,
        _ => Step::Placed,
    }
}

fn draft(order: &Order, wanted: &[WantedLine], total: i64, config: &VendureConfig) -> Step {
    if let Some(field) = &config.order_field
        && custom(&order.custom_fields, field).is_none()
    {
        return Step::Stamp;
    }
    let changes = changes(order, wanted, config);
    if !changes.is_empty() {
        return Step::Lines(changes);
    }
    if order.customer.is_none() {
        return Step::Customer;
    }
    let has_country = |address: &Option<super::wire::Address>| {
        address.as_ref().is_some_and(|address| {
            address
                .country_code
                .as_deref()
                .is_some_and(|code| !code.is_empty())
        })
    };
    if !has_country(&order.shipping_address) || !has_country(&order.billing_address) {
        return Step::Addresses;
    }
    if order.shipping_lines.is_empty() {
        return Step::Shipping;
    }
    if order.total_with_tax != total {
        return Step::TotalDiffers;
    }
    Step::ArrangePayment
}

/// A custom field's text; `None` when absent or empty.
pub(super) fn custom<'a>(fields: &'a Value, name: &str) -> Option<&'a str> {
    fields
        .get(name)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// What separates the draft's lines from the wanted ones.
fn changes(order: &Order, wanted: &[WantedLine], config: &VendureConfig) -> Vec<LineChange> {
    let mut left: Vec<&Line> = order
        .lines
        .iter()
        .filter(|line| line.quantity > 0)
        .collect();
    let mut changes = Vec::new();
    for line in wanted {
        let at = left.iter().position(|stored| is(stored, line, config));
        match at.map(|at| left.swap_remove(at)) {
            None => changes.push(LineChange::Add(json!({
                "productVariantId": line.variant,
                "quantity": line.quantity,
                "customFields": fields(line, config),
            }))),
            Some(stored) if stored.quantity != line.quantity => {
                changes.push(LineChange::Adjust(json!({
                    "orderLineId": stored.id,
                    "quantity": line.quantity,
                    "customFields": fields(line, config),
                })));
            }
            Some(_) => {}
        }
    }
    // First out with what does not belong there: it may hold stock.
    let mut ordered: Vec<LineChange> = left
        .into_iter()
        .map(|stored| LineChange::Remove(stored.id.clone()))
        .collect();
    ordered.extend(changes);
    ordered.into_iter().map(without_empty_fields).collect()
}

/// A shop without custom fields on lines has no such input at all.
fn without_empty_fields(change: LineChange) -> LineChange {
    let clean = |mut input: Value| {
        if input["customFields"].as_object().is_none_or(Map::is_empty)
            && let Some(input) = input.as_object_mut()
        {
            input.remove("customFields");
        }
        input
    };
    match change {
        LineChange::Add(input) => LineChange::Add(clean(input)),
        LineChange::Adjust(input) => LineChange::Adjust(clean(input)),
        LineChange::Remove(id) => LineChange::Remove(id),
    }
}

fn fields(line: &WantedLine, config: &VendureConfig) -> Value {
    let mut fields = Map::new();
    if let (Some(field), Some(mark)) = (&config.line_field, &line.mark) {
        fields.insert(field.clone(), json!(mark));
    }
    if let (Some(field), Some(price)) = (&config.price_field, line.price) {
        fields.insert(field.clone(), json!(price));
    }
    Value::Object(fields)
}

/// Whether a stored line is the wanted one, whatever its quantity.
fn is(stored: &Line, wanted: &WantedLine, config: &VendureConfig) -> bool {
    let mark = config
        .line_field
        .as_ref()
        .and_then(|field| custom(&stored.custom_fields, field));
    let price = config
        .price_field
        .as_ref()
        .and_then(|field| whole(&stored.custom_fields, field));
    stored.product_variant.id == wanted.variant
        && mark == wanted.mark.as_deref()
        && price == wanted.price
}

/// Which marketplace line each of the shop's lines stands for, kept with the payment: a shop
/// without a field for it has no other place.
pub(super) fn line_map(order: &Order, wanted: &[WantedLine], config: &VendureConfig) -> Vec<Value> {
    let mut map = Vec::new();
    for line in wanted {
        let Some(stored) = order.lines.iter().find(|stored| is(stored, line, config)) else {
            continue;
        };
        for (part, quantity) in &line.parts {
            map.push(json!({"shopLine": stored.id, "line": part, "quantity": quantity}));
        }
    }
    map
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
