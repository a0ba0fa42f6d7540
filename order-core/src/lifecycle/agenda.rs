//! What is to be done for an order, when, and why.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::returns::return_text;
use crate::order::Readiness;
use crate::policy::Rules;
use crate::ports::ConfirmSemantics;
use crate::shop::ShopState;
use crate::state::{
    Action, Cancellation, Confirmation, EffectKind, Link, Order, Phase, ProblemKind, Shipment,
};

/// Nothing is ever put off longer than this. What is, was put off under a clock that has been
/// set back since, and is due at once.
pub(crate) const HORIZON: chrono::Duration = chrono::Duration::hours(12);

/// Something on the agenda.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What.
    pub action: Action,
    /// Not before.
    pub at: DateTime<Utc>,
    /// Why, for a person.
    pub why: String,
}

/// When the order must be looked at again; `None` when nothing is left to do.
#[must_use]
pub fn next_due(order: &Order, now: DateTime<Utc>, rules: &Rules) -> Option<DateTime<Utc>> {
    agenda(order, now, rules)
        .into_iter()
        .map(|item| item.at)
        .min()
}

/// Everything on the agenda of an order, the most urgent kind first.
///
/// An item whose time has come may be done at once. What only a person can mend is not on it.
#[must_use]
pub fn agenda(order: &Order, now: DateTime<Utc>, rules: &Rules) -> Vec<Item> {
    let state = &order.state;
    if state.ignored.is_some() || state.manual.is_some() {
        return Vec::new();
    }
    let mut list = List {
        order,
        now,
        rules,
        items: Vec::new(),
    };
    list.open_effects();
    list.cancelling();
    list.cancelling_pieces();
    list.marketplace_reads();
    list.accepting_and_creating();
    list.shop_reads();
    list.confirming();
    list.late_codes();
    list.returns();
    for shipment in &state.shipments {
        if let (Some(at), true) = (shipment.audit_at, shipment.confirmation.is_told()) {
            let action = Action::AuditShipment(shipment.id.clone());
            list.add(
                action,
                at,
                "its report was once uncertain: look at what is there",
            );
        }
    }
    if let Some(at) = state.audit_at {
        list.add(
            Action::Audit,
            at,
            "a create was once uncertain: look for doubles",
        );
    }
    list.items
}

struct List<'a> {
    order: &'a Order,
    now: DateTime<Utc>,
    rules: &'a Rules,
    items: Vec<Item>,
}

impl List<'_> {
    /// Adds an item, put off by the problem that stands in its way; keeps the earlier of two.
    fn add(&mut self, action: Action, at: DateTime<Utc>, why: &str) {
        let Some(at) = self.not_before(&action, at) else {
            return;
        };
        match self.items.iter_mut().find(|item| item.action == action) {
            Some(item) if item.at <= at => {}
            Some(item) => {
                item.at = at;
                why.clone_into(&mut item.why);
            }
            None => self.items.push(Item {
                action,
                at,
                why: why.to_owned(),
            }),
        }
    }

    fn not_before(&self, action: &Action, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let Some(problem) = self.order.state.problem(action) else {
            return Some(at);
        };
        let next = problem.next_attempt?;
        // No pause is that long: it was written under a clock that has been set back since.
        let believed = next - self.now <= delta(self.rules.policy.retry_max);
        Some(if believed { next.max(at) } else { at })
    }

    /// When a look is due that was last taken at `looked`. A look in the future was taken under a
    /// clock that has been set back since, and counts for nothing.
    fn again(&self, looked: DateTime<Utc>, interval: Duration) -> DateTime<Utc> {
        if looked > self.now {
            self.now
        } else {
            looked + interval
        }
    }

    fn open_effects(&mut self) {
        for effect in &self.order.state.effects {
            let kind = effect.kind.clone();
            match &effect.phase {
                Phase::Ready => {
                    self.add(
                        Action::Send(kind),
                        effect.intended_at,
                        "the next step is to be sent",
                    );
                }
                Phase::Intended => {
                    let policy = &self.rules.policy;
                    let at = effect.intended_at + policy.send_window + policy.request_timeout;
                    self.add(Action::Resolve(kind), at, "sent, and no answer is recorded");
                }
                Phase::Unknown { settle_until, why } => {
                    let text = format!("nobody knows whether it happened ({why}): look it up");
                    self.add(Action::Resolve(kind), *settle_until, &text);
                }
                Phase::Submitted { poll_at, .. } => {
                    self.add(
                        Action::Poll(kind),
                        *poll_at,
                        "the marketplace decides later",
                    );
                }
            }
        }
    }

    fn cancelling(&mut self) {
        let state = &self.order.state;
        for extra in &state.extras {
            let kind = EffectKind::CancelShop(extra.clone());
            if self.rules.webshop.cancel && state.effect(&kind).is_none() {
                self.add(
                    Action::Send(kind),
                    self.now,
                    "the webshop has this order twice",
                );
            }
        }
        match &state.cancellation {
            Cancellation::TellShop => {
                if let Link::Linked(link) = &state.link {
                    let kind = EffectKind::CancelShop(link.id.clone());
                    if state.effect(&kind).is_none() {
                        self.add(Action::Send(kind), self.now, "the marketplace cancelled it");
                    }
                }
            }
            Cancellation::TellMarketplace => {
                if state.effect(&EffectKind::CancelMarketplace).is_none() {
                    self.after_last_look(
                        EffectKind::CancelMarketplace,
                        self.now,
                        "the webshop cancelled it",
                    );
                }
            }
            Cancellation::None
            | Cancellation::BuyerAsks
            | Cancellation::Done
            | Cancellation::NeedsResolution(_) => {}
        }
    }

    /// Something to tell the marketplace, after it was read once more.
    fn after_last_look(&mut self, kind: EffectKind, at: DateTime<Utc>, why: &str) {
        let action = Action::Send(kind);
        let Some(at) = self.not_before(&action, at) else {
            return;
        };
        let reading = &self.order.state.reading;
        let fresh = !reading.marketplace_stale
            && reading.marketplace_at.is_some_and(|read| {
                self.now - read <= delta(self.rules.policy.last_look) && read <= self.now
            });
        if fresh || at > self.now {
            self.add(action, at, why);
        } else {
            self.add(
                Action::ReadMarketplace,
                self.now,
                "a last look before anything is sent",
            );
        }
    }

    fn cancelling_pieces(&mut self) {
        let state = &self.order.state;
        if state.effect(&EffectKind::CancelPieces).is_none()
            && self.rules.may_cancel_pieces(self.order)
        {
            self.after_last_look(
                EffectKind::CancelPieces,
                self.now,
                "pieces are not sent: the marketplace is to be told",
            );
        }
        let action = Action::Send(EffectKind::CancelShopPieces);
        if state.effect(&EffectKind::CancelShopPieces).is_none()
            && self.rules.may_cancel_shop_pieces(self.order)
            && let Some(at) = self.not_before(&action, self.now)
        {
            let reading = &state.reading;
            let fresh = !reading.shop_stale
                && reading.shop_at.is_some_and(|read| {
                    self.now - read <= delta(self.rules.policy.last_look) && read <= self.now
                });
            if fresh || at > self.now {
                self.add(action, at, "pieces were cancelled at the marketplace");
            } else {
                let why = "a last look before pieces are cancelled";
                self.add(Action::ReadShop, self.now, why);
            }
        }
    }

    fn returns(&mut self) {
        let state = &self.order.state;
        for record in &state.returns {
            let id = &record.value.id;
            let decide = EffectKind::DecideReturn(id.clone());
            if record.wish.is_some() && state.effect(&decide).is_none() {
                let why = "the marketplace is to be told of the decision about a return";
                self.add(Action::Send(decide), self.now, why);
            }
            let note = EffectKind::NoteReturn(id.clone());
            let linked = state.linked().is_some_and(|link| !link.gone);
            if linked
                && self.rules.webshop.returns
                && record.noted.as_ref() != Some(&return_text(&record.value))
                && state.effect(&note).is_none()
            {
                self.add(Action::Send(note), self.now, "a return is to be noted");
            }
        }
    }

    fn marketplace_reads(&mut self) {
        let state = &self.order.state;
        let policy = &self.rules.policy;
        let Some(content) = &self.order.content else {
            if state.reading.marketplace_gone && !state.reading.marketplace_stale {
                return;
            }
            self.add(
                Action::ReadMarketplace,
                state.first_seen,
                "its details are to be read",
            );
            return;
        };
        let read_at = state.reading.marketplace_at.unwrap_or(state.first_seen);
        if state.reading.marketplace_stale {
            self.add(
                Action::ReadMarketplace,
                read_at,
                "the marketplace changed something",
            );
        }
        self.read_backs(read_at);
        if content.is_closed() || state.reading.marketplace_gone {
            return;
        }
        match &content.readiness {
            Readiness::NotReady(why) => {
                let why = format!("the marketplace holds it back ({why})");
                self.add(
                    Action::ReadMarketplace,
                    read_at + policy.poll_interval,
                    &why,
                );
            }
            Readiness::Ready | Readiness::NeedsAcceptance | Readiness::Closed => self.add(
                Action::ReadMarketplace,
                self.again(read_at, policy.marketplace_reread),
                "a look now and then, whatever the feed says",
            ),
        }
    }

    fn read_backs(&mut self, read_at: DateTime<Utc>) {
        if self.rules.marketplace.confirm == ConfirmSemantics::Blind {
            return;
        }
        for shipment in &self.order.state.shipments {
            let Confirmation::Confirmed { at, .. } = &shipment.confirmation else {
                continue;
            };
            let kind = EffectKind::Confirm(shipment.id.clone());
            let due = match self.order.state.problem(&Action::Send(kind)) {
                Some(problem) if problem.kind == ProblemKind::NotSeenAfterwards => problem
                    .next_attempt
                    .unwrap_or(read_at + self.rules.policy.marketplace_reread),
                Some(_) | None => {
                    let first = *at + self.rules.policy.verify_after;
                    if read_at < first {
                        first
                    } else {
                        // Looked, and not to be seen: nothing hangs on it where the platform itself
                        // refuses doubles.
                        self.again(read_at, self.rules.policy.marketplace_reread)
                    }
                }
            };
            self.add(
                Action::ReadMarketplace,
                due,
                "to see whether the marketplace shows the shipment",
            );
        }
    }

    fn accepting_and_creating(&mut self) {
        let state = &self.order.state;
        let Some(content) = &self.order.content else {
            return;
        };
        if state.reading.marketplace_gone {
            return;
        }
        if content.is_sent_elsewhere() {
            // Recorded once it is sent: until then the marketplace may still cancel it.
            if content.is_closed() && !content.is_cancelled() && state.link == Link::None {
                self.creating("the marketplace has sent it: it is to be recorded in the webshop");
            }
            return;
        }
        if content.is_closed() {
            return;
        }
        match (&content.readiness, &state.link) {
            (Readiness::NeedsAcceptance, _) => {
                if self.rules.marketplace.accept && state.effect(&EffectKind::Accept).is_none() {
                    self.add(
                        Action::Send(EffectKind::Accept),
                        state.first_seen,
                        "the marketplace waits for the seller to accept it",
                    );
                }
            }
            (Readiness::Ready, Link::None) => {
                // What a person cancels is told the marketplace first.
                if !self.order.is_cancel_wished() {
                    self.creating("it is to be created in the webshop");
                }
            }
            (Readiness::Ready, Link::Linked(_) | Link::Refused(_))
            | (Readiness::NotReady(_) | Readiness::Closed, _) => {}
        }
    }

    fn creating(&mut self, why: &str) {
        let state = &self.order.state;
        if state.effect(&EffectKind::Create).is_some() {
            return;
        }
        if self.is_blocked_by_content() {
            // Nothing can have changed unless the marketplace is read again.
            self.after_last_look(EffectKind::Create, state.first_seen, why);
        } else {
            self.add(Action::Send(EffectKind::Create), state.first_seen, why);
        }
    }

    /// Whether what the marketplace said stands in the way of creating.
    fn is_blocked_by_content(&self) -> bool {
        let problem = self.order.state.problem(&Action::Send(EffectKind::Create));
        problem.is_some_and(|problem| {
            matches!(
                problem.kind,
                ProblemKind::SumMismatch
                    | ProblemKind::MissingAddress
                    | ProblemKind::UnknownCurrency
            )
        })
    }

    fn shop_reads(&mut self) {
        let state = &self.order.state;
        let policy = &self.rules.policy;
        let Some(link) = state.linked() else { return };
        let read_at = state.reading.shop_at.unwrap_or(state.first_seen);
        if state.reading.shop_stale {
            self.add(Action::ReadShop, read_at, "the webshop changed something");
        }
        if link.gone || state.cancellation == Cancellation::Done {
            return;
        }
        if state.wait.is_some() {
            self.add(
                Action::ReadShop,
                self.again(read_at, policy.poll_interval),
                "completed without T&T: look for a code",
            );
            return;
        }
        let open_at_marketplace = self
            .order
            .content
            .as_ref()
            .is_some_and(|content| !content.is_closed());
        let bare = state
            .shipments
            .iter()
            .any(|shipment| self.may_get_late_code(shipment));
        if self.order.is_closed_by_others() {
            self.add(
                Action::ReadShop,
                self.again(read_at, policy.shop_reread),
                "closed at the marketplace by others: see whether it is closed here too",
            );
        } else if !self.order.remaining().is_empty() && open_at_marketplace {
            let feed = self.rules.webshop.feed_sees_status && self.rules.webshop.feed_sees_tracking;
            let interval = if feed {
                policy.shop_reread
            } else {
                policy.poll_interval
            };
            let why = match link.state {
                ShopState::Cancelled => "cancelled in the webshop: see whether it stays so",
                ShopState::Draft | ShopState::Open | ShopState::Completed | ShopState::Unknown => {
                    "to see whether it is completed"
                }
            };
            self.add(Action::ReadShop, self.again(read_at, interval), why);
        } else if bare {
            self.add(
                Action::ReadShop,
                self.again(read_at, policy.late_tracking_interval),
                "reported without T&T: look for a late code",
            );
        }
    }

    /// Whether a shipment was reported bare and its code may still come and be sent.
    fn may_get_late_code(&self, shipment: &Shipment) -> bool {
        let since = match &shipment.confirmation {
            Confirmation::Confirmed { at, .. } | Confirmation::Verified { at, .. } => *at,
            Confirmation::None | Confirmation::Elsewhere | Confirmation::Rejected(_) => {
                return false;
            }
        };
        self.rules.marketplace.edit_tracking
            && shipment.tracking.is_none()
            && self.now - since < delta(self.rules.policy.late_tracking_window)
    }

    fn may_tell_shipments(&self) -> bool {
        match &self.order.state.cancellation {
            Cancellation::None | Cancellation::BuyerAsks => true,
            Cancellation::TellShop
            | Cancellation::TellMarketplace
            | Cancellation::Done
            | Cancellation::NeedsResolution(_) => false,
        }
    }

    fn confirming(&mut self) {
        if !self.may_tell_shipments() || self.order.state.reading.marketplace_gone {
            return;
        }
        for shipment in &self.order.state.shipments {
            let kind = EffectKind::Confirm(shipment.id.clone());
            if shipment.confirmation == Confirmation::None
                && self.order.state.effect(&kind).is_none()
            {
                self.after_last_look(
                    kind,
                    self.now,
                    "the marketplace is to be told of the shipment",
                );
            }
        }
    }

    fn late_codes(&mut self) {
        if !self.rules.marketplace.edit_tracking || !self.may_tell_shipments() {
            return;
        }
        for shipment in &self.order.state.shipments {
            let told = matches!(
                shipment.confirmation,
                Confirmation::Confirmed { .. } | Confirmation::Verified { .. }
            );
            let kind = EffectKind::EditTracking(shipment.id.clone());
            if told && needs_edit(shipment) && self.order.state.effect(&kind).is_none() {
                self.add(
                    Action::Send(kind),
                    self.now,
                    "a code came after the shipment was told",
                );
            }
        }
    }
}

/// Whether the marketplace has another code than the webshop.
pub(super) fn needs_edit(shipment: &Shipment) -> bool {
    let Some(tracking) = &shipment.tracking else {
        return false;
    };
    match (&shipment.told_code, &shipment.carrier) {
        (None, _) => true,
        (Some(told), Some(carrier)) => carrier.original != tracking.code || *told != carrier.code,
        (Some(told), None) => *told != tracking.code,
    }
}

fn delta(duration: Duration) -> chrono::Duration {
    chrono::Duration::from_std(duration).unwrap_or(chrono::Duration::MAX)
}
