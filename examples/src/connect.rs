//! From a configuration to connections that run. The one place that knows every platform.

use std::sync::Arc;

use carrier_detect::Detector;
use connector_http::Environment;
use connector_marketplace::amazon::AmazonConfig;
use connector_marketplace::bol::BolConfig;
use connector_marketplace::kaufland::KauflandConfig;
use connector_marketplace::mirakl::MiraklConfig;
use connector_webshop::magento::MagentoConfig;
use connector_webshop::medusa::MedusaConfig;
use connector_webshop::shopify::ShopifyConfig;
use connector_webshop::shopware::ShopwareConfig;
use connector_webshop::vendure::VendureConfig;
use connector_webshop::woocommerce::WooCommerceConfig;
use order_core::engine::Connection;
use order_core::ids::ConnectionId;
use order_core::ports::{Clock, Marketplace, Webshop};
use serde::de::DeserializeOwned;

use crate::config::{Config, ConnectionConfig};
use crate::output::Problem;

/// The kinds of webshops, for people.
const WEBSHOPS: &str = "woocommerce, vendure, shopify, medusa, shopware, magento";

/// Every connection of a configuration.
pub(crate) fn connections(
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<Vec<Connection>, Problem> {
    connections_in(config, &config.store.environment(clock)?)
}

/// Every connection of a configuration, sharing what is given.
pub(crate) fn connections_in(
    config: &Config,
    environment: &Environment,
) -> Result<Vec<Connection>, Problem> {
    config
        .connections
        .iter()
        .map(|one| connection(one, environment))
        .collect()
}

/// One connection.
pub(crate) fn connection(
    config: &ConnectionConfig,
    environment: &Environment,
) -> Result<Connection, Problem> {
    Ok(Connection {
        id: ConnectionId::from(config.id.as_str()),
        marketplace: marketplace(config, environment)?,
        webshop: webshop(config, environment)?,
        detector: Arc::new(Detector),
        policy: config.policy()?,
    })
}

fn marketplace(
    config: &ConnectionConfig,
    environment: &Environment,
) -> Result<Arc<dyn Marketplace>, Problem> {
    let (kind, settings) = kind(config, "marketplace", &config.marketplace)?;
    match kind.as_str() {
        "amazon" => {
            let settings: AmazonConfig = parse(config, "marketplace", settings)?;
            Ok(Arc::new(build(
                config,
                "marketplace",
                settings.build(environment),
            )?))
        }
        "bol" => {
            let settings: BolConfig = parse(config, "marketplace", settings)?;
            Ok(Arc::new(build(
                config,
                "marketplace",
                settings.build(environment),
            )?))
        }
        "kaufland" => {
            let settings: KauflandConfig = parse(config, "marketplace", settings)?;
            Ok(Arc::new(build(
                config,
                "marketplace",
                settings.build(environment),
            )?))
        }
        "mirakl" => {
            let settings: MiraklConfig = parse(config, "marketplace", settings)?;
            Ok(Arc::new(build(
                config,
                "marketplace",
                settings.build(environment),
            )?))
        }
        other => {
            let known = "amazon, bol, kaufland, mirakl";
            Err(unknown(config, "marketplace", other, known))
        }
    }
}

fn webshop(
    config: &ConnectionConfig,
    environment: &Environment,
) -> Result<Arc<dyn Webshop>, Problem> {
    let (kind, settings) = kind(config, "webshop", &config.webshop)?;
    match kind.as_str() {
        "woocommerce" => {
            let settings: WooCommerceConfig = parse(config, "webshop", settings)?;
            Ok(Arc::new(build(
                config,
                "webshop",
                settings.build(environment),
            )?))
        }
        "vendure" => {
            let settings: VendureConfig = parse(config, "webshop", settings)?;
            Ok(Arc::new(build(
                config,
                "webshop",
                settings.build(environment),
            )?))
        }
        "shopify" => {
            let settings: ShopifyConfig = parse(config, "webshop", settings)?;
            Ok(Arc::new(build(
                config,
                "webshop",
                settings.build(environment),
            )?))
        }
        "medusa" => {
            let settings: MedusaConfig = parse(config, "webshop", settings)?;
            Ok(Arc::new(build(
                config,
                "webshop",
                settings.build(environment),
            )?))
        }
        "shopware" => {
            let settings: ShopwareConfig = parse(config, "webshop", settings)?;
            Ok(Arc::new(build(
                config,
                "webshop",
                settings.build(environment),
            )?))
        }
        "magento" => {
            let settings: MagentoConfig = parse(config, "webshop", settings)?;
            Ok(Arc::new(build(
                config,
                "webshop",
                settings.build(environment),
            )?))
        }
        other => Err(unknown(config, "webshop", other, WEBSHOPS)),
    }
}

fn kind(
    config: &ConnectionConfig,
    side: &str,
    table: &toml::Table,
) -> Result<(String, toml::Table), Problem> {
    let mut rest = table.clone();
    match rest.remove("kind") {
        Some(toml::Value::String(kind)) => Ok((kind, rest)),
        Some(_) | None => Err(Problem::usage(format!(
            "connection {:?}: its {side} needs a kind, such as kind = \"bol\"",
            config.id
        ))),
    }
}

fn unknown(config: &ConnectionConfig, side: &str, kind: &str, known: &str) -> Problem {
    Problem::usage(format!(
        "connection {:?}: there is no {side} of kind {kind:?}; known are: {known}",
        config.id
    ))
}

fn parse<T: DeserializeOwned>(
    config: &ConnectionConfig,
    side: &str,
    settings: toml::Table,
) -> Result<T, Problem> {
    settings.try_into().map_err(|error: toml::de::Error| {
        Problem::usage(format!(
            "connection {:?}, {side}: {}",
            config.id,
            error.message()
        ))
    })
}

fn build<T>(
    config: &ConnectionConfig,
    side: &str,
    built: Result<T, order_core::Error>,
) -> Result<T, Problem> {
    built.map_err(|error| {
        Problem::usage(format!(
            "connection {:?}, {side}: {}",
            config.id,
            error.report()
        ))
    })
}
