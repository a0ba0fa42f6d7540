//! Starts the real Vendure once per flavour and test run.
//!
//! The server ends when its standard input closes, which the system does when this process ends,
//! however it ends.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, OnceLock};

use serde_json::{Value, json};

/// Which shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// With the custom fields that the connector asks for.
    WithFields,
    /// As it comes.
    Plain,
}

/// A running shop.
pub(crate) struct Server {
    pub(crate) flavour: Flavour,
    pub(crate) url: String,
    pub(crate) api_key: String,
    control: Mutex<(ChildStdin, Receiver<String>)>,
    _process: Mutex<Child>,
}

/// The shop, started when it is first asked for; `None` where no Vendure is installed.
pub(crate) fn running(flavour: Flavour) -> Option<&'static Server> {
    static WITH_FIELDS: OnceLock<Option<Server>> = OnceLock::new();
    static PLAIN: OnceLock<Option<Server>> = OnceLock::new();
    let cell = match flavour {
        Flavour::WithFields => &WITH_FIELDS,
        Flavour::Plain => &PLAIN,
    };
    cell.get_or_init(|| start(flavour)).as_ref()
}

fn start(flavour: Flavour) -> Option<Server> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../connector-webshop/tests/vendure-server");
    let own = folder.join("node_modules").exists().then(|| folder.clone());
    let installed = std::env::var_os("VENDURE_DIR").map(PathBuf::from).or(own);
    let Some(installed) = installed else {
        let text = "LEFT OUT: no Vendure is installed; run tests/vendure-server/install.sh or set VENDURE_DIR";
        let required = std::env::var("CI_REQUIRE_ALL").is_ok_and(|value| value == "1");
        assert!(!required, "{text}");
        println!("{text}");
        return None;
    };
    let mut command = Command::new("node");
    command
        .arg(folder.join("server.js"))
        .env("VENDURE_DIR", &installed)
        .env("PLAIN", if flavour == Flavour::Plain { "1" } else { "0" })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut process = command.spawn().expect("node can be started");
    let stdout = process.stdout.take().expect("its output is ours");
    let mut lines = BufReader::new(stdout).lines();
    let ready = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("READY ").map(str::to_owned))
        .expect("the shop says where it is");
    // What it prints later is read at once, so that it never waits for us.
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    let stdin = process.stdin.take().expect("its input is ours");
    let ready: Value = serde_json::from_str(&ready).expect("as JSON");
    Some(Server {
        flavour,
        url: ready["url"].as_str().expect("an address").to_owned(),
        api_key: ready["apiKey"].as_str().expect("a key").to_owned(),
        control: Mutex::new((stdin, receiver)),
        _process: Mutex::new(process),
    })
}

impl Server {
    /// Makes the shop forget every login of this administrator.
    pub(crate) fn end_sessions(&self, username: &str) {
        let mut control = self.control.lock().expect("nobody panicked with it");
        control
            .0
            .write_all(format!("end-sessions {username}\n").as_bytes())
            .expect("the shop listens");
        while control.1.recv().expect("the shop answers") != "DONE" {}
    }

    /// Makes an administrator of a test's own, whose sessions may be ended, and says its name,
    /// which is its password too.
    pub(crate) fn new_administrator(&self) -> String {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("seller-{}", MADE.fetch_add(1, Ordering::Relaxed));
        let roles = self.run("query { roles { items { id code } } }", json!({}));
        let role = roles["roles"]["items"]
            .as_array()
            .expect("a list")
            .iter()
            .find(|role| {
                role["code"]
                    .as_str()
                    .is_some_and(|code| code.contains("super"))
            })
            .expect("the shop has one")["id"]
            .clone();
        let input = json!({"firstName": "A", "lastName": "Seller", "emailAddress": name,
            "password": name, "roleIds": [role]});
        self.run(
            "mutation($input: CreateAdministratorInput!) { createAdministrator(input: $input) { id } }",
            json!({"input": input}),
        );
        name
    }

    /// Asks the shop past the connector, over a plain socket.
    pub(crate) fn run(&self, query: &str, variables: Value) -> Value {
        let body = json!({"query": query, "variables": variables}).to_string();
        let host = self
            .url
            .trim_start_matches("http://")
            .split('/')
            .next()
            .expect("a host");
        let mut stream = TcpStream::connect(host).expect("the shop listens");
        write!(
            stream,
            "POST /admin-api HTTP/1.1\r\nhost: {host}\r\nvendure-api-key: {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.api_key,
            body.len()
        )
        .expect("it takes a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let start = answer.find("\r\n\r\n").expect("a body") + 4;
        let answer: Value = serde_json::from_str(&answer[start..]).expect("JSON");
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }
}
