//! The running shop, past the connector.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A shop that somebody started.
pub(crate) struct Shop {
    pub(crate) url: String,
    pub(crate) id: String,
    pub(crate) secret: String,
    /// Makes the keys of a run its own.
    pub(crate) run: String,
    token: Mutex<Option<(String, Instant)>>,
}

/// The shop; `None`, and a line that says so, when none is named.
pub(crate) fn running() -> Option<&'static Shop> {
    static SHOP: OnceLock<Option<Shop>> = OnceLock::new();
    SHOP.get_or_init(find).as_ref()
}

fn find() -> Option<Shop> {
    let named = |name: &str| std::env::var(format!("SHOPWARE_LIVE_{name}")).ok();
    let (Some(url), Some(id), Some(secret)) = (named("URL"), named("ID"), named("SECRET")) else {
        // Written past the test runner, which hides what a passing test prints.
        std::io::stderr()
            .write_all(b"LEFT OUT: no Shopware is named; set SHOPWARE_LIVE_URL, _ID and _SECRET\n")
            .expect("stderr");
        return None;
    };
    let shop = Shop {
        url: url.trim_end_matches('/').to_owned(),
        id,
        secret,
        run: std::process::id().to_string(),
        token: Mutex::new(None),
    };
    shop.forget();
    Some(shop)
}

impl Shop {
    pub(crate) fn host(&self) -> &str {
        self.url
            .strip_prefix("http://")
            .expect("a shop on this machine over plain http")
    }

    fn send(
        &self,
        method: &str,
        path: &str,
        token: &str,
        version: Option<&str>,
        body: &Value,
    ) -> (u16, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let host = self.host();
        let version = version.map_or(String::new(), |id| format!("sw-version-id: {id}\r\n"));
        let mut stream = TcpStream::connect(host).expect("the shop listens");
        // In one piece: PHP's own server does not wait for the rest of a head.
        let request = format!(
            "{method} /api{path} HTTP/1.0\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
             {version}accept: application/json\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream
            .write_all(request.as_bytes())
            .expect("it takes a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a body");
        let status = head[9..12].parse().expect("a status");
        if body.is_empty() {
            return (status, Value::Null);
        }
        let body = serde_json::from_str(body)
            .unwrap_or_else(|error| panic!("{method} {path}: {status}: {error}: {body}"));
        (status, body)
    }

    fn token(&self) -> String {
        let mut held = self.token.lock().expect("nobody panics while holding it");
        if let Some((token, since)) = held.as_ref()
            && since.elapsed() < Duration::from_secs(300)
        {
            return token.clone();
        }
        let body = json!({"grant_type": "client_credentials", "client_id": self.id,
            "client_secret": self.secret});
        let (_, answer) = self.send("POST", "/oauth/token", "", None, &body);
        let token = answer["access_token"].as_str().expect("a token").to_owned();
        *held = Some((token.clone(), Instant::now()));
        token
    }

    pub(crate) fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.send(method, path, &self.token(), None, body);
        assert!((200..300).contains(&status), "{method} {path}: {answer}");
        answer
    }

    fn search(&self, entity: &str, criteria: &Value) -> Vec<Value> {
        let found = self.call("POST", &format!("/search/{entity}"), criteria);
        found["data"].as_array().expect("a list").clone()
    }

    /// Deletes what earlier runs of the contract suite left: its keys are the same every time.
    fn forget(&self) {
        let filter = json!({"type": "prefix", "field": "orderNumber", "value": "contract-"});
        loop {
            let criteria = json!({"filter": [filter], "limit": 100, "includes": {"order": ["id"]}});
            let found = self.search("order", &criteria);
            for order in &found {
                let id = order["id"].as_str().expect("an id");
                self.call("DELETE", &format!("/order/{id}"), &Value::Null);
            }
            if found.is_empty() {
                return;
            }
        }
    }

    pub(crate) fn order(&self, id: &str) -> Value {
        let criteria = json!({"ids": [id], "associations": {
            "stateMachineState": {}, "lineItems": {}, "orderCustomer": {}, "addresses": {},
            "deliveries": {"associations": {"stateMachineState": {}, "positions": {}}},
            "transactions": {"associations": {"stateMachineState": {}}}}});
        self.search("order", &criteria).remove(0)
    }

    /// Every order under a key: id and state. Found by its number, not by its id.
    pub(crate) fn under(&self, key: &str) -> Vec<(String, String)> {
        let number = key.replace(':', "-");
        let criteria = json!({
            "filter": [{"type": "equals", "field": "orderNumber", "value": number}],
            "associations": {"stateMachineState": {}},
        });
        let found = self.search("order", &criteria);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let row = |order: &Value| {
            let state = text(&order["stateMachineState"]["technicalName"]);
            (text(&order["id"]), state)
        };
        found.iter().map(row).collect()
    }

    /// The order goes from state to state.
    pub(crate) fn transition(&self, id: &str, name: &str) {
        let path = format!("/_action/order/{id}/state/{name}");
        self.call("POST", &path, &json!({"sendMail": false}));
    }

    pub(crate) fn delivery(&self, id: &str) -> String {
        let order = self.order(id);
        let delivery = &order["deliveries"][0]["id"];
        delivery.as_str().expect("a delivery").to_owned()
    }

    /// Its delivery goes from state to state.
    pub(crate) fn deliver(&self, id: &str, name: &str) {
        let delivery = self.delivery(id);
        let path = format!("/_action/order_delivery/{delivery}/state/{name}");
        self.call("POST", &path, &json!({"sendMail": false}));
    }

    pub(crate) fn track(&self, id: &str, codes: &[&str]) {
        let delivery = self.delivery(id);
        let path = format!("/order-delivery/{delivery}");
        self.call("PATCH", &path, &json!({"trackingCodes": codes}));
    }

    pub(crate) fn stock(&self, sku: &str) -> i64 {
        let criteria =
            json!({"filter": [{"type": "equals", "field": "productNumber", "value": sku}]});
        let found = self.search("product", &criteria);
        found[0]["stock"].as_i64().expect("a number")
    }

    pub(crate) fn set_stock(&self, sku: &str, pieces: i64) {
        let criteria =
            json!({"filter": [{"type": "equals", "field": "productNumber", "value": sku}]});
        let found = self.search("product", &criteria);
        let id = found[0]["id"].as_str().expect("an id");
        self.call(
            "PATCH",
            &format!("/product/{id}"),
            &json!({"stock": pieces}),
        );
    }

    /// Staff change the pieces of a line, as the shop's admin does it: in a version of the order
    /// that is recalculated and then merged.
    pub(crate) fn edit_quantity(&self, id: &str, line: &str, pieces: u32) {
        let made = self.call("POST", &format!("/_action/version/order/{id}"), &json!({}));
        let version = made["versionId"].as_str().expect("a version");
        let within = |method: &str, path: &str, body: &Value| {
            let (status, answer) = self.send(method, path, &self.token(), Some(version), body);
            assert!((200..300).contains(&status), "{method} {path}: {answer}");
        };
        let path = format!("/order-line-item/{line}");
        within("PATCH", &path, &json!({"quantity": pieces}));
        within(
            "POST",
            &format!("/_action/order/{id}/recalculate"),
            &json!({}),
        );
        self.call(
            "POST",
            &format!("/_action/version/merge/order/{version}"),
            &json!({}),
        );
    }
}
