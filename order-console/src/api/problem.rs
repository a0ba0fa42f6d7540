//! What went wrong, as problem details (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use order_core::error::{Error, Kind};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::Refusal;
use crate::query::WrongQuery;

/// What went wrong, as problem details (RFC 9457).
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Trouble {
    /// What kind it is, in short.
    pub(crate) title: String,
    /// The status of the answer.
    pub(crate) status: u16,
    /// What failed, why, and what can be done.
    pub(crate) detail: String,
}

impl Trouble {
    pub(crate) fn new(
        status: StatusCode,
        title: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
        }
    }

    fn not_done(status: StatusCode, error: &Error) -> Self {
        tracing::warn!(error = %error.report(), "a request to the console failed");
        let advice = error.advice().unwrap_or("try again in a moment");
        let detail = format!("{error}; {advice}");
        Self::new(status, "It could not be done", detail)
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(self)).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    }
}

/// The status that tells of an error of the store.
pub(crate) fn status_of(error: &Error) -> StatusCode {
    match error.kind() {
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Kind::Config
        | Kind::Unauthenticated
        | Kind::PermissionDenied
        | Kind::Rejected
        | Kind::RateLimited
        | Kind::Decode
        | Kind::Unsupported
        | Kind::Unexpected
        | _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The status that tells of an error of a platform: whether asking again can help.
pub(crate) fn status_of_platform(error: &Error) -> StatusCode {
    if error.is_retryable() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::BAD_GATEWAY
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::not_done(status_of(&error), &error)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound(text) => Self::new(StatusCode::NOT_FOUND, "Not found", text),
            Refusal::Invalid(text) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Not understood", text)
            }
            Refusal::NotNow(text) => Self::new(StatusCode::CONFLICT, "Not as things are", text),
            Refusal::Store(error) => error.into(),
            Refusal::Platform(error) => Self::not_done(status_of_platform(&error), &error),
        }
    }
}

impl From<WrongQuery> for Trouble {
    fn from(wrong: WrongQuery) -> Self {
        let detail = format!("{}: {}", wrong.name, wrong.reason);
        if matches!(wrong.name.as_str(), "after" | "before") {
            return Self::new(StatusCode::NOT_FOUND, "There is no such place", detail);
        }
        Self::new(
            StatusCode::BAD_REQUEST,
            "The query cannot be understood",
            detail,
        )
    }
}
