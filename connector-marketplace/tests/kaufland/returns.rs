//! Returns: what is told, and the decision about each piece.

use order_core::ports::{DecideLine, DecideReturn, Marketplace, Outcome};
use order_core::returns::{ReturnDecision, ReturnState};

use crate::common::{is_done, order, rejected};
use crate::support::{World, mugs_and_lamp, sorted};

pub(crate) fn decide(id: &str, rows: &[&str], decision: ReturnDecision) -> DecideReturn {
    let line = |row: &&str| DecideLine {
        id: (*row).to_owned(),
        quantity: 1,
    };
    DecideReturn {
        id: id.into(),
        order: "A1".into(),
        reference: format!("return {id}"),
        lines: rows.iter().map(line).collect(),
        decision,
        note: Some("Scratched".to_owned()),
        resume: None,
    }
}

/// Two mugs of one order and the lamp of another come back.
async fn with_a_return() -> (World, String, Vec<String>) {
    let world = World::new().await;
    world.sandbox.add_order(mugs_and_lamp("A1"));
    world.sandbox.add_order(mugs_and_lamp("A2"));
    let first = sorted(order(&world.kaufland, "A1").await);
    let second = sorted(order(&world.kaufland, "A2").await);
    let pieces = [
        first.lines[1].pieces[0].as_str(),
        first.lines[1].pieces[1].as_str(),
        second.lines[0].pieces[0].as_str(),
    ];
    let id = world.sandbox.add_return(&pieces);
    let read = world
        .kaufland
        .read_return(id.as_str().into())
        .await
        .unwrap();
    let rows = read.iter().flat_map(|it| &it.lines);
    let rows = rows.map(|row| row.id.clone()).collect();
    (world, id, rows)
}

#[tokio::test]
async fn a_return_of_two_orders_is_told_for_each_with_the_lines_it_is_about() {
    let (world, id, _) = with_a_return().await;
    let page = world.kaufland.returns(None).await.unwrap();
    assert!(!page.more);
    let mut orders: Vec<_> = page
        .returns
        .iter()
        .map(|it| (it.order.to_string(), it.lines.len()))
        .collect();
    orders.sort();
    assert_eq!(orders, [("A1".to_owned(), 2), ("A2".to_owned(), 1)]);
    let mugs = sorted(order(&world.kaufland, "A1").await).lines[1]
        .id
        .clone();
    let first = page
        .returns
        .iter()
        .find(|it| it.order.as_str() == "A1")
        .unwrap();
    assert_eq!(first.id.as_str(), id);
    assert!(
        first
            .lines
            .iter()
            .all(|row| row.line.as_ref() == Some(&mugs))
    );
    assert!(
        first
            .lines
            .iter()
            .all(|row| row.state == ReturnState::Announced)
    );
    assert_eq!(first.tracking.as_ref().unwrap().code, "407875042681");
    assert_eq!(first.lines[0].reason.as_deref(), Some("wrong_size"));
    let none = world.kaufland.read_return("1".into()).await.unwrap();
    assert_eq!(none, []);
}

#[tokio::test]
async fn pieces_that_came_back_are_accepted_or_refused_one_by_one() {
    let (world, id, rows) = with_a_return().await;
    let early = decide(&id, &[&rows[0]], ReturnDecision::Accept);
    let reason = rejected(world.kaufland.decide_return(early).await.unwrap());
    assert!(reason.contains("need_to_be_returned"), "{reason}");
    world.sandbox.receive_return(&id);
    let mut accept = decide(&id, &[&rows[0], &rows[1]], ReturnDecision::Accept);
    let Outcome::Continue(checkpoint) = world.kaufland.decide_return(accept.clone()).await.unwrap()
    else {
        panic!("one of two")
    };
    accept.resume = Some(checkpoint);
    assert!(is_done(
        &world.kaufland.decide_return(accept.clone()).await.unwrap()
    ));
    assert_eq!(
        world.kaufland.decide_return(accept).await.unwrap(),
        Outcome::AlreadyDone
    );
    let mut refuse = decide(&id, &[&rows[2]], ReturnDecision::Refuse);
    refuse.note = None;
    let reason = rejected(world.kaufland.decide_return(refuse.clone()).await.unwrap());
    assert!(reason.contains("note"), "{reason}");
    refuse.note = Some("It was used".to_owned());
    assert!(is_done(
        &world.kaufland.decide_return(refuse.clone()).await.unwrap()
    ));
    let late = decide(&id, &[&rows[2]], ReturnDecision::Accept);
    let reason = rejected(world.kaufland.decide_return(late).await.unwrap());
    assert!(reason.contains("return_rejected"), "{reason}");
    let read = world
        .kaufland
        .read_return(id.as_str().into())
        .await
        .unwrap();
    let mut rows = read.iter().flat_map(|it| &it.lines);
    assert!(rows.all(|row| row.state == ReturnState::Closed), "{read:?}");
}

#[tokio::test]
async fn a_row_of_another_return_is_not_decided() {
    let (world, _, rows) = with_a_return().await;
    let other = world.sandbox.add_return(&[]);
    let request = decide(&other, &[&rows[0]], ReturnDecision::Accept);
    let reason = rejected(world.kaufland.decide_return(request).await.unwrap());
    assert!(reason.contains("another return"), "{reason}");
}
