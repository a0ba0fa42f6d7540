//! Settings of a Shopify shop.

use std::sync::Arc;
use std::time::Duration;

use connector_http::{Environment, HeaderAuth, HttpClient, NoAuth, Secret};
use order_core::{Error, Kind};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::api::Api;
use super::connector::Shopify;
use super::{classify, documents};
use crate::app_token::{AppToken, Form};

/// The header that carries the token.
pub(super) const HEADER: &str = "x-shopify-access-token";

const FORM: Form = Form {
    header: HEADER,
    prefix: "",
    json: false,
};

/// How to reach and read a Shopify shop.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ShopifyConfig {
    /// The shop's name at Shopify, such as `example.myshopify.com`.
    pub shop: String,
    /// How to prove who we are.
    pub credentials: ShopifyCredentials,
    /// Allows plain http, for a shop that is not Shopify's own. Everything can be read on the way.
    #[serde(default)]
    pub allow_plain_http: bool,
    /// The order metafield of type ID that holds our key, as `namespace.key`. Its definition must
    /// be made in the shop. `None` (written as an empty text) where it cannot be: orders are then
    /// found by search alone, whose index may lag.
    #[serde(default = "key_metafield", deserialize_with = "optional_text")]
    pub key_metafield: Option<String>,
    /// What happens to the stock.
    #[serde(default)]
    pub stock: Stock,
    /// What the payment is called for people.
    #[serde(default = "payment_title")]
    pub payment_title: String,
    /// The handle of an order attribution definition of the app; none for Shopify's own choice.
    #[serde(default)]
    pub source_name: Option<String>,
    /// Tags of every order.
    #[serde(default = "tags")]
    pub tags: Vec<String>,
    /// Writes the buyer's e-mail address into the order. Shopify may then write to the buyer when
    /// the order is fulfilled.
    #[serde(default)]
    pub pass_buyer_email: bool,
    /// Fulfilment statuses that mean that the goods were handed over.
    #[serde(default = "completed")]
    pub completed_statuses: Vec<String>,
    /// How far the change feed looks back behind its cursor, in seconds.
    #[serde(default = "overlap")]
    pub feed_overlap_seconds: u32,
    /// How long a request may take, in milliseconds.
    #[serde(default = "timeout")]
    pub request_timeout_ms: u64,
    /// The longest the shop may go on with a request after we gave up on it, in seconds.
    #[serde(default = "in_flight")]
    pub longest_request_seconds: u64,
    /// The longest a search may miss an order that was just made, in seconds. Shopify names none.
    #[serde(default = "index_lag")]
    pub search_lag_seconds: u64,
}

/// How to prove who we are.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ShopifyCredentials {
    /// An Admin API access token (`shpat_…`).
    AccessToken(Secret),
    /// Id and secret of an app that the shop has installed. Tokens are fetched with them.
    App {
        /// The client id.
        client_id: String,
        /// The client secret.
        client_secret: Secret,
    },
}

/// What happens to the stock of what is sold on the marketplace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stock {
    /// Taken, also where none is left: it was sold already.
    #[default]
    Take,
    /// Taken where the product's own policy allows it; else the order is refused.
    TakeWhereAllowed,
    /// Left alone.
    Leave,
}

/// How credentials may be written. What was written instead is never quoted: it may be a secret.
const FORMS: &str = "credentials are { access_token = … } or \
    { app = { client_id = …, client_secret = … } }; nothing else";

impl<'de> Deserialize<'de> for ShopifyCredentials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Value::deserialize(deserializer).map_err(|_| D::Error::custom(FORMS))?;
        let only = |value: &Value, names: &[&str]| {
            let map = value.as_object();
            map.is_some_and(|map| {
                map.len() == names.len() && names.iter().all(|name| map.contains_key(*name))
            })
        };
        let secret =
            |value: &Value| serde_json::from_value(value.clone()).map_err(D::Error::custom);
        if only(&written, &["access_token"]) {
            return Ok(Self::AccessToken(secret(&written["access_token"])?));
        }
        let app = &written["app"];
        match app["client_id"].as_str() {
            Some(id) if only(&written, &["app"]) && only(app, &["client_id", "client_secret"]) => {
                Ok(Self::App {
                    client_id: id.to_owned(),
                    client_secret: secret(&app["client_secret"])?,
                })
            }
            _ => Err(D::Error::custom(FORMS)),
        }
    }
}

impl ShopifyConfig {
    /// Settings with every default.
    pub fn new(shop: impl Into<String>, credentials: ShopifyCredentials) -> Self {
        Self {
            shop: shop.into(),
            credentials,
            allow_plain_http: false,
            key_metafield: key_metafield(),
            stock: Stock::default(),
            payment_title: payment_title(),
            source_name: None,
            tags: tags(),
            pass_buyer_email: false,
            completed_statuses: completed(),
            feed_overlap_seconds: overlap(),
            request_timeout_ms: timeout(),
            longest_request_seconds: in_flight(),
            search_lag_seconds: index_lag(),
        }
    }

    /// Checks the settings and makes the connector. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] with what is wrong and what to do.
    pub fn build(self, environment: impl Into<Environment>) -> Result<Shopify, Error> {
        let environment = environment.into();
        let clock = environment.clock();
        self.validate()?;
        let root = self.root();
        let builder = |address: String| {
            HttpClient::builder(address, &environment)
                .allow_plain_http(self.allow_plain_http)
                .request_timeout(Duration::from_millis(self.request_timeout_ms))
        };
        let api = builder(format!("{root}/admin/api/{}", documents::VERSION))
            .classify(classify::answer)
            .rate_hints(classify::rate_hints);
        let http = match &self.credentials {
            ShopifyCredentials::AccessToken(token) => {
                api.auth(HeaderAuth::new(HEADER, token.clone()))
            }
            ShopifyCredentials::App {
                client_id,
                client_secret,
            } => {
                let token = builder(format!("{root}/admin/oauth/access_token")).auth(NoAuth);
                let own = Arc::clone(&clock);
                let token = AppToken::new(token.build()?, own, FORM, client_id, client_secret);
                api.auth(token)
            }
        };
        let api = Api::new(http.build()?, self.key_parts());
        Ok(Shopify::new(api, self, clock))
    }

    fn root(&self) -> String {
        let shop = self.shop.trim().trim_end_matches('/');
        if shop.contains("://") {
            shop.to_owned()
        } else {
            format!("https://{shop}")
        }
    }

    /// Namespace and key of the metafield. Asked for also where there is none, which is harmless.
    fn key_parts(&self) -> (String, String) {
        let name = self.key_metafield.as_deref();
        let (namespace, key) = name
            .and_then(|name| name.rsplit_once('.'))
            .unwrap_or(("custom", "marketplace_order_id"));
        (namespace.to_owned(), key.to_owned())
    }

    fn validate(&self) -> Result<(), Error> {
        let config = |message: String| Err(Error::not_applied(Kind::Config, message));
        let shop = self.shop.trim();
        if shop.is_empty() || (!shop.contains("://") && shop.contains(['/', '?', '#', '@', ' '])) {
            return config(format!(
                "shop {shop:?} is not a shop's name, such as example.myshopify.com"
            ));
        }
        let empty = match &self.credentials {
            ShopifyCredentials::AccessToken(token) => token.expose().trim().is_empty(),
            ShopifyCredentials::App {
                client_id,
                client_secret,
            } => client_id.trim().is_empty() || client_secret.expose().trim().is_empty(),
        };
        if empty {
            return config("the credentials are empty".to_owned());
        }
        if let Some(name) = &self.key_metafield {
            let good = |part: &str, least: usize| {
                part.len() >= least
                    && part
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '$'))
            };
            let fits = name
                .rsplit_once('.')
                .is_some_and(|(namespace, key)| good(namespace, 3) && good(key, 2));
            if !fits {
                return config(format!(
                    "key_metafield {name:?} is not a namespace and a key, such as \
                     \"custom.marketplace_order_id\""
                ));
            }
        }
        if self.completed_statuses.is_empty() {
            return config(
                "completed_statuses is empty: no order would ever count as shipped".to_owned(),
            );
        }
        if self.request_timeout_ms == 0 {
            return config("request_timeout_ms must not be 0".to_owned());
        }
        Ok(())
    }
}

/// A text that may be switched off by an empty one.
fn optional_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

fn key_metafield() -> Option<String> {
    Some("custom.marketplace_order_id".to_owned())
}

fn payment_title() -> String {
    "Paid on the marketplace".to_owned()
}

fn tags() -> Vec<String> {
    vec!["marketplace".to_owned()]
}

fn completed() -> Vec<String> {
    vec!["FULFILLED".to_owned()]
}

fn overlap() -> u32 {
    60
}

fn timeout() -> u64 {
    30_000
}

fn in_flight() -> u64 {
    60
}

fn index_lag() -> u64 {
    60
}

#[cfg(test)]
mod tests {
    use super::*;
    use order_core::ports::SystemClock;

    fn config() -> ShopifyConfig {
        let token = ShopifyCredentials::AccessToken(Secret::new("shpat_hunter2"));
        ShopifyConfig::new("example.myshopify.com", token)
    }

    fn build(config: ShopifyConfig) -> Result<Shopify, Error> {
        config.build(Arc::new(SystemClock::new()))
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        let wrong: [fn(&mut ShopifyConfig); 7] = [
            |c| c.shop = String::new(),
            |c| c.shop = "example.myshopify.com/admin".into(),
            |c| c.shop = "http://shop.example".into(),
            |c| c.key_metafield = Some("marketplace_order_id".into()),
            |c| c.key_metafield = Some("custom.a b".into()),
            |c| c.completed_statuses.clear(),
            |c| c.credentials = ShopifyCredentials::AccessToken(Secret::new(" ")),
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
        let mut app = config();
        app.credentials = ShopifyCredentials::App {
            client_id: "id".into(),
            client_secret: Secret::new("hunter3"),
        };
        for config in [config(), app] {
            let mut printed = format!("{config:?}");
            printed += &format!("{:?}", build(config).unwrap());
            assert!(!printed.contains("hunter"), "{printed}");
        }
    }

    #[test]
    fn a_configuration_file_needs_two_lines_and_never_quotes_a_secret() {
        let text = r#"{"shop":"a.myshopify.com","credentials":{"access_token":"x"}}"#;
        let config: ShopifyConfig = serde_json::from_str(text).unwrap();
        assert_eq!(config.stock, Stock::Take);
        assert!(!config.pass_buyer_email);
        let off = text.replace("\"shop\"", "\"key_metafield\":\"\",\"shop\"");
        let config: ShopifyConfig = serde_json::from_str(&off).unwrap();
        assert_eq!(config.key_metafield, None);
        for wrong in [
            r#""hunter2""#,
            r#"{"hunter2":1}"#,
            r#"{"app":{"client_id":"a"}}"#,
        ] {
            let told = serde_json::from_str::<ShopifyCredentials>(wrong).unwrap_err();
            assert!(!told.to_string().contains("hunter2"), "{told}");
        }
    }
}
