//! What a person mends: an order's link to its webshop order, and a report that is looked at again.

use super::{EffectStatus, Fold, Level, Refused};
use crate::ids::ExternalKey;
use crate::ports::ConfirmSemantics;
use crate::shop::{ShopOrder, ShopState};
use crate::state::{Confirmation, Created, Effect, EffectKind, Link, Phase};

impl Fold<'_> {
    /// A person says that this is the webshop's order. It was read from the webshop just now, and
    /// no other order has it: [`Engine::link`](crate::engine::Engine::link) saw to both.
    pub(super) fn link(&mut self, shop: &ShopOrder) -> Result<(), Refused> {
        let what = format!("linking webshop order {}", shop.number);
        if let Some(why) = self.no_link(shop) {
            return self.refuse_action(&format!("{what}, {why},"));
        }
        let ours = self.own_key();
        let is_stamped = shop.key.as_ref() == Some(&ours);
        if let Some(effect) = self.order.state.effect(&EffectKind::Create).cloned() {
            self.drop_effect(&EffectKind::Create);
            let status = if is_stamped {
                EffectStatus::Done
            } else {
                EffectStatus::NotApplied
            };
            self.journal(&effect, status);
            self.extra(effect.draft);
        }
        if !is_stamped || self.order.state.created == Created::Never {
            self.order.state.created = Created::Unsure;
        }
        self.note(
            Level::Info,
            format!("operator links webshop order {}", shop.number),
        );
        self.link_to(shop);
        self.compare_totals(shop);
        Ok(())
    }

    fn own_key(&self) -> ExternalKey {
        ExternalKey::new(
            self.rules.policy.channel.clone(),
            self.order.key.order.clone(),
        )
    }

    /// Why this webshop order cannot be the order's.
    fn no_link(&self, shop: &ShopOrder) -> Option<String> {
        let state = &self.order.state;
        let Some(content) = &self.order.content else {
            return Some("before the order was read".to_owned());
        };
        if state.ignored.is_some() || content.is_closed() || state.reading.marketplace_gone {
            return Some("though nothing is left to be sent".to_owned());
        }
        match &state.link {
            Link::Linked(link) if !link.gone => {
                return Some(format!("though it is linked to {} already", link.number));
            }
            Link::Linked(_) if !state.shipments.is_empty() => {
                return Some("though parcels of an earlier one are known".to_owned());
            }
            Link::Linked(_) if state.effect(&EffectKind::CancelMarketplace).is_some() => {
                return Some("while the marketplace is being told to cancel".to_owned());
            }
            Link::Linked(_) | Link::None | Link::Refused(_) => {}
        }
        if let Some(key) = shop.key.as_ref().filter(|key| **key != self.own_key()) {
            return Some(format!("which is the order of {key}"));
        }
        if state.extras.contains(&shop.id) || state.discarded.contains(&shop.id) {
            return Some("which is thrown away as one too many".to_owned());
        }
        match shop.state {
            ShopState::Open | ShopState::Completed => {}
            ShopState::Draft => return Some("which is a draft".to_owned()),
            ShopState::Cancelled => return Some("which is cancelled".to_owned()),
            ShopState::Unknown => {
                return Some(format!("which is in an unknown state ({})", shop.raw_state));
            }
        }
        if shop.total.currency != content.currency {
            return Some("which is in another currency".to_owned());
        }
        let effect = state.effect(&EffectKind::Create)?;
        let is_stamped = shop.key.as_ref() == Some(&self.own_key());
        match &effect.phase {
            Phase::Ready if effect.draft.as_ref() == Some(&shop.id) => {
                Some("which is being finished".to_owned())
            }
            Phase::Ready => None,
            // Nobody can look it up but a person, and this one did.
            Phase::Unknown { .. } if is_stamped || self.is_blind(&EffectKind::Create) => None,
            Phase::Unknown { settle_until, .. } => Some(format!(
                "while a create is uncertain; it is looked up at {}",
                settle_until.format("%H:%M:%S UTC")
            )),
            Phase::Intended | Phase::Submitted { .. } => {
                Some("while it is being created".to_owned())
            }
        }
    }

    /// A person doubts a report that was sent. It is looked up at the marketplace, and sent again
    /// only when it is not there.
    pub(super) fn confirm_again(&mut self, parcel: u32) -> Result<(), Refused> {
        let what = format!("reporting parcel {parcel} again");
        let found = self
            .order
            .state
            .shipments
            .iter()
            .find(|shipment| shipment.parcel == parcel)
            .cloned();
        let Some(shipment) = found else {
            return self.refuse_action(&format!("{what}, which is not there,"));
        };
        let kind = EffectKind::Confirm(shipment.id.clone());
        let edit = EffectKind::EditTracking(shipment.id.clone());
        let state = &self.order.state;
        if state.effect(&kind).is_some() || state.effect(&edit).is_some() {
            return self.refuse_action(&format!("{what}, while a report of it is under way,"));
        }
        if self.rules.marketplace.confirm == ConfirmSemantics::Blind {
            return self.refuse_action(&format!(
                "{what}, which this marketplace does not let us look up first,"
            ));
        }
        let told_at = match &shipment.confirmation {
            Confirmation::Confirmed { at, .. } | Confirmation::Verified { at, .. } => *at,
            Confirmation::None | Confirmation::Rejected(_) => {
                return self.refuse_action(&format!("{what}, which was never taken; retry,"));
            }
            Confirmation::Elsewhere => {
                return self.refuse_action(&format!("{what}, which others reported,"));
            }
        };
        self.note(
            Level::Info,
            format!("operator asks to look at the report of parcel {parcel} again"),
        );
        if let Some(shipment) = self.shipment_mut(&shipment.id) {
            shipment.confirmation = Confirmation::None;
        }
        // What was read before is doubted too.
        self.order.state.reading.marketplace_stale = true;
        let effect = Effect {
            reference: self.reference(&kind),
            attempt: self.attempts(&kind) + 1,
            kind: kind.clone(),
            intended_at: told_at,
            phase: Phase::Intended,
            checkpoint: None,
            draft: None,
            targets: Vec::new(),
        };
        self.journal(&effect, EffectStatus::Open);
        self.unknown(effect, told_at, "an operator doubts it");
        Ok(())
    }
}
