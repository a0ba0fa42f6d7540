//! Signed requests: a keyed hash over method, address, body and time.

use std::sync::Arc;

use async_trait::async_trait;
use connector_http::webhook::{Encoding, hmac_sha256};
use connector_http::{Auth, Outgoing, Secret};
use order_core::Error;
use order_core::ports::Clock;

/// Signs every request with the seller's secret key.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) client_key: Secret,
    pub(super) secret_key: Secret,
    pub(super) clock: Arc<dyn Clock>,
}

#[async_trait]
impl Auth for Signed {
    async fn apply(&self, request: &mut Outgoing) -> Result<(), Error> {
        // Kaufland takes five minutes of difference between the clocks.
        let time = self.clock.now().timestamp();
        let signature = signature(
            &self.secret_key,
            request.method(),
            request.url(),
            request.body(),
            time,
        );
        request.set_credential_header("shop-client-key", self.client_key.expose())?;
        request.set_credential_header("shop-timestamp", &time.to_string())?;
        request.set_credential_header("shop-signature", &signature)
    }

    async fn refused(&self, _: &Outgoing) -> Result<bool, Error> {
        Ok(false)
    }
}

/// The signature in lower-case hexadecimal.
pub(super) fn signature(
    secret: &Secret,
    method: &str,
    url: &str,
    body: &[u8],
    time: i64,
) -> String {
    let mut message = format!("{method}\n{url}\n").into_bytes();
    message.extend_from_slice(body);
    message.extend_from_slice(format!("\n{time}").as_bytes());
    hmac_sha256(secret, &message, Encoding::Hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Kaufland's own example, from the page "Signing requests" of its documentation of the API.
    #[test]
    fn the_published_vector_is_signed_as_published() {
        let secret =
            Secret::new("a7d0cb1da1ddbc86c96ee5fedd341b7d8ebfbb2f5c83cfe0909f4e57f05dd403");
        let url = "https://sellerapi.kaufland.com/v2/units/";
        assert_eq!(
            signature(&secret, "POST", url, b"", 1_411_055_926),
            "da0b65f51c0716c1d3fa658b7eaf710583630a762a98c9af8e9b392bd9df2e2a"
        );
        let another = signature(&secret, "POST", url, b"{}", 1_411_055_926);
        assert!(!another.starts_with("da0b65"), "the body counts");
    }
}
