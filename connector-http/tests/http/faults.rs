//! What each way of failing on a real socket is called, and how often a request goes out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::{QuickClock, Raw, client, client_on};
use connector_http::{HttpClient, Replay};
use order_core::{Effect, Error, Kind};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpSocket, TcpStream};
use wiremock::matchers::{any, body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, Respond, ResponseTemplate};

async fn read(client: &HttpClient) -> Result<Value, Error> {
    client.get("/x").send().await?.json()
}

async fn mutate(client: &HttpClient, replay: Replay) -> Result<Value, Error> {
    client
        .post("/x", replay)
        .json(&json!({"n": 1}))
        .send()
        .await?
        .json()
}

fn assert_is(error: &Error, kind: Kind, effect: Effect) {
    assert_eq!(
        (error.kind(), error.effect()),
        (kind, effect),
        "{}",
        error.report()
    );
}

/// Runs the three kinds of request against a server that always fails in the same way.
async fn each_is(raw: &Raw, kind: Kind, retried: bool) {
    let client = client(&raw.address).build().unwrap();
    let once = mutate(&client, Replay::Never).await.unwrap_err();
    assert_is(&once, kind, Effect::Unknown);
    assert_eq!(raw.requests(), 1, "a mutation is sent once");
    let safe = mutate(&client, Replay::Safe).await.unwrap_err();
    assert_is(&safe, kind, Effect::Unknown);
    let attempts = if retried { 4 } else { 1 };
    assert_eq!(
        raw.requests(),
        1 + attempts,
        "a safe one is repeated where that can help"
    );
    let got = read(&client).await.unwrap_err();
    assert_is(&got, kind, Effect::NotApplied);
    assert_eq!(raw.requests(), 1 + 2 * attempts, "so is a read");
}

#[tokio::test]
async fn a_refused_connection_changed_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = client(&address).build().unwrap();
    let error = mutate(&client, Replay::Never).await.unwrap_err();
    assert_is(&error, Kind::Unavailable, Effect::NotApplied);
    assert!(error.report().contains("refused"), "{}", error.report());
}

#[tokio::test]
async fn an_unknown_host_changed_nothing() {
    let client = client("https://surely-absent.invalid").build().unwrap();
    let error = mutate(&client, Replay::Never).await.unwrap_err();
    assert_eq!(error.effect(), Effect::NotApplied, "{}", error.report());
}

#[tokio::test]
async fn a_tls_failure_changed_nothing() {
    // A plain-text server behind an https address: the handshake fails.
    let raw = Raw::start(|_| async {}).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
    });
    let client = client(&address).build().unwrap();
    let error = mutate(&client, Replay::Never).await.unwrap_err();
    assert_is(&error, Kind::Unavailable, Effect::NotApplied);
    assert_eq!(raw.requests(), 0);
    task.await.unwrap();
}

#[tokio::test]
async fn a_connection_that_is_never_accepted_changed_nothing() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    // Fill the queue of the kernel, so that the next connection stays half open.
    let mut waiting = Vec::new();
    for _ in 0..4 {
        let connect = TcpStream::connect(address);
        if let Ok(stream) = tokio::time::timeout(Duration::from_millis(100), connect).await {
            waiting.push(stream.unwrap());
        }
    }
    let client = client(&format!("http://{address}"))
        .connect_timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let error = mutate(&client, Replay::Never).await.unwrap_err();
    assert_is(&error, Kind::Unavailable, Effect::NotApplied);
}

#[tokio::test]
async fn a_connection_closed_after_the_request_leaves_doubt() {
    let raw = Raw::start(|socket| async move { drop(socket) }).await;
    each_is(&raw, Kind::Unavailable, true).await;
}

#[tokio::test]
async fn a_reset_after_the_request_leaves_doubt() {
    let raw = Raw::start(|socket| async move {
        socket.set_zero_linger().unwrap();
        drop(socket);
    })
    .await;
    each_is(&raw, Kind::Unavailable, true).await;
}

#[tokio::test]
async fn an_answer_that_is_not_http_leaves_doubt() {
    let raw = Raw::replying(b"220 mail.example ESMTP\r\n").await;
    each_is(&raw, Kind::Unavailable, true).await;
}

#[tokio::test]
async fn half_a_head_leaves_doubt() {
    let raw = Raw::replying(b"HTTP/1.1 200 OK\r\nContent-Le").await;
    each_is(&raw, Kind::Unavailable, true).await;
}

#[tokio::test]
async fn half_a_body_leaves_doubt() {
    let raw = Raw::replying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":").await;
    each_is(&raw, Kind::Unavailable, true).await;
}

#[tokio::test]
async fn a_refusal_whose_body_broke_off_is_still_a_refusal() {
    let raw = Raw::replying(b"HTTP/1.1 422 No\r\nContent-Length: 100\r\n\r\n{\"id\":").await;
    let client = client(&raw.address).build().unwrap();
    let error = mutate(&client, Replay::Never).await.unwrap_err();
    assert_is(&error, Kind::Rejected, Effect::NotApplied);
}

#[tokio::test]
async fn no_answer_in_time_leaves_doubt() {
    let raw = Raw::start(|socket| async move {
        tokio::io::AsyncReadExt::read(&mut { socket }, &mut [0; 1])
            .await
            .ok();
    })
    .await;
    let client = client(&raw.address)
        .request_timeout(Duration::from_millis(150))
        .build()
        .unwrap();
    let error = mutate(&client, Replay::Never).await.unwrap_err();
    assert_is(&error, Kind::Timeout, Effect::Unknown);
    assert_eq!(raw.requests(), 1);
    assert_is(
        &read(&client).await.unwrap_err(),
        Kind::Timeout,
        Effect::NotApplied,
    );
    assert_eq!(raw.requests(), 5);
}

#[tokio::test]
async fn a_body_that_trickles_in_is_given_up_at_the_same_deadline() {
    let raw = Raw::start(|mut socket| async move {
        let _ = socket
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
            .await;
        while socket.write_all(b" ").await.is_ok() {
            tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>())
                .await
                .ok();
        }
    })
    .await;
    let client = client(&raw.address)
        .request_timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let error = mutate(&client, Replay::Never).await.unwrap_err();
    assert_is(&error, Kind::Timeout, Effect::Unknown);
    assert!(error.to_string().contains("did not end in time"), "{error}");
}

#[tokio::test]
async fn a_hundred_megabytes_are_cut_off_and_never_held() {
    const ALL: usize = 100 * 1024 * 1024;
    let written = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&written);
    let raw = Raw::start(move |mut socket| {
        let counter = Arc::clone(&counter);
        async move {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {ALL}\r\n\r\n");
            let _ = socket.write_all(head.as_bytes()).await;
            let chunk = vec![b' '; 64 * 1024];
            for _ in 0..ALL / chunk.len() {
                if socket.write_all(&chunk).await.is_err() {
                    return;
                }
                counter.fetch_add(chunk.len(), Ordering::SeqCst);
            }
        }
    })
    .await;
    let client = client(&raw.address)
        .request_timeout(Duration::from_secs(20))
        .build()
        .unwrap();
    let error = read(&client).await.unwrap_err();
    assert_is(&error, Kind::Decode, Effect::NotApplied);
    assert!(
        error.to_string().contains("larger than 8388608 bytes"),
        "{error}"
    );
    assert_eq!(raw.requests(), 1, "asking again cannot help");
    let sent = written.load(Ordering::SeqCst);
    assert!(
        sent < 40 * 1024 * 1024,
        "the rest was not even read: {sent}"
    );
}

#[tokio::test]
async fn unreadable_successes_are_explained_and_leave_doubt_after_a_mutation() {
    for (reply, says) in [
        (
            &b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\"\xff\xfe\""[..],
            "not valid UTF-8 (byte 2 of 4)",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n<html>Please log in.</html>",
            "a web page",
        ),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "empty"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{\"a\":",
            "ends in the middle",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n{} {} ",
            "goes on after its JSON",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope",
            "not JSON: nope",
        ),
    ] {
        let raw = Raw::replying(reply).await;
        let client = client(&raw.address).build().unwrap();
        let error = mutate(&client, Replay::Safe).await.unwrap_err();
        assert_is(&error, Kind::Decode, Effect::Unknown);
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().starts_with("POST /x: "), "{error}");
        assert_is(
            &read(&client).await.unwrap_err(),
            Kind::Decode,
            Effect::NotApplied,
        );
        assert_eq!(
            raw.requests(),
            2,
            "what cannot be read is not asked for again"
        );
    }
}

#[tokio::test]
async fn a_field_that_does_not_fit_is_named_by_its_path_without_the_value() {
    #[derive(Debug, serde::Deserialize)]
    struct Order {
        #[expect(dead_code, reason = "only the failure to read it matters")]
        quantity: u32,
    }
    #[derive(Debug, serde::Deserialize)]
    struct Page {
        #[expect(dead_code, reason = "only the failure to read it matters")]
        orders: Vec<Order>,
    }
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(
            ResponseTemplate::new(200)
                .set_body_string(r#"{"orders":[{"quantity":1},{"quantity":"Jansen"}]}"#),
        )
        .mount(&server)
        .await;
    let client = client(&server.uri()).build().unwrap();
    let error = client
        .get("/x")
        .send()
        .await
        .unwrap()
        .json::<Page>()
        .unwrap_err();
    assert!(error.to_string().contains("orders[1].quantity"), "{error}");
    assert!(!error.report().contains("Jansen"), "{}", error.report());
}

#[tokio::test]
async fn a_429_never_repeats_a_mutation_and_says_when_to_come_back() {
    for retry_after in ["7", "Thu, 01 Jan 2026 00:00:07 GMT"] {
        let server = MockServer::start().await;
        Mock::given(any())
            .respond_with(
                ResponseTemplate::new(429)
                    .insert_header("retry-after", retry_after)
                    .insert_header("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
            )
            .expect(1)
            .mount(&server)
            .await;
        let client = client(&server.uri()).build().unwrap();
        let error = mutate(&client, Replay::Never).await.unwrap_err();
        assert_is(&error, Kind::RateLimited, Effect::NotApplied);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    }
}

#[tokio::test]
async fn a_read_waits_as_long_as_a_429_asks_and_then_succeeds() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "7"))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string("{}"))
        .with_priority(9)
        .expect(1)
        .mount(&server)
        .await;
    let clock = QuickClock::new();
    let client = client_on(&server.uri(), clock.clone()).build().unwrap();
    read(&client).await.unwrap();
    let waited: Duration = clock.waits().iter().sum();
    assert!((6..9).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test]
async fn a_wait_beyond_the_budget_fails_at_once_and_holds_later_requests_back() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "86400"))
        .expect(1)
        .mount(&server)
        .await;
    let clock = QuickClock::new();
    let client = client_on(&server.uri(), clock.clone()).build().unwrap();
    let error = read(&client).await.unwrap_err();
    assert_eq!(
        error.retry_after(),
        Some(Duration::from_secs(3600)),
        "clamped"
    );
    clock.advance(Duration::from_secs(600));
    let error = read(&client).await.unwrap_err();
    assert_is(&error, Kind::RateLimited, Effect::NotApplied);
    assert!(error.to_string().contains("not sent"), "{error}");
    let left = error.retry_after().unwrap().as_secs();
    assert!((2900..=3000).contains(&left), "{left}");
}

#[tokio::test]
async fn a_server_error_leaves_doubt_and_repeats_only_what_is_safe() {
    for status in [500, 502, 503, 504] {
        let raw = Raw::start(move |mut socket| async move {
            let reply = format!("HTTP/1.1 {status} Oops\r\nContent-Length: 0\r\n\r\n");
            let _ = socket.write_all(reply.as_bytes()).await;
        })
        .await;
        each_is(&raw, Kind::Unavailable, true).await;
    }
}

#[tokio::test]
async fn a_redirected_mutation_is_not_followed() {
    let server = MockServer::start().await;
    Mock::given(path("/x"))
        .respond_with(ResponseTemplate::new(302).insert_header("location", "/elsewhere?key=abc"))
        .expect(2)
        .mount(&server)
        .await;
    Mock::given(path("/elsewhere"))
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&server)
        .await;
    let client = client(&server.uri()).attempts(1).build().unwrap();
    let error = mutate(&client, Replay::Never).await.unwrap_err();
    assert_is(&error, Kind::Unavailable, Effect::Unknown);
    assert!(!error.report().contains("key"), "{}", error.report());
    assert_eq!(
        read(&client).await.unwrap_err().effect(),
        Effect::NotApplied
    );
}

#[tokio::test]
async fn a_permanent_redirect_names_the_host_to_configure() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(
            ResponseTemplate::new(301).insert_header("location", "https://www.shop.example/x?k=v"),
        )
        .mount(&server)
        .await;
    let client = client(&server.uri()).build().unwrap();
    let error = read(&client).await.unwrap_err();
    assert_is(&error, Kind::Config, Effect::NotApplied);
    assert!(
        error.to_string().contains("https://www.shop.example"),
        "{error}"
    );
    assert!(!error.report().contains("k=v"), "{}", error.report());
}

#[tokio::test]
async fn the_requests_parts_arrive_as_they_were_given() {
    let server = MockServer::start().await;
    Mock::given(method("PUT"))
        .and(path("/api/orders/A%2F1%20b"))
        .and(query_param("page", "2"))
        .and(query_param("q", "a&b=c"))
        .and(header("content-type", "application/vnd.test.v1+json"))
        .and(header("accept", "application/vnd.test.v1+json"))
        .and(body_json(json!({"ok": true})))
        .respond_with(ResponseTemplate::new(202).set_body_string("{}"))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(&format!("{}/api/", server.uri()))
        .header("accept", "application/vnd.test.v1+json")
        .build()
        .unwrap();
    let response = client
        .put("/orders/{id}", Replay::Never)
        .segment("id", "A/1 b")
        .query("page", 2)
        .query("q", "a&b=c")
        .json_as("application/vnd.test.v1+json", &json!({"ok": true}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 202);
}

#[tokio::test]
async fn an_empty_id_or_an_unfilled_place_is_never_sent() {
    let raw = Raw::replying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
    let client = client(&raw.address).build().unwrap();
    for wrong in [
        client.get("/orders/{id}").segment("id", ""),
        client.get("/orders/{id}").segment("id", ".."),
        client.get("/orders/{id}"),
        client.get("/orders").segment("id", "1"),
        client.get("orders"),
        client.get_link("https://elsewhere.example/orders?page=2"),
    ] {
        let text = format!("{wrong:?}");
        assert_eq!(
            wrong.send().await.unwrap_err().effect(),
            Effect::NotApplied,
            "{text}"
        );
    }
    assert_eq!(raw.requests(), 0);
    let link = format!("{}/orders?page=2", raw.address);
    assert!(client.get_link(&link).send().await.is_ok());
}

#[tokio::test]
async fn a_request_whose_deadline_passed_while_it_waited_is_not_sent() {
    let raw = Raw::replying(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").await;
    let clock = QuickClock::new();
    clock.advance(Duration::from_secs(10));
    let client = client_on(&raw.address, clock).build().unwrap();
    let request = client
        .post("/x", Replay::Never)
        .not_after(Duration::from_secs(5));
    assert_is(
        &request.send().await.unwrap_err(),
        Kind::Timeout,
        Effect::NotApplied,
    );
    assert_eq!(raw.requests(), 0);
}

/// Fails a number of times, then succeeds.
struct Flaky(AtomicUsize);

impl Respond for Flaky {
    fn respond(&self, _: &wiremock::Request) -> ResponseTemplate {
        let left = self.0.load(Ordering::SeqCst);
        if left == 0 {
            return ResponseTemplate::new(200).set_body_string("{}");
        }
        self.0.store(left - 1, Ordering::SeqCst);
        ResponseTemplate::new(503)
    }
}

#[tokio::test]
async fn a_read_succeeds_when_the_trouble_passes() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(Flaky(AtomicUsize::new(3)))
        .expect(4)
        .mount(&server)
        .await;
    let client = client(&server.uri()).build().unwrap();
    read(&client).await.unwrap();
}

#[tokio::test]
async fn a_platforms_own_classification_comes_before_the_table() {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"error":"sold out"}"#))
        .mount(&server)
        .await;
    let client = client(&server.uri())
        .classify(|answer| {
            answer
                .excerpt()
                .contains("sold out")
                .then(|| Error::not_applied(Kind::Conflict, "sold out"))
        })
        .build()
        .unwrap();
    let error = mutate(&client, Replay::Never).await.unwrap_err();
    assert_is(&error, Kind::Conflict, Effect::NotApplied);
    assert_eq!(error.operation(), Some("POST /x"));
}

#[tokio::test]
async fn a_kept_connection_that_dies_under_a_mutation_does_not_send_it_again() {
    let again = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&again);
    let raw = Raw::start(move |mut socket| {
        let counter = Arc::clone(&counter);
        async move {
            let _ = socket
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
                .await;
            // The next request on the same connection is read and then left without an answer.
            if tokio::io::AsyncReadExt::read(&mut socket, &mut [0; 4096])
                .await
                .unwrap_or(0)
                > 0
            {
                counter.fetch_add(1, Ordering::SeqCst);
            }
        }
    })
    .await;
    let client = client(&raw.address).build().unwrap();
    mutate(&client, Replay::Never).await.unwrap();
    let error = mutate(&client, Replay::Never).await.unwrap_err();
    assert_is(&error, Kind::Unavailable, Effect::Unknown);
    assert_eq!((raw.requests(), again.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_kept_connection_that_died_while_idle_is_replaced_before_anything_is_sent() {
    let raw = Raw::start(|mut socket| async move {
        let _ = socket
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            .await;
    })
    .await;
    let client = client(&raw.address).build().unwrap();
    for sent in 1..=20 {
        mutate(&client, Replay::Never).await.unwrap();
        assert_eq!(raw.requests(), sent);
        // Gives the closing of the connection time to arrive.
        tokio::time::timeout(Duration::from_millis(10), std::future::pending::<()>())
            .await
            .ok();
    }
}
