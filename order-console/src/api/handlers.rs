//! The API's handlers: read the request, ask the desk, answer.

use axum::Json;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use order_core::ids::OrderKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Trouble;
use super::write::write;
use crate::App;
use crate::access::Ticket;
use crate::desk::{Act, Counters, LARGEST_BULK, OrdersPage};
use crate::messages as say;
use crate::query::{OrdersQuery, WrongQuery};
use crate::view::{ConnectionView, DryRun, HistoryView, OrderDetail};

type Answer<T> = Result<Json<T>, Trouble>;

/// An order to act on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    /// Its connection.
    pub(crate) connection: String,
    /// The marketplace's order id.
    pub(crate) order: String,
}

/// One action on several orders.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bulk {
    /// The orders, 200 at most.
    #[schema(min_items = 1, max_items = 200)]
    pub(crate) orders: Vec<Target>,
    /// What to do with each.
    pub(crate) action: Act,
}

/// What became of one order of several.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct BulkResult {
    /// Its connection.
    pub(crate) connection: String,
    /// The marketplace's order id.
    pub(crate) order: String,
    /// Whether it was done.
    pub(crate) done: bool,
    /// Why not.
    pub(crate) reason: Option<String>,
}

/// Nothing more needs to be said.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// Why a connection is stopped.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stop {
    /// Why, for colleagues.
    #[serde(default)]
    #[schema(max_length = 1000, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]*$")]
    pub(crate) why: Option<String>,
}

/// What happened in an hour.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ActivityHour {
    /// When the hour began.
    pub(crate) hour: chrono::DateTime<chrono::Utc>,
    /// Orders seen for the first time.
    pub(crate) received: u64,
    /// Orders that became shipped.
    pub(crate) shipped: u64,
    /// Orders that began to need a person.
    pub(crate) troubled: u64,
}

fn value_of(query: Option<&str>, name: &str) -> Option<String> {
    let query = query.unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// Orders, newest first, in pages.
#[utoipa::path(
    get, path = "/api/v1/orders", tag = "orders",
    params(
        ("connection" = Option<String>, Query, description = "Only of this connection"),
        ("status" = Option<Vec<String>>, Query, explode, description = "Only in one of these"),
        ("needs_action" = Option<bool>, Query, description = "Only those that need a person"),
        ("problem" = Option<String>, Query, description = "Only with a worst problem of this kind, as in by_problem of the counters"),
        ("sending" = Option<bool>, Query, description = "Only those of which something is being sent"),
        ("cancel_asked" = Option<bool>, Query, description = "Only those whose buyer asks to cancel"),
        ("due" = Option<String>, Query, description = "Only those whose deadline has passed (overdue), or passes within a day (day)"),
        ("q" = Option<String>, Query, description = "Only with an order id of either side, a number or a T&T code in which a word begins with this"),
        ("limit" = Option<usize>, Query, minimum = 1, maximum = 200, description = "At most so many; 50 when absent"),
        ("after" = Option<String>, Query, description = "Go on after this place, from `next` of an answer"),
        ("before" = Option<String>, Query, description = "Go back before this place, from `previous` of an answer"),
    ),
    responses(
        (status = 200, body = OrdersPage),
        (status = 400, body = Trouble, content_type = "application/problem+json", description = "A parameter cannot be understood"),
        (status = 404, body = Trouble, content_type = "application/problem+json", description = "There is no such place"),
    ),
)]
pub(crate) async fn list_orders(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Answer<OrdersPage> {
    let query = OrdersQuery::parse(query.as_deref().unwrap_or_default())?;
    Ok(Json(app.desk.orders(&query).await?))
}

/// One order with all there is to tell.
#[utoipa::path(
    get, path = "/api/v1/orders/{connection}/{order}", tag = "orders",
    params(("connection" = String, Path), ("order" = String, Path, description = "The marketplace's order id")),
    responses(
        (status = 200, body = OrderDetail),
        (status = 404, body = Trouble, content_type = "application/problem+json", description = "There is no such order"),
    ),
)]
pub(crate) async fn show_order(
    State(app): State<App>,
    Path((connection, order)): Path<(String, String)>,
) -> Answer<OrderDetail> {
    Ok(Json(
        app.desk.order(&OrderKey::new(connection, order)).await?,
    ))
}

/// What happened to an order, oldest first.
#[utoipa::path(
    get, path = "/api/v1/orders/{connection}/{order}/history", tag = "orders",
    params(("connection" = String, Path), ("order" = String, Path, description = "The marketplace's order id")),
    responses(
        (status = 200, body = Vec<HistoryView>),
        (status = 404, body = Trouble, content_type = "application/problem+json", description = "There is no such order"),
    ),
)]
pub(crate) async fn order_history(
    State(app): State<App>,
    Path((connection, order)): Path<(String, String)>,
) -> Answer<Vec<HistoryView>> {
    let detail = app.desk.order(&OrderKey::new(connection, order)).await?;
    Ok(Json(detail.history))
}

/// What creating an order in the webshop would send. Asks the webshop, and changes nothing.
#[utoipa::path(
    get, path = "/api/v1/orders/{connection}/{order}/dry-run", tag = "actions",
    params(("connection" = String, Path), ("order" = String, Path, description = "The marketplace's order id")),
    responses(
        (status = 200, body = DryRun),
        (status = 403, body = Trouble, content_type = "application/problem+json", description = "Only operators may"),
        (status = 404, body = Trouble, content_type = "application/problem+json", description = "There is no such order"),
        (status = 409, body = Trouble, content_type = "application/problem+json", description = "It cannot be told as things are"),
        (status = 502, body = Trouble, content_type = "application/problem+json", description = "The webshop's answer is of no use"),
        (status = 503, body = Trouble, content_type = "application/problem+json", description = "The webshop does not answer, or is busy"),
    ),
)]
pub(crate) async fn dry_run(
    State(app): State<App>,
    ticket: Ticket,
    Path((connection, order)): Path<(String, String)>,
) -> Response {
    if !ticket.actor.may_act() {
        let text = say::VIEWERS_LOOK;
        return Trouble::new(StatusCode::FORBIDDEN, text.title, text.detail).into_response();
    }
    match app.desk.dry_run(&OrderKey::new(connection, order)).await {
        Ok(view) => Json(view).into_response(),
        Err(refusal) => Trouble::from(refusal).into_response(),
    }
}

/// How many orders there are of each kind.
#[utoipa::path(
    get, path = "/api/v1/counters", tag = "orders",
    params(("connection" = Option<String>, Query, description = "Only of this connection")),
    responses((status = 200, body = Counters)),
)]
pub(crate) async fn counters(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Answer<Counters> {
    let connection = value_of(query.as_deref(), "connection").filter(|id| !id.is_empty());
    Ok(Json(app.desk.counters(connection.as_deref()).await?))
}

/// Every connection and how it is doing.
#[utoipa::path(
    get, path = "/api/v1/connections", tag = "connections",
    responses((status = 200, body = Vec<ConnectionView>)),
)]
pub(crate) async fn connections(State(app): State<App>) -> Answer<Vec<ConnectionView>> {
    Ok(Json(app.desk.connections().await?))
}

/// What happened, hour by hour. Hours in which nothing did are left out.
#[utoipa::path(
    get, path = "/api/v1/activity", tag = "connections",
    params(
        ("connection" = Option<String>, Query, description = "Only of this connection"),
        ("days" = Option<u32>, Query, minimum = 1, maximum = 90, description = "Over so many days; 14 when absent"),
    ),
    responses(
        (status = 200, body = Vec<ActivityHour>),
        (status = 400, body = Trouble, content_type = "application/problem+json", description = "A parameter cannot be understood"),
    ),
)]
pub(crate) async fn activity(
    State(app): State<App>,
    RawQuery(query): RawQuery,
) -> Answer<Vec<ActivityHour>> {
    let connection = value_of(query.as_deref(), "connection").filter(|id| !id.is_empty());
    let days = match value_of(query.as_deref(), "days") {
        None => 14,
        Some(text) => text
            .parse()
            .ok()
            .filter(|days| (1..=90).contains(days))
            .ok_or_else(|| WrongQuery {
                name: "days".to_owned(),
                reason: format!("{text:?} is no number from 1 to 90"),
            })?,
    };
    let hours = app.desk.activity(connection.as_deref(), days).await?;
    Ok(Json(
        hours
            .into_iter()
            .map(|hour| ActivityHour {
                hour: hour.hour,
                received: hour.received,
                shipped: hour.shipped,
                troubled: hour.troubled,
            })
            .collect(),
    ))
}

/// Does something with an order.
#[utoipa::path(
    post, path = "/api/v1/orders/{connection}/{order}/actions", tag = "actions",
    params(
        ("connection" = String, Path), ("order" = String, Path, description = "The marketplace's order id"),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200, pattern = "^[!-~]+$", description = "The same request under the same key is done once"),
    ),
    request_body = Act,
    responses(
        (status = 200, body = OrderDetail, description = "Done; the order as it is now"),
        (status = 403, body = Trouble, content_type = "application/problem+json", description = "Only operators may"),
        (status = 400, body = Trouble, content_type = "application/problem+json", description = "The body is no JSON"),
        (status = 404, body = Trouble, content_type = "application/problem+json", description = "There is no such order"),
        (status = 409, body = Trouble, content_type = "application/problem+json", description = "It cannot be done as things are"),
        (status = 413, body = Trouble, content_type = "application/problem+json", description = "The body is too large"),
        (status = 415, body = Trouble, content_type = "application/problem+json", description = "The body does not say that it is JSON"),
        (status = 422, body = Trouble, content_type = "application/problem+json", description = "What is asked makes no sense"),
    ),
)]
pub(crate) async fn act_on_order(
    State(app): State<App>,
    ticket: Ticket,
    Path((connection, order)): Path<(String, String)>,
    request: Request,
) -> Response {
    let key = OrderKey::new(connection, order);
    write(&app, &ticket, request, async |act: Act| {
        app.desk.act(&ticket.actor, &key, &act).await?;
        Ok(app.desk.order(&key).await?)
    })
    .await
}

/// Does the same with several orders, and tells what became of each.
#[utoipa::path(
    post, path = "/api/v1/actions", tag = "actions",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200, pattern = "^[!-~]+$", description = "The same request under the same key is done once")),
    request_body = Bulk,
    responses(
        (status = 200, body = Vec<BulkResult>, description = "What became of each order"),
        (status = 400, body = Trouble, content_type = "application/problem+json", description = "The body is no JSON"),
        (status = 403, body = Trouble, content_type = "application/problem+json", description = "Only operators may"),
        (status = 409, body = Trouble, content_type = "application/problem+json", description = "The same request is under way"),
        (status = 413, body = Trouble, content_type = "application/problem+json", description = "The body is too large"),
        (status = 415, body = Trouble, content_type = "application/problem+json", description = "The body does not say that it is JSON"),
        (status = 422, body = Trouble, content_type = "application/problem+json", description = "What is asked makes no sense"),
    ),
)]
pub(crate) async fn act_on_orders(
    State(app): State<App>,
    ticket: Ticket,
    request: Request,
) -> Response {
    write(&app, &ticket, request, async |bulk: Bulk| {
        if bulk.orders.is_empty() || bulk.orders.len() > LARGEST_BULK {
            let text = format!("orders must be 1 to {LARGEST_BULK}");
            return Err(crate::desk::Refusal::Invalid(text).into());
        }
        Ok(each(&app, &ticket, &bulk.orders, &bulk.action).await)
    })
    .await
}

/// Does the same with several orders, one after another.
pub(crate) async fn each(
    app: &App,
    ticket: &Ticket,
    targets: &[Target],
    act: &Act,
) -> Vec<BulkResult> {
    let mut results = Vec::with_capacity(targets.len());
    for target in targets {
        let key = OrderKey::new(target.connection.as_str(), target.order.as_str());
        let outcome = app.desk.act(&ticket.actor, &key, act).await;
        results.push(BulkResult {
            connection: target.connection.clone(),
            order: target.order.clone(),
            done: outcome.is_ok(),
            reason: outcome.err().map(|refusal| refusal.text()),
        });
    }
    results
}

/// Stops a connection until somebody lets it go on.
#[utoipa::path(
    post, path = "/api/v1/connections/{connection}/stop", tag = "connections",
    params(
        ("connection" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200, pattern = "^[!-~]+$", description = "The same request under the same key is done once"),
    ),
    request_body = Stop,
    responses(
        (status = 200, body = Vec<ConnectionView>, description = "Stopped; every connection as it is now"),
        (status = 400, body = Trouble, content_type = "application/problem+json", description = "The body is no JSON"),
        (status = 403, body = Trouble, content_type = "application/problem+json", description = "Only operators may"),
        (status = 404, body = Trouble, content_type = "application/problem+json", description = "There is no such connection"),
        (status = 409, body = Trouble, content_type = "application/problem+json", description = "The same request is under way"),
        (status = 413, body = Trouble, content_type = "application/problem+json", description = "The body is too large"),
        (status = 415, body = Trouble, content_type = "application/problem+json", description = "The body does not say that it is JSON"),
        (status = 422, body = Trouble, content_type = "application/problem+json", description = "What is asked makes no sense"),
    ),
)]
pub(crate) async fn stop(
    State(app): State<App>,
    ticket: Ticket,
    Path(connection): Path<String>,
    request: Request,
) -> Response {
    write(&app, &ticket, request, async |stop: Stop| {
        let why = stop.why.as_deref();
        app.desk.stop(&ticket.actor, &connection, why).await?;
        Ok(app.desk.connections().await?)
    })
    .await
}

/// Lets a connection go on, at once.
#[utoipa::path(
    post, path = "/api/v1/connections/{connection}/go-on", tag = "connections",
    params(
        ("connection" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 200, pattern = "^[!-~]+$", description = "The same request under the same key is done once"),
    ),
    request_body = Nothing,
    responses(
        (status = 200, body = Vec<ConnectionView>, description = "It goes on; every connection as it is now"),
        (status = 400, body = Trouble, content_type = "application/problem+json", description = "The body is no JSON"),
        (status = 403, body = Trouble, content_type = "application/problem+json", description = "Only operators may"),
        (status = 404, body = Trouble, content_type = "application/problem+json", description = "There is no such connection"),
        (status = 409, body = Trouble, content_type = "application/problem+json", description = "The same request is under way"),
        (status = 413, body = Trouble, content_type = "application/problem+json", description = "The body is too large"),
        (status = 415, body = Trouble, content_type = "application/problem+json", description = "The body does not say that it is JSON"),
        (status = 422, body = Trouble, content_type = "application/problem+json", description = "What is asked makes no sense"),
    ),
)]
pub(crate) async fn go_on(
    State(app): State<App>,
    ticket: Ticket,
    Path(connection): Path<String>,
    request: Request,
) -> Response {
    write(&app, &ticket, request, async |_: Nothing| {
        app.desk.go_on(&ticket.actor, &connection).await?;
        Ok(app.desk.connections().await?)
    })
    .await
}

/// The answer to an address that is not there.
pub(crate) async fn not_found() -> Trouble {
    let detail = "there is no such address; /api/v1/openapi.json lists what there is";
    Trouble::new(StatusCode::NOT_FOUND, "Not found", detail)
}

/// The answer to a method that an address does not have.
pub(crate) async fn wrong_method() -> Trouble {
    let detail = "this address has other methods; /api/v1/openapi.json lists them";
    Trouble::new(StatusCode::METHOD_NOT_ALLOWED, "Wrong method", detail)
}
