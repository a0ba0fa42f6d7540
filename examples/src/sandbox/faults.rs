//! What goes wrong in the sandbox.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::ValueEnum;
use connector_marketplace::bol::sandbox::{Failure, Fault, Seen};
use connector_webshop::woocommerce::sandbox::{Interference, SandboxHook, SandboxRequest};
use order_core::ports::Clock;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Faults {
    /// Nothing.
    None,
    /// Everything below.
    All,
    /// Changes are executed, but their answer never comes.
    LostReplies,
    /// Changes are executed long after the caller gave up.
    LateLandings,
    /// Pages come twice.
    DuplicatePages,
    /// Storms of "too many requests".
    Throttling,
    /// Tokens expire at any moment.
    TokenExpiry,
    /// Server errors before and after execution.
    ServerErrors,
}

impl Faults {
    /// The single kinds a list names.
    pub(crate) fn all_of(list: &[Self]) -> Vec<Self> {
        if list.contains(&Self::All) {
            return vec![
                Self::LostReplies,
                Self::LateLandings,
                Self::DuplicatePages,
                Self::Throttling,
                Self::TokenExpiry,
                Self::ServerErrors,
            ];
        }
        list.iter()
            .copied()
            .filter(|fault| *fault != Self::None)
            .collect()
    }
}

/// A number from 0 to 99 that depends on the seed and the request alone.
fn roll(seed: u64, salt: u64, number: u64) -> u64 {
    let mut mixed = seed ^ salt.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number.rotate_left(17);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (mixed ^ (mixed >> 31)) % 100
}

/// Requests come in storms of twenty, every seventh of which is thrown back.
fn in_storm(seed: u64, number: u64) -> bool {
    number % 20 < 6 && roll(seed, 99, number / 20) < 25
}

/// What the marketplace does to a request.
pub(crate) fn bol(faults: &[Faults], seed: u64, silence: Duration, seen: &Seen) -> Fault {
    let has = |fault| faults.contains(&fault);
    let dice = |salt| roll(seed, salt, seen.number);
    if has(Faults::Throttling) && in_storm(seed, seen.number) {
        return Fault::Refuse(Failure::RateLimited(Duration::from_secs(30)));
    }
    if has(Faults::TokenExpiry) && dice(1) < 6 {
        return Fault::ExpireTokens;
    }
    if seen.is_mutation() {
        if has(Faults::LostReplies) && dice(2) < 20 {
            return Fault::Lose(Failure::Silence(silence));
        }
        if has(Faults::LateLandings) && dice(3) < 10 {
            return Fault::Late {
                failure: Failure::Silence(silence),
                after: silence + Duration::from_secs(20),
            };
        }
        if has(Faults::ServerErrors) && dice(4) < 8 {
            return Fault::Lose(Failure::Status(502));
        }
    } else if has(Faults::DuplicatePages) && dice(5) < 15 {
        return Fault::RepeatPage;
    }
    if has(Faults::ServerErrors) && dice(6) < 5 {
        return Fault::Refuse(Failure::Status(503));
    }
    Fault::None
}

/// What the webshop does to a request.
pub(crate) struct WooFaults {
    pub(crate) faults: Vec<Faults>,
    pub(crate) seed: u64,
    pub(crate) silence: Duration,
    pub(crate) clock: Arc<dyn Clock>,
}

#[async_trait]
impl SandboxHook for WooFaults {
    async fn before(&self, request: &SandboxRequest) -> Interference {
        let has = |fault| self.faults.contains(&fault);
        let dice = |salt| roll(self.seed, salt, request.number);
        if has(Faults::Throttling) && in_storm(self.seed, request.number) {
            return Interference::throttled(30);
        }
        if has(Faults::ServerErrors) && dice(11) < 5 {
            return Interference::json(503, &serde_json::json!({"code": "injected"}));
        }
        if has(Faults::LateLandings) && request.method != "GET" && dice(12) < 10 {
            // Execution goes on whether the caller waits or not.
            self.clock
                .sleep(self.silence + Duration::from_secs(20))
                .await;
        }
        Interference::Pass
    }

    async fn after(&self, request: &SandboxRequest, _status: u16) -> Interference {
        let has = |fault| self.faults.contains(&fault);
        let dice = |salt| roll(self.seed, salt, request.number);
        if request.method == "GET" {
            return Interference::Pass;
        }
        if has(Faults::LostReplies) && dice(13) < 20 {
            return Interference::Silence;
        }
        if has(Faults::ServerErrors) && dice(14) < 8 {
            return Interference::json(502, &serde_json::json!({"code": "injected"}));
        }
        Interference::Pass
    }
}
