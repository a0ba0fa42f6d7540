//! A shipment is confirmed once, and what became of it can be found out.

use super::{MarketplaceHarness, NextFault, confirm, read, tokio_pause, whole, with_word};
use crate::error::{Effect, Kind};
use crate::ports::{ConfirmationFound, EditTracking, Granularity, Outcome, TicketStatus};

/// A shipment that was confirmed is at the platform once, with its code, and the order is closed.
pub async fn a_confirmed_shipment_is_at_the_platform_once<H: MarketplaceHarness>(harness: H) {
    let id = harness.seed(&[("SKU1", 2, 999), ("SKU2", 1, 605)]).await;
    let marketplace = harness.marketplace();
    let order = read(&*marketplace, &id).await;
    let request = with_word(&*marketplace, whole(&order, Some("1Z12345E0205271688"))).await;
    confirm(&harness, request).await;
    let shipments = harness.shipments(&id).await;
    let pieces: u32 = shipments.iter().map(|(pieces, _)| pieces).sum();
    assert_eq!(pieces, 3, "{shipments:?}");
    assert!(
        shipments
            .iter()
            .all(|(_, code)| code.as_deref() == Some("1Z12345E0205271688"))
    );
    assert!(read(&*marketplace, &id).await.is_closed());
}

/// A confirmation is absent before it was sent, and found afterwards.
pub async fn a_confirmation_is_found_only_after_it_was_sent<H: MarketplaceHarness>(harness: H) {
    let id = harness.seed(&[("SKU1", 1, 999)]).await;
    let marketplace = harness.marketplace();
    let order = read(&*marketplace, &id).await;
    let request = with_word(&*marketplace, whole(&order, Some("1Z12345E0205271688"))).await;
    let before = marketplace
        .find_confirmation(request.clone())
        .await
        .expect("a look");
    assert_eq!(before, ConfirmationFound::Absent);
    confirm(&harness, request.clone()).await;
    let after = marketplace
        .find_confirmation(request)
        .await
        .expect("a look");
    assert!(
        matches!(after, ConfirmationFound::Confirmed { .. }),
        "{after:?}"
    );
}

/// A confirmation whose answer is lost has unknown effect, and a look finds it.
pub async fn a_lost_reply_is_unknown_and_found_afterwards<H: MarketplaceHarness>(harness: H) {
    let id = harness.seed(&[("SKU1", 1, 999)]).await;
    let marketplace = harness.marketplace();
    let order = read(&*marketplace, &id).await;
    let request = with_word(&*marketplace, whole(&order, Some("1Z12345E0205271688"))).await;
    harness.inject(NextFault::LostReply).await;
    let error = marketplace
        .confirm(request.clone())
        .await
        .expect_err("no answer came");
    assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
    harness.decide().await;
    for _ in 0..50 {
        match marketplace
            .find_confirmation(request.clone())
            .await
            .expect("a look")
        {
            ConfirmationFound::Confirmed { .. } => {
                let pieces: u32 = harness.shipments(&id).await.iter().map(|s| s.0).sum();
                assert_eq!(pieces, 1);
                return;
            }
            ConfirmationFound::InProgress(_) => harness.decide().await,
            ConfirmationFound::Absent => tokio_pause().await,
        }
    }
    panic!("the confirmation is never found");
}

/// A throttled confirmation did nothing, and says so.
pub async fn a_throttled_confirmation_did_nothing<H: MarketplaceHarness>(harness: H) {
    let id = harness.seed(&[("SKU1", 1, 999)]).await;
    let marketplace = harness.marketplace();
    let order = read(&*marketplace, &id).await;
    let request = with_word(&*marketplace, whole(&order, Some("1Z12345E0205271688"))).await;
    harness.inject(NextFault::Throttled).await;
    let error = marketplace.confirm(request).await.expect_err("throttled");
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::RateLimited, Effect::NotApplied)
    );
    assert_eq!(harness.shipments(&id).await, []);
}

/// After a server error nobody knows, whether it was executed or not.
pub async fn a_server_error_is_unknown<H: MarketplaceHarness>(harness: H) {
    for fault in [
        NextFault::ServerErrorApplied,
        NextFault::ServerErrorNotApplied,
    ] {
        let id = harness.seed(&[("SKU1", 1, 999)]).await;
        let marketplace = harness.marketplace();
        let order = read(&*marketplace, &id).await;
        let request = with_word(&*marketplace, whole(&order, Some("1Z12345E0205271688"))).await;
        harness.inject(fault).await;
        let error = marketplace
            .confirm(request)
            .await
            .expect_err("a server error");
        assert_eq!(error.effect(), Effect::Unknown, "{fault:?}: {error:?}");
        assert!(error.is_retryable(), "{fault:?}: {error:?}");
    }
}

/// A web page instead of an answer leaves the effect unknown.
pub async fn a_garbled_answer_is_unknown<H: MarketplaceHarness>(harness: H) {
    let id = harness.seed(&[("SKU1", 1, 999)]).await;
    let marketplace = harness.marketplace();
    let order = read(&*marketplace, &id).await;
    let request = with_word(&*marketplace, whole(&order, Some("1Z12345E0205271688"))).await;
    harness.inject(NextFault::Garbled).await;
    let error = marketplace.confirm(request).await.expect_err("garbled");
    assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
}

/// Some pieces can be shipped and the rest stays open, where the platform can; else the
/// capability says that it cannot.
pub async fn a_partial_shipment_leaves_the_rest_open<H: MarketplaceHarness>(harness: H) {
    let capabilities = harness.marketplace().capabilities();
    if capabilities.ship != Granularity::Quantity {
        assert!(capabilities.ship < Granularity::Quantity);
        return;
    }
    let id = harness.seed(&[("SKU1", 3, 999)]).await;
    let marketplace = harness.marketplace();
    let order = read(&*marketplace, &id).await;
    let mut request = with_word(&*marketplace, whole(&order, Some("1Z12345E0205271688"))).await;
    for line in &mut request.lines {
        line.quantity = 1;
        line.pieces.truncate(1);
    }
    request.completes_order = false;
    confirm(&harness, request).await;
    let after = read(&*marketplace, &id).await;
    assert_eq!(after.lines.first().map(crate::order::Line::open), Some(2));
    assert!(!after.is_closed());
}

/// A code added afterwards is at the platform; where it cannot be, the call is refused.
pub async fn a_late_code_reaches_the_platform<H: MarketplaceHarness>(harness: H) {
    let marketplace = harness.marketplace();
    let id = harness.seed(&[("SKU1", 1, 999)]).await;
    let order = read(&*marketplace, &id).await;
    let able = marketplace.capabilities().edit_tracking;
    let mut remote_id = None;
    if able {
        confirm(&harness, whole(&order, None)).await;
        if let ConfirmationFound::Confirmed { remote_id: id, .. } = marketplace
            .find_confirmation(whole(&order, None))
            .await
            .expect("a look")
        {
            remote_id = id;
        }
    }
    let mut request = whole(&order, Some("1Z12345E0205271688"));
    request = with_word(&*marketplace, request).await;
    let edit = EditTracking {
        order: id.clone(),
        reference: request.reference,
        parcel: 1,
        remote_id,
        lines: request.lines,
        tracking: request.tracking.expect("there is a code"),
    };
    let outcome = marketplace.edit_tracking(edit).await;
    if !able {
        assert_eq!(outcome.expect_err("it cannot").kind(), Kind::Unsupported);
        return;
    }
    if let Outcome::Submitted(ticket) = outcome.expect("it can") {
        harness.decide().await;
        let status = marketplace
            .ticket(ticket)
            .await
            .expect("the ticket answers");
        assert!(matches!(status, TicketStatus::Done { .. }), "{status:?}");
    }
    let shipments = harness.shipments(&id).await;
    assert_eq!(shipments, [(1, Some("1Z12345E0205271688".to_owned()))]);
}
