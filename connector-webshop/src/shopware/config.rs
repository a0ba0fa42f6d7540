//! Settings of a Shopware shop.

use std::sync::Arc;
use std::time::Duration;

use connector_http::{Environment, HttpClient, NoAuth, Secret};
use order_core::{Error, Kind};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::api::Api;
use super::classify;
use super::connector::Shopware;
use crate::app_token::{AppToken, Form};

/// How Shopware takes and gives tokens.
const FORM: Form = Form {
    header: "authorization",
    prefix: "Bearer ",
    json: true,
};

/// How to reach and read a Shopware 6 shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ShopwareConfig {
    /// The shop's address, such as `https://shop.example`.
    pub url: String,
    /// The access key id of an integration (`SWIA…`), made under Settings, System, Integrations.
    pub client_id: String,
    /// The integration's secret access key.
    pub client_secret: Secret,
    /// The sales channel of the orders, by id or name.
    pub sales_channel: String,
    /// Allows plain http to another machine. Everything is then readable on the way.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// The payment method of the orders, by id or name; without one, the sales channel's.
    #[serde(default)]
    pub payment_method: Option<String>,
    /// The shipping method of the orders, by id or name; without one, the sales channel's.
    #[serde(default)]
    pub shipping_method: Option<String>,
    /// Order states that mean that the goods were handed over.
    #[serde(default = "completed")]
    pub completed_states: Vec<String>,
    /// Delivery states that mean it, when every delivery of an order has one of them.
    #[serde(default = "delivered")]
    pub completed_delivery_states: Vec<String>,
    /// States of plug-ins that mean that the order is being worked on.
    #[serde(default)]
    pub open_states: Vec<String>,
    /// Takes the shipping method's name for the transporter's. Only where methods are called so.
    #[serde(default)]
    pub carrier_from_shipping_method: bool,
    /// The VAT in percent where neither the marketplace nor the shop's product names any.
    #[serde(default)]
    pub assumed_vat_percent: Option<Decimal>,
    /// Writes the buyer's e-mail address into the order. Shopware may then write to the buyer when
    /// staff moves the order on. Otherwise it has an address that leads nowhere.
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

impl ShopwareConfig {
    /// Settings with every default.
    pub fn new(
        url: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: Secret,
        sales_channel: impl Into<String>,
    ) -> Self {
        Self {
            url: url.into(),
            client_id: client_id.into(),
            client_secret,
            sales_channel: sales_channel.into(),
            allow_plain_http: false,
            payment_method: None,
            shipping_method: None,
            completed_states: completed(),
            completed_delivery_states: delivered(),
            open_states: Vec::new(),
            carrier_from_shipping_method: false,
            assumed_vat_percent: None,
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
    pub fn build(self, environment: impl Into<Environment>) -> Result<Shopware, Error> {
        let environment = environment.into();
        let clock = environment.clock();
        self.validate()?;
        let root = self.url.trim().trim_end_matches('/');
        let root = root.strip_suffix("/api").unwrap_or(root);
        let builder = |address: String| {
            HttpClient::builder(address, &environment)
                .allow_plain_http(self.allow_plain_http)
                .request_timeout(Duration::from_millis(self.request_timeout_ms))
        };
        let token = builder(format!("{root}/api/oauth/token")).auth(NoAuth);
        let own = Arc::clone(&clock);
        let token = AppToken::new(
            token.build()?,
            own,
            FORM,
            self.client_id.trim(),
            &self.client_secret,
        );
        let http = builder(format!("{root}/api"))
            .auth(token)
            // Without it Shopware answers in another form, JSON:API.
            .header("accept", "application/json")
            // A variant takes what it does not have from its product.
            .header("sw-inheritance", "1")
            .classify(classify::answer);
        Ok(Shopware::new(Api::new(http.build()?), self))
    }

    fn validate(&self) -> Result<(), Error> {
        let config = |message: &str| Err(Error::not_applied(Kind::Config, message));
        if self.client_id.trim().is_empty() || self.client_secret.expose().trim().is_empty() {
            return config("client_id or client_secret is empty");
        }
        if self.sales_channel.trim().is_empty() {
            return config("sales_channel is empty: name the channel that marketplace orders get");
        }
        if self.completed_states.is_empty() && self.completed_delivery_states.is_empty() {
            return config("no state means completed: no order would ever count as shipped");
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

fn completed() -> Vec<String> {
    vec!["completed".to_owned()]
}

fn delivered() -> Vec<String> {
    ["shipped", "returned", "returned_partially"]
        .map(str::to_owned)
        .to_vec()
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
    use super::*;
    use order_core::ports::SystemClock;

    fn config() -> ShopwareConfig {
        let secret = Secret::new("hunter2");
        ShopwareConfig::new("https://shop.example", "SWIAKEY", secret, "Marketplaces")
    }

    fn build(config: ShopwareConfig) -> Result<Shopware, Error> {
        config.build(Arc::new(SystemClock::new()))
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let wrong: [fn(&mut ShopwareConfig); 6] = [
            |c| c.client_id = String::new(),
            |c| c.client_secret = Secret::new(" "),
            |c| c.sales_channel = String::new(),
            |c| c.email_domain = "a@b".into(),
            |c| c.request_timeout_ms = 0,
            |c| {
                c.completed_states.clear();
                c.completed_delivery_states.clear();
            },
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
    fn a_configuration_file_needs_four_lines_and_refuses_what_it_does_not_know() {
        let text = r#"{"url":"https://shop.example","client_id":"a","client_secret":"b","sales_channel":"c"}"#;
        let config: ShopwareConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.completed_states, ["completed"]);
        let wrong = text.replace("\"url\"", "\"adress\":\"x\",\"url\"");
        assert!(serde_json::from_str::<ShopwareConfig>(&wrong).is_err());
    }
}
