//! The real program is killed at random moments while the platforms live on; then it is left to
//! finish. The platforms' own state tells whether anything was lost or doubled.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]
#![expect(
    clippy::disallowed_methods,
    reason = "real processes live in real time"
)]

mod support;

use std::process::Stdio;
use std::time::Duration;

use support::{Running, Sandbox, order_sync};

const SPEED: &str = "720";

/// Random-looking, and the same in every run.
fn moment(round: u64) -> Duration {
    let mixed = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    Duration::from_millis(60 + mixed % 1100)
}

fn start(directory: &std::path::Path, zero: &str) -> Running {
    let child = order_sync()
        .arg("run")
        .arg("--config")
        .arg(directory.join("order-sync.toml"))
        .args(["--speed", SPEED, "--time-zero", zero])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    Running(child)
}

fn killed_and_finished(faults: &str) {
    let directory = tempfile::tempdir().unwrap();
    let zero = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let sandbox = Sandbox::start(
        &directory.path().join("order-sync.toml"),
        &[
            "--orders",
            "8",
            "--faults",
            faults,
            "--speed",
            SPEED,
            "--time-zero",
            &zero,
        ],
    );
    for round in 0..20 {
        let running = start(directory.path(), &zero);
        std::thread::sleep(moment(round));
        running.kill();
    }
    let running = start(directory.path(), &zero);
    let done = |truth: &serde_json::Value| truth["open"] == serde_json::json!([]);
    let truth = sandbox.wait_for("the end", Duration::from_secs(120), done);
    assert_eq!(truth["shipped"], 8, "{truth}");
    // Whatever was still under way gets time to do harm: more than an hour of the sandbox's.
    std::thread::sleep(Duration::from_secs(6));
    let truth = sandbox.truth();
    assert_eq!(truth["violations"], serde_json::json!([]), "{truth}");
    drop(running);
}

#[test]
fn twenty_kills_lose_and_double_nothing() {
    killed_and_finished("none");
}

#[test]
fn twenty_kills_among_faults_lose_and_double_nothing() {
    killed_and_finished("all");
}
