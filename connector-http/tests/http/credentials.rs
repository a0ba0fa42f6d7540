//! Tokens, signatures, and that nothing printable shows them.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{QuickClock, client, client_on};
use async_trait::async_trait;
use connector_http::webhook::{Encoding, hmac_sha256};
use connector_http::{Auth, ClientCredentials, HeaderAuth, HttpClient, Outgoing, Replay, Secret};
use order_core::ports::Clock;
use order_core::{Effect, Error, Kind};
use wiremock::matchers::{any, body_string, header, method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// Gives `t1`, `t2`, ... with a life of 300 s.
struct Tokens {
    given: Arc<AtomicUsize>,
    delay: Duration,
}

impl Respond for Tokens {
    fn respond(&self, _: &Request) -> ResponseTemplate {
        let number = self.given.fetch_add(1, Ordering::SeqCst) + 1;
        ResponseTemplate::new(200)
            .set_body_json(serde_json::json!({
                "access_token": format!("t{number}"), "token_type": "Bearer", "expires_in": 300
            }))
            .set_delay(self.delay)
    }
}

async fn platform(accepts: &str) -> (MockServer, Arc<AtomicUsize>) {
    let server = MockServer::start().await;
    let given = Arc::new(AtomicUsize::new(0));
    let tokens = Tokens {
        given: Arc::clone(&given),
        delay: Duration::from_millis(50),
    };
    Mock::given(method("POST"))
        .and(path("/token"))
        .and(header("authorization", "Basic aWQ6c2VjcmV0"))
        .and(body_string("grant_type=client_credentials"))
        .respond_with(tokens)
        .mount(&server)
        .await;
    Mock::given(path("/x"))
        .and(header("authorization", format!("Bearer {accepts}")))
        .respond_with(ResponseTemplate::new(200).set_body_string("{}"))
        .mount(&server)
        .await;
    Mock::given(path("/x"))
        .respond_with(ResponseTemplate::new(401))
        .with_priority(9)
        .mount(&server)
        .await;
    (server, given)
}

fn oauth(server: &MockServer, clock: Arc<dyn Clock>) -> HttpClient {
    let token = format!("{}/token", server.uri());
    let auth = ClientCredentials::new(&token, "id", &Secret::new("secret"), Arc::clone(&clock));
    client_on(&server.uri(), clock)
        .auth(auth.unwrap())
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_refresh_token_gives_a_token_that_goes_into_its_own_header() {
    let server = MockServer::start().await;
    let wanted = "grant_type=refresh_token&client_id=id&client_secret=PLANTED-secret\
                  &refresh_token=PLANTED-refresh";
    Mock::given(path("/token"))
        .and(body_string(wanted))
        .respond_with(ResponseTemplate::new(200).set_body_json(serde_json::json!({
            "access_token": "t1", "token_type": "bearer", "expires_in": 3600
        })))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(path("/x"))
        .and(header("x-access", "t1"))
        .respond_with(ResponseTemplate::new(200).set_body_string("{}"))
        .mount(&server)
        .await;
    let clock = QuickClock::new();
    let client = |refresh: &str| {
        let clock: Arc<dyn Clock> = clock.clone();
        let token = format!("{}/token", server.uri());
        let auth = ClientCredentials::refreshing(
            HttpClient::builder(token, Arc::clone(&clock)),
            "id",
            &Secret::new("PLANTED-secret"),
            &Secret::new(refresh),
            "x-access",
            Arc::clone(&clock),
        );
        client_on(&server.uri(), clock)
            .auth(auth.unwrap())
            .build()
            .unwrap()
    };
    let good = client("PLANTED-refresh");
    for _ in 0..3 {
        good.get("/x").send().await.unwrap();
    }
    assert!(!format!("{good:?}").contains("PLANTED"));
    Mock::given(path("/token"))
        .respond_with(ResponseTemplate::new(400).set_body_string(
            "{\"error\": \"invalid_grant\", \"error_description\": \"no PLANTED-other\"}",
        ))
        .with_priority(9)
        .mount(&server)
        .await;
    let error = client("PLANTED-other").get("/x").send().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert!(
        error.report().contains("invalid_grant"),
        "{}",
        error.report()
    );
    assert!(!error.report().contains("PLANTED"), "{}", error.report());
}

#[tokio::test]
async fn twenty_callers_share_one_token_request_and_later_ones_the_token() {
    let (server, given) = platform("t1").await;
    let client = oauth(&server, QuickClock::new());
    let calls = (0..20).map(|_| client.get("/x").send());
    for answer in futures_util::future::join_all(calls).await {
        answer.unwrap();
    }
    client.get("/x").send().await.unwrap();
    assert_eq!(given.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_token_is_renewed_after_four_fifths_of_its_life() {
    let (server, given) = platform("t1").await;
    let clock = QuickClock::new();
    let client = oauth(&server, clock.clone());
    client.get("/x").send().await.unwrap();
    clock.advance(Duration::from_secs(230));
    client.get("/x").send().await.unwrap();
    assert_eq!(given.load(Ordering::SeqCst), 1);
    clock.advance(Duration::from_secs(15));
    let _ = client.get("/x").send().await;
    assert!(given.load(Ordering::SeqCst) >= 2);
}

#[tokio::test]
async fn a_401_renews_the_token_once_and_sends_a_mutation_once_more() {
    let (server, given) = platform("t2").await;
    let client = oauth(&server, QuickClock::new());
    client.post("/x", Replay::Never).send().await.unwrap();
    assert_eq!(given.load(Ordering::SeqCst), 2);
    let sent = server.received_requests().await.unwrap();
    assert_eq!(sent.iter().filter(|r| r.url.path() == "/x").count(), 2);
}

#[tokio::test]
async fn twenty_callers_refused_at_once_renew_the_token_once() {
    let (server, given) = platform("t2").await;
    let client = oauth(&server, QuickClock::new());
    let calls = (0..20).map(|_| client.get("/x").send());
    for answer in futures_util::future::join_all(calls).await {
        answer.unwrap();
    }
    assert_eq!(given.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_second_401_is_an_error_that_stops_the_connection() {
    let (server, given) = platform("never").await;
    let client = oauth(&server, QuickClock::new());
    let error = client.post("/x", Replay::Never).send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::Unauthenticated, Effect::NotApplied)
    );
    assert!(error.stops_connection());
    assert_eq!(given.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn refused_client_credentials_are_asked_once_for_all_who_wait() {
    let server = MockServer::start().await;
    Mock::given(path("/token"))
        .respond_with(
            ResponseTemplate::new(400)
                .set_body_string(r#"{"error":"invalid_client"}"#)
                .set_delay(Duration::from_millis(50)),
        )
        .expect(1)
        .mount(&server)
        .await;
    let client = oauth(&server, QuickClock::new());
    let calls = (0..20).map(|_| client.post("/x", Replay::Never).send());
    for answer in futures_util::future::join_all(calls).await {
        let error = answer.unwrap_err();
        assert_eq!(
            (error.kind(), error.effect()),
            (Kind::Unauthenticated, Effect::NotApplied)
        );
        assert!(error.to_string().contains("invalid_client"), "{error}");
    }
}

#[tokio::test]
async fn a_token_server_that_is_down_leaves_a_mutation_unsent() {
    let server = MockServer::start().await;
    Mock::given(path("/token"))
        .respond_with(ResponseTemplate::new(500))
        .expect(4)
        .mount(&server)
        .await;
    Mock::given(path("/x"))
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&server)
        .await;
    let client = oauth(&server, QuickClock::new());
    let error = client.post("/x", Replay::Never).send().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::Unavailable, Effect::NotApplied)
    );
}

#[derive(Debug)]
struct Signed(Secret);

#[async_trait]
impl Auth for Signed {
    async fn apply(&self, request: &mut Outgoing) -> Result<(), Error> {
        let query = request.query();
        let base = format!(
            "{}&{}&{query:?}&{}",
            request.method(),
            request.url_without_query(),
            String::from_utf8_lossy(request.body())
        );
        let signature = hmac_sha256(&self.0, base.as_bytes(), Encoding::Hex);
        request.add_credential_query("signature", &signature);
        request.set_credential_header("x-signature", &signature)
    }

    async fn refused(&self, _: &Outgoing) -> Result<bool, Error> {
        Ok(false)
    }
}

#[tokio::test]
async fn an_own_scheme_signs_method_address_query_and_body() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let client = client(&server.uri())
        .auth(Signed(Secret::new("key")))
        .build()
        .unwrap();
    let request = client.post("/x", Replay::Never).query("a", "b c").json(&1);
    request.send().await.unwrap();
    let sent = &server.received_requests().await.unwrap()[0];
    let base = format!("POST&{}/x&[(\"a\", \"b c\")]&1", server.uri());
    let expected = hmac_sha256(&Secret::new("key"), base.as_bytes(), Encoding::Hex);
    assert_eq!(sent.headers["x-signature"], expected.as_str());
    assert!(
        sent.url
            .query()
            .unwrap()
            .ends_with(&format!("signature={expected}"))
    );
}

/// Where everything logged goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Echoes what it was sent, as careless servers do.
struct Echo;

impl Respond for Echo {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let authorization = request
            .headers
            .get("authorization")
            .map(|v| v.to_str().unwrap());
        ResponseTemplate::new(400)
            .set_body_string(format!("refused {:?} at {}", authorization, request.url))
    }
}

#[tokio::test]
async fn planted_secrets_appear_nowhere_in_logs_errors_or_debug() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(Echo).mount(&server).await;
    let planted = [
        "PLANTED-bearer",
        "PLANTED-basic",
        "PLANTED-key",
        "PLANTED-client",
        "UExBTlRFRC",
    ];
    let clock = QuickClock::new();
    let oauth = ClientCredentials::new(
        &format!("{}/token", server.uri()),
        "id",
        &Secret::new("PLANTED-client"),
        clock.clone(),
    )
    .unwrap();
    let mut printed = String::new();
    let clients = [
        client(&server.uri()).auth(HeaderAuth::bearer(&Secret::new("PLANTED-bearer"))),
        client(&server.uri()).auth(HeaderAuth::basic("PLANTED", &Secret::new("PLANTED-basic"))),
        client(&server.uri()).auth(Signed(Secret::new("PLANTED-key"))),
        client(&server.uri()).auth(oauth),
    ];
    for builder in clients {
        let client = builder.build().unwrap();
        let request = client
            .post("/x", Replay::Never)
            .query("page", "PLANTED-query");
        printed += &format!("{client:?} {client:#?} {request:?}");
        let error = request.send().await.unwrap_err();
        printed += &format!("{error} {error:?} {error:#?} {}", error.report());
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            printed += &format!("{error} {error:?}");
            cause = error.source();
        }
    }
    drop(guard);
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("POST /x"), "the log was captured: {logged}");
    for secret in planted {
        assert!(!printed.contains(secret), "{secret} in {printed}");
        assert!(!logged.contains(secret), "{secret} in {logged}");
    }
    assert!(
        printed.contains("refused"),
        "the useful part stays: {printed}"
    );
}
