//! From the body of a request to a change, or to bol's complaint about it.

use serde::Deserialize;

use super::serve::{Call, Reply, absent, last, refused};
use super::world::Change;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShipmentBody {
    order_items: Vec<ItemBody>,
    #[serde(default)]
    shipment_reference: Option<String>,
    #[serde(default)]
    transport: Option<TransportBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemBody {
    order_item_id: String,
    #[serde(default)]
    quantity: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TransportBody {
    #[serde(default)]
    transporter_code: Option<String>,
    #[serde(default)]
    track_and_trace: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CancellationBody {
    order_items: Vec<ItemBody>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReturnBody {
    handling_result: String,
    quantity_returned: u32,
}

/// What a seller may decide about a return.
const HANDLING_RESULTS: &[&str] = &[
    "RETURN_RECEIVED",
    "EXCHANGE_PRODUCT",
    "RETURN_DOES_NOT_MEET_CONDITIONS",
    "REPAIR_PRODUCT",
    "CUSTOMER_KEEPS_PRODUCT_PAID",
    "STILL_APPROVED",
];

/// Reads a change, or says what is wrong with its body as bol does.
pub(super) fn change(call: &Call) -> Result<Change, Reply> {
    let wrong = |name: &str, reason: &str| refused(400, "Bad request", &[(name, reason)]);
    let unreadable = |error: serde_json::Error| wrong("body", &error.to_string());
    match call.seen.operation.as_str() {
        "POST /retailer/shipments" => {
            let body: ShipmentBody = serde_json::from_slice(&call.body).map_err(unreadable)?;
            if body.order_items.is_empty() || body.order_items.len() > 100 {
                return Err(wrong("orderItems", "size must be between 1 and 100"));
            }
            let reference = body.shipment_reference.unwrap_or_default();
            if reference.chars().count() > 90 {
                return Err(wrong("shipmentReference", "size must be between 0 and 90"));
            }
            let (transporter, code) = match body.transport {
                None => (None, None),
                Some(TransportBody {
                    transporter_code: None,
                    ..
                }) => {
                    return Err(wrong("transport.transporterCode", "must not be null"));
                }
                Some(transport) => (transport.transporter_code, transport.track_and_trace),
            };
            let items = body
                .order_items
                .into_iter()
                .map(|it| (it.order_item_id, it.quantity));
            Ok(Change::Ship {
                items: items.collect(),
                reference,
                transporter,
                code,
            })
        }
        "PUT /retailer/transports/{transport-id}" => {
            let body: TransportBody = serde_json::from_slice(&call.body).map_err(unreadable)?;
            let code = body.track_and_trace.filter(|code| !code.is_empty());
            let code = code.ok_or_else(|| wrong("trackAndTrace", "must not be blank"))?;
            let transport = last(call).to_owned();
            Ok(Change::Transport {
                transport,
                transporter: body.transporter_code,
                code,
            })
        }
        "PUT /retailer/orders/cancellation" => {
            let body: CancellationBody = serde_json::from_slice(&call.body).map_err(unreadable)?;
            match <[ItemBody; 1]>::try_from(body.order_items) {
                Ok([item]) => Ok(Change::Cancel {
                    item: item.order_item_id,
                }),
                Err(_) => Err(wrong("orderItems", "size must be between 1 and 1")),
            }
        }
        "PUT /retailer/returns/{rma-id}" => {
            let body: ReturnBody = serde_json::from_slice(&call.body).map_err(unreadable)?;
            if !HANDLING_RESULTS.contains(&body.handling_result.as_str()) {
                return Err(wrong("handlingResult", "is no handling result"));
            }
            if !(1..=9999).contains(&body.quantity_returned) {
                return Err(wrong("quantityReturned", "must be between 1 and 9999"));
            }
            if last(call).parse::<i64>().is_err() {
                return Err(wrong("rma-id", "must be a number"));
            }
            Ok(Change::Return {
                rma: last(call).to_owned(),
                result: body.handling_result,
                quantity: body.quantity_returned,
            })
        }
        _ => Err(absent()),
    }
}
