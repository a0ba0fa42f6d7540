//! A clock that runs faster, for trying out.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use order_core::ports::{Clock, SystemClock};

/// Time that passes `speed` times faster since `zero`.
///
/// Programs that are given the same zero and speed agree on the time, also after a restart.
#[derive(Clone, Debug)]
pub(crate) struct FastClock {
    real: SystemClock,
    zero: DateTime<Utc>,
    speed: u32,
}

impl FastClock {
    /// A clock that shows `zero` at `zero`, and runs `speed` times faster from there.
    pub(crate) fn new(zero: Option<DateTime<Utc>>, speed: u32) -> Self {
        let real = SystemClock::new();
        let zero = zero.unwrap_or_else(|| real.now());
        Self {
            real,
            zero,
            speed: speed.max(1),
        }
    }
}

#[async_trait]
impl Clock for FastClock {
    fn now(&self) -> DateTime<Utc> {
        let passed = self.real.now() - self.zero;
        let factor = i32::try_from(self.speed).unwrap_or(i32::MAX);
        self.zero + passed.checked_mul(factor).unwrap_or(chrono::Duration::MAX)
    }

    fn monotonic(&self) -> Duration {
        self.real.monotonic() * self.speed
    }

    async fn sleep(&self, duration: Duration) {
        self.real.sleep(duration / self.speed).await;
    }
}
