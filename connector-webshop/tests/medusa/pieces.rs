//! Pieces that are taken off orders of a real Medusa.

use order_core::ids::ShopOrderId;
use order_core::ports::{CancelShopOrder, CreateProgress, ShopCancel, Webshop};
use order_core::shop::ShopState;
use serde_json::{Value, json};

use crate::live::{
    cancellation, create, euro, finish, lines, order, read, shop, step, with_server,
};
use crate::server::{self, Flavour, Server};

fn pieces(id: &ShopOrderId, parts: &[(&str, u32)]) -> CancelShopOrder {
    cancellation(id, parts)
}

/// Begins an edit past the connector: the pieces that lines shall keep.
fn begin(server: &Server, id: &ShopOrderId, note: &str, keep: &[(&str, u32)]) {
    let body = json!({"order_id": id, "internal_note": note});
    server.post("/admin/order-edits", body);
    for (item, mark, _) in server.lines(id.as_str()) {
        if let Some((_, quantity)) = keep.iter().find(|(line, _)| *line == mark) {
            let path = format!("/admin/order-edits/{id}/items/item/{item}");
            server.post(&path, json!({"quantity": quantity}));
        }
    }
}

/// The notes of changes that are open.
fn open(server: &Server, id: &ShopOrderId) -> Vec<Value> {
    let path = format!("/admin/orders/{id}/changes?status[]=pending&status[]=requested");
    let answer = server.get(&path);
    let changes = answer["order_changes"].as_array().unwrap();
    changes
        .iter()
        .map(|change| change["internal_note"].clone())
        .collect()
}

fn payment(server: &Server, id: &ShopOrderId) -> (Value, f64) {
    let fields = "fields=id,payment_status,summary";
    let mut answer = server.get(&format!("/admin/orders/{id}?{fields}"));
    let due = &answer["order"]["summary"]["pending_difference"];
    let due = (due.as_f64().unwrap() * 100.0).round() / 100.0;
    (answer["order"]["payment_status"].take(), due)
}

fn reason(outcome: ShopCancel) -> String {
    match outcome {
        ShopCancel::Rejected { reason } => reason,
        ShopCancel::Done => panic!("a refusal is expected"),
    }
}

#[tokio::test]
async fn pieces_are_taken_off_their_stock_is_free_and_no_money_moves() {
    let server = with_server!(Flavour::Plain);
    let shop = shop(server);
    let new = order(&shop, "OFF-1", &[("OFF-004", 3, 999), ("FL-002", 1, 605)]).await;
    let id = create(&shop, &new).await.id;
    assert_eq!(server.stock("OFF-004"), (9, 3));
    let off = pieces(&id, &[("L1", 1), ("L2", 1)]);
    assert_eq!(shop.cancel_order(off).await.unwrap(), ShopCancel::Done);
    let after = read(&shop, &id).await;
    assert_eq!(after.state, ShopState::Open);
    assert_eq!(after.cancelled, lines(&[("L1", 1), ("L2", 1)]));
    assert_eq!(after.total, euro(1998));
    assert_eq!(server.stock("OFF-004"), (9, 2));
    assert_eq!(payment(server, &id), (json!("captured"), -16.04));
    let more = pieces(&id, &[("L1", 1)]);
    assert_eq!(shop.cancel_order(more).await.unwrap(), ShopCancel::Done);
    let after = read(&shop, &id).await;
    assert_eq!(after.cancelled, lines(&[("L1", 2), ("L2", 1)]));
    let last = pieces(&id, &[("L1", 1)]);
    for _ in 0..2 {
        let done = shop.cancel_order(last.clone()).await.unwrap();
        assert_eq!(done, ShopCancel::Done);
    }
    assert_eq!(read(&shop, &id).await.state, ShopState::Cancelled);
    assert_eq!(server.stock("OFF-004"), (9, 0));
}

#[tokio::test]
async fn packed_and_sent_pieces_stay_and_the_rest_can_be_taken_off() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "OFF-2", &[("TB-001", 3, 999), ("FL-002", 1, 605)]).await;
    let id = create(&shop, &new).await.id;
    server.send(id.as_str(), &[("L1", 1)], &["3SA"]);
    let told = shop.cancel_order(pieces(&id, &[("L1", 3)])).await.unwrap();
    let told = reason(told);
    assert!(told.contains("2 × line L1"), "{told}");
    assert!(open(server, &id).is_empty());
    let off = pieces(&id, &[("L1", 1), ("L2", 1)]);
    assert_eq!(shop.cancel_order(off).await.unwrap(), ShopCancel::Done);
    let after = read(&shop, &id).await;
    assert_eq!(after.state, ShopState::Open);
    assert_eq!(after.cancelled, lines(&[("L1", 1), ("L2", 1)]));
    let rest = pieces(&id, &[("L1", 1)]);
    assert_eq!(shop.cancel_order(rest).await.unwrap(), ShopCancel::Done);
    let after = read(&shop, &id).await;
    assert_eq!(after.state, ShopState::Completed);
    assert_eq!(after.shipments[0].lines, Some(lines(&[("L1", 1)])));
    let told = shop.cancel_order(pieces(&id, &[("L1", 1)])).await.unwrap();
    assert!(reason(told).contains("open order"));
}

#[tokio::test]
async fn an_edit_that_a_crash_left_open_is_dropped_and_takes_nothing_off() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "OFF-3", &[("TB-001", 3, 999), ("FL-002", 2, 605)]).await;
    let id = create(&shop, &new).await.id;
    let note = "order connection: cancelled at the marketplace";
    begin(server, &id, note, &[("L1", 1), ("L2", 0)]);
    server.post(&format!("/admin/order-edits/{id}/request"), json!({}));
    assert_eq!(read(&shop, &id).await.cancelled, []);
    let off = pieces(&id, &[("L1", 1)]);
    assert_eq!(shop.cancel_order(off).await.unwrap(), ShopCancel::Done);
    let after = read(&shop, &id).await;
    assert_eq!(after.cancelled, lines(&[("L1", 1)]));
    assert_eq!(after.total, euro(1998 + 1210));
    begin(server, &id, note, &[("L1", 1)]);
    let whole = shop.cancel_order(cancellation(&id, &[])).await.unwrap();
    assert_eq!(whole, ShopCancel::Done);
    assert_eq!(read(&shop, &id).await.state, ShopState::Cancelled);
}

#[tokio::test]
async fn an_edit_that_staff_have_begun_is_left_alone() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "OFF-4", &[("TB-001", 3, 999)]).await;
    let id = create(&shop, &new).await.id;
    begin(server, &id, "size swapped", &[("L1", 2)]);
    let before = payment(server, &id);
    assert_eq!(before.0, "captured");
    for request in [pieces(&id, &[("L1", 1)]), cancellation(&id, &[])] {
        let told = reason(shop.cancel_order(request).await.unwrap());
        assert!(told.contains("confirm or cancel it there"), "{told}");
        assert_eq!(open(server, &id), ["size swapped"]);
        assert_eq!(payment(server, &id), before);
        assert_eq!(read(&shop, &id).await.cancelled, []);
    }
    server.delete(&format!("/admin/order-edits/{id}"));
    let off = pieces(&id, &[("L1", 1)]);
    assert_eq!(shop.cancel_order(off).await.unwrap(), ShopCancel::Done);
    assert_eq!(read(&shop, &id).await.cancelled, lines(&[("L1", 1)]));
}

#[tokio::test]
async fn an_order_of_which_a_part_was_sent_is_open_also_when_it_is_read_alone() {
    let server = with_server!(Flavour::WithKey);
    let shop = shop(server);
    let new = order(&shop, "ALONE-1", &[("TB-001", 2, 999), ("FL-002", 1, 605)]).await;
    let CreateProgress::Continue { checkpoint, .. } = step(&shop, &new, None).await else {
        panic!("a draft is expected")
    };
    let CreateProgress::Created(made) = finish(&shop, &new, Some(checkpoint.clone())).await else {
        panic!("an order is expected")
    };
    server.send(made.id.as_str(), &[("L1", 1)], &["3SA"]);
    let CreateProgress::Created(again) = finish(&shop, &new, Some(checkpoint)).await else {
        panic!("an order is expected")
    };
    assert_eq!((again.id, again.state), (made.id, ShopState::Open));
}
