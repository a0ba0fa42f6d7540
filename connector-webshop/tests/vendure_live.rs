//! The connector against a real Vendure (see `vendure-server/README.md`).

#![cfg(feature = "vendure")]
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test that cannot go on has failed"
)]

mod common;
#[path = "vendure_live/server.rs"]
mod server;

use std::sync::Arc;
use std::time::Duration;

use common::{
    MOST_STEPS, asked, cancel, crash, create, each_step_twice, euro, finish, order, read, step,
};
use connector_http::Secret;
use connector_webshop::vendure::{Vendure, VendureConfig, VendureCredentials};
use order_core::Kind;
use order_core::ids::{ExternalKey, ShopOrderId};
use order_core::ports::{CreateProgress, ProductMatch, ShopCancel, ShopRead, SystemClock, Webshop};
use order_core::shop::ShopState;
use serde_json::{Value, json};
use server::{Flavour, Server};

/// Shared by the tests, so none of them may end its sessions.
const SUPERADMIN: &str = "superadmin";

fn login(name: &str) -> VendureCredentials {
    VendureCredentials::Login {
        username: name.into(),
        password: Secret::new(name),
    }
}

fn api_key(server: &Server) -> VendureCredentials {
    VendureCredentials::ApiKey(Secret::new(&*server.api_key))
}

fn shop(server: &Server) -> Vendure {
    let config = VendureConfig::new(&*server.url, login(SUPERADMIN));
    let config = match server.flavour {
        Flavour::WithFields => config,
        Flavour::Plain => config.without_custom_fields(),
    };
    config.build(Arc::new(SystemClock::new())).unwrap()
}

/// Orders in the shop under this key, asked past the connector.
fn count(server: &Server, key: &str) -> usize {
    let filter = match server.flavour {
        Flavour::WithFields => "marketplaceOrderId",
        Flavour::Plain => "transactionId",
    };
    let query = format!(
        "query($key: String!) {{ orders(options: {{filter: {{{filter}: {{eq: $key}}}}}}) {{ totalItems }} }}"
    );
    let data = server.run(&query, json!({"key": format!("bol:{key}")}));
    usize::try_from(data["orders"]["totalItems"].as_u64().unwrap()).unwrap()
}

/// The warehouse: puts pieces of the shop's lines (counted from 0) into a parcel and sends it.
fn send(server: &Server, id: &ShopOrderId, pieces: &[(usize, u32)], code: &str) -> String {
    let order = server.run(
        "query($id: ID!) { order(id: $id) { lines { id } } }",
        json!({"id": id}),
    );
    let lines: Vec<Value> = pieces
        .iter()
        .map(|(line, quantity)| json!({"orderLineId": order["order"]["lines"][*line]["id"], "quantity": quantity}))
        .collect();
    let input = json!({"lines": lines, "handler": {"code": "manual-fulfillment", "arguments": [
        {"name": "method", "value": "PostNL"}, {"name": "trackingCode", "value": code}]}});
    let made = server.run(
        "mutation($input: FulfillOrderInput!) { made: addFulfillmentToOrder(input: $input) { __typename ... on Fulfillment { id } ... on ErrorResult { message } } }",
        json!({"input": input}),
    );
    let parcel = made["made"]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{made}"))
        .to_owned();
    parcel_to(server, &parcel, "Shipped");
    parcel
}

fn parcel_to(server: &Server, parcel: &str, state: &str) {
    let moved = server.run(
        "mutation($id: ID!, $state: String!) { moved: transitionFulfillmentToState(id: $id, state: $state) { __typename } }",
        json!({"id": parcel, "state": state}),
    );
    assert_eq!(moved["moved"]["__typename"], "Fulfillment");
}

fn stock(server: &Server, sku: &str) -> (i64, i64) {
    let data = server.run(
        "query($sku: String!) { productVariants(options: {filter: {sku: {eq: $sku}}}) { items { stockLevels { stockOnHand stockAllocated } } } }",
        json!({"sku": sku}),
    );
    let level = &data["productVariants"]["items"][0]["stockLevels"][0];
    (
        level["stockOnHand"].as_i64().unwrap(),
        level["stockAllocated"].as_i64().unwrap(),
    )
}

/// Runs a test against a running shop, or says that it was left out.
macro_rules! with_server {
    ($flavour:expr) => {
        match server::running($flavour) {
            Some(server) => server,
            None => return,
        }
    };
}

#[tokio::test]
async fn an_order_is_created_paid_and_to_the_cent_at_the_marketplaces_prices() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let new = order(&shop, "PRICE-1", &[("TB-001", 2, 999), ("FL-002", 1, 605)]).await;
    let created = create(&shop, &new).await;
    assert_eq!(created.state, ShopState::Open);
    assert_eq!(created.raw_state, "PaymentSettled");
    assert_eq!(created.total, euro(2603));
    assert_eq!(created.key, Some(new.key.clone()));
    assert!(created.shipments.is_empty());
}

#[tokio::test]
async fn the_same_order_twice_is_one_order() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let new = order(&shop, "TWICE-1", &[("TB-001", 1, 999)]).await;
    let first = create(&shop, &new).await;
    let second = create(&shop, &new).await;
    assert_eq!(first.id, second.id);
    assert_eq!(count(server, "TWICE-1"), 1);
}

#[tokio::test]
async fn three_at_once_are_one_order() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let new = order(&shop, "RACE-1", &[("TB-001", 1, 999), ("FL-002", 2, 605)]).await;
    // They start together, so that all three find nothing and make a draft of their own.
    let starts = futures_util::future::join_all((0..3).map(|_| step(&shop, &new, None))).await;
    let mut orders = Vec::new();
    for start in starts {
        let CreateProgress::Continue { checkpoint, .. } = start else {
            panic!("{start:?}")
        };
        orders.push(finish(&shop, &new, Some(checkpoint)).await);
    }
    let ids: Vec<&ShopOrderId> = orders
        .iter()
        .map(|order| match order {
            CreateProgress::Created(order) => &order.id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(count(server, "RACE-1"), 1);
}

#[tokio::test]
async fn a_crash_after_any_step_is_continued_from_what_the_shop_has() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let mut crashes = 0;
    for after in 1..MOST_STEPS {
        let key = format!("CRASH-{after}");
        let new = order(&shop, &key, &[("TB-001", 2, 999), ("FL-002", 1, 605)]).await;
        let Some(created) = crash(&shop, &new, after).await else {
            break;
        };
        assert_eq!(created.total, euro(2603), "after step {after}");
        assert_eq!(count(server, &key), 1, "after step {after}");
        crashes += 1;
    }
    assert!(crashes >= 6, "only {crashes} steps were interrupted");
}

#[tokio::test]
async fn a_step_whose_answer_was_lost_is_not_repeated() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let new = order(&shop, "LOST-1", &[("TB-001", 2, 999)]).await;
    let created = each_step_twice(&shop, &new).await;
    assert_eq!(created.total, euro(1998));
    assert_eq!(count(server, "LOST-1"), 1);
}

#[tokio::test]
async fn products_are_found_by_number_then_gtin_and_unknown_ones_are_missing() {
    let server = with_server!(Flavour::WithFields);
    let mut config = VendureConfig::new(&*server.url, login(SUPERADMIN));
    config.gtin_field = Some("gtin".into());
    let shop = config.build(Arc::new(SystemClock::new())).unwrap();
    let found = shop
        .products(vec![
            asked(Some("TB-001"), None),
            asked(Some("NOPE"), Some("8712345678913")),
            asked(Some("NOPE"), Some("0000000000000")),
            asked(None, None),
        ])
        .await
        .unwrap();
    assert!(matches!(&found[0], ProductMatch::Found(product) if product.matched_by == "sku"));
    assert!(matches!(&found[1], ProductMatch::Found(product) if product.matched_by == "gtin"));
    assert_eq!(found[2..], [ProductMatch::Missing, ProductMatch::Missing]);
}

#[tokio::test]
async fn a_product_that_is_gone_is_a_refusal_and_leaves_no_draft() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let mut new = order(&shop, "GONE-1", &[("TB-001", 1, 999)]).await;
    new.lines[0].product.id = "99999".into();
    let CreateProgress::Rejected { reason } = finish(&shop, &new, None).await else {
        panic!()
    };
    assert!(reason.contains("99999"), "{reason}");
    assert_eq!(count(server, "GONE-1"), 0);
}

#[tokio::test]
async fn a_country_the_shop_does_not_sell_to_is_a_refusal_and_leaves_no_draft() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let mut new = order(&shop, "ABROAD-1", &[("TB-001", 1, 999)]).await;
    new.ship_to.country = "FR".parse().ok();
    let progress = finish(&shop, &new, None).await;
    assert!(
        matches!(progress, CreateProgress::Rejected { .. }),
        "{progress:?}"
    );
    assert_eq!(count(server, "ABROAD-1"), 0);
}

#[tokio::test]
async fn a_buyer_whom_the_shop_knows_is_that_customer() {
    let server = with_server!(Flavour::WithFields);
    let mut config = VendureConfig::new(&*server.url, login(SUPERADMIN));
    config.pass_buyer_email = true;
    let shop = config.build(Arc::new(SystemClock::new())).unwrap();
    let customer = server.run(
        "mutation($input: CreateCustomerInput!) { made: createCustomer(input: $input, password: \"a-long-one\") { __typename ... on Customer { id } } }",
        json!({"input": {"firstName": "Jan", "lastName": "de Vries", "emailAddress": "jan@example.com"}}),
    );
    let mut new = order(&shop, "KNOWN-1", &[("TB-001", 1, 999)]).await;
    new.bill_to.email = Some("jan@example.com".into());
    let created = create(&shop, &new).await;
    let stored = server.run(
        "query($id: ID!) { order(id: $id) { customer { id } } }",
        json!({"id": created.id}),
    );
    assert_eq!(stored["order"]["customer"]["id"], customer["made"]["id"]);
}

#[tokio::test]
async fn too_little_stock_is_a_refusal_that_says_how_much_there_is_and_holds_none_of_it() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let before = stock(server, "FEW-003");
    let new = order(&shop, "STOCK-1", &[("FEW-003", 500, 1000)]).await;
    let CreateProgress::Rejected { reason } = finish(&shop, &new, None).await else {
        panic!()
    };
    assert!(reason.contains("not enough stock: 9 available"), "{reason}");
    assert_eq!(count(server, "STOCK-1"), 0);
    assert_eq!(stock(server, "FEW-003"), before);
}

#[tokio::test]
async fn another_countrys_tax_and_none_at_all_come_to_the_same_sum() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    for (country, rate) in [("NL", 21), ("DE", 19), ("BE", 0)] {
        let key = format!("TAX-{country}");
        let mut new = order(&shop, &key, &[("TB-001", 3, 1234), ("FL-002", 1, 1)]).await;
        new.ship_to.country = country.parse().ok();
        new.shipping = euro(499);
        new.total = euro(3 * 1234 + 1 + 499);
        let created = create(&shop, &new).await;
        assert_eq!(created.total, new.total, "{country}");
        let stored = server.run(
            "query($id: ID!) { order(id: $id) { lines { taxRate } } }",
            json!({"id": created.id}),
        );
        for line in stored["order"]["lines"].as_array().unwrap() {
            assert_eq!(line["taxRate"], rate, "{country}");
        }
    }
}

#[tokio::test]
async fn a_refund_by_staff_moves_nothing_and_the_rest_goes_its_way() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let new = order(&shop, "REFUND-1", &[("TB-001", 2, 999)]).await;
    let created = create(&shop, &new).await;
    let paid = server.run(
        "query($id: ID!) { order(id: $id) { payments { id } } }",
        json!({"id": created.id}),
    );
    let payment = &paid["order"]["payments"][0]["id"];
    let input = json!({"lines": [], "shipping": 0, "adjustment": 500, "amount": 500,
        "paymentId": payment, "reason": "a scratch"});
    let refund = server.run(
        "mutation($input: RefundOrderInput!) { made: refundOrder(input: $input) { __typename ... on Refund { total } ... on ErrorResult { message } } }",
        json!({"input": input}),
    );
    assert_eq!(refund["made"]["total"], 500, "{refund}");
    let read_back = read(&shop, &created.id).await;
    assert_eq!(
        (read_back.state, read_back.total, read_back.cancelled.len()),
        (ShopState::Open, new.total, 0)
    );
    send(server, &created.id, &[(0, 2)], "3SREFUND");
    let sent = read(&shop, &created.id).await;
    assert_eq!(sent.state, ShopState::Completed);
    assert_eq!(
        sent.shipments[0].tracking.as_ref().unwrap().code,
        "3SREFUND"
    );
}

#[tokio::test]
async fn a_price_that_does_not_divide_by_the_pieces_still_makes_the_sum() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let mut new = order(&shop, "ROUND-1", &[("TB-001", 3, 33), ("FL-002", 1, 605)]).await;
    new.discount = euro(10);
    new.total = euro(99 + 605 - 10);
    let created = create(&shop, &new).await;
    assert_eq!(created.total, euro(694));
    // Two of the shop's lines stand for one of the marketplace's.
    let lines = server.run(
        "query($id: ID!) { order(id: $id) { lines { quantity } } }",
        json!({"id": created.id}),
    );
    let lines = lines["order"]["lines"].as_array().unwrap().clone();
    let all: Vec<(usize, u32)> = lines
        .iter()
        .enumerate()
        .map(|(at, line)| {
            (
                at,
                u32::try_from(line["quantity"].as_u64().unwrap()).unwrap(),
            )
        })
        .collect();
    assert_eq!(all.len(), 3);
    send(server, &created.id, &all, "3SROUND");
    let parcel = read(&shop, &created.id).await.shipments.remove(0);
    let pieces: Vec<(String, u32)> = parcel
        .lines
        .unwrap()
        .into_iter()
        .map(|line| (line.line.to_string(), line.quantity))
        .collect();
    assert_eq!(pieces, [("L1".to_owned(), 3), ("L2".to_owned(), 1)]);
}

#[tokio::test]
async fn shipping_costs_choose_the_method_and_a_sum_no_method_makes_stops_at_the_draft() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let mut new = order(&shop, "SHIP-1", &[("TB-001", 1, 999)]).await;
    new.shipping = euro(499);
    new.total = euro(1498);
    assert_eq!(create(&shop, &new).await.total, euro(1498));

    let mut odd = order(&shop, "SHIP-2", &[("TB-001", 1, 999)]).await;
    odd.shipping = euro(123);
    odd.total = euro(1122);
    let before = stock(server, "TB-001");
    let CreateProgress::TotalDiffers {
        actual,
        order,
        inert,
    } = finish(&shop, &odd, None).await
    else {
        panic!()
    };
    assert_eq!((actual, inert), (euro(999), true));
    assert_eq!(read(&shop, &order).await.state, ShopState::Draft);
    assert_eq!(stock(server, "TB-001").0, before.0);
    // Once a method makes the sum, the same draft is finished.
    odd.shipping = euro(499);
    odd.total = euro(1498);
    let finished = create(&shop, &odd).await;
    assert_eq!((&finished.id, finished.total), (&order, euro(1498)));
    assert_eq!(count(server, "SHIP-2"), 1);
}

#[tokio::test]
async fn a_partial_shipment_then_the_rest_are_two_parcels_with_their_lines() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let new = order(&shop, "PART-1", &[("TB-001", 2, 999), ("FL-002", 1, 605)]).await;
    let created = create(&shop, &new).await;
    send(server, &created.id, &[(0, 1)], "3SPART1");
    let part = read(&shop, &created.id).await;
    assert_eq!(
        (part.state, part.raw_state.as_str()),
        (ShopState::Open, "PartiallyShipped")
    );
    assert_eq!(part.shipments.len(), 1);
    let tracking = part.shipments[0].tracking.clone().unwrap();
    assert_eq!(
        (tracking.code.as_str(), tracking.carrier_name.as_deref()),
        ("3SPART1", Some("PostNL"))
    );
    let lines = part.shipments[0].lines.clone().unwrap();
    assert_eq!((lines[0].line.as_str(), lines[0].quantity), ("L1", 1));

    send(server, &created.id, &[(0, 1), (1, 1)], "3SPART2");
    let whole = read(&shop, &created.id).await;
    assert_eq!(whole.state, ShopState::Completed);
    assert_eq!(whole.shipments[0], part.shipments[0]);
    assert_eq!(whole.shipments[1].lines.as_ref().map(Vec::len), Some(2));
    assert!(matches!(
        cancel(&shop, &created.id, &[]).await,
        ShopCancel::Rejected { .. }
    ));
}

#[tokio::test]
async fn a_code_that_comes_after_completion_is_seen_when_the_order_is_read_again() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let new = order(&shop, "LATE-1", &[("TB-001", 1, 999)]).await;
    let created = create(&shop, &new).await;
    let bare = send(server, &created.id, &[(0, 1)], "");
    let completed = read(&shop, &created.id).await;
    assert_eq!(completed.state, ShopState::Completed);
    assert_eq!(completed.shipments[0].tracking, None);
    // Vendure has no way to change a parcel: the staff takes it back and sends it with a code.
    parcel_to(server, &bare, "Cancelled");
    send(server, &created.id, &[(0, 1)], "3SLATE");
    let late = read(&shop, &created.id).await;
    assert_eq!(late.state, ShopState::Completed);
    assert_eq!(late.shipments.len(), 1);
    assert_eq!(late.shipments[0].tracking.as_ref().unwrap().code, "3SLATE");
}

#[tokio::test]
async fn cancelling_gives_the_stock_back_and_twice_is_harmless() {
    let server = with_server!(Flavour::Plain);
    let shop = shop(server);
    let new = order(&shop, "CANCEL-1", &[("FEW-003", 2, 1000)]).await;
    let created = create(&shop, &new).await;
    assert_eq!(stock(server, "FEW-003").1, 2);
    assert_eq!(cancel(&shop, &created.id, &[]).await, ShopCancel::Done);
    assert_eq!(stock(server, "FEW-003").1, 0);
    assert_eq!(read(&shop, &created.id).await.state, ShopState::Cancelled);
    assert_eq!(cancel(&shop, &created.id, &[]).await, ShopCancel::Done);
}

#[tokio::test]
async fn drafts_can_be_cancelled_at_every_step() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let mut cancelled = 0;
    for steps in 1..MOST_STEPS {
        let key = format!("DRAFT-{steps}");
        let new = order(&shop, &key, &[("TB-001", 1, 999)]).await;
        let (mut resume, mut draft) = (None, None);
        for _ in 0..steps {
            match step(&shop, &new, resume.take()).await {
                CreateProgress::Continue {
                    checkpoint,
                    draft: own,
                } => {
                    (resume, draft) = (Some(checkpoint), own);
                }
                _ => draft = None,
            }
            if draft.is_none() {
                break;
            }
        }
        let Some(draft) = draft else { break };
        assert_eq!(
            cancel(&shop, &draft, &[]).await,
            ShopCancel::Done,
            "after step {steps}"
        );
        match shop.orders(vec![draft]).await.unwrap().remove(0) {
            ShopRead::Gone(_) => {}
            ShopRead::Found(order) => assert_eq!(order.state, ShopState::Cancelled),
            other => panic!("{other:?}"),
        }
        cancelled += 1;
    }
    assert!(cancelled >= 6, "only {cancelled} steps were cancelled");
}

#[tokio::test]
async fn an_unknown_id_is_gone_and_does_not_hide_the_others() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let new = order(&shop, "READ-1", &[("TB-001", 1, 999)]).await;
    let created = create(&shop, &new).await;
    let ids: Vec<ShopOrderId> = vec!["999999".into(), created.id.clone(), "no-number".into()];
    let reads = shop.orders(ids.clone()).await.unwrap();
    assert_eq!(reads.len(), 3);
    assert_eq!(reads[0], ShopRead::Gone("999999".into()));
    assert!(matches!(&reads[1], ShopRead::Found(order) if order.id == created.id));
    assert_eq!(reads[2], ShopRead::Gone("no-number".into()));
    assert!(
        shop.find_orders(ExternalKey::new("bol", "NOBODY"))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        shop.find_orders(ExternalKey::new("bol", "READ"))
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn bad_credentials_are_refused_as_such_and_change_nothing() {
    let server = with_server!(Flavour::WithFields);
    let wrong = [
        VendureCredentials::ApiKey(Secret::new("1:wrong")),
        VendureCredentials::Login {
            username: "superadmin".into(),
            password: Secret::new("wrong"),
        },
    ];
    for credentials in wrong {
        let config = VendureConfig::new(&*server.url, credentials);
        let shop = config.build(Arc::new(SystemClock::new())).unwrap();
        let error = shop.check().await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unauthenticated, "{error:?}");
        assert_eq!(error.effect(), order_core::Effect::NotApplied);
        assert!(error.stops_connection());
        assert!(shop.orders(vec!["1".into()]).await.is_err());
    }
}

#[tokio::test]
async fn an_api_key_works_from_the_check_to_the_order() {
    let server = with_server!(Flavour::WithFields);
    let config = VendureConfig::new(&*server.url, api_key(server));
    let shop = config.build(Arc::new(SystemClock::new())).unwrap();
    let info = shop.check().await.unwrap();
    assert!(info.warnings.is_empty(), "{info:?}");
    let new = order(&shop, "KEY-1", &[("TB-001", 1, 999)]).await;
    assert_eq!(create(&shop, &new).await.total, euro(999));
}

#[tokio::test]
async fn a_login_works_like_a_key_and_is_renewed_when_the_shop_forgets_it() {
    let server = with_server!(Flavour::WithFields);
    let name = server.new_administrator();
    let config = VendureConfig::new(&*server.url, login(&name));
    let shop = config.build(Arc::new(SystemClock::new())).unwrap();
    let info = shop.check().await.unwrap();
    assert!(info.warnings.is_empty(), "{info:?}");
    // Logging the user out ends every session the shop has of it.
    server.end_sessions(&name);
    let new = order(&shop, "LOGIN-1", &[("TB-001", 1, 999)]).await;
    server.end_sessions(&name);
    assert_eq!(create(&shop, &new).await.total, euro(999));
    assert_eq!(count(server, "LOGIN-1"), 1);
}

#[tokio::test]
async fn the_check_tells_what_the_shop_lacks() {
    let server = with_server!(Flavour::Plain);
    let config = VendureConfig::new(&*server.url, login(SUPERADMIN));
    let shop_that_expects_fields = config.build(Arc::new(SystemClock::new())).unwrap();
    let info = shop_that_expects_fields.check().await.unwrap();
    let warnings = info.warnings.join("\n");
    for field in [
        "marketplaceOrderId",
        "marketplaceLineId",
        "marketplaceUnitPrice",
    ] {
        assert!(warnings.contains(field), "{warnings}");
    }
    let error = shop_that_expects_fields
        .find_orders(ExternalKey::new("bol", "1"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), Kind::Config, "{error:?}");
    assert!(shop(server).check().await.unwrap().warnings.is_empty());
}

#[tokio::test]
async fn a_shop_without_fields_is_found_by_its_payment_and_its_parcels_by_the_map_kept_there() {
    let server = with_server!(Flavour::Plain);
    let shop = shop(server);
    // Two lines of the marketplace are one article, which this shop puts together.
    let new = order(
        &shop,
        "PLAIN-1",
        &[("TB-001", 2, 1210), ("TB-001", 1, 1210), ("FL-002", 1, 605)],
    )
    .await;
    let created = create(&shop, &new).await;
    assert_eq!(created.key, Some(new.key.clone()));
    assert_eq!(create(&shop, &new).await.id, created.id);
    assert_eq!(count(server, "PLAIN-1"), 1);
    assert_eq!(shop.find_orders(new.key.clone()).await.unwrap().len(), 1);
    send(server, &created.id, &[(0, 3)], "3SPLAIN");
    let parcel = read(&shop, &created.id).await.shipments.remove(0);
    let pieces: Vec<(String, u32)> = parcel
        .lines
        .unwrap()
        .into_iter()
        .map(|line| (line.line.to_string(), line.quantity))
        .collect();
    assert_eq!(pieces, [("L1".to_owned(), 2), ("L2".to_owned(), 1)]);
}

#[tokio::test]
async fn a_catalogue_price_that_differs_stops_before_anything_is_paid() {
    let server = with_server!(Flavour::Plain);
    let shop = shop(server);
    let new = order(&shop, "PLAIN-2", &[("TB-001", 2, 999)]).await;
    let CreateProgress::TotalDiffers { actual, inert, .. } = finish(&shop, &new, None).await else {
        panic!()
    };
    assert_eq!((actual, inert), (euro(2420), true));
    assert_eq!(count(server, "PLAIN-2"), 0);
}

#[tokio::test]
async fn the_feed_names_new_and_cancelled_orders_and_goes_on_from_its_cursor() {
    let server = with_server!(Flavour::WithFields);
    let shop = shop(server);
    let start = shop.changes(None).await.unwrap();
    assert!(start.ids.is_empty() && !start.more);
    let new = order(&shop, "FEED-1", &[("TB-001", 1, 999)]).await;
    let created = create(&shop, &new).await;
    let mut cursor = start.next;
    let mut seen = Vec::new();
    loop {
        let part = shop.changes(Some(cursor)).await.unwrap();
        seen.extend(part.ids);
        cursor = part.next;
        if !part.more {
            break;
        }
    }
    assert!(seen.contains(&created.id));
}

#[tokio::test]
async fn a_time_out_leaves_doubt_after_a_mutation_and_none_after_a_read() {
    let server = with_server!(Flavour::WithFields);
    let mut config = VendureConfig::new(&*server.url, login(SUPERADMIN));
    config.request_timeout_ms = 1;
    let hasty = config.build(Arc::new(SystemClock::new())).unwrap();
    let new = order(&shop(server), "HASTY-1", &[("TB-001", 1, 999)]).await;
    let hasty_read = tokio::time::timeout(Duration::from_secs(60), hasty.check())
        .await
        .unwrap();
    assert_eq!(
        hasty_read.unwrap_err().effect(),
        order_core::Effect::NotApplied
    );
    drop(new);
}
