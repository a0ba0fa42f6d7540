//! An [`OrderStore`] in memory: for tests, demonstrations and embedding without a disk.
//!
//! It keeps the contract of the port to the letter, except that nothing survives the process.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use crate::error::{Error, Kind};
use crate::ids::{ConnectionId, MarketplaceOrderId, OrderKey, ShopOrderId};
use crate::marks::search_key;
use crate::ports::{
    Activity, ActivityQuery, Batch, Change, Claim, Claimed, Committed, ConnectionRecord, Counts,
    DueOrder, DueQuery, HistoryEntry, JournalEntry, Lease, Memo, OrderFilter, OrderStore,
};
use crate::state::{Order, Status};

/// Orders and connections in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Mutex<Tables>,
}

#[derive(Debug, Default)]
struct Tables {
    /// Refuses nothing: a broken variant that the test suites must catch.
    lenient: bool,
    connections: BTreeMap<ConnectionId, Row>,
    orders: HashMap<OrderKey, Order>,
    due: BTreeSet<(ConnectionId, DateTime<Utc>, MarketplaceOrderId)>,
    due_of: HashMap<OrderKey, DateTime<Utc>>,
    by_shop: HashMap<(ConnectionId, ShopOrderId), OrderKey>,
    history: HashMap<OrderKey, Vec<HistoryEntry>>,
    journal: HashMap<OrderKey, Vec<JournalEntry>>,
    activity: BTreeMap<(ConnectionId, DateTime<Utc>), Activity>,
    writes: BTreeMap<ConnectionId, u64>,
}

#[derive(Debug)]
struct Row {
    next_due: DateTime<Utc>,
    woken: Option<DateTime<Utc>>,
    memo: Memo,
    owner: Option<String>,
    token: u64,
    until: DateTime<Utc>,
    stopped: Option<String>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A store that refuses no stale lease and no stale version. Broken on purpose, to show that
    /// the simulation catches it.
    #[cfg(feature = "testkit")]
    #[must_use]
    pub fn without_fence() -> Self {
        let store = Self::new();
        store.tables().lenient = true;
        store
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answer to a write under a lease that somebody else took over.
#[must_use]
pub fn lease_lost(lease: &Lease) -> Error {
    Error::not_applied(
        Kind::Conflict,
        format!(
            "the lease {} of connection {} was taken over",
            lease.token, lease.connection
        ),
    )
    .with_advice("nothing to do: another worker goes on from what was stored")
}

impl Tables {
    fn held(&mut self, lease: &Lease) -> Result<&mut Row, Error> {
        let lenient = self.lenient;
        self.connections
            .get_mut(&lease.connection)
            .filter(|row| {
                lenient || (row.token == lease.token && row.owner.as_ref() == Some(&lease.owner))
            })
            .ok_or_else(|| lease_lost(lease))
    }

    fn is_current(&self, change: &Change) -> bool {
        let stored = self
            .orders
            .get(&change.order.key)
            .map_or(0, |order| order.version);
        self.lenient || stored == change.order.version
    }

    fn write(&mut self, change: Change) -> u64 {
        let key = change.order.key.clone();
        let mut order = change.order;
        order.version += 1;
        let version = order.version;
        if let Some(before) = self.due_of.remove(&key) {
            self.due
                .remove(&(key.connection.clone(), before, key.order.clone()));
        }
        if let Some(due) = change.next_due {
            self.due_of.insert(key.clone(), due);
            self.due
                .insert((key.connection.clone(), due, key.order.clone()));
        }
        if let Some(link) = order.state.linked() {
            self.by_shop
                .insert((key.connection.clone(), link.id.clone()), key.clone());
        }
        let at = change.at;
        let history = self.history.entry(key.clone()).or_default();
        history.extend(change.notes.into_iter().map(|note| HistoryEntry {
            at,
            level: note.level,
            text: note.text,
        }));
        let journal = self.journal.entry(key.clone()).or_default();
        for record in change.effects {
            let same = |entry: &&mut JournalEntry| {
                entry.record.kind == record.kind && entry.record.attempt == record.attempt
            };
            match journal.iter_mut().find(same) {
                Some(entry) => *entry = JournalEntry { at, record },
                None => journal.push(JournalEntry { at, record }),
            }
        }
        self.count_activity(&order, at);
        *self.writes.entry(key.connection.clone()).or_default() += 1;
        self.orders.insert(key, order);
        version
    }

    fn count_activity(&mut self, order: &Order, at: DateTime<Utc>) {
        let before = self.orders.get(&order.key);
        let (time, received) = match before {
            None => (order.state.first_seen, true),
            Some(_) => (at, false),
        };
        let shipped = order.status() == Status::Shipped
            && before.is_some_and(|before| before.status() != Status::Shipped);
        let troubled = order.needs_action() && before.is_none_or(|before| !before.needs_action());
        if !(received || shipped || troubled) {
            return;
        }
        let hour = hour_of(time);
        let entry = self
            .activity
            .entry((order.key.connection.clone(), hour))
            .or_default();
        entry.hour = hour;
        entry.received += u64::from(received);
        entry.shipped += u64::from(shipped);
        entry.troubled += u64::from(troubled);
    }
}

/// When the hour of a time began.
fn hour_of(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)
}

#[async_trait]
impl OrderStore for MemoryStore {
    async fn register(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        self.tables()
            .connections
            .entry(connection)
            .or_insert_with(|| Row {
                next_due: at,
                woken: None,
                memo: Memo::default(),
                owner: None,
                token: 0,
                until: DateTime::<Utc>::MIN_UTC,
                stopped: None,
            });
        Ok(())
    }

    async fn connections(&self) -> Result<Vec<ConnectionRecord>, Error> {
        Ok(self
            .tables()
            .connections
            .iter()
            .map(|(id, row)| ConnectionRecord {
                id: id.clone(),
                next_due: row.next_due,
                memo: row.memo.clone(),
                leased: row.owner.clone().map(|owner| (owner, row.until)),
                stopped: row.stopped.clone(),
            })
            .collect())
    }

    async fn claim(&self, claim: Claim) -> Result<Option<Claimed>, Error> {
        let mut tables = self.tables();
        let free = |id: &ConnectionId, row: &Row| {
            (claim.connections.is_empty() || claim.connections.contains(id))
                && (claim.early || row.next_due <= claim.now)
                && (row.owner.is_none() || row.until < claim.now)
                && row.stopped.is_none()
        };
        let Some((id, row)) = tables
            .connections
            .iter_mut()
            .filter(|(id, row)| free(id, row))
            .min_by_key(|(_, row)| row.next_due)
        else {
            return Ok(None);
        };
        row.token += 1;
        row.owner = Some(claim.owner.clone());
        row.until = claim.now + claim.lease_for;
        row.woken = None;
        Ok(Some(Claimed {
            lease: Lease {
                connection: id.clone(),
                owner: claim.owner,
                token: row.token,
                until: row.until,
            },
            memo: row.memo.clone(),
        }))
    }

    async fn renew(&self, lease: Lease, until: DateTime<Utc>) -> Result<Lease, Error> {
        self.tables().held(&lease)?.until = until;
        Ok(Lease { until, ..lease })
    }

    async fn release(
        &self,
        lease: Lease,
        memo: Memo,
        next_due: DateTime<Utc>,
    ) -> Result<(), Error> {
        let mut tables = self.tables();
        let row = tables.held(&lease)?;
        row.memo = memo;
        row.next_due = row
            .woken
            .take()
            .map_or(next_due, |woken| woken.min(next_due));
        row.owner = None;
        Ok(())
    }

    async fn stop(&self, connection: ConnectionId, why: Option<String>) -> Result<(), Error> {
        if let Some(row) = self.tables().connections.get_mut(&connection) {
            row.stopped = why;
        }
        Ok(())
    }

    async fn wake(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        if let Some(row) = self.tables().connections.get_mut(&connection) {
            row.next_due = row.next_due.min(at);
            row.woken = Some(row.woken.map_or(at, |woken| woken.min(at)));
        }
        Ok(())
    }

    async fn commit(&self, lease: Lease, batch: Batch) -> Result<Vec<Committed>, Error> {
        let mut tables = self.tables();
        tables.held(&lease)?;
        let all_current = batch.changes.iter().all(|change| tables.is_current(change));
        if batch.memo.is_some() && !all_current {
            return Ok(batch
                .changes
                .iter()
                .map(|change| {
                    if tables.is_current(change) {
                        Committed::Saved(change.order.version)
                    } else {
                        Committed::Stale
                    }
                })
                .collect());
        }
        if let Some(memo) = batch.memo {
            tables.held(&lease)?.memo = memo;
        }
        Ok(batch
            .changes
            .into_iter()
            .map(|change| {
                if tables.is_current(&change) {
                    Committed::Saved(tables.write(change))
                } else {
                    Committed::Stale
                }
            })
            .collect())
    }

    async fn amend(&self, change: Change) -> Result<Committed, Error> {
        let mut tables = self.tables();
        if !tables.is_current(&change) {
            return Ok(Committed::Stale);
        }
        Ok(Committed::Saved(tables.write(change)))
    }

    async fn due(&self, query: DueQuery) -> Result<Vec<DueOrder>, Error> {
        let tables = self.tables();
        let first = (
            query.connection.clone(),
            DateTime::<Utc>::MIN_UTC,
            "".into(),
        );
        let is_after = |at: &DateTime<Utc>, id: &MarketplaceOrderId| {
            query
                .after
                .as_ref()
                .is_none_or(|(due, key)| (at, id) > (due, key))
        };
        Ok(tables
            .due
            .range(first..)
            .take_while(|(connection, ..)| *connection == query.connection)
            .filter(|(_, at, id)| (*at <= query.now || *at > query.horizon) && is_after(at, id))
            .take(query.limit)
            .filter_map(|(connection, at, id)| {
                let key = OrderKey::new(connection.clone(), id.clone());
                let order = tables.orders.get(&key)?.clone();
                Some(DueOrder { order, due: *at })
            })
            .collect())
    }

    async fn next_due(&self, connection: ConnectionId) -> Result<Option<DateTime<Utc>>, Error> {
        let tables = self.tables();
        let first = (connection.clone(), DateTime::<Utc>::MIN_UTC, "".into());
        Ok(tables
            .due
            .range(first..)
            .next()
            .filter(|(id, ..)| *id == connection)
            .map(|(_, at, _)| *at))
    }

    async fn load(&self, key: OrderKey) -> Result<Option<Order>, Error> {
        Ok(self.tables().orders.get(&key).cloned())
    }

    async fn load_many(
        &self,
        connection: ConnectionId,
        ids: Vec<MarketplaceOrderId>,
    ) -> Result<Vec<Order>, Error> {
        let tables = self.tables();
        Ok(ids
            .into_iter()
            .filter_map(|id| {
                tables
                    .orders
                    .get(&OrderKey::new(connection.clone(), id))
                    .cloned()
            })
            .collect())
    }

    async fn by_shop_ids(
        &self,
        connection: ConnectionId,
        ids: Vec<ShopOrderId>,
    ) -> Result<Vec<Order>, Error> {
        let tables = self.tables();
        Ok(ids
            .into_iter()
            .filter_map(|id| {
                let key = tables.by_shop.get(&(connection.clone(), id))?;
                tables.orders.get(key).cloned()
            })
            .collect())
    }

    async fn list(&self, filter: OrderFilter) -> Result<Vec<Order>, Error> {
        let tables = self.tables();
        let sort_key =
            |order: &Order| (std::cmp::Reverse(order.state.first_seen), order.key.clone());
        let mut orders: Vec<&Order> = tables
            .orders
            .values()
            .filter(|order| matches(order, &filter))
            .collect();
        orders.sort_by_key(|order| sort_key(order));
        let place = |key: &Option<OrderKey>| {
            key.as_ref()
                .and_then(|key| tables.orders.get(key))
                .map(sort_key)
        };
        let start = place(&filter.after).map_or(0, |last| {
            orders.partition_point(|order| sort_key(order) <= last)
        });
        let end = place(&filter.before).map_or(orders.len(), |first| {
            orders.partition_point(|order| sort_key(order) < first)
        });
        let between = orders.get(start..end).unwrap_or_default();
        let page = if filter.last || place(&filter.before).is_some() {
            between.get(between.len().saturating_sub(filter.limit)..)
        } else {
            between.get(..filter.limit.min(between.len()))
        };
        Ok(page
            .unwrap_or_default()
            .iter()
            .map(|order| (*order).clone())
            .collect())
    }

    async fn count(&self, filter: OrderFilter) -> Result<u64, Error> {
        let tables = self.tables();
        let count = tables
            .orders
            .values()
            .filter(|order| matches(order, &filter))
            .count();
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        Ok(match filter.text.as_deref().and_then(search_key) {
            Some(_) => count.min(OrderFilter::TEXT_COUNT_LIMIT),
            None => count,
        })
    }

    async fn activity(&self, query: ActivityQuery) -> Result<Vec<Activity>, Error> {
        let first = hour_of(query.since);
        let mut hours: BTreeMap<DateTime<Utc>, Activity> = BTreeMap::new();
        for ((connection, hour), entry) in &self.tables().activity {
            let wanted = query.connection.as_ref().is_none_or(|id| id == connection);
            if wanted && *hour >= first {
                let sum = hours.entry(*hour).or_default();
                sum.hour = *hour;
                sum.received += entry.received;
                sum.shipped += entry.shipped;
                sum.troubled += entry.troubled;
            }
        }
        Ok(hours.into_values().collect())
    }

    async fn counts(&self, connection: Option<ConnectionId>) -> Result<Counts, Error> {
        let tables = self.tables();
        let mut counts = Counts::default();
        for (key, order) in &tables.orders {
            if connection
                .as_ref()
                .is_some_and(|wanted| *wanted != key.connection)
            {
                continue;
            }
            let marks = order.marks();
            *counts.by_status.entry(marks.status).or_default() += 1;
            counts.needs_action += u64::from(marks.needs_action);
            counts.open += u64::from(tables.due_of.contains_key(key));
            if let Some(problem) = marks.problem {
                *counts.by_problem.entry(problem).or_default() += 1;
            }
            counts.sending += u64::from(marks.sending);
            counts.cancel_asked += u64::from(marks.cancel_asked);
        }
        counts.revision = tables
            .writes
            .iter()
            .filter(|(id, _)| connection.as_ref().is_none_or(|wanted| wanted == *id))
            .map(|(_, writes)| writes)
            .sum();
        Ok(counts)
    }

    async fn history(&self, key: OrderKey) -> Result<Vec<HistoryEntry>, Error> {
        Ok(self.tables().history.get(&key).cloned().unwrap_or_default())
    }

    async fn journal(&self, key: OrderKey) -> Result<Vec<JournalEntry>, Error> {
        Ok(self.tables().journal.get(&key).cloned().unwrap_or_default())
    }
}

fn matches(order: &Order, filter: &OrderFilter) -> bool {
    let marks = order.marks();
    filter
        .connection
        .as_ref()
        .is_none_or(|wanted| *wanted == order.key.connection)
        && (filter.status.is_empty() || filter.status.contains(&marks.status))
        && (!filter.needs_action || marks.needs_action)
        && (filter.problem.is_none() || filter.problem == marks.problem)
        && (!filter.sending || marks.sending)
        && (!filter.cancel_asked || marks.cancel_asked)
        && filter
            .deadline_until
            .is_none_or(|until| marks.deadline.is_some_and(|deadline| deadline <= until))
        && filter
            .text
            .as_deref()
            .and_then(search_key)
            .is_none_or(|key| order.search_words().iter().any(|w| w.starts_with(&key)))
}
