//! Everything that changes the file.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use order_core::error::Error;
use order_core::ids::ConnectionId;
use order_core::memory::lease_lost;
use order_core::ports::{Batch, Change, Claim, Claimed, Committed, Lease, Memo};
use order_core::state::{Order, ProblemKind};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::micros;
use super::thread::Fault;

/// A transaction that holds the file for writing from its start, so that what it reads stays.
fn begin(db: &mut Connection) -> Result<Transaction<'_>, Fault> {
    Ok(db.transaction_with_behavior(TransactionBehavior::Immediate)?)
}

pub(super) fn register(
    db: &mut Connection,
    connection: &ConnectionId,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    db.execute(
        "INSERT INTO connections (id, next_due, memo) VALUES (?1, ?2, '{}')
         ON CONFLICT (id) DO NOTHING",
        params![connection.as_str(), micros(at)],
    )?;
    Ok(())
}

pub(super) fn claim(db: &mut Connection, claim: &Claim) -> Result<Option<Claimed>, Fault> {
    let now = micros(claim.now);
    let mut wanted = Wanted::new(&claim.connections);
    // A look first: most of the time nothing is due, and then nothing is locked.
    if due_connection(db, claim, now, &mut wanted)?.is_none() {
        return Ok(None);
    }
    let transaction = begin(db)?;
    let Some((id, token, memo)) = due_connection(&transaction, claim, now, &mut wanted)? else {
        return Ok(None);
    };
    let lease_for = chrono::Duration::from_std(claim.lease_for).unwrap_or_default();
    let until = claim.now + lease_for;
    transaction.execute(
        "UPDATE connections SET owner = ?2, token = ?3, until = ?4, woken = NULL WHERE id = ?1",
        params![id, claim.owner, token + 1, micros(until)],
    )?;
    transaction.commit()?;
    Ok(Some(Claimed {
        lease: Lease {
            connection: ConnectionId::from(id),
            owner: claim.owner.clone(),
            token: u64::try_from(token + 1).unwrap_or_default(),
            until,
        },
        memo: serde_json::from_str(&memo)?,
    }))
}

/// Which connections a claim is for. Most of the time they are sorted, and the first that is due is
/// one of them; a set is made only after some were not.
struct Wanted<'a> {
    connections: &'a [ConnectionId],
    misses: u32,
    set: HashSet<&'a str>,
}

impl<'a> Wanted<'a> {
    /// Misses before a set is made.
    const PATIENCE: u32 = 4;

    fn new(connections: &'a [ConnectionId]) -> Self {
        Self {
            connections,
            misses: 0,
            set: HashSet::new(),
        }
    }

    fn has(&mut self, id: &str) -> bool {
        if self.connections.is_empty() {
            return true;
        }
        let sorted = |own: &ConnectionId| own.as_str().cmp(id);
        if self.connections.binary_search_by(sorted).is_ok() {
            return true;
        }
        if self.misses < Self::PATIENCE {
            let found = self.connections.iter().any(|wanted| wanted.as_str() == id);
            self.misses += u32::from(!found);
            return found;
        }
        if self.set.is_empty() {
            self.set = self.connections.iter().map(ConnectionId::as_str).collect();
        }
        self.set.contains(id)
    }
}

/// The longest due connection that nobody holds, found through an index: it costs the same
/// however many connections there are.
fn due_connection(
    db: &Connection,
    claim: &Claim,
    now: i64,
    wanted: &mut Wanted<'_>,
) -> Result<Option<(String, i64, String)>, Fault> {
    let mut statement = db.prepare_cached(
        "SELECT id, token, memo FROM connections INDEXED BY connections_due
         WHERE stopped IS NULL AND next_due <= ?1 AND (owner IS NULL OR until < ?2)
         ORDER BY next_due, id",
    )?;
    let until = if claim.early { i64::MAX } else { now };
    let mut rows = statement.query(params![until, now])?;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        if wanted.has(&id) {
            return Ok(Some((id, row.get(1)?, row.get(2)?)));
        }
    }
    Ok(None)
}

/// Refuses a lease that was taken over. Inside a transaction that holds the file.
fn check(transaction: &Transaction<'_>, lease: &Lease) -> Result<(), Fault> {
    let mut statement = transaction
        .prepare_cached("SELECT 1 FROM connections WHERE id = ?1 AND owner = ?2 AND token = ?3")?;
    let token = i64::try_from(lease.token).unwrap_or(i64::MAX);
    let held = statement.exists(params![
        lease.connection.as_str(),
        lease.owner.as_str(),
        token
    ])?;
    if held {
        Ok(())
    } else {
        Err(Fault::Port(lease_lost(lease)))
    }
}

pub(super) fn renew(
    db: &mut Connection,
    lease: Lease,
    until: DateTime<Utc>,
) -> Result<Lease, Fault> {
    let transaction = begin(db)?;
    check(&transaction, &lease)?;
    transaction.execute(
        "UPDATE connections SET until = ?2 WHERE id = ?1",
        params![lease.connection.as_str(), micros(until)],
    )?;
    transaction.commit()?;
    Ok(Lease { until, ..lease })
}

pub(super) fn release(
    db: &mut Connection,
    lease: &Lease,
    memo: &Memo,
    next_due: DateTime<Utc>,
) -> Result<(), Fault> {
    let transaction = begin(db)?;
    check(&transaction, lease)?;
    transaction.execute(
        "UPDATE connections
         SET memo = ?2, next_due = min(?3, coalesce(woken, ?3)), woken = NULL, owner = NULL
         WHERE id = ?1",
        params![
            lease.connection.as_str(),
            serde_json::to_string(memo)?,
            micros(next_due)
        ],
    )?;
    transaction.commit()?;
    Ok(())
}

pub(super) fn stop(
    db: &mut Connection,
    connection: &ConnectionId,
    why: Option<&str>,
) -> Result<(), Fault> {
    db.execute(
        "UPDATE connections SET stopped = ?2 WHERE id = ?1",
        params![connection.as_str(), why],
    )?;
    Ok(())
}

pub(super) fn wake(
    db: &mut Connection,
    connection: &ConnectionId,
    at: DateTime<Utc>,
) -> Result<(), Fault> {
    db.execute(
        "UPDATE connections
         SET next_due = min(next_due, ?2), woken = min(coalesce(woken, ?2), ?2) WHERE id = ?1",
        params![connection.as_str(), micros(at)],
    )?;
    Ok(())
}

pub(super) fn commit(
    db: &mut Connection,
    lease: &Lease,
    batch: &Batch,
) -> Result<Vec<Committed>, Fault> {
    let transaction = begin(db)?;
    check(&transaction, lease)?;
    let mut answers = Vec::with_capacity(batch.changes.len());
    for change in &batch.changes {
        answers.push(write(&transaction, change)?);
    }
    if let Some(memo) = &batch.memo {
        if answers.contains(&Committed::Stale) {
            transaction.rollback()?;
            return Ok(crate::taken_back(answers));
        }
        transaction.execute(
            "UPDATE connections SET memo = ?2 WHERE id = ?1",
            params![lease.connection.as_str(), serde_json::to_string(memo)?],
        )?;
    }
    transaction.commit()?;
    Ok(answers)
}

pub(super) fn amend(db: &mut Connection, change: &Change) -> Result<Committed, Fault> {
    let transaction = begin(db)?;
    let answer = write(&transaction, change)?;
    transaction.commit()?;
    Ok(answer)
}

fn write(transaction: &Transaction<'_>, change: &Change) -> Result<Committed, Fault> {
    let Some(rowid) = write_order(transaction, change)? else {
        return Ok(Committed::Stale);
    };
    if change.content_changed
        && let Some(content) = &change.order.content
    {
        transaction
            .prepare_cached(
                "INSERT INTO contents (order_rowid, body) VALUES (?1, ?2)
                 ON CONFLICT (order_rowid) DO UPDATE SET body = excluded.body",
            )?
            .execute(params![rowid, serde_json::to_string(&**content)?])?;
    }
    let at = micros(change.at);
    for record in &change.effects {
        transaction
            .prepare_cached(
                "INSERT INTO effects (order_rowid, kind, attempt, reference, status, at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (order_rowid, kind, attempt)
                 DO UPDATE SET status = excluded.status, at = excluded.at",
            )?
            .execute(params![
                rowid,
                record.kind,
                record.attempt,
                record.reference,
                record.status.as_str(),
                at
            ])?;
    }
    for note in &change.notes {
        transaction
            .prepare_cached(
                "INSERT INTO events (order_rowid, at, level, text) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![
                rowid,
                at,
                super::read::level_text(note.level),
                note.text
            ])?;
    }
    Ok(Committed::Saved(change.order.version + 1))
}

/// Writes the hot row; `None` when the order was written by somebody else in between.
fn write_order(transaction: &Transaction<'_>, change: &Change) -> Result<Option<i64>, Fault> {
    let order = &change.order;
    let version = i64::try_from(order.version).map_err(|_| too_old())?;
    let link = order.state.linked();
    let marks = order.marks();
    let values = params![
        order.key.connection.as_str(),
        order.key.order.as_str(),
        version,
        change.next_due.map(micros),
        micros(order.state.first_seen),
        marks.status.as_str(),
        marks.needs_action,
        link.map(|link| link.id.as_str()),
        link.map(|link| link.number.as_str()),
        serde_json::to_string(&order.state)?,
        marks.problem.map(ProblemKind::as_str),
        marks.sending,
        marks.cancel_asked,
        marks.deadline.map(micros),
        micros(change.at),
        words(order),
    ];
    let sql = if version == 0 {
        "INSERT INTO orders (connection, id, version, next_due, first_seen, status, needs_action,
                             shop_id, shop_number, state, problem, sending, asked, deadline,
                             changed_at, words)
         VALUES (?1, ?2, ?3 + 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT (connection, id) DO NOTHING RETURNING rowid"
    } else {
        "UPDATE orders SET version = ?3 + 1, next_due = ?4, first_seen = ?5, status = ?6,
                           needs_action = ?7, shop_id = ?8, shop_number = ?9, state = ?10,
                           problem = ?11, sending = ?12, asked = ?13, deadline = ?14,
                           changed_at = ?15, words = ?16
         WHERE connection = ?1 AND id = ?2 AND version = ?3 RETURNING rowid"
    };
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.query_row(values, |row| row.get(0)).optional()?)
}

/// The texts under which an order is found, as they are stored.
pub(super) fn words(order: &Order) -> String {
    serde_json::Value::from(order.search_words()).to_string()
}

fn too_old() -> Fault {
    Fault::Port(Error::not_applied(
        order_core::Kind::Unexpected,
        "an order version does not fit",
    ))
}
