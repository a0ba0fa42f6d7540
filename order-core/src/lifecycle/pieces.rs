//! Cancelling some pieces of an order, in whichever direction.

use super::{Fold, Level, Refused, Retry, Trouble};
use crate::policy::Rules;
use crate::ports::CancelReason;
use crate::shipment::LineQuantity;
use crate::shop::ShopState;
use crate::state::{Action, CancelWish, Cancellation, EffectKind, Order, ProblemKind};

impl Rules {
    /// Whether the marketplace is to be told of cancelled pieces, and can be.
    pub(super) fn may_cancel_pieces(&self, order: &Order) -> bool {
        let targets = order.cancel_targets();
        let wished = order.is_cancel_wished();
        !targets.is_empty()
            && may_cancel_any(order)
            && (self.policy.cancel_at_marketplace || wished)
            && self
                .marketplace
                .cancel
                .is_some_and(|granularity| order.can_cancel(&targets, granularity))
    }

    /// Whether the webshop is to be told of cancelled pieces, and can be.
    pub(super) fn may_cancel_shop_pieces(&self, order: &Order) -> bool {
        let open = order
            .state
            .linked()
            .is_some_and(|link| !link.gone && link.state == ShopState::Open);
        open && may_cancel_any(order)
            && self.policy.cancel_in_shop
            && self.webshop.cancel_lines
            && order
                .shop_targets()
                .is_some_and(|targets| !targets.is_empty())
    }
}

/// Whole orders that are being cancelled, or contradict each other, have a way of their own.
fn may_cancel_any(order: &Order) -> bool {
    let whole = order
        .content
        .as_ref()
        .is_some_and(|content| content.is_cancelled());
    !whole
        && !order.state.reading.marketplace_gone
        && matches!(
            order.state.cancellation,
            Cancellation::None | Cancellation::BuyerAsks
        )
}

impl Fold<'_> {
    /// A person wants pieces cancelled.
    pub(super) fn wish_cancel(
        &mut self,
        lines: &[LineQuantity],
        reason: CancelReason,
    ) -> Result<(), Refused> {
        let remaining = self.order.remaining();
        let wanted = if lines.is_empty() { &remaining } else { lines };
        if self.rules.marketplace.cancel.is_none() {
            return self.refuse_action("cancelling, which this marketplace does not let us do,");
        }
        if wanted.is_empty() {
            return self.refuse_action("cancelling, when nothing is left to cancel,");
        }
        let Some(content) = self.order.content.clone() else {
            return self.refuse_action("cancelling, before it was read,");
        };
        let mut targets = Vec::new();
        for part in wanted {
            let left = crate::pieces::quantity(&remaining, &part.line);
            let line = content.line(&part.line).filter(|_| part.quantity > 0);
            let (Some(line), true) = (line, part.quantity <= left) else {
                return self.refuse_action(&format!(
                    "cancelling {} × line {}, of which {left} can still be cancelled,",
                    part.quantity, part.line
                ));
            };
            targets.push(LineQuantity {
                line: part.line.clone(),
                quantity: line.cancelled + self.order.taken_off(line) + part.quantity,
            });
        }
        if let Some(earlier) = &self.order.state.cancel_wish {
            for before in &earlier.lines {
                if !targets.iter().any(|target| target.line == before.line) {
                    targets.push(before.clone());
                }
            }
        }
        for part in wanted {
            let text = format!("operator cancels {} × line {}", part.quantity, part.line);
            self.note(Level::Info, text);
        }
        self.order.state.cancel_wish = Some(CancelWish {
            lines: targets,
            reason,
            since: self.now,
        });
        self.clear_problem(&Action::Send(EffectKind::CancelPieces));
        Ok(())
    }

    pub(super) fn refuse_action<T>(&self, event: &str) -> Result<T, Refused> {
        Err(Refused {
            event: event.to_owned(),
            state: self.order.status().to_string(),
        })
    }

    /// Cancelled pieces that a platform cannot be told of are a person's work.
    pub(super) fn pieces(&mut self) {
        self.pieces_for_marketplace();
        self.pieces_for_shop();
    }

    fn pieces_for_marketplace(&mut self) {
        let action = Action::Send(EffectKind::CancelPieces);
        if self.order.state.effect(&EffectKind::CancelPieces).is_some() {
            return;
        }
        let targets = self.order.cancel_targets();
        if targets.is_empty() || !may_cancel_any(&self.order) {
            self.clear_problem(&action);
            return;
        }
        if self.rules.may_cancel_pieces(&self.order) {
            self.clear_by_hand(&action);
            return;
        }
        let text = format!(
            "the webshop does not send {}, and the marketplace still expects it",
            self.pieces_text(&targets, |line| line.cancelled)
        );
        if self.is_told(&action, &text) {
            return;
        }
        self.problem(
            action,
            Trouble {
                kind: ProblemKind::Conflict,
                text,
                advice: "Cancel these pieces at the marketplace by hand.".to_owned(),
                retry: Retry::Never,
            },
        );
    }

    fn pieces_for_shop(&mut self) {
        let kind = EffectKind::CancelShopPieces;
        let action = Action::Send(kind.clone());
        if self.order.state.effect(&kind).is_some() {
            return;
        }
        let live = self.order.state.linked().is_some_and(|link| {
            !link.gone && matches!(link.state, ShopState::Open | ShopState::Completed)
        });
        // When nobody knows what the webshop order was made with, a person was told already.
        let Some(targets) = self.order.shop_targets() else {
            return;
        };
        if targets.is_empty() || !live || !may_cancel_any(&self.order) {
            self.clear_problem(&action);
            return;
        }
        if self.rules.may_cancel_shop_pieces(&self.order) {
            self.clear_by_hand(&action);
            return;
        }
        let pieces = self.pieces_text(&targets, |line| self.order.taken_off_in_shop(&line.id));
        self.take_off_by_hand(&pieces);
    }

    /// Pieces that the marketplace cancelled and a person must take off the webshop order.
    pub(super) fn take_off_by_hand(&mut self, pieces: &str) {
        let number = self.order.state.linked().map_or("", |link| &link.number);
        let text = format!("the marketplace cancelled {pieces}, which webshop order {number} has");
        let action = Action::Send(EffectKind::CancelShopPieces);
        if self.is_told(&action, &text) {
            return;
        }
        self.problem(
            action,
            Trouble {
                kind: ProblemKind::Conflict,
                text,
                advice: "Take the pieces off the webshop order by hand; if they were sent, take \
                         them back. Then retry."
                    .to_owned(),
                retry: Retry::Never,
            },
        );
    }

    /// What a person was to do can be done by us after all.
    fn clear_by_hand(&mut self, action: &Action) {
        let by_hand = self
            .order
            .state
            .problem(action)
            .is_some_and(|problem| problem.kind == ProblemKind::Conflict);
        if by_hand {
            self.clear_problem(action);
        }
    }

    /// Whether a person knows of it, or the platform refused it.
    fn is_told(&self, action: &Action, text: &str) -> bool {
        self.order.state.problem(action).is_some_and(|problem| {
            problem.text == text
                || matches!(
                    problem.kind,
                    ProblemKind::ShopRefused | ProblemKind::MarketplaceRefused
                )
        })
    }

    fn pieces_text(
        &self,
        targets: &[LineQuantity],
        have: impl Fn(&crate::order::Line) -> u32,
    ) -> String {
        let Some(content) = &self.order.content else {
            return String::new();
        };
        let parts: Vec<String> = targets
            .iter()
            .filter_map(|target| {
                let line = content.line(&target.line)?;
                let pieces = target.quantity.saturating_sub(have(line));
                let what = line.sku.as_deref().or(line.title.as_deref());
                Some(format!("{pieces} × {}", what.unwrap_or(line.id.as_str())))
            })
            .collect();
        parts.join(", ")
    }
}
