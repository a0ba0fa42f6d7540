//! Formats: what a carrier's codes look like, as the data tells it.

use crate::detection::{Check, Known, MOST_CANDIDATES};
use crate::tables::READY;
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

/// A format at one length.
pub(crate) struct Form {
    pub(crate) format: u16,
    /// The carrier's number; `u16::MAX` for the postal union's format.
    pub(crate) carrier: u16,
    /// The check digit's number; nought for none.
    pub(crate) check: u8,
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

impl Form {
    /// Fills the table up.
    pub(crate) const NONE: Self = Self {
        format: 0,
        carrier: 0,
        check: 0,
        weight: 0.0,
        gain: 0.0,
        mixed: 0,
        narrow: false,
        ceiling: 0.0,
        ceiling_checked: 0.0,
    };
}

/// Forms that are looked at together, because codes of one length and kind with one start may fit
/// them: a bit each in one word.
#[repr(align(64))]
pub(crate) struct Group {
    /// Where the numbers of its forms stand.
    pub(crate) first_form: u16,
    /// The positions to look at.
    pub(crate) four: Four,
    /// Where further ones stand, by fours, and behind them those to look at if there is a letter.
    pub(crate) first_column: u16,
    pub(crate) columns: u8,
    pub(crate) lettered_columns: u8,
    /// The latter's positions, a bit each.
    pub(crate) lettered: u64,
    /// All its forms.
    pub(crate) all: u64,
    /// Where its sets stand, in so many slots as a power of two, each found by the seed.
    pub(crate) sets: u16,
    pub(crate) width: u8,
    pub(crate) seed: u16,
}

/// A position where forms differ in what they take.
#[derive(Clone, Copy)]
pub(crate) struct Column {
    pub(crate) place: u8,
    /// Where the classes of the characters stand.
    pub(crate) map: u16,
    /// Where the forms of the classes stand, a bit each.
    pub(crate) rows: u16,
}

impl Column {
    /// Fills the table up.
    pub(crate) const NONE: Self = Self {
        place: 0,
        map: 0,
        rows: 0,
    };
}

impl Group {
    /// No format fits.
    pub(crate) const NONE: Self = Self {
        first_form: 0,
        four: Four([Column::NONE; 4]),
        first_column: 0,
        columns: 0,
        lettered_columns: 0,
        lettered: 0,
        all: 0,
        sets: 0,
        width: 0,
        seed: 0,
    };
}

/// Positions that are looked at at once.
pub(crate) struct Four(pub(crate) [Column; 4]);

/// A set of forms that codes can fit, with the answers to codes without hints.
#[repr(align(64))]
pub(crate) struct Set {
    /// A bit for each form of the group, as the matcher finds them.
    pub(crate) forms: u64,
    /// The check digits that decide, noughts for none; or [`MANY`] and the number of a list.
    pub(crate) checks: [u8; 2],
    /// The number of the positions where a letter makes all less likely; nought for none.
    pub(crate) mixed: u16,
    /// The outcome. With check digits, its place is where all are wrong, and behind it the first is
    /// right, then the second, then both, then each further one by itself.
    pub(crate) outcome: Outcome,
}

/// Stands for a list of check digits.
pub(crate) const MANY: u8 = u8::MAX;

impl Set {
    /// A slot without a set: nothing fits.
    pub(crate) const NONE: Self = Self {
        forms: 0,
        checks: [0; 2],
        mixed: 0,
        outcome: Outcome::NONE,
    };
}

/// Positions of a set whose forms all take both letters and digits somewhere. A letter there makes
/// the code less likely.
pub(crate) struct Mixed {
    /// Those of all forms: a letter there makes all less likely alike.
    pub(crate) alike: u64,
    /// Those of some only: letters there are not foreseen.
    pub(crate) unlike: u64,
}

impl Mixed {
    /// None, or where the letters stand is told by the set itself.
    pub(crate) const NONE: Self = Self {
        alike: 0,
        unlike: 0,
    };
}

/// What a set comes to, after its check digits.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Outcome {
    /// The weight of all carriers, also of those that are not shown.
    pub(crate) total: f32,
    /// How many carriers are shown.
    pub(crate) count: u8,
    /// The heaviest two, as far as there are.
    pub(crate) pair: Pair,
    /// Where the pairs of the others stand.
    pub(crate) others: u16,
}

/// Carriers that are written at once, heaviest first.
pub(crate) type Pair = [Ready; 2];

impl Outcome {
    /// Fills the table up.
    pub(crate) const NONE: Self = Self {
        total: 0.0,
        count: 0,
        pair: [Ready::NONE; 2],
        others: 0,
    };

    /// The pairs behind the first.
    #[inline]
    pub(crate) fn others(&self) -> &'static [Pair] {
        let start = usize::from(self.others);
        let pairs = READY.get(start..start + usize::from(self.count.saturating_sub(1)) / 2);
        pairs.unwrap_or(&[])
    }

    /// All candidates, and behind them such that weigh nothing.
    pub(crate) fn candidates(&self) -> [Ready; MOST_CANDIDATES] {
        let mut all = [Ready::NONE; MOST_CANDIDATES];
        let pairs = core::iter::once(&self.pair).chain(self.others());
        for (slots, pair) in all.as_chunks_mut::<2>().0.iter_mut().zip(pairs) {
            *slots = *pair;
        }
        all
    }

    /// One of several outcomes: where they start.
    pub(crate) const fn at(first: u16) -> Self {
        Self {
            others: first,
            ..Self::NONE
        }
    }
}

/// A candidate but for the noise that its confidence depends on.
#[derive(Clone, Copy)]
pub(crate) struct Ready {
    pub(crate) known: Known,
    pub(crate) weight: f32,
}

impl Ready {
    /// Fills a pair up.
    pub(crate) const NONE: Self = ready(0, 0, 0.0, 0, Check::None, 0);
}

/// As short as the tables need it.
pub(crate) const fn ready(
    carrier: u16,
    format: u16,
    weight: f32,
    ceiling: u8,
    check: Check,
    flags: u16,
) -> Ready {
    let known = Known {
        carrier: Carrier(carrier),
        format,
        flags,
        check,
        ceiling,
    };
    Ready { known, weight }
}
