//! Who is logged in. Kept in memory: a restart logs everybody out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

/// How long a session lasts without a request.
const IDLE: Duration = Duration::from_secs(60 * 60);
/// How long it lasts at all.
const WHOLE: Duration = Duration::from_secs(12 * 60 * 60);
/// More than so many at once are not kept; the one that was idle longest goes.
const MOST: usize = 1000;

/// Sessions by the hash of their id: who reads this memory cannot log in with it.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    open: Mutex<HashMap<[u8; 32], Session>>,
}

#[derive(Clone, Debug)]
struct Session {
    user: String,
    token: String,
    began: Instant,
    seen: Instant,
}

/// 256 random bits as text.
pub(crate) fn random_text() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

fn hash(id: &str) -> [u8; 32] {
    Sha256::digest(id.as_bytes()).into()
}

impl Sessions {
    /// Begins a session and gives its id.
    pub(super) fn begin(&self, user: &str) -> String {
        let id = random_text();
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| session.is_alive(now));
        if open.len() >= MOST {
            let oldest = open.iter().min_by_key(|(_, session)| session.seen);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                open.remove(&oldest);
            }
        }
        let session = Session {
            user: user.to_owned(),
            token: random_text(),
            began: now,
            seen: now,
        };
        open.insert(hash(&id), session);
        id
    }

    /// The user of a session and the token of its pages, when it is still alive.
    pub(super) fn find(&self, id: &str) -> Option<(String, String)> {
        let now = Instant::now();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(&hash(id))?;
        if !session.is_alive(now) {
            open.remove(&hash(id));
            return None;
        }
        session.seen = now;
        Some((session.user.clone(), session.token.clone()))
    }

    /// Ends a session.
    pub(super) fn end(&self, id: &str) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(&hash(id));
    }
}

impl Session {
    fn is_alive(&self, now: Instant) -> bool {
        now.duration_since(self.seen) < IDLE && now.duration_since(self.began) < WHOLE
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Sessions;

    #[tokio::test(start_paused = true)]
    async fn a_session_ends_when_nobody_comes_and_after_half_a_day() {
        let sessions = Sessions::default();
        let id = sessions.begin("jo");
        for _ in 0..13 {
            assert!(sessions.find(&id).is_some());
            tokio::time::advance(Duration::from_secs(55 * 60)).await;
        }
        assert!(sessions.find(&id).is_some());
        tokio::time::advance(Duration::from_secs(5 * 60)).await;
        assert!(sessions.find(&id).is_none());
        let idle = sessions.begin("jo");
        tokio::time::advance(Duration::from_secs(61 * 60)).await;
        assert!(sessions.find(&idle).is_none());
    }

    #[tokio::test]
    async fn an_id_of_another_is_no_session_and_an_ended_one_neither() {
        let sessions = Sessions::default();
        let id = sessions.begin("jo");
        assert!(sessions.find("guess").is_none());
        sessions.end(&id);
        assert!(sessions.find(&id).is_none());
    }
}
