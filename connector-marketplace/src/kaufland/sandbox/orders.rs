//! Orders to put into a sandbox.

use serde_json::{Value, json};

use crate::sandbox::{ARTICLES, Roll};

/// An order to add. [`NewOrder::sample`] makes whole ones up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewOrder {
    /// The order number.
    pub id: String,
    /// What was bought; every line becomes as many pieces as its quantity.
    pub lines: Vec<NewLine>,
    /// Kaufland's `shipping_address`, as it will be answered.
    pub address: Value,
    /// `de`, `cz`, `pl` ...
    pub storefront: String,
    /// `fulfilled_by_merchant` or `fulfilled_by_kaufland`.
    pub fulfillment_type: String,
}

/// A line of a [`NewOrder`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewLine {
    /// The seller's article number, Kaufland's `id_offer`.
    pub sku: String,
    /// What the buyer saw.
    pub title: String,
    /// Its EAN.
    pub ean: String,
    /// Pieces.
    pub quantity: u32,
    /// Price of a piece in cents.
    pub cents: i64,
    /// Shipping of a piece in cents.
    pub shipping_cents: i64,
}

impl NewLine {
    /// A line without shipping cost.
    #[must_use]
    pub fn new(sku: &str, quantity: u32, cents: i64) -> Self {
        Self {
            sku: sku.to_owned(),
            title: format!("Article {sku}"),
            ean: "8712345678906".to_owned(),
            quantity,
            cents,
            shipping_cents: 0,
        }
    }
}

/// Made-up buyers. Streets and postal codes exist, the people do not.
const BUYERS: &[(&str, &str, &str, &str, &str, &str)] = &[
    ("Lena", "Schäfer", "Lindenstraße", "5", "50674", "Köln"),
    (
        "Jonas",
        "Weber",
        "Hauptstraße",
        "12a",
        "69117",
        "Heidelberg",
    ),
    ("Mia", "Koch", "Marktplatz", "1", "70173", "Stuttgart"),
];

impl NewOrder {
    /// An order with one buyer's address and no lines yet.
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
            if let Some((sku, ean, title, cents)) = roll.one_of(ARTICLES) {
                let quantity = u32::try_from(1 + roll.below(3)).unwrap_or(1);
                let mut line = NewLine::new(sku, quantity, *cents);
                (*title).clone_into(&mut line.title);
                (*ean).clone_into(&mut line.ean);
                line.shipping_cents = if roll.below(2) == 0 { 490 } else { 0 };
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

    fn for_buyer(id: &str, buyer: usize) -> Self {
        let (first, last, street, number, postcode, city) =
            BUYERS.get(buyer).copied().unwrap_or_default();
        Self {
            id: id.to_owned(),
            lines: Vec::new(),
            address: json!({
                "first_name": first, "last_name": last, "company_name": null, "street": street,
                "house_number": number, "postcode": postcode, "additional_field": null,
                "city": city, "phone": null, "country": "DE",
            }),
            storefront: "de".to_owned(),
            fulfillment_type: "fulfilled_by_merchant".to_owned(),
        }
    }
}
