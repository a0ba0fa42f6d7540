//! Orders to put into a sandbox.

use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::sandbox::{ARTICLES, Roll};

/// An order to add. [`NewOrder::sample`] makes whole ones up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewOrder {
    /// The order number, of three, seven and seven digits.
    pub id: String,
    /// Amazon's `fulfillmentStatus`.
    pub status: String,
    /// `MERCHANT` or `AMAZON`.
    pub fulfilled_by: String,
    /// What was bought.
    pub items: Vec<NewItem>,
    /// Amazon's `deliveryAddress`, as it will be answered.
    pub address: Value,
    /// The marketplace it was placed in.
    pub marketplace: String,
    /// The currency of its sums.
    pub currency: String,
}

/// An item of a [`NewOrder`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewItem {
    /// The seller's article number.
    pub sku: String,
    /// What the buyer saw.
    pub title: String,
    /// Pieces.
    pub quantity: u32,
    /// Price of a piece in cents.
    pub cents: i64,
    /// Shipping of the item in cents.
    pub shipping_cents: i64,
    /// Tax of the goods in cents, beside the price.
    pub tax_cents: i64,
}

impl NewItem {
    /// An item without shipping cost and tax.
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

    fn goods(&self) -> i64 {
        self.cents * i64::from(self.quantity)
    }

    fn total(&self) -> i64 {
        self.goods() + self.shipping_cents + self.tax_cents
    }
}

/// Made-up buyers. Streets and postal codes exist, the people do not.
const BUYERS: &[(&str, &str, &str, &str, &str)] = &[
    ("Lena Schäfer", "Lindenstraße 5", "50674", "Köln", "DE"),
    (
        "Jonas Weber",
        "Hauptstraße 12a",
        "69117",
        "Heidelberg",
        "DE",
    ),
    ("Sanne de Vries", "Dorpstraat 1", "1111ZZ", "Utrecht", "NL"),
];

impl NewOrder {
    /// An order that is to be shipped, with one buyer's address and no items yet.
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
                let mut item = NewItem::new(sku, quantity, *cents);
                (*title).clone_into(&mut item.title);
                item.shipping_cents = if roll.below(2) == 0 { 399 } else { 0 };
                order.items.push(item);
            }
        }
        order
    }

    /// With one more item.
    #[must_use]
    pub fn with_item(mut self, item: NewItem) -> Self {
        self.items.push(item);
        self
    }

    /// In a status of Amazon's, such as `PENDING`.
    #[must_use]
    pub fn in_status(mut self, status: &str) -> Self {
        status.clone_into(&mut self.status);
        self
    }

    fn for_buyer(id: &str, buyer: usize) -> Self {
        let (name, line, postal_code, city, country) =
            BUYERS.get(buyer).copied().unwrap_or_default();
        Self {
            id: id.to_owned(),
            status: "UNSHIPPED".to_owned(),
            fulfilled_by: "MERCHANT".to_owned(),
            items: Vec::new(),
            address: json!({
                "name": name, "addressLine1": line, "postalCode": postal_code, "city": city,
                "countryCode": country, "addressType": "RESIDENTIAL",
            }),
            marketplace: super::MARKETPLACE.to_owned(),
            currency: "EUR".to_owned(),
        }
    }

    /// The order as Amazon writes it.
    pub(super) fn wire(&self, now: DateTime<Utc>) -> Value {
        let pending = self.status.starts_with("PENDING");
        let money = |cents: i64| json!({ "amount": Decimal::new(cents, 2).to_string(), "currencyCode": self.currency });
        let digits: String = self.id.chars().filter(char::is_ascii_digit).collect();
        let item = |(at, item): (usize, &NewItem)| {
            let mut breakdowns = vec![json!({ "type": "ITEM", "subtotal": money(item.goods()) })];
            if item.shipping_cents > 0 {
                let subtotal = money(item.shipping_cents);
                breakdowns.push(json!({ "type": "SHIPPING", "subtotal": subtotal }));
            }
            if item.tax_cents > 0 {
                let tax = money(item.tax_cents);
                breakdowns.push(json!({ "type": "TAX", "subtotal": tax,
                    "detailedBreakdowns": [{ "subtype": "ITEM", "value": tax }] }));
            }
            let mut wire = json!({
                "orderItemId": format!("{digits}{at:02}"),
                "quantityOrdered": item.quantity,
                "product": { "asin": "B08C1W5N87", "title": item.title, "sellerSku": item.sku },
            });
            if !pending {
                wire["product"]["price"] = json!({ "unitPrice": money(item.cents) });
                wire["proceeds"] =
                    json!({ "proceedsTotal": money(item.total()), "breakdowns": breakdowns });
                wire["fulfillment"] =
                    json!({ "quantityFulfilled": 0, "quantityUnfulfilled": item.quantity });
            }
            wire
        };
        let items: Vec<Value> = (1..).zip(&self.items).map(item).collect();
        let mut wire = json!({
            "orderId": self.id,
            "createdTime": now,
            "lastUpdatedTime": now,
            "programs": [],
            "salesChannel": { "channelName": "AMAZON", "marketplaceId": self.marketplace },
            "fulfillment": { "fulfillmentStatus": self.status, "fulfilledBy": self.fulfilled_by,
                "fulfillmentServiceLevel": "STANDARD",
                "shipByWindow": { "earliestDateTime": now, "latestDateTime": now + TimeDelta::days(2) } },
            "orderItems": items,
        });
        if !pending {
            let total: i64 = self.items.iter().map(NewItem::total).sum();
            wire["buyer"] = json!({ "buyerEmail": format!("{digits}@marketplace.example") });
            wire["recipient"] = json!({ "deliveryAddress": self.address });
            wire["proceeds"] = json!({ "grandTotal": money(total) });
            wire["packages"] = json!([]);
        }
        wire
    }
}
