//! A console over a store in memory, served on loopback, and orders in every state.

#![expect(dead_code, reason = "each test file uses a part of it")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use order_console::{Access, Console, Role, User, hash_password};
use order_core::engine::Connection;
use order_core::ids::{OrderKey, ShopOrderId};
use order_core::memory::MemoryStore;
use order_core::money::{Currency, Money};
use order_core::policy::Policy;
use order_core::ports::{
    Change, Clock, Marketplace as _, MarketplaceCapabilities, NoDetector, OrderStore,
};
use order_core::shipment::{CarrierChoice, ChosenBy, LineQuantity, Tracking};
use order_core::shop::ShopState;
use order_core::state::{
    Action, Cancellation, Confirmation, EffectKind, Link, Order, Problem, ProblemKind, Shipment,
    ShopLink,
};
use order_core::testkit::{
    Fault, Gate, GatedWebshop, Late, ManualClock, MemoryMarketplace, MemoryWebshop, samples,
};
use reqwest::{Client, RequestBuilder, Response, StatusCode, redirect};

pub(crate) const CONNECTION: &str = "bol-nl";
pub(crate) const PASSWORD: &str = "correct horse battery";
/// What would be seen of a text that was not escaped.
pub(crate) const EVIL: &str = "<script>alert(1)</script>\"'&";

pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: ManualClock,
    pub(crate) console: Console,
    pub(crate) webshop: MemoryWebshop,
    /// What befalls the next calls to the webshop, the last first.
    pub(crate) faults: Arc<Mutex<Vec<Fault>>>,
}

pub(crate) fn key(id: &str) -> OrderKey {
    OrderKey::new(CONNECTION, id)
}

impl World {
    pub(crate) async fn local() -> Self {
        Self::start(Access::Local).await
    }

    pub(crate) async fn with_users() -> Self {
        let hash = hash_password(PASSWORD).unwrap();
        let users = [("olga", Role::Operator), ("vic", Role::Viewer)]
            .map(|(name, role)| User::new(name, role, hash.clone()).unwrap());
        Self::start(Access::Users(users.into())).await
    }

    pub(crate) async fn start(access: Access) -> Self {
        Self::start_with(access, |can| can).await
    }

    /// With a marketplace that can do something else.
    pub(crate) async fn start_with(
        access: Access,
        can: impl FnOnce(MarketplaceCapabilities) -> MarketplaceCapabilities,
    ) -> Self {
        let clock = ManualClock::new();
        let port: Arc<dyn Clock> = Arc::new(clock.clone());
        let marketplace = MemoryMarketplace::new(Arc::clone(&port));
        let capabilities = can(marketplace.capabilities());
        let webshop = MemoryWebshop::new(Arc::clone(&port));
        let faults = Arc::new(Mutex::new(Vec::new()));
        let next = Arc::clone(&faults);
        let plan = move |_, _| next.lock().unwrap().pop();
        let gate = Gate::new(plan, Late::default());
        let gated = GatedWebshop::new(Arc::new(webshop.clone()), gate);
        let store = Arc::new(MemoryStore::new());
        let connection = Connection {
            id: CONNECTION.into(),
            marketplace: Arc::new(marketplace.with_capabilities(capabilities)),
            webshop: Arc::new(gated),
            detector: Arc::new(NoDetector),
            policy: Policy::new("bol"),
        };
        store
            .register(connection.id.clone(), clock.now())
            .await
            .unwrap();
        let console = Console::new(
            Arc::clone(&store) as Arc<dyn OrderStore>,
            port,
            &[connection],
        );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = console.clone();
        tokio::spawn(async move {
            served
                .serve(listener, access, std::future::pending())
                .await
                .unwrap();
        });
        // Other crates of the workspace ask for a client that brings no cryptography of its own;
        // a second test in this process finds it installed.
        drop(rustls::crypto::ring::default_provider().install_default());
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        Self {
            url,
            client,
            store,
            clock,
            console,
            webshop,
            faults,
        }
    }

    pub(crate) async fn put(&self, order: Order) {
        let due = (!order.status_is_final()).then(|| self.clock.now());
        let change = Change {
            order,
            next_due: due,
            content_changed: true,
            notes: Vec::new(),
            effects: Vec::new(),
            at: self.clock.now(),
        };
        self.store.amend(change).await.unwrap();
    }

    /// An order of one line that was just seen.
    pub(crate) fn order(&self, id: &str) -> Order {
        let mut order = Order::new(key(id), self.clock.now());
        let line = samples::line("L1", "SKU1", 2, 999);
        let mut content = samples::order(id, self.clock.now() - TimeDelta::hours(1), vec![line]);
        content.ship_by = Some(self.clock.now() + TimeDelta::hours(30));
        order.content = Some(Arc::new(content));
        order
    }

    pub(crate) fn linked(&self, id: &str, number: &str) -> Order {
        let mut order = self.order(id);
        order.state.link = Link::Linked(ShopLink {
            id: ShopOrderId::from(format!("id-{number}")),
            number: number.to_owned(),
            state: ShopState::Open,
            raw_state: "processing".to_owned(),
            total: Money::from_minor(1998, Currency::EUR),
            cancelled: Vec::new(),
            gone: false,
        });
        order
    }

    /// One order in every state a page must cope with, with texts that must be escaped.
    pub(crate) async fn fill(&self) {
        self.put(self.order("NEW-1")).await;
        self.put(self.linked("OPEN-1", "1001")).await;
        let mut needy = self.order("NEEDY-1");
        needy.state.problems.push(Problem {
            action: Action::Send(EffectKind::Create),
            kind: ProblemKind::UnknownProduct,
            text: format!("no product has the SKU {EVIL}"),
            advice: "make the product, or give it this SKU".to_owned(),
            since: self.clock.now(),
            attempts: 2,
            next_attempt: None,
        });
        self.put(needy).await;
        let mut evil = self.linked(&format!("EVIL-{EVIL}/../x"), EVIL);
        let mut content = (**evil.content.as_ref().unwrap()).clone();
        content.ship_to.as_mut().unwrap().last_name = Some(EVIL.to_owned());
        content.lines[0].title = Some(EVIL.to_owned());
        content.shipping_method = Some(EVIL.to_owned());
        content.ship_by = Some(self.clock.now() - TimeDelta::hours(1));
        evil.content = Some(Arc::new(content));
        evil.state.cancellation = Cancellation::BuyerAsks;
        self.put(evil).await;
        let mut shipped = self.linked("SHIPPED-1", "1002");
        shipped.state.shipments.push(Shipment {
            id: "S1".into(),
            source: None,
            parcel: 1,
            lines: vec![LineQuantity {
                line: "L1".into(),
                quantity: 2,
            }],
            tracking: Some(Tracking::new("XX 3SABCD1234567")),
            carrier: Some(CarrierChoice {
                carrier: "postnl".to_owned(),
                by: ChosenBy::Rule(1),
                original: "XX 3SABCD1234567".to_owned(),
                code: "3SABCD1234567".to_owned(),
                sent: Some("TNT".to_owned()),
            }),
            shipped_at: self.clock.now(),
            confirmation: Confirmation::Verified {
                at: self.clock.now(),
                remote_id: None,
            },
            told_code: Some("3SABCD1234567".to_owned()),
            audit_at: None,
        });
        self.put(shipped).await;
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    /// The text of a page that must be there.
    pub(crate) async fn page(&self, path: &str) -> String {
        let answer = self.get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.text().await.unwrap()
    }

    pub(crate) async fn json(&self, path: &str) -> serde_json::Value {
        let answer = self.get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        answer.json().await.unwrap()
    }

    pub(crate) async fn history(&self, id: &str) -> Vec<String> {
        let history = self.store.history(key(id)).await.unwrap();
        history.into_iter().map(|entry| entry.text).collect()
    }

    /// The cookie of a session.
    pub(crate) async fn log_in(&self, user: &str, password: &str) -> Response {
        let page = self.page("/login").await;
        let form = [
            ("token", token(&page)),
            ("user", user.to_owned()),
            ("password", password.to_owned()),
            ("next", "/".to_owned()),
        ];
        self.post("/login").form(&form).send().await.unwrap()
    }

    pub(crate) async fn session(&self, user: &str) -> String {
        let answer = self.log_in(user, PASSWORD).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        cookie(&answer)
    }
}

/// The pair of a cookie that was set.
pub(crate) fn cookie(answer: &Response) -> String {
    let header = answer.headers()["set-cookie"].to_str().unwrap();
    header.split(';').next().unwrap().to_owned()
}

/// The token of a page's first form.
pub(crate) fn token(page: &str) -> String {
    let start = page.find("name=\"token\" value=\"").unwrap() + 20;
    page[start..].split('"').next().unwrap().to_owned()
}

/// The problem details of a refusal.
pub(crate) async fn problem(answer: Response) -> serde_json::Value {
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let status = answer.status().as_u16();
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["status"], status);
    assert!(!body["detail"].as_str().unwrap().is_empty());
    body
}
