//! From Mirakl's shapes to ours: pure functions named after what they make.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use order_core::address::{self, PickupPoint};
use order_core::money::{Currency, Money};
use order_core::order::{Fulfilment, Line, MarketplaceOrder, Readiness, TrackingRule};
use order_core::ports::Sighting;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::config::MiraklConfig;
use super::sums::{Sums, sums};
use super::wire::{Address, Order, OrderIdOnly, OrderLine, Shipment, ShipmentState, State};
use crate::country::country;
use crate::number::Number;
use crate::text::{fnv, text};

/// Starts the id of an order that Mirakl listed without an id.
pub(super) const WITHOUT_ID: &str = "without-id-";

/// Pieces of every line that shipments hold, by line.
pub(super) type Shipped = BTreeMap<String, u32>;

/// What a list entry tells. Where shipments are told apart from the order, the entry alone does not
/// say what was sent, so the order has to be read.
pub(super) fn sighting(raw: &RawValue, config: &MiraklConfig) -> Sighting {
    let text = raw.get();
    let id = id(raw);
    let Some(id) = id else {
        return Sighting::Unreadable {
            id: format!("{WITHOUT_ID}{:016x}", fnv(text.as_bytes())).into(),
            reason: "Mirakl lists an order without an order number; look it up in the back office"
                .to_owned(),
        };
    };
    match serde_json::from_str::<Order>(text) {
        Ok(order) if config.multi_shipment => Sighting::Summary {
            id: id.into(),
            fingerprint: fingerprint(&order),
        },
        Ok(order) => match self::order(order, config, None) {
            Ok(order) => Sighting::Full(Box::new(order)),
            Err(reason) => Sighting::Unreadable {
                id: id.into(),
                reason,
            },
        },
        Err(error) => Sighting::Unreadable {
            id: id.into(),
            reason: not_described(&error),
        },
    }
}

/// The order's id, where the entry has one.
pub(super) fn id(raw: &RawValue) -> Option<String> {
    let order = serde_json::from_str::<OrderIdOnly>(raw.get()).ok()?;
    text(order.order_id.as_deref())
}

/// An order in a form of its own, told without its values.
pub(super) fn not_described(error: &serde_json::Error) -> String {
    format!(
        "Mirakl gives this order in a form that is not the described one (column {})",
        error.column()
    )
}

fn fingerprint(order: &Order) -> String {
    let mut words = vec![
        format!("{:?}", order.order_state),
        format!("{:?}", order.last_updated_date),
    ];
    for line in order.order_lines.iter().flatten() {
        words.push(format!(
            "{:?}{:?}",
            line.order_line_id, line.order_line_state
        ));
    }
    format!("{:016x}", fnv(words.join("\n").as_bytes()))
}

/// Pieces sent per line, of one order's shipments.
pub(super) fn shipped(order: &str, shipments: &[Shipment]) -> Shipped {
    let mut pieces = Shipped::new();
    let sent = shipments.iter().filter(|shipment| {
        shipment.order_id.as_deref() == Some(order) && shipment.status == Some(ShipmentState::Sent)
    });
    for line in sent.flat_map(|shipment| shipment.shipment_lines.iter().flatten()) {
        let (Some(id), Some(quantity)) = (&line.order_line_id, line.quantity) else {
            continue;
        };
        let sum = pieces.entry(id.clone()).or_default();
        *sum = sum.saturating_add(u32::try_from(quantity).unwrap_or(0));
    }
    pieces
}

/// The order, or what is wrong with it, for a person. `shipped` is there where shipments are told
/// apart from the order.
pub(super) fn order(
    wire: Order,
    config: &MiraklConfig,
    shipped: Option<&Shipped>,
) -> Result<MarketplaceOrder, String> {
    let id = text(wire.order_id.as_deref()).ok_or("Mirakl gives no order number")?;
    let currency: Currency = text(wire.currency_iso_code.as_deref())
        .ok_or("Mirakl gives no currency")?
        .parse()
        .map_err(|error| format!("{error}"))?;
    let mut unknown = Vec::new();
    let excluded = match wire.order_tax_mode.as_deref() {
        None | Some("TAX_INCLUDED") => false,
        Some("TAX_EXCLUDED") => true,
        Some(other) => {
            unknown.push(format!("order_tax_mode {other}"));
            false
        }
    };
    let state = wire
        .order_state
        .clone()
        .ok_or("Mirakl gives no order_state")?;
    let wire_lines = wire.order_lines.as_deref().unwrap_or_default();
    if wire_lines.is_empty() {
        return Err("Mirakl gives no order lines".to_owned());
    }
    let mut lines = Vec::new();
    let mut money = Vec::new();
    for wire_line in wire_lines {
        let (line, sums) = line(wire_line, &state, excluded, currency, shipped, &mut unknown)?;
        lines.push(line);
        money.push(sums);
    }
    let ship_to = wire
        .customer
        .as_ref()
        .and_then(|customer| customer.shipping_address.as_ref())
        .map(|address| self::address(address, &wire, &mut unknown));
    let mut bill_to = wire
        .customer
        .as_ref()
        .and_then(|customer| customer.billing_address.as_ref())
        .map(|address| self::address(address, &wire, &mut unknown));
    if let Some(bill_to) = &mut bill_to {
        bill_to.pickup_point = None;
    }
    let mut readiness = readiness(&state, ship_to.as_ref());
    if let State::Unknown(word) = &state {
        unknown.push(format!("order_state {word}"));
    }
    if readiness == Readiness::Ready
        && let Some(why) = unclear(wire_lines, &unknown)
    {
        readiness = Readiness::NotReady(why);
    }
    Ok(MarketplaceOrder {
        id: id.into(),
        placed_at: instant(wire.created_date.as_deref())
            .ok_or("Mirakl gives no created_date that is a date and time")?,
        readiness,
        fulfilment: fulfilment(&wire, config),
        shipping: shipping(&money, currency),
        discount: None,
        total: total(&wire, &lines, excluded, currency),
        lines,
        currency,
        ship_to,
        bill_to,
        ship_by: instant(wire.shipping_deadline.as_deref()),
        tracking: if config.tracking_required {
            TrackingRule::Required
        } else {
            TrackingRule::Optional
        },
        shipping_method: text(wire.shipping_type_label.as_deref()),
        is_test: false,
        unknown,
    })
}

fn readiness(state: &State, ship_to: Option<&address::Address>) -> Readiness {
    let held = |what: &str| Readiness::NotReady(what.to_owned());
    match state {
        State::Staging => held("the operator checks the order (STAGING)"),
        State::WaitingAcceptance => Readiness::NeedsAcceptance,
        State::WaitingDebit | State::WaitingDebitPayment => held("the buyer's payment is awaited"),
        State::Shipping | State::IncidentOpen => {
            let missing = match ship_to {
                None => vec!["the whole address"],
                Some(address) => address.missing_parts(),
            };
            if missing.is_empty() {
                Readiness::Ready
            } else {
                Readiness::NotReady(format!(
                    "Mirakl gives no place to send it to; missing: {}",
                    missing.join(", ")
                ))
            }
        }
        State::Shipped
        | State::ToCollect
        | State::Received
        | State::Closed
        | State::Refused
        | State::Canceled
        | State::Refunded => Readiness::Closed,
        State::Unknown(word) => Readiness::NotReady(format!(
            "Mirakl says order_state {word:?}, which is not known"
        )),
    }
}

/// Why an order in a state that is known still cannot be worked on.
fn unclear(lines: &[OrderLine], unknown: &[String]) -> Option<String> {
    let unsure =
        |text: &&String| text.starts_with("order_line_state") || text.starts_with("order_tax_mode");
    if let Some(word) = unknown.iter().find(unsure) {
        return Some(format!("Mirakl says {word}, which is not known"));
    }
    let cut = lines.iter().find(|line| {
        !is_cancelled(line)
            && line
                .cancelations
                .iter()
                .flatten()
                .any(|it| it.quantity.unwrap_or(0) > 0)
    })?;
    let id = cut.order_line_id.as_deref().unwrap_or_default();
    Some(format!(
        "line {id} was cancelled in part, and Mirakl calls the number of pieces \
         \"informative only\": look in the back office how many are left and handle it by hand"
    ))
}

fn is_cancelled(line: &OrderLine) -> bool {
    matches!(
        line.order_line_state,
        Some(State::Refused | State::Canceled | State::Refunded)
    )
}

fn fulfilment(wire: &Order, config: &MiraklConfig) -> Fulfilment {
    let center = wire
        .fulfillment
        .as_ref()
        .and_then(|it| it.center.as_ref())
        .and_then(|center| text(center.code.as_deref()));
    match center {
        Some(code) if !config.own_fulfillment_centers.contains(&code) => Fulfilment::Marketplace,
        Some(_) | None => Fulfilment::Seller,
    }
}

fn line(
    wire: &OrderLine,
    order: &State,
    excluded: bool,
    currency: Currency,
    shipped: Option<&Shipped>,
    unknown: &mut Vec<String>,
) -> Result<(Line, Sums), String> {
    let id =
        text(wire.order_line_id.as_deref()).ok_or("Mirakl gives an order line without an id")?;
    let quantity = pieces(&id, wire)?;
    let state = wire.order_line_state.as_ref().unwrap_or(order);
    if let State::Unknown(word) = state {
        unknown.push(format!("order_line_state {word}"));
    }
    let all_sent = match state {
        State::Shipped | State::ToCollect | State::Received | State::Closed => true,
        State::Refunded | State::IncidentOpen => wire.shipped_date.is_some(),
        State::Staging
        | State::WaitingAcceptance
        | State::WaitingDebit
        | State::WaitingDebitPayment
        | State::Shipping
        | State::Refused
        | State::Canceled
        | State::Unknown(_) => false,
    };
    let in_shipments = shipped
        .and_then(|shipped| shipped.get(&id))
        .copied()
        .unwrap_or(0)
        .min(quantity);
    let sent = if all_sent { quantity } else { in_shipments };
    let cancelled = if is_cancelled(wire) {
        quantity - sent
    } else {
        0
    };
    let sums = sums(&id, wire, quantity, excluded, currency)?;
    let line = Line {
        pieces: Vec::new(),
        sku: text(wire.offer_sku.as_deref()),
        gtin: None,
        title: text(wire.product_title.as_deref()),
        quantity,
        shipped: sent,
        cancelled,
        unit_price: sums.unit_price,
        discount: sums.discount,
        vat_percent: vat_percent(wire),
        cancel_requested: false,
        id: id.into(),
    };
    Ok((line, sums))
}

/// Pieces ordered. A line that was cancelled as a whole may have none left.
fn pieces(id: &str, wire: &OrderLine) -> Result<u32, String> {
    let count = |count: Option<i64>| u32::try_from(count.unwrap_or(0)).ok();
    let quantity = wire
        .quantity
        .ok_or_else(|| format!("line {id}: Mirakl gives no quantity"))?;
    let cancelled = || {
        let all = wire.cancelations.iter().flatten();
        let sum: u32 = all.filter_map(|it| count(it.quantity)).sum();
        sum.max(1)
    };
    match u32::try_from(quantity) {
        Ok(0) if is_cancelled(wire) => Ok(cancelled()),
        Ok(0) | Err(_) => Err(format!("line {id}: quantity is {quantity}")),
        Ok(quantity) => Ok(quantity),
    }
}

/// The rate, where there is one and only one.
fn vat_percent(wire: &OrderLine) -> Option<Decimal> {
    match wire.taxes.as_deref() {
        Some([tax]) => tax.rate.map(|rate| rate.0),
        Some(_) | None => None,
    }
}

fn shipping(money: &[Sums], currency: Currency) -> Option<Money> {
    let sum: Decimal = money.iter().map(|sums| sums.shipping).sum();
    (!sum.is_zero()).then(|| Money::new(sum, currency))
}

/// What the buyer pays. Nothing says what becomes of it when lines are cancelled, so it is only
/// stated while none are.
fn total(wire: &Order, lines: &[Line], excluded: bool, currency: Currency) -> Option<Money> {
    if lines.iter().any(|line| line.cancelled > 0) {
        return None;
    }
    let stated = wire.total_price?.0;
    if !excluded {
        return Some(Money::new(stated, currency));
    }
    let wire_lines = || wire.order_lines.iter().flatten();
    let of_lines: Decimal = wire_lines()
        .flat_map(|line| line.taxes.iter().chain(&line.shipping_taxes).flatten())
        .filter_map(|tax| tax.amount)
        .map(|amount| amount.0)
        .sum();
    // Where tax is worked out for the order as a whole, the lines have none.
    let of_order = wire.order_taxes.iter().flatten();
    let of_order: Decimal = of_order
        .filter_map(|tax| tax.total_amount)
        .map(|Number(amount)| amount)
        .sum();
    let tax = if of_lines.is_zero() {
        of_order
    } else {
        of_lines
    };
    Some(Money::new(stated.checked_add(tax)?, currency))
}

fn address(wire: &Address, order: &Order, unknown: &mut Vec<String>) -> address::Address {
    let part = |part: &Option<String>| text(part.as_deref());
    let lines = [part(&wire.street_1), part(&wire.street_2)];
    let mut address = address::Address::from_lines(lines.into_iter().flatten());
    address.first_name = part(&wire.firstname);
    address.last_name = part(&wire.lastname);
    address.company = part(&wire.company);
    address.postal_code = part(&wire.zip_code);
    address.city = part(&wire.city);
    address.region = part(&wire.state);
    address.phone = part(&wire.phone);
    address.email = part(&order.customer_notification_email);
    let codes = [part(&wire.country_iso_code), part(&wire.country)];
    address.country = codes.iter().flatten().find_map(|code| country(code));
    if address.country.is_none()
        && let Some(code) = codes.into_iter().flatten().next()
    {
        unknown.push(format!("country {code}"));
    }
    address.pickup_point = part(&order.shipping_pudo_id).map(|id| PickupPoint {
        id: Some(id),
        name: None,
    });
    address
}

fn instant(text: Option<&str>) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text?.trim())
        .ok()
        .map(|instant| instant.to_utc())
}
