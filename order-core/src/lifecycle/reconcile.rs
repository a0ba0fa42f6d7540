//! What follows from the order as a whole, whatever happened: cancellation and read-back.
//!
//! These two are worked out anew after every event, so that the order in which things become
//! known makes no difference.

use super::agenda::needs_edit;
use super::effects::wanted_pieces;
use super::{EffectRecord, EffectStatus, Fold, Level, Retry, Trouble};
use crate::ids::LineId;
use crate::order::{MarketplaceOrder, Readiness};
use crate::ports::ConfirmSemantics;
use crate::shop::ShopState;
use crate::state::{
    Action, Cancellation, Confirmation, Created, EffectKind, Link, Phase, Problem, ProblemKind,
};

impl Fold<'_> {
    pub(super) fn reconcile(&mut self) {
        if self.order.state.ignored.is_some() {
            self.drop_problems_of_ignored();
            return;
        }
        let Some(content) = self.order.content.clone() else {
            return;
        };
        self.read_back(&content);
        self.shrink_parcels(&content);
        self.drop_pointless_create(&content);
        self.drop_pointless_problems(&content);
        let cancellation = self.cancellation(&content);
        if cancellation != self.order.state.cancellation {
            match &cancellation {
                Cancellation::NeedsResolution(text) => self.note(Level::Error, text.clone()),
                Cancellation::BuyerAsks => {
                    self.note(
                        Level::Warning,
                        "the buyer asks to cancel; the seller decides",
                    );
                }
                Cancellation::Done => self.note(Level::Info, "cancelled on both sides"),
                Cancellation::None | Cancellation::TellShop | Cancellation::TellMarketplace => {}
            }
            self.order.state.cancellation = cancellation;
        }
        self.pieces();
    }

    /// Pieces that were cancelled at the marketplace before their parcel was reported are taken
    /// out of the report: the others must not wait for a person. A parcel that would be empty
    /// stays as it is.
    fn shrink_parcels(&mut self, content: &MarketplaceOrder) {
        for line in content.lines.iter().filter(|line| line.cancelled > 0) {
            let mut excess = self
                .order
                .in_shipments(&line.id, |_| true)
                .saturating_sub(line.wanted());
            for index in (0..self.order.state.shipments.len()).rev() {
                let Some(shipment) = self.order.state.shipments.get(index) else {
                    break;
                };
                let kind = EffectKind::Confirm(shipment.id.clone());
                let open = shipment.confirmation == Confirmation::None
                    && self.order.state.effect(&kind).is_none();
                let others: u32 = shipment
                    .lines
                    .iter()
                    .filter(|part| part.line != line.id)
                    .map(|part| part.quantity)
                    .sum();
                if excess == 0 || !open {
                    continue;
                }
                let parcel = shipment.parcel;
                let mut cut = 0;
                if let Some(shipment) = self.order.state.shipments.get_mut(index) {
                    for part in &mut shipment.lines {
                        let keep = u32::from(others == 0);
                        let may = part.quantity.saturating_sub(keep).min(excess);
                        if part.line == line.id {
                            part.quantity -= may;
                            excess -= may;
                            cut += may;
                        }
                    }
                    shipment.lines.retain(|part| part.quantity > 0);
                }
                if cut > 0 {
                    self.clear_problem(&Action::Send(kind));
                    self.note(
                        Level::Warning,
                        format!(
                            "parcel {parcel} is reported without {cut} × line {}, which the \
                             marketplace cancelled",
                            line.id
                        ),
                    );
                }
            }
        }
    }

    /// Nothing is to be done for an ignored order, so nothing stands in the way; but what a failed
    /// create left in the webshop still needs a person.
    fn drop_problems_of_ignored(&mut self) {
        let create = Action::Send(EffectKind::Create);
        let stays = |problem: &Problem| problem.action == create && left_behind(problem.kind);
        self.order.state.problems.retain(stays);
    }

    /// What stood in the way of something that is no longer to be done.
    fn drop_pointless_problems(&mut self, content: &MarketplaceOrder) {
        let state = &self.order.state;
        let accept = Action::Send(EffectKind::Accept);
        let accepted = content.readiness != Readiness::NeedsAcceptance || content.is_closed();
        let create = Action::Send(EffectKind::Create);
        let over = content.is_closed() && (!content.is_sent_elsewhere() || content.is_cancelled());
        let pointless = over
            && state.effect(&EffectKind::Create).is_none()
            && state
                .problem(&create)
                .is_some_and(|problem| !left_behind(problem.kind));
        if accepted && state.effect(&EffectKind::Accept).is_none() {
            self.clear_problem(&accept);
        }
        if pointless {
            self.clear_problem(&create);
        }
        let cancel = Action::Send(EffectKind::CancelMarketplace);
        if content.is_cancelled()
            && self
                .order
                .state
                .effect(&EffectKind::CancelMarketplace)
                .is_none()
        {
            self.clear_problem(&cancel);
        }
        let over = self
            .order
            .state
            .linked()
            .filter(|link| link.gone || link.state == ShopState::Cancelled)
            .map(|link| EffectKind::CancelShop(link.id.clone()));
        if let Some(kind) = over
            && self.order.state.effect(&kind).is_none()
        {
            self.clear_problem(&Action::Send(kind));
        }
        let told: Vec<Action> = self
            .order
            .state
            .shipments
            .iter()
            .map(|shipment| (shipment, EffectKind::EditTracking(shipment.id.clone())))
            .filter(|(shipment, kind)| {
                !needs_edit(shipment) && self.order.state.effect(kind).is_none()
            })
            .map(|(_, kind)| Action::Send(kind))
            .collect();
        for edit in told {
            self.clear_problem(&edit);
        }
    }

    /// A create between two steps is given up when the marketplace closed the order, or when the
    /// draft was made of other pieces than are wanted now.
    fn drop_pointless_create(&mut self, content: &MarketplaceOrder) {
        let stale = matches!(
            &self.order.state.created,
            Created::Pieces(pieces) if *pieces != wanted_pieces(content)
        );
        let has_draft = self
            .order
            .state
            .effect(&EffectKind::Create)
            .is_some_and(|effect| effect.draft.is_some());
        let over = content.is_closed() && (!content.is_sent_elsewhere() || content.is_cancelled());
        let pointless = over || (stale && has_draft);
        if !pointless {
            return;
        }
        let state = &mut self.order.state;
        let ready = |effect: &crate::state::Effect| {
            effect.kind == EffectKind::Create && effect.phase == Phase::Ready
        };
        let Some(index) = state.effects.iter().position(ready) else {
            return;
        };
        let effect = state.effects.remove(index);
        if let Some(draft) = effect.draft
            && !state.extras.contains(&draft)
            && !state.discarded.contains(&draft)
        {
            state.extras.push(draft);
        }
        state.created = Created::Never;
        self.clear_problem(&Action::Send(EffectKind::Create));
        let why = if over {
            "the webshop order is not finished: the marketplace closed it"
        } else {
            "the draft in the webshop is thrown away: the marketplace cancelled a part of it"
        };
        self.note(Level::Info, why);
    }

    /// The whole decision table of cancelling.
    fn cancellation(&self, content: &MarketplaceOrder) -> Cancellation {
        let state = &self.order.state;
        let policy = &self.rules.policy;
        let Link::Linked(link) = &state.link else {
            let creating = state.effect(&EffectKind::Create).is_some();
            return match (content.is_cancelled(), creating) {
                (true, false) => Cancellation::Done,
                (true, true) => Cancellation::None,
                (false, _) if content.has_cancel_request() => Cancellation::BuyerAsks,
                (false, _) => Cancellation::None,
            };
        };
        let cancelled_in_shop = link.state == ShopState::Cancelled || link.gone;
        let number = &link.number;
        let handed_over = !state.shipments.is_empty() || link.state == ShopState::Completed;
        let refused = |kind: EffectKind| self.refusal(&Action::Send(kind));
        if state.reading.marketplace_gone && !content.is_closed() && !self.everything_told() {
            return Cancellation::NeedsResolution(format!(
                "the marketplace no longer knows this order, and webshop order {number} is not \
                 closed: look the order up at the marketplace; if it is gone for good, cancel the \
                 webshop order"
            ));
        }

        if content.is_cancelled() {
            if cancelled_in_shop {
                return Cancellation::Done;
            }
            if handed_over {
                return Cancellation::NeedsResolution(format!(
                    "the marketplace cancelled this order, but webshop order {number} was \
                     already handed over: stop the parcel or take it back, then cancel in the \
                     webshop or mark the order as handled by hand"
                ));
            }
            if let Some(problem) = refused(EffectKind::CancelShop(link.id.clone())) {
                return Cancellation::NeedsResolution(problem.text.clone());
            }
            if policy.cancel_in_shop && self.rules.webshop.cancel {
                return Cancellation::TellShop;
            }
            return Cancellation::NeedsResolution(format!(
                "the marketplace cancelled this order: cancel webshop order {number} by hand"
            ));
        }
        if cancelled_in_shop {
            return self.cancelled_in_shop_only(content);
        }
        if self.order.is_closed_by_others() {
            return Cancellation::NeedsResolution(format!(
                "the marketplace has this order as shipped, though we reported nothing, and \
                 webshop order {number} is still open: complete or cancel it there, or the goods \
                 are sent twice"
            ));
        }
        if content.has_cancel_request() {
            Cancellation::BuyerAsks
        } else {
            Cancellation::None
        }
    }

    fn cancelled_in_shop_only(&self, content: &MarketplaceOrder) -> Cancellation {
        let state = &self.order.state;
        if content.is_closed() || self.everything_told() {
            return Cancellation::None;
        }
        let what = if state.linked().is_some_and(|link| link.gone) {
            "deleted"
        } else {
            "cancelled"
        };
        if !state.shipments.is_empty() {
            return Cancellation::NeedsResolution(format!(
                "the webshop order was {what} after parcels were handed over: confirm or cancel \
                 the rest at the marketplace by hand"
            ));
        }
        if let Some(problem) = self.refusal(&Action::Send(EffectKind::CancelMarketplace)) {
            return Cancellation::NeedsResolution(problem.text.clone());
        }
        let can =
            self.rules.policy.cancel_at_marketplace && self.rules.marketplace.cancel.is_some();
        if what == "cancelled" && can {
            return Cancellation::TellMarketplace;
        }
        Cancellation::NeedsResolution(format!(
            "the webshop order was {what}, but the marketplace still expects the goods: cancel \
             or confirm it there by hand"
        ))
    }

    fn everything_told(&self) -> bool {
        let shipments = &self.order.state.shipments;
        !shipments.is_empty()
            && shipments
                .iter()
                .all(|shipment| shipment.confirmation.is_told())
            && self.order.remaining().is_empty()
    }

    fn refusal(&self, action: &Action) -> Option<&Problem> {
        self.order
            .state
            .problem(action)
            .filter(|problem| problem.next_attempt.is_none())
    }

    /// Compares what we reported with what the marketplace has.
    fn read_back(&mut self, content: &MarketplaceOrder) {
        let Some(read_at) = self.order.state.reading.marketplace_at else {
            return;
        };
        // Whether others reported a parcel is told by a read that is known to be of use.
        let is_stale = self.order.state.reading.marketplace_stale;
        for index in 0..self.order.state.shipments.len() {
            let seen = self.is_seen(content, index);
            let by_others = !is_stale && self.is_reported_by_others(content, index);
            let under_way = self
                .order
                .state
                .shipments
                .get(index)
                .is_some_and(|shipment| {
                    let kind = EffectKind::Confirm(shipment.id.clone());
                    self.order.state.effect(&kind).is_some()
                });
            let now = self.now;
            let looked_up = self.looked_up_in_vain(index);
            let Some(shipment) = self.order.state.shipments.get_mut(index) else {
                return;
            };
            let action = Action::Send(EffectKind::Confirm(shipment.id.clone()));
            match &shipment.confirmation {
                Confirmation::None | Confirmation::Rejected(_) if by_others && !under_way => {
                    // Once uncertain, it is our own report that landed after all; what code the
                    // marketplace has is looked at by the audit.
                    let ours = shipment.audit_at.is_some();
                    let parcel = shipment.parcel;
                    let text = if ours {
                        shipment.confirmation = Confirmation::Confirmed {
                            at: now,
                            remote_id: None,
                        };
                        // What was looked up and not there is there now.
                        self.effects.extend(looked_up);
                        format!("the uncertain report of parcel {parcel} has arrived after all")
                    } else {
                        shipment.confirmation = Confirmation::Elsewhere;
                        format!("parcel {parcel} was reported to the marketplace by others")
                    };
                    self.clear_problem(&action);
                    self.note(Level::Warning, text);
                }
                Confirmation::Confirmed { at, remote_id } if seen && read_at > *at => {
                    shipment.confirmation = Confirmation::Verified {
                        at: now,
                        remote_id: remote_id.clone(),
                    };
                    let text = format!("parcel {} is seen at the marketplace", shipment.parcel);
                    self.clear_problem(&action);
                    self.note(Level::Info, text);
                }
                Confirmation::Confirmed { at, .. } => {
                    let due = *at + self.rules.policy.verify_after;
                    if !seen
                        && self.rules.marketplace.confirm == ConfirmSemantics::ReadBack
                        && read_at >= due
                        && read_at == now
                    {
                        self.not_seen(action);
                    }
                }
                Confirmation::None
                | Confirmation::Verified { .. }
                | Confirmation::Elsewhere
                | Confirmation::Rejected(_) => {}
            }
        }
    }

    /// The journal's line for the last report of a parcel, which a lookup did not find, as done.
    fn looked_up_in_vain(&self, index: usize) -> Option<EffectRecord> {
        let shipment = self.order.state.shipments.get(index)?;
        let kind = EffectKind::Confirm(shipment.id.clone());
        let attempt = self.attempts(&kind);
        (attempt > 0).then(|| EffectRecord {
            reference: self.reference(&kind),
            kind: kind.to_string(),
            attempt,
            status: EffectStatus::Done,
        })
    }

    fn not_seen(&mut self, action: Action) {
        self.problem(
            action,
            Trouble {
                kind: ProblemKind::NotSeenAfterwards,
                text: "the marketplace took the shipment, but does not show it".to_owned(),
                advice: "It is looked for again by itself. If the marketplace's own pages do \
                         not show it either, retry: the shipment is then reported again."
                    .to_owned(),
                retry: Retry::BackOff,
            },
        );
    }

    /// Whether the marketplace has the pieces of a parcel as shipped though we told it nothing.
    fn is_reported_by_others(&self, content: &MarketplaceOrder, index: usize) -> bool {
        let Some(shipment) = self.order.state.shipments.get(index) else {
            return false;
        };
        !shipment.lines.is_empty()
            && shipment.lines.iter().all(|part| {
                content.line(&part.line).is_some_and(|line| {
                    line.open() < part.quantity && self.order.elsewhere(line) >= part.quantity
                })
            })
    }

    /// Whether the marketplace shows as many shipped pieces as this parcel and those told before it
    /// have.
    fn is_seen(&self, content: &MarketplaceOrder, index: usize) -> bool {
        let upto = |line: &LineId| -> u32 {
            self.order
                .state
                .shipments
                .iter()
                .take(index + 1)
                .filter(|shipment| shipment.confirmation.is_told())
                .flat_map(|shipment| &shipment.lines)
                .filter(|part| part.line == *line)
                .map(|part| part.quantity)
                .sum()
        };
        let Some(shipment) = self.order.state.shipments.get(index) else {
            return false;
        };
        !shipment.lines.is_empty()
            && shipment.lines.iter().all(|part| {
                content
                    .line(&part.line)
                    .is_some_and(|line| line.shipped >= upto(&part.line))
            })
    }
}

/// Whether a problem of creating tells of an order in the webshop that should not be there.
fn left_behind(kind: ProblemKind) -> bool {
    matches!(
        kind,
        ProblemKind::TotalDiffers | ProblemKind::Duplicates | ProblemKind::Conflict
    )
}
