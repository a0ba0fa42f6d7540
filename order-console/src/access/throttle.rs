//! Slows down guessing of passwords.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Failures that cost nothing.
const FREE: u32 = 5;
/// The first pause; it doubles with every failure.
const FIRST: Duration = Duration::from_secs(15);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Names and addresses remembered at most.
const MOST: usize = 10_000;

/// Failures by user name and by address.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    failures: Mutex<HashMap<String, Failures>>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    fn pause(self) -> Duration {
        match self.count.checked_sub(FREE) {
            None => Duration::ZERO,
            Some(more) => FIRST.saturating_mul(1 << more.min(10)).min(LONGEST),
        }
    }
}

impl Throttle {
    /// How long these must wait before they may try again.
    pub(super) fn wait(&self, keys: &[String]) -> Option<Duration> {
        let now = Instant::now();
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter()
            .filter_map(|key| failures.get(key))
            .filter_map(|known| (known.last + known.pause()).checked_duration_since(now))
            .filter(|left| !left.is_zero())
            .max()
    }

    pub(super) fn failed(&self, keys: &[String]) {
        let now = Instant::now();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() + keys.len() > MOST {
            failures.retain(|_, known| now.duration_since(known.last) < known.pause());
        }
        if failures.len() + keys.len() > MOST {
            failures.clear();
        }
        for key in keys {
            let entry = failures.entry(key.clone()).or_insert(Failures {
                count: 0,
                last: now,
            });
            if now.duration_since(entry.last) > LONGEST * 2 {
                entry.count = 0;
            }
            entry.count = entry.count.saturating_add(1);
            entry.last = now;
        }
    }

    pub(super) fn succeeded(&self, keys: &[String]) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys {
            failures.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Throttle;

    #[tokio::test(start_paused = true)]
    async fn guessing_gets_slower_and_a_success_forgives() {
        let throttle = Throttle::default();
        let keys = ["jo".to_owned(), "192.0.2.1".to_owned()];
        for _ in 0..4 {
            throttle.failed(&keys);
        }
        assert_eq!(throttle.wait(&keys), None);
        throttle.failed(&keys);
        assert_eq!(throttle.wait(&keys), Some(Duration::from_secs(15)));
        tokio::time::advance(Duration::from_secs(16)).await;
        assert_eq!(throttle.wait(&keys), None);
        throttle.failed(&keys);
        assert_eq!(throttle.wait(&keys), Some(Duration::from_secs(30)));
        throttle.succeeded(&keys);
        assert_eq!(throttle.wait(&keys), None);
    }
}
