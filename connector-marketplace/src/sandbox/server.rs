//! HTTP in front of a platform's world.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use order_core::ports::Clock;
use order_core::{Error, Kind};
use serde_json::{Value, json};

use super::faults::{Failure, Fault, Seen};

/// The largest request body that is read.
const BODY_CAP: usize = 1024 * 1024;

/// A platform's world: what it knows, and what it answers.
pub(crate) trait Platform: Send + 'static {
    /// The operation of a method and path, as in the platform's description.
    fn operation(&self, method: &str, path: &str) -> String;

    /// Whether an operation changes something.
    fn is_mutation(&self, operation: &str) -> bool;

    /// Answers, and changes what is to be changed.
    fn answer(&mut self, call: &Call, now: DateTime<Utc>) -> Reply;

    /// Lets happen what is due.
    fn settle(&mut self, now: DateTime<Utc>);

    /// A refusal in the platform's form, for failures that are made.
    fn refusal(&self, status: u16) -> Reply;

    /// The whole truth.
    fn state(&self) -> Value;
}

/// One request, taken apart.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) seen: Seen,
    pub(crate) method: String,
    /// The address as the caller wrote it.
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Call {
    /// The first value of a name in the query.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        let pair = self.query.iter().find(|pair| pair.0 == name)?;
        Some(&pair.1)
    }

    /// Every value of a name in the query.
    pub(crate) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = move |pair: &&(String, String)| pair.0 == name;
        self.query.iter().filter(named).map(|pair| pair.1.as_str())
    }

    /// A number in the query.
    pub(crate) fn number(&self, name: &str, otherwise: usize) -> usize {
        self.value(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The part of the path at a place, counted from 0.
    pub(crate) fn part(&self, at: usize) -> &str {
        self.seen
            .path
            .trim_start_matches('/')
            .split('/')
            .nth(at)
            .unwrap_or_default()
    }

    /// The body; null where it is not JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// An answer before it becomes HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    pub(crate) media_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            body: body.to_string().into_bytes(),
            media_type: "application/json",
            headers: Vec::new(),
        }
    }

    /// 204 without a body.
    pub(crate) fn nothing() -> Self {
        Self {
            status: 204,
            body: Vec::new(),
            media_type: "",
            headers: Vec::new(),
        }
    }
}

/// A request and its answer, word for word, faults left out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Exchange {
    /// The request.
    pub seen: Seen,
    /// Its `Accept`.
    pub accept: Option<String>,
    /// The media type of its body.
    pub content_type: Option<String>,
    /// The answer's status.
    pub status: u16,
    /// The answer's media type; empty where it has no body.
    pub answer_type: String,
    /// The answer's body.
    pub answer: String,
}

type Hook = dyn Fn(&Seen) -> Fault + Send + Sync;

struct Shared<P> {
    clock: Arc<dyn Clock>,
    record: bool,
    inner: Mutex<Inner<P>>,
    hook: Mutex<Arc<Hook>>,
}

struct Inner<P> {
    platform: P,
    requests: BTreeMap<String, u64>,
    late: Vec<(DateTime<Utc>, Call)>,
    exchanges: Vec<Exchange>,
}

impl<P: Platform> Inner<P> {
    fn settle(&mut self, now: DateTime<Utc>) {
        let (due, left) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|late| late.0 <= now);
        self.late = left;
        let due: Vec<(DateTime<Utc>, Call)> = due;
        for (at, call) in due {
            self.platform.answer(&call, at);
        }
        self.platform.settle(now);
    }
}

impl<P> Shared<P> {
    fn inner(&self) -> MutexGuard<'_, Inner<P>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running server. Dropping it stops it.
pub(crate) struct Server<P> {
    shared: Arc<Shared<P>>,
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl<P: Platform> Server<P> {
    pub(crate) async fn start(
        platform: impl FnOnce(&str) -> P + Send,
        port: u16,
        record: bool,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let fail = |error: std::io::Error| {
            Error::not_applied(Kind::Config, "the sandbox cannot listen").with_source(error)
        };
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port))
            .await
            .map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        let inner = Inner {
            platform: platform(&format!("http://{address}")),
            requests: BTreeMap::new(),
            late: Vec::new(),
            exchanges: Vec::new(),
        };
        let shared = Arc::new(Shared {
            clock,
            record,
            inner: Mutex::new(inner),
            hook: Mutex::new(Arc::new(|_: &Seen| Fault::None)),
        });
        let router = Router::new()
            .fallback(handle::<P>)
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the sandbox stopped");
            }
        });
        Ok(Self {
            shared,
            address,
            task,
        })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Looks at the platform's world, or changes it.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut P, DateTime<Utc>) -> T) -> T {
        let now = self.shared.clock.now();
        let mut inner = self.shared.inner();
        inner.settle(now);
        act(&mut inner.platform, now)
    }

    pub(crate) fn inject(&self, hook: impl Fn(&Seen) -> Fault + Send + Sync + 'static) {
        *self
            .shared
            .hook
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Arc::new(hook);
    }

    /// The world with the requests per operation.
    pub(crate) fn state(&self) -> Value {
        let mut inner = self.shared.inner();
        inner.settle(self.shared.clock.now());
        state(&inner)
    }

    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        self.shared.inner().exchanges.clone()
    }
}

fn state<P: Platform>(inner: &Inner<P>) -> Value {
    let mut state = inner.platform.state();
    if let Some(state) = state.as_object_mut() {
        state.insert("requests".to_owned(), json!(inner.requests));
    }
    state
}

impl<P> std::fmt::Debug for Server<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl<P> Drop for Server<P> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn handle<P: Platform>(State(shared): State<Arc<Shared<P>>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, BODY_CAP).await.unwrap_or_default();
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
    let now = shared.clock.now();
    let host = parts.headers.get("host").and_then(|it| it.to_str().ok());
    let host = host.unwrap_or_default().to_owned();
    let path = parts.uri.path().to_owned();
    let (answer, failure) = {
        let hook = Arc::clone(&shared.hook.lock().unwrap_or_else(PoisonError::into_inner));
        let mut inner = shared.inner();
        inner.settle(now);
        if path == "/_sandbox/state" {
            return http(Reply::json(200, &state(&inner)));
        }
        let operation = inner.platform.operation(parts.method.as_str(), &path);
        *inner.requests.entry(operation.clone()).or_default() += 1;
        let seen = Seen {
            number: inner.requests.values().sum(),
            mutation: inner.platform.is_mutation(&operation),
            operation,
            path,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let call = Call {
            seen,
            method: parts.method.to_string(),
            url: format!("http://{host}{}", parts.uri),
            headers: parts.headers,
            query: pairs.map(|pairs| pairs.0).unwrap_or_default(),
            body,
        };
        decide(&mut inner, call, &hook, now, shared.record)
    };
    match failure {
        Some(failure) => fail(&shared, failure).await,
        None => http(answer),
    }
}

fn decide<P: Platform>(
    inner: &mut Inner<P>,
    call: Call,
    hook: &Arc<Hook>,
    now: DateTime<Utc>,
    record: bool,
) -> (Reply, Option<Failure>) {
    let failure = match hook(&call.seen) {
        Fault::None => None,
        Fault::Refuse(failure) => return (Reply::nothing(), Some(failure)),
        Fault::Lose(failure) => Some(failure),
        Fault::Late { failure, after } => {
            let at = now + TimeDelta::from_std(after).unwrap_or(TimeDelta::MAX);
            inner.late.push((at, call));
            return (Reply::nothing(), Some(failure));
        }
    };
    let answer = inner.platform.answer(&call, now);
    if record {
        let text = |name: &str| call.header(name).map(str::to_owned);
        inner.exchanges.push(Exchange {
            accept: text("accept"),
            content_type: text("content-type"),
            status: answer.status,
            answer_type: answer.media_type.to_owned(),
            answer: String::from_utf8_lossy(&answer.body).into_owned(),
            seen: call.seen,
        });
    }
    (answer, failure)
}

async fn fail<P: Platform>(shared: &Shared<P>, failure: Failure) -> Response {
    let refusal = |status| shared.inner().platform.refusal(status);
    match failure {
        Failure::Status(status) => http(refusal(status)),
        Failure::RateLimited(wait) => {
            let mut reply = refusal(429);
            reply
                .headers
                .push(("retry-after", wait.as_secs().to_string()));
            http(reply)
        }
        Failure::Silence(wait) => {
            silence(shared, wait).await;
            http(refusal(504))
        }
        Failure::HalfABody => {
            let half = Ok(Bytes::from_static(b"{\"half\":"));
            let broken = Err(std::io::Error::other("injected"));
            let body = futures_util::stream::iter([half, broken]);
            with(200, "application/json", Body::from_stream(body))
        }
        Failure::WebPage => {
            let page = "<html><h1>Sorry, back soon</h1></html>";
            with(200, "text/html", Body::from(page))
        }
        Failure::Empty => with(200, "application/json", Body::empty()),
    }
}

async fn silence<P>(shared: &Shared<P>, wait: Duration) {
    shared.clock.sleep(wait).await;
}

fn http(reply: Reply) -> Response {
    let mut response = with(reply.status, reply.media_type, Body::from(reply.body));
    for (name, value) in reply.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response
                .headers_mut()
                .insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn with(status: u16, media_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !media_type.is_empty() {
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    }
    response
}
