//! `order-sync init`.

use std::path::PathBuf;

use clap::Args;

use crate::output::{self, Problem};

/// Options of `init`.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The file to write. An existing one is never overwritten.
    #[arg(default_value = "order-sync.toml")]
    path: PathBuf,
}

/// The configuration it writes. A test reads it back.
pub(crate) const TEMPLATE: &str = include_str!("template.toml");

pub(crate) fn init(options: &Options) -> Result<(), Problem> {
    use std::io::Write as _;
    let path = options.path.display();
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&options.path)
        .map_err(|error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                return Problem::usage(format!(
                    "{path} exists already and is left as it is; name another file"
                ));
            }
            Problem::new(format!("cannot write {path}: {error}"))
        })?;
    file.write_all(TEMPLATE.as_bytes())
        .map_err(|error| Problem::new(format!("cannot write {path}: {error}")))?;
    output::line(format!(
        "wrote {path}. Fill it in, then: order-sync check --config {path}"
    ));
    Ok(())
}
