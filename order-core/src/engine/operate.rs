//! What a person does with an order, without a lease: the order's version guards it.

use super::products::Products;
use super::{Connection, Engine, fold, plan, rules};
use crate::error::{Error, Kind};
use crate::ids::{OrderKey, ShopOrderId};
use crate::lifecycle::{self, Event, Note, OperatorAction};
use crate::ports::{Committed, ShopRead};
use crate::shop::ShopOrder;
use crate::state::Order;

pub use super::plan::Preview;

/// How often an order is read again when somebody else wrote it in between.
const MAX_RELOADS: usize = 8;

/// Something a person does with an order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Operation {
    /// What; nothing for a mere note.
    pub action: Option<OperatorAction>,
    /// Lines for its history, before those of the action: who it was, and why.
    pub notes: Vec<Note>,
}

impl From<OperatorAction> for Operation {
    fn from(action: OperatorAction) -> Self {
        Self {
            action: Some(action),
            notes: Vec::new(),
        }
    }
}

/// Whether a person may do this with the order as it is now.
pub type May<'a> = &'a (dyn Fn(&Order) -> Result<(), Error> + Send + Sync);

impl Engine {
    /// Folds what a person did into an order and stores it, without a lease.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such order, `Conflict` when the action does not fit it; else
    /// the store's.
    pub async fn operate(
        &self,
        connection: &Connection,
        key: &OrderKey,
        action: OperatorAction,
    ) -> Result<Order, Error> {
        self.perform(connection, key, action.into(), &|_| Ok(()))
            .await
    }

    /// As [`Engine::operate`], with notes, and asking `may` of the order as it is when it is
    /// written.
    ///
    /// # Errors
    ///
    /// Those of [`Engine::operate`] and of `may`.
    pub async fn perform(
        &self,
        connection: &Connection,
        key: &OrderKey,
        operation: Operation,
        may: May<'_>,
    ) -> Result<Order, Error> {
        let rules = rules(connection);
        for _ in 0..MAX_RELOADS {
            let order = self.load(key).await?;
            may(&order)?;
            let now = self.clock().now();
            let events: Vec<Event> = operation
                .action
                .iter()
                .cloned()
                .map(Event::Operator)
                .collect();
            for event in &events {
                if let Err(refused) = lifecycle::apply(&order, event, now, &rules) {
                    return Err(Error::not_applied(Kind::Conflict, refused.to_string())
                        .with_advice("nothing was changed; look at the order and choose again"));
                }
            }
            let mut change = fold(&order, &events, now, &rules);
            change.notes.splice(0..0, operation.notes.iter().cloned());
            let after = change.order.clone();
            if let Committed::Saved(version) = self.store().amend(change).await? {
                self.store().wake(key.connection.clone(), now).await?;
                return Ok(Order { version, ..after });
            }
        }
        Err(Error::not_applied(
            Kind::Conflict,
            format!("order {key} is changing all the time"),
        )
        .with_advice("try again in a moment"))
    }

    /// Links an order to one that is in the webshop already: reads that one, and makes sure that
    /// it is nobody else's.
    ///
    /// # Errors
    ///
    /// `NotFound` when either is not there, `Conflict` when the webshop order is another
    /// order's or the link does not fit; those of `may`, the webshop and the store.
    pub async fn link(
        &self,
        connection: &Connection,
        key: &OrderKey,
        shop: ShopOrderId,
        notes: Vec<Note>,
        may: May<'_>,
    ) -> Result<Order, Error> {
        may(&self.load(key).await?)?;
        let shop = self.shop_order(connection, &shop).await?;
        self.nobody_elses(key, &shop).await?;
        let operation = Operation {
            action: Some(OperatorAction::Link(Box::new(shop.clone()))),
            notes,
        };
        let linked = self.perform(connection, key, operation, may).await?;
        // Two people who link at the same moment do not see each other before.
        if let Err(error) = self.nobody_elses(key, &shop).await {
            let why = format!("two orders were linked to webshop order {}", shop.number);
            self.operate(connection, key, OperatorAction::Manual(Some(why)))
                .await?;
            return Err(error);
        }
        Ok(linked)
    }

    async fn shop_order(
        &self,
        connection: &Connection,
        id: &ShopOrderId,
    ) -> Result<ShopOrder, Error> {
        let limit = connection.policy.request_timeout;
        let call = connection.webshop.orders(vec![id.clone()]);
        let reads = super::call::within(&**self.clock(), limit, call).await?;
        let read = reads.into_iter().find(|read| read.id() == id);
        match read {
            Some(ShopRead::Found(shop)) => Ok(*shop),
            Some(ShopRead::Gone(_)) => Err(Error::not_applied(
                Kind::NotFound,
                format!("the webshop has no order with the id {id}"),
            )
            .with_advice("take the id from the address of the order's page in the webshop")),
            Some(ShopRead::Unreadable { reason, .. }) => Err(Error::not_applied(
                Kind::Conflict,
                format!("webshop order {id} cannot be used: {reason}"),
            )),
            None => Err(Error::not_applied(
                Kind::Unexpected,
                format!("the webshop gave no answer about order {id}"),
            )),
        }
    }

    /// Whether no other order has a webshop order: by its id in this connection, and in others
    /// when it looks the same there, since several connections may share a webshop.
    async fn nobody_elses(&self, key: &OrderKey, shop: &ShopOrder) -> Result<(), Error> {
        for record in self.store().connections().await? {
            let ids = vec![shop.id.clone()];
            for other in self.store().by_shop_ids(record.id.clone(), ids).await? {
                let same = other.state.linked().is_some_and(|link| {
                    other.key.connection == key.connection
                        || (link.number == shop.number && link.total == shop.total)
                });
                if same && other.key != *key {
                    return Err(Error::not_applied(
                        Kind::Conflict,
                        format!(
                            "webshop order {} belongs to order {}",
                            shop.number, other.key
                        ),
                    )
                    .with_advice("one webshop order is for one order; look at both"));
                }
            }
        }
        Ok(())
    }

    /// What creating an order in the webshop would send, from the order as it is stored. Asks the
    /// webshop for products and for an order that is there already, and changes nothing.
    ///
    /// # Errors
    ///
    /// `NotFound` when there is no such order, `Conflict` when it was never read; the webshop's
    /// and the store's.
    pub async fn preview(&self, connection: &Connection, key: &OrderKey) -> Result<Preview, Error> {
        let order = self.load(key).await?;
        let key = plan::external_key(connection, &order);
        let products = Products::default();
        plan::create(&**self.clock(), connection, &products, &order, key)
            .await?
            .ok_or_else(|| {
                Error::not_applied(
                    Kind::Conflict,
                    "the order has not been read from the marketplace yet",
                )
                .with_advice("it is read by itself; try again in a moment")
            })
    }

    async fn load(&self, key: &OrderKey) -> Result<Order, Error> {
        let order = self.store().load(key.clone()).await?;
        order.ok_or_else(|| {
            Error::not_applied(Kind::NotFound, format!("no order {key}"))
                .with_advice("`order-sync orders list` shows what there is")
        })
    }
}
