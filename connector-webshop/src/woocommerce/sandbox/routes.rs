//! Which request does what.

use serde_json::{Value, json};

use super::answers::{self, refusal};
use super::lists::{self, Page, Query};
use super::{Sandbox, refunds, write};

/// An answer that is ready to go out.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Value,
}

impl From<(u16, Value)> for Reply {
    fn from((status, body): (u16, Value)) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
        }
    }
}

impl From<Page> for Reply {
    fn from(page: Page) -> Self {
        let headers = vec![
            ("x-wp-total".to_owned(), page.total.to_string()),
            ("x-wp-totalpages".to_owned(), page.pages.to_string()),
        ];
        Self {
            status: 200,
            headers,
            body: Value::Array(page.rows),
        }
    }
}

/// Executes a request that may be executed. `path` is what follows `/wp-json`.
pub(super) fn execute(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    query: &[(String, String)],
    body: &[u8],
) -> Reply {
    let now = sandbox.second();
    let mut store = sandbox.store();
    let query = Query(query);
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    match (method, parts.as_slice()) {
        ("GET", []) => (200, query.trim(site())).into(),
        ("GET", ["wc", "v3", "products"]) => lists::products(&store, &query).into(),
        ("GET", ["wc", "v3", "orders"]) => lists::orders(&store, &query).into(),
        ("POST", ["wc", "v3", "orders"]) => write::create(&mut store, &body, now).into(),
        ("GET", ["wc", "v3", "orders", "statuses"]) => (200, statuses()).into(),
        ("GET", ["wc", "v3", "data", "currencies", "current"]) => (200, currency()).into(),
        ("GET", ["wc", "v3", "system_status"]) => {
            let settings = json!({"number_of_decimals": 2, "HPOS_enabled": !store.classic});
            (200, json!({"settings": settings})).into()
        }
        (method, ["wc", "v3", "orders", id, rest @ ..]) => {
            let Ok(id) = id.parse::<u64>() else {
                return no_route();
            };
            match (method, rest) {
                ("GET", []) => match store.orders.get(&id) {
                    Some(order) => (200, query.trim(answers::order(order, &store))).into(),
                    None => write::unknown().into(),
                },
                ("PUT" | "POST" | "PATCH", []) => write::update(&mut store, id, &body, now).into(),
                ("DELETE", []) => {
                    let force = query.get("force") == Some("true");
                    write::trash(&mut store, id, force, now).into()
                }
                ("GET", ["refunds"]) => match store.orders.get(&id) {
                    Some(order) => (200, json!(order.refunds)).into(),
                    None => write::unknown().into(),
                },
                ("POST", ["refunds"]) => refunds::create(&mut store, id, &body, now).into(),
                ("GET", ["notes"]) => match store.orders.get(&id) {
                    Some(order) => (200, answers::notes(order)).into(),
                    None => write::unknown().into(),
                },
                ("POST", ["notes"]) => write::note(&mut store, id, &body, now).into(),
                ("GET", ["fulfillments"]) => match store.orders.get(&id) {
                    Some(order) => (200, json!(order.fulfillments)).into(),
                    None => write::unknown().into(),
                },
                _ => no_route(),
            }
        }
        _ => no_route(),
    }
}

fn no_route() -> Reply {
    let text = "No route was found matching the URL and request method.";
    refusal(404, "rest_no_route", text).into()
}

fn site() -> Value {
    json!({
        "name": "Sandbox shop",
        "description": "A WooCommerce-compatible server for demonstrations",
        "namespaces": ["oembed/1.0", "wc/v1", "wc/v2", "wc/v3", "wc-shipment-tracking/v3", "wp/v2"],
    })
}

fn statuses() -> Value {
    write::STATUSES
        .iter()
        .map(|(slug, name)| json!({"slug": slug, "name": name}))
        .collect()
}

fn currency() -> Value {
    json!({"code": "EUR", "name": "Euro", "symbol": "&euro;"})
}
