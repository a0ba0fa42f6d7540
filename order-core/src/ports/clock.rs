//! Time as a port. Nothing in the workspace reads a clock or sleeps in any other way.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

/// Tells the time and sleeps.
///
/// # Contract
///
/// `now` may jump (people set clocks, machines suspend); it is what gets stored.
/// `monotonic` never goes back and is what deadlines within a process are measured with.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Clock: std::fmt::Debug + Send + Sync + 'static {
    /// The wall clock, in UTC.
    fn now(&self) -> DateTime<Utc>;

    /// Time since some fixed start of this process; never goes back.
    fn monotonic(&self) -> Duration;

    /// Returns after `duration`. Dropping the future ends the sleep.
    async fn sleep(&self, duration: Duration);
}

/// The real clock, for programs on tokio.
#[cfg(feature = "tokio")]
#[derive(Debug, Clone)]
pub struct SystemClock {
    start: std::time::Instant,
}

#[cfg(feature = "tokio")]
impl SystemClock {
    /// A clock whose `monotonic` starts now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one real clock")]
    pub fn new() -> Self {
        Self {
            start: std::time::Instant::now(),
        }
    }
}

#[cfg(feature = "tokio")]
impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(feature = "tokio")]
#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one real clock")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one real clock")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
