//! The ports behind a gate.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::gate::{Call, Fault, Gate};
use crate::error::Error;
use crate::ids::{ConnectionId, ExternalKey, MarketplaceOrderId, OrderKey, ReturnId, ShopOrderId};
use crate::ports::*;
use crate::returns::MarketplaceReturn;
use crate::state::Order;

/// Passes a call of `inner` through the gate. The call is made on a clone, so that it can land
/// after its caller gave up.
macro_rules! pass {
    ($self:ident, $kind:ident $name:literal, $method:ident($($arg:expr),*)) => {{
        let inner = Arc::clone(&$self.inner);
        let call = Call { name: $name, mutates: pass!(@ $kind) };
        let execute = async move { inner.$method($($arg),*).await };
        $self.gate.pass(call, execute, &mut None).await
    }};
    (@ read) => { false };
    (@ write) => { true };
}

/// A marketplace behind a gate.
#[derive(Clone, Debug)]
pub struct GatedMarketplace {
    inner: Arc<dyn Marketplace>,
    gate: Gate,
}

impl GatedMarketplace {
    /// Puts a marketplace behind a gate.
    #[must_use]
    pub fn new(inner: Arc<dyn Marketplace>, gate: Gate) -> Self {
        Self { inner, gate }
    }

    async fn page(
        &self,
        name: &'static str,
        execute: impl Future<Output = Result<OrderPage, Error>> + Send + 'static,
        before: Option<Cursor>,
    ) -> Result<OrderPage, Error> {
        let mut fault = None;
        let call = Call {
            name,
            mutates: false,
        };
        let mut page = self.gate.pass(call, execute, &mut fault).await?;
        match fault {
            Some(Fault::ShuffledPage) => {
                let mut doubled = page.orders.clone();
                doubled.reverse();
                page.orders.extend(doubled);
            }
            Some(Fault::PartialPage) => {
                // Half of the page, and a cursor that still points before it.
                let half = page.orders.len() / 2;
                page.orders.truncate(half);
                if let Some(cursor) = before {
                    page.next = cursor;
                    page.more = false;
                }
            }
            _ => {}
        }
        Ok(page)
    }
}

#[async_trait]
impl Marketplace for GatedMarketplace {
    fn capabilities(&self) -> MarketplaceCapabilities {
        self.inner.capabilities()
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        pass!(self, read "marketplace.check", check())
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        let inner = Arc::clone(&self.inner);
        let before = cursor.clone();
        let execute = async move { inner.changes(cursor).await };
        self.page("marketplace.changes", execute, before).await
    }

    async fn open_orders(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        let inner = Arc::clone(&self.inner);
        let before = cursor.clone();
        let execute = async move { inner.open_orders(cursor).await };
        self.page("marketplace.open_orders", execute, before).await
    }

    async fn orders(&self, ids: Vec<MarketplaceOrderId>) -> Result<Vec<OrderRead>, Error> {
        pass!(self, read "marketplace.orders", orders(ids))
    }

    async fn accept(&self, request: AcceptRequest) -> Result<Outcome, Error> {
        pass!(self, write "marketplace.accept", accept(request))
    }

    async fn transporter(&self, query: TransporterQuery) -> Result<TransporterWord, Error> {
        pass!(self, read "marketplace.transporter", transporter(query))
    }

    async fn confirm(&self, request: ConfirmRequest) -> Result<Outcome, Error> {
        pass!(self, write "marketplace.confirm", confirm(request))
    }

    async fn ticket(&self, ticket: Ticket) -> Result<TicketStatus, Error> {
        pass!(self, read "marketplace.ticket", ticket(ticket))
    }

    async fn find_confirmation(&self, request: ConfirmRequest) -> Result<ConfirmationFound, Error> {
        pass!(self, read "marketplace.find_confirmation", find_confirmation(request))
    }

    async fn edit_tracking(&self, request: EditTracking) -> Result<Outcome, Error> {
        pass!(self, write "marketplace.edit_tracking", edit_tracking(request))
    }

    async fn cancel(&self, request: CancelRequest) -> Result<Outcome, Error> {
        pass!(self, write "marketplace.cancel", cancel(request))
    }

    async fn returns(&self, cursor: Option<Cursor>) -> Result<ReturnPage, Error> {
        pass!(self, read "marketplace.returns", returns(cursor))
    }

    async fn read_return(&self, id: ReturnId) -> Result<Vec<MarketplaceReturn>, Error> {
        pass!(self, read "marketplace.read_return", read_return(id))
    }

    async fn decide_return(&self, request: DecideReturn) -> Result<Outcome, Error> {
        pass!(self, write "marketplace.decide_return", decide_return(request))
    }
}

/// A webshop behind a gate.
#[derive(Clone, Debug)]
pub struct GatedWebshop {
    inner: Arc<dyn Webshop>,
    gate: Gate,
}

impl GatedWebshop {
    /// Puts a webshop behind a gate.
    #[must_use]
    pub fn new(inner: Arc<dyn Webshop>, gate: Gate) -> Self {
        Self { inner, gate }
    }
}

#[async_trait]
impl Webshop for GatedWebshop {
    fn capabilities(&self) -> WebshopCapabilities {
        self.inner.capabilities()
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        pass!(self, read "webshop.check", check())
    }

    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        pass!(self, read "webshop.products", products(queries))
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        pass!(self, read "webshop.find_orders", find_orders(key))
    }

    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        pass!(self, write "webshop.create_order", create_order(request))
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        pass!(self, read "webshop.changes", changes(cursor))
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        pass!(self, read "webshop.orders", orders(ids))
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        pass!(self, write "webshop.cancel_order", cancel_order(request))
    }

    async fn note_return(&self, request: NoteReturn) -> Result<ShopNote, Error> {
        pass!(self, write "webshop.note_return", note_return(request))
    }
}

/// A store behind a gate: it fails before and after committing.
#[derive(Clone, Debug)]
pub struct GatedStore {
    inner: Arc<dyn OrderStore>,
    gate: Gate,
}

impl GatedStore {
    /// Puts a store behind a gate.
    #[must_use]
    pub fn new(inner: Arc<dyn OrderStore>, gate: Gate) -> Self {
        Self { inner, gate }
    }
}

#[async_trait]
impl OrderStore for GatedStore {
    async fn register(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        pass!(self, write "store.register", register(connection, at))
    }

    async fn connections(&self) -> Result<Vec<ConnectionRecord>, Error> {
        self.inner.connections().await
    }

    async fn claim(&self, claim: Claim) -> Result<Option<Claimed>, Error> {
        pass!(self, write "store.claim", claim(claim))
    }

    async fn renew(&self, lease: Lease, until: DateTime<Utc>) -> Result<Lease, Error> {
        pass!(self, write "store.renew", renew(lease, until))
    }

    async fn release(
        &self,
        lease: Lease,
        memo: Memo,
        next_due: DateTime<Utc>,
    ) -> Result<(), Error> {
        pass!(self, write "store.release", release(lease, memo, next_due))
    }

    async fn stop(&self, connection: ConnectionId, why: Option<String>) -> Result<(), Error> {
        self.inner.stop(connection, why).await
    }

    async fn wake(&self, connection: ConnectionId, at: DateTime<Utc>) -> Result<(), Error> {
        pass!(self, write "store.wake", wake(connection, at))
    }

    async fn commit(&self, lease: Lease, batch: Batch) -> Result<Vec<Committed>, Error> {
        pass!(self, write "store.commit", commit(lease, batch))
    }

    async fn amend(&self, change: Change) -> Result<Committed, Error> {
        pass!(self, write "store.amend", amend(change))
    }

    async fn due(&self, query: DueQuery) -> Result<Vec<DueOrder>, Error> {
        pass!(self, read "store.due", due(query))
    }

    async fn next_due(&self, connection: ConnectionId) -> Result<Option<DateTime<Utc>>, Error> {
        pass!(self, read "store.next_due", next_due(connection))
    }

    async fn load(&self, key: OrderKey) -> Result<Option<Order>, Error> {
        pass!(self, read "store.load", load(key))
    }

    async fn load_many(
        &self,
        connection: ConnectionId,
        ids: Vec<MarketplaceOrderId>,
    ) -> Result<Vec<Order>, Error> {
        pass!(self, read "store.load_many", load_many(connection, ids))
    }

    async fn by_shop_ids(
        &self,
        connection: ConnectionId,
        ids: Vec<ShopOrderId>,
    ) -> Result<Vec<Order>, Error> {
        pass!(self, read "store.by_shop_ids", by_shop_ids(connection, ids))
    }

    async fn list(&self, filter: OrderFilter) -> Result<Vec<Order>, Error> {
        self.inner.list(filter).await
    }

    async fn count(&self, filter: OrderFilter) -> Result<u64, Error> {
        self.inner.count(filter).await
    }

    async fn activity(&self, query: ActivityQuery) -> Result<Vec<Activity>, Error> {
        self.inner.activity(query).await
    }

    async fn counts(&self, connection: Option<ConnectionId>) -> Result<Counts, Error> {
        self.inner.counts(connection).await
    }

    async fn history(&self, key: OrderKey) -> Result<Vec<HistoryEntry>, Error> {
        self.inner.history(key).await
    }

    async fn journal(&self, key: OrderKey) -> Result<Vec<JournalEntry>, Error> {
        self.inner.journal(key).await
    }
}
