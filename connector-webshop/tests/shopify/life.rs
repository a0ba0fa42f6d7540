//! Lives of orders: keys, stock, parcels, refunds, notes, credentials.

use std::sync::Arc;

use connector_http::Secret;
use connector_webshop::shopify::sandbox::{Running, Sandbox};
use connector_webshop::shopify::{Shopify, ShopifyConfig, ShopifyCredentials, Stock};
use order_core::Kind;
use order_core::ids::ShopOrderId;
use order_core::ports::{
    CancelReason, CancelShopOrder, CreateOrder, CreateProgress, NewOrder, NoteReturn, ProductMatch,
    ShopCancel, ShopNote, SystemClock, Webshop,
};
use order_core::shop::{ShopOrder, ShopState};
use serde_json::json;
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::common::{self, find, lines};

const TOKEN: &str = "shpat_life_token_0001";

/// A shop with a few articles, and a connector to it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) shop: Shopify,
    running: Running,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut ShopifyConfig)) -> Self {
        let sandbox = Sandbox::new(TOKEN, Arc::new(SystemClock::new()));
        sandbox.add_product("TB-001", "8712345678906", 100);
        sandbox.add_product("TB-0011", "", 100);
        sandbox.add_product("FEW-003", "", 2);
        sandbox.add_product("SAME-1", "", 1);
        sandbox.add_product("SAME-1", "", 1);
        let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let shop = Self::connector(&running, change);
        Self {
            sandbox,
            shop,
            running,
        }
    }

    /// Another connector to the same shop.
    pub(crate) fn connector_to(&self, change: impl FnOnce(&mut ShopifyConfig)) -> Shopify {
        Self::connector(&self.running, change)
    }

    fn connector(running: &Running, change: impl FnOnce(&mut ShopifyConfig)) -> Shopify {
        let token = ShopifyCredentials::AccessToken(Secret::new(TOKEN));
        let mut config = ShopifyConfig::new(running.url(), token);
        change(&mut config);
        config.build(Arc::new(SystemClock::new())).unwrap()
    }

    /// An order of (article, pieces, cents a piece) under its own key, all at 21 %.
    pub(crate) async fn order(&self, key: &str, lines: &[(&str, u32, i64)]) -> NewOrder {
        let mut order = common::order(&self.shop, key, lines).await;
        for line in &mut order.lines {
            line.vat_percent = Some(21.into());
        }
        order
    }

    pub(crate) async fn create(&self, order: &NewOrder) -> ShopOrder {
        common::create(&self.shop, order).await
    }

    async fn try_create(&self, order: &NewOrder) -> CreateProgress {
        common::step(&self.shop, order, None).await
    }

    pub(crate) async fn read(&self, id: &ShopOrderId) -> ShopOrder {
        common::read(&self.shop, id).await
    }
}

pub(crate) fn number(id: &ShopOrderId) -> u64 {
    id.as_str().parse().unwrap()
}

#[tokio::test]
async fn products_are_what_their_record_says_and_not_what_a_search_finds() {
    let world = World::new().await;
    let exact = find(&world.shop, Some("TB-001"), None).await;
    assert!(matches!(exact, ProductMatch::Found(_)), "{exact:?}");
    let prefix = find(&world.shop, Some("TB-00"), None).await;
    assert_eq!(prefix, ProductMatch::Missing);
    let doubled = find(&world.shop, Some("SAME-1"), None).await;
    assert_eq!(doubled, ProductMatch::Ambiguous);
    let by_code = find(&world.shop, Some("NONE"), Some("8712345678906")).await;
    let ProductMatch::Found(product) = by_code else {
        panic!("{by_code:?}")
    };
    assert_eq!(product.matched_by, "gtin");
}

#[tokio::test]
async fn three_at_once_are_one_order_where_the_key_is_unique() {
    let world = World::new().await;
    let order = world.order("RACE-1", &[("TB-001", 1, 999)]).await;
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
    assert_eq!(world.sandbox.stock("TB-001"), Some(99));
}

#[tokio::test]
async fn an_order_is_found_by_its_unique_key_while_the_search_is_behind() {
    let world = World::new().await;
    world.sandbox.set_search_behind(true);
    let order = world.order("LAG-1", &[("TB-001", 1, 999)]).await;
    let made = world.create(&order).await;
    let found = world.shop.find_orders(order.key.clone()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].order.id, made.id);
    // Without the metafield only the search is left.
    let plain = World::connector(&world.running, |config| config.key_metafield = None);
    assert!(
        plain
            .find_orders(order.key.clone())
            .await
            .unwrap()
            .is_empty()
    );
    world.sandbox.set_search_behind(false);
    assert_eq!(plain.find_orders(order.key).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_shop_without_the_metafield_is_told_what_to_make() {
    let world = World::new().await;
    world.sandbox.set_key_definition(false);
    let info = world.shop.check().await.unwrap();
    assert!(
        info.warnings[0].contains("custom.marketplace_order_id"),
        "{info:?}"
    );
    let order = world.order("NODEF-1", &[("TB-001", 1, 999)]).await;
    let error = world.shop.find_orders(order.key).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Config);
    assert!(error.advice().unwrap().contains("type ID"), "{error:?}");
    world.sandbox.set_key_definition(true);
    assert!(world.shop.check().await.unwrap().warnings.is_empty());
}

#[tokio::test]
async fn what_the_marketplace_sent_is_completed_at_once_and_takes_no_stock() {
    let world = World::new().await;
    let mut order = world.order("A1", &[("TB-001", 3, 999)]).await;
    order.sent_elsewhere = true;
    let created = world.create(&order).await;
    assert_eq!(created.state, ShopState::Completed);
    assert_eq!((created.shipments.len(), created.cancelled.len()), (0, 0));
    assert_eq!(world.sandbox.stock("TB-001"), Some(100));
    assert_eq!(world.create(&order).await.id, created.id);
}

#[tokio::test]
async fn short_stock_is_taken_anyway_or_refused_as_the_settings_say() {
    let world = World::new().await;
    let order = world.order("SHORT-1", &[("FEW-003", 3, 500)]).await;
    world.create(&order).await;
    assert_eq!(world.sandbox.stock("FEW-003"), Some(-1));
    let world = World::with(|config| config.stock = Stock::TakeWhereAllowed).await;
    let order = world.order("SHORT-2", &[("FEW-003", 3, 500)]).await;
    let CreateProgress::Rejected { reason } = world.try_create(&order).await else {
        panic!("a refusal is expected")
    };
    assert!(reason.contains("inventory"), "{reason}");
    assert!(world.sandbox.orders().is_empty());
    let world = World::with(|config| config.stock = Stock::Leave).await;
    let order = world.order("SHORT-3", &[("FEW-003", 3, 500)]).await;
    world.create(&order).await;
    assert_eq!(world.sandbox.stock("FEW-003"), Some(2));
}

#[tokio::test]
async fn a_partial_shipment_then_the_rest_with_two_codes_in_one_parcel() {
    let world = World::new().await;
    let order = world
        .order("PART-1", &[("TB-001", 2, 999), ("FEW-003", 1, 500)])
        .await;
    let id = world.create(&order).await.id;
    assert!(
        world
            .sandbox
            .fulfil(number(&id), &[(0, 1)], &[("PostNL", "3SA")])
    );
    let part = world.read(&id).await;
    assert_eq!(part.state, ShopState::Open);
    assert_eq!(part.shipments[0].lines, Some(lines(&[("L1", 1)])));
    assert!(
        world
            .sandbox
            .fulfil_rest(number(&id), &[("DHL", "JVGL1"), ("DHL", "JVGL2")])
    );
    let rest = world.read(&id).await;
    assert_eq!(rest.state, ShopState::Completed);
    let codes: Vec<_> = rest
        .shipments
        .iter()
        .map(|parcel| parcel.tracking.as_ref().unwrap().code.as_str())
        .collect();
    assert_eq!(codes, ["3SA", "JVGL1", "JVGL2"]);
    assert_eq!(
        rest.shipments[1].lines,
        Some(lines(&[("L1", 1), ("L2", 1)]))
    );
    assert_eq!(rest.shipments[2].lines, Some(Vec::new()));
    assert!(rest.cancelled.is_empty());
}

#[tokio::test]
async fn pieces_refunded_before_they_were_sent_are_told() {
    let world = World::new().await;
    let order = world
        .order("REFUND-1", &[("TB-001", 3, 999), ("FEW-003", 1, 500)])
        .await;
    let id = world.create(&order).await.id;
    assert!(world.sandbox.refund(number(&id), 0, 1));
    assert_eq!(world.read(&id).await.cancelled, lines(&[("L1", 1)]));
    assert!(world.sandbox.fulfil_rest(number(&id), &[("PostNL", "3SA")]));
    let sent = world.read(&id).await;
    assert_eq!(sent.state, ShopState::Completed);
    assert_eq!(sent.cancelled, lines(&[("L1", 1)]));
    // What is refunded after it was sent is a return, and no cancellation.
    assert!(world.sandbox.refund(number(&id), 1, 1));
    assert_eq!(world.read(&id).await.cancelled, lines(&[("L1", 1)]));
    let order = world.order("REFUND-2", &[("TB-001", 2, 999)]).await;
    let id = world.create(&order).await.id;
    assert!(world.sandbox.refund(number(&id), 0, 2));
    let gone = world.read(&id).await;
    assert_eq!(
        (gone.state, gone.cancelled),
        (ShopState::Cancelled, Vec::new())
    );
}

#[tokio::test]
async fn more_lines_and_parcels_than_fit_on_a_page_are_read_to_the_end() {
    let world = World::new().await;
    let many: Vec<(&str, u32, i64)> = vec![("TB-001", 1, 100); 45];
    let order = world.order("MANY-1", &many).await;
    let id = world.create(&order).await.id;
    let all: Vec<(usize, u32)> = (0..38).map(|line| (line, 1)).collect();
    assert!(
        world
            .sandbox
            .fulfil(number(&id), &all, &[("PostNL", "3S0")])
    );
    for line in 38..45 {
        let code = format!("3S{line}");
        assert!(
            world
                .sandbox
                .fulfil(number(&id), &[(line, 1)], &[("PostNL", &code)])
        );
    }
    let read = world.read(&id).await;
    assert_eq!(read.state, ShopState::Completed);
    assert_eq!(read.shipments.len(), 8);
    assert_eq!(read.shipments[0].lines.as_ref().unwrap().len(), 38);
    assert_eq!(read.shipments[7].lines, Some(lines(&[("L45", 1)])));
}

#[tokio::test]
async fn an_order_is_cancelled_unless_goods_have_left() {
    let world = World::new().await;
    let cancel = |id: &ShopOrderId| CancelShopOrder {
        id: id.clone(),
        lines: Vec::new(),
        reason: CancelReason::OutOfStock,
        note: "gone".into(),
    };
    let order = world.order("CANCEL-1", &[("TB-001", 2, 999)]).await;
    let id = world.create(&order).await.id;
    let done = world.shop.cancel_order(cancel(&id)).await.unwrap();
    assert_eq!(done, ShopCancel::Done);
    assert_eq!(world.read(&id).await.state, ShopState::Cancelled);
    assert_eq!(world.sandbox.stock("TB-001"), Some(100));
    let order = world.order("CANCEL-2", &[("TB-001", 2, 999)]).await;
    let id = world.create(&order).await.id;
    assert!(world.sandbox.fulfil(number(&id), &[(0, 1)], &[]));
    let late = world.shop.cancel_order(cancel(&id)).await.unwrap();
    assert!(matches!(late, ShopCancel::Rejected { .. }), "{late:?}");
}

#[tokio::test]
async fn a_return_is_noted_once_and_no_mail_address_is_passed_on() {
    let world = World::new().await;
    let mut order = world.order("NOTE-1", &[("TB-001", 1, 999)]).await;
    order.ship_by = Some(chrono::DateTime::UNIX_EPOCH);
    order.ship_to.email = Some("alias@marketplace.example".into());
    let id = world.create(&order).await.id;
    let request = NoteReturn {
        order: id,
        reference: "R-1".into(),
        lines: Vec::new(),
        text: "1 piece comes back".into(),
    };
    for _ in 0..2 {
        let noted = world.shop.note_return(request.clone()).await.unwrap();
        assert_eq!(noted, ShopNote::Written);
    }
    let stored = world.sandbox.orders().remove(0);
    let note = stored.note.unwrap();
    assert!(note.starts_with("Hand over by 1970-01-01"), "{note}");
    assert_eq!(note.matches("[R-1]").count(), 1);
    assert_eq!(stored.email, None);
}

#[tokio::test]
async fn tokens_of_an_app_are_fetched_once_and_renewed_when_refused() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/admin/oauth/access_token"))
        .and(body_string_contains("grant_type=client_credentials"))
        .and(body_string_contains("client_secret=s3cret"))
        .respond_with(ResponseTemplate::new(200).set_body_json(
            json!({"access_token": "fresh", "scope": "write_orders", "expires_in": 86399}),
        ))
        .expect(2)
        .mount(&server)
        .await;
    let answer = json!({"data": {"orders": {"nodes": [], "pageInfo": {"hasNextPage": false}}}});
    let asked = || {
        Mock::given(path("/admin/api/2026-10/graphql.json"))
            .and(header("x-shopify-access-token", "fresh"))
    };
    asked()
        .respond_with(ResponseTemplate::new(401).set_body_json(json!({"errors": "expired"})))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    asked()
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&server)
        .await;
    let app = ShopifyCredentials::App {
        client_id: "id".into(),
        client_secret: Secret::new("s3cret"),
    };
    let config = ShopifyConfig::new(server.uri(), app);
    let shop = config.build(Arc::new(SystemClock::new())).unwrap();
    for _ in 0..3 {
        assert!(shop.changes(None).await.unwrap().ids.is_empty());
    }
}

/// The error that an answer leads to, for a read.
async fn refusal(answer: ResponseTemplate) -> order_core::Error {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let token = ShopifyCredentials::AccessToken(Secret::new(TOKEN));
    let shop = ShopifyConfig::new(server.uri(), token)
        .build(Arc::new(SystemClock::new()))
        .unwrap();
    let request = NoteReturn {
        order: "x".into(),
        reference: "R".into(),
        lines: Vec::new(),
        text: "t".into(),
    };
    // An id that is no number is never asked for.
    let noted = shop.note_return(request).await.unwrap();
    assert!(matches!(noted, ShopNote::Rejected { .. }));
    shop.check().await.unwrap_err()
}

#[tokio::test]
async fn failures_inside_an_answer_are_told_apart() {
    let problem = |code: &str, message: &str| {
        let problem = json!({"message": message, "extensions": {"code": code}});
        ResponseTemplate::new(200).set_body_json(json!({"errors": [problem]}))
    };
    let cases = [
        (
            problem("ACCESS_DENIED", "Access denied"),
            Kind::PermissionDenied,
        ),
        (problem("SHOP_INACTIVE", "closed"), Kind::PermissionDenied),
        (
            problem("undefinedField", "Field 'x' doesn't exist"),
            Kind::Unexpected,
        ),
        (ResponseTemplate::new(402), Kind::PermissionDenied),
        (ResponseTemplate::new(404), Kind::Config),
        (ResponseTemplate::new(423), Kind::PermissionDenied),
        (ResponseTemplate::new(401), Kind::Unauthenticated),
    ];
    for (answer, kind) in cases {
        let error = refusal(answer).await;
        assert_eq!(error.kind(), kind, "{error:?}");
    }
}
