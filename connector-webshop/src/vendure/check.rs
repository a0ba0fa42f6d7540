//! Proves the credentials and looks at what could spoil the connection.

use order_core::Error;
use order_core::ports::AccountInfo;

use super::connector::Vendure;
use super::wire::ServerConfig;

pub(super) async fn check(shop: &Vendure) -> Result<AccountInfo, Error> {
    let channel = shop.api.channel().await?;
    let mut info = AccountInfo {
        name: Some(channel.code),
        facts: vec![("currency".to_owned(), channel.default_currency_code)],
        warnings: Vec::new(),
    };
    if !channel.prices_include_tax && shop.config.price_field.is_none() {
        let text = "the channel's prices are without tax: sums may differ from the marketplace's";
        info.warnings.push(text.to_owned());
    }
    match shop.api.server_config().await {
        Ok(server) => compare(shop, &server, &mut info),
        Err(error) if error.is_retryable() => return Err(error),
        Err(_) => info.warnings.push(
            "the shop's settings cannot be read (permission ReadSettings), so its custom fields \
             were not checked"
                .to_owned(),
        ),
    }
    match shop.api.payment_methods().await {
        Ok(methods) => {
            let own = &shop.config.payment_method;
            if !methods.iter().any(|method| method.code == *own) {
                let text = format!(
                    "the shop has no payment method {own:?}; payments are booked under that name all the same"
                );
                info.warnings.push(text);
            }
        }
        Err(error) => tracing::debug!(%error, "the payment methods cannot be read"),
    }
    Ok(info)
}

/// The settings against what the shop declares.
fn compare(shop: &Vendure, server: &ServerConfig, info: &mut AccountInfo) {
    let config = &shop.config;
    let precision = server.money_strategy_precision;
    if precision != config.money_precision {
        info.warnings.push(format!(
            "the shop counts money in {precision} decimals, the settings say {}: set money_precision",
            config.money_precision
        ));
    }
    let declared = |entity: &str, name: &str| {
        server.entity_custom_fields.iter().any(|own| {
            own.entity_name == entity && own.custom_fields.iter().any(|field| field.name == name)
        })
    };
    let fields = [
        (
            "Order",
            &config.order_field,
            "declare it (type string, unique), or set order_field to \"\" to find orders by their payment",
        ),
        (
            "OrderLine",
            &config.line_field,
            "declare it (type string), or set line_field to \"\"",
        ),
        (
            "OrderLine",
            &config.price_field,
            "declare it (type int) with a price strategy that uses it, or set price_field to \"\"",
        ),
        (
            "ProductVariant",
            &config.gtin_field,
            "set gtin_field to \"\"",
        ),
    ];
    for (entity, field, advice) in fields {
        if let Some(name) = field
            && !declared(entity, name)
        {
            info.warnings.push(format!(
                "the shop has no custom field {name} on {entity}: {advice}"
            ));
        }
    }
}
