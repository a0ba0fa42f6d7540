//! What must be true at the end, told from the platforms. The engine's own store is only asked
//! whether a person is told of what the engine cannot do, and whether anything is stuck.

use std::collections::{BTreeMap, BTreeSet};

use super::people::{Fate, People, Story};
use super::{Settings, World};
use crate::ids::LineId;
use crate::lifecycle::agenda;
use crate::order::MarketplaceOrder;
use crate::policy::Rules;
use crate::ports::{Clock as _, ConfirmSemantics, CreateSemantics, Marketplace as _, Webshop as _};
use crate::returns::ReturnDecision;
use crate::state::{Order, Status};
use crate::testkit::{MarketShipment, ShopRecord};

/// Everything that is wrong; empty when all is well.
pub(super) async fn violations(world: &World, people: &People, settings: &Settings) -> Vec<String> {
    let orders: BTreeMap<_, _> = world
        .marketplace
        .all()
        .into_iter()
        .map(|order| (order.id.clone(), order))
        .collect();
    let blind =
        settings.create == CreateSemantics::Blind || settings.confirm == ConfirmSemantics::Blind;
    let mut found = Vec::new();
    for story in &people.stories {
        let stored = world.store.load(story.order_key()).await.ok().flatten();
        if stored.is_none() && story.cancelled && world.webshop.live(&story.key).is_empty() {
            // It was over before the first look: nothing to import.
            continue;
        }
        let (Some(order), Some(stored)) = (orders.get(&story.id), stored) else {
            found.push(format!("{}: LOST: never imported", story.id));
            continue;
        };
        let mut look = Look {
            world,
            story,
            order,
            live: world.webshop.live(&story.key),
            shipments: world.marketplace.shipments(&story.id),
            stored,
            found: &mut found,
            zombies: settings.has_zombies(),
        };
        look.never();
        // Where a platform offers nothing to look up by, a person was asked instead.
        if !(blind && look.stored.needs_action()) {
            look.in_the_end();
            look.is_at_rest();
        }
    }
    found
}

struct Look<'a> {
    world: &'a World,
    story: &'a Story,
    order: &'a MarketplaceOrder,
    live: Vec<ShopRecord>,
    shipments: Vec<MarketShipment>,
    stored: Order,
    found: &'a mut Vec<String>,
    zombies: bool,
}

impl Look<'_> {
    fn wrong(&mut self, text: impl Into<String>) {
        let (id, fate) = (&self.story.id, self.story.fate);
        self.found.push(format!("{id} ({fate:?}): {}", text.into()));
    }

    /// What must not happen, whatever was lost.
    fn never(&mut self) {
        let live = self.live.len();
        if live > 1 {
            self.wrong(format!("DUPLICATE: {live} live webshop orders"));
        }
        let peak = self.world.webshop.peak(&self.story.key);
        if peak > 1 {
            self.wrong(format!(
                "DOUBLED FOR A WHILE: {peak} live webshop orders at once"
            ));
        }
        for record in self.live.clone() {
            if record.request.total != record.order.total {
                self.wrong("the webshop order has another total");
            }
            let same = self.order.lines.iter().all(|line| {
                let made = record
                    .request
                    .lines
                    .iter()
                    .find(|made| made.line == line.id);
                made.map_or(0, |made| made.quantity) + line.cancelled >= line.quantity
            });
            if !same {
                self.wrong("the webshop order lacks a line");
            }
        }
        let told = self.told();
        for line in &self.order.lines {
            let pieces = told.get(&line.id).copied().unwrap_or_default();
            if pieces > line.quantity {
                self.wrong(format!("DOUBLE CONFIRM: line {} told {pieces}", line.id));
            } else if pieces + line.cancelled > line.quantity {
                self.wrong(format!(
                    "SHIPPED THOUGH CANCELLED: line {}, {pieces} told, {} cancelled, of {}",
                    line.id, line.cancelled, line.quantity
                ));
            }
        }
        let by_us = self.world.marketplace.cancelled_by_us(&self.story.id);
        let may: u32 = match self.story.fate {
            Fate::CancelledHere | Fate::OperatorCancels => u32::MAX,
            Fate::PieceOffHere => 1,
            _ => 0,
        };
        if by_us > may {
            self.wrong(format!("DOUBLE CANCEL: {by_us} pieces cancelled by us"));
        }
        if self.story.fate == Fate::PieceOffThere {
            let off: u32 = self
                .live
                .iter()
                .flat_map(|record| &record.order.cancelled)
                .map(|part| part.quantity)
                .sum();
            if off > 1 {
                self.wrong(format!("DOUBLE CANCEL: {off} pieces taken off in the shop"));
            }
        }
    }

    fn told(&self) -> BTreeMap<LineId, u32> {
        let mut told: BTreeMap<LineId, u32> = BTreeMap::new();
        for part in self.shipments.iter().flat_map(|shipment| &shipment.lines) {
            *told.entry(part.line.clone()).or_default() += part.quantity;
        }
        told
    }

    /// What must have come about.
    fn in_the_end(&mut self) {
        if self.story.cancelled {
            self.cancelled();
            return;
        }
        if self.story.fate == Fate::Deleted {
            self.deleted();
            return;
        }
        if self.live.is_empty() {
            self.wrong("LOST: no webshop order");
            return;
        }
        let told = self.told();
        for line in &self.order.lines {
            let pieces = told.get(&line.id).copied().unwrap_or_default();
            if pieces < line.wanted() {
                let wanted = line.wanted();
                self.wrong(format!(
                    "UNCONFIRMED: line {} told {pieces} of {wanted}",
                    line.id
                ));
            }
        }
        self.codes();
        match self.story.fate {
            Fate::PieceOffHere
                if self.order.lines.first().map(|line| line.cancelled) != Some(1) =>
            {
                self.wrong("the marketplace was not told of the piece");
            }
            Fate::PieceOffThere => {
                let off = self.live.iter().any(|record| {
                    let made: u32 = record.request.lines.iter().map(|line| line.quantity).sum();
                    let wanted: u32 = self.order.lines.iter().map(|line| line.wanted()).sum();
                    made == wanted || !record.order.cancelled.is_empty()
                });
                if !off && !self.stored.needs_action() {
                    self.wrong("the webshop was not told of the piece, and nobody else either");
                }
            }
            Fate::Returned => self.returned(),
            _ => {}
        }
    }

    fn codes(&mut self) {
        let code = &self.story.code;
        let expected: Vec<Option<String>> = match self.story.fate {
            Fate::Bare => vec![None],
            Fate::Partial => [format!("{code}-A"), format!("{code}-B")]
                .into_iter()
                .take(self.shipments.len().max(1))
                .map(Some)
                .collect(),
            _ => vec![Some(code.clone())],
        };
        // Parcels may be told in any order.
        let mut codes: Vec<Option<String>> =
            self.shipments.iter().map(|s| s.code.clone()).collect();
        codes.sort_unstable();
        if codes != expected {
            self.wrong(format!(
                "WRONG CODES: told {codes:?}, expected {expected:?}"
            ));
        }
    }

    fn cancelled(&mut self) {
        if !self.shipments.is_empty() {
            self.wrong("SHIPPED THOUGH CANCELLED");
        }
        let here = self.story.fate == Fate::CancelledHere;
        if !here && !self.live.is_empty() {
            self.wrong("the webshop order lives on though the marketplace cancelled");
        }
        if !self.order.is_cancelled() {
            self.wrong("the marketplace was not told of the cancellation");
        }
    }

    /// A person must be told; or the order was made again, because nobody could know of the
    /// first one, and waits there to be handled.
    fn deleted(&mut self) {
        if !self.shipments.is_empty() {
            self.wrong("SHIPPED THOUGH DELETED");
        }
        let made_again = self.live.len() == 1 && self.stored.status() == Status::NotShipped;
        if !self.stored.needs_action() && !made_again {
            self.wrong("nobody was told that the webshop order is gone");
        }
    }

    fn returned(&mut self) {
        let mut decisions = self.world.marketplace.decisions(&self.story.return_id());
        if self.zombies {
            // A process that stood still tells it again; nothing at the marketplace refuses.
            decisions.dedup();
        }
        if decisions != [("row".to_owned(), ReturnDecision::Accept)] {
            self.wrong(format!("the return was decided {decisions:?}"));
        }
        let notes: Vec<_> = self
            .live
            .iter()
            .flat_map(|record| self.world.webshop.return_notes(&record.order.id))
            .collect();
        let texts: BTreeSet<&str> = notes.iter().map(|note| note.text.as_str()).collect();
        // A note that lands late may come after a newer one.
        let closed = notes.iter().any(|note| note.text.contains("closed"));
        if texts.len() != notes.len() || !closed {
            self.wrong(format!("the notes of the return are {notes:?}"));
        }
    }

    /// Everything is at its end, or in a waiting state that has a name.
    fn is_at_rest(&mut self) {
        let now = self.world.clock.now();
        let rules = Rules {
            policy: self.world.policy.clone(),
            marketplace: self.world.marketplace.capabilities(),
            webshop: self.world.webshop.capabilities(),
        };
        if let Some(effect) = self.stored.state.effects.first() {
            let text = format!("STUCK: {} is {:?}", effect.kind, effect.phase);
            self.wrong(text);
        }
        let transient = self.stored.state.problems.iter().find(|problem| {
            problem.kind.is_transient() && now - problem.since > chrono::Duration::hours(12)
        });
        if let Some(problem) = transient {
            let text = format!("STUCK: {}", problem.text);
            self.wrong(text);
        }
        let overdue = agenda(&self.stored, now, &rules)
            .into_iter()
            .find(|item| now - item.at > chrono::Duration::minutes(30));
        if let Some(item) = overdue {
            self.wrong(format!("STUCK: {} since {}", item.action, item.at));
        }
        let expected: &[Status] = match self.story.fate {
            Fate::CancelledThere | Fate::CancelledHere | Fate::OperatorCancels
                if self.story.cancelled =>
            {
                &[Status::Cancelled]
            }
            Fate::Deleted => &[Status::NotShipped],
            _ => &[Status::Shipped],
        };
        let status = self.stored.status();
        if !expected.contains(&status) {
            self.wrong(format!("STUCK: it is {status}"));
        }
    }
}
