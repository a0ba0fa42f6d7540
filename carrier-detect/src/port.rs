//! This crate behind the order connection's port.

use std::borrow::ToOwned as _;
use std::string::{String, ToString as _};
use std::vec::Vec;

use order_core::ports::{CarrierDetector, CodeQuery, Guess, Guesses};

use crate::{Carrier, Country, Hints, Verdict, detect, words};

/// Tells transporters to the engine. Strict: a carrier is certain when
/// [`Detection::unattended`](crate::Detection::unattended) has one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Detector;

impl CarrierDetector for Detector {
    fn detect(&self, query: &CodeQuery) -> Guesses {
        #[expect(clippy::cast_precision_loss, reason = "only the shares count")]
        let usual: Vec<(Carrier, f32)> = query
            .usual
            .iter()
            .filter_map(|(slug, count)| Some((Carrier::from_slug(slug)?, *count as f32)))
            .collect();
        let mut hints = Hints::none().with_usual(&usual);
        hints.destination = query
            .destination
            .and_then(|country| Country::new(country.as_str()));
        hints.origin = query
            .origin
            .and_then(|country| Country::new(country.as_str()));
        hints.postcode = query.postal_code.as_deref();
        let found = detect(&query.code, &hints);
        let candidates = found
            .candidates()
            .iter()
            .map(|candidate| Guess {
                carrier: candidate.carrier().slug().to_owned(),
                name: candidate.carrier().name().to_owned(),
                confidence: candidate.confidence(),
                reason: candidate
                    .reasons()
                    .map(|reason| reason.to_string())
                    .collect::<Vec<_>>()
                    .join("; "),
            })
            .collect();
        Guesses {
            code: Some(found.code().to_owned()).filter(|code| !code.is_empty()),
            certain: found.unattended().is_some(),
            not_a_code: found.verdict() == Verdict::NotACode,
            candidates,
        }
    }

    fn by_name(&self, name: &str) -> Option<String> {
        words::named(name).map(|carrier| carrier.slug().to_owned())
    }
}
