//! Finding and counting orders for an overview.

use order_core::error::{Error, Kind};
use order_core::ids::{ConnectionId, OrderKey};
use order_core::ports::{Activity, ActivityQuery, Counts, OrderFilter};
use order_core::state::Order;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension as _, ToSql, params};

use super::read::{ORDER, Raw, understood};
use super::thread::Fault;
use crate::filter::{self, Breadth, Condition, Dialect, Value};

const DIALECT: Dialect = Dialect {
    mark: '?',
    by_word: " AND o.rowid IN (SELECT order_rowid FROM words WHERE",
    with_word: " AND EXISTS (SELECT 1 FROM (SELECT value AS word FROM json_each(o.words)) WHERE",
    row: "o.rowid",
    stored: str::to_owned,
};

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Number(number) => number.to_sql(),
        }
    }
}

pub(super) fn list(db: &Connection, filter: &OrderFilter) -> Result<Vec<Order>, Fault> {
    match breadth(db, filter)? {
        Breadth::Narrow => list_all(db, filter, Breadth::Narrow),
        Breadth::Broad => bounded(db, SEARCH_STEPS, || list_all(db, filter, Breadth::Broad)),
    }
}

fn list_all(db: &Connection, filter: &OrderFilter, breadth: Breadth) -> Result<Vec<Order>, Fault> {
    let place = |key: &Option<OrderKey>| match key {
        Some(key) => place_of(db, key),
        None => Ok(None),
    };
    let (after, before) = (place(&filter.after)?, place(&filter.before)?);
    let backwards = filter.last || before.is_some();
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
            "{ORDER}, o.first_seen FROM ({}) AS page JOIN orders o ON o.rowid = page.row
             LEFT JOIN contents c ON c.order_rowid = o.rowid",
            condition.sql
        );
        let mut statement = db.prepare_cached(&sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(&condition.values), |row| {
            Ok((Raw::of(row)?, row.get::<_, i64>(6)?))
        })?;
        for row in rows {
            found.push(row?);
        }
    }
    let found = filter::merge(found, filter.limit, backwards, |(raw, seen)| {
        (*seen, raw.connection.clone(), raw.id.clone())
    });
    Ok(understood(found.into_iter().map(|(raw, _)| raw).collect()))
}

/// Steps of the database that a search for a text of very many orders may take: about half a
/// second, in which nobody else is served.
const SEARCH_STEPS: u32 = 20_000_000;
/// Steps between two looks at how many they were.
const STRIDE: u32 = 10_000;

/// Does what may take long, and gives up after so many steps.
fn bounded<T>(
    db: &Connection,
    steps: u32,
    work: impl FnOnce() -> Result<T, Fault>,
) -> Result<T, Fault> {
    let mut left = steps / STRIDE;
    let stride = i32::try_from(STRIDE).unwrap_or(i32::MAX);
    db.progress_handler(
        stride,
        Some(move || {
            left = left.saturating_sub(1);
            left == 0
        }),
    )?;
    let outcome = work();
    db.progress_handler(0, None::<fn() -> bool>)?;
    match outcome {
        Err(Fault::Database(error))
            if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) =>
        {
            let text = "very many orders have a text that begins like this";
            Err(Fault::Port(
                Error::not_applied(Kind::Timeout, text)
                    .with_advice("write more of the number, or choose a status"),
            ))
        }
        other => other,
    }
}

fn breadth(db: &Connection, filter: &OrderFilter) -> Result<Breadth, Fault> {
    let Some(condition) = Condition::breadth(DIALECT, filter) else {
        return Ok(Breadth::Narrow);
    };
    let words = db
        .prepare_cached(&condition.sql)?
        .query_row(rusqlite::params_from_iter(&condition.values), |row| {
            row.get(0)
        })?;
    Ok(filter::breadth(words))
}

fn place_of(db: &Connection, key: &OrderKey) -> Result<Option<filter::Place>, Fault> {
    let mut statement =
        db.prepare_cached("SELECT first_seen FROM orders WHERE connection = ?1 AND id = ?2")?;
    let (connection, id) = (key.connection.as_str(), key.order.as_str());
    let seen: Option<i64> = statement
        .query_row([connection, id], |row| row.get(0))
        .optional()?;
    Ok(seen.map(|seen| (seen, connection.to_owned(), id.to_owned())))
}

pub(super) fn count(db: &Connection, filter: &OrderFilter) -> Result<u64, Fault> {
    match breadth(db, filter)? {
        Breadth::Narrow => count_all(db, filter, Breadth::Narrow),
        Breadth::Broad => bounded(db, SEARCH_STEPS, || count_all(db, filter, Breadth::Broad)),
    }
}

fn count_all(db: &Connection, filter: &OrderFilter, breadth: Breadth) -> Result<u64, Fault> {
    let mut sum = 0;
    for status in filter::statuses(filter) {
        let mut condition = Condition::new(DIALECT, filter, status, breadth);
        let sql = if filter::is_tallied(filter) {
            format!(
                "SELECT coalesce(sum(count), 0) FROM tallies o {}",
                condition.sql
            )
        } else {
            if filter.text.is_some() {
                let limit = i64::try_from(OrderFilter::TEXT_COUNT_LIMIT).unwrap_or(i64::MAX);
                condition.limit(limit);
            }
            format!(
                "SELECT count(*) FROM (SELECT 1 FROM orders o {})",
                condition.sql
            )
        };
        let count: i64 = db
            .prepare_cached(&sql)?
            .query_row(rusqlite::params_from_iter(&condition.values), |row| {
                row.get(0)
            })?;
        sum += u64::try_from(count).unwrap_or_default();
    }
    Ok(filter::capped(filter, sum))
}

pub(super) fn counts(db: &Connection, connection: Option<&ConnectionId>) -> Result<Counts, Fault> {
    let wanted = connection.map(ConnectionId::as_str);
    let mut counts = Counts::default();
    let mut statement = db.prepare_cached(
        "SELECT status, needs_action, problem, sending, asked, open, count FROM tallies
         WHERE count > 0 AND (?1 IS NULL OR connection = ?1)",
    )?;
    let rows = statement.query_map([wanted], |row| {
        Ok((
            row.get::<_, String>(0)?,
            row.get::<_, String>(2)?,
            [row.get(1)?, row.get(3)?, row.get(4)?, row.get(5)?],
            row.get::<_, i64>(6)?,
        ))
    })?;
    for row in rows {
        let (status, problem, flags, count) = row?;
        filter::tally(&mut counts, &status, &problem, flags, count).map_err(Fault::Value)?;
    }
    let mut statement = db.prepare_cached(
        "SELECT coalesce(sum(number), 0) FROM revisions WHERE ?1 IS NULL OR connection = ?1",
    )?;
    let revision: i64 = statement.query_row([wanted], |row| row.get(0))?;
    counts.revision = u64::try_from(revision).unwrap_or_default();
    Ok(counts)
}

pub(super) fn activity(db: &Connection, query: &ActivityQuery) -> Result<Vec<Activity>, Fault> {
    let mut statement = db.prepare_cached(
        "SELECT hour, sum(received), sum(shipped), sum(troubled) FROM activity
         WHERE (?1 IS NULL OR connection = ?1) AND hour >= ?2 GROUP BY hour ORDER BY hour",
    )?;
    let wanted = query.connection.as_ref().map(ConnectionId::as_str);
    let rows = statement.query_map(params![wanted, filter::hour(query.since)], |row| {
        Ok(filter::activity([
            row.get(0)?,
            row.get(1)?,
            row.get(2)?,
            row.get(3)?,
        ]))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use order_core::error::Kind;
    use rusqlite::Connection;

    use super::{Fault, bounded};

    #[test]
    fn a_search_that_takes_too_long_is_given_up_and_the_next_one_is_not() {
        let db = Connection::open_in_memory().unwrap();
        let count = |rows: u32| {
            let sql = format!(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
                 SELECT count(*) FROM n"
            );
            bounded(&db, 100_000, || {
                let count: i64 = db.query_row(&sql, [], |row| row.get(0))?;
                Ok(count)
            })
        };
        let Err(Fault::Port(error)) = count(1_000_000) else {
            panic!("it must be given up");
        };
        assert_eq!(error.kind(), Kind::Timeout);
        assert!(error.advice().is_some());
        assert!(matches!(count(100), Ok(100)));
        let later: i64 = db.query_row("SELECT 7", [], |row| row.get(0)).unwrap();
        assert_eq!(later, 7);
    }
}
