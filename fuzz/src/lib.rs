//! What the targets share: a clock that never waits, a server that says what it is told to, and
//! every connector over it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone, Utc};
use connector_marketplace::{amazon, bol, kaufland, mirakl};
use connector_webshop::{magento, medusa, shopify, shopware, vendure, woocommerce};
use order_core::ports::{Clock, Marketplace, Webshop};

/// A clock in which every sleep is over at once.
#[derive(Debug, Default)]
pub struct Hurried(AtomicU64);

#[async_trait]
impl Clock for Hurried {
    fn now(&self) -> DateTime<Utc> {
        Utc.timestamp_nanos(1_790_000_000_000_000_000) + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        let passed = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        self.0.fetch_add(passed.min(10_000_000), Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

/// An answer of the server.
#[derive(Clone, Debug)]
pub struct Say {
    pub status: u16,
    pub body: Vec<u8>,
}

/// What the server says next; the last one again and again.
#[derive(Clone, Debug, Default)]
pub struct Server(Arc<Mutex<Vec<Say>>>);

const TOKEN: &[u8] = br#"{"access_token":"t","token_type":"Bearer","expires_in":3000000}"#;

impl Server {
    /// Listens on a free loopback port for as long as the process lives.
    pub fn start() -> (Self, String) {
        let server = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let inner = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = inner.clone();
                std::thread::spawn(move || drop(server.answer(&stream)));
            }
        });
        (server, address)
    }

    pub fn will_say(&self, mut says: Vec<Say>) {
        says.reverse();
        *self.0.lock().unwrap() = says;
    }

    fn answer(&self, stream: &TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        loop {
            let (mut length, mut is_token, mut first) = (0, false, true);
            loop {
                line.clear();
                if reader.read_line(&mut line)? == 0 {
                    return Ok(());
                }
                let lower = line.to_ascii_lowercase();
                is_token |= first && lower.contains("token");
                first = false;
                if let Some(value) = lower.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap_or(0);
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            std::io::copy(&mut (&mut reader).take(length), &mut std::io::sink())?;
            let say = if is_token {
                Say {
                    status: 200,
                    body: TOKEN.to_vec(),
                }
            } else {
                let mut says = self.0.lock().unwrap();
                let next = if says.len() > 1 {
                    says.pop()
                } else {
                    says.last().cloned()
                };
                next.unwrap_or(Say {
                    status: 200,
                    body: Vec::new(),
                })
            };
            let head = format!(
                "HTTP/1.1 {} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                say.status,
                say.body.len()
            );
            let mut stream = stream;
            stream.write_all(&[head.as_bytes(), &say.body].concat())?;
        }
    }
}

fn from<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// Every marketplace, with this server behind it.
pub fn marketplaces(url: &str, clock: &Arc<dyn Clock>) -> Vec<Arc<dyn Marketplace>> {
    let clock = || Arc::clone(clock);
    let amazon: amazon::AmazonConfig = from(serde_json::json!({
        "client_id": "c", "client_secret": "s", "refresh_token": "r", "seller_id": "A1",
        "marketplace_ids": ["A1805IZSGTT6HS"], "api_url": url,
        "token_url": format!("{url}/token"), "allow_plain_http": true,
    }));
    let bol: bol::BolConfig = from(serde_json::json!({
        "client_id": "c", "client_secret": "s", "api_url": url,
        "token_url": format!("{url}/token"), "allow_plain_http": true,
    }));
    let kaufland: kaufland::KauflandConfig = from(serde_json::json!({
        "client_key": "c", "secret_key": "s", "api_url": url, "allow_plain_http": true,
    }));
    let mirakl: mirakl::MiraklConfig = from(serde_json::json!({
        "api_key": "c", "api_url": url, "allow_plain_http": true,
    }));
    vec![
        Arc::new(amazon.build(clock()).unwrap()),
        Arc::new(bol.build(clock()).unwrap()),
        Arc::new(kaufland.build(clock()).unwrap()),
        Arc::new(mirakl.build(clock()).unwrap()),
    ]
}

/// Every webshop, with this server behind it.
pub fn webshops(url: &str, clock: &Arc<dyn Clock>) -> Vec<Arc<dyn Webshop>> {
    let clock = || Arc::clone(clock);
    let magento: magento::MagentoConfig = from(serde_json::json!({
        "url": url, "access_token": "t", "allow_plain_http": true,
    }));
    let medusa: medusa::MedusaConfig = from(serde_json::json!({
        "url": url, "api_key": "k", "allow_plain_http": true,
    }));
    let shopify: shopify::ShopifyConfig = from(serde_json::json!({
        "shop": url, "credentials": { "access_token": "t" }, "allow_plain_http": true,
    }));
    let shopware: shopware::ShopwareConfig = from(serde_json::json!({
        "url": url, "client_id": "c", "client_secret": "s", "allow_plain_http": true,
        "sales_channel": "0123456789abcdef0123456789abcdef",
    }));
    let vendure: vendure::VendureConfig = from(serde_json::json!({
        "url": url, "credentials": { "api_key": "k" }, "allow_plain_http": true,
    }));
    let woocommerce: woocommerce::WooCommerceConfig = from(serde_json::json!({
        "url": url, "consumer_key": "ck", "consumer_secret": "cs", "allow_plain_http": true,
    }));
    vec![
        Arc::new(medusa.build(clock()).unwrap()),
        Arc::new(shopify.build(clock()).unwrap()),
        Arc::new(shopware.build(clock()).unwrap()),
        Arc::new(vendure.build(clock()).unwrap()),
        Arc::new(woocommerce.build(clock()).unwrap()),
        Arc::new(magento.build(clock()).unwrap()),
    ]
}
