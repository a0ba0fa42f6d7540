//! A marketplace in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::error::{Error, Kind};
use crate::ids::{MarketplaceOrderId, ReturnId};
use crate::order::{MarketplaceOrder, Readiness};
use crate::ports::*;
use crate::returns::{MarketplaceReturn, ReturnDecision, ReturnState};

/// A shipment the marketplace was told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarketShipment {
    /// Our reference of it.
    pub reference: String,
    /// What is in it.
    pub lines: Vec<ConfirmLine>,
    /// Its code.
    pub code: Option<String>,
    /// Its transporter, in this marketplace's words.
    pub transporter: Option<String>,
    /// When it was told.
    pub at: DateTime<Utc>,
}

#[derive(Debug)]
struct Row {
    order: MarketplaceOrder,
    changed_at: DateTime<Utc>,
    shipments: Vec<MarketShipment>,
    cancelled_by_us: u32,
}

#[derive(Debug)]
struct Pending {
    request: ConfirmRequest,
    decided_at: DateTime<Utc>,
    reason: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    rows: BTreeMap<MarketplaceOrderId, Row>,
    tickets: BTreeMap<String, Pending>,
    returns: BTreeMap<ReturnId, ReturnRow>,
}

#[derive(Debug)]
struct ReturnRow {
    value: MarketplaceReturn,
    changed_at: DateTime<Utc>,
    decisions: Vec<(String, ReturnDecision)>,
}

/// A marketplace in memory, with the semantics of its capabilities. Cheap to clone; all clones
/// are the same marketplace.
///
/// It is harsh on purpose: a confirmation that is sent twice is recorded twice, as several real
/// marketplaces do, unless it upserts by key.
#[derive(Clone, Debug)]
pub struct MemoryMarketplace {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    capabilities: MarketplaceCapabilities,
    /// Confirmations are decided this much later, behind a ticket; at once when `None`.
    deferred: Option<Duration>,
    /// Sweeps page by offset, newest first: pages shift while orders come and go.
    offset: bool,
    page: usize,
}

impl MemoryMarketplace {
    /// A marketplace that can do everything, synchronously.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let lag = Lag {
            in_flight: Duration::from_secs(120),
            index: Duration::ZERO,
        };
        Self {
            state: Arc::default(),
            clock,
            capabilities: MarketplaceCapabilities::none("memory marketplace")
                .with_shipping(Granularity::Quantity, true)
                .with_confirm(ConfirmSemantics::ReadBack, lag)
                .with_edit_tracking()
                .with_cancel(Granularity::Quantity)
                .with_cancel_requests()
                .with_returns(&[ReturnDecision::Accept, ReturnDecision::Refuse])
                .with_max_ids_per_read(10),
            deferred: None,
            offset: false,
            page: 3,
        }
    }

    /// With other capabilities.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: MarketplaceCapabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Decides confirmations later, behind a ticket.
    #[must_use]
    pub fn deferring(mut self, by: Duration) -> Self {
        self.deferred = Some(by);
        self
    }

    /// Sweeps page by offset, so that they may miss what shifts between two pages.
    #[must_use]
    pub fn sweeping_by_offset(mut self) -> Self {
        self.offset = true;
        self
    }

    fn offset_page(
        &self,
        mut rows: Vec<(DateTime<Utc>, MarketplaceOrder)>,
        from: &str,
    ) -> OrderPage {
        rows.sort_by(|a, b| (b.0, &b.1.id).cmp(&(a.0, &a.1.id)));
        let from: usize = from.parse().unwrap_or_default();
        let more = rows.len() > from + self.page;
        let orders = rows
            .into_iter()
            .skip(from)
            .take(self.page)
            .map(|(_, order)| Sighting::Full(Box::new(order)))
            .collect();
        OrderPage {
            orders,
            next: Cursor((from + self.page).to_string()),
            more,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        let due: Vec<String> = state
            .tickets
            .iter()
            .filter(|(_, pending)| pending.decided_at <= now && pending.reason.is_none())
            .map(|(id, _)| id.clone())
            .collect();
        for id in due {
            let Some(pending) = state.tickets.get(&id) else {
                continue;
            };
            let request = pending.request.clone();
            let at = pending.decided_at;
            let reason = record(&mut state, &request, at, false)
                .err()
                .unwrap_or_default();
            if let Some(pending) = state.tickets.get_mut(&id) {
                pending.reason = Some(reason);
            }
        }
        state
    }

    /// A buyer places an order.
    pub fn place(&self, order: MarketplaceOrder) {
        let changed_at = self.clock.now();
        let row = Row {
            order,
            changed_at,
            shipments: Vec::new(),
            cancelled_by_us: 0,
        };
        self.state().rows.insert(row.order.id.clone(), row);
    }

    /// Something about an order changes at the marketplace.
    pub fn change(&self, id: &MarketplaceOrderId, change: impl FnOnce(&mut MarketplaceOrder)) {
        let now = self.clock.now();
        if let Some(row) = self.state().rows.get_mut(id) {
            change(&mut row.order);
            row.changed_at = now;
        }
    }

    /// The buyer or marketplace cancels what is still open. Tells whether anything was.
    pub fn cancel_open(&self, id: &MarketplaceOrderId) -> bool {
        let mut any = false;
        self.change(id, |order| {
            for line in &mut order.lines {
                any |= line.open() > 0;
                line.cancelled += line.open();
            }
        });
        any
    }

    /// A buyer sends goods back, or something about a return changes.
    pub fn put_return(&self, value: MarketplaceReturn) {
        let changed_at = self.clock.now();
        let mut state = self.state();
        let decisions = state
            .returns
            .remove(&value.id)
            .map_or_else(Vec::new, |row| row.decisions);
        let row = ReturnRow {
            value,
            changed_at,
            decisions,
        };
        state.returns.insert(row.value.id.clone(), row);
    }

    /// What was decided about a return, by row, as often as it was told.
    #[must_use]
    pub fn decisions(&self, id: &ReturnId) -> Vec<(String, ReturnDecision)> {
        self.state()
            .returns
            .get(id)
            .map_or_else(Vec::new, |row| row.decisions.clone())
    }

    /// Every order, as it is.
    #[must_use]
    pub fn all(&self) -> Vec<MarketplaceOrder> {
        self.state()
            .rows
            .values()
            .map(|row| row.order.clone())
            .collect()
    }

    /// What was told about an order.
    #[must_use]
    pub fn shipments(&self, id: &MarketplaceOrderId) -> Vec<MarketShipment> {
        self.state()
            .rows
            .get(id)
            .map(|row| row.shipments.clone())
            .unwrap_or_default()
    }

    /// The marketplace loses what it was told of an order's shipments.
    pub fn forget_shipments(&self, id: &MarketplaceOrderId) {
        if let Some(row) = self.state().rows.get_mut(id) {
            row.shipments.clear();
            for line in &mut row.order.lines {
                line.shipped = 0;
            }
            row.order.readiness = Readiness::Ready;
        }
    }

    /// How many pieces of an order we cancelled.
    #[must_use]
    pub fn cancelled_by_us(&self, id: &MarketplaceOrderId) -> u32 {
        self.state()
            .rows
            .get(id)
            .map_or(0, |row| row.cancelled_by_us)
    }

    fn page_of(&self, mut rows: Vec<(DateTime<Utc>, MarketplaceOrder)>, from: &str) -> OrderPage {
        rows.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
        let key = |at: &DateTime<Utc>, order: &MarketplaceOrder| {
            format!("{}|{}", at.format("%Y-%m-%dT%H:%M:%S%.9f"), order.id)
        };
        let mut rest = rows
            .into_iter()
            .filter(|(at, order)| key(at, order).as_str() > from);
        let page: Vec<_> = rest.by_ref().take(self.page).collect();
        let more = rest.next().is_some();
        let next = page
            .last()
            .map_or_else(|| from.to_owned(), |(at, order)| key(at, order));
        let orders = page
            .into_iter()
            .map(|(_, order)| Sighting::Full(Box::new(order)))
            .collect();
        OrderPage {
            orders,
            next: Cursor(next),
            more,
        }
    }
}

/// Records a shipment, as often as it is told unless it upserts.
fn record(
    state: &mut State,
    request: &ConfirmRequest,
    at: DateTime<Utc>,
    upsert: bool,
) -> Result<(), String> {
    let row = state.rows.get_mut(&request.order).ok_or("unknown order")?;
    let shipment = MarketShipment {
        reference: request.reference.clone(),
        lines: request.lines.clone(),
        code: request
            .tracking
            .as_ref()
            .map(|tracking| tracking.code.clone()),
        transporter: request
            .tracking
            .as_ref()
            .and_then(|t| t.transporter.clone()),
        at,
    };
    if upsert {
        let same = |known: &&mut MarketShipment| known.reference == request.reference;
        if let Some(known) = row.shipments.iter_mut().find(same) {
            *known = shipment;
            return Ok(());
        }
    }
    for part in &request.lines {
        let line = row.order.lines.iter_mut().find(|line| line.id == part.line);
        let line = line.ok_or_else(|| format!("unknown line {}", part.line))?;
        if line.wanted() == 0 {
            return Err(format!("line {} is cancelled", part.line));
        }
        line.shipped += part.quantity;
    }
    row.shipments.push(shipment);
    row.changed_at = at;
    if row.order.lines.iter().all(|line| line.open() == 0) {
        row.order.readiness = Readiness::Closed;
    }
    Ok(())
}

fn unknown_order(id: &MarketplaceOrderId) -> Error {
    Error::not_applied(Kind::NotFound, format!("no order {id}"))
}

#[async_trait]
impl Marketplace for MemoryMarketplace {
    fn capabilities(&self) -> MarketplaceCapabilities {
        self.capabilities.clone()
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        Ok(AccountInfo {
            name: Some("memory".to_owned()),
            ..AccountInfo::default()
        })
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        let from = cursor.map_or_else(String::new, |cursor| cursor.0);
        let rows = self
            .state()
            .rows
            .values()
            .filter(|row| !from.is_empty() || !row.order.is_closed())
            .map(|row| (row.changed_at, row.order.clone()))
            .collect();
        Ok(self.page_of(rows, &from))
    }

    async fn open_orders(&self, cursor: Option<Cursor>) -> Result<OrderPage, Error> {
        let rows = self
            .state()
            .rows
            .values()
            .filter(|row| !row.order.is_closed())
            .map(|row| (row.order.placed_at, row.order.clone()))
            .collect();
        let from = cursor.map_or_else(String::new, |cursor| cursor.0);
        if self.offset {
            return Ok(self.offset_page(rows, &from));
        }
        Ok(self.page_of(rows, &from))
    }

    async fn orders(&self, ids: Vec<MarketplaceOrderId>) -> Result<Vec<OrderRead>, Error> {
        let state = self.state();
        Ok(ids
            .into_iter()
            .map(|id| match state.rows.get(&id) {
                Some(row) => OrderRead::Found(Box::new(row.order.clone())),
                None => OrderRead::Gone(id),
            })
            .collect())
    }

    async fn accept(&self, request: AcceptRequest) -> Result<Outcome, Error> {
        if !self.capabilities.accept {
            return Err(Error::unsupported("accept", "accept"));
        }
        let now = self.clock.now();
        let mut state = self.state();
        let row = state
            .rows
            .get_mut(&request.order)
            .ok_or_else(|| unknown_order(&request.order))?;
        if row.order.readiness != Readiness::NeedsAcceptance {
            return Ok(Outcome::AlreadyDone);
        }
        row.order.readiness = Readiness::Ready;
        row.changed_at = now;
        Ok(Outcome::Done { remote_id: None })
    }

    async fn transporter(&self, query: TransporterQuery) -> Result<TransporterWord, Error> {
        Ok(match query.carrier.as_str() {
            "postnl" => TransporterWord::Known("TNT".to_owned()),
            _ => TransporterWord::Other("OTHER".to_owned()),
        })
    }

    async fn confirm(&self, request: ConfirmRequest) -> Result<Outcome, Error> {
        let now = self.clock.now();
        let mut state = self.state();
        if !state.rows.contains_key(&request.order) {
            return Err(unknown_order(&request.order));
        }
        if let Some(delay) = self.deferred {
            let id = format!("ticket-{}", state.tickets.len() + 1);
            let decided_at = now + delay;
            state.tickets.insert(
                id.clone(),
                Pending {
                    request,
                    decided_at,
                    reason: None,
                },
            );
            return Ok(Outcome::Submitted(Ticket {
                id,
                poll_after: Duration::from_secs(10),
                expires_after: Duration::from_secs(24 * 60 * 60),
            }));
        }
        let upsert = self.capabilities.confirm == ConfirmSemantics::UpsertByKey;
        match record(&mut state, &request, now, upsert) {
            Ok(()) => Ok(Outcome::Done {
                remote_id: Some(request.reference),
            }),
            Err(reason) => Ok(Outcome::Rejected { reason }),
        }
    }

    async fn ticket(&self, ticket: Ticket) -> Result<TicketStatus, Error> {
        Ok(match self.state().tickets.get(&ticket.id) {
            None => TicketStatus::Lost,
            Some(Pending { reason: None, .. }) => TicketStatus::Pending,
            Some(Pending {
                reason: Some(reason),
                request,
                ..
            }) if reason.is_empty() => TicketStatus::Done {
                remote_id: Some(request.reference.clone()),
            },
            Some(Pending {
                reason: Some(reason),
                ..
            }) => TicketStatus::Failed {
                reason: reason.clone(),
            },
        })
    }

    async fn find_confirmation(&self, request: ConfirmRequest) -> Result<ConfirmationFound, Error> {
        let state = self.state();
        let row = state
            .rows
            .get(&request.order)
            .ok_or_else(|| unknown_order(&request.order))?;
        if let Some(known) = row
            .shipments
            .iter()
            .find(|s| s.reference == request.reference)
        {
            return Ok(ConfirmationFound::Confirmed {
                remote_id: Some(known.reference.clone()),
                code: known.code.clone(),
            });
        }
        let pending = state.tickets.iter().find(|(_, pending)| {
            pending.request.reference == request.reference && pending.reason.is_none()
        });
        Ok(match pending {
            Some((id, _)) => ConfirmationFound::InProgress(Ticket {
                id: id.clone(),
                poll_after: Duration::from_secs(10),
                expires_after: Duration::from_secs(24 * 60 * 60),
            }),
            None => ConfirmationFound::Absent,
        })
    }

    async fn edit_tracking(&self, request: EditTracking) -> Result<Outcome, Error> {
        if !self.capabilities.edit_tracking {
            return Err(Error::unsupported("edit_tracking", "edit_tracking"));
        }
        let mut state = self.state();
        let row = state
            .rows
            .get_mut(&request.order)
            .ok_or_else(|| unknown_order(&request.order))?;
        let same = |known: &&mut MarketShipment| known.reference == request.reference;
        match row.shipments.iter_mut().find(same) {
            Some(known) => {
                known.code = Some(request.tracking.code);
                known.transporter = request.tracking.transporter;
                Ok(Outcome::Done {
                    remote_id: Some(request.reference),
                })
            }
            None => Ok(Outcome::Rejected {
                reason: "no such shipment".to_owned(),
            }),
        }
    }

    async fn cancel(&self, request: CancelRequest) -> Result<Outcome, Error> {
        if self.capabilities.cancel.is_none() {
            return Err(Error::unsupported("cancel", "cancel"));
        }
        let now = self.clock.now();
        let mut state = self.state();
        let row = state
            .rows
            .get_mut(&request.order)
            .ok_or_else(|| unknown_order(&request.order))?;
        for part in &request.lines {
            let Some(line) = row.order.lines.iter_mut().find(|line| line.id == part.line) else {
                return Ok(Outcome::Rejected {
                    reason: format!("unknown line {}", part.line),
                });
            };
            if line.open() < part.quantity {
                return Ok(Outcome::Rejected {
                    reason: format!("line {} is closed", part.line),
                });
            }
            line.cancelled += part.quantity;
            row.cancelled_by_us += part.quantity;
        }
        row.changed_at = now;
        Ok(Outcome::Done { remote_id: None })
    }

    async fn returns(&self, cursor: Option<Cursor>) -> Result<ReturnPage, Error> {
        if !self.capabilities.returns {
            return Err(Error::unsupported("returns", "returns"));
        }
        let now = self.clock.now();
        let from = cursor.and_then(|cursor| cursor.0.parse::<DateTime<Utc>>().ok());
        let overlap = chrono::Duration::seconds(2);
        let returns = self
            .state()
            .returns
            .values()
            .filter(|row| from.is_none_or(|from| row.changed_at > from - overlap))
            .map(|row| row.value.clone())
            .collect();
        Ok(ReturnPage {
            returns,
            next: Cursor(now.to_rfc3339()),
            more: false,
        })
    }

    async fn read_return(&self, id: ReturnId) -> Result<Vec<MarketplaceReturn>, Error> {
        if !self.capabilities.returns {
            return Err(Error::unsupported("read_return", "returns"));
        }
        let state = self.state();
        Ok(state
            .returns
            .get(&id)
            .map(|row| row.value.clone())
            .into_iter()
            .collect())
    }

    async fn decide_return(&self, request: DecideReturn) -> Result<Outcome, Error> {
        if !self
            .capabilities
            .return_decisions
            .contains(&request.decision)
        {
            return Err(Error::unsupported("decide_return", "return_decisions"));
        }
        let now = self.clock.now();
        let mut state = self.state();
        let Some(row) = state.returns.get_mut(&request.id) else {
            return Ok(Outcome::Rejected {
                reason: "no such return".to_owned(),
            });
        };
        for decided in request.lines {
            let line = row
                .value
                .lines
                .iter_mut()
                .find(|line| line.id == decided.id);
            let Some(line) = line else {
                return Ok(Outcome::Rejected {
                    reason: format!("no row {}", decided.id),
                });
            };
            line.state = ReturnState::Closed;
            line.raw_state = request.decision.to_string();
            row.decisions.push((decided.id, request.decision));
        }
        row.changed_at = now;
        Ok(Outcome::Done { remote_id: None })
    }
}
