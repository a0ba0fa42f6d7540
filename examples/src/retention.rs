//! `order-sync retention`, and the same once a day while `run` works.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use order_core::engine::{Connection, Engine};
use order_core::ports::{Clock, OrderStore};
use serde::{Deserialize, Deserializer};
use serde_json::json;

use crate::cli::ConfigOption;
use crate::connect;
use crate::output::{self, Problem};

/// The `[retention]` of a configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetentionConfig {
    /// How long after the last thing that happened to an order its personal data are kept.
    #[serde(default, deserialize_with = "duration")]
    keep: Option<Duration>,
}

/// Returns and late codes need the address for this long at least.
const SHORTEST: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// How often `run` erases.
const EVERY: Duration = Duration::from_secs(24 * 60 * 60);

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map(Some).map_err(serde::de::Error::custom)
}

fn parse(text: &str) -> Result<Duration, String> {
    let keep = humantime::parse_duration(text)
        .map_err(|error| format!("{text:?} is no duration ({error}); write it as \"90d\""))?;
    if keep < SHORTEST {
        return Err(format!(
            "{text:?} is too short: returns and late codes need the data for 14 days at least"
        ));
    }
    Ok(keep)
}

/// Options of `retention`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    config: ConfigOption,
    /// Erase what tells who the buyer was this long after the last thing that happened to an
    /// order, instead of what [retention] says. At least 14d.
    #[arg(long, value_parser = parse)]
    keep: Option<Duration>,
    /// Only count.
    #[arg(long)]
    dry_run: bool,
    /// One JSON object a connection.
    #[arg(long)]
    json: bool,
}

/// Erases personal data of orders that are over.
pub(crate) async fn retention(options: &Options) -> Result<(), Problem> {
    let config = options.config.read()?;
    let Some(keep) = options.keep.or(config.retention.keep) else {
        return Err(Problem::usage(
            "nobody said how long personal data are kept: say --keep 90d, or keep = \"90d\" under \
             [retention] in the configuration",
        ));
    };
    let clock: Arc<dyn Clock> = Arc::new(order_core::ports::SystemClock::new());
    let connections = connect::connections(&config, &clock)?;
    let store = config.store.open_existing().await?;
    let engine = Engine::new(store, Arc::clone(&clock));
    for connection in &connections {
        let before = before(&*clock, keep);
        let waiting = output::waiting("looking at orders");
        let show = waiting.clone();
        let erased = engine
            .erase_personal_data(connection, before, options.dry_run, &move |erased| {
                show.set_message(format!("{} orders looked at", erased.seen));
                show.tick();
            })
            .await?;
        waiting.finish_and_clear();
        if options.json {
            output::json(&json!({
                "connection": connection.id,
                "before": before,
                "seen": erased.seen,
                "erased": erased.erased,
                "dry_run": options.dry_run,
            }));
            continue;
        }
        let what = if options.dry_run {
            "would be erased"
        } else {
            "erased"
        };
        output::line(format!(
            "{}: personal data of {} of {} orders {what}",
            connection.id, erased.erased, erased.seen
        ));
    }
    Ok(())
}

fn before(clock: &dyn Clock, keep: Duration) -> chrono::DateTime<chrono::Utc> {
    let keep = chrono::Duration::from_std(keep).unwrap_or(chrono::Duration::MAX);
    clock
        .now()
        .checked_sub_signed(keep)
        .unwrap_or(chrono::DateTime::UNIX_EPOCH)
}

impl RetentionConfig {
    /// Erases once a day, for ever; for ever does nothing when nobody asked for it.
    pub(crate) async fn keep_up(
        self,
        store: Arc<dyn OrderStore>,
        clock: Arc<dyn Clock>,
        connections: Vec<Connection>,
    ) {
        let Some(keep) = self.keep else {
            return std::future::pending().await;
        };
        let engine = Engine::new(store, Arc::clone(&clock));
        loop {
            for connection in &connections {
                let before = before(&*clock, keep);
                let done = engine.erase_personal_data(connection, before, false, &|_| ());
                match done.await {
                    Ok(erased) if erased.erased == 0 => {}
                    Ok(erased) => {
                        tracing::info!(connection = %connection.id, orders = erased.erased, "personal data erased");
                    }
                    Err(error) => {
                        tracing::warn!(connection = %connection.id, error = %error.report(), "personal data could not be erased; tried again tomorrow");
                    }
                }
            }
            clock.sleep(EVERY).await;
        }
    }
}
