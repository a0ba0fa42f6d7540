//! A platform's settings without what is secret in them.

use super::mask::{HIDDEN, Mask};

/// Ends of names of settings that open something or name an account.
const SECRET: [&str; 10] = [
    "secret",
    "password",
    "token",
    "api_key",
    "client_key",
    "secret_key",
    "consumer_key",
    "username",
    "client_id",
    "seller_id",
];

fn is_secret(name: &str) -> bool {
    SECRET.iter().any(|end| name.ends_with(end))
}

/// `{ env = "NAME" }` or `{ file = "/path" }`.
fn is_reference(table: &toml::Table) -> bool {
    table.len() == 1 && table.keys().all(|name| name == "env" || name == "file")
}

/// The settings with a mask for every secret; references to secrets are not followed.
pub(super) fn without_secrets(table: &toml::Table) -> toml::Table {
    table
        .iter()
        .map(|(name, value)| (name.clone(), hidden(name, value)))
        .collect()
}

fn hidden(name: &str, value: &toml::Value) -> toml::Value {
    match value {
        toml::Value::Table(inner) if is_reference(inner) => HIDDEN.into(),
        toml::Value::Table(inner) => without_secrets(inner).into(),
        toml::Value::Array(values) => {
            let values = values.iter().map(|value| hidden(name, value));
            toml::Value::Array(values.collect())
        }
        toml::Value::String(_) if is_secret(name) => HIDDEN.into(),
        toml::Value::String(_)
        | toml::Value::Integer(_)
        | toml::Value::Float(_)
        | toml::Value::Boolean(_)
        | toml::Value::Datetime(_) => value.clone(),
    }
}

/// What the settings say that must stand nowhere in a recording, and whose addresses they name.
pub(super) fn learn(table: &toml::Table, instead: &'static str, mask: &mut Mask) {
    for (name, value) in table {
        match value {
            toml::Value::Table(inner) if is_reference(inner) => {
                if let Some(secret) = referred(inner) {
                    mask.secret(&secret);
                }
            }
            toml::Value::Table(inner) => learn(inner, instead, mask),
            toml::Value::String(text) if is_secret(name) => mask.secret(text),
            toml::Value::String(text) => {
                if let Some(origin) = origin(text) {
                    mask.origin(origin, instead);
                }
            }
            toml::Value::Integer(_)
            | toml::Value::Float(_)
            | toml::Value::Boolean(_)
            | toml::Value::Datetime(_)
            | toml::Value::Array(_) => {}
        }
    }
}

fn referred(table: &toml::Table) -> Option<String> {
    let text = |name: &str| table.get(name).and_then(toml::Value::as_str);
    let secret = match (text("env"), text("file")) {
        (Some(name), _) => connector_http::Secret::from_env(name),
        (None, Some(path)) => connector_http::Secret::from_file(path),
        (None, None) => return None,
    };
    secret.ok().map(|secret| secret.expose().to_owned())
}

/// `https://host:port` of an address.
fn origin(text: &str) -> Option<&str> {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))?;
    let scheme = text.len() - rest.len();
    let host = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    text.get(..scheme + host)
}

/// The settings with other addresses for the platforms'.
pub(super) fn elsewhere(table: &toml::Table, mask: &Mask) -> toml::Table {
    table
        .iter()
        .map(|(name, value)| {
            let value = match value {
                toml::Value::String(text) if origin(text).is_some() => mask.url(text).into(),
                toml::Value::Table(inner) => elsewhere(inner, mask).into(),
                toml::Value::String(_)
                | toml::Value::Integer(_)
                | toml::Value::Float(_)
                | toml::Value::Boolean(_)
                | toml::Value::Datetime(_)
                | toml::Value::Array(_) => value.clone(),
            };
            (name.clone(), value)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file::{FORM, Head};
    use super::super::replay::Again;
    use super::*;

    /// Every kind, with every secret there is and everything that names an account.
    const MARKETPLACES: [&str; 4] = [
        r#"kind = "amazon"
        client_id = "PRIVATE-1"
        client_secret = "PRIVATE-2"
        refresh_token = "PRIVATE-3"
        seller_id = "PRIVATE-4"
        marketplace_ids = ["A1805IZSGTT6HS"]"#,
        r#"kind = "bol"
        client_id = "PRIVATE-1"
        client_secret = "PRIVATE-2"
        api_url = "https://PRIVATE.example/retailer""#,
        r#"kind = "kaufland"
        client_key = "PRIVATE-1"
        secret_key = "PRIVATE-2"
        storefront = "de""#,
        r#"kind = "mirakl"
        api_url = "https://PRIVATE.example/api"
        api_key = "PRIVATE-1""#,
    ];
    const WEBSHOPS: [&str; 8] = [
        r#"kind = "woocommerce"
        url = "https://PRIVATE.example"
        consumer_key = "PRIVATE-1"
        consumer_secret = "PRIVATE-2""#,
        r#"kind = "vendure"
        url = "https://PRIVATE.example/admin-api"
        credentials = { login = { username = "PRIVATE-1", password = "PRIVATE-2" } }
        channel_token = "PRIVATE-3""#,
        r#"kind = "vendure"
        url = "https://PRIVATE.example/admin-api"
        credentials = { api_key = { file = "/PRIVATE/file" } }"#,
        r#"kind = "shopify"
        shop = "a-shop"
        credentials = { access_token = "PRIVATE-1" }"#,
        r#"kind = "shopify"
        shop = "a-shop"
        credentials = { app = { client_id = "PRIVATE-1", client_secret = "PRIVATE-2" } }"#,
        r#"kind = "medusa"
        url = "https://PRIVATE.example"
        api_key = "PRIVATE-1""#,
        r#"kind = "shopware"
        url = "https://PRIVATE.example"
        client_id = "PRIVATE-1"
        client_secret = "PRIVATE-2"
        sales_channel = "0123456789abcdef0123456789abcdef""#,
        r#"kind = "magento"
        url = "https://PRIVATE.example"
        access_token = "PRIVATE-1""#,
    ];

    #[test]
    fn no_setting_tells_a_secret_or_a_shop_and_connectors_can_still_be_made_of_them() {
        let marketplaces = MARKETPLACES.iter().map(|text| (*text, WEBSHOPS[0]));
        let webshops = WEBSHOPS.iter().map(|text| (MARKETPLACES[1], *text));
        for (marketplace, webshop) in marketplaces.chain(webshops) {
            let [marketplace, webshop] = [marketplace, webshop].map(|text| {
                let table: toml::Table = toml::from_str(text).unwrap();
                let mut mask = Mask::default();
                learn(&table, "https://platform.invalid", &mut mask);
                elsewhere(&without_secrets(&table), &mask)
            });
            let head = Head {
                recording: FORM,
                program: "order-sync".to_owned(),
                connection: "c".to_owned(),
                order: "o".to_owned(),
                marketplace,
                webshop,
            };
            let written = serde_json::to_string(&head).unwrap();
            assert!(!written.to_lowercase().contains("private"), "{written}");
            if let Err(problem) = Again::new(&head) {
                panic!("{problem}: {written}");
            }
        }
    }
}
