//! Goods that buyers send back, as a marketplace has them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{LineId, MarketplaceOrderId, ReturnId};
use crate::shipment::Tracking;

/// A return of one order, as the marketplace has it now.
///
/// Where a platform's return spans several orders, the connector makes one of these per order,
/// all under the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketplaceReturn {
    /// The marketplace's id of the return.
    pub id: ReturnId,
    /// The order that goods come back from.
    pub order: MarketplaceOrderId,
    /// When the buyer registered it.
    pub registered_at: DateTime<Utc>,
    /// What comes back.
    pub lines: Vec<ReturnLine>,
    /// The code of the parcel that comes back, where known.
    pub tracking: Option<Tracking>,
    /// Texts of statuses this connector did not know. They move nothing; they are shown.
    pub unknown: Vec<String>,
}

/// One row of a return: the smallest thing a decision can be about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnLine {
    /// The marketplace's id of the row.
    pub id: String,
    /// The order's line, where the marketplace says which.
    pub line: Option<LineId>,
    /// What comes back, for a person: title or article number.
    pub what: Option<String>,
    /// Pieces.
    pub quantity: u32,
    /// Why, in the marketplace's words.
    pub reason: Option<String>,
    /// What the buyer wrote.
    pub comment: Option<String>,
    /// Where it stands, in our words.
    pub state: ReturnState,
    /// Where it stands, in the marketplace's words.
    pub raw_state: String,
}

/// Where a row of a return stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnState {
    /// Registered; nothing to decide yet.
    Announced,
    /// The seller decides.
    ToDecide,
    /// Decided or withdrawn: nothing is left to do.
    Closed,
    /// A status this connector does not know. It moves nothing.
    Unknown,
}

/// What the seller decides about a row of a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReturnDecision {
    /// The goods are back and the buyer is refunded.
    Accept,
    /// The return does not meet the conditions: the buyer is not refunded.
    Refuse,
    /// The buyer keeps the goods and is refunded.
    Keep,
}

impl ReturnDecision {
    /// The word in commands and pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Refuse => "refuse",
            Self::Keep => "keep",
        }
    }
}

impl std::fmt::Display for ReturnDecision {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for ReturnDecision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Accept, Self::Refuse, Self::Keep]
            .into_iter()
            .find(|decision| decision.as_str() == text)
            .ok_or_else(|| format!("{text:?} is no decision; known are: accept, refuse, keep"))
    }
}
