//! What a detection answers.

use core::fmt;

use crate::input::{LONGEST, Text};
use crate::tables::{FORMATS, RULES};
use crate::{Carrier, Country, Evidence, Format, Lookalike};

/// Most candidates of one answer.
pub const MOST_CANDIDATES: usize = 8;

/// What became of the check digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
pub enum Check {
    /// The format has one and it is right.
    Verified,
    /// The format has one and it is wrong: perhaps a typing error, perhaps another carrier.
    Failed,
    /// The format has none, or none that is known.
    None,
}

/// The answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize),
    serde(rename_all = "snake_case")
)]
#[non_exhaustive]
pub enum Verdict {
    /// One carrier, at 0.95 or more.
    Certain,
    /// One carrier, at 0.8 or more: good enough to be used without a person.
    Likely,
    /// Carriers fit, none well enough to be used without a person or another hint.
    Ambiguous,
    /// It is something else, or most likely so.
    NotACode,
    /// It could be a code, but no known format fits.
    Unknown,
}

/// Why a carrier is offered.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reason {
    /// The code starts as the format prescribes.
    Prefix(&'static str),
    /// Fixed or narrow positions of the format fit.
    Shape,
    /// Only length and kind of characters fit, which says little.
    OnlyLength,
    /// No format fits, but the code begins as this one's codes do: a character is missing or too
    /// many, or nobody has written that form down yet.
    OnlyStart,
    /// The check digit, by the rule's name, is right.
    CheckRight(&'static str),
    /// The check digit, by the rule's name, is wrong.
    CheckWrong(&'static str),
    /// The company prefix of the pallet or parcel number belongs to the carrier.
    CompanyPrefix,
    /// The last two letters name the operator's country.
    Operator(Country),
    /// The country of the hints fits the carrier.
    CountryFits,
    /// The country of the hints does not fit the carrier.
    CountryUnusual,
    /// The seller usually ships with the carrier.
    Usual,
    /// The code stood in an address of the carrier's tracking pages.
    FromAddress,
    /// The code is written in groups as the carrier prints it.
    Printed,
    /// The code holds the postcode of the hints.
    PostcodeInside,
    /// The code holds another postcode than that of the hints.
    PostcodeDiffers,
    /// It might as well be something that is no code.
    Resembles(Lookalike),
    /// The format itself is not certain.
    WeakSource,
    /// The format is a guess, such as a start that was seen in one code only.
    Guessed,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(prefix) => write!(f, "starts with {prefix}"),
            Self::Shape => f.write_str("has the form of its codes"),
            Self::OnlyLength => f.write_str("only the length fits, as it does for other carriers"),
            Self::OnlyStart => {
                f.write_str("begins as its codes do, but has another length or form")
            }
            Self::CheckRight(rule) => write!(f, "check digit is right ({rule})"),
            Self::CheckWrong(rule) => write!(f, "check digit is wrong ({rule})"),
            Self::CompanyPrefix => f.write_str("company prefix of the number is the carrier's"),
            Self::Operator(country) => write!(f, "postal code format with suffix {country}"),
            Self::CountryFits => f.write_str("works in that country"),
            Self::CountryUnusual => f.write_str("is unusual for that country"),
            Self::Usual => f.write_str("is used by this seller"),
            Self::FromAddress => f.write_str("stood in an address of its tracking pages"),
            Self::Printed => f.write_str("is written as it prints its codes"),
            Self::PostcodeInside => f.write_str("holds the postcode"),
            Self::PostcodeDiffers => f.write_str("holds another postcode"),
            Self::Resembles(what) => write!(f, "might be {what}"),
            Self::WeakSource => f.write_str("its format is not published, only seen"),
            Self::Guessed => f.write_str("its format is a guess from what was seen"),
        }
    }
}

pub(crate) const FITS: u16 = 1;
pub(crate) const UNUSUAL: u16 = 2;
pub(crate) const USUAL: u16 = 4;
pub(crate) const ADDRESS: u16 = 8;
pub(crate) const POSTCODE: u16 = 16;
pub(crate) const OTHER_POSTCODE: u16 = 32;
pub(crate) const NARROW: u16 = 64;
pub(crate) const PRINTED: u16 = 128;
pub(crate) const NEAR: u16 = 256;

/// What of a candidate stands ready: eight bytes that are copied at once.
#[derive(Clone, Copy)]
#[repr(C, align(4))]
pub(crate) struct Known {
    pub(crate) carrier: Carrier,
    pub(crate) format: u16,
    pub(crate) flags: u16,
    pub(crate) check: Check,
    /// In the tables, the number of the confidence that it may reach.
    pub(crate) ceiling: u8,
}

impl Known {
    pub(crate) const EMPTY: Self = Self {
        carrier: Carrier(0),
        format: 0,
        flags: 0,
        check: Check::Verified,
        ceiling: 0,
    };
}

/// One carrier that fits, and how well.
#[derive(Clone, Copy)]
pub struct Candidate {
    pub(crate) known: Known,
    pub(crate) confidence: f32,
    pub(crate) suffix: [u8; 2],
    pub(crate) resembles: Option<Lookalike>,
}

impl Candidate {
    pub(crate) const EMPTY: Self = Self {
        known: Known::EMPTY,
        confidence: 0.0,
        suffix: [0; 2],
        resembles: None,
    };

    /// Who transports the parcel.
    #[must_use]
    pub const fn carrier(&self) -> Carrier {
        self.known.carrier
    }

    /// Whether the code fits a format of the carrier, or else only [begins](Reason::OnlyStart) as its
    /// codes do.
    #[must_use]
    pub const fn fits(&self) -> bool {
        self.known.flags & NEAR == 0
    }

    /// The format that [fits](Self::fits) best, or else whose codes begin alike.
    #[must_use]
    pub fn format(&self) -> &'static Format {
        &FORMATS[usize::from(self.known.format) % FORMATS.len()]
    }

    /// Who else may carry it: the last mile, or the first.
    #[must_use]
    pub fn also(&self) -> &'static [Carrier] {
        self.format().also
    }

    /// The product, as far as the shape tells it.
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.format().service
    }

    /// The probability that the carrier is right, from 0 to 1.
    #[must_use]
    pub const fn confidence(&self) -> f32 {
        self.confidence
    }

    /// What became of the check digit.
    #[must_use]
    pub const fn check(&self) -> Check {
        self.known.check
    }

    /// Why the carrier is offered, most telling first.
    pub fn reasons(&self) -> impl Iterator<Item = Reason> + use<> {
        let format = self.format();
        let rule = RULES
            .get(usize::from(format.rule))
            .map_or("", |rule| rule.name());
        let flag = |bit: u16, reason: Reason| (self.known.flags & bit != 0).then_some(reason);
        let prefix = literal_prefix(format.pattern);
        let shape = if !self.fits() {
            Reason::OnlyStart
        } else if format.sscc {
            Reason::CompanyPrefix
        } else if format.carrier.is_none() {
            Country::new(core::str::from_utf8(&self.suffix).unwrap_or(""))
                .map_or(Reason::Shape, Reason::Operator)
        } else if !prefix.is_empty() {
            Reason::Prefix(prefix)
        } else if self.known.flags & NARROW != 0 {
            Reason::Shape
        } else {
            Reason::OnlyLength
        };
        let weak = match format.evidence {
            Evidence::Specified | Evidence::OpenCode => None,
            Evidence::Samples => Some(Reason::WeakSource),
            Evidence::Guess => Some(Reason::Guessed),
        };
        [
            flag(ADDRESS, Reason::FromAddress),
            flag(USUAL, Reason::Usual),
            flag(PRINTED, Reason::Printed),
            Some(shape),
            match self.known.check {
                Check::Verified => Some(Reason::CheckRight(rule)),
                Check::Failed => Some(Reason::CheckWrong(rule)),
                Check::None => None,
            },
            flag(POSTCODE, Reason::PostcodeInside),
            flag(OTHER_POSTCODE, Reason::PostcodeDiffers),
            flag(FITS, Reason::CountryFits),
            flag(UNUSUAL, Reason::CountryUnusual),
            self.resembles.map(Reason::Resembles),
            weak,
        ]
        .into_iter()
        .flatten()
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ({:.0} %): ",
            self.carrier().name(),
            self.confidence * 100.0
        )?;
        for (at, reason) in self.reasons().enumerate() {
            if at > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{reason}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("carrier", &self.carrier())
            .field("format", &self.format().id)
            .field("confidence", &self.confidence)
            .field("check", &self.check())
            .finish_non_exhaustive()
    }
}

/// The fixed characters every code of a pattern starts with.
fn literal_prefix(pattern: &'static str) -> &'static str {
    let mut prefix = literals(pattern);
    let mut depth = 0;
    for (at, mark) in pattern.match_indices(['(', ')', '|']) {
        match mark {
            "(" => depth += 1,
            ")" => depth -= 1,
            _ if depth == 0 => {
                let other = literals(pattern.get(at + 1..).unwrap_or(""));
                let alike = prefix
                    .bytes()
                    .zip(other.bytes())
                    .take_while(|(a, b)| a == b);
                prefix = prefix.get(..alike.count()).unwrap_or("");
            }
            _ => {}
        }
    }
    prefix
}

/// The fixed characters a pattern's first alternative starts with.
fn literals(pattern: &'static str) -> &'static str {
    let end = pattern
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(pattern.len());
    let optional = pattern
        .as_bytes()
        .get(end)
        .is_some_and(|&byte| matches!(byte, b'?' | b'{'));
    let end = if optional { end.saturating_sub(1) } else { end };
    pattern.get(..end).unwrap_or("")
}

/// The weight of "not a code" where nothing fits.
#[inline]
pub(crate) const fn unknown(lookalike: Option<Lookalike>) -> f32 {
    if lookalike.is_some() { 0.99 } else { 0.5 }
}

/// The answer: ranked candidates and what else the text might be.
#[derive(Clone, Copy)]
pub struct Detection {
    pub(crate) candidates: [Candidate; MOST_CANDIDATES],
    pub(crate) count: u8,
    pub(crate) not_a_code: f32,
    pub(crate) lookalike: Option<Lookalike>,
    pub(crate) text: Text,
    pub(crate) length: u8,
    pub(crate) destination: Option<Country>,
    pub(crate) postcode: [u8; 8],
}

impl Detection {
    pub(crate) const EMPTY: Self = Self {
        candidates: [Candidate::EMPTY; MOST_CANDIDATES],
        count: 0,
        not_a_code: 0.0,
        lookalike: None,
        text: [0; LONGEST],
        length: 0,
        destination: None,
        postcode: [0; 8],
    };

    /// No code was found; the answer is empty yet.
    pub(crate) const fn set_nothing(&mut self, lookalike: Option<Lookalike>) {
        self.not_a_code = unknown(lookalike);
        self.lookalike = lookalike;
    }

    /// The candidates, best first, at most eight, each carrier once.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        self.candidates
            .get(..usize::from(self.count))
            .unwrap_or(&[])
    }

    /// The best candidate, however weak: for showing, not for acting on.
    #[must_use]
    pub fn best(&self) -> Option<&Candidate> {
        self.candidates().first()
    }

    /// The candidate that may be used without a person: at 0.8 or more, twice the second, no
    /// failed check.
    #[must_use]
    pub fn unattended(&self) -> Option<&Candidate> {
        let best = self.best()?;
        let second = self
            .candidates()
            .get(1)
            .map_or(0.0, |second| second.confidence);
        let good = best.confidence >= 0.8
            && best.confidence >= 2.0 * second
            && best.check() != Check::Failed;
        good.then_some(best)
    }

    /// The probability that the text is no track & trace code at all.
    #[must_use]
    pub const fn not_a_code(&self) -> f32 {
        self.not_a_code
    }

    /// What the text seems to be instead, where that can be told.
    #[must_use]
    pub const fn lookalike(&self) -> Option<Lookalike> {
        self.lookalike
    }

    /// The code as it was read: capitals and digits only. Empty where none was found.
    #[must_use]
    pub fn code(&self) -> &str {
        let text = self.text.get(..usize::from(self.length)).unwrap_or(&[]);
        core::str::from_utf8(text).unwrap_or("")
    }

    /// The destination that stood behind the code (`3S...-NL-1012AB`).
    #[must_use]
    pub const fn destination(&self) -> Option<Country> {
        self.destination
    }

    /// The postcode that stood behind the code.
    #[must_use]
    pub fn postcode(&self) -> Option<&str> {
        let end = self
            .postcode
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(8);
        let text = core::str::from_utf8(self.postcode.get(..end)?).ok()?;
        (!text.is_empty()).then_some(text)
    }

    /// The answer in one word.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        match self.best() {
            Some(best) if best.confidence >= 0.95 => Verdict::Certain,
            Some(best) if best.confidence >= 0.8 => Verdict::Likely,
            Some(best) if !best.fits() => Verdict::Unknown,
            _ if self.lookalike.is_some_and(Lookalike::is_sure) => Verdict::NotACode,
            Some(best) if self.not_a_code > 0.9 && best.confidence < 0.1 => Verdict::NotACode,
            Some(_) => Verdict::Ambiguous,
            None => Verdict::Unknown,
        }
    }
}

impl fmt::Debug for Detection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Detection")
            .field("code", &self.code())
            .field("verdict", &self.verdict())
            .field("candidates", &self.candidates())
            .field("not_a_code", &self.not_a_code)
            .field("lookalike", &self.lookalike)
            .finish_non_exhaustive()
    }
}
