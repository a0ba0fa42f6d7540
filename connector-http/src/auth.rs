//! How a request proves who sends it.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use order_core::Error;

use crate::outgoing::Outgoing;
use crate::secret::Secret;

/// Adds credentials to every attempt: headers, query pairs or a signature over method, address and
/// body. Signed schemes with a timestamp or nonce make a new one on each call.
///
/// `Debug` must show no secret; [`Secret`] fields take care of that by themselves.
#[async_trait]
pub trait Auth: std::fmt::Debug + Send + Sync + 'static {
    /// Puts the credentials on the request. Called last, so what it sees is what will be sent.
    ///
    /// # Errors
    ///
    /// Whatever stopped it. The request is then not sent, so its effect is `NotApplied`.
    async fn apply(&self, request: &mut Outgoing) -> Result<(), Error>;

    /// Called after a 401 with the request as it was sent. `true` means that another credential is
    /// at hand now and the request is worth sending once more; fixed credentials answer `false`.
    ///
    /// # Errors
    ///
    /// Whatever stopped it.
    async fn refused(&self, request: &Outgoing) -> Result<bool, Error>;
}

/// Sends no credentials.
#[derive(Clone, Copy, Debug)]
pub struct NoAuth;

#[async_trait]
impl Auth for NoAuth {
    async fn apply(&self, _: &mut Outgoing) -> Result<(), Error> {
        Ok(())
    }

    async fn refused(&self, _: &Outgoing) -> Result<bool, Error> {
        Ok(false)
    }
}

/// Sends fixed headers, such as an API key or `Authorization: Bearer …`.
#[derive(Clone, Debug)]
pub struct HeaderAuth {
    headers: Vec<(String, Secret)>,
}

impl HeaderAuth {
    /// One header with a secret value.
    #[must_use]
    pub fn new(name: impl Into<String>, value: Secret) -> Self {
        Self {
            headers: vec![(name.into(), value)],
        }
    }

    /// `Authorization: Bearer …`
    #[must_use]
    pub fn bearer(token: &Secret) -> Self {
        Self::new(
            "authorization",
            Secret::new(format!("Bearer {}", token.expose())),
        )
    }

    /// `Authorization: Basic …`
    #[must_use]
    pub fn basic(user: &str, password: &Secret) -> Self {
        let pair = STANDARD.encode(format!("{user}:{}", password.expose()));
        Self::new("authorization", Secret::new(format!("Basic {pair}")))
    }

    /// A further header.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>, value: Secret) -> Self {
        self.headers.push((name.into(), value));
        self
    }
}

#[async_trait]
impl Auth for HeaderAuth {
    async fn apply(&self, request: &mut Outgoing) -> Result<(), Error> {
        for (name, value) in &self.headers {
            request.set_credential_header(name, value.expose())?;
        }
        Ok(())
    }

    async fn refused(&self, _: &Outgoing) -> Result<bool, Error> {
        Ok(false)
    }
}
