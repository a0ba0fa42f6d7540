//! What Amazon has: an order, its packages, and what became of a confirmation.

use order_core::ids::MarketplaceOrderId;
use order_core::order::{MarketplaceOrder, TrackingRule};
use order_core::ports::{ConfirmRequest, ConfirmationFound, OrderRead};
use order_core::{Error, Kind};

use super::api::is_absent;
use super::connector::Amazon;
use super::wire::{Order, Package, SalesChannel};
use super::{from_wire, to_wire};
use crate::text::text;

impl Amazon {
    pub(super) fn tracking_rule(&self) -> TrackingRule {
        match self.config.text_without_code {
            Some(_) => TrackingRule::Optional,
            None => TrackingRule::Required,
        }
    }

    pub(super) async fn read(&self, id: MarketplaceOrderId) -> Result<OrderRead, Error> {
        if !from_wire::is_an_id(id.as_str()) {
            return Ok(OrderRead::Gone(id));
        }
        let converted = match self.api.order(id.as_str()).await {
            Ok(wire) => from_wire::order(id.as_str(), wire, self.tracking_rule()),
            Err(error) if is_absent(&error) => return Ok(OrderRead::Gone(id)),
            // An order in a form of its own is that order's trouble, not the account's.
            Err(error) if error.kind() == Kind::Decode => Err(error.message().to_owned()),
            Err(error) => return Err(error),
        };
        Ok(match converted {
            Ok(order) => OrderRead::Found(Box::new(order)),
            Err(reason) => OrderRead::Unreadable { id, reason },
        })
    }

    /// An order in both forms; `None` when it is not there.
    pub(super) async fn read_whole(
        &self,
        id: &str,
    ) -> Result<Option<(Parts, MarketplaceOrder)>, Error> {
        if !from_wire::is_an_id(id) {
            return Ok(None);
        }
        let mut wire = match self.api.order(id).await {
            Ok(wire) => wire,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let parts = Parts {
            packages: wire.packages.take().unwrap_or_default(),
            sales_channel: take_channel(&mut wire),
        };
        let order = from_wire::order(id, wire, self.tracking_rule()).map_err(|reason| {
            Error::not_applied(Kind::Decode, reason)
                .with_operation("GET /orders/2026-01-01/orders/{orderId}")
        })?;
        Ok(Some((parts, order)))
    }

    /// The marketplace an order was placed in; the only one, or the first, where it does not say.
    pub(super) fn marketplace(&self, channel: Option<&SalesChannel>) -> String {
        let stated = channel.and_then(|it| text(it.marketplace_id.as_deref()));
        stated
            .or_else(|| self.config.marketplace_ids.first().cloned())
            .unwrap_or_default()
    }

    pub(super) async fn find(&self, request: &ConfirmRequest) -> Result<ConfirmationFound, Error> {
        let Some((parts, order)) = self.read_whole(request.order.as_str()).await? else {
            return Ok(ConfirmationFound::Absent);
        };
        if let Some(package) = package(&parts.packages, request.parcel) {
            return Ok(ConfirmationFound::Confirmed {
                remote_id: package.package_reference_id.clone(),
                code: text(package.tracking_number.as_deref()),
            });
        }
        // Sent under another reference, by whoever: then no package of ours will ever come.
        let all_sent = request.lines.iter().all(|part| {
            let line = order.line(&part.line);
            line.is_some_and(|line| line.open() < part.quantity && line.shipped >= part.quantity)
        });
        if !all_sent {
            return Ok(ConfirmationFound::Absent);
        }
        Ok(ConfirmationFound::Confirmed {
            remote_id: None,
            code: None,
        })
    }
}

/// What else an order tells, beside what is in our order.
pub(super) struct Parts {
    pub(super) packages: Vec<Package>,
    pub(super) sales_channel: Option<SalesChannel>,
}

/// The order still needs its channel, for the currency.
fn take_channel(wire: &mut Order) -> Option<SalesChannel> {
    let id = wire.sales_channel.as_ref()?.marketplace_id.clone();
    Some(SalesChannel { marketplace_id: id })
}

/// The package of a parcel's number, unless it was cancelled.
pub(super) fn package(packages: &[Package], parcel: u32) -> Option<&Package> {
    let reference = to_wire::reference(parcel).ok()?;
    packages.iter().find(|package| {
        let status = package.package_status.as_ref();
        let status = status.and_then(|it| it.status.as_deref());
        package.package_reference_id.as_ref() == Some(&reference) && status != Some("CANCELLED")
    })
}
