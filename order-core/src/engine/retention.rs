//! Erasing what tells who the buyers were, once their orders are over for long enough.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Connection, Engine, rules};
use crate::address::Address;
use crate::error::Error;
use crate::lifecycle::{self, Level, Note};
use crate::ports::{Change, Committed, OrderFilter};
use crate::state::{Confirmation, Order};

/// Orders read at once.
const PAGE: usize = 200;

/// What erasing came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Erased {
    /// Orders looked at.
    pub seen: u64,
    /// Orders whose personal data were erased, or would be.
    pub erased: u64,
}

impl Engine {
    /// Erases addresses (all but the country) and what buyers wrote about returns, from orders
    /// with nothing left to do that nothing happened to since `before`. With `dry`, only counts.
    /// `progress` is told after every page.
    ///
    /// Orders that a person handles are left alone until the marketplace has closed them. An
    /// order that changes at that moment is left for the next time.
    ///
    /// # Errors
    ///
    /// The store's. What was erased stays so.
    pub async fn erase_personal_data(
        &self,
        connection: &Connection,
        before: DateTime<Utc>,
        dry: bool,
        progress: &(dyn Fn(Erased) + Send + Sync),
    ) -> Result<Erased, Error> {
        let rules = rules(connection);
        let mut erased = Erased::default();
        let mut after = None;
        loop {
            let filter = OrderFilter {
                connection: Some(connection.id.clone()),
                limit: PAGE,
                after: after.take(),
                ..OrderFilter::default()
            };
            let orders = self.store().list(filter).await?;
            let more = orders.len() == PAGE;
            after = orders.last().map(|order| order.key.clone());
            for order in orders {
                erased.seen += 1;
                let now = self.clock().now();
                let over = is_over(&order) && lifecycle::next_due(&order, now, &rules).is_none();
                if !over || last_event(&order) >= before {
                    continue;
                }
                let Some(bare) = without_personal_data(&order) else {
                    continue;
                };
                if dry {
                    erased.erased += 1;
                    continue;
                }
                let change = Change {
                    order: bare,
                    next_due: None,
                    content_changed: true,
                    notes: vec![Note {
                        level: Level::Info,
                        text: "personal data erased: the order is over for long enough".to_owned(),
                    }],
                    effects: Vec::new(),
                    at: now,
                };
                if let Committed::Saved(_) = self.store().amend(change).await? {
                    erased.erased += 1;
                }
            }
            progress(erased);
            if !more {
                return Ok(erased);
            }
        }
    }
}

/// Whether an order is over on the marketplace's side as well.
fn is_over(order: &Order) -> bool {
    let closed = order
        .content
        .as_ref()
        .is_some_and(|content| content.is_closed());
    let given_up = order.state.ignored.is_some() || order.state.reading.marketplace_gone;
    order.status_is_final() && (closed || given_up) && order.state.effects.is_empty()
}

/// When something last happened to an order, as far as it tells.
fn last_event(order: &Order) -> DateTime<Utc> {
    let state = &order.state;
    let told = state
        .shipments
        .iter()
        .map(|shipment| match &shipment.confirmation {
            Confirmation::Confirmed { at, .. } | Confirmation::Verified { at, .. } => *at,
            Confirmation::None | Confirmation::Elsewhere | Confirmation::Rejected(_) => {
                shipment.shipped_at
            }
        });
    let returned = state
        .returns
        .iter()
        .map(|record| record.value.registered_at);
    [state.reading.marketplace_at, state.reading.shop_at]
        .into_iter()
        .flatten()
        .chain(told)
        .chain(returned)
        .max()
        .map_or(state.first_seen, |last| last.max(state.first_seen))
}

/// The order without what tells who the buyer is; `None` when there is nothing of it.
fn without_personal_data(order: &Order) -> Option<Order> {
    let mut bare = order.clone();
    if let Some(content) = &order.content {
        let mut content = (**content).clone();
        for address in [&mut content.ship_to, &mut content.bill_to]
            .into_iter()
            .flatten()
        {
            *address = Address {
                country: address.country,
                ..Address::default()
            };
        }
        bare.content = Some(Arc::new(content));
    }
    for record in &mut bare.state.returns {
        for line in &mut record.value.lines {
            line.comment = None;
        }
    }
    (bare != *order).then_some(bare)
}
