//! What the engine does beside the invariants.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed step is the outcome"
)]

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use order_core::ids::MarketplaceOrderId;
use order_core::lifecycle::OperatorAction;
use order_core::ports::{
    CarrierDetector, Clock as _, CodeQuery, Cursor, Guess, Guesses, Marketplace as _,
    MockMarketplace, OrderPage, OrderRead, ReturnPage, Sighting, UsualCarrier,
};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::ShopState;
use order_core::state::Status;
use support::World;

/// Transporters with how often.
type Usual = Vec<UsualCarrier>;

/// Certain of one carrier, and remembers what it was told was usual.
#[derive(Clone, Debug, Default)]
struct Spy {
    usual: Arc<Mutex<Vec<Usual>>>,
}

impl CarrierDetector for Spy {
    fn detect(&self, query: &CodeQuery) -> Guesses {
        self.usual.lock().unwrap().push(query.usual.clone());
        let guess = Guess {
            carrier: "postnl".to_owned(),
            name: "PostNL".to_owned(),
            confidence: 0.9,
            reason: String::new(),
        };
        Guesses {
            code: None,
            candidates: vec![guess],
            certain: true,
            not_a_code: false,
        }
    }

    fn by_name(&self, _name: &str) -> Option<String> {
        None
    }

    fn format(&self, code: &str, carrier: &str) -> Option<String> {
        (code == "3SA" && carrier == "postnl").then(|| "three-s".to_owned())
    }
}

#[tokio::test(start_paused = true)]
async fn transporters_of_earlier_parcels_are_hints_for_later_ones() {
    let mut world = World::new().await;
    let spy = Spy::default();
    world.connection.detector = Arc::new(spy.clone());
    for id in ["A", "B", "C"] {
        world.buy(id);
        world.pass(5).await;
        let shop = world.webshop.live(&World::key(id)).remove(0).order.id;
        world
            .webshop
            .complete(&shop, Some(Tracking::new(format!("3S{id}"))));
        world.pass(15).await;
        let shipment = world.marketplace.shipments(&id.into()).remove(0);
        assert_eq!(shipment.transporter.as_deref(), Some("TNT"));
    }
    let seen = spy.usual.lock().unwrap().clone();
    let usual = |format: Option<&str>| UsualCarrier {
        carrier: "postnl".to_owned(),
        format: format.map(str::to_owned),
        count: 1,
    };
    let first = usual(Some("three-s"));
    // Of the second, the detector knows no format.
    let both = vec![usual(None), first.clone()];
    assert_eq!(seen, [vec![], vec![first], both]);
}

#[tokio::test(start_paused = true)]
async fn parcels_are_reported_as_they_leave_and_the_order_is_closed_by_the_last() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let shop = world.webshop.all()[0].order.id.clone();
    let part = |line: &str, quantity| LineQuantity {
        line: line.into(),
        quantity,
    };
    world
        .webshop
        .ship(&shop, "1", vec![part("L1", 1)], Tracking::new("3S1"));
    world.pass(10).await;
    assert_eq!(world.order("A").await.status(), Status::PartiallyShipped);
    world.webshop.ship(
        &shop,
        "2",
        vec![part("L1", 1), part("L2", 1)],
        Tracking::new("3S2"),
    );
    world.webshop.complete(&shop, None);
    world.pass(30).await;
    let told: Vec<_> = world
        .marketplace
        .shipments(&"A".into())
        .into_iter()
        .map(|shipment| {
            (
                shipment.reference,
                shipment.code.unwrap(),
                shipment.lines.len(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("test:A/1".to_owned(), "3S1".to_owned(), 1),
            ("test:A/2".to_owned(), "3S2".to_owned(), 2)
        ]
    );
    assert_eq!(world.order("A").await.status(), Status::Shipped);
}

#[tokio::test(start_paused = true)]
async fn a_person_can_set_a_code_take_over_and_hand_back() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let key = world.order("A").await.key;
    let act = |action| world.engine.operate(&world.connection, &key, action);
    act(OperatorAction::Manual(Some("phone call".to_owned())))
        .await
        .unwrap();
    world.pass(60).await;
    assert_eq!(world.order("A").await.status(), Status::Manual);
    act(OperatorAction::Resume).await.unwrap();
    act(OperatorAction::SetTracking(Tracking::new("3S9")))
        .await
        .unwrap();
    world.pass(10).await;
    let shipments = world.marketplace.shipments(&"A".into());
    assert_eq!(
        (shipments.len(), shipments[0].code.as_deref()),
        (1, Some("3S9"))
    );
    // The webshop's own code, which comes later, does not overrule the person's.
    let shop = world.webshop.all()[0].order.id.clone();
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    world.pass(120).await;
    assert_eq!(
        world.marketplace.shipments(&"A".into())[0].code.as_deref(),
        Some("3S9")
    );
}

#[tokio::test(start_paused = true)]
async fn a_corrected_code_reaches_the_marketplace() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let shop = world.webshop.all()[0].order.id.clone();
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    world.pass(5).await;
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    let key = world.order("A").await.key;
    let action = OperatorAction::SetTracking(Tracking::new("3S2"));
    world
        .engine
        .operate(&world.connection, &key, action)
        .await
        .unwrap();
    world.pass(30).await;
    let shipments = world.marketplace.shipments(&"A".into());
    assert_eq!(
        (shipments.len(), shipments[0].code.as_deref()),
        (1, Some("3S2"))
    );
}

#[tokio::test(start_paused = true)]
async fn orders_that_are_not_ours_are_recorded_and_left_alone() {
    let world = World::new().await;
    let mut old = world.buy("old");
    old.placed_at = world.clock.now() - chrono::Duration::days(100);
    world.marketplace.place(old);
    let mut test = world.buy("test");
    test.is_test = true;
    world.marketplace.place(test);
    world.cycle().await;
    assert!(world.webshop.all().is_empty());
    for id in ["old", "test"] {
        let order = world.order(id).await;
        assert_eq!(order.status(), Status::Ignored, "{id}");
        assert!(order.state.ignored.is_some());
    }
    assert_eq!(world.store.counts(None).await.unwrap().open, 0);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_held_back_is_created_when_the_marketplace_releases_it() {
    let world = World::new().await;
    let mut order = world.buy("A");
    order.readiness = order_core::order::Readiness::NotReady("not paid".to_owned());
    order.ship_to = None;
    world.marketplace.place(order.clone());
    world.pass(30).await;
    assert!(world.webshop.all().is_empty());
    let address = order_core::testkit::samples::address();
    world.marketplace.change(&"A".into(), |order| {
        order.readiness = order_core::order::Readiness::Ready;
        order.ship_to = Some(address);
    });
    world.pass(5).await;
    assert_eq!(world.webshop.live(&World::key("A")).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_deleted_webshop_order_is_shown_to_a_person_and_not_made_again() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let shop = world.webshop.all()[0].order.id.clone();
    world.webshop.delete(&shop);
    world.pass(60).await;
    assert!(world.webshop.all().is_empty());
    assert!(world.order("A").await.needs_action());
}

#[tokio::test(start_paused = true)]
async fn an_order_that_others_shipped_is_shown_until_the_webshop_closes_it() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    world.clock.advance(Duration::from_secs(60)).await;
    world.marketplace.change(&"A".into(), |order| {
        for line in &mut order.lines {
            line.shipped = line.quantity;
        }
    });
    world.pass(10).await;
    assert!(world.order("A").await.needs_action());
    let shop = world.webshop.all()[0].order.id.clone();
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    world.pass(60).await;
    let order = world.order("A").await;
    assert_eq!(
        (order.status(), order.needs_action()),
        (Status::Shipped, false)
    );
    assert_eq!(world.marketplace.shipments(&"A".into()), []);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_store_finds_the_orders_that_stand_in_the_webshop_already() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let World {
        clock,
        marketplace,
        webshop,
        ..
    } = world;
    clock.advance(Duration::from_secs(120)).await;
    let empty = Arc::new(order_core::memory::MemoryStore::new());
    let world = World::of(clock, marketplace, webshop, empty).await;
    world.cycle().await;
    assert_eq!(world.webshop.all().len(), 1);
    let order = world.order("A").await;
    assert_eq!(
        order.state.linked().map(|link| link.state),
        Some(ShopState::Open)
    );
}

#[tokio::test(start_paused = true)]
async fn a_restored_backup_doubles_nothing() {
    // As above, but the webshop order is long completed and reported.
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let shop = world.webshop.all()[0].order.id.clone();
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    world.pass(30).await;
    let World {
        clock,
        marketplace,
        webshop,
        ..
    } = world;
    let empty = Arc::new(order_core::memory::MemoryStore::new());
    let world = World::of(clock, marketplace, webshop, empty).await;
    world.pass(120).await;
    assert_eq!(world.webshop.all().len(), 1);
    assert_eq!(world.marketplace.shipments(&"A".into()).len(), 1);
}

/// A marketplace whose list shows an order from the start, and whose reads by id answer
/// `at_first` until the returned switch is on.
fn lagging(
    world: &World,
    at_first: impl Fn(MarketplaceOrderId) -> Vec<OrderRead> + Send + Sync + 'static,
) -> (MockMarketplace, Arc<AtomicBool>) {
    let caught_up = Arc::new(AtomicBool::new(false));
    let page = || OrderPage {
        orders: vec![Sighting::Summary {
            id: "A".into(),
            fingerprint: "same".to_owned(),
        }],
        next: Cursor(String::new()),
        more: false,
    };
    let mut marketplace = MockMarketplace::new();
    marketplace
        .expect_capabilities()
        .return_const(world.marketplace.capabilities());
    marketplace.expect_changes().returning(move |_| Ok(page()));
    marketplace.expect_returns().returning(|_| {
        Ok(ReturnPage {
            returns: Vec::new(),
            next: Cursor(String::new()),
            more: false,
        })
    });
    marketplace
        .expect_open_orders()
        .returning(move |_| Ok(page()));
    let (there, order) = (Arc::clone(&caught_up), world.marketplace.all().remove(0));
    marketplace.expect_orders().returning(move |ids| {
        if there.load(Ordering::SeqCst) {
            Ok(vec![OrderRead::Found(Box::new(order.clone()))])
        } else {
            Ok(ids.into_iter().flat_map(&at_first).collect())
        }
    });
    (marketplace, caught_up)
}

#[tokio::test(start_paused = true)]
async fn an_order_that_is_listed_before_it_can_be_read_is_imported_once_it_can() {
    let mut world = World::new().await;
    world.buy("A");
    let (marketplace, caught_up) = lagging(&world, |id| vec![OrderRead::Gone(id)]);
    world.connection.marketplace = Arc::new(marketplace);
    world.pass(30).await;
    assert!(world.webshop.all().is_empty());
    caught_up.store(true, Ordering::SeqCst);
    world.pass(10).await;
    assert_eq!(world.webshop.live(&World::key("A")).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_a_connector_forgets_is_not_taken_for_an_order_that_is_gone() {
    let mut world = World::new().await;
    world.buy("A");
    let (marketplace, caught_up) = lagging(&world, |_| Vec::new());
    world.connection.marketplace = Arc::new(marketplace);
    world.pass(30).await;
    let order = world.order("A").await;
    assert_ne!(order.status(), Status::Ignored);
    assert!(!order.state.reading.marketplace_gone);
    caught_up.store(true, Ordering::SeqCst);
    world.pass(60).await;
    assert_eq!(world.webshop.live(&World::key("A")).len(), 1);
}
