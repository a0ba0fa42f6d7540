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
    /// Transporters this seller uses.
    pub usual: Vec<UsualCarrier>,
}

/// A transporter a seller uses, with how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsualCarrier {
    /// Our name of it.
    pub carrier: String,
    /// The detector's name of the format its codes had; none for codes in no format it knows.
    pub format: Option<String>,
    /// How many parcels.
    pub count: u32,
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

    /// The name of the format that a code of this transporter has. What a seller's parcels come
    /// with is counted by it; names must not hold a `/`, and must stay.
    fn format(&self, code: &str, carrier: &str) -> Option<String>;
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

    fn format(&self, _code: &str, _carrier: &str) -> Option<String> {
        None
    }
}
