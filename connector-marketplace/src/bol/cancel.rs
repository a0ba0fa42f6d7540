//! Cancelling items: bol takes one a request, so an order takes several steps.

use std::collections::BTreeMap;
use std::time::Duration;

use order_core::order::MarketplaceOrder;
use order_core::ports::{
    CancelRequest, Checkpoint, ConfirmLine, OrderRead, Outcome, Ticket, TicketStatus,
};
use order_core::{Error, Kind};

use super::connector::{Bol, refusal, unsure};
use super::{from_wire, to_wire};

/// Joins the tickets of several cancellations into one.
pub(super) const SEPARATOR: char = ',';

impl Bol {
    /// Cancels the next item that is neither cancelled nor taken yet.
    pub(super) async fn cancel_next(&self, request: &CancelRequest) -> Result<Outcome, Error> {
        let mut tickets = taken(request.resume.as_ref());
        let order = match self.read(request.order.clone()).await? {
            OrderRead::Found(order) => order,
            OrderRead::Gone(_) => {
                return Ok(Outcome::Rejected {
                    reason: "no such order".into(),
                });
            }
            OrderRead::Unreadable { reason, .. } => {
                return Err(Error::not_applied(Kind::Decode, reason));
            }
        };
        let mut left = match still_to_cancel(request, &order, &tickets) {
            Ok(left) => left.into_iter(),
            Err(reason) => return Ok(Outcome::Rejected { reason }),
        };
        let Some(line) = left.next() else {
            return Ok(all_of(&tickets));
        };
        let body = to_wire::cancellation(line, request.reason);
        let status = match self.api.cancel_item(&body).await {
            Ok(status) => status,
            Err(error) => return refusal(error),
        };
        match from_wire::outcome(&status)
            .map_err(|text| unsure("PUT /retailer/orders/cancellation", text))?
        {
            Outcome::Submitted(ticket) => {
                tickets.insert(line.line.as_str().to_owned(), ticket.id);
            }
            Outcome::Done { .. } => {}
            other @ (Outcome::Continue(_) | Outcome::AlreadyDone | Outcome::Rejected { .. }) => {
                return Ok(other);
            }
        }
        if left.next().is_none() {
            return Ok(all_of(&tickets));
        }
        Ok(Outcome::Continue(Checkpoint(serde_json::json!(tickets))))
    }

    /// Several changes as one: done when all are, failed when one is.
    pub(super) async fn several(&self, ids: &str) -> Result<TicketStatus, Error> {
        let ids: Vec<&str> = ids.split(SEPARATOR).collect();
        let found = self.api.process_statuses(&ids).await?;
        let mut all = TicketStatus::Done { remote_id: None };
        for id in ids {
            let status = found
                .iter()
                .find(|it| it.process_status_id.as_deref() == Some(id));
            match status.map_or(TicketStatus::Lost, from_wire::ticket_status) {
                failed @ TicketStatus::Failed { .. } => return Ok(failed),
                TicketStatus::Pending => all = TicketStatus::Pending,
                TicketStatus::Lost if all != TicketStatus::Pending => all = TicketStatus::Lost,
                TicketStatus::Lost | TicketStatus::Done { .. } => {}
            }
        }
        Ok(all)
    }
}

/// Tickets by row, from the place where an earlier attempt left off.
pub(super) fn taken(resume: Option<&Checkpoint>) -> BTreeMap<String, String> {
    resume
        .and_then(|checkpoint| serde_json::from_value(checkpoint.0.clone()).ok())
        .unwrap_or_default()
}

/// One ticket for all of them.
pub(super) fn all_of(tickets: &BTreeMap<String, String>) -> Outcome {
    let ids: Vec<&str> = tickets.values().map(String::as_str).collect();
    if ids.is_empty() {
        return Outcome::AlreadyDone;
    }
    Outcome::Submitted(Ticket {
        id: ids.join(&SEPARATOR.to_string()),
        poll_after: Duration::from_secs(15),
        expires_after: Duration::from_secs(24 * 3600),
    })
}

/// The lines that are neither cancelled nor asked to be.
fn still_to_cancel<'a>(
    request: &'a CancelRequest,
    order: &MarketplaceOrder,
    tickets: &BTreeMap<String, String>,
) -> Result<Vec<&'a ConfirmLine>, String> {
    let mut left = Vec::new();
    for asked in &request.lines {
        let line = order
            .line(&asked.line)
            .ok_or_else(|| format!("the order has no item {}", asked.line))?;
        if line.wanted() == 0 || tickets.contains_key(asked.line.as_str()) {
            continue;
        }
        to_wire::whole_line(asked, line)?;
        left.push(asked);
    }
    Ok(left)
}
