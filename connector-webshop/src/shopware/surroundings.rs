//! What an order refers to in the shop: channel, methods, countries, currency, states, tax.

use std::collections::BTreeMap;

use order_core::Error;
use order_core::ports::NewOrder;
use rust_decimal::Decimal;

use super::api::{Api, PAGE, lacks};
use super::config::ShopwareConfig;
use super::ids;
use super::wire::{MachineState, Product, Tax};

/// Ids and rates that an order needs.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) sales_channel: String,
    pub(super) language: String,
    pub(super) payment_method: String,
    pub(super) shipping_method: String,
    pub(super) currency: String,
    pub(super) currency_factor: f64,
    /// By their two letters.
    pub(super) countries: BTreeMap<String, String>,
    pub(super) salutation: Option<String>,
    /// The state in which the order begins.
    pub(super) order_state: String,
    pub(super) delivery_state: String,
    pub(super) transaction_paid: String,
    /// Every line's, in their order.
    pub(super) sold: Vec<Sold>,
}

impl Surroundings {
    /// The rate that shipping goes with.
    pub(super) fn highest_rate(&self) -> Decimal {
        let rates = self.sold.iter().map(|sold| sold.rate);
        rates.max().unwrap_or(Decimal::ZERO)
    }
}

/// Finds them, or says in words what the shop lacks for this order.
pub(super) async fn find(
    api: &Api,
    config: &ShopwareConfig,
    order: &NewOrder,
) -> Result<Result<Surroundings, String>, Error> {
    let channels = api.sales_channels().await?;
    let wanted = config.sales_channel.trim();
    let named = |id: &str, name: Option<&str>, wanted: &str| id == wanted || name == Some(wanted);
    let channel = channels
        .into_iter()
        .find(|own| named(&own.id, own.name.as_deref(), wanted));
    let channel = channel.ok_or_else(|| lacks(&format!("sales channel {wanted:?}")))?;
    let method = async |entity: &str, wanted: &Option<String>, otherwise: String| {
        let Some(wanted) = wanted else {
            return Ok::<_, Error>(otherwise);
        };
        let mut methods = api.methods(entity).await?.into_iter();
        let found = methods.find(|own| named(&own.id, own.name.as_deref(), wanted));
        found
            .map(|own| own.id)
            .ok_or_else(|| lacks(&format!("{entity} {wanted:?}")))
    };
    let payment_method = method(
        "payment-method",
        &config.payment_method,
        channel.payment_method_id,
    );
    let payment_method = payment_method.await?;
    let shipping_method = method(
        "shipping-method",
        &config.shipping_method,
        channel.shipping_method_id,
    );
    let shipping_method = shipping_method.await?;
    let currency = order.currency.as_str();
    let currencies = api.currencies(currency).await?;
    let found = currencies.iter().find(|own| own.iso_code == currency);
    let Some((id, own)) = found.and_then(|own| Some((own.id.clone()?, own))) else {
        return Ok(Err(format!(
            "the shop does not have the currency {currency}"
        )));
    };
    let countries = match countries(api, order).await? {
        Ok(countries) => countries,
        Err(reason) => return Ok(Err(reason)),
    };
    let states = api.states().await?;
    let (order_state, delivery_state) = if order.sent_elsewhere {
        ("completed", "shipped")
    } else {
        ("open", "open")
    };
    let sold = match sold(api, config, order).await? {
        Ok(sold) => sold,
        Err(reason) => return Ok(Err(reason)),
    };
    Ok(Ok(Surroundings {
        sales_channel: channel.id,
        language: channel.language_id,
        payment_method,
        shipping_method,
        currency: id,
        currency_factor: own.factor.unwrap_or(1.0),
        countries,
        salutation: api.salutation().await?,
        order_state: state(&states, "order.state", order_state)?,
        delivery_state: state(&states, "order_delivery.state", delivery_state)?,
        transaction_paid: state(&states, "order_transaction.state", "paid")?,
        sold,
    }))
}

async fn countries(
    api: &Api,
    order: &NewOrder,
) -> Result<Result<BTreeMap<String, String>, String>, Error> {
    let mut codes = Vec::new();
    for address in [&order.ship_to, &order.bill_to] {
        match &address.country {
            Some(country) => codes.push(country.to_string()),
            None => return Ok(Err("the address has no country".to_owned())),
        }
    }
    codes.dedup();
    let texts: Vec<&str> = codes.iter().map(String::as_str).collect();
    let mut found = BTreeMap::new();
    for country in api.countries(&texts).await? {
        if let Some(iso) = country.iso {
            found.insert(iso, country.id);
        }
    }
    let missing = codes.iter().find(|code| !found.contains_key(*code));
    Ok(match missing {
        Some(code) => Err(format!("the shop does not have the country {code}")),
        None => Ok(found),
    })
}

pub(super) fn state(states: &[MachineState], machine: &str, name: &str) -> Result<String, Error> {
    let found = states.iter().find(|own| {
        let of = own.state_machine.as_ref();
        own.technical_name == name && of.is_some_and(|of| of.technical_name == machine)
    });
    found
        .map(|own| own.id.clone())
        .ok_or_else(|| lacks(&format!("state {name} of {machine}")))
}

/// What a line needs of its product.
#[derive(Clone, Debug)]
pub(super) struct Sold {
    /// The shop refuses a line that does not name it.
    pub(super) number: String,
    /// VAT in percent.
    pub(super) rate: Decimal,
}

/// Every line's product, with the marketplace's VAT, else the product's in the country of delivery.
async fn sold(
    api: &Api,
    config: &ShopwareConfig,
    order: &NewOrder,
) -> Result<Result<Vec<Sold>, String>, Error> {
    let ids = order.lines.iter().map(|line| line.product.id.as_str());
    let mut ids: Vec<&str> = ids.filter(|id| ids::is_id(id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut products = Vec::new();
    for some in ids.chunks(PAGE) {
        products.extend(api.sold(some).await?);
    }
    let country = order.ship_to.country.map(|country| country.to_string());
    let mut lines = Vec::with_capacity(order.lines.len());
    for line in &order.lines {
        let of = |own: &&Product| own.id == line.product.id;
        let product = products.iter().find(of);
        let Some((product, number)) =
            product.and_then(|own| Some((own, own.product_number.clone()?)))
        else {
            return Ok(Err(format!(
                "the shop does not have product {} of line {}",
                line.product.id, line.line
            )));
        };
        let shops = || Some(rate_in(product.tax.as_ref()?, country.as_deref()));
        let rate = line
            .vat_percent
            .or_else(shops)
            .or(config.assumed_vat_percent);
        match rate {
            Some(rate) if !rate.is_sign_negative() => lines.push(Sold { number, rate }),
            _ => {
                return Ok(Err(format!(
                    "neither the marketplace nor the shop names the VAT of line {}: set \
                     assumed_vat_percent",
                    line.line
                )));
            }
        }
    }
    Ok(Ok(lines))
}

/// The tax of a whole country where the shop has one, else the tax's own rate.
fn rate_in(tax: &Tax, country: Option<&str>) -> Decimal {
    let whole = tax.rules.iter().find(|rule| {
        let of = rule.country.as_ref().and_then(|own| own.iso.as_deref());
        let kind = rule.kind.as_ref().map(|kind| kind.technical_name.as_str());
        kind == Some("entire_country") && of.is_some() && of == country
    });
    whole.map_or(tax.tax_rate.0, |rule| rule.tax_rate.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_tax_is_that_of_the_country_of_delivery_where_the_shop_has_one() {
        let rule = |kind: &str, rate: i64| json!({"taxRate": rate, "type": {"technicalName": kind}, "country": {"id": "1", "iso": "NL"}});
        let tax: Tax = serde_json::from_value(json!({
            "taxRate": 19, "rules": [rule("zip_code", 5), rule("entire_country", 21)],
        }))
        .unwrap();
        assert_eq!(rate_in(&tax, Some("NL")), Decimal::from(21));
        assert_eq!(rate_in(&tax, Some("DE")), Decimal::from(19));
        assert_eq!(rate_in(&tax, None), Decimal::from(19));
    }
}
