//! A webshop's order, as a connector reads it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{ExternalKey, ShipmentId, ShopOrderId};
use crate::money::Money;
use crate::shipment::{LineQuantity, Tracking};

/// An order as the webshop has it now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopOrder {
    /// The webshop's id.
    pub id: ShopOrderId,
    /// The number people use for it.
    pub number: String,
    /// Our key, read back from the record; `None` when the record does not carry one.
    pub key: Option<ExternalKey>,
    /// What state it is in, in our words.
    pub state: ShopState,
    /// What state it is in, in the webshop's words.
    pub raw_state: String,
    /// What the customer pays in all, tax included.
    pub total: Money,
    /// Pieces that the shop's staff took off the order or refunded before they were shipped.
    /// Empty where the platform does not tell, and for an order that is cancelled as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancelled: Vec<LineQuantity>,
    /// Parcels the webshop knows of. Cancelled ones are left out.
    pub shipments: Vec<ShopShipment>,
    /// When the webshop says it last changed.
    pub updated_at: Option<DateTime<Utc>>,
}

/// The state of a webshop order, in our words. What counts as completed is the connector's
/// rule, settable per shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShopState {
    /// Inert: no stock moved, no mail sent, nobody works on it.
    Draft,
    /// Being worked on.
    Open,
    /// Everything was handed to the transporter.
    Completed,
    /// Cancelled, refunded, or thrown away.
    Cancelled,
    /// A status this connector does not know. It moves nothing.
    Unknown,
}

/// A parcel in the webshop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShopShipment {
    /// A stable id: the webshop's, or one made from the code.
    pub id: ShipmentId,
    /// What is in it; `None` when the webshop does not say.
    pub lines: Option<Vec<LineQuantity>>,
    /// Its code.
    pub tracking: Option<Tracking>,
    /// When it was handed over.
    pub shipped_at: Option<DateTime<Utc>>,
}
