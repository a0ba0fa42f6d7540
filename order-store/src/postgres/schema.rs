//! Tables, and how they came to be.
//!
//! The hot row of an order is narrow and leaves room on its page; the content (addresses, lines,
//! prices) is apart and written only when it changed. Both bodies are JSON as bytes: nothing in
//! the database looks into them, bytes are copied as they are, and JSON's `\u0000` is no trouble.

use order_core::error::{Error, Kind};

use super::fault::Fault;
use super::session::Session;

/// Processes that start at once go through the migrations one after another; any number will do
/// that nobody else takes.
const MIGRATION_LOCK: i64 = 0x6f72_6465_7273_746f;

/// One step each; the database remembers how many it has seen. A step that was released is never
/// changed.
const MIGRATIONS: [&str; 1] = [r#"
CREATE TABLE connections (
    id        TEXT COLLATE "C" PRIMARY KEY,
    next_due  BIGINT NOT NULL,
    woken     BIGINT,
    memo      BYTEA NOT NULL,
    owner     TEXT,
    token     BIGINT NOT NULL DEFAULT 0,
    until     BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE INDEX connections_due ON connections (next_due, id);

CREATE TABLE orders (
    number       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection   TEXT COLLATE "C" NOT NULL,
    id           TEXT COLLATE "C" NOT NULL,
    version      BIGINT NOT NULL,
    next_due     BIGINT,
    first_seen   BIGINT NOT NULL,
    status       TEXT NOT NULL,
    needs_action BOOLEAN NOT NULL,
    shop_id      TEXT COLLATE "C",
    shop_number  TEXT,
    state        BYTEA NOT NULL,
    UNIQUE (connection, id)
) WITH (fillfactor = 70);
CREATE INDEX orders_due ON orders (connection, next_due, id) WHERE next_due IS NOT NULL;
CREATE INDEX orders_shop ON orders (connection, shop_id) WHERE shop_id IS NOT NULL;
CREATE INDEX orders_seen ON orders (first_seen DESC, connection, id);
CREATE INDEX orders_status ON orders (connection, status, needs_action);

CREATE TABLE contents (
    order_number BIGINT PRIMARY KEY REFERENCES orders (number),
    body         BYTEA NOT NULL
);

CREATE TABLE effects (
    number       BIGINT GENERATED ALWAYS AS IDENTITY,
    order_number BIGINT NOT NULL REFERENCES orders (number),
    kind         TEXT NOT NULL,
    attempt      BIGINT NOT NULL,
    reference    TEXT NOT NULL,
    status       TEXT NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (order_number, kind, attempt)
);

CREATE TABLE events (
    number       BIGINT GENERATED ALWAYS AS IDENTITY,
    order_number BIGINT NOT NULL REFERENCES orders (number),
    at           BIGINT NOT NULL,
    level        TEXT NOT NULL,
    text         TEXT NOT NULL,
    PRIMARY KEY (order_number, number)
);
"#];

pub(super) async fn migrate(session: &mut Session) -> Result<(), Fault> {
    let transaction = session.transaction().await?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK])
        .await?;
    let here: bool = transaction
        .query_one("SELECT to_regclass('order_store.version') IS NOT NULL", &[])
        .await?
        .try_get(0)?;
    if !here {
        transaction
            .batch_execute(
                "CREATE SCHEMA IF NOT EXISTS order_store;
                 CREATE TABLE order_store.version (steps BIGINT NOT NULL);
                 INSERT INTO order_store.version VALUES (0);",
            )
            .await?;
    }
    let version: i64 = transaction
        .query_one("SELECT steps FROM version", &[])
        .await?
        .try_get(0)?;
    let done = usize::try_from(version).ok();
    let Some(steps) = done.and_then(|done| MIGRATIONS.get(done..)) else {
        return Err(Fault::Port(
            Error::not_applied(
                Kind::Config,
                format!(
                    "the database has table version {version}, this program knows up to {}",
                    MIGRATIONS.len()
                ),
            )
            .with_advice("run the newer version of this program"),
        ));
    };
    if !steps.is_empty() {
        for step in steps {
            transaction.batch_execute(step).await?;
        }
        let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        transaction
            .execute("UPDATE version SET steps = $1", &[&known])
            .await?;
    }
    transaction.commit().await.map_err(Fault::During)
}
