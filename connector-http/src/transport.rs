//! The only file that sends: reqwest stays in here.
//!
//! reqwest's own retries are off. Below it, hyper-util may put a request on another connection by
//! itself, but only when a pooled connection turned out dead before the first byte of the request
//! was written to it, which the server cannot have seen (`retry_canceled_requests`, hyper-util 0.1:
//! `TrySendError::Retryable` hands the unstarted request back). A request of which anything was
//! written is never sent again down there. There is no HTTP/2 (the feature is off), so a
//! connection carries one request at a time, and a dropped one is closed, not reused.
//!
//! Nothing is decompressed, so the body cap counts what is held in memory.

use std::error::Error as StdError;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};
use order_core::ports::Clock;
use order_core::{Error, Kind};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::answer::Body;
use crate::classify::Failure;
use crate::outgoing::Outgoing;

pub(crate) struct Transport {
    client: reqwest::Client,
    clock: Arc<dyn Clock>,
    body_cap: usize,
}

/// What came over the wire.
pub(crate) struct Exchange {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) completeness: Body,
}

pub(crate) struct Settings {
    pub(crate) base: url::Url,
    pub(crate) user_agent: String,
    pub(crate) connect_timeout: Duration,
    pub(crate) body_cap: usize,
}

impl Transport {
    pub(crate) fn new(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(settings.base.scheme() == "https")?)
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .user_agent(settings.user_agent)
            // The one real-time limit: it makes a hanging connect certain not to have been sent.
            .connect_timeout(settings.connect_timeout)
            // Shorter than the idle limit of common servers: a request written just as the server
            // closes an idle connection has an unknown effect.
            .pool_idle_timeout(Duration::from_secs(20))
            .tcp_nodelay(true);
        if crate::builder::is_loopback(&settings.base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            Error::not_applied(Kind::Config, "the HTTP client could not be set up")
                .with_source(chain(error))
        })?;
        Ok(Self {
            client,
            clock,
            body_cap: settings.body_cap,
        })
    }

    /// Sends once and reads everything. The deadline covers connecting, writing and reading.
    pub(crate) async fn exchange(
        &self,
        outgoing: &Outgoing,
        timeout: Duration,
    ) -> Result<Exchange, Failure> {
        let request = self
            .client
            .request(outgoing.method.clone(), outgoing.url.clone())
            .headers(outgoing.headers.clone())
            .body(outgoing.body.clone())
            .build()
            .map_err(|error| Failure::Build(chain(error)))?;
        let mut late = pin!(self.clock.sleep(timeout));
        let response = match select(pin!(self.client.execute(request)), late.as_mut()).await {
            Either::Left((Ok(response), _)) => response,
            Either::Left((Err(error), _)) => return Err(failure(error)),
            Either::Right(((), _)) => return Err(Failure::NoAnswer),
        };
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let mut body = Vec::new();
        let completeness = {
            let reading = pin!(read(response, self.body_cap, &mut body));
            match select(reading, late).await {
                Either::Left((completeness, _)) => completeness,
                Either::Right(((), _)) => Body::Late,
            }
        };
        Ok(Exchange {
            status,
            headers,
            body,
            completeness,
        })
    }
}

/// Reads at most `cap` bytes; what is beyond them is never asked for.
async fn read(mut response: reqwest::Response, cap: usize, body: &mut Vec<u8>) -> Body {
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > cap => {
                body.extend_from_slice(&chunk[..cap - body.len()]);
                return Body::TooLarge;
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Body::Whole,
            Err(_) => return Body::CutOff,
        }
    }
}

fn failure(error: reqwest::Error) -> Failure {
    if error.is_connect() {
        Failure::Connect(chain(error))
    } else if error.is_builder() {
        Failure::Build(chain(error))
    } else {
        Failure::Broken(chain(error))
    }
}

/// The causes as text, without the address: it may carry credentials in its query.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn tls(needed: bool) -> Result<rustls::ClientConfig, Error> {
    let fail = |error: rustls::Error| {
        Error::not_applied(Kind::Config, "TLS could not be set up").with_source(error.to_string())
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(fail)?;
    if needed {
        Ok(builder
            .with_platform_verifier()
            .map_err(fail)?
            .with_no_client_auth())
    } else {
        // Plain http: no certificates are looked for, and a stray https request trusts nobody.
        Ok(builder
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth())
    }
}
