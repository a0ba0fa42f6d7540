//! The real program is killed at random moments while the platforms live on; then it is left to
//! finish. The platforms' own state tells whether anything was lost or doubled.
//!
//! `KILLS` says how often; 20 when nothing is said.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]
#![expect(
    clippy::disallowed_methods,
    reason = "real processes live in real time"
)]

#[path = "../../order-store/tests/server/mod.rs"]
mod server;
mod support;

use std::fs::File;
use std::process::{Command, Stdio};
use std::time::Duration;

use support::{Running, Sandbox, order_sync};

const SPEED: &str = "720";

/// Random-looking, and the same in every run.
fn moment(round: u64) -> Duration {
    let mixed = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
    Duration::from_millis(60 + mixed % 1100)
}

/// How often the program is killed.
fn kills() -> u64 {
    std::env::var("KILLS").map_or(20, |text| text.parse().unwrap())
}

/// Where the orders are kept.
#[derive(Clone, Copy)]
enum Place<'a> {
    File,
    Database(&'a str),
}

/// What every process of a test needs to know.
struct Scene<'a> {
    directory: &'a std::path::Path,
    zero: &'a str,
    place: Place<'a>,
}

impl Scene<'_> {
    fn start(&self) -> Running {
        let mut program = order_sync();
        program
            .arg("run")
            .arg("--config")
            .arg(self.directory.join("order-sync.toml"))
            .args(["--speed", SPEED, "--time-zero", self.zero])
            .stdout(Stdio::null())
            .stderr(self.log());
        self.store(&mut program);
        Running(program.spawn().unwrap())
    }

    fn store(&self, program: &mut Command) {
        if let Place::Database(url) = self.place {
            program
                .args(["--store", url])
                .env("PGPASSWORD", server::PASSWORD);
        }
    }

    /// Where every process of the scene writes what it has to say.
    fn log(&self) -> File {
        let path = self.directory.join("order-sync.log");
        File::options()
            .create(true)
            .append(true)
            .open(path)
            .unwrap()
    }

    /// The program's own view of the orders, and the last it said.
    fn explain(&self) -> String {
        let mut program = order_sync();
        program
            .args(["orders", "list", "--json", "--config"])
            .arg(self.directory.join("order-sync.toml"));
        self.store(&mut program);
        let orders = program.output().unwrap();
        let log = std::fs::read(self.directory.join("order-sync.log")).unwrap();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(60)..].join("\n");
        format!(
            "{}{}{last}",
            String::from_utf8_lossy(&orders.stdout),
            String::from_utf8_lossy(&orders.stderr)
        )
    }

    fn sandbox(&self, orders: &str, faults: &str) -> Sandbox {
        Sandbox::start(
            &self.directory.join("order-sync.toml"),
            &[
                "--orders",
                orders,
                "--faults",
                faults,
                "--speed",
                SPEED,
                "--time-zero",
                self.zero,
            ],
        )
    }
}

fn time_zero() -> String {
    chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn is_done(truth: &serde_json::Value) -> bool {
    truth["open"] == serde_json::json!([])
}

/// Nothing is open, nothing is doubled, and nothing comes late: what was still under way gets
/// more than an hour of the sandbox's to do harm.
///
/// The end may take a while: what failed often is tried again after up to six hours of the
/// sandbox's clock, half a minute of ours, on a machine that runs all these tests at once.
fn all_is_well(scene: &Scene<'_>, sandbox: &Sandbox, orders: u64) {
    let limit = Duration::from_secs(300);
    let truth = sandbox.wait_or_explain("the end", limit, is_done, || scene.explain());
    assert_eq!(truth["shipped"], orders, "{truth}");
    std::thread::sleep(Duration::from_secs(6));
    let truth = sandbox.truth();
    assert_eq!(truth["violations"], serde_json::json!([]), "{truth}");
}

fn killed_and_finished(place: Place<'_>, faults: &str) {
    let directory = tempfile::tempdir().unwrap();
    let zero = time_zero();
    let scene = Scene {
        directory: directory.path(),
        zero: &zero,
        place,
    };
    let sandbox = scene.sandbox("8", faults);
    for round in 0..kills() {
        let mut running = scene.start();
        std::thread::sleep(moment(round));
        running.assert_alive(|| scene.explain());
        running.kill();
    }
    let mut running = scene.start();
    all_is_well(&scene, &sandbox, 8);
    running.assert_alive(|| scene.explain());
}

#[test]
fn kills_lose_and_double_nothing_in_a_file() {
    killed_and_finished(Place::File, "none");
}

#[test]
fn kills_among_faults_lose_and_double_nothing_in_a_file() {
    killed_and_finished(Place::File, "all");
}

#[test]
fn kills_lose_and_double_nothing_in_a_database() {
    let Some(server) = server::shared() else {
        return;
    };
    killed_and_finished(Place::Database(&server.database()), "none");
}

#[test]
fn kills_among_faults_lose_and_double_nothing_in_a_database() {
    let Some(server) = server::shared() else {
        return;
    };
    killed_and_finished(Place::Database(&server.database()), "all");
}

/// Two processes share a database; each in turn is killed, or stopped past its lease and woken.
#[test]
fn of_two_processes_the_living_one_takes_over_and_nothing_is_doubled() {
    let Some(server) = server::shared() else {
        return;
    };
    let url = server.database();
    let directory = tempfile::tempdir().unwrap();
    let zero = time_zero();
    let scene = Scene {
        directory: directory.path(),
        zero: &zero,
        place: Place::Database(&url),
    };
    let sandbox = scene.sandbox("8", "all");
    let mut pair = [scene.start(), scene.start()];
    for (round, turn) in (0..kills().div_ceil(2)).zip([0, 1].into_iter().cycle()) {
        std::thread::sleep(moment(round));
        for running in &mut pair {
            running.assert_alive(|| scene.explain());
        }
        if round % 3 == 2 {
            pair[turn].signal("STOP");
            // Eighteen minutes by the sandbox's clock, which is longer than any lease.
            std::thread::sleep(Duration::from_millis(1500));
            pair[turn].signal("CONT");
        } else {
            let killed = std::mem::replace(&mut pair[turn], scene.start());
            killed.kill();
        }
    }
    all_is_well(&scene, &sandbox, 8);
    for running in &mut pair {
        running.assert_alive(|| scene.explain());
    }
}
