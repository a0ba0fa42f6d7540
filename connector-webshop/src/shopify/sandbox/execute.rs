//! What each root field does.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::graphql::{Field, NODES};
use super::refund;
use super::store::{Line, Order, Payment, Store};

/// Executes one root field.
pub(super) fn field(store: &mut Store, field: &Field, now: DateTime<Utc>) -> Result<Value, String> {
    let argument = |name: &str| field.arguments.get(name).unwrap_or(&Value::Null);
    match field.name.as_str() {
        "nodes" => {
            let ids = argument("ids").as_array().cloned().unwrap_or_default();
            ids.iter().map(|id| node(store, id)).collect()
        }
        "order" => order(store, field, argument("id")),
        "fulfillment" => {
            let id = number(argument("id"), "Fulfillment")?;
            let parcels = store.orders.values().flat_map(|order| &order.parcels);
            let found = parcels.into_iter().find(|parcel| Some(parcel.id) == id);
            Ok(found.map_or(Value::Null, super::store::Parcel::value))
        }
        "orderByIdentifier" => by_identifier(store, &argument("identifier")["customId"]),
        "orders" => Ok(search_orders(store, field)),
        "productVariants" => {
            let wanted = terms(argument("query").as_str().unwrap_or_default());
            let hits = store.products.iter().filter(|product| {
                wanted.iter().any(|(name, value)| match name.as_str() {
                    // A search finds what begins alike, too.
                    "sku" => product.sku.starts_with(value.as_str()),
                    "barcode" => product.barcode == *value,
                    _ => false,
                })
            });
            let hits: Vec<Value> = hits.map(super::store::Product::value).collect();
            Ok(json!({NODES: hits}))
        }
        "shop" => Ok(json!({
            "name": "Sandbox shop", "currencyCode": "EUR",
            "myshopifyDomain": "sandbox.myshopify.com",
        })),
        "currentAppInstallation" => Ok(installation(store)),
        "metafieldDefinitions" => {
            let definition = json!({
                "type": {"name": "id"},
                "capabilities": {"uniqueValues": {"enabled": true}},
            });
            let definitions: Vec<Value> = store
                .has_key_definition
                .then_some(definition)
                .into_iter()
                .collect();
            Ok(json!({NODES: definitions}))
        }
        "orderCreate" => create(store, argument("order"), argument("options"), now),
        "orderCancel" => cancel(store, argument("orderId"), now),
        "refundCreate" => {
            let key = field.idempotency_key.as_deref();
            refund::create(store, argument("input"), key, now)
        }
        "orderUpdate" => update(store, argument("input"), now),
        other => Err(format!("the sandbox has no field {other:?}")),
    }
}

/// An order, with the refund that is suggested where that is asked for.
fn order(store: &mut Store, field: &Field, id: &Value) -> Result<Value, String> {
    let mut order = node(store, id)?;
    if let (Some(below), Some(order)) = (field.below("suggestedRefund"), order.as_object_mut()) {
        let lines = below.arguments.get("refundLineItems");
        let suggestion = refund::suggestion(store, id, lines)?;
        order.insert(below.name.clone(), suggestion);
    }
    Ok(order)
}

fn installation(store: &Store) -> Value {
    let mut scopes = vec!["write_orders", "read_all_orders", "read_products"];
    scopes.extend(store.locations_readable.then_some("read_locations"));
    let handles = scopes.iter().map(|scope| json!({"handle": scope}));
    json!({"accessScopes": handles.collect::<Vec<_>>()})
}

/// The number in an id; an id of another kind is an error, as with the real one.
pub(super) fn number(id: &Value, kind: &str) -> Result<Option<u64>, String> {
    let text = id.as_str().unwrap_or_default();
    let Some(rest) = text.strip_prefix("gid://shopify/") else {
        return Err(format!("Invalid global id '{text}'"));
    };
    let Some((own, number)) = rest.split_once('/') else {
        return Err(format!("Invalid global id '{text}'"));
    };
    Ok(number.parse().ok().filter(|_| own == kind))
}

fn node(store: &mut Store, id: &Value) -> Result<Value, String> {
    let id = number(id, "Order")?;
    let order = id.and_then(|id| store.orders.get_mut(&id));
    Ok(order.map_or(Value::Null, |order| {
        let value = order.value();
        if order.cancelled.is_some() {
            order.cancel_shows_after = order.cancel_shows_after.saturating_sub(1);
        }
        value
    }))
}

fn by_identifier(store: &Store, custom: &Value) -> Result<Value, String> {
    if !store.has_key_definition {
        let text = "Metafield definition of type 'id' is required when using custom ids.";
        return Err(text.to_owned());
    }
    let wanted: Vec<&str> = ["namespace", "key", "value"]
        .iter()
        .filter_map(|part| custom[*part].as_str())
        .collect();
    let mut orders = store.orders.values();
    let found = orders.find(|order| order.metafields.iter().any(|field| *field == *wanted));
    Ok(found.map_or(Value::Null, Order::value))
}

fn search_orders(store: &Store, field: &Field) -> Value {
    let text = field.arguments.get("query").and_then(Value::as_str);
    let wanted = terms(text.unwrap_or_default());
    let fits = |order: &&Order| {
        wanted.iter().all(|(name, value)| match name.as_str() {
            "source_identifier" => order.source_identifier.as_ref() == Some(value),
            "updated_at" => {
                let least = value.trim_start_matches(">=").trim_matches('"');
                let least = DateTime::parse_from_rfc3339(least);
                least.is_ok_and(|least| order.updated.timestamp() >= least.timestamp())
            }
            // What a search does not know it ignores.
            _ => true,
        })
    };
    let seen = store.orders.values().filter(|order| order.indexed);
    let mut hits: Vec<&Order> = seen.filter(fits).collect();
    hits.sort_by_key(|order| (order.updated, order.id));
    if field.arguments.get("reverse") == Some(&Value::Bool(true)) {
        hits.reverse();
    }
    let hits: Vec<Value> = hits.into_iter().map(Order::value).collect();
    json!({NODES: hits})
}

/// `name:value` pairs of a search, quotes taken off.
fn terms(search: &str) -> Vec<(String, String)> {
    search
        .split(" OR ")
        .filter_map(|term| term.split_once(':'))
        .map(|(name, value)| {
            let value = value.trim();
            let plain = value
                .strip_prefix('"')
                .and_then(|own| own.strip_suffix('"'));
            let value = plain.unwrap_or(value).replace("\\\"", "\"");
            (name.trim().to_owned(), value.replace("\\\\", "\\"))
        })
        .collect()
}

fn money(set: &Value) -> Decimal {
    let amount = set["shopMoney"]["amount"].as_str();
    amount
        .and_then(|amount| amount.parse().ok())
        .unwrap_or_default()
}

fn refused(field: &[&str], message: &str, code: &str) -> Value {
    json!({
        "order": null,
        "userErrors": [{"field": field, "message": message, "code": code}],
    })
}

fn create(
    store: &mut Store,
    input: &Value,
    options: &Value,
    now: DateTime<Utc>,
) -> Result<Value, String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let fields = input["metafields"].as_array().cloned().unwrap_or_default();
    let fields: Vec<[String; 3]> = fields
        .iter()
        .filter_map(|own| {
            Some([
                text(&own["namespace"])?,
                text(&own["key"])?,
                text(&own["value"])?,
            ])
        })
        .collect();
    let mut orders = store.orders.values();
    if orders.any(|order| order.metafields.iter().any(|own| fields.contains(own))) {
        let field = ["order", "metafields", "0", "value"];
        return Ok(refused(&field, "Value must be unique.", "INVALID"));
    }
    let lines: Vec<Line> = input["lineItems"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .map(|line| new_line(store, line))
        .collect();
    if lines.is_empty() {
        return Ok(refused(
            &["order", "lineItems"],
            "Line items can't be empty",
            "INVALID",
        ));
    }
    let behaviour = options["inventoryBehaviour"].as_str().unwrap_or("BYPASS");
    let short = lines.iter().any(|line| {
        let product = store
            .products
            .iter()
            .find(|own| Some(own.id) == line.product);
        product.is_some_and(|product| product.stock < i64::from(line.quantity))
    });
    if short && behaviour == "DECREMENT_OBEYING_POLICY" {
        return Ok(refused(
            &["order"],
            "Unable to reserve inventory",
            "INVENTORY_CLAIM_FAILED",
        ));
    }
    let id = store.next_id();
    let shipping = input["shippingLines"].as_array().map(Vec::as_slice);
    let shipping = shipping.unwrap_or_default().iter();
    let order = Order {
        id,
        name: format!("#{id}"),
        source_identifier: text(&input["sourceIdentifier"]),
        metafields: fields,
        note: text(&input["note"]),
        email: text(&input["email"]),
        updated: now,
        cancelled: None,
        cancel_shows_after: 0,
        currency: text(&input["currency"]).unwrap_or_else(|| "EUR".to_owned()),
        shipping: shipping.map(|line| money(&line["priceSet"])).sum(),
        payment: payment(store, input),
        refunds: Vec::new(),
        lines,
        parcels: Vec::new(),
        indexed: !store.search_is_behind,
        took_stock: false,
        made_fulfilled: input["fulfillmentStatus"] == "FULFILLED",
    };
    let made = json!({"id": super::store::gid("Order", id)});
    store.orders.insert(id, order);
    if behaviour != "BYPASS" {
        store.move_stock(id, false);
    }
    Ok(json!({"order": made, "userErrors": []}))
}

fn payment(store: &mut Store, input: &Value) -> Option<Payment> {
    let paid = input["transactions"].as_array()?.first()?;
    Some(Payment {
        id: store.next_id(),
        gateway: paid["gateway"].as_str().unwrap_or("manual").to_owned(),
        amount: money(&paid["amountSet"]),
    })
}

fn new_line(store: &mut Store, line: &Value) -> Line {
    let properties = line["properties"].as_array().cloned().unwrap_or_default();
    let quantity = line["quantity"].as_u64().unwrap_or(0);
    let quantity = u32::try_from(quantity).unwrap_or(u32::MAX);
    Line {
        id: store.next_id(),
        product: number(&line["variantId"], "ProductVariant").ok().flatten(),
        quantity,
        current: quantity,
        price: money(&line["priceSet"]),
        properties: properties
            .iter()
            .map(|own| {
                let part = |name: &str| own[name].as_str().unwrap_or_default().to_owned();
                (part("name"), part("value"))
            })
            .collect(),
    }
}

fn cancel(store: &mut Store, id: &Value, now: DateTime<Utc>) -> Result<Value, String> {
    let refuse = |message: &str, code: &str| {
        json!({"orderCancelUserErrors": [
            {"field": ["orderId"], "message": message, "code": code},
        ]})
    };
    let Some(id) = number(id, "Order")? else {
        return Ok(refuse("Order does not exist", "NOT_FOUND"));
    };
    let Some(order) = store.orders.get_mut(&id) else {
        return Ok(refuse("Order does not exist", "NOT_FOUND"));
    };
    if order.cancelled.is_some() {
        return Ok(refuse("Order has already been cancelled", "INVALID"));
    }
    order.cancelled = Some(now);
    order.cancel_shows_after = 1;
    order.updated = now;
    store.move_stock(id, true);
    Ok(json!({"orderCancelUserErrors": []}))
}

fn update(store: &mut Store, input: &Value, now: DateTime<Utc>) -> Result<Value, String> {
    let id = number(&input["id"], "Order")?;
    let Some(order) = id.and_then(|id| store.orders.get_mut(&id)) else {
        return Ok(refused(&["id"], "Order does not exist", "INVALID"));
    };
    order.note = input["note"].as_str().map(str::to_owned);
    order.updated = now;
    Ok(json!({"order": {"id": input["id"]}, "userErrors": []}))
}
