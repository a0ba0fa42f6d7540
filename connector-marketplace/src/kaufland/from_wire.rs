//! From Kaufland's shapes to ours: pure functions named after what they make.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use order_core::address::{Address, PickupPoint};
use order_core::ids::{LineId, PieceId};
use order_core::money::{Currency, Money};
use order_core::order::{Fulfilment, Line, MarketplaceOrder, Readiness, TrackingRule};
use order_core::ports::Sighting;
use serde_json::value::RawValue;

use super::wire::{Delivery, FulfillmentType, Order, OrderUnit, UnitStatus, UnitSummary, percent};
use crate::country::country;
use crate::text::{fnv, text};

/// Starts the id of an order that Kaufland listed without an id.
pub(super) const WITHOUT_ID: &str = "without-id-";

/// What a page of units tells: every order once, and whether it looks as it did before.
pub(super) fn sightings(page: &[Box<RawValue>]) -> Vec<Sighting> {
    let mut orders: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut odd = Vec::new();
    for raw in page {
        let summary = serde_json::from_str::<UnitSummary>(raw.get()).ok();
        let id = summary.as_ref().and_then(|it| text(it.id_order.as_deref()));
        match (summary, id) {
            (Some(unit), Some(id)) => orders.entry(id).or_default().push(format!(
                "{:?} {:?} {:?}",
                unit.id_order_unit, unit.status, unit.ts_updated_iso
            )),
            (Some(_) | None, _) => odd.push(Sighting::Unreadable {
                id: format!("{WITHOUT_ID}{:016x}", fnv(raw.get().as_bytes())).into(),
                reason: "Kaufland lists a unit without an order number; look it up in the seller \
                         portal"
                    .to_owned(),
            }),
        }
    }
    let summary = |(id, mut units): (String, Vec<String>)| {
        units.sort();
        Sighting::Summary {
            id: id.into(),
            fingerprint: format!("{:016x}", fnv(units.join("\n").as_bytes())),
        }
    };
    orders.into_iter().map(summary).chain(odd).collect()
}

/// A mark of every unit of a page. A page is full of units, not of orders.
pub(super) fn units(page: &[Box<RawValue>]) -> Vec<String> {
    let mark = |raw: &RawValue| {
        let unit = serde_json::from_str::<UnitSummary>(raw.get()).ok();
        let id = unit.and_then(|unit| unit.id_order_unit);
        id.map_or_else(|| raw.get().to_owned(), |id| id.to_string())
    };
    page.iter().map(|raw| mark(raw)).collect()
}

/// The order, or what is wrong with it, for a person.
pub(super) fn order(
    asked: &str,
    wire: Order,
    tracking: TrackingRule,
) -> Result<MarketplaceOrder, String> {
    let id = text(wire.id_order.as_deref()).unwrap_or_default();
    if id != asked {
        return Err(format!("Kaufland answered about order {id:?}"));
    }
    let units = wire.order_units.unwrap_or_default();
    let first = units.first().ok_or("Kaufland gives no order units")?;
    let currency = currency(first)?;
    let mut unknown = Vec::new();
    for unit in &units {
        if let Some(UnitStatus::Unknown(word)) = &unit.status {
            unknown.push(format!("status {word}"));
        }
    }
    unknown.dedup();
    let lines = lines(&units)?;
    let open = lines.iter().any(|line| line.open() > 0);
    let ship_to = wire
        .shipping_address
        .as_ref()
        .map(|it| address(it, &mut unknown))
        .map(|mut address| {
            address.email = wire.buyer.as_ref().and_then(|it| text(it.email.as_deref()));
            add_pickup_point(&mut address, wire.delivery.as_ref());
            address
        });
    let bill_to = wire
        .billing_address
        .as_ref()
        .map(|it| address(it, &mut unknown));
    let fulfilment = match &wire.fulfillment_type {
        Some(FulfillmentType::Kaufland) => Fulfilment::Marketplace,
        Some(FulfillmentType::Merchant | FulfillmentType::Unknown(_)) | None => Fulfilment::Seller,
    };
    let readiness = readiness(
        open,
        &units,
        wire.fulfillment_type.as_ref(),
        ship_to.as_ref(),
    );
    if let Some(FulfillmentType::Unknown(word)) = &wire.fulfillment_type {
        unknown.push(format!("fulfillment_type {word}"));
    }
    let still_open = |unit: &&OrderUnit| unit.status == Some(UnitStatus::Open);
    let expiry = |unit: &OrderUnit| instant(unit.delivery_time_expires_iso.as_deref());
    Ok(MarketplaceOrder {
        placed_at: instant(wire.ts_created_iso.as_deref())
            .ok_or("Kaufland gives no ts_created_iso that is a date and time")?,
        readiness,
        fulfilment,
        shipping: shipping(&units, currency)?,
        discount: None,
        total: None,
        lines,
        currency,
        ship_to,
        bill_to,
        ship_by: units.iter().filter(still_open).filter_map(expiry).min(),
        tracking,
        shipping_method: None,
        is_test: false,
        unknown,
        id: id.into(),
    })
}

fn readiness(
    open: bool,
    units: &[OrderUnit],
    fulfilment: Option<&FulfillmentType>,
    ship_to: Option<&Address>,
) -> Readiness {
    if !open {
        return Readiness::Closed;
    }
    let unknown = units.iter().find_map(|unit| match &unit.status {
        Some(UnitStatus::Unknown(word)) => Some(word),
        Some(UnitStatus::Open | UnitStatus::Sent | UnitStatus::Cancelled) | None => None,
    });
    if let Some(word) = unknown {
        let text = format!("Kaufland says status {word:?}, which is not known");
        return Readiness::NotReady(text);
    }
    if let Some(FulfillmentType::Unknown(word)) = fulfilment {
        let text = format!("Kaufland says fulfillment_type {word:?}, which is not known");
        return Readiness::NotReady(text);
    }
    let missing = match ship_to {
        None => vec!["the whole address"],
        Some(address) => address.missing_parts(),
    };
    if missing.is_empty() {
        return Readiness::Ready;
    }
    Readiness::NotReady(format!(
        "Kaufland gives no place to send it to; missing: {}",
        missing.join(", ")
    ))
}

/// Equal pieces make a line. What is sent comes first and what is cancelled last, so that a parcel
/// takes the first pieces that are left.
fn lines(units: &[OrderUnit]) -> Result<Vec<Line>, String> {
    let mut groups: Vec<(LineId, Vec<&OrderUnit>)> = Vec::new();
    for unit in units {
        let line = line_id(unit);
        match groups.iter_mut().find(|(known, _)| *known == line) {
            Some((_, group)) => group.push(unit),
            None => groups.push((line, vec![unit])),
        }
    }
    groups
        .into_iter()
        .map(|(id, group)| line(id, group))
        .collect()
}

/// The same for equal pieces of one order, at every reading.
pub(super) fn line_id(unit: &OrderUnit) -> LineId {
    let product = unit.product.as_ref().and_then(|it| it.id_product);
    let key = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        unit.id_offer, product, unit.price, unit.shipping_rate, unit.unit_condition
    );
    let name = unit.id_offer.clone().unwrap_or_default();
    LineId::new(format!("{name}#{:08x}", fnv(key.as_bytes()) >> 32))
}

fn line(id: LineId, mut group: Vec<&OrderUnit>) -> Result<Line, String> {
    let rank = |unit: &OrderUnit| match &unit.status {
        Some(UnitStatus::Sent) => 0,
        Some(UnitStatus::Open | UnitStatus::Unknown(_)) | None => 1,
        Some(UnitStatus::Cancelled) => 2,
    };
    group.sort_by_key(|unit| (rank(unit), unit.id_order_unit));
    let pieces = group.iter().map(|unit| piece_id(unit));
    let pieces = pieces.collect::<Result<Vec<_>, _>>()?;
    let count = |wanted: u8| {
        let many = group.iter().filter(|unit| rank(unit) == wanted).count();
        u32::try_from(many).unwrap_or(u32::MAX)
    };
    let first = group.first().ok_or("a line without pieces")?;
    let price = first
        .price
        .filter(|price| *price >= 0)
        .ok_or_else(|| format!("line {id}: Kaufland gives no price"))?;
    let product = first.product.as_ref();
    let eans = product.and_then(|product| product.eans.as_ref());
    let ean = eans.and_then(|eans| eans.iter().find(|ean| ean.len() == 13).or(eans.first()));
    let asked = |unit: &&OrderUnit| {
        unit.tickets.iter().flatten().any(|ticket| {
            ticket.topic.as_deref() == Some("order_cancel")
                && ticket.status.as_deref() == Some("opened")
        })
    };
    Ok(Line {
        quantity: u32::try_from(group.len()).map_err(|_| format!("line {id}: too many pieces"))?,
        pieces,
        sku: text(first.id_offer.as_deref()),
        gtin: text(ean.map(String::as_str)),
        title: text(product.and_then(|product| product.title.as_deref())),
        shipped: count(0),
        cancelled: count(2),
        unit_price: Money::from_minor(price, currency(first)?),
        discount: None,
        vat_percent: percent(first.vat),
        cancel_requested: group.iter().any(asked),
        id,
    })
}

fn piece_id(unit: &OrderUnit) -> Result<PieceId, String> {
    let id = unit
        .id_order_unit
        .ok_or("Kaufland gives an order unit without an id")?;
    Ok(PieceId::new(id.to_string()))
}

fn currency(unit: &OrderUnit) -> Result<Currency, String> {
    let code = text(unit.currency.as_deref()).ok_or("Kaufland gives no currency")?;
    code.parse().map_err(|error| format!("{error}"))
}

/// Shipping comes per piece.
fn shipping(units: &[OrderUnit], currency: Currency) -> Result<Option<Money>, String> {
    let mut sum: i64 = 0;
    for unit in units {
        let rate = unit.shipping_rate.unwrap_or(0);
        if rate < 0 {
            return Err(format!("Kaufland gives a shipping_rate of {rate}"));
        }
        sum = sum.checked_add(rate).ok_or("the sums are too large")?;
    }
    Ok((sum > 0).then(|| Money::from_minor(sum, currency)))
}

fn address(wire: &super::wire::Address, unknown: &mut Vec<String>) -> Address {
    let part = |part: &Option<String>| text(part.as_deref());
    let mut address = Address::from_parts(
        part(&wire.street),
        part(&wire.house_number),
        None,
        part(&wire.additional_field),
    );
    address.first_name = part(&wire.first_name);
    address.last_name = part(&wire.last_name);
    address.company = part(&wire.company_name);
    address.postal_code = part(&wire.postcode);
    address.city = part(&wire.city);
    address.phone = part(&wire.phone);
    if let Some(code) = part(&wire.country) {
        address.country = country(&code);
        if address.country.is_none() {
            unknown.push(format!("country {code}"));
        }
    }
    address
}

/// Where the parcel goes to a locker or shop. A DHL Packstation also needs the buyer's number there.
fn add_pickup_point(address: &mut Address, delivery: Option<&Delivery>) {
    let Some(point) = delivery.and_then(|it| it.pickup_location.as_ref()) else {
        return;
    };
    address.pickup_point = Some(PickupPoint {
        id: text(point.pickup_location_id.as_deref()),
        name: text(point.provider.as_deref()),
    });
    if let Some(number) = text(point.dhl_post_number.as_deref())
        && !address.lines.iter().any(|line| line.contains(&number))
    {
        address.lines.push(format!("Postnummer {number}"));
    }
}

pub(super) fn instant(text: Option<&str>) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text?.trim())
        .ok()
        .map(|instant| instant.to_utc())
}
