//! From our shapes to Mirakl's: pure functions named after what they make.
//!
//! `Err` is a refusal in words for a person: Mirakl would refuse the same, so it is not sent.

use order_core::order::Line;
use order_core::ports::{CancelReason, ConfirmLine, ConfirmRequest, ConfirmTracking};

use super::wire::{
    Acceptance, AcceptedLine, LineSums, NewShipment, NewShipmentLine, NewShipments, OrderLine,
    OrderTracking, Sum, Tracking,
};
use crate::text;

/// The longest package reference we send. Mirakl states no limit; its other references have this.
const LONGEST_REFERENCE: usize = 255;

pub(super) fn shipment(request: &ConfirmRequest) -> Result<NewShipments, String> {
    if request.lines.is_empty() {
        return Err("a shipment without lines".to_owned());
    }
    let package = reference(&request.reference)?;
    let line = |line: &ConfirmLine| {
        if line.quantity == 0 {
            return Err(format!("line {}: nothing to ship", line.line));
        }
        Ok(NewShipmentLine {
            order_line_id: line.line.as_str().to_owned(),
            quantity: line.quantity,
            package_reference: package.clone(),
        })
    };
    Ok(NewShipments {
        shipments: [NewShipment {
            order_id: request.order.as_str().to_owned(),
            shipped: true,
            shipment_lines: request.lines.iter().map(line).collect::<Result<_, _>>()?,
            tracking: request.tracking.as_ref().map(tracking).transpose()?,
        }],
    })
}

/// Our reference as Mirakl holds it, on every line of a shipment.
pub(super) fn reference(reference: &str) -> Result<String, String> {
    text::reference(reference, LONGEST_REFERENCE)
}

/// A carrier of the operator's list goes by its code. One that is not on it goes by its name and
/// the address where the parcel can be followed, as Mirakl wants it for unregistered carriers.
pub(super) fn tracking(tracking: &ConfirmTracking) -> Result<Tracking, String> {
    let code = tracking.code.trim();
    if code.is_empty() {
        return Err("the track & trace code is empty".to_owned());
    }
    let registered = tracking.transporter.clone();
    let name = registered.is_none().then(|| {
        text::text(tracking.transporter_name.as_deref()).unwrap_or_else(|| "Other".to_owned())
    });
    Ok(Tracking {
        tracking_url: tracking.url.clone().filter(|_| registered.is_none()),
        carrier_code: registered,
        carrier_name: name,
        tracking_number: Some(code.to_owned()),
    })
}

pub(super) fn order_tracking(request: &ConfirmTracking) -> Result<OrderTracking, String> {
    let tracking = tracking(request)?;
    Ok(OrderTracking {
        carrier_code: tracking.carrier_code,
        carrier_name: tracking.carrier_name,
        carrier_url: tracking.tracking_url,
        tracking_number: tracking.tracking_number.unwrap_or_default(),
    })
}

/// Whether a shipment holds already what would be stored in it.
pub(super) fn is_stored(wanted: &Tracking, held: &Tracking) -> bool {
    let same = |wanted: &Option<String>, held: &Option<String>| wanted.is_none() || wanted == held;
    wanted.tracking_number == held.tracking_number
        && same(&wanted.carrier_code, &held.carrier_code)
        && same(&wanted.carrier_name, &held.carrier_name)
}

/// A decision about every line: Mirakl takes no less.
pub(super) fn acceptance<'a>(
    lines: impl Iterator<Item = &'a Line>,
    accepted: impl Fn(&Line) -> bool,
) -> Acceptance {
    Acceptance {
        order_lines: lines
            .map(|line| AcceptedLine {
                id: line.id.as_str().to_owned(),
                accepted: accepted(line),
            })
            .collect(),
    }
}

/// The setting with the reason's code.
pub(super) fn reason_name(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::OutOfStock => "out_of_stock",
        CancelReason::BuyerAsked => "buyer_asked",
        CancelReason::Other => "other",
    }
}

/// Everything that was paid for a line, to be given back.
pub(super) fn line_sums(
    line: &OrderLine,
    quantity: u32,
    currency: &str,
    reason: &str,
) -> Result<LineSums, String> {
    let id = line.order_line_id.clone().unwrap_or_default();
    let amount = line
        .price
        .ok_or_else(|| format!("line {id}: Mirakl gives no price, so nothing can be given back"))?;
    let sum = |code: &Option<String>, amount: Option<crate::number::Number>| {
        Some(Sum {
            code: code.clone()?,
            amount: amount?.0,
        })
    };
    let taxes = |taxes: &Option<Vec<super::wire::Tax>>| -> Vec<Sum> {
        let taxes = taxes.iter().flatten();
        taxes.filter_map(|tax| sum(&tax.code, tax.amount)).collect()
    };
    let fees = line.fees.iter().flatten();
    Ok(LineSums {
        quantity,
        reason_code: reason.to_owned(),
        currency_iso_code: currency.to_owned(),
        amount: amount.0,
        shipping_amount: line.shipping_price.map_or_else(Default::default, |it| it.0),
        taxes: taxes(&line.taxes),
        shipping_taxes: taxes(&line.shipping_taxes),
        fees: fees.filter_map(|fee| sum(&fee.code, fee.amount)).collect(),
        excluded_from_shipment: None,
        order_line_id: id,
    })
}

/// Whether a line may be cancelled as asked: what it cost is only known as a whole.
pub(super) fn whole_line(asked: &ConfirmLine, line: &Line) -> Result<(), String> {
    if asked.quantity == line.open() && line.shipped == 0 {
        return Ok(());
    }
    Err(format!(
        "only whole lines can be cancelled here; line {} has {} of {} pieces open and {} were to \
         be cancelled",
        line.id,
        line.open(),
        line.quantity,
        asked.quantity
    ))
}
