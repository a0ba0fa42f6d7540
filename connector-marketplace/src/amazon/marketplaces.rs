//! Amazon's ids of its marketplaces, with the currency of each.
//!
//! Orders that wait for payment may come without any price, so without a currency.

use order_core::money::Currency;

/// Id and currency, as Amazon lists them in its documentation of marketplace ids.
const MARKETPLACES: &[(&str, &str)] = &[
    ("A13V1IB3VIYZZH", "EUR"), // France
    ("A17E79C6D8DWNP", "SAR"), // Saudi Arabia
    ("A1805IZSGTT6HS", "EUR"), // Netherlands
    ("A19VAU5U5O7RUS", "SGD"), // Singapore
    ("A1AM78C64UM0Y8", "MXN"), // Mexico
    ("A1C3SOZRARQ6R3", "PLN"), // Poland
    ("A1F83G8C2ARO7P", "GBP"), // United Kingdom
    ("A1PA6795UKMFR9", "EUR"), // Germany
    ("A1RKKUPIHCS9HS", "EUR"), // Spain
    ("A1VC38T7YXB528", "JPY"), // Japan
    ("A21TJRUUN4KGV", "INR"),  // India
    ("A28R8C7NBKEWEA", "EUR"), // Ireland
    ("A2EUQ1WTGCTBG2", "CAD"), // Canada
    ("A2NODRKZP88ZB9", "SEK"), // Sweden
    ("A2Q3Y263D00KWC", "BRL"), // Brazil
    ("A2VIGQ35RCS4UG", "AED"), // United Arab Emirates
    ("A33AVAJ2PDY3EV", "TRY"), // Türkiye
    ("A39IBJ37TRP1C6", "AUD"), // Australia
    ("AE08WJ6YKNBMC", "ZAR"),  // South Africa
    ("AMEN7PMS3EDWL", "EUR"),  // Belgium
    ("APJ6JRA9NG5V4", "EUR"),  // Italy
    ("ARBP9OOSHTCHU", "EGP"),  // Egypt
    ("ATVPDKIKX0DER", "USD"),  // United States
];

/// The currency of a marketplace; `None` where it is not known.
pub(super) fn currency(marketplace: &str) -> Option<Currency> {
    let found = MARKETPLACES.iter().find(|(id, _)| *id == marketplace)?;
    found.1.parse().ok()
}
