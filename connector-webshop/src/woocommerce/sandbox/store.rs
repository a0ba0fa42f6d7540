//! What the shop has, and what moves it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{SandboxProduct, SandboxTracking};

/// The whole shop.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Store {
    pub(super) orders: BTreeMap<u64, Order>,
    pub(super) products: Vec<Product>,
    pub(super) rates: Vec<Rate>,
    /// Requests that came in.
    pub(super) requests: u64,
    /// Mails the shop would have sent: order and occasion.
    pub(super) mails: Vec<(u64, String)>,
    /// Orders are kept as posts: meta data alone does not touch an order's date.
    #[serde(default)]
    pub(super) classic: bool,
    last_post: u64,
    last_row: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Product {
    pub(super) id: u64,
    pub(super) sku: String,
    pub(super) gtin: String,
    pub(super) name: String,
    pub(super) stock: i64,
    pub(super) created: DateTime<Utc>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Rate {
    pub(super) id: u64,
    pub(super) country: String,
    pub(super) percent: Decimal,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) status: String,
    pub(super) currency: String,
    pub(super) created_via: String,
    pub(super) transaction_id: String,
    pub(super) payment_method: String,
    pub(super) payment_method_title: String,
    pub(super) customer_note: String,
    pub(super) billing: Map<String, Value>,
    pub(super) shipping: Map<String, Value>,
    pub(super) meta: Vec<Meta>,
    pub(super) lines: Vec<Line>,
    pub(super) shipping_lines: Vec<Cost>,
    pub(super) fee_lines: Vec<Cost>,
    pub(super) created: DateTime<Utc>,
    pub(super) modified: DateTime<Utc>,
    pub(super) paid: Option<DateTime<Utc>>,
    pub(super) completed: Option<DateTime<Utc>>,
    /// Whether its stock counts as taken.
    pub(super) took_stock: bool,
    /// Whether its pieces were taken from the stock: only those are put back.
    #[serde(default)]
    pub(super) took_pieces: bool,
    pub(super) notes: Vec<String>,
    pub(super) fulfillments: Vec<Value>,
    #[serde(default)]
    pub(super) refunds: Vec<Value>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) id: u64,
    pub(super) key: String,
    pub(super) value: Value,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Line {
    pub(super) id: u64,
    pub(super) product: u64,
    pub(super) variation: u64,
    pub(super) name: String,
    pub(super) quantity: u32,
    /// Without tax.
    pub(super) subtotal: Decimal,
    /// Without tax.
    pub(super) total: Decimal,
    pub(super) meta: Vec<Meta>,
}

/// A shipping or fee line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Cost {
    pub(super) id: u64,
    pub(super) title: String,
    pub(super) method: String,
    pub(super) taxable: bool,
    pub(super) total: Decimal,
}

/// The sums of an order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Totals {
    pub(super) lines_tax: Decimal,
    pub(super) shipping: Decimal,
    pub(super) shipping_tax: Decimal,
    pub(super) total: Decimal,
}

/// Cents of a net sum: half away from zero.
pub(super) fn cents(net: Decimal) -> Decimal {
    net.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// Cents of a tax: half down, as a shop whose prices include tax rounds.
fn tax_cents(tax: Decimal) -> Decimal {
    tax.round_dp_with_strategy(2, RoundingStrategy::MidpointTowardZero)
}

impl Order {
    /// The rate for where the goods go.
    pub(super) fn rate<'a>(&self, rates: &'a [Rate]) -> Option<&'a Rate> {
        let country = |address: &Map<String, Value>| {
            address
                .get("country")
                .and_then(Value::as_str)
                .filter(|c| !c.is_empty())
                .map(str::to_owned)
        };
        let country = country(&self.shipping).or_else(|| country(&self.billing))?;
        rates.iter().find(|rate| rate.country == country)
    }

    pub(super) fn tax(&self, net: Decimal, rates: &[Rate]) -> Decimal {
        let percent = self.rate(rates).map_or(Decimal::ZERO, |rate| rate.percent);
        tax_cents(net * percent / Decimal::ONE_HUNDRED)
    }

    pub(super) fn cost_tax(&self, cost: &Cost, rates: &[Rate]) -> Decimal {
        if cost.taxable {
            self.tax(cost.total, rates)
        } else {
            Decimal::ZERO
        }
    }

    /// Every line is rounded by itself, as WooCommerce does unless told otherwise.
    pub(super) fn totals(&self, rates: &[Rate]) -> Totals {
        let lines: Decimal = self.lines.iter().map(|line| cents(line.total)).sum();
        let fees: Decimal = self.fee_lines.iter().map(|fee| cents(fee.total)).sum();
        let fees_tax: Decimal = self
            .fee_lines
            .iter()
            .map(|fee| self.cost_tax(fee, rates))
            .sum();
        let lines_tax = self
            .lines
            .iter()
            .map(|line| self.tax(line.total, rates))
            .sum::<Decimal>();
        let lines_tax = lines_tax + fees_tax;
        let shipping: Decimal = self
            .shipping_lines
            .iter()
            .map(|line| cents(line.total))
            .sum();
        let shipping_tax = self
            .shipping_lines
            .iter()
            .map(|line| self.cost_tax(line, rates))
            .sum();
        Totals {
            lines_tax,
            shipping,
            shipping_tax,
            total: lines + fees + lines_tax + shipping + shipping_tax,
        }
    }
}

impl Store {
    pub(super) fn next_post(&mut self) -> u64 {
        self.last_post = self.last_post.max(9) + 1;
        self.last_post
    }

    pub(super) fn next_row(&mut self) -> u64 {
        self.last_row += 1;
        self.last_row
    }

    pub(super) fn add_product(&mut self, product: SandboxProduct, created: DateTime<Utc>) -> u64 {
        let id = self.next_post();
        let SandboxProduct {
            sku,
            gtin,
            name,
            stock,
        } = product;
        self.products.push(Product {
            id,
            sku,
            gtin,
            name,
            stock,
            created,
        });
        id
    }

    pub(super) fn set_status(&mut self, id: u64, status: &str, now: DateTime<Utc>) -> bool {
        let Some(order) = self.orders.get_mut(&id) else {
            return false;
        };
        if order.status == status {
            return true;
        }
        status.clone_into(&mut order.status);
        order.modified = now;
        let holds = matches!(status, "processing" | "completed" | "on-hold");
        if matches!(status, "processing" | "completed") && order.paid.is_none() {
            order.paid = Some(now);
        }
        if status == "completed" {
            order.completed = Some(now);
            let has_mail = order.billing.get("email").and_then(Value::as_str);
            if has_mail.is_some_and(|mail| !mail.is_empty()) {
                self.mails.push((id, "completed".to_owned()));
            }
        }
        self.move_stock(id, holds, status == "cancelled" || status == "pending");
        true
    }

    /// Takes an order's pieces from the stock, or puts them back. Stock may become negative.
    fn move_stock(&mut self, id: u64, take: bool, give_back: bool) {
        let Some(order) = self.orders.get_mut(&id) else {
            return;
        };
        let sign = match (take && !order.took_stock, give_back && order.took_stock) {
            (true, _) => -1,
            (_, true) if order.took_pieces => 1,
            (_, true) => 0,
            (false, false) => return,
        };
        order.took_stock = sign < 0;
        order.took_pieces = sign < 0;
        for line in &order.lines {
            if let Some(product) = self.products.iter_mut().find(|own| own.id == line.product) {
                product.stock += sign * i64::from(line.quantity);
            }
        }
    }

    pub(super) fn add_to_list(
        &mut self,
        id: u64,
        key: &str,
        item: Value,
        now: DateTime<Utc>,
    ) -> bool {
        let (meta_id, classic) = (self.next_row(), self.classic);
        let Some(order) = self.orders.get_mut(&id) else {
            return false;
        };
        if !classic {
            order.modified = now;
        }
        let list = order.meta.iter_mut().find(|own| own.key == key);
        match list.and_then(|own| own.value.as_array_mut()) {
            Some(list) => list.push(item),
            None => {
                let (key, value) = (key.to_owned(), json!([item]));
                order.meta.push(Meta {
                    id: meta_id,
                    key,
                    value,
                });
            }
        }
        true
    }

    pub(super) fn fulfil(
        &mut self,
        id: u64,
        pieces: &[(u64, u32)],
        tracking: Option<&SandboxTracking>,
        now: DateTime<Utc>,
    ) -> bool {
        let (row, classic) = (self.next_row(), self.classic);
        let (status_row, Some(order)) = (self.next_row(), self.orders.get_mut(&id)) else {
            return false;
        };
        let date = now.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let items: Vec<Value> = pieces
            .iter()
            .map(|(line, qty)| json!({"item_id": line, "qty": qty}))
            .collect();
        let mut meta = vec![json!({"id": row, "key": "_items", "value": items})];
        let mut add = |key: &str, value: &str| {
            meta.push(json!({"id": row, "key": key, "value": value}));
        };
        if let Some(tracking) = tracking {
            add("_tracking_number", &tracking.code);
            add("_shipment_provider", &tracking.provider);
        }
        add("_date_fulfilled", &date);
        order.fulfillments.push(json!({
            "id": row, "entity_type": "WC_Order", "entity_id": id.to_string(),
            "status": "fulfilled", "is_fulfilled": "1", "date_updated": date,
            "date_deleted": null, "meta_data": meta,
        }));
        if !classic {
            order.modified = now;
        }
        order.meta.retain(|own| own.key != "_fulfillment_status");
        let value = json!("partially_fulfilled");
        order.meta.push(Meta {
            id: status_row,
            key: "_fulfillment_status".to_owned(),
            value,
        });
        true
    }
}
