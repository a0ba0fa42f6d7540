//! Creating an order: inert first, activated only after its sum was checked.
//!
//! ```text
//! (nothing) --POST draft--> drafted --GET, sums agree, PUT processing, GET--> created
//!                              ^  |
//!                              |  +--GET, sums differ, PUT net prices (once), then a fee line (once)
//!                              +---'
//! ```
//!
//! **Invariants.** Each call sends one mutation at most. Only the recorded id is activated, and
//! only while its record carries our key and comes to the wanted sum, and no other order under that
//! key goes first.

use order_core::ports::{Checkpoint, CreateOrder, CreateProgress, NewOrder};
use order_core::shop::ShopState;
use order_core::{Error, Kind};
use serde::{Deserialize, Serialize};

use super::connector::{WooCommerce, unreadable};
use super::totals::{Remedies, Verdict, verdict};
use super::wire::{Order, Status};
use super::{classify, from_wire, to_wire};
use crate::sums::{self, Sums};

/// Where creating left off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Step {
    draft: u64,
    /// The net prices were set from the shop's own rates.
    #[serde(default)]
    corrected: bool,
    /// It was found under our key; what is in it may be from before the order changed.
    #[serde(default)]
    found: bool,
}

impl Step {
    fn made(id: u64) -> Self {
        Self {
            draft: id,
            corrected: false,
            found: false,
        }
    }

    pub(super) fn found(id: u64) -> Self {
        Self {
            found: true,
            ..Self::made(id)
        }
    }

    pub(super) fn checkpoint(self) -> Checkpoint {
        Checkpoint(serde_json::json!(self))
    }

    fn go_on(self) -> CreateProgress {
        CreateProgress::Continue {
            checkpoint: self.checkpoint(),
            draft: Some(self.draft.to_string().into()),
        }
    }
}

pub(super) async fn create(
    shop: &WooCommerce,
    request: CreateOrder,
) -> Result<CreateProgress, Error> {
    let order = &request.order;
    let sums = match sums::plan(order) {
        Ok(sums) => sums,
        Err(reason) => return Ok(CreateProgress::Rejected { reason }),
    };
    let Some(checkpoint) = request.resume else {
        return begin(shop, order, &sums).await;
    };
    let step: Step = serde_json::from_value(checkpoint.0).map_err(|error| {
        Error::not_applied(Kind::Unexpected, "the stored step cannot be read").with_source(error)
    })?;
    match shop.api.order(step.draft).await? {
        Some(value) => {
            let stored: Order = serde_json::from_value(value).map_err(unreadable)?;
            proceed(shop, order, &sums, step, &stored).await
        }
        // WooCommerce clears away drafts after a day. One that is gone counts for nothing.
        None => begin(shop, order, &sums).await,
    }
}

/// Makes the draft, unless there is an order under this key.
async fn begin(shop: &WooCommerce, order: &NewOrder, sums: &Sums) -> Result<CreateProgress, Error> {
    let config = &shop.config;
    let options = to_wire::Options {
        payment_title: &config.payment_title,
        pass_buyer_email: config.pass_buyer_email,
        assumed_vat_percent: config.assumed_vat_percent,
    };
    let body = match to_wire::draft(order, sums, options) {
        Ok(body) => body,
        Err(reason) => return Ok(CreateProgress::Rejected { reason }),
    };
    if let Some(progress) = adopt(shop, order).await? {
        return Ok(progress);
    }
    let draft = match shop.api.create_order(&body).await {
        Ok(draft) => draft,
        Err(error) if error.kind() == Kind::Rejected => return Ok(rejected(&error)),
        Err(error) => return Err(error),
    };
    if draft.created_via.as_deref() != body.created_via.as_deref() {
        discard(shop, draft.id).await;
        let reason = "the shop does not keep created_via, which WooCommerce does since 9.9: an \
                      order could not be found again";
        return Ok(CreateProgress::Rejected {
            reason: reason.to_owned(),
        });
    }
    Ok(Step::made(draft.id).go_on())
}

/// An order that stands under our key already, if any. Cancelled ones are past.
async fn adopt(shop: &WooCommerce, order: &NewOrder) -> Result<Option<CreateProgress>, Error> {
    let state = |own: &Order| from_wire::state(&own.status, &shop.config);
    let standing = shop.with_key(&order.key).await?;
    let placed = standing
        .iter()
        .find(|own| !matches!(state(own), ShopState::Draft | ShopState::Cancelled));
    if let Some(placed) = placed {
        return created(shop, placed).await.map(Some);
    }
    let draft = standing.iter().find(|own| own.status.is_draft());
    Ok(draft.map(|draft| Step::found(draft.id).go_on()))
}

/// One step on a draft that was read just now.
async fn proceed(
    shop: &WooCommerce,
    order: &NewOrder,
    sums: &Sums,
    step: Step,
    stored: &Order,
) -> Result<CreateProgress, Error> {
    if stored.created_via.as_deref() != Some(order.key.to_string().as_str()) {
        let message = format!(
            "order {} of the shop is not the draft of {}",
            stored.id, order.key
        );
        return Err(Error::not_applied(Kind::Conflict, message));
    }
    if stored.status == Status::Trash {
        // Whoever else was at work may have thrown it away for one that goes first.
        if let Some(progress) = adopt(shop, order).await? {
            return Ok(progress);
        }
        let reason = format!("somebody put draft {} into the trash", stored.id);
        return Ok(CreateProgress::Rejected { reason });
    }
    if !stored.status.is_draft() {
        return created(shop, stored).await;
    }
    let remedies = Remedies {
        rounding_fee: shop.config.rounding_fee,
        untaxed_where_no_rate: shop.config.untaxed_where_no_rate,
    };
    match verdict(stored, order, sums, step.corrected, remedies) {
        Verdict::Exact => match rival(shop, order, stored).await? {
            Some(progress) => Ok(progress),
            None => activate(shop, order, stored).await,
        },
        Verdict::Correct(change) => {
            tracing::debug!(
                order = stored.id,
                "the draft's prices follow the shop's tax rates"
            );
            shop.api.update_order(stored.id, &change).await?;
            Ok(Step {
                corrected: true,
                ..step
            }
            .go_on())
        }
        Verdict::Differs => Ok(CreateProgress::TotalDiffers {
            actual: from_wire::total(stored).map_err(unreadable)?,
            order: stored.id.to_string().into(),
            inert: true,
        }),
        // An old draft of an order that has changed since: it is replaced.
        Verdict::Unusable(_) if step.found => {
            shop.api.trash_order(stored.id).await?;
            begin(shop, order, sums).await
        }
        Verdict::Unusable(reason) => {
            discard(shop, stored.id).await;
            Ok(CreateProgress::Rejected { reason })
        }
    }
}

/// Another order under our key that goes first, looked for just before activating: one that counts
/// already, or an older draft. Whoever else is at work decides the same, so one order is left.
async fn rival(
    shop: &WooCommerce,
    order: &NewOrder,
    own: &Order,
) -> Result<Option<CreateProgress>, Error> {
    let mut others = shop.with_key(&order.key).await?;
    others.retain(|other| {
        other.id != own.id && from_wire::state(&other.status, &shop.config) != ShopState::Cancelled
    });
    if let Some(placed) = others.iter().find(|other| !other.status.is_draft()) {
        discard(shop, own.id).await;
        return created(shop, placed).await.map(Some);
    }
    let oldest = others.iter().map(|other| other.id).min();
    match oldest.filter(|oldest| *oldest < own.id) {
        Some(oldest) => {
            discard(shop, own.id).await;
            Ok(Some(Step::found(oldest).go_on()))
        }
        None => Ok(None),
    }
}

/// The one mutation that counts, and a look at what came of it.
async fn activate(
    shop: &WooCommerce,
    order: &NewOrder,
    draft: &Order,
) -> Result<CreateProgress, Error> {
    let activation = to_wire::activation(order, &shop.config.completed_statuses);
    match shop.api.update_order(draft.id, &activation).await {
        Ok(_) => {}
        Err(error) if error.kind() == Kind::Rejected => return Ok(rejected(&error)),
        Err(error) => return Err(error),
    }
    let value = shop
        .api
        .order(draft.id)
        .await
        .map_err(classify::after_write)?;
    let stored = value.map(serde_json::from_value::<Order>).transpose();
    match stored.map_err(|error| classify::after_write(unreadable(error)))? {
        Some(stored) if !stored.status.is_draft() && stored.total.0 != draft.total.0 => {
            let actual = from_wire::total(&stored).map_err(unreadable);
            Ok(CreateProgress::TotalDiffers {
                actual: actual.map_err(classify::after_write)?,
                order: stored.id.to_string().into(),
                inert: false,
            })
        }
        Some(stored) if !stored.status.is_draft() => {
            created(shop, &stored).await.map_err(classify::after_write)
        }
        Some(_) | None => Err(Error::unknown(
            Kind::Unexpected,
            format!("order {} was activated, but does not show it", draft.id),
        )),
    }
}

async fn created(shop: &WooCommerce, stored: &Order) -> Result<CreateProgress, Error> {
    let order = shop.understand(stored).await?.map_err(unreadable)?;
    Ok(CreateProgress::Created(Box::new(order)))
}

/// Puts a draft that leads nowhere into the trash. It is inert, so failing to is only untidy.
async fn discard(shop: &WooCommerce, id: u64) {
    if let Err(error) = shop.api.trash_order(id).await {
        tracing::warn!(order = id, %error, "a useless draft is left in the shop");
    }
}

fn rejected(error: &Error) -> CreateProgress {
    CreateProgress::Rejected {
        reason: error.message().to_owned(),
    }
}
