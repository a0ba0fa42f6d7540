//! From our shapes to Amazon's: pure functions named after what they make.
//!
//! `Err` is a refusal in words for a person: Amazon would refuse the same, so it is not sent.

use carrier_detect::words;
use chrono::{DateTime, Utc};
use order_core::order::Line;
use order_core::ports::{CancelReason, ConfirmLine, ConfirmTracking};

use super::api::instant;
use super::wire::{ConfirmShipment, ConfirmedItem, PackageDetail};
use crate::text::text;

/// Amazon's word for a carrier that goes by its name.
pub(super) const OTHER: &str = "Other";

/// A parcel to be told about.
pub(super) struct Parcel<'a> {
    pub(super) number: u32,
    pub(super) lines: &'a [ConfirmLine],
    pub(super) shipped_at: DateTime<Utc>,
    pub(super) tracking: Option<&'a ConfirmTracking>,
    /// What stands for a code that there is none of.
    pub(super) without_code: Option<&'a str>,
}

pub(super) fn confirm_shipment(
    parcel: &Parcel<'_>,
    marketplace: String,
) -> Result<ConfirmShipment, String> {
    if parcel.lines.is_empty() {
        return Err("a shipment without items".to_owned());
    }
    let item = |line: &ConfirmLine| {
        if line.quantity == 0 {
            return Err(format!("item {}: nothing to ship", line.line));
        }
        Ok(ConfirmedItem {
            order_item_id: line.line.as_str().to_owned(),
            quantity: line.quantity,
        })
    };
    let order_items = parcel.lines.iter().map(item).collect::<Result<_, _>>()?;
    let (carrier_code, carrier_name, tracking_number) = carrier(parcel)?;
    Ok(ConfirmShipment {
        marketplace_id: marketplace,
        package_detail: PackageDetail {
            package_reference_id: reference(parcel.number)?,
            carrier_code,
            carrier_name,
            tracking_number,
            ship_date: instant(parcel.shipped_at),
            order_items,
        },
    })
}

/// A parcel's name at Amazon, the same for every attempt: its number within the order, which Amazon
/// wants positive and as a text.
pub(super) fn reference(parcel: u32) -> Result<String, String> {
    if parcel == 0 {
        return Err("a parcel without a number could not be found again".to_owned());
    }
    Ok(parcel.to_string())
}

/// Carrier code, the name beside it where the code is `Other`, and the code of the parcel.
fn carrier(parcel: &Parcel<'_>) -> Result<(String, Option<String>, String), String> {
    let Some(tracking) = parcel.tracking else {
        let text = parcel.without_code.ok_or(
            "Amazon wants a track & trace code; set text_without_code to send without one",
        )?;
        return Ok((OTHER.to_owned(), Some(OTHER.to_owned()), text.to_owned()));
    };
    let code = tracking.code.trim();
    if code.is_empty() {
        return Err("the track & trace code is empty".to_owned());
    }
    let word = match &tracking.transporter {
        Some(word) => words::check(words::Marketplace::Amazon, word, &[])
            .ok()
            .and_then(|known| known.code())
            .filter(|known| *known == word)
            .ok_or_else(|| format!("Amazon has no carrier code {word:?}"))?,
        None => OTHER,
    };
    let name = (word == OTHER)
        .then(|| text(tracking.transporter_name.as_deref()).unwrap_or_else(|| OTHER.to_owned()));
    Ok((word.to_owned(), name, code.to_owned()))
}

/// Why an item is cancelled, in Amazon's words.
pub(super) fn cancel_reason(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::OutOfStock => "NoInventory",
        CancelReason::BuyerAsked => "BuyerCanceled",
        CancelReason::Other => "GeneralAdjustment",
    }
}

/// Whether a line may be cancelled as asked: Amazon cancels an item with all its pieces.
pub(super) fn whole_line(asked: &ConfirmLine, line: &Line) -> Result<(), String> {
    if asked.quantity == line.open() && line.shipped == 0 {
        return Ok(());
    }
    Err(format!(
        "Amazon cancels whole items; item {} has {} of {} pieces open and {} were to be cancelled",
        line.id,
        line.open(),
        line.quantity,
        asked.quantity
    ))
}
