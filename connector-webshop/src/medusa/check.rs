//! Proves the credentials and looks at what could spoil the connection.

use order_core::Error;
use order_core::ports::AccountInfo;

use super::connector::Medusa;
use super::surroundings;

pub(super) async fn check(shop: &Medusa) -> Result<AccountInfo, Error> {
    let config = &shop.config;
    shop.api.last_updated().await?;
    let stores = shop.api.stores().await?;
    let store = stores.first();
    let mut info = AccountInfo {
        name: store.and_then(|store| store.name.clone()),
        ..AccountInfo::default()
    };
    let regions = shop.api.regions().await?;
    let names: Vec<String> = regions
        .iter()
        .map(|own| format!("{} ({})", own.name, own.currency_code.to_ascii_uppercase()))
        .collect();
    info.facts.push(("regions".to_owned(), names.join(", ")));
    if regions.is_empty() {
        let text = "the shop has no region: orders cannot be made";
        info.warnings.push(text.to_owned());
    }
    if let Some(wanted) = &config.region
        && !regions
            .iter()
            .any(|own| own.id == *wanted || own.name == *wanted)
    {
        info.warnings.push(format!(
            "the shop has no region {wanted:?}, which is in the settings"
        ));
    }
    if let Some(wanted) = &config.sales_channel
        && surroundings::sales_channel(&shop.api, wanted)
            .await?
            .is_none()
    {
        info.warnings.push(format!(
            "the shop has no sales channel {wanted:?}, which is in the settings"
        ));
    }
    let options = shop.api.shipping_options().await?;
    if options.is_empty() {
        let text = "the shop has no shipping option: orders cannot be made";
        info.warnings.push(text.to_owned());
    }
    for wanted in &config.shipping_options {
        if !options
            .iter()
            .any(|own| own.id == *wanted || own.name == *wanted)
        {
            info.warnings.push(format!(
                "the shop has no shipping option {wanted:?}, which is in the settings"
            ));
        }
    }
    Ok(info)
}
