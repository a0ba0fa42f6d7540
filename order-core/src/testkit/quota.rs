//! Accounts that may be asked only so often.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::gate::Call;

/// What each platform of a world grants an account: a call every so often, and a few at once
/// after a quiet time. Whatever comes sooner is refused and not executed. Clones count together,
/// as every process that uses the account does.
#[derive(Clone, Debug)]
pub struct Quota {
    spacing: Duration,
    burst: u32,
    spent_until: Arc<Mutex<HashMap<&'static str, Instant>>>,
}

impl Quota {
    /// A call per `spacing`, and `burst` of them at once after a quiet time.
    #[must_use]
    pub fn new(spacing: Duration, burst: u32) -> Self {
        Self {
            spacing,
            burst,
            spent_until: Arc::default(),
        }
    }

    /// The same quota with nothing spent.
    pub(super) fn unspent(&self) -> Self {
        Self::new(self.spacing, self.burst)
    }

    /// Whether the platform refuses this call; else it is counted.
    pub(super) fn refuses(&self, call: Call) -> bool {
        let Some((side @ ("marketplace" | "webshop"), _)) = call.name.split_once('.') else {
            return false;
        };
        let now = Instant::now();
        let mut sides = self
            .spent_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let spent_until = sides.entry(side).or_insert(now);
        let ahead = self.spacing * self.burst.saturating_sub(1);
        if *spent_until > now + ahead {
            return true;
        }
        *spent_until = (*spent_until).max(now) + self.spacing;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_one_call_per_spacing() {
        let quota = Quota::new(Duration::from_secs(60), 3);
        let call = |name| Call {
            name,
            mutates: false,
        };
        let refused = |name| quota.clone().refuses(call(name));
        for _ in 0..3 {
            assert!(!refused("webshop.orders"));
        }
        assert!(refused("webshop.changes"));
        assert!(!refused("marketplace.changes"));
        assert!(!refused("store.commit"));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert!(!refused("webshop.orders"));
        assert!(refused("webshop.orders"));
    }
}
