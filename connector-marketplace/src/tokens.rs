//! Where a feed stands on platforms that give a token for the next page.

use chrono::{DateTime, TimeDelta, Utc};
use order_core::ports::Cursor;
use serde::{Deserialize, Serialize};

/// The next page to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TokenPlace {
    /// When the listing began; the next one starts there.
    began: DateTime<Utc>,
    /// The start of the window; `None` for everything open.
    pub(crate) since: Option<DateTime<Utc>>,
    /// The platform's token; `None` for the first page.
    pub(crate) token: Option<String>,
    /// When the token was given.
    #[serde(default)]
    given: Option<DateTime<Utc>>,
}

/// How a platform lists by token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenRules {
    /// How far a window reaches back over the last listing.
    pub(crate) overlap: TimeDelta,
    /// The longest gap that is read by window.
    pub(crate) longest_gap: TimeDelta,
    /// How long a token works.
    pub(crate) token_life: TimeDelta,
}

/// A cursor, spelled out.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at")]
enum Position {
    /// The last listing, begun at `since`, was read to its end.
    End { since: DateTime<Utc> },
    /// In the middle of a listing.
    Page(TokenPlace),
}

impl TokenPlace {
    fn first(began: DateTime<Utc>, since: Option<DateTime<Utc>>) -> Self {
        Self {
            began,
            since,
            token: None,
            given: None,
        }
    }

    /// Where to read next in the list of changes. A token that is too old starts the same listing
    /// over; a gap that is too long, or a clock that was set back, starts with everything open.
    pub(crate) fn changes(rules: &TokenRules, cursor: Option<&Cursor>, now: DateTime<Utc>) -> Self {
        match cursor.map(read) {
            Some(Some(Position::Page(place))) if place.is_fresh(rules, now) => place,
            Some(Some(Position::Page(place))) if place.since.is_some() => Self {
                token: None,
                given: None,
                ..place
            },
            Some(Some(Position::End { since }))
                if since <= now && now - since <= rules.longest_gap =>
            {
                Self::first(now, Some(since - rules.overlap))
            }
            Some(None) => {
                tracing::warn!("the stored place in the list cannot be read; starting over");
                Self::first(now, None)
            }
            Some(Some(Position::Page(_) | Position::End { .. })) | None => Self::first(now, None),
        }
    }

    /// Where to read next among everything open.
    #[cfg(feature = "amazon")]
    pub(crate) fn sweep(rules: &TokenRules, cursor: Option<&Cursor>, now: DateTime<Utc>) -> Self {
        match cursor.and_then(read) {
            Some(Position::Page(place)) if place.since.is_none() && place.is_fresh(rules, now) => {
                place
            }
            Some(Position::Page(_) | Position::End { .. }) | None => Self::first(now, None),
        }
    }

    /// When the listing began: the same for all its pages.
    #[cfg(feature = "amazon")]
    pub(crate) fn began(&self) -> DateTime<Utc> {
        self.began
    }

    fn is_fresh(&self, rules: &TokenRules, now: DateTime<Utc>) -> bool {
        self.given
            .is_some_and(|given| given <= now && now - given < rules.token_life)
    }

    /// The place after this page, as a cursor, and whether there is more to read now.
    pub(crate) fn after(self, next: Option<String>, now: DateTime<Utc>) -> (Cursor, bool) {
        let next = next.filter(|token| !token.is_empty());
        // A server that repeats a token for ever must not be read for ever.
        match next.filter(|token| self.token.as_ref() != Some(token)) {
            Some(token) => {
                let place = Self {
                    token: Some(token),
                    given: Some(now),
                    ..self
                };
                (write(&Position::Page(place)), true)
            }
            None => (write(&Position::End { since: self.began }), false),
        }
    }
}

fn read(cursor: &Cursor) -> Option<Position> {
    serde_json::from_str(&cursor.0).ok()
}

fn write(position: &Position) -> Cursor {
    // A position is plain data and always has a JSON form; an empty cursor would start over.
    Cursor(serde_json::to_string(position).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: TokenRules = TokenRules {
        overlap: TimeDelta::minutes(5),
        longest_gap: TimeDelta::days(10),
        token_life: TimeDelta::hours(20),
    };

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn token(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_listing_goes_on_by_token_and_the_next_one_starts_where_it_began() {
        let place = TokenPlace::changes(&RULES, None, at(0));
        assert_eq!((place.since, place.token.clone()), (None, None));
        let (cursor, more) = place.after(token("a"), at(1));
        assert!(more);
        let place = TokenPlace::changes(&RULES, Some(&cursor), at(2));
        assert_eq!(place.token, token("a"));
        let (end, more) = place.after(None, at(3));
        assert!(!more);
        let place = TokenPlace::changes(&RULES, Some(&end), at(60));
        assert_eq!(place.since, Some(at(-5)));
    }

    #[test]
    fn an_old_token_is_not_used() {
        let (end, _) = TokenPlace::changes(&RULES, None, at(0)).after(None, at(0));
        let place = TokenPlace::changes(&RULES, Some(&end), at(10));
        let (cursor, _) = place.after(token("a"), at(10));
        let late = TokenPlace::changes(&RULES, Some(&cursor), at(10 + 20 * 60));
        assert_eq!((late.token.clone(), late.since), (None, Some(at(-5))));
        let (end, _) = late.after(None, at(2000));
        let next = TokenPlace::changes(&RULES, Some(&end), at(2001));
        assert_eq!(next.since, Some(at(5)), "begun at minute 10");
    }

    #[test]
    fn a_long_gap_a_clock_set_back_and_a_foreign_cursor_start_over_with_everything_open() {
        let (end, _) = TokenPlace::changes(&RULES, None, at(100)).after(None, at(100));
        for now in [at(99), at(100 + 11 * 24 * 60)] {
            assert_eq!(TokenPlace::changes(&RULES, Some(&end), now).since, None);
        }
        let foreign = Cursor("page=7".to_owned());
        let place = TokenPlace::changes(&RULES, Some(&foreign), at(1));
        assert_eq!(place, TokenPlace::first(at(1), None));
    }

    #[test]
    fn a_server_that_repeats_a_token_is_left_and_a_sweep_takes_no_window() {
        let (cursor, _) = TokenPlace::sweep(&RULES, None, at(0)).after(token("a"), at(0));
        let place = TokenPlace::sweep(&RULES, Some(&cursor), at(1));
        assert_eq!(place.token, token("a"));
        assert!(!place.after(token("a"), at(1)).1);
        let (end, _) = TokenPlace::changes(&RULES, None, at(0)).after(None, at(0));
        let window = TokenPlace::changes(&RULES, Some(&end), at(1));
        let (cursor, _) = window.after(token("b"), at(1));
        assert_eq!(TokenPlace::sweep(&RULES, Some(&cursor), at(2)).token, None);
    }
}
