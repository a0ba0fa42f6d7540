//! From our words to Medusa's.

use order_core::address::Address;
use order_core::ids::ExternalKey;
use order_core::ports::NewOrder;
use serde_json::{Map, Value, json};

use super::config::MedusaConfig;
use super::from_wire::{KEY, LINE, LINES, SENT_ELSEWHERE};
use super::surroundings::Surroundings;
use super::totals::Net;
use crate::shared::said;

/// A draft with everything in it: the key, the lines at these prices, the addresses.
///
/// Only lines with a variant take stock: what the marketplace sent has title and article number.
pub(super) fn draft(
    order: &NewOrder,
    net: &Net,
    surroundings: &Surroundings,
    config: &MedusaConfig,
) -> Result<Value, String> {
    let lines = order.lines.iter().zip(&net.lines);
    let items: Vec<Value> = lines
        .map(|(line, price)| {
            let mut item = json!({
                "quantity": line.quantity,
                "unit_price": price.to_string(),
                "metadata": {LINE: line.line.as_str()},
            });
            if order.sent_elsewhere {
                item["title"] = json!(line.title);
                if let Some(sku) = surroundings.skus.get(&line.product.id) {
                    item["variant_sku"] = json!(sku);
                }
            } else {
                item["variant_id"] = json!(line.product.id);
            }
            item
        })
        .collect();
    let title = said(order.shipping_method.as_deref());
    let mut draft = json!({
        "email": email(order, config),
        "region_id": surroundings.region,
        "currency_code": order.currency.as_str().to_ascii_lowercase(),
        "no_notification_order": true,
        "shipping_address": address(&order.ship_to)?,
        "billing_address": address(&order.bill_to)?,
        "items": items,
        "shipping_methods": [{
            "name": title.unwrap_or_else(|| "Marketplace".to_owned()),
            "shipping_option_id": surroundings.shipping_option,
            "amount": net.shipping.to_string(),
        }],
        "metadata": metadata(order),
    });
    if let Some(channel) = &surroundings.sales_channel {
        draft["sales_channel_id"] = json!(channel);
    }
    Ok(draft)
}

/// Our key, and how many pieces each line had, so that what staff take off can be told.
fn metadata(order: &NewOrder) -> Value {
    let mut lines = Map::new();
    for line in &order.lines {
        lines.insert(line.line.to_string(), json!(line.quantity));
    }
    let mut metadata = json!({KEY: order.key.to_string(), LINES: lines});
    if order.sent_elsewhere {
        metadata[SENT_ELSEWHERE] = json!(true);
    }
    if let Some(ship_by) = order.ship_by {
        metadata["marketplace_ship_by"] = json!(ship_by.to_rfc3339());
    }
    metadata
}

fn email(order: &NewOrder, config: &MedusaConfig) -> String {
    let given = order
        .bill_to
        .email
        .as_ref()
        .or(order.ship_to.email.as_ref());
    given
        .filter(|_| config.pass_buyer_email)
        .cloned()
        .unwrap_or_else(|| nowhere(&order.key, config))
}

/// An address that belongs to this order alone and leads nowhere. Orders are found by it.
pub(super) fn nowhere(key: &ExternalKey, config: &MedusaConfig) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let local: String = key.to_string().chars().map(plain).take(60).collect();
    format!("{local}@{}", config.email_domain.trim())
}

/// An address; what is missing that a parcel cannot do without, in words.
pub(super) fn address(address: &Address) -> Result<Value, String> {
    let country = address.country.ok_or("the address has no country")?;
    let point = address
        .pickup_point
        .as_ref()
        .and_then(|point| said(point.name.as_deref()));
    let mut lines = point.into_iter().chain(address.lines.iter().cloned());
    let first = lines.next().ok_or("the address has no street")?;
    let rest: Vec<String> = lines.collect();
    let first_name = said(address.first_name.as_deref());
    let last_name = said(address.last_name.as_deref());
    let nobody = first_name.is_none() && last_name.is_none();
    let fields = [
        ("first_name", first_name),
        (
            "last_name",
            last_name.or_else(|| said(Some(&address.name())).filter(|_| nobody)),
        ),
        ("company", said(address.company.as_deref())),
        ("address_1", Some(first)),
        ("address_2", said(Some(&rest.join(", ")))),
        ("postal_code", said(address.postal_code.as_deref())),
        ("city", said(address.city.as_deref())),
        ("province", said(address.region.as_deref())),
        ("country_code", Some(country.as_str().to_ascii_lowercase())),
        ("phone", said(address.phone.as_deref())),
    ];
    let known = fields
        .into_iter()
        .filter_map(|(name, text)| Some((name.to_owned(), Value::String(text?))));
    Ok(Value::Object(known.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sums::tests::order;
    use connector_http::Secret;
    use rust_decimal::Decimal;

    fn config() -> MedusaConfig {
        MedusaConfig::new("https://shop.example", Secret::new("sk"))
    }

    fn input(order: &NewOrder, config: &MedusaConfig) -> Value {
        let net = Net {
            lines: vec![Decimal::new(826, 2); order.lines.len()],
            shipping: Decimal::ZERO,
        };
        let surroundings = Surroundings {
            region: "reg".into(),
            sales_channel: None,
            shipping_option: "so".into(),
            skus: [("10".to_owned(), "TB-001".to_owned())].into(),
        };
        draft(order, &net, &surroundings, config).unwrap()
    }

    #[test]
    fn the_key_and_the_lines_are_in_the_draft_from_the_start() {
        let input = input(&order(&[(2, 999), (1, 605)], 0, 0), &config());
        assert_eq!(
            input["metadata"],
            json!({"marketplace_order_key": "bol:A-1", "marketplace_lines": {"OI-1": 2, "OI-2": 1}})
        );
        assert_eq!(input["items"][0]["unit_price"], "8.26");
        assert_eq!(input["items"][1]["metadata"][LINE], "OI-2");
        assert_eq!(input["shipping_address"]["country_code"], "nl");
        assert_eq!(input["no_notification_order"], true);
    }

    #[test]
    fn a_buyers_address_for_mail_is_withheld_unless_the_seller_passes_it_on() {
        let mut order = order(&[(1, 100)], 0, 0);
        order.ship_to.email = Some("alias@marketplace.example".into());
        assert_eq!(
            input(&order, &config())["email"],
            "bol-a-1@marketplace.invalid"
        );
        let mut passing = config();
        passing.pass_buyer_email = true;
        assert_eq!(
            input(&order, &passing)["email"],
            "alias@marketplace.example"
        );
    }

    #[test]
    fn an_address_without_country_or_street_is_refused_in_words() {
        let mut order = order(&[(1, 100)], 0, 0);
        order.ship_to.country = None;
        assert!(address(&order.ship_to).unwrap_err().contains("country"));
        order.bill_to.lines.clear();
        assert!(address(&order.bill_to).unwrap_err().contains("street"));
    }
}
