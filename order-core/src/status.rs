//! What an order is, rolled up from its axes: status, what is left of it, what is in the way.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{LineId, OrderKey};
use crate::order::Line;
use crate::returns::ReturnState;
use crate::shipment::LineQuantity;
use crate::shop::ShopState;
use crate::state::{Cancellation, EffectKind, Order, Problem, Shipment, State};

/// The status of an order in the overview's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not handed over yet.
    NotShipped,
    /// Completed in the webshop, waiting for a T&T code.
    Waiting,
    /// Some pieces are on their way.
    PartiallyShipped,
    /// Handed over. The marketplace may still have to be told.
    Shipped,
    /// Cancelled.
    Cancelled,
    /// A person handles it.
    Manual,
    /// Not ours to handle.
    Ignored,
}

impl Status {
    /// Every status, in the order of the overview.
    pub const ALL: [Self; 7] = [
        Self::NotShipped,
        Self::Waiting,
        Self::PartiallyShipped,
        Self::Shipped,
        Self::Cancelled,
        Self::Manual,
        Self::Ignored,
    ];

    /// The word in the overview.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotShipped => "not shipped",
            Self::Waiting => "waiting",
            Self::PartiallyShipped => "partially shipped",
            Self::Shipped => "shipped",
            Self::Cancelled => "cancelled",
            Self::Manual => "manual",
            Self::Ignored => "ignored",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wanted = text.trim().to_lowercase().replace(['_', '-'], " ");
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == wanted)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|status| status.as_str()).collect();
                format!("{text:?} is no status; known are: {}", known.join(", "))
            })
    }
}

impl Order {
    /// An order that was just seen for the first time.
    #[must_use]
    pub fn new(key: OrderKey, first_seen: DateTime<Utc>) -> Self {
        Self {
            key,
            version: 0,
            content: None,
            state: State::new(first_seen),
        }
    }

    /// The status, rolled up from the axes.
    #[must_use]
    pub fn status(&self) -> Status {
        let state = &self.state;
        if state.ignored.is_some() {
            return Status::Ignored;
        }
        if state.manual.is_some() {
            return Status::Manual;
        }
        let cancelled_there = self
            .content
            .as_ref()
            .is_some_and(|order| order.is_cancelled());
        if state.cancellation == Cancellation::Done
            || (cancelled_there && state.shipments.is_empty())
        {
            return Status::Cancelled;
        }
        let closed_there = self.content.as_ref().is_some_and(|order| order.is_closed());
        if !state.shipments.is_empty() {
            let rest = self
                .remaining()
                .iter()
                .map(|rest| rest.quantity)
                .sum::<u32>();
            if rest == 0 {
                return Status::Shipped;
            }
            return if state.wait.is_some() {
                Status::Waiting
            } else {
                Status::PartiallyShipped
            };
        }
        if closed_there {
            return Status::Shipped;
        }
        if state.wait.is_some() {
            Status::Waiting
        } else {
            Status::NotShipped
        }
    }

    /// Whether the order is over: shipped, cancelled, or not ours.
    #[must_use]
    pub fn status_is_final(&self) -> bool {
        match self.status() {
            Status::Shipped | Status::Cancelled | Status::Manual | Status::Ignored => true,
            Status::NotShipped | Status::Waiting | Status::PartiallyShipped => false,
        }
    }

    /// Pieces that are in no shipment, not shipped elsewhere, and wanted on both sides.
    #[must_use]
    pub fn remaining(&self) -> Vec<LineQuantity> {
        let Some(content) = &self.content else {
            return Vec::new();
        };
        content
            .lines
            .iter()
            .map(|line| {
                let ours = self.in_shipments(&line.id, |_| true);
                let quantity = line
                    .wanted()
                    .saturating_sub(ours)
                    .saturating_sub(self.elsewhere(line))
                    .saturating_sub(self.taken_off(line));
                LineQuantity {
                    line: line.id.clone(),
                    quantity,
                }
            })
            .filter(|rest| rest.quantity > 0)
            .collect()
    }

    /// Whether somebody else closed the order at the marketplace while the webshop works on it.
    #[must_use]
    pub fn is_closed_by_others(&self) -> bool {
        let Some(content) = &self.content else {
            return false;
        };
        let open_in_shop = self.state.linked().is_some_and(|link| {
            !link.gone && matches!(link.state, ShopState::Open | ShopState::Unknown)
        });
        open_in_shop
            && self.state.shipments.is_empty()
            && content.is_closed()
            && !content.is_cancelled()
    }

    /// Pieces of a line that the marketplace has as shipped, though not by us.
    #[must_use]
    pub fn elsewhere(&self, line: &Line) -> u32 {
        let counted = self.in_shipments(&line.id, |shipment| {
            let kind = EffectKind::Confirm(shipment.id.clone());
            shipment.confirmation.is_told() || self.state.effect(&kind).is_some()
        });
        line.shipped.saturating_sub(counted)
    }

    pub(crate) fn in_shipments(&self, line: &LineId, which: impl Fn(&Shipment) -> bool) -> u32 {
        self.state
            .shipments
            .iter()
            .filter(|shipment| which(shipment))
            .flat_map(|shipment| &shipment.lines)
            .filter(|part| part.line == *line)
            .map(|part| part.quantity)
            .sum()
    }

    /// The worst problem: one only a person can solve, else the oldest.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.state
            .problems
            .iter()
            .min_by_key(|problem| (problem.kind.is_transient(), problem.since))
    }

    /// Whether a buyer's return waits for the seller's decision.
    #[must_use]
    pub fn has_return_to_decide(&self) -> bool {
        self.state.returns.iter().any(|record| {
            let wished = |row: &str| {
                record
                    .wish
                    .as_ref()
                    .is_some_and(|wish| wish.rows.iter().any(|id| id == row))
            };
            record
                .value
                .lines
                .iter()
                .any(|line| line.state == ReturnState::ToDecide && !wished(&line.id))
        })
    }

    /// Whether a person should look at it.
    #[must_use]
    pub fn needs_action(&self) -> bool {
        matches!(self.state.cancellation, Cancellation::NeedsResolution(_))
            || self.has_return_to_decide()
            || self
                .state
                .problems
                .iter()
                .any(|problem| !problem.kind.is_transient())
    }
}
