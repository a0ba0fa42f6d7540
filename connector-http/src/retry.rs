//! Whether and when to send the same request again: a pure function.

use std::time::Duration;

use order_core::{Error, Kind};

/// How often and how long this layer tries by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    /// Attempts in all, the first one included.
    pub(crate) attempts: u32,
    /// No attempt starts later than this after the call began.
    pub(crate) budget: Duration,
    /// The wait before the second attempt; doubles every time.
    pub(crate) first_wait: Duration,
    /// The longest wait this layer chooses by itself.
    pub(crate) longest_wait: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            attempts: 4,
            budget: Duration::from_secs(60),
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(10),
        }
    }
}

/// What the decision is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempted {
    /// Whether sending twice is harmless: a read, or a mutation marked `Replay::Safe`.
    pub(crate) replayable: bool,
    /// How many attempts were made.
    pub(crate) made: u32,
    /// Time since the call began.
    pub(crate) elapsed: Duration,
    /// A number from 0 to 1 that spreads waits of many callers.
    pub(crate) jitter: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    GiveUp,
    After(Duration),
}

/// Decides after a failed attempt.
///
/// A mutation that is not replayable is never sent again, whatever the failure: even a refused
/// connection or a 429 goes to the caller, who owns the deadline and the record of the attempt.
pub(crate) fn decide(policy: &Policy, attempted: Attempted, error: &Error) -> Decision {
    if !attempted.replayable || attempted.made >= policy.attempts || !is_passing(error.kind()) {
        return Decision::GiveUp;
    }
    let wait = error
        .retry_after()
        .unwrap_or_else(|| backoff(policy, attempted));
    if attempted.elapsed + wait > policy.budget {
        return Decision::GiveUp;
    }
    Decision::After(wait)
}

fn is_passing(kind: Kind) -> bool {
    matches!(kind, Kind::RateLimited | Kind::Unavailable | Kind::Timeout)
}

/// Half of the doubling wait is fixed, half is random: callers spread out, nobody hammers.
fn backoff(policy: &Policy, attempted: Attempted) -> Duration {
    let doublings = attempted.made.saturating_sub(1).min(16);
    let full = policy
        .first_wait
        .saturating_mul(1 << doublings)
        .min(policy.longest_wait);
    full.mul_f64(0.5 + 0.5 * attempted.jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Attempted = Attempted {
        replayable: true,
        made: 1,
        elapsed: Duration::ZERO,
        jitter: 1.0,
    };

    fn error(kind: Kind) -> Error {
        Error::not_applied(kind, "x")
    }

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn a_mutation_that_may_not_be_replayed_is_never_sent_again_for_any_kind() {
        let attempted = Attempted {
            replayable: false,
            ..FIRST
        };
        for kind in [
            Kind::RateLimited,
            Kind::Unavailable,
            Kind::Timeout,
            Kind::Conflict,
        ] {
            let error = error(kind).with_retry_after(Duration::ZERO);
            assert_eq!(
                decide(&Policy::default(), attempted, &error),
                Decision::GiveUp,
                "{kind}"
            );
        }
    }

    #[test]
    fn only_passing_failures_are_tried_again() {
        for (kind, again) in [
            (Kind::RateLimited, true),
            (Kind::Unavailable, true),
            (Kind::Timeout, true),
            (Kind::Decode, false),
            (Kind::Rejected, false),
            (Kind::Unauthenticated, false),
            (Kind::PermissionDenied, false),
            (Kind::NotFound, false),
            (Kind::Conflict, false),
            (Kind::Config, false),
            (Kind::Unexpected, false),
            (Kind::Unsupported, false),
        ] {
            let decided = decide(&Policy::default(), FIRST, &error(kind));
            assert_eq!(decided != Decision::GiveUp, again, "{kind}");
        }
    }

    #[test]
    fn waits_double_up_to_a_ceiling_and_jitter_takes_off_at_most_half() {
        let policy = Policy {
            attempts: 99,
            budget: seconds(999),
            ..Policy::default()
        };
        let wait = |made, jitter| match decide(
            &policy,
            Attempted {
                made,
                jitter,
                ..FIRST
            },
            &error(Kind::Unavailable),
        ) {
            Decision::After(wait) => wait,
            Decision::GiveUp => panic!("gave up"),
        };
        assert_eq!(wait(1, 1.0), Duration::from_millis(500));
        assert_eq!(wait(2, 1.0), seconds(1));
        assert_eq!(wait(3, 1.0), seconds(2));
        assert_eq!(wait(30, 1.0), seconds(10));
        assert_eq!(wait(1, 0.0), Duration::from_millis(250));
    }

    #[test]
    fn a_wait_asked_for_by_the_platform_counts_unless_it_leaves_the_budget() {
        let policy = Policy::default();
        let asked = |n| error(Kind::RateLimited).with_retry_after(seconds(n));
        assert_eq!(
            decide(&policy, FIRST, &asked(7)),
            Decision::After(seconds(7))
        );
        assert_eq!(decide(&policy, FIRST, &asked(61)), Decision::GiveUp);
        let late = Attempted {
            elapsed: seconds(58),
            ..FIRST
        };
        assert_eq!(decide(&policy, late, &asked(7)), Decision::GiveUp);
    }

    #[test]
    fn attempts_are_bounded() {
        let last = Attempted { made: 4, ..FIRST };
        assert_eq!(
            decide(&Policy::default(), last, &error(Kind::Unavailable)),
            Decision::GiveUp
        );
    }
}
