//! The change feed: which orders to look at sooner.
//!
//! An order's `updated_at` moves with its status, its parcels and its edits.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use order_core::Error;
use order_core::ports::{Cursor, ShopChanges};

use super::api::{Api, PAGE};
use super::wire::FeedRow;
use crate::shared::instant;

/// A place in the feed: an instant, and `#100` behind it after a hundred rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at: DateTime<Utc>,
    skip: u32,
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
        let last = api.last_updated().await?.as_ref().and_then(updated);
        let at = last.unwrap_or(DateTime::UNIX_EPOCH);
        return Ok(ShopChanges {
            ids: Vec::new(),
            next: Place { at, skip: 0 }.cursor(),
            more: false,
        });
    };
    let overlap = Duration::seconds(i64::from(overlap));
    let from = written(place.at - overlap);
    let rows = api.updated_since(&from, place.skip).await?;
    let (next, more) = place.after(&rows, overlap);
    Ok(ShopChanges {
        ids: rows.into_iter().map(|row| row.id.into()).collect(),
        next: next.cursor(),
        more,
    })
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (at, skip) = match text.split_once('#') {
            Some((at, skip)) => (at, skip.parse().ok()?),
            None => (text, 0),
        };
        Some(Self {
            at: instant(at)?,
            skip,
        })
    }

    fn cursor(self) -> Cursor {
        let at = written(self.at);
        Cursor(if self.skip == 0 {
            at
        } else {
            format!("{at}#{}", self.skip)
        })
    }

    /// Where to go on, and whether there is more.
    fn after(self, rows: &[FeedRow], overlap: Duration) -> (Self, bool) {
        let newest = rows
            .iter()
            .filter_map(updated)
            .max()
            .unwrap_or(self.at)
            .max(self.at);
        let more = rows.len() >= PAGE;
        if more && newest - self.at <= overlap {
            // A full page that ends within the look-back would come again.
            let rows = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            let skip = self.skip.saturating_add(rows);
            return (Self { at: self.at, skip }, true);
        }
        (
            Self {
                at: newest,
                skip: 0,
            },
            more,
        )
    }
}

fn updated(row: &FeedRow) -> Option<DateTime<Utc>> {
    row.updated_at.as_deref().and_then(instant)
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(count: usize, at: &str) -> Vec<FeedRow> {
        let row = FeedRow {
            id: "order_1".into(),
            updated_at: Some(at.to_owned()),
        };
        vec![row; count]
    }

    #[test]
    fn the_feed_moves_on_in_time_and_by_number_within_one_instant() {
        let overlap = Duration::seconds(5);
        let place = Place::parse("2026-11-22T21:45:16.000Z").unwrap();
        let (next, more) = place.after(&rows(PAGE, "2026-11-22T21:45:17.000Z"), overlap);
        assert_eq!(
            (next.cursor().0.as_str(), more),
            ("2026-11-22T21:45:16.000Z#100", true)
        );
        assert_eq!(Place::parse(&next.cursor().0), Some(next));
        let (next, more) = next.after(&rows(3, "2026-11-22T21:50:00.000Z"), overlap);
        assert_eq!(
            (next.cursor().0.as_str(), more),
            ("2026-11-22T21:50:00.000Z", false)
        );
        assert_eq!(next.after(&[], overlap), (next, false));
    }
}
