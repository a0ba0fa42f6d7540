//! The pool of connections.

use std::sync::Arc;

use deadpool_postgres::{
    Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use order_core::error::{Error, Kind};
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres::NoTls;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault::cannot_connect;
use super::options::PostgresOptions;

/// A connection, lent from the pool.
pub(super) type Session = Object;

/// The pool.
#[derive(Clone)]
pub(super) struct Sessions {
    pool: Pool,
    target: String,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions")
            .field("target", &self.target)
            .field("status", &self.pool.status())
            .finish()
    }
}

impl Sessions {
    pub(super) fn new(options: &PostgresOptions) -> Result<Self, Error> {
        let settings = ManagerConfig {
            // A connection that was lost is noticed at its next use, and the caller tries again.
            recycling_method: RecyclingMethod::Fast,
        };
        let config = options.config.clone();
        let manager = match config.get_ssl_mode() {
            SslMode::Disable => Manager::from_config(config, NoTls, settings),
            SslMode::Prefer | SslMode::Require | _ => {
                Manager::from_config(config, tls()?, settings)
            }
        };
        let pool = Pool::builder(manager)
            .max_size(options.pool)
            .wait_timeout(Some(options.wait))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| {
                Error::not_applied(Kind::Config, "the pool's settings cannot work")
                    .with_source(error)
            })?;
        Ok(Self {
            pool,
            target: options.to_string(),
        })
    }

    /// The first connection, whose failure most often is a mistake in the settings.
    pub(super) async fn first(&self) -> Result<Session, Error> {
        match self.pool.get().await {
            Ok(session) => Ok(session),
            Err(PoolError::Backend(error)) => Err(cannot_connect(&self.target, error)),
            Err(other) => Err(no_session("connect", other)),
        }
    }

    pub(super) async fn get(&self, what: &str) -> Result<Session, Error> {
        self.pool
            .get()
            .await
            .map_err(|error| no_session(what, error))
    }
}

fn no_session(what: &str, error: PoolError) -> Error {
    let (kind, advice) = if let PoolError::Timeout(TimeoutType::Wait) = error {
        (
            Kind::Timeout,
            "every connection of the pool is in use; make the pool larger",
        )
    } else {
        (
            Kind::Unavailable,
            "the database cannot be reached; it is tried again by itself",
        )
    };
    Error::not_applied(
        kind,
        format!("could not {what}: no connection to the database"),
    )
    .with_source(error)
    .with_advice(advice)
}

fn tls() -> Result<MakeRustlsConnect, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(|error| {
            Error::not_applied(Kind::Config, "TLS cannot be used on this machine")
                .with_source(error)
        })?
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}
