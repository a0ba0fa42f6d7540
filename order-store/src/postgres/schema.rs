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
const MIGRATIONS: [&str; 4] = [
    r#"
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
"#,
    r#"
ALTER TABLE connections ADD COLUMN stopped TEXT;
ALTER TABLE orders
    ADD COLUMN problem    TEXT,
    ADD COLUMN sending    BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN asked      BOOLEAN NOT NULL DEFAULT false,
    ADD COLUMN deadline   BIGINT,
    ADD COLUMN changed_at BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN words      TEXT[] COLLATE "C" NOT NULL DEFAULT '{}';
"#,
    r#"
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
    word         TEXT COLLATE "C" NOT NULL,
    order_number BIGINT NOT NULL REFERENCES orders (number),
    PRIMARY KEY (word, order_number)
);
CREATE TABLE tallies (
    connection   TEXT COLLATE "C" NOT NULL,
    status       TEXT NOT NULL,
    needs_action BOOLEAN NOT NULL,
    problem      TEXT NOT NULL,
    sending      BOOLEAN NOT NULL,
    asked        BOOLEAN NOT NULL,
    open         BOOLEAN NOT NULL,
    count        BIGINT NOT NULL,
    PRIMARY KEY (connection, status, needs_action, problem, sending, asked, open)
) WITH (fillfactor = 50);
CREATE TABLE revisions (
    connection TEXT COLLATE "C" PRIMARY KEY,
    number     BIGINT NOT NULL
) WITH (fillfactor = 50);
CREATE TABLE activity (
    connection TEXT COLLATE "C" NOT NULL,
    hour       BIGINT NOT NULL,
    received   BIGINT NOT NULL,
    shipped    BIGINT NOT NULL,
    troubled   BIGINT NOT NULL,
    PRIMARY KEY (connection, hour)
);
INSERT INTO words SELECT DISTINCT word, number FROM orders, unnest(words) AS w (word);
INSERT INTO tallies
    SELECT connection, status, needs_action, coalesce(problem, ''), sending, asked,
           next_due IS NOT NULL, count(*)
    FROM orders GROUP BY 1, 2, 3, 4, 5, 6, 7;
INSERT INTO revisions SELECT connection, sum(version) FROM orders GROUP BY connection;
INSERT INTO activity
    SELECT connection, first_seen / 3600000000, count(*), 0, 0 FROM orders GROUP BY 1, 2;

CREATE FUNCTION orders_were_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO words SELECT word, number FROM now_orders, unnest(words) AS w (word);
    INSERT INTO tallies AS t
        SELECT connection, status, needs_action, coalesce(problem, ''), sending, asked,
               next_due IS NOT NULL, count(*)
        FROM now_orders GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT (connection, status, needs_action, problem, sending, asked, open)
        DO UPDATE SET count = t.count + excluded.count;
    INSERT INTO revisions AS r
        SELECT connection, count(*) FROM now_orders GROUP BY 1 ORDER BY 1
        ON CONFLICT (connection) DO UPDATE SET number = r.number + excluded.number;
    INSERT INTO activity AS a
        SELECT connection, first_seen / 3600000000, count(*), 0,
               count(*) FILTER (WHERE needs_action)
        FROM now_orders GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (connection, hour) DO UPDATE SET received = a.received + excluded.received,
            troubled = a.troubled + excluded.troubled;
    RETURN NULL;
END $$;

CREATE FUNCTION orders_were_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM words AS w USING old_orders AS o, now_orders AS n
        WHERE n.number = o.number AND o.words <> n.words
          AND w.order_number = o.number AND w.word = ANY (o.words);
    INSERT INTO words
        SELECT word, n.number FROM now_orders AS n JOIN old_orders AS o USING (number),
               unnest(n.words) AS w (word)
        WHERE o.words <> n.words;
    INSERT INTO tallies AS t
        SELECT connection, status, needs_action, coalesce(problem, ''), sending, asked,
               next_due IS NOT NULL, sum(step)
        FROM (SELECT *, -1 AS step FROM old_orders UNION ALL SELECT *, 1 FROM now_orders) AS steps
        GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(step) <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT (connection, status, needs_action, problem, sending, asked, open)
        DO UPDATE SET count = t.count + excluded.count;
    INSERT INTO revisions AS r
        SELECT connection, count(*) FROM now_orders GROUP BY 1 ORDER BY 1
        ON CONFLICT (connection) DO UPDATE SET number = r.number + excluded.number;
    INSERT INTO activity AS a
        SELECT n.connection, n.changed_at / 3600000000, 0,
               count(*) FILTER (WHERE n.status = 'shipped' AND o.status <> 'shipped'),
               count(*) FILTER (WHERE n.needs_action AND NOT o.needs_action)
        FROM now_orders AS n JOIN old_orders AS o USING (number)
        WHERE (n.status = 'shipped' AND o.status <> 'shipped')
           OR (n.needs_action AND NOT o.needs_action)
        GROUP BY 1, 2 ORDER BY 1, 2
        ON CONFLICT (connection, hour) DO UPDATE SET shipped = a.shipped + excluded.shipped,
            troubled = a.troubled + excluded.troubled;
    RETURN NULL;
END $$;

CREATE TRIGGER orders_were_added AFTER INSERT ON orders
    REFERENCING NEW TABLE AS now_orders
    FOR EACH STATEMENT EXECUTE FUNCTION orders_were_added();
CREATE TRIGGER orders_were_changed AFTER UPDATE ON orders
    REFERENCING OLD TABLE AS old_orders NEW TABLE AS now_orders
    FOR EACH STATEMENT EXECUTE FUNCTION orders_were_changed();
"#,
    r#"
CREATE TABLE rate_budgets (
    account      TEXT COLLATE "C" NOT NULL,
    operation    TEXT COLLATE "C" NOT NULL,
    spent_until  BIGINT NOT NULL DEFAULT 0,
    paused_until BIGINT NOT NULL DEFAULT 0,
    asked_at     BIGINT NOT NULL DEFAULT 0,
    start        BIGINT NOT NULL DEFAULT 0,
    taken        BOOLEAN NOT NULL DEFAULT false,
    PRIMARY KEY (account, operation)
) WITH (fillfactor = 10);
"#,
];

/// The step after which the marks of orders that were there before are written.
const MARKS_STEP: usize = 2;

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
        for (step, number) in steps.iter().zip(done.unwrap_or_default() + 1..) {
            transaction.batch_execute(step).await?;
            if number == MARKS_STEP {
                super::marks::mark_all(&transaction).await?;
            }
        }
        let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
        transaction
            .execute("UPDATE version SET steps = $1", &[&known])
            .await?;
    }
    transaction.commit().await.map_err(Fault::During)
}
