//! Which shipping method a draft gets: the one whose price makes the order's sum.

use order_core::Error;
use order_core::ports::CreateProgress;

use super::connector::{Vendure, unreadable};
use super::create::{DRAFT, Plan, settled};
use super::from_wire;
use super::wire::{Order, ShippingQuote};

/// The first choice: a method that makes the sum, else the best of those that may be used.
pub(super) async fn first(
    shop: &Vendure,
    plan: &Plan<'_>,
    stored: &Order,
) -> Result<CreateProgress, Error> {
    let quotes = usable_quotes(shop, stored).await?;
    let wanted = shipping_cost(plan, stored);
    let fitting = quotes.iter().find(|quote| quote.price_with_tax == wanted);
    match fitting.or(quotes.first()) {
        Some(quote) => choose(shop, stored, quote).await,
        None => {
            let reason =
                "the shop offers no shipping method for this order that the settings allow";
            let refusal = Ok(Some(reason.to_owned()));
            settled(shop, &stored.id, &stored.state, refusal).await
        }
    }
}

/// The sum is another. Where a shipping method that was not chosen makes it right (the shop may
/// have got it since), that one is chosen; else it stops here.
pub(super) async fn differs(
    shop: &Vendure,
    plan: &Plan<'_>,
    stored: &Order,
) -> Result<CreateProgress, Error> {
    if stored.state == DRAFT {
        let wanted = shipping_cost(plan, stored);
        let chosen = |quote: &ShippingQuote| {
            let methods = stored
                .shipping_lines
                .iter()
                .filter_map(|line| line.shipping_method.as_ref());
            methods.into_iter().any(|method| method.id == quote.id)
        };
        let quotes = usable_quotes(shop, stored).await?;
        let better = quotes
            .iter()
            .find(|quote| quote.price_with_tax == wanted && !chosen(quote));
        if let Some(quote) = better {
            return choose(shop, stored, quote).await;
        }
    }
    Ok(CreateProgress::TotalDiffers {
        actual: from_wire::total(stored, &shop.config).map_err(unreadable)?,
        order: stored.id.as_str().into(),
        inert: true,
    })
}

/// What shipping must cost so that the order comes to its sum.
fn shipping_cost(plan: &Plan<'_>, stored: &Order) -> i64 {
    let goods = stored
        .total_with_tax
        .saturating_sub(stored.shipping_with_tax);
    plan.total.saturating_sub(goods)
}

/// The methods that the shop offers and the settings allow, best first.
async fn usable_quotes(shop: &Vendure, stored: &Order) -> Result<Vec<ShippingQuote>, Error> {
    let names = &shop.config.shipping_methods;
    let mut quotes = shop.api.shipping_quotes(&stored.id).await?;
    quotes.retain(|quote| names.is_empty() || names.contains(&quote.code));
    quotes.sort_by_key(|quote| names.iter().position(|name| *name == quote.code));
    Ok(quotes)
}

async fn choose(
    shop: &Vendure,
    stored: &Order,
    quote: &ShippingQuote,
) -> Result<CreateProgress, Error> {
    let outcome = shop.api.set_shipping(&stored.id, &quote.id).await;
    let refusal = outcome.map(|outcome| outcome.refusal());
    settled(shop, &stored.id, &stored.state, refusal).await
}
