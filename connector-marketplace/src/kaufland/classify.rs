//! Kaufland's exceptions to the default table.

use connector_http::Answer;
use order_core::{Effect, Error, Kind};

use super::wire::Problem;

/// Reads Kaufland's refusal, so that it is told in Kaufland's words, and tells a refused action
/// from refused credentials: both may come with 403.
pub(super) fn problem(answer: &Answer) -> Option<Error> {
    let status = answer.status();
    if !matches!(status, 400..=499) || matches!(status, 408 | 429) {
        return None;
    }
    let problem = serde_json::from_slice::<Problem>(answer.body()).ok();
    let kind_word = problem.as_ref().and_then(|it| it.kind.as_deref());
    let kind = match (status, kind_word.unwrap_or_default()) {
        (_, "/problems/duplicate-action") => Kind::Conflict,
        (401, _) => Kind::Unauthenticated,
        (
            403,
            ""
            | "about:blank"
            | "/problems/forbidden"
            | "/problems/unauthorized"
            | "/problems/invalid-credentials"
            | "/problems/corrupted-signature"
            | "/problems/inactive-account"
            | "/problems/storefront-not-configured",
        ) => Kind::PermissionDenied,
        (404, _) => Kind::NotFound,
        (409, _) => Kind::Conflict,
        _ => Kind::Rejected,
    };
    let words = problem
        .as_ref()
        .map(words)
        .filter(|words| !words.is_empty());
    match words {
        Some(words) => {
            let error = Error::not_applied(kind, answer.mask(&words));
            Some(if kind == Kind::Unauthenticated {
                error.with_advice(
                    "check client key and secret key, and the clock of this machine: Kaufland \
                     takes five minutes of difference",
                )
            } else if kind == Kind::PermissionDenied {
                error.with_advice("look in the seller portal whether the account is active")
            } else {
                error
            })
        }
        // A 404 that Kaufland did not write says nothing about the order: the address is wrong, or
        // something in between answered.
        None if status == 404 => Some(Error::new(
            Kind::Unavailable,
            Effect::NotApplied,
            format!("HTTP 404 that is not Kaufland's: {}", answer.excerpt()),
        )),
        None => None,
    }
}

fn words(problem: &Problem) -> String {
    let parts = problem.errors.iter().flatten().map(|part| {
        [&part.field, &part.message]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(": ")
    });
    let parts: Vec<String> = problem
        .message
        .clone()
        .into_iter()
        .chain(parts)
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("; ")
}
