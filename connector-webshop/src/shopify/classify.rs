//! Shopify's exceptions to the default table.
//!
//! GraphQL reports failures inside HTTP 200, as `errors`: throttling, lacking rights, a document
//! that does not fit the schema (none of these did anything), or a fault in the middle, after which
//! nobody knows. The bucket of points is in `extensions.cost` of every answer.

use std::time::Duration;

use chrono::{DateTime, Utc};
use connector_http::{Answer, Pause};
use order_core::{Error, Kind};
use serde::Deserialize;
use serde_json::Value;

/// Points that are left for others: below it, calls wait until the bucket has filled up again.
const SPARE: f64 = 150.0;

#[derive(Deserialize)]
struct Frame {
    #[serde(default)]
    errors: Value,
    #[serde(default)]
    extensions: Option<Extensions>,
}

#[derive(Deserialize)]
struct Extensions {
    #[serde(default)]
    cost: Option<Cost>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cost {
    #[serde(default)]
    requested_query_cost: Option<f64>,
    #[serde(default)]
    throttle_status: Option<Bucket>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    #[serde(default)]
    currently_available: f64,
    #[serde(default)]
    restore_rate: f64,
}

impl Bucket {
    /// How long until so many points are there.
    fn wait_for(&self, points: f64) -> Option<Duration> {
        let missing = points - self.currently_available;
        if missing <= 0.0 || self.restore_rate <= 0.0 {
            return None;
        }
        Duration::try_from_secs_f64(missing / self.restore_rate).ok()
    }
}

/// Holds every call back while the bucket is nearly empty.
pub(super) fn rate_hints(answer: &Answer, _: DateTime<Utc>) -> Option<Pause> {
    let frame: Frame = serde_json::from_slice(answer.body()).ok()?;
    let bucket = frame.extensions?.cost?.throttle_status?;
    bucket.wait_for(SPARE).map(Pause::account)
}

/// The error for an answer of Shopify; `None` leaves it to the default table.
pub(super) fn answer(answer: &Answer) -> Option<Error> {
    let refused = |kind, text: &str| Error::not_applied(kind, text.to_owned());
    match answer.status() {
        402 => {
            return Some(
                refused(Kind::PermissionDenied, "HTTP 402: the shop is frozen")
                    .with_advice("Shopify has stopped this shop, mostly for unpaid bills"),
            );
        }
        404 => {
            return Some(
                refused(
                    Kind::Config,
                    "HTTP 404: there is no such shop or API version",
                )
                .with_advice("set shop to the name that ends in .myshopify.com"),
            );
        }
        423 => {
            return Some(
                refused(Kind::PermissionDenied, "HTTP 423: the shop is locked")
                    .with_advice("ask Shopify's support why"),
            );
        }
        430 => {
            return Some(
                refused(
                    Kind::RateLimited,
                    "HTTP 430: Shopify holds these calls for an attack",
                )
                .with_retry_after(Duration::from_secs(60)),
            );
        }
        200..=299 | 400 | 500 => {}
        _ => return None,
    }
    let frame: Frame = serde_json::from_slice(answer.body()).ok()?;
    let problem = match &frame.errors {
        Value::Array(problems) => problems.first()?,
        Value::String(_) => &frame.errors,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => return None,
    };
    let text = problem.as_str().or_else(|| problem["message"].as_str());
    let text = answer.mask(text.unwrap_or("an error without a message"));
    let code = problem["extensions"]["code"].as_str().unwrap_or_default();
    Some(match code {
        "THROTTLED" => throttled(&frame, text),
        "ACCESS_DENIED" => refused(Kind::PermissionDenied, &text).with_advice(
            "give the app the access scopes read_orders, write_orders and read_products",
        ),
        "SHOP_INACTIVE" => refused(Kind::PermissionDenied, &text)
            .with_advice("the shop is closed: open it, or take this connection out"),
        "MAX_COST_EXCEEDED" => refused(Kind::Unexpected, &text),
        _ if text.contains("Metafield definition") => refused(Kind::Config, &text).with_advice(
            "make a metafield definition of type ID for orders, as the documentation of the \
                 Shopify connector says, or set key_metafield to \"\"",
        ),
        _ if is_about_the_document(code, &problem["path"]) => refused(Kind::Unexpected, &text),
        _ => Error::new(Kind::Unavailable, answer.doubt(), text),
    })
}

/// The bucket has not enough points. Nothing was executed.
fn throttled(frame: &Frame, text: String) -> Error {
    let cost = frame.extensions.as_ref().and_then(|own| own.cost.as_ref());
    let wait = cost.and_then(|cost| {
        let wanted = cost.requested_query_cost.unwrap_or(SPARE);
        cost.throttle_status.as_ref()?.wait_for(wanted)
    });
    Error::not_applied(Kind::RateLimited, text)
        .with_retry_after(wait.unwrap_or(Duration::from_secs(1)))
}

/// A document, or a variable, that does not fit the schema: refused before anything runs. Such
/// codes are in camel case (`undefinedField`) or speak of variables, and have no path of a result.
fn is_about_the_document(code: &str, path: &Value) -> bool {
    code == "INVALID_VARIABLE"
        || (code.starts_with(|first: char| first.is_ascii_lowercase())
            && path.as_array().is_none_or(|path| {
                path.first().and_then(Value::as_str).is_some_and(|first| {
                    first.starts_with("query") || first.starts_with("mutation")
                })
            }))
}
