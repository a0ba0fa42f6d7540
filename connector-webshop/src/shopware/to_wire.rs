//! From our words to Shopware's: a whole order with all it is made of.

use std::collections::BTreeMap;

use order_core::address::Address;
use order_core::money::Money;
use order_core::ports::{NewLine, NewOrder, NoteReturn};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, Value, json};

use super::config::ShopwareConfig;
use super::from_wire::{KEY, LINES};
use super::ids;
use super::surroundings::Surroundings;
use crate::shared::{said, short, tax_within};
use crate::sums::{Sums, piece_prices};

/// `Order`, to be inserted.
pub(super) fn order(
    order: &NewOrder,
    sums: &Sums,
    around: &Surroundings,
    config: &ShopwareConfig,
) -> Result<Value, String> {
    let key = &order.key;
    let lines = lines(order, sums, around);
    let shipping = Money::from_minor(sums.shipping, order.currency);
    let shipping = Part {
        gross: shipping,
        rate: around.highest_rate(),
    };
    let mut taxes = Taxes::default();
    for line in &lines {
        taxes.add(line.part());
    }
    taxes.add(shipping);
    let positions: Vec<Value> = lines.iter().map(|line| line.position(order)).collect();
    let items: Vec<Value> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            let mut item = line.item(at + 1);
            if order.sent_elsewhere {
                leave_stock(&mut item);
            }
            item
        })
        .collect();
    let position_total: i64 = sums.lines.iter().map(|line| line.after_discount).sum();
    let position_total = Money::from_minor(position_total, order.currency);
    let rounding = json!({
        "decimals": order.currency.decimals(), "interval": 0.01, "roundForNet": true,
    });
    let (ship_to, bill_to) = (ids::part(key, "ship_to"), ids::part(key, "bill_to"));
    let placed_at = order.placed_at.to_rfc3339();
    let mut input = json!({
        "id": ids::order(key),
        "orderNumber": key.to_string().replace(':', "-"),
        "salesChannelId": around.sales_channel,
        "languageId": around.language,
        "currencyId": around.currency,
        "currencyFactor": around.currency_factor,
        "orderDateTime": placed_at,
        "itemRounding": rounding,
        "totalRounding": rounding,
        "price": taxes.cart(order.total, position_total),
        "shippingCosts": shipping.price(1),
        "stateId": around.order_state,
        "billingAddressId": bill_to,
        "addresses": [
            address(&order.bill_to, &bill_to, around)?,
            address(&order.ship_to, &ship_to, around)?,
        ],
        "orderCustomer": customer(order, around, config),
        "lineItems": items,
        "deliveries": [{
            "id": ids::part(key, "delivery"),
            "shippingOrderAddressId": ship_to,
            "shippingMethodId": around.shipping_method,
            "stateId": around.delivery_state,
            "trackingCodes": [],
            "shippingDateEarliest": placed_at,
            "shippingDateLatest": order.ship_by.unwrap_or(order.placed_at).to_rfc3339(),
            "shippingCosts": shipping.price(1),
            "positions": positions,
        }],
        "transactions": [{
            "id": ids::part(key, "transaction"),
            "paymentMethodId": around.payment_method,
            "amount": taxes.price(order.total),
            "stateId": around.transaction_paid,
        }],
        "customFields": {KEY: key.to_string(), LINES: line_map(&lines)},
        "source": key.channel,
    });
    if let Some(ship_by) = order.ship_by {
        let text = format!("Hand over by {}", ship_by.format("%Y-%m-%d %H:%M UTC"));
        input["customerComment"] = json!(text);
    }
    Ok(input)
}

/// A sum with tax in it, and the rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    pub(super) gross: Money,
    pub(super) rate: Decimal,
}

impl Part {
    fn tax(&self) -> Money {
        tax_within(self.gross, self.rate).unwrap_or_else(|| Money::zero(self.gross.currency))
    }

    /// `CalculatedPrice`, of so many pieces.
    pub(super) fn price(&self, pieces: u32) -> Value {
        let unit = self.gross.amount / Decimal::from(pieces.max(1));
        json!({
            "unitPrice": number(unit),
            "totalPrice": money(self.gross),
            "quantity": pieces,
            "calculatedTaxes": [self.calculated()],
            "taxRules": [rule(self.rate)],
        })
    }

    /// `QuantityPriceDefinition`, of which an edit in the shop's admin starts.
    pub(super) fn definition(&self, pieces: u32) -> Value {
        json!({
            "type": "quantity",
            "price": number(self.gross.amount / Decimal::from(pieces.max(1))),
            "quantity": pieces,
            "taxRules": [rule(self.rate)],
            "isCalculated": true,
        })
    }

    fn calculated(&self) -> Value {
        json!({
            "tax": money(self.tax()), "taxRate": number(self.rate), "price": money(self.gross),
        })
    }
}

fn rule(rate: Decimal) -> Value {
    json!({"taxRate": number(rate), "percentage": 100})
}

/// Tax of a whole order, by rate.
#[derive(Default)]
pub(super) struct Taxes {
    /// Gross and tax of each rate.
    rates: BTreeMap<Decimal, (Decimal, Decimal)>,
}

impl Taxes {
    pub(super) fn add(&mut self, part: Part) {
        self.add_known(part.rate, part.gross.amount, part.tax().amount);
    }

    pub(super) fn add_known(&mut self, rate: Decimal, gross: Decimal, tax: Decimal) {
        let own = self.rates.entry(rate.normalize()).or_default();
        own.0 += gross;
        own.1 += tax;
    }

    /// `CartPrice`: the sums of the whole order.
    pub(super) fn cart(&self, total: Money, positions: Money) -> Value {
        json!({
            "netPrice": number(total.amount - self.sum()),
            "totalPrice": money(total),
            "positionPrice": money(positions),
            "rawTotal": money(total),
            "taxStatus": "gross",
            "calculatedTaxes": self.calculated(),
            "taxRules": self.rules(),
        })
    }

    fn sum(&self) -> Decimal {
        self.rates.values().map(|(_, tax)| tax).sum()
    }

    fn calculated(&self) -> Vec<Value> {
        let one = |(rate, (gross, tax)): (&Decimal, &(Decimal, Decimal))| json!({"tax": number(*tax), "taxRate": number(*rate), "price": number(*gross)});
        self.rates.iter().map(one).collect()
    }

    fn rules(&self) -> Vec<Value> {
        self.rates.keys().map(|rate| rule(*rate)).collect()
    }

    fn price(&self, total: Money) -> Value {
        json!({
            "unitPrice": money(total),
            "totalPrice": money(total),
            "quantity": 1,
            "calculatedTaxes": self.calculated(),
            "taxRules": self.rules(),
        })
    }
}

/// A line of the shop.
struct Line<'a> {
    id: String,
    line: &'a NewLine,
    pieces: u32,
    unit: Money,
    rate: Decimal,
    number: &'a str,
}

/// Only lines of the type product take stock. One that was sent from elsewhere names its product, by
/// number and title, and is none.
fn leave_stock(item: &mut Value) {
    item["type"] = json!("custom");
    if let Some(fields) = item.as_object_mut() {
        fields.remove("productId");
        fields.remove("referencedId");
    }
}

/// A sum that does not divide by its pieces becomes two lines, a cent apart.
fn lines<'a>(order: &'a NewOrder, sums: &Sums, around: &'a Surroundings) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    for ((line, sum), sold) in order.lines.iter().zip(&sums.lines).zip(&around.sold) {
        let prices = piece_prices(sum.after_discount, line.quantity);
        for (at, (pieces, price)) in prices.into_iter().enumerate() {
            lines.push(Line {
                id: ids::part(&order.key, &format!("line/{}/{at}", line.line)),
                line,
                pieces,
                unit: Money::from_minor(price, order.currency),
                rate: sold.rate,
                number: &sold.number,
            });
        }
    }
    lines
}

impl Line<'_> {
    fn part(&self) -> Part {
        let gross = self.unit.checked_times(self.pieces);
        Part {
            gross: gross.unwrap_or_else(|| Money::zero(self.unit.currency)),
            rate: self.rate,
        }
    }

    fn item(&self, position: usize) -> Value {
        let product = &self.line.product.id;
        json!({
            "id": self.id,
            "identifier": self.id,
            "productId": product,
            "referencedId": product,
            "type": "product",
            "label": short(&self.line.title, 255),
            "quantity": self.pieces,
            "good": true,
            "removable": false,
            "stackable": true,
            "position": position,
            "payload": {
                "productNumber": self.number,
                "marketplaceLineId": self.line.line.as_str(),
            },
            "price": self.part().price(self.pieces),
            "priceDefinition": self.part().definition(self.pieces),
        })
    }

    fn position(&self, order: &NewOrder) -> Value {
        json!({
            "id": ids::part(&order.key, &format!("position/{}", self.id)),
            "orderLineItemId": self.id,
            "price": self.part().price(self.pieces),
        })
    }
}

/// Which marketplace line each of the shop's lines stands for, and how many pieces it had. Kept
/// with the order, because an edit in the shop's admin makes the lines' payload anew.
fn line_map(lines: &[Line<'_>]) -> Value {
    let own = |line: &Line<'_>| {
        let entry = json!({"line": line.line.line.as_str(), "quantity": line.pieces});
        (line.id.clone(), entry)
    };
    Value::Object(lines.iter().map(own).collect::<Map<_, _>>())
}

fn customer(order: &NewOrder, around: &Surroundings, config: &ShopwareConfig) -> Value {
    let buyer = &order.bill_to;
    let given = buyer.email.as_ref().or(order.ship_to.email.as_ref());
    let email = given.filter(|_| config.pass_buyer_email).cloned();
    let (first, last) = names(buyer);
    json!({
        "id": ids::part(&order.key, "customer"),
        "email": email.unwrap_or_else(|| nowhere(order, config)),
        "firstName": first,
        "lastName": last,
        "salutationId": around.salutation,
    })
}

/// An address that belongs to this order alone and leads nowhere.
fn nowhere(order: &NewOrder, config: &ShopwareConfig) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let local: String = order.key.to_string().chars().map(plain).take(60).collect();
    format!("{local}@{}", config.email_domain.trim())
}

/// Shopware wants both names; a dash stands for one that is not there.
fn names(address: &Address) -> (String, String) {
    let dash = || "-".to_owned();
    let first = said(address.first_name.as_deref());
    let last = said(address.last_name.as_deref());
    match (first, last) {
        (None, None) => (dash(), said(Some(&address.name())).unwrap_or_else(dash)),
        (first, last) => (first.unwrap_or_else(dash), last.unwrap_or_else(dash)),
    }
}

/// `OrderAddress`; what is missing that a parcel cannot do without, in words.
fn address(address: &Address, id: &str, around: &Surroundings) -> Result<Value, String> {
    let country = address.country.ok_or("the address has no country")?;
    let country = around.countries.get(country.as_str());
    let point = address
        .pickup_point
        .as_ref()
        .and_then(|point| said(point.name.as_deref()));
    let mut lines = point.into_iter().chain(address.lines.iter().cloned());
    let street = lines.next().ok_or("the address has no street")?;
    let city = said(address.city.as_deref()).ok_or("the address has no city")?;
    let (first, last) = names(address);
    Ok(json!({
        "id": id,
        "salutationId": around.salutation,
        "firstName": short(&first, 255),
        "lastName": short(&last, 255),
        "company": said(address.company.as_deref()),
        "street": short(&street, 255),
        "additionalAddressLine1": lines.next().map(|line| short(&line, 255)),
        "additionalAddressLine2": said(Some(&lines.collect::<Vec<_>>().join(", ")))
            .map(|line| short(&line, 255)),
        "zipcode": said(address.postal_code.as_deref()),
        "city": city,
        "countryId": country.ok_or("the shop does not have the address's country")?,
        "phoneNumber": said(address.phone.as_deref()),
    }))
}

fn money(money: Money) -> Value {
    number(money.amount)
}

/// A number as JSON has it. Sums have few digits, so the nearest binary number prints as they do.
pub(super) fn number(number: Decimal) -> Value {
    json!(number.to_f64().unwrap_or(0.0))
}

/// The comment with the return under it; `None` when the return stands there already.
pub(super) fn comment(written: Option<&str>, request: &NoteReturn) -> Option<String> {
    let written = written.unwrap_or_default();
    let mark = format!("[{}]", request.reference);
    if written.contains(&mark) {
        return None;
    }
    let own = format!("{} {mark}", short(&request.text, 1000));
    Some(if written.trim().is_empty() {
        own
    } else {
        format!("{written}\n{own}")
    })
}
