//! What a person can want done with an order.

use order_core::lifecycle::{Event, OperatorAction};
use order_core::shipment::Tracking;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::desk::Refusal;
use crate::messages as say;

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
            Self::Retry | Self::Resume | Self::Manual { note: None } => Ok(()),
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

    pub(crate) fn event(&self) -> Option<Event> {
        let action = match self {
            Self::Retry => OperatorAction::Retry,
            Self::SetTracking { code, transporter } => {
                let mut tracking = Tracking::new(code.trim());
                tracking.carrier_name = filled(transporter.as_deref());
                OperatorAction::SetTracking(tracking)
            }
            Self::Manual { note } => OperatorAction::Manual(filled(note.as_deref())),
            Self::Resume => OperatorAction::Resume,
            Self::Note { .. } => return None,
        };
        Some(Event::Operator(action))
    }
}

/// A text without white space around it; `None` when nothing is left.
fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}
