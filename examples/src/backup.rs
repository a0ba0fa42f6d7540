//! `order-sync backup` and `order-sync restore`.

use std::path::{Path, PathBuf};

use clap::Args;
use order_core::ports::{Clock as _, SystemClock};
use order_store::SqliteStore;
use serde_json::json;

use crate::cli::ConfigOption;
use crate::output::{self, Problem};

/// Options of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupOptions {
    #[command(flatten)]
    config: ConfigOption,
    /// The file to write; it must not be there yet.
    file: PathBuf,
    /// The outcome as JSON.
    #[arg(long)]
    json: bool,
}

/// Options of `restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreOptions {
    #[command(flatten)]
    config: ConfigOption,
    /// The backup.
    file: PathBuf,
    /// The outcome as JSON.
    #[arg(long)]
    json: bool,
}

fn sqlite(option: &ConfigOption) -> Result<PathBuf, Problem> {
    let store = option.read()?.store;
    match (store.url, store.path) {
        (None, Some(path)) => Ok(path),
        _ => Err(Problem::usage(
            "orders are kept in PostgreSQL, which has its own tools: pg_dump and pg_restore",
        )),
    }
}

/// Copies the database while others go on working with it.
pub(crate) async fn backup(options: &BackupOptions) -> Result<(), Problem> {
    let path = sqlite(&options.config)?;
    if !path.exists() {
        return Err(Problem::new(format!(
            "there is no database {} to back up",
            path.display()
        )));
    }
    let store = SqliteStore::open(&path)?;
    let waiting = output::waiting("copying and checking the copy");
    store.backup(&options.file).await?;
    let orders = SqliteStore::verify(&options.file)?;
    waiting.finish_and_clear();
    if options.json {
        output::json(&json!({"file": options.file, "orders": orders}));
    } else {
        output::line(format!(
            "{} has {orders} orders and is whole. It holds people's addresses: keep it private.",
            options.file.display()
        ));
    }
    Ok(())
}

/// Puts a backup in the place of the database, which is kept under another name.
pub(crate) fn restore(options: &RestoreOptions) -> Result<(), Problem> {
    let path = sqlite(&options.config)?;
    let waiting = output::waiting("checking the backup");
    let orders = SqliteStore::verify(&options.file)?;
    waiting.finish_and_clear();
    let kept = if path.exists() {
        Some(put_aside(&path)?)
    } else {
        None
    };
    let failed = |error: std::io::Error| {
        Problem::new(format!(
            "the backup cannot be put in its place: {error}{}",
            kept.as_ref().map_or_else(String::new, |kept| format!(
                "; the database before is at {}",
                kept.display()
            ))
        ))
    };
    // Whole or not at all: a copy beside it first, then one rename.
    let beside = path.with_extension("restoring");
    copy_private(&options.file, &beside).map_err(failed)?;
    std::fs::rename(&beside, &path).map_err(failed)?;
    SqliteStore::verify(&path)?;
    if options.json {
        output::json(&json!({"orders": orders, "kept": kept}));
        return Ok(());
    }
    output::line(format!(
        "{} has the {orders} orders of the backup now.",
        path.display()
    ));
    if let Some(kept) = kept {
        output::line(format!("What was there before is at {}.", kept.display()));
    }
    output::line(
        "Orders that were created since the backup are found in the webshop by their key before \
         anything is created; `order-sync reconcile` shows what else differs.",
    );
    Ok(())
}

/// Moves the database away, once nobody works with it.
fn put_aside(path: &Path) -> Result<PathBuf, Problem> {
    let now = SystemClock::new().now();
    // Opening it would write to it; it may be damaged, and is to be kept as it is.
    if let Some((connection, owner, until)) = SqliteStore::holder(path, now) {
        return Err(Problem::new(format!(
            "{owner} works on connection {connection}: stop it first (its right ends at {})",
            until.format("%H:%M:%S UTC")
        )));
    }
    let stamp = now.format("%Y%m%dT%H%M%SZ");
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".before-{stamp}"));
    let kept = PathBuf::from(name);
    let failed = |error: std::io::Error| {
        Problem::new(format!("{} cannot be put aside: {error}", path.display()))
    };
    if kept.exists() {
        return Err(Problem::new(format!("{} is there already", kept.display())));
    }
    std::fs::rename(path, &kept).map_err(failed)?;
    // What is not yet in the file itself belongs to the one that was put aside.
    for suffix in ["-wal", "-shm"] {
        let with = |base: &Path| {
            let mut name = base.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        if with(path).exists() {
            std::fs::rename(with(path), with(&kept)).map_err(failed)?;
        }
    }
    Ok(kept)
}

fn copy_private(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(to)?;
    std::io::copy(&mut std::fs::File::open(from)?, &mut file)?;
    file.sync_all()
}
