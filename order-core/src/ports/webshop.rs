//! The webshop port: where orders are created and where they are handled.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::capability::WebshopCapabilities;
use super::marketplace::{AccountInfo, CancelReason, Checkpoint, Cursor};
use crate::address::Address;
use crate::error::Error;
use crate::ids::{ExternalKey, LineId, ShopOrderId};
use crate::money::{Currency, Money};
use crate::shipment::LineQuantity;
use crate::shop::ShopOrder;

/// Asks which product of the webshop a line is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductQuery {
    /// The line it is asked for.
    pub line: LineId,
    /// The seller's article number.
    pub sku: Option<String>,
    /// EAN or other GTIN.
    pub gtin: Option<String>,
}

/// A product of the webshop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRef {
    /// The webshop's id of it, opaque to everybody but the connector.
    pub id: String,
    /// Which field matched (`sku`, `gtin`).
    pub matched_by: String,
}

/// The answer to a [`ProductQuery`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProductMatch {
    /// This one.
    Found(ProductRef),
    /// None.
    Missing,
    /// Several, and no telling which.
    Ambiguous,
}

/// An order to create.
///
/// Debug shows no personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewOrder {
    /// The name under which it is found again. Stamped on the order in the first step.
    pub key: ExternalKey,
    /// When the buyer placed it.
    pub placed_at: DateTime<Utc>,
    /// The lines; only pieces that are not cancelled.
    pub lines: Vec<NewLine>,
    /// Shipping cost, tax included.
    pub shipping: Money,
    /// The shipping method in the marketplace's words.
    pub shipping_method: Option<String>,
    /// Discount on the whole order, as a positive sum.
    pub discount: Money,
    /// What the order must come to, to the cent, tax included.
    pub total: Money,
    /// The currency of every sum.
    pub currency: Currency,
    /// Where the goods go.
    pub ship_to: Address,
    /// Where the invoice goes.
    pub bill_to: Address,
    /// The latest hand-over, for the shop's staff.
    pub ship_by: Option<DateTime<Utc>>,
    /// The marketplace sent it from its own warehouse: it is made as completed, in the same call,
    /// and touches no stock. Only where `fulfilled_elsewhere` is declared.
    pub sent_elsewhere: bool,
}

/// A line of an order to create.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewLine {
    /// The marketplace's line id. Stored on the shop's line, so that shipments can be matched.
    pub line: LineId,
    /// The product.
    pub product: ProductRef,
    /// What the buyer saw.
    pub title: String,
    /// Pieces; at least 1.
    pub quantity: u32,
    /// Price of one piece, tax included.
    pub unit_price: Money,
    /// Discount on the whole line, as a positive sum.
    pub discount: Money,
    /// VAT in percent, where the marketplace says so.
    pub vat_percent: Option<Decimal>,
}

/// A create call: the order, and where an earlier call left off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateOrder {
    /// What to create.
    pub order: NewOrder,
    /// The checkpoint of the last step that was recorded.
    pub resume: Option<Checkpoint>,
}

/// What a create call came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CreateProgress {
    /// One step is done. Store the checkpoint, then call again with it.
    ///
    /// `draft` names the inert order that the next steps will work on, once there is one.
    Continue {
        /// Where to go on.
        checkpoint: Checkpoint,
        /// The inert order.
        draft: Option<ShopOrderId>,
    },
    /// The order stands in the shop, paid and ready to be worked on. Read back, not echoed.
    Created(Box<ShopOrder>),
    /// The webshop refuses. Nothing that counts is left behind; sending the same cannot help.
    Rejected {
        /// What is wrong, for a person.
        reason: String,
    },
    /// The webshop came to another sum. The order is still inert where the shop has drafts.
    TotalDiffers {
        /// What the webshop came to.
        actual: Money,
        /// The order with the wrong sum.
        order: ShopOrderId,
        /// Whether that order is inert.
        inert: bool,
    },
}

/// An order found by our key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundOrder {
    /// The order; its key was verified on the record.
    pub order: ShopOrder,
    /// Where creation can go on, when the order is unfinished.
    pub resume: Option<Checkpoint>,
}

/// Part of the webshop's feed of changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopChanges {
    /// Orders that may have changed. Ours or not, duplicates allowed.
    pub ids: Vec<ShopOrderId>,
    /// Where to go on. Must still work after a restart.
    pub next: Cursor,
    /// Whether more can be had at once by asking again with `next`.
    pub more: bool,
}

/// A webshop order read by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShopRead {
    /// Here it is.
    Found(Box<ShopOrder>),
    /// The webshop does not have it, or no longer.
    Gone(ShopOrderId),
    /// It is there in a form that cannot be used.
    Unreadable {
        /// The order.
        id: ShopOrderId,
        /// What is wrong with it, for a person.
        reason: String,
    },
}

impl ShopRead {
    /// Which order was read.
    #[must_use]
    pub fn id(&self) -> &ShopOrderId {
        match self {
            Self::Found(order) => &order.id,
            Self::Gone(id) | Self::Unreadable { id, .. } => id,
        }
    }
}

/// A webshop order to cancel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelShopOrder {
    /// The order.
    pub id: ShopOrderId,
    /// Which pieces; empty for the whole order. Pieces *require* `cancel_lines`.
    pub lines: Vec<LineQuantity>,
    /// Why.
    pub reason: CancelReason,
    /// A sentence for the shop's staff.
    pub note: String,
}

/// What became of a cancellation in the webshop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShopCancel {
    /// It is cancelled (or was before).
    Done,
    /// It is too late or not allowed.
    Rejected {
        /// In the webshop's words.
        reason: String,
    },
}

/// A buyer's return to note in a webshop order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteReturn {
    /// The order.
    pub order: ShopOrderId,
    /// Our reference of the note: the same for every attempt. It is part of what is written.
    pub reference: String,
    /// What comes back, where known by line.
    pub lines: Vec<LineQuantity>,
    /// What to write, for the shop's staff. No personal data.
    pub text: String,
}

/// What became of a note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShopNote {
    /// It is there (or was before).
    Written,
    /// The webshop refuses.
    Rejected {
        /// In the webshop's words.
        reason: String,
    },
}

/// A webshop.
///
/// # Contract
///
/// As for [`super::Marketplace`]: feeds are hints, reads by id are the truth, a connector keeps
/// no state that matters, and an error's effect is `NotApplied` only when it is certain.
///
/// Searching verifies: some platforms ignore a filter they do not know and return every order,
/// so a hit counts only when the record itself carries the key.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Webshop: std::fmt::Debug + Send + Sync + 'static {
    /// What this platform can do. Constant for the life of the value; no I/O.
    fn capabilities(&self) -> WebshopCapabilities;

    /// Proves the credentials and tells what the shop is like (version, currency, plug-ins,
    /// warnings a person should read). Changes nothing.
    async fn check(&self) -> Result<AccountInfo, Error>;

    /// Finds products. *Contract*: one answer per query, in the same order.
    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error>;

    /// Finds orders by our key: none, one or several, unfinished ones included.
    ///
    /// *Contract*: every hit's key was verified on the record. May miss an order that was made
    /// less than [`super::Lag::index`] ago.
    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error>;

    /// Creates an order, or one step of it.
    ///
    /// *Contract*: sends no mutation twice by itself. The key is stamped in the same call that
    /// makes the order, or before anything counts. Where the shop has drafts, the sum is checked
    /// before activating. Customer mails stay off.
    /// *Effect*: after an unknown effect the engine looks the order up before it calls again.
    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error>;

    /// Orders that may have changed since `cursor`; without one, none: only a place to start.
    async fn changes(&self, cursor: Option<Cursor>) -> Result<ShopChanges, Error>;

    /// Reads orders by id; at most [`WebshopCapabilities::max_ids_per_read`].
    ///
    /// *Contract*: exactly one answer per id asked for, in any order.
    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error>;

    /// Cancels an order, drafts included, or some pieces of it. *Requires* `cancel`, for pieces
    /// `cancel_lines`. No customer mails, no payment is moved.
    ///
    /// *Contract*: cancelling a whole order twice is harmless. Cancelling pieces twice is not:
    /// after an unknown effect the engine reads the order and its [`ShopOrder::cancelled`] first.
    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error>;

    /// Notes a buyer's return in an order, where the shop's staff see it. *Requires* `returns`.
    ///
    /// *Contract*: looks for the reference first; noting twice leaves one note. Moves no stock
    /// and no money, sends no mail.
    async fn note_return(&self, request: NoteReturn) -> Result<ShopNote, Error>;
}
