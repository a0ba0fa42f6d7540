//! The template of a connector over HTTP, whole: a made-up shop, its connector, a double of it that
//! fails on request, and the contract suite. `docs/add-a-platform.md` walks through it.
//!
//! `cargo test -p order-sync --example http_connector` runs the suite.
//! `cargo run -p order-sync --example http_connector` says what the connector can do.
//!
//! To start your own: copy this file, give it your shop's words, and let the suite tell what is
//! missing. In this repository the parts are files of their own, with these names.

#![expect(clippy::print_stdout, reason = "a small program talks to its terminal")]

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_http::{Answer, HeaderAuth, HttpClient, Replay, Secret};
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::money::{Currency, Money};
use order_core::ports::{
    AccountInfo, CancelShopOrder, Clock, CreateOrder, CreateProgress, CreateSemantics, Cursor,
    FoundOrder, Lag, NoteReturn, ProductMatch, ProductQuery, ProductRef, ShopCancel, ShopChanges,
    ShopNote, ShopRead, SystemClock, Webshop, WebshopCapabilities,
};
use order_core::shipment::Tracking;
use order_core::shop::{ShopOrder, ShopShipment, ShopState};
use order_core::{Error, Kind};
use serde::{Deserialize, Serialize};
use serde_json::json;

// ------------------------------------------------------------------ wire.rs: the shop's words

/// An order as the shop sends it. Only what is read is here.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct WireOrder {
    id: u64,
    /// Our key. The shop refuses a second order with the same reference.
    reference: String,
    status: String,
    /// In cents.
    total: i64,
    code: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct WireArticle {
    number: String,
}

// ------------------------------------------------------------------ api.rs: one function a call

#[derive(Debug)]
struct Api {
    http: HttpClient,
}

impl Api {
    async fn orders_with(&self, reference: &str) -> Result<Vec<WireOrder>, Error> {
        let request = self.http.get("/orders").query("reference", reference);
        request.send().await?.json()
    }

    async fn order(&self, id: &str) -> Result<Option<WireOrder>, Error> {
        let request = self.http.get("/orders/{id}").segment("id", id);
        match request.send().await {
            Ok(answer) => answer.json().map(Some),
            Err(error) if error.kind() == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn create(&self, body: &serde_json::Value) -> Result<WireOrder, Error> {
        // Never: whether to try again is the engine's to decide, after it looked.
        let request = self.http.post("/orders", Replay::Never);
        request.json(body).send().await?.json()
    }

    async fn cancel(&self, id: &str) -> Result<WireOrder, Error> {
        // Safe: a cancelled order stays cancelled.
        let request = self.http.post("/orders/{id}/cancel", Replay::Safe);
        request.segment("id", id).send().await?.json()
    }

    async fn article(&self, number: &str) -> Result<Option<WireArticle>, Error> {
        let request = self.http.get("/articles").query("number", number);
        let found: Vec<WireArticle> = request.send().await?.json()?;
        // Verified: a shop that does not know a filter answers everything.
        Ok(found.into_iter().find(|own| own.number == number))
    }
}

// ------------------------------------------------------------------ classify.rs: its exceptions

/// The default table knows the statuses; this shop says 409 with a word for "too late" as well.
fn classify(answer: &Answer) -> Option<Error> {
    let too_late = answer.status() == 409 && answer.body().starts_with(b"too late");
    too_late.then(|| Error::not_applied(Kind::Rejected, "it was sent"))
}

// ------------------------------------------------------------------ from_wire.rs: into our words

fn shop_order(wire: &WireOrder) -> ShopOrder {
    let state = match wire.status.as_str() {
        "open" => ShopState::Open,
        "sent" => ShopState::Completed,
        "cancelled" => ShopState::Cancelled,
        // A status that is not known keeps its text and moves nothing.
        _ => ShopState::Unknown,
    };
    let parcel = |code: &String| ShopShipment {
        id: "1".into(),
        lines: None,
        tracking: Some(Tracking::new(code.clone())),
        shipped_at: None,
    };
    let key = wire.reference.split_once(':');
    ShopOrder {
        id: ShopOrderId::new(wire.id.to_string()),
        number: wire.id.to_string(),
        key: key.map(|(channel, order)| ExternalKey::new(channel, order)),
        state,
        raw_state: wire.status.clone(),
        total: Money::from_minor(wire.total, Currency::EUR),
        cancelled: Vec::new(),
        shipments: wire.code.iter().map(parcel).collect(),
        updated_at: None,
    }
}

// ------------------------------------------------------------------ connector.rs: the port

/// A shop and how to reach it.
#[derive(Debug)]
struct TinyShop {
    api: Api,
}

impl TinyShop {
    fn new(url: &str, token: &Secret, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let http = HttpClient::builder(url, clock)
            .auth(HeaderAuth::bearer(token))
            .request_timeout(Duration::from_millis(500))
            .classify(classify);
        let api = Api {
            http: http.build()?,
        };
        Ok(Self { api })
    }
}

#[async_trait]
impl Webshop for TinyShop {
    fn capabilities(&self) -> WebshopCapabilities {
        let lag = Lag {
            in_flight: Duration::from_secs(60),
            index: Duration::ZERO,
        };
        WebshopCapabilities::none("Tiny shop")
            .with_create(CreateSemantics::UniqueKey, lag)
            .with_cancel()
            .with_max_ids_per_read(20)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        self.api.orders_with("-").await?;
        Ok(AccountInfo::default())
    }

    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        let mut matches = Vec::new();
        for query in queries {
            let found = match &query.sku {
                Some(sku) => self.api.article(sku).await?,
                None => None,
            };
            matches.push(found.map_or(ProductMatch::Missing, |article| {
                ProductMatch::Found(ProductRef {
                    id: article.number,
                    matched_by: "sku".to_owned(),
                })
            }));
        }
        Ok(matches)
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        let reference = key.to_string();
        let found = self.api.orders_with(&reference).await?.into_iter();
        // Verified on the record.
        let own = found.filter(|order| order.reference == reference);
        Ok(own
            .map(|order| FoundOrder {
                order: shop_order(&order),
                resume: None,
            })
            .collect())
    }

    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        let order = request.order;
        let lines: Vec<_> = order
            .lines
            .iter()
            .map(|line| json!({"article": line.product.id, "quantity": line.quantity}))
            .collect();
        let body = json!({
            "reference": order.key.to_string(), "total": order.total.minor(), "lines": lines,
        });
        match self.api.create(&body).await {
            Ok(made) => Ok(CreateProgress::Created(Box::new(shop_order(&made)))),
            Err(error) if error.kind() == Kind::Rejected => Ok(CreateProgress::Rejected {
                reason: error.message().to_owned(),
            }),
            Err(error) => Err(error),
        }
    }

    async fn changes(&self, _cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        // No feed: the capability says so, and open orders are read again by id.
        Ok(ShopChanges {
            ids: Vec::new(),
            next: Cursor(String::new()),
            more: false,
        })
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        let mut reads = Vec::new();
        for id in ids {
            reads.push(match self.api.order(id.as_str()).await {
                Ok(Some(order)) => ShopRead::Found(Box::new(shop_order(&order))),
                Ok(None) => ShopRead::Gone(id),
                // One order that cannot be read stops no other.
                Err(error) if error.kind() == Kind::Decode => ShopRead::Unreadable {
                    id,
                    reason: error.report(),
                },
                Err(error) => return Err(error),
            });
        }
        Ok(reads)
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        if !request.lines.is_empty() {
            return Err(Error::unsupported("cancel_order", "cancel_lines"));
        }
        match self.api.cancel(request.id.as_str()).await {
            Ok(_) => Ok(ShopCancel::Done),
            Err(error) if error.kind() == Kind::NotFound => Ok(ShopCancel::Done),
            Err(error) if error.kind() == Kind::Rejected => Ok(ShopCancel::Rejected {
                reason: error.message().to_owned(),
            }),
            Err(error) => Err(error),
        }
    }

    async fn note_return(&self, _request: NoteReturn) -> Result<ShopNote, Error> {
        Err(Error::unsupported("note_return", "returns"))
    }
}

fn main() -> Result<(), Error> {
    let clock = Arc::new(SystemClock::new());
    let shop = TinyShop::new("https://shop.example", &Secret::new("token"), clock)?;
    println!("{:#?}", shop.capabilities());
    Ok(())
}

/// A double of the shop that fails on request, and the suite on it.
#[cfg(test)]
mod contract {
    use std::sync::Mutex;

    use axum::Router;
    use axum::body::Bytes;
    use axum::extract::State;
    use axum::http::{HeaderMap, Method, StatusCode, Uri};
    use axum::response::{IntoResponse, Response};
    use order_core::shipment::LineQuantity;
    use order_core::testkit::contract::{NextFault, WebshopHarness};

    use super::*;

    const TOKEN: &str = "tiny_token_0001";

    #[derive(Default)]
    struct Double {
        orders: Mutex<Vec<WireOrder>>,
        next: Mutex<Option<NextFault>>,
    }

    type Answered = (StatusCode, String);

    fn page() -> Answered {
        (StatusCode::OK, "<html>Back soon</html>".to_owned())
    }

    fn order(wire: &WireOrder) -> Answered {
        (StatusCode::OK, json!(wire).to_string())
    }

    impl Double {
        /// The fault for this request, if one is armed and this is the kind of request it is for.
        fn fault(&self, method: &Method) -> Option<NextFault> {
            let mut next = self.next.lock().unwrap();
            let fault = (*next)?;
            if fault == NextFault::CredentialsRevoked {
                return Some(fault);
            }
            let reads = method == Method::GET;
            let meant = reads == (fault == NextFault::GarbledRead);
            if meant { next.take() } else { None }
        }

        fn execute(&self, method: &Method, uri: &Uri, body: &[u8]) -> Answered {
            let mut orders = self.orders.lock().unwrap();
            let parts: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
            let asked = uri.query().and_then(|query| query.split_once('='));
            let asked = asked.map(|(_, value)| value.replace("%3A", ":"));
            let by_id = |order: &&mut WireOrder| parts.get(1) == Some(&&*order.id.to_string());
            match (method.as_str(), parts.as_slice()) {
                ("GET", ["articles"]) => {
                    let known = [json!({"number": "SKU1"}), json!({"number": "SKU2"})];
                    (StatusCode::OK, json!(known).to_string())
                }
                ("GET", ["orders"]) => {
                    let found = orders
                        .iter()
                        .filter(|own| Some(&own.reference) == asked.as_ref());
                    (StatusCode::OK, json!(found.collect::<Vec<_>>()).to_string())
                }
                ("POST", ["orders"]) => {
                    let sent: serde_json::Value = serde_json::from_slice(body).unwrap();
                    if orders.iter().any(|own| sent["reference"] == own.reference) {
                        return (StatusCode::CONFLICT, "reference is taken".to_owned());
                    }
                    let made = WireOrder {
                        id: orders.len() as u64 + 1,
                        reference: sent["reference"].as_str().unwrap().to_owned(),
                        status: "open".to_owned(),
                        total: sent["total"].as_i64().unwrap(),
                        code: None,
                    };
                    orders.push(made.clone());
                    order(&made)
                }
                ("GET", ["orders", _]) => match orders.iter_mut().find(by_id) {
                    Some(own) => order(own),
                    None => (StatusCode::NOT_FOUND, String::new()),
                },
                ("POST", ["orders", _, "cancel"]) => match orders.iter_mut().find(by_id) {
                    Some(own) if own.status == "sent" => (StatusCode::CONFLICT, "too late".into()),
                    Some(own) => {
                        own.status = "cancelled".to_owned();
                        order(own)
                    }
                    None => (StatusCode::NOT_FOUND, String::new()),
                },
                // A request that the double does not know is loud.
                _ => (StatusCode::from_u16(599).unwrap(), String::new()),
            }
        }
    }

    async fn answer(
        State(shop): State<Arc<Double>>,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        let fault = shop.fault(&method);
        let bearer = format!("Bearer {TOKEN}");
        let known = headers
            .get("authorization")
            .is_some_and(|own| *own == *bearer);
        let before = match fault {
            _ if !known => Some((StatusCode::UNAUTHORIZED, String::new())),
            Some(NextFault::CredentialsRevoked) => Some((StatusCode::UNAUTHORIZED, String::new())),
            Some(NextFault::Throttled) => {
                let headers = [("retry-after", "1")];
                return (StatusCode::TOO_MANY_REQUESTS, headers).into_response();
            }
            Some(NextFault::ServerErrorNotApplied) => {
                Some((StatusCode::SERVICE_UNAVAILABLE, String::new()))
            }
            Some(NextFault::GarbledRead) => Some(page()),
            _ => None,
        };
        if let Some(answered) = before {
            return answered.into_response();
        }
        let answered = shop.execute(&method, &uri, &body);
        match fault {
            Some(NextFault::LostReply) => std::future::pending().await,
            Some(NextFault::Garbled) => page().into_response(),
            Some(NextFault::ServerErrorApplied) => {
                (StatusCode::INTERNAL_SERVER_ERROR, String::new()).into_response()
            }
            _ => answered.into_response(),
        }
    }

    /// How the suite drives the shop.
    struct Harness {
        double: Arc<Double>,
        url: String,
        server: tokio::task::JoinHandle<()>,
    }

    impl Drop for Harness {
        fn drop(&mut self) {
            self.server.abort();
        }
    }

    impl Harness {
        fn change(&self, id: &ShopOrderId, change: impl FnOnce(&mut WireOrder)) {
            let mut orders = self.double.orders.lock().unwrap();
            let own = orders
                .iter_mut()
                .find(|own| own.id.to_string() == id.as_str());
            change(own.unwrap());
        }
    }

    #[async_trait]
    impl WebshopHarness for Harness {
        async fn start() -> Self {
            let double = Arc::new(Double::default());
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let router = Router::new().fallback(answer).with_state(double.clone());
            let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
            Self {
                double,
                url,
                server,
            }
        }

        fn webshop(&self) -> Arc<dyn Webshop> {
            let clock = Arc::new(SystemClock::new());
            Arc::new(TinyShop::new(&self.url, &Secret::new(TOKEN), clock).unwrap())
        }

        fn skus(&self) -> [String; 2] {
            ["SKU1".to_owned(), "SKU2".to_owned()]
        }

        async fn inject(&self, fault: NextFault) {
            *self.double.next.lock().unwrap() = Some(fault);
        }

        async fn orders(&self, key: &ExternalKey) -> Vec<(ShopOrderId, bool)> {
            let orders = self.double.orders.lock().unwrap();
            let own = orders.iter().filter(|own| own.reference == key.to_string());
            own.map(|own| (own.id.to_string().into(), own.status != "cancelled"))
                .collect()
        }

        async fn complete(&self, id: &ShopOrderId, code: Option<Tracking>) {
            self.change(id, |order| {
                order.status = "sent".to_owned();
                order.code = code.map(|tracking| tracking.code);
            });
        }

        async fn add_code(&self, id: &ShopOrderId, code: Tracking) {
            self.change(id, |order| order.code = Some(code.code));
        }

        async fn ship(&self, _id: &ShopOrderId, _lines: Vec<LineQuantity>, _code: Tracking) {
            unreachable!("partial shipments are not declared");
        }

        fn secrets(&self) -> Vec<String> {
            vec![TOKEN.to_owned()]
        }
    }

    order_core::webshop_contract!(Harness);
}
