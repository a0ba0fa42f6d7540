//! Memory, SQLite and PostgreSQL give the same answers to the same commands.
//!
//! The commands look random and follow from a seed; `SAME_ANSWERS_SEEDS` says how many seeds,
//! `SAME_ANSWERS_FIRST` where to begin.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod server;

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeZone as _, Utc};
use order_core::error::Error;
use order_core::ids::{ConnectionId, MarketplaceOrderId, OrderKey, ShopOrderId};
use order_core::lifecycle::{EffectRecord, EffectStatus, Level, Note};
use order_core::memory::MemoryStore;
use order_core::money::{Currency, Money};
use order_core::ports::{
    ActivityQuery, Batch, Change, Claim, Cursor, DueQuery, Lease, Memo, OrderFilter, OrderStore,
};
use order_core::shipment::Tracking;
use order_core::shop::ShopState;
use order_core::state::{
    Action, Cancellation, Confirmation, Link, Order, Problem, ProblemKind, Shipment, ShopLink,
    Status,
};
use order_core::testkit::samples;
use order_store::{PostgresOptions, PostgresStore, SqliteStore};

/// Numbers that look random: splitmix64.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % sides
    }

    fn yes(&mut self, of: u64) -> bool {
        self.roll(of) == 0
    }

    fn second(&mut self, range: u64) -> i64 {
        i64::try_from(self.roll(range)).unwrap()
    }
}

fn at(second: i64) -> DateTime<Utc> {
    Utc.timestamp_opt(1_780_000_000 + second, 0).unwrap()
}

/// One run: three stores, and what somebody who uses them remembers.
struct Run {
    stores: Vec<(&'static str, Arc<dyn OrderStore>)>,
    seed: u64,
    dice: Dice,
    now: i64,
    leases: Vec<Lease>,
    saw: String,
}

/// An answer, or what kind of failure.
fn shown<T: Debug>(answer: Result<T, Error>) -> String {
    match answer {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("refused: {} {:?}", error.kind(), error.effect()),
    }
}

/// Asks every store and compares what they say.
macro_rules! ask {
    ($run:ident, $what:expr, $store:ident => $request:expr) => {{
        let mut answers = Vec::new();
        for (name, $store) in &$run.stores {
            answers.push((*name, $request.await));
        }
        let first = answers.remove(0).1;
        let expected = shown(first.as_ref().map_err(copy));
        for (name, answer) in &answers {
            let said = shown(answer.as_ref().map_err(copy));
            assert_eq!(
                said, expected,
                "{name} differs after {}: {:?}",
                $run.saw, $what
            );
        }
        first
    }};
}

/// An error of the same kind; errors cannot be copied.
fn copy(error: &Error) -> Error {
    Error::new(error.kind(), error.effect(), error.to_string())
}

fn by_key(mut orders: Vec<Order>) -> Vec<Order> {
    orders.sort_by(|a, b| a.key.cmp(&b.key));
    orders
}

impl Run {
    fn connection(&mut self) -> ConnectionId {
        ConnectionId::from(
            ["shop-a", "Shop-B", "é\0c"][usize::try_from(self.dice.roll(3)).unwrap()],
        )
    }

    fn id(&mut self) -> MarketplaceOrderId {
        let ids = ["1", "10", "2", "a", "B", "Ä", "x_y%", "n\0l"];
        MarketplaceOrderId::from(ids[usize::try_from(self.dice.roll(8)).unwrap()])
    }

    fn ids(&mut self) -> Vec<MarketplaceOrderId> {
        let mut ids: Vec<_> = (0..self.dice.roll(5)).map(|_| self.id()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    fn memo(&mut self) -> Memo {
        let number = self.dice.roll(1000);
        Memo {
            marketplace_cursor: Some(Cursor(format!("cursor {number}"))),
            polled_at: Some(at(self.now)),
            paused: self.dice.yes(9).then(|| "a\0b".to_owned()),
            ..Memo::default()
        }
    }

    /// A lease that may be old.
    fn lease(&mut self) -> Option<Lease> {
        let count = u64::try_from(self.leases.len()).unwrap();
        if count == 0 {
            return None;
        }
        let back = self.dice.roll(count.min(4));
        let place = usize::try_from(count - 1 - back).unwrap();
        self.leases.get(place).cloned()
    }

    /// A change on top of what is stored, or now and then on top of something older.
    async fn change(&mut self, connection: &ConnectionId) -> Change {
        let key = OrderKey::new(connection.clone(), self.id());
        let stored = ask!(self, "load", store => store.load(key.clone())).unwrap();
        let is_new = stored.is_none();
        let mut order = stored.unwrap_or_else(|| Order::new(key, at(self.now)));
        let content_changed = is_new || self.dice.yes(3);
        if content_changed {
            let cents = self.dice.second(5000);
            let line = samples::line("L1", "SKU", 1, cents);
            let id = order.key.order.to_string();
            let mut content = samples::order(&id, at(-60), vec![line]);
            content.ship_by = self.dice.yes(2).then(|| at(self.now + 20));
            order.content = Some(Arc::new(content));
        }
        if self.dice.yes(3) {
            let number = order.key.order.to_string();
            order.state.link = Link::Linked(ShopLink {
                id: ShopOrderId::from(format!("W{number}")),
                number: format!("#{number}"),
                state: ShopState::Open,
                raw_state: "processing".to_owned(),
                total: Money::zero(Currency::EUR),
                cancelled: Vec::new(),
                gone: false,
            });
        }
        if self.dice.yes(5) {
            order.state.ignored = Some("too old".to_owned());
        }
        self.mark(&mut order);
        if self.dice.yes(6) {
            order.version = order.version.saturating_sub(1);
        }
        let levels = [Level::Info, Level::Warning, Level::Error];
        let notes = (0..self.dice.roll(3))
            .map(|number| Note {
                level: levels[usize::try_from(self.dice.roll(3)).unwrap()],
                text: format!("note {number} at {}", self.now),
            })
            .collect();
        let statuses = [
            EffectStatus::Open,
            EffectStatus::Done,
            EffectStatus::NotApplied,
            EffectStatus::Rejected,
        ];
        let effects = (0..self.dice.roll(3))
            .map(|_| {
                let attempt = u32::try_from(self.dice.roll(3)).unwrap();
                EffectRecord {
                    kind: ["create", "confirm"][usize::try_from(self.dice.roll(2)).unwrap()]
                        .to_owned(),
                    attempt,
                    reference: format!("ref {}", order.key.order),
                    status: statuses[usize::try_from(self.dice.roll(4)).unwrap()],
                }
            })
            .collect();
        let due = self.now - 5 + self.dice.second(30);
        Change {
            order,
            next_due: (!self.dice.yes(4)).then(|| at(due)),
            content_changed,
            notes,
            effects,
            at: at(self.now),
        }
    }

    /// Changes what an order is found and counted by.
    fn mark(&mut self, order: &mut Order) {
        let kinds = [ProblemKind::Unavailable, ProblemKind::Conflict];
        match self.dice.roll(12) {
            0 => order.state.problems.push(Problem {
                action: Action::ReadShop,
                kind: kinds[usize::try_from(self.dice.roll(2)).unwrap()],
                text: "wrong".to_owned(),
                advice: "mend it".to_owned(),
                since: at(self.now),
                attempts: 1,
                next_attempt: None,
            }),
            1 => order.state.problems.clear(),
            2 => order.state.cancellation = Cancellation::BuyerAsks,
            3 => order.state.cancellation = Cancellation::Done,
            4 => order.state.shipments.push(Shipment {
                id: "S".into(),
                source: None,
                parcel: 1,
                lines: Vec::new(),
                tracking: Some(Tracking::new(format!("3s {}\0é", self.dice.roll(3)))),
                carrier: None,
                shipped_at: at(self.now),
                confirmation: Confirmation::None,
                told_code: None,
                audit_at: None,
            }),
            5 => order.state.shipments.clear(),
            _ => {}
        }
    }

    async fn step(&mut self) {
        let longest = if self.dice.yes(20) { 4000 } else { 4 };
        self.now += self.dice.second(longest);
        let kind = self.dice.roll(14);
        self.saw = format!("seed {}: step of kind {kind} at {}", self.seed, self.now);
        match kind {
            0 | 1 => self.claim().await,
            2..=5 => self.commit().await,
            6 => self.amend().await,
            7 => self.connection_commands().await,
            8 => self.release().await,
            9 | 10 => self.due().await,
            11 => self.list().await,
            _ => self.look().await,
        }
    }

    async fn claim(&mut self) {
        let mut wanted: Vec<ConnectionId> = Vec::new();
        if self.dice.yes(3) {
            wanted.push(self.connection());
        }
        let claim = Claim {
            owner: format!("w{}", self.dice.roll(3)),
            now: at(self.now),
            lease_for: Duration::from_secs(1 + self.dice.roll(20)),
            connections: wanted.into(),
            early: self.dice.yes(2),
        };
        let claimed = ask!(self, &claim, store => store.claim(claim.clone())).unwrap();
        self.leases.extend(claimed.map(|claimed| claimed.lease));
    }

    async fn commit(&mut self) {
        let Some(lease) = self.lease() else { return };
        let mut changes = Vec::new();
        for _ in 0..self.dice.roll(5) {
            let change = self.change(&lease.connection).await;
            // An order stands in a batch once, as the engine writes them.
            if !changes
                .iter()
                .any(|other: &Change| other.order.key == change.order.key)
            {
                changes.push(change);
            }
        }
        let memo = self.dice.yes(2).then(|| self.memo());
        let batch = Batch { changes, memo };
        drop(ask!(self, &batch, store => store.commit(lease.clone(), batch.clone())));
    }

    async fn amend(&mut self) {
        let connection = self.connection();
        let change = self.change(&connection).await;
        ask!(self, &change, store => store.amend(change.clone())).unwrap();
    }

    async fn connection_commands(&mut self) {
        let connection = self.connection();
        let when = at(self.now + self.dice.second(20) - 5);
        if self.dice.yes(4) {
            let why = self.dice.yes(2).then(|| "a\0b".to_owned());
            ask!(self, "stop", store => store.stop(connection.clone(), why.clone())).unwrap();
        } else if self.dice.yes(2) {
            ask!(self, "register", store => store.register(connection.clone(), when)).unwrap();
        } else {
            ask!(self, "wake", store => store.wake(connection.clone(), when)).unwrap();
        }
    }

    async fn release(&mut self) {
        let Some(lease) = self.lease() else { return };
        if self.dice.yes(3) {
            let until = at(self.now + self.dice.second(20));
            drop(ask!(self, &lease, store => store.renew(lease.clone(), until)));
            return;
        }
        let memo = self.memo();
        let due = at(self.now + self.dice.second(10));
        drop(ask!(self, &lease, store => store.release(lease.clone(), memo.clone(), due)));
    }

    async fn due(&mut self) {
        let after = self.now - 5 + self.dice.second(10);
        let query = DueQuery {
            connection: self.connection(),
            now: at(self.now),
            horizon: at(self.now + 10),
            limit: usize::try_from(self.dice.roll(6)).unwrap(),
            after: self.dice.yes(2).then(|| (at(after), self.id())),
        };
        ask!(self, &query, store => store.due(query.clone())).unwrap();
        let connection = query.connection;
        ask!(self, "next due", store => store.next_due(connection.clone())).unwrap();
    }

    async fn list(&mut self) {
        let texts = ["1", "W", "#", "ä", "_", "\0", "B", "3s0", "x_", "N"];
        let text = texts[usize::try_from(self.dice.roll(10)).unwrap()];
        let status = match self.dice.roll(4) {
            0 => vec![Status::Ignored],
            1 => vec![Status::Shipped, Status::NotShipped, Status::Cancelled],
            _ => Vec::new(),
        };
        let kinds = [ProblemKind::Unavailable, ProblemKind::Conflict];
        let kind = kinds[usize::try_from(self.dice.roll(2)).unwrap()];
        let filter = OrderFilter {
            connection: self.dice.yes(2).then(|| self.connection()),
            status,
            needs_action: self.dice.yes(8),
            problem: self.dice.yes(6).then_some(kind),
            sending: self.dice.yes(6),
            cancel_asked: self.dice.yes(8),
            deadline_until: self.dice.yes(6).then(|| at(self.now + 10)),
            text: self.dice.yes(3).then(|| text.to_owned()),
            limit: usize::try_from(self.dice.roll(8)).unwrap(),
            after: self
                .dice
                .yes(3)
                .then(|| OrderKey::new(self.connection(), self.id())),
            before: self
                .dice
                .yes(4)
                .then(|| OrderKey::new(self.connection(), self.id())),
            last: self.dice.yes(4),
        };
        ask!(self, &filter, store => store.list(filter.clone())).unwrap();
        ask!(self, &filter, store => store.count(filter.clone())).unwrap();
        let connection = filter.connection;
        ask!(self, "counts", store => store.counts(connection.clone())).unwrap();
        let query = ActivityQuery {
            connection,
            since: at(self.now - 7200),
        };
        ask!(self, &query, store => store.activity(query.clone())).unwrap();
    }

    async fn look(&mut self) {
        let connection = self.connection();
        let ids = self.ids();
        ask!(self, "orders by id", store => async {
            store.load_many(connection.clone(), ids.clone()).await.map(by_key)
        })
        .unwrap();
        let shop: Vec<ShopOrderId> = ids
            .iter()
            .map(|id| ShopOrderId::from(format!("W{id}")))
            .collect();
        ask!(self, "orders by webshop id", store => async {
            store.by_shop_ids(connection.clone(), shop.clone()).await.map(by_key)
        })
        .unwrap();
        ask!(self, "connections", store => store.connections()).unwrap();
        let key = OrderKey::new(connection, self.id());
        ask!(self, "history", store => store.history(key.clone())).unwrap();
        ask!(self, "journal", store => store.journal(key.clone())).unwrap();
    }
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

#[tokio::test]
async fn the_same_commands_get_the_same_answers_from_every_store() {
    let Some(server) = server::shared() else {
        return;
    };
    let first = number("SAME_ANSWERS_FIRST", 1);
    for seed in first..first + number("SAME_ANSWERS_SEEDS", 12) {
        let directory = tempfile::tempdir().unwrap();
        let options = PostgresOptions::parse(&server.database())
            .unwrap()
            .with_password(server::PASSWORD);
        let mut run = Run {
            stores: vec![
                ("memory", Arc::new(MemoryStore::new())),
                (
                    "sqlite",
                    Arc::new(SqliteStore::open(directory.path().join("o.sqlite")).unwrap()),
                ),
                (
                    "postgres",
                    Arc::new(PostgresStore::connect(options).await.unwrap()),
                ),
            ],
            seed,
            dice: Dice(seed),
            now: 0,
            leases: Vec::new(),
            saw: format!("the start of seed {seed}"),
        };
        for _ in 0..250 {
            run.step().await;
        }
    }
}
