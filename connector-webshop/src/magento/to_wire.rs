//! From our words to Magento's.

use order_core::address::Address;
use order_core::money::Money;
use order_core::ports::{NewLine, NewOrder};
use order_core::shipment::LineQuantity;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Value, json};

use super::config::MagentoConfig;
use super::from_wire::written;
use super::products;
use super::wire::{Order, StoreConfig};
use crate::shared::{said, short, tax_within};
use crate::sums::{LineSum, Sums};

/// The most characters of an order's number.
pub(super) const LONGEST_NUMBER: usize = 50;

/// `POST /V1/orders`; or why there cannot be such an order.
///
/// Magento checks and computes nothing in it, so everything it shows is worked out here: sums
/// without tax and with it, the tax, the tax within the discount.
pub(super) fn order(
    order: &NewOrder,
    number_of_it: &str,
    sums: &Sums,
    store: &StoreConfig,
    config: &MagentoConfig,
) -> Result<Value, String> {
    let lines = order
        .lines
        .iter()
        .zip(&sums.lines)
        .map(|(line, sum)| Line::of(order, line, sum, config))
        .collect::<Result<Vec<_>, _>>()?;
    let items: Vec<Value> = lines.iter().map(|line| line.item(store.id)).collect();
    let rate = lines.iter().map(|line| line.rate).max().unwrap_or_default();
    let shipping = Gross::of(order, sums.shipping, rate);
    let sum = |of: fn(&Line<'_>) -> Decimal| lines.iter().map(of).sum::<Decimal>();
    let discount = sum(|line| line.before.gross - line.after.gross);
    let compensation = sum(|line| line.before.tax - line.after.tax);
    let tax = sum(|line| line.after.tax) + shipping.tax;
    let quantity: u32 = order.lines.iter().map(|line| line.quantity).sum();

    let mut both = Both::default();
    both.add("grand_total", order.total.amount);
    both.add("total_due", order.total.amount);
    both.add("subtotal", sum(|line| line.before.net()));
    both.add("subtotal_incl_tax", sum(|line| line.before.gross));
    both.add("tax_amount", tax);
    both.add("discount_amount", -discount);
    both.add("discount_tax_compensation_amount", compensation);
    both.add("shipping_amount", shipping.net());
    both.add("shipping_incl_tax", shipping.gross);
    both.add("shipping_tax_amount", shipping.tax);
    both.add("total_qty_ordered", Decimal::from(quantity));

    let currency = order.currency.as_str();
    let buyer = &order.bill_to;
    let (first, last) = names(buyer);
    let email = email(order, config);
    let mut entity = json!({
        "increment_id": number_of_it,
        "store_id": store.id,
        "state": "new",
        "status": "pending",
        "created_at": written(order.placed_at),
        "customer_email": email,
        "customer_firstname": first,
        "customer_lastname": last,
        "customer_is_guest": 1,
        "customer_group_id": 0,
        "is_virtual": 0,
        "order_currency_code": currency,
        "base_currency_code": currency,
        "store_currency_code": currency,
        "global_currency_code": currency,
        "base_to_order_rate": 1,
        "base_to_global_rate": 1,
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
        "total_item_count": items.len(),
        "shipping_description": short(
            order.shipping_method.as_deref().unwrap_or("Marketplace"), 255),
        "items": items,
        "billing_address": address(buyer, "billing", &email)?,
        "payment": {
            "method": config.payment_method.trim(),
            "account_status": "",
            "additional_information": [format!("Paid at the marketplace ({})", order.key.channel)],
            "cc_last4": "",
            "amount_ordered": number(order.total.amount),
            "base_amount_ordered": number(order.total.amount),
            "shipping_amount": number(shipping.net()),
            "base_shipping_amount": number(shipping.net()),
        },
        "extension_attributes": {"shipping_assignments": [{
            "shipping": {
                "address": address(&order.ship_to, "shipping", &email)?,
                "method": config.shipping_method.trim(),
            },
            "items": [],
        }]},
    });
    both.write(&mut entity);
    if order.sent_elsewhere {
        sent_elsewhere(&mut entity);
    }
    Ok(json!({ "entity": entity }))
}

/// Everything is invoiced, paid and shipped by what the order says, without an invoice or a
/// shipment of the shop's: so nothing takes stock, and nothing is left to be done.
fn sent_elsewhere(entity: &mut Value) {
    entity["state"] = json!("complete");
    entity["status"] = json!("complete");
    for base in ["", "base_"] {
        let total = entity[format!("{base}grand_total")].clone();
        for name in ["total_paid", "total_invoiced"] {
            entity[format!("{base}{name}")] = total.clone();
        }
        entity[format!("{base}total_due")] = json!(0);
    }
    for item in entity["items"].as_array_mut().into_iter().flatten() {
        for name in ["qty_invoiced", "qty_shipped"] {
            item[name] = item["qty_ordered"].clone();
        }
    }
}

/// Sums that Magento keeps twice: in the order's currency, and in the shop's own (`base_…`). The
/// two are the same here.
#[derive(Default)]
struct Both(Map<String, Value>);

impl Both {
    fn add(&mut self, name: &str, sum: Decimal) {
        self.0.insert(name.to_owned(), number(sum));
        self.0.insert(format!("base_{name}"), number(sum));
    }

    fn write(self, to: &mut Value) {
        if let Some(object) = to.as_object_mut() {
            object.extend(self.0);
        }
    }
}

/// A sum and the tax in it.
#[derive(Clone, Copy)]
struct Gross {
    gross: Decimal,
    tax: Decimal,
}

impl Gross {
    fn of(order: &NewOrder, minor: i64, rate: Decimal) -> Self {
        let gross = Money::from_minor(minor, order.currency);
        let tax = tax_within(gross, rate).map_or(Decimal::ZERO, |tax| tax.amount);
        Self {
            gross: gross.amount,
            tax,
        }
    }

    fn net(&self) -> Decimal {
        self.gross - self.tax
    }
}

struct Line<'a> {
    line: &'a NewLine,
    rate: Decimal,
    before: Gross,
    after: Gross,
}

impl<'a> Line<'a> {
    fn of(
        order: &NewOrder,
        line: &'a NewLine,
        sum: &LineSum,
        config: &MagentoConfig,
    ) -> Result<Self, String> {
        let rate = line.vat_percent.or(config.assumed_vat_percent);
        let rate = rate.ok_or_else(|| {
            format!(
                "neither the marketplace nor the settings (assumed_vat_percent) say the VAT of \
                 line {}",
                line.line
            )
        })?;
        Ok(Self {
            line,
            rate,
            before: Gross::of(order, sum.before_discount, rate),
            after: Gross::of(order, sum.after_discount, rate),
        })
    }

    fn item(&self, store: u64) -> Value {
        let pieces = Decimal::from(self.line.quantity.max(1));
        let (id, sku) = products::parts(&self.line.product.id);
        let mut both = Both::default();
        both.add("price", four(self.before.net() / pieces));
        both.add("price_incl_tax", self.line.unit_price.amount);
        both.add("original_price", self.line.unit_price.amount);
        both.add("row_total", self.before.net());
        both.add("row_total_incl_tax", self.before.gross);
        both.add("tax_amount", self.after.tax);
        both.add("discount_amount", self.before.gross - self.after.gross);
        let compensation = self.before.tax - self.after.tax;
        both.add("discount_tax_compensation_amount", compensation);
        let mut item = json!({
            "sku": sku,
            "product_id": id,
            "product_type": "simple",
            "name": short(&self.line.title, 255),
            "store_id": store,
            "is_virtual": 0,
            "is_qty_decimal": 0,
            "qty_ordered": self.line.quantity,
            "tax_percent": number(self.rate),
            "ext_order_item_id": self.line.line.as_str(),
        });
        both.write(&mut item);
        item
    }
}

/// Magento keeps four decimals.
fn four(number: Decimal) -> Decimal {
    number.round_dp_with_strategy(4, RoundingStrategy::MidpointAwayFromZero)
}

/// A number as JSON has it. Sums have few digits, so the nearest binary number prints as they do.
fn number(number: Decimal) -> Value {
    json!(number.to_f64().unwrap_or(0.0))
}

fn email(order: &NewOrder, config: &MagentoConfig) -> String {
    let given = order
        .bill_to
        .email
        .as_ref()
        .or(order.ship_to.email.as_ref())
        .filter(|_| config.pass_buyer_email);
    if let Some(given) = given {
        return short(given, 128);
    }
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let local: String = order.key.to_string().chars().map(plain).take(60).collect();
    format!("{local}@{}", config.email_domain.trim())
}

/// Magento wants both names; a dash stands for one that is not there.
fn names(address: &Address) -> (String, String) {
    let dash = || "-".to_owned();
    let first = said(address.first_name.as_deref());
    let last = said(address.last_name.as_deref());
    let (first, last) = match (first, last) {
        (None, None) => (dash(), said(Some(&address.name())).unwrap_or_else(dash)),
        (first, last) => (first.unwrap_or_else(dash), last.unwrap_or_else(dash)),
    };
    (short(&first, 128), short(&last, 128))
}

/// `sales-data-order-address-interface`; what is missing that a parcel cannot do without, in words.
fn address(address: &Address, kind: &str, email: &str) -> Result<Value, String> {
    let country = address.country.ok_or("the address has no country")?;
    let city = said(address.city.as_deref()).ok_or("the address has no city")?;
    let point = address
        .pickup_point
        .as_ref()
        .and_then(|point| said(point.name.as_deref()));
    let street: Vec<String> = point
        .into_iter()
        .chain(address.lines.iter().cloned())
        .collect();
    if street.is_empty() {
        return Err("the address has no street".to_owned());
    }
    let (first, last) = names(address);
    let mut wire = json!({
        "address_type": kind,
        "firstname": first,
        "lastname": last,
        "street": street,
        "city": city,
        "postcode": said(address.postal_code.as_deref()).unwrap_or_else(|| "-".to_owned()),
        "country_id": country.as_str(),
        "telephone": said(address.phone.as_deref()).unwrap_or_else(|| "-".to_owned()),
        "email": email,
    });
    for (name, value) in [
        ("company", &address.company),
        ("vat_id", &address.vat_number),
    ] {
        if let Some(value) = said(value.as_deref()) {
            wire[name] = json!(short(&value, 255));
        }
    }
    Ok(wire)
}

/// `POST /V1/order/{orderId}/invoice`: all of it, paid, without a mail.
pub(super) fn invoice() -> Value {
    json!({ "capture": true, "notify": false })
}

/// `POST /V1/order/{orderId}/refund` of these pieces, without a mail and without shipping costs;
/// or which line the order does not have.
pub(super) fn refund(order: &Order, lines: &[LineQuantity], note: &str) -> Result<Value, String> {
    let mut items = Vec::new();
    for part in lines {
        let own = |item: &&super::wire::Item| {
            item.ext_order_item_id.as_deref() == Some(part.line.as_str())
        };
        let item = order.items.iter().find(own);
        let item = item.ok_or_else(|| format!("the shop's order has no line {}", part.line))?;
        items.push(json!({"order_item_id": item.item_id, "qty": part.quantity}));
    }
    Ok(json!({
        "items": items,
        "notify": false,
        "appendComment": true,
        "comment": comment_text(note),
        "arguments": {"shipping_amount": 0},
    }))
}

/// The same of everything, shipping costs included.
pub(super) fn refund_all(note: &str) -> Value {
    json!({ "notify": false, "appendComment": true, "comment": comment_text(note) })
}

fn comment_text(note: &str) -> Value {
    json!({ "comment": short(note, 1000), "is_visible_on_front": 0 })
}

/// `POST /V1/orders/{id}/comments`: for staff alone.
pub(super) fn comment(order: u64, text: &str) -> Value {
    json!({"statusHistory": {
        "comment": text,
        "parent_id": order,
        "is_customer_notified": 0,
        "is_visible_on_front": 0,
    }})
}
