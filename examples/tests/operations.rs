//! The operator's commands, as processes: completions, manual, backups, comparing, erasing,
//! reloading.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]
#![expect(
    clippy::disallowed_methods,
    reason = "real processes live in real time"
)]

mod support;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Running, Sandbox, complaint, order_sync, run};
use tempfile::TempDir;

fn shown(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn good(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", complaint(output));
    shown(output)
}

fn json_lines(output: &Output) -> Vec<Value> {
    let lines = shown(output);
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn completions_and_manual_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = good(&run(&["completions", shell]));
        for command in ["reconcile", "backfill", "retention", "set-tracking"] {
            assert!(script.contains(command), "{shell} lacks {command}");
        }
    }
    let page = good(&run(&["man"]));
    assert!(
        page.starts_with(".ie") && page.contains("Exit codes"),
        "{page}"
    );
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("man");
    good(&run(&["man", "--dir", directory.to_str().unwrap()]));
    let written: Vec<String> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        written.contains(&"order-sync-orders-cancel.1".to_owned()),
        "{written:?}"
    );
}

/// A sandbox with orders, and a configuration for it.
struct Place {
    directory: TempDir,
    sandbox: Sandbox,
}

impl Place {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = directory.path().join("order-sync.toml");
        let sandbox = Sandbox::start(&config, &["--orders", "3"]);
        Self { directory, sandbox }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn config(&self) -> PathBuf {
        self.path("order-sync.toml")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = order_sync();
        command.args(arguments).arg("--config").arg(self.config());
        command.output().unwrap()
    }

    /// Waits until a command prints so many lines of JSON.
    fn wait(&self, arguments: &[&str], count: usize) -> Vec<Value> {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let lines = json_lines(&self.run(arguments));
            if lines.len() >= count {
                return lines;
            }
            assert!(Instant::now() < until, "{lines:?}");
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    fn worker(&self) -> Running {
        let child = order_sync()
            .args(["run", "--no-console", "--config"])
            .arg(self.config())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Running(child)
    }
}

#[test]
fn before_the_first_run_orders_are_listed_and_left_to_a_person() {
    let place = Place::start();
    let listed = place.wait(&["backfill", "--json"], 3);
    assert!(
        listed.iter().all(|order| order["imported"] == true),
        "{listed:?}"
    );
    let connection = listed[0]["connection"].as_str().unwrap().to_owned();
    let left = listed[0]["order"].as_str().unwrap().to_owned();
    let ignore = [
        "backfill",
        "--json",
        "--connection",
        &connection,
        "--ignore",
        &left,
    ];
    let answer = json_lines(&place.run(&ignore));
    assert!(
        answer
            .iter()
            .any(|order| order["verdict"] == "left to a person")
    );
    let missing = place.run(&["backfill", "--connection", &connection, "--ignore", "none"]);
    assert_eq!(missing.status.code(), Some(1));
    assert!(complaint(&missing).contains("none"));

    // What was never imported is told by reconcile, and --fix brings it in.
    let found = place.run(&["reconcile", "--json"]);
    assert_eq!(found.status.code(), Some(3), "{}", complaint(&found));
    let kinds: Vec<Value> = json_lines(&found)
        .into_iter()
        .map(|one| one["kind"].clone())
        .collect();
    assert!(
        kinds.len() >= 2 && kinds.iter().all(|kind| kind == "not_imported"),
        "{kinds:?}"
    );

    let worker = place.worker();
    place.wait(&["orders", "list", "--json", "--status", "not shipped"], 2);
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let orders = json_lines(&place.run(&["orders", "list", "--json"]));
        let created = |order: &&Value| order["webshop_order"].is_string();
        if orders.iter().filter(created).count() >= 2 {
            let ours = orders
                .iter()
                .find(|order| order["order"] == left.as_str())
                .unwrap();
            assert_eq!(ours["status"], "manual", "{ours}");
            assert!(ours["webshop_order"].is_null(), "never created: {ours}");
            break;
        }
        assert!(Instant::now() < until, "{orders:?}");
        std::thread::sleep(Duration::from_millis(500));
    }
    worker.kill();
    drop(place.sandbox);
}

#[test]
fn a_backup_comes_back_whole_and_nothing_is_thrown_away() {
    let place = tempfile::tempdir().unwrap();
    let config = place.path().join("order-sync.toml");
    let sandbox = Sandbox::start(&config, &["--orders", "2"]);
    let place = Place {
        directory: place,
        sandbox,
    };
    place.wait(&["backfill", "--json"], 2);
    let connection = json_lines(&place.run(&["backfill", "--json"]))[0]["connection"].clone();
    let connection = connection.as_str().unwrap();
    good(&place.run(&["backfill", "--connection", connection, "--ignore-all"]));
    let copy = place.path("copy.sqlite");
    let copy = copy.to_str().unwrap();
    let said = json_lines(&place.run(&["backup", copy, "--json"]));
    assert!(said[0]["orders"].as_u64().unwrap() >= 2, "{said:?}");
    let twice = place.run(&["backup", copy]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(complaint(&twice).contains("there already"));

    let database = database(place.directory.path());
    std::fs::write(&database, "a disk went bad").unwrap();
    let damaged = place.path("damaged");
    std::fs::write(&damaged, "not a backup").unwrap();
    let refused = place.run(&["restore", damaged.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2), "{}", complaint(&refused));
    assert_eq!(
        std::fs::read_to_string(&database).unwrap(),
        "a disk went bad"
    );

    let said = json_lines(&place.run(&["restore", copy, "--json"]));
    let kept = said[0]["kept"].as_str().unwrap().to_owned();
    assert_eq!(std::fs::read_to_string(kept).unwrap(), "a disk went bad");
    let orders = json_lines(&place.run(&["orders", "list", "--json"]));
    assert!(orders.len() >= 2, "{orders:?}");
}

fn database(directory: &Path) -> PathBuf {
    let files = std::fs::read_dir(directory).unwrap();
    files
        .map(|file| file.unwrap().path())
        .find(|path| {
            path.extension().is_some_and(|end| end == "sqlite") && !path.ends_with("copy.sqlite")
        })
        .unwrap()
}

#[test]
fn erasing_says_how_long_and_not_less_than_returns_need() {
    let place = Place::start();
    place.wait(&["backfill", "--json"], 1);
    let unsaid = place.run(&["retention"]);
    assert_eq!(unsaid.status.code(), Some(2));
    assert!(complaint(&unsaid).contains("--keep"));
    let short = place.run(&["retention", "--keep", "1d"]);
    assert_eq!(short.status.code(), Some(2));
    assert!(
        complaint(&short).contains("14 days"),
        "{}",
        complaint(&short)
    );
    let counted = json_lines(&place.run(&["retention", "--keep", "90d", "--dry-run", "--json"]));
    assert_eq!(counted[0]["erased"], 0);
}

#[cfg(unix)]
#[test]
fn a_hangup_brings_the_new_configuration_and_a_bad_one_changes_nothing() {
    let place = Place::start();
    let mut child = order_sync()
        .args(["run", "--no-console", "--log-json", "--config"])
        .arg(place.config())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let worker = Running(child);
    let (told, said) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if told.send(line).is_err() {
                return;
            }
        }
    });
    let wait = |word: &str| {
        let until = Instant::now() + Duration::from_secs(60);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = said.recv_timeout(left).unwrap();
            if line.contains(word) {
                return line;
            }
        }
    };
    wait("\"ready\"");
    let before = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), "[[connection]\n").unwrap();
    worker.signal("HUP");
    wait("goes on as before");
    std::fs::write(place.config(), before).unwrap();
    worker.signal("HUP");
    wait("starting anew");
    wait("\"ready\"");
    worker.signal("TERM");
    wait("stopped");
}

/// Runs the program with something on its standard input.
fn with_input(arguments: &[&str], input: &str) -> Output {
    use std::io::Write as _;
    let mut child = order_sync()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    child.wait_with_output().unwrap()
}

#[test]
fn a_password_becomes_a_hash_and_is_never_shown() {
    let made = with_input(&["console", "hash-password"], "correct horse battery\n");
    let hash = good(&made);
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    assert!(!hash.contains("correct") && complaint(&made).is_empty());
    let again = good(&with_input(
        &["console", "hash-password"],
        "correct horse battery\n",
    ));
    assert_ne!(hash, again, "salted");
    let short = with_input(&["console", "hash-password"], "x\n");
    assert_eq!(short.status.code(), Some(2));
    assert!(complaint(&short).starts_with("error: "));
}

#[test]
fn the_overview_is_not_served_to_everybody_by_mistake() {
    let place = Place::start();
    let before = std::fs::read_to_string(place.config()).unwrap();
    let refused = |console: &str, arguments: &[&str], words: &str| {
        std::fs::write(place.config(), format!("{before}\n{console}\n")).unwrap();
        let output = place.run(&[&["run"], arguments].concat());
        let said = complaint(&output);
        assert_eq!(output.status.code(), Some(2), "{console}: {said}");
        assert!(said.contains(words), "{console}: {said}");
    };
    refused("", &["--listen", "0.0.0.0:0"], "anybody could come in");
    refused(
        "[console]\nlisten = \"0.0.0.0:0\"",
        &[],
        "anybody could come in",
    );
    refused("[console]\nlisten = \"nowhere\"", &[], "line ");
    let user = "[[console.user]]\nname = \"olga\"\nrole = \"operator\"\npassword_hash = ";
    refused(&format!("{user}\"plain\""), &[], "argon2id");
    let hash = good(&with_input(
        &["console", "hash-password"],
        "correct horse battery\n",
    ));
    let olga = format!("{user}\"{}\"\n", hash.trim());
    refused(&format!("{olga}{olga}"), &[], "two users");
    let proxy = "[console.proxy]\nheader = \"X-User\"\ntrusted = [\"127.0.0.1\"]\n";
    refused(&format!("{proxy}{olga}"), &[], "either");
    refused(
        "[console.proxy]\nheader = \"X-User\"\ntrusted = []",
        &[],
        "address",
    );
}

#[test]
fn with_users_the_overview_is_served_where_it_was_asked_for_and_asks_who_is_there() {
    let place = Place::start();
    let before = std::fs::read_to_string(place.config()).unwrap();
    let hash = good(&with_input(
        &["console", "hash-password"],
        "correct horse battery\n",
    ));
    let console = format!(
        "[console]\nlisten = \"127.0.0.1:1\"\n[[console.user]]\nname = \"olga\"\nrole = \
         \"operator\"\npassword_hash = \"{}\"\n",
        hash.trim()
    );
    std::fs::write(place.config(), format!("{before}\n{console}")).unwrap();
    let mut child = order_sync()
        .args(["run", "--log-json", "--listen", "127.0.0.1:0", "--config"])
        .arg(place.config())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let worker = Running(child);
    let line = lines
        .by_ref()
        .map_while(Result::ok)
        .find(|line| line.contains("the orders overview is at"))
        .unwrap();
    std::thread::spawn(move || lines.for_each(drop));
    let address = line
        .split("http://")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    assert_ne!(address, "127.0.0.1:1", "the option wins over the file");
    let ask = |path: &str| {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    assert!(ask("/").starts_with("HTTP/1.1 303"), "{}", ask("/"));
    assert!(ask("/api/v1/orders").starts_with("HTTP/1.1 401"));
    assert!(ask("/healthz").starts_with("HTTP/1.1 200"));
    worker.kill();
}
