//! How long an effect that nobody knows of is left alone, by the clock that never goes back.
//!
//! When it may be looked up is stored as an instant of the wall clock. Where somebody puts that
//! clock forward meanwhile, the instant comes too soon: a request that is still on its way is
//! looked for, not found, and sent again. So each process measures by itself how much of the time
//! was left when it first saw that nobody knows.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::ids::OrderKey;
use crate::ports::Clock;
use crate::state::{EffectKind, Order, Phase};

/// The effects that this process has seen and whose outcome nobody knows.
#[derive(Debug, Default)]
pub(super) struct Settling(Mutex<HashMap<(OrderKey, EffectKind), Left>>);

#[derive(Clone, Copy, Debug)]
struct Left {
    /// As it is stored.
    settle_until: DateTime<Utc>,
    /// The same by the clock that never goes back.
    over_at: Duration,
}

impl Settling {
    /// Notes what of an order is to settle.
    pub(super) fn see(&self, order: &Order, clock: &dyn Clock) {
        let (now, monotonic) = (clock.now(), clock.monotonic());
        let unknown = order
            .state
            .effects
            .iter()
            .filter_map(|effect| match &effect.phase {
                Phase::Unknown { settle_until, .. } => Some((&effect.kind, *settle_until)),
                Phase::Ready | Phase::Intended | Phase::Submitted { .. } => None,
            });
        for (kind, settle_until) in unknown {
            let Ok(left) = (settle_until - now).to_std() else {
                // Over already, as far as this process can know; what it saw before stays.
                continue;
            };
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (order.key.clone(), kind.clone());
            if seen
                .get(&key)
                .is_some_and(|left| left.settle_until == settle_until)
            {
                continue;
            }
            seen.retain(|_, left| left.over_at > monotonic);
            let over_at = monotonic + left;
            seen.insert(
                key,
                Left {
                    settle_until,
                    over_at,
                },
            );
        }
    }

    /// Whether an effect is to be left alone still, whatever the wall clock says.
    pub(super) fn goes_on(&self, order: &Order, kind: &EffectKind, clock: &dyn Clock) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stored = order.state.effect(kind).map(|effect| &effect.phase);
        let Some(Phase::Unknown { settle_until, .. }) = stored else {
            return false;
        };
        seen.get(&(order.key.clone(), kind.clone()))
            .is_some_and(|left| {
                left.settle_until == *settle_until && left.over_at > clock.monotonic()
            })
    }
}
