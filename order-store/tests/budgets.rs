//! Rate budgets in PostgreSQL pass the suite, every sharer with connections of its own.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod server;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use order_core::Kind;
use order_core::ports::{BudgetAsk, RateBudgets, Turn};
use order_core::testkit::contract::BudgetsHarness;
use order_store::{PostgresBudgets, PostgresOptions, PostgresStore};
use tokio_postgres::NoTls;

fn options(url: &str) -> PostgresOptions {
    PostgresOptions::parse(url)
        .unwrap()
        .with_password(server::PASSWORD)
}

/// A new database. Where no server is installed, nothing in this file can say anything: the
/// process has said so and ends here.
fn database() -> String {
    match server::shared() {
        Some(server) => server.database(),
        None => std::process::exit(0),
    }
}

struct Postgres {
    url: String,
}

#[async_trait]
impl BudgetsHarness for Postgres {
    async fn start() -> Self {
        let url = database();
        drop(PostgresStore::connect(options(&url)).await.unwrap());
        Self { url }
    }

    async fn sharer(&self) -> Arc<dyn RateBudgets> {
        Arc::new(PostgresBudgets::new(options(&self.url)).unwrap())
    }
}

order_core::budgets_contract!(Postgres);

fn ask(at_most: Duration) -> BudgetAsk {
    BudgetAsk {
        account: "https://shop.example/ \u{0} it's".to_owned(),
        operation: "GET /orders".to_owned(),
        spacing: Duration::from_secs(3600),
        burst: u32::MAX,
        at_most,
    }
}

#[tokio::test]
async fn the_widest_limits_and_the_oddest_names_are_numbers_and_texts_like_others() {
    let harness = Postgres::start().await;
    let budgets = harness.sharer().await;
    for at_most in [Duration::ZERO, Duration::MAX] {
        let turn = budgets.take(ask(at_most)).await.unwrap();
        assert_eq!(turn, Turn::After(Duration::ZERO));
    }
    let widest = BudgetAsk {
        spacing: Duration::MAX,
        ..ask(Duration::MAX)
    };
    for _ in 0..3 {
        budgets.take(widest.clone()).await.unwrap();
    }
    budgets
        .pause("a".to_owned(), None, Duration::MAX)
        .await
        .unwrap();
}

/// Who asks while another's turn is being written is answered later; a wait counted from the
/// question would be the longer by that.
#[tokio::test]
async fn a_wait_counts_from_the_answer() {
    const SPACING: Duration = Duration::from_secs(3600);
    // Half a second, but for what it takes to ask.
    const HELD: Duration = Duration::from_millis(300);
    let harness = Postgres::start().await;
    let budgets = harness.sharer().await;
    let ask = || BudgetAsk {
        burst: 1,
        ..ask(Duration::MAX)
    };
    budgets.take(ask()).await.unwrap();

    let mut config: tokio_postgres::Config = harness.url.parse().unwrap();
    config
        .password(server::PASSWORD)
        .options("-c search_path=order_store");
    let (other, connection) = config.connect(NoTls).await.unwrap();
    drop(tokio::spawn(connection));
    other
        .batch_execute("BEGIN; SELECT * FROM rate_budgets FOR UPDATE")
        .await
        .unwrap();
    let letting_go = other.batch_execute("SELECT pg_sleep(0.5); COMMIT");
    let (turn, let_go) = tokio::join!(budgets.take(ask()), letting_go);
    let_go.unwrap();
    match turn.unwrap() {
        Turn::After(wait) => assert!(wait <= SPACING - HELD, "{wait:?}"),
        Turn::TooLate(wait) => panic!("{wait:?} is too late"),
    }
}

#[tokio::test]
async fn tables_that_are_not_there_yet_are_an_error_and_nothing_else() {
    let budgets = PostgresBudgets::new(options(&database())).unwrap();
    let error = budgets.take(ask(Duration::ZERO)).await.unwrap_err();
    assert_ne!(error.kind(), Kind::RateLimited, "{}", error.report());
}
