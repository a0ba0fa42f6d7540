//! Pieces that are cancelled one by one: who wants them off, and who does not know yet.
//!
//! Three counts of a line are compared: what the marketplace has as cancelled, what the shop's
//! staff took off the webshop order, and what a person asked for here. Everything is a target
//! ("so many cancelled in all"), never a step, so that telling twice cannot cancel twice.

use crate::ids::LineId;
use crate::order::Line;
use crate::ports::Granularity;
use crate::shipment::LineQuantity;
use crate::state::{Created, Order, ToldOff};

impl Order {
    /// Pieces of a line that will not be sent though the marketplace still expects them.
    #[must_use]
    pub fn taken_off(&self, line: &Line) -> u32 {
        let ours = self.in_shipments(&line.id, |_| true);
        let left = line
            .wanted()
            .saturating_sub(ours)
            .saturating_sub(self.elsewhere(line));
        self.cancel_target(line)
            .saturating_sub(line.cancelled)
            .min(left)
    }

    /// How many pieces of a line are to be cancelled in all, as the shop or a person wants it.
    fn cancel_target(&self, line: &Line) -> u32 {
        let before = self
            .created_with(&line.id)
            .map_or(0, |created| line.quantity.saturating_sub(created));
        let in_shop = match self.taken_off_in_shop(&line.id) {
            0 => 0,
            pieces => before + pieces,
        };
        let wished = self
            .state
            .cancel_wish
            .as_ref()
            .map_or(0, |wish| quantity(&wish.lines, &line.id));
        in_shop.max(wished).min(line.quantity)
    }

    /// Lines with the cancelled pieces they shall come to at the marketplace, where it has not
    /// been told yet.
    #[must_use]
    pub fn cancel_targets(&self) -> Vec<LineQuantity> {
        let Some(content) = &self.content else {
            return Vec::new();
        };
        content
            .lines
            .iter()
            .filter_map(|line| {
                let told = told(&self.state.told_off, &line.id);
                let target = line.cancelled + self.taken_off(line);
                (target > line.cancelled.max(told)).then(|| LineQuantity {
                    line: line.id.clone(),
                    quantity: target,
                })
            })
            .collect()
    }

    /// Whether a marketplace that cancels by `granularity` can be told these targets.
    #[must_use]
    pub fn can_cancel(&self, targets: &[LineQuantity], granularity: Granularity) -> bool {
        let Some(content) = &self.content else {
            return false;
        };
        let whole = |line: &Line| {
            line.open() == 0 || quantity(targets, &line.id) >= line.cancelled + line.open()
        };
        match granularity {
            Granularity::Quantity => true,
            Granularity::Line => targets
                .iter()
                .all(|target| content.line(&target.line).is_some_and(whole)),
            Granularity::Order => content.lines.iter().all(whole),
        }
    }

    /// Pieces a person wants cancelled that the marketplace still has as open.
    #[must_use]
    pub fn is_cancel_wished(&self) -> bool {
        let (Some(wish), Some(content)) = (&self.state.cancel_wish, &self.content) else {
            return false;
        };
        content
            .lines
            .iter()
            .any(|line| line.open() > 0 && quantity(&wish.lines, &line.id) > line.cancelled)
    }

    /// Pieces in the webshop order that nobody wants any more, in all that it was told or shows.
    ///
    /// `None` when nobody knows what the webshop order was made with.
    #[must_use]
    pub fn shop_targets(&self) -> Option<Vec<LineQuantity>> {
        let content = self.content.as_ref()?;
        let mut targets = Vec::new();
        for line in &content.lines {
            let created = self.created_with(&line.id)?;
            let off = self.taken_off_in_shop(&line.id);
            let needed = line.wanted().max(self.in_shipments(&line.id, |_| true));
            let target = created.saturating_sub(needed);
            let told = told(&self.state.shop_told_off, &line.id);
            if target > off.max(told) {
                targets.push(LineQuantity {
                    line: line.id.clone(),
                    quantity: target,
                });
            }
        }
        Some(targets)
    }

    /// Pieces of a line that the shop's staff, or we, took off the webshop order.
    #[must_use]
    pub fn taken_off_in_shop(&self, line: &LineId) -> u32 {
        self.state
            .linked()
            .map_or(0, |link| quantity(&link.cancelled, line))
    }

    fn created_with(&self, line: &LineId) -> Option<u32> {
        match &self.state.created {
            Created::Pieces(pieces) => Some(quantity(pieces, line)),
            Created::Never | Created::Unsure => None,
        }
    }
}

/// How many pieces of a line are on a list.
pub(crate) fn quantity(list: &[LineQuantity], line: &LineId) -> u32 {
    list.iter()
        .filter(|part| part.line == *line)
        .map(|part| part.quantity)
        .sum()
}

fn told(list: &[ToldOff], line: &LineId) -> u32 {
    list.iter()
        .filter(|told| told.line == *line)
        .map(|told| told.total)
        .max()
        .unwrap_or_default()
}
