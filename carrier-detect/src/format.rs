//! Formats: what a carrier's codes look like, as the data tells it.

use crate::{Carrier, Country};

/// How well a format is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// A written specification, or a check digit rule with test numbers.
    Specified,
    /// Source code of others that handles such codes.
    OpenCode,
    /// Public sample codes only.
    Samples,
    /// An informed guess.
    Guess,
}

/// One shape of codes of one carrier.
#[derive(Debug)]
#[non_exhaustive]
pub struct Format {
    /// Stable name of the format.
    pub id: &'static str,
    /// Who issues such codes; `None` for the postal union's format, where the code's last two
    /// letters name the operator.
    pub carrier: Option<Carrier>,
    /// Who else may carry it: the last mile, or the first.
    pub also: &'static [Carrier],
    /// The product, as far as the shape tells it.
    pub service: &'static str,
    /// The pattern, a regular expression over digits and capitals that matches the whole code.
    pub pattern: &'static str,
    /// Where such codes are common; empty for anywhere.
    pub countries: &'static [Country],
    /// How well the format is known.
    pub evidence: Evidence,
    /// Where the knowledge comes from.
    pub source: &'static str,
    /// What to know about its ambiguity.
    pub note: &'static str,
    pub(crate) rule: u8,
    pub(crate) sscc: bool,
    pub(crate) postcode: Option<(i8, u8)>,
}

/// A format at one length: a column of the matcher's bit sets.
pub(crate) struct Form {
    pub(crate) format: u16,
    /// The carrier's number; `u16::MAX` for the postal union's format.
    pub(crate) carrier: u16,
    pub(crate) rule: u8,
    /// A failed check removes the format instead of lowering it.
    pub(crate) hard: bool,
    /// Prior times the surprise of the fixed and narrow positions.
    pub(crate) weight: f32,
    /// One over the odds of a random code to pass the check digit.
    pub(crate) gain: f32,
    /// Positions where letters and digits both may stand.
    pub(crate) mixed: u64,
    /// Whether there are fixed or narrow positions.
    pub(crate) narrow: bool,
    pub(crate) ceiling: f32,
    pub(crate) ceiling_checked: f32,
}

/// Forms of one length that may start alike: a bit each in one word.
pub(crate) struct Group {
    pub(crate) first_form: u16,
    pub(crate) first_column: u16,
    /// From this position on every digit is as good as any other.
    pub(crate) tail: u8,
    /// The forms that allow digits from there on.
    pub(crate) tail_row: u64,
    /// The positions to look at where only digits are from there on.
    pub(crate) places: u64,
    /// All forms of the group.
    pub(crate) all: u64,
    /// All without those that any digits fit and that check nothing.
    pub(crate) others: u64,
    /// What those come to: carriers, heaviest first.
    pub(crate) anyone: &'static [Anyone],
    /// What they weigh together.
    pub(crate) anyone_sum: f32,
}

/// A carrier whose codes any digits of a length may be.
pub(crate) struct Anyone {
    pub(crate) carrier: u16,
    /// Its heaviest form there.
    pub(crate) form: u16,
    pub(crate) weight: f32,
    pub(crate) best: f32,
}

impl Group {
    /// No format fits.
    pub(crate) const NONE: Self = Self {
        first_form: 0,
        first_column: 0,
        tail: 0,
        tail_row: 0,
        places: 0,
        all: 0,
        others: 0,
        anyone: &[],
        anyone_sum: 0.0,
    };
}
