//! What is shown: the same to pages and programs.

mod connection;
mod detail;
mod mask;
mod order;

pub(crate) use connection::{ConnectionView, Health, connection};
pub(crate) use detail::{
    ActionState, AddressView, EffectView, HistoryView, OrderDetail, ShipmentView, actions, detail,
};
pub(crate) use order::{OrderRow, TrackingView, row};
