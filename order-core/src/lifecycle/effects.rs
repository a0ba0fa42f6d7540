//! The effects protocol, first half: intend, withdraw, keep. What came of it is in `outcome`,
//! and what nobody knows in `unknown`.

use super::{EffectStatus, Fold, Refused};
use crate::ids::{ExternalKey, ShipmentId};
use crate::order::MarketplaceOrder;
use crate::shipment::{CarrierChoice, LineQuantity};
use crate::state::{Action, Created, Effect, EffectKind, Phase};

impl Fold<'_> {
    pub(super) fn intended(
        &mut self,
        kind: &EffectKind,
        carrier: Option<&CarrierChoice>,
    ) -> Result<(), Refused> {
        if !self.may_intend(kind) {
            return self.refuse("an intent for what is done or not there", kind);
        }
        let earlier = self.order.state.effect(kind).cloned();
        let targets = self.targets(kind);
        let effect = match earlier {
            Some(effect) if effect.phase == Phase::Ready => Effect {
                phase: Phase::Intended,
                intended_at: self.now,
                targets,
                ..effect
            },
            Some(_) => return self.refuse("a second intent", kind),
            None => Effect {
                kind: kind.clone(),
                attempt: self.attempts(kind) + 1,
                reference: self.reference(kind),
                intended_at: self.now,
                phase: Phase::Intended,
                checkpoint: None,
                draft: None,
                targets,
            },
        };
        if *kind == EffectKind::Create {
            self.remember_created();
        }
        if let (EffectKind::Confirm(id) | EffectKind::EditTracking(id), Some(carrier)) =
            (kind, carrier)
            && let Some(shipment) = self.shipment_mut(id)
        {
            shipment.carrier = Some(carrier.clone());
        }
        self.journal(&effect, EffectStatus::Open);
        self.put(effect);
        Ok(())
    }

    /// Whether an effect would not repeat what is done, and has something to work on.
    pub(super) fn may_intend(&self, kind: &EffectKind) -> bool {
        let state = &self.order.state;
        match kind {
            EffectKind::Create => state.linked().is_none(),
            EffectKind::Confirm(id) => state
                .shipment(id)
                .is_some_and(|shipment| !shipment.confirmation.is_told()),
            EffectKind::EditTracking(id) => state
                .shipment(id)
                .is_some_and(|shipment| shipment.confirmation.is_told()),
            EffectKind::CancelPieces => !self.order.cancel_targets().is_empty(),
            EffectKind::CancelShopPieces => self
                .order
                .shop_targets()
                .is_some_and(|targets| !targets.is_empty()),
            EffectKind::DecideReturn(id) => state
                .return_record(id)
                .is_some_and(|record| record.wish.is_some()),
            EffectKind::NoteReturn(id) => state.return_record(id).is_some(),
            EffectKind::Accept | EffectKind::CancelMarketplace | EffectKind::CancelShop(_) => true,
        }
    }

    fn targets(&self, kind: &EffectKind) -> Vec<LineQuantity> {
        match kind {
            EffectKind::CancelPieces => self.order.cancel_targets(),
            EffectKind::CancelShopPieces => self.order.shop_targets().unwrap_or_default(),
            EffectKind::Accept
            | EffectKind::Create
            | EffectKind::Confirm(_)
            | EffectKind::EditTracking(_)
            | EffectKind::CancelMarketplace
            | EffectKind::CancelShop(_)
            | EffectKind::NoteReturn(_)
            | EffectKind::DecideReturn(_) => Vec::new(),
        }
    }

    /// Keeps what the webshop order is made with. Attempts that differ leave it open which one
    /// counts.
    fn remember_created(&mut self) {
        let Some(content) = &self.order.content else {
            return;
        };
        let pieces = wanted_pieces(content);
        self.order.state.created = match &self.order.state.created {
            Created::Never => Created::Pieces(pieces),
            Created::Pieces(before) if *before == pieces => return,
            Created::Pieces(_) | Created::Unsure => Created::Unsure,
        };
    }

    /// How often this was tried before, so that the journal tells attempts apart.
    pub(super) fn attempts(&self, kind: &EffectKind) -> u32 {
        self.order
            .state
            .problem(&Action::Send(kind.clone()))
            .map_or(0, |problem| problem.attempts)
    }

    /// The text by which an effect is found again; it follows from the order alone.
    pub(super) fn reference(&self, kind: &EffectKind) -> String {
        let key = ExternalKey::new(
            self.rules.policy.channel.clone(),
            self.order.key.order.clone(),
        );
        match kind {
            EffectKind::Create => key.to_string(),
            EffectKind::Confirm(id) | EffectKind::EditTracking(id) => {
                let parcel = self
                    .order
                    .state
                    .shipment(id)
                    .map_or(0, |shipment| shipment.parcel);
                format!("{key}/{parcel}")
            }
            EffectKind::Accept
            | EffectKind::CancelMarketplace
            | EffectKind::CancelPieces
            | EffectKind::CancelShop(_)
            | EffectKind::CancelShopPieces
            | EffectKind::NoteReturn(_)
            | EffectKind::DecideReturn(_) => {
                format!("{key} {kind}")
            }
        }
    }

    /// The first attempt certainly made nothing.
    pub(super) fn forget_created(&mut self, effect: &Effect) {
        if effect.kind == EffectKind::Create && effect.attempt == 1 && effect.checkpoint.is_none() {
            self.order.state.created = Created::Never;
        }
    }

    pub(super) fn not_sent(&mut self, kind: &EffectKind) -> Result<(), Refused> {
        let effect = self.take_intended("an intent withdrawn", kind)?;
        self.journal(&effect, EffectStatus::NotApplied);
        self.forget_created(&effect);
        self.keep_steps(effect);
        Ok(())
    }

    pub(super) fn orphaned(&mut self, kind: &EffectKind) -> Result<(), Refused> {
        let effect = self.take_intended("an orphaned effect", kind)?;
        let sent_by = effect.intended_at + self.rules.policy.send_window;
        let answered_by = sent_by + self.rules.policy.request_timeout;
        self.unknown(
            effect,
            answered_by.max(self.now),
            "the program ended before the answer came",
        );
        Ok(())
    }

    pub(super) fn shipment_mut(&mut self, id: &ShipmentId) -> Option<&mut crate::state::Shipment> {
        self.order
            .state
            .shipments
            .iter_mut()
            .find(|shipment| shipment.id == *id)
    }

    pub(super) fn put(&mut self, effect: Effect) {
        self.drop_effect(&effect.kind);
        self.order.state.effects.push(effect);
    }

    pub(super) fn drop_effect(&mut self, kind: &EffectKind) {
        self.order
            .state
            .effects
            .retain(|effect| effect.kind != *kind);
    }

    /// Takes an effect that is under way out of the order.
    pub(super) fn take_intended(
        &mut self,
        event: &str,
        kind: &EffectKind,
    ) -> Result<Effect, Refused> {
        match self.order.state.effect(kind).cloned() {
            Some(effect) if effect.phase == Phase::Intended => {
                self.drop_effect(kind);
                Ok(effect)
            }
            _ => self.refuse(event, kind),
        }
    }

    /// Keeps what was done in earlier steps, so that the next attempt goes on from there.
    pub(super) fn keep_steps(&mut self, effect: Effect) {
        if effect.checkpoint.is_some() {
            self.put(Effect {
                phase: Phase::Ready,
                ..effect
            });
        }
    }
}

/// The pieces a webshop order is made with.
pub(super) fn wanted_pieces(content: &MarketplaceOrder) -> Vec<LineQuantity> {
    content
        .lines
        .iter()
        .map(|line| LineQuantity {
            line: line.id.clone(),
            quantity: line.wanted(),
        })
        .collect()
}
