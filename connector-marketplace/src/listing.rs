//! Where a listing stands: a pure step from page to page.
//!
//! Platforms that list by page number or offset move orders between pages while they are read: a
//! new one pushes others to later pages (seen twice), a handled one pulls others to earlier pages
//! (missed). A listing of more than one page is therefore read again from page 1 until a whole
//! pass shows no new order, at most [`PASSES`] times; what still slips through is caught by the
//! next sweep.
//!
//! A gap that is longer than the platform's window of changes (or a clock that was set back)
//! starts over with everything open.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use order_core::ports::Cursor;
use serde::{Deserialize, Serialize};

use crate::text::fnv;

/// The most passes over one listing.
const PASSES: u32 = 4;

/// How a platform lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    /// How many entries a full page has.
    pub(crate) page: usize,
    /// How far a window reaches back over the last listing.
    pub(crate) overlap: TimeDelta,
    /// The longest gap that is read by window.
    pub(crate) longest_gap: TimeDelta,
}

/// A cursor, spelled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at")]
enum Position {
    /// The last listing, begun at `since`, was read to its end.
    End { since: DateTime<Utc> },
    /// In the middle of a listing.
    Page(Place),
}

/// The next page to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    began: DateTime<Utc>,
    /// The start of the window; `None` for everything open.
    pub(crate) changed_since: Option<DateTime<Utc>>,
    /// From 1.
    pub(crate) page: u32,
    pass: u32,
    /// How many pages the longest pass had.
    pages: u32,
    /// Whether this pass showed an order that no page before had.
    news: bool,
    /// Marks of the orders seen. They decide only how often is read, never what is told.
    #[serde(with = "marks")]
    seen: BTreeSet<u32>,
}

impl Place {
    fn first(began: DateTime<Utc>, changed_since: Option<DateTime<Utc>>) -> Self {
        Self {
            began,
            changed_since,
            page: 1,
            pass: 1,
            pages: 1,
            news: false,
            seen: BTreeSet::new(),
        }
    }

    /// How many entries come before this page.
    #[cfg(any(feature = "kaufland", feature = "mirakl"))]
    pub(crate) fn offset(&self, rules: &Rules) -> usize {
        usize::try_from(self.page.saturating_sub(1))
            .unwrap_or(usize::MAX)
            .saturating_mul(rules.page)
    }

    /// The place after this page, as a cursor, and whether there is more to read now.
    pub(crate) fn after<'a>(
        mut self,
        rules: &Rules,
        entries: usize,
        ids: impl Iterator<Item = &'a str>,
    ) -> (Cursor, bool) {
        let mut news_here = false;
        for id in ids {
            news_here |= self.seen.insert(mark(id));
        }
        self.news |= news_here;
        if entries >= rules.page && self.goes_on(news_here) {
            self.page += 1;
            return (write(&Position::Page(self)), true);
        }
        self.pages = self.pages.max(self.page);
        if self.pages > 1 && self.news && self.pass < PASSES {
            let next = Self {
                page: 1,
                pass: self.pass + 1,
                news: false,
                ..self
            };
            return (write(&Position::Page(next)), true);
        }
        (write(&Position::End { since: self.began }), false)
    }

    /// A server that repeats a full page for ever must not be read for ever.
    fn goes_on(&self, news_here: bool) -> bool {
        if self.pass == 1 {
            news_here
        } else {
            self.page <= self.pages
        }
    }
}

/// Where to read next in the list of changes.
pub(crate) fn changes(rules: &Rules, cursor: Option<&Cursor>, now: DateTime<Utc>) -> Place {
    match cursor.map(read) {
        Some(Some(Position::Page(place))) => place,
        Some(Some(Position::End { since })) if since <= now && now - since <= rules.longest_gap => {
            Place::first(now, Some(since - rules.overlap))
        }
        Some(Some(Position::End { .. })) | None => Place::first(now, None),
        Some(None) => {
            tracing::warn!("the stored place in the list cannot be read; starting over");
            Place::first(now, None)
        }
    }
}

/// Where to read next among everything open.
pub(crate) fn sweep(cursor: Option<&Cursor>, now: DateTime<Utc>) -> Place {
    match cursor.and_then(read) {
        Some(Position::Page(place)) if place.changed_since.is_none() => place,
        Some(Position::Page(_) | Position::End { .. }) | None => Place::first(now, None),
    }
}

fn read(cursor: &Cursor) -> Option<Position> {
    serde_json::from_str(&cursor.0).ok()
}

fn write(position: &Position) -> Cursor {
    // A position is plain data and always has a JSON form; an empty cursor would start over.
    Cursor(serde_json::to_string(position).unwrap_or_default())
}

fn mark(id: &str) -> u32 {
    let hash = fnv(id.as_bytes());
    u32::try_from((hash >> 32) ^ (hash & 0xffff_ffff)).unwrap_or(u32::MAX)
}

/// Marks as one text of eight hexadecimal digits each.
mod marks {
    use std::collections::BTreeSet;
    use std::fmt::Write as _;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        marks: &BTreeSet<u32>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(marks.len() * 8);
        for mark in marks {
            // Writing to a text cannot fail.
            let _ = write!(text, "{mark:08x}");
        }
        serializer.serialize_str(&text)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeSet<u32>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let pieces = text.as_bytes().chunks(8).map(|piece| {
            std::str::from_utf8(piece)
                .ok()
                .and_then(|hex| u32::from_str_radix(hex, 16).ok())
        });
        pieces
            .collect::<Option<_>>()
            .ok_or_else(|| D::Error::custom("not marks"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 50;
    const RULES: Rules = Rules {
        page: PAGE,
        overlap: TimeDelta::minutes(2),
        longest_gap: TimeDelta::minutes(53),
    };

    /// How far back from `now` the window of the next listing starts, in minutes.
    fn window(cursor: &Cursor, now: DateTime<Utc>) -> Option<i64> {
        let place = changes(&RULES, Some(cursor), now);
        place.changed_since.map(|since| (now - since).num_minutes())
    }

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn ids(range: std::ops::Range<usize>) -> Vec<String> {
        range.map(|n| format!("order-{n}")).collect()
    }

    /// Reads a listing as the engine would, with `list(call)` as the world at each call.
    fn read_all(list: impl Fn(usize) -> Vec<String>) -> (BTreeSet<String>, usize) {
        let (mut all, mut calls, mut cursor) = (BTreeSet::new(), 0, None);
        loop {
            let place = sweep(cursor.as_ref(), at(0));
            let world = list(calls);
            let from = (place.page as usize - 1) * PAGE;
            let page: Vec<_> = world.iter().skip(from).take(PAGE).cloned().collect();
            calls += 1;
            assert!(calls < 1000, "it ends");
            all.extend(page.iter().cloned());
            let (next, more) = place.after(&RULES, page.len(), page.iter().map(String::as_str));
            if !more {
                return (all, calls);
            }
            cursor = Some(next);
        }
    }

    #[test]
    fn one_page_is_read_once() {
        assert_eq!(read_all(|_| ids(0..49)).1, 1);
        assert_eq!(read_all(|_| Vec::new()).1, 1);
    }

    #[test]
    fn several_pages_are_read_until_a_pass_shows_nothing_new() {
        let (all, calls) = read_all(|_| ids(0..120));
        assert_eq!((all.len(), calls), (120, 6));
        let (all, calls) = read_all(|_| ids(0..100));
        assert_eq!(
            (all.len(), calls),
            (100, 6),
            "a full last page needs a look behind it"
        );
    }

    #[test]
    fn an_order_pulled_to_an_earlier_page_is_not_missed() {
        // After the first page was read its first entry is handled: order-50 moves to page 1.
        let (all, _) = read_all(|call| if call == 0 { ids(0..120) } else { ids(1..120) });
        assert_eq!(all.len(), 120);
    }

    #[test]
    fn new_orders_arriving_all_the_time_do_not_keep_it_reading_for_ever() {
        let (all, calls) = read_all(|call| {
            let mut list: Vec<_> = (0..call).rev().map(|n| format!("new-{n}")).collect();
            list.extend(ids(0..120));
            list
        });
        assert!(all.len() >= 120 && calls <= 4 * 4, "{} {calls}", all.len());
    }

    #[test]
    fn a_server_that_repeats_a_full_page_for_ever_is_left() {
        let mut cursor = None;
        for _ in 0..20 {
            let place = sweep(cursor.as_ref(), at(0));
            let page = ids(0..50);
            let (next, more) = place.after(&RULES, 50, page.iter().map(String::as_str));
            if !more {
                return;
            }
            cursor = Some(next);
        }
        panic!("still reading");
    }

    #[test]
    fn the_window_covers_the_gap_and_an_overlap() {
        let (end, more) = changes(&RULES, None, at(0)).after(&RULES, 0, std::iter::empty());
        assert!(!more);
        assert_eq!(changes(&RULES, None, at(0)).changed_since, None);
        assert_eq!(window(&end, at(5)), Some(7));
        assert_eq!(window(&end, at(53)), Some(55));
    }

    #[test]
    fn a_long_gap_a_clock_set_back_and_a_foreign_cursor_start_over_with_everything_open() {
        let (end, _) = changes(&RULES, None, at(100)).after(&RULES, 0, std::iter::empty());
        for now in [at(154), at(99), at(100_000)] {
            assert_eq!(window(&end, now), None);
        }
        let foreign = Cursor("page=7".to_owned());
        assert_eq!(
            changes(&RULES, Some(&foreign), at(1)),
            Place::first(at(1), None)
        );
    }

    #[test]
    fn the_next_window_starts_where_this_listing_began_not_where_it_ended() {
        let page = ids(0..50);
        let ids = || page.iter().map(String::as_str);
        let (cursor, more) = changes(&RULES, None, at(0)).after(&RULES, 50, ids());
        assert!(more);
        let (cursor, more) =
            changes(&RULES, Some(&cursor), at(3)).after(&RULES, 0, std::iter::empty());
        assert!(more, "a second pass");
        let (cursor, more) = changes(&RULES, Some(&cursor), at(4)).after(&RULES, 50, ids());
        assert!(more);
        let (end, more) =
            changes(&RULES, Some(&cursor), at(6)).after(&RULES, 0, std::iter::empty());
        assert!(!more);
        assert_eq!(window(&end, at(7)), Some(9));
    }

    #[test]
    fn a_sweep_never_goes_on_in_a_list_of_changes() {
        let full = ids(0..PAGE);
        let after = |place: Place| place.after(&RULES, PAGE, full.iter().map(String::as_str)).0;
        let swept = after(sweep(None, at(9)));
        assert_eq!(sweep(Some(&swept), at(9)).page, 2);
        let end = Position::End { since: at(0) };
        let changed = after(changes(&RULES, Some(&write(&end)), at(9)));
        let place = sweep(Some(&changed), at(9));
        assert_eq!((place.page, place.changed_since), (1, None));
    }

    #[cfg(any(feature = "kaufland", feature = "mirakl"))]
    #[test]
    fn a_page_begins_behind_those_before_it() {
        let mut place = sweep(None, at(9));
        assert_eq!(place.offset(&RULES), 0);
        place.page = 3;
        assert_eq!(place.offset(&RULES), 2 * PAGE);
    }
}
