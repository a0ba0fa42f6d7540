//! This crate behind the order connection's port.

use std::borrow::ToOwned as _;
use std::string::{String, ToString as _};
use std::vec::Vec;

use order_core::ports::{CarrierDetector, CodeQuery, Guess, Guesses};

use crate::{Carrier, Country, Hints, Usual, Verdict, detect, each_fitting, formats, words};

/// Tells transporters to the engine. Strict: a carrier is certain when
/// [`Detection::unattended`](crate::Detection::unattended) has one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Detector;

impl CarrierDetector for Detector {
    fn detect(&self, query: &CodeQuery) -> Guesses {
        let usual: Vec<Usual> = query
            .usual
            .iter()
            .filter_map(|usual| {
                #[expect(clippy::cast_precision_loss, reason = "only the shares count")]
                let known = Usual::new(Carrier::from_slug(&usual.carrier)?, usual.count as f32);
                let format = usual.format.as_deref();
                let format = format.and_then(|id| formats().iter().find(|one| one.id == id));
                Some(format.map_or(known, |format| known.in_format(format)))
            })
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

    fn format(&self, code: &str, carrier: &str) -> Option<String> {
        let carrier = Carrier::from_slug(carrier)?;
        let found = detect(code, &Hints::none());
        let mut candidates = found.candidates().iter();
        let known = candidates.find(|one| one.carrier() == carrier && one.fits());
        let mut format = known.map(|candidate| candidate.format().id);
        // More than eight carriers may have such codes.
        each_fitting(found.code(), |fits| {
            if format.is_none() && fits.carrier == Some(carrier) {
                format = Some(fits.id);
            }
        });
        format.map(str::to_owned)
    }
}
