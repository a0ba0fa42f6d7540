//! Secrets and personal data, made unreadable while the shape stays.
//!
//! # Invariants
//!
//! - Letters become x and digits 0 in whatever tells who somebody is: by the name of the field, by
//!   the shape of the text, and by what the order's own addresses say.
//! - What a connector decides by stays: ids, codes, states, sums, times, countries.
//! - A text that is already masked stays as it is.

use std::collections::BTreeSet;

use order_core::address::Address;
use serde_json::Value;

/// What a secret setting becomes; long enough for any connector.
pub(super) const HIDDEN: &str = "xxxxxxxxxxxxxxxx";

/// Parts of names of fields that hold personal data wherever they stand.
const PERSONAL: [&str; 38] = [
    "firstname",
    "lastname",
    "surname",
    "middlename",
    "fullname",
    "givenname",
    "familyname",
    "customername",
    "buyername",
    "recipientname",
    "displayname",
    "username",
    "nickname",
    "company",
    "street",
    "address1",
    "address2",
    "address3",
    "addressline",
    "housenumber",
    "houseno",
    "extension",
    "city",
    "postcode",
    "postal",
    "zipcode",
    "phone",
    "mobile",
    "mail",
    "vatnumber",
    "vatid",
    "taxnumber",
    "birth",
    "salutation",
    "comment",
    "message",
    "useragent",
    "ipaddress",
];

/// Names of objects in which every text is personal, but for countries and ids.
const PEOPLE: [&str; 11] = [
    "address",
    "billing",
    "customer",
    "buyer",
    "recipient",
    "contact",
    "consignee",
    "shipto",
    "billto",
    "shipmentdetails",
    "pickuppoint",
];

/// Ends of names of fields whose words are a platform's, not a person's.
const VOCABULARY: [&str; 14] = [
    "status", "state", "type", "typename", "kind", "method", "code", "currency", "program",
    "level", "reason", "channel", "party", "carrier",
];

const SECRET: [&str; 8] = [
    "secret",
    "password",
    "token",
    "authorization",
    "apikey",
    "signature",
    "cookie",
    "credential",
];

/// What is known to be private, beyond what names and shapes tell.
#[derive(Debug, Default)]
pub(super) struct Mask {
    words: BTreeSet<String>,
    /// Words of ids, which an address of the marketplace's making may have too.
    ids: BTreeSet<String>,
    secrets: Vec<String>,
    /// Addresses of the platforms, and what stands for them.
    origins: Vec<(String, &'static str)>,
}

/// Letters to x and digits to 0.
pub(super) fn blank(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            c if c.is_uppercase() => 'X',
            c if c.is_alphabetic() => 'x',
            c if c.is_numeric() => '0',
            c => c,
        })
        .collect()
}

fn plain_name(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

fn has(name: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| name.contains(part))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| {
            let digits = word.chars().all(char::is_numeric);
            word.chars().count() >= if digits { 4 } else { 3 }
        })
        .map(str::to_lowercase)
}

/// A date, a sum, a quantity: digits and what stands between them.
fn is_figure(text: &str) -> bool {
    let figures = |text: &str| {
        text.chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | ':' | '+' | 'T' | 'Z'))
    };
    let date = text.split_once(' ').filter(|(day, _)| day.len() == 10);
    match date {
        Some((day, time)) => figures(day) && figures(time) && day.contains('-'),
        None => figures(text),
    }
}

/// `Anna`: a name, where the field does not say that it is one of the platform's words.
fn is_capitalised(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(char::is_uppercase)
        && chars.clone().count() > 0
        && chars.all(char::is_lowercase)
}

impl Mask {
    /// A text that may stand nowhere.
    pub(super) fn secret(&mut self, text: &str) {
        if text.chars().count() >= 4 {
            self.secrets.push(text.to_owned());
        }
    }

    /// An id that stays readable.
    pub(super) fn id(&mut self, id: &str) {
        self.ids.extend(words(id));
    }

    /// An address of a platform, and what stands for it.
    pub(super) fn origin(&mut self, origin: &str, instead: &'static str) {
        self.origins.push((origin.to_owned(), instead));
    }

    /// The words of an address may stand nowhere.
    pub(super) fn address(&mut self, address: &Address) {
        let mut value = serde_json::to_value(address).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.remove("country");
        }
        self.learn(&value);
    }

    fn learn(&mut self, value: &Value) {
        match value {
            Value::String(text) => {
                let new = words(text).filter(|word| !self.ids.contains(word));
                self.words.extend(new);
            }
            Value::Array(values) => values.iter().for_each(|value| self.learn(value)),
            Value::Object(fields) => fields.values().for_each(|value| self.learn(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Masks a value in place. `name` is the field it stands in.
    pub(super) fn value(&self, name: &str, value: &mut Value) {
        self.walk(name, false, value);
    }

    fn walk(&self, name: &str, person: bool, value: &mut Value) {
        let plain = plain_name(name);
        match value {
            Value::String(text) => *text = self.text(&plain, person, text),
            Value::Number(number) if has(&plain, &PERSONAL) => *number = 0.into(),
            Value::Array(values) => {
                values
                    .iter_mut()
                    .for_each(|value| self.walk(name, person, value));
            }
            Value::Object(fields) => {
                let person = person || has(&plain, &PEOPLE);
                // `{"key": "billing_phone", "value": ...}`: the name stands beside the value.
                let beside = ["key", "name"]
                    .iter()
                    .find_map(|name| fields.get(*name)?.as_str().map(str::to_owned));
                for (name, value) in fields {
                    let told = beside.as_deref().filter(|_| name == "value");
                    self.walk(told.unwrap_or(name), person, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&self, plain: &str, person: bool, text: &str) -> String {
        let text = &self.without_secrets(text);
        if has(plain, &SECRET) || has(plain, &PERSONAL) {
            return blank(text);
        }
        if person {
            let is_id = plain == "id" || plain.ends_with("id") && !text.contains([' ', '@']);
            let is_country = plain.contains("country") && text.len() <= 3;
            return if is_id || is_country {
                text.clone()
            } else {
                blank(text)
            };
        }
        if is_figure(text) {
            return text.clone();
        }
        if text.starts_with("https://") || text.starts_with("http://") {
            return self.url(text);
        }
        if text.starts_with(['{', '[']) {
            return match serde_json::from_str::<Value>(text) {
                Ok(mut inner) => {
                    self.walk(plain, person, &mut inner);
                    inner.to_string()
                }
                Err(_) => blank(text),
            };
        }
        let known = words(text).any(|word| self.words.contains(&word));
        let free = text.contains(|c: char| c.is_whitespace() || c == '@' || !c.is_ascii());
        let vocabulary = VOCABULARY.iter().any(|end| plain.ends_with(end));
        let opaque = text.len() > 64;
        if known || free || opaque || (is_capitalised(text) && !vocabulary) {
            return blank(text);
        }
        text.clone()
    }

    /// An address: the platform's own name goes, and what its parts say is masked as fields are.
    pub(super) fn url(&self, url: &str) -> String {
        let url = self.elsewhere(&self.without_secrets(url));
        let (path, query) = match url.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (url.as_str(), None),
        };
        let known = |part: &str| words(part).any(|word| self.words.contains(&word));
        let path: Vec<String> = path
            .split('/')
            .map(|part| {
                if known(part) {
                    blank(part)
                } else {
                    part.to_owned()
                }
            })
            .collect();
        let path = path.join("/");
        let Some(query) = query else { return path };
        let pairs: Vec<String> = query
            .split('&')
            .map(|pair| match pair.split_once('=') {
                Some((name, value)) => format!("{name}={}", self.pair(name, value)),
                None => blank(pair),
            })
            .collect();
        format!("{path}?{}", pairs.join("&"))
    }

    /// A value of a query. `%3A` and `%2C` part ids and times; other codes may part a name.
    fn pair(&self, name: &str, value: &str) -> String {
        let plain = plain_name(name);
        let coded = value.replace("%3A", ":").replace("%2C", ",");
        if coded.contains(['%', '+']) || matches!(plain.as_str(), "sig" | "key" | "hmac") {
            return blank(value);
        }
        if coded == value {
            return self.text(&plain, false, value);
        }
        let parts = coded.split([':', ',']);
        let hidden = parts
            .into_iter()
            .any(|part| self.text(&plain, false, part) != part);
        if hidden {
            blank(value)
        } else {
            value.to_owned()
        }
    }

    /// Another host for a platform's: the very address, or the same host with another port.
    fn elsewhere(&self, url: &str) -> String {
        let Some((scheme, rest)) = url.split_once("://") else {
            return url.to_owned();
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let host = |authority: &str| {
            let port = authority
                .rsplit_once(':')
                .filter(|(_, port)| !port.contains(']'));
            port.map_or(authority, |(host, _)| host).to_lowercase()
        };
        let same = |exactly: bool| {
            self.origins.iter().find(|(origin, _)| {
                let known = origin
                    .split_once("://")
                    .map_or(origin.as_str(), |(_, name)| name);
                if exactly {
                    known == authority
                } else {
                    host(known) == host(authority)
                }
            })
        };
        match same(true).or_else(|| same(false)) {
            Some((_, instead)) => format!("{instead}{path}"),
            None => format!("{scheme}://{rest}"),
        }
    }

    /// A body, an answer's text or a form: JSON keeps its shape, anything else only its letters'.
    pub(super) fn body(&self, bytes: &[u8]) -> Option<Value> {
        if bytes.is_empty() {
            return None;
        }
        let text = String::from_utf8_lossy(bytes);
        Some(
            match serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}')) {
                Ok(mut value) => {
                    self.value("", &mut value);
                    value
                }
                Err(_) => Value::String(blank(&self.without_secrets(&text))),
            },
        )
    }

    fn without_secrets(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), HIDDEN);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use order_core::testkit::samples;
    use serde_json::json;

    use super::*;

    fn masked(mut value: Value) -> String {
        let mut mask = Mask::default();
        mask.address(&samples::address());
        mask.secret("hunter2");
        mask.origin("https://shop.example", "https://webshop.invalid");
        mask.value("", &mut value);
        let once = value.to_string();
        mask.value("", &mut value);
        assert_eq!(
            once,
            value.to_string(),
            "masking twice changes nothing more"
        );
        once
    }

    #[test]
    fn who_somebody_is_goes_by_name_by_shape_and_by_what_the_order_says() {
        let text = masked(json!({
            "billing": {"first_name": "Kees", "anything": "Tulp", "country": "NL", "id": "77"},
            "shipmentDetails": {"surname": "Tulp", "houseNumber": 12, "countryCode": "BE"},
            "phone": 31612345678_u64, "customerEmail": "kees@tulp.example",
            "meta_data": [{"key": "_billing_phone", "value": "0612345678"}],
            "who": "Kees", "gift": "for grandma", "where": "Dorpstraat-1", "x": "Ünal",
            "nested": "{\"lastName\":\"Tulp\"}",
        }));
        for private in [
            "Kees",
            "kees",
            "Tulp",
            "tulp",
            "31612345678",
            "0612345678",
            "grandma",
            "Dorpstraat",
            "nal",
            "12",
        ] {
            assert!(!text.contains(private), "{private} in {text}");
        }
        for kept in ["\"NL\"", "\"BE\"", "\"77\"", "Xxxx"] {
            assert!(text.contains(kept), "{kept} not in {text}");
        }
    }

    #[test]
    fn secrets_go_wherever_they_stand_and_addresses_keep_their_shape() {
        let text = masked(json!({
            "access_token": "eyJ.a.b", "note_to_self": "hunter2", "plain": "x-hunter2-x",
            "next": "https://shop.example/orders/12?after=Tulp&sig=zz1&status=open&since=2026-01-01T00%3A00",
            "self": "http://SHOP.example:8080/x",
        }));
        for private in ["eyJ", "hunter2", "shop.example", "SHOP", "Tulp", "zz1"] {
            assert!(!text.contains(private), "{private} in {text}");
        }
        let kept = "https://webshop.invalid/orders/12?after=Xxxx&sig=xx0&status=open&since=2026-01-01T00%3A00";
        assert!(text.contains(kept), "{text}");
    }

    #[test]
    fn what_is_decided_by_stays() {
        let value = json!({
            "id": "A000123", "orderItemId": "6107434013", "status": "Unshipped", "state": "OPEN",
            "total": "24.95", "price": 12.5, "placed": "2026-11-23T10:00:00+01:00",
            "date_created": "2026-11-23 10:00:00", "trackAndTrace": "3SBOL0987654321",
            "currency": "EUR", "fulfilment": {"method": "FBR"}, "sku": "MUG-01", "open": true,
            "gid": "gid://shopify/Order/1", "uuid": "0190c7f2-1111-7aaa-8bbb-0123456789ab",
        });
        assert_eq!(masked(value.clone()), value.to_string());
    }
}
