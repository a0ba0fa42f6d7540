//! Spacing, requests under way, and pauses told by the platform.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::{QuickClock, Raw, client, client_on};
use connector_http::{Environment, HttpClient, Limit, Pause};
use order_core::budget::MemoryBudgets;
use order_core::ports::{BudgetAsk, Clock, RateBudgets, Turn};
use order_core::{Error, Kind};
use tokio::io::AsyncWriteExt;
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}";

#[tokio::test]
async fn requests_of_one_operation_keep_their_spacing_and_others_do_not_wait() {
    let raw = Raw::replying(OK).await;
    let clock = QuickClock::new();
    let client = client_on(&raw.address, clock.clone())
        .limit(
            "GET /orders/{id}",
            Limit::none().with_spacing(Duration::from_secs(3)),
        )
        .build()
        .unwrap();
    let began = clock.monotonic();
    for id in ["1", "2", "3"] {
        client
            .get("/orders/{id}")
            .segment("id", id)
            .send()
            .await
            .unwrap();
    }
    let took = clock.monotonic() - began;
    assert!((6..7).contains(&took.as_secs()), "{took:?}");
    let began = clock.monotonic();
    for _ in 0..3 {
        client.get("/shipments").send().await.unwrap();
    }
    assert!(clock.monotonic() - began < Duration::from_secs(1));
}

#[tokio::test]
async fn a_burst_starts_at_once_and_then_the_spacing_holds() {
    let raw = Raw::replying(OK).await;
    let clock = QuickClock::new();
    let limit = Limit::none()
        .with_spacing(Duration::from_secs(3))
        .with_burst(3);
    let client = client_on(&raw.address, clock.clone())
        .limit("GET /orders", limit)
        .build()
        .unwrap();
    let began = clock.monotonic();
    for _ in 0..3 {
        client.get("/orders").send().await.unwrap();
    }
    assert!(clock.monotonic() - began < Duration::from_secs(1));
    for _ in 0..2 {
        client.get("/orders").send().await.unwrap();
    }
    let took = clock.monotonic() - began;
    assert!((6..7).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_allowed() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (n, m) = (Arc::clone(&now), Arc::clone(&most));
    let raw = Raw::start(move |mut socket| {
        let (now, most) = (Arc::clone(&n), Arc::clone(&m));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>())
                .await
                .ok();
            now.fetch_sub(1, Ordering::SeqCst);
            let _ = socket.write_all(OK).await;
        }
    })
    .await;
    let client = client(&raw.address)
        .request_timeout(Duration::from_secs(10))
        .limit_others(Limit::none().with_in_flight(2))
        .build()
        .unwrap();
    let all = (0..10).map(|_| client.get("/x").send());
    for answer in futures_util::future::join_all(all).await {
        answer.unwrap();
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_rate_header_holds_back_the_operation_or_the_whole_account() {
    for (whole_account, other_waits) in [(false, false), (true, true)] {
        let server = MockServer::start().await;
        Mock::given(path("/a"))
            .respond_with(
                ResponseTemplate::new(200)
                    .insert_header("x-left", "0")
                    .insert_header("x-reset", "5"),
            )
            .mount(&server)
            .await;
        Mock::given(any())
            .respond_with(ResponseTemplate::new(200))
            .with_priority(9)
            .mount(&server)
            .await;
        let clock = QuickClock::new();
        let client = client_on(&server.uri(), clock.clone())
            .rate_hints(move |answer, _| {
                if answer.header("x-left") != Some("0") {
                    return None;
                }
                let wait = Duration::from_secs(answer.header("x-reset")?.parse().ok()?);
                Some(if whole_account {
                    Pause::account(wait)
                } else {
                    Pause::operation(wait)
                })
            })
            .build()
            .unwrap();
        client.get("/a").send().await.unwrap();
        let began = clock.monotonic();
        client.get("/b").send().await.unwrap();
        let waited = clock.monotonic() - began >= Duration::from_secs(4);
        assert_eq!(waited, other_waits);
        client.get("/a").send().await.unwrap();
        assert!(clock.monotonic() - began >= Duration::from_secs(4));
    }
}

/// Budgets whose keeper is gone.
#[derive(Debug)]
struct Gone;

#[async_trait::async_trait]
impl RateBudgets for Gone {
    async fn take(&self, _: BudgetAsk) -> Result<Turn, Error> {
        Err(Error::not_applied(Kind::Unavailable, "gone"))
    }

    async fn held_back(&self, _: String, _: String) -> Result<Duration, Error> {
        Err(Error::not_applied(Kind::Unavailable, "gone"))
    }

    async fn pause(&self, _: String, _: Option<String>, _: Duration) -> Result<(), Error> {
        Err(Error::not_applied(Kind::Unavailable, "gone"))
    }
}

#[tokio::test]
async fn clients_of_one_account_keep_their_limits_together() {
    let raw = Raw::replying(OK).await;
    let clock = QuickClock::new();
    let environment =
        Environment::from(clock.clone()).with_budgets(Arc::new(MemoryBudgets::new(clock.clone())));
    let client = |account: &str| {
        HttpClient::builder(&raw.address, &environment)
            .account(account)
            .limit_others(Limit::none().with_spacing(Duration::from_secs(3)))
            .build()
            .unwrap()
    };
    let (one, same, another) = (client("seller 1"), client("seller 1"), client("seller 2"));
    let began = clock.monotonic();
    one.get("/orders").send().await.unwrap();
    another.get("/orders").send().await.unwrap();
    assert!(clock.monotonic() - began < Duration::from_secs(1));
    same.get("/orders").send().await.unwrap();
    one.get("/orders").send().await.unwrap();
    let took = clock.monotonic() - began;
    assert!((6..7).contains(&took.as_secs()), "{took:?}");
}

#[tokio::test]
async fn a_refusal_of_one_client_holds_the_others_of_its_account_back() {
    let server = MockServer::start().await;
    Mock::given(path("/a"))
        .respond_with(ResponseTemplate::new(429).insert_header("retry-after", "7"))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200))
        .with_priority(9)
        .mount(&server)
        .await;
    let clock = QuickClock::new();
    let environment =
        Environment::from(clock.clone()).with_budgets(Arc::new(MemoryBudgets::new(clock.clone())));
    let client = |attempts| {
        HttpClient::builder(server.uri(), &environment)
            .attempts(attempts)
            .build()
            .unwrap()
    };
    let refused = client(1).get("/a").send().await.unwrap_err();
    assert_eq!(refused.kind(), Kind::RateLimited);
    let began = clock.monotonic();
    client(1).get("/a").send().await.unwrap();
    assert!(clock.monotonic() - began >= Duration::from_secs(6));
}

#[tokio::test]
async fn budgets_that_cannot_be_asked_stop_nobody() {
    let raw = Raw::replying(OK).await;
    let clock = QuickClock::new();
    let client = HttpClient::builder(
        &raw.address,
        Environment::from(clock.clone()).with_budgets(Arc::new(Gone)),
    )
    .limit_others(Limit::none().with_spacing(Duration::from_secs(3)))
    .build()
    .unwrap();
    for _ in 0..3 {
        client.get("/orders").send().await.unwrap();
    }
    assert_eq!(raw.requests(), 3);
}
