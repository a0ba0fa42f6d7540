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
    pauses_anywhere: bool,
    storm_rate: f64,
    storm: Option<Storm>,
}

/// A time in which every call of one side meets the same.
#[derive(Debug)]
struct Storm {
    side: &'static str,
    fault: Fault,
    calls: u32,
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
            pauses_anywhere: settings.pauses_anywhere(),
            storm_rate: settings.storm_rate,
            storm: None,
        }
    }

    /// A platform that answers 429 to nearly everything for a while, or is down.
    fn storm(&mut self, call: Call) -> Option<Fault> {
        if self.storm.is_none() && self.rng.random_bool(self.storm_rate) {
            self.storm = Some(Storm {
                side: if self.rng.random() {
                    "marketplace."
                } else {
                    "webshop."
                },
                fault: if self.rng.random() {
                    Fault::Throttled
                } else {
                    Fault::Refused
                },
                calls: self.rng.random_range(10..120),
            });
        }
        let storm = self.storm.as_mut()?;
        if !call.name.starts_with(storm.side) {
            return None;
        }
        storm.calls -= 1;
        let fault = storm.fault;
        if storm.calls == 0 {
            self.storm = None;
        }
        (!self.rng.random_bool(0.1)).then_some(fault)
    }
}

impl Plan for RandomFaults {
    fn fault(&mut self, _point: IoPoint, call: Call) -> Option<Fault> {
        if self.storm_rate > 0.0
            && let Some(fault) = self.storm(call)
        {
            return Some(fault);
        }
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
        if draw < self.pause_rate && (self.pauses_anywhere || !call.mutates) {
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
