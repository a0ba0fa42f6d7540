//! Whether it runs, and whether it can work.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use crate::App;

/// It runs.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The store answers.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    match app.desk.store.connections().await {
        Ok(_) => "ok\n".into_response(),
        Err(error) => {
            tracing::warn!(error = %error.report(), "not ready");
            (
                StatusCode::SERVICE_UNAVAILABLE,
                "the store does not answer\n",
            )
                .into_response()
        }
    }
}
