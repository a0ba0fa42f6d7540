//! From our words to Shopify's.

use order_core::address::Address;
use order_core::money::Money;
use order_core::ports::{CancelReason, NewLine, NewOrder, NoteReturn};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::config::{ShopifyConfig, Stock};
use super::from_wire::LINE_ATTRIBUTE;
use crate::shared::{said, short, tax_within};
use crate::sums::{Sums, piece_prices};

/// `OrderCreateOrderInput`. Prices include tax; the tax lines say how much of them is tax.
pub(super) fn order(
    order: &NewOrder,
    sums: &Sums,
    config: &ShopifyConfig,
) -> Result<Value, String> {
    let key = order.key.to_string();
    let mut input = json!({
        "currency": order.currency.as_str(),
        "sourceIdentifier": key,
        "processedAt": order.placed_at.to_rfc3339(),
        "taxesIncluded": true,
        "lineItems": lines(order, sums),
        "shippingLines": [shipping_line(order, sums)],
        "shippingAddress": address(&order.ship_to)?,
        "billingAddress": address(&order.bill_to)?,
        "financialStatus": "PAID",
        "transactions": [transaction(order, config)],
        "customAttributes": [{"key": "marketplace_order", "value": key}],
        "tags": config.tags,
    });
    let mut set = |name: &str, value: Value| input[name] = value;
    if let Some(name) = &config.key_metafield
        && let Some((namespace, field)) = name.rsplit_once('.')
    {
        let field = json!({"namespace": namespace, "key": field, "type": "id", "value": key});
        set("metafields", json!([field]));
    }
    if let Some(source) = &config.source_name {
        set("sourceName", json!(source));
    }
    if order.sent_elsewhere {
        // No parcel of the shop's, and nothing left to be sent.
        set("fulfillmentStatus", json!("FULFILLED"));
    }
    if let Some(ship_by) = order.ship_by {
        let text = format!("Hand over by {}", ship_by.format("%Y-%m-%d %H:%M UTC"));
        set("note", json!(text));
    }
    let email = order
        .bill_to
        .email
        .as_ref()
        .or(order.ship_to.email.as_ref());
    if let Some(email) = email.filter(|_| config.pass_buyer_email) {
        set("email", json!(email));
    }
    Ok(input)
}

/// `OrderCreateOptionsInput`: no mails, and what happens to the stock.
pub(super) fn options(order: &NewOrder, config: &ShopifyConfig) -> Value {
    let stock = match config.stock {
        // The marketplace's warehouse has its own.
        _ if order.sent_elsewhere => "BYPASS",
        Stock::Take => "DECREMENT_IGNORING_POLICY",
        Stock::TakeWhereAllowed => "DECREMENT_OBEYING_POLICY",
        Stock::Leave => "BYPASS",
    };
    json!({
        "inventoryBehaviour": stock,
        "sendReceipt": false,
        "sendFulfillmentReceipt": false,
    })
}

/// A sum that does not divide by its pieces becomes two lines, a cent apart.
fn lines(order: &NewOrder, sums: &Sums) -> Vec<Value> {
    let mut lines = Vec::new();
    for (line, sum) in order.lines.iter().zip(&sums.lines) {
        for (pieces, price) in piece_prices(sum.after_discount, line.quantity) {
            lines.push(line_item(order, line, pieces, price));
        }
    }
    lines
}

fn line_item(order: &NewOrder, line: &NewLine, pieces: u32, price: i64) -> Value {
    let price = Money::from_minor(price, order.currency);
    let mut item = json!({
        "variantId": line.product.id,
        "title": line.title,
        "quantity": pieces,
        "priceSet": bag(price),
        "requiresShipping": true,
        "properties": [{"name": LINE_ATTRIBUTE, "value": line.line.as_str()}],
    });
    let whole = price.checked_times(pieces);
    if let (Some(percent), Some(whole)) = (line.vat_percent, whole)
        && let Some(tax) = tax_line(whole, percent)
    {
        item["taxLines"] = json!([tax]);
    }
    item
}

fn tax_line(gross: Money, percent: Decimal) -> Option<Value> {
    let rate = percent.checked_div(Decimal::ONE_HUNDRED)?.normalize();
    let tax = tax_within(gross, percent)?;
    Some(json!({
        "title": format!("VAT {}%", percent.normalize()),
        "rate": rate.to_string(),
        "priceSet": bag(tax),
    }))
}

fn shipping_line(order: &NewOrder, sums: &Sums) -> Value {
    let title = said(order.shipping_method.as_deref());
    let title = title.unwrap_or_else(|| "Marketplace".to_owned());
    let price = Money::from_minor(sums.shipping, order.currency);
    json!({"title": title, "priceSet": bag(price)})
}

fn transaction(order: &NewOrder, config: &ShopifyConfig) -> Value {
    json!({
        "kind": "SALE",
        "status": "SUCCESS",
        "gateway": config.payment_title,
        "amountSet": bag(order.total),
    })
}

fn bag(money: Money) -> Value {
    let decimals = usize::try_from(money.currency.decimals()).unwrap_or(2);
    let amount = format!("{:.decimals$}", money.amount);
    json!({"shopMoney": {"amount": amount, "currencyCode": money.currency.as_str()}})
}

/// `MailingAddressInput`; what is missing that a parcel cannot do without, in words.
fn address(address: &Address) -> Result<Value, String> {
    let country = address.country.ok_or("the address has no country")?;
    let point = address
        .pickup_point
        .as_ref()
        .and_then(|point| said(point.name.as_deref()));
    let mut lines = point.into_iter().chain(address.lines.iter().cloned());
    let first = lines.next().ok_or("the address has no street")?;
    let rest: Vec<String> = lines.collect();
    let mut input = Map::new();
    let mut set = |name: &str, text: Option<String>| {
        if let Some(text) = text {
            input.insert(name.to_owned(), Value::String(text));
        }
    };
    let first_name = said(address.first_name.as_deref());
    let last_name = said(address.last_name.as_deref());
    let nobody = first_name.is_none() && last_name.is_none();
    set("firstName", first_name);
    // Shopify wants a name; a company alone is one.
    set(
        "lastName",
        last_name.or_else(|| said(Some(&address.name())).filter(|_| nobody)),
    );
    set("company", said(address.company.as_deref()));
    set("address1", Some(first));
    set("address2", said(Some(&rest.join(", "))));
    set("zip", said(address.postal_code.as_deref()));
    set("city", said(address.city.as_deref()));
    set("provinceCode", province(address));
    set("countryCode", Some(country.to_string()));
    set("phone", said(address.phone.as_deref()));
    Ok(Value::Object(input))
}

/// The region, where it looks like a code; Shopify takes no names.
fn province(address: &Address) -> Option<String> {
    let region = said(address.region.as_deref())?;
    let is_code = (1..=3).contains(&region.len())
        && region
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    is_code.then_some(region)
}

/// `OrderCancelReason`.
pub(super) fn cancel_reason(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::BuyerAsked => "CUSTOMER",
        CancelReason::OutOfStock => "INVENTORY",
        CancelReason::Other => "OTHER",
    }
}

/// What staff wrote, with the return under it; `None` when the return stands there already.
pub(super) fn note(written: Option<&str>, request: &NoteReturn) -> Option<String> {
    let written = written.unwrap_or_default();
    let mark = format!("[{}]", request.reference);
    if written.contains(&mark) {
        return None;
    }
    let own = format!("{} {mark}", short(&request.text, 1000));
    Some(if written.trim().is_empty() {
        own
    } else {
        format!("{written}\n{own}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shopify::config::ShopifyCredentials;
    use crate::sums::{plan, tests::order as sample};
    use connector_http::Secret;

    fn config() -> ShopifyConfig {
        let token = ShopifyCredentials::AccessToken(Secret::new("t"));
        ShopifyConfig::new("a.myshopify.com", token)
    }

    fn input(new: &NewOrder, config: &ShopifyConfig) -> Value {
        order(new, &plan(new).unwrap(), config).unwrap()
    }

    #[test]
    fn the_key_is_stamped_twice_and_prices_are_gross_with_their_tax_named() {
        let mut new = sample(&[(2, 999)], 495, 0);
        new.lines[0].vat_percent = Some(Decimal::from(21));
        let input = input(&new, &config());
        assert_eq!(input["sourceIdentifier"], "bol:A-1");
        assert_eq!(
            input["metafields"][0],
            json!({"namespace": "custom", "key": "marketplace_order_id", "type": "id", "value": "bol:A-1"})
        );
        let line = &input["lineItems"][0];
        assert_eq!(line["priceSet"]["shopMoney"]["amount"], "9.99");
        assert_eq!(line["taxLines"][0]["rate"], "0.21");
        assert_eq!(
            line["taxLines"][0]["priceSet"]["shopMoney"]["amount"],
            "3.47"
        );
        assert_eq!(
            input["transactions"][0]["amountSet"]["shopMoney"]["amount"],
            "24.93"
        );
    }

    #[test]
    fn a_discount_that_does_not_divide_makes_two_lines_that_come_to_the_sum() {
        let new = sample(&[(3, 1000)], 0, 100);
        let lines = input(&new, &config())["lineItems"].clone();
        let sum: i64 = lines.as_array().unwrap().iter().fold(0, |sum, line| {
            let price = line["priceSet"]["shopMoney"]["amount"].as_str().unwrap();
            let price: Decimal = price.parse().unwrap();
            let cents = i64::try_from((price * Decimal::ONE_HUNDRED).normalize()).unwrap();
            sum + line["quantity"].as_i64().unwrap() * cents
        });
        assert_eq!(sum, 2900);
    }

    #[test]
    fn a_buyers_address_for_mail_is_withheld_unless_the_seller_passes_it_on() {
        let mut new = sample(&[(1, 100)], 0, 0);
        new.ship_to.email = Some("alias@marketplace.example".into());
        assert!(!input(&new, &config()).to_string().contains("alias@"));
        let mut passing = config();
        passing.pass_buyer_email = true;
        assert_eq!(input(&new, &passing)["email"], "alias@marketplace.example");
    }

    #[test]
    fn an_address_without_country_or_street_is_refused_in_words() {
        let mut new = sample(&[(1, 100)], 0, 0);
        new.ship_to.region = Some("Noord-Holland".into());
        assert_eq!(address(&new.ship_to).unwrap().get("provinceCode"), None);
        new.ship_to.country = None;
        assert!(address(&new.ship_to).unwrap_err().contains("country"));
        new.bill_to.lines.clear();
        assert!(address(&new.bill_to).unwrap_err().contains("street"));
    }

    #[test]
    fn a_return_is_noted_once_under_what_staff_wrote() {
        let request = NoteReturn {
            order: "1".into(),
            reference: "bol-R-1".into(),
            lines: Vec::new(),
            text: "comes back".into(),
        };
        let first = note(Some("call first"), &request).unwrap();
        assert_eq!(first, "call first\ncomes back [bol-R-1]");
        assert_eq!(note(Some(&first), &request), None);
        assert_eq!(note(None, &request).unwrap(), "comes back [bol-R-1]");
    }
}
