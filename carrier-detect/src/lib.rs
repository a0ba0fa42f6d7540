//! Tells the transporter from a track & trace code.
//!
//! [`detect`] reads what people paste and answers with ranked [`Candidate`]s, each with a
//! confidence that means what it says, the check digit's outcome and reasons a person understands.
//! [`words`] turns a [`Carrier`] into a marketplace's own vocabulary and back, and never lets
//! unknown text out.
//!
//! ```
//! use carrier_detect::{Hints, detect, words};
//! use carrier_detect::words::{Account, Marketplace};
//!
//! let found = detect("JVGL0627463317265600", &Hints::none());
//! let best = found.unattended().expect("a code with such a prefix is clear");
//! let word = words::to_marketplace(Marketplace::Bol, best.carrier(), &Account::default());
//! assert_eq!(word.expect("bol knows DHL").code(), Some("DHLFORYOU"));
//! ```
//!
//! # Invariants
//!
//! - Pure: no I/O, clock, allocation, panic or regular expression at run time; linear in the text.
//! - A shape of digits only, without prefix or check digit, stays below 0.5 unless a hint supports
//!   it. A failed check digit is flagged and stays below 0.5.
//! - What is known about carriers is data (`data/*.tsv`), compiled to committed tables; a test
//!   compares the two.
//!
//! Not here: asking carriers' servers, and parcels' states.

#![no_std]

#[cfg(feature = "std")]
extern crate std;

mod carrier;
mod checksum;
mod country;
mod detect;
mod detection;
mod failed;
mod field;
mod format;
mod hints;
mod input;
mod matcher;
mod near;
mod noise;
#[cfg(feature = "order-core")]
mod port;
mod score;
#[cfg(feature = "serde")]
mod serde_impls;
#[allow(
    clippy::allow_attributes,
    clippy::approx_constant,
    reason = "a weight is what it is, today or with other data, whatever it resembles"
)]
#[rustfmt::skip]
mod tables;
mod together;
mod told;
mod url;
mod weighted;
pub mod words;

pub use carrier::Carrier;
pub use country::Country;
pub use detect::{detect, detect_each};
pub use detection::{Candidate, Check, Detection, MOST_CANDIDATES, Reason, Verdict};
pub use format::{Evidence, Format};
pub use hints::{Hints, Usual};
pub use noise::Lookalike;
#[cfg(feature = "order-core")]
pub use port::Detector;
pub use tables::carriers;
pub use url::{Missing, TrackingUrl, UrlParts};

/// The README's examples run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Every format the detector knows, as the data lists them.
#[must_use]
pub fn formats() -> &'static [Format] {
    &tables::FORMATS
}

/// Calls `each` with every format whose pattern fits a code of capitals and digits, without
/// looking at check digits: a format may come more than once.
pub fn each_fitting(code: &str, mut each: impl FnMut(&'static Format)) {
    let (mut read, mut text) = (input::Code::EMPTY, [0; input::LONGEST]);
    if read.fill(code.as_bytes(), &mut text) {
        matcher::fitting(&read, |form| {
            if let Some(format) = tables::FORMATS.get(usize::from(form.format)) {
                each(format);
            }
        });
    }
}
