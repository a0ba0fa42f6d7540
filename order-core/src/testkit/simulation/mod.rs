//! A whole connection under faults, deterministic and replayable.
//!
//! Buyers place orders, a warehouse completes them with or without codes, people cancel, and one
//! or more workers run the engine while every call may fail in every way. When the faults stop,
//! the workers get a day to settle; then the oracle looks at the platforms, never at the
//! engine's own store.
//!
//! A run depends on its seed and settings alone: [`Report::trace`] is the same for two runs.

mod campaign;
mod oracle;
mod people;
mod plan;
mod process;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{join_all, select_all};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::gate::{Fault, Gate, Late, Plan, Stop};
use super::{ManualClock, MemoryMarketplace, MemoryWebshop, Quota};
use crate::engine::{Connection, Engine};
use crate::ids::{ConnectionId, OrderKey};
use crate::memory::MemoryStore;
use crate::policy::Policy;
use crate::ports::{
    Clock, ConfirmSemantics, CreateSemantics, HistoryEntry, Lag, Marketplace as _, NoDetector,
    OrderStore,
};

pub use campaign::{Campaign, Figures, campaign};
pub use plan::{FaultAt, RandomFaults};
use process::Process;

/// What to simulate.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Orders placed in the first day.
    pub orders: u32,
    /// How long faults happen.
    pub faults_for: Duration,
    /// How long the workers get to settle afterwards.
    pub drain: Duration,
    /// How likely a call fails.
    pub fault_rate: f64,
    /// How likely the process ends at a call.
    pub crash_rate: f64,
    /// How likely the process stands still for up to a quarter of an hour at a call.
    pub pause_rate: f64,
    /// How likely a platform starts to refuse nearly every call for a while.
    pub storm_rate: f64,
    /// Workers that share the connection.
    pub workers: usize,
    /// What the webshop offers against doubles.
    pub create: CreateSemantics,
    /// What the marketplace offers against doubled confirmations.
    pub confirm: ConfirmSemantics,
    /// The marketplace decides confirmations later, behind tickets.
    pub tickets: bool,
    /// The wall clock jumps now and then.
    pub clock_jumps: bool,
    /// The marketplace wants orders accepted first.
    pub accept: bool,
    /// The marketplace's sweeps page by offset, and may miss what shifts.
    pub offset_pages: bool,
    /// Platforms send webhooks: some are lost, some come twice, some late.
    pub webhooks: bool,
    /// The platforms grant so few calls that the engine often has none left.
    pub quota: Option<Quota>,
    /// Something broken on purpose, which the oracle must catch.
    pub canary: Option<Canary>,
}

/// Something broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canary {
    /// Lookups are trusted at once: late landings are missed.
    NoSettle,
    /// The store refuses neither old leases nor old versions.
    NoFence,
    /// Intents are not stored before the call: a crash forgets them.
    NoIntent,
    /// The webshop's feed is believed: orders are not read by id now and then.
    TrustFeeds,
    /// A platform with nothing to look up by is treated as one that can be searched.
    BlindLookup,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            orders: 8,
            faults_for: Duration::from_secs(32 * 3600),
            drain: Duration::from_secs(24 * 3600),
            fault_rate: 0.04,
            crash_rate: 0.004,
            pause_rate: 0.0,
            storm_rate: 0.0,
            workers: 2,
            create: CreateSemantics::InertThenActivate,
            confirm: ConfirmSemantics::ReadBack,
            tickets: false,
            clock_jumps: false,
            accept: false,
            offset_pages: false,
            webhooks: false,
            quota: None,
            canary: None,
        }
    }
}

impl Settings {
    /// Whether a process may stand still between deciding to send and sending, for longer than a
    /// request may be under way: only where the platforms themselves refuse what comes too late.
    fn pauses_anywhere(&self) -> bool {
        let hard = matches!(
            self.create,
            CreateSemantics::UniqueKey | CreateSemantics::InertThenActivate
        );
        hard && self.confirm == ConfirmSemantics::UpsertByKey
    }

    /// Whether processes do stand still there.
    fn has_zombies(&self) -> bool {
        self.pauses_anywhere() && self.pause_rate > 0.0
    }
}

/// What a run came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Its seed.
    pub seed: u64,
    /// Orders placed.
    pub orders: u32,
    /// Webshop orders that are alive at the end.
    pub webshop_orders: u64,
    /// Calls that passed the gates.
    pub calls: u64,
    /// Faults, by name.
    pub faults: BTreeMap<String, u64>,
    /// What the oracle found wrong; empty when all is well.
    pub violations: Vec<String>,
    /// The engine's own history of the orders that went wrong, to understand it by.
    pub histories: Vec<String>,
    /// The same for two runs with the same seed and settings.
    pub trace: u64,
}

/// The name of the simulated connection and its channel.
const CONNECTION: &str = "sim";

/// Runs one seed with random faults on tokio's paused clock.
///
/// # Panics
///
/// When no runtime can be made.
#[must_use]
pub fn run(seed: u64, settings: &Settings) -> Report {
    let rate = settings.clone();
    paused(async move {
        let plan = |number: u64| -> Box<dyn Plan> {
            let seed = seed.wrapping_mul(1_000_003).wrapping_add(number);
            Box::new(RandomFaults::new(seed, &rate))
        };
        simulate(seed, &rate, plan).await
    })
}

/// Runs one order with exactly the faults of `schedule`, each at the given call.
///
/// # Panics
///
/// When no runtime can be made.
#[must_use]
pub fn run_schedule(settings: &Settings, schedule: Vec<(u64, Fault)>) -> Report {
    let settings = settings.clone();
    paused(async move {
        let plan = |number: u64| -> Box<dyn Plan> {
            let faults = if number == 0 {
                schedule.clone()
            } else {
                Vec::new()
            };
            Box::new(FaultAt::new(faults))
        };
        simulate(0, &settings, plan).await
    })
}

fn paused<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    match runtime {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("no runtime for the simulation: {error}"),
    }
}

/// The platforms and people of a run.
#[derive(Debug)]
struct World {
    clock: ManualClock,
    marketplace: MemoryMarketplace,
    webshop: MemoryWebshop,
    store: Arc<dyn OrderStore>,
    late: Late,
    policy: Policy,
}

impl World {
    fn new(settings: &Settings) -> Self {
        let clock = ManualClock::new();
        let port: Arc<dyn Clock> = Arc::new(clock.clone());
        let mut marketplace = MemoryMarketplace::new(Arc::clone(&port));
        let capabilities = marketplace.capabilities();
        let lag = capabilities.confirm_lag;
        let mut capabilities = capabilities.with_confirm(settings.confirm, lag);
        if settings.accept {
            capabilities = capabilities.with_accept();
        }
        marketplace = marketplace.with_capabilities(capabilities);
        if settings.offset_pages {
            marketplace = marketplace.sweeping_by_offset();
        }
        if settings.tickets {
            marketplace = marketplace.deferring(Duration::from_secs(90));
        }
        let mut webshop = MemoryWebshop::new(port).with_create(settings.create);
        if settings.canary == Some(Canary::NoSettle) {
            webshop = webshop.declaring_lag(Lag::NONE);
        }
        if settings.canary == Some(Canary::BlindLookup) {
            webshop = webshop.declaring(CreateSemantics::Lookup);
        }
        let store: Arc<dyn OrderStore> = match settings.canary {
            Some(Canary::NoFence) => Arc::new(MemoryStore::without_fence()),
            Some(Canary::NoIntent) => Arc::new(process::Forgetful::new(MemoryStore::new())),
            Some(Canary::NoSettle | Canary::TrustFeeds | Canary::BlindLookup) | None => {
                Arc::new(MemoryStore::new())
            }
        };
        Self {
            clock,
            marketplace,
            webshop,
            store,
            late: Late::default(),
            policy: policy(settings),
        }
    }

    /// The connection as people's own tools see it: nothing stands between them and the
    /// platforms.
    fn connection(&self) -> Connection {
        Connection {
            id: connection_id(),
            marketplace: Arc::new(self.marketplace.clone()),
            webshop: Arc::new(self.webshop.clone()),
            detector: Arc::new(NoDetector),
            policy: self.policy.clone(),
        }
    }

    fn engine(&self) -> Engine {
        Engine::new(Arc::clone(&self.store), Arc::new(self.clock.clone()))
    }
}

fn policy(settings: &Settings) -> Policy {
    let mut policy = Policy::new(CONNECTION);
    if settings.canary == Some(Canary::TrustFeeds) {
        policy.shop_reread = Duration::from_secs(400 * 24 * 3600);
        policy.late_tracking_interval = policy.shop_reread;
    }
    // Small enough that lists take several rounds.
    policy.concurrency = 4;
    policy
}

async fn simulate(seed: u64, settings: &Settings, plan: impl Fn(u64) -> Box<dyn Plan>) -> Report {
    let world = World::new(settings);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut people = people::People::new(&mut rng, settings, world.clock.now());
    // A fresh one: two runs of the same settings must not spend from the same.
    let quota = settings.quota.as_ref().map(Quota::unspent);
    let mut processes: Vec<Process> = (0..settings.workers as u64)
        .map(|number| {
            let gate = Gate::new(BoxedPlan(plan(number)), world.late.clone());
            gate.keep_to(quota.clone());
            Process::new(&world, gate, number)
        })
        .collect();
    let start = tokio::time::Instant::now();
    let end = start + settings.faults_for + settings.drain;
    let mut next_tick = start;
    while tokio::time::Instant::now() < end {
        let woke = until(next_tick, &mut processes).await;
        world.late.land();
        match woke {
            Woke::Resume => {}
            Woke::Stopped(index, Stop::Crashed) => {
                let rest = Duration::from_secs(rng.random_range(0..120));
                if let Some(process) = processes.get_mut(index) {
                    process.restart(&world, rest);
                }
            }
            Woke::Stopped(index, Stop::Paused(duration)) => {
                if let Some(process) = processes.get_mut(index) {
                    process.resume_at = Some(tokio::time::Instant::now() + duration);
                }
            }
            Woke::Tick => {
                next_tick += Duration::from_secs(60);
                people.act(&world).await;
                let faults = start.elapsed() < settings.faults_for;
                if settings.clock_jumps && faults && rng.random_bool(0.002) {
                    let minutes = rng.random_range(-90..90);
                    world.clock.jump(chrono::Duration::minutes(minutes));
                }
                if !faults {
                    for process in &processes {
                        process.stop_faults();
                    }
                }
            }
        }
    }
    let mut report = Report {
        seed,
        orders: settings.orders,
        ..Report::default()
    };
    for process in &processes {
        process.count(&mut report);
    }
    for story in &people.stories {
        report.webshop_orders += world.webshop.live(&story.key).len() as u64;
    }
    report.violations = oracle::violations(&world, &people, settings).await;
    for story in &people.stories {
        if report
            .violations
            .iter()
            .any(|text| text.starts_with(story.id.as_str()))
        {
            let key = OrderKey::new(connection_id(), story.id.clone());
            let history = world.store.history(key).await.unwrap_or_default();
            let line = |entry: HistoryEntry| format!("{} {}", entry.at, entry.text);
            report.histories.push(format!("history of {}:", story.id));
            report.histories.extend(history.into_iter().map(line));
        }
    }
    report
}

/// Why the simulator looks up.
enum Woke {
    /// A minute is over.
    Tick,
    /// A process may go on.
    Resume,
    /// A process stopped.
    Stopped(usize, Stop),
}

/// Lets the processes work until the tick, or until one of them stops or may go on.
async fn until(tick: tokio::time::Instant, processes: &mut [Process]) -> Woke {
    let now = tokio::time::Instant::now();
    for process in processes.iter_mut() {
        if process.resume_at.is_some_and(|at| at <= now) {
            process.resume_at = None;
            process.gate.restart();
        }
    }
    let mut wake = tick;
    let mut stops = Vec::new();
    let mut running = Vec::new();
    for (index, process) in processes.iter_mut().enumerate() {
        if let Some(at) = process.resume_at {
            wake = wake.min(at);
            continue;
        }
        let gate = process.gate.clone();
        stops.push(async move { (index, gate.stopped().await) }.boxed());
        running.push(process.future.as_mut());
    }
    let slept = || {
        if wake == tick {
            Woke::Tick
        } else {
            Woke::Resume
        }
    };
    if stops.is_empty() {
        tokio::time::sleep_until(wake).await;
        return slept();
    }
    tokio::select! {
        biased;
        ((index, stop), _, _) = select_all(stops) => Woke::Stopped(index, stop),
        _ = join_all(running) => Woke::Resume,
        () = tokio::time::sleep_until(wake) => slept(),
    }
}

struct BoxedPlan(Box<dyn Plan>);

impl Plan for BoxedPlan {
    fn fault(&mut self, point: u64, call: super::gate::Call) -> Option<Fault> {
        self.0.fault(point, call)
    }
}

fn connection_id() -> ConnectionId {
    ConnectionId::from(CONNECTION)
}
