//! The port's methods: check, call `api`, convert.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use carrier_detect::words;
use chrono::TimeDelta;
use order_core::ids::{MarketplaceOrderId, ReturnId};
use order_core::order::TrackingRule;
use order_core::ports::{
    AcceptRequest, AccountInfo, CancelRequest, Clock, ConfirmRequest, ConfirmSemantics,
    ConfirmTracking, ConfirmationFound, Cursor, DecideReturn, EditTracking, Granularity, Lag,
    Marketplace, MarketplaceCapabilities, OrderPage, OrderRead, Outcome, ReturnPage, Ticket,
    TicketStatus, TransporterQuery, TransporterWord,
};
use order_core::returns::MarketplaceReturn;
use order_core::{Error, Kind};

use super::api::{Api, PAGE, is_absent};
use super::config::KauflandConfig;
use super::{from_wire, returns};
use crate::carriers::{self, CarrierList, Entry};
use crate::listing::{self, Place, Rules};
use crate::text::text;

/// One Kaufland seller account, as a [`Marketplace`].
#[derive(Debug)]
pub struct Kaufland {
    pub(super) api: Api,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) carriers: CarrierList,
    pub(super) config: KauflandConfig,
}

/// Kaufland answers changes when they are made. How long one may go on after we gave up on it, and
/// how soon a reading shows it, is not documented: our guess on the safe side.
const LAG: Lag = Lag {
    in_flight: Duration::from_secs(60),
    index: Duration::from_secs(120),
};

const RULES: Rules = Rules {
    page: PAGE,
    overlap: TimeDelta::minutes(5),
    longest_gap: TimeDelta::days(80),
};

#[async_trait]
impl Marketplace for Kaufland {
    fn capabilities(&self) -> MarketplaceCapabilities {
        MarketplaceCapabilities::none("Kaufland")
            .with_shipping(Granularity::Quantity, true)
            .with_confirm(ConfirmSemantics::ReadBack, LAG)
            .with_edit_tracking()
            .with_cancel(Granularity::Quantity)
            .with_cancel_requests()
            .with_returns(returns::DECISIONS)
            .with_max_ids_per_read(1)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        let storefronts = self.api.storefronts().await?;
        let list = self.carrier_list().await?;
        let chosen = &self.config.transporters;
        let mut warnings = carriers::mistaken(words::Marketplace::Kaufland, &list, chosen);
        if let Some(carrier) = &self.config.carrier_without_code
            && !list.iter().any(|entry| entry.code == *carrier)
        {
            warnings.push(format!(
                "carrier_without_code: Kaufland lists no carrier {carrier:?}"
            ));
        }
        if let Some(storefront) = &self.config.storefront
            && !storefronts.contains(storefront)
        {
            warnings.push(format!("this account has no storefront {storefront:?}"));
        }
        Ok(AccountInfo {
            name: None,
            facts: vec![
                ("API".to_owned(), "Seller API v2".to_owned()),
                ("storefronts".to_owned(), storefronts.join(", ")),
            ],
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
        for id in ids {
            reads.push(self.read(id).await?);
        }
        Ok(reads)
    }

    async fn accept(&self, _: AcceptRequest) -> Result<Outcome, Error> {
        Err(Error::unsupported("accept", "accept"))
    }

    async fn transporter(&self, query: TransporterQuery) -> Result<TransporterWord, Error> {
        let list = self.carrier_list().await?;
        let chosen = &self.config.transporters;
        let kaufland = words::Marketplace::Kaufland;
        Ok(carriers::word(kaufland, &query, &list, chosen))
    }

    async fn confirm(&self, request: ConfirmRequest) -> Result<Outcome, Error> {
        if let Some(reason) = self.not_listed(request.tracking.as_ref()).await? {
            return rejected(reason);
        }
        self.send_next(&request).await
    }

    async fn ticket(&self, _: Ticket) -> Result<TicketStatus, Error> {
        // Kaufland decides at once, so no ticket was ever given out.
        Ok(TicketStatus::Lost)
    }

    async fn find_confirmation(&self, request: ConfirmRequest) -> Result<ConfirmationFound, Error> {
        self.find(&request).await
    }

    async fn edit_tracking(&self, request: EditTracking) -> Result<Outcome, Error> {
        if let Some(reason) = self.not_listed(Some(&request.tracking)).await? {
            return rejected(reason);
        }
        self.add_code(&request).await
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
        self.decide(&request).await
    }
}

impl Kaufland {
    async fn page(&self, place: Place) -> Result<OrderPage, Error> {
        let offset = place.offset(&RULES);
        let units = self.api.order_units(place.changed_since, offset).await?;
        let units = units.data.unwrap_or_default();
        let orders = from_wire::sightings(&units);
        let marks = from_wire::units(&units);
        let marks = marks.iter().map(String::as_str);
        let (next, more) = place.after(&RULES, units.len(), marks);
        Ok(OrderPage { orders, next, more })
    }

    pub(super) async fn read(&self, id: MarketplaceOrderId) -> Result<OrderRead, Error> {
        if id.as_str().starts_with(from_wire::WITHOUT_ID) {
            let reason = "Kaufland lists this unit without an order number".to_owned();
            return Ok(OrderRead::Unreadable { id, reason });
        }
        let rule = match self.config.carrier_without_code {
            Some(_) => TrackingRule::Optional,
            None => TrackingRule::Required,
        };
        let converted = match self.api.order(id.as_str()).await {
            Ok(wire) => from_wire::order(id.as_str(), wire, rule),
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

    async fn carrier_list(&self) -> Result<Arc<Vec<Entry>>, Error> {
        let load = || async {
            let carriers = self.api.carriers().await?;
            let entry = |carrier: super::wire::Carrier| {
                let name = text(carrier.name.as_deref())?;
                Some(Entry {
                    code: name.clone(),
                    name,
                })
            };
            Ok(carriers.into_iter().filter_map(entry).collect())
        };
        self.carriers.get(load).await
    }

    /// Why a transporter's name cannot be sent; Kaufland refuses what it does not list.
    async fn not_listed(
        &self,
        tracking: Option<&ConfirmTracking>,
    ) -> Result<Option<String>, Error> {
        let Some(name) = tracking.and_then(|tracking| tracking.transporter.as_ref()) else {
            return Ok(None);
        };
        let list = self.carrier_list().await?;
        if list.iter().any(|entry| entry.code == *name) {
            return Ok(None);
        }
        Ok(Some(format!("Kaufland has no carrier {name:?}")))
    }
}

pub(super) fn rejected(reason: impl Into<String>) -> Result<Outcome, Error> {
    Ok(Outcome::Rejected {
        reason: reason.into(),
    })
}
