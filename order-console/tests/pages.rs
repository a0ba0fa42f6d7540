//! The pages, as a browser without scripts sees them.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod support;

use chrono::TimeDelta;
use order_core::ports::{Claim, Clock as _, OrderStore as _, Throttled};
use order_core::state::Status;
use reqwest::StatusCode;
use support::{EVIL, World, key, token};

#[tokio::test]
async fn every_page_is_there_and_says_what_it_is() {
    let world = World::local().await;
    world.fill().await;
    for (path, text) in [
        ("/", "5 orders"),
        ("/?needs_action=1", "1 order"),
        ("/?q=1002", "SHIPPED-1"),
        ("/?q=3sabcd", "SHIPPED-1"),
        ("/?q=nothing", "No order fits these filters."),
        ("/problems", "Product not found in the webshop"),
        ("/connections", "works as it should"),
        ("/activity", "Orders in"),
        ("/orders/bol-nl/NEEDY-1", "What is in the way"),
        ("/orders/bol-nl/SHIPPED-1", "rule 1 of the connection"),
    ] {
        let page = world.page(path).await;
        assert!(page.contains(text), "{text:?} is not in {path}: {page}");
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<html lang=\"en\">"));
    }
    let answer = world.get("/nowhere").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    let answer = world.get("/?status=lost").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(answer.text().await.unwrap().contains("no status"));
}

#[tokio::test]
async fn an_empty_overview_says_so() {
    let world = World::local().await;
    assert!(world.page("/").await.contains("No orders yet."));
    assert!(
        world
            .page("/problems")
            .await
            .contains("No order has a problem.")
    );
}

#[tokio::test]
async fn filters_stay_in_the_address_from_page_to_page() {
    let world = World::local().await;
    // The list begins at the order seen last, and this clock goes on while orders are put in.
    let start = world.clock.now();
    for number in 0..5 {
        let mut order = world.order(&format!("A-{number}"));
        order.state.first_seen = start - TimeDelta::hours(number);
        world.put(order).await;
    }
    let page = world.page("/?status=not_shipped&limit=2").await;
    let start = page.find("rel=\"next\" href=\"").unwrap() + 17;
    let next = page[start..]
        .split('"')
        .next()
        .unwrap()
        .replace("&amp;", "&");
    assert!(
        next.starts_with("/?status=not_shipped&limit=2&after="),
        "{next}"
    );
    let second = world.page(&next).await;
    assert!(
        second.contains(">A-2<") && second.contains(">A-3<") && !second.contains(">A-1<"),
        "{second}"
    );
    assert!(second.contains("rel=\"prev\""));
}

#[tokio::test]
async fn an_action_ends_at_a_page_that_says_what_was_done() {
    let world = World::local().await;
    world.fill().await;
    let token = token(&world.page("/orders/bol-nl/OPEN-1").await);
    let form = [
        ("token", &*token),
        ("action", "manual"),
        ("note", "by phone"),
    ];
    let path = "/orders/bol-nl/OPEN-1/act";
    let answer = world.post(path).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let next = answer.headers()["location"].to_str().unwrap();
    let page = world.page(next).await;
    assert!(page.contains("The engine keeps its hands off this order now."));
    assert!(page.contains("a person handles it: by phone"));
    let order = world.store.load(key("OPEN-1")).await.unwrap().unwrap();
    assert_eq!(order.status(), Status::Manual);
    // What cannot be done is said on the order's page.
    let form = [
        ("token", &*token),
        ("action", "set_tracking"),
        ("code", "3S1"),
    ];
    let refused = world.post(path).form(&form).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert!(refused.text().await.unwrap().contains("hand it back first"));
    // And the button is disabled, with the reason.
    assert!(page.contains("id=\"why-set_tracking\">a person handles it; hand it back first"));
}

#[tokio::test]
async fn an_action_on_several_has_a_result_for_each_and_can_be_loaded_again() {
    let world = World::local().await;
    world.fill().await;
    let page = world.page("/?status=not_shipped").await;
    let token = token(&page);
    let places: Vec<&str> = page
        .split("name=\"order\" value=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(places.len(), 4);
    let mut form = vec![
        ("token", &*token),
        ("action", "retry"),
        ("back", "status=not_shipped&evil=%22%3E%3Cscript%3E"),
    ];
    form.extend(places.iter().map(|place| ("order", *place)));
    let answer = world.post("/bulk").form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    let next = answer.headers()["location"].to_str().unwrap().to_owned();
    for _ in 0..2 {
        let result = world.page(&next).await;
        assert!(result.contains("Try again now: 4 of 4 orders"), "{result}");
        assert!(result.contains("href=\"/?status=not_shipped\""), "{result}");
    }
    let history = world.history("NEW-1").await;
    let tries = history.iter().filter(|text| *text == "operator: try again");
    assert_eq!(tries.count(), 1);
    let none = [("token", &*token), ("action", "retry")];
    let answer = world.post("/bulk").form(&none).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains("no order was selected")
    );
}

#[tokio::test]
async fn a_connection_is_stopped_and_goes_on_from_its_page() {
    let world = World::local().await;
    let token = token(&world.page("/connections").await);
    let form = [("token", &*token), ("why", "stock-taking")];
    let path = "/connections/bol-nl/stop";
    let answer = world.post(path).form(&form).send().await.unwrap();
    assert_eq!(answer.headers()["location"], "/connections?done=stop");
    assert!(
        world
            .page("/connections")
            .await
            .contains("stock-taking (operator, ")
    );
    assert!(world.page("/").await.contains("stopped by a person"));
    let path = "/connections/bol-nl/go-on";
    world.post(path).form(&form).send().await.unwrap();
    assert!(
        world
            .page("/connections")
            .await
            .contains("works as it should")
    );
}

#[tokio::test]
async fn a_platform_that_throttles_is_shown_with_its_rest() {
    let world = World::local().await;
    assert!(
        world
            .page("/connections")
            .await
            .contains("no platform throttles")
    );
    let now = world.clock.now();
    let claim = Claim {
        owner: "tester".to_owned(),
        now,
        lease_for: std::time::Duration::from_secs(60),
        connections: [].into(),
        early: true,
    };
    let claimed = world.store.claim(claim).await.unwrap().unwrap();
    let mut memo = claimed.memo;
    let throttled = Throttled {
        times: 3,
        until: now + TimeDelta::minutes(4),
    };
    memo.throttled.insert("marketplace".to_owned(), throttled);
    world.store.release(claimed.lease, memo, now).await.unwrap();
    let page = world.page("/connections").await;
    assert!(
        page.contains("the marketplace throttled 3 cycles in a row"),
        "{page}"
    );
    let answer = world.get("/api/v1/connections").send().await.unwrap();
    let answer: serde_json::Value = answer.json().await.unwrap();
    let shown = &answer[0]["throttled"][0];
    assert_eq!(
        (&shown["side"], &shown["times"]),
        (&"marketplace".into(), &3.into())
    );
}

#[tokio::test]
async fn files_have_every_order_of_the_filter() {
    let world = World::local().await;
    world.fill().await;
    for number in 0..450 {
        world.put(world.order(&format!("A-{number}"))).await;
    }
    let answer = world.get("/export.csv").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let text = answer.text().await.unwrap();
    assert_eq!(text.lines().count(), 1 + 455);
    assert!(text.starts_with("connection,order,status,"));
    let json = world.page("/export.json?needs_action=1").await;
    assert_eq!(json.lines().count(), 1);
    let row: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(row["order"], "NEEDY-1");
}

#[tokio::test]
async fn it_nests_anywhere_and_its_links_follow() {
    use order_console::Access;
    let world = World::local().await;
    world.fill().await;
    let inner = world.console.router(Access::Surrounding);
    let app = axum::Router::new().nest("/back/office", inner);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    for path in [
        "/back/office",
        "/back/office/problems",
        "/back/office/orders/bol-nl/OPEN-1",
    ] {
        let answer = world
            .client
            .get(format!("{url}{path}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let page = answer.text().await.unwrap();
        for attribute in ["href=\"/", "src=\"/", "action=\"/"] {
            for rest in page.split(attribute).skip(1) {
                assert!(
                    rest.starts_with("back/office"),
                    "{path}: {attribute}{rest:.40}"
                );
            }
        }
    }
    let api = world
        .client
        .get(format!("{url}/back/office/api/v1/counters"));
    assert_eq!(api.send().await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn an_open_page_is_told_when_orders_change() {
    let world = World::local().await;
    let mut events = world.get("/live").send().await.unwrap();
    assert_eq!(events.headers()["content-type"], "text/event-stream");
    let first = events.chunk().await.unwrap().unwrap();
    assert_eq!(&first[..], b"event: revision\ndata: 0\n\n");
    world.put(world.order("A-1")).await;
    let second = events.chunk().await.unwrap().unwrap();
    assert_eq!(&second[..], b"event: revision\ndata: 1\n\n");
}

#[tokio::test]
async fn the_order_that_waits_the_longest_to_be_sent_is_told() {
    let world = World::local().await;
    assert!(world.page("/activity").await.contains("No order waits"));
    let evil = format!("OLD-{EVIL}");
    world.put(world.order(&evil)).await;
    world.clock.jump(chrono::Duration::hours(3));
    world.fill().await;
    let connections = world.json("/api/v1/connections").await;
    let oldest = &connections[0]["oldest_waiting"];
    assert_eq!(oldest["order"], evil.as_str());
    assert_eq!(oldest["age_seconds"], 3 * 3600);
    assert_eq!(oldest["status"], "not shipped");
    for path in ["/activity", "/connections"] {
        let page = world.page(path).await;
        assert!(page.contains("OLD-&lt;script&gt;"), "{path}");
        assert!(!page.contains("<script>alert"), "{path}");
    }
    let page = world.page("/activity").await;
    assert!(page.contains("waits for 3 h"), "{page}");
    let figures = world.page("/metrics").await;
    let line = "order_console_oldest_waiting_seconds{connection=\"bol-nl\"} 10800";
    assert!(figures.lines().any(|found| found == line), "{figures}");
}

#[tokio::test]
async fn health_and_figures_are_there_for_machines() {
    let world = World::local().await;
    world.fill().await;
    assert_eq!(world.page("/healthz").await, "ok\n");
    assert_eq!(world.page("/readyz").await, "ok\n");
    let figures = world.page("/metrics").await;
    for line in [
        "order_console_orders{connection=\"bol-nl\",status=\"not shipped\"} 4",
        "order_console_orders{connection=\"bol-nl\",status=\"shipped\"} 1",
        "order_console_problems{connection=\"bol-nl\",kind=\"unknown_product\"} 1",
        "order_console_orders_overdue{connection=\"bol-nl\"} 1",
        "order_console_connection_health{connection=\"bol-nl\",health=\"good\"} 1",
        "order_console_connection_health{connection=\"bol-nl\",health=\"late\"} 0",
        "order_console_order_writes_total{connection=\"bol-nl\"} 5",
    ] {
        assert!(
            figures.lines().any(|found| found == line),
            "{line} in {figures}"
        );
    }
    for line in figures.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(
            name.ends_with('}') && value.parse::<f64>().is_ok(),
            "{line}"
        );
    }
}
