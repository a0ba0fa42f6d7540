//! Creating an order: one insert under an id that follows from the key.
//!
//! **Invariant.** The id is the same for every attempt, so the shop itself refuses a second order,
//! also one that is sent at the same moment.

use order_core::ports::{CreateOrder, CreateProgress};
use order_core::shop::ShopState;
use order_core::{Error, Kind};

use super::connector::Shopware;
use super::{from_wire, ids, surroundings, to_wire};
use crate::shared::{after_write, ambiguous_key, unreadable};
use crate::sums;

fn rejected(reason: impl Into<String>) -> CreateProgress {
    CreateProgress::Rejected {
        reason: reason.into(),
    }
}

pub(super) async fn create(shop: &Shopware, request: CreateOrder) -> Result<CreateProgress, Error> {
    let order = &request.order;
    let sums = match sums::plan(order) {
        Ok(sums) => sums,
        Err(reason) => return Ok(rejected(reason)),
    };
    if let Some(reason) = ambiguous_key(&order.key) {
        return Ok(rejected(reason));
    }
    // What stands under the id already: an earlier attempt's, or nobody's.
    let id = ids::order(&order.key);
    if let Some(standing) = shop.api.order(&id).await? {
        return standing_order(shop, request, standing);
    }
    let around = match surroundings::find(&shop.api, &shop.config, order).await? {
        Ok(around) => around,
        Err(reason) => return Ok(rejected(reason)),
    };
    let input = match to_wire::order(order, &sums, &around, &shop.config) {
        Ok(input) => input,
        Err(reason) => return Ok(rejected(reason)),
    };
    match shop.api.create(&input).await {
        Ok(()) => {}
        Err(error) if error.kind() == Kind::Rejected => {
            // Of two inserts at the same moment, the later one is refused in several ways: as a
            // second insert, or as a change of states that only transitions may change.
            return match shop.api.order(&id).await? {
                Some(standing) => standing_order(shop, request, standing),
                None => Ok(rejected(error.message())),
            };
        }
        Err(error) => return Err(error),
    }
    let stored = shop.api.order(&id).await.map_err(after_write)?;
    let Some(stored) = stored else {
        let text = format!("order {id} was made, but does not show");
        return Err(Error::unknown(Kind::Unexpected, text));
    };
    let total = from_wire::total(&stored).map_err(|text| after_write(unreadable(text)))?;
    if !total.agrees_with(&order.total) {
        return Ok(CreateProgress::TotalDiffers {
            actual: total,
            order: id.into(),
            inert: false,
        });
    }
    let created = shop.understand(&stored).map_err(after_write)?;
    Ok(CreateProgress::Created(Box::new(created)))
}

fn standing_order(
    shop: &Shopware,
    request: CreateOrder,
    standing: super::wire::Order,
) -> Result<CreateProgress, Error> {
    let key = request.order.key.to_string();
    if from_wire::key_text(&standing) != Some(&key) {
        let text = format!(
            "order {} of the shop has our id, but not the key {key}",
            standing.id
        );
        return Err(Error::not_applied(Kind::Unexpected, text));
    }
    let order = shop.understand(&standing)?;
    if order.state == ShopState::Cancelled {
        return Ok(rejected(
            "the shop has a cancelled order with this key, and takes no second one",
        ));
    }
    Ok(CreateProgress::Created(Box::new(order)))
}
