//! Webshops for the order connection: where orders are created and handled.
//!
//! Each platform is a folder and a cargo feature of its own, and implements
//! [`order_core::ports::Webshop`]:
//!
//! - [`woocommerce`]: WooCommerce through its REST API v3 (feature `woocommerce`, on by default);
//! - [`vendure`]: Vendure through its Admin API (feature `vendure`, on by default);
//! - [`shopify`]: Shopify through its GraphQL Admin API (feature `shopify`, on by default);
//! - [`medusa`]: Medusa v2 through its Admin API (feature `medusa`, on by default);
//! - [`shopware`]: Shopware 6 through its Admin API (feature `shopware`, on by default);
//! - [`magento`]: Magento 2 and Adobe Commerce through their REST API (feature `magento`, on by
//!   default).
//!
//! A connector is made from its configuration and a clock:
//!
//! ```no_run
//! # fn example(clock: std::sync::Arc<dyn order_core::ports::Clock>) -> Result<(), order_core::Error> {
//! use std::sync::Arc;
//! use connector_http::Secret;
//! use connector_webshop::woocommerce::WooCommerceConfig;
//! use order_core::ports::Webshop;
//!
//! let shop: Arc<dyn Webshop> = Arc::new(
//!     WooCommerceConfig::new(
//!         "https://shop.example",
//!         Secret::from_env("WOOCOMMERCE_KEY")?,
//!         Secret::from_env("WOOCOMMERCE_SECRET")?,
//!     )
//!     .build(clock)?,
//! );
//! # drop(shop);
//! # Ok(())
//! # }
//! ```
//!
//! # Invariants
//!
//! - One call of `create_order` sends at most one mutation that counts, and never sends it twice.
//! - A hit of a search counts only when the record itself carries our key.
//! - The sum of an order is compared to the cent, on a record that was read back, before the order
//!   is activated.
//! - Wire types never leave their folder.
//!
//! # Deliberately absent
//!
//! State: two instances of a connector on two machines behave as one.

#[cfg(any(
    feature = "magento",
    feature = "medusa",
    feature = "shopify",
    feature = "shopware",
    feature = "woocommerce"
))]
mod amount;
#[cfg(any(feature = "shopify", feature = "shopware"))]
mod app_token;
#[cfg(any(feature = "medusa", feature = "vendure"))]
mod feed_place;
#[cfg(any(
    feature = "magento",
    feature = "medusa",
    feature = "shopify",
    feature = "shopware",
    feature = "vendure"
))]
mod matching;
#[cfg(feature = "sandbox")]
mod sandbox;
#[cfg(any(
    feature = "magento",
    feature = "medusa",
    feature = "shopify",
    feature = "shopware"
))]
mod shared;
#[cfg(any(
    feature = "magento",
    feature = "medusa",
    feature = "shopify",
    feature = "shopware",
    feature = "vendure",
    feature = "woocommerce"
))]
mod sums;

#[cfg(feature = "magento")]
pub mod magento;
#[cfg(feature = "medusa")]
pub mod medusa;
#[cfg(feature = "shopify")]
pub mod shopify;
#[cfg(feature = "shopware")]
pub mod shopware;
#[cfg(feature = "vendure")]
pub mod vendure;
#[cfg(feature = "woocommerce")]
pub mod woocommerce;
