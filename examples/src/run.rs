//! `order-sync run`.

use std::sync::Arc;
use std::time::Duration;

use order_core::engine::{Connection, CycleReport, Engine};
use order_core::ids::ConnectionId;
use order_core::ports::{Clock, OrderStore, SystemClock};
use order_core::worker::{Worker, WorkerOptions};

use crate::cli::{RunOptions, TimeOptions};
use crate::clock::FastClock;
use crate::connect;
use crate::output::Problem;

pub(crate) async fn run(options: RunOptions) -> Result<(), Problem> {
    let config = options.config.read()?;
    let clock = clock(&options.time);
    let connections = connect::connections(&config, &clock)?;
    let store = config.store.open().await?;
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
    let stop = async {
        interrupted().await;
        tracing::info!("stopping: cycles under way come to their end");
        stopping.send_replace(true);
    };
    let worker = worker(store, clock, connections, options.time.speed);
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
    tokio::try_join!(work, served)?;
    tracing::info!("stopped");
    Ok(())
}

/// Ready once the flag is set.
pub(crate) async fn until(mut flag: tokio::sync::watch::Receiver<bool>) {
    if flag.wait_for(|set| *set).await.is_err() {
        std::future::pending::<()>().await;
    }
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

/// Ready on Ctrl-C, or when the system asks the program to end.
async fn interrupted() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
