//! Cancelling, returns, doubted reports, links and dry runs: by API and by page.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod support;

use order_console::Access;
use order_core::address::Address;
use order_core::ids::ExternalKey;
use order_core::money::{Currency, Money};
use order_core::ports::{ConfirmSemantics, Granularity, Lag, NewOrder, OrderStore as _};
use order_core::returns::{MarketplaceReturn, ReturnDecision, ReturnLine, ReturnState};
use order_core::state::{Order, Phase, ReturnRecord};
use order_core::testkit::Fault;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use support::{World, key, problem, token};

async fn act(world: &World, id: &str, body: &Value) -> Response {
    let path = format!("/api/v1/orders/bol-nl/{id}/actions");
    world.post(&path).json(body).send().await.unwrap()
}

async fn stored(world: &World, id: &str) -> Order {
    world.store.load(key(id)).await.unwrap().unwrap()
}

/// What the API and the page say about an action.
async fn state(world: &World, id: &str, action: &str) -> (bool, String) {
    let order = world.json(&format!("/api/v1/orders/bol-nl/{id}")).await;
    let mut actions = order["actions"].as_array().unwrap().iter();
    let found = actions.find(|state| state["action"] == action).unwrap();
    let reason = found["reason"].as_str().unwrap_or_default().to_owned();
    (found["enabled"].as_bool().unwrap(), reason)
}

/// The detail of a refusal.
async fn refusal(answer: Response, status: StatusCode) -> String {
    assert_eq!(answer.status(), status);
    problem(answer).await["detail"].as_str().unwrap().to_owned()
}

fn returned(world: &World, id: &str) -> ReturnRecord {
    ReturnRecord {
        value: MarketplaceReturn {
            id: "R1".into(),
            order: id.into(),
            registered_at: chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000),
            lines: ["row-1", "row-2"]
                .map(|row| ReturnLine {
                    id: row.to_owned(),
                    line: Some("L1".into()),
                    what: Some(format!("thing {}", support::EVIL)),
                    quantity: 1,
                    reason: Some("too small".to_owned()),
                    comment: Some("my name is Bakker".to_owned()),
                    state: ReturnState::ToDecide,
                    raw_state: "waiting".to_owned(),
                })
                .into(),
            tracking: None,
            unknown: vec![world.url.clone()],
        },
        noted: None,
        wish: None,
    }
}

/// An order of the webshop that a person made by hand.
fn by_hand(world: &World) -> String {
    let model = NewOrder {
        key: ExternalKey::new("hand", "1"),
        placed_at: chrono::DateTime::UNIX_EPOCH,
        lines: Vec::new(),
        shipping: Money::zero(Currency::EUR),
        shipping_method: None,
        discount: Money::zero(Currency::EUR),
        total: Money::from_minor(1998, Currency::EUR),
        currency: Currency::EUR,
        ship_to: Address::default(),
        bill_to: Address::default(),
        ship_by: None,
        sent_elsewhere: false,
    };
    world.webshop.by_hand(&model).to_string()
}

#[tokio::test]
async fn pieces_are_cancelled_and_then_the_rest() {
    let world = World::local().await;
    world.fill().await;
    assert!(state(&world, "OPEN-1", "cancel").await.0);
    let too_many =
        json!({"action": "cancel", "reason": "other", "lines": [{"line": "L1", "quantity": 3}]});
    let text = refusal(act(&world, "OPEN-1", &too_many).await, StatusCode::CONFLICT).await;
    assert!(text.contains("2 can still be cancelled"), "{text}");
    let one = json!({"action": "cancel", "reason": "buyer_asked", "lines": [{"line": "L1", "quantity": 1}]});
    let answer = act(&world, "OPEN-1", &one).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.json::<Value>().await.unwrap()["lines"][0]["left"], 1);
    let rest = json!({"action": "cancel", "reason": "out_of_stock"});
    assert_eq!(act(&world, "OPEN-1", &rest).await.status(), StatusCode::OK);
    let wish = stored(&world, "OPEN-1").await.state.cancel_wish.unwrap();
    assert_eq!(wish.lines[0].quantity, 2);
    let (enabled, why) = state(&world, "OPEN-1", "cancel").await;
    assert!(!enabled && why.contains("nothing is left"), "{why}");
    let history = world.history("OPEN-1").await;
    assert!(
        history.contains(&"operator: cancel 1 × line L1".to_owned()),
        "{history:?}"
    );
    for nonsense in [
        json!({"action": "cancel"}),
        json!({"action": "cancel", "reason": "whim"}),
        json!({"action": "cancel", "reason": "other", "lines": [{"line": "L1", "quantity": 0}]}),
    ] {
        let answer = act(&world, "NEW-1", &nonsense).await;
        assert_eq!(
            answer.status(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "{nonsense}"
        );
    }
    let part = json!({"line": "L1", "quantity": 1});
    let twice = json!({"action": "cancel", "reason": "other", "lines": [part, part]});
    let text = refusal(act(&world, "NEW-1", &twice).await, StatusCode::CONFLICT).await;
    assert!(text.contains("twice"), "{text}");
    assert_eq!(stored(&world, "NEW-1").await.state.cancel_wish, None);
}

#[tokio::test]
async fn what_a_marketplace_lacks_is_disabled_with_the_reason() {
    let lacking = World::start_with(Access::Local, |mut can| {
        can.cancel = None;
        can.return_decisions = &[];
        can.with_confirm(ConfirmSemantics::Blind, Lag::NONE)
    })
    .await;
    lacking.fill().await;
    let page = lacking.page("/orders/bol-nl/SHIPPED-1").await;
    for (action, words) in [
        ("cancel", "no way to cancel"),
        ("decide_return", "takes no decisions"),
        ("confirm_again", "may ship the goods twice"),
    ] {
        let (enabled, why) = state(&lacking, "SHIPPED-1", action).await;
        assert!(!enabled && why.contains(words), "{action}: {why}");
        assert!(
            page.contains(&format!("aria-describedby=\"why-{action}\"")),
            "{action}"
        );
        assert!(page.contains(words), "{action}");
    }
    for body in [
        json!({"action": "cancel", "reason": "other"}),
        json!({"action": "decide_return", "id": "R1", "decision": "accept"}),
        json!({"action": "confirm_again", "parcel": 1}),
    ] {
        let answer = act(&lacking, "SHIPPED-1", &body).await;
        assert_eq!(answer.status(), StatusCode::CONFLICT, "{body}");
    }
    for (granularity, words) in [
        (Granularity::Order, "whole orders only"),
        (Granularity::Line, "whole lines only"),
    ] {
        let world = World::start_with(Access::Local, |can| can.with_cancel(granularity)).await;
        world.fill().await;
        let part = json!({"action": "cancel", "reason": "other", "lines": [{"line": "L1", "quantity": 1}]});
        let text = refusal(act(&world, "OPEN-1", &part).await, StatusCode::CONFLICT).await;
        assert!(text.contains(words), "{text}");
        let whole = json!({"action": "cancel", "reason": "other", "lines": [{"line": "L1", "quantity": 2}]});
        assert_eq!(act(&world, "OPEN-1", &whole).await.status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn a_page_cancels_what_its_form_says_and_never_all_by_mistake() {
    let world = World::local().await;
    world.fill().await;
    let page = world.page("/orders/bol-nl/OPEN-1").await;
    assert!(page.contains("name=\"quantity\" min=\"0\" max=\"2\" value=\"2\""));
    let form = async |fields: &[(&str, &str)]| {
        let mut all = vec![("token", token(&page)), ("action", "cancel".to_owned())];
        all.extend(
            fields
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let post = world.post("/orders/bol-nl/OPEN-1/act").form(&all);
        post.send().await.unwrap()
    };
    for odd in [
        &[("reason", "other")][..],
        &[("reason", "other"), ("line", "L1"), ("quantity", "0")],
        &[("reason", "other"), ("line", "L1"), ("quantity", "")],
        &[("reason", "whim"), ("line", "L1"), ("quantity", "1")],
        &[("reason", "other"), ("line", "L1"), ("quantity", "-1")],
    ] {
        let answer = form(odd).await;
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY, "{odd:?}");
    }
    assert_eq!(stored(&world, "OPEN-1").await.state.cancel_wish, None);
    let done = form(&[("reason", "other"), ("line", "L1"), ("quantity", "1")]).await;
    assert_eq!(done.status(), StatusCode::SEE_OTHER);
    let wish = stored(&world, "OPEN-1").await.state.cancel_wish.unwrap();
    assert_eq!(wish.lines[0].quantity, 1);
}

#[tokio::test]
async fn a_return_is_decided_by_row() {
    let world = World::start_with(Access::Local, |can| {
        can.with_returns(&[ReturnDecision::Accept, ReturnDecision::Refuse])
    })
    .await;
    let mut order = world.linked("BACK-1", "1001");
    order.state.returns.push(returned(&world, "BACK-1"));
    world.put(order).await;
    let page = world.page("/orders/bol-nl/BACK-1").await;
    assert!(!page.contains(support::EVIL));
    assert!(page.contains("too small") && !page.contains("value=\"keep\""));
    let view = world.json("/api/v1/orders/bol-nl/BACK-1").await;
    assert_eq!(view["returns"][0]["decisions"], json!(["accept", "refuse"]));
    let keep = json!({"action": "decide_return", "id": "R1", "decision": "keep"});
    assert_eq!(
        act(&world, "BACK-1", &keep).await.status(),
        StatusCode::CONFLICT
    );
    let fields = [
        ("token", token(&page)),
        ("action", "decide_return".to_owned()),
        ("id", "R1".to_owned()),
        ("row", "row-2".to_owned()),
        ("decision", "accept".to_owned()),
    ];
    let post = world.post("/orders/bol-nl/BACK-1/act").form(&fields);
    assert_eq!(post.send().await.unwrap().status(), StatusCode::SEE_OTHER);
    let record = stored(&world, "BACK-1").await.state.returns.remove(0);
    assert_eq!(record.wish.unwrap().rows, ["row-2"]);
    let (enabled, why) = state(&world, "BACK-1", "decide_return").await;
    assert!(!enabled && why.contains("no return waits"), "{why}");
    // The text for support has nothing that the buyer wrote.
    let bundle = page.split("id=\"bundle\"").nth(1).unwrap();
    assert!(!bundle.contains("my name is"));
}

#[tokio::test]
async fn a_doubted_report_is_looked_at_before_anything_is_sent() {
    let world = World::local().await;
    world.fill().await;
    assert!(!state(&world, "OPEN-1", "confirm_again").await.0);
    let again = json!({"action": "confirm_again", "parcel": 1.0});
    assert_eq!(
        act(&world, "SHIPPED-1", &again).await.status(),
        StatusCode::OK
    );
    let order = stored(&world, "SHIPPED-1").await;
    assert!(matches!(
        order.state.effects[0].phase,
        Phase::Unknown { .. }
    ));
    let text = refusal(act(&world, "SHIPPED-1", &again).await, StatusCode::CONFLICT).await;
    assert!(!text.is_empty());
    let other = json!({"action": "confirm_again", "parcel": 7});
    assert_eq!(
        act(&world, "SHIPPED-1", &other).await.status(),
        StatusCode::CONFLICT
    );
}

#[tokio::test]
async fn an_order_is_linked_to_one_that_exists_and_is_nobody_elses() {
    let world = World::local().await;
    world.fill().await;
    let shop = by_hand(&world);
    let link = |id: &str| json!({"action": "link", "webshop_order": id});
    let text = refusal(
        act(&world, "NEW-1", &link("none")).await,
        StatusCode::CONFLICT,
    )
    .await;
    assert!(text.contains("no order with the id none"), "{text}");
    let page = world.page("/orders/bol-nl/NEW-1").await;
    let fields = [
        ("token", token(&page)),
        ("action", "link".to_owned()),
        ("webshop_order", format!(" {shop} ")),
    ];
    let post = world.post("/orders/bol-nl/NEW-1/act").form(&fields);
    assert_eq!(post.send().await.unwrap().status(), StatusCode::SEE_OTHER);
    let linked = stored(&world, "NEW-1").await;
    assert_eq!(linked.state.linked().unwrap().id.to_string(), shop);
    let history = world.history("NEW-1").await;
    assert_eq!(history[0], format!("operator: link webshop order {shop}"));
    let text = refusal(
        act(&world, "NEEDY-1", &link(&shop)).await,
        StatusCode::CONFLICT,
    )
    .await;
    assert!(text.contains("NEW-1"), "{text}");
    let (enabled, why) = state(&world, "OPEN-1", "link").await;
    assert!(!enabled && why.contains("1001"), "{why}");
    assert_eq!(
        act(&world, "OPEN-1", &link(&shop)).await.status(),
        StatusCode::CONFLICT
    );
}

#[tokio::test]
async fn a_dry_run_shows_the_order_and_creates_none() {
    let world = World::local().await;
    world.fill().await;
    let view = world.json("/api/v1/orders/bol-nl/NEW-1/dry-run").await;
    assert_eq!(view["order"]["total"], "19.98 EUR");
    assert_eq!(view["order"]["key"], "bol:NEW-1");
    assert_eq!(view["order"]["lines"][0]["quantity"], 2);
    let page = world.page("/orders/bol-nl/NEW-1/dry-run").await;
    assert!(page.contains("Nothing was sent") && page.contains("bol:NEW-1"));
    world.webshop.without_product("SKU1");
    let view = world.json("/api/v1/orders/bol-nl/NEW-1/dry-run").await;
    assert_eq!(view["missing"]["kind"], "unknown_product");
    assert_eq!(view["order"], Value::Null);
    let page = world.page("/orders/bol-nl/NEW-1/dry-run").await;
    assert!(page.contains("Product not found in the webshop"));
    assert!(world.webshop.all().is_empty());
    assert_eq!(stored(&world, "NEW-1").await.version, 1);
    let mut unread = world.order("UNREAD-1");
    unread.content = None;
    world.put(unread).await;
    let answer = world
        .get("/api/v1/orders/bol-nl/UNREAD-1/dry-run")
        .send()
        .await;
    let text = refusal(answer.unwrap(), StatusCode::CONFLICT).await;
    assert!(text.contains("not been read"), "{text}");
    let missing = world.get("/api/v1/orders/bol-nl/none/dry-run").send().await;
    refusal(missing.unwrap(), StatusCode::NOT_FOUND).await;
}

#[tokio::test]
async fn a_dry_run_asks_a_busy_webshop_again_and_says_so_when_it_stays_busy() {
    let world = World::local().await;
    world.fill().await;
    let path = "/api/v1/orders/bol-nl/NEW-1/dry-run";
    let befall = |faults: &[Fault]| *world.faults.lock().unwrap() = faults.to_vec();
    // Six calls in a row are refused, as by a shop that throttles.
    befall(&[Fault::Throttled, Fault::Refused].repeat(3));
    let view = world.json(path).await;
    assert_eq!(view["order"]["key"], "bol:NEW-1");
    befall(&[Fault::Throttled; 7]);
    let busy = world.get(path).send().await.unwrap();
    let text = refusal(busy, StatusCode::SERVICE_UNAVAILABLE).await;
    assert!(text.contains("again"), "{text}");
    assert!(world.faults.lock().unwrap().is_empty(), "asked seven times");
    // Asking again is no use where the answer cannot be understood.
    befall(&[Fault::Throttled, Fault::Garbled]);
    let garbled = world.get(path).send().await.unwrap();
    refusal(garbled, StatusCode::BAD_GATEWAY).await;
    assert_eq!(world.faults.lock().unwrap().len(), 1, "asked once");
    befall(&[Fault::Garbled]);
    let page = world.get("/orders/bol-nl/NEW-1/dry-run").send().await;
    assert_eq!(page.unwrap().status(), StatusCode::BAD_GATEWAY);
    assert!(world.webshop.all().is_empty());
}

#[tokio::test]
async fn viewers_neither_act_nor_spend_the_webshops_calls() {
    let world = World::with_users().await;
    world.fill().await;
    let ask = |path: &str| {
        let request = world.get(path);
        request.basic_auth("vic", Some(support::PASSWORD))
    };
    let dry = ask("/api/v1/orders/bol-nl/NEW-1/dry-run")
        .send()
        .await
        .unwrap();
    refusal(dry, StatusCode::FORBIDDEN).await;
    let page = ask("/orders/bol-nl/NEW-1/dry-run").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::FORBIDDEN);
    let page = ask("/orders/bol-nl/NEW-1").send().await.unwrap();
    assert!(!page.text().await.unwrap().contains("dry-run"));
    let act = world
        .post("/api/v1/orders/bol-nl/NEW-1/actions")
        .basic_auth("vic", Some(support::PASSWORD))
        .json(&json!({"action": "cancel", "reason": "other"}));
    refusal(act.send().await.unwrap(), StatusCode::FORBIDDEN).await;
}

#[tokio::test]
async fn a_write_under_a_key_is_done_once() {
    let world = World::local().await;
    world.put(world.order("NEW-1")).await;
    let once = async || {
        let post = world.post("/api/v1/orders/bol-nl/NEW-1/actions");
        let post = post.header("idempotency-key", "k1");
        let body = json!({"action": "cancel", "reason": "other", "lines": [{"line": "L1", "quantity": 1}]});
        let answer = post.json(&body).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.unwrap()
    };
    assert_eq!(once().await, once().await);
    let wish = stored(&world, "NEW-1").await.state.cancel_wish.unwrap();
    assert_eq!(wish.lines[0].quantity, 1);
}
