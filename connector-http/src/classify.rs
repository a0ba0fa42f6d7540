//! From what came back to the one error: what happened, and did the other side change.
//!
//! **Invariants.** Only a clear refusal (4xx, 429) or a connection that was never made says "not
//! applied" about a mutation. A status line that arrived counts even when its body did not.

use chrono::{DateTime, Utc};
use order_core::{Effect, Error, Kind};

use crate::answer::{Answer, Body};

/// The default table. `None` means success.
pub(crate) fn answer(answer: &Answer, now: DateTime<Utc>) -> Option<Error> {
    let status = answer.status;
    let doubt = answer.doubt();
    let (kind, effect) = match status {
        200..=299 => return incomplete(answer),
        300..=399 => return Some(redirect(answer)),
        401 => (Kind::Unauthenticated, Effect::NotApplied),
        403 => (Kind::PermissionDenied, Effect::NotApplied),
        404 => (Kind::NotFound, Effect::NotApplied),
        408 => (Kind::Timeout, doubt),
        409 => (Kind::Conflict, Effect::NotApplied),
        429 => (Kind::RateLimited, Effect::NotApplied),
        400..=499 => (Kind::Rejected, Effect::NotApplied),
        500..=599 => (Kind::Unavailable, doubt),
        _ => (Kind::Unexpected, doubt),
    };
    let excerpt = answer.excerpt();
    let message = if excerpt.is_empty() {
        format!("HTTP {status}")
    } else {
        format!("HTTP {status}: {excerpt}")
    };
    let mut error = Error::new(kind, effect, message);
    if matches!(status, 401) {
        error = error.with_advice("check the credentials of this connection");
    } else if matches!(status, 403) {
        error = error.with_advice("give these credentials the right they lack");
    }
    if let Some(wait) = answer.retry_after(now) {
        error = error.with_retry_after(wait);
    }
    Some(error)
}

fn incomplete(answer: &Answer) -> Option<Error> {
    let status = answer.status;
    let read = answer.body.len();
    let (kind, message) = match answer.completeness {
        Body::Whole => return None,
        Body::CutOff => (
            Kind::Unavailable,
            format!("HTTP {status}, but the answer broke off at byte {read}"),
        ),
        Body::Late => (
            Kind::Timeout,
            format!("HTTP {status}, but the answer did not end in time"),
        ),
        Body::TooLarge => (
            Kind::Decode,
            format!("HTTP {status}, but the answer is larger than {read} bytes"),
        ),
    };
    Some(Error::new(kind, answer.doubt(), message))
}

/// Redirects are never followed: a followed POST turns into a GET, and signed or bearing requests
/// must not reach another host. Several shops redirect a POST *after* executing it.
fn redirect(answer: &Answer) -> Error {
    let status = answer.status;
    let target = answer
        .header("location")
        .and_then(|location| url::Url::parse(location).ok())
        .and_then(|url| {
            url.host_str()
                .map(|host| format!("{}://{host}", url.scheme()))
        })
        .unwrap_or_else(|| "another path".to_owned());
    let kind = if matches!(status, 301 | 308) {
        Kind::Config
    } else {
        Kind::Unavailable
    };
    let effect = if matches!(status, 307 | 308) {
        Effect::NotApplied
    } else {
        answer.doubt()
    };
    Error::new(
        kind,
        effect,
        format!("HTTP {status}: redirected to {target}"),
    )
    .with_advice("set the address in the settings to the one the server redirects to")
}

/// Why no status came back.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request could not be put together.
    Build(String),
    /// Refused, DNS, TLS: the connection was never made. The one flag of reqwest that is trusted.
    Connect(String),
    /// The deadline passed.
    NoAnswer,
    /// Closed before a reply, or not HTTP: the request may have been read and executed.
    Broken(String),
}

/// The error for a request without a status.
pub(crate) fn failure(failure: Failure, read_only: bool) -> Error {
    let doubt = if read_only {
        Effect::NotApplied
    } else {
        Effect::Unknown
    };
    match failure {
        Failure::Build(cause) => {
            Error::not_applied(Kind::Unexpected, "the request could not be built")
                .with_source(cause)
        }
        Failure::Connect(cause) => {
            Error::not_applied(Kind::Unavailable, "no connection").with_source(cause)
        }
        Failure::NoAnswer => Error::new(Kind::Timeout, doubt, "no answer in time"),
        Failure::Broken(cause) => Error::new(
            Kind::Unavailable,
            doubt,
            "the connection closed before an answer",
        )
        .with_source(cause),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderMap;

    fn make(status: u16, read_only: bool) -> Answer {
        Answer {
            status,
            headers: HeaderMap::new(),
            body: Vec::new(),
            completeness: Body::Whole,
            operation: "POST /x".to_owned(),
            read_only,
            credentials: Vec::new(),
        }
    }

    #[test]
    fn the_table_for_mutations_is_the_one_in_the_style_guide() {
        use Effect::{NotApplied, Unknown};
        for (status, kind, effect) in [
            (400, Kind::Rejected, NotApplied),
            (401, Kind::Unauthenticated, NotApplied),
            (403, Kind::PermissionDenied, NotApplied),
            (404, Kind::NotFound, NotApplied),
            (406, Kind::Rejected, NotApplied),
            (408, Kind::Timeout, Unknown),
            (409, Kind::Conflict, NotApplied),
            (415, Kind::Rejected, NotApplied),
            (422, Kind::Rejected, NotApplied),
            (429, Kind::RateLimited, NotApplied),
            (500, Kind::Unavailable, Unknown),
            (502, Kind::Unavailable, Unknown),
            (503, Kind::Unavailable, Unknown),
            (504, Kind::Unavailable, Unknown),
            (599, Kind::Unavailable, Unknown),
            (301, Kind::Config, Unknown),
            (303, Kind::Unavailable, Unknown),
            (307, Kind::Unavailable, NotApplied),
            (308, Kind::Config, NotApplied),
            (999, Kind::Unexpected, Unknown),
        ] {
            let error = answer(&make(status, false), DateTime::UNIX_EPOCH).unwrap();
            assert_eq!((error.kind(), error.effect()), (kind, effect), "{status}");
        }
        for status in [200, 201, 202, 204] {
            assert!(answer(&make(status, false), DateTime::UNIX_EPOCH).is_none());
        }
    }

    #[test]
    fn a_read_never_leaves_anything_behind() {
        for status in (300..600).chain([999]) {
            let error = answer(&make(status, true), DateTime::UNIX_EPOCH).unwrap();
            assert_eq!(error.effect(), Effect::NotApplied, "{status}");
        }
        for cause in [
            Failure::NoAnswer,
            Failure::Broken("x".into()),
            Failure::Connect("x".into()),
        ] {
            assert_eq!(failure(cause, true).effect(), Effect::NotApplied);
        }
    }

    #[test]
    fn a_broken_body_leaves_doubt_after_a_success_but_none_after_a_refusal() {
        for completeness in [Body::CutOff, Body::Late, Body::TooLarge] {
            let success = Answer {
                completeness,
                ..make(201, false)
            };
            let error = answer(&success, DateTime::UNIX_EPOCH).unwrap();
            assert_eq!(error.effect(), Effect::Unknown, "{completeness:?}");
            let refusal = Answer {
                completeness,
                ..make(422, false)
            };
            let error = answer(&refusal, DateTime::UNIX_EPOCH).unwrap();
            assert_eq!(error.effect(), Effect::NotApplied, "{completeness:?}");
        }
    }

    #[test]
    fn only_a_connection_never_made_is_certain() {
        assert_eq!(
            failure(Failure::Connect("x".into()), false).effect(),
            Effect::NotApplied
        );
        assert_eq!(
            failure(Failure::Broken("x".into()), false).effect(),
            Effect::Unknown
        );
        assert_eq!(failure(Failure::NoAnswer, false).effect(), Effect::Unknown);
    }
}
