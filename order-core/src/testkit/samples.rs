//! Orders to test with.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;

use crate::address::Address;
use crate::ids::{LineId, MarketplaceOrderId};
use crate::money::{Currency, Money};
use crate::order::{Fulfilment, Line, MarketplaceOrder, Readiness, TrackingRule};

/// An address people can ship to.
#[must_use]
pub fn address() -> Address {
    let mut address = Address::from_parts(
        Some("Dorpstraat".to_owned()),
        Some("12".to_owned()),
        Some("bis".to_owned()),
        None,
    );
    address.first_name = Some("Jo".to_owned());
    address.last_name = Some("Bakker".to_owned());
    address.postal_code = Some("3511 AB".to_owned());
    address.city = Some("Utrecht".to_owned());
    address.country = "NL".parse().ok();
    address.email = Some("2a3b4c@example.com".to_owned());
    address
}

/// A line of `quantity` pieces at `cents` each.
#[must_use]
pub fn line(id: &str, sku: &str, quantity: u32, cents: i64) -> Line {
    Line {
        id: LineId::from(id),
        pieces: Vec::new(),
        sku: Some(sku.to_owned()),
        gtin: None,
        title: Some(format!("Article {sku}")),
        quantity,
        shipped: 0,
        cancelled: 0,
        unit_price: Money::from_minor(cents, Currency::EUR),
        discount: None,
        vat_percent: Some(Decimal::from(21)),
        cancel_requested: false,
    }
}

/// An order that is ready to be worked on.
#[must_use]
pub fn order(id: &str, placed_at: DateTime<Utc>, lines: Vec<Line>) -> MarketplaceOrder {
    MarketplaceOrder {
        id: MarketplaceOrderId::from(id),
        placed_at,
        readiness: Readiness::Ready,
        fulfilment: Fulfilment::Seller,
        lines,
        shipping: None,
        discount: None,
        total: None,
        currency: Currency::EUR,
        ship_to: Some(address()),
        bill_to: None,
        ship_by: None,
        tracking: TrackingRule::Optional,
        shipping_method: None,
        is_test: false,
        unknown: Vec::new(),
    }
}
