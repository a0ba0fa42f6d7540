//! Alerts, against receivers on loopback.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use chrono::TimeDelta;
use order_core::ids::OrderKey;
use order_core::memory::MemoryStore;
use order_core::policy::Policy;
use order_core::ports::{Change, NoDetector};
use order_core::state::{Action, EffectKind, Problem as Trouble, ProblemKind, Shipment};
use order_core::testkit::{ManualClock, MemoryMarketplace, MemoryWebshop, samples};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::told::ToldOne;
use super::*;

struct World {
    store: Arc<dyn OrderStore>,
    clock: ManualClock,
    connection: Connection,
    marketplace: MemoryMarketplace,
}

impl World {
    async fn new() -> Self {
        let clock = ManualClock::new();
        let port: Arc<dyn Clock> = Arc::new(clock.clone());
        let store: Arc<dyn OrderStore> = Arc::new(MemoryStore::new());
        let marketplace = MemoryMarketplace::new(Arc::clone(&port));
        let connection = Connection {
            id: "bol-nl".into(),
            marketplace: Arc::new(marketplace.clone()),
            webshop: Arc::new(MemoryWebshop::new(port)),
            detector: Arc::new(NoDetector),
            policy: Policy::new("bol"),
        };
        let id = connection.id.clone();
        store.register(id, clock.now()).await.unwrap();
        Self {
            store,
            clock,
            connection,
            marketplace,
        }
    }

    async fn put(&self, id: &str, change: impl FnOnce(&mut order_core::state::Order)) {
        let now = self.clock.now();
        let key = OrderKey::new("bol-nl", id);
        let mut order = order_core::state::Order::new(key, now);
        let mut content = samples::order(id, now, vec![samples::line("L1", "S", 1, 500)]);
        content.ship_by = Some(now + TimeDelta::hours(48));
        order.content = Some(Arc::new(content));
        change(&mut order);
        let change = Change {
            order,
            next_due: Some(now),
            content_changed: true,
            notes: Vec::new(),
            effects: Vec::new(),
            at: now,
        };
        self.store.amend(change).await.unwrap();
    }

    /// The engine reads the order anew.
    async fn put_again(&self, id: &str, content: order_core::order::MarketplaceOrder) {
        let key = OrderKey::new("bol-nl", id);
        let mut order = self.store.load(key).await.unwrap().unwrap();
        order.content = Some(Arc::new(content));
        let change = Change {
            order,
            next_due: None,
            content_changed: true,
            notes: Vec::new(),
            effects: Vec::new(),
            at: self.clock.now(),
        };
        self.store.amend(change).await.unwrap();
    }

    async fn found(&self) -> Vec<Alert> {
        let started = self.clock.now() - TimeDelta::minutes(31);
        let limits = AlertsConfig::default().limits();
        let connections = [self.connection.clone()];
        find::alerts(
            &*self.store,
            &connections,
            &limits,
            started,
            self.clock.now(),
        )
        .await
        .unwrap()
    }
}

fn trouble(since: DateTime<Utc>) -> Trouble {
    Trouble {
        action: Action::Send(EffectKind::Create),
        kind: ProblemKind::UnknownProduct,
        text: "no product has the SKU S".to_owned(),
        advice: "make it".to_owned(),
        since,
        attempts: 3,
        next_attempt: None,
    }
}

#[tokio::test]
async fn every_cause_is_found_and_nothing_else() {
    let world = World::new().await;
    let now = world.clock.now();
    world.put("FINE", |_| ()).await;
    let old = now - TimeDelta::minutes(61);
    world
        .put("OLD", |order| order.state.problems.push(trouble(old)))
        .await;
    let young = now - TimeDelta::minutes(59);
    world
        .put("YOUNG", |order| order.state.problems.push(trouble(young)))
        .await;
    world
        .put("NEAR", |order| {
            let mut content = (**order.content.as_ref().unwrap()).clone();
            content.ship_by = Some(now + TimeDelta::hours(5));
            order.content = Some(Arc::new(content));
        })
        .await;
    world
        .put("ASKED", |order| {
            order.state.cancellation = order_core::state::Cancellation::BuyerAsks;
        })
        .await;
    world
        .put("BARE", |order| {
            order.state.shipments.push(Shipment {
                id: "rest".into(),
                source: None,
                parcel: 1,
                lines: vec![order_core::shipment::LineQuantity {
                    line: "L1".into(),
                    quantity: 1,
                }],
                tracking: None,
                carrier: None,
                shipped_at: now,
                confirmation: order_core::state::Confirmation::Confirmed {
                    at: now,
                    remote_id: None,
                },
                told_code: None,
                audit_at: None,
            });
        })
        .await;
    let found = world.found().await;
    let seen: BTreeSet<(&str, Option<&str>)> = found
        .iter()
        .map(|alert| (alert.cause, alert.order.as_deref()))
        .collect();
    let wanted = [
        ("problem", Some("OLD")),
        ("ship_by", Some("NEAR")),
        ("cancel_asked", Some("ASKED")),
        ("no_code", Some("BARE")),
        ("no_pull", None),
    ];
    assert_eq!(seen, BTreeSet::from(wanted), "{found:#?}");
    let text = serde_json::to_string(&found).unwrap();
    assert!(!text.contains("Bakker"), "nothing about buyers: {text}");
}

#[test]
fn a_cause_is_told_once_in_its_period_and_again_when_it_is_over() {
    let alert = |order: &str| Alert {
        cause: "problem",
        connection: "c".to_owned(),
        order: Some(order.to_owned()),
        text: String::new(),
    };
    let now = DateTime::UNIX_EPOCH;
    let period = Duration::from_secs(3600);
    let mut told = ToldOne::default();
    let fresh = told.new_ones(vec![alert("A")], now, period);
    assert_eq!(fresh.len(), 1);
    // Not delivered: told again.
    assert_eq!(told.new_ones(vec![alert("A")], now, period).len(), 1);
    told.told(&fresh, now);
    let later = now + TimeDelta::minutes(59);
    let both = vec![alert("A"), alert("B")];
    assert_eq!(told.new_ones(both, later, period), [alert("B")]);
    let after = now + TimeDelta::minutes(61);
    assert_eq!(told.new_ones(vec![alert("A")], after, period).len(), 1);
}

type Received = Arc<Mutex<Vec<(String, serde_json::Value)>>>;

#[tokio::test]
async fn a_webhook_gets_one_digest_and_again_what_it_did_not_take() {
    let world = World::new().await;
    let old = world.clock.now() - TimeDelta::hours(2);
    for id in ["A", "B"] {
        world
            .put(id, |order| order.state.problems.push(trouble(old)))
            .await;
    }
    let received: Received = Arc::default();
    let take = async |State(received): State<Received>, headers: HeaderMap, body: String| {
        let mut received = received.lock().unwrap();
        let token = headers["authorization"].to_str().unwrap().to_owned();
        received.push((token, serde_json::from_str(&body).unwrap()));
        // The first time it is down.
        if received.len() == 1 {
            StatusCode::INTERNAL_SERVER_ERROR
        } else {
            StatusCode::OK
        }
    };
    let router = Router::new()
        .route("/hook", post(take))
        .with_state(Arc::clone(&received));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let config: AlertsConfig = toml::from_str(&format!(
        "[webhook]\nurl = \"{url}\"\ntoken = \"secret-word\"\n"
    ))
    .unwrap();
    assert!(!format!("{config:?}").contains("secret-word"));
    let clock: Arc<dyn Clock> = Arc::new(order_core::ports::SystemClock::new());
    let alerts = config.prepare(&clock).unwrap().unwrap();
    let mut told = Told::default();
    for _ in 0..3 {
        let found = world.found().await;
        alerts.tell(&mut told, &found, world.clock.now()).await;
    }
    server.abort();
    let received = received.lock().unwrap();
    assert_eq!(received.len(), 2, "down once, taken once, then nothing new");
    let (token, body) = &received[1];
    assert_eq!(token, "Bearer secret-word");
    let orders: Vec<_> = body["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|alert| alert["order"].as_str())
        .collect();
    assert_eq!(orders, ["A", "B"]);
}

/// What both sides have, but for the orders named, of which the marketplace has more pieces.
async fn drifted(world: &World, count: u32, odd: &[u32]) {
    for number in 0..count {
        let id = format!("D{number}");
        world.put(&id, |_| ()).await;
        let pieces = if odd.contains(&number) { 2 } else { 1 };
        let lines = vec![samples::line("L1", "S", pieces, 500)];
        let order = samples::order(&id, world.clock.now(), lines);
        world.marketplace.place(order);
    }
}

fn orders(alerts: &[Alert]) -> Vec<&str> {
    alerts
        .iter()
        .filter_map(|alert| alert.order.as_deref())
        .collect()
}

#[tokio::test]
async fn drift_counts_when_it_is_seen_twice_and_ends_when_it_is_mended() {
    let world = World::new().await;
    drifted(&world, 3, &[1, 2]).await;
    let mut drift = Drift::new(Duration::from_secs(6 * 3600), 20);
    let connections = [world.connection.clone()];
    let mut look = async |hours: i64| {
        world.clock.jump(TimeDelta::hours(hours));
        drift
            .look(&*world.store, &connections, world.clock.now())
            .await
    };
    assert!(look(0).await.is_empty(), "not at the start");
    assert!(look(1).await.is_empty(), "seen once");
    // The engine reads one of them in between.
    let lines = vec![samples::line("L1", "S", 2, 500)];
    let read = samples::order("D2", world.clock.now(), lines);
    world.put_again("D2", read).await;
    let told = look(1).await;
    assert_eq!(orders(&told), ["D1"], "{told:?}");
    assert_eq!(told[0].cause, "drift");
    assert!(told[0].text.contains("2 ordered"), "{}", told[0].text);
    assert_eq!(
        orders(&look(1).await),
        ["D1"],
        "it stands until it is looked at again"
    );
    let id = "D1".into();
    world
        .marketplace
        .change(&id, |order| order.lines[0].quantity = 1);
    assert!(look(7).await.is_empty(), "mended");
}

#[tokio::test]
async fn a_look_for_drift_takes_a_bounded_number_of_orders_and_goes_round() {
    let world = World::new().await;
    drifted(&world, 60, &[0, 1, 2, 3, 4]).await;
    let mut drift = Drift::new(Duration::from_secs(3600), 1);
    let connections = [world.connection.clone()];
    let per_call = world.connection.marketplace.capabilities().max_ids_per_read;
    let per_call = per_call.min(world.connection.webshop.capabilities().max_ids_per_read);
    let mut most = 0;
    let mut seen = BTreeSet::new();
    for _ in 0..200 {
        world.clock.jump(TimeDelta::minutes(61));
        let now = world.clock.now();
        let told = drift.look(&*world.store, &connections, now).await;
        seen.extend(orders(&told).into_iter().map(str::to_owned));
        most = most.max(drift.last_look());
    }
    assert!(most <= per_call, "{most} orders in a call's time");
    assert_eq!(seen.len(), 5, "{seen:?}");

    // Orders that are long over are not looked at.
    for _ in 0..2 {
        world.clock.jump(TimeDelta::days(40));
        let now = world.clock.now();
        drift.look(&*world.store, &connections, now).await;
    }
    assert_eq!(drift.last_look(), 0);
}

#[tokio::test]
async fn what_was_told_is_not_told_again_after_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("orders.alerts.json");
    let now = DateTime::UNIX_EPOCH + TimeDelta::hours(5);
    let alert = |order: &str| Alert {
        cause: "problem",
        connection: "c".to_owned(),
        order: Some(order.to_owned()),
        text: "never kept".to_owned(),
    };
    let mut told = Told::read(&path);
    told.by("mail").told(&[alert("A")], now);
    told.write(&path).unwrap();
    assert!(
        !std::fs::read_to_string(&path)
            .unwrap()
            .contains("never kept")
    );
    let mut again = Told::read(&path);
    let period = Duration::from_secs(3600);
    let both = vec![alert("A"), alert("B")];
    let fresh = again.by("mail").new_ones(both.clone(), now, period);
    assert_eq!(fresh, [alert("B")]);
    assert_eq!(again.by("webhook").new_ones(both, now, period).len(), 2);
    // What cannot be read is told again rather than never.
    for nonsense in ["", "[]", "{\"mail\": 7}", "{"] {
        std::fs::write(&path, nonsense).unwrap();
        let one = vec![alert("A")];
        let fresh = Told::read(&path).by("mail").new_ones(one, now, period);
        assert_eq!(fresh.len(), 1, "{nonsense}");
    }
}

/// A mail server that takes one message and gives what it read.
async fn mail_server(listener: TcpListener) -> String {
    let (stream, _) = listener.accept().await.unwrap();
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    write.write_all(b"220 here\r\n").await.unwrap();
    let (mut text, mut in_data) = (String::new(), false);
    while let Some(line) = lines.next_line().await.unwrap() {
        text.push_str(&line);
        text.push('\n');
        let answer = match line.split(' ').next().unwrap_or_default() {
            "." if in_data => {
                in_data = false;
                "250 taken"
            }
            _ if in_data => continue,
            "EHLO" => "250 here",
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => break,
            _ => "250 ok",
        };
        write
            .write_all(format!("{answer}\r\n").as_bytes())
            .await
            .unwrap();
        if answer == "250 taken" {
            break;
        }
    }
    text
}

#[tokio::test]
async fn a_mail_names_the_orders_and_their_causes() {
    let world = World::new().await;
    let old = world.clock.now() - TimeDelta::hours(2);
    world
        .put("A-77", |order| order.state.problems.push(trouble(old)))
        .await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(mail_server(listener));
    let config: AlertsConfig = toml::from_str(&format!(
        "[mail]\nserver = \"127.0.0.1\"\nport = {port}\nencryption = \"none\"\n\
         from = \"Orders <orders@shop.example>\"\nto = [\"olga@shop.example\"]\n"
    ))
    .unwrap();
    let clock: Arc<dyn Clock> = Arc::new(order_core::ports::SystemClock::new());
    let alerts = config.prepare(&clock).unwrap().unwrap();
    let mut told = Told::default();
    let found = world.found().await;
    alerts.tell(&mut told, &found, world.clock.now()).await;
    let patience = Duration::from_secs(10);
    let mail = tokio::time::timeout(patience, server)
        .await
        .unwrap()
        .unwrap();
    assert!(mail.contains("RCPT TO:<olga@shop.example>"), "{mail}");
    assert!(
        mail.contains("A-77") && mail.contains("no product has the SKU S"),
        "{mail}"
    );
}

#[test]
fn settings_that_would_leak_or_cannot_work_are_refused_by_name() {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::new());
    for (text, word) in [
        ("[webhook]\nurl = \"http://hooks.example/x\"", "https"),
        (
            "[webhook]\nurl = \"https://hooks.example/x?token=1\"",
            "token",
        ),
        ("[webhook]\nurl = \"hooks\"", "https://host"),
        ("drift = \"5m\"", "an hour"),
        ("drift = \"1d\"\ndrift_calls = 0", "drift_calls"),
        (
            "[mail]\nserver = \"mail.example\"\nencryption = \"none\"\nfrom = \"a@b.example\"\nto = [\"a@b.example\"]",
            "this machine",
        ),
        (
            "[mail]\nserver = \"mail.example\"\nfrom = \"nobody\"\nto = [\"a@b.example\"]",
            "from",
        ),
        (
            "[mail]\nserver = \"mail.example\"\nfrom = \"a@b.example\"\nto = []",
            "to",
        ),
        (
            "[mail]\nserver = \"mail.example\"\nuser = \"x\"\nfrom = \"a@b.example\"\nto = [\"a@b.example\"]",
            "password",
        ),
    ] {
        let config: AlertsConfig = toml::from_str(text).unwrap();
        let problem = config.prepare(&clock).unwrap_err().to_string();
        assert!(problem.contains(word), "{text}: {problem}");
    }
    assert!(AlertsConfig::default().prepare(&clock).unwrap().is_none());
}
