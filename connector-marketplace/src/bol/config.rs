//! What a seller sets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connector_http::{ClientCredentials, Environment, HttpClient, Secret};
use order_core::{Error, Kind};
use serde::Deserialize;

use super::api::Api;
use super::connector::Bol;
use super::{MEDIA_TYPE, classify, transporter};

/// Settings of one bol.com account.
///
/// ```
/// let config: connector_marketplace::bol::BolConfig = toml::from_str(r#"
///     client_id = "5b9f3f0e"
///     client_secret = { env = "PATH" }
///
///     [transporters]
///     dpd = "DPD-BE"
/// "#)?;
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BolConfig {
    /// From bol's seller account, Settings, Services, API settings.
    pub client_id: String,
    /// From the same place.
    pub client_secret: Secret,
    /// Where the API is. Only changed for tests and proxies.
    #[serde(default = "api_url")]
    pub api_url: String,
    /// Where tokens come from. Only changed for tests and proxies.
    #[serde(default = "token_url")]
    pub token_url: String,
    /// Allows plain http to other machines.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// Also list orders that bol sends from its own warehouse (FBB).
    #[serde(default)]
    pub include_fulfilled_by_bol: bool,
    /// bol's word per transporter of ours, where the usual one is not wanted.
    #[serde(default)]
    pub transporters: BTreeMap<String, String>,
    /// How long one request may take, in seconds; 20 when absent.
    #[serde(default)]
    pub request_timeout_seconds: Option<u64>,
}

fn api_url() -> String {
    "https://api.bol.com".to_owned()
}

fn token_url() -> String {
    "https://login.bol.com/token".to_owned()
}

impl BolConfig {
    /// Settings with nothing but credentials.
    #[must_use]
    pub fn new(client_id: impl Into<String>, client_secret: Secret) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret,
            api_url: api_url(),
            token_url: token_url(),
            allow_plain_http: false,
            include_fulfilled_by_bol: false,
            transporters: BTreeMap::new(),
            request_timeout_seconds: None,
        }
    }

    /// Another server than bol's, such as a sandbox. Tokens are then asked at its `/token`.
    #[must_use]
    pub fn at(mut self, url: &str) -> Self {
        self.api_url = url.trim_end_matches('/').to_owned();
        self.token_url = format!("{}/token", self.api_url);
        self
    }

    /// Checks the settings and makes the connector. No request is sent.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] with the setting that cannot work.
    pub fn build(self, environment: impl Into<Environment>) -> Result<Bol, Error> {
        let environment = environment.into();
        let clock = environment.clock();
        if self.client_id.trim().is_empty() {
            return Err(config("client_id is empty"));
        }
        for (carrier, word) in &self.transporters {
            if !transporter::is_known(word) {
                return Err(config(format!(
                    "transporters.{carrier}: bol has no transporter {word:?}"
                ))
                .with_advice(format!("one of: {}", transporter::TRANSPORTERS.join(", "))));
            }
        }
        let timeout = Duration::from_secs(self.request_timeout_seconds.unwrap_or(20).max(1));
        let client = |url: &str| {
            HttpClient::builder(url, &environment)
                .account(self.client_id.trim())
                .allow_plain_http(self.allow_plain_http)
                .request_timeout(timeout)
                // With one last attempt this stays below the minute a call is given.
                .retry_budget(Duration::from_secs(35))
        };
        let credentials = ClientCredentials::with_client(
            client(&self.token_url).header("accept", "application/json"),
            self.client_id.trim(),
            &self.client_secret,
            Arc::clone(&clock),
        )?;
        let http = client(&self.api_url)
            .auth(credentials)
            .header("accept", MEDIA_TYPE)
            .classify(classify::problem)
            .rate_hints(classify::pause)
            .build()?;
        Ok(Bol {
            api: Api::new(http),
            clock,
            include_fulfilled_by_bol: self.include_fulfilled_by_bol,
            transporters: self.transporters,
        })
    }
}

fn config(message: impl Into<String>) -> Error {
    Error::not_applied(Kind::Config, message)
}
