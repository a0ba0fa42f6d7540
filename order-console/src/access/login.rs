//! Logging in and out.

use axum::Form;
use axum::extract::{Extension, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;

use super::form::{SafeForm, same};
use super::guard::{Base, COOKIE, session_id};
use crate::App;
use crate::messages as say;
use crate::pages;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Next {
    next: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Credentials {
    user: String,
    password: String,
    token: String,
    next: Option<String>,
}

/// The page to log in at.
pub(crate) async fn login_page(
    State(app): State<App>,
    Extension(base): Extension<Base>,
    Query(query): Query<Next>,
) -> Response {
    if !app.gate.has_login() {
        return Redirect::to(&format!("{}/", base.0)).into_response();
    }
    pages::login(
        StatusCode::OK,
        &base.0,
        &app.gate.login_token,
        &inside(query.next),
        None,
    )
}

/// Begins a session.
pub(crate) async fn login(
    State(app): State<App>,
    Extension(base): Extension<Base>,
    request: Request,
) -> Response {
    use axum::extract::FromRequest as _;
    let peer = super::guard::peer(request.extensions());
    let is_https = request
        .headers()
        .get(header::ORIGIN)
        .is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let given = match Form::<Credentials>::from_request(request, &app).await {
        Ok(Form(given)) => given,
        Err(error) => {
            return pages::refusal(error.status(), say::UNREADABLE_FORM, &base.0);
        }
    };
    let next = inside(given.next);
    if !same(&given.token, &app.gate.login_token) {
        return pages::refusal(StatusCode::FORBIDDEN, say::STALE_FORM, &base.0);
    }
    let again = |status, text: String| {
        pages::login(status, &base.0, &app.gate.login_token, &next, Some(&text))
    };
    match app.gate.check(&given.user, given.password, peer).await {
        Ok(actor) => {
            let id = app.gate.sessions.begin(&actor.name);
            let secure = if is_https { "; Secure" } else { "" };
            let path = if base.0.is_empty() { "/" } else { &base.0 };
            let cookie = format!("{COOKIE}={id}; Path={path}; HttpOnly; SameSite=Lax{secure}");
            let mut response = Redirect::to(&format!("{}{next}", base.0)).into_response();
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Err(None) => again(StatusCode::UNAUTHORIZED, say::WRONG_LOGIN.to_owned()),
        Err(Some(seconds)) => {
            let mut response = again(StatusCode::TOO_MANY_REQUESTS, say::login_wait(seconds));
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

/// Ends a session.
pub(crate) async fn logout(State(app): State<App>, headers: HeaderMap, form: SafeForm) -> Response {
    if let Some(id) = session_id(&headers) {
        app.gate.sessions.end(&id);
    }
    Redirect::to(&format!("{}/login", form.ticket.base)).into_response()
}

/// A path of ours to go on to; the overview when it is something else.
fn inside(next: Option<String>) -> String {
    next.filter(|path| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.starts_with("/login")
            && !path.chars().any(|c| c == '\\' || c.is_control())
    })
    .unwrap_or_else(|| "/".to_owned())
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn after_the_login_one_stays_inside() {
        for (next, path) in [
            ("/orders/a?x=1", "/orders/a?x=1"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("", "/"),
            ("/a\r\nSet-Cookie: x", "/"),
        ] {
            assert_eq!(inside(Some(next.to_owned())), path);
        }
    }
}
