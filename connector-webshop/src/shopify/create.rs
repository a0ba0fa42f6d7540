//! Creating an order: one call that stamps the key, between a look before and a look after.
//!
//! **Invariants.** `orderCreate` is sent once per call, and only when no order stands under the
//! key. What counts is what the order says when it is read back.

use order_core::ids::ExternalKey;
use order_core::ports::{CreateOrder, CreateProgress};
use order_core::shop::{ShopOrder, ShopState};
use order_core::{Error, Kind};

use super::api::number;
use super::connector::Shopify;
use super::wire::UserError;
use super::{from_wire, to_wire};
use crate::shared::{after_write, ambiguous_key, short, unreadable};
use crate::sums;

fn rejected(reason: impl Into<String>) -> CreateProgress {
    CreateProgress::Rejected {
        reason: reason.into(),
    }
}

fn created(order: ShopOrder) -> CreateProgress {
    CreateProgress::Created(Box::new(order))
}

pub(super) async fn create(shop: &Shopify, request: CreateOrder) -> Result<CreateProgress, Error> {
    let order = &request.order;
    let input = sums::plan(order).and_then(|sums| match ambiguous_key(&order.key) {
        Some(reason) => Err(reason),
        None => to_wire::order(order, &sums, &shop.config),
    });
    let input = match input {
        Ok(input) => input,
        Err(reason) => return Ok(rejected(reason)),
    };
    if let Some(standing) = standing(shop, &order.key).await? {
        return Ok(created(standing));
    }
    let options = to_wire::options(order, &shop.config);
    let answer = match shop.api.create(&input, &options).await {
        Ok(answer) => answer,
        Err(error) if error.kind() == Kind::Rejected => return Ok(rejected(error.message())),
        Err(error) => return Err(error),
    };
    let Some(made) = answer.order else {
        return refused(&answer.user_errors);
    };
    let stored = match number(&made.id) {
        Some(id) => shop.api.order(id).await.map_err(after_write)?,
        None => None,
    };
    let Some(stored) = stored else {
        let text = format!("order {} was made, but does not show", made.id);
        return Err(Error::unknown(Kind::Unexpected, text));
    };
    let stored = from_wire::order(&stored, &shop.config).map_err(unreadable);
    let stored = stored.map_err(after_write)?;
    if !stored.total.agrees_with(&order.total) {
        return Ok(CreateProgress::TotalDiffers {
            actual: stored.total,
            order: stored.id,
            inert: false,
        });
    }
    Ok(created(stored))
}

/// An order that stands under our key already. Cancelled ones are past.
async fn standing(shop: &Shopify, key: &ExternalKey) -> Result<Option<ShopOrder>, Error> {
    let orders = shop.with_key(key).await?;
    let mut alive = orders
        .into_iter()
        .filter(|order| order.state != ShopState::Cancelled);
    Ok(alive.next())
}

/// No order, and why. A key that is taken already is looked up by the engine.
fn refused(errors: &[UserError]) -> Result<CreateProgress, Error> {
    let is_taken = |error: &UserError| {
        let message = error.message.to_lowercase();
        let about_key = error
            .field
            .iter()
            .flatten()
            .any(|part| part == "metafields");
        let says_so = ["taken", "unique", "already"];
        error.code.as_deref() == Some("TAKEN")
            || (about_key && says_so.iter().any(|word| message.contains(word)))
    };
    if errors.iter().any(is_taken) {
        let text = "the shop has an order with this key already";
        return Err(Error::not_applied(Kind::Conflict, text));
    }
    if errors.is_empty() {
        let text = "the shop answered with neither an order nor a reason";
        return Err(Error::unknown(Kind::Decode, text));
    }
    Ok(rejected(words(errors)))
}

/// Refusals as one text, each with the field it is about.
pub(super) fn words(errors: &[UserError]) -> String {
    let one = |error: &UserError| {
        let message = short(&error.message, 200);
        let field = error.field.as_ref().map(|field| field.join("."));
        match (field.filter(|field| !field.is_empty()), &error.code) {
            (Some(field), _) => format!("{field}: {message}"),
            (None, Some(code)) => format!("{message} ({code})"),
            (None, None) => message,
        }
    };
    let texts: Vec<String> = errors.iter().take(5).map(one).collect();
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(field: &[&str], message: &str, code: Option<&str>) -> UserError {
        UserError {
            field: Some(field.iter().map(|part| (*part).to_owned()).collect()),
            message: message.to_owned(),
            code: code.map(str::to_owned),
        }
    }

    #[test]
    fn a_key_that_is_taken_is_a_conflict_and_anything_else_a_refusal() {
        let taken = error(
            &["order", "metafields", "0", "value"],
            "Value must be unique.",
            Some("INVALID"),
        );
        assert_eq!(refused(&[taken]).unwrap_err().kind(), Kind::Conflict);
        let short = error(
            &["order"],
            "Not enough inventory",
            Some("INVENTORY_CLAIM_FAILED"),
        );
        let CreateProgress::Rejected { reason } = refused(&[short]).unwrap() else {
            panic!("a refusal is expected")
        };
        assert_eq!(reason, "order: Not enough inventory");
        assert_eq!(
            refused(&[]).unwrap_err().effect(),
            order_core::Effect::Unknown
        );
    }
}
