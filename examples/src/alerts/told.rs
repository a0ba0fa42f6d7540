//! What was told to whom, and when.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Alert;

/// A file that is larger is not read.
const LARGEST: u64 = 4 * 1024 * 1024;

/// What was told, by receiver: one that is down is told later, the others are not told twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Told(BTreeMap<String, ToldOne>);

/// What one receiver was told, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ToldOne(BTreeMap<String, DateTime<Utc>>);

/// By what an alert is told only once.
fn key(alert: &Alert) -> String {
    let order = alert.order.as_deref().unwrap_or_default();
    // Neither a cause nor a connection has a space in it.
    format!("{} {} {order}", alert.cause, alert.connection)
}

impl Told {
    /// What is kept in a file. One that is not there or cannot be read is as if nothing was told:
    /// telling twice is better than not at all.
    pub(super) fn read(path: &Path) -> Self {
        let size = std::fs::metadata(path).map(|file| file.len());
        if !size.is_ok_and(|size| size <= LARGEST) {
            return Self::default();
        }
        let text = std::fs::read(path).unwrap_or_default();
        serde_json::from_slice(&text).unwrap_or_else(|error| {
            let path = path.display();
            tracing::warn!("{path} does not say what was told, so it is told again: {error}");
            Self::default()
        })
    }

    /// Keeps it: whoever reads sees the old one or the new one, never half of it.
    pub(super) fn write(&self, path: &Path) -> std::io::Result<()> {
        let beside = path.with_extension("new");
        std::fs::write(&beside, serde_json::to_vec(self)?)?;
        std::fs::rename(&beside, path)
    }

    pub(super) fn by(&mut self, receiver: &str) -> &mut ToldOne {
        self.0.entry(receiver.to_owned()).or_default()
    }
}

impl ToldOne {
    /// Those that were not told within the period.
    pub(super) fn new_ones(
        &mut self,
        alerts: Vec<Alert>,
        now: DateTime<Utc>,
        period: Duration,
    ) -> Vec<Alert> {
        let period = chrono::Duration::from_std(period).unwrap_or(chrono::Duration::MAX);
        self.0.retain(|_, at| now - *at < period && *at <= now);
        alerts
            .into_iter()
            .filter(|alert| !self.0.contains_key(&key(alert)))
            .collect()
    }

    pub(super) fn told(&mut self, alerts: &[Alert], now: DateTime<Utc>) {
        self.0.extend(alerts.iter().map(|alert| (key(alert), now)));
    }
}
