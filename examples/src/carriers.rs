//! `order-sync carriers`.

use carrier_detect::{Carrier, Check, Country, Detection, Hints, Verdict, detect};
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::output::{self, Problem, clean};

/// What to do with transporters.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Tell whose codes these are. Reads codes from standard input, one a line, when neither codes
    /// nor a file are given.
    Detect(DetectOptions),
    /// List the transporters that are known.
    List,
}

/// Options of `carriers detect`.
#[derive(Debug, Args)]
pub(crate) struct DetectOptions {
    /// Codes, as people write them.
    codes: Vec<String>,
    /// A file with codes, one a line.
    #[arg(long, short, conflicts_with = "codes")]
    file: Option<std::path::PathBuf>,
    /// The country the parcels go to, such as NL.
    #[arg(long, value_parser = country)]
    to: Option<Country>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

fn country(text: &str) -> Result<Country, String> {
    Country::new(text).ok_or_else(|| format!("{text:?} is no country code such as NL"))
}

#[derive(Serialize)]
struct Answer<'a> {
    code: &'a str,
    verdict: &'static str,
    candidates: Vec<Candidate>,
}

#[derive(Serialize)]
struct Candidate {
    carrier: &'static str,
    confidence: f64,
    check: &'static str,
}

pub(crate) fn carriers(command: &Command) -> Result<(), Problem> {
    match command {
        Command::List => {
            for carrier in Carrier::all() {
                output::line(format!("{:<24} {}", carrier.slug(), carrier.name()));
            }
            Ok(())
        }
        Command::Detect(options) => {
            if let Some(path) = &options.file {
                let file = std::fs::File::open(path).map_err(|error| {
                    Problem::usage(format!("cannot read {}: {error}", path.display()))
                })?;
                lines(std::io::BufReader::new(file), options)?;
            } else if options.codes.is_empty() {
                lines(std::io::stdin().lock(), options)?;
            } else {
                for code in &options.codes {
                    one(code, options);
                }
            }
            Ok(())
        }
    }
}

/// Every line gets its answer, also an empty one and one that is not UTF-8, so that lines and
/// answers stay side by side.
fn lines(codes: impl std::io::BufRead, options: &DetectOptions) -> Result<(), Problem> {
    for text in codes.split(b'\n') {
        let text = text.map_err(|error| Problem::new(format!("cannot read codes: {error}")))?;
        let text = String::from_utf8_lossy(&text);
        one(text.trim_end_matches('\r'), options);
    }
    Ok(())
}

fn one(code: &str, options: &DetectOptions) {
    let mut hints = Hints::none();
    if let Some(country) = options.to {
        hints = hints.with_destination(country);
    }
    let found = detect(code, &hints);
    if options.json {
        output::json(&Answer {
            code,
            verdict: verdict(found.verdict()),
            candidates: found
                .candidates()
                .iter()
                .map(|candidate| Candidate {
                    carrier: candidate.carrier().slug(),
                    confidence: (f64::from(candidate.confidence()) * 1000.0).round() / 1000.0,
                    check: check(candidate.check()),
                })
                .collect(),
        });
    } else {
        show(code, &found);
    }
}

fn show(code: &str, found: &Detection) {
    output::line(format!("{}: {}", clean(code), verdict(found.verdict())));
    if let Some(lookalike) = found.lookalike() {
        output::line(format!("    looks like {lookalike}"));
    }
    for candidate in found.candidates() {
        let reasons: Vec<String> = candidate
            .reasons()
            .map(|reason| reason.to_string())
            .collect();
        output::line(format!(
            "    {:>3.0} %  {:<20} {}",
            candidate.confidence() * 100.0,
            candidate.carrier().name(),
            reasons.join("; ")
        ));
    }
}

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Certain => "certain",
        Verdict::Likely => "likely",
        Verdict::Ambiguous => "ambiguous",
        Verdict::NotACode => "not_a_code",
        Verdict::Unknown => "unknown",
        _ => "unknown",
    }
}

fn check(check: Check) -> &'static str {
    match check {
        Check::Verified => "verified",
        Check::Failed => "failed",
        Check::None => "none",
    }
}
