//! The part of a query that picks orders: put together from fixed pieces, its values apart.
//!
//! # Invariants
//!
//! No value of a caller ever becomes part of the text of a query.
//!
//! What is not asked for leaves no trace in the text, so that the database can use the index
//! made for what is.

use chrono::{DateTime, Utc};
use order_core::marks::search_key;
use order_core::ports::{Activity, Counts, OrderFilter};
use order_core::state::Status;

/// How a database writes what differs.
#[derive(Clone, Copy)]
pub(crate) struct Dialect {
    /// What stands before the number of a value.
    pub(crate) mark: char,
    /// Before the two values: the orders that have a word between them, from the table of words.
    pub(crate) by_word: &'static str,
    /// The same, from the words that every order has beside it.
    pub(crate) with_word: &'static str,
    /// The number of an order's row.
    pub(crate) row: &'static str,
    /// A text as it is stored.
    pub(crate) stored: fn(&str) -> String,
}

/// A value of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text(String),
    Number(i64),
}

/// From so many words on a text is [`Breadth::Broad`].
const BROAD: i64 = 5_000;

/// Whether so many words are many.
pub(crate) fn breadth(words: i64) -> Breadth {
    if words < BROAD {
        Breadth::Narrow
    } else {
        Breadth::Broad
    }
}

/// Where a page begins or ends: the time an order was first seen, its connection and its id.
pub(crate) type Place = (i64, String, String);

/// How many words begin with the text that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breadth {
    /// Few, or no text is asked for: they are looked up, and the orders sorted.
    Narrow,
    /// So many that it takes less to walk along the orders and to look at each one's words.
    Broad,
}

/// A condition and its values.
pub(crate) struct Condition {
    dialect: Dialect,
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
    /// What is asked for picks so few that they are sorted, rather than the whole walked along.
    sorts: bool,
}

impl Condition {
    /// The condition of a filter for one status, or for all.
    pub(crate) fn new(
        dialect: Dialect,
        filter: &OrderFilter,
        status: Option<Status>,
        breadth: Breadth,
    ) -> Self {
        let mut condition = Self {
            dialect,
            sql: "WHERE true".to_owned(),
            values: Vec::new(),
            sorts: filter.deadline_until.is_some(),
        };
        if let Some(connection) = &filter.connection {
            let text = (dialect.stored)(connection.as_str());
            condition.with(" AND o.connection = ", Value::Text(text));
        }
        if let Some(status) = status {
            condition.with(" AND o.status = ", Value::Text(status.as_str().to_owned()));
        }
        if let Some(problem) = filter.problem {
            condition.with(
                " AND o.problem = ",
                Value::Text(problem.as_str().to_owned()),
            );
        }
        for (asked, piece) in [
            (filter.needs_action, " AND o.needs_action"),
            (filter.sending, " AND o.sending"),
            (filter.cancel_asked, " AND o.asked"),
        ] {
            if asked {
                condition.sql.push_str(piece);
            }
        }
        if let Some(until) = filter.deadline_until {
            let micros = Value::Number(until.timestamp_micros());
            condition.with(" AND o.deadline <= ", micros);
        }
        if let Some(key) = filter.text.as_deref().and_then(search_key) {
            condition.sql.push_str(match breadth {
                Breadth::Narrow => dialect.by_word,
                Breadth::Broad => dialect.with_word,
            });
            condition.sorts |= breadth == Breadth::Narrow;
            condition.between(&key);
            condition.sql.push(')');
        }
        condition
    }

    /// The query that tells how many words begin with the text, counted up to a limit.
    pub(crate) fn breadth(dialect: Dialect, filter: &OrderFilter) -> Option<Self> {
        let key = filter.text.as_deref().and_then(search_key)?;
        let mut condition = Self {
            dialect,
            sql: "SELECT count(*) FROM (SELECT 1 FROM words WHERE".to_owned(),
            values: Vec::new(),
            sorts: false,
        };
        condition.between(&key);
        condition.limit(BROAD);
        condition.sql.push_str(") AS found");
        Some(condition)
    }

    fn between(&mut self, key: &str) {
        let from = (self.dialect.stored)(key);
        let to = format!("{from}{}", char::MAX);
        self.with(" word >= ", Value::Text(from));
        self.with(" AND word < ", Value::Text(to));
    }

    fn with(&mut self, piece: &str, value: Value) {
        self.sql.push_str(piece);
        self.value(value);
    }

    fn value(&mut self, value: Value) {
        self.values.push(value);
        self.sql.push(self.dialect.mark);
        self.sql.push_str(&self.values.len().to_string());
    }

    /// Only what comes after `place` in the overview.
    pub(crate) fn after(&mut self, place: Place) {
        self.beside(place, ["<=", "<", ">"]);
    }

    /// Only what comes before `place` in the overview.
    pub(crate) fn before(&mut self, place: Place) {
        self.beside(place, [">=", ">", "<"]);
    }

    fn beside(&mut self, place: Place, [first, older, later]: [&str; 3]) {
        let (seen, connection, id) = place;
        for (piece, value) in [
            (format!(" AND o.first_seen {first} "), Value::Number(seen)),
            (format!(" AND (o.first_seen {older} "), Value::Number(seen)),
            (
                format!(" OR (o.connection, o.id) {later} ("),
                Value::Text(connection),
            ),
            (", ".to_owned(), Value::Text(id)),
        ] {
            self.with(&piece, value);
        }
        self.sql.push_str("))");
    }

    /// The query of the rows: at most so many, newest first; or the other way round. A sum in
    /// the order is none that an index has: then the rows are sorted.
    pub(crate) fn page(&mut self, limit: usize, backwards: bool) {
        self.sql.push_str(match (self.sorts, backwards) {
            (false, false) => " ORDER BY o.first_seen DESC, o.connection, o.id",
            (false, true) => " ORDER BY o.first_seen, o.connection DESC, o.id DESC",
            (true, false) => " ORDER BY o.first_seen + 0 DESC, o.connection, o.id",
            (true, true) => " ORDER BY o.first_seen + 0, o.connection DESC, o.id DESC",
        });
        self.limit(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = format!("SELECT {} AS row FROM orders o ", self.dialect.row);
        self.sql.insert_str(0, &rows);
    }

    /// At most so many.
    pub(crate) fn limit(&mut self, limit: i64) {
        self.with(" LIMIT ", Value::Number(limit));
    }
}

/// The statuses to ask for one by one: each then is a walk along an index. `None` is all.
pub(crate) fn statuses(filter: &OrderFilter) -> Vec<Option<Status>> {
    if filter.status.is_empty() {
        return vec![None];
    }
    let mut statuses = filter.status.clone();
    statuses.sort();
    statuses.dedup();
    statuses.into_iter().map(Some).collect()
}

/// Whether the tallies have the answer, so that no order has to be counted.
pub(crate) fn is_tallied(filter: &OrderFilter) -> bool {
    filter.deadline_until.is_none() && filter.text.as_deref().and_then(search_key).is_none()
}

/// Pages of several statuses as one page: newest first, cut at the limit.
pub(crate) fn merge<T>(
    mut found: Vec<T>,
    limit: usize,
    backwards: bool,
    place: impl Fn(&T) -> Place,
) -> Vec<T> {
    let key = |row: &T| {
        let (seen, connection, id) = place(row);
        (std::cmp::Reverse(seen), connection, id)
    };
    found.sort_by_cached_key(key);
    if backwards {
        found.drain(..found.len().saturating_sub(limit));
    } else {
        found.truncate(limit);
    }
    found
}

/// A count as the port's contract has it.
pub(crate) fn capped(filter: &OrderFilter, count: u64) -> u64 {
    if filter.text.as_deref().and_then(search_key).is_some() {
        count.min(OrderFilter::TEXT_COUNT_LIMIT)
    } else {
        count
    }
}

/// Adds a row of the tallies: how many orders have a status, a worst problem (or an empty text)
/// and the flags needs action, sending, asks to cancel, open.
pub(crate) fn tally(
    counts: &mut Counts,
    status: &str,
    problem: &str,
    flags: [bool; 4],
    count: i64,
) -> Result<(), String> {
    let count = u64::try_from(count).unwrap_or_default();
    *counts.by_status.entry(status.parse()?).or_default() += count;
    if !problem.is_empty() {
        *counts.by_problem.entry(problem.parse()?).or_default() += count;
    }
    let sums = [
        &mut counts.needs_action,
        &mut counts.sending,
        &mut counts.cancel_asked,
        &mut counts.open,
    ];
    for (sum, flag) in sums.into_iter().zip(flags) {
        if flag {
            *sum += count;
        }
    }
    Ok(())
}

const HOUR: i64 = 3_600_000_000;

/// The hours since 1970 that were over.
pub(crate) fn hour(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros().div_euclid(HOUR)
}

/// A row of the activity: the hour, and what happened in it.
pub(crate) fn activity([hour, received, shipped, troubled]: [i64; 4]) -> Activity {
    let number = |count| u64::try_from(count).unwrap_or_default();
    Activity {
        hour: DateTime::from_timestamp_micros(hour.saturating_mul(HOUR)).unwrap_or_default(),
        received: number(received),
        shipped: number(shipped),
        troubled: number(troubled),
    }
}
