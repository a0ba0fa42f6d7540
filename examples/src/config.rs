//! The configuration file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use connector_http::Secret;
use order_core::policy::{CarrierRule, CodePattern, Policy};
use serde::{Deserialize, Deserializer};

use crate::alerts::AlertsConfig;
use crate::console::ConsoleConfig;
use crate::output::Problem;
use crate::record::RecordConfig;
use crate::retention::RetentionConfig;

/// A configuration file, read and checked; platforms' own settings are still raw.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) store: StoreConfig,
    pub(crate) console: ConsoleConfig,
    pub(crate) retention: RetentionConfig,
    pub(crate) alerts: AlertsConfig,
    pub(crate) record: RecordConfig,
    pub(crate) connections: Vec<ConnectionConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    store: StoreConfig,
    #[serde(default)]
    console: ConsoleConfig,
    #[serde(default)]
    retention: RetentionConfig,
    #[serde(default)]
    alerts: AlertsConfig,
    #[serde(default)]
    record: RecordConfig,
    #[serde(default, rename = "connection")]
    connections: Vec<ConnectionConfig>,
}

/// Where orders are kept: a SQLite file, or a PostgreSQL database.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreConfig {
    /// A SQLite file; relative to the configuration file.
    pub(crate) path: Option<PathBuf>,
    /// `postgres://user@host/database`, without a password.
    pub(crate) url: Option<String>,
    /// Where the password is; the environment variable PGPASSWORD when nothing is said.
    pub(crate) password: Option<Secret>,
    /// At most so many connections of this process to the database.
    pub(crate) pool_size: Option<usize>,
    /// The program's clock is not the world's, which the database's is.
    #[serde(skip)]
    pub(crate) own_time: bool,
}

/// A marketplace account joined to a webshop.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConnectionConfig {
    /// Its name. Never change it: orders are stored under it.
    pub(crate) id: String,
    /// What its orders are called in the webshop (`bol` gives `bol:A000…`); the name when absent.
    /// Never change it: orders are found again by it.
    channel: Option<String>,
    /// The marketplace: `kind` and that platform's own settings.
    pub(crate) marketplace: toml::Table,
    /// The webshop: `kind` and that platform's own settings.
    pub(crate) webshop: toml::Table,
    /// How the connection behaves.
    #[serde(default)]
    policy: PolicyConfig,
}

/// How a connection behaves; what is absent keeps its default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PolicyConfig {
    #[serde(deserialize_with = "duration")]
    poll_interval: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    tracking_wait: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    ship_by_margin: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    late_tracking_window: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    sweep_interval: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    request_timeout: Option<Duration>,
    import_from: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "duration")]
    max_age: Option<Duration>,
    import_marketplace_fulfilled: Option<bool>,
    tracking_required_for: Option<Vec<String>>,
    cancel_at_marketplace: Option<bool>,
    cancel_in_shop: Option<bool>,
    default_carrier: Option<String>,
    carrier_rule: Vec<RuleConfig>,
}

/// A rule that tells the transporter from the code.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleConfig {
    starts: Option<String>,
    ends: Option<String>,
    contains: Option<String>,
    matches: Option<String>,
    country: Option<order_core::address::Country>,
    carrier: String,
    #[serde(default)]
    strip: bool,
}

pub(crate) fn duration<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    humantime::parse_duration(&text).map(Some).map_err(|error| {
        serde::de::Error::custom(format!(
            "{text:?} is no duration ({error}); write it as \"5m\", \"3h\" or \"1h 30m\""
        ))
    })
}

impl Config {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> Result<Self, Problem> {
        let text = std::fs::read(path).map_err(|error| {
            Problem::usage(format!(
                "cannot read {}: {error} (`order-sync init` writes a configuration to start from)",
                path.display()
            ))
        })?;
        let text = String::from_utf8(text).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            Problem::usage(format!(
                "{} is not UTF-8 text, from byte {at} on",
                path.display()
            ))
        })?;
        // The parser's own display quotes the line, in which a secret may stand.
        let file: File = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(&text, span.start));
            Problem::usage(format!(
                "{}, line {line}: {}",
                path.display(),
                error.message()
            ))
        })?;
        let mut store = file.store;
        if let (Some(file), Some(directory)) = (&store.path, path.parent()) {
            store.path = Some(directory.join(file));
        }
        if store.path.is_none() && store.url.is_none() {
            let directory = path.parent().unwrap_or(Path::new(""));
            store.path = Some(directory.join("order-sync.sqlite"));
        }
        let mut alerts = file.alerts;
        if let Some(asked) = &alerts.told {
            alerts.told = Some(path.parent().unwrap_or(Path::new("")).join(asked));
        } else if let (None, Some(orders)) = (&store.url, &store.path) {
            alerts.told = Some(orders.with_extension("alerts.json"));
        }
        let mut record = file.record;
        let beside = path.parent().unwrap_or(Path::new(""));
        let asked = record
            .directory
            .as_deref()
            .unwrap_or(Path::new("recordings"));
        record.directory = Some(beside.join(asked));
        let config = Self {
            store,
            console: file.console,
            retention: file.retention,
            alerts,
            record,
            connections: file.connections,
        };
        config.validate(path)?;
        Ok(config)
    }

    fn validate(&self, path: &Path) -> Result<(), Problem> {
        if self.connections.is_empty() {
            return Err(Problem::usage(format!(
                "{} has no [[connection]]; `order-sync init` shows one",
                path.display()
            )));
        }
        let mut ids = BTreeSet::new();
        for connection in &self.connections {
            let id = &connection.id;
            if id.trim().is_empty() || id.contains(char::is_whitespace) {
                return Err(Problem::usage(format!(
                    "connection id {id:?} must be one word, such as \"bol-nl\""
                )));
            }
            if !ids.insert(id) {
                return Err(Problem::usage(format!("two connections are called {id:?}")));
            }
            let channel = connection.channel();
            let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if channel.is_empty() || !channel.chars().all(good) {
                return Err(Problem::usage(format!(
                    "connection {id:?}: channel {channel:?} may have letters, digits, - _ and . only"
                )));
            }
        }
        self.record.validate(&self.connections)
    }
}

fn line_of(text: &str, byte: usize) -> usize {
    text.bytes()
        .take(byte)
        .filter(|byte| *byte == b'\n')
        .count()
        + 1
}

impl ConnectionConfig {
    /// Two platforms and nothing else said.
    pub(crate) fn bare(id: &str, marketplace: toml::Table, webshop: toml::Table) -> Self {
        Self {
            id: id.to_owned(),
            channel: None,
            marketplace,
            webshop,
            policy: PolicyConfig::default(),
        }
    }

    fn channel(&self) -> &str {
        self.channel.as_deref().unwrap_or(&self.id)
    }

    /// Its settings, with defaults where nothing is said.
    pub(crate) fn policy(&self) -> Result<Policy, Problem> {
        let said = &self.policy;
        let mut policy = Policy::new(self.channel());
        let set = |target: &mut Duration, value: Option<Duration>| {
            if let Some(value) = value {
                *target = value;
            }
        };
        set(&mut policy.poll_interval, said.poll_interval);
        set(&mut policy.tracking_wait, said.tracking_wait);
        set(&mut policy.ship_by_margin, said.ship_by_margin);
        set(&mut policy.late_tracking_window, said.late_tracking_window);
        set(&mut policy.sweep_interval, said.sweep_interval);
        set(&mut policy.request_timeout, said.request_timeout);
        set(&mut policy.max_age, said.max_age);
        policy.import_from = said.import_from;
        policy.default_carrier.clone_from(&said.default_carrier);
        if let Some(yes) = said.import_marketplace_fulfilled {
            policy.import_marketplace_fulfilled = yes;
        }
        if let Some(yes) = said.cancel_at_marketplace {
            policy.cancel_at_marketplace = yes;
        }
        if let Some(yes) = said.cancel_in_shop {
            policy.cancel_in_shop = yes;
        }
        if let Some(methods) = &said.tracking_required_for {
            policy.tracking_required_for.clone_from(methods);
        }
        if policy.poll_interval < Duration::from_secs(10) {
            return Err(Problem::usage(format!(
                "connection {:?}: a poll_interval below 10 s would only burn the platforms' limits",
                self.id
            )));
        }
        let longest = Duration::from_secs(6 * 60 * 60);
        if policy.poll_interval > longest || policy.sweep_interval > longest {
            return Err(Problem::usage(format!(
                "connection {:?}: poll_interval and sweep_interval may be six hours at most",
                self.id
            )));
        }
        for (rule, number) in said.carrier_rule.iter().zip(1..) {
            policy.carrier_rules.push(self.rule(rule, number)?);
        }
        for carrier in policy
            .carrier_rules
            .iter()
            .map(|rule| &rule.carrier)
            .chain(policy.default_carrier.as_ref())
        {
            if carrier_detect::Carrier::from_slug(carrier).is_none() {
                return Err(Problem::usage(format!(
                    "connection {:?}: no transporter is called {carrier:?} \
                     (`order-sync carriers list` shows the names)",
                    self.id
                )));
            }
        }
        Ok(policy)
    }

    fn rule(&self, rule: &RuleConfig, number: u32) -> Result<CarrierRule, Problem> {
        let fail = |text: String| {
            Problem::usage(format!(
                "connection {:?}: carrier_rule {number}: {text}",
                self.id
            ))
        };
        let matches = match (&rule.starts, &rule.ends, &rule.contains, &rule.matches) {
            (Some(text), None, None, None) => CodePattern::Starts(text.clone()),
            (None, Some(text), None, None) => CodePattern::Ends(text.clone()),
            (None, None, Some(text), None) => CodePattern::Contains(text.clone()),
            (None, None, None, Some(text)) => CodePattern::regex(text).map_err(fail)?,
            _ => {
                return Err(fail(
                    "it needs exactly one of starts, ends, contains and matches".to_owned(),
                ));
            }
        };
        Ok(CarrierRule {
            matches,
            country: rule.country,
            carrier: rule.carrier.clone(),
            strip: rule.strip,
        })
    }
}
