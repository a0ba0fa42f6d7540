//! What the webshop showed: completion, codes, the wait.

use super::{Fold, Level, Retry, Trouble};
use crate::ids::ShipmentId;
use crate::order::TrackingRule;
use crate::ports::{Granularity, ShopRead};
use crate::shipment::{LineQuantity, Tracking};
use crate::shop::{ShopOrder, ShopShipment, ShopState};
use crate::state::{Action, Confirmation, EffectKind, Link, ProblemKind, Shipment, ShopLink, Wait};

/// The id of a shipment made from what is left when the wait ends.
const REST: &str = "rest";

/// The id of a shipment whose code a person gave; the webshop does not overrule it.
pub(super) const OPERATOR: &str = "operator";

impl Fold<'_> {
    pub(super) fn shop_read(&mut self, read: &ShopRead) {
        match read {
            ShopRead::Found(order) => self.shop_order(order),
            ShopRead::Gone(id) => {
                self.looked_at_shop();
                let Link::Linked(link) = &mut self.order.state.link else {
                    return;
                };
                if link.id == *id && !link.gone {
                    link.gone = true;
                    self.note(
                        Level::Warning,
                        format!("the webshop no longer has order {id}"),
                    );
                }
            }
            ShopRead::Unreadable { reason, .. } => self.problem(
                Action::ReadShop,
                Trouble {
                    kind: ProblemKind::Unreadable,
                    text: format!("the webshop's order cannot be used: {reason}"),
                    advice: "It is read again by itself. If it stays, report this text.".to_owned(),
                    retry: Retry::BackOff,
                },
            ),
        }
    }

    fn looked_at_shop(&mut self) {
        self.order.state.reading.shop_at = Some(self.now);
        self.order.state.reading.shop_stale = false;
        self.clear_problem(&Action::ReadShop);
    }

    fn shop_order(&mut self, shop: &ShopOrder) {
        let Link::Linked(link) = &mut self.order.state.link else {
            return;
        };
        if link.id != shop.id {
            return;
        }
        let changed = link.raw_state != shop.raw_state;
        *link = ShopLink {
            id: shop.id.clone(),
            number: shop.number.clone(),
            state: shop.state,
            raw_state: shop.raw_state.clone(),
            total: shop.total,
            cancelled: shop.cancelled.clone(),
            gone: false,
        };
        self.looked_at_shop();
        if changed {
            let level = match shop.state {
                ShopState::Unknown => Level::Warning,
                ShopState::Draft
                | ShopState::Open
                | ShopState::Completed
                | ShopState::Cancelled => Level::Info,
            };
            self.note(level, format!("webshop status is now {:?}", shop.raw_state));
        }
        match shop.state {
            ShopState::Completed => {
                self.take_shipments(shop, true);
                self.wait_for_rest();
            }
            ShopState::Open => {
                self.take_shipments(shop, false);
                self.order.state.wait = None;
            }
            ShopState::Draft | ShopState::Cancelled => self.order.state.wait = None,
            ShopState::Unknown => {}
        }
    }

    fn take_shipments(&mut self, shop: &ShopOrder, completed: bool) {
        for parcel in &shop.shipments {
            self.take_shipment(shop, parcel, completed);
        }
    }

    fn take_shipment(&mut self, shop: &ShopOrder, parcel: &ShopShipment, completed: bool) {
        let code = parcel
            .tracking
            .as_ref()
            .filter(|tracking| !tracking.code.trim().is_empty());
        let known = self
            .order
            .state
            .shipments
            .iter()
            .position(|s| is_of(s, parcel));
        if let Some(known) = known {
            let overruled = self
                .order
                .state
                .shipments
                .get(known)
                .is_some_and(by_operator);
            if let Some(tracking) = code.filter(|_| !overruled) {
                self.new_code(known, tracking);
            }
            return;
        }
        let Some(tracking) = code else { return };
        let lines = self.lines_for(parcel, completed);
        if !lines.is_empty() {
            self.add_shipment(
                parcel.id.clone(),
                lines,
                Some(tracking.clone()),
                parcel.shipped_at,
            );
        } else if self.order.remaining().is_empty() {
            self.late_code(shop, parcel, tracking);
        }
    }

    /// Which pieces a parcel takes, cut down to what is left and to what the marketplace can
    /// be told about.
    fn lines_for(&self, parcel: &ShopShipment, completed: bool) -> Vec<LineQuantity> {
        let remaining = self.order.remaining();
        let marketplace = &self.rules.marketplace;
        let whole_order = marketplace.ship == Granularity::Order || !marketplace.multi_parcel;
        if whole_order {
            return if completed { remaining } else { Vec::new() };
        }
        let Some(wanted) = &parcel.lines else {
            return if completed { remaining } else { Vec::new() };
        };
        wanted
            .iter()
            .filter_map(|part| {
                let left = remaining
                    .iter()
                    .find(|rest| rest.line == part.line)?
                    .quantity;
                let quantity = match marketplace.ship {
                    Granularity::Quantity => part.quantity.min(left),
                    Granularity::Line | Granularity::Order if completed => left,
                    Granularity::Line | Granularity::Order if part.quantity >= left => left,
                    Granularity::Line | Granularity::Order => 0,
                };
                (quantity > 0).then(|| LineQuantity {
                    line: part.line.clone(),
                    quantity,
                })
            })
            .collect()
    }

    pub(super) fn add_shipment(
        &mut self,
        id: ShipmentId,
        lines: Vec<LineQuantity>,
        tracking: Option<Tracking>,
        shipped_at: Option<chrono::DateTime<chrono::Utc>>,
    ) {
        let parcel = u32::try_from(self.order.state.shipments.len()).unwrap_or(u32::MAX - 1) + 1;
        match &tracking {
            Some(tracking) => self.note(
                Level::Info,
                format!("parcel {parcel} is on its way with T&T {}", tracking.code),
            ),
            None => self.note(
                Level::Warning,
                format!("parcel {parcel} is reported without T&T: no code came in time"),
            ),
        }
        self.order.state.shipments.push(Shipment {
            id,
            source: None,
            parcel,
            lines,
            tracking,
            carrier: None,
            shipped_at: shipped_at.unwrap_or(self.now).min(self.now),
            confirmation: Confirmation::None,
            told_code: None,
            audit_at: None,
        });
        if self.order.remaining().is_empty() {
            self.order.state.wait = None;
            self.clear_problem(&Action::Send(EffectKind::Confirm(REST.into())));
        }
    }

    /// A code for a shipment that is known already.
    pub(super) fn new_code(&mut self, index: usize, tracking: &Tracking) {
        let Some(shipment) = self.order.state.shipments.get_mut(index) else {
            return;
        };
        if shipment.tracking.as_ref() == Some(tracking) {
            return;
        }
        let code_changed = shipment
            .tracking
            .as_ref()
            .is_none_or(|before| before.code != tracking.code);
        shipment.tracking = Some(tracking.clone());
        if code_changed {
            let parcel = shipment.parcel;
            let edit = Action::Send(EffectKind::EditTracking(shipment.id.clone()));
            self.clear_problem(&edit);
            self.note(
                Level::Info,
                format!("parcel {parcel} now has T&T {}", tracking.code),
            );
        }
    }

    /// A code that comes when every piece is in a shipment: it belongs to the one that the
    /// webshop does not know (made without a code, or its code was replaced).
    fn late_code(&mut self, shop: &ShopOrder, parcel: &ShopShipment, tracking: &Tracking) {
        let orphan = self.order.state.shipments.iter().position(|shipment| {
            !by_operator(shipment) && !shop.shipments.iter().any(|known| is_of(shipment, known))
        });
        if let Some(index) = orphan {
            if let Some(shipment) = self.order.state.shipments.get_mut(index) {
                shipment.source = Some(parcel.id.clone());
            }
            self.new_code(index, tracking);
        } else if !self.order.state.extra_codes.contains(&tracking.code) {
            self.order.state.extra_codes.push(tracking.code.clone());
            self.note(
                Level::Warning,
                format!(
                    "T&T {} is not reported: every piece of the order is in another parcel",
                    tracking.code
                ),
            );
        }
    }

    /// Completed, and pieces left that no parcel has: wait for a code, then go without.
    fn wait_for_rest(&mut self) {
        let remaining = self.order.remaining();
        if remaining.is_empty() {
            self.order.state.wait = None;
            return;
        }
        let until = self.wait_end();
        if self
            .order
            .state
            .wait
            .as_ref()
            .is_some_and(|wait| wait.since > self.now)
        {
            // The clock was set back behind the start of the wait: it starts anew.
            self.order.state.wait = None;
        }
        let first = self.order.state.wait.is_none();
        let wait = self.order.state.wait.get_or_insert(Wait {
            since: self.now,
            until,
            looks: 0,
        });
        wait.looks = wait.looks.saturating_add(1);
        let over = self.now >= wait.until && wait.looks >= self.rules.policy.min_looks;
        let until = wait.until;
        if first {
            self.note(
                Level::Info,
                format!(
                    "completed without T&T: waiting for a code until {}",
                    until.format("%Y-%m-%d %H:%M UTC")
                ),
            );
        }
        if !over {
            return;
        }
        if self.tracking_is_required() {
            self.problem(
                Action::Send(EffectKind::Confirm(REST.into())),
                Trouble {
                    kind: ProblemKind::TrackingRequired,
                    text: "the wait for a T&T code is over, and the marketplace wants one for \
                           this order: it is not reported without"
                        .to_owned(),
                    advice: "Add the code in the webshop or with set-tracking; it is sent at \
                             once."
                        .to_owned(),
                    retry: Retry::Never,
                },
            );
        } else {
            self.add_shipment(REST.into(), remaining, None, None);
        }
    }

    fn wait_end(&self) -> chrono::DateTime<chrono::Utc> {
        let policy = &self.rules.policy;
        let full = self.now + policy.tracking_wait;
        let ship_by = self
            .order
            .content
            .as_ref()
            .and_then(|content| content.ship_by);
        match ship_by {
            Some(deadline) => full.min(deadline - policy.ship_by_margin).max(self.now),
            None => full,
        }
    }

    fn tracking_is_required(&self) -> bool {
        let Some(content) = &self.order.content else {
            return false;
        };
        let by_method = content.shipping_method.as_ref().is_some_and(|method| {
            self.rules
                .policy
                .tracking_required_for
                .iter()
                .any(|required| required.eq_ignore_ascii_case(method))
        });
        content.tracking == TrackingRule::Required || by_method
    }
}

fn by_operator(shipment: &Shipment) -> bool {
    shipment.id.as_str().starts_with(OPERATOR)
        || shipment
            .source
            .as_ref()
            .is_some_and(|source| source.as_str() == OPERATOR)
}

fn is_of(shipment: &Shipment, parcel: &ShopShipment) -> bool {
    shipment.id == parcel.id || shipment.source.as_ref() == Some(&parcel.id)
}
