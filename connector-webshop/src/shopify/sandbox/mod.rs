//! A small Shopify-compatible server on loopback, for demonstrations and tests.
//!
//! It keeps products, stock and orders, takes the connector's own documents and answers what they
//! ask for and nothing else. Requests and answers are checked against Shopify's schema by a test.
//!
//! **Deliberately absent**: everything the connector does not use. How Shopify itself behaves is
//! known from its documentation alone; where that leaves a choice, this server does the worse thing:
//! searches find too much or are behind, cancellations show late.

mod execute;
mod graphql;
mod refund;
mod store;

pub use crate::sandbox::hook::{Interference, SandboxHook, SandboxRequest};
pub use crate::sandbox::server::Running;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connector_http::Secret;
use order_core::ports::Clock;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::config::HEADER;
use super::documents;
use crate::sandbox::hook::NoHook;
use crate::sandbox::server::{self, Incoming, Reply, Shop};
use store::{Parcel, Product, Store};

/// Requests and answers that are remembered.
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
    exchanges: Mutex<Vec<(Value, Value)>>,
}

/// An order, as the warehouse sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxOrder {
    /// The number in Shopify's id.
    pub id: u64,
    /// Under which key it was created.
    pub key: Option<String>,
    /// What it comes to.
    pub total: Decimal,
    /// Whether it is cancelled.
    pub cancelled: bool,
    /// Its fulfilment status.
    pub status: &'static str,
    /// The address the shop would write to.
    pub email: Option<String>,
    /// What staff see written with it.
    pub note: Option<String>,
    /// Pieces of each line that are still to be sent.
    pub open: Vec<u32>,
    /// What was given back of the payment, each time that pieces were refunded.
    pub refunds: Vec<Decimal>,
}

impl Sandbox {
    /// An empty shop that takes this access token. It has the definition of the key's metafield.
    #[must_use]
    pub fn new(token: &str, clock: Arc<dyn Clock>) -> Self {
        let store = Store {
            has_key_definition: true,
            locations_readable: true,
            ..Store::default()
        };
        let shared = Shared {
            token: Secret::new(token),
            clock,
            store: Mutex::new(store),
            hook: Mutex::new(Arc::new(NoHook)),
            exchanges: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Adds a product with an article number, a barcode (empty for none) and stock.
    pub fn add_product(&self, sku: &str, barcode: &str, stock: i64) {
        let mut store = self.store();
        let id = store.next_id();
        store.products.push(Product {
            id,
            sku: sku.to_owned(),
            barcode: barcode.to_owned(),
            stock,
        });
    }

    /// How many there are of an article.
    #[must_use]
    pub fn stock(&self, sku: &str) -> Option<i64> {
        let store = self.store();
        let product = store.products.iter().find(|own| own.sku == sku);
        product.map(|product| product.stock)
    }

    /// Whether the shop has the definition of the metafield that holds the key.
    pub fn set_key_definition(&self, has: bool) {
        self.store().has_key_definition = has;
    }

    /// Whether the app has the access scope that lets it read locations.
    pub fn set_locations_readable(&self, readable: bool) {
        self.store().locations_readable = readable;
    }

    /// Whether searches miss orders that are made from now on; when it ends, they show.
    pub fn set_search_behind(&self, behind: bool) {
        let mut store = self.store();
        store.search_is_behind = behind;
        for order in store.orders.values_mut() {
            order.indexed |= !behind;
        }
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
        let seen = |order: &store::Order| SandboxOrder {
            id: order.id,
            key: order.source_identifier.clone(),
            total: order.total(),
            cancelled: order.cancelled.is_some(),
            status: order.status(),
            email: order.email.clone(),
            note: order.note.clone(),
            open: order.lines.iter().map(|line| order.open(line)).collect(),
            refunds: order.refunds.clone(),
        };
        store.orders.values().map(seen).collect()
    }

    /// Sends pieces of the lines (counted from 0) in one parcel with these codes, as (company,
    /// number); `false` when there is no such order.
    pub fn fulfil(&self, id: u64, pieces: &[(usize, u32)], codes: &[(&str, &str)]) -> bool {
        let created = self.shared.clock.now();
        let mut store = self.store();
        let parcel = store.next_id();
        let Some(order) = store.orders.get_mut(&id) else {
            return false;
        };
        let lines = pieces
            .iter()
            .filter_map(|(at, pieces)| Some((order.lines.get(*at)?.id, *pieces)))
            .collect();
        order.parcels.push(Parcel {
            id: parcel,
            status: "SUCCESS",
            created,
            codes: owned(codes),
            lines,
        });
        order.updated = created;
        true
    }

    /// Sends all that is left; `false` when there is no such order.
    pub fn fulfil_rest(&self, id: u64, codes: &[(&str, &str)]) -> bool {
        let open = self.orders().into_iter().find(|order| order.id == id);
        let Some(order) = open else {
            return false;
        };
        let pieces: Vec<(usize, u32)> = order
            .open
            .into_iter()
            .enumerate()
            .filter(|(_, pieces)| *pieces > 0)
            .collect();
        self.fulfil(id, &pieces, codes)
    }

    /// Gives the last parcel of an order these codes; `false` when there is none.
    pub fn set_codes(&self, id: u64, codes: &[(&str, &str)]) -> bool {
        let now = self.shared.clock.now();
        let mut store = self.store();
        let Some(order) = store.orders.get_mut(&id) else {
            return false;
        };
        order.updated = now;
        let Some(parcel) = order.parcels.last_mut() else {
            return false;
        };
        parcel.codes = owned(codes);
        true
    }

    /// Refunds pieces of a line (counted from 0) that were not sent; `false` when there is none.
    pub fn refund(&self, id: u64, line: usize, pieces: u32) -> bool {
        let now = self.shared.clock.now();
        let mut store = self.store();
        let order = store.orders.get_mut(&id);
        let Some(order) = order else { return false };
        order.updated = now;
        let Some(line) = order.lines.get_mut(line) else {
            return false;
        };
        line.current = line.current.saturating_sub(pieces);
        true
    }

    /// The latest requests (with name, document and variables) and their answers.
    #[must_use]
    pub fn exchanges(&self) -> Vec<(Value, Value)> {
        lock(&self.shared.exchanges).clone()
    }

    /// Every document that the connector may send.
    #[must_use]
    pub fn documents() -> Vec<(&'static str, &'static str)> {
        let all = documents::ALL.iter();
        all.map(|document| (document.name, document.text)).collect()
    }

    /// The version of the Admin API that the documents are written for.
    #[must_use]
    pub fn version() -> &'static str {
        documents::VERSION
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.shared.store)
    }

    fn run(&self, request: &Value) -> Value {
        let text = request["query"].as_str().unwrap_or_default();
        let parsed = graphql::Request::parse(text, &request["variables"]);
        let now = self.shared.clock.now();
        let mut store = self.store();
        let answer =
            parsed.and_then(|parsed| parsed.answer(|field| execute::field(&mut store, field, now)));
        let cost = json!({
            "requestedQueryCost": 12, "actualQueryCost": 10,
            "throttleStatus": {
                "maximumAvailable": 2000.0, "currentlyAvailable": 1990, "restoreRate": 100.0,
            },
        });
        let extensions = json!({"cost": cost});
        match answer {
            Ok(data) => json!({"data": data, "extensions": extensions}),
            Err(message) => {
                let mut error = json!({"message": message});
                if message.starts_with("Access denied") {
                    error["extensions"] = json!({"code": "ACCESS_DENIED"});
                }
                json!({"errors": [error], "extensions": extensions})
            }
        }
    }
}

/// Every change is made whole before anything can panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn owned(codes: &[(&str, &str)]) -> Vec<(String, String)> {
    let codes = codes.iter();
    codes
        .map(|(company, number)| ((*company).to_owned(), (*number).to_owned()))
        .collect()
}

impl Shop for Sandbox {
    fn name(&self, incoming: &Incoming) -> (String, bool) {
        let request: Value = serde_json::from_slice(&incoming.body).unwrap_or_default();
        let name = request["operationName"].as_str().unwrap_or_default();
        let known = documents::ALL.iter().find(|own| own.name == name);
        (name.to_owned(), known.is_none_or(|own| own.reads))
    }

    fn execute(&self, incoming: &Incoming) -> Reply {
        let address = format!("/admin/api/{}/graphql.json", documents::VERSION);
        if incoming.method != "POST" || incoming.path != address {
            return Reply::json(404, &json!({"errors": "Not Found"}));
        }
        if incoming.header(HEADER) != self.shared.token.expose() {
            let text =
                "[API] Invalid API key or access token (unrecognized login or wrong password)";
            return Reply::json(401, &json!({"errors": text}));
        }
        let request: Value = serde_json::from_slice(&incoming.body).unwrap_or_default();
        let answer = self.run(&request);
        let mut exchanges = lock(&self.shared.exchanges);
        if exchanges.len() < REMEMBERED {
            exchanges.push((request, answer.clone()));
        }
        drop(exchanges);
        Reply::json(200, &answer)
    }

    fn hook(&self) -> Arc<dyn SandboxHook> {
        Arc::clone(&lock(&self.shared.hook))
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("orders", &self.store().orders.len())
            .finish_non_exhaustive()
    }
}
