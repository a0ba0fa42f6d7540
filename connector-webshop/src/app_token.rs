//! An access token that is fetched with an app's id and secret, which stand in the body of the
//! request, and renewed before it ends.
//!
//! **Invariants.** At most one token request is under way; whoever needs a token meanwhile waits
//! for it. Only the token that was refused is thrown away.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_http::{Auth, HttpClient, Outgoing, Replay, Secret};
use order_core::ports::Clock;
use order_core::{Error, Kind};
use serde::Deserialize;
use tokio::sync::Mutex;

/// How a platform takes and gives tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    /// The header that carries the token.
    pub(crate) header: &'static str,
    /// What stands in it before the token.
    pub(crate) prefix: &'static str,
    /// Whether the credentials are sent as JSON; else as a form.
    pub(crate) json: bool,
}

/// Fetches tokens with the app's own credentials.
pub(crate) struct AppToken {
    http: HttpClient,
    clock: Arc<dyn Clock>,
    form: Form,
    client_id: String,
    client_secret: Secret,
    token: Mutex<Option<Token>>,
}

struct Token {
    text: Secret,
    use_until: Duration,
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl AppToken {
    /// `http` has the token's address as its base, and sends no credentials of its own.
    pub(crate) fn new(
        http: HttpClient,
        clock: Arc<dyn Clock>,
        form: Form,
        client_id: &str,
        client_secret: &Secret,
    ) -> Self {
        Self {
            http,
            clock,
            form,
            client_id: client_id.to_owned(),
            client_secret: client_secret.clone(),
            token: Mutex::default(),
        }
    }

    async fn token(&self) -> Result<Secret, Error> {
        let mut token = self.token.lock().await;
        if let Some(known) = &*token
            && self.clock.monotonic() < known.use_until
        {
            return Ok(known.text.clone());
        }
        let asked = self.clock.monotonic();
        let grant = self.request().await?;
        let life = Duration::from_secs(grant.expires_in.unwrap_or(3600));
        let text = Secret::new(grant.access_token);
        *token = Some(Token {
            text: text.clone(),
            use_until: asked + life.mul_f64(0.8),
        });
        Ok(text)
    }

    async fn request(&self) -> Result<Grant, Error> {
        // Safe: a token request asked twice yields a token each time and changes nothing else.
        let request = self.http.post("", Replay::Safe).operation("POST token");
        let request = request.read_only();
        let pairs = [
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose()),
        ];
        let request = if self.form.json {
            request.json(&BTreeMap::from(pairs))
        } else {
            request.form(&pairs)
        };
        let sent = request.send().await;
        sent.and_then(|answer| answer.json()).map_err(refused)
    }
}

/// RFC 6749 §5.2 answers 400 or 401 when it does not know the app.
fn refused(error: Error) -> Error {
    if !matches!(
        error.kind(),
        Kind::Rejected | Kind::Unauthenticated | Kind::PermissionDenied | Kind::Config
    ) {
        return error;
    }
    Error::not_applied(
        Kind::Unauthenticated,
        format!("no access token: {}", error.message()),
    )
    .with_operation("POST token")
    .with_advice("check client id and client secret, and that the shop still has them")
    .with_source(error)
}

#[async_trait]
impl Auth for AppToken {
    async fn apply(&self, request: &mut Outgoing) -> Result<(), Error> {
        let token = self.token().await?;
        let value = format!("{}{}", self.form.prefix, token.expose());
        request.set_credential_header(self.form.header, &value)
    }

    async fn refused(&self, request: &Outgoing) -> Result<bool, Error> {
        let mut token = self.token.lock().await;
        let used = request.header(self.form.header);
        let used = used.and_then(|value| value.strip_prefix(self.form.prefix));
        if token.as_ref().map(|known| known.text.expose()) == used {
            *token = None;
        }
        Ok(true)
    }
}

impl fmt::Debug for AppToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppToken")
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}
