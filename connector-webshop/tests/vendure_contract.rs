//! The contract of every webshop, for Vendure: the real connector against a real Vendure, with a
//! proxy in between that makes things go wrong.

#![cfg(feature = "vendure")]
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on has failed"
)]

#[path = "vendure_live/server.rs"]
mod server;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use connector_http::Secret;
use connector_webshop::vendure::{VendureConfig, VendureCredentials};
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{SystemClock, Webshop};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::testkit::contract::{NextFault, WebshopHarness};
use serde_json::{Value, json};
use server::{Flavour, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What stands between the connector and the shop.
struct Proxy {
    server: &'static Server,
    next: Mutex<Option<NextFault>>,
    revoked: Mutex<bool>,
}

/// A request's answer, or a fault's.
type Reply = (u16, Vec<(String, String)>, Vec<u8>);

impl Proxy {
    fn take(&self, mutation: bool) -> Option<NextFault> {
        let mut next = self.next.lock().unwrap();
        let fault = (*next)?;
        if mutation == (fault == NextFault::GarbledRead) {
            return None;
        }
        next.take()
    }

    /// Hands a request on as it is, and its answer back.
    async fn forward(&self, headers: &HeaderMap, body: &[u8]) -> Reply {
        let host = self
            .server
            .url
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap();
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        let mut request = format!(
            "POST /admin-api HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\nconnection: close\r\ncontent-type: application/json\r\n",
            body.len()
        );
        for name in ["authorization", "vendure-api-key"] {
            if let Some(value) = headers.get(name) {
                request.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap()));
            }
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head[9..12].parse().unwrap();
        let kept = |line: &str| {
            let (name, value) = line.split_once(": ")?;
            let name = name.to_ascii_lowercase();
            let wanted = matches!(name.as_str(), "content-type" | "vendure-auth-token");
            wanted.then(|| (name, value.to_owned()))
        };
        (
            status,
            head.lines().filter_map(kept).collect(),
            body.as_bytes().to_vec(),
        )
    }

    async fn handle(&self, headers: HeaderMap, body: Bytes) -> Option<Reply> {
        let page = || {
            (
                200,
                vec![],
                b"<html><h1>Please come back later</h1></html>".to_vec(),
            )
        };
        let text = serde_json::from_slice::<Value>(&body).unwrap_or_default();
        let text = text["query"].as_str().unwrap_or_default().to_owned();
        if *self.revoked.lock().unwrap() {
            let problem = json!({"errors": [{"message": "You are not currently authorized to perform this action", "extensions": {"code": "FORBIDDEN"}}], "data": null});
            return Some((200, vec![], problem.to_string().into_bytes()));
        }
        let login = text.contains("login(");
        let fault = if login {
            None
        } else {
            self.take(text.starts_with("mutation"))
        };
        match fault {
            None => Some(self.forward(&headers, &body).await),
            Some(NextFault::Throttled) => {
                Some((429, vec![("retry-after".into(), "1".into())], vec![]))
            }
            Some(NextFault::ServerErrorNotApplied) => Some((503, vec![], vec![])),
            Some(NextFault::GarbledRead) => Some(page()),
            Some(fault) => {
                self.forward(&headers, &body).await;
                match fault {
                    NextFault::LostReply => None,
                    NextFault::Garbled => Some(page()),
                    _ => Some((500, vec![], vec![])),
                }
            }
        }
    }
}

async fn handle(
    State(proxy): State<Arc<Proxy>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    // On a task of its own: the shop goes on when the caller gives up.
    let reply = tokio::spawn(async move { proxy.handle(headers, body).await })
        .await
        .unwrap();
    let Some((status, headers, body)) = reply else {
        return std::future::pending().await;
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        let name = axum::http::HeaderName::try_from(name).unwrap();
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

struct Shop {
    proxy: Arc<Proxy>,
    /// Of this test alone, so that ending its sessions logs nobody else out.
    administrator: String,
    url: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shop {
    fn run(&self, query: &str, variables: Value) -> Value {
        self.proxy.server.run(query, variables)
    }

    /// Sends what is left, or the given pieces of the shop's lines.
    fn send(&self, id: &ShopOrderId, pieces: Option<Vec<(usize, u32)>>, code: Option<&Tracking>) {
        let order = self.run(
            "query($id: ID!) { order(id: $id) { lines { id quantity } } }",
            json!({"id": id}),
        );
        let lines = order["order"]["lines"].as_array().unwrap();
        let all = || {
            lines.iter().enumerate().map(|(at, line)| {
                (
                    at,
                    u32::try_from(line["quantity"].as_u64().unwrap()).unwrap(),
                )
            })
        };
        let pieces: Vec<(usize, u32)> = pieces.unwrap_or_else(|| all().collect());
        let input: Vec<Value> = pieces
            .iter()
            .map(|(at, quantity)| json!({"orderLineId": lines[*at]["id"], "quantity": quantity}))
            .collect();
        let carrier = code
            .and_then(|code| code.carrier_name.as_deref())
            .unwrap_or_default();
        let number = code.map_or("", |code| &code.code);
        let input = json!({"lines": input, "handler": {"code": "manual-fulfillment", "arguments": [
            {"name": "method", "value": carrier}, {"name": "trackingCode", "value": number}]}});
        let made = self.run(
            "mutation($input: FulfillOrderInput!) { made: addFulfillmentToOrder(input: $input) { __typename ... on Fulfillment { id } ... on ErrorResult { message } } }",
            json!({"input": input}),
        );
        let parcel = made["made"]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{made}"));
        self.parcel_to(parcel, "Shipped");
    }

    fn parcel_to(&self, parcel: &str, state: &str) {
        self.run(
            "mutation($id: ID!, $state: String!) { transitionFulfillmentToState(id: $id, state: $state) { __typename } }",
            json!({"id": parcel, "state": state}),
        );
    }
}

#[async_trait]
impl WebshopHarness for Shop {
    async fn start() -> Self {
        let server = server::running(Flavour::WithFields).expect("looked at before");
        assert_eq!(server.flavour, Flavour::WithFields);
        let (next, revoked) = (Mutex::new(None), Mutex::new(false));
        let proxy = Arc::new(Proxy {
            server,
            next,
            revoked,
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/admin-api", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .fallback(handle)
            .with_state(Arc::clone(&proxy));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            proxy,
            administrator: server.new_administrator(),
            url,
            serving,
        }
    }

    fn webshop(&self) -> Arc<dyn Webshop> {
        let credentials = VendureCredentials::Login {
            username: self.administrator.clone(),
            password: Secret::new(&*self.administrator),
        };
        let mut config = VendureConfig::new(&*self.url, credentials);
        config.request_timeout_ms = 4000;
        Arc::new(config.build(Arc::new(SystemClock::new())).unwrap())
    }

    fn skus(&self) -> [String; 2] {
        ["TB-001".into(), "FL-002".into()]
    }

    async fn inject(&self, fault: NextFault) {
        if fault == NextFault::CredentialsRevoked {
            self.proxy.server.end_sessions(&self.administrator);
            *self.proxy.revoked.lock().unwrap() = true;
        } else {
            *self.proxy.next.lock().unwrap() = Some(fault);
        }
    }

    async fn orders(&self, key: &ExternalKey) -> Vec<(ShopOrderId, bool)> {
        let data = self.run(
            "query($key: String!) { orders(options: {filter: {marketplaceOrderId: {eq: $key}}}) { items { id state } } }",
            json!({"key": key.to_string()}),
        );
        let alive = |state: &str| {
            !matches!(
                state,
                "Draft" | "AddingItems" | "ArrangingPayment" | "Cancelled"
            )
        };
        let rows = data["orders"]["items"].as_array().unwrap();
        rows.iter()
            .map(|row| {
                (
                    row["id"].as_str().unwrap().into(),
                    alive(row["state"].as_str().unwrap()),
                )
            })
            .collect()
    }

    async fn complete(&self, id: &ShopOrderId, code: Option<Tracking>) {
        self.send(id, None, code.as_ref());
    }

    async fn add_code(&self, id: &ShopOrderId, code: Tracking) {
        // A parcel cannot be changed: the staff takes it back and sends it anew.
        let order = self.run(
            "query($id: ID!) { order(id: $id) { fulfillments { id } } }",
            json!({"id": id}),
        );
        for parcel in order["order"]["fulfillments"].as_array().unwrap() {
            self.parcel_to(parcel["id"].as_str().unwrap(), "Cancelled");
        }
        self.send(id, None, Some(&code));
    }

    async fn ship(&self, id: &ShopOrderId, lines: Vec<LineQuantity>, code: Tracking) {
        let pieces = lines
            .iter()
            .map(|part| {
                // The suite's lines are L1 and L2, in the order in which they were created.
                let at: usize = part.line.as_str().trim_start_matches('L').parse().unwrap();
                (at - 1, part.quantity)
            })
            .collect();
        self.send(id, Some(pieces), Some(&code));
    }

    fn secrets(&self) -> Vec<String> {
        // The password is also the user's name and no secret here; the token is what counts.
        vec![self.proxy.server.api_key.clone()]
    }
}

/// The suite, in a module whose cases are left out where no Vendure is installed.
mod suite {
    use super::{Flavour, Shop, server};
    use order_core::testkit::contract::{WebshopHarness, webshop};

    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if server::running(Flavour::WithFields).is_some() {
                        webshop::$case(Shop::start().await).await;
                    }
                }
            )+
        };
    }

    cases!(
        capabilities_are_constant,
        good_credentials_pass_the_check,
        a_created_order_stands_in_the_shop_once,
        sums_stay_exact_to_the_cent,
        an_order_is_found_by_its_key_alone,
        stopping_after_any_step_leaves_one_order,
        a_lost_reply_at_any_step_is_unknown_and_leaves_one_order,
        the_same_key_again_leaves_one_order,
        products_are_answered_in_order,
        a_throttled_create_did_nothing,
        a_server_error_is_unknown,
        refused_credentials_stop_the_connection,
        an_unknown_id_is_gone,
        a_completed_order_shows_its_code,
        a_late_code_shows,
        a_partial_shipment_shows_its_pieces,
        the_feed_hints_at_what_it_is_declared_to_notice,
        a_cancelled_order_is_cancelled,
        a_draft_can_be_thrown_away,
        cancelled_pieces_show_and_the_rest_stays,
        a_return_can_be_noted_again,
        debug_output_and_errors_have_no_secret,
    );
}
