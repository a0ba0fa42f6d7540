//! `order-sync orders`.

mod options;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use order_core::engine::{Connection, Engine};
use order_core::ids::{ConnectionId, OrderKey};
use order_core::lifecycle::{self, Level, OperatorAction};
use order_core::policy::Rules;
use order_core::ports::{Clock, OrderFilter, OrderStore};
use order_core::shipment::{ChosenBy, Tracking};
use order_core::state::{Cancellation, Confirmation, Order, Shipment, Status};
use serde_json::json;

pub(crate) use options::Command;
use options::{Common, KeyOptions, ListOptions, ShowOptions};

use crate::connect;
use crate::output::{self, Problem, clean};

pub(crate) async fn orders(command: Command) -> Result<(), Problem> {
    match command {
        Command::List(options) => list(&options).await,
        Command::Show(options) => show(&options).await,
        Command::Retry(options) => operate(&options, OperatorAction::Retry).await,
        Command::SetTracking(options) => {
            if options.code.trim().is_empty() {
                return Err(Problem::usage("the T&T code is empty"));
            }
            let mut tracking = Tracking::new(options.code.trim());
            tracking.carrier_name.clone_from(&options.carrier);
            operate(&options.key, OperatorAction::SetTracking(tracking)).await
        }
        Command::Cancel(options) => {
            let action = OperatorAction::Cancel {
                lines: options.piece.clone(),
                reason: options.reason.into(),
            };
            operate(&options.key, action).await
        }
        Command::DecideReturn(options) => {
            let action = OperatorAction::DecideReturn {
                id: options.id.as_str().into(),
                rows: options.row.clone(),
                decision: options.decision,
                note: options.note.clone(),
            };
            operate(&options.key, action).await
        }
        Command::Manual(options) => {
            let action = if options.undo {
                OperatorAction::Resume
            } else {
                OperatorAction::Manual(options.note.clone())
            };
            operate(&options.key, action).await
        }
    }
}

/// What a command works with.
struct Desk {
    store: Arc<dyn OrderStore>,
    clock: Arc<dyn Clock>,
    connections: Result<Vec<Connection>, Problem>,
}

impl Desk {
    async fn open(common: &Common) -> Result<Self, Problem> {
        let mut config = common.config.read()?;
        config.store.own_time = common.time.speed != 1;
        let clock = crate::run::clock(&common.time);
        let store = config.store.open_existing().await?;
        // Only to tell what happens next; a missing secret must not hide the orders.
        let connections = connect::connections(&config, &clock);
        Ok(Self {
            store,
            clock,
            connections,
        })
    }

    fn rules(&self, id: &ConnectionId) -> Option<Rules> {
        let connection = self
            .connections
            .as_ref()
            .ok()?
            .iter()
            .find(|c| c.id == *id)?;
        Some(rules(connection))
    }

    async fn find(&self, name: &str) -> Result<Order, Problem> {
        find(&*self.store, name).await
    }
}

/// The order of that name: its id, or connection/order.
pub(crate) async fn find(store: &dyn OrderStore, name: &str) -> Result<Order, Problem> {
    if let Some((connection, order)) = name.split_once('/') {
        let key = OrderKey::new(connection, order);
        if let Some(order) = store.load(key).await? {
            return Ok(order);
        }
    }
    let mut found = Vec::new();
    for connection in store.connections().await? {
        let key = OrderKey::new(connection.id, name);
        found.extend(store.load(key).await?);
    }
    match found.len() {
        1 => found.pop().ok_or_else(|| Problem::new("no order")),
        0 => Err(Problem::new(format!(
            "there is no order {}; `order-sync orders list` shows what there is",
            clean(name)
        ))),
        _ => Err(Problem::new(format!(
            "several connections have an order {0}; write connection/{0}",
            clean(name)
        ))),
    }
}

/// What a connection's decisions depend on.
pub(crate) fn rules(connection: &Connection) -> Rules {
    Rules {
        policy: connection.policy.clone(),
        marketplace: connection.marketplace.capabilities(),
        webshop: connection.webshop.capabilities(),
    }
}

async fn list(options: &ListOptions) -> Result<(), Problem> {
    let desk = Desk::open(&options.common).await?;
    let filter = OrderFilter {
        connection: options.connection.as_deref().map(ConnectionId::from),
        status: options.status.clone(),
        needs_action: options.needs_action,
        text: options.search.clone(),
        limit: options.limit,
        ..OrderFilter::default()
    };
    let orders = desk.store.list(filter).await?;
    let now = desk.clock.now();
    if options.json {
        for order in &orders {
            output::json(&as_json(
                order,
                desk.rules(&order.key.connection).as_ref(),
                now,
            ));
        }
        return Ok(());
    }
    let lines = orders
        .iter()
        .map(|order| (order, desk.rules(&order.key.connection)));
    output::line(overview(lines, now));
    let counts = desk.store.counts(None).await?;
    let words: Vec<String> = counts
        .by_status
        .iter()
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    output::line(format!(
        "{}; {} need a person",
        words.join(", "),
        counts.needs_action
    ));
    for connection in desk.store.connections().await? {
        if let Some(why) = connection.memo.paused {
            output::line(format!(
                "connection {} is stopped: {}",
                connection.id,
                clean(&why)
            ));
        }
    }
    Ok(())
}

/// The orders overview as a table.
pub(crate) fn overview<'a>(
    orders: impl Iterator<Item = (&'a Order, Option<Rules>)>,
    now: DateTime<Utc>,
) -> String {
    let mut table = output::table(&[
        "status",
        "marketplace order",
        "webshop order",
        "total",
        "T&T",
        "transporter",
        "marketplace told",
        "what next",
    ]);
    for (order, rules) in orders {
        let shop = order
            .state
            .linked()
            .map_or_else(|| "-".to_owned(), |link| link.number.clone());
        let total = order
            .content
            .as_ref()
            .and_then(|content| content.checked_total().ok());
        table.add_row(vec![
            status(order),
            clean(&order.key.to_string()),
            clean(&shop),
            total.map(|total| total.to_string()).unwrap_or_default(),
            clean(&each(order, code)),
            clean(&each(order, transporter)),
            each(order, told),
            clean(&next(order, rules.as_ref(), now)),
        ]);
    }
    table.to_string()
}

/// The status, and until when an order waits.
fn status(order: &Order) -> String {
    match (&order.state.wait, order.status()) {
        (Some(wait), Status::Waiting) => {
            format!("waiting\nuntil {}", wait.until.format("%H:%M UTC"))
        }
        (_, status) => status.to_string(),
    }
}

fn each(order: &Order, text: impl Fn(&Shipment) -> String) -> String {
    order
        .state
        .shipments
        .iter()
        .map(text)
        .collect::<Vec<_>>()
        .join("\n")
}

fn code(shipment: &Shipment) -> String {
    shipment
        .tracking
        .as_ref()
        .map_or_else(|| "none".to_owned(), |t| t.code.clone())
}

fn transporter(shipment: &Shipment) -> String {
    let Some(carrier) = &shipment.carrier else {
        return String::new();
    };
    let how = match &carrier.by {
        ChosenBy::Operator => "operator".to_owned(),
        ChosenBy::WebshopName(_) => "webshop".to_owned(),
        ChosenBy::Rule(number) => format!("rule {number}"),
        ChosenBy::Detected(percent) => format!("code, {percent} %"),
        ChosenBy::Default => "default".to_owned(),
    };
    let sent = carrier.sent.as_deref().unwrap_or("not sent");
    format!("{} as {sent} ({how})", carrier.carrier)
}

fn told(shipment: &Shipment) -> String {
    match &shipment.confirmation {
        Confirmation::None => "not yet",
        Confirmation::Confirmed { .. } => "taken",
        Confirmation::Verified { .. } => "yes, seen there",
        Confirmation::Elsewhere => "by others",
        Confirmation::Rejected(_) => "refused",
    }
    .to_owned()
}

/// What happens next, when and why; or what is in the way.
fn next(order: &Order, rules: Option<&Rules>, now: DateTime<Utc>) -> String {
    let mut lines = Vec::new();
    if let Some(reason) = &order.state.ignored {
        return reason.clone();
    }
    if let Cancellation::NeedsResolution(text) = &order.state.cancellation {
        lines.push(text.clone());
    }
    if let Some(problem) = order.problem() {
        lines.push(problem.text.clone());
        if !problem.kind.is_transient() {
            lines.push(format!("→ {}", problem.advice));
        }
    }
    if let Some(rules) = rules {
        let soonest = lifecycle::agenda(order, now, rules)
            .into_iter()
            .min_by_key(|item| item.at);
        if let Some(item) = soonest {
            lines.push(format!(
                "{} {}: {}",
                when(item.at, now),
                item.action,
                item.why
            ));
        } else if lines.is_empty() {
            lines.push("nothing left to do".to_owned());
        }
    }
    lines.join("\n")
}

fn when(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    if at <= now {
        return "now".to_owned();
    }
    let minutes = (at - now).num_minutes();
    match minutes {
        0 => "in a moment".to_owned(),
        1..=119 => format!("in {minutes} min"),
        _ => format!("in {} h {} min", minutes / 60, minutes % 60),
    }
}

fn as_json(order: &Order, rules: Option<&Rules>, now: DateTime<Utc>) -> serde_json::Value {
    let agenda = rules.map(|rules| {
        lifecycle::agenda(order, now, rules)
            .into_iter()
            .map(|item| json!({"what": item.action.to_string(), "at": item.at, "why": item.why}))
            .collect::<Vec<_>>()
    });
    let shipments: Vec<_> = order
        .state
        .shipments
        .iter()
        .map(|shipment| {
            json!({
                "parcel": shipment.parcel,
                "lines": shipment.lines,
                "code": shipment.tracking.as_ref().map(|t| &t.code),
                "code_told": shipment.told_code,
                "transporter": shipment.carrier,
                "confirmation": shipment.confirmation,
            })
        })
        .collect();
    json!({
        "connection": order.key.connection,
        "order": order.key.order,
        "status": order.status().as_str(),
        "webshop_order": order.state.linked().map(|link| &link.number),
        "webshop_order_id": order.state.linked().map(|link| &link.id),
        "waits_until": order.state.wait.as_ref().map(|wait| wait.until),
        "total": order.content.as_ref().and_then(|content| content.checked_total().ok()),
        "shipments": shipments,
        "cancellation": order.state.cancellation,
        "needs_action": order.needs_action(),
        "problems": order.state.problems,
        "agenda": agenda,
    })
}

async fn show(options: &ShowOptions) -> Result<(), Problem> {
    let desk = Desk::open(&options.key.common).await?;
    let order = desk.find(&options.key.order).await?;
    let now = desk.clock.now();
    let rules = desk.rules(&order.key.connection);
    let history = desk.store.history(order.key.clone()).await?;
    let journal = desk.store.journal(order.key.clone()).await?;
    if options.json {
        let mut value = as_json(&order, rules.as_ref(), now);
        if let Some(object) = value.as_object_mut() {
            object.insert("history".to_owned(), json!(history));
            object.insert("effects".to_owned(), json!(journal));
        }
        output::json(&value);
        return Ok(());
    }
    output::line(overview([(&order, rules.clone())].into_iter(), now));
    show_lines(&order);
    output::line("\nwhat happens next");
    match &rules {
        Some(rules) => {
            let agenda = lifecycle::agenda(&order, now, rules);
            if agenda.is_empty() {
                output::line("  nothing");
            }
            for item in agenda {
                let text = format!("{}: {}", item.action, item.why);
                output::line(format!("  {}  {}", when(item.at, now), clean(&text)));
            }
        }
        None => {
            if let Err(problem) = &desk.connections {
                output::line(format!("  cannot be told: {problem}"));
            }
        }
    }
    for problem in &order.state.problems {
        output::line(format!("\nproblem: {}", clean(&problem.text)));
        output::line(format!(
            "  since {}, tried {} times",
            stamp(problem.since),
            problem.attempts
        ));
        output::line(format!("  what you can do: {}", clean(&problem.advice)));
    }
    output::line("\nhistory");
    for entry in history {
        let mark = match entry.level {
            Level::Info => " ",
            Level::Warning => "!",
            Level::Error => "E",
        };
        output::line(format!(
            "  {} {mark} {}",
            stamp(entry.at),
            clean(&entry.text)
        ));
    }
    output::line("\nwhat was sent");
    for entry in journal {
        output::line(format!(
            "  {}   {} (attempt {}): {}",
            stamp(entry.at),
            clean(&entry.record.kind),
            entry.record.attempt,
            entry.record.status.as_str()
        ));
    }
    Ok(())
}

fn show_lines(order: &Order) {
    let Some(content) = &order.content else {
        return;
    };
    output::line("\nlines");
    for line in &content.lines {
        output::line(format!(
            "  line {}: {} × {}  {}  ({} shipped, {} cancelled at the marketplace)",
            clean(line.id.as_str()),
            line.quantity,
            clean(line.sku.as_deref().unwrap_or("-")),
            line.unit_price,
            line.shipped,
            line.cancelled
        ));
        let off = order.taken_off_in_shop(&line.id);
        if off > 0 {
            output::line(format!("    {off} taken off in the webshop"));
        }
        let coming = order.taken_off(line);
        if coming > 0 {
            output::line(format!("    {coming} to be cancelled at the marketplace"));
        }
    }
    for record in &order.state.returns {
        output::line(format!("\nreturn {}", clean(record.value.id.as_str())));
        for row in &record.value.lines {
            output::line(format!(
                "  row {}: {} × {}  {}  {}",
                clean(&row.id),
                row.quantity,
                clean(row.what.as_deref().unwrap_or("-")),
                clean(row.reason.as_deref().unwrap_or("")),
                clean(&row.raw_state)
            ));
        }
        if let Some(wish) = &record.wish {
            output::line(format!("  decided: {}; to be told", wish.decision));
        }
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

async fn operate(options: &KeyOptions, action: OperatorAction) -> Result<(), Problem> {
    let desk = Desk::open(&options.common).await?;
    let order = desk.find(&options.order).await?;
    let connections = desk.connections?;
    let connection = connections
        .iter()
        .find(|connection| connection.id == order.key.connection)
        .ok_or_else(|| {
            Problem::usage(format!(
                "connection {} of this order is not in the configuration",
                order.key.connection
            ))
        })?;
    let store: Arc<dyn OrderStore> = desk.store;
    let engine = Engine::new(store, Arc::clone(&desk.clock));
    let after = engine.operate(connection, &order.key, action).await?;
    let now = desk.clock.now();
    output::line(format!(
        "order {} is {}; next: {}",
        clean(&after.key.to_string()),
        after.status(),
        clean(&next(&after, Some(&rules(connection)), now))
    ));
    output::line("A running `order-sync run` takes it up within seconds.");
    Ok(())
}
