//! One function per endpoint, wire types in and out.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use connector_http::{HttpClient, Limit, Replay, Response};
use order_core::ports::Clock;
use order_core::{Error, Kind};

use super::wire::{
    ConfirmShipment, Document, Feed, NewDocument, NewFeed, OneOrder, Order, Orders, Participations,
};

/// How many orders a full page has.
pub(super) const PAGE: usize = 100;

/// Everything about an order that is looked at. Who may see the recipient is a matter of the
/// application's roles.
const DATA: &str = "BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT,PACKAGES";
/// Everything that is not closed.
const OPEN: &str = "PENDING_AVAILABILITY,PENDING,UNSHIPPED,PARTIALLY_SHIPPED";

/// Rates and bursts as Amazon states them with each operation: the time of one request, and how
/// many may come at once.
pub(super) const LIMITS: &[(&str, Limit)] = &[
    (SEARCH, limit(178_572, 20)),
    ("GET /orders/2026-01-01/orders/{orderId}", limit(2000, 30)),
    (
        "POST /orders/v0/orders/{orderId}/shipmentConfirmation",
        limit(500, 10),
    ),
    ("POST /feeds/2021-06-30/documents", limit(2000, 15)),
    ("POST /feeds/2021-06-30/feeds", limit(120_482, 15)),
    ("GET /feeds/2021-06-30/feeds/{feedId}", limit(500, 15)),
    (
        "GET /feeds/2021-06-30/documents/{feedDocumentId}",
        limit(45_046, 10),
    ),
    (
        "GET /sellers/v1/marketplaceParticipations",
        limit(62_500, 15),
    ),
];

const SEARCH: &str = "GET /orders/2026-01-01/orders";

const fn limit(milliseconds: u64, burst: u32) -> Limit {
    Limit::none()
        .with_spacing(Duration::from_millis(milliseconds))
        .with_burst(burst)
}

/// Which orders to list. Further pages must repeat the same.
#[derive(Clone, Debug)]
pub(super) struct Search<'a> {
    /// Everything that changed since; `None` for everything open.
    pub(super) since: Option<DateTime<Utc>>,
    /// How far back everything open reaches.
    pub(super) created_after: DateTime<Utc>,
    pub(super) token: Option<&'a str>,
}

pub(super) struct Api {
    http: HttpClient,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    allow_plain_http: bool,
    marketplaces: String,
    fulfilled_by: &'static str,
}

impl Api {
    pub(super) fn new(
        http: HttpClient,
        clock: Arc<dyn Clock>,
        allow_plain_http: bool,
        marketplaces: &[String],
        by_amazon_too: bool,
    ) -> Self {
        Self {
            timeout: http.request_timeout(),
            http,
            clock,
            allow_plain_http,
            marketplaces: marketplaces.join(","),
            fulfilled_by: if by_amazon_too {
                "MERCHANT,AMAZON"
            } else {
                "MERCHANT"
            },
        }
    }

    pub(super) async fn search(&self, search: Search<'_>) -> Result<Orders, Error> {
        let mut request = self
            .http
            .get(SEARCH.trim_start_matches("GET "))
            .query("marketplaceIds", &self.marketplaces)
            .query("fulfilledBy", self.fulfilled_by)
            .query("includedData", DATA)
            .query("maxResultsPerPage", PAGE);
        request = match search.since {
            Some(since) => request.query("lastUpdatedAfter", instant(since)),
            None => request
                .query("createdAfter", instant(search.created_after))
                .query("fulfillmentStatuses", OPEN),
        };
        if let Some(token) = search.token {
            request = request.query("paginationToken", token);
        }
        let response = request.send().await?;
        // One entry with broken bytes must not hide the other ninety-nine.
        let orders: Orders = response.json_lossy()?;
        if orders.orders.is_none() {
            return Err(response.unreadable("the answer has no orders".to_owned()));
        }
        Ok(orders)
    }

    pub(super) async fn order(&self, id: &str) -> Result<Order, Error> {
        let response = self
            .http
            .get("/orders/2026-01-01/orders/{orderId}")
            .segment("orderId", id)
            .query("includedData", DATA)
            .send()
            .await?;
        let answer: OneOrder = response.json()?;
        answer
            .order
            .ok_or_else(|| response.unreadable("the answer has no order".to_owned()))
    }

    pub(super) async fn confirm(&self, order: &str, body: &ConfirmShipment) -> Result<(), Error> {
        // Never: the same package twice would be harmless, but who knows what came in between.
        let request = self
            .http
            .post(
                "/orders/v0/orders/{orderId}/shipmentConfirmation",
                Replay::Never,
            )
            .segment("orderId", order);
        let response = request.json(body).send().await?;
        if response.status() == 204 && response.body().is_empty() {
            return Ok(());
        }
        let status = response.status();
        Err(response.unreadable(format!("HTTP {status} with a body, 204 was expected")))
    }

    pub(super) async fn create_document(&self, content: &'static str) -> Result<Document, Error> {
        // Never: harmless, but each one counts against a small budget.
        let request = self
            .http
            .post("/feeds/2021-06-30/documents", Replay::Never)
            .json(&NewDocument {
                content_type: content,
            });
        request.send().await?.json()
    }

    pub(super) async fn create_feed(&self, body: &NewFeed) -> Result<(Feed, Response), Error> {
        // Never: a second feed does the same once more.
        let request = self
            .http
            .post("/feeds/2021-06-30/feeds", Replay::Never)
            .json(body);
        let response = request.send().await?;
        Ok((response.json()?, response))
    }

    pub(super) async fn feed(&self, id: &str) -> Result<Feed, Error> {
        self.http
            .get("/feeds/2021-06-30/feeds/{feedId}")
            .segment("feedId", id)
            .send()
            .await?
            .json()
    }

    pub(super) async fn document(&self, id: &str) -> Result<Document, Error> {
        self.http
            .get("/feeds/2021-06-30/documents/{feedDocumentId}")
            .segment("feedDocumentId", id)
            .send()
            .await?
            .json()
    }

    pub(super) async fn participations(&self) -> Result<Participations, Error> {
        self.http
            .get("/sellers/v1/marketplaceParticipations")
            .send()
            .await?
            .json()
    }

    /// Writes a document to the address that Amazon gave for it. Nobody looks at the document
    /// until a feed names it, so writing it twice is the same as writing it once.
    pub(super) async fn upload(
        &self,
        url: &str,
        content: &'static str,
        body: Vec<u8>,
    ) -> Result<(), Error> {
        let request = self
            .elsewhere(url)?
            .put(url, Replay::Safe)
            .operation("PUT feed document")
            .bytes(content, body);
        request.send().await.map(drop).map_err(of_a_document)
    }

    pub(super) async fn download(&self, url: &str) -> Result<Response, Error> {
        let request = self.elsewhere(url)?.get(url);
        let request = request.operation("GET feed document");
        request.send().await.map_err(of_a_document)
    }

    /// A client for documents: they lie on other machines, which must not see the access token.
    fn elsewhere(&self, url: &str) -> Result<HttpClient, Error> {
        let origin = origin(url).ok_or_else(|| {
            Error::not_applied(Kind::Decode, "the address of the feed document is none")
        })?;
        HttpClient::builder(origin, Arc::clone(&self.clock))
            .allow_plain_http(self.allow_plain_http)
            .request_timeout(self.timeout)
            .retry_budget(Duration::from_secs(35))
            .build()
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Api")
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}

/// Addresses of documents work for minutes. One that is refused says nothing about the account: the
/// next attempt gets another one.
fn of_a_document(error: Error) -> Error {
    let refused =
        error.stops_connection() || matches!(error.kind(), Kind::NotFound | Kind::Rejected);
    if refused {
        let text = format!(
            "the address of the feed document is refused: {}",
            error.message()
        );
        return Error::new(Kind::Unavailable, error.effect(), text).with_source(error);
    }
    error
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest
        .split(['/', '?', '#'])
        .next()
        .filter(|host| !host.is_empty())?;
    Some(format!("{scheme}://{host}"))
}

pub(super) fn instant(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Whether this is an answer about something that is not there.
pub(super) fn is_absent(error: &Error) -> bool {
    error.kind() == Kind::NotFound
}

#[cfg(test)]
mod tests {
    use super::origin;

    #[test]
    fn the_origin_of_an_address_has_no_path_and_no_query() {
        let url = "https://bucket.s3.example:8443/a/b?X-Signature=1";
        assert_eq!(
            origin(url).as_deref(),
            Some("https://bucket.s3.example:8443")
        );
        assert_eq!(origin("https://host?x").as_deref(), Some("https://host"));
        for none in ["", "host/path", "https://", "https:///path"] {
            assert_eq!(origin(none), None, "{none}");
        }
    }
}
