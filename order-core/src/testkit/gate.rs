//! Where faults come from: every call passes a gate that may let it fail.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;

use super::quota::Quota;
use crate::error::{Error, Kind};

/// What may happen to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The process ends before the call leaves.
    CrashBefore,
    /// The process ends after the call was executed, before its answer is read.
    CrashAfter,
    /// The process ends after the request left; it is executed this much later.
    CrashLate(Duration),
    /// 429: not executed.
    Throttled,
    /// 5xx: not executed, but nobody can know.
    ServerErrorBefore,
    /// 5xx: executed all the same.
    ServerErrorAfter,
    /// No answer in time: executed.
    LostReply,
    /// No answer in time: not executed.
    LostRequest,
    /// No answer in time: executed this much later.
    LateLanding(Duration),
    /// The answer cannot be understood: executed.
    Garbled,
    /// The connection was refused: not executed.
    Refused,
    /// The credentials are refused this once: not executed.
    TokenExpired,
    /// The process stands still this long, and then the call leaves: a zombie, if its lease ran
    /// out meanwhile. Needs a harness that stops polling it ([`Gate::stopped`]).
    Pause(Duration),
    /// A page comes twice as long, doubled, or in another order.
    ShuffledPage,
    /// A page comes without its last orders, and says there is more.
    PartialPage,
}

impl Fault {
    /// Every fault of a call, for exhaustive schedules.
    pub const ALL: [Self; 15] = [
        Self::CrashBefore,
        Self::CrashAfter,
        Self::CrashLate(Duration::from_secs(45)),
        Self::Throttled,
        Self::ServerErrorBefore,
        Self::ServerErrorAfter,
        Self::LostReply,
        Self::LostRequest,
        Self::LateLanding(Duration::from_secs(45)),
        Self::Garbled,
        Self::Refused,
        Self::TokenExpired,
        Self::Pause(Duration::from_secs(400)),
        Self::ShuffledPage,
        Self::PartialPage,
    ];
}

/// A call that passes the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// Its name (`webshop.create_order`).
    pub name: &'static str,
    /// Whether it may change something.
    pub mutates: bool,
}

/// A point in a run where a fault may be injected: the number of the call.
pub type IoPoint = u64;

/// Decides what happens to a call.
pub trait Plan: Send {
    /// The fault for this call, if any.
    fn fault(&mut self, point: IoPoint, call: Call) -> Option<Fault>;
}

impl<F: FnMut(IoPoint, Call) -> Option<Fault> + Send> Plan for F {
    fn fault(&mut self, point: IoPoint, call: Call) -> Option<Fault> {
        self(point, call)
    }
}

type LateCall = (
    tokio::time::Instant,
    Pin<Box<dyn Future<Output = ()> + Send>>,
);

/// Calls that land after their caller gave up. Shared by every gate of a world.
#[derive(Clone, Default)]
pub struct Late(Arc<Mutex<Vec<LateCall>>>);

impl Late {
    /// Executes what is due.
    pub fn land(&self) {
        let now = tokio::time::Instant::now();
        let due: Vec<LateCall> = {
            let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let all = std::mem::take(&mut *calls);
            let (due, later) = all.into_iter().partition(|(at, _)| *at <= now);
            *calls = later;
            due
        };
        for (_, call) in due {
            // The fakes answer at once: a late call is over when it was polled.
            assert!(
                call.now_or_never().is_some(),
                "a fake did not answer at once"
            );
        }
    }

    fn push(&self, delay: Duration, call: Pin<Box<dyn Future<Output = ()> + Send>>) {
        let at = tokio::time::Instant::now() + delay;
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push((at, call));
    }
}

impl fmt::Debug for Late {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner).len();
        write!(f, "Late({calls})")
    }
}

struct Inner {
    plan: Box<dyn Plan>,
    points: IoPoint,
    injected: Vec<(IoPoint, Call, Fault)>,
    trace: u64,
    stopped: Option<Stop>,
    only_while: Option<Arc<AtomicBool>>,
    quota: Option<Quota>,
}

/// How a process stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It ended; drop its future.
    Crashed,
    /// It stands still this long; do not poll its future until then.
    Paused(Duration),
}

/// The gate of one process: counts its calls and lets them fail as its plan says.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Mutex<Inner>>,
    stop: Arc<tokio::sync::Notify>,
    resume: Arc<tokio::sync::Notify>,
    late: Late,
    /// How long a caller waits before it gives up.
    timeout: Duration,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate with a plan.
    #[must_use]
    pub fn new(plan: impl Plan + 'static, late: Late) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                plan: Box::new(plan),
                points: 0,
                injected: Vec::new(),
                trace: 0xcbf2_9ce4_8422_2325,
                stopped: None,
                only_while: None,
                quota: None,
            })),
            stop: Arc::new(tokio::sync::Notify::new()),
            resume: Arc::new(tokio::sync::Notify::new()),
            late,
            timeout: Duration::from_secs(30),
        }
    }

    /// A gate that lets everything pass.
    #[must_use]
    pub fn open(late: Late) -> Self {
        Self::new(|_: IoPoint, _: Call| None, late)
    }

    /// Callers give up after this time instead of half a minute.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Refuses what the platforms' quota does not grant, as long as the gate is in use.
    pub(super) fn keep_to(&self, quota: Option<Quota>) {
        self.inner().quota = quota;
    }

    /// Injects faults only while the flag is up.
    pub(super) fn only_while(&self, flag: Arc<AtomicBool>) {
        self.inner().only_while = Some(flag);
    }

    /// How many calls passed.
    #[must_use]
    pub fn points(&self) -> IoPoint {
        self.inner().points
    }

    /// What was injected, and where.
    #[must_use]
    pub fn injected(&self) -> Vec<(IoPoint, Call, Fault)> {
        self.inner().injected.clone()
    }

    /// A number that is the same for two runs with the same calls and faults.
    #[must_use]
    pub fn trace(&self) -> u64 {
        self.inner().trace
    }

    /// Ready when the process crashed or stands still.
    pub async fn stopped(&self) -> Stop {
        loop {
            if let Some(stop) = self.inner().stopped {
                return stop;
            }
            self.stop.notified().await;
        }
    }

    /// The process starts anew, or goes on where it stood still.
    pub fn restart(&self) {
        self.inner().stopped = None;
        self.resume.notify_waiters();
    }

    fn next(&self, call: Call) -> Option<Fault> {
        let mut inner = self.inner();
        let point = inner.points;
        inner.points += 1;
        for byte in call.name.bytes() {
            inner.trace = (inner.trace ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let planned = inner.plan.fault(point, call);
        let in_time = |flag: &Arc<AtomicBool>| flag.load(Ordering::SeqCst);
        let planned = planned.filter(|_| inner.only_while.as_ref().is_none_or(in_time));
        let fault = planned.or_else(|| {
            let refuses = inner.quota.as_ref().is_some_and(|it| it.refuses(call));
            refuses.then_some(Fault::Throttled)
        })?;
        inner.trace = inner.trace.wrapping_mul(31).wrapping_add(point);
        inner.injected.push((point, call, fault));
        Some(fault)
    }

    async fn stop(&self, stop: Stop) {
        let resumed = self.resume.notified();
        self.inner().stopped = Some(stop);
        self.stop.notify_one();
        resumed.await;
    }

    async fn end_process<T>(&self) -> T {
        self.stop(Stop::Crashed).await;
        std::future::pending().await
    }

    /// Lets a call through, or lets it fail. `Pages` faults are told to the caller in `page`.
    pub(super) async fn pass<T: Send + 'static>(
        &self,
        call: Call,
        execute: impl Future<Output = Result<T, Error>> + Send + 'static,
        page: &mut Option<Fault>,
    ) -> Result<T, Error> {
        self.late.land();
        let Some(fault) = self.next(call) else {
            return execute.await;
        };
        match fault {
            Fault::CrashBefore => self.end_process().await,
            Fault::CrashAfter => {
                let _executed = execute.await;
                self.end_process().await
            }
            Fault::CrashLate(delay) => {
                if call.mutates {
                    self.late.push(delay, execute.map(|_| ()).boxed());
                }
                self.end_process().await
            }
            Fault::Throttled => Err(Error::not_applied(Kind::RateLimited, "too many requests")
                .with_retry_after(Duration::from_secs(30))),
            Fault::ServerErrorBefore => Err(maybe(call, Kind::Unavailable, "HTTP 503")),
            Fault::ServerErrorAfter => {
                let _executed = execute.await;
                Err(maybe(call, Kind::Unavailable, "HTTP 502"))
            }
            Fault::LostReply => {
                let _executed = execute.await;
                self.wait(self.timeout).await;
                Err(maybe(call, Kind::Timeout, "no answer in time"))
            }
            Fault::LostRequest => {
                self.wait(self.timeout).await;
                Err(maybe(call, Kind::Timeout, "no answer in time"))
            }
            Fault::LateLanding(delay) => {
                if call.mutates {
                    let late = self.timeout + delay;
                    self.late.push(late, execute.map(|_| ()).boxed());
                }
                self.wait(self.timeout).await;
                Err(maybe(call, Kind::Timeout, "no answer in time"))
            }
            Fault::Garbled => {
                let _executed = execute.await;
                Err(maybe(call, Kind::Decode, "the answer is not JSON"))
            }
            Fault::Refused => Err(Error::not_applied(Kind::Unavailable, "connection refused")),
            Fault::TokenExpired => Err(Error::not_applied(
                Kind::Unauthenticated,
                "the token is refused",
            )),
            Fault::Pause(duration) => {
                self.stop(Stop::Paused(duration)).await;
                self.late.land();
                execute.await
            }
            Fault::ShuffledPage | Fault::PartialPage => {
                *page = Some(fault);
                execute.await
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "simulated time")]
    async fn wait(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
        self.late.land();
    }
}

/// An error whose effect is unknown where the call may change something.
fn maybe(call: Call, kind: Kind, text: &str) -> Error {
    if call.mutates {
        Error::unknown(kind, text)
    } else {
        Error::not_applied(kind, text)
    }
}
