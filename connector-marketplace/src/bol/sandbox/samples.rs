//! Orders to put into a sandbox.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

/// An order to add. [`NewOrder::sample`] makes whole ones up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewOrder {
    /// The order number.
    pub id: String,
    /// When it was placed; the moment of adding when absent.
    pub placed_at: Option<DateTime<Utc>>,
    /// What was bought.
    pub items: Vec<NewItem>,
    /// bol's `shipmentDetails`, as they will be answered.
    pub shipment_details: Value,
    /// bol's `billingDetails`, as they will be answered.
    pub billing_details: Value,
    /// Whether it goes to a pick-up point.
    pub pickup_point: bool,
}

/// An item of a [`NewOrder`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewItem {
    /// The order item id.
    pub id: String,
    /// The article's EAN.
    pub ean: String,
    /// The seller's article number.
    pub reference: String,
    /// What the buyer saw.
    pub title: String,
    /// Pieces.
    pub quantity: u32,
    /// Price of a piece in cents.
    pub unit_price: u64,
    /// Discount on the item in cents.
    pub discount: u64,
    /// `FBR` or `FBB`.
    pub method: String,
}

impl NewItem {
    /// An item the seller sends.
    #[must_use]
    pub fn new(id: &str, reference: &str, quantity: u32, unit_price: u64) -> Self {
        Self {
            id: id.to_owned(),
            ean: "0000007740404".to_owned(),
            reference: reference.to_owned(),
            title: format!("Article {reference}"),
            quantity,
            unit_price,
            discount: 0,
            method: "FBR".to_owned(),
        }
    }
}

/// Made-up buyers. Streets and postal codes exist, the people do not.
const BUYERS: &[(&str, &str, &str, &str, &str, &str, &str)] = &[
    (
        "Sanne",
        "de Vries",
        "Dorpstraat",
        "1",
        "1111ZZ",
        "Utrecht",
        "NL",
    ),
    (
        "Daan",
        "Jansen",
        "Kerkstraat",
        "28",
        "9712GR",
        "Groningen",
        "NL",
    ),
    (
        "Zoë",
        "O'Neill",
        "Coolsingel",
        "40",
        "3011AD",
        "Rotterdam",
        "NL",
    ),
    ("Luc", "Peeters", "Meir", "78", "2000", "Antwerpen", "BE"),
    (
        "Amélie",
        "Dubois",
        "Rue Neuve",
        "12",
        "1000",
        "Bruxelles",
        "BE",
    ),
];

/// Articles: reference, EAN, title, price in cents.
const ARTICLES: &[(&str, &str, &str, u64)] = &[
    ("MUG-01", "8712345678906", "Mug, 300 ml", 1299),
    ("LAMP-02", "8712345678913", "Desk lamp", 3495),
    ("BOOK-03", "8712345678920", "Notebook, dotted", 895),
    ("BAG-04", "8712345678937", "Canvas bag", 1950),
];

impl NewOrder {
    /// An order with one buyer's address and no items yet.
    #[must_use]
    pub fn new(id: &str) -> Self {
        Self::for_buyer(id, 0)
    }

    /// A whole order, made up from a number: the same number makes the same order.
    #[must_use]
    pub fn sample(id: &str, seed: u64) -> Self {
        let mut roll = Roll(seed.wrapping_add(1));
        let mut order = Self::for_buyer(id, roll.below(BUYERS.len()));
        for number in 0..=roll.below(3) {
            let (reference, ean, title, price) = ARTICLES[roll.below(ARTICLES.len())];
            let quantity = u32::try_from(1 + roll.below(3)).unwrap_or(1);
            let mut item =
                NewItem::new(&format!("{id}-{}", number + 1), reference, quantity, price);
            item.ean = ean.to_owned();
            item.title = title.to_owned();
            item.discount = if roll.below(4) == 0 { 100 } else { 0 };
            order.items.push(item);
        }
        order
    }

    /// With one more item.
    #[must_use]
    pub fn with_item(mut self, item: NewItem) -> Self {
        self.items.push(item);
        self
    }

    /// Placed at a given moment.
    #[must_use]
    pub fn placed_at(mut self, at: DateTime<Utc>) -> Self {
        self.placed_at = Some(at);
        self
    }

    fn for_buyer(id: &str, buyer: usize) -> Self {
        let (first, last, street, number, zip, city, country) = BUYERS[buyer % BUYERS.len()];
        let person = json!({
            "salutation": "UNKNOWN",
            "firstName": first,
            "surname": last,
            "streetName": street,
            "houseNumber": number,
            "zipCode": zip,
            "city": city,
            "countryCode": country,
            "email": format!("{}@verkopen.example", id.to_lowercase()),
        });
        Self {
            id: id.to_owned(),
            placed_at: None,
            items: Vec::new(),
            shipment_details: person.clone(),
            billing_details: person,
            pickup_point: false,
        }
    }
}

/// A small repeatable source of numbers (splitmix64).
struct Roll(u64);

impl Roll {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        usize::try_from(mixed % bound).unwrap_or(0)
    }
}
