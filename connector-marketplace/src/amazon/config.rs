//! What a seller sets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use carrier_detect::Carrier;
use carrier_detect::words;
use connector_http::{ClientCredentials, Environment, HttpClient, Secret};
use order_core::{Error, Kind};
use serde::Deserialize;

use super::api::{Api, LIMITS};
use super::classify;
use super::connector::Amazon;

/// Which of Amazon's three worlds a seller sells in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Region {
    /// Europe, the Middle East, Africa, India.
    #[default]
    Europe,
    /// North and South America.
    NorthAmerica,
    /// Japan, Australia, Singapore.
    FarEast,
}

impl Region {
    fn api_url(self) -> &'static str {
        match self {
            Self::Europe => "https://sellingpartnerapi-eu.amazon.com",
            Self::NorthAmerica => "https://sellingpartnerapi-na.amazon.com",
            Self::FarEast => "https://sellingpartnerapi-fe.amazon.com",
        }
    }
}

/// Settings of one Amazon seller account.
///
/// ```
/// let config: connector_marketplace::amazon::AmazonConfig = toml::from_str(r#"
///     client_id = "amzn1.application-oa2-client.1"
///     client_secret = { env = "PATH" }
///     refresh_token = { env = "PATH" }
///     seller_id = "A1B2C3D4E5F6G7"
///     marketplace_ids = ["A1PA6795UKMFR9", "A1805IZSGTT6HS"]
///
///     [transporters]
///     dpd = "DPD"
/// "#)?;
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct AmazonConfig {
    /// From Seller Central, Develop apps, the application's LWA credentials.
    pub client_id: String,
    /// From the same place.
    pub client_secret: Secret,
    /// From authorising the application for this account. It has no end of its own.
    pub refresh_token: Secret,
    /// The seller's id (merchant token), as Seller Central shows it under account information.
    pub seller_id: String,
    /// Which marketplaces' orders are meant, by Amazon's ids: `A1PA6795UKMFR9` is Germany.
    pub marketplace_ids: Vec<String>,
    /// Which of Amazon's worlds these marketplaces are in; Europe when absent.
    #[serde(default)]
    pub region: Region,
    /// Where the API is, when it is not the region's. Only set for tests and Amazon's sandbox.
    #[serde(default)]
    pub api_url: Option<String>,
    /// Where tokens come from. Only changed for tests and proxies.
    #[serde(default = "token_url")]
    pub token_url: String,
    /// Also list orders that Amazon sends from its own warehouses (FBA).
    #[serde(default)]
    pub include_fulfilled_by_amazon: bool,
    /// What is sent in place of a T&T code for a shipment that has none, with the carrier `Other`.
    /// Without it such a shipment is refused here, as Amazon wants a code.
    #[serde(default)]
    pub text_without_code: Option<String>,
    /// Amazon's word per transporter of ours, where the usual one is not wanted.
    #[serde(default)]
    pub transporters: BTreeMap<String, String>,
    /// Allows plain http to other machines.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// How long one request may take, in seconds; 20 when absent.
    #[serde(default)]
    pub request_timeout_seconds: Option<u64>,
}

fn token_url() -> String {
    "https://api.amazon.com/auth/o2/token".to_owned()
}

impl AmazonConfig {
    /// Settings with nothing but credentials and one marketplace.
    #[must_use]
    pub fn new(
        client_id: impl Into<String>,
        client_secret: Secret,
        refresh_token: Secret,
        seller_id: impl Into<String>,
        marketplace_id: impl Into<String>,
    ) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret,
            refresh_token,
            seller_id: seller_id.into(),
            marketplace_ids: vec![marketplace_id.into()],
            region: Region::default(),
            api_url: None,
            token_url: token_url(),
            include_fulfilled_by_amazon: false,
            text_without_code: None,
            transporters: BTreeMap::new(),
            allow_plain_http: false,
            request_timeout_seconds: None,
        }
    }

    /// Another server than Amazon's, such as a sandbox. Tokens are then asked at its
    /// `/auth/o2/token`.
    #[must_use]
    pub fn at(mut self, url: &str) -> Self {
        let url = url.trim_end_matches('/');
        self.api_url = Some(url.to_owned());
        self.token_url = format!("{url}/auth/o2/token");
        self
    }

    /// Checks the settings and makes the connector. No request is sent.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] with the setting that cannot work.
    pub fn build(self, environment: impl Into<Environment>) -> Result<Amazon, Error> {
        let environment = environment.into();
        let clock = environment.clock();
        self.check()?;
        let timeout = Duration::from_secs(self.request_timeout_seconds.unwrap_or(20).max(1));
        let client = |url: &str| {
            // Amazon counts by application and seller.
            HttpClient::builder(url, &environment)
                .account(format!("{} {}", self.client_id.trim(), self.seller_id))
                .allow_plain_http(self.allow_plain_http)
                .request_timeout(timeout)
                // With one last attempt this stays below the minute a call is given.
                .retry_budget(Duration::from_secs(35))
        };
        let tokens = ClientCredentials::refreshing(
            client(&self.token_url),
            self.client_id.trim(),
            &self.client_secret,
            &self.refresh_token,
            "x-amz-access-token",
            Arc::clone(&clock),
        )?;
        let url = self.api_url.as_deref();
        let mut http = client(url.unwrap_or(self.region.api_url()))
            .auth(tokens)
            .header("accept", "application/json")
            .classify(classify::problem);
        for (operation, limit) in LIMITS {
            http = http.limit(*operation, *limit);
        }
        Ok(Amazon {
            api: Api::new(
                http.build()?,
                Arc::clone(&clock),
                self.allow_plain_http,
                &self.marketplace_ids,
                self.include_fulfilled_by_amazon,
            ),
            clock,
            config: self,
        })
    }

    fn check(&self) -> Result<(), Error> {
        let plain = |text: &str| {
            !text.is_empty() && text.chars().all(|letter| letter.is_ascii_alphanumeric())
        };
        if self.client_id.trim().is_empty() {
            return Err(config("client_id is empty"));
        }
        if !plain(&self.seller_id) {
            return Err(config("seller_id has letters and digits only"));
        }
        if self.marketplace_ids.is_empty() || self.marketplace_ids.len() > 25 {
            return Err(config("marketplace_ids: 1 to 25 are needed"));
        }
        if let Some(id) = self.marketplace_ids.iter().find(|id| !plain(id)) {
            return Err(config(format!(
                "marketplace_ids: {id:?} is no id of Amazon's"
            )));
        }
        if let Some(text) = &self.text_without_code
            && text.trim().is_empty()
        {
            return Err(config("text_without_code is empty"));
        }
        for (carrier, word) in &self.transporters {
            if Carrier::from_slug(carrier).is_none() {
                return Err(config(format!(
                    "transporters.{carrier}: there is no such transporter"
                ))
                .with_advice("`order-sync carriers list` shows the names"));
            }
            if words::check(words::Marketplace::Amazon, word, &[]).is_err() {
                return Err(config(format!(
                    "transporters.{carrier}: Amazon has no carrier code {word:?}"
                )));
            }
        }
        Ok(())
    }
}

fn config(message: impl Into<String>) -> Error {
    Error::not_applied(Kind::Config, message)
}
