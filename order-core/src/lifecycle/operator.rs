//! What a person did.

use super::shop::OPERATOR;
use super::{Fold, Level, OperatorAction, Refused};
use crate::shipment::Tracking;
use crate::state::{Action, Confirmation, EffectKind, Link, Manual, ProblemKind};

impl Fold<'_> {
    pub(super) fn operator(&mut self, action: &OperatorAction) -> Result<(), Refused> {
        match action {
            OperatorAction::Retry => self.retry(),
            OperatorAction::SetTracking(tracking) => self.set_tracking(tracking),
            OperatorAction::Manual(note) => {
                self.order.state.manual = Some(Manual {
                    since: self.now,
                    note: note.clone(),
                });
                let text = note.as_deref().unwrap_or("no note");
                self.note(
                    Level::Info,
                    format!("operator handles this order by hand ({text})"),
                );
            }
            OperatorAction::Resume => {
                self.order.state.manual = None;
                self.note(Level::Info, "operator hands this order back");
            }
            OperatorAction::Cancel { lines, reason } => return self.wish_cancel(lines, *reason),
            OperatorAction::DecideReturn {
                id,
                rows,
                decision,
                note,
            } => return self.wish_return(id, rows, *decision, note.as_deref()),
            OperatorAction::Link(shop) => return self.link(shop),
            OperatorAction::ConfirmAgain { parcel } => return self.confirm_again(*parcel),
        }
        Ok(())
    }

    fn retry(&mut self) {
        self.note(Level::Info, "operator asks to try again");
        let state = &mut self.order.state;
        state.reading.marketplace_stale = true;
        state.reading.shop_stale = state.linked().is_some();
        if let Link::Refused(_) = state.link {
            state.link = Link::None;
        }
        for problem in &state.problems {
            if problem.kind == ProblemKind::NotSeenAfterwards
                && let Action::Send(EffectKind::Confirm(id)) = &problem.action
                && let Some(shipment) = state
                    .shipments
                    .iter_mut()
                    .find(|shipment| shipment.id == *id)
            {
                shipment.confirmation = Confirmation::None;
            }
        }
        for shipment in &mut state.shipments {
            if let Confirmation::Rejected(_) = shipment.confirmation {
                shipment.confirmation = Confirmation::None;
            }
        }
        state.problems.clear();
    }

    fn set_tracking(&mut self, tracking: &Tracking) {
        self.note(Level::Info, format!("operator sets T&T {}", tracking.code));
        let remaining = self.order.remaining();
        if !remaining.is_empty() {
            let number = self.order.state.shipments.len();
            let id = if number == 0 {
                OPERATOR.to_owned()
            } else {
                format!("{OPERATOR}-{number}")
            };
            self.add_shipment(id.into(), remaining, Some(tracking.clone()), None);
            return;
        }
        let bare = self
            .order
            .state
            .shipments
            .iter()
            .position(|s| s.tracking.is_none());
        let last = self.order.state.shipments.len().checked_sub(1);
        if let Some(index) = bare.or(last) {
            if let Some(shipment) = self.order.state.shipments.get_mut(index) {
                shipment.source = Some(OPERATOR.into());
            }
            self.new_code(index, tracking);
        }
    }
}
