//! The marketplace port: where orders come from and where shipments are reported.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::capability::MarketplaceCapabilities;
use crate::error::Error;
use crate::ids::{LineId, MarketplaceOrderId, PieceId, ReturnId};
use crate::order::MarketplaceOrder;
use crate::returns::{MarketplaceReturn, ReturnDecision};

/// A place in a feed, opaque to everybody but the connector that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// A step of a call that takes several, opaque to everybody but the connector that made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checkpoint(pub serde_json::Value);

/// Part of a feed of orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPage {
    /// What was seen, in any order, duplicates allowed.
    pub orders: Vec<Sighting>,
    /// Where to go on. Must still work after a restart.
    pub next: Cursor,
    /// Whether more can be had at once by asking again with `next`.
    pub more: bool,
}

/// An order seen in a feed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sighting {
    /// The feed has the whole order.
    Full(Box<MarketplaceOrder>),
    /// The feed has a summary. `fingerprint` changes whenever the order does.
    Summary {
        /// The order.
        id: MarketplaceOrderId,
        /// Any text made from the summary.
        fingerprint: String,
    },
    /// The feed has it in a form that cannot be used. It is recorded, shown and read again.
    Unreadable {
        /// The order.
        id: MarketplaceOrderId,
        /// What is wrong with it, for a person.
        reason: String,
    },
}

impl Sighting {
    /// Which order was seen.
    #[must_use]
    pub fn id(&self) -> &MarketplaceOrderId {
        match self {
            Self::Full(order) => &order.id,
            Self::Summary { id, .. } | Self::Unreadable { id, .. } => id,
        }
    }
}

/// An order read by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderRead {
    /// Here it is.
    Found(Box<MarketplaceOrder>),
    /// The marketplace does not know it, or no longer.
    Gone(MarketplaceOrderId),
    /// It is there in a form that cannot be used.
    Unreadable {
        /// The order.
        id: MarketplaceOrderId,
        /// What is wrong with it, for a person.
        reason: String,
    },
}

impl OrderRead {
    /// Which order was read.
    #[must_use]
    pub fn id(&self) -> &MarketplaceOrderId {
        match self {
            Self::Found(order) => &order.id,
            Self::Gone(id) | Self::Unreadable { id, .. } => id,
        }
    }
}

/// A shipment to report. One parcel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmRequest {
    /// The order.
    pub order: MarketplaceOrderId,
    /// Our reference of this shipment: the same for every attempt, different for every parcel.
    pub reference: String,
    /// The number of the parcel within the order, from 1. The same for every attempt.
    pub parcel: u32,
    /// What is in it.
    pub lines: Vec<ConfirmLine>,
    /// Whether nothing is left open once this shipment is reported.
    pub completes_order: bool,
    /// When the parcel was handed over, as far as known.
    pub shipped_at: DateTime<Utc>,
    /// Its code and transporter; `None` for a shipment without T&T.
    pub tracking: Option<ConfirmTracking>,
    /// Where an earlier attempt left off.
    pub resume: Option<Checkpoint>,
}

/// Some pieces of a line to report as shipped or cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmLine {
    /// The line.
    pub line: LineId,
    /// How many pieces.
    pub quantity: u32,
    /// Which pieces, on platforms that ship by the piece; as many as `quantity`, else empty.
    pub pieces: Vec<PieceId>,
}

/// A code and its transporter, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmTracking {
    /// The code.
    pub code: String,
    /// The transporter in this marketplace's own vocabulary, as answered by
    /// [`Marketplace::transporter`]; `None` when it is not known.
    pub transporter: Option<String>,
    /// The transporter's name for people, for platforms that take a free text.
    pub transporter_name: Option<String>,
    /// Where the parcel can be followed.
    pub url: Option<String>,
}

/// Lines to cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelRequest {
    /// The order.
    pub order: MarketplaceOrderId,
    /// Our reference: the same for every attempt.
    pub reference: String,
    /// What to cancel.
    pub lines: Vec<ConfirmLine>,
    /// Why.
    pub reason: CancelReason,
    /// Where an earlier attempt left off.
    pub resume: Option<Checkpoint>,
}

/// Why an order is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The seller has none left.
    OutOfStock,
    /// The buyer asked.
    BuyerAsked,
    /// Anything else.
    Other,
}

/// Lines to accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptRequest {
    /// The order.
    pub order: MarketplaceOrderId,
    /// Our reference: the same for every attempt.
    pub reference: String,
    /// The lines to accept. A line of the order that is missing here is refused.
    pub lines: Vec<LineId>,
}

/// What became of a call that changes something at the marketplace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It is done.
    Done {
        /// The marketplace's id of what came to be (a shipment), where it has one.
        remote_id: Option<String>,
    },
    /// The marketplace took it and decides later.
    Submitted(Ticket),
    /// One step of several is done. Store the checkpoint, then call again with it.
    Continue(Checkpoint),
    /// It had been done before.
    AlreadyDone,
    /// The marketplace refuses. Sending the same again cannot help.
    Rejected {
        /// In the marketplace's words.
        reason: String,
    },
}

/// A promise of a later answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// The marketplace's id of the ticket.
    pub id: String,
    /// How long to wait before asking.
    pub poll_after: Duration,
    /// How long the marketplace remembers the ticket.
    pub expires_after: Duration,
}

/// What a ticket says now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketStatus {
    /// Not decided.
    Pending,
    /// Done.
    Done {
        /// The marketplace's id of what came to be, where it has one.
        remote_id: Option<String>,
    },
    /// Refused.
    Failed {
        /// In the marketplace's words.
        reason: String,
    },
    /// The marketplace no longer knows the ticket, or gave up: the outcome must be read back.
    Lost,
}

/// What a search for an earlier confirmation found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfirmationFound {
    /// The marketplace has this shipment.
    Confirmed {
        /// Its id there.
        remote_id: Option<String>,
        /// The code it has, if any.
        code: Option<String>,
    },
    /// The marketplace is still deciding.
    InProgress(Ticket),
    /// The marketplace has no such shipment, and decides nothing about one.
    Absent,
}

/// A code to add to, or to change on, a shipment that was reported before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditTracking {
    /// The order.
    pub order: MarketplaceOrderId,
    /// Our reference of the shipment, as it was reported.
    pub reference: String,
    /// The number of the parcel, as it was reported.
    pub parcel: u32,
    /// The marketplace's id of the shipment, where it gave one.
    pub remote_id: Option<String>,
    /// What is in the parcel, as it was reported.
    pub lines: Vec<ConfirmLine>,
    /// The code and transporter to store.
    pub tracking: ConfirmTracking,
}

/// Part of a feed of returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnPage {
    /// What was seen, in any order, duplicates allowed.
    pub returns: Vec<MarketplaceReturn>,
    /// Where to go on. Must still work after a restart.
    pub next: Cursor,
    /// Whether more can be had at once by asking again with `next`.
    pub more: bool,
}

/// A decision about rows of a return.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideReturn {
    /// The return.
    pub id: ReturnId,
    /// The order it belongs to.
    pub order: MarketplaceOrderId,
    /// Our reference: the same for every attempt.
    pub reference: String,
    /// The rows that are decided, with the pieces of each.
    pub lines: Vec<DecideLine>,
    /// What is decided.
    pub decision: ReturnDecision,
    /// A sentence for the buyer or the marketplace, where the platform takes one.
    pub note: Option<String>,
    /// Where an earlier attempt left off.
    pub resume: Option<Checkpoint>,
}

/// A row of a return that is decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecideLine {
    /// The marketplace's id of the row.
    pub id: String,
    /// Pieces.
    pub quantity: u32,
}

/// Asks for the marketplace's word for a transporter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransporterQuery {
    /// Our name of the transporter (`postnl`).
    pub carrier: String,
    /// The name a person knows it by.
    pub name: Option<String>,
    /// The country the parcel goes to.
    pub destination: Option<crate::address::Country>,
}

/// The marketplace's word for a transporter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransporterWord {
    /// This is the word.
    Known(String),
    /// It has none for this one, but a word for "another".
    Other(String),
    /// It has neither: a shipment can only be sent without a transporter, if at all.
    Unknown,
}

/// Who the credentials belong to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountInfo {
    /// A name for people: the seller or shop, as far as the platform tells.
    pub name: Option<String>,
    /// Things worth knowing (versions, modes), as label and value.
    pub facts: Vec<(String, String)>,
    /// Things a person should mend.
    pub warnings: Vec<String>,
}

/// A seller's account at a marketplace.
///
/// # Contract
///
/// Feeds are hints: an order may be missing, late, doubled or out of order, and the engine
/// lives with it. Reads by id are the truth. A connector keeps no state that matters: two
/// instances of it on two machines behave as one.
///
/// Every method may fail with [`Error`]. [`Error::effect`] of a method that changes something
/// is `NotApplied` only when the request certainly did nothing and will do nothing.
///
/// Panics abort the cycle, never the process.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Marketplace: std::fmt::Debug + Send + Sync + 'static {
    /// What this platform can do. Constant for the life of the value; no I/O.
    fn capabilities(&self) -> MarketplaceCapabilities;

    /// Proves the credentials and tells whose they are. Changes nothing.
    async fn check(&self) -> Result<AccountInfo, Error>;

    /// What changed since `cursor`; without one, everything that is open.
    ///
    /// *Contract*: the connector subtracts its own overlap; an order may come twice, and must
    /// come at least once however the pages shift while they are read. After a gap longer than
    /// the platform's window the feed starts over with everything open.
    /// *Errors*: the cursor stays where it was; nothing is lost.
    async fn changes(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error>;

    /// One page of all open orders, whatever changed. `None` starts a new sweep.
    async fn open_orders(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error>;

    /// Reads orders by id; at most [`MarketplaceCapabilities::max_ids_per_read`].
    ///
    /// *Contract*: exactly one answer per id asked for, in any order.
    async fn orders(&self, ids: Vec<MarketplaceOrderId>) -> Result<Vec<OrderRead>, Error>;

    /// Accepts lines of an order and refuses the others. *Requires* `accept`.
    async fn accept(&self, request: AcceptRequest) -> Result<Outcome, Error>;

    /// The marketplace's own word for a transporter. May read a list at run time; changes
    /// nothing.
    async fn transporter(&self, query: TransporterQuery) -> Result<TransporterWord, Error>;

    /// Reports one parcel as shipped.
    ///
    /// *Contract*: sends at most one mutation and never repeats it by itself.
    /// *Effect*: on an error with unknown effect the shipment may or may not be reported;
    /// the engine asks [`Marketplace::find_confirmation`] before it calls again.
    async fn confirm(&self, request: ConfirmRequest) -> Result<Outcome, Error>;

    /// Asks what became of a ticket.
    async fn ticket(&self, ticket: Ticket) -> Result<TicketStatus, Error>;

    /// Looks whether a shipment was reported before. Changes nothing.
    ///
    /// *Contract*: answers from what the marketplace has, not from what was sent.
    async fn find_confirmation(&self, request: ConfirmRequest) -> Result<ConfirmationFound, Error>;

    /// Adds or changes the code of a shipment. *Requires* `edit_tracking`.
    ///
    /// *Contract*: storing the same code twice is harmless.
    async fn edit_tracking(&self, request: EditTracking) -> Result<Outcome, Error>;

    /// Cancels lines. *Requires* `cancel`.
    ///
    /// *Effect*: after an unknown effect the engine reads the order again before it repeats.
    async fn cancel(&self, request: CancelRequest) -> Result<Outcome, Error>;

    /// What changed in returns since `cursor`; without one, everything that is open.
    /// *Requires* `returns`.
    ///
    /// *Contract*: as [`Marketplace::changes`].
    async fn returns(&self, cursor: Option<Cursor>) -> Result<ReturnPage, Error>;

    /// Reads a return by its id: one answer per order it is about, none when the marketplace
    /// does not know it. *Requires* `returns`.
    async fn read_return(&self, id: ReturnId) -> Result<Vec<MarketplaceReturn>, Error>;

    /// Decides rows of a return. *Requires* the decision to be in `return_decisions`.
    ///
    /// *Contract*: sends at most one mutation and never repeats it by itself.
    /// *Effect*: after an unknown effect the engine reads the return again before it repeats.
    async fn decide_return(&self, request: DecideReturn) -> Result<Outcome, Error>;
}
