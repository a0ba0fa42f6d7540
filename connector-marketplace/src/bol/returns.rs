//! Returns: what comes back, and what the seller decides about each row.
//!
//! bol lists the returns that nobody handled, and has no list of changes. A listing is therefore
//! compared with the one before: what is new or looks different is read in full, and so is what is
//! not there any more, since it was handled.

use std::collections::BTreeMap;

use order_core::ids::ReturnId;
use order_core::ports::{Checkpoint, Cursor, DecideReturn, Outcome, ReturnPage, TicketStatus};
use order_core::returns::{MarketplaceReturn, ReturnDecision, ReturnLine, ReturnState};
use order_core::shipment::Tracking;
use order_core::{Error, Kind};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::api::{PAGE, is_absent};
use super::cancel::{all_of, taken};
use super::connector::{Bol, refusal, unsure};
use super::from_wire::{self, instant};
use super::wire::{ProcessingResult, Return, ReturnIdOnly, ReturnItem, ReturnRequest};
use crate::text::{fnv, text};

/// What a seller can decide. bol's `CUSTOMER_KEEPS_PRODUCT_PAID` pays the seller and not the buyer,
/// so it is not our "keep".
pub(super) const DECISIONS: &[ReturnDecision] = &[ReturnDecision::Accept, ReturnDecision::Refuse];

/// The returns that are the seller's to handle: the goods of the others go to bol's own warehouse.
const METHOD: &str = "FBR";

/// Pages of one listing; a server that invents returns for ever is not read for ever.
const MOST_PAGES: u32 = 200;

/// Open returns that are remembered from one listing to the next. What is beyond is read each time.
const REMEMBERED: usize = 2000;

/// Where a listing of returns stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The page to read next, from 1; 0 when the open ones are all read.
    page: u32,
    /// Marks of the open returns of the listing before.
    before: BTreeMap<String, u64>,
    /// Marks of the open returns of this listing.
    now: BTreeMap<String, u64>,
}

impl Place {
    fn read(cursor: Option<&Cursor>) -> Self {
        let read = cursor.and_then(|cursor| serde_json::from_str(&cursor.0).ok());
        read.unwrap_or(Self {
            page: 1,
            before: BTreeMap::new(),
            now: BTreeMap::new(),
        })
    }

    fn write(&self) -> Cursor {
        // Plain data always has a JSON form; an empty cursor would start over.
        Cursor(serde_json::to_string(self).unwrap_or_default())
    }

    /// The place of the next listing.
    fn rest(self) -> Self {
        Self {
            page: 1,
            before: self.now,
            now: BTreeMap::new(),
        }
    }
}

impl Bol {
    pub(super) async fn list_returns(&self, cursor: Option<Cursor>) -> Result<ReturnPage, Error> {
        let mut place = Place::read(cursor.as_ref());
        if place.page == 0 {
            return self.handled_since(place).await;
        }
        let wire = self.api.open_returns(METHOD, place.page).await?;
        let entries = wire.returns.unwrap_or_default();
        let mut returns = Vec::new();
        let mut news = false;
        for entry in &entries {
            let Some(id) = return_id(entry.get()) else {
                tracing::warn!("bol lists a return without an id; it is left out");
                continue;
            };
            let mark = fnv(entry.get().as_bytes());
            if place.now.contains_key(&id) {
                continue;
            }
            news = true;
            let readable = if place.before.get(&id) == Some(&mark) {
                true
            } else {
                self.read_into(&id, &mut returns).await?
            };
            // One that cannot be read is not remembered, so that it is tried again.
            if readable && place.now.len() < REMEMBERED {
                place.now.insert(id, mark);
            }
        }
        if entries.len() >= PAGE && news && place.page < MOST_PAGES {
            place.page += 1;
        } else {
            place.page = 0;
        }
        Ok(ReturnPage {
            returns,
            next: place.write(),
            more: true,
        })
    }

    /// What was open at the listing before and is not any more; a page at a time.
    async fn handled_since(&self, mut place: Place) -> Result<ReturnPage, Error> {
        let gone = place
            .before
            .keys()
            .filter(|id| !place.now.contains_key(*id));
        let ids: Vec<String> = gone.take(PAGE).cloned().collect();
        let more = ids.len() >= PAGE;
        let mut returns = Vec::new();
        for id in &ids {
            self.read_into(id, &mut returns).await?;
            place.before.remove(id);
        }
        if !more {
            place = place.rest();
        }
        Ok(ReturnPage {
            returns,
            next: place.write(),
            more,
        })
    }

    /// Reads a return; `false` when it is there in a form that cannot be used, which is said in the
    /// log and stops no other return.
    async fn read_into(&self, id: &str, to: &mut Vec<MarketplaceReturn>) -> Result<bool, Error> {
        match self.read_returns(id).await {
            Ok(found) => to.extend(found),
            Err(error) if error.kind() == Kind::Decode => {
                tracing::warn!(%error, "a return of bol's cannot be read; it is tried again later");
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// A return may be about several orders.
    pub(super) async fn read_returns(&self, id: &str) -> Result<Vec<MarketplaceReturn>, Error> {
        let unreadable = |reason: String| {
            Error::not_applied(Kind::Decode, reason)
                .with_operation("GET /retailer/returns/{return-id}")
        };
        match self.api.return_by_id(id).await {
            Ok(wire) => marketplace_returns(id, &wire).map_err(unreadable),
            Err(error) if is_absent(&error) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Decides the next row that is neither handled nor taken yet.
    pub(super) async fn decide_next(&self, request: &DecideReturn) -> Result<Outcome, Error> {
        let Some(word) = handling_result(request.decision) else {
            return Err(Error::unsupported("decide_return", "return_decisions"));
        };
        let mut tickets = taken(request.resume.as_ref());
        let wire = match self.api.return_by_id(request.id.as_str()).await {
            Ok(wire) => wire,
            Err(error) if is_absent(&error) => {
                let reason = format!("there is no return {}", request.id);
                return Ok(Outcome::Rejected { reason });
            }
            Err(error) => return Err(error),
        };
        let mut left = Vec::new();
        for row in &request.lines {
            if tickets.contains_key(&row.id) {
                continue;
            }
            match still_to_decide(&wire, &row.id, word) {
                Ok(true) => left.push(row),
                Ok(false) => {}
                Err(reason) => return Ok(Outcome::Rejected { reason }),
            }
        }
        let Some(row) = left.first() else {
            return Ok(all_of(&tickets));
        };
        self.must_be_idle(&row.id).await?;
        let body = ReturnRequest {
            handling_result: word,
            quantity_returned: row.quantity,
        };
        let status = match self.api.handle_return(&row.id, &body).await {
            Ok(status) => status,
            Err(error) => return refusal(error),
        };
        let said = from_wire::outcome(&status);
        match said.map_err(|text| unsure("PUT /retailer/returns/{rma-id}", text))? {
            Outcome::Submitted(ticket) => {
                tickets.insert(row.id.clone(), ticket.id);
            }
            Outcome::Done { .. } if left.len() == 1 && tickets.is_empty() => {
                return Ok(Outcome::Done { remote_id: None });
            }
            Outcome::Done { .. } => {}
            other @ (Outcome::Continue(_) | Outcome::AlreadyDone | Outcome::Rejected { .. }) => {
                return Ok(other);
            }
        }
        if left.len() == 1 {
            return Ok(all_of(&tickets));
        }
        Ok(Outcome::Continue(Checkpoint(json!(tickets))))
    }

    /// An earlier decision whose answer was lost may still be worked on. Until it is over, the
    /// return says nothing about it.
    async fn must_be_idle(&self, rma: &str) -> Result<(), Error> {
        let processes = self
            .api
            .process_statuses_of(rma, "HANDLE_RETURN_ITEM")
            .await?;
        let busy = processes
            .iter()
            .any(|status| from_wire::ticket_status(status) == TicketStatus::Pending);
        if !busy {
            return Ok(());
        }
        let text = format!("bol is still working on an earlier decision about row {rma}");
        Err(Error::not_applied(Kind::Unavailable, text).with_operation("decide_return"))
    }
}

fn handling_result(decision: ReturnDecision) -> Option<&'static str> {
    match decision {
        ReturnDecision::Accept => Some("RETURN_RECEIVED"),
        ReturnDecision::Refuse => Some("RETURN_DOES_NOT_MEET_CONDITIONS"),
        ReturnDecision::Keep => None,
    }
}

/// Whether a row waits for this decision; `false` when it was made before.
fn still_to_decide(wire: &Return, row: &str, word: &str) -> Result<bool, String> {
    let items = wire.return_items.iter().flatten();
    let item = items
        .into_iter()
        .find(|item| item.rma_id.as_deref() == Some(row))
        .ok_or_else(|| format!("the return has no row {row}"))?;
    match item.handled {
        Some(false) => Ok(true),
        Some(true) => {
            let mut results = item.processing_results.iter().flatten().peekable();
            let ours = |result: &ProcessingResult| result.handling_result.as_deref() == Some(word);
            if results.peek().is_some() && results.all(ours) {
                return Ok(false);
            }
            Err(format!("row {row} is {}", raw_state(item)))
        }
        None => Err(format!("bol does not say whether row {row} is handled")),
    }
}

fn return_id(entry: &str) -> Option<String> {
    let entry: ReturnIdOnly = serde_json::from_str(entry).ok()?;
    text(entry.return_id.as_deref())
}

fn marketplace_returns(id: &str, wire: &Return) -> Result<Vec<MarketplaceReturn>, String> {
    if wire.return_id.as_deref().map(str::trim) != Some(id) {
        return Err(format!("bol answered about another return than {id}"));
    }
    let registered_at = wire
        .registration_date_time
        .as_deref()
        .and_then(instant)
        .ok_or_else(|| format!("return {id}: bol gives no registrationDateTime"))?;
    let mut all: Vec<MarketplaceReturn> = Vec::new();
    for item in wire.return_items.iter().flatten() {
        let order = text(item.order_id.as_deref())
            .ok_or_else(|| format!("return {id}: bol gives a row without an order"))?;
        let row = line(id, item)?;
        match all.iter_mut().find(|it| it.order.as_str() == order) {
            Some(known) => {
                known.lines.push(row);
                known.tracking = known.tracking.take().or_else(|| tracking(item));
            }
            None => all.push(MarketplaceReturn {
                id: ReturnId::new(id),
                order: order.into(),
                registered_at,
                lines: vec![row],
                tracking: tracking(item),
                unknown: Vec::new(),
            }),
        }
    }
    Ok(all)
}

fn tracking(item: &ReturnItem) -> Option<Tracking> {
    let tracking = Tracking::new(text(item.track_and_trace.as_deref())?);
    Some(match text(item.transporter_name.as_deref()) {
        Some(name) => tracking.with_carrier_name(name),
        None => tracking,
    })
}

fn line(id: &str, item: &ReturnItem) -> Result<ReturnLine, String> {
    let row = text(item.rma_id.as_deref())
        .ok_or_else(|| format!("return {id}: bol gives a row without an rmaId"))?;
    let quantity = item
        .expected_quantity
        .and_then(|quantity| u32::try_from(quantity).ok())
        .filter(|quantity| *quantity > 0)
        .ok_or_else(|| format!("return {id}: row {row} has no expectedQuantity"))?;
    let reason = item.return_reason.as_ref();
    let said = |of: fn(&super::wire::ReturnReason) -> Option<&str>| text(reason.and_then(of));
    let main = said(|reason| reason.main_reason.as_deref());
    let detail = said(|reason| reason.detailed_reason.as_deref());
    Ok(ReturnLine {
        id: row,
        // bol names the order and the article, not the order item.
        line: None,
        what: text(item.title.as_deref()).or_else(|| text(item.ean.as_deref())),
        quantity,
        reason: match (main, detail) {
            (Some(main), Some(detail)) if main != detail => Some(format!("{main}: {detail}")),
            (main, detail) => main.or(detail),
        },
        comment: said(|reason| reason.customer_comments.as_deref()),
        state: match item.handled {
            Some(false) => ReturnState::ToDecide,
            Some(true) => ReturnState::Closed,
            None => ReturnState::Unknown,
        },
        raw_state: raw_state(item),
    })
}

/// bol has no word for where a row stands: whether it is handled, then what was decided with what
/// result, in bol's words.
fn raw_state(item: &ReturnItem) -> String {
    let first = match item.handled {
        Some(true) => "handled",
        Some(false) => "not handled",
        None => "",
    };
    let mut parts = vec![first.to_owned()];
    parts.extend(item.processing_results.iter().flatten().map(|result| {
        let handling = result.handling_result.as_deref().unwrap_or("?");
        let processing = result.processing_result.as_deref().unwrap_or("?");
        let quantity = result.quantity.unwrap_or_default();
        format!("{quantity} × {handling} ({processing})")
    }));
    parts.join(", ")
}
