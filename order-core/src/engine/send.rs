//! Sending what changes a platform: prepare, store the intents, send once, record.

use futures_util::StreamExt as _;
use futures_util::stream;
use tracing::{Instrument as _, Span};

use super::prepare::{Preparation, Prepared};
use super::rounds::{look_failed, side};
use super::sides::For;
use super::{Cycle, call};
use crate::error::Error;
use crate::lifecycle::{Answer, Event, Failure};
use crate::ports::Outcome;
use crate::shipment::{CarrierChoice, ChosenBy};
use crate::state::{Action, EffectKind, Order};

/// What is written to the log while something is done for an order.
fn span(order: &Order, kind: &EffectKind) -> Span {
    tracing::info_span!("order", key = %order.key, effect = %kind)
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
                let span = span(&order, &kind);
                match cycle.call(prepared).instrument(span).await {
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
                self.learn(side, For::Work, error.as_ref());
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
        let format = self
            .connection
            .detector
            .format(&choice.code, &choice.carrier);
        let key = format.map_or_else(
            || choice.carrier.clone(),
            |format| format!("{}/{format}", choice.carrier),
        );
        let count = counts.entry(key).or_default();
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
                let span = span(&order, &kind);
                let outcome = cycle.prepare(&order, &kind).instrument(span).await;
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
                    self.learn(side(&action), For::Work, Some(&error));
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
            Prepared::NoteReturn(request) => {
                let call = webshop.note_return(request);
                call::within(clock, limit, call).await.map(Answer::ShopNote)
            }
            Prepared::DecideReturn(request) => {
                let call = marketplace.decide_return(request);
                call::within(clock, limit, call)
                    .await
                    .map(Answer::Marketplace)
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
