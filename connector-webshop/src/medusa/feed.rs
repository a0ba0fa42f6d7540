//! The change feed: which orders to look at sooner.
//!
//! An order's `updated_at` moves with its status, its parcels and its edits.

use chrono::{DateTime, Duration, Utc};
use order_core::Error;
use order_core::ports::{Cursor, ShopChanges};

use super::api::{Api, PAGE};
use super::wire::FeedRow;
use crate::feed_place::Place;
use crate::shared::instant;

pub(super) async fn changes(
    api: &Api,
    cursor: Option<Cursor>,
    overlap: u32,
) -> Result<ShopChanges, Error> {
    let Some(place) = Place::of(cursor.as_ref()) else {
        let last = api.last_updated().await?;
        return Ok(ShopChanges {
            ids: Vec::new(),
            next: Place::behind(last.as_ref().and_then(updated)).cursor(),
            more: false,
        });
    };
    let overlap = Duration::seconds(i64::from(overlap));
    let rows = api.updated_since(&place.from(overlap), place.skip).await?;
    let (next, more) = place.after(rows.iter().map(updated), PAGE, overlap);
    Ok(ShopChanges {
        ids: rows.into_iter().map(|row| row.id.into()).collect(),
        next: next.cursor(),
        more,
    })
}

fn updated(row: &FeedRow) -> Option<DateTime<Utc>> {
    row.updated_at.as_deref().and_then(instant)
}
