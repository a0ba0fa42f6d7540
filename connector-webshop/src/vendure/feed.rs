//! The change feed: orders that were placed or cancelled.
//!
//! Vendure's `updatedAt` of an order does not move when a parcel is made, shipped or delivered, so
//! this tells nothing about shipments; the capabilities say so.

use chrono::{DateTime, Duration, Utc};
use order_core::Error;
use order_core::ports::{Cursor, ShopChanges};

use super::api::{Api, PAGE};
use super::from_wire::instant;
use super::wire::FeedRow;
use crate::feed_place::Place;

/// How far the feed looks back behind its cursor: SQLite keeps whole seconds.
const OVERLAP: Duration = Duration::seconds(5);

pub(super) async fn changes(api: &Api, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
    let Some(place) = Place::of(cursor.as_ref()) else {
        let last = api.last_updated().await?;
        return Ok(ShopChanges {
            ids: Vec::new(),
            next: Place::behind(last.as_ref().and_then(updated)).cursor(),
            more: false,
        });
    };
    let rows = api.updated_after(&place.from(OVERLAP), place.skip).await?;
    let (next, more) = place.after(rows.iter().map(updated), PAGE, OVERLAP);
    Ok(ShopChanges {
        ids: rows.into_iter().map(|row| row.id.into()).collect(),
        next: next.cursor(),
        more,
    })
}

fn updated(row: &FeedRow) -> Option<DateTime<Utc>> {
    row.updated_at.as_deref().and_then(instant)
}
