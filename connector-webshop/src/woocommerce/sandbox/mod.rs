//! A small WooCommerce-compatible server on loopback, for demonstrations and tests.
//!
//! It keeps products, stock, tax rates and orders, computes tax as the real one does, knows drafts,
//! the trash and the exact filter `created_via`, and refuses what the real one refuses. Its answers
//! have the shape of recorded ones. Requests must be signed (OAuth 1.0a), as the real one demands
//! over plain http.
//!
//! ```no_run
//! # async fn example(clock: std::sync::Arc<dyn order_core::ports::Clock>) -> std::io::Result<()> {
//! use connector_webshop::woocommerce::sandbox::{Sandbox, SandboxProduct, SandboxTracking};
//!
//! let sandbox = Sandbox::new("ck_demo", "cs_demo", clock);
//! sandbox.add_product(SandboxProduct::new("TB-001", "Toothbrush", 100));
//! sandbox.add_rate("NL", 21.into());
//! let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await?;
//! println!("the shop is at {}", running.url());
//!
//! // The warehouse: send what is there to be sent.
//! for order in sandbox.orders().iter().filter(|order| order.status == "processing") {
//!     sandbox.complete(order.id, Some(&SandboxTracking::new("3SABCD1234567", "PostNL")));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! **Deliberately absent**: everything the connector does not use, such as coupons,
//! customers, webhooks and the storefront.

mod answers;
mod lists;
mod refunds;
mod routes;
mod server;
mod store;
mod write;

pub use crate::sandbox::hook::{Interference, SandboxHook, SandboxRequest};
pub use server::Running;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connector_http::Secret;
use order_core::ports::Clock;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::sandbox::hook::NoHook;
use store::{Meta, Rate, Store};

/// A shop. Clones are the same shop.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
}

struct Shared {
    key: String,
    secret: Secret,
    clock: Arc<dyn Clock>,
    store: Mutex<Store>,
    hook: Mutex<Arc<dyn SandboxHook>>,
}

/// A product of the shop.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SandboxProduct {
    /// The seller's article number.
    pub sku: String,
    /// EAN or other GTIN; empty for none.
    pub gtin: String,
    /// Its name.
    pub name: String,
    /// How many there are.
    pub stock: i64,
}

impl SandboxProduct {
    /// A product without a GTIN.
    #[must_use]
    pub fn new(sku: &str, name: &str, stock: i64) -> Self {
        Self {
            sku: sku.to_owned(),
            gtin: String::new(),
            name: name.to_owned(),
            stock,
        }
    }

    /// With a GTIN.
    #[must_use]
    pub fn with_gtin(mut self, gtin: &str) -> Self {
        gtin.clone_into(&mut self.gtin);
        self
    }
}

/// A T&T code as the warehouse enters it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SandboxTracking {
    /// The code.
    pub code: String,
    /// The transporter's name.
    pub provider: String,
}

impl SandboxTracking {
    /// A code and the transporter's name.
    #[must_use]
    pub fn new(code: &str, provider: &str) -> Self {
        Self {
            code: code.to_owned(),
            provider: provider.to_owned(),
        }
    }
}

/// An order, as the warehouse sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxOrder {
    /// The shop's id.
    pub id: u64,
    /// Its status.
    pub status: String,
    /// Under which key it was created.
    pub created_via: String,
    /// What it comes to.
    pub total: Decimal,
    /// The shop's lines: id and pieces.
    pub lines: Vec<(u64, u32)>,
}

impl Sandbox {
    /// An empty shop that takes this key and secret.
    #[must_use]
    pub fn new(key: &str, secret: &str, clock: Arc<dyn Clock>) -> Self {
        let shared = Shared {
            key: key.to_owned(),
            secret: Secret::new(secret),
            clock,
            store: Mutex::new(Store::default()),
            hook: Mutex::new(Arc::new(NoHook)),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Adds a product; its id.
    pub fn add_product(&self, product: SandboxProduct) -> u64 {
        let now = self.second();
        self.store().add_product(product, now)
    }

    /// Keeps orders as posts, as shops without order tables do.
    pub fn set_classic_storage(&self, classic: bool) {
        self.store().classic = classic;
    }

    /// Adds a tax rate for a country (two letters); its id. A country without one is untaxed.
    pub fn add_rate(&self, country: &str, percent: Decimal) -> u64 {
        let mut store = self.store();
        let id = store.rates.iter().map(|rate| rate.id).max().unwrap_or(0) + 1;
        store.rates.push(Rate {
            id,
            country: country.to_ascii_uppercase(),
            percent,
        });
        id
    }

    /// What happens to requests from now on.
    pub fn set_hook(&self, hook: Arc<dyn SandboxHook>) {
        *self
            .shared
            .hook
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = hook;
    }

    /// Serves the shop until the answer is dropped.
    ///
    /// # Errors
    ///
    /// When the address is not of this machine or is taken.
    pub async fn serve(&self, address: SocketAddr) -> std::io::Result<Running> {
        server::serve(self.clone(), address).await
    }

    /// The shop as an axum router, to be served together with others: put it in as their
    /// `fallback_service`. Nesting it under a path would change the addresses that are signed.
    pub fn router(&self) -> axum::Router {
        server::router(self.clone())
    }

    /// Every order, drafts and the trash included, oldest first.
    #[must_use]
    pub fn orders(&self) -> Vec<SandboxOrder> {
        let store = self.store();
        let seen = |order: &store::Order| SandboxOrder {
            id: order.id,
            status: order.status.clone(),
            created_via: order.created_via.clone(),
            total: order.totals(&store.rates).total,
            lines: order
                .lines
                .iter()
                .map(|line| (line.id, line.quantity))
                .collect(),
        };
        store.orders.values().map(seen).collect()
    }

    /// Gives an order another status, as staff does; `false` when there is no such order.
    pub fn set_status(&self, id: u64, status: &str) -> bool {
        let now = self.second();
        self.store().set_status(id, status, now)
    }

    /// Completes an order as the warehouse does, with a code or without; `false` when there is no
    /// such order.
    pub fn complete(&self, id: u64, tracking: Option<&SandboxTracking>) -> bool {
        let coded = tracking.is_none_or(|tracking| self.add_tracking(id, tracking));
        coded && self.set_status(id, "completed")
    }

    /// Adds a T&T code the way Advanced Shipment Tracking does; `false` when there is no such order.
    pub fn add_tracking(&self, id: u64, tracking: &SandboxTracking) -> bool {
        let now = self.second();
        let item = json!({
            "tracking_provider": tracking.provider,
            "custom_tracking_provider": "",
            "custom_tracking_link": "",
            "tracking_number": tracking.code,
            "tracking_product_code": "",
            "source": "REST_API",
            "date_shipped": now.timestamp(),
            "status_shipped": "0",
            "tracking_id": format!("{id}-{}", tracking.code),
            "user_id": 1,
        });
        self.store()
            .add_to_list(id, "_wc_shipment_tracking_items", item, now)
    }

    /// Puts pieces of the shop's lines into a parcel, as WooCommerce's own fulfilments do; `false`
    /// when there is no such order.
    pub fn fulfil(
        &self,
        id: u64,
        pieces: &[(u64, u32)],
        tracking: Option<&SandboxTracking>,
    ) -> bool {
        let now = self.second();
        self.store().fulfil(id, pieces, tracking, now)
    }

    /// Refunds pieces of one of the shop's lines without a payment, as staff does; `false` when that
    /// is refused.
    pub fn refund(&self, id: u64, line: u64, pieces: u32) -> bool {
        let now = self.second();
        refunds::by_staff(&mut self.store(), id, line, pieces, now)
    }

    /// The notes of an order, oldest first.
    #[must_use]
    pub fn notes(&self, id: u64) -> Vec<String> {
        let store = self.store();
        let order = store.orders.get(&id);
        order.map(|order| order.notes.clone()).unwrap_or_default()
    }

    /// Sets any meta data of an order, as a plug-in does; `false` when there is no such order.
    pub fn set_meta(&self, id: u64, key: &str, value: Value) -> bool {
        let now = self.second();
        let mut store = self.store();
        let (meta_id, classic) = (store.next_row(), store.classic);
        let Some(order) = store.orders.get_mut(&id) else {
            return false;
        };
        order.meta.retain(|own| own.key != key);
        order.meta.push(Meta {
            id: meta_id,
            key: key.to_owned(),
            value,
        });
        if !classic {
            order.modified = now;
        }
        true
    }

    /// The whole truth as JSON, in the form that [`Sandbox::restore`] takes.
    #[must_use]
    pub fn state(&self) -> Value {
        serde_json::to_value(&*self.store()).unwrap_or_default()
    }

    /// Becomes the shop that [`Sandbox::state`] described.
    ///
    /// # Errors
    ///
    /// When it is not such a description; nothing changes then.
    pub fn restore(&self, state: Value) -> Result<(), serde_json::Error> {
        *self.store() = serde_json::from_value(state)?;
        Ok(())
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // Every change is made whole before anything can panic.
        self.shared
            .store
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn hook(&self) -> Arc<dyn SandboxHook> {
        Arc::clone(
            &self
                .shared
                .hook
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Now, in whole seconds: the shop knows no smaller ones.
    fn second(&self) -> chrono::DateTime<chrono::Utc> {
        let now = self.shared.clock.now();
        chrono::DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now)
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("orders", &self.store().orders.len())
            .finish_non_exhaustive()
    }
}
