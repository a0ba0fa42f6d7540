//! What came back, before anybody judged it.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use order_core::Effect;
use reqwest::header::HeaderMap;

/// Whether the whole body was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    Whole,
    CutOff,
    Late,
    TooLarge,
}

/// A raw answer: what [`classify`](crate::Builder::classify) and
/// [`rate_hints`](crate::Builder::rate_hints) look at.
pub struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) completeness: Body,
    pub(crate) operation: String,
    pub(crate) read_only: bool,
    pub(crate) credentials: Vec<String>,
}

impl Answer {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// A header's value; `None` when absent or not text. Upper and lower case are the same.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The bytes as they came.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The operation in the platform's words, as in `POST /retailer/shipments`.
    #[must_use]
    pub fn operation(&self) -> &str {
        &self.operation
    }

    /// What a failure without a clear refusal leaves behind: nothing for a read, nobody knows for
    /// a mutation.
    #[must_use]
    pub fn doubt(&self) -> Effect {
        if self.read_only {
            Effect::NotApplied
        } else {
            Effect::Unknown
        }
    }

    /// A short piece of the body, fit for an error's text: secrets and personal data are masked.
    #[must_use]
    pub fn excerpt(&self) -> String {
        crate::redact::excerpt(&self.body, &self.credentials)
    }

    /// A text found in the body, such as a reason, masked in the same way; at most 400 characters.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        crate::redact::masked(text.as_bytes(), &self.credentials, 400)
    }

    /// How long the platform asks to wait, from `Retry-After` in seconds or as a date.
    #[must_use]
    pub fn retry_after(&self, now: DateTime<Utc>) -> Option<Duration> {
        retry_after(self.header("retry-after")?, self.header("date"), now)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("operation", &self.operation)
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Reads `Retry-After`. A date is measured against the server's own `Date` where given, so that a
/// wrong clock on either side does not matter.
fn retry_after(value: &str, date: Option<&str>, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds.max(0.0)).ok();
    }
    let until = DateTime::<Utc>::from(httpdate::parse_http_date(value).ok()?);
    let from = date
        .and_then(|date| httpdate::parse_http_date(date.trim()).ok())
        .map_or(now, DateTime::<Utc>::from);
    Some((until - from).to_std().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = at("2026-11-23T10:00:00Z");
        let read = |value, date| retry_after(value, date, now);
        assert_eq!(read("17", None), Some(Duration::from_secs(17)));
        assert_eq!(read(" 0.5 ", None), Some(Duration::from_millis(500)));
        assert_eq!(
            read("Mon, 23 Nov 2026 10:01:30 GMT", None),
            Some(Duration::from_secs(90))
        );
    }

    #[test]
    fn a_date_counts_from_the_servers_own_clock() {
        let ours = at("2026-11-23T11:00:00Z");
        let wait = retry_after(
            "Mon, 23 Nov 2026 10:01:30 GMT",
            Some("Mon, 23 Nov 2026 10:01:00 GMT"),
            ours,
        );
        assert_eq!(wait, Some(Duration::from_secs(30)));
    }

    #[test]
    fn a_past_date_means_now_and_nonsense_means_nothing() {
        let now = at("2026-11-23T10:00:00Z");
        assert_eq!(
            retry_after("Mon, 23 Nov 2020 10:00:00 GMT", None, now),
            Some(Duration::ZERO)
        );
        assert_eq!(retry_after("-5", None, now), Some(Duration::ZERO));
        assert_eq!(retry_after("soon", None, now), None);
        assert_eq!(retry_after("NaN", None, now), Some(Duration::ZERO));
        assert_eq!(retry_after("1e300", None, now), None);
    }
}
