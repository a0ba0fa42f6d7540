//! Which call fails, and how.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::Settings;
use crate::testkit::gate::{Call, Fault, IoPoint, Plan};

/// Faults drawn from a seed.
#[derive(Debug)]
pub struct RandomFaults {
    rng: ChaCha8Rng,
    fault_rate: f64,
    crash_rate: f64,
    pause_rate: f64,
}

impl RandomFaults {
    /// Faults at the rates of the settings.
    #[must_use]
    pub fn new(seed: u64, settings: &Settings) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            fault_rate: settings.fault_rate,
            crash_rate: settings.crash_rate,
            pause_rate: settings.pause_rate,
        }
    }
}

impl Plan for RandomFaults {
    fn fault(&mut self, _point: IoPoint, call: Call) -> Option<Fault> {
        let draw: f64 = self.rng.random();
        let delay = Duration::from_secs(self.rng.random_range(1..110));
        let kind = self.rng.random_range(0..10);
        if draw < self.crash_rate {
            return Some(match kind {
                0..=3 => Fault::CrashBefore,
                4..=7 => Fault::CrashAfter,
                _ => Fault::CrashLate(delay),
            });
        }
        let draw = draw - self.crash_rate;
        if draw < self.pause_rate {
            return Some(Fault::Pause(Duration::from_secs(30) + delay * 8));
        }
        let draw = draw - self.pause_rate;
        if draw >= self.fault_rate {
            return None;
        }
        let store = call.name.starts_with("store.");
        let page = matches!(call.name, "marketplace.changes" | "marketplace.open_orders");
        Some(match kind {
            0 if store => Fault::ServerErrorAfter,
            1 | 2 if store => Fault::ServerErrorBefore,
            _ if store => return None,
            0 => Fault::Throttled,
            1 => Fault::ServerErrorBefore,
            2 => Fault::ServerErrorAfter,
            3 => Fault::LostReply,
            4 => Fault::LostRequest,
            5 | 6 => Fault::LateLanding(delay),
            7 => Fault::Garbled,
            8 if page => Fault::ShuffledPage,
            8 => Fault::Refused,
            _ if page => Fault::PartialPage,
            _ => Fault::TokenExpired,
        })
    }
}

/// Exactly these faults at exactly these calls.
#[derive(Debug)]
pub struct FaultAt {
    schedule: Vec<(IoPoint, Fault)>,
}

impl FaultAt {
    /// A schedule.
    #[must_use]
    pub fn new(schedule: Vec<(IoPoint, Fault)>) -> Self {
        Self { schedule }
    }
}

impl Plan for FaultAt {
    fn fault(&mut self, point: IoPoint, _call: Call) -> Option<Fault> {
        self.schedule
            .iter()
            .find(|(at, _)| *at == point)
            .map(|(_, fault)| *fault)
    }
}
