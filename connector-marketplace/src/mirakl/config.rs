//! What a seller sets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connector_http::{Environment, HeaderAuth, HttpClient, Limit, Secret};
use order_core::{Error, Kind};
use serde::Deserialize;

use super::api::{Api, LISTING, RETURN_LISTING};
use super::classify;
use super::connector::Mirakl;
use crate::carriers::CarrierList;

/// Settings of one shop at one operator's Mirakl instance.
///
/// ```
/// let config: connector_marketplace::mirakl::MiraklConfig = toml::from_str(r#"
///     api_url = "https://marketplace.example"
///     api_key = { env = "PATH" }
///     shop_id = 2001
///     multi_shipment = true
///
///     [transporters]
///     dpd = "DPD-FR"
///
///     [cancel_reasons]
///     out_of_stock = "34"
/// "#)?;
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MiraklConfig {
    /// The operator's instance, as in its seller back office.
    pub api_url: String,
    /// The shop's API key: seller back office, user settings, API key.
    pub api_key: Secret,
    /// Which shop, where the key may work for several.
    #[serde(default)]
    pub shop_id: Option<i64>,
    /// Whether the operator has switched on several shipments per order.
    #[serde(default)]
    pub multi_shipment: bool,
    /// Whether the operator refuses shipments without a T&T code.
    #[serde(default)]
    pub tracking_required: bool,
    /// Fulfilment centres that are the seller's own; orders of others are sent by the operator.
    #[serde(default = "own_centers")]
    pub own_fulfillment_centers: Vec<String>,
    /// The operator's code of a carrier per transporter of ours, where the one found in the
    /// operator's list is not wanted.
    #[serde(default)]
    pub transporters: BTreeMap<String, String>,
    /// The operator's reason codes for `out_of_stock`, `buyer_asked` and `other`. Without one the
    /// first reason that the operator offers to sellers is taken.
    #[serde(default)]
    pub cancel_reasons: BTreeMap<String, String>,
    /// The least time between two listings, in seconds; 60 when absent, which is the most often
    /// that Mirakl allows.
    #[serde(default)]
    pub listing_spacing_seconds: Option<u64>,
    /// Allows plain http to other machines.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// How long one request may take, in seconds; 20 when absent.
    #[serde(default)]
    pub request_timeout_seconds: Option<u64>,
}

fn own_centers() -> Vec<String> {
    vec!["DEFAULT".to_owned()]
}

/// Pages of one listing and its passes come close together; this many may start before the
/// spacing holds.
const LISTING_BURST: u32 = 6;

impl MiraklConfig {
    /// Settings with nothing but the instance and the key.
    #[must_use]
    pub fn new(api_url: impl Into<String>, api_key: Secret) -> Self {
        Self {
            api_url: api_url.into(),
            api_key,
            shop_id: None,
            multi_shipment: false,
            tracking_required: false,
            own_fulfillment_centers: own_centers(),
            transporters: BTreeMap::new(),
            cancel_reasons: BTreeMap::new(),
            listing_spacing_seconds: None,
            allow_plain_http: false,
            request_timeout_seconds: None,
        }
    }

    /// Checks the settings and makes the connector. No request is sent.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] with the setting that cannot work.
    pub fn build(self, environment: impl Into<Environment>) -> Result<Mirakl, Error> {
        let environment = environment.into();
        let clock = environment.clock();
        let known = ["out_of_stock", "buyer_asked", "other"];
        for reason in self.cancel_reasons.keys() {
            if !known.contains(&reason.as_str()) {
                let text = format!("cancel_reasons.{reason}: there is no such reason");
                let advice = format!("one of: {}", known.join(", "));
                return Err(Error::not_applied(Kind::Config, text).with_advice(advice));
            }
        }
        if self.own_fulfillment_centers.is_empty() {
            let text = "own_fulfillment_centers is empty: every order would be the operator's";
            return Err(Error::not_applied(Kind::Config, text));
        }
        let timeout = Duration::from_secs(self.request_timeout_seconds.unwrap_or(20).max(1));
        let spacing = Duration::from_secs(self.listing_spacing_seconds.unwrap_or(60));
        let key = self.api_key.fingerprint();
        let account = self.shop_id.map_or(key, |shop| format!("shop {shop}"));
        let http = HttpClient::builder(&self.api_url, &environment)
            .account(account)
            .allow_plain_http(self.allow_plain_http)
            .request_timeout(timeout)
            // With one last attempt this stays below the minute a call is given.
            .retry_budget(Duration::from_secs(35))
            .limit(
                LISTING,
                Limit::none()
                    .with_spacing(spacing)
                    .with_burst(LISTING_BURST),
            )
            .limit(
                RETURN_LISTING,
                Limit::none()
                    .with_spacing(spacing.saturating_mul(5))
                    .with_burst(LISTING_BURST),
            )
            .auth(HeaderAuth::new("authorization", self.api_key.clone()))
            .header("accept", "application/json")
            .classify(classify::problem)
            .build()?;
        Ok(Mirakl {
            api: Api::new(http, self.shop_id),
            carriers: CarrierList::new(Arc::clone(&clock)),
            clock,
            config: self,
        })
    }
}
