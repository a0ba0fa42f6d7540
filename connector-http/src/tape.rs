//! What went over the wire, kept or played again.
//!
//! A [`Tape`] listens to every exchange of one future, whichever client makes it, or answers in the
//! platform's place. It works around a future and its children in the same task; a task that is
//! spawned inside is not heard.
//!
//! **Invariants.** Exchanges that fetch credentials are never on a tape, and neither are the
//! headers and query pairs that carry them; where an answer echoes them, x stand in their place.
//! While a tape plays nothing is sent: what is not on it
//! fails as a connection that could not be made.

use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::answer::Body;
use crate::classify::Failure;
use crate::outgoing::Outgoing;
use crate::transport::Exchange;

/// A request without its credentials, and what came of it.
///
/// `Debug` shows operation and outcome without texts.
#[derive(Clone)]
#[non_exhaustive]
pub struct Exchanged {
    /// The operation in the platform's words, as in `POST /retailer/shipments`.
    pub operation: String,
    /// The method in capitals.
    pub method: String,
    /// The address as it was before credentials were put on.
    pub url: String,
    /// The body; empty when there is none.
    pub body: Vec<u8>,
    /// What came back.
    pub heard: Heard,
}

impl Exchanged {
    /// An exchange to be played.
    #[must_use]
    pub fn new(operation: &str, method: &str, url: &str, heard: Heard) -> Self {
        Self {
            operation: operation.to_owned(),
            method: method.to_owned(),
            url: url.to_owned(),
            body: Vec::new(),
            heard,
        }
    }
}

/// What came back for a request.
#[derive(Clone)]
#[non_exhaustive]
pub enum Heard {
    /// An answer.
    Answer {
        /// The status code.
        status: u16,
        /// Names in small letters, and values that are text.
        headers: Vec<(String, String)>,
        /// The bytes as they came.
        body: Vec<u8>,
        /// Whether that is all of it.
        whole: bool,
    },
    /// The connection was not made; nothing was sent.
    NotConnected,
    /// The connection broke before there was an answer.
    Broken,
    /// No answer in time.
    NoAnswer,
}

enum Mode {
    Record,
    Play(Vec<Option<Exchanged>>),
    /// Nothing is heard: credentials are being fetched.
    Aside,
}

/// Exchanges, in the order in which they were answered.
pub struct Tape {
    mode: Mutex<Mode>,
    heard: Mutex<Vec<Exchanged>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<Tape>>> = const { RefCell::new(None) };
}

impl Tape {
    fn new(mode: Mode) -> Arc<Self> {
        Arc::new(Self {
            mode: Mutex::new(mode),
            heard: Mutex::default(),
        })
    }

    /// A tape that listens.
    #[must_use]
    pub fn recording() -> Arc<Self> {
        Self::new(Mode::Record)
    }

    /// A tape that answers. Each exchange answers once: the first that is left with the request's
    /// operation and address, else the first with its operation.
    #[must_use]
    pub fn playing(exchanges: Vec<Exchanged>) -> Arc<Self> {
        Self::new(Mode::Play(exchanges.into_iter().map(Some).collect()))
    }

    /// Runs a future with this tape.
    pub async fn around<F: Future>(self: &Arc<Self>, future: F) -> F::Output {
        within(Some(Arc::clone(self)), future).await
    }

    /// What was heard so far; the tape is empty afterwards.
    #[must_use]
    pub fn take(&self) -> Vec<Exchanged> {
        std::mem::take(&mut *lock(&self.heard))
    }

    /// The operations of what is on it and was not asked for.
    #[must_use]
    pub fn left(&self) -> Vec<String> {
        match &*lock(&self.mode) {
            Mode::Play(exchanges) => exchanges
                .iter()
                .flatten()
                .map(|exchange| exchange.operation.clone())
                .collect(),
            Mode::Record | Mode::Aside => Vec::new(),
        }
    }

    fn plays(&self) -> bool {
        matches!(&*lock(&self.mode), Mode::Play(_))
    }

    fn answer(&self, operation: &str, method: &str, url: &str) -> Option<Heard> {
        let mut mode = lock(&self.mode);
        let Mode::Play(exchanges) = &mut *mode else {
            return None;
        };
        let find = |exactly: bool| {
            exchanges.iter().position(|one| {
                one.as_ref().is_some_and(|one| {
                    let same = one.operation == operation && one.method == method;
                    same && (!exactly || one.url == url)
                })
            })
        };
        let at = find(true).or_else(|| find(false))?;
        let taken = exchanges.get_mut(at)?.take()?;
        Some(taken.heard)
    }

    fn has(&self, operation: &str) -> bool {
        self.left().iter().any(|one| one == operation)
    }
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape")
            .field("plays", &self.plays())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Exchanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchanged")
            .field("operation", &self.operation)
            .field("heard", &self.heard)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer { status, body, .. } => {
                write!(f, "Answer({status}, {} bytes)", body.len())
            }
            Self::NotConnected => f.write_str("NotConnected"),
            Self::Broken => f.write_str("Broken"),
            Self::NoAnswer => f.write_str("NoAnswer"),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The tape of the future that is being polled, where there is one that works.
fn current() -> Option<Arc<Tape>> {
    let tape = CURRENT.with_borrow(Clone::clone)?;
    let aside = matches!(&*lock(&tape.mode), Mode::Aside);
    (!aside).then_some(tape)
}

/// Whether answers come from a tape.
pub(crate) fn plays() -> bool {
    current().is_some_and(|tape| tape.plays())
}

/// Whether a tape has an answer left for this operation.
pub(crate) fn has(operation: &str) -> bool {
    current().is_some_and(|tape| tape.has(operation))
}

/// Whether a tape plays that has no answer left for this operation.
pub(crate) fn has_no_more(operation: &str) -> bool {
    plays() && !has(operation)
}

/// Runs a future that fetches credentials: no tape hears it.
pub(crate) async fn aside<F: Future>(future: F) -> F::Output {
    if current().is_none() {
        return future.await;
    }
    within(Some(Tape::new(Mode::Aside)), future).await
}

/// The answer from the tape; `None` when no tape plays.
pub(crate) fn answer(outgoing: &Outgoing, operation: &str) -> Option<Result<Exchange, Failure>> {
    let tape = current().filter(|tape| tape.plays())?;
    let heard = tape.answer(operation, outgoing.method(), outgoing.url());
    Some(match heard {
        Some(Heard::Answer {
            status,
            headers,
            body,
            whole,
        }) => Ok(Exchange {
            status,
            headers: header_map(&headers),
            body,
            completeness: if whole { Body::Whole } else { Body::CutOff },
        }),
        Some(Heard::Broken) => Err(Failure::Broken("the recorded connection broke".to_owned())),
        Some(Heard::NoAnswer) => Err(Failure::NoAnswer),
        Some(Heard::NotConnected) => Err(Failure::Connect(
            "the recorded connection was not made".to_owned(),
        )),
        None => Err(Failure::Connect(
            "the recording has no answer to this".to_owned(),
        )),
    })
}

fn header_map(headers: &[(String, String)]) -> HeaderMap {
    headers
        .iter()
        .filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            Some((name, HeaderValue::from_str(value).ok()?))
        })
        .collect()
}

/// A request as it was before credentials were put on; `None` when nobody listens.
pub(crate) fn before(outgoing: &Outgoing, operation: &str) -> Option<Exchanged> {
    current().filter(|tape| !tape.plays())?;
    let mut exchanged = Exchanged::new(
        operation,
        outgoing.method(),
        outgoing.url(),
        Heard::NotConnected,
    );
    exchanged.body = outgoing.body().to_vec();
    Some(exchanged)
}

/// Keeps what came of a request.
pub(crate) fn keep(
    before: Option<Exchanged>,
    outgoing: &Outgoing,
    outcome: Result<&Exchange, &Failure>,
) {
    let (Some(mut exchanged), Some(tape)) = (before, current()) else {
        return;
    };
    exchanged.heard = match outcome {
        Ok(exchange) => Heard::Answer {
            status: exchange.status,
            headers: exchange
                .headers
                .iter()
                .filter_map(|(name, value)| {
                    let value = without(value.as_bytes(), &outgoing.credentials);
                    Some((name.as_str().to_owned(), String::from_utf8(value).ok()?))
                })
                .collect(),
            body: without(&exchange.body, &outgoing.credentials),
            whole: exchange.completeness == Body::Whole,
        },
        Err(Failure::NoAnswer) => Heard::NoAnswer,
        Err(Failure::Broken(_)) => Heard::Broken,
        Err(Failure::Connect(_) | Failure::Build(_)) => Heard::NotConnected,
    };
    lock(&tape.heard).push(exchanged);
}

/// An answer without the credentials that it echoes.
fn without(body: &[u8], credentials: &[String]) -> Vec<u8> {
    let mut body = body.to_vec();
    for secret in credentials.iter().filter(|secret| secret.len() >= 4) {
        let secret = secret.as_bytes();
        let mut at = 0;
        while let Some(window) = body.get_mut(at..at + secret.len()) {
            if window == secret {
                window.fill(b'x');
            }
            at += 1;
        }
    }
    body
}

/// Runs a future with a tape in place, and puts back what was there whenever it rests.
async fn within<F: Future>(tape: Option<Arc<Tape>>, future: F) -> F::Output {
    Within {
        tape,
        future: pin!(future),
    }
    .await
}

struct Within<'a, F> {
    tape: Option<Arc<Tape>>,
    future: Pin<&'a mut F>,
}

/// Puts back the tape that was there, also when a poll panics.
struct Back(Option<Arc<Tape>>);

impl Drop for Back {
    fn drop(&mut self) {
        let before = self.0.take();
        CURRENT.with_borrow_mut(|current| *current = before);
    }
}

impl<F: Future> Future for Within<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let ours = self.tape.clone();
        let before = CURRENT.with_borrow_mut(|current| std::mem::replace(current, ours));
        let _back = Back(before);
        self.future.as_mut().poll(context)
    }
}
