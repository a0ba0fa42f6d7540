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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use chrono::{DateTime, Utc};

    use super::Settling;
    use crate::ids::OrderKey;
    use crate::ports::Clock;
    use crate::state::{Effect, EffectKind, Order, Phase};

    const MINUTE: Duration = Duration::from_secs(60);

    /// A wall clock that can be set, and a clock that cannot.
    #[derive(Debug)]
    struct Hands(Mutex<(DateTime<Utc>, Duration)>);

    impl Hands {
        fn new() -> Self {
            Self(Mutex::new((DateTime::UNIX_EPOCH, MINUTE * 10)))
        }

        fn wait(&self, time: Duration) {
            let mut hands = self.0.lock().expect("the hands");
            hands.0 += time;
            hands.1 += time;
        }

        fn set_forward(&self, time: Duration) {
            self.0.lock().expect("the hands").0 += time;
        }
    }

    #[async_trait::async_trait]
    impl Clock for Hands {
        fn now(&self) -> DateTime<Utc> {
            self.0.lock().expect("the hands").0
        }

        fn monotonic(&self) -> Duration {
            self.0.lock().expect("the hands").1
        }

        async fn sleep(&self, _duration: Duration) {}
    }

    /// An order whose create nobody knows of until `settle` from now.
    fn unknown(clock: &Hands, settle: Duration) -> Order {
        let state = serde_json::json!({ "first_seen": clock.now() });
        let mut order = Order {
            key: OrderKey::new("shop", "M1"),
            version: 1,
            content: None,
            state: serde_json::from_value(state).expect("a state"),
        };
        order.state.effects.push(Effect {
            kind: EffectKind::Create,
            attempt: 1,
            reference: "shop/M1".to_owned(),
            intended_at: clock.now(),
            phase: Phase::Unknown {
                settle_until: clock.now() + settle,
                why: "no answer in time".to_owned(),
            },
            checkpoint: None,
            draft: None,
            targets: Vec::new(),
        });
        order
    }

    fn goes_on(settling: &Settling, order: &Order, clock: &Hands) -> bool {
        settling.see(order, clock);
        settling.goes_on(order, &EffectKind::Create, clock)
    }

    #[test]
    fn a_clock_that_is_put_forward_does_not_end_it() {
        let (clock, settling) = (Hands::new(), Settling::default());
        let order = unknown(&clock, MINUTE * 2);
        assert!(goes_on(&settling, &order, &clock));
        clock.set_forward(MINUTE * 60);
        assert!(goes_on(&settling, &order, &clock));
        clock.wait(MINUTE);
        assert!(goes_on(&settling, &order, &clock));
        clock.wait(MINUTE);
        assert!(!goes_on(&settling, &order, &clock));
    }

    #[test]
    fn what_was_over_when_it_was_first_seen_is_over() {
        let (clock, settling) = (Hands::new(), Settling::default());
        let order = unknown(&clock, MINUTE);
        clock.wait(MINUTE * 2);
        assert!(!goes_on(&settling, &order, &clock));
    }

    #[test]
    fn another_attempt_is_measured_anew() {
        let (clock, settling) = (Hands::new(), Settling::default());
        assert!(goes_on(&settling, &unknown(&clock, MINUTE), &clock));
        clock.wait(MINUTE * 2);
        let again = unknown(&clock, MINUTE * 3);
        assert!(goes_on(&settling, &again, &clock));
        clock.wait(MINUTE * 2);
        clock.set_forward(MINUTE * 60);
        assert!(goes_on(&settling, &again, &clock));
        clock.wait(MINUTE);
        assert!(!goes_on(&settling, &again, &clock));
    }

    #[test]
    fn what_is_known_does_not_settle() {
        let (clock, settling) = (Hands::new(), Settling::default());
        let mut order = unknown(&clock, MINUTE);
        assert!(goes_on(&settling, &order, &clock));
        order.state.effects.clear();
        assert!(!goes_on(&settling, &order, &clock));
    }
}
