//! The change feed, which is two: an order's `updatedAt` moves with its state, a delivery's with
//! its state and its codes, and neither with the other.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use order_core::Error;
use order_core::ports::{Cursor, ShopChanges};

use super::api::{Api, PAGE};
use super::wire::FeedRow;
use crate::shared::instant;

/// What the two feeds are of.
const FEEDS: [&str; 2] = ["order", "order-delivery"];

/// A place in one feed: an instant, and `#2` behind it on its second page.
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
    let Some(places) = cursor.as_ref().and_then(|cursor| parse(&cursor.0)) else {
        if cursor.is_some() {
            tracing::warn!("the feed's cursor cannot be read; the feed starts anew");
        }
        return start(api).await;
    };
    let overlap = Duration::seconds(i64::from(overlap));
    let mut ids: Vec<String> = Vec::new();
    let mut next = Vec::new();
    let mut more = false;
    for (entity, place) in FEEDS.into_iter().zip(places) {
        let from = written(place.at - overlap);
        let rows = api.updated_since(entity, &from, place.page).await?;
        let (place, goes_on) = place.after(&rows, overlap);
        more |= goes_on;
        next.push(place);
        ids.extend(rows.into_iter().map(|row| row.order_id.unwrap_or(row.id)));
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ShopChanges {
        ids: ids.into_iter().map(Into::into).collect(),
        next: joined(&next),
        more,
    })
}

async fn start(api: &Api) -> Result<ShopChanges, Error> {
    let mut places = Vec::new();
    for entity in FEEDS {
        let last = api.last_updated(entity).await?.as_ref().and_then(updated);
        let at = last.unwrap_or(DateTime::UNIX_EPOCH);
        places.push(Place { at, page: 1 });
    }
    Ok(ShopChanges {
        ids: Vec::new(),
        next: joined(&places),
        more: false,
    })
}

fn parse(text: &str) -> Option<[Place; 2]> {
    let (orders, deliveries) = text.split_once('|')?;
    Some([Place::parse(orders)?, Place::parse(deliveries)?])
}

fn joined(places: &[Place]) -> Cursor {
    let texts: Vec<String> = places.iter().map(|place| place.text()).collect();
    Cursor(texts.join("|"))
}

impl Place {
    fn parse(text: &str) -> Option<Self> {
        let (at, page) = match text.split_once('#') {
            Some((at, page)) => (at, page.parse().ok()?),
            None => (text, 1),
        };
        Some(Self {
            at: instant(at)?,
            page,
        })
    }

    fn text(self) -> String {
        let at = written(self.at);
        if self.page == 1 {
            at
        } else {
            format!("{at}#{}", self.page)
        }
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
            let page = self.page.saturating_add(1);
            return (Self { at: self.at, page }, true);
        }
        (
            Self {
                at: newest,
                page: 1,
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
            order_id: None,
            updated_at: Some(at.to_owned()),
        };
        vec![row; count]
    }

    #[test]
    fn each_feed_moves_on_by_itself() {
        let text = "2026-11-22T21:45:16.000Z|2026-11-22T21:45:16.000Z#3";
        let [orders, deliveries] = parse(text).unwrap();
        assert_eq!(joined(&[orders, deliveries]).0, text);
        let overlap = Duration::seconds(5);
        let (next, more) = orders.after(&rows(PAGE, "2026-11-22T21:45:17.000Z"), overlap);
        assert_eq!(
            (next.text().as_str(), more),
            ("2026-11-22T21:45:16.000Z#2", true)
        );
        let (next, more) = deliveries.after(&rows(2, "2026-11-22T21:50:00.000Z"), overlap);
        assert_eq!(
            (next.text().as_str(), more),
            ("2026-11-22T21:50:00.000Z", false)
        );
        assert_eq!(parse("2026-11-22T21:45:16.000Z"), None);
    }
}
