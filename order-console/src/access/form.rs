//! Forms of our pages: they bring back the token that only our pages have.

use axum::Form;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::StatusCode;
use axum::response::Response;

use super::guard::{Base, Ticket, refuse};
use crate::App;
use crate::messages as say;

/// A form of one of our pages, filled in by somebody who is in.
#[derive(Debug)]
pub(crate) struct SafeForm {
    fields: Vec<(String, String)>,
    /// Who filled it in.
    pub(crate) ticket: Ticket,
}

impl SafeForm {
    /// The first value of a field, trimmed; `None` when it is empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of a field that is not empty.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.fields
            .iter()
            .filter(move |(field, _)| field == name)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }
}

impl FromRequest<App> for SafeForm {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let (mut parts, body) = request.into_parts();
        let ticket = Ticket::from_request_parts(&mut parts, app).await?;
        let base = Base(ticket.base.clone());
        let request = Request::from_parts(parts, body);
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, app)
            .await
            .map_err(|error| refuse(error.status(), say::UNREADABLE_FORM, true, &base))?;
        let given = fields
            .iter()
            .find(|(field, _)| field == "token")
            .map_or("", |(_, value)| value.as_str());
        if !same(given, &ticket.token) {
            return Err(refuse(StatusCode::FORBIDDEN, say::STALE_FORM, true, &base));
        }
        Ok(Self { fields, ticket })
    }
}

/// A form filled in by somebody who may act.
#[derive(Debug)]
pub(crate) struct OperatorForm(pub(crate) SafeForm);

impl FromRequest<App> for OperatorForm {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let form = SafeForm::from_request(request, app).await?;
        if form.ticket.actor.may_act() {
            return Ok(Self(form));
        }
        let base = Base(form.ticket.base);
        Err(refuse(
            StatusCode::FORBIDDEN,
            say::VIEWERS_LOOK,
            true,
            &base,
        ))
    }
}

/// Compares without telling by its time how much is the same.
pub(super) fn same(given: &str, right: &str) -> bool {
    let differs = given
        .bytes()
        .zip(right.bytes())
        .fold(0, |sum, (a, b)| sum | (a ^ b));
    given.len() == right.len() && differs == 0
}

#[cfg(test)]
mod tests {
    use super::same;

    #[test]
    fn only_the_same_token_is_the_same() {
        assert!(same("abc", "abc"));
        assert!(!same("abd", "abc"));
        assert!(!same("ab", "abc"));
        assert!(!same("", "abc"));
    }
}
