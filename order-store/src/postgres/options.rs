//! Where the database is, and how it is used.

use std::fmt;
use std::time::Duration;

use order_core::error::{Error, Kind};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use url::Url;

/// Where the database is, and how it is used.
///
/// `Debug` and `Display` never show a password.
#[derive(Clone)]
pub struct PostgresOptions {
    pub(super) config: Config,
    pub(super) pool: usize,
    pub(super) wait: Duration,
    target: String,
    has_password: bool,
}

impl PostgresOptions {
    /// Reads a URL such as `postgres://user@host:5432/database`.
    ///
    /// Without `sslmode` a server on this machine is spoken to plainly and any other over TLS:
    /// orders hold people's addresses. With TLS the certificate and the name are always checked,
    /// against what this machine trusts.
    ///
    /// # Errors
    ///
    /// `Config` when it is no such URL; the text of the error holds no password.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let mut parsed = Url::parse(url).map_err(|error| wrong(&error.to_string()))?;
        if !matches!(parsed.scheme(), "postgres" | "postgresql") {
            return Err(wrong("it must begin with postgres://"));
        }
        // To these two a check that is always done adds nothing.
        let asked: Vec<(String, String)> = parsed
            .query_pairs()
            .map(|(name, value)| match (&*name, &*value) {
                ("sslmode", "verify-ca" | "verify-full") => (name.into(), "require".to_owned()),
                _ => (name.into(), value.into()),
            })
            .collect();
        let says_tls = asked.iter().any(|(name, _)| name == "sslmode");
        parsed.set_query(None);
        if !asked.is_empty() {
            parsed.query_pairs_mut().extend_pairs(&asked);
        }
        let mut config: Config =
            parsed
                .as_str()
                .parse()
                .map_err(|error: tokio_postgres::Error| {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    wrong(&cause.unwrap_or_else(|| "it cannot be understood".to_owned()))
                })?;
        if config.get_hosts().is_empty() {
            config.host("localhost");
        }
        if !says_tls {
            let near = config.get_hosts().iter().all(is_near);
            config.ssl_mode(if near {
                SslMode::Disable
            } else {
                SslMode::Require
            });
        }
        let has_password = config.get_password().is_some();
        if parsed.password().is_some() && parsed.set_password(None).is_err() {
            return Err(wrong("it names no host"));
        }
        parsed.set_query(None);
        prepare(&mut config);
        Ok(Self {
            config,
            pool: 10,
            wait: Duration::from_secs(10),
            target: parsed.to_string(),
            has_password,
        })
    }

    /// Whether a password is known.
    #[must_use]
    pub fn has_password(&self) -> bool {
        self.has_password
    }

    /// With this password.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.config.password(password);
        self.has_password = true;
        self
    }

    /// At most so many connections to the server from this store; 10 when nothing is said. A
    /// worker uses one per cycle under way, and only while it reads or writes.
    #[must_use]
    pub fn with_pool_size(mut self, connections: usize) -> Self {
        self.pool = connections.max(1);
        self
    }

    /// For what may be forgotten in a power cut.
    pub(super) fn not_waiting_for_the_disk(mut self) -> Self {
        let options = self.config.get_options().unwrap_or_default();
        let options = format!("{options} -c synchronous_commit=off");
        self.config.options(options);
        self
    }

    /// How long a request waits for a connection of the pool; 10 s when nothing is said.
    #[must_use]
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }
}

/// What every session is like, whatever the server's defaults are.
///
/// - A commit that returned is on the disk.
/// - A worker that is stopped between two statements loses its session, and with it its locks,
///   after ten seconds; so it holds nobody up.
/// - The server notices a machine that is gone after about a minute, and so does this side.
fn prepare(config: &mut Config) {
    let mut options = config.get_options().unwrap_or_default().to_owned();
    options.push_str(
        " -c search_path=order_store -c synchronous_commit=on -c statement_timeout=30s \
         -c lock_timeout=10s -c idle_in_transaction_session_timeout=10s \
         -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 \
         -c default_transaction_isolation=read\\ committed -c client_min_messages=warning",
    );
    config.options(options.trim());
    if config.get_application_name().is_none() {
        config.application_name("order-store");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(Duration::from_secs(10));
    }
    config.keepalives_idle(Duration::from_secs(30));
    config.tcp_user_timeout(Duration::from_secs(60));
}

fn is_near(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

fn wrong(why: &str) -> Error {
    Error::not_applied(
        Kind::Config,
        format!("this is no address of a database: {why}"),
    )
    .with_advice("write it as postgres://user@host:5432/database")
}

impl fmt::Display for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.target)
    }
}

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresOptions")
            .field("target", &self.target)
            .field("has_password", &self.has_password)
            .field("pool", &self.pool)
            .field("wait", &self.wait)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{PostgresOptions, SslMode};

    #[test]
    fn a_password_is_never_shown() {
        let options = PostgresOptions::parse("postgres://jo:hunter2@localhost/shop").unwrap();
        assert!(options.has_password());
        assert_eq!(options.to_string(), "postgres://jo@localhost/shop");
        assert!(!format!("{options:?}").contains("hunter2"));
        for bad in [
            "postgres://jo:hunter2@host:port/shop",
            "mysql://jo:hunter2@host/shop",
        ] {
            let error = PostgresOptions::parse(bad).unwrap_err();
            assert!(!error.report().contains("hunter2"), "{}", error.report());
        }
    }

    #[test]
    fn a_server_elsewhere_is_spoken_to_over_tls_unless_said_otherwise() {
        let mode = |url: &str| PostgresOptions::parse(url).unwrap().config.get_ssl_mode();
        assert_eq!(mode("postgres://db.example/shop"), SslMode::Require);
        assert_eq!(
            mode("postgres://db.example/shop?sslmode=verify-full"),
            SslMode::Require
        );
        assert_eq!(
            mode("postgres://db.example/shop?sslmode=disable"),
            SslMode::Disable
        );
        assert_eq!(mode("postgres://127.0.0.1/shop"), SslMode::Disable);
        assert_eq!(
            mode("postgres:///shop?host=/var/run/postgresql"),
            SslMode::Disable
        );
    }
}
