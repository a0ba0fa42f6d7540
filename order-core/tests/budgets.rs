//! Rate budgets in memory pass the suite.

use std::sync::Arc;

use async_trait::async_trait;
use order_core::budget::MemoryBudgets;
use order_core::ports::RateBudgets;
use order_core::testkit::ManualClock;
use order_core::testkit::contract::BudgetsHarness;

struct Memory(Arc<MemoryBudgets>);

#[async_trait]
impl BudgetsHarness for Memory {
    async fn start() -> Self {
        Self(Arc::new(MemoryBudgets::new(Arc::new(ManualClock::new()))))
    }

    async fn sharer(&self) -> Arc<dyn RateBudgets> {
        Arc::clone(&self.0) as Arc<dyn RateBudgets>
    }
}

order_core::budgets_contract!(Memory);
