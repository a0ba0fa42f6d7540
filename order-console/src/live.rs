//! Tells open pages that orders changed, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, interval_at};

use crate::App;
use crate::api::Trouble;

/// Pages that are told at once.
const MOST: usize = 64;
/// How often the store is asked whether anything changed.
const LOOK: Duration = Duration::from_secs(2);

/// The places of pages that are told.
#[derive(Debug)]
pub(crate) struct Live {
    places: Arc<Semaphore>,
}

impl Default for Live {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(MOST)),
        }
    }
}

/// A stream of events named `revision`, one whenever orders changed.
pub(crate) async fn events(State(app): State<App>) -> Response {
    let Ok(place) = Arc::clone(&app.live.places).try_acquire_owned() else {
        let detail = "too many pages are open; they still work, without keeping up by themselves";
        return Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "Too many pages", detail)
            .into_response();
    };
    let ticks = interval_at(Instant::now(), LOOK);
    let start = (app, ticks, None, place);
    let events = stream::unfold(start, async |(app, mut ticks, mut known, place)| {
        loop {
            ticks.tick().await;
            // A store that does not answer now may do so at the next look.
            let Ok(revision) = app.desk.revision().await else {
                continue;
            };
            if known != Some(revision) {
                known = Some(revision);
                let event = Event::default()
                    .event("revision")
                    .data(revision.to_string());
                return Some((Ok::<_, Infallible>(event), (app, ticks, known, place)));
            }
        }
    });
    Sse::new(events)
        .keep_alive(KeepAlive::default())
        .into_response()
}
