//! Not asking more often than allowed, per operation of one account.
//!
//! Requests under way at once are counted per client; how often they start is kept together with
//! every client that shares the budgets of its [`Environment`].
//!
//! There are no default numbers: an operation without a [`Limit`] is held back only by what the
//! platform itself says (`Retry-After`, rate headers).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use order_core::budget::MemoryBudgets;
use order_core::ports::{BudgetAsk, Clock, RateBudgets, Turn};
use order_core::{Error, Kind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::environment::Environment;

/// What a vendor documents about one operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    spacing: Duration,
    burst: u32,
    in_flight: Option<usize>,
}

impl Limit {
    /// No limit yet.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            spacing: Duration::ZERO,
            burst: 1,
            in_flight: None,
        }
    }

    /// At least this long between the starts of two requests.
    #[must_use]
    pub const fn with_spacing(mut self, spacing: Duration) -> Self {
        self.spacing = spacing;
        self
    }

    /// This many requests may start at once after a quiet time; at least one, which is the default.
    /// What a vendor calls a rate and a burst is the spacing (one over the rate) and this number.
    #[must_use]
    pub const fn with_burst(mut self, requests: u32) -> Self {
        self.burst = if requests == 0 { 1 } else { requests };
        self
    }

    /// At most this many requests under way at once; at least one.
    #[must_use]
    pub const fn with_in_flight(mut self, requests: usize) -> Self {
        self.in_flight = Some(if requests == 0 { 1 } else { requests });
        self
    }
}

/// A wait that an answer asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    pub(crate) wait: Duration,
    pub(crate) whole_account: bool,
}

impl Pause {
    /// Holds back the operation that was answered.
    #[must_use]
    pub const fn operation(wait: Duration) -> Self {
        Self {
            wait,
            whole_account: false,
        }
    }

    /// Holds back every operation of this account.
    #[must_use]
    pub const fn account(wait: Duration) -> Self {
        Self {
            wait,
            whole_account: true,
        }
    }
}

/// Keeps one account's requests to its limits, together with whoever shares its budgets.
pub(crate) struct Limiter {
    clock: Arc<dyn Clock>,
    budgets: Arc<dyn RateBudgets>,
    account: String,
    limits: HashMap<String, Limit>,
    otherwise: Limit,
    slots: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Limiter {
    pub(crate) fn new(
        environment: &Environment,
        account: String,
        limits: HashMap<String, Limit>,
        otherwise: Limit,
    ) -> Self {
        let clock = environment.clock();
        let budgets = environment
            .budgets
            .clone()
            .unwrap_or_else(|| Arc::new(MemoryBudgets::new(Arc::clone(&clock))));
        Self {
            clock,
            budgets,
            account,
            limits,
            otherwise,
            slots: Mutex::default(),
        }
    }

    /// Waits for this operation's turn, at most until `deadline` (of the monotonic clock).
    /// A wait that would be longer fails at once and says when to come back.
    pub(crate) async fn turn(
        &self,
        operation: &str,
        deadline: Duration,
    ) -> Result<Option<OwnedSemaphorePermit>, Error> {
        let limit = self
            .limits
            .get(operation)
            .copied()
            .unwrap_or(self.otherwise);
        let permit = match self.slots(operation, limit) {
            Some(slots) => Some(slots.acquire_owned().await.map_err(|closed| {
                Error::not_applied(Kind::Unexpected, "limiter closed").with_source(closed)
            })?),
            None => None,
        };
        let mut wait = self.take(operation, limit, deadline).await?;
        while !wait.is_zero() {
            self.clock.sleep(wait).await;
            // A 429 of somebody else may have come in meanwhile.
            wait = self.held_back(operation).await;
            if self.clock.monotonic().saturating_add(wait) > deadline && !wait.is_zero() {
                return Err(too_late(wait));
            }
        }
        Ok(permit)
    }

    async fn take(
        &self,
        operation: &str,
        limit: Limit,
        deadline: Duration,
    ) -> Result<Duration, Error> {
        let ask = BudgetAsk {
            account: self.account.clone(),
            operation: operation.to_owned(),
            spacing: limit.spacing,
            burst: limit.burst,
            at_most: deadline.saturating_sub(self.clock.monotonic()),
        };
        match self.budgets.take(ask).await {
            Ok(Turn::After(wait)) => Ok(wait),
            Ok(Turn::TooLate(wait)) => Err(too_late(wait)),
            Err(error) => {
                self.not_asked(&error);
                Ok(Duration::ZERO)
            }
        }
    }

    async fn held_back(&self, operation: &str) -> Duration {
        let asked = self
            .budgets
            .held_back(self.account.clone(), operation.to_owned());
        match asked.await {
            Ok(wait) => wait,
            Err(error) => {
                self.not_asked(&error);
                Duration::ZERO
            }
        }
    }

    pub(crate) async fn pause(&self, operation: &str, pause: Pause) {
        let operation = (!pause.whole_account).then(|| operation.to_owned());
        let told = self
            .budgets
            .pause(self.account.clone(), operation, pause.wait);
        if let Err(error) = told.await {
            self.not_asked(&error);
        }
    }

    /// Budgets that cannot be asked hold nobody back: the platform's own refusals still do, and
    /// a refused request did nothing.
    fn not_asked(&self, error: &Error) {
        tracing::warn!(
            account = %self.account, error = %error.report(),
            "the shared rate budget could not be asked; the request goes on without it"
        );
    }

    fn slots(&self, operation: &str, limit: Limit) -> Option<Arc<Semaphore>> {
        let bound = limit.in_flight?;
        // Nothing here can be left half done, so a panic elsewhere does not spoil it.
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = slots
            .entry(operation.to_owned())
            .or_insert_with(|| Arc::new(Semaphore::new(bound)));
        Some(Arc::clone(lane))
    }
}

fn too_late(wait: Duration) -> Error {
    Error::not_applied(
        Kind::RateLimited,
        format!(
            "held back for {} s by the platform's limit; not sent",
            wait.as_secs().max(1)
        ),
    )
    .with_retry_after(wait)
}
