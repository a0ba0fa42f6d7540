//! What became of an action on several orders: kept for a while, so that its page can be loaded
//! again without doing it again.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::extract::{Path, State};
use axum::response::Response;
use maud::html;

use super::{Page, layout, parts, trouble};
use crate::App;
use crate::access::{Actor, Ticket, random_text};
use crate::api::BulkResult;
use crate::desk::Refusal;
use crate::messages as say;

/// Results that are kept.
const MOST: usize = 100;

/// The latest results.
#[derive(Debug, Default)]
pub(crate) struct Results {
    kept: Mutex<VecDeque<Kept>>,
}

#[derive(Clone, Debug)]
struct Kept {
    id: String,
    actor: String,
    action: &'static str,
    results: Vec<BulkResult>,
    back: String,
}

impl Results {
    /// Keeps a result and gives its id.
    pub(crate) fn keep(
        &self,
        actor: &Actor,
        action: &'static str,
        results: Vec<BulkResult>,
        back: String,
    ) -> String {
        let id = random_text();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while kept.len() >= MOST {
            kept.pop_front();
        }
        kept.push_back(Kept {
            id: id.clone(),
            actor: actor.name.clone(),
            action,
            results,
            back,
        });
        id
    }

    fn find(&self, actor: &Actor, id: &str) -> Option<Kept> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|kept| kept.id == id && kept.actor == actor.name)
            .cloned()
    }
}

pub(super) async fn page(
    State(app): State<App>,
    ticket: Ticket,
    Path(id): Path<String>,
) -> Response {
    let Some(kept) = app.results.find(&ticket.actor, &id) else {
        return trouble(&ticket, &Refusal::NotFound(say::OLD_RESULT.to_owned()));
    };
    let done = kept.results.iter().filter(|result| result.done).count();
    let body = html! {
        h1 { (say::RESULT) }
        (parts::notice(
            done == kept.results.len(),
            &say::result_line(kept.action, done, kept.results.len()),
        ))
        table {
            caption.visually-hidden { (say::RESULT) }
            thead { tr { th scope="col" { (say::ORDER) } th scope="col" { (say::RESULT) } } }
            tbody { @for result in &kept.results {
                tr {
                    td data-label=(say::ORDER) {
                        a href=(parts::order_path(&ticket.base, &result.connection, &result.order)) {
                            (result.order)
                        }
                        div.small { (result.connection) }
                    }
                    td data-label=(say::RESULT) {
                        @match &result.reason {
                            None => { span.badge.shipped { (say::DONE) } }
                            Some(reason) => { span.overdue { (reason) } }
                        }
                    }
                }
            } }
        }
        p { a href={ (ticket.base) "/?" (kept.back) } { (say::BACK) } }
    };
    let page = Page {
        title: say::RESULT,
        entry: "/",
        live: false,
    };
    layout(&ticket, &page, &body)
}
