//! Writes: read the body, do it once under its key, answer.

use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Trouble;
use super::idempotency::{Known, LONGEST_KEY};
use crate::App;
use crate::access::Ticket;
use crate::messages as say;

/// A write: by an operator, of JSON, once under its key.
pub(super) async fn write<T: DeserializeOwned, R: Serialize>(
    app: &App,
    ticket: &Ticket,
    request: Request,
    work: impl AsyncFnOnce(T) -> Result<R, Trouble>,
) -> Response {
    if !ticket.actor.may_act() {
        let text = say::VIEWERS_LOOK;
        return Trouble::new(StatusCode::FORBIDDEN, text.title, text.detail).into_response();
    }
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, crate::serve::LARGEST_BODY).await {
        Ok(body) => body,
        Err(_) => {
            let detail = format!("a body may have {} bytes", crate::serve::LARGEST_BODY);
            return Trouble::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", detail)
                .into_response();
        }
    };
    let value = match json(&parts.headers, &body) {
        Ok(value) => value,
        Err(trouble) => return trouble.into_response(),
    };
    let key = match key(&parts.headers) {
        Ok(key) => key,
        Err(trouble) => return trouble.into_response(),
    };
    let Some(key) = key else {
        return answer(work(value).await).into_response();
    };
    let mut request = format!("{} {}\n", parts.method, parts.uri).into_bytes();
    request.extend_from_slice(&body);
    match app.idempotency.begin(&ticket.actor.name, &key, &request) {
        Err(trouble) => trouble.into_response(),
        Ok(Known::Done(status, body)) => Made { status, body }.into_response(),
        Ok(Known::New(pending)) => {
            let made = answer(work(value).await);
            pending.end(made.status, &made.body);
            made.into_response()
        }
    }
}

/// An answer as text, so that it can be given again.
struct Made {
    status: StatusCode,
    body: String,
}

impl IntoResponse for Made {
    fn into_response(self) -> Response {
        let kind = if self.status.is_success() {
            "application/json"
        } else {
            "application/problem+json"
        };
        (self.status, [(header::CONTENT_TYPE, kind)], self.body).into_response()
    }
}

fn answer<R: Serialize>(outcome: Result<R, Trouble>) -> Made {
    let (status, body) = match outcome {
        Ok(value) => (StatusCode::OK, serde_json::to_string(&value)),
        Err(trouble) => (
            StatusCode::from_u16(trouble.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            serde_json::to_string(&trouble),
        ),
    };
    Made {
        status,
        body: body.unwrap_or_default(),
    }
}

fn json<T: DeserializeOwned>(headers: &HeaderMap, body: &Bytes) -> Result<T, Trouble> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    // Forms of other sites can send every other kind without asking.
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        let detail = "say content-type: application/json";
        return Err(Trouble::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Not JSON",
            detail,
        ));
    }
    let value: serde_json::Value = serde_json::from_slice(body)
        .map_err(|error| Trouble::new(StatusCode::BAD_REQUEST, "Not JSON", error.to_string()))?;
    serde_json::from_value(value).map_err(|error| {
        Trouble::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Not understood",
            error.to_string(),
        )
    })
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Trouble> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    value
        .to_str()
        .ok()
        .filter(|key| !key.is_empty() && key.len() <= LONGEST_KEY)
        .filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()))
        .map(|key| Some(key.to_owned()))
        .ok_or_else(|| {
            Trouble::new(
                StatusCode::BAD_REQUEST,
                "The Idempotency-Key is not usable",
                format!("it must be 1 to {LONGEST_KEY} visible ASCII characters"),
            )
        })
}
