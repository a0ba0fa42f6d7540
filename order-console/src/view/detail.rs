//! An order with all there is to tell.

use chrono::{DateTime, Utc};
use order_core::address::Address;
use order_core::lifecycle::Level;
use order_core::order::{MarketplaceOrder, SumError};
use order_core::policy::Rules;
use order_core::ports::{HistoryEntry, JournalEntry};
use order_core::state::{Cancellation, Confirmation, Order, Phase, Shipment};
use serde::Serialize;
use utoipa::ToSchema;

use super::actions::{ActionState, actions};
use super::mask;
use super::order::{self, NextStep, OrderRow, ProblemView, TrackingView};
use super::returns::{self, ReturnView};
use crate::messages as say;

/// An order with all there is to tell.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OrderDetail {
    /// As in the overview.
    #[serde(flatten)]
    pub(crate) row: OrderRow,
    /// How often it was stored.
    pub(crate) version: u64,
    /// The webshop's id of its order.
    pub(crate) webshop_order_id: Option<String>,
    /// The state of the webshop order, in the webshop's words.
    pub(crate) webshop_state: Option<String>,
    /// The text by which the webshop order is found again.
    pub(crate) reference: Option<String>,
    /// Everything that happens next, the soonest first.
    pub(crate) agenda: Vec<NextStep>,
    /// What is in the way.
    pub(crate) problems: Vec<ProblemView>,
    /// Cancelling: `none`, or what is going on.
    pub(crate) cancellation: String,
    /// Its lines.
    pub(crate) lines: Vec<LineView>,
    /// Its sums.
    pub(crate) sums: Option<SumsView>,
    /// Where the goods go.
    pub(crate) ship_to: Option<AddressView>,
    /// Where the invoice goes, when it differs.
    pub(crate) bill_to: Option<AddressView>,
    /// The shipping method the buyer chose, in the marketplace's words.
    pub(crate) shipping_method: Option<String>,
    /// Its parcels.
    pub(crate) shipments: Vec<ShipmentView>,
    /// What is being sent to a platform.
    pub(crate) under_way: Vec<EffectView>,
    /// What was sent to a platform, oldest first.
    pub(crate) sent: Vec<EffectView>,
    /// What happened, oldest first.
    pub(crate) history: Vec<HistoryView>,
    /// What can be done, and why not.
    pub(crate) actions: Vec<ActionState>,
    /// What the buyer sends back.
    pub(crate) returns: Vec<ReturnView>,
    /// The order as the marketplace has it, personal data masked.
    pub(crate) raw: Option<serde_json::Value>,
}

/// A line of an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct LineView {
    /// The marketplace's id.
    pub(crate) id: String,
    /// The seller's article number.
    pub(crate) sku: Option<String>,
    /// EAN or other GTIN.
    pub(crate) gtin: Option<String>,
    /// What the buyer saw.
    pub(crate) title: Option<String>,
    /// Pieces ordered.
    pub(crate) quantity: u32,
    /// Pieces the marketplace knows as shipped.
    pub(crate) shipped: u32,
    /// Pieces the marketplace knows as cancelled.
    pub(crate) cancelled: u32,
    /// Pieces that can still be cancelled.
    pub(crate) left: u32,
    /// The buyer asks to cancel it.
    pub(crate) cancel_asked: bool,
    /// Price of one, tax included.
    pub(crate) unit_price: String,
    /// Discount on the line.
    pub(crate) discount: Option<String>,
    /// VAT in percent.
    pub(crate) vat_percent: Option<String>,
    /// What the buyer pays for it.
    pub(crate) total: Option<String>,
}

/// The sums of an order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct SumsView {
    /// What shipping costs.
    pub(crate) shipping: Option<String>,
    /// Discount on the whole order.
    pub(crate) discount: Option<String>,
    /// What the parts come to.
    pub(crate) computed: Option<String>,
    /// What the marketplace says.
    pub(crate) stated: Option<String>,
    /// Whether they agree; `null` when the marketplace says nothing.
    pub(crate) agree: Option<bool>,
    /// What the webshop came to.
    pub(crate) webshop: Option<String>,
}

/// An address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AddressView {
    /// As it is printed, a line each.
    pub(crate) lines: Vec<String>,
    /// E-mail address.
    pub(crate) email: Option<String>,
    /// Phone number.
    pub(crate) phone: Option<String>,
    /// VAT number.
    pub(crate) vat_number: Option<String>,
    /// What is missing to ship to it.
    pub(crate) missing: Vec<String>,
}

/// A parcel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ShipmentView {
    /// Its id.
    pub(crate) id: String,
    /// Its number in the order.
    pub(crate) parcel: u32,
    /// What is in it.
    pub(crate) lines: Vec<String>,
    /// Its code and transporter.
    pub(crate) tracking: TrackingView,
    /// When it was handed over.
    pub(crate) shipped_at: DateTime<Utc>,
    /// The code the marketplace has.
    pub(crate) told_code: Option<String>,
    /// When the marketplace took it, or it was seen there.
    pub(crate) told_at: Option<DateTime<Utc>>,
    /// Why the marketplace refuses it.
    pub(crate) refused: Option<String>,
}

/// Something that changes a platform.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct EffectView {
    /// What it does.
    pub(crate) what: String,
    /// Which attempt.
    pub(crate) attempt: u32,
    /// The text by which it is found again.
    pub(crate) reference: String,
    /// Where it is.
    pub(crate) state: String,
    /// When it last changed.
    pub(crate) at: DateTime<Utc>,
}

/// Something that happened.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct HistoryView {
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// `info`, `warning` or `error`.
    pub(crate) level: String,
    /// What.
    pub(crate) text: String,
}

impl OrderDetail {
    /// All of it, without what tells who the buyer is.
    pub(crate) fn without_personal_data(&self) -> Self {
        let mut copy = self.clone();
        copy.row.customer = None;
        copy.ship_to = None;
        copy.bill_to = None;
        for record in &mut copy.returns {
            for row in &mut record.rows {
                row.comment = None;
            }
        }
        copy
    }
}

pub(crate) fn history(entry: &HistoryEntry) -> HistoryView {
    let level = match entry.level {
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
    };
    HistoryView {
        at: entry.at,
        level: level.to_owned(),
        text: entry.text.clone(),
    }
}

fn lines(content: &MarketplaceOrder, order: &Order) -> Vec<LineView> {
    let remaining = order.remaining();
    let left = |id: &order_core::ids::LineId| {
        let part = remaining.iter().find(|part| part.line == *id);
        part.map_or(0, |part| part.quantity)
    };
    let line = |line: &order_core::order::Line| LineView {
        id: line.id.to_string(),
        sku: line.sku.clone(),
        gtin: line.gtin.clone(),
        title: line.title.clone(),
        quantity: line.quantity,
        shipped: line.shipped,
        cancelled: line.cancelled,
        left: left(&line.id),
        cancel_asked: line.cancel_requested,
        unit_price: line.unit_price.to_string(),
        discount: line.discount.map(|sum| sum.to_string()),
        vat_percent: line
            .vat_percent
            .map(|percent| percent.normalize().to_string()),
        total: line.total().map(|sum| sum.to_string()),
    };
    content.lines.iter().map(line).collect()
}

fn sums(content: &MarketplaceOrder, order: &Order) -> SumsView {
    let (computed, agree) = match content.checked_total() {
        Ok(sum) => (Some(sum), content.total.map(|_| true)),
        Err(SumError::Disagrees { computed, .. }) => (Some(computed), Some(false)),
        Err(SumError::CannotAdd) => (None, Some(false)),
    };
    SumsView {
        shipping: content.shipping.map(|sum| sum.to_string()),
        discount: content.discount.map(|sum| sum.to_string()),
        computed: computed.map(|sum| sum.to_string()),
        stated: content.total.map(|sum| sum.to_string()),
        agree,
        webshop: order.state.linked().map(|link| link.total.to_string()),
    }
}

pub(super) fn address(address: &Address) -> AddressView {
    let mut lines = vec![address.name()];
    if let Some(company) = address
        .company
        .clone()
        .filter(|name| *name != address.name())
    {
        lines.push(company);
    }
    if let Some(point) = &address.pickup_point {
        let name = point.id.as_deref().unwrap_or("?");
        lines.push(say::pickup_point(name));
    }
    lines.extend(address.lines.iter().cloned());
    let city = [&address.postal_code, &address.city].into_iter().flatten();
    lines.push(city.map(String::as_str).collect::<Vec<_>>().join(" "));
    lines.extend(address.region.clone());
    lines.extend(address.country.map(|country| country.to_string()));
    lines.retain(|line| !line.trim().is_empty());
    AddressView {
        lines,
        email: address.email.clone(),
        phone: address.phone.clone(),
        vat_number: address.vat_number.clone(),
        missing: address
            .missing_parts()
            .iter()
            .map(ToString::to_string)
            .collect(),
    }
}

fn shipment(shipment: &Shipment, content: Option<&MarketplaceOrder>) -> ShipmentView {
    let (told_at, refused) = match &shipment.confirmation {
        Confirmation::Confirmed { at, .. } | Confirmation::Verified { at, .. } => (Some(*at), None),
        Confirmation::Rejected(why) => (None, Some(why.clone())),
        Confirmation::None | Confirmation::Elsewhere => (None, None),
    };
    let name = |part: &order_core::shipment::LineQuantity| {
        let line = content.and_then(|content| content.line(&part.line));
        let title = line.and_then(|line| line.title.as_ref().or(line.sku.as_ref()));
        let title = title.map_or(part.line.as_str(), String::as_str);
        format!("{} × {title}", part.quantity)
    };
    ShipmentView {
        id: shipment.id.to_string(),
        parcel: shipment.parcel,
        lines: shipment.lines.iter().map(name).collect(),
        tracking: order::tracking(shipment),
        shipped_at: shipment.shipped_at,
        told_code: shipment.told_code.clone(),
        told_at,
        refused,
    }
}

fn under_way(order: &Order) -> Vec<EffectView> {
    let view = |effect: &order_core::state::Effect| EffectView {
        what: effect.kind.to_string(),
        attempt: effect.attempt,
        reference: effect.reference.clone(),
        state: match &effect.phase {
            Phase::Ready => say::EFFECT_READY.to_owned(),
            Phase::Intended => say::EFFECT_SENT.to_owned(),
            Phase::Unknown { settle_until, why } => say::effect_unknown(*settle_until, why),
            Phase::Submitted { poll_at, .. } => say::effect_submitted(*poll_at),
        },
        at: effect.intended_at,
    };
    order.state.effects.iter().map(view).collect()
}

fn cancellation(order: &Order) -> String {
    match &order.state.cancellation {
        Cancellation::None => "none".to_owned(),
        Cancellation::NeedsResolution(text) => text.clone(),
        Cancellation::BuyerAsks => say::BUYER_ASKS.to_owned(),
        Cancellation::TellShop => say::TELL_SHOP.to_owned(),
        Cancellation::TellMarketplace => say::TELL_MARKETPLACE.to_owned(),
        Cancellation::Done => say::CANCELLED_BOTH.to_owned(),
    }
}

/// An order with all there is to tell.
pub(crate) fn detail(
    order: &Order,
    rules: Option<&Rules>,
    now: DateTime<Utc>,
    entries: &[HistoryEntry],
    journal: &[JournalEntry],
) -> OrderDetail {
    let content = order.content.as_deref();
    let link = order.state.linked();
    OrderDetail {
        row: order::row(order, rules, now),
        version: order.version,
        webshop_order_id: link.map(|link| link.id.to_string()),
        webshop_state: link.map(|link| link.raw_state.clone()),
        reference: rules.map(|rules| {
            order_core::ids::ExternalKey::new(rules.policy.channel.clone(), order.key.order.clone())
                .to_string()
        }),
        agenda: rules.map_or_else(Vec::new, |rules| order::agenda(order, rules, now)),
        problems: order.state.problems.iter().map(order::problem).collect(),
        cancellation: cancellation(order),
        lines: content.map_or_else(Vec::new, |content| lines(content, order)),
        sums: content.map(|content| sums(content, order)),
        ship_to: content
            .and_then(|content| content.ship_to.as_ref())
            .map(address),
        bill_to: content
            .and_then(|content| content.bill_to.as_ref())
            .map(address),
        shipping_method: content.and_then(|content| content.shipping_method.clone()),
        shipments: order
            .state
            .shipments
            .iter()
            .map(|parcel| shipment(parcel, content))
            .collect(),
        under_way: under_way(order),
        sent: journal
            .iter()
            .map(|entry| EffectView {
                what: entry.record.kind.clone(),
                attempt: entry.record.attempt,
                reference: entry.record.reference.clone(),
                state: entry.record.status.as_str().to_owned(),
                at: entry.at,
            })
            .collect(),
        history: entries.iter().map(history).collect(),
        actions: actions(order, rules),
        returns: returns::returns(order, rules),
        raw: content.map(mask::masked),
    }
}
