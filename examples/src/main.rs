//! `order-sync`: joins marketplaces to a webshop.
//!
//! Try it with `order-sync demo`; it needs nothing. `order-sync init` writes a configuration to
//! start from, `check` tries it, `run` runs it, `orders` shows what happens.

mod alerts;
mod backfill;
mod backup;
mod carriers;
mod check;
mod cli;
mod clock;
mod config;
mod connect;
mod console;
mod demo;
mod init;
mod manual;
mod orders;
mod output;
mod reconcile;
mod record;
mod retention;
mod run;
mod sandbox;
mod simulate;
mod store;
#[cfg(feature = "otel")]
mod telemetry;

use std::process::ExitCode;

use clap::Parser as _;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use crate::output::Problem;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return output::fail(&Problem::new(format!("cannot start: {error}"))),
    };
    #[cfg(feature = "otel")]
    let telemetry = match telemetry::Telemetry::start(runtime.handle()) {
        Ok(telemetry) => telemetry,
        Err(problem) => return output::fail(&problem),
    };
    #[cfg(feature = "otel")]
    start_log(&cli, telemetry.layer());
    #[cfg(not(feature = "otel"))]
    start_log(&cli, None::<tracing_subscriber::layer::Identity>);
    let outcome = runtime.block_on(cli.run());
    #[cfg(feature = "otel")]
    telemetry.end();
    // Requests that were given up must not keep the program alive.
    runtime.shutdown_timeout(std::time::Duration::from_millis(500));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => output::fail(&problem),
    }
}

/// Logs go to standard error, so that standard output can be piped.
fn start_log<L>(cli: &cli::Cli, spans: Option<L>)
where
    L: Layer<tracing_subscriber::Registry> + Send + Sync,
{
    let default = if cli.is_quiet() { "error" } else { "info" };
    let filter =
        EnvFilter::try_from_env("ORDER_SYNC_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    let registry = tracing_subscriber::registry().with(spans);
    if cli.log_json {
        registry.with(log.json().with_filter(filter)).init();
    } else {
        registry
            .with(log.with_target(false).with_filter(filter))
            .init();
    }
}
