//! HTTP in front of the world: routes, credentials, media types, faults.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answers::{self, OrdersQuery, problem};
use super::changes::change;
use super::faults::{Failure, Fault, Seen};
use super::world::{Change, LateRow, TokenRow, World, delta};
use super::{Exchange, Settings, Shared};
use crate::bol::MEDIA_TYPE;

/// The largest request body that is read.
const BODY_CAP: usize = 1024 * 1024;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(handle).with_state(shared)
}

/// An answer before it becomes HTTP.
pub(super) struct Reply {
    status: u16,
    body: String,
    media_type: &'static str,
}

fn reply(status: u16, body: &Value) -> Reply {
    Reply {
        status,
        body: body.to_string(),
        media_type: MEDIA_TYPE,
    }
}

pub(super) fn refused(status: u16, detail: &str, violations: &[(&str, &str)]) -> Reply {
    reply(status, &problem(status, detail, violations))
}

/// One request, taken apart.
pub(super) struct Call {
    pub(super) seen: Seen,
    headers: HeaderMap,
    query: HashMap<String, String>,
    pub(super) body: Bytes,
}

async fn handle(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    if request.uri().path() == "/_sandbox/state" {
        let mut world = shared.world();
        world.settle(shared.clock.now(), &shared.settings);
        let media_type = "application/json";
        return http(Reply {
            status: 200,
            body: world.dump().to_string(),
            media_type,
        });
    }
    let call = take_apart(&shared, request).await;
    let fault = (shared.hook())(&call.seen);
    let now = shared.clock.now();
    let (answer, failure) = {
        let mut world = shared.world();
        world.settle(now, &shared.settings);
        decide(&shared, &mut world, &call, fault, now)
    };
    if let (true, Some(answer)) = (shared.settings.record, &answer) {
        shared.keep(exchange(&call, answer));
    }
    match (answer, failure) {
        (_, Some(failure)) => fail(&shared, failure).await,
        (Some(answer), None) => http(answer),
        (None, None) => http(refused(500, "nothing to answer", &[])),
    }
}

fn exchange(call: &Call, answer: &Reply) -> Exchange {
    let text = |name: &str| header_text(&call.headers, name).map(str::to_owned);
    Exchange {
        seen: call.seen.clone(),
        accept: text("accept"),
        content_type: text("content-type"),
        status: answer.status,
        answer_type: answer.media_type.to_owned(),
        answer: answer.body.clone(),
    }
}

async fn take_apart(shared: &Shared, request: Request) -> Call {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_CAP).await.unwrap_or_default();
    let operation = operation(parts.method.as_str(), parts.uri.path());
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let number = {
        let mut world = shared.world();
        *world.requests.entry(operation.clone()).or_default() += 1;
        world.requests.values().sum()
    };
    let seen = Seen {
        number,
        operation,
        path: parts.uri.path().to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
        query: query.clone(),
    };
    let pairs = axum::extract::Query::<HashMap<String, String>>::try_from_uri(&parts.uri);
    let query = pairs.map(|pairs| pairs.0).unwrap_or_default();
    Call {
        seen,
        headers: parts.headers,
        query,
        body,
    }
}

/// The path with its places, as in bol's description.
fn operation(method: &str, path: &str) -> String {
    let path = match path.split('/').collect::<Vec<_>>().as_slice() {
        ["", "token"] => return "POST token".to_owned(),
        ["", "retailer", "orders", id] if *id != "cancellation" => "/retailer/orders/{order-id}",
        ["", "retailer", "shipments", _] => "/retailer/shipments/{shipment-id}",
        ["", "retailer", "transports", _] => "/retailer/transports/{transport-id}",
        ["", "retailer", "returns", _] if method == "PUT" => "/retailer/returns/{rma-id}",
        ["", "retailer", "returns", _] => "/retailer/returns/{return-id}",
        ["", "shared", "process-status", _] => "/shared/process-status/{process-status-id}",
        _ => path,
    };
    format!("{method} {path}")
}

/// Executes, or not, and tells what goes wrong with the answer.
fn decide(
    shared: &Shared,
    world: &mut World,
    call: &Call,
    fault: Fault,
    now: DateTime<Utc>,
) -> (Option<Reply>, Option<Failure>) {
    let settings = &shared.settings;
    match fault {
        Fault::None => (Some(execute(settings, world, call, now)), None),
        Fault::Refuse(failure) => (None, Some(failure)),
        Fault::Lose(failure) => (Some(execute(settings, world, call, now)), Some(failure)),
        Fault::Late { failure, after } => {
            if let Ok(change) = change(call) {
                world.late.push(LateRow {
                    at: now + delta(after),
                    change,
                });
            }
            (None, Some(failure))
        }
        Fault::ExpireTokens => {
            world.tokens.clear();
            (Some(execute(settings, world, call, now)), None)
        }
        Fault::RepeatPage => {
            let page = page(call).saturating_sub(1).max(1);
            (Some(execute_page(settings, world, call, now, page)), None)
        }
    }
}

fn execute(settings: &Settings, world: &mut World, call: &Call, now: DateTime<Utc>) -> Reply {
    execute_page(settings, world, call, now, page(call))
}

fn page(call: &Call) -> usize {
    call.query
        .get("page")
        .and_then(|page| page.parse().ok())
        .unwrap_or(1)
}

fn execute_page(
    settings: &Settings,
    world: &mut World,
    call: &Call,
    now: DateTime<Utc>,
    page: usize,
) -> Reply {
    let operation = call.seen.operation.as_str();
    if operation == "POST token" {
        return token(settings, world, call, now);
    }
    if let Some(refusal) = unacceptable(world, call) {
        return refusal;
    }
    match operation {
        "GET /retailer/orders" => list_orders(world, call, now, page),
        "GET /retailer/orders/{order-id}" => order(world, last(call)),
        "GET /retailer/shipments" => {
            let order = call.query.get("order-id").map(String::as_str);
            reply(200, &answers::shipments(world, order, page, now, settings))
        }
        "GET /retailer/shipments/{shipment-id}" => {
            let found = world.shipments.iter().find(|it| it.id == last(call));
            found.map_or_else(absent, |row| reply(200, &answers::shipment(world, row)))
        }
        "GET /retailer/returns" => list_returns(world, call, page),
        "GET /retailer/returns/{return-id}" => {
            let found = world.returns.iter().find(|it| it.id == last(call));
            found.map_or_else(absent, |row| reply(200, &answers::whole_return(world, row)))
        }
        "GET /retailer/subscriptions/signature-keys" => reply(200, &answers::keys(world)),
        "GET /shared/process-status/{process-status-id}" => {
            let found = world.processes.iter().find(|it| it.id == last(call));
            found.map_or_else(absent, |row| reply(200, &answers::process(row)))
        }
        "GET /shared/process-status" => processes_of(world, call, page),
        "POST /shared/process-status" => processes(world, call),
        _ if call.seen.is_mutation() => match change(call) {
            Ok(change) => {
                let row = world.submit(change, now, settings.processing);
                reply(202, &answers::process(&row))
            }
            Err(refusal) => refusal,
        },
        _ => absent(),
    }
}

fn token(settings: &Settings, world: &mut World, call: &Call, now: DateTime<Utc>) -> Reply {
    let pair = STANDARD.encode(format!("{}:{}", settings.client_id, settings.client_secret));
    let given = header_text(&call.headers, "authorization");
    let grant = "grant_type=client_credentials";
    let asked = call.seen.query.contains(grant) || call.seen.body.contains(grant);
    let (status, body) = if given != Some(&format!("Basic {pair}")) {
        (401, json!({ "error": "invalid_client" }))
    } else if !asked {
        (400, json!({ "error": "unsupported_grant_type" }))
    } else {
        let text = format!(
            "sandbox-token-{}-{}",
            call.seen.number,
            now.timestamp_micros()
        );
        world.tokens.push(TokenRow {
            text: text.clone(),
            until: now + delta(settings.token_life),
        });
        let life = settings.token_life.as_secs();
        (
            200,
            json!({ "access_token": text, "token_type": "Bearer", "expires_in": life }),
        )
    };
    Reply {
        status,
        body: body.to_string(),
        media_type: "application/json",
    }
}

fn unacceptable(world: &World, call: &Call) -> Option<Reply> {
    let given = header_text(&call.headers, "authorization").and_then(|v| v.strip_prefix("Bearer "));
    if !world
        .tokens
        .iter()
        .any(|token| Some(token.text.as_str()) == given)
    {
        return Some(refused(
            401,
            "The token is missing, unknown or expired.",
            &[],
        ));
    }
    if header_text(&call.headers, "accept") != Some(MEDIA_TYPE) {
        return Some(refused(
            406,
            "The Accept header is not the media type of this version.",
            &[],
        ));
    }
    let wrong_type = header_text(&call.headers, "content-type") != Some(MEDIA_TYPE);
    if !call.body.is_empty() && wrong_type {
        return Some(refused(
            415,
            "The media type of the body is not that of this version.",
            &[],
        ));
    }
    None
}

fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

pub(super) fn last(call: &Call) -> &str {
    call.seen.path.rsplit('/').next().unwrap_or_default()
}

pub(super) fn absent() -> Reply {
    refused(404, "The requested item could not be found.", &[])
}

fn list_orders(world: &World, call: &Call, now: DateTime<Utc>, page: usize) -> Reply {
    let text = |name: &str, otherwise: &str| {
        call.query
            .get(name)
            .cloned()
            .unwrap_or_else(|| otherwise.to_owned())
    };
    let changed = call.query.get("change-interval-minute");
    let query = OrdersQuery {
        status: text("status", "OPEN"),
        method: text("fulfilment-method", "FBR"),
        changed_minutes: changed.and_then(|minutes| minutes.parse().ok()),
        page,
    };
    let known = matches!(query.status.as_str(), "OPEN" | "SHIPPED" | "ALL")
        && matches!(query.method.as_str(), "FBR" | "FBB" | "ALL")
        && changed.is_none_or(|_| query.changed_minutes.is_some_and(|n| (1..=60).contains(&n)));
    if !known {
        return refused(
            400,
            "Bad request",
            &[("query", "Request contains invalid value(s).")],
        );
    }
    reply(200, &answers::orders(world, &query, now))
}

fn list_returns(world: &World, call: &Call, page: usize) -> Reply {
    let handled = match call.query.get("handled").map(String::as_str) {
        None => None,
        Some("true") => Some(true),
        Some("false") => Some(false),
        Some(_) => {
            let wrong = ("handled", "Request contains invalid value(s).");
            return refused(400, "Bad request", &[wrong]);
        }
    };
    let method = call.query.get("fulfilment-method").map(String::as_str);
    reply(200, &answers::returns(world, handled, method, page))
}

fn order(world: &World, id: &str) -> Reply {
    if let Some(body) = world.details.get(id) {
        return Reply {
            status: 200,
            body: body.clone(),
            media_type: MEDIA_TYPE,
        };
    }
    let found = world.orders.iter().find(|order| order.id == id);
    found.map_or_else(absent, |order| reply(200, &answers::order(order)))
}

fn processes_of(world: &World, call: &Call, page: usize) -> Reply {
    let (Some(entity), Some(event)) = (call.query.get("entity-id"), call.query.get("event-type"))
    else {
        return refused(
            400,
            "Bad request",
            &[("entity-id", "entity-id and event-type are needed")],
        );
    };
    let of = |it: &&super::world::ProcessRow| {
        let items = match &it.change {
            Change::Ship { items, .. } => items.iter().any(|item| item.0 == *entity),
            Change::Transport { .. } | Change::Cancel { .. } | Change::Return { .. } => false,
        };
        it.event == *event && (it.entity == *entity || items)
    };
    reply(
        200,
        &answers::processes(world.processes.iter().filter(of), page),
    )
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Queries {
    process_status_queries: Vec<Query>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    process_status_id: String,
}

fn processes(world: &World, call: &Call) -> Reply {
    let Ok(queries) = serde_json::from_slice::<Queries>(&call.body) else {
        return refused(
            400,
            "Bad request",
            &[("processStatusQueries", "must not be null")],
        );
    };
    let asked = |id: &str| {
        queries
            .process_status_queries
            .iter()
            .any(|q| q.process_status_id == id)
    };
    reply(
        200,
        &answers::processes(world.processes.iter().filter(|it| asked(&it.id)), 1),
    )
}

async fn fail(shared: &Shared, failure: Failure) -> Response {
    match failure {
        Failure::Status(status) => http(refused(status, "injected", &[])),
        Failure::RateLimited(wait) => {
            let mut response = http(refused(429, "Too many requests", &[]));
            let seconds = wait.as_secs().to_string();
            if let Ok(value) = seconds.parse() {
                response.headers_mut().insert(header::RETRY_AFTER, value);
            }
            response
        }
        Failure::Silence(wait) => {
            shared.clock.sleep(wait).await;
            http(refused(504, "injected", &[]))
        }
        Failure::HalfABody => {
            let half = Ok(Bytes::from_static(b"{\"processStatusId\":"));
            let broken = Err(std::io::Error::other("injected"));
            let body = futures_util::stream::iter([half, broken]);
            with(200, MEDIA_TYPE, Body::from_stream(body))
        }
        Failure::WebPage => with(
            200,
            "text/html",
            Body::from("<html><h1>Sorry, back soon</h1></html>"),
        ),
        Failure::Empty => with(200, MEDIA_TYPE, Body::empty()),
    }
}

fn http(reply: Reply) -> Response {
    with(reply.status, reply.media_type, Body::from(reply.body))
}

fn with(status: u16, media_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(media_type),
    );
    response
}
