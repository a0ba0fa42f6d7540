//! What the marketplace showed.

use std::sync::Arc;

use super::{Failure, Fold, Level, Retry, Trouble};
use crate::error::Kind;
use crate::order::MarketplaceOrder;
use crate::ports::{OrderRead, Sighting};
use crate::state::{Action, Link, ProblemKind};

impl Fold<'_> {
    pub(super) fn sighted(&mut self, sighting: &Sighting) {
        match sighting {
            Sighting::Full(order) => {
                let reading = &self.order.state.reading;
                let known = self.order.content.as_deref() == Some(&**order)
                    && !reading.marketplace_stale
                    && !reading.marketplace_gone;
                if !known {
                    self.marketplace_order(order);
                }
            }
            Sighting::Summary { fingerprint, .. } => {
                let untouched = self.untouched();
                let state = &mut self.order.state;
                let changed = state.reading.fingerprint.as_ref() != Some(fingerprint);
                if changed || state.reading.marketplace_gone {
                    state.reading.fingerprint = Some(fingerprint.clone());
                    state.reading.marketplace_stale = true;
                }
                // A list that shows it overrules a read by id that came before the order was
                // there to be read.
                if state.reading.marketplace_gone && untouched {
                    state.ignored = None;
                }
            }
            Sighting::Unreadable { reason, .. } => self.unreadable(reason),
        }
    }

    pub(super) fn marketplace_read(&mut self, read: &OrderRead) {
        match read {
            OrderRead::Found(order) => self.marketplace_order(order),
            OrderRead::Gone(_) => {
                let reading = &mut self.order.state.reading;
                let first = !reading.marketplace_gone;
                reading.marketplace_gone = true;
                reading.marketplace_stale = false;
                reading.marketplace_at = Some(self.now);
                self.clear_problem(&Action::ReadMarketplace);
                if first {
                    self.note(Level::Warning, "the marketplace no longer knows this order");
                }
                if self.untouched() {
                    self.order.state.ignored =
                        Some("the marketplace no longer knows it".to_owned());
                }
            }
            OrderRead::Unreadable { reason, .. } => self.unreadable(reason),
        }
    }

    fn unreadable(&mut self, reason: &str) {
        self.problem(
            Action::ReadMarketplace,
            Trouble {
                kind: ProblemKind::Unreadable,
                text: format!("the marketplace's order cannot be used: {reason}"),
                advice: "It is read again by itself. If it stays, handle the order by hand at \
                         the marketplace and report this text."
                    .to_owned(),
                retry: Retry::BackOff,
            },
        );
    }

    fn marketplace_order(&mut self, order: &MarketplaceOrder) {
        let first = self.order.content.is_none();
        let reading = &mut self.order.state.reading;
        reading.marketplace_at = Some(self.now);
        reading.marketplace_stale = false;
        reading.marketplace_gone = false;
        self.clear_problem(&Action::ReadMarketplace);
        if let Some(before) = self.order.content.clone() {
            self.note_changes(&before, order);
        }
        if self.order.content.as_deref() != Some(order) {
            self.order.content = Some(Arc::new(order.clone()));
        }
        if first {
            for text in &order.unknown {
                self.note(
                    Level::Warning,
                    format!("unknown value from the marketplace: {text}"),
                );
            }
        }
        if self.untouched() {
            self.order.state.ignored = self.reason_to_ignore(order);
            if let (true, Some(reason)) = (first, self.order.state.ignored.clone()) {
                self.note(Level::Info, format!("not imported: {reason}"));
            } else if first {
                self.note(Level::Info, "order received from the marketplace");
            }
        }
    }

    /// Whether nothing was done for this order that may have left something behind, so that it may
    /// still be ignored: what landed late or is one too many must still be found and thrown away.
    fn untouched(&self) -> bool {
        let state = &self.order.state;
        state.link == Link::None
            && state.effects.is_empty()
            && state.shipments.is_empty()
            && state.extras.is_empty()
            && state.audit_at.is_none()
    }

    fn reason_to_ignore(&self, order: &MarketplaceOrder) -> Option<String> {
        let policy = &self.rules.policy;
        let age = self.order.state.first_seen - order.placed_at;
        if order.is_test {
            return Some("it is a test order of the marketplace".to_owned());
        }
        if order.is_sent_elsewhere() {
            if !policy.import_marketplace_fulfilled {
                return Some("the marketplace sends it from its own warehouse".to_owned());
            }
            if !self.rules.webshop.fulfilled_elsewhere {
                return Some(
                    "the marketplace sends it from its own warehouse, and this webshop cannot \
                     take such an order without touching its stock"
                        .to_owned(),
                );
            }
        }
        if policy
            .import_from
            .is_some_and(|from| order.placed_at < from)
        {
            return Some("it was placed before the start date of this connection".to_owned());
        }
        if age.to_std().is_ok_and(|age| age > policy.max_age) {
            return Some(format!(
                "it is older than {} days",
                policy.max_age.as_secs() / (24 * 60 * 60)
            ));
        }
        if order.is_closed() && !order.is_cancelled() && !order.is_sent_elsewhere() {
            return Some("it was shipped before it was in the webshop".to_owned());
        }
        None
    }

    fn note_changes(&mut self, before: &MarketplaceOrder, now: &MarketplaceOrder) {
        let linked = self.order.state.linked().is_some();
        if linked && before.ship_to != now.ship_to {
            self.note(
                Level::Warning,
                "the marketplace changed the delivery address after the webshop order was \
                 created; change it there too",
            );
        }
        for line in &now.lines {
            let earlier = before.line(&line.id);
            if let Some(more) = earlier
                .map(|earlier| line.cancelled.saturating_sub(earlier.cancelled))
                .filter(|more| *more > 0)
            {
                self.note(
                    Level::Warning,
                    format!("the marketplace cancelled {more} × line {}", line.id),
                );
                if linked && self.order.shop_targets().is_none() && !now.is_cancelled() {
                    let what = line.sku.as_deref().unwrap_or(line.id.as_str());
                    self.take_off_by_hand(&format!("{more} × {what}"));
                }
            }
        }
        for text in now
            .unknown
            .iter()
            .filter(|text| !before.unknown.contains(text))
        {
            self.note(
                Level::Warning,
                format!("unknown value from the marketplace: {text}"),
            );
        }
    }

    pub(super) fn look_failed(&mut self, action: &Action, failure: &Failure) {
        if matches!(
            failure.kind,
            Kind::Unauthenticated | Kind::PermissionDenied | Kind::Config
        ) {
            return;
        }
        let kind = match failure.kind {
            Kind::Decode | Kind::Rejected | Kind::Unexpected => ProblemKind::Unreadable,
            Kind::Config
            | Kind::Unauthenticated
            | Kind::PermissionDenied
            | Kind::NotFound
            | Kind::Conflict
            | Kind::RateLimited
            | Kind::Unavailable
            | Kind::Timeout
            | Kind::Unsupported => ProblemKind::Unavailable,
        };
        self.problem(
            action.clone(),
            Trouble {
                kind,
                text: format!("could not {action}: {}", failure.text),
                advice: failure
                    .advice
                    .clone()
                    .unwrap_or_else(|| "Nothing to do: it is tried again by itself.".to_owned()),
                retry: failure.retry_after.map_or(Retry::BackOff, Retry::After),
            },
        );
    }
}
