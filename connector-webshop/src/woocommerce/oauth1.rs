//! OAuth 1.0a, one-legged, HMAC-SHA256, in the query: what WooCommerce takes over plain http.
//!
//! The secret is never sent. <https://www.rfc-editor.org/rfc/rfc5849#section-3.4>

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_http::{Auth, Outgoing, Secret};
use hmac::{Hmac, KeyInit, Mac};
use order_core::ports::Clock;
use order_core::{Error, Kind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::Sha256;

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Signs each request anew.
#[derive(Debug)]
pub(super) struct OneLegged {
    key: Secret,
    secret: Secret,
    clock: Arc<dyn Clock>,
}

impl OneLegged {
    pub(super) fn new(key: Secret, secret: Secret, clock: Arc<dyn Clock>) -> Self {
        Self { key, secret, clock }
    }
}

#[async_trait]
impl Auth for OneLegged {
    async fn apply(&self, request: &mut Outgoing) -> Result<(), Error> {
        let own = [
            ("oauth_consumer_key", self.key.expose().to_owned()),
            ("oauth_nonce", nonce()),
            ("oauth_signature_method", "HMAC-SHA256".to_owned()),
            ("oauth_timestamp", self.clock.now().timestamp().to_string()),
        ];
        let mut pairs = request.query();
        pairs.extend(
            own.iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone())),
        );
        let address = request.url_without_query();
        let signature = sign(request.method(), &address, &pairs, &self.secret)
            .ok_or_else(|| Error::not_applied(Kind::Unexpected, "the request cannot be signed"))?;
        for (name, value) in &own {
            request.add_credential_query(name, value);
        }
        request.add_credential_query("oauth_signature", &signature);
        Ok(())
    }

    async fn refused(&self, _: &Outgoing) -> Result<bool, Error> {
        Ok(false)
    }
}

/// The signature over method, address and every pair of the query.
pub(super) fn sign(
    method: &str,
    address: &str,
    pairs: &[(String, String)],
    secret: &Secret,
) -> Option<String> {
    let mut encoded: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    encoded.sort();
    let query = encoded
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&");
    let base = format!(
        "{}&{}&{}",
        method.to_ascii_uppercase(),
        encode(address),
        encode(&query)
    );
    let key = format!("{}&", encode(secret.expose()));
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
    mac.update(base.as_bytes());
    Some(STANDARD.encode(mac.finalize().into_bytes()))
}

fn encode(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// A number used once. The standard library seeds every hash map anew from the system's source.
fn nonce() -> String {
    let part = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", part(), part())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_string_is_the_one_of_the_standard() {
        // The parameters of RFC 5849 §3.4.1.1; the digest was computed independently with
        // Python's hmac and urllib over the base string printed there.
        let pairs = [
            ("b5", "=%3D"),
            ("a3", "a"),
            ("c@", ""),
            ("a2", "r b"),
            ("oauth_consumer_key", "9djdj82h48djs9d2"),
            ("oauth_token", "kkk9d7dh3k39sjv7"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", "137131201"),
            ("oauth_nonce", "7d8f3e4a"),
            ("c2", ""),
            ("a3", "2 q"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let signature = sign(
            "POST",
            "http://example.com/request",
            &pairs,
            &Secret::new("j49sk3j29djd"),
        );
        assert_eq!(
            signature.unwrap(),
            "FaTbwkSAPdnQXoVGjhfzVgj49vjCyfrzLt9zx8mZm5Y="
        );
    }

    #[test]
    fn a_nonce_is_used_once() {
        let first = nonce();
        assert_eq!(first.len(), 32);
        assert_ne!(first, nonce());
    }
}
