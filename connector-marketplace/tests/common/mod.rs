//! What the tests of several platforms share.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "not every platform's tests use all of it"
)]

pub(crate) mod description;
pub(crate) mod engine;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use connector_marketplace::sandbox::{Failure, Fault, Seen};
use order_core::Kind;
use order_core::ids::MarketplaceOrderId;
use order_core::order::MarketplaceOrder;
use order_core::ports::{
    CancelReason, CancelRequest, Clock, ConfirmLine, ConfirmRequest, ConfirmTracking,
    ConfirmationFound, Cursor, EditTracking, Marketplace, OrderRead, Outcome, Sighting,
    SystemClock, TransporterQuery,
};
use order_core::testkit::contract::NextFault;
use serde_json::json;
use wiremock::matchers::any;
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

/// What a sandbox does with requests so that the next one that is meant fails as asked.
pub(crate) fn next_fault(
    fault: NextFault,
    unauthorised: u16,
) -> impl Fn(&Seen) -> Fault + Send + Sync + 'static {
    let next = match fault {
        NextFault::Throttled => Fault::Refuse(Failure::RateLimited(Duration::from_secs(60))),
        NextFault::ServerErrorApplied => Fault::Lose(Failure::Status(500)),
        NextFault::ServerErrorNotApplied => Fault::Refuse(Failure::Status(500)),
        NextFault::LostReply => Fault::Lose(Failure::Silence(Duration::from_secs(20))),
        NextFault::Garbled => Fault::Lose(Failure::WebPage),
        NextFault::GarbledRead => Fault::Refuse(Failure::WebPage),
        NextFault::CredentialsRevoked => Fault::Refuse(Failure::Status(unauthorised)),
    };
    let used = AtomicBool::new(false);
    move |request| {
        let meant = match fault {
            NextFault::CredentialsRevoked => return next.clone(),
            NextFault::GarbledRead => request.operation.starts_with("GET"),
            NextFault::Throttled
            | NextFault::ServerErrorApplied
            | NextFault::ServerErrorNotApplied
            | NextFault::LostReply
            | NextFault::Garbled => request.is_mutation(),
        };
        if meant && !used.swap(true, Ordering::SeqCst) {
            next.clone()
        } else {
            Fault::None
        }
    }
}

/// Answers what was not prepared with a success that says nothing.
pub(crate) async fn say_nothing(server: &MockServer) {
    Mock::given(any())
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({})))
        .mount(server)
        .await;
}

/// A success without the list that belongs in it is no empty list: nothing may be taken for gone,
/// and nothing for not there.
pub(crate) async fn no_empty_lists(marketplace: &dyn Marketplace, id: &str) {
    for page in [
        marketplace.open_orders(None).await,
        marketplace.changes(None).await,
    ] {
        assert_eq!(page.unwrap_err().kind(), Kind::Decode);
    }
    // One order is said to be unreadable, or the whole answer is.
    match marketplace.orders(vec![id.into()]).await {
        Err(error) => assert_eq!(error.kind(), Kind::Decode),
        Ok(reads) => assert!(
            matches!(reads[..], [OrderRead::Unreadable { .. }]),
            "{reads:?}"
        ),
    }
}

/// Nor is one of transporters: no word may count as one that is not listed.
pub(crate) async fn no_empty_carrier_list(marketplace: &dyn Marketplace) {
    let query = TransporterQuery {
        carrier: "ups".to_owned(),
        name: None,
        destination: None,
    };
    let word = marketplace.transporter(query).await;
    assert_eq!(word.unwrap_err().kind(), Kind::Decode);
}

/// Reads one order.
pub(crate) async fn read(marketplace: &dyn Marketplace, id: &str) -> OrderRead {
    let mut reads = marketplace
        .orders(vec![MarketplaceOrderId::new(id)])
        .await
        .unwrap();
    assert_eq!(reads.len(), 1, "one answer per id");
    reads.remove(0)
}

/// Reads an order that is there.
pub(crate) async fn order(marketplace: &dyn Marketplace, id: &str) -> MarketplaceOrder {
    let read = read(marketplace, id).await;
    let OrderRead::Found(order) = read else {
        panic!("not found: {read:?}")
    };
    *order
}

/// Why an order cannot be used.
pub(crate) async fn unreadable(marketplace: &dyn Marketplace, id: &str) -> String {
    let read = read(marketplace, id).await;
    let OrderRead::Unreadable { reason, .. } = read else {
        panic!("readable: {read:?}")
    };
    reason
}

/// All pages of a feed.
pub(crate) async fn all_changes(
    marketplace: &dyn Marketplace,
    mut cursor: Option<Cursor>,
) -> (Vec<Sighting>, Cursor) {
    let mut seen = Vec::new();
    for _ in 0..100 {
        let page = marketplace.changes(cursor).await.unwrap();
        seen.extend(page.orders);
        if !page.more {
            return (seen, page.next);
        }
        cursor = Some(page.next);
    }
    panic!("the feed never ends");
}

/// All pages of a sweep.
pub(crate) async fn all_open(marketplace: &dyn Marketplace) -> Vec<Sighting> {
    let (mut seen, mut cursor) = (Vec::new(), None);
    for _ in 0..100 {
        let page = marketplace.open_orders(cursor).await.unwrap();
        seen.extend(page.orders);
        if !page.more {
            return seen;
        }
        cursor = Some(page.next);
    }
    panic!("the sweep never ends");
}

/// A parcel with some pieces of an order's lines, in their order.
pub(crate) fn parcel(order: &MarketplaceOrder, number: u32, pieces: &[u32]) -> ConfirmRequest {
    let lines = order.lines.iter().zip(pieces);
    let lines: Vec<ConfirmLine> = lines
        .filter(|(_, quantity)| **quantity > 0)
        .map(|(line, quantity)| ConfirmLine {
            line: line.id.clone(),
            quantity: *quantity,
            pieces: line
                .pieces
                .iter()
                .take(*quantity as usize)
                .cloned()
                .collect(),
        })
        .collect();
    let open: u32 = order.lines.iter().map(order_core::order::Line::open).sum();
    let told: u32 = lines.iter().map(|line| line.quantity).sum();
    ConfirmRequest {
        order: order.id.clone(),
        reference: format!("channel:{}/{number}", order.id),
        parcel: number,
        lines,
        completes_order: told >= open,
        shipped_at: DateTime::from_timestamp(1_780_000_000, 0).unwrap(),
        tracking: None,
        resume: None,
    }
}

pub(crate) fn tracking(code: &str, transporter: Option<&str>) -> ConfirmTracking {
    ConfirmTracking {
        code: code.to_owned(),
        transporter: transporter.map(str::to_owned),
        transporter_name: None,
        url: None,
    }
}

/// Everything that is open, to be cancelled.
pub(crate) fn cancellation(order: &MarketplaceOrder) -> CancelRequest {
    let line = |line: &order_core::order::Line| {
        let wanted = line.pieces.iter().take(line.wanted() as usize);
        ConfirmLine {
            line: line.id.clone(),
            quantity: line.open(),
            pieces: wanted.rev().take(line.open() as usize).cloned().collect(),
        }
    };
    let open = order.lines.iter().filter(|line| line.open() > 0);
    CancelRequest {
        order: order.id.clone(),
        reference: format!("channel:{} cancel", order.id),
        lines: open.map(line).collect(),
        reason: CancelReason::OutOfStock,
        resume: None,
    }
}

/// The code of a parcel, to be added or changed.
pub(crate) fn edit(request: &ConfirmRequest, code: ConfirmTracking) -> EditTracking {
    EditTracking {
        order: request.order.clone(),
        reference: request.reference.clone(),
        parcel: request.parcel,
        remote_id: None,
        lines: request.lines.clone(),
        tracking: code,
    }
}

/// Sends a confirmation through all its steps; tickets are left open.
pub(crate) async fn confirm(marketplace: &dyn Marketplace, mut request: ConfirmRequest) -> Outcome {
    for _ in 0..50 {
        let outcome = marketplace.confirm(request.clone()).await.unwrap();
        let Outcome::Continue(checkpoint) = outcome else {
            return outcome;
        };
        request.resume = Some(checkpoint);
    }
    panic!("the confirmation never ends");
}

/// Sends a cancellation through all its steps; tickets are left open.
pub(crate) async fn cancel(marketplace: &dyn Marketplace, mut request: CancelRequest) -> Outcome {
    for _ in 0..50 {
        let outcome = marketplace.cancel(request.clone()).await.unwrap();
        let Outcome::Continue(checkpoint) = outcome else {
            return outcome;
        };
        request.resume = Some(checkpoint);
    }
    panic!("the cancellation never ends");
}

pub(crate) fn rejected(outcome: Outcome) -> String {
    let Outcome::Rejected { reason } = outcome else {
        panic!("not rejected: {outcome:?}")
    };
    reason
}

pub(crate) fn is_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Done { .. })
}

pub(crate) fn is_confirmed(found: &ConfirmationFound) -> bool {
    matches!(found, ConfirmationFound::Confirmed { .. })
}
