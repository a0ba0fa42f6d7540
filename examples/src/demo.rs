//! `order-sync demo`: everything on this machine, in fast motion.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use order_core::engine::Connection;
use order_core::ports::{Clock, OrderFilter, OrderStore};
use order_core::state::Order;

use crate::clock::FastClock;
use crate::config::Config;
use crate::connect;
use crate::console::ConsoleOptions;
use crate::orders;
use crate::output::{self, Problem};
use crate::run;
use crate::sandbox::{Faults, Ports, World};

/// Options of `demo`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many orders buyers place.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=500))]
    orders: u32,
    /// Makes the same orders, codes and faults every time.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What goes wrong on the way; "all" for everything.
    #[arg(long, value_delimiter = ',', default_value = "none", default_missing_value = "all",
          num_args = 0..)]
    faults: Vec<Faults>,
    /// How many times faster time passes.
    #[arg(long, default_value_t = 720, value_parser = clap::value_parser!(u32).range(1..=2000))]
    speed: u32,
    /// Give up after so many real seconds.
    #[arg(long, default_value_t = 300)]
    give_up_after: u64,
    #[command(flatten)]
    console: ConsoleOptions,
    /// Go on serving the orders overview when every order is closed, until Ctrl-C.
    #[arg(long, conflicts_with = "no_console")]
    stay: bool,
}

/// How often the overview is looked at, in real time.
const LOOK: Duration = Duration::from_millis(500);

pub(crate) async fn demo(options: Options) -> Result<(), Problem> {
    let clock: Arc<dyn Clock> = Arc::new(FastClock::new(None, options.speed));
    let world =
        Arc::new(World::start(Ports::default(), options.seed, Arc::clone(&clock), None).await?);
    let faults = Faults::all_of(&options.faults);
    world.inject(&faults, options.seed);
    let directory = tempfile::tempdir()
        .map_err(|error| Problem::new(format!("no directory for the database: {error}")))?;
    let config_path = directory.path().join("order-sync.toml");
    std::fs::write(&config_path, world.config_text())
        .map_err(|error| Problem::new(format!("cannot write the configuration: {error}")))?;
    let config = Config::read(&config_path)?;
    let connections = connect::connections(&config, &clock)?;
    let store = config.store.open().await?;
    let console = options
        .console
        .prepare(&config.console, &store, &clock, &connections)
        .await?;
    introduce(
        &world,
        &options,
        &faults,
        console.as_ref().map(|console| &*console.url),
    );

    let worker = run::worker(
        Arc::clone(&store),
        Arc::clone(&clock),
        connections.clone(),
        options.speed,
    );
    let closed = std::cell::Cell::new(false);
    let watch = async {
        watch(&world, &*store, &*clock, &connections, &options).await?;
        closed.set(true);
        if options.stay {
            output::line("The orders overview stays until Ctrl-C.");
            std::future::pending::<()>().await;
        }
        Ok(())
    };
    let served = async {
        match console {
            Some(console) => console.serve(std::future::pending()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = worker.run(std::future::pending(), |_, _| ()) => {
            ended?;
            Err(Problem::new("the worker ended"))
        }
        lived = world.live(None) => lived,
        () = buyers(&world, &*clock, options.orders) => Err(Problem::new("the buyers left")),
        watched = watch => watched,
        served = served => served,
        _ = tokio::signal::ctrl_c() => if closed.get() { Ok(()) } else { Err(Problem::new("stopped before every order was closed")) },
    }
}

fn introduce(world: &World, options: &Options, faults: &[Faults], overview: Option<&str>) {
    output::line(format!(
        "A bol-compatible marketplace ({}), a WooCommerce-compatible webshop ({}) and a \
         warehouse,\nall on this machine. Time passes {} times faster: the three hours' wait for \
         a T&T code takes {:.0} s.",
        world.bol_url(),
        world.woo_url(),
        options.speed,
        10_800.0 / f64::from(options.speed)
    ));
    if !faults.is_empty() {
        let names: Vec<String> = faults.iter().map(|fault| format!("{fault:?}")).collect();
        output::line(format!("What goes wrong on the way: {}.", names.join(", ")));
    }
    if let Some(url) = overview {
        output::line(format!("The orders overview is at {url}"));
    }
    output::line("");
}

/// Buyers place orders over the first half hour, then wait for ever.
async fn buyers(world: &World, clock: &dyn Clock, orders: u32) {
    for number in 0..orders {
        world.add_order(number);
        clock.sleep(Duration::from_secs(30 * 60) / orders).await;
    }
    std::future::pending().await
}

/// Shows the overview whenever it changes, until every order is closed.
async fn watch(
    world: &World,
    store: &dyn OrderStore,
    clock: &dyn Clock,
    connections: &[Connection],
    options: &Options,
) -> Result<(), Problem> {
    let mut shown = String::new();
    let start = clock.monotonic();
    let limit = Duration::from_secs(options.give_up_after) * options.speed;
    loop {
        let orders = all(store).await?;
        let text = summary(&orders);
        if text != shown {
            show(&orders, connections, clock, &text);
            shown = text;
        }
        let truth = world.truth();
        let placed = truth.orders == options.orders as usize;
        if placed && (truth.is_perfect() || !truth.violations.is_empty()) && settled(&orders) {
            break;
        }
        if clock.monotonic().saturating_sub(start) > limit {
            output::line(orders_table(&orders, connections, clock));
            return Err(Problem::new(format!(
                "not done within {} s: {}",
                options.give_up_after,
                truth.open.join("; ")
            )));
        }
        clock.sleep(LOOK * options.speed).await;
    }
    let orders = all(store).await?;
    output::line(orders_table(&orders, connections, clock));
    finish(world, store, clock, start, options).await
}

async fn finish(
    world: &World,
    store: &dyn OrderStore,
    clock: &dyn Clock,
    start: Duration,
    options: &Options,
) -> Result<(), Problem> {
    let truth = world.truth();
    let simulated = clock.monotonic().saturating_sub(start);
    let counts = store.counts(None).await?;
    output::line(format!(
        "\nOn the marketplace's side: {} of {} orders shipped, {} with the code the webshop has \
         for them.\nIt took {} h of the demo's time, {:.0} s of yours. {} orders need a person.",
        truth.shipped,
        truth.orders,
        truth.coded,
        simulated.as_secs() / 3600,
        simulated.as_secs_f64() / f64::from(options.speed),
        counts.needs_action,
    ));
    if truth.is_perfect() {
        output::line("Every order stands in the webshop once.");
        output::line("All orders are closed.");
        return Ok(());
    }
    let wrong = [truth.violations, truth.open].concat();
    Err(Problem::new(wrong.join("; ")))
}

async fn all(store: &dyn OrderStore) -> Result<Vec<Order>, Problem> {
    let filter = OrderFilter {
        limit: 500,
        ..OrderFilter::default()
    };
    let mut orders = store.list(filter).await?;
    orders.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(orders)
}

/// Whether every shipment was seen at the marketplace after it was told.
fn settled(orders: &[Order]) -> bool {
    orders.iter().all(|order| {
        order.status_is_final() && order.state.effects.is_empty() && order.state.problems.is_empty()
    })
}

fn summary(orders: &[Order]) -> String {
    let mut words: Vec<String> = Vec::new();
    for status in order_core::state::Status::ALL {
        let count = orders
            .iter()
            .filter(|order| order.status() == status)
            .count();
        if count > 0 {
            words.push(format!("{count} {status}"));
        }
    }
    let told = orders
        .iter()
        .flat_map(|order| &order.state.shipments)
        .filter(|shipment| shipment.confirmation.is_told())
        .count();
    format!(
        "{}; {told} shipments told to the marketplace",
        words.join(", ")
    )
}

fn orders_table(orders: &[Order], connections: &[Connection], clock: &dyn Clock) -> String {
    let lines = orders.iter().map(|order| {
        let connection = connections.iter().find(|c| c.id == order.key.connection);
        (order, connection.map(orders::rules))
    });
    orders::overview(lines, clock.now())
}

/// On a terminal the table is drawn over the last one; elsewhere a line is added.
fn show(orders: &[Order], connections: &[Connection], clock: &dyn Clock, summary: &str) {
    let time = clock.now().format("%a %H:%M");
    if std::io::stdout().is_terminal() {
        let table = orders_table(orders, connections, clock);
        // Clears the screen; a terminal that does not know this shows two odd characters.
        drop(write!(std::io::stdout().lock(), "\x1b[2J\x1b[H"));
        output::line(format!("{time}  {summary}\n{table}"));
    } else {
        output::line(format!("{time}  {summary}"));
    }
}
