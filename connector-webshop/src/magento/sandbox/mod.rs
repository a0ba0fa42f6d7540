//! A small Magento-compatible server on loopback, for demonstrations and tests.
//!
//! It keeps products, orders, shipments and comments, understands the searches the connector makes,
//! and refuses what the real one refuses: a number that is taken, an invoice of what is invoiced, a
//! credit memo of more than there is. Its answers have the shape of the published schema.
//!
//! **Deliberately absent**: stock (orders that come through the API move none), tax, carts,
//! customers and the storefront.

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
use store::{Refused, Store, count, open};

/// Requests that are remembered.
const REMEMBERED: usize = 1000;

/// A shop. Clones are the same shop.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    token: Secret,
    clock: Arc<dyn Clock>,
    store: Mutex<Store>,
    hook: Mutex<Arc<dyn SandboxHook>>,
    exchanges: Mutex<Vec<SandboxExchange>>,
}

/// A request and its answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SandboxExchange {
    /// Method and path with its places, as in the published schema.
    pub operation: String,
    /// The names and values of the query.
    pub query: Vec<(String, String)>,
    /// The body; null for none.
    pub body: Value,
    /// The answer's status.
    pub status: u16,
    /// The answer.
    pub answer: Value,
}

/// An order, as the warehouse sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxOrder {
    /// Its id.
    pub id: u64,
    /// Its number, which is the key under which it was created.
    pub number: String,
    /// Its state.
    pub state: String,
    /// The address the shop would write to.
    pub email: String,
    /// Pieces of each line that are still to be sent.
    pub open: Vec<u64>,
}

impl Sandbox {
    /// An empty shop with the store view `default` in Euro that takes this token.
    #[must_use]
    pub fn new(token: &str, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared {
            token: Secret::new(token),
            clock,
            store: Mutex::default(),
            hook: Mutex::new(Arc::new(NoHook)),
            exchanges: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Adds a product with its SKU and an EAN (empty for none) in the attribute `ean`.
    pub fn add_product(&self, sku: &str, ean: &str) {
        let mut store = self.store();
        let id = store.next_id();
        store.products.push(json!({
            "id": id, "sku": sku, "name": format!("Article {sku}"), "type_id": "simple",
            "status": 1, "custom_attributes": [{"attribute_code": "ean", "value": ean}],
        }));
    }

    /// What happens to requests from now on.
    pub fn set_hook(&self, hook: Arc<dyn SandboxHook>) {
        *lock(&self.shared.hook) = hook;
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
            id: order["entity_id"].as_u64().unwrap_or(0),
            number: text(&order["increment_id"]),
            state: text(&order["state"]),
            email: text(&order["customer_email"]),
            open: order["items"]
                .as_array()
                .into_iter()
                .flatten()
                .map(open)
                .collect(),
        };
        store.orders.iter().map(seen).collect()
    }

    /// The comments of an order, oldest first.
    #[must_use]
    pub fn comments(&self, id: u64) -> Vec<String> {
        let store = self.store();
        let own = store.comments.iter().filter(|own| own["parent_id"] == id);
        own.filter_map(|own| own["comment"].as_str().map(str::to_owned))
            .collect()
    }

    /// Sends pieces of the lines (counted from 0) in one shipment with these codes, as (title,
    /// code); `false` when there is no such order.
    pub fn ship(&self, id: u64, pieces: &[(usize, u32)], codes: &[(&str, &str)]) -> bool {
        let now = self.shared.clock.now();
        self.store().ship(id, pieces, codes, now).is_ok()
    }

    /// Sends all that is left; `false` when there is no such order.
    pub fn ship_rest(&self, id: u64, codes: &[(&str, &str)]) -> bool {
        let Some(order) = self.orders().into_iter().find(|order| order.id == id) else {
            return false;
        };
        let rest = order.open.iter().enumerate();
        let rest: Vec<(usize, u32)> = rest
            .filter(|(_, open)| **open > 0)
            .filter_map(|(at, open)| Some((at, u32::try_from(*open).ok()?)))
            .collect();
        self.ship(id, &rest, codes)
    }

    /// Adds a code to an order's last shipment.
    pub fn add_track(&self, id: u64, title: &str, code: &str) {
        let now = self.shared.clock.now();
        self.store().add_track(id, title, code, now);
    }

    /// Takes pieces of a line (counted from 0) off an order with a credit memo; `false` when that
    /// is refused.
    pub fn refund(&self, id: u64, line: usize, pieces: u64) -> bool {
        let now = self.shared.clock.now();
        let mut store = self.store();
        let item = store
            .order(id)
            .map(|order| order["items"][line]["item_id"].clone());
        let Some(item) = item.and_then(|item| item.as_u64()) else {
            return false;
        };
        store.refund(id, &[(item, pieces)], now).is_ok()
    }

    /// Changes an order as it will be answered, whatever it becomes.
    pub fn change(&self, id: u64, change: impl FnOnce(&mut Value)) {
        let mut store = self.store();
        let mut orders = store.orders.iter_mut();
        if let Some(order) = orders.find(|order| order["entity_id"] == id) {
            change(order);
        }
    }

    /// The latest requests and their answers.
    #[must_use]
    pub fn exchanges(&self) -> Vec<SandboxExchange> {
        lock(&self.shared.exchanges).clone()
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.shared.store)
    }

    fn run(&self, operation: &str, incoming: &Incoming, body: &Value) -> Result<Value, Refused> {
        let now = self.shared.clock.now();
        let query = search::pairs(&incoming.query);
        let mut store = self.store();
        let id = || {
            let mut parts = incoming.path.rsplit('/');
            parts.find_map(|part| part.parse().ok()).unwrap_or(0)
        };
        let bad = |text: String| (400, text);
        match operation {
            "GET /V1/orders" => search::search(store.orders.iter(), &query).map_err(bad),
            "GET /V1/shipments" => search::search(store.shipments.iter(), &query).map_err(bad),
            "GET /V1/products" => search::search(store.products.iter(), &query).map_err(bad),
            "GET /V1/orders/{id}" => store.order(id()).cloned().ok_or_else(absent),
            "GET /V1/orders/{id}/comments" => {
                let own = store.comments.iter().filter(|own| own["parent_id"] == id());
                search::search(own, &query).map_err(bad)
            }
            "POST /V1/orders" => store.insert(&body["entity"], now),
            "POST /V1/orders/{id}/cancel" => store.cancel(id(), now).map(|done| json!(done)),
            "POST /V1/orders/{id}/comments" => store
                .comment(id(), &body["statusHistory"], now)
                .map(|()| json!(true)),
            "POST /V1/order/{orderId}/invoice" => store.invoice(id(), now).map(|id| json!(id)),
            "POST /V1/order/{orderId}/refund" => {
                let parts = body["items"].as_array().into_iter().flatten();
                let parts: Vec<(u64, u64)> = parts
                    .map(|part| (count(part, "order_item_id"), count(part, "qty")))
                    .collect();
                store.refund(id(), &parts, now).map(|id| json!(id))
            }
            "GET /V1/store/storeConfigs" => Ok(json!([store_config()])),
            "GET /V1/store/storeViews" => Ok(json!([{
                "id": 1, "code": "default", "name": "Default Store View", "website_id": 1,
                "store_group_id": 1, "is_active": 1,
            }])),
            _ => Err((404, "Request does not match any route.".to_owned())),
        }
    }
}

fn absent() -> Refused {
    let text = "The entity that was requested doesn't exist. Verify the entity and try again.";
    (404, text.to_owned())
}

fn store_config() -> Value {
    let url = "https://shop.example/";
    json!({
        "id": 1, "code": "default", "website_id": 1, "locale": "nl_NL",
        "base_currency_code": "EUR", "default_display_currency_code": "EUR",
        "timezone": "Europe/Amsterdam", "weight_unit": "kgs", "base_url": url,
        "base_link_url": url, "base_static_url": url, "base_media_url": url,
        "secure_base_url": url, "secure_base_link_url": url, "secure_base_static_url": url,
        "secure_base_media_url": url,
    })
}

/// The path with its places, as in the published schema.
fn operation(method: &str, path: &str) -> String {
    let path = path.strip_prefix("/rest/default").unwrap_or(path);
    let parts: Vec<&str> = path.split('/').collect();
    let path = match parts.as_slice() {
        ["", "V1", "orders", _] => "/V1/orders/{id}",
        ["", "V1", "orders", _, "comments"] => "/V1/orders/{id}/comments",
        ["", "V1", "orders", _, "cancel"] => "/V1/orders/{id}/cancel",
        ["", "V1", "order", _, "invoice"] => "/V1/order/{orderId}/invoice",
        ["", "V1", "order", _, "refund"] => "/V1/order/{orderId}/refund",
        _ => path,
    };
    format!("{method} {path}")
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Every change is made whole before anything can panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shop for Sandbox {
    fn name(&self, incoming: &Incoming) -> (String, bool) {
        let operation = operation(&incoming.method, &incoming.path);
        let path = operation.split(' ').next_back().unwrap_or_default();
        (path.to_owned(), incoming.method == "GET")
    }

    fn execute(&self, incoming: &Incoming) -> Reply {
        let bearer = format!("Bearer {}", self.shared.token.expose());
        if incoming.header("authorization") != bearer {
            let text = "The consumer isn't authorized to access %resources.";
            let refusal = json!({"message": text, "parameters": {"resources": "Magento_Sales"}});
            return Reply::json(401, &refusal);
        }
        let body = serde_json::from_slice(&incoming.body).unwrap_or_default();
        let operation = operation(&incoming.method, &incoming.path);
        let (status, answer) = match self.run(&operation, incoming, &body) {
            Ok(answer) => (200, answer),
            Err((status, text)) => (status, json!({"message": text})),
        };
        let mut exchanges = lock(&self.shared.exchanges);
        if exchanges.len() < REMEMBERED {
            exchanges.push(SandboxExchange {
                operation,
                query: search::pairs(&incoming.query).into_iter().collect(),
                body,
                status,
                answer: answer.clone(),
            });
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
