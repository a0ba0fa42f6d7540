//! From what was asked to a store that is open.
//!
//! # Invariants
//!
//! A password never stands in an argument or an address: arguments are seen by everyone on the
//! machine and end in histories of shells, and addresses end in logs.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use connector_http::{Environment, Secret};
use order_core::budget::MemoryBudgets;
use order_core::ports::{Clock, OrderStore, RateBudgets};
use order_store::{PostgresBudgets, PostgresOptions, PostgresStore, SqliteStore};

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
                let mut options = self.with_password(url)?;
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

    /// What the connectors share: the time and the rate budgets, which are where the orders are,
    /// so that every process that works on them keeps a platform's limits together with the
    /// others. Connects to nothing yet.
    pub(crate) fn environment(&self, clock: &Arc<dyn Clock>) -> Result<Environment, Problem> {
        let budgets: Arc<dyn RateBudgets> = match &self.url {
            // Waits by the database's clock would be days by a clock that runs ahead of it.
            Some(url) if !self.own_time => {
                Arc::new(PostgresBudgets::new(self.with_password(url)?)?)
            }
            Some(_) | None => Arc::new(MemoryBudgets::new(Arc::clone(clock))),
        };
        Ok(Environment::new(Arc::clone(clock)).with_budgets(budgets))
    }

    fn with_password(&self, url: &str) -> Result<PostgresOptions, Problem> {
        let options = self.options(url)?;
        let from_environment = || Secret::from_env("PGPASSWORD").ok();
        let password = self.password.clone().or_else(from_environment);
        Ok(match password {
            Some(password) => options.with_password(password.expose()),
            None => options,
        })
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
