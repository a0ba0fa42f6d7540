//! The port's methods: check, call `api`, convert.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use order_core::ids::{MarketplaceOrderId, ReturnId};
use order_core::ports::{
    AcceptRequest, AccountInfo, CancelRequest, Clock, ConfirmRequest, ConfirmSemantics,
    ConfirmationFound, Cursor, DecideReturn, EditTracking, Granularity, Lag, Marketplace,
    MarketplaceCapabilities, OrderPage, OrderRead, Outcome, ReturnPage, Ticket, TicketStatus,
    TransporterQuery, TransporterWord,
};
use order_core::returns::MarketplaceReturn;
use order_core::{Effect, Error, Kind};

use super::api::{Api, OrdersQuery, PAGE, is_absent};
use super::lookup::LookUp;
use super::{cancel, from_wire, returns, to_wire, transporter};
use crate::listing::{self, Place, Rules};

/// One bol.com account, as a [`Marketplace`].
#[derive(Debug)]
pub struct Bol {
    pub(super) api: Api,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) include_fulfilled_by_bol: bool,
    pub(super) transporters: BTreeMap<String, String>,
}

/// bol works on a change for up to three hours, retrying five times in five minutes by itself, but
/// shows it as a process from the first moment on. What may take a while to show is a process that
/// just ended; that is not documented, so this is our guess on the safe side.
const LAG: Lag = Lag {
    in_flight: Duration::from_secs(60),
    index: Duration::from_secs(300),
};

/// bol asks for an overlap of a minute at least. Its window is 60 minutes at most; what the longest
/// gap leaves of it is time for reading the pages.
const RULES: Rules = Rules {
    page: PAGE,
    overlap: TimeDelta::minutes(2),
    longest_gap: TimeDelta::minutes(53),
};
/// bol's limit of the window.
const LONGEST_WINDOW: i64 = 60;

/// The window in minutes, counted back from now as bol does; `None` for everything open.
fn window_minutes(place: &Place, now: DateTime<Utc>) -> Option<u32> {
    let gap = now - place.changed_since?;
    let minutes = (gap.num_seconds() + 59) / 60;
    u32::try_from(minutes.clamp(1, LONGEST_WINDOW)).ok()
}

#[async_trait]
impl Marketplace for Bol {
    fn capabilities(&self) -> MarketplaceCapabilities {
        MarketplaceCapabilities::none("bol.com")
            .with_shipping(Granularity::Quantity, true)
            .with_confirm(ConfirmSemantics::ReadBack, LAG)
            .with_edit_tracking()
            .with_cancel(Granularity::Line)
            .with_cancel_requests()
            .with_returns(returns::DECISIONS)
            .with_max_ids_per_read(1)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        let page = self.api.orders(self.query(1, None)).await?;
        let open = page.orders.map_or(0, |orders| orders.len());
        let more = if open >= PAGE { " or more" } else { "" };
        Ok(AccountInfo {
            name: None,
            facts: vec![
                ("API".to_owned(), "Retailer API v10".to_owned()),
                ("open orders".to_owned(), format!("{open}{more}")),
            ],
            warnings: Vec::new(),
        })
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        self.page(listing::changes(&RULES, cursor.as_ref(), self.clock.now()))
            .await
    }

    async fn open_orders(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        self.page(listing::sweep(cursor.as_ref(), self.clock.now()))
            .await
    }

    async fn orders(&self, ids: Vec<MarketplaceOrderId>) -> Result<Vec<OrderRead>, Error> {
        let mut reads = Vec::with_capacity(ids.len());
        for id in ids {
            reads.push(self.read(id).await?);
        }
        Ok(reads)
    }

    async fn accept(&self, _: AcceptRequest) -> Result<Outcome, Error> {
        Err(Error::unsupported("accept", "accept"))
    }

    async fn transporter(&self, query: TransporterQuery) -> Result<TransporterWord, Error> {
        Ok(match self.transporters.get(&query.carrier) {
            Some(word) => TransporterWord::Known(word.clone()),
            None => transporter::word(&query),
        })
    }

    async fn confirm(&self, request: ConfirmRequest) -> Result<Outcome, Error> {
        let body = match to_wire::shipment_request(&request) {
            Ok(body) => body,
            Err(reason) => return Ok(Outcome::Rejected { reason }),
        };
        let status = match self.api.create_shipment(&body).await {
            Ok(status) => status,
            Err(error) => return refusal(error),
        };
        from_wire::outcome(&status).map_err(|text| unsure("POST /retailer/shipments", text))
    }

    async fn ticket(&self, ticket: Ticket) -> Result<TicketStatus, Error> {
        if let Some(look_up) = LookUp::from_ticket(&ticket) {
            return self.looked_up(&look_up).await;
        }
        if ticket.id.contains(cancel::SEPARATOR) {
            return self.several(&ticket.id).await;
        }
        match self.api.process_status(&ticket.id).await {
            Ok(status) => Ok(from_wire::ticket_status(&status)),
            Err(error) if is_absent(&error) => Ok(TicketStatus::Lost),
            Err(error) => Err(error),
        }
    }

    async fn find_confirmation(&self, request: ConfirmRequest) -> Result<ConfirmationFound, Error> {
        self.look_up(&LookUp::of(&request)).await
    }

    async fn edit_tracking(&self, request: EditTracking) -> Result<Outcome, Error> {
        let body = match to_wire::change_transport(&request.tracking) {
            Ok(body) => body,
            Err(reason) => return Ok(Outcome::Rejected { reason }),
        };
        let shipment_id = self.shipment_to_edit(&request).await?;
        let shipment = self.api.shipment(&shipment_id).await?;
        let transport = shipment.transport;
        if transport
            .as_ref()
            .is_some_and(|it| to_wire::is_stored(&body, it))
        {
            return Ok(Outcome::AlreadyDone);
        }
        let Some(transport) = transport.and_then(|transport| transport.transport_id) else {
            return Err(not_yet("the shipment has no transport to change"));
        };
        match self.api.change_transport(&transport, &body).await {
            Ok(status) => from_wire::outcome(&status)
                .map_err(|text| unsure("PUT /retailer/transports/{transport-id}", text)),
            Err(error) => refusal(error),
        }
    }

    async fn cancel(&self, request: CancelRequest) -> Result<Outcome, Error> {
        self.cancel_next(&request).await
    }

    async fn returns(&self, cursor: Option<Cursor>) -> Result<ReturnPage, Error> {
        self.list_returns(cursor).await
    }

    async fn read_return(&self, id: ReturnId) -> Result<Vec<MarketplaceReturn>, Error> {
        self.read_returns(id.as_str()).await
    }

    async fn decide_return(&self, request: DecideReturn) -> Result<Outcome, Error> {
        self.decide_next(&request).await
    }
}

impl Bol {
    fn query(&self, page: u32, changed_minutes: Option<u32>) -> OrdersQuery {
        OrdersQuery {
            page,
            fulfilled_by_bol_too: self.include_fulfilled_by_bol,
            changed_minutes,
        }
    }

    async fn page(&self, place: Place) -> Result<OrderPage, Error> {
        let minutes = window_minutes(&place, self.clock.now());
        let wire = self.api.orders(self.query(place.page, minutes)).await?;
        let orders: Vec<_> = wire
            .orders
            .iter()
            .flatten()
            .map(|raw| from_wire::sighting(raw))
            .collect();
        let ids = orders.iter().map(|order| order.id().as_str());
        let (next, more) = place.after(&RULES, orders.len(), ids);
        Ok(OrderPage { orders, next, more })
    }

    pub(super) async fn read(&self, id: MarketplaceOrderId) -> Result<OrderRead, Error> {
        if id.as_str().starts_with(from_wire::WITHOUT_ID) {
            let reason = "bol lists this order without an order number".to_owned();
            return Ok(OrderRead::Unreadable { id, reason });
        }
        let converted = match self.api.order(id.as_str()).await {
            Ok(wire) => from_wire::order(id.as_str(), wire),
            Err(error) if is_absent(&error) => return Ok(OrderRead::Gone(id)),
            // An order in a form of its own is that order's trouble, not the account's.
            Err(error) if error.kind() == Kind::Decode => Err(error.message().to_owned()),
            Err(error) => return Err(error),
        };
        Ok(match converted {
            Ok(order) => OrderRead::Found(Box::new(order)),
            Err(reason) => OrderRead::Unreadable { id, reason },
        })
    }
}

/// A clear refusal is an answer; everything else stays an error.
pub(super) fn refusal(error: Error) -> Result<Outcome, Error> {
    let refused = matches!(
        error.kind(),
        Kind::Rejected | Kind::Conflict | Kind::NotFound
    );
    if refused && error.effect() == Effect::NotApplied {
        return Ok(Outcome::Rejected {
            reason: error.message().to_owned(),
        });
    }
    Err(error)
}

/// bol said yes in a way that leaves open what became of it.
pub(super) fn unsure(operation: &str, message: String) -> Error {
    Error::unknown(Kind::Decode, message).with_operation(operation)
}

/// Something that follows soon after a confirmation, so it is worth asking again.
pub(super) fn not_yet(message: &str) -> Error {
    Error::not_applied(Kind::Unavailable, message).with_operation("edit_tracking")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_counts_back_from_now_and_grows_while_pages_are_read() {
        let at = |minute| DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        let (end, _) = listing::changes(&RULES, None, at(0)).after(&RULES, 0, std::iter::empty());
        let place = listing::changes(&RULES, Some(&end), at(5));
        assert_eq!(window_minutes(&place, at(5)), Some(7));
        assert_eq!(window_minutes(&place, at(8)), Some(10));
        let all = listing::changes(&RULES, None, at(0));
        assert_eq!(window_minutes(&all, at(0)), None);
    }
}
