//! `order-sync reconcile`: what marketplace, engine and webshop say about the same orders.

mod compare;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use order_core::engine::{Connection, Engine};
use order_core::ids::{ConnectionId, ExternalKey, MarketplaceOrderId, ShopOrderId};
use order_core::ports::{Clock, OrderFilter, OrderRead, ShopRead, Sighting, SystemClock};
use order_core::state::{Order, Status};
use serde::Serialize;

use crate::cli::ConfigOption;
use crate::connect;
use crate::output::{self, Problem, clean};

/// Options of `reconcile`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    config: ConfigOption,
    /// Orders first seen within this time.
    #[arg(long, default_value = "7d", value_parser = humantime::parse_duration)]
    since: Duration,
    /// Only this connection.
    #[arg(long)]
    connection: Option<String>,
    /// Also look for several webshop orders under one key: one call an order.
    #[arg(long)]
    doubles: bool,
    /// Let the engine read anew what differs. It then decides as it always does; nothing is sent
    /// from here.
    #[arg(long)]
    fix: bool,
    /// One JSON object a difference.
    #[arg(long)]
    json: bool,
}

/// Something the sides say differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Difference {
    pub(crate) connection: ConnectionId,
    pub(crate) order: MarketplaceOrderId,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) webshop_order: Option<ShopOrderId>,
    /// What kind, for programs.
    pub(crate) kind: &'static str,
    /// What differs.
    pub(crate) text: String,
    /// What mends it.
    pub(crate) fix: &'static str,
}

const READ_AGAIN: &str = "--fix lets the engine read both sides again";
const BY_HAND: &str = "look at both sides; a person decides";

/// Pages of a marketplace's open orders that are read at most.
const MAX_PAGES: usize = 500;

pub(crate) async fn reconcile(options: &Options) -> Result<(), Problem> {
    let config = options.config.read()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let connections = connect::connections(&config, &clock)?;
    let store = config.store.open_existing().await?;
    let engine = Engine::new(store, Arc::clone(&clock));
    let wanted = |connection: &&Connection| {
        let asked = options.connection.as_deref();
        asked.is_none_or(|asked| asked == connection.id.as_str())
    };
    let chosen: Vec<&Connection> = connections.iter().filter(wanted).collect();
    if chosen.is_empty() {
        return Err(Problem::usage(
            "there is no such connection in the configuration",
        ));
    }
    let since = chrono::Duration::from_std(options.since).unwrap_or(chrono::Duration::MAX);
    let since = clock.now().checked_sub_signed(since).unwrap_or_default();
    let mut all = Vec::new();
    for connection in chosen {
        let found = differences(&engine, connection, since, options.doubles).await?;
        if options.fix {
            mend(&engine, connection, &found).await?;
        }
        all.extend(found);
    }
    show(&all, options)
}

fn show(all: &[Difference], options: &Options) -> Result<(), Problem> {
    if options.json {
        all.iter().for_each(output::json);
    } else if all.is_empty() {
        output::line("Marketplace, engine and webshop agree.");
    } else {
        let mut table = output::table(&["order", "what differs", "what mends it"]);
        for difference in all {
            table.add_row(vec![
                clean(&format!("{}/{}", difference.connection, difference.order)),
                clean(&difference.text),
                difference.fix.to_owned(),
            ]);
        }
        output::line(table);
    }
    let mendable = all.iter().filter(|one| one.fix == READ_AGAIN).count();
    if options.fix && mendable == all.len() {
        if !all.is_empty() && !options.json {
            output::line(
                "The engine reads them again at its next look; `order-sync run` must work.",
            );
        }
        return Ok(());
    }
    match all.len() {
        0 => Ok(()),
        count => Err(Problem::differs(format!("{count} differences; see above"))),
    }
}

/// Everything that differs at a connection. Changes nothing.
pub(crate) async fn differences(
    engine: &Engine,
    connection: &Connection,
    since: DateTime<Utc>,
    doubles: bool,
) -> Result<Vec<Difference>, Problem> {
    let stored = stored(engine, connection, since).await?;
    let bar = output::progress(
        stored.len() as u64,
        &format!("{}: comparing", connection.id),
    );
    let mut found = missing(engine, connection).await?;
    found.extend(compared(connection, &stored, &|count| bar.inc(count)).await?);
    for order in &stored {
        let unlinked = order.state.linked().is_none() && order.status() != Status::Ignored;
        if unlinked || doubles {
            let hits = connection
                .webshop
                .find_orders(key(connection, order))
                .await?;
            found.extend(compare::found(order, &hits));
        }
    }
    bar.finish_and_clear();
    Ok(found)
}

/// What both platforms say of these orders that the engine does not know. Reads alone: a call for
/// as many orders as each platform reads at once.
pub(crate) async fn compared(
    connection: &Connection,
    stored: &[Order],
    done: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Difference>, Problem> {
    let mut found = Vec::new();
    let open: Vec<&Order> = stored
        .iter()
        .filter(|order| order.status() != Status::Ignored && order.content.is_some())
        .collect();
    let limit = connection
        .marketplace
        .capabilities()
        .max_ids_per_read
        .max(1);
    for batch in open.chunks(limit) {
        let ids = batch.iter().map(|order| order.key.order.clone()).collect();
        let reads: BTreeMap<MarketplaceOrderId, OrderRead> = connection
            .marketplace
            .orders(ids)
            .await?
            .into_iter()
            .map(|read| (read.id().clone(), read))
            .collect();
        for order in batch {
            if let Some(read) = reads.get(&order.key.order) {
                found.extend(compare::marketplace(order, read));
            }
        }
        done(batch.len() as u64);
    }
    let linked: Vec<&Order> = stored
        .iter()
        .filter(|order| order.state.linked().is_some())
        .collect();
    let limit = connection.webshop.capabilities().max_ids_per_read.max(1);
    for batch in linked.chunks(limit) {
        let ids = batch
            .iter()
            .filter_map(|order| order.state.linked().map(|link| link.id.clone()))
            .collect();
        let reads: Vec<ShopRead> = connection.webshop.orders(ids).await?;
        for order in batch {
            let id = order.state.linked().map(|link| &link.id);
            if let Some(read) = reads.iter().find(|read| Some(read.id()) == id) {
                found.extend(compare::webshop(order, read, &key(connection, order)));
            }
        }
    }
    Ok(found)
}

fn key(connection: &Connection, order: &Order) -> ExternalKey {
    ExternalKey::new(connection.policy.channel.clone(), order.key.order.clone())
}

/// The stored orders of the period.
async fn stored(
    engine: &Engine,
    connection: &Connection,
    since: DateTime<Utc>,
) -> Result<Vec<Order>, Problem> {
    let mut all: Vec<Order> = Vec::new();
    loop {
        let filter = OrderFilter {
            connection: Some(connection.id.clone()),
            limit: 200,
            after: all.last().map(|order| order.key.clone()),
            ..OrderFilter::default()
        };
        let page = engine.store().list(filter).await?;
        let last = page.len() < 200;
        let before = all.len();
        let wanted = page.len();
        all.extend(
            page.into_iter()
                .take_while(|order| order.state.first_seen >= since),
        );
        if last || all.len() - before < wanted {
            return Ok(all);
        }
    }
}

/// Open orders of the marketplace that the engine has never seen.
async fn missing(engine: &Engine, connection: &Connection) -> Result<Vec<Difference>, Problem> {
    let mut found = Vec::new();
    for sighting in open_orders(connection).await? {
        let key = order_core::ids::OrderKey::new(connection.id.clone(), sighting.id().clone());
        if engine.store().load(key.clone()).await?.is_none() {
            found.push(Difference {
                connection: key.connection,
                order: key.order,
                webshop_order: None,
                kind: "not_imported",
                text: "the marketplace has it open, and it was never imported".to_owned(),
                fix: READ_AGAIN,
            });
        }
    }
    Ok(found)
}

/// Every open order of a marketplace, once.
pub(crate) async fn open_orders(connection: &Connection) -> Result<Vec<Sighting>, Problem> {
    let mut seen = BTreeMap::new();
    let mut cursor = None;
    for _ in 0..MAX_PAGES {
        let page = connection.marketplace.open_orders(cursor).await?;
        for sighting in page.orders {
            seen.insert(sighting.id().clone(), sighting);
        }
        if !page.more {
            return Ok(seen.into_values().collect());
        }
        cursor = Some(page.next);
    }
    Err(Problem::new(format!(
        "the marketplace has more than {MAX_PAGES} pages of open orders; nothing was compared"
    )))
}

/// Lets the engine read again what it can mend.
async fn mend(
    engine: &Engine,
    connection: &Connection,
    found: &[Difference],
) -> Result<(), Problem> {
    let mendable: Vec<&Difference> = found.iter().filter(|one| one.fix == READ_AGAIN).collect();
    for batch in mendable.chunks(100) {
        let orders = batch.iter().map(|one| one.order.clone()).collect();
        engine.hint_marketplace(connection, orders).await?;
        let shops = batch.iter().filter_map(|one| one.webshop_order.clone());
        engine.hint_shop(connection, shops.collect()).await?;
    }
    Ok(())
}
