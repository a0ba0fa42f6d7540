//! What many stored orders cost: a cycle with nothing new, and memory.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use order_core::engine::Engine;
use order_core::ids::{OrderKey, ShopOrderId};
use order_core::money::{Currency, Money};
use order_core::policy::Policy;
use order_core::ports::{Batch, Change, Claim, Clock, OrderFilter, OrderStore};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::ShopState;
use order_core::state::{Confirmation, Link, Order, Shipment, ShopLink};
use order_core::testkit::samples;

use crate::ledger::Ledger;
use crate::platforms::Platforms;
use crate::stores::{Kind, Still, fresh, open};

const LEASE: Duration = Duration::from_secs(3600);

/// An order that is over.
fn order(number: usize, seen: DateTime<Utc>) -> Order {
    let id = format!("old-{number:08}");
    let mut order = Order::new(OrderKey::new("shop", id.as_str()), seen);
    let lines = vec![samples::line("L1", "SKU1", 2, 999)];
    order.content = Some(Arc::new(samples::order(&id, seen, lines)));
    order.state.link = Link::Linked(ShopLink {
        id: ShopOrderId::from(format!("w-{id}")),
        number: format!("#{number}"),
        state: ShopState::Completed,
        raw_state: "completed".to_owned(),
        total: Money::from_minor(1998, Currency::EUR),
        cancelled: Vec::new(),
        gone: false,
    });
    order.state.shipments.push(Shipment {
        id: "S1".into(),
        source: None,
        parcel: 1,
        lines: vec![LineQuantity {
            line: "L1".into(),
            quantity: 2,
        }],
        tracking: Some(Tracking::new(format!("3S{number:010}"))),
        carrier: None,
        shipped_at: seen,
        confirmation: Confirmation::Verified {
            at: seen,
            remote_id: None,
        },
        told_code: Some(format!("3S{number:010}")),
        audit_at: None,
    });
    order
}

/// Adds orders up to a count; two of a hundred are open and due in eleven hours.
async fn fill(store: &dyn OrderStore, range: std::ops::Range<usize>, now: DateTime<Utc>) {
    store.register("shop".into(), now).await.unwrap();
    let claim = Claim {
        owner: "fill".to_owned(),
        now,
        lease_for: LEASE,
        connections: [].into(),
        early: true,
    };
    let claimed = store.claim(claim).await.unwrap().unwrap();
    let numbers: Vec<usize> = range.collect();
    for some in numbers.chunks(1000) {
        let changes = some
            .iter()
            .map(|number| Change {
                order: order(*number, now - TimeDelta::days(30)),
                next_due: (number % 50 == 0).then_some(now + TimeDelta::hours(11)),
                content_changed: true,
                notes: Vec::new(),
                effects: Vec::new(),
                at: now,
            })
            .collect();
        let memo = None;
        let batch = Batch { changes, memo };
        store.commit(claimed.lease.clone(), batch).await.unwrap();
    }
    store
        .release(claimed.lease, claimed.memo, now)
        .await
        .unwrap();
}

/// Times of cycles in which nothing is new and nothing is due.
async fn idle(store: &Arc<dyn OrderStore>, clock: &Arc<Still>, cycles: usize) -> Vec<Duration> {
    let platforms = Platforms::new("shop", 0, clock.now(), Ledger::here());
    let connection = platforms.connection(Policy::new("bench"));
    let engine = Engine::new(Arc::clone(store), Arc::clone(clock) as Arc<dyn Clock>);
    let mut times = Vec::new();
    for _ in 0..cycles {
        clock.advance(301);
        let start = Instant::now();
        let held = engine.claim("bench", &[], LEASE, false).await.unwrap();
        let mut held = held.unwrap();
        let report = engine.run_cycle(&connection, &mut held).await;
        engine.release(&connection, held).await.unwrap();
        times.push(start.elapsed());
        assert_eq!(report.calls, 2 + u32::from(report.calls > 2));
    }
    times.sort();
    times
}

fn at(times: &[Duration], part: usize) -> f64 {
    let index = (times.len() * part / 100).min(times.len().saturating_sub(1));
    times
        .get(index)
        .map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
}

pub(crate) async fn cycles_and_memory(sizes: &[usize]) {
    println!("\n# A cycle with nothing new: claim, both feeds, what is due, release");
    for kind in Kind::ALL {
        let Some(place) = fresh(kind).await else {
            println!("{}: LEFT OUT, not installed", kind.name());
            continue;
        };
        let mut stored = 0;
        for size in sizes {
            let clock = Arc::new(Still::default());
            fill(&*place.store, stored..*size, clock.now()).await;
            stored = *size;
            idle(&place.store, &clock, 20).await;
            let times = idle(&place.store, &clock, 100).await;
            println!(
                "{:>10}: {size:>9} stored: median {:.2} ms, 99 of 100 within {:.2} ms",
                kind.name(),
                at(&times, 50),
                at(&times, 99)
            );
        }
        let arguments = ["memory", kind.name(), place.place.as_str()];
        let child = crate::child(&arguments).output().unwrap();
        print!("{}", String::from_utf8_lossy(&child.stdout));
        assert!(child.status.success());
    }
}

/// In a process of its own: opens a filled store, runs idle cycles, takes a backlog of new
/// orders through their first cycle, and shows pages. Prints its memory.
pub(crate) async fn memory(kind: Kind, place: &str) {
    let store = open(kind, place).await;
    let clock = Arc::new(Still::default());
    clock.advance(12 * 3600);
    let platforms = Platforms::new("shop", 20_000, clock.now(), Ledger::here());
    let connection = platforms.connection(Policy::new("bench"));
    let engine = Engine::new(Arc::clone(&store), Arc::clone(&clock) as Arc<dyn Clock>);
    for _ in 0..4 {
        let held = engine.claim("bench", &[], LEASE, true).await.unwrap();
        let mut held = held.unwrap();
        engine.run_cycle(&connection, &mut held).await;
        engine.release(&connection, held).await.unwrap();
        clock.advance(301);
    }
    let counts = store.counts(None).await.unwrap();
    let stored: u64 = counts.by_status.values().sum();
    let filter = OrderFilter {
        limit: 100,
        ..OrderFilter::default()
    };
    assert_eq!(store.list(filter).await.unwrap().len(), 100);
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let number = line.split_whitespace().nth(1).unwrap();
        number.parse::<f64>().unwrap() / 1024.0
    };
    println!(
        "{:>10}: {stored} stored, of which 20000 new and every open one worked on: {:.0} MB \
         resident, {:.0} MB at the most",
        kind.name(),
        field("VmRSS:"),
        field("VmHWM:")
    );
}
