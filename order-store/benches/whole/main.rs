//! Measures the engine and the stores together: `cargo bench -p order-store --all-features`.
//!
//! What is measured can be named after `--`: `life`, `calls`, `stored`, `idle`, `two`. With
//! `quick` everything is smaller. Absolute figures are of the machine; the ratios are between
//! things measured in the same run, in turn.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::wildcard_enum_match_arm,
    reason = "a program that measures: a failed step is its end, real time is its subject"
)]

mod ledger;
mod life;
mod platforms;
#[path = "../../tests/server/mod.rs"]
mod server;
mod stored;
mod stores;
mod workers;

use std::process::Command;

use stores::Kind;

/// This program, in another role.
fn child(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg("child").args(arguments);
    command
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["child", "memory", kind, place] => {
            let kind = Kind::ALL.into_iter().find(|k| k.name() == *kind).unwrap();
            return stored::memory(kind, place).await;
        }
        ["child", "work", name, place, port, orders] => {
            let (port, orders) = (port.parse().unwrap(), orders.parse().unwrap());
            return workers::work(name, place, port, orders).await;
        }
        _ => {}
    }
    let is_quick = words.contains(&"quick");
    let named = ["life", "calls", "stored", "idle", "two"];
    let all = !named.iter().any(|name| words.contains(name));
    let wanted = |name: &str| all || words.contains(&name);
    if wanted("life") {
        let (orders, rounds) = if is_quick { (500, 1) } else { (5000, 5) };
        life::throughput(orders, rounds).await;
    }
    if wanted("calls") {
        life::calls(1000).await;
    }
    if wanted("stored") {
        let sizes: &[usize] = if is_quick {
            &[1000, 10_000]
        } else {
            &[10_000, 100_000, 1_000_000]
        };
        stored::cycles_and_memory(sizes).await;
    }
    if wanted("idle") {
        workers::idle_connections(if is_quick { 500 } else { 10_000 }).await;
    }
    if wanted("two") {
        workers::one_and_two(if is_quick { 20 } else { 100 }).await;
    }
}
