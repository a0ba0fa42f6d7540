//! Signatures of incoming webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
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

/// Whether `signature` (Base64) is the RSA signature (PKCS #1 v1.5 over SHA-256) of the raw body
/// bytes under this public key.
///
/// The key is the Base64 of an X.509 `SubjectPublicKeyInfo` or of a bare PKCS #1 key, with or
/// without the lines of PEM. A key or a signature that cannot be read verifies nothing.
#[must_use]
pub fn verify_rsa_sha256(public_key: &str, body: &[u8], signature: &str) -> bool {
    let key: String = public_key
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("-----"))
        .collect();
    let (Ok(key), Ok(signature)) = (STANDARD.decode(key), STANDARD.decode(signature.trim())) else {
        return false;
    };
    let key = inner_key(&key).unwrap_or(&key);
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
        .verify(body, &signature)
        .is_ok()
}

/// The PKCS #1 key inside a `SubjectPublicKeyInfo`: a sequence of an algorithm and a bit string.
/// `None` for anything else. Which algorithm it names is not looked at: the inner bytes are then
/// read as an RSA key or not at all.
fn inner_key(der: &[u8]) -> Option<&[u8]> {
    let (outer, _) = element(der, 0x30)?;
    let (_, rest) = element(outer, 0x30)?;
    let (bits, _) = element(rest, 0x03)?;
    match bits.split_first()? {
        (0, key) => Some(key),
        _ => None,
    }
}

/// The content of a DER element with this tag, and what comes after it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    if *first != tag {
        return None;
    }
    let short = usize::from(*length);
    if short < 0x80 {
        return rest.split_at_checked(short);
    }
    let (long, rest) = rest.split_at_checked(short - 0x80)?;
    if long.len() > 4 {
        return None;
    }
    let length = long
        .iter()
        .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
    rest.split_at_checked(length)
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

    // Made with OpenSSL: `openssl dgst -sha256 -sign key.pem`.
    const RSA_BODY: &[u8] = b"{\"retailerId\":1234567,\"timestamp\":\"2026-02-02T23:23:23+01:00\",\"event\":{\"resource\":\"ORDER\",\"type\":\"ORDER_CREATED\",\"resourceId\":\"1043946570\"}}";
    const RSA_KEY: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEArzs3HEuv3Shss0UdnYsnSYqlacrsYG+GqgyokNOSLuQSjpktYTiekueWdksNY2yeD33Dq+4onL13zhyQi3W/pvCEhYuhfY/xuH6lJkgwO3PxnIY73eSKNyVeNeS+uXTJxjjlYYdmE/4aMjjcgcjggaOBScBEzgPNdXRr/s26XYfDu9Z2/Tot8K8LyAPqCUWD1DOY23wdfcm4M8Nm4lvXTTt0sLfGtBHkWUrD7LD+R2/JaOx2YHY3KPt/ptpNi4GaEd9ad0RXRpBJl5XSkZi8wWhffZI4LWB1+RTCXoCW0BcKxvLvJRIrewOjlxcdaLlk97zfekY3vpN4ssNr54VamwIDAQAB";
    const RSA_SIGNATURE: &str = "UAsgCG55hLa3kwhcrzOErJ33VcEq+/FLFfezB/7jL9Y37/qa6cTXMIq/1lkTxwUhwl3Pt7Uw7VDeO6WQRG4CZW/xiEFAJUZ1VUPzHqZxuORVXcaz7K2jNwyDMZnLcQowo29lF5z2pijhcUbdQyYbdmhd4x2ge8tQh7dhAcJASMV/7ayHAFhckUXWx7VrfFY4pFs9v2gsN4LyfCgBFFwQMRcKaeleSv3WpoYMWjvt0DFQZgH5vZDij8/LBnSfHVUr3hTPMe53pyOQliU/WmRPGaFhJADA73CG0YtgD/gxT/HaTbA80WzxoDeElYEyf8lc0XEVh00N5+QAJvUwoH46tw==";

    #[test]
    fn an_rsa_signature_verifies_under_its_key_however_the_key_is_written() {
        assert!(verify_rsa_sha256(RSA_KEY, RSA_BODY, RSA_SIGNATURE));
        let (start, end) = RSA_KEY.split_at(64);
        let pem =
            format!("-----BEGIN PUBLIC KEY-----\n{start}\r\n{end}\n-----END PUBLIC KEY-----\n");
        assert!(verify_rsa_sha256(&pem, RSA_BODY, RSA_SIGNATURE));
        let whole = STANDARD.decode(RSA_KEY).unwrap();
        let bare = STANDARD.encode(inner_key(&whole).unwrap());
        assert!(verify_rsa_sha256(&bare, RSA_BODY, RSA_SIGNATURE));
    }

    #[test]
    fn a_changed_body_key_or_signature_verifies_nothing() {
        let mut body = RSA_BODY.to_vec();
        body[10] ^= 1;
        assert!(!verify_rsa_sha256(RSA_KEY, &body, RSA_SIGNATURE));
        let mut signature = STANDARD.decode(RSA_SIGNATURE).unwrap();
        signature[20] ^= 1;
        let signature = STANDARD.encode(signature);
        assert!(!verify_rsa_sha256(RSA_KEY, RSA_BODY, &signature));
        let mut key = STANDARD.decode(RSA_KEY).unwrap();
        key[100] ^= 1;
        assert!(!verify_rsa_sha256(
            &STANDARD.encode(key),
            RSA_BODY,
            RSA_SIGNATURE
        ));
        for wrong in ["", "MIIB", "MIIBIjANBg", "MP////8=", "MA==", "é", "%%"] {
            assert!(
                !verify_rsa_sha256(wrong, RSA_BODY, RSA_SIGNATURE),
                "{wrong}"
            );
            assert!(!verify_rsa_sha256(RSA_KEY, RSA_BODY, wrong), "{wrong}");
        }
    }
}
