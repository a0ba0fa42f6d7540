//! Spans to a collector, by OpenTelemetry's protocol over HTTP with JSON.
//!
//! Off unless `OTEL_EXPORTER_OTLP_ENDPOINT` (or that of traces alone) is set. It goes over
//! `connector-http`, so there is one TLS stack.
//!
//! # Invariants
//!
//! - A collector that is down, slow or wrong holds nothing up: spans are dropped and the log says
//!   so once, until it takes some again.
//! - What sends spans makes none.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use connector_http::{HttpClient, Replay};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use order_core::ports::SystemClock;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::registry::LookupSpan;

use crate::output::Problem;

/// How long a collector may take for one batch, and for the last one at the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// What sends spans, until the program ends.
#[derive(Debug)]
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

fn is_asked_for() -> bool {
    let is_set = |name: &str| std::env::var(name).is_ok_and(|value| !value.trim().is_empty());
    let off = std::env::var("OTEL_SDK_DISABLED")
        .is_ok_and(|value| value.trim().eq_ignore_ascii_case("true"));
    !off && (is_set("OTEL_EXPORTER_OTLP_ENDPOINT") || is_set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"))
}

impl Telemetry {
    /// Prepares to send, where the environment asks for it.
    pub(crate) fn start(runtime: &tokio::runtime::Handle) -> Result<Self, Problem> {
        if !is_asked_for() {
            return Ok(Self(None));
        }
        let sender = Sender {
            runtime: runtime.clone(),
            client: OnceLock::new(),
            failing: AtomicBool::new(false),
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(sender)
            .with_protocol(Protocol::HttpJson)
            .build()
            .map_err(|error| {
                Problem::usage(format!(
                    "spans cannot be sent as OTEL_EXPORTER_OTLP_ENDPOINT says: {error}; write it \
                     as http://host:4318"
                ))
            })?;
        let mut resource = Resource::builder();
        if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
            resource = resource.with_service_name("order-sync");
        }
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(resource.build())
            .build();
        Ok(Self(Some(provider)))
    }

    /// What turns our spans into theirs.
    pub(crate) fn layer<S>(&self) -> Option<impl Layer<S> + use<S>>
    where
        S: tracing::Subscriber + for<'span> LookupSpan<'span>,
    {
        let ours = ["order_core", "connector_http", "order_store", "order_sync"];
        let filter = ours.iter().fold(Targets::new(), |filter, target| {
            filter.with_target(*target, LevelFilter::INFO)
        });
        self.0.as_ref().map(|provider| {
            tracing_opentelemetry::layer()
                .with_tracer(provider.tracer("order-sync"))
                .with_threads(false)
                .with_location(false)
                .with_filter(filter)
        })
    }

    /// Sends what is left. Must be called while the runtime still works, and outside of it.
    pub(crate) fn end(self) {
        if let Some(provider) = self.0
            && let Err(error) = provider.shutdown_with_timeout(PATIENCE)
        {
            tracing::warn!("the last spans could not be sent: {error}");
        }
    }
}

/// Sends batches. It is called from a thread of its own, outside the runtime.
#[derive(Debug)]
struct Sender {
    runtime: tokio::runtime::Handle,
    client: OnceLock<HttpClient>,
    failing: AtomicBool,
}

impl Sender {
    fn client(&self, address: &str) -> Result<HttpClient, order_core::Error> {
        if let Some(client) = self.client.get() {
            return Ok(client.clone());
        }
        let client = HttpClient::builder(address, Arc::new(SystemClock::new()))
            .request_timeout(PATIENCE)
            // Collectors usually stand in the same network and speak plain HTTP.
            .allow_plain_http(true)
            .build()?;
        Ok(self.client.get_or_init(|| client).clone())
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client(&request.uri().to_string())?;
        let (head, body) = request.into_parts();
        let name = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
        let media_type = name("content-type").unwrap_or("application/json");
        // Never: a batch that was taken twice would count twice.
        let mut call = client
            .post("", Replay::Never)
            .operation("spans")
            .bytes(media_type, body.to_vec());
        for (name, value) in &head.headers {
            if let Ok(value) = value.to_str()
                && name != "content-type"
            {
                call = call.header(name.as_str(), value);
            }
        }
        let work = async move { call.send().await }.with_subscriber(NoSubscriber::new());
        let answer = self.runtime.spawn(work).await??;
        let mut response = Response::new(Bytes::copy_from_slice(answer.body()));
        *response.status_mut() = answer.status().try_into()?;
        Ok(response)
    }
}

#[async_trait]
impl opentelemetry_http::HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let sent = self.send(request).await;
        let failed = self.failing.swap(sent.is_err(), Ordering::Relaxed);
        if let (Err(error), false) = (&sent, failed) {
            tracing::warn!("the collector does not take spans, they are lost: {error}");
        }
        sent
    }
}
