//! The command line.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};

use crate::config::{Config, StoreConfig};
use crate::output::Problem;

/// Joins a seller's marketplaces to their webshop.
#[derive(Debug, Parser)]
#[command(
    name = "order-sync",
    version,
    about,
    max_term_width = 100,
    after_help = "Exit codes: 0 done; 1 it failed; 2 wrong arguments or settings; 3 reconcile or \
                  replay found differences that are left."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Write the log as JSON, one object a line.
    #[arg(long, global = true)]
    pub(crate) log_json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show it all on this machine: a marketplace, a webshop, a warehouse, and the orders overview
    /// until every order is closed. Needs no account and no configuration.
    Demo(crate::demo::Options),
    /// Serve the demo's marketplace and webshop alone, to run `order-sync run` against.
    Sandbox(crate::sandbox::Options),
    /// Run the connections of a configuration until Ctrl-C.
    Run(RunOptions),
    /// Try the credentials of a configuration and show what each platform can do.
    Check(ConfigOption),
    /// Write a commented configuration to start from.
    Init(crate::init::Options),
    /// Show orders and help them along.
    #[command(subcommand)]
    Orders(crate::orders::Command),
    /// Tell transporters from track & trace codes.
    #[command(subcommand)]
    Carriers(crate::carriers::Command),
    /// Show what each supported platform can do.
    Platforms(crate::check::PlatformsOptions),
    /// About the orders overview that `run` serves.
    #[command(subcommand)]
    Console(crate::console::Command),
    /// Compare marketplace, engine and webshop, and say what differs. Changes nothing without --fix.
    Reconcile(crate::reconcile::Options),
    /// List what a first run would import, and leave some of it to a person. Creates nothing.
    Backfill(crate::backfill::Options),
    /// Erase what tells who the buyers were, of orders that are over.
    Retention(crate::retention::Options),
    /// Copy the SQLite database to a file, also while it is in use, and check the copy.
    Backup(crate::backup::BackupOptions),
    /// Put a backup in the place of the SQLite database.
    Restore(crate::backup::RestoreOptions),
    /// Ask both platforms about one order and write down what they say, masked, to pass it on.
    Record(crate::record::Options),
    /// Read a recording again, without a network, and show what comes to something else.
    Replay(crate::record::ReplayOptions),
    /// Print completions for a shell.
    Completions(crate::manual::CompletionsOptions),
    /// Print the manual page.
    Man(crate::manual::ManOptions),
    /// Put the engine through simulated months of faults and show what was lost or doubled.
    Simulate(crate::simulate::Options),
}

/// Where the configuration is.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConfigOption {
    /// The configuration file.
    #[arg(
        long,
        short,
        default_value = "order-sync.toml",
        env = "ORDER_SYNC_CONFIG"
    )]
    pub(crate) config: PathBuf,
    /// Where orders are kept instead of where the configuration says: a SQLite file, or
    /// postgres://user@host/database (its password from PGPASSWORD).
    #[arg(
        long,
        value_name = "FILE OR URL",
        env = "ORDER_SYNC_STORE",
        hide_env_values = true
    )]
    pub(crate) store: Option<String>,
}

impl ConfigOption {
    /// Reads the configuration, with the store that was asked for.
    pub(crate) fn read(&self) -> Result<Config, Problem> {
        // First of all, so that a password in an argument is never used and always told of.
        let asked = self.store.as_deref().map(StoreConfig::asked).transpose()?;
        let mut config = Config::read(&self.config)?;
        if let Some(asked) = asked {
            let said = config.store;
            config.store = StoreConfig {
                password: said.password,
                pool_size: said.pool_size,
                ..asked
            };
        }
        Ok(config)
    }
}

/// What time it is, for trying out.
#[derive(Clone, Debug, Args)]
pub(crate) struct TimeOptions {
    /// Let time pass so many times faster. For trying out only.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) speed: u32,
    /// When the faster time started; programs that are to agree on the time need the same.
    #[arg(long, value_name = "RFC 3339")]
    pub(crate) time_zero: Option<DateTime<Utc>>,
}

/// Options of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(crate) config: ConfigOption,
    #[command(flatten)]
    pub(crate) console: crate::console::ConsoleOptions,
    #[command(flatten)]
    pub(crate) time: TimeOptions,
}

impl Cli {
    /// Does what was asked.
    pub(crate) async fn run(self) -> Result<(), Problem> {
        match self.command {
            Command::Demo(options) => crate::demo::demo(options).await,
            Command::Sandbox(options) => crate::sandbox::serve(options).await,
            Command::Run(options) => crate::run::run(options).await,
            Command::Check(option) => crate::check::check(&option).await,
            Command::Init(options) => crate::init::init(&options),
            Command::Orders(command) => crate::orders::orders(command).await,
            Command::Carriers(command) => crate::carriers::carriers(&command),
            Command::Platforms(options) => crate::check::platforms(&options),
            Command::Console(command) => crate::console::command(&command),
            Command::Reconcile(options) => crate::reconcile::reconcile(&options).await,
            Command::Backfill(options) => crate::backfill::backfill(&options).await,
            Command::Retention(options) => crate::retention::retention(&options).await,
            Command::Backup(options) => crate::backup::backup(&options).await,
            Command::Restore(options) => crate::backup::restore(&options),
            Command::Record(options) => crate::record::record(&options).await,
            Command::Replay(options) => crate::record::replay(&options).await,
            Command::Completions(options) => {
                crate::manual::completions(&options);
                Ok(())
            }
            Command::Man(options) => crate::manual::man(&options),
            Command::Simulate(options) => crate::simulate::simulate(&options),
        }
    }

    /// Whether the log would be in the way of what the command shows.
    pub(crate) fn is_quiet(&self) -> bool {
        !matches!(self.command, Command::Run(_) | Command::Sandbox(_))
    }
}
