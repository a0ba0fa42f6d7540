//! The file: a head, then a line for every call. Each start of the program writes a new head.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use chrono::{DateTime, Utc};
use connector_http::tape::{Exchanged, Heard};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::output::Problem;

/// The form of the file that this program writes and reads.
pub(super) const FORM: u32 = 1;

/// A file that is larger is not read.
const LARGEST: u64 = 64 * 1024 * 1024;

/// What was recorded, with the settings its connectors need; secrets are not in them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) recording: u32,
    pub(super) program: String,
    pub(super) connection: String,
    pub(super) order: String,
    pub(super) marketplace: toml::Table,
    pub(super) webshop: toml::Table,
}

/// One call: what was asked, what went over the wire, and what it came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) at: DateTime<Utc>,
    pub(super) asked: Value,
    pub(super) exchanges: Vec<Exchange>,
    /// What the masked answers come to.
    pub(super) came: Value,
    /// Whether the real answers came to the same, but for the texts that are masked.
    pub(super) same: bool,
}

/// One request and its answer, masked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Exchange {
    pub(super) operation: String,
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sent: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<Value>,
    /// Whether the answer ended in the middle.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) cut_off: bool,
    /// Why there is no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failed: Option<String>,
}

impl Exchange {
    pub(super) fn to_play(&self) -> Exchanged {
        let heard = match (self.status, self.failed.as_deref()) {
            (Some(status), _) => Heard::Answer {
                status,
                headers: self.headers.clone().into_iter().collect(),
                body: match &self.answer {
                    None => Vec::new(),
                    Some(Value::String(text)) => text.clone().into_bytes(),
                    Some(json) => json.to_string().into_bytes(),
                },
                whole: !self.cut_off,
            },
            (None, Some("broken")) => Heard::Broken,
            (None, Some("no answer")) => Heard::NoAnswer,
            (None, _) => Heard::NotConnected,
        };
        Exchanged::new(&self.operation, &self.method, &self.url, heard)
    }
}

/// A line of the file.
#[derive(Debug)]
pub(super) enum Line {
    Head(Box<Head>),
    Entry(Box<Entry>),
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Vec<Line>, Problem> {
    let shown = path.display();
    let fail = |error: std::io::Error| Problem::new(format!("cannot read {shown}: {error}"));
    let file = std::fs::File::open(path).map_err(fail)?;
    if file.metadata().map_err(fail)?.len() > LARGEST {
        return Err(Problem::usage(format!(
            "{shown} is larger than 64 MiB; nothing was read"
        )));
    }
    let mut lines = Vec::new();
    let text = BufReader::new(file.take(LARGEST));
    for (line, number) in text.lines().zip(1..) {
        let line = line.map_err(fail)?;
        lines.push(parse(&line).ok_or_else(|| {
            Problem::usage(format!(
                "{shown}, line {number}: not a line of a recording; `order-sync record` and \
                 [record] in a configuration write them"
            ))
        })?);
    }
    match lines.first() {
        Some(Line::Head(head)) if head.recording == FORM => Ok(lines),
        Some(Line::Head(head)) => Err(Problem::usage(format!(
            "{shown} is a recording of form {}, and this program reads form {FORM}: use the \
             program of version {}",
            head.recording, head.program
        ))),
        Some(Line::Entry(_)) | None => Err(Problem::usage(format!("{shown} is no recording"))),
    }
}

fn parse(line: &str) -> Option<Line> {
    let value: Value = serde_json::from_str(line).ok()?;
    if value.get("recording").is_some() {
        return serde_json::from_value(value)
            .ok()
            .map(|head| Line::Head(Box::new(head)));
    }
    serde_json::from_value(value)
        .ok()
        .map(|entry| Line::Entry(Box::new(entry)))
}
