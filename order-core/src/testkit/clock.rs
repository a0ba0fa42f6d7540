//! Time that only tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeZone as _, Utc};

use crate::ports::Clock;

/// A clock on tokio's paused time: sleeping costs nothing, and the wall clock can be made to
/// jump while the monotonic one goes on.
///
/// Use it in tests marked `#[tokio::test(start_paused = true)]`.
#[derive(Clone, Debug)]
pub struct ManualClock {
    base: DateTime<Utc>,
    start: tokio::time::Instant,
    jump_ms: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that shows 2026-03-28 09:00 UTC now (a night before European clocks change).
    #[must_use]
    pub fn new() -> Self {
        let base = Utc.with_ymd_and_hms(2026, 3, 28, 9, 0, 0).single();
        Self {
            base: base.unwrap_or_default(),
            start: tokio::time::Instant::now(),
            jump_ms: Arc::new(AtomicI64::new(0)),
        }
    }

    /// Moves the wall clock alone, forth or back, as a person who sets it would.
    pub fn jump(&self, by: chrono::Duration) {
        self.jump_ms
            .fetch_add(by.num_milliseconds(), Ordering::SeqCst);
    }

    /// Lets time pass.
    pub async fn advance(&self, by: Duration) {
        tokio::time::advance(by).await;
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        let elapsed = i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX);
        let shift = elapsed.saturating_add(self.jump_ms.load(Ordering::SeqCst));
        self.base + chrono::Duration::milliseconds(shift)
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is a clock")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
