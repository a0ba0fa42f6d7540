//! The running shop, past the connector.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::OnceLock;

use serde_json::{Value, json};

/// A shop that somebody started.
pub(crate) struct Shop {
    pub(crate) url: String,
    /// The same shop over https, if it is named.
    pub(crate) tls_url: Option<String>,
    pub(crate) key: String,
    pub(crate) secret: String,
    /// Makes the keys of a run its own.
    pub(crate) run: String,
    /// Orders are kept as posts.
    pub(crate) classic: bool,
}

/// The shop; `None`, and a line that says so, when none is named.
pub(crate) fn running() -> Option<&'static Shop> {
    static SHOP: OnceLock<Option<Shop>> = OnceLock::new();
    SHOP.get_or_init(find).as_ref()
}

fn find() -> Option<Shop> {
    let named = |name: &str| std::env::var(format!("WOOCOMMERCE_LIVE_{name}")).ok();
    let (Some(url), Some(key), Some(secret)) = (named("URL"), named("KEY"), named("SECRET")) else {
        // Written past the test runner, which hides what a passing test prints.
        std::io::stderr()
            .write_all(
                b"LEFT OUT: no WooCommerce is named; set WOOCOMMERCE_LIVE_URL, _KEY and _SECRET\n",
            )
            .expect("stderr");
        return None;
    };
    let run = std::process::id().to_string();
    let url = url.trim_end_matches('/').to_owned();
    let mut shop = Shop {
        url,
        tls_url: named("TLS_URL"),
        key,
        secret,
        run,
        classic: false,
    };
    let status = shop.get("/wc/v3/system_status?_fields=settings");
    shop.classic = status["settings"]["HPOS_enabled"] == false;
    shop.forget();
    Some(shop)
}

impl Shop {
    pub(crate) fn host(&self) -> &str {
        self.url
            .strip_prefix("http://")
            .expect("a shop on this machine over plain http")
    }

    /// Status and body of a call under `/wp-json`.
    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let joint = if path.contains('?') { '&' } else { '?' };
        let key = format!(
            "{joint}consumer_key={}&consumer_secret={}",
            self.key, self.secret
        );
        let host = self.host();
        let mut stream = TcpStream::connect(host).expect("the shop listens");
        // In one piece: PHP's own server does not wait for the rest of a head.
        let request = format!(
            "{method} /wp-json{path}{key} HTTP/1.0\r\nhost: {host}\r\n\
             x-forwarded-proto: https\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream
            .write_all(request.as_bytes())
            .expect("it takes a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        let status = head[9..12].parse().expect("a status");
        let body = serde_json::from_str(body)
            .unwrap_or_else(|error| panic!("{method} {path}: {status}: {error}: {body}"));
        (status, body)
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.done("GET", path, &Value::Null)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Value {
        self.done("POST", path, body)
    }

    pub(crate) fn put(&self, path: &str, body: &Value) -> Value {
        self.done("PUT", path, body)
    }

    pub(crate) fn delete(&self, path: &str) -> Value {
        self.done("DELETE", path, &Value::Null)
    }

    fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.call(method, path, body);
        assert!((200..300).contains(&status), "{method} {path}: {answer}");
        answer
    }

    pub(crate) fn order(&self, id: &str) -> Value {
        self.get(&format!("/wc/v3/orders/{id}"))
    }

    /// Deletes what earlier runs of the contract suite left: its keys are the same every time.
    fn forget(&self) {
        for status in ["any", "checkout-draft", "trash"] {
            let mut ours = Vec::new();
            for page in 1.. {
                let path = format!(
                    "/wc/v3/orders?status={status}&per_page=100&page={page}&_fields=id,created_via"
                );
                let rows = self.get(&path);
                let rows = rows.as_array().expect("a list");
                let own = |row: &&Value| {
                    let via = row["created_via"].as_str().unwrap_or_default();
                    via.starts_with("contract:")
                };
                ours.extend(rows.iter().filter(own).map(|row| row["id"].clone()));
                if rows.len() < 100 {
                    break;
                }
            }
            for id in ours {
                self.delete(&format!("/wc/v3/orders/{id}?force=true"));
            }
        }
    }

    /// Every order under a key, drafts and the trash included: id and status.
    pub(crate) fn under(&self, key: &str) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        for status in ["any", "checkout-draft", "trash"] {
            let path = format!("/wc/v3/orders?status={status}&per_page=100&created_via={key}");
            for row in self.get(&path).as_array().expect("a list") {
                assert_eq!(row["created_via"], key, "the filter works");
                let id = row["id"].to_string();
                if found.iter().all(|(own, _)| *own != id) {
                    found.push((id, row["status"].as_str().expect("a status").to_owned()));
                }
            }
        }
        found
    }

    pub(crate) fn status(&self, id: &str, status: &str) {
        let order = self.put(&format!("/wc/v3/orders/{id}"), &json!({"status": status}));
        assert_eq!(order["status"], status);
    }

    /// A code through Advanced Shipment Tracking.
    pub(crate) fn track(&self, id: &str, code: &str, carrier: &str) {
        let body = json!({"custom_tracking_provider": carrier, "tracking_number": code});
        let path = format!("/wc-shipment-tracking/v3/orders/{id}/shipment-trackings");
        let item = self.post(&path, &body);
        assert_eq!(item["tracking_number"], code);
    }

    /// The id of an order's line by the marketplace's id.
    pub(crate) fn line(&self, id: &str, line: &str) -> u64 {
        let order = self.order(id);
        let lines = order["line_items"].as_array().expect("a list");
        let own = |item: &&Value| {
            let meta = item["meta_data"].as_array().expect("a list");
            meta.iter()
                .any(|meta| meta["key"] == "_marketplace_line_id" && meta["value"] == line)
        };
        let item = lines.iter().find(own).expect("the line is there");
        item["id"].as_u64().expect("a number")
    }

    /// A parcel through WooCommerce's own fulfilments.
    pub(crate) fn fulfil(&self, id: &str, pieces: &[(&str, u32)], code: &str) -> u64 {
        let items: Vec<Value> = pieces
            .iter()
            .map(|(line, pieces)| json!({"item_id": self.line(id, line), "qty": pieces}))
            .collect();
        let meta = |key: &str, value: Value| json!({"id": 0, "key": key, "value": value});
        let body = json!({
            "entity_type": "WC_Order", "entity_id": id, "status": "fulfilled", "is_fulfilled": true,
            "meta_data": [
                meta("_tracking_number", json!(code)),
                meta("_shipment_provider", json!("postnl")),
                meta("_items", json!(items)),
            ],
        });
        let made = self.post(&format!("/wc/v3/orders/{id}/fulfillments"), &body);
        let made = made.get("fulfillment").unwrap_or(&made).clone();
        made["id"].as_u64().unwrap_or_else(|| panic!("{made}"))
    }

    pub(crate) fn stock(&self, sku: &str) -> i64 {
        let products = self.get(&format!("/wc/v3/products?sku={sku}"));
        products[0]["stock_quantity"].as_i64().expect("a number")
    }

    pub(crate) fn set_stock(&self, sku: &str, pieces: i64) {
        let products = self.get(&format!("/wc/v3/products?sku={sku}"));
        let path = format!("/wc/v3/products/{}", products[0]["id"]);
        self.put(&path, &json!({"stock_quantity": pieces}));
    }

    pub(crate) fn notes(&self, id: &str) -> Vec<String> {
        let notes = self.get(&format!("/wc/v3/orders/{id}/notes"));
        let notes = notes.as_array().expect("a list");
        let text = |note: &Value| note["note"].as_str().expect("a text").to_owned();
        notes.iter().map(text).collect()
    }
}
