//! Signatures of bol's notifications.
//!
//! A notification only tells where to look sooner. Whoever receives it checks the signature, then
//! brings the connection's next look forward; what it says is never believed.

use std::collections::BTreeMap;

use connector_http::webhook::verify_rsa_sha256;
use order_core::Error;

use super::connector::Bol;
use super::wire::SignatureKey;
use crate::text::text;

/// The keys that bol signs notifications with. They change rarely: keep them, and ask again once
/// when a signature names a key that is not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureKeys {
    /// Public keys in Base64, by id.
    keys: BTreeMap<String, String>,
}

impl SignatureKeys {
    /// Whether this is the signature of the body, as it came, under one of bol's keys.
    ///
    /// `header` is the whole `Signature` header:
    /// `keyId=0, algorithm="rsa-sha256", signature=<Base64>`.
    #[must_use]
    pub fn verify(&self, header: &str, body: &[u8]) -> bool {
        let Some(signature) = Signature::read(header) else {
            return false;
        };
        let known = self.keys.get(signature.key);
        known.is_some_and(|key| verify_rsa_sha256(key, body, signature.value))
    }

    /// Whether the key that the header names is among these.
    #[must_use]
    pub fn knows(&self, header: &str) -> bool {
        Signature::read(header).is_some_and(|signature| self.keys.contains_key(signature.key))
    }

    fn of(keys: Vec<SignatureKey>) -> Self {
        let pair = |key: SignatureKey| {
            let rsa = key.kind.as_deref().is_some_and(|kind| kind == "RSA");
            let id = text(key.id.as_deref())?;
            let public = text(key.public_key.as_deref())?;
            rsa.then_some((id, public))
        };
        Self {
            keys: keys.into_iter().filter_map(pair).collect(),
        }
    }
}

impl Bol {
    /// The keys that bol signs notifications with.
    ///
    /// # Errors
    ///
    /// As any reading request.
    pub async fn signature_keys(&self) -> Result<SignatureKeys, Error> {
        let set = self.api.signature_keys().await?;
        Ok(SignatureKeys::of(set.signature_keys.unwrap_or_default()))
    }
}

/// A `Signature` header, taken apart.
struct Signature<'a> {
    key: &'a str,
    value: &'a str,
}

impl<'a> Signature<'a> {
    fn read(header: &'a str) -> Option<Self> {
        let (mut key, mut value, mut algorithm) = (None, None, None);
        for part in header.split(',') {
            let (name, text) = part.split_once('=')?;
            let text = text.trim().trim_matches('"');
            match name.trim() {
                "keyId" => key = Some(text),
                "signature" => value = Some(text),
                "algorithm" => algorithm = Some(text),
                _ => {}
            }
        }
        // Another algorithm is never checked with this one.
        algorithm
            .filter(|name| name.eq_ignore_ascii_case("rsa-sha256"))
            .and_then(|_| {
                Some(Self {
                    key: key?,
                    value: value?,
                })
            })
    }
}
