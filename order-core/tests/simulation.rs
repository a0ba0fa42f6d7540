//! The whole connection under faults. A failing seed is printed; `SIM_SEED=<n>` replays it alone,
//! `SIM_SEEDS=<n>` runs more of them.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed step is the outcome of a test"
)]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use order_core::ports::{ConfirmSemantics, CreateSemantics};
use order_core::testkit::Fault;
use order_core::testkit::simulation::{self, Canary, Report, Settings};

/// Runs seeds on every core and gives the reports with violations, and all faults by name.
fn run_many(
    seeds: impl Iterator<Item = u64>,
    settings: impl Fn(u64) -> Settings + Sync,
) -> (Vec<Report>, BTreeMap<String, u64>) {
    let seeds: Vec<u64> = match std::env::var("SIM_SEED") {
        Ok(seed) => vec![seed.parse().expect("SIM_SEED is a number")],
        Err(_) => seeds.collect(),
    };
    let next = AtomicU64::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut bad = Vec::new();
    let mut faults: BTreeMap<String, u64> = BTreeMap::new();
    std::thread::scope(|scope| {
        let work = || {
            let mut reports = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::SeqCst);
                let Some(seed) = seeds.get(usize::try_from(index).unwrap()) else {
                    return reports;
                };
                reports.push(simulation::run(*seed, &settings(*seed)));
            }
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for handle in handles {
            for report in handle.join().expect("a simulation panicked") {
                for (name, count) in &report.faults {
                    *faults.entry(name.clone()).or_default() += count;
                }
                if !report.violations.is_empty() {
                    bad.push(report);
                }
            }
        }
    });
    (bad, faults)
}

fn assert_clean(bad: &[Report]) {
    let text: Vec<String> = bad
        .iter()
        .map(|report| {
            format!(
                "SIM_SEED={}: {}
{}",
                report.seed,
                report.violations.join("; "),
                report.histories.join(
                    "
"
                )
            )
        })
        .collect();
    assert!(
        text.is_empty(),
        "{} seeds went wrong:\n{}",
        text.len(),
        text.join("\n")
    );
}

fn seeds(default: u64) -> std::ops::Range<u64> {
    let count = std::env::var("SIM_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok());
    0..count.unwrap_or(default)
}

#[test]
fn a_world_without_faults_settles() {
    let settings = |_| Settings {
        fault_rate: 0.0,
        crash_rate: 0.0,
        orders: 20,
        ..Settings::default()
    };
    let (bad, faults) = run_many(0..20, settings);
    assert_clean(&bad);
    assert!(faults.is_empty());
}

#[test]
fn random_faults_lose_and_double_nothing() {
    let (bad, faults) = run_many(seeds(1000), Settings::of_seed);
    println!("faults injected: {faults:?}");
    assert_clean(&bad);
}

/// Worlds that once went wrong: a failed look stayed a problem of a finished order (12827), so did
/// a cancellation that had arrived after all (20899); and a second parcel, told before the first,
/// was looked for without end, which kept the first from being told (26907). The clock was put
/// forward while a piece was being cancelled, and it was cancelled again (35824); so was a parcel
/// told twice (42808).
#[test]
fn worlds_that_once_went_wrong_stay_right() {
    for seed in [239, 389, 12_827, 20_899, 26_907, 35_824, 42_808] {
        let report = simulation::run(seed, &Settings::of_seed(seed));
        let history = report.histories.join("\n");
        assert_eq!(report.violations, Vec::<String>::new(), "{history}");
    }
}

#[test]
fn a_seed_run_twice_gives_the_same_trace() {
    for seed in 0..6 {
        let first = simulation::run(seed, &Settings::of_seed(seed));
        assert_eq!(first, simulation::run(seed, &Settings::of_seed(seed)));
    }
}

#[test]
fn a_campaign_comes_to_the_same_on_one_thread_and_on_two() {
    let once = simulation::campaign(0..14, 1);
    assert_eq!(once, simulation::campaign(0..14, 2));
    assert_eq!(once.total.seeds, 14);
    assert_eq!(once.violations, BTreeMap::new());
    assert!(once.total.crashes > 0 && once.total.pauses > 0);
}

/// One order, one worker, and one fault: at every call, of every kind.
fn survives_every_fault_at_every_call(create: CreateSemantics) {
    let settings = Settings {
        orders: 1,
        workers: 1,
        faults_for: Duration::from_secs(22 * 3600),
        drain: Duration::from_secs(8 * 3600),
        create,
        tickets: create == CreateSemantics::Lookup,
        ..Settings::default()
    };
    let calm = simulation::run_schedule(&settings, Vec::new());
    assert_eq!(calm.violations, Vec::<String>::new());
    // Beyond the order's life there are only idle looks.
    for point in 0..calm.calls.min(90) {
        for fault in Fault::ALL {
            if matches!(fault, Fault::Pause(_)) {
                continue;
            }
            let report = simulation::run_schedule(&settings, vec![(point, fault)]);
            let found = report.violations;
            assert_eq!(
                found,
                Vec::<String>::new(),
                "{create:?}: {fault:?} at call {point}"
            );
        }
    }
}

#[test]
fn every_fault_at_every_call_is_survived_by_a_shop_with_drafts() {
    survives_every_fault_at_every_call(CreateSemantics::InertThenActivate);
}

#[test]
fn every_fault_at_every_call_is_survived_by_a_shop_with_a_hard_key() {
    survives_every_fault_at_every_call(CreateSemantics::UniqueKey);
}

#[test]
fn every_fault_at_every_call_is_survived_by_a_shop_that_can_only_search() {
    survives_every_fault_at_every_call(CreateSemantics::Lookup);
}

fn canary(canary: Canary, settings: &Settings) -> usize {
    let settings = |_| Settings {
        canary: Some(canary),
        fault_rate: 0.08,
        ..settings.clone()
    };
    run_many(0..60, settings).0.len()
}

#[test]
fn an_engine_that_does_not_settle_is_caught() {
    let settings = Settings {
        create: CreateSemantics::Lookup,
        ..Settings::default()
    };
    assert!(canary(Canary::NoSettle, &settings) > 0);
}

#[test]
fn a_store_without_fence_is_caught() {
    let settings = Settings {
        pause_rate: 0.02,
        ..Settings::default()
    };
    assert!(canary(Canary::NoFence, &settings) > 0);
}

#[test]
fn an_engine_that_forgets_intents_is_caught() {
    let settings = Settings {
        create: CreateSemantics::Lookup,
        crash_rate: 0.02,
        ..Settings::default()
    };
    assert!(canary(Canary::NoIntent, &settings) > 0);
}

#[test]
fn an_engine_that_believes_the_webshops_feed_is_caught() {
    assert!(canary(Canary::TrustFeeds, &Settings::default()) > 0);
}

#[test]
fn a_blind_webshop_that_is_treated_as_one_to_search_is_caught() {
    let settings = Settings {
        create: CreateSemantics::Blind,
        ..Settings::default()
    };
    assert!(canary(Canary::BlindLookup, &settings) > 0);
}

/// Where nothing can be looked up, an unknown outcome is a person's work: nothing is doubled.
#[test]
fn a_webshop_with_nothing_to_look_up_by_gets_no_order_twice() {
    let settings = |_| Settings {
        create: CreateSemantics::Blind,
        fault_rate: 0.08,
        ..Settings::default()
    };
    let (bad, _) = run_many(0..60, settings);
    assert_clean(&bad);
}

/// Processes that stand still past their lease, at any call, and then go on as zombies: the
/// webshop's key or inert drafts, the marketplace's package ids and the store's fence must hold.
#[test]
fn zombies_double_nothing_where_the_platforms_offer_a_guard() {
    let settings = |seed: u64| Settings {
        pause_rate: 0.01,
        confirm: ConfirmSemantics::UpsertByKey,
        create: if seed.is_multiple_of(2) {
            CreateSemantics::InertThenActivate
        } else {
            CreateSemantics::UniqueKey
        },
        ..Settings::default()
    };
    let (bad, faults) = run_many(0..100, settings);
    println!("faults injected: {faults:?}");
    assert_clean(&bad);
}
