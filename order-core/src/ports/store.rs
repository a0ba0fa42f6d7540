//! The store port: what must survive a power cut.
//!
//! # Contract
//!
//! - A write that returned is durable. A write that failed may or may not have happened; the
//!   engine copes by reading again.
//! - Writes of a cycle carry the lease. A lease that was taken over by somebody else is refused
//!   with [`Kind::Conflict`](crate::Kind::Conflict), and then nothing of the batch is written.
//! - An order is written only on top of the version it was read at.
//! - Orders and the connection's memo (with its cursors) of one batch commit together: when an
//!   order of a batch with a memo is stale, nothing of it is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::marketplace::Cursor;
use crate::error::Error;
use crate::ids::{ConnectionId, MarketplaceOrderId, OrderKey, ShopOrderId};
use crate::lifecycle::{EffectRecord, Level, Note};
use crate::state::{Order, ProblemKind, Status};

/// The right to work on a connection, until it ends or somebody else takes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The connection.
    pub connection: ConnectionId,
    /// Who holds it.
    pub owner: String,
    /// Grows by one at every takeover; the store refuses writes with an old one.
    pub token: u64,
    /// When it ends unless renewed, by the store's clock.
    pub until: DateTime<Utc>,
}

/// Asks for a connection to work on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Who asks.
    pub owner: String,
    /// The time.
    pub now: DateTime<Utc>,
    /// How long the lease shall be.
    pub lease_for: std::time::Duration,
    /// One of these; any when empty. A store finds its way faster when they are sorted.
    pub connections: Arc<[ConnectionId]>,
    /// Also when it is not due yet.
    pub early: bool,
}

/// A connection that was claimed.
#[derive(Clone, Debug, PartialEq)]
pub struct Claimed {
    /// The right to work on it.
    pub lease: Lease,
    /// What it remembers.
    pub memo: Memo,
}

/// What a connection remembers between cycles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memo {
    /// When the feeds were last asked.
    pub polled_at: Option<DateTime<Utc>>,
    /// Where the marketplace's feed goes on.
    pub marketplace_cursor: Option<Cursor>,
    /// Where a sweep that is under way goes on.
    pub sweep_cursor: Option<Cursor>,
    /// When the last sweep was finished.
    pub swept_at: Option<DateTime<Utc>>,
    /// Where the webshop's feed goes on.
    pub shop_cursor: Option<Cursor>,
    /// When the marketplace's feed of returns was last asked.
    pub returns_at: Option<DateTime<Utc>>,
    /// Where the marketplace's feed of returns goes on.
    pub returns_cursor: Option<Cursor>,
    /// When the marketplace last answered well.
    pub marketplace_ok_at: Option<DateTime<Utc>>,
    /// When the webshop last answered well.
    pub shop_ok_at: Option<DateTime<Utc>>,
    /// What went wrong in the last cycle, by side.
    pub troubles: BTreeMap<String, String>,
    /// Sides whose platform asked for patience, by side.
    pub throttled: BTreeMap<String, Throttled>,
    /// How often each transporter brought a parcel of this seller, by country of delivery and by
    /// `transporter/format of the code` (`transporter` alone where the format is not known).
    pub carriers: BTreeMap<String, BTreeMap<String, u32>>,
    /// The connection is stopped until a person acts; why.
    pub paused: Option<String>,
}

/// A platform that asked for patience: it is left alone for a while, and then asked for one order
/// after another until it grants enough again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Throttled {
    /// Cycles in a row in which it did.
    pub times: u32,
    /// Until when it is left alone.
    pub until: DateTime<Utc>,
}

/// A connection as the store has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionRecord {
    /// Which.
    pub id: ConnectionId,
    /// When its next cycle is due.
    pub next_due: DateTime<Utc>,
    /// What it remembers.
    pub memo: Memo,
    /// Who works on it, until when.
    pub leased: Option<(String, DateTime<Utc>)>,
    /// A person stopped it; why. It is not claimed until it is let go on.
    pub stopped: Option<String>,
}

/// An order to write, with what to write beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The order. Its `version` is the one it was read at; 0 for a new one.
    pub order: Order,
    /// When it must be looked at again; `None` when nothing is left to do.
    pub next_due: Option<DateTime<Utc>>,
    /// Whether the content differs from what is stored.
    pub content_changed: bool,
    /// Lines for its history.
    pub notes: Vec<Note>,
    /// Lines for the effects' journal.
    pub effects: Vec<EffectRecord>,
    /// The time of all this.
    pub at: DateTime<Utc>,
}

/// What became of a [`Change`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// Written; the order now has this version.
    Saved(u64),
    /// Not written: the order was changed by somebody else in between.
    Stale,
}

/// Changes to write together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Orders.
    pub changes: Vec<Change>,
    /// The connection's memo, when it changes too.
    pub memo: Option<Memo>,
}

/// Asks for orders that are due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueQuery {
    /// Whose.
    pub connection: ConnectionId,
    /// Due at or before this.
    pub now: DateTime<Utc>,
    /// Also those due after this: nothing is ever put off that far, so the clock has jumped.
    pub horizon: DateTime<Utc>,
    /// At most so many, the longest due first.
    pub limit: usize,
    /// Go on after this one (the last of the page before).
    pub after: Option<(DateTime<Utc>, MarketplaceOrderId)>,
}

/// An order that is due, and since when.
#[derive(Clone, Debug, PartialEq)]
pub struct DueOrder {
    /// The order.
    pub order: Order,
    /// When it was to be looked at.
    pub due: DateTime<Utc>,
}

/// Asks for orders to show. What is set must hold all together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Whose; all when `None`.
    pub connection: Option<ConnectionId>,
    /// In one of these statuses; all when empty.
    pub status: Vec<Status>,
    /// Only those that need a person.
    pub needs_action: bool,
    /// Only those whose worst problem is of this kind.
    pub problem: Option<ProblemKind>,
    /// Only those of which something is being sent, or about to be.
    pub sending: bool,
    /// Only those whose buyer asks to cancel.
    pub cancel_asked: bool,
    /// Only those that are not handed over and must be by this time.
    pub deadline_until: Option<DateTime<Utc>>,
    /// Only those with an id of either side, a number or a T&T code in which a word begins with
    /// this text. Upper and lower case are the same, and white space does not count.
    pub text: Option<String>,
    /// At most so many, newest first.
    pub limit: usize,
    /// Go on after this key (the last of the page before). One that is not there is passed over.
    pub after: Option<OrderKey>,
    /// Go back to those right before this key (the first of the page after).
    pub before: Option<OrderKey>,
    /// Those at the end, the oldest; in the same order as all pages.
    pub last: bool,
}

impl OrderFilter {
    /// Counting orders that match a text stops here, so that it takes a bounded time.
    pub const TEXT_COUNT_LIMIT: u64 = 10_000;
}

/// How many orders there are of a kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// By status.
    pub by_status: BTreeMap<Status, u64>,
    /// That need a person.
    pub needs_action: u64,
    /// With something left to do.
    pub open: u64,
    /// By the kind of their worst problem.
    pub by_problem: BTreeMap<ProblemKind, u64>,
    /// Of which something is being sent, or about to be.
    pub sending: u64,
    /// Whose buyer asks to cancel.
    pub cancel_asked: u64,
    /// Grows with every write of an order: as long as it is the same, so are the orders.
    pub revision: u64,
}

/// Asks what happened over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityQuery {
    /// Whose; all when `None`.
    pub connection: Option<ConnectionId>,
    /// From the hour of this time on.
    pub since: DateTime<Utc>,
}

/// What happened in an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// When the hour began.
    pub hour: DateTime<Utc>,
    /// Orders seen for the first time.
    pub received: u64,
    /// Orders that became shipped.
    pub shipped: u64,
    /// Orders that began to need a person.
    pub troubled: u64,
}

/// A line of an order's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// How bad.
    pub level: Level,
    /// What.
    pub text: String,
}

/// A line of the effects' journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When it last changed.
    pub at: DateTime<Utc>,
    /// What.
    pub record: EffectRecord,
}

/// Keeps orders and connections. See the module for the contract.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait OrderStore: std::fmt::Debug + Send + Sync + 'static {
    /// Makes a connection known, due at `at`. Does nothing when it is known.
    async fn register(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error>;

    /// Every connection, by id.
    async fn connections(&self) -> Result<Vec<ConnectionRecord>, Error>;

    /// Takes a connection that is due and that nobody holds; the longest due first.
    async fn claim(&self, claim: Claim) -> Result<Option<Claimed>, Error>;

    /// Makes a lease longer. *Errors*: `Conflict` when it was taken over.
    async fn renew(&self, lease: Lease, until: DateTime<Utc>) -> Result<Lease, Error>;

    /// Gives a connection back, due again at `next_due`, with what it remembers now.
    /// A call from `wake` in between wins. *Errors*: `Conflict` when it was taken over.
    async fn release(&self, lease: Lease, memo: Memo, next_due: DateTime<Utc>)
    -> Result<(), Error>;

    /// Stops a connection, saying why, or lets it go on (`None`). While it is stopped nobody
    /// claims it; who holds it already comes to the end of the cycle.
    async fn stop(&self, connection: ConnectionId, why: Option<String>) -> Result<(), Error>;

    /// Makes a connection due at `at` if that is earlier than what it was.
    async fn wake(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error>;

    /// Writes a batch under a lease. One answer per change, in order.
    async fn commit(&self, lease: Lease, batch: Batch) -> Result<Vec<Committed>, Error>;

    /// Writes what a person did, without a lease: the version guards it.
    async fn amend(&self, change: Change) -> Result<Committed, Error>;

    /// Orders that are due, by due time and id.
    async fn due(&self, query: DueQuery) -> Result<Vec<DueOrder>, Error>;

    /// When the next order of a connection is due; `None` when nothing is left to do.
    async fn next_due(&self, connection: ConnectionId) -> Result<Option<DateTime<Utc>>, Error>;

    /// One order.
    async fn load(&self, key: OrderKey) -> Result<Option<Order>, Error>;

    /// The orders that exist of these.
    async fn load_many(
        &self,
        connection: ConnectionId,
        ids: Vec<MarketplaceOrderId>,
    ) -> Result<Vec<Order>, Error>;

    /// The orders linked to these webshop orders.
    async fn by_shop_ids(
        &self,
        connection: ConnectionId,
        ids: Vec<ShopOrderId>,
    ) -> Result<Vec<Order>, Error>;

    /// Orders to show, newest first.
    async fn list(&self, filter: OrderFilter) -> Result<Vec<Order>, Error>;

    /// How many orders match, whatever the filter's limit and place. With a text, at most
    /// [`OrderFilter::TEXT_COUNT_LIMIT`].
    async fn count(&self, filter: OrderFilter) -> Result<u64, Error>;

    /// What happened, hour by hour; hours in which nothing did are left out.
    async fn activity(&self, query: ActivityQuery) -> Result<Vec<Activity>, Error>;

    /// How many orders there are.
    async fn counts(&self, connection: Option<ConnectionId>) -> Result<Counts, Error>;

    /// An order's history, oldest first.
    async fn history(&self, key: OrderKey) -> Result<Vec<HistoryEntry>, Error>;

    /// An order's effects, oldest first.
    async fn journal(&self, key: OrderKey) -> Result<Vec<JournalEntry>, Error>;
}
