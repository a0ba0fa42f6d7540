//! Proves the credentials and looks at what could spoil the connection.

use order_core::Error;
use order_core::ports::AccountInfo;

use super::connector::Magento;

pub(super) async fn check(shop: &Magento) -> Result<AccountInfo, Error> {
    let config = &shop.config;
    let code = config.store.trim();
    let mut info = AccountInfo::default();
    // Needs the resource of orders, which is what the connection is about.
    shop.api.orders_numbered(&["-".to_owned()]).await?;
    let views = shop.api.store_views().await?;
    match views.iter().find(|view| view.code == code) {
        Some(view) => info.name = view.name.clone(),
        None => info.warnings.push(format!(
            "the shop has no store view {code:?}: orders cannot be made"
        )),
    }
    let configs = shop.api.store_configs().await?;
    if let Some(store) = configs.iter().find(|own| own.code == code) {
        let currency = store.base_currency_code.clone();
        info.facts.push(("currency".to_owned(), currency));
    }
    if config.assumed_vat_percent.is_none() {
        info.warnings.push(
            "assumed_vat_percent is not set: orders of marketplaces that do not say the VAT are \
             refused"
                .to_owned(),
        );
    }
    info.warnings.push(
        "orders that come through Magento's API take no stock until they are shipped".to_owned(),
    );
    Ok(info)
}
