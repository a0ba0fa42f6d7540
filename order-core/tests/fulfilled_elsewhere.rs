//! Orders that the marketplace sends from its own warehouse.

#![expect(clippy::expect_used, reason = "a failed step is the outcome")]

mod support;

use order_core::order::{Fulfilment, MarketplaceOrder, Readiness};
use order_core::ports::{Clock as _, CreateSemantics};
use order_core::shop::ShopState;
use order_core::state::Status;
use order_core::testkit::{Fault, MemoryWebshop, samples};
use support::World;

const SEMANTICS: [CreateSemantics; 3] = [
    CreateSemantics::UniqueKey,
    CreateSemantics::InertThenActivate,
    CreateSemantics::Lookup,
];

/// A world whose connection takes such orders, with a webshop that can.
async fn taking(semantics: CreateSemantics) -> World {
    let mut world = World::new().await;
    let webshop = MemoryWebshop::new(std::sync::Arc::new(world.clock.clone()));
    let webshop = webshop.with_create(semantics).with_fulfilled_elsewhere();
    world.use_webshop(webshop);
    world.connection.policy.import_marketplace_fulfilled = true;
    world
}

fn buy(world: &World, id: &str) {
    let lines = vec![samples::line("L1", "SKU1", 2, 999)];
    let mut order = samples::order(id, world.clock.now(), lines);
    order.fulfilment = Fulfilment::Marketplace;
    world.marketplace.place(order);
}

/// The marketplace sends everything that is not cancelled.
fn send(order: &mut MarketplaceOrder) {
    for line in &mut order.lines {
        line.shipped = line.wanted();
    }
    order.readiness = Readiness::Closed;
}

#[tokio::test(start_paused = true)]
async fn they_are_left_alone_unless_the_settings_say_otherwise() {
    let world = World::new().await;
    buy(&world, "A");
    world.pass(30).await;
    world.marketplace.change(&"A".into(), send);
    world.pass(60).await;
    assert_eq!(world.order("A").await.status(), Status::Ignored);
    assert!(world.webshop.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_webshop_that_cannot_take_them_is_not_given_any_and_the_reason_says_so() {
    let mut world = World::new().await;
    world.connection.policy.import_marketplace_fulfilled = true;
    buy(&world, "A");
    world.pass(30).await;
    let order = world.order("A").await;
    let reason = order.state.ignored.as_ref().unwrap();
    assert!(reason.contains("without touching its stock"), "{reason}");
    assert!(world.webshop.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn they_are_made_once_as_completed_when_they_are_sent_and_nothing_is_reported() {
    for semantics in SEMANTICS {
        let world = taking(semantics).await;
        buy(&world, "A");
        world.pass(30).await;
        assert!(
            world.webshop.all().is_empty(),
            "{semantics:?}: not sent yet"
        );
        assert_eq!(world.order("A").await.status(), Status::NotShipped);
        world.marketplace.change(&"A".into(), send);
        world.pass(24 * 60).await;
        let made = world.webshop.live(&World::key("A"));
        assert_eq!(made.len(), 1, "{semantics:?}");
        assert!(made[0].request.sent_elsewhere);
        assert_eq!(made[0].order.state, ShopState::Completed, "{semantics:?}");
        let order = world.order("A").await;
        assert_eq!(order.status(), Status::Shipped);
        assert!(
            order.state.problems.is_empty(),
            "{:?}",
            order.state.problems
        );
        assert!(order.state.shipments.is_empty() && order.state.wait.is_none());
        assert!(!order.needs_action());
        assert!(world.marketplace.shipments(&"A".into()).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_makes_no_second_one() {
    let late = Fault::LateLanding(std::time::Duration::from_secs(30));
    for semantics in SEMANTICS {
        for fault in [
            Fault::LostReply,
            Fault::ServerErrorAfter,
            Fault::Garbled,
            late,
        ] {
            let world = taking(semantics).await;
            buy(&world, "A");
            world.pass(10).await;
            world.marketplace.change(&"A".into(), send);
            world.script.fail("create_order", fault);
            world.pass(24 * 60).await;
            let made = world.webshop.live(&World::key("A"));
            assert_eq!(made.len(), 1, "{semantics:?} {fault:?}");
            assert_eq!(made[0].order.state, ShopState::Completed);
            assert_eq!(world.webshop.peak(&World::key("A")), 1);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cancelled_before_it_is_sent_is_never_made() {
    let world = taking(CreateSemantics::UniqueKey).await;
    buy(&world, "A");
    world.pass(30).await;
    world.marketplace.change(&"A".into(), |order| {
        for line in &mut order.lines {
            line.cancelled = line.quantity;
        }
        order.readiness = Readiness::Closed;
    });
    world.pass(12 * 60).await;
    assert_eq!(world.order("A").await.status(), Status::Cancelled);
    assert!(world.webshop.all().is_empty());
}
