//! The life of three orders between one marketplace and one webshop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use carrier_detect::Detector;
use order_core::engine::{Connection, Engine};
use order_core::ids::{ConnectionId, ExternalKey, OrderKey};
use order_core::memory::MemoryStore;
use order_core::policy::Policy;
use order_core::ports::{Clock, OrderStore};
use order_core::state::{Order, Shipment};

use crate::clock::TestClock;
use crate::markets::{self, Market};
use crate::real::{self, Real};
use crate::shops::{self, Shop};

/// By order: its status, its lines in the marketplace's words, the webshop's order.
pub(crate) type Overview = BTreeMap<String, (String, Vec<String>, String)>;

/// What became of it all.
pub(crate) struct Life {
    pub(crate) pair: String,
    pub(crate) overview: Overview,
    /// Problems and what waits for a person, for a failing test.
    pub(crate) trouble: Vec<String>,
    /// The statuses that the order with the late code went through.
    pub(crate) statuses_of_late_code: Vec<String>,
    /// Codes that the marketplace has, and should have, in all.
    pub(crate) codes: Vec<String>,
    pub(crate) codes_expected: Vec<String>,
    /// Webshop orders that were made of each order.
    pub(crate) created: [usize; 3],
}

const ORDERS: [&str; 3] = ["in parts", "late code", "cancelled"];
const FIRST: &str = "1Z12345E0205271688";
const SECOND: &str = "1Z12345E6605272234";
const LATE: &str = "1Z12345E0305271640";

/// Rounds of five minutes, in which nothing may change any more once all is done.
const ROUNDS: usize = 90;
/// So many rounds after all is done are enough where each takes its time.
const ROUNDS_AFTER: usize = 4;

/// The last thing that happens from outside.
const LAST_STEP: usize = 9;

struct World {
    clock: Arc<TestClock>,
    market: Arc<dyn Market>,
    shop: Box<dyn Shop>,
    connection: Connection,
    store: Arc<MemoryStore>,
    engine: Engine,
}

impl World {
    async fn new(
        channel: &str,
        clock: Arc<TestClock>,
        market: Arc<dyn Market>,
        shop: Box<dyn Shop>,
    ) -> Self {
        let connection = Connection {
            id: ConnectionId::new("cross"),
            marketplace: market.connector(clock.clone()),
            webshop: shop.connector(clock.clone()),
            detector: Arc::new(Detector),
            policy: Policy::new(channel),
        };
        let store = Arc::new(MemoryStore::new());
        store
            .register(connection.id.clone(), clock.now())
            .await
            .unwrap();
        let engine = Engine::new(store.clone(), clock.clone());
        Self {
            clock,
            market,
            shop,
            connection,
            store,
            engine,
        }
    }

    fn number(&self, at: usize) -> String {
        self.market.number(u32::try_from(at).unwrap() + 1)
    }

    fn key(&self, at: usize) -> ExternalKey {
        ExternalKey::new(self.connection.policy.channel.clone(), self.number(at))
    }

    fn order_key(&self, at: usize) -> OrderKey {
        OrderKey::new("cross", self.number(at))
    }

    async fn order(&self, at: usize) -> Option<Order> {
        self.store.load(self.order_key(at)).await.unwrap()
    }

    async fn cycle(&self) {
        let lease = Duration::from_secs(600);
        let held = self.engine.claim("test", &[], lease, true).await.unwrap();
        if let Some(mut held) = held {
            self.engine.run_cycle(&self.connection, &mut held).await;
            self.engine.release(&self.connection, held).await.unwrap();
        }
        self.clock.advance(Duration::from_secs(301));
    }

    /// What marketplace, buyer and staff do before a round. Staff wait until orders are there.
    fn happen(&self, step: usize) {
        let partial = self.connection.webshop.capabilities().partial_shipments;
        let (parts, late) = (self.key(0), self.key(1));
        match step {
            0 if partial => assert!(self.shop.ship_one_mug(&parts, FIRST)),
            1 => self.shop.complete(&late, None),
            3 => self.shop.take_off_the_lamp(&parts),
            5 => self.market.cancel(&self.number(2)),
            7 => {
                let code = if partial { SECOND } else { FIRST };
                self.shop.complete(&parts, Some(code));
            }
            LAST_STEP => self.shop.add_code(&late, LATE),
            _ => {}
        }
    }

    /// Whether everything has happened, and the marketplace took every parcel.
    async fn is_over(&self, step: usize) -> bool {
        if step <= LAST_STEP {
            return false;
        }
        for at in 0..ORDERS.len() {
            let order = self.order(at).await;
            let is_over = order.is_some_and(|order| {
                let told = |shipment: &Shipment| shipment.confirmation.is_told();
                order.status_is_final()
                    && order.state.effects.is_empty()
                    && order.state.shipments.iter().all(told)
            });
            if !is_over {
                return false;
            }
        }
        true
    }

    async fn all_linked(&self) -> bool {
        for at in 0..ORDERS.len() {
            let order = self.order(at).await;
            if order.is_none_or(|order| order.state.linked().is_none()) {
                return false;
            }
        }
        true
    }
}

/// With a webshop's double.
pub(crate) async fn run(market: markets::Kind, shop: shops::Kind) -> Life {
    let clock = TestClock::new();
    let pair = format!("{market:?} with {shop:?}");
    let market = market.start(clock.clone()).await;
    let shop = shop.start(clock.clone()).await;
    let world = World::new("cross", clock, market, shop).await;
    live(world, pair, ROUNDS).await
}

/// With a real webshop, which the other marketplaces' orders are in too.
pub(crate) async fn run_real(market: markets::Kind, shop: real::Kind, running: Real) -> Life {
    let clock = TestClock::new();
    let pair = format!("{market:?} with {shop:?}");
    let channel = format!("{market:?}").to_lowercase();
    let market = market.start(clock.clone()).await;
    let world = World::new(&channel, clock, market, running.shop()).await;
    live(world, pair, ROUNDS_AFTER).await
}

/// Runs on for so many rounds after all three orders are over.
async fn live(world: World, pair: String, rounds_after: usize) -> Life {
    for at in 0..ORDERS.len() {
        world.market.buy(&world.number(at));
    }
    let (mut step, mut statuses, mut over) = (0, Vec::new(), 0);
    for _ in 0..ROUNDS {
        over = if world.is_over(step).await {
            over + 1
        } else {
            0
        };
        if over > rounds_after {
            break;
        }
        world.cycle().await;
        for at in 0..ORDERS.len() {
            world.market.pass_time(&world.number(at));
        }
        if let Some(order) = world.order(1).await {
            let status = order.status().to_string();
            if statuses.last() != Some(&status) {
                statuses.push(status);
            }
        }
        if step > 0 || world.all_linked().await {
            world.happen(step);
            step += 1;
        }
    }
    let mut life = Life {
        pair,
        overview: Overview::new(),
        trouble: Vec::new(),
        statuses_of_late_code: statuses,
        codes: Vec::new(),
        codes_expected: codes_expected(&world),
        created: [0; 3],
    };
    for (at, name) in ORDERS.into_iter().enumerate() {
        let order = world.order(at).await.unwrap();
        life.created[at] = world.shop.made(&world.key(at));
        life.codes.extend(world.market.codes(&world.number(at)));
        let state = &order.state;
        life.trouble.extend(
            state
                .problems
                .iter()
                .map(|problem| format!("{name}: {problem:?}")),
        );
        if order.needs_action() {
            life.trouble
                .push(format!("{name} waits for a person: {state:?}"));
        }
        life.overview.insert(name.to_owned(), row(&order));
    }
    life.codes.sort();
    life
}

fn codes_expected(world: &World) -> Vec<String> {
    let mut codes = vec![FIRST.to_owned(), LATE.to_owned()];
    if world.connection.webshop.capabilities().partial_shipments {
        codes.push(SECOND.to_owned());
    }
    codes.sort();
    codes
}

fn row(order: &Order) -> (String, Vec<String>, String) {
    let content = order.content.as_ref().unwrap();
    let mut lines: Vec<_> = content.lines.iter().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.quantity));
    let lines = lines.into_iter().map(|line| {
        format!(
            "{} × {}, {} shipped, {} cancelled",
            line.quantity,
            line.sku.as_deref().unwrap_or("?"),
            line.shipped,
            line.cancelled
        )
    });
    let shop = order
        .state
        .linked()
        .map_or_else(String::new, |link| format!("{:?}", link.state));
    (order.status().to_string(), lines.collect(), shop)
}
