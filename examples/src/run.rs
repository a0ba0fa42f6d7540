//! `order-sync run`.

use std::sync::Arc;
use std::time::Duration;

use order_core::engine::{Connection, CycleReport, Engine};
use order_core::ids::ConnectionId;
use order_core::ports::{Clock, OrderStore, SystemClock};
use order_core::worker::{Worker, WorkerOptions};

use crate::cli::{RunOptions, TimeOptions};
use crate::clock::FastClock;
use crate::config::{Config, StoreConfig};
use crate::connect;
use crate::output::Problem;

/// Runs until it is asked to end. Asked to read its configuration again (SIGHUP), it starts anew
/// within the same process; a configuration that cannot be used changes nothing.
pub(crate) async fn run(options: RunOptions) -> Result<(), Problem> {
    let mut reloads = Reloads::new();
    let mut ends = Ends::new();
    while run_once(&options, &mut reloads, &mut ends).await? == End::Reload {
        tracing::info!("starting anew with the configuration as it is now");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Stop,
    Reload,
}

async fn run_once(
    options: &RunOptions,
    reloads: &mut Reloads,
    ends: &mut Ends,
) -> Result<End, Problem> {
    let config = config(options)?;
    let clock = clock(&options.time);
    let environment = config.store.environment(&clock)?;
    let connections = connect::connections_in(&config, &environment)?;
    let alerts = config.alerts.prepare(&clock)?;
    let store = match open(&config.store, options, &clock, reloads, ends).await? {
        Ok(store) => store,
        Err(end) => return Ok(end),
    };
    let record = &config.record;
    let connections = record
        .wrap(&config, connections, &store, &environment)
        .await?;
    for connection in &connections {
        tracing::info!(
            connection = %connection.id,
            marketplace = connection.marketplace.capabilities().platform,
            webshop = connection.webshop.capabilities().platform,
            "ready"
        );
    }
    let console = options
        .console
        .prepare(&config.console, &store, &clock, &connections)
        .await?;
    let (stopping, stopped) = tokio::sync::watch::channel(false);
    let end = std::cell::Cell::new(End::Stop);
    let stop = async {
        tokio::select! {
            () = ends.asked() => tracing::info!("stopping: cycles under way come to their end"),
            () = reloads.usable(options, &clock) => end.set(End::Reload),
        }
        stopping.send_replace(true);
    };
    let erase = config.retention.clone().keep_up(
        Arc::clone(&store),
        Arc::clone(&clock),
        connections.clone(),
    );
    let (all, time, known) = (Arc::clone(&store), Arc::clone(&clock), connections.clone());
    let alert = async {
        match alerts {
            Some(alerts) => alerts.keep_up(all, time, known).await,
            None => std::future::pending().await,
        }
    };
    let worker = worker(store, Arc::clone(&clock), connections, options.time.speed);
    let served = async {
        let Some(console) = console else {
            return Ok(());
        };
        tracing::info!("the orders overview is at {}", console.url);
        console.serve(until(stopped)).await
    };
    let work = async {
        worker.run(stop, report).await?;
        Ok::<_, Problem>(())
    };
    tokio::select! {
        done = async { tokio::try_join!(work, served) } => { done?; }
        () = erase => {}
        () = alert => {}
    }
    Ok(end.get())
}

/// Opens the store. One that cannot be reached now, because its server starts or its disk is full,
/// is tried again until it can be or until something else is asked for: this program may have been
/// started before its database, or asked to start anew while the database was away.
async fn open(
    store: &StoreConfig,
    options: &RunOptions,
    clock: &Arc<dyn Clock>,
    reloads: &mut Reloads,
    ends: &mut Ends,
) -> Result<Result<Arc<dyn OrderStore>, End>, Problem> {
    let real = SystemClock::new();
    loop {
        let problem = match store.open().await {
            Ok(store) => return Ok(Ok(store)),
            Err(problem) if problem.passes() => problem,
            Err(problem) => return Err(problem),
        };
        tracing::error!("{problem}; it is tried again in {} s", BETWEEN.as_secs());
        tokio::select! {
            () = ends.asked() => return Ok(Err(End::Stop)),
            () = reloads.usable(options, clock) => return Ok(Err(End::Reload)),
            () = real.sleep(BETWEEN) => {}
        }
    }
}

/// Between two attempts to open the store.
const BETWEEN: Duration = Duration::from_secs(2);

/// Requests to read the configuration again.
struct Reloads {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Reloads {
    #[cfg(unix)]
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            signal: signal(SignalKind::hangup()).ok(),
        }
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Self {}
    }

    /// Ready when it was asked for and the configuration can be used.
    async fn usable(&mut self, options: &RunOptions, clock: &Arc<dyn Clock>) {
        loop {
            self.asked().await;
            let tried = config(options).and_then(|config| {
                connect::connections(&config, clock)?;
                config.alerts.prepare(clock)?;
                config.console.access()
            });
            match tried {
                Ok(_) => return,
                Err(problem) => tracing::error!(
                    "the configuration cannot be used, so everything goes on as before: {problem}"
                ),
            }
        }
    }

    #[cfg(unix)]
    async fn asked(&mut self) {
        let received = match &mut self.signal {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if received.is_none() {
            std::future::pending::<()>().await;
        }
    }

    #[cfg(not(unix))]
    async fn asked(&mut self) {
        std::future::pending::<()>().await;
    }
}

/// Ready once the flag is set.
pub(crate) async fn until(mut flag: tokio::sync::watch::Receiver<bool>) {
    if flag.wait_for(|set| *set).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn config(options: &RunOptions) -> Result<Config, Problem> {
    let mut config = options.config.read()?;
    config.store.own_time = options.time.speed != 1;
    Ok(config)
}

/// The real clock, or a faster one for trying out.
pub(crate) fn clock(options: &TimeOptions) -> Arc<dyn Clock> {
    if options.speed == 1 {
        Arc::new(SystemClock::new())
    } else {
        Arc::new(FastClock::new(options.time_zero, options.speed))
    }
}

/// A worker of this process. At a faster clock its own rests are as long as they would be.
pub(crate) fn worker(
    store: Arc<dyn OrderStore>,
    clock: Arc<dyn Clock>,
    connections: Vec<Connection>,
    speed: u32,
) -> Worker {
    let mut options = WorkerOptions::new(format!("{}-{}", host(), std::process::id()));
    options.rest = Duration::from_millis(200) * speed;
    // A lease must outlive the slowest request.
    let slowest = connections
        .iter()
        .map(|c| c.policy.request_timeout)
        .max()
        .unwrap_or_default();
    options.lease_for = options.lease_for.max(slowest * 3);
    Worker::new(Engine::new(store, clock), connections, options)
}

fn host() -> String {
    std::env::var("HOSTNAME").unwrap_or_else(|_| "worker".to_owned())
}

/// Says in the log what a cycle did, when it did something.
fn report(connection: &ConnectionId, report: &CycleReport) {
    if let Some(why) = &report.paused {
        tracing::error!(%connection, "the connection is stopped until this is mended: {why}");
    }
    if report.new_orders + report.created + report.confirmed > 0 {
        tracing::info!(
            %connection,
            new = report.new_orders,
            created = report.created,
            confirmed = report.confirmed,
            "orders moved"
        );
    }
}

/// Requests to end: Ctrl-C, or the system's. Listened to from the beginning to the end, so that
/// one that comes while the program starts anew is not lost.
struct Ends {
    #[cfg(unix)]
    signals: Vec<tokio::signal::unix::Signal>,
}

impl Ends {
    #[cfg(unix)]
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [SignalKind::terminate(), SignalKind::interrupt()];
        Self {
            signals: kinds
                .into_iter()
                .filter_map(|kind| signal(kind).ok())
                .collect(),
        }
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Self {}
    }

    #[cfg(unix)]
    async fn asked(&mut self) {
        std::future::poll_fn(|context| {
            let asked = self.signals.iter_mut().any(|signal| {
                matches!(signal.poll_recv(context), std::task::Poll::Ready(Some(())))
            });
            if asked {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        })
        .await;
    }

    #[cfg(not(unix))]
    async fn asked(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
