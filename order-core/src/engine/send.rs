//! Sending what changes a platform: prepare, store the intents, send once, record.

use futures_util::StreamExt as _;
use futures_util::stream;

use super::rounds::{look_failed, side};
use super::{Cycle, call};
use crate::address::Country;
use crate::error::Error;
use crate::lifecycle::{self, Answer, Event, Failure};
use crate::ports::{
    AcceptRequest, CancelReason, CancelRequest, CancelShopOrder, CodeQuery, ConfirmLine,
    ConfirmRequest, CreateOrder, EditTracking, Outcome, TransporterQuery, TransporterWord,
};
use crate::shipment::{CarrierChoice, ChosenBy};
use crate::state::{Action, EffectKind, Order, Shipment};

/// A call that is ready to be made once its intent is stored.
#[derive(Debug)]
enum Prepared {
    Create(Box<CreateOrder>),
    Confirm(ConfirmRequest),
    Edit(EditTracking),
    CancelMarketplace(CancelRequest),
    Accept(AcceptRequest),
    CancelShop(CancelShopOrder),
}

/// What preparing came to.
enum Preparation {
    Ready(Prepared, Option<CarrierChoice>),
    /// It cannot or need not be sent; this happened instead.
    Instead(Event),
}

/// An order with the call that is to be made for it.
struct Ready {
    order: Order,
    kind: EffectKind,
    call: Prepared,
    carrier: Option<CarrierChoice>,
}

impl Cycle<'_> {
    pub(super) async fn send(
        &mut self,
        sends: Vec<(Order, EffectKind)>,
    ) -> Result<Vec<Order>, Error> {
        let (ready, mut active) = self.prepare_all(sends).await?;
        let intended_at = self.engine.clock.monotonic();
        let (ready, refused) = self.intend(ready).await?;
        active.extend(refused);

        let cycle = &*self;
        let outcomes: Vec<_> = stream::iter(ready)
            .map(|(order, kind, prepared)| async move {
                // Directly before the request leaves: a paused process must not send late.
                let waited = cycle.engine.clock.monotonic().saturating_sub(intended_at);
                if !cycle.may_send() || waited > cycle.rules.policy.send_window {
                    return (order, Event::NotSent(kind), None);
                }
                let action = Action::Send(kind.clone());
                match cycle.call(prepared).await {
                    Ok(answer) => (
                        order,
                        Event::Answered { kind, answer },
                        Some((side(&action), None)),
                    ),
                    Err(error) => {
                        let failure = Failure::from(&error);
                        let event = Event::SendFailed { kind, failure };
                        (order, event, Some((side(&action), Some(error))))
                    }
                }
            })
            .buffer_unordered(self.rules.policy.concurrency)
            .collect()
            .await;

        let mut work = Vec::new();
        for (order, event, called) in outcomes {
            if let Some((side, error)) = called {
                self.learn(side, error.as_ref());
            }
            self.count(&event);
            self.learn_carrier(&order, &event);
            work.push((order, vec![event]));
        }
        active.extend(self.commit(work).await?);
        Ok(active)
    }

    fn count(&mut self, event: &Event) {
        if let Event::Answered { kind, answer } = event {
            match (kind, answer) {
                (EffectKind::Create, Answer::Create(crate::ports::CreateProgress::Created(_))) => {
                    self.report.created += 1
                }
                (
                    EffectKind::Confirm(_),
                    Answer::Marketplace(
                        Outcome::Done { .. } | Outcome::Submitted(_) | Outcome::AlreadyDone,
                    ),
                ) => self.report.confirmed += 1,
                _ => {}
            }
        }
    }

    /// What this seller's parcels to a country usually come with.
    fn usual_carriers(&self, destination: Option<Country>) -> Vec<(String, u32)> {
        let country = destination.map_or_else(String::new, |country| country.to_string());
        let counts = self.held.memo.carriers.get(&country);
        counts.map_or_else(Vec::new, |counts| {
            counts
                .iter()
                .map(|(carrier, count)| (carrier.clone(), *count))
                .collect()
        })
    }

    /// Learns which transporter brought a parcel that the marketplace took. A default is no
    /// evidence, and is not learned from.
    fn learn_carrier(&mut self, order: &Order, event: &Event) {
        let Event::Answered {
            kind: EffectKind::Confirm(id),
            answer,
        } = event
        else {
            return;
        };
        let taken = matches!(
            answer,
            Answer::Marketplace(Outcome::Done { .. } | Outcome::Submitted(_))
        );
        let choice = order
            .state
            .shipment(id)
            .and_then(|shipment| shipment.carrier.as_ref());
        let Some(choice) = choice.filter(|choice| taken && choice.by != ChosenBy::Default) else {
            return;
        };
        let address = order
            .content
            .as_deref()
            .and_then(|content| content.ship_to.as_ref());
        let country = address.and_then(|address| address.country);
        let country = country.map_or_else(String::new, |country| country.to_string());
        let counts = self.held.memo.carriers.entry(country).or_default();
        let count = counts.entry(choice.carrier.clone()).or_default();
        *count = count.saturating_add(1);
    }

    /// Reads what is needed before anything may be sent, and commits what happened instead.
    async fn prepare_all(
        &mut self,
        sends: Vec<(Order, EffectKind)>,
    ) -> Result<(Vec<Ready>, Vec<Order>), Error> {
        let cycle = &*self;
        let prepared: Vec<_> = stream::iter(sends)
            .map(|(order, kind)| async move {
                let outcome = cycle.prepare(&order, &kind).await;
                (order, kind, outcome)
            })
            .buffer_unordered(self.rules.policy.concurrency)
            .collect()
            .await;
        let mut ready = Vec::new();
        let mut instead = Vec::new();
        for (order, kind, outcome) in prepared {
            match outcome {
                Ok(Preparation::Ready(call, carrier)) => {
                    ready.push(Ready {
                        order,
                        kind,
                        call,
                        carrier,
                    });
                }
                Ok(Preparation::Instead(event)) => instead.push((order, vec![event])),
                Err(error) => {
                    let action = Action::Send(kind);
                    self.learn(side(&action), Some(&error));
                    instead.push((order, vec![look_failed(action, &error)]));
                }
            }
        }
        let active = self.commit(instead).await?;
        Ok((ready, active))
    }

    /// Stores the intents in one commit. An order that somebody else changed in between is not
    /// sent: it comes back to be looked at anew.
    async fn intend(
        &mut self,
        ready: Vec<Ready>,
    ) -> Result<(Vec<(Order, EffectKind, Prepared)>, Vec<Order>), Error> {
        let now = self.engine.clock.now();
        let changes: Vec<_> = ready
            .iter()
            .map(
                |Ready {
                     order,
                     kind,
                     carrier,
                     ..
                 }| {
                    let event = Event::Intended {
                        kind: kind.clone(),
                        carrier: carrier.clone(),
                    };
                    super::fold(order, &[event], now, &self.rules)
                },
            )
            .collect();
        if changes.is_empty() {
            return Ok((Vec::new(), Vec::new()));
        }
        let orders: Vec<Order> = changes.iter().map(|change| change.order.clone()).collect();
        let batch = crate::ports::Batch {
            changes,
            memo: None,
        };
        let answers = self
            .engine
            .store
            .commit(self.held.lease.clone(), batch)
            .await?;
        let mut intended = Vec::new();
        let mut reload = Vec::new();
        for ((after, answer), ready) in orders.into_iter().zip(answers).zip(ready) {
            let Ready {
                order: before,
                kind,
                call,
                ..
            } = ready;
            match answer {
                crate::ports::Committed::Saved(version) => {
                    intended.push((Order { version, ..after }, kind, call));
                }
                crate::ports::Committed::Stale => {
                    reload.extend(self.engine.store.load(before.key).await?);
                }
            }
        }
        Ok((intended, reload))
    }

    async fn prepare(&self, order: &Order, kind: &EffectKind) -> Result<Preparation, Error> {
        let reference = format!("{}/{}", self.external_key(order), self.parcel(order, kind));
        let blocked = |blocked| {
            Ok(Preparation::Instead(Event::Blocked {
                kind: kind.clone(),
                blocked,
            }))
        };
        match kind {
            EffectKind::Create => self.prepare_create(order).await,
            EffectKind::Confirm(id) => {
                let Some(shipment) = order.state.shipment(id) else {
                    return gone(kind);
                };
                let carrier = self.carrier(order, shipment).await?;
                match lifecycle::confirm_request(order, shipment, &reference, carrier.as_ref()) {
                    Ok(request) => Ok(Preparation::Ready(Prepared::Confirm(request), carrier)),
                    Err(what) => blocked(what),
                }
            }
            EffectKind::EditTracking(id) => {
                let Some(shipment) = order.state.shipment(id) else {
                    return gone(kind);
                };
                let Some(carrier) = self.carrier(order, shipment).await? else {
                    return gone(kind);
                };
                match lifecycle::edit_request(order, shipment, &reference, &carrier) {
                    Some(request) => Ok(Preparation::Ready(Prepared::Edit(request), Some(carrier))),
                    None => gone(kind),
                }
            }
            EffectKind::CancelMarketplace => match lifecycle::cancel_request(order, &reference) {
                Ok(request) => Ok(Preparation::Ready(
                    Prepared::CancelMarketplace(request),
                    None,
                )),
                Err(what) => blocked(what),
            },
            EffectKind::Accept => match lifecycle::accept_request(order, &reference) {
                Ok(request) => Ok(Preparation::Ready(Prepared::Accept(request), None)),
                Err(what) => blocked(what),
            },
            EffectKind::CancelShop(id) => {
                let extra = order.state.extras.contains(id);
                let note = if extra {
                    format!("{} was created more than once", self.external_key(order))
                } else {
                    format!(
                        "{} was cancelled at the marketplace",
                        self.external_key(order)
                    )
                };
                let request = CancelShopOrder {
                    id: id.clone(),
                    lines: Vec::new(),
                    reason: CancelReason::Other,
                    note,
                };
                Ok(Preparation::Ready(Prepared::CancelShop(request), None))
            }
        }
    }

    fn parcel(&self, order: &Order, kind: &EffectKind) -> u32 {
        match kind {
            EffectKind::Confirm(id) | EffectKind::EditTracking(id) => order
                .state
                .shipment(id)
                .map_or(0, |shipment| shipment.parcel),
            EffectKind::Accept
            | EffectKind::Create
            | EffectKind::CancelMarketplace
            | EffectKind::CancelShop(_) => 0,
        }
    }

    /// Checks the order, finds its products, and looks whether the webshop has it already.
    async fn prepare_create(&self, order: &Order) -> Result<Preparation, Error> {
        let kind = EffectKind::Create;
        let Some(content) = order.content.as_deref() else {
            return gone(&kind);
        };
        if let Err(blocked) = lifecycle::check(content) {
            return Ok(Preparation::Instead(Event::Blocked { kind, blocked }));
        }
        let clock = &*self.engine.clock;
        let limit = self.rules.policy.request_timeout;
        let webshop = &self.connection.webshop;
        let key = self.external_key(order);
        let effect = order.state.effect(&kind);
        if effect.is_none_or(|effect| effect.draft.is_none()) {
            let found = call::within(clock, limit, webshop.find_orders(key.clone())).await?;
            let new = |hit: &crate::ports::FoundOrder| {
                !order.state.discarded.contains(&hit.order.id)
                    && !order.state.extras.contains(&hit.order.id)
            };
            if found.iter().any(new) {
                return Ok(Preparation::Instead(Event::FoundBefore(found)));
            }
        }
        let queries = lifecycle::product_queries(content);
        let matches = call::within(clock, limit, webshop.products(queries)).await?;
        let request = match lifecycle::new_order(content, key, &matches) {
            Ok(order) => order,
            Err(blocked) => return Ok(Preparation::Instead(Event::Blocked { kind, blocked })),
        };
        let resume = effect.and_then(|effect| effect.checkpoint.clone());
        let create = CreateOrder {
            order: request,
            resume,
        };
        Ok(Preparation::Ready(Prepared::Create(Box::new(create)), None))
    }

    /// The transporter of a shipment's code, and the marketplace's word for it.
    async fn carrier(
        &self,
        order: &Order,
        shipment: &Shipment,
    ) -> Result<Option<CarrierChoice>, Error> {
        let Some(tracking) = &shipment.tracking else {
            return Ok(None);
        };
        let address = order
            .content
            .as_deref()
            .and_then(|content| content.ship_to.as_ref());
        let destination = address.and_then(|address| address.country);
        let query = CodeQuery {
            code: tracking.code.clone(),
            destination,
            postal_code: address.and_then(|address| address.postal_code.clone()),
            origin: None,
            usual: self.usual_carriers(destination),
        };
        let wish = lifecycle::choose_carrier(
            tracking,
            &query,
            &self.rules.policy,
            &*self.connection.detector,
        );
        let query = TransporterQuery {
            carrier: wish
                .carrier
                .clone()
                .unwrap_or_else(|| UNKNOWN_CARRIER.to_owned()),
            name: wish.name.clone(),
            destination,
        };
        let word = call::within(
            &*self.engine.clock,
            self.rules.policy.request_timeout,
            self.connection.marketplace.transporter(query),
        )
        .await?;
        let sent = match word {
            TransporterWord::Known(word) | TransporterWord::Other(word) => Some(word),
            TransporterWord::Unknown => None,
        };
        Ok(Some(CarrierChoice {
            carrier: wish.carrier.unwrap_or_else(|| UNKNOWN_CARRIER.to_owned()),
            by: wish.by,
            original: tracking.code.clone(),
            code: wish.code,
            sent,
        }))
    }

    async fn call(&self, prepared: Prepared) -> Result<Answer, Error> {
        let clock = &*self.engine.clock;
        let limit = self.rules.policy.request_timeout;
        let (marketplace, webshop) = (&self.connection.marketplace, &self.connection.webshop);
        match prepared {
            Prepared::Create(request) => {
                let call = webshop.create_order(*request);
                call::within(clock, limit, call).await.map(Answer::Create)
            }
            Prepared::CancelShop(request) => {
                let call = webshop.cancel_order(request);
                call::within(clock, limit, call)
                    .await
                    .map(Answer::ShopCancel)
            }
            Prepared::Confirm(request) => {
                let call = marketplace.confirm(request);
                call::within(clock, limit, call)
                    .await
                    .map(Answer::Marketplace)
            }
            Prepared::Edit(request) => {
                let call = marketplace.edit_tracking(request);
                call::within(clock, limit, call)
                    .await
                    .map(Answer::Marketplace)
            }
            Prepared::CancelMarketplace(request) => {
                let call = marketplace.cancel(request);
                call::within(clock, limit, call)
                    .await
                    .map(Answer::Marketplace)
            }
            Prepared::Accept(request) => {
                let call = marketplace.accept(request);
                call::within(clock, limit, call)
                    .await
                    .map(Answer::Marketplace)
            }
        }
    }
}

/// What a marketplace is asked for when nothing tells the transporter.
const UNKNOWN_CARRIER: &str = "unknown";

fn gone(kind: &EffectKind) -> Result<Preparation, Error> {
    Err(Error::not_applied(
        crate::Kind::Unexpected,
        format!("nothing left to {kind}"),
    ))
}

/// The request by which an earlier confirmation is looked up: as it was sent.
pub(super) fn lookup_request(
    order: &Order,
    shipment: &Shipment,
    reference: &str,
) -> Option<ConfirmRequest> {
    order.content.as_ref()?;
    Some(ConfirmRequest {
        order: order.key.order.clone(),
        reference: reference.to_owned(),
        parcel: shipment.parcel,
        lines: shipment
            .lines
            .iter()
            .map(|part| ConfirmLine {
                line: part.line.clone(),
                quantity: part.quantity,
                pieces: Vec::new(),
            })
            .collect(),
        completes_order: order.remaining().is_empty(),
        shipped_at: shipment.shipped_at,
        tracking: shipment
            .tracking
            .as_ref()
            .map(|tracking| crate::ports::ConfirmTracking {
                code: shipment
                    .carrier
                    .as_ref()
                    .map_or_else(|| tracking.code.clone(), |carrier| carrier.code.clone()),
                transporter: shipment
                    .carrier
                    .as_ref()
                    .and_then(|carrier| carrier.sent.clone()),
                transporter_name: tracking.carrier_name.clone(),
                url: tracking.url.clone(),
            }),
        resume: None,
    })
}
