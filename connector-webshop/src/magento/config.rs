//! Settings of a Magento shop.

use std::time::Duration;

use connector_http::{Environment, HeaderAuth, HttpClient, Secret};
use order_core::{Error, Kind};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::api::Api;
use super::classify;
use super::connector::Magento;

/// How to reach and read a Magento 2 or Adobe Commerce shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MagentoConfig {
    /// The shop's address, such as `https://shop.example`.
    pub url: String,
    /// The access token of an integration, made under System, Extensions, Integrations.
    pub access_token: Secret,
    /// The code of the store view that the orders get.
    #[serde(default = "store")]
    pub store: String,
    /// Allows plain http to another machine. Everything is then readable on the way.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// The code of the payment method of the orders; an offline one.
    #[serde(default = "payment_method")]
    pub payment_method: String,
    /// The code of the shipping method of the orders.
    #[serde(default = "shipping_method")]
    pub shipping_method: String,
    /// The VAT in percent where the marketplace names none. Without it such orders are refused,
    /// since Magento works out no tax for an order that comes through its API.
    #[serde(default)]
    pub assumed_vat_percent: Option<Decimal>,
    /// The code of the product attribute that holds the EAN, where there is one.
    #[serde(default)]
    pub gtin_attribute: Option<String>,
    /// Order states or statuses that mean that the goods were handed over.
    #[serde(default = "completed")]
    pub completed_statuses: Vec<String>,
    /// Writes the buyer's e-mail address into the order. Magento may then write to the buyer when
    /// staff says so. Otherwise it has an address that leads nowhere.
    #[serde(default)]
    pub pass_buyer_email: bool,
    /// The domain of those addresses.
    #[serde(default = "email_domain")]
    pub email_domain: String,
    /// How far the change feed looks back behind its cursor, in seconds.
    #[serde(default = "overlap")]
    pub feed_overlap_seconds: u32,
    /// How long a request may take, in milliseconds.
    #[serde(default = "timeout")]
    pub request_timeout_ms: u64,
    /// The longest the shop may go on with a request after we gave up on it, in seconds.
    #[serde(default = "in_flight")]
    pub longest_request_seconds: u64,
}

impl MagentoConfig {
    /// Settings with every default.
    pub fn new(url: impl Into<String>, access_token: Secret) -> Self {
        Self {
            url: url.into(),
            access_token,
            store: store(),
            allow_plain_http: false,
            payment_method: payment_method(),
            shipping_method: shipping_method(),
            assumed_vat_percent: None,
            gtin_attribute: None,
            completed_statuses: completed(),
            pass_buyer_email: false,
            email_domain: email_domain(),
            feed_overlap_seconds: overlap(),
            request_timeout_ms: timeout(),
            longest_request_seconds: in_flight(),
        }
    }

    /// Checks the settings and makes the connector. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] with what is wrong and what to do.
    pub fn build(self, environment: impl Into<Environment>) -> Result<Magento, Error> {
        let environment = environment.into();
        self.validate()?;
        let root = self.url.trim().trim_end_matches('/');
        let root = root.strip_suffix("/rest").unwrap_or(root);
        let token = HeaderAuth::bearer(&self.access_token);
        let http = HttpClient::builder(format!("{root}/rest/{}", self.store.trim()), environment)
            .allow_plain_http(self.allow_plain_http)
            .request_timeout(Duration::from_millis(self.request_timeout_ms))
            .auth(token)
            .header("accept", "application/json")
            .classify(classify::answer);
        Ok(Magento::new(Api::new(http.build()?), self))
    }

    fn validate(&self) -> Result<(), Error> {
        let config = |message: &str| Err(Error::not_applied(Kind::Config, message));
        if self.access_token.expose().trim().is_empty() {
            return config("access_token is empty");
        }
        let store = self.store.trim();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if store.is_empty() || !store.chars().all(plain) {
            return config("store is not the code of a store view, such as default");
        }
        if self.payment_method.trim().is_empty() || self.shipping_method.trim().is_empty() {
            return config("payment_method or shipping_method is empty");
        }
        if self.completed_statuses.is_empty() {
            return config("no status means completed: no order would ever count as shipped");
        }
        let domain = self.email_domain.trim();
        if domain.is_empty() || domain.contains(['@', ' ', '/']) {
            return config("email_domain is not a domain, such as marketplace.invalid");
        }
        if self.request_timeout_ms == 0 {
            return config("request_timeout_ms must not be 0");
        }
        if self
            .assumed_vat_percent
            .is_some_and(|vat| vat.is_sign_negative())
        {
            return config("assumed_vat_percent must not be negative");
        }
        Ok(())
    }
}

fn store() -> String {
    "default".to_owned()
}

fn payment_method() -> String {
    "checkmo".to_owned()
}

fn shipping_method() -> String {
    "flatrate_flatrate".to_owned()
}

fn completed() -> Vec<String> {
    vec!["complete".to_owned()]
}

fn email_domain() -> String {
    "marketplace.invalid".to_owned()
}

fn overlap() -> u32 {
    5
}

fn timeout() -> u64 {
    30_000
}

fn in_flight() -> u64 {
    120
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use order_core::ports::SystemClock;

    fn config() -> MagentoConfig {
        MagentoConfig::new("https://shop.example", Secret::new("hunter2"))
    }

    fn build(config: MagentoConfig) -> Result<Magento, Error> {
        config.build(Arc::new(SystemClock::new()))
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let wrong: [fn(&mut MagentoConfig); 7] = [
            |c| c.access_token = Secret::new(" "),
            |c| c.store = "a/b".into(),
            |c| c.payment_method = String::new(),
            |c| c.completed_statuses.clear(),
            |c| c.email_domain = "a@b".into(),
            |c| c.request_timeout_ms = 0,
            |c| c.assumed_vat_percent = Some(Decimal::NEGATIVE_ONE),
        ];
        for (at, change) in wrong.into_iter().enumerate() {
            let mut config = config();
            change(&mut config);
            assert_eq!(build(config).unwrap_err().kind(), Kind::Config, "{at}");
        }
        assert!(build(config()).is_ok());
    }

    #[test]
    fn debug_output_has_no_secret() {
        let mut printed = format!("{:?}", config());
        printed += &format!("{:?}", build(config()).unwrap());
        assert!(!printed.contains("hunter"), "{printed}");
    }

    #[test]
    fn a_configuration_file_needs_two_lines_and_refuses_what_it_does_not_know() {
        let text = r#"{"url":"https://shop.example","access_token":"a"}"#;
        let config: MagentoConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.completed_statuses, ["complete"]);
        let wrong = text.replace("\"url\"", "\"adress\":\"x\",\"url\"");
        assert!(serde_json::from_str::<MagentoConfig>(&wrong).is_err());
    }
}
