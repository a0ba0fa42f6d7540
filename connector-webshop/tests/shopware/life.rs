//! Lives of orders: ids, sums, tax, both state machines, codes, edits, tokens.

use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::shopware::sandbox::{
    Interference, Running, Sandbox, SandboxHook, SandboxRequest,
};
use connector_webshop::shopware::{Shopware, ShopwareConfig};
use order_core::Kind;
use order_core::ids::ShopOrderId;
use order_core::ports::{
    CancelReason, CancelShopOrder, CreateOrder, CreateProgress, NewOrder, NoteReturn, ProductMatch,
    ShopCancel, ShopNote, SystemClock, Webshop,
};
use order_core::shop::{ShopOrder, ShopState};
use serde_json::{Value, json};

use crate::common::{self, euro, find, lines};

const ID: &str = "SWIALIFE";
const SECRET: &str = "life_secret_0001";

/// A shop with a few articles, and a connector to it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) shop: Shopware,
    _running: Running,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut ShopwareConfig)) -> Self {
        let sandbox = Sandbox::new(ID, SECRET, Arc::new(SystemClock::new()));
        sandbox.add_product("TB-001", "8712345678906", 100, 19, 21);
        sandbox.add_product("BOOK-1", "", 2, 7, 9);
        let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let secret = Secret::new(SECRET);
        let mut config = ShopwareConfig::new(running.url(), ID, secret, "Marketplaces");
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
        order.bill_to = order.ship_to.clone();
        order
    }

    async fn try_create(&self, order: &NewOrder) -> CreateProgress {
        common::step(&self.shop, order, None).await
    }

    pub(crate) async fn create(&self, order: &NewOrder) -> ShopOrder {
        common::create(&self.shop, order).await
    }

    pub(crate) async fn read(&self, id: &ShopOrderId) -> ShopOrder {
        common::read(&self.shop, id).await
    }

    /// The order as it was sent.
    fn sent(&self) -> Value {
        let exchanges = self.sandbox.exchanges().into_iter();
        let mut inserts = exchanges.filter(|(name, _, _)| name == "POST /order");
        inserts.next_back().unwrap().1
    }
}

fn codes(order: &ShopOrder) -> Vec<&str> {
    let parcels = order.shipments.iter();
    let codes = parcels.filter_map(|parcel| parcel.tracking.as_ref());
    codes.map(|tracking| tracking.code.as_str()).collect()
}

#[tokio::test]
async fn three_at_once_are_one_order() {
    let world = World::new().await;
    let order = world.order("RACE-1", &[("TB-001", 2, 999)]).await;
    let request = || CreateOrder {
        order: order.clone(),
        resume: None,
    };
    let starts = (0..3).map(|_| world.shop.create_order(request()));
    for outcome in futures_util::future::join_all(starts).await {
        match outcome {
            Ok(CreateProgress::Created(_)) => {}
            Err(error) => assert_eq!(error.kind(), Kind::Conflict, "{error:?}"),
            Ok(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(world.sandbox.orders().len(), 1);
    assert_eq!(world.sandbox.stock("TB-001"), Some(98));
}

/// Somebody else's insert comes first, and ours is refused as a running shop does then.
struct Overtaken;

#[async_trait::async_trait]
impl SandboxHook for Overtaken {
    async fn before(&self, _: &SandboxRequest) -> Interference {
        Interference::Pass
    }

    async fn after(&self, request: &SandboxRequest, _: u16) -> Interference {
        if request.path != "/order" {
            return Interference::Pass;
        }
        let text = "Changing the state-machine-state of this entity is not allowed for scope crud.";
        let pointer = json!({"pointer": "/0/deliveries/0/stateId"});
        let problem = json!({"status": "400", "code": "0", "detail": text, "source": pointer});
        Interference::json(400, &json!({"errors": [problem]}))
    }
}

#[tokio::test]
async fn a_refusal_of_an_order_that_stands_by_then_is_that_order() {
    let world = World::new().await;
    let order = world.order("RACE-2", &[("TB-001", 2, 999)]).await;
    world.sandbox.set_hook(Arc::new(Overtaken));
    let created = world.create(&order).await;
    assert_eq!(created.key, Some(order.key));
    assert_eq!(world.sandbox.orders().len(), 1);
}

#[tokio::test]
async fn tax_is_the_marketplaces_or_that_of_the_product_where_the_goods_go() {
    let world = World::new().await;
    let mut order = world
        .order("TAX-1", &[("TB-001", 2, 999), ("BOOK-1", 1, 1090)])
        .await;
    order.shipping = euro(495);
    order.total = euro(1998 + 1090 + 495);
    assert_eq!(world.create(&order).await.total, order.total);
    let sent = world.sent();
    // Both lines and the shipping, which goes with the higher rate.
    let taxes = sent["price"]["calculatedTaxes"].as_array().unwrap();
    let rows: Vec<String> = taxes.iter().map(Value::to_string).collect();
    assert_eq!(
        rows,
        [
            r#"{"price":10.9,"tax":0.9,"taxRate":9.0}"#,
            r#"{"price":24.93,"tax":4.33,"taxRate":21.0}"#
        ]
    );
    assert_eq!(sent["price"]["netPrice"], 30.6);
    let mut german = world.order("TAX-2", &[("BOOK-1", 1, 1070)]).await;
    german.ship_to.country = "DE".parse().ok();
    world.create(&german).await;
    assert_eq!(world.sent()["price"]["taxRules"][0]["taxRate"], 7.0);
    let mut told = world.order("TAX-3", &[("BOOK-1", 1, 1000)]).await;
    told.lines[0].vat_percent = Some(0.into());
    world.create(&told).await;
    assert_eq!(world.sent()["price"]["netPrice"], 10.0);
    let mut far = world.order("TAX-4", &[("BOOK-1", 1, 1000)]).await;
    far.ship_to.country = "FR".parse().ok();
    let CreateProgress::Rejected { reason } = world.try_create(&far).await else {
        panic!("a refusal is expected")
    };
    assert!(reason.contains("FR"), "{reason}");
}

#[tokio::test]
async fn a_line_names_its_products_number_and_a_variant_has_its_parents_tax() {
    let world = World::new().await;
    assert!(world.sandbox.add_variant("BOOK-1", "BOOK-1-BLUE", 5));
    let order = world.order("VARIANT-1", &[("BOOK-1-BLUE", 1, 1090)]).await;
    world.create(&order).await;
    let sent = world.sent();
    assert_eq!(
        sent["lineItems"][0]["payload"]["productNumber"],
        "BOOK-1-BLUE"
    );
    assert_eq!(sent["price"]["netPrice"], 10.0);
}

#[tokio::test]
async fn a_product_that_is_gone_since_is_told_and_nothing_is_sent() {
    let world = World::new().await;
    let mut order = world.order("GONE-1", &[("TB-001", 1, 999)]).await;
    for id in ["ffffffffffffffffffffffffffffffff", "17"] {
        order.lines[0].product.id = id.to_owned();
        let CreateProgress::Rejected { reason } = world.try_create(&order).await else {
            panic!("a refusal is expected")
        };
        assert!(reason.contains(id), "{reason}");
    }
    assert!(world.sandbox.orders().is_empty());
}

#[tokio::test]
async fn a_discount_that_does_not_divide_makes_two_lines_of_the_same_marketplace_line() {
    let world = World::new().await;
    let mut order = world.order("CENT-1", &[("TB-001", 3, 1000)]).await;
    order.discount = euro(100);
    order.total = euro(2900);
    let id = world.create(&order).await.id;
    let items = world.sent()["lineItems"].clone();
    assert_eq!(items.as_array().unwrap().len(), 2);
    assert!(world.sandbox.set_delivery_state(id.as_str(), "shipped"));
    let shipped = world.read(&id).await;
    assert_eq!(shipped.total, euro(2900));
    assert_eq!(shipped.shipments[0].lines, Some(lines(&[("L1", 3)])));
}

#[tokio::test]
async fn either_state_machine_completes_an_order() {
    let world = World::new().await;
    for (key, of_order) in [("STATE-1", true), ("STATE-2", false)] {
        let order = world.order(key, &[("TB-001", 1, 999)]).await;
        let id = world.create(&order).await.id;
        assert!(world.sandbox.set_codes(id.as_str(), &["3SA", " ", "3SB"]));
        let before = world.read(&id).await;
        // A label that was printed has not left.
        assert_eq!((before.state, codes(&before)), (ShopState::Open, vec![]));
        let moved = if of_order {
            world.sandbox.set_state(id.as_str(), "completed")
        } else {
            world.sandbox.set_delivery_state(id.as_str(), "shipped")
        };
        assert!(moved);
        let after = world.read(&id).await;
        assert_eq!(
            (after.state, codes(&after)),
            (ShopState::Completed, vec!["3SA", "3SB"])
        );
        assert_eq!(after.shipments[0].lines, Some(lines(&[("L1", 1)])));
        assert_eq!(after.shipments[1].lines, Some(Vec::new()));
    }
}

#[tokio::test]
async fn what_the_marketplace_sent_is_completed_at_once_and_takes_no_stock() {
    let world = World::new().await;
    let mut order = world
        .order("FBX-1", &[("TB-001", 3, 999), ("BOOK-1", 1, 500)])
        .await;
    order.sent_elsewhere = true;
    let created = world.create(&order).await;
    assert_eq!(created.state, ShopState::Completed);
    assert_eq!((created.total, created.cancelled.len()), (order.total, 0));
    assert_eq!(world.sandbox.stock("TB-001"), Some(100));
    assert_eq!(world.sandbox.stock("BOOK-1"), Some(2));
    let sent = world.sent();
    let line = &sent["lineItems"][0];
    assert_eq!(
        (&line["type"], &line["productId"]),
        (&json!("custom"), &Value::Null)
    );
    assert_eq!(line["payload"]["productNumber"], "TB-001");
    // The rate is still the article's own, where the goods go.
    let rates = |at: usize| sent["lineItems"][at]["price"]["calculatedTaxes"][0]["taxRate"].clone();
    assert_eq!((rates(0), rates(1)), (json!(21.0), json!(9.0)));
    assert_eq!(world.create(&order).await.id, created.id);
    assert_eq!(world.sandbox.orders().len(), 1);
}

#[tokio::test]
async fn a_delivery_shipped_in_part_does_not_say_what_is_in_it() {
    let world = World::with(|config| config.carrier_from_shipping_method = true).await;
    let order = world.order("PART-1", &[("TB-001", 2, 999)]).await;
    let id = world.create(&order).await.id;
    assert!(world.sandbox.set_codes(id.as_str(), &["3SA"]));
    assert!(
        world
            .sandbox
            .set_delivery_state(id.as_str(), "shipped_partially")
    );
    let part = world.read(&id).await;
    assert_eq!((part.state, part.shipments.len()), (ShopState::Open, 1));
    assert_eq!(part.shipments[0].lines, None);
    let tracking = part.shipments[0].tracking.as_ref().unwrap();
    assert_eq!(tracking.carrier_name.as_deref(), Some("PostNL"));
}

#[tokio::test]
async fn each_of_the_two_feeds_notices_its_own() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for key in ["FEED-1", "FEED-2", "FEED-3"] {
        let order = world.order(key, &[("TB-001", 1, 999)]).await;
        ids.push(world.create(&order).await.id);
    }
    let start = world.shop.changes(None).await.unwrap();
    assert!(world.sandbox.set_state(ids[0].as_str(), "in_progress"));
    assert!(world.sandbox.set_codes(ids[1].as_str(), &["3SA"]));
    let changes = world.shop.changes(Some(start.next)).await.unwrap();
    assert!(changes.ids.contains(&ids[0]) && changes.ids.contains(&ids[1]));
    assert!(!changes.ids.contains(&ids[2]), "{changes:?}");
}

#[tokio::test]
async fn pieces_that_staff_takes_off_are_told_and_an_unknown_state_moves_nothing() {
    let world = World::new().await;
    let order = world
        .order("EDIT-1", &[("TB-001", 3, 999), ("BOOK-1", 1, 500)])
        .await;
    let id = world.create(&order).await.id;
    assert!(world.sandbox.take_off(id.as_str(), 0, 2));
    assert_eq!(world.read(&id).await.cancelled, lines(&[("L1", 2)]));
    assert!(world.sandbox.set_state(id.as_str(), "on_the_moon"));
    assert_eq!(world.read(&id).await.state, ShopState::Unknown);
}

#[tokio::test]
async fn an_order_is_cancelled_once_and_not_when_goods_have_left() {
    let world = World::new().await;
    let cancel = |id: &ShopOrderId| CancelShopOrder {
        id: id.clone(),
        lines: Vec::new(),
        reason: CancelReason::OutOfStock,
        note: "gone".into(),
    };
    let order = world.order("CANCEL-1", &[("BOOK-1", 5, 500)]).await;
    let id = world.create(&order).await.id;
    assert_eq!(world.sandbox.stock("BOOK-1"), Some(-3));
    for _ in 0..2 {
        let done = world.shop.cancel_order(cancel(&id)).await.unwrap();
        assert_eq!(done, ShopCancel::Done);
    }
    assert_eq!(world.sandbox.stock("BOOK-1"), Some(2));
    let again = world.try_create(&order).await;
    assert!(
        matches!(again, CreateProgress::Rejected { .. }),
        "{again:?}"
    );
    let order = world.order("CANCEL-2", &[("TB-001", 1, 500)]).await;
    let id = world.create(&order).await.id;
    assert!(world.sandbox.set_delivery_state(id.as_str(), "shipped"));
    let late = world.shop.cancel_order(cancel(&id)).await.unwrap();
    assert!(matches!(late, ShopCancel::Rejected { .. }), "{late:?}");
}

#[tokio::test]
async fn pieces_are_taken_off_with_their_prices_and_the_last_ones_cancel_the_order() {
    let world = World::new().await;
    let parts = [("TB-001", 3, 1000), ("BOOK-1", 2, 1090)];
    let mut order = world.order("PIECES-1", &parts).await;
    order.lines[0].discount = euro(100);
    order.shipping = euro(495);
    order.total = euro(2900 + 2180 + 495);
    let id = world.create(&order).await.id;
    let cancel = |parts: &[(&str, u32)]| CancelShopOrder {
        id: id.clone(),
        lines: lines(parts),
        reason: CancelReason::OutOfStock,
        note: "gone".into(),
    };
    let take = async |parts: &[(&str, u32)]| world.shop.cancel_order(cancel(parts)).await.unwrap();
    // Of 9.66, 9.67 and 9.67 the last one goes, and of the books one.
    assert_eq!(take(&[("L1", 1), ("L2", 1)]).await, ShopCancel::Done);
    let sent = world.sandbox.exchanges().pop().unwrap().1;
    let price = sent[0]["payload"][0]["price"].clone();
    assert_eq!(price["positionPrice"].to_string(), "30.23");
    assert_eq!(price["totalPrice"].to_string(), "35.18");
    let rows = price["calculatedTaxes"].as_array().unwrap();
    let gross: Vec<String> = rows.iter().map(|tax| tax["price"].to_string()).collect();
    // At 9 % one book; at 21 % the rest and the shipping.
    assert_eq!(gross, ["10.9", "24.28"]);
    let after = world.read(&id).await;
    assert_eq!(after.total, euro(3518));
    assert_eq!(after.cancelled.len(), 2);
    assert_eq!(world.sandbox.stock("TB-001"), Some(98));
    assert_eq!(world.sandbox.stock("BOOK-1"), Some(1));
    let more = take(&[("L2", 2)]).await;
    let ShopCancel::Rejected { reason } = more else {
        panic!("a refusal is expected")
    };
    assert!(reason.contains("1 × line L2"), "{reason}");
    assert_eq!(take(&[("L1", 2), ("L2", 1)]).await, ShopCancel::Done);
    assert_eq!(world.read(&id).await.state, ShopState::Cancelled);
    assert_eq!(world.sandbox.stock("TB-001"), Some(100));
}

#[tokio::test]
async fn a_parcel_has_no_more_pieces_than_are_left_of_a_line() {
    let world = World::new().await;
    let order = world.order("EDIT-2", &[("TB-001", 3, 999)]).await;
    let id = world.create(&order).await.id;
    // As in a running shop: the delivery's position is not told.
    assert!(world.sandbox.take_off(id.as_str(), 0, 1));
    assert!(world.sandbox.set_delivery_state(id.as_str(), "shipped"));
    let sent = world.read(&id).await;
    assert_eq!(sent.shipments[0].lines, Some(lines(&[("L1", 2)])));
}

#[tokio::test]
async fn a_return_is_noted_once_and_no_mail_address_is_passed_on() {
    let world = World::new().await;
    let mut order = world.order("NOTE-1", &[("TB-001", 1, 999)]).await;
    order.ship_by = Some(chrono::DateTime::UNIX_EPOCH);
    order.ship_to.email = Some("alias@marketplace.example".into());
    let request = NoteReturn {
        order: world.create(&order).await.id,
        reference: "R-1".into(),
        lines: Vec::new(),
        text: "1 piece comes back".into(),
    };
    for _ in 0..2 {
        let noted = world.shop.note_return(request.clone()).await.unwrap();
        assert_eq!(noted, ShopNote::Written);
    }
    let stored = world.sandbox.orders().remove(0);
    assert_eq!(stored.email, "bol-note-1@marketplace.invalid");
    let comment = stored.comment.unwrap();
    assert!(comment.starts_with("Hand over by 1970-01-01"), "{comment}");
    assert_eq!(comment.matches("[R-1]").count(), 1);
}

#[tokio::test]
async fn products_are_verified_and_settings_that_the_shop_lacks_are_told() {
    let world = World::with(|config| {
        config.sales_channel = "Nowhere".into();
        config.payment_method = Some("Cash".into());
        config.completed_states = vec!["done".into()];
    })
    .await;
    assert_eq!(
        find(&world.shop, Some("tb-001"), None).await,
        ProductMatch::Missing
    );
    let by_code = find(&world.shop, Some("NONE"), Some("8712345678906")).await;
    assert!(matches!(by_code, ProductMatch::Found(own) if own.matched_by == "gtin"));
    let info = world.shop.check().await.unwrap();
    let text = info.warnings.join("\n");
    for word in ["Nowhere", "Cash", "done"] {
        assert!(text.contains(word), "{text}");
    }
    let order = world.order("LACK-1", &[("TB-001", 1, 999)]).await;
    let request = CreateOrder {
        order,
        resume: None,
    };
    let error = world.shop.create_order(request).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
}

#[tokio::test]
async fn a_token_that_ran_out_is_renewed_in_the_middle() {
    let world = World::new().await;
    let order = world.order("TOKEN-1", &[("TB-001", 1, 999)]).await;
    world.sandbox.expire_tokens();
    let id = world.create(&order).await.id;
    world.sandbox.expire_tokens();
    assert_eq!(world.read(&id).await.state, ShopState::Open);
}
