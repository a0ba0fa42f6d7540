//! What happens to an order that stands in the shop: shipped, cancelled, sent back.

use super::{WebshopHarness, alive, codes, create, new_order, read};
use crate::error::Kind;
use crate::ids::LineId;
use crate::ports::{
    CancelReason, CancelShopOrder, CreateOrder, CreateProgress, NoteReturn, ShopCancel, ShopNote,
};
use crate::shipment::{LineQuantity, Tracking};
use crate::shop::ShopState;
/// A completed order shows its code.
pub async fn a_completed_order_shows_its_code<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-11", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let code = Tracking::new("3SABCD1234567").with_carrier_name("PostNL");
    harness.complete(&shop.id, Some(code)).await;
    let read = read(&*webshop, &shop.id).await;
    assert_eq!(read.state, ShopState::Completed);
    assert_eq!(codes(&read), ["3SABCD1234567"]);
}

/// A completed order without a code shows none; a code that is added later shows.
pub async fn a_late_code_shows<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-12", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    harness.complete(&shop.id, None).await;
    let before = read(&*webshop, &shop.id).await;
    assert_eq!(
        (before.state, codes(&before).len()),
        (ShopState::Completed, 0)
    );
    harness
        .add_code(&shop.id, Tracking::new("3SABCD1234567"))
        .await;
    assert_eq!(codes(&read(&*webshop, &shop.id).await), ["3SABCD1234567"]);
}

/// A parcel with some pieces shows them, where the shop can; else it declares that it cannot.
pub async fn a_partial_shipment_shows_its_pieces<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    if !webshop.capabilities().partial_shipments {
        return;
    }
    let order = new_order(&harness, "C-13", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let part = vec![LineQuantity {
        line: "L1".into(),
        quantity: 1,
    }];
    harness
        .ship(&shop.id, part.clone(), Tracking::new("3SABCD1234567"))
        .await;
    let read = read(&*webshop, &shop.id).await;
    assert_eq!(read.state, ShopState::Open);
    assert_eq!(read.shipments.len(), 1);
    assert_eq!(read.shipments[0].lines.as_ref(), Some(&part));
}

/// The feed starts with nothing, and hints at what it is declared to notice.
pub async fn the_feed_hints_at_what_it_is_declared_to_notice<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-14", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let start = webshop.changes(None).await.expect("the feed");
    assert!(!start.more);
    harness.complete(&shop.id, None).await;
    let mut hinted = Vec::new();
    let mut cursor = start.next;
    for _ in 0..20 {
        let page = webshop.changes(Some(cursor)).await.expect("the feed");
        hinted.extend(page.ids);
        cursor = page.next;
        if !page.more {
            break;
        }
    }
    if webshop.capabilities().feed_sees_status {
        assert!(hinted.contains(&shop.id), "{hinted:?}");
    }
}

/// A cancelled order is cancelled, also twice; where it cannot be, the call is refused.
pub async fn a_cancelled_order_is_cancelled<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-15", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let request = CancelShopOrder {
        id: shop.id.clone(),
        lines: Vec::new(),
        reason: CancelReason::BuyerAsked,
        note: "cancelled at the marketplace".to_owned(),
    };
    let able = webshop.capabilities().cancel;
    for _ in 0..2 {
        let outcome = webshop.cancel_order(request.clone()).await;
        if able {
            assert_eq!(outcome.expect("it can"), ShopCancel::Done);
        } else {
            assert_eq!(outcome.expect_err("it cannot").kind(), Kind::Unsupported);
        }
    }
    if able {
        assert_eq!(alive(&harness, &order.key).await, 0);
    }
}

/// A draft can be thrown away.
pub async fn a_draft_can_be_thrown_away<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-16", [999, 605]).await;
    let request = CreateOrder {
        order: order.clone(),
        resume: None,
    };
    let progress = webshop.create_order(request).await.expect("a step");
    let CreateProgress::Continue {
        draft: Some(draft), ..
    } = progress
    else {
        return;
    };
    let cancel = CancelShopOrder {
        id: draft,
        lines: Vec::new(),
        reason: CancelReason::Other,
        note: "one too many".to_owned(),
    };
    assert_eq!(
        webshop.cancel_order(cancel).await.expect("it can"),
        ShopCancel::Done
    );
    assert_eq!(alive(&harness, &order.key).await, 0);
    create(&*webshop, &order).await;
    assert_eq!(alive(&harness, &order.key).await, 1);
}

/// Some pieces are cancelled: they show as cancelled when the order is read, and the rest stays.
pub async fn cancelled_pieces_show_and_the_rest_stays<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-17", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let piece = LineQuantity {
        line: LineId::from("L1"),
        quantity: 1,
    };
    let request = CancelShopOrder {
        id: shop.id.clone(),
        lines: vec![piece.clone()],
        reason: CancelReason::Other,
        note: "a piece was cancelled at the marketplace".to_owned(),
    };
    let outcome = webshop.cancel_order(request).await;
    if webshop.capabilities().cancel_lines {
        assert_eq!(outcome.expect("it can"), ShopCancel::Done);
        let after = read(&*webshop, &shop.id).await;
        assert_eq!(after.cancelled, [piece]);
        assert_eq!(after.state, ShopState::Open);
    } else {
        assert_eq!(outcome.expect_err("it cannot").kind(), Kind::Unsupported);
        assert_eq!(read(&*webshop, &shop.id).await.cancelled, []);
    }
    assert_eq!(alive(&harness, &order.key).await, 1);
}

/// A return is noted, also twice; the order stays as it is.
pub async fn a_return_can_be_noted_again<H: WebshopHarness>(harness: H) {
    let webshop = harness.webshop();
    let order = new_order(&harness, "C-18", [999, 605]).await;
    let shop = create(&*webshop, &order).await;
    let request = NoteReturn {
        order: shop.id.clone(),
        reference: "contract:C-18 return R1 00000000".to_owned(),
        lines: vec![LineQuantity {
            line: LineId::from("L1"),
            quantity: 1,
        }],
        text: "return R1: 1 × SKU1, announced".to_owned(),
    };
    for _ in 0..2 {
        let outcome = webshop.note_return(request.clone()).await;
        if webshop.capabilities().returns {
            assert_eq!(outcome.expect("it can"), ShopNote::Written);
        } else {
            assert_eq!(outcome.expect_err("it cannot").kind(), Kind::Unsupported);
        }
    }
    let after = read(&*webshop, &shop.id).await;
    assert_eq!((after.state, after.total), (shop.state, shop.total));
    assert_eq!(after.cancelled, []);
}
