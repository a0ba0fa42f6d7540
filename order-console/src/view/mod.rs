//! What is shown: the same to pages and programs.

mod actions;
mod connection;
mod detail;
mod dry_run;
mod mask;
mod order;
mod returns;

pub(crate) use actions::{ActionState, why_not};
pub(crate) use connection::{ConnectionView, Health, OldestOrder, connection};
pub(crate) use detail::{AddressView, EffectView, HistoryView, OrderDetail, ShipmentView, detail};
pub(crate) use dry_run::{DryRun, PlannedOrder, dry_run};
pub(crate) use order::{OrderRow, TrackingView, row};
pub(crate) use returns::ReturnView;
