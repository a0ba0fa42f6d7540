//! The sandbox shop: does it answer as the recorded one does, and does the connector live through
//! what it can be made to do.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed; its waits are real"
)]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connector_http::{HttpClient, Secret};
use connector_webshop::woocommerce::sandbox::{
    Interference, Running, Sandbox, SandboxHook, SandboxProduct, SandboxRequest, SandboxTracking,
};
use connector_webshop::woocommerce::{WooCommerce, WooCommerceConfig};
use order_core::address::Address;
use order_core::ids::ExternalKey;
use order_core::money::{Currency, Money};
use order_core::ports::{
    CreateOrder, CreateProgress, NewLine, NewOrder, ProductRef, ShopRead, SystemClock, Webshop,
};
use order_core::shop::{ShopOrder, ShopState};
use order_core::{Effect, Kind};
use serde_json::{Value, json};

/// Keeps every request and what was answered, and does what it is told once.
#[derive(Default)]
struct Watch {
    before: Mutex<Vec<Interference>>,
    after: Mutex<Vec<Interference>>,
    wait: Mutex<Duration>,
}

#[async_trait]
impl SandboxHook for Watch {
    async fn before(&self, request: &SandboxRequest) -> Interference {
        if request.method == "GET" {
            return Interference::Pass;
        }
        let wait = std::mem::take(&mut *self.wait.lock().unwrap());
        tokio::time::sleep(wait).await;
        self.before.lock().unwrap().pop().unwrap_or_default()
    }

    async fn after(&self, request: &SandboxRequest, _: u16) -> Interference {
        if request.method == "GET" {
            return Interference::Pass;
        }
        self.after.lock().unwrap().pop().unwrap_or_default()
    }
}

struct World {
    sandbox: Sandbox,
    watch: Arc<Watch>,
    running: Running,
    shop: WooCommerce,
}

async fn world() -> World {
    let sandbox = Sandbox::new("ck_sandbox", "cs_sandbox", Arc::new(SystemClock::new()));
    // The ids of the recordings: 10 and 11.
    sandbox.add_product(
        SandboxProduct::new("TB-001", "Bamboo toothbrush", 50).with_gtin("8712345678906"),
    );
    sandbox.add_product(SandboxProduct::new("FL-002", "Floss", 10));
    sandbox.add_rate("NL", 21.into());
    let watch = Arc::new(Watch::default());
    sandbox.set_hook(watch.clone());
    let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let shop = connector(&running, "cs_sandbox");
    World {
        sandbox,
        watch,
        running,
        shop,
    }
}

fn config(running: &Running, secret: &str) -> WooCommerceConfig {
    WooCommerceConfig::new(
        running.url(),
        Secret::new("ck_sandbox"),
        Secret::new(secret),
    )
}

fn connector(running: &Running, secret: &str) -> WooCommerce {
    let config = config(running, secret);
    config.build(Arc::new(SystemClock::new())).unwrap()
}

fn euro(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

fn order(key: &str, country: &str, lines: &[(u64, u32, i64)]) -> NewOrder {
    let mut address = Address::from_lines(["Dorpstraat 12 bis".to_owned()]);
    address.last_name = Some("de Vries".into());
    address.city = Some("Utrecht".into());
    address.country = country.parse().ok();
    address.email = Some("2a3b4c@example.com".into());
    let sum = lines
        .iter()
        .map(|(_, pieces, price)| i64::from(*pieces) * price)
        .sum();
    NewOrder {
        key: ExternalKey::new("bol", key),
        placed_at: chrono::DateTime::UNIX_EPOCH,
        lines: lines
            .iter()
            .enumerate()
            .map(|(at, (product, quantity, price))| NewLine {
                line: format!("OI-{}", at + 1).into(),
                product: ProductRef {
                    id: product.to_string(),
                    matched_by: "sku".into(),
                },
                title: "Article".into(),
                quantity: *quantity,
                unit_price: euro(*price),
                discount: euro(0),
                vat_percent: None,
            })
            .collect(),
        shipping: euro(0),
        shipping_method: None,
        discount: euro(0),
        total: euro(sum),
        currency: Currency::EUR,
        ship_to: address.clone(),
        bill_to: address,
        ship_by: None,
        sent_elsewhere: false,
    }
}

async fn create(shop: &WooCommerce, order: &NewOrder) -> ShopOrder {
    let mut resume = None;
    for _ in 0..10 {
        let request = CreateOrder {
            order: order.clone(),
            resume,
        };
        match shop.create_order(request).await.unwrap() {
            CreateProgress::Continue { checkpoint, .. } => resume = Some(checkpoint),
            CreateProgress::Created(created) => return *created,
            other => panic!("{other:?}"),
        }
    }
    panic!("never finished");
}

async fn read(shop: &WooCommerce, id: &str) -> ShopOrder {
    match shop.orders(vec![id.into()]).await.unwrap().remove(0) {
        ShopRead::Found(order) => *order,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn without_a_rate_from_the_marketplace_the_shops_own_makes_the_sum_exact() {
    let world = world().await;
    for (at, lines) in [
        vec![(10, 1, 999)],
        vec![(10, 3, 33)],
        vec![(10, 1, 99), (11, 1, 99), (10, 7, 1)],
        vec![(10, 13, 777), (11, 2, 1999)],
    ]
    .iter()
    .enumerate()
    {
        let new = order(&format!("SUM-{at}"), "NL", lines);
        assert_eq!(create(&world.shop, &new).await.total, new.total);
    }
}

#[tokio::test]
async fn every_small_sum_and_rate_comes_out_to_the_cent() {
    let world = world().await;
    world.sandbox.add_rate("DE", 19.into());
    world.sandbox.add_rate("FR", "5.5".parse().unwrap());
    for country in ["NL", "DE", "FR", "BE"] {
        for cents in (1..60).step_by(7).chain([105, 199, 605, 9_999_999]) {
            let mut new = order(&format!("{country}-{cents}"), country, &[(10, 3, cents)]);
            new.shipping = euro(cents / 3);
            new.discount = euro(cents / 7);
            new.total = euro(3 * cents + cents / 3 - cents / 7);
            assert_eq!(
                create(&world.shop, &new).await.total,
                new.total,
                "{country} {cents}"
            );
        }
    }
}

#[tokio::test]
async fn a_draft_takes_no_stock_an_active_order_does_and_a_cancelled_one_gives_it_back() {
    let world = world().await;
    let stock = || {
        world.sandbox.state()["products"][0]["stock"]
            .as_i64()
            .unwrap()
    };
    let new = order("STOCK-1", "NL", &[(10, 2, 1210)]);
    let request = CreateOrder {
        order: new.clone(),
        resume: None,
    };
    world.shop.create_order(request).await.unwrap();
    assert_eq!(stock(), 50);
    let created = create(&world.shop, &new).await;
    assert_eq!(stock(), 48);
    let cancel = order_core::ports::CancelShopOrder {
        id: created.id,
        lines: Vec::new(),
        reason: order_core::ports::CancelReason::OutOfStock,
        note: "gone".into(),
    };
    world.shop.cancel_order(cancel).await.unwrap();
    assert_eq!(stock(), 50);
    assert_eq!(world.sandbox.state()["mails"], json!([]));
}

#[tokio::test]
async fn what_the_marketplace_sent_is_completed_and_takes_and_gives_no_stock() {
    let world = world().await;
    let stock = || {
        world.sandbox.state()["products"][0]["stock"]
            .as_i64()
            .unwrap()
    };
    let mut new = order("SENT-1", "NL", &[(10, 2, 1210)]);
    new.sent_elsewhere = true;
    let created = create(&world.shop, &new).await;
    assert_eq!(created.state, ShopState::Completed);
    assert_eq!(created.total, new.total);
    assert_eq!(read(&world.shop, created.id.as_str()).await, created);
    assert_eq!(stock(), 50);
    let number: u64 = created.id.as_str().parse().unwrap();
    world.sandbox.set_status(number, "cancelled");
    assert_eq!(stock(), 50);
    assert_eq!(world.sandbox.state()["mails"], json!([]));
}

#[tokio::test]
async fn parts_of_an_order_and_codes_added_later_are_seen() {
    let world = world().await;
    let created = create(
        &world.shop,
        &order("PART-1", "NL", &[(10, 2, 1210), (11, 1, 605)]),
    )
    .await;
    let id = created.id.as_str();
    let order = world.sandbox.orders().pop().unwrap();
    let code = SandboxTracking::new("3SPART", "PostNL");
    world
        .sandbox
        .fulfil(order.id, &[(order.lines[0].0, 1)], Some(&code));
    let part = read(&world.shop, id).await;
    assert_eq!((part.state, part.shipments.len()), (ShopState::Open, 1));
    world.sandbox.set_status(order.id, "completed");
    world
        .sandbox
        .add_tracking(order.id, &SandboxTracking::new("3SREST", "PostNL"));
    let whole = read(&world.shop, id).await;
    assert_eq!(
        (whole.state, whole.shipments.len()),
        (ShopState::Completed, 2)
    );
}

#[tokio::test]
async fn a_request_that_is_executed_after_its_caller_gave_up_is_found_and_gone_on_with() {
    let world = world().await;
    *world.watch.wait.lock().unwrap() = Duration::from_millis(2500);
    let mut hasty = config(&world.running, "cs_sandbox");
    hasty.request_timeout_ms = 1000;
    let hasty = hasty.build(Arc::new(SystemClock::new())).unwrap();
    let new = order("LATE-1", "NL", &[(10, 1, 1210)]);
    let request = CreateOrder {
        order: new.clone(),
        resume: None,
    };
    let error = hasty.create_order(request).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::Timeout, Effect::Unknown)
    );
    assert!(
        world
            .shop
            .find_orders(new.key.clone())
            .await
            .unwrap()
            .is_empty()
    );
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let found = world
        .shop
        .find_orders(new.key.clone())
        .await
        .unwrap()
        .remove(0);
    assert_eq!(found.order.state, ShopState::Draft);
    create(&world.shop, &new).await;
    assert_eq!(world.sandbox.orders().len(), 1);
}

#[tokio::test]
async fn an_answer_that_breaks_off_leaves_doubt_after_a_write() {
    let world = world().await;
    world.watch.after.lock().unwrap().push(Interference::CutOff);
    let new = order("CUT-1", "NL", &[(10, 1, 1210)]);
    let request = CreateOrder {
        order: new.clone(),
        resume: None,
    };
    let error = world.shop.create_order(request).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::Unavailable, Effect::Unknown),
        "{error:?}"
    );
    create(&world.shop, &new).await;
    assert_eq!(world.sandbox.orders().len(), 1);
}

#[tokio::test]
async fn a_refusal_before_execution_does_nothing() {
    let world = world().await;
    world
        .watch
        .before
        .lock()
        .unwrap()
        .push(Interference::throttled(3));
    let request = CreateOrder {
        order: order("NO-1", "NL", &[(10, 1, 1210)]),
        resume: None,
    };
    let error = world.shop.create_order(request).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
    assert!(world.sandbox.orders().is_empty());
}

#[tokio::test]
async fn an_unsigned_request_a_wrong_secret_and_a_used_signature_are_refused() {
    let world = world().await;
    let wrong = connector(&world.running, "cs_other");
    assert_eq!(
        wrong.check().await.unwrap_err().kind(),
        Kind::Unauthenticated
    );
    let bare = HttpClient::builder(
        format!("{}/wp-json", world.running.url()),
        Arc::new(SystemClock::new()),
    );
    let bare = bare.build().unwrap();
    let error = bare.get("/wc/v3/orders").send().await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unauthenticated);
    assert!(world.shop.check().await.unwrap().warnings.is_empty());
}

#[tokio::test]
async fn a_shop_can_be_put_away_and_brought_back() {
    let world = world().await;
    let created = create(&world.shop, &order("KEEP-1", "NL", &[(10, 2, 1210)])).await;
    let state = world.sandbox.state();
    let other = Sandbox::new("ck_sandbox", "cs_sandbox", Arc::new(SystemClock::new()));
    other
        .restore(serde_json::from_str(&state.to_string()).unwrap())
        .unwrap();
    assert_eq!(other.orders(), world.sandbox.orders());
    assert!(other.restore(json!({"orders": 7})).is_err());
    let running = other.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let again = connector(&running, "cs_sandbox");
    assert_eq!(read(&again, created.id.as_str()).await, created);
}

#[tokio::test]
async fn three_at_once_are_one_order_although_the_shop_would_take_all_three() {
    let world = world().await;
    let new = order("RACE-1", "NL", &[(10, 2, 1210)]);
    let start = |_| {
        world.shop.create_order(CreateOrder {
            order: new.clone(),
            resume: None,
        })
    };
    let starts = futures_util::future::join_all((0..3).map(start)).await;
    assert_eq!(world.sandbox.orders().len(), 3, "all three found nothing");
    // Every one goes on from its own draft, in turns.
    let mut open: Vec<_> = starts.into_iter().map(Result::unwrap).collect();
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..10 {
        let mut next = Vec::new();
        for progress in open {
            match progress {
                CreateProgress::Continue { checkpoint, .. } => {
                    let resume = Some(checkpoint);
                    let order = new.clone();
                    let request = CreateOrder { order, resume };
                    next.push(world.shop.create_order(request).await.unwrap());
                }
                CreateProgress::Created(created) => {
                    ids.insert(created.id.to_string());
                }
                other => panic!("{other:?}"),
            }
        }
        open = next;
    }
    assert_eq!((open.len(), ids.len()), (0, 1));
    let alive = |own: &&str| *own == "processing";
    let statuses: Vec<String> = world
        .sandbox
        .orders()
        .into_iter()
        .map(|own| own.status)
        .collect();
    assert_eq!(
        statuses.iter().map(String::as_str).filter(alive).count(),
        1,
        "{statuses:?}"
    );
}

#[tokio::test]
async fn who_holds_a_draft_that_another_threw_away_as_one_too_many_ends_at_the_same_order() {
    let world = world().await;
    let new = order("RACE-2", "NL", &[(10, 2, 1210)]);
    let step = |resume| {
        world.shop.create_order(CreateOrder {
            order: new.clone(),
            resume,
        })
    };
    let starts = futures_util::future::join_all([step(None), step(None)]).await;
    let mut held: Vec<_> = starts
        .into_iter()
        .map(|start| match start.unwrap() {
            CreateProgress::Continue { checkpoint, draft } => (draft.unwrap(), checkpoint),
            other => panic!("{other:?}"),
        })
        .collect();
    held.sort_by_key(|(draft, _)| draft.as_str().parse::<u64>().unwrap());
    let (second, resume) = held.pop().unwrap();
    // Whoever made the younger draft throws it away and finishes the older one.
    let mut own = Some(resume.clone());
    let created = loop {
        match step(own.take()).await.unwrap() {
            CreateProgress::Continue { checkpoint, .. } => own = Some(checkpoint),
            CreateProgress::Created(created) => break created,
            other => panic!("{other:?}"),
        }
    };
    assert_ne!(created.id, second);
    // A third, who found the younger draft before that, goes on with it.
    match step(Some(resume)).await.unwrap() {
        CreateProgress::Created(order) => assert_eq!(order.id, created.id),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn orders_kept_as_posts_hide_codes_from_the_feed_and_the_check_says_so() {
    let world = world().await;
    assert_eq!(world.shop.check().await.unwrap().warnings, [""; 0]);
    world.sandbox.set_classic_storage(true);
    let info = world.shop.check().await.unwrap();
    assert!(info.warnings[0].contains("classic_storage"), "{info:?}");
    assert!(world.shop.capabilities().feed_sees_tracking);
    let mut config = WooCommerceConfig::new(
        world.running.url(),
        Secret::new("ck_sandbox"),
        Secret::new("cs_sandbox"),
    );
    config.classic_storage = true;
    let shop = config.build(Arc::new(SystemClock::new())).unwrap();
    assert_eq!(shop.check().await.unwrap().warnings, [""; 0]);
    assert!(shop.capabilities().feed_sees_status);
    assert!(!shop.capabilities().feed_sees_tracking);
    let created = create(&shop, &order("POST-1", "NL", &[(10, 1, 1210)])).await;
    let id = created.id.as_str().parse().unwrap();
    let code = SandboxTracking::new("3SPOST", "PostNL");
    assert!(world.sandbox.add_tracking(id, &code));
    let read = read(&shop, created.id.as_str()).await;
    assert_eq!(read.shipments.len(), 1);
    assert_eq!(read.updated_at, created.updated_at, "as in a real shop");
}

#[tokio::test]
async fn a_draft_from_before_the_order_changed_is_replaced() {
    let world = world().await;
    let before = order("CHANGED-1", "NL", &[(10, 2, 1210), (11, 1, 605)]);
    let request = CreateOrder {
        order: before,
        resume: None,
    };
    world.shop.create_order(request).await.unwrap();
    let after = order("CHANGED-1", "NL", &[(10, 1, 1210)]);
    assert_eq!(create(&world.shop, &after).await.total, euro(1210));
    let statuses: Vec<String> = world
        .sandbox
        .orders()
        .into_iter()
        .map(|own| own.status)
        .collect();
    assert_eq!(statuses, ["trash", "processing"]);
}

#[tokio::test]
async fn it_listens_on_this_machine_alone() {
    let sandbox = Sandbox::new("k", "s", Arc::new(SystemClock::new()));
    assert!(sandbox.serve(([0, 0, 0, 0], 0).into()).await.is_err());
}

#[tokio::test]
async fn a_hundred_and_fifty_orders_changed_in_one_second_all_come_through_the_feed() {
    let world = world().await;
    let start = world.shop.changes(None).await.unwrap();
    for at in 0..150 {
        create(
            &world.shop,
            &order(&format!("MANY-{at}"), "NL", &[(10, 1, 1210)]),
        )
        .await;
    }
    let orders = world.sandbox.orders();
    for order in &orders {
        world.sandbox.set_status(order.id, "completed");
    }
    let (mut cursor, mut seen) = (start.next, std::collections::BTreeSet::new());
    for _ in 0..20 {
        let part = world.shop.changes(Some(cursor)).await.unwrap();
        seen.extend(part.ids.iter().map(ToString::to_string));
        cursor = part.next;
        if !part.more {
            break;
        }
    }
    assert_eq!(seen.len(), orders.len());
}

/// Where two answers differ in their keys or types. `null` fits everything, and so does an empty
/// list: recordings differ in these among themselves.
fn differences(at: &str, own: &Value, recorded: &Value, found: &mut Vec<String>) {
    match (own, recorded) {
        (Value::Null, _) | (_, Value::Null) => {}
        (Value::Object(own), Value::Object(recorded)) => {
            for key in own.keys().filter(|key| !recorded.contains_key(*key)) {
                found.push(format!("{at}.{key} is not in the recording"));
            }
            for (key, value) in recorded {
                match own.get(key) {
                    Some(own) => differences(&format!("{at}.{key}"), own, value, found),
                    None => found.push(format!("{at}.{key} is missing")),
                }
            }
        }
        (Value::Array(own), Value::Array(recorded)) => {
            if let (Some(own), Some(recorded)) = (own.first(), recorded.first()) {
                differences(&format!("{at}[0]"), own, recorded, found);
            }
        }
        (own, recorded) => {
            if std::mem::discriminant(own) != std::mem::discriminant(recorded) {
                found.push(format!("{at} is {own}, recorded as {recorded}"));
            }
        }
    }
}

fn recorded(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/woocommerce")
        .join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Sends a recorded request to the sandbox, signed, and gives the answer.
async fn replay(world: &World, name: &str, at: &str) -> (u16, Value) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let recorded = recorded(name);
    let verb = recorded["request"]["method"].as_str().unwrap();
    let (path, query) = at.split_once('?').unwrap_or((at, ""));
    let host = world.running.address().to_string();
    let signed = signature(verb, &host, path, query);
    let body = match &recorded["request"]["body"] {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let mut stream = tokio::net::TcpStream::connect(world.running.address())
        .await
        .unwrap();
    let request = format!(
        "{verb} /wp-json{path}?{signed} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (
        head[9..12].parse().unwrap(),
        serde_json::from_str(body).unwrap(),
    )
}

/// Signs by hand, so that the connector's own signing is not what is asked.
fn signature(verb: &str, host: &str, path: &str, query: &str) -> String {
    use base64::Engine as _;
    use hmac::{KeyInit, Mac};
    let nonce = format!("{:?}{}", std::time::SystemTime::now(), path.len());
    let nonce: String = nonce.chars().filter(char::is_ascii_alphanumeric).collect();
    let mut pairs: Vec<String> = query
        .split('&')
        .filter(|p| !p.is_empty())
        .map(str::to_owned)
        .collect();
    pairs.push("oauth_consumer_key=ck_sandbox".into());
    pairs.push(format!("oauth_nonce={nonce}"));
    pairs.push("oauth_signature_method=HMAC-SHA256".into());
    pairs.push("oauth_timestamp=1".into());
    pairs.sort();
    let encode = |text: &str| {
        text.bytes()
            .map(|b| match b {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(b).to_string()
                }
                other => format!("%{other:02X}"),
            })
            .collect::<String>()
    };
    let address = format!("http://{host}/wp-json{path}");
    let base = format!("{verb}&{}&{}", encode(&address), encode(&pairs.join("&")));
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"cs_sandbox&").unwrap();
    mac.update(base.as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes());
    format!("{}&oauth_signature={}", pairs.join("&"), encode(&signature))
}

#[tokio::test]
async fn answers_have_the_keys_and_types_of_the_recorded_ones() {
    let world = world().await;
    let mut found = Vec::new();
    let mut compared = 0;
    for (name, at) in [
        ("03-find-product-by-sku", "/wc/v3/products?sku=TB-001"),
        (
            "04b-find-product-by-gtin",
            "/wc/v3/products?global_unique_id=8712345678906",
        ),
        (
            "04-find-product-by-two-skus",
            "/wc/v3/products?sku=TB-001%2CFL-002",
        ),
        ("08-statuses", "/wc/v3/orders/statuses"),
        (
            "11b-filter-created_via-none",
            "/wc/v3/orders?created_via=other",
        ),
        ("23-create-draft", "/wc/v3/orders"),
        ("24-draft-to-processing", "/wc/v3/orders/12"),
        ("42-tracking-meta-ast", "/wc/v3/orders/12"),
        (
            "11-filter-created_via",
            "/wc/v3/orders?created_via=marketplace-sync",
        ),
        (
            "44-list-modified-after",
            "/wc/v3/orders?modified_after=2020-01-01T00%3A00%3A00&_fields=id%2Cstatus%2Cdate_modified_gmt",
        ),
        ("43-complete", "/wc/v3/orders/12"),
        ("47-note", "/wc/v3/orders/12/notes"),
        ("tax-01-de-net", "/wc/v3/orders"),
        ("tax-02-de-gross", "/wc/v3/orders"),
        ("tax-03-fee", "/wc/v3/orders"),
        ("tax-06-rounding3", "/wc/v3/orders"),
        ("tax-07-rounding-2dp", "/wc/v3/orders"),
        ("36-bad-product", "/wc/v3/orders"),
        ("31-line-noproduct", "/wc/v3/orders"),
        ("34-bad-status", "/wc/v3/orders"),
        ("35-bad-email", "/wc/v3/orders"),
        ("37-notfound", "/wc/v3/orders/99999"),
        ("51-cancel", "/wc/v3/orders/13"),
        ("52-trash", "/wc/v3/orders/14"),
        ("53-get-trashed", "/wc/v3/orders/14"),
    ] {
        let (status, mut own) = replay(&world, name, at).await;
        let recorded = recorded(name)["response"].clone();
        let mut body = recorded["body"].clone();
        assert_eq!(json!(status), recorded["status"], "{name}: {own}");
        for side in [&mut own, &mut body] {
            without_addresses(side);
        }
        differences(name, &own, &body, &mut found);
        if name.starts_with("tax-") || name.starts_with("2") {
            for sum in ["total", "total_tax", "cart_tax", "shipping_total"] {
                assert_eq!(own[sum], body[sum], "{name}: {sum}");
            }
        }
        compared += 1;
    }
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(compared, 25);
}

/// Links are addresses of the shop, which nobody reads.
fn without_addresses(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.remove("_links");
            map.remove("details");
        }
        Value::Array(rows) => rows.iter_mut().for_each(without_addresses),
        _ => {}
    }
}

#[tokio::test]
async fn fulfilments_have_the_keys_and_types_of_the_recorded_ones() {
    let world = world().await;
    create(&world.shop, &order("SHAPE-1", "NL", &[(10, 2, 1210)])).await;
    let order = world.sandbox.orders().pop().unwrap();
    let code = SandboxTracking::new("3S", "PostNL");
    world
        .sandbox
        .fulfil(order.id, &[(order.lines[0].0, 1)], Some(&code));
    let at = format!("/wc/v3/orders/{}/fulfillments", order.id);
    let (_, own) = replay(&world, "61-fulfillments-list", &at).await;
    let mut found = Vec::new();
    differences(
        "",
        &own,
        &recorded("61-fulfillments-list")["response"]["body"],
        &mut found,
    );
    // The first row of meta data differs, as their order does; its members do not.
    found.retain(|text| !text.contains("value"));
    assert!(found.is_empty(), "{found:#?}");
}
