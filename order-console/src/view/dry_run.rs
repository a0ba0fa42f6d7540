//! What creating an order in the webshop would send.

use order_core::engine::Preview;
use order_core::ports::NewOrder;
use order_core::state::Order;
use serde::Serialize;
use utoipa::ToSchema;

use super::detail::{AddressView, address};

/// What creating an order in the webshop would send. Nothing was sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DryRun {
    /// The webshop's platform.
    pub(crate) webshop: String,
    /// The webshop order that the order is linked to already: none would be created.
    pub(crate) linked: Option<String>,
    /// The order that would be sent.
    pub(crate) order: Option<PlannedOrder>,
    /// Why none can be sent, and what a person can do.
    pub(crate) missing: Option<Missing>,
    /// Numbers of orders that the webshop has under this order's key already.
    pub(crate) existing: Vec<String>,
}

/// What stands in the way.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Missing {
    /// What kind of problem it is.
    pub(crate) kind: String,
    /// What is wrong.
    pub(crate) text: String,
    /// What a person can do.
    pub(crate) advice: String,
}

/// The order that would be sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PlannedOrder {
    /// The name under which it is found again.
    pub(crate) key: String,
    /// When the buyer placed it.
    pub(crate) placed_at: chrono::DateTime<chrono::Utc>,
    /// Its lines.
    pub(crate) lines: Vec<PlannedLine>,
    /// What shipping costs, tax included.
    pub(crate) shipping: String,
    /// The shipping method in the marketplace's words.
    pub(crate) shipping_method: Option<String>,
    /// Discount on the whole order.
    pub(crate) discount: String,
    /// What it must come to, tax included.
    pub(crate) total: String,
    /// The currency.
    pub(crate) currency: String,
    /// Where the goods go.
    pub(crate) ship_to: AddressView,
    /// Where the invoice goes.
    pub(crate) bill_to: AddressView,
    /// The latest hand-over.
    pub(crate) ship_by: Option<chrono::DateTime<chrono::Utc>>,
}

/// A line that would be sent.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PlannedLine {
    /// The marketplace's id of the line.
    pub(crate) line: String,
    /// The webshop's id of the product.
    pub(crate) product: String,
    /// Which field matched.
    pub(crate) matched_by: String,
    /// What the buyer saw.
    pub(crate) title: String,
    /// Pieces.
    pub(crate) quantity: u32,
    /// Price of one, tax included.
    pub(crate) unit_price: String,
    /// Discount on the line.
    pub(crate) discount: String,
    /// VAT in percent.
    pub(crate) vat_percent: Option<String>,
}

pub(crate) fn dry_run(order: &Order, webshop: &str, preview: &Preview) -> DryRun {
    let mut view = DryRun {
        webshop: webshop.to_owned(),
        linked: order.state.linked().map(|link| link.number.clone()),
        order: None,
        missing: None,
        existing: Vec::new(),
    };
    match preview {
        Preview::Order(planned) => view.order = Some(planned_order(planned)),
        Preview::Blocked(blocked) => {
            view.missing = Some(Missing {
                kind: blocked.kind.as_str().to_owned(),
                text: blocked.text.clone(),
                advice: blocked.advice.clone(),
            });
        }
        Preview::Exists(found) => {
            view.existing = found.iter().map(|hit| hit.order.number.clone()).collect();
        }
    }
    view
}

fn planned_order(order: &NewOrder) -> PlannedOrder {
    let line = |line: &order_core::ports::NewLine| PlannedLine {
        line: line.line.to_string(),
        product: line.product.id.clone(),
        matched_by: line.product.matched_by.clone(),
        title: line.title.clone(),
        quantity: line.quantity,
        unit_price: line.unit_price.to_string(),
        discount: line.discount.to_string(),
        vat_percent: line
            .vat_percent
            .map(|percent| percent.normalize().to_string()),
    };
    PlannedOrder {
        key: order.key.to_string(),
        placed_at: order.placed_at,
        lines: order.lines.iter().map(line).collect(),
        shipping: order.shipping.to_string(),
        shipping_method: order.shipping_method.clone(),
        discount: order.discount.to_string(),
        total: order.total.to_string(),
        currency: order.currency.to_string(),
        ship_to: address(&order.ship_to),
        bill_to: address(&order.bill_to),
        ship_by: order.ship_by,
    }
}
