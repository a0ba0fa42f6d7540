//! Cancelling: refusing what waits to be accepted, cancelling what is not paid, giving back the
//! money of what is paid and not sent.

use order_core::Error;
use order_core::ports::{CancelRequest, ConfirmLine, Outcome};

use super::connector::{Mirakl, refusal};
use super::lookup::Read;
use super::to_wire;
use super::wire::{Cancelations, LineSums, Refunds, State};

/// Which of Mirakl's lists a reason is taken from.
#[derive(Clone, Copy)]
enum ReasonList {
    Cancelation,
    Refund,
}

impl Mirakl {
    pub(super) async fn cancel_lines(&self, request: &CancelRequest) -> Result<Outcome, Error> {
        let rejected = |reason: String| Ok(Outcome::Rejected { reason });
        let Some(read) = self.read_whole(request.order.as_str()).await? else {
            return rejected("no such order".to_owned());
        };
        let left = match still_to_cancel(request, &read) {
            Ok(left) if left.is_empty() => return Ok(Outcome::AlreadyDone),
            Ok(left) => left,
            Err(reason) => return rejected(reason),
        };
        let open = read.order.lines.iter().filter(|line| line.open() > 0);
        let everything = open.clone().count() == left.len();
        let order = request.order.as_str();
        if read.wire.order_state == Some(State::WaitingAcceptance) {
            if !everything {
                return rejected(
                    "the order waits to be accepted: lines of it can only be refused together \
                     with a decision about the others"
                        .to_owned(),
                );
            }
            let body = to_wire::acceptance(read.order.lines.iter(), |_| false);
            return done(self.api.accept(order, &body).await);
        }
        if read.wire.can_cancel == Some(true) {
            let untouched = read.order.lines.len() == left.len();
            if everything && untouched {
                return done(self.api.cancel_order(order).await);
            }
            return self.cancel_some(request, &read, &left).await;
        }
        self.refund_some(request, &read, &left).await
    }

    async fn cancel_some(
        &self,
        request: &CancelRequest,
        read: &Read,
        left: &[&ConfirmLine],
    ) -> Result<Outcome, Error> {
        match self
            .sums(request, read, left, ReasonList::Cancelation)
            .await?
        {
            Ok((order_tax_mode, cancelations)) => {
                let body = Cancelations {
                    order_tax_mode,
                    cancelations,
                };
                done(self.api.cancel_lines(&body).await)
            }
            Err(reason) => Ok(Outcome::Rejected { reason }),
        }
    }

    async fn refund_some(
        &self,
        request: &CancelRequest,
        read: &Read,
        left: &[&ConfirmLine],
    ) -> Result<Outcome, Error> {
        let refundable = |asked: &&ConfirmLine| {
            let lines = read.wire.order_lines.iter().flatten();
            lines.clone().any(|line| {
                line.order_line_id.as_deref() == Some(asked.line.as_str())
                    && line.can_refund == Some(true)
            })
        };
        if !left.iter().all(refundable) {
            let reason = "the operator lets sellers neither cancel this order nor refund all of \
                          these lines; ask the operator"
                .to_owned();
            return Ok(Outcome::Rejected { reason });
        }
        match self.sums(request, read, left, ReasonList::Refund).await? {
            Ok((order_tax_mode, mut refunds)) => {
                for refund in &mut refunds {
                    refund.excluded_from_shipment = self.config.multi_shipment.then_some(true);
                }
                let body = Refunds {
                    order_tax_mode,
                    refunds,
                };
                done(self.api.refund_lines(&body).await)
            }
            Err(reason) => Ok(Outcome::Rejected { reason }),
        }
    }

    /// Tax mode and sums of the lines; the inner `Err` is a refusal.
    async fn sums(
        &self,
        request: &CancelRequest,
        read: &Read,
        left: &[&ConfirmLine],
        list: ReasonList,
    ) -> Result<Result<(String, Vec<LineSums>), String>, Error> {
        let name = to_wire::reason_name(request.reason);
        let Some(reason) = self.reason(name, list).await? else {
            return Ok(Err(format!(
                "the operator offers sellers no reason for this; set cancel_reasons.{name} to the \
                 reason's code"
            )));
        };
        let mode = read.wire.order_tax_mode.clone();
        let mode = mode.unwrap_or_else(|| "TAX_INCLUDED".to_owned());
        let currency = read.order.currency.as_str();
        let lines = read.wire.order_lines.as_deref().unwrap_or_default();
        let mut sums = Vec::with_capacity(left.len());
        for asked in left {
            let line = lines
                .iter()
                .find(|line| line.order_line_id.as_deref() == Some(asked.line.as_str()));
            let Some(line) = line else {
                return Ok(Err(format!("the order has no line {}", asked.line)));
            };
            match to_wire::line_sums(line, asked.quantity, currency, &reason) {
                Ok(sum) => sums.push(sum),
                Err(reason) => return Ok(Err(reason)),
            }
        }
        Ok(Ok((mode, sums)))
    }

    /// The code of a reason: as set, else the first one of the operator's that sellers may use.
    async fn reason(&self, name: &str, list: ReasonList) -> Result<Option<String>, Error> {
        if let Some(code) = self.config.cancel_reasons.get(name) {
            return Ok(Some(code.clone()));
        }
        let wanted = match list {
            ReasonList::Cancelation => "CANCELATION",
            ReasonList::Refund => "REFUND",
        };
        let reasons = self.api.reasons().await?;
        let ours = reasons.into_iter().find(|reason| {
            reason.is_shop_right == Some(true) && reason.kind.as_deref() == Some(wanted)
        });
        Ok(ours.and_then(|reason| reason.code))
    }
}

fn done(sent: Result<(), Error>) -> Result<Outcome, Error> {
    match sent {
        Ok(()) => Ok(Outcome::Done { remote_id: None }),
        Err(error) => refusal(error),
    }
}

/// The lines that are not cancelled yet.
fn still_to_cancel<'a>(
    request: &'a CancelRequest,
    read: &Read,
) -> Result<Vec<&'a ConfirmLine>, String> {
    let mut left = Vec::new();
    for asked in &request.lines {
        let line = read
            .order
            .line(&asked.line)
            .ok_or_else(|| format!("the order has no line {}", asked.line))?;
        if line.wanted() == 0 {
            continue;
        }
        to_wire::whole_line(asked, line)?;
        left.push(asked);
    }
    Ok(left)
}
