//! The contract of every webshop, for Medusa: the real connector against a real Medusa, with a proxy
//! in between that makes things go wrong.

use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use connector_http::Secret;
use connector_webshop::medusa::MedusaConfig;
use order_core::Effect;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{ShopCancel, SystemClock, Webshop};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::testkit::contract::{NextFault, WebshopHarness};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::live::{self, MOST_STEPS, with_server};
use crate::server::{self, Flavour, Server};

/// What stands between the connector and the shop.
struct Proxy {
    server: &'static Server,
    next: Mutex<Option<NextFault>>,
    /// Mutations that pass before the fault.
    spared: AtomicU32,
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
        let one_less = |spared: u32| spared.checked_sub(1);
        let spared = &self.spared;
        if spared.fetch_update(SeqCst, SeqCst, one_less).is_ok() {
            return None;
        }
        next.take()
    }

    /// Hands a request on as it is, and its answer back.
    async fn forward(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Reply {
        let host = self.server.host();
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        let mut request = format!(
            "{method} {uri} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\nconnection: close\r\n",
            body.len()
        );
        for name in ["authorization", "content-type"] {
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
        let kind = ("content-type".to_owned(), "application/json".to_owned());
        (head[9..12].parse().unwrap(), vec![kind], body.into())
    }

    async fn handle(
        &self,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Option<Reply> {
        let page = || {
            let text = b"<html><h1>Please come back later</h1></html>";
            (200, vec![], text.to_vec())
        };
        let fault = self.take(method != Method::GET);
        match fault {
            None => Some(self.forward(&method, &uri, &headers, &body).await),
            Some(NextFault::Throttled) => {
                Some((429, vec![("retry-after".into(), "1".into())], vec![]))
            }
            Some(NextFault::ServerErrorNotApplied) => Some((503, vec![], vec![])),
            Some(NextFault::GarbledRead) => Some(page()),
            Some(fault) => {
                self.forward(&method, &uri, &headers, &body).await;
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
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    // On a task of its own: the shop goes on when the caller gives up.
    let reply = tokio::spawn(async move { proxy.handle(method, uri, headers, body).await })
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
    /// Of this test alone, so that revoking it stops nobody else.
    key: (String, String),
    url: String,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[async_trait]
impl WebshopHarness for Shop {
    async fn start() -> Self {
        let server = server::running(Flavour::WithKey).expect("looked at before");
        let next = Mutex::new(None);
        let spared = AtomicU32::new(0);
        let proxy = Arc::new(Proxy {
            server,
            next,
            spared,
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new()
            .fallback(handle)
            .with_state(Arc::clone(&proxy));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            proxy,
            key: server.new_key(),
            url,
            serving,
        }
    }

    fn webshop(&self) -> Arc<dyn Webshop> {
        let mut config = MedusaConfig::new(&*self.url, Secret::new(&*self.key.1));
        config.sales_channel = Some("marketplaces".into());
        config.request_timeout_ms = 3000;
        Arc::new(config.build(Arc::new(SystemClock::new())).unwrap())
    }

    fn skus(&self) -> [String; 2] {
        ["TB-001".into(), "FL-002".into()]
    }

    async fn inject(&self, fault: NextFault) {
        if fault == NextFault::CredentialsRevoked {
            self.proxy.server.revoke(&self.key.0);
        } else {
            *self.proxy.next.lock().unwrap() = Some(fault);
        }
    }

    async fn orders(&self, key: &ExternalKey) -> Vec<(ShopOrderId, bool)> {
        let under = self.proxy.server.under(&key.to_string());
        let alive = |status: &str, paid: &str| {
            matches!(status, "pending" | "completed") && paid != "not_paid"
        };
        under
            .into_iter()
            .map(|(id, status, paid)| (id.into(), alive(&status, &paid)))
            .collect()
    }

    async fn complete(&self, id: &ShopOrderId, code: Option<Tracking>) {
        let codes: Vec<&str> = code.iter().map(|code| &*code.code).collect();
        self.proxy.server.send(id.as_str(), &[], &codes);
    }

    async fn add_code(&self, id: &ShopOrderId, code: Tracking) {
        for parcel in self.proxy.server.parcels(id.as_str()) {
            self.proxy.server.add_codes(&parcel, &[&code.code]);
        }
    }

    async fn ship(&self, id: &ShopOrderId, lines: Vec<LineQuantity>, code: Tracking) {
        let pieces: Vec<(&str, i64)> = lines
            .iter()
            .map(|part| (part.line.as_str(), i64::from(part.quantity)))
            .collect();
        self.proxy.server.send(id.as_str(), &pieces, &[&code.code]);
    }

    fn secrets(&self) -> Vec<String> {
        vec![self.key.1.clone()]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_lost_anywhere_while_a_piece_is_taken_off_takes_off_no_second_one() {
    let server = with_server!(Flavour::WithKey);
    let harness = Shop::start().await;
    let webshop = harness.webshop();
    let straight = live::shop(server);
    let mut lost = 0;
    for spared in 0..MOST_STEPS {
        let key = format!("OFF-LOST-{spared}");
        let new = live::order(&straight, &key, &[("TB-001", 3, 999)]).await;
        let id = live::create(&straight, &new).await.id;
        let mut request = live::cancellation(&id, &[]);
        request.lines = live::lines(&[("L1", 1)]);
        harness
            .proxy
            .spared
            .store(u32::try_from(spared).unwrap(), SeqCst);
        harness.inject(NextFault::LostReply).await;
        let first = webshop.cancel_order(request.clone()).await;
        *harness.proxy.next.lock().unwrap() = None;
        // As the engine does: only when the order does not show it is it asked again.
        let shown = live::read(&straight, &id).await.cancelled;
        if shown.is_empty() {
            let error = first.expect_err("it was not taken off");
            assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
            let again = webshop.cancel_order(request).await.unwrap();
            assert_eq!(again, ShopCancel::Done, "after {spared} mutations");
            lost += 1;
        } else if first.is_ok() {
            assert!(lost >= 3, "only {lost} answers were lost");
            return;
        }
        let after = live::read(&straight, &id).await;
        assert_eq!(after.cancelled, live::lines(&[("L1", 1)]), "{spared}");
        assert_eq!(after.total, live::euro(1998), "{spared}");
    }
    panic!("it never comes to an end");
}

/// The suite, in a module whose cases are left out where no Medusa is installed.
mod suite {
    use super::{Flavour, Shop, server};
    use order_core::testkit::contract::{WebshopHarness, webshop};

    macro_rules! cases {
        ($($case:ident),+ $(,)?) => {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if server::running(Flavour::WithKey).is_some() {
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
