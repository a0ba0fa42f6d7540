//! Decisions that only an order in an odd state asks for, straight from the lifecycle. What cargo
//! mutants let pass the other tests is caught here.

#![expect(clippy::expect_used, reason = "a failed step is the outcome")]

mod support;

use order_core::lifecycle::{self, Answer, EffectStatus, Event, Finding, OperatorAction, Refused};
use order_core::money::Money;
use order_core::order::Readiness;
use order_core::policy::Rules;
use order_core::ports::{
    CancelReason, Checkpoint, Clock as _, FoundOrder, Granularity, Marketplace as _, OrderRead,
    Outcome, ShopRead, Sighting,
};
use order_core::returns::{MarketplaceReturn, ReturnDecision, ReturnLine, ReturnState};
use order_core::shipment::{LineQuantity, Tracking};
use order_core::shop::{ShopOrder, ShopShipment, ShopState};
use order_core::state::{Action, Created, EffectKind, Link, Order, Phase, Problem, ProblemKind};
use order_core::testkit::Fault;
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

#[test]
fn the_names_that_the_journal_knows_effects_by_are_as_they_were() {
    for (kind, name) in [
        (EffectKind::Accept, "accept"),
        (EffectKind::Create, "create"),
        (EffectKind::Confirm("p1".into()), "confirm p1"),
        (EffectKind::EditTracking("p1".into()), "edit tracking p1"),
        (EffectKind::CancelMarketplace, "cancel at marketplace"),
        (EffectKind::CancelPieces, "cancel pieces at marketplace"),
        (EffectKind::CancelShop("7".into()), "cancel in webshop 7"),
        (EffectKind::CancelShopPieces, "cancel pieces in webshop"),
        (
            EffectKind::NoteReturn("r1".into()),
            "note return r1 in webshop",
        ),
        (EffectKind::DecideReturn("r1".into()), "decide return r1"),
    ] {
        assert_eq!(kind.to_string(), name);
    }
}

/// An order in the webshop, of three pieces on two lines.
async fn created(world: &World) -> Order {
    world.buy("A");
    world.cycle().await;
    let order = world.order("A").await;
    assert!(order.state.linked().is_some());
    order
}

#[tokio::test(start_paused = true)]
async fn a_decision_about_one_row_of_a_return_leaves_the_other_rows() {
    let world = World::new().await;
    let order = created(&world).await;
    let row = |id: &str| ReturnLine {
        id: id.to_owned(),
        line: Some("L1".into()),
        what: None,
        quantity: 1,
        reason: None,
        comment: None,
        state: ReturnState::ToDecide,
        raw_state: "open".to_owned(),
    };
    let seen = MarketplaceReturn {
        id: "R1".into(),
        order: "A".into(),
        registered_at: world.clock.now(),
        lines: vec![row("1"), row("2")],
        tracking: None,
        unknown: Vec::new(),
    };
    let order = apply(&world, &order, Event::ReturnSeen(Box::new(seen)));
    let wish = OperatorAction::DecideReturn {
        id: "R1".into(),
        rows: vec!["2".to_owned()],
        decision: ReturnDecision::Accept,
        note: None,
    };
    let order = apply(&world, &order, Event::Operator(wish));
    let kind = || EffectKind::DecideReturn("R1".into());
    let intended = Event::Intended {
        kind: kind(),
        carrier: None,
    };
    let order = apply(&world, &order, intended);
    let answered = Event::Answered {
        kind: kind(),
        answer: Answer::Marketplace(Outcome::AlreadyDone),
    };
    let order = apply(&world, &order, answered);
    let states: Vec<ReturnState> = order.state.returns[0]
        .value
        .lines
        .iter()
        .map(|line| line.state)
        .collect();
    assert_eq!(states, [ReturnState::ToDecide, ReturnState::Closed]);
}

#[tokio::test(start_paused = true)]
async fn another_order_than_the_draft_that_is_being_finished_may_be_linked() {
    let world = World::new().await;
    world.buy("MODEL");
    world.cycle().await;
    let mut shop = world.webshop.all().remove(0).order;
    shop.id = "hand".into();
    shop.key = None;
    world.pass(5).await;
    world.buy("A");
    // The draft is made, and then the shop is gone for a while.
    world
        .script
        .fail_nth("webshop.create_order", 1, Fault::Refused);
    world.pass(5).await;
    let order = world.order("A").await;
    let draft = order.state.effect(&EffectKind::Create).unwrap();
    assert_eq!(draft.phase, Phase::Ready);
    let id = draft.draft.clone().unwrap();
    let link = |shop: &ShopOrder| Event::Operator(OperatorAction::Link(Box::new(shop.clone())));
    assert!(try_apply(&world, &order, link(&shop)).is_ok());
    shop.id = id;
    let refused = try_apply(&world, &order, link(&shop)).unwrap_err();
    assert!(refused.to_string().contains("being finished"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_report_that_was_refused_says_nothing_about_what_was_created() {
    let world = World::new().await;
    let order = created(&world).await;
    let made = order.state.created.clone();
    assert!(matches!(made, Created::Pieces(_)));
    let shop = world.webshop.all().remove(0).order.id;
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    world.script.fail("marketplace.confirm", Fault::Refused);
    world.pass(5).await;
    assert!(world.marketplace.shipments(&"A".into()).is_empty());
    assert_eq!(world.order("A").await.state.created, made);
}

#[tokio::test(start_paused = true)]
async fn the_parcels_that_a_person_tells_of_have_names_of_their_own() {
    let world = World::new().await;
    let order = created(&world).await;
    let tracking = Event::Operator(OperatorAction::SetTracking(Tracking::new("3S1")));
    let order = apply(&world, &order, tracking);
    let ids: Vec<&str> = order
        .state
        .shipments
        .iter()
        .map(|it| it.id.as_str())
        .collect();
    assert_eq!(ids, ["operator"]);
}

#[tokio::test(start_paused = true)]
async fn an_ignored_order_that_the_list_shows_again_stays_ignored() {
    let world = World::new().await;
    let mut test = world.buy("A");
    test.is_test = true;
    world.marketplace.place(test);
    world.cycle().await;
    let order = world.order("A").await;
    assert!(order.state.ignored.is_some());
    let sighting = Sighting::Summary {
        id: "A".into(),
        fingerprint: "another".to_owned(),
    };
    let order = apply(&world, &order, Event::Sighted(sighting));
    assert!(order.state.ignored.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_parcel_whose_pieces_are_still_open_at_the_marketplace_is_reported() {
    let world = World::new().await;
    let order = created(&world).await;
    let shop = order.state.linked().unwrap().id.clone();
    // Somebody else reports one of the two pieces, and the shop sends one.
    world
        .marketplace
        .change(&"A".into(), |order| order.lines[0].shipped = 1);
    let parcel = vec![part("L1", 1)];
    world
        .webshop
        .ship(&shop, "P1", parcel, Tracking::new("3S1"));
    world.pass(20).await;
    let told = world.marketplace.shipments(&"A".into());
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn pieces_that_we_can_take_off_ourselves_are_no_persons_work() {
    let world = World::new().await;
    let order = created(&world).await;
    let mut content = (**order.content.as_ref().unwrap()).clone();
    content.lines[0].cancelled = 1;
    let read = Event::MarketplaceRead(OrderRead::Found(Box::new(content)));
    let step = lifecycle::apply(&order, &read, world.clock.now(), &rules(&world)).unwrap();
    let texts: Vec<&str> = step.notes.iter().map(|note| note.text.as_str()).collect();
    assert!(
        !texts
            .iter()
            .any(|text| text.contains("which webshop order")),
        "{texts:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn while_a_cancellation_of_pieces_pauses_the_shop_is_not_read_for_it() {
    let world = World::new().await;
    created(&world).await;
    world.pass(5).await;
    world
        .marketplace
        .change(&"A".into(), |order| order.lines[0].cancelled = 1);
    for _ in 0..4 {
        world.script.fail("webshop.cancel_order", Fault::Refused);
    }
    world.pass(15).await;
    let order = world.order("A").await;
    let action = Action::Send(EffectKind::CancelShopPieces);
    let problem = order.state.problem(&action).expect("it pauses");
    // The last look is old by now.
    let later = world.clock.now() + chrono::Duration::minutes(3);
    assert!(problem.next_attempt.unwrap() > later, "{problem:?}");
    let due: Vec<_> = lifecycle::agenda(&order, later, &rules(&world))
        .into_iter()
        .filter(|item| item.at <= later)
        .collect();
    assert!(due.is_empty(), "{due:?}");
}

#[tokio::test(start_paused = true)]
async fn doubles_are_looked_for_after_the_create_has_settled() {
    let world = World::new().await;
    world.buy("A");
    world.script.fail("webshop.create_order", Fault::LostReply);
    world.cycle().await;
    let order = world.order("A").await;
    let effect = order.state.effect(&EffectKind::Create).unwrap();
    let Phase::Unknown { settle_until, .. } = effect.phase else {
        panic!("{effect:?}");
    };
    let audit = settle_until + world.connection.policy.audit_after;
    assert_eq!(order.state.audit_at, Some(audit));
}

#[tokio::test(start_paused = true)]
async fn a_retry_reports_again_what_was_not_seen_and_nothing_else() {
    let world = World::new().await;
    created(&world).await;
    let shop = world.webshop.all().remove(0).order.id;
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    world.pass(5).await;
    let order = world.order("A").await;
    let id = order.state.shipments[0].id.clone();
    assert!(order.state.shipments[0].confirmation.is_told());
    for (kind, told) in [
        (ProblemKind::NotSeenAfterwards, false),
        (ProblemKind::Unavailable, true),
    ] {
        let mut order = order.clone();
        order.state.problems.push(Problem {
            action: Action::Send(EffectKind::Confirm(id.clone())),
            kind,
            text: String::new(),
            advice: String::new(),
            since: world.clock.now(),
            attempts: 1,
            next_attempt: None,
        });
        let order = apply(&world, &order, Event::Operator(OperatorAction::Retry));
        assert_eq!(
            order.state.shipments[0].confirmation.is_told(),
            told,
            "{kind:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_person_is_told_when_the_address_changes_after_the_order_was_made_and_only_then() {
    let world = World::new().await;
    let order = created(&world).await;
    let content = (**order.content.as_ref().unwrap()).clone();
    for (change, told) in [(true, true), (false, false)] {
        let mut content = content.clone();
        content.shipping_method = Some("another".to_owned());
        if change {
            content.ship_to.as_mut().unwrap().city = Some("Elsewhere".to_owned());
        }
        let read = Event::MarketplaceRead(OrderRead::Found(Box::new(content)));
        let step = lifecycle::apply(&order, &read, world.clock.now(), &rules(&world)).unwrap();
        let notes = step.notes.iter();
        let says = notes.filter(|note| note.text.contains("changed the delivery address"));
        assert_eq!(says.count() > 0, told);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_linked_order_was_made_of_is_known_only_when_we_made_it() {
    let world = World::new().await;
    let mut order = created(&world).await;
    let shop = world.webshop.all().remove(0).order;
    let link = Event::Operator(OperatorAction::Link(Box::new(shop)));
    let made = order.state.created.clone();
    order.state.link = Link::None;
    let linked = apply(&world, &order, link.clone());
    assert_eq!(linked.state.created, made);
    order.state.created = Created::Never;
    assert_eq!(apply(&world, &order, link).state.created, Created::Unsure);
}

#[tokio::test(start_paused = true)]
async fn a_first_create_that_was_refused_made_nothing_for_sure() {
    let world = World::new().await;
    world.buy("A");
    world.script.fail("webshop.create_order", Fault::Refused);
    world.cycle().await;
    assert_eq!(world.order("A").await.state.created, Created::Never);
}

#[tokio::test(start_paused = true)]
async fn a_parcel_that_loses_a_cancelled_piece_says_so() {
    let world = World::new().await;
    let order = created(&world).await;
    let shop = world.webshop.all().remove(0).order.id;
    world.webshop.complete(&shop, Some(Tracking::new("3S1")));
    world.script.fail("marketplace.confirm", Fault::Refused);
    world.pass(5).await;
    world
        .marketplace
        .change(&"A".into(), |order| order.lines[0].cancelled = 1);
    world.pass(15).await;
    let history = world.store.history(order.key).await.unwrap();
    let said: Vec<_> = history
        .iter()
        .filter(|entry| entry.text.contains("is reported without 1 × line L1"))
        .collect();
    assert_eq!(said.len(), 1, "{history:?}");
}

/// A parcel with so many pieces of line 1, whose report was refused, and then pieces of that
/// line are cancelled at the marketplace.
async fn parcel_then_cancelled(world: &World, sent: u32, cancelled: u32) -> Order {
    let order = created(world).await;
    let shop = order.state.linked().expect("a link").id.clone();
    let parcel = vec![part("L1", sent)];
    world
        .webshop
        .ship(&shop, "P1", parcel, Tracking::new("3S1"));
    world.script.fail("marketplace.confirm", Fault::Refused);
    world.pass(5).await;
    let order = world.order("A").await;
    assert_eq!(order.state.shipments[0].lines, [part("L1", sent)]);
    let mut content = (**order.content.as_ref().expect("content")).clone();
    content.lines[0].cancelled = cancelled;
    let read = Event::MarketplaceRead(OrderRead::Found(Box::new(content)));
    let step = lifecycle::apply(&order, &read, world.clock.now(), &rules(world)).expect("it fits");
    for note in &step.notes {
        assert!(!note.text.contains("without 0 ×"), "{note:?}");
    }
    step.order
}

#[tokio::test(start_paused = true)]
async fn a_parcel_keeps_a_piece_of_what_was_cancelled_so_that_the_contradiction_shows() {
    let world = World::new().await;
    let order = parcel_then_cancelled(&world, 2, 2).await;
    assert_eq!(order.state.shipments[0].lines, [part("L1", 1)]);
    let world = World::new().await;
    let order = parcel_then_cancelled(&world, 1, 2).await;
    assert_eq!(order.state.shipments[0].lines, [part("L1", 1)]);
}

#[test]
fn what_goes_away_by_itself_is_transient() {
    for kind in ProblemKind::ALL {
        let expected = matches!(kind, ProblemKind::Unavailable | ProblemKind::OutcomeUnknown);
        assert_eq!(kind.is_transient(), expected, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_line_is_reported_where_only_whole_lines_can_be() {
    for (pieces, told) in [(2, 1), (1, 0)] {
        let mut world = World::new().await;
        let mut capabilities = world.marketplace.capabilities();
        capabilities.ship = Granularity::Line;
        let marketplace = world.marketplace.clone().with_capabilities(capabilities);
        world.connection.marketplace = std::sync::Arc::new(marketplace);
        let order = created(&world).await;
        let shop = order.state.linked().unwrap().id.clone();
        let parcel = vec![part("L1", pieces)];
        world
            .webshop
            .ship(&shop, "P1", parcel, Tracking::new("3S1"));
        world.pass(20).await;
        let shipments = world.marketplace.shipments(&"A".into());
        assert_eq!(shipments.len(), told, "{pieces} of 2");
    }
}

#[tokio::test(start_paused = true)]
async fn an_acceptance_whose_answer_was_lost_is_looked_up_and_not_repeated() {
    let mut world = World::new().await;
    let capabilities = world.marketplace.capabilities().with_accept();
    world.use_marketplace(world.marketplace.clone().with_capabilities(capabilities));
    let mut order = world.buy("A");
    order.readiness = Readiness::NeedsAcceptance;
    world.marketplace.place(order);
    world.script.fail("marketplace.accept", Fault::LostReply);
    world.script.take_calls();
    world.pass(30).await;
    let calls = world.script.take_calls();
    let accepts = calls.iter().filter(|call| **call == "marketplace.accept");
    assert_eq!(accepts.count(), 1, "{calls:?}");
    assert_eq!(world.webshop.live(&World::key("A")).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_an_order_that_stood_before_was_made_of_is_not_known() {
    let world = World::new().await;
    world.buy("A");
    world.cycle().await;
    let found = world.webshop.all().remove(0);
    let found = vec![FoundOrder {
        order: found.order,
        resume: None,
    }];
    let mut order = world.order("A").await;
    order.state.link = Link::None;
    let again = apply(&world, &order, Event::FoundBefore(found.clone()));
    assert_eq!(again.state.created, order.state.created, "it is on record");
    order.state.created = Created::Never;
    let order = apply(&world, &order, Event::FoundBefore(found));
    assert_eq!(order.state.created, Created::Unsure);
}

#[tokio::test(start_paused = true)]
async fn of_two_drafts_the_one_on_record_is_finished() {
    let world = World::new().await;
    world.buy("A");
    world
        .script
        .fail_nth("webshop.create_order", 1, Fault::Refused);
    world.cycle().await;
    let mut order = world.order("A").await;
    let recorded = order.state.effects[0].draft.clone().unwrap();
    order.state.effects[0].phase = Phase::Unknown {
        settle_until: world.clock.now(),
        why: "lost".to_owned(),
    };
    let standing = world.webshop.all().remove(0).order;
    let mut other = standing.clone();
    other.id = "0".into();
    let found = |order: &ShopOrder| FoundOrder {
        order: order.clone(),
        resume: None,
    };
    let finding = Finding::Orders(vec![found(&other), found(&standing)]);
    let kind = EffectKind::Create;
    let order = apply(&world, &order, Event::Resolved { kind, finding });
    assert_eq!(order.state.effects[0].draft, Some(recorded));
    assert_eq!(order.state.extras, ["0".into()]);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_value_is_told_once() {
    let world = World::new().await;
    let order = created(&world).await;
    let mut content = (**order.content.as_ref().unwrap()).clone();
    content.unknown = vec!["status teleported".to_owned()];
    let read = Event::MarketplaceRead(OrderRead::Found(Box::new(content)));
    let mut order = order;
    for told in [1, 0] {
        let step = lifecycle::apply(&order, &read, world.clock.now(), &rules(&world)).unwrap();
        let says = |note: &&lifecycle::Note| note.text.contains("teleported");
        assert_eq!(step.notes.iter().filter(says).count(), told);
        order = step.order;
    }
}

#[tokio::test(start_paused = true)]
async fn another_order_that_is_gone_says_nothing_about_ours() {
    let world = World::new().await;
    let order = created(&world).await;
    let gone = |id: &str| Event::ShopRead(ShopRead::Gone(id.into()));
    let same = apply(&world, &order, gone("another"));
    assert!(!same.state.linked().unwrap().gone);
    let own = order.state.linked().unwrap().id.clone();
    let order = apply(&world, &order, gone(own.as_str()));
    assert!(order.state.linked().unwrap().gone);
}

#[tokio::test(start_paused = true)]
async fn pieces_that_are_off_when_they_are_looked_up_were_cancelled_by_us() {
    let world = World::new().await;
    let order = created(&world).await;
    let order = apply(&world, &order, cancel("L1", 1));
    let kind = || EffectKind::CancelPieces;
    let intended = Event::Intended {
        kind: kind(),
        carrier: None,
    };
    let mut order = apply(&world, &order, intended);
    order.state.effects[0].phase = Phase::Unknown {
        settle_until: world.clock.now(),
        why: "lost".to_owned(),
    };
    for (cancelled, status) in [(1, EffectStatus::Done), (0, EffectStatus::NotApplied)] {
        let mut content = (**order.content.as_ref().unwrap()).clone();
        content.lines[0].cancelled = cancelled;
        let finding = Finding::Marketplace(OrderRead::Found(Box::new(content)));
        let resolved = Event::Resolved {
            kind: kind(),
            finding,
        };
        let step = lifecycle::apply(&order, &resolved, world.clock.now(), &rules(&world)).unwrap();
        let statuses: Vec<_> = step.effects.iter().map(|record| record.status).collect();
        assert_eq!(statuses, [status]);
    }
}

#[tokio::test(start_paused = true)]
async fn the_discount_of_a_line_is_shared_by_the_pieces_that_are_not_cancelled() {
    let world = World::new().await;
    let mut order = world.buy("A");
    let cents = |minor| Money::from_minor(minor, order.currency);
    let (whole, share) = (cents(30), cents(20));
    order.lines[0].quantity = 3;
    order.lines[0].cancelled = 1;
    order.lines[0].discount = Some(whole);
    order.total = None;
    world.marketplace.place(order);
    world.cycle().await;
    let made = world.webshop.live(&World::key("A")).remove(0).request;
    assert_eq!((made.lines[0].quantity, made.lines[0].discount), (2, share));
}

#[tokio::test(start_paused = true)]
async fn a_completed_order_takes_the_rest_of_a_line_where_only_whole_lines_can_be_told() {
    let mut world = World::new().await;
    let mut capabilities = world.marketplace.capabilities();
    capabilities.ship = Granularity::Line;
    let marketplace = world.marketplace.clone().with_capabilities(capabilities);
    world.connection.marketplace = std::sync::Arc::new(marketplace);
    let order = created(&world).await;
    let mut shop = world.webshop.all().remove(0).order;
    shop.state = ShopState::Completed;
    shop.shipments = vec![ShopShipment {
        id: "P1".into(),
        lines: Some(vec![part("L1", 1)]),
        tracking: Some(Tracking::new("3S1")),
        shipped_at: None,
    }];
    let read = Event::ShopRead(ShopRead::Found(Box::new(shop)));
    let order = apply(&world, &order, read);
    assert_eq!(order.state.shipments[0].lines, [part("L1", 2)]);
}

#[tokio::test(start_paused = true)]
async fn what_a_person_cancels_is_added_to_what_they_cancelled_before() {
    let world = World::new().await;
    let order = created(&world).await;
    let order = apply(&world, &order, cancel("L1", 1));
    let order = apply(&world, &order, cancel("L2", 1));
    let order = apply(&world, &order, cancel("L1", 1));
    let wish = order.state.cancel_wish.as_ref().unwrap();
    let mut lines = wish.lines.clone();
    lines.sort_by(|a, b| a.line.cmp(&b.line));
    assert_eq!(lines, [part("L1", 2), part("L2", 1)]);
}

#[tokio::test(start_paused = true)]
async fn doubles_are_not_cancelled_where_the_webshop_cannot() {
    let world = World::new().await;
    let mut order = created(&world).await;
    order.state.extras = vec!["9".into()];
    let mut rules = rules(&world);
    let action = Action::Send(EffectKind::CancelShop("9".into()));
    let is_planned = |rules: &Rules| {
        let items = lifecycle::agenda(&order, world.clock.now(), rules);
        items.iter().any(|item| item.action == action)
    };
    assert!(is_planned(&rules));
    rules.webshop.cancel = false;
    assert!(!is_planned(&rules));
}

#[tokio::test(start_paused = true)]
async fn a_cycle_counts_what_it_created() {
    let world = World::new().await;
    world.buy("A");
    world.buy("B");
    assert_eq!(world.cycle().await.created, 2);
    assert_eq!(world.cycle().await.created, 0);
}

#[tokio::test(start_paused = true)]
async fn a_request_to_cancel_pieces_names_the_lines_that_have_some() {
    let world = World::new().await;
    let order = created(&world).await;
    let order = apply(&world, &order, cancel("L2", 1));
    let request = lifecycle::cancel_pieces_request(&order, "reference").unwrap();
    let lines: Vec<_> = request
        .lines
        .iter()
        .map(|line| (line.line.as_str(), line.quantity))
        .collect();
    assert_eq!(lines, [("L2", 1)]);
}
