//! The effects protocol when nobody knows: settle, look up, and only then send again.

use chrono::{DateTime, Utc};

use super::{EffectStatus, Finding, Fold, Level, Refused, Retry, Trouble};
use crate::order::Line;
use crate::ports::{ConfirmSemantics, ConfirmationFound, CreateSemantics, ShopRead};
use crate::shop::ShopState;
use crate::state::{Action, Effect, EffectKind, Phase, ProblemKind};

impl Fold<'_> {
    pub(super) fn unknown(&mut self, mut effect: Effect, from: DateTime<Utc>, why: &str) {
        let create = effect.kind == EffectKind::Create;
        let settle = self.settle_time(&effect);
        let settle_until = from + settle;
        effect.phase = Phase::Unknown {
            settle_until,
            why: why.to_owned(),
        };
        self.note(
            Level::Warning,
            format!(
                "nobody knows whether \"{}\" happened ({why}); looked up at {}",
                effect.kind,
                settle_until.format("%H:%M:%S UTC")
            ),
        );
        let audit_at = self.now + self.rules.policy.audit_after + settle;
        if create {
            self.order.state.audit_at = Some(audit_at);
        }
        if let EffectKind::Confirm(id) | EffectKind::EditTracking(id) = &effect.kind
            && let Some(shipment) = self.shipment_mut(id)
        {
            shipment.audit_at = Some(audit_at);
        }
        let kind = effect.kind.clone();
        self.put(effect);
        if self.is_blind(&kind) {
            self.problem(
                Action::Resolve(kind.clone()),
                Trouble {
                    kind: ProblemKind::Conflict,
                    text: format!(
                        "nobody knows whether \"{kind}\" happened ({why}), and this platform \
                         offers nothing to look it up by"
                    ),
                    advice: "Look on the platform yourself. If it did not happen, retry."
                        .to_owned(),
                    retry: Retry::Never,
                },
            );
        }
    }

    /// How long to wait until a lookup can be trusted. Nothing where a second attempt cannot
    /// hurt: a hard key refuses it, an inert draft harms nobody.
    pub(super) fn settle_time(&self, effect: &Effect) -> std::time::Duration {
        let (marketplace, webshop) = (&self.rules.marketplace, &self.rules.webshop);
        match &effect.kind {
            EffectKind::Create => match webshop.create {
                CreateSemantics::UniqueKey => std::time::Duration::ZERO,
                CreateSemantics::InertThenActivate => webshop.create_lag.index,
                CreateSemantics::Lookup | CreateSemantics::Blind => webshop.create_lag.total(),
            },
            EffectKind::CancelShop(_)
            | EffectKind::CancelShopPieces
            | EffectKind::NoteReturn(_) => webshop.create_lag.total(),
            EffectKind::Confirm(_) | EffectKind::EditTracking(_) => match marketplace.confirm {
                ConfirmSemantics::UpsertByKey => marketplace.confirm_lag.index,
                ConfirmSemantics::ReadBack | ConfirmSemantics::Blind => {
                    marketplace.confirm_lag.total()
                }
            },
            EffectKind::Accept
            | EffectKind::CancelMarketplace
            | EffectKind::CancelPieces
            | EffectKind::DecideReturn(_) => marketplace.confirm_lag.total(),
        }
    }

    pub(super) fn is_blind(&self, kind: &EffectKind) -> bool {
        match kind {
            EffectKind::Create => self.rules.webshop.create == CreateSemantics::Blind,
            EffectKind::Confirm(_) => self.rules.marketplace.confirm == ConfirmSemantics::Blind,
            EffectKind::Accept
            | EffectKind::EditTracking(_)
            | EffectKind::CancelMarketplace
            | EffectKind::CancelPieces
            | EffectKind::CancelShop(_)
            | EffectKind::CancelShopPieces
            | EffectKind::NoteReturn(_)
            | EffectKind::DecideReturn(_) => false,
        }
    }

    pub(super) fn resolved(&mut self, kind: &EffectKind, finding: &Finding) -> Result<(), Refused> {
        let Some(effect) = self.order.state.effect(kind).cloned() else {
            return self.refuse("a lookup", kind);
        };
        let Phase::Unknown { .. } = effect.phase else {
            return self.refuse("a lookup", kind);
        };
        self.clear_problem(&Action::Resolve(kind.clone()));
        match finding {
            Finding::Orders(found) => self.create_resolved(effect, found),
            Finding::Confirmation(found) => self.confirmation_resolved(effect, found),
            Finding::Marketplace(read) => {
                self.marketplace_read(read);
                let open = self
                    .order
                    .content
                    .as_ref()
                    .is_some_and(|content| !content.is_closed());
                let waiting = self.order.content.as_ref().is_some_and(|content| {
                    content.readiness == crate::order::Readiness::NeedsAcceptance
                });
                let happened = match kind {
                    EffectKind::Accept => !waiting,
                    EffectKind::CancelPieces => {
                        self.reached(&effect, |line| line.cancelled) || !open
                    }
                    EffectKind::Create
                    | EffectKind::Confirm(_)
                    | EffectKind::EditTracking(_)
                    | EffectKind::CancelMarketplace
                    | EffectKind::CancelShop(_)
                    | EffectKind::CancelShopPieces
                    | EffectKind::NoteReturn(_)
                    | EffectKind::DecideReturn(_) => !open,
                };
                self.drop_effect(kind);
                if happened {
                    self.done(effect, None, None);
                } else {
                    self.did_not_happen(effect);
                }
            }
            Finding::Returns(returns) => self.return_resolved(effect, returns),
            Finding::Shop(read) => {
                self.drop_effect(kind);
                let cancelled = match read {
                    ShopRead::Found(order) => order.state == ShopState::Cancelled,
                    ShopRead::Gone(_) => true,
                    ShopRead::Unreadable { .. } => false,
                };
                self.shop_read(read);
                let happened = match kind {
                    EffectKind::CancelShopPieces => {
                        cancelled
                            || self.reached(&effect, |line| self.order.taken_off_in_shop(&line.id))
                    }
                    // The shop looks for the note before it writes one: noting again is harmless.
                    EffectKind::NoteReturn(_) => false,
                    EffectKind::Accept
                    | EffectKind::Create
                    | EffectKind::Confirm(_)
                    | EffectKind::EditTracking(_)
                    | EffectKind::CancelMarketplace
                    | EffectKind::CancelPieces
                    | EffectKind::CancelShop(_)
                    | EffectKind::DecideReturn(_) => cancelled,
                };
                if happened {
                    self.done(effect, None, None);
                } else {
                    self.did_not_happen(effect);
                }
            }
        }
        Ok(())
    }

    /// Whether every line came to the cancelled pieces that an effect was to bring about.
    fn reached(&self, effect: &Effect, cancelled: impl Fn(&Line) -> u32) -> bool {
        let Some(content) = &self.order.content else {
            return false;
        };
        effect.targets.iter().all(|target| {
            content
                .line(&target.line)
                .is_some_and(|line| cancelled(line) >= target.quantity)
        })
    }

    pub(super) fn confirmation_resolved(&mut self, effect: Effect, found: &ConfirmationFound) {
        let kind = effect.kind.clone();
        match found {
            ConfirmationFound::InProgress(ticket) => self.submitted(effect, ticket),
            ConfirmationFound::Confirmed { remote_id, code } => {
                let wanted = match &kind {
                    EffectKind::EditTracking(id) => self.code_to_tell(id),
                    EffectKind::Accept
                    | EffectKind::Create
                    | EffectKind::Confirm(_)
                    | EffectKind::CancelMarketplace
                    | EffectKind::CancelPieces
                    | EffectKind::CancelShop(_)
                    | EffectKind::CancelShopPieces
                    | EffectKind::NoteReturn(_)
                    | EffectKind::DecideReturn(_) => None,
                };
                self.drop_effect(&kind);
                if wanted.is_some() && *code != wanted {
                    self.did_not_happen(effect);
                } else {
                    self.done(effect, remote_id.clone(), code.clone());
                }
            }
            ConfirmationFound::Absent => {
                self.drop_effect(&kind);
                self.did_not_happen(effect);
            }
        }
    }

    pub(super) fn did_not_happen(&mut self, effect: Effect) {
        self.journal(&effect, EffectStatus::NotApplied);
        let kind = effect.kind.clone();
        self.keep_steps(effect);
        let text = match &kind {
            EffectKind::NoteReturn(_) => {
                format!("\"{kind}\" may not have arrived: the note is looked for first next time")
            }
            EffectKind::Accept
            | EffectKind::Create
            | EffectKind::Confirm(_)
            | EffectKind::EditTracking(_)
            | EffectKind::CancelMarketplace
            | EffectKind::CancelPieces
            | EffectKind::CancelShop(_)
            | EffectKind::CancelShopPieces
            | EffectKind::DecideReturn(_) => {
                format!("\"{kind}\" did not arrive: it was looked up and is not there")
            }
        };
        self.problem(
            Action::Send(kind),
            Trouble {
                kind: ProblemKind::OutcomeUnknown,
                text,
                advice: "Nothing to do: it is sent again by itself.".to_owned(),
                retry: Retry::BackOff,
            },
        );
    }
}
