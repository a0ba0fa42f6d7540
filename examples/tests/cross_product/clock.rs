//! The real clock plus what was skipped.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use order_core::ports::{Clock, SystemClock};

/// Short waits and time-outs are real; pauses that a platform asks for only move it.
#[derive(Debug)]
pub(crate) struct TestClock {
    real: SystemClock,
    skipped: Mutex<Duration>,
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            real: SystemClock::new(),
            skipped: Mutex::default(),
        })
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.skipped.lock().unwrap() += by;
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        self.real.now() + *self.skipped.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.real.monotonic() + *self.skipped.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        if (Duration::from_millis(1500)..Duration::from_secs(15)).contains(&duration) {
            self.advance(duration);
        } else {
            self.real.sleep(duration).await;
        }
    }
}
