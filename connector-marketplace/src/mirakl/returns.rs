//! Returns: what buyers send back, and what the seller decides about it.
//!
//! Mirakl has two decisions. Whether a buyer may send goods back is one about the whole return
//! (RT21); whether what came back is as it should be is one per line (RT26), after the return was
//! marked as received in the operator's back office. Between the two nothing is decided here, so
//! that a decision whose answer was lost is never taken for the other one. Neither gives money back
//! by itself.

use chrono::{DateTime, TimeDelta, Utc};
use order_core::ids::ReturnId;
use order_core::ports::{Cursor, DecideReturn, Outcome, ReturnPage};
use order_core::returns::{MarketplaceReturn, ReturnDecision, ReturnLine, ReturnState};
use order_core::shipment::Tracking;
use order_core::{Error, Kind};

use super::connector::{Mirakl, refusal};
use super::wire::{
    AcceptedReturn, AcceptedReturns, ComplianceLine, CompliantReturn, CompliantReturns, Return,
    ReturnAnswer, ReturnWord,
};
use crate::text::text;
use crate::tokens::{TokenPlace, TokenRules};

/// What a seller can decide.
pub(super) const DECISIONS: &[ReturnDecision] = &[ReturnDecision::Accept, ReturnDecision::Refuse];

/// How long a page token works is not documented; an hour is long for a listing.
const RULES: TokenRules = TokenRules {
    overlap: TimeDelta::minutes(5),
    longest_gap: TimeDelta::days(80),
    token_life: TimeDelta::hours(1),
};

/// Why goods that came back are not as they should be, where a person gives no code.
const NOT_COMPLIANT: &str = "RETURN_NON_COMPLIANT_OTHER";
/// Why goods may not be sent back.
const NOT_ELIGIBLE: &str = "RETURN_REJECTION_NOT_ELIGIBLE";

impl Mirakl {
    pub(super) async fn list_returns(&self, cursor: Option<Cursor>) -> Result<ReturnPage, Error> {
        let now = self.clock.now();
        let place = TokenPlace::changes(&RULES, cursor.as_ref(), now);
        let page = self
            .api
            .returns(place.since, place.token.as_deref())
            .await?;
        let mut returns = Vec::new();
        for wire in page.data.unwrap_or_default() {
            match marketplace_return(&wire) {
                Ok(one) => returns.push(one),
                Err(reason) => tracing::warn!(id = ?wire.id, %reason, "a return is left out"),
            }
        }
        let (next, more) = place.after(page.next_page_token, now);
        Ok(ReturnPage {
            returns,
            next,
            more,
        })
    }

    pub(super) async fn one_return(&self, id: &ReturnId) -> Result<Option<Return>, Error> {
        let page = self.api.return_by_id(id.as_str()).await?;
        let found = page.data.unwrap_or_default().into_iter();
        let mut found = found.filter(|it| it.id.as_deref() == Some(id.as_str()));
        Ok(found.next())
    }

    pub(super) async fn read_one_return(
        &self,
        id: &ReturnId,
    ) -> Result<Vec<MarketplaceReturn>, Error> {
        match self.one_return(id).await? {
            None => Ok(Vec::new()),
            Some(wire) => match marketplace_return(&wire) {
                Ok(one) => Ok(vec![one]),
                Err(reason) => {
                    Err(Error::not_applied(Kind::Decode, reason).with_operation("GET /api/returns"))
                }
            },
        }
    }

    pub(super) async fn decide(&self, request: &DecideReturn) -> Result<Outcome, Error> {
        let rejected = |reason: &str| {
            Ok(Outcome::Rejected {
                reason: reason.to_owned(),
            })
        };
        let accepted = match request.decision {
            ReturnDecision::Accept => true,
            ReturnDecision::Refuse => false,
            ReturnDecision::Keep => {
                return Err(Error::unsupported("decide_return", "return_decisions"));
            }
        };
        let Some(wire) = self.one_return(&request.id).await? else {
            return rejected("Mirakl does not know this return");
        };
        let id = request.id.as_str().to_owned();
        match &wire.state {
            Some(ReturnWord::WaitingAcceptance) => {
                let all = wire.return_lines.iter().flatten();
                let asked = |line: &super::wire::ReturnLine| {
                    let lines = request.lines.iter();
                    lines
                        .map(|it| Some(it.id.as_str()))
                        .any(|it| it == line.order_line_id.as_deref())
                };
                if !all.clone().all(asked) {
                    return rejected("a return that waits for acceptance is decided as a whole");
                }
                let body = AcceptedReturns {
                    returns: [AcceptedReturn {
                        id,
                        accepted,
                        rejection_reason_code: (!accepted).then_some(NOT_ELIGIBLE),
                    }],
                };
                decided(request, self.api.accept_returns(&body).await)
            }
            // Accepted before. Deciding about goods that are still on their way would be another
            // decision than the one that was asked for.
            Some(ReturnWord::InProgress) if accepted => Ok(Outcome::AlreadyDone),
            Some(ReturnWord::InProgress) => {
                rejected("the goods are on their way: decide when they have been received")
            }
            Some(ReturnWord::Received) => {
                let line = |line: &order_core::ports::DecideLine| ComplianceLine {
                    order_line_id: line.id.clone(),
                    compliant: accepted,
                    non_compliance_reason_code: (!accepted).then_some(NOT_COMPLIANT),
                    non_compliance_additional_info: request.note.clone().filter(|_| !accepted),
                };
                let body = CompliantReturns {
                    returns: [CompliantReturn {
                        id,
                        return_lines: request.lines.iter().map(line).collect(),
                    }],
                };
                decided(request, self.api.judge_returns(&body).await)
            }
            Some(ReturnWord::Closed(word)) if word == "REFUSED" && !accepted => {
                Ok(Outcome::AlreadyDone)
            }
            Some(ReturnWord::Closed(word) | ReturnWord::Unknown(word)) => {
                rejected(&format!("the return is {word}: there is nothing to decide"))
            }
            None => rejected("Mirakl gives no state of this return"),
        }
    }
}

/// Mirakl answers 200 with a list of what worked and one of what did not.
fn decided(
    request: &DecideReturn,
    answer: Result<(ReturnAnswer, connector_http::Response), Error>,
) -> Result<Outcome, Error> {
    let (answer, response) = match answer {
        Ok(answer) => answer,
        Err(error) => return refusal(error),
    };
    let is_ours = |id: &Option<String>| id.as_deref() == Some(request.id.as_str());
    if answer
        .return_success
        .iter()
        .flatten()
        .any(|it| is_ours(&it.id))
    {
        return Ok(Outcome::Done { remote_id: None });
    }
    let error = answer.return_errors.iter().flatten().next();
    match error.map(|error| text(error.message.as_deref())) {
        Some(reason) => Ok(Outcome::Rejected {
            reason: reason.unwrap_or_else(|| "Mirakl gives no reason".to_owned()),
        }),
        None => Err(response
            .unreadable("the answer tells neither success nor why there is none".to_owned())),
    }
}

/// The return, or what is wrong with it.
pub(super) fn marketplace_return(wire: &Return) -> Result<MarketplaceReturn, String> {
    let id = text(wire.id.as_deref()).ok_or("Mirakl gives a return without an id")?;
    let order = text(wire.order_id.as_deref())
        .ok_or_else(|| format!("return {id}: Mirakl gives no order number"))?;
    let mut unknown = Vec::new();
    let word = wire.state.as_ref();
    let (open, raw_state) = match word {
        Some(ReturnWord::WaitingAcceptance) => (ReturnState::ToDecide, "WAITING_ACCEPTANCE"),
        Some(ReturnWord::InProgress) => (ReturnState::Announced, "IN_PROGRESS"),
        Some(ReturnWord::Received) => (ReturnState::ToDecide, "RECEIVED"),
        Some(ReturnWord::Closed(word)) => (ReturnState::Closed, word.as_str()),
        Some(ReturnWord::Unknown(word)) => {
            unknown.push(format!("return state {word}"));
            (ReturnState::Unknown, word.as_str())
        }
        None => (ReturnState::Unknown, ""),
    };
    let line = |line: &super::wire::ReturnLine| {
        let row = text(line.order_line_id.as_deref())
            .ok_or_else(|| format!("return {id}: Mirakl gives a row without a line"))?;
        let quantity = line.quantity.and_then(|count| u32::try_from(count).ok());
        let judged = line.compliance.as_ref().is_some_and(|it| !it.is_empty());
        Ok(ReturnLine {
            quantity: quantity.ok_or_else(|| format!("return {id}: row {row} has no quantity"))?,
            line: Some(row.clone().into()),
            what: None,
            reason: text(line.reason_code.as_deref()).or_else(|| text(wire.reason_code.as_deref())),
            comment: text(wire.description.as_deref()),
            state: if judged && open == ReturnState::ToDecide {
                ReturnState::Closed
            } else {
                open
            },
            raw_state: raw_state.to_owned(),
            id: row,
        })
    };
    let lines = wire.return_lines.iter().flatten().map(line);
    let lines = lines.collect::<Result<Vec<_>, String>>()?;
    let tracking = wire.tracking.as_ref().and_then(|tracking| {
        let mut ours = Tracking::new(text(tracking.tracking_number.as_deref())?);
        ours.carrier_name = text(tracking.carrier_name.as_deref());
        ours.url = text(tracking.tracking_url.as_deref());
        Some(ours)
    });
    let registered_at = wire
        .date_created
        .as_deref()
        .and_then(|text| DateTime::parse_from_rfc3339(text.trim()).ok())
        .ok_or_else(|| format!("return {id}: Mirakl gives no date_created"))?
        .with_timezone(&Utc);
    Ok(MarketplaceReturn {
        order: order.into(),
        id: id.into(),
        registered_at,
        lines,
        tracking,
        unknown,
    })
}
