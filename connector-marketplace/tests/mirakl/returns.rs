//! Returns: what is told, and the two decisions that are kept apart.

use connector_marketplace::mirakl::sandbox::{Failure, Fault};
use order_core::Kind;
use order_core::ports::{DecideLine, DecideReturn, Marketplace, Outcome};
use order_core::returns::{ReturnDecision, ReturnState};

use crate::common::{is_done, rejected};
use crate::support::{World, mugs_and_lamp};

pub(crate) fn decide(id: &str, row: &str, decision: ReturnDecision) -> DecideReturn {
    DecideReturn {
        id: id.into(),
        order: "A-A".into(),
        reference: format!("return {id}"),
        lines: vec![DecideLine {
            id: row.to_owned(),
            quantity: 1,
        }],
        decision,
        note: Some("Scratched".to_owned()),
        resume: None,
    }
}

async fn state(world: &World, id: &str) -> (ReturnState, String) {
    let read = world.mirakl.read_return(id.into()).await.unwrap();
    let line = &read[0].lines[0];
    (line.state, line.raw_state.clone())
}

#[tokio::test]
async fn a_return_is_told_and_read_with_its_order_line_and_parcel() {
    let world = World::new(false).await;
    world.sandbox.add_order(mugs_and_lamp("A-A"));
    let id = world.sandbox.add_return("A-A", &[("A-A-1", 2)]);
    let page = world.mirakl.returns(None).await.unwrap();
    assert!(!page.more);
    let told = &page.returns[0];
    assert_eq!(
        (told.id.as_str(), told.order.as_str()),
        (id.as_str(), "A-A")
    );
    assert_eq!(told.lines[0].line.as_ref().unwrap().as_str(), "A-A-1");
    assert_eq!(told.lines[0].quantity, 2);
    assert_eq!(told.lines[0].state, ReturnState::ToDecide);
    assert_eq!(told.tracking.as_ref().unwrap().code, "8R0001");
    assert_eq!(
        world.mirakl.read_return(id.as_str().into()).await.unwrap(),
        page.returns
    );
    let none = world.mirakl.read_return("nobody".into()).await.unwrap();
    assert_eq!(none, []);
}

#[tokio::test]
async fn accepting_and_judging_are_two_decisions_and_none_is_taken_in_between() {
    for judge in [ReturnDecision::Accept, ReturnDecision::Refuse] {
        let world = World::new(false).await;
        let id = world.sandbox.add_return("A-A", &[("A-A-1", 1)]);
        let accept = decide(&id, "A-A-1", ReturnDecision::Accept);
        let done = world.mirakl.decide_return(accept.clone()).await.unwrap();
        assert!(is_done(&done), "{done:?}");
        assert_eq!(
            state(&world, &id).await,
            (ReturnState::Announced, "IN_PROGRESS".to_owned())
        );
        let again = world.mirakl.decide_return(accept).await.unwrap();
        assert_eq!(again, Outcome::AlreadyDone);
        let early = decide(&id, "A-A-1", ReturnDecision::Refuse);
        rejected(world.mirakl.decide_return(early).await.unwrap());
        world.sandbox.receive_return(&id);
        assert_eq!(state(&world, &id).await.0, ReturnState::ToDecide);
        let done = world
            .mirakl
            .decide_return(decide(&id, "A-A-1", judge))
            .await
            .unwrap();
        assert!(is_done(&done), "{done:?}");
        assert_eq!(state(&world, &id).await.0, ReturnState::Closed);
        let held = &world.sandbox.state()["returns"][0]["return_lines"][0]["compliance"][0];
        assert_eq!(held["compliant"], judge == ReturnDecision::Accept);
    }
}

#[tokio::test]
async fn a_decision_whose_answer_is_lost_is_not_taken_for_the_next_one() {
    let world = World::new(false).await;
    let id = world.sandbox.add_return("A-A", &[("A-A-1", 1)]);
    world.sandbox.inject(|seen| {
        if seen.is_mutation() {
            Fault::Lose(Failure::Status(502))
        } else {
            Fault::None
        }
    });
    let accept = decide(&id, "A-A-1", ReturnDecision::Accept);
    let error = world
        .mirakl
        .decide_return(accept.clone())
        .await
        .unwrap_err();
    assert_eq!(error.effect(), order_core::Effect::Unknown);
    world.sandbox.inject(|_| Fault::None);
    assert_ne!(state(&world, &id).await.0, ReturnState::ToDecide, "decided");
    let again = world.mirakl.decide_return(accept).await.unwrap();
    assert_eq!(again, Outcome::AlreadyDone);
}

#[tokio::test]
async fn what_cannot_be_decided_is_refused() {
    let world = World::new(false).await;
    let id = world
        .sandbox
        .add_return("A-A", &[("A-A-1", 1), ("A-A-2", 1)]);
    let part = decide(&id, "A-A-1", ReturnDecision::Refuse);
    let reason = rejected(world.mirakl.decide_return(part).await.unwrap());
    assert!(reason.contains("as a whole"), "{reason}");
    let keep = decide(&id, "A-A-1", ReturnDecision::Keep);
    let error = world.mirakl.decide_return(keep).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    let nobody = decide("nobody", "A-A-1", ReturnDecision::Accept);
    rejected(world.mirakl.decide_return(nobody).await.unwrap());
}

#[tokio::test]
async fn more_than_a_page_of_returns_is_read_to_its_end() {
    let world = World::new(false).await;
    for _ in 0..101 {
        let _ = world.sandbox.add_return("A-A", &[("A-A-1", 1)]);
    }
    let first = world.mirakl.returns(None).await.unwrap();
    assert!(first.more && first.returns.len() == 100);
    let second = world.mirakl.returns(Some(first.next)).await.unwrap();
    assert!(!second.more && second.returns.len() == 1);
    world.clock.advance(std::time::Duration::from_secs(3600));
    let third = world.mirakl.returns(Some(second.next)).await.unwrap();
    assert_eq!(
        third.returns.len(),
        100,
        "those that changed since the first listing began"
    );
}
