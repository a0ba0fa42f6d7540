//! `order-sync replay`: a recording read again, without a network and without writing anything.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use clap::Args;
use connector_http::Environment;
use connector_http::tape::Tape;
use order_core::engine::Connection;
use order_core::ports::Clock;
use serde::Serialize;
use serde_json::Value;

use super::call::Call;
use super::file::{self, Entry, Exchange, Head, Line};
use super::settings;
use crate::config::ConnectionConfig;
use crate::connect;
use crate::output::{self, Problem, clean};

/// Options of `replay`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// A recording.
    file: PathBuf,
    /// One JSON object a call.
    #[arg(long)]
    json: bool,
}

/// Connectors that answer from tapes, with a clock that stands where the recording says.
#[derive(Debug)]
pub(super) struct Again {
    connection: Connection,
    clock: Arc<Standing>,
}

/// What a call came to this time.
#[derive(Debug)]
pub(super) struct Came {
    pub(super) came: Value,
    /// Recorded answers that nobody asked for.
    pub(super) left: Vec<String>,
}

impl Again {
    pub(super) fn new(head: &Head) -> Result<Self, Problem> {
        let clock = Arc::new(Standing::default());
        // Never believed: a recording of somebody else's could name files of this machine.
        let config = ConnectionConfig::bare(
            &head.connection,
            settings::without_secrets(&head.marketplace),
            settings::without_secrets(&head.webshop),
        );
        let time: Arc<dyn Clock> = Arc::<Standing>::clone(&clock);
        let connection = connect::connection(&config, &Environment::new(time))?;
        Ok(Self { connection, clock })
    }

    pub(super) async fn ask(&self, call: Call, at: DateTime<Utc>, exchanges: &[Exchange]) -> Came {
        self.clock.set(at);
        let tape = Tape::playing(exchanges.iter().map(Exchange::to_play).collect());
        let came = tape.around(call.ask(&self.connection)).await;
        Came {
            came,
            left: tape.left(),
        }
    }
}

/// A clock that stands still but for what is slept, and nobody waits for that.
#[derive(Debug, Default)]
struct Standing(Mutex<(DateTime<Utc>, Duration)>);

impl Standing {
    fn read(&self) -> (DateTime<Utc>, Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, at: DateTime<Utc>) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Limits and time-outs of the call before are over.
        *now = (at, now.1 + Duration::from_secs(3600));
    }
}

#[async_trait]
impl Clock for Standing {
    fn now(&self) -> DateTime<Utc> {
        self.read().0
    }

    fn monotonic(&self) -> Duration {
        self.read().1
    }

    async fn sleep(&self, duration: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.1 = now.1.saturating_add(duration);
        let passed = chrono::Duration::from_std(duration).unwrap_or_default();
        now.0 = now.0.checked_add_signed(passed).unwrap_or(now.0);
    }
}

/// What is shown of a call.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    at: DateTime<Utc>,
    call: &'a str,
    operations: Vec<String>,
    differs: bool,
    recorded: &'a Value,
    now: Value,
    /// Recorded answers that nobody asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    not_asked_for: Vec<String>,
    /// Whether the answers came to the same before they were masked.
    same_before_masking: bool,
}

pub(crate) async fn replay(options: &Options) -> Result<(), Problem> {
    let lines = file::read(&options.file)?;
    let mut again = None;
    let (mut calls, mut differ, mut changed) = (0_usize, 0_usize, 0_usize);
    for line in &lines {
        let entry = match line {
            Line::Head(head) => {
                // What a recording says may be anything.
                let made = Again::new(head);
                let shown = |problem: Problem| Problem::usage(clean(&problem.to_string()));
                again = Some(made.map_err(shown)?);
                introduce(head, options.json);
                continue;
            }
            Line::Entry(entry) => entry,
        };
        let Some(again) = &again else { continue };
        let shown = compare(again, entry).await?;
        calls += 1;
        differ += usize::from(shown.differs);
        changed += usize::from(!entry.same);
        if options.json {
            output::json(&shown);
        } else {
            print(&shown);
        }
    }
    if !options.json {
        if changed > 0 {
            output::line(format!(
                "{changed} of {calls} calls came to something else before masking: what is \
                 masked there matters to the connector"
            ));
        }
        if differ == 0 {
            output::line(format!("{calls} calls, each comes to what was recorded"));
        }
    }
    match differ {
        0 => Ok(()),
        _ => Err(Problem::differs(format!(
            "{differ} of {calls} calls come to something else than was recorded; see above"
        ))),
    }
}

fn introduce(head: &Head, json: bool) {
    if !json {
        let kind = |table: &toml::Table| {
            let kind = table.get("kind").and_then(toml::Value::as_str);
            clean(kind.unwrap_or("?"))
        };
        output::line(format!(
            "order {} of {}, from {} to {}, recorded by {}",
            clean(&head.order),
            clean(&head.connection),
            kind(&head.marketplace),
            kind(&head.webshop),
            clean(&head.program),
        ));
    }
}

async fn compare<'a>(again: &Again, entry: &'a Entry) -> Result<Shown<'a>, Problem> {
    let name = entry.asked.get("call").and_then(Value::as_str);
    let call: Call = serde_json::from_value(entry.asked.clone()).map_err(|error| {
        Problem::usage(format!(
            "the recording asks {} in a way that this program does not know: {error}",
            clean(name.unwrap_or("something"))
        ))
    })?;
    let came = if entry.came.get("not_sent").is_some() {
        let came = entry.came.clone();
        Came {
            came,
            left: Vec::new(),
        }
    } else {
        again.ask(call, entry.at, &entry.exchanges).await
    };
    Ok(Shown {
        at: entry.at,
        call: name.unwrap_or_default(),
        operations: entry
            .exchanges
            .iter()
            .map(|one| one.operation.clone())
            .collect(),
        differs: came.came != entry.came || !came.left.is_empty(),
        recorded: &entry.came,
        now: came.came,
        not_asked_for: came.left,
        same_before_masking: entry.same,
    })
}

fn print(shown: &Shown<'_>) {
    let sign = match (shown.differs, shown.recorded.get("not_sent")) {
        (true, _) => "differs",
        (false, Some(_)) => "unsent",
        (false, None) => "same",
    };
    output::line(format!(
        "{}  {:<7}  {}: {}",
        shown.at.format("%Y-%m-%d %H:%M:%S UTC"),
        sign,
        clean(shown.call),
        clean(&shown.operations.join(", "))
    ));
    if !shown.differs {
        return;
    }
    for left in &shown.not_asked_for {
        output::line(format!("    recorded, and not asked for: {}", clean(left)));
    }
    let mut found = Vec::new();
    differences("", shown.recorded, &shown.now, &mut found);
    for (place, recorded, now) in found {
        output::line(format!(
            "    {}: {recorded} was recorded, now {now}",
            clean(&place)
        ));
    }
}

/// The places at which two values differ.
fn differences(
    place: &str,
    recorded: &Value,
    now: &Value,
    found: &mut Vec<(String, String, String)>,
) {
    let nothing = Value::Null;
    match (recorded, now) {
        (Value::Object(left), Value::Object(right)) => {
            let names: std::collections::BTreeSet<&String> =
                left.keys().chain(right.keys()).collect();
            for name in names {
                let (left, right) = (left.get(name), right.get(name));
                let place = format!("{place}/{name}");
                differences(
                    &place,
                    left.unwrap_or(&nothing),
                    right.unwrap_or(&nothing),
                    found,
                );
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            for (at, (left, right)) in left.iter().zip(right).enumerate() {
                differences(&format!("{place}/{at}"), left, right, found);
            }
        }
        (left, right) if left == right => {}
        (left, right) => found.push((
            place.to_owned(),
            clean(&left.to_string()),
            clean(&right.to_string()),
        )),
    }
}
