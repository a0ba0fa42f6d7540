//! The real engine over a real connector over HTTP, while a sandbox fails at random.

use std::sync::Arc;
use std::time::Duration;

use connector_marketplace::sandbox::{Failure, Fault, Seen};
use order_core::engine::{Connection, Engine};
use order_core::ids::{ConnectionId, ExternalKey};
use order_core::memory::MemoryStore;
use order_core::policy::Policy;
use order_core::ports::{Clock, Marketplace, NoDetector, OrderStore};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::ShopState;
use order_core::testkit::MemoryWebshop;

use super::TestClock;

/// Requests after which nothing fails any more.
const STORM: u64 = 400;

/// One fault in eight reads and in two changes, repeatable from the seed and the request's number.
pub(crate) fn fault(seed: u64, request: &Seen) -> Fault {
    let mut mixed = (seed << 32 | request.number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 32;
    let one_in = if request.is_mutation() { 2 } else { 8 };
    if request.number > STORM || !mixed.is_multiple_of(one_in) {
        return Fault::None;
    }
    match (mixed >> 8) % 8 {
        0 => Fault::Refuse(Failure::Status(503)),
        1 | 2 => Fault::Lose(Failure::Status(502)),
        3 => Fault::Lose(Failure::HalfABody),
        4 => Fault::Lose(Failure::WebPage),
        5 => Fault::Refuse(Failure::RateLimited(Duration::from_secs(45))),
        6 => Fault::Late {
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
        let code = |parcel: &str| {
            Tracking::new(format!("1ZSTORM{at:06}{parcel}")).with_carrier_name("UPS")
        };
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

/// Runs the engine until `finished` says so, at most four hundred rounds of five minutes; answers
/// the webshop, and what stands in the way of orders that are not done.
pub(crate) async fn run(
    clock: &Arc<TestClock>,
    marketplace: Arc<dyn Marketplace>,
    finished: impl Fn() -> bool,
) -> (MemoryWebshop, Vec<String>) {
    let shop = MemoryWebshop::new(clock.clone());
    let connection = Connection {
        id: ConnectionId::new("storm"),
        marketplace,
        webshop: Arc::new(shop.clone()),
        detector: Arc::new(NoDetector),
        policy: Policy::new("storm"),
    };
    let store = Arc::new(MemoryStore::new());
    store
        .register(connection.id.clone(), clock.now())
        .await
        .unwrap();
    let engine = Engine::new(store.clone(), clock.clone());
    for round in 0..400 {
        let lease = Duration::from_secs(600);
        if let Some(mut held) = engine.claim("test", &[], lease, true).await.unwrap() {
            engine.run_cycle(&connection, &mut held).await;
            engine.release(&connection, held).await.unwrap();
        }
        work(&shop, round);
        if round > LATE_CODE + 5 && finished() {
            break;
        }
        clock.advance(Duration::from_secs(301));
    }
    let mut problems = Vec::new();
    for record in shop.all() {
        let id = record.request.key.order.clone();
        let key = order_core::ids::OrderKey::new("storm", id);
        if let Some(order) = store.load(key).await.unwrap() {
            let all = order.state.problems.iter();
            problems.extend(all.map(|problem| format!("{}: {problem:?}", order.key)));
        }
    }
    (shop, problems)
}

/// One webshop order per marketplace order, at every moment.
pub(crate) fn assert_created_once(shop: &MemoryWebshop, seed: u64, order: &str) {
    let key = ExternalKey::new("storm", order);
    let (live, peak) = (shop.live(&key).len(), shop.peak(&key));
    assert_eq!((live, peak), (1, 1), "seed {seed}, {order}");
}

/// Whether an order's codes are those that the warehouse gave out for one order.
pub(crate) fn assert_codes(seed: u64, order: &str, mut codes: Vec<String>) {
    codes.sort();
    codes.dedup();
    let ends = codes.iter().filter_map(|code| code.chars().last());
    let ends: Vec<char> = ends.collect();
    assert!(
        matches!(ends.as_slice(), ['L' | 'C'] | ['A', 'B']),
        "seed {seed}, {order}: {codes:?}"
    );
}

/// How many seeds are run: three, or as `STORM_SEEDS` says.
pub(crate) fn seeds() -> u64 {
    std::env::var("STORM_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(3)
}
