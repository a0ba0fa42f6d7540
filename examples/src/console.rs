//! Serving the orders overview, and `order-sync console`.

use std::io::{BufRead as _, IsTerminal as _};
use std::net::SocketAddr;
use std::sync::Arc;

use clap::{Args, Subcommand};
use order_console::{Access, Console, Proxy, Role, User};
use order_core::engine::Connection;
use order_core::ports::{Clock, OrderStore};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::output::{self, Problem};

/// Where the overview is served when nothing is said.
const DEFAULT: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// The `[console]` of a configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsoleConfig {
    /// Where it is served.
    listen: Option<SocketAddr>,
    /// Who may come in; anybody on this machine when there is nobody.
    #[serde(default, rename = "user")]
    users: Vec<UserConfig>,
    /// A proxy that logs people in, instead of users with passwords.
    proxy: Option<ProxyConfig>,
}

/// A proxy that logs people in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProxyConfig {
    /// The header with the name.
    header: String,
    /// The addresses it is believed from.
    trusted: Vec<std::net::IpAddr>,
    /// Who may act; everybody else may look.
    #[serde(default)]
    operators: Vec<String>,
}

/// Somebody with a password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserConfig {
    name: String,
    role: Role,
    password_hash: String,
}

/// Options of commands that serve the overview.
#[derive(Clone, Debug, Args)]
pub(crate) struct ConsoleOptions {
    /// Serve the orders overview at this address instead of where the configuration says
    /// (127.0.0.1:8080 when it says nothing).
    #[arg(long, value_name = "ADDRESS:PORT", conflicts_with = "no_console")]
    listen: Option<SocketAddr>,
    /// Do not serve the orders overview.
    #[arg(long)]
    no_console: bool,
}

/// What to do about the overview.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read a password from standard input and print its hash, for a [[console.user]].
    HashPassword,
}

/// An overview that can be served.
pub(crate) struct Ready {
    listener: TcpListener,
    access: Access,
    console: Console,
    pub(crate) url: String,
}

impl ConsoleOptions {
    /// Takes the address; `None` when no overview is wanted, or when nobody asked for one and
    /// the usual address is taken.
    pub(crate) async fn prepare(
        &self,
        config: &ConsoleConfig,
        store: &Arc<dyn OrderStore>,
        clock: &Arc<dyn Clock>,
        connections: &[Connection],
    ) -> Result<Option<Ready>, Problem> {
        if self.no_console {
            return Ok(None);
        }
        let access = config.access()?;
        let asked = self.listen.or(config.listen);
        let address = asked.unwrap_or(DEFAULT);
        if matches!(access, Access::Local) && !address.ip().is_loopback() {
            return Err(Problem::usage(format!(
                "the orders overview is not served on {address}: anybody could come in. Serve it \
                 on 127.0.0.1, or add a [[console.user]] to the configuration"
            )));
        }
        let listener = match TcpListener::bind(address).await {
            Ok(listener) => listener,
            Err(error) if asked.is_none() => {
                tracing::warn!(
                    "the orders overview is not served: {address} cannot be taken ({error}); \
                     --listen 127.0.0.1:8081 takes another"
                );
                return Ok(None);
            }
            Err(error) => {
                return Err(Problem::new(format!(
                    "the orders overview cannot be served on {address}: {error}"
                )));
            }
        };
        let address = listener.local_addr().unwrap_or(address);
        Ok(Some(Ready {
            listener,
            access,
            console: Console::new(Arc::clone(store), Arc::clone(clock), connections),
            url: format!("http://{address}/"),
        }))
    }
}

impl ConsoleConfig {
    pub(crate) fn access(&self) -> Result<Access, Problem> {
        if let Some(proxy) = &self.proxy {
            if !self.users.is_empty() {
                return Err(Problem::usage(
                    "[console] has both users and a proxy: take either",
                ));
            }
            let (trusted, operators) = (proxy.trusted.clone(), proxy.operators.clone());
            return Proxy::new(&proxy.header, trusted, operators)
                .map(Access::Proxy)
                .map_err(|wrong| Problem::usage(format!("[console.proxy]: {wrong}")));
        }
        if self.users.is_empty() {
            return Ok(Access::Local);
        }
        let users: Result<Vec<User>, Problem> = self
            .users
            .iter()
            .map(|user| {
                User::new(&user.name, user.role, &user.password_hash)
                    .map_err(|wrong| Problem::usage(format!("[[console.user]]: {wrong}")))
            })
            .collect();
        let users = users?;
        for (place, user) in self.users.iter().enumerate() {
            if self
                .users
                .iter()
                .take(place)
                .any(|other| other.name == user.name)
            {
                return Err(Problem::usage(format!(
                    "two users of the console are called {:?}",
                    user.name
                )));
            }
        }
        Ok(Access::Users(users))
    }
}

impl Ready {
    /// Serves it until `shutdown` is ready.
    pub(crate) async fn serve(
        self,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), Problem> {
        self.console
            .serve(self.listener, self.access, shutdown)
            .await?;
        Ok(())
    }
}

/// `order-sync console`.
pub(crate) fn command(command: &Command) -> Result<(), Problem> {
    match command {
        Command::HashPassword => hash_password(),
    }
}

fn hash_password() -> Result<(), Problem> {
    if std::io::stdin().is_terminal() {
        return Err(Problem::usage(
            "give the password on standard input, so that it is not seen: \
             order-sync console hash-password < file",
        ));
    }
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| Problem::new(format!("the password cannot be read: {error}")))?;
    let password = line.trim_end_matches(['\r', '\n']);
    let hash = order_console::hash_password(password)
        .map_err(|wrong| Problem::usage(wrong.to_string()))?;
    output::line(hash);
    Ok(())
}
