//! The change feed: orders by `updated_at`, in whole seconds.
//!
//! A page behind the last one is the last one again, so the end is known from the count.

use chrono::{DateTime, Duration, Utc};
use order_core::Error;
use order_core::ports::{Cursor, ShopChanges};
use serde_json::Value;

use super::api::{Api, Criteria, PAGE};
use super::from_wire::{instant, written};

/// An instant, and `#2` behind it on its second page.
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
        return start(api).await;
    };
    let overlap = Duration::seconds(i64::from(overlap));
    let criteria = Criteria {
        any: vec![("updated_at".to_owned(), "gteq", written(place.at - overlap))],
        sort: vec![("updated_at", "ASC"), ("entity_id", "ASC")],
        size: PAGE,
        page: place.page,
    };
    let found = api.updated_orders(&criteria).await?;
    let rows = found.items;
    let (place, more) = place.after(&rows, found.total, overlap);
    let mut ids: Vec<u64> = rows
        .iter()
        .filter_map(|row| row["entity_id"].as_u64())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    Ok(ShopChanges {
        ids: ids.into_iter().map(|id| id.to_string().into()).collect(),
        next: Cursor(place.text()),
        more,
    })
}

async fn start(api: &Api) -> Result<ShopChanges, Error> {
    let criteria = Criteria {
        sort: vec![("updated_at", "DESC")],
        size: 1,
        page: 1,
        ..Criteria::default()
    };
    let rows = api.updated_orders(&criteria).await?.items;
    let last = rows.iter().find_map(updated);
    let at = last.unwrap_or(DateTime::UNIX_EPOCH);
    Ok(ShopChanges {
        ids: Vec::new(),
        next: Cursor(Place { at, page: 1 }.text()),
        more: false,
    })
}

fn updated(row: &Value) -> Option<DateTime<Utc>> {
    row["updated_at"].as_str().and_then(instant)
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
    fn after(self, rows: &[Value], total: u64, overlap: Duration) -> (Self, bool) {
        let newest = rows.iter().filter_map(updated).max();
        let newest = newest.unwrap_or(self.at).max(self.at);
        let size = u64::try_from(PAGE).unwrap_or(u64::MAX);
        let more = u64::from(self.page).saturating_mul(size) < total && !rows.is_empty();
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_full_page_within_the_look_back_is_followed_by_the_next_page() {
        let place = Place::parse("2026-11-22 21:45:16").unwrap();
        let rows = vec![json!({"updated_at": "2026-11-22 21:45:17"}); PAGE];
        let overlap = Duration::seconds(5);
        let (next, more) = place.after(&rows, 150, overlap);
        assert_eq!(
            (next.text().as_str(), more),
            ("2026-11-22 21:45:16#2", true)
        );
        let (next, more) = next.after(&rows[..50], 150, overlap);
        assert_eq!((next.text().as_str(), more), ("2026-11-22 21:45:17", false));
        let late = vec![json!({"updated_at": "2026-11-22 21:50:00"}); PAGE];
        let (next, more) = place.after(&late, 300, overlap);
        assert_eq!((next.text().as_str(), more), ("2026-11-22 21:50:00", true));
        assert_eq!(Place::parse("yesterday"), None);
    }
}
