//! Starts a real Medusa for a test binary, once for each flavour, and talks to it past the
//! connector.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// How the shop is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    /// It makes display ids of our key, which it keeps unique.
    WithKey,
    /// As it comes.
    Plain,
}

/// A shop that runs as long as this is held, at most as long as the process.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) api_key: String,
    pub(crate) channel: String,
    pub(crate) place: String,
    /// Its input is what keeps it alive.
    _stdin: Mutex<ChildStdin>,
    _process: Mutex<Child>,
}

/// The shop of this flavour; `None`, and a line that says so, when none is installed.
pub(crate) fn running(flavour: Flavour) -> Option<&'static Server> {
    static WITH_KEY: OnceLock<Option<Server>> = OnceLock::new();
    static PLAIN: OnceLock<Option<Server>> = OnceLock::new();
    let cell = match flavour {
        Flavour::WithKey => &WITH_KEY,
        Flavour::Plain => &PLAIN,
    };
    cell.get_or_init(|| start(flavour)).as_ref()
}

fn start(flavour: Flavour) -> Option<Server> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../connector-webshop/tests/medusa-server");
    let own = folder.join("node_modules").exists().then(|| folder.clone());
    let installed = std::env::var_os("MEDUSA_DIR").map(PathBuf::from).or(own);
    let Some(installed) = installed else {
        let text = "LEFT OUT: no Medusa is installed; run tests/medusa-server/install.sh or set MEDUSA_DIR\n";
        let required = std::env::var("CI_REQUIRE_ALL").is_ok_and(|value| value == "1");
        assert!(!required, "{text}");
        // Written past the test runner, which hides what a passing test prints.
        std::io::stderr()
            .write_all(text.as_bytes())
            .expect("stderr");
        return None;
    };
    let mut command = Command::new("node");
    command
        .arg(folder.join("server.js"))
        .env("MEDUSA_DIR", &installed)
        .env("PLAIN", if flavour == Flavour::Plain { "1" } else { "0" })
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut process = command.spawn().expect("node can be started");
    let stdout = process.stdout.take().expect("its output is ours");
    let ready = BufReader::new(stdout)
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("READY ").map(str::to_owned))
        .expect("the shop says where it is");
    let ready: Value = serde_json::from_str(&ready).expect("as JSON");
    let text = |name: &str| ready[name].as_str().expect("a text").to_owned();
    Some(Server {
        url: text("url"),
        api_key: text("apiKey"),
        channel: text("channel"),
        place: text("place"),
        _stdin: Mutex::new(process.stdin.take().expect("its input is ours")),
        _process: Mutex::new(process),
    })
}

impl Server {
    pub(crate) fn host(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.call("GET", path, &Value::Null)
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Value {
        self.call("POST", path, &body)
    }

    pub(crate) fn delete(&self, path: &str) -> Value {
        self.call("DELETE", path, &Value::Null)
    }

    /// Asks the shop past the connector, over a plain socket.
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let host = self.host();
        let key = STANDARD.encode(format!("{}:", self.api_key));
        let mut stream = TcpStream::connect(host).expect("the shop listens");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Basic {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .expect("it takes a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        assert!(head[9..].starts_with('2'), "{method} {path}: {answer}");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"))
    }

    /// A further secret API key, that a test may revoke: its id and the key.
    pub(crate) fn new_key(&self) -> (String, String) {
        let made = self.post(
            "/admin/api-keys",
            json!({"title": "a test's own", "type": "secret"}),
        );
        let text = |name: &str| made["api_key"][name].as_str().expect("a text").to_owned();
        (text("id"), text("token"))
    }

    pub(crate) fn revoke(&self, id: &str) {
        self.post(&format!("/admin/api-keys/{id}/revoke"), json!({}));
    }

    /// Orders and drafts under a key, asked past the connector: id, status and payment status.
    pub(crate) fn under(&self, key: &str) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        for (path, name) in [("orders", "orders"), ("draft-orders", "draft_orders")] {
            let fields = "fields=id,status,payment_status,metadata&limit=1000&order=-created_at";
            let answer = self.get(&format!("/admin/{path}?{fields}"));
            for row in answer[name].as_array().expect("a list") {
                if row["metadata"]["marketplace_order_key"] == key {
                    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
                    found.push((text("id"), text("status"), text("payment_status")));
                }
            }
        }
        found
    }

    /// What stands of an order, as its parcels need it: line id of the shop, marketplace's line id,
    /// pieces that are in no parcel.
    pub(crate) fn lines(&self, id: &str) -> Vec<(String, String, i64)> {
        let order = self.get(&format!(
            "/admin/orders/{id}?fields=id,*items,*items.detail"
        ));
        let items = order["order"]["items"].as_array().expect("a list");
        items
            .iter()
            .map(|item| {
                let mark = &item["metadata"]["marketplace_line_id"];
                let done = item["detail"]["fulfilled_quantity"].as_i64().unwrap_or(0);
                (
                    item["id"].as_str().expect("an id").to_owned(),
                    mark.as_str().unwrap_or_default().to_owned(),
                    item["quantity"].as_i64().expect("a number") - done,
                )
            })
            .collect()
    }

    /// The warehouse packs pieces (by the marketplace's line id; none for all that is left) and
    /// sends them with these codes; the parcel's id.
    pub(crate) fn send(&self, id: &str, pieces: &[(&str, i64)], codes: &[&str]) -> String {
        let wanted = |mark: &str, left: i64| {
            let found = pieces.iter().find(|(line, _)| *line == mark);
            found.map_or(if pieces.is_empty() { left } else { 0 }, |(_, pieces)| {
                *pieces
            })
        };
        let items: Vec<Value> = self
            .lines(id)
            .iter()
            .map(|(item, mark, left)| json!({"id": item, "quantity": wanted(mark, *left)}))
            .filter(|item| item["quantity"].as_i64() > Some(0))
            .collect();
        let packed = self.post(
            &format!("/admin/orders/{id}/fulfillments?fields=id,*fulfillments"),
            json!({"items": items, "location_id": self.place, "no_notification": true}),
        );
        let parcels = packed["order"]["fulfillments"].as_array().expect("a list");
        let newest = parcels
            .iter()
            .max_by_key(|parcel| parcel["created_at"].as_str())
            .expect("a parcel");
        let parcel = newest["id"].as_str().expect("an id").to_owned();
        self.post(
            &format!("/admin/orders/{id}/fulfillments/{parcel}/shipments"),
            json!({"items": items, "labels": labels(codes), "no_notification": true}),
        );
        parcel
    }

    /// Adds codes to a parcel that was sent, as a shop's extension does.
    pub(crate) fn add_codes(&self, parcel: &str, codes: &[&str]) {
        let body = json!({"labels": labels(codes)});
        self.post(&format!("/admin/late-labels/{parcel}"), body);
    }

    /// The parcels of an order.
    pub(crate) fn parcels(&self, id: &str) -> Vec<String> {
        let order = self.get(&format!("/admin/orders/{id}?fields=id,fulfillments.id"));
        let parcels = order["order"]["fulfillments"].as_array().expect("a list");
        let id = |parcel: &Value| parcel["id"].as_str().expect("an id").to_owned();
        parcels.iter().map(id).collect()
    }

    /// Pieces of an article in the warehouse, and how many of them are reserved.
    pub(crate) fn stock(&self, sku: &str) -> (i64, i64) {
        let fields = "fields=sku,stocked_quantity,reserved_quantity";
        let answer = self.get(&format!("/admin/inventory-items?sku={sku}&{fields}"));
        let item = &answer["inventory_items"][0];
        let number = |name: &str| item[name].as_i64().expect("a number");
        (number("stocked_quantity"), number("reserved_quantity"))
    }
}

fn labels(codes: &[&str]) -> Vec<Value> {
    let label =
        |code: &&str| json!({"tracking_number": code, "tracking_url": "#", "label_url": "#"});
    codes.iter().map(label).collect()
}
