//! `order-sync backfill`: what a first run would import.

use std::collections::BTreeSet;
use std::sync::Arc;

use clap::Args;
use order_core::engine::{Connection, Engine};
use order_core::ids::{MarketplaceOrderId, OrderKey};
use order_core::lifecycle::{self, Event, OperatorAction};
use order_core::ports::{Change, Clock, Committed, OrderRead, Sighting, SystemClock};
use order_core::state::Order;
use serde_json::json;

use crate::cli::ConfigOption;
use crate::connect;
use crate::orders::rules;
use crate::output::{self, Problem, clean};
use crate::reconcile::open_orders;

/// Options of `backfill`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(flatten)]
    config: ConfigOption,
    /// Only this connection.
    #[arg(long)]
    connection: Option<String>,
    /// Leave these orders to a person: they are shown as handled by hand, and nothing is created.
    /// `order-sync orders manual --undo` takes it back. Needs --connection.
    #[arg(long, value_name = "ORDER", requires = "connection")]
    ignore: Vec<String>,
    /// Leave every order that is listed to a person. Needs --connection.
    #[arg(long, requires = "connection", conflicts_with = "ignore")]
    ignore_all: bool,
    /// One JSON object an order.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn backfill(options: &Options) -> Result<(), Problem> {
    let config = options.config.read()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let connections = connect::connections(&config, &clock)?;
    let store = config.store.open().await?;
    let engine = Engine::new(store, clock);
    let asked = options.connection.as_deref();
    let chosen: Vec<&Connection> = connections
        .iter()
        .filter(|connection| asked.is_none_or(|asked| asked == connection.id.as_str()))
        .collect();
    if chosen.is_empty() {
        return Err(Problem::usage(
            "there is no such connection in the configuration",
        ));
    }
    let mut unknown: BTreeSet<&str> = options.ignore.iter().map(String::as_str).collect();
    for connection in chosen {
        let orders = new_orders(&engine, connection).await?;
        let leave = |id: &MarketplaceOrderId| {
            options.ignore_all || options.ignore.iter().any(|wanted| wanted == id.as_str())
        };
        for order in &orders {
            let left = order.state.ignored.is_none() && leave(&order.key.order);
            if left {
                leave_to_a_person(&engine, connection, &order.key).await?;
            }
            unknown.remove(order.key.order.as_str());
            show(order, left, options.json);
        }
        if !options.json {
            let count = orders
                .iter()
                .filter(|order| order.state.ignored.is_none())
                .count();
            output::line(format!(
                "{}: {count} of {} open orders that are not here yet would be imported",
                connection.id,
                orders.len()
            ));
        }
    }
    match unknown.first() {
        None => Ok(()),
        Some(id) => Err(Problem::new(format!(
            "order {} is not among those that would be imported; the others are done",
            clean(id)
        ))),
    }
}

fn show(order: &Order, left: bool, as_json: bool) {
    let content = order.content.as_deref();
    let total = content.and_then(|content| content.checked_total().ok());
    let verdict = match (&order.state.ignored, left) {
        (_, true) => "left to a person".to_owned(),
        (Some(why), false) => format!("not imported: {why}"),
        (None, false) => "would be imported".to_owned(),
    };
    if as_json {
        output::json(&json!({
            "connection": order.key.connection,
            "order": order.key.order,
            "placed_at": content.map(|content| content.placed_at),
            "total": total,
            "imported": order.state.ignored.is_none() && !left,
            "verdict": verdict,
        }));
        return;
    }
    let placed = content.map_or_else(String::new, |content| {
        content.placed_at.format("%Y-%m-%d %H:%M UTC").to_string()
    });
    let total = total.map_or_else(String::new, |total| total.to_string());
    output::line(clean(&format!(
        "{}  {placed}  {total}  {verdict}",
        order.key
    )));
}

/// Open orders that are not stored, with what the engine would make of each.
async fn new_orders(engine: &Engine, connection: &Connection) -> Result<Vec<Order>, Problem> {
    let rules = rules(connection);
    let now = engine.clock().now();
    let mut orders = Vec::new();
    let mut unread = Vec::new();
    for sighting in open_orders(connection).await? {
        let key = OrderKey::new(connection.id.clone(), sighting.id().clone());
        if engine.store().load(key.clone()).await?.is_some() {
            continue;
        }
        if let Sighting::Full(content) = sighting {
            orders.push((key, OrderRead::Found(content)));
        } else {
            unread.push(key.order);
        }
    }
    let limit = connection
        .marketplace
        .capabilities()
        .max_ids_per_read
        .max(1);
    let bar = output::progress(unread.len() as u64, &format!("{}: reading", connection.id));
    for batch in unread.chunks(limit) {
        for read in connection.marketplace.orders(batch.to_vec()).await? {
            let key = OrderKey::new(connection.id.clone(), read.id().clone());
            orders.push((key, read));
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(orders
        .into_iter()
        .map(|(key, read)| {
            let order = Order::new(key, now);
            match lifecycle::apply(&order, &Event::MarketplaceRead(read), now, &rules) {
                Ok(step) => step.order,
                Err(_) => order,
            }
        })
        .collect())
}

/// Stores an order that nobody has seen yet as one that a person handles.
async fn leave_to_a_person(
    engine: &Engine,
    connection: &Connection,
    key: &OrderKey,
) -> Result<(), Problem> {
    let note = "left to a person before the first import".to_owned();
    let now = engine.clock().now();
    let action = OperatorAction::Manual(Some(note));
    let order = Order::new(key.clone(), now);
    let event = Event::Operator(action.clone());
    let step = lifecycle::apply(&order, &event, now, &rules(connection))
        .map_err(|refused| Problem::new(refused.to_string()))?;
    let change = Change {
        order: step.order,
        next_due: None,
        content_changed: false,
        notes: step.notes,
        effects: step.effects,
        at: now,
    };
    engine.store().register(connection.id.clone(), now).await?;
    if let Committed::Stale = engine.store().amend(change).await? {
        // A worker was quicker: it is taken out of its hands.
        engine.operate(connection, key, action).await?;
    }
    Ok(())
}
