//! The pages. They work without scripts; a script only keeps them up to date.

mod activity;
mod acts;
mod connections;
mod controls;
mod dry_run;
mod login;
mod order;
mod overview;
mod parts;
mod problems;
mod results;
mod returns;

use axum::Router;
use axum::extract::Extension;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::{get, post};
use maud::{DOCTYPE, Markup, html};

pub(crate) use login::login;
pub(crate) use results::Results;

use crate::App;
use crate::access::{Base, Ticket};
use crate::api::{status_of, status_of_platform};
use crate::desk::Refusal;
use crate::messages as say;

/// Every page.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .route("/", get(overview::page))
        .route("/orders/{connection}/{order}", get(order::page))
        .route("/orders/{connection}/{order}/act", post(acts::on_order))
        .route("/orders/{connection}/{order}/dry-run", get(dry_run::page))
        .route("/bulk", post(acts::on_orders))
        .route("/results/{id}", get(results::page))
        .route("/problems", get(problems::page))
        .route("/connections", get(connections::page))
        .route("/connections/{connection}/stop", post(acts::stop))
        .route("/connections/{connection}/go-on", post(acts::go_on))
        .route("/activity", get(activity::page))
        .route("/logout", post(crate::access::logout))
        .fallback(no_page)
}

/// A page of ours and where it stands in the navigation.
struct Page<'a> {
    /// Its title.
    title: &'a str,
    /// Which entry of the navigation it belongs to.
    entry: &'a str,
    /// What a script keeps up to date.
    live: bool,
}

/// A page around what it shows.
fn layout(ticket: &Ticket, page: &Page<'_>, body: &Markup) -> Response {
    let base = &ticket.base;
    let entries = [
        ("/", say::NAV_ORDERS),
        ("/problems", say::NAV_PROBLEMS),
        ("/connections", say::NAV_CONNECTIONS),
        ("/activity", say::NAV_ACTIVITY),
    ];
    let bar = html! {
        nav aria-label=(say::NAV_LABEL) {
            @for (path, name) in entries {
                a href={ (base) (path) } aria-current=[(path == page.entry).then_some("page")] {
                    (name)
                }
            }
        }
        div.who {
            span.muted { (ticket.actor.name) @if !ticket.actor.may_act() { " (" (say::VIEWER) ")" } }
            @if ticket.session {
                form method="post" action={ (base) "/logout" } {
                    input type="hidden" name="token" value=(ticket.token);
                    button.plain type="submit" { (say::LOG_OUT) }
                }
            }
        }
    };
    let live = page.live.then(|| format!("{base}/live"));
    whole(base, page.title, live.as_deref(), &bar, body)
}

fn whole(base: &str, title: &str, live: Option<&str>, bar: &Markup, body: &Markup) -> Response {
    let version = crate::assets::version();
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · " (say::NAME) }
                link rel="icon" href={ (base) "/assets/icon.svg?" (version) } type="image/svg+xml";
                link rel="stylesheet" href={ (base) "/assets/console.css?" (version) };
                script src={ (base) "/assets/console.js?" (version) } defer {}
            }
            body {
                a.skip href="#main" { (say::SKIP) }
                header {
                    a.name href={ (base) "/" } { (say::NAME) }
                    (bar)
                }
                main id="main" data-live=[live] { (body) }
            }
        }
    };
    Html(markup.into_string()).into_response()
}

fn with_status(status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    response
}

/// A page that says why a request is not answered.
pub(crate) fn refusal(status: StatusCode, text: say::Refused, base: &str) -> Response {
    let body = html! {
        div.notice.bad role="alert" {
            h1 { (text.title) }
            p { (text.detail) }
        }
        p { a href={ (base) "/" } { (say::TO_ORDERS) } }
    };
    with_status(status, whole(base, text.title, None, &html! {}, &body))
}

/// A page that says why something could not be shown or done.
fn trouble(ticket: &Ticket, refusal: &Refusal) -> Response {
    let status = match refusal {
        Refusal::NotFound(_) => StatusCode::NOT_FOUND,
        Refusal::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::NotNow(_) => StatusCode::CONFLICT,
        Refusal::Store(error) => status_of(error),
        Refusal::Platform(error) => status_of_platform(error),
    };
    let title = if status == StatusCode::NOT_FOUND {
        say::NOT_FOUND
    } else {
        say::NOT_DONE
    };
    let body = html! {
        div.notice.bad role="alert" {
            h1 { (title) }
            p { (refusal.text()) }
        }
        p { a href={ (ticket.base) "/" } { (say::TO_ORDERS) } }
    };
    let page = Page {
        title,
        entry: "",
        live: false,
    };
    with_status(status, layout(ticket, &page, &body))
}

async fn no_page(Extension(base): Extension<Base>) -> Response {
    refusal(StatusCode::NOT_FOUND, say::NO_PAGE, &base.0)
}
