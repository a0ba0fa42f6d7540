//! The whole line on real parts: a bol-compatible server, the engine over SQLite, a real Vendure
//! server, and back. The orders are made of the examples in bol's own description.
//!
//! Needs Node and an installed Vendure (`connector-webshop/tests/vendure-server`, or a directory
//! in `VENDURE_DIR`), and bol's description in the folder that `PLATFORM_SPECS` names. Without a
//! Vendure the test says that it was left out; without the description it uses the sandbox's own
//! orders and says so. Neither is allowed where `CI_REQUIRE_ALL=1`.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use carrier_detect::Detector;
use connector_http::Secret;
use connector_marketplace::bol::sandbox as bol;
use connector_webshop::vendure::{VendureConfig, VendureCredentials};
use order_core::engine::{Connection, Engine};
use order_core::ids::{ConnectionId, OrderKey};
use order_core::policy::Policy;
use order_core::ports::{Clock, OrderStore, SystemClock};
use order_core::state::{Confirmation, Order, Status};
use order_store::SqliteStore;
use serde_json::{Value, json};

/// Said past the test runner, which hides what a passing test prints.
fn left_out(text: &str) {
    let required = std::env::var("CI_REQUIRE_ALL").is_ok_and(|value| value == "1");
    assert!(!required, "CI_REQUIRE_ALL=1 allows nothing less: {text}");
    let text = format!("LEFT OUT: {text}\n");
    std::io::stderr().write_all(text.as_bytes()).unwrap();
}

// ---------------------------------------------------------------- the webshop

/// A running Vendure. It also ends by itself when this process does: its input is closed then.
struct Shop {
    process: Child,
    url: String,
    api_key: String,
}

impl Drop for Shop {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Shop {
    /// `None` where no Vendure is installed.
    fn start() -> Option<Self> {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../connector-webshop/tests/vendure-server");
        let own = folder.join("node_modules").exists().then(|| folder.clone());
        let installed = std::env::var_os("VENDURE_DIR").map(PathBuf::from).or(own);
        let Some(installed) = installed else {
            left_out(
                "the line to a real Vendure; run connector-webshop/tests/vendure-server/install.sh \
                 or set VENDURE_DIR",
            );
            return None;
        };
        let mut process = Command::new("node")
            .arg(folder.join("server.js"))
            .env("VENDURE_DIR", installed)
            .env("PLAIN", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = process.stdout.take().unwrap();
        let mut shop = Self {
            process,
            url: String::new(),
            api_key: String::new(),
        };
        let mut lines = BufReader::new(stdout).lines();
        let ready = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("READY ").map(str::to_owned));
        // What it prints later is read away, so that it never waits for a reader.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let ready: Value = serde_json::from_str(&ready.unwrap()).unwrap();
        ready["url"].as_str().unwrap().clone_into(&mut shop.url);
        ready["apiKey"]
            .as_str()
            .unwrap()
            .clone_into(&mut shop.api_key);
        Some(shop)
    }

    /// Asks the shop past the connector, over a plain socket.
    fn ask(&self, query: &str, variables: &Value) -> Value {
        let body = json!({"query": query, "variables": variables}).to_string();
        let host = self.url.trim_start_matches("http://");
        let host = host.split('/').next().unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "POST /admin-api HTTP/1.1\r\nhost: {host}\r\nvendure-api-key: {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.api_key,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let answer: Value = serde_json::from_str(body).unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        answer["data"].clone()
    }

    fn add_product(&self, sku: &str, gtin: &str, title: &str) {
        let categories = self.ask("query { taxCategories { items { id } } }", &json!({}));
        let product = self.ask(
            "mutation($input: CreateProductInput!) { made: createProduct(input: $input) { id } }",
            &json!({"input": {"enabled": true, "translations": [{
                "languageCode": "en", "name": title, "slug": sku.to_lowercase(), "description": ""}]}}),
        );
        self.ask(
            "mutation($input: [CreateProductVariantInput!]!) { createProductVariants(input: $input) { id } }",
            &json!({"input": [{
                "productId": product["made"]["id"],
                "sku": sku,
                // Not the marketplace's price: that one must win.
                "price": 4321,
                "stockOnHand": 1000,
                "trackInventory": "TRUE",
                "taxCategoryId": categories["taxCategories"]["items"][0]["id"],
                "translations": [{"languageCode": "en", "name": title}],
                "customFields": {"gtin": gtin},
            }]}),
        );
    }

    /// The order under a key of ours; there must never be two. Drafts count.
    fn order(&self, id: &str) -> Option<Value> {
        let found = self.ask(
            "query($key: String!) { orders(options: {filter: {marketplaceOrderId: {eq: $key}}}) {
                totalItems
                items {
                    id state totalWithTax
                    shippingAddress { fullName streetLine1 postalCode city countryCode }
                    payments { state amount }
                    lines { id quantity productVariant { sku } }
                    fulfillments { state trackingCode lines { quantity } }
                }
            } }",
            &json!({"key": format!("bol:{id}")}),
        );
        let found = &found["orders"];
        assert!(found["totalItems"].as_u64().unwrap() < 2, "{found}");
        found["items"].get(0).cloned()
    }

    /// Pieces of each of the shop's lines that are in no parcel yet.
    fn unsent(&self, order: &str) -> Vec<(String, u64)> {
        let found = self.ask(
            "query($id: ID!) { order(id: $id) {
                lines { id quantity fulfillmentLines { quantity } }
            } }",
            &json!({"id": order}),
        );
        let lines = found["order"]["lines"].as_array().unwrap().iter();
        let open = lines.map(|line| {
            let parcels = line["fulfillmentLines"].as_array().into_iter().flatten();
            let sent: u64 = parcels.map(|it| it["quantity"].as_u64().unwrap()).sum();
            let id = line["id"].as_str().unwrap().to_owned();
            (id, line["quantity"].as_u64().unwrap() - sent)
        });
        open.filter(|(_, pieces)| *pieces > 0).collect()
    }

    /// The warehouse sends pieces.
    fn send(&self, pieces: &[(String, u64)], carrier: &str, code: &str) {
        let lines: Vec<Value> = pieces
            .iter()
            .map(|(line, quantity)| json!({"orderLineId": line, "quantity": quantity}))
            .collect();
        let input = json!({"lines": lines, "handler": {"code": "manual-fulfillment", "arguments": [
            {"name": "method", "value": carrier}, {"name": "trackingCode", "value": code}]}});
        let made = self.ask(
            "mutation($input: FulfillOrderInput!) { made: addFulfillmentToOrder(input: $input) {
                ... on Fulfillment { id } ... on ErrorResult { message } } }",
            &json!({"input": input}),
        );
        let parcel = made["made"]["id"].as_str();
        let parcel = parcel.unwrap_or_else(|| panic!("{made}"));
        let moved = self.ask(
            "mutation($id: ID!) { moved: transitionFulfillmentToState(id: $id, state: \"Shipped\") {
                __typename } }",
            &json!({"id": parcel}),
        );
        assert_eq!(moved["moved"]["__typename"], "Fulfillment");
    }
}

// ---------------------------------------------------------------- the orders

/// The order of the field examples in bol's description.
fn published() -> Option<Value> {
    let Some(folder) = std::env::var_os("PLATFORM_SPECS") else {
        left_out(
            "bol's published examples (set PLATFORM_SPECS); the sandbox's own orders take their \
             place",
        );
        return None;
    };
    let path = Path::new(&folder).join("marketplaces/specs/bol/retailer-v10.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let description: Value = serde_json::from_str(&text).unwrap();
    let schema = json!({"$ref": "#/components/schemas/Order"});
    Some(example(&description, &schema))
}

fn example(description: &Value, schema: &Value) -> Value {
    if let Some(place) = schema["$ref"].as_str() {
        let schema = description.pointer(place.trim_start_matches('#')).unwrap();
        return example(description, schema);
    }
    if let Some(said) = schema.get("example") {
        return said.clone();
    }
    if let Some(items) = schema.get("items") {
        return json!([example(description, items)]);
    }
    let fields = schema["properties"].as_object();
    let fields = fields.into_iter().flatten();
    fields
        .map(|(name, field)| (name.clone(), example(description, field)))
        .collect()
}

/// The published order, placed now and not shipped yet: the example itself was both in 2017. What
/// differs between our orders is the end of their numbers.
fn from_example(body: &Value, end: &str) -> bol::NewOrder {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut order = bol::NewOrder::new(&(text(&body["orderId"]) + end));
    order.shipment_details = body["shipmentDetails"].clone();
    order.billing_details = body["billingDetails"].clone();
    order.pickup_point = body["pickupPoint"].as_bool().unwrap();
    for item in body["orderItems"].as_array().unwrap() {
        let quantity = u32::try_from(item["quantity"].as_u64().unwrap()).unwrap();
        let mut new = bol::NewItem::new(
            &(text(&item["orderItemId"]) + end),
            &text(&item["offer"]["reference"]),
            quantity,
            cents(&item["unitPrice"]),
        );
        new.ean = text(&item["product"]["ean"]);
        new.title = text(&item["product"]["title"]);
        new.method = text(&item["fulfilment"]["method"]);
        let discounts = item["discounts"].as_array().unwrap();
        new.discount = discounts.iter().map(|it| cents(&it["amount"])).sum();
        order = order.with_item(new);
    }
    order
}

/// From bol's euros; exact, because the digits are what is read.
fn cents(amount: &Value) -> u64 {
    let text = amount.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<2}").parse().unwrap()
}

/// One of the sandbox's orders that goes to where this shop sells, with something to split.
fn from_sandbox(end: &str) -> bol::NewOrder {
    let mut order = (u64::from(end.as_bytes()[0])..)
        .map(|seed| bol::NewOrder::sample(&format!("104394657{end}"), seed))
        .find(|order| {
            let destination = &order.shipment_details["countryCode"];
            destination == "NL" && pieces(order) > 1
        })
        .unwrap();
    for item in &mut order.items {
        // The shop has articles of its own with the sandbox's EANs.
        item.ean.replace_range(..2, "29");
    }
    order
}

fn total(order: &bol::NewOrder) -> u64 {
    let items = order.items.iter();
    items
        .map(|item| u64::from(item.quantity) * item.unit_price - item.discount)
        .sum()
}

fn pieces(order: &bol::NewOrder) -> u64 {
    order
        .items
        .iter()
        .map(|item| u64::from(item.quantity))
        .sum()
}

// ---------------------------------------------------------------- the line

struct Line {
    clock: Arc<dyn Clock>,
    marketplace: bol::Sandbox,
    shop: Shop,
    store: Arc<SqliteStore>,
    engine: Engine,
    connection: Connection,
    _directory: tempfile::TempDir,
}

impl Line {
    async fn start() -> Option<Self> {
        let shop = Shop::start()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let settings = bol::Settings {
            processing: Duration::from_secs(1),
            ..bol::Settings::default()
        };
        let marketplace = bol::Sandbox::start(settings, Arc::clone(&clock))
            .await
            .unwrap();
        let credentials = VendureCredentials::ApiKey(Secret::new(&*shop.api_key));
        let mut webshop = VendureConfig::new(&*shop.url, credentials);
        webshop.gtin_field = Some("gtin".to_owned());
        let connection = Connection {
            id: ConnectionId::from("bol-nl"),
            marketplace: Arc::new(marketplace.config().build(Arc::clone(&clock)).unwrap()),
            webshop: Arc::new(webshop.build(Arc::clone(&clock)).unwrap()),
            detector: Arc::new(Detector),
            policy: fast_policy(),
        };
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(directory.path().join("orders.sqlite")).unwrap();
        let store = Arc::new(store);
        store
            .register(connection.id.clone(), clock.now())
            .await
            .unwrap();
        let engine = Engine::new(
            Arc::clone(&store) as Arc<dyn OrderStore>,
            Arc::clone(&clock),
        );
        Some(Self {
            clock,
            marketplace,
            shop,
            store,
            engine,
            connection,
            _directory: directory,
        })
    }

    async fn cycle(&self) {
        let ids = [self.connection.id.clone()];
        let lease = Duration::from_secs(180);
        let held = self.engine.claim("test", &ids, lease, true).await.unwrap();
        let mut held = held.unwrap();
        let report = self.engine.run_cycle(&self.connection, &mut held).await;
        self.engine.release(&self.connection, held).await.unwrap();
        assert_eq!((report.paused, report.troubles), (None, Vec::new()));
    }

    /// Cycles until the test passes.
    async fn until(&self, what: &str, limit: Duration, passes: impl AsyncFn() -> bool) {
        let end = self.clock.monotonic() + limit;
        while !passes().await {
            assert!(
                self.clock.monotonic() < end,
                "{what} did not happen: {}",
                self.marketplace.state()
            );
            self.cycle().await;
            self.clock.sleep(Duration::from_millis(300)).await;
        }
    }

    async fn order(&self, id: &str) -> Option<Order> {
        let key = OrderKey::new(self.connection.id.clone(), id);
        let order = self.store.load(key).await.unwrap()?;
        assert_eq!(order.problem(), None, "{id}");
        Some(order)
    }

    async fn status(&self, id: &str) -> Option<Status> {
        self.order(id).await.map(|order| order.status())
    }

    /// Whether every shipment of an order was seen at the marketplace afterwards.
    async fn verified(&self, id: &str) -> bool {
        self.order(id).await.is_some_and(|order| {
            let mut shipments = order.state.shipments.iter();
            !order.state.shipments.is_empty()
                && shipments.all(|it| matches!(it.confirmation, Confirmation::Verified { .. }))
        })
    }

    /// The marketplace's shipments of an order, oldest first: pieces, code, transporter.
    fn shipments(&self, id: &str) -> Vec<(u64, Option<String>, Option<String>)> {
        let state = self.marketplace.state();
        let mut shipments: Vec<_> = state["shipments"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|shipment| shipment["order"] == id)
            .map(|shipment| {
                let items = shipment["items"].as_array().unwrap().iter();
                let text = |name: &str| shipment[name].as_str().map(str::to_owned);
                let pieces = items.map(|item| item[1].as_u64().unwrap()).sum();
                (pieces, text("code"), text("transporter"))
            })
            .collect();
        shipments.reverse();
        shipments
    }

    /// Pieces the marketplace has as shipped.
    fn shipped(&self, id: &str) -> u64 {
        self.shipments(id).iter().map(|shipment| shipment.0).sum()
    }
}

fn fast_policy() -> Policy {
    let mut policy = Policy::new("bol");
    policy.poll_interval = Duration::from_millis(500);
    policy.sweep_interval = Duration::from_secs(5);
    policy.tracking_wait = Duration::from_secs(4);
    policy.min_looks = 1;
    policy.verify_after = Duration::from_secs(1);
    policy.retry_first = Duration::from_millis(500);
    policy.retry_max = Duration::from_secs(2);
    policy
}

/// How the warehouse sends each order.
const CODED: &str = "1";
const BARE: &str = "2";
const PARTS: &str = "3";
/// Found by its EAN alone, because the seller gave bol no article number.
const BY_EAN: &str = "4";

fn orders() -> Vec<bol::NewOrder> {
    let example = published();
    let make = |end: &str| match &example {
        Some(body) => from_example(body, end),
        None => from_sandbox(end),
    };
    [CODED, BARE, PARTS, BY_EAN].map(make).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_of_bols_examples_go_to_a_real_vendure_once_and_their_parcels_come_back_once() {
    let Some(line) = Line::start().await else {
        return;
    };
    let mut orders = orders();
    let mut known = Vec::new();
    for item in orders.iter().flat_map(|order| &order.items) {
        if !known.contains(&&item.reference) {
            line.shop
                .add_product(&item.reference, &item.ean, &item.title);
            known.push(&item.reference);
        }
    }
    for item in &mut orders[3].items {
        item.reference.clear();
    }
    for order in &orders {
        line.marketplace.add_order(order.clone());
    }
    created(&line, &orders).await;
    sent(&line, &orders).await;
    nothing_is_doubled(&line, &orders).await;
}

/// Every order is in the webshop, once, paid, to the cent and with its address.
async fn created(line: &Line, orders: &[bol::NewOrder]) {
    let everywhere = async || {
        for order in orders {
            let linked = line.order(&order.id).await;
            if linked.is_none_or(|order| order.state.linked().is_none()) {
                return false;
            }
        }
        true
    };
    line.until("creating", Duration::from_secs(40), everywhere)
        .await;
    for order in orders {
        let found = line.shop.order(&order.id).unwrap();
        assert_eq!(found["state"], "PaymentSettled", "{found}");
        assert_eq!(found["totalWithTax"], total(order), "{found}");
        assert_eq!(found["payments"][0]["amount"], total(order), "{found}");
        let lines = found["lines"].as_array().unwrap().iter();
        let ordered: u64 = lines.map(|it| it["quantity"].as_u64().unwrap()).sum();
        assert_eq!(ordered, pieces(order), "{found}");
        let (address, theirs) = (&found["shippingAddress"], &order.shipment_details);
        for (ours, bols) in [
            ("postalCode", "zipCode"),
            ("city", "city"),
            ("countryCode", "countryCode"),
        ] {
            assert_eq!(address[ours], theirs[bols], "{address}");
        }
        let street = address["streetLine1"].as_str().unwrap();
        let name = theirs["streetName"].as_str().unwrap();
        assert!(street.contains(name), "{address}");
        assert_eq!(line.status(&order.id).await, Some(Status::NotShipped));
    }
}

/// The warehouse sends them, each in its way, and the marketplace learns it.
async fn sent(line: &Line, orders: &[bol::NewOrder]) {
    let shop_id = |at: usize| {
        let found = line.shop.order(&orders[at].id).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let all: Vec<u64> = orders.iter().map(pieces).collect();
    let ids: Vec<&str> = orders.iter().map(|order| order.id.as_str()).collect();
    let (coded, bare, parts, by_ean) = (shop_id(0), shop_id(1), shop_id(2), shop_id(3));
    let whole = |id: &str| line.shop.unsent(id);
    line.shop.send(&whole(&coded), "PostNL", "3SABCD1234567");
    line.shop.send(&whole(&bare), "PostNL", "");
    line.shop
        .send(&whole(&by_ean), "DHL", "JVGL06270000000000012345");
    let (first_line, _) = whole(&parts).swap_remove(0);
    line.shop
        .send(&[(first_line, 1)], "PostNL", "3SABCD7654321");

    let waiting = async || line.status(ids[1]).await == Some(Status::Waiting);
    line.until("the wait for a code", Duration::from_secs(20), waiting)
        .await;
    assert_eq!(line.shipped(ids[1]), 0, "a wait is a wait");
    let first_parcels = async || {
        [0, 1, 3]
            .iter()
            .all(|at| line.shipped(ids[*at]) == all[*at])
            && line.shipped(ids[2]) == 1
    };
    line.until("confirming", Duration::from_secs(60), first_parcels)
        .await;
    assert_eq!(line.status(ids[2]).await, Some(Status::PartiallyShipped));

    line.shop.send(&whole(&parts), "PostNL", "3SABCD7654322");
    let rest = async || line.shipped(ids[2]) == all[2];
    line.until("confirming the rest", Duration::from_secs(60), rest)
        .await;
    let seen = async || {
        for id in &ids {
            if !line.verified(id).await {
                return false;
            }
        }
        true
    };
    line.until("reading back", Duration::from_secs(60), seen)
        .await;

    let parcel = |pieces: u64, code: &str, transporter: &str| {
        (pieces, Some(code.to_owned()), Some(transporter.to_owned()))
    };
    assert_eq!(
        line.shipments(ids[0]),
        [parcel(all[0], "3SABCD1234567", "TNT")]
    );
    assert_eq!(line.shipments(ids[1]), [(all[1], None, None)]);
    let both = [
        parcel(1, "3SABCD7654321", "TNT"),
        parcel(all[2] - 1, "3SABCD7654322", "TNT"),
    ];
    assert_eq!(line.shipments(ids[2]), both);
    let dhl = parcel(all[3], "JVGL06270000000000012345", "DHLFORYOU");
    assert_eq!(line.shipments(ids[3]), [dhl]);
}

/// However often both sides are looked at afterwards.
async fn nothing_is_doubled(line: &Line, orders: &[bol::NewOrder]) {
    for _ in 0..8 {
        line.cycle().await;
        line.clock.sleep(Duration::from_millis(700)).await;
    }
    let state = line.marketplace.state();
    assert_eq!(state["shipments"].as_array().unwrap().len(), 5, "{state}");
    assert_eq!(state["processes"].as_array().unwrap().len(), 5, "{state}");
    for order in orders {
        assert_eq!(line.status(&order.id).await, Some(Status::Shipped));
        assert_eq!(line.shipped(&order.id), pieces(order));
        let found = line.shop.order(&order.id).unwrap();
        assert_eq!(found["state"], "Shipped", "{found}");
    }
    let everything = line.shop.ask("query { orders { totalItems } }", &json!({}));
    assert_eq!(everything["orders"]["totalItems"], orders.len());
}
