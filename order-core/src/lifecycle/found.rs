//! What a search found: webshop orders under our key, and shipments at the marketplace.

use super::new_order::wanted_total;
use super::{EffectStatus, Fold, Level, Retry, Trouble};
use crate::ids::{ShipmentId, ShopOrderId};
use crate::ports::{ConfirmationFound, FoundOrder, ShopRead};
use crate::shop::{ShopOrder, ShopState};
use crate::state::{Action, Created, Effect, EffectKind, Link, Phase, ProblemKind, ShopLink};

impl Fold<'_> {
    pub(super) fn create_resolved(&mut self, effect: Effect, found: &[FoundOrder]) {
        self.drop_effect(&EffectKind::Create);
        match self.choose(found, effect.draft.as_ref()) {
            None => {
                let restart = Effect {
                    checkpoint: None,
                    ..effect
                };
                self.did_not_happen(restart);
            }
            Some(chosen) => self.adopt(chosen, found, Some(effect)),
        }
    }

    pub(super) fn found_before(&mut self, found: &[FoundOrder]) {
        if self.order.state.effect(&EffectKind::Create).is_some()
            || self.order.state.linked().is_some()
        {
            return;
        }
        if let Some(chosen) = self.choose(found, None) {
            self.adopt(chosen, found, None);
        }
    }

    /// Which of several orders under our key is the one: the one whose id was recorded, else a
    /// live one, else a draft that can be finished, else a cancelled one.
    pub(super) fn choose<'f>(
        &self,
        found: &'f [FoundOrder],
        recorded: Option<&ShopOrderId>,
    ) -> Option<&'f FoundOrder> {
        let ours = || {
            found
                .iter()
                .filter(|hit| !self.order.state.discarded.contains(&hit.order.id))
        };
        let rank = |hit: &&FoundOrder| match hit.order.state {
            ShopState::Open | ShopState::Completed | ShopState::Unknown => 0,
            ShopState::Draft => 1,
            ShopState::Cancelled => 2,
        };
        ours()
            .find(|hit| recorded == Some(&hit.order.id))
            .or_else(|| ours().min_by_key(|hit| (rank(hit), hit.order.id.clone())))
    }

    pub(super) fn adopt(
        &mut self,
        chosen: &FoundOrder,
        found: &[FoundOrder],
        effect: Option<Effect>,
    ) {
        for hit in found {
            if hit.order.id != chosen.order.id && hit.order.state != ShopState::Cancelled {
                self.extra(Some(hit.order.id.clone()));
            }
        }
        self.note(
            Level::Info,
            format!(
                "found in the webshop under our key as order {}",
                chosen.order.number
            ),
        );
        if chosen.order.state == ShopState::Draft {
            let effect = effect.unwrap_or_else(|| Effect {
                kind: EffectKind::Create,
                attempt: 1,
                reference: self.reference(&EffectKind::Create),
                intended_at: self.now,
                phase: Phase::Ready,
                checkpoint: None,
                draft: None,
                targets: Vec::new(),
            });
            let effect = Effect {
                phase: Phase::Ready,
                checkpoint: chosen.resume.clone().or(effect.checkpoint),
                draft: Some(chosen.order.id.clone()),
                ..effect
            };
            self.put(effect);
        } else {
            match &effect {
                Some(effect) => self.journal(effect, EffectStatus::Done),
                // Attempts of ours that are on record all asked for the same.
                None if self.order.state.created == Created::Never => {
                    self.order.state.created = Created::Unsure;
                }
                None => {}
            }
            self.link_to(&chosen.order);
            self.compare_totals(&chosen.order);
        }
    }

    pub(super) fn audited(&mut self, found: &[FoundOrder]) {
        self.order.state.audit_at = None;
        self.clear_problem(&Action::Audit);
        let ours = self.order.state.linked().map(|link| link.id.clone());
        if ours.is_none() {
            // Also when the order is over by now: what landed late must not live on unseen.
            self.found_before(found);
            return;
        }
        let draft = self
            .order
            .state
            .effect(&EffectKind::Create)
            .and_then(|e| e.draft.clone());
        for hit in found {
            let known = Some(&hit.order.id) == ours.as_ref()
                || Some(&hit.order.id) == draft.as_ref()
                || self.order.state.discarded.contains(&hit.order.id);
            if !known && hit.order.state != ShopState::Cancelled {
                self.extra(Some(hit.order.id.clone()));
            }
        }
    }

    /// What the marketplace has of a shipment whose report was once uncertain: a request that
    /// landed late may have put an older code in the place of a newer one.
    pub(super) fn shipment_audited(&mut self, id: &ShipmentId, found: &ConfirmationFound) {
        self.clear_problem(&Action::AuditShipment(id.clone()));
        let Some(shipment) = self.shipment_mut(id) else {
            return;
        };
        shipment.audit_at = None;
        if let ConfirmationFound::Confirmed { code, .. } = found
            && *code != shipment.told_code
        {
            let was = std::mem::replace(&mut shipment.told_code, code.clone());
            let (has, was) = (
                code.as_deref().unwrap_or("none"),
                was.as_deref().unwrap_or("none"),
            );
            self.note(
                Level::Warning,
                format!("T&T at the marketplace is {has}, not {was} as reported"),
            );
        }
    }

    pub(super) fn link_to(&mut self, shop: &ShopOrder) {
        self.clear_problem(&Action::Send(EffectKind::Create));
        self.clear_problem(&Action::Resolve(EffectKind::Create));
        self.order.state.link = Link::Linked(ShopLink {
            id: shop.id.clone(),
            number: shop.number.clone(),
            state: shop.state,
            raw_state: shop.raw_state.clone(),
            total: shop.total,
            cancelled: shop.cancelled.clone(),
            gone: false,
        });
        self.shop_read(&ShopRead::Found(Box::new(shop.clone())));
    }

    /// An order that was found may have been made of another state of the marketplace's order.
    pub(super) fn compare_totals(&mut self, shop: &ShopOrder) {
        let expected = self.order.content.as_deref().and_then(wanted_total);
        let known = matches!(self.order.state.created, Created::Pieces(_));
        let Some(expected) = expected.filter(|total| !known && !total.agrees_with(&shop.total))
        else {
            return;
        };
        if shop.state == ShopState::Cancelled {
            return;
        }
        self.problem(
            Action::Send(EffectKind::CancelShopPieces),
            Trouble {
                kind: ProblemKind::Conflict,
                text: format!(
                    "webshop order {} comes to {}, the marketplace's order to {expected}",
                    shop.number, shop.total
                ),
                advice: "Compare the two orders line by line and mend the webshop's. Then retry."
                    .to_owned(),
                retry: Retry::Never,
            },
        );
    }

    /// A webshop order of ours that is too many.
    pub(super) fn extra(&mut self, id: Option<ShopOrderId>) {
        let Some(id) = id else { return };
        let state = &mut self.order.state;
        if !state.extras.contains(&id) && !state.discarded.contains(&id) {
            state.extras.push(id);
        }
    }
}
