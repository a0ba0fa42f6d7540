//! Creating an order: a draft, step by step, that counts only once its payment is booked.
//!
//! **Invariants.** A call makes the draft and writes the key on it, or reads the draft and does the one
//! step that it lacks. The payment is booked only when the stored sum is the wanted one.

use order_core::ports::{Checkpoint, CreateOrder, CreateProgress, NewOrder};
use order_core::shop::ShopState;
use order_core::{Effect, Error, Kind};
use serde::{Deserialize, Serialize};

use super::connector::{Vendure, unreadable};
use super::flow::{self, LineChange, Step, WantedLine};
use super::wire::Order;
use super::{classify, from_wire, shipping, to_wire};
use crate::sums;

/// The state of an order that is being made.
pub(super) const DRAFT: &str = "Draft";

/// Where creating left off: everything else is read from the draft.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Place {
    draft: String,
}

impl Place {
    pub(super) fn checkpoint(id: &str) -> Checkpoint {
        Checkpoint(serde_json::json!(Self {
            draft: id.to_owned()
        }))
    }
}

/// The order in the shop's terms.
pub(super) struct Plan<'a> {
    pub(super) order: &'a NewOrder,
    pub(super) lines: Vec<WantedLine>,
    pub(super) total: i64,
}

fn go_on(id: &str) -> CreateProgress {
    CreateProgress::Continue {
        checkpoint: Place::checkpoint(id),
        draft: Some(id.into()),
    }
}

fn rejected(reason: impl Into<String>) -> CreateProgress {
    CreateProgress::Rejected {
        reason: reason.into(),
    }
}

pub(super) async fn create(shop: &Vendure, request: CreateOrder) -> Result<CreateProgress, Error> {
    let plan = match plan(shop, &request.order) {
        Ok(plan) => plan,
        Err(reason) => return Ok(rejected(reason)),
    };
    let Some(checkpoint) = request.resume else {
        return begin(shop, &plan).await;
    };
    let place: Place = serde_json::from_value(checkpoint.0).map_err(|error| {
        Error::not_applied(Kind::Unexpected, "the stored step cannot be read").with_source(error)
    })?;
    match shop.api.order(&place.draft).await? {
        Some(stored) => proceed(shop, &plan, &stored).await,
        // A draft that somebody deleted counts for nothing.
        None => begin(shop, &plan).await,
    }
}

/// Everything that can be refused without asking the shop is refused here.
fn plan<'a>(shop: &Vendure, order: &'a NewOrder) -> Result<Plan<'a>, String> {
    let mut sums = sums::plan(order)?;
    let total = to_wire::minor(order.total, &shop.config)
        .ok_or("the shop's prices have fewer decimals than this order")?;
    if order.key.channel.contains(':') {
        return Err(format!(
            "the key {:?} cannot be taken apart again",
            order.key.to_string()
        ));
    }
    // Sums are in the currency's unit, the shop's prices in the shop's.
    for line in &mut sums.lines {
        let after = order_core::money::Money::from_minor(line.after_discount, order.currency);
        line.after_discount = to_wire::minor(after, &shop.config)
            .ok_or("the shop's prices have fewer decimals than this order")?;
    }
    to_wire::address(&order.ship_to)?;
    to_wire::address(&order.bill_to)?;
    let lines = flow::wanted_lines(order, &sums, &shop.config);
    Ok(Plan {
        order,
        lines,
        total,
    })
}

/// Makes the draft, unless there is an order under this key.
async fn begin(shop: &Vendure, plan: &Plan<'_>) -> Result<CreateProgress, Error> {
    if let Some(progress) = adopt(shop, plan, None).await? {
        return Ok(progress);
    }
    let id = shop.api.create_draft().await?;
    // At once, so that from here on the draft is found by its key, whoever looks.
    match stamp(shop, plan, &id).await {
        Err(error) if error.effect() == Effect::NotApplied && error.is_retryable() => {
            Ok(go_on(&id))
        }
        stamped => stamped,
    }
}

/// An order that stands under our key already, other than `but`. Cancelled ones are past.
async fn adopt(
    shop: &Vendure,
    plan: &Plan<'_>,
    but: Option<&str>,
) -> Result<Option<CreateProgress>, Error> {
    let mut standing = shop.with_key(&plan.order.key).await?;
    standing.retain(|own| Some(own.id.as_str()) != but);
    let state = |own: &Order| from_wire::state(&own.state, &shop.config);
    let placed = standing
        .iter()
        .find(|own| !matches!(state(own), ShopState::Draft | ShopState::Cancelled));
    if let Some(placed) = placed {
        return shop.understand(placed).map(created).map(Some);
    }
    let draft = standing.iter().find(|own| state(own) == ShopState::Draft);
    Ok(draft.map(|draft| go_on(&draft.id)))
}

fn created(order: order_core::shop::ShopOrder) -> CreateProgress {
    CreateProgress::Created(Box::new(order))
}

/// One step on a draft that was read just now.
async fn proceed(shop: &Vendure, plan: &Plan<'_>, stored: &Order) -> Result<CreateProgress, Error> {
    let key = plan.order.key.to_string();
    if from_wire::key_text(stored, &shop.config).is_some_and(|own| own != key) {
        let message = format!(
            "order {} of the shop is not the draft of {key}",
            stored.code
        );
        return Err(Error::not_applied(Kind::Conflict, message));
    }
    if stored.currency_code != plan.order.currency.as_str() {
        discard(shop, &stored.id, &stored.state).await;
        let (own, wanted) = (&stored.currency_code, plan.order.currency);
        return Ok(rejected(format!(
            "the shop's channel sells in {own}, the order is in {wanted}"
        )));
    }
    match flow::next(stored, &plan.lines, plan.total, &shop.config) {
        Step::Stamp => stamp(shop, plan, &stored.id).await,
        Step::Lines(changes) => lines(shop, stored, &changes).await,
        Step::Customer => customer(shop, plan, stored).await,
        Step::Addresses => addresses(shop, plan, stored).await,
        Step::Shipping => shipping::first(shop, plan, stored).await,
        Step::ArrangePayment => arrange_payment(shop, plan, stored).await,
        Step::Pay => pay(shop, plan, stored).await,
        Step::Placed => shop.understand(stored).map(created),
        Step::TotalDiffers => shipping::differs(shop, plan, stored).await,
        Step::Stuck => {
            let (code, state) = (&stored.code, &stored.state);
            Ok(rejected(format!(
                "order {code} is in state {state}, in which it cannot be finished"
            )))
        }
    }
}

/// After a step: go on, or clear the draft away when the shop refuses.
pub(super) async fn settled(
    shop: &Vendure,
    id: &str,
    state: &str,
    refusal: Result<Option<String>, Error>,
) -> Result<CreateProgress, Error> {
    let reason = match refusal {
        Ok(None) => return Ok(go_on(id)),
        Ok(Some(reason)) => reason,
        Err(error) if matches!(error.kind(), Kind::Rejected | Kind::NotFound) => {
            error.message().to_owned()
        }
        Err(error) => return Err(error),
    };
    discard(shop, id, state).await;
    Ok(rejected(reason))
}

/// Writes the key. Where the shop keeps it unique, a second draft is refused here.
async fn stamp(shop: &Vendure, plan: &Plan<'_>, id: &str) -> Result<CreateProgress, Error> {
    let Some(field) = &shop.config.order_field else {
        return Ok(go_on(id));
    };
    match shop.api.stamp(id, field, &plan.order.key.to_string()).await {
        Err(error) if error.kind() == Kind::Conflict => {
            let other = adopt(shop, plan, Some(id)).await?;
            discard(shop, id, DRAFT).await;
            Ok(other.unwrap_or_else(|| {
                rejected("the shop has a cancelled order with this key, and takes no second one")
            }))
        }
        stamped => settled(shop, id, DRAFT, stamped.map(|()| None)).await,
    }
}

/// Vendure adds what it has and says that it was less: that is no line to keep.
async fn lines(
    shop: &Vendure,
    stored: &Order,
    changes: &[LineChange],
) -> Result<CreateProgress, Error> {
    let outcomes = match shop.api.change_lines(&stored.id, changes).await {
        Ok(outcomes) => outcomes,
        Err(error) => return settled(shop, &stored.id, &stored.state, Err(error)).await,
    };
    let refused = outcomes.iter().find_map(|outcome| {
        let reason = outcome.refusal()?;
        Some(match outcome.quantity_available {
            Some(available) => format!("not enough stock: {available} available ({reason})"),
            None => reason,
        })
    });
    settled(shop, &stored.id, &stored.state, Ok(refused)).await
}

async fn customer(
    shop: &Vendure,
    plan: &Plan<'_>,
    stored: &Order,
) -> Result<CreateProgress, Error> {
    let input = to_wire::customer(plan.order, &shop.config);
    let outcome = shop.api.set_customer(&stored.id, &input).await;
    let taken = |code: Option<&str>| code == Some("EMAIL_ADDRESS_CONFLICT_ERROR");
    let outcome = match outcome {
        // Refused because a registered customer has this address: it is that customer then.
        Ok(outcome) if taken(outcome.error_code.as_deref()) => {
            shop.api
                .set_known_customer(&stored.id, &input.email_address)
                .await
        }
        outcome => outcome,
    };
    settled(
        shop,
        &stored.id,
        &stored.state,
        outcome.map(|outcome| outcome.refusal()),
    )
    .await
}

async fn addresses(
    shop: &Vendure,
    plan: &Plan<'_>,
    stored: &Order,
) -> Result<CreateProgress, Error> {
    let inputs = (
        to_wire::address(&plan.order.ship_to),
        to_wire::address(&plan.order.bill_to),
    );
    let (Ok(shipping), Ok(billing)) = inputs else {
        return Ok(rejected("the address is not complete"));
    };
    let done = shop
        .api
        .set_addresses(&stored.id, &shipping, &billing)
        .await;
    settled(shop, &stored.id, &stored.state, done.map(|()| None)).await
}

/// Closes the draft, unless another order under our key goes first: one that counts already, or an
/// older draft. Where the shop keeps the key unique there is none.
async fn arrange_payment(
    shop: &Vendure,
    plan: &Plan<'_>,
    stored: &Order,
) -> Result<CreateProgress, Error> {
    let age = |order: &Order| (order.id.len(), order.id.clone());
    let mut others = shop.with_key(&plan.order.key).await?;
    others.retain(|other| other.id != stored.id);
    let state = |other: &Order| from_wire::state(&other.state, &shop.config);
    let goes_first = others
        .iter()
        .find(|other| !matches!(state(other), ShopState::Draft | ShopState::Cancelled))
        .or_else(|| {
            let drafts = others
                .iter()
                .filter(|other| state(other) == ShopState::Draft);
            drafts
                .min_by_key(|other| age(other))
                .filter(|oldest| age(oldest) < age(stored))
        });
    if let Some(other) = goes_first {
        discard(shop, &stored.id, &stored.state).await;
        return Ok(go_on(&other.id));
    }
    let outcome = shop.api.transition(&stored.id, "ArrangingPayment").await;
    settled(
        shop,
        &stored.id,
        &stored.state,
        outcome.map(|outcome| outcome.refusal()),
    )
    .await
}

/// The one mutation that counts, and a look at what came of it.
async fn pay(shop: &Vendure, plan: &Plan<'_>, stored: &Order) -> Result<CreateProgress, Error> {
    let map = flow::line_map(stored, &plan.lines, &shop.config);
    let input = to_wire::payment(&stored.id, plan.order, map, &shop.config);
    let outcome = match shop.api.pay(input).await {
        Ok(outcome) => outcome,
        Err(error) if error.kind() == Kind::Rejected => return Ok(rejected(error.message())),
        Err(error) => return Err(error),
    };
    let read = shop
        .api
        .order(&stored.id)
        .await
        .map_err(classify::after_write)?;
    let Some(paid) = read.filter(|paid| paid.state != "ArrangingPayment") else {
        return match outcome.refusal() {
            Some(reason) => Ok(rejected(reason)),
            None => Err(Error::unknown(
                Kind::Unexpected,
                format!(
                    "the payment of order {} was booked, but does not show",
                    stored.code
                ),
            )),
        };
    };
    if paid.total_with_tax != plan.total {
        let actual = from_wire::total(&paid, &shop.config).map_err(unreadable);
        return Ok(CreateProgress::TotalDiffers {
            actual: actual.map_err(classify::after_write)?,
            order: paid.id.as_str().into(),
            inert: false,
        });
    }
    shop.understand(&paid)
        .map(created)
        .map_err(classify::after_write)
}

/// Clears a useless draft away. It is inert, so failing to is only untidy.
async fn discard(shop: &Vendure, id: &str, state: &str) {
    if let Err(error) = shop.throw_away(id, state).await {
        tracing::warn!(order = id, %error, "a useless draft is left in the shop");
    }
}
