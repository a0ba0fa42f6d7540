//! Shopware's exceptions to the default table.
//!
//! A refusal is JSON with a list of `errors`, each with a code and a text.

use connector_http::Answer;
use order_core::{Error, Kind};
use serde::Deserialize;

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    code: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    detail: Option<String>,
    #[serde(default)]
    source: Option<Source>,
}

#[derive(Deserialize)]
struct Source {
    #[serde(default)]
    pointer: Option<String>,
}

/// The code of a transition that the order's state does not allow.
pub(super) const ILLEGAL_TRANSITION: &str = "ILLEGAL_STATE_TRANSITION";

/// The error for an answer of Shopware; `None` leaves it to the default table.
pub(super) fn answer(answer: &Answer) -> Option<Error> {
    if !(400..500).contains(&answer.status()) || answer.status() == 429 {
        return None;
    }
    let refusal: Refusal = serde_json::from_slice(answer.body()).ok()?;
    let first = refusal.errors.first()?;
    let text = answer.mask(&words(&refusal.errors));
    let refused = |kind, text: &str| Error::not_applied(kind, text.to_owned());
    Some(match (answer.status(), first.code.as_str()) {
        // The entity is there already: an insert was expected, an update it would be.
        (_, "FRAMEWORK__WRITE_TYPE_INTEND_ERROR") => refused(
            Kind::Conflict,
            "the shop has an order with this key already",
        ),
        (_, code) if code.ends_with(ILLEGAL_TRANSITION) => {
            refused(Kind::Rejected, &format!("{ILLEGAL_TRANSITION}: {text}"))
        }
        (401, _) => refused(Kind::Unauthenticated, &text)
            .with_advice("check access key id and secret access key of the integration"),
        (403, _) => refused(Kind::PermissionDenied, &text).with_advice(
            "give the integration a role that may read and write orders and read products, sales \
             channels, countries, currencies and state machines, or make it an administrator",
        ),
        (404, code) if code.contains("NOT_FOUND") && !code.contains("ROUTE") && code != "0" => {
            refused(Kind::NotFound, &text)
        }
        (404, _) => refused(Kind::Config, &text).with_advice("check the shop's address"),
        (400, _) => refused(Kind::Rejected, &text),
        _ => return None,
    })
}

fn words(problems: &[Problem]) -> String {
    let one = |problem: &Problem| {
        let text = problem.detail.as_ref().or(problem.title.as_ref());
        let text = text.map_or(problem.code.as_str(), String::as_str);
        let place = problem
            .source
            .as_ref()
            .and_then(|source| source.pointer.as_deref());
        match place {
            Some(place) => format!("{place}: {text}"),
            None => text.to_owned(),
        }
    };
    let texts: Vec<String> = problems.iter().take(4).map(one).collect();
    texts.join("; ")
}
