//! Rate budgets in memory: shared by everything in one process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::error::Error;
use crate::ports::{BudgetAsk, Clock, RateBudgets, Turn};

/// [`RateBudgets`] of one process: the connections that use the same account share it.
#[derive(Debug)]
pub struct MemoryBudgets {
    clock: Arc<dyn Clock>,
    accounts: Mutex<HashMap<String, Account>>,
}

#[derive(Debug, Default)]
struct Account {
    paused_until: Duration,
    operations: HashMap<String, Lane>,
}

#[derive(Debug, Default)]
struct Lane {
    /// When the spacing of every request so far will have passed. A burst may run ahead of it.
    spent_until: Duration,
    paused_until: Duration,
}

impl MemoryBudgets {
    /// Budgets of which nothing is spent.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            accounts: Mutex::default(),
        }
    }

    fn accounts(&self) -> MutexGuard<'_, HashMap<String, Account>> {
        // Nothing here can be left half done, so a panic elsewhere does not spoil it.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RateBudgets for MemoryBudgets {
    async fn take(&self, ask: BudgetAsk) -> Result<Turn, Error> {
        let now = self.clock.monotonic();
        let ahead = ask.spacing.saturating_mul(ask.burst.saturating_sub(1));
        let mut accounts = self.accounts();
        let account = accounts.entry(ask.account).or_default();
        let paused_until = account.paused_until;
        let lane = account.operations.entry(ask.operation).or_default();
        let start = now
            .max(lane.spent_until.saturating_sub(ahead))
            .max(lane.paused_until)
            .max(paused_until);
        let wait = start - now;
        if wait > ask.at_most {
            return Ok(Turn::TooLate(wait));
        }
        lane.spent_until = lane.spent_until.max(start).saturating_add(ask.spacing);
        Ok(Turn::After(wait))
    }

    async fn held_back(&self, account: String, operation: String) -> Result<Duration, Error> {
        let now = self.clock.monotonic();
        let accounts = self.accounts();
        let until = accounts.get(&account).map_or(Duration::ZERO, |account| {
            let lane = account.operations.get(&operation);
            lane.map_or(Duration::ZERO, |lane| lane.paused_until)
                .max(account.paused_until)
        });
        Ok(until.saturating_sub(now))
    }

    async fn pause(
        &self,
        account: String,
        operation: Option<String>,
        wait: Duration,
    ) -> Result<(), Error> {
        let until = self.clock.monotonic().saturating_add(wait);
        let mut accounts = self.accounts();
        let account = accounts.entry(account).or_default();
        let paused_until = match operation {
            Some(operation) => {
                &mut account
                    .operations
                    .entry(operation)
                    .or_default()
                    .paused_until
            }
            None => &mut account.paused_until,
        };
        *paused_until = (*paused_until).max(until);
        Ok(())
    }
}
