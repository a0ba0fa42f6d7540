//! Vendure's exceptions to the default table.
//!
//! GraphQL reports failures inside HTTP 200 (and some inside 400), as `errors`. Each error of the
//! list is one of: refused by the schema or by a check, which did nothing; or a fault of the server
//! in the middle, after which nobody knows.

use connector_http::Answer;
use order_core::{Error, Kind};
use serde::Deserialize;

#[derive(Deserialize)]
struct Frame {
    #[serde(default)]
    errors: Option<Vec<Problem>>,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    message: String,
    #[serde(default)]
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    #[serde(default)]
    code: Option<String>,
}

/// The error for an answer with `errors` in it; `None` leaves it to the default table.
pub(super) fn answer(answer: &Answer) -> Option<Error> {
    if !matches!(answer.status(), 200..=299 | 400 | 401 | 403 | 500) {
        return None;
    }
    let frame: Frame = serde_json::from_slice(answer.body()).ok()?;
    let problem = frame.errors?.into_iter().next()?;
    let code = problem
        .extensions
        .and_then(|extensions| extensions.code)
        .unwrap_or_default();
    let text: String = problem.message.chars().take(300).collect();
    let refused = |kind| Error::not_applied(kind, text.clone());
    Some(match code.as_str() {
        "FORBIDDEN" | "UNAUTHENTICATED" => refused(Kind::Unauthenticated).with_advice(
            "check the credentials, and that their role may read and write orders",
        ),
        "GRAPHQL_VALIDATION_FAILED" | "GRAPHQL_PARSE_FAILED" => refused(Kind::Config).with_advice(
            "the shop's schema lacks something: compare the custom fields in the settings with those of the shop",
        ),
        "BAD_USER_INPUT" | "USER_INPUT_ERROR" => refused(Kind::Rejected),
        "ENTITY_NOT_FOUND" => refused(Kind::NotFound),
        "CHANNEL_NOT_FOUND" => refused(Kind::Config).with_advice("check channel_token"),
        _ if is_taken(&problem.message) => {
            Error::not_applied(Kind::Conflict, "the shop has an order with this key already")
        }
        _ => Error::new(Kind::Unavailable, answer.doubt(), text),
    })
}

/// A unique index refused the value: SQLite, PostgreSQL and MySQL say it in their own words. The
/// statement failed, so nothing was stored.
fn is_taken(message: &str) -> bool {
    [
        "UNIQUE constraint failed",
        "duplicate key value violates unique",
        "Duplicate entry",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// The error of a read that followed a mutation within the same call: what was sent counts.
pub(super) fn after_write(error: Error) -> Error {
    let mut doubt = Error::unknown(
        error.kind(),
        format!("sent, but not read back: {}", error.message()),
    );
    if let Some(operation) = error.operation() {
        doubt = doubt.with_operation(operation);
    }
    if let Some(wait) = error.retry_after() {
        doubt = doubt.with_retry_after(wait);
    }
    doubt.with_source(error)
}
