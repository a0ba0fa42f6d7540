//! From bol's shapes to ours: pure functions named after what they make.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use order_core::address::{Address, PickupPoint};
use order_core::money::{Currency, Money};
use order_core::order::{Fulfilment, Line, MarketplaceOrder, Readiness, TrackingRule};
use order_core::ports::{Outcome, Sighting, Ticket, TicketStatus};
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::time::Duration;

use super::wire::{
    DistributionParty, FulfilmentMethod, Order, OrderIdOnly, OrderItem, Person, ProcessState,
    ProcessStatus, ReducedOrder, ReducedOrderItem,
};
use crate::number::Number;
use crate::text::{fnv, text};

/// Starts the id of an order that bol listed without an id.
pub(super) const WITHOUT_ID: &str = "without-id-";

/// What a list entry tells: that there is such an order, and whether it looks as it did before.
pub(super) fn sighting(raw: &RawValue) -> Sighting {
    let text = raw.get();
    let order = match serde_json::from_str::<ReducedOrder>(text) {
        Ok(order) => order,
        Err(_) => return unreadable_sighting(text),
    };
    match order
        .order_id
        .as_deref()
        .map(str::trim)
        .filter(|id| !id.is_empty())
    {
        Some(id) => Sighting::Summary {
            id: id.into(),
            fingerprint: fingerprint(&order),
        },
        None => unreadable_sighting(text),
    }
}

fn unreadable_sighting(text: &str) -> Sighting {
    let id = serde_json::from_str::<OrderIdOnly>(text)
        .ok()
        .and_then(|order| order.order_id);
    match id.as_deref().map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) => Sighting::Unreadable {
            id: id.into(),
            reason: "bol lists this order in a form that is not the described one".to_owned(),
        },
        None => Sighting::Unreadable {
            id: format!("{WITHOUT_ID}{:016x}", fnv(text.as_bytes())).into(),
            reason: "bol lists an order without an order number; look it up in the seller account"
                .to_owned(),
        },
    }
}

/// Everything a list entry says about its items, in an order that does not depend on bol's.
fn fingerprint(order: &ReducedOrder) -> String {
    let text = |item: &ReducedOrderItem| serde_json::to_string(item).unwrap_or_default();
    let mut items: Vec<String> = order.order_items.iter().flatten().map(text).collect();
    items.sort();
    format!("{:016x}", fnv(items.join("\n").as_bytes()))
}

/// The order, or what is wrong with it, for a person.
pub(super) fn order(asked: &str, wire: Order) -> Result<MarketplaceOrder, String> {
    let id = wire.order_id.as_deref().map(str::trim).unwrap_or_default();
    if id != asked {
        return Err(format!("bol answered about order {id:?}"));
    }
    let mut unknown = Vec::new();
    let items = sellers_items(wire.order_items.unwrap_or_default(), &mut unknown);
    let fulfilment = items.fulfilment;
    let items = items.items;
    if items.is_empty() {
        return Err("bol gives no order items".to_owned());
    }
    let lines = items.iter().map(line).collect::<Result<Vec<_>, _>>()?;
    let closed = lines.iter().all(|line| line.open() == 0);
    let pickup = wire.pickup_point.unwrap_or(false);
    let ship_to = wire
        .shipment_details
        .map(|person| address(person, pickup, &mut unknown));
    if !closed && fulfilment == Fulfilment::Seller {
        must_be_deliverable(ship_to.as_ref())?;
    }
    let readiness = match (closed, unknown_method(&items)) {
        (true, _) => Readiness::Closed,
        (false, Some(method)) => Readiness::NotReady(format!(
            "bol says fulfilment method {method:?}, which is not known"
        )),
        (false, None) => Readiness::Ready,
    };
    Ok(MarketplaceOrder {
        id: id.into(),
        placed_at: placed_at(wire.order_placed_date_time.as_deref(), &items, &mut unknown)?,
        readiness,
        fulfilment,
        total: total(&items, &lines)?,
        lines,
        // bol's prices include delivery, and there are no discounts on whole orders.
        shipping: None,
        discount: None,
        currency: Currency::EUR,
        ship_to,
        bill_to: wire
            .billing_details
            .map(|person| address(person, false, &mut unknown)),
        ship_by: items
            .iter()
            .filter(|item| is_open(item))
            .filter_map(ship_by)
            .min(),
        tracking: TrackingRule::Optional,
        shipping_method: shipping_method(&items),
        is_test: false,
        unknown,
    })
}

struct Items {
    items: Vec<OrderItem>,
    fulfilment: Fulfilment,
}

/// Items that bol sends itself are not the seller's business, unless the whole order is bol's.
fn sellers_items(items: Vec<OrderItem>, unknown: &mut Vec<String>) -> Items {
    for item in &items {
        if let Some(FulfilmentMethod::Unknown(text)) = method(item) {
            unknown.push(format!("fulfilment method {text}"));
        }
        let party = item
            .fulfilment
            .as_ref()
            .and_then(|it| it.distribution_party.as_ref());
        if let Some(DistributionParty::Unknown(text)) = party {
            unknown.push(format!("distribution party {text}"));
        }
    }
    let (bols, sellers): (Vec<_>, Vec<_>) = items
        .into_iter()
        .partition(|item| method(item) == Some(&FulfilmentMethod::Bol));
    if sellers.is_empty() {
        Items {
            items: bols,
            fulfilment: Fulfilment::Marketplace,
        }
    } else {
        Items {
            items: sellers,
            fulfilment: Fulfilment::Seller,
        }
    }
}

fn method(item: &OrderItem) -> Option<&FulfilmentMethod> {
    item.fulfilment.as_ref()?.method.as_ref()
}

fn unknown_method(items: &[OrderItem]) -> Option<&str> {
    items.iter().find_map(|item| match method(item) {
        Some(FulfilmentMethod::Unknown(text)) => Some(text.as_str()),
        Some(FulfilmentMethod::Retailer | FulfilmentMethod::Bol) | None => None,
    })
}

fn line(item: &OrderItem) -> Result<Line, String> {
    let id = text(item.order_item_id.as_deref())
        .ok_or_else(|| "bol gives an order item without an id".to_owned())?;
    let quantity = pieces(&id, "quantity", item.quantity)?;
    let shipped = pieces(&id, "quantityShipped", item.quantity_shipped)?;
    let cancelled = pieces(&id, "quantityCancelled", item.quantity_cancelled)?;
    let gone = u64::from(shipped) + u64::from(cancelled);
    if quantity == 0 || gone > u64::from(quantity) {
        return Err(format!(
            "item {id}: {quantity} ordered, {shipped} shipped and {cancelled} cancelled do not fit"
        ));
    }
    let unit_price = item
        .unit_price
        .ok_or_else(|| format!("item {id}: bol gives no unitPrice"))
        .and_then(|price| money(&id, "unitPrice", price))?;
    Ok(Line {
        pieces: Vec::new(),
        sku: item
            .offer
            .as_ref()
            .and_then(|offer| text(offer.reference.as_deref())),
        gtin: item
            .product
            .as_ref()
            .and_then(|product| text(product.ean.as_deref())),
        title: item
            .product
            .as_ref()
            .and_then(|product| text(product.title.as_deref())),
        quantity,
        shipped,
        cancelled,
        unit_price,
        discount: discount(&id, item)?,
        vat_percent: None,
        cancel_requested: item.cancellation_request.unwrap_or(false),
        id: id.into(),
    })
}

/// A count of pieces. Absent is not zero.
fn pieces(id: &str, name: &str, count: Option<i64>) -> Result<u32, String> {
    let count = count.ok_or_else(|| format!("item {id}: bol gives no {name}"))?;
    u32::try_from(count).map_err(|_| format!("item {id}: {name} is {count}"))
}

fn money(id: &str, name: &str, number: Number) -> Result<Money, String> {
    if number.0.is_sign_negative() && !number.0.is_zero() {
        return Err(format!("item {id}: {name} is {}", number.0));
    }
    Ok(Money::new(number.0, Currency::EUR))
}

/// The sum of the discounts on an item; `None` when there are none.
fn discount(id: &str, item: &OrderItem) -> Result<Option<Money>, String> {
    let mut sum: Option<Decimal> = None;
    for discount in item.discounts.iter().flatten() {
        let amount = discount
            .amount
            .ok_or_else(|| format!("item {id}: bol gives a discount without an amount"))?;
        let amount = money(id, "discount", amount)?.amount;
        let so_far = sum.unwrap_or(Decimal::ZERO);
        sum = Some(
            so_far
                .checked_add(amount)
                .ok_or_else(|| format!("item {id}: discounts"))?,
        );
    }
    Ok(sum.map(|amount| Money::new(amount, Currency::EUR)))
}

/// What the buyer paid, as the sum of the items' `totalPrice`. bol says nothing about how that
/// changes when pieces are cancelled, so it is only stated while none are.
fn total(items: &[OrderItem], lines: &[Line]) -> Result<Option<Money>, String> {
    if lines.iter().any(|line| line.cancelled > 0) {
        return Ok(None);
    }
    let mut sum = Money::zero(Currency::EUR);
    for (item, line) in items.iter().zip(lines) {
        let Some(price) = item.total_price else {
            return Ok(None);
        };
        let price = money(line.id.as_str(), "totalPrice", price)?;
        sum = sum
            .checked_add(price)
            .ok_or_else(|| "the sums are too large".to_owned())?;
    }
    Ok(Some(sum))
}

fn is_open(item: &OrderItem) -> bool {
    let count = |count: Option<i64>| count.unwrap_or(0);
    count(item.quantity) > count(item.quantity_shipped) + count(item.quantity_cancelled)
}

/// bol promises the buyer a day of delivery and names no time of handing over. A parcel delivered
/// on a day has to be handed over the evening before: 22:00 UTC is midnight in summer there.
fn ship_by(item: &OrderItem) -> Option<DateTime<Utc>> {
    let fulfilment = item.fulfilment.as_ref()?;
    let day = fulfilment
        .exact_delivery_date
        .as_deref()
        .or(fulfilment.latest_delivery_date.as_deref())
        .or(fulfilment.expiry_date.as_deref())?;
    let day: NaiveDate = day.parse().ok()?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc() - TimeDelta::hours(2))
}

/// The day part and extras a person who packs has to know; `None` for a plain delivery.
fn shipping_method(items: &[OrderItem]) -> Option<String> {
    let mut words: Vec<String> = Vec::new();
    for item in items {
        let fulfilment = item.fulfilment.as_ref();
        let frame = fulfilment.and_then(|it| text(it.time_frame_type.as_deref()));
        words.extend(frame.filter(|frame| frame != "REGULAR"));
        if fulfilment.and_then(|it| it.distribution_party.as_ref()) == Some(&DistributionParty::Bol)
        {
            words.push("label from bol".to_owned());
        }
        for service in item.additional_services.iter().flatten() {
            words.extend(text(service.service_type.as_deref()));
        }
    }
    words.sort();
    words.dedup();
    (!words.is_empty()).then(|| words.join(", "))
}

/// bol's description lets the date be absent from the details, though not from the list.
fn placed_at(
    placed: Option<&str>,
    items: &[OrderItem],
    unknown: &mut Vec<String>,
) -> Result<DateTime<Utc>, String> {
    if let Some(placed) = placed {
        return instant(placed)
            .ok_or_else(|| format!("orderPlacedDateTime {placed:?} is not a date and time"));
    }
    let changed = items
        .iter()
        .filter_map(|item| instant(item.latest_changed_date_time.as_deref()?));
    let earliest = changed
        .min()
        .ok_or_else(|| "bol gives no orderPlacedDateTime".to_owned())?;
    unknown.push("no date of the order; the first change of an item is shown instead".to_owned());
    Ok(earliest)
}

pub(super) fn instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.trim())
        .ok()
        .map(|instant| instant.to_utc())
}

fn address(person: Person, pickup: bool, unknown: &mut Vec<String>) -> Address {
    let mut address = Address::from_parts(
        text(person.street_name.as_deref()),
        text(person.house_number.as_deref()),
        text(person.house_number_extension.as_deref()),
        text(person.extra_address_information.as_deref()),
    );
    address.first_name = text(person.first_name.as_deref());
    address.last_name = text(person.surname.as_deref());
    address.company = text(person.company.as_deref());
    address.postal_code = text(person.zip_code.as_deref());
    address.city = text(person.city.as_deref());
    address.phone = text(person.delivery_phone_number.as_deref());
    address.email = text(person.email.as_deref());
    address.vat_number = text(person.vat_number.as_deref());
    if let Some(code) = text(person.country_code.as_deref()) {
        address.country = code.parse().ok();
        if address.country.is_none() {
            unknown.push(format!("country {code}"));
        }
    }
    let point = text(person.pickup_point_name.as_deref());
    if pickup || point.is_some() {
        address.pickup_point = Some(PickupPoint {
            id: None,
            name: point,
        });
    }
    address
}

fn must_be_deliverable(address: Option<&Address>) -> Result<(), String> {
    let missing = match address {
        None => vec!["the whole address"],
        Some(address) => address.missing_parts(),
    };
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!(
        "bol gives no place to send it to; missing: {}",
        missing.join(", ")
    ))
}

/// How soon to ask about a change, and how long bol remembers it (bol names a day and two days in
/// different places; the shorter is believed).
const POLL_AFTER: Duration = Duration::from_secs(15);
const EXPIRES_AFTER: Duration = Duration::from_secs(24 * 3600);

/// What a change's own answer means; `Err` says what cannot be used about it.
pub(super) fn outcome(status: &ProcessStatus) -> Result<Outcome, String> {
    let decided = match ticket_status(status) {
        TicketStatus::Done { .. } => return Ok(Outcome::Done { remote_id: None }),
        TicketStatus::Failed { reason } => return Ok(Outcome::Rejected { reason }),
        TicketStatus::Lost => return Err("bol took it and then gave up on it".to_owned()),
        TicketStatus::Pending => ticket(status),
    };
    decided
        .map(Outcome::Submitted)
        .ok_or_else(|| "bol took it but gave it no number".to_owned())
}

/// A ticket to ask about later; `None` without an id.
pub(super) fn ticket(status: &ProcessStatus) -> Option<Ticket> {
    let id = text(status.process_status_id.as_deref())?;
    Some(Ticket {
        id,
        poll_after: POLL_AFTER,
        expires_after: EXPIRES_AFTER,
    })
}

/// What a process status says now. Only the words SUCCESS and FAILURE move anything.
///
/// A done change has no id to remember: `entityId` is the order item, not the shipment made of it.
pub(super) fn ticket_status(status: &ProcessStatus) -> TicketStatus {
    match &status.status {
        Some(ProcessState::Success) => TicketStatus::Done { remote_id: None },
        Some(ProcessState::Failure) => {
            let reason = text(status.error_message.as_deref())
                .or_else(|| text(status.description.as_deref()))
                .unwrap_or_else(|| "bol gives no reason".to_owned());
            TicketStatus::Failed { reason }
        }
        // bol stopped waiting for its own systems: whether it happened has to be read back.
        Some(ProcessState::Timeout) => TicketStatus::Lost,
        Some(ProcessState::Pending) | None => TicketStatus::Pending,
        Some(ProcessState::Unknown(word)) => {
            tracing::warn!(status = %word, "bol tells a process status that is not known");
            TicketStatus::Pending
        }
    }
}
