//! The real program while connections break, the database server dies and the disk is full. The
//! platforms' own state tells whether anything was lost or doubled.
//!
//! `KILLS` says how often; 20 when nothing is said.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]
#![expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "real processes live in real time; what is left out is said"
)]

#[path = "faults/disk.rs"]
mod disk;
#[path = "faults/proxy.rs"]
mod proxy;
#[path = "../../order-store/tests/server/mod.rs"]
mod server;
mod support;

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use support::{Running, Sandbox, order_sync};

const SPEED: &str = "720";
const ORDERS: u64 = 8;

fn kills() -> u64 {
    std::env::var("KILLS").map_or(20, |text| text.parse().unwrap())
}

/// Random-looking, and the same in every run.
fn moment(round: u64) -> Duration {
    let mixed = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    Duration::from_millis(100 + mixed % 700)
}

fn time_zero() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn sandbox(config: &Path, zero: &str) -> Sandbox {
    let orders = ORDERS.to_string();
    Sandbox::start(
        config,
        &["--orders", &orders, "--speed", SPEED, "--time-zero", zero],
    )
}

fn program(config: &Path, zero: &str, store: &str) -> Running {
    let mut program = order_sync();
    program
        .arg("run")
        .arg("--config")
        .arg(config)
        .args(["--speed", SPEED, "--time-zero", zero, "--store", store])
        .env("PGPASSWORD", server::PASSWORD)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    Running(program.spawn().unwrap())
}

/// Everything comes to its end, once; then what is still under way gets time to do harm.
fn all_is_well(sandbox: &Sandbox, running: &mut Running) {
    let is_done = |truth: &serde_json::Value| truth["open"] == serde_json::json!([]);
    let truth = sandbox.wait_for("the end", Duration::from_secs(300), is_done);
    assert_eq!(truth["shipped"], ORDERS, "{truth}");
    std::thread::sleep(Duration::from_secs(5));
    let truth = sandbox.truth();
    assert_eq!(truth["violations"], serde_json::json!([]), "{truth}");
    let ended = running.0.try_wait().unwrap();
    assert_eq!(ended, None, "the program lives through it");
}

#[test]
fn broken_connections_lose_and_double_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("order-sync.toml");
    let zero = time_zero();
    let sandbox = sandbox(&config, &zero);
    let tally = Arc::new(proxy::Tally::default());
    tally.left.store(kills() * 2, Ordering::SeqCst);
    let mut text = std::fs::read_to_string(&config).unwrap();
    for platform in &sandbox.platforms {
        text = text.replace(platform, &proxy::start(platform, &tally));
    }
    std::fs::write(&config, text).unwrap();
    let store = directory.path().join("orders.sqlite");
    let mut running = program(&config, &zero, store.to_str().unwrap());
    all_is_well(&sandbox, &mut running);
    let broken = tally
        .broken
        .each_ref()
        .map(|count| count.load(Ordering::SeqCst));
    assert!(broken.iter().all(|count| *count > 0), "{broken:?}");
}

#[test]
fn a_database_server_that_dies_loses_and_doubles_nothing() {
    let Some(server) = server::shared() else {
        return;
    };
    let url = server.database();
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("order-sync.toml");
    let zero = time_zero();
    let sandbox = sandbox(&config, &zero);
    let mut running = program(&config, &zero, &url);
    for round in 0..kills().div_ceil(4) {
        std::thread::sleep(moment(round));
        if round % 2 == 0 {
            server.kill_backend();
        } else {
            server.crash();
        }
    }
    all_is_well(&sandbox, &mut running);
}

#[test]
fn a_database_that_is_away_at_the_start_or_at_a_hangup_is_waited_for() {
    let Some(server) = server::shared() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("order-sync.toml");
    let zero = time_zero();
    let sandbox = sandbox(&config, &zero);
    let gate = proxy::Gate::before(&server.database());
    let mut running = program(&config, &zero, &gate.url);
    std::thread::sleep(moment(0) * 2);
    running.assert_alive(String::new);
    gate.open();
    sandbox.wait_for("orders in the webshop", Duration::from_secs(60), |truth| {
        !truth.to_string().contains("no webshop order")
    });
    gate.close();
    running.signal("HUP");
    std::thread::sleep(moment(1) * 2);
    running.assert_alive(String::new);
    gate.open();
    all_is_well(&sandbox, &mut running);
}

#[test]
fn a_full_disk_loses_and_doubles_nothing() {
    let Some(disk) = disk::SmallDisk::new() else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("order-sync.toml");
    let zero = time_zero();
    let sandbox = sandbox(&config, &zero);
    let store = disk.path().join("orders.sqlite");
    disk.fill();
    let mut running = program(&config, &zero, store.to_str().unwrap());
    std::thread::sleep(moment(0) * 2);
    disk.free();
    for round in 0..kills().div_ceil(4) {
        std::thread::sleep(moment(round));
        disk.fill();
        std::thread::sleep(moment(round + 1000));
        disk.free();
    }
    all_is_well(&sandbox, &mut running);
}
