//! What somebody tries who should not get in, or who writes orders to do harm.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod support;

use std::time::Duration;

use order_core::ports::OrderStore as _;
use reqwest::StatusCode;
use serde_json::json;
use support::{EVIL, World, key, token};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// The address of an order's page, with everything special in it encoded.
fn path_of(id: &str) -> String {
    let encoded: String = id.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/orders/bol-nl/{encoded}")
}

#[tokio::test]
async fn texts_of_others_are_never_markup() {
    let world = World::local().await;
    world.fill().await;
    let evil = path_of(&format!("EVIL-{EVIL}/../x"));
    let search = format!("/?q={}", "%3Cscript%3Ealert(1)%3C/script%3E%22%27");
    for path in [
        "/",
        "/problems",
        "/connections",
        "/orders/bol-nl/NEEDY-1",
        &*evil,
        &*search,
        "/?connection=%3Cscript%3E&problem=unknown_product",
    ] {
        let page = world.page(path).await;
        assert!(!page.contains("<script>alert"), "{path}: {page}");
        assert!(!page.contains("\"'&\""), "{path}");
        // The only script is ours, in a file of its own.
        assert_eq!(page.matches("<script").count(), 1, "{path}");
        assert!(
            !page.contains(" style=") && !page.contains("onclick"),
            "{path}"
        );
    }
    assert!(
        world
            .page(&evil)
            .await
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;")
    );
    // Every link to it leads to it.
    let overview = world.page("/").await;
    let link = overview.split("href=\"/orders/bol-nl/EVIL").nth(1).unwrap();
    let link = format!("/orders/bol-nl/EVIL{}", link.split('"').next().unwrap());
    assert!(world.page(&link).await.contains("EVIL-&lt;script"));
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_allow_nothing_else() {
    let world = World::local().await;
    for path in [
        "/",
        "/api/v1/counters",
        "/nowhere",
        "/assets/console.js",
        "/?status=x",
    ] {
        let answer = world.get(path).send().await.unwrap();
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(
            policy.starts_with("default-src 'none'") && !policy.contains("unsafe"),
            "{path}"
        );
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers()["x-frame-options"], "DENY");
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
        if path != "/assets/console.js" {
            assert_eq!(answer.headers()["cache-control"], "no-store", "{path}");
        }
    }
}

#[tokio::test]
async fn a_form_without_its_token_or_from_elsewhere_does_nothing() {
    let world = World::local().await;
    world.fill().await;
    let right = token(&world.page("/").await);
    let path = "/orders/bol-nl/OPEN-1/act";
    for wrong in ["", "x", &right[1..], &right.to_uppercase()] {
        let form = [("token", wrong), ("action", "manual")];
        let answer = world.post(path).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{wrong}");
    }
    let missing = world.post(path).form(&[("action", "manual")]);
    assert_eq!(
        missing.send().await.unwrap().status(),
        StatusCode::FORBIDDEN
    );
    for (name, value) in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let form = [("token", &*right), ("action", "manual")];
        let request = world.post(path).header(name, value).form(&form);
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::FORBIDDEN,
            "{value}"
        );
        let request = world.post("/api/v1/orders/bol-nl/OPEN-1/actions");
        let request = request
            .header(name, value)
            .json(&json!({"action": "manual"}));
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::FORBIDDEN,
            "{value}"
        );
    }
    // Content types that a page of another site may send are not taken for JSON.
    let plain = world.post("/api/v1/orders/bol-nl/OPEN-1/actions");
    let plain = plain
        .header("content-type", "text/plain")
        .body("{\"action\":\"manual\"}");
    let answer = plain.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert!(world.history("OPEN-1").await.is_empty());
}

#[tokio::test]
async fn another_sessions_token_is_no_token() {
    let world = World::with_users().await;
    world.fill().await;
    let page = async |session: &str| {
        let request = world.get("/").header("cookie", session);
        request.send().await.unwrap().text().await.unwrap()
    };
    let (first, second) = (world.session("olga").await, world.session("olga").await);
    let other = token(&page(&second).await);
    assert_ne!(token(&page(&first).await), other);
    let form = [("token", &*other), ("action", "manual")];
    let request = world
        .post("/orders/bol-nl/OPEN-1/act")
        .header("cookie", &first);
    let answer = request.form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    assert!(world.history("OPEN-1").await.is_empty());
}

#[tokio::test]
async fn bodies_that_are_too_large_are_refused() {
    let world = World::local().await;
    world.fill().await;
    let token = token(&world.page("/").await);
    let long = "x".repeat(200_000);
    let form = [("token", &*token), ("action", "note"), ("note", &*long)];
    let answer = world
        .post("/orders/bol-nl/OPEN-1/act")
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let note = json!({"action": "note", "text": long});
    let request = world
        .post("/api/v1/orders/bol-nl/OPEN-1/actions")
        .json(&note);
    assert_eq!(
        request.send().await.unwrap().status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let login = world
        .post("/login")
        .form(&[("user", &long)])
        .send()
        .await
        .unwrap();
    assert_eq!(login.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let request = world
        .post("/api/v1/actions")
        .header("content-type", "application/json");
    assert_eq!(
        request.body(deep).send().await.unwrap().status(),
        StatusCode::BAD_REQUEST
    );
    let address = format!("/?q={}", "x".repeat(60_000));
    let status = world.get(&address).send().await.unwrap().status();
    assert!(status.is_client_error(), "{status}");
    assert!(world.history("OPEN-1").await.is_empty());
}

#[tokio::test]
async fn paths_lead_nowhere_else() {
    let world = World::local().await;
    world.fill().await;
    for path in [
        "/assets/..%2f..%2fCargo.toml",
        "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/....//console.css",
        "/orders/..%2f..%2f/x",
        "/orders/bol-nl/%00",
        "/orders/bol-nl/%FF%FE",
        "/results/../../etc/passwd",
        "//evil.example/",
        "/api/v1/../../metrics/x",
        "/api/v1/orders/%2e%2e/%2e%2e",
    ] {
        let answer = raw(
            &world,
            &format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n"),
        )
        .await;
        let status: u16 = answer.split(' ').nth(1).unwrap().parse().unwrap();
        assert!((400..500).contains(&status), "{path}: {answer}");
        assert!(
            !answer.contains("root:") && !answer.contains("[package]"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn sql_in_filters_is_only_text() {
    let world = World::local().await;
    world.fill().await;
    let sqlite = tempfile::tempdir().unwrap();
    let store = order_store::SqliteStore::open(sqlite.path().join("o.sqlite")).unwrap();
    let order = world.linked("A-1", "'; DROP TABLE orders; --");
    let change = order_core::ports::Change {
        order,
        next_due: None,
        content_changed: true,
        notes: Vec::new(),
        effects: Vec::new(),
        at: chrono::DateTime::UNIX_EPOCH,
    };
    store.amend(change).await.unwrap();
    let store = std::sync::Arc::new(store);
    let clock = std::sync::Arc::new(world.clock.clone());
    let console = order_console::Console::new(store.clone(), clock, &[]);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving = async move {
        let local = order_console::Access::Local;
        console.serve(listener, local, std::future::pending()).await
    };
    tokio::spawn(serving);
    for (query, found) in [
        ("q=%27%3B+DROP", 1),
        ("q=%25", 0),
        ("q=A-1%27+OR+%271%27%3D%271", 0),
        ("connection=x%27+OR+1%3D1+--", 0),
        ("q=%22", 0),
        ("q=%00", 1),
    ] {
        let request = world.client.get(format!("{url}/api/v1/orders?{query}"));
        let page: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(page["total"], found, "{query}");
    }
    assert!(store.load(key("A-1")).await.unwrap().is_some());
}

#[tokio::test]
async fn broken_requests_and_slow_clients_hold_nobody_up() {
    let world = World::local().await;
    world.fill().await;
    let address = world.url.strip_prefix("http://").unwrap().to_owned();
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let head = "POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 50\r\n\
                    content-type: application/x-www-form-urlencoded\r\n\r\nuser=";
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let page = tokio::time::timeout(Duration::from_secs(5), world.page("/")).await;
    assert!(page.unwrap().contains("5 orders"));
    for request in [
        "\r\n\r\n",
        "GET\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n",
        "POST /bulk HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}",
    ] {
        let answer = raw(&world, request).await;
        let good = answer.contains(" 200 ");
        assert!(!good, "{request:?}: {answer}");
    }
    assert!(world.page("/").await.contains("5 orders"));
}

/// Sends bytes as they are and gives what comes back.
async fn raw(world: &World, request: &str) -> String {
    let address = world.url.strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    drop(tokio::time::timeout(Duration::from_secs(5), read).await);
    let text = String::from_utf8_lossy(&answer).into_owned();
    text.split("\r\n").next().unwrap_or_default().to_owned() + &text
}
