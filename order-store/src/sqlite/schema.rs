//! Tables, and how they came to be.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

/// One step each; the file remembers how many it has seen. A step that was released is never
/// changed.
const MIGRATIONS: [&str; 1] = [r"
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
"];

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
    // Bounds memory whatever the file's size: 16 MB of pages.
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate(&mut connection)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(version).map_err(|_| OpenError::Newer(version))?;
    let Some(steps) = MIGRATIONS.get(done..) else {
        return Err(OpenError::Newer(version));
    };
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(
        None,
        "user_version",
        i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX),
    )?;
    transaction.commit()?;
    Ok(())
}
