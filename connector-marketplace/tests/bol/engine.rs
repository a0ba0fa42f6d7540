//! The real engine over the real connector over HTTP, while the sandbox fails at random: every
//! order reaches the webshop once, every piece is reported once.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use connector_marketplace::bol::sandbox::{Failure, Fault, NewItem, NewOrder, Seen};
use order_core::engine::{Connection, Engine};
use order_core::ids::ConnectionId;
use order_core::memory::MemoryStore;
use order_core::policy::Policy;
use order_core::ports::{Clock, NoDetector, OrderStore};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::ShopState;
use order_core::testkit::MemoryWebshop;

use crate::support::World;

const ORDERS: u64 = 8;
/// Requests after which nothing fails any more.
const STORM: u64 = 400;

/// One fault in eight reads and in two changes, repeatable from the seed and the request's number.
fn fault(seed: u64, request: &Seen) -> Fault {
    let mut mixed = (seed << 32 | request.number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 32;
    let one_in = if request.is_mutation() { 2 } else { 8 };
    if request.number > STORM || !mixed.is_multiple_of(one_in) {
        return Fault::None;
    }
    match (mixed >> 8) % 10 {
        0 => Fault::Refuse(Failure::Status(503)),
        1 | 2 => Fault::Lose(Failure::Status(502)),
        3 => Fault::Lose(Failure::HalfABody),
        4 => Fault::Lose(Failure::WebPage),
        5 => Fault::Refuse(Failure::RateLimited(Duration::from_secs(45))),
        6 => Fault::ExpireTokens,
        7 => Fault::RepeatPage,
        8 => Fault::Late {
            failure: Failure::Status(504),
            after: Duration::from_secs(40),
        },
        _ => Fault::Lose(Failure::Silence(Duration::from_secs(16))),
    }
}

/// When the warehouse sends the second parcel of an order, in rounds of five minutes.
const SECOND_PARCEL: usize = 15;
/// When a code comes that nobody waited for: after the three hours.
const LATE_CODE: usize = 45;

/// The warehouse. Of every four orders one is completed without a code, which comes too late, and
/// one goes out in two parcels that share a line.
fn work(shop: &MemoryWebshop, round: usize) {
    for (at, record) in shop.all().into_iter().enumerate() {
        let id = &record.order.id;
        let code =
            |parcel: &str| Tracking::new(format!("3SBOL{at:06}{parcel}")).with_carrier_name("UPS");
        let parts = |first: bool| {
            let lines = record.request.lines.iter().enumerate();
            lines.filter_map(move |(number, line)| {
                let quantity = match (first, number) {
                    (true, 0) => 1,
                    (true, _) => 0,
                    (false, 0) => line.quantity - 1,
                    (false, _) => line.quantity,
                };
                (quantity > 0).then(|| LineQuantity {
                    line: line.line.clone(),
                    quantity,
                })
            })
        };
        let parcels = record.order.shipments.len();
        match (record.order.state, at % 4) {
            (ShopState::Open, 0) => shop.complete(id, None),
            (ShopState::Completed, 0) if parcels == 0 && round > LATE_CODE => {
                shop.add_code(id, code("L"));
            }
            (ShopState::Open, 1) if parcels == 0 => {
                shop.ship(id, "a", parts(true).collect(), code("A"));
            }
            (ShopState::Open, 1) if round > SECOND_PARCEL => {
                shop.ship(id, "b", parts(false).collect(), code("B"));
                shop.complete(id, None);
            }
            (ShopState::Open, 2 | 3) => shop.complete(id, Some(code("C"))),
            _ => {}
        }
    }
}

async fn run(seed: u64) -> (World, MemoryWebshop) {
    let world = World::new().await;
    for number in 0..ORDERS {
        let at = world.clock.now() - TimeDelta::minutes(1);
        let id = format!("E{number}");
        let order = NewOrder::new(&id)
            .with_item(NewItem::new(&format!("{id}-1"), "SKU-1", 3, 1299))
            .with_item(NewItem::new(&format!("{id}-2"), "SKU-2", 1, 500))
            .placed_at(at);
        world.sandbox.add_order(order);
    }
    world.sandbox.inject(move |request| fault(seed, request));
    let mut config = world.sandbox.config();
    config.request_timeout_seconds = Some(1);
    let shop = MemoryWebshop::new(world.clock.clone());
    let connection = Connection {
        id: ConnectionId::new("bol"),
        marketplace: Arc::new(config.build(world.clock.clone()).unwrap()),
        webshop: Arc::new(shop.clone()),
        detector: Arc::new(NoDetector),
        policy: Policy::new("bol"),
    };
    let store = Arc::new(MemoryStore::new());
    store
        .register(connection.id.clone(), world.clock.now())
        .await
        .unwrap();
    let engine = Engine::new(store, world.clock.clone());
    for round in 0..400 {
        let lease = Duration::from_secs(600);
        if let Some(mut held) = engine.claim("test", &[], lease, true).await.unwrap() {
            engine.run_cycle(&connection, &mut held).await;
            engine.release(&connection, held).await.unwrap();
        }
        work(&shop, round);
        if round > LATE_CODE + 5 && is_finished(&world) {
            break;
        }
        world.clock.advance(Duration::from_secs(301));
    }
    (world, shop)
}

fn is_finished(world: &World) -> bool {
    let state = world.sandbox.state();
    let orders = state["orders"].as_array().unwrap().iter();
    let shipments = state["shipments"].as_array().unwrap();
    let codes = shipments
        .iter()
        .all(|shipment| shipment["code"].is_string());
    codes
        && orders
            .flat_map(|order| order["items"].as_array().unwrap())
            .all(|item| item["shipped"] == item["quantity"])
}

fn assert_once(seed: u64, world: &World, shop: &MemoryWebshop) {
    let state = world.sandbox.state();
    assert!(is_finished(world), "seed {seed}: {state:#}");
    for order in state["orders"].as_array().unwrap() {
        let id = order["id"].as_str().unwrap();
        let key = order_core::ids::ExternalKey::new("bol", id);
        assert_eq!(
            (shop.live(&key).len(), shop.peak(&key)),
            (1, 1),
            "seed {seed}, {id}"
        );
        let shipments = state["shipments"].as_array().unwrap().iter();
        let mut codes: Vec<_> = shipments
            .filter(|shipment| shipment["order"] == id)
            .map(|shipment| shipment["code"].as_str().unwrap().to_owned())
            .collect();
        codes.sort();
        let parcels: Vec<_> = codes
            .iter()
            .filter_map(|code| code.chars().last())
            .collect();
        assert!(
            matches!(parcels.as_slice(), ['L' | 'C'] | ['A', 'B']),
            "seed {seed}, {id}: {codes:?}"
        );
    }
    let failed = state["processes"].as_array().unwrap().iter();
    let failed: Vec<_> = failed
        .filter(|process| process["status"] == "FAILURE")
        .collect();
    assert!(
        failed.is_empty(),
        "seed {seed}: something was sent twice: {failed:#?}"
    );
}

/// Three seeds; `BOL_SEEDS` sets another number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_order_is_made_once_and_every_piece_reported_once_while_everything_fails() {
    let seeds = std::env::var("BOL_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3);
    let runs: Vec<_> = (1..=seeds)
        .map(|seed| tokio::spawn(async move { (seed, run(seed).await) }))
        .collect();
    for finished in runs {
        let (seed, (world, shop)) = finished.await.unwrap();
        assert_once(seed, &world, &shop);
    }
}
