//! Platforms that ask for patience: the work of one side waits, the rest goes on, and what they
//! grant is spent on bringing orders to their end.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed step is the outcome"
)]

mod support;

use std::time::Duration;

use order_core::ports::Throttled;
use order_core::shipment::Tracking;
use order_core::testkit::Fault;
use support::World;

async fn throttled(world: &World) -> Option<Throttled> {
    let connections = world.store.connections().await.unwrap();
    connections[0].memo.throttled.get("marketplace").copied()
}

/// Completes the webshop orders of these, with a code each.
fn complete(world: &World) {
    for record in world.webshop.all() {
        world
            .webshop
            .complete(&record.order.id, Some(Tracking::new("3SABCD1234567")));
    }
}

fn told(world: &World) -> usize {
    world.marketplace.shipments(&"A".into()).len()
}

fn count(calls: &[&str], name: &str) -> usize {
    calls.iter().filter(|call| **call == name).count()
}

#[tokio::test(start_paused = true)]
async fn a_throttled_feed_keeps_nobody_from_working() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    complete(&world);
    world.script.fail("marketplace.changes", Fault::Throttled);
    world.clock.advance(Duration::from_secs(5 * 60)).await;
    let report = world.cycle().await;
    assert_eq!(report.confirmed, 1, "{report:?}");
    assert_eq!(told(&world), 1);
    assert_eq!(throttled(&world).await, None);
}

#[tokio::test(start_paused = true)]
async fn work_that_was_throttled_rests_longer_each_time_and_the_feeds_go_on() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    complete(&world);
    let mut rests = Vec::new();
    for _ in 0..6 {
        world.script.fail("marketplace.confirm", Fault::Throttled);
        for _ in 0..60 {
            world.clock.advance(Duration::from_secs(60)).await;
            world.script.take_calls();
            world.cycle().await;
            let calls = world.script.take_calls();
            if count(&calls, "marketplace.confirm") > 0 {
                break;
            }
            assert_eq!(count(&calls, "marketplace.orders"), 0, "{calls:?}");
        }
        let rest = throttled(&world).await.expect("it rests");
        rests.push((rest.until - order_core::ports::Clock::now(&world.clock)).num_seconds());
    }
    // The fault asks for half a minute; what is longer is our own patience.
    assert_eq!(rests, [30, 120, 240, 480, 900, 900]);
    // Meanwhile new orders are seen and created.
    world.buy("B");
    world.clock.advance(Duration::from_secs(5 * 60)).await;
    world.cycle().await;
    assert_eq!(world.webshop.live(&World::key("B")).len(), 1);
    assert_eq!(told(&world), 0);
    // When it grants what is asked, all is forgotten.
    world.pass(15).await;
    assert_eq!(told(&world), 1);
    assert_eq!(throttled(&world).await, None);
}

#[tokio::test(start_paused = true)]
async fn after_a_rest_one_order_comes_to_its_end_before_the_next_begins() {
    let world = World::new().await;
    let names = ["A", "B", "C", "D"];
    for name in names {
        world.buy(name);
    }
    world.cycle().await;
    complete(&world);
    world.script.fail("marketplace.orders", Fault::Throttled);
    world.clock.advance(Duration::from_secs(5 * 60)).await;
    let report = world.cycle().await;
    assert_eq!(report.confirmed, 0, "{report:?}");
    // Enough for the look, the transporter's word and the report of one order, and no more.
    world.clock.advance(Duration::from_secs(60)).await;
    world.script.take_calls();
    let report = world.cycle().await;
    assert_eq!(report.confirmed, 4, "{report:?}");
    let calls = world.script.take_calls();
    let marketplace: Vec<_> = calls
        .iter()
        .filter(|call| call.starts_with("marketplace.") && !call.ends_with("changes"))
        .collect();
    for order in marketplace.chunks(3) {
        assert_eq!(*order[0], "marketplace.orders", "{marketplace:?}");
        assert_eq!(*order[2], "marketplace.confirm", "{marketplace:?}");
    }
    assert_eq!(throttled(&world).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_rest_written_under_a_clock_that_was_set_back_is_over() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    complete(&world);
    world.script.fail("marketplace.confirm", Fault::Throttled);
    world.clock.advance(Duration::from_secs(5 * 60)).await;
    world.cycle().await;
    assert!(throttled(&world).await.is_some());
    world.clock.jump(chrono::Duration::hours(-20));
    world.pass(10).await;
    assert_eq!(told(&world), 1);
}
