//! Talking to the terminal.

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressStyle};

/// What a person is told when a command cannot do its work.
#[derive(Debug)]
pub(crate) struct Problem {
    text: String,
    code: u8,
    passes: bool,
}

impl Problem {
    /// A problem, with what failed, why and what to do.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: 1,
            passes: false,
        }
    }

    /// A mistake in the settings or arguments.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: 2,
            passes: false,
        }
    }
}

impl Problem {
    /// Whether waiting and trying the same again can help.
    pub(crate) const fn passes(&self) -> bool {
        self.passes
    }

    /// Everything was looked at, and something differs.
    pub(crate) fn differs(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            code: 3,
            passes: false,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<order_core::Error> for Problem {
    fn from(error: order_core::Error) -> Self {
        let code = if error.kind() == order_core::Kind::Config {
            2
        } else {
            1
        };
        Self {
            text: error.report(),
            code,
            passes: error.is_retryable(),
        }
    }
}

/// Prints a problem and gives the exit code: 1 for a failure, 2 for wrong settings, 3 when
/// something differs.
pub(crate) fn fail(problem: &Problem) -> ExitCode {
    // Nobody to tell when standard error is closed.
    drop(writeln!(io::stderr().lock(), "error: {problem}"));
    ExitCode::from(problem.code)
}

/// Prints a line. A reader that went away (`| head`) ends the program quietly.
pub(crate) fn line(text: impl fmt::Display) {
    if writeln!(io::stdout().lock(), "{text}").is_err() {
        std::process::exit(0);
    }
}

/// Prints a value as one line of JSON.
pub(crate) fn json(value: &impl serde::Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => line(text),
        Err(error) => drop(fail(&Problem::new(format!("cannot write JSON: {error}")))),
    }
}

/// A table that fits the terminal.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    table
}

/// Text from a platform, safe to print: control characters could steer the terminal.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Writes bytes as they are.
pub(crate) fn raw(bytes: &[u8]) {
    if io::stdout().lock().write_all(bytes).is_err() {
        std::process::exit(0);
    }
}

/// A bar of so many steps, on standard error and only where that is a terminal.
pub(crate) fn progress(steps: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
        bar.set_style(style);
    }
    bar.set_message(what.to_owned());
    bar
}

/// A sign that something is being done, on standard error and only where that is a terminal.
pub(crate) fn waiting(what: &str) -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    bar.set_message(what.to_owned());
    bar.tick();
    bar
}
