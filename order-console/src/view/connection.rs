//! A connection and how it is doing.

use chrono::{DateTime, TimeDelta, Utc};
use order_core::policy::Rules;
use order_core::ports::{ConfirmSemantics, ConnectionRecord, CreateSemantics, Granularity};
use order_core::state::Order;
use serde::Serialize;
use utoipa::ToSchema;

use crate::messages as say;

/// A connection and how it is doing.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ConnectionView {
    /// Its name.
    pub(crate) id: String,
    /// The marketplace's name, where the connection is known here.
    pub(crate) marketplace: Option<String>,
    /// The webshop's name, where the connection is known here.
    pub(crate) webshop: Option<String>,
    /// How it is doing.
    pub(crate) health: Health,
    /// What that means, for a person.
    pub(crate) health_text: String,
    /// When the feeds were last asked.
    pub(crate) polled_at: Option<DateTime<Utc>>,
    /// When the marketplace last answered well.
    pub(crate) marketplace_ok_at: Option<DateTime<Utc>>,
    /// When the webshop last answered well.
    pub(crate) webshop_ok_at: Option<DateTime<Utc>>,
    /// When its next cycle is due.
    pub(crate) next_due: DateTime<Utc>,
    /// How many seconds the next cycle is late.
    pub(crate) late_by_seconds: u64,
    /// Who works on it.
    pub(crate) worker: Option<String>,
    /// What went wrong in the last cycle.
    pub(crate) troubles: Vec<String>,
    /// Platforms that asked for patience.
    pub(crate) throttled: Vec<ThrottledView>,
    /// Why the engine stopped it.
    pub(crate) paused: Option<String>,
    /// Why a person stopped it.
    pub(crate) stopped: Option<String>,
    /// Orders with something left to do.
    pub(crate) open: u64,
    /// Orders that need a person.
    pub(crate) needs_action: u64,
    /// The order that has been waiting the longest to be sent.
    pub(crate) oldest_waiting: Option<OldestOrder>,
    /// What its platforms can do.
    pub(crate) capabilities: Vec<Capability>,
}

/// A platform that asked for patience: work on orders leaves it alone for a while, and then goes
/// to it with one order after another.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ThrottledView {
    /// Which: `marketplace` or `webshop`.
    pub(crate) side: String,
    /// Until when it is left alone.
    pub(crate) until: DateTime<Utc>,
    /// Cycles in a row in which it asked.
    pub(crate) times: u32,
}

/// The order that has been waiting the longest to be sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OldestOrder {
    /// The marketplace's order id.
    pub(crate) order: String,
    /// Its status.
    pub(crate) status: String,
    /// When it was first seen.
    pub(crate) since: DateTime<Utc>,
    /// How many seconds ago that was.
    pub(crate) age_seconds: u64,
}

impl OldestOrder {
    pub(crate) fn new(order: &Order, now: DateTime<Utc>) -> Self {
        let since = order.state.first_seen;
        Self {
            order: order.key.order.to_string(),
            status: order.status().as_str().to_owned(),
            since,
            age_seconds: u64::try_from((now - since).num_seconds()).unwrap_or_default(),
        }
    }
}

/// Something a platform can or cannot do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Capability {
    /// Of which side: `marketplace` or `webshop`.
    pub(crate) side: String,
    /// What.
    pub(crate) what: String,
    /// Whether, and how.
    pub(crate) value: String,
    /// Whether it can.
    pub(crate) can: bool,
}

/// How a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Health {
    /// As it should be.
    Good,
    /// Something went wrong in the last cycle; it is tried again by itself.
    Troubled,
    /// No cycle for a long time: nobody runs it.
    Late,
    /// The engine stopped it until a person acts.
    Paused,
    /// A person stopped it.
    Stopped,
}

impl Health {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Troubled => "troubled",
            Self::Late => "late",
            Self::Paused => "paused",
            Self::Stopped => "stopped",
        }
    }
}

/// How late a cycle may be before somebody should look.
const PATIENCE: TimeDelta = TimeDelta::minutes(10);

pub(crate) fn connection(
    record: ConnectionRecord,
    rules: Option<&Rules>,
    (open, needs_action): (u64, u64),
    oldest: Option<&Order>,
    now: DateTime<Utc>,
) -> ConnectionView {
    let held = record.leased.filter(|(_, until)| *until >= now);
    let late_by = if held.is_some() {
        TimeDelta::zero()
    } else {
        (now - record.next_due).max(TimeDelta::zero())
    };
    let memo = record.memo;
    let (health, health_text) = if let Some(why) = &record.stopped {
        (Health::Stopped, say::stopped(why))
    } else if let Some(why) = &memo.paused {
        (Health::Paused, say::paused(why, record.next_due, now))
    } else if late_by > PATIENCE {
        (Health::Late, say::late(late_by))
    } else if memo.troubles.is_empty() {
        (Health::Good, say::GOOD.to_owned())
    } else {
        (Health::Troubled, say::TROUBLED.to_owned())
    };
    ConnectionView {
        marketplace: rules.map(|rules| rules.marketplace.platform.to_owned()),
        webshop: rules.map(|rules| rules.webshop.platform.to_owned()),
        health,
        health_text,
        polled_at: memo.polled_at,
        marketplace_ok_at: memo.marketplace_ok_at,
        webshop_ok_at: memo.shop_ok_at,
        next_due: record.next_due,
        late_by_seconds: u64::try_from(late_by.num_seconds()).unwrap_or_default(),
        worker: held.map(|(owner, _)| owner),
        troubles: memo
            .troubles
            .iter()
            .map(|(side, text)| format!("{side}: {text}"))
            .collect(),
        throttled: memo
            .throttled
            .into_iter()
            .map(|(side, throttled)| ThrottledView {
                side,
                until: throttled.until,
                times: throttled.times,
            })
            .collect(),
        paused: memo.paused,
        stopped: record.stopped,
        open,
        needs_action,
        oldest_waiting: oldest.map(|order| OldestOrder::new(order, now)),
        capabilities: rules.map_or_else(Vec::new, capabilities),
        id: record.id.to_string(),
    }
}

fn capabilities(rules: &Rules) -> Vec<Capability> {
    let (market, shop) = (&rules.marketplace, &rules.webshop);
    let entry = |side: &str, what: &str, value: &str, can| Capability {
        side: side.to_owned(),
        what: what.to_owned(),
        value: value.to_owned(),
        can,
    };
    let yes_no = |side, what, can| entry(side, what, if can { say::YES } else { say::NO }, can);
    let parts = |granularity| match granularity {
        Granularity::Order => say::WHOLE_ORDERS,
        Granularity::Line => say::WHOLE_LINES,
        Granularity::Quantity => say::SINGLE_PIECES,
    };
    let confirm = match market.confirm {
        ConfirmSemantics::UpsertByKey => say::CONFIRM_UPSERT,
        ConfirmSemantics::ReadBack => say::CONFIRM_READ_BACK,
        ConfirmSemantics::Blind => say::CONFIRM_BLIND,
    };
    let create = match shop.create {
        CreateSemantics::UniqueKey => say::CREATE_UNIQUE,
        CreateSemantics::InertThenActivate => say::CREATE_INERT,
        CreateSemantics::Lookup => say::CREATE_LOOKUP,
        CreateSemantics::Blind => say::CREATE_BLIND,
    };
    let cancel = market.cancel.map_or(say::NO, parts);
    let (m, w) = ("marketplace", "webshop");
    vec![
        entry(m, say::CAN_SHIP, parts(market.ship), true),
        yes_no(m, say::CAN_PARCELS, market.multi_parcel),
        entry(
            m,
            say::CAN_CONFIRM,
            confirm,
            market.confirm != ConfirmSemantics::Blind,
        ),
        yes_no(m, say::CAN_EDIT, market.edit_tracking),
        entry(m, say::CAN_CANCEL, cancel, market.cancel.is_some()),
        yes_no(m, say::CAN_REQUESTS, market.cancel_requests),
        yes_no(m, say::CAN_RETURNS, market.returns),
        entry(
            w,
            say::CAN_CREATE,
            create,
            shop.create != CreateSemantics::Blind,
        ),
        yes_no(w, say::CAN_PARTS, shop.partial_shipments),
        yes_no(w, say::CAN_FEED_STATUS, shop.feed_sees_status),
        yes_no(w, say::CAN_FEED_CODES, shop.feed_sees_tracking),
        yes_no(w, say::CAN_CANCEL, shop.cancel),
        yes_no(w, say::CAN_RETURNS, shop.returns),
    ]
}
