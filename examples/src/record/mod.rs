//! One order's traffic with both platforms, written down without secrets and names, and read again.
//!
//! # Invariants
//!
//! - Nothing that fetches or carries credentials is recorded.
//! - What a call came to is written as the masked answers give it; what the real answers gave is
//!   compared with it and thrown away.
//! - Recording changes which connector asks about the order, and never what is asked.

mod call;
mod file;
mod mask;
mod ports;
mod recorder;
mod replay;
mod settings;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use connector_http::Environment;
use order_core::engine::Connection;
use order_core::ids::{ExternalKey, OrderKey};
use order_core::ports::{OrderRead, OrderStore};
use order_core::state::Order;
use serde::Deserialize;

pub(crate) use replay::{Options as ReplayOptions, replay};

use crate::cli::{ConfigOption, TimeOptions};
use crate::config::{Config, ConnectionConfig};
use crate::connect;
use crate::orders;
use crate::output::{self, Problem, clean};

/// The `[record]` of a configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecordConfig {
    /// The orders, as connection/order.
    #[serde(default)]
    orders: Vec<String>,
    /// Where the files go; relative to the configuration file.
    pub(crate) directory: Option<PathBuf>,
}

/// At most so many orders are recorded at a time.
const MOST: usize = 20;

impl RecordConfig {
    /// Checks that there are such connections, and not too many orders.
    pub(crate) fn validate(&self, connections: &[ConnectionConfig]) -> Result<(), Problem> {
        if self.orders.len() > MOST {
            return Err(Problem::usage(format!(
                "[record] takes {MOST} orders at most"
            )));
        }
        let mut files = BTreeSet::new();
        for name in &self.orders {
            if let Some((id, order)) = name.split_once('/')
                && !files.insert(file_name(&OrderKey::new(id, order)))
            {
                return Err(Problem::usage(format!(
                    "[record] orders: {name:?} would be written into the file of another one; \
                     record one after the other"
                )));
            }
            let known = name.split_once('/').is_some_and(|(id, order)| {
                !order.is_empty() && connections.iter().any(|one| one.id == id)
            });
            if !known {
                return Err(Problem::usage(format!(
                    "[record] orders: {name:?} must be connection/order, with one of the connections above"
                )));
            }
        }
        Ok(())
    }

    /// The connections, with those orders recorded that are asked for.
    pub(crate) async fn wrap(
        &self,
        config: &Config,
        mut connections: Vec<Connection>,
        store: &Arc<dyn OrderStore>,
        environment: &Environment,
    ) -> Result<Vec<Connection>, Problem> {
        if self.orders.is_empty() {
            return Ok(connections);
        }
        let directory = self.directory.as_deref().unwrap_or(Path::new("recordings"));
        std::fs::create_dir_all(directory).map_err(|error| {
            Problem::new(format!("cannot make {}: {error}", directory.display()))
        })?;
        for name in &self.orders {
            let Some((id, order)) = name.split_once('/') else {
                continue;
            };
            for connection in connections.iter_mut().filter(|one| one.id.as_str() == id) {
                let key = OrderKey::new(id, order);
                let path = directory.join(file_name(&key));
                *connection = recorded(config, connection, &key, store, environment, &path).await?;
                tracing::info!(order = %key, file = %path.display(), "recording");
            }
        }
        Ok(connections)
    }
}

/// A name that is the order's and leads nowhere else.
fn file_name(key: &OrderKey) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c
        } else {
            '_'
        }
    };
    let name: String = format!("{}-{}", key.connection, key.order)
        .chars()
        .map(plain)
        .collect();
    format!("{name}.jsonl")
}

/// The connection with one order recorded into a file.
async fn recorded(
    config: &Config,
    usual: &Connection,
    key: &OrderKey,
    store: &Arc<dyn OrderStore>,
    environment: &Environment,
    path: &Path,
) -> Result<Connection, Problem> {
    let said = config
        .connections
        .iter()
        .find(|one| one.id == usual.id.as_str())
        .ok_or_else(|| Problem::usage("there is no such connection in the configuration"))?;
    let stored = store.load(key.clone()).await?;
    let mut mask = mask::Mask::default();
    mask.id(key.order.as_str());
    settings::learn(&said.marketplace, "https://marketplace.invalid", &mut mask);
    settings::learn(&said.webshop, "https://webshop.invalid", &mut mask);
    if let Some(content) = stored.as_ref().and_then(|order| order.content.as_ref()) {
        let addresses = [&content.ship_to, &content.bill_to];
        addresses
            .into_iter()
            .flatten()
            .for_each(|one| mask.address(one));
    }
    let written =
        |table: &toml::Table| settings::elsewhere(&settings::without_secrets(table), &mask);
    let head = file::Head {
        recording: file::FORM,
        program: concat!("order-sync ", env!("CARGO_PKG_VERSION")).to_owned(),
        connection: key.connection.to_string(),
        order: key.order.to_string(),
        marketplace: written(&said.marketplace),
        webshop: written(&said.webshop),
    };
    let about = call::About::new(&key.order, stored.as_ref());
    let recorder = recorder::Recorder::new(&head, about, mask, environment.clock(), path)?;
    let recorder = Arc::new(recorder);
    let own = connect::connection(said, environment)?;
    Ok(Connection {
        marketplace: Arc::new(ports::RecordedMarketplace {
            usual: Arc::clone(&usual.marketplace),
            recorded: own.marketplace,
            recorder: Arc::clone(&recorder),
        }),
        webshop: Arc::new(ports::RecordedWebshop {
            usual: Arc::clone(&usual.webshop),
            recorded: own.webshop,
            recorder,
        }),
        ..usual.clone()
    })
}

/// Options of `record`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The marketplace's order id, or connection/order where several have it.
    order: String,
    /// The file to write. An existing one is never overwritten.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    config: ConfigOption,
    #[command(flatten)]
    time: TimeOptions,
}

/// Reads one order at both platforms, and writes down what they say. Changes nothing.
pub(crate) async fn record(options: &Options) -> Result<(), Problem> {
    let config = options.config.read()?;
    let clock = crate::run::clock(&options.time);
    let store = config.store.open_existing().await?;
    let order = orders::find(&*store, &options.order).await?;
    if options.out.exists() {
        return Err(Problem::usage(format!(
            "{} is there already and is left as it is; name another file",
            options.out.display()
        )));
    }
    let environment = config.store.environment(&clock)?;
    let connections = connect::connections_in(&config, &environment)?;
    let usual = connections
        .iter()
        .find(|one| one.id == order.key.connection)
        .ok_or_else(|| Problem::usage("the order's connection is not in the configuration"))?;
    let ours = recorded(
        &config,
        usual,
        &order.key,
        &store,
        &environment,
        &options.out,
    )
    .await?;
    let waiting = output::waiting("asking both platforms");
    let failed = ask(&ours, &order).await;
    waiting.finish_and_clear();
    for text in failed {
        output::line(clean(&text));
    }
    let out = options.out.display();
    output::line(format!(
        "wrote {out}. Secrets, names and addresses are masked; look at it before you pass it on. \
         `order-sync replay {out}` reads it again."
    ));
    Ok(())
}

/// Everything that can be read of an order; what failed, for a person.
async fn ask(connection: &Connection, order: &Order) -> Vec<String> {
    let (market, shop) = (&connection.marketplace, &connection.webshop);
    let told = |what: &str, error: order_core::Error| format!("{what}: {}", error.report());
    let mut failed = Vec::new();
    match market.orders(vec![order.key.order.clone()]).await {
        Ok(read) if read.iter().any(|one| matches!(one, OrderRead::Gone(_))) => {
            failed.push("the marketplace does not have it any more".to_owned());
        }
        Ok(_) => {}
        Err(error) => failed.push(told("marketplace", error)),
    }
    let key = ExternalKey::new(connection.policy.channel.as_str(), order.key.order.clone());
    if let Err(error) = shop.find_orders(key).await {
        failed.push(told("webshop, by our key", error));
    }
    if let Some(link) = order.state.linked()
        && let Err(error) = shop.orders(vec![link.id.clone()]).await
    {
        failed.push(told("webshop, by its id", error));
    }
    for record in &order.state.returns {
        if let Err(error) = market.read_return(record.value.id.clone()).await {
            failed.push(told("return", error));
        }
    }
    failed
}
