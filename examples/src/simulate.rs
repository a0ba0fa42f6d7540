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
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
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
    threads: Option<NonZero<usize>>,
}

/// Runs the seeds and shows the figures.
pub(crate) fn simulate(options: &Options) -> Result<(), Problem> {
    let cores = || std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    let threads = options.threads.unwrap_or_else(cores).get();
    let end = options.from.saturating_add(options.seeds);
    let campaign = simulation::campaign(options.from..end, threads);
    if options.json {
        output::json(&campaign);
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
    let semantics = ["platforms declare (create / confirm)"].into_iter();
    let head: Vec<&str> = semantics
        .chain(columns(&campaign.total).map(|(name, _)| name))
        .collect();
    let mut rows = Vec::new();
    let groups = campaign.by_semantics.iter();
    let groups = groups.map(|(name, figures)| (name.as_str(), figures));
    for (name, figures) in groups.chain([("together", &campaign.total)]) {
        let numbers = columns(figures).map(|(_, number)| number.to_string());
        rows.push(std::iter::once(name.to_owned()).chain(numbers).collect());
    }
    table(&head, &rows, options.markdown);
    let faults = campaign.faults.iter();
    let faults = faults.map(|(name, count)| vec![name.clone(), count.to_string()]);
    output::line("");
    table(
        &["fault", "injected"],
        &faults.collect::<Vec<_>>(),
        options.markdown,
    );
    output::line(format!(
        "\nSeeds {} to {}, trace {:016x}; the same command gives the same trace.",
        campaign.from,
        campaign.from + campaign.total.seeds.saturating_sub(1),
        campaign.trace
    ));
}

/// The columns of the card.
fn columns(figures: &Figures) -> [(&'static str, u64); 12] {
    [
        ("seeds", figures.seeds),
        ("simulated hours", figures.simulated_hours),
        ("faults", figures.faults),
        ("crashes", figures.crashes),
        ("pauses", figures.pauses),
        ("orders", figures.orders),
        ("webshop orders", figures.webshop_orders),
        ("duplicates", figures.duplicates),
        ("losses", figures.losses),
        ("lost confirmations", figures.lost_confirmations),
        ("doubled confirmations", figures.doubled_confirmations),
        ("other violations", figures.other_violations),
    ]
}

fn table(head: &[&str], rows: &[Vec<String>], markdown: bool) {
    if !markdown {
        let mut table = output::table(head);
        table.add_rows(rows);
        output::line(table);
        return;
    }
    output::line(format!("| {} |", head.join(" | ")));
    output::line(format!("|{}", "---|".repeat(head.len())));
    for row in rows {
        output::line(format!("| {} |", row.join(" | ")));
    }
}
