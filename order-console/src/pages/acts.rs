//! What the pages' forms do. Each ends at a page that can be loaded again without doing it twice.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use order_core::ids::OrderKey;

use super::{order, parts, trouble};
use crate::App;
use crate::access::{OperatorForm, SafeForm};
use crate::act::Pieces;
use crate::api::{Target, each};
use crate::desk::{Act, LARGEST_BULK, Refusal};
use crate::messages as say;
use crate::query::{OrdersQuery, read_cursor};

/// What a form asks for.
fn act(form: &SafeForm) -> Result<Act, Refusal> {
    let note = || form.text("note").map(str::to_owned);
    Ok(match form.text("action").unwrap_or_default() {
        "retry" => Act::Retry,
        "resume" => Act::Resume,
        "manual" => Act::Manual { note: note() },
        "note" => Act::Note {
            text: note().unwrap_or_default(),
        },
        "set_tracking" => Act::SetTracking {
            code: form.text("code").unwrap_or_default().to_owned(),
            transporter: form.text("transporter").map(str::to_owned),
        },
        "cancel" => Act::Cancel {
            lines: pieces(form)?,
            reason: word(form, "reason", say::CANCEL_REASON)?,
        },
        "decide_return" => Act::DecideReturn {
            id: form.text("id").unwrap_or_default().to_owned(),
            rows: form.all("row").map(str::to_owned).collect(),
            decision: word(form, "decision", say::DECISION)?,
            note: note(),
        },
        "confirm_again" => Act::ConfirmAgain {
            parcel: word(form, "parcel", say::PARCEL)?,
        },
        "link" => Act::Link {
            webshop_order: form.text("webshop_order").unwrap_or_default().to_owned(),
        },
        _ => return Err(Refusal::Invalid(say::UNKNOWN_ACTION.to_owned())),
    })
}

/// A field that is one of some words, or a number.
fn word<T: serde::de::DeserializeOwned>(
    form: &SafeForm,
    name: &str,
    label: &str,
) -> Result<T, Refusal> {
    let text = form.text(name).unwrap_or_default();
    let value = text
        .parse::<u32>()
        .map_or_else(|_| text.into(), serde_json::Value::from);
    serde_json::from_value(value).map_err(|_| Refusal::Invalid(say::field_is_odd(label)))
}

/// The pieces of a form that has a number for each line; lines with none are left out.
fn pieces(form: &SafeForm) -> Result<Vec<Pieces>, Refusal> {
    let bad = || Refusal::Invalid(say::field_is_odd(say::CANCEL_PIECES));
    let lines: Vec<&str> = form.all("line").collect();
    let numbers: Vec<&str> = form.all("quantity").collect();
    if lines.len() != numbers.len() || lines.is_empty() {
        return Err(bad());
    }
    let mut pieces = Vec::new();
    for (line, number) in lines.into_iter().zip(numbers) {
        let quantity = number.parse().map_err(|_| bad())?;
        if quantity > 0 {
            pieces.push(Pieces {
                line: line.to_owned(),
                quantity,
            });
        }
    }
    // None at all would mean every one.
    if pieces.is_empty() {
        return Err(bad());
    }
    Ok(pieces)
}

/// An action on one order.
pub(super) async fn on_order(
    State(app): State<App>,
    Path((connection, order)): Path<(String, String)>,
    OperatorForm(form): OperatorForm,
) -> Response {
    let ticket = &form.ticket;
    let key = OrderKey::new(connection, order);
    let act = match act(&form) {
        Ok(act) => act,
        Err(refusal) => return trouble(ticket, &refusal),
    };
    match app.desk.act(&ticket.actor, &key, &act).await {
        Ok(()) => {
            let path = parts::order_path(&ticket.base, key.connection.as_str(), key.order.as_str());
            Redirect::to(&format!("{path}?done={}", act.name())).into_response()
        }
        Err(refusal @ Refusal::NotFound(_)) => trouble(ticket, &refusal),
        Err(refusal) => {
            let status = trouble(ticket, &refusal).status();
            let page = order::show(&app, ticket, &key, Some((false, refusal.text()))).await;
            super::with_status(status, page)
        }
    }
}

/// The same action on several orders.
pub(super) async fn on_orders(
    State(app): State<App>,
    OperatorForm(form): OperatorForm,
) -> Response {
    let ticket = &form.ticket;
    let asked = act(&form).and_then(|act| Ok((act, targets(&form)?)));
    let (act, targets) = match asked {
        Ok(asked) => asked,
        Err(refusal) => return trouble(ticket, &refusal),
    };
    let results = each(&app, ticket, &targets, &act).await;
    // Only what is a query of ours comes back into an address.
    let back = form
        .text("back")
        .and_then(|query| OrdersQuery::parse(query).ok())
        .map(|query| query.to_query())
        .unwrap_or_default();
    let id = app.results.keep(&ticket.actor, act.name(), results, back);
    Redirect::to(&format!("{}/results/{id}", ticket.base)).into_response()
}

fn targets(form: &SafeForm) -> Result<Vec<Target>, Refusal> {
    let mut targets = Vec::new();
    for place in form.all("order") {
        let key = read_cursor(place).map_err(Refusal::Invalid)?;
        targets.push(Target {
            connection: key.connection.to_string(),
            order: key.order.to_string(),
        });
    }
    if targets.is_empty() || targets.len() > LARGEST_BULK {
        return Err(Refusal::Invalid(say::NOTHING_SELECTED.to_owned()));
    }
    Ok(targets)
}

/// Stops a connection.
pub(super) async fn stop(
    State(app): State<App>,
    Path(connection): Path<String>,
    OperatorForm(form): OperatorForm,
) -> Response {
    let why = form.text("why");
    let outcome = app.desk.stop(&form.ticket.actor, &connection, why).await;
    to_connections(&form, outcome, "stop")
}

/// Lets a connection go on.
pub(super) async fn go_on(
    State(app): State<App>,
    Path(connection): Path<String>,
    OperatorForm(form): OperatorForm,
) -> Response {
    let outcome = app.desk.go_on(&form.ticket.actor, &connection).await;
    to_connections(&form, outcome, "go-on")
}

fn to_connections(form: &SafeForm, outcome: Result<(), Refusal>, what: &str) -> Response {
    match outcome {
        Ok(()) => {
            Redirect::to(&format!("{}/connections?done={what}", form.ticket.base)).into_response()
        }
        Err(refusal) => trouble(&form.ticket, &refusal),
    }
}
