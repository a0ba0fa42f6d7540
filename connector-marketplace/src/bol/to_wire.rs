//! From our shapes to bol's: pure functions named after what they make.
//!
//! `Err` is a refusal in words for a person: bol would refuse the same, so it is not sent.

use order_core::order::Line;
use order_core::ports::{CancelReason, ConfirmLine, ConfirmRequest, ConfirmTracking};

use super::transporter;
use super::wire::{
    Cancellation, CancelledItem, ChangeTransport, ShipmentRequest, ShippedItem, Transport,
    TransportInstruction,
};
use crate::text;

/// bol's limit of items in one shipment.
const MOST_ITEMS: usize = 100;
/// bol's limit of a shipment's reference.
const LONGEST_REFERENCE: usize = 90;

pub(super) fn shipment_request(request: &ConfirmRequest) -> Result<ShipmentRequest, String> {
    if request.lines.is_empty() {
        return Err("a shipment without items".to_owned());
    }
    if request.lines.len() > MOST_ITEMS {
        return Err(format!(
            "bol takes {MOST_ITEMS} items in one shipment at most"
        ));
    }
    let order_items = request
        .lines
        .iter()
        .map(shipped_item)
        .collect::<Result<_, _>>()?;
    let transport = request
        .tracking
        .as_ref()
        .map(transport_instruction)
        .transpose()?;
    Ok(ShipmentRequest {
        order_items,
        shipment_reference: reference(&request.reference)?,
        transport,
    })
}

fn shipped_item(line: &ConfirmLine) -> Result<ShippedItem, String> {
    if line.quantity == 0 {
        return Err(format!("item {}: nothing to ship", line.line));
    }
    Ok(ShippedItem {
        order_item_id: line.line.as_str().to_owned(),
        quantity: line.quantity,
    })
}

/// Our reference as bol can hold it.
pub(super) fn reference(reference: &str) -> Result<String, String> {
    text::reference(reference, LONGEST_REFERENCE)
}

fn transport_instruction(tracking: &ConfirmTracking) -> Result<TransportInstruction, String> {
    // bol wants a transporter beside a code; OTHER is its word for one it need not know.
    let word = transporter_code(tracking)?.unwrap_or_else(|| transporter::OTHER.to_owned());
    Ok(TransportInstruction {
        transporter_code: word,
        track_and_trace: Some(code(tracking)?),
    })
}

pub(super) fn change_transport(tracking: &ConfirmTracking) -> Result<ChangeTransport, String> {
    Ok(ChangeTransport {
        transporter_code: transporter_code(tracking)?,
        track_and_trace: code(tracking)?,
    })
}

/// Whether a transport holds already what would be stored in it.
pub(super) fn is_stored(change: &ChangeTransport, transport: &Transport) -> bool {
    let same_transporter =
        change.transporter_code.is_none() || change.transporter_code == transport.transporter_code;
    same_transporter
        && transport.track_and_trace.as_deref() == Some(change.track_and_trace.as_str())
}

fn transporter_code(tracking: &ConfirmTracking) -> Result<Option<String>, String> {
    match &tracking.transporter {
        Some(word) if transporter::is_known(word) => Ok(Some(word.clone())),
        Some(word) => Err(format!("bol has no transporter {word:?}")),
        None => Ok(None),
    }
}

fn code(tracking: &ConfirmTracking) -> Result<String, String> {
    let code = tracking.code.trim();
    if code.is_empty() {
        return Err("the track & trace code is empty".to_owned());
    }
    Ok(code.to_owned())
}

pub(super) fn cancellation(line: &ConfirmLine, reason: CancelReason) -> Cancellation {
    let reason_code = match reason {
        CancelReason::OutOfStock => "OUT_OF_STOCK",
        CancelReason::BuyerAsked => "REQUESTED_BY_CUSTOMER",
        CancelReason::Other => "OTHER",
    };
    let order_item_id = line.line.as_str().to_owned();
    Cancellation {
        order_items: [CancelledItem {
            order_item_id,
            reason_code,
        }],
    }
}

/// Whether a line may be cancelled as asked: bol cancels an item with all its pieces.
pub(super) fn whole_line(asked: &ConfirmLine, line: &Line) -> Result<(), String> {
    if asked.quantity == line.open() && line.shipped == 0 {
        return Ok(());
    }
    Err(format!(
        "bol cancels whole items; item {} has {} of {} pieces open and {} were to be cancelled",
        line.id,
        line.open(),
        line.quantity,
        asked.quantity
    ))
}
