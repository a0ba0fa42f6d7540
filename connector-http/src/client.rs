//! The client of one account: settings, and the loop around every attempt.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use order_core::ports::Clock;
use order_core::{Effect, Error, Kind};
use reqwest::header::HeaderMap;
use tracing::Instrument as _;
use url::Url;

use crate::answer::{Answer, Body};
use crate::auth::Auth;
use crate::builder::{Builder, Classify, Jitter, RateHints};
use crate::classify;
use crate::environment::Environment;
use crate::limit::{Limiter, Pause};
use crate::outgoing::{Outgoing, header};
use crate::request::Request;
use crate::response::Response;
use crate::retry::{self, Attempted, Decision};
use crate::tape;
use crate::transport::{Exchange, Transport};

/// Whether a mutation may be sent again without knowing what became of the first time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    /// Sending twice could do it twice. This layer then sends at most once (after a 401 with a
    /// renewed credential once more, because a refused request did nothing).
    Never,
    /// Sending twice is the same as sending once. Say why in a comment at the call.
    Safe,
}

/// A client for one account of one platform. Clones share connections, limits and credentials.
#[derive(Clone)]
pub struct HttpClient {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) base: Url,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) auth: Arc<dyn Auth>,
    pub(crate) transport: Transport,
    pub(crate) limiter: Limiter,
    pub(crate) retry: retry::Policy,
    pub(crate) request_timeout: Duration,
    pub(crate) longest_retry_after: Duration,
    pub(crate) headers: HeaderMap,
    pub(crate) classify: Option<Arc<Classify>>,
    pub(crate) rate_hints: Option<Arc<RateHints>>,
    pub(crate) jitter: Arc<Jitter>,
}

impl HttpClient {
    /// Starts a client for `base_url`; paths of requests are put behind its own path.
    /// The environment is a clock, or one whose rate budgets are shared.
    pub fn builder(base_url: impl Into<String>, environment: impl Into<Environment>) -> Builder {
        Builder::new(base_url.into(), environment.into())
    }

    /// Reads. `template` is a path such as `/orders/{order-id}` whose places are filled with
    /// [`Request::segment`]; with its method it names the operation for limits and errors.
    pub fn get(&self, template: &str) -> Request {
        Request::new(self.clone(), reqwest::Method::GET, template, Replay::Safe).read_only()
    }

    /// Reads an address the platform gave, such as a link to the next page. It must have the
    /// origin of the base address, so that credentials go nowhere else.
    pub fn get_link(&self, address: &str) -> Request {
        self.get(address).operation("GET link")
    }

    /// Sends a `POST`.
    pub fn post(&self, template: &str, replay: Replay) -> Request {
        Request::new(self.clone(), reqwest::Method::POST, template, replay)
    }

    /// Sends a `PUT`.
    pub fn put(&self, template: &str, replay: Replay) -> Request {
        Request::new(self.clone(), reqwest::Method::PUT, template, replay)
    }

    /// Sends a `PATCH`.
    pub fn patch(&self, template: &str, replay: Replay) -> Request {
        Request::new(self.clone(), reqwest::Method::PATCH, template, replay)
    }

    /// Sends a `DELETE`.
    pub fn delete(&self, template: &str, replay: Replay) -> Request {
        Request::new(self.clone(), reqwest::Method::DELETE, template, replay)
    }

    /// How long one attempt may take.
    #[must_use]
    pub fn request_timeout(&self) -> Duration {
        self.inner.request_timeout
    }

    pub(crate) async fn send(&self, request: &Request) -> Result<Response, Error> {
        let span = tracing::info_span!("call", operation = %request.operation);
        self.send_within(request).instrument(span).await
    }

    async fn send_within(&self, request: &Request) -> Result<Response, Error> {
        let inner = &*self.inner;
        let began = inner.clock.monotonic();
        let mut renewed = false;
        let mut made = 0;
        loop {
            made += 1;
            let error = match self.attempt(request, began, &mut renewed).await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            let attempted = Attempted {
                replayable: request.replay == Replay::Safe,
                made,
                elapsed: inner.clock.monotonic().saturating_sub(began),
                jitter: (inner.jitter)(),
            };
            match retry::decide(&inner.retry, attempted, &error) {
                // How long each attempt took is not on a tape, so its end tells that it was given up.
                Decision::After(_) if tape::has_no_more(&request.operation) => {
                    return Err(error.with_operation(&request.operation));
                }
                Decision::GiveUp => return Err(error.with_operation(&request.operation)),
                Decision::After(wait) => {
                    tracing::debug!(operation = %request.operation, %error, ?wait, "trying again");
                    inner.clock.sleep(wait).await;
                }
            }
        }
    }

    /// One attempt, and the one re-send that a renewed credential is worth.
    async fn attempt(
        &self,
        request: &Request,
        began: Duration,
        renewed: &mut bool,
    ) -> Result<Response, Error> {
        let inner = &*self.inner;
        loop {
            let latest = (began + inner.retry.budget).min(request.not_after);
            let _turn = inner.limiter.turn(&request.operation, latest).await?;
            let mut outgoing = inner.outgoing(request)?;
            let heard = tape::before(&outgoing, &request.operation);
            // A tape that plays has no credentials and needs none.
            if !tape::plays() {
                let applied = tape::aside(inner.auth.apply(&mut outgoing)).await;
                applied.map_err(not_sent)?;
            }
            if inner.clock.monotonic() > request.not_after {
                return Err(Error::not_applied(
                    Kind::Timeout,
                    "its deadline passed; not sent",
                ));
            }
            let answer = inner.exchange(request, &outgoing, heard).await?;
            if answer.status == 401 && !*renewed {
                *renewed = true;
                if inner.renew(request, &outgoing).await? {
                    tracing::debug!(operation = %request.operation, "credential renewed");
                    continue;
                }
            }
            return match inner.judge(&answer) {
                Some(error) => Err(error),
                None => Ok(Response::new(answer)),
            };
        }
    }
}

impl Inner {
    fn outgoing(&self, request: &Request) -> Result<Outgoing, Error> {
        let mut headers = self.headers.clone();
        for (name, value) in &request.headers {
            let (name, value) = header(name, value)?;
            headers.insert(name, value);
        }
        Ok(Outgoing {
            method: request.method.clone(),
            url: request.url(&self.base)?,
            headers,
            body: request.body.clone(),
            credentials: Vec::new(),
        })
    }

    /// Whether a refused request is worth sending once more with another credential.
    async fn renew(&self, request: &Request, outgoing: &Outgoing) -> Result<bool, Error> {
        if tape::plays() {
            return Ok(tape::has(&request.operation));
        }
        let renewed = tape::aside(self.auth.refused(outgoing)).await;
        renewed.map_err(not_sent)
    }

    async fn exchange(
        &self,
        request: &Request,
        outgoing: &Outgoing,
        heard: Option<tape::Exchanged>,
    ) -> Result<Answer, Error> {
        let timeout = request.timeout.unwrap_or(self.request_timeout);
        let began = self.clock.monotonic();
        let exchanged = match tape::answer(outgoing, &request.operation) {
            Some(played) => played,
            None => self.transport.exchange(outgoing, timeout).await,
        };
        tape::keep(heard, outgoing, exchanged.as_ref());
        let took = self.clock.monotonic().saturating_sub(began);
        let Exchange {
            status,
            headers,
            body,
            completeness,
        } = exchanged.map_err(|failure| {
            tracing::debug!(operation = %request.operation, ?took, "no answer");
            classify::failure(failure, request.read_only)
        })?;
        tracing::debug!(operation = %request.operation, status, bytes = body.len(), ?took, "answered");
        let answer = Answer {
            status,
            headers,
            body,
            completeness,
            operation: request.operation.clone(),
            read_only: request.read_only,
            credentials: outgoing.credentials.clone(),
        };
        self.note_limits(&answer).await;
        Ok(answer)
    }

    /// Holds later requests back where the platform asked for it.
    async fn note_limits(&self, answer: &Answer) {
        let now = self.clock.now();
        if matches!(answer.status, 429 | 503)
            && let Some(wait) = answer.retry_after(now)
        {
            let wait = wait.min(self.longest_retry_after);
            self.limiter
                .pause(&answer.operation, Pause::operation(wait))
                .await;
        }
        if let Some(mut pause) = self
            .rate_hints
            .as_ref()
            .and_then(|hints| hints(answer, now))
        {
            pause.wait = pause.wait.min(self.longest_retry_after);
            self.limiter.pause(&answer.operation, pause).await;
        }
    }

    fn judge(&self, answer: &Answer) -> Option<Error> {
        let own = if answer.completeness == Body::Whole {
            self.classify.as_ref().and_then(|classify| classify(answer))
        } else {
            None
        };
        let error = own.or_else(|| classify::answer(answer, self.clock.now()))?;
        Some(match error.retry_after() {
            Some(wait) => error.with_retry_after(wait.min(self.longest_retry_after)),
            None => error,
        })
    }
}

/// Whatever stopped the credentials, the request itself was not sent or was refused.
fn not_sent(error: Error) -> Error {
    if error.effect() == Effect::NotApplied {
        return error;
    }
    let mut plain = Error::not_applied(error.kind(), error.message());
    if let Some(wait) = error.retry_after() {
        plain = plain.with_retry_after(wait);
    }
    plain.with_source(error)
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpClient")
            .field("base", &self.inner.base.as_str())
            .field("auth", &self.inner.auth)
            .finish_non_exhaustive()
    }
}
