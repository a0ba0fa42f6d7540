//! Everything that reads the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use order_core::ids::{ConnectionId, MarketplaceOrderId, OrderKey, ShopOrderId};
use order_core::lifecycle::{EffectRecord, EffectStatus, Level};
use order_core::ports::{ConnectionRecord, DueOrder, DueQuery, HistoryEntry, JournalEntry};
use order_core::state::Order;
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};

use super::thread::Fault;
use super::{micros, time};

/// What every query of orders selects, in this order.
pub(super) const ORDER: &str = "SELECT o.connection, o.id, o.version, o.state, c.body, o.next_due";
/// Where it is.
const JOIN: &str = "FROM orders o LEFT JOIN contents c ON c.order_rowid = o.rowid";

/// An order as its row has it, before its texts are understood.
pub(super) struct Raw {
    pub(super) connection: String,
    pub(super) id: String,
    version: i64,
    state: String,
    body: Option<String>,
    next_due: Option<i64>,
}

impl Raw {
    pub(super) fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            connection: row.get(0)?,
            id: row.get(1)?,
            version: row.get(2)?,
            state: row.get(3)?,
            body: row.get(4)?,
            next_due: row.get(5)?,
        })
    }

    fn order(self) -> Result<Order, Fault> {
        let content = match &self.body {
            Some(body) => Some(Arc::new(serde_json::from_str(body)?)),
            None => None,
        };
        Ok(Order {
            key: OrderKey::new(self.connection, self.id),
            version: u64::try_from(self.version).unwrap_or_default(),
            content,
            state: serde_json::from_str(&self.state)?,
        })
    }
}

/// Runs a query of orders. A row that cannot be understood is left out and logged: one bad
/// order stops nothing.
fn orders(db: &Connection, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<Raw>, Fault> {
    let mut statement = db.prepare_cached(sql)?;
    let rows = statement.query_map(values, Raw::of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn understood(rows: Vec<Raw>) -> Vec<Order> {
    rows.into_iter()
        .filter_map(|raw| {
            let name = format!("{}/{}", raw.connection, raw.id);
            match raw.order() {
                Ok(order) => Some(order),
                Err(fault) => {
                    tracing::error!(order = name, ?fault, "a stored order cannot be understood");
                    None
                }
            }
        })
        .collect()
}

pub(super) fn connections(db: &Connection) -> Result<Vec<ConnectionRecord>, Fault> {
    let mut statement = db.prepare_cached(
        "SELECT id, next_due, memo, owner, until, stopped FROM connections ORDER BY id",
    )?;
    let rows = statement.query_map([], |row| {
        let owner: Option<String> = row.get(3)?;
        let until: i64 = row.get(4)?;
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, String>(2)?,
            owner,
            until,
            row.get::<_, Option<String>>(5)?,
        ))
    })?;
    let mut connections = Vec::new();
    for row in rows {
        let (id, next_due, memo, owner, until, stopped) = row?;
        connections.push(ConnectionRecord {
            id: ConnectionId::from(id),
            next_due: time(next_due),
            memo: serde_json::from_str(&memo)?,
            leased: owner.map(|owner| (owner, time(until))),
            stopped,
        });
    }
    Ok(connections)
}

pub(super) fn due(db: &Connection, query: &DueQuery) -> Result<Vec<DueOrder>, Fault> {
    let (after_due, after_id) = match &query.after {
        Some((due, id)) => (micros(*due), id.as_str()),
        None => (i64::MIN, ""),
    };
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    let sql = |range: &str| {
        format!(
            "{ORDER} {JOIN} WHERE o.connection = ?1 AND o.next_due IS NOT NULL AND {range}
             AND (o.next_due, o.id) > (?3, ?4) ORDER BY o.next_due, o.id LIMIT ?5"
        )
    };
    let connection = query.connection.as_str();
    let mut rows = orders(
        db,
        &sql("o.next_due <= ?2"),
        &[
            &connection,
            &micros(query.now),
            &after_due,
            &after_id,
            &limit,
        ],
    )?;
    let left = limit - i64::try_from(rows.len()).unwrap_or(limit);
    if left > 0 {
        rows.extend(orders(
            db,
            &sql("o.next_due > ?2"),
            &[
                &connection,
                &micros(query.horizon),
                &after_due,
                &after_id,
                &left,
            ],
        )?);
    }
    let due_times: BTreeMap<String, i64> = rows
        .iter()
        .map(|raw| (raw.id.clone(), raw.next_due.unwrap_or_default()))
        .collect();
    Ok(understood(rows)
        .into_iter()
        .map(|order| {
            let due = due_times
                .get(order.key.order.as_str())
                .copied()
                .unwrap_or_default();
            DueOrder {
                order,
                due: time(due),
            }
        })
        .collect())
}

pub(super) fn next_due(
    db: &Connection,
    connection: &ConnectionId,
) -> Result<Option<DateTime<Utc>>, Fault> {
    let mut statement = db.prepare_cached(
        "SELECT next_due FROM orders WHERE connection = ?1 AND next_due IS NOT NULL
         ORDER BY next_due LIMIT 1",
    )?;
    let due: Option<i64> = statement
        .query_row([connection.as_str()], |row| row.get(0))
        .optional()?;
    Ok(due.map(time))
}

pub(super) fn load(db: &Connection, key: &OrderKey) -> Result<Option<Order>, Fault> {
    let sql = format!("{ORDER} {JOIN} WHERE o.connection = ?1 AND o.id = ?2");
    let rows = orders(db, &sql, &[&key.connection.as_str(), &key.order.as_str()])?;
    rows.into_iter().next().map(Raw::order).transpose()
}

pub(super) fn load_many(
    db: &Connection,
    connection: &ConnectionId,
    ids: &[MarketplaceOrderId],
) -> Result<Vec<Order>, Fault> {
    let sql = format!(
        "{ORDER} {JOIN} WHERE o.connection = ?1 AND o.id IN (SELECT value FROM json_each(?2))"
    );
    let rows = orders(
        db,
        &sql,
        &[&connection.as_str(), &serde_json::to_string(ids)?],
    )?;
    rows.into_iter().map(Raw::order).collect()
}

pub(super) fn by_shop_ids(
    db: &Connection,
    connection: &ConnectionId,
    ids: &[ShopOrderId],
) -> Result<Vec<Order>, Fault> {
    let sql = format!(
        "{ORDER} {JOIN} WHERE o.connection = ?1 AND o.shop_id IN (SELECT value FROM json_each(?2))"
    );
    let rows = orders(
        db,
        &sql,
        &[&connection.as_str(), &serde_json::to_string(ids)?],
    )?;
    Ok(understood(rows))
}

/// Orders by the number of their row, with those that cannot be understood as `None`.
pub(super) fn some_by_row(
    db: &Connection,
    after: i64,
    limit: i64,
) -> rusqlite::Result<Vec<(i64, Option<Order>)>> {
    let sql = format!("{ORDER}, o.rowid {JOIN} WHERE o.rowid > ?1 ORDER BY o.rowid LIMIT ?2");
    let mut statement = db.prepare_cached(&sql)?;
    let rows = statement.query_map([after, limit], |row| {
        Ok((row.get::<_, i64>(6)?, Raw::of(row)?.order().ok()))
    })?;
    rows.collect()
}

pub(super) fn level_text(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

pub(super) fn history(db: &Connection, key: &OrderKey) -> Result<Vec<HistoryEntry>, Fault> {
    let mut statement = db.prepare_cached(
        "SELECT e.at, e.level, e.text FROM events e JOIN orders o ON o.rowid = e.order_rowid
         WHERE o.connection = ?1 AND o.id = ?2 ORDER BY e.rowid",
    )?;
    let values = params![key.connection.as_str(), key.order.as_str()];
    let rows = statement.query_map(values, |row| {
        let level: String = row.get(1)?;
        Ok(HistoryEntry {
            at: time(row.get(0)?),
            level: match level.as_str() {
                "info" => Level::Info,
                "warning" => Level::Warning,
                _ => Level::Error,
            },
            text: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn journal(db: &Connection, key: &OrderKey) -> Result<Vec<JournalEntry>, Fault> {
    let mut statement = db.prepare_cached(
        "SELECT f.at, f.kind, f.attempt, f.reference, f.status
         FROM effects f JOIN orders o ON o.rowid = f.order_rowid
         WHERE o.connection = ?1 AND o.id = ?2 ORDER BY f.rowid",
    )?;
    let values = params![key.connection.as_str(), key.order.as_str()];
    let rows = statement.query_map(values, |row| {
        let status: String = row.get(4)?;
        Ok(JournalEntry {
            at: time(row.get(0)?),
            record: EffectRecord {
                kind: row.get(1)?,
                attempt: row.get(2)?,
                reference: row.get(3)?,
                status: match status.as_str() {
                    "done" => EffectStatus::Done,
                    "not_applied" => EffectStatus::NotApplied,
                    "rejected" => EffectStatus::Rejected,
                    _ => EffectStatus::Open,
                },
            },
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
