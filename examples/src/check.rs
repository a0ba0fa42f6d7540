//! `order-sync check` and `order-sync platforms`.

use std::sync::Arc;

use clap::Args;
use order_core::ports::{
    AccountInfo, Clock, ConfirmSemantics, CreateSemantics, Granularity, Marketplace,
    MarketplaceCapabilities, SystemClock, Webshop, WebshopCapabilities,
};
use serde::Serialize;

use crate::cli::ConfigOption;
use crate::connect;
use crate::output::{self, Problem, clean};

pub(crate) async fn check(option: &ConfigOption) -> Result<(), Problem> {
    let config = option.read()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let connections = connect::connections(&config, &clock)?;
    let mut failed = 0;
    for connection in &connections {
        output::line(format!("connection {}", connection.id));
        let marketplace = connection.marketplace.capabilities();
        let outcome = connection.marketplace.check().await;
        failed += u32::from(show("marketplace", marketplace.platform, outcome));
        output::line(format!(
            "    can: {}",
            marketplace_words(&marketplace).join(", ")
        ));
        let webshop = connection.webshop.capabilities();
        let outcome = connection.webshop.check().await;
        failed += u32::from(show("webshop", webshop.platform, outcome));
        output::line(format!("    can: {}", webshop_words(&webshop).join(", ")));
    }
    match failed {
        0 => Ok(()),
        1 => Err(Problem::new(
            "one platform could not be reached or refuses; see above",
        )),
        _ => Err(Problem::new(format!(
            "{failed} platforms could not be reached or refuse"
        ))),
    }
}

/// Shows the outcome of a check; tells whether it failed.
fn show(side: &str, platform: &str, outcome: Result<AccountInfo, order_core::Error>) -> bool {
    match outcome {
        Ok(info) => {
            let name = info
                .name
                .map(|name| format!(" ({})", clean(&name)))
                .unwrap_or_default();
            output::line(format!("  {side}: {platform}{name}: ok"));
            for (label, value) in info.facts {
                output::line(format!("    {}: {}", clean(&label), clean(&value)));
            }
            for warning in info.warnings {
                output::line(format!("    warning: {}", clean(&warning)));
            }
            false
        }
        Err(error) => {
            output::line(format!(
                "  {side}: {platform}: FAILED: {}",
                clean(&error.report())
            ));
            true
        }
    }
}

fn marketplace_words(can: &MarketplaceCapabilities) -> Vec<String> {
    let mut words = Vec::new();
    if can.accept {
        words.push("orders are accepted first".to_owned());
    }
    let parcels = if can.multi_parcel {
        ", several parcels"
    } else {
        ""
    };
    words.push(format!("ship by {}{parcels}", granularity(can.ship)));
    words.push(
        match can.confirm {
            ConfirmSemantics::UpsertByKey => "a repeated confirmation edits",
            ConfirmSemantics::ReadBack => "confirmations can be read back",
            ConfirmSemantics::Blind => "a lost confirmation needs a person",
        }
        .to_owned(),
    );
    if can.edit_tracking {
        words.push("late T&T".to_owned());
    }
    if let Some(unit) = can.cancel {
        words.push(format!("cancel by {}", granularity(unit)));
    }
    if can.cancel_requests {
        words.push("buyers' cancellation requests".to_owned());
    }
    if can.returns {
        words.push("returns".to_owned());
    }
    words
}

fn webshop_words(can: &WebshopCapabilities) -> Vec<String> {
    let mut words = vec![
        match can.create {
            CreateSemantics::UniqueKey => "the shop itself refuses doubles",
            CreateSemantics::InertThenActivate => "drafts first, then activate",
            CreateSemantics::Lookup => "a lost create is looked up",
            CreateSemantics::Blind => "a lost create needs a person",
        }
        .to_owned(),
    ];
    if can.partial_shipments {
        words.push("partial shipments".to_owned());
    }
    if can.cancel {
        let unit = if can.cancel_lines { " by piece" } else { "" };
        words.push(format!("cancel{unit}"));
    }
    if can.returns {
        words.push("returns".to_owned());
    }
    if can.fulfilled_elsewhere {
        words.push("orders that the marketplace sends".to_owned());
    }
    words.push(
        match (can.feed_sees_status, can.feed_sees_tracking) {
            (true, true) => "its feed notices completion and codes",
            (true, false) => "its feed notices completion, codes are looked for",
            (false, _) => "open orders are re-read, its feed notices neither",
        }
        .to_owned(),
    );
    words
}

fn granularity(unit: Granularity) -> &'static str {
    match unit {
        Granularity::Order => "whole order",
        Granularity::Line => "line",
        Granularity::Quantity => "piece",
    }
}

/// Options of `platforms`.
#[derive(Debug, Args)]
pub(crate) struct PlatformsOptions {
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
    /// A table in Markdown, as it stands in README.md.
    #[arg(long)]
    markdown: bool,
}

#[derive(Serialize)]
#[serde(tag = "side", rename_all = "snake_case")]
enum Platform {
    Marketplace {
        capabilities: MarketplaceCapabilities,
        proof: Proof,
    },
    Webshop {
        capabilities: WebshopCapabilities,
        proof: Proof,
    },
}

/// How well a connector is proven. Its documentation says the same, and more.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
enum Proof {
    /// Every request and answer is checked against the publisher's own description.
    SpecVerified,
    /// It was run against the platform itself: by the tests, or by hand where its documentation
    /// says so.
    RunAgainstTheRealThing,
}

impl Proof {
    fn words(self) -> &'static str {
        match self {
            Self::SpecVerified => "spec-verified",
            Self::RunAgainstTheRealThing => "run against the real thing",
        }
    }
}

fn supported() -> Result<Vec<Platform>, Problem> {
    use connector_marketplace::amazon::AmazonConfig;
    use connector_marketplace::bol::BolConfig;
    use connector_marketplace::kaufland::KauflandConfig;
    use connector_marketplace::mirakl::MiraklConfig;
    use connector_webshop::magento::MagentoConfig;
    use connector_webshop::medusa::MedusaConfig;
    use connector_webshop::shopify::{ShopifyConfig, ShopifyCredentials};
    use connector_webshop::shopware::ShopwareConfig;
    use connector_webshop::vendure::{VendureConfig, VendureCredentials};
    use connector_webshop::woocommerce::WooCommerceConfig;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let none = || connector_http::Secret::new("none");
    let bol = BolConfig::new("none", none()).build(Arc::clone(&clock))?;
    let url = "https://shop.example";
    let amazon = AmazonConfig::new("none", none(), none(), "none", "A1PA6795UKMFR9");
    let amazon = amazon.build(Arc::clone(&clock))?;
    let kaufland = KauflandConfig::new(none(), none()).build(Arc::clone(&clock))?;
    // As it is where an operator has switched on several shipments per order.
    let mut mirakl = MiraklConfig::new(url, none());
    mirakl.multi_shipment = true;
    let mirakl = mirakl.build(Arc::clone(&clock))?;
    let woo = WooCommerceConfig::new(url, none(), none()).build(Arc::clone(&clock))?;
    let vendure = VendureConfig::new(url, VendureCredentials::ApiKey(none()));
    let vendure = vendure.build(Arc::clone(&clock))?;
    let shopify = ShopifyConfig::new(url, ShopifyCredentials::AccessToken(none()));
    let shopify = shopify.build(Arc::clone(&clock))?;
    let medusa = MedusaConfig::new(url, none()).build(Arc::clone(&clock))?;
    let shopware = ShopwareConfig::new(url, "none", none(), "none").build(Arc::clone(&clock))?;
    let magento = MagentoConfig::new(url, none()).build(clock)?;
    let spec = Proof::SpecVerified;
    let real = Proof::RunAgainstTheRealThing;
    let marketplaces: [(&dyn Marketplace, Proof); 4] = [
        (&bol, spec),
        (&amazon, spec),
        (&kaufland, spec),
        (&mirakl, spec),
    ];
    let webshops: [(&dyn Webshop, Proof); 6] = [
        (&woo, real),
        (&vendure, real),
        (&shopify, spec),
        (&medusa, real),
        (&shopware, real),
        (&magento, spec),
    ];
    let mut platforms: Vec<Platform> = marketplaces
        .map(|(marketplace, proof)| Platform::Marketplace {
            capabilities: marketplace.capabilities(),
            proof,
        })
        .into();
    platforms.extend(webshops.map(|(webshop, proof)| Platform::Webshop {
        capabilities: webshop.capabilities(),
        proof,
    }));
    Ok(platforms)
}

pub(crate) fn platforms(options: &PlatformsOptions) -> Result<(), Problem> {
    if options.markdown {
        output::line(markdown()?);
        return Ok(());
    }
    for platform in supported()? {
        if options.json {
            output::json(&platform);
            continue;
        }
        let (side, name, words, proof) = row(&platform);
        let (words, proof) = (words.join(", "), proof.words());
        output::line(format!("{name} ({side}; {proof}): {words}"));
    }
    Ok(())
}

fn row(platform: &Platform) -> (&'static str, &'static str, Vec<String>, Proof) {
    match platform {
        Platform::Marketplace {
            capabilities,
            proof,
        } => (
            "marketplace",
            capabilities.platform,
            marketplace_words(capabilities),
            *proof,
        ),
        Platform::Webshop {
            capabilities,
            proof,
        } => (
            "webshop",
            capabilities.platform,
            webshop_words(capabilities),
            *proof,
        ),
    }
}

/// The capability table of README.md.
pub(crate) fn markdown() -> Result<String, Problem> {
    let mut text =
        String::from("| Platform | Side | What it can do | Proof |\n| --- | --- | --- | --- |");
    for platform in supported()? {
        let (side, name, words, proof) = row(&platform);
        let (words, proof) = (words.join("; "), proof.words());
        text.push_str(&format!("\n| {name} | {side} | {words} | {proof} |"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_in_the_readme_is_the_one_the_code_makes() {
        let readme = include_str!("../../README.md");
        let table = super::markdown().unwrap();
        assert!(
            readme.contains(&table),
            "README.md is stale; put this in:\n{table}"
        );
    }

    #[test]
    fn every_connectors_documentation_says_the_same_level_of_proof() {
        let docs = [
            include_str!("../../connector-marketplace/src/bol/docs.md"),
            include_str!("../../connector-marketplace/src/amazon/docs.md"),
            include_str!("../../connector-marketplace/src/kaufland/docs.md"),
            include_str!("../../connector-marketplace/src/mirakl/docs.md"),
            include_str!("../../connector-webshop/src/woocommerce/docs.md"),
            include_str!("../../connector-webshop/src/vendure/docs.md"),
            include_str!("../../connector-webshop/src/shopify/docs.md"),
            include_str!("../../connector-webshop/src/medusa/docs.md"),
            include_str!("../../connector-webshop/src/shopware/docs.md"),
            include_str!("../../connector-webshop/src/magento/docs.md"),
        ];
        let platforms = super::supported().unwrap();
        assert_eq!(platforms.len(), docs.len());
        for (platform, docs) in platforms.iter().zip(docs) {
            let (_, name, _, proof) = super::row(platform);
            let line = format!("Level of proof: **{}**.", proof.words());
            assert!(
                docs.contains(&line),
                "{name}: its docs.md does not say {line:?}"
            );
        }
    }
}
