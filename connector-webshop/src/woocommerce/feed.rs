//! The change feed: which orders to look at sooner.
//!
//! `modified_after` is exclusive and counts whole seconds, so the feed looks back a little behind
//! its cursor. Within one look-back window it pages by number; beyond it, it moves on in time,
//! because rows shift between pages while orders change.

use chrono::{DateTime, Duration, Utc};
use order_core::Error;
use order_core::ports::{Cursor, ShopChanges};

use super::api::{Api, PAGE};
use super::from_wire::instant;
use super::wire::FeedRow;

/// A place in the feed: `2026-11-22T21:45:16`, and `#2` behind it for a second page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at: DateTime<Utc>,
    page: u32,
}

pub(super) async fn changes(
    api: &Api,
    cursor: Option<Cursor>,
    overlap: u32,
) -> Result<ShopChanges, Error> {
    let Some(place) = cursor.as_ref().and_then(|cursor| Place::parse(&cursor.0)) else {
        if cursor.is_some() {
            tracing::warn!("the feed's cursor cannot be read; the feed starts anew");
        }
        return Ok(start(api.last_modified().await?.as_ref()));
    };
    let from = place.at - Duration::seconds(i64::from(overlap));
    let rows = api.modified_after(&second(from), place.page).await?;
    let (next, more) = place.after(&rows, overlap);
    Ok(ShopChanges {
        ids: rows.iter().map(|row| row.id.to_string().into()).collect(),
        next: next.cursor(),
        more,
    })
}

fn start(last: Option<&FeedRow>) -> ShopChanges {
    let at = last.and_then(modified).unwrap_or(DateTime::UNIX_EPOCH);
    ShopChanges {
        ids: Vec::new(),
        next: Place { at, page: 1 }.cursor(),
        more: false,
    }
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (second, page) = match text.split_once('#') {
            Some((second, page)) => (second, page.parse().ok()?),
            None => (text, 1),
        };
        Some(Self {
            at: instant(second)?,
            page,
        })
    }

    fn cursor(self) -> Cursor {
        let second = second(self.at);
        Cursor(if self.page == 1 {
            second
        } else {
            format!("{second}#{}", self.page)
        })
    }

    /// Where to go on, and whether there is more.
    fn after(self, rows: &[FeedRow], overlap: u32) -> (Self, bool) {
        let newest = rows
            .iter()
            .filter_map(modified)
            .max()
            .unwrap_or(self.at)
            .max(self.at);
        let more = rows.len() >= PAGE;
        let moved_on = newest - self.at > Duration::seconds(i64::from(overlap));
        match (more, moved_on) {
            // A full page that ends within the look-back would come again.
            (true, false) => (
                Self {
                    at: self.at,
                    page: self.page.saturating_add(1),
                },
                true,
            ),
            (true, true) | (false, _) => (
                Self {
                    at: newest,
                    page: 1,
                },
                more,
            ),
        }
    }
}

fn modified(row: &FeedRow) -> Option<DateTime<Utc>> {
    row.date_modified_gmt.as_deref().and_then(instant)
}

fn second(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize, at: &str) -> Vec<FeedRow> {
        (0..count)
            .map(|id| FeedRow {
                id: id as u64,
                date_modified_gmt: Some(at.to_owned()),
            })
            .collect()
    }

    #[test]
    fn a_cursor_survives_being_stored() {
        for text in ["2026-11-22T21:45:16", "2026-11-22T21:45:16#3"] {
            assert_eq!(Place::parse(text).unwrap().cursor().0, text);
        }
        assert_eq!(Place::parse("nonsense"), None);
        assert_eq!(Place::parse("2026-11-22T21:45:16#x"), None);
    }

    #[test]
    fn a_hundred_orders_changed_in_one_second_do_not_stop_the_feed() {
        let place = Place::parse("2026-11-22T21:45:16").unwrap();
        let (second_page, more) = place.after(&rows(PAGE, "2026-11-22T21:45:16"), 10);
        assert_eq!(
            (second_page.cursor().0.as_str(), more),
            ("2026-11-22T21:45:16#2", true)
        );
        let (end, more) = second_page.after(&rows(3, "2026-11-22T21:45:17"), 10);
        assert_eq!(
            (end.cursor().0.as_str(), more),
            ("2026-11-22T21:45:17", false)
        );
    }

    #[test]
    fn a_full_page_moves_on_in_time_and_an_empty_one_stays() {
        let place = Place::parse("2026-11-22T21:45:16").unwrap();
        let (next, more) = place.after(&rows(PAGE, "2026-11-22T21:50:00"), 10);
        assert_eq!(
            (next.cursor().0.as_str(), more),
            ("2026-11-22T21:50:00", true)
        );
        let (next, more) = place.after(&[], 10);
        assert_eq!((next, more), (place, false));
    }
}
