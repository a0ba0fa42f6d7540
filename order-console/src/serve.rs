//! The router as a whole, and serving it alone.

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::get;
use order_core::error::{Error, Kind};
use tokio::net::TcpListener;
use tokio::time::timeout;

use crate::access::{self, Access};
use crate::messages as say;
use crate::{App, Console, api, assets, export, health, live, metrics, pages};

/// The largest body of a request, in bytes.
pub(crate) const LARGEST_BODY: usize = 64 * 1024;
/// How long an answer may take to begin.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long open requests have when it ends.
const FAREWELL: Duration = Duration::from_secs(2);

pub(crate) fn router(app: App) -> Router {
    pages::router()
        .route("/login", get(access::login_page).post(access::login))
        .route("/live", get(live::events))
        .route("/export.csv", get(export::csv))
        .route("/export.json", get(export::json))
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/assets/{name}", get(assets::asset))
        .nest("/api/v1", api::router())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(from_fn(in_time))
        .layer(from_fn_with_state(app.clone(), access::guard))
        .layer(from_fn(access::security_headers))
        .with_state(app)
}

/// Gives up on an answer that does not begin in time, also on a body that does not arrive.
async fn in_time(request: Request, next: Next) -> Response {
    match timeout(PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_) => pages::refusal(StatusCode::GATEWAY_TIMEOUT, say::TOO_SLOW, ""),
    }
}

impl Console {
    /// Serves it on a listener until `shutdown` is ready.
    ///
    /// # Errors
    ///
    /// `Config` when the address can be reached from elsewhere and anybody could come in:
    /// without users, only loopback addresses are served.
    pub async fn serve(
        &self,
        listener: TcpListener,
        access: Access,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Error> {
        let failed = |error: std::io::Error| {
            Error::not_applied(Kind::Unavailable, "the console cannot be served").with_source(error)
        };
        let address = listener.local_addr().map_err(failed)?;
        let closed = match &access {
            Access::Local => address.ip().is_loopback(),
            Access::Users(users) => !users.is_empty(),
            Access::Proxy(_) => true,
            Access::Surrounding => false,
        };
        if !closed {
            return Err(Error::not_applied(
                Kind::Config,
                format!("the console is not served on {address}: anybody could come in"),
            )
            .with_advice(
                "serve it on 127.0.0.1, or add users with passwords to the configuration",
            ));
        }
        let router = self
            .router(access)
            .into_make_service_with_connect_info::<SocketAddr>();
        let (ending, mut ended) = tokio::sync::watch::channel(false);
        let shutdown = async move {
            shutdown.await;
            ending.send_replace(true);
        };
        let serving = axum::serve(listener, router).with_graceful_shutdown(shutdown);
        let farewell = async {
            // Pages that are kept up to date never end by themselves.
            if ended.wait_for(|ended| *ended).await.is_err() {
                std::future::pending::<()>().await;
            }
            drop(timeout(FAREWELL, std::future::pending::<()>()).await);
        };
        tokio::select! {
            served = serving.into_future() => served.map_err(failed),
            () = farewell => Ok(()),
        }
    }
}
