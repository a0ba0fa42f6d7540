//! Runs what the lifecycle decides, through the ports.
//!
//! The engine spawns nothing and sleeps only through [`Clock`]: whoever embeds it stays in
//! charge. `claim` → `run_cycle` → `release` is the unit; any scheduler may drive it, because
//! safety rests on what the store refuses (old leases, old versions), never on who calls.
//!
//! A cycle: ask the marketplace's feed and the webshop's feed, store what they showed together
//! with their cursors, then work on the orders that are due in rounds. In a round every order
//! takes one action; reads go out in batches; what changes a platform is stored as an intent in
//! one commit, sent, and recorded in a second.
//!
//! Deliberately absent: decisions. What to do, and what an answer means, is in
//! [`crate::lifecycle`].

mod call;
mod feeds;
mod hints;
mod operate;
mod plan;
mod prepare;
mod products;
mod retention;
mod rounds;
mod send;
mod settling;
mod sides;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::Instrument as _;

use crate::error::{Error, Kind};
use crate::ids::ConnectionId;
use crate::lifecycle::{self, Event};
use crate::policy::{Policy, Rules};
use crate::ports::{
    Batch, CarrierDetector, Change, Claim, Clock, Committed, Lease, Marketplace, Memo, OrderStore,
    Webshop,
};
use crate::state::Order;
pub use operate::{May, Operation, Preview};
use products::Products;
pub use retention::Erased;
use settling::Settling;
use sides::Sides;

/// A marketplace account joined to a webshop, ready to run.
#[derive(Clone, Debug)]
pub struct Connection {
    /// Its name, stable for ever.
    pub id: ConnectionId,
    /// Where orders come from.
    pub marketplace: Arc<dyn Marketplace>,
    /// Where they are handled.
    pub webshop: Arc<dyn Webshop>,
    /// Who tells transporters from codes.
    pub detector: Arc<dyn CarrierDetector>,
    /// Its settings.
    pub policy: Policy,
}

/// A claimed connection, with the moment its holder must have stopped.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    lease: Lease,
    memo: Memo,
    /// By the monotonic clock, measured from before the claim was sent.
    deadline: Duration,
    lease_for: Duration,
}

impl Held {
    /// The connection that is held.
    #[must_use]
    pub fn connection(&self) -> &ConnectionId {
        &self.lease.connection
    }
}

/// What a cycle did.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CycleReport {
    /// Orders seen for the first time.
    pub new_orders: u32,
    /// Orders created in the webshop.
    pub created: u32,
    /// Shipments the marketplace took.
    pub confirmed: u32,
    /// Calls made, reads and changes.
    pub calls: u32,
    /// What went wrong, by side (`marketplace`, `webshop`, `store`).
    pub troubles: Vec<(String, String)>,
    /// Why the connection is stopped, if it is.
    pub paused: Option<String>,
}

/// Runs connections over a store.
#[derive(Clone, Debug)]
pub struct Engine {
    store: Arc<dyn OrderStore>,
    clock: Arc<dyn Clock>,
    settling: Arc<Settling>,
}

/// How long before its end a lease is no longer used.
const LEASE_MARGIN: Duration = Duration::from_secs(5);
/// How long a refused connection rests before its credentials are tried again.
const PAUSED_RETRY: Duration = Duration::from_secs(15 * 60);
/// How soon a connection is looked at again while one of its sides rests and orders are due.
const LOOK_WHILE_RESTING: Duration = Duration::from_secs(15);

impl Engine {
    /// An engine over a store and a clock.
    #[must_use]
    pub fn new(store: Arc<dyn OrderStore>, clock: Arc<dyn Clock>) -> Self {
        Self {
            store,
            clock,
            settling: Arc::default(),
        }
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn OrderStore> {
        &self.store
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Takes a connection that is due, one of `connections` (any when empty), for `lease_for`.
    /// With `early`, also one that is not due yet.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn claim(
        &self,
        owner: &str,
        connections: &[ConnectionId],
        lease_for: Duration,
        early: bool,
    ) -> Result<Option<Held>, Error> {
        self.claim_of(owner, connections.into(), lease_for, early)
            .await
    }

    /// [`Engine::claim`] for a list that is long and asked about again and again.
    pub(crate) async fn claim_of(
        &self,
        owner: &str,
        connections: Arc<[ConnectionId]>,
        lease_for: Duration,
        early: bool,
    ) -> Result<Option<Held>, Error> {
        let asked_at = self.clock.monotonic();
        let claim = Claim {
            owner: owner.to_owned(),
            now: self.clock.now(),
            lease_for,
            connections,
            early,
        };
        Ok(self.store.claim(claim).await?.map(|claimed| Held {
            lease: claimed.lease,
            memo: claimed.memo,
            deadline: asked_at + lease_for.saturating_sub(LEASE_MARGIN),
            lease_for,
        }))
    }

    /// Works on a claimed connection: what is new, then what is due. Changes what `held`
    /// remembers; [`Engine::release`] stores it.
    ///
    /// Never fails: what went wrong is in the report, and nothing that was stored is lost.
    /// Dropping the future is safe at every point.
    pub async fn run_cycle(&self, connection: &Connection, held: &mut Held) -> CycleReport {
        let rules = rules(connection);
        let mut cycle = Cycle {
            engine: self,
            connection,
            rules,
            held,
            report: CycleReport::default(),
            sides: Sides::default(),
            products: Products::default(),
        };
        let span = tracing::info_span!("cycle", connection = %connection.id);
        let outcome = cycle.run().instrument(span).await;
        let mut report = cycle.report;
        if let Err(error) = outcome {
            tracing::warn!(connection = %connection.id, error = %error.report(), "cycle stopped");
            report.troubles.push(("store".to_owned(), error.report()));
        }
        report.paused.clone_from(&held.memo.paused);
        report
    }

    /// Gives a connection back. It is due again after its poll interval, or sooner when one of
    /// its orders is.
    ///
    /// # Errors
    ///
    /// `Conflict` when the lease was taken over; else the store's.
    pub async fn release(&self, connection: &Connection, held: Held) -> Result<(), Error> {
        let now = self.clock.now();
        let poll = held
            .memo
            .polled_at
            .filter(|polled| *polled <= now)
            .map_or(now, |polled| polled + connection.policy.poll_interval);
        let next = if held.memo.paused.is_some() {
            now + PAUSED_RETRY
        } else {
            let order = self.store.next_due(connection.id.clone()).await?;
            // What is overdue waits for a side that rests: no need to look every second.
            let resting = held.memo.throttled.values().map(|it| it.until);
            let pause = match resting.filter(|until| *until > now).min() {
                Some(until) => LOOK_WHILE_RESTING.min((until - now).to_std().unwrap_or_default()),
                None => Duration::ZERO,
            };
            order
                .map_or(poll, |due| due.max(now + pause).min(poll))
                .max(now + Duration::from_secs(1))
        };
        self.store.release(held.lease, held.memo, next).await
    }
}

/// What a connection's decisions depend on.
fn rules(connection: &Connection) -> Rules {
    Rules {
        policy: connection.policy.clone(),
        marketplace: connection.marketplace.capabilities(),
        webshop: connection.webshop.capabilities(),
    }
}

/// How often an order is read again when somebody else wrote it in between.
const MAX_RELOADS: usize = 8;

/// Folds events into an order; events that do not fit are left out with a warning in the log.
fn fold(order: &Order, events: &[Event], now: DateTime<Utc>, rules: &Rules) -> Change {
    let mut current = order.clone();
    let mut notes = Vec::new();
    let mut effects = Vec::new();
    for event in events {
        match lifecycle::apply(&current, event, now, rules) {
            Ok(step) => {
                current = step.order;
                notes.extend(step.notes);
                effects.extend(step.effects);
            }
            Err(refused) => tracing::warn!(order = %order.key, %refused, "event left out"),
        }
    }
    let content_changed = current.content != order.content;
    let next_due = lifecycle::next_due(&current, now, rules);
    Change {
        order: current,
        next_due,
        content_changed,
        notes,
        effects,
        at: now,
    }
}

/// A cycle under way.
struct Cycle<'a> {
    engine: &'a Engine,
    connection: &'a Connection,
    rules: Rules,
    held: &'a mut Held,
    report: CycleReport,
    sides: Sides,
    products: Products,
}

impl Cycle<'_> {
    async fn run(&mut self) -> Result<(), Error> {
        let now = self.engine.clock.now();
        let paused = self.held.memo.paused.take();
        let poll_due = self.held.memo.polled_at.is_none_or(|polled| {
            paused.is_some()
                || polled > now
                || now - polled >= chrono_duration(self.rules.policy.poll_interval)
        });
        if poll_due {
            self.held.memo.troubles.clear();
            self.held.memo.polled_at = Some(now);
            self.import().await?;
            self.shop_changes().await?;
            self.returns().await?;
        }
        self.due_orders().await
    }

    /// Whether a request may still leave: the lease must outlive it.
    fn may_send(&self) -> bool {
        let ends = self.engine.clock.monotonic() + self.rules.policy.request_timeout;
        ends < self.held.deadline
    }

    /// Makes the lease longer when half of it is used up.
    async fn keep_lease(&mut self) -> Result<(), Error> {
        let asked_at = self.engine.clock.monotonic();
        let left = self.held.deadline.saturating_sub(asked_at);
        if left > self.held.lease_for / 2 {
            return Ok(());
        }
        let until = self.engine.clock.now() + self.held.lease_for;
        self.held.lease = self
            .engine
            .store
            .renew(self.held.lease.clone(), until)
            .await?;
        self.held.deadline = asked_at + self.held.lease_for.saturating_sub(LEASE_MARGIN);
        Ok(())
    }

    /// Stores what happened to orders. Where somebody else wrote an order in between, it is
    /// read again and the events are folded into what is there now: an outcome is never lost.
    async fn commit(&mut self, work: Vec<(Order, Vec<Event>)>) -> Result<Vec<Order>, Error> {
        let mut done = Vec::with_capacity(work.len());
        let mut pending = work;
        for _ in 0..MAX_RELOADS {
            if pending.is_empty() {
                return Ok(done);
            }
            let now = self.engine.clock.now();
            let changes: Vec<Change> = pending
                .iter()
                .map(|(order, events)| fold(order, events, now, &self.rules))
                .collect();
            let orders: Vec<Order> = changes.iter().map(|change| change.order.clone()).collect();
            let batch = Batch {
                changes,
                memo: None,
            };
            let answers = self
                .engine
                .store
                .commit(self.held.lease.clone(), batch)
                .await?;
            let mut stale = Vec::new();
            for ((after, answer), (before, events)) in orders.into_iter().zip(answers).zip(pending)
            {
                match answer {
                    Committed::Saved(version) => done.push(Order { version, ..after }),
                    Committed::Stale => {
                        let key = before.key.clone();
                        if let Some(order) = self.engine.store.load(key).await? {
                            stale.push((order, events));
                        }
                    }
                }
            }
            pending = stale;
        }
        if pending.is_empty() {
            return Ok(done);
        }
        Err(Error::not_applied(
            Kind::Conflict,
            "orders are changing all the time",
        ))
    }
}

fn chrono_duration(duration: Duration) -> chrono::Duration {
    chrono::Duration::from_std(duration).unwrap_or(chrono::Duration::MAX)
}
