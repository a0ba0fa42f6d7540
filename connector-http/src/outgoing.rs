//! One request, complete, just before it is sent.

use std::fmt;

use order_core::{Error, Kind};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

/// A request that is about to be sent: what an [`Auth`](crate::Auth) reads and adds to.
///
/// `Debug` shows method and path alone.
pub struct Outgoing {
    pub(crate) method: reqwest::Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) credentials: Vec<String>,
}

impl Outgoing {
    /// The method in capitals.
    #[must_use]
    pub fn method(&self) -> &str {
        self.method.as_str()
    }

    /// The whole address with its query, as it will be sent.
    #[must_use]
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// The address without query and fragment: the base string of OAuth 1.0a.
    #[must_use]
    pub fn url_without_query(&self) -> String {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        url.into()
    }

    /// The query's decoded names and values in order.
    #[must_use]
    pub fn query(&self) -> Vec<(String, String)> {
        self.url.query_pairs().into_owned().collect()
    }

    /// A header that is already set.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body; empty when there is none.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Adds a header whose value is secret; it replaces an earlier one of that name.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] when name or value cannot be a header.
    pub fn set_credential_header(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let (name, mut header) = header(name, value)?;
        header.set_sensitive(true);
        self.headers.insert(name, header);
        self.remember(value);
        Ok(())
    }

    /// Adds a query pair whose value is secret.
    pub fn add_credential_query(&mut self, name: &str, value: &str) {
        self.url.query_pairs_mut().append_pair(name, value);
        self.remember(value);
    }

    /// Credentials of this request are masked wherever an answer echoes them.
    fn remember(&mut self, value: &str) {
        self.credentials.push(value.to_owned());
        if let Some((_, credential)) = value.split_once(' ') {
            self.credentials.push(credential.to_owned());
        }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

pub(crate) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let bad = |part| {
        Error::not_applied(
            Kind::Config,
            format!("header {name:?} has an impossible {part}"),
        )
    };
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("name"))?;
    let value = HeaderValue::from_str(value).map_err(|_| bad("value"))?;
    Ok((header, value))
}
