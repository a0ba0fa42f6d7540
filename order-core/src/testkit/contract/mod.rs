//! Suites that every connector, store and detector must pass, ours and anybody's.
//!
//! Write a harness (how to start the thing, how to put something into it, how to look at what
//! it has) and let the macro make one named test of every case:
//!
//! ```text
//! order_core::webshop_contract!(MyHarness);
//! ```
//!
//! (A whole harness is in the guide to connectors; the example program `custom_connector`
//! compiles and runs one.) A case never skips silently: where a capability is off, it asserts
//! that the call answers [`Unsupported`](crate::Kind::Unsupported).
//!
//! The test crate needs `tokio` with `macros` and `rt` among its dev-dependencies.

mod armed;
pub mod budgets;
pub mod detector;
pub mod marketplace;
pub mod store;
pub mod webshop;

pub use armed::Armed;
pub use budgets::BudgetsHarness;
pub use detector::DetectorHarness;
pub use marketplace::MarketplaceHarness;
pub use store::StoreHarness;
pub use webshop::WebshopHarness;

/// What the harness lets happen to the next request that changes something (or, for
/// [`NextFault::GarbledRead`], to the next read).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextFault {
    /// 429, or whatever the platform says when it has enough. Not executed.
    Throttled,
    /// A server error after the request was executed.
    ServerErrorApplied,
    /// A server error, and nothing was executed.
    ServerErrorNotApplied,
    /// Executed, but the answer comes after the client gave up, or never.
    LostReply,
    /// Executed, but the answer is a web page instead of data, with status 200.
    Garbled,
    /// The next read answers a web page instead of data, with status 200.
    GarbledRead,
    /// From now on the credentials are refused.
    CredentialsRevoked,
}

/// Fails the case when something secret is in a text.
fn assert_no_secret(secrets: &[String], text: &str, what: &str) {
    for secret in secrets {
        assert!(!secret.is_empty(), "an empty text is no secret");
        assert!(!text.contains(secret.as_str()), "a secret is in {what}");
    }
}

/// Makes one test of every case of a suite. Used by the `*_contract!` macros.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($suite:ident, $harness:ty, $($case:ident),+ $(,)?) => {
        $(
            #[tokio::test]
            async fn $case() {
                let harness = <$harness as $crate::testkit::contract::$suite>::start().await;
                $crate::contract_case!($suite, $case, harness);
            }
        )+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! contract_case {
    (MarketplaceHarness, $case:ident, $harness:ident) => {
        $crate::testkit::contract::marketplace::$case($harness).await
    };
    (WebshopHarness, $case:ident, $harness:ident) => {
        $crate::testkit::contract::webshop::$case($harness).await
    };
    (StoreHarness, $case:ident, $harness:ident) => {
        $crate::testkit::contract::store::$case($harness).await
    };
    (BudgetsHarness, $case:ident, $harness:ident) => {
        $crate::testkit::contract::budgets::$case($harness).await
    };
    (DetectorHarness, $case:ident, $harness:ident) => {
        $crate::testkit::contract::detector::$case($harness).await
    };
}
