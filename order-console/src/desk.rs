//! Everything pages and API do, once: they differ only in how they show it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use order_core::engine::{Connection, Engine, Operation};
use order_core::error::{Error, Kind};
use order_core::ids::{ConnectionId, OrderKey};
use order_core::lifecycle::{Level, Note};
use order_core::policy::Rules;
use order_core::ports::{Activity, ActivityQuery, Clock, Counts, OrderFilter, OrderStore};
use order_core::state::{Order, Status};
use serde::Serialize;
use utoipa::ToSchema;

use crate::access::Actor;
pub(crate) use crate::act::Act;
use crate::messages as say;
use crate::query::{self, Due, OrdersQuery};
use crate::view::{self, ConnectionView, DryRun, OrderDetail, OrderRow};

/// Orders one request may act on.
pub(crate) const LARGEST_BULK: usize = 200;

/// The store with what is known of its connections.
#[derive(Debug)]
pub(crate) struct Desk {
    pub(crate) store: Arc<dyn OrderStore>,
    pub(crate) clock: Arc<dyn Clock>,
    engine: Engine,
    connections: BTreeMap<ConnectionId, Connection>,
    rules: BTreeMap<ConnectionId, Rules>,
}

/// A page of orders.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OrdersPage {
    /// The orders, newest first.
    pub(crate) orders: Vec<OrderRow>,
    /// How many match in all.
    pub(crate) total: u64,
    /// There are more than `total`: a search counts no further.
    pub(crate) total_is_at_least: bool,
    /// The place to go on after, for `after`; absent on the last page.
    pub(crate) next: Option<String>,
    /// The place to go back before, for `before`; absent on the first page.
    pub(crate) previous: Option<String>,
}

/// How many orders there are of each kind.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub(crate) struct Counters {
    /// In all.
    pub(crate) all: u64,
    /// That need a person.
    pub(crate) needs_action: u64,
    /// By status.
    pub(crate) by_status: BTreeMap<String, u64>,
    /// Of which something is being sent.
    pub(crate) sending: u64,
    /// Whose deadline has passed.
    pub(crate) overdue: u64,
    /// Whose deadline has passed or passes within a day.
    pub(crate) due_within_a_day: u64,
    /// Whose buyer asks to cancel.
    pub(crate) cancel_asked: u64,
    /// With something left to do.
    pub(crate) open: u64,
    /// By the kind of their worst problem.
    pub(crate) by_problem: BTreeMap<String, u64>,
    /// Grows with every change: as long as it is the same, so are the orders.
    pub(crate) revision: u64,
}

/// How long a busy webshop is left alone before it is asked again for a person who waits, five
/// seconds in all: a shop that throttles refuses several calls in a row.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_millis(1000),
    Duration::from_millis(1000),
    Duration::from_millis(1000),
    Duration::from_millis(1500),
];

/// Why something was not done.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There is no such thing.
    NotFound(String),
    /// What was asked makes no sense by itself.
    Invalid(String),
    /// It cannot be done as things are.
    NotNow(String),
    /// The store says no.
    Store(Error),
    /// A platform says no, or nothing.
    Platform(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl Refusal {
    /// For a person.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::NotFound(text) | Self::Invalid(text) | Self::NotNow(text) => text.clone(),
            Self::Store(error) | Self::Platform(error) => error.report(),
        }
    }
}

impl Desk {
    pub(crate) fn new(
        store: Arc<dyn OrderStore>,
        clock: Arc<dyn Clock>,
        connections: &[Connection],
    ) -> Self {
        let rules = |connection: &Connection| Rules {
            policy: connection.policy.clone(),
            marketplace: connection.marketplace.capabilities(),
            webshop: connection.webshop.capabilities(),
        };
        let engine = Engine::new(Arc::clone(&store), Arc::clone(&clock));
        Self {
            store,
            clock,
            engine,
            connections: connections
                .iter()
                .map(|connection| (connection.id.clone(), connection.clone()))
                .collect(),
            rules: connections
                .iter()
                .map(|connection| (connection.id.clone(), rules(connection)))
                .collect(),
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn rules(&self, id: &ConnectionId) -> Option<&Rules> {
        self.rules.get(id)
    }

    /// A page of the overview.
    pub(crate) async fn orders(&self, query: &OrdersQuery) -> Result<OrdersPage, Error> {
        let now = self.now();
        let filter = query.filter(now);
        let limit = filter.limit;
        let backwards = filter.before.is_some();
        let total = self.store.count(filter.clone()).await?;
        // One more tells whether there is another page.
        let wider = OrderFilter {
            limit: limit + 1,
            ..filter
        };
        let mut orders = self.store.list(wider).await?;
        let more = orders.len() > limit;
        if more && backwards {
            orders.remove(0);
        }
        orders.truncate(limit);
        let place = |order: Option<&Order>| order.map(|order| query::cursor(&order.key));
        let has_next = if backwards {
            query.before.is_some()
        } else {
            more
        };
        let has_previous = if backwards {
            more
        } else {
            query.after.is_some()
        };
        Ok(OrdersPage {
            total,
            total_is_at_least: query.text.is_some() && total >= OrderFilter::TEXT_COUNT_LIMIT,
            next: place(orders.last()).filter(|_| has_next),
            previous: place(orders.first()).filter(|_| has_previous),
            orders: orders
                .iter()
                .map(|order| view::row(order, self.rules(&order.key.connection), now))
                .collect(),
        })
    }

    /// How many orders there are of each kind.
    pub(crate) async fn counters(&self, connection: Option<&str>) -> Result<Counters, Error> {
        let now = self.now();
        let counts = self
            .store
            .counts(connection.map(ConnectionId::from))
            .await?;
        let due = async |due: Due| {
            let query = OrdersQuery {
                connection: connection.map(str::to_owned),
                due: Some(due),
                ..OrdersQuery::default()
            };
            self.store.count(query.filter(now)).await
        };
        let overdue = due(Due::Overdue).await?;
        let due_within_a_day = due(Due::Day).await?;
        Ok(counters(&counts, overdue, due_within_a_day))
    }

    /// Grows with every change of an order.
    pub(crate) async fn revision(&self) -> Result<u64, Error> {
        Ok(self.store.counts(None).await?.revision)
    }

    /// An order with all there is to tell.
    pub(crate) async fn order(&self, key: &OrderKey) -> Result<OrderDetail, Refusal> {
        let order = self.load(key).await?;
        let history = self.store.history(key.clone()).await?;
        let journal = self.store.journal(key.clone()).await?;
        let rules = self.rules(&key.connection);
        Ok(view::detail(&order, rules, self.now(), &history, &journal))
    }

    async fn load(&self, key: &OrderKey) -> Result<Order, Refusal> {
        let order = self.store.load(key.clone()).await?;
        order.ok_or_else(|| Refusal::NotFound(say::no_order(key)))
    }

    /// Does what a person wants with an order, and writes who it was into its history.
    pub(crate) async fn act(
        &self,
        actor: &Actor,
        key: &OrderKey,
        act: &Act,
    ) -> Result<(), Refusal> {
        act.check()?;
        let Some(connection) = self.connections.get(&key.connection) else {
            self.load(key).await?;
            return Err(Refusal::NotNow(say::UNKNOWN_CONNECTION.to_owned()));
        };
        let notes = vec![Note {
            level: Level::Info,
            text: say::done_by(&actor.name, act),
        }];
        let rules = self.rules(&key.connection);
        let may = |order: &Order| match view::why_not(order, rules, act) {
            None => Ok(()),
            Some(reason) => Err(Error::not_applied(Kind::Conflict, reason)),
        };
        let done = if let Act::Link { webshop_order } = act {
            let shop = webshop_order.trim().into();
            self.engine.link(connection, key, shop, notes, &may).await
        } else {
            let operation = Operation {
                action: act.action(),
                notes,
            };
            self.engine.perform(connection, key, operation, &may).await
        };
        done.map_err(|error| refusal(key, error))?;
        tracing::info!(actor = %actor.name, order = %key, action = act.name(), "done");
        Ok(())
    }

    /// What creating an order in the webshop would send. Reads from the webshop, changes nothing;
    /// so a webshop that is busy is asked again while the person waits.
    pub(crate) async fn dry_run(&self, key: &OrderKey) -> Result<DryRun, Refusal> {
        let order = self.load(key).await?;
        let Some(connection) = self.connections.get(&key.connection) else {
            return Err(Refusal::NotNow(say::UNKNOWN_CONNECTION.to_owned()));
        };
        let mut pauses = PAUSES.into_iter();
        let preview = loop {
            let error = match self.engine.preview(connection, key).await {
                Ok(preview) => break preview,
                Err(error) => error,
            };
            if let Some(pause) = pauses.next().filter(|_| error.is_retryable()) {
                self.clock.sleep(pause).await;
                continue;
            }
            let refused = refusal(key, error);
            return Err(if let Refusal::Store(error) = refused {
                Refusal::Platform(error)
            } else {
                refused
            });
        };
        let platform = connection.webshop.capabilities().platform;
        Ok(view::dry_run(&order, platform, &preview))
    }

    /// Every connection and how it is doing.
    pub(crate) async fn connections(&self) -> Result<Vec<ConnectionView>, Error> {
        let now = self.now();
        let mut views = Vec::new();
        for record in self.store.connections().await? {
            let counts = self.store.counts(Some(record.id.clone())).await?;
            let rules = self.rules.get(&record.id);
            let figures = (counts.open, counts.needs_action);
            let oldest = self.oldest_waiting(&record.id).await?;
            views.push(view::connection(
                record,
                rules,
                figures,
                oldest.as_ref(),
                now,
            ));
        }
        Ok(views)
    }

    /// The order of a connection that has been waiting the longest to be sent.
    async fn oldest_waiting(&self, id: &ConnectionId) -> Result<Option<Order>, Error> {
        let filter = OrderFilter {
            connection: Some(id.clone()),
            status: vec![
                Status::NotShipped,
                Status::Waiting,
                Status::PartiallyShipped,
            ],
            limit: 1,
            last: true,
            ..OrderFilter::default()
        };
        Ok(self.store.list(filter).await?.pop())
    }

    async fn known(&self, id: &str) -> Result<ConnectionId, Refusal> {
        let id = ConnectionId::from(id);
        let records = self.store.connections().await?;
        records
            .iter()
            .any(|record| record.id == id)
            .then_some(id.clone())
            .ok_or_else(|| Refusal::NotFound(say::no_connection(&id)))
    }

    /// Stops a connection until somebody lets it go on.
    pub(crate) async fn stop(
        &self,
        actor: &Actor,
        id: &str,
        why: Option<&str>,
    ) -> Result<(), Refusal> {
        let why = why.unwrap_or_default();
        if why.chars().count() > 1000 || why.chars().any(char::is_control) {
            return Err(Refusal::Invalid(say::field_is_bad("why", 1000)));
        }
        let id = self.known(id).await?;
        let text = say::stopped_by(&actor.name, why, self.now());
        self.store.stop(id.clone(), Some(text)).await?;
        tracing::info!(actor = %actor.name, connection = %id, "stopped");
        Ok(())
    }

    /// Lets a connection go on, at once.
    pub(crate) async fn go_on(&self, actor: &Actor, id: &str) -> Result<(), Refusal> {
        let id = self.known(id).await?;
        self.store.stop(id.clone(), None).await?;
        self.store.wake(id.clone(), self.now()).await?;
        tracing::info!(actor = %actor.name, connection = %id, "goes on");
        Ok(())
    }

    /// What happened, hour by hour, over so many days.
    pub(crate) async fn activity(
        &self,
        connection: Option<&str>,
        days: u32,
    ) -> Result<Vec<Activity>, Error> {
        let query = ActivityQuery {
            connection: connection.map(ConnectionId::from),
            since: self.now() - TimeDelta::days(i64::from(days)),
        };
        self.store.activity(query).await
    }
}

/// Why the engine did not do it.
fn refusal(key: &OrderKey, error: Error) -> Refusal {
    match error.kind() {
        Kind::NotFound if error.to_string().starts_with("no order") => {
            Refusal::NotFound(say::no_order(key))
        }
        Kind::Conflict | Kind::NotFound => Refusal::NotNow(match error.advice() {
            Some(advice) => format!("{error}; {advice}"),
            None => error.to_string(),
        }),
        Kind::Config
        | Kind::Unauthenticated
        | Kind::PermissionDenied
        | Kind::Rejected
        | Kind::RateLimited
        | Kind::Unavailable
        | Kind::Timeout
        | Kind::Decode
        | Kind::Unsupported
        | Kind::Unexpected
        | _ => Refusal::Store(error),
    }
}

fn counters(counts: &Counts, overdue: u64, due_within_a_day: u64) -> Counters {
    Counters {
        all: counts.by_status.values().sum(),
        needs_action: counts.needs_action,
        by_status: Status::ALL
            .into_iter()
            .map(|status| {
                let count = counts.by_status.get(&status).copied();
                (status.as_str().to_owned(), count.unwrap_or_default())
            })
            .collect(),
        sending: counts.sending,
        overdue,
        due_within_a_day,
        cancel_asked: counts.cancel_asked,
        open: counts.open,
        by_problem: counts
            .by_problem
            .iter()
            .map(|(kind, count)| (kind.as_str().to_owned(), *count))
            .collect(),
        revision: counts.revision,
    }
}
