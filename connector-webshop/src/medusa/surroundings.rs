//! What an order refers to in the shop: region, sales channel and shipping option.

use std::collections::BTreeMap;

use order_core::Error;
use order_core::ports::NewOrder;

use super::api::{Api, PAGE};
use super::config::MedusaConfig;
use super::wire::{Region, ShippingOption, TaxRate, Variant};

/// Ids that an order needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Surroundings {
    pub(super) region: String,
    pub(super) sales_channel: Option<String>,
    pub(super) shipping_option: String,
    /// The article numbers of what the marketplace sent, by variant.
    pub(super) skus: BTreeMap<String, String>,
}

/// Finds them, or says in words what the shop lacks.
pub(super) async fn find(
    api: &Api,
    config: &MedusaConfig,
    order: &NewOrder,
) -> Result<Result<Surroundings, String>, Error> {
    let Some(country) = order.ship_to.country else {
        return Ok(Err("the address has no country".to_owned()));
    };
    let country = country.as_str().to_ascii_lowercase();
    let regions = api.regions().await?;
    let currency = order.currency.as_str().to_ascii_lowercase();
    let region = match region(&regions, config, &country, &currency) {
        Ok(region) => region,
        Err(reason) => return Ok(Err(reason)),
    };
    let options = api.shipping_options().await?;
    let option = match shipping_option(&options, config, &country) {
        Ok(option) => option,
        Err(reason) => return Ok(Err(reason)),
    };
    let sales_channel = match &config.sales_channel {
        Some(wanted) => match sales_channel(api, wanted).await? {
            Some(id) => Some(id),
            None => return Ok(Err(format!("the shop has no sales channel {wanted:?}"))),
        },
        None => {
            let stores = api.stores().await?.into_iter();
            stores.filter_map(|own| own.default_sales_channel_id).next()
        }
    };
    let skus = if order.sent_elsewhere {
        match without_variants(api, order, &country).await? {
            Ok(skus) => skus,
            Err(reason) => return Ok(Err(reason)),
        }
    } else {
        BTreeMap::new()
    };
    Ok(Ok(Surroundings {
        region,
        sales_channel,
        shipping_option: option,
        skus,
    }))
}

/// The article numbers for lines that name no variant, so that no stock is taken.
///
/// Medusa puts the country's default tax rate on such a line. Where the shop has a rate for just
/// that product the order would have the wrong VAT, so it is refused.
async fn without_variants(
    api: &Api,
    order: &NewOrder,
    country: &str,
) -> Result<Result<BTreeMap<String, String>, String>, Error> {
    let ids: Vec<&str> = order.lines.iter().map(|line| &*line.product.id).collect();
    let mut variants = Vec::new();
    for some in ids.chunks(PAGE) {
        variants.extend(api.variants_by_id(some).await?);
    }
    let regions = api.tax_regions(country).await?;
    let rates = if regions.is_empty() {
        Vec::new()
    } else {
        api.tax_rates(&regions).await?
    };
    if rates.len() >= PAGE {
        return Ok(Err(format!(
            "the shop has {PAGE} tax rates or more in {}, too many to tell which are bound to the \
             products that the marketplace sent: enter the order by hand",
            country.to_ascii_uppercase()
        )));
    }
    let mut skus = BTreeMap::new();
    for id in ids {
        let Some(variant) = variants.iter().find(|own| own.id == id) else {
            return Ok(Err(format!("the shop has no variant {id}")));
        };
        let name = variant.sku.as_deref().unwrap_or(id);
        if let Some(rate) = bound_rate(variant, &rates) {
            return Ok(Err(format!(
                "the marketplace sent {name} from its own warehouse, and Medusa cannot put the tax \
                 rate of that product ({}) on a line that takes no stock: enter the order by hand",
                rate.name
            )));
        }
        if let Some(sku) = &variant.sku {
            skus.insert(id.to_owned(), sku.clone());
        }
    }
    Ok(Ok(skus))
}

/// A rate that is for this product, or for products of its type.
fn bound_rate<'a>(variant: &Variant, rates: &'a [TaxRate]) -> Option<&'a TaxRate> {
    let kind = variant
        .product
        .as_ref()
        .and_then(|own| own.type_id.as_ref());
    rates.iter().find(|rate| {
        rate.rules.iter().any(|rule| match rule.reference.as_str() {
            "shipping_option" => false,
            "product" => variant.product_id.as_ref() == Some(&rule.reference_id),
            "product_type" => kind == Some(&rule.reference_id),
            // A kind of rule that was not there when this was written may be about it.
            _ => true,
        })
    })
}

pub(super) async fn sales_channel(api: &Api, wanted: &str) -> Result<Option<String>, Error> {
    let channels = api.sales_channels().await?.into_iter();
    let mut fitting =
        channels.filter(|own| own.id == wanted || own.name.as_deref() == Some(wanted));
    Ok(fitting.next().map(|own| own.id))
}

fn region(
    regions: &[Region],
    config: &MedusaConfig,
    country: &str,
    currency: &str,
) -> Result<String, String> {
    if let Some(wanted) = &config.region {
        let named = |own: &&Region| own.id == *wanted || own.name == *wanted;
        let found = regions.iter().find(named);
        let found = found.ok_or_else(|| format!("the shop has no region {wanted:?}"))?;
        if !found.currency_code.eq_ignore_ascii_case(currency) {
            let own = found.currency_code.to_ascii_uppercase();
            let wanted = currency.to_ascii_uppercase();
            return Err(format!(
                "region {} sells in {own}, the order is in {wanted}",
                found.name
            ));
        }
        return Ok(found.id.clone());
    }
    let fits = |own: &&Region| {
        own.currency_code.eq_ignore_ascii_case(currency)
            && own
                .countries
                .iter()
                .any(|own| own.iso_2.eq_ignore_ascii_case(country))
    };
    let found = regions.iter().find(fits).map(|own| own.id.clone());
    found.ok_or_else(|| {
        format!(
            "the shop has no region that sells in {} to {}: add the country to one, or name a \
             region in the settings",
            currency.to_ascii_uppercase(),
            country.to_ascii_uppercase()
        )
    })
}

fn shipping_option(
    options: &[ShippingOption],
    config: &MedusaConfig,
    country: &str,
) -> Result<String, String> {
    let delivers = |own: &&ShippingOption| {
        let zones = own.service_zone.iter().flat_map(|zone| &zone.geo_zones);
        let mut countries = zones.filter_map(|zone| zone.country_code.as_deref());
        countries.any(|code| code.eq_ignore_ascii_case(country))
    };
    let fitting: Vec<&ShippingOption> = options.iter().filter(delivers).collect();
    let found = if config.shipping_options.is_empty() {
        fitting.first().copied()
    } else {
        let wanted = config.shipping_options.iter();
        wanted
            .filter_map(|name| {
                fitting
                    .iter()
                    .find(|own| own.id == *name || own.name == *name)
            })
            .next()
            .copied()
    };
    found.map(|own| own.id.clone()).ok_or_else(|| {
        format!(
            "the shop has no shipping option{} that delivers to {}",
            if config.shipping_options.is_empty() {
                ""
            } else {
                " of those in the settings"
            },
            country.to_ascii_uppercase()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use connector_http::Secret;
    use serde_json::json;

    fn config() -> MedusaConfig {
        MedusaConfig::new("https://shop.example", Secret::new("sk"))
    }

    #[test]
    fn a_region_fits_by_country_and_currency_or_is_named() {
        let regions: Vec<Region> = serde_json::from_value(json!([
            {"id": "r1", "name": "UK", "currency_code": "gbp", "countries": [{"iso_2": "gb"}]},
            {"id": "r2", "name": "EU", "currency_code": "eur", "countries": [{"iso_2": "nl"}]},
        ]))
        .unwrap();
        assert_eq!(region(&regions, &config(), "nl", "eur").unwrap(), "r2");
        let told = region(&regions, &config(), "de", "eur").unwrap_err();
        assert!(told.contains("DE"), "{told}");
        let mut named = config();
        named.region = Some("EU".into());
        assert_eq!(region(&regions, &named, "de", "eur").unwrap(), "r2");
        assert!(region(&regions, &named, "gb", "gbp").is_err());
    }

    #[test]
    fn the_best_shipping_option_that_delivers_is_taken() {
        let zone = |country: &str| json!({"geo_zones": [{"country_code": country}]});
        let options: Vec<ShippingOption> = serde_json::from_value(json!([
            {"id": "o1", "name": "Parcel", "service_zone": zone("nl")},
            {"id": "o2", "name": "Express", "service_zone": zone("nl")},
            {"id": "o3", "name": "Abroad", "service_zone": zone("de")},
        ]))
        .unwrap();
        assert_eq!(shipping_option(&options, &config(), "nl").unwrap(), "o1");
        let mut wanted = config();
        wanted.shipping_options = vec!["Abroad".into(), "Express".into()];
        assert_eq!(shipping_option(&options, &wanted, "nl").unwrap(), "o2");
        assert!(shipping_option(&options, &wanted, "fr").is_err());
    }

    #[test]
    fn a_rate_is_bound_to_a_product_its_type_or_something_new_and_not_to_parcels() {
        let variant: Variant = serde_json::from_value(
            json!({"id": "v1", "product_id": "p1", "product": {"type_id": "books"}}),
        )
        .unwrap();
        let bound = |reference: &str, id: &str| {
            let rules = json!([{"reference": reference, "reference_id": id}]);
            let rates = json!([{"name": "VAT 21", "rules": []}, {"name": "own", "rules": rules}]);
            let rates: Vec<TaxRate> = serde_json::from_value(rates).unwrap();
            bound_rate(&variant, &rates).map(|rate| rate.name.clone())
        };
        for (reference, id) in [
            ("product", "p1"),
            ("product_type", "books"),
            ("brand", "b1"),
        ] {
            assert_eq!(bound(reference, id).as_deref(), Some("own"), "{reference}");
        }
        for (reference, id) in [
            ("product", "p2"),
            ("product_type", "toys"),
            ("shipping_option", "p1"),
        ] {
            assert_eq!(bound(reference, id), None, "{reference} {id}");
        }
    }
}
