//! What the sandbox knows, and what becomes of changes.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Days, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Settings;
use super::samples::NewOrder;

/// Everything, in a form that can be written down and taken up again.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct World {
    pub(super) orders: Vec<OrderRow>,
    pub(super) shipments: Vec<ShipmentRow>,
    pub(super) processes: Vec<ProcessRow>,
    #[serde(default)]
    pub(super) returns: Vec<ReturnRow>,
    /// Public keys, as id and Base64.
    #[serde(default)]
    pub(super) signature_keys: Vec<(String, String)>,
    /// Requests per operation.
    pub(super) requests: BTreeMap<String, u64>,
    pub(super) tokens: Vec<TokenRow>,
    /// Changes whose request was answered wrongly and that happen later.
    pub(super) late: Vec<LateRow>,
    /// Bodies that replace the details of an order.
    pub(super) details: BTreeMap<String, String>,
    /// Entries put in front of every list page.
    pub(super) list_entries: Vec<Value>,
    last_id: u64,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct OrderRow {
    pub(super) id: String,
    pub(super) placed_at: DateTime<Utc>,
    pub(super) pickup_point: bool,
    pub(super) shipment_details: Value,
    pub(super) billing_details: Value,
    pub(super) items: Vec<ItemRow>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ItemRow {
    pub(super) id: String,
    pub(super) ean: String,
    pub(super) reference: String,
    pub(super) title: String,
    pub(super) method: String,
    pub(super) quantity: u32,
    pub(super) shipped: u32,
    pub(super) cancelled: u32,
    pub(super) cancellation_request: bool,
    pub(super) unit_price: u64,
    pub(super) discount: u64,
    pub(super) latest_delivery: String,
    pub(super) changed_at: DateTime<Utc>,
}

impl ItemRow {
    pub(super) fn open(&self) -> u32 {
        self.quantity
            .saturating_sub(self.shipped)
            .saturating_sub(self.cancelled)
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ShipmentRow {
    pub(super) id: String,
    pub(super) order: String,
    pub(super) reference: String,
    pub(super) shipped_at: DateTime<Utc>,
    pub(super) items: Vec<(String, u32)>,
    pub(super) transport: String,
    pub(super) transporter: Option<String>,
    pub(super) code: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReturnRow {
    pub(super) id: String,
    pub(super) registered_at: DateTime<Utc>,
    pub(super) items: Vec<ReturnItemRow>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ReturnItemRow {
    pub(super) rma: String,
    pub(super) order: String,
    pub(super) item: String,
    pub(super) quantity: u32,
    /// What was decided, how often, when.
    pub(super) results: Vec<(String, u32, DateTime<Utc>)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ProcessRow {
    pub(super) id: String,
    pub(super) entity: String,
    pub(super) event: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) due_at: DateTime<Utc>,
    pub(super) status: String,
    pub(super) error: Option<String>,
    pub(super) change: Change,
}

/// What a change asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    Ship {
        items: Vec<(String, Option<u32>)>,
        reference: String,
        transporter: Option<String>,
        code: Option<String>,
    },
    Transport {
        transport: String,
        transporter: Option<String>,
        code: String,
    },
    Cancel {
        item: String,
    },
    Return {
        rma: String,
        result: String,
        quantity: u32,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TokenRow {
    pub(super) text: String,
    pub(super) until: DateTime<Utc>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct LateRow {
    pub(super) at: DateTime<Utc>,
    pub(super) change: Change,
}

impl World {
    pub(super) fn dump(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    pub(super) fn add(&mut self, order: NewOrder, now: DateTime<Utc>) {
        let placed_at = order.placed_at.unwrap_or(now);
        let promised = placed_at.date_naive().checked_add_days(Days::new(2));
        let latest_delivery = promised.unwrap_or_default().to_string();
        let items = order.items.into_iter().map(|item| ItemRow {
            id: item.id,
            ean: item.ean,
            reference: item.reference,
            title: item.title,
            method: item.method,
            quantity: item.quantity,
            shipped: 0,
            cancelled: 0,
            cancellation_request: false,
            unit_price: item.unit_price,
            discount: item.discount,
            latest_delivery: latest_delivery.clone(),
            changed_at: now,
        });
        let row = OrderRow {
            items: items.collect(),
            placed_at,
            pickup_point: order.pickup_point,
            shipment_details: order.shipment_details,
            billing_details: order.billing_details,
            id: order.id,
        };
        self.orders.retain(|order| order.id != row.id);
        self.orders.push(row);
        self.orders
            .sort_by(|a, b| b.placed_at.cmp(&a.placed_at).then_with(|| b.id.cmp(&a.id)));
    }

    pub(super) fn item(&mut self, id: &str) -> Option<&mut ItemRow> {
        self.orders
            .iter_mut()
            .flat_map(|order| &mut order.items)
            .find(|item| item.id == id)
    }

    fn order_of(&self, item: &str) -> Option<&str> {
        let has = |order: &&OrderRow| order.items.iter().any(|it| it.id == item);
        self.orders.iter().find(has).map(|order| order.id.as_str())
    }

    pub(super) fn request_cancellation(&mut self, item: &str, now: DateTime<Utc>) {
        if let Some(item) = self.item(item) {
            item.cancellation_request = true;
            item.changed_at = now;
        }
    }

    pub(super) fn cancel_order(&mut self, order: &str, now: DateTime<Utc>) {
        let orders = self.orders.iter_mut().filter(|it| it.id == order);
        for item in orders.flat_map(|order| &mut order.items) {
            item.cancelled += item.open();
            item.changed_at = now;
        }
    }

    fn next_id(&mut self) -> String {
        self.last_id += 1;
        (541_000_000 + self.last_id).to_string()
    }

    /// Takes a change and answers its process.
    pub(super) fn submit(
        &mut self,
        change: Change,
        now: DateTime<Utc>,
        processing: Duration,
    ) -> ProcessRow {
        let (entity, event) = match &change {
            Change::Ship { items, .. } => (
                items.first().map(|it| it.0.clone()).unwrap_or_default(),
                "CREATE_SHIPMENT",
            ),
            Change::Transport { transport, .. } => (transport.clone(), "CHANGE_TRANSPORT"),
            Change::Cancel { item } => (item.clone(), "CANCEL_ORDER"),
            Change::Return { rma, .. } => (rma.clone(), "HANDLE_RETURN_ITEM"),
        };
        let row = ProcessRow {
            id: self.next_id(),
            entity,
            event: event.to_owned(),
            created_at: now,
            due_at: now + delta(processing),
            status: "PENDING".to_owned(),
            error: None,
            change,
        };
        self.processes.push(row.clone());
        row
    }

    /// Lets happen what is due.
    pub(super) fn settle(&mut self, now: DateTime<Utc>, settings: &Settings) {
        let (due, left) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|it| it.at <= now);
        self.late = left;
        let due: Vec<LateRow> = due;
        for late in due {
            self.submit(late.change, late.at, settings.processing);
        }
        for at in 0..self.processes.len() {
            let process = &self.processes[at];
            if process.status == "PENDING" && process.due_at <= now {
                let (change, at_time) = (process.change.clone(), process.due_at);
                let outcome = self.execute(change, at_time);
                let process = &mut self.processes[at];
                process.status = if outcome.is_ok() {
                    "SUCCESS"
                } else {
                    "FAILURE"
                }
                .to_owned();
                process.error = outcome.err();
            }
        }
        let remembered = delta(settings.remembered);
        self.processes
            .retain(|it| it.status == "PENDING" || now - it.due_at < remembered);
        self.tokens.retain(|token| token.until > now);
    }

    fn execute(&mut self, change: Change, now: DateTime<Utc>) -> Result<(), String> {
        match change {
            Change::Ship {
                items,
                reference,
                transporter,
                code,
            } => {
                let items = self.ship(items, now)?;
                let order = items
                    .first()
                    .and_then(|it| self.order_of(&it.0))
                    .map(str::to_owned);
                let (id, transport) = (self.next_id(), self.next_id());
                self.shipments.insert(
                    0,
                    ShipmentRow {
                        id,
                        order: order.unwrap_or_default(),
                        reference,
                        shipped_at: now,
                        items,
                        transport,
                        transporter,
                        code,
                    },
                );
            }
            Change::Transport {
                transport,
                transporter,
                code,
            } => {
                let found = self
                    .shipments
                    .iter_mut()
                    .find(|it| it.transport == transport);
                let shipment = found.ok_or_else(|| format!("Transport {transport} is unknown."))?;
                shipment.code = Some(code);
                shipment.transporter = transporter.or(shipment.transporter.take());
            }
            Change::Cancel { item } => {
                let row = self.item(&item).ok_or_else(|| unknown_item(&item))?;
                if row.open() < row.quantity {
                    return Err(format!("Order item {item} is already handled."));
                }
                row.cancelled = row.quantity;
                row.changed_at = now;
            }
            Change::Return {
                rma,
                result,
                quantity,
            } => {
                let row = self.return_item(&rma);
                let row = row.ok_or_else(|| format!("Return {rma} is unknown."))?;
                if quantity > row.quantity {
                    return Err(format!("Return {rma}: {quantity} of {}.", row.quantity));
                }
                // A later decision takes the place of an earlier one.
                row.results = vec![(result, quantity, now)];
            }
        }
        Ok(())
    }

    fn return_item(&mut self, rma: &str) -> Option<&mut ReturnItemRow> {
        let items = self.returns.iter_mut().flat_map(|row| &mut row.items);
        items.into_iter().find(|item| item.rma == rma)
    }

    /// The buyer sends pieces of order items back; answers the return's id.
    pub(super) fn add_return(&mut self, items: &[(&str, u32)], now: DateTime<Utc>) -> String {
        let id = self.next_id();
        let rows = items.iter().map(|(item, quantity)| ReturnItemRow {
            rma: self.next_id(),
            order: self.order_of(item).unwrap_or_default().to_owned(),
            item: (*item).to_owned(),
            quantity: *quantity,
            results: Vec::new(),
        });
        let items = rows.collect();
        self.returns.push(ReturnRow {
            id: id.clone(),
            registered_at: now,
            items,
        });
        id
    }

    /// All items or none.
    fn ship(
        &mut self,
        items: Vec<(String, Option<u32>)>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(String, u32)>, String> {
        let mut shipped = Vec::new();
        for (id, quantity) in items {
            let item = self.item(&id).ok_or_else(|| unknown_item(&id))?;
            let quantity = quantity.unwrap_or_else(|| item.open());
            if quantity == 0 || quantity > item.open() {
                let open = item.open();
                return Err(format!("Order item {id}: {quantity} to ship, {open} open."));
            }
            shipped.push((id, quantity));
        }
        for (id, quantity) in &shipped {
            if let Some(item) = self.item(id) {
                item.shipped += quantity;
                item.changed_at = now;
            }
        }
        Ok(shipped)
    }
}

fn unknown_item(id: &str) -> String {
    format!("Order item {id} is unknown.")
}

/// A length of time in the calendar's type; longer ones than it holds are its longest.
pub(super) fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
