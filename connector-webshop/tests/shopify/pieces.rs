//! Single pieces that are taken off an order: what is left, what is refused, what a lost answer
//! leaves behind.

use std::sync::Arc;

use async_trait::async_trait;
use connector_webshop::shopify::sandbox::{
    Interference, SandboxHook, SandboxOrder, SandboxRequest,
};
use order_core::Effect;
use order_core::ids::ShopOrderId;
use order_core::ports::{CancelReason, CancelShopOrder, ShopCancel, Webshop};
use order_core::shop::ShopState;
use rust_decimal::Decimal;
use serde_json::json;
use tokio::sync::Barrier;

use crate::common::{euro, lines};
use crate::life::{World, number};

fn off(id: &ShopOrderId, parts: &[(&str, u32)]) -> CancelShopOrder {
    CancelShopOrder {
        id: id.clone(),
        lines: lines(parts),
        reason: CancelReason::Other,
        note: "cancelled at the marketplace".into(),
    }
}

async fn take_off(world: &World, id: &ShopOrderId, parts: &[(&str, u32)]) -> ShopCancel {
    world.shop.cancel_order(off(id, parts)).await.unwrap()
}

async fn refusal(world: &World, id: &ShopOrderId, parts: &[(&str, u32)]) -> String {
    match take_off(world, id, parts).await {
        ShopCancel::Rejected { reason } => reason,
        ShopCancel::Done => panic!("a refusal is expected"),
    }
}

fn stored(world: &World, id: &ShopOrderId) -> SandboxOrder {
    let mut orders = world.sandbox.orders().into_iter();
    orders.find(|order| order.id == number(id)).unwrap()
}

fn refunds(world: &World) -> usize {
    let exchanges = world.sandbox.exchanges();
    let sent = exchanges.iter();
    sent.filter(|(request, _)| request["operationName"] == "Refund")
        .count()
}

/// What is done to requests for refunds.
#[derive(Debug)]
enum Fault {
    /// They are done, and nobody hears of it.
    LostAnswer,
    /// They are refused.
    Refused(&'static str),
    /// They are done when there are two of them.
    Together(Barrier),
}

struct OfRefunds(Fault);

#[async_trait]
impl SandboxHook for OfRefunds {
    async fn before(&self, request: &SandboxRequest) -> Interference {
        if request.path != "Refund" {
            return Interference::Pass;
        }
        match &self.0 {
            Fault::LostAnswer => Interference::Pass,
            Fault::Refused(message) => {
                let error = json!({"field": null, "message": message});
                let payload = json!({"refund": null, "userErrors": [error]});
                Interference::json(200, &json!({"data": {"refundCreate": payload}}))
            }
            Fault::Together(barrier) => {
                barrier.wait().await;
                Interference::Pass
            }
        }
    }

    async fn after(&self, request: &SandboxRequest, _: u16) -> Interference {
        match &self.0 {
            Fault::LostAnswer if request.path == "Refund" => Interference::Silence,
            _ => Interference::Pass,
        }
    }
}

#[tokio::test]
async fn pieces_go_back_into_stock_and_out_of_the_payment() {
    let world = World::new().await;
    let mut order = world
        .order("PIECES-1", &[("TB-001", 3, 1000), ("FEW-003", 1, 500)])
        .await;
    // 29.99 for three: two pieces at 10.00 and one at 9.99, which are two lines in the shop.
    order.lines[0].discount = euro(1);
    order.total = euro(3499);
    let id = world.create(&order).await.id;
    assert_eq!(take_off(&world, &id, &[("L1", 2)]).await, ShopCancel::Done);
    let read = world.read(&id).await;
    assert_eq!(read.state, ShopState::Open);
    assert_eq!(read.cancelled, lines(&[("L1", 2)]));
    assert_eq!(world.sandbox.stock("TB-001"), Some(99));
    let after = stored(&world, &id);
    assert_eq!(after.open.iter().sum::<u32>(), 2);
    let gone: Decimal = after.refunds.iter().sum();
    assert!(
        (Decimal::new(1999, 2)..=Decimal::new(2000, 2)).contains(&gone),
        "{gone}"
    );
    assert_eq!(take_off(&world, &id, &[("L2", 1)]).await, ShopCancel::Done);
    assert!(world.sandbox.fulfil_rest(number(&id), &[("PostNL", "3SA")]));
    let sent = world.read(&id).await;
    assert_eq!(sent.state, ShopState::Completed);
    assert_eq!(sent.cancelled, lines(&[("L1", 2), ("L2", 1)]));
    assert_eq!(sent.shipments[0].lines, Some(lines(&[("L1", 1)])));
}

#[tokio::test]
async fn no_more_than_is_left_to_send_is_taken_off() {
    let world = World::new().await;
    let order = world.order("PIECES-2", &[("TB-001", 3, 1000)]).await;
    let id = world.create(&order).await.id;
    let reason = refusal(&world, &id, &[("L1", 4)]).await;
    assert!(
        reason.contains("3 × line L1 left to send, not 4"),
        "{reason}"
    );
    assert!(
        world
            .sandbox
            .fulfil(number(&id), &[(0, 2)], &[("PostNL", "3SA")])
    );
    let reason = refusal(&world, &id, &[("L1", 2)]).await;
    assert!(
        reason.contains("1 × line L1 left to send, not 2"),
        "{reason}"
    );
    assert_eq!(refunds(&world), 0);
    assert_eq!(take_off(&world, &id, &[("L1", 1)]).await, ShopCancel::Done);
    let read = world.read(&id).await;
    assert_eq!(read.cancelled, lines(&[("L1", 1)]));
    assert_eq!(read.state, ShopState::Completed);
    let reason = refusal(&world, &id, &[("L1", 1)]).await;
    assert!(reason.contains("as a return"), "{reason}");
    assert_eq!(refunds(&world), 1);
}

#[tokio::test]
async fn the_last_pieces_cancel_the_order() {
    let world = World::new().await;
    let order = world
        .order("PIECES-3", &[("TB-001", 2, 1000), ("FEW-003", 1, 500)])
        .await;
    let id = world.create(&order).await.id;
    assert_eq!(take_off(&world, &id, &[("L1", 1)]).await, ShopCancel::Done);
    let rest = [("L1", 1), ("L2", 1)];
    assert_eq!(take_off(&world, &id, &rest).await, ShopCancel::Done);
    assert_eq!(world.read(&id).await.state, ShopState::Cancelled);
    assert!(stored(&world, &id).cancelled);
    assert_eq!(world.sandbox.stock("TB-001"), Some(100));
    assert_eq!(world.sandbox.stock("FEW-003"), Some(2));
    assert_eq!(take_off(&world, &id, &rest).await, ShopCancel::Done);
    assert_eq!(refunds(&world), 1);
}

#[tokio::test]
async fn a_lost_answer_leaves_one_refund_that_shows() {
    let world = World::with(|config| config.request_timeout_ms = 500).await;
    let order = world.order("PIECES-4", &[("TB-001", 3, 1000)]).await;
    let id = world.create(&order).await.id;
    world
        .sandbox
        .set_hook(Arc::new(OfRefunds(Fault::LostAnswer)));
    let error = world
        .shop
        .cancel_order(off(&id, &[("L1", 1)]))
        .await
        .unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    assert_eq!(world.read(&id).await.cancelled, lines(&[("L1", 1)]));
    assert_eq!(stored(&world, &id).refunds, [Decimal::TEN]);
    assert_eq!(refunds(&world), 1);
}

#[tokio::test]
async fn a_step_that_is_sent_again_while_it_is_under_way_is_done_once() {
    let world = World::new().await;
    let order = world.order("PIECES-5", &[("TB-001", 3, 1000)]).await;
    let id = world.create(&order).await.id;
    let both = Fault::Together(Barrier::new(2));
    world.sandbox.set_hook(Arc::new(OfRefunds(both)));
    let parts = [("L1", 1)];
    let (one, two) = tokio::join!(take_off(&world, &id, &parts), take_off(&world, &id, &parts));
    assert_eq!((one, two), (ShopCancel::Done, ShopCancel::Done));
    assert_eq!(refunds(&world), 2);
    assert_eq!(world.read(&id).await.cancelled, lines(&parts));
    assert_eq!(stored(&world, &id).refunds, [Decimal::TEN]);
    assert_eq!(world.sandbox.stock("TB-001"), Some(98));
}

#[tokio::test]
async fn what_shopify_refuses_is_a_refusal_and_a_key_that_is_in_use_is_a_doubt() {
    let world = World::new().await;
    let order = world.order("PIECES-6", &[("TB-001", 3, 1000)]).await;
    let id = world.create(&order).await.id;
    let refused = Fault::Refused("The location is not active");
    world.sandbox.set_hook(Arc::new(OfRefunds(refused)));
    let reason = refusal(&world, &id, &[("L1", 1)]).await;
    assert!(reason.contains("not active"), "{reason}");
    let busy = Fault::Refused("This request is currently in progress, please try again.");
    world.sandbox.set_hook(Arc::new(OfRefunds(busy)));
    let error = world
        .shop
        .cancel_order(off(&id, &[("L1", 1)]))
        .await
        .unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown);
    assert!(!error.stops_connection());
    assert!(world.read(&id).await.cancelled.is_empty());
}

#[tokio::test]
async fn without_the_scope_for_locations_pieces_are_refused_and_all_else_goes_on() {
    let world = World::new().await;
    world.sandbox.set_locations_readable(false);
    let info = world.shop.check().await.unwrap();
    assert!(info.warnings[0].contains("read_locations"), "{info:?}");
    let order = world.order("PIECES-7", &[("TB-001", 3, 1000)]).await;
    let id = world.create(&order).await.id;
    let reason = refusal(&world, &id, &[("L1", 1)]).await;
    assert!(
        reason.contains("give the app the access scope read_locations"),
        "{reason}"
    );
    assert_eq!(refunds(&world), 0);
    assert_eq!(take_off(&world, &id, &[]).await, ShopCancel::Done);
}

#[tokio::test]
async fn a_payment_under_another_name_is_left_alone() {
    let world = World::with(|config| config.payment_title = "Marketplace A".into()).await;
    let order = world.order("PIECES-8", &[("TB-001", 3, 1000)]).await;
    let id = world.create(&order).await.id;
    let renamed = world.connector_to(|config| config.payment_title = "Marketplace B".into());
    let done = renamed.cancel_order(off(&id, &[("L1", 1)])).await.unwrap();
    assert_eq!(done, ShopCancel::Done);
    assert_eq!(stored(&world, &id).refunds, [Decimal::ZERO]);
    assert_eq!(world.read(&id).await.cancelled, lines(&[("L1", 1)]));
}
