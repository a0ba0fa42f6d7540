//! What became of a confirmation: read from bol, never from what was sent.

use std::time::Duration;

use order_core::ports::{
    ConfirmRequest, ConfirmationFound, EditTracking, OrderRead, Ticket, TicketStatus,
};
use order_core::{Error, Kind};
use serde::{Deserialize, Serialize};

use super::api::{PAGE, is_absent};
use super::connector::{Bol, not_yet};
use super::wire::{ProcessStatus, ReducedShipment};
use super::{from_wire, to_wire};

/// The shipment that is looked for. It fits into a ticket, see [`LookUp::ticket`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LookUp {
    order: String,
    reference: String,
    items: Vec<(String, u32)>,
}

/// Starts the id of a ticket that is a question of ours and not a process of bol's.
const QUESTION: &str = "look-up ";

impl LookUp {
    pub(super) fn of(request: &ConfirmRequest) -> Self {
        let item =
            |line: &order_core::ports::ConfirmLine| (line.line.as_str().to_owned(), line.quantity);
        Self {
            order: request.order.as_str().to_owned(),
            reference: request.reference.clone(),
            items: request.lines.iter().map(item).collect(),
        }
    }

    /// A ticket that asks the same again.
    ///
    /// bol's processes do not tell which parcel they are about. Were the process itself handed out,
    /// another parcel's success could be taken for this one's.
    fn ticket(&self) -> Ticket {
        Ticket {
            id: format!(
                "{QUESTION}{}",
                serde_json::to_string(self).unwrap_or_default()
            ),
            poll_after: Duration::from_secs(15),
            expires_after: Duration::from_secs(24 * 3600),
        }
    }

    pub(super) fn from_ticket(ticket: &Ticket) -> Option<Self> {
        serde_json::from_str(ticket.id.strip_prefix(QUESTION)?).ok()
    }
}

impl Bol {
    pub(super) async fn look_up(&self, wanted: &LookUp) -> Result<ConfirmationFound, Error> {
        // First what is still going on: read the other way round, a process that ends in between
        // would be seen neither as a process nor as a shipment.
        let busy = self.is_shipping(wanted).await?;
        if let Some(found) = self.shipment_by_reference(wanted).await? {
            return Ok(found);
        }
        if busy {
            return Ok(ConfirmationFound::InProgress(wanted.ticket()));
        }
        if self.nothing_left_to_ship(wanted).await? {
            return Ok(ConfirmationFound::Confirmed {
                remote_id: None,
                code: None,
            });
        }
        Ok(ConfirmationFound::Absent)
    }

    /// The same as a ticket's status; what is not there any more has to be looked up anew.
    pub(super) async fn looked_up(&self, wanted: &LookUp) -> Result<TicketStatus, Error> {
        Ok(match self.look_up(wanted).await? {
            ConfirmationFound::Confirmed { remote_id, .. } => TicketStatus::Done { remote_id },
            ConfirmationFound::InProgress(_) => TicketStatus::Pending,
            ConfirmationFound::Absent => TicketStatus::Lost,
        })
    }

    /// Whether bol is still working on a shipment of one of these items. A status that is not
    /// known counts as work in progress.
    async fn is_shipping(&self, wanted: &LookUp) -> Result<bool, Error> {
        let busy =
            |status: &ProcessStatus| from_wire::ticket_status(status) == TicketStatus::Pending;
        for (item, _) in &wanted.items {
            let processes = self
                .api
                .process_statuses_of(item, "CREATE_SHIPMENT")
                .await?;
            if processes.iter().any(busy) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    async fn shipment_by_reference(
        &self,
        wanted: &LookUp,
    ) -> Result<Option<ConfirmationFound>, Error> {
        let Ok(reference) = to_wire::reference(&wanted.reference) else {
            return Ok(None);
        };
        let shipments = self.shipments(&wanted.order).await?;
        let ours = shipments
            .into_iter()
            .find(|it| it.shipment_reference.as_ref() == Some(&reference));
        let Some(remote_id) = ours.map(|shipment| shipment.shipment_id) else {
            return Ok(None);
        };
        let code = match &remote_id {
            Some(id) => self.code_of(id).await?,
            None => None,
        };
        Ok(Some(ConfirmationFound::Confirmed { remote_id, code }))
    }

    async fn code_of(&self, shipment: &str) -> Result<Option<String>, Error> {
        match self.api.shipment(shipment).await {
            Ok(shipment) => Ok(shipment
                .transport
                .and_then(|transport| transport.track_and_trace)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether the pieces asked for are shipped already, by whoever: then no shipment under our
    /// reference will ever come, and a repeat would be refused.
    async fn nothing_left_to_ship(&self, wanted: &LookUp) -> Result<bool, Error> {
        let order = match self.read(wanted.order.as_str().into()).await? {
            OrderRead::Found(order) => order,
            OrderRead::Gone(_) => return Ok(false),
            // Not knowing is not the same as knowing that nothing was shipped.
            OrderRead::Unreadable { reason, .. } => {
                return Err(Error::not_applied(Kind::Decode, reason));
            }
        };
        Ok(wanted.items.iter().all(|(item, quantity)| {
            let line = order.lines.iter().find(|line| line.id.as_str() == item);
            line.is_some_and(|line| line.open() < *quantity && line.shipped >= *quantity)
        }))
    }

    /// All shipments of an order; verified, since an unknown filter may be ignored.
    async fn shipments(&self, order: &str) -> Result<Vec<ReducedShipment>, Error> {
        let mut all = Vec::new();
        for page in 1.. {
            let shipments = self
                .api
                .shipments_of(order, page)
                .await?
                .shipments
                .unwrap_or_default();
            let entries = shipments.len();
            let before = all.len();
            all.extend(shipments.into_iter().filter(|it| {
                it.order.as_ref().and_then(|it| it.order_id.as_deref()) == Some(order)
            }));
            // A page with nothing about this order means that bol does not filter.
            if entries < PAGE || all.len() == before {
                break;
            }
        }
        Ok(all)
    }

    pub(super) async fn shipment_to_edit(&self, request: &EditTracking) -> Result<String, Error> {
        if let Some(id) = &request.remote_id {
            return Ok(id.clone());
        }
        let shipments = self.shipments(request.order.as_str()).await?;
        let reference = to_wire::reference(&request.reference).ok();
        let has_lines = |shipment: &ReducedShipment| {
            request.lines.iter().all(|line| {
                let items = shipment.shipment_items.iter().flatten();
                items
                    .clone()
                    .any(|it| it.order_item_id.as_deref() == Some(line.line.as_str()))
            })
        };
        let by_reference = shipments
            .iter()
            .find(|it| reference.is_some() && it.shipment_reference == reference);
        let mut by_lines = shipments.iter().filter(|it| has_lines(it));
        let alone = by_lines.next().filter(|_| by_lines.next().is_none());
        by_reference
            .or(alone)
            .and_then(|shipment| shipment.shipment_id.clone())
            .ok_or_else(|| not_yet("bol does not list this shipment"))
    }
}
