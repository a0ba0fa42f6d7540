//! Orders to put into a sandbox.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::sandbox::{ARTICLES, Roll};

/// An order to add. [`NewOrder::sample`] makes whole ones up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewOrder {
    /// The order number.
    pub id: String,
    /// Mirakl's `order_state`; the address shows from `SHIPPING` on.
    pub state: String,
    /// What was bought.
    pub lines: Vec<NewLine>,
    /// Mirakl's `shipping_address`, as it will be answered.
    pub address: Value,
    /// `TAX_INCLUDED` or `TAX_EXCLUDED`.
    pub tax_mode: String,
    /// The fulfilment centre.
    pub center: String,
}

/// A line of a [`NewOrder`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewLine {
    /// The seller's article number.
    pub sku: String,
    /// What the buyer saw.
    pub title: String,
    /// Pieces.
    pub quantity: u32,
    /// Price of a piece in cents.
    pub cents: i64,
    /// Shipping of the line in cents.
    pub shipping_cents: i64,
    /// Tax of the line in cents, beside the price.
    pub tax_cents: i64,
}

impl NewLine {
    /// A line without shipping cost and tax.
    #[must_use]
    pub fn new(sku: &str, quantity: u32, cents: i64) -> Self {
        Self {
            sku: sku.to_owned(),
            title: format!("Article {sku}"),
            quantity,
            cents,
            shipping_cents: 0,
            tax_cents: 0,
        }
    }
}

/// Made-up buyers. Streets and postal codes exist, the people do not.
const BUYERS: &[(&str, &str, &str, &str, &str, &str)] = &[
    (
        "Amélie",
        "Dubois",
        "12 Rue de la Paix",
        "75002",
        "Paris",
        "FRA",
    ),
    (
        "Hugo",
        "Laurent",
        "3 Place Bellecour",
        "69002",
        "Lyon",
        "FRA",
    ),
    ("Lucía", "García", "Calle Mayor 8", "28013", "Madrid", "ESP"),
    ("Jonas", "Weber", "Lindenstraße 5", "50674", "Köln", "DEU"),
];

impl NewOrder {
    /// An order that is accepted and paid, with one buyer's address and no lines yet.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self::for_buyer(id, 0)
    }

    /// A whole order, made up from a number: the same number makes the same order.
    #[must_use]
    pub fn sample(id: &str, seed: u64) -> Self {
        let mut roll = Roll(seed.wrapping_add(1));
        let mut order = Self::for_buyer(id, roll.below(BUYERS.len()));
        for _ in 0..=roll.below(3) {
            if let Some((sku, _, title, cents)) = roll.one_of(ARTICLES) {
                let quantity = u32::try_from(1 + roll.below(3)).unwrap_or(1);
                let mut line = NewLine::new(sku, quantity, *cents);
                line.title = (*title).to_owned();
                line.shipping_cents = if roll.below(2) == 0 { 399 } else { 0 };
                order.lines.push(line);
            }
        }
        order
    }

    /// With one more line.
    #[must_use]
    pub fn with_line(mut self, line: NewLine) -> Self {
        self.lines.push(line);
        self
    }

    /// In a state of Mirakl's, such as `WAITING_ACCEPTANCE`.
    #[must_use]
    pub fn in_state(mut self, state: &str) -> Self {
        state.clone_into(&mut self.state);
        self
    }

    fn for_buyer(id: &str, buyer: usize) -> Self {
        let (first, last, street, zip, city, country) =
            BUYERS.get(buyer).copied().unwrap_or_default();
        Self {
            id: id.to_owned(),
            state: "SHIPPING".to_owned(),
            lines: Vec::new(),
            address: json!({
                "firstname": first, "lastname": last, "street_1": street, "zip_code": zip,
                "city": city, "country": country, "country_iso_code": country,
            }),
            tax_mode: "TAX_INCLUDED".to_owned(),
            center: "DEFAULT".to_owned(),
        }
    }

    /// The order as Mirakl writes it.
    pub(super) fn wire(&self, now: DateTime<Utc>, can_cancel: bool) -> Value {
        let lines: Vec<Value> = (1..)
            .zip(&self.lines)
            .map(|(at, line)| self.line(at, line, now))
            .collect();
        let sum = |of: &dyn Fn(&NewLine) -> i64| cents(self.lines.iter().map(of).sum());
        let goods = |line: &NewLine| line.cents * i64::from(line.quantity);
        let name = &self.address["lastname"];
        json!({
            "order_id": self.id,
            "commercial_id": self.id,
            "created_date": now,
            "last_updated_date": now,
            "order_state": self.state,
            "order_tax_mode": self.tax_mode,
            "currency_iso_code": "EUR",
            "can_cancel": can_cancel,
            "can_shop_ship": self.state == "SHIPPING",
            "price": sum(&goods),
            "shipping_price": sum(&|line| line.shipping_cents),
            "total_price": sum(&|line| goods(line) + line.shipping_cents),
            "total_commission": 0,
            "customer": {
                "customer_id": "C1",
                "firstname": self.address["firstname"],
                "lastname": name,
                "shipping_address": self.address,
                "billing_address": self.address,
            },
            "customer_notification_email": format!("{}@notification.example", self.id.to_lowercase()),
            "fulfillment": { "center": { "code": self.center } },
            "fully_refunded": false,
            "has_customer_message": false,
            "has_incident": false,
            "has_invoice": false,
            "leadtime_to_ship": 2,
            "shipping_deadline": now + chrono::TimeDelta::days(2),
            "order_lines": lines,
            "paymentType": "CARD",
            "shipping_type_code": "STD",
            "shipping_type_label": "Standard",
            "shipping_zone_code": "EU",
            "shipping_zone_label": "Europe",
        })
    }

    fn line(&self, at: u32, line: &NewLine, now: DateTime<Utc>) -> Value {
        let goods = line.cents * i64::from(line.quantity);
        let taxes: Vec<Value> = if line.tax_cents == 0 {
            Vec::new()
        } else {
            vec![
                json!({ "code": "vat", "amount": cents(line.tax_cents), "rate": 20,
                "tax_calculation_rule": "PROPORTIONAL_TO_AMOUNT" }),
            ]
        };
        json!({
            "order_line_id": format!("{}-{at}", self.id),
            "order_line_index": at,
            "order_line_state": self.state,
            "offer_id": 2000 + at,
            "offer_sku": line.sku,
            "offer_state_code": "11",
            "product_sku": format!("P-{}", line.sku),
            "product_title": line.title,
            "description": "",
            "category_code": "c",
            "category_label": "Category",
            "quantity": line.quantity,
            "price": cents(goods),
            "price_unit": cents(line.cents),
            "shipping_price": cents(line.shipping_cents),
            "total_price": cents(goods + line.shipping_cents),
            "taxes": taxes,
            "can_refund": true,
            "cancelations": [],
            "refunds": [],
            "commission_fee": 0,
            "commission_rate_vat": 0,
            "commission_vat": 0,
            "total_commission": 0,
            "created_date": now,
            "last_updated_date": now,
            "order_line_additional_fields": [],
            "product_medias": [],
        })
    }
}

/// Cents as a JSON number of exactly these digits.
fn cents(cents: i64) -> Value {
    let text = Decimal::new(cents, 2).normalize().to_string();
    serde_json::from_str(&text).unwrap_or_default()
}
