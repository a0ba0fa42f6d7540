//! Who gets in, and who does not.

#![expect(clippy::unwrap_used, reason = "a failed step is the outcome of a test")]

mod support;

use order_console::{Access, Proxy, Role, User};
use order_core::Kind;
use order_core::ports::OrderStore as _;
use reqwest::StatusCode;
use serde_json::json;
use support::{PASSWORD, World, cookie, key, problem, token};

#[tokio::test]
async fn without_users_only_loopback_is_served() {
    let world = World::local().await;
    for (address, access) in [
        ("0.0.0.0:0", Access::Local),
        ("0.0.0.0:0", Access::Users(Vec::new())),
        ("127.0.0.1:0", Access::Surrounding),
    ] {
        let listener = tokio::net::TcpListener::bind(address).await.unwrap();
        let refused = world
            .console
            .serve(listener, access, std::future::pending())
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), Kind::Config);
        assert!(refused.report().contains("anybody could come in"));
    }
}

#[tokio::test]
async fn without_a_login_only_names_of_this_machine_are_answered() {
    let world = World::local().await;
    for path in ["/", "/api/v1/orders", "/metrics", "/assets/console.css"] {
        let request = world.get(path).header("host", "rebound.example:8080");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn nobody_sees_anything_before_the_login() {
    let world = World::with_users().await;
    world.fill().await;
    for path in [
        "/",
        "/problems",
        "/orders/bol-nl/OPEN-1?x=1",
        "/live",
        "/export.csv",
    ] {
        let answer = world.get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        let next = answer.headers()["location"].to_str().unwrap();
        assert!(next.starts_with("/login?next=%2F"), "{next}");
    }
    for path in ["/api/v1/orders", "/api/v1/openapi.json", "/metrics"] {
        let answer = world.get(path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert!(answer.headers().contains_key("www-authenticate"));
        problem(answer).await;
    }
    let act = world.post("/orders/bol-nl/OPEN-1/act");
    let answer = act.form(&[("action", "manual")]).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    assert!(world.history("OPEN-1").await.is_empty());
    assert_eq!(world.page("/healthz").await, "ok\n");
}

#[tokio::test]
async fn a_login_begins_a_session_and_a_logout_ends_it() {
    let world = World::with_users().await;
    let answer = world.log_in("olga", PASSWORD).await;
    let set = answer.headers()["set-cookie"].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    let session = cookie(&answer);
    let page = world
        .get("/")
        .header("cookie", &session)
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let token = token(&page.text().await.unwrap());
    let out = world.post("/logout").header("cookie", &session);
    let out = out.form(&[("token", &token)]).send().await.unwrap();
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    let after = world
        .get("/")
        .header("cookie", &session)
        .send()
        .await
        .unwrap();
    assert_eq!(after.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn behind_https_the_cookie_stays_there() {
    let world = World::with_users().await;
    let page = world.page("/login").await;
    let form = [
        ("token", token(&page)),
        ("user", "olga".into()),
        ("password", PASSWORD.into()),
    ];
    let answer = world
        .post("/login")
        .header("host", "orders.example")
        .header("origin", "https://orders.example")
        .form(&form)
        .send()
        .await
        .unwrap();
    let set = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(set.ends_with("; Secure"), "{set}");
}

#[tokio::test]
async fn wrong_passwords_are_refused_alike_and_soon_slowed_down() {
    let world = World::with_users().await;
    let text = async |user: &str, password: &str| {
        let answer = world.log_in(user, password).await;
        (answer.status(), answer.text().await.unwrap())
    };
    let (status, known) = text("olga", "wrong").await;
    let (_, unknown) = text("nobody", "wrong").await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(known, unknown);
    for _ in 0..4 {
        assert_eq!(text("olga", "wrong").await.0, StatusCode::UNAUTHORIZED);
    }
    let (status, page) = text("olga", PASSWORD).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(page.contains("Too many wrong passwords"));
    let api = world
        .get("/api/v1/counters")
        .basic_auth("olga", Some(PASSWORD));
    let answer = api.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.headers().contains_key("retry-after"));
    // Others are not held up.
    assert_eq!(
        world.log_in("vic", PASSWORD).await.status(),
        StatusCode::SEE_OTHER
    );
}

#[tokio::test]
async fn a_program_logs_in_with_every_request() {
    let world = World::with_users().await;
    world.fill().await;
    let get = world
        .get("/api/v1/counters")
        .basic_auth("vic", Some(PASSWORD));
    assert_eq!(get.send().await.unwrap().status(), StatusCode::OK);
    let act = |user| {
        world
            .post("/api/v1/orders/bol-nl/OPEN-1/actions")
            .basic_auth(user, Some(PASSWORD))
            .json(&json!({"action": "retry"}))
    };
    let refused = act("vic").send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    problem(refused).await;
    assert!(world.history("OPEN-1").await.is_empty());
    assert_eq!(act("olga").send().await.unwrap().status(), StatusCode::OK);
    assert_eq!(world.history("OPEN-1").await[0], "olga: try again");
}

#[tokio::test]
async fn a_viewer_changes_nothing_by_any_way() {
    let world = World::with_users().await;
    world.fill().await;
    let session = world.session("vic").await;
    let page = world
        .get("/orders/bol-nl/OPEN-1")
        .header("cookie", &session)
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("Only operators may do this"));
    let token = token(&page);
    let before = world.store.load(key("OPEN-1")).await.unwrap();
    for path in [
        "/orders/bol-nl/OPEN-1/act",
        "/bulk",
        "/connections/bol-nl/stop",
        "/connections/bol-nl/go-on",
    ] {
        let form = [
            ("token", &*token),
            ("action", "manual"),
            ("role", "operator"),
        ];
        let request = world.post(path).header("cookie", &session).form(&form);
        assert_eq!(
            request.send().await.unwrap().status(),
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    for path in [
        "/api/v1/orders/bol-nl/OPEN-1/actions",
        "/api/v1/actions",
        "/api/v1/connections/bol-nl/stop",
        "/api/v1/connections/bol-nl/go-on",
    ] {
        let request = world.post(path).header("cookie", &session);
        let answer = request
            .json(&json!({"action": "manual"}))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{path}");
    }
    assert_eq!(world.store.load(key("OPEN-1")).await.unwrap(), before);
    assert_eq!(world.store.connections().await.unwrap()[0].stopped, None);
}

#[test]
fn users_that_cannot_be_are_refused() {
    let hash = order_console::hash_password(PASSWORD).unwrap();
    for (name, hash) in [
        ("", &*hash),
        ("a b", &*hash),
        ("olga", "secret"),
        ("olga", "$2b$12$abcdefghijklmnopqrstuv"),
    ] {
        assert!(
            User::new(name, Role::Viewer, hash).is_err(),
            "{name} {hash}"
        );
    }
    let user = User::new("olga", Role::Viewer, &*hash).unwrap();
    assert!(!format!("{user:?}").contains("argon2"));
}

#[tokio::test]
async fn a_proxys_word_counts_from_its_address_alone() {
    let from = async |trusted: &str| {
        let trusted = vec![trusted.parse().unwrap()];
        let proxy = Proxy::new("X-Forwarded-User", trusted, vec!["olga".to_owned()]).unwrap();
        let world = World::start(Access::Proxy(proxy)).await;
        world.fill().await;
        world
    };
    let world = from("127.0.0.1").await;
    let ask = |name: &str| {
        world
            .get("/orders/bol-nl/NEW-1")
            .header("x-forwarded-user", name)
    };
    let page = ask("olga").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    let act = async |name: &str, given: String| {
        let form = [("token", given), ("action", "retry".to_owned())];
        let post = world.post("/orders/bol-nl/NEW-1/act").form(&form);
        post.header("x-forwarded-user", name)
            .send()
            .await
            .unwrap()
            .status()
    };
    assert_eq!(act("olga", token(&page)).await, StatusCode::SEE_OTHER);
    assert!(
        world
            .history("NEW-1")
            .await
            .contains(&"olga: try again".to_owned())
    );
    // Everybody else looks, and nobody's page serves for another.
    let viewer = ask("vic").send().await.unwrap();
    assert_eq!(viewer.status(), StatusCode::OK);
    let of_viewer = token(&viewer.text().await.unwrap());
    assert_eq!(act("vic", of_viewer.clone()).await, StatusCode::FORBIDDEN);
    assert_eq!(act("olga", of_viewer).await, StatusCode::FORBIDDEN);
    // Without a name, with two, and with an odd one nobody comes in.
    for request in [
        world.get("/"),
        ask("olga").header("x-forwarded-user", "vic"),
        ask("<b>"),
        world.get("/api/v1/orders"),
    ] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    }
    let elsewhere = from("192.0.2.1").await;
    let forged = elsewhere.get("/").header("x-forwarded-user", "olga");
    let forged = forged.send().await.unwrap();
    assert_eq!(forged.status(), StatusCode::UNAUTHORIZED);
    assert!(
        forged
            .text()
            .await
            .unwrap()
            .contains("Not through the proxy")
    );
    assert!(Proxy::new("bad header", vec!["127.0.0.1".parse().unwrap()], Vec::new()).is_err());
    assert!(Proxy::new("x-user", Vec::new(), Vec::new()).is_err());
}
