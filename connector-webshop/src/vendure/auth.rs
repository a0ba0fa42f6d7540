//! A login that lasts: name and password once, then the token.
//!
//! **Invariants.** At most one login is under way; whoever needs a token meanwhile waits for it.
//! Only the token that was refused is thrown away.

use std::sync::Arc;

use async_trait::async_trait;
use connector_http::{Auth, HeaderAuth, HttpClient, Outgoing, Replay, Secret};
use order_core::{Error, Kind};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Mutex;

use super::wire::{Envelope, Outcome};

const LOGIN: &str = "mutation($username: String!, $password: String!) { \
    login(username: $username, password: $password) { \
    __typename ... on ErrorResult { errorCode message } } }";

/// Shared by the client that uses the token and the API that sees it refused.
#[derive(Clone, Debug)]
pub(super) struct Session(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: HttpClient,
    username: String,
    password: Secret,
    channel: Option<HeaderAuth>,
    token: Mutex<Token>,
}

/// The token, and how many there were before it.
#[derive(Debug, Default)]
struct Token {
    text: Option<Secret>,
    generation: u64,
}

#[derive(Deserialize)]
struct Login {
    login: Outcome,
}

impl Session {
    /// `http` must send no credentials of its own.
    pub(super) fn new(
        http: HttpClient,
        username: &str,
        password: &Secret,
        channel: Option<HeaderAuth>,
    ) -> Self {
        Self(Arc::new(Inner {
            http,
            username: username.to_owned(),
            password: password.clone(),
            channel,
            token: Mutex::default(),
        }))
    }

    /// Which token is in use.
    pub(super) async fn generation(&self) -> u64 {
        self.0.token.lock().await.generation
    }

    /// Throws away the token of this generation, unless somebody did before. `false` when there was
    /// none: then it was the login that was refused, and another try cannot help.
    pub(super) async fn forget(&self, refused: u64) -> bool {
        let mut token = self.0.token.lock().await;
        if token.generation != refused {
            return true;
        }
        token.generation += 1;
        token.text.take().is_some()
    }

    async fn token(&self) -> Result<Secret, Error> {
        let mut token = self.0.token.lock().await;
        if let Some(text) = &token.text {
            return Ok(text.clone());
        }
        let fresh = self.login().await?;
        token.text = Some(fresh.clone());
        Ok(fresh)
    }

    async fn login(&self) -> Result<Secret, Error> {
        let variables = json!({
            "username": self.0.username,
            "password": self.0.password.expose(),
        });
        // Safe: a second login yields another token and changes nothing else.
        let request = self
            .0
            .http
            .post("", Replay::Safe)
            .operation("login")
            .read_only();
        let answer = request
            .json(&json!({"query": LOGIN, "variables": variables}))
            .send()
            .await?;
        let login = answer.json::<Envelope<Login>>()?.data.login;
        if let Some(reason) = login.refusal() {
            return Err(Error::not_applied(Kind::Unauthenticated, reason)
                .with_operation("login")
                .with_advice("check user name and password"));
        }
        match answer
            .header("vendure-auth-token")
            .filter(|token| !token.is_empty())
        {
            Some(token) => Ok(Secret::new(token)),
            None => Err(
                Error::not_applied(Kind::Config, "the shop gives no token at login")
                    .with_operation("login")
                    .with_advice("add \"bearer\" to tokenMethod in the shop's authOptions"),
            ),
        }
    }
}

#[async_trait]
impl Auth for Session {
    async fn apply(&self, request: &mut Outgoing) -> Result<(), Error> {
        let token = self.token().await?;
        if let Some(channel) = &self.0.channel {
            channel.apply(request).await?;
        }
        request.set_credential_header("authorization", &format!("Bearer {}", token.expose()))
    }

    async fn refused(&self, _: &Outgoing) -> Result<bool, Error> {
        let generation = self.generation().await;
        Ok(self.forget(generation).await)
    }
}
