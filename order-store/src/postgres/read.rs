//! Everything that reads the database.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use order_core::ids::{ConnectionId, MarketplaceOrderId, OrderKey, ShopOrderId};
use order_core::lifecycle::{EffectRecord, EffectStatus, Level};
use order_core::ports::{ConnectionRecord, DueOrder, DueQuery, HistoryEntry, JournalEntry};
use order_core::state::Order;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::fault::Fault;
use super::session::Session;
use super::text::{original, stored};
use super::{micros, time};

/// A query of orders: what every one of them selects, and then where and how.
macro_rules! orders {
    ($rest:literal) => {
        concat!(
            "SELECT o.connection, o.id, o.version, o.state, c.body, o.next_due
             FROM orders o LEFT JOIN contents c ON c.order_number = o.number ",
            $rest
        )
    };
}

pub(super) async fn rows(
    session: &Session,
    sql: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Fault> {
    let statement = session.prepare_cached(sql).await?;
    Ok(session.query(&statement, values).await?)
}

pub(super) fn order(row: &Row) -> Result<Order, Fault> {
    let body: Option<&[u8]> = row.try_get(4)?;
    let content = match body {
        Some(body) => Some(Arc::new(serde_json::from_slice(body)?)),
        None => None,
    };
    let version: i64 = row.try_get(2)?;
    Ok(Order {
        key: OrderKey::new(original(row.try_get(0)?), original(row.try_get(1)?)),
        version: u64::try_from(version).unwrap_or_default(),
        content,
        state: serde_json::from_slice(row.try_get(3)?)?,
    })
}

/// The orders that can be understood. One that cannot is left out and logged: one bad order stops
/// nothing.
pub(super) fn understood<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, Fault>) -> Vec<T> {
    rows.iter()
        .filter_map(|row| {
            read(row)
                .inspect_err(|fault| {
                    let connection: String = row.try_get(0).unwrap_or_default();
                    let id: String = row.try_get(1).unwrap_or_default();
                    tracing::error!(
                        connection,
                        order = id,
                        ?fault,
                        "a stored order cannot be understood"
                    );
                })
                .ok()
        })
        .collect()
}

fn at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) async fn connections(session: &Session) -> Result<Vec<ConnectionRecord>, Fault> {
    let rows = rows(
        session,
        "SELECT id, next_due, memo, owner, until, stopped FROM connections ORDER BY id",
        &[],
    )
    .await?;
    rows.iter()
        .map(|row| {
            let owner: Option<String> = row.try_get(3)?;
            let until: i64 = row.try_get(4)?;
            Ok(ConnectionRecord {
                id: ConnectionId::from(original(row.try_get(0)?)),
                next_due: time(row.try_get(1)?),
                memo: serde_json::from_slice(row.try_get(2)?)?,
                leased: owner.map(|owner| (original(owner), time(until))),
                stopped: row.try_get::<_, Option<String>>(5)?.map(original),
            })
        })
        .collect()
}

pub(super) async fn due(session: &Session, query: &DueQuery) -> Result<Vec<DueOrder>, Fault> {
    let connection = stored(query.connection.as_str());
    let (after_due, after_id) = match &query.after {
        Some((due, id)) => (micros(*due), stored(id.as_str())),
        None => (i64::MIN, String::new()),
    };
    let limit = at_most(query.limit);
    let mut found = rows(
        session,
        orders!(
            "WHERE o.connection = $1 AND o.next_due IS NOT NULL AND o.next_due <= $2
               AND (o.next_due, o.id) > ($3, $4) ORDER BY o.next_due, o.id LIMIT $5"
        ),
        &[
            &connection,
            &micros(query.now),
            &after_due,
            &after_id,
            &limit,
        ],
    )
    .await?;
    let left = limit - at_most(found.len());
    if left > 0 {
        found.extend(
            rows(
                session,
                orders!(
                    "WHERE o.connection = $1 AND o.next_due IS NOT NULL AND o.next_due > $2
                       AND (o.next_due, o.id) > ($3, $4) ORDER BY o.next_due, o.id LIMIT $5"
                ),
                &[
                    &connection,
                    &micros(query.horizon),
                    &after_due,
                    &after_id,
                    &left,
                ],
            )
            .await?,
        );
    }
    Ok(understood(&found, |row| {
        Ok(DueOrder {
            order: order(row)?,
            due: time(row.try_get(5)?),
        })
    }))
}

pub(super) async fn next_due(
    session: &Session,
    connection: &ConnectionId,
) -> Result<Option<DateTime<Utc>>, Fault> {
    let rows = rows(
        session,
        "SELECT next_due FROM orders WHERE connection = $1 AND next_due IS NOT NULL
         ORDER BY next_due LIMIT 1",
        &[&stored(connection.as_str())],
    )
    .await?;
    match rows.first() {
        Some(row) => Ok(Some(time(row.try_get(0)?))),
        None => Ok(None),
    }
}

pub(super) async fn load_many(
    session: &Session,
    connection: &ConnectionId,
    ids: &[MarketplaceOrderId],
) -> Result<Vec<Order>, Fault> {
    let ids: Vec<String> = ids.iter().map(|id| stored(id.as_str())).collect();
    let rows = rows(
        session,
        orders!("WHERE o.connection = $1 AND o.id = ANY ($2)"),
        &[&stored(connection.as_str()), &ids],
    )
    .await?;
    rows.iter().map(order).collect()
}

pub(super) async fn by_shop_ids(
    session: &Session,
    connection: &ConnectionId,
    ids: &[ShopOrderId],
) -> Result<Vec<Order>, Fault> {
    let ids: Vec<String> = ids.iter().map(|id| stored(id.as_str())).collect();
    let rows = rows(
        session,
        orders!("WHERE o.connection = $1 AND o.shop_id = ANY ($2)"),
        &[&stored(connection.as_str()), &ids],
    )
    .await?;
    Ok(understood(&rows, order))
}

/// Orders by their number, with those that cannot be understood as `None`.
pub(super) async fn some_by_number(
    transaction: &Transaction<'_>,
    after: i64,
    limit: i64,
) -> Result<Vec<(i64, Option<Order>)>, Fault> {
    let rows = transaction
        .query(
            "SELECT o.connection, o.id, o.version, o.state, c.body, o.number
             FROM orders o LEFT JOIN contents c ON c.order_number = o.number
             WHERE o.number > $1 ORDER BY o.number LIMIT $2",
            &[&after, &limit],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(5)?, order(row).ok())))
        .collect()
}

pub(super) fn level_text(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    }
}

pub(super) async fn history(session: &Session, key: &OrderKey) -> Result<Vec<HistoryEntry>, Fault> {
    let rows = rows(
        session,
        "SELECT e.at, e.level, e.text FROM events e JOIN orders o ON o.number = e.order_number
         WHERE o.connection = $1 AND o.id = $2 ORDER BY e.number",
        &[
            &stored(key.connection.as_str()),
            &stored(key.order.as_str()),
        ],
    )
    .await?;
    rows.iter()
        .map(|row| {
            let level: &str = row.try_get(1)?;
            Ok(HistoryEntry {
                at: time(row.try_get(0)?),
                level: match level {
                    "info" => Level::Info,
                    "warning" => Level::Warning,
                    _ => Level::Error,
                },
                text: original(row.try_get(2)?),
            })
        })
        .collect()
}

pub(super) async fn journal(session: &Session, key: &OrderKey) -> Result<Vec<JournalEntry>, Fault> {
    let rows = rows(
        session,
        "SELECT f.at, f.kind, f.attempt, f.reference, f.status
         FROM effects f JOIN orders o ON o.number = f.order_number
         WHERE o.connection = $1 AND o.id = $2 ORDER BY f.number",
        &[
            &stored(key.connection.as_str()),
            &stored(key.order.as_str()),
        ],
    )
    .await?;
    rows.iter()
        .map(|row| {
            let status: &str = row.try_get(4)?;
            let attempt: i64 = row.try_get(2)?;
            Ok(JournalEntry {
                at: time(row.try_get(0)?),
                record: EffectRecord {
                    kind: original(row.try_get(1)?),
                    attempt: u32::try_from(attempt).unwrap_or(u32::MAX),
                    reference: original(row.try_get(3)?),
                    status: match status {
                        "done" => EffectStatus::Done,
                        "not_applied" => EffectStatus::NotApplied,
                        "rejected" => EffectStatus::Rejected,
                        _ => EffectStatus::Open,
                    },
                },
            })
        })
        .collect()
}
