//! From our shapes to Kaufland's: pure functions named after what they make.
//!
//! `Err` is a refusal in words for a person: Kaufland would refuse the same, so it is not sent.

use order_core::ports::{CancelReason, ConfirmTracking};

use super::wire::{Cancel, Send, ShipmentInformation};

/// What is sent about every piece of a parcel.
pub(super) fn send(
    tracking: Option<&ConfirmTracking>,
    carrier_without_code: Option<&str>,
) -> Result<Send, String> {
    let Some(tracking) = tracking else {
        let carrier = carrier_without_code.ok_or(
            "Kaufland wants a track & trace code and a carrier; set carrier_without_code to send \
             without a code",
        )?;
        return Ok(Send {
            tracking_numbers: String::new(),
            carrier_code: carrier.to_owned(),
        });
    };
    let information = shipment_information(tracking)?;
    Ok(Send {
        tracking_numbers: information.tracking_number,
        carrier_code: information.carrier_code,
    })
}

pub(super) fn shipment_information(
    tracking: &ConfirmTracking,
) -> Result<ShipmentInformation, String> {
    let code = tracking.code.trim();
    if code.is_empty() {
        return Err("the track & trace code is empty".to_owned());
    }
    if code.contains(',') {
        // Kaufland takes several codes in one text, divided by commas.
        return Err(format!("the track & trace code {code:?} has a comma in it"));
    }
    let carrier = tracking.transporter.clone();
    Ok(ShipmentInformation {
        tracking_number: code.to_owned(),
        carrier_code: carrier.ok_or(
            "Kaufland wants a carrier beside the code, and has none for this transporter; set \
             transporters to one of Kaufland's carriers",
        )?,
    })
}

pub(super) fn cancel(reason: CancelReason) -> Cancel {
    Cancel {
        reason: match reason {
            CancelReason::OutOfStock => "NoInventory",
            CancelReason::BuyerAsked => "BuyerCancelled",
            CancelReason::Other => "GeneralAdjustment",
        },
    }
}
