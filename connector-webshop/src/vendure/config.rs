//! Settings of a Vendure shop.

use std::time::Duration;

use connector_http::{Environment, HeaderAuth, HttpClient, NoAuth, Secret};
use order_core::{Error, Kind};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::api::Api;
use super::auth::Session;
use super::classify;
use super::connector::Vendure;

/// How to reach and read a Vendure shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct VendureConfig {
    /// The address of the Admin API, such as `https://shop.example/admin-api`.
    pub url: String,
    /// How to prove who we are.
    pub credentials: VendureCredentials,
    /// The token of the channel to work in; without one, the default channel.
    #[serde(default)]
    pub channel_token: Option<Secret>,
    /// Allows plain http to another machine. Everything is then readable on the way.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// The order's custom field that holds our key. It should be declared unique in the shop.
    /// `None` (written as an empty text) for shops without: orders are then found by the payment's
    /// transaction id, which exists only once they are paid.
    #[serde(default = "order_field", deserialize_with = "field")]
    pub order_field: Option<String>,
    /// The order line's custom field that holds the marketplace's line id; empty for none.
    #[serde(default = "line_field", deserialize_with = "field")]
    pub line_field: Option<String>,
    /// The order line's custom field from which the shop's price strategy takes the price of one
    /// piece, tax included, in the smallest unit; empty where prices come from the catalogue.
    #[serde(default = "price_field", deserialize_with = "field")]
    pub price_field: Option<String>,
    /// A product variant's custom field that holds the GTIN, where there is one.
    #[serde(default, deserialize_with = "field")]
    pub gtin_field: Option<String>,
    /// The code of the payment method under which marketplace payments are booked.
    #[serde(default = "payment_method")]
    pub payment_method: String,
    /// Codes of the shipping methods that may be used, best first; empty for any. Among them the
    /// first with exactly the order's shipping cost is taken.
    #[serde(default)]
    pub shipping_methods: Vec<String>,
    /// States that mean that the goods were handed over.
    #[serde(default = "completed")]
    pub completed_states: Vec<String>,
    /// The shop's own states that mean that the order is being worked on.
    #[serde(default)]
    pub open_states: Vec<String>,
    /// Gives the buyer's e-mail address to the shop, which may then write to the buyer. Otherwise
    /// the customer gets an address that leads nowhere.
    #[serde(default)]
    pub pass_buyer_email: bool,
    /// The domain of those addresses.
    #[serde(default = "email_domain")]
    pub email_domain: String,
    /// Decimals of the shop's whole-number prices (its money strategy's precision).
    #[serde(default = "precision")]
    pub money_precision: u32,
    /// How long a request may take, in milliseconds.
    #[serde(default = "timeout")]
    pub request_timeout_ms: u64,
    /// The longest the shop may go on with a request after we gave up on it, in seconds.
    #[serde(default = "in_flight")]
    pub longest_request_seconds: u64,
}

/// How to prove who we are.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum VendureCredentials {
    /// An API key, sent as `vendure-api-key`. Needs `api-key` in the shop's `tokenMethod`.
    ApiKey(Secret),
    /// An administrator's name and password. Needs `bearer` in the shop's `tokenMethod`.
    Login {
        /// The identifier.
        username: String,
        /// The password.
        password: Secret,
    },
}

/// How credentials may be written. What was written instead is never quoted: it may be a secret.
const FORMS: &str =
    "credentials are { api_key = … } or { login = { username = …, password = … } }; nothing else";

impl<'de> Deserialize<'de> for VendureCredentials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Value::deserialize(deserializer).map_err(|_| D::Error::custom(FORMS))?;
        let only = |value: &Value, names: &[&str]| {
            let map = value.as_object();
            map.is_some_and(|map| {
                map.len() == names.len() && names.iter().all(|n| map.contains_key(*n))
            })
        };
        let secret =
            |value: &Value| serde_json::from_value(value.clone()).map_err(D::Error::custom);
        if only(&written, &["api_key"]) {
            return Ok(Self::ApiKey(secret(&written["api_key"])?));
        }
        let login = &written["login"];
        match login["username"].as_str() {
            Some(username)
                if only(&written, &["login"]) && only(login, &["username", "password"]) =>
            {
                Ok(Self::Login {
                    username: username.to_owned(),
                    password: secret(&login["password"])?,
                })
            }
            _ => Err(D::Error::custom(FORMS)),
        }
    }
}

impl VendureConfig {
    /// Settings with every default.
    pub fn new(url: impl Into<String>, credentials: VendureCredentials) -> Self {
        Self {
            url: url.into(),
            credentials,
            channel_token: None,
            allow_plain_http: false,
            order_field: order_field(),
            line_field: line_field(),
            price_field: price_field(),
            gtin_field: None,
            payment_method: payment_method(),
            shipping_methods: Vec::new(),
            completed_states: completed(),
            open_states: Vec::new(),
            pass_buyer_email: false,
            email_domain: email_domain(),
            money_precision: precision(),
            request_timeout_ms: timeout(),
            longest_request_seconds: in_flight(),
        }
    }

    /// For a shop that declares none of the custom fields: prices come from its catalogue, and
    /// orders are found by the payment's transaction id.
    #[must_use]
    pub fn without_custom_fields(mut self) -> Self {
        self.order_field = None;
        self.line_field = None;
        self.price_field = None;
        self
    }

    /// Checks the settings and makes the connector. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] with what is wrong and what to do.
    pub fn build(self, environment: impl Into<Environment>) -> Result<Vendure, Error> {
        let environment = environment.into();
        self.validate()?;
        let builder = || {
            HttpClient::builder(self.url.trim(), &environment)
                .allow_plain_http(self.allow_plain_http)
                .request_timeout(Duration::from_millis(self.request_timeout_ms))
                .classify(classify::answer)
        };
        let channel = self.channel_token.clone();
        let channel = channel.map(|token| HeaderAuth::new("vendure-token", token));
        let (client, session) = match &self.credentials {
            VendureCredentials::ApiKey(key) => {
                let auth = HeaderAuth::new("vendure-api-key", key.clone());
                let auth = match &self.channel_token {
                    Some(token) => auth.and("vendure-token", token.clone()),
                    None => auth,
                };
                (builder().auth(auth).build()?, None)
            }
            VendureCredentials::Login { username, password } => {
                let session =
                    Session::new(builder().auth(NoAuth).build()?, username, password, channel);
                (builder().auth(session.clone()).build()?, Some(session))
            }
        };
        Ok(Vendure::new(Api::new(client, session, &self), self))
    }

    fn validate(&self) -> Result<(), Error> {
        let config = |message: String| Err(Error::not_applied(Kind::Config, message));
        let fields = [
            &self.order_field,
            &self.line_field,
            &self.price_field,
            &self.gtin_field,
        ];
        for name in fields.into_iter().flatten() {
            // Names go into GraphQL documents.
            let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            if !starts || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                return config(format!("{name:?} is not the name of a custom field"));
            }
        }
        let empty = match &self.credentials {
            VendureCredentials::ApiKey(key) => key.expose().is_empty(),
            VendureCredentials::Login { username, password } => {
                username.is_empty() || password.expose().is_empty()
            }
        };
        if empty {
            return config("the credentials are empty".to_owned());
        }
        if self.completed_states.is_empty() {
            return config(
                "completed_states is empty: no order would ever count as shipped".into(),
            );
        }
        if self.money_precision > 6 || self.request_timeout_ms == 0 {
            return config("money_precision must be at most 6, request_timeout_ms not 0".into());
        }
        Ok(())
    }
}

/// A custom field's name; the empty text switches it off.
fn field<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    Ok(name.filter(|name| !name.is_empty()))
}

fn order_field() -> Option<String> {
    Some("marketplaceOrderId".to_owned())
}

fn line_field() -> Option<String> {
    Some("marketplaceLineId".to_owned())
}

fn price_field() -> Option<String> {
    Some("marketplaceUnitPrice".to_owned())
}

fn payment_method() -> String {
    "marketplace".to_owned()
}

fn completed() -> Vec<String> {
    vec!["Shipped".to_owned(), "Delivered".to_owned()]
}

fn email_domain() -> String {
    "marketplace.invalid".to_owned()
}

fn precision() -> u32 {
    2
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

    fn config() -> VendureConfig {
        let credentials = VendureCredentials::Login {
            username: "admin".into(),
            password: Secret::new("hunter2"),
        };
        VendureConfig::new("https://shop.example/admin-api", credentials)
    }

    fn build(config: VendureConfig) -> Result<Vendure, Error> {
        config.build(Arc::new(SystemClock::new()))
    }

    #[test]
    fn a_field_name_cannot_smuggle_anything_into_a_document() {
        for name in ["", "1a", "a b", "a){x}", "ä"] {
            let mut config = config();
            config.order_field = Some(name.into());
            assert_eq!(build(config).unwrap_err().kind(), Kind::Config, "{name:?}");
        }
        assert!(build(config()).is_ok());
    }

    #[test]
    fn debug_output_has_no_secret() {
        let mut config = config();
        config.channel_token = Some(Secret::new("hunter3"));
        let mut printed = format!("{config:?}");
        printed += &format!("{:?}", build(config).unwrap());
        assert!(!printed.contains("hunter"), "{printed}");
    }

    #[test]
    fn a_configuration_file_names_the_address_and_the_credentials() {
        let text = r#"{"url":"https://shop.example/admin-api","credentials":{"api_key":"1:x"}}"#;
        let config: VendureConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.order_field.as_deref(), Some("marketplaceOrderId"));
        let off = text.replace("\"url\"", "\"order_field\":\"\",\"url\"");
        let config: VendureConfig = serde_json::from_str(&off).unwrap();
        assert_eq!(config.order_field, None);
    }

    #[test]
    fn credentials_that_do_not_fit_are_told_without_being_quoted() {
        let read = |text: &str| serde_json::from_str::<VendureCredentials>(text);
        assert!(matches!(
            read(r#"{"api_key": "hunter2"}"#).unwrap(),
            VendureCredentials::ApiKey(_)
        ));
        assert!(matches!(
            read(r#"{"login": {"username": "a", "password": "hunter2"}}"#).unwrap(),
            VendureCredentials::Login { .. }
        ));
        for wrong in [
            r#""hunter2""#,
            r#"{"hunter2": 1}"#,
            r#"["hunter2"]"#,
            r#"{"login": {"username": "a"}}"#,
            r#"{"login": {"username": "a", "password": ["hunter2"]}}"#,
            r#"{"api_key": "hunter2", "login": 1}"#,
        ] {
            let told = read(wrong).unwrap_err().to_string();
            assert!(!told.contains("hunter2"), "{told}");
        }
        let told = read(r#"{"api_key": {"env": "NO_SUCH_VARIABLE_HERE"}}"#).unwrap_err();
        assert!(
            told.to_string()
                .contains("NO_SUCH_VARIABLE_HERE is not set"),
            "{told}"
        );
    }
}
