//! The one error of every port.
//!
//! Three questions are kept apart, because merging them is how orders get doubled:
//! *what happened* ([`Kind`]), *did the other side change* ([`Effect`]) and *may we try again*
//! ([`Error::is_retryable`], [`Error::retry_after`]).
//!
//! Display is a short fragment without the source, without secrets and without URL queries;
//! [`Error::report`] prints the whole chain.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// The settings cannot work (bad URL, missing key).
    Config,
    /// The credentials are refused. Stops the connection.
    Unauthenticated,
    /// The credentials are good but lack a right. Stops the connection.
    PermissionDenied,
    /// The thing asked for is not there.
    NotFound,
    /// The other side is in a state that does not allow this.
    Conflict,
    /// The request is understood and refused; sending it again cannot help.
    Rejected,
    /// Too many requests; [`Error::retry_after`] tells when to come back if the platform said so.
    RateLimited,
    /// The other side is down, unreachable or broken.
    Unavailable,
    /// No answer in time.
    Timeout,
    /// The answer could not be understood.
    Decode,
    /// The connector cannot do this; its capabilities said so.
    Unsupported,
    /// A mistake in this software or a connector.
    Unexpected,
}

impl Kind {
    /// The name used in logs, tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::Conflict => "conflict",
            Self::Rejected => "rejected",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Decode => "decode",
            Self::Unsupported => "unsupported",
            Self::Unexpected => "unexpected",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a failed call may have left behind on the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing changed: the request never arrived or was refused.
    NotApplied,
    /// Nobody knows: it may have happened, and it may still happen.
    Unknown,
}

/// Why a call to a platform, a store or a detector failed.
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    effect: Effect,
    message: String,
    advice: Option<String>,
    retry_after: Option<Duration>,
    connection: Option<String>,
    operation: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error after which the other side is certainly unchanged.
    #[must_use]
    pub fn not_applied(kind: Kind, message: impl Into<String>) -> Self {
        Self::new(kind, Effect::NotApplied, message)
    }

    /// An error after which nobody knows whether the other side changed.
    #[must_use]
    pub fn unknown(kind: Kind, message: impl Into<String>) -> Self {
        Self::new(kind, Effect::Unknown, message)
    }

    /// An error with the effect given as a value.
    #[must_use]
    pub fn new(kind: Kind, effect: Effect, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            effect,
            message: message.into(),
            advice: None,
            retry_after: None,
            connection: None,
            operation: None,
            source: None,
        }))
    }

    /// The answer to a call whose capability is absent.
    #[must_use]
    pub fn unsupported(operation: &str, capability: &str) -> Self {
        Self::not_applied(
            Kind::Unsupported,
            format!("this platform cannot do {operation} (capability {capability} is off)"),
        )
        .with_operation(operation)
    }

    /// Says what a person can do about it.
    #[must_use]
    pub fn with_advice(mut self, advice: impl Into<String>) -> Self {
        self.0.advice = Some(advice.into());
        self
    }

    /// Says when the platform allows the next attempt.
    #[must_use]
    pub fn with_retry_after(mut self, after: Duration) -> Self {
        self.0.retry_after = Some(after);
        self
    }

    /// Names the connection.
    #[must_use]
    pub fn with_connection(mut self, connection: impl Into<String>) -> Self {
        self.0.connection = Some(connection.into());
        self
    }

    /// Names the operation, in the platform's own words (`POST /retailer/shipments`).
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<String>) -> Self {
        self.0.operation = Some(operation.into());
        self
    }

    /// Keeps the cause. It must not hold secrets.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// What may have been left behind.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.0.effect
    }

    /// Whether waiting and asking the same again can help. Says nothing about [`Error::effect`]:
    /// a time-out is retryable only after finding out what became of the first attempt.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::RateLimited | Kind::Unavailable | Kind::Timeout
        )
    }

    /// Whether the whole connection must stop until a person acts.
    #[must_use]
    pub fn stops_connection(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Unauthenticated | Kind::PermissionDenied | Kind::Config
        )
    }

    /// How long the platform asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What failed, without kind, operation and cause.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What a person can do.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.0.advice.as_deref()
    }

    /// The connection, where known.
    #[must_use]
    pub fn connection(&self) -> Option<&str> {
        self.0.connection.as_deref()
    }

    /// The operation, where known.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// The whole story on one line: operation, message, every cause, advice.
    #[must_use]
    pub fn report(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        if let Some(advice) = self.advice() {
            text.push_str(" (");
            text.push_str(advice);
            text.push(')');
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.0.operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("effect", &self.0.effect)
            .field("operation", &self.0.operation)
            .field("message", &self.0.message)
            .field("retry_after", &self.0.retry_after)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0
            .source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_a_fragment_and_the_report_has_cause_and_advice() {
        let error = Error::unknown(Kind::Timeout, "no answer within 30 s")
            .with_operation("POST /orders")
            .with_source(std::io::Error::other("connection reset"))
            .with_advice("nothing to do: the order is looked up first");
        assert_eq!(error.to_string(), "POST /orders: no answer within 30 s");
        assert_eq!(
            error.report(),
            "POST /orders: no answer within 30 s: connection reset \
             (nothing to do: the order is looked up first)"
        );
        assert_eq!(error.effect(), Effect::Unknown);
    }

    #[test]
    fn only_refused_credentials_and_settings_stop_a_connection() {
        for (kind, stops) in [
            (Kind::Unauthenticated, true),
            (Kind::PermissionDenied, true),
            (Kind::Config, true),
            (Kind::RateLimited, false),
            (Kind::Rejected, false),
        ] {
            assert_eq!(
                Error::not_applied(kind, "x").stops_connection(),
                stops,
                "{kind}"
            );
        }
    }
}
