//! The port's methods: check, call `api`, convert.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use carrier_detect::words;
use chrono::TimeDelta;
use order_core::ids::{MarketplaceOrderId, ReturnId};
use order_core::ports::{
    AcceptRequest, AccountInfo, CancelRequest, Checkpoint, Clock, ConfirmRequest, ConfirmSemantics,
    ConfirmTracking, ConfirmationFound, Cursor, DecideReturn, EditTracking, Granularity, Lag,
    Marketplace, MarketplaceCapabilities, OrderPage, OrderRead, Outcome, ReturnPage, Ticket,
    TicketStatus, TransporterQuery, TransporterWord,
};
use order_core::returns::MarketplaceReturn;
use order_core::{Effect, Error, Kind};
use serde_json::json;

use super::api::{Api, PAGE};
use super::config::MiraklConfig;
use super::lookup::Read;
use super::wire::{ChangedTracking, ChangedTrackings, Created, ShipmentError, State};
use super::{from_wire, returns, to_wire};
use crate::carriers::{self, CarrierList, Entry};
use crate::listing::{self, Place, Rules};
use crate::text::text;

/// One shop at one operator's Mirakl instance, as a [`Marketplace`].
#[derive(Debug)]
pub struct Mirakl {
    pub(super) api: Api,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) carriers: CarrierList,
    pub(super) config: MiraklConfig,
}

/// Mirakl answers changes when they are made. How long one may go on after we gave up on it, and
/// how soon lists show it, is not documented: our guess on the safe side.
const LAG: Lag = Lag {
    in_flight: Duration::from_secs(60),
    index: Duration::from_secs(120),
};

/// Mirakl itself reaches back a little further than it is asked to.
const RULES: Rules = Rules {
    page: PAGE,
    overlap: TimeDelta::minutes(5),
    longest_gap: TimeDelta::days(80),
};

#[async_trait]
impl Marketplace for Mirakl {
    fn capabilities(&self) -> MarketplaceCapabilities {
        let (granularity, several) = if self.config.multi_shipment {
            (Granularity::Quantity, true)
        } else {
            (Granularity::Order, false)
        };
        MarketplaceCapabilities::none("Mirakl")
            .with_accept()
            .with_shipping(granularity, several)
            .with_confirm(ConfirmSemantics::ReadBack, LAG)
            .with_edit_tracking()
            .with_cancel(Granularity::Line)
            .with_returns(returns::DECISIONS)
            .with_max_ids_per_read(PAGE)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        let account = self.api.account().await?;
        let list = self.carrier_list().await?;
        let chosen = &self.config.transporters;
        let mut warnings = carriers::mistaken(words::Marketplace::Mirakl, &list, chosen);
        let state = account.shop_state.unwrap_or_default();
        if state != "OPEN" {
            warnings.push(format!("the operator has this shop as {state}"));
        }
        let id = account
            .shop_id
            .map(|id| ("shop".to_owned(), id.to_string()));
        let currency = account
            .currency_iso_code
            .map(|code| ("currency".to_owned(), code));
        let api = ("API".to_owned(), "Mirakl Marketplace, seller".to_owned());
        Ok(AccountInfo {
            name: account.shop_name,
            facts: [Some(api), id, currency].into_iter().flatten().collect(),
            warnings,
        })
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        let now = self.clock.now();
        self.page(listing::changes(&RULES, cursor.as_ref(), now))
            .await
    }

    async fn open_orders(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        self.page(listing::sweep(cursor.as_ref(), self.clock.now()))
            .await
    }

    async fn orders(&self, ids: Vec<MarketplaceOrderId>) -> Result<Vec<OrderRead>, Error> {
        let mut reads = Vec::with_capacity(ids.len());
        for part in ids.chunks(PAGE) {
            reads.extend(self.read(part.to_vec()).await?);
        }
        Ok(reads)
    }

    async fn accept(&self, request: AcceptRequest) -> Result<Outcome, Error> {
        let Some(Read { wire, order }) = self.read_whole(request.order.as_str()).await? else {
            return rejected("no such order");
        };
        if wire.order_state != Some(State::WaitingAcceptance) {
            if Self::was_accepted(wire.order_state.as_ref()) {
                return Ok(Outcome::AlreadyDone);
            }
            return rejected(format!("the order is {:?}", wire.order_state));
        }
        if let Some(line) = request.lines.iter().find(|id| order.line(id).is_none()) {
            return rejected(format!("the order has no line {line}"));
        }
        let body = to_wire::acceptance(order.lines.iter(), |line| request.lines.contains(&line.id));
        match self.api.accept(request.order.as_str(), &body).await {
            Ok(()) => Ok(Outcome::Done { remote_id: None }),
            Err(error) => refusal(error),
        }
    }

    async fn transporter(&self, query: TransporterQuery) -> Result<TransporterWord, Error> {
        let list = self.carrier_list().await?;
        let chosen = &self.config.transporters;
        let mirakl = words::Marketplace::Mirakl;
        Ok(carriers::word(mirakl, &query, &list, chosen))
    }

    async fn confirm(&self, request: ConfirmRequest) -> Result<Outcome, Error> {
        if let Some(word) = self.not_listed(request.tracking.as_ref()).await? {
            return rejected(word);
        }
        if self.config.multi_shipment {
            self.confirm_shipment(&request).await
        } else {
            self.confirm_order(&request).await
        }
    }

    async fn ticket(&self, _: Ticket) -> Result<TicketStatus, Error> {
        // Mirakl decides at once, so no ticket was ever given out.
        Ok(TicketStatus::Lost)
    }

    async fn find_confirmation(&self, request: ConfirmRequest) -> Result<ConfirmationFound, Error> {
        self.find(&request).await
    }

    async fn edit_tracking(&self, request: EditTracking) -> Result<Outcome, Error> {
        if let Some(word) = self.not_listed(Some(&request.tracking)).await? {
            return rejected(word);
        }
        if self.config.multi_shipment {
            return self.edit_shipment(&request).await;
        }
        let body = match to_wire::order_tracking(&request.tracking) {
            Ok(body) => body,
            Err(reason) => return rejected(reason),
        };
        match self.api.track(request.order.as_str(), &body).await {
            Ok(()) => Ok(Outcome::Done { remote_id: None }),
            Err(error) => refusal(error),
        }
    }

    async fn cancel(&self, request: CancelRequest) -> Result<Outcome, Error> {
        self.cancel_lines(&request).await
    }

    async fn returns(&self, cursor: Option<Cursor>) -> Result<ReturnPage, Error> {
        self.list_returns(cursor).await
    }

    async fn read_return(&self, id: ReturnId) -> Result<Vec<MarketplaceReturn>, Error> {
        self.read_one_return(&id).await
    }

    async fn decide_return(&self, request: DecideReturn) -> Result<Outcome, Error> {
        self.decide(&request).await
    }
}

impl Mirakl {
    async fn page(&self, place: Place) -> Result<OrderPage, Error> {
        let offset = place.offset(&RULES);
        let wire = self.api.orders(place.changed_since, offset).await?;
        let orders: Vec<_> = wire
            .orders
            .iter()
            .flatten()
            .map(|raw| from_wire::sighting(raw, &self.config))
            .collect();
        let ids = orders.iter().map(|order| order.id().as_str());
        let (next, more) = place.after(&RULES, orders.len(), ids);
        Ok(OrderPage { orders, next, more })
    }

    async fn carrier_list(&self) -> Result<Arc<Vec<Entry>>, Error> {
        let load = || async {
            let carriers = self.api.carriers().await?;
            let entry = |carrier: super::wire::Carrier| {
                let code = text(carrier.code.as_deref())?;
                let name = text(carrier.label.as_deref()).unwrap_or_else(|| code.clone());
                Some(Entry { code, name })
            };
            Ok(carriers.into_iter().filter_map(entry).collect())
        };
        self.carriers.get(load).await
    }

    /// Why a transporter's code cannot be sent; an operator refuses what it does not list.
    async fn not_listed(
        &self,
        tracking: Option<&ConfirmTracking>,
    ) -> Result<Option<String>, Error> {
        let Some(code) = tracking.and_then(|tracking| tracking.transporter.as_ref()) else {
            return Ok(None);
        };
        let list = self.carrier_list().await?;
        if list.iter().any(|entry| entry.code == *code) {
            return Ok(None);
        }
        Ok(Some(format!("the operator has no carrier {code:?}")))
    }

    /// One shipment of some lines (ST01).
    async fn confirm_shipment(&self, request: &ConfirmRequest) -> Result<Outcome, Error> {
        let body = match to_wire::shipment(request) {
            Ok(body) => body,
            Err(reason) => return rejected(reason),
        };
        let (created, response) = match self.api.create_shipment(&body).await {
            Ok(answer) => answer,
            Err(error) => return refusal(error),
        };
        let Created {
            shipment_success,
            shipment_errors,
        } = created;
        let ours = shipment_success
            .into_iter()
            .flatten()
            .find(|it| it.order_id.as_deref() == Some(request.order.as_str()));
        if let Some(shipment) = ours {
            return Ok(Outcome::Done {
                remote_id: shipment.id,
            });
        }
        match words(shipment_errors.as_deref()) {
            Some(reason) => rejected(reason),
            None => Err(response.unreadable(
                "the answer tells neither a shipment of this order nor why there is none"
                    .to_owned(),
            )),
        }
    }

    /// The whole order, first its code (OR23), then that it is sent (OR24).
    async fn confirm_order(&self, request: &ConfirmRequest) -> Result<Outcome, Error> {
        if !request.completes_order || request.parcel > 1 && request.resume.is_none() {
            return rejected(
                "this operator takes one shipment with the whole order; set multi_shipment if the \
                 operator has switched on several",
            );
        }
        let order = request.order.as_str();
        if let (Some(tracking), None) = (&request.tracking, &request.resume) {
            let body = match to_wire::order_tracking(tracking) {
                Ok(body) => body,
                Err(reason) => return rejected(reason),
            };
            return match self.api.track(order, &body).await {
                Ok(()) => Ok(Outcome::Continue(Checkpoint(
                    json!({ "tracking": "stored" }),
                ))),
                Err(error) => refusal(error),
            };
        }
        match self.api.ship(order).await {
            Ok(()) => Ok(Outcome::Done { remote_id: None }),
            Err(error) => refusal(error),
        }
    }

    async fn edit_shipment(&self, request: &EditTracking) -> Result<Outcome, Error> {
        let tracking = match to_wire::tracking(&request.tracking) {
            Ok(tracking) => tracking,
            Err(reason) => return rejected(reason),
        };
        let order = request.order.as_str();
        let found = self
            .shipment_by_reference(order, &request.reference)
            .await?;
        let held = found
            .as_ref()
            .and_then(|shipment| shipment.tracking.as_ref());
        if held.is_some_and(|held| to_wire::is_stored(&tracking, held)) {
            return Ok(Outcome::AlreadyDone);
        }
        let id = request.remote_id.clone();
        let Some(id) = id.or_else(|| found.and_then(|shipment| shipment.id)) else {
            let text = "Mirakl does not list this shipment";
            return Err(Error::not_applied(Kind::Unavailable, text).with_operation("edit_tracking"));
        };
        let body = ChangedTrackings {
            shipments: [ChangedTracking {
                id: id.clone(),
                tracking,
            }],
        };
        let (changed, response) = match self.api.change_tracking(&body).await {
            Ok(answer) => answer,
            Err(error) => return refusal(error),
        };
        let success = changed.shipment_success.into_iter().flatten();
        if success.into_iter().any(|it| it.id.as_ref() == Some(&id)) {
            return Ok(Outcome::Done {
                remote_id: Some(id),
            });
        }
        match words(changed.shipment_errors.as_deref()) {
            Some(reason) => rejected(reason),
            None => Err(response
                .unreadable("the answer tells neither success nor why there is none".to_owned())),
        }
    }
}

/// What Mirakl says about the shipments it did not take; `None` where it says nothing.
fn words(errors: Option<&[ShipmentError]>) -> Option<String> {
    let errors = errors.filter(|errors| !errors.is_empty())?;
    let words = errors.iter().map(|error| {
        text(error.message.as_deref()).unwrap_or_else(|| "Mirakl gives no reason".to_owned())
    });
    Some(words.collect::<Vec<_>>().join("; "))
}

fn rejected(reason: impl Into<String>) -> Result<Outcome, Error> {
    Ok(Outcome::Rejected {
        reason: reason.into(),
    })
}

/// A clear refusal is an answer; everything else stays an error.
pub(super) fn refusal(error: Error) -> Result<Outcome, Error> {
    let refused = matches!(
        error.kind(),
        Kind::Rejected | Kind::Conflict | Kind::NotFound
    );
    if refused && error.effect() == Effect::NotApplied {
        return rejected(error.message());
    }
    Err(error)
}
