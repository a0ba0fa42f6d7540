//! WooCommerce's exceptions to the default table.
//!
//! A refusal is JSON with `code` and `message`. Anything else with an error status is the web
//! server's, a firewall's or PHP's, and is left to the table.

use connector_http::Answer;
use order_core::{Effect, Error, Kind};

use super::wire::Refusal;

/// The error for an answer of WooCommerce; `None` leaves it to the default table.
pub(super) fn answer(answer: &Answer) -> Option<Error> {
    if answer.status() == 500 {
        return refused_refund(answer);
    }
    if !(400..500).contains(&answer.status()) {
        return None;
    }
    let Ok(refusal) = serde_json::from_slice::<Refusal>(answer.body()) else {
        return foreign(answer);
    };
    let (kind, advice) = match (answer.status(), refusal.code.as_str()) {
        (404, "rest_no_route") => (
            Kind::Config,
            "check the shop's address; permalinks must not be set to plain, and WooCommerce must be active",
        ),
        (401, "woocommerce_rest_authentication_error")
            if refusal.message.contains("permission") =>
        {
            (
                Kind::PermissionDenied,
                "give the REST API key the permission read/write",
            )
        }
        (401, code)
            if code.starts_with("woocommerce_rest_cannot_")
                && code != "woocommerce_rest_cannot_view" =>
        {
            (
                Kind::PermissionDenied,
                "give the REST API key the permission read/write, and its user the role shop manager",
            )
        }
        (401, "woocommerce_rest_authentication_error") => (
            Kind::Unauthenticated,
            "check consumer key and consumer secret; over plain http also that the address is \
             exactly the shop's own (Settings, General) and that the clocks of both machines agree",
        ),
        (401, _) => (
            Kind::Unauthenticated,
            "check consumer key and consumer secret",
        ),
        (403, _) => (
            Kind::PermissionDenied,
            "give the user of the REST API key the role shop manager",
        ),
        (404, "woocommerce_rest_shop_order_invalid_id") => {
            return Some(Error::not_applied(
                Kind::NotFound,
                "the shop has no such order",
            ));
        }
        (404, _) => (
            Kind::Unexpected,
            "check which plug-in answers at this address",
        ),
        (400, "rest_invalid_param" | "rest_missing_callback_param") => {
            return Some(Error::not_applied(Kind::Rejected, invalid(&refusal)));
        }
        _ => return None,
    };
    Some(Error::not_applied(kind, short(&refusal.message)).with_advice(advice))
}

/// WooCommerce refuses a refund with a server error; by then it has taken back what it had made.
fn refused_refund(answer: &Answer) -> Option<Error> {
    let refusal: Refusal = serde_json::from_slice(answer.body()).ok()?;
    let is_refund = refusal.code == "woocommerce_rest_cannot_create_order_refund";
    is_refund.then(|| Error::not_applied(Kind::Rejected, short(&refusal.message)))
}

/// Not WooCommerce's: something in front of the shop, or another site, answered. A 404 of that kind
/// says nothing about an order, so it must not look like one.
fn foreign(answer: &Answer) -> Option<Error> {
    let page = answer.body().trim_ascii_start().starts_with(b"<");
    if answer.status() == 403 && page {
        return Some(
            Error::not_applied(
                Kind::PermissionDenied,
                format!("HTTP 403: {}", answer.excerpt()),
            )
            .with_advice("a firewall in front of the shop refuses these requests: allow them"),
        );
    }
    if answer.status() == 404 {
        let message = format!("HTTP 404, and not from WooCommerce: {}", answer.excerpt());
        return Some(
            Error::not_applied(Kind::Unavailable, message).with_advice("check the shop's address"),
        );
    }
    None
}

/// The message with what is wrong about each parameter.
fn invalid(refusal: &Refusal) -> String {
    let mut text = short(&refusal.message);
    if let Some(parameters) = refusal
        .data
        .get("params")
        .and_then(|params| params.as_object())
    {
        for (name, problem) in parameters {
            let problem = problem.as_str().unwrap_or("invalid");
            text.push_str(&format!("; {name}: {}", short(problem)));
        }
    }
    text
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// The error of a read that followed a mutation within the same call: what was sent counts.
pub(super) fn after_write(error: Error) -> Error {
    if error.effect() == Effect::Unknown {
        return error;
    }
    let mut doubt = Error::unknown(
        error.kind(),
        format!("sent, but not read back: {}", error.message()),
    );
    if let Some(operation) = error.operation() {
        doubt = doubt.with_operation(operation);
    }
    if let Some(wait) = error.retry_after() {
        doubt = doubt.with_retry_after(wait);
    }
    doubt.with_source(error)
}
