//! Returns: pieces that come back, and what the seller decides about each.

use chrono::TimeDelta;
use order_core::ids::ReturnId;
use order_core::ports::{Checkpoint, Cursor, DecideReturn, Outcome, ReturnPage};
use order_core::returns::{MarketplaceReturn, ReturnDecision, ReturnLine, ReturnState};
use order_core::shipment::Tracking;
use order_core::{Error, Kind};
use serde_json::json;

use super::api::{RETURN_PAGE, is_absent};
use super::connector::{Kaufland, rejected};
use super::from_wire::{instant, line_id};
use super::pieces::refusal;
use super::wire::{Reject, Return, ReturnStatus, ReturnUnit};
use crate::listing::{self, Rules};
use crate::text::text;

/// What a seller can decide.
pub(super) const DECISIONS: &[ReturnDecision] = &[ReturnDecision::Accept, ReturnDecision::Refuse];

const RULES: Rules = Rules {
    page: RETURN_PAGE,
    overlap: TimeDelta::minutes(5),
    longest_gap: TimeDelta::days(80),
};

/// How far back the first listing of returns reaches. Returns have no state that says "open".
const FIRST: TimeDelta = TimeDelta::days(90);

impl Kaufland {
    pub(super) async fn list_returns(&self, cursor: Option<Cursor>) -> Result<ReturnPage, Error> {
        let now = self.clock.now();
        let place = listing::changes(&RULES, cursor.as_ref(), now);
        let since = place.changed_since.unwrap_or(now - FIRST);
        let page = self.api.returns(since, place.offset(&RULES)).await?;
        let mut returns = Vec::new();
        let mut ids = Vec::new();
        for entry in page {
            let Some(id) = entry.id_return.map(|id| id.to_string()) else {
                tracing::warn!("Kaufland lists a return without an id; it is left out");
                ids.push(String::new());
                continue;
            };
            returns.extend(self.read_returns(&id).await?);
            ids.push(id);
        }
        let (next, more) = place.after(&RULES, ids.len(), ids.iter().map(String::as_str));
        Ok(ReturnPage {
            returns,
            next,
            more,
        })
    }

    /// A return may be about several orders.
    pub(super) async fn read_returns(&self, id: &str) -> Result<Vec<MarketplaceReturn>, Error> {
        let wire = match self.api.return_by_id(id).await {
            Ok(wire) if wire.id_return.map(|id| id.to_string()).as_deref() == Some(id) => wire,
            Ok(_) => {
                let text = format!("Kaufland answered about another return than {id}");
                return Err(Error::not_applied(Kind::Decode, text)
                    .with_operation("GET /returns/{id_return}"));
            }
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut units = Vec::new();
        for unit in wire.return_units.iter().flatten() {
            let Some(unit) = unit.id_return_unit else {
                continue;
            };
            units.push(self.api.return_unit(&unit.to_string()).await?);
        }
        marketplace_returns(id, &wire, &units).map_err(|reason| {
            Error::not_applied(Kind::Decode, reason).with_operation("GET /returns/{id_return}")
        })
    }

    /// Decides the next row that is not decided yet.
    pub(super) async fn decide(&self, request: &DecideReturn) -> Result<Outcome, Error> {
        let accept = match request.decision {
            ReturnDecision::Accept => true,
            ReturnDecision::Refuse => false,
            ReturnDecision::Keep => {
                return Err(Error::unsupported("decide_return", "return_decisions"));
            }
        };
        let message = text(request.note.as_deref());
        if !accept && message.is_none() {
            return rejected("Kaufland sends the buyer a message with a refusal: give a note");
        }
        let mut left = Vec::new();
        for row in &request.lines {
            let unit = match self.api.return_unit(&row.id).await {
                Ok(unit) => unit,
                Err(error) if is_absent(&error) => {
                    return rejected(format!("there is no return unit {}", row.id));
                }
                Err(error) => return Err(error),
            };
            if unit.id_return.map(|id| id.to_string()).as_deref() != Some(request.id.as_str()) {
                return rejected(format!("row {} is of another return", row.id));
            }
            match unit.status {
                Some(ReturnStatus::Arrived(_)) => left.push(row.id.as_str()),
                Some(ReturnStatus::Accepted) if accept => {}
                Some(ReturnStatus::Rejected) if !accept => {}
                Some(other) => {
                    return rejected(format!("row {} is {}", row.id, other.word()));
                }
                None => return rejected(format!("row {} has no status", row.id)),
            }
        }
        let Some(unit) = left.first() else {
            return Ok(Outcome::AlreadyDone);
        };
        let sent = match message.filter(|_| !accept) {
            Some(message) => self.api.reject(unit, &Reject { message }).await,
            None => self.api.accept(unit).await,
        };
        match sent {
            Ok(()) if left.len() == 1 => Ok(Outcome::Done { remote_id: None }),
            Ok(()) => Ok(Outcome::Continue(Checkpoint(json!({ "decided": unit })))),
            Err(error) => refusal(error),
        }
    }
}

fn marketplace_returns(
    id: &str,
    wire: &Return,
    units: &[ReturnUnit],
) -> Result<Vec<MarketplaceReturn>, String> {
    let registered_at = instant(wire.ts_created_iso.as_deref())
        .ok_or_else(|| format!("return {id}: Kaufland gives no ts_created_iso"))?;
    let tracking = text(wire.tracking_code.as_deref()).map(|code| {
        let tracking = Tracking::new(code);
        match text(wire.tracking_provider.as_deref()) {
            Some(name) => tracking.with_carrier_name(name),
            None => tracking,
        }
    });
    let mut all: Vec<MarketplaceReturn> = Vec::new();
    for unit in units {
        let ordered = unit.order_unit.as_ref();
        let order = ordered
            .and_then(|it| text(it.id_order.as_deref()))
            .ok_or_else(|| format!("return {id}: Kaufland gives a unit without an order"))?;
        let (line, unknown) = line(id, unit)?;
        let known = all.iter_mut().find(|it| it.order.as_str() == order);
        match known {
            Some(known) => {
                known.lines.push(line);
                known.unknown.extend(unknown);
            }
            None => all.push(MarketplaceReturn {
                id: ReturnId::new(id),
                order: order.into(),
                registered_at,
                lines: vec![line],
                tracking: tracking.clone(),
                unknown: unknown.into_iter().collect(),
            }),
        }
    }
    Ok(all)
}

fn line(id: &str, unit: &ReturnUnit) -> Result<(ReturnLine, Option<String>), String> {
    let row = unit
        .id_return_unit
        .ok_or_else(|| format!("return {id}: Kaufland gives a unit without an id"))?;
    let state = match &unit.status {
        Some(ReturnStatus::Waiting(_)) => ReturnState::Announced,
        Some(ReturnStatus::Arrived(_)) => ReturnState::ToDecide,
        Some(ReturnStatus::Accepted | ReturnStatus::Rejected | ReturnStatus::Closed(_)) => {
            ReturnState::Closed
        }
        Some(ReturnStatus::Unknown(_)) | None => ReturnState::Unknown,
    };
    let unknown = match &unit.status {
        Some(ReturnStatus::Unknown(word)) => Some(format!("return status {word}")),
        Some(_) | None => None,
    };
    let ordered = unit.order_unit.as_ref();
    let product = ordered.and_then(|it| it.product.as_ref());
    let line = ReturnLine {
        id: row.to_string(),
        line: ordered.map(line_id),
        what: text(product.and_then(|product| product.title.as_deref())),
        quantity: 1,
        reason: text(unit.reason.as_deref()),
        comment: text(unit.note.as_deref()),
        state,
        raw_state: unit
            .status
            .as_ref()
            .map_or_else(String::new, |status| status.word().to_owned()),
    };
    Ok((line, unknown))
}
