//! Proves the credentials and looks at what could spoil the connection.

use order_core::Error;
use order_core::ports::AccountInfo;

use super::connector::WooCommerce;
use super::wire::SystemSettings;

/// No order is created via this.
const NOBODY: &str = "order-connection:probe-that-matches-no-order";

pub(super) async fn check(shop: &WooCommerce) -> Result<AccountInfo, Error> {
    // The first call decides: it needs the key, and names every status.
    let statuses = shop.api.statuses().await?;
    let mut info = AccountInfo::default();
    for status in &shop.config.completed_statuses {
        if !statuses.iter().any(|own| own.slug == *status) {
            info.warnings.push(format!(
                "the shop has no order status {status:?}, which is set to mean completed"
            ));
        }
    }
    if !statuses.iter().any(|own| own.slug == "checkout-draft") {
        info.warnings
            .push("the shop has no drafts (status checkout-draft)".to_owned());
    }
    if shop.api.ignores_created_via(NOBODY).await? {
        info.warnings.push(
            "the shop ignores the filter created_via, which WooCommerce has since 9.9: orders \
             could not be found again; update WooCommerce before connecting"
                .to_owned(),
        );
    }
    let names: Vec<&str> = statuses.iter().map(|status| status.slug.as_str()).collect();
    info.facts.push(("statuses".to_owned(), names.join(", ")));
    describe(shop, &mut info).await;
    Ok(info)
}

/// What is good to know, and no reason to fail when it cannot be had.
async fn describe(shop: &WooCommerce, info: &mut AccountInfo) {
    match shop.api.currency().await {
        Ok(currency) => info.facts.push(("currency".to_owned(), currency.code)),
        Err(error) => tracing::debug!(%error, "the shop's currency cannot be read"),
    }
    match shop.api.settings().await {
        Ok(settings) => look_at(&settings, shop.config.classic_storage, info),
        Err(error) => tracing::debug!(%error, "the shop's settings cannot be read"),
    }
    match shop.api.site().await {
        Ok(site) => {
            info.name = site.name.filter(|name| !name.trim().is_empty());
            let plug_ins = ["wc-shipment-tracking/v3", "wc-ast/v3"];
            if site
                .namespaces
                .iter()
                .any(|own| plug_ins.contains(&own.as_str()))
            {
                let plug_in = "shipment tracking plug-in present".to_owned();
                info.facts.push(("T&T".to_owned(), plug_in));
            }
        }
        Err(error) => tracing::debug!(%error, "the site's description cannot be read"),
    }
}

fn look_at(settings: &SystemSettings, classic_storage: bool, info: &mut AccountInfo) {
    let mut warn = |text: &str| info.warnings.push(text.to_owned());
    match (settings.order_tables, classic_storage) {
        (Some(false), false) => warn(
            "the shop keeps orders as posts, so its feed does not notice T&T codes: they are seen \
             up to half an hour late; set classic_storage, or switch the shop to order tables (HPOS)",
        ),
        (Some(true), true) => warn(
            "the shop keeps orders in tables of their own: classic_storage can be switched off, \
             which saves calls",
        ),
        (Some(_) | None, _) => {}
    }
    if settings.number_of_decimals.is_some_and(|own| own < 2) {
        warn(
            "the shop shows prices with fewer than two decimals and rounds orders to them: set two \
             under WooCommerce, Settings, General, or orders stop as differing totals",
        );
    }
}
