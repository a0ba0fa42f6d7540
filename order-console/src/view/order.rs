//! An order as a row of the overview.

use chrono::{DateTime, Utc};
use order_core::lifecycle;
use order_core::policy::Rules;
use order_core::shipment::ChosenBy;
use order_core::state::{Cancellation, Confirmation, Order, Problem, Shipment, Status};
use serde::Serialize;
use utoipa::ToSchema;

use crate::messages as say;

/// An order in the overview.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct OrderRow {
    /// Its connection.
    pub(crate) connection: String,
    /// The marketplace's name, where the connection is known.
    pub(crate) marketplace: Option<String>,
    /// The marketplace's order id.
    pub(crate) order: String,
    /// Its status: `not shipped`, `waiting`, `partially shipped`, `shipped`, `cancelled`,
    /// `manual` or `ignored`.
    pub(crate) status: String,
    /// Whether a person should look at it.
    pub(crate) needs_action: bool,
    /// The number of the webshop order.
    pub(crate) webshop_order: Option<String>,
    /// When the buyer placed it.
    pub(crate) placed_at: Option<DateTime<Utc>>,
    /// When it was first seen.
    pub(crate) first_seen: DateTime<Utc>,
    /// When the marketplace wants it handed over, as long as it is not.
    pub(crate) ship_by: Option<DateTime<Utc>>,
    /// Until when it waits for a T&T code.
    pub(crate) waits_until: Option<DateTime<Utc>>,
    /// The buyer's name.
    pub(crate) customer: Option<String>,
    /// The country of delivery.
    pub(crate) country: Option<String>,
    /// What was bought.
    pub(crate) items: Vec<String>,
    /// What the buyer pays, tax included.
    pub(crate) total: Option<String>,
    /// Its parcels.
    pub(crate) tracking: Vec<TrackingView>,
    /// Its worst problem.
    pub(crate) problem: Option<ProblemView>,
    /// What happens next.
    pub(crate) next: Option<NextStep>,
    /// Why nothing happens by itself, where that is so.
    pub(crate) resting: Option<String>,
}

/// A parcel's code and transporter.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct TrackingView {
    /// The code as the webshop or operator gave it.
    pub(crate) code: Option<String>,
    /// The code that is sent, when it differs.
    pub(crate) sent_code: Option<String>,
    /// The transporter.
    pub(crate) transporter: Option<String>,
    /// The marketplace's word for it.
    pub(crate) sent_transporter: Option<String>,
    /// How it was chosen.
    pub(crate) chosen_by: Option<String>,
    /// How far the marketplace was told.
    pub(crate) told: String,
}

/// Something in the way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ProblemView {
    /// What kind.
    pub(crate) kind: String,
    /// What it stands in the way of.
    pub(crate) action: String,
    /// What failed and why.
    pub(crate) text: String,
    /// What a person can do.
    pub(crate) advice: String,
    /// Since when.
    pub(crate) since: DateTime<Utc>,
    /// How often it was tried.
    pub(crate) attempts: u32,
    /// When it is tried again by itself.
    pub(crate) next_attempt: Option<DateTime<Utc>>,
    /// Whether it usually goes away by itself.
    pub(crate) transient: bool,
}

/// What the engine does next.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct NextStep {
    /// What.
    pub(crate) what: String,
    /// When.
    pub(crate) at: DateTime<Utc>,
    /// Why.
    pub(crate) why: String,
}

pub(crate) fn problem(problem: &Problem) -> ProblemView {
    ProblemView {
        kind: problem.kind.as_str().to_owned(),
        action: problem.action.to_string(),
        text: problem.text.clone(),
        advice: problem.advice.clone(),
        since: problem.since,
        attempts: problem.attempts,
        next_attempt: problem.next_attempt,
        transient: problem.kind.is_transient(),
    }
}

/// The agenda of an order, the soonest first.
pub(crate) fn agenda(order: &Order, rules: &Rules, now: DateTime<Utc>) -> Vec<NextStep> {
    let mut steps: Vec<NextStep> = lifecycle::agenda(order, now, rules)
        .into_iter()
        .map(|item| NextStep {
            what: item.action.to_string(),
            at: item.at,
            why: item.why,
        })
        .collect();
    steps.sort_by_key(|step| step.at);
    steps
}

fn next_step(order: &Order, rules: &Rules, now: DateTime<Utc>) -> Option<NextStep> {
    agenda(order, rules, now).into_iter().next()
}

/// Why nothing happens by itself; `None` when something does, or nothing must.
fn resting(order: &Order, knows_rules: bool) -> Option<String> {
    let state = &order.state;
    if let Some(why) = &state.ignored {
        return Some(say::ignored(why));
    }
    if let Some(manual) = &state.manual {
        return Some(say::by_hand(manual.note.as_deref()));
    }
    if let Cancellation::NeedsResolution(text) = &state.cancellation {
        return Some(text.clone());
    }
    if !knows_rules {
        return Some(say::UNKNOWN_CONNECTION.to_owned());
    }
    None
}

/// How a transporter was chosen.
fn how_chosen(by: &ChosenBy) -> String {
    match by {
        ChosenBy::Operator => say::CHOSEN_BY_OPERATOR.to_owned(),
        ChosenBy::WebshopName(name) => say::chosen_by_webshop(name),
        ChosenBy::Rule(number) => say::chosen_by_rule(*number),
        ChosenBy::Detected(percent) => say::chosen_by_code(*percent),
        ChosenBy::Default => say::CHOSEN_BY_DEFAULT.to_owned(),
    }
}

/// How far the marketplace was told of a shipment.
fn told(shipment: &Shipment) -> &'static str {
    match &shipment.confirmation {
        Confirmation::None => say::NOT_TOLD,
        Confirmation::Confirmed { .. } => say::TAKEN,
        Confirmation::Verified { .. } => say::SEEN_THERE,
        Confirmation::Elsewhere => say::TOLD_BY_OTHERS,
        Confirmation::Rejected(_) => say::REFUSED_THERE,
    }
}

pub(crate) fn tracking(shipment: &Shipment) -> TrackingView {
    let code = shipment.tracking.as_ref().map(|given| given.code.clone());
    let carrier = shipment.carrier.as_ref();
    TrackingView {
        sent_code: carrier
            .map(|choice| choice.code.clone())
            .filter(|sent| Some(sent) != code.as_ref()),
        code,
        transporter: carrier.map(|choice| choice.carrier.clone()),
        sent_transporter: carrier.and_then(|choice| choice.sent.clone()),
        chosen_by: carrier.map(|choice| how_chosen(&choice.by)),
        told: told(shipment).to_owned(),
    }
}

/// A row of the overview.
pub(crate) fn row(order: &Order, rules: Option<&Rules>, now: DateTime<Utc>) -> OrderRow {
    let content = order.content.as_deref();
    let address = content.and_then(|content| content.ship_to.as_ref());
    let status = order.status();
    let items = content.map(|content| {
        let name = |line: &order_core::order::Line| {
            let title = line.title.as_ref().or(line.sku.as_ref());
            let title = title.or(line.gtin.as_ref()).map_or("?", String::as_str);
            format!("{} × {title}", line.quantity)
        };
        content.lines.iter().map(name).collect()
    });
    let total = content.and_then(|content| content.checked_total().ok().or(content.total));
    OrderRow {
        connection: order.key.connection.to_string(),
        marketplace: rules.map(|rules| rules.marketplace.platform.to_owned()),
        order: order.key.order.to_string(),
        status: status.to_string(),
        needs_action: order.needs_action(),
        webshop_order: order.state.linked().map(|link| link.number.clone()),
        placed_at: content.map(|content| content.placed_at),
        first_seen: order.state.first_seen,
        ship_by: order.marks().deadline,
        waits_until: order
            .state
            .wait
            .as_ref()
            .filter(|_| status == Status::Waiting)
            .map(|wait| wait.until),
        customer: address
            .map(|address| address.name())
            .filter(|name| !name.is_empty()),
        country: address
            .and_then(|address| address.country)
            .map(|country| country.to_string()),
        items: items.unwrap_or_default(),
        total: total.map(|total| total.to_string()),
        tracking: order.state.shipments.iter().map(tracking).collect(),
        problem: order.problem().map(problem),
        next: rules.and_then(|rules| next_step(order, rules, now)),
        resting: resting(order, rules.is_some()),
    }
}
