//! Returns: what the marketplace shows, what the webshop is told, what a person decides.

use super::{EffectStatus, Fold, Level, Refused};
use crate::ids::{ExternalKey, ReturnId};
use crate::pieces::quantity;
use crate::ports::{DecideLine, DecideReturn, NoteReturn};
use crate::returns::{MarketplaceReturn, ReturnDecision, ReturnState};
use crate::shipment::LineQuantity;
use crate::state::{Action, Effect, EffectKind, Order, ReturnRecord, ReturnWish};

impl Fold<'_> {
    pub(super) fn return_seen(&mut self, value: &MarketplaceReturn) {
        if value.order != self.order.key.order {
            return;
        }
        let text = return_text(value);
        let known = self
            .order
            .state
            .returns
            .iter_mut()
            .find(|record| record.value.id == value.id);
        let changed = match known {
            Some(record) if record.value == *value => false,
            Some(record) => {
                let changed = return_text(&record.value) != text;
                record.value = value.clone();
                changed
            }
            None => {
                self.order.state.returns.push(ReturnRecord {
                    value: value.clone(),
                    noted: None,
                    wish: None,
                });
                true
            }
        };
        if changed {
            self.note(Level::Info, text);
        }
        for unknown in &value.unknown {
            let text = format!("unknown value in return {}: {unknown}", value.id);
            if changed {
                self.note(Level::Warning, text);
            }
        }
    }

    pub(super) fn wish_return(
        &mut self,
        id: &ReturnId,
        rows: &[String],
        decision: ReturnDecision,
        note: Option<&str>,
    ) -> Result<(), Refused> {
        if !self.rules.marketplace.return_decisions.contains(&decision) {
            return self.refuse_action(&format!(
                "the decision to {decision} a return, which this marketplace does not take from \
                 us,"
            ));
        }
        let kind = EffectKind::DecideReturn(id.clone());
        let under_way = self.order.state.effect(&kind).is_some();
        let now = self.now;
        let Some(record) = self
            .order
            .state
            .returns
            .iter_mut()
            .find(|record| record.value.id == *id)
        else {
            return self
                .refuse_action(&format!("a decision about return {id}, which is not here,"));
        };
        let open: Vec<String> = record
            .value
            .lines
            .iter()
            .filter(|line| line.state == ReturnState::ToDecide)
            .map(|line| line.id.clone())
            .collect();
        let rows = if rows.is_empty() { &open } else { rows };
        if rows.is_empty() || under_way || !rows.iter().all(|row| open.contains(row)) {
            return self.refuse_action(&format!(
                "a decision about rows of return {id} that do not wait for one"
            ));
        }
        record.wish = Some(ReturnWish {
            decision,
            rows: rows.to_vec(),
            note: note.map(str::to_owned),
            since: now,
        });
        let text = format!("operator decides return {id}: {decision}");
        self.clear_problem(&Action::Send(kind));
        self.note(Level::Info, text);
        Ok(())
    }

    pub(super) fn return_noted(&mut self, id: &ReturnId) {
        if let Some(record) = self.record_mut(id) {
            record.noted = Some(return_text(&record.value));
            let text = format!("return {id} noted in the webshop");
            self.note(Level::Info, text);
        }
    }

    pub(super) fn return_decided(&mut self, id: &ReturnId) {
        let Some(record) = self.record_mut(id) else {
            return;
        };
        let Some(wish) = record.wish.take() else {
            return;
        };
        for line in &mut record.value.lines {
            if wish.rows.contains(&line.id) && line.state == ReturnState::ToDecide {
                line.state = ReturnState::Closed;
                line.raw_state = wish.decision.to_string();
            }
        }
        let text = format!(
            "the marketplace took the decision about return {id}: {}",
            wish.decision
        );
        self.note(Level::Info, text);
    }

    /// What became of a decision: rows that no longer wait for one were decided.
    pub(super) fn return_resolved(&mut self, effect: Effect, returns: &[MarketplaceReturn]) {
        self.drop_effect(&effect.kind);
        for value in returns {
            self.return_seen(value);
        }
        let EffectKind::DecideReturn(id) = &effect.kind else {
            self.journal(&effect, EffectStatus::NotApplied);
            return;
        };
        let waiting = self.order.state.return_record(id).is_some_and(|record| {
            let wished = |row: &String| {
                record
                    .wish
                    .as_ref()
                    .is_some_and(|wish| wish.rows.contains(row))
            };
            record
                .value
                .lines
                .iter()
                .any(|line| wished(&line.id) && line.state == ReturnState::ToDecide)
        });
        if waiting {
            self.did_not_happen(effect);
        } else {
            self.done(effect, None, None);
        }
    }

    fn record_mut(&mut self, id: &ReturnId) -> Option<&mut ReturnRecord> {
        self.order
            .state
            .returns
            .iter_mut()
            .find(|record| record.value.id == *id)
    }
}

/// A return in words, for the shop's staff. It has no personal data, and changes when what
/// comes back or where it stands does.
pub(super) fn return_text(value: &MarketplaceReturn) -> String {
    let mut text = format!("return {}", value.id);
    for (number, line) in value.lines.iter().enumerate() {
        let what = line
            .what
            .as_deref()
            .or(line.line.as_ref().map(crate::ids::LineId::as_str))
            .unwrap_or("unknown article");
        let separator = if number == 0 { ": " } else { "; " };
        text.push_str(separator);
        text.push_str(&format!("{} × {what}", line.quantity));
        if let Some(reason) = &line.reason {
            text.push_str(&format!(" ({reason})"));
        }
        let state = match line.state {
            ReturnState::Announced => "announced",
            ReturnState::ToDecide => "waits for a decision",
            ReturnState::Closed => "closed",
            ReturnState::Unknown => "in an unknown state",
        };
        text.push_str(&format!(", {state}"));
        if !line.raw_state.is_empty() {
            text.push_str(&format!(" ({})", line.raw_state));
        }
    }
    text
}

/// The call that notes a return in the webshop; `None` when there is nothing to note it in.
#[must_use]
pub fn note_request(order: &Order, key: &ExternalKey, id: &ReturnId) -> Option<NoteReturn> {
    let record = order.state.return_record(id)?;
    let link = order.state.linked()?;
    let text = return_text(&record.value);
    let mut lines: Vec<LineQuantity> = Vec::new();
    for row in &record.value.lines {
        let Some(line) = &row.line else { continue };
        if quantity(&lines, line) == 0 {
            lines.push(LineQuantity {
                line: line.clone(),
                quantity: 0,
            });
        }
        if let Some(part) = lines.iter_mut().find(|part| part.line == *line) {
            part.quantity += row.quantity;
        }
    }
    Some(NoteReturn {
        order: link.id.clone(),
        reference: format!("{key} return {id} {:08x}", fingerprint(&text)),
        lines,
        text,
    })
}

/// The call that decides a return; `None` when nothing is to be decided.
#[must_use]
pub fn decide_request(order: &Order, reference: &str, id: &ReturnId) -> Option<DecideReturn> {
    let record = order.state.return_record(id)?;
    let wish = record.wish.as_ref()?;
    let lines = record
        .value
        .lines
        .iter()
        .filter(|line| wish.rows.contains(&line.id) && line.state == ReturnState::ToDecide)
        .map(|line| DecideLine {
            id: line.id.clone(),
            quantity: line.quantity,
        })
        .collect();
    Some(DecideReturn {
        id: id.clone(),
        order: order.key.order.clone(),
        reference: reference.to_owned(),
        lines,
        decision: wish.decision,
        note: wish.note.clone(),
        resume: order
            .state
            .effect(&EffectKind::DecideReturn(id.clone()))
            .and_then(|effect| effect.checkpoint.clone()),
    })
}

/// FNV-1a: tells one text of a return from the next, on every machine alike.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}
