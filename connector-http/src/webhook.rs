//! Signatures of incoming webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// How a signature is written in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Base64 with padding (Shopify, WooCommerce).
    Base64,
    /// Hexadecimal, either case.
    Hex,
}

/// Whether `signature` is the HMAC-SHA256 of the raw body bytes under `secret`.
///
/// The comparison takes the same time wherever the difference is. A prefix such as `sha256=` is the
/// caller's to remove. An undecodable signature is simply wrong.
#[must_use]
pub fn verify_hmac_sha256(
    secret: &Secret,
    body: &[u8],
    signature: &str,
    encoding: Encoding,
) -> bool {
    let signature = signature.trim();
    let decoded = match encoding {
        Encoding::Base64 => STANDARD.decode(signature).ok(),
        Encoding::Hex => from_hex(signature),
    };
    let (Some(decoded), Some(mut mac)) = (decoded, keyed(secret)) else {
        return false;
    };
    mac.update(body);
    mac.verify_slice(&decoded).is_ok()
}

/// The HMAC-SHA256 of `message` under `secret`, for connectors that sign their requests.
#[must_use]
pub fn hmac_sha256(secret: &Secret, message: &[u8], encoding: Encoding) -> String {
    let Some(mut mac) = keyed(secret) else {
        return String::new();
    };
    mac.update(message);
    let code = mac.finalize().into_bytes();
    match encoding {
        Encoding::Base64 => STANDARD.encode(code),
        Encoding::Hex => code.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// HMAC takes keys of every length, so this is always `Some`.
fn keyed(secret: &Secret) -> Option<Hmac<Sha256>> {
    Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).ok()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 4231, test case 2.
    const HEX: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";

    fn jefe() -> Secret {
        Secret::new("Jefe")
    }

    #[test]
    fn the_published_vector_verifies_in_both_encodings() {
        let body = b"what do ya want for nothing?";
        assert_eq!(hmac_sha256(&jefe(), body, Encoding::Hex), HEX);
        assert!(verify_hmac_sha256(&jefe(), body, HEX, Encoding::Hex));
        assert!(verify_hmac_sha256(
            &jefe(),
            body,
            &HEX.to_uppercase(),
            Encoding::Hex
        ));
        let base64 = hmac_sha256(&jefe(), body, Encoding::Base64);
        assert!(verify_hmac_sha256(&jefe(), body, &base64, Encoding::Base64));
    }

    #[test]
    fn a_changed_body_a_shortened_or_an_unreadable_signature_is_refused() {
        let body = b"what do ya want for nothing?";
        assert!(!verify_hmac_sha256(
            &jefe(),
            b"what do ya want for nothing!",
            HEX,
            Encoding::Hex
        ));
        for wrong in ["", "5b", &HEX[2..], "zz", "é", "%%%%", &format!("{HEX}00")] {
            assert!(
                !verify_hmac_sha256(&jefe(), body, wrong, Encoding::Hex),
                "{wrong}"
            );
            assert!(
                !verify_hmac_sha256(&jefe(), body, wrong, Encoding::Base64),
                "{wrong}"
            );
        }
    }
}
