//! Idempotency keys: the same write under the same key is done once, and answered the same.
//!
//! Kept in the memory of this process, for a day and for a bounded number of keys. After a
//! restart, or at another process, a repeated write is done again; what a write does to an order
//! is then still guarded by the order's own state.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::http::StatusCode;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use super::Trouble;

const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
const MOST: usize = 2000;
/// Answers larger than this are not kept.
const LARGEST: usize = 64 * 1024;
/// The longest key.
pub(crate) const LONGEST_KEY: usize = 200;

/// The answers to writes, by who wrote and under which key.
#[derive(Debug, Default)]
pub(crate) struct Idempotency {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    answers: HashMap<(String, String), Entry>,
    order: VecDeque<(String, String)>,
}

#[derive(Debug)]
struct Entry {
    request: [u8; 32],
    at: Instant,
    answer: Option<(StatusCode, String)>,
}

/// What is known of a key.
pub(crate) enum Known<'a> {
    /// Nothing: do it, then tell what came of it.
    New(Pending<'a>),
    /// It was done; this was the answer.
    Done(StatusCode, String),
}

/// A write under way. Dropped without an answer, it is forgotten, so that it can be tried again.
pub(crate) struct Pending<'a> {
    all: &'a Idempotency,
    name: (String, String),
    answer: Option<(StatusCode, String)>,
}

impl Pending<'_> {
    /// Keeps the answer. One that failed on our side is forgotten, to be tried again.
    pub(crate) fn end(mut self, status: StatusCode, body: &str) {
        if !status.is_server_error() && body.len() <= LARGEST {
            self.answer = Some((status, body.to_owned()));
        }
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let mut kept = self.all.kept.lock().unwrap_or_else(PoisonError::into_inner);
        match self.answer.take() {
            None => {
                kept.answers.remove(&self.name);
                kept.order.retain(|other| *other != self.name);
            }
            Some(answer) => {
                if let Some(entry) = kept.answers.get_mut(&self.name) {
                    entry.answer = Some(answer);
                }
            }
        }
    }
}

impl Idempotency {
    /// Begins a write under a key.
    pub(crate) fn begin(&self, who: &str, key: &str, request: &[u8]) -> Result<Known<'_>, Trouble> {
        let request: [u8; 32] = Sha256::digest(request).into();
        let now = Instant::now();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.forget(now);
        let name = (who.to_owned(), key.to_owned());
        if let Some(entry) = kept.answers.get(&name) {
            if entry.request != request {
                return Err(Trouble::new(
                    StatusCode::CONFLICT,
                    "The key belongs to another request",
                    "this Idempotency-Key was sent with something else before; take a new one",
                ));
            }
            return match &entry.answer {
                Some((status, body)) => Ok(Known::Done(*status, body.clone())),
                None => Err(Trouble::new(
                    StatusCode::CONFLICT,
                    "The same request is under way",
                    "a request with this Idempotency-Key is not finished; wait for its answer",
                )),
            };
        }
        let entry = Entry {
            request,
            at: now,
            answer: None,
        };
        kept.answers.insert(name.clone(), entry);
        kept.order.push_back(name.clone());
        Ok(Known::New(Pending {
            all: self,
            name,
            answer: None,
        }))
    }
}

impl Kept {
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.order.front() {
            let is_old = self
                .answers
                .get(oldest)
                .is_none_or(|entry| now.duration_since(entry.at) > KEPT);
            if !is_old && self.order.len() < MOST {
                return;
            }
            if let Some(name) = self.order.pop_front() {
                self.answers.remove(&name);
            }
        }
    }
}
