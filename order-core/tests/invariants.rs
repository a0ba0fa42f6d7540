//! The ten invariants, each with a test that fails without it. The simulation looks for what
//! these miss.

#![expect(clippy::expect_used, reason = "a failed step is the outcome")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use order_core::memory::MemoryStore;
use order_core::money::{Currency, Money};
use order_core::order::TrackingRule;
use order_core::ports::Clock;
use order_core::shipment::Tracking;
use order_core::shop::ShopState;
use order_core::state::{Cancellation, ProblemKind, Status};
use order_core::testkit::{Fault, ManualClock, MemoryMarketplace, MemoryWebshop, samples};
use support::World;

#[tokio::test(start_paused = true)]
async fn invariant_1_after_an_unknown_create_only_a_lookup_is_legal_and_only_after_settling() {
    let world = World::new().await;
    world.buy("A");
    world.script.fail("webshop.create_order", Fault::LostReply);
    world.cycle().await;
    world.script.take_calls();
    // The index may lag a minute: until then nothing is asked and nothing is sent.
    world.cycle().await;
    let calls = world.script.take_calls();
    assert!(
        !calls.iter().any(|call| call.starts_with("webshop.create")),
        "{calls:?}"
    );
    assert!(!calls.contains(&"webshop.find_orders"), "{calls:?}");
    world.pass(5).await;
    let calls = world.script.take_calls();
    let find = calls.iter().position(|call| *call == "webshop.find_orders");
    let create = calls
        .iter()
        .position(|call| *call == "webshop.create_order");
    assert!(find.is_some() && find < create, "{calls:?}");
    assert_eq!(world.webshop.live(&World::key("A")).len(), 1);
    assert_eq!(
        world.webshop.all().len(),
        1,
        "the draft whose answer was lost is used"
    );
}

#[tokio::test(start_paused = true)]
async fn invariant_2_one_marketplace_order_is_one_webshop_order() {
    for fault in [
        Fault::LostReply,
        Fault::LostRequest,
        Fault::ServerErrorAfter,
        Fault::Garbled,
        Fault::LateLanding(Duration::from_secs(90)),
        Fault::Throttled,
    ] {
        let world = World::new().await;
        world.buy("A");
        world
            .script
            .fail("marketplace.changes", Fault::ShuffledPage);
        // Both steps of the create go wrong.
        world.script.fail("webshop.create_order", fault);
        world.script.fail("webshop.create_order", fault);
        world.cycle().await;
        world.pass(90).await;
        assert_eq!(world.webshop.live(&World::key("A")).len(), 1, "{fault:?}");
        assert_eq!(world.webshop.peak(&World::key("A")), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn invariant_3_a_cursor_never_passes_an_order_that_was_not_stored() {
    for fault in [Fault::ServerErrorBefore, Fault::ServerErrorAfter] {
        let world = World::new().await;
        world.buy("A");
        world.script.fail("store.commit", fault);
        world.cycle().await;
        let memo = world.store.connections().await.unwrap().remove(0).memo;
        let stored = world
            .store
            .load(order_core::ids::OrderKey::new("test", "A"))
            .await
            .unwrap();
        assert!(
            memo.marketplace_cursor.is_none() || stored.is_some(),
            "{fault:?}"
        );
        world.pass(5).await;
        assert_eq!(world.webshop.live(&World::key("A")).len(), 1, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn invariant_4_every_dispatched_shipment_is_reported_once() {
    for fault in [
        Fault::LostReply,
        Fault::LostRequest,
        Fault::ServerErrorAfter,
        Fault::ServerErrorBefore,
        Fault::Garbled,
        Fault::LateLanding(Duration::from_secs(90)),
    ] {
        let world = World::new().await;
        world.buy("A");
        world.cycle().await;
        let id = world.webshop.all()[0].order.id.clone();
        world
            .webshop
            .complete(&id, Some(Tracking::new("3SABCD1234567")));
        world.script.fail("marketplace.confirm", fault);
        world.pass(60).await;
        let shipments = world.marketplace.shipments(&"A".into());
        assert_eq!(shipments.len(), 1, "{fault:?}");
        assert_eq!(shipments[0].code.as_deref(), Some("3SABCD1234567"));
        assert_eq!(world.order("A").await.status(), Status::Shipped);
    }
}

#[tokio::test(start_paused = true)]
async fn invariant_5_a_cancelled_order_is_never_silently_shipped() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    // The warehouse hands over and the marketplace cancels before anybody is told of either.
    let id = world.webshop.all()[0].order.id.clone();
    world
        .webshop
        .complete(&id, Some(Tracking::new("3SABCD1234567")));
    world.marketplace.cancel_open(&"A".into());
    world.pass(30).await;
    assert_eq!(world.marketplace.shipments(&"A".into()), []);
    let order = world.order("A").await;
    assert!(
        matches!(order.state.cancellation, Cancellation::NeedsResolution(_)),
        "{order:?}"
    );
    assert!(order.needs_action());
}

#[tokio::test(start_paused = true)]
async fn invariant_5_a_shipped_order_is_never_silently_cancelled() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let id = world.webshop.all()[0].order.id.clone();
    world
        .webshop
        .complete(&id, Some(Tracking::new("3SABCD1234567")));
    world.pass(15).await;
    assert_eq!(world.marketplace.shipments(&"A".into()).len(), 1);
    world
        .webshop
        .set_state(&id, ShopState::Cancelled, "refunded");
    world.pass(60).await;
    assert_eq!(world.marketplace.cancelled_by_us(&"A".into()), 0);
    assert_eq!(world.order("A").await.status(), Status::Shipped);
}

#[tokio::test(start_paused = true)]
async fn invariant_5_cancellations_travel_both_ways() {
    let world = World::new().await;
    world.buy("there");
    world.buy("here");
    world.cycle().await;
    world.clock.advance(Duration::from_secs(60)).await;
    world.marketplace.cancel_open(&"there".into());
    let here = world.webshop.live(&World::key("here")).remove(0).order.id;
    world
        .webshop
        .set_state(&here, ShopState::Cancelled, "cancelled");
    world.pass(30).await;
    assert!(world.webshop.live(&World::key("there")).is_empty());
    assert_eq!(world.marketplace.cancelled_by_us(&"here".into()), 3);
    for id in ["there", "here"] {
        assert_eq!(world.order(id).await.status(), Status::Cancelled, "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn invariant_6_one_bad_order_stops_nothing() {
    let world = World::new().await;
    world.webshop.without_product("GONE");
    for number in 0..5 {
        let line = samples::line("L1", "GONE", 1, 999);
        world.marketplace.place(samples::order(
            &format!("bad{number}"),
            world.clock.now(),
            vec![line],
        ));
    }
    world.buy("good");
    world.cycle().await;
    assert_eq!(world.webshop.live(&World::key("good")).len(), 1);
    let bad = world.order("bad0").await;
    let problem = bad.problem().expect("a problem");
    assert_eq!(problem.kind, ProblemKind::UnknownProduct);
    assert!(problem.text.contains("GONE"), "{}", problem.text);
    // It costs less and less, and heals by itself when the product is there.
    world.pass(60).await;
    world.script.take_calls();
    world.webshop.with_product("GONE");
    world.pass(6 * 60).await;
    assert_eq!(world.webshop.live(&World::key("bad0")).len(), 1);
    assert!(world.order("bad0").await.problem().is_none());
}

#[tokio::test(start_paused = true)]
async fn invariant_6_refused_credentials_pause_the_connection_and_blame_no_order() {
    let world = World::new().await;
    world.buy("A");
    world
        .script
        .fail("webshop.find_orders", Fault::TokenExpired);
    let report = world.cycle().await;
    assert!(report.paused.is_some_and(|why| why.contains("webshop")));
    assert_eq!(world.order("A").await.problem(), None);
    let row = world.store.connections().await.unwrap().remove(0);
    assert!(row.next_due - world.clock.now() >= chrono::Duration::minutes(10));
    world.pass(20).await;
    assert_eq!(world.webshop.live(&World::key("A")).len(), 1);
    assert_eq!(
        world.store.connections().await.unwrap()[0].memo.paused,
        None
    );
}

#[tokio::test(start_paused = true)]
async fn invariant_6_throttling_delays_and_counts_as_no_failure_of_the_platform() {
    let world = World::new().await;
    world.buy("A");
    world.script.fail("webshop.create_order", Fault::Throttled);
    let report = world.cycle().await;
    assert_eq!(report.paused, None);
    assert!(world.webshop.all().is_empty());
    world.pass(5).await;
    assert_eq!(world.webshop.live(&World::key("A")).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn invariant_7_an_unknown_value_moves_nothing() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let id = world.webshop.all()[0].order.id.clone();
    world
        .webshop
        .complete(&id, Some(Tracking::new("3SABCD1234567")));
    world
        .webshop
        .set_state(&id, ShopState::Unknown, "teleported");
    world.pass(60).await;
    assert_eq!(world.order("A").await.status(), Status::NotShipped);
    assert_eq!(world.marketplace.shipments(&"A".into()), []);
    let history = world
        .store
        .history(world.order("A").await.key)
        .await
        .unwrap();
    assert!(
        history
            .iter()
            .any(|entry| entry.text.contains("teleported")),
        "{history:?}"
    );
    // When the status is one we know, everything goes on.
    world
        .webshop
        .set_state(&id, ShopState::Completed, "completed");
    world.pass(35).await;
    assert_eq!(world.order("A").await.status(), Status::Shipped);
}

#[tokio::test(start_paused = true)]
async fn invariant_8_waiting_is_three_hours_of_clock_time_across_restarts() {
    let mut world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let id = world.webshop.all()[0].order.id.clone();
    world.webshop.complete(&id, None);
    world.pass(5).await;
    assert_eq!(world.order("A").await.status(), Status::Waiting);
    for _ in 0..5 {
        world.pass(30).await;
        world = world.restart().await;
        assert_eq!(world.order("A").await.status(), Status::Waiting);
        assert_eq!(world.marketplace.shipments(&"A".into()), []);
    }
    world.pass(40).await;
    assert_eq!(world.order("A").await.status(), Status::Shipped);
    let shipments = world.marketplace.shipments(&"A".into());
    assert_eq!((shipments.len(), shipments[0].code.clone()), (1, None));
    // A late code still reaches the marketplace.
    world.webshop.add_code(&id, Tracking::new("3SABCD1234567"));
    world.pass(60).await;
    let shipments = world.marketplace.shipments(&"A".into());
    assert_eq!(shipments.len(), 1);
    assert_eq!(shipments[0].code.as_deref(), Some("3SABCD1234567"));
}

#[tokio::test(start_paused = true)]
async fn invariant_8_a_clock_that_jumps_ends_no_wait_and_loses_no_order() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let id = world.webshop.all()[0].order.id.clone();
    world.webshop.complete(&id, None);
    world.pass(5).await;
    world.clock.jump(chrono::Duration::hours(30));
    world.cycle().await;
    assert_eq!(
        world.order("A").await.status(),
        Status::Waiting,
        "one look is not enough"
    );
    world.webshop.add_code(&id, Tracking::new("3SABCD1234567"));
    world.pass(10).await;
    assert_eq!(
        world.marketplace.shipments(&"A".into())[0].code.as_deref(),
        Some("3SABCD1234567")
    );
    // Put off under a clock that was a year ahead, an order is not forgotten when it is set back.
    world.clock.jump(chrono::Duration::days(365));
    world.buy("B");
    world.cycle().await;
    world.clock.jump(chrono::Duration::days(-366));
    let id = world.webshop.live(&World::key("B")).remove(0).order.id;
    world
        .webshop
        .complete(&id, Some(Tracking::new("3SABCD7654321")));
    world.pass(30).await;
    assert_eq!(world.order("B").await.status(), Status::Shipped);
}

#[tokio::test(start_paused = true)]
async fn the_wait_ends_before_the_order_must_be_shipped_but_never_without_looking() {
    let world = World::new().await;
    let mut order = world.buy("A");
    order.ship_by = Some(world.clock.now() + chrono::Duration::hours(2));
    world.marketplace.place(order);
    world.cycle().await;
    let id = world.webshop.all()[0].order.id.clone();
    world.webshop.complete(&id, None);
    world.pass(50).await;
    assert_eq!(world.order("A").await.status(), Status::Waiting);
    world.pass(20).await;
    assert_eq!(world.order("A").await.status(), Status::Shipped);
}

#[tokio::test(start_paused = true)]
async fn where_a_code_is_required_an_order_is_never_reported_bare() {
    let world = World::new().await;
    let mut order = world.buy("A");
    order.tracking = TrackingRule::Required;
    world.marketplace.place(order);
    world.cycle().await;
    let id = world.webshop.all()[0].order.id.clone();
    world.webshop.complete(&id, None);
    world.pass(5 * 60).await;
    assert_eq!(world.marketplace.shipments(&"A".into()), []);
    let order = world.order("A").await;
    assert_eq!(
        order.problem().map(|p| p.kind),
        Some(ProblemKind::TrackingRequired)
    );
    world.webshop.add_code(&id, Tracking::new("3SABCD1234567"));
    world.pass(15).await;
    let order = world.order("A").await;
    assert_eq!((order.status(), order.problem()), (Status::Shipped, None));
}

#[tokio::test(start_paused = true)]
async fn invariant_9_sums_that_disagree_are_shown_and_nothing_is_created() {
    let world = World::new().await;
    let mut order = world.buy("A");
    order.total = Some(Money::from_minor(2604, Currency::EUR));
    world.marketplace.place(order);
    world.cycle().await;
    assert!(world.webshop.all().is_empty());
    let problem = world
        .order("A")
        .await
        .problem()
        .cloned()
        .expect("a problem");
    assert_eq!(problem.kind, ProblemKind::SumMismatch);
    assert!(
        problem.text.contains("26.03 EUR") && problem.text.contains("26.04 EUR"),
        "{problem:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn invariant_9_a_webshop_that_comes_to_another_sum_keeps_no_live_order() {
    let clock = ManualClock::new();
    let port: Arc<dyn Clock> = Arc::new(clock.clone());
    let marketplace = MemoryMarketplace::new(Arc::clone(&port));
    let webshop = MemoryWebshop::new(port).off_by(-452);
    let world = World::of(clock, marketplace, webshop, Arc::new(MemoryStore::new())).await;
    world.buy("A");
    world.cycle().await;
    world.pass(30).await;
    assert!(world.webshop.live(&World::key("A")).is_empty());
    let drafts = world.webshop.all();
    assert!(
        drafts
            .iter()
            .all(|record| record.order.state == ShopState::Cancelled),
        "{drafts:?}"
    );
    assert_eq!(
        drafts.len(),
        3,
        "after three drafts it is not tried again until a person says so"
    );
    let problem = world
        .order("A")
        .await
        .problem()
        .cloned()
        .expect("a problem");
    assert_eq!(problem.kind, ProblemKind::TotalDiffers);
    assert!(problem.text.contains("21.51 EUR"), "{}", problem.text);
}

#[tokio::test(start_paused = true)]
async fn invariant_10_an_idle_cycle_costs_the_same_however_many_orders_are_stored() {
    let mut costs = Vec::new();
    for orders in [3, 60] {
        let world = World::new().await;
        for number in 0..orders {
            world.buy(&format!("A{number:03}"));
        }
        world.cycle().await;
        for record in world.webshop.all() {
            world
                .webshop
                .complete(&record.order.id, Some(Tracking::new("3SABCD1234567")));
        }
        world.pass(60).await;
        assert_eq!(world.store.counts(None).await.unwrap().open, 0);
        world.script.take_calls();
        world.pass(5).await;
        costs.push(world.script.take_calls());
    }
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0].len() <= 6, "{:?}", costs[0]);
}

#[tokio::test(start_paused = true)]
async fn two_workers_at_once_share_a_connection_and_neither_harms_the_other() {
    let world = World::new().await;
    world.buy("A");
    let lease = Duration::from_secs(180);
    let ids = [world.connection.id.clone()];
    let mut first = world
        .engine
        .claim("one", &ids, lease, true)
        .await
        .unwrap()
        .expect("free");
    assert_eq!(
        world.engine.claim("two", &ids, lease, true).await.unwrap(),
        None
    );
    // The first stands still until its lease is over; the second takes over and finishes.
    world.clock.advance(Duration::from_secs(200)).await;
    let mut second = world
        .engine
        .claim("two", &ids, lease, true)
        .await
        .unwrap()
        .expect("over");
    world.engine.run_cycle(&world.connection, &mut second).await;
    // The first wakes: the store refuses whatever it wants to write, and it sends nothing.
    world.buy("B");
    let report = world.engine.run_cycle(&world.connection, &mut first).await;
    assert!(
        report.troubles.iter().any(|(side, _)| side == "store"),
        "{report:?}"
    );
    assert_eq!(report.created, 0);
    assert_eq!(world.webshop.live(&World::key("A")).len(), 1);
    assert!(world.webshop.live(&World::key("B")).is_empty());
    world
        .engine
        .release(&world.connection, second)
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn invariant_5_the_marketplace_is_read_once_more_before_it_is_told_anything() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let id = world.webshop.all()[0].order.id.clone();
    world.clock.advance(Duration::from_secs(5 * 60)).await;
    // Cancelled and handed over in the same minute, and the feed is down.
    world.marketplace.cancel_open(&"A".into());
    world
        .webshop
        .complete(&id, Some(Tracking::new("3SABCD1234567")));
    world
        .script
        .fail("marketplace.changes", Fault::ServerErrorBefore);
    world.script.take_calls();
    world.cycle().await;
    let calls = world.script.take_calls();
    assert!(calls.contains(&"marketplace.orders"), "{calls:?}");
    assert!(!calls.contains(&"marketplace.confirm"), "{calls:?}");
    assert!(world.order("A").await.needs_action());
}
