//! The change feed: orders that were placed or cancelled.
//!
//! Vendure's `updatedAt` of an order does not move when a parcel is made, shipped or delivered, so
//! this tells nothing about shipments; the capabilities say so.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use order_core::Error;
use order_core::ports::{Cursor, ShopChanges};

use super::api::{Api, PAGE};
use super::from_wire::instant;
use super::wire::FeedRow;

/// How far the feed looks back behind its cursor: SQLite keeps whole seconds.
const OVERLAP: Duration = Duration::seconds(5);

/// A place in the feed: an instant, and `#100` behind it after a hundred rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    at: DateTime<Utc>,
    skip: u32,
}

pub(super) async fn changes(api: &Api, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
    let Some(place) = cursor.as_ref().and_then(|cursor| Place::parse(&cursor.0)) else {
        if cursor.is_some() {
            tracing::warn!("the feed's cursor cannot be read; the feed starts anew");
        }
        let last = api.last_updated().await?.as_ref().and_then(updated);
        let next = Place {
            at: last.unwrap_or(DateTime::UNIX_EPOCH),
            skip: 0,
        }
        .cursor();
        return Ok(ShopChanges {
            ids: Vec::new(),
            next,
            more: false,
        });
    };
    let rows = api
        .updated_after(&written(place.at - OVERLAP), place.skip)
        .await?;
    let (next, more) = place.after(&rows);
    let ids = rows.into_iter().map(|row| row.id.into()).collect();
    Ok(ShopChanges {
        ids,
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
    fn after(self, rows: &[FeedRow]) -> (Self, bool) {
        let newest = rows
            .iter()
            .filter_map(updated)
            .max()
            .unwrap_or(self.at)
            .max(self.at);
        let more = rows.len() >= PAGE;
        if more && newest - self.at <= OVERLAP {
            // A full page that ends within the look-back would come again.
            let rows = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            return (
                Self {
                    at: self.at,
                    skip: self.skip.saturating_add(rows),
                },
                true,
            );
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
            id: "1".into(),
            updated_at: Some(at.to_owned()),
        };
        vec![row; count]
    }

    #[test]
    fn the_feed_moves_on_in_time_and_by_number_within_one_instant() {
        let place = Place::parse("2026-11-22T21:45:16.000Z").unwrap();
        let (next, more) = place.after(&rows(PAGE, "2026-11-22T21:45:17.000Z"));
        assert_eq!(
            (next.cursor().0.as_str(), more),
            ("2026-11-22T21:45:16.000Z#100", true)
        );
        assert_eq!(Place::parse(&next.cursor().0), Some(next));
        let (next, more) = next.after(&rows(PAGE, "2026-11-22T21:50:00.000Z"));
        assert_eq!(
            (next.cursor().0.as_str(), more),
            ("2026-11-22T21:50:00.000Z", true)
        );
        let (same, more) = next.after(&[]);
        assert_eq!((same, more), (next, false));
    }
}
