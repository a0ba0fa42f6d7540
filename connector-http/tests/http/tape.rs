//! A tape hears what goes over the wire, without credentials, and can answer instead.

use std::sync::Arc;
use std::time::Duration;

use crate::support::client_on;
use connector_http::tape::{Exchanged, Heard, Tape};
use connector_http::{ClientCredentials, HeaderAuth, HttpClient, Replay, Secret};
use order_core::ports::{Clock, SystemClock};
use order_core::{Effect, Kind};
use serde_json::{Value, json};
use wiremock::matchers::{any, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A platform whose first token is refused, and a client of it.
async fn platform() -> (MockServer, HttpClient) {
    let server = MockServer::start().await;
    for (token, times) in [("t1", 1), ("t2-secret", 9)] {
        Mock::given(path("/token"))
            .respond_with(
                ResponseTemplate::new(200)
                    .set_body_json(json!({"access_token": token, "expires_in": 300})),
            )
            .up_to_n_times(times)
            .mount(&server)
            .await;
    }
    Mock::given(method("POST"))
        .and(path("/orders"))
        .and(header("authorization", "Bearer t2-secret"))
        .respond_with(
            ResponseTemplate::new(201)
                .set_body_json(json!({"number": "A-1", "by": "Bearer t2-secret"})),
        )
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(401))
        .with_priority(9)
        .mount(&server)
        .await;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let token = format!("{}/token", server.uri());
    let auth = ClientCredentials::new(&token, "id", &Secret::new("hunter2"), Arc::clone(&clock));
    let client = client_on(&server.uri(), clock)
        .auth(auth.unwrap())
        .build()
        .unwrap();
    (server, client)
}

async fn create(client: &HttpClient) -> Result<Value, order_core::Error> {
    let request = client.post("/orders", Replay::Never).query("dry", "no");
    request.json(&json!({"sku": "MUG"})).send().await?.json()
}

#[tokio::test]
async fn everything_is_heard_but_what_fetches_and_carries_credentials() {
    let (_server, client) = platform().await;
    let tape = Tape::recording();
    let made = tape.around(create(&client)).await.unwrap();
    assert_eq!(made["number"], "A-1");
    // Not heard: nobody asked for it.
    create(&client).await.unwrap();

    let heard = tape.take();
    let statuses: Vec<u16> = heard
        .iter()
        .map(|one| match &one.heard {
            Heard::Answer { status, whole, .. } => {
                assert!(whole);
                *status
            }
            other @ (Heard::NotConnected | Heard::Broken | Heard::NoAnswer | _) => {
                panic!("{other:?}")
            }
        })
        .collect();
    assert_eq!(statuses, [401, 201], "{heard:?}");
    for one in &heard {
        assert_eq!(
            (one.method.as_str(), one.operation.as_str()),
            ("POST", "POST /orders")
        );
        assert!(one.url.ends_with("/orders?dry=no"), "{}", one.url);
        assert_eq!(one.body, br#"{"sku":"MUG"}"#);
        if let Heard::Answer { body, .. } = &one.heard {
            let body = String::from_utf8_lossy(body);
            assert!(!body.contains("t2-secret"), "echoed: {body}");
        }
    }
    assert!(tape.take().is_empty());
}

#[tokio::test]
async fn a_tape_that_plays_answers_alone_and_in_order() {
    let (server, client) = platform().await;
    let tape = Tape::recording();
    tape.around(create(&client)).await.unwrap();
    let heard = tape.take();
    let seen = server.received_requests().await.unwrap().len();

    let (other, fresh) = platform().await;
    let played = Tape::playing(heard);
    let made = played.around(create(&fresh)).await.unwrap();
    assert_eq!(made["number"], "A-1", "also past the recorded 401");
    assert_eq!(server.received_requests().await.unwrap().len(), seen);
    assert!(other.received_requests().await.unwrap().is_empty());
    assert!(played.left().is_empty());

    // An attempt that was the last one is the last one.
    let refused = Heard::Answer {
        status: 503,
        headers: Vec::new(),
        body: Vec::new(),
        whole: true,
    };
    let last = Tape::playing(vec![Exchanged::new("GET /orders", "GET", "", refused)]);
    let read = async { fresh.get("/orders").send().await.map(drop) };
    let error = last.around(read).await.unwrap_err();
    assert!(error.report().contains("503"), "{}", error.report());

    // What is not on it is not sent either.
    let error = played.around(create(&fresh)).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied);
    assert!(error.report().contains("no answer"), "{}", error.report());
    assert!(other.received_requests().await.unwrap().is_empty());
}

#[tokio::test]
async fn silence_is_kept_and_played_as_silence() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_delay(Duration::from_secs(20)))
        .mount(&server)
        .await;
    let make = || {
        client_on(&server.uri(), Arc::new(SystemClock::new()))
            .request_timeout(Duration::from_millis(100))
            .auth(HeaderAuth::bearer(&Secret::new("hunter2")))
            .build()
            .unwrap()
    };
    let tape = Tape::recording();
    let error = tape.around(create(&make())).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::Timeout, Effect::Unknown)
    );
    let heard = tape.take();
    assert!(matches!(heard[0].heard, Heard::NoAnswer), "{heard:?}");
    let again = Tape::playing(heard)
        .around(create(&make()))
        .await
        .unwrap_err();
    assert_eq!(
        (again.kind(), again.effect()),
        (Kind::Timeout, Effect::Unknown)
    );

    let broken = vec![Exchanged::new("POST /orders", "POST", "", Heard::Broken)];
    let again = Tape::playing(broken)
        .around(create(&make()))
        .await
        .unwrap_err();
    assert_eq!(
        (again.kind(), again.effect()),
        (Kind::Unavailable, Effect::Unknown)
    );
    let text = format!("{tape:?}{again:?}");
    assert!(!text.contains("hunter2"));
}
