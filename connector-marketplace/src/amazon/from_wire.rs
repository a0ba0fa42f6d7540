//! From Amazon's shapes to ours: pure functions named after what they make.

use chrono::{DateTime, Utc};
use order_core::address::{self, PickupPoint};
use order_core::money::{Currency, Money};
use order_core::order::{Fulfilment, Line, MarketplaceOrder, Readiness, TrackingRule};
use order_core::ports::Sighting;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::marketplaces;
use super::sums::{Sums, amount, beside_items, sums};
use super::wire::{Address, FulfilledBy, Order, OrderIdOnly, OrderItem, Status};
use crate::text::{fnv, text};

/// Starts the id of an order that Amazon listed without an id.
const WITHOUT_ID: &str = "without-id-";

/// What a list entry tells: the whole order.
pub(super) fn sighting(raw: &RawValue, tracking: TrackingRule) -> Sighting {
    let id = serde_json::from_str::<OrderIdOnly>(raw.get()).ok();
    let Some(id) = id.and_then(|it| text(it.order_id.as_deref())) else {
        return Sighting::Unreadable {
            id: format!("{WITHOUT_ID}{:016x}", fnv(raw.get().as_bytes())).into(),
            reason: "Amazon lists an order without an order number; look it up in Seller Central"
                .to_owned(),
        };
    };
    let order = serde_json::from_str::<Order>(raw.get())
        .map_err(|error| {
            let column = error.column();
            format!(
                "Amazon gives this order in a form that is not the described one (column {column})"
            )
        })
        .and_then(|wire| order(&id, wire, tracking));
    match order {
        Ok(order) => Sighting::Full(Box::new(order)),
        Err(reason) => Sighting::Unreadable {
            id: id.into(),
            reason,
        },
    }
}

/// Whether this can be one of Amazon's order numbers: three, seven and seven letters or digits.
pub(super) fn is_an_id(id: &str) -> bool {
    let parts: Vec<&str> = id.split('-').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let plain = |part: &&str| part.chars().all(|letter| letter.is_ascii_alphanumeric());
    lengths == [3, 7, 7] && parts.iter().all(plain)
}

/// The order, or what is wrong with it, for a person.
pub(super) fn order(
    asked: &str,
    wire: Order,
    tracking: TrackingRule,
) -> Result<MarketplaceOrder, String> {
    let id = text(wire.order_id.as_deref()).unwrap_or_default();
    if id != asked {
        return Err(format!("Amazon answered about order {id:?}"));
    }
    let fulfillment = wire.fulfillment.as_ref();
    let status = fulfillment
        .and_then(|it| it.fulfillment_status.as_ref())
        .ok_or("Amazon gives no fulfillmentStatus")?;
    let currency = currency(&wire)?;
    let items = wire.order_items.as_deref().unwrap_or_default();
    if items.is_empty() {
        return Err("Amazon gives no order items".to_owned());
    }
    let mut lines = Vec::new();
    let mut shipping = beside_items(order_breakdowns(&wire), currency)?;
    for item in items {
        let (line, sums) = line(item, status, currency)?;
        shipping = shipping
            .checked_add(sums.shipping)
            .ok_or("the sums are too large")?;
        lines.push(line);
    }
    let mut unknown = Vec::new();
    if let Status::Unknown(word) = status {
        unknown.push(format!("fulfillmentStatus {word}"));
    }
    let by = fulfillment.and_then(|it| it.fulfilled_by.as_ref());
    if let Some(FulfilledBy::Unknown(word)) = by {
        unknown.push(format!("fulfilledBy {word}"));
    }
    let email = wire
        .buyer
        .as_ref()
        .and_then(|it| text(it.buyer_email.as_deref()));
    let ship_to = wire
        .recipient
        .as_ref()
        .and_then(|it| it.delivery_address.as_ref())
        .map(|it| address(it, email, &mut unknown));
    let closed = lines.iter().all(|line| line.open() == 0);
    Ok(MarketplaceOrder {
        placed_at: instant(wire.created_time.as_deref())
            .ok_or("Amazon gives no createdTime that is a date and time")?,
        readiness: readiness(closed, status, by, ship_to.as_ref()),
        fulfilment: match by {
            Some(FulfilledBy::Amazon) => Fulfilment::Marketplace,
            Some(FulfilledBy::Merchant | FulfilledBy::Unknown(_)) | None => Fulfilment::Seller,
        },
        total: total(&wire, &lines, currency)?,
        lines,
        shipping: (!shipping.is_zero()).then(|| Money::new(shipping, currency)),
        discount: None,
        currency,
        ship_to,
        bill_to: None,
        ship_by: fulfillment
            .and_then(|it| it.ship_by_window.as_ref())
            .and_then(|window| instant(window.latest_date_time.as_deref())),
        tracking,
        shipping_method: fulfillment.and_then(|it| text(it.fulfillment_service_level.as_deref())),
        is_test: false,
        unknown,
        id: id.into(),
    })
}

/// Some sum of the order has it; an order that waits for payment may have no sum.
fn currency(wire: &Order) -> Result<Currency, String> {
    let total = wire
        .proceeds
        .as_ref()
        .and_then(|it| it.grand_total.as_ref());
    let items = wire.order_items.iter().flatten();
    let of_items = items.filter_map(|item| {
        let unit = item.product.as_ref()?.price.as_ref()?.unit_price.as_ref();
        unit.or(item.proceeds.as_ref()?.proceeds_total.as_ref())
    });
    let stated = total.into_iter().chain(of_items);
    let code = stated
        .filter_map(|money| text(money.currency_code.as_deref()))
        .next();
    if let Some(code) = code {
        return code.parse().map_err(|error| format!("{error}"));
    }
    let marketplace = wire.sales_channel.as_ref();
    let marketplace = marketplace.and_then(|it| text(it.marketplace_id.as_deref()));
    marketplace
        .as_deref()
        .and_then(marketplaces::currency)
        .ok_or_else(|| "Amazon gives no sum of this order, so no currency".to_owned())
}

fn order_breakdowns(wire: &Order) -> &[super::wire::Breakdown] {
    let proceeds = wire.proceeds.as_ref();
    let breakdowns = proceeds.and_then(|it| it.breakdowns.as_deref());
    breakdowns.unwrap_or_default()
}

fn readiness(
    closed: bool,
    status: &Status,
    by: Option<&FulfilledBy>,
    ship_to: Option<&address::Address>,
) -> Readiness {
    let held = |text: String| Readiness::NotReady(text);
    match status {
        Status::Pending(word) => {
            return held(format!("Amazon has not released the order yet ({word})"));
        }
        Status::Unknown(word) => {
            return held(format!(
                "Amazon says fulfillmentStatus {word:?}, which is not known"
            ));
        }
        Status::Unfulfillable => {
            return held("Amazon calls the order unfulfillable".to_owned());
        }
        Status::Shipped | Status::Cancelled => return Readiness::Closed,
        Status::Unshipped | Status::PartiallyShipped => {}
    }
    if closed {
        return Readiness::Closed;
    }
    if let Some(FulfilledBy::Unknown(word)) = by {
        return held(format!(
            "Amazon says fulfilledBy {word:?}, which is not known"
        ));
    }
    let missing = match ship_to {
        None => vec!["the whole address (has the application the role that shows it?)"],
        Some(address) => address.missing_parts(),
    };
    if missing.is_empty() {
        return Readiness::Ready;
    }
    held(format!(
        "Amazon gives no place to send it to; missing: {}",
        missing.join(", ")
    ))
}

fn line(item: &OrderItem, status: &Status, currency: Currency) -> Result<(Line, Sums), String> {
    let id = text(item.order_item_id.as_deref()).ok_or("Amazon gives an item without an id")?;
    let count = |name: &str, count: Option<i64>| -> Result<Option<u32>, String> {
        let bad = |count: i64| format!("item {id}: {name} is {count}");
        count
            .map(|count| u32::try_from(count).map_err(|_| bad(count)))
            .transpose()
    };
    let ordered = count("quantityOrdered", item.quantity_ordered)?
        .ok_or_else(|| format!("item {id}: Amazon gives no quantityOrdered"))?;
    let fulfillment = item.fulfillment.as_ref();
    let fulfilled = count(
        "quantityFulfilled",
        fulfillment.and_then(|it| it.quantity_fulfilled),
    )?;
    let unfulfilled = count(
        "quantityUnfulfilled",
        fulfillment.and_then(|it| it.quantity_unfulfilled),
    )?;
    // An item that is cancelled before anything was sent may count no pieces any more.
    let quantity = ordered.max(fulfilled.unwrap_or(0)).max(1);
    let shipped = fulfilled.unwrap_or(0);
    let left = match (status, unfulfilled) {
        (Status::Cancelled, _) => 0,
        (_, Some(unfulfilled)) => unfulfilled,
        (_, None) if ordered == 0 => 0,
        (_, None) => quantity - shipped,
    };
    if u64::from(shipped) + u64::from(left) > u64::from(quantity) {
        return Err(format!(
            "item {id}: {ordered} ordered, {shipped} sent and {left} to be sent do not fit"
        ));
    }
    let sums = sums(&id, item, quantity, currency)?;
    let product = item.product.as_ref();
    let request = item.cancellation.as_ref();
    let request = request.and_then(|it| it.cancellation_request.as_ref());
    let line = Line {
        pieces: Vec::new(),
        sku: product.and_then(|it| text(it.seller_sku.as_deref())),
        gtin: None,
        title: product.and_then(|it| text(it.title.as_deref())),
        quantity,
        shipped,
        cancelled: quantity - shipped - left,
        unit_price: sums.unit_price,
        discount: sums.discount,
        vat_percent: None,
        cancel_requested: request.is_some_and(|it| it.requester.as_deref() != Some("")),
        id: id.into(),
    };
    Ok((line, sums))
}

/// What the buyer pays. Nothing says what becomes of it when pieces are cancelled, so it is only
/// stated while none are.
fn total(wire: &Order, lines: &[Line], currency: Currency) -> Result<Option<Money>, String> {
    if lines.iter().any(|line| line.cancelled > 0) {
        return Ok(None);
    }
    let total = wire
        .proceeds
        .as_ref()
        .and_then(|it| it.grand_total.as_ref());
    let total: Option<Decimal> = amount("grandTotal", total, currency)?;
    Ok(total.map(|total| Money::new(total, currency)))
}

fn address(wire: &Address, email: Option<String>, unknown: &mut Vec<String>) -> address::Address {
    let part = |part: &Option<String>| text(part.as_deref());
    let lines = [
        &wire.address_line1,
        &wire.address_line2,
        &wire.address_line3,
    ];
    let mut address = address::Address::from_lines(lines.into_iter().filter_map(part));
    address.last_name = part(&wire.name);
    address.company = part(&wire.company_name);
    address.postal_code = part(&wire.postal_code);
    address.city = part(&wire.city);
    address.region = part(&wire.state_or_region).or_else(|| part(&wire.district_or_county));
    address.phone = part(&wire.phone);
    address.email = email;
    if let Some(code) = part(&wire.country_code) {
        address.country = code.parse().ok();
        if address.country.is_none() {
            unknown.push(format!("country {code}"));
        }
    }
    if wire.address_type.as_deref() == Some("PICKUP_POINT") {
        address.pickup_point = Some(PickupPoint {
            id: None,
            name: address.company.clone(),
        });
    }
    address
}

pub(super) fn instant(text: Option<&str>) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text?.trim())
        .ok()
        .map(|instant| instant.to_utc())
}

#[cfg(test)]
mod tests {
    use super::is_an_id;

    #[test]
    fn an_order_number_has_three_seven_and_seven_letters_or_digits() {
        assert!(is_an_id("902-1106328-1059050") && is_an_id("S01-1234567-7654321"));
        for none in [
            "",
            "0000000000",
            "902-1106328-105905",
            "902-1106328-10590/0",
            "a-b-c",
        ] {
            assert!(!is_an_id(none), "{none}");
        }
    }
}
