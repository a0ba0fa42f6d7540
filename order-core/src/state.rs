//! What the engine knows about one order: separate axes that never collapse into one column.
//!
//! # Invariants
//!
//! - At most one open effect of a kind: [`State::effects`] holds them by kind.
//! - Everything here is plain data. It changes only in [`crate::lifecycle::apply`].
//!
//! What follows from it (the status, what is left) is in [`crate::status`].

mod parts;

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{OrderKey, ReturnId, ShipmentId, ShopOrderId};
use crate::money::Money;
use crate::order::MarketplaceOrder;
use crate::ports::{Checkpoint, Ticket};
use crate::shipment::{CarrierChoice, LineQuantity, Tracking};
use crate::shop::ShopState;
pub use crate::status::Status;
pub use parts::{CancelWish, Created, ReturnRecord, ReturnWish, ToldOff};

/// One order of one connection, with all the engine knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Its key.
    pub key: OrderKey,
    /// How often it was stored; 0 before the first time. A stale version is never written.
    pub version: u64,
    /// The order as the marketplace had it at the last read; kept apart because it is large.
    pub content: Option<Arc<MarketplaceOrder>>,
    /// Everything else.
    pub state: State,
}

/// The state of an order, without its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// When it was first seen.
    pub first_seen: DateTime<Utc>,
    /// Not ours to handle; why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<String>,
    /// A person took over; nothing automatic happens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manual: Option<Manual>,
    /// When and what was read.
    #[serde(default)]
    pub reading: Reading,
    /// The webshop order.
    #[serde(default)]
    pub link: Link,
    /// The wait for a T&T code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// Parcels to report, in order of parcel number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shipments: Vec<Shipment>,
    /// Cancelling, in whichever direction.
    #[serde(default)]
    pub cancellation: Cancellation,
    /// What the webshop order was made with.
    #[serde(default)]
    pub created: Created,
    /// Pieces a person wants cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_wish: Option<CancelWish>,
    /// Pieces the marketplace took as cancelled from us, one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told_off: Vec<ToldOff>,
    /// Pieces the webshop took as cancelled from us, one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shop_told_off: Vec<ToldOff>,
    /// What buyers send back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub returns: Vec<ReturnRecord>,
    /// Open effects: sent or about to be, not known to be over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    /// What stands in the way, by what it stands in the way of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
    /// A late look for doubles after an unknown create.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_at: Option<DateTime<Utc>>,
    /// Codes of the webshop that fit no parcel: every piece is in another one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extra_codes: Vec<String>,
    /// Webshop orders of ours that are too many, waiting to be cancelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extras: Vec<ShopOrderId>,
    /// Webshop orders of ours that were too many and are cancelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub discarded: Vec<ShopOrderId>,
}

/// A person handles the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manual {
    /// Since when.
    pub since: DateTime<Utc>,
    /// What the person wrote.
    pub note: Option<String>,
}

/// When and what was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// When the marketplace's order was last read in full.
    pub marketplace_at: Option<DateTime<Utc>>,
    /// The feed's fingerprint at that time.
    pub fingerprint: Option<String>,
    /// The feed showed another fingerprint since: a read is due.
    pub marketplace_stale: bool,
    /// The marketplace no longer knows the order.
    pub marketplace_gone: bool,
    /// When the webshop's order was last read.
    pub shop_at: Option<DateTime<Utc>>,
    /// The webshop's feed named the order since: a read is due.
    pub shop_stale: bool,
}

/// The webshop order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// None yet; an open create effect tells whether one is on its way.
    #[default]
    None,
    /// This one.
    Linked(ShopLink),
    /// The webshop refuses the order; why.
    Refused(String),
}

/// The webshop order an order is linked to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopLink {
    /// The webshop's id.
    pub id: ShopOrderId,
    /// The number people use.
    pub number: String,
    /// Its state at the last look.
    pub state: ShopState,
    /// Its state at the last look, in the webshop's words.
    pub raw_state: String,
    /// What it came to at the last look.
    pub total: Money,
    /// Pieces that were taken off it, at the last look.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled: Vec<LineQuantity>,
    /// The webshop no longer has it.
    pub gone: bool,
}

/// The wait for a T&T code after the webshop said completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// When completion was first seen.
    pub since: DateTime<Utc>,
    /// When the wait ends.
    pub until: DateTime<Utc>,
    /// Successful looks at the webshop since, in as many cycles.
    pub looks: u32,
}

/// A parcel to report to the marketplace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shipment {
    /// Its id: the webshop's where it has one.
    pub id: ShipmentId,
    /// The webshop's parcel that gave the code later, for a shipment made without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ShipmentId>,
    /// Its number within the order, from 1; never changes.
    pub parcel: u32,
    /// What is in it.
    pub lines: Vec<LineQuantity>,
    /// Its code, as the webshop or operator gave it; `None` for one without T&T.
    pub tracking: Option<Tracking>,
    /// The transporter, how it was chosen, what was sent.
    pub carrier: Option<CarrierChoice>,
    /// When it was handed over, as far as known.
    pub shipped_at: DateTime<Utc>,
    /// How far the marketplace has been told.
    pub confirmation: Confirmation,
    /// The code the marketplace has, once it has one.
    pub told_code: Option<String>,
    /// A late look at what the marketplace has, after a report whose outcome was once unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit_at: Option<DateTime<Utc>>,
}

/// How far a shipment was reported. While an effect is open, that effect tells the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmation {
    /// Not reported.
    None,
    /// The marketplace took it.
    Confirmed {
        /// When.
        at: DateTime<Utc>,
        /// The marketplace's id of it.
        remote_id: Option<String>,
    },
    /// The marketplace took it and it was seen there afterwards.
    Verified {
        /// When it was seen.
        at: DateTime<Utc>,
        /// The marketplace's id of it.
        remote_id: Option<String>,
    },
    /// The marketplace has these pieces as shipped, but not by us.
    Elsewhere,
    /// The marketplace refuses it; why.
    Rejected(String),
}

impl Confirmation {
    /// Whether the marketplace has it.
    #[must_use]
    pub fn is_told(&self) -> bool {
        match self {
            Self::Confirmed { .. } | Self::Verified { .. } | Self::Elsewhere => true,
            Self::None | Self::Rejected(_) => false,
        }
    }
}

/// Cancelling, in whichever direction.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cancellation {
    /// Nobody cancels.
    #[default]
    None,
    /// The buyer asked; the seller decides.
    BuyerAsks,
    /// Cancelled at the marketplace; the webshop is being told.
    TellShop,
    /// Cancelled in the webshop or by the operator; the marketplace is being told.
    TellMarketplace,
    /// Cancelled on both sides.
    Done,
    /// The sides contradict each other; a person must decide. The text says what happened.
    NeedsResolution(String),
}

/// Something sent, or about to be sent, that changes a platform.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// What it does.
    pub kind: EffectKind,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// The deterministic text by which it is found again.
    pub reference: String,
    /// When the intent was stored.
    pub intended_at: DateTime<Utc>,
    /// Where it is.
    pub phase: Phase,
    /// The last recorded step of a call with several.
    pub checkpoint: Option<Checkpoint>,
    /// The inert webshop order it works on.
    pub draft: Option<ShopOrderId>,
    /// For cancelling pieces: how many of each line shall be cancelled in all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<LineQuantity>,
}

/// What an effect does.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// Accepts the order at the marketplace.
    Accept,
    /// Creates the order in the webshop.
    Create,
    /// Reports a shipment to the marketplace.
    Confirm(ShipmentId),
    /// Adds or changes a shipment's code at the marketplace.
    EditTracking(ShipmentId),
    /// Cancels what is open at the marketplace.
    CancelMarketplace,
    /// Cancels some pieces at the marketplace.
    CancelPieces,
    /// Cancels a webshop order.
    CancelShop(ShopOrderId),
    /// Takes some pieces off the webshop order.
    CancelShopPieces,
    /// Notes a return in the webshop order.
    NoteReturn(ReturnId),
    /// Decides a return at the marketplace.
    DecideReturn(ReturnId),
}

/// What the journal in the store knows an effect by, and what people read: never reworded, or an
/// effect that is open during an upgrade would be another one.
impl fmt::Display for EffectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accept => f.write_str("accept"),
            Self::Create => f.write_str("create"),
            Self::Confirm(id) => write!(f, "confirm {id}"),
            Self::EditTracking(id) => write!(f, "edit tracking {id}"),
            Self::CancelMarketplace => f.write_str("cancel at marketplace"),
            Self::CancelPieces => f.write_str("cancel pieces at marketplace"),
            Self::CancelShop(id) => write!(f, "cancel in webshop {id}"),
            Self::CancelShopPieces => f.write_str("cancel pieces in webshop"),
            Self::NoteReturn(id) => write!(f, "note return {id} in webshop"),
            Self::DecideReturn(id) => write!(f, "decide return {id}"),
        }
    }
}

/// Where an effect is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// A step is recorded, the next one is not intended yet.
    Ready,
    /// Stored, and then sent: from here on it may have happened.
    Intended,
    /// Nobody knows whether it happened. Only a lookup is legal, and only after settling.
    Unknown {
        /// When the lookup may be trusted.
        settle_until: DateTime<Utc>,
        /// What happened, for a person.
        why: String,
    },
    /// The marketplace took it and decides later.
    Submitted {
        /// Its ticket.
        ticket: Ticket,
        /// When to ask.
        poll_at: DateTime<Utc>,
        /// When the marketplace forgets it.
        expires_at: DateTime<Utc>,
    },
}

/// Something in the way of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What it stands in the way of.
    pub action: Action,
    /// What kind it is.
    pub kind: ProblemKind,
    /// What failed and why.
    pub text: String,
    /// What a person can do.
    pub advice: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again; `None` when only a person or a change elsewhere can help.
    pub next_attempt: Option<DateTime<Utc>>,
}

/// What kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProblemKind {
    /// A platform is down or slow.
    Unavailable,
    /// The answer to something that was sent is lost; it is being looked up.
    OutcomeUnknown,
    /// The order cannot be read.
    Unreadable,
    /// Name, street, city or country is missing.
    MissingAddress,
    /// Lines, shipping and discounts do not make the total.
    SumMismatch,
    /// The webshop came to another total.
    TotalDiffers,
    /// No product of the webshop has this SKU or GTIN, or several have.
    UnknownProduct,
    /// A currency that is on no list.
    UnknownCurrency,
    /// The webshop refuses the order.
    ShopRefused,
    /// The marketplace refuses the shipment, the code or the cancellation.
    MarketplaceRefused,
    /// The marketplace wants a T&T code and there is none.
    TrackingRequired,
    /// A confirmation that was taken is not to be seen afterwards.
    NotSeenAfterwards,
    /// The webshop has more than one order for this one.
    Duplicates,
    /// The two sides contradict each other.
    Conflict,
}

impl ProblemKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::Unavailable,
        Self::OutcomeUnknown,
        Self::Unreadable,
        Self::MissingAddress,
        Self::SumMismatch,
        Self::TotalDiffers,
        Self::UnknownProduct,
        Self::UnknownCurrency,
        Self::ShopRefused,
        Self::MarketplaceRefused,
        Self::TrackingRequired,
        Self::NotSeenAfterwards,
        Self::Duplicates,
        Self::Conflict,
    ];

    /// The name in stores, addresses and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unavailable => "unavailable",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Unreadable => "unreadable",
            Self::MissingAddress => "missing_address",
            Self::SumMismatch => "sum_mismatch",
            Self::TotalDiffers => "total_differs",
            Self::UnknownProduct => "unknown_product",
            Self::UnknownCurrency => "unknown_currency",
            Self::ShopRefused => "shop_refused",
            Self::MarketplaceRefused => "marketplace_refused",
            Self::TrackingRequired => "tracking_required",
            Self::NotSeenAfterwards => "not_seen_afterwards",
            Self::Duplicates => "duplicates",
            Self::Conflict => "conflict",
        }
    }

    /// Whether it usually goes away by itself.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Unavailable | Self::OutcomeUnknown)
    }
}

impl std::str::FromStr for ProblemKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|kind| kind.as_str()).collect();
                format!(
                    "{text:?} is no kind of problem; known are: {}",
                    known.join(", ")
                )
            })
    }
}

/// What the engine can do for an order next.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Read it from the marketplace.
    ReadMarketplace,
    /// Read it from the webshop.
    ReadShop,
    /// Start or continue an effect.
    Send(EffectKind),
    /// Find out what became of an effect.
    Resolve(EffectKind),
    /// Ask the marketplace about its ticket.
    Poll(EffectKind),
    /// Look once more for doubles.
    Audit,
    /// Look once more at what the marketplace has of a shipment.
    AuditShipment(ShipmentId),
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadMarketplace => f.write_str("read from marketplace"),
            Self::ReadShop => f.write_str("read from webshop"),
            Self::Send(kind) => write!(f, "{kind}"),
            Self::Resolve(kind) => write!(f, "find out about: {kind}"),
            Self::Poll(kind) => write!(f, "ask about: {kind}"),
            Self::Audit => f.write_str("look for doubles"),
            Self::AuditShipment(id) => write!(f, "look at the reported shipment {id}"),
        }
    }
}

impl State {
    /// The state of an order that was just seen for the first time.
    #[must_use]
    pub fn new(first_seen: DateTime<Utc>) -> Self {
        Self {
            first_seen,
            ignored: None,
            manual: None,
            reading: Reading::default(),
            link: Link::None,
            wait: None,
            shipments: Vec::new(),
            cancellation: Cancellation::None,
            created: Created::Never,
            cancel_wish: None,
            told_off: Vec::new(),
            shop_told_off: Vec::new(),
            returns: Vec::new(),
            effects: Vec::new(),
            problems: Vec::new(),
            audit_at: None,
            extra_codes: Vec::new(),
            extras: Vec::new(),
            discarded: Vec::new(),
        }
    }

    /// The open effect of a kind.
    #[must_use]
    pub fn effect(&self, kind: &EffectKind) -> Option<&Effect> {
        self.effects.iter().find(|effect| effect.kind == *kind)
    }

    /// The problem in the way of an action.
    #[must_use]
    pub fn problem(&self, action: &Action) -> Option<&Problem> {
        self.problems
            .iter()
            .find(|problem| problem.action == *action)
    }

    /// The link to the webshop order.
    #[must_use]
    pub fn linked(&self) -> Option<&ShopLink> {
        match &self.link {
            Link::Linked(link) => Some(link),
            Link::None | Link::Refused(_) => None,
        }
    }

    /// The return with this id.
    #[must_use]
    pub fn return_record(&self, id: &ReturnId) -> Option<&ReturnRecord> {
        self.returns.iter().find(|record| record.value.id == *id)
    }

    /// The shipment with this id.
    #[must_use]
    pub fn shipment(&self, id: &ShipmentId) -> Option<&Shipment> {
        self.shipments.iter().find(|shipment| shipment.id == *id)
    }
}
