//! What every [`RateBudgets`] must do.
//!
//! Waits are compared with room for the time that the questions themselves take.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::ports::{BudgetAsk, RateBudgets, Turn};

/// How a test gets budgets.
#[async_trait]
pub trait BudgetsHarness: Sized + Send + Sync + 'static {
    /// Budgets of which nothing is spent.
    async fn start() -> Self;

    /// The budgets as one of those who share them sees them; each call another one.
    async fn sharer(&self) -> Arc<dyn RateBudgets>;
}

/// More than any question takes.
const SLACK: Duration = Duration::from_secs(20);
const SPACING: Duration = Duration::from_secs(600);
const EVER: Duration = Duration::from_secs(1_000_000);

fn ask(account: &str, operation: &str) -> BudgetAsk {
    BudgetAsk {
        account: account.to_owned(),
        operation: operation.to_owned(),
        spacing: SPACING,
        burst: 1,
        at_most: EVER,
    }
}

async fn wait(budgets: &dyn RateBudgets, ask: BudgetAsk) -> Duration {
    match budgets.take(ask).await.expect("take") {
        Turn::After(wait) => wait,
        Turn::TooLate(wait) => panic!("{wait:?} is too late"),
    }
}

fn assert_about(wait: Duration, expected: Duration) {
    let near = wait <= expected && wait + SLACK >= expected;
    assert!(near, "{wait:?} instead of about {expected:?}");
}

/// Turns keep their spacing, whoever takes them.
pub async fn those_who_share_keep_the_spacing_together<H: BudgetsHarness>(harness: H) {
    let (one, other) = (harness.sharer().await, harness.sharer().await);
    for number in 0..6 {
        let budgets = if number % 2 == 0 { &one } else { &other };
        let wait = wait(&**budgets, ask("a", "GET /orders")).await;
        assert_about(wait, SPACING * number);
    }
}

/// Turns taken at the same time are different turns.
pub async fn turns_taken_at_once_are_all_different<H: BudgetsHarness>(harness: H) {
    let mut sharers = Vec::new();
    for _ in 0..4 {
        sharers.push(harness.sharer().await);
    }
    let takes = (0..40).map(|number| {
        let budgets = Arc::clone(&sharers[number % sharers.len()]);
        async move { wait(&*budgets, ask("a", "GET /orders")).await }
    });
    let mut waits = futures_util::future::join_all(takes).await;
    waits.sort();
    for (number, wait) in (0..).zip(waits) {
        assert_about(wait, SPACING * number);
    }
}

/// A burst is at once, and then the spacing holds.
pub async fn a_burst_is_at_once_and_then_the_spacing_holds<H: BudgetsHarness>(harness: H) {
    let budgets = harness.sharer().await;
    let burst = || BudgetAsk {
        burst: 3,
        ..ask("a", "GET /orders")
    };
    for _ in 0..3 {
        assert_about(wait(&*budgets, burst()).await, Duration::ZERO);
    }
    assert_about(wait(&*budgets, burst()).await, SPACING);
    assert_about(wait(&*budgets, burst()).await, SPACING * 2);
}

/// A turn that comes too late is not taken.
pub async fn a_turn_that_comes_too_late_is_not_taken<H: BudgetsHarness>(harness: H) {
    let budgets = harness.sharer().await;
    wait(&*budgets, ask("a", "GET /orders")).await;
    let hasty = BudgetAsk {
        at_most: SPACING / 2,
        ..ask("a", "GET /orders")
    };
    for _ in 0..3 {
        match budgets.take(hasty.clone()).await.expect("take") {
            Turn::TooLate(wait) => assert_about(wait, SPACING),
            Turn::After(wait) => panic!("taken after {wait:?}"),
        }
    }
    assert_about(wait(&*budgets, ask("a", "GET /orders")).await, SPACING);
}

/// Accounts and operations know nothing of each other.
pub async fn accounts_and_operations_do_not_wait_for_each_other<H: BudgetsHarness>(harness: H) {
    let budgets = harness.sharer().await;
    for (account, operation) in [
        ("a", "GET /orders"),
        ("a", "PUT /shipments"),
        ("b", "GET /orders"),
        ("a b", "c"),
        ("a", "b c"),
    ] {
        let wait = wait(&*budgets, ask(account, operation)).await;
        assert_about(wait, Duration::ZERO);
    }
}

/// A pause of an operation holds everybody's back, and nothing else.
pub async fn a_pause_of_an_operation_holds_all_sharers_back<H: BudgetsHarness>(harness: H) {
    let (one, other) = (harness.sharer().await, harness.sharer().await);
    let free = BudgetAsk {
        spacing: Duration::ZERO,
        ..ask("a", "GET /orders")
    };
    let operation = Some("GET /orders".to_owned());
    one.pause("a".to_owned(), operation.clone(), SPACING)
        .await
        .expect("pause");
    // A shorter one changes nothing.
    one.pause("a".to_owned(), operation, Duration::from_secs(1))
        .await
        .expect("pause");
    assert_about(wait(&*other, free.clone()).await, SPACING);
    let held = other
        .held_back("a".to_owned(), "GET /orders".to_owned())
        .await
        .expect("held back");
    assert_about(held, SPACING);
    for (account, operation) in [("a", "PUT /shipments"), ("b", "GET /orders")] {
        let held = other
            .held_back(account.to_owned(), operation.to_owned())
            .await
            .expect("held back");
        assert_eq!(held, Duration::ZERO);
    }
    let hasty = BudgetAsk {
        at_most: Duration::from_secs(1),
        ..free
    };
    let answer = other.take(hasty).await.expect("take");
    assert!(matches!(answer, Turn::TooLate(_)), "{answer:?}");
}

/// A pause of the whole account holds every operation of it back.
pub async fn a_pause_of_an_account_holds_all_its_operations_back<H: BudgetsHarness>(harness: H) {
    let (one, other) = (harness.sharer().await, harness.sharer().await);
    wait(&*one, ask("a", "GET /orders")).await;
    one.pause("a".to_owned(), None, SPACING * 3)
        .await
        .expect("pause");
    for operation in ["GET /orders", "PUT /shipments"] {
        let wait = wait(&*other, ask("a", operation)).await;
        assert_about(wait, SPACING * 3);
    }
    assert_about(wait(&*other, ask("b", "GET /orders")).await, Duration::ZERO);
}

/// The suite: one test of every case for a [`BudgetsHarness`].
#[macro_export]
macro_rules! budgets_contract {
    ($harness:ty) => {
        $crate::contract_cases!(
            BudgetsHarness,
            $harness,
            those_who_share_keep_the_spacing_together,
            turns_taken_at_once_are_all_different,
            a_burst_is_at_once_and_then_the_spacing_holds,
            a_turn_that_comes_too_late_is_not_taken,
            accounts_and_operations_do_not_wait_for_each_other,
            a_pause_of_an_operation_holds_all_sharers_back,
            a_pause_of_an_account_holds_all_its_operations_back,
        );
    };
}
