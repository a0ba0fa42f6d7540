//! What the clients of one process share.

use std::fmt;
use std::sync::Arc;

use order_core::ports::{Clock, RateBudgets};

/// What the clients of one process share: the time, and how often each account may be asked.
///
/// A clock alone is one too: every client then keeps the limits by itself. With budgets, clients
/// of the same account keep them together: four marketplaces joined to one webshop, or workers
/// on several machines when the budgets are in a database.
#[derive(Clone)]
pub struct Environment {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) budgets: Option<Arc<dyn RateBudgets>>,
}

impl Environment {
    /// Only a clock.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            budgets: None,
        }
    }

    /// With budgets that are shared.
    #[must_use]
    pub fn with_budgets(mut self, budgets: Arc<dyn RateBudgets>) -> Self {
        self.budgets = Some(budgets);
        self
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }
}

impl From<Arc<dyn Clock>> for Environment {
    fn from(clock: Arc<dyn Clock>) -> Self {
        Self::new(clock)
    }
}

impl<C: Clock> From<Arc<C>> for Environment {
    fn from(clock: Arc<C>) -> Self {
        Self::new(clock)
    }
}

impl From<&Environment> for Environment {
    fn from(environment: &Environment) -> Self {
        environment.clone()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("clock", &self.clock)
            .field("budgets", &self.budgets)
            .finish()
    }
}
