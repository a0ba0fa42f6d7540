//! What every request passes before a handler sees it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, OriginalUri, Request, State};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode, Uri, request::Parts};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::throttle::Key;
use super::{Access, Actor, Gate, Role, password};
use crate::App;
use crate::api::Trouble;
use crate::messages as say;

/// The cookie that holds the id of a session.
pub(super) const COOKIE: &str = "order_console";

/// Where the router stands in the application around it: empty, or a path such as `/orders`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Base(pub(crate) String);

impl Base {
    fn of(original: &Uri, current: &Uri) -> Self {
        let (original, current) = (original.path(), current.path());
        let base = original.strip_suffix(current).unwrap_or(original);
        Self(base.trim_end_matches('/').to_owned())
    }
}

/// Who is in, and what their pages need.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    /// Who.
    pub(crate) actor: Actor,
    /// What every form of theirs must bring back.
    pub(crate) token: String,
    /// Whether they can log out.
    pub(crate) session: bool,
    /// Where links begin.
    pub(crate) base: String,
}

/// Lets a request through to its handler, or says why not.
pub(crate) async fn guard(
    State(app): State<App>,
    OriginalUri(original): OriginalUri,
    mut request: Request,
    next: Next,
) -> Response {
    let base = Base::of(&original, request.uri());
    let path = request.uri().path().to_owned();
    let wants_page = !path.starts_with("/api/") && path != "/metrics";
    request.extensions_mut().insert(base.clone());
    if matches!(app.gate.access, Access::Local) && !is_loopback_name(request.headers()) {
        return refuse(
            StatusCode::MISDIRECTED_REQUEST,
            say::NOT_THIS_HOST,
            wants_page,
            &base,
        );
    }
    if !is_safe(request.method()) && comes_from_elsewhere(request.headers()) {
        return refuse(
            StatusCode::FORBIDDEN,
            say::FROM_ELSEWHERE,
            wants_page,
            &base,
        );
    }
    if is_open(&path) {
        return next.run(request).await;
    }
    let shown = Shown {
        session: session_id(request.headers()),
        basic: basic(request.headers()),
        actor: request.extensions().get::<Actor>().cloned(),
        peer: peer(request.extensions()),
        headers: request.headers().clone(),
    };
    match admit(&app.gate, &base, shown).await {
        Ok(ticket) => {
            request.extensions_mut().insert(ticket);
            next.run(request).await
        }
        Err(Refusal::LogIn) if wants_page && request.method() == Method::GET => {
            let here = request
                .uri()
                .path_and_query()
                .map_or("/", |all| all.as_str());
            let query =
                percent_encoding::utf8_percent_encode(here, percent_encoding::NON_ALPHANUMERIC);
            Redirect::to(&format!("{}/login?next={query}", base.0)).into_response()
        }
        Err(Refusal::NotThroughProxy) => refuse(
            StatusCode::UNAUTHORIZED,
            say::NOT_THROUGH_PROXY,
            wants_page,
            &base,
        ),
        Err(Refusal::LogIn) => {
            let mut response = refuse(StatusCode::UNAUTHORIZED, say::LOG_IN, wants_page, &base);
            let challenge = HeaderValue::from_static("Basic realm=\"orders\", charset=\"UTF-8\"");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, challenge);
            response
        }
        Err(Refusal::Wait(seconds)) => {
            let mut response = refuse(
                StatusCode::TOO_MANY_REQUESTS,
                say::TOO_MANY_LOGINS,
                wants_page,
                &base,
            );
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

/// What anybody may ask for.
fn is_open(path: &str) -> bool {
    matches!(path, "/login" | "/healthz" | "/readyz") || path.starts_with("/assets/")
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

enum Refusal {
    LogIn,
    NotThroughProxy,
    Wait(u64),
}

/// What a request shows of who makes it.
struct Shown {
    session: Option<String>,
    basic: Option<(String, String)>,
    actor: Option<Actor>,
    peer: Option<IpAddr>,
    headers: HeaderMap,
}

async fn admit(gate: &Gate, base: &Base, shown: Shown) -> Result<Ticket, Refusal> {
    let ticket = |actor, token: &str, session| Ticket {
        actor,
        token: token.to_owned(),
        session,
        base: base.0.clone(),
    };
    match &gate.access {
        Access::Local => Ok(ticket(
            Actor::new("operator", Role::Operator),
            &gate.token,
            false,
        )),
        Access::Surrounding => {
            let actor = shown
                .actor
                .unwrap_or_else(|| Actor::new("application", Role::Operator));
            Ok(ticket(actor, &gate.token, false))
        }
        Access::Proxy(proxy) => {
            let actor = proxy.actor(shown.peer, &shown.headers);
            let actor = actor.ok_or(Refusal::NotThroughProxy)?;
            let token = gate.token_of(&actor.name);
            Ok(ticket(actor, &token, false))
        }
        Access::Users(_) => {
            if let Some((name, token)) = shown.session.and_then(|id| gate.sessions.find(&id))
                && let Some(user) = gate.user(&name)
            {
                return Ok(ticket(Actor::new(name, user.role), &token, true));
            }
            let (name, password) = shown.basic.ok_or(Refusal::LogIn)?;
            let who =
                gate.check(&name, password, shown.peer)
                    .await
                    .map_err(|refused| match refused {
                        Some(wait) => Refusal::Wait(wait),
                        None => Refusal::LogIn,
                    })?;
            Ok(ticket(who, &gate.token, false))
        }
    }
}

impl Gate {
    /// Checks a name and a password. *Errors*: the seconds to wait, or `None` for a wrong one.
    pub(super) async fn check(
        &self,
        name: &str,
        password: String,
        peer: Option<IpAddr>,
    ) -> Result<Actor, Option<u64>> {
        let peer = peer.map_or_else(String::new, |peer| peer.to_string());
        let name: String = name.chars().take(100).collect();
        let keys = Key::all(&name, &peer);
        if let Some(wait) = self.throttle.wait(&keys) {
            return Err(Some(wait.as_secs().max(1)));
        }
        let user = self.user(&name);
        if password::verify(password, user.map(|user| user.hash.clone())).await
            && let Some(user) = user
        {
            self.throttle.succeeded(&keys);
            return Ok(Actor::new(user.name.clone(), user.role));
        }
        self.throttle.failed(&keys);
        tracing::warn!(user = ?name, peer, "a login was refused");
        Err(None)
    }
}

pub(super) fn peer(extensions: &axum::http::Extensions) -> Option<IpAddr> {
    let info = extensions.get::<ConnectInfo<SocketAddr>>()?;
    Some(info.0.ip())
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let encoded = value.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

pub(super) fn session_id(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, id)| id.to_owned())
}

/// Whether the request names this machine: a name on the web may point to it as well.
fn is_loopback_name(headers: &HeaderMap) -> bool {
    let Some(host) = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
    else {
        return false;
    };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    };
    if name.eq_ignore_ascii_case("localhost") {
        return true;
    }
    let address = name.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Whether a browser says that another site's page makes the request.
fn comes_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or("unreadable").to_owned())
    };
    let site = text(HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return true;
    }
    let Some(origin) = text(header::ORIGIN) else {
        return false;
    };
    let host = text(header::HOST).unwrap_or_default();
    let named = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    named.is_none_or(|named| !named.eq_ignore_ascii_case(&host))
}

pub(super) fn refuse(
    status: StatusCode,
    text: say::Refused,
    wants_page: bool,
    base: &Base,
) -> Response {
    if wants_page {
        crate::pages::refusal(status, text, &base.0)
    } else {
        Trouble::new(status, text.title, text.detail).into_response()
    }
}

/// Headers that keep a browser from doing what no page of ours needs.
pub(crate) async fn security_headers(request: Request, next: Next) -> Response {
    let is_asset = request.uri().path().starts_with("/assets/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
             img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=(), payment=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !is_asset {
        // Orders have people's addresses: no cache keeps them.
        let none = HeaderValue::from_static("no-store");
        headers.insert(header::CACHE_CONTROL, none);
    }
    response
}

impl<S: Sync> FromRequestParts<S> for Ticket {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or_else(|| {
            let text = say::LOG_IN;
            Trouble::new(StatusCode::UNAUTHORIZED, text.title, text.detail).into_response()
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{Base, comes_from_elsewhere, is_loopback_name};

    #[test]
    fn only_names_of_this_machine_are_local() {
        for (host, local) in [
            ("localhost:8080", true),
            ("127.0.0.1", true),
            ("127.0.0.1:80", true),
            ("[::1]:8080", true),
            ("localhost.evil.example", false),
            ("evil.example:8080", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            assert_eq!(is_loopback_name(&headers), local, "{host}");
        }
        assert!(!is_loopback_name(&HeaderMap::new()));
    }

    #[test]
    fn another_sites_page_is_noticed() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            pairs
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
                .collect::<HeaderMap>()
        };
        let host = ("host", "shop.example");
        for (other, elsewhere) in [
            (("origin", "https://shop.example"), false),
            (("origin", "https://evil.example"), true),
            (("origin", "null"), true),
            (("sec-fetch-site", "same-origin"), false),
            (("sec-fetch-site", "cross-site"), true),
            (("sec-fetch-site", "same-site"), true),
            (("accept", "*/*"), false),
        ] {
            assert_eq!(
                comes_from_elsewhere(&headers(&[host, other])),
                elsewhere,
                "{other:?}"
            );
        }
    }

    #[test]
    fn the_base_is_what_the_application_around_added() {
        for (original, current, base) in [
            ("/orders/x", "/x", "/orders"),
            ("/orders", "/", "/orders"),
            ("/x", "/x", ""),
            ("/", "/", ""),
        ] {
            let base_of = Base::of(&original.parse().unwrap(), &current.parse().unwrap());
            assert_eq!(base_of.0, base);
        }
    }
}
