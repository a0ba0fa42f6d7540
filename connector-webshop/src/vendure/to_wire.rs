//! From our words to Vendure's.

use order_core::address::Address;
use order_core::money::Money;
use order_core::ports::NewOrder;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use super::config::VendureConfig;
use super::from_wire::METADATA;
use super::wire::{AddressInput, CustomerInput};

/// A sum in the shop's smallest unit; `None` when the shop has no unit that small.
pub(super) fn minor(money: Money, config: &VendureConfig) -> Option<i64> {
    let scale = Decimal::from(10_i64.checked_pow(config.money_precision)?);
    let minor = money.amount.checked_mul(scale)?;
    if minor.is_integer() {
        minor.to_i64()
    } else {
        None
    }
}

/// The buyer. Vendure wants both names and an e-mail address.
pub(super) fn customer(order: &NewOrder, config: &VendureConfig) -> CustomerInput {
    let buyer = &order.bill_to;
    let name = buyer.name();
    let first = buyer.first_name.clone().unwrap_or_default();
    let last = buyer.last_name.clone().unwrap_or_else(|| {
        if first.is_empty() {
            name
        } else {
            String::new()
        }
    });
    let email = buyer.email.clone().or_else(|| order.ship_to.email.clone());
    CustomerInput {
        first_name: first,
        last_name: last,
        phone_number: buyer.phone.clone().or_else(|| order.ship_to.phone.clone()),
        email_address: email
            .filter(|_| config.pass_buyer_email)
            .unwrap_or_else(|| nowhere(&order.key.to_string(), &config.email_domain)),
    }
}

/// An address that belongs to this order alone and leads nowhere.
fn nowhere(key: &str, domain: &str) -> String {
    let local: String = key
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '-' {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .take(60)
        .collect();
    format!("{local}@{domain}")
}

/// An address; what is missing that Vendure cannot do without, in words.
pub(super) fn address(address: &Address) -> Result<AddressInput, String> {
    let country = address.country.ok_or("the address has no country")?;
    let point = address
        .pickup_point
        .as_ref()
        .and_then(|point| point.name.clone());
    let mut lines = address.lines.iter().cloned();
    let (first, rest) = match (lines.next(), point) {
        (Some(first), point) => (first, point.into_iter().chain(lines).collect::<Vec<_>>()),
        (None, Some(point)) => (point, Vec::new()),
        (None, None) => return Err("the address has no street".to_owned()),
    };
    Ok(AddressInput {
        full_name: address.name(),
        company: address.company.clone(),
        street_line1: first,
        street_line2: (!rest.is_empty()).then(|| rest.join(", ")),
        city: address.city.clone(),
        province: address.region.clone(),
        postal_code: address.postal_code.clone(),
        country_code: country.to_string(),
        phone_number: address.phone.clone(),
    })
}

/// The payment, with what this connector needs to read parcels later.
pub(super) fn payment(
    id: &str,
    order: &NewOrder,
    lines: Vec<Value>,
    config: &VendureConfig,
) -> Value {
    let mut own = json!({"key": order.key.to_string(), "lines": lines});
    if let Some(ship_by) = order.ship_by {
        own["shipBy"] = json!(ship_by.to_rfc3339());
    }
    json!({
        "orderId": id,
        "method": config.payment_method,
        "transactionId": order.key.to_string(),
        "metadata": {METADATA: own},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sums::tests::{euro, order};
    use connector_http::Secret;

    fn config() -> VendureConfig {
        let credentials = super::super::config::VendureCredentials::ApiKey(Secret::new("k"));
        VendureConfig::new("https://shop.example/admin-api", credentials)
    }

    #[test]
    fn a_buyers_address_is_withheld_unless_the_seller_passes_it_on() {
        let mut order = order(&[(1, 100)], 0, 0);
        order.ship_to.email = Some("alias@marketplace.example".into());
        assert_eq!(
            customer(&order, &config()).email_address,
            "bol-a-1@marketplace.invalid"
        );
        let mut passing = config();
        passing.pass_buyer_email = true;
        assert_eq!(
            customer(&order, &passing).email_address,
            "alias@marketplace.example"
        );
    }

    #[test]
    fn an_address_without_country_or_street_is_refused_in_words() {
        let mut address_1 = order(&[(1, 100)], 0, 0).ship_to;
        assert_eq!(address(&address_1).unwrap().street_line1, "Dorpstraat 12");
        address_1.country = None;
        assert!(address(&address_1).unwrap_err().contains("country"));
        let mut address_2 = order(&[(1, 100)], 0, 0).ship_to;
        address_2.lines.clear();
        assert!(address(&address_2).unwrap_err().contains("street"));
    }

    #[test]
    fn sums_are_written_in_the_shops_smallest_unit_or_not_at_all() {
        let mut config = config();
        assert_eq!(minor(euro(2603), &config), Some(2603));
        config.money_precision = 3;
        assert_eq!(minor(euro(2603), &config), Some(26030));
        config.money_precision = 0;
        assert_eq!(minor(euro(2603), &config), None);
    }
}
