//! A marketplace's order, as a connector reads it.
//!
//! These types hold what the platform said, in our words. Absent stays absent.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::ids::{LineId, MarketplaceOrderId, PieceId};
use crate::money::{Currency, Money};

/// An order as the marketplace has it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketplaceOrder {
    /// The marketplace's id.
    pub id: MarketplaceOrderId,
    /// When the buyer placed it.
    pub placed_at: DateTime<Utc>,
    /// Whether we may work on it.
    pub readiness: Readiness,
    /// Who sends the goods.
    pub fulfilment: Fulfilment,
    /// What was bought. Cancelled and shipped quantities included.
    pub lines: Vec<Line>,
    /// Shipping cost the buyer pays, tax included.
    pub shipping: Option<Money>,
    /// Discount on the whole order (not on a line), as a positive sum.
    pub discount: Option<Money>,
    /// What the buyer pays in all, tax included, where the platform says so.
    pub total: Option<Money>,
    /// The currency of every sum of the order.
    pub currency: Currency,
    /// Where the goods go. Missing on platforms that release it later.
    pub ship_to: Option<Address>,
    /// Where the invoice goes, when it differs.
    pub bill_to: Option<Address>,
    /// When the parcel must be handed over at the latest.
    pub ship_by: Option<DateTime<Utc>>,
    /// Whether this order may be confirmed without a T&T code.
    pub tracking: TrackingRule,
    /// The shipping method the buyer chose, in the marketplace's words.
    pub shipping_method: Option<String>,
    /// Made by a person who tests the connection: never to be sent.
    pub is_test: bool,
    /// Texts of statuses this connector did not know. They move nothing; they are shown.
    pub unknown: Vec<String>,
}

/// Whether an order can be worked on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Readiness {
    /// Paid, accepted, address known.
    Ready,
    /// The marketplace holds something back (payment, address); the text says what.
    NotReady(String),
    /// The seller must accept it first.
    NeedsAcceptance,
    /// Nothing left to do at the marketplace: every line is shipped or cancelled.
    Closed,
}

/// Who sends the goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fulfilment {
    /// The seller.
    Seller,
    /// The marketplace, from its own warehouse.
    Marketplace,
}

/// Whether a shipment may be reported without a T&T code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrackingRule {
    /// A code is welcome.
    #[default]
    Optional,
    /// Without a code the marketplace refuses the shipment or punishes the seller.
    Required,
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The marketplace's id of the line.
    pub id: LineId,
    /// The ids of single pieces, on platforms that ship by the piece; else empty. Shipped ones
    /// come first, then open ones, cancelled ones last; otherwise their order never changes.
    pub pieces: Vec<PieceId>,
    /// The seller's article number.
    pub sku: Option<String>,
    /// EAN or other GTIN.
    pub gtin: Option<String>,
    /// What the buyer saw.
    pub title: Option<String>,
    /// Pieces ordered.
    pub quantity: u32,
    /// Pieces the marketplace knows as shipped.
    pub shipped: u32,
    /// Pieces the marketplace knows as cancelled.
    pub cancelled: u32,
    /// Price of one piece, tax included, discount not taken off.
    pub unit_price: Money,
    /// Discount on the whole line, as a positive sum.
    pub discount: Option<Money>,
    /// VAT in percent, where the platform says so.
    pub vat_percent: Option<Decimal>,
    /// The buyer asked to cancel this line.
    pub cancel_requested: bool,
}

impl Line {
    /// Pieces neither shipped nor cancelled at the marketplace.
    #[must_use]
    pub fn open(&self) -> u32 {
        self.quantity
            .saturating_sub(self.shipped)
            .saturating_sub(self.cancelled)
    }

    /// Pieces not cancelled at the marketplace.
    #[must_use]
    pub fn wanted(&self) -> u32 {
        self.quantity.saturating_sub(self.cancelled)
    }

    /// What the buyer pays for the line; `None` when the numbers do not add up to a sum.
    #[must_use]
    pub fn total(&self) -> Option<Money> {
        let gross = self.unit_price.checked_times(self.quantity)?;
        match self.discount {
            Some(discount) => gross.checked_sub(discount),
            None => Some(gross),
        }
    }
}

/// The sums of an order do not agree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SumError {
    /// Lines, shipping and discounts do not make the total.
    #[error("lines, shipping and discounts make {computed}, the marketplace says {stated}")]
    Disagrees {
        /// What the parts add up to.
        computed: Money,
        /// What the marketplace says.
        stated: Money,
    },
    /// Sums in different currencies, or too large to add.
    #[error("the sums of the order cannot be added (different currencies, or too large)")]
    CannotAdd,
}

impl MarketplaceOrder {
    /// What the buyer pays: lines + shipping − discounts, checked against the stated total.
    ///
    /// # Errors
    ///
    /// [`SumError`] when the parts do not make the stated total, or cannot be added.
    pub fn checked_total(&self) -> Result<Money, SumError> {
        let mut sum = Money::zero(self.currency);
        for line in &self.lines {
            let line_total = line.total().ok_or(SumError::CannotAdd)?;
            sum = sum.checked_add(line_total).ok_or(SumError::CannotAdd)?;
        }
        if let Some(shipping) = self.shipping {
            sum = sum.checked_add(shipping).ok_or(SumError::CannotAdd)?;
        }
        if let Some(discount) = self.discount {
            sum = sum.checked_sub(discount).ok_or(SumError::CannotAdd)?;
        }
        match self.total {
            Some(stated) if !stated.agrees_with(&sum) => Err(SumError::Disagrees {
                computed: sum,
                stated,
            }),
            _ => Ok(sum),
        }
    }

    /// Whether the marketplace has cancelled every piece.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        !self.lines.is_empty() && self.lines.iter().all(|line| line.wanted() == 0)
    }

    /// Whether nothing is left open: every piece is shipped or cancelled.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.readiness == Readiness::Closed
            || (!self.lines.is_empty() && self.lines.iter().all(|line| line.open() == 0))
    }

    /// Whether the marketplace sends it from its own warehouse.
    #[must_use]
    pub fn is_sent_elsewhere(&self) -> bool {
        self.fulfilment == Fulfilment::Marketplace
    }

    /// Whether the buyer asked to cancel a line that is still open.
    #[must_use]
    pub fn has_cancel_request(&self) -> bool {
        self.lines
            .iter()
            .any(|line| line.cancel_requested && line.open() > 0)
    }

    /// The line with this id.
    #[must_use]
    pub fn line(&self, id: &LineId) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == *id)
    }
}
