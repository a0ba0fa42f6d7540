//! Everything that is done piece by piece: Kaufland takes one a request, so a parcel takes several
//! steps. Before each step the order is read, so a piece that is done is never sent again.

use order_core::ids::PieceId;
use order_core::order::MarketplaceOrder;
use order_core::ports::{
    CancelRequest, Checkpoint, ConfirmLine, ConfirmRequest, ConfirmationFound, EditTracking,
    OrderRead, Outcome,
};
use order_core::{Effect, Error, Kind};
use serde_json::json;

use super::connector::{Kaufland, rejected};
use super::to_wire;
use super::wire::AddShipment;

/// How far a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Open,
    Sent,
    Cancelled,
}

/// The pieces of one line as they are now.
fn stages(order: &MarketplaceOrder, asked: &ConfirmLine) -> Result<Vec<(PieceId, Stage)>, String> {
    let line = order
        .line(&asked.line)
        .ok_or_else(|| format!("the order has no line {}", asked.line))?;
    let (sent, kept) = (line.shipped as usize, line.wanted() as usize);
    let stage = |at: usize| {
        if at < sent {
            Stage::Sent
        } else if at < kept {
            Stage::Open
        } else {
            Stage::Cancelled
        }
    };
    let all = line.pieces.iter().cloned().enumerate();
    Ok(all.map(|(at, piece)| (piece, stage(at))).collect())
}

/// The pieces that a request is about, as they are now. A request that names none is about the
/// first ones that are open, or the last ones.
fn asked(
    order: &MarketplaceOrder,
    lines: &[ConfirmLine],
    from_the_end: bool,
) -> Result<Vec<(PieceId, Stage)>, String> {
    let mut all = Vec::new();
    for line in lines {
        let stages = stages(order, line)?;
        if line.pieces.is_empty() {
            let mut open: Vec<_> = stages
                .into_iter()
                .filter(|(_, stage)| *stage == Stage::Open)
                .collect();
            if from_the_end {
                open.reverse();
            }
            if open.len() < line.quantity as usize {
                return Err(format!(
                    "line {} has {} open pieces, not {}",
                    line.line,
                    open.len(),
                    line.quantity
                ));
            }
            all.extend(open.into_iter().take(line.quantity as usize));
            continue;
        }
        for piece in &line.pieces {
            let found = stages.iter().find(|(known, _)| known == piece);
            all.push(
                found
                    .cloned()
                    .ok_or_else(|| format!("line {} has no piece {piece}", line.line))?,
            );
        }
    }
    Ok(all)
}

impl Kaufland {
    async fn found(
        &self,
        order: &order_core::ids::MarketplaceOrderId,
    ) -> Result<Option<MarketplaceOrder>, Error> {
        match self.read(order.clone()).await? {
            OrderRead::Found(order) => Ok(Some(*order)),
            OrderRead::Gone(_) => Ok(None),
            OrderRead::Unreadable { reason, .. } => {
                Err(Error::not_applied(Kind::Decode, reason)
                    .with_operation("GET /orders/{id_order}"))
            }
        }
    }

    /// Sends the next piece that is not sent yet.
    pub(super) async fn send_next(&self, request: &ConfirmRequest) -> Result<Outcome, Error> {
        let carrier = self.config.carrier_without_code.as_deref();
        let body = match to_wire::send(request.tracking.as_ref(), carrier) {
            Ok(body) => body,
            Err(reason) => return rejected(reason),
        };
        let Some(order) = self.found(&request.order).await? else {
            return rejected("no such order");
        };
        let asked = match asked(&order, &request.lines, false) {
            Ok(asked) if asked.is_empty() => return rejected("a shipment without pieces"),
            Ok(asked) => asked,
            Err(reason) => return rejected(reason),
        };
        if let Some((piece, _)) = asked.iter().find(|(_, stage)| *stage == Stage::Cancelled) {
            return rejected(format!("piece {piece} was cancelled"));
        }
        let open = asked.iter().filter(|(_, stage)| *stage == Stage::Open);
        let open: Vec<&PieceId> = open.map(|(piece, _)| piece).collect();
        let Some(piece) = open.first() else {
            return Ok(if request.resume.is_some() {
                Outcome::Done { remote_id: None }
            } else {
                Outcome::AlreadyDone
            });
        };
        step(
            self.api.send(piece.as_str(), &body).await,
            open.len(),
            asked.len(),
        )
    }

    /// Cancels the next piece that is not cancelled yet.
    pub(super) async fn cancel_next(&self, request: &CancelRequest) -> Result<Outcome, Error> {
        let Some(order) = self.found(&request.order).await? else {
            return rejected("no such order");
        };
        let asked = match asked(&order, &request.lines, true) {
            Ok(asked) => asked,
            Err(reason) => return rejected(reason),
        };
        if let Some((piece, _)) = asked.iter().find(|(_, stage)| *stage == Stage::Sent) {
            return rejected(format!("piece {piece} was sent already"));
        }
        let open = asked.iter().filter(|(_, stage)| *stage == Stage::Open);
        let open: Vec<&PieceId> = open.map(|(piece, _)| piece).collect();
        let Some(piece) = open.first() else {
            return Ok(Outcome::AlreadyDone);
        };
        let body = to_wire::cancel(request.reason);
        step(
            self.api.cancel(piece.as_str(), &body).await,
            open.len(),
            asked.len(),
        )
    }

    /// A parcel is reported when all its pieces are. Kaufland does not tell the codes.
    pub(super) async fn find(&self, request: &ConfirmRequest) -> Result<ConfirmationFound, Error> {
        let Some(order) = self.found(&request.order).await? else {
            return Ok(ConfirmationFound::Absent);
        };
        let all_sent = match asked(&order, &request.lines, false) {
            Ok(asked) => !asked.is_empty() && asked.iter().all(|(_, stage)| *stage == Stage::Sent),
            // Fewer open pieces than asked for, and the request does not name them: counted.
            Err(_) => request.lines.iter().all(|part| {
                let line = order.line(&part.line);
                line.is_some_and(|line| {
                    line.open() < part.quantity && line.shipped >= part.quantity
                })
            }),
        };
        if !all_sent {
            return Ok(ConfirmationFound::Absent);
        }
        Ok(ConfirmationFound::Confirmed {
            remote_id: None,
            code: None,
        })
    }

    /// Adds the code to every piece of a parcel. One that has it already says so.
    pub(super) async fn add_code(&self, request: &EditTracking) -> Result<Outcome, Error> {
        let information = match to_wire::shipment_information(&request.tracking) {
            Ok(information) => information,
            Err(reason) => return rejected(reason),
        };
        let Some(order) = self.found(&request.order).await? else {
            return rejected("no such order");
        };
        let asked = match of_a_sent_parcel(&order, &request.lines) {
            Ok(asked) => asked,
            Err(reason) => return rejected(reason),
        };
        let mut added = false;
        for piece in asked {
            let Ok(id_order_unit) = piece.as_str().parse() else {
                return rejected(format!("piece {piece} has no number"));
            };
            let body = AddShipment {
                id_order_unit,
                shipment_information: information.clone(),
            };
            match self.api.add_shipment(&body).await {
                Ok(()) => added = true,
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return refusal(error),
            }
        }
        Ok(if added {
            Outcome::Done { remote_id: None }
        } else {
            Outcome::AlreadyDone
        })
    }
}

/// The pieces of a parcel that was reported; a request that names none is about the last ones sent.
fn of_a_sent_parcel(
    order: &MarketplaceOrder,
    lines: &[ConfirmLine],
) -> Result<Vec<PieceId>, String> {
    let mut all = Vec::new();
    for line in lines {
        let stages = stages(order, line)?;
        let sent = stages.iter().filter(|(_, stage)| *stage == Stage::Sent);
        let named: Vec<PieceId> = if line.pieces.is_empty() {
            let last = sent.map(|(piece, _)| piece.clone()).rev();
            last.take(line.quantity as usize).collect()
        } else {
            line.pieces.clone()
        };
        let is_sent = |piece: &PieceId| {
            stages
                .iter()
                .any(|it| it.0 == *piece && it.1 == Stage::Sent)
        };
        if named.is_empty() || !named.iter().all(is_sent) {
            return Err(format!("the pieces of line {} are not sent", line.line));
        }
        all.extend(named);
    }
    Ok(all)
}

/// What became of one piece, and whether that was the last one. A piece that is done already is
/// no trouble: the next step reads the order again.
fn step(sent: Result<(), Error>, open: usize, all: usize) -> Result<Outcome, Error> {
    match sent {
        Ok(()) if open <= 1 => Ok(Outcome::Done { remote_id: None }),
        Ok(()) => Ok(Outcome::Continue(Checkpoint(
            json!({ "done": all - open + 1, "of": all }),
        ))),
        Err(error) => refusal(error),
    }
}

fn is_duplicate(error: &Error) -> bool {
    error.kind() == Kind::Conflict && error.effect() == Effect::NotApplied
}

/// A clear refusal is an answer; everything else stays an error.
pub(super) fn refusal(error: Error) -> Result<Outcome, Error> {
    let refused = matches!(
        error.kind(),
        Kind::Rejected | Kind::Conflict | Kind::NotFound
    );
    if refused && error.effect() == Effect::NotApplied {
        return rejected(error.message());
    }
    Err(error)
}
