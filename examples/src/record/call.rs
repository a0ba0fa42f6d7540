//! What a connector can be asked about one order.

use std::collections::BTreeSet;

use order_core::engine::Connection;
use order_core::error::Error;
use order_core::ids::{ExternalKey, LineId, MarketplaceOrderId, ReturnId, ShopOrderId};
use order_core::ports::{
    AcceptRequest, CancelRequest, CancelShopOrder, ConfirmRequest, CreateOrder, DecideReturn,
    EditTracking, NoteReturn, ProductQuery, Ticket,
};
use order_core::state::Order;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// One call of a port, with what it was given.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "call", content = "with", rename_all = "snake_case")]
pub(crate) enum Call {
    MarketplaceOrders(Vec<MarketplaceOrderId>),
    Accept(AcceptRequest),
    Confirm(ConfirmRequest),
    Ticket(Ticket),
    FindConfirmation(ConfirmRequest),
    EditTracking(EditTracking),
    CancelAtMarketplace(CancelRequest),
    ReadReturn(ReturnId),
    DecideReturn(DecideReturn),
    Products(Vec<ProductQuery>),
    FindOrders(ExternalKey),
    CreateOrder(Box<CreateOrder>),
    WebshopOrders(Vec<ShopOrderId>),
    CancelInWebshop(CancelShopOrder),
    NoteReturn(NoteReturn),
}

impl Call {
    /// Asks the connector, and gives what it made of the answers.
    pub(crate) async fn ask(self, connection: &Connection) -> Value {
        let (market, shop) = (&connection.marketplace, &connection.webshop);
        match self {
            Self::MarketplaceOrders(ids) => outcome(&market.orders(ids).await),
            Self::Accept(request) => outcome(&market.accept(request).await),
            Self::Confirm(request) => outcome(&market.confirm(request).await),
            Self::Ticket(ticket) => outcome(&market.ticket(ticket).await),
            Self::FindConfirmation(request) => outcome(&market.find_confirmation(request).await),
            Self::EditTracking(request) => outcome(&market.edit_tracking(request).await),
            Self::CancelAtMarketplace(request) => outcome(&market.cancel(request).await),
            Self::ReadReturn(id) => outcome(&market.read_return(id).await),
            Self::DecideReturn(request) => outcome(&market.decide_return(request).await),
            Self::Products(queries) => outcome(&shop.products(queries).await),
            Self::FindOrders(key) => outcome(&shop.find_orders(key).await),
            Self::CreateOrder(request) => outcome(&shop.create_order(*request).await),
            Self::WebshopOrders(ids) => outcome(&shop.orders(ids).await),
            Self::CancelInWebshop(request) => outcome(&shop.cancel_order(request).await),
            Self::NoteReturn(request) => outcome(&shop.note_return(request).await),
        }
    }
}

/// What a call came to: all that the engine decides by.
pub(crate) fn outcome<T: Serialize>(result: &Result<T, Error>) -> Value {
    match result {
        Ok(value) => json!({"answer": value}),
        Err(error) => json!({"error": {
            "kind": error.kind().as_str(),
            "changed": error.effect() == order_core::Effect::Unknown,
            "text": error.message(),
            "retry_after_ms": error.retry_after().map(|wait| wait.as_millis()),
        }}),
    }
}

/// By what the calls of one order are known.
#[derive(Debug)]
pub(crate) struct About {
    pub(crate) order: MarketplaceOrderId,
    webshop: BTreeSet<ShopOrderId>,
    lines: BTreeSet<LineId>,
    returns: BTreeSet<ReturnId>,
    tickets: BTreeSet<String>,
}

impl About {
    /// What is known before anything is asked.
    pub(crate) fn new(order: &MarketplaceOrderId, stored: Option<&Order>) -> Self {
        let mut about = Self {
            order: order.clone(),
            webshop: BTreeSet::new(),
            lines: BTreeSet::new(),
            returns: BTreeSet::new(),
            tickets: BTreeSet::new(),
        };
        if let Some(stored) = stored {
            about
                .webshop
                .extend(stored.state.linked().map(|link| link.id.clone()));
            let returns = stored.state.returns.iter();
            about
                .returns
                .extend(returns.map(|record| record.value.id.clone()));
            let lines = stored.content.iter().flat_map(|content| &content.lines);
            about.lines.extend(lines.map(|line| line.id.clone()));
        }
        about
    }

    pub(crate) fn is_webshop_order(&self, id: &ShopOrderId) -> bool {
        self.webshop.contains(id)
    }

    pub(crate) fn is_line(&self, id: &LineId) -> bool {
        self.lines.contains(id)
    }

    pub(crate) fn is_return(&self, id: &ReturnId) -> bool {
        self.returns.contains(id)
    }

    pub(crate) fn is_ticket(&self, ticket: &Ticket) -> bool {
        self.tickets.contains(&ticket.id)
    }

    pub(crate) fn webshop_order(&mut self, id: &ShopOrderId) {
        self.webshop.insert(id.clone());
    }

    pub(crate) fn line(&mut self, id: &LineId) {
        self.lines.insert(id.clone());
    }

    pub(crate) fn ticket(&mut self, ticket: &Ticket) {
        self.tickets.insert(ticket.id.clone());
    }
}
