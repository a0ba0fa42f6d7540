//! Answers in the shape of recorded ones.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::store::{Cost, Line, Meta, Order, Product, Rate, Store, cents};

/// The keys of an address, in WooCommerce's order.
pub(super) const ADDRESS: [&str; 11] = [
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "state",
    "postcode",
    "country",
    "email",
    "phone",
];

pub(super) fn order(order: &Order, store: &Store) -> Value {
    let rates = &store.rates;
    let totals = order.totals(rates);
    let discount: Decimal = order
        .lines
        .iter()
        .map(|line| line.subtotal - line.total)
        .sum();
    let lines: Vec<Value> = order
        .lines
        .iter()
        .map(|own| line(own, order, store))
        .collect();
    let head = json!({
        "id": order.id,
        "parent_id": 0,
        "status": order.status,
        "currency": order.currency,
        "version": "11.0.1",
        "prices_include_tax": true,
        "date_created": date(Some(order.created)),
        "date_modified": date(Some(order.modified)),
        "discount_total": money(discount),
        "discount_tax": money(order.tax(discount, rates)),
        "shipping_total": money(totals.shipping),
        "shipping_tax": money(totals.shipping_tax),
        "cart_tax": money(totals.lines_tax),
        "total": money(totals.total),
        "total_tax": money(totals.lines_tax + totals.shipping_tax),
        "customer_id": 0,
        "order_key": format!("wc_order_{:013}", order.id),
        "billing": order.billing,
        "shipping": order.shipping,
        "payment_method": order.payment_method,
        "payment_method_title": order.payment_method_title,
        "transaction_id": order.transaction_id,
        "customer_ip_address": "",
        "customer_user_agent": "",
        "created_via": order.created_via,
        "customer_note": order.customer_note,
        "date_completed": date(order.completed),
        "date_paid": date(order.paid),
        "cart_hash": "",
        "number": order.id.to_string(),
        "meta_data": order.meta.iter().map(|own| meta(own, false)).collect::<Vec<_>>(),
        "line_items": lines,
        "tax_lines": tax_lines(order, rates),
        "shipping_lines": order.shipping_lines.iter().map(|own| shipping_line(own, order, rates)).collect::<Vec<_>>(),
        "fee_lines": order.fee_lines.iter().map(|own| fee_line(own, order, rates)).collect::<Vec<_>>(),
        "coupon_lines": [],
        "refunds": refunds(order),
    });
    let tail = json!({
        "payment_url": format!("http://127.0.0.1/checkout/order-pay/{}/", order.id),
        "is_editable": matches!(order.status.as_str(), "pending" | "on-hold" | "auto-draft"),
        "needs_payment": order.paid.is_none(),
        "needs_processing": true,
        "date_created_gmt": date(Some(order.created)),
        "date_modified_gmt": date(Some(order.modified)),
        "date_completed_gmt": date(order.completed),
        "date_paid_gmt": date(order.paid),
        "currency_symbol": "€",
        "_links": links(&format!("orders/{}", order.id), "orders"),
    });
    joined([head, tail])
}

/// One object of several: JSON as long as these cannot be written in one piece.
fn joined<const N: usize>(parts: [Value; N]) -> Value {
    let members = parts.into_iter().filter_map(|part| match part {
        Value::Object(members) => Some(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            None
        }
    });
    Value::Object(members.flatten().collect())
}

/// What an order tells of its refunds.
fn refunds(order: &Order) -> Vec<Value> {
    let told = |refund: &Value| {
        let amount = refund["amount"].as_str().unwrap_or_default();
        json!({"id": refund["id"], "reason": refund["reason"], "total": format!("-{amount}")})
    };
    order.refunds.iter().map(told).collect()
}

/// The notes of an order.
pub(super) fn notes(order: &Order) -> Value {
    let told = |(at, note): (usize, &String)| json!({"id": at + 1, "author": "WooCommerce", "note": note, "customer_note": false});
    order.notes.iter().enumerate().map(told).collect()
}

fn line(line: &Line, order: &Order, store: &Store) -> Value {
    let rates = &store.rates;
    let product = store
        .products
        .iter()
        .find(|product| product.id == line.product);
    let text = |value: fn(&Product) -> &str| product.map_or(Value::Null, |own| json!(value(own)));
    let price = line
        .total
        .checked_div(Decimal::from(line.quantity))
        .unwrap_or_default();
    json!({
        "id": line.id,
        "name": line.name,
        "product_id": line.product,
        "variation_id": line.variation,
        "quantity": line.quantity,
        "tax_class": "",
        "subtotal": money(line.subtotal),
        "subtotal_tax": money(order.tax(line.subtotal, rates)),
        "total": money(line.total),
        "total_tax": money(order.tax(line.total, rates)),
        "taxes": taxes(order, rates, line.total, &money(order.tax(line.subtotal, rates))),
        "meta_data": line.meta.iter().map(|own| meta(own, true)).collect::<Vec<_>>(),
        "sku": text(|own| &own.sku),
        "global_unique_id": text(|own| &own.gtin),
        "price": serde_json::from_str::<Value>(&price.round_dp(6).normalize().to_string()).unwrap_or_default(),
        "image": {"id": product.map_or(json!(0), |_| json!("")), "src": ""},
        "parent_name": null,
    })
}

fn taxes(order: &Order, rates: &[Rate], net: Decimal, subtotal: &str) -> Value {
    match order.rate(rates) {
        Some(rate) => {
            json!([{"id": rate.id, "total": money(order.tax(net, rates)), "subtotal": subtotal}])
        }
        None => json!([]),
    }
}

fn tax_lines(order: &Order, rates: &[Rate]) -> Value {
    let totals = order.totals(rates);
    match order.rate(rates) {
        Some(rate) => json!([{
            "id": order.id * 1000 + rate.id,
            "rate_code": format!("{}-VAT-1", rate.country),
            "rate_id": rate.id,
            "label": "VAT",
            "compound": false,
            "tax_total": money(totals.lines_tax),
            "shipping_tax_total": money(totals.shipping_tax),
            "rate_percent": serde_json::from_str::<Value>(&rate.percent.normalize().to_string()).unwrap_or_default(),
            "meta_data": [],
        }]),
        None => json!([]),
    }
}

fn shipping_line(cost: &Cost, order: &Order, rates: &[Rate]) -> Value {
    json!({
        "id": cost.id,
        "method_title": cost.title,
        "method_id": cost.method,
        "instance_id": "",
        "total": money(cost.total),
        "total_tax": money(order.cost_tax(cost, rates)),
        "taxes": taxes(order, rates, cost.total, ""),
        "tax_status": "taxable",
        "meta_data": [],
    })
}

fn fee_line(cost: &Cost, order: &Order, rates: &[Rate]) -> Value {
    let net = if cost.taxable {
        cost.total
    } else {
        Decimal::ZERO
    };
    json!({
        "id": cost.id,
        "name": cost.title,
        "tax_class": "",
        "tax_status": if cost.taxable { "taxable" } else { "none" },
        "amount": "",
        "total": money(cost.total),
        "total_tax": money(order.cost_tax(cost, rates)),
        "taxes": taxes(order, rates, net, ""),
        "meta_data": [],
    })
}

fn meta(meta: &Meta, of_line: bool) -> Value {
    let mut value = json!({"id": meta.id, "key": meta.key, "value": meta.value});
    if of_line {
        value["display_key"] = json!(meta.key);
        value["display_value"] = meta.value.clone();
    }
    value
}

pub(super) fn product(product: &Product) -> Value {
    let created = date(Some(product.created));
    let slug = product.name.to_ascii_lowercase().replace(' ', "-");
    let head = json!({
        "id": product.id, "name": product.name, "slug": slug,
        "permalink": format!("http://127.0.0.1/product/{slug}/"),
        "date_created": created, "date_created_gmt": created,
        "date_modified": created, "date_modified_gmt": created,
        "type": "simple", "status": "publish", "featured": false, "catalog_visibility": "visible",
        "description": "", "short_description": "", "sku": product.sku,
        "price": "12.10", "regular_price": "12.10", "sale_price": "",
        "date_on_sale_from": null, "date_on_sale_from_gmt": null,
        "date_on_sale_to": null, "date_on_sale_to_gmt": null,
    });
    let middle = json!({
        "on_sale": false, "purchasable": true, "total_sales": 0, "virtual": false,
        "downloadable": false, "downloads": [], "download_limit": -1, "download_expiry": -1,
        "external_url": "", "button_text": "", "tax_status": "taxable", "tax_class": "",
        "manage_stock": true, "stock_quantity": product.stock, "backorders": "no",
        "backorders_allowed": false, "backordered": false, "low_stock_amount": null,
        "sold_individually": false, "weight": "",
        "dimensions": {"length": "", "width": "", "height": ""},
        "shipping_required": true, "shipping_taxable": true, "shipping_class": "",
        "shipping_class_id": 0, "reviews_allowed": true, "average_rating": "0.00",
        "rating_count": 0, "upsell_ids": [], "cross_sell_ids": [], "parent_id": 0,
        "purchase_note": "",
    });
    let tail = json!({
        "categories": [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}],
        "brands": [], "tags": [], "images": [], "attributes": [], "default_attributes": [],
        "variations": [], "grouped_products": [], "menu_order": 0, "price_html": "",
        "related_ids": [], "meta_data": [],
        "stock_status": if product.stock > 0 { "instock" } else { "outofstock" },
        "has_options": false, "post_password": "", "global_unique_id": product.gtin,
        "_links": links(&format!("products/{}", product.id), "products"),
    });
    joined([head, middle, tail])
}

/// A refusal.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> (u16, Value) {
    (
        status,
        json!({"code": code, "message": message, "data": {"status": status}}),
    )
}

/// An address with every key; `None` values are empty texts.
pub(super) fn address(given: &Value, with_email: bool) -> Map<String, Value> {
    ADDRESS
        .iter()
        .filter(|key| with_email || **key != "email")
        .map(|key| {
            let text = given.get(*key).and_then(Value::as_str).unwrap_or_default();
            ((*key).to_owned(), json!(text))
        })
        .collect()
}

fn links(own: &str, collection: &str) -> Value {
    let root = "http://127.0.0.1/wp-json/wc/v3";
    json!({
        "self": [{"href": format!("{root}/{own}"), "targetHints": {"allow": ["GET", "POST", "PUT", "PATCH", "DELETE"]}}],
        "collection": [{"href": format!("{root}/{collection}")}],
    })
}

fn money(sum: Decimal) -> String {
    format!("{:.2}", cents(sum))
}

fn date(at: Option<DateTime<Utc>>) -> Value {
    at.map_or(Value::Null, |at| {
        json!(at.format("%Y-%m-%dT%H:%M:%S").to_string())
    })
}
