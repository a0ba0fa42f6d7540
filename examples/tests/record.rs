//! An order's life is recorded without secrets and names, and comes to the same when it is read
//! again.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]
#![expect(
    clippy::disallowed_methods,
    reason = "real processes live in real time"
)]

mod support;

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Running, Sandbox, complaint, order_sync, run};

const SPEED: &str = "720";
const ORDER: &str = "1043946570";

/// What only the sandbox's secrets and the buyer's own data have.
const SECRETS: [&str; 3] = ["sandbox-secret", "ck_sandbox", "cs_sandbox"];

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn replay(path: &Path, more: &[&str]) -> Output {
    let mut command = order_sync();
    command.arg("replay").arg(path).args(more);
    // Nothing of this machine is needed to read one.
    command.current_dir(path.parent().unwrap());
    command.output().unwrap()
}

/// Every text of the buyer that the marketplace knows, from the sandbox's own state.
fn private(sandbox: &Sandbox) -> Vec<String> {
    let state = support::get(sandbox.control(), "/_sandbox/state").to_string();
    let state: Value = serde_json::from_str(&state).unwrap();
    let mut texts = Vec::new();
    people(&state["marketplace"], false, &mut texts);
    texts.sort();
    texts.dedup();
    texts
}

fn people(value: &Value, inside: bool, texts: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let plain = ["countryCode", "salutation"].contains(&name.as_str());
                let inside = (inside || name.ends_with("_details")) && !plain;
                people(value, inside, texts);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| people(value, inside, texts)),
        Value::String(text) if inside && text.len() > 3 => texts.push(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A sandbox in which three orders came to their end while one was recorded.
fn lived(config: &Path) -> Sandbox {
    let zero = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let time = ["--speed", SPEED, "--time-zero", &zero];
    let sandbox = Sandbox::start(config, &[&["--orders", "3"], &time[..]].concat());
    let text = std::fs::read_to_string(config).unwrap();
    let asked = format!("{text}\n[record]\norders = [\"bol-demo/{ORDER}\"]\n");
    std::fs::write(config, asked).unwrap();
    let child = order_sync()
        .args(["run", "--no-console", "--config"])
        .arg(config)
        .args(time)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let worker = Running(child);
    sandbox.wait_for("the end", Duration::from_secs(120), |truth| {
        truth["open"] == json!([]) && truth["shipped"] == 3
    });
    std::thread::sleep(Duration::from_secs(2));
    drop(worker);
    sandbox
}

#[test]
fn an_orders_life_is_recorded_without_secrets_and_names_and_reads_the_same_again() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("order-sync.toml");
    let sandbox = lived(&config);
    let private = private(&sandbox);
    assert!(private.len() > 5, "{private:?}");

    let file = directory
        .path()
        .join(format!("recordings/bol-demo-{ORDER}.jsonl"));
    let recorded = std::fs::read_to_string(&file).unwrap();
    for text in SECRETS
        .iter()
        .copied()
        .chain(private.iter().map(String::as_str))
    {
        let small = recorded.to_lowercase();
        assert!(
            !small.contains(&text.to_lowercase()),
            "{text} in the recording"
        );
    }
    for platform in &sandbox.platforms {
        assert!(
            !recorded.contains(platform.trim_end_matches('/')),
            "{platform}"
        );
    }
    let lines = lines(&file);
    let calls: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["asked"]["call"].as_str())
        .collect();
    for call in [
        "marketplace_orders",
        "create_order",
        "webshop_orders",
        "confirm",
        "ticket",
    ] {
        assert!(calls.contains(&call), "{call} not in {calls:?}");
    }
    for other in ["1043946571", "1043946572"] {
        assert!(!recorded.contains(other), "another order is in it");
    }
    let entries = || lines.iter().filter(|line| line["asked"].is_object());
    let unlike: Vec<&Value> = entries().filter(|line| line["same"] == false).collect();
    assert!(
        unlike.is_empty(),
        "masking changed what this comes to: {}",
        unlike[0]
    );
    let made = |one: &Value| one["status"] == 201;
    assert!(entries().any(|line| line["exchanges"].as_array().unwrap().iter().any(made)));

    // Read again with nothing running: the sandbox and its configuration are gone.
    drop(sandbox);
    std::fs::remove_file(&config).unwrap();
    let again = replay(&file, &[]);
    let said = String::from_utf8(again.stdout.clone()).unwrap();
    assert_eq!(again.status.code(), Some(0), "{said}{}", complaint(&again));
    assert!(said.contains("each comes to what was recorded"), "{said}");
    tampering_shows(&file, &recorded);
}

/// An answer that was tampered with shows, and where.
fn tampering_shows(file: &Path, recorded: &str) {
    let at = recorded
        .lines()
        .position(|line| line.contains("\"call\":\"webshop_orders\""))
        .unwrap();
    let changed: Vec<String> = recorded
        .lines()
        .enumerate()
        .map(|(number, line)| {
            let mut value: Value = serde_json::from_str(line).unwrap();
            if number == at {
                tamper(&mut value["exchanges"]);
            }
            value.to_string()
        })
        .collect();
    let tampered = file.with_extension("tampered");
    std::fs::write(&tampered, changed.join("\n")).unwrap();
    let differs = replay(&tampered, &["--json"]);
    assert_eq!(differs.status.code(), Some(3), "{}", complaint(&differs));
    let shown = String::from_utf8(differs.stdout).unwrap();
    let odd: Vec<Value> = shown
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|line| line["differs"] == true)
        .collect();
    assert_eq!(odd.len(), 1, "{odd:?}");
    assert_eq!(odd[0]["call"], "webshop_orders");
    assert!(odd[0]["now"].to_string().contains("refunded"), "{odd:?}");
}

/// The webshop's word for the order's state becomes another.
fn tamper(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields.iter_mut() {
                if name == "status" && value.is_string() {
                    *value = json!("refunded");
                } else {
                    tamper(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(tamper),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn one_order_is_read_and_written_down_on_request() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("order-sync.toml");
    let sandbox = Sandbox::start(&config, &["--orders", "1"]);
    let at = config.to_str().unwrap();
    let place = |arguments: &[&str]| run(&[arguments, &["--config", at]].concat());
    let wanted = Duration::from_secs(60);
    let start = std::time::Instant::now();
    // Known to the store, and to no webshop.
    while !place(&["backfill", "--connection", "bol-demo", "--ignore", ORDER])
        .status
        .success()
    {
        assert!(start.elapsed() < wanted);
        std::thread::sleep(Duration::from_millis(300));
    }
    let out = directory.path().join("one.jsonl");
    let out = out.to_str().unwrap();
    let unknown = place(&["record", "none", "--out", out]);
    assert_eq!(unknown.status.code(), Some(1), "{}", complaint(&unknown));
    let made = place(&["record", ORDER, "--out", out]);
    assert_eq!(made.status.code(), Some(0), "{}", complaint(&made));
    let twice = place(&["record", ORDER, "--out", out]);
    assert_eq!(twice.status.code(), Some(2));
    assert!(complaint(&twice).contains("there already"));
    let text = std::fs::read_to_string(out).unwrap();
    let calls = ["marketplace_orders", "find_orders"];
    assert!(calls.iter().all(|call| text.contains(call)), "{text}");
    assert_eq!(sandbox.truth()["violations"], json!([]));
    let again = replay(Path::new(out), &[]);
    assert_eq!(again.status.code(), Some(0), "{}", complaint(&again));
}

#[test]
fn what_is_no_recording_is_refused_with_the_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.jsonl");
    for (text, words) in [
        ("", "no recording"),
        ("{\"recording\":1", "line 1"),
        ("[[[[", "line 1"),
        (
            "{\"at\":\"2026-01-01T00:00:00Z\",\"asked\":{},\"exchanges\":[],\"came\":1,\"same\":true}",
            "no recording",
        ),
        (
            "{\"recording\":9,\"program\":\"p 9\",\"connection\":\"c\",\"order\":\"o\",\"marketplace\":{},\"webshop\":{}}",
            "form 9",
        ),
        (
            "{\"recording\":1,\"program\":\"p\",\"connection\":\"c\",\"order\":\"o\",\"marketplace\":{\"kind\":\"ftp\"},\"webshop\":{}}",
            "ftp",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let output = replay(&file, &[]);
        assert_eq!(
            output.status.code(),
            Some(2),
            "{text}: {}",
            complaint(&output)
        );
        assert!(
            complaint(&output).contains(words),
            "{text}: {}",
            complaint(&output)
        );
    }
    // A recording names a file of this machine as its secret: it is not read.
    let secret = directory.path().join("secret");
    std::fs::write(&secret, "hunter2").unwrap();
    let head = json!({
        "recording": 1, "program": "p", "connection": "c", "order": "o",
        "marketplace": {"kind": "bol", "client_id": "x", "client_secret": {"file": "/nowhere/at/all"}},
        "webshop": {"kind": "woocommerce", "url": "https://webshop.invalid",
            "consumer_key": {"env": "SURELY_NOT_THERE"}, "consumer_secret": "x"},
    });
    std::fs::write(&file, head.to_string()).unwrap();
    let output = replay(&file, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", complaint(&output));
}
