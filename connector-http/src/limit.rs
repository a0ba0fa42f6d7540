//! Not asking more often than allowed, per operation of one account.
//!
//! There are no default numbers: an operation without a [`Limit`] is held back only by what the
//! platform itself says (`Retry-After`, rate headers).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use order_core::ports::Clock;
use order_core::{Error, Kind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

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

pub(crate) struct Limiter {
    clock: Arc<dyn Clock>,
    limits: HashMap<String, Limit>,
    otherwise: Limit,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    account_until: Duration,
    operations: HashMap<String, Lane>,
}

#[derive(Default)]
struct Lane {
    /// When the spacing of every request so far will have passed. A burst may run ahead of it.
    spent_until: Duration,
    paused_until: Duration,
    slots: Option<Arc<Semaphore>>,
}

impl Limiter {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        limits: HashMap<String, Limit>,
        otherwise: Limit,
    ) -> Self {
        Self {
            clock,
            limits,
            otherwise,
            state: Mutex::default(),
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
        let mut start = self.reserve(operation, limit, deadline)?;
        loop {
            let now = self.clock.monotonic();
            if start <= now {
                return Ok(permit);
            }
            self.clock.sleep(start - now).await;
            // A 429 of somebody else may have come in meanwhile.
            start = self.paused_until(operation);
            check(start, self.clock.monotonic(), deadline)?;
        }
    }

    pub(crate) fn pause(&self, operation: &str, pause: Pause) {
        let until = self.clock.monotonic() + pause.wait;
        let mut state = self.lock();
        if pause.whole_account {
            state.account_until = state.account_until.max(until);
        } else {
            let lane = state.operations.entry(operation.to_owned()).or_default();
            lane.paused_until = lane.paused_until.max(until);
        }
    }

    fn slots(&self, operation: &str, limit: Limit) -> Option<Arc<Semaphore>> {
        let bound = limit.in_flight?;
        let mut state = self.lock();
        let lane = state.operations.entry(operation.to_owned()).or_default();
        Some(Arc::clone(
            lane.slots
                .get_or_insert_with(|| Arc::new(Semaphore::new(bound))),
        ))
    }

    fn reserve(
        &self,
        operation: &str,
        limit: Limit,
        deadline: Duration,
    ) -> Result<Duration, Error> {
        let now = self.clock.monotonic();
        let ahead = limit.spacing.saturating_mul(limit.burst - 1);
        let mut state = self.lock();
        let account_until = state.account_until;
        let lane = state.operations.entry(operation.to_owned()).or_default();
        let start = now
            .max(lane.spent_until.saturating_sub(ahead))
            .max(lane.paused_until)
            .max(account_until);
        check(start, now, deadline)?;
        lane.spent_until = lane.spent_until.max(start) + limit.spacing;
        Ok(start)
    }

    fn paused_until(&self, operation: &str) -> Duration {
        let state = self.lock();
        let lane = state
            .operations
            .get(operation)
            .map_or(Duration::ZERO, |l| l.paused_until);
        lane.max(state.account_until)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing here can be left half done, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check(start: Duration, now: Duration, deadline: Duration) -> Result<(), Error> {
    if start <= deadline || start <= now {
        return Ok(());
    }
    let wait = start - now;
    Err(Error::not_applied(
        Kind::RateLimited,
        format!(
            "held back for {} s by the platform's limit; not sent",
            wait.as_secs().max(1)
        ),
    )
    .with_retry_after(wait))
}
