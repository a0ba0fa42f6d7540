//! The JSON API. Pages and API do the same through the same desk.

mod etag;
mod handlers;
mod idempotency;
mod openapi;
mod problem;
mod write;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use handlers::{BulkResult, Target, each};
pub(crate) use idempotency::Idempotency;
pub(crate) use problem::{Trouble, status_of, status_of_platform};

use crate::App;

/// Everything under `/api/v1`.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/orders", get(handlers::list_orders))
        .route("/orders/{connection}/{order}", get(handlers::show_order))
        .route(
            "/orders/{connection}/{order}/history",
            get(handlers::order_history),
        )
        .route(
            "/orders/{connection}/{order}/actions",
            post(handlers::act_on_order),
        )
        .route(
            "/orders/{connection}/{order}/dry-run",
            get(handlers::dry_run),
        )
        .route("/actions", post(handlers::act_on_orders))
        .route("/counters", get(handlers::counters))
        .route("/connections", get(handlers::connections))
        .route("/connections/{connection}/stop", post(handlers::stop))
        .route("/connections/{connection}/go-on", post(handlers::go_on))
        .route("/activity", get(handlers::activity))
        .route("/openapi.json", get(openapi::document))
        .fallback(handlers::not_found)
        .method_not_allowed_fallback(handlers::wrong_method)
        .layer(axum::middleware::from_fn(etag::conditional))
}
