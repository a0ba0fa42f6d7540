//! Mirakl's exceptions to the default table.

use connector_http::Answer;
use order_core::{Effect, Error, Kind};

use super::wire::Problem;

/// Reads Mirakl's refusal, so that it is told in Mirakl's words.
pub(super) fn problem(answer: &Answer) -> Option<Error> {
    let status = answer.status();
    let kind = match status {
        400 | 405 | 406 | 412 | 415 | 422 => Kind::Rejected,
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
        Some(words) => Some(Error::not_applied(kind, answer.mask(&words))),
        // A 404 that Mirakl did not write says nothing about the order: the address is wrong, or
        // something in between answered.
        None if status == 404 => Some(Error::new(
            Kind::Unavailable,
            Effect::NotApplied,
            format!("HTTP 404 that is not Mirakl's: {}", answer.excerpt()),
        )),
        None => None,
    }
}

fn words(problem: &Problem) -> String {
    let part = |part: &super::wire::ProblemPart| {
        [&part.code, &part.field, &part.message]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let parts: Vec<String> = problem
        .message
        .clone()
        .into_iter()
        .chain(problem.errors.iter().flatten().map(part))
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("; ")
}
