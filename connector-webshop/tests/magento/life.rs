//! Lives of orders: numbers, sums, tax, invoices, shipments, codes, credit memos.

use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::magento::sandbox::{Running, Sandbox};
use connector_webshop::magento::{Magento, MagentoConfig};
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::money::Money;
use order_core::ports::{
    CancelReason, CancelShopOrder, CreateOrder, CreateProgress, NewOrder, NoteReturn, ProductMatch,
    ShopCancel, ShopNote, SystemClock, Webshop,
};
use order_core::shop::{ShopOrder, ShopState};
use serde_json::{Value, json};

use crate::common::{self, euro, find, lines};

const TOKEN: &str = "life_token_0001";

/// A shop with a few articles, and a connector to it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) shop: Magento,
    _running: Running,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut MagentoConfig)) -> Self {
        let sandbox = Sandbox::new(TOKEN, Arc::new(SystemClock::new()));
        sandbox.add_product("TB-001", "8712345678906");
        sandbox.add_product("BOOK-1", "");
        let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let mut config = MagentoConfig::new(running.url(), Secret::new(TOKEN));
        config.assumed_vat_percent = Some(21.into());
        config.gtin_attribute = Some("ean".to_owned());
        change(&mut config);
        let shop = config.build(Arc::new(SystemClock::new())).unwrap();
        Self {
            sandbox,
            shop,
            _running: running,
        }
    }

    /// An order of (article, pieces, cents a piece) under its own key.
    pub(crate) async fn order(&self, key: &str, lines: &[(&str, u32, i64)]) -> NewOrder {
        let mut order = common::order(&self.shop, key, lines).await;
        order.ship_to.lines.push("achterom".into());
        order.ship_to.first_name = Some("Zoë".into());
        order.ship_to.email = Some("zoe@example.org".into());
        order.bill_to = order.ship_to.clone();
        for line in &mut order.lines {
            line.title = format!("Article {}", line.title);
        }
        order
    }

    /// Creates an order through all its steps.
    pub(crate) async fn create(&self, order: NewOrder) -> ShopOrder {
        common::create(&self.shop, &order).await
    }

    async fn progress(&self, order: NewOrder) -> CreateProgress {
        common::finish(&self.shop, &order, None).await
    }

    pub(crate) async fn read(&self, id: &ShopOrderId) -> ShopOrder {
        common::read(&self.shop, id).await
    }

    fn sent(&self) -> Value {
        let exchanges = self.sandbox.exchanges().into_iter();
        let mut created = exchanges.filter(|it| it.operation == "POST /V1/orders");
        created.next_back().unwrap().body["entity"].clone()
    }
}

pub(crate) fn cancel(id: &ShopOrderId, pieces: &[(&str, u32)]) -> CancelShopOrder {
    CancelShopOrder {
        id: id.clone(),
        lines: lines(pieces),
        reason: CancelReason::Other,
        note: "bol:A1 was cancelled at the marketplace".to_owned(),
    }
}

fn number(id: &ShopOrderId) -> u64 {
    id.as_str().parse().unwrap()
}

#[tokio::test]
async fn three_at_once_are_one_order() {
    let world = World::new().await;
    let order = world.order("A1", &[("TB-001", 1, 999)]).await;
    let request = || CreateOrder {
        order: order.clone(),
        resume: None,
    };
    let (a, b, c) = tokio::join!(
        world.shop.create_order(request()),
        world.shop.create_order(request()),
        world.shop.create_order(request()),
    );
    for outcome in [a, b, c] {
        if let Err(error) = outcome {
            assert_eq!(error.kind(), order_core::Kind::Conflict, "{error}");
        }
    }
    assert_eq!(world.sandbox.orders().len(), 1);
    let created = world.create(order).await;
    assert_eq!(
        (created.state, &*created.number),
        (ShopState::Open, "bol:A1")
    );
    assert_eq!(world.sandbox.orders().len(), 1);
}

#[tokio::test]
async fn net_sums_tax_and_discount_make_the_total_to_the_cent() {
    let world = World::new().await;
    let mut order = world
        .order("A1", &[("TB-001", 3, 1299), ("BOOK-1", 1, 3495)])
        .await;
    order.lines[1].vat_percent = Some(9.into());
    order.lines[0].discount = euro(100);
    order.shipping = euro(495);
    order.discount = euro(333);
    order.total = euro(3 * 1299 + 3495 - 100 + 495 - 333);
    let total = order.total;
    let created = world.create(order).await;
    assert_eq!(created.total, total);
    let sent = world.sent();
    let cents = |name: &str| (sent[name].as_f64().unwrap() * 100.0).round() as i64;
    assert_eq!(
        cents("subtotal")
            + cents("tax_amount")
            + cents("shipping_amount")
            + cents("discount_tax_compensation_amount")
            + cents("discount_amount"),
        total.minor().unwrap(),
        "{sent:#}"
    );
    assert_eq!(cents("shipping_amount") + cents("shipping_tax_amount"), 495);
    assert_eq!(sent["items"][1]["tax_percent"], 9.0);
    assert_eq!(sent["items"][0]["row_total_incl_tax"], 38.97);
    assert_eq!(sent["customer_email"], "bol-a1@marketplace.invalid");
}

#[tokio::test]
async fn what_cannot_become_an_order_is_refused_with_what_to_do() {
    let world = World::with(|config| config.assumed_vat_percent = None).await;
    let reason = |progress| match progress {
        CreateProgress::Rejected { reason } => reason,
        other => panic!("{other:?}"),
    };
    let order = world.order("A1", &[("TB-001", 1, 999)]).await;
    let text = reason(world.progress(order.clone()).await);
    assert!(text.contains("assumed_vat_percent"), "{text}");
    let mut long = order.clone();
    long.key = ExternalKey::new(
        "a-very-long-name-of-a-channel",
        "902-0000001-0000001-and-more",
    );
    let text = reason(world.progress(long).await);
    assert!(text.contains("shorter channel"), "{text}");
    let mut foreign = order;
    foreign.currency = "PLN".parse().unwrap();
    for money in [
        &mut foreign.total,
        &mut foreign.shipping,
        &mut foreign.discount,
    ] {
        *money = Money::new(money.amount, foreign.currency);
    }
    for line in &mut foreign.lines {
        line.unit_price = Money::new(line.unit_price.amount, foreign.currency);
        line.discount = Money::new(line.discount.amount, foreign.currency);
    }
    let text = reason(world.progress(foreign).await);
    assert!(text.contains("PLN") && text.contains("EUR"), "{text}");
    assert_eq!(world.sandbox.orders(), []);
}

#[tokio::test]
async fn a_total_that_the_shop_stored_otherwise_stops_before_the_invoice() {
    let world = World::new().await;
    let order = world.order("A1", &[("TB-001", 1, 999)]).await;
    let request = CreateOrder {
        order: order.clone(),
        resume: None,
    };
    world.shop.create_order(request).await.unwrap();
    let id = world.sandbox.orders()[0].id;
    world
        .sandbox
        .change(id, |order| order["grand_total"] = json!(9.98));
    let progress = world.progress(order).await;
    let CreateProgress::TotalDiffers { actual, inert, .. } = progress else {
        panic!("{progress:?}")
    };
    assert_eq!((actual, inert), (euro(998), true));
    assert_eq!(world.sandbox.orders()[0].state, "new");
}

#[tokio::test]
async fn parcels_have_their_pieces_and_codes_and_the_last_one_completes() {
    let world = World::new().await;
    let order = world
        .order("A1", &[("TB-001", 3, 999), ("BOOK-1", 1, 500)])
        .await;
    let id = world.create(order).await.id;
    assert!(
        world
            .sandbox
            .ship(number(&id), &[(0, 1)], &[("PostNL", "3S1"), ("", "3S2")])
    );
    let read = world.read(&id).await;
    assert_eq!(read.state, ShopState::Open);
    assert_eq!(read.shipments.len(), 2);
    assert_eq!(read.shipments[0].lines, Some(lines(&[("L1", 1)])));
    let tracking = read.shipments[0].tracking.as_ref().unwrap();
    assert_eq!(
        (&*tracking.code, tracking.carrier_name.as_deref()),
        ("3S1", Some("PostNL"))
    );
    assert_eq!(read.shipments[1].lines, Some(Vec::new()));
    assert!(world.sandbox.ship_rest(number(&id), &[]));
    let read = world.read(&id).await;
    assert_eq!(
        (read.state, read.shipments.len()),
        (ShopState::Completed, 3)
    );
    assert_eq!(read.shipments[2].tracking, None);
    world.sandbox.add_track(number(&id), "DHL", "JD1");
    let read = world.read(&id).await;
    assert_eq!(read.shipments[2].tracking.as_ref().unwrap().code, "JD1");
}

#[tokio::test]
async fn pieces_are_taken_off_by_us_or_staff_and_the_rest_completes() {
    let world = World::new().await;
    let order = world
        .order("A1", &[("TB-001", 3, 999), ("BOOK-1", 2, 500)])
        .await;
    let id = world.create(order).await.id;
    let done = world
        .shop
        .cancel_order(cancel(&id, &[("L1", 1)]))
        .await
        .unwrap();
    assert_eq!(done, ShopCancel::Done);
    assert!(world.sandbox.refund(number(&id), 1, 2));
    let read = world.read(&id).await;
    assert_eq!(read.cancelled, lines(&[("L1", 1), ("L2", 2)]));
    assert_eq!(read.state, ShopState::Open);
    let more = world
        .shop
        .cancel_order(cancel(&id, &[("L1", 3)]))
        .await
        .unwrap();
    assert!(matches!(more, ShopCancel::Rejected { .. }), "{more:?}");
    let other = world
        .shop
        .cancel_order(cancel(&id, &[("L9", 1)]))
        .await
        .unwrap();
    assert!(matches!(other, ShopCancel::Rejected { .. }), "{other:?}");
    assert!(world.sandbox.ship_rest(number(&id), &[("UPS", "1Z")]));
    let read = world.read(&id).await;
    assert_eq!(read.state, ShopState::Completed);
    assert_eq!(read.cancelled, lines(&[("L1", 1), ("L2", 2)]));
}

#[tokio::test]
async fn an_order_is_cancelled_once_and_not_when_goods_have_left() {
    let world = World::new().await;
    let order = world.order("A1", &[("TB-001", 3, 999)]).await;
    let id = world.create(order).await.id;
    for _ in 0..2 {
        let done = world.shop.cancel_order(cancel(&id, &[])).await.unwrap();
        assert_eq!(done, ShopCancel::Done);
        assert_eq!(world.read(&id).await.state, ShopState::Cancelled);
    }
    assert_eq!(world.sandbox.orders()[0].state, "closed");
    let order = world.order("A2", &[("TB-001", 3, 999)]).await;
    let id = world.create(order).await.id;
    assert!(world.sandbox.ship(number(&id), &[(0, 1)], &[]));
    let late = world.shop.cancel_order(cancel(&id, &[])).await.unwrap();
    assert!(matches!(late, ShopCancel::Rejected { .. }), "{late:?}");
    let gone = world
        .shop
        .cancel_order(cancel(&"999".into(), &[]))
        .await
        .unwrap();
    assert_eq!(gone, ShopCancel::Done);
}

#[tokio::test]
async fn what_the_marketplace_sent_is_complete_at_once_and_has_no_parcel() {
    let world = World::new().await;
    let mut order = world.order("A1", &[("TB-001", 3, 999)]).await;
    order.sent_elsewhere = true;
    let created = world.create(order.clone()).await;
    assert_eq!(created.state, ShopState::Completed);
    assert_eq!((created.shipments.len(), created.cancelled.len()), (0, 0));
    assert_eq!(world.create(order).await.id, created.id);
    let said = world.sandbox.exchanges().into_iter();
    let wrote = said.filter(|it| it.operation.starts_with("POST")).count();
    assert_eq!(wrote, 1, "one insert and nothing else");
}

#[tokio::test]
async fn a_return_is_noted_once() {
    let world = World::new().await;
    let order = world.order("A1", &[("TB-001", 3, 999)]).await;
    let id = world.create(order).await.id;
    let note = |order: &ShopOrderId| NoteReturn {
        order: order.clone(),
        reference: "bol:A1/return-7".to_owned(),
        lines: Vec::new(),
        text: "2 pieces come back".to_owned(),
    };
    for _ in 0..2 {
        let noted = world.shop.note_return(note(&id)).await.unwrap();
        assert_eq!(noted, ShopNote::Written);
    }
    let expected = ["2 pieces come back [bol:A1/return-7]"];
    assert_eq!(world.sandbox.comments(number(&id)), expected);
    let nowhere = world.shop.note_return(note(&"999".into())).await.unwrap();
    assert!(matches!(nowhere, ShopNote::Rejected { .. }));
}

#[tokio::test]
async fn the_feed_notices_orders_and_ends_though_pages_behind_the_last_repeat_it() {
    let world = World::new().await;
    let start = world.shop.changes(None).await.unwrap();
    assert_eq!(start.ids, []);
    for number in 0..3 {
        let order = world
            .order(&format!("A{number}"), &[("TB-001", 1, 999)])
            .await;
        world.create(order).await;
    }
    let mut cursor = start.next;
    let mut ids = Vec::new();
    for _ in 0..10 {
        let page = world.shop.changes(Some(cursor)).await.unwrap();
        ids.extend(page.ids);
        cursor = page.next;
        if !page.more {
            assert_eq!(ids.len(), 3);
            return;
        }
    }
    panic!("the feed never ends");
}

#[tokio::test]
async fn products_are_verified_and_settings_that_the_shop_lacks_are_told() {
    let world = World::new().await;
    let missing = ProductMatch::Missing;
    assert_eq!(find(&world.shop, Some("tb-001"), None).await, missing);
    assert_eq!(find(&world.shop, Some("NOPE"), None).await, missing);
    let by_ean = find(&world.shop, Some("NOPE"), Some("8712345678906")).await;
    let ProductMatch::Found(product) = by_ean else {
        panic!("{by_ean:?}")
    };
    assert_eq!(product.matched_by, "gtin");
    world.sandbox.add_product("TWIN", "8712345678906");
    let twins = find(&world.shop, Some("NOPE"), Some("8712345678906")).await;
    assert_eq!(twins, ProductMatch::Ambiguous);
    let info = world.shop.check().await.unwrap();
    assert_eq!(info.name.as_deref(), Some("Default Store View"));
    assert!(info.warnings.iter().any(|text| text.contains("stock")));
}
