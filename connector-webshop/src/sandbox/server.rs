//! The network side of a sandbox shop: faults, and an axum server on loopback.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};

use super::hook::{Interference, SandboxHook, SandboxRequest};

/// A shop that is being served. Dropping it ends the server.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The shop's address, as the connector's configuration wants it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A request as it came in.
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The query as it came.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Incoming {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default()
    }
}

/// An answer that is ready to go out.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            body: body.to_string().into_bytes(),
        }
    }
}

/// A shop behind a server.
pub(crate) trait Shop: Send + Sync + 'static {
    /// What the request is called, and whether it only reads.
    fn name(&self, incoming: &Incoming) -> (String, bool);

    /// Executes it, credentials included.
    fn execute(&self, incoming: &Incoming) -> Reply;

    fn hook(&self) -> Arc<dyn SandboxHook>;
}

struct Door {
    shop: Arc<dyn Shop>,
    requests: AtomicU64,
}

pub(crate) async fn serve(shop: Arc<dyn Shop>, address: SocketAddr) -> std::io::Result<Running> {
    if !address.ip().is_loopback() {
        let text = "the sandbox listens on this machine alone";
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, text));
    }
    let listener = tokio::net::TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let requests = AtomicU64::new(0);
    let door = Arc::new(Door { shop, requests });
    let router = Router::new().fallback(answer).with_state(door);
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::warn!(%error, "the sandbox shop stopped");
        }
    });
    Ok(Running { address, task })
}

/// What became of a request: an answer (perhaps one that breaks off), or none.
enum Outcome {
    Answer(Response<Body>),
    Silence,
}

async fn answer(
    State(door): State<Arc<Door>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let incoming = Incoming {
        method: method.to_string(),
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body: body.to_vec(),
    };
    // On a task of its own, so that it is executed whether or not the caller still waits.
    match tokio::spawn(handle(door, incoming)).await {
        Ok(Outcome::Answer(response)) => response,
        Ok(Outcome::Silence) => std::future::pending().await,
        Err(_) => plain(500, "text/plain", b"the sandbox failed".to_vec()),
    }
}

async fn handle(door: Arc<Door>, incoming: Incoming) -> Outcome {
    let number = door.requests.fetch_add(1, Ordering::Relaxed) + 1;
    let (path, reads) = door.shop.name(&incoming);
    let request = SandboxRequest {
        method: incoming.method.clone(),
        path,
        query: Vec::new(),
        number,
        reads,
    };
    let hook = door.shop.hook();
    if let Some(outcome) = interfere(hook.before(&request).await, None) {
        return outcome;
    }
    let reply = door.shop.execute(&incoming);
    let interference = hook.after(&request, reply.status).await;
    match interfere(interference, Some(&reply)) {
        Some(outcome) => outcome,
        None => Outcome::Answer(plain(reply.status, "application/json", reply.body)),
    }
}

fn interfere(interference: Interference, reply: Option<&Reply>) -> Option<Outcome> {
    match interference {
        Interference::Pass => None,
        Interference::Answer {
            status,
            headers,
            body,
        } => {
            let mut response = plain(status, "text/html", body);
            for (name, value) in &headers {
                if let (Ok(name), Ok(value)) = (
                    HeaderName::from_bytes(name.as_bytes()),
                    HeaderValue::from_str(value),
                ) {
                    response.headers_mut().insert(name, value);
                }
            }
            Some(Outcome::Answer(response))
        }
        Interference::CutOff => {
            let (status, body) = match reply {
                Some(reply) => (reply.status, reply.body.clone()),
                None => (200, b"{\"data\":{".to_vec()),
            };
            Some(Outcome::Answer(cut(status, body)))
        }
        Interference::Silence => Some(Outcome::Silence),
    }
}

/// Announces the whole body and sends half of it.
fn cut(status: u16, mut body: Vec<u8>) -> Response<Body> {
    let announced = body.len().max(2);
    body.truncate(announced / 2);
    let mut response = plain(status, "application/json", body);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(announced));
    response
}

fn plain(status: u16, media_type: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
