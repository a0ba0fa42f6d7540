//! A place in a list of changes that is sorted by when they were made.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use order_core::ports::Cursor;

/// An instant, and `#100` behind it after a hundred rows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    at: DateTime<Utc>,
    pub(crate) skip: u32,
}

impl Place {
    /// Behind a row's instant; without any, at the beginning of time.
    pub(crate) fn behind(last: Option<DateTime<Utc>>) -> Self {
        Self {
            at: last.unwrap_or(DateTime::UNIX_EPOCH),
            skip: 0,
        }
    }

    /// Where a cursor left off; nothing where there is none, or it cannot be read.
    pub(crate) fn of(cursor: Option<&Cursor>) -> Option<Self> {
        let cursor = cursor?;
        let place = Self::parse(&cursor.0);
        if place.is_none() {
            tracing::warn!("the feed's cursor cannot be read; the feed starts anew");
        }
        place
    }

    fn parse(text: &str) -> Option<Self> {
        let (at, skip) = match text.split_once('#') {
            Some((at, skip)) => (at, skip.parse().ok()?),
            None => (text, 0),
        };
        Some(Self {
            at: DateTime::parse_from_rfc3339(at).ok()?.to_utc(),
            skip,
        })
    }

    pub(crate) fn cursor(self) -> Cursor {
        let at = written(self.at);
        Cursor(if self.skip == 0 {
            at
        } else {
            format!("{at}#{}", self.skip)
        })
    }

    /// From when rows are asked for: so much sooner than they were seen.
    pub(crate) fn from(self, overlap: Duration) -> String {
        written(self.at - overlap)
    }

    /// Where to go on behind rows that changed at these instants, and whether there is more.
    pub(crate) fn after(
        self,
        rows: impl ExactSizeIterator<Item = Option<DateTime<Utc>>>,
        page: usize,
        overlap: Duration,
    ) -> (Self, bool) {
        let count = rows.len();
        let newest = rows.flatten().max().unwrap_or(self.at).max(self.at);
        let more = count >= page;
        if more && newest - self.at <= overlap {
            // A full page that ends within the look-back would come again.
            let rows = u32::try_from(count).unwrap_or(u32::MAX);
            let skip = self.skip.saturating_add(rows);
            return (Self { at: self.at, skip }, true);
        }
        (Self::behind(Some(newest)), more)
    }
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_feed_moves_on_in_time_and_by_number_within_one_instant() {
        let overlap = Duration::seconds(5);
        let after = |place: Place, rows: usize, at: &str| {
            let at = DateTime::parse_from_rfc3339(at).ok();
            let rows = vec![at.map(|at| at.to_utc()); rows];
            place.after(rows.into_iter(), 100, overlap)
        };
        let place = Place::parse("2026-11-22T21:45:16.000Z").unwrap();
        let (next, more) = after(place, 100, "2026-11-22T21:45:17.000Z");
        assert_eq!(
            (next.cursor().0.as_str(), more),
            ("2026-11-22T21:45:16.000Z#100", true)
        );
        assert_eq!(Place::parse(&next.cursor().0), Some(next));
        let (further, more) = after(next, 100, "2026-11-22T21:50:00.000Z");
        assert_eq!(
            (further.cursor().0.as_str(), more),
            ("2026-11-22T21:50:00.000Z", true)
        );
        let (further, more) = after(next, 3, "2026-11-22T21:50:00.000Z");
        assert_eq!(
            (further.cursor().0.as_str(), more),
            ("2026-11-22T21:50:00.000Z", false)
        );
        assert_eq!(after(further, 0, ""), (further, false));
        assert_eq!(further.from(overlap), "2026-11-22T21:49:55.000Z");
    }
}
