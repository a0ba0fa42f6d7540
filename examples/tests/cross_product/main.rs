//! Every marketplace with every webshop, through the engine: orders live their whole life over real
//! HTTP, and in the end the overview is the same for every pair. The marketplaces are doubles; so
//! are the webshops but Vendure and Medusa, which are real.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod clock;
mod life;
mod markets;
#[path = "../../../connector-webshop/tests/medusa/server.rs"]
#[allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::same_name_method,
    reason = "the webshops' own tests use the rest"
)]
mod medusa_server;
mod real;
mod shops;
#[path = "../../../connector-webshop/tests/vendure_live/server.rs"]
#[allow(
    dead_code,
    clippy::allow_attributes,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "the webshops' own tests use the rest"
)]
mod vendure_server;

use std::collections::BTreeSet;

use life::{Life, Overview, run, run_real};

/// What the overview says in the end, whatever the platforms.
fn expected() -> Overview {
    let row = |name: &str, status: &str, lines: &[&str], shop: &str| {
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        (name.to_owned(), (status.to_owned(), lines, shop.to_owned()))
    };
    [
        row(
            "in parts",
            "shipped",
            &[
                "3 × MUG-01, 3 shipped, 0 cancelled",
                "1 × LAMP-02, 0 shipped, 1 cancelled",
            ],
            "Completed",
        ),
        row(
            "late code",
            "shipped",
            &[
                "3 × MUG-01, 3 shipped, 0 cancelled",
                "1 × LAMP-02, 1 shipped, 0 cancelled",
            ],
            "Completed",
        ),
        row(
            "cancelled",
            "cancelled",
            &[
                "3 × MUG-01, 0 shipped, 3 cancelled",
                "1 × LAMP-02, 0 shipped, 1 cancelled",
            ],
            "Cancelled",
        ),
    ]
    .into_iter()
    .collect()
}

fn went_right(life: &Life) {
    let pair = &life.pair;
    assert!(life.trouble.is_empty(), "{pair}: {:#?}", life.trouble);
    assert_eq!(life.overview, expected(), "{pair}");
    assert!(
        life.statuses_of_late_code
            .starts_with(&["not shipped", "waiting", "shipped"].map(str::to_owned)),
        "{pair}: {:?}",
        life.statuses_of_late_code
    );
    assert_eq!(life.codes, life.codes_expected, "{pair}");
    assert_eq!(life.created, [1, 1, 1], "{pair}: made once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_marketplace_with_every_webshop_comes_to_the_same_overview() {
    let mut pairs = BTreeSet::new();
    for market in markets::ALL {
        let runs = shops::ALL
            .iter()
            .map(|shop| tokio::spawn(run(*market, *shop)));
        for finished in runs.collect::<Vec<_>>() {
            let life = finished.await.unwrap();
            went_right(&life);
            pairs.insert(life.pair);
        }
    }
    assert_eq!(pairs.len(), markets::ALL.len() * shops::ALL.len());
}

async fn with_every_marketplace(shop: real::Kind) {
    let Some(running) = shop.running() else {
        return;
    };
    for market in markets::ALL {
        went_right(&run_real(*market, shop, running).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_marketplace_comes_to_the_same_overview_with_a_real_vendure() {
    with_every_marketplace(real::Kind::Vendure).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_marketplace_comes_to_the_same_overview_with_a_real_medusa() {
    with_every_marketplace(real::Kind::Medusa).await;
}
