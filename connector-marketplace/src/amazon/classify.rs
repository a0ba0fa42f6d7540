//! Amazon's exceptions to the default table.

use connector_http::Answer;
use order_core::{Effect, Error, Kind};

use super::wire::Problem;

/// Reads Amazon's refusal, so that it is told in Amazon's words.
pub(super) fn problem(answer: &Answer) -> Option<Error> {
    let status = answer.status();
    let kind = match status {
        400 | 405 | 406 | 412 | 413 | 415 | 422 => Kind::Rejected,
        401 => Kind::Unauthenticated,
        403 => Kind::PermissionDenied,
        404 => Kind::NotFound,
        409 => Kind::Conflict,
        _ => return None,
    };
    let problem = serde_json::from_slice::<Problem>(answer.body()).ok();
    match problem
        .as_ref()
        .map(words)
        .filter(|words| !words.is_empty())
    {
        // A token that ended a little early is renewed by time; nothing is wrong with the account.
        Some(words) if status == 403 && words.contains("expired") => Some(Error::new(
            Kind::Unavailable,
            Effect::NotApplied,
            answer.mask(&words),
        )),
        Some(words) => {
            let error = Error::not_applied(kind, answer.mask(&words));
            Some(if kind == Kind::PermissionDenied {
                error.with_advice(
                    "look in Seller Central whether the application is still authorised, and \
                     whether it has the roles that this needs",
                )
            } else {
                error
            })
        }
        // A 404 that Amazon did not write says nothing about the order: the address is wrong, or
        // something in between answered.
        None if status == 404 => Some(Error::new(
            Kind::Unavailable,
            Effect::NotApplied,
            format!("HTTP 404 that is not Amazon's: {}", answer.excerpt()),
        )),
        None => None,
    }
}

fn words(problem: &Problem) -> String {
    let part = |part: &super::wire::ProblemPart| {
        [&part.code, &part.message, &part.details]
            .into_iter()
            .flatten()
            .filter(|text| !text.is_empty())
            .cloned()
            .collect::<Vec<_>>()
            .join(": ")
    };
    let parts: Vec<String> = problem.errors.iter().flatten().map(part).collect();
    parts.join("; ")
}
