//! Every marketplace with every webshop, through the engine, on their doubles: orders live their
//! whole life over real HTTP, and in the end the overview is the same for every pair.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod clock;
mod life;
mod markets;
mod shops;

use std::collections::BTreeSet;

use life::{Overview, run};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_marketplace_with_every_webshop_comes_to_the_same_overview() {
    let mut pairs = BTreeSet::new();
    for market in markets::ALL {
        let runs = shops::ALL
            .iter()
            .map(|shop| tokio::spawn(run(*market, *shop)));
        for finished in runs.collect::<Vec<_>>() {
            let life = finished.await.unwrap();
            assert!(
                life.trouble.is_empty(),
                "{}: {:#?}",
                life.pair,
                life.trouble
            );
            assert_eq!(life.overview, expected(), "{}", life.pair);
            assert!(
                life.statuses_of_late_code
                    .starts_with(&["not shipped", "waiting", "shipped"].map(str::to_owned)),
                "{}: {:?}",
                life.pair,
                life.statuses_of_late_code
            );
            assert_eq!(life.codes, life.codes_expected, "{}", life.pair);
            assert_eq!(life.created, [1, 1, 1], "{}: made once", life.pair);
            pairs.insert(life.pair);
        }
    }
    assert_eq!(pairs.len(), markets::ALL.len() * shops::ALL.len());
}
