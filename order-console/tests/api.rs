//! The JSON API, over HTTP.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod support;

use order_core::ports::OrderStore as _;
use order_core::state::Status;
use reqwest::StatusCode;
use serde_json::json;
use support::{World, key, problem};

#[tokio::test]
async fn orders_come_in_pages_with_real_counts() {
    let world = World::local().await;
    for number in 0..7 {
        world.put(world.order(&format!("A-{number}"))).await;
        world.clock.jump(chrono::Duration::seconds(1));
    }
    let ids = |page: &serde_json::Value| -> Vec<String> {
        let orders = page["orders"].as_array().unwrap().iter();
        orders
            .map(|order| order["order"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = world.json("/api/v1/orders?limit=3").await;
    assert_eq!(ids(&first), ["A-6", "A-5", "A-4"]);
    assert_eq!(
        (&first["total"], &first["previous"]),
        (&json!(7), &json!(null))
    );
    let next = first["next"].as_str().unwrap();
    let second = world
        .json(&format!("/api/v1/orders?limit=3&after={next}"))
        .await;
    assert_eq!(ids(&second), ["A-3", "A-2", "A-1"]);
    let next = second["next"].as_str().unwrap();
    let third = world
        .json(&format!("/api/v1/orders?limit=3&after={next}"))
        .await;
    assert_eq!(
        (ids(&third), &third["next"]),
        (vec!["A-0".to_owned()], &json!(null))
    );
    let previous = third["previous"].as_str().unwrap();
    let back = world
        .json(&format!("/api/v1/orders?limit=3&before={previous}"))
        .await;
    assert_eq!(ids(&back), ["A-3", "A-2", "A-1"]);
    let previous = back["previous"].as_str().unwrap();
    let front = world
        .json(&format!("/api/v1/orders?limit=3&before={previous}"))
        .await;
    assert_eq!(ids(&front), ids(&first));
    assert_eq!(front["previous"], json!(null));
}

#[tokio::test]
async fn filters_and_counters_agree() {
    let world = World::local().await;
    world.fill().await;
    let counters = world.json("/api/v1/counters").await;
    for (filter, count) in [
        ("", &counters["all"]),
        ("needs_action=true", &counters["needs_action"]),
        ("status=shipped", &counters["by_status"]["shipped"]),
        ("status=not_shipped", &counters["by_status"]["not shipped"]),
        ("due=overdue", &counters["overdue"]),
        ("cancel_asked=1", &counters["cancel_asked"]),
        (
            "problem=unknown_product",
            &counters["by_problem"]["unknown_product"],
        ),
    ] {
        let page = world.json(&format!("/api/v1/orders?{filter}")).await;
        assert_eq!(&page["total"], count, "{filter}");
        assert!(count.as_u64().unwrap() > 0, "{filter}");
        let shown = page["orders"].as_array().unwrap().len();
        assert_eq!(Some(shown as u64), count.as_u64(), "{filter}");
    }
    let none = world.json("/api/v1/counters?connection=other").await;
    assert_eq!(none["all"], 0);
}

#[tokio::test]
async fn an_order_tells_why_it_is_here_and_what_happens_next() {
    let world = World::local().await;
    world.fill().await;
    let order = world.json("/api/v1/orders/bol-nl/SHIPPED-1").await;
    let parcel = &order["shipments"][0]["tracking"];
    assert_eq!(parcel["code"], "XX 3SABCD1234567");
    assert_eq!(parcel["sent_code"], "3SABCD1234567");
    assert_eq!(parcel["sent_transporter"], "TNT");
    assert_eq!(parcel["chosen_by"], "rule 1 of the connection");
    assert_eq!(order["sums"]["computed"], "19.98 EUR");
    assert!(!order["raw"].to_string().contains("Bakker"));
    let fresh = world.json("/api/v1/orders/bol-nl/NEW-1").await;
    let next = &fresh["agenda"][0];
    assert!(!next["what"].as_str().unwrap().is_empty());
    assert!(!next["why"].as_str().unwrap().is_empty());
    let answer = world
        .get("/api/v1/orders/bol-nl/none")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert!(
        problem(answer).await["detail"]
            .as_str()
            .unwrap()
            .contains("none")
    );
}

#[tokio::test]
async fn an_action_is_done_and_who_did_it_is_in_the_history() {
    let world = World::local().await;
    world.fill().await;
    let act = async |id: &str, body: serde_json::Value| {
        let path = format!("/api/v1/orders/bol-nl/{id}/actions");
        world.post(&path).json(&body).send().await.unwrap()
    };
    let status = async |id: &str| world.store.load(key(id)).await.unwrap().unwrap().status();
    let answer = act("OPEN-1", json!({"action": "manual", "note": "by phone"})).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(status("OPEN-1").await, Status::Manual);
    let refused = act("OPEN-1", json!({"action": "retry"})).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert!(
        problem(refused).await["detail"]
            .as_str()
            .unwrap()
            .contains("hand it back")
    );
    assert!(
        act("OPEN-1", json!({"action": "resume"}))
            .await
            .status()
            .is_success()
    );
    let code = json!({"action": "set_tracking", "code": " 3SXYZ ", "transporter": "PostNL"});
    assert!(act("OPEN-1", code).await.status().is_success());
    let order = world.store.load(key("OPEN-1")).await.unwrap().unwrap();
    assert_eq!(
        order.state.shipments[0].tracking.as_ref().unwrap().code,
        "3SXYZ"
    );
    assert!(
        act("NEEDY-1", json!({"action": "retry"}))
            .await
            .status()
            .is_success()
    );
    let mended = world.store.load(key("NEEDY-1")).await.unwrap().unwrap();
    assert!(mended.state.problems.is_empty());
    assert!(
        act("NEW-1", json!({"action": "note", "text": "ask Jo"}))
            .await
            .status()
            .is_success()
    );
    assert_eq!(world.history("NEW-1").await, ["operator notes: ask Jo"]);
    let history = world.history("OPEN-1").await;
    assert!(
        history.contains(&"operator: handle by hand".to_owned()),
        "{history:?}"
    );
    assert!(
        history.contains(&"operator: set T&T 3SXYZ".to_owned()),
        "{history:?}"
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let world = World::local().await;
    world.fill().await;
    let path = "/api/v1/orders/bol-nl/OPEN-1/actions";
    for (body, status) in [
        (json!({"action": "explode"}), 422),
        (json!({"action": "set_tracking"}), 422),
        (json!({"action": "set_tracking", "code": "  "}), 422),
        (json!({"action": "set_tracking", "code": "a\u{7}b"}), 422),
        (
            json!({"action": "set_tracking", "code": "x".repeat(101)}),
            422,
        ),
        (json!({"action": "note", "text": ""}), 422),
        (json!([]), 422),
    ] {
        let answer = world.post(path).json(&body).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{body}");
        problem(answer).await;
    }
    let broken = world.post(path).header("content-type", "application/json");
    let answer = broken.body("{").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    let form = world
        .post(path)
        .form(&[("action", "retry")])
        .send()
        .await
        .unwrap();
    assert_eq!(form.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(world.history("OPEN-1").await.is_empty());
    for query in ["status=lost", "limit=0", "due=never", "q=%FF&limit=x"] {
        let path = format!("/api/v1/orders?{query}");
        let answer = world.get(&path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{query}");
        problem(answer).await;
    }
}

#[tokio::test]
async fn a_place_that_is_not_there_is_not_found() {
    let world = World::local().await;
    for place in ["xyz", "WyJhIl0", "%00"] {
        let path = format!("/api/v1/orders?after={place}");
        let answer = world.get(&path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{place}");
        problem(answer).await;
    }
}

#[tokio::test]
async fn the_same_write_under_the_same_key_is_done_once() {
    let world = World::local().await;
    world.fill().await;
    let note = async |key: &str, text: &str| {
        world
            .post("/api/v1/orders/bol-nl/NEW-1/actions")
            .header("idempotency-key", key)
            .json(&json!({"action": "note", "text": text}))
            .send()
            .await
            .unwrap()
    };
    let first = note("k1", "hello").await;
    assert_eq!(first.status(), StatusCode::OK);
    let body = first.text().await.unwrap();
    let again = note("k1", "hello").await;
    assert_eq!(again.status(), StatusCode::OK);
    assert_eq!(again.text().await.unwrap(), body);
    assert_eq!(world.history("NEW-1").await.len(), 1);
    let other = note("k1", "bye").await;
    assert_eq!(other.status(), StatusCode::CONFLICT);
    assert_eq!(world.history("NEW-1").await.len(), 1);
    assert!(note("k2", "hello").await.status().is_success());
    assert_eq!(world.history("NEW-1").await.len(), 2);
    let long = note(&"k".repeat(201), "hello").await;
    assert_eq!(long.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn an_action_on_several_orders_tells_what_became_of_each() {
    let world = World::local().await;
    world.fill().await;
    let target = |id: &str| json!({"connection": "bol-nl", "order": id});
    let bulk = json!({
        "orders": [target("NEW-1"), target("none"), target("OPEN-1")],
        "action": {"action": "manual"},
    });
    let answer = world
        .post("/api/v1/actions")
        .json(&bulk)
        .send()
        .await
        .unwrap();
    let results: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(results[0]["done"], true);
    assert_eq!(results[1]["done"], false);
    assert!(
        results[1]["reason"]
            .as_str()
            .unwrap()
            .contains("no order none")
    );
    assert_eq!(results[2]["done"], true);
    for orders in [vec![], vec![target("NEW-1"); 201]] {
        let bulk = json!({"orders": orders, "action": {"action": "retry"}});
        let answer = world
            .post("/api/v1/actions")
            .json(&bulk)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    }
}

#[tokio::test]
async fn a_connection_is_stopped_and_let_go_on() {
    let world = World::local().await;
    let post = async |what: &str, body: serde_json::Value| {
        let path = format!("/api/v1/connections/bol-nl/{what}");
        world.post(&path).json(&body).send().await.unwrap()
    };
    let stopped = post("stop", json!({"why": "stock-taking"})).await;
    let views: serde_json::Value = stopped.json().await.unwrap();
    assert_eq!(views[0]["health"], "stopped");
    let record = &world.store.connections().await.unwrap()[0];
    let why = record.stopped.clone().unwrap();
    assert!(why.starts_with("stock-taking (operator, "), "{why}");
    let views: serde_json::Value = post("go-on", json!({})).await.json().await.unwrap();
    assert_eq!(views[0]["health"], "good");
    assert_eq!(views[0]["capabilities"][0]["side"], "marketplace");
    let path = "/api/v1/connections/none/stop";
    let answer = world.post(path).json(&json!({})).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_description_lists_every_address() {
    let world = World::local().await;
    let description = world.json("/api/v1/openapi.json").await;
    let paths = description["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 11, "{:?}", paths.keys());
    assert!(paths.contains_key("/api/v1/orders/{connection}/{order}/actions"));
    let nowhere = world.get("/api/v1/nowhere").send().await.unwrap();
    assert_eq!(nowhere.status(), StatusCode::NOT_FOUND);
    problem(nowhere).await;
    let wrong = world.post("/api/v1/orders").send().await.unwrap();
    assert_eq!(wrong.status(), StatusCode::METHOD_NOT_ALLOWED);
    problem(wrong).await;
}

#[tokio::test]
async fn activity_is_told_by_the_hour() {
    let world = World::local().await;
    world.fill().await;
    let hours = world.json("/api/v1/activity?days=1").await;
    assert_eq!(hours[0]["received"], 5);
    assert_eq!(hours[0]["troubled"], 1);
    let answer = world.get("/api/v1/activity?days=0").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn who_polls_is_not_sent_again_what_they_have() {
    let world = World::local().await;
    world.fill().await;
    for path in [
        "/api/v1/orders",
        "/api/v1/counters",
        "/api/v1/orders/bol-nl/NEW-1",
    ] {
        let first = world.get(path).send().await.unwrap();
        let tag = first.headers()["etag"].to_str().unwrap().to_owned();
        let again = |tag: &str| world.get(path).header("if-none-match", tag);
        let same = again(&format!("\"other\", W/{tag}")).send().await.unwrap();
        assert_eq!(same.status(), StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(same.headers()["etag"].to_str().unwrap(), tag);
        assert!(same.bytes().await.unwrap().is_empty());
        let other = again("\"other\"").send().await.unwrap();
        assert_eq!(other.status(), StatusCode::OK, "{path}");
    }
    let tag = world
        .get("/api/v1/counters")
        .send()
        .await
        .unwrap()
        .headers()["etag"]
        .clone();
    world.put(world.order("LATER-1")).await;
    let changed = world.get("/api/v1/counters").header("if-none-match", tag);
    assert_eq!(changed.send().await.unwrap().status(), StatusCode::OK);
    let missing = world
        .get("/api/v1/orders/bol-nl/none")
        .header("if-none-match", "*");
    assert_eq!(
        missing.send().await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}
