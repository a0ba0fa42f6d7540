//! Whatever a person, a file or a platform gets wrong: a clear word about it, nothing else
//! stopped, nothing lost.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]
#![expect(
    clippy::disallowed_methods,
    reason = "real processes live in real time"
)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use connector_marketplace::bol::Bol;
use connector_marketplace::bol::sandbox as bol;
use order_core::engine::{Connection, CycleReport, Engine};
use order_core::ids::{ConnectionId, ExternalKey, OrderKey};
use order_core::lifecycle;
use order_core::memory::MemoryStore;
use order_core::policy::{Policy, Rules};
use order_core::ports::{
    Clock, Marketplace as _, NoDetector, OrderFilter, OrderStore, SystemClock, Webshop as _,
};
use order_core::state::Order;
use order_core::testkit::MemoryWebshop;
use order_store::SqliteStore;
use serde_json::{Value, json};
use support::{Running, Sandbox, complaint, order_sync, run};
use tempfile::TempDir;

/// Stands in configurations below; no output may ever have it.
const SECRET: &str = "hunter2-never-print-me";

// ---------------------------------------------------------------- configuration files

/// A directory with a configuration in it.
struct Place(TempDir);

impl Place {
    fn with(config: impl AsRef<[u8]>) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::write(place.config(), config).unwrap();
        place
    }

    fn config(&self) -> PathBuf {
        self.0.path().join("order-sync.toml")
    }

    fn read(&self) -> String {
        std::fs::read_to_string(self.config()).unwrap()
    }

    /// Runs the program with this configuration.
    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = order_sync();
        command.args(arguments).arg("--config").arg(self.config());
        command
    }
}

fn config(bol: &str, woo: &str, policy: &str) -> String {
    format!(
        r#"[[connection]]
id = "bol-nl"
channel = "bol"

[connection.marketplace]
kind = "bol"
client_id = "somebody"
{bol}

[connection.webshop]
kind = "woocommerce"
url = "http://127.0.0.1:9"
consumer_key = "ck_x"
{woo}

[connection.policy]
{policy}
"#
    )
}

fn bol_secret() -> String {
    format!("client_secret = \"{SECRET}\"")
}

fn woo_secret() -> String {
    format!("consumer_secret = \"{SECRET}\"")
}

fn good_config() -> String {
    config(&bol_secret(), &woo_secret(), "")
}

fn shown(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn never_tells(output: &Output) {
    let everything = shown(output) + &complaint(output);
    assert!(!everything.contains(SECRET), "{everything}");
}

/// The exit code, one line on standard error with all of `words`, and no secret in it.
fn fails(output: &Output, code: i32, words: &[&str]) {
    let said = complaint(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.starts_with("error: "), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} is missing: {said}");
    }
    never_tells(output);
}

/// Every command that reads the configuration refuses it with the same words.
fn refused(text: &str, words: &[&str]) {
    let place = Place::with(text);
    for arguments in [&["check"][..], &["run"], &["orders", "list"]] {
        fails(&place.run(arguments), 2, words);
    }
    let left: Vec<_> = std::fs::read_dir(place.0.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "a refused configuration leaves no files");
}

/// As [`refused`], for what concerns running a connection and not looking at orders.
fn not_run(text: &str, words: &[&str]) {
    let place = Place::with(text);
    for command in ["check", "run"] {
        fails(&place.run(&[command]), 2, words);
    }
}

#[test]
fn a_malformed_file_is_told_with_its_line_and_without_what_stands_there() {
    let broken = [
        format!("client_secret = \"{SECRET}"),
        format!("client_secret \"{SECRET}\""),
        format!("client_secret = {SECRET}"),
        format!("client_secret = \"\\q{SECRET}\""),
        format!("client_secret = \"{SECRET}\" \"{SECRET}\""),
        format!("client_secret = '{SECRET}"),
        SECRET.to_owned(),
        format!("client_secret = \"x\"\nclient_secret = \"{SECRET}\""),
    ];
    for line in broken {
        let number = if line.starts_with("client_secret = \"x\"") {
            "line 9"
        } else {
            "line 8"
        };
        let text = config(&line, &woo_secret(), "");
        refused(&text, &["order-sync.toml", number]);
    }
}

#[test]
fn a_secret_of_the_wrong_form_is_told_without_it() {
    for form in [
        format!("client_secret = {{ envv = \"{SECRET}\" }}"),
        format!("client_secret = {{ env = \"NO_SUCH\", file = \"{SECRET}\" }}"),
        format!("client_secret = [\"{SECRET}\"]"),
        format!("client_secret = {{ env = \"{SECRET} \" }}"),
    ] {
        let text = config(&form, &woo_secret(), "");
        not_run(&text, &["bol-nl", "marketplace", "{ env = "]);
    }
}

#[test]
fn a_file_that_is_not_utf_8_is_told_with_the_place() {
    let mut bytes = good_config().into_bytes();
    bytes.extend(b"# caf\xe9\n");
    let place = Place::with(&bytes);
    let at = (bytes.len() - 2).to_string();
    fails(
        &place.run(&["check"]),
        2,
        &["order-sync.toml", "not UTF-8", &at],
    );
}

#[test]
fn a_missing_file_is_told_with_how_to_make_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nowhere.toml");
    let path = path.to_str().unwrap();
    for command in ["check", "run"] {
        let output = run(&[command, "--config", path]);
        fails(&output, 2, &["cannot read", path, "order-sync init"]);
    }
}

#[test]
fn a_file_without_connections_is_told_with_where_to_look() {
    refused("", &["no [[connection]]", "order-sync init"]);
    let words = ["order-sync.toml", "[[connection]]"];
    refused("[store]\npath = \"x.sqlite\"\n", &words);
}

#[test]
fn an_unknown_key_is_told_with_the_known_ones() {
    refused(
        &config(&bol_secret(), &woo_secret(), "pol_interval = \"5m\""),
        &["line 17", "pol_interval", "poll_interval"],
    );
    let extra = format!("{}\nclient_sekret = \"{SECRET}\"", bol_secret());
    not_run(
        &config(&extra, &woo_secret(), ""),
        &[
            "\"bol-nl\"",
            "marketplace",
            "client_sekret",
            "client_secret",
        ],
    );
}

#[test]
fn an_unknown_kind_is_told_with_the_known_ones() {
    let text = good_config();
    not_run(
        &text.replace("kind = \"bol\"", "kind = \"bil\""),
        &[
            "\"bol-nl\"",
            "marketplace",
            "\"bil\"",
            "known are: amazon, bol, kaufland, mirakl",
        ],
    );
    not_run(
        &text.replace("kind = \"woocommerce\"", "kind = \"woo\""),
        &[
            "\"bol-nl\"",
            "webshop",
            "\"woo\"",
            "woocommerce, vendure, shopify",
        ],
    );
    not_run(
        &text.replace("kind = \"bol\"\n", ""),
        &["\"bol-nl\"", "needs a kind"],
    );
}

#[test]
fn two_connections_of_one_name_are_told() {
    let text = good_config() + &good_config();
    refused(&text, &["two connections", "\"bol-nl\""]);
}

#[test]
fn a_bad_duration_is_told_with_how_to_write_one() {
    for policy in ["tracking_wait = \"three hours\"", "tracking_wait = \"-3h\""] {
        let text = config(&bol_secret(), &woo_secret(), policy);
        refused(&text, &["line 17", "is no duration", "\"3h\""]);
    }
    not_run(
        &config(&bol_secret(), &woo_secret(), "poll_interval = \"1s\""),
        &["\"bol-nl\"", "poll_interval", "10 s"],
    );
}

#[test]
fn an_unknown_transporter_is_told_with_where_the_names_are() {
    let rule = "[[connection.policy.carrier_rule]]\nstarts = \"3S\"\ncarrier = \"postnll\"";
    for (policy, name) in [
        ("default_carrier = \"post nl\"", "\"post nl\""),
        (rule, "\"postnll\""),
    ] {
        let text = config(&bol_secret(), &woo_secret(), policy);
        not_run(&text, &["\"bol-nl\"", name, "order-sync carriers list"]);
    }
}

#[test]
fn a_secret_missing_from_the_environment_is_told_by_name() {
    let missing = "client_secret = { env = \"ORDER_SYNC_TEST_IS_NOT_SET\" }";
    let text = config(missing, &woo_secret(), "");
    let place = Place::with(&text);
    let words = ["\"bol-nl\"", "ORDER_SYNC_TEST_IS_NOT_SET", "is not set"];
    not_run(&text, &words);
    // It must not keep anybody from looking at the orders there are.
    drop(SqliteStore::open(place.0.path().join("order-sync.sqlite")).unwrap());
    let list = place.run(&["orders", "list"]);
    assert!(list.status.success(), "{}", complaint(&list));
    let file = "client_secret = { file = \"/nowhere/secret\" }";
    let words = ["\"bol-nl\"", "/nowhere/secret", "cannot be read"];
    not_run(&config(file, &woo_secret(), ""), &words);
}

#[test]
fn a_password_in_the_address_of_a_database_is_refused_and_not_repeated() {
    let place = Place::with(good_config());
    let url = format!("postgres://jo:{SECRET}@127.0.0.1:1/orders");
    for command in [&["run"][..], &["orders", "list"], &["check"]] {
        let output = place.run(&[command, &["--store", &url]].concat());
        let told = complaint(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains("PGPASSWORD"), "{told}");
        assert!(told.contains("postgres://jo@127.0.0.1:1/orders"), "{told}");
        assert!(!told.contains(SECRET), "{told}");
    }
}

#[test]
fn a_database_that_cannot_be_reached_is_told_with_what_to_look_at() {
    let place = Place::with(good_config());
    let output = place.run(&[
        "orders",
        "list",
        "--store",
        "postgres://jo@127.0.0.1:1/orders",
    ]);
    let told = complaint(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for word in [
        "cannot connect",
        "127.0.0.1:1/orders",
        "check that the server runs",
    ] {
        assert!(told.contains(word), "{told}");
    }
}

#[test]
fn a_store_that_is_neither_a_file_nor_postgresql_is_refused() {
    let place = Place::with(good_config());
    let output = place.run(&["orders", "list", "--store", "mysql://127.0.0.1/orders"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint(&output).contains("postgres://user@host/database"));
}

#[test]
fn a_database_that_is_none_is_told_and_left_as_it_is() {
    let place = Place::with(good_config());
    let database = place.0.path().join("order-sync.sqlite");
    let letter = "Dear database, this is a letter. ".repeat(200);
    std::fs::write(&database, &letter).unwrap();
    for arguments in [&["run"][..], &["orders", "list"], &["orders", "show", "1"]] {
        let words = ["order-sync.sqlite", "not a database", "check that"];
        fails(&place.run(arguments), 2, &words);
    }
    assert_eq!(std::fs::read_to_string(&database).unwrap(), letter);
    let nowhere = format!(
        "[store]\npath = \"no/such/place.sqlite\"\n{}",
        good_config()
    );
    let place = Place::with(nowhere);
    let words = ["no/such/place.sqlite", "the directory exists"];
    fails(&place.run(&["run"]), 2, &words);
}

// ---------------------------------------------------------------- init and orders

#[test]
fn the_configuration_that_init_writes_lacks_only_the_secrets_and_is_never_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let place = Place(directory);
    let path = place.config();
    let path = path.to_str().unwrap();
    let made = run(&["init", path]);
    assert!(made.status.success(), "{}", complaint(&made));
    assert!(
        shown(&made).contains("order-sync check"),
        "{}",
        shown(&made)
    );
    let secrets = [
        "BOL_CLIENT_SECRET",
        "WOO_CONSUMER_KEY",
        "WOO_CONSUMER_SECRET",
    ];
    for known in 0..secrets.len() {
        let mut command = place.command(&["check"]);
        for (at, name) in secrets.iter().enumerate() {
            if at < known {
                command.env(name, SECRET);
            } else {
                command.env_remove(name);
            }
        }
        fails(
            &command.output().unwrap(),
            2,
            &[secrets[known], "is not set"],
        );
    }
    let mine = place.read() + "# mine\n";
    std::fs::write(place.config(), &mine).unwrap();
    let again = run(&["init", path]);
    fails(&again, 2, &[path, "exists already", "name another file"]);
    assert_eq!(place.read(), mine);
    let nowhere = place.0.path().join("no/such/directory.toml");
    let output = run(&["init", nowhere.to_str().unwrap()]);
    fails(&output, 1, &["cannot write", "directory.toml"]);
}

#[test]
fn orders_before_any_run_are_told_to_need_one() {
    let place = Place::with(good_config());
    for arguments in [
        &["orders", "list"][..],
        &["orders", "show", "1"],
        &["orders", "retry", "1"],
        &["orders", "set-tracking", "1", "3SABCD1234567"],
        &["orders", "manual", "1"],
    ] {
        fails(&place.run(arguments), 1, &["no database", "order-sync run"]);
    }
    assert!(!place.0.path().join("order-sync.sqlite").exists());
}

#[test]
fn an_unknown_order_is_told_with_where_the_known_ones_are() {
    let place = Place::with(good_config());
    drop(SqliteStore::open(place.0.path().join("order-sync.sqlite")).unwrap());
    for name in ["12345", "bol-nl/12345", "nobody/12345", "", "\u{1b}[2J"] {
        for command in ["show", "retry", "manual"] {
            let output = place.run(&["orders", command, name]);
            fails(&output, 1, &["there is no order", "order-sync orders list"]);
            assert!(!complaint(&output).contains('\u{1b}'));
        }
    }
    let output = place.run(&["orders", "set-tracking", "12345", "  "]);
    fails(&output, 2, &["T&T code is empty"]);
}

// ---------------------------------------------------------------- check and run

/// A sandbox, and the configuration it wrote, perhaps changed.
fn sandbox(arguments: &[&str]) -> (Place, Sandbox) {
    let place = Place(tempfile::tempdir().unwrap());
    let sandbox = Sandbox::start(&place.config(), arguments);
    (place, sandbox)
}

fn replaced(place: &Place, what: &str, by: &str) -> Place {
    let text = place.read();
    assert!(text.contains(what), "{what:?} is not in {text}");
    Place::with(text.replace(what, by))
}

#[test]
fn good_credentials_are_ok_on_both_sides() {
    let (place, _sandbox) = sandbox(&["--orders", "3"]);
    let output = place.run(&["check"]);
    let told = shown(&output);
    assert!(output.status.success(), "{told}{}", complaint(&output));
    assert_eq!(complaint(&output), "");
    for word in [
        "marketplace: bol.com",
        "webshop: WooCommerce",
        "open orders: 3",
    ] {
        assert!(told.contains(word), "{word:?} is missing: {told}");
    }
    assert_eq!(told.matches(": ok").count(), 2, "{told}");
    assert!(!told.contains("FAILED"), "{told}");
}

/// One platform fails with these words, the other is still looked at.
fn one_side_fails(output: &Output, failing: &str, other: &str, words: &[&str]) {
    let told = shown(output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let line = |side: &str| told.lines().find(|line| line.trim().starts_with(side));
    let failed = line(failing).unwrap();
    assert!(failed.contains("FAILED: "), "{told}");
    for word in words {
        assert!(failed.contains(word), "{word:?} is missing: {failed}");
    }
    assert!(line(other).unwrap().ends_with(": ok"), "{told}");
    fails(output, 1, &["one platform"]);
}

#[test]
fn wrong_credentials_fail_their_platform_and_the_other_is_still_checked() {
    let (place, _sandbox) = sandbox(&["--orders", "1"]);
    let wrong = replaced(&place, "\"sandbox-secret\"", &format!("\"{SECRET}\""));
    let output = wrong.run(&["check"]);
    one_side_fails(
        &output,
        "marketplace",
        "webshop",
        &["HTTP 401", "check client id"],
    );
    let wrong = replaced(&place, "\"cs_sandbox\"", &format!("\"{SECRET}\""));
    let output = wrong.run(&["check"]);
    one_side_fails(
        &output,
        "webshop",
        "marketplace",
        &["cannot list", "check consumer key"],
    );
}

/// A port on which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn a_port_nobody_listens_on_fails_its_platform_and_the_other_is_still_checked() {
    let (place, sandbox) = sandbox(&["--orders", "1"]);
    let nobody = nobody();
    let [bol, woo] = &sandbox.platforms;
    for (url, failing, other) in [
        (bol, "marketplace", "webshop"),
        (woo, "webshop", "marketplace"),
    ] {
        let wrong = replaced(&place, url, &nobody);
        let output = wrong.run(&["check"]);
        one_side_fails(&output, failing, other, &["onnect"]);
    }
}

#[test]
fn a_connection_with_wrong_credentials_stops_alone_and_its_secret_is_in_no_log() {
    const SPEED: &str = "720";
    let zero = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let time = ["--speed", SPEED, "--time-zero", &zero];
    let (place, sandbox) = sandbox(&[&["--orders", "3"][..], &time].concat());
    let good = place.read();
    let bad = good
        .replace("\"bol-demo\"", "\"bol-refused\"")
        .replace("\"sandbox-secret\"", &format!("\"{SECRET}\""));
    std::fs::write(place.config(), good + &bad).unwrap();
    let log = place.0.path().join("log");
    let running = place
        .command(&["run"])
        .args(time)
        .env("ORDER_SYNC_LOG", "trace")
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .map(Running)
        .unwrap();
    let done = |truth: &Value| truth["shipped"] == 3;
    sandbox.wait_for("shipping", Duration::from_secs(90), done);
    let list = place.run(&[&["orders", "list"][..], &time].concat());
    let told = shown(&list);
    assert!(
        told.contains("connection bol-refused is stopped: "),
        "{told}"
    );
    assert!(!told.contains("connection bol-demo is stopped"), "{told}");
    never_tells(&list);
    running.kill();
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains("bol-refused"), "{log}");
    for secret in [SECRET, "sandbox-secret", "cs_sandbox", "ck_sandbox"] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "a log has {secret}");
    }
}

// ---------------------------------------------------------------- carriers

fn fed(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = order_sync()
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    output
}

/// Every line is one object with exactly the promised fields; its code and verdict.
fn answers(output: &Output) -> Vec<(String, String)> {
    assert!(output.status.success(), "{}", complaint(output));
    assert_eq!(complaint(output), "");
    shown(output).lines().map(answer).collect()
}

fn answer(line: &str) -> (String, String) {
    let value: Value = serde_json::from_str(line).unwrap();
    assert_eq!(fields(&value), ["candidates", "code", "verdict"], "{line}");
    let verdict = value["verdict"].as_str().unwrap();
    let verdicts = ["certain", "likely", "ambiguous", "not_a_code", "unknown"];
    assert!(verdicts.contains(&verdict), "{line}");
    for candidate in value["candidates"].as_array().unwrap() {
        assert_eq!(fields(candidate), ["carrier", "check", "confidence"]);
        let slug = candidate["carrier"].as_str().unwrap();
        assert!(carrier_detect::Carrier::from_slug(slug).is_some(), "{line}");
        let confidence = candidate["confidence"].as_f64().unwrap();
        assert!((0.0..=1.0).contains(&confidence), "{line}");
        let check = candidate["check"].as_str().unwrap();
        assert!(["verified", "failed", "none"].contains(&check), "{line}");
    }
    let code = value["code"].as_str().unwrap();
    (code.to_owned(), verdict.to_owned())
}

fn fields(value: &Value) -> Vec<&str> {
    let mut fields: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    fields.sort_unstable();
    fields
}

#[test]
fn codes_given_as_arguments_get_one_object_a_line() {
    let codes = [
        "3SABCD1234567",
        "JVGL06270000000000012345",
        "",
        "geen",
        "'; --",
    ];
    let mut arguments = vec!["carriers", "detect", "--json", "--"];
    arguments.extend(codes);
    let answers = answers(&run(&arguments));
    let given: Vec<&str> = answers.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(given, codes);
    assert_eq!(answers[1].1, "certain", "{answers:?}");
    assert_eq!(answers[3].1, "not_a_code", "{answers:?}");
    let unknown = run(&["carriers", "detect", "--to", "Nederland", "3SABCD1234567"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(complaint(&unknown).contains("is no country code such as NL"));
}

#[test]
fn lines_of_any_kind_are_answered_one_by_one() {
    let long = "A".repeat(1024 * 1024);
    let mut input = Vec::new();
    input.extend(b"3SABCD1234567\r\n");
    input.extend(b"\n");
    input.extend(b"3S\xff\xfe123\n");
    input.extend(long.as_bytes());
    input.extend(b"\n\0\x1b[2J\n");
    input.extend("３ＳＡＢＣＤ１２３４５６７\n".as_bytes());
    input.extend(b"JVGL06270000000000012345");
    let answers = answers(&fed(&["carriers", "detect", "--json"], &input));
    let codes: Vec<&str> = answers.iter().map(|(code, _)| code.as_str()).collect();
    let expected = [
        "3SABCD1234567",
        "",
        "3S\u{fffd}\u{fffd}123",
        &long,
        "\0\u{1b}[2J",
        "３ＳＡＢＣＤ１２３４５６７",
        "JVGL06270000000000012345",
    ];
    assert_eq!(codes.len(), expected.len());
    for (at, (code, expected)) in codes.iter().zip(expected).enumerate() {
        assert!(*code == expected, "line {}", at + 1);
    }
    assert_ne!(answers[3].1, "certain");
    assert_eq!(answers[0].1, answers[5].1, "full-width letters are letters");
    let none = fed(&["carriers", "detect", "--json"], b"");
    assert!(none.status.success() && none.stdout.is_empty());
}

#[test]
fn a_terminal_is_not_steered_by_what_was_read() {
    let output = fed(&["carriers", "detect"], b"3S\x1b[2J\x07ABCD1234567\n");
    assert!(output.status.success());
    let told = shown(&output);
    assert!(
        !told.contains('\u{1b}') && !told.contains('\u{7}'),
        "{told:?}"
    );
}

#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let many = b"3SABCD1234567\n".repeat(20_000);
    for arguments in [
        &["carriers", "list"][..],
        &["carriers", "detect", "--json"],
        &["carriers", "detect"],
        &["platforms", "--json"],
        &["platforms", "--markdown"],
        &["--help"],
    ] {
        let mut child = order_sync()
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut stdin = child.stdin.take().unwrap();
        // It may be gone before it has read all of this.
        drop(stdin.write_all(&many));
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", output.status);
        assert_eq!(complaint(&output), "", "{arguments:?}");
    }
}

// ---------------------------------------------------------------- orders of the marketplace

/// A byte that stands nowhere else in what the sandbox says.
const SPOILT: u8 = b'~';

/// A way to a server on which every [`SPOILT`] arrives as a byte that UTF-8 does not have.
fn spoiling(url: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let own = format!("http://{}", listener.local_addr().unwrap());
    let target = url.trim_start_matches("http://").to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let Ok(server) = TcpStream::connect(&target) else {
                return;
            };
            let asking = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || pass_on(asking.0, asking.1, false));
            std::thread::spawn(move || pass_on(server, client, true));
        }
    });
    own
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, spoil: bool) {
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut bytes).unwrap_or(0);
        let part = &mut bytes[..read];
        if spoil {
            part.iter_mut()
                .filter(|byte| **byte == SPOILT)
                .for_each(|byte| *byte = 0xff);
        }
        if read == 0 || to.write_all(part).is_err() {
            drop(to.shutdown(Shutdown::Both));
            drop(from.shutdown(Shutdown::Both));
            return;
        }
    }
}

/// A marketplace, a webshop and an engine between them.
struct Bench {
    clock: Arc<dyn Clock>,
    marketplace: bol::Sandbox,
    webshop: MemoryWebshop,
    store: Arc<MemoryStore>,
    engine: Engine,
    connection: Connection,
}

impl Bench {
    async fn start() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let settings = bol::Settings {
            processing: Duration::ZERO,
            ..bol::Settings::default()
        };
        let marketplace = bol::Sandbox::start(settings, Arc::clone(&clock))
            .await
            .unwrap();
        let way = marketplace.config().at(&spoiling(&marketplace.url()));
        let webshop = MemoryWebshop::new(Arc::clone(&clock));
        let connection = Connection {
            id: ConnectionId::from("bol-nl"),
            marketplace: Arc::new(way.build(Arc::clone(&clock)).unwrap()),
            webshop: Arc::new(webshop.clone()),
            detector: Arc::new(NoDetector),
            policy: fast_policy(),
        };
        let store = Arc::new(MemoryStore::new());
        store
            .register(connection.id.clone(), clock.now())
            .await
            .unwrap();
        let engine = Engine::new(
            Arc::clone(&store) as Arc<dyn OrderStore>,
            Arc::clone(&clock),
        );
        Self {
            clock,
            marketplace,
            webshop,
            store,
            engine,
            connection,
        }
    }

    async fn cycle(&self) -> CycleReport {
        let ids = [self.connection.id.clone()];
        let lease = Duration::from_secs(180);
        let held = self.engine.claim("test", &ids, lease, true).await.unwrap();
        let mut held = held.unwrap();
        let report = self.engine.run_cycle(&self.connection, &mut held).await;
        self.engine.release(&self.connection, held).await.unwrap();
        report
    }

    /// Cycles until the test passes.
    async fn until(&self, what: &str, passes: impl AsyncFn() -> bool) {
        let start = Instant::now();
        while !passes().await {
            let waited = start.elapsed() < Duration::from_secs(40);
            assert!(waited, "{what} did not happen");
            let report = self.cycle().await;
            assert_eq!(report.paused, None, "one order stops nothing else");
            assert_eq!(report.troubles, [], "one order is nobody else's trouble");
            self.clock.sleep(Duration::from_millis(100)).await;
        }
    }

    async fn order(&self, id: &str) -> Order {
        let key = OrderKey::new(self.connection.id.clone(), id);
        self.store.load(key).await.unwrap().unwrap()
    }

    /// Webshop orders that were ever alive for an order, and are.
    fn created(&self, id: &str) -> (usize, usize) {
        let key = ExternalKey::new("bol", id);
        (self.webshop.peak(&key), self.webshop.live(&key).len())
    }

    /// What a person is told about an order: its problem, else what it waits for.
    async fn told(&self, id: &str) -> String {
        let order = self.order(id).await;
        let rules = Rules {
            policy: self.connection.policy.clone(),
            marketplace: self.connection.marketplace.capabilities(),
            webshop: self.webshop.capabilities(),
        };
        match order.problem() {
            Some(problem) => {
                assert!(!problem.advice.is_empty(), "{problem:?}");
                problem.text.clone()
            }
            None => lifecycle::agenda(&order, self.clock.now(), &rules)
                .into_iter()
                .map(|item| item.why)
                .collect::<Vec<_>>()
                .join("; "),
        }
    }
}

fn fast_policy() -> Policy {
    let mut policy = Policy::new("bol");
    policy.poll_interval = Duration::from_millis(200);
    policy.retry_first = Duration::from_millis(300);
    policy.retry_max = Duration::from_secs(1);
    policy.marketplace_reread = Duration::from_secs(1);
    policy
}

fn new_order(id: &str, reference: &str) -> bol::NewOrder {
    bol::NewOrder::new(id).with_item(bol::NewItem::new(&format!("{id}-1"), reference, 2, 1299))
}

/// The details of an order as the sandbox tells them.
async fn details(order: bol::NewOrder) -> Value {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let settings = bol::Settings {
        record: true,
        ..bol::Settings::default()
    };
    let sandbox = bol::Sandbox::start(settings, Arc::clone(&clock))
        .await
        .unwrap();
    let id = order.id.clone();
    sandbox.add_order(order);
    let connector: Bol = sandbox.config().build(clock).unwrap();
    connector.orders(vec![id.as_str().into()]).await.unwrap();
    let told = sandbox.exchanges().pop().unwrap().answer;
    serde_json::from_str(&told).unwrap()
}

/// An order's number, what is wrong with its details, and words a person must be told.
struct Bad {
    id: &'static str,
    spoil: fn(&mut Value),
    words: &'static [&'static str],
}

const BAD: &[Bad] = &[
    Bad {
        id: "UNKNOWN-STATUS",
        spoil: |body| body["orderItems"][0]["fulfilment"]["method"] = json!("TELEPORT"),
        words: &["TELEPORT", "not known"],
    },
    Bad {
        id: "NO-ADDRESS",
        spoil: |body| {
            body.as_object_mut().unwrap().remove("shipmentDetails");
        },
        words: &["no place to send it to", "the whole address"],
    },
    Bad {
        id: "NO-STREET",
        spoil: |body| {
            body["shipmentDetails"]["streetName"] = json!("");
            body["shipmentDetails"]["houseNumber"] = Value::Null;
        },
        words: &["no place to send it to", "street"],
    },
    Bad {
        id: "NEGATIVE",
        spoil: |body| body["orderItems"][0]["quantity"] = json!(-2),
        words: &["NEGATIVE-1", "quantity", "-2"],
    },
    Bad {
        id: "WRONG-TYPE",
        spoil: |body| body["orderItems"][0]["quantity"] = json!("two"),
        words: &["quantity", "orderItems"],
    },
    Bad {
        id: "NOT-UTF-8",
        spoil: |body| body["shipmentDetails"]["surname"] = json!("Jans~n"),
        words: &["not valid UTF-8"],
    },
    Bad {
        id: "HUGE",
        spoil: |body| {
            let title = "x".repeat(100 * 1024 * 1024);
            body["orderItems"][0]["product"]["title"] = json!(title);
        },
        words: &["larger than", "bytes"],
    },
    Bad {
        id: "OTHER-SUM",
        spoil: |body| body["orderItems"][0]["totalPrice"] = json!(1.23),
        words: &["1.23"],
    },
    Bad {
        id: "NO-JSON",
        spoil: |body| *body = Value::Null,
        words: &["order"],
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn bad_orders_stop_no_other_order_are_told_clearly_and_heal() {
    let bench = Bench::start().await;
    let mut good_bodies = Vec::new();
    for bad in BAD {
        let order = new_order(bad.id, "MUG-01");
        let good = details(order.clone()).await;
        bench.marketplace.add_order(order);
        let mut body = good.clone();
        (bad.spoil)(&mut body);
        bench.marketplace.replace_details(bad.id, body.to_string());
        good_bodies.push((bad.id, good));
    }
    bench.webshop.without_product("NOT-SOLD");
    bench
        .marketplace
        .add_order(new_order("UNKNOWN-PRODUCT", "NOT-SOLD"));
    bench.marketplace.add_order(new_order("GOOD", "MUG-01"));

    bench.cycle().await;
    assert_eq!(bench.created("GOOD"), (1, 1), "the first cycle makes it");
    for _ in 0..5 {
        bench.cycle().await;
        bench.clock.sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(bench.webshop.all().len(), 1, "and nothing else");
    for bad in BAD {
        let told = bench.told(bad.id).await;
        for word in bad.words {
            assert!(told.contains(word), "{}: {word:?} not in {told:?}", bad.id);
        }
        assert!(told.len() < 600, "{}: {} bytes", bad.id, told.len());
    }
    let told = bench.told("UNKNOWN-PRODUCT").await;
    assert!(
        told.contains("NOT-SOLD") && told.contains("0000007740404"),
        "{told}"
    );

    for (id, good) in &good_bodies {
        bench.marketplace.replace_details(id, good.to_string());
    }
    bench.webshop.with_product("NOT-SOLD");
    let ids: Vec<&str> = BAD
        .iter()
        .map(|bad| bad.id)
        .chain(["UNKNOWN-PRODUCT", "GOOD"])
        .collect();
    let healed = async || {
        for id in &ids {
            if bench.created(id).1 == 0 || bench.order(id).await.problem().is_some() {
                return false;
            }
        }
        true
    };
    bench.until("healing", healed).await;
    for id in ids {
        assert_eq!(bench.created(id), (1, 1), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn list_entries_nobody_understands_hide_no_order_behind_them() {
    let bench = Bench::start().await;
    bench.marketplace.prepend_to_list(vec![
        json!(null),
        json!(7),
        json!("text"),
        json!({}),
        json!({"orderId": ""}),
        json!({"orderId": 12}),
        json!({"orderId": "LISTED-BADLY", "orderItems": "none"}),
        json!({"orderId": "GONE", "orderItems": []}),
        json!({"orderId": "../../token", "orderItems": []}),
    ]);
    bench.marketplace.add_order(new_order("GOOD", "MUG-01"));
    let created = async || bench.created("GOOD").1 == 1;
    let start = Instant::now();
    while !created().await {
        assert!(start.elapsed() < Duration::from_secs(20), "GOOD is hidden");
        bench.cycle().await;
        bench.clock.sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(bench.webshop.all().len(), 1);
    let filter = OrderFilter {
        needs_action: true,
        limit: 50,
        ..OrderFilter::default()
    };
    let stored = bench.store.list(filter).await.unwrap();
    let numberless = stored
        .iter()
        .filter_map(Order::problem)
        .filter(|problem| problem.text.contains("without an order number"));
    assert_eq!(
        numberless.count(),
        6,
        "each is shown to a person: {stored:?}"
    );
}
