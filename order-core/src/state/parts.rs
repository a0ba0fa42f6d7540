//! Parts of an order that go another way: pieces that are cancelled one by one, and returns.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::LineId;
use crate::ports::CancelReason;
use crate::returns::{MarketplaceReturn, ReturnDecision};
use crate::shipment::LineQuantity;

/// What the webshop order was made with, by line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Created {
    /// None was made by us.
    #[default]
    Never,
    /// So many pieces of each line.
    Pieces(Vec<LineQuantity>),
    /// Attempts differed, and nobody knows which one counts.
    Unsure,
}

/// Pieces a person wants cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelWish {
    /// By line, how many shall be cancelled in all.
    pub lines: Vec<LineQuantity>,
    /// Why.
    pub reason: CancelReason,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// Pieces of a line that a platform took as cancelled from us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldOff {
    /// The line.
    pub line: LineId,
    /// How many shall be cancelled in all.
    pub total: u32,
    /// When it was told.
    pub at: DateTime<Utc>,
}

/// A buyer's return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnRecord {
    /// The return as the marketplace had it at the last look.
    pub value: MarketplaceReturn,
    /// What the webshop was last told of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted: Option<String>,
    /// What a person decided that the marketplace has not been told yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<ReturnWish>,
}

/// A decision that the marketplace is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnWish {
    /// What.
    pub decision: ReturnDecision,
    /// About which rows.
    pub rows: Vec<String>,
    /// A sentence for the buyer or the marketplace.
    pub note: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
}
