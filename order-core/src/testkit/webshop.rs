//! A webshop in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::error::{Error, Kind};
use crate::ids::{ExternalKey, ShipmentId, ShopOrderId};
use crate::money::Money;
use crate::ports::*;
use crate::shipment::{LineQuantity, Tracking};
use crate::shop::{ShopOrder, ShopShipment, ShopState};

/// An order of the webshop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShopRecord {
    /// It, as it is read.
    pub order: ShopOrder,
    /// What was asked for.
    pub request: NewOrder,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub changed_at: DateTime<Utc>,
}

/// A note of a return in an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnNote {
    /// Our reference of it.
    pub reference: String,
    /// What was written.
    pub text: String,
}

#[derive(Debug, Default)]
struct State {
    notes: BTreeMap<ShopOrderId, Vec<ReturnNote>>,
    orders: BTreeMap<ShopOrderId, ShopRecord>,
    missing: BTreeSet<String>,
    next: u32,
    /// The most orders of a key that were ever alive at once.
    peak: BTreeMap<String, usize>,
}

impl State {
    fn count_live(&mut self, key: &ExternalKey) {
        let alive = self
            .orders
            .values()
            .filter(|record| is_live(record, key))
            .count();
        let peak = self.peak.entry(key.to_string()).or_default();
        *peak = alive.max(*peak);
    }
}

fn is_live(record: &ShopRecord, key: &ExternalKey) -> bool {
    record.order.key.as_ref() == Some(key)
        && !matches!(record.order.state, ShopState::Draft | ShopState::Cancelled)
}

/// A webshop in memory, with the semantics of its capabilities. Cheap to clone; all clones are
/// the same shop.
#[derive(Clone, Debug)]
pub struct MemoryWebshop {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    capabilities: WebshopCapabilities,
    index_lag: std::time::Duration,
    /// What the shop's own taxes add to every total, in cents.
    off_by: i64,
    /// Its search finds nothing.
    blind: bool,
}

impl MemoryWebshop {
    /// A webshop with drafts, where nothing else guards against doubles.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let lag = Lag {
            in_flight: std::time::Duration::from_secs(120),
            index: std::time::Duration::from_secs(60),
        };
        Self {
            state: Arc::default(),
            clock,
            capabilities: WebshopCapabilities::none("memory webshop")
                .with_create(CreateSemantics::InertThenActivate, lag)
                .with_partial_shipments()
                .with_feed(true, false)
                .with_cancel_lines()
                .with_returns()
                .with_max_ids_per_read(10),
            index_lag: lag.index,
            off_by: 0,
            blind: false,
        }
    }

    /// With other semantics of creating.
    #[must_use]
    pub fn with_create(mut self, semantics: CreateSemantics) -> Self {
        self.capabilities.create = semantics;
        self
    }

    /// Which makes orders that the marketplace sent as completed.
    #[must_use]
    pub fn with_fulfilled_elsewhere(mut self) -> Self {
        self.capabilities = self.capabilities.with_fulfilled_elsewhere();
        self
    }

    /// Which comes to other sums than it was told.
    #[must_use]
    pub fn off_by(mut self, cents: i64) -> Self {
        self.off_by = cents;
        self
    }

    /// Whose search sees everything at once.
    #[must_use]
    pub fn without_lag(mut self) -> Self {
        self.index_lag = std::time::Duration::ZERO;
        self.capabilities.create_lag = Lag::NONE;
        self
    }

    /// Declares other semantics of creating than it has: for variants that must be caught.
    #[must_use]
    pub fn declaring(mut self, semantics: CreateSemantics) -> Self {
        self.blind = self.capabilities.create == CreateSemantics::Blind;
        self.capabilities.create = semantics;
        self
    }

    /// Declares another lag than it has: for variants that must be caught.
    #[must_use]
    pub fn declaring_lag(mut self, lag: Lag) -> Self {
        self.capabilities.create_lag = lag;
        self
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This article number is not in the shop.
    pub fn without_product(&self, sku: &str) {
        self.state().missing.insert(sku.to_owned());
    }

    /// This article number is in the shop after all.
    pub fn with_product(&self, sku: &str) {
        self.state().missing.remove(sku);
    }

    /// Every order, drafts and cancelled ones included.
    #[must_use]
    pub fn all(&self) -> Vec<ShopRecord> {
        self.state().orders.values().cloned().collect()
    }

    /// The orders under a key that are alive: neither draft nor cancelled.
    #[must_use]
    pub fn live(&self, key: &ExternalKey) -> Vec<ShopRecord> {
        self.state()
            .orders
            .values()
            .filter(|record| is_live(record, key))
            .cloned()
            .collect()
    }

    /// The most orders under a key that were ever alive at once.
    #[must_use]
    pub fn peak(&self, key: &ExternalKey) -> usize {
        self.state()
            .peak
            .get(&key.to_string())
            .copied()
            .unwrap_or_default()
    }

    fn change(&self, id: &ShopOrderId, silent: bool, change: impl FnOnce(&mut ShopRecord)) {
        let now = self.clock.now();
        if let Some(record) = self.state().orders.get_mut(id) {
            change(record);
            if !silent {
                record.changed_at = now;
            }
        }
    }

    /// The warehouse completes an order, with or without a code.
    pub fn complete(&self, id: &ShopOrderId, code: Option<Tracking>) {
        let now = self.clock.now();
        self.change(id, false, |record| {
            record.order.state = ShopState::Completed;
            "completed".clone_into(&mut record.order.raw_state);
            if let Some(tracking) = code {
                record.order.shipments.push(ShopShipment {
                    id: ShipmentId::from("1"),
                    lines: None,
                    tracking: Some(tracking),
                    shipped_at: Some(now),
                });
            }
        });
    }

    /// A parcel with some of the pieces leaves.
    pub fn ship(&self, id: &ShopOrderId, parcel: &str, lines: Vec<LineQuantity>, code: Tracking) {
        let now = self.clock.now();
        self.change(id, false, |record| {
            record.order.shipments.push(ShopShipment {
                id: ShipmentId::from(parcel),
                lines: Some(lines),
                tracking: Some(code),
                shipped_at: Some(now),
            });
        });
    }

    /// A code is added to a completed order; the change feed does not notice.
    pub fn add_code(&self, id: &ShopOrderId, code: Tracking) {
        let now = self.clock.now();
        self.change(id, true, |record| {
            record.order.shipments.push(ShopShipment {
                id: ShipmentId::from("late"),
                lines: None,
                tracking: Some(code),
                shipped_at: Some(now),
            });
        });
    }

    /// The seller sets a state.
    pub fn set_state(&self, id: &ShopOrderId, state: ShopState, raw: &str) {
        self.change(id, false, |record| {
            record.order.state = state;
            raw.clone_into(&mut record.order.raw_state);
        });
    }

    /// The seller takes pieces off an order.
    pub fn take_off(&self, id: &ShopOrderId, part: LineQuantity) {
        self.change(id, false, |record| {
            take_off(&mut record.order.cancelled, part);
        });
    }

    /// The seller makes an order by hand, without our key: a copy of what was once asked for.
    pub fn by_hand(&self, request: &NewOrder) -> ShopOrderId {
        let order = self.insert(request, ShopState::Open, "processing");
        self.change(&order.id, true, |record| record.order.key = None);
        order.id
    }

    /// The notes of returns in an order.
    #[must_use]
    pub fn return_notes(&self, id: &ShopOrderId) -> Vec<ReturnNote> {
        self.state().notes.get(id).cloned().unwrap_or_default()
    }

    /// The seller deletes an order.
    pub fn delete(&self, id: &ShopOrderId) {
        self.state().orders.remove(id);
    }

    fn insert(&self, request: &NewOrder, state: ShopState, raw: &str) -> ShopOrder {
        let (state, raw) = match (request.sent_elsewhere, state) {
            (true, ShopState::Open) => (ShopState::Completed, "completed"),
            _ => (state, raw),
        };
        let now = self.clock.now();
        let mut shop = self.state();
        shop.next += 1;
        let id = ShopOrderId::new(format!("{:06}", shop.next));
        let order = ShopOrder {
            id: id.clone(),
            number: format!("W{}", shop.next),
            key: Some(request.key.clone()),
            state,
            raw_state: raw.to_owned(),
            total: request.total,
            cancelled: Vec::new(),
            shipments: Vec::new(),
            updated_at: Some(now),
        };
        let record = ShopRecord {
            order: order.clone(),
            request: request.clone(),
            created_at: now,
            changed_at: now,
        };
        shop.orders.insert(id, record);
        shop.count_live(&request.key);
        order
    }
}

#[async_trait]
impl Webshop for MemoryWebshop {
    fn capabilities(&self) -> WebshopCapabilities {
        self.capabilities.clone()
    }

    async fn check(&self) -> Result<AccountInfo, Error> {
        Ok(AccountInfo {
            name: Some("memory".to_owned()),
            ..AccountInfo::default()
        })
    }

    async fn products(&self, queries: Vec<ProductQuery>) -> Result<Vec<ProductMatch>, Error> {
        let state = self.state();
        Ok(queries
            .into_iter()
            .map(|query| match query.sku {
                Some(sku) if !state.missing.contains(&sku) => ProductMatch::Found(ProductRef {
                    id: sku,
                    matched_by: "sku".to_owned(),
                }),
                _ => ProductMatch::Missing,
            })
            .collect())
    }

    async fn find_orders(&self, key: ExternalKey) -> Result<Vec<FoundOrder>, Error> {
        let visible_before = self.clock.now() - self.index_lag;
        // A hard key is a direct lookup; a search sees what its index has.
        let direct = self.capabilities.create == CreateSemantics::UniqueKey;
        if self.blind || self.capabilities.create == CreateSemantics::Blind {
            return Ok(Vec::new());
        }
        Ok(self
            .state()
            .orders
            .values()
            .filter(|record| record.order.key.as_ref() == Some(&key))
            .filter(|record| direct || record.created_at <= visible_before)
            .map(|record| FoundOrder {
                order: record.order.clone(),
                resume: (record.order.state == ShopState::Draft).then(|| draft(&record.order.id)),
            })
            .collect())
    }

    async fn create_order(&self, request: CreateOrder) -> Result<CreateProgress, Error> {
        if let Some(checkpoint) = request.resume {
            return self.activate(&checkpoint);
        }
        match self.capabilities.create {
            CreateSemantics::InertThenActivate => {
                let order = self.insert(&request.order, ShopState::Draft, "draft");
                if self.off_by != 0 {
                    let minor = request.order.total.minor().unwrap_or_default() + self.off_by;
                    return Ok(CreateProgress::TotalDiffers {
                        actual: Money::from_minor(minor, request.order.currency),
                        order: order.id,
                        inert: true,
                    });
                }
                Ok(CreateProgress::Continue {
                    checkpoint: draft(&order.id),
                    draft: Some(order.id),
                })
            }
            CreateSemantics::UniqueKey => {
                let key = Some(&request.order.key);
                let exists = self
                    .state()
                    .orders
                    .values()
                    .any(|known| known.order.key.as_ref() == key);
                if exists {
                    return Err(Error::not_applied(Kind::Conflict, "the key is taken"));
                }
                let order = self.insert(&request.order, ShopState::Open, "processing");
                Ok(CreateProgress::Created(Box::new(order)))
            }
            CreateSemantics::Lookup | CreateSemantics::Blind => {
                let order = self.insert(&request.order, ShopState::Open, "processing");
                Ok(CreateProgress::Created(Box::new(order)))
            }
        }
    }

    async fn changes(&self, cursor: Option<Cursor>) -> Result<ShopChanges, Error> {
        let now = self.clock.now();
        let from = cursor.and_then(|cursor| cursor.0.parse::<DateTime<Utc>>().ok());
        let overlap = chrono::Duration::seconds(2);
        let ids = match from {
            None => Vec::new(),
            Some(from) => self
                .state()
                .orders
                .values()
                .filter(|record| record.changed_at > from - overlap)
                .map(|record| record.order.id.clone())
                .collect(),
        };
        Ok(ShopChanges {
            ids,
            next: Cursor(now.to_rfc3339()),
            more: false,
        })
    }

    async fn orders(&self, ids: Vec<ShopOrderId>) -> Result<Vec<ShopRead>, Error> {
        let state = self.state();
        Ok(ids
            .into_iter()
            .map(|id| match state.orders.get(&id) {
                Some(record) => ShopRead::Found(Box::new(record.order.clone())),
                None => ShopRead::Gone(id),
            })
            .collect())
    }

    async fn cancel_order(&self, request: CancelShopOrder) -> Result<ShopCancel, Error> {
        let now = self.clock.now();
        let mut state = self.state();
        let Some(record) = state.orders.get_mut(&request.id) else {
            return Ok(ShopCancel::Done);
        };
        if record.order.state == ShopState::Completed {
            return Ok(ShopCancel::Rejected {
                reason: "it is completed".to_owned(),
            });
        }
        record.changed_at = now;
        if !request.lines.is_empty() {
            for part in request.lines {
                take_off(&mut record.order.cancelled, part);
            }
            return Ok(ShopCancel::Done);
        }
        record.order.state = ShopState::Cancelled;
        "cancelled".clone_into(&mut record.order.raw_state);
        Ok(ShopCancel::Done)
    }

    async fn note_return(&self, request: NoteReturn) -> Result<ShopNote, Error> {
        let mut state = self.state();
        if !state.orders.contains_key(&request.order) {
            return Ok(ShopNote::Rejected {
                reason: "no such order".to_owned(),
            });
        }
        let notes = state.notes.entry(request.order).or_default();
        if !notes.iter().any(|note| note.reference == request.reference) {
            notes.push(ReturnNote {
                reference: request.reference,
                text: request.text,
            });
        }
        Ok(ShopNote::Written)
    }
}

/// Adds pieces to those that were taken off already.
fn take_off(cancelled: &mut Vec<LineQuantity>, part: LineQuantity) {
    match cancelled.iter_mut().find(|known| known.line == part.line) {
        Some(known) => known.quantity += part.quantity,
        None => cancelled.push(part),
    }
}

impl MemoryWebshop {
    fn activate(&self, checkpoint: &Checkpoint) -> Result<CreateProgress, Error> {
        let now = self.clock.now();
        let mut state = self.state();
        let id = ShopOrderId::from(checkpoint.0.as_str().unwrap_or_default());
        let Some(record) = state.orders.get_mut(&id) else {
            return Ok(CreateProgress::Rejected {
                reason: format!("no draft {id}"),
            });
        };
        if record.order.state == ShopState::Draft {
            let (state, raw) = if record.request.sent_elsewhere {
                (ShopState::Completed, "completed")
            } else {
                (ShopState::Open, "processing")
            };
            record.order.state = state;
            raw.clone_into(&mut record.order.raw_state);
            record.changed_at = now;
        }
        let (order, key) = (record.order.clone(), record.request.key.clone());
        state.count_live(&key);
        Ok(CreateProgress::Created(Box::new(order)))
    }
}

fn draft(id: &ShopOrderId) -> Checkpoint {
    Checkpoint(serde_json::Value::from(id.as_str()))
}
