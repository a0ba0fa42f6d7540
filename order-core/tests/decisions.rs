//! Decisions that only an order in an odd state asks for, straight from the lifecycle. What cargo
//! mutants let pass the other tests is caught here.

#![expect(clippy::expect_used, reason = "a failed step is the outcome")]

mod support;

use order_core::lifecycle::{self, Answer, Event, OperatorAction, Refused};
use order_core::order::Readiness;
use order_core::policy::Rules;
use order_core::ports::{CancelReason, Checkpoint, Clock as _, Marketplace as _, Outcome};
use order_core::shipment::LineQuantity;
use order_core::state::{EffectKind, Order, ProblemKind};
use support::World;

fn rules(world: &World) -> Rules {
    Rules {
        policy: world.connection.policy.clone(),
        marketplace: world.connection.marketplace.capabilities(),
        webshop: world.connection.webshop.capabilities(),
    }
}

fn try_apply(world: &World, order: &Order, event: Event) -> Result<Order, Refused> {
    let step = lifecycle::apply(order, &event, world.clock.now(), &rules(world))?;
    Ok(step.order)
}

fn apply(world: &World, order: &Order, event: Event) -> Order {
    try_apply(world, order, event).expect("the event fits")
}

fn part(line: &str, quantity: u32) -> LineQuantity {
    LineQuantity {
        line: line.into(),
        quantity,
    }
}

fn cancel(line: &str, quantity: u32) -> Event {
    Event::Operator(OperatorAction::Cancel {
        lines: vec![part(line, quantity)],
        reason: CancelReason::OutOfStock,
    })
}

#[tokio::test(start_paused = true)]
async fn the_second_step_of_a_cancellation_is_for_what_is_to_be_cancelled_by_then() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let order = world.order("A").await;
    let kind = EffectKind::CancelPieces;
    let intended = || Event::Intended {
        kind: EffectKind::CancelPieces,
        carrier: None,
    };
    let order = apply(&world, &order, cancel("L1", 1));
    let order = apply(&world, &order, intended());
    let targets = |order: &Order| order.state.effect(&kind).unwrap().targets.clone();
    assert_eq!(targets(&order), [part("L1", 1)]);
    let answer = Answer::Marketplace(Outcome::Continue(Checkpoint("half".into())));
    let kind_of = kind.clone();
    let order = apply(
        &world,
        &order,
        Event::Answered {
            kind: kind_of,
            answer,
        },
    );
    let order = apply(&world, &order, cancel("L1", 1));
    let order = apply(&world, &order, intended());
    assert_eq!(targets(&order), [part("L1", 2)]);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_must_do_about_pieces_is_said_once() {
    let mut world = World::new().await;
    let mut capabilities = world.marketplace.capabilities();
    capabilities.cancel = None;
    let marketplace = world.marketplace.clone().with_capabilities(capabilities);
    world.connection.marketplace = std::sync::Arc::new(marketplace);
    world.buy("A");
    world.cycle().await;
    let shop = world.webshop.all().remove(0).order.id;
    world.webshop.take_off(&shop, part("L1", 1));
    world.pass(180).await;
    let order = world.order("A").await;
    let problem = order.problem().expect("a person is told");
    assert_eq!(problem.kind, ProblemKind::Conflict);
    assert_eq!(problem.attempts, 1, "{problem:?}");
}

#[tokio::test(start_paused = true)]
async fn an_order_of_which_nothing_is_left_to_be_sent_is_linked_to_nothing() {
    let world = World::new().await;
    world.buy("MODEL");
    world.cycle().await;
    let mut shop = world.webshop.all().remove(0).order;
    shop.id = "hand".into();
    shop.key = None;
    world.pass(5).await;
    world.webshop.without_product("SKU1");
    world.buy("A");
    world.pass(5).await;
    let order = world.order("A").await;
    let link = || Event::Operator(OperatorAction::Link(Box::new(shop.clone())));
    assert!(try_apply(&world, &order, link()).is_ok());
    let mut ignored = order.clone();
    ignored.state.ignored = Some("too old".to_owned());
    let mut gone = order.clone();
    gone.state.reading.marketplace_gone = true;
    let mut closed = order.clone();
    let content = closed.content.as_mut().unwrap();
    std::sync::Arc::make_mut(content).readiness = Readiness::Closed;
    for odd in [ignored, gone, closed] {
        let refused = try_apply(&world, &odd, link()).unwrap_err().to_string();
        assert!(refused.contains("nothing is left"), "{refused}");
    }
}

#[test]
fn every_kind_of_problem_is_read_back_from_its_name_and_nothing_else_is() {
    for kind in ProblemKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    assert!("no_such_problem".parse::<ProblemKind>().is_err());
}
