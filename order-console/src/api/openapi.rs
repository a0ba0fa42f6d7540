//! The description of the API, as OpenAPI.

use axum::Json;
use axum::response::IntoResponse;
use utoipa::OpenApi;

use super::handlers;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Order console",
        description = "The orders of a seller's marketplaces, and what can be done with them. \
                       Writes need the role operator and take an Idempotency-Key."
    ),
    paths(
        handlers::list_orders,
        handlers::show_order,
        handlers::order_history,
        handlers::counters,
        handlers::connections,
        handlers::activity,
        handlers::act_on_order,
        handlers::act_on_orders,
        handlers::stop,
        handlers::go_on,
    )
)]
struct Description;

/// The description of the API.
pub(crate) async fn document() -> impl IntoResponse {
    Json(Description::openapi())
}
