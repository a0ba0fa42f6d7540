//! WooCommerce: what was recorded from a running shop, and what can go wrong on the way.

#![cfg(feature = "woocommerce")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use connector_http::Secret;
use connector_webshop::woocommerce::{WooCommerce, WooCommerceConfig};
use order_core::address::Address;
use order_core::ids::ExternalKey;
use order_core::money::{Currency, Money};
use order_core::ports::{
    CancelReason, CancelShopOrder, CreateOrder, CreateProgress, Cursor, NewLine, NewOrder,
    ProductMatch, ProductQuery, ProductRef, ShopCancel, ShopRead, SystemClock, Webshop,
};
use order_core::shop::ShopState;
use order_core::{Effect, Error, Kind};
use serde_json::{Value, json};
use wiremock::matchers::{any, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

fn recorded(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/woocommerce")
        .join(format!("{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn body(name: &str) -> Value {
    recorded(name)["response"]["body"].clone()
}

/// The recorded answer, status and body.
fn answer(name: &str) -> ResponseTemplate {
    let recorded = recorded(name);
    let status = u16::try_from(recorded["response"]["status"].as_u64().unwrap()).unwrap();
    raw(status, &recorded["response"]["body"].to_string())
}

fn raw(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json; charset=UTF-8")
}

/// A server on which everything that is not expected is loud.
async fn server() -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any())
        .respond_with(ResponseTemplate::new(599).set_body_string("nothing is mounted here"))
        .with_priority(255)
        .mount(&server)
        .await;
    server
}

async fn on(server: &MockServer, verb: &str, at: &str, answer: ResponseTemplate) {
    Mock::given(method(verb))
        .and(path(format!("/wp-json/wc/v3{at}")))
        .respond_with(answer)
        .mount(server)
        .await;
}

fn config(server: &MockServer) -> WooCommerceConfig {
    let mut config =
        WooCommerceConfig::new(server.uri(), Secret::new("ck_test"), Secret::new("cs_test"));
    config.request_timeout_ms = 2000;
    config
}

fn shop(server: &MockServer) -> WooCommerce {
    config(server).build(Arc::new(SystemClock::new())).unwrap()
}

async fn sent(server: &MockServer, verb: &str) -> Vec<Value> {
    let requests = server.received_requests().await.unwrap();
    requests
        .iter()
        .filter(|request| request.method.as_str() == verb)
        .map(|request| serde_json::from_slice(&request.body).unwrap_or_default())
        .collect()
}

fn euro(minor: i64) -> Money {
    Money::from_minor(minor, Currency::EUR)
}

/// The order of the recordings: 2 toothbrushes and floss for € 30.25.
fn order() -> NewOrder {
    let mut address = Address::from_lines(["Dorpstraat 12 bis".to_owned()]);
    address.first_name = Some("Jan".into());
    address.last_name = Some("de Vries".into());
    address.city = Some("Utrecht".into());
    address.postal_code = Some("3511 AB".into());
    address.country = "NL".parse().ok();
    let line = |id: &str, product: &str, quantity, price| NewLine {
        line: id.into(),
        product: ProductRef {
            id: product.into(),
            matched_by: "sku".into(),
        },
        title: "Article".into(),
        quantity,
        unit_price: euro(price),
        discount: euro(0),
        vat_percent: Some(21.into()),
    };
    NewOrder {
        key: ExternalKey::new("bol", "KEY-1"),
        placed_at: chrono::DateTime::UNIX_EPOCH,
        lines: vec![line("OI-1", "10", 2, 1210), line("OI-2", "11", 1, 605)],
        shipping: euro(0),
        shipping_method: None,
        discount: euro(0),
        total: euro(3025),
        currency: Currency::EUR,
        ship_to: address.clone(),
        bill_to: address,
        ship_by: None,
        sent_elsewhere: false,
    }
}

/// The recorded draft, under our key.
fn draft() -> Value {
    let mut draft = body("23-create-draft");
    draft["created_via"] = json!("bol:KEY-1");
    draft
}

async fn nothing_yet(server: &MockServer) {
    Mock::given(method("GET"))
        .and(path("/wp-json/wc/v3/orders"))
        .and(query_param("created_via", "bol:KEY-1"))
        .respond_with(answer("11b-filter-created_via-none"))
        .mount(server)
        .await;
}

async fn create(shop: &WooCommerce) -> Result<CreateProgress, Error> {
    shop.create_order(CreateOrder {
        order: order(),
        resume: None,
    })
    .await
}

fn query(sku: Option<&str>, gtin: Option<&str>) -> ProductQuery {
    ProductQuery {
        line: "x".into(),
        sku: sku.map(Into::into),
        gtin: gtin.map(Into::into),
    }
}

#[tokio::test]
async fn products_are_looked_up_by_number_in_one_call_and_verified_on_the_record() {
    let server = server().await;
    Mock::given(method("GET"))
        .and(query_param("sku", "FL-002,NOPE,TB-001"))
        .respond_with(answer("04-find-product-by-two-skus"))
        .expect(1)
        .mount(&server)
        .await;
    let queries = vec![
        query(Some("TB-001"), None),
        query(Some("NOPE"), None),
        query(Some("FL-002"), None),
    ];
    let found = shop(&server).products(queries).await.unwrap();
    let product = |id: &str| {
        ProductMatch::Found(ProductRef {
            id: id.into(),
            matched_by: "sku".into(),
        })
    };
    assert_eq!(found, [product("10"), ProductMatch::Missing, product("11")]);
}

#[tokio::test]
async fn a_product_without_a_known_number_is_looked_up_by_gtin() {
    let server = server().await;
    Mock::given(method("GET"))
        .and(query_param("global_unique_id", "8712345678906"))
        .respond_with(answer("04b-find-product-by-gtin"))
        .expect(1)
        .mount(&server)
        .await;
    let found = shop(&server)
        .products(vec![query(None, Some("8712345678906"))])
        .await
        .unwrap();
    assert!(matches!(&found[0], ProductMatch::Found(product) if product.matched_by == "gtin"));
}

#[tokio::test]
async fn variations_doubles_and_parents_are_told_apart() {
    let server = server().await;
    let base = body("03-find-product-by-sku")[0].clone();
    let product = |id: u64, sku: &str, kind: &str, parent: u64| {
        let mut product = base.clone();
        product["id"] = json!(id);
        product["sku"] = json!(sku);
        product["type"] = json!(kind);
        product["parent_id"] = json!(parent);
        product
    };
    let products = json!([
        product(25, "VAR", "variation", 10),
        product(26, "TWO", "simple", 0),
        product(27, "TWO", "simple", 0),
        product(28, "TOP", "variable", 0),
    ]);
    on(&server, "GET", "/products", raw(200, &products.to_string())).await;
    let queries = ["VAR", "TWO", "TOP"]
        .map(|sku| query(Some(sku), None))
        .to_vec();
    let found = shop(&server).products(queries).await.unwrap();
    assert!(matches!(&found[0], ProductMatch::Found(product) if product.id == "10/25"));
    assert_eq!(found[1..], [ProductMatch::Ambiguous, ProductMatch::Missing]);
}

#[tokio::test]
async fn a_draft_is_made_checked_activated_and_read_back() {
    let server = server().await;
    nothing_yet(&server).await;
    on(&server, "POST", "/orders", raw(201, &draft().to_string())).await;
    let shop = shop(&server);
    let CreateProgress::Continue {
        checkpoint,
        draft: id,
    } = create(&shop).await.unwrap()
    else {
        panic!()
    };
    assert_eq!(id, Some("19".into()));
    let made = sent(&server, "POST").await;
    assert_eq!(made.len(), 1);
    assert_eq!(made[0]["status"], "checkout-draft");
    assert_eq!(made[0]["created_via"], "bol:KEY-1");
    assert_eq!(made[0]["line_items"][0]["total"], "20");

    let mut active = body("24-draft-to-processing");
    active["created_via"] = json!("bol:KEY-1");
    Mock::given(method("GET"))
        .and(path("/wp-json/wc/v3/orders/19"))
        .respond_with(raw(200, &draft().to_string()))
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&server)
        .await;
    on(
        &server,
        "PUT",
        "/orders/19",
        answer("24-draft-to-processing"),
    )
    .await;
    on(&server, "GET", "/orders/19", raw(200, &active.to_string())).await;
    let request = CreateOrder {
        order: order(),
        resume: Some(checkpoint),
    };
    let CreateProgress::Created(created) = shop.create_order(request).await.unwrap() else {
        panic!()
    };
    assert_eq!(
        (created.state, created.total),
        (ShopState::Open, euro(3025))
    );
    let changed = sent(&server, "PUT").await;
    assert_eq!(
        changed,
        [json!({"status": "processing", "set_paid": true, "transaction_id": "KEY-1"})]
    );
}

#[tokio::test]
async fn a_shop_that_does_not_keep_the_key_is_refused_and_its_draft_thrown_away() {
    let server = server().await;
    nothing_yet(&server).await;
    // The recorded answer as it is: its created_via is another.
    on(&server, "POST", "/orders", answer("23-create-draft")).await;
    on(&server, "DELETE", "/orders/19", answer("52-trash")).await;
    let CreateProgress::Rejected { reason } = create(&shop(&server)).await.unwrap() else {
        panic!()
    };
    assert!(reason.contains("9.9"), "{reason}");
    assert_eq!(sent(&server, "DELETE").await.len(), 1);
}

#[tokio::test]
async fn an_order_that_stands_already_is_taken_over_without_a_second_one() {
    let server = server().await;
    let standing = json!([body("40-create-with-key")]);
    on(&server, "GET", "/orders", raw(200, &standing.to_string())).await;
    let CreateProgress::Created(created) = create(&shop(&server)).await.unwrap() else {
        panic!()
    };
    assert_eq!(created.id, "27".into());
    assert!(sent(&server, "POST").await.is_empty());
}

#[tokio::test]
async fn a_filter_that_the_shop_ignores_finds_nothing_of_ours() {
    let server = server().await;
    on(&server, "GET", "/orders", answer("12-filter-meta-nomatch")).await;
    assert!(
        !body("12-filter-meta-nomatch")
            .as_array()
            .unwrap()
            .is_empty()
    );
    let found = shop(&server)
        .find_orders(ExternalKey::new("bol", "KEY-1"))
        .await
        .unwrap();
    assert!(found.is_empty());
}

#[tokio::test]
async fn orders_are_found_by_their_key_drafts_included_and_can_be_continued() {
    let server = server().await;
    let of = |rows: Value| raw(200, &rows.to_string());
    for (status, rows) in [
        ("any", json!([body("40-create-with-key")])),
        ("checkout-draft", json!([draft()])),
    ] {
        Mock::given(method("GET"))
            .and(query_param("created_via", "bol:KEY-1"))
            .and(query_param("status", status))
            .respond_with(of(rows))
            .mount(&server)
            .await;
    }
    let found = shop(&server)
        .find_orders(ExternalKey::new("bol", "KEY-1"))
        .await
        .unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].order.state, found[0].resume.is_some()),
        (ShopState::Open, false)
    );
    assert_eq!(
        (found[1].order.state, found[1].resume.is_some()),
        (ShopState::Draft, true)
    );
}

/// Creates from a draft as recorded, with the given lines, and tells what was changed and how it
/// ended.
async fn judged(
    draft: Value,
    order: NewOrder,
    change: fn(&mut WooCommerceConfig),
) -> (Vec<Value>, CreateProgress) {
    let server = server().await;
    let id = draft["id"].as_u64().unwrap();
    let at = format!("/orders/{id}");
    on(&server, "GET", &at, raw(200, &draft.to_string())).await;
    on(&server, "PUT", &at, raw(200, &draft.to_string())).await;
    let mut config = config(&server);
    change(&mut config);
    let shop = config.build(Arc::new(SystemClock::new())).unwrap();
    let resume = Some(order_core::ports::Checkpoint(
        json!({"draft": id, "corrected": false}),
    ));
    let progress = shop
        .create_order(CreateOrder { order, resume })
        .await
        .unwrap();
    (sent(&server, "PUT").await, progress)
}

/// The recorded draft for € 24.20 with our key and line id on it, which the recording lacks.
fn tax_draft(name: &str) -> (Value, NewOrder) {
    let mut draft = body(name);
    draft["created_via"] = json!("bol:KEY-1");
    for line in draft["line_items"].as_array_mut().unwrap() {
        line["meta_data"] = json!([{"id": 1, "key": "_marketplace_line_id", "value": "OI-1"}]);
    }
    let mut order = order();
    order.lines.truncate(1);
    order.total = euro(2420);
    (draft, order)
}

#[tokio::test]
async fn where_the_shop_has_no_rate_for_the_address_the_full_price_is_entered() {
    let (draft, order) = tax_draft("tax-01-de-net");
    let (changes, progress) = judged(draft, order, |_| {}).await;
    assert_eq!(
        changes[0]["line_items"],
        json!([{"id": 4, "subtotal": "24.2", "total": "24.2"}])
    );
    assert!(matches!(progress, CreateProgress::Continue { .. }));
}

#[tokio::test]
async fn where_the_settings_do_not_allow_that_it_stops_at_the_draft_with_the_sum_of_the_shop() {
    let (draft, order) = tax_draft("tax-01-de-net");
    let (changes, progress) =
        judged(draft, order, |config| config.untaxed_where_no_rate = false).await;
    assert!(changes.is_empty());
    assert_eq!(
        progress,
        CreateProgress::TotalDiffers {
            actual: euro(2000),
            order: "12".into(),
            inert: true
        }
    );
}

#[tokio::test]
async fn a_cent_too_little_makes_new_net_prices_and_then_a_fee_line() {
    let (draft, order) = tax_draft("tax-03-fee");
    // Recorded with a fee of one cent less: 24.19 instead of 24.20.
    let (changes, _) = judged(draft.clone(), order.clone(), |_| {}).await;
    assert_eq!(changes[0]["line_items"][0]["total"], "20");
    let mut without_fee = draft;
    without_fee["fee_lines"] = json!([]);
    let server = server().await;
    on(
        &server,
        "GET",
        "/orders/14",
        raw(200, &without_fee.to_string()),
    )
    .await;
    on(
        &server,
        "PUT",
        "/orders/14",
        raw(200, &without_fee.to_string()),
    )
    .await;
    let resume = Some(order_core::ports::Checkpoint(
        json!({"draft": 14, "corrected": true}),
    ));
    shop(&server)
        .create_order(CreateOrder { order, resume })
        .await
        .unwrap();
    assert_eq!(
        sent(&server, "PUT").await[0]["fee_lines"],
        json!([{"name": "Marketplace rounding", "tax_status": "none", "total": "0.01"}])
    );
}

#[tokio::test]
async fn sums_that_were_seen_to_agree_are_activated_at_once() {
    for (name, id) in [("tax-02-de-gross", 13), ("tax-04-zero-rate", 15)] {
        let (draft, order) = tax_draft(name);
        let server = server().await;
        nothing_yet(&server).await;
        let at = format!("/orders/{id}");
        let mut active = draft.clone();
        active["status"] = json!("processing");
        Mock::given(method("GET"))
            .and(path(format!("/wp-json/wc/v3{at}")))
            .respond_with(raw(200, &draft.to_string()))
            .up_to_n_times(1)
            .with_priority(1)
            .mount(&server)
            .await;
        on(&server, "GET", &at, raw(200, &active.to_string())).await;
        on(&server, "PUT", &at, raw(200, &active.to_string())).await;
        let resume = Some(order_core::ports::Checkpoint(json!({"draft": id})));
        let progress = shop(&server)
            .create_order(CreateOrder { order, resume })
            .await
            .unwrap();
        assert!(
            matches!(progress, CreateProgress::Created(_)),
            "{name}: {progress:?}"
        );
    }
}

#[tokio::test]
async fn a_draft_in_which_the_shop_lost_the_product_is_refused_and_thrown_away() {
    let (mut draft, order) = tax_draft("tax-02-de-gross");
    draft["line_items"][0]["product_id"] = json!(0);
    let (changes, progress) = judged(draft, order, |_| {}).await;
    assert!(changes.is_empty());
    assert!(
        matches!(progress, CreateProgress::Rejected { reason } if reason.contains("product 10"))
    );
}

#[tokio::test]
async fn refusals_are_answers_with_the_shops_own_reason() {
    for (name, words) in [
        ("35-bad-email", "Invalid email address"),
        ("34-bad-status", "status is not one of"),
        ("31-line-noproduct", "Product ID or SKU is required"),
    ] {
        let server = server().await;
        nothing_yet(&server).await;
        on(&server, "POST", "/orders", answer(name)).await;
        let progress = create(&shop(&server)).await.unwrap();
        assert!(
            matches!(&progress, CreateProgress::Rejected { reason } if reason.contains(words)),
            "{progress:?}"
        );
    }
}

#[tokio::test]
async fn a_bad_key_stops_the_connection_and_shows_no_secret() {
    let server = server().await;
    on(&server, "GET", "/orders/statuses", answer("38-bad-key")).await;
    let error = shop(&server).check().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::Unauthenticated, Effect::NotApplied)
    );
    assert!(!format!("{error:?} {}", error.report()).contains("ck_test"));
}

#[tokio::test]
async fn a_key_that_may_only_read_lacks_a_right() {
    let server = server().await;
    nothing_yet(&server).await;
    let refusal = json!({"code": "woocommerce_rest_cannot_create", "message": "Sorry, you are not allowed to create resources.", "data": {"status": 401}});
    on(&server, "POST", "/orders", raw(401, &refusal.to_string())).await;
    let error = create(&shop(&server)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::PermissionDenied, Effect::NotApplied)
    );
}

#[tokio::test]
async fn the_check_names_what_the_shop_is_like_and_what_is_wrong() {
    let server = server().await;
    on(&server, "GET", "/orders/statuses", answer("08-statuses")).await;
    // Everything is returned: the filter is not known.
    on(&server, "GET", "/orders", answer("12-filter-meta-nomatch")).await;
    let currency = json!({"code": "EUR", "name": "Euro", "symbol": "&euro;"});
    on(
        &server,
        "GET",
        "/data/currencies/current",
        raw(200, &currency.to_string()),
    )
    .await;
    let mut config = config(&server);
    config.completed_statuses = vec!["delivered".into()];
    let info = config
        .build(Arc::new(SystemClock::new()))
        .unwrap()
        .check()
        .await
        .unwrap();
    let warnings = info.warnings.join("\n");
    assert!(
        warnings.contains("delivered") && warnings.contains("created_via"),
        "{warnings}"
    );
    assert!(info.facts.contains(&("currency".into(), "EUR".into())));
}

#[tokio::test]
async fn codes_of_advanced_shipment_tracking_are_read_with_both_kinds_of_dates() {
    let server = server().await;
    let list = json!([body("ast-06-order")]);
    on(&server, "GET", "/orders", raw(200, &list.to_string())).await;
    let reads = shop(&server).orders(vec!["11".into()]).await.unwrap();
    let ShopRead::Found(order) = &reads[0] else {
        panic!("{reads:?}")
    };
    assert_eq!(
        (order.state, order.raw_state.as_str()),
        (ShopState::Completed, "completed")
    );
    let read: Vec<_> = order
        .shipments
        .iter()
        .map(|parcel| {
            let tracking = parcel.tracking.as_ref().unwrap();
            (
                tracking.code.as_str(),
                tracking.carrier_name.as_deref(),
                parcel.shipped_at.is_some(),
            )
        })
        .collect();
    assert_eq!(
        read,
        [
            ("3SABCD1234567", Some("PostNL Netherlands 3S"), true),
            ("JVGL123456789", Some("DHL Parcel NL"), true),
        ]
    );
    assert_eq!(
        order.shipments[0].id.as_str(),
        "865d26b35c25a748c447a63a2c3aef4f"
    );
}

#[tokio::test]
async fn fulfilments_of_woocommerce_itself_tell_what_is_in_a_parcel() {
    let server = server().await;
    let mut order = body("71-webhook-trigger");
    order["status"] = json!("processing");
    on(
        &server,
        "GET",
        "/orders",
        raw(200, &json!([order]).to_string()),
    )
    .await;
    on(
        &server,
        "GET",
        "/orders/18/fulfillments",
        answer("61-fulfillments-list"),
    )
    .await;
    let reads = shop(&server).orders(vec!["18".into()]).await.unwrap();
    let ShopRead::Found(order) = &reads[0] else {
        panic!("{reads:?}")
    };
    let parcel = &order.shipments[0];
    assert_eq!(parcel.tracking.as_ref().unwrap().code, "3SABCD7654321");
    let lines = parcel.lines.as_ref().unwrap();
    assert_eq!(
        (lines.len(), lines[0].line.as_str(), lines[0].quantity),
        (1, "OI-1", 1)
    );
}

#[tokio::test]
async fn an_order_without_fulfilments_costs_no_further_call_and_has_no_parcels() {
    let server = server().await;
    on(
        &server,
        "GET",
        "/orders",
        raw(200, &json!([body("40-create-with-key")]).to_string()),
    )
    .await;
    let reads = shop(&server).orders(vec!["27".into()]).await.unwrap();
    let ShopRead::Found(order) = &reads[0] else {
        panic!("{reads:?}")
    };
    assert!(order.shipments.is_empty());
    assert_eq!(order.key, Some(ExternalKey::new("bol", "KEY-1")));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_a_list_leaves_out_is_asked_for_by_itself_and_only_then_gone() {
    let server = server().await;
    on(&server, "GET", "/orders", raw(200, "[]")).await;
    on(&server, "GET", "/orders/15", answer("53-get-trashed")).await;
    on(&server, "GET", "/orders/99999", answer("37-notfound")).await;
    let ids = vec!["15".into(), "99999".into(), "abc".into()];
    let reads = shop(&server).orders(ids).await.unwrap();
    assert!(matches!(&reads[0], ShopRead::Found(order) if order.state == ShopState::Cancelled));
    assert_eq!(
        reads[1..],
        [ShopRead::Gone("99999".into()), ShopRead::Gone("abc".into())]
    );
}

#[tokio::test]
async fn a_404_that_is_not_of_woocommerce_does_not_mean_gone() {
    let no_route = json!({"code": "rest_no_route", "message": "No route", "data": {"status": 404}});
    for (answer, kind) in [
        (raw(404, &no_route.to_string()), Kind::Config),
        (
            ResponseTemplate::new(404).set_body_raw("<h1>Not Found</h1>", "text/html"),
            Kind::Unavailable,
        ),
    ] {
        let server = server().await;
        on(&server, "GET", "/orders", raw(200, "[]")).await;
        on(&server, "GET", "/orders/15", answer).await;
        let error = shop(&server).orders(vec!["15".into()]).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
    }
}

#[tokio::test]
async fn an_unknown_status_keeps_its_text_and_extra_and_missing_fields_are_fine() {
    let server = server().await;
    let mut order = body("40-create-with-key");
    order["status"] = json!("partial-shipped");
    order["a_new_field"] = json!({"deep": [1]});
    for gone in [
        "meta_data",
        "tax_lines",
        "shipping_lines",
        "fee_lines",
        "date_modified_gmt",
    ] {
        order[gone] = json!(null);
    }
    let broken = json!({"id": 28, "status": "processing"});
    on(
        &server,
        "GET",
        "/orders",
        raw(200, &json!([order, broken]).to_string()),
    )
    .await;
    let reads = shop(&server)
        .orders(vec!["27".into(), "28".into()])
        .await
        .unwrap();
    let ShopRead::Found(order) = &reads[0] else {
        panic!("{reads:?}")
    };
    assert_eq!(
        (order.state, order.raw_state.as_str()),
        (ShopState::Unknown, "partial-shipped")
    );
    assert_eq!(order.updated_at, None);
    assert!(matches!(&reads[1], ShopRead::Unreadable { id, .. } if id.as_str() == "28"));
}

#[tokio::test]
async fn the_feed_starts_at_the_newest_order_and_looks_back_behind_its_cursor() {
    let server = server().await;
    Mock::given(method("GET"))
        .and(query_param("order", "desc"))
        .respond_with(answer("44-list-modified-after"))
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(query_param("modified_after", "2026-11-22T21:45:08"))
        .and(query_param("order", "asc"))
        .and(query_param("dates_are_gmt", "true"))
        .and(query_param("status", "any"))
        .respond_with(answer("44-list-modified-after"))
        .expect(1)
        .mount(&server)
        .await;
    let shop = shop(&server);
    let start = shop.changes(None).await.unwrap();
    assert_eq!(
        (start.ids.len(), start.next.0.as_str()),
        (0, "2026-11-22T21:45:18")
    );
    let part = shop.changes(Some(start.next)).await.unwrap();
    assert_eq!((part.ids, part.more), (vec!["12".into()], false));
    assert_eq!(part.next, Cursor("2026-11-22T21:45:18".into()));
}

#[tokio::test]
async fn a_late_answer_a_cut_one_a_page_and_a_server_error_after_a_write_leave_doubt() {
    let late = raw(201, &draft().to_string()).set_delay(Duration::from_secs(5));
    let page =
        ResponseTemplate::new(200).set_body_raw("<b>Warning</b>: x in y.php<br>", "text/html");
    let warning = raw(200, "Warning: x in y.php on line 3\n{\"id\":19}");
    let cases = [
        ("late", late, Kind::Timeout),
        ("page", page, Kind::Decode),
        ("warning", warning, Kind::Decode),
        ("empty", raw(201, ""), Kind::Decode),
        ("other shape", raw(201, "{\"id\":\"x\"}"), Kind::Decode),
        ("error", ResponseTemplate::new(500), Kind::Unavailable),
        ("gateway", ResponseTemplate::new(504), Kind::Unavailable),
    ];
    for (name, answer, kind) in cases {
        let server = server().await;
        nothing_yet(&server).await;
        on(&server, "POST", "/orders", answer).await;
        let error = create(&shop(&server)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.effect()),
            (kind, Effect::Unknown),
            "{name}: {error:?}"
        );
        assert_eq!(
            sent(&server, "POST").await.len(),
            1,
            "{name}: sent more than once"
        );
    }
}

#[tokio::test]
async fn an_activation_that_cannot_be_read_back_leaves_doubt() {
    let server = server().await;
    nothing_yet(&server).await;
    Mock::given(method("GET"))
        .and(path("/wp-json/wc/v3/orders/19"))
        .respond_with(raw(200, &draft().to_string()))
        .up_to_n_times(1)
        .with_priority(1)
        .mount(&server)
        .await;
    on(
        &server,
        "PUT",
        "/orders/19",
        answer("24-draft-to-processing"),
    )
    .await;
    on(
        &server,
        "GET",
        "/orders/19",
        raw(403, "{\"code\":\"x\",\"message\":\"no\"}"),
    )
    .await;
    let resume = Some(order_core::ports::Checkpoint(json!({"draft": 19})));
    let error = shop(&server)
        .create_order(CreateOrder {
            order: order(),
            resume,
        })
        .await
        .unwrap_err();
    assert_eq!(error.effect(), Effect::Unknown, "{error:?}");
}

#[tokio::test]
async fn throttling_is_certain_to_have_done_nothing_and_says_when_to_come_back() {
    let server = server().await;
    nothing_yet(&server).await;
    let answer = ResponseTemplate::new(429).insert_header("retry-after", "17");
    on(&server, "POST", "/orders", answer).await;
    let error = create(&shop(&server)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.effect()),
        (Kind::RateLimited, Effect::NotApplied)
    );
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
}

async fn cancel(server: &MockServer, id: &str) -> Result<ShopCancel, Error> {
    let request = CancelShopOrder {
        id: id.into(),
        lines: Vec::new(),
        reason: CancelReason::BuyerAsked,
        note: "cancelled on the marketplace".into(),
    };
    shop(server).cancel_order(request).await
}

#[tokio::test]
async fn cancelling_changes_the_status_and_leaves_a_note_for_the_staff_alone() {
    let server = server().await;
    let mut open = body("51-cancel");
    open["status"] = json!("processing");
    on(&server, "GET", "/orders/14", raw(200, &open.to_string())).await;
    on(&server, "PUT", "/orders/14", answer("51-cancel")).await;
    on(&server, "POST", "/orders/14/notes", answer("47-note")).await;
    assert_eq!(cancel(&server, "14").await.unwrap(), ShopCancel::Done);
    assert_eq!(sent(&server, "PUT").await, [json!({"status": "cancelled"})]);
    assert_eq!(
        sent(&server, "POST").await,
        [json!({"note": "cancelled on the marketplace", "customer_note": false})]
    );
}

#[tokio::test]
async fn what_is_cancelled_or_gone_stays_so_and_what_is_completed_is_refused() {
    let server = server().await;
    on(&server, "GET", "/orders/14", answer("51-cancel")).await;
    on(&server, "GET", "/orders/15", answer("53-get-trashed")).await;
    on(&server, "GET", "/orders/99999", answer("37-notfound")).await;
    on(&server, "GET", "/orders/12", answer("43-complete")).await;
    for id in ["14", "15", "99999"] {
        assert_eq!(cancel(&server, id).await.unwrap(), ShopCancel::Done, "{id}");
    }
    assert!(matches!(
        cancel(&server, "12").await.unwrap(),
        ShopCancel::Rejected { .. }
    ));
    assert!(sent(&server, "PUT").await.is_empty());
}

#[tokio::test]
async fn everything_that_is_sent_is_in_the_shops_own_description() {
    let Some(specs) = std::env::var_os("PLATFORM_SPECS") else {
        let text =
            "LEFT OUT: PLATFORM_SPECS does not name the folder of the platforms' descriptions";
        assert!(
            !std::env::var("CI_REQUIRE_ALL").is_ok_and(|value| value == "1"),
            "{text}"
        );
        println!("{text}");
        return;
    };
    let file = Path::new(&specs).join("webshops/specs/woocommerce/options-orders.json");
    let description: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let arguments = |verb: &str| {
        let endpoints = description["endpoints"].as_array().unwrap();
        let own = endpoints
            .iter()
            .find(|own| own["methods"][0] == verb)
            .unwrap();
        own["args"].clone()
    };
    let (writing, reading) = (arguments("POST"), arguments("GET"));

    let server = server().await;
    nothing_yet(&server).await;
    on(&server, "GET", "/orders", raw(200, "[]")).await;
    on(&server, "POST", "/orders", raw(201, &draft().to_string())).await;
    on(&server, "GET", "/orders/19", raw(200, &draft().to_string())).await;
    on(&server, "PUT", "/orders/19", raw(200, &draft().to_string())).await;
    let shop = shop(&server);
    let mut new = order();
    new.total = euro(3024);
    new.discount = euro(1);
    for resume in [
        None,
        Some(json!({"draft": 19})),
        Some(json!({"draft": 19, "corrected": true})),
    ] {
        let resume = resume.map(order_core::ports::Checkpoint);
        let _ = shop
            .create_order(CreateOrder {
                order: new.clone(),
                resume,
            })
            .await;
        let resume = Some(order_core::ports::Checkpoint(json!({"draft": 19})));
        let _ = shop
            .create_order(CreateOrder {
                order: order(),
                resume,
            })
            .await;
    }
    let _ = shop.changes(None).await;
    let _ = shop
        .changes(Some(Cursor("2026-11-22T21:45:18".into())))
        .await;
    let _ = shop.orders(vec!["1".into()]).await;

    let mut checked = 0;
    for request in server.received_requests().await.unwrap() {
        for (name, _) in request.url.query_pairs() {
            let own = name.starts_with("oauth_") || name == "_fields";
            assert!(own || reading.get(&*name).is_some(), "parameter {name}");
        }
        let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
            continue;
        };
        for (key, value) in body.as_object().unwrap() {
            let argument = writing.get(key).unwrap_or_else(|| panic!("argument {key}"));
            fits(key, value, argument);
            checked += 1;
        }
    }
    assert!(checked > 20, "only {checked} arguments were seen");
}

/// Whether a value has the type, and its members the names and types, of a description.
fn fits(name: &str, value: &Value, description: &Value) {
    let kind = match value {
        Value::String(_) => "string",
        Value::Number(_) => "integer",
        Value::Bool(_) => "boolean",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::Null => "null",
    };
    let own = &description["type"];
    let types = own.as_array().cloned().unwrap_or_else(|| vec![own.clone()]);
    // An item's id is called read-only, but names the item to change.
    assert!(
        types.contains(&json!(kind)),
        "{name} is {kind}, not {types:?}"
    );
    if let (Some(allowed), Some(text)) = (description["enum"].as_array(), value.as_str()) {
        assert!(
            allowed.contains(&json!(text)),
            "{name} must not be {text:?}"
        );
    }
    for item in value.as_array().into_iter().flatten() {
        fits(name, item, &description["items"]);
    }
    if let (Some(members), Some(properties)) =
        (value.as_object(), description["properties"].as_object())
    {
        for (key, member) in members {
            let own = properties
                .get(key)
                .unwrap_or_else(|| panic!("{name}.{key} is not described"));
            fits(&format!("{name}.{key}"), member, own);
        }
    }
}
