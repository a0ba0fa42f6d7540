//! Cancelling some pieces, in whichever direction, and returns.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a failed step is the outcome"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use order_core::Kind;
use order_core::ids::{MarketplaceOrderId, ReturnId, ShopOrderId};
use order_core::lifecycle::{OperatorAction, confirm_request};
use order_core::ports::{
    CancelReason, Clock as _, CreateSemantics, Granularity, Marketplace as _, Webshop as _,
};
use order_core::returns::{MarketplaceReturn, ReturnDecision, ReturnLine, ReturnState};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::ShopState;
use order_core::state::{Order, Status};
use order_core::testkit::Fault;
use support::World;

fn part(line: &str, quantity: u32) -> LineQuantity {
    LineQuantity {
        line: line.into(),
        quantity,
    }
}

fn shop_of(world: &World, id: &str) -> ShopOrderId {
    world.webshop.live(&World::key(id)).remove(0).order.id
}

fn cancelled_there(world: &World, id: &str, line: &str) -> u32 {
    let orders = world.marketplace.all();
    let order = orders.iter().find(|order| order.id.as_str() == id).unwrap();
    order.line(&line.into()).unwrap().cancelled
}

fn off_in_shop(world: &World, id: &str) -> Vec<LineQuantity> {
    world
        .webshop
        .live(&World::key(id))
        .remove(0)
        .order
        .cancelled
}

fn pieces_told(world: &World, id: &str) -> u32 {
    world
        .marketplace
        .shipments(&id.into())
        .iter()
        .flat_map(|shipment| &shipment.lines)
        .map(|line| line.quantity)
        .sum()
}

/// An order with three pieces of line 1 and one of line 2, created in the webshop.
async fn created(world: &World, id: &str) -> ShopOrderId {
    world.buy(id);
    world.marketplace.change(&id.into(), |order| {
        order.lines[0].quantity = 3;
        order.total = None;
    });
    world.cycle().await;
    shop_of(world, id)
}

async fn act(world: &World, id: &str, action: OperatorAction) -> Result<Order, order_core::Error> {
    let key = world.order(id).await.key;
    world.engine.operate(&world.connection, &key, action).await
}

fn texts(order: &Order) -> Vec<String> {
    order
        .state
        .problems
        .iter()
        .map(|problem| problem.text.clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_piece_the_shop_takes_off_is_cancelled_once_at_the_marketplace_and_the_rest_is_sent() {
    let world = World::new().await;
    let shop = created(&world, "A").await;
    world.webshop.take_off(&shop, part("L1", 1));
    world.pass(30).await;
    assert_eq!(cancelled_there(&world, "A", "L1"), 1);
    assert_eq!(world.marketplace.cancelled_by_us(&"A".into()), 1);
    world
        .webshop
        .complete(&shop, Some(Tracking::new("3SPIECES")));
    world.pass(60).await;
    assert_eq!(world.marketplace.cancelled_by_us(&"A".into()), 1, "once");
    assert_eq!(pieces_told(&world, "A"), 3, "two of L1 and one of L2");
    let order = world.order("A").await;
    assert_eq!(order.status(), Status::Shipped);
    assert_eq!(texts(&order), Vec::<String>::new());
    assert_eq!(
        off_in_shop(&world, "A"),
        [part("L1", 1)],
        "not a second one"
    );
}

#[tokio::test(start_paused = true)]
async fn a_piece_the_marketplace_cancels_is_taken_off_the_webshop_order_once() {
    let world = World::new().await;
    let shop = created(&world, "A").await;
    world
        .marketplace
        .change(&"A".into(), |order| order.lines[0].cancelled = 2);
    world.pass(60).await;
    assert_eq!(off_in_shop(&world, "A"), [part("L1", 2)]);
    world
        .webshop
        .complete(&shop, Some(Tracking::new("3SPIECES")));
    world.pass(60).await;
    assert_eq!(pieces_told(&world, "A"), 2);
    assert_eq!(off_in_shop(&world, "A"), [part("L1", 2)]);
    assert_eq!(world.marketplace.cancelled_by_us(&"A".into()), 0);
    assert_eq!(world.order("A").await.status(), Status::Shipped);
}

#[tokio::test(start_paused = true)]
async fn what_was_cancelled_before_the_webshop_order_was_made_is_not_taken_off_it() {
    let world = World::new().await;
    world.buy("A");
    world.marketplace.change(&"A".into(), |order| {
        order.lines[0].quantity = 3;
        order.lines[0].cancelled = 1;
        order.total = None;
    });
    world.pass(30).await;
    assert_eq!(off_in_shop(&world, "A"), []);
    world
        .marketplace
        .change(&"A".into(), |order| order.lines[0].cancelled = 2);
    world.pass(30).await;
    assert_eq!(off_in_shop(&world, "A"), [part("L1", 1)]);
    // And one more by the shop: three are gone now, all that there were.
    let shop = shop_of(&world, "A");
    world.webshop.take_off(&shop, part("L1", 1));
    world.pass(30).await;
    assert_eq!(cancelled_there(&world, "A", "L1"), 3);
    assert_eq!(off_in_shop(&world, "A"), [part("L1", 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_person_cancels_pieces_and_both_sides_follow() {
    let world = World::new().await;
    let shop = created(&world, "A").await;
    let action = OperatorAction::Cancel {
        lines: vec![part("L1", 2)],
        reason: CancelReason::BuyerAsked,
    };
    act(&world, "A", action).await.unwrap();
    world.pass(30).await;
    assert_eq!(cancelled_there(&world, "A", "L1"), 2);
    assert_eq!(off_in_shop(&world, "A"), [part("L1", 2)]);
    let more = OperatorAction::Cancel {
        lines: vec![part("L1", 2)],
        reason: CancelReason::Other,
    };
    let error = act(&world, "A", more).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    assert!(
        error
            .to_string()
            .contains("2 × line L1, of which 1 can still be cancelled"),
        "{error}"
    );
    world
        .webshop
        .complete(&shop, Some(Tracking::new("3SPIECES")));
    world.pass(60).await;
    assert_eq!(pieces_told(&world, "A"), 2);
    let error = act(&world, "A", cancel_all()).await.unwrap_err();
    assert!(error.to_string().contains("nothing is left"), "{error}");
}

fn cancel_all() -> OperatorAction {
    OperatorAction::Cancel {
        lines: Vec::new(),
        reason: CancelReason::OutOfStock,
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_cancels_the_whole_order_on_both_sides() {
    let world = World::new().await;
    let shop = created(&world, "A").await;
    act(&world, "A", cancel_all()).await.unwrap();
    world.pass(60).await;
    let there = world.marketplace.all().remove(0);
    assert!(there.is_cancelled());
    let record = world.webshop.all().remove(0);
    assert_eq!(record.order.id, shop);
    assert_eq!(record.order.state, ShopState::Cancelled);
    assert_eq!(world.order("A").await.status(), Status::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn an_order_that_a_person_cancels_before_it_is_created_is_never_created() {
    let world = World::new().await;
    world.webshop.without_product("SKU1");
    world.buy("A");
    world.cycle().await;
    act(&world, "A", cancel_all()).await.unwrap();
    world.webshop.with_product("SKU1");
    world.pass(60).await;
    assert!(world.marketplace.all().remove(0).is_cancelled());
    assert_eq!(world.webshop.all(), []);
    assert_eq!(world.order("A").await.status(), Status::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_cannot_cancel_pieces_leaves_it_to_a_person() {
    let mut world = World::new().await;
    let capabilities = world
        .marketplace
        .capabilities()
        .with_cancel(Granularity::Line);
    world.connection.marketplace =
        Arc::new(world.marketplace.clone().with_capabilities(capabilities));
    let shop = created(&world, "A").await;
    world.webshop.take_off(&shop, part("L1", 1));
    world.pass(30).await;
    let order = world.order("A").await;
    assert!(order.needs_action());
    assert_eq!(
        texts(&order),
        ["the webshop does not send 1 × SKU1, and the marketplace still expects it"]
    );
    // The whole line can be told, and then the problem is gone.
    world.webshop.take_off(&shop, part("L1", 2));
    world.pass(30).await;
    assert_eq!(cancelled_there(&world, "A", "L1"), 3);
    assert_eq!(texts(&world.order("A").await), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_piece_cancelled_there_after_the_shop_completed_is_a_persons_work() {
    let world = World::new().await;
    let shop = created(&world, "A").await;
    world.webshop.complete(&shop, None);
    world.pass(10).await;
    world
        .marketplace
        .change(&"A".into(), |order| order.lines[0].cancelled = 1);
    world.pass(10).await;
    let order = world.order("A").await;
    assert!(order.needs_action());
    let number = &world.webshop.all()[0].order.number;
    assert_eq!(
        texts(&order),
        [format!(
            "the marketplace cancelled 1 × SKU1, which webshop order {number} has"
        )]
    );
}

#[tokio::test(start_paused = true)]
async fn lost_answers_cancel_no_piece_twice() {
    for fault in [
        Fault::LostReply,
        Fault::LostRequest,
        Fault::Garbled,
        Fault::ServerErrorAfter,
        Fault::ServerErrorBefore,
    ] {
        let world = World::new().await;
        let shop = created(&world, "A").await;
        world.script.fail("marketplace.cancel", fault);
        world.script.fail("webshop.cancel_order", fault);
        world.webshop.take_off(&shop, part("L1", 1));
        world.pass(90).await;
        assert_eq!(cancelled_there(&world, "A", "L1"), 1, "{fault:?}");
        world
            .marketplace
            .change(&"A".into(), |order| order.lines[0].cancelled = 2);
        world.pass(90).await;
        assert_eq!(off_in_shop(&world, "A"), [part("L1", 2)], "{fault:?}");
        assert_eq!(world.marketplace.cancelled_by_us(&"A".into()), 1);
        assert_eq!(texts(&world.order("A").await), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn lost_answers_decide_no_return_twice_and_leave_one_note() {
    for fault in [Fault::LostReply, Fault::LostRequest, Fault::Garbled] {
        let world = World::new().await;
        let shop = shipped(&world).await;
        world.script.fail("marketplace.decide_return", fault);
        world.script.fail("webshop.note_return", fault);
        world
            .marketplace
            .put_return(a_return(&world, ReturnState::ToDecide));
        world.pass(60).await;
        assert_eq!(world.webshop.return_notes(&shop).len(), 1, "{fault:?}");
        act(&world, "A", decide(ReturnDecision::Accept))
            .await
            .unwrap();
        world.pass(60).await;
        assert_eq!(
            world.marketplace.decisions(&"R1".into()),
            [("row-1".to_owned(), ReturnDecision::Accept)],
            "{fault:?}"
        );
        assert_eq!(texts(&world.order("A").await), Vec::<String>::new());
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_that_lands_in_the_shop_after_it_was_cancelled_does_not_live_on() {
    let mut world = World::new().await;
    // A hard key is looked up at once; the request is still under way then.
    let shop = world
        .webshop
        .clone()
        .with_create(CreateSemantics::UniqueKey);
    world.use_webshop(shop);
    world.buy("A");
    let late = Fault::LateLanding(Duration::from_secs(60));
    world.script.fail("webshop.create_order", late);
    world.cycle().await;
    assert_eq!(world.webshop.all().len(), 0);
    world.marketplace.cancel_open(&"A".into());
    world.pass(90).await;
    let records = world.webshop.all();
    assert_eq!(records.len(), 1, "it landed");
    assert_eq!(records[0].order.state, ShopState::Cancelled);
    assert_eq!(world.order("A").await.status(), Status::Cancelled);
}

#[tokio::test(start_paused = true)]
async fn a_piece_cancelled_while_its_parcel_waits_to_be_reported_does_not_hold_up_the_others() {
    let world = World::new().await;
    let shop = created(&world, "A").await;
    world.script.fail("marketplace.confirm", Fault::Refused);
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    world.pass(5).await;
    assert_eq!(pieces_told(&world, "A"), 0);
    world
        .marketplace
        .change(&"A".into(), |order| order.lines[0].cancelled = 1);
    world.pass(60).await;
    assert_eq!(pieces_told(&world, "A"), 3, "two of L1 and one of L2");
    let order = world.order("A").await;
    assert_eq!(order.status(), Status::Shipped);
    assert!(
        texts(&order)[0].contains("cancelled 1 × SKU1"),
        "{:?}",
        texts(&order)
    );
}

#[tokio::test(start_paused = true)]
async fn a_draft_made_of_more_pieces_than_are_wanted_now_is_thrown_away() {
    let world = World::new().await;
    world.buy("A");
    world.marketplace.change(&"A".into(), |order| {
        order.lines[0].quantity = 3;
        order.total = None;
    });
    // The draft is made; the next step is refused for a while.
    world.script.fail("webshop.create_order", Fault::LostReply);
    world.cycle().await;
    assert_eq!(world.webshop.all()[0].order.state, ShopState::Draft);
    world
        .marketplace
        .change(&"A".into(), |order| order.lines[0].cancelled = 1);
    world.script.fail("webshop.create_order", Fault::Throttled);
    world.pass(120).await;
    let live = world.webshop.live(&World::key("A"));
    assert_eq!(live.len(), 1);
    let pieces: Vec<u32> = live[0]
        .request
        .lines
        .iter()
        .map(|line| line.quantity)
        .collect();
    assert_eq!(pieces, [2, 1]);
    let drafts = world
        .webshop
        .all()
        .iter()
        .filter(|record| record.order.state == ShopState::Draft)
        .count();
    assert_eq!(drafts, 0);
}

fn a_return(world: &World, state: ReturnState) -> MarketplaceReturn {
    MarketplaceReturn {
        id: "R1".into(),
        order: "A".into(),
        registered_at: world.clock.now(),
        lines: vec![ReturnLine {
            id: "row-1".to_owned(),
            line: Some("L1".into()),
            what: Some("SKU1".to_owned()),
            quantity: 2,
            reason: Some("too small".to_owned()),
            comment: Some("please call Anna".to_owned()),
            state,
            raw_state: String::new(),
        }],
        tracking: None,
        unknown: Vec::new(),
    }
}

async fn shipped(world: &World) -> ShopOrderId {
    let shop = created(world, "A").await;
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    world.pass(60).await;
    assert_eq!(world.order("A").await.status(), Status::Shipped);
    shop
}

fn decide(decision: ReturnDecision) -> OperatorAction {
    OperatorAction::DecideReturn {
        id: "R1".into(),
        rows: Vec::new(),
        decision,
        note: None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_return_is_shown_noted_in_the_webshop_and_decided_by_a_person() {
    let world = World::new().await;
    let shop = shipped(&world).await;
    world
        .marketplace
        .put_return(a_return(&world, ReturnState::Announced));
    // Of an order that is not here: nothing to do about it.
    world.marketplace.put_return(MarketplaceReturn {
        id: "R2".into(),
        order: MarketplaceOrderId::from("B"),
        ..a_return(&world, ReturnState::ToDecide)
    });
    world.pass(20).await;
    let order = world.order("A").await;
    assert_eq!(order.state.returns.len(), 1);
    assert!(!order.needs_action());
    let notes = world.webshop.return_notes(&shop);
    assert_eq!(notes.len(), 1);
    assert_eq!(notes[0].text, "return R1: 2 × SKU1 (too small), announced");

    let error = act(&world, "A", decide(ReturnDecision::Accept))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("do not wait for one"), "{error}");

    world
        .marketplace
        .put_return(a_return(&world, ReturnState::ToDecide));
    world.pass(20).await;
    assert!(world.order("A").await.needs_action());
    let error = act(&world, "A", decide(ReturnDecision::Keep))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("does not take"), "{error}");
    act(&world, "A", decide(ReturnDecision::Refuse))
        .await
        .unwrap();
    world.pass(30).await;
    let id = ReturnId::from("R1");
    assert_eq!(
        world.marketplace.decisions(&id),
        [("row-1".to_owned(), ReturnDecision::Refuse)]
    );
    let order = world.order("A").await;
    assert!(!order.needs_action());
    assert_eq!(order.status(), Status::Shipped);
    let texts: Vec<String> = world
        .webshop
        .return_notes(&shop)
        .into_iter()
        .map(|note| note.text)
        .collect();
    assert_eq!(
        texts[1..],
        [
            "return R1: 2 × SKU1 (too small), waits for a decision",
            "return R1: 2 × SKU1 (too small), closed (refuse)"
        ]
    );
    world.pass(300).await;
    assert_eq!(world.webshop.return_notes(&shop).len(), 3, "nothing twice");
    assert!(world.webshop.capabilities().returns);
}

/// A platform that ships piece by piece, and a fault between two pieces of a parcel.
#[tokio::test(start_paused = true)]
async fn a_parcel_that_landed_in_part_is_finished_only_where_it_was_tried() {
    let world = World::new().await;
    let shop = created(&world, "A").await;
    world.script.fail("marketplace.confirm", Fault::Refused);
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    world.pass(5).await;
    let mut order = world.order("A").await;
    let mut content = (**order.content.as_ref().unwrap()).clone();
    content.lines[0].pieces = ["p1", "p2", "p3"].map(Into::into).to_vec();
    content.lines[0].shipped = 1;
    order.content = Some(Arc::new(content));
    let request = |order: &Order| {
        let shipment = &order.state.shipments[0];
        confirm_request(order, shipment, "r", None)
    };
    // Somebody else sent that piece: a person must look.
    let blocked = request(&order).unwrap_err();
    assert!(blocked.text.contains("only 2 open"), "{}", blocked.text);
    // An attempt of ours was under way: all three are asked for again, by their ids.
    order.state.shipments[0].audit_at = Some(world.clock.now());
    let again = request(&order).unwrap();
    assert_eq!(again.lines[0].quantity, 3);
    assert_eq!(again.lines[0].pieces.len(), 3);
    // Another attempt's trace on a platform without pieces changes nothing.
    let mut content = (**order.content.as_ref().unwrap()).clone();
    content.lines[0].pieces.clear();
    order.content = Some(Arc::new(content));
    request(&order).unwrap_err();
}
