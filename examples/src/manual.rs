//! `order-sync completions` and `order-sync man`.

use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::output::{self, Problem};

/// Options of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsOptions {
    /// For which shell.
    shell: Shell,
}

/// Options of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManOptions {
    /// Write a page for every command into this directory, instead of the main one to standard
    /// output.
    #[arg(long, value_name = "DIRECTORY")]
    dir: Option<PathBuf>,
}

/// Prints a script of completions.
pub(crate) fn completions(options: &CompletionsOptions) {
    let mut script = Vec::new();
    clap_complete::generate(
        options.shell,
        &mut Cli::command(),
        "order-sync",
        &mut script,
    );
    output::raw(&script);
}

/// Prints or writes manual pages.
pub(crate) fn man(options: &ManOptions) -> Result<(), Problem> {
    let failed =
        |error: std::io::Error| Problem::new(format!("the page cannot be written: {error}"));
    if let Some(directory) = &options.dir {
        std::fs::create_dir_all(directory).map_err(failed)?;
        return clap_mangen::generate_to(Cli::command(), directory).map_err(failed);
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(failed)?;
    output::raw(&page);
    Ok(())
}
