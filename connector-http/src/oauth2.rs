//! OAuth 2.0 client credentials and refresh tokens.
//!
//! **Invariants.** At most one token request is under way per value of this type; whoever needs a
//! token meanwhile waits for that one and shares its outcome, a failure included. A token is used
//! until four fifths of its life have passed or a 401 refused it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use order_core::ports::Clock;
use order_core::{Error, Kind};
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::auth::{Auth, HeaderAuth};
use crate::builder::Builder;
use crate::client::{HttpClient, Replay};
use crate::outgoing::Outgoing;
use crate::secret::Secret;

/// Fetches, keeps and renews an access token from `client_id` and `client_secret`, or from a refresh
/// token of theirs.
pub struct ClientCredentials {
    http: HttpClient,
    clock: Arc<dyn Clock>,
    scope: Option<String>,
    /// What is asked for; secrets of the client are here where they do not go as HTTP Basic.
    form: Vec<(&'static str, Secret)>,
    /// Where the token goes on requests, and what stands before it.
    header: String,
    prefix: &'static str,
    /// Counts finished token requests, so that who waited can tell that one was made for them.
    finished: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    failed: Option<(Kind, String, Option<Duration>)>,
}

struct Token {
    text: Secret,
    use_until: Duration,
}

impl ClientCredentials {
    /// Asks `token_url` with a form `grant_type=client_credentials` and the id and secret as HTTP
    /// Basic credentials, as RFC 6749 §2.3.1 prefers.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] when the address cannot work.
    pub fn new(
        token_url: &str,
        client_id: &str,
        client_secret: &Secret,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        Self::with_client(
            HttpClient::builder(token_url, Arc::clone(&clock)),
            client_id,
            client_secret,
            clock,
        )
    }

    /// Like [`new`](Self::new) with a prepared client (time-outs, plain http for tests ...) whose
    /// base address is the token address.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] when the address cannot work.
    pub fn with_client(
        http: Builder,
        client_id: &str,
        client_secret: &Secret,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let http = http.auth(HeaderAuth::basic(client_id, client_secret));
        Ok(Self {
            http: http.build()?,
            clock,
            scope: None,
            form: vec![("grant_type", Secret::new("client_credentials"))],
            header: "authorization".to_owned(),
            prefix: "Bearer ",
            finished: AtomicU64::new(0),
            state: Mutex::new(State::default()),
        })
    }

    /// Asks with a form `grant_type=refresh_token` that also holds the client's id and secret, and
    /// puts the token alone into `header`. For platforms whose refresh tokens stay the same.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] when the address cannot work.
    pub fn refreshing(
        http: Builder,
        client_id: &str,
        client_secret: &Secret,
        refresh_token: &Secret,
        header: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let masked = Masked(vec![client_secret.clone(), refresh_token.clone()]);
        Ok(Self {
            http: http.auth(masked).build()?,
            clock,
            scope: None,
            form: vec![
                ("grant_type", Secret::new("refresh_token")),
                ("client_id", Secret::new(client_id)),
                ("client_secret", client_secret.clone()),
                ("refresh_token", refresh_token.clone()),
            ],
            header: header.to_owned(),
            prefix: "",
            finished: AtomicU64::new(0),
            state: Mutex::new(State::default()),
        })
    }

    /// Asks for a scope.
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    async fn token(&self) -> Result<Secret, Error> {
        let seen = self.finished.load(Ordering::Acquire);
        let mut state = self.state.lock().await;
        if let Some(token) = &state.token
            && self.clock.monotonic() < token.use_until
        {
            return Ok(token.text.clone());
        }
        if self.finished.load(Ordering::Acquire) != seen
            && let Some((kind, message, wait)) = &state.failed
        {
            return Err(with_wait(Error::not_applied(*kind, message.clone()), *wait));
        }
        let asked = self.clock.monotonic();
        let outcome = self.request().await;
        self.finished.fetch_add(1, Ordering::AcqRel);
        match outcome {
            Ok(grant) => {
                state.failed = None;
                let life = grant
                    .expires_in
                    .map_or(Duration::from_secs(300), Duration::from_secs);
                let text = Secret::new(grant.access_token);
                state.token = Some(Token {
                    text: text.clone(),
                    use_until: asked + life.mul_f64(0.8),
                });
                Ok(text)
            }
            Err(error) => {
                state.token = None;
                state.failed = Some((
                    error.kind(),
                    error.message().to_owned(),
                    error.retry_after(),
                ));
                Err(error)
            }
        }
    }

    async fn request(&self) -> Result<Grant, Error> {
        let mut form: Vec<(&str, &str)> = self
            .form
            .iter()
            .map(|(name, value)| (*name, value.expose()))
            .collect();
        if let Some(scope) = &self.scope {
            form.push(("scope", scope));
        }
        // Safe: a token request asked twice yields another token and changes nothing else.
        let sent = self
            .http
            .post("", Replay::Safe)
            .operation("POST token")
            .read_only()
            .form(&form)
            .send()
            .await;
        sent.and_then(|response| response.json::<Grant>())
            .map_err(token_error)
    }
}

/// Secrets that go in the body: masked wherever an answer echoes them.
#[derive(Debug)]
struct Masked(Vec<Secret>);

#[async_trait]
impl Auth for Masked {
    async fn apply(&self, request: &mut Outgoing) -> Result<(), Error> {
        let texts = self.0.iter().map(|secret| secret.expose().to_owned());
        request.credentials.extend(texts);
        Ok(())
    }

    async fn refused(&self, _: &Outgoing) -> Result<bool, Error> {
        Ok(false)
    }
}

/// RFC 6749 §5.2 answers 400 or 401 when it knows the client but refuses it.
fn token_error(error: Error) -> Error {
    let refused = matches!(
        error.kind(),
        Kind::Rejected | Kind::Unauthenticated | Kind::NotFound
    );
    let kind = if refused {
        Kind::Unauthenticated
    } else {
        error.kind()
    };
    let mut renamed = Error::not_applied(kind, format!("no access token: {}", error.message()))
        .with_operation("POST token");
    if kind == Kind::Unauthenticated {
        renamed = renamed.with_advice(
            "check client id, client secret, refresh token where there is one, and token address",
        );
    }
    with_wait(renamed, error.retry_after()).with_source(error)
}

fn with_wait(error: Error, wait: Option<Duration>) -> Error {
    match wait {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    }
}

#[derive(Deserialize)]
struct Grant {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

#[async_trait]
impl Auth for ClientCredentials {
    async fn apply(&self, request: &mut Outgoing) -> Result<(), Error> {
        let token = self.token().await?;
        let value = format!("{}{}", self.prefix, token.expose());
        request.set_credential_header(&self.header, &value)
    }

    async fn refused(&self, request: &Outgoing) -> Result<bool, Error> {
        let mut state = self.state.lock().await;
        // Somebody else may have renewed it already: only the token that was refused is dropped.
        let used = request
            .header(&self.header)
            .and_then(|v| v.strip_prefix(self.prefix));
        if let (Some(token), Some(used)) = (&state.token, used)
            && token.text.expose() == used
        {
            state.token = None;
        }
        Ok(true)
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}
