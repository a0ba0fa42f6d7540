//! What a person does with an order: links, doubted reports, and a look at what would be created.

#![expect(clippy::expect_used, reason = "a failed step is the outcome of a test")]

mod support;

use order_core::engine::Preview;
use order_core::error::{Error, Kind};
use order_core::ids::{OrderKey, ShopOrderId};
use order_core::lifecycle::{Level, Note, OperatorAction};
use order_core::ports::{ConfirmSemantics, CreateSemantics, Lag, Marketplace as _};
use order_core::shipment::Tracking;
use order_core::shop::ShopState;
use order_core::state::{Confirmation, Link, Order, ProblemKind, Status};
use order_core::testkit::{Fault, MemoryWebshop};
use support::World;

/// Calls that only read.
const READS: [&str; 4] = [
    "webshop.find_orders",
    "webshop.products",
    "webshop.orders",
    "store.load",
];

fn key(id: &str) -> OrderKey {
    OrderKey::new("test", id)
}

async fn link(world: &World, id: &str, shop: &ShopOrderId) -> Result<Order, Error> {
    let note = Note {
        level: Level::Info,
        text: "olga: link".to_owned(),
    };
    world
        .engine
        .link(
            &world.connection,
            &key(id),
            shop.clone(),
            vec![note],
            &|_| Ok(()),
        )
        .await
}

/// A webshop order made by hand for an order that cannot be created: its product is missing.
async fn by_hand(world: &World, id: &str) -> ShopOrderId {
    world.buy("MODEL");
    world.cycle().await;
    let model = world.webshop.live(&World::key("MODEL")).remove(0);
    world.pass(5).await;
    world.webshop.without_product("SKU1");
    world.buy(id);
    world.pass(5).await;
    assert!(world.order(id).await.needs_action());
    world.webshop.by_hand(&model.request)
}

#[tokio::test(start_paused = true)]
async fn an_order_made_by_hand_is_linked_followed_and_never_created_again() {
    let world = World::new().await;
    let shop = by_hand(&world, "A").await;
    let before = world.webshop.all().len();
    let linked = link(&world, "A", &shop).await.unwrap();
    assert_eq!(linked.state.linked().unwrap().id, shop);
    assert!(!linked.needs_action(), "{:?}", linked.state.problems);
    world.webshop.with_product("SKU1");
    world.pass(20).await;
    assert_eq!(world.webshop.all().len(), before);
    world.webshop.complete(&shop, Some(Tracking::new("3SHAND")));
    world.pass(30).await;
    let told = world.marketplace.shipments(&"A".into());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].code.as_deref(), Some("3SHAND"));
    let history = world.store.history(key("A")).await.unwrap();
    let texts: Vec<&str> = history.iter().map(|entry| entry.text.as_str()).collect();
    let who = texts.iter().position(|text| *text == "olga: link").unwrap();
    assert!(texts[who + 1].starts_with("operator links"), "{texts:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_or_another_orders_is_not_linked() {
    let world = World::new().await;
    let shop = by_hand(&world, "A").await;
    let missing = link(&world, "A", &"none".into()).await.unwrap_err();
    assert_eq!(missing.kind(), Kind::NotFound);
    // By the key that the webshop order carries.
    let model = world
        .order("MODEL")
        .await
        .state
        .linked()
        .unwrap()
        .id
        .clone();
    let taken = link(&world, "A", &model).await.unwrap_err();
    assert_eq!(taken.kind(), Kind::Conflict);
    assert!(taken.to_string().contains("MODEL"), "{taken}");
    // By the other order's link.
    link(&world, "A", &shop).await.unwrap();
    world.buy("B");
    world.pass(5).await;
    let twice = link(&world, "B", &shop).await.unwrap_err();
    assert_eq!(twice.kind(), Kind::Conflict);
    assert!(twice.to_string().contains("test/A"), "{twice}");
    assert_eq!(world.order("B").await.state.link, Link::None);
}

#[tokio::test(start_paused = true)]
async fn a_stamp_of_another_order_counts_even_when_nobody_has_the_link() {
    let world = World::new().await;
    by_hand(&world, "A").await;
    let model = world.webshop.live(&World::key("MODEL")).remove(0).order;
    let action = OperatorAction::Link(Box::new(model));
    let refused = world
        .engine
        .operate(&world.connection, &key("A"), action)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("test:MODEL"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn only_orders_that_are_worked_on_are_linked() {
    let world = World::new().await;
    let shop = by_hand(&world, "A").await;
    for state in [ShopState::Draft, ShopState::Cancelled, ShopState::Unknown] {
        world.webshop.set_state(&shop, state, "odd");
        let refused = link(&world, "A", &shop).await.unwrap_err();
        assert_eq!(refused.kind(), Kind::Conflict, "{state:?}");
    }
    world
        .webshop
        .set_state(&shop, ShopState::Open, "processing");
    link(&world, "A", &shop).await.unwrap();
    let again = link(&world, "A", &shop).await.unwrap_err();
    assert!(again.to_string().contains("linked"), "{again}");
}

#[tokio::test(start_paused = true)]
async fn a_linked_order_with_another_sum_is_shown_to_a_person() {
    let world = World::new().await;
    by_hand(&world, "A").await;
    let mut model = world.webshop.live(&World::key("MODEL")).remove(0).request;
    model.total = order_core::money::Money::from_minor(5, model.currency);
    let shop = world.webshop.by_hand(&model);
    let linked = link(&world, "A", &shop).await.unwrap();
    let problem = linked.problem().unwrap();
    assert_eq!(problem.kind, ProblemKind::Conflict);
    assert!(problem.text.contains("0.05"), "{}", problem.text);
}

/// The create's answer is lost, and the person links another order before it is looked up: the
/// late double is found and cancelled, or the link waits for the look.
#[tokio::test(start_paused = true)]
async fn an_uncertain_create_is_looked_up_before_another_order_is_linked() {
    let world = World::new().await;
    world.buy("MODEL");
    world.cycle().await;
    let model = world.webshop.live(&World::key("MODEL")).remove(0);
    let shop = world.webshop.by_hand(&model.request);
    world.pass(5).await;
    world.buy("A");
    world.script.fail("webshop.create_order", Fault::LostReply);
    world.pass(5).await;
    assert!(world.order("A").await.state.linked().is_none());
    let refused = link(&world, "A", &shop).await.unwrap_err();
    assert!(refused.to_string().contains("uncertain"), "{refused}");
    world.pass(60).await;
    assert_eq!(world.webshop.live(&World::key("A")).len(), 1);
    assert_eq!(world.webshop.peak(&World::key("A")), 1);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_can_be_looked_up_the_person_who_looked_may_link() {
    let mut world = World::new().await;
    let clock: std::sync::Arc<dyn order_core::ports::Clock> =
        std::sync::Arc::new(world.clock.clone());
    world.use_webshop(MemoryWebshop::new(clock).with_create(CreateSemantics::Blind));
    world.buy("A");
    world.script.fail("webshop.create_order", Fault::LostReply);
    world.pass(5).await;
    assert!(world.order("A").await.needs_action());
    let made = world.webshop.all().remove(0);
    let linked = link(&world, "A", &made.order.id).await.unwrap();
    assert_eq!(linked.state.linked().unwrap().id, made.order.id);
    assert!(linked.state.effects.is_empty());
    world.pass(60).await;
    assert_eq!(world.webshop.all().len(), 1);
}

async fn confirmed(world: &World, id: &str) {
    world.buy(id);
    world.cycle().await;
    let shop = world.webshop.live(&World::key(id)).remove(0).order.id;
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    world.pass(15).await;
    assert_eq!(world.marketplace.shipments(&id.into()).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_doubted_report_that_is_there_is_not_sent_again() {
    let world = World::new().await;
    confirmed(&world, "A").await;
    world.script.take_calls();
    let action = OperatorAction::ConfirmAgain { parcel: 1 };
    world
        .engine
        .operate(&world.connection, &key("A"), action.clone())
        .await
        .unwrap();
    // Twice at once is refused: the first look is under way.
    let twice = world
        .engine
        .operate(&world.connection, &key("A"), action)
        .await
        .unwrap_err();
    assert_eq!(twice.kind(), Kind::Conflict);
    world.pass(60).await;
    let calls = world.script.take_calls();
    assert!(
        calls.contains(&"marketplace.find_confirmation"),
        "{calls:?}"
    );
    assert!(!calls.contains(&"marketplace.confirm"), "{calls:?}");
    assert_eq!(world.marketplace.shipments(&"A".into()).len(), 1);
    let order = world.order("A").await;
    assert!(order.state.shipments[0].confirmation.is_told());
    assert_eq!(order.status(), Status::Shipped);
    assert!(order.state.problems.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_doubted_report_that_is_gone_is_sent_once_more() {
    let world = World::new().await;
    confirmed(&world, "A").await;
    world.marketplace.forget_shipments(&"A".into());
    let action = OperatorAction::ConfirmAgain { parcel: 1 };
    world
        .engine
        .operate(&world.connection, &key("A"), action)
        .await
        .unwrap();
    world.pass(90).await;
    let told = world.marketplace.shipments(&"A".into());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].reference, "test:A/1");
    let order = world.order("A").await;
    assert!(matches!(
        order.state.shipments[0].confirmation,
        Confirmation::Confirmed { .. } | Confirmation::Verified { .. }
    ));
}

#[tokio::test(start_paused = true)]
async fn a_report_is_not_doubted_where_nobody_can_look_or_nothing_was_told() {
    let mut world = World::new().await;
    confirmed(&world, "A").await;
    let again = |parcel| OperatorAction::ConfirmAgain { parcel };
    let missing = world
        .engine
        .operate(&world.connection, &key("A"), again(2))
        .await
        .unwrap_err();
    assert!(missing.to_string().contains("parcel 2"), "{missing}");
    let blind = world
        .marketplace
        .capabilities()
        .with_confirm(ConfirmSemantics::Blind, Lag::NONE);
    let marketplace = world.marketplace.clone().with_capabilities(blind);
    world.connection.marketplace = std::sync::Arc::new(marketplace);
    let refused = world
        .engine
        .operate(&world.connection, &key("A"), again(1))
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("look"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_preview_is_what_is_then_created_and_changes_nothing() {
    let world = World::new().await;
    world.webshop.without_product("SKU1");
    world.buy("A");
    world.cycle().await;
    let stored = world.order("A").await;
    let preview = async || {
        world
            .engine
            .preview(&world.connection, &key("A"))
            .await
            .unwrap()
    };
    world.script.take_calls();
    let Preview::Blocked(blocked) = preview().await else {
        panic!("the product is missing");
    };
    assert_eq!(blocked.kind, ProblemKind::UnknownProduct);
    world.webshop.with_product("SKU1");
    let Preview::Order(planned) = preview().await else {
        panic!("nothing is missing");
    };
    let calls = world.script.take_calls();
    let writes: Vec<_> = calls.iter().filter(|call| !READS.contains(call)).collect();
    assert!(
        writes.is_empty() && !calls.is_empty(),
        "written: {writes:?}"
    );
    assert_eq!(world.order("A").await, stored);
    assert!(world.webshop.all().is_empty());
    world
        .engine
        .operate(&world.connection, &key("A"), OperatorAction::Retry)
        .await
        .unwrap();
    world.cycle().await;
    let made = world.webshop.live(&World::key("A")).remove(0);
    assert_eq!(made.request, *planned);
    world.pass(5).await;
    let Preview::Exists(found) = preview().await else {
        panic!("it is there now");
    };
    assert_eq!(found[0].order.id, made.order.id);
}
