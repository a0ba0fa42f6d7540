//! Telling somebody that a person is needed, by webhook and mail, in digests.
//!
//! # Invariants
//!
//! - What was told is not told again within the period, per cause and order or connection.
//! - What could not be delivered is told again.
//! - A message has order numbers and causes, and nothing about buyers.

mod find;
mod send;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use order_core::engine::Connection;
use order_core::ports::{Clock, OrderStore};
use serde::{Deserialize, Deserializer, Serialize};

use crate::output::Problem;
pub(crate) use send::{MailConfig, WebhookConfig};

/// The `[alerts]` of a configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertsConfig {
    /// A cause is told of at most once in this time; 12 h when nothing is said.
    #[serde(default, deserialize_with = "duration")]
    period: Option<Duration>,
    /// How often causes are looked for, and so how much goes into one message; 5 min.
    #[serde(default, deserialize_with = "duration")]
    digest: Option<Duration>,
    /// Tell of problems that are there for so long; 1 h.
    #[serde(default, deserialize_with = "duration")]
    problem_older_than: Option<Duration>,
    /// Tell of orders that must be handed over within this time; 6 h.
    #[serde(default, deserialize_with = "duration")]
    ship_by_within: Option<Duration>,
    /// Tell of platforms that have not answered well for so long; 30 min.
    #[serde(default, deserialize_with = "duration")]
    no_pull_for: Option<Duration>,
    /// Where to post them.
    #[serde(default)]
    webhook: Option<WebhookConfig>,
    /// Whom to write to.
    #[serde(default)]
    mail: Option<MailConfig>,
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    crate::config::duration(deserializer)
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Alert {
    /// What kind: `problem`, `ship_by`, `no_code`, `no_pull`, `cancel_asked`.
    pub(crate) cause: &'static str,
    /// The connection.
    pub(crate) connection: String,
    /// The marketplace's order id, where it is about an order.
    pub(crate) order: Option<String>,
    /// What is the matter, for a person.
    pub(crate) text: String,
}

impl Alert {
    /// By what it is told only once.
    fn key(&self) -> (&'static str, String, Option<String>) {
        (self.cause, self.connection.clone(), self.order.clone())
    }
}

/// When something counts, as times.
#[derive(Clone, Copy, Debug)]
struct Limits {
    problem_older_than: Duration,
    ship_by_within: Duration,
    no_pull_for: Duration,
    period: Duration,
}

/// What was told, and when.
#[derive(Debug, Default)]
struct Told(BTreeMap<(&'static str, String, Option<String>), DateTime<Utc>>);

impl Told {
    /// Those that were not told within the period.
    fn new_ones(&mut self, alerts: Vec<Alert>, now: DateTime<Utc>, period: Duration) -> Vec<Alert> {
        let period = chrono::Duration::from_std(period).unwrap_or(chrono::Duration::MAX);
        self.0.retain(|_, at| now - *at < period && *at <= now);
        alerts
            .into_iter()
            .filter(|alert| !self.0.contains_key(&alert.key()))
            .collect()
    }

    fn told(&mut self, alerts: &[Alert], now: DateTime<Utc>) {
        self.0.extend(alerts.iter().map(|alert| (alert.key(), now)));
    }
}

impl AlertsConfig {
    fn limits(&self) -> Limits {
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        Limits {
            problem_older_than: self.problem_older_than.unwrap_or(minutes(60)),
            ship_by_within: self.ship_by_within.unwrap_or(minutes(360)),
            no_pull_for: self.no_pull_for.unwrap_or(minutes(30)),
            period: self.period.unwrap_or(minutes(720)),
        }
    }

    /// Makes the receivers; `None` when there is none.
    pub(crate) fn prepare(&self, clock: &Arc<dyn Clock>) -> Result<Option<Alerts>, Problem> {
        let senders = send::Senders::new(self.webhook.as_ref(), self.mail.as_ref(), clock)?;
        Ok(senders.map(|senders| Alerts {
            limits: self.limits(),
            digest: self.digest.unwrap_or(Duration::from_secs(300)),
            senders,
        }))
    }
}

/// Receivers with what they are told of.
#[derive(Debug)]
pub(crate) struct Alerts {
    limits: Limits,
    digest: Duration,
    senders: send::Senders,
}

impl Alerts {
    /// Looks and tells, for ever.
    pub(crate) async fn keep_up(
        self,
        store: Arc<dyn OrderStore>,
        clock: Arc<dyn Clock>,
        connections: Vec<Connection>,
    ) {
        // By receiver: one that is down is told later, the others are not told twice.
        let mut told: Vec<Told> = Vec::new();
        let started = clock.now();
        loop {
            let now = clock.now();
            match find::alerts(&*store, &connections, &self.limits, started, now).await {
                Ok(found) => self.tell(&mut told, &found, now).await,
                Err(error) => {
                    tracing::warn!(error = %error.report(), "alerts could not be looked for");
                }
            }
            clock.sleep(self.digest).await;
        }
    }

    async fn tell(&self, told: &mut Vec<Told>, found: &[Alert], now: DateTime<Utc>) {
        let senders = self.senders.all();
        told.resize_with(senders.len(), Told::default);
        for (sender, told) in senders.into_iter().zip(told) {
            let fresh = told.new_ones(found.to_vec(), now, self.limits.period);
            if fresh.is_empty() {
                continue;
            }
            match sender.send(&fresh, now).await {
                Ok(()) => told.told(&fresh, now),
                Err(problem) => {
                    tracing::warn!("an alert could not be delivered, it is tried again: {problem}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
