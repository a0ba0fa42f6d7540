//! The port's methods: check, call `api`, convert.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use carrier_detect::words::{self, Account};
use carrier_detect::{Carrier, Country};
use chrono::TimeDelta;
use order_core::ids::{MarketplaceOrderId, ReturnId};
use order_core::ports::{
    AcceptRequest, AccountInfo, CancelRequest, Clock, ConfirmRequest, ConfirmSemantics,
    ConfirmationFound, Cursor, DecideReturn, EditTracking, Granularity, Lag, Marketplace,
    MarketplaceCapabilities, OrderPage, OrderRead, Outcome, ReturnPage, Ticket, TicketStatus,
    TransporterQuery, TransporterWord,
};
use order_core::returns::MarketplaceReturn;
use order_core::{Effect, Error, Kind};

use super::api::{Api, Search};
use super::config::AmazonConfig;
use super::lookup::package;
use super::to_wire::Parcel;
use super::{from_wire, to_wire};
use crate::text::text;
use crate::tokens::{TokenPlace, TokenRules};

/// One Amazon seller account, as a [`Marketplace`].
#[derive(Debug)]
pub struct Amazon {
    pub(super) api: Api,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) config: AmazonConfig,
}

/// Amazon answers a confirmation when it is taken. How long one may go on after we gave up on it,
/// and how soon the order shows its package, is not documented: our guess on the safe side.
const LAG: Lag = Lag {
    in_flight: Duration::from_secs(60),
    index: Duration::from_secs(300),
};

/// Amazon lists what changed until two minutes ago, so the overlap has to be longer than that. A
/// page token works for a day.
const RULES: TokenRules = TokenRules {
    overlap: TimeDelta::minutes(10),
    longest_gap: TimeDelta::days(80),
    token_life: TimeDelta::hours(20),
};

/// How far back a listing of everything open reaches.
const OPEN_SINCE: TimeDelta = TimeDelta::days(90);

#[async_trait]
impl Marketplace for Amazon {
    fn capabilities(&self) -> MarketplaceCapabilities {
        MarketplaceCapabilities::none("Amazon")
            .with_shipping(Granularity::Quantity, true)
            .with_confirm(ConfirmSemantics::UpsertByKey, LAG)
            .with_edit_tracking()
            .with_cancel(Granularity::Line)
            .with_cancel_requests()
            .with_max_ids_per_read(1)
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        let all = self.api.participations().await?.payload.unwrap_or_default();
        let mut info = AccountInfo::default();
        let versions = "orders 2026-01-01 and v0, feeds 2021-06-30".to_owned();
        info.facts.push(("API".to_owned(), versions));
        for id in &self.config.marketplace_ids {
            let one = all.iter().find(|it| {
                let marketplace = it.marketplace.as_ref();
                marketplace.and_then(|it| it.id.as_ref()) == Some(id)
            });
            let Some(one) = one else {
                let text = format!("this account has no marketplace {id}");
                info.warnings.push(text);
                continue;
            };
            let name = one.marketplace.as_ref().and_then(|it| it.name.clone());
            let name = name.unwrap_or_else(|| id.clone());
            let state = one.participation.as_ref();
            if state.is_some_and(|it| it.is_participating == Some(false)) {
                info.warnings
                    .push(format!("the account does not sell on {name}"));
            }
            if state.is_some_and(|it| it.has_suspended_listings == Some(true)) {
                info.warnings
                    .push(format!("{name} has suspended the listings"));
            }
            info.facts.push(("marketplace".to_owned(), name));
            info.name = info.name.or_else(|| text(one.store_name.as_deref()));
        }
        Ok(info)
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        let now = self.clock.now();
        self.page(TokenPlace::changes(&RULES, cursor.as_ref(), now))
            .await
    }

    async fn open_orders(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        let now = self.clock.now();
        self.page(TokenPlace::sweep(&RULES, cursor.as_ref(), now))
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
        if let Some(word) = self.config.transporters.get(&query.carrier) {
            return Ok(TransporterWord::Known(word.clone()));
        }
        let named = || words::named(query.name.as_deref()?);
        let carrier = Carrier::from_slug(&query.carrier).or_else(named);
        let destination = query.destination.as_ref();
        let destination = destination.and_then(|it| Country::new(it.as_str()));
        let mut account = Account::new();
        if let Some(country) = destination {
            account = account.with_destination(country);
        }
        let found = carrier
            .and_then(|it| words::to_marketplace(words::Marketplace::Amazon, it, &account).ok());
        Ok(
            match found.and_then(|word| Some((word.is_exact(), word.code()?))) {
                Some((true, code)) => TransporterWord::Known(code.to_owned()),
                Some((false, _)) | None => TransporterWord::Other(to_wire::OTHER.to_owned()),
            },
        )
    }

    async fn confirm(&self, request: ConfirmRequest) -> Result<Outcome, Error> {
        let marketplace = match self.config.marketplace_ids.as_slice() {
            [only] => only.clone(),
            _ => match self.read_whole(request.order.as_str()).await? {
                Some((parts, _)) => self.marketplace(parts.sales_channel.as_ref()),
                None => return rejected("no such order"),
            },
        };
        let parcel = Parcel {
            number: request.parcel,
            lines: &request.lines,
            shipped_at: request.shipped_at,
            tracking: request.tracking.as_ref(),
            without_code: self.config.text_without_code.as_deref(),
        };
        self.tell(request.order.as_str(), &parcel, marketplace)
            .await
    }

    async fn ticket(&self, ticket: Ticket) -> Result<TicketStatus, Error> {
        self.feed_status(&ticket.id).await
    }

    async fn find_confirmation(&self, request: ConfirmRequest) -> Result<ConfirmationFound, Error> {
        self.find(&request).await
    }

    async fn edit_tracking(&self, request: EditTracking) -> Result<Outcome, Error> {
        let Some((parts, _)) = self.read_whole(request.order.as_str()).await? else {
            return rejected("no such order");
        };
        let held = package(&parts.packages, request.parcel);
        let code = request.tracking.code.trim();
        let same_carrier = |held: Option<&str>| {
            let wanted = request.tracking.transporter.as_deref();
            wanted.is_none_or(|wanted| wanted == to_wire::OTHER || held == Some(wanted))
        };
        if held.is_some_and(|held| {
            held.tracking_number.as_deref() == Some(code) && same_carrier(held.carrier.as_deref())
        }) {
            return Ok(Outcome::AlreadyDone);
        }
        let shipped_at = held.and_then(|held| from_wire::instant(held.ship_time.as_deref()));
        let parcel = Parcel {
            number: request.parcel,
            lines: &request.lines,
            shipped_at: shipped_at.unwrap_or_else(|| self.clock.now()),
            tracking: Some(&request.tracking),
            without_code: None,
        };
        let marketplace = self.marketplace(parts.sales_channel.as_ref());
        self.tell(request.order.as_str(), &parcel, marketplace)
            .await
    }

    async fn cancel(&self, request: CancelRequest) -> Result<Outcome, Error> {
        self.cancel_items(&request).await
    }

    async fn returns(&self, _: Option<Cursor>) -> Result<ReturnPage, Error> {
        Err(Error::unsupported("returns", "returns"))
    }

    async fn read_return(&self, _: ReturnId) -> Result<Vec<MarketplaceReturn>, Error> {
        Err(Error::unsupported("read_return", "returns"))
    }

    async fn decide_return(&self, _: DecideReturn) -> Result<Outcome, Error> {
        Err(Error::unsupported("decide_return", "return_decisions"))
    }
}

impl Amazon {
    async fn page(&self, place: TokenPlace) -> Result<OrderPage, Error> {
        let search = Search {
            since: place.since,
            created_after: place.began() - OPEN_SINCE,
            token: place.token.as_deref(),
        };
        let wire = self.api.search(search).await?;
        let rule = self.tracking_rule();
        let orders = wire.orders.iter().flatten();
        let orders = orders.map(|raw| from_wire::sighting(raw, rule)).collect();
        let token = wire.pagination.and_then(|it| it.next_token);
        let (next, more) = place.after(token, self.clock.now());
        Ok(OrderPage { orders, next, more })
    }

    async fn tell(
        &self,
        order: &str,
        parcel: &Parcel<'_>,
        marketplace: String,
    ) -> Result<Outcome, Error> {
        let body = match to_wire::confirm_shipment(parcel, marketplace) {
            Ok(body) => body,
            Err(reason) => return rejected(reason),
        };
        let reference = body.package_detail.package_reference_id.clone();
        match self.api.confirm(order, &body).await {
            Ok(()) => Ok(Outcome::Done {
                remote_id: Some(reference),
            }),
            Err(error) => refusal(error),
        }
    }
}

pub(super) fn rejected(reason: impl Into<String>) -> Result<Outcome, Error> {
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
