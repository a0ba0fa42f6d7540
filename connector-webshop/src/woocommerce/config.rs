//! Settings of a WooCommerce shop.

use std::time::Duration;

use connector_http::{Environment, HeaderAuth, HttpClient, Secret};
use order_core::{Error, Kind};
use rust_decimal::Decimal;
use serde::Deserialize;

use super::api::Api;
use super::connector::WooCommerce;
use super::oauth1::OneLegged;
use super::{classify, wire};

/// How to reach and read a WooCommerce shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WooCommerceConfig {
    /// The shop's address, such as `https://shop.example`.
    pub url: String,
    /// The consumer key (`ck_…`), made under WooCommerce, Settings, Advanced, REST API.
    pub consumer_key: Secret,
    /// The consumer secret (`cs_…`).
    pub consumer_secret: Secret,
    /// Allows plain http to another machine. Requests are then signed, but can be read on the way.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// Statuses that mean that the goods were handed over.
    #[serde(default = "completed")]
    pub completed_statuses: Vec<String>,
    /// Statuses of plug-ins that mean that the order is being worked on.
    #[serde(default)]
    pub open_statuses: Vec<String>,
    /// Statuses of plug-ins that mean that the order is cancelled.
    #[serde(default)]
    pub cancelled_statuses: Vec<String>,
    /// Where T&T codes are found.
    #[serde(default)]
    pub tracking: TrackingConfig,
    /// What the order's payment method is called for people.
    #[serde(default = "payment_title")]
    pub payment_title: String,
    /// Writes the buyer's e-mail address into the order. WooCommerce then mails the buyer when the
    /// order is completed or refunded, which most marketplaces do not allow.
    #[serde(default)]
    pub pass_buyer_email: bool,
    /// The VAT in percent to assume where the marketplace names none. A wrong guess costs one more
    /// call and never changes a total.
    #[serde(default)]
    pub assumed_vat_percent: Option<Decimal>,
    /// Adds an untaxed fee line where the shop's own rounding is cents off; otherwise such an
    /// order stops as a differing total.
    #[serde(default = "yes")]
    pub rounding_fee: bool,
    /// Enters orders at full price without VAT where the shop has no tax rate for the address;
    /// otherwise such an order stops as a differing total.
    #[serde(default = "yes")]
    pub untaxed_where_no_rate: bool,
    /// The shop keeps orders as posts (High-Performance Order Storage is off). Its feed then does
    /// not notice codes, and open orders are read again more often. `check` tells when it differs.
    #[serde(default)]
    pub classic_storage: bool,
    /// How far the change feed looks back behind its cursor, in seconds; at least 2.
    #[serde(default = "overlap")]
    pub feed_overlap_seconds: u32,
    /// How long a request may take, in milliseconds.
    #[serde(default = "timeout")]
    pub request_timeout_ms: u64,
    /// The longest the shop may go on with a request after we gave up on it, in seconds
    /// (PHP's `max_execution_time` and the web server's limits).
    #[serde(default = "in_flight")]
    pub longest_request_seconds: u64,
}

/// Where T&T codes are found in an order. The plug-ins named in the documentation are always read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TrackingConfig {
    /// Further keys of `meta_data`.
    #[serde(default)]
    pub extra: Vec<ExtraTracking>,
    /// Does not ask for WooCommerce's own fulfilments, even where an order says it has some.
    #[serde(default)]
    pub ignore_fulfillments: bool,
}

/// A key of `meta_data` in which a plug-in keeps T&T codes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ExtraTracking {
    /// The key, such as `_my_tracking`.
    pub key: String,
    /// Where in the value the code is, as a JSON pointer (`/0/number`); the whole value without.
    #[serde(default)]
    pub pointer: Option<String>,
    /// Where in the value the transporter's name is, as a JSON pointer.
    #[serde(default)]
    pub carrier_pointer: Option<String>,
    /// Another key of `meta_data` whose value is the transporter's name.
    #[serde(default)]
    pub carrier_key: Option<String>,
    /// The transporter, where the key belongs to one alone.
    #[serde(default)]
    pub carrier: Option<String>,
}

impl ExtraTracking {
    /// The whole value of `key` is a code.
    pub fn new(key: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            pointer: None,
            carrier_pointer: None,
            carrier_key: None,
            carrier: None,
        }
    }
}

impl WooCommerceConfig {
    /// Settings with every default.
    pub fn new(url: impl Into<String>, consumer_key: Secret, consumer_secret: Secret) -> Self {
        Self {
            url: url.into(),
            consumer_key,
            consumer_secret,
            allow_plain_http: false,
            completed_statuses: completed(),
            open_statuses: Vec::new(),
            cancelled_statuses: Vec::new(),
            tracking: TrackingConfig::default(),
            payment_title: payment_title(),
            pass_buyer_email: false,
            assumed_vat_percent: None,
            rounding_fee: true,
            untaxed_where_no_rate: true,
            classic_storage: false,
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
    pub fn build(self, environment: impl Into<Environment>) -> Result<WooCommerce, Error> {
        let environment = environment.into();
        let clock = environment.clock();
        self.validate()?;
        let builder = HttpClient::builder(api_root(&self.url), &environment)
            .allow_plain_http(self.allow_plain_http)
            .request_timeout(Duration::from_millis(self.request_timeout_ms))
            .classify(classify::answer);
        let builder = if is_plain_http(&self.url) {
            builder.auth(OneLegged::new(
                self.consumer_key.clone(),
                self.consumer_secret.clone(),
                clock,
            ))
        } else {
            builder.auth(HeaderAuth::basic(
                self.consumer_key.expose(),
                &self.consumer_secret,
            ))
        };
        Ok(WooCommerce::new(Api::new(builder.build()?), self))
    }

    fn validate(&self) -> Result<(), Error> {
        let config = |message: &str| Err(Error::not_applied(Kind::Config, message));
        if self.consumer_key.expose().trim().is_empty()
            || self.consumer_secret.expose().trim().is_empty()
        {
            return config("consumer key or consumer secret is empty");
        }
        if self.completed_statuses.is_empty() {
            return config("completed_statuses is empty: no order would ever count as shipped");
        }
        if self.feed_overlap_seconds < 2 {
            return config(
                "feed_overlap_seconds must be at least 2: the feed counts whole seconds",
            );
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
        let inert = |status: &String| {
            let status = wire::Status::parse(status);
            status.is_draft() || status == wire::Status::Trash
        };
        if self.completed_statuses.iter().any(inert) {
            return config("a draft or the trash cannot count as completed");
        }
        Ok(())
    }
}

fn api_root(url: &str) -> String {
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix("/wp-json").unwrap_or(url);
    format!("{url}/wp-json")
}

fn is_plain_http(url: &str) -> bool {
    url.trim()
        .get(..7)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("http://"))
}

fn completed() -> Vec<String> {
    vec!["completed".to_owned()]
}

fn payment_title() -> String {
    "Paid on the marketplace".to_owned()
}

fn yes() -> bool {
    true
}

fn overlap() -> u32 {
    10
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

    fn config(url: &str) -> WooCommerceConfig {
        WooCommerceConfig::new(url, Secret::new("ck_hunter1"), Secret::new("cs_hunter2"))
    }

    fn build(config: WooCommerceConfig) -> Result<WooCommerce, Error> {
        config.build(Arc::new(SystemClock::new()))
    }

    #[test]
    fn the_addresses_people_write_lead_to_the_same_root() {
        for url in [
            "https://shop.example",
            "https://shop.example/",
            " https://shop.example/wp-json/ ",
        ] {
            assert_eq!(api_root(url), "https://shop.example/wp-json", "{url}");
        }
        assert_eq!(
            api_root("https://a.example/b"),
            "https://a.example/b/wp-json"
        );
    }

    #[test]
    fn plain_http_to_another_machine_is_refused_unless_allowed() {
        assert_eq!(
            build(config("http://shop.example")).unwrap_err().kind(),
            Kind::Config
        );
        let mut allowed = config("http://shop.example");
        allowed.allow_plain_http = true;
        assert!(build(allowed).is_ok());
        assert!(build(config("http://127.0.0.1:8080")).is_ok());
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let wrong: [fn(&mut WooCommerceConfig); 5] = [
            |c| c.completed_statuses.clear(),
            |c| c.completed_statuses.push("checkout-draft".into()),
            |c| c.feed_overlap_seconds = 1,
            |c| c.request_timeout_ms = 0,
            |c| c.consumer_secret = Secret::new(" "),
        ];
        for change in wrong {
            let mut config = config("https://shop.example");
            change(&mut config);
            assert_eq!(build(config).unwrap_err().kind(), Kind::Config);
        }
        assert!(build(config("https://shop.example")).is_ok());
    }

    #[test]
    fn debug_output_has_no_secret() {
        let config = config("https://shop.example");
        let mut printed = format!("{config:?}");
        printed += &format!("{:?}", build(config).unwrap());
        assert!(!printed.contains("hunter"), "{printed}");
    }

    #[test]
    fn a_configuration_file_needs_three_lines_and_refuses_what_it_does_not_know() {
        let text = r#"{"url":"https://shop.example","consumer_key":"ck","consumer_secret":"cs"}"#;
        let config: WooCommerceConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.completed_statuses, ["completed"]);
        assert!(!config.pass_buyer_email);
        let wrong = text.replace("\"url\"", "\"adress\":\"x\",\"url\"");
        assert!(serde_json::from_str::<WooCommerceConfig>(&wrong).is_err());
    }
}
