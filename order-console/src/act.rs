//! What a person can want done with an order.

use order_core::lifecycle::OperatorAction;
use order_core::ports::CancelReason;
use order_core::returns::ReturnDecision;
use order_core::shipment::{LineQuantity, Tracking};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::Refusal;
use crate::messages as say;

/// The longest id that is taken.
const LONGEST_ID: usize = 200;
/// The most lines or rows that are taken.
const MOST_PARTS: usize = 1000;

/// What a person wants done with an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(crate) enum Act {
    /// Try again now whatever is in the way.
    Retry,
    /// Give it its T&T code.
    SetTracking {
        /// The code.
        #[schema(
            min_length = 1,
            max_length = 100,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\x00-\\x1f\\x7f-\\x9f\\s][^\\x00-\\x1f\\x7f-\\x9f]*$"
        )]
        code: String,
        /// The transporter, when the code does not tell it.
        #[serde(default)]
        #[schema(max_length = 100, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$")]
        transporter: Option<String>,
    },
    /// Take it out of the engine's hands.
    Manual {
        /// Why, for colleagues.
        #[serde(default)]
        #[schema(max_length = 1000, pattern = "^[^\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f]*$")]
        note: Option<String>,
    },
    /// Give it back to the engine.
    Resume,
    /// Write something into its history.
    Note {
        /// What.
        #[schema(
            min_length = 1,
            max_length = 1000,
            pattern = "^[^\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f]*[^\\x00-\\x1f\\x7f-\\x9f\\s][^\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f]*$"
        )]
        text: String,
    },
    /// Cancel it, whole or some pieces, on both sides.
    Cancel {
        /// Which pieces; every one that is left when absent or empty.
        #[serde(default)]
        #[schema(max_items = 1000)]
        lines: Vec<Pieces>,
        /// Why.
        reason: Reason,
    },
    /// Decide about a return.
    DecideReturn {
        /// Which return.
        #[schema(
            min_length = 1,
            max_length = 200,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\x00-\\x1f\\x7f-\\x9f\\s][^\\x00-\\x1f\\x7f-\\x9f]*$"
        )]
        id: String,
        /// Which of its rows; every one that waits for a decision when absent or empty.
        #[serde(default)]
        #[schema(max_items = 1000)]
        rows: Vec<String>,
        /// What.
        decision: Decision,
        /// A sentence for the buyer or the marketplace, where the platform takes one.
        #[serde(default)]
        #[schema(max_length = 1000, pattern = "^[^\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f]*$")]
        note: Option<String>,
    },
    /// Look whether the marketplace has a parcel, and report it again only when it has not.
    ConfirmAgain {
        /// The number of the parcel in the order.
        #[serde(deserialize_with = "whole")]
        parcel: u32,
    },
    /// Link it to an order that is in the webshop already.
    Link {
        /// The webshop's id of that order.
        #[schema(
            min_length = 1,
            max_length = 200,
            pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*[^\\x00-\\x1f\\x7f-\\x9f\\s][^\\x00-\\x1f\\x7f-\\x9f]*$"
        )]
        webshop_order: String,
    },
}

/// Pieces of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pieces {
    /// The marketplace's id of the line.
    #[schema(min_length = 1, max_length = 200)]
    pub(crate) line: String,
    /// How many.
    #[schema(minimum = 1)]
    #[serde(deserialize_with = "whole")]
    pub(crate) quantity: u32,
}

/// Why an order is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// The seller has none left.
    OutOfStock,
    /// The buyer asked.
    BuyerAsked,
    /// Anything else.
    Other,
}

/// What is decided about a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    /// The goods are back and the buyer is refunded.
    Accept,
    /// The return does not meet the conditions: the buyer is not refunded.
    Refuse,
    /// The buyer keeps the goods and is refunded.
    Keep,
}

impl From<Reason> for CancelReason {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::OutOfStock => Self::OutOfStock,
            Reason::BuyerAsked => Self::BuyerAsked,
            Reason::Other => Self::Other,
        }
    }
}

impl From<Decision> for ReturnDecision {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Accept => Self::Accept,
            Decision::Refuse => Self::Refuse,
            Decision::Keep => Self::Keep,
        }
    }
}

impl Act {
    /// Its name in the API.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::SetTracking { .. } => "set_tracking",
            Self::Manual { .. } => "manual",
            Self::Resume => "resume",
            Self::Note { .. } => "note",
            Self::Cancel { .. } => "cancel",
            Self::DecideReturn { .. } => "decide_return",
            Self::ConfirmAgain { .. } => "confirm_again",
            Self::Link { .. } => "link",
        }
    }

    /// What is wrong with it by itself.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        let good = |text: &str, name: &str, longest: usize, breaks: bool| {
            let is_bad = |c: char| c.is_control() && !(breaks && c == '\n');
            if text.chars().count() > longest || text.chars().any(is_bad) {
                return Err(Refusal::Invalid(say::field_is_bad(name, longest)));
            }
            Ok(())
        };
        let some = |text: &str, name: &str| {
            if text.trim().is_empty() {
                return Err(Refusal::Invalid(say::field_is_empty(name)));
            }
            Ok(())
        };
        match self {
            Self::Retry
            | Self::Resume
            | Self::Manual { note: None }
            | Self::ConfirmAgain { .. } => Ok(()),
            Self::Cancel { lines, .. } => {
                if lines.len() > MOST_PARTS || lines.iter().any(|part| part.quantity == 0) {
                    return Err(Refusal::Invalid(say::LINES_ARE_BAD.to_owned()));
                }
                Ok(())
            }
            Self::DecideReturn { id, rows, note, .. } => {
                some(id, "id")?;
                good(id, "id", LONGEST_ID, false)?;
                if rows.len() > MOST_PARTS {
                    return Err(Refusal::Invalid(say::LINES_ARE_BAD.to_owned()));
                }
                good(note.as_deref().unwrap_or_default(), "note", 1000, true)
            }
            Self::Link { webshop_order } => {
                some(webshop_order, "webshop_order")?;
                good(webshop_order, "webshop_order", LONGEST_ID, false)
            }
            Self::SetTracking { code, transporter } => {
                some(code, "code")?;
                good(code, "code", 100, false)?;
                let transporter = transporter.as_deref().unwrap_or_default();
                good(transporter, "transporter", 100, false)
            }
            Self::Manual { note: Some(note) } => good(note, "note", 1000, true),
            Self::Note { text } => {
                some(text, "text")?;
                good(text, "text", 1000, true)
            }
        }
    }

    /// The action of the engine; `None` for a mere note, and for a link, which the engine makes
    /// of what it reads in the webshop.
    pub(crate) fn action(&self) -> Option<OperatorAction> {
        Some(match self {
            Self::Retry => OperatorAction::Retry,
            Self::SetTracking { code, transporter } => {
                let mut tracking = Tracking::new(code.trim());
                tracking.carrier_name = filled(transporter.as_deref());
                OperatorAction::SetTracking(tracking)
            }
            Self::Manual { note } => OperatorAction::Manual(filled(note.as_deref())),
            Self::Resume => OperatorAction::Resume,
            Self::Cancel { lines, reason } => OperatorAction::Cancel {
                lines: lines
                    .iter()
                    .map(|part| LineQuantity {
                        line: part.line.as_str().into(),
                        quantity: part.quantity,
                    })
                    .collect(),
                reason: (*reason).into(),
            },
            Self::DecideReturn {
                id,
                rows,
                decision,
                note,
            } => OperatorAction::DecideReturn {
                id: id.trim().into(),
                rows: rows.clone(),
                decision: (*decision).into(),
                note: filled(note.as_deref()),
            },
            Self::ConfirmAgain { parcel } => OperatorAction::ConfirmAgain { parcel: *parcel },
            Self::Note { .. } | Self::Link { .. } => return None,
        })
    }
}

/// A whole number, also when it is written as 2.0: to JSON Schema that is one too.
fn whole<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let text = number.to_string();
    let digits = text.strip_suffix(".0").unwrap_or(&text);
    digits.parse().map_err(|_| {
        serde::de::Error::custom(format!("{text} is no whole number that can be used"))
    })
}

/// A text without white space around it; `None` when nothing is left.
fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
