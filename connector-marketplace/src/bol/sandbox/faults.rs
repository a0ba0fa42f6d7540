//! What can be made to go wrong with a request.

use std::time::Duration;

/// A request as the fault hook sees it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Seen {
    /// Counts all requests of this sandbox from 1.
    pub number: u64,
    /// Method and path with its places, as in `GET /retailer/orders/{order-id}`; `POST token` for
    /// tokens.
    pub operation: String,
    /// The path as it came.
    pub path: String,
    /// The query as it came.
    pub query: String,
    /// The body.
    pub body: String,
}

impl Seen {
    /// Whether the request would change something.
    #[must_use]
    pub fn is_mutation(&self) -> bool {
        matches!(
            self.operation.as_str(),
            "POST /retailer/shipments"
                | "PUT /retailer/transports/{transport-id}"
                | "PUT /retailer/orders/cancellation"
                | "PUT /retailer/returns/{rma-id}"
        )
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
    /// Every token is forgotten first, so this request gets a 401.
    ExpireTokens,
    /// A list answers the page before the one asked for.
    RepeatPage,
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
