//! What can be made to go wrong with a request.

use std::time::Duration;

/// A request as the fault hook sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen {
    /// Counts all requests of this sandbox from 1.
    pub number: u64,
    /// Method and path with its places, as in the platform's description.
    pub operation: String,
    /// The path as it came.
    pub path: String,
    /// The query as it came.
    pub query: String,
    /// The body.
    pub body: String,
    pub(crate) mutation: bool,
}

impl Seen {
    /// Whether the request would change something.
    #[must_use]
    pub fn is_mutation(&self) -> bool {
        self.mutation
    }
}

/// What happens to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Nothing unusual.
    #[default]
    None,
    /// It is not executed.
    Refuse(Failure),
    /// It is executed and the answer goes wrong.
    Lose(Failure),
    /// The answer goes wrong at once and it is executed later.
    Late {
        /// What the caller sees.
        failure: Failure,
        /// How much later it is executed.
        after: Duration,
    },
}

/// What the caller sees instead of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// A bare status.
    Status(u16),
    /// 429 with `Retry-After`.
    RateLimited(Duration),
    /// Nothing for so long, then a 504.
    Silence(Duration),
    /// The head and half of the body, then the connection closes.
    HalfABody,
    /// 200 with a page for people.
    WebPage,
    /// 200 with nothing in it, as something in between may answer.
    Empty,
}
