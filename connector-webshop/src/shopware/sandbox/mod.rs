//! A small Shopware-compatible server on loopback, for demonstrations and tests.
//!
//! It keeps products, stock and orders, understands the searches the connector makes, and refuses
//! what the real one refuses. Its answers have the shape of recorded ones.
//!
//! **Deliberately absent**: everything the connector does not use, such as customers, carts, prices
//! of its own and the storefront.

mod search;
mod store;

pub use crate::sandbox::hook::{Interference, SandboxHook, SandboxRequest};
pub use crate::sandbox::server::Running;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connector_http::Secret;
use order_core::ports::Clock;
use serde_json::{Value, json};

use crate::sandbox::hook::NoHook;
use crate::sandbox::server::{self, Incoming, Reply, Shop};
use store::{Store, array};

/// Requests that are remembered.
const REMEMBERED: usize = 1000;

/// A shop. Clones are the same shop.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    id: String,
    secret: Secret,
    clock: Arc<dyn Clock>,
    store: Mutex<Store>,
    hook: Mutex<Arc<dyn SandboxHook>>,
    /// Which token is taken.
    token: Mutex<u64>,
    requests: Mutex<Vec<(String, Value, Value)>>,
}

/// An order, as the warehouse sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxOrder {
    /// Its id.
    pub id: String,
    /// Under which key it was created.
    pub key: String,
    /// Its state.
    pub state: String,
    /// What staff read with it.
    pub comment: Option<String>,
    /// The address the shop would write to.
    pub email: String,
    /// Pieces of each line.
    pub pieces: Vec<u64>,
}

impl Sandbox {
    /// A shop with the sales channel `Marketplaces` that takes this id and secret.
    #[must_use]
    pub fn new(id: &str, secret: &str, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared {
            id: id.to_owned(),
            secret: Secret::new(secret),
            clock,
            store: Mutex::new(Store::new()),
            hook: Mutex::new(Arc::new(NoHook)),
            token: Mutex::new(1),
            requests: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Adds a product with its number, an EAN (empty for none), stock, and VAT in percent: the
    /// shop's own, and that in the Netherlands.
    pub fn add_product(&self, number: &str, ean: &str, stock: i64, vat: i64, vat_nl: i64) {
        let rule = json!({
            "taxRate": vat_nl,
            "type": {"technicalName": "entire_country", "apiAlias": "tax_rule_type"},
            "country": {"id": "x", "iso": "NL", "apiAlias": "country"},
            "apiAlias": "tax_rule",
        });
        let tax = json!({"taxRate": vat, "rules": [rule], "apiAlias": "tax"});
        let row = json!({"productNumber": number, "ean": ean, "stock": stock, "tax": tax});
        self.store().add("product", row);
    }

    /// Adds a variant of a product, which has its parent's tax; `false` when there is no such
    /// product.
    pub fn add_variant(&self, parent: &str, number: &str, stock: i64) -> bool {
        let mut store = self.store();
        let mut products = store.rows("product");
        let Some(parent) = products.find(|row| row["productNumber"] == parent).cloned() else {
            return false;
        };
        let row = json!({
            "productNumber": number, "ean": null, "stock": stock, "parentId": parent["id"],
            "inherited": {"tax": parent["tax"]}, "tax": null,
        });
        drop(products);
        store.add("product", row);
        true
    }

    /// How many there are of a product.
    #[must_use]
    pub fn stock(&self, number: &str) -> Option<i64> {
        let store = self.store();
        let mut products = store.rows("product");
        products.find(|row| row["productNumber"] == number)?["stock"].as_i64()
    }

    /// What happens to requests from now on.
    pub fn set_hook(&self, hook: Arc<dyn SandboxHook>) {
        *lock(&self.shared.hook) = hook;
    }

    /// Refuses every token that was given; new ones can be had.
    pub fn expire_tokens(&self) {
        *lock(&self.shared.token) += 1;
    }

    /// Serves the shop until the answer is dropped.
    ///
    /// # Errors
    ///
    /// When the address is not of this machine or is taken.
    pub async fn serve(&self, address: SocketAddr) -> std::io::Result<Running> {
        server::serve(Arc::new(self.clone()), address).await
    }

    /// Every order, oldest first.
    #[must_use]
    pub fn orders(&self) -> Vec<SandboxOrder> {
        let store = self.store();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let seen = |order: &Value| SandboxOrder {
            id: text(&order["id"]),
            key: text(&order["customFields"]["marketplace_order_key"]),
            state: text(&order["stateMachineState"]["technicalName"]),
            comment: order["customerComment"].as_str().map(str::to_owned),
            email: text(&order["orderCustomer"]["email"]),
            pieces: order["lineItems"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|line| line["quantity"].as_u64())
                .collect(),
        };
        store.rows("order").map(seen).collect()
    }

    /// Gives an order another state, as staff does; `false` where that is not allowed.
    pub fn set_state(&self, id: &str, state: &str) -> bool {
        let now = self.shared.clock.now();
        self.store().transition(id, false, state, now).is_some()
    }

    /// Gives an order's delivery another state, as staff does; `false` where that is not allowed.
    pub fn set_delivery_state(&self, id: &str, state: &str) -> bool {
        let now = self.shared.clock.now();
        self.store().transition(id, true, state, now).is_some()
    }

    /// Gives an order's delivery these codes; `false` when there is no such order.
    pub fn set_codes(&self, id: &str, codes: &[&str]) -> bool {
        let now = self.shared.clock.now();
        let fields = json!({"trackingCodes": codes});
        self.store().patch(id, true, &fields, now).is_some()
    }

    /// Takes pieces off a line (counted from 0), as staff does; `false` when there is none.
    pub fn take_off(&self, id: &str, line: usize, pieces: u64) -> bool {
        let mut store = self.store();
        let Some(order) = store.order_mut(id) else {
            return false;
        };
        let Some(line) = array(&mut order["lineItems"]).get_mut(line) else {
            return false;
        };
        let had = line["quantity"].as_u64().unwrap_or(0);
        line["quantity"] = json!(had.saturating_sub(pieces));
        true
    }

    /// The latest requests, as (method and path, body, answer).
    #[must_use]
    pub fn exchanges(&self) -> Vec<(String, Value, Value)> {
        lock(&self.shared.requests).clone()
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.shared.store)
    }

    fn token(&self) -> String {
        format!("token-{}", lock(&self.shared.token))
    }

    fn give_token(&self, body: &Value) -> (u16, Value) {
        let shared = &self.shared;
        if body["client_id"] != *shared.id || body["client_secret"] != shared.secret.expose() {
            return refusal(401, "10", "Client authentication failed");
        }
        let token = json!({
            "token_type": "Bearer", "expires_in": 600, "access_token": self.token(),
        });
        (200, token)
    }

    fn run(&self, method: &str, path: &str, inherits: bool, body: &Value) -> (u16, Value) {
        let now = self.shared.clock.now();
        let mut store = self.store();
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        match (method, parts.as_slice()) {
            ("GET", ["_info", "version"]) => (200, json!({"version": "6.6.7.0"})),
            ("POST", ["search", "order-delivery"]) => {
                found(search::search(store.deliveries().iter(), body))
            }
            ("POST", ["search", "product"]) => {
                let rows: Vec<Value> = store
                    .rows("product")
                    .map(|row| as_seen(row, inherits))
                    .collect();
                found(search::search(rows.iter(), body))
            }
            ("POST", ["search", entity]) => found(search::search(store.rows(entity), body)),
            ("POST", ["order"]) => match store.insert(body, now) {
                Ok(()) => (204, Value::Null),
                Err((code, text)) => refusal(400, code, &text),
            },
            ("POST", ["_action", "sync"]) => match store.sync(body, now) {
                Ok(()) => (200, json!({"data": [], "notFound": [], "deleted": []})),
                Err((code, text)) => refusal(400, code, &text),
            },
            ("PATCH", ["order", id]) => match store.patch(id, false, body, now) {
                Some(()) => (204, Value::Null),
                None => refusal(404, "FRAMEWORK__RESOURCE_NOT_FOUND", "no such order"),
            },
            ("POST", ["_action", "order", id, "state", "cancel"]) => {
                if body["sendMail"] != false {
                    return refusal(400, "MAIL", "the customer would be written to");
                }
                match store.transition(id, false, "cancelled", now) {
                    Some(()) => (200, json!({"technicalName": "cancelled"})),
                    None => refusal(400, "SYSTEM__ILLEGAL_STATE_TRANSITION", "not allowed"),
                }
            }
            _ => refusal(404, "0", "No route found"),
        }
    }
}

/// A product as it is read: what a variant lacks is its parent's only when that is asked for.
fn as_seen(row: &Value, inherits: bool) -> Value {
    let mut row = row.clone();
    let parents = row["inherited"]["tax"].take();
    if inherits && row["tax"].is_null() {
        row["tax"] = parents;
    }
    row
}

fn found(found: Result<Value, String>) -> (u16, Value) {
    match found {
        Ok(answer) => (200, answer),
        Err(text) => refusal(400, "FRAMEWORK__INVALID_UUID", &text),
    }
}

fn refusal(status: u16, code: &str, text: &str) -> (u16, Value) {
    let problem = json!({"status": status.to_string(), "code": code, "detail": text});
    (status, json!({"errors": [problem]}))
}

/// Every change is made whole before anything can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shop for Sandbox {
    fn name(&self, incoming: &Incoming) -> (String, bool) {
        let path = incoming.path.trim_start_matches("/api").to_owned();
        let reads =
            incoming.method == "GET" || path.starts_with("/search/") || path.starts_with("/oauth/");
        (path, reads)
    }

    fn execute(&self, incoming: &Incoming) -> Reply {
        let body: Value = serde_json::from_slice(&incoming.body).unwrap_or_default();
        let Some(path) = incoming.path.strip_prefix("/api") else {
            return Reply::json(404, &json!("not found"));
        };
        let bearer = format!("Bearer {}", self.token());
        let (status, answer) = if path == "/oauth/token" {
            self.give_token(&body)
        } else if incoming.header("authorization") != bearer {
            refusal(
                401,
                "9",
                "The resource owner or authorization server denied the request.",
            )
        } else {
            let inherits = incoming.header("sw-inheritance") == "1";
            let done = self.run(&incoming.method, path, inherits, &body);
            let mut requests = lock(&self.shared.requests);
            if requests.len() < REMEMBERED {
                let name = format!("{} {path}", incoming.method);
                requests.push((name, body, done.1.clone()));
            }
            done
        };
        if status == 204 {
            return Reply {
                status,
                body: Vec::new(),
            };
        }
        Reply::json(status, &answer)
    }

    fn hook(&self) -> Arc<dyn SandboxHook> {
        Arc::clone(&lock(&self.shared.hook))
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("orders", &self.orders().len())
            .finish_non_exhaustive()
    }
}
