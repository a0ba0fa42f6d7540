//! Telling somebody that a person is needed, by webhook and mail, in digests.
//!
//! # Invariants
//!
//! - What was told is not told again within the period, per cause and order or connection, also
//!   after a restart where it can be kept in a file.
//! - What could not be delivered is told again.
//! - A message has order numbers and causes, and nothing about buyers.

mod drift;
mod find;
mod send;
mod told;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use order_core::engine::Connection;
use order_core::ports::{Clock, OrderStore};
use serde::{Deserialize, Deserializer, Serialize};

use crate::output::Problem;
use drift::Drift;
pub(crate) use send::{MailConfig, WebhookConfig};
use told::Told;

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
    /// Compare some orders with both platforms so often; never when nothing is said.
    #[serde(default, deserialize_with = "duration")]
    drift: Option<Duration>,
    /// Calls to each platform that one such comparison may take; 20.
    #[serde(default)]
    drift_calls: Option<u32>,
    /// Where is kept what was told; beside the SQLite file when nothing is said.
    pub(crate) told: Option<PathBuf>,
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
    /// What kind: `problem`, `ship_by`, `no_code`, `no_pull`, `cancel_asked`, `drift`.
    pub(crate) cause: &'static str,
    /// The connection.
    pub(crate) connection: String,
    /// The marketplace's order id, where it is about an order.
    pub(crate) order: Option<String>,
    /// What is the matter, for a person.
    pub(crate) text: String,
}

/// When something counts, as times.
#[derive(Clone, Copy, Debug)]
struct Limits {
    problem_older_than: Duration,
    ship_by_within: Duration,
    no_pull_for: Duration,
    period: Duration,
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
        let hour = Duration::from_secs(3600);
        if self.drift.is_some_and(|every| every < hour) {
            return Err(Problem::usage(
                "[alerts] drift: an hour at least; the engine reads open orders by itself",
            ));
        }
        if self
            .drift_calls
            .is_some_and(|calls| !(1..=500).contains(&calls))
        {
            return Err(Problem::usage("[alerts] drift_calls: from 1 to 500"));
        }
        let calls = usize::try_from(self.drift_calls.unwrap_or(20)).unwrap_or(20);
        Ok(senders.map(|senders| Alerts {
            drift: self.drift.map(|every| Drift::new(every, calls)),
            told: self.told.clone(),
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
    drift: Option<Drift>,
    told: Option<PathBuf>,
}

impl Alerts {
    /// Looks and tells, for ever.
    pub(crate) async fn keep_up(
        mut self,
        store: Arc<dyn OrderStore>,
        clock: Arc<dyn Clock>,
        connections: Vec<Connection>,
    ) {
        // By receiver: one that is down is told later, the others are not told twice.
        let mut told = self.remembered();
        let started = clock.now();
        loop {
            let now = clock.now();
            let drifted = match &mut self.drift {
                Some(drift) => drift.look(&*store, &connections, now).await,
                None => Vec::new(),
            };
            match find::alerts(&*store, &connections, &self.limits, started, now).await {
                Ok(mut found) => {
                    found.extend(drifted);
                    self.tell(&mut told, &found, now).await;
                }
                Err(error) => {
                    tracing::warn!(error = %error.report(), "alerts could not be looked for");
                }
            }
            clock.sleep(self.digest).await;
        }
    }

    /// What was told before this program started.
    fn remembered(&self) -> Told {
        let path = self.told.as_deref();
        path.map_or_else(Told::default, Told::read)
    }

    async fn tell(&self, told: &mut Told, found: &[Alert], now: DateTime<Utc>) {
        let before = told.clone();
        for sender in self.senders.all() {
            let told = told.by(sender.name());
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
        if let Some(path) = &self.told
            && *told != before
            && let Err(error) = told.write(path)
        {
            let path = path.display();
            tracing::warn!(
                "what was told cannot be kept in {path}, a restart tells it again: {error}"
            );
        }
    }
}

#[cfg(test)]
mod tests;
