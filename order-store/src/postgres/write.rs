//! Everything that changes the database.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use deadpool_postgres::Transaction;
use futures_util::future::try_join;
use order_core::error::Error;
use order_core::ids::{ConnectionId, OrderKey};
use order_core::memory::lease_lost;
use order_core::ports::{Batch, Change, Claim, Claimed, Committed, Lease, Memo};
use order_core::state::ProblemKind;
use tokio_postgres::types::ToSql;

use super::beside::write_beside;
use super::fault::Fault;
use super::marks::words;
use super::session::Session;
use super::text::{original, stored};
use super::{micros, time};

/// Numbers of the rows that were written, by order.
pub(super) type Written = BTreeMap<(String, String), i64>;

/// Runs one statement that is a transaction of its own.
async fn alone(
    session: &Session,
    sql: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Vec<tokio_postgres::Row>, Fault> {
    let statement = session.prepare_cached(sql).await?;
    session
        .query(&statement, values)
        .await
        .map_err(Fault::During)
}

pub(super) async fn within(
    transaction: &Transaction<'_>,
    sql: &str,
    values: &[&(dyn ToSql + Sync)],
) -> Result<Vec<tokio_postgres::Row>, Fault> {
    let statement = transaction.prepare_cached(sql).await?;
    Ok(transaction.query(&statement, values).await?)
}

pub(super) async fn register(
    session: &Session,
    connection: &ConnectionId,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    let memo = serde_json::to_vec(&Memo::default())?;
    alone(
        session,
        "INSERT INTO connections (id, next_due, memo) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO NOTHING",
        &[&stored(connection.as_str()), &micros(at), &memo],
    )
    .await?;
    Ok(())
}

/// So many names are sent with a claim without a look at what is due first.
const FEW_NAMES: usize = 64;
/// So many connections that are due are looked at.
const HEAD: usize = 32;

/// Takes the longest due connection that nobody holds. A row that another worker is just taking
/// is skipped; whoever finds it taken after waiting for it would look again all the same. What
/// makes the lease safe is its token, not this lock.
pub(super) async fn claim(session: &Session, claim: &Claim) -> Result<Option<Claimed>, Fault> {
    let names = |ids: &[ConnectionId]| ids.iter().map(|id| stored(id.as_str())).collect();
    if claim.connections.len() > FEW_NAMES {
        let (head, is_all) = due_and_wanted(session, claim).await?;
        if !head.is_empty() {
            let claimed = claim_of(session, claim, head).await?;
            if claimed.is_some() {
                return Ok(claimed);
            }
        } else if is_all {
            return Ok(None);
        }
    }
    claim_of(session, claim, names(&claim.connections)).await
}

/// The first connections that are due, of those that are asked for, and whether no more are due:
/// thousands of names need not go to the server with every claim.
async fn due_and_wanted(session: &Session, claim: &Claim) -> Result<(Vec<String>, bool), Fault> {
    let limit = i64::try_from(HEAD).unwrap_or(i64::MAX);
    let rows = alone(
        session,
        "SELECT id FROM connections
         WHERE ($1 OR next_due <= $2) AND (owner IS NULL OR until < $2) AND stopped IS NULL
         ORDER BY next_due, id LIMIT $3",
        &[&claim.early, &micros(claim.now), &limit],
    )
    .await?;
    let is_all = rows.len() < HEAD;
    let mut due = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: String = row.try_get(0)?;
        let name = original(id.clone());
        let sorted = |own: &ConnectionId| own.as_str().cmp(name.as_str());
        if claim.connections.binary_search_by(sorted).is_ok()
            || claim.connections.iter().any(|own| own.as_str() == name)
        {
            due.push(id);
        }
    }
    Ok((due, is_all))
}

/// Claims the first of these that is due; of any when there are none.
async fn claim_of(
    session: &Session,
    claim: &Claim,
    wanted: Vec<String>,
) -> Result<Option<Claimed>, Fault> {
    let lease_for = chrono::Duration::from_std(claim.lease_for).unwrap_or_default();
    let until = claim.now + lease_for;
    let rows = alone(
        session,
        "UPDATE connections SET owner = $1, token = token + 1, until = $2, woken = NULL
         WHERE id = (
             SELECT id FROM connections
             WHERE ($3 OR next_due <= $4) AND (owner IS NULL OR until < $4)
               AND stopped IS NULL
               AND (cardinality($5::text[]) = 0 OR id = ANY ($5))
             ORDER BY next_due, id LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING id, token, memo",
        &[
            &stored(&claim.owner),
            &micros(until),
            &claim.early,
            &micros(claim.now),
            &wanted,
        ],
    )
    .await?;
    let Some(row) = rows.first() else {
        return Ok(None);
    };
    let token: i64 = row.try_get(1)?;
    Ok(Some(Claimed {
        lease: Lease {
            connection: ConnectionId::from(original(row.try_get(0)?)),
            owner: claim.owner.clone(),
            token: u64::try_from(token).unwrap_or_default(),
            until: time(micros(until)),
        },
        memo: serde_json::from_slice(row.try_get(2)?)?,
    }))
}

fn token(lease: &Lease) -> i64 {
    i64::try_from(lease.token).unwrap_or(i64::MAX)
}

pub(super) async fn renew(
    session: &Session,
    lease: Lease,
    until: DateTime<Utc>,
) -> Result<Lease, Fault> {
    let rows = alone(
        session,
        "UPDATE connections SET until = $4 WHERE id = $1 AND owner = $2 AND token = $3
         RETURNING 1",
        &[
            &stored(lease.connection.as_str()),
            &stored(&lease.owner),
            &token(&lease),
            &micros(until),
        ],
    )
    .await?;
    if rows.is_empty() {
        return Err(Fault::Port(lease_lost(&lease)));
    }
    Ok(Lease { until, ..lease })
}

pub(super) async fn release(
    session: &Session,
    lease: &Lease,
    memo: &Memo,
    next_due: DateTime<Utc>,
) -> Result<(), Fault> {
    let rows = alone(
        session,
        "UPDATE connections
         SET memo = $4, next_due = least($5, woken), woken = NULL, owner = NULL
         WHERE id = $1 AND owner = $2 AND token = $3 RETURNING 1",
        &[
            &stored(lease.connection.as_str()),
            &stored(&lease.owner),
            &token(lease),
            &serde_json::to_vec(memo)?,
            &micros(next_due),
        ],
    )
    .await?;
    if rows.is_empty() {
        return Err(Fault::Port(lease_lost(lease)));
    }
    Ok(())
}

pub(super) async fn stop(
    session: &Session,
    connection: &ConnectionId,
    why: Option<&str>,
) -> Result<(), Fault> {
    alone(
        session,
        "UPDATE connections SET stopped = $2 WHERE id = $1",
        &[&stored(connection.as_str()), &why.map(stored)],
    )
    .await?;
    Ok(())
}

pub(super) async fn wake(
    session: &Session,
    connection: &ConnectionId,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    alone(
        session,
        "UPDATE connections SET next_due = least(next_due, $2), woken = least(woken, $2)
         WHERE id = $1",
        &[&stored(connection.as_str()), &micros(at)],
    )
    .await?;
    Ok(())
}

/// Refuses a lease that was taken over, and locks its row until the transaction ends, so that
/// nobody takes it over in between. Two writes under one lease follow one another.
async fn check(transaction: &Transaction<'_>, lease: &Lease) -> Result<(), Fault> {
    let rows = within(
        transaction,
        "SELECT 1 FROM connections WHERE id = $1 AND owner = $2 AND token = $3
         FOR NO KEY UPDATE",
        &[
            &stored(lease.connection.as_str()),
            &stored(&lease.owner),
            &token(lease),
        ],
    )
    .await?;
    if rows.is_empty() {
        Err(Fault::Port(lease_lost(lease)))
    } else {
        Ok(())
    }
}

pub(super) async fn commit(
    session: &mut Session,
    lease: &Lease,
    batch: &Batch,
) -> Result<Vec<Committed>, Fault> {
    let transaction = session.transaction().await?;
    check(&transaction, lease).await?;
    let answers = write(&transaction, &batch.changes).await?;
    if let Some(memo) = &batch.memo {
        if answers.contains(&Committed::Stale) {
            transaction.rollback().await?;
            return Ok(crate::taken_back(answers));
        }
        within(
            &transaction,
            "UPDATE connections SET memo = $2 WHERE id = $1",
            &[
                &stored(lease.connection.as_str()),
                &serde_json::to_vec(memo)?,
            ],
        )
        .await?;
    }
    transaction.commit().await.map_err(Fault::During)?;
    Ok(answers)
}

/// Writes what a person did. The connection's row is locked first, as a commit does: all writes
/// of a connection follow one another, and none waits for another's tallies in a circle.
pub(super) async fn amend(session: &mut Session, change: &Change) -> Result<Committed, Fault> {
    let transaction = session.transaction().await?;
    within(
        &transaction,
        "SELECT 1 FROM connections WHERE id = $1 FOR NO KEY UPDATE",
        &[&stored(change.order.key.connection.as_str())],
    )
    .await?;
    let answers = write(&transaction, std::slice::from_ref(change)).await?;
    transaction.commit().await.map_err(Fault::During)?;
    Ok(answers.into_iter().next().unwrap_or(Committed::Stale))
}

/// Writes changes, one answer each. A statement writes many orders, but an order only once; what
/// comes a second time in a batch is written in the next turn.
async fn write(transaction: &Transaction<'_>, changes: &[Change]) -> Result<Vec<Committed>, Fault> {
    let mut answers = Vec::with_capacity(changes.len());
    let mut rest = changes;
    while !rest.is_empty() {
        let mut seen: HashSet<&OrderKey> = HashSet::new();
        let turn = rest
            .iter()
            .take_while(|change| seen.insert(&change.order.key))
            .count();
        let (now, later) = rest.split_at(turn);
        let numbers = write_orders(transaction, now).await?;
        write_beside(transaction, now, &numbers).await?;
        answers.extend(now.iter().map(|change| {
            if numbers.contains_key(&name(change)) {
                Committed::Saved(change.order.version + 1)
            } else {
                Committed::Stale
            }
        }));
        rest = later;
    }
    Ok(answers)
}

/// An order's key as it is stored.
pub(super) fn name(change: &Change) -> (String, String) {
    let key = &change.order.key;
    (stored(key.connection.as_str()), stored(key.order.as_str()))
}

/// Rows to write, a column each, in the order of their keys.
#[derive(Default)]
struct Columns {
    connection: Vec<String>,
    id: Vec<String>,
    version: Vec<i64>,
    next_due: Vec<Option<i64>>,
    first_seen: Vec<i64>,
    status: Vec<&'static str>,
    needs_action: Vec<bool>,
    shop_id: Vec<Option<String>>,
    shop_number: Vec<Option<String>>,
    state: Vec<Vec<u8>>,
    problem: Vec<Option<&'static str>>,
    sending: Vec<bool>,
    asked: Vec<bool>,
    deadline: Vec<Option<i64>>,
    changed_at: Vec<i64>,
    words: Vec<String>,
}

impl Columns {
    fn push(&mut self, change: &Change) -> Result<(), Fault> {
        let order = &change.order;
        let (connection, id) = name(change);
        let link = order.state.linked();
        self.connection.push(connection);
        self.id.push(id);
        self.version
            .push(i64::try_from(order.version).map_err(|_| too_old())?);
        self.next_due.push(change.next_due.map(micros));
        self.first_seen.push(micros(order.state.first_seen));
        let marks = order.marks();
        self.status.push(marks.status.as_str());
        self.needs_action.push(marks.needs_action);
        self.problem.push(marks.problem.map(ProblemKind::as_str));
        self.sending.push(marks.sending);
        self.asked.push(marks.cancel_asked);
        self.deadline.push(marks.deadline.map(micros));
        self.changed_at.push(micros(change.at));
        self.words.push(words(order));
        self.shop_id.push(link.map(|link| stored(link.id.as_str())));
        self.shop_number.push(link.map(|link| stored(&link.number)));
        self.state.push(serde_json::to_vec(&order.state)?);
        Ok(())
    }

    async fn run(&self, transaction: &Transaction<'_>, sql: &str) -> Result<Written, Fault> {
        if self.id.is_empty() {
            return Ok(Written::new());
        }
        let rows = within(
            transaction,
            sql,
            &[
                &self.connection,
                &self.id,
                &self.version,
                &self.next_due,
                &self.first_seen,
                &self.status,
                &self.needs_action,
                &self.shop_id,
                &self.shop_number,
                &self.state,
                &self.problem,
                &self.sending,
                &self.asked,
                &self.deadline,
                &self.changed_at,
                &self.words,
            ],
        )
        .await?;
        rows.iter()
            .map(|row| Ok(((row.try_get(0)?, row.try_get(1)?), row.try_get(2)?)))
            .collect()
    }
}

const INSERT: &str = "
    INSERT INTO orders (connection, id, version, next_due, first_seen, status, needs_action,
                        shop_id, shop_number, state, problem, sending, asked, deadline,
                        changed_at, words)
    SELECT connection, id, version + 1, next_due, first_seen, status, needs_action,
           shop_id, shop_number, state, problem, sending, asked, deadline, changed_at,
           string_to_array(words, E'\\n')
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
                $7::boolean[], $8::text[], $9::text[], $10::bytea[], $11::text[], $12::boolean[],
                $13::boolean[], $14::bigint[], $15::bigint[], $16::text[])
         AS new (connection, id, version, next_due, first_seen, status, needs_action,
                 shop_id, shop_number, state, problem, sending, asked, deadline, changed_at,
                 words)
    ON CONFLICT (connection, id) DO NOTHING
    RETURNING connection, id, number";

const UPDATE: &str = "
    UPDATE orders AS o
    SET version = new.version + 1, next_due = new.next_due, first_seen = new.first_seen,
        status = new.status, needs_action = new.needs_action, shop_id = new.shop_id,
        shop_number = new.shop_number, state = new.state, problem = new.problem,
        sending = new.sending, asked = new.asked, deadline = new.deadline,
        changed_at = new.changed_at, words = string_to_array(new.words, E'\\n')
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
                $7::boolean[], $8::text[], $9::text[], $10::bytea[], $11::text[], $12::boolean[],
                $13::boolean[], $14::bigint[], $15::bigint[], $16::text[])
         AS new (connection, id, version, next_due, first_seen, status, needs_action,
                 shop_id, shop_number, state, problem, sending, asked, deadline, changed_at,
                 words)
    WHERE o.connection = new.connection AND o.id = new.id AND o.version = new.version
    RETURNING o.connection, o.id, o.number";

/// Writes the hot rows; an order that was written by somebody else in between is left out.
async fn write_orders(transaction: &Transaction<'_>, changes: &[Change]) -> Result<Written, Fault> {
    let mut sorted: Vec<&Change> = changes.iter().collect();
    sorted.sort_by_key(|change| name(change));
    let (mut new, mut known) = (Columns::default(), Columns::default());
    for change in sorted {
        if change.order.version == 0 {
            new.push(change)?;
        } else {
            known.push(change)?;
        }
    }
    let (mut written, updated) =
        try_join(new.run(transaction, INSERT), known.run(transaction, UPDATE)).await?;
    written.extend(updated);
    Ok(written)
}

fn too_old() -> Fault {
    Fault::Port(Error::not_applied(
        order_core::Kind::Unexpected,
        "an order version does not fit",
    ))
}
