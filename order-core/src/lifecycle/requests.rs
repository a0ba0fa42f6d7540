//! From an order to the calls that tell the marketplace about it.

use super::new_order::Blocked;
use crate::ids::LineId;
use crate::order::{Line, MarketplaceOrder};
use crate::ports::{
    AcceptRequest, CancelReason, CancelRequest, ConfirmLine, ConfirmRequest, ConfirmTracking,
    EditTracking,
};
use crate::shipment::CarrierChoice;
use crate::state::{Confirmation, EffectKind, Order, ProblemKind, Shipment};

/// The call that reports a shipment. `carrier` is the transporter chosen for its code.
///
/// # Errors
///
/// [`Blocked`] when the marketplace has fewer open pieces than the parcel holds.
pub fn confirm_request(
    order: &Order,
    shipment: &Shipment,
    reference: &str,
    carrier: Option<&CarrierChoice>,
) -> Result<ConfirmRequest, Blocked> {
    let content = content(order)?;
    let mut lines = Vec::new();
    for part in &shipment.lines {
        let open = content.line(&part.line).map_or(0, Line::open);
        let landed = landed_pieces(order, content, shipment, &part.line);
        if open.saturating_add(landed) < part.quantity {
            return Err(Blocked {
                kind: ProblemKind::Conflict,
                text: format!(
                    "parcel {} holds {} × line {}, but the marketplace has only {open} open",
                    shipment.parcel, part.quantity, part.line
                ),
                advice: "Pieces were cancelled or reported by others. Compare the order at the \
                         marketplace and handle it by hand."
                    .to_owned(),
            });
        }
        lines.push(confirm_line(
            order,
            content,
            shipment,
            &part.line,
            part.quantity,
        ));
    }
    let rest: u32 = content.lines.iter().map(Line::open).sum();
    let told: u32 = lines.iter().map(|line| line.quantity).sum();
    Ok(ConfirmRequest {
        order: order.key.order.clone(),
        reference: reference.to_owned(),
        parcel: shipment.parcel,
        lines,
        completes_order: told >= rest,
        shipped_at: shipment.shipped_at,
        tracking: tracking(shipment, carrier),
        resume: order
            .state
            .effect(&EffectKind::Confirm(shipment.id.clone()))
            .and_then(|effect| effect.checkpoint.clone()),
    })
}

/// Pieces of a parcel that are reported already, where a platform ships by the piece and an attempt
/// for this parcel was made: its connector goes on with the others.
fn landed_pieces(
    order: &Order,
    content: &MarketplaceOrder,
    shipment: &Shipment,
    line: &LineId,
) -> u32 {
    let kind = EffectKind::Confirm(shipment.id.clone());
    let tried = order.state.effect(&kind).is_some() || shipment.audit_at.is_some();
    let Some(line) = content
        .line(line)
        .filter(|line| tried && !line.pieces.is_empty())
    else {
        return 0;
    };
    let of_others = order.in_shipments(&line.id, |other| {
        let kind = EffectKind::Confirm(other.id.clone());
        other.id != shipment.id
            && (other.confirmation.is_told() || order.state.effect(&kind).is_some())
    });
    line.shipped.saturating_sub(of_others)
}

/// The call that adds or changes the code of a shipment; `None` when there is no code.
#[must_use]
pub fn edit_request(
    order: &Order,
    shipment: &Shipment,
    reference: &str,
    carrier: &CarrierChoice,
) -> Option<EditTracking> {
    let content = order.content.as_deref()?;
    let remote_id = match &shipment.confirmation {
        Confirmation::Confirmed { remote_id, .. } | Confirmation::Verified { remote_id, .. } => {
            remote_id.clone()
        }
        Confirmation::None | Confirmation::Elsewhere | Confirmation::Rejected(_) => None,
    };
    Some(EditTracking {
        order: order.key.order.clone(),
        reference: reference.to_owned(),
        parcel: shipment.parcel,
        remote_id,
        lines: shipment
            .lines
            .iter()
            .map(|part| confirm_line(order, content, shipment, &part.line, part.quantity))
            .collect(),
        tracking: tracking(shipment, Some(carrier))?,
    })
}

/// The call that cancels everything still open at the marketplace.
///
/// # Errors
///
/// [`Blocked`] when the order was never read.
pub fn cancel_request(order: &Order, reference: &str) -> Result<CancelRequest, Blocked> {
    let content = content(order)?;
    let lines: Vec<ConfirmLine> = content
        .lines
        .iter()
        .filter(|line| line.open() > 0)
        .map(|line| last_pieces(line, line.open()))
        .collect();
    let asked = content.lines.iter().any(|line| line.cancel_requested);
    Ok(CancelRequest {
        order: order.key.order.clone(),
        reference: reference.to_owned(),
        lines,
        reason: if asked {
            CancelReason::BuyerAsked
        } else {
            CancelReason::OutOfStock
        },
        resume: order
            .state
            .effect(&EffectKind::CancelMarketplace)
            .and_then(|effect| effect.checkpoint.clone()),
    })
}

/// The call that cancels the pieces that nobody sends, though the marketplace expects them.
///
/// # Errors
///
/// [`Blocked`] when the order was never read.
pub fn cancel_pieces_request(order: &Order, reference: &str) -> Result<CancelRequest, Blocked> {
    let content = content(order)?;
    let targets = order.cancel_targets();
    let lines = content
        .lines
        .iter()
        .filter_map(|line| {
            let target = crate::pieces::quantity(&targets, &line.id);
            let pieces = target.saturating_sub(line.cancelled).min(line.open());
            (pieces > 0).then(|| last_pieces(line, pieces))
        })
        .collect();
    let wish = order.state.cancel_wish.as_ref();
    Ok(CancelRequest {
        order: order.key.order.clone(),
        reference: reference.to_owned(),
        lines,
        reason: wish.map_or(CancelReason::OutOfStock, |wish| wish.reason),
        resume: order
            .state
            .effect(&EffectKind::CancelPieces)
            .and_then(|effect| effect.checkpoint.clone()),
    })
}

/// The last pieces of a line that are not cancelled: parcels take the first ones.
fn last_pieces(line: &Line, quantity: u32) -> ConfirmLine {
    let wanted = line.pieces.get(..line.wanted() as usize);
    ConfirmLine {
        line: line.id.clone(),
        quantity,
        pieces: wanted
            .unwrap_or_default()
            .iter()
            .rev()
            .take(quantity as usize)
            .cloned()
            .collect(),
    }
}

/// The call that accepts every line of an order.
///
/// # Errors
///
/// [`Blocked`] when the order was never read.
pub fn accept_request(order: &Order, reference: &str) -> Result<AcceptRequest, Blocked> {
    let content = content(order)?;
    Ok(AcceptRequest {
        order: order.key.order.clone(),
        reference: reference.to_owned(),
        lines: content.lines.iter().map(|line| line.id.clone()).collect(),
    })
}

fn content(order: &Order) -> Result<&MarketplaceOrder, Blocked> {
    order.content.as_deref().ok_or_else(|| Blocked {
        kind: ProblemKind::Unreadable,
        text: "the order was never read from the marketplace".to_owned(),
        advice: "It is read by itself.".to_owned(),
    })
}

/// A line with the pieces that belong to this parcel: those after the earlier parcels' pieces.
fn confirm_line(
    order: &Order,
    content: &MarketplaceOrder,
    shipment: &Shipment,
    line: &LineId,
    quantity: u32,
) -> ConfirmLine {
    let before: u32 = order
        .state
        .shipments
        .iter()
        .filter(|earlier| earlier.parcel < shipment.parcel)
        .flat_map(|earlier| &earlier.lines)
        .filter(|part| part.line == *line)
        .map(|part| part.quantity)
        .sum();
    let pieces = content.line(line).map_or_else(Vec::new, |line| {
        line.pieces
            .iter()
            .skip(before as usize)
            .take(quantity as usize)
            .cloned()
            .collect()
    });
    ConfirmLine {
        line: line.clone(),
        quantity,
        pieces,
    }
}

fn tracking(shipment: &Shipment, carrier: Option<&CarrierChoice>) -> Option<ConfirmTracking> {
    let tracking = shipment.tracking.as_ref()?;
    Some(ConfirmTracking {
        code: carrier.map_or_else(|| tracking.code.clone(), |carrier| carrier.code.clone()),
        transporter: carrier.and_then(|carrier| carrier.sent.clone()),
        transporter_name: tracking
            .carrier_name
            .clone()
            .or_else(|| carrier.map(|carrier| carrier.carrier.clone())),
        url: tracking.url.clone(),
    })
}
