//! Slows down guessing of passwords.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The first pause; it doubles with every failure.
const FIRST: Duration = Duration::from_secs(15);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Names and addresses remembered at most.
const MOST: usize = 10_000;

/// What failures are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// A name from one address.
    Pair(String, String),
    /// A name, wherever from: many addresses may guess at it together. Who is guessed at must
    /// still come in, so its pauses are short.
    Name(String),
    /// An address, whatever the name: it may guess at many names.
    Peer(String),
}

impl Key {
    /// Everything that a login counts for.
    pub(super) fn all(name: &str, peer: &str) -> [Self; 3] {
        [
            Self::Pair(name.to_owned(), peer.to_owned()),
            Self::Name(name.to_owned()),
            Self::Peer(peer.to_owned()),
        ]
    }

    /// Failures that cost nothing, and the longest pause.
    fn limits(&self) -> (u32, Duration) {
        match self {
            Self::Pair(..) => (5, LONGEST),
            Self::Name(_) => (20, Duration::from_secs(60)),
            Self::Peer(_) => (30, LONGEST),
        }
    }
}

/// Failures by user name and by address.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    failures: Mutex<HashMap<Key, Failures>>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    fn pause(self, key: &Key) -> Duration {
        let (free, longest) = key.limits();
        match self.count.checked_sub(free) {
            None => Duration::ZERO,
            Some(more) => FIRST.saturating_mul(1 << more.min(10)).min(longest),
        }
    }
}

impl Throttle {
    /// How long these must wait before they may try again.
    pub(super) fn wait(&self, keys: &[Key]) -> Option<Duration> {
        let now = Instant::now();
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        keys.iter()
            .filter_map(|key| failures.get(key).map(|known| (key, known)))
            .filter_map(|(key, known)| (known.last + known.pause(key)).checked_duration_since(now))
            .filter(|left| !left.is_zero())
            .max()
    }

    pub(super) fn failed(&self, keys: &[Key]) {
        let now = Instant::now();
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() + keys.len() > MOST {
            failures.retain(|key, known| now.duration_since(known.last) < known.pause(key));
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

    /// Forgives a name at an address. What others guess at the name, and what the address guesses
    /// at others, stays counted.
    pub(super) fn succeeded(&self, keys: &[Key]) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        for key in keys.iter().filter(|key| matches!(key, Key::Pair(..))) {
            failures.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Key, Throttle};

    #[tokio::test(start_paused = true)]
    async fn guessing_gets_slower_and_a_success_forgives() {
        let throttle = Throttle::default();
        let keys = Key::all("jo", "192.0.2.1");
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

    #[tokio::test(start_paused = true)]
    async fn a_spread_attack_on_a_name_is_slowed_and_never_locks_it_out_for_long() {
        let throttle = Throttle::default();
        for number in 0..100 {
            throttle.failed(&Key::all("jo", &format!("192.0.2.{number}")));
        }
        let elsewhere = Key::all("jo", "198.51.100.7");
        assert_eq!(throttle.wait(&elsewhere), Some(Duration::from_secs(60)));
        tokio::time::advance(Duration::from_secs(61)).await;
        assert_eq!(throttle.wait(&elsewhere), None);
        assert_eq!(throttle.wait(&Key::all("kim", "198.51.100.7")), None);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_guesses_at_many_names_is_slowed_even_with_a_login_of_its_own() {
        let throttle = Throttle::default();
        for number in 0..30 {
            throttle.failed(&Key::all(&format!("user-{number}"), "192.0.2.1"));
            throttle.succeeded(&Key::all("own", "192.0.2.1"));
        }
        let next = Key::all("somebody", "192.0.2.1");
        assert_eq!(throttle.wait(&next), Some(Duration::from_secs(15)));
        assert_eq!(throttle.wait(&Key::all("somebody", "192.0.2.2")), None);
    }
}
