//! From our words to WooCommerce's.

use order_core::address::Address;
use order_core::money::Money;
use order_core::ports::{NewLine, NewOrder, ProductRef};
use rust_decimal::{Decimal, RoundingStrategy};

use super::wire::{AddressBody, CostBody, LineBody, MetaBody, NoteBody, OrderBody};
use crate::sums::Sums;

/// Where our line id is kept on a line of the shop.
pub(super) const LINE_META: &str = "_marketplace_line_id";
/// The most characters `created_via` holds in WooCommerce's order table.
const LONGEST_KEY: usize = 100;

/// What the draft needs to know of the settings.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options<'a> {
    pub(super) payment_title: &'a str,
    pub(super) pass_buyer_email: bool,
    pub(super) assumed_vat_percent: Option<Decimal>,
}

/// The first step: an inert order under our key.
pub(super) fn draft(
    order: &NewOrder,
    sums: &Sums,
    options: Options<'_>,
) -> Result<OrderBody, String> {
    let created_via = created_via(order)?;
    let mut line_items = Vec::with_capacity(order.lines.len());
    for (line, sum) in order.lines.iter().zip(&sums.lines) {
        let (product_id, variation_id) = product(&line.product)
            .ok_or_else(|| format!("{:?} is not a product of WooCommerce", line.product.id))?;
        let vat = line
            .vat_percent
            .or(options.assumed_vat_percent)
            .unwrap_or_default();
        line_items.push(LineBody {
            product_id: Some(product_id),
            variation_id,
            quantity: Some(line.quantity),
            subtotal: net(order, sum.before_discount, vat),
            total: net(order, sum.after_discount, vat),
            meta_data: line_meta(line),
            ..LineBody::default()
        });
    }
    let shipping_vat = options.assumed_vat_percent.unwrap_or_default();
    Ok(OrderBody {
        status: Some("checkout-draft".to_owned()),
        created_via: Some(created_via),
        currency: Some(order.currency.as_str().to_owned()),
        payment_method: Some(order.key.channel.clone()),
        payment_method_title: Some(options.payment_title.to_owned()),
        transaction_id: Some(order.key.order.to_string()),
        billing: Some(billing(order, options.pass_buyer_email)),
        shipping: Some(address(&order.ship_to)),
        line_items,
        shipping_lines: vec![CostBody {
            method_id: Some("flat_rate".to_owned()),
            method_title: Some(
                order
                    .shipping_method
                    .clone()
                    .unwrap_or_else(|| "Marketplace shipping".to_owned()),
            ),
            total: net(order, sums.shipping, shipping_vat),
            ..CostBody::default()
        }],
        meta_data: order_meta(order),
        ..OrderBody::default()
    })
}

/// The last step: paid, and ready to be worked on. What the marketplace sent is done with: its
/// stock counts as taken, so that the shop takes none, and puts none back later.
pub(super) fn activation(order: &NewOrder, completed_statuses: &[String]) -> OrderBody {
    let (status, meta_data) = if order.sent_elsewhere {
        let stock_is_taken = MetaBody {
            key: "_order_stock_reduced",
            value: "yes".to_owned(),
        };
        (completed(completed_statuses), vec![stock_is_taken])
    } else {
        ("processing".to_owned(), Vec::new())
    };
    OrderBody {
        status: Some(status),
        set_paid: Some(true),
        transaction_id: Some(order.key.order.to_string()),
        meta_data,
        ..OrderBody::default()
    }
}

/// WooCommerce's own, unless the settings count others only.
fn completed(statuses: &[String]) -> String {
    let own = "completed".to_owned();
    match statuses.first() {
        Some(first) if !statuses.contains(&own) => first.clone(),
        Some(_) | None => own,
    }
}

pub(super) fn cancellation() -> OrderBody {
    OrderBody {
        status: Some("cancelled".to_owned()),
        ..OrderBody::default()
    }
}

pub(super) fn staff_note(text: &str) -> NoteBody {
    NoteBody {
        note: text.to_owned(),
        customer_note: false,
    }
}

/// The key as `created_via`. The filter splits at commas and white space, the field is cleaned of
/// tags and percent codes and is bounded: a key that would not come back as it went is refused.
pub(super) fn created_via(order: &NewOrder) -> Result<String, String> {
    let key = order.key.to_string();
    let plain = |c: char| {
        c.is_ascii_graphic() && !matches!(c, ',' | '<' | '>' | '%' | '&' | '"' | '\'' | '\\')
    };
    if key.len() > LONGEST_KEY || order.key.channel.contains(':') || !key.chars().all(plain) {
        return Err(format!(
            "{key:?} cannot be stored as created_via and found again"
        ));
    }
    Ok(key)
}

/// A product's id: `10`, or `10/25` for variation 25 of product 10.
pub(super) fn product(product: &ProductRef) -> Option<(u64, Option<u64>)> {
    match product.id.split_once('/') {
        None => Some((product.id.parse().ok()?, None)),
        Some((parent, variation)) => Some((parent.parse().ok()?, Some(variation.parse().ok()?))),
    }
}

/// What is left of a sum without tax, with enough digits that adding the tax gives the sum back.
pub(super) fn net(order: &NewOrder, minor: i64, vat_percent: Decimal) -> String {
    let gross = Money::from_minor(minor, order.currency).amount;
    net_of(gross, vat_percent).to_string()
}

/// Six decimals: seen to keep totals exact where two do not.
pub(super) fn net_of(gross: Decimal, vat_percent: Decimal) -> Decimal {
    let factor = Decimal::ONE + vat_percent / Decimal::ONE_HUNDRED;
    let net = gross.checked_div(factor).unwrap_or(gross);
    net.round_dp_with_strategy(6, RoundingStrategy::MidpointAwayFromZero)
        .normalize()
}

fn line_meta(line: &NewLine) -> Vec<MetaBody> {
    vec![MetaBody {
        key: LINE_META,
        value: line.line.to_string(),
    }]
}

fn order_meta(order: &NewOrder) -> Vec<MetaBody> {
    let mut meta = vec![
        MetaBody {
            key: "_marketplace",
            value: order.key.channel.clone(),
        },
        MetaBody {
            key: "_marketplace_order_id",
            value: order.key.order.to_string(),
        },
    ];
    let mut add = |key, value: Option<String>| {
        meta.extend(value.map(|value| MetaBody { key, value }));
    };
    add(
        "_marketplace_ship_by",
        order.ship_by.map(|ship_by| ship_by.to_rfc3339()),
    );
    let point = order.ship_to.pickup_point.as_ref();
    add(
        "_marketplace_pickup_point",
        point.and_then(|point| point.id.clone()),
    );
    meta
}

fn billing(order: &NewOrder, pass_email: bool) -> AddressBody {
    let mut body = address(&order.bill_to);
    let phone = order
        .bill_to
        .phone
        .clone()
        .or_else(|| order.ship_to.phone.clone());
    body.phone = phone;
    if pass_email {
        body.email = order
            .bill_to
            .email
            .clone()
            .or_else(|| order.ship_to.email.clone());
    }
    body
}

fn address(address: &Address) -> AddressBody {
    let text = |part: &Option<String>| part.clone().unwrap_or_default();
    let mut lines = address.lines.iter().cloned();
    let point = address
        .pickup_point
        .as_ref()
        .and_then(|point| point.name.clone());
    let first = lines.next();
    let rest: Vec<String> = lines.collect();
    let (line_1, line_2) = match (first, point) {
        (Some(first), Some(point)) => (first, [vec![point], rest].concat().join(", ")),
        (Some(first), None) => (first, rest.join(", ")),
        (None, point) => (point.unwrap_or_default(), String::new()),
    };
    AddressBody {
        first_name: text(&address.first_name),
        last_name: text(&address.last_name),
        company: text(&address.company),
        address_1: line_1,
        address_2: line_2,
        city: text(&address.city),
        state: text(&address.region),
        postcode: text(&address.postal_code),
        country: address
            .country
            .map(|country| country.to_string())
            .unwrap_or_default(),
        email: None,
        phone: address.phone.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sums::{self, tests::order};

    const OPTIONS: Options<'static> = Options {
        payment_title: "Paid",
        pass_buyer_email: false,
        assumed_vat_percent: None,
    };

    fn body(order: &NewOrder) -> serde_json::Value {
        let sums = sums::plan(order).unwrap();
        serde_json::to_value(draft(order, &sums, OPTIONS).unwrap()).unwrap()
    }

    #[test]
    fn a_net_price_has_the_digits_that_were_seen_to_keep_the_gross() {
        let vat = Decimal::from(21);
        assert_eq!(net_of("9.99".parse().unwrap(), vat).to_string(), "8.256198");
        assert_eq!(net_of("0.99".parse().unwrap(), vat).to_string(), "0.818182");
        assert_eq!(net_of("12.10".parse().unwrap(), vat).to_string(), "10");
    }

    #[test]
    fn the_draft_carries_the_key_and_the_lines_carry_theirs() {
        let mut order = order(&[(2, 999), (1, 605)], 0, 0);
        order.lines[0].vat_percent = Some(Decimal::from(21));
        let body = body(&order);
        assert_eq!(body["status"], "checkout-draft");
        assert_eq!(body["created_via"], "bol:A-1");
        assert_eq!(body["line_items"][0]["total"], "16.512397");
        assert_eq!(body["line_items"][1]["total"], "6.05");
        assert_eq!(
            body["line_items"][1]["meta_data"][0],
            serde_json::json!({"key": "_marketplace_line_id", "value": "OI-2"})
        );
    }

    #[test]
    fn what_the_marketplace_sent_is_completed_in_a_status_that_counts_and_its_stock_is_taken() {
        let mut order = order(&[(1, 100)], 0, 0);
        let body = |order: &NewOrder, statuses: &[&str]| {
            let statuses: Vec<String> = statuses.iter().map(|own| (*own).to_owned()).collect();
            serde_json::to_value(activation(order, &statuses)).unwrap()
        };
        let own = body(&order, &["completed"]);
        assert_eq!(own["status"], "processing");
        assert_eq!(own["meta_data"], serde_json::Value::Null);
        order.sent_elsewhere = true;
        let sent = body(&order, &["delivered", "completed"]);
        assert_eq!(sent["status"], "completed");
        assert_eq!(
            sent["meta_data"],
            serde_json::json!([{"key": "_order_stock_reduced", "value": "yes"}])
        );
        assert_eq!(body(&order, &["delivered"])["status"], "delivered");
    }

    #[test]
    fn the_buyers_mail_address_is_passed_on_only_when_the_seller_says_so() {
        let mut order = order(&[(1, 100)], 0, 0);
        order.ship_to.email = Some("alias@marketplace.example".into());
        assert!(!body(&order).to_string().contains("alias@"));
        let sums = sums::plan(&order).unwrap();
        let options = Options {
            pass_buyer_email: true,
            ..OPTIONS
        };
        let body = serde_json::to_value(draft(&order, &sums, options).unwrap()).unwrap();
        assert_eq!(body["billing"]["email"], "alias@marketplace.example");
    }

    #[test]
    fn a_key_that_would_not_be_found_again_is_refused_before_anything_is_sent() {
        for bad in ["a,b", "a b", "a%20b", "<b>", "é", &"x".repeat(100)] {
            let mut order = order(&[(1, 100)], 0, 0);
            order.key.order = bad.into();
            assert!(created_via(&order).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_variation_is_a_product_and_its_part() {
        let of = |id: &str| {
            product(&ProductRef {
                id: id.into(),
                matched_by: "sku".into(),
            })
        };
        assert_eq!(of("10"), Some((10, None)));
        assert_eq!(of("10/25"), Some((10, Some(25))));
        assert_eq!(of("gid://10"), None);
    }
}
