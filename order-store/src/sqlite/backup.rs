//! Copies of the file: made while it is in use, and checked before they are believed.

use std::path::Path;

use chrono::{DateTime, Utc};
use order_core::error::{Error, Kind};
use rusqlite::{Connection, OpenFlags};

use super::{SqliteStore, make_private, schema};

impl SqliteStore {
    /// Writes a copy of everything to a new file, as it is at this moment, while others go on
    /// reading and writing; then checks the copy. On Unix it can be read by its owner alone.
    ///
    /// # Errors
    ///
    /// `Config` when the file is there already or cannot be written, `Unexpected` when the copy
    /// is damaged.
    pub async fn backup(&self, target: &Path) -> Result<(), Error> {
        if target.exists() {
            return Err(Error::not_applied(
                Kind::Config,
                format!("{} is there already", target.display()),
            )
            .with_advice("a backup never overwrites; give a new name"));
        }
        make_private(target)?;
        let Some(text) = target.to_str().map(str::to_owned) else {
            return Err(Error::not_applied(
                Kind::Config,
                "the name of the backup is no UTF-8 text",
            ));
        };
        let copied = self
            .thread
            .run("back up", move |db| {
                db.execute("VACUUM INTO ?1", [text])?;
                Ok(())
            })
            .await;
        let checked = match copied {
            Ok(()) => Self::verify(target).map(|_| ()),
            Err(error) => Err(error),
        };
        if checked.is_err() {
            // Half a copy must not be taken for a backup.
            drop(std::fs::remove_file(target));
        }
        checked
    }

    /// Reads every page of a file without changing it, and tells how many orders it has.
    ///
    /// # Errors
    ///
    /// `Config` when it is no database of this program or was written by a newer version,
    /// `Unexpected` when it is damaged.
    pub fn verify(path: &Path) -> Result<u64, Error> {
        let wrong = |text: String| {
            Error::not_applied(Kind::Config, format!("{}: {text}", path.display()))
                .with_advice("take another backup; nothing was changed")
        };
        let read = || -> Result<(String, i64, i64), rusqlite::Error> {
            let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let version = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            let whole = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
            let orders = db.query_row("SELECT count(*) FROM orders", [], |row| row.get(0))?;
            Ok((whole, version, orders))
        };
        let (whole, version, orders) =
            read().map_err(|error| wrong(format!("is no database of this program ({error})")))?;
        if whole != "ok" {
            return Err(Error::not_applied(
                Kind::Unexpected,
                format!("{} is damaged: {whole}", path.display()),
            )
            .with_advice("take another backup; nothing was changed"));
        }
        if version > schema::version() {
            return Err(wrong("was written by a newer version".to_owned()));
        }
        u64::try_from(orders).map_err(|_| wrong("counts no orders".to_owned()))
    }

    /// Who works with a file at this time: a connection, its holder, and until when. Changes
    /// nothing, whatever the file is; of one that cannot be read nobody is told.
    #[must_use]
    pub fn holder(path: &Path, now: DateTime<Utc>) -> Option<(String, String, DateTime<Utc>)> {
        let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        let held = "SELECT id, owner, until FROM connections \
                    WHERE owner IS NOT NULL AND until > ?1 ORDER BY until DESC LIMIT 1";
        let row = db.query_row(held, [super::micros(now)], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        });
        let (id, owner, until) = row.ok()?;
        Some((id, owner, super::time(until)))
    }
}
