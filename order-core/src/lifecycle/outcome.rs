//! The effects protocol, second half: what came of something that was sent.

use super::{Answer, Blocked, EffectStatus, Failure, Fold, Level, Refused, Retry, Trouble};
use crate::error::{Effect as Remote, Kind};
use crate::ids::{ShipmentId, ShopOrderId};
use crate::ports::{CreateProgress, Outcome, ShopCancel, ShopNote, Ticket, TicketStatus};
use crate::shipment::LineQuantity;
use crate::shop::ShopState;
use crate::state::{Action, Confirmation, Effect, EffectKind, Link, Phase, ProblemKind, ToldOff};

/// So many drafts that come to another sum are made one after another before a person is needed.
const DRAFTS_OF_ANOTHER_SUM: u32 = 3;

impl Fold<'_> {
    pub(super) fn send_failed(
        &mut self,
        kind: &EffectKind,
        failure: &Failure,
    ) -> Result<(), Refused> {
        let effect = self.take_intended("a failure", kind)?;
        let exists_already = *kind == EffectKind::Create && failure.kind == Kind::Conflict;
        if failure.remote == Remote::Unknown || exists_already {
            self.unknown(effect, self.now, &failure.text);
            return Ok(());
        }
        self.journal(&effect, EffectStatus::NotApplied);
        self.forget_created(&effect);
        self.keep_steps(effect);
        let transient = match failure.kind {
            Kind::Unauthenticated | Kind::PermissionDenied | Kind::Config => return Ok(()),
            Kind::RateLimited | Kind::Unavailable | Kind::Timeout | Kind::Decode => true,
            Kind::NotFound
            | Kind::Conflict
            | Kind::Rejected
            | Kind::Unsupported
            | Kind::Unexpected => false,
        };
        if transient {
            self.problem(
                Action::Send(kind.clone()),
                Trouble {
                    kind: ProblemKind::Unavailable,
                    text: format!("could not {kind}: {}", failure.text),
                    advice: "Nothing to do: nothing was changed, it is tried again by itself."
                        .to_owned(),
                    retry: failure.retry_after.map_or(Retry::BackOff, Retry::After),
                },
            );
        } else {
            self.rejected(kind, &failure.text, failure.advice.as_deref());
        }
        Ok(())
    }

    pub(super) fn answered(&mut self, kind: &EffectKind, answer: &Answer) -> Result<(), Refused> {
        let effect = self.take_intended("an answer", kind)?;
        match answer {
            Answer::Create(progress) => self.create_answered(effect, progress),
            Answer::Marketplace(outcome) => self.marketplace_answered(effect, outcome),
            Answer::ShopCancel(ShopCancel::Done) | Answer::ShopNote(ShopNote::Written) => {
                self.done(effect, None, None);
            }
            Answer::ShopCancel(ShopCancel::Rejected { reason })
            | Answer::ShopNote(ShopNote::Rejected { reason }) => {
                self.journal(&effect, EffectStatus::Rejected);
                self.rejected(kind, reason, None);
            }
        }
        Ok(())
    }

    pub(super) fn create_answered(&mut self, mut effect: Effect, progress: &CreateProgress) {
        match progress {
            CreateProgress::Continue { checkpoint, draft } => {
                effect.checkpoint = Some(checkpoint.clone());
                effect.draft = draft.clone().or(effect.draft);
                effect.phase = Phase::Ready;
                self.put(effect);
            }
            CreateProgress::Created(shop) => {
                self.journal(&effect, EffectStatus::Done);
                self.link_to(shop);
                self.compare_totals(shop);
                self.note(
                    Level::Info,
                    format!("created in the webshop as order {}", shop.number),
                );
            }
            CreateProgress::Rejected { reason } => {
                self.journal(&effect, EffectStatus::Rejected);
                self.extra(effect.draft);
                self.rejected(&EffectKind::Create, reason, None);
            }
            CreateProgress::TotalDiffers {
                actual,
                order,
                inert,
            } => {
                self.journal(&effect, EffectStatus::Rejected);
                self.total_differs(actual, order, *inert);
            }
        }
    }

    pub(super) fn total_differs(
        &mut self,
        actual: &crate::money::Money,
        order: &ShopOrderId,
        inert: bool,
    ) {
        let expected = self
            .order
            .content
            .as_ref()
            .and_then(|content| content.checked_total().ok())
            .map_or_else(|| "another sum".to_owned(), |total| total.to_string());
        let (what, retry) = if inert {
            self.extra(Some(order.clone()));
            // Two processes may have worked on one draft: another one tells.
            let again = self.attempts(&EffectKind::Create) + 1 < DRAFTS_OF_ANOTHER_SUM;
            let retry = if again { Retry::BackOff } else { Retry::Never };
            ("the draft is thrown away", retry)
        } else {
            let what = "the order stands in the webshop with the wrong sum";
            (what, Retry::Never)
        };
        self.problem(
            Action::Send(EffectKind::Create),
            Trouble {
                kind: ProblemKind::TotalDiffers,
                text: format!(
                    "the marketplace says {expected}, the webshop comes to {actual}: {what}"
                ),
                advice: "Check the webshop's tax rates for the country of delivery and whether \
                         prices include tax, then retry the order."
                    .to_owned(),
                retry,
            },
        );
    }

    pub(super) fn marketplace_answered(&mut self, mut effect: Effect, outcome: &Outcome) {
        match outcome {
            Outcome::Done { remote_id } => self.done(effect, remote_id.clone(), None),
            Outcome::AlreadyDone => self.done(effect, None, None),
            Outcome::Submitted(ticket) => self.submitted(effect, ticket),
            Outcome::Continue(checkpoint) => {
                effect.checkpoint = Some(checkpoint.clone());
                effect.phase = Phase::Ready;
                self.put(effect);
            }
            Outcome::Rejected { reason } => {
                self.journal(&effect, EffectStatus::Rejected);
                self.rejected(&effect.kind, reason, None);
            }
        }
    }

    pub(super) fn submitted(&mut self, mut effect: Effect, ticket: &Ticket) {
        effect.phase = Phase::Submitted {
            ticket: ticket.clone(),
            poll_at: self.now + ticket.poll_after,
            expires_at: self.now + ticket.expires_after,
        };
        self.put(effect);
    }

    pub(super) fn polled(
        &mut self,
        kind: &EffectKind,
        status: &TicketStatus,
    ) -> Result<(), Refused> {
        let Some(effect) = self.order.state.effect(kind).cloned() else {
            return self.refuse("a ticket", kind);
        };
        let Phase::Submitted {
            ticket, expires_at, ..
        } = &effect.phase
        else {
            return self.refuse("a ticket", kind);
        };
        self.clear_problem(&Action::Poll(kind.clone()));
        match status {
            TicketStatus::Pending if self.now < *expires_at => {
                let (ticket, expires_at) = (ticket.clone(), *expires_at);
                let poll_at = self.now + ticket.poll_after;
                self.put(Effect {
                    phase: Phase::Submitted {
                        ticket,
                        poll_at,
                        expires_at,
                    },
                    ..effect
                });
            }
            TicketStatus::Pending | TicketStatus::Lost => {
                self.unknown(effect, self.now, "the marketplace lost the ticket");
            }
            TicketStatus::Done { remote_id } => {
                self.drop_effect(kind);
                self.done(effect, remote_id.clone(), None);
            }
            TicketStatus::Failed { reason } => {
                self.drop_effect(kind);
                self.journal(&effect, EffectStatus::Rejected);
                self.rejected(kind, reason, None);
            }
        }
        Ok(())
    }

    /// An effect happened. `code` is the T&T code the marketplace has, where it was read back.
    pub(super) fn done(&mut self, effect: Effect, remote_id: Option<String>, code: Option<String>) {
        self.journal(&effect, EffectStatus::Done);
        self.clear_problem(&Action::Send(effect.kind.clone()));
        self.clear_problem(&Action::Resolve(effect.kind.clone()));
        match &effect.kind {
            EffectKind::Create => {}
            EffectKind::Accept | EffectKind::CancelMarketplace => {
                self.order.state.reading.marketplace_stale = true;
                self.note(Level::Info, format!("{} done", effect.kind));
            }
            EffectKind::Confirm(id) => self.confirmed(id, remote_id, code),
            EffectKind::EditTracking(id) => {
                let id = id.clone();
                let told = code.or_else(|| self.code_to_tell(&id));
                if let Some(shipment) = self.shipment_mut(&id) {
                    shipment.told_code = told;
                }
                self.note(Level::Info, "T&T sent to the marketplace afterwards");
            }
            EffectKind::CancelShop(id) => self.shop_cancelled(id),
            EffectKind::CancelPieces => {
                self.order.state.reading.marketplace_stale = true;
                let told = self.told(&effect);
                self.order.state.told_off.extend(told);
                self.note(Level::Info, "the marketplace took the cancelled pieces");
            }
            EffectKind::CancelShopPieces => {
                self.order.state.reading.shop_stale = true;
                let told = self.told(&effect);
                self.order.state.shop_told_off.extend(told);
                self.note(Level::Info, "the webshop took the cancelled pieces");
            }
            EffectKind::NoteReturn(id) => self.return_noted(id),
            EffectKind::DecideReturn(id) => self.return_decided(id),
        }
    }

    fn told(&self, effect: &Effect) -> Vec<ToldOff> {
        let told = |target: &LineQuantity| ToldOff {
            line: target.line.clone(),
            total: target.quantity,
            at: self.now,
        };
        effect.targets.iter().map(told).collect()
    }

    pub(super) fn confirmed(
        &mut self,
        id: &ShipmentId,
        remote_id: Option<String>,
        code: Option<String>,
    ) {
        let told = code.or_else(|| self.code_to_tell(id));
        let now = self.now;
        let Some(shipment) = self.shipment_mut(id) else {
            return;
        };
        shipment.told_code = told;
        shipment.confirmation = Confirmation::Confirmed { at: now, remote_id };
        let parcel = shipment.parcel;
        self.note(
            Level::Info,
            format!("the marketplace took the shipment of parcel {parcel}"),
        );
    }

    /// The code that was in the request for this shipment.
    pub(super) fn code_to_tell(&self, id: &ShipmentId) -> Option<String> {
        let shipment = self.order.state.shipment(id)?;
        shipment.tracking.as_ref()?;
        shipment
            .carrier
            .as_ref()
            .map(|carrier| carrier.code.clone())
    }

    pub(super) fn shop_cancelled(&mut self, id: &ShopOrderId) {
        let state = &mut self.order.state;
        if let Link::Linked(link) = &mut state.link
            && link.id == *id
        {
            link.state = ShopState::Cancelled;
            self.note(Level::Info, format!("webshop order {id} cancelled"));
            return;
        }
        state.extras.retain(|extra| extra != id);
        if !state.discarded.contains(id) {
            state.discarded.push(id.clone());
        }
        self.note(
            Level::Info,
            format!("webshop order {id}, one too many, cancelled"),
        );
    }

    pub(super) fn rejected(&mut self, kind: &EffectKind, reason: &str, advice: Option<&str>) {
        let (problem, retry, text, default_advice) = match kind {
            EffectKind::Create => (
                ProblemKind::ShopRefused,
                Retry::BackOff,
                format!("the webshop refuses the order: {reason}"),
                "Mend the cause in the webshop; it is tried again by itself.",
            ),
            EffectKind::CancelShop(id) => (
                ProblemKind::Conflict,
                Retry::Never,
                format!("webshop order {id} could not be cancelled: {reason}"),
                "Cancel it in the webshop by hand.",
            ),
            EffectKind::Confirm(_) => (
                ProblemKind::MarketplaceRefused,
                Retry::Never,
                format!("the marketplace refuses the shipment: {reason}"),
                "Compare the order at the marketplace, mend the cause, then retry.",
            ),
            EffectKind::CancelShopPieces => (
                ProblemKind::ShopRefused,
                Retry::Never,
                format!("the webshop refuses to take the cancelled pieces off: {reason}"),
                "Take them off the webshop order by hand.",
            ),
            EffectKind::NoteReturn(_) => (
                ProblemKind::ShopRefused,
                Retry::Never,
                format!("the webshop refuses to {kind}: {reason}"),
                "Note the return in the webshop by hand.",
            ),
            EffectKind::Accept
            | EffectKind::EditTracking(_)
            | EffectKind::CancelMarketplace
            | EffectKind::CancelPieces
            | EffectKind::DecideReturn(_) => (
                ProblemKind::MarketplaceRefused,
                Retry::Never,
                format!("the marketplace refuses to {kind}: {reason}"),
                "Do it at the marketplace by hand, or mend the cause and retry.",
            ),
        };
        self.order.state.reading.marketplace_stale |= !matches!(kind, EffectKind::Create);
        let advice = advice.unwrap_or(default_advice).to_owned();
        self.problem(
            Action::Send(kind.clone()),
            Trouble {
                kind: problem,
                text,
                advice,
                retry,
            },
        );
    }

    pub(super) fn blocked(&mut self, kind: &EffectKind, blocked: &Blocked) {
        self.problem(
            Action::Send(kind.clone()),
            Trouble {
                kind: blocked.kind,
                text: blocked.text.clone(),
                advice: blocked.advice.clone(),
                retry: Retry::BackOff,
            },
        );
    }
}
