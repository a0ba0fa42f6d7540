//! bol's exceptions to the default table.

use std::time::Duration;

use chrono::{DateTime, Utc};
use connector_http::{Answer, Pause};
use order_core::{Effect, Error, Kind};

use super::wire::Problem;

/// Reads bol's problem document, so that a refusal is told in bol's words.
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
        // A 404 that bol did not write says nothing about the order: something in between answered.
        None if status == 404 => Some(Error::new(
            Kind::Unavailable,
            Effect::NotApplied,
            format!("HTTP 404 that is not bol's: {}", answer.excerpt()),
        )),
        None => None,
    }
}

/// The detail, the title where there is none, and every violation.
fn words(problem: &Problem) -> String {
    let detail = problem.detail.as_ref().or(problem.title.as_ref());
    let violations = problem.violations.iter().flatten().map(|violation| {
        match (violation.name.as_deref(), violation.reason.as_deref()) {
            (Some(name), Some(reason)) => format!("{name}: {reason}"),
            (Some(text), None) | (None, Some(text)) => text.to_owned(),
            (None, None) => String::new(),
        }
    });
    let parts: Vec<String> = detail
        .cloned()
        .into_iter()
        .chain(violations)
        .filter(|part| !part.is_empty())
        .collect();
    parts.join("; ")
}

/// bol counts per endpoint and tells on every answer what is left and in how many seconds the
/// count starts anew.
pub(super) fn pause(answer: &Answer, _: DateTime<Utc>) -> Option<Pause> {
    let left: i64 = answer
        .header("x-ratelimit-remaining")?
        .trim()
        .parse()
        .ok()?;
    let reset: u64 = answer.header("x-ratelimit-reset")?.trim().parse().ok()?;
    (left <= 0).then(|| Pause::operation(Duration::from_secs(reset)))
}
