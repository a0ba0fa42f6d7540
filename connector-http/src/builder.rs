//! Settings of a client, and the check that they can work.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use order_core::{Error, Kind};
use reqwest::header::HeaderMap;
use url::Url;

use crate::answer::Answer;
use crate::auth::{Auth, NoAuth};
use crate::client::{HttpClient, Inner};
use crate::environment::Environment;
use crate::limit::{Limit, Limiter, Pause};
use crate::outgoing::header;
use crate::retry;
use crate::transport::{Settings, Transport};

pub(crate) type Classify = dyn Fn(&Answer) -> Option<Error> + Send + Sync;
pub(crate) type RateHints = dyn Fn(&Answer, DateTime<Utc>) -> Option<Pause> + Send + Sync;
pub(crate) type Jitter = dyn Fn() -> f64 + Send + Sync;

/// Settings of an [`HttpClient`].
#[must_use]
pub struct Builder {
    base_url: String,
    environment: Environment,
    account: Option<String>,
    auth: Arc<dyn Auth>,
    retry: retry::Policy,
    request_timeout: Duration,
    connect_timeout: Duration,
    longest_retry_after: Duration,
    body_cap: usize,
    user_agent: String,
    headers: Vec<(String, String)>,
    allow_plain_http: bool,
    limits: HashMap<String, Limit>,
    otherwise: Limit,
    classify: Option<Arc<Classify>>,
    rate_hints: Option<Arc<RateHints>>,
    jitter: Arc<Jitter>,
}

impl Builder {
    pub(crate) fn new(base_url: String, environment: Environment) -> Self {
        Self {
            base_url,
            environment,
            account: None,
            auth: Arc::new(NoAuth),
            retry: retry::Policy::default(),
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            longest_retry_after: Duration::from_secs(3600),
            body_cap: 8 * 1024 * 1024,
            user_agent: concat!("order-connection/", env!("CARGO_PKG_VERSION")).to_owned(),
            headers: Vec::new(),
            allow_plain_http: false,
            limits: HashMap::new(),
            otherwise: Limit::none(),
            classify: None,
            rate_hints: None,
            jitter: Arc::new(random),
        }
    }

    /// Whose requests these are, in words that hold no secret: a client id, a seller's number.
    /// Clients of one address and account share a rate budget where the environment has one.
    /// Without it, all clients of the address do: right for a webshop, which has an address of its
    /// own, and too slow for a marketplace that serves every seller at the same one.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Credentials; none by default.
    pub fn auth(mut self, auth: impl Auth) -> Self {
        self.auth = Arc::new(auth);
        self
    }

    /// How long one attempt may take, from connecting to the last byte; 30 s by default.
    /// Counted on the [`Clock`](order_core::ports::Clock), so that whoever stores deadlines counts the same seconds.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// How long making a connection may take; 10 s by default, in real time.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The time within which a call may wait for its turn and start further attempts; 60 s by
    /// default.
    pub fn retry_budget(mut self, budget: Duration) -> Self {
        self.retry.budget = budget;
        self
    }

    /// Attempts in all for reads and `Replay::Safe` requests; 4 by default, at least 1.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.retry.attempts = attempts.max(1);
        self
    }

    /// The wait before the second attempt, which doubles up to `longest`; 0.5 s and 10 s by default.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.retry.first_wait = first;
        self.retry.longest_wait = longest;
        self
    }

    /// A wait asked for by the platform is believed up to this; one hour by default.
    pub fn longest_retry_after(mut self, longest: Duration) -> Self {
        self.longest_retry_after = longest;
        self
    }

    /// The largest answer that is read; 8 MiB by default.
    pub fn body_cap(mut self, bytes: usize) -> Self {
        self.body_cap = bytes;
        self
    }

    /// What `User-Agent` says.
    pub fn user_agent(mut self, text: impl Into<String>) -> Self {
        self.user_agent = text.into();
        self
    }

    /// A header that is not secret, on every request.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Allows `http://` to hosts other than this machine. Everything is then readable on the way.
    pub fn allow_plain_http(mut self, allow: bool) -> Self {
        self.allow_plain_http = allow;
        self
    }

    /// A documented limit of one operation, named as in `GET /retailer/orders`.
    pub fn limit(mut self, operation: impl Into<String>, limit: Limit) -> Self {
        self.limits.insert(operation.into(), limit);
        self
    }

    /// A documented limit of each operation that has none of its own.
    pub fn limit_others(mut self, limit: Limit) -> Self {
        self.otherwise = limit;
        self
    }

    /// This platform's exceptions to the default table. Called for every complete answer, a 2xx
    /// included; `None` leaves it to the table.
    pub fn classify(
        mut self,
        classify: impl Fn(&Answer) -> Option<Error> + Send + Sync + 'static,
    ) -> Self {
        self.classify = Some(Arc::new(classify));
        self
    }

    /// Reads this platform's rate headers. `Retry-After` on 429 and 503 is honoured anyway.
    pub fn rate_hints(
        mut self,
        hints: impl Fn(&Answer, DateTime<Utc>) -> Option<Pause> + Send + Sync + 'static,
    ) -> Self {
        self.rate_hints = Some(Arc::new(hints));
        self
    }

    /// Where the numbers from 0 to 1 that spread waits come from.
    pub fn jitter(mut self, jitter: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.jitter = Arc::new(jitter);
        self
    }

    /// Checks the settings and makes the client. No request is sent.
    ///
    /// # Errors
    ///
    /// [`Kind::Config`] when the address is no http(s) address, carries credentials or a query, is
    /// plain http to another machine, or a header is impossible.
    pub fn build(self) -> Result<HttpClient, Error> {
        let base = base(&self.base_url, self.allow_plain_http)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let (name, value) = header(name, value)?;
            headers.insert(name, value);
        }
        header("user-agent", &self.user_agent)?;
        let settings = Settings {
            base: base.clone(),
            user_agent: self.user_agent,
            connect_timeout: self.connect_timeout,
            body_cap: self.body_cap,
        };
        let account = match &self.account {
            Some(account) => format!("{base} {account}"),
            None => base.to_string(),
        };
        let clock = self.environment.clock();
        let inner = Inner {
            transport: Transport::new(settings, Arc::clone(&clock))?,
            limiter: Limiter::new(&self.environment, account, self.limits, self.otherwise),
            base,
            clock,
            auth: self.auth,
            retry: self.retry,
            request_timeout: self.request_timeout,
            longest_retry_after: self.longest_retry_after,
            headers,
            classify: self.classify,
            rate_hints: self.rate_hints,
            jitter: self.jitter,
        };
        Ok(HttpClient {
            inner: Arc::new(inner),
        })
    }
}

/// Parses the address. Its text is never quoted: it may hold a password.
fn base(text: &str, allow_plain_http: bool) -> Result<Url, Error> {
    let config = |message: &str| Error::not_applied(Kind::Config, message);
    let url = Url::parse(text.trim()).map_err(|error| {
        config("the platform's address is not a URL")
            .with_source(error)
            .with_advice("write it as https://host or https://host/path")
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(config(
            "the platform's address must start with https:// and name a host",
        ));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            config("the platform's address holds a user name or password")
                .with_advice("put credentials in their own settings"),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(config("the platform's address has a query or fragment"));
    }
    if url.scheme() == "http" && !allow_plain_http && !is_loopback(&url) {
        return Err(config(
            "plain http to another machine would show the credentials to everybody",
        )
        .with_advice("use https, or allow plain http explicitly"));
    }
    Ok(url)
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

/// A number from 0 to 1. The standard library seeds its hash maps randomly; for spreading waits
/// that is random enough.
fn random() -> f64 {
    let bits = std::hash::RandomState::new().build_hasher().finish();
    f64::from(u32::try_from(bits >> 32).unwrap_or(0)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_alone_unless_allowed() {
        for local in [
            "http://127.0.0.1:1",
            "http://localhost:2/x",
            "http://[::1]",
            "http://127.9.9.9",
        ] {
            assert!(base(local, false).is_ok(), "{local}");
        }
        for far in [
            "http://example.com",
            "http://127.0.0.1.example.com",
            "http://10.0.0.1",
        ] {
            assert_eq!(base(far, false).unwrap_err().kind(), Kind::Config, "{far}");
            assert!(base(far, true).is_ok(), "{far}");
        }
    }

    #[test]
    fn an_impossible_address_is_explained_without_quoting_it() {
        for wrong in [
            "",
            "hunter2",
            "ftp://hunter2.example",
            "https://user:hunter2@shop.example",
            "https://hunter2@shop.example",
            "https://shop.example/?key=hunter2",
        ] {
            let error = base(wrong, false).unwrap_err();
            assert_eq!(error.kind(), Kind::Config);
            assert!(!error.report().contains("hunter2"), "{}", error.report());
        }
    }

    #[test]
    fn random_numbers_lie_between_zero_and_one_and_differ() {
        let numbers: Vec<f64> = (0..50).map(|_| random()).collect();
        assert!(
            numbers.iter().all(|n| (0.0..=1.0).contains(n)),
            "{numbers:?}"
        );
        assert!(numbers.iter().any(|n| (n - numbers[0]).abs() > 1e-9));
    }
}
