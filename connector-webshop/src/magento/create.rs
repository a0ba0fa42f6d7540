//! Creating an order: one insert under a number that is the key itself, then its invoice.
//!
//! **Invariant.** The number is the same for every attempt, and the shop takes a number once in a
//! store, so it refuses a second order itself, also one that is sent at the same moment. Only once
//! an order under the key was cancelled, the next one gets a number with a mark.

use order_core::ports::{Checkpoint, CreateOrder, CreateProgress, NewOrder};
use order_core::shop::ShopState;
use order_core::{Error, Kind};
use serde::{Deserialize, Serialize};

use super::connector::Magento;
use super::wire::Order;
use super::{from_wire, to_wire};
use crate::shared::{after_write, ambiguous_key, unreadable};
use crate::sums;

/// Where creating left off: at the order that has no invoice yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    order: u64,
}

impl Step {
    pub(super) fn checkpoint(order: &Order) -> Checkpoint {
        let order = order.entity_id;
        Checkpoint(serde_json::json!(Self { order }))
    }
}

fn rejected(reason: impl Into<String>) -> CreateProgress {
    CreateProgress::Rejected {
        reason: reason.into(),
    }
}

fn go_on(order: &Order) -> CreateProgress {
    CreateProgress::Continue {
        checkpoint: Step::checkpoint(order),
        draft: Some(order.entity_id.to_string().into()),
    }
}

pub(super) async fn create(shop: &Magento, request: CreateOrder) -> Result<CreateProgress, Error> {
    let order = &request.order;
    let sums = match sums::plan(order) {
        Ok(sums) => sums,
        Err(reason) => return Ok(rejected(reason)),
    };
    if let Some(reason) = ambiguous_key(&order.key).or_else(|| too_long(order)) {
        return Ok(rejected(reason));
    }
    let resume: Option<Step> = match &request.resume {
        Some(place) => Some(serde_json::from_value(place.0.clone()).map_err(unreadable)?),
        None => None,
    };
    // What stands under the number already: an earlier attempt's, or this one's first step.
    let standing = shop.with_key(&order.key).await?;
    let past = |own: &&Order| from_wire::state(own, &shop.config) == ShopState::Cancelled;
    if let Some(live) = standing.iter().find(|own| !past(own)) {
        return proceed(shop, order, live, resume).await;
    }
    let mut free = from_wire::numbers(&order.key).into_iter();
    let Some(number) = free.find(|number| standing.iter().all(|own| own.increment_id != *number))
    else {
        return Ok(rejected(
            "too many orders under this number were cancelled in the shop",
        ));
    };
    let configs = shop.api.store_configs().await?;
    let code = shop.config.store.trim();
    let Some(store) = configs.iter().find(|own| own.code == code) else {
        return Ok(rejected(format!("the shop has no store view {code:?}")));
    };
    if store.base_currency_code != order.currency.as_str() {
        return Ok(rejected(format!(
            "the order is in {}, the shop works in {}",
            order.currency, store.base_currency_code
        )));
    }
    let body = match to_wire::order(order, &number, &sums, store, &shop.config) {
        Ok(body) => body,
        Err(reason) => return Ok(rejected(reason)),
    };
    match shop.api.create(&body).await {
        Ok(made) if order.sent_elsewhere => sent_elsewhere(shop, order, made.entity_id).await,
        Ok(made) => Ok(go_on(&made)),
        Err(error) if error.kind() == Kind::Rejected => Ok(rejected(error.message())),
        Err(error) => Err(error),
    }
}

/// An order that is complete from the first call on: what the shop stored is read back.
async fn sent_elsewhere(
    shop: &Magento,
    order: &NewOrder,
    id: u64,
) -> Result<CreateProgress, Error> {
    let stored = shop.api.order(id).await.map_err(after_write)?;
    let total = from_wire::total(&stored).map_err(|text| after_write(unreadable(text)))?;
    if !total.agrees_with(&order.total) {
        return Ok(CreateProgress::TotalDiffers {
            actual: total,
            order: id.to_string().into(),
            inert: false,
        });
    }
    created(shop, &stored).await.map_err(after_write)
}

fn too_long(order: &NewOrder) -> Option<String> {
    let numbers = from_wire::numbers(&order.key);
    let longest = numbers.iter().max_by_key(|number| number.chars().count())?;
    (longest.chars().count() > to_wire::LONGEST_NUMBER).then(|| {
        format!(
            "the number {longest:?} is longer than the {} characters that the shop keeps: give \
             the connection a shorter channel",
            to_wire::LONGEST_NUMBER
        )
    })
}

/// One step on an order that stands.
async fn proceed(
    shop: &Magento,
    order: &NewOrder,
    standing: &Order,
    resume: Option<Step>,
) -> Result<CreateProgress, Error> {
    match from_wire::state(standing, &shop.config) {
        ShopState::Draft => {}
        ShopState::Open | ShopState::Completed | ShopState::Unknown | ShopState::Cancelled => {
            return created(shop, standing).await;
        }
    }
    let total = from_wire::total(standing).map_err(unreadable)?;
    if !total.agrees_with(&order.total) {
        return Ok(CreateProgress::TotalDiffers {
            actual: total,
            order: standing.entity_id.to_string().into(),
            inert: true,
        });
    }
    if resume.is_none_or(|step| step.order != standing.entity_id) {
        // It is recorded before it is worked on.
        return Ok(go_on(standing));
    }
    let id = standing.entity_id;
    match shop.api.invoice(id, &to_wire::invoice()).await {
        Ok(_) => {}
        Err(error) if error.kind() == Kind::Rejected => return Ok(rejected(error.message())),
        Err(error) => return Err(error),
    }
    let stored = shop.api.order(id).await.map_err(after_write)?;
    if !from_wire::is_invoiced(&stored) {
        let text = format!("order {id} was invoiced, but does not show it");
        return Err(Error::unknown(Kind::Unexpected, text));
    }
    created(shop, &stored).await.map_err(after_write)
}

async fn created(shop: &Magento, stored: &Order) -> Result<CreateProgress, Error> {
    let order = shop.understand(stored).await?;
    Ok(CreateProgress::Created(Box::new(order)))
}
