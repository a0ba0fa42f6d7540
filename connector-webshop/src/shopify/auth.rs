//! The access token: given, or fetched with the app's id and secret and renewed before it ends.
//!
//! **Invariants.** At most one token request is under way; whoever needs a token meanwhile waits
//! for it. Only the token that was refused is thrown away.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use connector_http::{Auth, HttpClient, Outgoing, Replay, Secret};
use order_core::ports::Clock;
use order_core::{Error, Kind};
use serde::Deserialize;
use tokio::sync::Mutex;

/// The header that carries the token.
pub(super) const HEADER: &str = "x-shopify-access-token";

/// Fetches tokens with the app's own credentials.
pub(super) struct AppToken {
    http: HttpClient,
    clock: Arc<dyn Clock>,
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
    pub(super) fn new(
        http: HttpClient,
        clock: Arc<dyn Clock>,
        client_id: &str,
        client_secret: &Secret,
    ) -> Self {
        Self {
            http,
            clock,
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
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id.as_str()),
            ("client_secret", self.client_secret.expose()),
        ];
        let sent = request.read_only().form(&form).send().await;
        sent.and_then(|answer| answer.json()).map_err(refused)
    }
}

/// Shopify answers 400 when it does not know the app or the shop has not installed it.
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
    .with_advice("check client id and client secret, and that the shop has installed the app")
    .with_source(error)
}

#[async_trait]
impl Auth for AppToken {
    async fn apply(&self, request: &mut Outgoing) -> Result<(), Error> {
        let token = self.token().await?;
        request.set_credential_header(HEADER, token.expose())
    }

    async fn refused(&self, request: &Outgoing) -> Result<bool, Error> {
        let mut token = self.token.lock().await;
        let used = request.header(HEADER);
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
