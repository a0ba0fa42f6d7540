//! Pieces taken off an order in a real Shopware.

use order_core::ports::ShopCancel;
use order_core::shop::ShopState;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::live::{cancel, connect, create, euro, lines, order, read, with_shop};

fn amount(value: &Value) -> Decimal {
    Decimal::try_from(value.as_f64().unwrap()).unwrap()
}

/// Every sum in the stored order follows from its lines and its shipping.
fn adds_up(stored: &Value) {
    let parts = |of: &Value, name: &str| -> Decimal {
        let parts = of.as_array().unwrap().iter();
        parts.map(|part| amount(&part[name])).sum()
    };
    let positions = parts(&stored["lineItems"], "totalPrice");
    let shipping = amount(&stored["shippingCosts"]["totalPrice"]);
    assert_eq!(amount(&stored["price"]["positionPrice"]), positions);
    assert_eq!(amount(&stored["amountTotal"]), positions + shipping);
    let mut taxes = parts(&stored["shippingCosts"]["calculatedTaxes"], "tax");
    for line in stored["lineItems"].as_array().unwrap() {
        let quantity = amount(&line["quantity"]);
        assert_eq!(
            amount(&line["unitPrice"]) * quantity,
            amount(&line["totalPrice"])
        );
        taxes += parts(&line["price"]["calculatedTaxes"], "tax");
    }
    assert_eq!(parts(&stored["price"]["calculatedTaxes"], "tax"), taxes);
    assert_eq!(
        amount(&stored["amountNet"]),
        amount(&stored["amountTotal"]) - taxes
    );
}

/// So does what is in the delivery.
fn delivers_what_stands(stored: &Value) {
    for position in stored["deliveries"][0]["positions"].as_array().unwrap() {
        let mut items = stored["lineItems"].as_array().unwrap().iter();
        let item = items.find(|item| item["id"] == position["orderLineItemId"]);
        assert_eq!(
            item.unwrap()["quantity"],
            position["quantity"],
            "{position}"
        );
    }
}

#[tokio::test]
async fn pieces_go_one_after_the_other_to_the_cent_and_back_into_stock() {
    let shop = with_shop!();
    let via = connect(shop);
    let parts = [("SH-004", 3, 1000), ("BK-003", 2, 1250)];
    let mut new = order(shop, &via, "PIECES", &parts).await;
    // Three pieces for 29.00: two lines of the shop, a cent apart.
    new.lines[0].discount = euro(100);
    new.shipping = euro(499);
    new.total = euro(2900 + 2500 + 499);
    let created = create(&via, &new).await;
    let id = created.id.as_str();
    let before = shop.stock("SH-004");
    let mut totals = vec![created.total];
    for so_far in 1..=3 {
        assert_eq!(
            cancel(&via, &created.id, &[("L1", 1)]).await,
            ShopCancel::Done
        );
        let after = read(&via, &created.id).await;
        assert_eq!(after.state, ShopState::Open);
        assert_eq!(after.cancelled, lines(&[("L1", so_far)]));
        assert_eq!(shop.stock("SH-004"), before + i64::from(so_far));
        adds_up(&shop.order(id));
        delivers_what_stands(&shop.order(id));
        totals.push(after.total);
    }
    assert_eq!(totals[3], euro(2500 + 499));
    let off: Vec<Decimal> = totals
        .windows(2)
        .map(|two| two[0].amount - two[1].amount)
        .collect();
    let near = |off: &Decimal| (*off - Decimal::new(967, 2)).abs() <= Decimal::new(1, 2);
    assert!(off.iter().all(near), "{off:?}");
    let more = cancel(&via, &created.id, &[("L1", 1)]).await;
    assert!(matches!(more, ShopCancel::Rejected { .. }), "{more:?}");
    // What is left is shipped as such.
    shop.deliver(id, "ship");
    let shipped = read(&via, &created.id).await;
    assert_eq!(shipped.shipments[0].lines, Some(lines(&[("L2", 2)])));
    let late = cancel(&via, &created.id, &[("L2", 1)]).await;
    assert!(matches!(late, ShopCancel::Rejected { .. }), "{late:?}");
}

#[tokio::test]
async fn pieces_of_several_lines_go_at_once_and_the_last_ones_cancel_the_order() {
    let shop = with_shop!();
    let via = connect(shop);
    let parts = [("SH-005", 2, 333), ("SH-006", 2, 333), ("TB-001", 1, 999)];
    let new = order(shop, &via, "LAST", &parts).await;
    let before = (shop.stock("SH-005"), shop.stock("SH-006"));
    let created = create(&via, &new).await;
    let off = [("L1", 2), ("L2", 1)];
    assert_eq!(cancel(&via, &created.id, &off).await, ShopCancel::Done);
    let after = read(&via, &created.id).await;
    let mut cancelled = after.cancelled.clone();
    cancelled.sort_by(|a, b| a.line.cmp(&b.line));
    assert_eq!((after.total, cancelled), (euro(333 + 999), lines(&off)));
    adds_up(&shop.order(created.id.as_str()));
    let rest = [("L2", 1), ("L3", 1)];
    assert_eq!(cancel(&via, &created.id, &rest).await, ShopCancel::Done);
    assert_eq!(read(&via, &created.id).await.state, ShopState::Cancelled);
    assert_eq!((shop.stock("SH-005"), shop.stock("SH-006")), before);
}

#[tokio::test]
async fn an_edit_by_staff_in_between_is_kept() {
    let shop = with_shop!();
    let via = connect(shop);
    let new = order(
        shop,
        &via,
        "EDIT",
        &[("TB-001", 3, 999), ("FL-002", 2, 605)],
    )
    .await;
    let created = create(&via, &new).await;
    let id = created.id.as_str();
    // As the shop's admin does: in a version of the order, recalculated and merged.
    let stored = shop.order(id);
    let mut items = stored["lineItems"].as_array().unwrap().iter();
    let floss = items.find(|item| item["label"] == "FL-002").unwrap();
    shop.edit_quantity(id, floss["id"].as_str().unwrap(), 1);
    let edited = read(&via, &created.id).await;
    assert_eq!(edited.cancelled, lines(&[("L2", 1)]));
    assert_eq!(
        cancel(&via, &created.id, &[("L1", 1)]).await,
        ShopCancel::Done
    );
    let mut after = read(&via, &created.id).await;
    after.cancelled.sort_by(|a, b| a.line.cmp(&b.line));
    assert_eq!(after.cancelled, lines(&[("L1", 1), ("L2", 1)]));
    assert_eq!(after.total, euro(2 * 999 + 605));
    adds_up(&shop.order(id));
    // Shopware leaves the edited line's position as it was.
    shop.deliver(id, "ship");
    let mut sent = read(&via, &created.id)
        .await
        .shipments
        .remove(0)
        .lines
        .unwrap();
    sent.sort_by(|a, b| a.line.cmp(&b.line));
    assert_eq!(sent, lines(&[("L1", 2), ("L2", 1)]));
}
