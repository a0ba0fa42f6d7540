//! Medusa's exceptions to the default table.
//!
//! A refusal is JSON with `type` and `message`. Anything else is the web server's.

use connector_http::Answer;
use order_core::{Error, Kind};
use serde::Deserialize;

#[derive(Deserialize)]
struct Refusal {
    #[serde(default)]
    message: String,
}

/// The error for an answer of Medusa; `None` leaves it to the default table.
pub(super) fn answer(answer: &Answer) -> Option<Error> {
    if !(400..500).contains(&answer.status()) || answer.status() == 429 {
        return None;
    }
    let Ok(refusal) = serde_json::from_slice::<Refusal>(answer.body()) else {
        return foreign(answer);
    };
    let text = answer.mask(&refusal.message);
    let refused = |kind, text: &str| Some(Error::not_applied(kind, text.to_owned()));
    match answer.status() {
        401 => refused(Kind::Unauthenticated, &text)
            .map(|error| error.with_advice("check the secret API key, and that it is not revoked")),
        404 => refused(Kind::NotFound, &text),
        _ if text.contains("custom_display_id") && text.contains("already exists") => refused(
            Kind::Conflict,
            "the shop has an order with this key already",
        ),
        // Two requests that make the same new customer at once: one of them has to come again.
        _ if text.contains("Customer with email") && text.contains("already exists") => {
            let text = "another request made the same customer at the same moment";
            refused(Kind::Unavailable, text)
        }
        400 | 422 => refused(Kind::Rejected, &text),
        _ => None,
    }
}

/// Not Medusa's own: a 404 of that kind says nothing about an order.
fn foreign(answer: &Answer) -> Option<Error> {
    if answer.status() != 404 {
        return None;
    }
    let message = format!("HTTP 404, and not from Medusa: {}", answer.excerpt());
    let error = Error::not_applied(Kind::Config, message);
    Some(error.with_advice("check the address of the Medusa server"))
}
