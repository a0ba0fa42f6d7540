//! What a platform can do, as data. The engine asks here before it calls.

use std::time::Duration;

use serde::Serialize;

use crate::returns::ReturnDecision;

/// What happens when a created order's answer is lost, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CreateSemantics {
    /// The webshop refuses a second order under the same key or id, even at the same moment.
    UniqueKey,
    /// Orders are made inert first; only the one whose id was recorded is activated. An extra
    /// inert order harms nobody and is cleaned up.
    InertThenActivate,
    /// An order can be found by our key once the index has caught up.
    Lookup,
    /// Nothing to look up by: at most one attempt, then a person decides.
    Blind,
}

/// What happens when a shipment's confirmation is lost or sent twice, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfirmSemantics {
    /// The same package id again edits the same package.
    UpsertByKey,
    /// Whether a shipment arrived can be read back.
    ReadBack,
    /// Nothing to look up by: at most one attempt, then a person decides.
    Blind,
}

/// The smallest thing an action can be told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// The whole order only.
    Order,
    /// Whole lines.
    Line,
    /// Some pieces of a line.
    Quantity,
}

/// How long a lost request may still be under way, and how long a lookup may miss it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Lag {
    /// The longest a request goes on executing after we gave up on it.
    pub in_flight: Duration,
    /// The longest a finished change stays invisible to lookups.
    pub index: Duration,
}

impl Lag {
    /// A platform whose lookups see everything at once.
    pub const NONE: Self = Self {
        in_flight: Duration::ZERO,
        index: Duration::ZERO,
    };

    /// Both together.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.in_flight + self.index
    }
}

/// What a marketplace can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MarketplaceCapabilities {
    /// The platform's name for people (`bol.com`).
    pub platform: &'static str,
    /// Orders must be accepted before they can be shipped.
    pub accept: bool,
    /// What a shipment can be reported about.
    pub ship: Granularity,
    /// More than one parcel per order can be reported.
    pub multi_parcel: bool,
    /// What a lost confirmation means.
    pub confirm: ConfirmSemantics,
    /// How long a lost confirmation may take to show.
    pub confirm_lag: Lag,
    /// A code can be added or changed after the shipment was confirmed.
    pub edit_tracking: bool,
    /// What the seller can cancel; `None` when not at all.
    pub cancel: Option<Granularity>,
    /// Buyers' requests to cancel are seen.
    pub cancel_requests: bool,
    /// Returns can be read.
    pub returns: bool,
    /// What the seller can decide about a return; empty when nothing.
    pub return_decisions: &'static [ReturnDecision],
    /// How many orders one read by id may ask for.
    pub max_ids_per_read: usize,
}

impl MarketplaceCapabilities {
    /// A marketplace that can do nothing beyond listing orders and taking whole shipments.
    #[must_use]
    pub fn none(platform: &'static str) -> Self {
        Self {
            platform,
            accept: false,
            ship: Granularity::Order,
            multi_parcel: false,
            confirm: ConfirmSemantics::Blind,
            confirm_lag: Lag::NONE,
            edit_tracking: false,
            cancel: None,
            cancel_requests: false,
            returns: false,
            return_decisions: &[],
            max_ids_per_read: 1,
        }
    }

    /// Orders must be accepted.
    #[must_use]
    pub fn with_accept(mut self) -> Self {
        self.accept = true;
        self
    }

    /// What a shipment can be reported about, and whether in several parcels.
    #[must_use]
    pub fn with_shipping(mut self, granularity: Granularity, multi_parcel: bool) -> Self {
        self.ship = granularity;
        self.multi_parcel = multi_parcel;
        self
    }

    /// What a lost confirmation means, and how long it may take to show.
    #[must_use]
    pub fn with_confirm(mut self, semantics: ConfirmSemantics, lag: Lag) -> Self {
        self.confirm = semantics;
        self.confirm_lag = lag;
        self
    }

    /// Codes can be added or changed after confirmation.
    #[must_use]
    pub fn with_edit_tracking(mut self) -> Self {
        self.edit_tracking = true;
        self
    }

    /// What the seller can cancel.
    #[must_use]
    pub fn with_cancel(mut self, granularity: Granularity) -> Self {
        self.cancel = Some(granularity);
        self
    }

    /// Buyers' requests to cancel are seen.
    #[must_use]
    pub fn with_cancel_requests(mut self) -> Self {
        self.cancel_requests = true;
        self
    }

    /// Returns can be read, and what the seller can decide about them.
    #[must_use]
    pub fn with_returns(mut self, decisions: &'static [ReturnDecision]) -> Self {
        self.returns = true;
        self.return_decisions = decisions;
        self
    }

    /// How many orders one read by id may ask for.
    #[must_use]
    pub fn with_max_ids_per_read(mut self, ids: usize) -> Self {
        self.max_ids_per_read = ids.max(1);
        self
    }
}

/// What a webshop can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WebshopCapabilities {
    /// The platform's name for people (`WooCommerce`).
    pub platform: &'static str,
    /// What a lost create means.
    pub create: CreateSemantics,
    /// How long a lost create may take to show.
    pub create_lag: Lag,
    /// Parcels with only some of the pieces are seen.
    pub partial_shipments: bool,
    /// The change feed notices when an order is completed.
    pub feed_sees_status: bool,
    /// The change feed notices when a T&T code is added.
    pub feed_sees_tracking: bool,
    /// Orders can be cancelled.
    pub cancel: bool,
    /// Some pieces of an order can be cancelled.
    pub cancel_lines: bool,
    /// Returns can be noted.
    pub returns: bool,
    /// Orders that the marketplace sent can be made as completed without touching stock.
    pub fulfilled_elsewhere: bool,
    /// How many orders one read by id may ask for.
    pub max_ids_per_read: usize,
}

impl WebshopCapabilities {
    /// A webshop that takes orders and shows them, and nothing else.
    #[must_use]
    pub fn none(platform: &'static str) -> Self {
        Self {
            platform,
            create: CreateSemantics::Blind,
            create_lag: Lag::NONE,
            partial_shipments: false,
            feed_sees_status: false,
            feed_sees_tracking: false,
            cancel: false,
            cancel_lines: false,
            returns: false,
            fulfilled_elsewhere: false,
            max_ids_per_read: 1,
        }
    }

    /// What a lost create means, and how long it may take to show.
    #[must_use]
    pub fn with_create(mut self, semantics: CreateSemantics, lag: Lag) -> Self {
        self.create = semantics;
        self.create_lag = lag;
        self
    }

    /// Parcels with only some of the pieces are seen.
    #[must_use]
    pub fn with_partial_shipments(mut self) -> Self {
        self.partial_shipments = true;
        self
    }

    /// What the change feed notices.
    #[must_use]
    pub fn with_feed(mut self, sees_status: bool, sees_tracking: bool) -> Self {
        self.feed_sees_status = sees_status;
        self.feed_sees_tracking = sees_tracking;
        self
    }

    /// Orders can be cancelled.
    #[must_use]
    pub fn with_cancel(mut self) -> Self {
        self.cancel = true;
        self
    }

    /// Orders can be cancelled, whole or some pieces of them.
    #[must_use]
    pub fn with_cancel_lines(mut self) -> Self {
        self.cancel = true;
        self.cancel_lines = true;
        self
    }

    /// Returns can be noted.
    #[must_use]
    pub fn with_returns(mut self) -> Self {
        self.returns = true;
        self
    }

    /// Orders that the marketplace sent can be made as completed without touching stock.
    #[must_use]
    pub fn with_fulfilled_elsewhere(mut self) -> Self {
        self.fulfilled_elsewhere = true;
        self
    }

    /// How many orders one read by id may ask for.
    #[must_use]
    pub fn with_max_ids_per_read(mut self, ids: usize) -> Self {
        self.max_ids_per_read = ids.max(1);
        self
    }
}
