//! The network side: signatures, faults, and an axum server on loopback.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, header};

use super::Sandbox;
use super::answers::refusal;

use super::routes::{self, Reply};
use crate::sandbox::hook::{Interference, SandboxRequest};
use crate::woocommerce::oauth1;

/// Signatures that were used lately: each may be used once.
const REMEMBERED: usize = 10_000;

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

pub(super) async fn serve(sandbox: Sandbox, address: SocketAddr) -> std::io::Result<Running> {
    if !address.ip().is_loopback() {
        let text = "the sandbox listens on this machine alone";
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, text));
    }
    let listener = tokio::net::TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let router = router(sandbox);
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::warn!(%error, "the sandbox shop stopped");
        }
    });
    Ok(Running { address, task })
}

#[derive(Clone)]
struct Door {
    sandbox: Sandbox,
    used: Arc<Mutex<VecDeque<String>>>,
}

pub(super) fn router(sandbox: Sandbox) -> Router {
    Router::new().fallback(answer).with_state(Door {
        sandbox,
        used: Arc::default(),
    })
}

/// What became of a request: an answer (perhaps one that breaks off), or none.
enum Outcome {
    Answer(Response<Body>),
    Silence,
}

async fn answer(
    State(door): State<Door>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    // On a task of its own, so that it is executed whether or not the caller still waits.
    let task = tokio::spawn(handle(door, method, uri, headers, body));
    match task.await {
        Ok(Outcome::Answer(response)) => response,
        Ok(Outcome::Silence) => std::future::pending().await,
        Err(_) => plain(500, "text/plain", b"the sandbox failed".to_vec()),
    }
}

async fn handle(door: Door, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Outcome {
    let query = pairs(uri.query().unwrap_or_default());
    let number = {
        let mut store = door.sandbox.store();
        store.requests += 1;
        store.requests
    };
    let Some(path) = uri.path().strip_prefix("/wp-json") else {
        return Outcome::Answer(plain(
            404,
            "text/html",
            b"<html><h1>Not found</h1></html>".to_vec(),
        ));
    };
    let request = SandboxRequest {
        method: method.to_string(),
        path: path.to_owned(),
        query: query
            .iter()
            .filter(|(name, _)| !name.starts_with("oauth_"))
            .cloned()
            .collect(),
        number,
        reads: method == Method::GET,
    };
    let hook = door.sandbox.hook();
    if let Some(outcome) = interfere(hook.before(&request).await, None) {
        return outcome;
    }
    let open = path.trim_matches('/').is_empty();
    let reply = if open || door.signed(&method, &uri, &headers, &query) {
        routes::execute(&door.sandbox, method.as_str(), path, &request.query, &body)
    } else {
        refusal(
            401,
            "woocommerce_rest_cannot_view",
            "Sorry, you cannot list resources.",
        )
        .into()
    };
    let interference = hook.after(&request, reply.status).await;
    let response = respond(&reply);
    match interfere(interference, Some(&reply)) {
        Some(outcome) => outcome,
        None => Outcome::Answer(response),
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
            add(&mut response, &headers);
            Some(Outcome::Answer(response))
        }
        Interference::CutOff => {
            let (status, body) = match reply {
                Some(reply) => (reply.status, reply.body.to_string().into_bytes()),
                None => (200, b"[{\"id\":1".to_vec()),
            };
            Some(Outcome::Answer(cut(status, body)))
        }
        Interference::Silence => Some(Outcome::Silence),
    }
}

/// Announces the whole body and sends half of it.
fn cut(status: u16, mut body: Vec<u8>) -> Response<Body> {
    let announced = body.len() + 1;
    body.truncate(body.len() / 2);
    let mut response = plain(status, "application/json; charset=UTF-8", body);
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, HeaderValue::from(announced));
    response
}

fn respond(reply: &Reply) -> Response<Body> {
    let body = reply.body.to_string().into_bytes();
    let mut response = plain(reply.status, "application/json; charset=UTF-8", body);
    add(&mut response, &reply.headers);
    response
}

fn plain(status: u16, kind: &'static str, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

fn add(response: &mut Response<Body>, headers: &[(String, String)]) {
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (
            header::HeaderName::try_from(name.as_str()),
            HeaderValue::from_str(value),
        ) {
            response.headers_mut().insert(name, value);
        }
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text)
            .decode_utf8_lossy()
            .into_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

impl Door {
    /// Checks the signature as WooCommerce does over plain http, where it takes nothing else.
    fn signed(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        query: &[(String, String)],
    ) -> bool {
        let value = |name: &str| {
            query
                .iter()
                .find(|(own, _)| own == name)
                .map(|(_, value)| value)
        };
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .unwrap_or_default();
        let address = format!("http://{host}{}", uri.path());
        let rest: Vec<(String, String)> = query
            .iter()
            .filter(|(name, _)| name != "oauth_signature")
            .cloned()
            .collect();
        let shared = &self.sandbox.shared;
        let expected = oauth1::sign(method.as_str(), &address, &rest, &shared.secret);
        let fits = value("oauth_consumer_key").is_some_and(|key| *key == shared.key)
            && value("oauth_signature").is_some()
            && value("oauth_signature") == expected.as_ref();
        fits && value("oauth_nonce").is_some_and(|nonce| self.first_use(nonce))
    }

    fn first_use(&self, nonce: &str) -> bool {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.iter().any(|own| own == nonce) {
            return false;
        }
        used.push_back(nonce.to_owned());
        if used.len() > REMEMBERED {
            used.pop_front();
        }
        true
    }
}
