//! Proves the credentials and looks at what could spoil the connection.

use order_core::Error;
use order_core::ports::AccountInfo;

use super::connector::Shopware;
use super::surroundings;

pub(super) async fn check(shop: &Shopware) -> Result<AccountInfo, Error> {
    let config = &shop.config;
    let version = shop.api.version().await?;
    let mut info = AccountInfo::default();
    info.facts.push(("version".to_owned(), version));
    shop.api.last_updated("order").await?;
    let wanted = config.sales_channel.trim();
    let channels = shop.api.sales_channels().await?;
    let channel = channels
        .iter()
        .find(|own| own.id == wanted || own.name.as_deref() == Some(wanted));
    match channel {
        Some(channel) => info.name = channel.name.clone(),
        None => info.warnings.push(format!(
            "the shop has no sales channel {wanted:?}: orders cannot be made"
        )),
    }
    for (entity, wanted) in [
        ("payment-method", &config.payment_method),
        ("shipping-method", &config.shipping_method),
    ] {
        let Some(wanted) = wanted else { continue };
        let methods = shop.api.methods(entity).await?;
        let has =
            |own: &super::wire::Named| own.id == *wanted || own.name.as_deref() == Some(wanted);
        if !methods.iter().any(has) {
            info.warnings.push(format!(
                "the shop has no {entity} {wanted:?}: orders cannot be made"
            ));
        }
    }
    let states = shop.api.states().await?;
    for (machine, names) in [
        ("order.state", &config.completed_states),
        ("order_delivery.state", &config.completed_delivery_states),
    ] {
        for name in names {
            if surroundings::state(&states, machine, name).is_err() {
                info.warnings.push(format!(
                    "the shop has no state {name:?} of {machine}, which is set to mean completed"
                ));
            }
        }
    }
    Ok(info)
}
