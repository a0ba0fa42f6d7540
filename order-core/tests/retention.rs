//! Personal data of orders that are over is erased; of others never.

#![expect(clippy::expect_used, reason = "a failed step is the outcome of a test")]

mod support;

use std::time::Duration;

use chrono::TimeDelta;
use order_core::ports::Clock as _;
use order_core::shipment::Tracking;
use order_core::state::Status;
use support::World;

#[tokio::test(start_paused = true)]
async fn an_order_is_bare_once_it_is_over_for_long_enough() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let shop = world.webshop.live(&World::key("A")).remove(0).order.id;
    world.webshop.complete(&shop, Some(Tracking::new("3SA")));
    world.pass(30).await;
    world.buy("B");
    world.pass(5).await;
    assert_eq!(world.order("A").await.status(), Status::Shipped);
    let erase = async |age: TimeDelta, dry: bool| {
        let before = world.clock.now() - age;
        let erased = world
            .engine
            .erase_personal_data(&world.connection, before, dry, &|_| ())
            .await
            .unwrap();
        assert_eq!(erased.seen, 2);
        erased.erased
    };
    assert_eq!(
        erase(TimeDelta::days(30), false).await,
        0,
        "not long enough"
    );
    world.clock.advance(Duration::from_secs(31 * 86_400)).await;
    let before = world.order("A").await;
    assert_eq!(erase(TimeDelta::days(30), true).await, 1);
    assert_eq!(world.order("A").await, before, "counting changes nothing");
    assert_eq!(
        erase(TimeDelta::days(30), false).await,
        1,
        "B is still open"
    );
    assert_eq!(erase(TimeDelta::days(30), false).await, 0, "done once");
    let bare = world.order("A").await;
    let text = serde_json::to_string(&*bare.content.clone().unwrap()).unwrap();
    for private in ["Bakker", "Dorpstraat", "3511", "Utrecht"] {
        assert!(!text.contains(private), "{private} in {text}");
    }
    let address = bare.content.as_ref().unwrap().ship_to.clone().unwrap();
    assert!(address.country.is_some());
    assert_eq!(
        (bare.status(), bare.state.link.clone()),
        (before.status(), before.state.link)
    );
    let open = world.order("B").await.content.clone().unwrap();
    assert!(open.ship_to.clone().unwrap().last_name.is_some());
    // The engine goes on as before.
    world.pass(60).await;
    assert_eq!(world.webshop.live(&World::key("A")).len(), 1);
    assert_eq!(world.marketplace.shipments(&"A".into()).len(), 1);
}
