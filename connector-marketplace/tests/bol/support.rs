//! A clock that can be moved, and shortcuts.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use connector_http::Secret;
use connector_marketplace::bol::sandbox::{Sandbox, Settings};
use connector_marketplace::bol::{Bol, BolConfig, MEDIA_TYPE};
use order_core::Error;
use order_core::ids::MarketplaceOrderId;
use order_core::order::MarketplaceOrder;
use order_core::ports::{
    CancelReason, CancelRequest, Clock, ConfirmLine, ConfirmRequest, ConfirmTracking, Cursor,
    EditTracking, Marketplace, OrderRead, Outcome, Sighting, SystemClock, Ticket, TicketStatus,
};
use serde_json::json;
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// The real clock plus what was skipped. Short waits and time-outs are real, waits in between
/// (back-off, `Retry-After`) only move it.
#[derive(Debug)]
pub(crate) struct TestClock {
    real: SystemClock,
    skipped: Mutex<Duration>,
}

impl TestClock {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            real: SystemClock::new(),
            skipped: Mutex::default(),
        })
    }

    pub(crate) fn advance(&self, by: Duration) {
        *self.skipped.lock().unwrap() += by;
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        self.real.now() + *self.skipped.lock().unwrap()
    }

    fn monotonic(&self) -> Duration {
        self.real.monotonic() + *self.skipped.lock().unwrap()
    }

    async fn sleep(&self, duration: Duration) {
        if (Duration::from_millis(1500)..Duration::from_secs(15)).contains(&duration) {
            self.advance(duration);
        } else {
            self.real.sleep(duration).await;
        }
    }
}

/// A sandbox, its clock and a connector to it.
pub(crate) struct World {
    pub(crate) clock: Arc<TestClock>,
    pub(crate) sandbox: Sandbox,
    pub(crate) bol: Bol,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Settings {
            record: true,
            ..Settings::default()
        })
        .await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let clock = TestClock::new();
        let sandbox = Sandbox::start(settings, clock.clone()).await.unwrap();
        let mut config = sandbox.config();
        config.request_timeout_seconds = Some(1);
        let bol = config.build(clock.clone()).unwrap();
        Self {
            clock,
            sandbox,
            bol,
        }
    }

    /// Lets every change that was taken happen.
    pub(crate) fn let_it_happen(&self) {
        self.clock.advance(Duration::from_secs(30));
    }

    pub(crate) async fn order(&self, id: &str) -> MarketplaceOrder {
        order(&self.bol, id).await
    }

    pub(crate) async fn ticket(&self, outcome: Outcome) -> TicketStatus {
        self.bol.ticket(submitted(outcome)).await.unwrap()
    }

    /// How many pieces of an item the platform knows as shipped, and in how many shipments.
    pub(crate) fn shipped(&self, item: &str) -> (u64, usize) {
        let state = self.sandbox.state();
        let items = state["orders"].as_array().unwrap().iter();
        let pieces = items
            .flat_map(|order| order["items"].as_array().unwrap())
            .find(|it| it["id"] == item)
            .map_or(0, |it| it["shipped"].as_u64().unwrap());
        let shipments = state["shipments"].as_array().unwrap().iter();
        let count = shipments
            .filter(|it| {
                it["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .any(|part| part[0] == item)
            })
            .count();
        (pieces, count)
    }

    pub(crate) fn requests(&self, operation: &str) -> u64 {
        self.sandbox.state()["requests"][operation]
            .as_u64()
            .unwrap_or(0)
    }
}

pub(crate) fn submitted(outcome: Outcome) -> Ticket {
    let Outcome::Submitted(ticket) = outcome else {
        panic!("not submitted: {outcome:?}")
    };
    ticket
}

pub(crate) fn rejected(outcome: Outcome) -> String {
    let Outcome::Rejected { reason } = outcome else {
        panic!("not rejected: {outcome:?}")
    };
    reason
}

pub(crate) async fn order(bol: &Bol, id: &str) -> MarketplaceOrder {
    let read = read(bol, id).await.unwrap();
    let OrderRead::Found(order) = read else {
        panic!("not found: {read:?}")
    };
    *order
}

pub(crate) async fn read(bol: &Bol, id: &str) -> Result<OrderRead, Error> {
    let mut reads = bol.orders(vec![MarketplaceOrderId::new(id)]).await?;
    assert_eq!(reads.len(), 1, "one answer per id");
    Ok(reads.remove(0))
}

/// Why an order cannot be used.
pub(crate) async fn unreadable(bol: &Bol, id: &str) -> String {
    let read = read(bol, id).await.unwrap();
    let OrderRead::Unreadable { reason, .. } = read else {
        panic!("readable: {read:?}")
    };
    reason
}

/// All pages of a feed.
pub(crate) async fn all_changes(bol: &Bol, cursor: Option<Cursor>) -> (Vec<Sighting>, Cursor) {
    let (mut seen, mut cursor) = (Vec::new(), cursor);
    loop {
        let page = bol.changes(cursor).await.unwrap();
        seen.extend(page.orders);
        if !page.more {
            return (seen, page.next);
        }
        cursor = Some(page.next);
    }
}

pub(crate) fn ids(sightings: &[Sighting]) -> std::collections::BTreeSet<String> {
    sightings
        .iter()
        .map(|sighting| sighting.id().to_string())
        .collect()
}

pub(crate) fn lines(lines: &[(&str, u32)]) -> Vec<ConfirmLine> {
    let line = |&(id, quantity): &(&str, u32)| ConfirmLine {
        line: id.into(),
        quantity,
        pieces: Vec::new(),
    };
    lines.iter().map(line).collect()
}

pub(crate) fn tracking(code: &str, transporter: Option<&str>) -> ConfirmTracking {
    ConfirmTracking {
        code: code.to_owned(),
        transporter: transporter.map(str::to_owned),
        transporter_name: None,
        url: None,
    }
}

/// A parcel with a PostNL code.
pub(crate) fn parcel(order: &str, number: u32, items: &[(&str, u32)]) -> ConfirmRequest {
    ConfirmRequest {
        order: order.into(),
        reference: format!("bol:{order}/{number}"),
        parcel: number,
        lines: lines(items),
        completes_order: true,
        shipped_at: DateTime::UNIX_EPOCH,
        tracking: Some(tracking("3SBOLD1234567", Some("TNT"))),
        resume: None,
    }
}

pub(crate) fn edit(request: &ConfirmRequest, code: &str) -> EditTracking {
    EditTracking {
        order: request.order.clone(),
        reference: request.reference.clone(),
        parcel: request.parcel,
        remote_id: None,
        lines: request.lines.clone(),
        tracking: tracking(code, Some("DPD-NL")),
    }
}

pub(crate) fn cancellation(order: &str, items: &[(&str, u32)]) -> CancelRequest {
    CancelRequest {
        order: order.into(),
        reference: format!("bol:{order}/cancel"),
        lines: lines(items),
        reason: CancelReason::OutOfStock,
        resume: None,
    }
}

/// A bol that answers tokens, and 599 to whatever a test did not prepare.
pub(crate) async fn mock() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/token"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({
            "access_token": "t", "token_type": "Bearer", "expires_in": 299
        })))
        .mount(&server)
        .await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(599))
        .with_priority(255)
        .mount(&server)
        .await;
    server
}

pub(crate) fn connector(server: &MockServer) -> Bol {
    let mut config = BolConfig::new("id", Secret::new("secret")).at(&server.uri());
    config.request_timeout_seconds = Some(1);
    config.build(TestClock::new()).unwrap()
}

pub(crate) fn body(status: u16, text: impl Into<String>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(text.into(), MEDIA_TYPE)
}
