//! Settings of a Medusa shop.

use std::time::Duration;

use connector_http::{Environment, HeaderAuth, HttpClient, Secret};
use order_core::{Error, Kind};
use serde::Deserialize;

use super::api::Api;
use super::classify;
use super::connector::Medusa;

/// How to reach and read a Medusa shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MedusaConfig {
    /// The address of the Medusa server, such as `https://shop.example`.
    pub url: String,
    /// A secret API key (`sk_…`), made in the admin under Settings, Secret API keys.
    pub api_key: Secret,
    /// Allows plain http to another machine. Everything is then readable on the way.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// The region of the orders, by id or name; without one, the region that has the country of
    /// delivery and the order's currency.
    #[serde(default)]
    pub region: Option<String>,
    /// The sales channel of the orders, by id or name; without one, the shop's default. Only
    /// warehouses that belong to it have stock for these orders.
    #[serde(default)]
    pub sales_channel: Option<String>,
    /// Names or ids of the shipping options that may be used, best first; empty for any that
    /// delivers to the country. The price is the order's own.
    #[serde(default)]
    pub shipping_options: Vec<String>,
    /// Order and fulfilment statuses that mean that the goods were handed over.
    #[serde(default = "completed")]
    pub completed_statuses: Vec<String>,
    /// Enters orders at full price without tax where the shop has no tax rate for the country;
    /// otherwise such an order stops as a differing total.
    #[serde(default = "yes")]
    pub untaxed_where_no_rate: bool,
    /// Gives the buyer's e-mail address to the shop, which may then write to the buyer. The shop
    /// must then make display ids of our key (see the documentation), since orders are found by
    /// their address otherwise. Without it the customer gets an address that leads nowhere.
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

impl MedusaConfig {
    /// Settings with every default.
    pub fn new(url: impl Into<String>, api_key: Secret) -> Self {
        Self {
            url: url.into(),
            api_key,
            allow_plain_http: false,
            region: None,
            sales_channel: None,
            shipping_options: Vec::new(),
            completed_statuses: completed(),
            untaxed_where_no_rate: true,
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
    pub fn build(self, environment: impl Into<Environment>) -> Result<Medusa, Error> {
        let environment = environment.into();
        self.validate()?;
        let root = self.url.trim().trim_end_matches('/');
        let root = root.strip_suffix("/admin").unwrap_or(root);
        // Medusa takes the key as the user's name, with an empty password.
        let auth = HeaderAuth::basic(self.api_key.expose(), &Secret::new(""));
        let http = HttpClient::builder(format!("{root}/admin"), environment)
            .auth(auth)
            .allow_plain_http(self.allow_plain_http)
            .request_timeout(Duration::from_millis(self.request_timeout_ms))
            .classify(classify::answer)
            .build()?;
        Ok(Medusa::new(Api::new(http), self))
    }

    fn validate(&self) -> Result<(), Error> {
        let config = |message: &str| Err(Error::not_applied(Kind::Config, message));
        if self.api_key.expose().trim().is_empty() {
            return config("the API key is empty");
        }
        if self.completed_statuses.is_empty() {
            return config("completed_statuses is empty: no order would ever count as shipped");
        }
        let domain = self.email_domain.trim();
        if domain.is_empty() || domain.contains(['@', ' ', '/']) {
            return config("email_domain is not a domain, such as marketplace.invalid");
        }
        if self.request_timeout_ms == 0 {
            return config("request_timeout_ms must not be 0");
        }
        Ok(())
    }
}

fn completed() -> Vec<String> {
    ["completed", "shipped", "delivered"]
        .map(str::to_owned)
        .to_vec()
}

fn yes() -> bool {
    true
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
    60
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use order_core::ports::SystemClock;

    fn config() -> MedusaConfig {
        MedusaConfig::new("https://shop.example", Secret::new("sk_hunter2"))
    }

    fn build(config: MedusaConfig) -> Result<Medusa, Error> {
        config.build(Arc::new(SystemClock::new()))
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let wrong: [fn(&mut MedusaConfig); 5] = [
            |c| c.api_key = Secret::new(" "),
            |c| c.completed_statuses.clear(),
            |c| c.email_domain = "a@b".into(),
            |c| c.request_timeout_ms = 0,
            |c| c.url = "http://shop.example".into(),
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
        let text = r#"{"url":"https://shop.example","api_key":"sk"}"#;
        let config: MedusaConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.completed_statuses.len(), 3);
        assert!(!config.pass_buyer_email);
        let wrong = text.replace("\"url\"", "\"adress\":\"x\",\"url\"");
        assert!(serde_json::from_str::<MedusaConfig>(&wrong).is_err());
    }
}
