//! Whether marketplace and webshop still say what the engine knows.
//!
//! # Invariants
//!
//! - Reads alone, and a bounded number of them: some orders of the last thirty days at a look, going round.
//! - What the engine has not caught up with yet is no drift: an order counts when it still differs
//!   at a second look, after the engine had its time to read it.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use order_core::engine::Connection;
use order_core::error::Error;
use order_core::ids::{ConnectionId, OrderKey};
use order_core::ports::{OrderFilter, OrderStore};
use order_core::state::Order;

use super::Alert;
use crate::output::Problem;
use crate::reconcile::{Difference, compared};

/// Orders of one look at most, however many a call reads.
const MOST: usize = 1000;
/// Orders that were first seen longer ago are not looked at.
const OLD: chrono::Duration = chrono::Duration::days(30);
/// What is told of a connection at most.
const MOST_TOLD: usize = 200;
/// The engine has this long to read for itself what differed.
const TIME_TO_READ: Duration = Duration::from_secs(30 * 60);

/// Looks from time to time.
#[derive(Debug)]
pub(super) struct Drift {
    every: Duration,
    /// Calls to each platform in one look at a connection.
    calls: usize,
    of: BTreeMap<ConnectionId, Round>,
}

/// How far a connection is.
#[derive(Debug, Default)]
struct Round {
    next: Option<DateTime<Utc>>,
    /// Where the next look goes on; from the newest order when `None`.
    after: Option<OrderKey>,
    /// What differed at the first look and is looked at once more.
    suspects: Vec<OrderKey>,
    /// What differed twice.
    standing: Vec<Alert>,
    /// How many orders the last look was at.
    looked: usize,
}

impl Drift {
    pub(super) fn new(every: Duration, calls: usize) -> Self {
        Self {
            every,
            calls,
            of: BTreeMap::new(),
        }
    }

    /// How many orders the last look was at.
    #[cfg(test)]
    pub(super) fn last_look(&self) -> usize {
        self.of.values().map(|round| round.looked).sum()
    }

    /// Looks where it is time to, and gives everything that is known to differ.
    pub(super) async fn look(
        &mut self,
        store: &dyn OrderStore,
        connections: &[Connection],
        now: DateTime<Utc>,
    ) -> Vec<Alert> {
        let mut alerts = Vec::new();
        for connection in connections {
            let round = self.of.entry(connection.id.clone()).or_default();
            // The first look comes after a while: at a start there is enough to read.
            let next = *round.next.get_or_insert_with(|| now + delta(TIME_TO_READ));
            if next <= now
                && let Err(problem) = round
                    .turn(store, connection, self.calls, now, self.every)
                    .await
            {
                // No answer is told of by itself, and the next look is soon enough.
                round.next = Some(now + delta(self.every));
                tracing::warn!(connection = %connection.id, "drift could not be looked for: {problem}");
            }
            tracing::debug!(connection = %connection.id, orders = round.looked, "compared at the last look for drift");
            alerts.extend(round.standing.iter().cloned());
        }
        alerts
    }
}

fn delta(duration: Duration) -> chrono::Duration {
    chrono::Duration::from_std(duration).unwrap_or(chrono::Duration::MAX)
}

impl Round {
    async fn turn(
        &mut self,
        store: &dyn OrderStore,
        connection: &Connection,
        calls: usize,
        now: DateTime<Utc>,
        every: Duration,
    ) -> Result<(), Problem> {
        let again = std::mem::take(&mut self.suspects);
        if again.is_empty() {
            let orders = self.some(store, connection, calls, now).await?;
            self.looked = orders.len();
            let found = compared(connection, &orders, &|_| {}).await?;
            self.standing
                .retain(|alert| !orders.iter().any(|order| is_about(alert, order)));
            self.suspects = keys(&found);
            let wait = if found.is_empty() {
                every
            } else {
                TIME_TO_READ.min(every)
            };
            self.next = Some(now + delta(wait));
            return Ok(());
        }
        let mut orders = Vec::new();
        for key in again {
            orders.extend(store.load(key).await?);
        }
        let found = compared(connection, &orders, &|_| {}).await?;
        self.looked = orders.len();
        self.standing.extend(found.iter().map(alert));
        self.standing.truncate(MOST_TOLD);
        self.next = Some(now + delta(every));
        Ok(())
    }

    /// The next orders to look at, as many as the calls allow.
    async fn some(
        &mut self,
        store: &dyn OrderStore,
        connection: &Connection,
        calls: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<Order>, Error> {
        let market = connection.marketplace.capabilities().max_ids_per_read;
        let shop = connection.webshop.capabilities().max_ids_per_read;
        let limit = market.min(shop).max(1).saturating_mul(calls).min(MOST);
        let filter = OrderFilter {
            connection: Some(connection.id.clone()),
            limit,
            after: self.after.take(),
            ..OrderFilter::default()
        };
        let mut orders = store.list(filter).await?;
        let listed = orders.len();
        orders.retain(|order| order.state.first_seen >= now - OLD);
        // At the end it begins anew.
        self.after = orders
            .last()
            .filter(|_| orders.len() == listed && listed == limit)
            .map(|order| order.key.clone());
        Ok(orders)
    }
}

fn keys(found: &[Difference]) -> Vec<OrderKey> {
    let mut keys: Vec<OrderKey> = found
        .iter()
        .map(|one| OrderKey::new(one.connection.clone(), one.order.clone()))
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

fn is_about(alert: &Alert, order: &Order) -> bool {
    alert.order.as_deref() == Some(order.key.order.as_str())
}

fn alert(difference: &Difference) -> Alert {
    Alert {
        cause: "drift",
        connection: difference.connection.to_string(),
        order: Some(difference.order.to_string()),
        text: format!(
            "{}. `order-sync reconcile` shows it: {}",
            difference.text, difference.fix
        ),
    }
}
