//! From what was asked to a store that is open.
//!
//! # Invariants
//!
//! A password never stands in an argument or an address: arguments are seen by everyone on the
//! machine and end in histories of shells, and addresses end in logs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use connector_http::Secret;
use order_core::ports::OrderStore;
use order_store::{PostgresOptions, PostgresStore, SqliteStore};

use crate::config::StoreConfig;
use crate::output::Problem;

fn is_url(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

impl StoreConfig {
    /// The store that a command line asks for: a URL or a file.
    pub(crate) fn asked(text: &str) -> Result<Self, Problem> {
        if is_url(text) {
            let config = Self {
                url: Some(text.to_owned()),
                ..Self::default()
            };
            config.options(text)?;
            return Ok(config);
        }
        if text.contains("://") {
            return Err(Problem::usage(
                "--store takes a SQLite file or postgres://user@host/database",
            ));
        }
        Ok(Self {
            path: Some(PathBuf::from(text)),
            ..Self::default()
        })
    }

    /// Opens the store, and makes it where it is not there.
    pub(crate) async fn open(&self) -> Result<Arc<dyn OrderStore>, Problem> {
        match (&self.url, &self.path) {
            (Some(_), Some(_)) => Err(Problem::usage(
                "[store] needs either a path or a url, not both",
            )),
            (Some(url), None) => {
                let mut options = self.options(url)?;
                let from_environment = || Secret::from_env("PGPASSWORD").ok();
                if let Some(password) = self.password.clone().or_else(from_environment) {
                    options = options.with_password(password.expose());
                }
                if let Some(size) = self.pool_size {
                    options = options.with_pool_size(size);
                }
                Ok(Arc::new(PostgresStore::connect(options).await?))
            }
            (None, path) => {
                let path = path.as_deref().unwrap_or(Path::new("order-sync.sqlite"));
                Ok(Arc::new(SqliteStore::open(path)?))
            }
        }
    }

    /// Opens the store to look at orders; a file that is not there stays so.
    pub(crate) async fn open_existing(&self) -> Result<Arc<dyn OrderStore>, Problem> {
        if let (None, Some(path)) = (&self.url, &self.path)
            && !path.exists()
        {
            return Err(Problem::new(format!(
                "there is no database {} yet; `order-sync run` makes it",
                path.display()
            )));
        }
        self.open().await
    }

    fn options(&self, url: &str) -> Result<PostgresOptions, Problem> {
        let options = PostgresOptions::parse(url)?;
        if options.has_password() {
            return Err(Problem::usage(format!(
                "the address of the database has a password in it, where others can see it; \
                 write {options} and give the password in the environment variable PGPASSWORD, \
                 or in the configuration as [store] password = {{ file = \"/path\" }}"
            )));
        }
        Ok(options)
    }
}
