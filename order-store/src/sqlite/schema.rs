//! Tables, and how they came to be.

use std::path::Path;
use std::time::Duration;

use order_core::state::ProblemKind;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

/// One step each; the file remembers how many it has seen. A step that was released is never
/// changed.
const MIGRATIONS: [&str; 4] = [
    r"
CREATE TABLE connections (
    id        TEXT PRIMARY KEY,
    next_due  INTEGER NOT NULL,
    woken     INTEGER,
    memo      TEXT NOT NULL,
    owner     TEXT,
    token     INTEGER NOT NULL DEFAULT 0,
    until     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE orders (
    rowid        INTEGER PRIMARY KEY,
    connection   TEXT NOT NULL,
    id           TEXT NOT NULL,
    version      INTEGER NOT NULL,
    next_due     INTEGER,
    first_seen   INTEGER NOT NULL,
    status       TEXT NOT NULL,
    needs_action INTEGER NOT NULL,
    shop_id      TEXT,
    shop_number  TEXT,
    state        TEXT NOT NULL,
    UNIQUE (connection, id)
) STRICT;
CREATE INDEX orders_due ON orders (connection, next_due, id) WHERE next_due IS NOT NULL;
CREATE INDEX orders_shop ON orders (connection, shop_id) WHERE shop_id IS NOT NULL;
CREATE INDEX orders_seen ON orders (first_seen DESC, connection, id);
CREATE INDEX orders_status ON orders (connection, status, needs_action);

CREATE TABLE contents (
    order_rowid INTEGER PRIMARY KEY REFERENCES orders (rowid),
    body        TEXT NOT NULL
) STRICT;

CREATE TABLE effects (
    order_rowid INTEGER NOT NULL REFERENCES orders (rowid),
    kind        TEXT NOT NULL,
    attempt     INTEGER NOT NULL,
    reference   TEXT NOT NULL,
    status      TEXT NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (order_rowid, kind, attempt)
) STRICT;

CREATE TABLE events (
    rowid       INTEGER PRIMARY KEY,
    order_rowid INTEGER NOT NULL REFERENCES orders (rowid),
    at          INTEGER NOT NULL,
    level       TEXT NOT NULL,
    text        TEXT NOT NULL
) STRICT;
CREATE INDEX events_order ON events (order_rowid, rowid);
",
    r"
ALTER TABLE connections ADD COLUMN stopped TEXT;
ALTER TABLE orders ADD COLUMN problem TEXT;
ALTER TABLE orders ADD COLUMN sending INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN asked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN deadline INTEGER;
ALTER TABLE orders ADD COLUMN changed_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN words TEXT NOT NULL DEFAULT '[]';
",
    r"
DROP INDEX orders_status;
CREATE INDEX orders_of ON orders (connection, first_seen DESC, id);
CREATE INDEX orders_in ON orders (status, first_seen DESC, connection, id);
CREATE INDEX orders_of_in ON orders (connection, status, first_seen DESC, id);
CREATE INDEX orders_needy ON orders (first_seen DESC, connection, id) WHERE needs_action;
CREATE INDEX orders_problem ON orders (problem, first_seen DESC, connection, id)
    WHERE problem IS NOT NULL;
CREATE INDEX orders_sending ON orders (first_seen DESC, connection, id) WHERE sending;
CREATE INDEX orders_asked ON orders (first_seen DESC, connection, id) WHERE asked;
CREATE INDEX orders_deadline ON orders (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX orders_of_deadline ON orders (connection, deadline) WHERE deadline IS NOT NULL;

CREATE TABLE words (
    word        TEXT NOT NULL,
    order_rowid INTEGER NOT NULL REFERENCES orders (rowid),
    PRIMARY KEY (word, order_rowid)
) STRICT, WITHOUT ROWID;
INSERT INTO words SELECT DISTINCT w.value, o.rowid FROM orders o, json_each(o.words) w;
CREATE TRIGGER words_new AFTER INSERT ON orders BEGIN
    INSERT INTO words SELECT value, new.rowid FROM json_each(new.words);
END;
CREATE TRIGGER words_changed AFTER UPDATE ON orders WHEN old.words <> new.words BEGIN
    DELETE FROM words WHERE order_rowid = old.rowid
        AND word IN (SELECT value FROM json_each(old.words));
    INSERT INTO words SELECT value, new.rowid FROM json_each(new.words);
END;

CREATE TABLE tallies (
    connection   TEXT NOT NULL,
    status       TEXT NOT NULL,
    needs_action INTEGER NOT NULL,
    problem      TEXT NOT NULL,
    sending      INTEGER NOT NULL,
    asked        INTEGER NOT NULL,
    open         INTEGER NOT NULL,
    count        INTEGER NOT NULL,
    PRIMARY KEY (connection, status, needs_action, problem, sending, asked, open)
) STRICT, WITHOUT ROWID;
INSERT INTO tallies
    SELECT connection, status, needs_action, coalesce(problem, '') AS p, sending, asked,
           next_due IS NOT NULL AS open, count(*)
    FROM orders GROUP BY connection, status, needs_action, p, sending, asked, open;
CREATE TABLE revisions (
    connection TEXT PRIMARY KEY,
    number     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO revisions SELECT connection, sum(version) FROM orders GROUP BY connection;
CREATE TABLE activity (
    connection TEXT NOT NULL,
    hour       INTEGER NOT NULL,
    received   INTEGER NOT NULL,
    shipped    INTEGER NOT NULL,
    troubled   INTEGER NOT NULL,
    PRIMARY KEY (connection, hour)
) STRICT, WITHOUT ROWID;
INSERT INTO activity
    SELECT connection, first_seen / 3600000000 AS hour, count(*), 0, 0
    FROM orders GROUP BY connection, hour;

CREATE TRIGGER tally_new AFTER INSERT ON orders BEGIN
    INSERT INTO tallies VALUES (new.connection, new.status, new.needs_action,
            coalesce(new.problem, ''), new.sending, new.asked, new.next_due IS NOT NULL, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO revisions VALUES (new.connection, 1)
        ON CONFLICT DO UPDATE SET number = number + 1;
    INSERT INTO activity
        VALUES (new.connection, new.first_seen / 3600000000, 1, 0, new.needs_action)
        ON CONFLICT DO UPDATE SET received = received + 1,
            troubled = troubled + excluded.troubled;
END;
CREATE TRIGGER tally_changed AFTER UPDATE ON orders
WHEN old.status <> new.status OR old.needs_action <> new.needs_action
    OR old.problem IS NOT new.problem OR old.sending <> new.sending OR old.asked <> new.asked
    OR (old.next_due IS NULL) <> (new.next_due IS NULL)
BEGIN
    UPDATE tallies SET count = count - 1
        WHERE connection = old.connection AND status = old.status
            AND needs_action = old.needs_action AND problem = coalesce(old.problem, '')
            AND sending = old.sending AND asked = old.asked
            AND open = (old.next_due IS NOT NULL);
    INSERT INTO tallies VALUES (new.connection, new.status, new.needs_action,
            coalesce(new.problem, ''), new.sending, new.asked, new.next_due IS NOT NULL, 1)
        ON CONFLICT DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER revision_changed AFTER UPDATE ON orders BEGIN
    UPDATE revisions SET number = number + 1 WHERE connection = new.connection;
END;
CREATE TRIGGER activity_changed AFTER UPDATE ON orders
WHEN (new.status = 'shipped' AND old.status <> 'shipped')
    OR (new.needs_action AND NOT old.needs_action)
BEGIN
    INSERT INTO activity VALUES (new.connection, new.changed_at / 3600000000, 0,
            new.status = 'shipped' AND old.status <> 'shipped',
            new.needs_action AND NOT old.needs_action)
        ON CONFLICT DO UPDATE SET shipped = shipped + excluded.shipped,
            troubled = troubled + excluded.troubled;
END;
",
    "CREATE INDEX connections_due ON connections (next_due, id) WHERE stopped IS NULL;",
];

/// The step after which the marks of orders that were there before are written.
const MARKS_STEP: usize = 2;

/// Why a file cannot be opened.
#[derive(Debug)]
pub(super) enum OpenError {
    /// The file system says no.
    Io(std::io::Error),
    /// SQLite says no.
    Database(rusqlite::Error),
    /// The file was written by a newer version.
    Newer(i64),
}

impl OpenError {
    /// What to do where it passes by itself or once somebody has done it.
    pub(super) fn passes(&self) -> Option<&'static str> {
        match self {
            Self::Io(error) if error.kind() == std::io::ErrorKind::StorageFull => Some(super::FULL),
            Self::Database(error) => match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DiskFull) => Some(super::FULL),
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                    Some("another program holds the file")
                }
                _ => None,
            },
            Self::Io(_) | Self::Newer(_) => None,
        }
    }
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Database(error) => error.fmt(f),
            Self::Newer(version) => write!(
                f,
                "the file has table version {version}, this program knows up to {}",
                MIGRATIONS.len()
            ),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // What is erased or replaced does not stay readable in the page it stood in.
    connection.pragma_update(None, "secure_delete", "FAST")?;
    // Bounds memory whatever the file's size: 16 MB of pages.
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate(&mut connection)?;
    Ok(connection)
}

/// The version of the tables that this software writes.
pub(super) fn version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(version).map_err(|_| OpenError::Newer(version))?;
    let Some(steps) = MIGRATIONS.get(done..) else {
        return Err(OpenError::Newer(version));
    };
    for (step, number) in steps.iter().zip(done + 1..) {
        transaction.execute_batch(step)?;
        if number == MARKS_STEP {
            mark_all(&transaction)?;
        }
    }
    transaction.pragma_update(
        None,
        "user_version",
        i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX),
    )?;
    transaction.commit()?;
    Ok(())
}

/// Writes what orders are found and counted by, for those that were stored without it.
fn mark_all(transaction: &Transaction<'_>) -> Result<(), OpenError> {
    let mut after = 0_i64;
    loop {
        let orders = super::read::some_by_row(transaction, after, 500)?;
        let Some((last, _)) = orders.last() else {
            return Ok(());
        };
        after = *last;
        for (row, order) in &orders {
            let Some(order) = order else { continue };
            let marks = order.marks();
            transaction
                .prepare_cached(
                    "UPDATE orders SET problem = ?2, sending = ?3, asked = ?4, deadline = ?5,
                                       words = ?6 WHERE rowid = ?1",
                )?
                .execute(params![
                    row,
                    marks.problem.map(ProblemKind::as_str),
                    marks.sending,
                    marks.cancel_asked,
                    marks.deadline.map(super::micros),
                    super::write::words(order),
                ])?;
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::OpenError;

    #[test]
    fn only_a_full_disk_and_a_busy_file_are_worth_waiting_for() {
        let failure =
            |code| OpenError::Database(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None));
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED] {
            assert!(failure(code).passes().is_some(), "{code}");
        }
        for code in [
            ffi::SQLITE_NOTADB,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_CANTOPEN,
        ] {
            assert!(failure(code).passes().is_none(), "{code}");
        }
        let io = |kind: std::io::ErrorKind| OpenError::Io(kind.into());
        assert!(io(std::io::ErrorKind::StorageFull).passes().is_some());
        assert!(io(std::io::ErrorKind::PermissionDenied).passes().is_none());
        assert!(OpenError::Newer(99).passes().is_none());
    }
}
