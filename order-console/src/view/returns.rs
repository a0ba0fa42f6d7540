//! What buyers send back.

use chrono::{DateTime, Utc};
use order_core::policy::Rules;
use order_core::returns::ReturnState;
use order_core::state::Order;
use serde::Serialize;
use utoipa::ToSchema;

/// A return.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReturnView {
    /// The marketplace's id.
    pub(crate) id: String,
    /// When the buyer registered it.
    pub(crate) registered_at: DateTime<Utc>,
    /// What comes back.
    pub(crate) rows: Vec<ReturnRow>,
    /// The code of the parcel that comes back.
    pub(crate) code: Option<String>,
    /// What the webshop was told of it.
    pub(crate) noted: Option<String>,
    /// What a person decided that the marketplace has not been told yet.
    pub(crate) decided: Option<String>,
    /// What can be decided now; empty when nothing.
    pub(crate) decisions: Vec<String>,
}

/// A row of a return.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ReturnRow {
    /// The marketplace's id.
    pub(crate) id: String,
    /// What comes back.
    pub(crate) what: Option<String>,
    /// Pieces.
    pub(crate) quantity: u32,
    /// Why, in the marketplace's words.
    pub(crate) reason: Option<String>,
    /// What the buyer wrote.
    pub(crate) comment: Option<String>,
    /// Whether the seller is to decide.
    pub(crate) to_decide: bool,
    /// Where it stands, in the marketplace's words.
    pub(crate) state: String,
}

pub(super) fn returns(order: &Order, rules: Option<&Rules>) -> Vec<ReturnView> {
    let platform = rules.map_or(&[][..], |rules| rules.marketplace.return_decisions);
    let view = |record: &order_core::state::ReturnRecord| {
        let value = &record.value;
        let rows: Vec<ReturnRow> = value
            .lines
            .iter()
            .map(|line| ReturnRow {
                id: line.id.clone(),
                what: line.what.clone(),
                quantity: line.quantity,
                reason: line.reason.clone(),
                comment: line.comment.clone(),
                to_decide: line.state == ReturnState::ToDecide,
                state: line.raw_state.clone(),
            })
            .collect();
        let open = record.wish.is_none() && rows.iter().any(|row| row.to_decide);
        ReturnView {
            id: value.id.to_string(),
            registered_at: value.registered_at,
            code: value.tracking.as_ref().map(|code| code.code.clone()),
            noted: record.noted.clone(),
            decided: record.wish.as_ref().map(|wish| wish.decision.to_string()),
            decisions: platform
                .iter()
                .filter(|_| open)
                .map(ToString::to_string)
                .collect(),
            rows,
        }
    };
    order.state.returns.iter().map(view).collect()
}
