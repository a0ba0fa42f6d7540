//! `order-sync simulate`: the simulated part of the reliability card.
//!
//! # Invariants
//!
//! - Every figure comes from the run that prints it.
//! - A violation ends the program with a failure, naming the seed and how to replay it.

use std::num::NonZero;

use clap::Args;
use order_core::testkit::simulation::{self, Campaign, Figures};

use crate::output::{self, Problem};

/// Options of `simulate`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// How many seeds to run; each is a world of its own for 56 simulated hours.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Write JSON.
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Write Markdown, for `docs/reliability.md`.
    #[arg(long)]
    markdown: bool,
    /// Threads; as many as there are cores when left out.
    #[arg(long)]
    threads: Option<usize>,
}

/// Runs the seeds and shows the figures.
pub(crate) fn simulate(options: &Options) -> Result<(), Problem> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let threads = options.threads.unwrap_or(cores);
    let end = options.from.saturating_add(options.seeds);
    let campaign = simulation::campaign(options.from..end, threads);
    if options.json {
        let text = serde_json::to_string_pretty(&campaign)
            .map_err(|error| Problem::new(format!("cannot write JSON: {error}")))?;
        output::line(text);
    } else {
        show(&campaign, options);
    }
    if campaign.violations.is_empty() {
        return Ok(());
    }
    let wrong: Vec<String> = campaign
        .violations
        .iter()
        .map(|(seed, texts)| {
            format!(
                "seed {seed}: {}; replay it with `order-sync simulate --from {seed} --seeds 1`",
                texts.join("; ")
            )
        })
        .collect();
    Err(Problem::new(wrong.join("\n")))
}

fn show(campaign: &Campaign, options: &Options) {
    let head = [
        "platforms declare (create / confirm)",
        "seeds",
        "simulated hours",
        "faults",
        "crashes",
        "pauses",
        "orders",
        "webshop orders",
        "duplicates",
        "losses",
        "lost confirmations",
        "doubled confirmations",
        "other",
    ];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for (semantics, figures) in &campaign.by_semantics {
        rows.push(row(semantics, figures));
    }
    rows.push(row("together", &campaign.total));
    table(&rows, options.markdown);
    let mut rows = vec![vec!["fault".to_owned(), "injected".to_owned()]];
    for (name, count) in &campaign.faults {
        rows.push(vec![name.clone(), count.to_string()]);
    }
    output::line("");
    table(&rows, options.markdown);
    output::line(format!(
        "\nSeeds {} to {}, trace {:016x}; the same command gives the same trace.",
        campaign.from,
        campaign.from + campaign.total.seeds.saturating_sub(1),
        campaign.trace
    ));
}

fn row(name: &str, figures: &Figures) -> Vec<String> {
    let numbers = [
        figures.seeds,
        figures.simulated_hours,
        figures.faults,
        figures.crashes,
        figures.pauses,
        figures.orders,
        figures.webshop_orders,
        figures.duplicates,
        figures.losses,
        figures.lost_confirmations,
        figures.doubled_confirmations,
        figures.other_violations,
    ];
    std::iter::once(name.to_owned())
        .chain(numbers.map(|number| number.to_string()))
        .collect()
}

fn table(rows: &[Vec<String>], markdown: bool) {
    let columns = rows.first().map_or(0, Vec::len);
    for (index, cells) in rows.iter().enumerate() {
        if markdown {
            output::line(format!("| {} |", cells.join(" | ")));
            if index == 0 {
                output::line(format!("|{}", "---|".repeat(columns)));
            }
        } else {
            output::line(cells.join("  "));
        }
    }
}
