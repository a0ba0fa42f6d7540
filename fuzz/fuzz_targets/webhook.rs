//! A signature is right exactly when it is the one of this body under this secret.

#![no_main]

use connector_http::Secret;
use connector_http::webhook::{Encoding, hmac_sha256, verify_hmac_sha256};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: (&[u8], &str, &str)| {
    let (body, secret, signature) = data;
    let secret = Secret::new(secret.to_owned());
    for encoding in [Encoding::Base64, Encoding::Hex] {
        let right = hmac_sha256(&secret, body, encoding);
        assert!(verify_hmac_sha256(&secret, body, &right, encoding));
        let accepted = verify_hmac_sha256(&secret, body, signature, encoding);
        let is_right = signature.trim().eq_ignore_ascii_case(&right);
        assert!(!accepted || is_right, "a wrong signature is accepted");
        let mut other = body.to_vec();
        other.push(0);
        assert!(!verify_hmac_sha256(&secret, &other, &right, encoding));
    }
});
