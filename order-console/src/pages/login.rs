//! The page to log in at.

use axum::http::StatusCode;
use axum::response::Response;
use maud::html;

use super::{whole, with_status};
use crate::messages as say;

/// The page to log in at, with what went wrong before.
pub(crate) fn login(
    status: StatusCode,
    base: &str,
    token: &str,
    next: &str,
    wrong: Option<&str>,
) -> Response {
    let body = html! {
        form.login method="post" action={ (base) "/login" } {
            h1 { (say::LOG_IN_TITLE) }
            @if let Some(wrong) = wrong {
                p.notice.bad role="alert" { (wrong) }
            }
            input type="hidden" name="token" value=(token);
            input type="hidden" name="next" value=(next);
            label { (say::USER)
                input name="user" autocomplete="username" required autofocus
                    autocapitalize="none" spellcheck="false" maxlength="60";
            }
            label { (say::PASSWORD)
                input name="password" type="password" autocomplete="current-password" required
                    maxlength="1000";
            }
            button type="submit" { (say::LOG_IN_BUTTON) }
        }
    };
    with_status(
        status,
        whole(base, say::LOG_IN_TITLE, None, &html! {}, &body),
    )
}
