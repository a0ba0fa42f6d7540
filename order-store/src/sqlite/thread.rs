//! The thread that owns the database connection.

use std::sync::mpsc;

use futures_channel::oneshot;
use order_core::error::{Error, Kind};
use rusqlite::Connection;

/// What went wrong inside a request.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database says no.
    Database(rusqlite::Error),
    /// A stored value cannot be understood.
    Value(String),
    /// An answer of the port's own contract.
    Port(Error),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self::Value(error.to_string())
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Port(error)
    }
}

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// A handle of the thread. The thread ends when the handle is dropped.
#[derive(Debug)]
pub(super) struct Thread {
    jobs: mpsc::Sender<Job>,
}

impl Thread {
    pub(super) fn start(mut connection: Connection) -> Result<Self, Error> {
        let (jobs, queue) = mpsc::channel::<Job>();
        std::thread::Builder::new()
            .name("order-store".to_owned())
            .spawn(move || {
                while let Ok(job) = queue.recv() {
                    job(&mut connection);
                }
            })
            .map_err(|error| {
                Error::not_applied(Kind::Unexpected, "no thread for the database")
                    .with_source(error)
            })?;
        Ok(Self { jobs })
    }

    /// Does a request on the thread. A caller that goes away does not stop it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        what: &'static str,
        request: impl FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, waiting) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let outcome = request(connection);
            // Nobody waits any more: the outcome is found by reading again.
            drop(answer.send(outcome));
        });
        if self.jobs.send(job).is_err() {
            return Err(ended(what));
        }
        match waiting.await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(Fault::Port(error))) => Err(error),
            Ok(Err(Fault::Value(text))) => Err(Error::not_applied(
                Kind::Decode,
                format!("could not {what}: a stored value cannot be understood ({text})"),
            )
            .with_advice("the database was written by another version or is damaged")),
            Ok(Err(Fault::Database(error))) => Err(from_database(what, error)),
            Err(_) => Err(ended(what)),
        }
    }
}

fn ended(what: &str) -> Error {
    Error::unknown(
        Kind::Unavailable,
        format!("could not {what}: the database thread has ended"),
    )
}

fn from_database(what: &str, error: rusqlite::Error) -> Error {
    let advice = match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => super::FULL,
        Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
            "another program holds the file; it is tried again by itself"
        }
        Some(rusqlite::ErrorCode::ReadOnly | rusqlite::ErrorCode::PermissionDenied) => {
            "give this program the right to write the file and its directory"
        }
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            "restore the file from a backup; orders are found again at both platforms"
        }
        _ => "it is tried again by itself",
    };
    Error::unknown(
        Kind::Unavailable,
        format!("could not {what} in the database"),
    )
    .with_source(error)
    .with_advice(advice)
}
