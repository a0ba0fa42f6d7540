//! What a seller sets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connector_http::{Environment, HttpClient, Limit, Secret};
use order_core::{Error, Kind};
use serde::Deserialize;

use super::api::Api;
use super::classify;
use super::connector::Kaufland;
use super::signature::Signed;
use crate::carriers::CarrierList;

/// Settings of one Kaufland seller account.
///
/// ```
/// let config: connector_marketplace::kaufland::KauflandConfig = toml::from_str(r#"
///     client_key = { env = "PATH" }
///     secret_key = { env = "PATH" }
///     storefront = "de"
///
///     [transporters]
///     dhl-paket-de = "DHL"
/// "#)?;
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct KauflandConfig {
    /// From Kaufland's seller portal: Settings, API.
    pub client_key: Secret,
    /// From the same place.
    pub secret_key: Secret,
    /// Where the API is. Only changed for tests and Kaufland's playground.
    #[serde(default = "api_url")]
    pub api_url: String,
    /// One storefront alone (`de`, `cz`, `sk`, `pl`, `at` ...); all of them when absent.
    #[serde(default)]
    pub storefront: Option<String>,
    /// Kaufland's name of a carrier for shipments without a T&T code, such as `Other Hauler`.
    /// Without it such a shipment is refused here, as Kaufland wants a code and a carrier.
    #[serde(default)]
    pub carrier_without_code: Option<String>,
    /// Kaufland's name of a carrier per transporter of ours, where the one found in Kaufland's list
    /// is not wanted.
    #[serde(default)]
    pub transporters: BTreeMap<String, String>,
    /// Allows plain http to other machines.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// How long one request may take, in seconds; 20 when absent.
    #[serde(default)]
    pub request_timeout_seconds: Option<u64>,
}

fn api_url() -> String {
    "https://sellerapi.kaufland.com/v2".to_owned()
}

/// 111 requests a second, for one seller.
const SPACING: Duration = Duration::from_micros(9010);
const BURST: u32 = 50;

impl KauflandConfig {
    /// Settings with nothing but the keys.
    #[must_use]
    pub fn new(client_key: Secret, secret_key: Secret) -> Self {
        Self {
            client_key,
            secret_key,
            api_url: api_url(),
            storefront: None,
            carrier_without_code: None,
            transporters: BTreeMap::new(),
            allow_plain_http: false,
            request_timeout_seconds: None,
        }
    }

    /// Another server than Kaufland's, such as a sandbox or the playground.
    #[must_use]
    pub fn at(mut self, url: &str) -> Self {
        url.trim_end_matches('/').clone_into(&mut self.api_url);
        self
    }

    /// Checks the settings and makes the connector. No request is sent.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] with the setting that cannot work.
    pub fn build(self, environment: impl Into<Environment>) -> Result<Kaufland, Error> {
        let environment = environment.into();
        let clock = environment.clock();
        let is_storefront = |text: &String| {
            text.len() == 2 && text.chars().all(|letter| letter.is_ascii_lowercase())
        };
        if let Some(wrong) = self.storefront.as_ref().filter(|it| !is_storefront(it)) {
            let text = format!("storefront {wrong:?} is not a country in two small letters");
            return Err(Error::not_applied(Kind::Config, text).with_advice("for example: de"));
        }
        let blank = |text: &String| text.trim().is_empty();
        if self.carrier_without_code.as_ref().is_some_and(blank) {
            return Err(Error::not_applied(
                Kind::Config,
                "carrier_without_code is empty",
            ));
        }
        let timeout = Duration::from_secs(self.request_timeout_seconds.unwrap_or(20).max(1));
        let signed = Signed {
            client_key: self.client_key.clone(),
            secret_key: self.secret_key.clone(),
            clock: Arc::clone(&clock),
        };
        let http = HttpClient::builder(&self.api_url, &environment)
            .account(self.client_key.fingerprint())
            .allow_plain_http(self.allow_plain_http)
            .request_timeout(timeout)
            // With one last attempt this stays below the minute a call is given.
            .retry_budget(Duration::from_secs(35))
            .limit_others(Limit::none().with_spacing(SPACING).with_burst(BURST))
            .auth(signed)
            .header("accept", "application/json")
            .classify(classify::problem)
            .build()?;
        Ok(Kaufland {
            api: Api::new(http, self.storefront.clone()),
            carriers: CarrierList::new(Arc::clone(&clock)),
            clock,
            config: self,
        })
    }
}
