//! The whole line on real parts: a bol-compatible server, the engine over SQLite, a real WooCommerce
//! that is running already, and back.
//!
//! Which shop, and what must be in it, is said in `connector-webshop/tests/woocommerce_live`; where
//! none is named the test says that it was left out.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]
#![expect(
    clippy::expect_used,
    reason = "the shop's own file is shared with the connector's tests"
)]

#[path = "../../connector-webshop/tests/woocommerce_live/shop.rs"]
#[expect(dead_code, reason = "the connector's tests use the rest")]
mod shop;

use std::sync::Arc;
use std::time::Duration;

use carrier_detect::Detector;
use connector_http::Secret;
use connector_marketplace::bol::sandbox as bol;
use connector_webshop::woocommerce::WooCommerceConfig;
use order_core::engine::{Connection, Engine};
use order_core::ids::{ConnectionId, OrderKey};
use order_core::policy::Policy;
use order_core::ports::{Clock, OrderStore, SystemClock};
use order_core::state::{Confirmation, Order, Status};
use order_store::SqliteStore;
use serde_json::Value;
use shop::Shop;

struct Line {
    clock: Arc<dyn Clock>,
    marketplace: bol::Sandbox,
    shop: &'static Shop,
    store: Arc<SqliteStore>,
    engine: Engine,
    connection: Connection,
    _directory: tempfile::TempDir,
}

impl Line {
    async fn start(shop: &'static Shop) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let settings = bol::Settings {
            processing: Duration::from_secs(1),
            ..bol::Settings::default()
        };
        let marketplace = bol::Sandbox::start(settings, Arc::clone(&clock))
            .await
            .unwrap();
        let mut webshop = WooCommerceConfig::new(
            &*shop.url,
            Secret::new(&*shop.key),
            Secret::new(&*shop.secret),
        );
        webshop.classic_storage = shop.classic;
        let connection = Connection {
            id: ConnectionId::from("bol-nl"),
            marketplace: Arc::new(marketplace.config().build(Arc::clone(&clock)).unwrap()),
            webshop: Arc::new(webshop.build(Arc::clone(&clock)).unwrap()),
            detector: Arc::new(Detector),
            policy: fast_policy(),
        };
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("orders.sqlite")).unwrap();
        let store = Arc::new(store);
        store
            .register(connection.id.clone(), clock.now())
            .await
            .unwrap();
        let engine = Engine::new(
            Arc::clone(&store) as Arc<dyn OrderStore>,
            Arc::clone(&clock),
        );
        Self {
            clock,
            marketplace,
            shop,
            store,
            engine,
            connection,
            _directory: directory,
        }
    }

    async fn cycle(&self) {
        let ids = [self.connection.id.clone()];
        let lease = Duration::from_secs(180);
        let held = self.engine.claim("test", &ids, lease, true).await.unwrap();
        let mut held = held.unwrap();
        let report = self.engine.run_cycle(&self.connection, &mut held).await;
        self.engine.release(&self.connection, held).await.unwrap();
        assert_eq!((report.paused, report.troubles), (None, Vec::new()));
    }

    /// Cycles until the test passes.
    async fn until(&self, what: &str, passes: impl AsyncFn() -> bool) {
        let end = self.clock.monotonic() + Duration::from_secs(60);
        while !passes().await {
            assert!(
                self.clock.monotonic() < end,
                "{what} did not happen: {}",
                self.marketplace.state()
            );
            self.cycle().await;
            self.clock.sleep(Duration::from_millis(300)).await;
        }
    }

    async fn order(&self, id: &str) -> Option<Order> {
        let key = OrderKey::new(self.connection.id.clone(), id);
        let order = self.store.load(key).await.unwrap()?;
        assert_eq!(order.problem(), None, "{id}");
        Some(order)
    }

    async fn status(&self, id: &str) -> Option<Status> {
        self.order(id).await.map(|order| order.status())
    }

    /// Whether every shipment of an order was seen at the marketplace afterwards.
    async fn verified(&self, id: &str) -> bool {
        self.order(id).await.is_some_and(|order| {
            let mut shipments = order.state.shipments.iter();
            !order.state.shipments.is_empty()
                && shipments.all(|it| matches!(it.confirmation, Confirmation::Verified { .. }))
        })
    }

    /// The order of the shop that counts; there must never be two.
    fn in_shop(&self, id: &str) -> Value {
        let mut under = self.shop.under(&format!("bol:{id}"));
        assert_eq!(under.len(), 1, "{under:?}");
        self.shop.order(&under.remove(0).0)
    }

    /// The marketplace's shipments of an order, oldest first: pieces, code, transporter.
    fn shipments(&self, id: &str) -> Vec<(u64, Option<String>, Option<String>)> {
        let state = self.marketplace.state();
        let mut shipments: Vec<_> = state["shipments"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|shipment| shipment["order"] == id)
            .map(|shipment| {
                let items = shipment["items"].as_array().unwrap().iter();
                let text = |name: &str| shipment[name].as_str().map(str::to_owned);
                let pieces = items.map(|item| item[1].as_u64().unwrap()).sum();
                (pieces, text("code"), text("transporter"))
            })
            .collect();
        shipments.reverse();
        shipments
    }
}

fn fast_policy() -> Policy {
    let mut policy = Policy::new("bol");
    policy.poll_interval = Duration::from_millis(500);
    policy.sweep_interval = Duration::from_secs(5);
    policy.shop_reread = Duration::from_secs(2);
    policy.tracking_wait = Duration::from_secs(4);
    policy.min_looks = 1;
    policy.verify_after = Duration::from_secs(1);
    policy.retry_first = Duration::from_millis(500);
    policy.retry_max = Duration::from_secs(2);
    policy
}

/// What becomes of each order.
const CODED: usize = 0;
const BARE: usize = 1;
const PARTS: usize = 2;
const CANCELLED: usize = 3;
/// Found by its EAN alone.
const BY_EAN: usize = 4;

fn orders(run: &str) -> Vec<bol::NewOrder> {
    let order = |at: usize| {
        let id = format!("C{run}{at}");
        let mut order = (0_u64..)
            .map(|seed| bol::NewOrder::sample(&id, seed))
            .find(|order| order.shipment_details["countryCode"] == "NL")
            .unwrap();
        let item = |line: u32, sku: &str, pieces: u32, cents: u64| {
            bol::NewItem::new(&format!("{id}{line}"), sku, pieces, cents)
        };
        order.items = vec![item(1, "TB-001", 2, 999), item(2, "BK-003", 1, 1255)];
        if at == BY_EAN {
            let mut floss = item(1, "", 3, 605);
            floss.ean = "8710398514899".to_owned();
            order.items = vec![floss];
        }
        order
    };
    (0..5).map(order).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_go_to_a_real_woocommerce_once_and_their_parcels_come_back_once() {
    let Some(shop) = shop::running() else {
        return;
    };
    let line = Line::start(shop).await;
    let orders = orders(&shop.run);
    for order in &orders {
        line.marketplace.add_order(order.clone());
    }
    let ids: Vec<&str> = orders.iter().map(|order| order.id.as_str()).collect();
    created(&line, &ids).await;
    sent(&line, &ids).await;
    nothing_is_doubled(&line, &ids).await;
}

/// Every order is in the webshop, once, paid, to the cent.
async fn created(line: &Line, ids: &[&str]) {
    let everywhere = async || {
        for id in ids {
            let linked = line.order(id).await;
            if linked.is_none_or(|order| order.state.linked().is_none()) {
                return false;
            }
        }
        true
    };
    line.until("creating", everywhere).await;
    for (at, id) in ids.iter().enumerate() {
        let found = line.in_shop(id);
        assert_eq!(found["status"], "processing", "{found}");
        let total = if at == BY_EAN { "18.15" } else { "32.53" };
        assert_eq!(found["total"], total, "{found}");
        assert!(found["date_paid_gmt"].is_string(), "{found}");
        assert_eq!(found["shipping"]["country"], "NL", "{found}");
        assert_eq!(line.status(id).await, Some(Status::NotShipped));
    }
}

/// The warehouse sends them, each in its way, and the marketplace learns it.
async fn sent(line: &Line, ids: &[&str]) {
    let numbers: Vec<String> = ids
        .iter()
        .map(|id| line.in_shop(id)["id"].to_string())
        .collect();
    let number = |at: usize| numbers[at].as_str();
    let items = |at: usize| [format!("{}1", ids[at]), format!("{}2", ids[at])];
    line.shop.track(number(CODED), "3SABCD1234567", "PostNL");
    line.shop.status(number(CODED), "completed");
    line.shop.status(number(BARE), "completed");
    let [first, second] = items(PARTS);
    line.shop
        .fulfil(number(PARTS), &[(&first, 1)], "3SABCD7654321");
    line.marketplace.cancel_order(ids[CANCELLED]);
    line.shop
        .track(number(BY_EAN), "JVGL06270000000000012345", "DHL");
    line.shop.status(number(BY_EAN), "completed");

    let waiting = async || line.status(ids[BARE]).await == Some(Status::Waiting);
    line.until("the wait for a code", waiting).await;
    let parcels = async || {
        let shipped = |at: usize| line.shipments(ids[at]).len() == 1;
        [CODED, BARE, PARTS, BY_EAN].into_iter().all(shipped)
    };
    line.until("confirming", parcels).await;
    assert_eq!(
        line.status(ids[PARTS]).await,
        Some(Status::PartiallyShipped)
    );
    let cancelled = async || line.status(ids[CANCELLED]).await == Some(Status::Cancelled);
    line.until("cancelling", cancelled).await;
    let there = async || line.in_shop(ids[CANCELLED])["status"] == "cancelled";
    line.until("cancelling in the shop", there).await;

    let rest = [(first.as_str(), 1), (second.as_str(), 1)];
    line.shop.fulfil(number(PARTS), &rest, "3SABCD7654322");
    line.shop.status(number(PARTS), "completed");
    let seen = async || {
        for at in [CODED, BARE, PARTS, BY_EAN] {
            if !line.verified(ids[at]).await || line.status(ids[at]).await != Some(Status::Shipped)
            {
                return false;
            }
        }
        true
    };
    line.until("reading back", seen).await;
}

/// However often both sides are looked at afterwards.
async fn nothing_is_doubled(line: &Line, ids: &[&str]) {
    for _ in 0..6 {
        line.cycle().await;
        line.clock.sleep(Duration::from_millis(700)).await;
    }
    let parcel = |pieces: u64, code: &str, transporter: &str| {
        (pieces, Some(code.to_owned()), Some(transporter.to_owned()))
    };
    assert_eq!(
        line.shipments(ids[CODED]),
        [parcel(3, "3SABCD1234567", "TNT")]
    );
    assert_eq!(line.shipments(ids[BARE]), [(3, None, None)]);
    let both = [
        parcel(1, "3SABCD7654321", "TNT"),
        parcel(2, "3SABCD7654322", "TNT"),
    ];
    assert_eq!(line.shipments(ids[PARTS]), both);
    assert_eq!(line.shipments(ids[CANCELLED]), []);
    let dhl = parcel(3, "JVGL06270000000000012345", "DHLFORYOU");
    assert_eq!(line.shipments(ids[BY_EAN]), [dhl]);
    for (at, id) in ids.iter().enumerate() {
        let wanted = if at == CANCELLED {
            "cancelled"
        } else {
            "completed"
        };
        assert_eq!(line.in_shop(id)["status"], wanted);
    }
}
