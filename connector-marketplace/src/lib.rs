//! Marketplaces for the order connection: one module and one cargo feature per platform.
//!
//! Each implements [`order_core::ports::Marketplace`]. Platform shapes stop at the module's edge.
//!
//! ```no_run
//! # fn example(clock: std::sync::Arc<dyn order_core::ports::Clock>) -> Result<(), order_core::Error> {
//! use connector_http::Secret;
//! use connector_marketplace::bol::BolConfig;
//!
//! let bol = BolConfig::new("client-id", Secret::from_env("BOL_CLIENT_SECRET")?).build(clock)?;
//! # let _ = bol;
//! # Ok(())
//! # }
//! ```
//!
//! With the feature `testkit` each platform's module has a `sandbox`: a stateful server on this
//! machine that behaves like the platform, for tests, demos and trying out without an account.

#[cfg(feature = "amazon")]
pub mod amazon;
#[cfg(feature = "bol")]
pub mod bol;
#[cfg(feature = "kaufland")]
pub mod kaufland;
#[cfg(feature = "mirakl")]
pub mod mirakl;

#[cfg(any(feature = "kaufland", feature = "mirakl"))]
mod carriers;
#[cfg(any(feature = "kaufland", feature = "mirakl"))]
mod country;
#[cfg(any(feature = "bol", feature = "kaufland", feature = "mirakl"))]
mod listing;
#[cfg(any(feature = "bol", feature = "kaufland", feature = "mirakl"))]
mod number;
#[cfg(all(
    feature = "testkit",
    any(feature = "amazon", feature = "kaufland", feature = "mirakl")
))]
pub mod sandbox;
#[cfg(any(feature = "amazon", feature = "mirakl"))]
mod sums;
#[cfg(any(
    feature = "amazon",
    feature = "bol",
    feature = "kaufland",
    feature = "mirakl"
))]
mod text;
#[cfg(any(feature = "amazon", feature = "mirakl"))]
mod tokens;
