//! What every [`Marketplace`] must do.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{TimeZone as _, Utc};

use super::{NextFault, assert_no_secret};
use crate::error::{Effect, Kind};
use crate::ids::MarketplaceOrderId;
use crate::order::MarketplaceOrder;
use crate::ports::{
    AcceptRequest, CancelReason, CancelRequest, ConfirmLine, ConfirmRequest, ConfirmTracking,
    Cursor, DecideReturn, Marketplace, OrderRead, Outcome, Sighting, TicketStatus,
    TransporterQuery, TransporterWord,
};
use crate::returns::ReturnDecision;

mod confirming;

pub use confirming::{
    a_confirmation_is_found_only_after_it_was_sent, a_confirmed_shipment_is_at_the_platform_once,
    a_garbled_answer_is_unknown, a_late_code_reaches_the_platform,
    a_lost_reply_is_unknown_and_found_afterwards, a_partial_shipment_leaves_the_rest_open,
    a_server_error_is_unknown, a_throttled_confirmation_did_nothing,
};

/// How a test drives a marketplace's platform. One value is one fresh, isolated platform.
#[async_trait]
pub trait MarketplaceHarness: Sized + Send + Sync + 'static {
    /// Starts a platform with nothing in it.
    async fn start() -> Self;

    /// The connector, with a short time-out.
    fn marketplace(&self) -> Arc<dyn Marketplace>;

    /// Puts an open, paid order on the platform: lines of (article number, pieces, cents).
    async fn seed(&self, lines: &[(&str, u32, i64)]) -> MarketplaceOrderId;

    /// Lets the next request fail.
    async fn inject(&self, fault: NextFault);

    /// The shipments the platform has for an order: pieces and code of each.
    async fn shipments(&self, order: &MarketplaceOrderId) -> Vec<(u32, Option<String>)>;

    /// Lets the platform decide what it had put off.
    async fn decide(&self);

    /// How many orders fill more than one page of the platform's list.
    fn more_than_a_page(&self) -> usize;

    /// The secrets the connector was given.
    fn secrets(&self) -> Vec<String>;
}

/// Every order of a feed from the beginning, with how often it came.
async fn listed(marketplace: &dyn Marketplace, sweep: bool) -> BTreeMap<MarketplaceOrderId, u32> {
    let mut seen = BTreeMap::new();
    let mut cursor: Option<Cursor> = None;
    for _ in 0..100 {
        let page = if sweep {
            marketplace.open_orders(cursor).await
        } else {
            marketplace.changes(cursor).await
        };
        let page = page.expect("the feed answers");
        for sighting in &page.orders {
            assert!(
                !matches!(sighting, Sighting::Unreadable { .. }),
                "a seeded order is unreadable: {sighting:?}"
            );
            *seen.entry(sighting.id().clone()).or_default() += 1;
        }
        if !page.more {
            return seen;
        }
        cursor = Some(page.next);
    }
    panic!("the feed never ends");
}

async fn read(marketplace: &dyn Marketplace, id: &MarketplaceOrderId) -> MarketplaceOrder {
    let reads = marketplace
        .orders(vec![id.clone()])
        .await
        .expect("the read answers");
    match reads.into_iter().next() {
        Some(OrderRead::Found(order)) => *order,
        other => panic!("order {id} is not found: {other:?}"),
    }
}

fn whole(order: &MarketplaceOrder, code: Option<&str>) -> ConfirmRequest {
    let lines = order
        .lines
        .iter()
        .map(|line| ConfirmLine {
            line: line.id.clone(),
            quantity: line.open(),
            pieces: line.pieces.clone(),
        })
        .collect();
    ConfirmRequest {
        order: order.id.clone(),
        reference: format!("contract:{}/1", order.id),
        parcel: 1,
        lines,
        completes_order: true,
        shipped_at: Utc
            .timestamp_opt(1_780_000_000, 0)
            .single()
            .unwrap_or_default(),
        tracking: code.map(tracking),
        resume: None,
    }
}

fn tracking(code: &str) -> ConfirmTracking {
    ConfirmTracking {
        code: code.to_owned(),
        transporter: None,
        transporter_name: None,
        url: None,
    }
}

/// The request with the marketplace's word for a transporter it surely knows of.
async fn with_word(marketplace: &dyn Marketplace, mut request: ConfirmRequest) -> ConfirmRequest {
    if let Some(tracking) = &mut request.tracking {
        let query = TransporterQuery {
            carrier: "ups".to_owned(),
            name: None,
            destination: None,
        };
        tracking.transporter = match marketplace.transporter(query).await.expect("a word") {
            TransporterWord::Known(word) | TransporterWord::Other(word) => Some(word),
            TransporterWord::Unknown => None,
        };
    }
    request
}

/// Sends a confirmation through all its steps and tickets.
async fn confirm<H: MarketplaceHarness>(harness: &H, mut request: ConfirmRequest) {
    let marketplace = harness.marketplace();
    for _ in 0..20 {
        match marketplace
            .confirm(request.clone())
            .await
            .expect("the confirmation is taken")
        {
            Outcome::Done { .. } | Outcome::AlreadyDone => return,
            Outcome::Continue(checkpoint) => request.resume = Some(checkpoint),
            Outcome::Submitted(ticket) => {
                harness.decide().await;
                let status = marketplace
                    .ticket(ticket)
                    .await
                    .expect("the ticket answers");
                assert!(matches!(status, TicketStatus::Done { .. }), "{status:?}");
                return;
            }
            Outcome::Rejected { reason } => panic!("refused: {reason}"),
        }
    }
    panic!("the confirmation never ends");
}

/// Capabilities are the same every time.
pub async fn capabilities_are_constant<H: MarketplaceHarness>(harness: H) {
    let marketplace = harness.marketplace();
    assert_eq!(marketplace.capabilities(), marketplace.capabilities());
    assert!(!marketplace.capabilities().platform.is_empty());
}

/// Good credentials pass the check.
pub async fn good_credentials_pass_the_check<H: MarketplaceHarness>(harness: H) {
    harness
        .marketplace()
        .check()
        .await
        .expect("the check passes");
}

/// The first feed shows every open order, over several pages.
pub async fn every_seeded_order_is_listed_across_pages<H: MarketplaceHarness>(harness: H) {
    let mut ids = Vec::new();
    for _ in 0..harness.more_than_a_page() {
        ids.push(harness.seed(&[("SKU1", 1, 999)]).await);
    }
    let seen = listed(&*harness.marketplace(), false).await;
    for id in &ids {
        assert!(seen.contains_key(id), "order {id} was not listed");
    }
    assert_eq!(
        seen.len(),
        ids.len(),
        "something was listed that nobody seeded"
    );
}

/// A sweep shows every open order, over several pages.
pub async fn a_sweep_shows_every_open_order<H: MarketplaceHarness>(harness: H) {
    let mut ids = Vec::new();
    for _ in 0..harness.more_than_a_page() {
        ids.push(harness.seed(&[("SKU1", 1, 999)]).await);
    }
    let seen = listed(&*harness.marketplace(), true).await;
    assert_eq!(seen.keys().collect::<Vec<_>>(), {
        ids.sort();
        ids.iter().collect::<Vec<_>>()
    });
}

/// An order placed after a feed was read comes with the next page behind its cursor.
pub async fn a_new_order_comes_behind_the_cursor<H: MarketplaceHarness>(harness: H) {
    let marketplace = harness.marketplace();
    harness.seed(&[("SKU1", 1, 999)]).await;
    let mut page = marketplace.changes(None).await.expect("the feed answers");
    while page.more {
        page = marketplace
            .changes(Some(page.next))
            .await
            .expect("the feed answers");
    }
    let new = harness.seed(&[("SKU2", 1, 999)]).await;
    let mut cursor = page.next;
    for _ in 0..20 {
        let page = marketplace
            .changes(Some(cursor))
            .await
            .expect("the feed answers");
        if page.orders.iter().any(|sighting| *sighting.id() == new) {
            return;
        }
        assert!(page.more, "the new order did not come");
        cursor = page.next;
    }
    panic!("the feed never ends");
}

/// What was seeded is read back: lines, pieces, prices, address, sums that agree.
pub async fn an_order_reads_back_as_it_was_seeded<H: MarketplaceHarness>(harness: H) {
    let id = harness.seed(&[("SKU1", 2, 999), ("SKU2", 1, 605)]).await;
    let order = read(&*harness.marketplace(), &id).await;
    let mut lines: Vec<_> = order
        .lines
        .iter()
        .map(|line| {
            (
                line.sku.clone().unwrap_or_default(),
                line.quantity,
                line.unit_price.minor(),
            )
        })
        .collect();
    lines.sort();
    let wanted = [
        ("SKU1".to_owned(), 2, Some(999)),
        ("SKU2".to_owned(), 1, Some(605)),
    ];
    assert_eq!(lines, wanted);
    assert!(!order.is_closed() && !order.is_cancelled());
    order.checked_total().expect("the sums agree");
    let address = order.ship_to.expect("there is an address");
    assert_eq!(address.missing_parts(), Vec::<&str>::new());
}

/// An id the platform does not know is gone, which is no error.
pub async fn an_unknown_id_is_gone<H: MarketplaceHarness>(harness: H) {
    let known = harness.seed(&[("SKU1", 1, 999)]).await;
    let unknown = MarketplaceOrderId::new("0000000000");
    let reads = harness
        .marketplace()
        .orders(vec![unknown.clone()])
        .await
        .expect("an answer");
    assert_eq!(reads, [OrderRead::Gone(unknown)]);
    read(&*harness.marketplace(), &known).await;
}

/// A feed that answers a web page is an error, so that the cursor stays.
pub async fn a_garbled_feed_is_an_error<H: MarketplaceHarness>(harness: H) {
    harness.seed(&[("SKU1", 1, 999)]).await;
    harness.inject(NextFault::GarbledRead).await;
    let error = harness
        .marketplace()
        .changes(None)
        .await
        .expect_err("garbled");
    assert_eq!(error.effect(), Effect::NotApplied, "{error:?}");
}

/// Refused credentials stop the connection, and nothing was changed.
pub async fn refused_credentials_stop_the_connection<H: MarketplaceHarness>(harness: H) {
    let id = harness.seed(&[("SKU1", 1, 999)]).await;
    let marketplace = harness.marketplace();
    let order = read(&*marketplace, &id).await;
    harness.inject(NextFault::CredentialsRevoked).await;
    let error = marketplace
        .confirm(whole(&order, None))
        .await
        .expect_err("refused");
    assert!(error.stops_connection(), "{error:?}");
    assert_eq!(error.effect(), Effect::NotApplied);
    assert_eq!(harness.shipments(&id).await, []);
}

/// A cancelled order is cancelled at the platform; where it cannot be, the call is refused.
pub async fn a_cancelled_order_is_cancelled_at_the_platform<H: MarketplaceHarness>(harness: H) {
    let marketplace = harness.marketplace();
    let id = harness.seed(&[("SKU1", 2, 999), ("SKU2", 1, 605)]).await;
    let order = read(&*marketplace, &id).await;
    let mut request = CancelRequest {
        order: id.clone(),
        reference: format!("contract:{id} cancel"),
        lines: whole(&order, None).lines,
        reason: CancelReason::OutOfStock,
        resume: None,
    };
    for _ in 0..20 {
        let outcome = marketplace.cancel(request.clone()).await;
        if marketplace.capabilities().cancel.is_none() {
            assert_eq!(outcome.expect_err("it cannot").kind(), Kind::Unsupported);
            return;
        }
        match outcome.expect("it can") {
            Outcome::Continue(checkpoint) => request.resume = Some(checkpoint),
            Outcome::Submitted(_) | Outcome::Done { .. } | Outcome::AlreadyDone => {
                harness.decide().await;
                assert!(read(&*marketplace, &id).await.is_cancelled());
                return;
            }
            Outcome::Rejected { reason } => panic!("refused: {reason}"),
        }
    }
    panic!("the cancellation never ends");
}

/// Accepting works only where the platform has it.
pub async fn accepting_needs_the_capability<H: MarketplaceHarness>(harness: H) {
    let marketplace = harness.marketplace();
    if marketplace.capabilities().accept {
        return;
    }
    let id = harness.seed(&[("SKU1", 1, 999)]).await;
    let request = AcceptRequest {
        order: id,
        reference: "contract".to_owned(),
        lines: Vec::new(),
    };
    let error = marketplace.accept(request).await.expect_err("it cannot");
    assert_eq!(error.kind(), Kind::Unsupported);
}

/// Returns are read and decided only where that is declared.
pub async fn returns_need_the_capability<H: MarketplaceHarness>(harness: H) {
    let marketplace = harness.marketplace();
    let can = marketplace.capabilities();
    let page = marketplace.returns(None).await;
    let one = marketplace.read_return("no-such-return".into()).await;
    if can.returns {
        assert!(page.is_ok(), "{page:?}");
        assert_eq!(one.expect("an answer"), []);
    } else {
        assert_eq!(page.expect_err("it cannot").kind(), Kind::Unsupported);
        assert_eq!(one.expect_err("it cannot").kind(), Kind::Unsupported);
        assert!(can.return_decisions.is_empty());
    }
    let all = [
        ReturnDecision::Accept,
        ReturnDecision::Refuse,
        ReturnDecision::Keep,
    ];
    for decision in all {
        if can.return_decisions.contains(&decision) {
            continue;
        }
        let request = DecideReturn {
            id: "no-such-return".into(),
            order: "no-such-order".into(),
            reference: "contract".to_owned(),
            lines: Vec::new(),
            decision,
            note: None,
            resume: None,
        };
        let error = marketplace
            .decide_return(request)
            .await
            .expect_err("it cannot");
        assert_eq!(error.kind(), Kind::Unsupported);
    }
}

/// Neither Debug nor errors show a secret.
pub async fn debug_output_and_errors_have_no_secret<H: MarketplaceHarness>(harness: H) {
    let secrets = harness.secrets();
    let marketplace = harness.marketplace();
    assert_no_secret(&secrets, &format!("{marketplace:?}"), "the Debug output");
    harness.inject(NextFault::CredentialsRevoked).await;
    if let Err(error) = marketplace.check().await {
        assert_no_secret(
            &secrets,
            &format!("{error:?} {}", error.report()),
            "an error",
        );
    }
}

async fn tokio_pause() {
    tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>())
        .await
        .ok();
}

/// One test of every case of [`MarketplaceHarness`](crate::testkit::contract::MarketplaceHarness).
#[macro_export]
macro_rules! marketplace_contract {
    ($harness:ty) => {
        $crate::contract_cases!(
            MarketplaceHarness,
            $harness,
            capabilities_are_constant,
            good_credentials_pass_the_check,
            every_seeded_order_is_listed_across_pages,
            a_sweep_shows_every_open_order,
            a_new_order_comes_behind_the_cursor,
            an_order_reads_back_as_it_was_seeded,
            an_unknown_id_is_gone,
            a_confirmed_shipment_is_at_the_platform_once,
            a_confirmation_is_found_only_after_it_was_sent,
            a_lost_reply_is_unknown_and_found_afterwards,
            a_throttled_confirmation_did_nothing,
            a_server_error_is_unknown,
            a_garbled_answer_is_unknown,
            a_garbled_feed_is_an_error,
            refused_credentials_stop_the_connection,
            a_partial_shipment_leaves_the_rest_open,
            a_late_code_reaches_the_platform,
            a_cancelled_order_is_cancelled_at_the_platform,
            accepting_needs_the_capability,
            returns_need_the_capability,
            debug_output_and_errors_have_no_secret,
        );
    };
}
