//! One call, being put together.

use std::fmt;
use std::time::Duration;

use order_core::{Error, Kind};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use url::Url;

use crate::client::{HttpClient, Replay};
use crate::response::Response;

/// RFC 3986 unreserved characters stay; everything else in a path segment is encoded.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A request that is not sent yet. Mistakes in it surface when it is sent, as errors.
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    client: HttpClient,
    pub(crate) method: reqwest::Method,
    template: String,
    pub(crate) replay: Replay,
    pub(crate) operation: String,
    segments: Vec<(String, String)>,
    query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) read_only: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) not_after: Duration,
    mistake: Option<Error>,
}

impl Request {
    pub(crate) fn new(
        client: HttpClient,
        method: reqwest::Method,
        template: &str,
        replay: Replay,
    ) -> Self {
        let path = template.split(['?', '#']).next().unwrap_or_default();
        Self {
            operation: format!("{method} {path}"),
            client,
            method,
            template: template.to_owned(),
            replay,
            segments: Vec::new(),
            query: Vec::new(),
            headers: Vec::new(),
            body: Vec::new(),
            read_only: false,
            timeout: None,
            not_after: Duration::MAX,
            mistake: None,
        }
    }

    /// Fills `{name}` of the path; the value is percent-encoded. An empty value is an error, since
    /// it would address the collection instead of the thing.
    pub fn segment(mut self, name: &str, value: &str) -> Self {
        if value.is_empty() || matches!(value, "." | "..") {
            self.mistake.get_or_insert_with(|| {
                Error::not_applied(Kind::Rejected, format!("{name} is empty or not an id"))
            });
        }
        self.segments.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Names the operation otherwise than by method and path.
    pub fn operation(mut self, name: impl Into<String>) -> Self {
        self.operation = name.into();
        self
    }

    /// A `POST` that only reads, such as a GraphQL query: failures leave nothing behind.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Adds `name=value` to the query.
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Sets a header that is not secret.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A JSON body as `application/json`.
    pub fn json<T: Serialize + ?Sized>(self, body: &T) -> Self {
        self.json_as("application/json", body)
    }

    /// A JSON body under exactly this media type.
    pub fn json_as<T: Serialize + ?Sized>(mut self, media_type: &str, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.body = bytes,
            Err(error) => {
                self.mistake.get_or_insert_with(|| {
                    Error::not_applied(Kind::Unexpected, "the request has no JSON form")
                        .with_source(error)
                });
            }
        }
        self.header("content-type", media_type)
    }

    /// A body as `application/x-www-form-urlencoded`.
    pub fn form(mut self, pairs: &[(&str, &str)]) -> Self {
        self.body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish()
            .into_bytes();
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// A body as it is.
    pub fn bytes(mut self, media_type: &str, body: Vec<u8>) -> Self {
        self.body = body;
        self.header("content-type", media_type)
    }

    /// Another time-out than the client's for each attempt.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Not sent any more once the [`Clock`](order_core::ports::Clock)'s `monotonic` has passed
    /// this. Checked last, after waiting for limits and credentials.
    pub fn not_after(mut self, monotonic: Duration) -> Self {
        self.not_after = monotonic;
        self
    }

    /// Sends it, as often as its replay safety allows.
    ///
    /// # Errors
    ///
    /// Anything but a complete 2xx, named by the platform's exceptions and the default table.
    pub async fn send(mut self) -> Result<Response, Error> {
        if let Some(mistake) = self.mistake.take() {
            return Err(mistake.with_operation(&self.operation));
        }
        self.client.send(&self).await
    }

    pub(crate) fn url(&self, base: &Url) -> Result<Url, Error> {
        let mut url = if self.template.contains("://") {
            self.link(base)?
        } else {
            self.path(base)?
        };
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        Ok(url)
    }

    fn path(&self, base: &Url) -> Result<Url, Error> {
        let mut path = self.template.clone();
        for (name, value) in &self.segments {
            let place = format!("{{{name}}}");
            if !path.contains(&place) {
                return Err(mistake(format!("the path has no place {place}")));
            }
            path = path.replace(&place, &utf8_percent_encode(value, SEGMENT).to_string());
        }
        if path.contains(['{', '}', '?', '#']) || !(path.is_empty() || path.starts_with('/')) {
            return Err(mistake(format!(
                "the path {:?} is not complete",
                self.template
            )));
        }
        let mut url = base.clone();
        if !path.is_empty() {
            url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
        }
        Ok(url)
    }

    fn link(&self, base: &Url) -> Result<Url, Error> {
        let decode = |message: &str| Error::not_applied(Kind::Decode, message);
        let url = Url::parse(&self.template)
            .map_err(|error| decode("the platform's link is no address").with_source(error))?;
        if url.origin() != base.origin() {
            return Err(decode(
                "the platform's link leads to another host; not followed",
            ));
        }
        Ok(url)
    }
}

fn mistake(message: String) -> Error {
    Error::not_applied(Kind::Unexpected, message)
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("operation", &self.operation)
            .field("replay", &self.replay)
            .finish_non_exhaustive()
    }
}
