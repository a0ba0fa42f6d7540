//! The simulation as a person runs it.

mod support;

use serde_json::Value;
use support::{complaint, run};

#[test]
fn simulate_shows_what_was_injected_and_that_nothing_was_lost_or_doubled() {
    let output = run(&["simulate", "--seeds", "6", "--json"]);
    assert!(output.status.success(), "{}", complaint(&output));
    let card: Value = serde_json::from_slice(&output.stdout).unwrap();
    let total = &card["total"];
    assert_eq!((&total["seeds"], &total["orders"]), (&6.into(), &48.into()));
    assert!(total["faults"].as_u64().unwrap() > 100, "{card}");
    for wrong in [
        "duplicates",
        "losses",
        "lost_confirmations",
        "doubled_confirmations",
    ] {
        assert_eq!(total[wrong], 0, "{wrong}: {card}");
    }
    let again = run(&["simulate", "--seeds", "6", "--json", "--threads", "1"]);
    assert_eq!(
        again.stdout, output.stdout,
        "the same seeds give the same card"
    );
}

#[test]
fn simulate_writes_tables_for_people_and_for_documents() {
    let text = run(&["simulate", "--seeds", "1"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("LateLanding") && text.contains("together"),
        "{text}"
    );
    let markdown = run(&["simulate", "--seeds", "1", "--markdown"]);
    let markdown = String::from_utf8(markdown.stdout).unwrap();
    assert!(markdown.starts_with("| platforms declare"), "{markdown}");
    let rows: Vec<usize> = markdown
        .lines()
        .take(4)
        .map(|row| row.matches('|').count())
        .collect();
    assert!(rows.iter().all(|columns| *columns == rows[0]), "{markdown}");
}
