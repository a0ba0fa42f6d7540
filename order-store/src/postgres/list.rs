//! Finding and counting orders for an overview.

use order_core::ids::{ConnectionId, OrderKey};
use order_core::ports::{Activity, ActivityQuery, Counts, OrderFilter};
use order_core::state::Order;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::fault::Fault;
use super::read::{order, rows, understood};
use super::session::Session;
use super::text::stored;
use crate::filter::{self, Breadth, Condition, Dialect, Value};

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
    let backwards = filter.last || before.is_some();
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
        condition.page(filter.limit, backwards);
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
    let found = filter::merge(found, filter.limit, backwards, |(place, _)| place.clone());
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
