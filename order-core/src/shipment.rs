//! Parcels: what is in them, their T&T code, their transporter.

use serde::{Deserialize, Serialize};

use crate::ids::LineId;

/// Some pieces of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineQuantity {
    /// The marketplace's line.
    pub line: LineId,
    /// How many pieces.
    pub quantity: u32,
}

/// A T&T code and what came with it, as a webshop or an operator gave it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tracking {
    /// The code, as given.
    pub code: String,
    /// The transporter's name in the webshop's words.
    pub carrier_name: Option<String>,
    /// Where the buyer can follow the parcel.
    pub url: Option<String>,
}

impl Tracking {
    /// A code alone.
    #[must_use]
    pub fn new(code: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            carrier_name: None,
            url: None,
        }
    }

    /// With the transporter's name in the webshop's words.
    #[must_use]
    pub fn with_carrier_name(mut self, name: impl Into<String>) -> Self {
        self.carrier_name = Some(name.into());
        self
    }
}

/// A transporter, how it was chosen, and what the marketplace was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierChoice {
    /// Our name of the transporter (`postnl`, `dhl-parcel-nl`).
    pub carrier: String,
    /// How it was chosen.
    pub by: ChosenBy,
    /// The code it was chosen for, as the webshop or operator gave it.
    pub original: String,
    /// The code that is sent: the original after the connection's rules took off what they take.
    pub code: String,
    /// The word sent to the marketplace (`TNT` for PostNL at bol.com).
    pub sent: Option<String>,
}

/// How a transporter was chosen, best first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChosenBy {
    /// A person said so.
    Operator,
    /// The webshop named it.
    WebshopName(String),
    /// The connection's rule with this number (1 is the first).
    Rule(u32),
    /// Inferred from the code; confidence in percent.
    Detected(u8),
    /// The connection's default.
    Default,
}
