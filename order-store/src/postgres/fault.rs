//! What goes wrong in a request, and what it may have left behind.

use order_core::error::{Effect, Error, Kind};
use tokio_postgres::error::SqlState;

/// What went wrong inside a request.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database says no, or is gone, before anything was asked to last.
    Before(tokio_postgres::Error),
    /// The database says no, or is gone, while a change was asked to last.
    During(tokio_postgres::Error),
    /// A stored value cannot be understood.
    Value(String),
    /// An answer of the port's own contract.
    Port(Error),
}

impl From<tokio_postgres::Error> for Fault {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Before(error)
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

impl Fault {
    pub(super) fn into_error(self, what: &str) -> Error {
        match self {
            Self::Port(error) => error,
            Self::Value(text) => Error::not_applied(
                Kind::Decode,
                format!("could not {what}: a stored value cannot be understood ({text})"),
            )
            .with_advice("the database was written by another version or is damaged"),
            Self::Before(error) => database(what, error, Effect::NotApplied),
            Self::During(error) => {
                let effect = after_commit(error.code());
                database(what, error, effect)
            }
        }
    }
}

/// What a failed commit left behind. Only a refusal of the statement itself is certain: whoever
/// loses the connection, or is ended by the server, may have been committed before.
fn after_commit(code: Option<&SqlState>) -> Effect {
    let class = code.and_then(|code| code.code().get(..2));
    let unsure = code == Some(&SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN);
    match class {
        // Data, integrity, the state of the transaction, rolled back, syntax and rights.
        Some("22" | "23" | "25" | "40" | "42") if !unsure => Effect::NotApplied,
        Some(_) | None => Effect::Unknown,
    }
}

fn database(what: &str, error: tokio_postgres::Error, effect: Effect) -> Error {
    let (kind, advice) = match error.code() {
        Some(code) => (kind(code), advice(code)),
        None => (
            Kind::Unavailable,
            "the connection to the database was lost; it is made again by itself",
        ),
    };
    Error::new(kind, effect, format!("could not {what} in the database"))
        .with_source(error)
        .with_advice(advice)
}

fn kind(code: &SqlState) -> Kind {
    let late = [SqlState::QUERY_CANCELED, SqlState::LOCK_NOT_AVAILABLE];
    if late.contains(code) {
        Kind::Timeout
    } else {
        Kind::Unavailable
    }
}

fn advice(code: &SqlState) -> &'static str {
    match code.code() {
        "42501" => "give this user the right to use the schema order_store and its tables",
        "42P01" | "3F000" => {
            "the tables of the schema order_store were removed; restart to make them"
        }
        "53100" => "make room on the database server's disk; nothing is lost",
        "53300" => "allow more connections on the server, or make the pools smaller",
        "25006" => "this server is a read-only copy; connect to the primary",
        _ => "it is tried again by itself",
    }
}

/// The answer when no connection can be made at the start.
pub(super) fn cannot_connect(target: &str, error: tokio_postgres::Error) -> Error {
    let refused = error
        .code()
        .and_then(|code| code.code().get(..2))
        .is_some_and(|class| matches!(class, "28" | "3D" | "42"));
    // A password that is asked for and absent, and a certificate nobody vouches for, come without
    // a code.
    let (kind, advice) = if refused {
        (
            Kind::Config,
            "check user, password and database; a password is read from PGPASSWORD or a file",
        )
    } else {
        (
            Kind::Unavailable,
            "check that the server runs, that host and port are right, and, over a network, that \
             it offers TLS with a certificate this machine trusts (or say sslmode=disable)",
        )
    };
    Error::not_applied(kind, format!("cannot connect to the database {target}"))
        .with_source(error)
        .with_advice(advice)
}

#[cfg(test)]
mod tests {
    use super::{Effect, SqlState, after_commit};

    #[test]
    fn a_commit_whose_answer_is_lost_is_an_unknown_effect() {
        assert_eq!(after_commit(None), Effect::Unknown);
    }

    #[test]
    fn a_commit_that_the_server_was_told_to_break_off_is_an_unknown_effect() {
        assert_eq!(
            after_commit(Some(&SqlState::ADMIN_SHUTDOWN)),
            Effect::Unknown
        );
        let unknown = SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN;
        assert_eq!(after_commit(Some(&unknown)), Effect::Unknown);
    }

    #[test]
    fn a_commit_that_the_server_refused_left_nothing() {
        for state in [
            SqlState::T_R_SERIALIZATION_FAILURE,
            SqlState::UNIQUE_VIOLATION,
        ] {
            assert_eq!(after_commit(Some(&state)), Effect::NotApplied);
        }
    }
}
