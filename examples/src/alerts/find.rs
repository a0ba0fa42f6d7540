//! What a person should know, from what is stored.

use chrono::{DateTime, Utc};
use order_core::engine::Connection;
use order_core::error::Error;
use order_core::ids::ConnectionId;
use order_core::ports::{ConnectionRecord, OrderFilter, OrderStore};
use order_core::state::{Confirmation, Order, Status};

use super::{Alert, Limits};

/// Orders of a cause that are looked at; a message with more helps nobody.
const MOST: usize = 200;

fn delta(duration: std::time::Duration) -> chrono::Duration {
    chrono::Duration::from_std(duration).unwrap_or(chrono::Duration::MAX)
}

fn about(order: &Order, cause: &'static str, text: String) -> Alert {
    Alert {
        cause,
        connection: order.key.connection.to_string(),
        order: Some(order.key.order.to_string()),
        text,
    }
}

/// Everything that is to be told now. `started` is when this program began to look.
pub(super) async fn alerts(
    store: &dyn OrderStore,
    connections: &[Connection],
    limits: &Limits,
    started: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Vec<Alert>, Error> {
    let mut found = Vec::new();
    for record in store.connections().await? {
        if connections.iter().any(|one| one.id == record.id) {
            found.extend(no_pull(&record, limits, started, now));
            found.extend(of_orders(store, &record.id, limits, now).await?);
        }
    }
    found.sort();
    Ok(found)
}

async fn of_orders(
    store: &dyn OrderStore,
    id: &ConnectionId,
    limits: &Limits,
    now: DateTime<Utc>,
) -> Result<Vec<Alert>, Error> {
    let filter = || OrderFilter {
        connection: Some(id.clone()),
        limit: MOST,
        ..OrderFilter::default()
    };
    let mut found = Vec::new();
    let since = now - delta(limits.problem_older_than);
    for kind in store.counts(Some(id.clone())).await?.by_problem.into_keys() {
        let orders = store.list(OrderFilter {
            problem: Some(kind),
            ..filter()
        });
        for order in orders.await? {
            if let Some(problem) = order.problem().filter(|problem| problem.since <= since) {
                let text = format!(
                    "{} (since {}). {}",
                    problem.text,
                    problem.since.format("%Y-%m-%d %H:%M UTC"),
                    problem.advice
                );
                found.push(about(&order, "problem", text));
            }
        }
    }
    let near = store.list(OrderFilter {
        deadline_until: Some(now + delta(limits.ship_by_within)),
        ..filter()
    });
    for order in near.await? {
        if let Some(at) = order.marks().deadline {
            let text = format!(
                "must be handed over by {} and is {}",
                at.format("%Y-%m-%d %H:%M UTC"),
                order.status()
            );
            found.push(about(&order, "ship_by", text));
        }
    }
    let asked = store.list(OrderFilter {
        cancel_asked: true,
        ..filter()
    });
    for order in asked.await? {
        let text = "the buyer asks to cancel; cancel it, or send it".to_owned();
        found.push(about(&order, "cancel_asked", text));
    }
    let shipped = store.list(OrderFilter {
        status: vec![Status::Shipped],
        ..filter()
    });
    for order in shipped.await? {
        if went_bare(&order, now - delta(limits.period)) {
            let text = "the wait for a T&T code is over: reported without one".to_owned();
            found.push(about(&order, "no_code", text));
        }
    }
    Ok(found)
}

/// Whether a parcel was reported without a code since then.
fn went_bare(order: &Order, since: DateTime<Utc>) -> bool {
    order.state.shipments.iter().any(|shipment| {
        let at = match &shipment.confirmation {
            Confirmation::Confirmed { at, .. } | Confirmation::Verified { at, .. } => *at,
            Confirmation::None | Confirmation::Rejected(_) => shipment.shipped_at,
            Confirmation::Elsewhere => return false,
        };
        shipment.tracking.is_none() && at >= since
    })
}

/// A platform that has not answered well for long, or a connection that is stopped by an error.
fn no_pull(
    record: &ConnectionRecord,
    limits: &Limits,
    started: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Option<Alert> {
    if record.stopped.is_some() {
        return None;
    }
    let alert = |text| Alert {
        cause: "no_pull",
        connection: record.id.to_string(),
        order: None,
        text,
    };
    if let Some(why) = &record.memo.paused {
        return Some(alert(format!("stopped until somebody mends it: {why}")));
    }
    let sides = [
        ("marketplace", record.memo.marketplace_ok_at),
        ("webshop", record.memo.shop_ok_at),
    ];
    // A program that was off for long gets its time to look first.
    let silent = sides.into_iter().find(|(_, at)| {
        let since = at.map_or(started, |at| at.max(started));
        now - since > delta(limits.no_pull_for)
    });
    silent.map(|(side, at)| {
        let since = at.map_or_else(
            || "it never did".to_owned(),
            |at| format!("it last did at {}", at.format("%Y-%m-%d %H:%M UTC")),
        );
        alert(format!("the {side} does not answer well: {since}"))
    })
}
