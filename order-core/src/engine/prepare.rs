//! From an effect on the agenda to the call it takes: reads what is needed, changes nothing.

use super::plan::Preview;
use super::{Cycle, call, plan};
use crate::address::Country;
use crate::error::Error;
use crate::ids::ShopOrderId;
use crate::lifecycle::{self, Blocked, Event};
use crate::ports::{
    AcceptRequest, CancelReason, CancelRequest, CancelShopOrder, CodeQuery, ConfirmLine,
    ConfirmRequest, CreateOrder, DecideReturn, EditTracking, NoteReturn, TransporterQuery,
    TransporterWord, UsualCarrier,
};
use crate::shipment::{CarrierChoice, LineQuantity};
use crate::state::{EffectKind, Order, Shipment};

/// A call that is ready to be made once its intent is stored.
#[derive(Debug)]
pub(super) enum Prepared {
    Create(Box<CreateOrder>),
    Confirm(ConfirmRequest),
    Edit(EditTracking),
    CancelMarketplace(CancelRequest),
    Accept(AcceptRequest),
    CancelShop(CancelShopOrder),
    NoteReturn(NoteReturn),
    DecideReturn(DecideReturn),
}

/// What preparing came to.
pub(super) enum Preparation {
    Ready(Prepared, Option<CarrierChoice>),
    /// It cannot or need not be sent; this happened instead.
    Instead(Event),
}

impl Cycle<'_> {
    pub(super) async fn prepare(
        &self,
        order: &Order,
        kind: &EffectKind,
    ) -> Result<Preparation, Error> {
        let reference = format!("{}/{}", self.external_key(order), self.parcel(order, kind));
        match kind {
            EffectKind::Create => self.prepare_create(order).await,
            EffectKind::Confirm(id) => {
                let Some(shipment) = order.state.shipment(id) else {
                    return gone(kind);
                };
                let carrier = self.carrier(order, shipment).await?;
                let request =
                    lifecycle::confirm_request(order, shipment, &reference, carrier.as_ref());
                ready(kind, request.map(Prepared::Confirm), carrier)
            }
            EffectKind::EditTracking(id) => {
                let Some(shipment) = order.state.shipment(id) else {
                    return gone(kind);
                };
                let Some(carrier) = self.carrier(order, shipment).await? else {
                    return gone(kind);
                };
                let request = lifecycle::edit_request(order, shipment, &reference, &carrier);
                some(kind, request.map(Prepared::Edit), Some(carrier))
            }
            EffectKind::CancelMarketplace => {
                let request = lifecycle::cancel_request(order, &reference);
                ready(kind, request.map(Prepared::CancelMarketplace), None)
            }
            EffectKind::CancelPieces => {
                let request = lifecycle::cancel_pieces_request(order, &reference);
                ready(kind, request.map(Prepared::CancelMarketplace), None)
            }
            EffectKind::Accept => {
                let request = lifecycle::accept_request(order, &reference);
                ready(kind, request.map(Prepared::Accept), None)
            }
            EffectKind::CancelShop(id) => {
                let request = self.cancel_shop(order, id);
                some(kind, Some(Prepared::CancelShop(request)), None)
            }
            EffectKind::CancelShopPieces => {
                let request = self.cancel_shop_pieces(order);
                some(kind, request.map(Prepared::CancelShop), None)
            }
            EffectKind::NoteReturn(id) => {
                let request = lifecycle::note_request(order, &self.external_key(order), id);
                some(kind, request.map(Prepared::NoteReturn), None)
            }
            EffectKind::DecideReturn(id) => {
                let reference = format!("{} return {id}", self.external_key(order));
                let request = lifecycle::decide_request(order, &reference, id);
                some(kind, request.map(Prepared::DecideReturn), None)
            }
        }
    }

    fn cancel_shop(&self, order: &Order, id: &ShopOrderId) -> CancelShopOrder {
        let key = self.external_key(order);
        let note = if order.state.extras.contains(id) {
            format!("{key} was created more than once")
        } else {
            format!("{key} was cancelled at the marketplace")
        };
        CancelShopOrder {
            id: id.clone(),
            lines: Vec::new(),
            reason: CancelReason::Other,
            note,
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
            | EffectKind::CancelPieces
            | EffectKind::CancelShop(_)
            | EffectKind::CancelShopPieces
            | EffectKind::NoteReturn(_)
            | EffectKind::DecideReturn(_) => 0,
        }
    }

    /// The call that takes cancelled pieces off the webshop order.
    fn cancel_shop_pieces(&self, order: &Order) -> Option<CancelShopOrder> {
        let lines: Vec<LineQuantity> = order
            .shop_targets()?
            .into_iter()
            .map(|target| {
                let off = order.taken_off_in_shop(&target.line);
                LineQuantity {
                    quantity: target.quantity.saturating_sub(off),
                    line: target.line,
                }
            })
            .collect();
        // No pieces would mean the whole order.
        if lines.is_empty() {
            return None;
        }
        Some(CancelShopOrder {
            id: order.state.linked()?.id.clone(),
            lines,
            reason: CancelReason::Other,
            note: format!(
                "pieces of {} were cancelled at the marketplace",
                self.external_key(order)
            ),
        })
    }

    /// Checks the order, finds its products, and looks whether the webshop has it already.
    async fn prepare_create(&self, order: &Order) -> Result<Preparation, Error> {
        let kind = EffectKind::Create;
        let key = self.external_key(order);
        let clock = &*self.engine.clock;
        let planned = plan::create(clock, self.connection, &self.products, order, key).await?;
        let request = match planned {
            None => return gone(&kind),
            Some(Preview::Order(request)) => *request,
            Some(Preview::Blocked(blocked)) => {
                return Ok(Preparation::Instead(Event::Blocked { kind, blocked }));
            }
            Some(Preview::Exists(found)) => {
                return Ok(Preparation::Instead(Event::FoundBefore(found)));
            }
        };
        let effect = order.state.effect(&kind);
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

    /// What this seller's parcels to a country usually come with.
    fn usual_carriers(&self, destination: Option<Country>) -> Vec<UsualCarrier> {
        let country = destination.map_or_else(String::new, |country| country.to_string());
        let counts = self.held.memo.carriers.get(&country);
        counts.map_or_else(Vec::new, |counts| {
            counts
                .iter()
                .map(|(key, count)| {
                    let (carrier, format) = match key.split_once('/') {
                        Some((carrier, format)) => (carrier, Some(format.to_owned())),
                        None => (key.as_str(), None),
                    };
                    UsualCarrier {
                        carrier: carrier.to_owned(),
                        format,
                        count: *count,
                    }
                })
                .collect()
        })
    }
}

/// What a marketplace is asked for when nothing tells the transporter.
const UNKNOWN_CARRIER: &str = "unknown";

/// A call, or what it is blocked by.
fn ready(
    kind: &EffectKind,
    call: Result<Prepared, Blocked>,
    carrier: Option<CarrierChoice>,
) -> Result<Preparation, Error> {
    Ok(match call {
        Ok(call) => Preparation::Ready(call, carrier),
        Err(blocked) => Preparation::Instead(Event::Blocked {
            kind: kind.clone(),
            blocked,
        }),
    })
}

/// A call, where there is something to call for.
fn some(
    kind: &EffectKind,
    call: Option<Prepared>,
    carrier: Option<CarrierChoice>,
) -> Result<Preparation, Error> {
    call.map_or_else(|| gone(kind), |call| Ok(Preparation::Ready(call, carrier)))
}

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
