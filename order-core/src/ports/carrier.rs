//! The carrier detector port: from a T&T code to a transporter.

use serde::{Deserialize, Serialize};

use crate::address::Country;

/// A code, and what is known around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeQuery {
    /// The code as somebody typed or pasted it.
    pub code: String,
    /// Where the parcel goes.
    pub destination: Option<Country>,
    /// The postal code there.
    pub postal_code: Option<String>,
    /// Where it comes from.
    pub origin: Option<Country>,
    /// Transporters this seller uses, with how often.
    pub usual: Vec<(String, u32)>,
}

/// A transporter the code may belong to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Guess {
    /// Our name of it (`postnl`).
    pub carrier: String,
    /// Its name for people (`PostNL`).
    pub name: String,
    /// How sure, from 0 to 1.
    pub confidence: f32,
    /// Why, for a person.
    pub reason: String,
}

/// What the detector makes of a code.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guesses {
    /// The code in its clean form (no spaces, upper case), when it is one.
    pub code: Option<String>,
    /// Candidates, likeliest first. Empty when it is no code, or of nobody known.
    pub candidates: Vec<Guess>,
    /// Whether the first candidate is sure enough to be told to a marketplace unattended.
    pub certain: bool,
    /// Whether this is certainly no code at all (`afgehaald`, a phone number, an EAN).
    pub not_a_code: bool,
}

/// Infers the transporter from a code.
///
/// # Contract
///
/// Pure and quick: no I/O, no clock, never panics whatever the text.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait CarrierDetector: std::fmt::Debug + Send + Sync + 'static {
    /// Ranked candidates for a code.
    fn detect(&self, query: &CodeQuery) -> Guesses;

    /// Our name of the transporter a person calls `name` (`PostNL`, `Post NL`, `dhl`).
    fn by_name(&self, name: &str) -> Option<String>;
}

/// A detector that knows nothing: every code is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDetector;

impl CarrierDetector for NoDetector {
    fn detect(&self, _query: &CodeQuery) -> Guesses {
        Guesses::default()
    }

    fn by_name(&self, _name: &str) -> Option<String> {
        None
    }
}
