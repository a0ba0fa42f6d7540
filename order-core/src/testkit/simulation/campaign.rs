//! Many seeds, and what they come to together.
//!
//! # Invariants
//!
//! - The settings of a seed follow from the seed alone, so that its number is all a replay needs.
//! - The figures do not depend on the number of threads.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use super::{Report, Settings, run};
use crate::ports::{ConfirmSemantics, CreateSemantics};
use crate::testkit::Quota;

impl Settings {
    /// The settings of a seed in a campaign: platforms of every kind that a connector can
    /// declare, with and without tickets, acceptance, webhooks and pages that shift; one and two
    /// workers; clocks that jump, platforms that refuse for a while,
    /// and some that grant few calls; and processes that stand
    /// still, past their lease too, where the platforms themselves guard.
    #[must_use]
    pub fn of_seed(seed: u64) -> Self {
        let common = Self {
            accept: seed % 6 == 1,
            offset_pages: seed % 4 < 2,
            webhooks: !seed.is_multiple_of(3),
            storm_rate: if seed % 5 == 2 { 0.003 } else { 0.0 },
            quota: (seed % 10 == 9).then(|| scarce(seed)),
            ..Self::default()
        };
        match seed % 8 {
            3 => Self {
                pause_rate: 0.01,
                confirm: ConfirmSemantics::UpsertByKey,
                create: if seed % 16 == 3 {
                    CreateSemantics::InertThenActivate
                } else {
                    CreateSemantics::UniqueKey
                },
                ..common
            },
            5 => Self {
                create: if seed % 16 == 5 {
                    CreateSemantics::Blind
                } else {
                    CreateSemantics::Lookup
                },
                confirm: if seed % 16 == 5 {
                    ConfirmSemantics::ReadBack
                } else {
                    ConfirmSemantics::Blind
                },
                ..common
            },
            _ => Self {
                create: match seed % 3 {
                    0 => CreateSemantics::InertThenActivate,
                    1 => CreateSemantics::UniqueKey,
                    _ => CreateSemantics::Lookup,
                },
                tickets: seed.is_multiple_of(2),
                workers: 1 + usize::from(seed % 5 < 3),
                clock_jumps: seed.is_multiple_of(4),
                pause_rate: if seed.is_multiple_of(7) { 0.005 } else { 0.0 },
                ..common
            },
        }
    }

    /// What the platforms of a run declare, as a group of the card.
    fn semantics(&self) -> String {
        let pauses = if self.has_zombies() {
            ", processes stand still"
        } else {
            ""
        };
        let tickets = if self.tickets { ", tickets" } else { "" };
        format!("{:?} / {:?}{tickets}{pauses}", self.create, self.confirm)
    }
}

/// A call every twenty seconds to two minutes: a poll every five minutes takes up to half of it.
fn scarce(seed: u64) -> Quota {
    let spacing = Duration::from_secs(20 + seed / 10 % 8 * 14);
    Quota::new(spacing, 4)
}

/// Figures of one or more runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Seeds that were run.
    pub seeds: u64,
    /// Hours that passed in their worlds.
    pub simulated_hours: u64,
    /// Calls that passed the gates.
    pub calls: u64,
    /// Faults injected, crashes and pauses included.
    pub faults: u64,
    /// Times a process ended.
    pub crashes: u64,
    /// Times a process stood still.
    pub pauses: u64,
    /// Orders placed.
    pub orders: u64,
    /// Webshop orders that are alive at the end.
    pub webshop_orders: u64,
    /// Orders that had two live webshop orders, at the end or for a while.
    pub duplicates: u64,
    /// Orders without a webshop order.
    pub losses: u64,
    /// Orders with pieces the marketplace was never told of.
    pub lost_confirmations: u64,
    /// Orders with pieces the marketplace was told of twice.
    pub doubled_confirmations: u64,
    /// Whatever else was wrong.
    pub other_violations: u64,
}

impl Figures {
    fn add(&mut self, settings: &Settings, report: &Report) {
        self.seeds += 1;
        self.simulated_hours += (settings.faults_for + settings.drain).as_secs() / 3600;
        self.calls += report.calls;
        for (name, count) in &report.faults {
            self.faults += count;
            if name.starts_with("Crash") {
                self.crashes += count;
            } else if name == "Pause" {
                self.pauses += count;
            }
        }
        self.orders += u64::from(report.orders);
        self.webshop_orders += report.webshop_orders;
        for text in &report.violations {
            let counter = if text.contains("DUPLICATE") || text.contains("DOUBLED FOR A WHILE") {
                &mut self.duplicates
            } else if text.contains("LOST") {
                &mut self.losses
            } else if text.contains("UNCONFIRMED") {
                &mut self.lost_confirmations
            } else if text.contains("DOUBLE CONFIRM") {
                &mut self.doubled_confirmations
            } else {
                &mut self.other_violations
            };
            *counter += 1;
        }
    }
}

/// What many seeds came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Campaign {
    /// The first seed.
    pub from: u64,
    /// Everything together.
    pub total: Figures,
    /// By what the platforms declare.
    pub by_semantics: BTreeMap<String, Figures>,
    /// Faults, by kind.
    pub faults: BTreeMap<String, u64>,
    /// Seeds with violations, and the violations.
    pub violations: BTreeMap<u64, Vec<String>>,
    /// The same for two campaigns over the same seeds.
    pub trace: u64,
}

impl Campaign {
    fn add(&mut self, settings: &Settings, report: Report) {
        self.total.add(settings, &report);
        self.by_semantics
            .entry(settings.semantics())
            .or_default()
            .add(settings, &report);
        for (name, count) in &report.faults {
            *self.faults.entry(name.clone()).or_default() += count;
        }
        // Independent of the order in which the threads finish.
        self.trace = self
            .trace
            .wrapping_add(report.trace.wrapping_mul(report.seed.wrapping_mul(2) + 1));
        if !report.violations.is_empty() {
            self.violations.insert(report.seed, report.violations);
        }
    }
}

/// Runs every seed under its own settings, on so many threads.
///
/// # Panics
///
/// When a simulation panics: that is a bug of the engine or of the simulator.
#[must_use]
pub fn campaign(seeds: Range<u64>, threads: usize) -> Campaign {
    let next = AtomicU64::new(seeds.start);
    let work = || {
        let mut reports = Vec::new();
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= seeds.end {
                return reports;
            }
            let mut report = run(seed, &Settings::of_seed(seed));
            report.histories.clear();
            reports.push(report);
        }
    };
    let mut campaign = Campaign {
        from: seeds.start,
        ..Campaign::default()
    };
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        for handle in handles {
            match handle.join() {
                Ok(reports) => {
                    for report in reports {
                        campaign.add(&Settings::of_seed(report.seed), report);
                    }
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    campaign
}
