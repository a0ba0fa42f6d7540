//! Workers: ten thousand connections with nothing to do, and two processes beside one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use order_core::engine::Engine;
use order_core::policy::Policy;
use order_core::ports::{Clock, OrderStore, SystemClock};
use order_core::worker::{Worker, WorkerOptions};
use tokio::sync::Notify;

use crate::ledger::Ledger;
use crate::platforms::Platforms;
use crate::stores::{Kind, fresh, open};

fn worker(
    store: Arc<dyn OrderStore>,
    name: &str,
    connections: usize,
    orders: usize,
    ledger: &Arc<Ledger>,
    poll: Duration,
) -> Worker {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let connections = (0..connections).map(|number| {
        let id = format!("shop-{number:05}");
        let platforms = Platforms::new(&id, orders, clock.now(), Arc::clone(ledger));
        platforms.complete();
        let mut policy = Policy::new("bench");
        policy.poll_interval = poll;
        policy.shop_reread = poll;
        platforms.connection(policy)
    });
    let connections: Vec<_> = connections.collect();
    let mut options = WorkerOptions::new(name);
    options.rest = Duration::from_millis(100);
    Worker::new(Engine::new(store, clock), connections, options)
}

/// Processor time that the threads of this process have used, in seconds.
pub(crate) fn processor() -> f64 {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let used = threads.flatten().map(|thread| {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).unwrap_or_default();
        let first = text.split_whitespace().next();
        first
            .and_then(|text| text.parse::<f64>().ok())
            .unwrap_or(0.0)
    });
    used.sum::<f64>() / 1e9
}

pub(crate) async fn idle_connections(count: usize) {
    println!("\n# {count} connections with nothing to do, one worker, every 5 minutes");
    for kind in Kind::ALL {
        let Some(place) = fresh(kind).await else {
            println!("{}: LEFT OUT, not installed", kind.name());
            continue;
        };
        let poll = Duration::from_secs(300);
        let worker = worker(
            Arc::clone(&place.store),
            "bench",
            count,
            0,
            &Ledger::here(),
            poll,
        );
        let began = Instant::now();
        // The first pass makes every connection known and asks its feeds for the first time.
        let first = pass(&worker, count).await;
        let registered = began.elapsed().saturating_sub(first.0);
        for connection in place.store.connections().await.unwrap() {
            let now = SystemClock::new().now();
            place.store.wake(connection.id, now).await.unwrap();
        }
        let (took, used) = pass(&worker, count).await;
        println!(
            "{:>10}: a pass over all takes {:.2} s ({:.2} ms a connection) and {:.2} s of this \
             process's processor time, {:.1} % of a core; made known in {:.1} s",
            kind.name(),
            took.as_secs_f64(),
            took.as_secs_f64() * 1000.0 / count as f64,
            used,
            100.0 * used / 300.0,
            registered.as_secs_f64(),
        );
    }
}

/// Lets the worker work until it has done `count` cycles; time from the first to the last, and
/// processor time.
async fn pass(worker: &Worker, count: usize) -> (Duration, f64) {
    let done = AtomicUsize::new(0);
    let first = std::sync::OnceLock::new();
    let end = Notify::new();
    worker
        .run(end.notified(), |_, report| {
            assert_eq!(report.troubles, []);
            first.get_or_init(|| (Instant::now(), processor()));
            if done.fetch_add(1, Ordering::SeqCst) + 1 == count {
                end.notify_one();
            }
        })
        .await
        .unwrap();
    let (began, used) = first.get().copied().unwrap();
    (began.elapsed(), processor() - used)
}

const CONNECTIONS: usize = 32;

pub(crate) async fn one_and_two(orders: usize) {
    println!(
        "\n# A backlog of {CONNECTIONS} connections with {orders} orders each, on one PostgreSQL"
    );
    for latency in [20, 0] {
        let mut times = Vec::new();
        for processes in [1, 2, 1, 2] {
            let Some(place) = fresh(Kind::Postgres).await else {
                println!("LEFT OUT, not installed");
                return;
            };
            let ledger = Ledger::here();
            let port = Arc::clone(&ledger)
                .serve(Duration::from_millis(latency))
                .await;
            let start = Instant::now();
            let mut children: Vec<_> = (0..processes)
                .map(|number| {
                    let (name, port) = (format!("process-{number}"), port.to_string());
                    let orders = orders.to_string();
                    crate::child(&["work", &name, &place.place, &port, &orders])
                        .spawn()
                        .unwrap()
                })
                .collect();
            let clock = SystemClock::new();
            while ledger.effects("confirm").0 < CONNECTIONS * orders {
                assert!(start.elapsed() < Duration::from_secs(300), "no end");
                clock.sleep(Duration::from_millis(20)).await;
            }
            times.push(start.elapsed().as_secs_f64());
            for child in &mut children {
                child.kill().unwrap();
                child.wait().unwrap();
            }
            for effect in ["create", "activate", "confirm"] {
                assert_eq!(ledger.effects(effect), (CONNECTIONS * orders, 1));
            }
        }
        let [one, two, one_again, two_again] = times.as_slice() else {
            return;
        };
        let (one, two) = (one.min(*one_again), two.min(*two_again));
        println!(
            "{latency:>6} ms a call: one process {one:.1} s, two {two:.1} s, {:.2} times as fast; \
             every effect once",
            one / two
        );
    }
}

/// In a process of its own: works until it is ended.
pub(crate) async fn work(name: &str, place: &str, port: u16, orders: usize) {
    let store = open(Kind::Postgres, place).await;
    let ledger = Ledger::at(port);
    let poll = Duration::from_secs(1);
    let worker = worker(store, name, CONNECTIONS, orders, &ledger, poll);
    worker.run(std::future::pending(), |_, _| {}).await.unwrap();
}
