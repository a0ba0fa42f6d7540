//! Faults from outside: what happens to a request before and after it is executed.

use async_trait::async_trait;

/// A request that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SandboxRequest {
    /// The method in capitals.
    pub method: String,
    /// The path, such as `/wc/v3/orders/12` (WooCommerce: behind `/wp-json`), or the name of a
    /// GraphQL operation.
    pub path: String,
    /// The query without its signature.
    pub query: Vec<(String, String)>,
    /// Which request this is, from 1.
    pub number: u64,
    /// Whether it only reads.
    pub reads: bool,
}

/// What is done to a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interference {
    /// Nothing.
    #[default]
    Pass,
    /// This is answered instead. Before execution, the request is then not executed.
    Answer {
        /// The status.
        status: u16,
        /// Headers.
        headers: Vec<(String, String)>,
        /// The body.
        body: Vec<u8>,
    },
    /// The answer breaks off in the middle. Before execution, nothing is executed.
    CutOff,
    /// Nothing is ever answered. Before execution, nothing is executed.
    Silence,
}

impl Interference {
    /// An answer in JSON.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Answer {
            status,
            headers,
            body: body.to_string().into_bytes(),
        }
    }

    /// Throttled: come back in so many seconds.
    #[must_use]
    pub fn throttled(seconds: u32) -> Self {
        let headers = vec![("retry-after".to_owned(), seconds.to_string())];
        Self::Answer {
            status: 429,
            headers,
            body: Vec::new(),
        }
    }
}

/// Stands between the network and the shop.
///
/// Both methods may wait as long as they like: execution goes on whether the caller waits or not,
/// so a request can be executed after its caller gave up.
#[async_trait]
pub trait SandboxHook: Send + Sync + 'static {
    /// Before the request is executed.
    async fn before(&self, request: &SandboxRequest) -> Interference;

    /// After it was executed, before its answer goes out.
    async fn after(&self, request: &SandboxRequest, status: u16) -> Interference;
}

/// Lets everything pass.
pub(crate) struct NoHook;

#[async_trait]
impl SandboxHook for NoHook {
    async fn before(&self, _: &SandboxRequest) -> Interference {
        Interference::Pass
    }

    async fn after(&self, _: &SandboxRequest, _: u16) -> Interference {
        Interference::Pass
    }
}
