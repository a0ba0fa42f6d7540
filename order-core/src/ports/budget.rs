//! How often an account may be asked, shared by everybody who asks it.

use std::time::Duration;

use async_trait::async_trait;

use crate::error::Error;

/// Asks for the turn of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetAsk {
    /// The account: platform and credential, in words that hold no secret.
    pub account: String,
    /// What it is asked for, such as `GET /orders`.
    pub operation: String,
    /// The platform's limit: at least this long between two requests; zero where it has none.
    pub spacing: Duration,
    /// The platform's limit: this many requests at once after a quiet time; at least one.
    pub burst: u32,
    /// How long the request can wait. A turn that comes later is not taken.
    pub at_most: Duration,
}

/// When a request may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// After this wait. The turn is taken: nobody else gets it.
    After(Duration),
    /// Not before this wait, which is longer than the request can wait. Nothing was taken.
    TooLate(Duration),
}

/// What accounts may still be asked, by operation.
///
/// # Contract
///
/// - Turns of one account and operation keep the spacing, whoever takes them; after a quiet time
///   `burst` of them may be at once.
/// - Accounts know nothing of each other, nor do operations, but for a pause of the whole account.
/// - Waits are told, not times: those who share a budget need not agree on the time of day.
/// - Nothing needs to survive a power cut: a turn that was forgotten costs a refused request.
#[async_trait]
pub trait RateBudgets: std::fmt::Debug + Send + Sync + 'static {
    /// Takes the next turn, if it comes in time.
    async fn take(&self, ask: BudgetAsk) -> Result<Turn, Error>;

    /// How long the operation, or the whole account, is held back by a pause. Zero when it is not.
    async fn held_back(&self, account: String, operation: String) -> Result<Duration, Error>;

    /// The platform asked for a pause: nobody starts this operation (`None`: any operation of the
    /// account) before it is over. A shorter pause than one that is running changes nothing.
    async fn pause(
        &self,
        account: String,
        operation: Option<String>,
        wait: Duration,
    ) -> Result<(), Error>;
}
