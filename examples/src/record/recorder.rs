//! Writing down one order's traffic.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use connector_http::tape::{Exchanged, Heard, Tape};
use order_core::address::Address;
use order_core::error::Error;
use order_core::ids::{MarketplaceOrderId, ShopOrderId};
use order_core::order::MarketplaceOrder;
use order_core::ports::{Clock, CreateProgress, OrderRead, Outcome};
use order_core::shop::ShopOrder;
use serde::Serialize;
use serde_json::{Value, json};

use super::call::{About, Call, outcome};
use super::file::{Entry, Exchange, Head};
use super::mask::{Mask, blank};
use super::replay::Again;
use crate::output::Problem;

/// A recording that is larger is not continued.
const LONGEST: u64 = 32 * 1024 * 1024;

/// A body that is longer is left out.
const LONGEST_BODY: usize = 1024 * 1024;

/// Where one order's traffic goes.
#[derive(Debug)]
pub(super) struct Recorder {
    about: Mutex<About>,
    mask: Mutex<Mask>,
    clock: Arc<dyn Clock>,
    again: Again,
    /// One call at a time, so that a replay has the same order.
    turn: tokio::sync::Mutex<()>,
    path: PathBuf,
    broken: Mutex<bool>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Recorder {
    pub(super) fn new(
        head: &Head,
        about: About,
        mask: Mask,
        clock: Arc<dyn Clock>,
        path: &Path,
    ) -> Result<Self, Problem> {
        let recorder = Self {
            about: Mutex::new(about),
            mask: Mutex::new(mask),
            clock,
            again: Again::new(head)?,
            turn: tokio::sync::Mutex::default(),
            path: path.to_owned(),
            broken: Mutex::new(false),
        };
        recorder.append(head).map_err(|error| {
            Problem::new(format!("cannot write {}: {error}", recorder.path.display()))
        })?;
        Ok(recorder)
    }

    pub(super) fn order(&self) -> MarketplaceOrderId {
        lock(&self.about).order.clone()
    }

    pub(super) fn about(&self, ask: impl Fn(&About) -> bool) -> bool {
        ask(&lock(&self.about))
    }

    pub(super) fn is_ours(&self, order: &ShopOrder) -> bool {
        let key = order.key.as_ref();
        key.is_some_and(|key| key.order == lock(&self.about).order)
    }

    pub(super) fn learn_webshop(&self, id: &ShopOrderId) {
        lock(&self.about).webshop_order(id);
    }

    pub(super) fn learn_progress(&self, progress: &CreateProgress) {
        match progress {
            CreateProgress::Created(order) => self.learn_webshop(&order.id),
            CreateProgress::TotalDiffers { order, .. } => self.learn_webshop(order),
            CreateProgress::Continue { draft, .. } => {
                if let Some(id) = draft {
                    self.learn_webshop(id);
                }
            }
            CreateProgress::Rejected { .. } => {}
        }
    }

    pub(super) fn learn_outcome(&self, outcome: &Outcome) {
        if let Outcome::Submitted(ticket) = outcome {
            lock(&self.about).ticket(ticket);
        }
    }

    pub(super) fn learn_address(&self, address: &Address) {
        lock(&self.mask).address(address);
    }

    pub(super) fn learn_read(&self, read: &OrderRead) {
        match read {
            OrderRead::Found(order) => {
                let mut about = lock(&self.about);
                order.lines.iter().for_each(|line| about.line(&line.id));
            }
            OrderRead::Gone(_) | OrderRead::Unreadable { .. } => {}
        }
    }

    /// The words of an order's addresses, found in what a call came to.
    fn learn_names(&self, came: &Value) {
        match came {
            Value::Object(fields) => {
                if let Ok(order) = serde_json::from_value::<MarketplaceOrder>(came.clone()) {
                    let addresses = [&order.ship_to, &order.bill_to];
                    addresses
                        .into_iter()
                        .flatten()
                        .for_each(|one| self.learn_address(one));
                } else {
                    fields.values().for_each(|value| self.learn_names(value));
                }
            }
            Value::Array(values) => values.iter().for_each(|value| self.learn_names(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Makes a call and writes down what went over the wire. A recording that cannot be written
    /// never stops the call.
    pub(super) async fn record<T: Serialize>(
        &self,
        call: Call,
        asked: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let _turn = self.turn.lock().await;
        let tape = Tape::recording();
        let result = tape.around(asked).await;
        if !*lock(&self.broken) {
            let came = outcome(&result);
            if let Err(error) = self.write(call, &came, tape.take()).await {
                *lock(&self.broken) = true;
                let path = self.path.display();
                tracing::warn!("the recording {path} is not continued: {error}");
            }
        }
        result
    }

    async fn write(&self, call: Call, came: &Value, heard: Vec<Exchanged>) -> std::io::Result<()> {
        self.learn_names(came);
        let mut asked = serde_json::to_value(&call)?;
        let exchanges: Vec<Exchange> = {
            let mask = lock(&self.mask);
            mask.value("", &mut asked);
            heard.iter().map(|one| exchange(&mask, one)).collect()
        };
        let at = self.clock.now();
        if exchanges.is_empty()
            && let Some(error) = came.get("error")
        {
            // A limit, a deadline or the credentials were in the way: nothing to read again.
            let kind = error.get("kind").cloned().unwrap_or_default();
            let came = json!({ "not_sent": kind });
            return self.append(&Entry {
                at,
                asked,
                exchanges,
                came,
                same: true,
            });
        }
        // What is written is what the masked answers come to: nothing else can be in it.
        let masked: Call = serde_json::from_value(asked.clone())?;
        let again = self.again.ask(masked, at, &exchanges).await;
        let entry = Entry {
            at,
            asked,
            same: shape(came) == shape(&again.came),
            exchanges,
            came: again.came,
        };
        self.append(&entry)
    }

    fn append(&self, line: &impl Serialize) -> std::io::Result<()> {
        let mut options = std::fs::OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&self.path)?;
        if file.metadata()?.len() > LONGEST {
            return Err(std::io::Error::other("it is larger than 32 MiB"));
        }
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        file.write_all(&text)
    }
}

/// What something comes to, but for the letters and digits of its texts, and of an error only what
/// the engine decides by.
fn shape(value: &Value) -> Value {
    if let Some(error) = value.get("error") {
        return json!([error.get("kind"), error.get("changed")]);
    }
    match value {
        Value::String(text) => Value::String(blank(text)),
        Value::Array(values) => values.iter().map(shape).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), shape(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// Headers that tell something about the answer, and nothing about anybody.
fn is_telling(name: &str) -> bool {
    matches!(
        name,
        "content-type" | "date" | "retry-after" | "location" | "link"
    ) || name.starts_with("x-ratelimit")
        || name.starts_with("x-wp-total")
        || name == "x-amzn-ratelimit-limit"
}

fn exchange(mask: &Mask, heard: &Exchanged) -> Exchange {
    let body = |bytes: &[u8]| {
        if bytes.len() > LONGEST_BODY {
            return Some(Value::String(format!("({} bytes, left out)", bytes.len())));
        }
        mask.body(bytes)
    };
    let mut written = Exchange {
        operation: heard.operation.clone(),
        method: heard.method.clone(),
        url: mask.url(&heard.url),
        sent: body(&heard.body),
        ..Exchange::default()
    };
    match &heard.heard {
        Heard::Answer {
            status,
            headers,
            body: bytes,
            whole,
        } => {
            written.status = Some(*status);
            written.cut_off = !whole;
            written.answer = body(bytes);
            let telling = headers.iter().filter(|(name, _)| is_telling(name));
            written.headers = telling
                .map(|(name, value)| {
                    let is_address = matches!(name.as_str(), "location" | "link");
                    let value = if is_address {
                        mask.url(value)
                    } else {
                        value.clone()
                    };
                    (name.clone(), value)
                })
                .collect();
        }
        Heard::Broken => written.failed = Some("broken".to_owned()),
        Heard::NoAnswer => written.failed = Some("no answer".to_owned()),
        Heard::NotConnected | _ => written.failed = Some("not connected".to_owned()),
    }
    written
}
