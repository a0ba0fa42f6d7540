//! Connectors of which one order is recorded: it is asked for alone, by connectors of its own.
//!
//! The recorded connectors start empty with the recording, so that what they remember between
//! calls is in it too. Everything about other orders goes to the usual ones.

#![deny(clippy::missing_trait_methods)]

use std::sync::Arc;

use async_trait::async_trait;
use order_core::error::Error;
use order_core::ids::{ExternalKey, MarketplaceOrderId, ReturnId, ShopOrderId};
use order_core::ports::{
    AcceptRequest, AccountInfo, CancelRequest, CancelShopOrder, ConfirmRequest, ConfirmationFound,
    CreateOrder, CreateProgress, Cursor, DecideReturn, EditTracking, FoundOrder, Marketplace,
    MarketplaceCapabilities, NoteReturn, OrderPage, OrderRead, Outcome, ProductMatch, ProductQuery,
    ReturnPage, ShopCancel, ShopChanges, ShopNote, ShopRead, Ticket, TicketStatus,
    TransporterQuery, TransporterWord, Webshop, WebshopCapabilities,
};
use order_core::returns::MarketplaceReturn;

use super::call::Call;
use super::recorder::Recorder;

/// A marketplace of which one order is recorded.
#[derive(Debug)]
pub(super) struct RecordedMarketplace {
    pub(super) usual: Arc<dyn Marketplace>,
    pub(super) recorded: Arc<dyn Marketplace>,
    pub(super) recorder: Arc<Recorder>,
}

/// A webshop of which one order is recorded.
#[derive(Debug)]
pub(super) struct RecordedWebshop {
    pub(super) usual: Arc<dyn Webshop>,
    pub(super) recorded: Arc<dyn Webshop>,
    pub(super) recorder: Arc<Recorder>,
}

/// Records a call when it is about the order, else makes it as usual.
macro_rules! about {
    ($self:ident, $ours:expr, $call:ident($value:ident), $method:ident) => {{
        if !$ours {
            return $self.usual.$method($value).await;
        }
        let call = Call::$call($value.clone());
        let asked = $self.recorded.$method($value);
        $self.recorder.record(call, asked).await
    }};
}

#[async_trait]
impl Marketplace for RecordedMarketplace {
    fn capabilities(&self) -> MarketplaceCapabilities {
        self.usual.capabilities()
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        self.usual.check().await
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        self.usual.changes(cursor).await
    }

    async fn open_orders(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        self.usual.open_orders(cursor).await
    }

    async fn orders(&self, ids: Vec<MarketplaceOrderId>) -> Result<Vec<OrderRead>, Error> {
        let ours = |id: &MarketplaceOrderId| *id == self.recorder.order();
        let (ours, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(ours);
        let mut read = Vec::new();
        if !others.is_empty() {
            read = self.usual.orders(others).await?;
        }
        if !ours.is_empty() {
            let call = Call::MarketplaceOrders(ours.clone());
            let answer = self
                .recorder
                .record(call, self.recorded.orders(ours))
                .await?;
            answer
                .iter()
                .for_each(|order| self.recorder.learn_read(order));
            read.extend(answer);
        }
        Ok(read)
    }

    async fn accept(&self, request: AcceptRequest) -> Result<Outcome, Error> {
        about!(
            self,
            request.order == self.recorder.order(),
            Accept(request),
            accept
        )
    }

    async fn transporter(&self, query: TransporterQuery) -> Result<TransporterWord, Error> {
        self.usual.transporter(query).await
    }

    async fn confirm(&self, request: ConfirmRequest) -> Result<Outcome, Error> {
        about!(
            self,
            request.order == self.recorder.order(),
            Confirm(request),
            confirm
        )
        .inspect(|outcome| self.recorder.learn_outcome(outcome))
    }

    async fn ticket(&self, ticket: Ticket) -> Result<TicketStatus, Error> {
        about!(
            self,
            self.recorder.about(|about| about.is_ticket(&ticket)),
            Ticket(ticket),
            ticket
        )
    }

    async fn find_confirmation(&self, request: ConfirmRequest) -> Result<ConfirmationFound, Error> {
        let ours = request.order == self.recorder.order();
        about!(self, ours, FindConfirmation(request), find_confirmation)
    }

    async fn edit_tracking(&self, request: EditTracking) -> Result<Outcome, Error> {
        about!(
            self,
            request.order == self.recorder.order(),
            EditTracking(request),
            edit_tracking
        )
        .inspect(|outcome| self.recorder.learn_outcome(outcome))
    }

    async fn cancel(&self, request: CancelRequest) -> Result<Outcome, Error> {
        about!(
            self,
            request.order == self.recorder.order(),
            CancelAtMarketplace(request),
            cancel
        )
        .inspect(|outcome| self.recorder.learn_outcome(outcome))
    }

    async fn returns(&self, cursor: Option<Cursor>) -> Result<ReturnPage, Error> {
        self.usual.returns(cursor).await
    }

    async fn read_return(&self, id: ReturnId) -> Result<Vec<MarketplaceReturn>, Error> {
        about!(
            self,
            self.recorder.about(|about| about.is_return(&id)),
            ReadReturn(id),
            read_return
        )
    }

    async fn decide_return(&self, request: DecideReturn) -> Result<Outcome, Error> {
        about!(
            self,
            request.order == self.recorder.order(),
            DecideReturn(request),
            decide_return
        )
        .inspect(|outcome| self.recorder.learn_outcome(outcome))
    }
}

#[async_trait]
impl Webshop for RecordedWebshop {
    fn capabilities(&self) -> WebshopCapabilities {
        self.usual.capabilities()
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        self.usual.check().await
    }

    /// The answers stand in the order of the questions, so a batch is recorded whole or not at
    /// all. There is nothing personal in it.
    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        let ours = |query: &ProductQuery| self.recorder.about(|about| about.is_line(&query.line));
        about!(self, queries.iter().any(ours), Products(queries), products)
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        about!(
            self,
            key.order == self.recorder.order(),
            FindOrders(key),
            find_orders
        )
        .inspect(|found| {
            let ours = |found: &&FoundOrder| self.recorder.is_ours(&found.order);
            let found = found.iter().filter(ours);
            found.for_each(|found| self.recorder.learn_webshop(&found.order.id));
        })
    }

    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        let ours = request.order.key.order == self.recorder.order();
        if ours {
            self.recorder.learn_address(&request.order.ship_to);
            self.recorder.learn_address(&request.order.bill_to);
        }
        if !ours {
            return self.usual.create_order(request).await;
        }
        let call = Call::CreateOrder(Box::new(request.clone()));
        let asked = self.recorded.create_order(request);
        let made = self.recorder.record(call, asked).await;
        made.inspect(|progress| self.recorder.learn_progress(progress))
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        self.usual.changes(cursor).await
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        let ours = |id: &ShopOrderId| self.recorder.about(|about| about.is_webshop_order(id));
        let (ours, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(ours);
        let mut read = Vec::new();
        if !others.is_empty() {
            read = self.usual.orders(others).await?;
        }
        if !ours.is_empty() {
            let call = Call::WebshopOrders(ours.clone());
            read.extend(
                self.recorder
                    .record(call, self.recorded.orders(ours))
                    .await?,
            );
        }
        Ok(read)
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        let ours = self
            .recorder
            .about(|about| about.is_webshop_order(&request.id));
        about!(self, ours, CancelInWebshop(request), cancel_order)
    }

    async fn note_return(&self, request: NoteReturn) -> Result<ShopNote, Error> {
        let ours = self
            .recorder
            .about(|about| about.is_webshop_order(&request.order));
        about!(self, ours, NoteReturn(request), note_return)
    }
}
