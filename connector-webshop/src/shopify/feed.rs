//! The change feed: which orders to look at sooner.
//!
//! It is a search, and searches lag; so it looks back behind its cursor, and what it misses is
//! found by reading the open orders again.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use order_core::Error;
use order_core::ports::{Cursor, ShopChanges};

use super::api::{Api, number};
use super::wire::{FeedRow, Page};
use crate::shared::instant;

/// A place in the feed: an instant, and `#cursor` behind it within its pages.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    at: DateTime<Utc>,
    after: Option<String>,
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
        let place = Place {
            at: last.unwrap_or(DateTime::UNIX_EPOCH),
            after: None,
        };
        return Ok(ShopChanges {
            ids: Vec::new(),
            next: place.cursor(),
            more: false,
        });
    };
    let from = written(place.at - Duration::seconds(i64::from(overlap)));
    let page = api.updated_since(&from, place.after.as_deref()).await?;
    let ids = page.nodes.iter().filter_map(|row| number(&row.id));
    let ids = ids.map(|number| number.to_string().into()).collect();
    let next = place.next(&page);
    let more = next.after.is_some();
    Ok(ShopChanges {
        ids,
        next: next.cursor(),
        more,
    })
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (at, after) = match text.split_once('#') {
            Some((at, after)) => (at, Some(after.to_owned())),
            None => (text, None),
        };
        Some(Self {
            at: instant(at)?,
            after,
        })
    }

    fn cursor(&self) -> Cursor {
        let at = written(self.at);
        Cursor(match &self.after {
            Some(after) => format!("{at}#{after}"),
            None => at,
        })
    }

    /// Where to go on. Within one search the instant stays; its last page has the newest rows.
    fn next(&self, page: &Page<FeedRow>) -> Self {
        if let Some(after) = page.next() {
            return Self {
                at: self.at,
                after: Some(after.to_owned()),
            };
        }
        let newest = page.nodes.iter().filter_map(updated).max();
        Self {
            at: newest.unwrap_or(self.at).max(self.at),
            after: None,
        }
    }
}

fn updated(row: &FeedRow) -> Option<DateTime<Utc>> {
    row.updated_at.as_deref().and_then(instant)
}

fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn page(at: &[&str], next: Option<&str>) -> Page<FeedRow> {
        let nodes: Vec<_> = at
            .iter()
            .map(|at| json!({"id": "gid://shopify/Order/1", "updatedAt": at}))
            .collect();
        let info = json!({"hasNextPage": next.is_some(), "endCursor": next});
        serde_json::from_value(json!({"nodes": nodes, "pageInfo": info})).unwrap()
    }

    #[test]
    fn the_feed_pages_within_a_search_and_then_moves_on_in_time() {
        let place = Place::parse("2026-11-22T21:45:16Z").unwrap();
        let second = place.next(&page(&["2026-11-22T21:45:17Z"], Some("eyJ#1")));
        assert_eq!(second.cursor().0, "2026-11-22T21:45:16Z#eyJ#1");
        assert_eq!(Place::parse(&second.cursor().0), Some(second.clone()));
        let end = second.next(&page(&["2026-11-22T21:50:00Z"], None));
        assert_eq!(end.cursor().0, "2026-11-22T21:50:00Z");
        assert_eq!(end.next(&page(&[], None)), end);
        assert_eq!(Place::parse("nonsense"), None);
    }
}
