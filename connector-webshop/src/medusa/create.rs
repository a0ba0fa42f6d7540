//! Creating an order: a draft that is complete from the start, which becomes an order, which is
//! paid.
//!
//! ```text
//! (nothing) --POST draft--> draft --GET, sums agree, convert--> unpaid --collection, paid--> created
//!                             ^ |
//!                             | +--GET, sums differ: DELETE, and POST with the shop's rates (once)
//!                             +-'
//! ```
//!
//! An order that the marketplace sent is completed after it was paid, and counts from then on.
//!
//! **Invariants.** Each call sends one mutation that counts at most. Only a draft that carries our
//! key and comes to the wanted sum becomes an order, and only while no other order under that key
//! goes first.

use order_core::ids::ExternalKey;
use order_core::ports::{Checkpoint, CreateOrder, CreateProgress, NewLine, NewOrder};
use order_core::shop::ShopState;
use order_core::{Error, Kind};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::connector::Medusa;
use super::totals::{self, Rates};
use super::wire::Order;
use super::{from_wire, surroundings, to_wire};
use crate::shared::{after_write, ambiguous_key, unreadable};
use crate::sums::{self, Sums};

/// Where creating left off: everything else is read from the draft.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    draft: String,
    /// The shop's rates, once its prices were freed of them.
    #[serde(default)]
    rates: Option<Rates>,
}

impl Place {
    pub(super) fn at(draft: &str) -> Self {
        Self {
            draft: draft.to_owned(),
            rates: None,
        }
    }

    pub(super) fn checkpoint(&self) -> Checkpoint {
        Checkpoint(serde_json::json!(self))
    }

    fn go_on(&self) -> CreateProgress {
        CreateProgress::Continue {
            checkpoint: self.checkpoint(),
            draft: Some(self.draft.as_str().into()),
        }
    }
}

/// The order in the shop's terms.
struct Plan<'a> {
    order: &'a NewOrder,
    sums: Sums,
    marks: Vec<&'a str>,
}

fn rejected(reason: impl Into<String>) -> CreateProgress {
    CreateProgress::Rejected {
        reason: reason.into(),
    }
}

pub(super) async fn create(shop: &Medusa, request: CreateOrder) -> Result<CreateProgress, Error> {
    let plan = match plan(&request.order) {
        Ok(plan) => plan,
        Err(reason) => return Ok(rejected(reason)),
    };
    let completes = |status: &String| status == "completed";
    if request.order.sent_elsewhere && !shop.config.completed_statuses.iter().any(completes) {
        return Ok(rejected(
            "the marketplace sent it, so it is made as completed: add completed to \
             completed_statuses",
        ));
    }
    let Some(checkpoint) = request.resume else {
        return begin(shop, &plan, None).await;
    };
    let place: Place = serde_json::from_value(checkpoint.0).map_err(|error| {
        Error::not_applied(Kind::Unexpected, "the stored step cannot be read").with_source(error)
    })?;
    match shop.api.order(&place.draft).await? {
        Some(stored) => proceed(shop, &plan, &place, &stored).await,
        // A draft that somebody deleted counts for nothing.
        None => begin(shop, &plan, place.rates).await,
    }
}

/// Everything that can be refused without asking the shop is refused here.
fn plan(order: &NewOrder) -> Result<Plan<'_>, String> {
    let sums = sums::plan(order)?;
    if let Some(reason) = ambiguous_key(&order.key) {
        return Err(reason);
    }
    to_wire::address(&order.ship_to)?;
    to_wire::address(&order.bill_to)?;
    Ok(Plan {
        order,
        sums,
        marks: order.lines.iter().map(|line| line.line.as_str()).collect(),
    })
}

/// Makes the draft, unless there is an order under this key.
async fn begin(
    shop: &Medusa,
    plan: &Plan<'_>,
    rates: Option<Rates>,
) -> Result<CreateProgress, Error> {
    if let Some(progress) = adopt(shop, &plan.order.key).await? {
        return Ok(progress);
    }
    let found = surroundings::find(&shop.api, &shop.config, plan.order).await?;
    let surroundings = match found {
        Ok(surroundings) => surroundings,
        Err(reason) => return Ok(rejected(reason)),
    };
    // What the marketplace says the tax is, until the shop has said it.
    let guess = || Rates {
        lines: plan
            .order
            .lines
            .iter()
            .map(|line| line.vat_percent.unwrap_or(Decimal::ZERO))
            .collect(),
        shipping: plan
            .order
            .lines
            .iter()
            .filter_map(|line| line.vat_percent)
            .max()
            .unwrap_or(Decimal::ZERO),
    };
    let used = rates.clone().unwrap_or_else(guess);
    let quantities: Vec<u32> = plan.order.lines.iter().map(|line| line.quantity).collect();
    let net = totals::net(&plan.sums, &quantities, &used, plan.order.currency);
    let draft = match to_wire::draft(plan.order, &net, &surroundings, &shop.config) {
        Ok(draft) => draft,
        Err(reason) => return Ok(rejected(reason)),
    };
    let draft = match shop.api.create_draft(&draft).await {
        Ok(made) => made.id,
        Err(error) if error.kind() == Kind::Rejected => return Ok(rejected(error.message())),
        Err(error) if error.kind() == Kind::Conflict => return taken(shop, plan, error).await,
        Err(error) => return Err(error),
    };
    Ok(Place { draft, rates }.go_on())
}

/// The shop refused the key: somebody else's order under it is gone on with.
async fn taken(shop: &Medusa, plan: &Plan<'_>, error: Error) -> Result<CreateProgress, Error> {
    if let Some(progress) = adopt(shop, &plan.order.key).await? {
        return Ok(progress);
    }
    let standing = shop.with_key(&plan.order.key).await?;
    if standing.is_empty() {
        return Err(error);
    }
    Ok(rejected(
        "the shop has a cancelled order with this key, and takes no second one",
    ))
}

/// An order that stands under our key already. Cancelled ones are past.
async fn adopt(shop: &Medusa, key: &ExternalKey) -> Result<Option<CreateProgress>, Error> {
    let standing = shop.with_key(key).await?;
    let state = |own: &Order| from_wire::state(own, &shop.config);
    let placed = standing
        .iter()
        .find(|own| !matches!(state(own), ShopState::Draft | ShopState::Cancelled));
    if let Some(placed) = placed {
        return created(shop, placed).map(Some);
    }
    let draft = standing.iter().find(|own| state(own) == ShopState::Draft);
    Ok(draft.map(|draft| Place::at(&draft.id).go_on()))
}

fn created(shop: &Medusa, order: &Order) -> Result<CreateProgress, Error> {
    let order = shop.understand(order)?;
    Ok(CreateProgress::Created(Box::new(order)))
}

/// One step on an order that was read just now.
async fn proceed(
    shop: &Medusa,
    plan: &Plan<'_>,
    place: &Place,
    stored: &Order,
) -> Result<CreateProgress, Error> {
    let key = plan.order.key.to_string();
    if from_wire::key_text(stored) != Some(&key) {
        let message = format!("order {} of the shop is not the draft of {key}", stored.id);
        return Err(Error::not_applied(Kind::Conflict, message));
    }
    if stored.status == "draft" {
        return draft(shop, plan, place, stored).await;
    }
    match from_wire::state(stored, &shop.config) {
        ShopState::Draft if from_wire::is_unpaid(stored) => pay(shop, plan, place, stored).await,
        ShopState::Draft => complete(shop, stored).await,
        ShopState::Cancelled => Ok(rejected(format!(
            "somebody cancelled order {} before it was finished",
            stored.id
        ))),
        ShopState::Open | ShopState::Completed | ShopState::Unknown => created(shop, stored),
    }
}

/// Makes the draft an order when it comes to the wanted sum; else makes it anew, once.
async fn draft(
    shop: &Medusa,
    plan: &Plan<'_>,
    place: &Place,
    stored: &Order,
) -> Result<CreateProgress, Error> {
    let total = from_wire::total(stored).map_err(unreadable)?;
    let shops = totals::rates(stored, &plan.marks);
    let untaxed = shops.lines.contains(&Decimal::ZERO);
    let complete = has_lines(stored, plan.order);
    let allowed = !untaxed || shop.config.untaxed_where_no_rate;
    if complete && allowed && total.agrees_with(&plan.order.total) {
        return convert(shop, plan, place, stored).await;
    }
    if place.rates.as_ref() == Some(&shops) || !allowed {
        return Ok(CreateProgress::TotalDiffers {
            actual: total,
            order: stored.id.as_str().into(),
            inert: true,
        });
    }
    // Its prices were freed of other rates than the shop's, or it is of an order that has changed.
    tracing::debug!(order = %stored.id, "the draft is made anew with the shop's tax rates");
    shop.api.delete_draft(&stored.id).await?;
    begin(shop, plan, Some(shops)).await
}

/// Whether the draft has the wanted articles.
fn has_lines(stored: &Order, order: &NewOrder) -> bool {
    stored.items.len() == order.lines.len()
        && order.lines.iter().all(|line| {
            let mut items = stored.items.iter();
            items.any(|item| {
                from_wire::mark(item) == Some(line.line.as_str())
                    && item.variant_id.as_deref() == variant(order, line)
                    && from_wire::pieces(item.quantity.0) == line.quantity
            })
        })
}

/// The variant that a line is to have: none takes no stock.
fn variant<'a>(order: &NewOrder, line: &'a NewLine) -> Option<&'a str> {
    (!order.sent_elsewhere).then_some(line.product.id.as_str())
}

/// Another order under our key goes first: one that counts already, or an older draft. Whoever else
/// is at work decides the same, so one is left.
async fn convert(
    shop: &Medusa,
    plan: &Plan<'_>,
    place: &Place,
    stored: &Order,
) -> Result<CreateProgress, Error> {
    let mut others = shop.with_key(&plan.order.key).await?;
    if shop.config.pass_buyer_email && others.is_empty() {
        discard(shop, stored).await;
        return Ok(rejected(
            "the shop makes no display id of our key, so an order with the buyer's own address \
             could not be found again: set generateCustomDisplayId in the shop, or \
             pass_buyer_email to false",
        ));
    }
    let state = |other: &Order| from_wire::state(other, &shop.config);
    others.retain(|other| other.id != stored.id && state(other) != ShopState::Cancelled);
    let first = others
        .iter()
        .find(|other| other.status != "draft")
        .or_else(|| others.iter().find(|other| other.id < stored.id));
    if let Some(other) = first {
        discard(shop, stored).await;
        return Ok(Place::at(&other.id).go_on());
    }
    match shop.api.convert(&stored.id).await {
        Ok(()) => Ok(place.go_on()),
        Err(error) if error.kind() == Kind::Rejected => {
            // Refused also when it is an order already: then somebody else goes on with it.
            let now = shop.api.order(&stored.id).await.map_err(after_write)?;
            if now.is_some_and(|now| now.status != "draft") {
                return Ok(place.go_on());
            }
            discard(shop, stored).await;
            Ok(rejected(error.message()))
        }
        Err(error) => Err(error),
    }
}

/// The payment: first what is to be paid, then that it was. From then on the order counts.
async fn pay(
    shop: &Medusa,
    plan: &Plan<'_>,
    place: &Place,
    stored: &Order,
) -> Result<CreateProgress, Error> {
    let open = stored
        .payment_collections
        .iter()
        .find(|own| own.status == "not_paid" || own.status == "awaiting");
    let Some(open) = open else {
        let amount = plan.order.total.amount.to_string();
        shop.api.add_payment_collection(&stored.id, &amount).await?;
        return Ok(place.go_on());
    };
    match shop.api.mark_as_paid(&open.id, &stored.id).await {
        Ok(()) => {}
        // Refused when it is paid already: the order says so.
        Err(error) if error.kind() == Kind::Rejected => {
            tracing::debug!(order = %stored.id, %error, "the payment was refused");
        }
        Err(error) => return Err(error),
    }
    let read = shop.api.order(&stored.id).await.map_err(after_write)?;
    let Some(paid) = read.filter(|paid| !from_wire::is_unpaid(paid)) else {
        return Err(Error::unknown(
            Kind::Unexpected,
            format!("order {} was paid, but does not show it", stored.id),
        ));
    };
    let total = from_wire::total(&paid).map_err(|text| after_write(unreadable(text)))?;
    if paid.status != "canceled" && !total.agrees_with(&plan.order.total) {
        return Ok(CreateProgress::TotalDiffers {
            actual: total,
            order: paid.id.as_str().into(),
            inert: from_wire::is_unfinished(&paid),
        });
    }
    if from_wire::is_unfinished(&paid) {
        return Ok(place.go_on());
    }
    created(shop, &paid).map_err(after_write)
}

/// What the marketplace sent is completed. From then on the order counts.
async fn complete(shop: &Medusa, stored: &Order) -> Result<CreateProgress, Error> {
    match shop.api.complete(&stored.id).await {
        Ok(()) => {}
        Err(error) if error.kind() == Kind::Rejected => return Ok(rejected(error.message())),
        Err(error) => return Err(error),
    }
    let read = shop.api.order(&stored.id).await.map_err(after_write)?;
    match read.filter(|read| from_wire::state(read, &shop.config) == ShopState::Completed) {
        Some(completed) => created(shop, &completed).map_err(after_write),
        None => Err(Error::unknown(
            Kind::Unexpected,
            format!("order {} was completed, but does not show it", stored.id),
        )),
    }
}

/// Clears a useless draft away. It is inert, so failing to is only untidy.
async fn discard(shop: &Medusa, draft: &Order) {
    if let Err(error) = shop.throw_away(draft).await {
        tracing::warn!(order = %draft.id, %error, "a useless draft is left in the shop");
    }
}
