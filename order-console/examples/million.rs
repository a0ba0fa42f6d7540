//! Measures the pages over many orders: `million [ORDERS] [FILE]`.
//!
//! Fills a SQLite file (a new one in a temporary directory unless a file is named) with orders
//! as a shop of some years has them, and prints how long the server takes to answer.

#![expect(clippy::print_stdout, reason = "it is what the program is for")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone as _, Utc};
use order_console::{Access, Console};
use order_core::ids::{OrderKey, ShopOrderId};
use order_core::money::{Currency, Money};
use order_core::ports::{Batch, Change, Claim, Clock, OrderStore, SystemClock};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::ShopState;
use order_core::state::{
    Action, Confirmation, EffectKind, Link, Order, Problem, ProblemKind, Shipment, ShopLink, Wait,
};
use order_core::testkit::samples;
use order_store::SqliteStore;
use tokio::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let count: u32 = arguments
        .next()
        .map_or(Ok(1_000_000), |text| text.parse())?;
    let directory = tempfile::tempdir()?;
    let path = arguments
        .next()
        .map_or_else(|| directory.path().join("orders.sqlite"), PathBuf::from);
    let is_new = !path.exists();
    let store = Arc::new(SqliteStore::open(&path)?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    if is_new {
        let start = Instant::now();
        fill(&*store, count, clock.now()).await?;
        println!("{count} orders written in {:?}", start.elapsed());
    }
    let console = Console::new(store, clock, &[]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let serving = async move {
        let ended = console.serve(listener, Access::Local, std::future::pending());
        ended.await
    };
    tokio::spawn(serving);
    measure(&url).await
}

async fn measure(url: &str) -> Outcome<()> {
    // As in the tests: the workspace's client brings no cryptography of its own.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::new();
    let first: serde_json::Value = client
        .get(format!("{url}/api/v1/orders?limit=200&status=shipped"))
        .send()
        .await?
        .json()
        .await?;
    let next = first["next"].as_str().unwrap_or_default().to_owned();
    let deep = format!("/?status=shipped&limit=200&after={next}");
    println!("{:>10} {:>10}  page", "median", "slowest");
    for path in [
        "/",
        "/?connection=shop-1",
        "/?needs_action=1",
        "/?status=waiting",
        "/?status=not_shipped&status=waiting&status=cancelled",
        "/?connection=shop-1&status=shipped",
        "/?problem=unknown_product",
        "/?due=day",
        "/?sending=1",
        &deep,
        "/?q=A0000500123",
        "/?q=3SX0000777",
        "/?q=A00005",
        "/?q=A",
        "/problems",
        "/connections",
        "/activity",
        "/api/v1/counters",
        "/metrics",
    ] {
        let mut times = Vec::new();
        for _ in 0..15 {
            let start = Instant::now();
            let answer = client.get(format!("{url}{path}")).send().await?;
            let status = answer.status();
            answer.bytes().await?;
            times.push(start.elapsed());
            if !status.is_success() {
                println!("{path}: {status}");
            }
        }
        times.sort();
        let milliseconds =
            |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
        println!(
            "{:>7.1} ms {:>7.1} ms  {path:.60}",
            milliseconds(times.get(times.len() / 2)),
            milliseconds(times.last()),
        );
    }
    Ok(())
}

/// Two connections, two years; nearly all orders are over.
async fn fill(store: &dyn OrderStore, count: u32, now: DateTime<Utc>) -> Outcome<()> {
    let step = TimeDelta::days(730) / i32::try_from(count.max(1))?;
    for (name, offset) in [("shop-1", 0), ("shop-2", 1)] {
        store.register(name.into(), Utc.timestamp_nanos(0)).await?;
        let claim = Claim {
            owner: "fill".to_owned(),
            now,
            lease_for: Duration::from_secs(60 * 60 * 24),
            connections: [name.into()].into(),
            early: true,
        };
        let Some(claimed) = store.claim(claim).await? else {
            continue;
        };
        let numbers: Vec<u32> = (offset..count).step_by(2).collect();
        for some in numbers.chunks(1000) {
            let changes = some
                .iter()
                .map(|number| {
                    let seen = now - step * i32::try_from(count - number).unwrap_or_default();
                    change(order(name, *number, count, seen), now)
                })
                .collect();
            let batch = Batch {
                changes,
                memo: None,
            };
            store.commit(claimed.lease.clone(), batch).await?;
        }
        store
            .release(claimed.lease, claimed.memo, now + TimeDelta::hours(1))
            .await?;
    }
    Ok(())
}

fn change(order: Order, now: DateTime<Utc>) -> Change {
    Change {
        next_due: (!order.status_is_final()).then_some(now),
        order,
        content_changed: true,
        notes: Vec::new(),
        effects: Vec::new(),
        at: now,
    }
}

fn order(connection: &str, number: u32, count: u32, seen: DateTime<Utc>) -> Order {
    let id = format!("A{number:010}");
    let mut order = Order::new(OrderKey::new(connection, id.as_str()), seen);
    let line = samples::line("L1", "SKU1", 2, 999);
    let mut content = samples::order(&id, seen - TimeDelta::minutes(5), vec![line]);
    content.ship_by = Some(seen + TimeDelta::days(1));
    order.content = Some(Arc::new(content));
    order.state.link = Link::Linked(ShopLink {
        id: ShopOrderId::from(format!("{}", 5_000_000 + number)),
        number: format!("#{number}"),
        state: ShopState::Open,
        raw_state: "processing".to_owned(),
        total: Money::from_minor(1998, Currency::EUR),
        cancelled: Vec::new(),
        gone: false,
    });
    // The newest two in a hundred are open; of those some wait and some need a person.
    if number > count - count / 50 {
        match number % 10 {
            0 => order.state.problems.push(Problem {
                action: Action::Send(EffectKind::Create),
                kind: ProblemKind::UnknownProduct,
                text: "no product of the webshop has the SKU SKU1".to_owned(),
                advice: "make it, or give one this SKU".to_owned(),
                since: seen,
                attempts: 3,
                next_attempt: None,
            }),
            1..4 => {
                order.state.wait = Some(Wait {
                    since: seen,
                    until: seen + TimeDelta::hours(3),
                    looks: 1,
                });
            }
            _ => {}
        }
        return order;
    }
    order.state.shipments.push(Shipment {
        id: "S1".into(),
        source: None,
        parcel: 1,
        lines: vec![LineQuantity {
            line: "L1".into(),
            quantity: 2,
        }],
        tracking: Some(Tracking::new(format!("3SX{number:010}"))),
        carrier: None,
        shipped_at: seen,
        confirmation: Confirmation::Verified {
            at: seen,
            remote_id: None,
        },
        told_code: Some(format!("3SX{number:010}")),
        audit_at: None,
    });
    order
}
