//! Everything that reads the database.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use order_core::ids::{ConnectionId, MarketplaceOrderId, OrderKey, ShopOrderId};
use order_core::lifecycle::{EffectRecord, EffectStatus, Level};
use order_core::ports::{
    Activity, ActivityQuery, ConnectionRecord, Counts, DueOrder, DueQuery, HistoryEntry,
    JournalEntry, OrderFilter,
};
use order_core::state::Order;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::fault::Fault;
use super::session::Session;
use super::text::{original, stored};
use super::{micros, time};
use crate::filter::{self, Breadth, Condition, Dialect, Value};

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

async fn rows(
    session: &Session,
    sql: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Vec<Row>, Fault> {
    let statement = session.prepare_cached(sql).await?;
    Ok(session.query(&statement, values).await?)
}

fn order(row: &Row) -> Result<Order, Fault> {
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
fn understood<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, Fault>) -> Vec<T> {
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

const DIALECT: Dialect = Dialect {
    mark: '$',
    by_word: " AND o.number IN (SELECT order_number FROM words WHERE",
    with_word: " AND EXISTS (SELECT 1 FROM unnest(o.words) AS w (word) WHERE",
    row: "o.number",
    stored,
};

fn values(condition: &Condition) -> Vec<&(dyn ToSql + Sync)> {
    condition
        .values
        .iter()
        .map(|value| match value {
            Value::Text(text) => text as &(dyn ToSql + Sync),
            Value::Number(number) => number,
        })
        .collect()
}

pub(super) async fn list(session: &Session, filter: &OrderFilter) -> Result<Vec<Order>, Fault> {
    let after = place_of(session, filter.after.as_ref()).await?;
    let before = place_of(session, filter.before.as_ref()).await?;
    let breadth = breadth(session, filter).await?;
    let mut found = Vec::new();
    for status in filter::statuses(filter) {
        let mut condition = Condition::new(DIALECT, filter, status, breadth);
        if let Some(place) = &after {
            condition.after(place.clone());
        }
        if let Some(place) = &before {
            condition.before(place.clone());
        }
        condition.page(filter.limit, before.is_some());
        let sql = format!(
            "SELECT o.connection, o.id, o.version, o.state, c.body, o.next_due, o.first_seen
             FROM ({}) AS page JOIN orders o ON o.number = page.row
             LEFT JOIN contents c ON c.order_number = o.number",
            condition.sql
        );
        for row in rows(session, &sql, &values(&condition)).await? {
            found.push(((row.try_get(6)?, row.try_get(0)?, row.try_get(1)?), row));
        }
    }
    let found = filter::merge(found, filter.limit, before.is_some(), |(place, _)| {
        place.clone()
    });
    let rows: Vec<Row> = found.into_iter().map(|(_, row)| row).collect();
    Ok(understood(&rows, order))
}

async fn breadth(session: &Session, filter: &OrderFilter) -> Result<Breadth, Fault> {
    let Some(condition) = Condition::breadth(DIALECT, filter) else {
        return Ok(Breadth::Narrow);
    };
    let rows = rows(session, &condition.sql, &values(&condition)).await?;
    match rows.first() {
        Some(row) => Ok(filter::breadth(row.try_get(0)?)),
        None => Ok(Breadth::Narrow),
    }
}

async fn place_of(
    session: &Session,
    key: Option<&OrderKey>,
) -> Result<Option<filter::Place>, Fault> {
    let Some(key) = key else { return Ok(None) };
    let (connection, id) = (stored(key.connection.as_str()), stored(key.order.as_str()));
    let rows = rows(
        session,
        "SELECT first_seen FROM orders WHERE connection = $1 AND id = $2",
        &[&connection, &id],
    )
    .await?;
    match rows.first() {
        Some(row) => Ok(Some((row.try_get(0)?, connection, id))),
        None => Ok(None),
    }
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

pub(super) async fn count(session: &Session, filter: &OrderFilter) -> Result<u64, Fault> {
    let breadth = breadth(session, filter).await?;
    let mut sum = 0;
    for status in filter::statuses(filter) {
        let mut condition = Condition::new(DIALECT, filter, status, breadth);
        let sql = if filter::is_tallied(filter) {
            format!(
                "SELECT coalesce(sum(count), 0)::bigint FROM tallies o {}",
                condition.sql
            )
        } else {
            if filter.text.is_some() {
                let limit = i64::try_from(OrderFilter::TEXT_COUNT_LIMIT).unwrap_or(i64::MAX);
                condition.limit(limit);
            }
            format!(
                "SELECT count(*) FROM (SELECT 1 FROM orders o {}) AS found",
                condition.sql
            )
        };
        for row in rows(session, &sql, &values(&condition)).await? {
            sum += u64::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default();
        }
    }
    Ok(filter::capped(filter, sum))
}

pub(super) async fn counts(
    session: &Session,
    connection: Option<&ConnectionId>,
) -> Result<Counts, Fault> {
    let wanted = connection.map(|id| stored(id.as_str()));
    let tallies = rows(
        session,
        "SELECT status, needs_action, problem, sending, asked, open, count FROM tallies
         WHERE count > 0 AND ($1::text IS NULL OR connection = $1)",
        &[&wanted],
    )
    .await?;
    let mut counts = Counts::default();
    for row in &tallies {
        let flags = [
            row.try_get(1)?,
            row.try_get(3)?,
            row.try_get(4)?,
            row.try_get(5)?,
        ];
        filter::tally(
            &mut counts,
            row.try_get(0)?,
            row.try_get(2)?,
            flags,
            row.try_get(6)?,
        )
        .map_err(Fault::Value)?;
    }
    let revisions = rows(
        session,
        "SELECT coalesce(sum(number), 0)::bigint FROM revisions
         WHERE $1::text IS NULL OR connection = $1",
        &[&wanted],
    )
    .await?;
    for row in &revisions {
        counts.revision = u64::try_from(row.try_get::<_, i64>(0)?).unwrap_or_default();
    }
    Ok(counts)
}

pub(super) async fn activity(
    session: &Session,
    query: &ActivityQuery,
) -> Result<Vec<Activity>, Fault> {
    let wanted = query.connection.as_ref().map(|id| stored(id.as_str()));
    let rows = rows(
        session,
        "SELECT hour, sum(received)::bigint, sum(shipped)::bigint, sum(troubled)::bigint
         FROM activity WHERE ($1::text IS NULL OR connection = $1) AND hour >= $2
         GROUP BY hour ORDER BY hour",
        &[&wanted, &filter::hour(query.since)],
    )
    .await?;
    rows.iter()
        .map(|row| {
            Ok(filter::activity([
                row.try_get(0)?,
                row.try_get(1)?,
                row.try_get(2)?,
                row.try_get(3)?,
            ]))
        })
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
