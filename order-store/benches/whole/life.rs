//! A whole order's life through the engine, beside the raw store doing the same writes in the
//! same batches; and the calls a day takes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use order_core::engine::{Connection, Engine};
use order_core::policy::Policy;
use order_core::ports::{Clock, OrderStore};
use order_core::state::Status;

use crate::ledger::Ledger;
use crate::platforms::{PAGE, Platforms};
use crate::stores::{Fresh, Kind, Noting, Request, Still, fresh};
use crate::workers::processor;

const LEASE: Duration = Duration::from_secs(3600);

fn policy() -> Policy {
    Policy::new("bench")
}

/// Runs one cycle of the only connection.
async fn cycle(engine: &Engine, connection: &Connection) {
    let held = engine.claim("bench", &[], LEASE, true).await.unwrap();
    let mut held = held.unwrap();
    let report = engine.run_cycle(connection, &mut held).await;
    assert_eq!(report.troubles, []);
    engine.release(connection, held).await.unwrap();
}

/// All orders come at once, are created, shipped, confirmed and seen at the marketplace.
/// Tells how long it took, and how much processor time of this process.
async fn life(store: &Arc<dyn OrderStore>, orders: usize) -> Cost {
    let clock = Arc::new(Still::default());
    let ledger = Ledger::here();
    let platforms = Platforms::new("shop", orders, clock.now(), Arc::clone(&ledger));
    let connection = platforms.connection(policy());
    let engine = Engine::new(Arc::clone(store), Arc::clone(&clock) as Arc<dyn Clock>);
    store
        .register(connection.id.clone(), clock.now())
        .await
        .unwrap();
    let start = Meter::start();
    for round in 0.. {
        assert!(round < 30, "the orders do not come to an end");
        if round == 2 {
            platforms.complete();
        }
        cycle(&engine, &connection).await;
        if round > 2
            && store
                .next_due(connection.id.clone())
                .await
                .unwrap()
                .is_none()
        {
            break;
        }
        clock.advance(300);
    }
    let took = start.stop();
    assert_eq!(ledger.effects("create"), (orders, 1));
    assert_eq!(ledger.effects("confirm"), (orders, 1));
    let counts = store.counts(None).await.unwrap();
    assert_eq!(
        counts.by_status.get(&Status::Shipped).copied(),
        u64::try_from(orders).ok()
    );
    took
}

/// Does requests again on a fresh store. Tells what it took.
async fn again(kind: Kind, requests: Vec<Request>) -> Option<Cost> {
    let Fresh { store, .. } = &fresh(kind).await?;
    let start = Meter::start();
    for request in requests {
        request.again(&**store).await;
    }
    Some(start.stop())
}

/// Seconds, and seconds of this process's processor time.
#[derive(Clone, Copy)]
struct Cost {
    time: f64,
    processor: f64,
}

struct Meter {
    began: Instant,
    processor: f64,
}

impl Meter {
    fn start() -> Self {
        Self {
            began: Instant::now(),
            processor: processor(),
        }
    }

    fn stop(&self) -> Cost {
        Cost {
            time: self.began.elapsed().as_secs_f64(),
            processor: processor() - self.processor,
        }
    }
}

/// The medians of some runs.
fn median(costs: &[Cost]) -> Cost {
    let of = |value: fn(&Cost) -> f64| {
        let mut values: Vec<f64> = costs.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
    };
    Cost {
        time: of(|cost| cost.time),
        processor: of(|cost| cost.processor),
    }
}

pub(crate) async fn throughput(orders: usize, rounds: usize) {
    println!("\n# A whole life: {orders} orders at once, {rounds} rounds in turn, medians");
    for kind in Kind::ALL {
        let Some(first) = fresh(kind).await else {
            println!("{}: LEFT OUT, not installed", kind.name());
            continue;
        };
        let noting = Noting::new(Arc::clone(&first.store));
        life(&(Arc::clone(&noting) as Arc<dyn OrderStore>), orders).await;
        let requests = noting.requests();
        let writes: Vec<Request> = requests.iter().filter(|r| r.is_write()).cloned().collect();
        let written: usize = writes.iter().map(Request::orders).sum();
        let commits = writes.iter().filter(|r| r.orders() > 0).count();
        let (mut engine, mut raw, mut all) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let Some(Fresh { store, .. }) = &fresh(kind).await else {
                return;
            };
            engine.push(life(store, orders).await);
            raw.extend(again(kind, writes.clone()).await);
            all.extend(again(kind, requests.clone()).await);
        }
        let (engine, raw, all) = (median(&engine), median(&raw), median(&all));
        let count = orders as f64;
        println!(
            "{:>10}: {:.1} writes of an order in {:.2} commits; the engine {:.0} orders/s",
            kind.name(),
            written as f64 / count,
            commits as f64 / count,
            count / engine.time,
        );
        for (what, alone) in [("the same writes", raw), ("the same writes and reads", all)] {
            println!(
                "{:>12}{what} alone {:.0} orders/s: the engine has {:.0} % of that; by processor \
                 time {:.0} %",
                "",
                count / alone.time,
                100.0 * alone.time / engine.time,
                100.0 * alone.processor / engine.processor,
            );
        }
    }
}

/// A day with orders that come evenly: what is called how often, beside the least that does it.
pub(crate) async fn calls(orders: usize) {
    const CYCLES: usize = 288;
    let clock = Arc::new(Still::default());
    let ledger = Ledger::here();
    let platforms = Platforms::new("shop", 0, clock.now(), Arc::clone(&ledger));
    let connection = platforms.connection(policy());
    let Some(Fresh { store, .. }) = &fresh(Kind::Sqlite).await else {
        return;
    };
    let engine = Engine::new(Arc::clone(store), Arc::clone(&clock) as Arc<dyn Clock>);
    store
        .register(connection.id.clone(), clock.now())
        .await
        .unwrap();
    platforms.complete();
    let mut placed = 0;
    for round in 1..=CYCLES {
        // The last half hour nobody orders, so that all come to their end.
        let until = (orders * round / (CYCLES - 6)).min(orders);
        platforms.place(until - placed);
        placed = until;
        cycle(&engine, &connection).await;
        clock.advance(300);
    }
    assert_eq!(ledger.effects("confirm"), (orders, 1));
    let calls = ledger.calls();
    let total: u64 = calls.values().sum();
    let count = u64::try_from(orders).unwrap();
    let cycles = u64::try_from(CYCLES).unwrap();
    // The least: what changes a platform once an order, both feeds every cycle.
    let bare = 2 * cycles + 3 * count;
    // With what is promised besides: a search before every create, a sweep an hour; and in every
    // cycle with orders one question for products, a last look at the marketplace, a look at the
    // webshop, and a look back at what was confirmed.
    let promised = bare + count + cycles / 12 + 4 * (cycles - 6);
    println!("\n# Calls in a day: {CYCLES} cycles, {orders} orders, pages of {PAGE}");
    for (what, times) in &calls {
        println!("{times:>8}  {what}");
    }
    println!(
        "{total:>8}  in all, {:.2} an order: {:.3} times the least that keeps the promises \
         ({promised}), {:.2} times feeds and changes alone ({bare})",
        total as f64 / count as f64,
        total as f64 / promised as f64,
        total as f64 / bare as f64
    );
}
