//! Posting alerts and mailing them.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use connector_http::{HttpClient, Replay, Secret};
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use order_core::ports::Clock;
use serde::Deserialize;
use serde_json::json;

use super::Alert;
use crate::output::Problem;

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where alerts are posted as JSON.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookConfig {
    /// The address; plain HTTP only on this machine.
    url: String,
    /// Sent as `Authorization: Bearer`.
    token: Option<Secret>,
}

/// Whom alerts are mailed to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MailConfig {
    /// The server that takes mail.
    server: String,
    /// Its port: 465, 587 or 25 by what `encryption` is.
    port: Option<u16>,
    /// How the way there is kept private.
    #[serde(default)]
    encryption: Encryption,
    user: Option<String>,
    password: Option<Secret>,
    /// From whom.
    from: String,
    /// To whom.
    to: Vec<String>,
}

/// How the way to a mail server is kept private.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Encryption {
    /// TLS from the first byte.
    #[default]
    Tls,
    /// TLS after a greeting, and not without.
    Starttls,
    /// Not at all; on this machine only.
    None,
}

#[derive(Debug)]
pub(super) struct Webhook {
    client: HttpClient,
    token: Option<Secret>,
    path: String,
}

#[derive(Debug)]
pub(super) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

/// Everybody who is told.
#[derive(Debug)]
pub(super) struct Senders {
    webhook: Option<Webhook>,
    mail: Option<Mail>,
}

/// One of those who are told.
#[derive(Debug)]
pub(super) enum Sender<'a> {
    Webhook(&'a Webhook),
    Mail(&'a Mail),
}

impl Sender<'_> {
    /// By what it is remembered.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::Mail(_) => "mail",
        }
    }
}

impl Senders {
    pub(super) fn new(
        webhook: Option<&WebhookConfig>,
        mail: Option<&MailConfig>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Option<Self>, Problem> {
        let senders = Self {
            webhook: webhook.map(|config| config.build(clock)).transpose()?,
            mail: mail.map(MailConfig::build).transpose()?,
        };
        let somebody = senders.webhook.is_some() || senders.mail.is_some();
        Ok(somebody.then_some(senders))
    }

    pub(super) fn all(&self) -> Vec<Sender<'_>> {
        let webhook = self.webhook.iter().map(Sender::Webhook);
        webhook.chain(self.mail.iter().map(Sender::Mail)).collect()
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

impl WebhookConfig {
    fn build(&self, clock: &Arc<dyn Clock>) -> Result<Webhook, Problem> {
        let bad = |why: &str| Problem::usage(format!("[alerts.webhook] url: {why}"));
        let (scheme, rest) = self
            .url
            .split_once("://")
            .ok_or_else(|| bad("write it as https://host/path"))?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host = authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host);
        if path.contains(['?', '#', '{', '}']) || authority.contains('@') {
            return Err(bad(
                "it may have no query, user or braces; a secret goes into token",
            ));
        }
        let plain = scheme == "http";
        if plain && !is_local(host) {
            return Err(bad("plain http only on this machine; use https"));
        }
        let client = HttpClient::builder(format!("{scheme}://{authority}"), Arc::clone(clock))
            .request_timeout(PATIENCE)
            .allow_plain_http(plain)
            .build()?;
        Ok(Webhook {
            client,
            token: self.token.clone(),
            path: format!("/{path}"),
        })
    }
}

impl MailConfig {
    fn build(&self) -> Result<Mail, Problem> {
        let bad = |what: &str, why: String| Problem::usage(format!("[alerts.mail] {what}: {why}"));
        let mailbox = |what: &str, text: &str| {
            text.parse::<Mailbox>()
                .map_err(|error| bad(what, format!("{text:?} is no address ({error})")))
        };
        if self.to.is_empty() {
            return Err(bad("to", "nobody to write to".to_owned()));
        }
        let to: Result<Vec<Mailbox>, Problem> =
            self.to.iter().map(|text| mailbox("to", text)).collect();
        let tls = || {
            TlsParameters::new(self.server.clone())
                .map_err(|error| bad("server", format!("TLS cannot be used: {error}")))
        };
        let (tls, port) = match self.encryption {
            Encryption::Tls => (Tls::Wrapper(tls()?), 465),
            Encryption::Starttls => (Tls::Required(tls()?), 587),
            Encryption::None if is_local(&self.server) => (Tls::None, 25),
            Encryption::None => {
                let why = "\"none\" is for a server on this machine only";
                return Err(bad("encryption", why.to_owned()));
            }
        };
        let mut transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&self.server)
            .port(self.port.unwrap_or(port))
            .timeout(Some(PATIENCE))
            .tls(tls);
        match (&self.user, &self.password) {
            (Some(user), Some(password)) => {
                let credentials = Credentials::new(user.clone(), password.expose().to_owned());
                transport = transport.credentials(credentials);
            }
            (None, None) => {}
            _ => return Err(bad("user", "user and password belong together".to_owned())),
        }
        Ok(Mail {
            transport: transport.build(),
            from: mailbox("from", &self.from)?,
            to: to?,
        })
    }
}

/// The subject of a digest.
fn subject(alerts: &[Alert]) -> String {
    match alerts {
        [one] => match &one.order {
            Some(order) => format!("order-sync: order {order} needs a look"),
            None => format!("order-sync: connection {} needs a look", one.connection),
        },
        _ => format!("order-sync: {} things need a look", alerts.len()),
    }
}

fn body(alerts: &[Alert], now: DateTime<Utc>) -> String {
    let mut text = format!("As of {}:\n", now.format("%Y-%m-%d %H:%M UTC"));
    for alert in alerts {
        let order = alert.order.as_deref().unwrap_or("-");
        text.push_str(&format!(
            "\n{} / {order} ({})\n  {}\n",
            alert.connection, alert.cause, alert.text
        ));
    }
    text
}

impl Sender<'_> {
    /// Delivers a digest.
    pub(super) async fn send(&self, alerts: &[Alert], now: DateTime<Utc>) -> Result<(), Problem> {
        match self {
            Sender::Webhook(webhook) => webhook.send(alerts, now).await,
            Sender::Mail(mail) => mail.send(alerts, now).await,
        }
    }
}

impl Webhook {
    async fn send(&self, alerts: &[Alert], now: DateTime<Utc>) -> Result<(), Problem> {
        let body = json!({"at": now, "text": subject(alerts), "alerts": alerts});
        let mut request = self.client.post(&self.path, Replay::Never).json(&body);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {}", token.expose()));
        }
        request.send().await?;
        Ok(())
    }
}

impl Mail {
    async fn send(&self, alerts: &[Alert], now: DateTime<Utc>) -> Result<(), Problem> {
        let failed = |error: &dyn std::fmt::Display| {
            Problem::new(format!("the mail server does not take it: {error}"))
        };
        let mut message = Message::builder()
            .from(self.from.clone())
            .subject(subject(alerts));
        for to in &self.to {
            message = message.to(to.clone());
        }
        let message = message
            .body(body(alerts, now))
            .map_err(|error| failed(&error))?;
        self.transport
            .send(message)
            .await
            .map_err(|error| failed(&error))?;
        Ok(())
    }
}
