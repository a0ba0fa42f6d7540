//! What Mirakl has: orders by id, shipments, and what became of a confirmation.

use order_core::ids::MarketplaceOrderId;
use order_core::order::MarketplaceOrder;
use order_core::ports::{ConfirmRequest, ConfirmationFound, OrderRead};
use order_core::{Error, Kind};

use super::connector::Mirakl;
use super::wire::{Order, Shipment, ShipmentState, State};
use super::{from_wire, to_wire};

/// The most pages of shipments that are read about one question.
const MOST_PAGES: usize = 50;

/// An order as it was written, and as we read it.
pub(super) struct Read {
    pub(super) wire: Order,
    pub(super) order: MarketplaceOrder,
}

impl Mirakl {
    /// One answer per id. Entries about other orders are not looked at; where there are only
    /// those, the filter was ignored and nothing can be said.
    pub(super) async fn read(&self, ids: Vec<MarketplaceOrderId>) -> Result<Vec<OrderRead>, Error> {
        let asked: Vec<&str> = ids
            .iter()
            .map(MarketplaceOrderId::as_str)
            .filter(|id| is_an_id(id))
            .collect();
        if asked.is_empty() {
            return Ok(ids.into_iter().map(without_id).collect());
        }
        let entries = self.api.orders_by_id(&asked).await?.orders;
        let entries = entries.unwrap_or_default();
        let strangers = entries
            .iter()
            .filter_map(|raw| from_wire::id(raw))
            .any(|id| !asked.contains(&id.as_str()));
        let shipments = if self.config.multi_shipment && !entries.is_empty() {
            Some(self.shipments(&asked).await?)
        } else {
            None
        };
        let mut reads = Vec::with_capacity(ids.len());
        for id in ids {
            if !is_an_id(id.as_str()) {
                reads.push(without_id(id));
                continue;
            }
            let entry = entries
                .iter()
                .find(|raw| from_wire::id(raw).as_deref() == Some(id.as_str()));
            reads.push(match entry {
                Some(raw) => match serde_json::from_str::<Order>(raw.get()) {
                    Ok(wire) => self.converted(id, wire, shipments.as_deref()),
                    Err(error) => OrderRead::Unreadable {
                        id,
                        reason: from_wire::not_described(&error),
                    },
                },
                None if strangers => {
                    let text = "Mirakl lists other orders than those asked for";
                    return Err(
                        Error::not_applied(Kind::Decode, text).with_operation("GET /api/orders")
                    );
                }
                None => OrderRead::Gone(id),
            });
        }
        Ok(reads)
    }

    fn converted(
        &self,
        id: MarketplaceOrderId,
        wire: Order,
        shipments: Option<&[Shipment]>,
    ) -> OrderRead {
        let shipped = shipments.map(|all| from_wire::shipped(id.as_str(), all));
        match from_wire::order(wire, &self.config, shipped.as_ref()) {
            Ok(order) => OrderRead::Found(Box::new(order)),
            Err(reason) => OrderRead::Unreadable { id, reason },
        }
    }

    /// An order that is about to be changed, in both forms; `None` when it is not there.
    pub(super) async fn read_whole(&self, id: &str) -> Result<Option<Read>, Error> {
        let entries = self.api.orders_by_id(&[id]).await?.orders;
        let entry = entries
            .iter()
            .flatten()
            .find(|raw| from_wire::id(raw).as_deref() == Some(id));
        let Some(entry) = entry else {
            return Ok(None);
        };
        let unreadable = |reason: String| {
            Error::not_applied(Kind::Decode, reason).with_operation("GET /api/orders")
        };
        let parse = || serde_json::from_str::<Order>(entry.get());
        let wire = parse().map_err(|error| unreadable(from_wire::not_described(&error)))?;
        let again = parse().map_err(|error| unreadable(from_wire::not_described(&error)))?;
        let shipped = if self.config.multi_shipment {
            Some(from_wire::shipped(id, &self.shipments(&[id]).await?))
        } else {
            None
        };
        let order = from_wire::order(again, &self.config, shipped.as_ref()).map_err(unreadable)?;
        Ok(Some(Read { wire, order }))
    }

    /// Every shipment of these orders; verified, since an unknown filter may be ignored.
    pub(super) async fn shipments(&self, orders: &[&str]) -> Result<Vec<Shipment>, Error> {
        let mut all: Vec<Shipment> = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let page = self.api.shipments_of(orders, token.as_deref()).await?;
            let ours = page.data.unwrap_or_default().into_iter().filter(|it| {
                it.order_id
                    .as_deref()
                    .is_some_and(|order| orders.contains(&order))
            });
            all.extend(ours);
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) if token.as_ref() != Some(&next) => token = Some(next),
                Some(_) | None => return Ok(all),
            }
        }
        let text = format!("Mirakl lists more than {MOST_PAGES} pages of shipments");
        Err(Error::not_applied(Kind::Decode, text).with_operation("GET /api/shipments"))
    }

    /// The shipment that carries our reference, unless it was cancelled.
    pub(super) async fn shipment_by_reference(
        &self,
        order: &str,
        reference: &str,
    ) -> Result<Option<Shipment>, Error> {
        let Ok(reference) = to_wire::reference(reference) else {
            return Ok(None);
        };
        let is_ours = |shipment: &Shipment| {
            shipment.status != Some(ShipmentState::Canceled)
                && shipment
                    .shipment_lines
                    .iter()
                    .flatten()
                    .any(|line| line.package_reference.as_ref() == Some(&reference))
        };
        let shipments = self.shipments(&[order]).await?;
        Ok(shipments.into_iter().find(is_ours))
    }

    pub(super) async fn find(&self, request: &ConfirmRequest) -> Result<ConfirmationFound, Error> {
        let order = request.order.as_str();
        if self.config.multi_shipment
            && let Some(found) = self
                .shipment_by_reference(order, &request.reference)
                .await?
        {
            return Ok(ConfirmationFound::Confirmed {
                remote_id: found.id,
                code: found.tracking.and_then(|tracking| tracking.tracking_number),
            });
        }
        // Sent without our reference: the whole order at once, or by somebody else. Then no
        // shipment of ours will ever come, and a repeat would be refused.
        let Some(read) = self.read_whole(order).await? else {
            return Ok(ConfirmationFound::Absent);
        };
        let all_sent = request.lines.iter().all(|part| {
            let line = read.order.line(&part.line);
            line.is_some_and(|line| line.open() < part.quantity && line.shipped >= part.quantity)
        });
        if !all_sent {
            return Ok(ConfirmationFound::Absent);
        }
        Ok(ConfirmationFound::Confirmed {
            remote_id: None,
            code: crate::text::text(read.wire.shipping_tracking.as_deref()),
        })
    }

    /// What a state that is no longer waiting for a decision says about that decision.
    pub(super) fn was_accepted(state: Option<&State>) -> bool {
        !matches!(
            state,
            None | Some(State::Staging | State::Refused | State::Canceled | State::Unknown(_))
        )
    }
}

/// Ids go into one comma-separated parameter.
fn is_an_id(id: &str) -> bool {
    !id.is_empty() && !id.contains(',') && !id.starts_with(from_wire::WITHOUT_ID)
}

fn without_id(id: MarketplaceOrderId) -> OrderRead {
    let reason = "Mirakl lists this order without an order number".to_owned();
    OrderRead::Unreadable { id, reason }
}
