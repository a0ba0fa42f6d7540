//! Every decision about an order, as pure functions of values.
//!
//! [`apply`] folds what happened into the order; [`agenda`] tells what is to be done next, when
//! and why. Nothing here does I/O, reads a clock, draws a random number or logs. The engine
//! stores the result of `apply` before it acts on the agenda, so a restart loses nothing: the
//! agenda is made anew from what is stored.
//!
//! # Invariants
//!
//! - After an unknown create or confirmation the agenda has only a lookup, and only once the
//!   platform has settled.
//! - A shipment is never on the agenda while its order is cancelled or contradictory.
//! - An unknown status moves nothing.
//! - Repeating an event that took effect changes nothing more; an event that does not fit is
//!   [`Refused`] by name.

mod again;
mod agenda;
mod carrier;
mod effects;
mod found;
mod marketplace;
mod new_order;
mod operator;
mod outcome;
mod pieces;
mod reconcile;
mod requests;
mod returns;
mod shop;
mod unknown;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub(crate) use agenda::HORIZON;
pub use agenda::{Item, agenda, next_due};
pub use carrier::{CarrierWish, choose_carrier};
pub use new_order::{Blocked, check, new_order, product_queries};
pub use requests::{
    accept_request, cancel_pieces_request, cancel_request, confirm_request, edit_request,
};
pub use returns::{decide_request, note_request};

use crate::error::{Effect as Remote, Error, Kind};
use crate::ids::{ReturnId, ShipmentId};
use crate::policy::Rules;
use crate::ports::{
    CancelReason, ConfirmationFound, CreateProgress, FoundOrder, OrderRead, Outcome, ShopCancel,
    ShopNote, ShopRead, Sighting, TicketStatus,
};
use crate::returns::{MarketplaceReturn, ReturnDecision};
use crate::shipment::{CarrierChoice, LineQuantity, Tracking};
use crate::shop::ShopOrder;
use crate::state::{Action, Effect, EffectKind, Order, Problem, ProblemKind};

/// Something that happened to an order.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A feed of the marketplace named it.
    Sighted(Sighting),
    /// The marketplace was read.
    MarketplaceRead(OrderRead),
    /// The webshop's feed or a webhook named it.
    ShopHinted,
    /// The webshop was read.
    ShopRead(ShopRead),
    /// A read, lookup or poll failed.
    LookFailed {
        /// What was tried.
        action: Action,
        /// Why it failed.
        failure: Failure,
    },
    /// Something that is needed before anything may be sent is missing.
    Blocked {
        /// What cannot be sent.
        kind: EffectKind,
        /// What is missing.
        blocked: Blocked,
    },
    /// The webshop already has orders under our key, found before a create.
    FoundBefore(Vec<FoundOrder>),
    /// An effect is about to be sent. Stored before it is.
    Intended {
        /// Which.
        kind: EffectKind,
        /// The transporter that was chosen, for shipments.
        carrier: Option<CarrierChoice>,
    },
    /// An intended effect was certainly not sent.
    NotSent(EffectKind),
    /// An intended effect was answered.
    Answered {
        /// Which.
        kind: EffectKind,
        /// The answer.
        answer: Answer,
    },
    /// Sending an intended effect failed.
    SendFailed {
        /// Which.
        kind: EffectKind,
        /// How.
        failure: Failure,
    },
    /// An effect was found intended but without an outcome: the process ended in between.
    Orphaned(EffectKind),
    /// A lookup told what became of an effect.
    Resolved {
        /// Which.
        kind: EffectKind,
        /// What was found.
        finding: Finding,
    },
    /// A ticket was asked about.
    Polled {
        /// Whose ticket.
        kind: EffectKind,
        /// What it says.
        status: TicketStatus,
    },
    /// The marketplace's feed showed a return.
    ReturnSeen(Box<MarketplaceReturn>),
    /// The late look for doubles found these.
    Audited(Vec<FoundOrder>),
    /// The late look at a shipment found this.
    ShipmentAudited {
        /// Which.
        shipment: ShipmentId,
        /// What the marketplace has.
        found: ConfirmationFound,
    },
    /// A person did something.
    Operator(OperatorAction),
}

/// The answer to something that was sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// To a create.
    Create(CreateProgress),
    /// To a call at the marketplace.
    Marketplace(Outcome),
    /// To a cancellation in the webshop.
    ShopCancel(ShopCancel),
    /// To a note in the webshop.
    ShopNote(ShopNote),
}

/// What a lookup found.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// Webshop orders under our key.
    Orders(Vec<FoundOrder>),
    /// Whether the marketplace has the shipment.
    Confirmation(ConfirmationFound),
    /// The marketplace's order as it is now.
    Marketplace(OrderRead),
    /// The webshop's order as it is now.
    Shop(ShopRead),
    /// The return as the marketplace has it now.
    Returns(Vec<MarketplaceReturn>),
}

/// What a person did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorAction {
    /// Try again now whatever is in the way.
    Retry,
    /// This is the T&T code.
    SetTracking(Tracking),
    /// I handle this order; do nothing more.
    Manual(Option<String>),
    /// Handle it again.
    Resume,
    /// Cancel these pieces on both sides; every open one when empty.
    Cancel {
        /// How many pieces of which lines.
        lines: Vec<LineQuantity>,
        /// Why.
        reason: CancelReason,
    },
    /// This is my decision about a return.
    DecideReturn {
        /// Which return.
        id: ReturnId,
        /// Which rows; every one that waits for a decision when empty.
        rows: Vec<String>,
        /// What.
        decision: ReturnDecision,
        /// A sentence for the buyer or the marketplace, where the platform takes one.
        note: Option<String>,
    },
    /// This is the webshop's order, as it was just read there.
    ///
    /// Give it to [`Engine::link`](crate::engine::Engine::link), which reads the order and makes
    /// sure that no other one has it.
    Link(Box<ShopOrder>),
    /// Look whether the marketplace has this parcel, and report it again only when it has not.
    ConfirmAgain {
        /// The number of the parcel in the order.
        parcel: u32,
    },
}

/// A failure as plain data.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What happened.
    pub kind: Kind,
    /// What may have been left behind.
    pub remote: Remote,
    /// What failed and why.
    pub text: String,
    /// What a person can do.
    pub advice: Option<String>,
    /// When the platform allows the next attempt.
    pub retry_after: Option<std::time::Duration>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        let mut text = error.to_string();
        if let Some(cause) = std::error::Error::source(error) {
            text.push_str(": ");
            text.push_str(&cause.to_string());
        }
        Self {
            kind: error.kind(),
            remote: error.effect(),
            text,
            advice: error.advice().map(str::to_owned),
            retry_after: error.retry_after(),
        }
    }
}

/// A line of an order's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// How bad.
    pub level: Level,
    /// What happened, for a person.
    pub text: String,
}

/// How bad a note is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// As it should be.
    Info,
    /// Worth a look.
    Warning,
    /// Somebody must do something.
    Error,
}

/// A line of the effects' journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EffectRecord {
    /// What it does.
    pub kind: String,
    /// Which attempt.
    pub attempt: u32,
    /// The text by which it is found again.
    pub reference: String,
    /// What became of it.
    pub status: EffectStatus,
}

/// What became of an effect, in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectStatus {
    /// Open: it may have happened.
    Open,
    /// It happened.
    Done,
    /// It did not happen.
    NotApplied,
    /// It was refused.
    Rejected,
}

impl EffectStatus {
    /// The name in stores and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::NotApplied => "not_applied",
            Self::Rejected => "rejected",
        }
    }
}

/// What came of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The order as it is now.
    pub order: Order,
    /// What to write into its history.
    pub notes: Vec<Note>,
    /// What to write into the effects' journal.
    pub effects: Vec<EffectRecord>,
}

/// An event that does not fit the order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{event} does not fit an order that is {state}")]
pub struct Refused {
    /// The event.
    pub event: String,
    /// What the order is.
    pub state: String,
}

/// Folds an event into an order.
///
/// # Errors
///
/// [`Refused`] when the event does not fit: an answer to an effect that is not open.
pub fn apply(
    order: &Order,
    event: &Event,
    now: DateTime<Utc>,
    rules: &Rules,
) -> Result<Step, Refused> {
    let mut fold = Fold {
        order: order.clone(),
        now,
        rules,
        notes: Vec::new(),
        effects: Vec::new(),
    };
    fold.dispatch(event)?;
    fold.reconcile();
    fold.drop_problems_of_looks();
    Ok(Step {
        order: fold.order,
        notes: fold.notes,
        effects: fold.effects,
    })
}

/// An order being changed.
struct Fold<'a> {
    order: Order,
    now: DateTime<Utc>,
    rules: &'a Rules,
    notes: Vec<Note>,
    effects: Vec<EffectRecord>,
}

impl Fold<'_> {
    fn dispatch(&mut self, event: &Event) -> Result<(), Refused> {
        match event {
            Event::Sighted(sighting) => self.sighted(sighting),
            Event::MarketplaceRead(read) => self.marketplace_read(read),
            Event::ShopHinted => self.order.state.reading.shop_stale = true,
            Event::ShopRead(read) => self.shop_read(read),
            Event::LookFailed { action, failure } => self.look_failed(action, failure),
            Event::Blocked { kind, blocked } => self.blocked(kind, blocked),
            Event::FoundBefore(found) => self.found_before(found),
            Event::Intended { kind, carrier } => return self.intended(kind, carrier.as_ref()),
            Event::NotSent(kind) => return self.not_sent(kind),
            Event::Answered { kind, answer } => return self.answered(kind, answer),
            Event::SendFailed { kind, failure } => return self.send_failed(kind, failure),
            Event::Orphaned(kind) => return self.orphaned(kind),
            Event::Resolved { kind, finding } => return self.resolved(kind, finding),
            Event::Polled { kind, status } => return self.polled(kind, status),
            Event::Audited(found) => self.audited(found),
            Event::ShipmentAudited { shipment, found } => self.shipment_audited(shipment, found),
            Event::ReturnSeen(value) => self.return_seen(value),
            Event::Operator(action) => return self.operator(action),
        }
        Ok(())
    }

    /// A look that failed is a problem for as long as it is to be taken; whether it is, the agenda
    /// says.
    fn drop_problems_of_looks(&mut self) {
        for action in [Action::ReadMarketplace, Action::ReadShop] {
            let problem = self.order.state.problem(&action);
            let repeats = problem.is_some_and(|problem| problem.next_attempt.is_some());
            if repeats {
                let agenda = agenda(&self.order, self.now, self.rules);
                if agenda.iter().all(|item| item.action != action) {
                    self.clear_problem(&action);
                }
            }
        }
    }

    fn note(&mut self, level: Level, text: impl Into<String>) {
        self.notes.push(Note {
            level,
            text: text.into(),
        });
    }

    fn journal(&mut self, effect: &Effect, status: EffectStatus) {
        self.effects.push(EffectRecord {
            kind: effect.kind.to_string(),
            attempt: effect.attempt,
            reference: effect.reference.clone(),
            status,
        });
    }

    fn refuse<T>(&self, event: &str, kind: &EffectKind) -> Result<T, Refused> {
        let state = match self.order.state.effect(kind) {
            None => format!("{} without an open effect \"{kind}\"", self.order.status()),
            Some(effect) => format!("{} with {kind} in {:?}", self.order.status(), effect.phase),
        };
        Err(Refused {
            event: event.to_owned(),
            state,
        })
    }

    fn clear_problem(&mut self, action: &Action) {
        self.order
            .state
            .problems
            .retain(|problem| problem.action != *action);
    }

    /// Records that something stands in the way of `action`, keeping count.
    fn problem(&mut self, action: Action, trouble: Trouble) {
        let earlier = self.order.state.problem(&action).cloned();
        let attempts = earlier.as_ref().map_or(0, |problem| problem.attempts) + 1;
        let next_attempt = match trouble.retry {
            Retry::Never => None,
            Retry::BackOff => Some(self.now + self.rules.policy.pause_after(attempts)),
            Retry::After(pause) => Some(self.now + pause.min(self.rules.policy.retry_max)),
        };
        let changed = earlier
            .as_ref()
            .is_none_or(|problem| problem.text != trouble.text);
        if changed {
            let level = if trouble.kind.is_transient() {
                Level::Warning
            } else {
                Level::Error
            };
            self.note(level, trouble.text.clone());
        }
        self.clear_problem(&action);
        self.order.state.problems.push(Problem {
            action,
            kind: trouble.kind,
            text: trouble.text,
            advice: trouble.advice,
            since: earlier.map_or(self.now, |problem| problem.since),
            attempts,
            next_attempt,
        });
    }
}

/// A problem before it is counted.
struct Trouble {
    kind: ProblemKind,
    text: String,
    advice: String,
    retry: Retry,
}

/// When to try again.
enum Retry {
    Never,
    BackOff,
    After(std::time::Duration),
}
