//! What a create would send, worked out by reads alone: for the engine before it sends, and for a
//! person who wants to see it.

use super::products::Products;
use super::{Connection, call};
use crate::error::Error;
use crate::ids::ExternalKey;
use crate::lifecycle::{self, Blocked};
use crate::ports::{Clock, FoundOrder, NewOrder};
use crate::state::{EffectKind, Order};

/// What a create would come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preview {
    /// This order would be made.
    Order(Box<NewOrder>),
    /// None would be made: something is missing.
    Blocked(Blocked),
    /// None would be made: the webshop has these under the order's key.
    Exists(Vec<FoundOrder>),
}

pub(super) fn external_key(connection: &Connection, order: &Order) -> ExternalKey {
    ExternalKey::new(connection.policy.channel.clone(), order.key.order.clone())
}

/// Checks the order, looks whether the webshop has it already, and finds its products; `None`
/// when it was never read.
pub(super) async fn create(
    clock: &dyn Clock,
    connection: &Connection,
    products: &Products,
    order: &Order,
    key: ExternalKey,
) -> Result<Option<Preview>, Error> {
    let Some(content) = order.content.as_deref() else {
        return Ok(None);
    };
    if let Err(blocked) = lifecycle::check(content) {
        return Ok(Some(Preview::Blocked(blocked)));
    }
    let limit = connection.policy.request_timeout;
    let webshop = &connection.webshop;
    let effect = order.state.effect(&EffectKind::Create);
    if effect.is_none_or(|effect| effect.draft.is_none()) {
        let found = call::within(clock, limit, webshop.find_orders(key.clone())).await?;
        let new = |hit: &FoundOrder| {
            !order.state.discarded.contains(&hit.order.id)
                && !order.state.extras.contains(&hit.order.id)
        };
        if found.iter().any(new) {
            return Ok(Some(Preview::Exists(found)));
        }
    }
    let queries = lifecycle::product_queries(content);
    let unknown = products.unknown(&queries);
    if !unknown.is_empty() {
        let answers = call::within(clock, limit, webshop.products(unknown.clone())).await?;
        products.learn(unknown, answers);
    }
    let matches = products.matches(&queries);
    Ok(Some(match lifecycle::new_order(content, key, &matches) {
        Ok(order) => Preview::Order(Box::new(order)),
        Err(blocked) => Preview::Blocked(blocked),
    }))
}
