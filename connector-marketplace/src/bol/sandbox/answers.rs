//! The bodies of bol's description, made from what the sandbox knows.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::Settings;
use super::world::{
    ItemRow, OrderRow, ProcessRow, ReturnItemRow, ReturnRow, ShipmentRow, World, delta,
};

/// How many entries a page has.
const PAGE: usize = 50;
/// How long handled orders stay in the list.
const HANDLED_VISIBLE: TimeDelta = TimeDelta::hours(48);

/// What a list of orders was asked for.
#[derive(Debug)]
pub(super) struct OrdersQuery {
    pub(super) status: String,
    pub(super) method: String,
    pub(super) changed_minutes: Option<i64>,
    pub(super) page: usize,
}

pub(super) fn orders(world: &World, query: &OrdersQuery, now: DateTime<Utc>) -> Value {
    let listed = world
        .orders
        .iter()
        .filter(|order| is_listed(order, query, now))
        .map(reduced_order);
    let page = page_of(listed, query.page);
    let entries: Vec<Value> = world.list_entries.iter().cloned().chain(page).collect();
    json!({ "orders": entries })
}

fn is_listed(order: &OrderRow, query: &OrdersQuery, now: DateTime<Utc>) -> bool {
    order.items.iter().any(|item| {
        let status = match query.status.as_str() {
            "OPEN" => item.open() > 0,
            "SHIPPED" => item.shipped > 0,
            _ => item.open() > 0 || now - item.changed_at < HANDLED_VISIBLE,
        };
        let method = query.method == "ALL" || query.method == item.method;
        let changed = query
            .changed_minutes
            .is_none_or(|minutes| now - item.changed_at <= TimeDelta::minutes(minutes));
        status && method && changed
    })
}

fn page_of<T>(entries: impl Iterator<Item = T>, page: usize) -> impl Iterator<Item = T> {
    entries
        .skip(page.saturating_sub(1).saturating_mul(PAGE))
        .take(PAGE)
}

fn reduced_order(order: &OrderRow) -> Value {
    let items: Vec<Value> = order
        .items
        .iter()
        .map(|item| {
            json!({
                "orderItemId": item.id,
                "ean": item.ean,
                "fulfilmentMethod": item.method,
                "fulfilmentStatus": if item.open() > 0 { "OPEN" } else { "HANDLED" },
                "quantity": item.quantity,
                "quantityShipped": item.shipped,
                "quantityCancelled": item.cancelled,
                "cancellationRequest": item.cancellation_request,
                "latestChangedDateTime": instant(item.changed_at),
            })
        })
        .collect();
    json!({
        "orderId": order.id,
        "orderPlacedDateTime": instant(order.placed_at),
        "orderItems": items,
    })
}

pub(super) fn order(order: &OrderRow) -> Value {
    json!({
        "orderId": order.id,
        "pickupPoint": order.pickup_point,
        "orderPlacedDateTime": instant(order.placed_at),
        "shipmentDetails": order.shipment_details,
        "billingDetails": order.billing_details,
        "orderItems": order.items.iter().map(order_item).collect::<Vec<_>>(),
    })
}

fn order_item(item: &ItemRow) -> Value {
    let gross = item.unit_price * u64::from(item.quantity);
    let discounts = if item.discount > 0 {
        json!([{ "title": "Discount", "amount": euro(item.discount) }])
    } else {
        json!([])
    };
    json!({
        "orderItemId": item.id,
        "cancellationRequest": item.cancellation_request,
        "fulfilment": {
            "method": item.method,
            "distributionParty": if item.method == "FBB" { "BOL" } else { "RETAILER" },
            "latestDeliveryDate": item.latest_delivery,
            "timeFrameType": "REGULAR",
        },
        "offer": { "offerId": "6ff736b5-cdd0-4150-8c67-78269ee986f5", "reference": item.reference },
        "product": { "ean": item.ean, "title": item.title },
        "quantity": item.quantity,
        "quantityShipped": item.shipped,
        "quantityCancelled": item.cancelled,
        "unitPrice": euro(item.unit_price),
        "totalPrice": euro(gross.saturating_sub(item.discount)),
        "discounts": discounts,
        "commission": euro(gross / 10),
        "latestChangedDateTime": instant(item.changed_at),
    })
}

pub(super) fn shipments(
    world: &World,
    order: Option<&str>,
    page: usize,
    now: DateTime<Utc>,
    settings: &Settings,
) -> Value {
    let lag = delta(settings.listing_lag);
    let listed = world
        .shipments
        .iter()
        .filter(|it| order.is_none_or(|order| it.order == order) && it.shipped_at + lag <= now)
        .map(|it| {
            let items = it.items.iter().map(|(id, _)| {
                json!({ "orderItemId": id, "ean": found(world, id).map_or("", |item| &item.ean) })
            });
            json!({
                "shipmentId": it.id,
                "shipmentDateTime": instant(it.shipped_at),
                "shipmentReference": it.reference,
                "order": { "orderId": it.order },
                "shipmentItems": items.collect::<Vec<_>>(),
                "transport": { "transportId": it.transport },
            })
        });
    json!({ "shipments": page_of(listed, page).collect::<Vec<_>>() })
}

pub(super) fn shipment(world: &World, row: &ShipmentRow) -> Value {
    let items = row.items.iter().filter_map(|(id, quantity)| {
        let item = found(world, id)?;
        Some(json!({
            "orderItemId": id,
            "product": { "ean": item.ean, "title": item.title },
            "quantity": item.quantity,
            "quantityShipped": quantity,
            "unitPrice": euro(item.unit_price),
        }))
    });
    let mut transport = json!({ "transportId": row.transport });
    if let Some(transporter) = &row.transporter {
        transport["transporterCode"] = json!(transporter);
    }
    if let Some(code) = &row.code {
        transport["trackAndTrace"] = json!(code);
    }
    json!({
        "shipmentId": row.id,
        "shipmentDateTime": instant(row.shipped_at),
        "shipmentReference": row.reference,
        "order": { "orderId": row.order },
        "shipmentItems": items.collect::<Vec<_>>(),
        "transport": transport,
    })
}

fn found<'a>(world: &'a World, item: &str) -> Option<&'a ItemRow> {
    world
        .orders
        .iter()
        .flat_map(|order| &order.items)
        .find(|it| it.id == item)
}

/// Unhandled ones oldest first, handled ones newest first.
pub(super) fn returns(
    world: &World,
    handled: Option<bool>,
    method: Option<&str>,
    page: usize,
) -> Value {
    let all = |row: &ReturnRow| row.items.iter().all(|item| !item.results.is_empty());
    let mut rows: Vec<&ReturnRow> = world
        .returns
        .iter()
        .filter(|row| handled.is_none_or(|handled| handled == all(row)))
        .filter(|row| method.is_none_or(|method| method == method_of(world, row)))
        .collect();
    if handled == Some(true) {
        rows.reverse();
    }
    let reduced = rows.into_iter().map(|row| {
        let items: Vec<Value> = row.items.iter().map(|it| return_item(world, it)).collect();
        return_with(world, row, items)
    });
    json!({ "returns": page_of(reduced, page).collect::<Vec<_>>() })
}

pub(super) fn whole_return(world: &World, row: &ReturnRow) -> Value {
    let details = |item: &ReturnItemRow| {
        let mut whole = return_item(world, item);
        let order = world.orders.iter().find(|order| order.id == item.order);
        whole["title"] = json!(found(world, &item.item).map_or("", |item| &item.title));
        whole["trackAndTrace"] = json!("3SBOL0987654321");
        whole["transporterName"] = json!("PostNL");
        whole["customerDetails"] =
            order.map_or_else(|| json!({}), |order| order.shipment_details.clone());
        whole
    };
    return_with(world, row, row.items.iter().map(details).collect())
}

fn return_with(world: &World, row: &ReturnRow, items: Vec<Value>) -> Value {
    json!({
        "returnId": row.id,
        "registrationDateTime": instant(row.registered_at),
        "fulfilmentMethod": method_of(world, row),
        "returnItems": items,
    })
}

fn method_of<'a>(world: &'a World, row: &ReturnRow) -> &'a str {
    let first = row.items.first();
    let item = first.and_then(|item| found(world, &item.item));
    item.map_or("FBR", |item| &item.method)
}

fn return_item(world: &World, row: &ReturnItemRow) -> Value {
    let results: Vec<Value> = row
        .results
        .iter()
        .map(|(result, quantity, at)| {
            json!({
                "quantity": quantity,
                "processingResult": "ACCEPTED",
                "handlingResult": result,
                "processingDateTime": instant(*at),
            })
        })
        .collect();
    json!({
        "rmaId": row.rma,
        "orderId": row.order,
        "ean": found(world, &row.item).map_or("", |item| &item.ean),
        "expectedQuantity": row.quantity,
        "returnReason": {
            "mainReason": "Verkeerde maat of afmeting",
            "detailedReason": "Te klein",
            "customerComments": "Past niet",
        },
        "handled": !results.is_empty(),
        "processingResults": results,
    })
}

pub(super) fn keys(world: &World) -> Value {
    let keys = world
        .signature_keys
        .iter()
        .map(|(id, key)| json!({ "id": id, "type": "RSA", "publicKey": key }));
    json!({ "signatureKeys": keys.collect::<Vec<_>>() })
}

pub(super) fn process(row: &ProcessRow) -> Value {
    let mut body = json!({
        "processStatusId": row.id,
        "entityId": row.entity,
        "eventType": row.event,
        "description": format!("{} for {}.", row.event, row.entity),
        "status": row.status,
        "createTimestamp": instant(row.created_at),
        "links": [{
            "rel": "self",
            "href": format!("https://api.bol.com/shared/process-status/{}", row.id),
            "method": "GET",
        }],
    });
    if let Some(error) = &row.error {
        body["errorMessage"] = json!(error);
    }
    body
}

/// Newest first, one page.
pub(super) fn processes<'a>(rows: impl Iterator<Item = &'a ProcessRow>, page: usize) -> Value {
    let mut rows: Vec<&ProcessRow> = rows.collect();
    rows.reverse();
    json!({ "processStatuses": page_of(rows.into_iter().map(process), page).collect::<Vec<_>>() })
}

pub(super) fn problem(status: u16, detail: &str, violations: &[(&str, &str)]) -> Value {
    let violations: Vec<Value> = violations
        .iter()
        .map(|(name, reason)| json!({ "name": name, "reason": reason }))
        .collect();
    json!({
        "type": "https://api.bol.com/problems",
        "title": "Error validating request. Consult the bol.com API documentation for more information.",
        "status": status,
        "detail": detail,
        "violations": violations,
    })
}

fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Cents as a JSON number with two decimals at most.
fn euro(cents: u64) -> Value {
    let text = format!("{}.{:02}", cents / 100, cents % 100);
    serde_json::from_str(&text).unwrap_or(Value::Null)
}
