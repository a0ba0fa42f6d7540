//! The ports can be mocked (feature `mock`), for tests in which the order of calls is the point.

use std::sync::Arc;
use std::time::Duration;

use mockall::Sequence;
use order_core::engine::{Connection, Engine};
use order_core::memory::MemoryStore;
use order_core::policy::Policy;
use order_core::ports::{
    Clock as _, CreateSemantics, Cursor, Lag, MarketplaceCapabilities, MockMarketplace,
    MockWebshop, NoDetector, OrderPage, OrderStore as _, ProductMatch, ShopChanges, Sighting,
    WebshopCapabilities,
};
use order_core::testkit::{ManualClock, samples};
use order_core::{Error, Kind};

/// A webshop is searched before anything is created in it, and its products are found before.
#[tokio::test(start_paused = true)]
async fn a_webshop_is_searched_before_anything_is_created() {
    let clock = ManualClock::new();
    let order = samples::order("1", clock.now(), vec![samples::line("L1", "SKU1", 1, 999)]);

    let mut marketplace = MockMarketplace::new();
    marketplace
        .expect_capabilities()
        .return_const(MarketplaceCapabilities::none("mocked"));
    marketplace.expect_changes().times(1).returning(move |_| {
        let orders = vec![Sighting::Full(Box::new(order.clone()))];
        Ok(OrderPage {
            orders,
            next: Cursor("end".to_owned()),
            more: false,
        })
    });

    let mut webshop = MockWebshop::new();
    let mut steps = Sequence::new();
    let capabilities =
        WebshopCapabilities::none("mocked").with_create(CreateSemantics::Lookup, Lag::NONE);
    webshop.expect_capabilities().return_const(capabilities);
    webshop.expect_changes().returning(|_| {
        Ok(ShopChanges {
            ids: Vec::new(),
            next: Cursor(String::new()),
            more: false,
        })
    });
    webshop
        .expect_find_orders()
        .times(1)
        .in_sequence(&mut steps)
        .returning(|_| Ok(Vec::new()));
    webshop
        .expect_products()
        .times(1)
        .in_sequence(&mut steps)
        .returning(|queries| {
            let found = order_core::ports::ProductRef {
                id: "7".to_owned(),
                matched_by: "sku".to_owned(),
            };
            Ok(queries
                .iter()
                .map(|_| ProductMatch::Found(found.clone()))
                .collect())
        });
    webshop
        .expect_create_order()
        .times(1)
        .in_sequence(&mut steps)
        .returning(|_| Err(Error::not_applied(Kind::Unavailable, "refused")));

    let connection = Connection {
        id: "mocked".into(),
        marketplace: Arc::new(marketplace),
        webshop: Arc::new(webshop),
        detector: Arc::new(NoDetector),
        policy: Policy::new("mocked"),
    };
    let store = Arc::new(MemoryStore::new());
    store
        .register(connection.id.clone(), clock.now())
        .await
        .unwrap();
    let engine = Engine::new(store, Arc::new(clock));
    let lease = Duration::from_secs(180);
    let mut held = engine
        .claim("test", &[], lease, true)
        .await
        .unwrap()
        .unwrap();
    let report = engine.run_cycle(&connection, &mut held).await;
    assert_eq!((report.new_orders, report.created), (1, 0));
    engine.release(&connection, held).await.unwrap();
}
