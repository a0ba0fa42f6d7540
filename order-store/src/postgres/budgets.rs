//! Rate budgets that workers on many machines share.
//!
//! One row per account and operation, one statement per turn. The database's clock rules here:
//! only waits are told, and the machines' own clocks need not agree. Nothing of this must outlive
//! a power cut, so these sessions do not wait for the disk.

use std::time::Duration;

use async_trait::async_trait;
use order_core::error::Error;
use order_core::ports::{BudgetAsk, RateBudgets, Turn};

use super::fault::Fault;
use super::options::PostgresOptions;
use super::session::{Session, Sessions};
use super::text::stored;

/// Sessions of one process for its budgets. A turn takes a fraction of a millisecond.
const SESSIONS: usize = 2;

/// [`RateBudgets`] in a PostgreSQL database, beside the orders of a
/// [`PostgresStore`](super::PostgresStore), whose tables must be there.
#[derive(Debug)]
pub struct PostgresBudgets {
    sessions: Sessions,
}

impl PostgresBudgets {
    /// Budgets in this database. Connects at the first use, with two connections of its own.
    ///
    /// # Errors
    ///
    /// `Config` when TLS cannot be used on this machine.
    pub fn new(options: PostgresOptions) -> Result<Self, Error> {
        let options = options.with_pool_size(SESSIONS).not_waiting_for_the_disk();
        Ok(Self {
            sessions: Sessions::new(&options)?,
        })
    }
}

/// The time in microseconds, as the database has it.
const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

async fn take(session: &Session, ask: &BudgetAsk) -> Result<Turn, Fault> {
    let (account, operation) = (stored(&ask.account), stored(&ask.operation));
    let spacing = micros(ask.spacing);
    let ahead = spacing.saturating_mul(i64::from(ask.burst.saturating_sub(1)));
    let at_most = micros(ask.at_most);
    // `first` is the earliest start as far as the whole account goes. A question may stand in
    // line for the row; what is left to wait is counted when it has been answered.
    let sql = format!(
        "WITH asked AS MATERIALIZED (SELECT {NOW} AS now),
              first AS (SELECT now, greatest(now, coalesce((SELECT paused_until FROM rate_budgets
                                  WHERE account = $1 AND operation = ''), 0)) AS start FROM asked)
         INSERT INTO rate_budgets AS b (account, operation, asked_at, start, taken, spent_until)
         SELECT $1, $2, now, start, start - now <= $5,
                CASE WHEN start - now <= $5 THEN start + $3 ELSE 0 END
         FROM first
         ON CONFLICT (account, operation) DO UPDATE SET
             asked_at = excluded.asked_at,
             start = greatest(excluded.start, b.spent_until - $4, b.paused_until),
             taken = greatest(excluded.start, b.spent_until - $4, b.paused_until)
                     - excluded.asked_at <= $5,
             spent_until = CASE
                 WHEN greatest(excluded.start, b.spent_until - $4, b.paused_until)
                      - excluded.asked_at <= $5
                 THEN greatest(excluded.start, b.spent_until, b.paused_until) + $3
                 ELSE b.spent_until END
         RETURNING start - {NOW}, taken"
    );
    let statement = session.prepare_cached(&sql).await?;
    let row = session
        .query_one(
            &statement,
            &[&account, &operation, &spacing, &ahead, &at_most],
        )
        .await
        .map_err(Fault::During)?;
    let wait = duration(row.try_get(0)?);
    Ok(if row.try_get(1)? {
        Turn::After(wait)
    } else {
        Turn::TooLate(wait)
    })
}

async fn held_back(session: &Session, account: &str, operation: &str) -> Result<Duration, Fault> {
    let sql = format!(
        "SELECT coalesce(max(paused_until), 0) - {NOW} FROM rate_budgets
         WHERE account = $1 AND operation IN ($2, '')"
    );
    let statement = session.prepare_cached(&sql).await?;
    let values: [&(dyn tokio_postgres::types::ToSql + Sync); 2] =
        [&stored(account), &stored(operation)];
    let row = session.query_one(&statement, &values).await?;
    Ok(duration(row.try_get(0)?))
}

async fn pause(
    session: &Session,
    account: &str,
    operation: Option<&str>,
    wait: Duration,
) -> Result<(), Fault> {
    let sql = format!(
        "INSERT INTO rate_budgets AS b (account, operation, paused_until)
         VALUES ($1, $2, {NOW} + $3)
         ON CONFLICT (account, operation)
         DO UPDATE SET paused_until = greatest(b.paused_until, excluded.paused_until)"
    );
    let statement = session.prepare_cached(&sql).await?;
    let operation = operation.map(stored).unwrap_or_default();
    session
        .execute(&statement, &[&stored(account), &operation, &micros(wait)])
        .await
        .map_err(Fault::During)?;
    Ok(())
}

/// No wait is longer than a century, so that sums stay in range.
const LONGEST: i64 = 100 * 365 * 86_400 * 1_000_000;

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros())
        .unwrap_or(LONGEST)
        .min(LONGEST)
}

fn duration(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[async_trait]
impl RateBudgets for PostgresBudgets {
    async fn take(&self, ask: BudgetAsk) -> Result<Turn, Error> {
        let what = "take a turn of a rate budget";
        let session = self.sessions.get(what).await?;
        if !ask.spacing.is_zero() {
            return take(&session, &ask)
                .await
                .map_err(|fault| fault.into_error(what));
        }
        // Nothing to spend; only a pause can hold it back.
        let wait = held_back(&session, &ask.account, &ask.operation)
            .await
            .map_err(|fault| fault.into_error(what))?;
        Ok(if wait > ask.at_most {
            Turn::TooLate(wait)
        } else {
            Turn::After(wait)
        })
    }

    async fn held_back(&self, account: String, operation: String) -> Result<Duration, Error> {
        let what = "ask for pauses of a rate budget";
        let session = self.sessions.get(what).await?;
        held_back(&session, &account, &operation)
            .await
            .map_err(|fault| fault.into_error(what))
    }

    async fn pause(
        &self,
        account: String,
        operation: Option<String>,
        wait: Duration,
    ) -> Result<(), Error> {
        let what = "write a pause of a rate budget";
        let session = self.sessions.get(what).await?;
        pause(&session, &account, operation.as_deref(), wait)
            .await
            .map_err(|fault| fault.into_error(what))
    }
}
